// SPDX-License-Identifier: GPL-2.0
/*
 * Sums up regions over the cells that they cover. The work is linear in the
 * number of regions plus columns of each snapshot.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "damonctl.h"
#include "grid.h"

/* Bytes, or bytes times seconds, and how much of that was accessed. */
struct sum {
	double all, accessed;
};

static void add_to_columns(struct sum *line, const struct segment *s,
			   const struct region *r, double rate)
{
	uint64_t start = r->start > s->start ? r->start : s->start;
	uint64_t end = r->end < s->end ? r->end : s->end;
	double per_col = (double)(s->end - s->start) / s->width;
	double a = (double)(start - s->start) / per_col;
	double b = (double)(end - s->start) / per_col;
	unsigned int i, first = (unsigned int)a, last;
	double part;

	/* Rounding must not reach beyond the segment. */
	last = b < s->width ? (unsigned int)b : s->width - 1;
	for (i = first; i <= last && i < s->width; i++) {
		part = (fmin(b, i + 1) - fmax(a, i)) * per_col;
		if (part <= 0)
			continue;
		line[s->col + i].all += part;
		line[s->col + i].accessed += part * rate;
	}
}

/* Both regions and segments are in address order. */
static void sum_snapshot(struct sum *line, const struct view *v,
			 struct cursor c, const struct segment *segments,
			 size_t nr_segments)
{
	size_t first = 0, i;
	struct region r;

	while (rec_next_region(&c, &r)) {
		while (first < nr_segments && segments[first].end <= r.start)
			first++;
		for (i = first; i < nr_segments && segments[i].start < r.end; i++)
			add_to_columns(line, &segments[i], &r,
				       view_rate(v, r.nr_accesses));
	}
}

uint64_t grid_row_start(const struct grid *g, unsigned int row)
{
	return g->begin_ns + (uint64_t)((double)(g->end_ns - g->begin_ns) *
					row / g->rows);
}

static void add_to_rows(struct grid *g, struct sum *sums,
			const struct sum *line, uint64_t begin, uint64_t end)
{
	double per_row = (double)(g->end_ns - g->begin_ns) / g->rows;
	double a = (double)(begin - g->begin_ns) / per_row;
	double b = (double)(end - g->begin_ns) / per_row;
	unsigned int row, col, first = (unsigned int)a;
	double part;

	for (row = first; row < g->rows && row < b; row++) {
		part = fmin(b, row + 1) - fmax(a, row);
		if (part <= 0)
			continue;
		for (col = 0; col < g->cols; col++) {
			struct sum *s = &sums[(size_t)row * g->cols + col];

			s->all += line[col].all * part;
			s->accessed += line[col].accessed * part;
		}
	}
}

static void to_rates(struct grid *g, const struct sum *sums)
{
	size_t i, nr = (size_t)g->rows * g->cols;

	g->cells = must_alloc(nr, sizeof(*g->cells));
	for (i = 0; i < nr; i++) {
		g->cells[i] = sums[i].all > 0 ?
			      (float)(sums[i].accessed / sums[i].all) : -1;
		if (g->cells[i] > g->max)
			g->max = g->cells[i];
	}
}

void grid_build(struct grid *g, const struct view *v, uint64_t target,
		const struct segment *segments, size_t nr_segments,
		unsigned int cols, unsigned int max_rows)
{
	size_t i, nr = v->last - v->first;
	struct sum *sums, *line;
	struct cursor c;

	*g = (struct grid){
		.rows = nr < max_rows ? (unsigned int)nr : max_rows,
		.cols = cols,
		.begin_ns = view_begin(v, v->first),
		.end_ns = v->rec.snapshots[v->last - 1].time_ns,
	};
	/* All snapshots at one time: only a made-up file has this. */
	if (g->end_ns == g->begin_ns)
		g->end_ns++;
	sums = must_alloc((size_t)g->rows * cols, sizeof(*sums));
	line = must_alloc(cols, sizeof(*line));
	for (i = v->first; i < v->last; i++) {
		if (!view_regions(v, i, target, &c))
			continue;
		memset(line, 0, cols * sizeof(*line));
		sum_snapshot(line, v, c, segments, nr_segments);
		add_to_rows(g, sums, line, view_begin(v, i),
			    v->rec.snapshots[i].time_ns);
	}
	to_rates(g, sums);
	free(line);
	free(sums);
}

void grid_free(struct grid *g)
{
	free(g->cells);
	g->cells = NULL;
}
