/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The companion of a recording, FILE.json: it holds what the classic format has
 * no place for. Reports work without the companion, and tell what they assume.
 */
#ifndef META_H
#define META_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "attrs.h"
#include "names.h"
#include "process.h"
#include "scope.h"

struct meta {
	struct attrs attrs;
	/* of the recording in bytes: tells whether the two belong together */
	uint64_t size;
	uint64_t nr_snapshots, nr_lost;
	/* how many more snapshots there would be, had no event been lost */
	uint64_t nr_missing;
	/* wall clock in seconds since 1970 */
	int64_t start;
	/* NULL-terminated, or NULL: the processes ran already */
	char **command;
	/* the command started other processes, which were not monitored */
	bool forked;
	enum scope_kind kind;
	/* SCOPE_PADDR: the one target is the memory of all nodes */
	bool all_nodes;
	/* pids or nodes, as they stand in the recording */
	uint64_t *ids;
	uint64_t nr_ids;
	/* of processes only: the names of their programs, and of their mappings */
	char (*names)[COMM_LEN];
	struct names *mappings;
	/* of physical memory only */
	struct names memory;
};

/* The names of the addresses of target number @i; may be empty. */
const struct names *meta_names(const struct meta *meta, uint64_t i);

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
