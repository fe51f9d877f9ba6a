// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of ranges.c, which is where this file is included: which ranges are made
 * of which pieces.
 */
#include <linux/sort.h>

#include "helper.h"

#define MAX_PIECES 10

static const struct ranges_case {
	const char *name;
	unsigned int max_ranges;
	unsigned long tolerance;
	struct damon_addr_range pieces[MAX_PIECES], want[MAX_PIECES];
} ranges_cases[] = {
	{
		"the two largest holes", 3, 0,
		{ { 10, 20 }, { 20, 25 }, { 200, 210 }, { 210, 220 },
		  { 300, 305 }, { 307, 330 } },
		{ { 10, 25 }, { 200, 220 }, { 300, 330 } },
	}, {
		"more ranges than holes", 8, 0,
		{ { 10, 20 }, { 20, 25 }, { 200, 210 }, { 210, 220 },
		  { 300, 305 }, { 307, 330 } },
		{ { 10, 25 }, { 200, 220 }, { 300, 305 }, { 307, 330 } },
	}, {
		"one range", 1, 0,
		{ { 10, 20 }, { 200, 210 }, { 300, 305 } }, { { 10, 305 } },
	}, {
		"two ranges", 2, 0,
		{ { 10, 20 }, { 200, 210 }, { 300, 305 } }, { { 10, 20 }, { 200, 305 } },
	}, {
		"holes grow upwards", 3, 0,
		{ { 0, 1 }, { 2, 3 }, { 5, 6 }, { 9, 10 }, { 14, 15 } },
		{ { 0, 6 }, { 9, 10 }, { 14, 15 } },
	}, {
		"holes shrink upwards", 3, 0,
		{ { 0, 1 }, { 5, 6 }, { 9, 10 }, { 12, 13 }, { 14, 15 } },
		{ { 0, 1 }, { 5, 6 }, { 9, 15 } },
	}, {
		"of equal holes the first", 3, 0,
		{ { 0, 1 }, { 3, 4 }, { 6, 7 }, { 9, 10 }, { 12, 13 } },
		{ { 0, 1 }, { 3, 4 }, { 6, 13 } },
	}, {
		"a larger hole takes the place of the last equal", 3, 0,
		{ { 0, 1 }, { 3, 4 }, { 6, 7 }, { 19, 20 } },
		{ { 0, 1 }, { 3, 7 }, { 19, 20 } },
	}, {
		"no hole", 3, 0, { { 5, 7 }, { 7, 9 } }, { { 5, 9 } },
	}, {
		"one piece", 3, 0, { { 5, 7 } }, { { 5, 7 } },
	}, {
		"no piece", 3, 0, { }, { },
	}, {
		"a piece that was seen twice", 3, 0,
		{ { 5, 7 }, { 5, 8 }, { 6, 7 }, { 9, 10 } }, { { 5, 8 }, { 9, 10 } },
	}, {
		"from address 0", 3, 0, { { 0, 7 }, { 9, 10 } }, { { 0, 7 }, { 9, 10 } },
	}, {
		"as many small holes as are tolerated", 8, 4,
		{ { 10, 20 }, { 22, 30 }, { 32, 40 }, { 43, 50 } },
		{ { 10, 40 }, { 43, 50 } },
	}, {
		"of equal holes the last are covered", 8, 5,
		{ { 10, 20 }, { 22, 30 }, { 32, 40 }, { 42, 50 } },
		{ { 10, 20 }, { 22, 50 } },
	}, {
		"a hole that is one too large", 8, 4,
		{ { 10, 20 }, { 25, 30 } }, { { 10, 20 }, { 25, 30 } },
	}, {
		"all holes are tolerated", 8, 1000,
		{ { 10, 20 }, { 25, 30 }, { 60, 70 } }, { { 10, 70 } },
	}, {
		"what there is no room for uses up the tolerance", 3, 6,
		{ { 10, 20 }, { 23, 30 }, { 34, 40 }, { 45, 50 } },
		{ { 10, 30 }, { 34, 40 }, { 45, 50 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(ranges, ranges_cases, name);

static void largest_holes_are_left_out(struct kunit *test)
{
	const struct ranges_case *c = test->param_value;
	struct damon_ranges *rs = test_ranges(test, c->max_ranges);
	unsigned int i;

	for (i = 0; c->pieces[i].end; i++)
		damon_ranges_add(rs, c->pieces[i].start, c->pieces[i].end);
	damon_ranges_finish(rs, c->tolerance);
	for (i = 0; i < rs->nr; i++) {
		KUNIT_EXPECT_EQ(test, rs->ranges[i].start, c->want[i].start);
		KUNIT_EXPECT_EQ(test, rs->ranges[i].end, c->want[i].end);
	}
	KUNIT_EXPECT_EQ(test, c->want[rs->nr].end, 0);
}

static void kept_hole_is_left_out_whatever_its_size(struct kunit *test)
{
	struct damon_ranges *rs = test_ranges(test, 2);

	damon_ranges_add(rs, 10, 20);
	damon_ranges_add(rs, 30, 40);
	damon_ranges_keep_hole(rs);
	damon_ranges_add(rs, 41, 50);
	damon_ranges_add(rs, 90, 99);
	damon_ranges_finish(rs, 1000);
	KUNIT_ASSERT_EQ(test, rs->nr, 2);
	KUNIT_EXPECT_EQ(test, rs->ranges[0].start, 10);
	KUNIT_EXPECT_EQ(test, rs->ranges[0].end, 40);
	KUNIT_EXPECT_EQ(test, rs->ranges[1].start, 41);
	KUNIT_EXPECT_EQ(test, rs->ranges[1].end, 99);
}

/* === Many pieces === */

#define NR_PIECES 10000

static const struct many_case {
	const char *name;
	unsigned int max_ranges, share;
} many_cases[] = {
	{ "one range", 1, 16 },
	{ "no tolerance, little room", 64, 0 },
	{ "little room", 500, 16 },
	{ "much room", 8000, 16 },
	{ "room for all", 500000, 16 },
	{ "room for all, no tolerance", NR_PIECES, 0 },
};

KUNIT_ARRAY_PARAM_DESC(many, many_cases, name);

/* Sizes from a page to 64 GiB, each power of two as often as the others. */
static unsigned long rand_size(struct rnd_state *rng)
{
	return PAGES(BIT(rand_below(rng, 24)) + rand_below(rng, 100));
}

static int cmp_sizes(const void *a, const void *b)
{
	const unsigned long *l = a, *r = b;

	return *l < *r ? 1 : *l > *r ? -1 : 0;
}

/*
 * The best that there is: as few ranges as cover no more than @tolerance of @holes, or
 * @max_ranges.  Return the bytes of holes that they cover.
 */
static unsigned long best_ranges(unsigned long *holes, unsigned int nr_holes,
				 unsigned int max_ranges, unsigned long tolerance,
				 unsigned int *nr_ranges)
{
	unsigned long covered = 0;
	unsigned int i;

	sort(holes, nr_holes, sizeof(*holes), cmp_sizes, NULL);
	for (i = 0; i < nr_holes; i++)
		covered += holes[i];
	for (i = 0; i < nr_holes && i < max_ranges - 1 && covered > tolerance; i++)
		covered -= holes[i];
	*nr_ranges = i + 1;
	return covered;
}

static void expect_covered(struct kunit *test, const struct damon_ranges *rs,
			   const struct damon_addr_range *pieces, unsigned int nr)
{
	unsigned int i, j = 0;

	for (i = 0; i < nr; i++) {
		while (j < rs->nr && rs->ranges[j].end < pieces[i].end)
			j++;
		KUNIT_ASSERT_LT(test, j, rs->nr);
		KUNIT_ASSERT_LE(test, rs->ranges[j].start, pieces[i].start);
	}
}

static void ranges_of_many_pieces_are_the_best(struct kunit *test)
{
	const struct many_case *c = test->param_value;
	struct damon_addr_range *pieces = kunit_kcalloc(test, NR_PIECES, sizeof(*pieces),
							GFP_KERNEL);
	unsigned long *holes = kunit_kcalloc(test, NR_PIECES, sizeof(*holes), GFP_KERNEL);
	unsigned long mapped = 0, pos = PAGES(16), covered, sum = 0;
	struct damon_ranges *rs = test_ranges(test, c->max_ranges);
	unsigned int i, nr_ranges;
	struct rnd_state rng;

	KUNIT_ASSERT_NOT_NULL(test, pieces);
	KUNIT_ASSERT_NOT_NULL(test, holes);
	if (BITS_PER_LONG < 64)
		kunit_skip(test, "needs 47 bits of addresses");
	prandom_seed_state(&rng, 1);
	for (i = 0; i < NR_PIECES; i++) {
		pieces[i].start = pos;
		pieces[i].end = pos + rand_size(&rng);
		mapped += pieces[i].end - pieces[i].start;
		holes[i] = rand_size(&rng);
		pos = pieces[i].end + holes[i];
		damon_ranges_add(rs, pieces[i].start, pieces[i].end);
	}
	KUNIT_EXPECT_EQ(test, rs->mapped, mapped);
	covered = best_ranges(holes, NR_PIECES - 1, c->max_ranges,
			      c->share ? mapped / c->share : 0, &nr_ranges);
	damon_ranges_finish(rs, c->share ? mapped / c->share : 0);

	KUNIT_EXPECT_EQ(test, rs->nr, nr_ranges);
	for (i = 0; i < rs->nr; i++)
		sum += rs->ranges[i].end - rs->ranges[i].start;
	KUNIT_EXPECT_EQ(test, sum, mapped + covered);
	expect_covered(test, rs, pieces, NR_PIECES);
}

/* === How many === */

static const struct max_ranges_case {
	unsigned long max_nr_regions;
	unsigned int nr_targets, want;
} max_ranges_cases[] = {
	{ 1000, 1, 500 },
	{ 1000, 4, 125 },
	{ 100, 5, 10 },
	{ 12, 1, 6 },
	{ 3, 1, 1 },
	{ 100, 49, 1 },
	{ 100, 100, 1 },
	{ DAMON_MAX_ATTR_REGIONS, 1, DAMON_MAX_ATTR_REGIONS / 2 },
};

static void max_ranges_desc(const struct max_ranges_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu regions, %u targets",
		 c->max_nr_regions, c->nr_targets);
}

KUNIT_ARRAY_PARAM(max_ranges, max_ranges_cases, max_ranges_desc);

static void ranges_take_half_of_the_regions(struct kunit *test)
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
	KUNIT_CASE_PARAM(largest_holes_are_left_out, ranges_gen_params),
	KUNIT_CASE(kept_hole_is_left_out_whatever_its_size),
	KUNIT_CASE_PARAM(ranges_of_many_pieces_are_the_best, many_gen_params),
	KUNIT_CASE_PARAM(ranges_take_half_of_the_regions, max_ranges_gen_params),
	{}
};

static struct kunit_suite damon_ranges_suite = {
	.name = "damon_ranges",
	.test_cases = damon_ranges_cases,
};

kunit_test_suite(damon_ranges_suite);
