// SPDX-License-Identifier: GPL-2.0
/*
 * The primitives for virtual address spaces of processes.
 *
 * Which memory.  An address space is almost all holes, and the mappings come
 * and go.  The regions cover the accessible mappings and leave out as many of
 * the largest holes as the number of ranges allows; a small hole within a range
 * costs only its share of the samples.  A reservation that nobody may access
 * (PROT_NONE) is a hole.  See holes_add().
 *
 * Notes on locking
 *
 * - The address space is pinned once for a pass over its regions, not once for
 *   each region.
 *
 * - Regions are visited in address order, under the lock of the mapping that
 *   each sample is in: see cursor.c.  Inside are the locks of access.c.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/damon.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <asm/tlbflush.h>

#include "access.h"
#include "cursor.h"
#include "internal.h"
#include "search.h"

/*
 * Most ranges of one target.  Each costs a region at least, so at most a
 * quarter of max_nr_regions is spent on them; see max_ranges().
 */
#define MAX_RANGES 64

/* === Which memory === */

/*
 * A thread of the target that has memory, or NULL.  A process whose first
 * thread has exited is still there while another thread runs.
 */
static struct task_struct *user_thread(const struct damon_target *t)
{
	struct task_struct *task, *thread;

	task = pid_task((struct pid *)t->id, PIDTYPE_PID);
	if (!task)
		return NULL;
	for_each_thread(task, thread) {
		/* A kernel thread may have borrowed what it has. */
		if (READ_ONCE(thread->mm) && !(thread->flags & PF_KTHREAD))
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

static bool va_target_valid(struct damon_target *t)
{
	guard(rcu)();
	return user_thread(t);
}

/*
 * The extent of the mappings seen so far, and the largest holes in it.  There is
 * room for one more, for what is between the holes.
 */
struct holes {
	unsigned long start, end;
	unsigned int nr, max_nr;
	struct damon_addr_range hole[MAX_RANGES];
};

static unsigned long range_size(const struct damon_addr_range *range)
{
	return range->end - range->start;
}

/*
 * The next mapping is [@start, @end).  Of holes of one size the first ones are
 * kept, so that the same mappings give the same ranges.
 */
static void holes_add(struct holes *h, unsigned long start, unsigned long end)
{
	struct damon_addr_range hole = { h->end, start }, *smallest = h->hole;
	unsigned int i;

	if (!h->end) {
		h->start = start;
		hole.end = 0;
	}
	h->end = max(h->end, end);
	if (hole.start >= hole.end || !h->max_nr)
		return;
	if (h->nr < h->max_nr) {
		h->hole[h->nr++] = hole;
		return;
	}
	for (i = 1; i < h->nr; i++)
		if (range_size(&h->hole[i]) <= range_size(smallest))
			smallest = &h->hole[i];
	if (range_size(smallest) < range_size(&hole))
		*smallest = hole;
}

static int cmp_range(const void *a, const void *b)
{
	const struct damon_addr_range *l = a, *r = b;

	return l->start < r->start ? -1 : 1;
}

/* Put what is between the holes in their place.  Return the number of ranges. */
static unsigned int holes_to_ranges(struct holes *h)
{
	unsigned long pos = h->start;
	unsigned int i;

	if (!h->end)
		return 0;
	sort(h->hole, h->nr, sizeof(h->hole[0]), cmp_range, NULL);
	for (i = 0; i < h->nr; i++) {
		struct damon_addr_range hole = h->hole[i];

		h->hole[i].start = pos;
		h->hole[i].end = hole.start;
		pos = hole.end;
	}
	h->hole[i].start = pos;
	h->hole[i].end = h->end;
	return h->nr + 1;
}

static unsigned int max_ranges(struct damon_ctx *ctx)
{
	return clamp(ctx->max_nr_regions / 4 / list_count_nodes(&ctx->targets_list),
		     1, MAX_RANGES);
}

/*
 * Mappings are listed DAMON_TURN at a time.  One that moves in between may be missed
 * or seen twice, until the next update.
 */
static void find_holes(struct mm_struct *mm, struct holes *h)
{
	struct vm_area_struct *vma;
	unsigned long pos = 0;
	unsigned int nr;
	u64 since;

	do {
		VMA_ITERATOR(vmi, mm, pos);

		nr = 0;
		mmap_read_lock(mm);
		since = damon_turn_begins();
		for_each_vma(vmi, vma) {
			if (vma_is_accessible(vma))
				holes_add(h, vma->vm_start, vma->vm_end);
			pos = vma->vm_end;
			if (++nr == DAMON_TURN)
				break;
		}
		mmap_read_unlock(mm);
		damon_turn_ends(since, true, nr);
		cond_resched();
	} while (vma);
}

static int fit_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct holes *h __free(kfree) = kzalloc(sizeof(*h), GFP_KERNEL);
	struct mm_struct *mm;

	if (!h)
		return -ENOMEM;
	mm = get_mm(t);
	if (!mm) {
		/* Others may be there yet, so the worker goes on. */
		damon_target_clear(t);
		return 0;
	}
	h->max_nr = max_ranges(ctx) - 1;
	find_holes(mm, h);
	put_mm(mm);
	return damon_target_fit(t, h->hole, holes_to_ranges(h));
}

/* A target that can not be fitted keeps its regions until the next update. */
static void fit_or_say(struct damon_ctx *ctx, struct damon_target *t)
{
	int err = fit_target(ctx, t);

	if (err)
		pr_debug("regions of process %d not updated: %d\n",
			 pid_nr((struct pid *)t->id), err);
}

static void va_init(struct damon_ctx *ctx)
{
	struct damon_target *t;

	ctx->flush_at = jiffies;
	ctx->flush_turn = 0;
	damon_for_each_target(t, ctx) {
		damon_search_init(t);
		if (!t->nr_regions)
			fit_or_say(ctx, t);
	}
}

static void va_update(struct damon_ctx *ctx)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		fit_or_say(ctx, t);
}

