// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of scheme.c, which is where this file is included: which regions have their turn,
 * what is asked of the primitives, what is counted.
 */
#include <linux/limits.h>

#include "regions.h"

#define MAX_WORKS 64

/* What the primitives of a test were asked, and how they answer. */
static struct {
	struct damon_work works[MAX_WORKS];
	unsigned int nr;
	/* The first node of the last work. */
	struct damon_dest dest;
	int err;
	/* Work that takes so many pieces, after which the worker shall end. */
	unsigned int stop_after;
	int present;
	/* The action has no effect. */
	bool fails;
} asked;

static int note_work(struct damon_ctx *ctx, struct damon_target *t, struct damon_work *w)
{
	if (asked.err)
		return asked.err;
	if (!w->look) {
		w->sz_passed = w->range.end - w->range.start;
		w->sz_applied = asked.fails ? 0 : w->range.end - w->range.start;
		w->sz_given_up = w->sz_applied;
		w->given_up[0] = w->range.start;
		w->nr_given_up = 1;
	}
	asked.dest = w->dests[0];
	if (asked.nr < MAX_WORKS)
		asked.works[asked.nr] = *w;
	asked.nr++;
	if (asked.nr == asked.stop_after)
		WRITE_ONCE(ctx->kdamond_stop, true);
	return 0;
}

static int say_present(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr)
{
	return asked.present;
}

/* The first 20 pages are on node 0. */
static u64 say_on_node(struct damon_ctx *ctx, unsigned long start, unsigned long end, int nid)
{
	return (nid ? end : min(end, PAGES(20))) - min(start, nid ? start : PAGES(20));
}

static const struct damon_pattern any = {
	0, ULONG_MAX, 0, ULONG_MAX, 0, ULONG_MAX,
};

static struct damon_ctx *ctx_with(struct kunit *test, const struct damon_scheme *s)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	memset(&asked, 0, sizeof(asked));
	ctx->act = note_work;
	ctx->is_present = say_present;
	ctx->actions = ~0UL;
	ctx->filters = DAMON_PAGE_FILTERS;
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, s, 1));
	damon_schemes_begin(ctx);
	return ctx;
}

static struct damon_region *add_aged(struct kunit *test, struct damon_target *t,
				     unsigned long start, unsigned long end,
				     unsigned int nr_accesses, unsigned int age)
{
	struct damon_region *r = add_region(test, t, start, end, nr_accesses);

	r->age = age;
	return r;
}

static struct damon_scheme_stat stat_of(struct kunit *test, struct damon_ctx *ctx)
{
	struct damon_scheme_stat stat;

	KUNIT_ASSERT_EQ(test, 0, damon_get_scheme_stat(ctx, 0, &stat));
	return stat;
}

static const struct match_case {
	const char *name;
	struct damon_pattern pattern;
	bool want;
} match_cases[] = {
	/* The region has 10 pages, a count of 5, an age of 7. */
	{ "any", { 0, ULONG_MAX, 0, ULONG_MAX, 0, ULONG_MAX }, true },
	{ "exactly", { PAGES(10), PAGES(10), 5, 5, 7, 7 }, true },
	{ "larger", { PAGES(10) + 1, ULONG_MAX, 0, ULONG_MAX, 0, ULONG_MAX }, false },
	{ "smaller", { 0, PAGES(10) - 1, 0, ULONG_MAX, 0, ULONG_MAX }, false },
	{ "hotter", { 0, ULONG_MAX, 6, ULONG_MAX, 0, ULONG_MAX }, false },
	{ "colder", { 0, ULONG_MAX, 0, 4, 0, ULONG_MAX }, false },
	{ "older", { 0, ULONG_MAX, 0, ULONG_MAX, 8, ULONG_MAX }, false },
	{ "younger", { 0, ULONG_MAX, 0, ULONG_MAX, 0, 6 }, false },
};

KUNIT_ARRAY_PARAM_DESC(match, match_cases, name);

static void scheme_is_for_what_matches(struct kunit *test)
{
	const struct match_case *c = test->param_value;
	struct damon_scheme s = { .pattern = c->pattern, .action = DAMON_WILLNEED };
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 5, 7);

	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, c->want);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, c->want ? PAGES(10) : 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_applied, c->want ? PAGES(10) : 0);
	/* What was done begins a new age. */
	KUNIT_EXPECT_EQ(test, r->age, c->want ? 0 : 7);
}

static void stat_does_nothing(struct kunit *test)
{
	struct damon_scheme s = { .pattern = any, .action = DAMON_STAT };
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 5, 7);

	damon_schemes_apply(ctx, 0);
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_tried, 2);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_applied, 0);
	KUNIT_EXPECT_EQ(test, r->age, 7);
}

/* At half the age that is wanted, once, all of it is looked at; then it is given up. */
static void memory_is_looked_at_before_it_is_given_up(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 10, ULONG_MAX },
		.action = DAMON_PAGEOUT,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 0);
	unsigned int age;

	for (age = 0; age <= 10; age++) {
		r->age = age;
		damon_schemes_apply(ctx, age * (u64)NSEC_PER_SEC);
		KUNIT_EXPECT_EQ(test, asked.nr, (age >= 5) + (age >= 10));
	}
	KUNIT_EXPECT_TRUE(test, asked.works[0].look);
	KUNIT_EXPECT_FALSE(test, asked.works[1].look);
	KUNIT_EXPECT_TRUE(test, asked.works[1].spare);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_tried, 1);
}

