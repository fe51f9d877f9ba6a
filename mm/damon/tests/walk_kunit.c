// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of walk.c, which is where this file is included: what a walk is told, and when it
 * is over.
 */
#include "../evidence.h"
#include "regions.h"

#define MAX_TOLD 8

static struct damon_tried told[MAX_TOLD];
static unsigned int nr_told;

static void note_tried(const struct damon_tried *tried, void *arg)
{
	if (nr_told < MAX_TOLD)
		told[nr_told] = *tried;
	nr_told++;
}

KUNIT_DEFINE_ACTION_WRAPPER(kfree_action, kfree, const void *);

/* As damon_walk_tried() makes it, with a reference that the test keeps. */
static struct damon_tried_walk *new_walk(struct kunit *test)
{
	struct damon_tried_walk *walk = kzalloc(sizeof(*walk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, walk);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, kfree_action, walk));
	kref_init(&walk->ref);
	mutex_init(&walk->lock);
	init_completion(&walk->done);
	walk->fn = note_tried;
	nr_told = 0;
	return walk;
}

static struct damon_ctx *ctx_with(struct kunit *test, const struct damon_scheme *s,
				  unsigned int nr)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = add_target(test, ctx);

	add_region(test, t, 0, PAGES(10), 3)->age = 5;
	add_region(test, t, PAGES(10), PAGES(20), 4)->age = 6;
	add_region(test, t, PAGES(30), PAGES(40), 0);
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, s, nr));
	damon_schemes_begin(ctx);
	return ctx;
}

static const struct damon_scheme counted = {
	.pattern = { 0, ULONG_MAX, 1, ULONG_MAX, 0, ULONG_MAX },
	.action = DAMON_STAT,
};

/* Neighbours are worked on as one, but told one by one. */
static void each_region_is_told(struct kunit *test)
{
	struct damon_ctx *ctx = ctx_with(test, &counted, 1);
	struct damon_tried_walk *walk = new_walk(test);

	KUNIT_ASSERT_EQ(test, 0, begin_walk(ctx, walk));
	KUNIT_EXPECT_EQ(test, begin_walk(ctx, walk), -EBUSY);
	/* One whose caller was killed is in nobody's way. */
	walk->fn = NULL;
	KUNIT_ASSERT_EQ(test, 0, begin_walk(ctx, walk));
	KUNIT_EXPECT_EQ(test, walk->ret, -ECANCELED);
	reinit_completion(&walk->done);
	walk->fn = note_tried;
	damon_schemes_apply(ctx, NSEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, nr_told, 2);
	KUNIT_EXPECT_EQ(test, told[0].range.end, PAGES(10));
	KUNIT_EXPECT_EQ(test, told[0].nr_accesses, 3);
	KUNIT_EXPECT_EQ(test, told[0].age, 5);
	KUNIT_EXPECT_EQ(test, told[1].range.start, PAGES(10));
	KUNIT_EXPECT_EQ(test, told[1].range.end, PAGES(20));
	KUNIT_EXPECT_EQ(test, told[1].nr_accesses, 4);
	KUNIT_EXPECT_TRUE(test, completion_done(&walk->done));
	KUNIT_EXPECT_EQ(test, walk->ret, 0);
	damon_schemes_apply(ctx, 2 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, nr_told, 2);
}

static void each_scheme_has_its_pass(struct kunit *test)
{
	struct damon_scheme both[] = { counted, counted };
	struct damon_ctx *ctx;
	struct damon_tried_walk *walk = new_walk(test);

	both[1].apply_interval = 10 * USEC_PER_SEC;
	ctx = ctx_with(test, both, 2);
	damon_schemes_apply(ctx, NSEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, begin_walk(ctx, walk));
	damon_schemes_apply(ctx, 2ULL * NSEC_PER_SEC);
	damon_schemes_apply(ctx, 3ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, nr_told, 2);
	KUNIT_EXPECT_FALSE(test, completion_done(&walk->done));
	damon_schemes_apply(ctx, 12ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, nr_told, 4);
	KUNIT_EXPECT_EQ(test, told[2].scheme, 1);
	KUNIT_EXPECT_TRUE(test, completion_done(&walk->done));
}

static void nothing_that_matches_is_an_answer(struct kunit *test)
{
	struct damon_scheme s = counted;
	struct damon_tried_walk *walk = new_walk(test);
	struct damon_ctx *ctx;

	s.pattern.min_nr_accesses = 200;
	ctx = ctx_with(test, &s, 1);
	KUNIT_ASSERT_EQ(test, 0, begin_walk(ctx, walk));
	damon_schemes_apply(ctx, NSEC_PER_SEC);
	KUNIT_EXPECT_TRUE(test, completion_done(&walk->done));
	KUNIT_EXPECT_EQ(test, walk->ret, 0);
}

static void walk_without_a_pass_is_canceled(struct kunit *test)
{
	struct damon_scheme s = counted;
	struct damon_tried_walk *walk = new_walk(test);
	struct damon_ctx *ctx;

	s.max_nr_snapshots = 1;
	ctx = ctx_with(test, &s, 1);
	ctx->pause = true;
	KUNIT_EXPECT_EQ(test, begin_walk(ctx, walk), -ECANCELED);
	ctx->pause = false;
	damon_schemes_apply(ctx, NSEC_PER_SEC);
	/* It was the last one. */
	KUNIT_EXPECT_EQ(test, begin_walk(ctx, walk), -ECANCELED);
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, NULL, 0));
	KUNIT_EXPECT_EQ(test, begin_walk(ctx, walk), -ECANCELED);
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, &counted, 1));
	damon_schemes_begin(ctx);
	KUNIT_ASSERT_EQ(test, 0, begin_walk(ctx, walk));
	damon_walk_cancel(ctx);
	KUNIT_EXPECT_TRUE(test, completion_done(&walk->done));
	KUNIT_EXPECT_EQ(test, walk->ret, -ECANCELED);
}

static struct kunit_case damon_walk_cases[] = {
	KUNIT_CASE(each_region_is_told),
	KUNIT_CASE(each_scheme_has_its_pass),
	KUNIT_CASE(nothing_that_matches_is_an_answer),
	KUNIT_CASE(walk_without_a_pass_is_canceled),
	{}
};

static struct kunit_suite damon_walk_suite = {
	.name = "damon_walk",
	.test_cases = damon_walk_cases,
};

kunit_test_suite(damon_walk_suite);
