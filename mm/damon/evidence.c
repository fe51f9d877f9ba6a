// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence: what samples tell of regions, and what is reported of them.
 *
 * One sample is one throw of a coin, and it takes many to know a region.  So
 * nothing that was seen is thrown away at the end of an aggregation: each region
 * keeps, for each eighth of it, how many samples were taken and how many found
 * an access.  Parts and joined regions inherit the evidence about their
 * addresses.  New evidence weighs as much as old evidence until there are 400
 * samples; from then on the old fades.
 *
 * Chance is judged by the G test.  k1 hits of n1 samples here and k2 of n2
 * there, and the question is whether one rate explains both:
 *
 *	G = 2 (H(k1, n1) + H(k2, n2) - H(k1 + k2, n1 + n2))
 *	H(k, n) = k ln k + (n - k) ln(n - k) - n ln n
 *
 * With one rate for both, G is above 12 in 0.05 % of all cases, and above 15 in 0.01 %;
 * Documentation/mm/damon/engine.rst has more of them, and worked examples.
 *
 * Change.  When the samples of this aggregation contradict the older ones
 * (G > 15, and more where a count was kept for long), or a few in a row contradict what
 * was certain, the memory is used in a new way: all older evidence is dropped, and the
 * region begins a new age.  Noise alone rarely begins a new age.  A run of samples that
 * all found the same is tested as a whole, over many aggregations.
 *
 * Idle memory.  Who acts on it asks another question than for a rate: since when has
 * nobody used it?  So where there is no count, the age is the time since an access was
 * seen, which is worth more than all evidence before it.
 *
 * Rest.  Most memory of most machines is idle, and the next sample of a region that
 * had 400 samples and no access will tell nothing new.  In such a region a page is
 * watched for five sampling intervals before the next one is, until the first access
 * that is found there.  When all of it comes into use, that is 20 ms later at most, with
 * the defaults.  A region where 400 samples have all found an access rests as well, but a
 * sample of it lasts for one interval, since one of five would find an access also when the
 * rate is half of what it was.  So there is a sample in each fifth interval, until the first
 * one that finds no access.
 *
 * All of this is numbers, and runs on the worker, or while the monitor is off: it
 * needs no lock.
 */
#include <linux/bits.h>
#include <linux/int_log.h>
#include <linux/log2.h>

#include "evidence.h"

/* It is many times in memory; two cache lines hold it. */
static_assert(sizeof(struct damon_region) <= 128);
static_assert(sizeof(struct damon_sample) == 1);

/* next_bin of a region has three bits. */
static_assert(BIT(3) >= NR_BINS);

/* Noise alone hardly ever reaches them: see the explanation above. */
#define G_CHANGE	G(150)

/* === Tests of chance === */

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

/* Where all samples agree, rounding is not to make a difference. */
s64 damon_g_test(struct tally a, struct tally b)
{
	struct tally both = { a.hits + b.hits, a.samples + b.samples };

	if (!both.hits || both.hits == both.samples)
		return 0;
	return log_likelihood(a) + log_likelihood(b) - log_likelihood(both);
}

/* === Uses of memory that has no count === */

/* 0 if there was none in this aggregation. */
unsigned long damon_region_last_hit(const struct damon_region *r)
{
	return r->hit ? r->ar.start + ((unsigned long)(r->hit - 1) << PAGE_SHIFT) : 0;
}

/* In a region of more than 2 TiB it may have no place: then nobody can ask there again. */
static void set_last_hit(struct damon_region *r, unsigned long addr)
{
	unsigned long nr = ((addr - r->ar.start) >> PAGE_SHIFT) + 1;

	r->hit = nr < BIT(29) ? nr : 0;
}

/* What the next sample asks, see note_use(). */
enum {
	NO_ECHO,
	FAR_PAGE,
	SAME_PAGE,
	SAME_PAGE_AGAIN,
};

/* echo of a region has two bits. */
static_assert(BIT(2) > SAME_PAGE_AGAIN);
/* See damon_region_asks_again(). */
static_assert(SAME_PAGE == 2);

/* So many aggregations without an access are an age that has to be guarded. */
#define GUARDED_AGE 20

