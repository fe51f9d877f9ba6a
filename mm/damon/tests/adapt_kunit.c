// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of adapt.c, which is where this file is included: regions are joined, cut and
 * searched as promised, within their limits.  What holds for any layout is tried on
 * many, drawn with fixed seeds.
 */
#include <kunit/test-bug.h>

#include "regions.h"

/* === Merge === */

/* The numbers in the rows are hits of 160 samples. */
static const struct merge_case {
	const char *name;
	bool force;
	unsigned int budget;
	unsigned long sz_limit;
	struct row rows[MAX_ROWS];
	unsigned int on_trial;	/* one bit for each row */
	unsigned int want;
} merge_cases[] = {
	{ "never accessed", false, UINT_MAX, 9999, { { 0, 10 }, { 10, 20 } }, 0, 1 },
	{ "always accessed", false, UINT_MAX, 9999,
	  { { 0, 10, 160 }, { 10, 20, 160 } }, 0, 1 },
	{ "one rate, by chance not one count", false, UINT_MAX, 9999,
	  { { 0, 10, 72 }, { 10, 20, 80 } }, 0, 1 },
	{ "not two rates", false, UINT_MAX, 9999,
	  { { 0, 10, 72 }, { 10, 20, 104 } }, 0, 2 },
	{ "not rare accesses and none", false, UINT_MAX, 9999,
	  { { 0, 10, 8 }, { 10, 20, 0 } }, 0, 2 },
	{ "with the evidence of both", false, UINT_MAX, 9999,
	  { { 0, 10, 72 }, { 10, 20, 80 }, { 20, 30, 120 } }, 0, 2 },
	{ "not across a hole", false, UINT_MAX, 9999, { { 0, 10 }, { 11, 20 } }, 0, 2 },
	{ "up to the size limit, not above", false, UINT_MAX, 20,
	  { { 0, 10 }, { 10, 20 }, { 20, 30 }, { 30, 40 } }, 0, 2 },
	{ "no more than the budget", false, 2, 9999,
	  { { 0, 10 }, { 10, 20 }, { 20, 30 }, { 30, 40 } }, 0, 2 },
	{ "not a young one", false, UINT_MAX, 9999,
	  { { 0, 10 }, { 10, 20 }, { 20, 30 } }, 2, 3 },
	{ "a young one by force", true, UINT_MAX, 9999,
	  { { 0, 10 }, { 10, 20 }, { 20, 30 } }, 2, 1 },
	{ "nothing", false, UINT_MAX, 9999, { }, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(merge, merge_cases, name);

/* Beyond what is needed to search, a region more has to tell more. */
static void merge_asks_more_of_many_regions(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = add_target(test, ctx);
	s64 last = G_MERGE;
	unsigned int i;

	ctx->min_nr_regions = 10;
	ctx->max_nr_regions = 1000;
	for (i = 0; i < 300; i++) {
		s64 limit = merge_limit(ctx);

		KUNIT_EXPECT_TRUE(test, i > 2 * NR_TO_SEARCH || limit == G_MERGE);
		KUNIT_EXPECT_GE(test, limit, last);
		KUNIT_EXPECT_LT(test, limit, G_CUT);
		last = limit;
		add_region(test, t, PAGES(i), PAGES(i + 1), 0);
	}
	KUNIT_EXPECT_EQ(test, last, G_MERGE_MANY);
	/* A user who asks for many gets them. */
	ctx->min_nr_regions = 150;
	KUNIT_EXPECT_EQ(test, merge_limit(ctx), G_MERGE);
}

static void merge_joins_what_agrees(struct kunit *test)
{
	const struct merge_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	unsigned int nr, nr_merged, i = 0;
	struct damon_region *r;

	add_rows(test, t, c->rows, PAGE_SIZE);
	damon_for_each_region(r, t) {
		r->on_trial = !!(c->on_trial & BIT(i++));
		set_evidence(r, r->nr_accesses, r->on_trial ? 16 : 160);
	}
	nr = t->nr_regions;
	nr_merged = merge_target(test_ctx(test, 1), t, G_MERGE, c->force,
				 PAGES(c->sz_limit), c->budget);
	KUNIT_EXPECT_EQ(test, t->nr_regions, c->want);
	KUNIT_EXPECT_EQ(test, nr_merged, nr - t->nr_regions);
	expect_sound(test, t);
}

static const struct ages_case {
	const char *name;
	unsigned int l, r;
	unsigned int count;
	bool force;
	unsigned int want, want_age;
} ages_cases[] = {
	{ "alike", 600, 900, 0, false, 1, 600 },
	{ "twice", 600, 1200, 0, false, 1, 600 },
	{ "not alike", 600, 1300, 0, false, 2, 600 },
	{ "nor the other way round", 1300, 600, 0, false, 2, 1300 },
	{ "both young", 0, 20, 0, false, 1, 0 },
	{ "by force", 1300, 600, 0, true, 1, 600 },
	{ "with a count", 1000, 100, 160, false, 1, 550 },
};

KUNIT_ARRAY_PARAM_DESC(ages, ages_cases, name);

/* What fell idle just now is not as old as what was idle for an hour. */
static void merge_keeps_ages_apart(struct kunit *test)
{
	const struct ages_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(10), c->count);
	struct damon_region *r = add_region(test, t, PAGES(10), PAGES(20), c->count);

	set_evidence(l, c->count, 160);
	set_evidence(r, c->count, 160);
	l->age = c->l;
	l->steady = c->l;
	r->age = c->r;
	r->steady = c->r;
	merge_target(test_ctx(test, 1), t, G_MERGE, c->force, PAGES(9999), UINT_MAX);
	KUNIT_EXPECT_EQ(test, t->nr_regions, c->want);
	KUNIT_EXPECT_EQ(test, l->age, c->want_age);
}

/* === Cut === */

/* Hits of 20 samples in each bin of a region of 80 pages. */
static const struct cut_case {
	const char *name;
	u8 hits[NR_BINS];
	struct row want[MAX_ROWS];
} cut_cases[] = {
	{ "at the left", { 20, 20 }, { { 0, 20, 20 }, { 20, 80 } } },
	{ "at the right", { 0, 0, 0, 0, 0, 0, 0, 20 }, { { 0, 70 }, { 70, 80, 20 } } },
	{ "in the middle", { 0, 0, 20, 20 }, { { 0, 20 }, { 20, 40, 20 }, { 40, 80 } } },
	{ "a cold one in the middle", { 20, 20, 20, 0, 20, 20, 20, 20 },
	  { { 0, 30, 20 }, { 30, 40 }, { 40, 80, 20 } } },
	{ "at the largest step first", { 0, 0, 20, 20, 20, 20, 4, 4 },
	  { { 0, 20 }, { 20, 60, 20 }, { 60, 80, 4 } } },
	{ "rare accesses beside none", { 4, 5, 3, 4 }, { { 0, 40, 4 }, { 40, 80 } } },
	{ "not where there is none", { }, { { 0, 80 } } },
	{ "not where all are", { 20, 20, 20, 20, 20, 20, 20, 20 }, { { 0, 80 } } },
	{ "not at a difference by chance", { 10, 8, 12, 9, 11, 13, 7, 10 }, { { 0, 80 } } },
	{ "not at a small difference", { 20, 20, 20, 20, 19, 19, 18, 19 }, { { 0, 80 } } },
	{ "not at one hit", { 0, 0, 1 }, { { 0, 80 } } },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, name);

static void cut_is_where_the_evidence_says(struct kunit *test)
{
	const struct cut_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 28);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(80), 0);
	unsigned int i;

	set_evidence(r, 0, 160);
	for (i = 0; i < NR_BINS; i++)
		r->known.hits[i] = c->hits[i] * SAMPLE;
	cut_regions(ctx);
	expect_rows(test, t, c->want, PAGE_SIZE);
}

