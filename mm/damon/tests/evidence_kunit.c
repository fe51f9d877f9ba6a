// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of evidence.c, which is where this file is included: what samples tell, that it
 * stays with its addresses, and what is reported.
 */
#include "regions.h"

static const struct mean_case {
	const char *name;
	unsigned int a;
	unsigned long sz_a;
	unsigned int b;
	unsigned long sz_b;
	unsigned int want;
} mean_cases[] = {
	{ "rounds down", 10, 100, 20, 200, 16 },
	{ "same from the right", 20, 200, 10, 100, 16 },
	{ "equal counts", 7, 1, 7, ULONG_MAX - 1, 7 },
	{ "huge sizes", 0, 1UL << (BITS_PER_LONG - 2), 20, 1UL << (BITS_PER_LONG - 2), 10 },
	{ "huge counts", UINT_MAX, PAGES(1), UINT_MAX - 2, PAGES(1), UINT_MAX - 1 },
	{ "huge sizes and counts", 0, ULONG_MAX / 2, UINT_MAX, ULONG_MAX / 2, UINT_MAX / 2 },
	{ "much outweighs little", 0, ULONG_MAX / 2, UINT_MAX, 1, 0 },
	{ "little does not go below", UINT_MAX, 1, 3, ULONG_MAX / 2, 3 },
};

KUNIT_ARRAY_PARAM_DESC(mean, mean_cases, name);

static void mean_is_weighted_by_size(struct kunit *test)
{
	const struct mean_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, weighted_mean(c->a, c->sz_a, c->b, c->sz_b), c->want);
}

static void merge_two_takes_the_mean(struct kunit *test)
{
	const struct row want[MAX_ROWS] = { { 0, 30, 16 } };
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(10), 10);
	struct damon_region *r = add_region(test, t, PAGES(10), PAGES(30), 20);

	l->steady = 9;
	r->steady = 0;
	set_evidence(l, 40, 80);
	set_evidence(r, 80, 80);
	merge_two(l, r, t);
	expect_rows(test, t, want, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, l->age, 3);
	/* Rounding loses a part of a sample in each bin at most. */
	KUNIT_EXPECT_LE(test, tally(&l->known).samples, 160 * SAMPLE);
	KUNIT_EXPECT_GT(test, tally(&l->known).samples, 159 * SAMPLE);
	KUNIT_EXPECT_LE(test, tally(&l->known).hits, 120 * SAMPLE);
	KUNIT_EXPECT_GT(test, tally(&l->known).hits, 119 * SAMPLE);
}

static void merge_keeps_the_rate(struct kunit *test)
{
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(10), 0);
	unsigned int i;

	set_evidence(l, 100, 400);
	for (i = 1; i < 50; i++) {
		struct tally all;

		set_evidence(add_region(test, t, PAGES(10 * i), PAGES(10 * i + 10), 0),
			     100, 400);
		merge_two(l, list_next_entry(l, list), t);
		all = tally(&l->known);
		KUNIT_ASSERT_LE(test, all.samples, WINDOW);
		KUNIT_ASSERT_GE(test, all.samples, WINDOW / 10 * 9);
		KUNIT_ASSERT_LE(test, abs_diff(4 * all.hits, all.samples), WINDOW / 100);
	}
}

/* === Evidence === */

static const struct g_case {
	const char *name;
	struct tally a, b;	/* in samples */
	unsigned int want;	/* in hundredths */
} g_cases[] = {
	{ "2 of 2 and 0 of 18", { 2, 2 }, { 0, 18 }, 1300 },
	{ "1 of 3 and 0 of 17", { 1, 3 }, { 0, 17 }, 412 },
	{ "4 of 50 and 0 of 350", { 4, 50 }, { 0, 350 }, 1692 },
	{ "one rate", { 10, 40 }, { 50, 200 }, 0 },
	{ "none at all", { 0, 40 }, { 0, 200 }, 0 },
	{ "all of them", { 40, 40 }, { 200, 200 }, 0 },
	{ "no samples", { 0, 0 }, { 7, 20 }, 0 },
};

KUNIT_ARRAY_PARAM_DESC(g, g_cases, name);