static void begin_idle_time(struct damon_region *r)
{
	r->echo = NO_ECHO;
	/* With a count, the age is that of the rate. */
	if (!r->counted)
		r->age = 0;
}

/*
 * An access to memory that has no count.  Is it one of many, all over the region?  Then
 * the memory is not as idle as its age says.  Or is there a hot spot, beside which the
 * rest is as idle as before?  Two questions tell (an echo).  The next sample is of a page
 * far from the hit: if it has an access as well, the region is used.  Then the page of the
 * hit is looked at again, for 2 and for 4 intervals: that of a hot spot is accessed again
 * soon, and if it is not, the region is used, only rarely.
 *
 * The far page comes first, since a burst of accesses to all pages may last for several
 * intervals.  Without an age there is nothing to be lost, and a small region, or one on
 * trial, has nothing beside the spot.
 */
static void note_use(struct damon_region *r, unsigned long addr)
{
	unsigned long last = damon_region_last_hit(r);

	if (r->age < GUARDED_AGE || r->on_trial || region_pages(r) < 2 * NR_BINS ||
	    addr != r->sampling_addr ||
	    (last && abs_diff(bin_of(r, last), bin_of(r, addr)) > 1))
		begin_idle_time(r);
	else if (!r->echo)
		r->echo = FAR_PAGE;
}

/* The answer of a page that was asked for the second time. */
static void hear_echo(struct damon_region *r, bool accessed)
{
	if (accessed)
		r->echo = NO_ECHO;
	else if (r->echo == SAME_PAGE_AGAIN)
		begin_idle_time(r);
	else
		r->echo++;
}

/* === Samples === */

/* The answer of the next sample of a region, if its rate stays as it is. */
enum {
	ANYTHING,
	NO_ACCESS,
	ACCESS,
};

/* expected of a region has two bits. */
static_assert(BIT(2) > ACCESS);

/*
 * What idle memory at rest is asked, and how long: one page, whether it is accessed in any of
 * five intervals.  So nothing that happens between two samples is missed, however it is
 * timed, at a fifth of the price.  A region on trial that has had no hit is asked less
 * often than that.
 */
#define REST 5
#define TRIAL_REST 7
/* wait of a region has three bits. */
static_assert(BIT(3) > TRIAL_REST);

static unsigned int sample_length(const struct damon_region *r)
{
	struct tally t;

	if (r->settled && r->expected == NO_ACCESS)
		return REST;
	if (likely(!r->on_trial))
		return 1;
	t = tally(&r->fresh);
	return t.samples > MIN_TRIAL * SAMPLE && !t.hits ? TRIAL_REST : 1;
}

/*
 * The bins take turns, so that none is left out for long: samples that are
 * spread evenly tell more than those that fall at random.  Steps of 3 of 8 have
 * asked both halves after two samples, and three quarters after four.  Now and then the
 * next one is any of them, since bins in one order for ever would be asked in step with a
 * program that does something each eighth time.
 */
#define BINS_IN_ORDER 16

static unsigned long pick_page(struct damon_ctx *ctx, struct damon_region *r)
{
	unsigned long start = bin_start(r, r->next_bin);
	unsigned long end = bin_start(r, r->next_bin + 1);
	unsigned long addr;

	/* A region of a few pages has empty bins. */
	if (start == end) {
		start = r->ar.start;
		end = r->ar.end;
	}
	addr = damon_rand(ctx, start, end);
	/* The place in the page is as random as the page, and no use otherwise. */
	if (addr % BINS_IN_ORDER)
		r->next_bin = (r->next_bin + 3) % NR_BINS;
	else
		r->next_bin = addr / BINS_IN_ORDER % NR_BINS;
	return addr;
}

static void pick_for_echo(struct damon_ctx *ctx, struct damon_region *r)
{
	unsigned long hit = damon_region_last_hit(r);

	r->wait = 1;
	if (r->echo == FAR_PAGE) {
		if (hit)
			r->next_bin = (bin_of(r, hit) + NR_BINS / 2) % NR_BINS;
		r->sampling_addr = pick_page(ctx, r);
	} else if (hit) {
		r->sampling_addr = hit;
		r->wait = r->echo == SAME_PAGE ? 2 : 4;
	} else {
		begin_idle_time(r);
		r->sampling_addr = pick_page(ctx, r);
	}
}

