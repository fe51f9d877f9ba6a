// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of paddr.c, which is where this file is included: which memory is
 * watched, and what is seen of pages of this thread.
 *
 * Other kinds of pages are the matter of tools/testing/selftests/damon.
 */
#include <linux/mman.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include "helper.h"

/* === Which memory === */

#define MAX_ROWS 8

static const struct limits_case {
	const char *name;
	struct damon_addr_range ram[MAX_ROWS], limits[MAX_ROWS], want[MAX_ROWS];
	unsigned int nr_found;
} limits_cases[] = {
	{
		"all", { { 10, 20 }, { 30, 40 } }, { { 0, 100 } },
		{ { 10, 20 }, { 30, 40 } }, 1,
	}, {
		"a part of each", { { 10, 20 }, { 30, 40 } }, { { 15, 35 } },
		{ { 15, 20 }, { 30, 35 } }, 1,
	}, {
		"two of one", { { 10, 40 } }, { { 0, 15 }, { 20, 25 } },
		{ { 10, 15 }, { 20, 25 } }, 2,
	}, {
		"one of two has memory", { { 10, 20 }, { 30, 40 } }, { { 12, 14 }, { 22, 28 } },
		{ { 12, 14 } }, 1,
	}, {
		"before, between and behind", { { 10, 20 }, { 30, 40 } },
		{ { 0, 10 }, { 20, 30 }, { 40, 50 } }, { }, 0,
	}, {
		"limits that end with memory", { { 10, 20 }, { 30, 40 } },
		{ { 5, 20 }, { 20, 40 } }, { { 10, 20 }, { 30, 40 } }, 2,
	}, {
		"many in many", { { 0, 10 }, { 20, 30 }, { 40, 50 } },
		{ { 5, 6 }, { 8, 22 }, { 24, 45 }, { 60, 70 } },
		{ { 5, 6 }, { 8, 10 }, { 20, 22 }, { 24, 30 }, { 40, 45 } }, 3,
	}, {
		"no memory", { }, { { 0, 100 } }, { }, 0,
	},
};

KUNIT_ARRAY_PARAM_DESC(limits, limits_cases, name);

static void memory_is_clipped_to_the_limits(struct kunit *test)
{
	const struct limits_case *c = test->param_value;
	struct ram_walk w = { .limits = c->limits, .ranges = test_ranges(test, MAX_ROWS) };
	const struct damon_ranges *rs = w.ranges;
	unsigned int i;

	while (c->limits[w.nr_limits].end)
		w.nr_limits++;
	for (i = 0; c->ram[i].end; i++)
		add_piece(&w, c->ram[i]);
	KUNIT_EXPECT_EQ(test, w.nr_found, c->nr_found);
	damon_ranges_finish(w.ranges, 0);
	for (i = 0; i < rs->nr; i++) {
		KUNIT_EXPECT_EQ(test, rs->ranges[i].start, c->want[i].start);
		KUNIT_EXPECT_EQ(test, rs->ranges[i].end, c->want[i].end);
	}
	KUNIT_EXPECT_EQ(test, c->want[rs->nr].end, 0);
}

static void memory_is_on_its_node(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long addr, end;
	int nid;

	KUNIT_ASSERT_NOT_NULL(test, page);
	addr = pfn_to_addr(page_to_pfn(page));
	end = addr + PAGE_SIZE / ADDR_UNIT;
	nid = page_to_nid(page);
	__free_page(page);
	KUNIT_EXPECT_EQ(test, pa_sz_on_node(ctx, addr, end, nid), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pa_sz_on_node(ctx, addr, end, NUMA_NO_NODE), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pa_sz_on_node(ctx, addr, end, nid + 1), 0);
	KUNIT_EXPECT_EQ(test, pa_sz_on_node(ctx, addr, addr, NUMA_NO_NODE), 0);
}

