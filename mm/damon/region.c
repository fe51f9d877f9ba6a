// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and their regions: made, fitted to memory, observed, joined, cut.
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
 * divided into regions, one page of each is looked at in each sampling
 * interval, and it speaks for all of them.  The cost is then a matter of the
 * number of regions, which the user bounds, and not of the size of the memory.
 *
 * Evidence.  A sample is one throw of a coin; what a region is takes many.  So
 * nothing that was seen is thrown away at the end of an aggregation: each region
 * keeps, for each eighth of it, how many samples were taken and how many found
 * an access.  Where the eighths differ, and by more than chance, there is a
 * border between them.  Where neighbours do not differ by more than chance,
 * their border is of no use.  Parts and joined regions inherit the evidence
 * about their addresses.  What is new weighs as much as what is old until there
 * are 400 samples; from then on the old fades.
 *
 * Chance is judged by the G test.  k1 hits of n1 samples here and k2 of n2
 * there, and the question is whether one rate explains both:
 *
 *	G = 2 (H(k1, n1) + H(k2, n2) - H(k1 + k2, n1 + n2))
 *	H(k, n) = k ln k + (n - k) ln(n - k) - n ln n
 *
 * With one rate for both, G is above 4.5 in 3.4 % of all cases, above 12 in
 * 0.05 %, above 15 in 0.01 %.  Example: 2 hits of 2 samples in one eighth, and
 * none of 18 in the others, have G = 13.0: cut.  1 of 3 against 0 of 17 has G =
 * 4.2, which is no reason for a cut, and none against a merge.
 *
 * Change.  When the samples of this aggregation contradict those before
 * (G > 15), or three in a row contradict what was certain, the memory is used in
 * a new way: what was known is forgotten, and the region begins a new age.
 * Noise alone rarely begins a new age.  A run of samples that all found the same
 * is tested as a whole, over many aggregations (G > 20).
 *
 * Rest.  Most memory of most machines is idle, and the next sample of what had
 * 400 samples and no access will tell nothing new.  Such a region is looked at in
 * one of five sampling intervals, until the first access that is found there.  When
 * all of it comes into use, that is 20 ms later at most, with the defaults.
 *
 * Search.  A small hot spot in a large region is found by luck: then the address
 * of the hit is where to look.  A piece of 1/32 of the region is cut out
 * around it (a seed), and has one aggregation to show what it is.  When it lies
 * within the spot, its neighbours are asked (feelers), twice as far at each
 * aggregation: a spot 125 times as large as the seed is covered after five.
 *
 * If the guess is wrong, the loss is bounded: a cut that chance has suggested
 * costs one sample an interval until the parts agree, and a bad merge is undone
 * by later evidence.
 */
#include <linux/bits.h>
#include <linux/int_log.h>
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

/* === Evidence === */

#define NR_BINS DAMON_NR_BINS

/*
 * One sample, in the unit in which evidence is kept: a part of a region gets a
 * part of a sample, and loses less than 1/128 of it by rounding.
 */
#define SAMPLE 128

/*
 * As much as a region keeps of the aggregations before this one.  Squares of products of
 * two such numbers fit 64 bits.
 */
#define WINDOW (400 * SAMPLE)
static_assert(WINDOW <= U16_MAX);

/* It is many times in memory; two cache lines hold it. */
static_assert(sizeof(struct damon_region) <= 128);

/* How many of @samples have found an access, both in 1/SAMPLE. */
struct tally {
	u32 hits, samples;
};

static struct tally tally_bins(const struct damon_evidence *e, unsigned int from,
			       unsigned int to)
{
	struct tally t = {};

	for (; from < to; from++) {
		t.hits += e->hits[from];
		t.samples += e->samples[from];
	}
	return t;
}

static struct tally tally(const struct damon_evidence *e)
{
	return tally_bins(e, 0, NR_BINS);
}

/* In 1/65536. */
static u32 rate(struct tally t)
{
	return t.samples ? div_u64((u64)t.hits << 16, t.samples) : 0;
}

/* The rates differ by more than 1/@part of the larger one. */
static bool rates_differ(struct tally a, struct tally b, unsigned int part)
{
	u32 x = rate(a), y = rate(b);

	return abs_diff(x, y) > max(x, y) / part;
}

/* x log2(x), in 1/2^24 */
static s64 xlog2x(u32 x)
{
	return x ? (s64)x * intlog2(x) : 0;
}

