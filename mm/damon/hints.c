// SPDX-License-Identifier: GPL-2.0
/*
 * Where to look in a large address space: the Accessed bits of tables.
 *
 * The problem.  Where a few MiB of hundreds of GiB are hot, samples of random
 * pages take long to hit them.
 *
 * On its way to a page, the processor also sets the Accessed bits of the entries that
 * point to tables: one bit of a PMD tells of 2 MiB, one of a PUD of 1 GiB.  A table that
 * was used says that pages below it were accessed, not how many and how often, so its
 * bit is never counted as a sample.  It is a hint where to look: where some tables of a
 * region were used, and most were not, the used part becomes a region of its own, and
 * samples tell what it is.
 *
 * These bits are right in a sampling interval that begins with a flush of the TLB, which
 * also empties the caches that the processor has for tables.  Before the flush the bits
 * are cleared, and when the interval is over they are read: of PUDs, and of some PMDs
 * below the PUDs that were used in the interval before, 4 PMDs for each region, but 64
 * at least.  The next PMDs follow in the next interval with a flush; after an interval
 * without a hint, PAUSE of these intervals pass without a look.  So the cost depends on
 * the number of regions, not on the size of the memory.
 *
 * Where more than an eighth of the samples found an access, no hint is taken.
 *
 * Reclaim.  The multi-gen LRU reads the bits of PMDs for the same purpose: it does not
 * look at the PTEs below a PMD whose bit is clear, nor does its next walk.  So the bits
 * that were set are set again when the interval is over.  What is lost: a walk of reclaim
 * that falls into the interval leaves out PTEs that were used before it; and where the
 * lock of a mapping is in use at its end, the bits stay clear until the next access.
 * Then reclaim finds the used pages around one that it is about to take and that turns
 * out to be used.  Only monitors use the bits of PUDs; two of them may take hints from
 * each other.
 *
 * If the guess is wrong, a region is cut where it did not have to be, and the next
 * aggregation shows that.
 */
#include <linux/bitmap.h>
#include <linux/damon.h>
#include <linux/jump_label.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "cursor.h"
#include "hints.h"
#include "internal.h"

/* What one interval can see: PUDs, and PMDs in stretches. */
#define MAX_GIB		1024UL
#define MAX_STRETCHES	16
#define STRETCH		128

/* PMDs that one interval sees, at most if there are so many used PUDs. */
#define PMDS_PER_REGION	4
#define MIN_PMDS	64U
#define MAX_PMDS	(MAX_STRETCHES * STRETCH)

/* Regions and mappings visited for that, which is often what ends it. */
#define MAX_LOOKUPS	64

/* What is done in one turn of a lock, at 10 ns each. */
#define TURN_GIB	256UL

/* Regions told in one interval, and flushes without a look if none was told. */
#define MAX_HINTS	8
#define PAUSE		3

/* A region of less is quickly known by its samples. */
#define MIN_SIZE	(8 * PMD_SIZE)

static_assert(TURN_GIB <= MAX_GIB);
static_assert(MIN_PMDS <= MAX_PMDS);
static_assert((u64)DAMON_MAX_ATTR_REGIONS * PMDS_PER_REGION <= UINT_MAX);
/* A hint is of a part of a stretch. */
static_assert(MIN_SIZE / PMD_SIZE <= STRETCH);

/* Part of one mapping, and of what one table of PMDs maps. */
struct stretch {
	unsigned long start, end;
	DECLARE_BITMAP(was_used, STRETCH);
};

/* What is known of a target; its priv. */
struct damon_hints {
	/* An interval was begun, and not ended yet. */
	bool open;
	/* So many intervals pass without a look. */
	unsigned int pause;
	/* Where to look for tables of PMDs in the next interval. */
	unsigned long pos;
	unsigned int nr;
	struct stretch stretches[MAX_STRETCHES];
};

static DEFINE_STATIC_KEY_FALSE(hints_key);

/* Go to @addr in a turn of its own.  A lock that is in use counts as no mapping. */
static bool seek_mapping(struct damon_cursor *c, unsigned long addr)
{
	damon_cursor_unlock(c);
	return damon_cursor_at(c, addr);
}

/* Where to go on when there is no mapping at @pos. */
static unsigned long skip_hole(const struct damon_cursor *c, unsigned long pos,
			       unsigned long end)
{
	if (pos >= c->hole_start && pos < c->hole_last)
		return min(end - 1, c->hole_last) + 1;
	return min(end - 1, pos | ~PMD_MASK) + 1;
}

/* === Which tables === */

/*
 * Add stretches below the tables of PMDs that were used of [@start, @end).  Return the
 * first address for which there is no room, or @end.
 */
