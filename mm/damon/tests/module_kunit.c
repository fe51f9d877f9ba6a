// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of module.c, which is where this file is included: what a monitor is built of, that a
 * commit sets all of it or nothing, and what is done when there is no memory.
 *
 * The user of these tests counts memory, with the quota and the watermarks of its parameters.
 */
#include "../scheme.h"
#include "helper.h"

#define NO_MEMORY_AT (1UL << (BITS_PER_LONG == 64 ? 45 : 31))

static struct damon_module_params test_params;
static unsigned long test_age;

static int plan_test(struct damon_module_plan *plan)
{
	plan->schemes[0] = (struct damon_scheme) {
		.action = DAMON_STAT,
		.pattern = { 0, ULONG_MAX, 0, ULONG_MAX, 0, ULONG_MAX },
		.quota = test_params.quota,
		.wmarks = test_params.wmarks,
	};
	plan->cfg.nr_schemes = 1;
	plan->age_us = test_age;
	return 0;
}

static void end_module(void *arg)
{
	struct damon_module *m = arg;

	damon_module_set_enabled(m, false);
	damon_destroy_ctx(m->user.ctx);
}

/* A user with the usual parameters, which is off. */
static struct damon_module *test_module(struct kunit *test)
{
	struct damon_module *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	*m = (struct damon_module) {
		.name = "test",
		.params = &test_params,
		.plan = plan_test,
		.ready = true,
	};
	test_params = (struct damon_module_params) {
		.attrs = damon_default_attrs,
		.addr_unit = 1,
		.quota = { .sz = 5 * PAGE_SIZE, .reset_interval = 1000 },
	};
	test_age = 0;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, end_module, m));
	return m;
}

/* Of the kernel that runs the tests, a user may have been started at boot. */
static void test_start(struct kunit *test, struct damon_module *m)
{
	int err = damon_module_set_enabled(m, true);

	if (err == -EBUSY)
		kunit_skip(test, "another monitor runs");
	KUNIT_ASSERT_EQ(test, 0, err);
}

/* === What is refused === */

static const struct build_case {
	const char *name;
	int want;
	unsigned long sample, aggr, min, max, start, end, unit, high, mid, low;
} build_cases[] = {
	{ "usual", 0, 5000, 100000, 10, 1000, 0, 0, 1, 3, 2, 1 },
	{ "no interval", -EINVAL, 0, 100000, 10, 1000, 0, 0, 1 },
	{ "no aggregation", -EINVAL, 5000, 0, 10, 1000, 0, 0, 1 },
	{ "sample above aggr", -EINVAL, 5001, 5000, 10, 1000, 0, 0, 1 },
	{ "two regions", -EINVAL, 5000, 100000, 2, 1000, 0, 0, 1 },
	{ "min above max", -EINVAL, 5000, 100000, 11, 10, 0, 0, 1 },
	{ "a part", 0, 5000, 100000, 10, 1000, 0, SZ_16M, 1 },
	{ "a byte", 0, 5000, 100000, 10, 1000, SZ_16M, SZ_16M + 1, 1 },
	{ "empty", -EINVAL, 5000, 100000, 10, 1000, SZ_16M, SZ_16M, 1 },
	{ "reversed", -EINVAL, 5000, 100000, 10, 1000, SZ_16M, 1, 1 },
	{ "no end", -EINVAL, 5000, 100000, 10, 1000, 1, 0, 1 },
	{ "no memory", -ENXIO, 5000, 100000, 10, 1000, NO_MEMORY_AT, NO_MEMORY_AT + 1, 1 },
	{ "beyond all", -EINVAL, 5000, 100000, 10, 1000, 0, ULONG_MAX, 2 },
	{ "unit of 16", 0, 5000, 100000, 10, 1000, 0, SZ_1M, 16 },
	{ "unit of 3", -EINVAL, 5000, 100000, 10, 1000, 0, SZ_1M, 3 },
	{ "unit of 2000", -EINVAL, 5000, 100000, 10, 1000, 0, SZ_1M, 2000 },
	{ "unit of 5000", -EINVAL, 5000, 100000, 10, 1000, 0, SZ_1M, 5000 },
	{ "unit of 3, of all", -EINVAL, 5000, 100000, 10, 1000, 0, 0, 3 },
	{ "unit above a page", 0, 5000, 100000, 10, 1000, 0, 100, 3 * PAGE_SIZE },
	{ "overflow", -EINVAL, 5000, 100000, 10, 1000, 0, ULONG_MAX, ULONG_MAX },
	{ "high below mid", -EINVAL, 5000, 100000, 10, 1000, 0, 0, 1, 1, 2, 1 },
	{ "mid below low", -EINVAL, 5000, 100000, 10, 1000, 0, 0, 1, 3, 1, 2 },
};