/* A scheme that comes each third aggregation sees one of three ages. */
static void look_is_not_missed_between_two_times(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 30, ULONG_MAX },
		.action = DAMON_COLD,
		.apply_interval = 300000,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 0);
	unsigned int phase, age, nr_looks;

	for (phase = 0; phase < 3; phase++) {
		nr_looks = asked.nr;
		for (age = phase; age < 30; age += 3) {
			r->age = age;
			damon_schemes_apply(ctx, (phase * 100 + age) * (u64)NSEC_PER_SEC);
		}
		KUNIT_EXPECT_EQ(test, asked.nr - nr_looks, 1);
	}
}

static void apply_interval_is_kept(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_STAT, .apply_interval = 1000000,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	unsigned int i;

	add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 0);
	/* 100 aggregations, each a little late. */
	for (i = 0; i < 100; i++)
		damon_schemes_apply(ctx, (u64)(i * 100 + i % 7) * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_tried, 10);
}

/* Windows go on where the one before ended, and begin again behind the last region. */
static void all_have_their_turn(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_WILLNEED,
		.quota = { .sz = PAGES(15), .reset_interval = 1000 },
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *a = add_target(test, ctx), *b = add_target(test, ctx);
	unsigned int pages[30] = {}, i, window;
	unsigned long addr;

	add_aged(test, a, 0, PAGES(10), 0, 0);
	add_aged(test, a, PAGES(10), PAGES(20), 0, 0);
	add_aged(test, b, PAGES(20), PAGES(30), 0, 0);
	for (window = 0; window < 6; window++) {
		damon_schemes_apply(ctx, window * (u64)NSEC_PER_SEC);
		/* Nothing more in the same window. */
		damon_schemes_apply(ctx, window * (u64)NSEC_PER_SEC + 1);
	}
	for (i = 0; i < min(asked.nr, MAX_WORKS); i++)
		for (addr = asked.works[i].range.start; addr < asked.works[i].range.end;
		     addr += PAGE_SIZE)
			pages[addr >> PAGE_SHIFT]++;
	/* Six windows of half of all. */
	for (i = 0; i < 30; i++)
		KUNIT_EXPECT_EQ(test, pages[i], 3);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, 6 * PAGES(15));
	expect_sound(test, a);
	expect_sound(test, b);
}

/* The oldest first: the others have to wait. */
static void priority_decides_where_the_quota_is_small(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 0, ULONG_MAX }, .action = DAMON_PAGEOUT,
		.quota = { .sz = PAGES(10), .reset_interval = 1000, .weight_age = 1 },
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_target(test, ctx);

	add_aged(test, t, 0, PAGES(10), 0, 20);
	add_aged(test, t, PAGES(10), PAGES(20), 0, 20000);
	add_aged(test, t, PAGES(20), PAGES(30), 0, 200);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_EQ(test, asked.works[0].range.start, PAGES(10));
}

/* Each call of the primitives is for 2 MiB at most, and the worker may end in between. */
static void work_can_be_ended(struct kunit *test)
{
	struct damon_scheme s = { .pattern = any, .action = DAMON_PAGEOUT };
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	add_aged(test, t, SZ_1M, SZ_1M + SZ_64M, 0, 9);
	asked.stop_after = 5;
	damon_schemes_apply(ctx, 0);
	WRITE_ONCE(ctx->kdamond_stop, false);
	KUNIT_ASSERT_EQ(test, asked.nr, 5);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, asked.works[i].range.end, (i + 1) * SZ_2M);
	/* What was done is a region of its own. */
	KUNIT_EXPECT_EQ(test, t->nr_regions, 2);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, 9 * SZ_1M);
	expect_sound(test, t);
}

static void lock_in_use_counts_as_nothing(struct kunit *test)
{
	struct damon_scheme s = { .pattern = any, .action = DAMON_PAGEOUT };
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 9);

	asked.err = -EAGAIN;
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_tried, 0);
	KUNIT_EXPECT_EQ(test, r->age, 9);
	asked.err = 0;
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_tried, 1);
}

/* Also where there may be no region more. */
static void limit_on_regions_is_kept(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_PAGEOUT,
		.quota = { .sz = PAGES(3), .reset_interval = 1 },
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	ctx->max_nr_regions = 3;
	add_aged(test, t, 0, PAGES(100), 0, 9);
	for (i = 0; i < 20; i++) {
		damon_schemes_apply(ctx, i * (u64)NSEC_PER_SEC);
		KUNIT_EXPECT_LE(test, t->nr_regions, 3);
	}
}

static void what_was_given_up_is_looked_for(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 1, ULONG_MAX }, .action = DAMON_PAGEOUT,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);

	add_aged(test, add_target(test, ctx), PAGES(10), PAGES(20), 0, 9);
	damon_schemes_apply(ctx, 0);
	damon_schemes_apply(ctx, 9 * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_checked, 0);
	/* As long as a lock is in use, nobody knows. */
	asked.present = -EAGAIN;
	damon_schemes_apply(ctx, 10 * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_checked, 0);
	asked.present = true;
	damon_schemes_apply(ctx, 11 * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_checked, PAGES(10));
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_back, PAGES(10));
	/* Once. */
	damon_schemes_apply(ctx, 30 * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_checked, PAGES(10));
}

