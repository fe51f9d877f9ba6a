/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses to one page, for the primitives of address spaces that are mapped;
 * access.c tells how.
 *
 * The way to the entry of a small page is here, since it is taken twice for each
 * region in each sampling interval: a call and its registers are a sixth of it.
 */
#ifndef _MM_DAMON_ACCESS_H
#define _MM_DAMON_ACCESS_H

#include <linux/compiler.h>
#include <linux/hugetlb_inline.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pgtable.h>

/**
 * enum damon_aside - What a visit has to say beside its answer, which is rare.
 * @DAMON_NOTHING:	The answer is all.
 * @DAMON_SHARED:	damon_page_mkold() has cleared the bit of a huge entry, under
 *			which other samples may wait for the access that it told of.
 * @DAMON_UNKNOWN:	A lock is in use, so there is no answer.
 */
enum damon_aside {
	DAMON_NOTHING,
	DAMON_SHARED,
	DAMON_UNKNOWN,
};

/**
 * struct damon_walk - Where the addresses of one mapping are, as far as known.
 * @vma:	A mapping, locked against changes as long as this is in use.
 * @start:	First address of @vma that @pmds knows.
 * @size:	Bytes of @vma from there on that it knows, or 0.
 * @pmds:	The table of PMDs for these addresses, from its first entry.
 * @aside:	An &enum damon_aside.  Visits set it, and whoever takes note of it
 *		sets it back.
 * @shared_start:	After DAMON_SHARED, first address that the huge entry maps.
 * @shared_end:	First address behind.
 * @shared_young:	The bit was set.  If not, only the idle flag of the folio was
 *		clear, which is news to those samples only that had set it.
 *
 * With all but @vma zero, nothing is known yet.
 */
struct damon_walk {
	struct vm_area_struct *vma;
	unsigned long start;
	unsigned long size;
	pmd_t *pmds;
	u8 aside;
	bool shared_young;
	unsigned long shared_start;
	unsigned long shared_end;
};

/*
 * One visit to the entry that maps an address.  With @mkold, it clears the Accessed
 * bit, and returns whether the idle flag of the folio is set now.  Without, it returns
 * whether there was an access.
 */
struct damon_visit {
	unsigned long addr;
	bool mkold;
	/* Without @mkold: the visit before has set the idle flag of the folio. */
	bool marked;
};

/*
 * The mapping does not change as long as its lock is held, or mmap_lock.  Who comes
 * from the folio holds neither, see damon_visit_mapped_page().
 */
static __always_inline void damon_assert_mapping_locked(const struct damon_walk *w)
{
#ifdef CONFIG_PER_VMA_LOCK
	lockdep_assert(lockdep_is_held(&w->vma->vm_lock->lock) ||
		       lockdep_is_held(&w->vma->vm_mm->mmap_lock));
#else
	lockdep_assert(lockdep_is_held(&w->vma->vm_mm->mmap_lock));
#endif
}

/*
 * Go down to the PMD of @addr, and remember the table of PMDs.  Return NULL when there
 * is none, or in its place a huge entry of a size that only devices use.
 */
pmd_t *damon_walk_down(struct damon_walk *w, unsigned long addr);

/* Visit a page of a mapping of hugetlb. */
bool damon_visit_hugetlb(struct damon_walk *w, struct damon_visit v);

/* Visit what is below a PMD that is no table, or was none just now. */
bool damon_visit_pmd(struct damon_walk *w, struct damon_visit v, pmd_t *pmd);

#ifndef CONFIG_MMU_NOTIFIER
static inline int mmu_notifier_clear_young(struct mm_struct *mm,
					   unsigned long start, unsigned long end)
{
	return 0;
}
#endif

/* Where the entry is young, or the idle flag was not set, the folio has nothing to add. */
static __always_inline bool damon_needs_folio(struct damon_visit v, bool young)
{
	return v.mkold || (v.marked && !young);
}

static __always_inline bool damon_is_idle(struct folio *folio)
{
	/* Reclaim writes to the same word, plainly; before or after it is all the same. */
	return data_race(folio_test_idle(folio));
}

/*
 * What the folio adds to @young, which is what the entry says.  A flag that is
 * right already is not written: that would take the cache line from others.
 */
