/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The regions of a snapshot, without the holes between mappings.
 *
 * The kernel has a bound on the number of regions, so a region of a process
 * with many mappings reaches over holes between them. Holes are never accessed
 * and no working set, so reports look at the mapped parts of each region only.
 *
 * A row of regions that touch each other begins and ends with a mapping. If
 * none is known in the whole row, all of its mappings came and went between two
 * notes, and the row is taken as it is. So are regions of physical memory, where
 * the kernel knows the holes, and regions of a recording that tells no mappings.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include "scope.h"
#include "view.h"

struct mapped {
	const struct view *v;
	uint64_t target;
	/* NULL: nothing is known */
	const struct names *names;

	/* mapped memory in the time of the snapshot, in order and disjoint */
	struct range *ranges;
	size_t nr, room;
	/*
	 * The time that the ranges are for, and the first times after it at
	 * which a mapping comes or goes.
	 */
	uint64_t begin_ns, end_ns, next_from_ns, next_to_ns;

	/* the snapshot at hand */
	struct cursor c;
	bool clip;
	/* the rest of the region that is being handed out */
	struct region r;
	bool in_region;
	size_t next;
	/* the end of its row, and whether any mapping of the row is known */
	uint64_t row_end;
	bool row_known;
	/* bytes of regions with accesses, outside of all mappings */
	uint64_t outside;
};

void mapped_init(struct mapped *m, const struct view *v, uint64_t target);
void mapped_free(struct mapped *m);

/* False if the snapshot does not have the target. */
bool mapped_begin(struct mapped *m, size_t snapshot);

/*
 * Hands out the mapped parts of regions in order, within the addresses asked
 * for; each with the count of its region.
 */
bool mapped_next(struct mapped *m, struct region *r);

#endif
