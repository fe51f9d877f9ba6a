// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of config.c, which is where this file is included: what is refused,
 * and that a monitor is built of the rest as it was asked for.
 */
#include "helper.h"

/* The builder passes targets on and never looks at them. */
static unsigned long test_ids[DAMON_CFG_MAX_TARGETS + 1] = { 1, 2 };

#define P PAGE_SIZE

static const struct check_case {
	const char *name;
	unsigned int nr_targets;
	unsigned long sample, max_nr_regions;
	struct damon_cfg_region regions[4];
	unsigned int nr_regions;
	int ret;
} check_cases[] = {
	{ "nothing", 0, 5000, 1000, {}, 0, 0 },
	{ "targets only", 4, 5000, 1000, {}, 0, 0 },
	{ "bad attributes", 4, 0, 1000, {}, 0, -EINVAL },
	{ "as many targets as regions", 3, 5000, 3, {}, 0, 0 },
	{ "more targets than regions", 4, 5000, 3, {}, 0, -EINVAL },
	{ "most targets", DAMON_CFG_MAX_TARGETS, 5000, 2000, {}, 0, 0 },
	{ "more targets than that", DAMON_CFG_MAX_TARGETS + 1, 5000, 2000, {}, 0, -EINVAL },
	{
		"ascending", 1, 5000, 1000,
		{ { 0, { 0, P } }, { 0, { P, 2 * P } }, { 0, { 5 * P, 9 * P } } }, 3, 0,
	}, {
		"targets mixed", 2, 5000, 1000,
		{ { 1, { 8 * P, 9 * P } }, { 0, { P, 2 * P } },
		  { 0, { 5 * P, 9 * P } }, { 1, { 9 * P, 10 * P } } }, 4, 0,
	}, {
		"same range of two targets", 2, 5000, 1000,
		{ { 0, { 0, P } }, { 1, { 0, P } } }, 2, 0,
	}, {
		"descending", 1, 5000, 1000,
		{ { 0, { P, 2 * P } }, { 0, { 0, P } } }, 2, -EINVAL,
	}, {
		"descending with another between", 2, 5000, 1000,
		{ { 0, { P, 2 * P } }, { 1, { P, 2 * P } }, { 0, { 0, P } } }, 3, -EINVAL,
	}, {
		"overlapping", 1, 5000, 1000,
		{ { 0, { 0, 2 * P } }, { 0, { P, 3 * P } } }, 2, -EINVAL,
	}, {
		"overlapping by a byte", 1, 5000, 1000,
		{ { 0, { 0, P + 1 } }, { 0, { P, 3 * P } } }, 2, -EINVAL,
	}, {
		"empty", 1, 5000, 1000, { { 0, { P, P } } }, 1, -EINVAL,
	}, {
		"backwards", 1, 5000, 1000, { { 0, { 2 * P, P } } }, 1, -EINVAL,
	}, {
		"no whole page", 1, 5000, 1000, { { 0, { 1, 2 * P - 1 } } }, 1, -EINVAL,
	}, {
		"one whole page", 1, 5000, 1000, { { 0, { 1, 2 * P } } }, 1, 0,
	}, {
		"no whole page at the top", 1, 5000, 1000,
		{ { 0, { ULONG_MAX - 5, ULONG_MAX } } }, 1, -EINVAL,
	}, {
		"no such target", 1, 5000, 1000, { { 1, { 0, P } } }, 1, -EINVAL,
	}, {
		"no targets at all", 0, 5000, 1000, { { 0, { 0, P } } }, 1, -EINVAL,
	}, {
		"more than max_nr_regions", 1, 5000, 3,
		{ { 0, { 0, P } }, { 0, { P, 2 * P } },
		  { 0, { 2 * P, 3 * P } }, { 0, { 3 * P, 4 * P } } }, 4, -EINVAL,
	},
};

KUNIT_ARRAY_PARAM_DESC(check, check_cases, name);

static struct damon_cfg case_cfg(const struct check_case *c)
{
	struct damon_cfg cfg;

	damon_cfg_init(&cfg);
	cfg.attrs.sample_interval = c->sample;
	cfg.attrs.min_nr_regions = 3;
	cfg.attrs.max_nr_regions = c->max_nr_regions;
	cfg.targets = test_ids;
	cfg.nr_targets = c->nr_targets;
	cfg.regions = (struct damon_cfg_region *)c->regions;
	cfg.nr_regions = c->nr_regions;
	return cfg;
}

static void check_refuses_what_cannot_be_built(struct kunit *test)
{
	const struct check_case *c = test->param_value;
	struct damon_cfg cfg = case_cfg(c);

	KUNIT_EXPECT_EQ(test, damon_cfg_check(&cfg), c->ret);
}

