/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A few ranges for memory that is in many pieces; ranges.c tells how they are found.
 */
#ifndef _MM_DAMON_RANGES_H
#define _MM_DAMON_RANGES_H

#include <linux/min_heap.h>

#include "internal.h"

/* A hole between two pieces, which is left out as long as heavier ones leave room. */
struct damon_hole {
	unsigned long start, end;
	/* Its size, or ULONG_MAX if it is to be left out whatever its size. */
	unsigned long weight;
};

DEFINE_MIN_HEAP(struct damon_hole, damon_hole_heap);

/**
 * struct damon_ranges - Memory that is in pieces, and the ranges that cover it.
 * @mapped:	Bytes of all pieces added so far.
 * @nr:		How many ranges there are.
 * @ranges:	In address order, after damon_ranges_finish().
 */
struct damon_ranges {
	unsigned long mapped;
	unsigned int nr;

	/* private: */
	unsigned long start, end;	/* of all pieces; end is 0 when there is none */
	unsigned long covered;		/* bytes of holes that lie in ranges */
	bool keep_next;
	struct damon_hole_heap holes;	/* that are left out */

	/* public: */
	struct damon_addr_range ranges[];
};

/**
 * damon_ranges_new() - Make room.
 * @max_ranges:	Most ranges that are wanted, from 1.
 *
 * Return: What kvfree() takes, or NULL when there is no memory.
 */
struct damon_ranges *damon_ranges_new(unsigned int max_ranges);

/**
 * damon_ranges_add() - Add a piece of memory.
 * @rs:		The ranges.
 * @start:	First address of the piece.
 * @end:	First address behind, above @start.
 *
 * Pieces come in address order.  What one shares with those before it counts once.
 */
void damon_ranges_add(struct damon_ranges *rs, unsigned long start, unsigned long end);

/**
 * damon_ranges_keep_hole() - The next piece begins a range.
 * @rs:		The ranges, of which there may be one more than holes are kept.
 *
 * The hole before the piece that is added next is left out, whatever its size.
 */
void damon_ranges_keep_hole(struct damon_ranges *rs);

/**
 * damon_ranges_finish() - Make the ranges, when all pieces have been added.
 * @rs:		The ranges.
 * @tolerance:	Bytes of holes that ranges may cover to be fewer.
 *
 * The ranges cover all pieces.  The largest holes are left out: as few as cover no
 * more than @tolerance, and if that would be too many ranges, as many as there may
 * be.  Of holes of one size the first ones are left out, so that the same memory
 * gives the same ranges.
 *
 * Context: May sleep.
 */
void damon_ranges_finish(struct damon_ranges *rs, unsigned long tolerance);

/**
 * damon_max_ranges() - How many ranges may one target have?
 * @ctx:	Its context.
 *
 * Each range takes a region at least.  All targets together spend at most half of
 * max_nr_regions on them, in equal shares, if there are not more targets than that.
 *
 * Return: The share of one target, from 1.
 */
unsigned int damon_max_ranges(struct damon_ctx *ctx);

#endif /* _MM_DAMON_RANGES_H */