/* A goal for what comes back, on 64 MiB that are idle, in two targets. */
static const struct damon_scheme one_percent_back = {
	.pattern = { 0, ULONG_MAX, 0, 0, 0, ULONG_MAX }, .action = DAMON_PAGEOUT,
	.quota = { .refault_bp = 100 },
};

static struct damon_ctx *ctx_with_goal(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with(test, &one_percent_back);

	add_aged(test, add_target(test, ctx), 0, SZ_16M, 0, 99);
	add_aged(test, add_target(test, ctx), SZ_1G, SZ_1G + 3 * SZ_16M, 0, 99);
	return ctx;
}

/* As little is known: a MiB, in small pieces from everywhere, and no region is cut for it. */
static void first_sample_is_of_all_memory(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with_goal(test);
	struct damon_target *t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	unsigned int nr[4] = {}, i;
	u64 now = 100ULL * NSEC_PER_SEC;

	damon_schemes_apply(ctx, now);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_applied, SZ_1M);
	KUNIT_ASSERT_EQ(test, asked.nr, 64);
	for (i = 0; i < 64; i++) {
		const struct damon_addr_range *range = &asked.works[i].range;

		KUNIT_EXPECT_EQ(test, range->end - range->start, SZ_16K);
		nr[range->start < SZ_1G ? 0 : 1 + (range->start - SZ_1G) / SZ_16M]++;
	}
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, nr[i], 16);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 1);
	KUNIT_EXPECT_EQ(test, list_first_entry(&t->regions_list, struct damon_region, list)->age,
			99);
	/* No more in this second, and twice as much in two. */
	damon_schemes_apply(ctx, now + NSEC_PER_SEC - 1);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_applied, SZ_1M);
	damon_schemes_apply(ctx, now + NSEC_PER_SEC);
	damon_schemes_apply(ctx, now + 2ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_applied, 4 * SZ_1M);
}

static void apply_for(struct damon_ctx *ctx, unsigned int from_s, unsigned int to_s)
{
	unsigned int i;

	for (i = from_s * 10; i < to_s * 10; i++)
		damon_schemes_apply(ctx, i * 100ULL * NSEC_PER_MSEC);
}

/* When all that is left may be given up, it is, and begins a new age. */
static void all_is_given_up_while_nothing_comes_back(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with_goal(test);
	struct damon_target *t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	struct damon_region *r = list_first_entry(&t->regions_list, struct damon_region, list);

	apply_for(ctx, 100, 106);
	/* Each second at most as much as before; places at the end of a region have less. */
	KUNIT_EXPECT_LE(test, stat_of(test, ctx).sz_applied, SZ_32M);
	KUNIT_EXPECT_GE(test, stat_of(test, ctx).sz_applied, SZ_32M - SZ_1M);
	KUNIT_EXPECT_EQ(test, r->age, 99);
	apply_for(ctx, 106, 108);
	KUNIT_EXPECT_GE(test, stat_of(test, ctx).sz_applied, SZ_64M);
	KUNIT_EXPECT_EQ(test, r->age, 0);
}

/* Where most of the memory has no pages, or none that can be given up, more of it is tried. */
static void sample_is_searched_for(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with_goal(test);
	unsigned int i;

	asked.fails = true;
	damon_schemes_apply(ctx, 100ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, SZ_1M);
	damon_schemes_apply(ctx, 100ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, 3 * SZ_1M);
	/* Up to all, which is then not tried again before it is old enough. */
	for (i = 0; i < 20; i++)
		damon_schemes_apply(ctx, 100ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, 63 * SZ_1M + SZ_64M);
}

/* The sample comes back: of what is there still, nothing is given up but at a higher age. */
static void what_comes_back_ends_it(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with_goal(test);
	struct damon_scheme_stat stat;

	damon_schemes_apply(ctx, 100ULL * NSEC_PER_SEC);
	asked.present = true;
	damon_schemes_apply(ctx, 101ULL * NSEC_PER_SEC);
	stat = stat_of(test, ctx);
	KUNIT_EXPECT_EQ(test, stat.sz_applied, SZ_1M);
	/* They had been idle for 109 aggregations, and all but one of 64 are too many. */
	KUNIT_EXPECT_GT(test, stat.min_age, 109);
	KUNIT_EXPECT_LE(test, stat.min_age, 109 + 14);
}

/* Of memory that has it, and no more when that is given up. */
static void lower_age_is_tried_on_a_mib(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with(test, &one_percent_back);
	struct damon_back *b = &ctx->schemes[0].back;
	struct damon_target *t = add_target(test, ctx);
	struct damon_region *r;
	unsigned int i;

	add_aged(test, t, 0, SZ_16M, 0, 40);
	r = add_aged(test, t, SZ_16M, SZ_32M, 0, 60);
	b->min_age = 100;
	b->try_age = 50;
	b->sz_trial = SZ_1M;
	for (i = 0; i < 3; i++)
		damon_schemes_apply(ctx, (100 + i) * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_applied, SZ_1M);
	KUNIT_EXPECT_EQ(test, asked.nr, 64);
	for (i = 0; i < asked.nr && i < 64; i++)
		KUNIT_EXPECT_GE(test, asked.works[i].range.start, SZ_16M);
	KUNIT_EXPECT_EQ(test, r->age, 60);
}

