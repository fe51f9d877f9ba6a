// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of region.c, which is where this file is included: regions are split,
 * merged, cut, fitted and counted as promised.  What holds for any layout is
 * tried on many, drawn with fixed seeds.
 */
#include "helper.h"

#define MAX_ROWS 10

/* A region of a layout, in pages where the layout has to be page aligned. */
struct row {
	unsigned long start, end;
	unsigned int nr_accesses;
};

static void free_target_action(void *t)
{
	damon_target_free(t);
}

static struct damon_target *test_target(struct kunit *test)
{
	struct damon_target *t = damon_target_new(42);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_target_action, t));
	return t;
}

/* A target that goes with @ctx. */
static struct damon_target *add_target(struct kunit *test, struct damon_ctx *ctx)
{
	struct damon_target *t = damon_target_new(42);

	KUNIT_ASSERT_NOT_NULL(test, t);
	list_add_tail(&t->list, &ctx->targets_list);
	return t;
}

static struct damon_region *add_region(struct kunit *test, struct damon_target *t,
				       unsigned long start, unsigned long end,
				       unsigned int nr_accesses)
{
	struct damon_region *r = damon_region_new(start, end);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->nr_accesses = nr_accesses;
	damon_region_add(r, t);
	return r;
}

/* @rows end with an empty one; @unit is a byte or a page. */
static void add_rows(struct kunit *test, struct damon_target *t,
		     const struct row *rows, unsigned long unit)
{
	for (; rows->end; rows++)
		add_region(test, t, rows->start * unit, rows->end * unit,
			   rows->nr_accesses);
}

static void expect_rows(struct kunit *test, const struct damon_target *t,
			const struct row *rows, unsigned long unit)
{
	const struct damon_region *r;
	unsigned int nr = 0;

	damon_for_each_region(r, t) {
		KUNIT_ASSERT_NE_MSG(test, rows->end, 0, "more regions than wanted");
		KUNIT_EXPECT_EQ(test, r->ar.start, rows->start * unit);
		KUNIT_EXPECT_EQ(test, r->ar.end, rows->end * unit);
		KUNIT_EXPECT_EQ(test, r->nr_accesses, rows->nr_accesses);
		rows++;
		nr++;
	}
	KUNIT_EXPECT_EQ_MSG(test, rows->end, 0, "fewer regions than wanted");
	KUNIT_EXPECT_EQ(test, t->nr_regions, nr);
}

/* Regions ascend, are disjoint, not empty, of whole pages, and counted right. */
static void expect_sound(struct kunit *test, const struct damon_target *t)
{
	const struct damon_region *r;
	unsigned long last_end = 0;
	unsigned int nr = 0;

	damon_for_each_region(r, t) {
		KUNIT_ASSERT_GE(test, r->ar.start, last_end);
		KUNIT_ASSERT_GT(test, r->ar.end, r->ar.start);
		KUNIT_ASSERT_TRUE(test, PAGE_ALIGNED(r->ar.start | r->ar.end));
		last_end = r->ar.end;
		nr++;
	}
	KUNIT_ASSERT_EQ(test, t->nr_regions, nr);
}

/* === Targets and regions === */

static void target_counts_its_regions(struct kunit *test)
{
	struct damon_target *t = test_target(test);
	struct damon_region *r;

	KUNIT_EXPECT_EQ(test, t->id, 42);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 0);
	r = add_region(test, t, 1, 2, 0);
	KUNIT_EXPECT_EQ(test, r->ar.start, 1);
	KUNIT_EXPECT_EQ(test, r->ar.end, 2);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 0);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);
	add_region(test, t, 2, 3, 0);
	damon_region_del(r, t);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);
	damon_target_clear(t);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->regions_list));
}

static void regions_of_all_targets_are_counted(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 0);
	for (i = 1; i <= 3; i++) {
		struct damon_target *t = add_target(test, ctx);
		unsigned int j;

		for (j = 0; j < i; j++)
			add_region(test, t, PAGES(j), PAGES(j + 1), 0);
	}
	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 6);
	KUNIT_EXPECT_EQ(test, total_pages(ctx), 6);
}

/* === Random addresses === */

static void rand_reaches_all_of_a_huge_range(struct kunit *test)
{
	/* Every sixteenth of 1 TiB is missed once in 10^114 runs. */
	const unsigned long lo = PAGES(5), size = 1UL << (BITS_PER_LONG == 64 ? 40 : 30);
	struct damon_ctx *ctx = test_ctx(test, 2);
	unsigned long hit = 0, low_bits = 0;
	unsigned int i;

	for (i = 0; i < 4096; i++) {
		unsigned long n = damon_rand(ctx, lo, lo + size);

		KUNIT_ASSERT_GE(test, n, lo);
		KUNIT_ASSERT_LT(test, n, lo + size);
		hit |= 1UL << ((n - lo) / (size / 16));
		low_bits |= (n - lo) & (PAGE_SIZE - 1);
	}
	KUNIT_EXPECT_EQ(test, hit, 0xffff);
	KUNIT_EXPECT_EQ(test, low_bits, PAGE_SIZE - 1);
}

