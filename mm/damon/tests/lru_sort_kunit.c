// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of lru_sort.c, which is where this file is included: what its parameters become.
 */
#include "helper.h"

/* The parameters are those of the user that may run; they are put back. */
static struct lru_sort_params {
	struct damon_module_params params;
	unsigned long hot, cold, active;
	bool filter;
} saved;

static int save_lru_sort_params(struct kunit *test)
{
	saved = (struct lru_sort_params) {
		params, hot_thres_access_freq, cold_min_age, active_mem_bp, filter_young_pages
	};
	return 0;
}

static void restore_lru_sort_params(struct kunit *test)
{
	params = saved.params;
	hot_thres_access_freq = saved.hot;
	cold_min_age = saved.cold;
	active_mem_bp = saved.active;
	filter_young_pages = saved.filter;
}

static struct damon_module_plan *lru_sort_plan(struct kunit *test)
{
	struct damon_module_plan *plan = kunit_kzalloc(test, sizeof(*plan), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, plan);
	plan->cfg.attrs.sample_interval = 5000;
	plan->cfg.attrs.aggr_interval = 200000;
	KUNIT_ASSERT_EQ(test, 0, plan_lru_sort(plan));
	KUNIT_ASSERT_EQ(test, 2, plan->cfg.nr_schemes);
	return plan;
}

static void expect_common(struct kunit *test, const struct damon_scheme *s)
{
	KUNIT_EXPECT_EQ(test, s->pattern.min_sz, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s->pattern.max_sz, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, s->pattern.max_age, ULONG_MAX);
	/* Half of what is allowed. */
	KUNIT_EXPECT_EQ(test, s->quota.ms, 5);
	KUNIT_EXPECT_EQ(test, s->quota.sz, 0);
	KUNIT_EXPECT_EQ(test, s->quota.reset_interval, 1000);
	KUNIT_EXPECT_EQ(test, s->quota.weight_nr_accesses, 1);
	KUNIT_EXPECT_EQ(test, s->quota.weight_age, 1);
	KUNIT_EXPECT_EQ(test, s->quota.nr_goals, 0);
	KUNIT_EXPECT_EQ(test, s->wmarks.metric, DAMON_WMARK_FREE_MEM_RATE);
	KUNIT_EXPECT_EQ(test, s->wmarks.interval, 5000000);
	KUNIT_EXPECT_EQ(test, s->wmarks.high, 200);
	KUNIT_EXPECT_EQ(test, s->wmarks.mid, 150);
	KUNIT_EXPECT_EQ(test, s->wmarks.low, 50);
	KUNIT_EXPECT_EQ(test, s->nr_filters, 0);
}

static void hot_memory_goes_up_and_cold_memory_down(struct kunit *test)
{
	const struct damon_scheme *s = lru_sort_plan(test)->schemes;

	expect_common(test, &s[HOT]);
	KUNIT_EXPECT_EQ(test, s[HOT].action, DAMON_LRU_PRIO);
	/* Of 40. */
	KUNIT_EXPECT_EQ(test, s[HOT].pattern.min_nr_accesses, 20);
	KUNIT_EXPECT_EQ(test, s[HOT].pattern.max_nr_accesses, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, s[HOT].pattern.min_age, 0);
	expect_common(test, &s[COLD]);
	KUNIT_EXPECT_EQ(test, s[COLD].action, DAMON_LRU_DEPRIO);
	KUNIT_EXPECT_EQ(test, s[COLD].pattern.min_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s[COLD].pattern.max_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s[COLD].pattern.min_age, 600);
}

static const struct ms_case {
	unsigned long ms, want;
} ms_cases[] = { { 0, 0 }, { 1, 1 }, { 2, 1 }, { 3, 2 }, { ULONG_MAX, ULONG_MAX / 2 + 1 } };

/* No limit only where that is what the user wants. */
static void time_is_shared(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ms_cases); i++) {
		params.quota.ms = ms_cases[i].ms;
		KUNIT_EXPECT_EQ(test, lru_sort_plan(test)->schemes[COLD].quota.ms,
				ms_cases[i].want);
	}
}

static void any_threshold_is_taken(struct kunit *test)
{
	hot_thres_access_freq = ULONG_MAX;
	KUNIT_EXPECT_GT(test, lru_sort_plan(test)->schemes[HOT].pattern.min_nr_accesses, 40);
	hot_thres_access_freq = 0;
	KUNIT_EXPECT_EQ(test, lru_sort_plan(test)->schemes[HOT].pattern.min_nr_accesses, 0);
}

static void goals_share_the_memory(struct kunit *test)
{
	struct damon_module_plan plan = { .cfg.attrs = { 5000, 100000 } };
	const struct damon_scheme *s;

	active_mem_bp = 6000;
	s = lru_sort_plan(test)->schemes;
	KUNIT_ASSERT_EQ(test, s[HOT].quota.nr_goals, 1);
	KUNIT_EXPECT_EQ(test, s[HOT].quota.goals[0].metric, DAMON_GOAL_ACTIVE_MEM_BP);
	KUNIT_EXPECT_EQ(test, s[HOT].quota.goals[0].target, 6000);
	KUNIT_ASSERT_EQ(test, s[COLD].quota.nr_goals, 1);
	KUNIT_EXPECT_EQ(test, s[COLD].quota.goals[0].metric, DAMON_GOAL_INACTIVE_MEM_BP);
	KUNIT_EXPECT_EQ(test, s[COLD].quota.goals[0].target, 4002);
	active_mem_bp = 10000;
	KUNIT_EXPECT_EQ(test, lru_sort_plan(test)->schemes[COLD].quota.goals[0].target, 2);
	active_mem_bp = 10001;
	KUNIT_EXPECT_EQ(test, -EINVAL, plan_lru_sort(&plan));
}

static void pages_can_be_asked(struct kunit *test)
{
	const struct damon_scheme *s;

	filter_young_pages = true;
	s = lru_sort_plan(test)->schemes;
	KUNIT_ASSERT_EQ(test, s[HOT].nr_filters, 1);
	KUNIT_EXPECT_EQ(test, s[HOT].filters[0].type, DAMON_FILTER_YOUNG);
	KUNIT_EXPECT_FALSE(test, s[HOT].filters[0].matching);
	KUNIT_EXPECT_FALSE(test, s[HOT].filters[0].allow);
	KUNIT_ASSERT_EQ(test, s[COLD].nr_filters, 1);
	KUNIT_EXPECT_EQ(test, s[COLD].filters[0].type, DAMON_FILTER_YOUNG);
	KUNIT_EXPECT_TRUE(test, s[COLD].filters[0].matching);
	KUNIT_EXPECT_FALSE(test, s[COLD].filters[0].allow);
}

static struct kunit_case damon_lru_sort_cases[] = {
	KUNIT_CASE(hot_memory_goes_up_and_cold_memory_down),
	KUNIT_CASE(time_is_shared),
	KUNIT_CASE(any_threshold_is_taken),
	KUNIT_CASE(goals_share_the_memory),
	KUNIT_CASE(pages_can_be_asked),
	{}
};

static struct kunit_suite damon_lru_sort_suite = {
	.name = "damon_lru_sort",
	.init = save_lru_sort_params,
	.exit = restore_lru_sort_params,
	.test_cases = damon_lru_sort_cases,
};

kunit_test_suite(damon_lru_sort_suite);
