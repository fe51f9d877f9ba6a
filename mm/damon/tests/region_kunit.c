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

/* @hits of @samples found an access, in each bin alike. */
static void set_evidence(struct damon_region *r, unsigned int hits, unsigned int samples)
{
	unsigned int i;

	for (i = 0; i < NR_BINS; i++) {
		r->old.hits[i] = hits * SAMPLE / NR_BINS;
		r->old.samples[i] = samples * SAMPLE / NR_BINS;
	}
}

static void split_keeps_what_is_known(struct kunit *test)
{
	const struct row want[MAX_ROWS] = { { 0, 40, 7 }, { 40, 80, 7 }, { 80, 90 } };
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(80), 7), *r;
	unsigned int i;

	add_region(test, t, PAGES(80), PAGES(90), 0);
	l->age = 3;
	set_evidence(l, 0, 160);
	for (i = 0; i < 4; i++)
		l->old.hits[i] = 5 * SAMPLE;
	KUNIT_ASSERT_EQ(test, damon_region_split(l, t, PAGES(40)), 0);
	expect_rows(test, t, want, PAGE_SIZE);
	r = list_next_entry(l, list);
	KUNIT_EXPECT_EQ(test, r->age, 3);
	/* The hits were in the left half. */
	KUNIT_EXPECT_EQ(test, tally(&l->old).samples, 80 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&l->old).hits, 20 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 80 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->old).hits, 0);
}

static void split_leaves_a_pending_sample_where_it_is(struct kunit *test)
{
	struct damon_target *t = test_target(test);
	unsigned int page;

	for (page = 0; page < 10; page++) {
		struct damon_region *l = add_region(test, t, 0, PAGES(10), 0), *r, *has;

		l->sampling_addr = PAGES(page);
		l->sampling_pending = true;
		l->sampling_marked = true;
		KUNIT_ASSERT_EQ(test, damon_region_split(l, t, PAGES(4)), 0);
		r = list_next_entry(l, list);
		has = page < 4 ? l : r;
		KUNIT_EXPECT_EQ(test, (bool)l->sampling_pending, has == l);
		KUNIT_EXPECT_EQ(test, (bool)r->sampling_pending, has == r);
		KUNIT_EXPECT_EQ(test, has->sampling_addr, PAGES(page));
		KUNIT_EXPECT_TRUE(test, has->sampling_marked);
		merge_two(l, r, t);
		KUNIT_EXPECT_TRUE(test, l->sampling_pending);
		KUNIT_EXPECT_EQ(test, l->sampling_addr, PAGES(page));
		damon_target_clear(t);
	}
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
	const struct row want[MAX_ROWS] = { { 0, 30, 16 } };
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(10), 10);
	struct damon_region *r = add_region(test, t, PAGES(10), PAGES(30), 20);

	l->age = 9;
	r->age = 0;
	set_evidence(l, 40, 80);
	set_evidence(r, 80, 80);
	merge_two(l, r, t);
	expect_rows(test, t, want, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, l->age, 3);
	/* Rounding loses a part of a sample in each bin at most. */
	KUNIT_EXPECT_LE(test, tally(&l->old).samples, 160 * SAMPLE);
	KUNIT_EXPECT_GT(test, tally(&l->old).samples, 159 * SAMPLE);
	KUNIT_EXPECT_LE(test, tally(&l->old).hits, 120 * SAMPLE);
	KUNIT_EXPECT_GT(test, tally(&l->old).hits, 119 * SAMPLE);
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
		all = tally(&l->old);
		KUNIT_ASSERT_LE(test, all.samples, WINDOW);
		KUNIT_ASSERT_GE(test, all.samples, WINDOW / 10 * 9);
		KUNIT_ASSERT_LE(test, abs_diff(4 * all.hits, all.samples), WINDOW / 100);
	}
}

