// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of hints.c, which is where this file is included: what the tables tell by their
 * Accessed bits, and that these are left as they were.
 */
#include <linux/mman.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "helper.h"

static const struct used_case {
	const char *name;
	unsigned int lo, hi;
	/* Bits that are set, of 64. */
	u64 used;
	bool found;
	unsigned int from, to;
} used_cases[] = {
	{ "none", 0, 64, 0, false },
	{ "all", 0, 64, ~0ULL, false },
	{ "one", 0, 64, 1ULL << 7, true, 7, 8 },
	{ "the first", 0, 64, 1, true, 0, 1 },
	{ "the last", 0, 64, 1ULL << 63, true, 63, 64 },
	{ "the longest run", 0, 64, 0x0f07003f00000300ULL, true, 32, 38 },
	{ "the first of equal runs", 0, 64, 0x0000003000300000ULL, true, 20, 22 },
	{ "half", 0, 64, 0xffffffffULL, true, 0, 32 },
	{ "more than half", 0, 64, 0x1ffffffffULL, false },
	{ "only within", 8, 16, 0xf00f0fULL, true, 8, 12 },
	{ "half of what is within", 8, 16, 0x1f00ULL, false },
	{ "nothing to look at", 8, 8, ~0ULL, false },
	{ "less than nothing", 9, 8, ~0ULL, false },
};

KUNIT_ARRAY_PARAM_DESC(used, used_cases, name);

static void longest_used_part_is_found(struct kunit *test)
{
	const struct used_case *c = test->param_value;
	DECLARE_BITMAP(used, 64);
	unsigned int from, to;

	bitmap_from_u64(used, c->used);
	KUNIT_ASSERT_EQ(test, find_used_part(used, c->lo, c->hi, &from, &to), c->found);
	if (c->found) {
		KUNIT_EXPECT_EQ(test, from, c->from);
		KUNIT_EXPECT_EQ(test, to, c->to);
	}
}

/* === Real tables === */

#define NR_TABLES 32

struct space {
	struct damon_ctx *ctx;
	struct damon_target *t;
	unsigned long start;
};

/* Before the context is freed, which has the target. */
static void free_hints(struct damon_target *t)
{
	damon_hints_fini(t, NULL);
}

static bool is_huge(struct kunit *test, unsigned long addr)
{
	struct damon_cursor c = { .mm = current->mm };
	bool huge;

	KUNIT_ASSERT_TRUE(test, damon_cursor_at(&c, addr));
	huge = pmd_leaf(pmdp_get(damon_walk_down(&c.walk, addr)));
	damon_cursor_unlock(&c);
	return huge;
}

KUNIT_DEFINE_ACTION_WRAPPER(free_hints_action, free_hints, struct damon_target *);

/* One region of NR_TABLES tables, each with a page. */
static struct space map_tables(struct kunit *test)
{
	struct space s = { .ctx = test_ctx(test, 1), .start = PUD_SIZE };
	unsigned long id = 1, size = NR_TABLES * PMD_SIZE, addr;
	struct damon_region *r;
	unsigned int i;

	addr = kunit_vm_mmap(test, NULL, s.start, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, 0);
	if (addr != s.start)
		kunit_skip(test, "no mapping at %lx", s.start);
	if (!static_branch_unlikely(&hints_key))
		kunit_skip(test, "off, or the processor sets no bits of tables");
	for (i = 0; i < NR_TABLES; i++)
		KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr + i * PMD_SIZE), 0);
	if (is_huge(test, addr))
		kunit_skip(test, "huge pages have no tables");

	KUNIT_ASSERT_EQ(test, damon_set_targets(s.ctx, &id, 1), 0);
	s.t = list_first_entry(&s.ctx->targets_list, struct damon_target, list);
	r = damon_region_new(s.t, addr, addr + size);
	KUNIT_ASSERT_NOT_NULL(test, r);
	damon_region_add(r, s.t);
	damon_hints_init(s.t);
	KUNIT_ASSERT_NOT_NULL(test, s.t->priv);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_hints_action, s.t));
	return s;
}

