/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A few ranges for memory that is in many pieces; ranges.c tells how.
 */
#ifndef _MM_DAMON_RANGES_H
#define _MM_DAMON_RANGES_H

#include "internal.h"

/**
 * struct damon_holes - The pieces seen so far, but for the smaller holes.
 * @start:	First address of the first piece.
 * @end:	First address behind the last piece, or 0 when there is none.
 * @nr:		How many holes are remembered.
 * @max_nr:	As many as there is room for, but one.
 * @nr_kept:	How many of them are to be kept, whatever their size.
 * @keep_next:	The next hole is to be kept.
 * @hole:	Those that are to be kept, and then the largest others.
 */
struct damon_holes {
	unsigned long start, end;
	unsigned int nr, max_nr, nr_kept;
	bool keep_next;
	struct damon_addr_range hole[];
};

/**
 * damon_holes_new() - Make room.
 * @max_ranges:	Most ranges that are wanted, from 1.
 *
 * Return: What kvfree() takes, or NULL when there is no memory.
 */
struct damon_holes *damon_holes_new(unsigned int max_ranges);

/**
 * damon_holes_add() - Add a piece of memory.
 * @h:		The holes.
 * @start:	First address of the piece, not below that of the piece before.
 * @end:	First address behind.
 *
 * Of holes of one size the first ones are kept, so that the same memory gives the
 * same ranges.
 */
void damon_holes_add(struct damon_holes *h, unsigned long start, unsigned long end);

/**
 * damon_holes_keep() - Whatever comes next is a range of its own.
 * @h:		The holes, with room for all that are to be kept.
 *
 * The hole before the piece that is added next is kept, whatever its size.
 */
void damon_holes_keep(struct damon_holes *h);

/**
 * damon_holes_to_ranges() - Put what is between the holes in their place.
 * @h:		The holes.
 *
 * Return: The number of ranges, which are in @h->hole in address order.
 */
unsigned int damon_holes_to_ranges(struct damon_holes *h);

/**
 * damon_max_ranges() - How many ranges may one target have?
 * @ctx:	Its context.
 *
 * Return: From 1 to 64; each range takes a region at least, so at most a quarter
 *	of max_nr_regions is spent on them.
 */
unsigned int damon_max_ranges(struct damon_ctx *ctx);

#endif /* _MM_DAMON_RANGES_H */
