// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of core.c, which is where this file is included.
 *
 * The loop of the worker runs in the thread of the test, with primitives that
 * only take notes and with a clock that moves only when the worker sleeps: a
 * thousand intervals take no time, and every run is the same.  What concerns
 * threads is tried with real workers.
 */
#include <linux/delay.h>
#include <linux/workqueue.h>

#include "helper.h"

/* For waits that end at once unless something is broken. */
#define PATIENCE (20 * HZ)

/*
 * The steps of a run, by letter.  In them nothing is asserted, only expected:
 * an assertion would leave the context with a worker that is gone.
 *
 *	I init_target_regions	V target_valid	P prepare_access_checks
 *	S sample_cb		Z sleep		C check_accesses
 *	A aggregate_cb		U update_target_regions	X cleanup
 */
#define NR_STEPS 512

/* A run with more sleeps than this would never end. */
#define MAX_SLEEPS 100000

struct world {
	struct damon_ctx *ctx;
	ktime_t clock, start;

	char steps[NR_STEPS + 1];
	unsigned int nr_steps;
	/* Of each letter, also of those for which @steps had no room. */
	unsigned int nr[128];

	/* When all targets become invalid: after so many checks. */
	unsigned int nr_checks;
	/* The step that calls damon_stop(), when it is taken this often. */
	char stop_step;
	unsigned int stop_nr;
	int stop_ret;

	/* How late a sleep ends, in ns. */
	s64 (*late)(struct world *w);
	/* Called in each sleep; its value is that of sleep_until(). */
	bool (*asleep)(struct world *w);
	void (*aggregated)(struct world *w);
	void (*updated)(struct world *w);
	ktime_t deadline;
	struct rnd_state rng;
};

static struct world *world(void)
{
	return kunit_get_current_test()->priv;
}

static void step(char c)
{
	struct world *w = world();

	if (w->nr_steps < NR_STEPS)
		w->steps[w->nr_steps++] = c;
	w->nr[(int)c]++;
	if (c == w->stop_step && w->nr[(int)c] == w->stop_nr)
		w->stop_ret = damon_stop(w->ctx);
}

static void fake_init(struct damon_ctx *ctx)
{
	step('I');
}

static bool fake_valid(struct damon_target *t)
{
	struct world *w = world();

	step('V');
	return t->id == 1 && w->nr['C'] < w->nr_checks;
}

static void fake_prepare(struct damon_ctx *ctx)
{
	step('P');
}

static void fake_sample(struct damon_ctx *ctx)
{
	step('S');
}

/* All regions are accessed in all intervals. */
static unsigned int fake_check(struct damon_ctx *ctx)
{
	unsigned int most = 0;
	struct damon_target *t;
	struct damon_region *r;

	step('C');
	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			most = max(most, ++r->nr_accesses);
	return most;
}

static void fake_aggregate(struct damon_ctx *ctx)
{
	step('A');
	if (world()->aggregated)
		world()->aggregated(world());
}

static void fake_update(struct damon_ctx *ctx)
{
	step('U');
	if (world()->updated)
		world()->updated(world());
}

static void fake_cleanup(struct damon_ctx *ctx)
{
	step('X');
}

static ktime_t fake_clock(void)
{
	return world()->clock;
}

static bool fake_sleep(struct damon_ctx *ctx, ktime_t deadline)
{
	struct world *w = world();

	step('Z');
	w->deadline = deadline;
	if (w->asleep && w->asleep(w))
		return true;
	if (w->nr['Z'] > MAX_SLEEPS) {
		KUNIT_FAIL(kunit_get_current_test(), "the run does not end");
		ctx->kdamond_stop = true;
	}
	if (ctx->kdamond_stop)
		return false;
	KUNIT_EXPECT_GT(kunit_get_current_test(), deadline, w->clock);
	w->clock = deadline;
	if (w->late)
		w->clock += w->late(w);
	return false;
}

static struct world *new_world(struct kunit *test, unsigned long sample,
			       unsigned long aggr, unsigned long update)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	unsigned long id = 1;
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_ASSERT_NOT_NULL(test, w);
	/* A year after boot: whoever begins to count at 0 will be seen. */
	w->clock = ms_to_ktime(365ULL * 24 * 3600 * MSEC_PER_SEC);
	w->start = w->clock;
	w->nr_checks = UINT_MAX;
	prandom_seed_state(&w->rng, 1);
	w->ctx = ctx;
	test->priv = w;

	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, sample, aggr, update, 3, 1000), 0);
	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, &id, 1), 0);
	ctx->init_target_regions = fake_init;
	ctx->update_target_regions = fake_update;
	ctx->prepare_access_checks = fake_prepare;
	ctx->check_accesses = fake_check;
	ctx->target_valid = fake_valid;
	ctx->sample_cb = fake_sample;
	ctx->aggregate_cb = fake_aggregate;
	ctx->cleanup = fake_cleanup;
	kunit_activate_static_stub(test, read_clock, fake_clock);
	kunit_activate_static_stub(test, sleep_until, fake_sleep);
	return w;
}