/* One interval, in which [@from, @to) of the tables are used. */
static void run_interval(struct kunit *test, struct space *s, unsigned int from, unsigned int to)
{
	damon_hints_begin(s->t, current->mm);
	flush_tlb_mm(current->mm);
	for (; from < to; from++)
		KUNIT_ASSERT_EQ(test, 0, put_user(1, (char __user *)s->start + from * PMD_SIZE));
	damon_hints_end(s->ctx, s->t, current->mm);
}

static unsigned int count_used(struct kunit *test, struct space *s)
{
	struct damon_cursor c = { .mm = current->mm };
	unsigned int nr = 0, i;
	pmd_t *pmd;

	KUNIT_ASSERT_TRUE(test, damon_cursor_at(&c, s->start));
	pmd = damon_walk_down(&c.walk, s->start);
	for (i = 0; pmd && i < NR_TABLES; i++)
		nr += !!pmd_young(pmdp_get(pmd + i));
	damon_cursor_unlock(&c);
	return nr;
}

static void used_part_becomes_a_region(struct kunit *test)
{
	struct space s = map_tables(test);
	struct damon_region *r;
	bool found = false;

	/* The first tells which GiB, the second which tables. */
	run_interval(test, &s, 20, 23);
	KUNIT_EXPECT_EQ(test, s.t->nr_regions, 1);
	run_interval(test, &s, 20, 23);
	damon_for_each_region(r, s.t)
		found |= r->ar.start == s.start + 20 * PMD_SIZE &&
			r->ar.end == s.start + 23 * PMD_SIZE;
	KUNIT_EXPECT_EQ(test, s.t->nr_regions, 3);
	KUNIT_EXPECT_TRUE(test, found);
}

static void bits_are_left_as_they_were(struct kunit *test)
{
	struct space s = map_tables(test);
	unsigned int i, before = count_used(test, &s);

	KUNIT_EXPECT_EQ(test, before, NR_TABLES);
	for (i = 0; i < 50; i++) {
		/* One is used, so that the others are looked at. */
		run_interval(test, &s, 0, 1);
		KUNIT_ASSERT_EQ(test, count_used(test, &s), before);
	}

	/* Some intervals pass without a look. */
	for (i = 0; i < 10 && count_used(test, &s) == before; i++) {
		damon_hints_begin(s.t, current->mm);
		flush_tlb_mm(current->mm);
	}
	KUNIT_EXPECT_LT(test, count_used(test, &s), before);
	/* The worker may end here. */
	damon_hints_fini(s.t, current->mm);
	KUNIT_EXPECT_EQ(test, count_used(test, &s), before);
}

/* The first GiB that is used lies behind an entry, of each level, that points nowhere. */
static void empty_entry_hides_no_other(struct kunit *test)
{
	unsigned long size = 2 * P4D_SIZE + 4 * PUD_SIZE, start = P4D_SIZE, end, addr;
	struct damon_cursor c = { .mm = NULL };

	if (start + size >= TASK_SIZE || size < P4D_SIZE)
		kunit_skip(test, "not enough addresses");
	addr = kunit_vm_mmap(test, NULL, start, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, 0);
	if (addr != start)
		kunit_skip(test, "no mapping at %lx", start);
	if (!static_branch_unlikely(&hints_key))
		kunit_skip(test, "off, or the processor sets no bits of tables");
	addr = start + size - PUD_SIZE;
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);

	c.mm = current->mm;
	KUNIT_ASSERT_TRUE(test, damon_cursor_at(&c, start));
	end = c.walk.vma->vm_end;
	KUNIT_EXPECT_EQ(test, damon_puds_find_used(&c.walk, start, end), addr);
	damon_puds_clear_used(&c.walk, start, end);
	KUNIT_EXPECT_EQ(test, damon_puds_find_used(&c.walk, start, end), end);
	damon_cursor_unlock(&c);
}

static struct kunit_case damon_hints_cases[] = {
	KUNIT_CASE_PARAM(longest_used_part_is_found, used_gen_params),
	KUNIT_CASE(used_part_becomes_a_region),
	KUNIT_CASE(bits_are_left_as_they_were),
	KUNIT_CASE(empty_entry_hides_no_other),
	{}
};

static struct kunit_suite damon_hints_suite = {
	.name = "damon_hints",
	.test_cases = damon_hints_cases,
};

kunit_test_suite(damon_hints_suite);
