// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of back.c, which is where this file is included: the age at which memory is given
 * up, by what came back.
 */
#include <linux/limits.h>

#include "helper.h"

#define AGGR_US (100 * USEC_PER_MSEC)
#define AGES(s) ((s) * 10)
#define LEAST AGES(1)
#define MOST 100000

static const struct damon_back_goal one_percent = { 100, LEAST, MOST, AGGR_US, AGGR_US };

/* A sample that the compiler need not put on the stack. */
static struct damon_back *test_back(struct kunit *test)
{
	struct damon_back *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	damon_back_begin(b, &one_percent);
	b->by_page = true;
	return b;
}

/* @nr pages were given up, of which @nr_back came back, and had been idle for @ms. */
static void check_pages(struct damon_back *b, unsigned int nr, unsigned int nr_back,
			unsigned int ms, bool is_trial)
{
	struct damon_given_up g;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		g = (struct damon_given_up) {
			.sz = PAGE_SIZE,
			.idle = i < nr_back ? (u64)ms * NSEC_PER_MSEC : 0,
			.is_trial = is_trial,
		};
		check(b, &g);
	}
}

static int say_absent(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr)
{
	return 0;
}

static void age_begins_short(struct kunit *test)
{
	struct damon_back *b = test_back(test);
	struct damon_back_goal goal = { 100, 0, ULONG_MAX, AGGR_US, AGGR_US };

	/* A second, within what the user wants. */
	damon_back_begin(b, &goal);
	KUNIT_EXPECT_EQ(test, b->min_age, AGES(1));
	goal.least = 500;
	damon_back_begin(b, &goal);
	KUNIT_EXPECT_EQ(test, b->min_age, 500);
	goal = (struct damon_back_goal) { 100, 0, 5, AGGR_US, AGGR_US };
	damon_back_begin(b, &goal);
	KUNIT_EXPECT_EQ(test, b->min_age, 5);
	/* With time for a second look, if the user lets it. */
	goal = (struct damon_back_goal) { 100, 0, ULONG_MAX, 60 * USEC_PER_SEC, 0 };
	damon_back_begin(b, &goal);
	KUNIT_EXPECT_EQ(test, b->min_age, LEAST_AGE);
	goal.most = 1;
	damon_back_begin(b, &goal);
	KUNIT_EXPECT_EQ(test, b->min_age, 1);
}

