// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of quota.c, which is where this file is included: windows, limits, goals, priorities.
 */
#include <linux/limits.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "helper.h"

#define MS ((u64)NSEC_PER_MSEC)

static void no_limit_is_none(struct kunit *test)
{
	struct damon_quota q = { .reset_interval = 10 };
	struct damon_quota_state s = {};

	damon_quota_begin(&s, &q, NULL, 0);
	damon_quota_charge(&s, &q, 1ULL << 60, 0);
	damon_quota_charge_time(&s, 1ULL << 60);
	KUNIT_EXPECT_FALSE(test, damon_quota_is_limited(&q));
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), U64_MAX);
}

static void bytes_are_limited_from_the_first_window_on(struct kunit *test)
{
	struct damon_quota q = { .sz = 10 * PAGE_SIZE + 1, .reset_interval = 100 };
	struct damon_quota_state s = {};
	unsigned int window;
	u64 now = 5 * MS;

	for (window = 0; window < 3; window++, now += 100 * MS) {
		damon_quota_begin(&s, &q, NULL, now);
		KUNIT_EXPECT_EQ(test, s.nr_full, window);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 10 * PAGE_SIZE);
		damon_quota_charge(&s, &q, 7 * PAGE_SIZE, 0);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 3 * PAGE_SIZE);
		damon_quota_charge(&s, &q, 3 * PAGE_SIZE, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
		/* Not before its time. */
		damon_quota_begin(&s, &q, NULL, now + 100 * MS - 1);
		KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
	}
	/* One that was not used up is none that did not suffice. */
	damon_quota_begin(&s, &q, NULL, now);
	damon_quota_begin(&s, &q, NULL, now + 100 * MS);
	KUNIT_EXPECT_EQ(test, s.nr_full, window);
}

static void time_becomes_bytes_by_what_the_work_took(struct kunit *test)
{
	struct damon_quota q = { .ms = 10, .reset_interval = 1000 };
	struct damon_quota_state s = {};

	damon_quota_begin(&s, &q, NULL, 0);
	KUNIT_EXPECT_EQ(test, s.esz, 10 * PAGE_SIZE * 1024);
	/* It is over when the time is, whatever was guessed. */
	damon_quota_charge(&s, &q, 100 * PAGE_SIZE, 0);
	damon_quota_charge_time(&s, 9 * MS);
	KUNIT_EXPECT_GT(test, damon_quota_room(&s, &q), 0);
	KUNIT_EXPECT_FALSE(test, damon_quota_is_late(&s, &q, MS - 1));
	KUNIT_EXPECT_TRUE(test, damon_quota_is_late(&s, &q, MS));
	damon_quota_charge_time(&s, 11 * MS);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
	damon_quota_begin(&s, &q, NULL, 1000 * MS);
	/* 100 pages in 20 ms. */
	KUNIT_EXPECT_EQ(test, s.esz, 50 * PAGE_SIZE);
	/* The smaller limit holds. */
	q.sz = 20 * PAGE_SIZE;
	damon_quota_begin(&s, &q, NULL, 2000 * MS);
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
	{
		"failures cost all", {
			0, ULONG_MAX, 0, .fail_charge_num = UINT_MAX, .fail_charge_denom = 1,
		}, U64_MAX / 8192, 1,
	},
};

KUNIT_ARRAY_PARAM_DESC(extreme, extreme_cases, name);

/* Numbers of users do not overflow anything. */
static void extremes_are_survived(struct kunit *test)
{
	const struct extreme_case *c = test->param_value;
	struct damon_quota_state s = {};
	unsigned int i;

	for (i = 0; i < 100; i++) {
		damon_quota_begin(&s, &c->q, NULL, i * MS);
		KUNIT_EXPECT_LE(test, damon_quota_room(&s, &c->q), s.esz);
		if (c->q.sz)
			KUNIT_EXPECT_LE(test, s.esz, c->q.sz);
		damon_quota_charge(&s, &c->q, c->sz, c->sz / 2);
		damon_quota_charge_time(&s, c->ns);
	}
}

