// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of vaddr.c, which is where this file is included: which ranges are made
 * of which mappings, and that locks do not stay behind.
 *
 * Real processes are the matter of tools/testing/selftests/damon.
 */
#include <linux/mman.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "helper.h"

/* Give this thread an address space: @nr pages, with holes of a page between. */
static unsigned long map_pages(struct kunit *test, unsigned int nr, unsigned long prot)
{
	unsigned long start, addr, i;

	start = kunit_vm_mmap(test, NULL, 0, 2 * nr * PAGE_SIZE, prot,
			      MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_NE_MSG(test, start, 0, "no address space");
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(start));
	for (i = 0; i < nr; i++) {
		addr = start + (2 * i + 1) * PAGE_SIZE;
		KUNIT_ASSERT_EQ(test, vm_munmap(addr, PAGE_SIZE), 0);
	}
	return start;
}

static void expect_unlocked(struct kunit *test, struct mm_struct *mm)
{
	KUNIT_ASSERT_TRUE(test, down_write_trylock(&mm->mmap_lock));
	up_write(&mm->mmap_lock);
}

static void all_mappings_are_seen(struct kunit *test)
{
	/* More than are listed in one turn. */
	const unsigned int nr = 3 * DAMON_TURN + 1;
	unsigned long start = map_pages(test, nr, PROT_READ | PROT_WRITE);
	struct damon_ranges *rs = test_ranges(test, nr + 1);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, list_mappings(current->mm, rs), 0);
	KUNIT_EXPECT_EQ(test, rs->mapped, PAGES(nr));
	damon_ranges_finish(rs, 0);
	KUNIT_ASSERT_EQ(test, rs->nr, nr);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, rs->ranges[i].start, start + PAGES(2 * i));
		KUNIT_EXPECT_EQ(test, rs->ranges[i].end, start + PAGES(2 * i + 1));
	}
	expect_unlocked(test, current->mm);
}

static void inaccessible_mapping_is_a_hole(struct kunit *test)
{
	unsigned long start = map_pages(test, 2, PROT_READ | PROT_WRITE);
	struct damon_ranges *rs = test_ranges(test, 64);
	unsigned long addr;

	/* Between the two, and behind them. */
	addr = vm_mmap(NULL, start + PAGE_SIZE, PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, addr, start + PAGE_SIZE);
	addr = vm_mmap(NULL, start + 3 * PAGE_SIZE, PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, addr, start + 3 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, list_mappings(current->mm, rs), 0);
	damon_ranges_finish(rs, 0);
	KUNIT_ASSERT_EQ(test, rs->nr, 2);
	KUNIT_EXPECT_EQ(test, rs->ranges[0].start, start);
	KUNIT_EXPECT_EQ(test, rs->ranges[0].end, start + PAGES(1));
	KUNIT_EXPECT_EQ(test, rs->ranges[1].start, start + PAGES(2));
	KUNIT_EXPECT_EQ(test, rs->ranges[1].end, start + PAGES(3));
}

static void cursor_finds_mappings_and_leaves_no_lock(struct kunit *test)
{
	const unsigned int nr = 2 * DAMON_TURN;
	unsigned long start = map_pages(test, nr, PROT_READ | PROT_WRITE);
	struct damon_cursor c = { .mm = current->mm };
	unsigned int i, round;

	for (i = 0; i < 2 * nr; i++) {
		unsigned long addr = start + i * PAGE_SIZE;

		/* Several regions in one mapping, more than one turn allows. */
		for (round = 0; round < (i ? 1 : 2 * DAMON_TURN); round++) {
			damon_cursor_count(&c);
			KUNIT_ASSERT_EQ(test, damon_cursor_at(&c, addr + round), i % 2 == 0);
			if (i % 2)
				KUNIT_ASSERT_NULL(test, c.walk.vma);
			else
				KUNIT_ASSERT_EQ(test, c.walk.vma->vm_start, addr);
		}
	}
	damon_cursor_unlock(&c);
	expect_unlocked(test, current->mm);
	/* Twice does no harm. */
	damon_cursor_unlock(&c);
}

/* === Visits === */

/* As many regions of a page as there are pages from @start on. */
static struct damon_target *page_regions(struct kunit *test, struct damon_ctx *ctx,
					 unsigned long start, unsigned int nr)
{
	unsigned long id = 1;
	struct damon_target *t;
	struct damon_region *r;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, &id, 1), 0);
	t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	for (i = 0; i < nr; i++) {
		r = damon_region_new(t, start + PAGES(i), start + PAGES(i + 1));
		KUNIT_ASSERT_NOT_NULL(test, r);
		damon_region_add(r, t);
	}
	return t;
}