/* The numbers in the rows are hits of 160 samples. */
static const struct merge_case {
	const char *name;
	bool force;
	unsigned int budget;
	unsigned long sz_limit;
	struct row rows[MAX_ROWS];
	unsigned int young;	/* one bit for each row */
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

static void merge_joins_what_agrees(struct kunit *test)
{
	const struct merge_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	unsigned int nr, nr_merged, i = 0;
	struct damon_region *r;

	add_rows(test, t, c->rows, PAGE_SIZE);
	damon_for_each_region(r, t) {
		set_evidence(r, r->nr_accesses, 160);
		r->young = !!(c->young & BIT(i++));
	}
	nr = t->nr_regions;
	nr_merged = merge_target(t, G_MERGE, c->force, PAGES(c->sz_limit), c->budget);
	KUNIT_EXPECT_EQ(test, t->nr_regions, c->want);
	KUNIT_EXPECT_EQ(test, nr_merged, nr - t->nr_regions);
	expect_sound(test, t);
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
	s64 hundredths = div64_s64(g_test(a, b) * 100, G(10));

	KUNIT_EXPECT_GE(test, hundredths, (s64)c->want - 2);
	KUNIT_EXPECT_LE(test, hundredths, (s64)c->want + 2);
	KUNIT_EXPECT_EQ(test, g_test(a, b), g_test(b, a));
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

static void pick_takes_turns(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 20);
	struct damon_region r = { .ar = { PAGES(100), PAGES(900) } };
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		unsigned long bins = 0;

		for (i = 0; i < NR_BINS; i++) {
			damon_region_pick(ctx, &r);
			KUNIT_ASSERT_TRUE(test, r.sampling_pending);
			KUNIT_ASSERT_GE(test, r.sampling_addr, r.ar.start);
			KUNIT_ASSERT_LT(test, r.sampling_addr, r.ar.end);
			bins |= BIT(bin_of(&r, r.sampling_addr));
		}
		KUNIT_ASSERT_EQ(test, bins, 0xff);
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
		damon_region_record(r, nth && i % nth == 0);
		ctx->nr_samples++;
	}
}

/* One region that has been watched for long, and always found like that. */
static struct damon_region *known_region(struct kunit *test, struct damon_ctx *ctx,
					 unsigned int hits, unsigned int samples)
{
	struct damon_region *r = add_region(test, add_target(test, ctx), 0, PAGES(800), 0);

	set_evidence(r, hits, samples);
	r->expected = expectation(tally(&r->old));
	r->age = 7;
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
	t = tally(&r->now);
	KUNIT_EXPECT_LE(test, abs_diff(t.samples / 2, t.hits), t.samples / 100);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 10);
	KUNIT_EXPECT_LE(test, tally(&r->old).samples, WINDOW);
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

	r->old.hits[0] = c->old_hits * SAMPLE;
	r->old.samples[0] = c->old_samples * SAMPLE;
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
		r->sampling_pending = false;
		ctx->nr_samples++;
	}
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 20);
	KUNIT_EXPECT_EQ(test, r->age, 8);
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
		KUNIT_ASSERT_LE(test, tally(&r->old).samples, WINDOW);
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
		damon_region_record(r, prandom_u32_state(&rng) % 10 < 3);
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
	KUNIT_EXPECT_EQ(test, r->age, 1);
	KUNIT_EXPECT_EQ(test, tally(&r->old).hits, 0);
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
	r->old.hits[2] = c->hits * SAMPLE;
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

/* In how many of @nr sampling intervals is @r looked at, and no access found? */
static unsigned int nr_looks(struct damon_ctx *ctx, struct damon_region *r, unsigned int nr)
{
	unsigned int i, looks = 0;

	for (i = 0; i < nr; i++) {
		if (damon_region_rests(r))
			continue;
		take_samples(ctx, r, 1, 0);
		looks++;
	}
	return looks;
}

static const struct rest_case {
	const char *name;
	unsigned int hits, samples;
	unsigned long pages;
	bool rests;
} rest_cases[] = {
	{ "no access", 0, 400, 800, true },
	{ "too few samples", 0, 300, 800, false },
	{ "an access", 1, 400, 800, false },
	{ "all accesses", 400, 400, 800, false },
	{ "large", 0, 400, 1UL << 18, true },
	{ "too large", 0, 400, (1UL << 18) + 8, false },
};

