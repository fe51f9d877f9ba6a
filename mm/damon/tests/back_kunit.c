// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of back.c, which is where this file is included: the age at which memory is given
 * up, by what came back.
 */
#include <linux/limits.h>

#include "helper.h"

#define LEAST 10
#define MOST 100000

/* A sample that the compiler need not put on the stack. */
static struct damon_back *test_back(struct kunit *test)
{
	struct damon_back *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	damon_back_begin(b, LEAST, MOST, 100000);
	return b;
}

/* @nr pages were given up, of which one comes back if @is_back says so for it. */
static void give_up(struct damon_back *b, unsigned int nr, unsigned int nr_back)
{
	struct damon_given_up g;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		g = (struct damon_given_up) { .sz = PAGE_SIZE, .is_back = i < nr_back };
		check(b, &g);
	}
}

static void age_begins_with_caution(struct kunit *test)
{
	struct damon_back b = {};

	/* 20 seconds, within what the user wants. */
	damon_back_begin(&b, 0, ULONG_MAX, 100000);
	KUNIT_EXPECT_EQ(test, b.min_age, 200);
	damon_back_begin(&b, 500, ULONG_MAX, 100000);
	KUNIT_EXPECT_EQ(test, b.min_age, 500);
	damon_back_begin(&b, 0, 50, 100000);
	KUNIT_EXPECT_EQ(test, b.min_age, 50);
	damon_back_begin(&b, 0, ULONG_MAX, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, b.min_age, 0);
}

static void age_falls_while_nothing_comes_back(struct kunit *test)
{
	struct damon_back *b = test_back(test);
	unsigned int i;

	for (i = 0; i < 100; i++) {
		give_up(b, 99, 0);
		damon_back_tune(b, 100, LEAST, MOST);
	}
	KUNIT_EXPECT_EQ(test, b->min_age, LEAST);
}

static void age_is_left_alone_before_enough_is_known(struct kunit *test)
{
	struct damon_back *b = test_back(test);

	give_up(b, 99, 2);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 200);
	give_up(b, 1, 0);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
}

/* Without waiting for the rest. */
static void age_rises_at_once_when_much_comes_back(struct kunit *test)
{
	struct damon_back *b = test_back(test);
	unsigned int i;

	give_up(b, 3, 3);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	for (i = 0; i < 200; i++) {
		give_up(b, 3, 3);
		damon_back_tune(b, 100, LEAST, MOST);
	}
	KUNIT_EXPECT_EQ(test, b->min_age, MOST);
	/* And never beyond what a number can hold. */
	for (i = 0; i < 200; i++) {
		give_up(b, 3, 3);
		damon_back_tune(b, 100, LEAST, ULONG_MAX);
	}
	KUNIT_EXPECT_EQ(test, b->min_age, ULONG_MAX);
}

static const struct goal_case {
	const char *name;
	unsigned int goal_bp;
	/* Seconds of idleness after which a page comes back with a chance of 1/e. */
	unsigned int idle_s;
} goal_cases[] = {
	{ "1 %, used each 2 s", 100, 2 },
	{ "1 %, used each 10 s", 100, 10 },
	{ "5 %, used each 10 s", 500, 10 },
	{ "10 %, used each 3 s", 1000, 3 },
};

KUNIT_ARRAY_PARAM_DESC(goal, goal_cases, name);

/* exp(-@num / @den) in 1/65536, by eighths of a whole. */
static u32 exp_minus(u64 num, u64 den)
{
	u32 p = 65536;
	u64 eighths = div64_u64(num * 8, den);

	/* exp(-1/8) */
	for (; eighths && p; eighths--)
		p = p * 57835ULL >> 16;
	return p;
}

/*
 * The older memory is, the less likely it comes back.  What comes back ends up near the
 * goal, from 20 seconds on, and stays there.
 */
static void age_finds_the_goal(struct kunit *test)
{
	const struct goal_case *c = test->param_value;
	struct damon_back *b = test_back(test);
	struct rnd_state rng;
	u64 sum = 0, back = 0;
	unsigned int i, j;

	prandom_seed_state(&rng, 42);
	for (i = 0; i < 1000; i++) {
		u32 p = exp_minus(b->min_age, c->idle_s * 10);

		for (j = 0; j < 50; j++) {
			bool is_back = rand_below(&rng, 65536) < p;

			give_up(b, 1, is_back);
			if (i >= 100) {
				sum++;
				back += is_back;
			}
		}
		damon_back_tune(b, c->goal_bp, LEAST, MOST);
	}
	/* Half of the goal to 3/2 of it. */
	KUNIT_EXPECT_GE(test, back * 10000, sum * c->goal_bp / 2);
	KUNIT_EXPECT_LE(test, back * 10000, sum * c->goal_bp * 3 / 2);
}

