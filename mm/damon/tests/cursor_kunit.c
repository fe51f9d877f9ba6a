// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of cursor.c, which is where this file is included: what happens where locks
 * are in use.
 */
#include <linux/mman.h>

#include "helper.h"

static void lock_in_use_is_not_waited_for(struct kunit *test)
{
	struct damon_cursor c = {};
	unsigned long addr;

	addr = kunit_vm_mmap(test, NULL, 0, PAGES(1), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_NE_MSG(test, addr, 0, "no address space");
	c.mm = current->mm;
	/* As a writer does who changes this mapping. */
	mmap_write_lock(c.mm);
	vma_start_write(vma_lookup(c.mm, addr));
	KUNIT_EXPECT_FALSE(test, damon_cursor_at(&c, addr));
	KUNIT_EXPECT_EQ(test, c.walk.aside, DAMON_UNKNOWN);
	KUNIT_EXPECT_NULL(test, c.walk.vma);
	/* What is not mapped is known without a lock. */
	c.walk.aside = DAMON_NOTHING;
	KUNIT_EXPECT_FALSE(test, damon_cursor_at(&c, addr + PAGES(1)));
	KUNIT_EXPECT_EQ(test, c.walk.aside, DAMON_NOTHING);
	mmap_write_unlock(c.mm);

	KUNIT_EXPECT_TRUE(test, damon_cursor_at(&c, addr));
	KUNIT_EXPECT_EQ(test, c.walk.aside, DAMON_NOTHING);
	damon_cursor_unlock(&c);
}

static void regions_passed_over_take_no_time(struct kunit *test)
{
	struct damon_cursor c = {};
	unsigned int i;

	for (i = 0; i < 4 * DAMON_TURN; i++)
		damon_cursor_count(&c);
	KUNIT_EXPECT_EQ(test, c.since, 0);
}

static void no_turn_is_shorter_than_nothing(struct kunit *test)
{
	/* The clock of the processor before is a second ahead. */
	KUNIT_EXPECT_EQ(test, time_since(local_clock() + NSEC_PER_SEC), 0);
	KUNIT_EXPECT_GE(test, time_since(0), 1);
}

static struct kunit_case damon_cursor_cases[] = {
	KUNIT_CASE(lock_in_use_is_not_waited_for),
	KUNIT_CASE(regions_passed_over_take_no_time),
	KUNIT_CASE(no_turn_is_shorter_than_nothing),
	{}
};

static struct kunit_suite damon_cursor_suite = {
	.name = "damon_cursor",
	.test_cases = damon_cursor_cases,
};

kunit_test_suite(damon_cursor_suite);