/* === Stale TLBs === */

/*
 * The problem.  The processor sets the Accessed bit when it loads an entry into
 * its TLB.  As long as the translation stays there, the bit that was cleared
 * stays clear, and the most used memory looks idle: 2000 entries of a TLB hold
 * 8 MiB of small pages, and 4 GiB of huge ones.
 *
 * Flushing for each sample costs the program almost half its speed.  But one
 * flush of the whole address space makes all samples that wait right at once:
 * what is used afterwards is loaded again, and the bit set.  So some sampling
 * intervals, 20 a second, begin with a flush.  For the program that is as much
 * as 20 switches to another program.
 *
 * The model.  Of each region it is known how many of the samples that began with
 * a flush found an access, and how many of the others.  If the TLB hides
 * nothing, the shares agree.  If more of the flushed ones did than chance
 * explains, the others tell nothing: those that found no access may be wrong,
 * and to take only those that did would be as wrong in the other direction.  So
 * neither is recorded until the shares agree again.  With k hits of n flushed
 * samples and l of m others, and N = n + m, K = k + l, they differ if
 *
 *	(k m - l n)^2 N > 20 n m K (N - K),		k >= 3
 *
 * which is the chi-squared test; they agree again below 10.  Chance alone gets
 * above 20 in 1 of 130,000 tests, and there are 20 tests a second of each region.
 * Example: all of the first 3 flushed samples, and none of 27 others: 30.  Two
 * flushed samples fall into an aggregation of 100 ms.
 *
 * If the guess is wrong, the region has a tenth of its samples for a while, and
 * its rate stays right.
 */
#define MAX_FLUSHES 1000

/* The counts of a region are halved when they get there. */
#define MAX_FLUSHED 16

static unsigned int tlb_flushes = 20;

static int set_tlb_flushes(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, MAX_FLUSHES);
}

