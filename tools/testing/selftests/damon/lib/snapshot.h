/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The snapshots that a monitor reports, and how hot memory is in them.
 */
#ifndef _DAMON_LIB_SNAPSHOT_H
#define _DAMON_LIB_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "files.h"

#define TRACE_DIR	"/sys/kernel/tracing"
#define MAX_REGIONS	32768

struct region {
	unsigned long target;
	unsigned int nr_regions;
	unsigned long start, end;
	unsigned int nr_accesses, age;
};

struct snapshot {
	double time;
	unsigned int nr;
	struct region region[MAX_REGIONS];
};

/* A reader of the tracepoint, with a trace instance of its own. */
struct trace {
	char dir[64];
	int fd;
	char buf[1 << 16];
	size_t len;
	unsigned int max_accesses;
	bool skip_first;
	bool pending;
	double pending_time;
	struct region pending_region;
};

/*
 * @nr tells readers apart.  With a @kdamond, only what this worker reports; to
 * see its first snapshots as well, open before monitoring is on and without it.
 */
struct trace *trace_open(int nr, pid_t kdamond, unsigned int max_accesses);

void trace_close(struct trace *t);
/* One of the files of the reader's trace instance */
int trace_write(struct trace *t, const char *file, const char *text);

/* One line without its end, or -ETIMEDOUT if there is none before the time @end. */
int trace_line(struct trace *t, char *line, size_t size, double end);

/*
 * The next snapshot.  It is known to be complete when the one after it begins,
 * so this lags behind by one aggregation interval.
 */
int trace_next(struct trace *t, struct snapshot *s);

/* The first snapshot of which all samples were taken after @time. */
int trace_after(struct trace *t, struct snapshot *s, double time);

/* The part of [@start, @end) that @r covers. */
unsigned long overlap(const struct region *r, unsigned long start, unsigned long end);

/* Bytes of [@start, @end) that regions of @target cover */
unsigned long covered(const struct snapshot *s, unsigned long target, unsigned long start,
		      unsigned long end);

/* Late is what comes two updates after; in between is room for a slow guest. */
#define IN_TIME		(UPDATE_US / 1e6 + 1.5)

/*
 * Seconds until the regions of @target cover @want bytes of [@start, @end).  What the
 * worker was late, as the machine is too busy for it, is not counted.
 */
double time_until(struct trace *t, struct snapshot *s, double since, unsigned long target,
		  unsigned long start, unsigned long end, unsigned long want);

/* The mean nr_accesses of [@start, @end); what is not covered counts as 0. */
double heat(const struct snapshot *s, unsigned long target, unsigned long start,
	    unsigned long end);

/* The mean heat over @nr snapshots, or a negative errno. */
double mean_heat(struct trace *t, unsigned long target, unsigned long start,
		 unsigned long end, int nr);

#endif /* _DAMON_LIB_SNAPSHOT_H */