/* A window that has begun is of the limits that hold now, and of what was done in it. */
static void changed_limits_hold_at_the_next_pass(struct kunit *test)
{
	static const struct damon_goal goal = { .target = 1 };
	struct damon_quota q = { .sz = 100 * PAGE_SIZE, .reset_interval = 1000 };
	struct damon_quota_state s = {};

	damon_quota_begin(&s, &q, NULL, 0);
	damon_quota_charge(&s, &q, 30 * PAGE_SIZE, 0);
	q.sz = 50 * PAGE_SIZE;
	damon_quota_begin(&s, &q, NULL, 1);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 20 * PAGE_SIZE);
	q.sz = 20 * PAGE_SIZE;
	damon_quota_begin(&s, &q, NULL, 2);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 0);
	q.sz = 60 * PAGE_SIZE;
	damon_quota_begin(&s, &q, NULL, 3);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 30 * PAGE_SIZE);
	/* A goal that is given. */
	q.goals = &goal;
	q.nr_goals = 1;
	q.sz = 0;
	damon_quota_begin(&s, &q, NULL, 4);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), FIRST_FEED - 30 * PAGE_SIZE);
	/* A shorter window. */
	q.reset_interval = 100;
	damon_quota_begin(&s, &q, NULL, 100 * MS);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), FIRST_FEED);
	/* None, and one again: what was done meanwhile is not of the new window. */
	q = (struct damon_quota) { .reset_interval = 1000 };
	damon_quota_begin(&s, &q, NULL, 101 * MS);
	damon_quota_charge(&s, &q, SZ_1G, 0);
	q.sz = 10 * PAGE_SIZE;
	damon_quota_begin(&s, &q, NULL, 102 * MS);
	KUNIT_EXPECT_EQ(test, s.nr_full, 0);
	damon_quota_begin(&s, &q, NULL, 103 * MS);
	KUNIT_EXPECT_EQ(test, damon_quota_room(&s, &q), 10 * PAGE_SIZE);
}

static const struct fail_case {
	const char *name;
	unsigned int num, denom;
	u64 tried, applied, want;
} fail_cases[] = {
	{ "not set", 0, 0, 1000, 700, 1000 },
	{ "all", 1, 1, 1000, 700, 1000 },
	{ "a part", 1, 1024, 1000ULL << 20, 700ULL << 20, (700ULL << 20) + (300 << 10) },
	{ "nothing", 0, 1, 1000, 700, 700 },
	{ "twice", 2, 1, 1000, 700, 1300 },
	{ "more done than tried", 1, 2, 1000, 1001, 1000 },
	{ "large numbers", UINT_MAX, UINT_MAX, 1ULL << 50, 0, 1ULL << 50 },
	{ "a large factor", UINT_MAX, 1, 1ULL << 40, 0, 1ULL << 50 },
	{ "all of an address space", UINT_MAX, 1, 1ULL << 63, 0, 1ULL << 60 },
};

KUNIT_ARRAY_PARAM_DESC(fail, fail_cases, name);

static void failures_are_charged_in_part(struct kunit *test)
{
	const struct fail_case *c = test->param_value;
	struct damon_quota q = {
		.fail_charge_num = c->num, .fail_charge_denom = c->denom,
	};
	struct damon_quota_state s = {};

	damon_quota_charge(&s, &q, c->tried, c->applied);
	KUNIT_EXPECT_EQ(test, s.sz, c->want);
}

/* === Goals that are rates === */

/* A scheme with a goal, and what its work leads to, in 1/10000 of the goal. */
struct plant {
	struct damon_quota_state s;
	struct damon_quota q;
	struct damon_goal goal;
	u64 now;
	/* Bytes with which a linear plant keeps the goal; bytes that there are. */
	u64 kept, available;
	u64 x, last_x, value;
	struct rnd_state rng;
};