static void rand_is_even_in_a_small_range(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 3);
	unsigned int count[3] = {}, i;

	for (i = 0; i < 30000; i++) {
		unsigned long n = damon_rand(ctx, 7, 10);

		KUNIT_ASSERT_GE(test, n, 7);
		KUNIT_ASSERT_LT(test, n, 10);
		count[n - 7]++;
	}
	/* The standard deviation is 82. */
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_GT(test, count[i], 9500);
		KUNIT_EXPECT_LT(test, count[i], 10500);
	}
}

static void rand_works_at_the_limits(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 4);
	unsigned int i, high = 0;

	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_EQ(test, damon_rand(ctx, 9, 10), 9);
		KUNIT_EXPECT_EQ(test, damon_rand(ctx, ULONG_MAX - 1, ULONG_MAX),
				ULONG_MAX - 1);
		high += damon_rand(ctx, 0, ULONG_MAX) > ULONG_MAX / 2;
	}
	KUNIT_EXPECT_GT(test, high, 16);
	KUNIT_EXPECT_LT(test, high, 48);
}

static void rand_differs_between_contexts(struct kunit *test)
{
	struct damon_ctx *a = test_ctx(test, 5), *b = test_ctx(test, 6);
	struct damon_ctx *c = test_ctx(test, 5);
	unsigned long x = damon_rand(a, 0, ULONG_MAX);

	KUNIT_EXPECT_NE(test, x, damon_rand(b, 0, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, x, damon_rand(c, 0, ULONG_MAX));
}

/* === Split === */

static void split_keeps_what_is_known(struct kunit *test)
{
	const struct row want[MAX_ROWS] = { { 0, 25, 7 }, { 25, 100, 7 }, { 100, 110 } };
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, 100, 7);

	add_region(test, t, 100, 110, 0);
	r->age = 3;
	r->last_nr_accesses = 5;
	KUNIT_ASSERT_EQ(test, damon_region_split(r, t, 25), 0);
	expect_rows(test, t, want, 1);
	r = list_next_entry(r, list);
	KUNIT_EXPECT_EQ(test, r->age, 3);
	KUNIT_EXPECT_EQ(test, r->last_nr_accesses, 5);
}

static const struct even_case {
	const char *name;
	unsigned long start, end;	/* in pages */
	unsigned int nr_pieces;
	int ret;
	struct row want[MAX_ROWS + 1];
} even_cases[] = {
	{
		"100 pages by 10", 0, 100, 10, 0,
		{ { 0, 10 }, { 10, 20 }, { 20, 30 }, { 30, 40 }, { 40, 50 },
		  { 50, 60 }, { 60, 70 }, { 70, 80 }, { 80, 90 }, { 90, 100 } },
	}, {
		"the last piece takes the rest", 5, 59, 5, 0,
		{ { 5, 15 }, { 15, 25 }, { 25, 35 }, { 35, 45 }, { 45, 59 } },
	}, {
		"one piece", 5, 59, 1, 0, { { 5, 59 } },
	}, {
		"one page each", 0, 3, 3, 0, { { 0, 1 }, { 1, 2 }, { 2, 3 } },
	}, {
		"fewer pages than pieces", 5, 6, 2, -EINVAL, { { 5, 6 } },
	}, {
		"no pieces", 0, 100, 0, -EINVAL, { { 0, 100 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(even, even_cases, name);

static void split_evenly_is_even(struct kunit *test)
{
	const struct even_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, PAGES(c->start), PAGES(c->end), 0);

	KUNIT_EXPECT_EQ(test, damon_region_split_evenly(r, t, c->nr_pieces), c->ret);
	expect_rows(test, t, c->want, PAGE_SIZE);
}

static void split_evenly_refuses_no_region(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, damon_region_split_evenly(NULL, test_target(test), 2),
			-EINVAL);
}

/* === Merge === */

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
	const struct row want[MAX_ROWS] = { { 0, 300, 16 } };
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, 100, 10);
	struct damon_region *r = add_region(test, t, 100, 300, 20);

	l->age = 9;
	r->age = 0;
	l->last_nr_accesses = 3;
	r->last_nr_accesses = 6;
	merge_two(l, r, t);
	expect_rows(test, t, want, 1);
	KUNIT_EXPECT_EQ(test, l->age, 3);
	KUNIT_EXPECT_EQ(test, l->last_nr_accesses, 5);
}

