// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and their regions: made, split, fitted to memory, kept within limits.
 *
 * A region is memory whose pages are assumed to be used alike, so that one page of it
 * can speak for all; Documentation/mm/damon/design.rst tells why.
 *
 * What a region knows of itself is in evidence.c; when it is joined or cut,
 * adapt.c decides.  All of it runs on the worker, or while the monitor is off, and
 * needs no lock.
 */
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "evidence.h"
#include "probe.h"

static struct kmem_cache *region_cache __ro_after_init;
static struct kmem_cache *probed_cache __ro_after_init;

/* === Targets and regions === */

void __init damon_region_init(void)
{
	region_cache = KMEM_CACHE(damon_region, SLAB_PANIC);
	probed_cache = KMEM_CACHE(damon_probed_region, SLAB_PANIC);
}

static struct kmem_cache *cache_of(bool probed)
{
	return probed ? probed_cache : region_cache;
}

struct damon_region *damon_region_new(const struct damon_target *t,
				      unsigned long start, unsigned long end)
{
	struct damon_region *r = kmem_cache_zalloc(cache_of(t->probed), GFP_KERNEL);

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
	kmem_cache_free(cache_of(t->probed), r);
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

	damon_for_each_region_safe(r, next, t) {
		damon_region_del(r, t);
		cond_resched();
	}
}

void damon_target_free(struct damon_target *t)
{
	damon_target_clear(t);
	kfree(t);
}

/* Append copies of all regions of @t to @fresh. */
static int copy_regions(const struct damon_target *t, bool probed, struct list_head *fresh)
{
	const struct damon_region *r;

	damon_for_each_region(r, t) {
		struct damon_region *copy = kmem_cache_zalloc(cache_of(probed), GFP_KERNEL);

		if (!copy)
			return -ENOMEM;
		*copy = *r;
		list_add_tail(&copy->list, fresh);
		cond_resched();
	}
	return 0;
}

int damon_targets_set_probed(struct damon_ctx *ctx, bool probed)
{
	struct damon_region *r, *next;
	struct damon_target *t;
	LIST_HEAD(fresh);

	/* All aside first: then nothing can fail. */
	damon_for_each_target(t, ctx) {
		if (t->probed != probed && copy_regions(t, probed, &fresh)) {
			list_for_each_entry_safe(r, next, &fresh, list)
				kmem_cache_free(cache_of(probed), r);
			return -ENOMEM;
		}
	}
	damon_for_each_target(t, ctx) {
		unsigned int nr = t->nr_regions;

		if (t->probed == probed)
			continue;
		damon_target_clear(t);
		t->probed = probed;
		while (t->nr_regions < nr) {
			r = list_first_entry(&fresh, struct damon_region, list);
			list_del(&r->list);
			damon_region_add(r, t);
		}
	}
	return 0;
}

unsigned int damon_nr_regions(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += t->nr_regions;
	return nr;
}

u64 damon_nr_pages(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	const struct damon_region *r;
	u64 nr = 0;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			nr += region_pages(r);
			cond_resched();
		}
	}
	return nr;
}

/* === Split === */

/*
 * Make the part from @at on a region of its own.  Return it, or NULL without memory.
 * The evidence of the whole is left to the caller.
 */
static struct damon_region *cut_off_right(struct damon_region *r, struct damon_target *t,
					  unsigned long at)
{
	struct damon_region *right = damon_region_new(t, at, r->ar.end);

	if (!right)
		return NULL;
	damon_region_copy_state(right, r);
	if (t->probed)
		damon_probed_cut_off(right, r);
	r->ar.end = at;
	list_add(&right->list, &r->list);
	t->nr_regions++;
	return right;
}

/* Each of the regions from @r up to @next, parts of @whole, gets its evidence. */
static void share_out_evidence(const struct damon_region *whole, struct damon_region *r,
			       const struct damon_region *next)
{
	for (; r != next; r = list_next_entry(r, list)) {
		damon_region_drop_evidence(r);
		damon_region_inherit(r, whole);
		/* Of the last samples it had no more than its share. */
		r->run = mul_u64_u64_div_u64(whole->run, region_pages(r), region_pages(whole));
	}
}