static void g_is_as_the_books_say(struct kunit *test)
{
	const struct g_case *c = test->param_value;
	struct tally a = { c->a.hits * SAMPLE, c->a.samples * SAMPLE };
	struct tally b = { c->b.hits * SAMPLE, c->b.samples * SAMPLE };
	s64 hundredths = div64_s64(damon_g_test(a, b) * 100, G(10));

	KUNIT_EXPECT_GE(test, hundredths, (s64)c->want - 2);
	KUNIT_EXPECT_LE(test, hundredths, (s64)c->want + 2);
	KUNIT_EXPECT_EQ(test, damon_g_test(a, b), damon_g_test(b, a));
}

static void bins_are_the_pages_of_a_region(struct kunit *test)
{
	unsigned long nr, page;

	for (nr = 1; nr <= 100; nr++) {
		struct damon_region r = { .ar = { PAGES(7), PAGES(7 + nr) } };

		for (page = 7; page < 7 + nr; page++) {
			unsigned int bin = bin_of(&r, PAGES(page) + 5);

			KUNIT_ASSERT_LT(test, bin, NR_BINS);
			KUNIT_ASSERT_LE(test, bin_start(&r, bin), PAGES(page));
			KUNIT_ASSERT_GT(test, bin_start(&r, bin + 1), PAGES(page));
		}
		KUNIT_ASSERT_EQ(test, bin_start(&r, NR_BINS), r.ar.end);
	}
}

/* Mostly in one order, so that none is left out; but no program can be in step with it. */
static void pick_takes_turns(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 20);
	struct damon_region r = { .ar = { PAGES(100), PAGES(900) } };
	unsigned int nr_of_bin[NR_BINS] = {}, last = 0, in_order = 0, i;
	unsigned long each_eighth = 0;

	for (i = 0; i < 8000; i++) {
		unsigned int bin;

		damon_region_pick(ctx, &r);
		KUNIT_ASSERT_TRUE(test, (bool)r.sample.pending);
		KUNIT_ASSERT_GE(test, r.sampling_addr, r.ar.start);
		KUNIT_ASSERT_LT(test, r.sampling_addr, r.ar.end);
		bin = bin_of(&r, r.sampling_addr);
		in_order += bin == (last + 3) % NR_BINS;
		nr_of_bin[bin]++;
		if (i % 8 == 0)
			each_eighth |= BIT(bin);
		last = bin;
	}
	KUNIT_EXPECT_GT(test, in_order, 8000 / 10 * 9);
	KUNIT_EXPECT_EQ(test, each_eighth, 0xff);
	for (i = 0; i < NR_BINS; i++) {
		KUNIT_EXPECT_GT(test, nr_of_bin[i], 900);
		KUNIT_EXPECT_LT(test, nr_of_bin[i], 1100);
	}
}

static void pick_reaches_each_page(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 21);
	unsigned int nr, i;

	for (nr = 1; nr <= 20; nr++) {
		struct damon_region r = { .ar = { PAGES(3), PAGES(3 + nr) } };
		unsigned long pages = 0;

		for (i = 0; i < 1000; i++) {
			damon_region_pick(ctx, &r);
			KUNIT_ASSERT_GE(test, r.sampling_addr, r.ar.start);
			KUNIT_ASSERT_LT(test, r.sampling_addr, r.ar.end);
			pages |= BIT((r.sampling_addr >> PAGE_SHIFT) - 3);
		}
		KUNIT_EXPECT_EQ(test, pages, BIT(nr) - 1);
	}
}

/* Take @nr samples, of which every @nth finds an access. */
static void take_samples(struct damon_ctx *ctx, struct damon_region *r,
			 unsigned int nr, unsigned int nth)
{
	unsigned int i;

	for (i = 1; i <= nr; i++) {
		damon_region_pick(ctx, r);
		damon_region_record(ctx, r, r->sampling_addr, nth && i % nth == 0);
		ctx->nr_samples++;
	}
}

/* One region that has been watched for long, and always found like that. */
static struct damon_region *known_region(struct kunit *test, struct damon_ctx *ctx,
					 unsigned int hits, unsigned int samples)
{
	struct damon_region *r = add_region(test, add_target(test, ctx), 0, PAGES(800), 0);

	set_evidence(r, hits, samples);
	r->expected = expect_next(tally(&r->known));
	r->age = 7;
	r->steady = 7;
	r->counted = hits > 0;
	return r;
}