static void cut_leaves_small_regions_alone(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 29);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(15), 0);

	set_evidence(r, 0, 160);
	r->known.hits[0] = 20 * SAMPLE;
	cut_regions(ctx);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);
}

static void search_looks_around_a_hit(struct kunit *test)
{
	static const unsigned long hits[] = { 0, 1, 99, 100, 3000, 6399 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hits); i++) {
		struct damon_ctx *ctx = test_ctx(test, 30);
		struct damon_target *t = add_target(test, ctx);
		struct damon_region *r = add_region(test, t, PAGES(10), PAGES(6410), 0);
		unsigned long at = PAGES(10 + hits[i]);
		unsigned int nr_on_trial = 0;

		set_evidence(r, 0, 160);
		r->known.hits[bin_of(r, at)] += SAMPLE;
		set_hit(r, at + 5);
		search_regions(ctx);
		expect_sound(test, t);
		KUNIT_EXPECT_EQ(test, damon_nr_pages(ctx), 6400);
		damon_for_each_region(r, t) {
			if (!r->on_trial)
				continue;
			nr_on_trial++;
			KUNIT_EXPECT_LE(test, r->ar.start, at);
			KUNIT_EXPECT_GT(test, r->ar.end, at);
			/* 1/64 of the region to each side */
			KUNIT_EXPECT_LE(test, damon_region_size(r), PAGES(200));
			KUNIT_EXPECT_GE(test, damon_region_size(r), PAGES(100));
			KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 0);
		}
		KUNIT_EXPECT_EQ(test, nr_on_trial, 1);
	}
}