static void age_is_left_alone_before_enough_is_known(struct kunit *test)
{
	struct damon_back *b = test_back(test);

	check_pages(b, 99, 2, 1500, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, AGES(1));
	check_pages(b, 1, 0, 0, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_GT(test, b->min_age, AGES(1));
}

/* Without waiting for the rest, and on the way to the time for which they had been idle. */
static void age_rises_at_once_when_much_comes_back(struct kunit *test)
{
	struct damon_back *b = test_back(test);
	struct damon_back_goal endless = one_percent;
	unsigned int i;

	/* Two of three are too many. */
	check_pages(b, 3, 3, 7000, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 50 + 7);
	/* Nearly all are. */
	check_pages(b, 100, 100, 7000, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 69 + 9);
	/* Those that would not be given up any more are no reason to raise it again. */
	check_pages(b, 100, 100, 7700, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 69 + 9);
	/* It rises even if they have hardly been idle for longer than it. */
	check_pages(b, 3, 3, 7800, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 78 + 10);
	check_pages(b, 3, 3, UINT_MAX, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, MOST);
	/* And never beyond what a number can hold. */
	endless.most = ULONG_MAX;
	b->by_page = false;
	for (i = 0; i < 200; i++) {
		b->tally.nr_back = 3;
		damon_back_tune(b, &endless);
	}
	KUNIT_EXPECT_EQ(test, b->min_age, ULONG_MAX);
}

/* So much was given up, of which nothing came back. */
static void keep_goal(struct damon_back *b, u64 sz)
{
	check_pages(b, 100, 0, 0, false);
	b->sz_kept += sz;
	damon_back_tune(b, &one_percent);
}

/* That is when a MiB more, were it all to come back, would be 1 %. */
static void lower_age_is_tried_when_the_goal_allows_it(struct kunit *test)
{
	struct damon_back *b = test_back(test);

	damon_back_set_age(b, &one_percent, 1000);
	/* Much was given up, but nothing is known of it. */
	b->sz_kept = SZ_1G;
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->try_age, 1000);
	/* All is known of little. */
	b->sz_kept = 0;
	keep_goal(b, 99 * SZ_1M);
	KUNIT_EXPECT_EQ(test, b->try_age, 1000);
	KUNIT_EXPECT_FALSE(test, damon_back_tries(b));
	keep_goal(b, SZ_1M);
	KUNIT_EXPECT_EQ(test, b->try_age, 750);
	KUNIT_EXPECT_EQ(test, b->min_age, 1000);
	KUNIT_EXPECT_EQ(test, b->sz_trial, SZ_1M);
	KUNIT_EXPECT_TRUE(test, damon_back_tries(b));

	/* It fails: nothing changes but that it is over. */
	check_pages(b, 3, 3, 80000, true);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->try_age, 1000);
	KUNIT_EXPECT_EQ(test, b->min_age, 1000);
	KUNIT_EXPECT_FALSE(test, damon_back_tries(b));

	/* It does not, and the next trial waits for as much again. */
	keep_goal(b, 100 * SZ_1M);
	check_pages(b, 100, 1, 80000, true);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 750);
	keep_goal(b, 99 * SZ_1M);
	KUNIT_EXPECT_EQ(test, b->try_age, 750);
	/* A turn ends a trial. */
	keep_goal(b, SZ_1M);
	KUNIT_EXPECT_LT(test, b->try_age, 750);
	check_pages(b, 3, 3, 80000, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 881);
	KUNIT_EXPECT_EQ(test, b->try_age, 881);
	/* The least age is the end. */
	damon_back_set_age(b, &one_percent, LEAST);
	keep_goal(b, SZ_1G);
	KUNIT_EXPECT_EQ(test, b->try_age, LEAST);
	KUNIT_EXPECT_FALSE(test, damon_back_tries(b));
}

/* Give up all that may be in the second @s.  Return how much that is. */
static u64 fill_second(struct kunit *test, struct damon_ctx *ctx, struct damon_back *b, u64 s)
{
	struct damon_work work = { .action = DAMON_PAGEOUT };

	work.sz_given_up = damon_back_room(b, s * NSEC_PER_SEC);
	damon_back_remember(ctx, b, NULL, &work, 0, false, s * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 0, damon_back_room(b, s * NSEC_PER_SEC + 1));
	return work.sz_given_up;
}

static void amount_doubles_while_nothing_comes_back(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	u64 s;

	ctx->is_present = say_absent;
	KUNIT_EXPECT_EQ(test, fill_second(test, ctx, b, 100), SZ_1M);
	for (s = 1; s < 10; s++)
		KUNIT_EXPECT_EQ(test, fill_second(test, ctx, b, 100 + s), SZ_1M << (s - 1));
	KUNIT_EXPECT_EQ(test, damon_back_sz_open(b), SZ_1M << 9);
	/* What is not used does not grow. */
	KUNIT_EXPECT_EQ(test, damon_back_room(b, 112ULL * NSEC_PER_SEC), 508ULL * SZ_1M);
	KUNIT_EXPECT_EQ(test, damon_back_room(b, 118ULL * NSEC_PER_SEC), 256ULL * SZ_1M);
	/* Of what was given up more than ten seconds ago, nothing follows. */
	KUNIT_EXPECT_EQ(test, damon_back_room(b, 119ULL * NSEC_PER_SEC), SZ_1M);
	KUNIT_EXPECT_EQ(test, damon_back_room(b, 1000000ULL * NSEC_PER_SEC), SZ_1M);
}