static void end_aggregation(struct damon_ctx *ctx)
{
	damon_regions_count(ctx);
	ctx->nr_samples = 0;
}

static void any_number_of_samples_keeps_the_rate(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 22);
	struct damon_region *r = known_region(test, ctx, 0, 0);
	struct tally t;

	/* Half of the samples, in each bin. */
	take_samples(ctx, r, 100000, 2);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 50000);
	t = tally(&r->fresh);
	KUNIT_EXPECT_LE(test, abs_diff(t.samples / 2, t.hits), t.samples / 100);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 10);
	KUNIT_EXPECT_LE(test, tally(&r->known).samples, WINDOW);
}

static const struct count_case {
	const char *name;
	unsigned int old_hits, old_samples;
	unsigned int nr, nth;		/* samples of this aggregation */
	unsigned int want, want_age;
} count_cases[] = {
	{ "all accessed", 0, 0, 20, 1, 20, 8 },
	{ "none accessed", 0, 0, 20, 0, 0, 8 },
	{ "half accessed", 0, 0, 20, 2, 10, 8 },
	{ "late, half of the samples", 0, 0, 10, 1, 20, 8 },
	{ "late, one sample", 0, 0, 1, 1, 20, 8 },
	{ "more samples than nominal", 0, 0, 25, 1, 20, 8 },
	{ "noise is evened out", 160, 320, 20, 5, 10, 8 },
	{ "a contradiction", 160, 320, 20, 1, 20, 0 },
	{ "no access any more", 160, 320, 20, 0, 0, 0 },
	{ "below half a count", 6, 320, 20, 0, 0, 8 },
};

KUNIT_ARRAY_PARAM_DESC(count, count_cases, name);

static void count_is_the_rate_by_all_evidence(struct kunit *test)
{
	const struct count_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 23);
	struct damon_region *r = known_region(test, ctx, 0, 0);

	r->known.hits[0] = c->old_hits * SAMPLE;
	r->known.samples[0] = c->old_samples * SAMPLE;
	take_samples(ctx, r, c->nr, c->nth);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, c->want);
	KUNIT_EXPECT_EQ(test, r->age, c->want_age);
}

static const struct foreign_case {
	const char *name;
	unsigned long sample, aggr;
	unsigned int nr_samples, count, want;
} foreign_cases[] = {
	{ "on time", 5000, 100000, 20, 7, 7 },
	{ "half of the samples, all accessed", 5000, 100000, 10, 10, 20 },
	{ "half of the samples, half accessed", 5000, 100000, 10, 5, 10 },
	{ "one sample", 5000, 100000, 1, 1, 20 },
	{ "no sample", 5000, 100000, 0, 0, 0 },
	{ "more samples than nominal", 30, 100, 4, 4, 3 },
	{ "one sample an aggregation", 7, 7, 1, 1, 1 },
	{ "a count that can not be", 5000, 100000, 20, 21, 20 },
	{ "largest of all", 1, UINT_MAX, UINT_MAX - 1, UINT_MAX - 1, UINT_MAX },
	{ "largest from one", 1, UINT_MAX, 1, 1, UINT_MAX },
};

KUNIT_ARRAY_PARAM_DESC(foreign, foreign_cases, name);

/* Primitives of other kernel code only count. */
static void counts_of_others_count(struct kunit *test)
{
	const struct foreign_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_region *r = add_region(test, add_target(test, ctx), 0, PAGES(1), c->count);

	ctx->sample_interval = c->sample;
	ctx->aggr_interval = c->aggr;
	ctx->nr_samples = c->nr_samples;
	damon_regions_count(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, c->want);
}

/* Also where nothing was counted for long. */
static void counts_of_others_need_no_rest(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_region *r = add_region(test, add_target(test, ctx), 0, PAGES(80), 0);
	unsigned int i;

	for (i = 0; i < 40; i++) {
		ctx->nr_samples = 20;
		end_aggregation(ctx);
	}
	KUNIT_EXPECT_TRUE(test, (bool)r->settled);
	ctx->nr_samples = 20;
	r->nr_accesses = 20;
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 20);
}

