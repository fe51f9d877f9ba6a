// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of action_migrate.c, which is where this file is included: which node is chosen.
 */
#include <kunit/test.h>

static void nodes_are_chosen_by_weight(struct kunit *test)
{
	const struct damon_dest dests[] = { { 0, 1 }, { 1, 0 }, { 2, 3 } };
	const struct damon_work work = { .dests = dests, .nr_dests = ARRAY_SIZE(dests) };
	static const unsigned int want[] = { 0, 2, 2, 2 };
	unsigned int i;

	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ(test, choose_dest(&work, i), want[i % 4]);
	KUNIT_EXPECT_EQ(test, choose_dest(&work, ULONG_MAX), want[3]);
}

static void largest_weight_is_no_overflow(struct kunit *test)
{
	const struct damon_dest dests[] = { { 0, 1 }, { 1, UINT_MAX - 1 } };
	const struct damon_work work = { .dests = dests, .nr_dests = ARRAY_SIZE(dests) };

	KUNIT_EXPECT_EQ(test, choose_dest(&work, 0), 0);
	KUNIT_EXPECT_EQ(test, choose_dest(&work, 1), 1);
	KUNIT_EXPECT_EQ(test, choose_dest(&work, UINT_MAX - 1), 1);
	KUNIT_EXPECT_EQ(test, choose_dest(&work, UINT_MAX), 0);
}

static void without_weights_no_node_is_chosen(struct kunit *test)
{
	const struct damon_dest dests[] = { { 0, 0 }, { 1, 0 } };
	const struct damon_work work = { .dests = dests, .nr_dests = ARRAY_SIZE(dests) };

	KUNIT_EXPECT_EQ(test, choose_dest(&work, 0), 2);
	KUNIT_EXPECT_EQ(test, choose_dest(&work, 5), 2);
}

static struct kunit_case damon_migrate_cases[] = {
	KUNIT_CASE(nodes_are_chosen_by_weight),
	KUNIT_CASE(largest_weight_is_no_overflow),
	KUNIT_CASE(without_weights_no_node_is_chosen),
	{}
};

static struct kunit_suite damon_migrate_suite = {
	.name = "damon_migrate",
	.test_cases = damon_migrate_cases,
};

kunit_test_suite(damon_migrate_suite);
