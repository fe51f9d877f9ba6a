// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of probe.c, which is where this file is included: which pages a probe finds, how
 * regions share what was found, and what a monitor says of real pages.
 */
#include <linux/completion.h>
#include <linux/mman.h>
#include <linux/page_idle.h>
#include <linux/shmem_fs.h>
#include <linux/sort.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include "regions.h"

#define CASE_FILTERS 3

static const struct damon_filter anon_only[] = {
	{ .type = DAMON_FILTER_ANON, .matching = true, .allow = true },
};

static const struct damon_filter no_anon[] = {
	{ .type = DAMON_FILTER_ANON, .matching = true },
};

static const struct damon_probe two_probes[] = {
	{ .filters = anon_only, .nr_filters = 1 },
	{ .filters = no_anon, .nr_filters = 1 },
};

/* === Pages === */

KUNIT_DEFINE_ACTION_WRAPPER(put_file_action, fput, struct file *);
KUNIT_DEFINE_ACTION_WRAPPER(put_folio_action, folio_put, struct folio *);
KUNIT_DEFINE_ACTION_WRAPPER(put_page_action, put_page, struct page *);

/* An anonymous page of this thread, on a list of reclaim. */
static struct folio *anon_folio(struct kunit *test)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, 0);
	struct page *page;

	KUNIT_ASSERT_NE_MSG(test, addr, 0, "no address space");
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
	KUNIT_ASSERT_EQ(test, get_user_pages_fast(addr, 1, FOLL_WRITE, &page), 1);
	lru_add_drain_all();
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_page_action, page));
	return page_folio(page);
}

/* A page of the page cache. */
static struct folio *file_folio(struct kunit *test)
{
	struct file *file = shmem_file_setup("damon_probe", PAGE_SIZE, VM_NORESERVE);
	struct folio *folio;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_file_action, file));
	folio = shmem_read_folio(file->f_mapping, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(folio));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_folio_action, folio));
	lru_add_drain_all();
	return folio;
}

/* The first filter that fits decides; else what the last one does not say. */
static const struct chain {
	const char *name;
	unsigned int nr;
	/* { matching, allow } */
	bool filters[CASE_FILTERS][2];
	bool anon, other;
} chains[] = {
	{ "no filter", 0, { }, true, true },
	{ "allow anon", 1, { { true, true } }, true, false },
	{ "reject anon", 1, { { true, false } }, false, true },
	{ "allow other", 1, { { false, true } }, false, true },
	{ "reject other", 1, { { false, false } }, true, false },
	{ "allow before reject", 2, { { true, true }, { true, false } }, true, true },
	{ "reject before allow", 2, { { true, false }, { true, true } }, false, false },
	{ "each of its own", 2, { { true, false }, { false, true } }, false, true },
	{ "the third is too late", 3, { { true, true }, { false, true }, { true, false } },
	  true, true },
};

KUNIT_ARRAY_PARAM_DESC(chains, chains, name);

/* What is free or of the kernel is as a page that is not anonymous. */
static void first_filter_that_fits_decides(struct kunit *test)
{
	const struct chain *c = test->param_value;
	struct damon_filter filters[CASE_FILTERS] = { };
	struct damon_probe probe = { .filters = filters, .nr_filters = c->nr };
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		filters[i] = (struct damon_filter){
			.type = DAMON_FILTER_ANON,
			.matching = c->filters[i][0],
			.allow = c->filters[i][1],
		};
	KUNIT_EXPECT_EQ(test, finds(&probe, anon_folio(test)), c->anon);
	KUNIT_EXPECT_EQ(test, finds(&probe, file_folio(test)), c->other);
	KUNIT_EXPECT_EQ(test, finds(&probe, NULL), c->other);
}

/* Whoever made the page, it is of one cgroup. */
static void pages_of_one_cgroup_are_found(struct kunit *test)
{
	struct damon_filter filter = {
		.type = DAMON_FILTER_MEMCG, .matching = true, .allow = true,
	};
	struct damon_probe probe = { .filters = &filter, .nr_filters = 1 };
	struct folio *folio = anon_folio(test);
	u64 id = 0;

#ifdef CONFIG_MEMCG
	scoped_guard(rcu) {
		struct mem_cgroup *memcg = folio_memcg_rcu(folio);

		if (memcg)
			id = cgroup_id(memcg->css.cgroup);
	}
#endif
	if (!id)
		kunit_skip(test, "needs cgroups of memory");
	filter.cgroup = id;
	KUNIT_EXPECT_TRUE(test, finds(&probe, folio));
	KUNIT_EXPECT_FALSE(test, finds(&probe, NULL));
	filter.cgroup = id + 1;
	KUNIT_EXPECT_FALSE(test, finds(&probe, folio));
}

