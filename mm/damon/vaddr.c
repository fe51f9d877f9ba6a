// SPDX-License-Identifier: GPL-2.0
/*
 * The primitives for virtual address spaces of processes.
 *
 * Which memory.  An address space is almost all holes, and the mappings come
 * and go.  The regions cover the accessible mappings, and of the holes between
 * them the small ones, up to 1/16 of the mapped bytes; see ranges.c.  A reservation
 * that nobody may access (PROT_NONE) is a hole.
 *
 * Notes on locking
 *
 * - The address space is pinned once for a pass over its regions, not once for
 *   each region.
 *
 * - Regions are visited in address order, under the lock of the mapping that
 *   each sample is in: see cursor.c.  Inside are the locks of access.c.
 *
 * - No lock is waited for but page table locks and the spinlock of a task, so not
 *   mmap_lock: one process that is stuck would keep the worker from all others, and from
 *   its end.  A sample behind a lock that is in use is unknown, and dropped.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/damon.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "access.h"
#include "action.h"
#include "cursor.h"
#include "filter.h"
#include "hints.h"
#include "internal.h"
#include "primitives.h"
#include "ranges.h"
#include "tlb.h"

/* The state of the primitives for a context, while its worker runs. */
struct va_ctx {
	struct damon_flushes flushes;
	/* Which target was flushed last; the first one is 1. */
	unsigned int turn;
};

/* === Which memory === */

/*
 * A thread of the target that has memory, or NULL.  A process whose first
 * thread has exited is still there while another thread runs.
 */
static struct task_struct *user_thread(const struct damon_target *t)
{
	struct task_struct *task, *thread;

	lockdep_assert_in_rcu_read_lock();
	task = pid_task((struct pid *)t->id, PIDTYPE_PID);
	if (!task)
		return NULL;
	for_each_thread(task, thread) {
		/*
		 * A kernel thread may have borrowed what it has.  Its owner changes
		 * other flags meanwhile, but never this one.
		 */
		if (READ_ONCE(thread->mm) && !(data_race(thread->flags) & PF_KTHREAD))
			return thread;
	}
	return NULL;
}

/* The address space of a target, pinned, or NULL when it has gone. */
static struct mm_struct *get_mm(const struct damon_target *t)
{
	struct task_struct *thread;
	struct mm_struct *mm;

	guard(rcu)();
	do {
		thread = user_thread(t);
		mm = thread ? get_task_mm(thread) : NULL;
		/* It has given up its memory since; there may be others. */
	} while (thread && !mm);
	return mm;
}

/* The worker may be the last user; tearing down is not its work. */
static void put_mm(struct mm_struct *mm)
{
	mmput_async(mm);
}

static bool has_memory(const struct damon_target *t)
{
	guard(rcu)();
	return user_thread(t);
}

/* For how long a process that has ended is a target, if nobody waits for it. */
#define LINGER HZ

/*
 * Until somebody has waited for a process, it looks alive to scripts that ask now and then
 * whether it is.  They get results until they have seen its end, and not an error now and
 * then, by chance.
 */
static bool va_target_valid(struct damon_target *t)
{
	struct task_struct *task;

	guard(rcu)();
	if (user_thread(t)) {
		t->ended_at = 0;
		return true;
	}
	task = pid_task((struct pid *)t->id, PIDTYPE_PID);
	/* Its owner changes other flags meanwhile; this one is set once. */
	if (!task || !(data_race(task->flags) & PF_EXITING))
		return false;
	if (!t->ended_at)
		t->ended_at = jiffies ?: 1;
	return time_before(jiffies, t->ended_at + LINGER);
}

/*
 * Mappings are found without a lock where they are freed by RCU: there, this waits for
 * nobody and nobody for it.  Elsewhere mmap_lock is needed, and may be in use.
 */
static bool list_begin(struct mm_struct *mm)
{
#ifdef CONFIG_PER_VMA_LOCK
	rcu_read_lock();
	return true;
#else
	return mmap_read_trylock(mm);
#endif
}

static void list_end(struct mm_struct *mm)
{
#ifdef CONFIG_PER_VMA_LOCK
	rcu_read_unlock();
#else
	mmap_read_unlock(mm);
#endif
}