static struct plant *new_plant(struct kunit *test, u64 kept)
{
	struct plant *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->goal.target = 10000;
	p->q.goals = &p->goal;
	p->q.nr_goals = 1;
	p->q.reset_interval = 100;
	p->kept = kept;
	p->available = U64_MAX;
	prandom_seed_state(&p->rng, 42);
	return p;
}

/* A window, with all the work that it allows.  Return the bytes that it allowed. */
static u64 run_window(struct plant *p)
{
	u64 sz;

	p->goal.current_value = min(p->value, ULONG_MAX);
	damon_quota_begin(&p->s, &p->q, NULL, p->now);
	p->now += 100 * MS;
	sz = min(damon_quota_room(&p->s, &p->q), p->available);
	damon_quota_charge(&p->s, &p->q, sz, sz);
	p->last_x = p->x;
	p->x = div64_u64(sz * 10000, p->kept);
	return p->s.esz;
}

static void linear(struct plant *p)
{
	p->value = p->x;
}

static void delayed(struct plant *p)
{
	p->value = p->last_x;
}

static void saturating(struct plant *p)
{
	p->value = div64_u64(20000 * p->x, p->x + 10000);
}

static void with_base(struct plant *p)
{
	p->value = 5000 + p->x / 2;
}

static void noisy(struct plant *p)
{
	p->value = div_u64(p->x * (90000 + rand_below(&p->rng, 20001)), 100000);
}

static void slow(struct plant *p)
{
	p->value = (p->value + p->x) / 2;
}

static void root(struct plant *p)
{
	p->value = int_sqrt64(p->x * 10000);
}

static const struct plant_case {
	const char *name;
	void (*react)(struct plant *p);
	/* It comes within 10 % for good after so many windows, from 4 MiB times 2^-4.. */
	unsigned int reached;
	/* ... to this power. */
	int max_log;
	/* What it is never above, when it comes from below, in 1/10000. */
	u64 peak;
	/* Later off by no more, in 1/10000. */
	unsigned int off;
} plant_cases[] = {
	{ "linear", linear, 10, 14, 11000, 100 },
	{ "an effect a window late", delayed, 10, 12, 11000, 100 },
	{ "saturating", saturating, 10, 8, 11000, 1000 },
	{ "half without any work", with_base, 10, 6, 11000, 1000 },
	{ "noise of 10 %", noisy, 10, 10, 12000, 1500 },
	{ "half of the effect later", slow, 14, 8, 12500, 1000 },
	{ "the root", root, 10, 10, 11000, 1000 },
};

KUNIT_ARRAY_PARAM_DESC(plant, plant_cases, name);

static void goal_is_reached_and_kept(struct kunit *test)
{
	const struct plant_case *c = test->param_value;
	unsigned int i;
	int log;

	for (log = -4; log <= c->max_log; log++) {
		u64 kept = log < 0 ? FIRST_FEED >> -log : (u64)FIRST_FEED << log;
		struct plant *p = new_plant(test, kept);

		for (i = 0; i < 60; i++) {
			run_window(p);
			c->react(p);
			if (log >= 0)
				KUNIT_EXPECT_LE_MSG(test, p->value, c->peak, "log %d, window %u",
						    log, i);
			if (i >= c->reached)
				KUNIT_EXPECT_LE_MSG(test, abs_diff(p->value, 10000ULL),
						    max(c->off, 1000), "log %d, window %u",
						    log, i);
			if (i >= 40)
				KUNIT_EXPECT_LE_MSG(test, abs_diff(p->value, 10000ULL), c->off,
						    "log %d, window %u", log, i);
		}
	}
}

