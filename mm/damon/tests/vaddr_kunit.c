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

#define MAX_MAPPINGS 10

static const struct holes_case {
	const char *name;
	unsigned int max_ranges;
	struct damon_addr_range mappings[MAX_MAPPINGS], want[MAX_MAPPINGS];
} holes_cases[] = {
	{
		"the two largest holes", 3,
		{ { 10, 20 }, { 20, 25 }, { 200, 210 }, { 210, 220 },
		  { 300, 305 }, { 307, 330 } },
		{ { 10, 25 }, { 200, 220 }, { 300, 330 } },
	}, {
		"more ranges than holes", 8,
		{ { 10, 20 }, { 20, 25 }, { 200, 210 }, { 210, 220 },
		  { 300, 305 }, { 307, 330 } },
		{ { 10, 25 }, { 200, 220 }, { 300, 305 }, { 307, 330 } },
	}, {
		"one range", 1,
		{ { 10, 20 }, { 200, 210 }, { 300, 305 } }, { { 10, 305 } },
	}, {
		"two ranges", 2,
		{ { 10, 20 }, { 200, 210 }, { 300, 305 } }, { { 10, 20 }, { 200, 305 } },
	}, {
		"holes grow upwards", 3,
		{ { 0, 1 }, { 2, 3 }, { 5, 6 }, { 9, 10 }, { 14, 15 } },
		{ { 0, 6 }, { 9, 10 }, { 14, 15 } },
	}, {
		"holes shrink upwards", 3,
		{ { 0, 1 }, { 5, 6 }, { 9, 10 }, { 12, 13 }, { 14, 15 } },
		{ { 0, 1 }, { 5, 6 }, { 9, 15 } },
	}, {
		"of equal holes the first", 3,
		{ { 0, 1 }, { 3, 4 }, { 6, 7 }, { 9, 10 }, { 12, 13 } },
		{ { 0, 1 }, { 3, 4 }, { 6, 13 } },
	}, {
		"a larger hole takes the place of the last equal", 3,
		{ { 0, 1 }, { 3, 4 }, { 6, 7 }, { 19, 20 } },
		{ { 0, 1 }, { 3, 7 }, { 19, 20 } },
	}, {
		"no hole", 3, { { 5, 7 }, { 7, 9 } }, { { 5, 9 } },
	}, {
		"one mapping", 3, { { 5, 7 } }, { { 5, 7 } },
	}, {
		"no mapping", 3, { }, { },
	}, {
		"a mapping that was seen twice", 3,
		{ { 5, 7 }, { 5, 8 }, { 6, 7 }, { 9, 10 } }, { { 5, 8 }, { 9, 10 } },
	}, {
		"from address 0", 3, { { 0, 7 }, { 9, 10 } }, { { 0, 7 }, { 9, 10 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(holes, holes_cases, name);

static void largest_holes_are_left_out(struct kunit *test)
{
	const struct holes_case *c = test->param_value;
	struct holes *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->max_nr = c->max_ranges - 1;
	for (i = 0; c->mappings[i].end; i++)
		holes_add(h, c->mappings[i].start, c->mappings[i].end);
	nr = holes_to_ranges(h);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, h->hole[i].start, c->want[i].start);
		KUNIT_EXPECT_EQ(test, h->hole[i].end, c->want[i].end);
	}
	KUNIT_EXPECT_EQ(test, c->want[nr].end, 0);
}

/* The size of the smallest of @n largest of @nr holes. */
static unsigned long nth_largest(unsigned long *sizes, unsigned int nr, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < nr; j++)
			if (sizes[j] > sizes[i])
				swap(sizes[i], sizes[j]);
	return sizes[n - 1];
}

#define NR_RANDOM 200

static void ranges_cover_all_but_the_largest_holes(struct kunit *test)
{
	unsigned long *sizes = kunit_kcalloc(test, NR_RANDOM, sizeof(*sizes), GFP_KERNEL);
	struct holes *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	const struct damon_addr_range *ranges;
	struct rnd_state rng;
	unsigned int round;

	KUNIT_ASSERT_NOT_NULL(test, sizes);
	KUNIT_ASSERT_NOT_NULL(test, h);
	ranges = h->hole;
	prandom_seed_state(&rng, 1);
	for (round = 0; round < 200; round++) {
		unsigned int i, nr, want = 1 + rand_below(&rng, MAX_RANGES);
		unsigned long pos = 1 + rand_below(&rng, 100), start = pos, least;

		memset(h, 0, sizeof(*h));
		h->max_nr = want - 1;
		for (i = 0; i < NR_RANDOM; i++) {
			unsigned long end = pos + 1 + rand_below(&rng, 50);

			holes_add(h, pos, end);
			sizes[i] = 1 + rand_below(&rng, 1000);
			pos = end + sizes[i];
		}
		nr = holes_to_ranges(h);
		KUNIT_ASSERT_EQ(test, nr, want);
		KUNIT_EXPECT_EQ(test, ranges[0].start, start);
		KUNIT_EXPECT_EQ(test, ranges[nr - 1].end, pos - sizes[NR_RANDOM - 1]);
		if (nr == 1)
			continue;
		least = nth_largest(sizes, NR_RANDOM - 1, nr - 1);
		for (i = 1; i < nr; i++)
			KUNIT_ASSERT_GE(test, ranges[i].start - ranges[i - 1].end, least);
	}
}

static const struct max_ranges_case {
	unsigned long max_nr_regions;
	unsigned int nr_targets, want;
} max_ranges_cases[] = {
	{ 1000, 1, 64 },
	{ 1000, 4, 62 },
	{ 100, 1, 25 },
	{ 100, 5, 5 },
	{ 12, 1, 3 },
	{ 3, 1, 1 },
	{ 100, 100, 1 },
	{ INT_MAX, 1, 64 },
};

static void max_ranges_desc(const struct max_ranges_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu regions, %u targets",
		 c->max_nr_regions, c->nr_targets);
}