/* Hot memory does not end where the region ends. */
static void search_feels_beyond_a_hot_edge(struct kunit *test)
{
	const struct row want[MAX_ROWS] = {
		{ 0, 180 }, { 180, 200 }, { 200, 210 }, { 210, 230 }, { 230, 400 },
	};
	struct damon_ctx *ctx = test_ctx(test, 31);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r;

	set_evidence(add_region(test, t, 0, PAGES(200), 0), 0, 160);
	set_evidence(add_region(test, t, PAGES(200), PAGES(210), 0), 16, 16);
	set_evidence(add_region(test, t, PAGES(210), PAGES(400), 0), 0, 160);
	search_regions(ctx);
	expect_rows(test, t, want, PAGE_SIZE);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, (bool)r->on_trial, damon_region_size(r) == PAGES(20));
}

/* A hint is taken where the samples know nothing, and the piece knows nothing yet. */
static void hint_makes_a_piece_without_a_past(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 33);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(100), 3);

	ctx->nr_samples = 20;
	ctx->has_samples = true;
	set_evidence(r, 24, 160);
	KUNIT_EXPECT_FALSE(test, damon_region_hint(ctx, t, r, PAGES(50), PAGES(70)));
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);

	set_evidence(r, 16, 160);
	r->fresh.samples[0] = 20 * SAMPLE;
	r->age = 5;
	KUNIT_EXPECT_TRUE(test, damon_region_hint(ctx, t, r, PAGES(50), PAGES(70)));
	KUNIT_ASSERT_EQ(test, t->nr_regions, 3);
	r = list_next_entry(r, list);
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 0);

	/* The aggregation ends before its first sample. */
	damon_regions_count(ctx);
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 0);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 0);
}

/* An open question is answered by a hint, and not cut off by one. */
static void hint_leaves_the_age_of_what_is_beside_it(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 48);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(1000), 0);

	set_evidence(r, 0, 400);
	r->age = 600;
	r->echo = 1;
	set_hit(r, PAGES(60));
	KUNIT_EXPECT_FALSE(test, damon_region_hint(ctx, t, r, PAGES(70), PAGES(90)));
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);
	KUNIT_EXPECT_TRUE(test, damon_region_hint(ctx, t, r, PAGES(50), PAGES(70)));
	KUNIT_EXPECT_EQ(test, t->nr_regions, 3);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, r->age, 600);
}

