// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of region.c, which is where this file is included: regions are made, split and
 * fitted to memory as promised.  What holds for any layout is tried on many, drawn
 * with fixed seeds.
 */
#include "regions.h"

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
	KUNIT_EXPECT_EQ(test, damon_nr_pages(ctx), 6);
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
	const struct row want[MAX_ROWS] = { { 0, 40, 7 }, { 40, 80, 7 }, { 80, 90 } };
	struct damon_target *t = test_target(test);
	struct damon_region *l = add_region(test, t, 0, PAGES(80), 7), *r;
	unsigned int i;

	add_region(test, t, PAGES(80), PAGES(90), 0);
	l->age = 3;
	set_evidence(l, 0, 160);
	for (i = 0; i < 4; i++)
		l->known.hits[i] = 5 * SAMPLE;
	KUNIT_ASSERT_EQ(test, split_region(l, t, PAGES(40)), 0);
	expect_rows(test, t, want, PAGE_SIZE);
	r = list_next_entry(l, list);
	KUNIT_EXPECT_EQ(test, r->age, 3);
	/* The hits were in the left half. */
	KUNIT_EXPECT_EQ(test, tally(&l->known).samples, 80 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&l->known).hits, 20 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 80 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->known).hits, 0);
}

static void split_leaves_a_pending_sample_where_it_is(struct kunit *test)
{
	struct damon_target *t = test_target(test);
	unsigned int page;

	for (page = 0; page < 10; page++) {
		struct damon_region *l = add_region(test, t, 0, PAGES(10), 0), *r, *has;

		l->sampling_addr = PAGES(page);
		l->sample.pending = true;
		l->sample.marked = true;
		KUNIT_ASSERT_EQ(test, split_region(l, t, PAGES(4)), 0);
		r = list_next_entry(l, list);
		has = page < 4 ? l : r;
		KUNIT_EXPECT_EQ(test, (bool)l->sample.pending, has == l);
		KUNIT_EXPECT_EQ(test, (bool)r->sample.pending, has == r);
		KUNIT_EXPECT_EQ(test, has->sampling_addr, PAGES(page));
		KUNIT_EXPECT_TRUE(test, has->sample.marked);
		merge_two(l, r, t);
		KUNIT_EXPECT_TRUE(test, l->sample.pending);
		KUNIT_EXPECT_EQ(test, l->sampling_addr, PAGES(page));
		damon_target_clear(t);
	}
}

