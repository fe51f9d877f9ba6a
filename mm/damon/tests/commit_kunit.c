// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of commit.c, which is where this file is included: what carries over to new
 * settings, and that nothing changes where they are refused.
 */
#include "regions.h"

static unsigned int nr_released;

static void count_release(struct damon_ctx *ctx, struct damon_target *t)
{
	nr_released++;
}

static void build_nothing(struct damon_ctx *ctx)
{
}

/* A monitor of targets with these ids. */
static struct damon_ctx *monitor_of(struct kunit *test, unsigned long *ids, unsigned int nr)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	ctx->init_target_regions = build_nothing;
	ctx->release_target = count_release;
	KUNIT_ASSERT_EQ(test, 0, damon_set_targets(ctx, ids, nr));
	nr_released = 0;
	return ctx;
}

static struct damon_target *nth_target(struct damon_ctx *ctx, unsigned int n)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		if (!n--)
			return t;
	return NULL;
}

static struct damon_region *first_region(struct damon_target *t)
{
	return list_first_entry(&t->regions_list, struct damon_region, list);
}

static void targets_keep_what_is_known_of_them(struct kunit *test)
{
	unsigned long old_ids[] = { 1, 2, 3 }, new_ids[] = { 3, 4, 1 };
	struct damon_ctx *ctx = monitor_of(test, old_ids, 3);
	struct damon_ctx *from = monitor_of(test, new_ids, 3);
	unsigned int i;

	for (i = 0; i < 3; i++)
		add_region(test, nth_target(ctx, i), 0, PAGES(10 + i), i)->age = 7 + i;
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_NOT_NULL(test, nth_target(ctx, i));
		KUNIT_EXPECT_EQ(test, nth_target(ctx, i)->id, new_ids[i]);
	}
	KUNIT_EXPECT_NULL(test, nth_target(ctx, 3));
	expect_rows(test, nth_target(ctx, 0), (struct row[]) {{ 0, 12, 2 }, {}}, PAGE_SIZE);
	expect_rows(test, nth_target(ctx, 1), (struct row[]) {{}}, PAGE_SIZE);
	expect_rows(test, nth_target(ctx, 2), (struct row[]) {{ 0, 10, 0 }, {}}, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, first_region(nth_target(ctx, 0))->age, 9);
	KUNIT_EXPECT_EQ(test, first_region(nth_target(ctx, 2))->age, 7);
	/* The one that left. */
	KUNIT_EXPECT_EQ(test, nr_released, 1);
	/* Its id goes to who gave the new ones. */
	KUNIT_EXPECT_EQ(test, nth_target(from, 0)->id + nth_target(from, 1)->id +
			nth_target(from, 2)->id, 1 + 2 + 3);
}

/* Nobody asks twice for one process, but who does loses nothing. */
static void targets_of_one_id_are_told_apart(struct kunit *test)
{
	unsigned long ids[] = { 1, 1 };
	struct damon_ctx *ctx = monitor_of(test, ids, 2);
	struct damon_ctx *from = monitor_of(test, ids, 2);

	add_region(test, nth_target(ctx, 0), 0, PAGES(10), 1);
	add_region(test, nth_target(ctx, 1), 0, PAGES(20), 2);
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	expect_rows(test, nth_target(ctx, 0), (struct row[]) {{ 0, 10, 1 }, {}}, PAGE_SIZE);
	expect_rows(test, nth_target(ctx, 1), (struct row[]) {{ 0, 20, 2 }, {}}, PAGE_SIZE);
}

static void new_ranges_keep_what_is_known_of_them(struct kunit *test)
{
	unsigned long id = 1;
	struct damon_ctx *ctx = monitor_of(test, &id, 1), *from = monitor_of(test, &id, 1);
	struct damon_target *t = nth_target(ctx, 0);
	struct damon_region *r = add_region(test, t, 0, PAGES(100), 5);

	r->age = 7;
	r->sample.pending = true;
	r->sampling_addr = PAGES(50);
	add_region(test, nth_target(from, 0), PAGES(40), PAGES(60), 0);
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_PTR_EQ(test, nth_target(ctx, 0), t);
	expect_rows(test, t, (struct row[]) {{ 40, 60, 5 }, {}}, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, first_region(t)->age, 7);
	/* The sample was given back with what the primitives had of the old ranges. */
	KUNIT_EXPECT_EQ(test, nr_released, 1);
	KUNIT_EXPECT_FALSE(test, first_region(t)->sample.pending);
}

