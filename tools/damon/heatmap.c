// SPDX-License-Identifier: GPL-2.0
/*
 * Lays out a heat map, and says what is in it in colours and in words.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "damonctl.h"
#include "heatmap.h"
#include "units.h"

/* At most so many areas that are left out are told. */
#define HIDDEN_LINES	8

bool heatmap_build(struct heatmap *h, unsigned int cols, unsigned int rows)
{
	char name[64];

	axis_build(&h->axis, h->v, h->target, cols);
	if (!h->axis.nr) {
		complain("%s has no memory in this part of the recording; widen --from, --to or --range",
			 view_target_name(h->v, h->target, name, sizeof(name)));
		return false;
	}
	grid_build(&h->grid, h->v, h->target, h->axis.pieces,
		   h->axis.nr_pieces, cols, rows);
	return true;
}

void heatmap_free(struct heatmap *h)
{
	grid_free(&h->grid);
	axis_free(&h->axis);
}

double heat_position(const struct heatmap *h, double rate)
{
	return h->grid.max > 0 ? sqrt(rate / (double)h->grid.max) : 0;
}

double heat_rate(const struct heatmap *h, double x)
{
	return x * x * (double)h->grid.max;
}

struct rgb heat_colour(double x)
{
	/* Dark to light, so that it reads in grey as well. */
	static const struct rgb stops[] = {
		{ 12, 16, 48 }, { 52, 24, 112 }, { 124, 30, 124 },
		{ 196, 48, 96 }, { 240, 104, 48 }, { 252, 180, 48 },
		{ 255, 250, 190 },
	};
	double pos = x * (ARRAY_SIZE(stops) - 1), f;
	size_t i = (size_t)pos;
	const struct rgb *a, *b;

	if (i > ARRAY_SIZE(stops) - 2)
		i = ARRAY_SIZE(stops) - 2;
	f = pos - (double)i;
	a = &stops[i];
	b = &stops[i + 1];
	return (struct rgb){
		(unsigned char)(a->r + f * (b->r - a->r)),
		(unsigned char)(a->g + f * (b->g - a->g)),
		(unsigned char)(a->b + f * (b->b - a->b)),
	};
}

const char *format_rate(double rate, char buf[UNITS_LEN])
{
	snprintf(buf, UNITS_LEN, rate < 0.095 ? "%.2g%%" : "%.0f%%", rate * 100);
	return buf;
}

char segment_letter(const struct axis *axis, size_t i)
{
	size_t nr = 0, k;

	if (axis->segments[i].narrowed_bytes == axis->segments[i].bytes)
		return '~';
	for (k = 0; k < i; k++)
		nr += axis->segments[k].narrowed_bytes < axis->segments[k].bytes;
	return (char)('A' + nr);
}

const char *segment_text(const struct segment *s, char *buf, size_t len)
{
	char size[UNITS_LEN], areas[32] = "", narrowed[80] = "";

	if (s->nr > 1)
		snprintf(areas, sizeof(areas), " in %zu areas", s->nr);
	if (s->narrowed_bytes == s->bytes)
		snprintf(narrowed, sizeof(narrowed), "  hardly accessed, narrowed");
	else if (s->narrowed_bytes)
		snprintf(narrowed, sizeof(narrowed),
			 "  %s of it hardly accessed, narrowed",
			 format_size(s->narrowed_bytes, size));
	snprintf(buf, len, "%012" PRIx64 "-%012" PRIx64 " %8s%s%s", s->start,
		 s->end, format_size(s->bytes, size), areas, narrowed);
	return buf;
}

const char *blank_text(const struct heatmap *h)
{
	return h->v->meta.kind == SCOPE_PADDR ? "not monitored" :
	       "not mapped, or not monitored yet";
}

const char *hidden_text(const struct axis *axis, size_t line, char *buf,
			size_t len)
{
	uint64_t low = UINT64_MAX, high = 0, bytes = 0;
	const struct range *r;
	char size[UNITS_LEN];
	size_t i;

	if (line > axis->nr_hidden || line > HIDDEN_LINES || !axis->nr_hidden)
		return NULL;
	if (!line) {
		snprintf(buf, len, "left out, there only briefly: %s in %zu area%s; --range shows one",
			 format_size(axis->hidden_bytes, size), axis->nr_hidden,
			 plural(axis->nr_hidden));
		return buf;
	}
	r = &axis->hidden[line - 1];
	if (line < HIDDEN_LINES || line == axis->nr_hidden) {
		snprintf(buf, len, "%012" PRIx64 "-%012" PRIx64 " %8s", r->start,
			 r->end, format_size(r->end - r->start, size));
		return buf;
	}
	for (i = line - 1; i < axis->nr_hidden; i++) {
		low = axis->hidden[i].start < low ? axis->hidden[i].start : low;
		high = axis->hidden[i].end > high ? axis->hidden[i].end : high;
		bytes += axis->hidden[i].end - axis->hidden[i].start;
	}
	snprintf(buf, len, "%012" PRIx64 "-%012" PRIx64 " %8s in %zu smaller areas",
		 low, high, format_size(bytes, size), axis->nr_hidden - line + 1);
	return buf;
}

const char *heatmap_title(const struct heatmap *h, char *buf, size_t len)
{
	char name[64], span[120], aggr[UNITS_LEN];

	snprintf(buf, len, "%s: %s, one per %s",
		 view_target_name(h->v, h->target, name, sizeof(name)),
		 view_span(h->v, span, sizeof(span)),
		 format_time(h->v->aggr_ns, aggr));
	return buf;
}
