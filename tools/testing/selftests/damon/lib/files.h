/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes, time, and the attribute files of the monitor.
 *
 * The functions of this library return 0 or a negative errno where nothing else
 * is said, and never end the test.
 */
#ifndef _DAMON_LIB_FILES_H
#define _DAMON_LIB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#define DAMON_DIR	"/sys/kernel/debug/damon"
#define DEFAULT_ATTRS	"5000 100000 1000000 10 1000"

#define KiB		1024UL
#define MiB		(1024 * KiB)
#define GiB		(1024 * MiB)
#define TiB		(1024 * GiB)

/* Far from all that the C library maps: the holes around are the largest. */
#define ARENA		(16 * TiB)
#define ARENA2		(32 * TiB)
#define ARENA3		(48 * TiB)

/* A program is skipped without this directory; DAMON_DIR unless it says so. */
extern const char *needed_dir;

/* Longer than anything takes that does not hang, also with all debugging. */
#define PATIENCE	60

/* Intervals that an emulated machine keeps up with: 20 samples. */
#define SAMPLE_US	10000
#define AGGR_US		200000
#define UPDATE_US	2000000
#define NR_SAMPLES	(AGGR_US / SAMPLE_US)
#define TEST_ATTRS	"10000 200000 2000000 10 1000"

/* Seconds of the clock that the snapshots have. */
double now(void);

/* Whether @cond has become true within @seconds. */
#define wait_for(cond, seconds) ({			\
	double _end = now() + (seconds);		\
	bool _ok;					\
							\
	while (!(_ok = (cond)) && now() < _end)		\
		usleep(10000);				\
	_ok;						\
})

int write_bytes(const char *path, const char *text, size_t len);
int write_text(const char *path, const char *text);

/* All of a file that fits, as a string. */
int read_text(const char *path, char *buf, size_t size);

/* The path of a file of the monitor, in a static buffer.  @file is its name in DAMON_DIR. */
const char *damon_path(const char *file);
int damon_write(const char *file, const char *text);
/* In a static buffer; the error as text, so that it can be compared. */
const char *damon_read(const char *file);

bool damon_is(const char *file, const char *text);

/* The worker of a context, or 0 when there is none. */
pid_t kdamond_pid(const char *file);

/* Threads named kdamond.N. */
int nr_kdamonds(void);

/* One of them, or 0. */
pid_t find_kdamond(void);

/* Off, the defaults, no contexts: what each test begins and ends with. */
int damon_reset(void);

/* Monitor @nr processes. */
int damon_on(const char *attrs, const pid_t *pids, int nr);

/* Monitor @ids, written as in the file, in init_regions of @rows unless that is NULL. */
int damon_on_ids(const char *attrs, const char *ids, const char *rows);

/* In the format of the file: rows of target, start and end. */
int damon_init_regions(unsigned long start, unsigned long end);

#endif /* _DAMON_LIB_FILES_H */