KUNIT_ARRAY_PARAM_DESC(build, build_cases, name);

static void parameters_out_of_range_are_refused(struct kunit *test)
{
	const struct build_case *c = test->param_value;
	struct damon_module *m = test_module(test);
	struct damon_ctx *ctx;

	test_params.attrs = (struct damon_attrs) { c->sample, c->aggr, 1, c->min, c->max };
	test_params.region = (struct damon_addr_range) { c->start, c->end };
	test_params.addr_unit = c->unit;
	test_params.wmarks = (struct damon_watermarks) { .high = c->high, .mid = c->mid,
							 .low = c->low };
	ctx = build(m);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ctx), c->want);
	if (!IS_ERR(ctx))
		damon_destroy_ctx(ctx);
}

/* === What it is built of === */

static struct damon_region *first_region(struct damon_ctx *ctx)
{
	struct damon_target *t = list_first_entry_or_null(&ctx->targets_list,
							  struct damon_target, list);

	return t ? list_first_entry_or_null(&t->regions_list, struct damon_region, list) : NULL;
}

/* To whole pages, outwards. */
static void memory_is_given_in_units(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	unsigned long page = PAGE_SIZE * damon_pa_primitives.addr_unit;
	struct damon_region *r;
	struct damon_ctx *ctx;

	test_params.addr_unit = 16;
	test_params.region = (struct damon_addr_range) { page * 16 / 16 + 1, page * 32 / 16 + 1 };
	ctx = build(m);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	r = first_region(ctx);
	KUNIT_EXPECT_NOT_NULL(test, r);
	if (r) {
		KUNIT_EXPECT_EQ(test, r->ar.start, 16 * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, r->ar.end, 33 * PAGE_SIZE);
	}
	damon_destroy_ctx(ctx);
}

static void autotune_sets_intervals_and_goal(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	struct damon_ctx *ctx;

	test_params.autotune = true;
	test_params.attrs.sample_interval = 0;
	test_params.attrs.aggr_interval = 1;
	ctx = build(m);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 5000);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 100000);
	KUNIT_EXPECT_EQ(test, ctx->goal.access_bp, 40);
	KUNIT_EXPECT_EQ(test, ctx->goal.aggrs, 3);
	KUNIT_EXPECT_EQ(test, ctx->goal.min_sample_us, 5000);
	KUNIT_EXPECT_EQ(test, ctx->goal.max_sample_us, 10000000);
	damon_destroy_ctx(ctx);
}

