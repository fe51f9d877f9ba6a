// SPDX-License-Identifier: GPL-2.0
/*
 * What schemes do to physical memory: folio by folio, of those that reclaim knows.
 *
 * Has it been accessed since the scheme looked at it?  paddr.c tells, also where a filter
 * wants to know.  Folios that are not in a piece of work with all their pages are left alone;
 * where memory is only counted, each page is.
 *
 * Notes on locking.  A reference keeps the folio.
 */
#include <linux/damon.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/swap.h>

#include "action.h"
#include "filter.h"
#include "internal.h"

/* For a filter.  The next one who asks is told of accesses since this one. */
static bool is_young(struct folio *folio, void *unused)
{
	bool young = damon_pa_was_accessed(folio);

	if (young)
		damon_pa_look(folio);
	return young;
}

/* @sz bytes of the folio are in the piece. */
static void act_on_folio(struct damon_work *work, struct folio *folio, unsigned long sz,
			 struct list_head *list, struct damon_move *move)
{
	if (work->look) {
		damon_pa_look(folio);
		return;
	}
	if (!damon_folio_passes(work, folio, is_young, NULL))
		return;
	work->sz_passed += sz;
	if (work->action == DAMON_STAT || (work->spare && damon_pa_was_accessed(folio)))
		return;
	if (work->action == DAMON_PAGEOUT) {
		if (damon_isolate(folio, list))
			work->sz_given_up += sz;
		return;
	}
	if (damon_moves(work->action)) {
		/* To the only node: its place would be another one afterwards. */
		damon_move_add(move, folio, 0);
		return;
	}
	if (work->action == DAMON_LRU_PRIO) {
		folio_activate(folio);
	} else {
		damon_forget_use(folio);
		folio_deactivate(folio);
	}
	work->sz_applied += sz;
}

int damon_pa_act(struct damon_ctx *ctx, int nid, struct damon_work *work)
{
	unsigned long pfn = (u64)work->range.start * ctx->addr_unit >> PAGE_SHIFT;
	unsigned long end = (u64)work->range.end * ctx->addr_unit >> PAGE_SHIFT;
	bool moves = damon_moves(work->action) && !work->look;
	struct damon_move move;
	LIST_HEAD(folios);

	if (moves && damon_move_begin(&move, work))
		return -ENOMEM;
	while (pfn < end) {
		unsigned long start = pfn++;
		struct folio *folio;
		bool is_whole;

		cond_resched();
		if (damon_pa_get_folio(start, &folio) != DAMON_SOMEBODY)
			continue;
		pfn = folio_pfn(folio) + folio_nr_pages(folio);
		/* Beside the piece it may be in use. */
		is_whole = folio_pfn(folio) == start && pfn <= end;
		if (folio_test_lru(folio) && (nid == NUMA_NO_NODE || nid == folio_nid(folio)) &&
		    (is_whole || work->action == DAMON_STAT))
			act_on_folio(work, folio, (min(pfn, end) - start) * PAGE_SIZE, &folios,
				     &move);
		folio_put(folio);
	}
	/* Addresses of regions: what is counted is bytes, as in all statistics. */
	work->sz_applied += moves ? damon_move_end(&move) : reclaim_pages(&folios) * PAGE_SIZE;
	return 0;
}