static void prepare_all(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_cursor c = { .mm = current->mm };
	struct damon_region *r;

	damon_for_each_region(r, t)
		va_prepare_sample(ctx, t, &c, r);
	damon_cursor_unlock(&c);
}

/* Every @nth page from @start on, with nothing left in the TLB to hide it. */
static void touch(struct kunit *test, unsigned long start, unsigned int nr, unsigned int nth)
{
	unsigned int i;

	flush_tlb_mm(current->mm);
	for (i = 0; i < nr; i += nth)
		KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)start + PAGES(i)), 0);
}

static void expect_counts(struct kunit *test, struct damon_target *t, unsigned int nth,
			  unsigned int count)
{
	struct damon_region *r;
	unsigned int i = 0;

	damon_for_each_region(r, t) {
		KUNIT_EXPECT_EQ(test, r->nr_accesses, i++ % nth ? 0 : count);
		KUNIT_EXPECT_TRUE(test, r->sample.pending);
		KUNIT_EXPECT_GE(test, r->sampling_addr, r->ar.start);
		KUNIT_EXPECT_LT(test, r->sampling_addr, r->ar.end);
	}
}

static void one_visit_checks_and_prepares(struct kunit *test)
{
	/* More than are visited in one turn of the lock. */
	const unsigned int nr = 2 * DAMON_TURN;
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t;
	unsigned long start;

	start = kunit_vm_mmap(test, NULL, 0, PAGES(nr), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_NE_MSG(test, start, 0, "no address space");
	t = page_regions(test, ctx, start, nr);
	touch(test, start, nr, 1);
	prepare_all(ctx, t);
	visit_regions(ctx, t, current->mm);
	expect_counts(test, t, 1, 0);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_accesses, 0);

	touch(test, start, nr, 3);
	visit_regions(ctx, t, current->mm);
	expect_counts(test, t, 3, 1);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_accesses, 1);
	/* An access counts once. */
	visit_regions(ctx, t, current->mm);
	expect_counts(test, t, 3, 1);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_accesses, 1);
	touch(test, start, nr, 3);
	visit_regions(ctx, t, current->mm);
	expect_counts(test, t, 3, 2);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_accesses, 2);
	expect_unlocked(test, current->mm);
}

static void holes_are_not_accessed(struct kunit *test)
{
	const unsigned int nr = 20;
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned long start = map_pages(test, nr, PROT_READ | PROT_WRITE);
	struct damon_target *t = page_regions(test, ctx, start, 2 * nr);

	prepare_all(ctx, t);
	touch(test, start, 2 * nr, 2);
	visit_regions(ctx, t, current->mm);
	expect_counts(test, t, 2, 1);
	expect_unlocked(test, current->mm);
}

static void walk_knows_where_a_table_ends(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	/* Two pages of one mapping, at the end of a table and in the next one. */
	unsigned long start = PUD_SIZE - PAGE_SIZE, addr;
	struct damon_target *t;
	unsigned int round;

	addr = kunit_vm_mmap(test, NULL, start, PAGES(2), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	if (addr != start)
		kunit_skip(test, "no mapping at %lx", start);
	t = page_regions(test, ctx, start, 2);
	prepare_all(ctx, t);
	for (round = 1; round < 5; round++) {
		touch(test, start, 2, 1);
		visit_regions(ctx, t, current->mm);
		expect_counts(test, t, 1, round);
	}
}

/* A writer may hold the locks for as long as it likes. */
static void lock_in_use_drops_the_sample(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned long start = map_pages(test, 2, PROT_READ | PROT_WRITE);
	struct damon_target *t = page_regions(test, ctx, start, 1);
	struct damon_region *r = list_first_entry(&t->regions_list, struct damon_region, list);
	struct damon_cursor c = { .mm = current->mm };

	touch(test, start, 1, 1);
	prepare_all(ctx, t);
	touch(test, start, 1, 1);
	mmap_write_lock(current->mm);
	vma_start_write(vma_lookup(current->mm, start));
	visit_regions(ctx, t, current->mm);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_FALSE(test, r->sample.pending);
	KUNIT_EXPECT_EQ(test, r->tlb.others, 0);
	va_prepare_sample(ctx, t, &c, r);
	KUNIT_EXPECT_FALSE(test, r->sample.pending);
	mmap_write_unlock(current->mm);

	va_prepare_sample(ctx, t, &c, r);
	damon_cursor_unlock(&c);
	KUNIT_EXPECT_TRUE(test, r->sample.pending);
	touch(test, start, 1, 1);
	visit_regions(ctx, t, current->mm);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 1);
	KUNIT_EXPECT_EQ(test, r->tlb.others, 1);
}

