/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the address axis of a heat map.
 *
 * The axis is a row of pieces of memory without the gaps between them. Pieces
 * take columns by their size and not whole ones: several may share a column.
 * Neighbours make up a segment, which has whole columns and an entry in the list
 * of areas; so there is a place for any number of pieces.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece {
	uint64_t start, end;
	/* columns [col, col + width) */
	double col, width;
	/* hardly ever accessed */
	bool idle;
	/* drawn to a smaller scale, which only idle pieces are */
	bool narrowed;
	/* there for a small part of the time only */
	bool brief;
	/* bytes times rate, summed up over time */
	double weight;
};

struct segment {
	uint64_t start, end;
	/* pieces [first, first + nr) of the axis */
	size_t first, nr;
	/* the size of all its pieces, and of the pieces that are narrowed */
	uint64_t bytes;
	uint64_t narrowed_bytes;
	/* columns [col, col + width) */
	unsigned int col, width;
};

#endif