static unsigned long add_stretches(struct damon_hints *h, struct damon_walk *w,
				   unsigned long start, unsigned long end,
				   unsigned int *nr_pmds)
{
	struct stretch *st;
	unsigned int nr;

	while ((start = damon_puds_find_used(w, start, end)) < end) {
		if (h->nr == MAX_STRETCHES || !*nr_pmds)
			return start;
		nr = min(*nr_pmds, STRETCH);
		st = &h->stretches[h->nr++];
		st->start = start;
		st->end = min3(end, (start | ~PUD_MASK) + 1, (start & PMD_MASK) + nr * PMD_SIZE);
		*nr_pmds -= DIV_ROUND_UP(st->end - st->start, PMD_SIZE);
		start = st->end;
	}
	return end;
}

/*
 * Go up the large regions from h->pos, once around, a mapping at a time.  With @clear,
 * clear the bits of PUDs; without, choose by them the stretches of the next interval.
 *
 * No lock is held between two mappings, nor at the end: what is passed over there may be
 * any number of regions.
 */
static void visit_puds(struct damon_target *t, struct damon_cursor *c, bool clear)
{
	struct damon_hints *h = t->priv;
	unsigned int nr_pmds = clamp(PMDS_PER_REGION * t->nr_regions, MIN_PMDS, MAX_PMDS);
	unsigned long pos = h->pos, nr_gib = 0, end, stop;
	unsigned int nr_lookups = 0;
	struct damon_region *r;
	bool around = false;

again:
	damon_for_each_region(r, t) {
		cond_resched();
		if (r->ar.end <= pos || damon_region_size(r) < MIN_SIZE)
			continue;
		pos = max(pos, r->ar.start);
		stop = around ? min(r->ar.end, h->pos) : r->ar.end;
		for (; pos < stop; pos = end) {
			if (nr_lookups++ == MAX_LOOKUPS || nr_gib >= MAX_GIB)
				goto out;
			if (!seek_mapping(c, pos)) {
				end = skip_hole(c, pos, stop);
				continue;
			}
			end = min(stop, c->walk.vma->vm_end);
			/* A table of PMDs of hugetlb may be of other processes as well. */
			if (is_vm_hugetlb_page(c->walk.vma)) {
				damon_cursor_unlock(c);
				continue;
			}
			if ((end - pos) >> PUD_SHIFT >= TURN_GIB)
				end = pos + (TURN_GIB << PUD_SHIFT);
			nr_gib += ((end - pos) >> PUD_SHIFT) + 1;
			if (clear)
				damon_puds_clear_used(&c->walk, pos, end);
			else
				pos = add_stretches(h, &c->walk, pos, end, &nr_pmds);
			damon_cursor_unlock(c);
			if (!clear && pos < end)
				goto out;
		}
	}
	if (!around && h->pos) {
		around = true;
		pos = 0;
		goto again;
	}
	return;
out:
	if (!clear)
		h->pos = pos;
}

/* === What the tables tell === */

/*
 * Find the longest run of set bits in [@lo, @hi) of @used, if no more than half of them
 * are set.  Return whether there is one.  A few bits tell too little.
 */
static bool find_used_part(const unsigned long *used, unsigned int lo, unsigned int hi,
			   unsigned int *from, unsigned int *to)
{
	unsigned int i = lo, j, sum = 0;

	*from = *to = 0;
	if (lo >= hi)
		return false;
	while ((i = find_next_bit(used, hi, i)) < hi) {
		j = find_next_zero_bit(used, hi, i);
		sum += j - i;
		if (j - i > *to - *from) {
			*from = i;
			*to = j;
		}
		i = j;
	}
	return hi - lo >= MIN_SIZE / PMD_SIZE && sum && sum <= (hi - lo) / 2;
}

/* The region of @addr, or NULL.  @from is a region to begin with, or NULL. */
static struct damon_region *find_region(struct damon_target *t, struct damon_region *from,
					unsigned long addr)
{
	struct damon_region *r;

	if (!from || from->ar.start > addr)
		from = list_first_entry(&t->regions_list, struct damon_region, list);
	r = from;
	list_for_each_entry_from(r, &t->regions_list, list) {
		if (r->ar.end > addr)
			return r->ar.start <= addr ? r : NULL;
		cond_resched();
	}
	return NULL;
}

/*
 * Tell the region that a stretch begins in.  A table that maps also memory of a
 * neighbour says nothing of the region.
 */
static bool give_hint(struct damon_ctx *ctx, struct damon_target *t, struct damon_region *r,
		      const struct stretch *st, const unsigned long *used)
{
	unsigned long base = st->start & PMD_MASK, end = min(r->ar.end, st->end);
	unsigned int from, to;

	return find_used_part(used, DIV_ROUND_UP(st->start - base, PMD_SIZE),
			      (end - base) / PMD_SIZE, &from, &to) &&
		damon_region_hint(ctx, t, r, base + from * PMD_SIZE, base + to * PMD_SIZE);
}