/* Few regions are left for what samples find. */
static void hints_leave_an_eighth_of_the_regions(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 34);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	ctx->max_nr_regions = 80;
	add_region(test, t, 0, PAGES(1000), 0);
	for (i = 0; i < 100; i++) {
		struct damon_region *r = list_last_entry(&t->regions_list,
							 struct damon_region, list);

		damon_region_hint(ctx, t, r, r->ar.start + PAGES(2), r->ar.start + PAGES(4));
	}
	KUNIT_EXPECT_GE(test, t->nr_regions, 68);
	KUNIT_EXPECT_LE(test, t->nr_regions, 70);
}

static void cut_keeps_to_max_nr_regions(struct kunit *test)
{
	unsigned int max;

	for (max = 10; max < 40; max++) {
		struct damon_ctx *ctx = test_ctx(test, 32);
		struct damon_target *t = add_target(test, ctx);
		unsigned int i;

		ctx->max_nr_regions = max;
		for (i = 0; i < 10; i++) {
			struct damon_region *r = add_region(test, t, PAGES(80 * i),
							    PAGES(80 * i + 80), 0);

			set_evidence(r, 0, 160);
			r->known.hits[3] = 20 * SAMPLE;
		}
		cut_regions(ctx);
		KUNIT_EXPECT_LE(test, t->nr_regions, max);
		KUNIT_EXPECT_GE(test, t->nr_regions, min(30, max - 1));
		expect_sound(test, t);
	}
}

/* What the last report says of the spot of the next test. */
static struct spot {
	struct damon_addr_range ar;
	unsigned long hot, wrong;
	unsigned int nr_regions;
} spot = { .ar = { PAGES(70000), PAGES(72048) } };

static void measure_spot(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	spot.hot = 0;
	spot.wrong = 0;
	spot.nr_regions = damon_nr_regions(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			unsigned long start = max(r->ar.start, spot.ar.start);
			unsigned long end = min(r->ar.end, spot.ar.end);
			unsigned long in = start < end ? end - start : 0;

			if (r->nr_accesses < 10)
				continue;
			spot.hot += in;
			spot.wrong += damon_region_size(r) - in;
		}
	}
}

/*
 * All of it together: one spot of 1/128, found and bordered exactly, and in the
 * end only the regions that search.
 */
static void a_hot_spot_is_found(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 33);
	struct damon_target *t = add_target(test, ctx);
	unsigned long size = spot.ar.end - spot.ar.start;
	struct damon_region *r;
	unsigned int i, j;

	add_region(test, t, 0, PAGES(1 << 18), 0);
	damon_regions_refit(ctx);
	for (i = 0; i < 30; i++) {
		cond_resched();
		for (j = 0; j < 20; j++) {
			damon_for_each_region(r, t) {
				damon_region_pick(ctx, r);
				damon_region_record(ctx, r, r->sampling_addr,
						    r->sampling_addr >= spot.ar.start &&
						    r->sampling_addr < spot.ar.end);
			}
			ctx->nr_samples++;
		}
		damon_aggregate(ctx, measure_spot);
		expect_sound(test, t);
	}
	KUNIT_EXPECT_GE(test, spot.hot, size / 100 * 95);
	KUNIT_EXPECT_LE(test, spot.wrong, size / 100 * 5);
	KUNIT_EXPECT_LE(test, spot.nr_regions, 65);
}

static void random_evidence(struct damon_ctx *ctx, struct rnd_state *rng)
{
	struct damon_target *t;
	struct damon_region *r;
	unsigned int i;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_region_pick(ctx, r);
			for (i = 0; i < NR_BINS; i++) {
				r->fresh.samples[i] = rand_below(rng, 10 * SAMPLE);
				r->fresh.hits[i] = rand_below(rng, r->fresh.samples[i] + 1) *
					rand_below(rng, 2);
			}
			if (rand_below(rng, 2))
				set_hit(r, r->sampling_addr);
		}
	}
}

