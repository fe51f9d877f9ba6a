/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address axis of a heat map: which memory gets which columns.
 *
 * All memory that was mapped has its place, but for what was there only
 * briefly. Columns go by size. Where most of the memory was hardly ever
 * accessed, a large reservation say, the largest parts of that are narrowed to
 * about a third of the width together.
 *
 * Pieces of memory that are neighbours share a segment where there is no room
 * for one each: those that are small and little accessed do so first.
 */
#ifndef AXIS_H
#define AXIS_H

#include "scope.h"
#include "segment.h"
#include "view.h"

/* As many as there are letters to name them. */
#define MAX_SEGMENTS	26

struct axis {
	struct piece *pieces;
	size_t nr_pieces;
	struct segment *segments;
	size_t nr;
	/* columns, with one of separation between segments */
	unsigned int width;
	/* what is left out because it was there only briefly, the largest first */
	struct range *hidden;
	size_t nr_hidden;
	uint64_t hidden_bytes;
};

/* One axis of @width columns for @target; without segments if it has no memory. */
void axis_build(struct axis *axis, const struct view *v, uint64_t target,
		unsigned int width);
void axis_free(struct axis *axis);

#endif
