/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of this folder share: contexts that are freed at the end of a
 * test, numbers that are random but the same in each run, and allocations that
 * fail on demand.
 */
#ifndef _MM_DAMON_TESTS_HELPER_H
#define _MM_DAMON_TESTS_HELPER_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/damon.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../ranges.h"

#define PAGES(n) ((unsigned long)(n) << PAGE_SHIFT)

KUNIT_DEFINE_ACTION_WRAPPER(destroy_ctx_action, damon_destroy_ctx, struct damon_ctx *);

/* A context with its default settings, and with random numbers from @seed. */
static inline struct damon_ctx *test_ctx(struct kunit *test, u64 seed)
{
	struct damon_ctx *ctx = damon_new_ctx();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_ctx_action, ctx));
	ctx->rng = seed;
	return ctx;
}

KUNIT_DEFINE_ACTION_WRAPPER(free_ranges_action, kvfree, struct damon_ranges *);

/* Room for @max_ranges ranges. */
static inline struct damon_ranges *test_ranges(struct kunit *test, unsigned int max_ranges)
{
	struct damon_ranges *rs = damon_ranges_new(max_ranges);

	KUNIT_ASSERT_NOT_NULL(test, rs);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_ranges_action, rs));
	return rs;
}

/* From 0 to @n - 1. */
static inline unsigned int rand_below(struct rnd_state *rng, unsigned int n)
{
	return prandom_u32_state(rng) % n;
}

#ifdef CONFIG_FAILSLAB

struct failslab_knobs {
	bool *ignore, old_ignore;
	unsigned long *verbose, old_verbose;
};

static inline void *failslab_knob(const char *name)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL), *file = NULL;
	void *knob = NULL;

	if (dir)
		file = debugfs_lookup(name, dir);
	if (file)
		knob = d_inode(file)->i_private;
	dput(file);
	dput(dir);
	return knob;
}

static inline void failslab_restore(void *data)
{
	struct failslab_knobs *knobs = data;

	current->fail_nth = 0;
	*knobs->ignore = knobs->old_ignore;
	*knobs->verbose = knobs->old_verbose;
}

/*
 * Let failslab reach the allocations that may sleep, and be quiet about it,
 * until the test ends.  Its knobs are for user space, by way of debugfs; at
 * boot, when the tests run, there is no user space yet.
 */
static inline void need_failslab(struct kunit *test)
{
	struct failslab_knobs *knobs;

	knobs = kunit_kzalloc(test, sizeof(*knobs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, knobs);
	knobs->ignore = failslab_knob("ignore-gfp-wait");
	knobs->verbose = failslab_knob("verbose");
	if (!knobs->ignore || !knobs->verbose)
		kunit_skip(test, "failslab has no files in debugfs");
	knobs->old_ignore = *knobs->ignore;
	knobs->old_verbose = *knobs->verbose;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, failslab_restore, knobs));
	*knobs->ignore = false;
	*knobs->verbose = 0;
}

/* The @nth allocation from now on fails, in this thread. */
static inline void fail_begin(unsigned int nth)
{
	current->fail_nth = nth;
}

/* Return whether there were that many. */
static inline bool fail_end(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
}

#else

static inline void need_failslab(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}

static inline void fail_begin(unsigned int nth)
{
}

static inline bool fail_end(void)
{
	return false;
}

#endif /* CONFIG_FAILSLAB */

/* More than any of the operations allocates; ends a loop that has gone wrong. */
#define MAX_FAILURES 1000

#endif /* _MM_DAMON_TESTS_HELPER_H */
