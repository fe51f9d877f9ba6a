// SPDX-License-Identifier: GPL-2.0
/*
 * Groups pieces to segments and hands out columns.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "damonctl.h"
#include "layout.h"

/*
 * Lets each segment take neighbours as long as its sum stays at or below @limit,
 * and counts the segments. No other division has fewer segments for @limit.
 */
static size_t count_groups(const double *importance, size_t nr, double limit)
{
	size_t i, groups = 0;
	double sum = 0;

	for (i = 0; i < nr; i++) {
		sum += importance[i];
		if (i && sum <= limit)
			continue;
		groups++;
		sum = importance[i];
	}
	return groups;
}

/* The smallest limit that leaves at most @max segments, to 50 bits. */
static double find_limit(const double *importance, size_t nr, size_t max)
{
	double low = 0, high = 0, middle;
	size_t i;

	if (nr <= max)
		return 0;
	for (i = 0; i < nr; i++)
		high += importance[i];
	/* Sums in another order are rounded otherwise: none may be above it. */
	high *= 1 + 1 / 1e9;
	for (i = 0; i < 50; i++) {
		middle = (low + high) / 2;
		if (count_groups(importance, nr, middle) > max)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static void add_piece(struct segment *s, const struct piece *p)
{
	s->nr++;
	s->end = p->end;
	s->bytes += p->end - p->start;
	if (p->narrowed)
		s->narrowed_bytes += p->end - p->start;
}

size_t layout_group(struct segment *segments, size_t max,
		    const struct piece *pieces, size_t nr,
		    const double *importance)
{
	double limit = find_limit(importance, nr, max), sum = 0;
	struct segment *s = segments;
	size_t i;

	for (i = 0; i < nr; i++) {
		sum += importance[i];
		if (!i || sum > limit) {
			assert(s < segments + max);
			*s++ = (struct segment){
				.start = pieces[i].start, .first = i,
			};
			sum = importance[i];
		}
		add_piece(s - 1, &pieces[i]);
	}
	return (size_t)(s - segments);
}

/* Each gets the minimum first, and the rest by share: none gets too little. */
static void set_widths(struct segment *s, size_t nr, const double *share,
		       unsigned int width, unsigned int min)
{
	double total = 0, given = 0, rest = width - (double)nr * min;
	size_t i;

	for (i = 0; i < nr; i++)
		total += share[i];
	/* Rounding the running sum loses no column. */
	for (i = 0; i < nr; i++) {
		s[i].width = min + (unsigned int)
			(round((given + share[i]) / total * rest) -
			 round(given / total * rest));
		given += share[i];
	}
}

static void place_pieces(const struct segment *s, struct piece *pieces,
			 const double *share, double total)
{
	double given = 0, end;
	size_t i;

	for (i = s->first; i < s->first + s->nr; i++) {
		pieces[i].col = s->col + given / total * s->width;
		given += share[i];
		end = s->col + given / total * s->width;
		pieces[i].width = end - pieces[i].col;
	}
}

void layout_columns(struct segment *segments, size_t nr, struct piece *pieces,
		    const double *share, unsigned int width, unsigned int min,
		    unsigned int gap)
{
	double *sums = must_alloc(nr, sizeof(*sums));
	unsigned int col = 0;
	size_t i, k;

	assert(nr && min && nr * (min + gap) <= width + gap);
	for (i = 0; i < nr; i++) {
		for (k = 0; k < segments[i].nr; k++)
			sums[i] += share[segments[i].first + k];
	}
	set_widths(segments, nr, sums, width - (unsigned int)(nr - 1) * gap, min);
	for (i = 0; i < nr; i++) {
		segments[i].col = col;
		place_pieces(&segments[i], pieces, share, sums[i]);
		col += segments[i].width + gap;
	}
	free(sums);
}
