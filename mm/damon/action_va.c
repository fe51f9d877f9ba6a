// SPDX-License-Identifier: GPL-2.0
/*
 * What schemes do to the memory of processes.
 *
 * Three kinds of work.  Advice is what madvise() gives, one mapping at a time.  Pages are
 * made cold, given up, or moved, one by one, since each is asked whether it has been
 * accessed since the scheme looked at it last, if it has to be spared, or if a filter wants
 * to know.  And to look is to clear the Accessed bits, as damon_work.look says.
 *
 * The news.  Who clears an Accessed bit takes the news from others.  A sample of the
 * monitor that waits finds the idle flag of the folio gone; reclaim finds the folio marked
 * accessed.  In the other direction, the young flag tells of bits that the monitor has
 * cleared, so it is asked, and cleared, together with the bit.
 *
 * The TLB.  A page whose translation stays in the TLB would be given up although it is in
 * use.  So where bits were cleared by a look, or for a filter that asks again next time, the
 * TLB is flushed, once at the end of the memory, unless damon.tlb_flushes is 0.
 *
 * Notes on locking.  mmap_lock is taken if it is free, and held for a piece of a region
 * only; pages are reclaimed, and moved, without it.  Inside is the page table lock.  Two
 * actions wait for others, since there is no other way to them than do_madvise(): to read
 * ahead, for mmap_lock, if somebody takes it after it was found free, and for a file
 * system; to collapse, for all processors as well (lru_add_drain_all()).
 */
#include <linux/damon.h>
#include <linux/khugepaged.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pagewalk.h>
#include <linux/swap.h>

#include <asm/tlbflush.h>

#include "access.h"
#include "action.h"
#include "filter.h"
#include "internal.h"
#include "tlb.h"

/* === Huge pages, or none === */

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

/* As madvise() does for itself. */
static struct vm_area_struct *set_vm_flags(struct vma_iterator *vmi,
					   struct vm_area_struct *prev,
					   struct vm_area_struct *vma, unsigned long start,
					   unsigned long end, unsigned long vm_flags)
{
	if (vm_flags == vma->vm_flags)
		return vma;
	vma = vma_modify_flags(vmi, prev, vma, start, end, vm_flags);
	if (IS_ERR(vma))
		return vma;
	vma_start_write(vma);
	vm_flags_reset(vma, vm_flags);
	khugepaged_enter_vma(vma, vm_flags);
	return vma;
}

/* A huge page that is in the range by a part of it keeps its mapping, or it would be split. */
static int allow_huge_pages(struct mm_struct *mm, struct damon_work *work)
{
	unsigned long start = round_up(work->range.start, HPAGE_PMD_SIZE);
	unsigned long end = round_down(work->range.end, HPAGE_PMD_SIZE);
	int advice = work->action == DAMON_HUGEPAGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
	struct vm_area_struct *vma, *prev;
	struct vma_iterator vmi;

	if (start >= end)
		return 0;
	/* There is no function of mmap_lock that only tries this. */
	if (!down_write_trylock(&mm->mmap_lock))
		return -EAGAIN;
	vma_iter_init(&vmi, mm, start);
	vma = vma_find(&vmi, end);
	prev = vma_prev(&vmi);
	if (vma && start > vma->vm_start)
		prev = vma;
	for_each_vma_range(vmi, vma, end) {
		unsigned long from = max(start, vma->vm_start), to = min(end, vma->vm_end);
		unsigned long vm_flags = vma->vm_flags;

		if (!(vm_flags & VM_NO_KHUGEPAGED)) {
			if (hugepage_madvise(vma, &vm_flags, advice))
				break;
			vma = set_vm_flags(&vmi, prev, vma, from, to, vm_flags);
			if (IS_ERR(vma))
				break;
			work->sz_applied += to - from;
		}
		prev = vma;
	}
	mmap_write_unlock(mm);
	return 0;
}

#else

static int allow_huge_pages(struct mm_struct *mm, struct damon_work *work)
{
	return 0;
}

#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

/* === Advice === */

#ifdef CONFIG_ADVISE_SYSCALLS