/* Effects that come later than was thought, or are far from linear, end in no swing. */
static void swings_die_down(struct kunit *test)
{
	u64 late[4] = {};
	unsigned int i, delay;
	struct plant *p;

	for (delay = 2; delay <= 3; delay++) {
		p = new_plant(test, FIRST_FEED * 32ULL);
		for (i = 0; i < 100; i++) {
			run_window(p);
			p->value = late[(i - delay) % 4];
			late[i % 4] = p->x;
			if (i >= 50)
				KUNIT_EXPECT_LE(test, abs_diff(p->value, 10000ULL), 1000);
		}
		memset(late, 0, sizeof(late));
	}
	p = new_plant(test, FIRST_FEED * 4);
	for (i = 0; i < 100; i++) {
		run_window(p);
		/* The square. */
		p->value = div_u64(min(p->x, UINT_MAX) * min(p->x, UINT_MAX), 10000);
		if (i >= 50)
			KUNIT_EXPECT_LE(test, abs_diff(p->value, 10000ULL), 1000);
	}
}

/* Turns of before are forgotten when the goal is kept. */
static void new_level_is_found_at_once(struct kunit *test)
{
	static const unsigned int changes[] = { 8, 64 };
	struct plant *p = new_plant(test, FIRST_FEED);
	unsigned int i, window;

	for (window = 0; window < 60; window++) {
		p->value = window / 10 % 2 ? 20000 : 0;
		run_window(p);
	}
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		for (window = 0; window < 60; window++) {
			linear(p);
			run_window(p);
		}
		p->kept *= changes[i];
		for (window = 0; window < 4; window++) {
			run_window(p);
			linear(p);
		}
		KUNIT_EXPECT_LE(test, abs_diff(p->value, 10000ULL), 1000);
	}
}

/* As users of the interface see it, with fewer bytes to work on than they ask for. */
static void user_is_followed(struct kunit *test)
{
	static const unsigned int feedback[] = { 0, 10000, 15000, 5000, 18000, 1, 100000, 9999 };
	struct plant *p = new_plant(test, 1);
	unsigned int i, window;
	u64 last, sz = 0;

	p->available = 3 * SZ_1M;
	for (i = 0; i < ARRAY_SIZE(feedback); i++) {
		/* Each 10 windows, five times. */
		p->value = feedback[i];
		for (window = 0; window < 50; window++) {
			last = sz;
			sz = run_window(p);
			p->value = feedback[i];
			if (window && feedback[i] <= 10000)
				KUNIT_EXPECT_GE(test, sz, last);
			if (window && feedback[i] >= 10000)
				KUNIT_EXPECT_LE(test, sz, last);
		}
	}
}

static void user_sees_a_direction_each_second(struct kunit *test)
{
	static const unsigned int feedback[] = { 0, 15000, 5000, 18000 };
	struct plant *p = new_plant(test, 1);
	unsigned int i, window;
	u64 last, sz = 0;

	p->available = 3 * SZ_1M;
	/* However often the user has turned round before. */
	for (window = 0; window < 200; window++) {
		p->value = window / 10 % 2 ? 20000 : 0;
		sz = run_window(p);
	}
	for (i = 0; i < ARRAY_SIZE(feedback); i++) {
		p->value = feedback[i];
		for (window = 0; window < 50; window++) {
			if (window % 10 == 0)
				last = sz;
			sz = run_window(p);
			p->value = feedback[i];
			if (window % 10 != 9)
				continue;
			if (feedback[i] < 10000)
				KUNIT_EXPECT_GT(test, sz, last + 1);
			else
				KUNIT_EXPECT_TRUE(test, sz < last || sz == 1);
		}
	}
}