KUNIT_ARRAY_PARAM_DESC(rest, rest_cases, name);

static void what_is_known_to_be_idle_rests(struct kunit *test)
{
	const struct rest_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 37);
	struct damon_region *r = known_region(test, ctx, c->hits, c->samples);

	r->ar.end = PAGES(c->pages);
	/* It has a sample, which finds no change. */
	take_samples(ctx, r, 1, c->hits == c->samples);
	end_aggregation(ctx);
	take_samples(ctx, r, 1, c->hits == c->samples);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 100), c->rests ? 20 : 100);
}

static void an_access_ends_the_rest(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 38);
	struct damon_region *r = known_region(test, ctx, 0, 400);

	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 21), 5);
	take_samples(ctx, r, 1, 1);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 20), 20);
	end_aggregation(ctx);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, r, 20), 20);
}

/* A merged region has the rest of both; a piece to look at has none. */
static void rest_goes_with_the_evidence(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 39);
	struct damon_region *l = known_region(test, ctx, 0, 400), *r;
	struct damon_target *t = list_first_entry(&ctx->targets_list,
						  struct damon_target, list);

	end_aggregation(ctx);
	take_samples(ctx, l, 1, 0);
	KUNIT_ASSERT_EQ(test, damon_region_split(l, t, PAGES(400)), 0);
	r = list_next_entry(l, list);
	KUNIT_EXPECT_TRUE(test, damon_region_rests(l));
	KUNIT_EXPECT_TRUE(test, damon_region_rests(r));
	awake(r);
	set_evidence(l, 0, 400);
	set_evidence(r, 4, 400);
	merge_two(l, r, t);
	KUNIT_EXPECT_FALSE(test, damon_region_rests(l));
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, l, 20), 20);
	set_evidence(l, 0, 400);
	end_aggregation(ctx);
	take_samples(ctx, l, 1, 0);
	KUNIT_EXPECT_TRUE(test, damon_region_rests(l));
	look_anew(l);
	KUNIT_EXPECT_EQ(test, nr_looks(ctx, l, 20), 20);
}

static void forget_begins_a_new_count(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 27);
	struct damon_region *r = known_region(test, ctx, 0, 0);

	take_samples(ctx, r, 20, 2);
	end_aggregation(ctx);
	KUNIT_EXPECT_NE(test, r->last_hit, 0);
	damon_regions_forget(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->last_hit, 0);
	KUNIT_EXPECT_EQ(test, tally(&r->old).hits, 10 * SAMPLE);
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
		r->old.hits[i] = c->hits[i] * SAMPLE;
	damon_regions_cut(ctx);
	expect_rows(test, t, c->want, PAGE_SIZE);
}

static void cut_leaves_small_regions_alone(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 29);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(15), 0);

	set_evidence(r, 0, 160);
	r->old.hits[0] = 20 * SAMPLE;
	damon_regions_cut(ctx);
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
		unsigned int nr_young = 0;

		set_evidence(r, 0, 160);
		r->old.hits[bin_of(r, at)] += SAMPLE;
		r->last_hit = at + 5;
		damon_regions_search(ctx);
		expect_sound(test, t);
		KUNIT_EXPECT_EQ(test, total_pages(ctx), 6400);
		damon_for_each_region(r, t) {
			if (!r->young)
				continue;
			nr_young++;
			KUNIT_EXPECT_LE(test, r->ar.start, at);
			KUNIT_EXPECT_GT(test, r->ar.end, at);
			/* 1/64 of the region to each side */
			KUNIT_EXPECT_LE(test, damon_region_size(r), PAGES(200));
			KUNIT_EXPECT_GE(test, damon_region_size(r), PAGES(100));
			KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 0);
		}
		KUNIT_EXPECT_EQ(test, nr_young, 1);
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
	damon_regions_search(ctx);
	expect_rows(test, t, want, PAGE_SIZE);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, (bool)r->young, damon_region_size(r) == PAGES(20));
}