static const struct merge_case {
	const char *name;
	unsigned int thres, budget;
	unsigned long sz_limit;
	struct row rows[MAX_ROWS], want[MAX_ROWS];
} merge_cases[] = {
	{
		"neighbours that agree", 9, UINT_MAX, 9999,
		{ { 0, 100, 0 }, { 100, 112, 0 }, { 114, 122, 10 }, { 122, 130, 10 },
		  { 130, 156, 20 }, { 156, 170, 30 }, { 170, 184, 1 }, { 184, 230, 2 } },
		{ { 0, 112, 0 }, { 114, 130, 10 }, { 130, 156, 20 }, { 156, 170, 30 },
		  { 170, 230, 1 } },
	}, {
		"up to the threshold, not above", 4, UINT_MAX, 9999,
		{ { 0, 10, 1 }, { 10, 20, 5 }, { 20, 30, 9 } },
		{ { 0, 20, 3 }, { 20, 30, 9 } },
	}, {
		"with the mean, not the neighbour", 4, UINT_MAX, 9999,
		{ { 0, 90, 1 }, { 90, 100, 5 }, { 100, 110, 6 } },
		{ { 0, 100, 1 }, { 100, 110, 6 } },
	}, {
		"not across a hole", 9, UINT_MAX, 9999,
		{ { 0, 10 }, { 11, 20 } },
		{ { 0, 10 }, { 11, 20 } },
	}, {
		"up to the size limit, not above", 9, UINT_MAX, 20,
		{ { 0, 10 }, { 10, 20 }, { 20, 30 }, { 30, 40 } },
		{ { 0, 20 }, { 20, 40 } },
	}, {
		"no more than the budget", 9, 2, 9999,
		{ { 0, 10 }, { 10, 20 }, { 20, 30 }, { 30, 40 } },
		{ { 0, 30 }, { 30, 40 } },
	}, {
		"nothing", 9, UINT_MAX, 9999, { }, { },
	},
};

KUNIT_ARRAY_PARAM_DESC(merge, merge_cases, name);

static void merge_joins_what_agrees(struct kunit *test)
{
	const struct merge_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	unsigned int nr, nr_merged;

	add_rows(test, t, c->rows, 1);
	nr = t->nr_regions;
	nr_merged = merge_target(t, c->thres, c->sz_limit, c->budget);
	expect_rows(test, t, c->want, 1);
	KUNIT_EXPECT_EQ(test, nr_merged, nr - t->nr_regions);
}

static const struct age_case {
	const char *name;
	unsigned int last, now, thres, age, want;
} age_cases[] = {
	{ "same", 5, 5, 0, 3, 4 },
	{ "changed by the threshold", 5, 7, 2, 3, 4 },
	{ "risen by more", 5, 8, 2, 3, 0 },
	{ "fallen by more", 8, 5, 2, 3, 0 },
	{ "never wraps", 5, 5, 0, UINT_MAX, UINT_MAX },
	{ "from nothing to all", 0, UINT_MAX, UINT_MAX - 1, 3, 0 },
};

KUNIT_ARRAY_PARAM_DESC(age, age_cases, name);

static void age_counts_steady_aggregations(struct kunit *test)
{
	const struct age_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_region *r = add_region(test, add_target(test, ctx), 0, PAGES(1), c->now);

	r->last_nr_accesses = c->last;
	r->age = c->age;
	damon_regions_merge(ctx, c->thres);
	KUNIT_EXPECT_EQ(test, r->age, c->want);
}

static void forget_keeps_the_last_count(struct kunit *test)
{
	static const struct row rows[3][4] = {
		{ { 10, 15, 42 }, { 20, 27, 95 }, { 30, 40, 84 } },
		{ { 5, 31, 10 }, { 42, 45, 20 }, { 49, 55, 30 } },
		{ { 13, 23, 0 }, { 33, 44, 1 }, { 55, 66, 2 } },
	};
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t;
	struct damon_region *r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		add_rows(test, add_target(test, ctx), rows[i], 1);
	damon_regions_forget(ctx);
	i = 0;
	damon_for_each_target(t, ctx) {
		const struct row *row = rows[i++];

		KUNIT_EXPECT_EQ(test, t->nr_regions, 3);
		damon_for_each_region(r, t) {
			KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
			KUNIT_EXPECT_EQ(test, r->last_nr_accesses, row->nr_accesses);
			row++;
		}
	}
}

/* === Scale === */