/* === Shares === */

static struct damon_ctx *probed_ctx(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned long id = 1;

	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, two_probes, 2), 0);
	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, &id, 1), 0);
	return ctx;
}

static struct damon_target *first_target(const struct damon_ctx *ctx)
{
	return list_first_entry(&ctx->targets_list, struct damon_target, list);
}

static void record(struct damon_region *r, unsigned int found, unsigned int nr)
{
	while (nr--)
		damon_probed_record(r, found);
}

static void share_is_that_of_the_samples(struct kunit *test)
{
	struct damon_ctx *ctx = probed_ctx(test);
	struct damon_region *r = add_region(test, first_target(ctx), 0, PAGES(64), 0);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 0), 0);
	/* A quarter of them, and all; 20 sampling intervals are an aggregation. */
	for (i = 0; i < 25; i++) {
		record(r, BIT(1), 3);
		record(r, BIT(0) | BIT(1), 1);
	}
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 0), 5);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 1), 20);
	/* There are two probes. */
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 2), 0);

	/* With other intervals, it is the same share of another number. */
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 1000000, 1000000, 10, 1000), 0);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 1), 1000);
	KUNIT_EXPECT_EQ(test, (damon_region_probe_hits(ctx, r, 0) + 5) / 10, 25);
}

/* Memory goes from one to another. */
static void share_follows_a_change(struct kunit *test)
{
	struct damon_ctx *ctx = probed_ctx(test);
	struct damon_region *r = add_region(test, first_target(ctx), 0, PAGES(64), 0);
	unsigned int hits;

	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1, 100, 1000000, 10, 1000), 0);
	record(r, BIT(0), 10000);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 0), 100);
	record(r, 0, 89);
	hits = damon_region_probe_hits(ctx, r, 0);
	KUNIT_EXPECT_GE(test, hits, 48);
	KUNIT_EXPECT_LE(test, hits, 52);
	record(r, 0, 2000);
	KUNIT_EXPECT_EQ(test, damon_probed(r)->share[0], 0);
	record(r, BIT(0), 2000);
	KUNIT_EXPECT_EQ(test, damon_probed(r)->share[0], DAMON_SHARE_MAX);
}

/* A region of which the left quarter is of the first probe only, is cut there. */
static void parts_have_the_share_of_the_whole_and_soon_their_own(struct kunit *test)
{
	struct damon_ctx *ctx = probed_ctx(test);
	struct damon_target *t = first_target(ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(64), 0), *right;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		record(r, BIT(0), 1);
		record(r, BIT(1), 3);
	}
	KUNIT_ASSERT_PTR_EQ(test, damon_region_carve(r, t, 0, PAGES(16)), r);
	right = list_next_entry(r, list);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 0), 5);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, right, 0), 5);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, right, 1), 15);
	KUNIT_EXPECT_EQ(test, damon_probed(r)->nr_samples, 32);
	KUNIT_EXPECT_EQ(test, damon_probed(right)->nr_samples, 96);
	/* Those of the whole are a third of what it has then. */
	record(r, BIT(0), 64);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 0), 15);
}

static void no_report(struct damon_ctx *ctx)
{
}

/* By what joins regions that are accessed alike. */
static void joined_regions_have_the_mean_by_size(struct kunit *test)
{
	struct damon_ctx *ctx = probed_ctx(test);
	struct damon_target *t = first_target(ctx);
	struct damon_region *l = add_region(test, t, 0, PAGES(48), 0);
	struct damon_region *r = add_region(test, t, PAGES(48), PAGES(64), 0);

	set_evidence(l, 0, 40);
	set_evidence(r, 0, 40);
	record(l, BIT(0), 100);
	record(r, BIT(1), 100);
	ctx->min_nr_regions = 1;
	ctx->sz_limit = PAGES(64);
	damon_aggregate(ctx, no_report);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 1);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, l, 0), 15);
	KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, l, 1), 5);
	KUNIT_EXPECT_EQ(test, damon_probed(l)->nr_samples, DAMON_PROBE_WINDOW);
}