void damon_region_pick(struct damon_ctx *ctx, struct damon_region *r)
{
	if (unlikely(r->echo)) {
		pick_for_echo(ctx, r);
	} else {
		r->sampling_addr = pick_page(ctx, r);
		r->wait = sample_length(r);
	}
	r->sample.pending = true;
	/* Where no answer comes, nothing is known: this is not the same as no access. */
	ctx->has_samples = true;
}

static void halve_evidence(struct damon_evidence *e)
{
	unsigned int i;

	for (i = 0; i < NR_BINS; i++) {
		e->hits[i] /= 2;
		e->samples[i] /= 2;
	}
}

/* At rates below 1/16 or above 15/16, if 16 samples and more say so. */
static unsigned int expect_next(struct tally t)
{
	if (t.samples < 16 * SAMPLE)
		return ANYTHING;
	if (t.hits < t.samples / 16)
		return NO_ACCESS;
	return t.samples - t.hits < t.samples / 16 ? ACCESS : ANYTHING;
}

/*
 * A run of @nr answers, each as @like in @all, is a change if the chance of all of it is
 * less than 1/2^@bits for each of the @nr_tests since the last change.  So the longer a
 * count has been kept, the more evidence it takes.
 */
static bool is_unlikely(unsigned int nr, u32 like, u32 all, unsigned int bits, u64 nr_tests)
{
	bits += ilog2(nr_tests + 1);
	like = max(like, SAMPLE / 2);
	return like < all && (u64)nr * (intlog2(all) - intlog2(like)) > (u64)bits << 24;
}

/*
 * Three surprises in a row, or up to seven where the rate is near 1/16 or has been kept for
 * long: the use of the memory has changed, and all before this is of the past.  The
 * change is reported in full at the end of the same aggregation, if a quarter of its
 * samples came after it.
 */
#define SURPRISE_BITS 7
#define MIN_SURPRISES 3
/* nr_surprises of a region has three bits. */
#define MAX_SURPRISES 7
static_assert(BIT(3) > MAX_SURPRISES);

/* How many of @t are as the surprise. */
static u32 alike(struct tally t, bool accessed)
{
	return accessed ? t.hits : t.samples - t.hits;
}

static bool is_change(const struct damon_ctx *ctx, struct damon_region *r, bool accessed)
{
	struct tally known;
	u32 before, expected;

	if (r->expected != (accessed ? NO_ACCESS : ACCESS)) {
		r->nr_surprises = 0;
		return false;
	}
	if (++r->nr_surprises < MIN_SURPRISES)
		return false;
	/* Surprises of earlier aggregations are among what is known. */
	before = (r->nr_surprises - 1) * SAMPLE;
	before -= min(before, alike(tally(&r->fresh), accessed));
	known = tally(&r->known);
	expected = alike(known, accessed);
	return r->nr_surprises == MAX_SURPRISES ||
		is_unlikely(r->nr_surprises, expected - min(expected, before), known.samples,
			    SURPRISE_BITS, (u64)r->steady * damon_max_nr_accesses(ctx));
}

/*
 * Where a region as full of samples as can be had no access, the used part of it
 * is less than 1/130, by 95 %: exp(-3) that none of 400 hits it.  Of a region of
 * more pages than a GiB has, of 4 KiB, that may still be many, so the search there
 * goes on until as many more samples have found no access as it is larger.  It is the
 * same with the idle part of a region where all samples have found one.
 */
#define REST_PAGES BIT(18)

static bool is_settled(const struct damon_ctx *ctx, const struct damon_region *r,
		       struct tally t)
{
	unsigned long needed = region_pages(r) / (REST_PAGES / (WINDOW / SAMPLE));

	/* Rounding may have lost a sixteenth of the samples, and faded hits are none. */
	return t.samples > WINDOW - WINDOW / 16 &&
		min(t.hits, t.samples - t.hits) < SAMPLE / 2 &&
		(region_pages(r) <= REST_PAGES || (u64)r->age * ctx->nr_samples >= needed);
}