static const struct scale_case {
	const char *name;
	unsigned long sample, aggr;
	unsigned int nr_samples, count, want;
} scale_cases[] = {
	{ "on time", 5000, 100000, 20, 7, 7 },
	{ "half of the samples, all accessed", 5000, 100000, 10, 10, 20 },
	{ "half of the samples, half accessed", 5000, 100000, 10, 5, 10 },
	{ "half of the samples, none accessed", 5000, 100000, 10, 0, 0 },
	{ "one sample", 5000, 100000, 1, 1, 20 },
	{ "no sample", 5000, 100000, 0, 0, 0 },
	{ "rounds to the nearest", 5000, 100000, 3, 1, 7 },
	{ "more samples than nominal", 30, 100, 4, 4, 3 },
	{ "one sample an aggregation", 7, 7, 1, 1, 1 },
	{ "largest of all", 1, UINT_MAX, UINT_MAX - 1, UINT_MAX - 1, UINT_MAX },
	{ "largest from one", 1, UINT_MAX, 1, 1, UINT_MAX },
};

KUNIT_ARRAY_PARAM_DESC(scale, scale_cases, name);

static void scale_makes_counts_rates(struct kunit *test)
{
	const struct scale_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_region *r = add_region(test, add_target(test, ctx), 0, PAGES(1), c->count);

	ctx->sample_interval = c->sample;
	ctx->aggr_interval = c->aggr;
	ctx->nr_samples = c->nr_samples;
	KUNIT_EXPECT_EQ(test, damon_scale_count(ctx, c->count), c->want);
	damon_regions_scale(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, c->want);
}

/* === Cut === */

static void cut_leaves_a_tenth_at_least(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 7);
	struct damon_target *t = test_target(test);
	unsigned long least = ULONG_MAX, most = 0;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		struct damon_region *r = add_region(test, t, PAGES(100), PAGES(200), 0);

		cond_resched();
		cut_at_random(ctx, t, r);
		KUNIT_ASSERT_EQ(test, t->nr_regions, 2);
		least = min(least, damon_region_size(r) >> PAGE_SHIFT);
		most = max(most, damon_region_size(r) >> PAGE_SHIFT);
		expect_sound(test, t);
		damon_target_clear(t);
	}
	KUNIT_EXPECT_EQ(test, least, 10);
	KUNIT_EXPECT_EQ(test, most, 90);
}

static void cut_knows_small_regions(struct kunit *test)
{
	const struct row one[MAX_ROWS] = { { 3, 4 } };
	const struct row two[MAX_ROWS] = { { 3, 4 }, { 4, 5 } };
	struct damon_ctx *ctx = test_ctx(test, 8);
	struct damon_target *t = test_target(test);

	cut_at_random(ctx, t, add_region(test, t, PAGES(3), PAGES(4), 0));
	expect_rows(test, t, one, PAGE_SIZE);
	damon_target_clear(t);
	cut_at_random(ctx, t, add_region(test, t, PAGES(3), PAGES(5), 0));
	expect_rows(test, t, two, PAGE_SIZE);
}

static const struct cut_case {
	const char *name;
	unsigned long max_nr;
	unsigned int nr, last_nr, want;
} cut_cases[] = {
	{ "in two", 1000, 10, 0, 20 },
	{ "in three when nothing changed", 1000, 10, 10, 30 },
	{ "in three when they just fit", 30, 10, 10, 30 },
	{ "in two when three do not fit", 29, 10, 10, 20 },
	{ "in two when they just fit", 20, 10, 0, 20 },
	{ "not at all when they do not fit", 19, 10, 10, 10 },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, name);

static void cut_makes_as_many_as_fit(struct kunit *test)
{
	const struct cut_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 9);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		add_region(test, t, PAGES(100 * i), PAGES(100 * i + 100), 0);
	ctx->min_nr_regions = 3;
	ctx->max_nr_regions = c->max_nr;
	ctx->last_nr_regions = c->last_nr;
	damon_regions_cut(ctx);
	KUNIT_EXPECT_EQ(test, t->nr_regions, c->want);
	expect_sound(test, t);
}

/* Contiguous runs with holes between them, in up to three targets. */
static void random_layout(struct kunit *test, struct damon_ctx *ctx,
			  struct rnd_state *rng)
{
	unsigned int nr_targets = 1 + rand_below(rng, 3);

	while (nr_targets--) {
		struct damon_target *t = add_target(test, ctx);
		unsigned int nr = 1 + rand_below(rng, 30);
		unsigned long pos = rand_below(rng, 100);

		while (nr--) {
			unsigned long size = 1 + rand_below(rng, 1 << rand_below(rng, 16));

			if (!rand_below(rng, 8))
				pos += 1 + rand_below(rng, 1000);
			add_region(test, t, PAGES(pos), PAGES(pos + size), 0);
			pos += size;
		}
	}
}

static void random_counts(struct damon_ctx *ctx, struct rnd_state *rng)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			r->nr_accesses = rand_below(rng, 3) * rand_below(rng, 11);
}

