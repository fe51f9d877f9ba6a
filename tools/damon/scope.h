/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which memory is monitored: all of some processes, only some ranges of it, or
 * physical memory; as the user gives it and as the kernel's files take it.
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

/* The kernel's words for them. */
extern const char *const scope_names[NR_SCOPE_KINDS];

/*
 * The kernel sets none, but that of regions; far more targets would make one
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
	/* in order of address, the same ones for every target */
	struct range ranges[MAX_RANGES];
	size_t nr_ranges;
};

/* Both take what stands behind an option: what is wrong with it, or NULL. */
const char *scope_add_node(struct scope *s, const char *text);
const char *scope_add_range(struct scope *s, const char *text);

/*
 * What to write to target_ids and to init_regions, in memory of its own; NULL
 * if there is none left. @pids are the processes, if it is of processes.
 */
char *scope_targets(const struct scope *s, const pid_t *pids, size_t nr_pids);
char *scope_regions(const struct scope *s, size_t nr_targets);

#endif