/* Nobody could tell, or the TLB hid it: that is not the same as no access. */
static void samples_without_an_answer_are_none(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 40);
	struct damon_region *r = known_region(test, ctx, 400, 400);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		damon_region_pick(ctx, r);
		r->sample.pending = false;
		ctx->nr_samples++;
	}
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 20);
	KUNIT_EXPECT_EQ(test, r->age, 8);
}

/* What nobody could look at has not been idle for that. */
static void age_of_idle_memory_needs_answers(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 45);
	struct damon_region *r = known_region(test, ctx, 0, 400);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		damon_region_pick(ctx, r);
		r->sample.pending = false;
		ctx->nr_samples++;
	}
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->age, 7);
	take_samples(ctx, r, 20, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->age, 8);
	/* Such a short one may end before the sample does. */
	ctx->nr_samples = 4;
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->age, 9);
}

static void old_evidence_fades(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 24);
	struct damon_region *r = known_region(test, ctx, 160, 400);
	unsigned int i;

	/* From .4 to .3, too little for a change at any one time. */
	for (i = 0; i < 60; i++) {
		take_samples(ctx, r, 20, 10 - 7 * (i % 2));
		end_aggregation(ctx);
		KUNIT_ASSERT_LE(test, tally(&r->known).samples, WINDOW);
	}
	KUNIT_EXPECT_LE(test, r->nr_accesses, 5);
	KUNIT_EXPECT_EQ(test, r->age, 67);
}

static void change_is_reported_at_once(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 25);
	struct damon_region *r = known_region(test, ctx, 0, 400);

	/* In the middle of an aggregation it becomes hot, */
	take_samples(ctx, r, 10, 0);
	take_samples(ctx, r, 10, 1);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 20);
	KUNIT_EXPECT_EQ(test, r->age, 0);

	/* stays so for the next one, and then is left alone. */
	take_samples(ctx, r, 20, 1);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->age, 1);
	take_samples(ctx, r, 10, 1);
	take_samples(ctx, r, 10, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 0);
}

static const struct few_case {
	const char *name;
	unsigned int old_hits, old_samples;
	unsigned int nr;		/* samples an aggregation */
	unsigned int nth;		/* of those after the change */
	unsigned int most;		/* samples until it is known */
	unsigned int min, max;		/* of the count then */
} few_cases[] = {
	{ "hot no more, one sample", 24, 24, 1, 0, 3, 0, 0 },
	{ "hot no more, two samples", 24, 24, 2, 0, 4, 0, 0 },
	{ "hot no more, after long", 400, 400, 1, 0, 3, 0, 0 },
	{ "idle no more, one sample", 0, 24, 1, 1, 3, 20, 20 },
	{ "idle no more, after long", 0, 360, 3, 1, 3, 20, 20 },
	{ "half no more, one sample", 200, 400, 1, 0, 20, 0, 0 },
	{ "half no more, seven samples", 200, 400, 7, 0, 21, 0, 0 },
	{ "half to always, two samples", 200, 400, 2, 1, 20, 20, 20 },
	{ "traces of what left bit by bit", 20, 200, 20, 0, 140, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(few, few_cases, name);

/* However few an aggregation has: what is the same in several is taken together. */
static void change_needs_no_more_samples_where_there_are_few(struct kunit *test)
{
	const struct few_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 61);
	struct damon_region *r = known_region(test, ctx, c->old_hits, c->old_samples);
	unsigned int nr;

	for (nr = 0; nr < c->most && r->age; nr += c->nr) {
		take_samples(ctx, r, c->nr, c->nth);
		end_aggregation(ctx);
	}
	KUNIT_EXPECT_EQ(test, r->age, 0);
	/* What came before the change is known to be of the past then. */
	for (nr = 0; nr < 40; nr += c->nr) {
		take_samples(ctx, r, c->nr, c->nth);
		end_aggregation(ctx);
	}
	KUNIT_EXPECT_GE(test, r->nr_accesses, c->min);
	KUNIT_EXPECT_LE(test, r->nr_accesses, c->max);
}

static void surprises_may_come_in_several_aggregations(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 63);
	struct damon_region *r = known_region(test, ctx, 16, 16);
	unsigned int i;

	for (i = 0; i < 13; i++) {
		KUNIT_EXPECT_NE(test, r->age, 0);
		take_samples(ctx, r, 1, i < 10);
		end_aggregation(ctx);
	}
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 0);
}

