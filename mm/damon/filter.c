// SPDX-License-Identifier: GPL-2.0
/*
 * Filters: what a scheme leaves out of the memory that its pattern matches.
 *
 * The order.  The filters of regions are asked first, then those of pages, each in the order
 * that the user gave; the first one that fits decides.  A filter of regions that allows is the
 * last word, for all pages.
 *
 * The default.  Who only names what to leave out wants all else, and who names what to allow
 * wants nothing else.  So where no filter fits, the last one tells which it is: memory is left
 * out behind a filter that allows.  Behind filters of regions the question goes on to those of
 * pages, if there are any.
 *
 * Parts.  The verdict on an address changes only at the edges of address filters.  So memory
 * is asked by its parts from edge to edge, of any length, not page by page; and regions need
 * not be cut for it.  Neighbouring parts with one verdict are one, or a huge page that lies on
 * an edge between them would be left out.
 *
 * Notes on locking.  The cgroup of a folio is compared under RCU: the folio holds a reference
 * on it, which it may give up meanwhile, and a cgroup is freed behind a grace period.
 */
#include <linux/cgroup.h>
#include <linux/damon.h>
#include <linux/limits.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/rcupdate.h>

#include "filter.h"

static_assert(DAMON_NR_FILTER_TYPES <= BITS_PER_LONG);

static bool is_of_pages(enum damon_filter_type type)
{
	return type != DAMON_FILTER_ADDR && type != DAMON_FILTER_TARGET;
}

/* Regions consist of whole pages. */
static struct damon_addr_range whole_pages(const struct damon_filter *f)
{
	return (struct damon_addr_range) {
		PAGE_ALIGN_DOWN(f->range.start), PAGE_ALIGN_DOWN(f->range.end),
	};
}

int damon_filter_check(const struct damon_filter *f)
{
	struct damon_addr_range range;

	switch (f->type) {
	case DAMON_FILTER_ANON:
	case DAMON_FILTER_ACTIVE:
	case DAMON_FILTER_YOUNG:
	case DAMON_FILTER_UNMAPPED:
	case DAMON_FILTER_TARGET:
		return 0;
	case DAMON_FILTER_MEMCG:
		return f->cgroup ? 0 : -EINVAL;
	case DAMON_FILTER_HUGEPAGE_SIZE:
		return f->min_sz <= f->max_sz ? 0 : -EINVAL;
	case DAMON_FILTER_ADDR:
		range = whole_pages(f);
		return range.start < range.end ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

unsigned long damon_filters_of_pages(const struct damon_filter *filters, unsigned int nr)
{
	unsigned long types = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (is_of_pages(filters[i].type))
			types |= BIT(filters[i].type);
	return types;
}

/* === Regions === */

/* Lower @edge to the first one of @range that is above @addr, if that is less. */
static bool is_inside(const struct damon_addr_range *range, unsigned long addr,
		      unsigned long *edge)
{
	if (addr < range->start)
		*edge = min(*edge, range->start);
	else if (addr < range->end)
		*edge = min(*edge, range->end);
	return range->start <= addr && addr < range->end;
}

/* The verdict on @addr, and in @edge the first address that may have another. */
static enum damon_verdict judge(const struct damon_filter *filters, unsigned int nr,
				unsigned long target, unsigned long addr, unsigned long *edge)
{
	bool allows_last = false, asks_pages = false;
	unsigned int i;

	*edge = ULONG_MAX;
	for (i = 0; i < nr; i++) {
		const struct damon_filter *f = &filters[i];
		struct damon_addr_range range;
		bool is_of_type;

		if (is_of_pages(f->type)) {
			asks_pages = true;
			continue;
		}
		if (f->type == DAMON_FILTER_TARGET) {
			is_of_type = f->target == target;
		} else {
			range = whole_pages(f);
			is_of_type = is_inside(&range, addr, edge);
		}
		if (is_of_type == f->matching)
			return f->allow ? DAMON_ALLOWED : DAMON_REJECTED;
		allows_last = f->allow;
	}
	if (asks_pages)
		return DAMON_UP_TO_PAGES;
	return allows_last ? DAMON_REJECTED : DAMON_ALLOWED;
}

enum damon_verdict damon_filters_judge(const struct damon_filter *filters, unsigned int nr,
				       unsigned long target, struct damon_addr_range *part)
{
	unsigned long edge, next;
	enum damon_verdict verdict = judge(filters, nr, target, part->start, &edge);

	while (edge < part->end && judge(filters, nr, target, edge, &next) == verdict)
		edge = next;
	part->end = min(part->end, edge);
	return verdict;
}

/* === Pages === */

#ifdef CONFIG_LRU_GEN
/* In the multi-gen LRU these are the two youngest generations, which the flag does not tell. */
static bool is_in_young_gen(struct folio *folio)
{
	int gen = folio_lru_gen(folio);

	guard(rcu)();
	return gen >= 0 && lru_gen_is_active(mem_cgroup_lruvec(folio_memcg_check(folio),
							       folio_pgdat(folio)), gen);
}
#else
static bool is_in_young_gen(struct folio *folio)
{
	return false;
}
#endif

#ifdef CONFIG_MEMCG
static bool is_of_cgroup(struct folio *folio, u64 id)
{
	struct mem_cgroup *memcg;

	guard(rcu)();
	memcg = folio_memcg_check(folio);
	return memcg && cgroup_id(memcg->css.cgroup) == id;
}
#else
static bool is_of_cgroup(struct folio *folio, u64 id)
{
	return false;
}
#endif

bool damon_folio_is(struct folio *folio, const struct damon_filter *f)
{
	return f->type == DAMON_FILTER_ANON ? folio_test_anon(folio) :
		is_of_cgroup(folio, f->cgroup);
}

bool damon_folio_passes(const struct damon_work *work, struct folio *folio,
			bool (*is_young)(struct folio *folio, void *arg), void *arg)
{
	bool allows_last = false, is_of_type, young = false, knows_young = false;
	unsigned int i;

	for (i = 0; i < work->nr_filters; i++) {
		const struct damon_filter *f = &work->filters[i];

		switch (f->type) {
		case DAMON_FILTER_ANON:
		case DAMON_FILTER_MEMCG:
			is_of_type = damon_folio_is(folio, f);
			break;
		case DAMON_FILTER_ACTIVE:
			is_of_type = folio_test_active(folio) || is_in_young_gen(folio);
			break;
		case DAMON_FILTER_YOUNG:
			/* Who asks makes it old: the second one would get another answer. */
			if (!knows_young)
				young = is_young(folio, arg);
			knows_young = true;
			is_of_type = young;
			break;
		case DAMON_FILTER_HUGEPAGE_SIZE:
			is_of_type = f->min_sz <= folio_size(folio) &&
				folio_size(folio) <= f->max_sz;
			break;
		case DAMON_FILTER_UNMAPPED:
			is_of_type = !folio_mapped(folio);
			break;
		default:
			continue;
		}
		if (is_of_type == f->matching)
			return f->allow;
		allows_last = f->allow;
	}
	return !allows_last;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/filter_kunit.c"
#endif