/* Neighbours that could be one region, were it not for the limits. */
static unsigned int nr_runs(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	const struct damon_region *r;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx) {
		unsigned long end = ULONG_MAX;

		damon_for_each_region(r, t) {
			nr += r->ar.start != end;
			end = r->ar.end;
		}
	}
	return nr;
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
		nr_pages = total_pages(ctx);
		damon_regions_refit(ctx);

		for (round = 0; round < 40; round++) {
			unsigned long most = max(ctx->max_nr_regions, nr_runs(ctx));

			KUNIT_ASSERT_LE(test, damon_nr_regions(ctx), most);
			KUNIT_ASSERT_GE(test, damon_nr_regions(ctx),
					min(ctx->min_nr_regions, nr_pages));
			random_counts(ctx, &rng);
			damon_regions_merge(ctx, rand_below(&rng, 5));
			KUNIT_ASSERT_LE(test, damon_nr_regions(ctx), most);
			KUNIT_ASSERT_GE(test, damon_nr_regions(ctx),
					min(ctx->min_nr_regions, nr_pages));
			damon_regions_forget(ctx);
			damon_regions_cut(ctx);

			damon_for_each_target(t, ctx)
				expect_sound(test, t);
			KUNIT_ASSERT_EQ(test, total_pages(ctx), nr_pages);
		}
	}
}

static void merged_regions_respect_the_size_limit(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 11);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r;
	unsigned int round;

	add_region(test, t, 0, PAGES(1000), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sz_limit, PAGES(100));
	for (round = 0; round < 100; round++) {
		cond_resched();
		damon_regions_cut(ctx);
		damon_regions_merge(ctx, UINT_MAX);
		KUNIT_ASSERT_GE(test, t->nr_regions, 10);
		damon_for_each_region(r, t)
			KUNIT_ASSERT_LE(test, damon_region_size(r), PAGES(100));
	}
}

static void surplus_is_merged_best_first(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 12);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i, nr_hot = 0;
	struct damon_region *r;

	/* Ten of them are hot, each among cold ones that differ a little. */
	for (i = 0; i < 100; i++)
		add_region(test, t, PAGES(i), PAGES(i + 1), i % 10 == 5 ? 20 : i % 2);
	ctx->max_nr_regions = 50;
	ctx->sz_limit = PAGES(10);
	damon_regions_merge(ctx, 0);
	KUNIT_EXPECT_LE(test, t->nr_regions, 50);
	KUNIT_EXPECT_GE(test, t->nr_regions, ctx->min_nr_regions);
	damon_for_each_region(r, t)
		nr_hot += r->nr_accesses == 20;
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
		add_region(test, t, PAGES(10 * i), PAGES(10 * i + 10), i % 2 ? 20 : 0);
	ctx->max_nr_regions = 100;
	ctx->sz_limit = PAGES(10);
	damon_regions_merge(ctx, 2);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 100);
}

/* === Fit === */

/* The regions that the worked examples begin with, in pages. */
#define FIT_START							\
	{ { 10, 20, 1 }, { 20, 30, 2 }, { 50, 55, 3 }, { 55, 57, 4 },	\
	  { 57, 59, 5 }, { 70, 80, 6 }, { 80, 90, 7 }, { 90, 100, 8 } }

