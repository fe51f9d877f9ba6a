// SPDX-License-Identifier: GPL-2.0
/*
 * Going up the addresses of an address space, one mapping locked at a time.
 *
 * A mapping is kept from changing by its own lock.  Where the kernel has no such
 * lock, or a writer holds it, mmap_lock is taken for reading, if it is free: who holds
 * it may wait for a file system in user space, and the worker has other targets.  A
 * sample that would have to wait for it is unknown.
 *
 * Neighbouring regions are mostly in one mapping, and share a turn of the lock.  But a
 * turn has an end, which is how long a writer may have to wait: after TURN_NS, after
 * DAMON_TURN regions, or when another task wants the processor.  These three questions
 * cost a third of a visit, so they are asked every DAMON_TICK regions, and a turn may be
 * longer by DAMON_TICK regions at its beginning, and by as many at its end.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include <trace/events/damon.h>

#include "cursor.h"

#define TURN_NS (30 * NSEC_PER_USEC)

/* damon_cursor_tick() takes the time when a turn begins to be asked. */
static_assert(DAMON_TICK < DAMON_TURN);
static_assert(DAMON_TURN % DAMON_TICK == 0);

/* The time when a turn begins, or 0 if nobody wants to know. */
static u64 begin_turn(void)
{
	return trace_damon_lock_turn_enabled() ? local_clock() : 0;
}

/* Between the clocks of two processors, some time may have been negative. */
static u64 time_since(u64 then)
{
	u64 now = local_clock();

	return now > then ? now - then : 0;
}

static void trace_turn(const struct damon_cursor *c)
{
	if (trace_damon_lock_turn_enabled() && c->began)
		trace_damon_lock_turn(c->mmap_locked, c->nr, time_since(c->began));
}

void damon_cursor_unlock(struct damon_cursor *c)
{
	if (c->mmap_locked)
		mmap_read_unlock(c->mm);
	else if (c->walk.vma)
		vma_end_read(c->walk.vma);
	else
		return;
	trace_turn(c);
	c->mmap_locked = false;
	c->walk.vma = NULL;
	c->walk.size = 0;
}

void damon_cursor_tick(struct damon_cursor *c)
{
	if (!c->walk.vma) {
		cond_resched();
		return;
	}
	if (c->nr == DAMON_TICK)
		c->since = local_clock();
	if (c->nr >= DAMON_TURN || time_since(c->since) > TURN_NS || need_resched())
		damon_cursor_unlock(c);
}

/* Look without a lock, and remember the hole. */
static bool is_mapped(struct damon_cursor *c, unsigned long addr)
{
	MA_STATE(mas, &c->mm->mm_mt, addr, addr);

	guard(rcu)();
	if (mas_walk(&mas))
		return true;
	c->hole_start = mas.index;
	c->hole_last = mas.last;
	return false;
}

bool damon_cursor_lock(struct damon_cursor *c, unsigned long addr)
{
	damon_cursor_unlock(c);
	cond_resched();
	if (addr >= c->hole_start && addr < c->hole_last)
		return false;
	c->nr = 1;

	c->walk.vma = lock_vma_under_rcu(c->mm, addr);
	if (c->walk.vma) {
		c->began = begin_turn();
		return true;
	}
	/* Without a look first, every sample in a hole would take mmap_lock. */
	if (!is_mapped(c, addr))
		return false;
	if (!mmap_read_trylock(c->mm)) {
		c->walk.aside = DAMON_UNKNOWN;
		return false;
	}
	c->walk.vma = vma_lookup(c->mm, addr);
	if (!c->walk.vma) {
		mmap_read_unlock(c->mm);
		return false;
	}
	c->began = begin_turn();
	c->mmap_locked = true;
	return true;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/cursor_kunit.c"
#endif
