// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of filter.c, which is where this file is included: which filter decides, what is
 * left out where none does, and where one verdict ends.
 */
#include <linux/limits.h>
#include <linux/sizes.h>

#include "helper.h"

#define MAX_FILTERS 3

/* The filters of a case end with this one. */
#define END { .type = DAMON_NR_FILTER_TYPES }

static unsigned int nr_filters(const struct damon_filter *filters)
{
	unsigned int nr = 0;

	while (filters[nr].type != DAMON_NR_FILTER_TYPES)
		nr++;
	return nr;
}

#define ADDR(match, allows, from, to) {						\
	.type = DAMON_FILTER_ADDR, .matching = match, .allow = allows,		\
	.range = { PAGES(from), PAGES(to) } }

#define TARGET(match, allows, index) {						\
	.type = DAMON_FILTER_TARGET, .matching = match, .allow = allows,	\
	.target = index }

/* Of pages, with nothing to compare. */
#define PAGE(what, match, allows) {						\
	.type = DAMON_FILTER_##what, .matching = match, .allow = allows }

#define SIZE(match, allows, from, to) {						\
	.type = DAMON_FILTER_HUGEPAGE_SIZE, .matching = match, .allow = allows,	\
	.min_sz = from, .max_sz = to }

/* === Regions === */

static const struct region_case {
	const char *name;
	struct damon_filter filters[MAX_FILTERS + 1];
	enum damon_verdict want;
} region_cases[] = {
	/* Page 15 of target 2 is asked for. */
	{ "none", { END }, DAMON_ALLOWED },
	{ "inside, reject", { ADDR(1, 0, 10, 20), END }, DAMON_REJECTED },
	{ "inside, allow", { ADDR(1, 1, 10, 20), END }, DAMON_ALLOWED },
	{ "outside, reject", { ADDR(1, 0, 20, 30), END }, DAMON_ALLOWED },
	{ "outside, allow", { ADDR(1, 1, 20, 30), END }, DAMON_REJECTED },
	{ "not inside, reject", { ADDR(0, 0, 20, 30), END }, DAMON_REJECTED },
	{ "not inside, allow", { ADDR(0, 1, 20, 30), END }, DAMON_ALLOWED },
	{ "not outside, reject", { ADDR(0, 0, 10, 20), END }, DAMON_ALLOWED },
	{ "not outside, allow", { ADDR(0, 1, 10, 20), END }, DAMON_REJECTED },
	{ "first page", { ADDR(1, 0, 15, 16), END }, DAMON_REJECTED },
	{ "ends before", { ADDR(1, 0, 10, 15), END }, DAMON_ALLOWED },
	{ "target, reject", { TARGET(1, 0, 2), END }, DAMON_REJECTED },
	{ "other target, reject", { TARGET(1, 0, 1), END }, DAMON_ALLOWED },
	{ "other target, allow", { TARGET(1, 1, 1), END }, DAMON_REJECTED },
	{ "but this target, reject", { TARGET(0, 0, 2), END }, DAMON_ALLOWED },
	{ "first one decides", { ADDR(1, 1, 10, 20), TARGET(1, 0, 2), END }, DAMON_ALLOWED },
	{ "second one decides", { ADDR(1, 1, 20, 30), TARGET(1, 0, 2), END }, DAMON_REJECTED },
	{ "last one is the default", { TARGET(1, 0, 1), ADDR(1, 1, 20, 30), END },
	  DAMON_REJECTED },
	{ "last one is the default, reject", { ADDR(1, 1, 20, 30), TARGET(1, 0, 1), END },
	  DAMON_ALLOWED },
	{ "of pages", { PAGE(ANON, 1, 1), END }, DAMON_UP_TO_PAGES },
	{ "of pages behind allow", { ADDR(1, 1, 20, 30), PAGE(ANON, 1, 1), END },
	  DAMON_UP_TO_PAGES },
	{ "of pages before allow", { PAGE(ANON, 1, 0), ADDR(1, 1, 20, 30), END },
	  DAMON_UP_TO_PAGES },
	{ "allow is the last word", { PAGE(ANON, 1, 0), ADDR(1, 1, 10, 20), END },
	  DAMON_ALLOWED },
	{ "reject is the last word", { PAGE(ANON, 1, 1), ADDR(1, 0, 10, 20), END },
	  DAMON_REJECTED },
};