static void writer_does_not_hide_mappings(struct kunit *test)
{
	struct damon_ranges *rs = test_ranges(test, 64);
	int err;

	map_pages(test, 2, PROT_READ | PROT_WRITE);
	mmap_write_lock(current->mm);
	err = list_mappings(current->mm, rs);
	mmap_write_unlock(current->mm);
	KUNIT_EXPECT_EQ(test, err, IS_ENABLED(CONFIG_PER_VMA_LOCK) ? 0 : -EAGAIN);
	KUNIT_EXPECT_EQ(test, rs->mapped, err ? 0 : PAGES(2));
}

static void gone_memory_ends_the_samples(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = page_regions(test, ctx, PAGES(1), 3);
	struct damon_region *r;

	damon_for_each_region(r, t) {
		damon_region_pick(ctx, r);
		r->nr_accesses = 5;
	}
	end_samples(ctx, t);
	damon_for_each_region(r, t) {
		KUNIT_EXPECT_FALSE(test, r->sample.pending);
		KUNIT_EXPECT_EQ(test, r->nr_accesses, 5);
	}
}

/* Of regions of a page, which hear of what a huge entry of pages 3 to 6 told? */
static void news_reach_all_who_wait(struct kunit *test)
{
	struct damon_walk w = { .shared_start = PAGES(3), .shared_end = PAGES(7) };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = page_regions(test, ctx, 0, 10);
	struct damon_region *r, *who = NULL;
	unsigned long page;

	for (w.shared_young = false;; w.shared_young = true) {
		damon_for_each_region(r, t) {
			page = r->ar.start >> PAGE_SHIFT;
			if (page == 5)
				who = r;
			r->sampling_addr = r->ar.start;
			r->sample.pending = page != 4;
			r->sample.marked = page == 6;
			r->sample.hit = false;
		}
		tell_neighbours(&w, t, who);
		damon_for_each_region(r, t) {
			page = r->ar.start >> PAGE_SHIFT;
			KUNIT_EXPECT_EQ(test, (bool)r->sample.hit,
					page == 6 || (page == 3 && w.shared_young));
		}
		if (w.shared_young)
			break;
	}
}

static void kernel_thread_is_no_target(struct kunit *test)
{
	struct damon_target t = {
		.id = (unsigned long)task_pid(current),
		.regions_list = LIST_HEAD_INIT(t.regions_list),
	};
	struct damon_ctx *ctx = test_ctx(test, 1);

	/* This thread has borrowed an address space. */
	map_pages(test, 1, PROT_READ);
	KUNIT_ASSERT_NOT_NULL(test, current->mm);
	KUNIT_EXPECT_FALSE(test, va_target_valid(&t));
	prepare_target(ctx, &t, true);
	check_target(ctx, &t);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_accesses, 0);
}

static void primitives_are_set(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_EXPECT_EQ(test, damon_va_set_primitives(ctx), 0);
	KUNIT_EXPECT_PTR_EQ(test, ctx->init_target_regions, &va_init);
	KUNIT_EXPECT_PTR_EQ(test, ctx->update_target_regions, &va_update);
	KUNIT_EXPECT_PTR_EQ(test, ctx->prepare_access_checks, &va_prepare);
	KUNIT_EXPECT_PTR_EQ(test, ctx->check_accesses, &va_check);
	KUNIT_EXPECT_PTR_EQ(test, ctx->target_valid, &va_target_valid);
	KUNIT_EXPECT_NULL(test, ctx->sample_cb);
	KUNIT_EXPECT_NULL(test, ctx->aggregate_cb);
}

static struct kunit_case damon_vaddr_cases[] = {
	KUNIT_CASE(all_mappings_are_seen),
	KUNIT_CASE(inaccessible_mapping_is_a_hole),
	KUNIT_CASE(cursor_finds_mappings_and_leaves_no_lock),
	KUNIT_CASE(one_visit_checks_and_prepares),
	KUNIT_CASE(holes_are_not_accessed),
	KUNIT_CASE(walk_knows_where_a_table_ends),
	KUNIT_CASE(lock_in_use_drops_the_sample),
	KUNIT_CASE(writer_does_not_hide_mappings),
	KUNIT_CASE(gone_memory_ends_the_samples),
	KUNIT_CASE(news_reach_all_who_wait),
	KUNIT_CASE(kernel_thread_is_no_target),
	KUNIT_CASE(primitives_are_set),
	{}
};

static struct kunit_suite damon_vaddr_suite = {
	.name = "damon_vaddr",
	.test_cases = damon_vaddr_cases,
};

kunit_test_suite(damon_vaddr_suite);