static void forget_all(struct damon_region *r)
{
	memset(&r->known, 0, sizeof(r->known));
	memset(&r->fresh, 0, sizeof(r->fresh));
	r->expected = ANYTHING;
	r->changed = true;
	r->settled = false;
	r->echo = NO_ECHO;
	r->hit = 0;
}

void damon_region_restart(struct damon_region *r)
{
	forget_all(r);
	r->nr_accesses = 0;
}

void damon_region_record(struct damon_ctx *ctx, struct damon_region *r,
			 unsigned long addr, bool accessed)
{
	unsigned int bin = bin_of(r, addr);

	ctx->has_samples = true;
	r->sample.pending = false;
	if (unlikely(r->echo) && addr == r->sampling_addr) {
		/* A page that is looked at because it was used is no fair sample. */
		if (r->echo != FAR_PAGE) {
			hear_echo(r, accessed);
			return;
		}
		r->echo = SAME_PAGE;
	}
	if (is_change(ctx, r, accessed))
		forget_all(r);
	/* Thousands of samples in one aggregation: only their rate counts. */
	if (r->fresh.samples[bin] > U16_MAX - SAMPLE)
		halve_evidence(&r->fresh);
	r->fresh.samples[bin] += SAMPLE;
	r->settled &= r->expected == (accessed ? ACCESS : NO_ACCESS);
	r->wait = r->settled && accessed ? REST : 0;
	if (!accessed)
		return;
	r->fresh.hits[bin] += SAMPLE;
	if (!r->counted && !r->changed)
		note_use(r, addr);
	if (!r->echo || r->echo == FAR_PAGE)
		set_last_hit(r, addr);
	if (++r->nr_accesses > ctx->max_nr_accesses)
		ctx->max_nr_accesses = r->nr_accesses;
}

/* === The end of an aggregation === */

/*
 * Who does not call damon_region_record() only counts, and tells no places: such
 * a count speaks of all bins alike.
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
		r->fresh.samples[i] = t.samples * SAMPLE / NR_BINS;
		r->fresh.hits[i] = t.hits * SAMPLE / NR_BINS;
	}
}

/*
 * Add the evidence of this aggregation to the older evidence.  After a change the
 * new replaces the old, and again at the next aggregation, since the one with the
 * change in it is a mixture of the uses before and after.
 */
static void add_up_evidence(struct damon_region *r)
{
	u32 hits[NR_BINS], samples[NR_BINS], sum = 0, part;
	unsigned int i;

	if (r->changed || r->mixed)
		memset(&r->known, 0, sizeof(r->known));
	r->mixed = r->changed;
	for (i = 0; i < NR_BINS; i++) {
		hits[i] = r->known.hits[i] + r->fresh.hits[i];
		samples[i] = r->known.samples[i] + r->fresh.samples[i];
		sum += samples[i];
	}
	/* One division, as 16 take longer than all else that an aggregation does here. */
	part = sum > WINDOW ? div_u64((u64)WINDOW << 16, sum) : 1 << 16;
	for (i = 0; i < NR_BINS; i++) {
		r->known.hits[i] = (u64)hits[i] * part >> 16;
		r->known.samples[i] = (u64)samples[i] * part >> 16;
	}
	memset(&r->fresh, 0, sizeof(r->fresh));
}

/* The rate by all the evidence, rounded to the nearest count. */
static unsigned int rounded_count(const struct damon_ctx *ctx, struct tally t)
{
	u64 nr = (u64)t.hits * damon_max_nr_accesses(ctx) + t.samples / 2;

	return t.samples ? div_u64(nr, t.samples) : 0;
}

/* Would so many accesses be expected by now, if the memory was used as before? */
#define EXPECTED_HITS 3

static bool is_left(const struct damon_region *r, struct tally t)
{
	return !r->run_hits && (r->run * t.hits >= EXPECTED_HITS * t.samples ||
				(r->run == U8_MAX && !r->counted));
}

/*
 * The count to report.  Memory that stands out among what is accessed too rarely
 * for a count is reported with a count of 1: this tells it from memory without
 * any access, at the price of a rate that is too high.  Where all memory is
 * accessed rarely, nothing stands out; nor does memory that has had no access for so
 * long that three were to be expected.
 */