static void ages_are_as_long_in_other_intervals(struct kunit *test)
{
	unsigned long id = 1;
	struct damon_ctx *ctx = monitor_of(test, &id, 1), *from = monitor_of(test, &id, 1);
	struct damon_region *r = add_region(test, nth_target(ctx, 0), 0, PAGES(10), 5);

	r->age = 60;
	r->steady = 50;
	set_evidence(r, 40, 400);
	KUNIT_ASSERT_EQ(test, 0, damon_set_attrs(from, 5000, 200000, 1000000, 10, 1000));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, r->age, 30);
	KUNIT_EXPECT_EQ(test, r->steady, 25);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 200000);
	/* Samples of the same length tell as much as before. */
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 400 * SAMPLE);
	KUNIT_ASSERT_EQ(test, 0, damon_set_attrs(from, 50000, 200000, 1000000, 10, 1000));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, r->age, 30);
	KUNIT_EXPECT_LE(test, tally(&r->known).samples, 16 * SAMPLE);
	KUNIT_EXPECT_EQ(test, damon_region_count(ctx, r), 0);
	/* What never was accessed is known as before. */
	set_evidence(r, 0, 400);
	KUNIT_ASSERT_EQ(test, 0, damon_set_attrs(from, ULONG_MAX, ULONG_MAX, 0, 10, 1000));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, tally(&r->known).samples, 400 * SAMPLE);
	KUNIT_EXPECT_EQ(test, r->age, 0);
	r->age = UINT_MAX;
	KUNIT_ASSERT_EQ(test, 0, damon_set_attrs(from, 1, 1, 0, 10, 1000));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, r->age, UINT_MAX);
}

/* Those that were asked for are the same, and the monitor has found better ones. */
static void tuned_intervals_stay(struct kunit *test)
{
	static const struct damon_intervals_goal goal = { 400, 3, 5000, 40000 };
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, 0, 20, ULONG_MAX },
		.action = DAMON_STAT,
	};
	unsigned long id = 1;
	struct damon_ctx *ctx = monitor_of(test, &id, 1), *from = monitor_of(test, &id, 1);
	struct damon_attrs tuned = ctx->attrs;

	tuned.sample_interval *= 4;
	tuned.aggr_interval *= 4;
	ctx->goal = goal;
	from->goal = goal;
	damon_attrs_apply(ctx, &tuned);
	ctx->tuning.nr_aggrs = 2;
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(from, &s, 1));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, tuned.aggr_interval);
	KUNIT_EXPECT_EQ(test, ctx->tuning.nr_aggrs, 2);
	/* Of 100 ms each, as they were asked for. */
	KUNIT_EXPECT_EQ(test, ctx->schemes[0].pattern.min_age, 5);

	/* Other ones, or another goal, and it begins anew. */
	from->attrs = damon_default_attrs;
	from->goal = goal;
	from->min_nr_regions++;
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(from, &s, 1));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, damon_default_attrs.aggr_interval);
	KUNIT_EXPECT_EQ(test, ctx->tuning.nr_aggrs, 0);
	KUNIT_EXPECT_EQ(test, ctx->schemes[0].pattern.min_age, 20);
	damon_attrs_apply(ctx, &tuned);
	from->attrs = ctx->asked;
	from->goal = (struct damon_intervals_goal) { 300, 3, 5000, 40000 };
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, damon_default_attrs.aggr_interval);
}