/* In one window. */
static void what_fails_leaves_room(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_WILLNEED,
		.quota = {
			.sz = PAGES(10), .reset_interval = 1000,
			.fail_charge_num = 1, .fail_charge_denom = 4,
		},
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	unsigned int i;

	add_aged(test, add_target(test, ctx), 0, PAGES(100), 0, 9);
	asked.fails = true;
	for (i = 0; i < 100; i++)
		damon_schemes_apply(ctx, i * (u64)NSEC_PER_MSEC);
	KUNIT_EXPECT_GT(test, stat_of(test, ctx).sz_tried, PAGES(36));
	KUNIT_EXPECT_LE(test, stat_of(test, ctx).sz_tried, PAGES(40));
}

/* 10 pages are missing, of 20 that match; a quarter is done in a window. */
static void goal_asks_which_memory_matches(struct kunit *test)
{
	static const struct damon_goal goal = { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 10000 };
	struct damon_scheme s = {
		.pattern = { 0, PAGES(15), 0, 0, 0, ULONG_MAX }, .action = DAMON_WILLNEED,
		.quota = { .goals = &goal, .nr_goals = 1, .reset_interval = 1000 },
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_target(test, ctx);

	/* Processes have no nodes. */
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EINVAL);
	ctx->sz_on_node = say_on_node;
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), 0);
	add_aged(test, t, 0, PAGES(5), 0, 9);
	add_aged(test, t, PAGES(5), PAGES(10), 0, 0);
	add_aged(test, t, PAGES(10), PAGES(20), 5, 9);
	add_aged(test, t, PAGES(20), PAGES(30), 0, 9);
	/* Too large. */
	add_aged(test, t, PAGES(40), PAGES(60), 0, 9);
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).esz, PAGES(10) / 4);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, PAGES(2));
}

static const struct damon_goal no_target;

/* === Filters === */

static const struct damon_filter not_in_the_middle = {
	.type = DAMON_FILTER_ADDR, .matching = true, .range = { PAGES(15), PAGES(25) },
};

/* Regions of 10 pages each, of one run. */
static struct damon_target *add_run(struct kunit *test, struct damon_ctx *ctx,
				    unsigned int nr_accesses, unsigned int age)
{
	struct damon_target *t = add_target(test, ctx);
	unsigned int i;

	for (i = 0; i < 4; i++)
		add_aged(test, t, PAGES(i * 10), PAGES(i * 10 + 10), nr_accesses, age);
	return t;
}

/* What is left out in the middle of regions is not tried, and keeps its age. */
static void memory_that_is_left_out_is_not_seen(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { PAGES(40), PAGES(40), 0, 0, 0, ULONG_MAX },
		.action = DAMON_WILLNEED,
		.filters = &not_in_the_middle, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_run(test, ctx, 0, 7);
	struct damon_region *r;

	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 2);
	KUNIT_EXPECT_EQ(test, asked.works[0].range.start, 0);
	KUNIT_EXPECT_EQ(test, asked.works[0].range.end, PAGES(15));
	KUNIT_EXPECT_EQ(test, asked.works[1].range.start, PAGES(25));
	KUNIT_EXPECT_EQ(test, asked.works[1].range.end, PAGES(40));
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_tried, 2);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, PAGES(30));
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, r->age,
				r->ar.start >= PAGES(15) && r->ar.end <= PAGES(25) ? 7 : 0);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 6);
	expect_sound(test, t);
}

static void memory_that_is_left_out_is_not_looked_at(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 10, ULONG_MAX },
		.action = DAMON_PAGEOUT,
		.filters = &not_in_the_middle, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);

	add_run(test, ctx, 0, 5);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 2);
	KUNIT_EXPECT_TRUE(test, asked.works[0].look);
	KUNIT_EXPECT_EQ(test, asked.works[0].range.end, PAGES(15));
	KUNIT_EXPECT_EQ(test, asked.works[1].range.start, PAGES(25));
}

/* Old memory that is left out does not use up the window. */
static void memory_that_is_left_out_takes_no_quota(struct kunit *test)
{
	static const struct damon_filter not_the_oldest = {
		.type = DAMON_FILTER_ADDR, .matching = true, .range = { 0, PAGES(10) },
	};
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 0, ULONG_MAX }, .action = DAMON_PAGEOUT,
		.quota = { .sz = PAGES(10), .reset_interval = 1000, .weight_age = 1 },
		.filters = &not_the_oldest, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_target(test, ctx);

	add_aged(test, t, 0, PAGES(10), 0, 20000);
	add_aged(test, t, PAGES(10), PAGES(20), 0, 20);
	add_aged(test, t, PAGES(20), PAGES(30), 0, 200);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_EQ(test, asked.works[0].range.start, PAGES(20));
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_tried, PAGES(10));
}

