// SPDX-License-Identifier: GPL-2.0
/*
 * Chooses the columns of a heat map.
 *
 * Areas are the union of all that was monitored. A first, fine grid over them
 * tells which parts were ever accessed. "Accessed" is judged by rows of time
 * and not by single snapshots: at first regions are large, and one that is a
 * thousandth hot is seen accessed now and then as a whole.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "damonctl.h"
#include "grid.h"

#define FINE_COLS	2048
#define FINE_ROWS	64
/* Each area is looked at with at least so many columns ... */
#define FINE_MIN	32
/* ... up to so many areas; more are an odd file, and share the columns. */
#define FINE_AREAS	64

/* Below this mean rate in every row of time, memory counts as not accessed. */
#define IDLE_RATE	0.03f
#define PAGE		UINT64_C(4096)

/*
 * Idle memory is narrowed if there is so many times more of it than of the
 * rest, and no more of it than brings it down to the rest.
 */
#define IDLE_FACTOR	3

/* What is there for less than this part of the time is left out. */
#define BRIEF_PART	10

/* A gap of less than this part of the memory is drawn and not cut out. */
#define GAP_PART	64

struct list {
	struct segment *s;
	size_t nr, room;
};

static void append(struct list *l, uint64_t start, uint64_t end)
{
	struct segment *last = l->nr ? &l->s[l->nr - 1] : NULL;

	if (last && start <= last->end) {
		if (end > last->end)
			last->end = end;
		return;
	}
	if (l->nr == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->s = must_grow(l->s, l->room, sizeof(*l->s));
	}
	l->s[l->nr++] = (struct segment){ .start = start, .end = end };
}

static bool covers(const struct list *l, struct cursor c)
{
	struct region r;
	size_t i = 0;

	while (rec_next_region(&c, &r)) {
		while (i < l->nr && l->s[i].end < r.end)
			i++;
		if (i == l->nr || l->s[i].start > r.start)
			return false;
	}
	return true;
}

/* Adds the regions of one snapshot to the union. Both are in address order. */
static void unite(struct list *l, struct cursor c)
{
	struct list merged = { 0 };
	struct region r;
	size_t i = 0;
	bool more;

	/* The usual case: mappings change far less often than snapshots come. */
	if (covers(l, c))
		return;
	more = rec_next_region(&c, &r);
	while (more || i < l->nr) {
		if (more && (i == l->nr || r.start < l->s[i].start)) {
			append(&merged, r.start, r.end);
			more = rec_next_region(&c, &r);
		} else {
			append(&merged, l->s[i].start, l->s[i].end);
			i++;
		}
	}
	free(l->s);
	*l = merged;
}

static double size_of(const struct segment *s)
{
	return (double)(s->end - s->start);
}

/* Makes one of areas with a small gap between them. */
static void close_gaps(struct list *l)
{
	double total = 0;
	size_t i, nr = 0;

	for (i = 0; i < l->nr; i++)
		total += size_of(&l->s[i]);
	for (i = 0; i < l->nr; i++) {
		if (nr && (double)(l->s[i].start - l->s[nr - 1].end) <
			  total / GAP_PART)
			l->s[nr - 1].end = l->s[i].end;
		else
			l->s[nr++] = l->s[i];
	}
	l->nr = nr;
}

static struct list find_areas(const struct view *v, uint64_t target)
{
	struct list areas = { 0 };
	struct cursor c;
	size_t i;

	for (i = v->first; i < v->last; i++) {
		if (view_regions(v, i, target, &c))
			unite(&areas, c);
	}
	close_gaps(&areas);
	return areas;
}

/*
 * Hands out @width columns by @share, at least @min to each. Those that get
 * the minimum leave less for the others, which may bring more of them there.
 */
static void hand_out(struct segment *s, size_t nr, const double *share,
		     unsigned int width, unsigned int min, unsigned int gap)
{
	unsigned int left = width - (unsigned int)(nr - 1) * gap, col = 0;
	double total = 0, given = 0;
	bool changed = true;
	size_t i;

	for (i = 0; i < nr; i++) {
		s[i].width = 0;
		total += share[i];
	}
	while (changed) {
		changed = false;
		for (i = 0; i < nr; i++) {
			if (s[i].width || share[i] / total * left >= min)
				continue;
			s[i].width = min;
			left -= min;
			total -= share[i];
			changed = true;
		}
	}
	/* Rounding the running sum loses no column. */
	for (i = 0; i < nr; i++) {
		if (!s[i].width) {
			s[i].width = (unsigned int)
				(round((given + share[i]) / total * left) -
				 round(given / total * left));
			given += share[i];
		}
		s[i].col = col;
		col += s[i].width + gap;
	}
}

uint64_t axis_column_start(const struct segment *s, unsigned int col)
{
	return s->start + (uint64_t)(size_of(s) * col / s->width);
}

/* Lays the fine grid over the areas; false if there are too many for that. */
static bool build_fine(struct grid *g, const struct view *v, uint64_t target,
		       struct list *areas)
{
	double share[FINE_AREAS];
	size_t i;

	if (areas->nr > FINE_AREAS)
		return false;
	for (i = 0; i < areas->nr; i++)
		share[i] = size_of(&areas->s[i]);
	hand_out(areas->s, areas->nr, share, FINE_COLS, FINE_MIN, 0);
	grid_build(g, v, target, areas->s, areas->nr, FINE_COLS, FINE_ROWS);
	return true;
}

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