static void schemes_go_on_by_their_index(struct kunit *test)
{
	unsigned long id = 1;
	struct damon_ctx *ctx = monitor_of(test, &id, 1), *from = monitor_of(test, &id, 1);
	struct damon_scheme s = {
		.pattern = { 0, ULONG_MAX, 0, ULONG_MAX, 0, ULONG_MAX },
		.action = DAMON_STAT,
	};
	struct damon_scheme two[] = { s, s };
	struct damon_scheme_stat stat;

	add_region(test, nth_target(ctx, 0), 0, PAGES(10), 5);
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(ctx, &s, 1));
	damon_schemes_begin(ctx);
	damon_schemes_apply(ctx, NSEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(from, two, 2));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_ASSERT_EQ(test, 0, damon_get_scheme_stat(ctx, 0, &stat));
	KUNIT_EXPECT_EQ(test, stat.nr_tried, 1);
	KUNIT_ASSERT_EQ(test, 0, damon_get_scheme_stat(ctx, 1, &stat));
	KUNIT_EXPECT_EQ(test, stat.nr_tried, 0);
	KUNIT_EXPECT_EQ(test, damon_get_scheme_stat(ctx, 2, &stat), -EINVAL);
	damon_schemes_apply(ctx, 2 * NSEC_PER_SEC);
	KUNIT_ASSERT_EQ(test, 0, damon_get_scheme_stat(ctx, 0, &stat));
	KUNIT_EXPECT_EQ(test, stat.nr_tried, 2);
}

static void refused_settings_change_nothing(struct kunit *test)
{
	unsigned long id = 1, other = 2;
	struct damon_ctx *ctx = monitor_of(test, &id, 1), *from = monitor_of(test, &other, 1);
	struct damon_scheme s = { .action = DAMON_PAGEOUT };
	struct damon_target *t = nth_target(ctx, 0);

	from->sample_interval = 0;
	KUNIT_EXPECT_EQ(test, damon_commit(ctx, from), -EINVAL);
	from->attrs = damon_default_attrs;
	from->goal = (struct damon_intervals_goal) { 400, 3, 6000, 10000 };
	KUNIT_EXPECT_EQ(test, damon_commit(ctx, from), -EINVAL);
	from->goal = (struct damon_intervals_goal) {};
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(from, &s, 1));
	KUNIT_EXPECT_EQ(test, damon_commit(ctx, from), -EOPNOTSUPP);
	KUNIT_ASSERT_EQ(test, 0, damon_set_schemes(from, NULL, 0));
	from->update_target_regions = build_nothing;
	KUNIT_EXPECT_EQ(test, damon_commit(ctx, from), -EINVAL);
	from->update_target_regions = NULL;
	KUNIT_EXPECT_EQ(test, damon_commit(ctx, ctx), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, nth_target(ctx, 0), t);
	KUNIT_EXPECT_EQ(test, t->id, id);
	KUNIT_EXPECT_EQ(test, damon_commit(ctx, from), 0);
	KUNIT_EXPECT_EQ(test, nth_target(ctx, 0)->id, other);
}

static void settings_without_memory_change_nothing(struct kunit *test)
{
	unsigned long ids[] = { 1, 2 };
	struct damon_ctx *ctx = monitor_of(test, ids, 2), *from = monitor_of(test, ids, 2);
	unsigned int nth, nr_failed = 0, i;
	struct damon_probe probe = { };
	int err;

	need_failslab(test);
	ctx->can_probe = true;
	from->can_probe = true;
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		/* Each time from the beginning, as kmemleak does without its allocations. */
		KUNIT_ASSERT_EQ(test, 0, damon_set_probes(ctx, NULL, 0));
		KUNIT_ASSERT_EQ(test, 0, damon_set_targets(ctx, ids, 2));
		KUNIT_ASSERT_EQ(test, 0, damon_set_targets(from, ids, 2));
		for (i = 0; i < 2; i++)
			add_region(test, nth_target(ctx, i), 0, PAGES(100), 5);
		/* With room for probes, each target is made anew. */
		KUNIT_ASSERT_EQ(test, 0, damon_set_probes(from, &probe, 1));
		for (i = 0; i < 2; i++)
			add_region(test, nth_target(from, i), PAGES(40), PAGES(60), 0);
		fail_begin(nth);
		err = damon_commit(ctx, from);
		if (!fail_end())
			break;
		if (!err)
			continue;
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		nr_failed++;
		for (i = 0; i < 2; i++)
			expect_rows(test, nth_target(ctx, i),
				    (struct row[]) {{ 0, 100, 5 }, {}}, PAGE_SIZE);
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	/* Of two targets: ranges, a region, and regions of another pool, three times. */
	KUNIT_EXPECT_GE(test, nr_failed, 10);
	for (i = 0; i < 2; i++)
		expect_rows(test, nth_target(ctx, i),
			    (struct row[]) {{ 40, 60, 5 }, {}}, PAGE_SIZE);
}

