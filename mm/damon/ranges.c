// SPDX-License-Identifier: GPL-2.0
/*
 * A few ranges for memory that is in many pieces.
 *
 * The problem.  A program may have tens of thousands of mappings, spread over 47 bits
 * of addresses, and physical memory has holes.  Regions cover ranges, and a sample in a
 * hole is wasted.  But each range takes a region at least, and regions are what a sample
 * costs.
 *
 * So the largest holes are left out, and the others are covered: a small hole in a range
 * costs only its share of the samples of the range.  Who asks decides how many bytes of
 * holes are worth it.  With a tolerance of 1/16 of the memory, at most 1 sample of 17
 * goes to a hole.  Where the budget does not allow as many ranges as that takes, the
 * holes that are left out are still the largest ones, so no other choice of that many
 * ranges covers less.
 *
 * Example: 100 mappings of 1 MiB, 10 of the holes between them are of 1 GiB, and 89 of
 * 64 KiB.  11 ranges cover 105.6 MiB.
 *
 * The pieces are gone through once, in address order.  A heap has the largest holes so
 * far, one less than there may be ranges, the smallest of them on top.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ranges.h"

/* The heap counts in int. */
static_assert(DAMON_MAX_ATTR_REGIONS <= INT_MAX);

struct damon_ranges *damon_ranges_new(unsigned int max_ranges)
{
	struct damon_ranges *rs;

	rs = kvzalloc(size_add(struct_size(rs, ranges, max_ranges),
			       array_size(max_ranges, sizeof(struct damon_hole))), GFP_KERNEL);
	if (rs)
		min_heap_init(&rs->holes, (void *)&rs->ranges[max_ranges], max_ranges - 1);
	return rs;
}

static bool is_lighter(const void *a, const void *b, void *unused)
{
	const struct damon_hole *l = a, *r = b;

	return l->weight == r->weight ? l->start > r->start : l->weight < r->weight;
}

static bool is_lower(const void *a, const void *b, void *unused)
{
	const struct damon_hole *l = a, *r = b;

	return l->start < r->start;
}

static void swap_holes(void *a, void *b, void *unused)
{
	swap(*(struct damon_hole *)a, *(struct damon_hole *)b);
}

static const struct min_heap_callbacks by_weight = { .less = is_lighter, .swp = swap_holes };
static const struct min_heap_callbacks by_address = { .less = is_lower, .swp = swap_holes };

static void cover_hole(struct damon_ranges *rs, const struct damon_hole *hole)
{
	rs->covered += hole->end - hole->start;
}

/* If there is no room for it, it is covered, or a lighter one in its place. */
static void leave_hole_out(struct damon_ranges *rs, const struct damon_hole *hole)
{
	const struct damon_hole *lightest = min_heap_peek(&rs->holes);

	if (!min_heap_full(&rs->holes)) {
		min_heap_push(&rs->holes, hole, &by_weight, NULL);
	} else if (lightest && is_lighter(lightest, hole, NULL)) {
		cover_hole(rs, lightest);
		min_heap_pop_push(&rs->holes, hole, &by_weight, NULL);
	} else {
		cover_hole(rs, hole);
	}
}

void damon_ranges_keep_hole(struct damon_ranges *rs)
{
	rs->keep_next = true;
}

void damon_ranges_add(struct damon_ranges *rs, unsigned long start, unsigned long end)
{
	struct damon_hole hole = {
		.start = rs->end,
		.end = start,
		.weight = rs->keep_next ? ULONG_MAX : start - rs->end,
	};

	rs->keep_next = false;
	if (!rs->end)
		rs->start = start;
	else if (hole.start < hole.end)
		leave_hole_out(rs, &hole);
	start = max(start, rs->end);
	if (start >= end)
		return;
	rs->mapped += end - start;
	rs->end = end;
}

/* Pieces and holes fill the addresses from start to end, so no sum of theirs overflows. */
static void cover_small_holes(struct damon_ranges *rs, unsigned long tolerance)
{
	const struct damon_hole *lightest;

	while ((lightest = min_heap_peek(&rs->holes)) && rs->covered <= tolerance &&
	       lightest->weight <= tolerance - rs->covered) {
		cover_hole(rs, lightest);
		min_heap_pop(&rs->holes, &by_weight, NULL);
		cond_resched();
	}
}

/* As min_heapify_all(), but lets others run. */
static void order_by_address(struct damon_hole_heap *holes)
{
	int i;

	for (i = holes->nr / 2 - 1; i >= 0; i--) {
		min_heap_sift_down(holes, i, &by_address, NULL);
		cond_resched();
	}
}

static void append_range(struct damon_ranges *rs, unsigned long start, unsigned long end)
{
	rs->ranges[rs->nr++] = (struct damon_addr_range){ start, end };
}

void damon_ranges_finish(struct damon_ranges *rs, unsigned long tolerance)
{
	const struct damon_hole *lowest;
	unsigned long pos = rs->start;

	if (!rs->end)
		return;
	cover_small_holes(rs, tolerance);
	order_by_address(&rs->holes);
	while ((lowest = min_heap_peek(&rs->holes))) {
		append_range(rs, pos, lowest->start);
		pos = lowest->end;
		min_heap_pop(&rs->holes, &by_address, NULL);
		cond_resched();
	}
	append_range(rs, pos, rs->end);
}

unsigned int damon_max_ranges(struct damon_ctx *ctx)
{
	return max(ctx->max_nr_regions / 2 / list_count_nodes(&ctx->targets_list), 1);
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/ranges_kunit.c"
#endif