/* Of the regions that are reported, and of those that are sampled. */
static void expect_limits(struct damon_ctx *ctx)
{
	struct kunit *test = kunit_get_current_test();
	unsigned long most = max(ctx->max_nr_regions, nr_runs(ctx));
	unsigned long least = min_t(u64, ctx->min_nr_regions, damon_nr_pages(ctx));

	KUNIT_ASSERT_LE(test, damon_nr_regions(ctx), most);
	KUNIT_ASSERT_GE(test, damon_nr_regions(ctx), least);
}

static void limits_hold_over_many_aggregations(struct kunit *test)
{
	unsigned int layout, round;
	struct rnd_state rng;

	prandom_seed_state(&rng, 10);
	for (layout = 0; layout < 50; layout++) {
		struct damon_ctx *ctx = test_ctx(test, layout);
		struct damon_target *t;
		unsigned long nr_pages;

		random_layout(test, ctx, &rng);
		ctx->min_nr_regions = 3 + rand_below(&rng, 30);
		ctx->max_nr_regions = ctx->min_nr_regions + rand_below(&rng, 100);
		nr_pages = damon_nr_pages(ctx);
		damon_regions_refit(ctx);

		for (round = 0; round < 40; round++) {
			expect_limits(ctx);
			cond_resched();
			random_evidence(ctx, &rng);
			damon_aggregate(ctx, expect_limits);
			expect_limits(ctx);
			damon_for_each_target(t, ctx)
				expect_sound(test, t);
			KUNIT_ASSERT_EQ(test, damon_nr_pages(ctx), nr_pages);
		}
	}
}

static void merged_regions_respect_the_size_limit(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 11);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r;
	unsigned int i;

	ctx->max_nr_regions = 40;
	for (i = 0; i < 40; i++)
		add_region(test, t, PAGES(25 * i), PAGES(25 * i + 25), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sz_limit, PAGES(100));
	merge_regions(ctx);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 10);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, damon_region_size(r), PAGES(100));
}

static void surplus_is_merged_best_first(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 12);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i, nr_hot = 0;
	struct damon_region *r;

	/* Ten of them are hot, each among cold ones that differ somewhat. */
	for (i = 0; i < 100; i++) {
		r = add_region(test, t, PAGES(i), PAGES(i + 1), 0);
		set_evidence(r, i % 10 == 5 ? 160 : i % 2 * 16, 160);
	}
	ctx->max_nr_regions = 50;
	ctx->sz_limit = PAGES(10);
	merge_regions(ctx);
	KUNIT_EXPECT_LE(test, t->nr_regions, 44);
	KUNIT_EXPECT_GE(test, t->nr_regions, ctx->min_nr_regions);
	damon_for_each_region(r, t)
		nr_hot += tally(&r->known).hits == tally(&r->known).samples;
	KUNIT_EXPECT_EQ(test, nr_hot, 10);
	expect_sound(test, t);
}

static void surplus_is_merged_no_further_than_needed(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 13);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	/* No two neighbours are alike, and no two may be joined by size. */
	for (i = 0; i < 101; i++)
		set_evidence(add_region(test, t, PAGES(10 * i), PAGES(10 * i + 10), 0),
			     i % 2 * 160, 160);
	ctx->max_nr_regions = 104;
	ctx->sz_limit = PAGES(10);
	merge_regions(ctx);
	/* An eighth of those that are allowed stays free. */
	KUNIT_EXPECT_EQ(test, t->nr_regions, 91);
}

