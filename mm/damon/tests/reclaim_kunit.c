// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of reclaim.c, which is where this file is included: what its parameters become.
 */
#include "helper.h"

/* The parameters are those of the user that may run; they are put back. */
static struct reclaim_params {
	unsigned long min_age, pressure, feedback;
	bool skip_anon;
} saved;

static int save_reclaim_params(struct kunit *test)
{
	saved = (struct reclaim_params) {
		min_age, quota_mem_pressure_us, quota_autotune_feedback, skip_anon
	};
	return 0;
}

static void restore_reclaim_params(struct kunit *test)
{
	min_age = saved.min_age;
	quota_mem_pressure_us = saved.pressure;
	quota_autotune_feedback = saved.feedback;
	skip_anon = saved.skip_anon;
}

static struct damon_module_plan *reclaim_plan(struct kunit *test)
{
	struct damon_module_plan *plan = kunit_kzalloc(test, sizeof(*plan), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, plan);
	plan->cfg.attrs.sample_interval = 5000;
	plan->cfg.attrs.aggr_interval = 200000;
	KUNIT_ASSERT_EQ(test, 0, plan_reclaim(plan));
	KUNIT_ASSERT_EQ(test, 1, plan->cfg.nr_schemes);
	return plan;
}

static void what_was_not_used_is_paged_out(struct kunit *test)
{
	struct damon_module_plan *plan = reclaim_plan(test);
	const struct damon_scheme *s = &plan->schemes[0];

	KUNIT_EXPECT_EQ(test, s->action, DAMON_PAGEOUT);
	KUNIT_EXPECT_EQ(test, s->pattern.min_sz, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s->pattern.max_sz, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, s->pattern.min_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s->pattern.max_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s->pattern.min_age, 600);
	KUNIT_EXPECT_EQ(test, s->pattern.max_age, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, s->quota.ms, 10);
	KUNIT_EXPECT_EQ(test, s->quota.sz, SZ_128M);
	KUNIT_EXPECT_EQ(test, s->quota.reset_interval, 1000);
	KUNIT_EXPECT_EQ(test, s->quota.weight_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s->quota.weight_age, 1);
	KUNIT_EXPECT_EQ(test, s->quota.nr_goals, 0);
	KUNIT_EXPECT_EQ(test, s->wmarks.metric, DAMON_WMARK_FREE_MEM_RATE);
	KUNIT_EXPECT_EQ(test, s->wmarks.interval, 5000000);
	KUNIT_EXPECT_EQ(test, s->wmarks.high, 500);
	KUNIT_EXPECT_EQ(test, s->wmarks.mid, 400);
	KUNIT_EXPECT_EQ(test, s->wmarks.low, 200);
	KUNIT_EXPECT_EQ(test, s->nr_filters, 0);
	KUNIT_EXPECT_EQ(test, plan->age_us, 120000000);
}

static void goals_are_those_that_are_set(struct kunit *test)
{
	const struct damon_scheme *s;

	quota_autotune_feedback = 20000;
	s = &reclaim_plan(test)->schemes[0];
	KUNIT_ASSERT_EQ(test, s->quota.nr_goals, 1);
	KUNIT_EXPECT_EQ(test, s->quota.goals[0].metric, DAMON_GOAL_USER_INPUT);
	KUNIT_EXPECT_EQ(test, s->quota.goals[0].target, 10000);
	KUNIT_EXPECT_EQ(test, s->quota.goals[0].current_value, 20000);
	quota_mem_pressure_us = 300;
	s = &reclaim_plan(test)->schemes[0];
	KUNIT_ASSERT_EQ(test, s->quota.nr_goals, 2);
	KUNIT_EXPECT_EQ(test, s->quota.goals[0].metric, DAMON_GOAL_SOME_MEM_PSI_US);
	KUNIT_EXPECT_EQ(test, s->quota.goals[0].target, 300);
	KUNIT_EXPECT_EQ(test, s->quota.goals[1].metric, DAMON_GOAL_USER_INPUT);
}

static void anonymous_memory_can_be_left_alone(struct kunit *test)
{
	const struct damon_scheme *s;

	skip_anon = true;
	s = &reclaim_plan(test)->schemes[0];
	KUNIT_ASSERT_EQ(test, s->nr_filters, 1);
	KUNIT_EXPECT_EQ(test, s->filters[0].type, DAMON_FILTER_ANON);
	KUNIT_EXPECT_TRUE(test, s->filters[0].matching);
	KUNIT_EXPECT_FALSE(test, s->filters[0].allow);
}

static struct kunit_case damon_reclaim_cases[] = {
	KUNIT_CASE(what_was_not_used_is_paged_out),
	KUNIT_CASE(goals_are_those_that_are_set),
	KUNIT_CASE(anonymous_memory_can_be_left_alone),
	{}
};

static struct kunit_suite damon_reclaim_suite = {
	.name = "damon_reclaim",
	.init = save_reclaim_params,
	.exit = restore_reclaim_params,
	.test_cases = damon_reclaim_cases,
};

kunit_test_suite(damon_reclaim_suite);