static struct damon_target *first_target(const struct damon_ctx *ctx)
{
	return list_first_entry(&ctx->targets_list, struct damon_target, list);
}

static struct damon_region *add_test_region(struct damon_ctx *ctx, unsigned long nr_pages)
{
	struct damon_target *t = first_target(ctx);
	struct damon_region *r = damon_region_new(t, 0, PAGES(nr_pages));

	KUNIT_ASSERT_NOT_NULL(kunit_get_current_test(), r);
	damon_region_add(r, t);
	return r;
}

/* What damon_start() and the worker do, without a thread. */
static void run(struct kunit *test, struct world *w)
{
	struct damon_ctx *ctx = w->ctx;

	ctx->number = ida_alloc(&kdamond_ida, GFP_KERNEL);
	KUNIT_ASSERT_GE(test, ctx->number, 0);
	ctx->calls_open = true;
	ctx->kdamond_stop = false;
	ctx->kdamond = current;
	kdamond_fn(ctx);
	KUNIT_EXPECT_NULL(test, ctx->kdamond);
	KUNIT_EXPECT_FALSE(test, ctx->calls_open);
	KUNIT_EXPECT_EQ(test, w->nr['X'], 1);
}

/* Forget the steps of a run, for another one. */
static void forget_steps(struct world *w)
{
	memset(w->steps, 0, sizeof(w->steps));
	memset(w->nr, 0, sizeof(w->nr));
	w->nr_steps = 0;
}

/* === Settings === */

static void new_context_has_the_defaults(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 5000);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 100000);
	KUNIT_EXPECT_EQ(test, ctx->regions_update_interval, 1000000);
	KUNIT_EXPECT_EQ(test, ctx->min_nr_regions, 10);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_regions, 1000);
	KUNIT_EXPECT_TRUE(test, list_empty(&ctx->targets_list));
	KUNIT_EXPECT_NULL(test, ctx->kdamond);
	damon_destroy_ctx(NULL);
}

static const struct attrs_case {
	const char *name;
	unsigned long sample, aggr, update, min, max;
	int ret;
} attrs_cases[] = {
	{ "least", 1, 1, 0, 3, 3, 0 },
	{ "largest intervals", ULONG_MAX, ULONG_MAX, ULONG_MAX, 3, 3, 0 },
	{ "most samples", 1, UINT_MAX, 1, 3, 3, 0 },
	{ "most regions", 1, 1, 1, DAMON_MAX_ATTR_REGIONS, DAMON_MAX_ATTR_REGIONS, 0 },
	{ "sample 0", 0, 1, 1, 3, 3, -EINVAL },
	{ "both 0", 0, 0, 1, 3, 3, -EINVAL },
	{ "sample above aggr", 2, 1, 1, 3, 3, -EINVAL },
	{ "min below 3", 1, 1, 1, 2, 3, -EINVAL },
	{ "min above max", 1, 1, 1, 4, 3, -EINVAL },
	{ "min and max 0", 1, 1, 1, 0, 0, -EINVAL },
#if BITS_PER_LONG == 64
	{ "too many samples", 1, 1UL + UINT_MAX, 1, 3, 3, -EINVAL },
#endif
	{ "too many regions", 1, 1, 1, 3, DAMON_MAX_ATTR_REGIONS + 1, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(attrs, attrs_cases, name);

static void set_attrs_sets_all_or_nothing(struct kunit *test)
{
	const struct attrs_case *c = test->param_value;
	struct damon_ctx *ctx = test_ctx(test, 1);
	bool set = !c->ret;

	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, c->sample, c->aggr, c->update,
					      c->min, c->max), c->ret);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, set ? c->sample : 5000);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, set ? c->aggr : 100000);
	KUNIT_EXPECT_EQ(test, ctx->regions_update_interval, set ? c->update : 1000000);
	KUNIT_EXPECT_EQ(test, ctx->min_nr_regions, set ? c->min : 10);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_regions, set ? c->max : 1000);
}

static void expect_ids(struct kunit *test, const struct damon_ctx *ctx,
		       const unsigned long *ids, unsigned int nr)
{
	const struct damon_target *t;
	unsigned int i = 0;

	damon_for_each_target(t, ctx) {
		KUNIT_ASSERT_LT(test, i, nr);
		KUNIT_EXPECT_EQ(test, t->id, ids[i]);
		KUNIT_EXPECT_EQ(test, t->nr_regions, 0);
		i++;
	}
	KUNIT_EXPECT_EQ(test, i, nr);
}