static void cut_without_memory_changes_nothing(struct kunit *test)
{
	const struct row want[MAX_ROWS] = { { 0, 800, 7 } };
	struct damon_ctx *ctx = test_ctx(test, 15);
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(800), 7), *piece;

	need_failslab(test);
	set_evidence(r, 0, 160);
	fail_begin(1);
	piece = damon_region_carve(r, t, PAGES(25), PAGES(800));
	KUNIT_EXPECT_TRUE(test, fail_end());
	KUNIT_EXPECT_NULL(test, piece);
	r->known.hits[0] = 20 * SAMPLE;
	fail_begin(1);
	cut_where_bins_differ(ctx, t, r);
	KUNIT_EXPECT_TRUE(test, fail_end());
	r->nr_accesses = 7;
	r->known.hits[0] = SAMPLE;
	set_hit(r, PAGES(50));
	fail_begin(1);
	cut_seed(ctx, t, r);
	KUNIT_EXPECT_TRUE(test, fail_end());
	expect_rows(test, t, want, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 160 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->known).hits, SAMPLE);
	KUNIT_EXPECT_FALSE(test, r->on_trial);
}

/* === Refit === */

static const struct refit_case {
	const char *name;
	unsigned long min_nr, max_nr;
	struct row rows[MAX_ROWS];
	unsigned long sz_limit;
	unsigned int want;
} refit_cases[] = {
	{ "nothing", 10, 40, { }, 1, 0 },
	{ "one region to the minimum", 10, 40, { { 0, 1000 } }, 100, 10 },
	{ "one that does not divide", 10, 40, { { 0, 1009 } }, 100, 10 },
	{ "two of very different size", 10, 40, { { 0, 1 }, { 5, 1004 } }, 100, 10 },
	{ "as many as there are pages", 10, 40, { { 0, 3 }, { 5, 7 } }, 1, 5 },
	{ "exactly as many pages", 10, 40, { { 0, 10 } }, 1, 10 },
	{ "one region to as many as search", 10, 1000, { { 0, 1000 } }, 20, 50 },
	{ "a quarter of the maximum searches", 3, 80, { { 0, 1000 } }, 50, 20 },
	{ "enough already", 3, 12, { { 0, 10 }, { 10, 20 }, { 30, 40 } }, 10, 3 },
	{ "too many, mergeable", 3, 3, { { 0, 5 }, { 5, 10 }, { 10, 20 }, { 30, 40 } }, 10, 3 },
	{ "too many, with holes between", 3, 3,
	  { { 0, 1 }, { 2, 3 }, { 4, 5 }, { 6, 7 } }, 1, 4 },
};

KUNIT_ARRAY_PARAM_DESC(refit, refit_cases, name);

static void refit_restores_the_limits(struct kunit *test)
{
	const struct refit_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 16);
	struct damon_target *t = add_target(test, ctx);
	unsigned long nr_pages;

	ctx->min_nr_regions = c->min_nr;
	ctx->max_nr_regions = c->max_nr;
	add_rows(test, t, c->rows, PAGE_SIZE);
	nr_pages = damon_nr_pages(ctx);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sz_limit, PAGES(c->sz_limit));
	KUNIT_EXPECT_EQ(test, t->nr_regions, c->want);
	KUNIT_EXPECT_EQ(test, damon_nr_pages(ctx), nr_pages);
	expect_sound(test, t);
}

static void refit_cuts_in_proportion(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 17);
	struct damon_target *small = add_target(test, ctx);
	struct damon_target *large = add_target(test, ctx);

	ctx->min_nr_regions = 100;
	add_region(test, small, 0, PAGES(1000), 0);
	add_region(test, large, 0, PAGES(9000), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 100);
	KUNIT_EXPECT_GE(test, small->nr_regions, 9);
	KUNIT_EXPECT_LE(test, small->nr_regions, 11);
}

/* As many as are wanted exactly, where the share of each region is less than a piece. */
static void refit_makes_up_for_many_small_regions(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 18);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	ctx->min_nr_regions = 5000;
	ctx->max_nr_regions = 5000;
	for (i = 0; i < 3000; i++)
		add_region(test, t, PAGES(5 * i), PAGES(5 * i + 4), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 5000);
	expect_sound(test, t);
}