static const struct damon_filter of_anon = {
	.type = DAMON_FILTER_ANON, .matching = true, .allow = true,
};

/* Regions get room for them, and lose it again, with all that is known otherwise. */
static void probes_come_and_go(struct kunit *test)
{
	struct damon_probe probes[] = {
		{ .filters = &of_anon, .nr_filters = 1 }, { },
	};
	unsigned long ids[] = { 1, 2 };
	struct damon_ctx *ctx = monitor_of(test, ids, 1), *from = monitor_of(test, ids, 2);
	struct damon_target *t = nth_target(ctx, 0);

	add_region(test, t, 0, PAGES(10), 5)->age = 7;
	ctx->can_probe = true;
	from->can_probe = true;
	KUNIT_ASSERT_EQ(test, 0, damon_set_probes(from, probes, 2));
	add_region(test, nth_target(from, 0), 0, PAGES(4), 0);
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_TRUE(test, t->probed);
	KUNIT_EXPECT_TRUE(test, nth_target(ctx, 1)->probed);
	KUNIT_EXPECT_FALSE(test, nth_target(from, 0)->probed);
	expect_rows(test, t, (struct row[]) {{ 0, 4, 5 }, {}}, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, first_region(t)->age, 7);
	damon_probed_record(first_region(t), 1);
	damon_probed_record(first_region(t), 3);

	/* The same ones go on with their shares. */
	KUNIT_ASSERT_EQ(test, 0, damon_set_targets(from, ids, 1));
	KUNIT_ASSERT_EQ(test, 0, damon_set_probes(from, probes, 2));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, first_region(t), 0), 20);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, first_region(t), 1), 10);
	probes[0].nr_filters = 0;
	KUNIT_ASSERT_EQ(test, 0, damon_set_probes(from, probes, 2));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, first_region(t), 0), 0);

	/* Of attributes, what is known of accesses says nothing. */
	set_evidence(first_region(t), 10, 400);
	probes[0].weight = 1;
	KUNIT_ASSERT_EQ(test, 0, damon_set_probes(from, probes, 2));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_EQ(test, tally(&first_region(t)->known).samples, 0);
	KUNIT_ASSERT_EQ(test, 0, damon_set_probes(from, NULL, 0));
	KUNIT_ASSERT_EQ(test, 0, damon_commit(ctx, from));
	KUNIT_EXPECT_FALSE(test, t->probed);
	KUNIT_EXPECT_FALSE(test, damon_attributes_only(ctx));
	expect_rows(test, t, (struct row[]) {{ 0, 4, 0 }, {}}, PAGE_SIZE);
}

static struct kunit_case damon_commit_cases[] = {
	KUNIT_CASE(probes_come_and_go),
	KUNIT_CASE(targets_keep_what_is_known_of_them),
	KUNIT_CASE(targets_of_one_id_are_told_apart),
	KUNIT_CASE(new_ranges_keep_what_is_known_of_them),
	KUNIT_CASE(ages_are_as_long_in_other_intervals),
	KUNIT_CASE(tuned_intervals_stay),
	KUNIT_CASE(schemes_go_on_by_their_index),
	KUNIT_CASE(refused_settings_change_nothing),
	KUNIT_CASE(settings_without_memory_change_nothing),
	{}
};

static struct kunit_suite damon_commit_suite = {
	.name = "damon_commit",
	.test_cases = damon_commit_cases,
};

kunit_test_suite(damon_commit_suite);
