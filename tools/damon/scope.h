/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which memory is monitored: all memory of some processes, only some ranges of
 * theirs, or physical memory; in words of the user and of the kernel's files.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum scope_kind {
	SCOPE_VADDR,
	SCOPE_FVADDR,
	SCOPE_PADDR,
	NR_SCOPE_KINDS,
};

/* The kernel's words for the kinds. */
extern const char *const scope_names[NR_SCOPE_KINDS];

/*
 * The kernel bounds only the number of regions; far more targets would make one
 * worker too slow to be of use.
 */
#define MAX_TARGETS	64
#define MAX_RANGES	256

struct range {
	uint64_t start, end;
};

struct scope {
	enum scope_kind kind;
	/* SCOPE_PADDR: a target for each; without one, a target with all memory */
	uint64_t nodes[MAX_TARGETS];
	size_t nr_nodes;
	/* in order of address; the same ranges for every target */
	struct range ranges[MAX_RANGES];
	size_t nr_ranges;
};

/* Both take the argument of an option, and tell what is wrong with it, or NULL. */
const char *scope_add_node(struct scope *s, const char *text);
const char *scope_add_range(struct scope *s, const char *text);

/*
 * The texts for target_ids and for init_regions, in memory of their own; NULL if
 * there is none left. @pids are the processes, if any are monitored.
 */
char *scope_targets(const struct scope *s, const pid_t *pids, size_t nr_pids);
char *scope_regions(const struct scope *s, size_t nr_targets);

/* Does what the kernel shows of its targets stand for all physical memory? */
bool scope_is_all_memory(const char *target_ids);

#endif
