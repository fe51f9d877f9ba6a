// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and their regions: made, fitted to memory, joined, cut, aged.
 *
 * This file knows lists, numbers and random bits, and nothing of page tables
 * or threads.  All of it runs on the worker, or while the monitor is off, and
 * needs no lock.
 *
 * The problem.  Whether a page was accessed costs a visit to its page table
 * entry; a machine has many millions of pages, and wants to spend a part of a
 * percent of one CPU.
 *
 * The model.  Neighbouring pages are mostly used alike.  So the memory is
 * divided into regions, one random page of each is looked at, and it speaks for
 * all of them.  The cost is then a matter of the number of regions, which the
 * user bounds, and not of the size of the memory.
 *
 * Keeping the model true.  Where neighbours have agreed, their border is of no
 * use: they are joined.  Where pages of one region differ, a border is missing:
 * nobody knows where, so each region is cut at a random place.  The next
 * aggregation tells whether the parts differ; if they do not, they are joined
 * again.  Example: a hot 64 MiB within a region of 256 MiB.  A cut falls on
 * some page between 10 % and 90 % of the region.  The part with more of the hot
 * memory counts more accesses, stays apart, and is cut again; within a few
 * dozen rounds the borders have come to stand at the edges of the hot memory.
 *
 * If the guess is wrong, the loss is bounded: a useless cut costs one sample an
 * interval until the next aggregation, and a bad join is undone by later cuts.
 * A count has noise: with 20 samples of a page that is accessed in half of the
 * intervals, the standard deviation is 2.2.  Such neighbours fail to agree
 * within 2 of 20 about four times of ten, and stay apart for one more round.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"

static struct kmem_cache *region_cache __ro_after_init;

void __init damon_region_init(void)
{
	region_cache = KMEM_CACHE(damon_region, SLAB_PANIC);
}

struct damon_region *damon_region_new(unsigned long start, unsigned long end)
{
	struct damon_region *r = kmem_cache_zalloc(region_cache, GFP_KERNEL);

	if (!r)
		return NULL;
	r->ar.start = start;
	r->ar.end = end;
	INIT_LIST_HEAD(&r->list);
	return r;
}

void damon_region_add(struct damon_region *r, struct damon_target *t)
{
	list_add_tail(&r->list, &t->regions_list);
	t->nr_regions++;
}

void damon_region_del(struct damon_region *r, struct damon_target *t)
{
	list_del(&r->list);
	t->nr_regions--;
	kmem_cache_free(region_cache, r);
}

struct damon_target *damon_target_new(unsigned long id)
{
	struct damon_target *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	t->id = id;
	INIT_LIST_HEAD(&t->regions_list);
	INIT_LIST_HEAD(&t->list);
	return t;
}

void damon_target_clear(struct damon_target *t)
{
	struct damon_region *r, *next;

	damon_for_each_region_safe(r, next, t)
		damon_region_del(r, t);
}

void damon_target_free(struct damon_target *t)
{
	damon_target_clear(t);
	kfree(t);
}

unsigned int damon_nr_regions(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += t->nr_regions;
	return nr;
}

/* In pages, since many targets may have more bytes than there are addresses. */
static u64 total_pages(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	const struct damon_region *r;
	u64 nr = 0;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			nr += damon_region_size(r) >> PAGE_SHIFT;
	return nr;
}

/* === Split and merge === */

int damon_region_split(struct damon_region *r, struct damon_target *t,
		       unsigned long left_size)
{
	struct damon_region *right;

	right = damon_region_new(r->ar.start + left_size, r->ar.end);
	if (!right)
		return -ENOMEM;
	right->nr_accesses = r->nr_accesses;
	right->last_nr_accesses = r->last_nr_accesses;
	right->age = r->age;
	r->ar.end = right->ar.start;
	list_add(&right->list, &r->list);
	t->nr_regions++;
	return 0;
}

int damon_region_split_evenly(struct damon_region *r, struct damon_target *t,
			      unsigned int nr_pieces)
{
	unsigned long sz_piece;

	if (!r || !nr_pieces)
		return -EINVAL;
	sz_piece = PAGE_ALIGN_DOWN(damon_region_size(r) / nr_pieces);
	if (!sz_piece)
		return -EINVAL;

	/* From the left: each split leaves the rest to its right. */
	for (; nr_pieces > 1; nr_pieces--) {
		int err = damon_region_split(r, t, sz_piece);

		if (err)
			return err;
		r = list_next_entry(r, list);
	}
	return 0;
}

/*
 * The mean of @a and @b, weighted by @sz_a and @sz_b, rounded down.  The sum of
 * the sizes does not overflow: both lie in one address space.
 */
static unsigned int weighted_mean(unsigned int a, unsigned long sz_a,
				  unsigned int b, unsigned long sz_b)
{
	if (a > b) {
		swap(a, b);
		swap(sz_a, sz_b);
	}
	return a + mul_u64_u64_div_u64(b - a, sz_b, (u64)sz_a + sz_b);
}