static const struct fit_case {
	const char *name;
	struct row rows[MAX_ROWS], ranges[MAX_ROWS], want[MAX_ROWS];
} fit_cases[] = {
	{
		"small changes", FIT_START,
		{ { 5, 27 }, { 45, 55 }, { 73, 104 } },
		{ { 5, 20, 1 }, { 20, 27, 2 }, { 45, 55, 3 }, { 73, 80, 6 },
		  { 80, 90, 7 }, { 90, 104, 8 } },
	}, {
		"one range shrinks", FIT_START,
		{ { 5, 27 }, { 56, 57 }, { 65, 104 } },
		{ { 5, 20, 1 }, { 20, 27, 2 }, { 56, 57, 4 }, { 65, 80, 6 },
		  { 80, 90, 7 }, { 90, 104, 8 } },
	}, {
		"one range moves", FIT_START,
		{ { 5, 27 }, { 61, 63 }, { 65, 104 } },
		{ { 5, 20, 1 }, { 20, 27, 2 }, { 61, 63 }, { 65, 80, 6 },
		  { 80, 90, 7 }, { 90, 104, 8 } },
	}, {
		"all ranges move", FIT_START,
		{ { 5, 7 }, { 30, 32 }, { 65, 68 } },
		{ { 5, 7 }, { 30, 32 }, { 65, 68 } },
	}, {
		"from nothing", { }, { { 5, 7 }, { 30, 32 } }, { { 5, 7 }, { 30, 32 } },
	}, {
		"to nothing", FIT_START, { }, { },
	}, {
		"to the same", { { 1, 2, 1 }, { 2, 4, 2 } }, { { 1, 4 } },
		{ { 1, 2, 1 }, { 2, 4, 2 } },
	}, {
		"a region in two ranges", { { 0, 10, 3 } }, { { 1, 4 }, { 6, 9 } },
		{ { 1, 4, 3 }, { 6, 9, 3 } },
	}, {
		"more than a region before it", { { 10, 20, 3 } }, { { 0, 9 }, { 9, 20 } },
		{ { 0, 9 }, { 9, 20, 3 } },
	}, {
		"much new memory stands alone", { { 20, 30, 3 } }, { { 0, 50 } },
		{ { 0, 20 }, { 20, 30, 3 }, { 30, 50 } },
	}, {
		"a hole is filled", { { 0, 10, 1 }, { 12, 20, 2 } }, { { 0, 20 } },
		{ { 0, 12, 1 }, { 12, 20, 2 } },
	}, {
		"a large hole is filled", { { 0, 2, 1 }, { 12, 14, 2 } }, { { 0, 14 } },
		{ { 0, 2, 1 }, { 2, 12 }, { 12, 14, 2 } },
	}, {
		"a region joins as much as itself", { { 4, 5, 8 } }, { { 3, 6 } },
		{ { 3, 5, 8 }, { 5, 6 } },
	}, {
		"ranges that touch", { { 0, 10, 1 } }, { { 0, 5 }, { 5, 10 } },
		{ { 0, 5, 1 }, { 5, 10, 1 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(fit, fit_cases, name);

static unsigned int rows_to_ranges(const struct row *rows,
				   struct damon_addr_range *ranges)
{
	unsigned int nr = 0;

	for (; rows->end; rows++) {
		ranges[nr].start = PAGES(rows->start);
		ranges[nr++].end = PAGES(rows->end);
	}
	return nr;
}

static void fit_follows_the_memory(struct kunit *test)
{
	const struct fit_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	struct damon_addr_range ranges[MAX_ROWS];
	unsigned int nr = rows_to_ranges(c->ranges, ranges);

	add_rows(test, t, c->rows, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, damon_target_fit(t, ranges, nr), 0);
	expect_rows(test, t, c->want, PAGE_SIZE);
	/* Once more changes nothing. */
	KUNIT_EXPECT_EQ(test, damon_target_fit(t, ranges, nr), 0);
	expect_rows(test, t, c->want, PAGE_SIZE);
}

static const struct bad_fit_case {
	const char *name;
	struct damon_addr_range ranges[2];
	unsigned int nr;
} bad_fit_cases[] = {
	{ "empty", { { PAGE_SIZE, PAGE_SIZE } }, 1 },
	{ "backwards", { { 2 * PAGE_SIZE, PAGE_SIZE } }, 1 },
	{ "start not aligned", { { 1, PAGE_SIZE } }, 1 },
	{ "end not aligned", { { 0, PAGE_SIZE + 1 } }, 1 },
	{ "overlapping", { { 0, 2 * PAGE_SIZE }, { PAGE_SIZE, 3 * PAGE_SIZE } }, 2 },
	{ "descending", { { PAGE_SIZE, 2 * PAGE_SIZE }, { 0, PAGE_SIZE } }, 2 },
};

KUNIT_ARRAY_PARAM_DESC(bad_fit, bad_fit_cases, name);

static void fit_refuses_bad_ranges_whole(struct kunit *test)
{
	static const struct row rows[MAX_ROWS] = FIT_START;
	const struct bad_fit_case *c = test->param_value;
	struct damon_target *t = test_target(test);

	add_rows(test, t, rows, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, damon_target_fit(t, c->ranges, c->nr), -EINVAL);
	expect_rows(test, t, rows, PAGE_SIZE);
}

static void fit_keeps_age_and_last_count(struct kunit *test)
{
	const struct damon_addr_range range = { PAGES(5), PAGES(21) };
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, PAGES(10), PAGES(20), 3);

	r->age = 12;
	r->last_nr_accesses = 4;
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, &range, 1), 0);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 1);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	KUNIT_EXPECT_EQ(test, r->age, 12);
	KUNIT_EXPECT_EQ(test, r->last_nr_accesses, 4);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 3);
}

/* A small address space, page by page: what is known of each. */
#define SPACE 200

static void random_space(struct kunit *test, struct damon_target *t,
			 unsigned int *counts, struct rnd_state *rng)
{
	unsigned int pos = rand_below(rng, 20), count = 0;

	memset(counts, 0, SPACE * sizeof(*counts));
	while (pos < SPACE) {
		unsigned int end = min(pos + 1 + rand_below(rng, 20), SPACE);

		/* No two regions have the same count. */
		add_region(test, t, PAGES(pos), PAGES(end), ++count);
		for (; pos < end; pos++)
			counts[pos] = count;
		if (!rand_below(rng, 3))
			pos += rand_below(rng, 20);
	}
}

