/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cells of a heat map: means of the access rate, weighted with the part of
 * the column and of the time.
 */
#ifndef GRID_H
#define GRID_H

#include <stddef.h>
#include <stdint.h>

#include "view.h"

struct piece;

struct grid {
	unsigned int rows, cols;
	uint64_t begin_ns, end_ns;
	/* rows * cols rates; negative where nothing was monitored */
	float *cells;
	float max;
};

/* @max_rows is lowered to the number of snapshots: no row is without one. */
void grid_build(struct grid *g, const struct view *v, uint64_t target,
		const struct piece *pieces, size_t nr_pieces,
		unsigned int cols, unsigned int max_rows);
void grid_free(struct grid *g);

uint64_t grid_row_start(const struct grid *g, unsigned int row);

#endif