/* The same rate all the time, sample by sample, and by chance in any order. */
static void steady_use_is_no_change_where_there_are_few(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 62);
	struct damon_region *r = known_region(test, ctx, 120, 400);
	struct rnd_state rng;
	unsigned int i, nr_changes = 0;

	prandom_seed_state(&rng, 62);
	for (i = 0; i < 20000; i++) {
		damon_region_pick(ctx, r);
		damon_region_record(ctx, r, r->sampling_addr,
				    prandom_u32_state(&rng) % 10 < 3);
		ctx->nr_samples++;
		end_aggregation(ctx);
		nr_changes += !r->age;
	}
	/* By chance there is one in 40,000 samples. */
	KUNIT_EXPECT_LE(test, nr_changes, 4);
}

static void change_leaves_no_mixture(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 35);
	struct damon_region *r = known_region(test, ctx, 300, 400);

	take_samples(ctx, r, 5, 2);
	take_samples(ctx, r, 15, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->age, 0);
	take_samples(ctx, r, 20, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, tally(&r->known).hits, 0);
}

/* @hits of 400 in a tenth of the memory, @others in the rest. */
static const struct rare_case {
	const char *name;
	unsigned int hits, others;
	unsigned int want, want_others;
} rare_cases[] = {
	{ "rare accesses beside none", 2, 0, 1, 0 },
	{ "one access is none", 1, 0, 0, 0 },
	{ "rare beside rarer", 8, 2, 1, 0 },
	{ "rare everywhere", 8, 8, 0, 0 },
	{ "rare beside many", 2, 200, 0, 10 },
	{ "none", 0, 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(rare, rare_cases, name);

static void rare_accesses_stand_out(struct kunit *test)
{
	const struct rare_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 36);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(80), 0);
	struct damon_region *other = add_region(test, t, PAGES(80), PAGES(800), 0);

	r->age = 1;
	other->age = 1;
	set_evidence(r, 0, 400);
	r->known.hits[2] = c->hits * SAMPLE;
	set_evidence(other, c->others, 400);
	damon_regions_count(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, c->want);
	KUNIT_EXPECT_EQ(test, other->nr_accesses, c->want_others);
}

static void pause_is_no_end(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 34);
	struct damon_region *r = known_region(test, ctx, 400, 400);

	take_samples(ctx, r, 15, 1);
	take_samples(ctx, r, 5, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 15);
}

static void two_surprises_are_no_change(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 26);
	struct damon_region *r = known_region(test, ctx, 0, 400);

	take_samples(ctx, r, 9, 0);
	take_samples(ctx, r, 2, 1);
	take_samples(ctx, r, 9, 0);
	KUNIT_EXPECT_FALSE(test, r->changed);
}

/* How many samples are taken in @nr sampling intervals, if all find this? */
static unsigned int nr_samples_in(struct damon_ctx *ctx, struct damon_region *r,
				  unsigned int nr, bool accessed)
{
	unsigned int i, looks = 0;

	for (i = 0; i < nr; i++) {
		if (!r->sample.pending) {
			if (damon_region_waits(r))
				continue;
			damon_region_pick(ctx, r);
		}
		if (damon_region_waits(r))
			continue;
		damon_region_record(ctx, r, r->sampling_addr, accessed);
		ctx->nr_samples++;
		looks++;
	}
	return looks;
}

/* The same, if none finds an access. */
static unsigned int nr_looks(struct damon_ctx *ctx, struct damon_region *r, unsigned int nr)
{
	return nr_samples_in(ctx, r, nr, false);
}

static const struct rest_case {
	const char *name;
	unsigned int hits, samples;
	unsigned long pages;
	unsigned int age;
	bool rests;
} rest_cases[] = {
	{ "no access", 0, 400, 800, 7, true },
	{ "too few samples", 0, 300, 800, 7, false },
	{ "an access", 1, 400, 800, 7, false },
	{ "all accesses", 400, 400, 800, 7, true },
	{ "all accesses but one", 399, 400, 800, 7, false },
	{ "large", 0, 400, 1UL << 18, 7, true },
	{ "too large", 0, 400, 1UL << 19, 7, false },
	{ "too large, for long", 0, 400, 1UL << 19, 1000, true },
};