static unsigned int random_ranges(struct damon_addr_range *ranges, bool *mapped,
				  struct rnd_state *rng)
{
	unsigned int pos = rand_below(rng, 30), nr = 0;

	memset(mapped, 0, SPACE);
	while (pos < SPACE) {
		unsigned int end = min(pos + 1 + rand_below(rng, 60), SPACE);

		ranges[nr].start = PAGES(pos);
		ranges[nr++].end = PAGES(end);
		memset(mapped + pos, true, end - pos);
		pos = end + rand_below(rng, 20);
	}
	return nr;
}

static void check_fit(struct kunit *test, const struct damon_target *t,
		      const unsigned int *counts, bool *mapped)
{
	const struct damon_region *r;
	unsigned long page;

	damon_for_each_region(r, t) {
		unsigned int nr_known = 0;

		for (page = r->ar.start >> PAGE_SHIFT; page < r->ar.end >> PAGE_SHIFT; page++) {
			KUNIT_ASSERT_TRUE(test, mapped[page]);
			mapped[page] = false;
			if (!counts[page])
				continue;
			nr_known++;
			KUNIT_ASSERT_EQ(test, r->nr_accesses, counts[page]);
		}
		/* A count speaks of no less known than new memory. */
		if (r->nr_accesses)
			KUNIT_ASSERT_GE(test, nr_known * PAGE_SIZE,
					damon_region_size(r) / 2);
	}
	for (page = 0; page < SPACE; page++)
		KUNIT_ASSERT_FALSE(test, mapped[page]);
}

static void fit_covers_exactly_the_ranges(struct kunit *test)
{
	unsigned int *counts = kunit_kcalloc(test, SPACE, sizeof(*counts), GFP_KERNEL);
	bool *mapped = kunit_kzalloc(test, SPACE, GFP_KERNEL);
	struct damon_target *t = test_target(test);
	struct damon_addr_range *ranges;
	struct rnd_state rng;
	unsigned int i;

	ranges = kunit_kcalloc(test, SPACE, sizeof(*ranges), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ranges);
	KUNIT_ASSERT_NOT_NULL(test, counts);
	KUNIT_ASSERT_NOT_NULL(test, mapped);
	prandom_seed_state(&rng, 14);
	for (i = 0; i < 300; i++) {
		unsigned int nr, nr_regions;

		cond_resched();
		random_space(test, t, counts, &rng);
		nr = random_ranges(ranges, mapped, &rng);
		KUNIT_ASSERT_EQ(test, damon_target_fit(t, ranges, nr), 0);
		expect_sound(test, t);
		check_fit(test, t, counts, mapped);
		nr_regions = t->nr_regions;
		KUNIT_ASSERT_EQ(test, damon_target_fit(t, ranges, nr), 0);
		KUNIT_ASSERT_EQ(test, t->nr_regions, nr_regions);
		damon_target_clear(t);
	}
}

static void fit_without_memory_changes_nothing(struct kunit *test)
{
	static const struct row rows[MAX_ROWS] = FIT_START;
	const struct damon_addr_range ranges[] = {
		{ PAGES(5), PAGES(7) }, { PAGES(9), PAGES(85) },
	};
	struct damon_target *t = test_target(test);
	unsigned int nth;

	need_failslab(test);
	add_rows(test, t, rows, PAGE_SIZE);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		bool failed;
		int err;

		fail_begin(nth);
		err = damon_target_fit(t, ranges, ARRAY_SIZE(ranges));
		failed = fail_end();
		if (!failed)
			break;
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			expect_rows(test, t, rows, PAGE_SIZE);
		} else {
			/* It was an allocation of a debugging aid. */
			damon_target_clear(t);
			add_rows(test, t, rows, PAGE_SIZE);
		}
	}
	KUNIT_EXPECT_GT(test, nth, 10);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 10);
}

static void split_without_memory_changes_nothing(struct kunit *test)
{
	const struct row want[MAX_ROWS] = { { 0, 100, 7 } };
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(100), 7);
	struct damon_ctx *ctx = test_ctx(test, 15);
	int err;

	need_failslab(test);
	fail_begin(1);
	err = damon_region_split(r, t, PAGES(25));
	KUNIT_EXPECT_TRUE(test, fail_end());
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	fail_begin(1);
	cut_at_random(ctx, t, r);
	KUNIT_EXPECT_TRUE(test, fail_end());
	expect_rows(test, t, want, PAGE_SIZE);
}

/* === Refit === */