/* H() of the explanation above. */
static s64 log_likelihood(struct tally t)
{
	return xlog2x(t.hits) + xlog2x(t.samples - t.hits) - xlog2x(t.samples);
}

/*
 * G(a, b), the test whether one rate explains both, in the unit of G().  The
 * first test is not only faster: where all samples agree, rounding is not to
 * make a difference.
 */
static s64 g_test(struct tally a, struct tally b)
{
	struct tally both = { a.hits + b.hits, a.samples + b.samples };

	if (!both.hits || both.hits == both.samples)
		return 0;
	return log_likelihood(a) + log_likelihood(b) - log_likelihood(both);
}

/* G = 2 ln(2) / (SAMPLE * 2^24) times the sum above; given in tenths. */
#define G(tenths) ((s64)(tenths) * ((((s64)SAMPLE << 24) * 10000) / 13863) / 10)

#define G_MERGE		G(45)
#define G_CHANGE	G(150)
#define G_CUT		G(120)
/* A run is tested at the end of each of its aggregations. */
#define G_RUN		G(200)

static unsigned long nr_pages(const struct damon_region *r)
{
	return damon_region_size(r) >> PAGE_SHIFT;
}

/* A bin is an eighth of a region, as near as whole pages allow. */
static unsigned long bin_start(const struct damon_region *r, unsigned int bin)
{
	return r->ar.start + (nr_pages(r) * bin / NR_BINS << PAGE_SHIFT);
}

static unsigned int bin_of(const struct damon_region *r, unsigned long addr)
{
	unsigned long page = (addr - r->ar.start) >> PAGE_SHIFT;

	return ((page + 1) * NR_BINS - 1) / nr_pages(r);
}

/*
 * The bins take turns, so that none is left out for long: samples that are
 * spread evenly tell more than those that fall at random.  Steps of 3 of 8 have
 * asked both halves after two samples, and three quarters after four.
 */
void damon_region_pick(struct damon_ctx *ctx, struct damon_region *r)
{
	unsigned long start = bin_start(r, r->next_bin);
	unsigned long end = bin_start(r, r->next_bin + 1);

	r->next_bin = (r->next_bin + 3) % NR_BINS;
	/* A region of a few pages has empty bins. */
	if (start == end) {
		start = r->ar.start;
		end = r->ar.end;
	}
	r->sampling_addr = damon_rand(ctx, start, end);
	r->sampling_pending = true;
	ctx->takes_samples = true;
}

static void halve(struct damon_evidence *e)
{
	unsigned int i;

	for (i = 0; i < NR_BINS; i++) {
		e->hits[i] /= 2;
		e->samples[i] /= 2;
	}
}

/* What the next sample of a region will find, if its rate stays as it is. */
enum {
	ANYTHING,
	NO_ACCESS,
	ACCESS,
};

/* At rates below 1/16 or above 15/16, if 16 samples and more say so. */
static unsigned int expectation(struct tally t)
{
	if (t.samples < 16 * SAMPLE)
		return ANYTHING;
	if (t.hits < t.samples / 16)
		return NO_ACCESS;
	return t.samples - t.hits < t.samples / 16 ? ACCESS : ANYTHING;
}

/*
 * Three surprises in a row happen by chance once in 16^3 times, at most.  Then
 * the use of the memory has changed, and all before this is of the past: the
 * change is reported in full at the end of the same aggregation, if a quarter of
 * its samples came after it.
 */
static bool is_change(struct damon_region *r, bool accessed)
{
	if (r->expected != (accessed ? NO_ACCESS : ACCESS)) {
		r->nr_surprises = 0;
		return false;
	}
	return ++r->nr_surprises == 3;
}

/*
 * Where a region as full of samples as can be had no access, the used part of it
 * is less than 1/130, by 95 %: exp(-3) that none of 400 hits it.  Of a region of
 * more pages than a GiB has, of 4 KiB, that may still be many, so the search there
 * goes on.
 */
#define REST 5
#define REST_PAGES BIT(18)
static_assert(REST < 8);

static bool is_settled(const struct damon_region *r, struct tally t)
{
	/* Without what rounding has lost, and faded. */
	return t.samples > WINDOW - WINDOW / 16 && t.hits < SAMPLE / 2 &&
		nr_pages(r) <= REST_PAGES;
}