/*
 * Mappings are listed DAMON_TURN at a time.  Each is found anew from the end of the one
 * before: where the tree changes meanwhile, going on from its entry could miss a mapping
 * that has just become part of it, and its regions would be made anew.  So only one that
 * moves, or grows down, may be missed or seen twice, until the next update.
 */
static int list_mappings(struct mm_struct *mm, struct damon_ranges *rs)
{
	MA_STATE(mas, &mm->mm_mt, 0, 0);
	struct vm_area_struct *vma;
	unsigned int nr;

	do {
		if (!list_begin(mm))
			return -EAGAIN;
		for (nr = 0; nr < DAMON_TURN; nr++) {
			vma = mas_find(&mas, ULONG_MAX);
			if (!vma)
				break;
			/* Flags that change now are as good before as after. */
			if (data_race(vma_is_accessible(vma)))
				damon_ranges_add(rs, mas.index, mas.last + 1);
			mas_pause(&mas);
		}
		list_end(mm);
		cond_resched();
	} while (vma);
	return 0;
}

/* No more room than for all mappings, which max_nr_regions may be far above. */
static struct damon_ranges *room_for_mappings(struct damon_ctx *ctx, struct mm_struct *mm)
{
	unsigned int nr_mappings = max(READ_ONCE(mm->map_count), 1);

	return damon_ranges_new(min(damon_max_ranges(ctx), nr_mappings));
}

static int fit_to_mappings(struct damon_ctx *ctx, struct damon_target *t, struct mm_struct *mm)
{
	struct damon_ranges *rs __free(kvfree) = room_for_mappings(ctx, mm);
	int err;

	if (!rs)
		return -ENOMEM;
	err = list_mappings(mm, rs);
	if (err)
		return err;
	/* Then at most 1 sample of 17 is of a hole, if the budget allows that. */
	damon_ranges_finish(rs, rs->mapped / 16);
	return damon_target_fit(t, rs->ranges, rs->nr);
}

static int va_fit_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct mm_struct *mm = get_mm(t);
	int err;

	if (!mm) {
		/* Others may be there yet, so the worker goes on. */
		damon_target_clear(t);
		return 0;
	}
	err = fit_to_mappings(ctx, t, mm);
	put_mm(mm);
	return err;
}

/* Regions that a target has already are those that its user wants. */
static int fit_new_target(struct damon_ctx *ctx, struct damon_target *t)
{
	return t->nr_regions ? 0 : va_fit_target(ctx, t);
}

static void va_init(struct damon_ctx *ctx)
{
	struct va_ctx *vc = ctx->priv ?: kzalloc(sizeof(*vc), GFP_KERNEL);
	struct damon_target *t;

	/* Else there are no flushes. */
	if (vc && !ctx->priv)
		damon_flushes_init(&vc->flushes);
	ctx->priv = vc;
	damon_for_each_target(t, ctx)
		if (!t->priv)
			damon_hints_init(t);
	damon_fit_targets(ctx, fit_new_target);
}

static void va_update(struct damon_ctx *ctx)
{
	damon_fit_targets(ctx, va_fit_target);
}

/* === Checks === */

static __always_inline bool va_check_sample(struct damon_cursor *c, const struct damon_region *r)
{
	return r->sample.hit || (damon_cursor_at(c, r->sampling_addr) &&
		damon_page_young(&c->walk, r->sampling_addr, r->sample.marked));
}

/* A lock is in use, so this sample tells nothing; there will be another one. */
static void drop_sample(struct damon_walk *w, struct damon_region *r)
{
	damon_region_drop_sample(r);
	w->aside = DAMON_NOTHING;
}

/*
 * The news that was in the entry of a huge page belongs to all samples that wait
 * for it: those of the neighbours of @r that share the page.
 */
static void tell_neighbours(struct damon_walk *w, struct damon_target *t,
			    struct damon_region *r)
{
	struct damon_region *first = r, *n;

	list_for_each_entry_continue_reverse(first, &t->regions_list, list)
		if (first->ar.end <= w->shared_start)
			break;
	n = first;
	list_for_each_entry_continue(n, &t->regions_list, list) {
		if (n->ar.start >= w->shared_end)
			break;
		cond_resched();
		if (n != r && n->sample.pending &&
		    n->sampling_addr >= w->shared_start && n->sampling_addr < w->shared_end &&
		    (w->shared_young || n->sample.marked))
			n->sample.hit = true;
	}
	w->aside = DAMON_NOTHING;
}