KUNIT_ARRAY_PARAM_DESC(rest, rest_cases, name);

static void what_is_certain_rests(struct kunit *test)
{
	const struct rest_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 37);
	struct damon_region *r = known_region(test, ctx, c->hits, c->samples);
	bool used = c->hits > c->samples / 2;

	r->ar.end = PAGES(c->pages);
	r->age = c->age;
	/* It has a sample, which finds no change. */
	take_samples(ctx, r, 1, used);
	end_aggregation(ctx);
	take_samples(ctx, r, 1, used);
	damon_region_drop_sample(r);
	KUNIT_EXPECT_EQ(test, nr_samples_in(ctx, r, 100, used), c->rests ? 20 : 100);
}

static void an_access_ends_the_rest(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 38);
	struct damon_region *r = known_region(test, ctx, 0, 400);

	take_samples(ctx, r, 1, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 20), 4);
	take_samples(ctx, r, 1, 1);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 20), 20);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 20), 20);
}

/*
 * A sample of used memory lasts for one interval only, or it would find an access also
 * when it is used half as often.  So the first one without an access is a rare one.
 */
static void an_interval_without_access_ends_the_rest_of_used_memory(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 39);
	struct damon_region *r = known_region(test, ctx, 400, 400);

	take_samples(ctx, r, 1, 1);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, nr_samples_in(ctx, r, 20, true), 4);
	damon_region_pick(ctx, r);
	KUNIT_EXPECT_FALSE(test, damon_region_waits(r));
	damon_region_record(ctx, r, r->sampling_addr, false);
	KUNIT_EXPECT_FALSE(test, damon_region_pauses(r));
	/* It is idle: that is seen as soon as if it had not rested. */
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 19), 19);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
}

/* There will be no answer, so there is no reason to wait for it. */
static void a_dropped_sample_is_made_up_for(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 40);
	struct damon_region *r = known_region(test, ctx, 0, 400);

	take_samples(ctx, r, 1, 0);
	end_aggregation(ctx);
	damon_region_pick(ctx, r);
	damon_region_drop_sample(r);
	KUNIT_EXPECT_FALSE(test, damon_region_waits(r));
}

/* A merged region rests if both did; a piece to look at does not. */
static void rest_goes_with_the_evidence(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 39);
	struct damon_region *l = known_region(test, ctx, 0, 400), *r;
	struct damon_target *t = list_first_entry(&ctx->targets_list,
						  struct damon_target, list);

	take_samples(ctx, l, 1, 0);
	end_aggregation(ctx);
	KUNIT_ASSERT_NOT_NULL(test, damon_region_carve(l, t, PAGES(400), l->ar.end));
	r = list_next_entry(l, list);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, l, 20), 4);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 20), 4);
	r->settled = false;
	merge_two(l, r, t);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, l, 20), 20);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, l, 20), 4);
	damon_region_look_anew(l);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, l, 20), 20);
}

/* A piece in which nothing is found is soon asked less often. */
static void a_trial_without_a_hit_costs_little(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 41);
	struct damon_region *r = known_region(test, ctx, 0, 0);

	r->on_trial = true;
	KUNIT_EXPECT_LE(test, nr_looks(ctx, r, 1000), MIN_TRIAL + 1000 / TRIAL_REST + 1);
	take_samples(ctx, r, 1, 1);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 100), 100);
}

/*
 * What follows the first access to memory that was idle for 600 aggregations, bit by bit:
 * is there an access to the far page, and to the same page, the first and second time?
 */
static const struct echo_case {
	const char *name;
	bool far, same, again;
	unsigned int nr_samples;	/* until it is decided */
	unsigned int want;
} echo_cases[] = {
	{ "a hot page", false, true, true, 2, 600 },
	{ "a page used now and then", false, false, true, 3, 600 },
	{ "a rare access", false, false, false, 3, 0 },
	{ "all of it", true, true, true, 1, 0 },
	{ "a burst", true, false, false, 1, 0 },
};

KUNIT_ARRAY_PARAM_DESC(echo, echo_cases, name);

