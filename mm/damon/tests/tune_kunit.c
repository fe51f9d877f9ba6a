// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of tune.c, which is where this file is included: where the intervals go, and what
 * goes with them.
 */
#include "../evidence.h"
#include "../scheme.h"
#include "regions.h"

static struct damon_ctx *tuned_ctx(struct kunit *test, struct damon_intervals_goal goal)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	ctx->goal = goal;
	KUNIT_ASSERT_EQ(test, 0, damon_tune_check(&ctx->attrs, &goal));
	damon_tune_begin(ctx);
	return ctx;
}

static const struct goal_case {
	const char *name;
	struct damon_intervals_goal goal;
	int want;
} goal_cases[] = {
	{ "none", { .min_sample_us = 10, .max_sample_us = 1 }, 0 },
	{ "usual", { 400, 3, 5000, 10000000 }, 0 },
	{ "of nothing", { 0, 1, 0, 5000 }, 0 },
	{ "above now", { 400, 3, 5001, 10000000 }, -EINVAL },
	{ "below now", { 400, 3, 1, 4999 }, -EINVAL },
	{ "more than all", { 10001, 3, 1, 10000000 }, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(goal, goal_cases, name);

static void goals_are_checked(struct kunit *test)
{
	const struct goal_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, damon_tune_check(&damon_default_attrs, &c->goal), c->want);
}

static const struct tune_case {
	const char *name;
	/* Of 20, in half of the memory. */
	unsigned int nr_accesses;
	unsigned long access_bp, want_us;
} tune_cases[] = {
	{ "nothing found", 0, 400, 10000 },
	{ "half of it", 8, 4000, 7500 },
	{ "as wanted", 8, 2000, 5000 },
	{ "half too much", 12, 2000, 3750 },
	{ "far too much", 20, 100, 2500 },
	{ "nothing wanted", 1, 0, 2500 },
};

KUNIT_ARRAY_PARAM_DESC(tune, tune_cases, name);

static void intervals_follow_what_is_found(struct kunit *test)
{
	const struct tune_case *c = test->param_value;
	struct damon_ctx *ctx = tuned_ctx(test, (struct damon_intervals_goal) {
						  c->access_bp, 2, 1000, 100000 });
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	add_region(test, t, 0, PAGES(100), c->nr_accesses);
	add_region(test, t, PAGES(100), PAGES(200), 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, ctx->sample_interval, 5000);
		damon_tune_count(ctx);
		damon_tune(ctx);
	}
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, c->want_us);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, c->want_us * 20);
}

static void limits_of_intervals_are_kept(struct kunit *test)
{
	struct damon_ctx *ctx = tuned_ctx(test, (struct damon_intervals_goal) {
						  400, 1, 4000, 6000 });
	struct damon_target *t = add_target(test, ctx);

	add_region(test, t, 0, PAGES(100), 0);
	damon_tune_count(ctx);
	damon_tune(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 6000);
	list_first_entry(&t->regions_list, struct damon_region, list)->nr_accesses = 20;
	damon_tune_count(ctx);
	damon_tune(ctx);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 4000);
}

/* A scheme for what was idle for two seconds is that in all intervals. */
static void ages_stay_as_long_as_they_are(struct kunit *test)
{
	struct damon_ctx *ctx = tuned_ctx(test, (struct damon_intervals_goal) {
						  400, 1, 5000, 40000 });
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 20, ULONG_MAX },
		.action = DAMON_STAT,
	};
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(100), 0);
	struct damon_scheme_stat stat;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, &s, 1));
	damon_schemes_begin(ctx);
	r->age = 40;
	for (i = 0; i < 3; i++) {
		damon_tune_count(ctx);
		damon_tune(ctx);
	}
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 800000);
	KUNIT_EXPECT_EQ(test, r->age, 5);
	damon_schemes_apply(ctx, NSEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, damon_get_scheme_stat(ctx, 0, &stat));
	/* 2 1/2, and never less than that. */
	KUNIT_EXPECT_EQ(test, stat.min_age, 3);
	KUNIT_EXPECT_EQ(test, stat.nr_tried, 1);
	r->age = 2;
	damon_schemes_apply(ctx, 2 * NSEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, damon_get_scheme_stat(ctx, 0, &stat));
	KUNIT_EXPECT_EQ(test, stat.nr_tried, 1);
}

static struct kunit_case damon_tune_cases[] = {
	KUNIT_CASE_PARAM(goals_are_checked, goal_gen_params),
	KUNIT_CASE_PARAM(intervals_follow_what_is_found, tune_gen_params),
	KUNIT_CASE(limits_of_intervals_are_kept),
	KUNIT_CASE(ages_stay_as_long_as_they_are),
	{}
};

static struct kunit_suite damon_tune_suite = {
	.name = "damon_tune",
	.test_cases = damon_tune_cases,
};

kunit_test_suite(damon_tune_suite);