/* Memory in the middle goes away. */
static void shares_stay_when_memory_changes(struct kunit *test)
{
	static const struct damon_addr_range ranges[] = {
		{ 0, PAGES(16) }, { PAGES(32), PAGES(64) },
	};
	struct damon_ctx *ctx = probed_ctx(test);
	struct damon_target *t = first_target(ctx);
	struct damon_region *r = add_region(test, t, 0, PAGES(64), 0);

	record(r, BIT(0), 100);
	KUNIT_ASSERT_EQ(test, damon_target_fit(t, ranges, 2), 0);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 2);
	damon_for_each_region(r, t) {
		KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 0), 20);
		KUNIT_EXPECT_EQ(test, damon_region_probe_hits(ctx, r, 1), 0);
	}
}

/* === Settings === */

static void what_is_not_for_probes_is_refused(struct kunit *test)
{
	struct damon_ctx *ctx = probed_ctx(test);
	struct damon_probes *before = ctx->probes;
	struct damon_filter filters[2] = { anon_only[0], anon_only[0] };
	struct damon_probe probes[DAMON_MAX_PROBES + 1] = { };
	unsigned int type;

	KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, probes, -1), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, probes, ARRAY_SIZE(probes)), -EINVAL);
	probes[1].filters = filters;
	probes[1].nr_filters = DAMON_MAX_SCHEME_ROWS + 1;
	KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, probes, 2), -EINVAL);
	probes[1].nr_filters = 2;
	for (type = 0; type <= DAMON_NR_FILTER_TYPES; type++) {
		if (type == DAMON_FILTER_ANON || type == DAMON_FILTER_MEMCG)
			continue;
		filters[1].type = type;
		KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, probes, 2), -EINVAL);
	}
	KUNIT_EXPECT_PTR_EQ(test, ctx->probes, before);

	filters[1].type = DAMON_FILTER_MEMCG;
	KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, probes, DAMON_MAX_PROBES), 0);
	KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, NULL, 0), 0);
	KUNIT_EXPECT_NULL(test, ctx->probes);
}

static void probes_of_the_caller_may_go(struct kunit *test)
{
	struct damon_filter filter = anon_only[0];
	struct damon_probe probe = { .filters = &filter, .nr_filters = 1 };
	struct damon_ctx *ctx = test_ctx(test, 1);

	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, &probe, 1), 0);
	filter.allow = false;
	probe.nr_filters = 0;
	KUNIT_EXPECT_EQ(test, damon_probes_ask(ctx, anon_folio(test)), 1);
	KUNIT_EXPECT_EQ(test, damon_probes_ask(ctx, NULL), 0);
}

/* What is known of the regions stays, whenever probes come and go. */
static void regions_stay_when_probes_come_and_go(struct kunit *test)
{
	static const struct row rows[] = { { 0, 10, 3 }, { 10, 20, 0 }, { 30, 40, 7 }, { } };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = add_target(test, ctx), *empty = add_target(test, ctx);
	unsigned int i;

	add_rows(test, t, rows, PAGE_SIZE);
	set_evidence(list_last_entry(&t->regions_list, struct damon_region, list), 7, 20);
	for (i = 0; i < 3; i++) {
		struct damon_region *last;

		KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, two_probes, 2 - i), 0);
		expect_rows(test, t, rows, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, empty->nr_regions, 0);
		last = list_last_entry(&t->regions_list, struct damon_region, list);
		KUNIT_EXPECT_EQ(test, tally(&last->known).hits, 7 * SAMPLE / NR_BINS * NR_BINS);
		if (ctx->probes)
			record(last, BIT(0), 1);
	}
	KUNIT_EXPECT_NULL(test, ctx->probes);
}

/* Whichever of the allocations it is that fails. */
static void without_memory_nothing_has_changed(struct kunit *test)
{
	static const struct row rows[] = { { 0, 10, 3 }, { 10, 20, 0 }, { } };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_target *t = add_target(test, ctx);
	unsigned int nth, nr_failed = 0;
	bool failed;
	int err;

	need_failslab(test);
	add_rows(test, t, rows, PAGE_SIZE);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		fail_begin(nth);
		err = damon_set_probes(ctx, two_probes, 2);
		failed = fail_end();
		if (!failed)
			break;
		/* It was one of kmemleak, which has a pool of its own. */
		if (!err) {
			KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, NULL, 0), 0);
			continue;
		}
		nr_failed++;
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_NULL(test, ctx->probes);
		KUNIT_EXPECT_FALSE(test, t->probed);
		expect_rows(test, t, rows, PAGE_SIZE);
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	/* The probes, their filters, and two regions. */
	KUNIT_EXPECT_EQ(test, nr_failed, 5);
	expect_rows(test, t, rows, PAGE_SIZE);
}