/* @r, the right neighbour of @l, becomes part of @l. */
static void merge_two(struct damon_region *l, struct damon_region *r,
		      struct damon_target *t)
{
	unsigned long sz_l = damon_region_size(l), sz_r = damon_region_size(r);

	l->nr_accesses = weighted_mean(l->nr_accesses, sz_l, r->nr_accesses, sz_r);
	l->last_nr_accesses = weighted_mean(l->last_nr_accesses, sz_l,
					    r->last_nr_accesses, sz_r);
	l->age = weighted_mean(l->age, sz_l, r->age, sz_r);
	l->ar.end = r->ar.end;
	damon_region_del(r, t);
}

/*
 * Join neighbours of one target that differ by @thres at most into regions of
 * @sz_limit at most, but no more than @budget of them.  Return how many.
 */
static unsigned int merge_target(struct damon_target *t, unsigned int thres,
				 unsigned long sz_limit, unsigned int budget)
{
	struct damon_region *l = NULL, *r, *next;
	unsigned int nr_merged = 0;

	damon_for_each_region_safe(r, next, t) {
		if (nr_merged < budget && l && l->ar.end == r->ar.start &&
		    abs_diff(l->nr_accesses, r->nr_accesses) <= thres &&
		    r->ar.end - l->ar.start <= sz_limit) {
			merge_two(l, r, t);
			nr_merged++;
		} else {
			l = r;
		}
	}
	return nr_merged;
}

/* The same for all targets, down to @floor regions.  Return how many are left. */
static unsigned int merge_all(struct damon_ctx *ctx, unsigned int thres,
			      unsigned long sz_limit, unsigned int floor)
{
	unsigned int nr = damon_nr_regions(ctx);
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		nr -= merge_target(t, thres, sz_limit, nr > floor ? nr - floor : 0);
	return nr;
}

/*
 * Above max_nr_regions, join ever less similar neighbours.  When even the most
 * different ones may be joined, the limit on the size goes as well: the number
 * of regions is what bounds the cost.
 */
static void merge_surplus(struct damon_ctx *ctx, unsigned int thres)
{
	unsigned int nr = damon_nr_regions(ctx);

	while (nr > ctx->max_nr_regions) {
		bool last = thres > damon_max_nr_accesses(ctx) / 2;

		thres = last ? UINT_MAX : 2 * thres + 1;
		nr = merge_all(ctx, thres, last ? ULONG_MAX : ctx->sz_limit,
			       ctx->max_nr_regions);
		if (last)
			break;
	}
}

void damon_regions_merge(struct damon_ctx *ctx, unsigned int thres)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			if (abs_diff(r->nr_accesses, r->last_nr_accesses) > thres)
				r->age = 0;
			else if (r->age < UINT_MAX)
				r->age++;
		}
	}

	merge_all(ctx, thres, ctx->sz_limit, ctx->min_nr_regions);
	merge_surplus(ctx, thres);
}

void damon_regions_forget(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			r->last_nr_accesses = r->nr_accesses;
			r->nr_accesses = 0;
		}
	}
}

unsigned int damon_scale_count(const struct damon_ctx *ctx, unsigned int count)
{
	unsigned int nominal = damon_max_nr_accesses(ctx), n = ctx->nr_samples;

	if (!n || n == nominal)
		return count;
	return min(div_u64((u64)count * nominal + n / 2, n), nominal);
}

void damon_regions_scale(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			r->nr_accesses = damon_scale_count(ctx, r->nr_accesses);
}

/*
 * Cut @r at a random page between 10 % and 90 % of it: a smaller part is too
 * rarely right to be worth a sample an interval.
 */
static void cut_at_random(struct damon_ctx *ctx, struct damon_target *t,
			  struct damon_region *r)
{
	unsigned long nr_pages = damon_region_size(r) >> PAGE_SHIFT;
	unsigned long lo = max(nr_pages / 10, 1UL);

	/* Without memory there is no cut in this round. */
	if (nr_pages >= 2)
		damon_region_split(r, t, damon_rand(ctx, lo, nr_pages - lo + 1) <<
				   PAGE_SHIFT);
}

void damon_regions_cut(struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx);
	struct damon_region *r, *next, *right;
	struct damon_target *t;
	bool stuck;

	if (nr > ctx->max_nr_regions / 2)
		return;

	/* No border was found with two parts: try three, if they fit. */
	stuck = nr == ctx->last_nr_regions && nr <= ctx->max_nr_regions / 3;
	ctx->last_nr_regions = nr;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			cut_at_random(ctx, t, r);
			if (!stuck || list_is_last(&r->list, &t->regions_list))
				continue;
			right = list_next_entry(r, list);
			if (right == next)
				continue;
			if (damon_region_size(r) >= damon_region_size(right))
				cut_at_random(ctx, t, r);
			else
				cut_at_random(ctx, t, right);
		}
	}
}

/* === Regions and memory === */