static void awake(struct damon_region *r)
{
	r->settled = false;
	r->rest = 0;
}

static void forget_all(struct damon_region *r)
{
	memset(&r->old, 0, sizeof(r->old));
	memset(&r->now, 0, sizeof(r->now));
	r->expected = ANYTHING;
	r->changed = true;
	awake(r);
}

void damon_region_restart(struct damon_region *r)
{
	forget_all(r);
	r->nr_accesses = 0;
}

void damon_region_record(struct damon_region *r, bool accessed)
{
	unsigned int bin = bin_of(r, r->sampling_addr);

	if (is_change(r, accessed))
		forget_all(r);
	/* Thousands of samples in one aggregation: rates are all that counts. */
	if (r->now.samples[bin] > U16_MAX - SAMPLE)
		halve(&r->now);
	r->now.samples[bin] += SAMPLE;
	r->sampling_pending = false;
	if (!accessed) {
		r->rest = r->settled ? REST : 0;
		return;
	}
	awake(r);
	r->now.hits[bin] += SAMPLE;
	r->last_hit = r->sampling_addr;
	r->nr_accesses++;
}

/*
 * Primitives that do not call damon_region_record() count, and tell no places:
 * their counts speak of all bins alike.
 */
static void spread_count(struct damon_ctx *ctx, struct damon_region *r)
{
	struct tally t = { .samples = min(ctx->nr_samples, WINDOW / SAMPLE) };
	unsigned int i;

	if (!ctx->nr_samples)
		return;
	t.hits = mul_u64_u64_div_u64(t.samples, min(r->nr_accesses, ctx->nr_samples),
				     ctx->nr_samples);
	for (i = 0; i < NR_BINS; i++) {
		r->now.samples[i] = t.samples * SAMPLE / NR_BINS;
		r->now.hits[i] = t.hits * SAMPLE / NR_BINS;
	}
}

/*
 * Add the evidence of this aggregation to the old.  After a change it takes its
 * place; and so it does once more, as the aggregation of a change is a mixture of
 * what was before it and after.
 */
static void add_up(struct damon_region *r)
{
	u32 hits[NR_BINS], samples[NR_BINS], sum = 0;
	unsigned int i;

	if (r->changed || !r->age)
		memset(&r->old, 0, sizeof(r->old));
	for (i = 0; i < NR_BINS; i++) {
		hits[i] = r->old.hits[i] + r->now.hits[i];
		samples[i] = r->old.samples[i] + r->now.samples[i];
		sum += samples[i];
	}
	sum = max(sum, WINDOW);
	for (i = 0; i < NR_BINS; i++) {
		r->old.hits[i] = div_u64((u64)hits[i] * WINDOW, sum);
		r->old.samples[i] = div_u64((u64)samples[i] * WINDOW, sum);
	}
	memset(&r->now, 0, sizeof(r->now));
}

/* The rate by all the evidence, rounded to the nearest count. */
static unsigned int rounded_count(const struct damon_ctx *ctx, struct tally t)
{
	u64 nr = (u64)t.hits * damon_max_nr_accesses(ctx) + t.samples / 2;

	return t.samples ? div_u64(nr, t.samples) : 0;
}

/*
 * The count to report.  Memory that stands out among what is accessed too rarely
 * for a count is reported with a count of 1: that tells it from memory without
 * any access, at the price of a rate that is too high.  Where all memory is
 * accessed rarely, nothing stands out.
 */
static unsigned int nr_accesses(const struct damon_ctx *ctx, struct tally t)
{
	unsigned int nr = rounded_count(ctx, t);

	if (!nr && t.hits >= 2 * SAMPLE && rate(t) > ctx->rare_rate)
		return 1;
	return nr;
}

/* One and a half times the mean rate of the memory that has no count. */
static u32 find_rare_rate(struct damon_ctx *ctx)
{
	u64 sum = 0, total = 0;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			struct tally all = tally(&r->old);

			cond_resched();
			if (rounded_count(ctx, all))
				continue;
			sum += (u64)rate(all) * nr_pages(r);
			total += nr_pages(r);
		}
	}
	return total ? div64_u64(sum, total) * 3 / 2 : 0;
}