static void set_targets_replaces_the_targets(struct kunit *test)
{
	unsigned long ids[] = { 1, 2, 3 };
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_EXPECT_EQ(test, damon_set_targets(ctx, ids, 3), 0);
	expect_ids(test, ctx, ids, 3);
	KUNIT_EXPECT_EQ(test, damon_set_targets(ctx, NULL, 0), 0);
	expect_ids(test, ctx, NULL, 0);
	KUNIT_EXPECT_EQ(test, damon_set_targets(ctx, ids, 2), 0);
	expect_ids(test, ctx, ids, 2);
	add_test_region(ctx, 1);
	KUNIT_EXPECT_EQ(test, damon_set_targets(ctx, ids + 1, 1), 0);
	expect_ids(test, ctx, ids + 1, 1);
	KUNIT_EXPECT_EQ(test, damon_set_targets(ctx, ids, -1), -EINVAL);
	expect_ids(test, ctx, ids + 1, 1);
}

static void set_targets_without_memory_changes_nothing(struct kunit *test)
{
	unsigned long old_ids[] = { 1, 2 }, ids[] = { 3, 4, 5 };
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned int nth;

	need_failslab(test);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		bool failed;
		int err;

		KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, old_ids, 2), 0);
		fail_begin(nth);
		err = damon_set_targets(ctx, ids, 3);
		failed = fail_end();
		if (!failed)
			break;
		if (err) {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			expect_ids(test, ctx, old_ids, 2);
		}
	}
	KUNIT_EXPECT_GT(test, nth, 3);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
	expect_ids(test, ctx, ids, 3);
}

/* === The loop === */

static void steps_come_in_order(struct kunit *test)
{
	struct world *w = new_world(test, 1, 2, 3);

	w->nr_checks = 6;
	run(test, w);
	KUNIT_EXPECT_STREQ(test, w->steps,
			   "IVPSZCVPSZCAVPSZCUVPSZCAVPSZCVPSZCAUVX");
}

static const struct rate_case {
	const char *name;
	unsigned long sample, aggr, update;
	unsigned int nr_checks, nr_aggregations, nr_updates;
} rate_cases[] = {
	{ "the defaults", 5000, 100000, 1000000, 4000, 200, 20 },
	{ "not before the first is over", 5000, 100000, 1000000, 19, 0, 0 },
	{ "as soon as the first is over", 5000, 100000, 1000000, 20, 1, 0 },
	{ "all the same", 10, 10, 10, 100, 100, 100 },
	{ "no multiples", 30, 100, 70, 100, 30, 42 },
	{ "update before aggregation", 10, 1000, 20, 100, 1, 50 },
	{ "update always", 10, 100, 0, 100, 10, 100 },
	{ "update never", 10, 100, ULONG_MAX, 100, 10, 0 },
	{ "1 us", 1, 1, 1, 1000, 1000, 1000 },
	{ "longest", ULONG_MAX, ULONG_MAX, ULONG_MAX, 1, 1, 1 },
};

KUNIT_ARRAY_PARAM_DESC(rate, rate_cases, name);

static void each_interval_is_served_once(struct kunit *test)
{
	const struct rate_case *c = test->param_value;
	struct world *w = new_world(test, c->sample, c->aggr, c->update);

	w->nr_checks = c->nr_checks;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['I'], 1);
	KUNIT_EXPECT_EQ(test, w->nr['P'], c->nr_checks);
	KUNIT_EXPECT_EQ(test, w->nr['C'], c->nr_checks);
	KUNIT_EXPECT_EQ(test, w->nr['A'], c->nr_aggregations);
	KUNIT_EXPECT_EQ(test, w->nr['U'], c->nr_updates);
}

static void baselines_are_taken_at_start(struct kunit *test)
{
	struct world *w = new_world(test, 10, 100, 1000);
	unsigned int i;

	w->nr_checks = 99;
	for (i = 0; i < 3; i++) {
		run(test, w);
		KUNIT_EXPECT_EQ(test, w->nr['A'], 9);
		KUNIT_EXPECT_EQ(test, w->nr['U'], 0);
		forget_steps(w);
		/* A day passes between the runs. */
		w->clock += 24LL * 3600 * NSEC_PER_SEC + i;
	}
}

/* Only the hook that ends it. */
static void stop_at_5(struct damon_ctx *ctx)
{
	step('S');
	if (world()->nr['S'] == 5)
		damon_stop(ctx);
}

static void every_callback_may_be_missing(struct kunit *test)
{
	struct world *w = new_world(test, 1, 2, 1);
	struct damon_ctx *ctx = w->ctx;

	ctx->init_target_regions = NULL;
	ctx->update_target_regions = NULL;
	ctx->prepare_access_checks = NULL;
	ctx->check_accesses = NULL;
	ctx->target_valid = NULL;
	ctx->aggregate_cb = NULL;
	ctx->cleanup = NULL;
	ctx->sample_cb = stop_at_5;
	ctx->number = ida_alloc(&kdamond_ida, GFP_KERNEL);
	ctx->calls_open = true;
	ctx->kdamond = current;
	kdamond_fn(ctx);
	KUNIT_EXPECT_STREQ(test, w->steps, "SZSZSZSZSZ");
	KUNIT_EXPECT_NULL(test, ctx->kdamond);
}