KUNIT_ARRAY_PARAM_DESC(region, region_cases, name);

static void filters_of_regions_decide(struct kunit *test)
{
	const struct region_case *c = test->param_value;
	struct damon_addr_range part = { PAGES(15), PAGES(16) };

	KUNIT_EXPECT_EQ(test, c->want, damon_filters_judge(c->filters, nr_filters(c->filters),
							   2, &part));
	KUNIT_EXPECT_EQ(test, part.start, PAGES(15));
	KUNIT_EXPECT_EQ(test, part.end, PAGES(16));
}

static const struct part_case {
	const char *name;
	struct damon_filter filters[MAX_FILTERS + 1];
	/* Up to which page each verdict holds, from page 0 on, and ends with page 100. */
	struct {
		enum damon_verdict verdict;
		unsigned int end;
	} want[5];
} part_cases[] = {
	{ "none", { END }, { { DAMON_ALLOWED, 100 } } },
	{ "middle", { ADDR(1, 0, 10, 20), END },
	  { { DAMON_ALLOWED, 10 }, { DAMON_REJECTED, 20 }, { DAMON_ALLOWED, 100 } } },
	{ "beginning", { ADDR(1, 1, 0, 20), END },
	  { { DAMON_ALLOWED, 20 }, { DAMON_REJECTED, 100 } } },
	{ "end", { ADDR(0, 0, 20, 200), END },
	  { { DAMON_REJECTED, 20 }, { DAMON_ALLOWED, 100 } } },
	{ "beyond", { ADDR(1, 0, 100, 200), END }, { { DAMON_ALLOWED, 100 } } },
	{ "all", { ADDR(1, 0, 0, 100), END }, { { DAMON_REJECTED, 100 } } },
	{ "neighbours are one", { ADDR(1, 1, 10, 20), ADDR(1, 1, 20, 30), END },
	  { { DAMON_REJECTED, 10 }, { DAMON_ALLOWED, 30 }, { DAMON_REJECTED, 100 } } },
	{ "overlap", { ADDR(1, 0, 10, 30), ADDR(1, 1, 20, 40), END },
	  { { DAMON_REJECTED, 30 }, { DAMON_ALLOWED, 40 }, { DAMON_REJECTED, 100 } } },
	{ "edge of no weight", { ADDR(1, 0, 10, 30), ADDR(1, 0, 15, 20), END },
	  { { DAMON_ALLOWED, 10 }, { DAMON_REJECTED, 30 }, { DAMON_ALLOWED, 100 } } },
	{ "up to pages", { ADDR(1, 1, 10, 20), PAGE(ANON, 1, 0), END },
	  { { DAMON_UP_TO_PAGES, 10 }, { DAMON_ALLOWED, 20 }, { DAMON_UP_TO_PAGES, 100 } } },
};

KUNIT_ARRAY_PARAM_DESC(part, part_cases, name);

static void verdicts_change_at_the_edges(struct kunit *test)
{
	const struct part_case *c = test->param_value;
	struct damon_addr_range part = { .end = 0 };
	unsigned int i;

	for (i = 0; part.end < PAGES(100); i++) {
		enum damon_verdict verdict;

		part = (struct damon_addr_range) { part.end, PAGES(100) };
		verdict = damon_filters_judge(c->filters, nr_filters(c->filters), 0, &part);
		KUNIT_ASSERT_EQ(test, part.end, PAGES(c->want[i].end));
		KUNIT_EXPECT_EQ(test, verdict, c->want[i].verdict);
	}
}