/* What follows from the evidence. */
static void judge(const struct damon_ctx *ctx, struct damon_region *r)
{
	struct tally t = tally(&r->old);

	r->nr_accesses = nr_accesses(ctx, t);
	/* Surprises in a row may take several aggregations. */
	if (!r->nr_surprises)
		r->expected = expectation(t);
	r->settled = is_settled(r, t);
}

/*
 * Do all that were found of late, alike, contradict those before?  One or two samples
 * never do, so where an aggregation has no more, what becomes idle would fade for
 * hundreds of aggregations; and so would the last traces of what left bit by bit.
 */
static bool run_contradicts(struct damon_region *r, struct tally now, struct tally old)
{
	struct tally all = { old.hits + now.hits, old.samples + now.samples }, run = {};
	bool hits = now.hits;

	if (!now.samples)
		return false;
	if (hits && now.hits < now.samples) {
		r->run = 0;
		return false;
	}
	r->run = min((hits == r->run_hits ? r->run : 0) + now.samples / SAMPLE, U8_MAX);
	r->run_hits = hits;

	/* A part of a region may have less of the evidence than the run says. */
	run.samples = min(r->run * SAMPLE, hits ? all.hits : all.samples - all.hits);
	run.hits = hits ? run.samples : 0;
	all.hits -= run.hits;
	all.samples -= run.samples;
	return g_test(run, all) > G_RUN;
}

static void count(struct damon_ctx *ctx, struct damon_region *r)
{
	struct tally now, old = tally(&r->old);
	bool late = r->changed && !r->tlb_hides &&
		tally(&r->now).samples / SAMPLE < min(ctx->nr_samples / 4, 255U);

	/*
	 * A change in the last quarter may be a pause of the program: the whole
	 * aggregation counts.  A bin that halve() has been to has 255 samples and
	 * more.
	 */
	if (late || !ctx->takes_samples)
		spread_count(ctx, r);
	now = tally(&r->now);
	if (run_contradicts(r, now, old) || g_test(now, old) > G_CHANGE)
		r->changed = true;
	add_up(r);
	if (r->changed)
		r->age = 0;
	else if (r->age < UINT_MAX)
		r->age++;
	r->changed = false;
}

void damon_regions_count(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			count(ctx, r);
			cond_resched();
		}
	}
	ctx->rare_rate = find_rare_rate(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			judge(ctx, r);
			cond_resched();
		}
	}
}

void damon_regions_forget(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			r->nr_accesses = 0;
			r->last_hit = 0;
		}
	}
}

/* Add to @bin of @e @part of @whole pages of @old_bin of @old. */
static void inherit_bin(struct damon_evidence *e, unsigned int bin,
			const struct damon_evidence *old, unsigned int old_bin,
			u64 part, u64 whole)
{
	u32 hits = old->hits[old_bin], samples = old->samples[old_bin];

	/* 16 bits times the pages of an address space fit 64 bits. */
	if (part < whole) {
		hits = div64_u64(hits * part, whole);
		samples = div64_u64(samples * part, whole);
	}
	samples = min(samples, U16_MAX - e->samples[bin]);
	e->samples[bin] += samples;
	e->hits[bin] += min(hits, samples);
}

/* Add to @to what @from tells of the addresses that both regions have. */
static void inherit_bins(const struct damon_region *to, struct damon_evidence *e,
			 const struct damon_region *from,
			 const struct damon_evidence *old)
{
	unsigned long start = from->ar.start, end = bin_start(from, 1);
	unsigned long to_start = to->ar.start, to_end = bin_start(to, 1);
	unsigned int i = 0, j = 0;

	/* Up the addresses of both; that of the one that ends first goes on. */
	while (i < NR_BINS && j < NR_BINS) {
		unsigned long lo = max(start, to_start), hi = min(end, to_end);

		if (lo < hi && old->samples[i])
			inherit_bin(e, j, old, i, (hi - lo) >> PAGE_SHIFT,
				    (end - start) >> PAGE_SHIFT);
		if (end <= to_end) {
			start = end;
			end = bin_start(from, ++i + 1);
		} else {
			to_start = to_end;
			to_end = bin_start(to, ++j + 1);
		}
	}
}

