// SPDX-License-Identifier: GPL-2.0
/*
 * Chooses the columns of a heat map.
 *
 * 1. The union of all mapped memory that was monitored makes the pieces.
 * 2. A first, fine grid over them tells which parts were ever accessed, and
 *    cuts them there. "Accessed" is judged by rows of time and not by single
 *    snapshots: at first regions are large, and one that is a thousandth hot is
 *    seen accessed now and then as a whole.
 * 3. Pieces that were there only briefly are left out, large idle ones narrowed.
 * 4. The rest is grouped to segments that have room, and gets its columns.
 */
#include <stdlib.h>

#include "axis.h"
#include "damonctl.h"
#include "grid.h"
#include "layout.h"
#include "mapped.h"

#define FINE_COLS	2048
#define FINE_ROWS	64
/* So many segments of the fine grid, with so many columns at least. */
#define FINE_SEGMENTS	256
#define FINE_MIN	4

/* Below this mean rate in every row of time, memory counts as not accessed. */
#define IDLE_RATE	0.03f
#define PAGE		UINT64_C(4096)

/*
 * Idle memory is narrowed if it is so many times the size of the rest, and only
 * until the idle memory that is left is no larger than the rest.
 */
#define IDLE_FACTOR	3

/* Memory that is there for less than this part of the time is left out. */
#define BRIEF_PART	10

/*
 * A gap that is small beside all memory and beside its neighbours is drawn and
 * not cut out. All gaps together are no more than half of the memory then.
 */
#define GAP_PART	64
#define GAP_NEIGHBOURS	4

struct list {
	struct piece *p;
	size_t nr, room;
};

static struct piece *append(struct list *l, uint64_t start, uint64_t end)
{
	if (l->nr == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->p = must_grow(l->p, l->room, sizeof(*l->p));
	}
	l->p[l->nr] = (struct piece){ .start = start, .end = end };
	return &l->p[l->nr++];
}

static double size_of(const struct piece *p)
{
	return (double)(p->end - p->start);
}

/* === Which memory there is === */

static void append_or_join(struct list *l, uint64_t start, uint64_t end)
{
	struct piece *last = l->nr ? &l->p[l->nr - 1] : NULL;

	if (!last || start > last->end)
		append(l, start, end);
	else if (end > last->end)
		last->end = end;
}

/* Adds the pieces of @new to @l. Both lists are in address order. */
static void unite(struct list *l, const struct list *new)
{
	struct list merged = { 0 };
	size_t i = 0, k = 0;

	while (i < l->nr || k < new->nr) {
		if (k == new->nr ||
		    (i < l->nr && l->p[i].start <= new->p[k].start)) {
			append_or_join(&merged, l->p[i].start, l->p[i].end);
			i++;
		} else {
			append_or_join(&merged, new->p[k].start, new->p[k].end);
			k++;
		}
	}
	free(l->p);
	*l = merged;
}

static bool covers(const struct list *l, const struct list *new)
{
	size_t i = 0, k;

	for (k = 0; k < new->nr; k++) {
		while (i < l->nr && l->p[i].end < new->p[k].end)
			i++;
		if (i == l->nr || l->p[i].start > new->p[k].start)
			return false;
	}
	return true;
}

/* Makes one piece of neighbours with a small gap between them. */
static void close_gaps(struct list *l)
{
	double total = 0, gap, least;
	struct piece *last;
	size_t i, nr = 0;

	for (i = 0; i < l->nr; i++)
		total += size_of(&l->p[i]);
	for (i = 0; i < l->nr; i++) {
		last = nr ? &l->p[nr - 1] : NULL;
		if (last) {
			gap = (double)(l->p[i].start - last->end);
			least = size_of(&l->p[i]) < size_of(last) ?
				size_of(&l->p[i]) : size_of(last);
			if (gap <= total / GAP_PART && gap <= least / GAP_NEIGHBOURS) {
				last->end = l->p[i].end;
				continue;
			}
		}
		l->p[nr++] = l->p[i];
	}
	l->nr = nr;
}

static struct list find_memory(const struct view *v, uint64_t target)
{
	struct list memory = { 0 }, now = { 0 };
	struct mapped m;
	struct region r;
	size_t i;