/*
 * The parts inherit from the whole at once: the bins of a part that is cut again may
 * reach over the second cut, and would blur the difference between its two sides.
 */
struct damon_region *damon_region_carve(struct damon_region *r, struct damon_target *t,
					unsigned long start, unsigned long end)
{
	struct damon_region whole = *r, *next = list_next_entry(r, list);
	struct damon_region *piece = r;

	if (end < r->ar.end && !cut_off_right(r, t, end))
		return NULL;
	if (start > r->ar.start)
		piece = cut_off_right(r, t, start);
	share_out_evidence(&whole, r, next);
	return piece;
}

/* Return 0, or -ENOMEM with nothing changed. */
static int split_region(struct damon_region *r, struct damon_target *t,
			unsigned long left_size)
{
	return damon_region_carve(r, t, r->ar.start + left_size, r->ar.end) ? 0 : -ENOMEM;
}

/*
 * Cut a region in pieces of whole pages, of one size, no more than it has pages; the last
 * one takes what the division leaves over.  Return 0, or -ENOMEM with the cuts made so
 * far kept.
 */
static int split_evenly(struct damon_region *r, struct damon_target *t,
			unsigned int nr_pieces)
{
	unsigned long sz_piece = PAGE_ALIGN_DOWN(damon_region_size(r) / nr_pieces);

	/* From the left: each split leaves the rest to its right. */
	for (; nr_pieces > 1; nr_pieces--) {
		int err = split_region(r, t, sz_piece);

		if (err)
			return err;
		r = list_next_entry(r, list);
	}
	return 0;
}

/* === Fit to memory === */

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

/* Append a region in the state of @from, or, without @from, a new one. */
static struct damon_region *append_region(struct damon_target *t, unsigned long start,
					  unsigned long end,
					  const struct damon_region *from)
{
	struct damon_region *r = damon_region_new(t, start, end);

	if (!r)
		return NULL;
	if (from) {
		damon_region_copy_state(r, from);
		if (t->probed)
			damon_probed_inherit(r, from);
	}
	damon_region_add(r, t);
	return r;
}

/*
 * A count is not to be spread over memory most of which it does not speak of.  And without
 * a count, the region has been idle for as long as its age says, which new memory has not.
 */
static bool may_take(const struct damon_region *r, unsigned long sz_new,
		     unsigned long sz_known)
{
	return r->counted && sz_new <= sz_known;
}

/*
 * Append to @new the parts of the regions from @r on that lie in @range, and fill the
 * memory that none of them covers.  It joins the part to its right or left, if that may
 * take it.
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
		cond_resched();
		if (left && may_take(left, start - left->ar.start - sz_known, sz_known))
			left->ar.end = start;
		else if (may_take(r, start - pos, sz))
			start = pos;
		else if (pos < start && !append_region(new, pos, start, NULL))
			return -ENOMEM;
		left = append_region(new, start, end, r);
		if (!left)
			return -ENOMEM;
		pos = end;
		sz_known = sz;
	}

	if (left && may_take(left, range->end - left->ar.start - sz_known, sz_known))
		left->ar.end = range->end;
	else if (pos < range->end && !append_region(new, pos, range->end, NULL))
		return -ENOMEM;
	return 0;
}

/* Give the regions of @new the evidence that @old has about their addresses. */
static void inherit_target(struct damon_target *new, const struct damon_target *old)
{
	struct damon_region *to, *from;

	from = list_first_entry(&old->regions_list, struct damon_region, list);
	damon_for_each_region(to, new) {
		cond_resched();
		list_for_each_entry_from(from, &old->regions_list, list) {
			if (from->ar.start >= to->ar.end)
				break;
			if (from->ar.end > to->ar.start)
				damon_region_inherit(to, from);
			/* It may have something for the next one as well. */
			if (from->ar.end > to->ar.end)
				break;
		}
	}
}