/* A hint is taken where the samples know nothing, and the piece knows nothing yet. */
static void hint_makes_a_piece_without_a_past(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 33);
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(100), 3);

	ctx->nr_samples = 20;
	ctx->takes_samples = true;
	set_evidence(r, 24, 160);
	KUNIT_EXPECT_FALSE(test, damon_region_hint(ctx, t, r, PAGES(50), PAGES(70)));
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);

	set_evidence(r, 16, 160);
	r->now.samples[0] = 20 * SAMPLE;
	r->age = 5;
	KUNIT_EXPECT_TRUE(test, damon_region_hint(ctx, t, r, PAGES(50), PAGES(70)));
	KUNIT_ASSERT_EQ(test, t->nr_regions, 3);
	r = list_next_entry(r, list);
	KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 0);

	/* The aggregation ends before its first sample. */
	damon_regions_count(ctx);
	KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 0);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 1);
	KUNIT_EXPECT_EQ(test, list_prev_entry(r, list)->age, 6);
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
			r->old.hits[3] = 20 * SAMPLE;
		}
		damon_regions_cut(ctx);
		KUNIT_EXPECT_LE(test, t->nr_regions, max);
		KUNIT_EXPECT_GE(test, t->nr_regions, min(30, max - 1));
		expect_sound(test, t);
	}
}

/*
 * All of it together: one spot of 1/128, found and bordered exactly, and in the
 * end only the regions that search.
 */
static void a_hot_spot_is_found(struct kunit *test)
{
	const struct damon_addr_range spot = { PAGES(70000), PAGES(72048) };
	struct damon_ctx *ctx = test_ctx(test, 33);
	struct damon_target *t = add_target(test, ctx);
	unsigned long hot = 0, wrong = 0;
	struct damon_region *r;
	unsigned int i, j;

	add_region(test, t, 0, PAGES(1 << 18), 0);
	damon_regions_refit(ctx);
	for (i = 0; i < 30; i++) {
		cond_resched();
		for (j = 0; j < 20; j++) {
			damon_for_each_region(r, t) {
				damon_region_pick(ctx, r);
				damon_region_record(r, r->sampling_addr >= spot.start &&
						    r->sampling_addr < spot.end);
			}
			ctx->nr_samples++;
		}
		end_aggregation(ctx);
		damon_regions_merge(ctx);
		damon_regions_cut(ctx);
		if (i == 29)
			break;
		damon_regions_search(ctx);
		damon_regions_forget(ctx);
		expect_sound(test, t);
	}
	damon_for_each_region(r, t) {
		unsigned long start = max(r->ar.start, spot.start);
		unsigned long end = min(r->ar.end, spot.end);
		unsigned long in = start < end ? end - start : 0;

		if (r->nr_accesses >= 10) {
			hot += in;
			wrong += damon_region_size(r) - in;
		}
	}
	KUNIT_EXPECT_GE(test, hot, (spot.end - spot.start) / 100 * 95);
	KUNIT_EXPECT_LE(test, wrong, (spot.end - spot.start) / 100 * 5);
	KUNIT_EXPECT_LE(test, t->nr_regions, 65);
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

static void random_evidence(struct damon_ctx *ctx, struct rnd_state *rng)
{
	struct damon_target *t;
	struct damon_region *r;
	unsigned int i;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_region_pick(ctx, r);
			for (i = 0; i < NR_BINS; i++) {
				r->now.samples[i] = rand_below(rng, 10 * SAMPLE);
				r->now.hits[i] = rand_below(rng, r->now.samples[i] + 1) *
					rand_below(rng, 2);
			}
			r->last_hit = rand_below(rng, 2) ? r->sampling_addr : 0;
		}
	}
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
			cond_resched();
			random_evidence(ctx, &rng);
			damon_regions_count(ctx);
			damon_regions_merge(ctx);
			KUNIT_ASSERT_LE(test, damon_nr_regions(ctx), most);
			KUNIT_ASSERT_GE(test, damon_nr_regions(ctx),
					min(ctx->min_nr_regions, nr_pages));
			damon_regions_cut(ctx);
			damon_regions_search(ctx);
			damon_regions_forget(ctx);

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
	unsigned int i;

	ctx->max_nr_regions = 40;
	for (i = 0; i < 40; i++)
		add_region(test, t, PAGES(25 * i), PAGES(25 * i + 25), 0);
	damon_regions_refit(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sz_limit, PAGES(100));
	damon_regions_merge(ctx);
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
	damon_regions_merge(ctx);
	KUNIT_EXPECT_LE(test, t->nr_regions, 44);
	KUNIT_EXPECT_GE(test, t->nr_regions, ctx->min_nr_regions);
	damon_for_each_region(r, t)
		nr_hot += tally(&r->old).hits == tally(&r->old).samples;
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
	damon_regions_merge(ctx);
	/* An eighth of those that are allowed stays free. */
	KUNIT_EXPECT_EQ(test, t->nr_regions, 91);
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