static bool ranges_valid(const struct damon_addr_range *ranges, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (ranges[i].start >= ranges[i].end ||
		    !PAGE_ALIGNED(ranges[i].start) || !PAGE_ALIGNED(ranges[i].end))
			return false;
		if (i && ranges[i - 1].end > ranges[i].start)
			return false;
	}
	return true;
}

/* Append a region that speaks as @from does, or of which nothing is known. */
static struct damon_region *append(struct damon_target *t, unsigned long start,
				   unsigned long end,
				   const struct damon_region *from)
{
	struct damon_region *r = damon_region_new(start, end);

	if (!r)
		return NULL;
	if (from) {
		r->nr_accesses = from->nr_accesses;
		r->last_nr_accesses = from->last_nr_accesses;
		r->age = from->age;
	}
	damon_region_add(r, t);
	return r;
}

/*
 * Append to @new what @range keeps of the regions from @r on, and fill what
 * none of them covers.  Memory is new to the left of a piece of a region, to
 * its right, or on both sides; together it may be as large as the piece.
 */
static int fit_range(struct damon_target *new, struct damon_target *old,
		     struct damon_region *r, const struct damon_addr_range *range)
{
	struct damon_region *left = NULL;
	unsigned long pos = range->start, sz_known = 0;

	list_for_each_entry_from(r, &old->regions_list, list) {
		unsigned long start = max(r->ar.start, range->start);
		unsigned long end = min(r->ar.end, range->end);
		unsigned long sz = end - start;

		if (r->ar.start >= range->end)
			break;
		if (left && start - left->ar.start - sz_known <= sz_known)
			left->ar.end = start;
		else if (start - pos <= sz)
			start = pos;
		else if (!append(new, pos, start, NULL))
			return -ENOMEM;
		left = append(new, start, end, r);
		if (!left)
			return -ENOMEM;
		pos = end;
		sz_known = sz;
	}

	if (left && range->end - left->ar.start - sz_known <= sz_known)
		left->ar.end = range->end;
	else if (pos < range->end && !append(new, pos, range->end, NULL))
		return -ENOMEM;
	return 0;
}

int damon_target_fit(struct damon_target *t,
		     const struct damon_addr_range *ranges, unsigned int nr_ranges)
{
	struct damon_region *r = list_first_entry(&t->regions_list,
						  struct damon_region, list);
	struct damon_target new = {
		.regions_list = LIST_HEAD_INIT(new.regions_list),
	};
	unsigned int i;

	if (!ranges_valid(ranges, nr_ranges))
		return -EINVAL;

	/* A whole new list aside: there is no half-fitted target. */
	for (i = 0; i < nr_ranges; i++) {
		int err;

		list_for_each_entry_from(r, &t->regions_list, list) {
			if (r->ar.end > ranges[i].start)
				break;
		}
		err = fit_range(&new, t, r, &ranges[i]);
		if (err) {
			damon_target_clear(&new);
			return err;
		}
	}

	damon_target_clear(t);
	list_splice(&new.regions_list, &t->regions_list);
	t->nr_regions = new.nr_regions;
	return 0;
}

static struct damon_region *largest_region(struct damon_ctx *ctx,
					   struct damon_target **target)
{
	struct damon_region *r, *largest = NULL;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			if (largest && damon_region_size(r) <= damon_region_size(largest))
				continue;
			largest = r;
			*target = t;
		}
	}
	return largest;
}

/*
 * Have min_nr_regions, if there are that many pages.  Each region gets one
 * piece, and the rest of the pieces go to the regions in proportion to their
 * size.  What the divisions round away, fewer pieces than there are regions,
 * goes to the largest ones.
 */
static void cut_to_min(struct damon_ctx *ctx)
{
	unsigned long nr = damon_nr_regions(ctx), extra = ctx->min_nr_regions - nr;
	u64 total = total_pages(ctx);
	struct damon_region *r, *next;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			unsigned long nr_pages = damon_region_size(r) >> PAGE_SHIFT;
			unsigned long nr_pieces =
				1 + mul_u64_u64_div_u64(nr_pages, extra, total);

			damon_region_split_evenly(r, t, min(nr_pieces, nr_pages));
		}
	}

	for (nr = damon_nr_regions(ctx); nr < ctx->min_nr_regions; nr++) {
		cond_resched();
		r = largest_region(ctx, &t);
		if (damon_region_split_evenly(r, t, 2))
			break;
	}
}

void damon_regions_refit(struct damon_ctx *ctx)
{
	u64 nr_pages = div64_u64(total_pages(ctx), ctx->min_nr_regions);
	unsigned int nr = damon_nr_regions(ctx);

	ctx->sz_limit = clamp_t(u64, nr_pages, 1, ULONG_MAX >> PAGE_SHIFT) << PAGE_SHIFT;
	if (nr > ctx->max_nr_regions)
		merge_surplus(ctx, 0);
	else if (nr && nr < ctx->min_nr_regions)
		cut_to_min(ctx);
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/region_kunit.c"
#endif