static void age_of_idle_memory_is_since_it_was_used(struct kunit *test)
{
	const struct echo_case *c = test->param_value;
	const bool answers[] = { c->far, c->same, c->again };
	struct damon_ctx *ctx = test_ctx(test, 42);
	struct damon_region *r = known_region(test, ctx, 0, 400);
	unsigned long hit;
	unsigned int i;

	r->age = 600;
	take_samples(ctx, r, 1, 1);
	hit = r->sampling_addr & PAGE_MASK;
	for (i = 0; i < c->nr_samples; i++) {
		KUNIT_EXPECT_EQ(test, r->age, 600);
		damon_region_pick(ctx, r);
		if (i)
			KUNIT_EXPECT_EQ(test, r->sampling_addr, hit);
		else
			KUNIT_EXPECT_GT(test, abs_diff(r->sampling_addr, hit), PAGES(300));
		damon_region_record(ctx, r, r->sampling_addr, answers[i]);
	}
	KUNIT_EXPECT_EQ(test, r->age, c->want);
	KUNIT_EXPECT_EQ(test, (int)r->echo, NO_ECHO);
	/* The page that was asked again does not count. */
	KUNIT_EXPECT_EQ(test, tally(&r->fresh).samples, 2 * SAMPLE);
	if (!c->want)
		return;
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->age, c->want + 1);
}

/* Nobody can say any more what was behind the hit. */
static void an_echo_that_is_cut_off_is_an_access(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 43);
	struct damon_region *r = known_region(test, ctx, 0, 400);
	struct damon_target *t = list_first_entry(&ctx->targets_list,
						  struct damon_target, list);

	r->age = 600;
	take_samples(ctx, r, 1, 1);
	KUNIT_EXPECT_EQ(test, r->age, 600);
	KUNIT_ASSERT_NOT_NULL(test, damon_region_carve(r, t, PAGES(400), r->ar.end));
	damon_for_each_region(r, t) {
		KUNIT_EXPECT_EQ(test, r->age, 0);
		KUNIT_EXPECT_EQ(test, (int)r->echo, NO_ECHO);
	}
}

/* Then its age is that of the rate, and what was asked is of no use. */
static void an_echo_ends_with_a_count(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 46);
	struct damon_region *r = known_region(test, ctx, 0, 400);

	r->age = 600;
	take_samples(ctx, r, 1, 1);
	KUNIT_EXPECT_NE(test, (int)r->echo, NO_ECHO);
	set_evidence(r, 40, 400);
	r->steady = 30;
	end_aggregation(ctx);
	KUNIT_EXPECT_GT(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, (int)r->echo, NO_ECHO);
	KUNIT_EXPECT_EQ(test, r->age, 31);
}

/* The last samples of the whole are not all of each part. */
static void a_part_has_its_share_of_the_run(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 47);
	struct damon_region *r = known_region(test, ctx, 8, 400);
	struct damon_target *t = list_first_entry(&ctx->targets_list,
						  struct damon_target, list);

	r->run = 200;
	KUNIT_ASSERT_NOT_NULL(test, damon_region_carve(r, t, PAGES(100), r->ar.end));
	KUNIT_EXPECT_EQ(test, r->run, 25);
	KUNIT_EXPECT_EQ(test, list_next_entry(r, list)->run, 175);
	damon_region_look_anew(r);
	KUNIT_EXPECT_EQ(test, r->run, 0);
}

/* Of a part that has less than half a sample, nothing is unlikely. */
static void little_evidence_proves_nothing(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, is_unlikely(200, 0, 0, 1, 0));
	KUNIT_EXPECT_FALSE(test, is_unlikely(200, 0, SAMPLE / 4, 1, 0));
	KUNIT_EXPECT_FALSE(test, is_unlikely(200, SAMPLE / 4, SAMPLE / 2, 1, 0));
	KUNIT_EXPECT_TRUE(test, is_unlikely(3, 0, 400 * SAMPLE, SURPRISE_BITS, 200));
	KUNIT_EXPECT_FALSE(test, is_unlikely(2, 0, 400 * SAMPLE, SURPRISE_BITS, 1 << 20));
}