static const struct rest_case {
	const char *name;
	unsigned long sample, aggr, age, want;
} rest_cases[] = {
	{ "usual", 5000, 100000, 120000000, 125000 },
	{ "by the age", 5000, 100000, 10000000, 50000 },
	{ "many samples", 1000, 1000000, 120000000, 12000 },
	{ "an age of an aggregation", 5000, 100000, 100000, 0 },
	{ "an age of ten", 5000, 100000, 1000000, 0 },
	{ "no age", 5000, 100000, 0, 0 },
	{ "long intervals", 125000, 2500000, 120000000, 0 },
	{ "longer ones", 1000000, 20000000, ULONG_MAX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(rest, rest_cases, name);

/* Longest sampling interval, 0 for the one that was set. */
static void idle_machine_is_left_alone(struct kunit *test)
{
	const struct rest_case *c = test->param_value;
	struct damon_module *m = test_module(test);
	struct damon_ctx *ctx;

	test_params.attrs.sample_interval = c->sample;
	test_params.attrs.aggr_interval = c->aggr;
	test_age = c->age;
	ctx = build(m);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, c->sample);
	KUNIT_EXPECT_EQ(test, ctx->goal.max_sample_us, c->want);
	KUNIT_EXPECT_EQ(test, ctx->goal.aggrs, c->want ? 3 : 0);
	if (c->want)
		KUNIT_EXPECT_EQ(test, ctx->goal.min_sample_us, c->sample);
	damon_destroy_ctx(ctx);
}

/* === A monitor that runs === */

struct settings {
	struct damon_attrs attrs;
	unsigned int nr_schemes;
	u64 esz;
};

static int read_settings(struct damon_ctx *ctx, void *arg)
{
	struct settings *s = arg;
	struct damon_scheme_stat stat;

	s->attrs = ctx->attrs;
	s->nr_schemes = ctx->nr_schemes;
	/* A pass of now, so that the window is one of the new quota. */
	damon_schemes_apply(ctx, ktime_add_ns(ktime_get(), 10LL * NSEC_PER_SEC));
	damon_get_scheme_stat(ctx, 0, &stat);
	s->esz = stat.esz;
	return 0;
}

static struct settings settings_of(struct kunit *test, struct damon_module *m)
{
	struct settings s = {};

	KUNIT_EXPECT_EQ(test, 0, damon_call(m->user.ctx, read_settings, &s));
	return s;
}

/* The schemes among them: a monitor without would run, and do nothing. */
static void commit_sets_all_that_start_sets(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	struct task_struct *worker;
	struct settings s;

	test_start(test, m);
	worker = m->user.ctx->kdamond;
	s = settings_of(test, m);
	KUNIT_EXPECT_EQ(test, s.nr_schemes, 1);
	KUNIT_EXPECT_EQ(test, s.esz, 5 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s.attrs.min_nr_regions, 10);

	test_params.attrs.min_nr_regions = 20;
	test_params.attrs.sample_interval = 10000;
	test_params.quota.sz = 7 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, 0, damon_module_commit(m));
	s = settings_of(test, m);
	KUNIT_EXPECT_EQ(test, s.nr_schemes, 1);
	KUNIT_EXPECT_EQ(test, s.esz, 7 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s.attrs.min_nr_regions, 20);
	KUNIT_EXPECT_EQ(test, s.attrs.sample_interval, 10000);
	KUNIT_EXPECT_PTR_EQ(test, worker, m->user.ctx->kdamond);
}

static void commit_of_a_bad_value_changes_nothing(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	struct task_struct *worker;
	struct settings s;

	test_start(test, m);
	worker = m->user.ctx->kdamond;
	test_params.attrs.min_nr_regions = 20;
	test_params.wmarks.low = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, damon_module_commit(m));
	s = settings_of(test, m);
	KUNIT_EXPECT_EQ(test, s.nr_schemes, 1);
	KUNIT_EXPECT_EQ(test, s.attrs.min_nr_regions, 10);
	KUNIT_EXPECT_PTR_EQ(test, worker, m->user.ctx->kdamond);
}

static void commit_needs_a_monitor_that_runs(struct kunit *test)
{
	struct damon_module *m = test_module(test);

	KUNIT_EXPECT_EQ(test, -EINVAL, damon_module_commit(m));
	test_start(test, m);
	KUNIT_ASSERT_EQ(test, 0, damon_module_set_enabled(m, false));
	KUNIT_EXPECT_EQ(test, -EINVAL, damon_module_commit(m));
}