static void grow_region(struct world *w)
{
	struct damon_addr_range range = { 0, PAGES(3000) };

	KUNIT_EXPECT_EQ(kunit_get_current_test(),
			damon_target_fit(first_target(w->ctx), &range, 1), 0);
}

static void size_limit_follows_an_update(struct kunit *test)
{
	struct world *w = new_world(test, 10, 1000, 50);

	add_test_region(w->ctx, 300);
	w->updated = grow_region;
	w->nr_checks = 4;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->ctx->sz_limit, PAGES(6));

	forget_steps(w);
	add_test_region(w->ctx, 300);
	w->nr_checks = 5;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['U'], 1);
	KUNIT_EXPECT_EQ(test, w->ctx->sz_limit, PAGES(60));
}

static bool grow_asleep(struct world *w)
{
	if (w->nr['Z'] == 3)
		grow_region(w);
	return false;
}

static void size_limit_follows_without_a_callback(struct kunit *test)
{
	struct world *w = new_world(test, 10, 1000, 50);

	add_test_region(w->ctx, 300);
	w->ctx->update_target_regions = NULL;
	w->asleep = grow_asleep;
	w->nr_checks = 5;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->ctx->sz_limit, PAGES(60));
}

static void first_regions_are_enough_to_search(struct kunit *test)
{
	struct world *w = new_world(test, 10, 20, 50);

	add_test_region(w->ctx, 300);
	w->stop_step = 'P';
	w->stop_nr = 1;
	w->ctx->number = ida_alloc(&kdamond_ida, GFP_KERNEL);
	w->ctx->calls_open = true;
	w->ctx->kdamond = current;
	run_monitor(w->ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(w->ctx), 50);
	forget_steps(w);
	kdamond_fn(w->ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(w->ctx), 0);
}

static void expect_unmerged(struct world *w)
{
	KUNIT_EXPECT_EQ(kunit_get_current_test(), damon_nr_regions(w->ctx), 6);
}

static void hook_sees_the_regions_before_they_are_merged(struct kunit *test)
{
	struct world *w = new_world(test, 10, 20, 1000);

	add_test_region(w->ctx, 6);
	/* All agree, so merging leaves the least number, which is 3. */
	damon_regions_split_to(w->ctx, 6);
	w->aggregated = expect_unmerged;
	w->nr_checks = 2;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['A'], 1);
}

/* === Time === */

static s64 late_by_one_and_a_half(struct world *w)
{
	return 15 * NSEC_PER_USEC;
}

/* Regions report the rate of accesses, which is: always. */
static void expect_full_count(struct world *w)
{
	unsigned int nominal = damon_max_nr_accesses(w->ctx);
	struct damon_region *r;

	damon_for_each_region(r, first_target(w->ctx))
		KUNIT_EXPECT_EQ(kunit_get_current_test(), r->nr_accesses, nominal);
}

static void late_worker_takes_fewer_samples(struct kunit *test)
{
	struct world *w = new_world(test, 10, 100, 1000);

	/* Wakes at 25, 45, 65, 85, 105, ... */
	add_test_region(w->ctx, 300);
	w->late = late_by_one_and_a_half;
	w->aggregated = expect_full_count;
	w->nr_checks = 5 * 20;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['A'], 20);
	KUNIT_EXPECT_EQ(test, w->nr['U'], 2);
}

static unsigned int check_every_other(struct damon_ctx *ctx)
{
	struct damon_region *r;
	unsigned int most = 0;

	step('C');
	damon_for_each_region(r, first_target(ctx)) {
		r->nr_accesses += world()->nr['C'] % 2;
		most = max(most, r->nr_accesses);
	}
	return most;
}

static void expect_half_count(struct world *w)
{
	struct damon_region *r;

	damon_for_each_region(r, first_target(w->ctx))
		KUNIT_EXPECT_EQ(kunit_get_current_test(), r->nr_accesses, 20);
}

static void counts_of_a_late_worker_are_scaled(struct kunit *test)
{
	struct world *w = new_world(test, 10, 400, 1000);

	add_test_region(w->ctx, 300);
	w->ctx->check_accesses = check_every_other;
	w->late = late_by_one_and_a_half;
	w->aggregated = expect_half_count;
	w->nr_checks = 20 * 20;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['A'], 20);
}

static s64 late_by_more_than_half(struct world *w)
{
	return 6 * NSEC_PER_USEC;
}

static bool expect_every_other_point(struct world *w)
{
	/* At 10 us, and from then on with one point left out. */
	KUNIT_EXPECT_EQ(kunit_get_current_test(), w->deadline,
			ktime_add_us(w->start, 20ULL * w->nr['Z'] - 10));
	return false;
}

/* The next point is 4 us away, too near to see an interval of accesses. */
static void near_points_are_skipped(struct kunit *test)
{
	struct world *w = new_world(test, 10, 100, 1000);

	w->late = late_by_more_than_half;
	w->asleep = expect_every_other_point;
	w->nr_checks = 1000;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['Z'], 1000);
}

static s64 late_at_random(struct world *w)
{
	return rand_below(&w->rng, 5 * NSEC_PER_USEC);
}