static void fit_keeps_what_is_known(struct kunit *test)
{
	/* Of 16 pages, the hot quarter at the left goes, and 4 new ones come. */
	const struct damon_addr_range range = { PAGES(4), PAGES(20) };
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(16), 3);

	r->age = 12;
	set_evidence(r, 0, 160);
	r->old.hits[0] = 20 * SAMPLE;
	r->old.hits[1] = 20 * SAMPLE;
	r->old.hits[2] = 10 * SAMPLE;
	r->sampling_addr = PAGES(9);
	r->sampling_pending = true;
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, &range, 1), 0);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 1);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	KUNIT_EXPECT_EQ(test, r->age, 12);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 3);
	KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 120 * SAMPLE);
	KUNIT_EXPECT_EQ(test, r->old.hits[0], 10 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->old).hits, 10 * SAMPLE);
	/* Nothing is known of the new ones. */
	KUNIT_EXPECT_EQ(test, tally_bins(&r->old, 6, 8).samples, 0);
	KUNIT_EXPECT_TRUE(test, r->sampling_pending);
	KUNIT_EXPECT_EQ(test, r->sampling_addr, PAGES(9));
}

static void fit_drops_a_sample_of_what_went(struct kunit *test)
{
	const struct damon_addr_range range = { PAGES(4), PAGES(16) };
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(16), 3);

	r->sampling_addr = PAGES(3);
	r->sampling_pending = true;
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, &range, 1), 0);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	KUNIT_EXPECT_FALSE(test, r->sampling_pending);
}

static void fit_divides_the_evidence(struct kunit *test)
{
	const struct damon_addr_range ranges[] = {
		{ 0, PAGES(4) }, { PAGES(4), PAGES(8) }, { PAGES(12), PAGES(16) },
	};
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(16), 3);

	set_evidence(r, 80, 160);
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, ranges, 3), 0);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 3);
	damon_for_each_region(r, t) {
		KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 40 * SAMPLE);
		KUNIT_EXPECT_EQ(test, tally(&r->old).hits, 20 * SAMPLE);
	}
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