static unsigned int reported_count(const struct damon_ctx *ctx,
				   const struct damon_region *r, struct tally t)
{
	unsigned int nr = rounded_count(ctx, t);

	if (nr > 1)
		return nr;
	if (is_left(r, t))
		return 0;
	return nr || (t.hits >= 2 * SAMPLE && rate(t) > ctx->rare_rate);
}

/* One and a half times the mean rate of the memory that has no count. */
static u32 find_rare_rate(struct damon_ctx *ctx)
{
	u64 sum = 0, total = 0;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			struct tally all = tally(&r->known);

			if (!damon_go_on(ctx))
				return 0;
			if (rounded_count(ctx, all))
				continue;
			sum += (u64)rate(all) * region_pages(r);
			total += region_pages(r);
		}
	}
	return total ? div64_u64(sum, total) * 3 / 2 : 0;
}

/*
 * The age is that of the rate where there is a count, and the time since the last access
 * where there is none.  A rate near half a count goes up and down by chance, and has its
 * age again when it has its count again; but not after a time that would show another
 * rate.
 */
static void set_age(struct damon_region *r)
{
	bool counted = r->nr_accesses;

	if (counted) {
		r->age = r->steady;
		r->echo = NO_ECHO;
	} else if (r->counted) {
		r->age = 0;
	} else if (r->age >= GUARDED_AGE) {
		r->steady = 0;
	}
	r->counted = counted;
}

void damon_region_judge(const struct damon_ctx *ctx, struct damon_region *r)
{
	struct tally t = tally(&r->known);

	r->nr_accesses = reported_count(ctx, r, t);
	set_age(r);
	/* Surprises in a row may take several aggregations. */
	if (!r->nr_surprises)
		r->expected = expect_next(t);
	r->settled = is_settled(ctx, r, t);
}

/*
 * Does the current run of equal answers contradict the older evidence?  One or two
 * samples never do, so where an aggregation has no more of them, memory that becomes
 * idle would fade for hundreds of aggregations; and so would the last traces of memory
 * that was left bit by bit.
 */
#define RUN_BITS 6

static bool run_contradicts(struct damon_region *r, struct tally fresh, struct tally known)
{
	struct tally all = { known.hits + fresh.hits, known.samples + fresh.samples };
	bool hits = fresh.hits;

	if (!fresh.samples)
		return false;
	if (hits && fresh.hits < fresh.samples) {
		r->run = 0;
		return false;
	}
	r->run = min((hits == r->run_hits ? r->run : 0) + fresh.samples / SAMPLE, U8_MAX);
	r->run_hits = hits;

	return is_unlikely(r->run, hits ? all.hits : all.samples - all.hits, all.samples,
			   RUN_BITS, r->steady);
}

/*
 * The longer a count has been kept, the less likely is a change in any one aggregation,
 * and the more evidence it takes: a chance of one in ten thousand comes true in the
 * quarter of an hour that has nine thousand aggregations.  Idle memory is always quick to
 * change.
 */
static s64 limit_of_change(const struct damon_region *r)
{
	return G_CHANGE + min(ilog2(r->steady + 1ULL), 9) * G(10);
}

/*
 * Where no sample had an answer, since locks were in use or the TLB hid the accesses, nobody
 * knows that memory was idle.  A few sampling intervals may have none by chance.
 */
static bool was_seen(const struct damon_ctx *ctx, struct tally fresh)
{
	return fresh.samples || ctx->nr_samples < TRIAL_REST;
}

static void grow_older(unsigned int *age)
{
	if (*age < UINT_MAX)
		++*age;
}

static void count_region(struct damon_ctx *ctx, struct damon_region *r)
{
	struct tally fresh, known = tally(&r->known);
	bool late = r->changed && !r->tlb.hides &&
		tally(&r->fresh).samples / SAMPLE < min(ctx->nr_samples / 4, 255U);

	/*
	 * A change in the last quarter may be a pause of the program: the whole
	 * aggregation counts.  A bin that halve_evidence() has been to has 255
	 * samples and more.
	 */
	if (late || !ctx->has_samples)
		spread_count(ctx, r);
	/* Nobody has told of the single hits. */
	if (!ctx->has_samples && r->nr_accesses && !r->counted)
		begin_idle_time(r);
	fresh = tally(&r->fresh);
	if (run_contradicts(r, fresh, known) || damon_g_test(fresh, known) > limit_of_change(r))
		r->changed = true;
	add_up_evidence(r);
	if (r->changed) {
		r->age = 0;
		r->steady = 0;
	} else {
		if (r->counted || was_seen(ctx, fresh))
			grow_older(&r->age);
		grow_older(&r->steady);
	}
	r->changed = false;
}