static bool expect_on_grid(struct world *w)
{
	/* However late the sleeps before this one ended. */
	KUNIT_EXPECT_EQ(kunit_get_current_test(), w->deadline,
			ktime_add_us(w->start, 10ULL * w->nr['Z']));
	return false;
}

static void expect_baseline_on_grid(struct world *w)
{
	KUNIT_EXPECT_EQ(kunit_get_current_test(),
			timespec64_to_ktime(w->ctx->last_aggregation),
			ktime_add_us(w->start, 100ULL * w->nr['A']));
}

static void lateness_does_not_add_up(struct kunit *test)
{
	struct world *w = new_world(test, 10, 100, 1000);

	w->late = late_at_random;
	w->asleep = expect_on_grid;
	w->aggregated = expect_baseline_on_grid;
	w->nr_checks = 20000;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['A'], 2000);
	KUNIT_EXPECT_EQ(test, w->nr['U'], 200);
}

static s64 stall_once(struct world *w)
{
	return w->nr['Z'] == 5 ? 12345 * NSEC_PER_USEC : 0;
}

static void stall_is_not_made_up_for(struct kunit *test)
{
	struct world *w = new_world(test, 10, 100, 1000);

	/* Sleeps past 123 aggregations and 12 updates, to 12395 us. */
	add_test_region(w->ctx, 300);
	w->late = stall_once;
	w->aggregated = expect_full_count;
	w->nr_checks = 5;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['A'], 1);
	KUNIT_EXPECT_EQ(test, w->nr['U'], 1);
	KUNIT_EXPECT_EQ(test, timespec64_to_ktime(w->ctx->last_aggregation),
			ktime_add_us(w->start, 12300));
	KUNIT_EXPECT_EQ(test, timespec64_to_ktime(w->ctx->last_regions_update),
			ktime_add_us(w->start, 12000));
}

static bool expect_next_on_grid(struct world *w)
{
	if (w->nr['Z'] == 6)
		KUNIT_EXPECT_EQ(kunit_get_current_test(), w->deadline,
				ktime_add_us(w->start, 12400));
	return false;
}

static void stall_keeps_the_grid(struct kunit *test)
{
	struct world *w = new_world(test, 10, 100, 1000);

	w->late = stall_once;
	w->asleep = expect_next_on_grid;
	w->nr_checks = 6;
	run(test, w);
	/* One for the stall; 12400 is the next point. */
	KUNIT_EXPECT_EQ(test, w->nr['A'], 2);
}

/* === The end === */

static const struct stop_case {
	const char *name, *want;
	char step;
	unsigned int nr;
} stop_cases[] = {
	{ "in init", "IX", 'I', 1 },
	{ "in valid", "IVPSZX", 'V', 1 },
	{ "in prepare", "IVPSZX", 'P', 1 },
	{ "in sample", "IVPSZX", 'S', 1 },
	{ "asleep", "IVPSZX", 'Z', 1 },
	{ "in check", "IVPSZCX", 'C', 1 },
	{ "in aggregate", "IVPSZCVPSZCAX", 'A', 1 },
	{ "in update", "IVPSZCVPSZCAVPSZCUX", 'U', 1 },
	{ "in the third prepare", "IVPSZCVPSZCAVPSZX", 'P', 3 },
};

KUNIT_ARRAY_PARAM_DESC(stop, stop_cases, name);

static void stop_works_in_every_step(struct kunit *test)
{
	const struct stop_case *c = test->param_value;
	struct world *w = new_world(test, 1, 2, 3);

	add_test_region(w->ctx, 100);
	w->stop_step = c->step;
	w->stop_nr = c->nr;
	w->stop_ret = 1;
	run(test, w);
	/* It does not wait for itself. */
	KUNIT_EXPECT_EQ(test, w->stop_ret, 0);
	KUNIT_EXPECT_STREQ(test, w->steps, c->want);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(w->ctx), 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&w->ctx->targets_list));
	KUNIT_EXPECT_EQ(test, damon_stop(w->ctx), -EPERM);
}

static void worker_ends_when_no_target_is_valid(struct kunit *test)
{
	struct world *w = new_world(test, 1, 2, 3);
	unsigned long ids[] = { 2, 1, 2 };

	KUNIT_ASSERT_EQ(test, damon_set_targets(w->ctx, ids, 3), 0);
	add_test_region(w->ctx, 100);
	w->nr_checks = 1;
	run(test, w);
	/* One valid target is enough; the last three are asked in vain. */
	KUNIT_EXPECT_STREQ(test, w->steps, "IVVPSZCVVVX");
	KUNIT_EXPECT_EQ(test, damon_nr_regions(w->ctx), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&w->ctx->targets_list), 3);
}

static void worker_without_targets_ends_at_once(struct kunit *test)
{
	struct world *w = new_world(test, 1, 2, 3);

	KUNIT_ASSERT_EQ(test, damon_set_targets(w->ctx, NULL, 0), 0);
	run(test, w);
	KUNIT_EXPECT_STREQ(test, w->steps, "IX");
}