/* Also where the memory between them has larger holes, and there is room for one. */
static void what_is_between_the_limits_is_left_out(struct kunit *test)
{
	static const struct damon_addr_range limits[] = { { 0, 10 }, { 11, 100 } };
	struct ram_walk w = {
		.limits = limits, .nr_limits = 2, .ranges = test_ranges(test, 2),
	};
	const struct damon_addr_range *ranges = w.ranges->ranges;

	add_piece(&w, (struct damon_addr_range){ 0, 20 });
	add_piece(&w, (struct damon_addr_range){ 60, 120 });
	KUNIT_EXPECT_EQ(test, w.nr_found, 2);
	damon_ranges_finish(w.ranges, 0);
	KUNIT_ASSERT_EQ(test, w.ranges->nr, 2);
	KUNIT_EXPECT_EQ(test, ranges[0].end, 10);
	KUNIT_EXPECT_EQ(test, ranges[1].start, 11);
	KUNIT_EXPECT_EQ(test, ranges[1].end, 100);
}

static void limits_are_the_regions_that_touch(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned long id = DAMON_ALL_NODES;
	struct damon_target *t;
	struct pa_target *pt;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, &id, 1), 0);
	t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	pt = make_target(t);
	KUNIT_ASSERT_NOT_NULL(test, pt);
	KUNIT_EXPECT_EQ(test, pt->nr_limits, 1);
	KUNIT_EXPECT_EQ(test, pt->limits[0].end, no_limit.end);
	kvfree(pt);

	for (i = 0; i < 6; i++) {
		/* 0 to 3, and 4 to 7. */
		unsigned long start = i + i / 3;
		struct damon_region *r = damon_region_new(t, PAGES(start), PAGES(start + 1));

		KUNIT_ASSERT_NOT_NULL(test, r);
		damon_region_add(r, t);
	}
	pt = make_target(t);
	KUNIT_ASSERT_NOT_NULL(test, pt);
	KUNIT_EXPECT_EQ(test, pt->nr_limits, 2);
	KUNIT_EXPECT_EQ(test, pt->limits[0].start, 0);
	KUNIT_EXPECT_EQ(test, pt->limits[0].end, PAGES(3));
	KUNIT_EXPECT_EQ(test, pt->limits[1].start, PAGES(4));
	KUNIT_EXPECT_EQ(test, pt->limits[1].end, PAGES(7));
	kvfree(pt);
}

/* At least what the allocator was given, and no more than there is. */
static void all_memory_is_found(struct kunit *test)
{
	struct damon_ranges *rs = test_ranges(test, 64);
	struct ram_walk w = {
		.nid = NUMA_NO_NODE, .limits = &no_limit, .nr_limits = 1, .ranges = rs,
	};
	unsigned long nr_pages = 0, nr_present = 0;
	unsigned int i;
	int nid;

	for_each_online_node(nid)
		nr_present += node_present_pages(nid);
	walk_ram(&w);
	damon_ranges_finish(rs, 0);
	KUNIT_ASSERT_GT(test, rs->nr, 0);
	for (i = 0; i < rs->nr; i++)
		nr_pages += (u64)(rs->ranges[i].end - rs->ranges[i].start) * ADDR_UNIT >>
			PAGE_SHIFT;
	KUNIT_EXPECT_GE(test, nr_pages, totalram_pages());
	/* The pages in which firmware and RAM meet. */
	KUNIT_EXPECT_LE(test, nr_pages, nr_present + 64);
}

/* === Pages === */

/* A page of this thread, on a list of reclaim, as somebody's. */
static unsigned long user_page(struct kunit *test, unsigned long *addr)
{
	struct page *page;
	unsigned long pfn;

	*addr = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_NE_MSG(test, *addr, 0, "no address space");
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)*addr), 0);
	KUNIT_ASSERT_EQ(test, get_user_pages_fast(*addr, 1, FOLL_WRITE, &page), 1);
	pfn = page_to_pfn(page);
	put_page(page);
	lru_add_drain_all();
	return pfn;
}

/* Each in a pass of its own. */
static bool prepare_anew(unsigned long pfn, struct folio *folio)
{
	return prepare_page(&(struct pass){}, pfn, folio);
}

static enum damon_visited check_anew(unsigned long pfn, struct folio *folio)
{
	return check_page(&(struct pass){}, pfn, folio);
}