/* All memory is shown, and is no limit for the memory that is plugged in later. */
static void found_memory_is_written_back(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	struct damon_ctx *ctx;

	test_params.wmarks.low = 1;
	KUNIT_ASSERT_EQ(test, -EINVAL, damon_module_set_enabled(m, true));
	KUNIT_EXPECT_EQ(test, test_params.region.end, 0);
	test_params.wmarks.low = 0;
	test_start(test, m);
	KUNIT_EXPECT_GE(test, test_params.region.end,
			PFN_PHYS((u64)totalram_pages()));
	ctx = build(m);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_EXPECT_NULL(test, first_region(ctx));
	damon_destroy_ctx(ctx);
	test_params.region.end -= PAGE_SIZE;
	ctx = build(m);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_EXPECT_NOT_NULL(test, first_region(ctx));
	damon_destroy_ctx(ctx);
}

/* It is not known which memory there is. */
static void at_boot_it_is_only_remembered(struct kunit *test)
{
	struct damon_module *m = test_module(test);

	m->ready = false;
	KUNIT_EXPECT_EQ(test, 0, damon_module_set_enabled(m, true));
	KUNIT_EXPECT_TRUE(test, m->wanted);
	KUNIT_EXPECT_NULL(test, m->user.ctx);
	KUNIT_EXPECT_EQ(test, 0, damon_module_set_enabled(m, false));
	KUNIT_EXPECT_FALSE(test, m->wanted);
	m->ready = true;
}

/* As it was before it was on for the first time. */
static void forget_start(struct damon_module *m)
{
	damon_module_set_enabled(m, false);
	damon_destroy_ctx(m->user.ctx);
	m->user.ctx = NULL;
	test_params.region = (struct damon_addr_range) {};
}

static void start_without_memory_fails_whole(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	unsigned int nth;

	need_failslab(test);
	test_start(test, m);
	forget_start(m);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		bool failed;
		int err;

		fail_begin(nth);
		err = damon_module_set_enabled(m, true);
		failed = fail_end();
		if (!failed)
			break;
		/* It may be kmemleak that has failed. */
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			KUNIT_EXPECT_NULL(test, m->user.ctx);
			KUNIT_EXPECT_EQ(test, test_params.region.end, 0);
		}
		forget_start(m);
	}
	KUNIT_EXPECT_NOT_NULL(test, m->user.ctx);
	/* The plan, ranges, the context, targets, a target, schemes. */
	KUNIT_EXPECT_GT(test, nth, 5);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
}

static int commit_min(struct damon_module *m, unsigned long min_nr_regions)
{
	test_params.attrs.min_nr_regions = min_nr_regions;
	return damon_module_commit(m);
}

static void commit_without_memory_fails_whole(struct kunit *test)
{
	struct damon_module *m = test_module(test);
	unsigned int nth;

	need_failslab(test);
	test_start(test, m);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		bool failed;
		int err;

		fail_begin(nth);
		err = commit_min(m, 20);
		failed = fail_end();
		KUNIT_EXPECT_EQ(test, settings_of(test, m).attrs.min_nr_regions, err ? 10 : 20);
		if (!failed)
			break;
		if (err)
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_ASSERT_EQ(test, 0, commit_min(m, 10));
	}
	KUNIT_EXPECT_EQ(test, settings_of(test, m).attrs.min_nr_regions, 20);
	KUNIT_EXPECT_GT(test, nth, 5);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
}

static struct kunit_case damon_module_cases[] = {
	KUNIT_CASE_PARAM(parameters_out_of_range_are_refused, build_gen_params),
	KUNIT_CASE(memory_is_given_in_units),
	KUNIT_CASE(autotune_sets_intervals_and_goal),
	KUNIT_CASE_PARAM(idle_machine_is_left_alone, rest_gen_params),
	KUNIT_CASE(commit_sets_all_that_start_sets),
	KUNIT_CASE(commit_of_a_bad_value_changes_nothing),
	KUNIT_CASE(commit_needs_a_monitor_that_runs),
	KUNIT_CASE(found_memory_is_written_back),
	KUNIT_CASE(at_boot_it_is_only_remembered),
	KUNIT_CASE(start_without_memory_fails_whole),
	KUNIT_CASE(commit_without_memory_fails_whole),
	{}
};

static struct kunit_suite damon_module_suite = {
	.name = "damon_module",
	.test_cases = damon_module_cases,
};

kunit_test_suite(damon_module_suite);