/* A window that ends within a part goes on there, and each page has its turn. */
static void all_parts_have_their_turn(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_WILLNEED,
		.quota = { .sz = PAGES(6), .reset_interval = 1000 },
		.filters = &not_in_the_middle, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	unsigned int pages[40] = {}, i, window;
	unsigned long addr;

	add_run(test, ctx, 0, 0);
	for (window = 0; window < 10; window++)
		damon_schemes_apply(ctx, window * (u64)NSEC_PER_SEC);
	for (i = 0; i < min(asked.nr, MAX_WORKS); i++)
		for (addr = asked.works[i].range.start; addr < asked.works[i].range.end;
		     addr += PAGE_SIZE)
			pages[addr >> PAGE_SHIFT]++;
	/* Ten windows of a fifth of what is not left out. */
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, pages[i], i >= 15 && i < 25 ? 0 : 2);
}

/* Of one region, of which the work on the first part has made three. */
static void each_part_has_the_age_it_had(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 10, ULONG_MAX },
		.action = DAMON_PAGEOUT,
		.filters = &not_in_the_middle, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	const struct damon_back *b = &ctx->schemes[0].back;
	unsigned int i, nr = 0;

	add_aged(test, add_target(test, ctx), 0, PAGES(40), 0, 600);
	damon_schemes_apply(ctx, 100ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, asked.nr, 2);
	/* For a minute, both. */
	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		if (b->pages[i].due) {
			KUNIT_EXPECT_EQ(test, b->pages[i].since, 40ULL * NSEC_PER_SEC);
			nr++;
		}
	KUNIT_EXPECT_EQ(test, nr, 2);
}

static void targets_are_told_by_their_index(struct kunit *test)
{
	static const struct damon_filter second = {
		.type = DAMON_FILTER_TARGET, .matching = true, .allow = true, .target = 1,
	};
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_WILLNEED,
		/* With a quota the targets are gone through twice. */
		.quota = { .sz = PAGES(1000), .reset_interval = 1000 },
		.filters = &second, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	unsigned int i;

	for (i = 0; i < 3; i++)
		add_aged(test, add_target(test, ctx), PAGES(i * 10), PAGES(i * 10 + 10), 0, 0);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_EQ(test, asked.works[0].range.start, PAGES(10));
}

/* Where a filter of regions allows, those of pages are not asked. */
static void primitives_get_the_filters_of_pages(struct kunit *test)
{
	static const struct damon_filter filters[] = {
		{ .type = DAMON_FILTER_YOUNG, .matching = true },
		{ .type = DAMON_FILTER_ADDR, .matching = true, .allow = true,
		  .range = { PAGES(15), PAGES(25) } },
	};
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 10, ULONG_MAX },
		.action = DAMON_PAGEOUT,
		.filters = filters, .nr_filters = 2,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	unsigned int i;

	add_run(test, ctx, 0, 10);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 3);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, asked.works[i].nr_filters, i == 1 ? 0 : 2);
		/* The user has said what is to be done with pages that were accessed. */
		KUNIT_EXPECT_EQ(test, asked.works[i].spare, i == 1);
	}
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_ops_filter_passed, PAGES(40));
}

/* Pages are counted only if there is something that they could fail to pass. */
static void stat_counts_what_passes(struct kunit *test)
{
	static const struct damon_filter anon = { .type = DAMON_FILTER_ANON, .matching = true };
	struct damon_scheme s = { .pattern = any, .action = DAMON_STAT };
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_target *t = add_run(test, ctx, 5, 7);
	struct damon_region *r;

	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_ops_filter_passed, 0);
	s.filters = &anon;
	s.nr_filters = 1;
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, &s, 1));
	damon_schemes_begin(ctx);
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, 4);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).sz_ops_filter_passed, PAGES(40));
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, r->age, 7);
}

static const struct refused_case {
	const char *name;
	enum damon_action action;
	enum damon_filter_type type;
	int want;
} refused_cases[] = {
	{ "pages one by one", DAMON_COLD, DAMON_FILTER_ANON, 0 },
	{ "counted", DAMON_STAT, DAMON_FILTER_ANON, 0 },
	{ "advice on addresses", DAMON_WILLNEED, DAMON_FILTER_ADDR, 0 },
	{ "advice on pages", DAMON_WILLNEED, DAMON_FILTER_ANON, -EOPNOTSUPP },
	{ "huge pages", DAMON_HUGEPAGE, DAMON_FILTER_ANON, -EOPNOTSUPP },
	{ "no huge pages", DAMON_NOHUGEPAGE, DAMON_FILTER_ANON, -EOPNOTSUPP },
	{ "collapse", DAMON_COLLAPSE, DAMON_FILTER_ANON, -EOPNOTSUPP },
	{ "a filter that nobody has", DAMON_COLD, DAMON_FILTER_UNMAPPED, -EOPNOTSUPP },
	{ "an action that nobody has", DAMON_LRU_PRIO, DAMON_FILTER_ANON, -EOPNOTSUPP },
};

KUNIT_ARRAY_PARAM_DESC(refused, refused_cases, name);

