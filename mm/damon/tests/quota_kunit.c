// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of quota.c, which is where this file is included: windows, limits, priorities.
 */
#include <linux/limits.h>

#include "helper.h"

#define MS ((u64)NSEC_PER_MSEC)

static void no_limit_is_none(struct kunit *test)
{
	struct damon_quota q = { .reset_interval = 10 };
	struct damon_quota_state s = {};

	damon_quota_begin(&s, &q, 0);
	damon_quota_charge(&s, 1ULL << 60, 1ULL << 60);
	KUNIT_EXPECT_FALSE(test, s.limited);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), U64_MAX);
}

static void bytes_are_limited_from_the_first_window_on(struct kunit *test)
{
	struct damon_quota q = { .sz = 10 * PAGE_SIZE + 1, .reset_interval = 100 };
	struct damon_quota_state s = {};
	unsigned int window;
	u64 now = 5 * MS;

	for (window = 0; window < 3; window++, now += 100 * MS) {
		damon_quota_begin(&s, &q, now);
		KUNIT_EXPECT_EQ(test, s.nr_full, window);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 10 * PAGE_SIZE);
		damon_quota_charge(&s, 7 * PAGE_SIZE, 1);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 3 * PAGE_SIZE);
		damon_quota_charge(&s, 3 * PAGE_SIZE, 1);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
		/* Not before its time. */
		damon_quota_begin(&s, &q, now + 100 * MS - 1);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
	}
	/* One that was not used up is none that did not suffice. */
	damon_quota_begin(&s, &q, now);
	damon_quota_begin(&s, &q, now + 100 * MS);
	KUNIT_EXPECT_EQ(test, s.nr_full, window);
}

static void time_becomes_bytes_by_what_the_work_took(struct kunit *test)
{
	struct damon_quota q = { .ms = 10, .reset_interval = 1000 };
	struct damon_quota_state s = {};

	damon_quota_begin(&s, &q, 0);
	KUNIT_EXPECT_EQ(test, s.esz, 10 * PAGE_SIZE * 1024);
	/* It is over when the time is, whatever was guessed. */
	damon_quota_charge(&s, 100 * PAGE_SIZE, 9 * MS);
	KUNIT_EXPECT_GT(test, damon_quota_room(&s, &q), 0);
	KUNIT_EXPECT_FALSE(test, damon_quota_is_late(&s, &q, MS - 1));
	KUNIT_EXPECT_TRUE(test, damon_quota_is_late(&s, &q, MS));
	damon_quota_charge(&s, 0, 11 * MS);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
	damon_quota_begin(&s, &q, 1000 * MS);
	/* 100 pages in 20 ms. */
	KUNIT_EXPECT_EQ(test, s.esz, 50 * PAGE_SIZE);
	/* The smaller limit holds. */
	q.sz = 20 * PAGE_SIZE;
	damon_quota_begin(&s, &q, 2000 * MS);
	KUNIT_EXPECT_EQ(test, s.esz, 20 * PAGE_SIZE);
}

static const struct extreme_case {
	const char *name;
	struct damon_quota q;
	u64 sz, ns;
} extreme_cases[] = {
	{ "all", { ULONG_MAX, ULONG_MAX, ULONG_MAX }, U64_MAX / 4, U64_MAX / 4 },
	{ "time for nothing", { ULONG_MAX, 0, 0 }, 1ULL << 62, 1 },
	{ "nothing for all the time", { 1, 0, 1 }, 1, 1ULL << 62 },
	{ "one window for ever", { 1, 1, ULONG_MAX }, 1, 1 },
	{ "a window each time", { 1, PAGE_SIZE, 0 }, PAGE_SIZE, 1 },
};

KUNIT_ARRAY_PARAM_DESC(extreme, extreme_cases, name);

/* Numbers of users do not overflow anything. */
static void extremes_are_survived(struct kunit *test)
{
	const struct extreme_case *c = test->param_value;
	struct damon_quota_state s = {};
	unsigned int i;

	for (i = 0; i < 100; i++) {
		damon_quota_begin(&s, &c->q, i * MS);
		KUNIT_EXPECT_LE(test, damon_quota_room(&s, &c->q), s.esz);
		if (c->q.sz)
			KUNIT_EXPECT_LE(test, s.esz, c->q.sz);
		damon_quota_charge(&s, c->sz, c->ns);
	}
}

static const struct score_case {
	const char *name;
	struct damon_quota q;
	unsigned int nr_accesses, age;
	unsigned int hot;
} score_cases[] = {
	{ "hot for long, by count", { .weight_nr_accesses = 1 }, 20, 1000, 99 },
	{ "half, by count", { .weight_nr_accesses = 1000 }, 10, 1000, 50 },
	{ "idle, by count", { .weight_nr_accesses = 1 }, 0, 1000, 0 },
	{ "idle just now, by age", { .weight_age = 1 }, 0, 0, 50 },
	/* 100 s: 7 of 32. */
	{ "idle for long, by age", { .weight_age = 1 }, 0, 1000, 39 },
	{ "used for long, by age", { .weight_age = 1 }, 20, 1000, 60 },
	{ "idle for ever, by age", { .weight_age = 1 }, 0, UINT_MAX, 4 },
	{ "both", { .weight_nr_accesses = 1, .weight_age = 1 }, 20, 1000, 80 },
	{ "no weights", { }, 20, 1000, 0 },
	{ "largest weights", { 0, 0, 0, 0, UINT_MAX, UINT_MAX }, 20, 1000, 80 },
	{ "more than all", { .weight_nr_accesses = 1 }, 2000, 0, 99 },
};

KUNIT_ARRAY_PARAM_DESC(score, score_cases, name);

static void score_follows_the_weights(struct kunit *test)
{
	const struct score_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, damon_quota_score(&c->q, c->nr_accesses, c->age, 20, 100000, false),
			c->hot);
	KUNIT_EXPECT_EQ(test, damon_quota_score(&c->q, c->nr_accesses, c->age, 20, 100000, true),
			DAMON_MAX_SCORE - c->hot);
}

static struct kunit_case damon_quota_cases[] = {
	KUNIT_CASE(no_limit_is_none),
	KUNIT_CASE(bytes_are_limited_from_the_first_window_on),
	KUNIT_CASE(time_becomes_bytes_by_what_the_work_took),
	KUNIT_CASE_PARAM(extremes_are_survived, extreme_gen_params),
	KUNIT_CASE_PARAM(score_follows_the_weights, score_gen_params),
	{}
};

static struct kunit_suite damon_quota_suite = {
	.name = "damon_quota",
	.test_cases = damon_quota_cases,
};

kunit_test_suite(damon_quota_suite);
