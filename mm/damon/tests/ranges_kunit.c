// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of ranges.c, which is where this file is included: which ranges are made
 * of which pieces.
 */
#include "helper.h"

#define MAX_MAPPINGS 10

static const struct holes_case {
	const char *name;
	unsigned int max_ranges;
	struct damon_addr_range mappings[MAX_MAPPINGS], want[MAX_MAPPINGS];
} holes_cases[] = {
	{
		"the two largest holes", 3,
		{ { 10, 20 }, { 20, 25 }, { 200, 210 }, { 210, 220 },
		  { 300, 305 }, { 307, 330 } },
		{ { 10, 25 }, { 200, 220 }, { 300, 330 } },
	}, {
		"more ranges than holes", 8,
		{ { 10, 20 }, { 20, 25 }, { 200, 210 }, { 210, 220 },
		  { 300, 305 }, { 307, 330 } },
		{ { 10, 25 }, { 200, 220 }, { 300, 305 }, { 307, 330 } },
	}, {
		"one range", 1,
		{ { 10, 20 }, { 200, 210 }, { 300, 305 } }, { { 10, 305 } },
	}, {
		"two ranges", 2,
		{ { 10, 20 }, { 200, 210 }, { 300, 305 } }, { { 10, 20 }, { 200, 305 } },
	}, {
		"holes grow upwards", 3,
		{ { 0, 1 }, { 2, 3 }, { 5, 6 }, { 9, 10 }, { 14, 15 } },
		{ { 0, 6 }, { 9, 10 }, { 14, 15 } },
	}, {
		"holes shrink upwards", 3,
		{ { 0, 1 }, { 5, 6 }, { 9, 10 }, { 12, 13 }, { 14, 15 } },
		{ { 0, 1 }, { 5, 6 }, { 9, 15 } },
	}, {
		"of equal holes the first", 3,
		{ { 0, 1 }, { 3, 4 }, { 6, 7 }, { 9, 10 }, { 12, 13 } },
		{ { 0, 1 }, { 3, 4 }, { 6, 13 } },
	}, {
		"a larger hole takes the place of the last equal", 3,
		{ { 0, 1 }, { 3, 4 }, { 6, 7 }, { 19, 20 } },
		{ { 0, 1 }, { 3, 7 }, { 19, 20 } },
	}, {
		"no hole", 3, { { 5, 7 }, { 7, 9 } }, { { 5, 9 } },
	}, {
		"one mapping", 3, { { 5, 7 } }, { { 5, 7 } },
	}, {
		"no mapping", 3, { }, { },
	}, {
		"a mapping that was seen twice", 3,
		{ { 5, 7 }, { 5, 8 }, { 6, 7 }, { 9, 10 } }, { { 5, 8 }, { 9, 10 } },
	}, {
		"from address 0", 3, { { 0, 7 }, { 9, 10 } }, { { 0, 7 }, { 9, 10 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(holes, holes_cases, name);

static void largest_holes_are_left_out(struct kunit *test)
{
	const struct holes_case *c = test->param_value;
	struct damon_holes *h = test_holes(test, c->max_ranges);
	unsigned int i, nr;

	for (i = 0; c->mappings[i].end; i++)
		damon_holes_add(h, c->mappings[i].start, c->mappings[i].end);
	nr = damon_holes_to_ranges(h);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, h->hole[i].start, c->want[i].start);
		KUNIT_EXPECT_EQ(test, h->hole[i].end, c->want[i].end);
	}
	KUNIT_EXPECT_EQ(test, c->want[nr].end, 0);
}

/* The size of the smallest of @n largest of @nr holes. */
static unsigned long nth_largest(unsigned long *sizes, unsigned int nr, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < nr; j++)
			if (sizes[j] > sizes[i])
				swap(sizes[i], sizes[j]);
	return sizes[n - 1];
}

#define NR_RANDOM 200

static void ranges_cover_all_but_the_largest_holes(struct kunit *test)
{
	unsigned long *sizes = kunit_kcalloc(test, NR_RANDOM, sizeof(*sizes), GFP_KERNEL);
	const struct damon_addr_range *ranges;
	struct damon_holes *h;
	struct rnd_state rng;
	unsigned int round;

	KUNIT_ASSERT_NOT_NULL(test, sizes);
	prandom_seed_state(&rng, 1);
	for (round = 0; round < 200; round++) {
		unsigned int i, nr, want = 1 + rand_below(&rng, MAX_RANGES);
		unsigned long pos = 1 + rand_below(&rng, 100), start = pos, least;

		h = test_holes(test, want);
		ranges = h->hole;
		for (i = 0; i < NR_RANDOM; i++) {
			unsigned long end = pos + 1 + rand_below(&rng, 50);

			damon_holes_add(h, pos, end);
			sizes[i] = 1 + rand_below(&rng, 1000);
			pos = end + sizes[i];
		}
		nr = damon_holes_to_ranges(h);
		KUNIT_ASSERT_EQ(test, nr, want);
		KUNIT_EXPECT_EQ(test, ranges[0].start, start);
		KUNIT_EXPECT_EQ(test, ranges[nr - 1].end, pos - sizes[NR_RANDOM - 1]);
		if (nr == 1)
			continue;
		least = nth_largest(sizes, NR_RANDOM - 1, nr - 1);
		for (i = 1; i < nr; i++)
			KUNIT_ASSERT_GE(test, ranges[i].start - ranges[i - 1].end, least);
	}
}

static const struct max_ranges_case {
	unsigned long max_nr_regions;
	unsigned int nr_targets, want;
} max_ranges_cases[] = {
	{ 1000, 1, 64 },
	{ 1000, 4, 62 },
	{ 100, 1, 25 },
	{ 100, 5, 5 },
	{ 12, 1, 3 },
	{ 3, 1, 1 },
	{ 100, 100, 1 },
	{ INT_MAX, 1, 64 },
};

static void max_ranges_desc(const struct max_ranges_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu regions, %u targets",
		 c->max_nr_regions, c->nr_targets);
}

KUNIT_ARRAY_PARAM(max_ranges, max_ranges_cases, max_ranges_desc);

static void ranges_take_a_quarter_of_the_regions(struct kunit *test)
{
	const struct max_ranges_case *c = test->param_value;
	unsigned long *ids = kunit_kcalloc(test, c->nr_targets, sizeof(*ids), GFP_KERNEL);
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_ASSERT_NOT_NULL(test, ids);
	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, ids, c->nr_targets), 0);
	ctx->max_nr_regions = c->max_nr_regions;
	KUNIT_EXPECT_EQ(test, damon_max_ranges(ctx), c->want);
}

static struct kunit_case damon_ranges_cases[] = {
	KUNIT_CASE_PARAM(largest_holes_are_left_out, holes_gen_params),
	KUNIT_CASE(ranges_cover_all_but_the_largest_holes),
	KUNIT_CASE_PARAM(ranges_take_a_quarter_of_the_regions, max_ranges_gen_params),
	{}
};

static struct kunit_suite damon_ranges_suite = {
	.name = "damon_ranges",
	.test_cases = damon_ranges_cases,
};

kunit_test_suite(damon_ranges_suite);