/* The same for all that is known of addresses, the pending sample included. */
static void inherit(struct damon_region *to, const struct damon_region *from)
{
	inherit_bins(to, &to->old, from, &from->old);
	inherit_bins(to, &to->now, from, &from->now);
	if (from->last_hit >= to->ar.start && from->last_hit < to->ar.end)
		to->last_hit = from->last_hit;
	if (!to->sampling_pending && from->sampling_addr >= to->ar.start &&
	    from->sampling_addr < to->ar.end) {
		to->sampling_addr = from->sampling_addr;
		to->sampling_pending = from->sampling_pending;
		to->sampling_marked = from->sampling_marked;
		to->sampling_hit = from->sampling_hit;
		to->sampling_flushed = from->sampling_flushed;
		to->sampling_lowered = from->sampling_lowered;
		to->sampling_refs = from->sampling_refs;
	}
}

static void drop_evidence(struct damon_region *r)
{
	memset(&r->old, 0, sizeof(r->old));
	memset(&r->now, 0, sizeof(r->now));
	r->last_hit = 0;
	r->sampling_pending = false;
}

/* What is not about addresses. */
static void copy_state(struct damon_region *to, const struct damon_region *from)
{
	to->nr_accesses = from->nr_accesses;
	to->age = from->age;
	to->tlb = from->tlb;
	to->next_bin = from->next_bin;
	to->expected = from->expected;
	to->nr_surprises = from->nr_surprises;
	to->run = from->run;
	to->run_hits = from->run_hits;
	to->changed = from->changed;
	to->young = from->young;
	to->settled = from->settled;
	to->rest = from->rest;
	to->tlb_hides = from->tlb_hides;
}

/* === Split and merge === */

/*
 * Make what is at @at and right of it a region of its own.  Return it, or NULL without
 * memory.  What was known of the whole is left to the caller.
 */
static struct damon_region *cut_off(struct damon_region *r, struct damon_target *t,
				    unsigned long at)
{
	struct damon_region *right = damon_region_new(at, r->ar.end);

	if (!right)
		return NULL;
	copy_state(right, r);
	r->ar.end = at;
	list_add(&right->list, &r->list);
	t->nr_regions++;
	return right;
}

/* From @r up to @next, to each of the parts of @whole what is known of it. */
static void share_out(const struct damon_region *whole, struct damon_region *r,
		      const struct damon_region *next)
{
	for (; r != next; r = list_next_entry(r, list)) {
		drop_evidence(r);
		inherit(r, whole);
	}
}