/* A count that comes and goes by chance does not cost the age of the rate. */
static void a_rate_near_half_a_count_keeps_its_age(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 44);
	struct damon_region *r = known_region(test, ctx, 12, 400);

	r->age = 500;
	r->steady = 500;
	set_evidence(r, 8, 400);
	take_samples(ctx, r, 20, 0);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 0);
	set_evidence(r, 16, 400);
	take_samples(ctx, r, 20, 20);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 1);
	KUNIT_EXPECT_EQ(test, r->age, 502);
}

/* The least age of two is true for both. */
static void merged_memory_was_idle_for_the_shorter_time(struct kunit *test)
{
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(10), 0);
	struct damon_region *r = add_region(test, t, PAGES(10), PAGES(30), 0);

	l->age = 9;
	r->age = 12;
	merge_two(l, r, t);
	KUNIT_EXPECT_EQ(test, l->age, 9);
}

static void forget_begins_a_new_count(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 27);
	struct damon_region *r = known_region(test, ctx, 0, 0);

	take_samples(ctx, r, 20, 2);
	end_aggregation(ctx);
	KUNIT_EXPECT_NE(test, damon_region_last_hit(r), 0);
	damon_regions_forget(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, damon_region_last_hit(r), 0);
	KUNIT_EXPECT_EQ(test, tally(&r->known).hits, 10 * SAMPLE);
}

static struct kunit_case damon_evidence_cases[] = {
	KUNIT_CASE_PARAM(mean_is_weighted_by_size, mean_gen_params),
	KUNIT_CASE(merge_two_takes_the_mean),
	KUNIT_CASE(merge_keeps_the_rate),
	KUNIT_CASE_PARAM(g_is_as_the_books_say, g_gen_params),
	KUNIT_CASE(bins_are_the_pages_of_a_region),
	KUNIT_CASE(pick_takes_turns),
	KUNIT_CASE(pick_reaches_each_page),
	KUNIT_CASE(any_number_of_samples_keeps_the_rate),
	KUNIT_CASE_PARAM(count_is_the_rate_by_all_evidence, count_gen_params),
	KUNIT_CASE_PARAM(counts_of_others_count, foreign_gen_params),
	KUNIT_CASE(counts_of_others_need_no_rest),
	KUNIT_CASE(samples_without_an_answer_are_none),
	KUNIT_CASE(age_of_idle_memory_needs_answers),
	KUNIT_CASE(old_evidence_fades),
	KUNIT_CASE(change_is_reported_at_once),
	KUNIT_CASE_PARAM(change_needs_no_more_samples_where_there_are_few, few_gen_params),
	KUNIT_CASE(surprises_may_come_in_several_aggregations),
	KUNIT_CASE(steady_use_is_no_change_where_there_are_few),
	KUNIT_CASE(change_leaves_no_mixture),
	KUNIT_CASE_PARAM(rare_accesses_stand_out, rare_gen_params),
	KUNIT_CASE(pause_is_no_end),
	KUNIT_CASE(two_surprises_are_no_change),
	KUNIT_CASE_PARAM(what_is_certain_rests, rest_gen_params),
	KUNIT_CASE(an_interval_without_access_ends_the_rest_of_used_memory),
	KUNIT_CASE(a_dropped_sample_is_made_up_for),
	KUNIT_CASE(an_access_ends_the_rest),
	KUNIT_CASE(rest_goes_with_the_evidence),
	KUNIT_CASE(a_trial_without_a_hit_costs_little),
	KUNIT_CASE_PARAM(age_of_idle_memory_is_since_it_was_used, echo_gen_params),
	KUNIT_CASE(an_echo_that_is_cut_off_is_an_access),
	KUNIT_CASE(an_echo_ends_with_a_count),
	KUNIT_CASE(a_part_has_its_share_of_the_run),
	KUNIT_CASE(little_evidence_proves_nothing),
	KUNIT_CASE(a_rate_near_half_a_count_keeps_its_age),
	KUNIT_CASE(merged_memory_was_idle_for_the_shorter_time),
	KUNIT_CASE(forget_begins_a_new_count),
	{}
};

static struct kunit_suite damon_evidence_suite = {
	.name = "damon_evidence",
	.test_cases = damon_evidence_cases,
};

kunit_test_suite(damon_evidence_suite);