static __always_inline bool damon_visit_folio(struct damon_walk *w, struct damon_visit v,
					      struct folio *folio, bool young)
{
	if (!v.mkold)
		return young || (v.marked && folio && !damon_is_idle(folio)) ||
			mmu_notifier_test_young(w->vma->vm_mm, v.addr);
	if (!folio)
		return false;
	/* As damon_is_idle(). */
	if (young && !data_race(folio_test_young(folio)))
		folio_set_young(folio);
	if (!damon_is_idle(folio))
		folio_set_idle(folio);
	return true;
}

/*
 * The folio of an entry, or NULL for the zero page and for memory without struct page.
 * Where entries of these two kinds say so by a bit, all others need no more than that.
 */
static __always_inline struct folio *damon_entry_folio(struct damon_walk *w, struct damon_visit v,
						       pte_t entry)
{
	if (IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL) && likely(!pte_special(entry)))
		return page_folio(pte_page(entry));
	return vm_normal_folio(w->vma, v.addr, entry);
}

static __always_inline bool damon_visit_pte(struct damon_walk *w, struct damon_visit v,
					    pte_t *pte)
{
	unsigned long start = v.addr & PAGE_MASK;
	struct folio *folio = NULL;
	pte_t entry = ptep_get(pte);
	bool young;

	/* A page of HIGHPTE does not tell its lock. */
	if (!IS_ENABLED(CONFIG_HIGHPTE))
		lockdep_assert_held(ptep_lockptr(w->vma->vm_mm, pte));
	if (!pte_present(entry))
		return false;
	young = pte_young(entry);
	if (damon_needs_folio(v, young))
		folio = damon_entry_folio(w, v, entry);
	if (v.mkold) {
		if (young)
			ptep_test_and_clear_young(w->vma, start, pte);
		young |= mmu_notifier_clear_young(w->vma->vm_mm, start,
						  start + PAGE_SIZE);
	}
	return damon_visit_folio(w, v, folio, young);
}

/*
 * Visit the entry that maps @v.addr.  The answer of one that maps nothing, of a swap
 * or migration entry, and of one of memory that only a device can access is "no".
 *
 * For a table of PTEs this does what pte_offset_map_lock() does.  Its two calls and
 * its second reading of the PMD would double the cost of a visit.
 */
static __always_inline bool damon_visit(struct damon_walk *w, struct damon_visit v)
{
	spinlock_t *ptl = NULL;
	pmd_t *pmd, entry;
	pte_t *pte;
	bool ret;

	damon_assert_mapping_locked(w);
	if (likely(v.addr - w->start < w->size)) {
		pmd = w->pmds + pmd_index(v.addr);
	} else {
		if (is_vm_hugetlb_page(w->vma))
			return damon_visit_hugetlb(w, v);
		pmd = damon_walk_down(w, v.addr);
		if (!pmd)
			return false;
	}

	rcu_read_lock();
	entry = pmdp_get_lockless(pmd);
	if (pmd_none(entry)) {
		rcu_read_unlock();
		return false;
	}
	/* A PMD that is read in two halves may be none that ever was. */
	if (IS_ENABLED(CONFIG_GUP_GET_PXX_LOW_HIGH) ||
	    unlikely(pmd_leaf(entry) || pmd_bad(entry))) {
		rcu_read_unlock();
		return damon_visit_pmd(w, v, pmd);
	}
	pte = __pte_map(&entry, v.addr);
	ptl = pte_lockptr(w->vma->vm_mm, &entry);
	spin_lock(ptl);
	if (unlikely(!pmd_same(entry, pmdp_get_lockless(pmd)))) {
		/* RCU has kept the old table, whose entries tell nothing any more. */
		pte_unmap_unlock(pte, ptl);
		return damon_visit_pmd(w, v, pmd);
	}
	ret = damon_visit_pte(w, v, pte);
	pte_unmap_unlock(pte, ptl);
	return ret;
}

/**
 * damon_page_mkold() - Arrange that the next access to a page can be seen.
 * @w:		The walk.
 * @addr:	An address of its mapping.
 *
 * Sets @w->aside where there is more to say, or no answer.
 *
 * Context: Waits for page table locks only.
 * Return: Whether damon_page_young() may ask the folio as well.
 */
