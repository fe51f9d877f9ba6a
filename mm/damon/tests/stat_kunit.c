// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of stat.c, which is where this file is included: numbers of regions that are known.
 */
#include "regions.h"

static const struct percentiles_case {
	const char *name;
	unsigned int nr;
	struct piece pieces[4];
	/* Of 0, 1, 50, 99 and 100. */
	s64 want[5];
} percentiles_cases[] = {
	{ "one", 1, { { 7, 1000 } }, { 7, 7, 7, 7, 7 } },
	{ "halves", 2, { { -5, 50 }, { 9, 50 } }, { -5, -5, -5, 9, 9 } },
	{ "a hundredth", 2, { { -5, 1 }, { 9, 99 } }, { -5, -5, 9, 9, 9 } },
	{ "less than that", 2, { { -5, 9 }, { 9, 991 } }, { -5, 9, 9, 9, 9 } },
	{ "the last one", 3, { { 1, 500 }, { 2, 499 }, { 3, 1 } }, { 1, 1, 1, 2, 3 } },
	{ "all that can be", 2, { { 1, 1ULL << 51 }, { 2, 1ULL << 51 } }, { 1, 1, 1, 2, 2 } },
	{ "none", 0, {}, {} },
};

KUNIT_ARRAY_PARAM_DESC(percentiles, percentiles_cases, name);

static void percentiles_are_those_of_the_memory(struct kunit *test)
{
	const struct percentiles_case *c = test->param_value;
	static const unsigned int at[] = { 0, 1, 50, 99, 100 };
	s64 *got = kunit_kzalloc(test, NR_PERCENTILES * sizeof(*got), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, got);
	set_percentiles(c->pieces, c->nr, got);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		KUNIT_EXPECT_EQ(test, got[at[i]], c->want[i]);
}

/* A quarter has been used for 8 s, the rest idle for 1 and for 100 s. */
static struct damon_ctx *known_ctx(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = add_target(test, ctx);
	static const struct {
		unsigned int pages, nr_accesses, age;
	} rows[] = { { 50, 0, 1000 }, { 25, 10, 80 }, { 25, 0, 10 } };
	unsigned long addr = 0;
	unsigned int i;

	damon_begin_aggregation(ctx);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct damon_region *r = add_region(test, t, addr, addr + PAGES(rows[i].pages),
						    rows[i].nr_accesses);

		r->age = rows[i].age;
		r->counted = rows[i].nr_accesses > 0;
		set_evidence(r, rows[i].nr_accesses, damon_max_nr_accesses(ctx));
		addr = r->ar.end;
	}
	return ctx;
}

/* From the last aggregation on, the tests need less than a second. */
static void expect_about(struct kunit *test, s64 got, s64 want)
{
	KUNIT_EXPECT_GT(test, got, want);
	KUNIT_EXPECT_LE(test, got, want + 1000);
}

static void regions_are_sorted_by_their_ages(struct kunit *test)
{
	struct damon_ctx *ctx = known_ctx(test);
	struct numbers before = shown;

	KUNIT_ASSERT_EQ(test, 0, look(ctx, NULL));
	expect_about(test, -shown.idle_ms[0], 8000);
	KUNIT_EXPECT_EQ(test, shown.idle_ms[0], shown.idle_ms[25]);
	expect_about(test, shown.idle_ms[26], 1000);
	expect_about(test, shown.idle_ms[50], 1000);
	expect_about(test, shown.idle_ms[51], 100000);
	KUNIT_EXPECT_EQ(test, shown.idle_ms[51], shown.idle_ms[100]);
	/* 25 pages, 10 times in 100 ms. */
	KUNIT_EXPECT_EQ(test, shown.bytes_per_s, PAGES(25) * 10 * 10);
	KUNIT_EXPECT_EQ(test, shown.aggr_us, 100000);
	shown = before;
}

/* For 8 s in use, and for a part of an aggregation not. */
static void use_that_has_just_ended_is_no_idle_time(struct kunit *test)
{
	struct damon_ctx *ctx = known_ctx(test);
	struct damon_target *t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	struct damon_region *r;
	struct numbers before = shown;

	damon_for_each_region(r, t) {
		r->changed = r->counted;
		r->fresh.samples[0] = 10 * SAMPLE;
	}
	KUNIT_ASSERT_EQ(test, 0, look(ctx, NULL));
	expect_about(test, shown.idle_ms[0], 0);
	expect_about(test, shown.idle_ms[26], 1000);
	shown = before;
}

static void without_memory_the_numbers_stay(struct kunit *test)
{
	struct damon_ctx *ctx = known_ctx(test);
	struct numbers before = shown;
	int err;

	need_failslab(test);
	shown.aggr_us = 42;
	fail_begin(1);
	err = look(ctx, NULL);
	fail_end();
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_EQ(test, shown.aggr_us, 42);
	shown = before;
}

static struct kunit_case damon_stat_cases[] = {
	KUNIT_CASE_PARAM(percentiles_are_those_of_the_memory, percentiles_gen_params),
	KUNIT_CASE(regions_are_sorted_by_their_ages),
	KUNIT_CASE(use_that_has_just_ended_is_no_idle_time),
	KUNIT_CASE(without_memory_the_numbers_stay),
	{}
};

static struct kunit_suite damon_stat_suite = {
	.name = "damon_stat",
	.test_cases = damon_stat_cases,
};

kunit_test_suite(damon_stat_suite);