static void filters_that_can_not_work_are_refused(struct kunit *test)
{
	const struct refused_case *c = test->param_value;
	struct damon_filter f = { .type = c->type, .range = { 0, PAGE_SIZE } };
	struct damon_scheme s = {
		.pattern = any, .action = c->action, .filters = &f, .nr_filters = 1,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);

	ctx->actions = ~BIT(DAMON_LRU_PRIO);
	ctx->filters = BIT(DAMON_FILTER_ANON);
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), c->want);
	/* All that can be done without asking is to count. */
	ctx->act = NULL;
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), -EOPNOTSUPP);
}

static struct damon_filter some_filters[DAMON_MAX_SCHEME_ROWS + 1];
static const struct damon_filter no_such_filter = { .type = DAMON_NR_FILTER_TYPES };

static const struct wrong_case {
	const char *name;
	struct damon_scheme s;
	int want;
} wrong_cases[] = {
	{ "nothing", { }, 0 },
	{ "sizes reversed", { .pattern = { .min_sz = 1 } }, -EINVAL },
	{ "counts reversed", { .pattern = { .min_nr_accesses = 1 } }, -EINVAL },
	{ "ages reversed", { .pattern = { .min_age = 1 } }, -EINVAL },
	{ "no such action", { .action = DAMON_NR_ACTIONS }, -EINVAL },
	{ "no such metric", { .wmarks.metric = DAMON_NR_WMARK_METRICS }, -EINVAL },
	{ "low above mid", { .wmarks = { .high = 2, .mid = 1, .low = 2 } }, -EINVAL },
	{ "mid above high", { .wmarks = { .high = 1, .mid = 2, .low = 1 } }, -EINVAL },
	{ "a goal of nothing", { .quota = { .goals = &no_target, .nr_goals = 1 } }, -EINVAL },
	{ "too many goals", { .quota.nr_goals = DAMON_MAX_SCHEME_ROWS + 1 }, -EINVAL },
	{ "no such tuner", { .quota.tuner = DAMON_NR_GOAL_TUNERS }, -EINVAL },
	{ "a node", { .action = DAMON_MIGRATE_COLD, .nid = MAX_NUMNODES - 1 }, 0 },
	{ "no node", { .action = DAMON_MIGRATE_COLD, .nid = NUMA_NO_NODE }, -EINVAL },
	{ "no such node", { .action = DAMON_MIGRATE_HOT, .nid = MAX_NUMNODES }, -EINVAL },
	{ "nodes, and no node", { .action = DAMON_MIGRATE_HOT, .nid = NUMA_NO_NODE,
				  .nr_dests = 1, .dests = &(const struct damon_dest) { 0, 0 } },
	  0 },
	{ "no such node among them", { .action = DAMON_MIGRATE_HOT, .nr_dests = 2,
				       .dests = (const struct damon_dest[]) {
						{ 0, 1 }, { MAX_NUMNODES, 0 } } }, -EINVAL },
	{ "weights overflow", { .action = DAMON_MIGRATE_HOT, .nr_dests = 2,
				.dests = (const struct damon_dest[]) {
					{ 0, UINT_MAX }, { 0, 1 } } }, -EINVAL },
	{ "all alike", { .wmarks = { .high = 1, .mid = 1, .low = 1 } }, 0 },
	{ "as many filters as may be",
	  { .filters = some_filters, .nr_filters = DAMON_MAX_SCHEME_ROWS }, 0 },
	{ "one filter more",
	  { .filters = some_filters, .nr_filters = DAMON_MAX_SCHEME_ROWS + 1 }, -EINVAL },
	{ "a wrong filter", { .filters = &no_such_filter, .nr_filters = 1 }, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(wrong, wrong_cases, name);

static void wrong_schemes_change_nothing(struct kunit *test)
{
	const struct wrong_case *c = test->param_value;
	struct damon_scheme good = { .pattern = any, .action = DAMON_STAT };
	struct damon_ctx *ctx = ctx_with(test, &good);
	struct damon_scheme both[] = { good, c->s };

	KUNIT_EXPECT_EQ(test, damon_scheme_check(&c->s), c->want);
	KUNIT_EXPECT_EQ(test, damon_set_schemes(ctx, both, 2), c->want);
	KUNIT_EXPECT_EQ(test, ctx->nr_schemes, c->want ? 1 : 2);
	KUNIT_EXPECT_EQ(test, damon_set_schemes(ctx, both, -1), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_set_schemes(ctx, both, DAMON_MAX_SCHEMES + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_set_schemes(ctx, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, ctx->nr_schemes, 0);
}

static void primitives_are_asked_what_they_can_do(struct kunit *test)
{
	struct damon_scheme s = { .pattern = any, .action = DAMON_HUGEPAGE };
	struct damon_ctx *ctx = ctx_with(test, &s);

	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), 0);
	ctx->actions = BIT(DAMON_PAGEOUT);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EOPNOTSUPP);
	ctx->act = NULL;
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), -EOPNOTSUPP);
	s.action = DAMON_STAT;
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, &s, 1));
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), 0);
}