/* Out of line, since hardly any visit has something aside. */
static noinline void heed_aside(struct damon_cursor *c, struct damon_target *t,
				struct damon_region *r)
{
	if (c->walk.aside == DAMON_UNKNOWN) {
		drop_sample(&c->walk, r);
		return;
	}
	/* A huge page may have many regions, and a writer may wait. */
	damon_cursor_unlock(c);
	tell_neighbours(&c->walk, t, r);
}

static __always_inline void va_prepare_sample(struct damon_ctx *ctx, struct damon_target *t,
					      struct damon_cursor *c, struct damon_region *r)
{
	damon_region_pick(ctx, r);
	r->sample.marked = damon_cursor_at(c, r->sampling_addr) &&
		damon_page_mkold(&c->walk, r->sampling_addr);
	r->sample.hit = false;
	r->sample.flushed = false;
	if (unlikely(c->walk.aside))
		heed_aside(c, t, r);
}

/*
 * For the regions that shall have a sample and have none: the others were prepared as they
 * were checked.
 */
static void prepare_target(struct damon_ctx *ctx, struct damon_target *t, bool flush)
{
	struct damon_cursor c = { .mm = flush ? get_mm(t) : NULL };
	struct damon_region *r;

	damon_for_each_region(r, t) {
		damon_cursor_count(&c);
		if (damon_is_stopping(ctx))
			break;
		if (r->sample.pending || damon_region_waits(r))
			continue;
		if (!c.mm)
			c.mm = get_mm(t);
		if (!c.mm)
			return;
		va_prepare_sample(ctx, t, &c, r);
	}
	if (!c.mm)
		return;
	damon_cursor_unlock(&c);
	if (flush) {
		damon_hints_begin(t, c.mm);
		damon_samples_flushed(t);
		flush_tlb_mm(c.mm);
	}
	put_mm(c.mm);
}

/* Targets take turns, but those without memory would waste theirs. */
static struct damon_target *next_to_flush(struct damon_ctx *ctx)
{
	struct va_ctx *vc = ctx->priv;
	struct damon_target *t, *first = NULL;
	unsigned int i = 0, nr_first = 0;

	if (!vc || !damon_may_flush(&vc->flushes))
		return NULL;
	damon_for_each_target(t, ctx) {
		i++;
		if ((first && i <= vc->turn) || !has_memory(t))
			continue;
		if (i > vc->turn) {
			vc->turn = i;
			return t;
		}
		first = t;
		nr_first = i;
	}
	vc->turn = nr_first;
	return first;
}

static void va_prepare(struct damon_ctx *ctx)
{
	struct damon_target *t, *flush = next_to_flush(ctx);

	damon_for_each_target(t, ctx)
		prepare_target(ctx, t, t == flush);
}

/* Without memory there are no accesses, but the counts so far count. */
static void end_samples(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_region *r;

	damon_for_each_region(r, t) {
		if (r->sample.pending)
			damon_region_record(ctx, r, r->sampling_addr, false);
		cond_resched();
	}
}

/*
 * One visit to each region: check the sample that was prepared in the visit
 * before, and prepare the next one.
 */
static void visit_regions(struct damon_ctx *ctx, struct damon_target *t,
			  struct mm_struct *mm)
{
	struct damon_cursor c = { .mm = mm };
	struct damon_region *r;
	bool accessed;

	damon_for_each_region(r, t) {
		damon_cursor_count(&c);
		if (damon_is_stopping(ctx))
			break;
		if (!r->sample.pending || damon_region_waits(r))
			continue;
		accessed = va_check_sample(&c, r);
		if (unlikely(c.walk.aside))
			drop_sample(&c.walk, r);
		else
			damon_tlb_record(ctx, r, accessed);
		if (!damon_region_pauses(r))
			va_prepare_sample(ctx, t, &c, r);
	}
	damon_cursor_unlock(&c);
}

static void check_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct mm_struct *mm = get_mm(t);

	if (!mm) {
		end_samples(ctx, t);
		return;
	}
	visit_regions(ctx, t, mm);
	damon_hints_end(ctx, t, mm);
	put_mm(mm);
}