/* A byte holds a count, and an unsigned int the sum of all. */
static void weights_are_limited(struct kunit *test)
{
	struct damon_probe probes[2] = { { .weight = 1 }, { } };
	struct damon_ctx *ctx = test_ctx(test, 1);

	ctx->can_probe = true;
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_probes_check(ctx), 0);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 255999, 1000000, 10, 1000), 0);
	KUNIT_EXPECT_EQ(test, damon_probes_check(ctx), 0);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 256000, 1000000, 10, 1000), 0);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EINVAL);
	/* No weight, no limit. */
	probes[0].weight = 0;
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_probes_check(ctx), 0);

	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 20000, 1000000, 10, 1000), 0);
	probes[0].weight = UINT_MAX / 20 - 1;
	probes[1].weight = 1;
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_probes_check(ctx), 0);
	probes[1].weight = 2;
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EINVAL);
	probes[0].weight = UINT_MAX;
	probes[1].weight = UINT_MAX;
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EINVAL);
}

/* Of 4000 draws, with a standard deviation of 27. */
static void chance_is_the_part_of_the_weights(struct kunit *test)
{
	static const struct damon_probe probes[] = {
		{ .weight = 1 }, { .weight = 0 }, { .weight = 3 },
	};
	static const unsigned int want[] = { 0, 1000, 0, 1000, 3000, 4000, 3000, 4000 };
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned int found, i;

	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 3), 0);
	for (found = 0; found < 8; found++) {
		unsigned int nr = 0;

		for (i = 0; i < 4000; i++)
			nr += damon_probes_draw(ctx, found);
		KUNIT_EXPECT_LE(test, abs_diff(nr, want[found]),
				want[found] % 4000 ? 140 : 0);
	}
}

static void processes_have_no_probes(struct kunit *test)
{
	struct damon_ctx *ctx = test_ctx(test, 1);

	if (damon_va_set_primitives(ctx))
		kunit_skip(test, "needs CONFIG_DAMON_VADDR");
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, two_probes, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_start(ctx), -EOPNOTSUPP);
}

/* === A monitor === */

#define PATIENCE (60 * HZ)
#define NR_AGGREGATIONS 5

struct hits {
	unsigned long addr;
	unsigned int nr_accesses, of_anon, of_others;
};

/* The one that runs: what it says of the regions that begin at these addresses. */
static struct hits *watched;
static unsigned int nr_watched, nr_aggregations;
static struct completion enough;

static void read_hits(struct damon_ctx *ctx)
{
	struct damon_region *r;
	unsigned int i;

	damon_for_each_region(r, first_target(ctx)) {
		for (i = 0; i < nr_watched && watched[i].addr != r->ar.start; i++)
			;
		if (i == nr_watched)
			continue;
		watched[i].nr_accesses = r->nr_accesses;
		watched[i].of_anon = damon_region_probe_hits(ctx, r, 0);
		watched[i].of_others = damon_region_probe_hits(ctx, r, 1);
	}
	if (++nr_aggregations == NR_AGGREGATIONS)
		complete(&enough);
}

static int by_start(const void *a, const void *b)
{
	const struct damon_addr_range *l = a, *r = b;

	return l->start < r->start ? -1 : l->start > r->start;
}

/* A monitor of physical memory, of some pages. */
static struct damon_ctx *pages_ctx(struct kunit *test, const struct hits *pages,
				   unsigned int nr)
{
	struct damon_ctx *ctx = test_ctx(test, 1);
	unsigned long id = DAMON_ALL_NODES;
	struct damon_addr_range ranges[4];
	unsigned int i;

	if (damon_pa_set_primitives(ctx) || ctx->addr_unit != 1)
		kunit_skip(test, "needs CONFIG_DAMON_PADDR, and 64 bits");
	for (i = 0; i < nr; i++) {
		ranges[i].start = pages[i].addr;
		ranges[i].end = pages[i].addr + PAGE_SIZE;
	}
	sort(ranges, nr, sizeof(*ranges), by_start, NULL);
	KUNIT_ASSERT_EQ(test, damon_set_targets(ctx, &id, 1), 0);
	KUNIT_ASSERT_EQ(test, damon_target_fit(first_target(ctx), ranges, nr), 0);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 20000, 1000000, 3, 10), 0);
	return ctx;
}