static void access_is_seen_and_references_are_given_back(struct kunit *test)
{
	unsigned long addr, pfn = user_page(test, &addr);
	struct folio *folio;
	int refcount;

	KUNIT_ASSERT_EQ(test, damon_pa_get_folio(pfn, &folio), DAMON_SOMEBODY);
	refcount = folio_ref_count(folio);

	KUNIT_ASSERT_TRUE(test, prepare_anew(pfn, folio));
	KUNIT_EXPECT_TRUE(test, folio_test_idle(folio));
	/* The write above was news for reclaim. */
	KUNIT_EXPECT_TRUE(test, folio_test_young(folio));
	KUNIT_EXPECT_EQ(test, check_anew(pfn, folio), DAMON_IDLE);
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
	KUNIT_EXPECT_EQ(test, check_anew(pfn, folio), DAMON_ACCESSED);

	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), refcount);
	KUNIT_EXPECT_FALSE(test, folio_test_locked(folio));
	folio_put(folio);
}

/*
 * Each call is seen, also when the references of the multi-gen LRU have come to
 * their limit, and what was not seen leaves them as they were.
 */
static void system_call_is_seen(struct kunit *test)
{
	unsigned long addr, pfn = user_page(test, &addr);
	unsigned int i, before;
	struct folio *folio;

	KUNIT_ASSERT_EQ(test, damon_pa_get_folio(pfn, &folio), DAMON_SOMEBODY);
	for (i = 0; i < 12; i++) {
		struct damon_region r = {};

		KUNIT_ASSERT_TRUE(test, prepare_anew(pfn, folio));
		before = nr_refs(folio);
		watch_calls(&(struct pass){}, &r, folio);
		KUNIT_EXPECT_FALSE(test, was_called(&(struct pass){}, &r, folio));
		KUNIT_EXPECT_EQ(test, nr_refs(folio), before);

		watch_calls(&(struct pass){}, &r, folio);
		folio_mark_accessed(folio);
		KUNIT_EXPECT_TRUE(test, was_called(&(struct pass){}, &r, folio));
	}
	folio_put(folio);
}

/* Samples in one folio have one answer. */
static void samples_of_a_folio_share_its_references(struct kunit *test)
{
	unsigned long addr, pfn = user_page(test, &addr);
	struct pass prepared = {}, checked = {};
	struct damon_region a = {}, b = {};
	unsigned int i, before;
	struct folio *folio;

	KUNIT_ASSERT_EQ(test, damon_pa_get_folio(pfn, &folio), DAMON_SOMEBODY);
	for (i = 0; i < 12; i++)
		folio_mark_accessed(folio);
	KUNIT_ASSERT_TRUE(test, prepare_anew(pfn, folio));
	before = nr_refs(folio);
	watch_calls(&prepared, &a, folio);
	watch_calls(&prepared, &b, folio);
	KUNIT_EXPECT_EQ(test, (unsigned int)a.sample.refs, (unsigned int)b.sample.refs);
	KUNIT_EXPECT_FALSE(test, was_called(&checked, &a, folio));
	KUNIT_EXPECT_FALSE(test, was_called(&checked, &b, folio));
	KUNIT_EXPECT_EQ(test, nr_refs(folio), before);
	folio_put(folio);
}

/* Whoever holds a lock is not waited for. */
static void lock_in_use_is_no_answer(struct kunit *test)
{
	unsigned long addr, pfn = user_page(test, &addr);
	struct anon_vma *anon_vma;
	struct folio *folio;

	KUNIT_ASSERT_EQ(test, damon_pa_get_folio(pfn, &folio), DAMON_SOMEBODY);
	KUNIT_ASSERT_TRUE(test, prepare_anew(pfn, folio));
	anon_vma = folio_get_anon_vma(folio);
	KUNIT_ASSERT_NOT_NULL(test, anon_vma);
	anon_vma_lock_write(anon_vma);
	KUNIT_EXPECT_FALSE(test, prepare_anew(pfn, folio));
	KUNIT_EXPECT_EQ(test, check_anew(pfn, folio), DAMON_BUSY);
	anon_vma_unlock_write(anon_vma);
	put_anon_vma(anon_vma);
	KUNIT_EXPECT_TRUE(test, prepare_anew(pfn, folio));
	folio_put(folio);
}