KUNIT_ARRAY_PARAM(max_ranges, max_ranges_cases, max_ranges_desc);

static void ranges_take_a_quarter_of_the_regions(struct kunit *test)
{
	const struct max_ranges_case *c = test->param_value;
	unsigned long *ids = kunit_kcalloc(test, c->nr_targets, sizeof(*ids), GFP_KERNEL);
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_ASSERT_NOT_NULL(test, ids);
	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, ids, c->nr_targets), 0);
	ctx->max_nr_regions = c->max_nr_regions;
	KUNIT_EXPECT_EQ(test, max_ranges(ctx), c->want);
}

/* === Address spaces === */

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
	/* More than are listed in one turn of the lock. */
	const unsigned int nr = 3 * DAMON_TURN + 1;
	unsigned long start = map_pages(test, nr, PROT_READ | PROT_WRITE);
	struct holes *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->max_nr = MAX_RANGES - 1;
	find_holes(current->mm, h);
	KUNIT_EXPECT_EQ(test, h->start, start);
	KUNIT_EXPECT_EQ(test, h->end, start + (2 * nr - 1) * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, h->nr, MAX_RANGES - 1);
	expect_unlocked(test, current->mm);
}

static void inaccessible_mapping_is_a_hole(struct kunit *test)
{
	unsigned long start = map_pages(test, 2, PROT_READ | PROT_WRITE);
	struct holes *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, h);
	/* Between the two, and behind them. */
	addr = vm_mmap(NULL, start + PAGE_SIZE, PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, addr, start + PAGE_SIZE);
	addr = vm_mmap(NULL, start + 3 * PAGE_SIZE, PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, addr, start + 3 * PAGE_SIZE);
	h->max_nr = MAX_RANGES - 1;
	find_holes(current->mm, h);
	KUNIT_EXPECT_EQ(test, h->start, start);
	KUNIT_EXPECT_EQ(test, h->end, start + 3 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, h->nr, 1);
	KUNIT_EXPECT_EQ(test, h->hole[0].start, start + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, h->hole[0].end, start + 2 * PAGE_SIZE);
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
		r = damon_region_new(start + PAGES(i), start + PAGES(i + 1));
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
		prepare(ctx, t, &c, r);
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
		KUNIT_EXPECT_TRUE(test, r->sampling_pending);
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
	KUNIT_EXPECT_EQ(test, visit_regions(ctx, t, current->mm), 0);
	expect_counts(test, t, 1, 0);

	touch(test, start, nr, 3);
	KUNIT_EXPECT_EQ(test, visit_regions(ctx, t, current->mm), 1);
	expect_counts(test, t, 3, 1);
	/* An access counts once. */
	KUNIT_EXPECT_EQ(test, visit_regions(ctx, t, current->mm), 1);
	expect_counts(test, t, 3, 1);
	touch(test, start, nr, 3);
	KUNIT_EXPECT_EQ(test, visit_regions(ctx, t, current->mm), 2);
	expect_counts(test, t, 3, 2);
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