/* Are the regions of @t, where they touch, these ranges and no others? */
static bool fits_already(const struct damon_target *t,
			 const struct damon_addr_range *ranges, unsigned int nr_ranges)
{
	const struct damon_addr_range *end = ranges + nr_ranges;
	const struct damon_region *r;
	unsigned long pos = 0;

	damon_for_each_region(r, t) {
		cond_resched();
		if (ranges == end || r->ar.start != (pos ?: ranges->start) ||
		    r->ar.end > ranges->end)
			return false;
		pos = r->ar.end;
		if (pos == ranges->end) {
			ranges++;
			pos = 0;
		}
	}
	return ranges == end;
}

/*
 * Give @to, in the place of its regions, those of @from, which may be the same target,
 * fitted to the ranges.
 */
static int fit_target(struct damon_target *to, struct damon_target *from,
		      const struct damon_addr_range *ranges, unsigned int nr_ranges)
{
	struct damon_region *r = list_first_entry(&from->regions_list,
						  struct damon_region, list);
	struct damon_target new = {
		.regions_list = LIST_HEAD_INIT(new.regions_list),
		.probed = to->probed,
	};
	unsigned int i;

	/* A whole new list aside: there is no half-fitted target. */
	for (i = 0; i < nr_ranges; i++) {
		int err;

		list_for_each_entry_from(r, &from->regions_list, list) {
			if (r->ar.end > ranges[i].start)
				break;
			cond_resched();
		}
		err = fit_range(&new, from, r, &ranges[i]);
		if (err) {
			damon_target_clear(&new);
			return err;
		}
	}

	inherit_target(&new, from);
	damon_target_clear(to);
	list_splice(&new.regions_list, &to->regions_list);
	to->nr_regions = new.nr_regions;
	return 0;
}

int damon_target_fit(struct damon_target *t,
		     const struct damon_addr_range *ranges, unsigned int nr_ranges)
{
	if (!ranges_valid(ranges, nr_ranges))
		return -EINVAL;
	if (fits_already(t, ranges, nr_ranges))
		return 0;
	return fit_target(t, t, ranges, nr_ranges);
}
EXPORT_SYMBOL_GPL(damon_target_fit);

int damon_target_learn(struct damon_target *t, struct damon_target *from)
{
	struct damon_addr_range *ranges;
	struct damon_region *r;
	unsigned int nr = 0;
	int err;

	ranges = kvmalloc_array(t->nr_regions, sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return -ENOMEM;
	damon_for_each_region(r, t)
		ranges[nr++] = r->ar;
	err = fit_target(t, from, ranges, nr);
	kvfree(ranges);
	if (err)
		return err;
	/* What waits for a sample is with @from. */
	damon_for_each_region(r, t) {
		cond_resched();
		damon_region_drop_sample(r);
	}
	return 0;
}

/* === Fewest regions === */

/*
 * A region can have one more piece for each of its pages but the first.  Of this number
 * it gets the same part as all others.  The remainder of each division is passed on to
 * the next region, so one pass makes exactly as many pieces as are wanted; and since the
 * part is 1 at most, no region gets more pieces than it has pages.
 */
void damon_regions_split_to(struct damon_ctx *ctx, unsigned int wanted)
{
	unsigned int nr = damon_nr_regions(ctx);
	u64 most = damon_nr_pages(ctx) - nr;
	u64 more = min(wanted - nr, most), sum = 0, due, made = 0;
	struct damon_region *r, *next;
	struct damon_target *t;

	damon_assert_owner(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			sum += region_pages(r) - 1;
			due = most ? mul_u64_u64_div_u64(sum, more, most) : 0;
			if (!damon_go_on(ctx) || split_evenly(r, t, 1 + due - made))
				return;
			made = due;
		}
	}
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/region_kunit.c"
#endif