/*
 * Read the bits of a stretch, and set those again that were set.  There may be
 * several mappings by now, which share a table where one ends.
 */
static void read_stretch(const struct stretch *st, struct damon_cursor *c,
			 unsigned long *used)
{
	DECLARE_BITMAP(was_used, STRETCH);
	DECLARE_BITMAP(part, STRETCH);
	unsigned long pos, end;
	unsigned int first;

	for (pos = st->start; pos < st->end; pos = end) {
		if (!seek_mapping(c, pos)) {
			end = skip_hole(c, pos, st->end);
			continue;
		}
		end = min(st->end, c->walk.vma->vm_end);
		first = (pos - (st->start & PMD_MASK)) / PMD_SIZE;
		bitmap_zero(part, STRETCH);
		bitmap_shift_right(was_used, st->was_used, first, STRETCH);
		damon_pmds_read_used(&c->walk, pos, end, was_used, part);
		/* The bit of a shared table may have been set by the visit before this one. */
		if (pos > st->start && pos & ~PMD_MASK)
			__clear_bit(0, part);
		bitmap_shift_left(part, part, first, STRETCH);
		bitmap_or(used, used, part, STRETCH);
	}
	damon_cursor_unlock(c);
}

/* === One interval === */

void damon_hints_begin(struct damon_target *t, struct mm_struct *mm)
{
	struct damon_cursor c = { .mm = mm };
	struct damon_hints *h = t->priv;
	struct stretch *st;

	/* What a guest uses shows in no table of ours. */
	if (!static_branch_unlikely(&hints_key) || !h || mm_has_notifiers(mm))
		return;
	if (h->pause) {
		h->pause--;
		return;
	}
	visit_puds(t, &c, /*clear=*/true);
	for (st = h->stretches; st < h->stretches + h->nr; st++) {
		bitmap_zero(st->was_used, STRETCH);
		/* Mappings have changed, or a lock is in use: leave it out. */
		if (!seek_mapping(&c, st->start) || st->end > c.walk.vma->vm_end)
			st->end = st->start;
		else
			damon_pmds_clear_used(&c.walk, st->start, st->end, st->was_used);
	}
	damon_cursor_unlock(&c);
	h->open = true;
}

void damon_hints_end(struct damon_ctx *ctx, struct damon_target *t, struct mm_struct *mm)
{
	struct damon_cursor c = { .mm = mm };
	struct damon_hints *h = t->priv;
	struct damon_region *r = NULL;
	unsigned int nr_hints = 0;
	struct stretch *st;

	if (!h || !h->open)
		return;
	for (st = h->stretches; st < h->stretches + h->nr; st++) {
		DECLARE_BITMAP(used, STRETCH) = {};

		read_stretch(st, &c, used);
		if (nr_hints == MAX_HINTS)
			continue;
		/* Stretches ascend, except where visit_puds() goes around. */
		r = find_region(t, r, st->start);
		if (r)
			nr_hints += give_hint(ctx, t, r, st, used);
	}
	h->pause = h->nr && !nr_hints ? PAUSE : 0;
	h->nr = 0;
	h->open = false;
	visit_puds(t, &c, /*clear=*/false);
}

/* It only makes the monitor faster, so it may be without memory. */
void damon_hints_init(struct damon_target *t)
{
	struct damon_hints *h = NULL;

	if (arch_has_hw_nonleaf_pmd_young())
		h = kzalloc(sizeof(*h), GFP_KERNEL | __GFP_NOWARN);
	t->priv = h;
}

void damon_hints_fini(struct damon_target *t, struct mm_struct *mm)
{
	struct damon_cursor c = { .mm = mm };
	struct damon_hints *h = t->priv;
	struct stretch *st;

	if (!h)
		return;
	for (st = h->stretches; mm && h->open && st < h->stretches + h->nr; st++) {
		DECLARE_BITMAP(ignored, STRETCH) = {};

		read_stretch(st, &c, ignored);
	}
	kfree(h);
	t->priv = NULL;
}

/* === The switch, for comparison === */

static bool table_hints = true;

static void apply_switch(void)
{
	if (table_hints && arch_has_hw_nonleaf_pmd_young())
		static_branch_enable(&hints_key);
	else
		static_branch_disable(&hints_key);
}

static int set_table_hints(const char *val, const struct kernel_param *kp)
{
	int err = param_set_bool(val, kp);

	if (!err)
		apply_switch();
	return err;
}

static const struct kernel_param_ops table_hints_ops = {
	.set = set_table_hints,
	.get = param_get_bool,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon."
module_param_cb(table_hints, &table_hints_ops, &table_hints, 0600);
MODULE_PARM_DESC(table_hints, "Look for used memory by the Accessed bits of tables");

static int __init hints_setup(void)
{
	apply_switch();
	return 0;
}
subsys_initcall(hints_setup);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/hints_kunit.c"
#endif