static const struct kernel_param_ops tlb_flushes_ops = {
	.set = set_tlb_flushes,
	.get = param_get_uint,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon."
module_param_cb(tlb_flushes, &tlb_flushes_ops, &tlb_flushes, 0600);
MODULE_PARM_DESC(tlb_flushes, "Most TLB flushes a second of one monitor; 0 for none");

/* There is no saving up: a flush that was not made is lost. */
static bool may_flush(struct damon_ctx *ctx)
{
	unsigned int nr = READ_ONCE(tlb_flushes);

	if (!nr) {
		ctx->flush_at = jiffies;
		return false;
	}
	if (time_before(jiffies, ctx->flush_at))
		return false;
	ctx->flush_at = jiffies + DIV_ROUND_UP(HZ, nr);
	return true;
}

static void flush_for_samples(struct damon_target *t, struct mm_struct *mm)
{
	struct damon_region *r;

	damon_for_each_region(r, t)
		r->sampling_flushed = r->sampling_pending;
	flush_tlb_mm(mm);
}

static bool tlb_hides(struct damon_tlb_stats s, unsigned int limit)
{
	unsigned int all = s.flushed + s.others, hits = s.flushed_hits + s.other_hits;
	int diff = s.flushed_hits * s.others - s.other_hits * s.flushed;

	return s.flushed_hits >= 3 && diff > 0 &&
		(u64)diff * diff * all >
		(u64)limit * s.flushed * s.others * hits * (all - hits);
}

static noinline void record_flushed(struct damon_region *r, bool accessed)
{
	bool hid = r->tlb_hides;

	r->tlb.flushed_hits += accessed;
	r->tlb.flushed++;
	r->tlb_hides = tlb_hides(r->tlb, hid ? 10 : 20);
	/* Nor this one: what makes a test succeed is never a fair sample. */
	if (r->tlb_hides && !hid)
		damon_region_restart(r);
	else
		damon_region_record(r, accessed);
	if (r->tlb.flushed == MAX_FLUSHED) {
		r->tlb.flushed_hits /= 2;
		r->tlb.flushed /= 2;
	}
}

static __always_inline void record(struct damon_region *r, bool accessed)
{
	if (unlikely(r->sampling_flushed)) {
		record_flushed(r, accessed);
		return;
	}
	r->tlb.other_hits += accessed;
	if (unlikely(++r->tlb.others == U8_MAX)) {
		r->tlb.other_hits /= 2;
		r->tlb.others /= 2;
	}
	if (likely(!r->tlb_hides))
		damon_region_record(r, accessed);
	else if (unlikely(!READ_ONCE(tlb_flushes)))
		r->tlb_hides = false;
}

/* === Checks === */

static __always_inline bool check(struct damon_cursor *c, const struct damon_region *r)
{
	return r->sampling_hit || (damon_cursor_at(c, r->sampling_addr) &&
		damon_page_young(&c->walk, r->sampling_addr, r->sampling_marked));
}

/*
 * The news that was in the entry of a huge page belongs to all samples that wait
 * for it: those of the neighbours of @r that share the page.
 */
static noinline void tell_neighbours(struct damon_walk *w, struct damon_target *t,
				     struct damon_region *r)
{
	struct damon_region *first = r, *n;

	list_for_each_entry_continue_reverse(first, &t->regions_list, list)
		if (first->ar.end <= w->told_start)
			break;
	n = first;
	list_for_each_entry_continue(n, &t->regions_list, list) {
		if (n->ar.start >= w->told_end)
			break;
		if (n != r && n->sampling_pending &&
		    n->sampling_addr >= w->told_start && n->sampling_addr < w->told_end &&
		    (w->told_young || n->sampling_marked))
			n->sampling_hit = true;
	}
	w->told = false;
}

static __always_inline void prepare(struct damon_ctx *ctx, struct damon_target *t,
				    struct damon_cursor *c, struct damon_region *r)
{
	damon_region_pick(ctx, r);
	r->sampling_marked = damon_cursor_at(c, r->sampling_addr) &&
		damon_page_mkold(&c->walk, r->sampling_addr);
	r->sampling_hit = false;
	r->sampling_flushed = false;
	if (unlikely(c->walk.told)) {
		/* A huge page may have many regions, and a writer may wait. */
		damon_cursor_unlock(c);
		tell_neighbours(&c->walk, t, r);
	}
}

/* For the regions that have no sample: the others were prepared as they were checked. */
static void prepare_target(struct damon_ctx *ctx, struct damon_target *t, bool flush)
{
	struct damon_cursor c = { .mm = flush ? get_mm(t) : NULL };
	struct damon_region *r;

	damon_for_each_region(r, t) {
		if (r->sampling_pending)
			continue;
		if (!c.mm)
			c.mm = get_mm(t);
		if (!c.mm)
			return;
		damon_cursor_count(&c);
		prepare(ctx, t, &c, r);
	}
	if (!c.mm)
		return;
	damon_cursor_unlock(&c);
	if (flush) {
		damon_search_begin(t, c.mm);
		flush_for_samples(t, c.mm);
	}
	put_mm(c.mm);
}

static void va_prepare(struct damon_ctx *ctx)
{
	bool flush = may_flush(ctx);
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		prepare_target(ctx, t, flush && nr++ == ctx->flush_turn);
	if (flush)
		ctx->flush_turn = ctx->flush_turn + 1 < nr ? ctx->flush_turn + 1 : 0;
}

/* Without memory there are no accesses, but the counts so far count. */
static unsigned int end_samples(struct damon_target *t)
{
	unsigned int max_nr_accesses = 0;
	struct damon_region *r;

	damon_for_each_region(r, t) {
		if (r->sampling_pending)
			damon_region_record(r, false);
		max_nr_accesses = max(max_nr_accesses, r->nr_accesses);
	}
	return max_nr_accesses;
}

/*
 * One visit to each region: check the sample that was prepared in the visit
 * before, and prepare the next one.
 */
static unsigned int visit_regions(struct damon_ctx *ctx, struct damon_target *t,
				  struct mm_struct *mm)
{
	struct damon_cursor c = { .mm = mm };
	unsigned int max_nr_accesses = 0;
	struct damon_region *r;

	damon_for_each_region(r, t) {
		if (r->sampling_pending) {
			damon_cursor_count(&c);
			record(r, check(&c, r));
			prepare(ctx, t, &c, r);
		}
		max_nr_accesses = max(max_nr_accesses, r->nr_accesses);
	}
	damon_cursor_unlock(&c);
	return max_nr_accesses;
}

static unsigned int check_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct mm_struct *mm = get_mm(t);
	unsigned int max_nr_accesses;

	if (!mm)
		return end_samples(t);
	max_nr_accesses = visit_regions(ctx, t, mm);
	damon_search_end(ctx, t, mm);
	put_mm(mm);
	return max_nr_accesses;
}

static unsigned int va_check(struct damon_ctx *ctx)
{
	unsigned int max_nr_accesses = 0;
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		max_nr_accesses = max(max_nr_accesses, check_target(ctx, t));
	return max_nr_accesses;
}

/* Nothing stays as the monitor has left it: see search.c. */
static void va_cleanup(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct mm_struct *mm;

	damon_for_each_target(t, ctx) {
		mm = get_mm(t);
		if (mm) {
			damon_search_end(ctx, t, mm);
			put_mm(mm);
		}
		damon_search_fini(t);
	}
}

void damon_va_set_primitives(struct damon_ctx *ctx)
{
	ctx->init_target_regions = va_init;
	ctx->update_target_regions = va_update;
	ctx->prepare_access_checks = va_prepare;
	ctx->check_accesses = va_check;
	ctx->target_valid = va_target_valid;
	ctx->cleanup = va_cleanup;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/vaddr_kunit.c"
#endif