int damon_region_split(struct damon_region *r, struct damon_target *t,
		       unsigned long left_size)
{
	struct damon_region whole = *r, *next = list_next_entry(r, list);

	if (!cut_off(r, t, r->ar.start + left_size))
		return -ENOMEM;
	share_out(&whole, r, next);
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

/* Keep @part of @whole of the evidence. */
static void thin(struct damon_evidence *e, u32 part, u32 whole)
{
	unsigned int i;

	for (i = 0; i < NR_BINS; i++) {
		e->hits[i] = div_u64((u64)e->hits[i] * part, whole);
		e->samples[i] = div_u64((u64)e->samples[i] * part, whole);
	}
}

/*
 * Leave no more samples for a page in @r than in @other, unless that has hardly
 * any: where rates differ, a small part is not to outweigh a large one.
 */
static void even_out(struct damon_region *r, const struct damon_region *other)
{
	u32 samples = tally(&r->old).samples, others = tally(&other->old).samples;
	u64 even = mul_u64_u64_div_u64(others, nr_pages(r), nr_pages(other));

	if (others >= 16 * SAMPLE && samples > even)
		thin(&r->old, even, samples);
}

/* @r, the right neighbour of @l, becomes part of @l. */
static void merge_two(struct damon_region *l, struct damon_region *r,
		      struct damon_target *t)
{
	unsigned long sz_l = damon_region_size(l), sz_r = damon_region_size(r);
	struct damon_region left = *l;
	u32 samples;

	samples = tally(&left.old).samples + tally(&r->old).samples;
	if (samples > WINDOW) {
		thin(&left.old, WINDOW, samples);
		thin(&r->old, WINDOW, samples);
	}

	l->nr_accesses = weighted_mean(l->nr_accesses, sz_l, r->nr_accesses, sz_r);
	l->age = weighted_mean(l->age, sz_l, r->age, sz_r);
	l->ar.end = r->ar.end;
	drop_evidence(l);
	inherit(l, &left);
	inherit(l, r);
	l->expected = expectation(tally(&l->old));
	l->nr_surprises = 0;
	l->run = l->run_hits == r->run_hits ? min(l->run, r->run) : 0;
	l->settled = is_settled(l, tally(&l->old));
	if (l->rest > r->rest)
		l->rest = r->rest;
	l->changed |= r->changed;
	if (sz_l < sz_r) {
		l->tlb = r->tlb;
		l->tlb_hides = r->tlb_hides;
	}
	damon_region_del(r, t);
}

/* One rate explains both, or the difference is too small to be of use. */
static bool agree(const struct damon_region *l, const struct damon_region *r, s64 g)
{
	struct tally a = tally(&l->old), b = tally(&r->old);

	/* In this order, since logarithms take longer than two divisions. */
	return !rates_differ(a, b, 16) || g_test(a, b) < g;
}

/*
 * Join neighbours of one target that agree by @g into regions of @sz_limit at
 * most, but no more than @budget of them.  Return how many.  Young regions are
 * given time to show what they are, unless @force.
 */
static unsigned int merge_target(struct damon_target *t, s64 g, bool force,
				 unsigned long sz_limit, unsigned int budget)
{
	struct damon_region *l = NULL, *r, *next;
	unsigned int nr_merged = 0;

	damon_for_each_region_safe(r, next, t) {
		cond_resched();
		if (nr_merged < budget && l && l->ar.end == r->ar.start &&
		    (force || (!l->young && !r->young)) &&
		    r->ar.end - l->ar.start <= sz_limit && agree(l, r, g)) {
			if (force) {
				even_out(l, r);
				even_out(r, l);
			}
			merge_two(l, r, t);
			nr_merged++;
		} else {
			l = r;
		}
	}
	return nr_merged;
}

/* The same for all targets, down to @floor regions.  Return how many are left. */
static unsigned int merge_all(struct damon_ctx *ctx, s64 g, bool force,
			      unsigned long sz_limit, unsigned int floor)
{
	unsigned int nr = damon_nr_regions(ctx);
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		nr -= merge_target(t, g, force, sz_limit, nr > floor ? nr - floor : 0);
	return nr;
}

/*
 * Above @limit regions, join ever less similar neighbours.  When even the most
 * different ones may be joined, the limit on the size goes as well: the number
 * of regions is what bounds the cost.
 */
static void merge_surplus(struct damon_ctx *ctx, unsigned int limit)
{
	unsigned int nr = damon_nr_regions(ctx);
	s64 g = G_MERGE;

	while (nr > limit) {
		bool last = g > S64_MAX / 2;

		g = last ? S64_MAX : 2 * g;
		nr = merge_all(ctx, g, true, last ? ULONG_MAX : ctx->sz_limit, limit);
		if (last)
			break;
	}
}

/*
 * An eighth of the regions that are allowed stays free, for what appears
 * tomorrow.
 */
void damon_regions_merge(struct damon_ctx *ctx)
{
	merge_all(ctx, G_MERGE, false, ctx->sz_limit, ctx->min_nr_regions);
	merge_surplus(ctx, max(ctx->min_nr_regions,
			       ctx->max_nr_regions - ctx->max_nr_regions / 8));
}

/* === Cut === */

/*
 * Cut [@start, @end) out of @r.  Return it, or NULL without memory.  The parts
 * inherit from the whole at once: the bins of a part that is cut again may
 * reach over the second cut, and would blur what is left and right of it.
 */
static struct damon_region *carve(struct damon_region *r, struct damon_target *t,
				  unsigned long start, unsigned long end)
{
	struct damon_region whole = *r, *next = list_next_entry(r, list);
	struct damon_region *piece = r;

	if (end < r->ar.end && !cut_off(r, t, end))
		return NULL;
	if (start > r->ar.start)
		piece = cut_off(r, t, start);
	share_out(&whole, r, next);
	return piece;
}

/*
 * The bins that differ most from the others.  By the score test, which needs no
 * logarithm: 28 of these would cost more than the samples of the region.  It
 * overrates a hit in a bin of few samples, so it proposes, and G decides.
 */
static void most_different_bins(const struct damon_evidence *e, unsigned int *from,
				unsigned int *to)
{
	struct tally all = tally(e);
	unsigned int i, j;
	u64 best = 0;

	*from = *to = 0;
	for (i = 0; i < NR_BINS; i++) {
		struct tally in = {};

		for (j = i; j < NR_BINS; j++) {
			u64 diff, score;

			in.hits += e->hits[j];
			in.samples += e->samples[j];
			if (in.samples < SAMPLE || all.samples - in.samples < SAMPLE)
				continue;
			/* Both products are below 2^32: see WINDOW. */
			diff = abs_diff((u64)in.hits * all.samples,
					(u64)all.hits * in.samples);
			score = div64_u64(diff * diff, (u64)in.samples *
					  (all.samples - in.samples));
			if (score > best) {
				best = score;
				*from = i;
				*to = j + 1;
			}
		}
	}
}

/* The parts are reported as what they are, not as what the whole was. */
static void cut_where_bins_differ(struct damon_ctx *ctx, struct damon_target *t,
				  struct damon_region *r)
{
	struct damon_region *next = list_next_entry(r, list);
	struct tally in, out, all = tally(&r->old);
	unsigned int from, to;

	if (!all.hits || all.hits == all.samples)
		return;
	most_different_bins(&r->old, &from, &to);
	in = tally_bins(&r->old, from, to);
	out.hits = all.hits - in.hits;
	out.samples = all.samples - in.samples;
	if (g_test(in, out) <= G_CUT || !rates_differ(in, out, 8))
		return;
	carve(r, t, bin_start(r, from), bin_start(r, to));
	for (; r != next; r = list_next_entry(r, list))
		judge(ctx, r);
}

/* A cut makes two regions more at most. */
static unsigned int cut_budget(const struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx);

	return ctx->max_nr_regions > nr ? ctx->max_nr_regions - nr : 0;
}

