// SPDX-License-Identifier: GPL-2.0
/*
 * Sums up regions over the cells that they cover. The work is linear in the
 * number of regions, mappings and columns of each snapshot.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "grid.h"
#include "mapped.h"
#include "segment.h"

/* Columns, or columns times rows, and how much of that was accessed. */
struct sum {
	double all, accessed;
};

/* Adds @part of column @col. */
static void add_part(struct sum *line, unsigned int col, double part, double rate)
{
	line[col].all += part;
	line[col].accessed += part * rate;
}

/*
 * A page may be less than the rounding error of a position, so the share of a
 * region within one column is not the difference of two positions.
 */
static void add_to_columns(struct sum *line, unsigned int nr_cols,
			   const struct piece *p, const struct region *r,
			   double rate)
{
	uint64_t start = r->start > p->start ? r->start : p->start;
	uint64_t end = r->end < p->end ? r->end : p->end;
	double per_byte = p->width / (double)(p->end - p->start);
	double a = p->col + (double)(start - p->start) * per_byte;
	double b = p->col + (double)(end - p->start) * per_byte;
	unsigned int i, first = (unsigned int)a, last = (unsigned int)b;

	/* A piece that ends with the last column would begin the one behind. */
	if (first >= nr_cols)
		first = nr_cols - 1;
	if (last >= nr_cols)
		last = nr_cols - 1;
	if (first == last) {
		add_part(line, first, (double)(end - start) * per_byte, rate);
		return;
	}
	for (i = first; i <= last; i++)
		add_part(line, i, fmin(b, i + 1) - fmax(a, i), rate);
}

/* Both regions and pieces are in address order. */
static void sum_snapshot(struct grid *g, struct sum *line, struct mapped *m,
			 const struct piece *pieces, size_t nr_pieces)
{
	size_t first = 0, i;
	struct region r;

	while (mapped_next(m, &r)) {
		while (first < nr_pieces && pieces[first].end <= r.start)
			first++;
		for (i = first; i < nr_pieces && pieces[i].start < r.end; i++)
			add_to_columns(line, g->cols, &pieces[i], &r,
				       view_rate(m->v, r.nr_accesses));
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
		const struct piece *pieces, size_t nr_pieces,
		unsigned int cols, unsigned int max_rows)
{
	size_t i, nr = v->last - v->first;
	struct sum *sums, *line;
	struct mapped m;

	*g = (struct grid){
		.rows = nr < max_rows ? (unsigned int)nr : max_rows,
		.cols = cols,
		.begin_ns = view_begin(v, v->first),
		.end_ns = v->rec.snapshots[v->last - 1].time_ns,
	};
	/* Only a made-up file has all snapshots at one time. */
	if (g->end_ns == g->begin_ns)
		g->end_ns++;
	sums = must_alloc((size_t)g->rows * cols, sizeof(*sums));
	line = must_alloc(cols, sizeof(*line));
	mapped_init(&m, v, target);
	for (i = v->first; i < v->last; i++) {
		if (!mapped_begin(&m, i))
			continue;
		memset(line, 0, cols * sizeof(*line));
		sum_snapshot(g, line, &m, pieces, nr_pieces);
		add_to_rows(g, sums, line, view_begin(v, i),
			    v->rec.snapshots[i].time_ns);
	}
	mapped_free(&m);
	to_rates(g, sums);
	free(line);
	free(sums);
}

void grid_free(struct grid *g)
{
	free(g->cells);
	g->cells = NULL;
}