/* The builder has no opinion of its own. */
static void build_agrees_with_check(struct kunit *test)
{
	const struct check_case *c = test->param_value;
	struct damon_cfg cfg = case_cfg(c);
	struct damon_ctx *ctx = damon_cfg_build(&cfg);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ctx), c->ret);
	if (!IS_ERR(ctx))
		damon_destroy_ctx(ctx);
}

/* Which is no constant on all machines. */
static void ranges_end_where_processes_do(struct kunit *test)
{
	struct damon_cfg_region region = { 0, { 0, TASK_SIZE_MAX } };
	struct damon_cfg cfg;

	damon_cfg_init(&cfg);
	cfg.targets = test_ids;
	cfg.nr_targets = 1;
	cfg.regions = &region;
	cfg.nr_regions = 1;
	KUNIT_EXPECT_EQ(test, damon_cfg_check(&cfg), 0);
	region.range.end += P;
	KUNIT_EXPECT_EQ(test, damon_cfg_check(&cfg), -EINVAL);
}

static void fixed_ranges_have_to_be_given(struct kunit *test)
{
	struct damon_cfg_region regions[] = { { 0, { P, 2 * P } }, { 1, { P, 2 * P } } };
	struct damon_cfg cfg;
	struct damon_ctx *ctx;

	damon_cfg_init(&cfg);
	cfg.primitives = &damon_fva_primitives;
	cfg.targets = test_ids;
	cfg.nr_targets = 2;
	cfg.regions = regions;
	cfg.nr_regions = 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(damon_cfg_build(&cfg)), -EINVAL);
	cfg.nr_regions = 2;
	ctx = damon_cfg_build(&cfg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx));
	KUNIT_EXPECT_NULL(test, ctx->update_target_regions);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(ctx), 2);
	damon_destroy_ctx(ctx);
}

#ifdef CONFIG_DAMON_PADDR
/* Far above all memory, and below the end of addresses. */
#define NOWHERE (1UL << (BITS_PER_LONG == 64 ? 45 : 31))

static const struct pa_case {
	const char *name;
	unsigned int nr_targets, nr_regions;
	unsigned long targets[3];
	struct damon_addr_range range;
	int ret;
} pa_cases[] = {
	{ "all", 1, 0, { DAMON_ALL_NODES }, {}, 0 },
	{ "node 0", 1, 0, { 0 }, {}, 0 },
	{ "a range", 1, 1, { DAMON_ALL_NODES }, { 0, SZ_64M }, 0 },
	{ "a node twice", 2, 0, { 0, 0 }, {}, -EINVAL },
	{ "a node, and all", 2, 0, { 0, DAMON_ALL_NODES }, {}, -EINVAL },
	{ "no such node", 1, 0, { MAX_NUMNODES }, {}, -ENXIO },
	{ "all but one", 1, 0, { DAMON_ALL_NODES - 1 }, {}, -ENXIO },
	{ "backwards", 1, 1, { 0 }, { SZ_64M, P }, -EINVAL },
	{ "no memory there", 1, 1, { 0 }, { NOWHERE, NOWHERE + P }, -ENXIO },
	{ "beyond all addresses", 1, 1, { 0 }, { 0, PAGE_MASK },
	  BITS_PER_LONG == 64 ? -EINVAL : 0 },
};

KUNIT_ARRAY_PARAM_DESC(pa, pa_cases, name);

static void memory_that_is_not_there_is_refused(struct kunit *test)
{
	const struct pa_case *c = test->param_value;
	struct damon_cfg_region region = { 0, c->range };
	struct damon_cfg cfg;
	struct damon_ctx *ctx;

	damon_cfg_init(&cfg);
	cfg.primitives = &damon_pa_primitives;
	cfg.targets = (unsigned long *)c->targets;
	cfg.nr_targets = c->nr_targets;
	cfg.regions = &region;
	cfg.nr_regions = c->nr_regions;
	KUNIT_EXPECT_EQ(test, damon_cfg_check(&cfg), c->ret);
	ctx = damon_cfg_build(&cfg);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ctx), c->ret);
	if (!IS_ERR(ctx))
		damon_destroy_ctx(ctx);
}
#endif

static void default_is_that_of_a_new_context(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_cfg cfg;

	damon_cfg_init(&cfg);
	KUNIT_EXPECT_MEMEQ(test, &cfg.attrs, &ctx->attrs, sizeof(cfg.attrs));
	KUNIT_EXPECT_EQ(test, damon_cfg_check(&cfg), 0);
}

/* Two targets, with regions that are given in no order and not aligned. */
static struct damon_cfg_region build_regions_given[] = {
	{ 1, { 8 * P, 9 * P } },
	{ 0, { P - 1, 3 * P + 1 } },
	{ 1, { 9 * P, 10 * P + 5 } },
};