/* An hour without work is no reason to do it all at once. */
static void nothing_is_piled_up(struct kunit *test)
{
	struct plant *p = new_plant(test, SZ_16M);
	unsigned int i;

	p->available = 0;
	for (i = 0; i < 36000; i++)
		run_window(p);
	KUNIT_EXPECT_LE(test, p->s.esz, FIRST_FEED + 36000 * PAGE_SIZE);
	/* Some work, and nothing that tells of it. */
	p->available = SZ_1G;
	for (i = 0; i < 1000; i++) {
		run_window(p);
		p->value = 0;
		KUNIT_EXPECT_LE(test, p->s.esz, SZ_2G + 1000ULL * PAGE_SIZE);
	}
	/* Then it turns out to be far too much. */
	for (i = 0; i < 14; i++) {
		run_window(p);
		linear(p);
	}
	KUNIT_EXPECT_LE(test, abs_diff(p->value, 10000ULL), 1000);
	/* Nor is it piled up behind another limit. */
	p->q.sz = SZ_1M;
	for (i = 0; i < 1000; i++) {
		run_window(p);
		p->value = 0;
	}
	p->q.sz = 0;
	run_window(p);
	KUNIT_EXPECT_LE(test, p->s.esz, FIRST_FEED * MAX_STEP);
}

static void goals_hold_from_the_first_window_on(struct kunit *test)
{
	struct plant *p = new_plant(test, 1);

	KUNIT_EXPECT_EQ(test, run_window(p), FIRST_FEED);
	/* It is too much without any work. */
	p = new_plant(test, 1);
	p->value = 20000;
	KUNIT_EXPECT_LT(test, run_window(p), FIRST_FEED / 2);
	/* Other limits hold as well. */
	p = new_plant(test, 1);
	p->q.sz = 5 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, run_window(p), 5 * PAGE_SIZE);
}

/* Nor is it forgotten how to go up again. */
static void goal_is_reached_from_nothing(struct kunit *test)
{
	struct plant *p = new_plant(test, SZ_512M);
	unsigned int i;

	p->value = 20000;
	for (i = 0; i < 100; i++)
		run_window(p);
	KUNIT_EXPECT_EQ(test, p->s.esz, 1);
	for (i = 0; i < 11; i++) {
		p->value = p->x;
		run_window(p);
	}
	KUNIT_EXPECT_LE(test, abs_diff(p->x, 10000ULL), 1000);
}

static void steps_are_bounded(struct kunit *test)
{
	struct plant *p = new_plant(test, 1);
	u64 sz = 0, last;
	unsigned int i;

	for (i = 0; i < 40; i++) {
		last = sz;
		/* Nothing that is done has an effect. */
		p->value = i < 20 ? 700 : 150000;
		sz = run_window(p);
		KUNIT_EXPECT_TRUE(test, !last || sz <= last * 16);
		KUNIT_EXPECT_GE(test, sz + PAGE_SIZE, last / 16);
	}
}

/* A window in which nothing was measured is no reason for a step. */
static void what_is_unknown_changes_nothing(struct kunit *test)
{
	const struct last_window last = { FIRST_FEED, FIRST_FEED, true };
	struct damon_goals g = { .nr_rates = 1, .rate_score = 0, .unknown = true };
	struct damon_feed f = {};
	unsigned int i;
	u64 sz;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, follow_rate(&f, &g, &last), FIRST_FEED);
	g.unknown = false;
	for (i = 0; i < 3; i++)
		sz = follow_rate(&f, &g, &last);
	KUNIT_EXPECT_EQ(test, sz, FIRST_FEED * MAX_STEP);
	g.unknown = true;
	g.rate_score = 20000;
	KUNIT_EXPECT_EQ(test, follow_rate(&f, &g, &last), FIRST_FEED * MAX_STEP);
}

static void temporal_is_all_or_nothing(struct kunit *test)
{
	struct plant *p = new_plant(test, 1);

	p->q.tuner = DAMON_TUNER_TEMPORAL;
	p->value = 9999;
	KUNIT_EXPECT_EQ(test, run_window(p), U64_MAX);
	p->value = 10000;
	KUNIT_EXPECT_EQ(test, run_window(p), 0);
	/* 0 is a limit. */
	KUNIT_EXPECT_EQ(test, damon_quota_room(&p->s, &p->q), 0);
	p->q.sz = 7 * PAGE_SIZE;
	p->value = 0;
	KUNIT_EXPECT_EQ(test, run_window(p), 7 * PAGE_SIZE);
	p->value = U64_MAX;
	KUNIT_EXPECT_EQ(test, run_window(p), 0);
}