static void run_monitor(struct kunit *test, struct damon_ctx *ctx, struct hits *hits,
			unsigned int nr)
{
	watched = hits;
	nr_watched = nr;
	nr_aggregations = 0;
	init_completion(&enough);
	ctx->aggregate_cb = read_hits;
	KUNIT_ASSERT_EQ(test, damon_start(ctx), 0);
	KUNIT_EXPECT_EQ(test, damon_set_probes(ctx, NULL, 0), -EBUSY);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&enough, PATIENCE));
	KUNIT_EXPECT_EQ(test, damon_stop(ctx), 0);
}

static unsigned long addr_of(struct folio *folio)
{
	return PFN_PHYS(folio_pfn(folio));
}

/* Reclaim and migration take a page for a moment, in which nobody knows what it is. */
static void monitor_tells_what_pages_are(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct damon_ctx *ctx;
	struct hits hits[3] = { };

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_page_action, page));
	hits[0].addr = addr_of(anon_folio(test));
	hits[1].addr = addr_of(file_folio(test));
	hits[2].addr = PFN_PHYS(page_to_pfn(page));
	ctx = pages_ctx(test, hits, 3);
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, two_probes, 2), 0);
	run_monitor(test, ctx, hits, 3);
	KUNIT_EXPECT_GE(test, hits[0].of_anon, 18);
	KUNIT_EXPECT_LE(test, hits[0].of_others, 2);
	KUNIT_EXPECT_LE(test, hits[1].of_anon, 2);
	KUNIT_EXPECT_GE(test, hits[1].of_others, 18);
	KUNIT_EXPECT_LE(test, hits[2].of_anon, 2);
	KUNIT_EXPECT_GE(test, hits[2].of_others, 18);
}

/* Nobody uses the pages.  They are not marked for a sample either. */
static void weights_take_the_place_of_accesses(struct kunit *test)
{
	struct damon_probe probes[2] = { two_probes[0], two_probes[1] };
	struct folio *anon = anon_folio(test), *file = file_folio(test);
	struct hits hits[] = { { addr_of(anon) }, { addr_of(file) } };
	struct damon_ctx *ctx = pages_ctx(test, hits, 2);

	probes[0].weight = 7;
	folio_clear_idle(anon);
	KUNIT_ASSERT_EQ(test, damon_set_probes(ctx, probes, 2), 0);
	run_monitor(test, ctx, hits, 2);
	KUNIT_EXPECT_FALSE(test, folio_test_idle(anon));
	KUNIT_EXPECT_GE(test, hits[0].nr_accesses, 18);
	KUNIT_EXPECT_GE(test, hits[0].of_anon, 18);
	KUNIT_EXPECT_LE(test, hits[1].nr_accesses, 2);
	KUNIT_EXPECT_GE(test, hits[1].of_others, 18);
}

static struct kunit_case damon_probe_cases[] = {
	KUNIT_CASE_PARAM(first_filter_that_fits_decides, chains_gen_params),
	KUNIT_CASE(pages_of_one_cgroup_are_found),
	KUNIT_CASE(share_is_that_of_the_samples),
	KUNIT_CASE(share_follows_a_change),
	KUNIT_CASE(parts_have_the_share_of_the_whole_and_soon_their_own),
	KUNIT_CASE(joined_regions_have_the_mean_by_size),
	KUNIT_CASE(shares_stay_when_memory_changes),
	KUNIT_CASE(what_is_not_for_probes_is_refused),
	KUNIT_CASE(probes_of_the_caller_may_go),
	KUNIT_CASE(regions_stay_when_probes_come_and_go),
	KUNIT_CASE(without_memory_nothing_has_changed),
	KUNIT_CASE(weights_are_limited),
	KUNIT_CASE(chance_is_the_part_of_the_weights),
	KUNIT_CASE(processes_have_no_probes),
	KUNIT_CASE(monitor_tells_what_pages_are),
	KUNIT_CASE(weights_take_the_place_of_accesses),
	{}
};

static struct kunit_suite damon_probe_suite = {
	.name = "damon_probe",
	.test_cases = damon_probe_cases,
};

kunit_test_suite(damon_probe_suite);