void damon_regions_count(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			count_region(ctx, r);
			if (!damon_go_on(ctx))
				return;
		}
	}
	ctx->rare_rate = find_rare_rate(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_region_judge(ctx, r);
			if (!damon_go_on(ctx))
				return;
		}
	}
}

unsigned int damon_region_count(const struct damon_ctx *ctx, const struct damon_region *r)
{
	struct tally t = tally(&r->fresh), known = tally(&r->known);

	if (!r->changed && !r->mixed) {
		t.hits += known.hits;
		t.samples += known.samples;
	}
	return t.samples ? reported_count(ctx, r, t) : reported_count(ctx, r, known);
}

unsigned int damon_region_age(const struct damon_ctx *ctx, const struct damon_region *r)
{
	bool counted = damon_region_count(ctx, r);

	return r->changed || counted != r->counted ? 0 : r->age;
}

void damon_regions_forget(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			r->nr_accesses = 0;
			/* An echo tells first what is behind the hit. */
			if (!r->echo)
				r->hit = 0;
			cond_resched();
		}
	}
	ctx->max_nr_accesses = 0;
}

/* === Evidence goes with its addresses === */

/* Add to @to_bin of @to the evidence of @part of the @whole pages of @from_bin. */
static void inherit_bin(struct damon_evidence *to, unsigned int to_bin,
			const struct damon_evidence *from, unsigned int from_bin,
			u64 part, u64 whole)
{
	u32 hits = from->hits[from_bin], samples = from->samples[from_bin];

	/* 16 bits times the pages of an address space fit 64 bits. */
	if (part < whole) {
		hits = div64_u64(hits * part, whole);
		samples = div64_u64(samples * part, whole);
	}
	samples = min(samples, U16_MAX - to->samples[to_bin]);
	to->samples[to_bin] += samples;
	to->hits[to_bin] += min(hits, samples);
}