static __always_inline bool damon_page_mkold(struct damon_walk *w, unsigned long addr)
{
	return damon_visit(w, (struct damon_visit){ .addr = addr, .mkold = true });
}

/**
 * damon_page_young() - Was a page accessed since damon_page_mkold()?
 * @w:		The walk.
 * @addr:	An address of its mapping.
 * @marked:	What damon_page_mkold() said of this address.
 *
 * Sets @w->aside to DAMON_UNKNOWN where there is no answer.
 *
 * Context: Waits for page table locks only.
 * Return: true when it was; false when it was not, or there is no answer.
 */
static __always_inline bool damon_page_young(struct damon_walk *w, unsigned long addr,
					     bool marked)
{
	return damon_visit(w, (struct damon_visit){ .addr = addr, .marked = marked });
}

/**
 * enum damon_visited - What an entry has told of a page.
 * @DAMON_NOT_MAPPED:	The page is not there, or not any more.
 * @DAMON_BUSY:		A lock is in use.
 * @DAMON_IDLE:		It has seen no access since it was prepared.
 * @DAMON_ACCESSED:	It has seen an access since it was prepared.
 *
 * Of a visit that prepares the entry, the last two alike say that this is done.
 */
enum damon_visited {
	DAMON_NOT_MAPPED,
	DAMON_BUSY,
	DAMON_IDLE,
	DAMON_ACCESSED,
};

/**
 * damon_visit_mapped_page() - Visit the entry by which a mapping has a page.
 * @vma:	The mapping.
 * @pfn:	The page, of a folio that the caller has a reference on.
 * @v:		The address that the page has in @vma if it is there, and what to do.
 * @nr_pages:	For how many pages the answer holds: those that the entry maps, or one
 *		if secondary page tables may have smaller entries.
 *
 * Context: The lock of the folio's reverse mapping is held for reading.  Waits for
 *	nothing but the page table lock.
 * Return: see &enum damon_visited.
 */
enum damon_visited damon_visit_mapped_page(struct vm_area_struct *vma, unsigned long pfn,
					   struct damon_visit v, unsigned long *nr_pages);

/*
 * A page is accessed, or young; a table is used, which says that pages below it were
 * accessed, and neither how many nor how often.  What is used or not is known of a
 * table by the Accessed bit of the entry that points to it.
 */

/**
 * damon_puds_clear_used() - Arrange that the next use of tables of PMDs can be seen.
 * @w:		The walk.
 * @start:	First address.
 * @end:	First address behind, in the same mapping.
 */
void damon_puds_clear_used(struct damon_walk *w, unsigned long start, unsigned long end);

/**
 * damon_puds_find_used() - Find a table of PMDs used since damon_puds_clear_used().
 * @w:		The walk.
 * @start:	First address.
 * @end:	First address behind, in the same mapping.
 *
 * Return: The first address whose table was used, or may have been, or @end.
 */
unsigned long damon_puds_find_used(struct damon_walk *w, unsigned long start,
				   unsigned long end);

/**
 * damon_pmds_clear_used() - Arrange that the next use of tables of PTEs can be seen.
 * @w:		The walk.
 * @start:	First address.
 * @end:	First address behind: in the same mapping, and below the same
 *		table of PMDs.
 * @was_used:	A bitmap; the bits of the tables that were used before are set.
 *
 * Reclaim does not look below a table whose bit is clear.  So this is to be undone
 * soon, by damon_pmds_read_used().
 */
void damon_pmds_clear_used(struct damon_walk *w, unsigned long start, unsigned long end,
			   unsigned long *was_used);

/**
 * damon_pmds_read_used() - Which tables of PTEs were used since damon_pmds_clear_used()?
 * @w:		The walk.
 * @start:	First address.
 * @end:	First address behind, as above.
 * @was_used:	What damon_pmds_clear_used() has set; the bits of these tables are set
 *		again.
 * @used:	A bitmap; the bits of the tables that were used since then are set.
 *
 * The first bit of both bitmaps is that of the table of @start.
 */
void damon_pmds_read_used(struct damon_walk *w, unsigned long start, unsigned long end,
			  const unsigned long *was_used, unsigned long *used);

#endif /* _MM_DAMON_ACCESS_H */