static void cut_without_memory_changes_nothing(struct kunit *test)
{
	const struct row want[MAX_ROWS] = { { 0, 800, 7 } };
	struct damon_ctx *ctx = test_ctx(test, 15);
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(800), 7);
	int err;

	need_failslab(test);
	set_evidence(r, 0, 160);
	fail_begin(1);
	err = damon_region_split(r, t, PAGES(25));
	KUNIT_EXPECT_TRUE(test, fail_end());
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	r->old.hits[0] = 20 * SAMPLE;
	fail_begin(1);
	cut_where_bins_differ(ctx, t, r);
	KUNIT_EXPECT_TRUE(test, fail_end());
	r->nr_accesses = 7;
	r->old.hits[0] = SAMPLE;
	r->last_hit = PAGES(50);
	fail_begin(1);
	cut_seed(t, r);
	KUNIT_EXPECT_TRUE(test, fail_end());
	expect_rows(test, t, want, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, tally(&r->old).samples, 160 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->old).hits, SAMPLE);
	KUNIT_EXPECT_FALSE(test, r->young);
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
	KUNIT_CASE(split_leaves_a_pending_sample_where_it_is),
	KUNIT_CASE_PARAM(split_evenly_is_even, even_gen_params),
	KUNIT_CASE(split_evenly_refuses_no_region),
	KUNIT_CASE_PARAM(mean_is_weighted_by_size, mean_gen_params),
	KUNIT_CASE(merge_two_takes_the_mean),
	KUNIT_CASE(merge_keeps_the_rate),
	KUNIT_CASE_PARAM(merge_joins_what_agrees, merge_gen_params),
	KUNIT_CASE_PARAM(g_is_as_the_books_say, g_gen_params),
	KUNIT_CASE(bins_are_the_pages_of_a_region),
	KUNIT_CASE(pick_takes_turns),
	KUNIT_CASE(pick_reaches_each_page),
	KUNIT_CASE(any_number_of_samples_keeps_the_rate),
	KUNIT_CASE_PARAM(count_is_the_rate_by_all_evidence, count_gen_params),
	KUNIT_CASE_PARAM(counts_of_others_count, foreign_gen_params),
	KUNIT_CASE(counts_of_others_need_no_rest),
	KUNIT_CASE(samples_without_an_answer_are_none),
	KUNIT_CASE(old_evidence_fades),
	KUNIT_CASE(change_is_reported_at_once),
	KUNIT_CASE_PARAM(change_needs_no_more_samples_where_there_are_few, few_gen_params),
	KUNIT_CASE(surprises_may_come_in_several_aggregations),
	KUNIT_CASE(steady_use_is_no_change_where_there_are_few),
	KUNIT_CASE(change_leaves_no_mixture),
	KUNIT_CASE_PARAM(rare_accesses_stand_out, rare_gen_params),
	KUNIT_CASE(pause_is_no_end),
	KUNIT_CASE(two_surprises_are_no_change),
	KUNIT_CASE_PARAM(what_is_known_to_be_idle_rests, rest_gen_params),
	KUNIT_CASE(an_access_ends_the_rest),
	KUNIT_CASE(rest_goes_with_the_evidence),
	KUNIT_CASE(forget_begins_a_new_count),
	KUNIT_CASE_PARAM(cut_is_where_the_evidence_says, cut_gen_params),
	KUNIT_CASE(cut_leaves_small_regions_alone),
	KUNIT_CASE(search_looks_around_a_hit),
	KUNIT_CASE(search_feels_beyond_a_hot_edge),
	KUNIT_CASE(hint_makes_a_piece_without_a_past),
	KUNIT_CASE(hints_leave_an_eighth_of_the_regions),
	KUNIT_CASE(cut_keeps_to_max_nr_regions),
	KUNIT_CASE(a_hot_spot_is_found),
	KUNIT_CASE(limits_hold_over_many_aggregations),
	KUNIT_CASE(merged_regions_respect_the_size_limit),
	KUNIT_CASE(surplus_is_merged_best_first),
	KUNIT_CASE(surplus_is_merged_no_further_than_needed),
	KUNIT_CASE_PARAM(fit_follows_the_memory, fit_gen_params),
	KUNIT_CASE_PARAM(fit_refuses_bad_ranges_whole, bad_fit_gen_params),
	KUNIT_CASE(fit_keeps_what_is_known),
	KUNIT_CASE(fit_drops_a_sample_of_what_went),
	KUNIT_CASE(fit_divides_the_evidence),
	KUNIT_CASE(fit_covers_exactly_the_ranges),
	KUNIT_CASE(fit_without_memory_changes_nothing),
	KUNIT_CASE(cut_without_memory_changes_nothing),
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