/* Numbers of users do not overflow anything, nor lead to more than can be left again. */
static void extreme_goals_are_survived(struct kunit *test)
{
	static const unsigned long numbers[] = { 1, 2, 10000, LONG_MAX, ULONG_MAX };
	struct plant *p;
	unsigned int i, j, window;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (j = 0; j < ARRAY_SIZE(numbers); j++) {
			p = new_plant(test, 1);
			p->goal.target = numbers[i];
			p->value = numbers[j];
			for (window = 0; window < 200; window++) {
				run_window(p);
				KUNIT_EXPECT_LE(test, p->s.esz, MAX_FEED);
			}
			if (numbers[j] > numbers[i])
				KUNIT_EXPECT_EQ(test, p->s.esz, 1);
			if (numbers[j] < numbers[i])
				KUNIT_EXPECT_GT(test, p->s.esz, FIRST_FEED);
			/* Back to the least within 16^16. */
			p->value = ULONG_MAX;
			p->goal.target = 1;
			for (window = 0; window < 100; window++)
				run_window(p);
			KUNIT_EXPECT_EQ(test, p->s.esz, 1);
		}
	}
}

/* === Goals that are amounts === */

#define ALL_PAGES 1000000

/* Pages that are where the goal wants them. */
struct stock {
	struct plant *p;
	s64 pages, in_flight, lost;
	bool is_late;
};

static u64 stock_bytes(void *arg, int nid)
{
	struct stock *stock = arg;

	return (u64)(nid == NUMA_NO_NODE ? ALL_PAGES : stock->pages) << PAGE_SHIFT;
}

static void run_stock(struct stock *stock, unsigned int nr_windows)
{
	const struct damon_eligible eligible = { stock_bytes, stock };
	struct plant *p = stock->p;
	s64 done;

	while (nr_windows--) {
		damon_quota_begin(&p->s, &p->q, &eligible, p->now);
		p->now += 100 * MS;
		done = damon_quota_room(&p->s, &p->q) >> PAGE_SHIFT;
		damon_quota_charge(&p->s, &p->q, done << PAGE_SHIFT, done << PAGE_SHIFT);
		if (stock->is_late)
			swap(done, stock->in_flight);
		stock->pages = clamp(stock->pages + done - stock->lost, 0, ALL_PAGES);
	}
}

static const struct stock_case {
	const char *name;
	s64 pages, lost;
	bool is_late;
} stock_cases[] = {
	{ "none", 0, 0 },
	{ "half", 200000, 0 },
	{ "half, an effect a window late", 200000, 0, true },
	{ "half, and 5 % are lost again in each window", 200000, 20000 },
	{ "half, 10 %", 200000, 40000 },
	{ "half, 5 %, late", 200000, 20000, true },
	{ "twice as many, 5 %", 800000, 20000 },
};

KUNIT_ARRAY_PARAM_DESC(stock, stock_cases, name);

/* 40 % of the memory; what is done can not be undone. */
static void amount_is_reached_and_kept(struct kunit *test)
{
	const struct stock_case *c = test->param_value;
	struct stock stock = {
		.p = new_plant(test, 1), .pages = c->pages, .lost = c->lost,
		.is_late = c->is_late,
	};
	unsigned int i;

	stock.p->goal = (struct damon_goal) { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 4000 };
	/* What are too many is left to who takes them. */
	run_stock(&stock, c->pages > 400000 ? 20 : 11);
	for (i = 0; i < 50; i++) {
		KUNIT_EXPECT_GE(test, stock.pages, 360000);
		KUNIT_EXPECT_LE(test, stock.pages, 440000);
		run_stock(&stock, 1);
	}
}