/* The worker that is to end has no time for it. */
static void refit_ends_when_the_worker_shall(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 19);
	struct damon_target *t = add_target(test, ctx);

	add_region(test, t, 0, PAGES(1000), 0);
	ctx->kdamond_stop = true;
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);
	ctx->kdamond_stop = false;
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 50);
}

static void refit_survives_huge_sizes(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 18);
	unsigned int i;

	/* Together more than an unsigned long can say. */
	for (i = 0; i < 3; i++)
		add_region(test, add_target(test, ctx), 0, PAGE_ALIGN_DOWN(ULONG_MAX), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_GE(test, ctx->sz_limit, PAGE_ALIGN_DOWN(ULONG_MAX / 50));
	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 50);
}

static void refit_holds_for_any_layout(struct kunit *test)
{
	struct rnd_state rng;
	unsigned int i;

	prandom_seed_state(&rng, 19);
	for (i = 0; i < 200; i++) {
		struct damon_ctx *ctx = test_ctx(test, i);
		unsigned long nr_pages, least;
		struct damon_target *t;

		random_layout(test, ctx, &rng);
		ctx->min_nr_regions = 3 + rand_below(&rng, 200);
		ctx->max_nr_regions = ctx->min_nr_regions + rand_below(&rng, 3);
		nr_pages = damon_nr_pages(ctx);
		damon_regions_refit(ctx);
		least = min(ctx->min_nr_regions, nr_pages);
		KUNIT_ASSERT_GE(test, damon_nr_regions(ctx), least);
		KUNIT_ASSERT_LE(test, damon_nr_regions(ctx),
				max(ctx->max_nr_regions, nr_runs(ctx)));
		KUNIT_ASSERT_EQ(test, damon_nr_pages(ctx), nr_pages);
		damon_for_each_target(t, ctx)
			expect_sound(test, t);
	}
}

static struct kunit_case damon_adapt_cases[] = {
	KUNIT_CASE_PARAM(merge_joins_what_agrees, merge_gen_params),
	KUNIT_CASE(merge_asks_more_of_many_regions),
	KUNIT_CASE_PARAM(merge_keeps_ages_apart, ages_gen_params),
	KUNIT_CASE_PARAM(cut_is_where_the_evidence_says, cut_gen_params),
	KUNIT_CASE(cut_leaves_small_regions_alone),
	KUNIT_CASE(search_looks_around_a_hit),
	KUNIT_CASE(search_feels_beyond_a_hot_edge),
	KUNIT_CASE(hint_makes_a_piece_without_a_past),
	KUNIT_CASE(hint_leaves_the_age_of_what_is_beside_it),
	KUNIT_CASE(hints_leave_an_eighth_of_the_regions),
	KUNIT_CASE(cut_keeps_to_max_nr_regions),
	KUNIT_CASE(a_hot_spot_is_found),
	KUNIT_CASE(limits_hold_over_many_aggregations),
	KUNIT_CASE(merged_regions_respect_the_size_limit),
	KUNIT_CASE(surplus_is_merged_best_first),
	KUNIT_CASE(surplus_is_merged_no_further_than_needed),
	KUNIT_CASE(cut_without_memory_changes_nothing),
	KUNIT_CASE_PARAM(refit_restores_the_limits, refit_gen_params),
	KUNIT_CASE(refit_cuts_in_proportion),
	KUNIT_CASE(refit_makes_up_for_many_small_regions),
	KUNIT_CASE(refit_ends_when_the_worker_shall),
	KUNIT_CASE(refit_survives_huge_sizes),
	KUNIT_CASE(refit_holds_for_any_layout),
	{}
};

static struct kunit_suite damon_adapt_suite = {
	.name = "damon_adapt",
	.test_cases = damon_adapt_cases,
};

kunit_test_suite(damon_adapt_suite);