static void kernel_memory_is_not_touched(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *slab = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct folio *folio = NULL;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_EXPECT_EQ(test, damon_pa_get_folio(page_to_pfn(page), &folio), DAMON_WHO_KNOWS);
	KUNIT_EXPECT_NULL(test, folio);
	__free_page(page);
	/* Of slab, and none at all. */
	KUNIT_EXPECT_EQ(test, damon_pa_get_folio(page_to_pfn(virt_to_page(slab)), &folio),
			DAMON_WHO_KNOWS);
	KUNIT_EXPECT_EQ(test, damon_pa_get_folio(1UL << (PHYS_BITS - PAGE_SHIFT - 1), &folio),
			DAMON_WHO_KNOWS);
	KUNIT_EXPECT_NULL(test, folio);
}

/* Also the pages in the middle of a free block. */
static void free_memory_is_nobodys(struct kunit *test)
{
	unsigned int nr = 0, order = 5, i;
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
	struct folio *folio = NULL;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < 1 << order; i++)
		KUNIT_EXPECT_EQ(test, damon_pa_get_folio(page_to_pfn(pages) + i, &folio),
				DAMON_WHO_KNOWS);
	__free_pages(pages, order);
	/* Somebody else may have some of them by now. */
	for (i = 0; i < 1 << order; i++) {
		enum damon_who who = damon_pa_get_folio(page_to_pfn(pages) + i, &folio);

		nr += who == DAMON_NOBODY;
		if (who == DAMON_SOMEBODY)
			folio_put(folio);
	}
	KUNIT_EXPECT_GT(test, nr, 1U << (order - 1));
}

/* A sample that was prepared and can not be checked is none. */
static void unknown_is_no_sample(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_region r = {};
	struct pass p = {};

	KUNIT_ASSERT_NOT_NULL(test, page);
	r.sampling_addr = pfn_to_addr(page_to_pfn(page));
	r.ar.start = PAGE_ALIGN_DOWN(r.sampling_addr);
	r.ar.end = r.ar.start + PAGE_SIZE;
	r.sample.pending = true;
	r.sample.marked = true;
	pa_check_sample(ctx, &p, &r);
	KUNIT_EXPECT_FALSE(test, (bool)r.sample.pending);
	KUNIT_EXPECT_EQ(test, r.tlb.others, 0);

	/* But where nobody could be asked, there was no access. */
	r.sample.pending = true;
	r.sample.marked = false;
	pa_check_sample(ctx, &p, &r);
	KUNIT_EXPECT_FALSE(test, (bool)r.sample.pending);
	KUNIT_EXPECT_EQ(test, r.tlb.others, 1);
	KUNIT_EXPECT_EQ(test, r.nr_accesses, 0);
	__free_page(page);
}

static struct kunit_case damon_paddr_cases[] = {
	KUNIT_CASE_PARAM(memory_is_clipped_to_the_limits, limits_gen_params),
	KUNIT_CASE(memory_is_on_its_node),
	KUNIT_CASE(what_is_between_the_limits_is_left_out),
	KUNIT_CASE(limits_are_the_regions_that_touch),
	KUNIT_CASE(all_memory_is_found),
	KUNIT_CASE(access_is_seen_and_references_are_given_back),
	KUNIT_CASE(system_call_is_seen),
	KUNIT_CASE(samples_of_a_folio_share_its_references),
	KUNIT_CASE(lock_in_use_is_no_answer),
	KUNIT_CASE(kernel_memory_is_not_touched),
	KUNIT_CASE(free_memory_is_nobodys),
	KUNIT_CASE(unknown_is_no_sample),
	{}
};

static struct kunit_suite damon_paddr_suite = {
	.name = "damon_paddr",
	.test_cases = damon_paddr_cases,
};

kunit_test_suite(damon_paddr_suite);
