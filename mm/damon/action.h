/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What schemes do to memory: for the primitives.
 */
#ifndef _MM_DAMON_ACTION_H
#define _MM_DAMON_ACTION_H

#include <linux/bits.h>
#include <linux/damon.h>
#include <linux/kconfig.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/swap.h>

#include "../internal.h"

/** DAMON_MOVE_ACTIONS - What moves memory to another node. */
#define DAMON_MOVE_ACTIONS							\
	(IS_ENABLED(CONFIG_MIGRATION) && IS_ENABLED(CONFIG_NUMA) ?		\
	 BIT(DAMON_MIGRATE_HOT) | BIT(DAMON_MIGRATE_COLD) : 0)

/** DAMON_VA_ACTIONS - What can be done with the memory of processes. */
#define DAMON_VA_ACTIONS							\
	(BIT(DAMON_COLD) | BIT(DAMON_PAGEOUT) | BIT(DAMON_STAT) | DAMON_MOVE_ACTIONS |	\
	 (IS_ENABLED(CONFIG_ADVISE_SYSCALLS) ? BIT(DAMON_WILLNEED) : 0) |	\
	 (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ?				\
	  BIT(DAMON_HUGEPAGE) | BIT(DAMON_NOHUGEPAGE) : 0) |			\
	 (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) &&				\
	  IS_ENABLED(CONFIG_ADVISE_SYSCALLS) ? BIT(DAMON_COLLAPSE) : 0))

/** DAMON_PA_ACTIONS - What can be done with physical memory. */
#define DAMON_PA_ACTIONS							\
	(BIT(DAMON_PAGEOUT) | BIT(DAMON_STAT) | BIT(DAMON_LRU_PRIO) | BIT(DAMON_LRU_DEPRIO) |	\
	 DAMON_MOVE_ACTIONS)

/**
 * damon_forget_use() - A folio has no use that speaks for it any more.
 * @folio:	The folio.
 */
static inline void damon_forget_use(struct folio *folio)
{
	folio_clear_referenced(folio);
	/* If it comes back, it was part of the working set: that is what PSI counts. */
	if (folio_test_active(folio))
		folio_set_workingset(folio);
}

/**
 * damon_isolate() - Take a folio from the lists of reclaim, to have it reclaimed.
 * @folio:	The folio, with a reference.
 * @folios:	For reclaim_pages().
 *
 * Return: Whether it is in @folios now.  Not if it can not be reclaimed.
 */
static inline bool damon_isolate(struct folio *folio, struct list_head *folios)
{
	damon_forget_use(folio);
	/* Without swap, it would be made active again for nothing. */
	if (folio_test_anon(folio) && !folio_test_swapcache(folio) && get_nr_swap_pages() <= 0)
		return false;
	if (!folio_isolate_lru(folio))
		return false;
	if (folio_test_unevictable(folio)) {
		folio_putback_lru(folio);
		return false;
	}
	list_add(&folio->lru, folios);
	return true;
}

/**
 * damon_moves() - Does an action move memory to another node?
 * @action:	The action.
 *
 * Return: Whether it does.  In a kernel that moves no memory, the compiler knows that none
 *	does, and leaves out the calls of the functions below.
 */
static inline bool damon_moves(enum damon_action action)
{
	return DAMON_MOVE_ACTIONS & BIT(action);
}

/**
 * struct damon_move - Folios that are to be moved to other nodes.
 * @work:	The piece of work, which has the nodes.
 * @folios:	Isolated folios, a list for each of the nodes.
 */
struct damon_move {
	const struct damon_work *work;
	struct list_head *folios;
};

/**
 * damon_move_begin() - Nothing is to be moved yet.
 * @m:		The folios.
 * @work:	A piece of work of one of DAMON_MOVE_ACTIONS.
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM; after 0, damon_move_end() has to be called.
 */
int damon_move_begin(struct damon_move *m, const struct damon_work *work);

/**
 * damon_move_add() - A folio is to be moved, unless it is on its node.
 * @m:		The folios.
 * @folio:	The folio, with a reference, or mapped under the lock of its page table.
 * @index:	Its place, counted in folios of its size: neighbours are spread over the
 *		nodes by their weights.
 *
 * Locked memory stays where it is, and a folio that is not on the lists of reclaim.
 *
 * Context: Any but interrupts.
 */
void damon_move_add(struct damon_move *m, struct folio *folio, unsigned long index);

/**
 * damon_move_end() - Move all that was added, and can be moved.
 * @m:		The folios.
 *
 * Context: On the worker; may sleep.  Waits for locks of the reverse mapping, and for no
 *	folio.
 * Return: How many bytes were moved.
 */
unsigned long damon_move_end(struct damon_move *m);

/**
 * damon_va_act() - Do a piece of work of a scheme in an address space.
 * @ctx:	The context.
 * @mm:		The address space, pinned.
 * @work:	The work.
 *
 * Memory of hugetlb or of devices is left alone.  So are, but by DAMON_STAT, memory that is
 * locked, and pages that others map as well.
 *
 * Context: On the worker; may sleep.  Takes mmap_lock if it is free.
 * Return: 0, -EAGAIN when it was not, or -ENOMEM.
 */
int damon_va_act(struct damon_ctx *ctx, struct mm_struct *mm, struct damon_work *work);

/**
 * damon_va_is_present() - Is there a page at an address?
 * @mm:		The address space, pinned.
 * @addr:	The address.
 *
 * Context: As damon_va_act().
 * Return: 1 if there is, 0 if not, -EAGAIN when the lock is not free.
 */
int damon_va_is_present(struct mm_struct *mm, unsigned long addr);

/**
 * enum damon_who - Who may access a page?
 * @DAMON_SOMEBODY:	Somebody who can be asked.
 * @DAMON_NOBODY:	It is free.
 * @DAMON_WHO_KNOWS:	It is of the kernel, or of a device, or in migration.
 */
enum damon_who {
	DAMON_SOMEBODY,
	DAMON_NOBODY,
	DAMON_WHO_KNOWS,
};

/**
 * damon_pa_get_folio() - Get the folio of a page, and keep it.
 * @pfn:	The page.
 * @folio:	Where to write it, for DAMON_SOMEBODY; to be given back by folio_put().
 *
 * Context: Any but interrupts.
 * Return: Who may access the page.
 */
enum damon_who damon_pa_get_folio(unsigned long pfn, struct folio **folio);

/**
 * damon_pa_look() - Arrange that the next access to a folio can be seen.
 * @folio:	The folio, which reclaim knows, with a reference.
 *
 * Reclaim is told of accesses before.  A sample that waits for an access to the folio does
 * not learn of those; this is one of hundreds.
 *
 * Context: On the worker; may sleep.
 */
void damon_pa_look(struct folio *folio);

/**
 * damon_pa_was_accessed() - Was a folio accessed since damon_pa_look()?
 * @folio:	The folio, likewise.
 *
 * Context: On the worker; may sleep.
 * Return: Whether it was, or may have been: locks were in use, or it is mapped too often
 *	to ask all.
 */
bool damon_pa_was_accessed(struct folio *folio);

/**
 * damon_pa_act() - Do a piece of work of a scheme with physical memory.
 * @ctx:	The context.
 * @nid:	Only memory of this node, or of all if it is NUMA_NO_NODE.
 * @work:	The work; addresses as those of regions.
 *
 * Context: On the worker; may sleep.
 * Return: 0 or -ENOMEM.
 */
int damon_pa_act(struct damon_ctx *ctx, int nid, struct damon_work *work);

#endif /* _MM_DAMON_ACTION_H */