/* === Calls === */

static int count_call(struct damon_ctx *ctx, void *arg)
{
	(*(unsigned int *)arg)++;
	return 42;
}

static void call_from_hook(struct world *w)
{
	unsigned int nr = 0;

	KUNIT_EXPECT_EQ(kunit_get_current_test(), damon_call(w->ctx, count_call, &nr), 42);
	KUNIT_EXPECT_EQ(kunit_get_current_test(), nr, 1);
}

static void call_from_a_hook_is_made_at_once(struct kunit *test)
{
	struct world *w = new_world(test, 1, 2, 3);

	w->aggregated = call_from_hook;
	w->updated = call_from_hook;
	w->nr_checks = 12;
	run(test, w);
	KUNIT_EXPECT_EQ(test, w->nr['A'], 6);
	KUNIT_EXPECT_EQ(test, w->nr['U'], 4);
}

/* As if another thread called; that thread would wait for call->done. */
static void queue_call(struct damon_ctx *ctx, struct call *call, void *arg)
{
	call->fn = count_call;
	call->arg = arg;
	init_completion(&call->done);
	scoped_guard(mutex, &ctx->kdamond_lock)
		list_add_tail(&call->list, &ctx->calls);
}

static struct call test_calls[2];
static unsigned int nr_called;

static bool call_asleep(struct world *w)
{
	struct kunit *test = kunit_get_current_test();

	if (w->nr['Z'] == 1) {
		queue_call(w->ctx, &test_calls[0], &nr_called);
		queue_call(w->ctx, &test_calls[1], &nr_called);
	}
	/* One at a time, so that calls without end do not keep it from its checks. */
	if (w->nr['Z'] <= 3) {
		KUNIT_EXPECT_EQ(test, nr_called, w->nr['Z'] - 1);
		KUNIT_EXPECT_EQ(test, w->deadline, ktime_add_us(w->start, 10));
	}
	return w->nr['Z'] < 3;
}

static void call_does_not_move_the_deadline(struct kunit *test)
{
	struct world *w = new_world(test, 10, 20, 30);
	unsigned int i;

	nr_called = 0;
	w->asleep = call_asleep;
	w->nr_checks = 1;
	run(test, w);
	KUNIT_EXPECT_STREQ(test, w->steps, "IVPSZZZCVX");
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, completion_done(&test_calls[i].done));
		KUNIT_EXPECT_EQ(test, test_calls[i].ret, 42);
	}
}

static bool call_and_stop_asleep(struct world *w)
{
	queue_call(w->ctx, &test_calls[0], &nr_called);
	queue_call(w->ctx, &test_calls[1], &nr_called);
	KUNIT_EXPECT_EQ(kunit_get_current_test(), damon_stop(w->ctx), 0);
	return false;
}

static void calls_too_late_are_canceled(struct kunit *test)
{
	struct world *w = new_world(test, 10, 20, 30);
	unsigned int i;

	nr_called = 0;
	w->asleep = call_and_stop_asleep;
	run(test, w);
	KUNIT_EXPECT_EQ(test, nr_called, 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, completion_done(&test_calls[i].done));
		KUNIT_EXPECT_EQ(test, test_calls[i].ret, -ECANCELED);
	}
}

static void call_needs_a_worker(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned int nr = 0;

	KUNIT_EXPECT_EQ(test, damon_call(ctx, count_call, &nr), -EPERM);
	KUNIT_EXPECT_EQ(test, nr, 0);
}

/* === Real workers === */

/* What the hooks of a real worker share with the test; see real_of(). */
struct real {
	struct damon_ctx *ctx;
	struct completion started, may_go;
	atomic_t nr_cleanups;
	char comm[TASK_COMM_LEN];
};

static struct real reals[2];

static struct real *real_of(const struct damon_ctx *ctx)
{
	return ctx == reals[0].ctx ? &reals[0] : &reals[1];
}

static void real_cleanup(struct damon_ctx *ctx)
{
	atomic_inc(&real_of(ctx)->nr_cleanups);
}

static void real_sample(struct damon_ctx *ctx)
{
	struct real *r = real_of(ctx);

	get_task_comm(r->comm, current);
	complete_all(&r->started);
}

/* The worker sleeps for years, unless it is woken. */
static struct real *new_real(struct kunit *test, unsigned int i)
{
	struct real *r = &reals[i];

	r->ctx = test_ctx(test, i);
	init_completion(&r->started);
	init_completion(&r->may_go);
	atomic_set(&r->nr_cleanups, 0);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(r->ctx, ULONG_MAX, ULONG_MAX, ULONG_MAX,
					      3, 100), 0);
	r->ctx->sample_cb = real_sample;
	r->ctx->cleanup = real_cleanup;
	return r;
}

static bool wait_off(struct damon_ctx *ctx)
{
	/* What the test reads next, the worker did before it cleared kdamond. */
	return wait_var_event_timeout(&ctx->kdamond, !smp_load_acquire(&ctx->kdamond), PATIENCE);
}

