/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Going up the addresses of an address space, with the mapping of the address locked;
 * cursor.c tells for how long.
 */
#ifndef _MM_DAMON_CURSOR_H
#define _MM_DAMON_CURSOR_H

#include <linux/mm.h>

#include "access.h"

/* Regions visited, or mappings listed, in one turn of a lock. */
#define DAMON_TURN 64

/* How often a turn asks whether it is over, in regions. */
#define DAMON_TICK 8

/**
 * struct damon_cursor - Where a pass over an address space is.
 * @mm:		The address space, pinned by the user.
 * @walk:	The mapping that is locked now, if any, and the way down.
 * @hole_start:	First address of the hole that was found last.
 * @hole_last:	Last address of it.  A mapping may have been made there since.
 *
 * With all but @mm zero, nothing is locked.  To be given back by
 * damon_cursor_unlock().
 */
struct damon_cursor {
	struct mm_struct *mm;
	struct damon_walk walk;
	unsigned long hole_start;
	unsigned long hole_last;

	/* private: */
	bool mmap_locked;
	unsigned int nr;		/* regions in this turn */
	u64 since;			/* time of the DAMON_TICKth */
	u64 began;			/* its time, if it is traced */
};

/**
 * damon_cursor_unlock() - Give back the lock, if one is held.
 * @c:		The cursor.
 */
void damon_cursor_unlock(struct damon_cursor *c);

/* Lock the mapping of @addr in place of the one before, see damon_cursor_at(). */
bool damon_cursor_lock(struct damon_cursor *c, unsigned long addr);

/* If the turn is over, give back the lock; if no lock is held, let others run. */
void damon_cursor_tick(struct damon_cursor *c);

/**
 * damon_cursor_count() - Count a region, before it is visited or passed over.
 * @c:		The cursor.
 *
 * To be called for each region, so that a turn has an end.
 *
 * Context: May sleep.
 */
static __always_inline void damon_cursor_count(struct damon_cursor *c)
{
	if (unlikely(++c->nr % DAMON_TICK == 0))
		damon_cursor_tick(c);
}

/**
 * damon_cursor_at() - Go to an address.
 * @c:		The cursor.
 * @addr:	The address.
 *
 * Sets @c->walk.aside to DAMON_UNKNOWN where nobody knows, since locks are in use.
 *
 * Context: May sleep, but waits for no lock.
 * Return: Whether there is a mapping that could be locked.  It is locked until the next
 *	call of one of these functions.
 */
static __always_inline bool damon_cursor_at(struct damon_cursor *c, unsigned long addr)
{
	const struct vm_area_struct *vma = c->walk.vma;

	/* Where the walk knows the way, it is the same mapping. */
	if (likely(addr - c->walk.start < c->walk.size) ||
	    (vma && addr >= vma->vm_start && addr < vma->vm_end))
		return true;
	return damon_cursor_lock(c, addr);
}

#endif /* _MM_DAMON_CURSOR_H */