/* Where no page can be looked for: what the machine reads back is of what was given up. */
static void refaults_are_counted(struct kunit *test)
{
	struct damon_work work = { .action = DAMON_PAGEOUT, .sz_applied = PAGES(1000) };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	u64 now = NSEC_PER_SEC;

	damon_back_look(ctx, b, now);
	damon_back_remember(ctx, b, NULL, &work, now);
	count_refaults(b, 300);
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(300));
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(300));
	/* More than was given up is of others. */
	count_refaults(b, 5000);
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(1000));

	begin_period(b, now);
	damon_back_remember(ctx, b, NULL, &work, now);
	begin_period(b, now);
	count_refaults(b, 100);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(1100));
	begin_period(b, now);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(2000));
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(1100));
	KUNIT_EXPECT_EQ(test, b->nr_open, 0);
	/* Nothing is known of a pause. */
	damon_back_remember(ctx, b, NULL, &work, now);
	damon_back_forget(b);
	begin_period(b, now);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(2000));
}

/* A few of many are no reason to wait for longer. */
static void few_refaults_of_many_are_borne(struct kunit *test)
{
	struct damon_work work = { .action = DAMON_PAGEOUT, .sz_applied = PAGES(10000) };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);

	damon_back_look(ctx, b, 0);
	damon_back_remember(ctx, b, NULL, &work, 0);
	count_refaults(b, 90);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 200);
	count_refaults(b, 150);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	/* It is not lowered before what was given up has had its time. */
	damon_back_remember(ctx, b, NULL, &work, 0);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	begin_period(b, 0);
	begin_period(b, 0);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301 - 38);
}

static int say_back(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr)
{
	return addr < PAGES(2);
}

/* Those that are back at once do not make the share of all larger meanwhile. */
static void all_are_counted_when_their_time_is_over(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	struct damon_work work = {
		.action = DAMON_PAGEOUT, .sz_applied = PAGES(4), .nr_given_up = 4,
		.given_up = { 0, PAGES(1), PAGES(2), PAGES(3) },
	};

	ctx->is_present = say_back;
	damon_back_remember(ctx, b, NULL, &work, NSEC_PER_SEC);
	damon_back_look(ctx, b, 2ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, b->sz_checked, 0);
	KUNIT_EXPECT_EQ(test, b->nr_open, 4);
	KUNIT_EXPECT_EQ(test, b->nr_open_back, 2);
	damon_back_look(ctx, b, 11ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(4));
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(2));
	KUNIT_EXPECT_EQ(test, b->nr_open, 0);
}

/* What is back already leads to one decision, at once. */
static void early_pages_decide_once(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	struct damon_work work = {
		.action = DAMON_PAGEOUT, .sz_applied = PAGES(4), .nr_given_up = 2,
		.given_up = { 0, PAGES(1) },
	};

	ctx->is_present = say_back;
	damon_back_remember(ctx, b, NULL, &work, NSEC_PER_SEC);
	damon_back_remember(ctx, b, NULL, &work, NSEC_PER_SEC);
	damon_back_look(ctx, b, 2ULL * NSEC_PER_SEC);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	damon_back_look(ctx, b, 11ULL * NSEC_PER_SEC);
	damon_back_tune(b, 100, LEAST, MOST);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(8));
}

static struct kunit_case damon_back_cases[] = {
	KUNIT_CASE(all_are_counted_when_their_time_is_over),
	KUNIT_CASE(early_pages_decide_once),
	KUNIT_CASE(refaults_are_counted),
	KUNIT_CASE(few_refaults_of_many_are_borne),
	KUNIT_CASE(age_begins_with_caution),
	KUNIT_CASE(age_falls_while_nothing_comes_back),
	KUNIT_CASE(age_is_left_alone_before_enough_is_known),
	KUNIT_CASE(age_rises_at_once_when_much_comes_back),
	KUNIT_CASE_PARAM(age_finds_the_goal, goal_gen_params),
	{}
};

static struct kunit_suite damon_back_suite = {
	.name = "damon_back",
	.test_cases = damon_back_cases,
};

kunit_test_suite(damon_back_suite);