static void start_and_stop_say_what_they_found(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	unsigned long id = 1;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), -EPERM);
	for (i = 1; i <= 3; i++) {
		reinit_completion(&r->started);
		KUNIT_ASSERT_EQ(test, damon_start(r->ctx), 0);
		KUNIT_EXPECT_EQ(test, damon_start(r->ctx), -EBUSY);
		KUNIT_EXPECT_EQ(test, damon_set_attrs(r->ctx, 1, 1, 1, 3, 3), -EBUSY);
		KUNIT_EXPECT_EQ(test, damon_set_targets(r->ctx, &id, 1), -EBUSY);
		KUNIT_EXPECT_TRUE(test, list_empty(&r->ctx->targets_list));
		KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&r->started, PATIENCE));
		KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), 0);
		KUNIT_EXPECT_NULL(test, r->ctx->kdamond);
		KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), -EPERM);
		KUNIT_EXPECT_EQ(test, atomic_read(&r->nr_cleanups), i);
	}
	KUNIT_EXPECT_EQ(test, strncmp(r->comm, "kdamond.", 8), 0);
}

static bool never_valid(struct damon_target *t)
{
	return false;
}

static void worker_that_ended_can_be_started_again(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	unsigned int i;

	r->ctx->target_valid = never_valid;
	for (i = 1; i <= 3; i++) {
		KUNIT_ASSERT_EQ(test, damon_start(r->ctx), 0);
		KUNIT_ASSERT_TRUE(test, wait_off(r->ctx));
		KUNIT_EXPECT_EQ(test, atomic_read(&r->nr_cleanups), i);
		KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), -EPERM);
	}
	r->ctx->target_valid = NULL;
	KUNIT_EXPECT_EQ(test, damon_start(r->ctx), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), 0);
}

static void destroy_ends_the_worker(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	unsigned long id = 1;

	KUNIT_ASSERT_EQ(test, damon_set_targets(r->ctx, &id, 1), 0);
	add_test_region(r->ctx, 100);
	KUNIT_ASSERT_EQ(test, damon_start(r->ctx), 0);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&r->started, PATIENCE));
	kunit_release_action(test, destroy_ctx_action, r->ctx);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->nr_cleanups), 1);
}

/* Each waits for the other: one thread for both could not do it. */
static void meet_the_other(struct damon_ctx *ctx)
{
	struct real *r = real_of(ctx), *other = &reals[r == &reals[0]];

	real_sample(ctx);
	if (wait_for_completion_timeout(&other->started, PATIENCE))
		complete_all(&r->may_go);
}

static void contexts_run_side_by_side(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		new_real(test, i)->ctx->sample_cb = meet_the_other;
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, damon_start(reals[i].ctx), 0);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&reals[i].may_go,
								    2 * PATIENCE));
	KUNIT_EXPECT_STRNEQ(test, reals[0].comm, reals[1].comm);
	KUNIT_EXPECT_EQ(test, damon_stop(reals[0].ctx), 0);
	KUNIT_EXPECT_NOT_NULL(test, READ_ONCE(reals[1].ctx->kdamond));
	KUNIT_EXPECT_EQ(test, damon_stop(reals[1].ctx), 0);
}

static int is_on_worker(struct damon_ctx *ctx, void *arg)
{
	return current == ctx->kdamond ? 42 : -EIO;
}

static void call_wakes_the_worker(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, damon_start(r->ctx), 0);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, damon_call(r->ctx, is_on_worker, NULL), 42);
	KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), 0);
	KUNIT_EXPECT_EQ(test, damon_call(r->ctx, is_on_worker, NULL), -EPERM);
}

struct call_work {
	struct work_struct work;
	struct damon_ctx *ctx;
	int ret;
};

static void call_work_fn(struct work_struct *work)
{
	struct call_work *w = container_of(work, struct call_work, work);

	w->ret = damon_call(w->ctx, is_on_worker, NULL);
}

static void wait_in_init(struct damon_ctx *ctx)
{
	struct real *r = real_of(ctx);

	complete_all(&r->started);
	wait_for_completion_timeout(&r->may_go, PATIENCE);
	damon_stop(ctx);
}

static void caller_is_told_that_the_worker_ended(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	struct call_work w = { .ctx = r->ctx };
	unsigned int i;

	r->ctx->init_target_regions = wait_in_init;
	KUNIT_ASSERT_EQ(test, damon_start(r->ctx), 0);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&r->started, PATIENCE));
	INIT_WORK_ONSTACK(&w.work, call_work_fn);
	queue_work(system_unbound_wq, &w.work);
	for (i = 0; i < 20000 && list_empty_careful(&r->ctx->calls); i++)
		usleep_range(1000, 2000);
	complete_all(&r->may_go);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	KUNIT_EXPECT_EQ(test, w.ret, -ECANCELED);
	KUNIT_EXPECT_TRUE(test, wait_off(r->ctx));
}

