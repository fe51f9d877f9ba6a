// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of goal.c, which is where this file is included: which goals are refused, what is
 * read, what follows.
 */
#include <linux/limits.h>

#include "helper.h"

static const struct check_case {
	const char *name;
	struct damon_goal g;
	int want;
} check_cases[] = {
	{ "of the user", { .target = 1 }, 0 },
	{ "nothing", { .target = 0 }, -EINVAL },
	{ "nothing of a node", { DAMON_GOAL_NODE_MEM_FREE_BP }, -EINVAL },
	{ "no such metric", { DAMON_NR_GOAL_METRICS, 1 }, -EINVAL },
	{ "a negative metric", { -1, 1 }, -EINVAL },
	{ "first node", { DAMON_GOAL_NODE_MEM_USED_BP, 1 }, 0 },
	{ "last node", { DAMON_GOAL_NODE_MEM_USED_BP, 1, 0, MAX_NUMNODES - 1 }, 0 },
	{ "no node", { DAMON_GOAL_NODE_MEM_USED_BP, 1, 0, NUMA_NO_NODE }, -EINVAL },
	{ "no such node", { DAMON_GOAL_NODE_MEM_USED_BP, 1, 0, MAX_NUMNODES }, -EINVAL },
	{ "free, no node", { DAMON_GOAL_NODE_MEM_FREE_BP, 1, 0, -1 }, -EINVAL },
	{ "of a cgroup, no node", { DAMON_GOAL_NODE_MEMCG_USED_BP, 1, 0, -1 }, -EINVAL },
	{ "but for a cgroup, no node", { DAMON_GOAL_NODE_MEMCG_FREE_BP, 1, 0, -1 }, -EINVAL },
	{ "eligible, no node", { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 1, 0, -1 }, -EINVAL },
	{ "pressure has no node", { DAMON_GOAL_SOME_MEM_PSI_US, 1, 0, -1 }, 0 },
	{ "nor have active pages", { DAMON_GOAL_ACTIVE_MEM_BP, 1, 0, INT_MAX }, 0 },
	{ "the rest of a node", { DAMON_GOAL_NODE_MEM_USED_BP, 1, .complement = true }, 0 },
	{ "the rest of active", { DAMON_GOAL_ACTIVE_MEM_BP, 1, .complement = true }, 0 },
	{ "the rest of a number", { .target = 1, .complement = true }, -EINVAL },
	{ "the rest of pressure", { DAMON_GOAL_SOME_MEM_PSI_US, 1, .complement = true }, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(check, check_cases, name);

static void wrong_goals_are_refused(struct kunit *test)
{
	const struct check_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, damon_goal_check(&c->g), c->want);
}

/* A pattern that fits a quarter of 1000 pages on node 0, and the rest elsewhere. */
static u64 quarter(void *arg, int nid)
{
	return PAGES(nid == NUMA_NO_NODE ? 1000 : nid == 0 ? 250 : 0);
}

static struct damon_goals read_goals(const struct damon_goal *goals, unsigned int nr)
{
	const struct damon_eligible eligible = { quarter };
	struct damon_quota q = { .goals = goals, .nr_goals = nr };
	struct damon_psi_past past = {};
	struct damon_goals read;

	damon_goals_read(&read, &past, &q, &eligible, NSEC_PER_SEC, 1);
	return read;
}

static const struct score_case {
	const char *name;
	unsigned long current_value, target;
	u64 want;
} score_cases[] = {
	{ "nothing yet", 0, 10000, 0 },
	{ "half", 5000, 10000, 5000 },
	{ "reached", 7, 7, 10000 },
	{ "beyond", 18, 10, 18000 },
	{ "a small target", ULONG_MAX, 1, DAMON_MAX_GOAL_SCORE },
	{ "the largest number", ULONG_MAX, ULONG_MAX, 10000 },
	{ "the largest target", 1, ULONG_MAX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(score, score_cases, name);

/* Also where products do not fit 64 bits. */
static void score_is_the_part_of_the_target(struct kunit *test)
{
	const struct score_case *c = test->param_value;
	struct damon_goal g = { .current_value = c->current_value, .target = c->target };
	struct damon_goals read = read_goals(&g, 1);

	KUNIT_EXPECT_EQ(test, read.score, c->want);
	KUNIT_EXPECT_EQ(test, read.rate_score, c->want);
	KUNIT_EXPECT_EQ(test, read.nr_rates, 1);
	KUNIT_EXPECT_EQ(test, read.nr_amounts, 0);
	KUNIT_EXPECT_FALSE(test, read.unknown);
}

static void nearest_goal_counts(struct kunit *test)
{
	const struct damon_goal goals[] = {
		{ .current_value = 1, .target = 10 },
		{ .current_value = 9, .target = 10 },
		{ DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 10000 },
		/* 50 pages are missing of 300. */
		{ DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 3000 },
		{ .current_value = 2, .target = 10 },
	};
	struct damon_goals read = read_goals(goals, ARRAY_SIZE(goals));

	KUNIT_EXPECT_EQ(test, read.score, 9000);
	KUNIT_EXPECT_EQ(test, read.rate_score, 9000);
	KUNIT_EXPECT_EQ(test, read.nr_rates, 3);
	KUNIT_EXPECT_EQ(test, read.nr_amounts, 2);
	KUNIT_EXPECT_EQ(test, read.missing, PAGES(50));
	KUNIT_EXPECT_EQ(test, read.wanted, PAGES(300));
}

static const struct amount_case {
	const char *name;
	struct damon_goal g;
	u64 score;
	s64 missing;
} amount_cases[] = {
	{ "a quarter is there", { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 5000 }, 5000, 250 },
	{ "all is wanted", { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 10000 }, 2500, 750 },
	{ "less is wanted", { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 1000 }, 25000, -150 },
	{ "none is there", { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 5000, 0, 1 }, 0, 500 },
	{ "of the rest", { DAMON_GOAL_NODE_ELIGIBLE_MEM_BP, 5000, .complement = true },
	  15000, -250 },
};

KUNIT_ARRAY_PARAM_DESC(amount, amount_cases, name);

static void missing_memory_is_counted(struct kunit *test)
{
	const struct amount_case *c = test->param_value;
	struct damon_goals read = read_goals(&c->g, 1);

	KUNIT_EXPECT_EQ(test, read.score, c->score);
	KUNIT_EXPECT_EQ(test, read.missing, c->missing * (s64)PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, read.nr_amounts, 1);
}

/* The value of a metric, in 1/10000. */
static u64 bp_of(enum damon_goal_metric metric, int nid, u64 cgroup, bool complement)
{
	struct damon_goal g = { metric, 10000, 0, nid, cgroup, complement };

	return read_goals(&g, 1).score;
}

static void node_is_used_or_free(struct kunit *test)
{
	int nid = first_node(node_states[N_MEMORY]);
	u64 used = bp_of(DAMON_GOAL_NODE_MEM_USED_BP, nid, 0, false);
	u64 nr_free = bp_of(DAMON_GOAL_NODE_MEM_FREE_BP, nid, 0, false);
	/* It may change from one to the other. */
	u64 sum = used + nr_free;

	KUNIT_EXPECT_GT(test, used, 0);
	KUNIT_EXPECT_GT(test, nr_free, 0);
	KUNIT_EXPECT_GE(test, sum, 9900);
	KUNIT_EXPECT_LE(test, sum, 10100);
	sum = used + bp_of(DAMON_GOAL_NODE_MEM_USED_BP, nid, 0, true);
	KUNIT_EXPECT_GE(test, sum, 9900);
	KUNIT_EXPECT_LE(test, sum, 10100);
}

/* Nothing is to be had there. */
static void node_that_is_off_is_full(struct kunit *test)
{
	int nid;

	for (nid = 0; nid < MAX_NUMNODES; nid++)
		if (!node_online(nid))
			break;
	if (nid == MAX_NUMNODES)
		kunit_skip(test, "all nodes are online");
	KUNIT_EXPECT_EQ(test, bp_of(DAMON_GOAL_NODE_MEM_USED_BP, nid, 0, false), 10000);
	KUNIT_EXPECT_EQ(test, bp_of(DAMON_GOAL_NODE_MEM_FREE_BP, nid, 0, false), 0);
	KUNIT_EXPECT_EQ(test, bp_of(DAMON_GOAL_NODE_MEMCG_USED_BP, nid, 1, false), 10000);
	KUNIT_EXPECT_EQ(test, bp_of(DAMON_GOAL_NODE_MEMCG_FREE_BP, nid, 1, false), 0);
}

static void cgroup_that_is_gone_uses_nothing(struct kunit *test)
{
	int nid = first_node(node_states[N_MEMORY]);

	KUNIT_EXPECT_EQ(test, bp_of(DAMON_GOAL_NODE_MEMCG_USED_BP, nid, U64_MAX, false), 0);
	KUNIT_EXPECT_EQ(test, bp_of(DAMON_GOAL_NODE_MEMCG_FREE_BP, nid, U64_MAX, false), 10000);
}

static void active_and_inactive_are_all(struct kunit *test)
{
	u64 active = bp_of(DAMON_GOAL_ACTIVE_MEM_BP, 0, 0, false);
	u64 inactive = bp_of(DAMON_GOAL_INACTIVE_MEM_BP, 0, 0, false);

	if (!active && !inactive)
		kunit_skip(test, "there is no memory on the lists yet");
	KUNIT_EXPECT_GE(test, active + inactive, 9900);
	KUNIT_EXPECT_LE(test, active + inactive, 10100);
}

#ifdef CONFIG_PSI

/* A window in which the kernel did not measure says nothing, and one more is not 0. */
static void pressure_is_unknown_until_it_is_measured(struct kunit *test)
{
	struct damon_psi_past past = {};
	u64 us;

	if (static_branch_likely(&psi_disabled))
		kunit_skip(test, "there is no PSI");
	KUNIT_EXPECT_FALSE(test, read_psi(&past, NSEC_PER_SEC, 1, &us));
	if (read_psi(&past, NSEC_PER_SEC, 2, &us))
		kunit_skip(test, "it was measured just now");
	/* As long as nobody has run. */
	if (read_psi(&past, NSEC_PER_SEC, 1 + 6ULL * NSEC_PER_SEC, &us))
		KUNIT_EXPECT_EQ(test, us, 0);
	else
		KUNIT_FAIL(test, "never known");
	/* Half of the time that was measured, of a window that is as long as half of it. */
	past.at -= 2 * NSEC_PER_SEC;
	past.total -= NSEC_PER_SEC;
	KUNIT_EXPECT_TRUE(test, read_psi(&past, NSEC_PER_SEC, 9, &us));
	KUNIT_EXPECT_GE(test, us, USEC_PER_SEC / 2);
	KUNIT_EXPECT_LE(test, us, USEC_PER_SEC);
}

#else

static void pressure_is_unknown_until_it_is_measured(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_PSI");
}

#endif /* CONFIG_PSI */

static struct kunit_case damon_goal_cases[] = {
	KUNIT_CASE_PARAM(wrong_goals_are_refused, check_gen_params),
	KUNIT_CASE_PARAM(score_is_the_part_of_the_target, score_gen_params),
	KUNIT_CASE(nearest_goal_counts),
	KUNIT_CASE_PARAM(missing_memory_is_counted, amount_gen_params),
	KUNIT_CASE(node_is_used_or_free),
	KUNIT_CASE(node_that_is_off_is_full),
	KUNIT_CASE(cgroup_that_is_gone_uses_nothing),
	KUNIT_CASE(active_and_inactive_are_all),
	KUNIT_CASE(pressure_is_unknown_until_it_is_measured),
	{}
};

static struct kunit_suite damon_goal_suite = {
	.name = "damon_goal",
	.test_cases = damon_goal_cases,
};

kunit_test_suite(damon_goal_suite);