void damon_regions_cut(struct damon_ctx *ctx)
{
	unsigned int budget = cut_budget(ctx), nr;
	struct damon_region *r, *next;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			cond_resched();
			if (budget < 2)
				return;
			/* A bin of less than two pages is not worth a border. */
			if (nr_pages(r) < 2 * NR_BINS)
				continue;
			nr = t->nr_regions;
			cut_where_bins_differ(ctx, t, r);
			budget -= t->nr_regions - nr;
		}
	}
}

/* === Search === */

/* What its parent has seen says nothing of this piece: look for yourself. */
static void look_anew(struct damon_region *r)
{
	drop_evidence(r);
	r->age = 0;
	r->expected = ANYTHING;
	r->nr_surprises = 0;
	r->young = true;
	awake(r);
}

/*
 * Look around the address of a hit, where hits are new.  With three and more,
 * bins that do not differ say that there is no spot.
 */
static void cut_seed(struct damon_target *t, struct damon_region *r)
{
	unsigned long reach = PAGE_ALIGN_DOWN(damon_region_size(r) / 64);
	unsigned long at = PAGE_ALIGN_DOWN(r->last_hit);

	if (!r->last_hit || tally(&r->old).hits >= 3 * SAMPLE || !reach)
		return;
	r = carve(r, t, max(at, r->ar.start + reach) - reach,
		  min(at, r->ar.end - reach) + reach);
	if (r)
		look_anew(r);
}

/*
 * Does hot memory seem to go on beyond @hot, whose page @edge is next to @cold?  A
 * neighbour less than eight times as large is left to its own evidence: a bin
 * of it is no larger than @hot.
 */
static bool goes_on(const struct damon_region *hot, unsigned long edge,
		    const struct damon_region *cold)
{
	struct tally h, c, e;
	unsigned int bin;

	if (damon_region_size(hot) >= damon_region_size(cold) / 8)
		return false;
	h = tally(&hot->old);
	c = tally(&cold->old);
	bin = bin_of(hot, edge);
	e = tally_bins(&hot->old, bin, bin + 1);
	return rate(h) > 2 * rate(c) && g_test(h, c) > G_CUT &&
		e.samples >= SAMPLE / 2 && !rates_differ(h, e, 2);
}

/* Ask the large neighbours of small hot regions, twice as far as these reach. */
static void cut_feelers(struct damon_target *t, unsigned int *budget)
{
	struct damon_region *r, *next, *prev = NULL, *piece;

	damon_for_each_region_safe(r, next, t) {
		cond_resched();
		if (*budget < 2)
			return;
		if (!list_is_last(&r->list, &t->regions_list) &&
		    next->ar.start == r->ar.end && goes_on(next, next->ar.start, r)) {
			piece = carve(r, t, r->ar.end - 2 * damon_region_size(next),
				      r->ar.end);
			if (piece) {
				look_anew(piece);
				--*budget;
			}
		}
		if (prev && prev->ar.end == r->ar.start && goes_on(prev, prev->ar.end - 1, r)) {
			piece = carve(r, t, r->ar.start,
				      r->ar.start + 2 * damon_region_size(prev));
			if (piece) {
				look_anew(piece);
				--*budget;
			}
		}
		prev = list_prev_entry(next, list);
	}
}

