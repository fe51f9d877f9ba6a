/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What memory consists of: the mappings of a process, its pages in physical
 * memory, counters of the kernel, swap.
 */
#ifndef _DAMON_LIB_MEMORY_H
#define _DAMON_LIB_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "snapshot.h"

#define MAX_MAPS	16384

struct map {
	unsigned long start, end;
	char perms[5];
	char name[64];
};

/* Return how many there are, @max at most. */
int read_maps(pid_t pid, struct map *maps, int max);

/* Nobody may access it, or it is the page that is shown to all and in no address space. */
bool is_no_memory(const struct map *m);

/* Bytes of accessible mappings that no region of @target covers. */
long uncovered(const struct snapshot *s, unsigned long target, pid_t pid);

/* A number behind a word, as in /proc/vmstat and /proc/PID/smaps, or -1. */
long number_behind(const char *path, const char *after, const char *word);
long vm_event(const char *word);

/* What smaps says, in KiB, of the mapping that begins at @addr. */
long map_info(pid_t pid, unsigned long addr, const char *word);

#define SWAP_DEVICE	"/dev/zram0"

/* 128 MiB of compressed memory to swap to. */
int swap_on(void);
void swap_off(void);

/* Frames of pages, in ascending order. */
struct pages {
	unsigned int nr;
	unsigned long *pfn;
};

/* Add those that @pid has at @addr, all of which have to be there. */
int pages_add(struct pages *p, pid_t pid, unsigned long addr, unsigned long len);

/* The share of the pages of a range, all in memory, that reclaim takes for active, or -1. */
double share_active(pid_t pid, unsigned long addr, unsigned long len);

/* How many are below @addr. */
unsigned int pages_below(const struct pages *p, unsigned long addr);

unsigned int pages_within(const struct pages *p, unsigned long start, unsigned long end);

/* How many of the pages the regions of @target cover. */
unsigned int pages_covered(const struct snapshot *s, unsigned long target,
			   const struct pages *p);

/* The mean nr_accesses of the pages that any target covers. */
double pages_heat(const struct snapshot *s, const struct pages *p);

/*
 * The rows of init_regions that hold @all, with borders where @hot begins and
 * ends.  Not too many rows: where memory is in shreds, only the larger ones.
 */
const char *rows_of(const struct pages *all, const struct pages *hot);

/* Have new physical memory be in few pieces, whatever has used it before. */
void join_free_memory(void);

#endif /* _DAMON_LIB_MEMORY_H */