static struct damon_cfg build_cfg(void)
{
	return (struct damon_cfg) {
		.attrs = {
			.sample_interval = 1,
			.aggr_interval = 2,
			.regions_update_interval = 3,
			.min_nr_regions = 4,
			.max_nr_regions = 5,
		},
		.primitives = &damon_va_primitives,
		.targets = test_ids,
		.nr_targets = 2,
		.regions = build_regions_given,
		.nr_regions = ARRAY_SIZE(build_regions_given),
	};
}

static void expect_range(struct kunit *test, const struct damon_region *r,
			 unsigned long start, unsigned long end)
{
	KUNIT_EXPECT_EQ(test, r->ar.start, start);
	KUNIT_EXPECT_EQ(test, r->ar.end, end);
}

static void expect_as_asked(struct kunit *test, struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 1);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 2);
	KUNIT_EXPECT_EQ(test, ctx->regions_update_interval, 3);
	KUNIT_EXPECT_EQ(test, ctx->min_nr_regions, 4);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_regions, 5);
	KUNIT_EXPECT_NULL(test, ctx->kdamond);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&ctx->targets_list), 2);

	t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	KUNIT_EXPECT_EQ(test, t->id, 1);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 1);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	expect_range(test, r, P, 3 * P);

	t = list_next_entry(t, list);
	KUNIT_EXPECT_EQ(test, t->id, 2);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 2);
	r = list_first_entry(&t->regions_list, struct damon_region, list);
	expect_range(test, r, 8 * P, 9 * P);
	expect_range(test, list_next_entry(r, list), 9 * P, 10 * P);
}

static void build_makes_what_was_asked_for(struct kunit *test)
{
	struct damon_cfg cfg = build_cfg();
	struct damon_ctx *ctx = damon_cfg_build(&cfg);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	expect_as_asked(test, ctx);
	damon_destroy_ctx(ctx);
}

static void build_without_memory_fails_whole(struct kunit *test)
{
	struct damon_cfg cfg = build_cfg();
	unsigned int nth;

	need_failslab(test);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		struct damon_ctx *ctx;
		bool failed;

		fail_begin(nth);
		ctx = damon_cfg_build(&cfg);
		failed = fail_end();
		if (IS_ERR(ctx)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(ctx), -ENOMEM);
			KUNIT_EXPECT_TRUE(test, failed);
			continue;
		}
		expect_as_asked(test, ctx);
		damon_destroy_ctx(ctx);
		if (!failed)
			break;
	}
	/* The context, 2 arrays, 2 targets, 3 regions; the next one did not fail. */
	KUNIT_EXPECT_GE(test, nth, 8 + 1);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
}

static void clear_gives_everything_back(struct kunit *test)
{
	struct damon_cfg cfg;
	struct pid *pid = task_pid(current);
	unsigned int before = refcount_read(&pid->count), i;

	damon_cfg_init(&cfg);
	cfg.targets = kvmalloc_array(3, sizeof(*cfg.targets), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cfg.targets);
	for (i = 0; i < 3; i++)
		cfg.targets[i] = (unsigned long)get_pid(pid);
	cfg.nr_targets = 3;
	cfg.regions = kvzalloc(sizeof(*cfg.regions), GFP_KERNEL);
	cfg.nr_regions = 1;
	damon_cfg_clear(&cfg);
	KUNIT_EXPECT_EQ(test, refcount_read(&pid->count), before);
	KUNIT_EXPECT_NULL(test, cfg.targets);
	KUNIT_EXPECT_EQ(test, cfg.nr_targets, 0);
	KUNIT_EXPECT_NULL(test, cfg.regions);
	KUNIT_EXPECT_EQ(test, cfg.nr_regions, 0);
	KUNIT_EXPECT_EQ(test, cfg.attrs.sample_interval, 5000);
	damon_cfg_clear(&cfg);
}

#undef P

static struct kunit_case damon_config_cases[] = {
	KUNIT_CASE_PARAM(check_refuses_what_cannot_be_built, check_gen_params),
	KUNIT_CASE_PARAM(build_agrees_with_check, check_gen_params),
	KUNIT_CASE(ranges_end_where_processes_do),
	KUNIT_CASE(fixed_ranges_have_to_be_given),
#ifdef CONFIG_DAMON_PADDR
	KUNIT_CASE_PARAM(memory_that_is_not_there_is_refused, pa_gen_params),
#endif
	KUNIT_CASE(default_is_that_of_a_new_context),
	KUNIT_CASE(build_makes_what_was_asked_for),
	KUNIT_CASE(build_without_memory_fails_whole),
	KUNIT_CASE(clear_gives_everything_back),
	{}
};

static struct kunit_suite damon_config_suite = {
	.name = "damon_config",
	.test_cases = damon_config_cases,
};

kunit_test_suite(damon_config_suite);