/* The part of [@start, @end) in the first mapping there, if any.  Or -EAGAIN. */
static int find_mapped(struct mm_struct *mm, unsigned long start, unsigned long end,
		       struct damon_addr_range *part)
{
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(mm))
		return -EAGAIN;
	vma = find_vma(mm, start);
	part->start = vma ? clamp(vma->vm_start, start, end) : end;
	part->end = vma ? clamp(vma->vm_end, start, end) : end;
	mmap_read_unlock(mm);
	return 0;
}

static int advise(struct mm_struct *mm, struct damon_work *work)
{
	bool huge = work->action == DAMON_COLLAPSE;
	struct damon_addr_range part = work->range;
	unsigned long at;
	int err;

	for (at = part.start; at < work->range.end; at = part.end) {
		unsigned long start, end;

		err = find_mapped(mm, at, work->range.end, &part);
		if (err)
			return work->sz_applied ? 0 : err;
		/* Of less than a huge page, none can be made. */
		start = huge ? round_up(part.start, PMD_SIZE) : part.start;
		end = huge ? round_down(part.end, PMD_SIZE) : part.end;
		if (start < end && !do_madvise(mm, start, end - start,
					       huge ? MADV_COLLAPSE : MADV_WILLNEED))
			work->sz_applied += end - start;
	}
	return 0;
}

#else

static int advise(struct mm_struct *mm, struct damon_work *work)
{
	return 0;
}

#endif /* CONFIG_ADVISE_SYSCALLS */

/* === Pages === */

struct page_work {
	struct damon_ctx *ctx;
	struct mm_struct *mm;
	struct damon_work *work;
	struct vm_area_struct *vma;
	/* Isolated, to be reclaimed. */
	struct list_head folios;
	unsigned long nr_folios, sz_folios;
	struct damon_move move;
};

/* Each is as likely to be among those that are told. */
static void tell(struct page_work *pw, struct folio *folio, unsigned long addr)
{
	unsigned long i = pw->nr_folios++;

	pw->sz_folios += folio_size(folio);
	if (i < DAMON_NR_GIVEN_UP)
		pw->work->nr_given_up++;
	else
		i = damon_rand(pw->ctx, 0, pw->nr_folios);
	if (i < DAMON_NR_GIVEN_UP)
		pw->work->given_up[i] = addr;
}

/*
 * Not all of those that were isolated could be reclaimed.  What is being written to swap is
 * not freed yet: as large a part is gone as of those that are told.
 */
static void drop_present(struct page_work *pw)
{
	unsigned int i = 0, nr_told = pw->work->nr_given_up;
	struct damon_work *work = pw->work;

	while (i < work->nr_given_up) {
		if (damon_va_is_present(pw->mm, work->given_up[i]) > 0)
			work->given_up[i] = work->given_up[--work->nr_given_up];
		else
			i++;
	}
	if (nr_told)
		work->sz_given_up = pw->sz_folios / nr_told * work->nr_given_up;
}

/* Entries that map some pages of a folio, one huge one or @nr of pages. */
struct entries {
	struct page_work *pw;
	struct vm_area_struct *vma;
	unsigned long addr, sz;
	pmd_t *pmd;
	pte_t *pte;
	unsigned long nr;
};

static bool clear_bits(const struct entries *e)
{
	bool young = false;
	unsigned long i;

	/* Without huge pages there is no such function. */
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) && e->pmd)
		return pmdp_test_and_clear_young(e->vma, e->addr, e->pmd);
	for (i = 0; i < e->nr; i++)
		young |= ptep_test_and_clear_young(e->vma, e->addr + i * PAGE_SIZE, e->pte + i);
	return young;
}

/*
 * Clear the Accessed bits of a folio.  The young flag tells of bits that were set before a
 * sample, which is no news for that sample.  Return whether it has been accessed.
 */
static bool clear_young(const struct entries *e, struct folio *folio)
{
	bool fresh = clear_bits(e);

	e->pw->work->cleared |= fresh;
	fresh |= mmu_notifier_clear_young(e->pw->mm, e->addr, e->addr + e->sz) != 0;
	/* A sample that waits finds the flag gone. */
	if (fresh)
		folio_clear_idle(folio);
	return folio_test_clear_young(folio) || fresh;
}

