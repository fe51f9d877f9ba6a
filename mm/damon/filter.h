/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Filters: what a scheme leaves out of the memory that its pattern matches.
 *
 * There are two levels.  Filters of regions ask where memory is, before it is touched; the
 * work goes on with the parts that they let pass.  Filters of pages ask what a page is, one
 * page after the other, inside of the action.
 */
#ifndef _MM_DAMON_FILTER_H
#define _MM_DAMON_FILTER_H

#include <linux/bits.h>
#include <linux/damon.h>
#include <linux/kconfig.h>

struct folio;

/** DAMON_PAGE_FILTERS - The filters of pages that this kernel has. */
#define DAMON_PAGE_FILTERS							\
	(BIT(DAMON_FILTER_ANON) | BIT(DAMON_FILTER_ACTIVE) |			\
	 (IS_ENABLED(CONFIG_MEMCG) ? BIT(DAMON_FILTER_MEMCG) : 0) |		\
	 BIT(DAMON_FILTER_YOUNG) | BIT(DAMON_FILTER_HUGEPAGE_SIZE) |		\
	 BIT(DAMON_FILTER_UNMAPPED))

/**
 * enum damon_verdict - What the filters of regions say.
 * @DAMON_REJECTED:	The scheme does not see this memory.
 * @DAMON_ALLOWED:	It is for all pages of this memory.
 * @DAMON_UP_TO_PAGES:	The filters of pages decide.
 */
enum damon_verdict {
	DAMON_REJECTED,
	DAMON_ALLOWED,
	DAMON_UP_TO_PAGES,
};

/**
 * damon_filter_check() - The one validation of a filter.
 * @f:		The filter.
 *
 * Return: 0, or -EINVAL when there is no such type, or no memory that is of it: a range of
 *	addresses without a whole page, sizes reversed, no cgroup.
 */
int damon_filter_check(const struct damon_filter *f);

/**
 * damon_filters_of_pages() - Which types of filters of pages are there?
 * @filters:	The filters, of both levels.
 * @nr:		Their number.
 *
 * Return: One bit for each &enum damon_filter_type.
 */
unsigned long damon_filters_of_pages(const struct damon_filter *filters, unsigned int nr);

/**
 * damon_filters_judge() - What do the filters of regions say of some memory?
 * @filters:	The filters, of both levels.
 * @nr:		Their number.
 * @target:	The index of the target.
 * @part:	Addresses of it, whole pages.  Its end is lowered to where another verdict
 *		begins.
 *
 * Return: The verdict on @part as it is then.
 */
enum damon_verdict damon_filters_judge(const struct damon_filter *filters, unsigned int nr,
				       unsigned long target, struct damon_addr_range *part);

/**
 * damon_folio_is() - Has a folio an attribute that stays with it?
 * @folio:	The folio, as for damon_folio_passes().
 * @f:		The filter, of DAMON_FILTER_ANON or DAMON_FILTER_MEMCG.
 *
 * Return: Whether the folio is of the type of @f.
 */
bool damon_folio_is(struct folio *folio, const struct damon_filter *f);

/**
 * damon_folio_passes() - Do the filters of pages let a folio pass?
 * @work:	The work, which is no look.
 * @folio:	The folio, with a reference, or mapped under a page table lock.
 * @is_young:	Has the folio been accessed since it was asked last?  Called once at most,
 *		and only if a filter has to know.
 * @arg:	Passed to @is_young.
 *
 * Context: Any but interrupts; that of @is_young.
 * Return: Whether they do.  All pass where @work has no filter of pages.
 */
bool damon_folio_passes(const struct damon_work *work, struct folio *folio,
			bool (*is_young)(struct folio *folio, void *arg), void *arg);

#endif /* _MM_DAMON_FILTER_H */