	mapped_init(&m, v, target);
	for (i = v->first; i < v->last; i++) {
		if (!mapped_begin(&m, i))
			continue;
		now.nr = 0;
		while (mapped_next(&m, &r))
			append_or_join(&now, r.start, r.end);
		if (!covers(&memory, &now))
			unite(&memory, &now);
	}
	mapped_free(&m);
	free(now.p);
	close_gaps(&memory);
	return memory;
}

/* === Which memory was accessed === */

/* What a column of the fine grid shows over time. */
struct column {
	double sum;
	float max;
	unsigned int nr_monitored;
};

static struct column look_at(const struct grid *g, unsigned int col)
{
	struct column c = { 0 };
	unsigned int row;

	for (row = 0; row < g->rows; row++) {
		float rate = g->cells[(size_t)row * g->cols + col];

		if (rate < 0)
			continue;
		c.nr_monitored++;
		c.sum += (double)rate;
		if (rate > c.max)
			c.max = rate;
	}
	return c;
}

/*
 * Where column @col of the grid ends in @p. Pages are the least that is
 * monitored, so the cut is at one.
 */
static uint64_t cut_at(const struct piece *p, unsigned int col)
{
	double part = (col + 1 - p->col) / p->width;
	uint64_t addr;

	if (part >= 1)
		return p->end;
	addr = (p->start + (uint64_t)(size_of(p) * part)) & ~(PAGE - 1);
	return addr < p->end ? addr : p->end;
}

/* Cuts a piece where it changes between accessed and idle. */
static void cut_piece(const struct grid *g, const struct piece *p,
		      const struct column *columns, struct list *out)
{
	unsigned int col = (unsigned int)p->col, last = g->cols - 1;
	struct piece *cur = NULL;
	uint64_t start, end;

	for (start = p->start; start < p->end; start = end, col++) {
		const struct column *c = &columns[col < last ? col : last];
		bool idle = c->max < IDLE_RATE;

		end = col < last ? cut_at(p, col) : p->end;
		/* There are more columns than pages. */
		if (end <= start) {
			end = start;
			continue;
		}
		if (!cur || cur->idle != idle) {
			cur = append(out, start, end);
			cur->idle = idle;
			cur->brief = true;
		}
		cur->end = end;
		cur->weight += c->sum * (double)(end - start);
		if (c->nr_monitored > g->rows / BRIEF_PART)
			cur->brief = false;
	}
}

static void cut(struct list *memory, const struct view *v, uint64_t target)
{
	struct segment *segments = must_alloc(FINE_SEGMENTS, sizeof(*segments));
	double *size = must_alloc(memory->nr, sizeof(*size));
	struct column *columns = must_alloc(FINE_COLS, sizeof(*columns));
	struct list out = { 0 };
	struct grid fine;
	size_t i, nr;

	for (i = 0; i < memory->nr; i++)
		size[i] = size_of(&memory->p[i]);
	nr = layout_group(segments, FINE_SEGMENTS, memory->p, memory->nr, size);
	layout_columns(segments, nr, memory->p, size, FINE_COLS, FINE_MIN, 0);
	grid_build(&fine, v, target, memory->p, memory->nr, FINE_COLS, FINE_ROWS);
	for (i = 0; i < FINE_COLS; i++)
		columns[i] = look_at(&fine, (unsigned int)i);
	for (i = 0; i < memory->nr; i++)
		cut_piece(&fine, &memory->p[i], columns, &out);
	grid_free(&fine);
	free(columns);
	free(size);
	free(segments);
	free(memory->p);
	*memory = out;
}

/* === Which memory is narrowed or left out === */

static int compare_sizes(const void *a, const void *b)
{
	const struct piece *x = *(const struct piece **)a;
	const struct piece *y = *(const struct piece **)b;

	if (x->end - x->start != y->end - y->start)
		return x->end - x->start > y->end - y->start ? -1 : 1;
	return x->start < y->start ? -1 : 1;
}

/* The largest come first, so that there are few cuts. */
static void narrow(struct list *l)
{
	struct piece **idle = must_alloc(l->nr, sizeof(struct piece *));
	double idle_size = 0, accessed = 0;
	size_t i, nr = 0;

	for (i = 0; i < l->nr; i++) {
		*(l->p[i].idle ? &idle_size : &accessed) += size_of(&l->p[i]);
		if (l->p[i].idle)
			idle[nr++] = &l->p[i];
	}
	if (accessed > 0 && idle_size > IDLE_FACTOR * accessed) {
		qsort(idle, nr, sizeof(struct piece *), compare_sizes);
		for (i = 0; i < nr && idle_size > accessed; i++) {
			idle[i]->narrowed = true;
			idle_size -= size_of(idle[i]);
		}
	}
	free(idle);
}

