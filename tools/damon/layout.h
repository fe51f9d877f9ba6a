/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Puts any number of pieces of memory into any number of columns.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "segment.h"

/*
 * Makes at most @max segments of the pieces, in order of address. @importance
 * has a number for each piece: pieces with large ones stand alone.
 */
size_t layout_group(struct segment *segments, size_t max,
		    const struct piece *pieces, size_t nr,
		    const double *importance);

/*
 * Hands out @width columns to the segments, with @gap columns between them, and
 * the columns of a segment to its pieces, by the @share of each piece. No segment
 * gets less than @min columns; @min and @gap must fit once for each segment.
 */
void layout_columns(struct segment *segments, size_t nr, struct piece *pieces,
		    const double *share, unsigned int width, unsigned int min,
		    unsigned int gap);

#endif