static void gone_memory_ends_the_samples(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = page_regions(test, ctx, PAGES(1), 3);
	struct damon_region *r;

	damon_for_each_region(r, t) {
		damon_region_pick(ctx, r);
		r->nr_accesses = 5;
	}
	KUNIT_EXPECT_EQ(test, end_samples(t), 5);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_FALSE(test, r->sampling_pending);
}

/* Of regions of a page, which hear of what a huge entry of pages 3 to 6 told? */
static void news_reach_all_who_wait(struct kunit *test)
{
	struct damon_walk w = { .told_start = PAGES(3), .told_end = PAGES(7) };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = page_regions(test, ctx, 0, 10);
	struct damon_region *r, *who = NULL;
	unsigned long page;

	for (w.told_young = false;; w.told_young = true) {
		damon_for_each_region(r, t) {
			page = r->ar.start >> PAGE_SHIFT;
			if (page == 5)
				who = r;
			r->sampling_addr = r->ar.start;
			r->sampling_pending = page != 4;
			r->sampling_marked = page == 6;
			r->sampling_hit = false;
		}
		tell_neighbours(&w, t, who);
		damon_for_each_region(r, t) {
			page = r->ar.start >> PAGE_SHIFT;
			KUNIT_EXPECT_EQ(test, (bool)r->sampling_hit,
					page == 6 || (page == 3 && w.told_young));
		}
		if (w.told_young)
			break;
	}
}

/* === Stale TLBs === */

static const struct hides_case {
	const char *name;
	struct damon_tlb_stats s;
	unsigned int limit;
	bool want;
} hides_cases[] = {
	{ "nothing known", { 0, 0, 0, 0 }, 20, false },
	{ "never accessed", { 0, 16, 0, 200 }, 20, false },
	{ "always accessed", { 16, 16, 200, 200 }, 20, false },
	{ "both of two, none of 18", { 2, 2, 0, 18 }, 20, false },
	{ "three of three, none of 27", { 3, 3, 0, 27 }, 20, true },
	{ "one of one, none of 200", { 1, 1, 0, 200 }, 20, false },
	{ "all, and none of the others", { 16, 16, 0, 254 }, 20, true },
	{ "all, and half of the others", { 16, 16, 127, 254 }, 20, false },
	{ "the same, when it was hidden", { 16, 16, 127, 254 }, 10, true },
	{ "a half, and a half", { 8, 16, 127, 254 }, 20, false },
	{ "a little more than the others", { 5, 16, 50, 254 }, 20, false },
	{ "fewer than the others", { 0, 16, 254, 254 }, 20, false },
};

KUNIT_ARRAY_PARAM_DESC(hides, hides_cases, name);

static void hidden_accesses_are_found_out(struct kunit *test)
{
	const struct hides_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, tlb_hides(c->s, c->limit), c->want);
}

/* A region that is accessed in @p of 256 intervals, of which @seen are seen. */
static void sample(struct damon_region *r, struct rnd_state *rng, unsigned int nr,
		   unsigned int p, unsigned int seen)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		r->sampling_flushed = i % 10 == 9;
		record(r, rand_below(rng, 256) < p &&
		       (r->sampling_flushed || rand_below(rng, 256) < seen));
	}
}

static void chance_rarely_hides_a_region(struct kunit *test)
{
	unsigned int p, nr_hidden = 0;
	struct damon_region r = { .ar.end = PAGES(1) };
	struct rnd_state rng;

	prandom_seed_state(&rng, 1);
	for (p = 0; p <= 256; p += 16) {
		sample(&r, &rng, 5000, p, 256);
		nr_hidden += r.tlb_hides;
	}
	KUNIT_EXPECT_LE(test, nr_hidden, 1);
}