/* In between, by the evidence until then, and at the end of the aggregation as well. */
static void some_are_applied_in_between(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 10, ULONG_MAX, 0, ULONG_MAX },
		.action = DAMON_WILLNEED,
		.apply_interval = 10000,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 7);
	unsigned int ms, nr = 0;

	r->counted = true;
	set_evidence(r, 300, 400);
	for (ms = 5; ms < 100; ms += 5) {
		damon_schemes_apply_between(ctx, (u64)ms * NSEC_PER_MSEC);
		nr += ms % 10 == 5;
		KUNIT_EXPECT_EQ(test, asked.nr, nr);
	}
	r->nr_accesses = 15;
	damon_schemes_apply(ctx, 100ULL * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, asked.nr, nr + 1);
	/* The samples of this aggregation count at once. */
	r->nr_accesses = 0;
	r->fresh.samples[0] = 500 * SAMPLE;
	damon_schemes_apply_between(ctx, 110ULL * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, asked.nr, nr + 1);
}

/* Also where a quota leaves memory to the passes in between. */
static void used_pages_are_spared_in_between(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 10, ULONG_MAX },
		.action = DAMON_PAGEOUT,
		.apply_interval = 10000,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);

	add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 10);
	damon_schemes_apply_between(ctx, 10ULL * NSEC_PER_MSEC);
	KUNIT_ASSERT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_TRUE(test, asked.works[0].spare);
}

/* The age until now is that of its use. */
static void use_that_has_just_ended_is_no_idle_time(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 10, ULONG_MAX },
		.action = DAMON_PAGEOUT,
		.apply_interval = 10000,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 600);

	r->counted = true;
	set_evidence(r, 400, 400);
	r->fresh.samples[0] = 10 * SAMPLE;
	r->changed = true;
	KUNIT_ASSERT_EQ(test, damon_region_count(ctx, r), 0);
	damon_schemes_apply_between(ctx, 10ULL * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, asked.nr, 0);
	r->counted = false;
	r->changed = false;
	set_evidence(r, 0, 400);
	damon_schemes_apply_between(ctx, 20ULL * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, asked.nr, 1);
}

static void others_are_not_applied_in_between(struct kunit *test)
{
	struct damon_scheme s = { .pattern = any, .action = DAMON_WILLNEED };
	struct damon_ctx *ctx = ctx_with(test, &s);

	add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 7);
	damon_schemes_apply_between(ctx, NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, asked.nr, 0);
}

static void snapshots_are_limited(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = any, .action = DAMON_WILLNEED, .max_nr_snapshots = 2,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	unsigned int i;

	add_aged(test, add_target(test, ctx), 0, PAGES(10), 0, 7);
	for (i = 1; i <= 4; i++)
		damon_schemes_apply(ctx, i * (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, asked.nr, 2);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_snapshots, 2);
}

/* Or it would use up the quota each time. */
static void what_is_in_its_place_waits_for_its_age(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 1, ULONG_MAX, 3, ULONG_MAX },
		.action = DAMON_MIGRATE_HOT,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 5, 3);

	asked.fails = true;
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_EQ(test, r->age, 0);
	KUNIT_EXPECT_EQ(test, stat_of(test, ctx).nr_applied, 0);
	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, 1);
}

/* Who wants used memory moved does not have it spared for its use. */
static void used_memory_is_moved_without_a_second_look(struct kunit *test)
{
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 5, 4, ULONG_MAX },
		.action = DAMON_MIGRATE_COLD,
	};
	struct damon_ctx *ctx = ctx_with(test, &s);
	struct damon_region *r = add_aged(test, add_target(test, ctx), 0, PAGES(10), 5, 2);

	damon_schemes_apply(ctx, 0);
	KUNIT_EXPECT_EQ(test, asked.nr, 0);
	r->age = 4;
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_FALSE(test, asked.works[0].look);
	KUNIT_EXPECT_FALSE(test, asked.works[0].spare);

	/* But idle memory is looked at. */
	s.pattern.max_nr_accesses = 0;
	KUNIT_ASSERT_EQ(test, damon_set_schemes(ctx, &s, 1), 0);
	damon_schemes_begin(ctx);
	r->nr_accesses = 0;
	r->age = 2;
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 2);
	KUNIT_EXPECT_TRUE(test, asked.works[1].look);
}

/* Asked when the monitor starts, since they come and go. */
static void nodes_that_memory_is_moved_to_have_some(struct kunit *test)
{
	const int without = MAX_NUMNODES - 1;
	const struct damon_dest dests[] = { { first_memory_node, 1 }, { without, 0 } };
	struct damon_scheme s = { .pattern = any, .action = DAMON_MIGRATE_COLD };
	struct damon_ctx *ctx;

	if (node_state(without, N_MEMORY))
		kunit_skip(test, "all nodes have memory");
	s.nid = without;
	ctx = ctx_with(test, &s);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EINVAL);
	s.nid = first_memory_node;
	KUNIT_ASSERT_EQ(test, damon_set_schemes(ctx, &s, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), 0);

	s.dests = dests;
	s.nr_dests = 1;
	KUNIT_ASSERT_EQ(test, damon_set_schemes(ctx, &s, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EOPNOTSUPP);
	ctx->takes_dests = true;
	KUNIT_EXPECT_EQ(test, damon_schemes_check(ctx), 0);
	s.nr_dests = 2;
	KUNIT_ASSERT_EQ(test, damon_set_schemes(ctx, &s, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EINVAL);
}

/* The primitives get the nodes, or the only one as if it were one of several. */
static void primitives_are_told_the_nodes(struct kunit *test)
{
	static const struct damon_dest dests[] = { { 3, 1 }, { 4, 2 } };
	struct damon_scheme s = { .pattern = any, .action = DAMON_MIGRATE_HOT, .nid = 2 };
	struct damon_ctx *ctx = ctx_with(test, &s);

	add_aged(test, add_target(test, ctx), 0, PAGES(10), 5, 7);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 1);
	KUNIT_EXPECT_EQ(test, asked.works[0].nr_dests, 1);
	KUNIT_EXPECT_EQ(test, asked.dest.nid, 2);
	KUNIT_EXPECT_GT(test, asked.dest.weight, 0);

	s.dests = dests;
	s.nr_dests = 2;
	KUNIT_ASSERT_EQ(test, damon_set_schemes(ctx, &s, 1), 0);
	damon_schemes_begin(ctx);
	damon_schemes_apply(ctx, 0);
	KUNIT_ASSERT_EQ(test, asked.nr, 2);
	KUNIT_EXPECT_EQ(test, asked.works[1].nr_dests, 2);
	KUNIT_EXPECT_EQ(test, asked.dest.nid, 3);
}