/* Clear them, and tell reclaim. */
static bool was_accessed(struct folio *folio, void *arg)
{
	bool idle;

	if (!clear_young(arg, folio))
		return false;
	/* This clears the idle flag as well. */
	idle = folio_test_idle(folio);
	folio_mark_accessed(folio);
	if (idle)
		folio_set_idle(folio);
	return true;
}

static void act_on_folio(struct page_work *pw, struct folio *folio, unsigned long addr)
{
	if (damon_moves(pw->work->action)) {
		damon_move_add(&pw->move, folio,
			       linear_page_index(pw->vma, addr) >> folio_order(folio));
	} else if (pw->work->action == DAMON_COLD) {
		damon_forget_use(folio);
		folio_deactivate(folio);
		pw->work->sz_applied += folio_size(folio);
	} else if (damon_isolate(folio, &pw->folios)) {
		tell(pw, folio, addr);
	}
}

static void visit_folio(struct entries *e, struct folio *folio)
{
	struct damon_work *work = e->pw->work;

	if (work->look) {
		was_accessed(folio, e);
		return;
	}
	if (!damon_folio_passes(work, folio, was_accessed, e))
		return;
	work->sz_passed += e->sz;
	if (work->action == DAMON_STAT || (work->spare && was_accessed(folio, e)))
		return;
	/* With the bits, reclaim would take it for used; what is moved keeps them. */
	if (!work->spare && !damon_moves(work->action))
		clear_young(e, folio);
	act_on_folio(e->pw, folio, e->addr);
}

/* Work is done to what is @ours only: all of it is in the piece, and nobody else maps it. */
static bool is_for(const struct damon_work *work, struct folio *folio, bool ours)
{
	return folio_test_lru(folio) && !folio_is_zone_device(folio) &&
		(ours || work->action == DAMON_STAT);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* Return false when @pmd is no huge entry. */
static bool visit_huge(struct page_work *pw, pmd_t *pmd, unsigned long addr,
		       unsigned long end, struct vm_area_struct *vma)
{
	struct entries e = { pw, vma, addr, end - addr, .pmd = pmd };
	spinlock_t *ptl = pmd_trans_huge_lock(pmd, vma);
	/* A region may end within it; what is beside may be in use. */
	bool ours = e.sz == HPAGE_PMD_SIZE;
	struct folio *folio;
	pmd_t entry;

	if (!ptl)
		return false;
	entry = pmdp_get(pmd);
	if (pmd_present(entry) && pmd_trans_huge(entry) && !is_huge_zero_pmd(entry)) {
		folio = pmd_folio(entry);
		ours &= !folio_likely_mapped_shared(folio);
		if (is_for(pw->work, folio, ours))
			visit_folio(&e, folio);
	}
	spin_unlock(ptl);
	return true;
}
#else
static bool visit_huge(struct page_work *pw, pmd_t *pmd, unsigned long addr,
		       unsigned long end, struct vm_area_struct *vma)
{
	return false;
}
#endif

/* How many pages from @pte on are those of @folio, from its first one on? */
static unsigned long nr_in_order(struct folio *folio, pte_t *pte, unsigned long nr_max)
{
	unsigned long nr, nr_pages = min_t(unsigned long, folio_nr_pages(folio), nr_max);

	for (nr = 0; nr < nr_pages; nr++) {
		pte_t entry = ptep_get(pte + nr);

		if (!pte_present(entry) || pte_pfn(entry) != folio_pfn(folio) + nr)
			break;
	}
	return nr;
}

/* Return how many pages were visited, at least 1. */
static unsigned long visit_ptes(struct page_work *pw, pte_t *pte, unsigned long addr,
				unsigned long nr_max, struct vm_area_struct *vma)
{
	struct entries e = { pw, vma, addr, .pte = pte };
	pte_t entry = ptep_get(pte);
	struct folio *folio;
	unsigned long nr;

	if (!pte_present(entry))
		return 1;
	folio = vm_normal_folio(vma, addr, entry);
	if (!folio)
		return 1;
	nr = nr_in_order(folio, pte, nr_max);
	e.nr = max(nr, 1);
	e.sz = e.nr * PAGE_SIZE;
	/* Part of a large one: what is beside the piece may be in use. */
	if (is_for(pw->work, folio, nr == folio_nr_pages(folio) && folio_mapcount(folio) == nr))
		visit_folio(&e, folio);
	return e.nr;
}

static int visit_pmd(pmd_t *pmd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	struct page_work *pw = walk->private;
	spinlock_t *ptl = NULL;
	unsigned long nr;
	pte_t *first, *pte;

	pw->vma = walk->vma;
	if (visit_huge(pw, pmd, addr, end, walk->vma))
		return 0;
	first = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);
	if (!first)
		return 0;
	pte = first;
	for (; addr < end; addr += nr * PAGE_SIZE, pte += nr)
		nr = visit_ptes(pw, pte, addr, (end - addr) / PAGE_SIZE, walk->vma);
	pte_unmap_unlock(first, ptl);
	return 0;
}