/* Seconds in which there is no pass are none in which nothing was to be given up. */
static void amount_doubles_with_each_pass_if_they_are_rare(struct kunit *test)
{
	const struct damon_back_goal rare = { 100, LEAST, MOST, AGGR_US, 60 * USEC_PER_SEC };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	u64 s;

	ctx->is_present = say_absent;
	damon_back_begin(b, &rare);
	KUNIT_EXPECT_EQ(test, fill_second(test, ctx, b, 6000), SZ_1M);
	for (s = 1; s < 10; s++)
		KUNIT_EXPECT_EQ(test, fill_second(test, ctx, b, 6000 + 60 * s), SZ_1M << (s - 1));
}

static void amount_begins_again_when_much_comes_back(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	u64 s;

	ctx->is_present = say_absent;
	for (s = 0; s < 8; s++)
		fill_second(test, ctx, b, 100 + s);
	check_pages(b, 3, 3, 4000, false);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, fill_second(test, ctx, b, 108), SZ_1M);
	KUNIT_EXPECT_EQ(test, fill_second(test, ctx, b, 109), SZ_1M);
}

static void sample_is_of_several_seconds(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	struct damon_work work = {
		.action = DAMON_PAGEOUT,
		.sz_given_up = PAGES(4), .sz_applied = PAGES(4), .nr_given_up = 4,
	};
	unsigned int i, s, nr[4] = {}, nr_late = 0;
	u64 sz = 0;

	ctx->is_present = say_absent;
	for (s = 0; s < 4; s++) {
		for (i = 0; i < 1000; i++) {
			u64 now = (100 + s) * NSEC_PER_SEC + i * NSEC_PER_MSEC;

			work.given_up[0] = i;
			work.given_up[1] = i;
			work.given_up[2] = i;
			work.given_up[3] = i;
			damon_back_remember(ctx, b, NULL, &work, 0, false, now);
		}
	}
	damon_back_look(ctx, b, 105ULL * NSEC_PER_SEC);
	for (i = 0; i < DAMON_NR_REMEMBERED; i++) {
		if (!b->pages[i].due)
			continue;
		sz += b->pages[i].sz;
		s = div_u64(b->pages[i].due - DAMON_BACK_NS, NSEC_PER_SEC) - 100;
		KUNIT_ASSERT_LT(test, s, 4);
		nr[s]++;
		nr_late += b->pages[i].addr >= 500;
	}
	/* A quarter of what is free, each time. */
	KUNIT_EXPECT_EQ(test, nr[0], 64);
	KUNIT_EXPECT_EQ(test, nr[1], 48);
	KUNIT_EXPECT_EQ(test, nr[2], 36);
	KUNIT_EXPECT_EQ(test, nr[3], 27);
	/* Which stand for all 16,000, but for what is lost to rounding. */
	KUNIT_EXPECT_LE(test, sz, PAGES(16000));
	KUNIT_EXPECT_GT(test, sz, PAGES(15999));
	/* The end of a second is as likely as its beginning: 175 pages, six deviations. */
	KUNIT_EXPECT_GE(test, nr_late, 48);
	KUNIT_EXPECT_LE(test, nr_late, 127);
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

/* @nr pages that were given up at @age: each came back with the chance of @c. */
static unsigned int draw_pages(struct rnd_state *rng, const struct goal_case *c,
			       struct damon_back *b, unsigned long age, unsigned int nr,
			       bool is_trial)
{
	u32 p = exp_minus(age, AGES(c->idle_s));
	unsigned int nr_back = 0;

	for (; nr; nr--) {
		bool is_back = rand_below(rng, 65536) < p;

		/* Some time within the 10 seconds. */
		check_pages(b, 1, is_back, age * 100 + rand_below(rng, 10000), is_trial);
		nr_back += is_back;
	}
	return nr_back;
}

/*
 * The older memory is, the less likely it comes back.  What comes back ends up at the goal, or
 * below, and not far below, from a second on and from an hour.
 */
static void age_finds_the_goal_from(struct kunit *test, unsigned long age)
{
	const struct goal_case *c = test->param_value;
	const struct damon_back_goal goal = { c->goal_bp, LEAST, MOST, AGGR_US, AGGR_US };
	struct damon_back *b = test_back(test);
	struct rnd_state rng;
	u64 sum = 0, back = 0;
	unsigned int i;

	prandom_seed_state(&rng, 42);
	damon_back_set_age(b, &goal, age);
	for (i = 0; i < 3000; i++) {
		unsigned int nr_trial = damon_back_tries(b) ? 4 : 0;
		unsigned int nr_back = draw_pages(&rng, c, b, b->min_age, 50, false) +
			draw_pages(&rng, c, b, b->try_age, nr_trial, true);

		b->sz_kept += 2 * SZ_1M;
		damon_back_tune(b, &goal);
		if (i >= 2000) {
			sum += 50 + nr_trial;
			back += nr_back;
		}
	}
	KUNIT_EXPECT_GE(test, back * 10000, sum * c->goal_bp / 8);
	KUNIT_EXPECT_LE(test, back * 10000, sum * c->goal_bp * 5 / 4);
}

static void age_finds_the_goal(struct kunit *test)
{
	age_finds_the_goal_from(test, LEAST);
	age_finds_the_goal_from(test, AGES(3600));
}

/* Memory in parts of 256 KiB, of which two sets are in use in turns, and the rest never. */
#define NR_PARTS 1024
#define SZ_PART SZ_256K
#define NR_SET 128

static struct {
	bool is_out[NR_PARTS];
	/* In aggregations. */
	unsigned int last_use[NR_PARTS];
	unsigned int now;
	/* Parts that were given up, and that came back, since the count began. */
	unsigned int nr_out, nr_back;
} mem;

static int say_part(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr)
{
	return !mem.is_out[addr / PAGE_SIZE];
}

static void use_set(unsigned int set)
{
	unsigned int i;

	for (i = set * NR_SET; i < (set + 1) * NR_SET; i++) {
		mem.nr_back += mem.is_out[i];
		mem.is_out[i] = false;
		mem.last_use[i] = mem.now;
	}
}

static void give_up_part(struct damon_ctx *ctx, struct damon_back *b, unsigned int i, bool is_trial)
{
	const struct damon_work work = {
		.action = DAMON_PAGEOUT,
		.sz_given_up = SZ_PART, .sz_applied = SZ_PART, .nr_given_up = 1,
		.given_up = { i * PAGE_SIZE },
	};

	damon_back_remember(ctx, b, NULL, &work, mem.last_use[i] * 100ULL * NSEC_PER_MSEC,
			    is_trial, mem.now * 100ULL * NSEC_PER_MSEC);
	mem.is_out[i] = true;
	mem.nr_out++;
}

/* What a pass does, from a place at random on. */
static void give_up_parts(struct damon_ctx *ctx, struct damon_back *b)
{
	unsigned int from = damon_rand(ctx, 0, NR_PARTS), n, i;
	u64 now = mem.now * 100ULL * NSEC_PER_MSEC;

	for (n = 0; n < NR_PARTS; n++) {
		unsigned int age;

		if (damon_back_room(b, now) < SZ_PART && b->sz_trial < SZ_PART)
			return;
		/* A number that has no factor in common with that of the parts. */
		i = (from + n * 1001) % NR_PARTS;
		age = mem.now - mem.last_use[i];
		if (mem.is_out[i] || age < b->try_age)
			continue;
		if (age >= b->min_age ? damon_back_room(b, now) >= SZ_PART :
		    b->sz_trial >= SZ_PART)
			give_up_part(ctx, b, i, age < b->min_age);
	}
}

/* @period aggregations each; 0 to use both sets all the time. */
static void run_memory(struct damon_ctx *ctx, struct damon_back *b, unsigned int seconds,
		       unsigned int period)
{
	unsigned int end = mem.now + AGES(seconds);

	for (; mem.now < end; mem.now++) {
		if (period) {
			use_set(mem.now / period % 2);
		} else {
			use_set(0);
			use_set(1);
		}
		damon_back_look(ctx, b, mem.now * 100ULL * NSEC_PER_MSEC);
		damon_back_tune(b, &one_percent);
		give_up_parts(ctx, b);
	}
}

static unsigned int nr_idle_in_memory(void)
{
	unsigned int nr = 0, i;

	for (i = 2 * NR_SET; i < NR_PARTS; i++)
		nr += !mem.is_out[i];
	return nr;
}

static const struct turns_case {
	const char *name;
	unsigned int period;
} turns_cases[] = {
	{ "1.3 s", 13 },
	{ "2.9 s", 29 },
	{ "4 s", 40 },
	{ "6.1 s", 61 },
	{ "8.7 s", 87 },
	{ "10.2 s", 102 },
};

KUNIT_ARRAY_PARAM_DESC(turns, turns_cases, name);

/*
 * Sets that are idle for a while each, beside memory that always is.  Within the time that
 * they are idle and 17 seconds more, all that always is idle is given up; and from then on
 * hardly anything that is not.
 */
static void sets_in_turns_are_kept(struct kunit *test)
{
	const struct turns_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);

	memset(&mem, 0, sizeof(mem));
	ctx->is_present = say_part;
	run_memory(ctx, b, c->period / 10 + 17, c->period);
	KUNIT_EXPECT_EQ(test, nr_idle_in_memory(), 0);
	mem.nr_back = 0;
	run_memory(ctx, b, 60, c->period);
	/* No more than the trials that the goal allows: a MiB of each 100. */
	KUNIT_EXPECT_LE(test, mem.nr_back * 100, NR_PARTS);
}