static const struct refit_case {
	const char *name;
	unsigned long min_nr, max_nr;
	struct row rows[MAX_ROWS];
	unsigned long sz_limit;
	unsigned int want;
} refit_cases[] = {
	{ "nothing", 10, 1000, { }, 1, 0 },
	{ "one region to the minimum", 10, 1000, { { 0, 1000 } }, 100, 10 },
	{ "one that does not divide", 10, 1000, { { 0, 1009 } }, 100, 10 },
	{ "two of very different size", 10, 1000, { { 0, 1 }, { 5, 1004 } }, 100, 10 },
	{ "as many as there are pages", 10, 1000, { { 0, 3 }, { 5, 7 } }, 1, 5 },
	{ "exactly as many pages", 10, 1000, { { 0, 10 } }, 1, 10 },
	{ "enough already", 3, 1000, { { 0, 10 }, { 10, 20 }, { 30, 40 } }, 10, 3 },
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
	nr_pages = total_pages(ctx);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sz_limit, PAGES(c->sz_limit));
	KUNIT_EXPECT_EQ(test, t->nr_regions, c->want);
	KUNIT_EXPECT_EQ(test, total_pages(ctx), nr_pages);
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

static void refit_survives_huge_sizes(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 18);
	unsigned int i;

	/* Together more than an unsigned long can say. */
	for (i = 0; i < 3; i++)
		add_region(test, add_target(test, ctx), 0, PAGE_ALIGN_DOWN(ULONG_MAX), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_GE(test, ctx->sz_limit, PAGE_ALIGN_DOWN(ULONG_MAX / 10));
	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 10);
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
		nr_pages = total_pages(ctx);
		damon_regions_refit(ctx);
		least = min(ctx->min_nr_regions, nr_pages);
		KUNIT_ASSERT_GE(test, damon_nr_regions(ctx), least);
		KUNIT_ASSERT_LE(test, damon_nr_regions(ctx),
				max(ctx->max_nr_regions, nr_runs(ctx)));
		KUNIT_ASSERT_EQ(test, total_pages(ctx), nr_pages);
		damon_for_each_target(t, ctx)
			expect_sound(test, t);
	}
}

static struct kunit_case damon_region_cases[] = {
	KUNIT_CASE(target_counts_its_regions),
	KUNIT_CASE(regions_of_all_targets_are_counted),
	KUNIT_CASE(rand_reaches_all_of_a_huge_range),
	KUNIT_CASE(rand_is_even_in_a_small_range),
	KUNIT_CASE(rand_works_at_the_limits),
	KUNIT_CASE(rand_differs_between_contexts),
	KUNIT_CASE(split_keeps_what_is_known),
	KUNIT_CASE_PARAM(split_evenly_is_even, even_gen_params),
	KUNIT_CASE(split_evenly_refuses_no_region),
	KUNIT_CASE_PARAM(mean_is_weighted_by_size, mean_gen_params),
	KUNIT_CASE(merge_two_takes_the_mean),
	KUNIT_CASE_PARAM(merge_joins_what_agrees, merge_gen_params),
	KUNIT_CASE_PARAM(age_counts_steady_aggregations, age_gen_params),
	KUNIT_CASE(forget_keeps_the_last_count),
	KUNIT_CASE_PARAM(scale_makes_counts_rates, scale_gen_params),
	KUNIT_CASE(cut_leaves_a_tenth_at_least),
	KUNIT_CASE(cut_knows_small_regions),
	KUNIT_CASE_PARAM(cut_makes_as_many_as_fit, cut_gen_params),
	KUNIT_CASE(limits_hold_over_many_aggregations),
	KUNIT_CASE(merged_regions_respect_the_size_limit),
	KUNIT_CASE(surplus_is_merged_best_first),
	KUNIT_CASE(surplus_is_merged_no_further_than_needed),
	KUNIT_CASE_PARAM(fit_follows_the_memory, fit_gen_params),
	KUNIT_CASE_PARAM(fit_refuses_bad_ranges_whole, bad_fit_gen_params),
	KUNIT_CASE(fit_keeps_age_and_last_count),
	KUNIT_CASE(fit_covers_exactly_the_ranges),
	KUNIT_CASE(fit_without_memory_changes_nothing),
	KUNIT_CASE(split_without_memory_changes_nothing),
	KUNIT_CASE_PARAM(refit_restores_the_limits, refit_gen_params),
	KUNIT_CASE(refit_cuts_in_proportion),
	KUNIT_CASE(refit_survives_huge_sizes),
	KUNIT_CASE(refit_holds_for_any_layout),
	{}
};

static struct kunit_suite damon_region_suite = {
	.name = "damon_region",
	.test_cases = damon_region_cases,
};

kunit_test_suite(damon_region_suite);