static int skip_vma(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	return walk->vma->vm_flags & (VM_PFNMAP | VM_HUGETLB) || vma_is_dax(walk->vma);
}

static int skip_locked_vma(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	struct page_work *pw = walk->private;

	return (walk->vma->vm_flags & VM_LOCKED && pw->work->action != DAMON_STAT) ||
		skip_vma(start, end, walk);
}

static const struct mm_walk_ops page_ops = {
	.pmd_entry = visit_pmd,
	.test_walk = skip_locked_vma,
	.walk_lock = PGWALK_RDLOCK,
};

/* Somebody asks again whether these pages have been accessed. */
static bool asks_again(const struct damon_work *work)
{
	return work->look || damon_filters_of_pages(work->filters, work->nr_filters) &
			     BIT(DAMON_FILTER_YOUNG);
}

static void flush_cleared(struct mm_struct *mm, const struct damon_work *work)
{
	if (work->last && work->cleared && asks_again(work) && damon_flushes_are_on())
		flush_tlb_mm(mm);
}

static int work_on_pages(struct damon_ctx *ctx, struct mm_struct *mm, struct damon_work *work)
{
	struct page_work pw = { .ctx = ctx, .mm = mm, .work = work };
	bool moves = damon_moves(work->action) && !work->look;
	int err = 0;

	/* Nothing but the end of a look. */
	if (work->range.start == work->range.end) {
		flush_cleared(mm, work);
		return 0;
	}
	INIT_LIST_HEAD(&pw.folios);
	/* Pages on their way to the lists of reclaim could not be taken from there. */
	if (!work->look)
		lru_add_drain();
	if (moves && damon_move_begin(&pw.move, work))
		return -ENOMEM;
	if (mmap_read_trylock(mm)) {
		walk_page_range(mm, work->range.start, work->range.end, &page_ops, &pw);
		mmap_read_unlock(mm);
		flush_cleared(mm, work);
	} else {
		err = -EAGAIN;
	}
	work->sz_applied += moves ? damon_move_end(&pw.move) :
		reclaim_pages(&pw.folios) * PAGE_SIZE;
	drop_present(&pw);
	return err;
}

int damon_va_act(struct damon_ctx *ctx, struct mm_struct *mm, struct damon_work *work)
{
	switch (work->action) {
	case DAMON_HUGEPAGE:
	case DAMON_NOHUGEPAGE:
		return allow_huge_pages(mm, work);
	case DAMON_WILLNEED:
	case DAMON_COLLAPSE:
		return advise(mm, work);
	default:
		return work_on_pages(ctx, mm, work);
	}
}

/* === Is it back? === */

static int see_pmd(pmd_t *pmd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	bool *present = walk->private;
	pmd_t entry = pmdp_get_lockless(pmd);
	pte_t *pte;

	if (pmd_present(entry) && pmd_leaf(entry)) {
		*present = true;
		return 0;
	}
	pte = pte_offset_map(pmd, addr);
	if (!pte)
		return 0;
	*present = pte_present(ptep_get_lockless(pte));
	pte_unmap(pte);
	return 0;
}

static const struct mm_walk_ops see_ops = {
	.pmd_entry = see_pmd,
	.test_walk = skip_vma,
	.walk_lock = PGWALK_RDLOCK,
};

int damon_va_is_present(struct mm_struct *mm, unsigned long addr)
{
	bool present = false;

	if (!mmap_read_trylock(mm))
		return -EAGAIN;
	walk_page_range(mm, addr, addr + PAGE_SIZE, &see_ops, &present);
	mmap_read_unlock(mm);
	return present;
}