/* Add to @to_e of @to what @from_e of @from tells of the addresses that both have. */
static void inherit_bins(const struct damon_region *to, struct damon_evidence *to_e,
			 const struct damon_region *from,
			 const struct damon_evidence *from_e)
{
	unsigned long start = from->ar.start, end = bin_start(from, 1);
	unsigned long to_start = to->ar.start, to_end = bin_start(to, 1);
	unsigned int i = 0, j = 0;

	/* Up the addresses of both: the bin that ends first makes room for the next. */
	while (i < NR_BINS && j < NR_BINS) {
		unsigned long lo = max(start, to_start), hi = min(end, to_end);

		if (lo < hi && from_e->samples[i])
			inherit_bin(to_e, j, from_e, i, (hi - lo) >> PAGE_SHIFT,
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

void damon_region_inherit(struct damon_region *to, const struct damon_region *from)
{
	unsigned long hit = damon_region_last_hit(from);

	inherit_bins(to, &to->known, from, &from->known);
	inherit_bins(to, &to->fresh, from, &from->fresh);
	if (hit >= to->ar.start && hit < to->ar.end)
		set_last_hit(to, hit);
	if (!to->sample.pending && from->sampling_addr >= to->ar.start &&
	    from->sampling_addr < to->ar.end) {
		to->sampling_addr = from->sampling_addr;
		to->sample = from->sample;
		to->wait = from->wait;
	}
}

void damon_region_drop_evidence(struct damon_region *r)
{
	memset(&r->known, 0, sizeof(r->known));
	memset(&r->fresh, 0, sizeof(r->fresh));
	r->hit = 0;
	damon_region_drop_sample(r);
	/* An echo that will not be heard might have told that the region is used. */
	if (r->echo)
		begin_idle_time(r);
}

void damon_region_copy_state(struct damon_region *to, const struct damon_region *from)
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
	to->mixed = from->mixed;
	to->on_trial = from->on_trial;
	to->settled = from->settled;
	to->counted = from->counted;
	to->echo = from->echo;
	to->steady = from->steady;
}

void damon_region_begin_age(struct damon_region *r)
{
	r->age = 0;
	r->steady = 0;
}

void damon_region_look_anew(struct damon_region *r)
{
	damon_region_drop_evidence(r);
	r->expected = ANYTHING;
	r->nr_surprises = 0;
	r->run = 0;
	r->settled = false;
}

void damon_regions_begin_anew(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_region_look_anew(r);
			damon_region_begin_age(r);
			r->nr_accesses = 0;
			cond_resched();
		}
	}
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
static void thin_evidence(struct damon_evidence *e, u32 part, u32 whole)
{
	unsigned int i;

	for (i = 0; i < NR_BINS; i++) {
		e->hits[i] = div_u64((u64)e->hits[i] * part, whole);
		e->samples[i] = div_u64((u64)e->samples[i] * part, whole);
	}
}

/* So few that samples of another kind do not contradict them, and soon outweigh them. */
#define FEW_SAMPLES (16 * SAMPLE)

static void distrust(struct damon_evidence *e)
{
	struct tally t = tally(e);

	if (t.hits && t.hits < t.samples && t.samples > FEW_SAMPLES)
		thin_evidence(e, FEW_SAMPLES, t.samples);
}

/* As long as before, in aggregations that take @new in place of @old. */
static unsigned int rescaled_age(unsigned int age, unsigned long old, unsigned long new)
{
	return min(damon_scale(age, old, new), UINT_MAX);
}

void damon_regions_rescale(struct damon_ctx *ctx, const struct damon_attrs *old)
{
	bool same_samples = ctx->sample_interval == old->sample_interval;
	struct damon_target *t;
	struct damon_region *r;

	damon_assert_owner(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			cond_resched();
			r->nr_accesses = 0;
			r->age = rescaled_age(r->age, old->aggr_interval, ctx->aggr_interval);
			r->steady = rescaled_age(r->steady, old->aggr_interval,
						 ctx->aggr_interval);
			if (same_samples)
				continue;
			damon_region_drop_sample(r);
			distrust(&r->known);
			distrust(&r->fresh);
			r->nr_surprises = 0;
		}
	}
	ctx->max_nr_accesses = 0;
}

void damon_region_even_out(struct damon_region *r, const struct damon_region *other)
{
	u32 samples = tally(&r->known).samples, others = tally(&other->known).samples;
	u64 even = mul_u64_u64_div_u64(others, region_pages(r), region_pages(other));

	if (others >= 16 * SAMPLE && samples > even)
		thin_evidence(&r->known, even, samples);
}

void damon_region_absorb(struct damon_region *l, struct damon_region *r)
{
	unsigned long sz_l = damon_region_size(l), sz_r = damon_region_size(r);
	struct damon_region left = *l;
	u32 samples;

	samples = tally(&left.known).samples + tally(&r->known).samples;
	if (samples > WINDOW) {
		thin_evidence(&left.known, WINDOW, samples);
		thin_evidence(&r->known, WINDOW, samples);
	}

	l->nr_accesses = weighted_mean(l->nr_accesses, sz_l, r->nr_accesses, sz_r);
	l->steady = weighted_mean(l->steady, sz_l, r->steady, sz_r);
	if (r->echo)
		begin_idle_time(l);
	if (!l->counted && !r->counted)
		l->age = min(l->age, r->age);
	else
		l->age = l->nr_accesses ? l->steady : 0;
	l->counted |= r->counted;
	l->ar.end = r->ar.end;
	damon_region_drop_evidence(l);
	damon_region_inherit(l, &left);
	damon_region_inherit(l, r);
	l->expected = expect_next(tally(&l->known));
	l->nr_surprises = 0;
	l->run = l->run_hits == r->run_hits ? min(l->run, r->run) : 0;
	l->settled &= r->settled && l->expected == r->expected;
	l->changed |= r->changed;
	l->mixed |= r->mixed;
	if (sz_l < sz_r)
		l->tlb = r->tlb;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/evidence_kunit.c"
#endif