/* Pages are the least that is monitored, so nothing is lost by rounding. */
static uint64_t cut_at(const struct segment *area, unsigned int col)
{
	uint64_t addr = axis_column_start(area, col);

	return col && area->end - area->start >= FINE_COLS * PAGE ?
	       addr & ~(PAGE - 1) : addr;
}

/* Cuts one area where it changes between accessed and idle. */
static void cut_area(const struct grid *g, const struct segment *area,
		     struct list *out)
{
	struct segment *cur = NULL;
	unsigned int col;
	struct column c;
	bool idle;

	for (col = 0; col < area->width; col++) {
		c = look_at(g, area->col + col);
		idle = c.max < IDLE_RATE;
		if (!cur || cur->idle != idle) {
			if (out->nr == out->room) {
				out->room = out->room ? out->room * 2 : 64;
				out->s = must_grow(out->s, out->room,
						   sizeof(*out->s));
			}
			cur = &out->s[out->nr++];
			*cur = (struct segment){
				.start = cut_at(area, col),
				.idle = idle,
				.brief = true,
			};
		}
		cur->end = cut_at(area, col + 1);
		cur->weight += c.sum * size_of(area) / area->width;
		if (c.nr_monitored > g->rows / BRIEF_PART)
			cur->brief = false;
	}
	cur->end = area->end;
}

static struct segment *largest_idle(struct list *l)
{
	struct segment *best = NULL, *s;

	for (s = l->s; s < l->s + l->nr; s++) {
		if (s->idle && !s->narrowed &&
		    (!best || size_of(s) > size_of(best)))
			best = s;
	}
	return best;
}

/* Makes one of neighbours that are drawn to one scale. */
static void join(struct list *l)
{
	struct segment *last = NULL, *s;
	size_t nr = 0;

	for (s = l->s; s < l->s + l->nr; s++) {
		if (last && last->end == s->start && !last->narrowed &&
		    !s->narrowed) {
			last->end = s->end;
			last->weight += s->weight;
			last->brief &= s->brief;
			continue;
		}
		last = &l->s[nr++];
		*last = *s;
	}
	l->nr = nr;
}

/* The largest come first, so that there are few cuts. */
static void narrow(struct list *l)
{
	double idle = 0, accessed = 0;
	struct segment *s;

	for (s = l->s; s < l->s + l->nr; s++)
		*(s->idle ? &idle : &accessed) += size_of(s);
	if (!(accessed > 0) || idle <= IDLE_FACTOR * accessed)
		return;
	while (idle > accessed && (s = largest_idle(l))) {
		s->narrowed = true;
		idle -= size_of(s);
	}
}

static void leave_out(struct axis *axis, struct list *l, size_t i)
{
	axis->nr_hidden++;
	axis->hidden_bytes += l->s[i].end - l->s[i].start;
	l->nr--;
	memmove(&l->s[i], &l->s[i + 1], (l->nr - i) * sizeof(*l->s));
}

/*
 * The memory of a program that goes on to exec another would only take room.
 * All are brief only where their time was asked for, or each has another one.
 */
static void leave_out_brief(struct axis *axis, struct list *l)
{
	size_t i, nr_brief = 0;

	for (i = 0; i < l->nr; i++)
		nr_brief += l->s[i].brief;
	if (nr_brief == l->nr)
		return;
	for (i = l->nr; i-- > 0;) {
		if (l->s[i].brief)
			leave_out(axis, l, i);
	}
}

/* Leaves out those with the least access until @max are left. */
static void leave_out_least(struct axis *axis, struct list *l, size_t max)
{
	size_t i, least;

	while (l->nr > max) {
		least = 0;
		for (i = 1; i < l->nr; i++) {
			if (l->s[i].weight < l->s[least].weight)
				least = i;
		}
		leave_out(axis, l, least);
	}
}

static void lay_out(struct axis *axis, struct list *l)
{
	double narrowed = 0, rest = 0, scale = 1, *share;
	unsigned int min;
	size_t i;

	for (i = 0; i < l->nr; i++)
		*(l->s[i].narrowed ? &narrowed : &rest) += size_of(&l->s[i]);
	if (rest > 0 && narrowed > rest / 2)
		scale = rest / 2 / narrowed;
	share = must_alloc(l->nr, sizeof(*share));
	for (i = 0; i < l->nr; i++)
		share[i] = size_of(&l->s[i]) * (l->s[i].narrowed ? scale : 1);
	min = axis->width / 24 > 2 ? axis->width / 24 : 2;
	hand_out(l->s, l->nr, share, axis->width, min, 1);
	free(share);
}

void axis_build(struct axis *axis, const struct view *v, uint64_t target,
		unsigned int width)
{
	struct list areas = find_areas(v, target), cut = { 0 };
	struct grid fine;
	size_t i;

	*axis = (struct axis){ .width = width };
	if (!areas.nr)
		return;
	if (build_fine(&fine, v, target, &areas)) {
		for (i = 0; i < areas.nr; i++)
			cut_area(&fine, &areas.s[i], &cut);
		grid_free(&fine);
	} else {
		cut = areas;
		areas.s = NULL;
		for (i = 0; i < cut.nr; i++)
			cut.s[i].weight = size_of(&cut.s[i]);
	}
	free(areas.s);
	narrow(&cut);
	join(&cut);
	leave_out_brief(axis, &cut);
	leave_out_least(axis, &cut, width / 9 > 1 ? width / 9 : 1);
	lay_out(axis, &cut);
	axis->segments = cut.s;
	axis->nr = cut.nr;
}

void axis_free(struct axis *axis)
{
	free(axis->segments);
	axis->segments = NULL;
}