/* There is nothing to be done about too much, and nothing is. */
static void amount_beyond_the_goal_is_left_alone(struct kunit *test)
{
	struct stock stock = { .p = new_plant(test, 1), .pages = 500000 };

	stock.p->goal = (struct damon_goal) { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 4000 };
	run_stock(&stock, 20);
	KUNIT_EXPECT_EQ(test, stock.pages, 500000);
	KUNIT_EXPECT_EQ(test, stock.p->s.esz, 0);
}

/* Others may bring a lot, once. */
static void windfall_is_no_reason_to_rest(struct kunit *test)
{
	struct stock stock = { .p = new_plant(test, 1) };

	stock.p->goal = (struct damon_goal) { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 8000 };
	run_stock(&stock, 1);
	stock.pages = 600000;
	run_stock(&stock, 1);
	KUNIT_EXPECT_EQ(test, stock.p->s.esz, PAGES(50000));
}

static void work_in_vain_is_bounded(struct kunit *test)
{
	struct stock stock = { .p = new_plant(test, 1) };
	unsigned int i;

	stock.p->goal = (struct damon_goal) { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 4000 };
	for (i = 0; i < 1000; i++) {
		run_stock(&stock, 1);
		stock.pages = 0;
	}
	KUNIT_EXPECT_EQ(test, stock.p->s.esz, PAGES(500000));
}

/* What has come and gone without a goal says nothing of the work. */
static void amount_is_taken_up_anew(struct kunit *test)
{
	struct stock stock = { .p = new_plant(test, 1), .pages = 300000 };

	stock.p->goal = (struct damon_goal) { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 4000 };
	run_stock(&stock, 10);
	stock.p->q.nr_goals = 0;
	run_stock(&stock, 1);
	stock.pages = 200000;
	stock.p->q.nr_goals = 1;
	run_stock(&stock, 1);
	KUNIT_EXPECT_EQ(test, stock.p->s.esz, PAGES(50000));
}

/* The goal that is nearest decides. */
static void all_goals_hold(struct kunit *test)
{
	const struct damon_goal goals[] = {
		{ DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 8000 }, { .target = 1 },
		{ DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 4000 },
	};
	struct stock stock = { .p = new_plant(test, 1) };

	stock.p->q.goals = goals;
	stock.p->q.nr_goals = ARRAY_SIZE(goals);
	run_stock(&stock, 60);
	KUNIT_EXPECT_GE(test, stock.pages, 360000);
	KUNIT_EXPECT_LE(test, stock.pages, 440000);
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
	KUNIT_CASE(changed_limits_hold_at_the_next_pass),
	KUNIT_CASE_PARAM(failures_are_charged_in_part, fail_gen_params),
	KUNIT_CASE_PARAM(goal_is_reached_and_kept, plant_gen_params),
	KUNIT_CASE(swings_die_down),
	KUNIT_CASE(new_level_is_found_at_once),
	KUNIT_CASE(user_is_followed),
	KUNIT_CASE(user_sees_a_direction_each_second),
	KUNIT_CASE(nothing_is_piled_up),
	KUNIT_CASE(goals_hold_from_the_first_window_on),
	KUNIT_CASE(goal_is_reached_from_nothing),
	KUNIT_CASE(steps_are_bounded),
	KUNIT_CASE(what_is_unknown_changes_nothing),
	KUNIT_CASE(temporal_is_all_or_nothing),
	KUNIT_CASE(extreme_goals_are_survived),
	KUNIT_CASE_PARAM(amount_is_reached_and_kept, stock_gen_params),
	KUNIT_CASE(amount_beyond_the_goal_is_left_alone),
	KUNIT_CASE(windfall_is_no_reason_to_rest),
	KUNIT_CASE(work_in_vain_is_bounded),
	KUNIT_CASE(amount_is_taken_up_anew),
	KUNIT_CASE(all_goals_hold),
	KUNIT_CASE_PARAM(score_follows_the_weights, score_gen_params),
	{}
};

static struct kunit_suite damon_quota_suite = {
	.name = "damon_quota",
	.test_cases = damon_quota_cases,
};

kunit_test_suite(damon_quota_suite);
