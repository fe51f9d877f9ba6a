/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address axis of a heat map: which memory gets which columns.
 *
 * Memory that was never monitored has no columns, but for small gaps. Where
 * most of what was monitored was hardly ever accessed, a large reservation say,
 * that is narrowed so that it takes about a third together. The rest
 * shares by size, each part with a minimum.
 */
#ifndef AXIS_H
#define AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

struct segment {
	uint64_t start, end;
	/* hardly ever accessed */
	bool idle;
	/* and drawn to a smaller scale */
	bool narrowed;
	/* there for a small part of the time only */
	bool brief;
	/* columns [col, col + width) */
	unsigned int col, width;
	/* how much was accessed: decides what is left out when all do not fit */
	double weight;
};

struct axis {
	struct segment *segments;
	size_t nr;
	/* columns, with one of separation between segments */
	unsigned int width;
	/* what is left out because it is brief, or did not fit */
	size_t nr_hidden;
	uint64_t hidden_bytes;
};

/* One axis of @width columns for @target; without segments if it has no memory. */
void axis_build(struct axis *axis, const struct view *v, uint64_t target,
		unsigned int width);
void axis_free(struct axis *axis);

/* The addresses of a column of a segment. */
uint64_t axis_column_start(const struct segment *s, unsigned int col);

#endif