static void hidden_region_is_known_until_it_changes(struct kunit *test)
{
	struct damon_region r = { .ar.end = PAGES(1) };
	struct rnd_state rng;

	prandom_seed_state(&rng, 1);
	sample(&r, &rng, 100, 256, 256);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb_hides);
	/* The TLB begins to hold it. */
	sample(&r, &rng, 300, 256, 0);
	KUNIT_EXPECT_TRUE(test, (bool)r.tlb_hides);
	sample(&r, &rng, 5000, 100, 0);
	KUNIT_EXPECT_TRUE(test, (bool)r.tlb_hides);
	/* It is used no more. */
	sample(&r, &rng, 1000, 0, 0);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb_hides);
	/* And again, beyond what a TLB holds. */
	sample(&r, &rng, 1000, 100, 256);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb_hides);
}

static void without_flushes_all_samples_count(struct kunit *test)
{
	unsigned int old = tlb_flushes;
	struct damon_region r = { .ar.end = PAGES(1), .tlb_hides = true };
	struct damon_ctx *ctx = test_ctx(test, 1);

	WRITE_ONCE(tlb_flushes, 0);
	KUNIT_EXPECT_FALSE(test, may_flush(ctx));
	record(&r, false);
	WRITE_ONCE(tlb_flushes, old);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb_hides);
}

static void flushes_have_a_limit(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned long end = jiffies + HZ / 2;
	unsigned int nr = 0;

	ctx->flush_at = jiffies;
	while (time_before(jiffies, end)) {
		nr += may_flush(ctx);
		cond_resched();
	}
	KUNIT_EXPECT_GE(test, nr, 1);
	KUNIT_EXPECT_LE(test, nr, tlb_flushes / 2 + 1);
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
	KUNIT_EXPECT_EQ(test, check_target(ctx, &t), 0);
}

static void primitives_are_set(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	damon_va_set_primitives(ctx);
	KUNIT_EXPECT_PTR_EQ(test, ctx->init_target_regions, &va_init);
	KUNIT_EXPECT_PTR_EQ(test, ctx->update_target_regions, &va_update);
	KUNIT_EXPECT_PTR_EQ(test, ctx->prepare_access_checks, &va_prepare);
	KUNIT_EXPECT_PTR_EQ(test, ctx->check_accesses, &va_check);
	KUNIT_EXPECT_PTR_EQ(test, ctx->target_valid, &va_target_valid);
	KUNIT_EXPECT_NULL(test, ctx->sample_cb);
	KUNIT_EXPECT_NULL(test, ctx->aggregate_cb);
}

static struct kunit_case damon_vaddr_cases[] = {
	KUNIT_CASE_PARAM(largest_holes_are_left_out, holes_gen_params),
	KUNIT_CASE(ranges_cover_all_but_the_largest_holes),
	KUNIT_CASE_PARAM(ranges_take_a_quarter_of_the_regions, max_ranges_gen_params),
	KUNIT_CASE(all_mappings_are_seen),
	KUNIT_CASE(inaccessible_mapping_is_a_hole),
	KUNIT_CASE(cursor_finds_mappings_and_leaves_no_lock),
	KUNIT_CASE(one_visit_checks_and_prepares),
	KUNIT_CASE(holes_are_not_accessed),
	KUNIT_CASE(walk_knows_where_a_table_ends),
	KUNIT_CASE(gone_memory_ends_the_samples),
	KUNIT_CASE(news_reach_all_who_wait),
	KUNIT_CASE_PARAM(hidden_accesses_are_found_out, hides_gen_params),
	KUNIT_CASE(chance_rarely_hides_a_region),
	KUNIT_CASE(hidden_region_is_known_until_it_changes),
	KUNIT_CASE(without_flushes_all_samples_count),
	KUNIT_CASE(flushes_have_a_limit),
	KUNIT_CASE(kernel_thread_is_no_target),
	KUNIT_CASE(primitives_are_set),
	{}
};

static struct kunit_suite damon_vaddr_suite = {
	.name = "damon_vaddr",
	.test_cases = damon_vaddr_cases,
};

kunit_test_suite(damon_vaddr_suite);