/* Sets that were in use all the time now take turns: they are given up once, in part. */
static void workload_that_turns_is_left_alone(struct kunit *test)
{
	const struct turns_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);

	memset(&mem, 0, sizeof(mem));
	ctx->is_present = say_part;
	run_memory(ctx, b, 30, 0);
	KUNIT_EXPECT_EQ(test, nr_idle_in_memory(), 0);
	KUNIT_EXPECT_EQ(test, mem.nr_back, 0);
	run_memory(ctx, b, c->period / 10 + 17, c->period);
	mem.nr_back = 0;
	run_memory(ctx, b, 60, c->period);
	KUNIT_EXPECT_LE(test, mem.nr_back * 100, NR_PARTS);
}

/* Where no page can be looked for: what the machine reads back is of what was given up. */
static void refaults_are_counted(struct kunit *test)
{
	struct damon_work work = {
		.action = DAMON_PAGEOUT,
		.sz_given_up = PAGES(1000), .sz_applied = PAGES(1000),
	};
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	u64 now = NSEC_PER_SEC;

	damon_back_look(ctx, b, now);
	damon_back_remember(ctx, b, NULL, &work, 0, false, now);
	count_refaults(b, 300);
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(300));
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(300));
	/* More than was given up is of others. */
	count_refaults(b, 5000);
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(1000));

	begin_period(b, now);
	damon_back_remember(ctx, b, NULL, &work, 0, false, now);
	begin_period(b, now);
	count_refaults(b, 100);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(1100));
	begin_period(b, now);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(2000));
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(1100));
	KUNIT_EXPECT_EQ(test, b->tally.nr_open, 0);
	/* Nothing is known of a pause. */
	damon_back_remember(ctx, b, NULL, &work, 0, false, now);
	damon_back_forget(b);
	begin_period(b, now);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(2000));
}

