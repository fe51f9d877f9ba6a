// SPDX-License-Identifier: GPL-2.0
/*
 * Moving memory to other nodes, for schemes on processes and on physical memory.
 *
 * Folios are taken from the lists of reclaim while the primitives hold their locks, and
 * moved when they hold none.  A folio is moved whole, to the node that was chosen for it,
 * or stays where it is.
 *
 * Room first.  migrate_pages() asks for the new folio when it has the old one in hand, and
 * splits a huge page for which there is no room.  So the new folios are allocated before:
 * what there is no room for is never handed to it.
 *
 * The nodes are not filled up.  A zone of a node is left with as much free memory as kswapd
 * keeps there, and neither kswapd nor direct reclaim is asked for more: to move memory out of the
 * way of what is moved in is the matter of another scheme.  Mempolicies and cpusets are not
 * asked, as reclaim does not ask them when it demotes.
 */
#include <linux/damon.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "action.h"

/* === Which node === */

/* By weight; @work->nr_dests if all weights are 0. */
static unsigned int choose_dest(const struct damon_work *work, unsigned long index)
{
	unsigned int i, sum = 0;

	for (i = 0; i < work->nr_dests; i++)
		sum += work->dests[i].weight;
	if (!sum)
		return work->nr_dests;
	index %= sum;
	for (i = 0; index >= work->dests[i].weight; i++)
		index -= work->dests[i].weight;
	return i;
}

int damon_move_begin(struct damon_move *m, const struct damon_work *work)
{
	unsigned int i;

	m->work = work;
	m->folios = kmalloc_array(work->nr_dests, sizeof(*m->folios), GFP_KERNEL);
	if (!m->folios)
		return -ENOMEM;
	for (i = 0; i < work->nr_dests; i++)
		INIT_LIST_HEAD(&m->folios[i]);
	return 0;
}

void damon_move_add(struct damon_move *m, struct folio *folio, unsigned long index)
{
	unsigned int i = choose_dest(m->work, index);

	if (i == m->work->nr_dests || folio_nid(folio) == m->work->dests[i].nid)
		return;
	if (!folio_test_unevictable(folio))
		isolate_folio_to_list(folio, &m->folios[i]);
}

/* === Moving === */

/* Would the node have as much left as kswapd keeps free?  Not if it has gone offline. */
static bool has_room(int nid, unsigned long nr_pages)
{
	pg_data_t *pgdat = NODE_DATA(nid);
	int i;

	for (i = 0; i < pgdat->nr_zones; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (managed_zone(zone) &&
		    zone_watermark_ok(zone, 0, high_wmark_pages(zone) + nr_pages,
				      ZONE_MOVABLE, 0))
			return true;
	}
	return false;
}

/* Folios for as many of @folios as there is room for; the others go to @left. */
static void make_room(struct list_head *folios, int nid, struct list_head *room,
		      struct list_head *left)
{
	struct folio *folio, *next, *dst;

	list_for_each_entry_safe(folio, next, folios, lru) {
		cond_resched();
		dst = NULL;
		/* These flags ask for no reclaim of any kind, also for a small one. */
		if (has_room(nid, folio_nr_pages(folio)))
			dst = __folio_alloc_node(GFP_TRANSHUGE_LIGHT | __GFP_THISNODE,
						 folio_order(folio), nid);
		if (dst)
			list_add_tail(&dst->lru, room);
		else
			list_move_tail(&folio->lru, left);
	}
}

/* All have the size of one that is to be moved, so the first one is mostly right. */
static struct folio *take_room(struct folio *src, unsigned long private)
{
	struct list_head *room = (struct list_head *)private;
	struct folio *dst;

	list_for_each_entry(dst, room, lru) {
		if (folio_order(dst) == folio_order(src)) {
			list_del(&dst->lru);
			return dst;
		}
	}
	return NULL;
}

static void put_room(struct folio *dst, unsigned long private)
{
	list_add(&dst->lru, (struct list_head *)private);
}

/* Return how many bytes were moved. */
static unsigned long move_to(int nid, struct list_head *folios)
{
	struct folio *folio, *next;
	unsigned int nr_moved = 0;
	LIST_HEAD(room);
	LIST_HEAD(left);

	make_room(folios, nid, &room, &left);
	if (!list_empty(folios))
		migrate_pages(folios, take_room, put_room, (unsigned long)&room,
			      MIGRATE_ASYNC, MR_DAMON, &nr_moved);
	list_for_each_entry_safe(folio, next, &room, lru) {
		list_del(&folio->lru);
		folio_put(folio);
	}
	list_splice(&left, folios);
	putback_movable_pages(folios);
	return nr_moved * PAGE_SIZE;
}

unsigned long damon_move_end(struct damon_move *m)
{
	unsigned long sz = 0;
	unsigned int i;

	for (i = 0; i < m->work->nr_dests; i++)
		sz += move_to(m->work->dests[i].nid, &m->folios[i]);
	kfree(m->folios);
	return sz;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/action_migrate_kunit.c"
#endif
