/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The companion of a recording, FILE.json: what the classic format has no
 * place for. A report works without it, and then says what it assumed.
 */
#ifndef META_H
#define META_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Intervals in microseconds, as the kernel takes them. */
struct attrs {
	uint64_t sample_us, aggr_us, update_us, min_regions, max_regions;
};

#define META_NAME_LEN	16

struct meta {
	struct attrs attrs;
	/* of the recording in bytes: tells whether the two belong together */
	uint64_t size;
	uint64_t nr_snapshots, nr_lost;
	/* wall clock in seconds since 1970 */
	int64_t start;
	/* NULL-terminated, or NULL: the processes ran already */
	char **command;
	uint64_t *pids;
	char (*names)[META_NAME_LEN];
	uint64_t nr_pids;
};

/* "FILE.json" in memory of its own; NULL if there is none left. */
char *meta_path(const char *recording);

/* Errors stay in @f, except for memory: then false is returned. */
bool meta_write(FILE *f, const struct meta *meta);

enum meta_result {
	META_FOUND,
	META_ABSENT,
	/* unreadable, or of another recording; a line was printed */
	META_BAD,
};

/* @size is that of the recording. The result is given back by meta_free(). */
enum meta_result meta_read(const char *recording, uint64_t size,
			   struct meta *meta);
void meta_free(struct meta *meta);

#endif