/* Both ends are rounded down. */
static void edges_are_whole_pages(struct kunit *test)
{
	struct damon_filter f = ADDR(1, 0, 0, 0);
	struct damon_addr_range part = { 0, PAGES(100) };

	f.range = (struct damon_addr_range) { PAGES(11) - 1, PAGES(21) - 1 };
	KUNIT_EXPECT_EQ(test, damon_filters_judge(&f, 1, 0, &part), DAMON_ALLOWED);
	KUNIT_EXPECT_EQ(test, part.end, PAGES(10));
	part = (struct damon_addr_range) { PAGES(10), PAGES(100) };
	KUNIT_EXPECT_EQ(test, damon_filters_judge(&f, 1, 0, &part), DAMON_REJECTED);
	KUNIT_EXPECT_EQ(test, part.end, PAGES(20));
}

/* === Pages === */

static unsigned int nr_asked;

static bool say_young(struct folio *folio, void *arg)
{
	return !nr_asked++;
}

static void put_folio_action(void *folio)
{
	folio_put(folio);
}

static const struct page_case {
	const char *name;
	struct damon_filter filters[MAX_FILTERS + 1];
	bool active;
	bool want;
	unsigned int nr_asked;
} page_cases[] = {
	/* A folio of two pages that nobody maps, and that has been accessed. */
	{ "none", { END }, .want = true },
	{ "unmapped, reject", { PAGE(UNMAPPED, 1, 0), END }, .want = false },
	{ "unmapped, allow", { PAGE(UNMAPPED, 1, 1), END }, .want = true },
	{ "mapped, reject", { PAGE(UNMAPPED, 0, 0), END }, .want = true },
	{ "mapped, allow", { PAGE(UNMAPPED, 0, 1), END }, .want = false },
	{ "anonymous, reject", { PAGE(ANON, 1, 0), END }, .want = true },
	{ "anonymous, allow", { PAGE(ANON, 1, 1), END }, .want = false },
	{ "active, reject", { PAGE(ACTIVE, 1, 0), END }, .active = true, .want = false },
	{ "inactive, reject", { PAGE(ACTIVE, 0, 0), END }, .active = true, .want = true },
	{ "is inactive, reject", { PAGE(ACTIVE, 0, 0), END }, .want = false },
	{ "young, reject", { PAGE(YOUNG, 1, 0), END }, .want = false, .nr_asked = 1 },
	{ "old, reject", { PAGE(YOUNG, 0, 0), END }, .want = true, .nr_asked = 1 },
	{ "asked once", { PAGE(YOUNG, 0, 0), PAGE(YOUNG, 1, 0), END },
	  .want = false, .nr_asked = 1 },
	{ "not asked for nothing", { PAGE(UNMAPPED, 1, 0), PAGE(YOUNG, 1, 1), END },
	  .want = false },
	{ "of no cgroup", { { DAMON_FILTER_MEMCG, true, true, .cgroup = 1 }, END },
	  .want = false },
	{ "size", { SIZE(1, 0, 2 * PAGE_SIZE, 2 * PAGE_SIZE), END }, .want = false },
	{ "larger", { SIZE(1, 0, 2 * PAGE_SIZE + 1, ULONG_MAX), END }, .want = true },
	{ "smaller", { SIZE(1, 0, 0, 2 * PAGE_SIZE - 1), END }, .want = true },
	{ "first one decides", { PAGE(UNMAPPED, 1, 1), PAGE(ANON, 0, 0), END }, .want = true },
	{ "second one decides", { PAGE(UNMAPPED, 0, 1), PAGE(ANON, 0, 0), END },
	  .want = false },
	{ "last one is the default", { PAGE(UNMAPPED, 0, 0), PAGE(ANON, 1, 1), END },
	  .want = false },
	{ "last one is the default, reject", { PAGE(ANON, 1, 1), PAGE(UNMAPPED, 0, 0), END },
	  .want = true },
	{ "one of regions is not asked", { ADDR(1, 0, 0, 100), TARGET(1, 0, 0), END },
	  .want = true },
	{ "one of regions is no default", { PAGE(ANON, 1, 0), TARGET(1, 1, 0), END },
	  .want = true },
};