static const struct even_case {
	const char *name;
	unsigned long start, end;	/* in pages */
	unsigned int nr_pieces;
	struct row want[MAX_ROWS + 1];
} even_cases[] = {
	{
		"100 pages by 10", 0, 100, 10,
		{ { 0, 10 }, { 10, 20 }, { 20, 30 }, { 30, 40 }, { 40, 50 },
		  { 50, 60 }, { 60, 70 }, { 70, 80 }, { 80, 90 }, { 90, 100 } },
	}, {
		"the last piece takes the rest", 5, 59, 5,
		{ { 5, 15 }, { 15, 25 }, { 25, 35 }, { 35, 45 }, { 45, 59 } },
	}, {
		"one piece", 5, 59, 1, { { 5, 59 } },
	}, {
		"one page each", 0, 3, 3, { { 0, 1 }, { 1, 2 }, { 2, 3 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(even, even_cases, name);

static void split_evenly_is_even(struct kunit *test)
{
	const struct even_case *c = test->param_value;
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, PAGES(c->start), PAGES(c->end), 0);

	KUNIT_EXPECT_EQ(test, split_evenly(r, t, c->nr_pieces), 0);
	expect_rows(test, t, c->want, PAGE_SIZE);
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
		"new memory was not idle", { { 0, 10 }, { 20, 30, 2 } }, { { 0, 12 }, { 18, 30 } },
		{ { 0, 10 }, { 10, 12 }, { 18, 30, 2 } },
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

/* Nothing is made anew where nothing has changed. */
static void fit_leaves_alone_what_fits(struct kunit *test)
{
	static const struct row rows[MAX_ROWS] = {
		{ 0, 10, 1 }, { 10, 20, 2 }, { 25, 30, 3 }, { 30, 40, 4 },
	};
	const struct damon_addr_range fit[] = {
		{ PAGES(0), PAGES(20) }, { PAGES(25), PAGES(40) },
	};
	const struct damon_addr_range parts[] = {
		{ PAGES(0), PAGES(10) }, { PAGES(10), PAGES(20) }, { PAGES(25), PAGES(40) },
	};
	struct damon_target *t = test_target(test);
	struct damon_region *first;

	add_rows(test, t, rows, PAGE_SIZE);
	first = list_first_entry(&t->regions_list, struct damon_region, list);
	KUNIT_EXPECT_TRUE(test, fits_already(t, fit, 2));
	KUNIT_EXPECT_FALSE(test, fits_already(t, fit, 1));
	KUNIT_EXPECT_FALSE(test, fits_already(t, fit + 1, 1));
	KUNIT_EXPECT_FALSE(test, fits_already(t, fit, 0));
	KUNIT_EXPECT_TRUE(test, fits_already(t, parts, 3));
	KUNIT_EXPECT_FALSE(test, fits_already(t, parts, 2));
	KUNIT_EXPECT_EQ(test, damon_target_fit(t, fit, 2), 0);
	KUNIT_EXPECT_PTR_EQ(test, first, list_first_entry(&t->regions_list,
							  struct damon_region, list));
	expect_rows(test, t, rows, PAGE_SIZE);
	damon_target_clear(t);
	KUNIT_EXPECT_TRUE(test, fits_already(t, fit, 0));
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
	r->known.hits[0] = 20 * SAMPLE;
	r->known.hits[1] = 20 * SAMPLE;
	r->known.hits[2] = 10 * SAMPLE;
	r->sampling_addr = PAGES(9);
	r->sample.pending = true;
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, &range, 1), 0);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 1);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	KUNIT_EXPECT_EQ(test, r->age, 12);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 3);
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 120 * SAMPLE);
	KUNIT_EXPECT_EQ(test, r->known.hits[0], 10 * SAMPLE);
	KUNIT_EXPECT_EQ(test, tally(&r->known).hits, 10 * SAMPLE);
	/* Nothing is known of the new ones. */
	KUNIT_EXPECT_EQ(test, tally_bins(&r->known, 6, 8).samples, 0);
	KUNIT_EXPECT_TRUE(test, r->sample.pending);
	KUNIT_EXPECT_EQ(test, r->sampling_addr, PAGES(9));
}

static void fit_drops_a_sample_of_what_went(struct kunit *test)
{
	const struct damon_addr_range range = { PAGES(4), PAGES(16) };
	struct damon_target *t = test_target(test);
	struct damon_region *r = add_region(test, t, 0, PAGES(16), 3);

	r->sampling_addr = PAGES(3);
	r->sample.pending = true;
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, &range, 1), 0);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	KUNIT_EXPECT_FALSE(test, r->sample.pending);
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
		KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 40 * SAMPLE);
		KUNIT_EXPECT_EQ(test, tally(&r->known).hits, 20 * SAMPLE);
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
	KUNIT_CASE_PARAM(fit_follows_the_memory, fit_gen_params),
	KUNIT_CASE(fit_leaves_alone_what_fits),
	KUNIT_CASE_PARAM(fit_refuses_bad_ranges_whole, bad_fit_gen_params),
	KUNIT_CASE(fit_keeps_what_is_known),
	KUNIT_CASE(fit_drops_a_sample_of_what_went),
	KUNIT_CASE(fit_divides_the_evidence),
	KUNIT_CASE(fit_covers_exactly_the_ranges),
	KUNIT_CASE(fit_without_memory_changes_nothing),
	{}
};

static struct kunit_suite damon_region_suite = {
	.name = "damon_region",
	.test_cases = damon_region_cases,
};

kunit_test_suite(damon_region_suite);