/* A few of many are no reason to wait for longer. */
static void few_refaults_of_many_are_borne(struct kunit *test)
{
	struct damon_work work = {
		.action = DAMON_PAGEOUT,
		.sz_given_up = PAGES(10000), .sz_applied = PAGES(10000),
	};
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);

	damon_back_set_age(b, &one_percent, 200);
	damon_back_look(ctx, b, 0);
	damon_back_remember(ctx, b, NULL, &work, 0, false, 0);
	count_refaults(b, 90);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 200);
	count_refaults(b, 150);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	/* It is not lowered before what was given up has had its time. */
	b->sz_kept = SZ_1G;
	damon_back_remember(ctx, b, NULL, &work, 0, false, 0);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 301);
	begin_period(b, 0);
	begin_period(b, 0);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 301 - 76);
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
		.action = DAMON_PAGEOUT,
		.sz_given_up = PAGES(4), .sz_applied = PAGES(4), .nr_given_up = 4,
		.given_up = { 0, PAGES(1), PAGES(2), PAGES(3) },
	};

	ctx->is_present = say_back;
	damon_back_remember(ctx, b, NULL, &work, 0, false, NSEC_PER_SEC);
	damon_back_look(ctx, b, 2ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, b->sz_checked, 0);
	KUNIT_EXPECT_EQ(test, b->tally.nr_open, 4);
	KUNIT_EXPECT_EQ(test, b->tally.nr_open_back, 2);
	damon_back_look(ctx, b, 11ULL * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, b->sz_checked, PAGES(4));
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(2));
	KUNIT_EXPECT_EQ(test, b->tally.nr_open, 0);
}