KUNIT_ARRAY_PARAM_DESC(page, page_cases, name);

static void filters_of_pages_decide(struct kunit *test)
{
	const struct page_case *c = test->param_value;
	struct damon_work w = { .filters = c->filters, .nr_filters = nr_filters(c->filters) };
	struct folio *folio = folio_alloc(GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_folio_action, folio));
	if (c->active)
		folio_set_active(folio);
	nr_asked = 0;
	KUNIT_EXPECT_EQ(test, c->want, damon_folio_passes(&w, folio, say_young, NULL));
	KUNIT_EXPECT_EQ(test, c->nr_asked, nr_asked);
	folio_clear_active(folio);
	/* Where a filter of regions has allowed the memory. */
	w.nr_filters = 0;
	KUNIT_EXPECT_TRUE(test, damon_folio_passes(&w, folio, say_young, NULL));
}

/* === Settings === */

static const struct check_case {
	const char *name;
	struct damon_filter f;
	int want;
} check_cases[] = {
	{ "anonymous", PAGE(ANON, 1, 0), 0 },
	{ "no such type", { .type = DAMON_NR_FILTER_TYPES }, -EINVAL },
	{ "one page", ADDR(1, 0, 10, 11), 0 },
	{ "empty", ADDR(1, 0, 10, 10), -EINVAL },
	{ "reversed", ADDR(1, 0, 11, 10), -EINVAL },
	{ "no whole page", { .type = DAMON_FILTER_ADDR, .range = { 0, PAGE_SIZE - 1 } },
	  -EINVAL },
	{ "all addresses", { .type = DAMON_FILTER_ADDR, .range = { 0, ULONG_MAX } }, 0 },
	{ "any size", SIZE(1, 0, 0, ULONG_MAX), 0 },
	{ "one size", SIZE(1, 0, SZ_2M, SZ_2M), 0 },
	{ "sizes reversed", SIZE(1, 0, 2, 1), -EINVAL },
	{ "a cgroup", { .type = DAMON_FILTER_MEMCG, .cgroup = 1 }, 0 },
	{ "no cgroup", { .type = DAMON_FILTER_MEMCG }, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(check, check_cases, name);

static void wrong_filters_are_refused(struct kunit *test)
{
	const struct check_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->want, damon_filter_check(&c->f));
}

static void levels_are_told_apart(struct kunit *test)
{
	static const struct damon_filter filters[] = {
		ADDR(1, 0, 0, 1), PAGE(YOUNG, 1, 0), TARGET(1, 0, 0), PAGE(ANON, 1, 0),
	};

	KUNIT_EXPECT_EQ(test, damon_filters_of_pages(filters, ARRAY_SIZE(filters)),
			BIT(DAMON_FILTER_YOUNG) | BIT(DAMON_FILTER_ANON));
	KUNIT_EXPECT_EQ(test, damon_filters_of_pages(filters, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_filters_of_pages(NULL, 0), 0);
}

static struct kunit_case damon_filter_cases[] = {
	KUNIT_CASE_PARAM(filters_of_regions_decide, region_gen_params),
	KUNIT_CASE_PARAM(verdicts_change_at_the_edges, part_gen_params),
	KUNIT_CASE(edges_are_whole_pages),
	KUNIT_CASE_PARAM(filters_of_pages_decide, page_gen_params),
	KUNIT_CASE_PARAM(wrong_filters_are_refused, check_gen_params),
	KUNIT_CASE(levels_are_told_apart),
	{}
};

static struct kunit_suite damon_filter_suite = {
	.name = "damon_filter",
	.test_cases = damon_filter_cases,
};

kunit_test_suite(damon_filter_suite);