struct race {
	struct work_struct work;
	struct damon_ctx *ctx;
	bool start;
	unsigned int nr_done, nr_strange;
};

static void race_fn(struct work_struct *work)
{
	struct race *race = container_of(work, struct race, work);
	unsigned int i;
	int err;

	for (i = 0; i < 100; i++) {
		err = race->start ? damon_start(race->ctx) : damon_stop(race->ctx);
		if (!err)
			race->nr_done++;
		else if (err != (race->start ? -EBUSY : -EPERM))
			race->nr_strange++;
		err = damon_call(race->ctx, is_on_worker, NULL);
		if (err != 42 && err != -EPERM && err != -ECANCELED)
			race->nr_strange++;
		cond_resched();
	}
}

static void starts_and_stops_may_race(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	struct race races[4];
	unsigned int i, nr_starts;

	for (i = 0; i < ARRAY_SIZE(races); i++) {
		races[i] = (struct race) { .ctx = r->ctx, .start = i % 2 };
		INIT_WORK_ONSTACK(&races[i].work, race_fn);
		queue_work(system_unbound_wq, &races[i].work);
	}
	for (i = 0; i < ARRAY_SIZE(races); i++) {
		flush_work(&races[i].work);
		destroy_work_on_stack(&races[i].work);
		KUNIT_EXPECT_EQ(test, races[i].nr_strange, 0);
	}
	damon_stop(r->ctx);
	KUNIT_EXPECT_NULL(test, r->ctx->kdamond);
	nr_starts = races[1].nr_done + races[3].nr_done;
	KUNIT_EXPECT_GT(test, nr_starts, 0);
	/* Every worker that started has ended, once. */
	KUNIT_EXPECT_EQ(test, atomic_read(&r->nr_cleanups), nr_starts);
}

static void start_without_memory_leaves_it_off(struct kunit *test)
{
	struct real *r = new_real(test, 0);
	unsigned int nth, nr_failed = 0;

	need_failslab(test);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		bool failed;
		int err;

		fail_begin(nth);
		err = damon_start(r->ctx);
		failed = fail_end();
		if (!failed)
			break;
		if (err) {
			nr_failed++;
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			KUNIT_EXPECT_NULL(test, r->ctx->kdamond);
			KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), -EPERM);
		} else {
			KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), 0);
		}
	}
	KUNIT_EXPECT_GT(test, nr_failed, 0);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
	KUNIT_EXPECT_EQ(test, damon_stop(r->ctx), 0);
}

static struct kunit_case damon_core_cases[] = {
	KUNIT_CASE(new_context_has_the_defaults),
	KUNIT_CASE_PARAM(set_attrs_sets_all_or_nothing, attrs_gen_params),
	KUNIT_CASE(set_targets_replaces_the_targets),
	KUNIT_CASE(set_targets_without_memory_changes_nothing),
	KUNIT_CASE(steps_come_in_order),
	KUNIT_CASE_PARAM(each_interval_is_served_once, rate_gen_params),
	KUNIT_CASE(baselines_are_taken_at_start),
	KUNIT_CASE(every_callback_may_be_missing),
	KUNIT_CASE(size_limit_follows_an_update),
	KUNIT_CASE(size_limit_follows_without_a_callback),
	KUNIT_CASE(first_regions_are_enough_to_search),
	KUNIT_CASE(hook_sees_the_regions_before_they_are_merged),
	KUNIT_CASE(late_worker_takes_fewer_samples),
	KUNIT_CASE(counts_of_a_late_worker_are_scaled),
	KUNIT_CASE(near_points_are_skipped),
	KUNIT_CASE(lateness_does_not_add_up),
	KUNIT_CASE(stall_is_not_made_up_for),
	KUNIT_CASE(stall_keeps_the_grid),
	KUNIT_CASE_PARAM(stop_works_in_every_step, stop_gen_params),
	KUNIT_CASE(worker_ends_when_no_target_is_valid),
	KUNIT_CASE(worker_without_targets_ends_at_once),
	KUNIT_CASE(call_from_a_hook_is_made_at_once),
	KUNIT_CASE(call_does_not_move_the_deadline),
	KUNIT_CASE(calls_too_late_are_canceled),
	KUNIT_CASE(call_needs_a_worker),
	KUNIT_CASE(start_and_stop_say_what_they_found),
	KUNIT_CASE(worker_that_ended_can_be_started_again),
	KUNIT_CASE(destroy_ends_the_worker),
	KUNIT_CASE(contexts_run_side_by_side),
	KUNIT_CASE(call_wakes_the_worker),
	KUNIT_CASE(caller_is_told_that_the_worker_ended),
	KUNIT_CASE(starts_and_stops_may_race),
	KUNIT_CASE(start_without_memory_leaves_it_off),
	{}
};

static struct kunit_suite damon_core_suite = {
	.name = "damon_core",
	.test_cases = damon_core_cases,
};

kunit_test_suite(damon_core_suite);