/* What is back already leads to decisions at once, until the age is above them. */
static void early_pages_decide_at_once(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_back *b = test_back(test);
	struct damon_work work = {
		.action = DAMON_PAGEOUT,
		.sz_given_up = PAGES(4), .sz_applied = PAGES(4), .nr_given_up = 2,
		.given_up = { 0, PAGES(1) },
	};

	ctx->is_present = say_back;
	damon_back_remember(ctx, b, NULL, &work, 0, false, NSEC_PER_SEC);
	damon_back_remember(ctx, b, NULL, &work, 0, false, NSEC_PER_SEC);
	damon_back_look(ctx, b, 2ULL * NSEC_PER_SEC);
	damon_back_tune(b, &one_percent);
	/* Three of four are too many, and they were idle for ten ages more. */
	KUNIT_EXPECT_EQ(test, b->min_age, 17 + 3);
	/* What is known once more is that they are not below that. */
	damon_back_look(ctx, b, 3ULL * NSEC_PER_SEC);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 20 + 3);
	/* But then they are below. */
	damon_back_look(ctx, b, 5ULL * NSEC_PER_SEC);
	damon_back_tune(b, &one_percent);
	damon_back_look(ctx, b, 11ULL * NSEC_PER_SEC);
	damon_back_tune(b, &one_percent);
	KUNIT_EXPECT_EQ(test, b->min_age, 20 + 3);
	KUNIT_EXPECT_EQ(test, b->sz_back, PAGES(8));
}

static struct kunit_case damon_back_cases[] = {
	KUNIT_CASE(all_are_counted_when_their_time_is_over),
	KUNIT_CASE(early_pages_decide_at_once),
	KUNIT_CASE(refaults_are_counted),
	KUNIT_CASE(few_refaults_of_many_are_borne),
	KUNIT_CASE(age_begins_short),
	KUNIT_CASE(age_is_left_alone_before_enough_is_known),
	KUNIT_CASE(age_rises_at_once_when_much_comes_back),
	KUNIT_CASE(lower_age_is_tried_when_the_goal_allows_it),
	KUNIT_CASE(amount_doubles_while_nothing_comes_back),
	KUNIT_CASE(amount_doubles_with_each_pass_if_they_are_rare),
	KUNIT_CASE(amount_begins_again_when_much_comes_back),
	KUNIT_CASE(sample_is_of_several_seconds),
	KUNIT_CASE_PARAM(sets_in_turns_are_kept, turns_gen_params),
	KUNIT_CASE_PARAM(workload_that_turns_is_left_alone, turns_gen_params),
	KUNIT_CASE_PARAM(age_finds_the_goal, goal_gen_params),
	{}
};

static struct kunit_suite damon_back_suite = {
	.name = "damon_back",
	.test_cases = damon_back_cases,
};

kunit_test_suite(damon_back_suite);
