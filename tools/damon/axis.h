/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address axis of a heat map: which memory gets which columns.
 *
 * All mapped memory has its place, but for areas that were there only briefly.
 * Columns go by size. Where most of the memory was hardly ever accessed, a large
 * reservation say, the largest idle parts are narrowed to about a third of the
 * width together.
 *
 * Neighbouring pieces of memory share a segment where there is no room for one
 * segment each: small and little accessed pieces do so first.
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
	/* memory left out, as it was there only briefly; largest first */
	struct range *hidden;
	size_t nr_hidden;
	uint64_t hidden_bytes;
};

/* One axis of @width columns for @target; without segments if it has no memory. */
void axis_build(struct axis *axis, const struct view *v, uint64_t target,
		unsigned int width);
void axis_free(struct axis *axis);

#endif