static const struct wmark_case {
	const char *name;
	unsigned long high, mid, low;
	bool was_active, want;
} wmark_cases[] = {
	/* Between nothing and all memory is free. */
	{ "above high", 0, 0, 0, true, false },
	{ "below low", 1000, 1000, 1000, true, false },
	{ "up to mid", 1000, 1000, 0, false, true },
	{ "above mid, was off", 1000, 0, 0, false, false },
	{ "above mid, was on", 1000, 0, 0, true, true },
};

KUNIT_ARRAY_PARAM_DESC(wmark, wmark_cases, name);

static void watermarks_switch(struct kunit *test)
{
	const struct wmark_case *c = test->param_value;
	struct damon_watermarks w = {
		DAMON_WMARK_FREE_MEM_RATE, 1000, c->high, c->mid, c->low,
	};

	KUNIT_EXPECT_EQ(test, is_active(&w, c->was_active), c->want);
	w.metric = DAMON_WMARK_NONE;
	KUNIT_EXPECT_TRUE(test, is_active(&w, c->was_active));
}

static struct kunit_case damon_scheme_cases[] = {
	KUNIT_CASE_PARAM(scheme_is_for_what_matches, match_gen_params),
	KUNIT_CASE(stat_does_nothing),
	KUNIT_CASE(memory_is_looked_at_before_it_is_given_up),
	KUNIT_CASE(look_is_not_missed_between_two_times),
	KUNIT_CASE(apply_interval_is_kept),
	KUNIT_CASE(all_have_their_turn),
	KUNIT_CASE(priority_decides_where_the_quota_is_small),
	KUNIT_CASE(work_can_be_ended),
	KUNIT_CASE(lock_in_use_counts_as_nothing),
	KUNIT_CASE(limit_on_regions_is_kept),
	KUNIT_CASE(what_was_given_up_is_looked_for),
	KUNIT_CASE(what_fails_leaves_room),
	KUNIT_CASE(first_sample_is_of_all_memory),
	KUNIT_CASE(all_is_given_up_while_nothing_comes_back),
	KUNIT_CASE(sample_is_searched_for),
	KUNIT_CASE(what_comes_back_ends_it),
	KUNIT_CASE(lower_age_is_tried_on_a_mib),
	KUNIT_CASE(goal_asks_which_memory_matches),
	KUNIT_CASE(memory_that_is_left_out_is_not_seen),
	KUNIT_CASE(memory_that_is_left_out_is_not_looked_at),
	KUNIT_CASE(memory_that_is_left_out_takes_no_quota),
	KUNIT_CASE(all_parts_have_their_turn),
	KUNIT_CASE(each_part_has_the_age_it_had),
	KUNIT_CASE(targets_are_told_by_their_index),
	KUNIT_CASE(primitives_get_the_filters_of_pages),
	KUNIT_CASE(stat_counts_what_passes),
	KUNIT_CASE_PARAM(filters_that_can_not_work_are_refused, refused_gen_params),
	KUNIT_CASE_PARAM(wrong_schemes_change_nothing, wrong_gen_params),
	KUNIT_CASE(primitives_are_asked_what_they_can_do),
	KUNIT_CASE(some_are_applied_in_between),
	KUNIT_CASE(used_pages_are_spared_in_between),
	KUNIT_CASE(use_that_has_just_ended_is_no_idle_time),
	KUNIT_CASE(others_are_not_applied_in_between),
	KUNIT_CASE(snapshots_are_limited),
	KUNIT_CASE(what_is_in_its_place_waits_for_its_age),
	KUNIT_CASE(used_memory_is_moved_without_a_second_look),
	KUNIT_CASE(nodes_that_memory_is_moved_to_have_some),
	KUNIT_CASE(primitives_are_told_the_nodes),
	KUNIT_CASE_PARAM(watermarks_switch, wmark_gen_params),
	{}
};

static struct kunit_suite damon_scheme_suite = {
	.name = "damon_scheme",
	.test_cases = damon_scheme_cases,
};

kunit_test_suite(damon_scheme_suite);