void damon_regions_search(struct damon_ctx *ctx)
{
	unsigned int budget = cut_budget(ctx), nr;
	struct damon_region *r, *next;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			cond_resched();
			r->young = false;
			if (budget < 2)
				continue;
			nr = t->nr_regions;
			cut_seed(t, r);
			budget -= t->nr_regions - nr;
		}
		cut_feelers(t, &budget);
	}
}

bool damon_region_hint(struct damon_ctx *ctx, struct damon_target *t,
		       struct damon_region *r, unsigned long start, unsigned long end)
{
	struct tally known = tally(&r->old), now = tally(&r->now);

	known.hits += now.hits;
	known.samples += now.samples;
	/* Much of it is used, now here and now there: there is no spot. */
	if ((known.hits >= 3 * SAMPLE && known.hits > known.samples / 8) ||
	    cut_budget(ctx) < ctx->max_nr_regions / 8 + 2)
		return false;
	r = carve(r, t, start, end);
	if (r)
		look_anew(r);
	return r;
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
	if (from)
		copy_state(r, from);
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

/* What @old knows of its addresses, to @new. */
static void inherit_all(struct damon_target *new, const struct damon_target *old)
{
	struct damon_region *to, *from;

	from = list_first_entry(&old->regions_list, struct damon_region, list);
	damon_for_each_region(to, new) {
		list_for_each_entry_from(from, &old->regions_list, list) {
			if (from->ar.start >= to->ar.end)
				break;
			if (from->ar.end > to->ar.start)
				inherit(to, from);
			/* It may have something for the next one as well. */
			if (from->ar.end > to->ar.end)
				break;
		}
	}
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

	inherit_all(&new, t);
	damon_target_clear(t);
	list_splice(&new.regions_list, &t->regions_list);
	t->nr_regions = new.nr_regions;
	return 0;
}

/*
 * Fewer regions than this search too slowly.  A spot of 1/1000 of the memory is
 * 1/20 of one of 50 regions, and is hit by one of its 20 samples in 64 of 100
 * aggregations; by one of 10 regions it would be hit in 18.
 */
#define NR_TO_SEARCH 50

/* A user who allows only a few regions keeps most of them for what is found. */
static unsigned int nr_wanted(const struct damon_ctx *ctx)
{
	return max(ctx->min_nr_regions, min(NR_TO_SEARCH, ctx->max_nr_regions / 4));
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
 * Have nr_wanted() regions, if there are that many pages.  Each region gets one
 * piece, and the rest of the pieces go to the regions in proportion to their
 * size.  What the divisions round away, fewer pieces than there are regions,
 * goes to the largest ones.
 */
static void cut_to_wanted(struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx), wanted = nr_wanted(ctx);
	u64 total = total_pages(ctx);
	struct damon_region *r, *next;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			unsigned long nr_pieces =
				1 + mul_u64_u64_div_u64(nr_pages(r), wanted - nr, total);

			damon_region_split_evenly(r, t, min(nr_pieces, nr_pages(r)));
		}
	}

	for (nr = damon_nr_regions(ctx); nr < wanted; nr++) {
		cond_resched();
		r = largest_region(ctx, &t);
		if (damon_region_split_evenly(r, t, 2))
			break;
	}
}

void damon_regions_refit(struct damon_ctx *ctx)
{
	u64 sz_limit = div64_u64(total_pages(ctx), nr_wanted(ctx));
	unsigned int nr = damon_nr_regions(ctx);

	ctx->sz_limit = clamp_t(u64, sz_limit, 1, ULONG_MAX >> PAGE_SHIFT) << PAGE_SHIFT;
	if (nr > ctx->max_nr_regions)
		merge_surplus(ctx, ctx->max_nr_regions);
	else if (nr && nr < nr_wanted(ctx))
		cut_to_wanted(ctx);
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/region_kunit.c"
#endif
