// SPDX-License-Identifier: GPL-2.0
/*
 * A few ranges for memory that is in many pieces.
 *
 * An address space has mappings by the thousand, and physical memory has holes.
 * Regions cover ranges, and each range takes a region at least.  So the pieces are
 * gone through once, in address order, and the largest holes between them are
 * remembered, one less than ranges are wanted: what is between these holes are the
 * ranges.  A small hole within a range costs only its share of the samples.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "ranges.h"

/* Most ranges of one target. */
#define MAX_RANGES 64

struct damon_holes *damon_holes_new(unsigned int max_ranges)
{
	struct damon_holes *h = kvzalloc(struct_size(h, hole, max_ranges), GFP_KERNEL);

	if (h)
		h->max_nr = max_ranges - 1;
	return h;
}

static unsigned long range_size(const struct damon_addr_range *range)
{
	return range->end - range->start;
}

/* Where a hole of this size may go, or NULL. */
static struct damon_addr_range *room_for(struct damon_holes *h, unsigned long size)
{
	struct damon_addr_range *smallest = h->hole + h->nr_kept;
	unsigned int i;

	if (h->nr < h->max_nr)
		return &h->hole[h->nr++];
	if (h->nr == h->nr_kept)
		return NULL;
	for (i = h->nr_kept + 1; i < h->nr; i++)
		if (range_size(&h->hole[i]) <= range_size(smallest))
			smallest = &h->hole[i];
	return range_size(smallest) < size ? smallest : NULL;
}

void damon_holes_keep(struct damon_holes *h)
{
	h->keep_next = true;
}

void damon_holes_add(struct damon_holes *h, unsigned long start, unsigned long end)
{
	struct damon_addr_range hole = { h->end, start }, *room;
	bool keep = h->keep_next;

	h->keep_next = false;
	if (!h->end) {
		h->start = start;
		hole.end = 0;
	}
	h->end = max(h->end, end);
	if (hole.start >= hole.end)
		return;
	room = room_for(h, keep ? ULONG_MAX : range_size(&hole));
	if (!room)
		return;
	*room = hole;
	if (keep) {
		swap(*room, h->hole[h->nr_kept]);
		h->nr_kept++;
	}
}

static int cmp_range(const void *a, const void *b)
{
	const struct damon_addr_range *l = a, *r = b;

	return l->start < r->start ? -1 : 1;
}

unsigned int damon_holes_to_ranges(struct damon_holes *h)
{
	unsigned long pos = h->start;
	unsigned int i;

	if (!h->end)
		return 0;
	sort(h->hole, h->nr, sizeof(h->hole[0]), cmp_range, NULL);
	for (i = 0; i < h->nr; i++) {
		struct damon_addr_range hole = h->hole[i];

		h->hole[i].start = pos;
		h->hole[i].end = hole.start;
		pos = hole.end;
	}
	h->hole[i].start = pos;
	h->hole[i].end = h->end;
	return h->nr + 1;
}

unsigned int damon_max_ranges(struct damon_ctx *ctx)
{
	return clamp(ctx->max_nr_regions / 4 / list_count_nodes(&ctx->targets_list),
		     1, MAX_RANGES);
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/ranges_kunit.c"
#endif