static unsigned int va_check(struct damon_ctx *ctx)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		check_target(ctx, t);
	return ctx->max_nr_accesses;
}

/* === Schemes === */

static int va_act(struct damon_ctx *ctx, struct damon_target *t, struct damon_work *work)
{
	struct mm_struct *mm = get_mm(t);
	int err;

	if (!mm)
		return -ESRCH;
	err = damon_va_act(ctx, mm, work);
	put_mm(mm);
	return err;
}

static int va_is_present(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr)
{
	struct mm_struct *mm = get_mm(t);
	int present;

	if (!mm)
		return 0;
	present = damon_va_is_present(mm, addr);
	put_mm(mm);
	return present;
}

static void va_release_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct mm_struct *mm = get_mm(t);

	damon_hints_fini(t, mm);
	if (mm)
		put_mm(mm);
}

static void va_cleanup(struct damon_ctx *ctx)
{
	kfree(ctx->priv);
	ctx->priv = NULL;
}

/* === The rows of the table === */

static int va_get_id(unsigned long number, bool is_fd, unsigned long *id)
{
	unsigned int flags;
	struct pid *pid;
	int err = -ESRCH;

	if (number > INT_MAX)
		return is_fd ? -EBADF : -ESRCH;
	pid = is_fd ? pidfd_get_pid(number, &flags) : find_get_pid(number);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	/* It may be the number of a group or a session, without a process. */
	scoped_guard(rcu)
		if (pid && pid_task(pid, PIDTYPE_PID))
			err = 0;
	if (err) {
		pr_debug("no process %s%lu\n", is_fd ? "behind descriptor " : "", number);
		put_pid(pid);
		return err;
	}
	*id = (unsigned long)pid;
	return 0;
}

static void va_put_id(unsigned long id)
{
	put_pid((struct pid *)id);
}

/* The number of a process that is gone may be another's now. */
static unsigned long va_id_number(unsigned long id)
{
	struct pid *pid = (struct pid *)id;

	lockdep_assert_in_rcu_read_lock();
	return pid_task(pid, PIDTYPE_PID) ? pid_vnr(pid) : 0;
}

static int va_check_ranges(unsigned long id, const struct damon_addr_range *ranges,
			   unsigned int nr_ranges)
{
	return nr_ranges && ranges[nr_ranges - 1].end > TASK_SIZE_MAX ? -EINVAL : 0;
}

static void va_set(struct damon_ctx *ctx)
{
	ctx->init_target_regions = va_init;
	ctx->update_target_regions = va_update;
	ctx->prepare_access_checks = va_prepare;
	ctx->check_accesses = va_check;
	ctx->target_valid = va_target_valid;
	ctx->act = va_act;
	ctx->is_present = va_is_present;
	ctx->sz_on_node = NULL;
	ctx->actions = DAMON_VA_ACTIONS;
	ctx->filters = DAMON_PAGE_FILTERS;
	ctx->release_target = va_release_target;
	ctx->can_probe = false;
	ctx->takes_dests = true;
	ctx->cleanup = va_cleanup;
	ctx->addr_unit = 1;
}

/* The mappings are not followed. */
static void fva_set(struct damon_ctx *ctx)
{
	va_set(ctx);
	ctx->update_target_regions = NULL;
}

const struct damon_primitives damon_va_primitives = {
	.name = "vaddr",
	.is_default = true,
	.takes_fds = true,
	.addr_unit = 1,
	.get_id = va_get_id,
	.put_id = va_put_id,
	.id_number = va_id_number,
	.check_ranges = va_check_ranges,
	.set = va_set,
};

const struct damon_primitives damon_fva_primitives = {
	.name = "fvaddr",
	.takes_fds = true,
	.has_fixed_ranges = true,
	.addr_unit = 1,
	.get_id = va_get_id,
	.put_id = va_put_id,
	.id_number = va_id_number,
	.check_ranges = va_check_ranges,
	.set = fva_set,
};

int damon_va_set_primitives(struct damon_ctx *ctx)
{
	va_set(ctx);
	return 0;
}
EXPORT_SYMBOL_GPL(damon_va_set_primitives);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/vaddr_kunit.c"
#endif