/* Makes one piece of neighbours that are drawn to one scale. */
static void join(struct list *l)
{
	struct piece *last = NULL, *p;
	size_t nr = 0;

	for (p = l->p; p < l->p + l->nr; p++) {
		if (last && last->end == p->start && !last->narrowed &&
		    !p->narrowed) {
			last->end = p->end;
			last->weight += p->weight;
			last->brief &= p->brief;
			continue;
		}
		last = &l->p[nr++];
		*last = *p;
	}
	l->nr = nr;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->end - x->start != y->end - y->start)
		return x->end - x->start > y->end - y->start ? -1 : 1;
	return x->start < y->start ? -1 : 1;
}

/*
 * The memory of a program that goes on to exec another one would only take room.
 * If all pieces are brief, --from and --to ask for their time, or each was there
 * at another time: then all stay.
 */
static void leave_out_brief(struct axis *axis, struct list *l)
{
	size_t i, nr = 0, nr_brief = 0;

	for (i = 0; i < l->nr; i++)
		nr_brief += l->p[i].brief;
	if (!nr_brief || nr_brief == l->nr)
		return;
	axis->hidden = must_alloc(nr_brief, sizeof(*axis->hidden));
	for (i = 0; i < l->nr; i++) {
		if (!l->p[i].brief) {
			l->p[nr++] = l->p[i];
			continue;
		}
		axis->hidden[axis->nr_hidden++] = (struct range){
			l->p[i].start, l->p[i].end,
		};
		axis->hidden_bytes += l->p[i].end - l->p[i].start;
	}
	l->nr = nr;
	qsort(axis->hidden, nr_brief, sizeof(*axis->hidden), compare_ranges);
}

/* === Columns === */

/* Half by size and half by how much of the accesses a piece has. */
static double *find_importance(const struct list *l)
{
	double *importance = must_alloc(l->nr, sizeof(*importance));
	double size = 0, weight = 0;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		size += size_of(&l->p[i]);
		weight += l->p[i].weight;
	}
	for (i = 0; i < l->nr; i++)
		importance[i] = size_of(&l->p[i]) / size +
				(weight > 0 ? l->p[i].weight / weight : 0);
	return importance;
}

/* All that is narrowed takes at most half as much room as the rest. */
static double *find_shares(const struct list *l)
{
	double *share = must_alloc(l->nr, sizeof(*share));
	double narrowed = 0, rest = 0, scale = 1;
	size_t i;

	for (i = 0; i < l->nr; i++)
		*(l->p[i].narrowed ? &narrowed : &rest) += size_of(&l->p[i]);
	if (rest > 0 && narrowed > rest / 2)
		scale = rest / 2 / narrowed;
	for (i = 0; i < l->nr; i++)
		share[i] = size_of(&l->p[i]) * (l->p[i].narrowed ? scale : 1);
	return share;
}

/* At least half of the width is left to go by size. */
static void lay_out(struct axis *axis, const struct list *l)
{
	unsigned int width = axis->width, max = width / 9, min;
	double *importance = find_importance(l), *share = find_shares(l);

	max = max < 1 ? 1 : max > MAX_SEGMENTS ? MAX_SEGMENTS : max;
	min = (width + 1) / (2 * max);
	if (min > width / 24)
		min = width / 24;
	if (min < 1)
		min = 1;
	axis->segments = must_alloc(max, sizeof(*axis->segments));
	axis->nr = layout_group(axis->segments, max, l->p, l->nr, importance);
	layout_columns(axis->segments, axis->nr, l->p, share, width, min, 1);
	free(importance);
	free(share);
}

void axis_build(struct axis *axis, const struct view *v, uint64_t target,
		unsigned int width)
{
	struct list memory = find_memory(v, target);

	*axis = (struct axis){ .width = width };
	if (!memory.nr)
		return;
	cut(&memory, v, target);
	narrow(&memory);
	join(&memory);
	leave_out_brief(axis, &memory);
	lay_out(axis, &memory);
	axis->pieces = memory.p;
	axis->nr_pieces = memory.nr;
}

void axis_free(struct axis *axis)
{
	free(axis->pieces);
	free(axis->segments);
	free(axis->hidden);
	*axis = (struct axis){ 0 };
}
