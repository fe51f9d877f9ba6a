// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses to one page, as its mapping and its folio tell of them.
 *
 * The Accessed bit of a mapping entry has several readers: reclaim, another
 * monitor, the hypervisor's view of a guest.  Whoever clears it takes the news
 * away from the others.  The folio has two flags to pass the news on:
 *
 * - young: "the Accessed bit was set, and was cleared for a reason that is not
 *   reclaim's".  Reclaim counts it as a reference, so it takes no wrong page
 *   for the reason that a monitor came first.
 *
 * - idle: set here, cleared by all who find the folio referenced.  When it is
 *   gone at the time of the check, reclaim has seen an access and has cleared
 *   the Accessed bit that we wait for.
 *
 * The guarantee: reclaim takes no page for unused because a monitor came first;
 * it asks for the young flag before it takes a page.  It does not hold between
 * two monitors of the same mapping, since one flag serves one.  And the aging of
 * the multi-gen LRU clears Accessed bits without a word to the idle flag: a walk
 * of it within a sampling interval can hide one access from that sample.
 *
 * The TLB is not flushed.  A page whose translation stays in the TLB is not
 * seen again until it is evicted; flushing for each check was measured, when
 * the monitor was first proposed, to cost the watched program almost half its
 * speed.
 *
 * Notes on locking.  The caller holds the lock of the mapping for reading (the
 * VMA's own, or mmap_lock), so no page table of its range is freed, except that
 * a table of PTEs may be replaced by a huge entry; pte_offset_map_lock() knows.
 *   mapping -> hugetlb fault mutex -> hugetlb VMA lock -> page table lock
 * Folios are touched under the page table lock only, while they are mapped, and
 * need no reference.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pgtable.h>

#include "internal.h"

/* One visit to the entry that maps an address. */
struct visit {
	struct vm_area_struct *vma;
	unsigned long addr;
	/* In: clear the bit, or look at it. */
	bool mkold;
	/* In, when looking: the folio's idle flag was set.  Out: it is now. */
	bool marked;
	/* Out, when looking. */
	bool young;
};

/* The same for all kinds of entries.  @young is what the entry itself says. */
static void visit_folio(struct visit *v, struct folio *folio, bool young)
{
	if (v->mkold) {
		v->marked = folio;
		if (!folio)
			return;
		if (young)
			folio_set_young(folio);
		folio_set_idle(folio);
		return;
	}
	v->young = young || (v->marked && folio && !folio_test_idle(folio)) ||
		mmu_notifier_test_young(v->vma->vm_mm, v->addr);
}

static void visit_pte(struct visit *v, pmd_t *pmd)
{
	struct mm_struct *mm = v->vma->vm_mm;
	struct folio *folio;
	spinlock_t *ptl = NULL;
	pte_t *pte, entry;
	bool young;

	pte = pte_offset_map_lock(mm, pmd, v->addr, &ptl);
	if (!pte)
		return;
	entry = ptep_get(pte);
	if (pte_present(entry)) {
		/* NULL for the zero page and for memory without struct page. */
		folio = vm_normal_folio(v->vma, v->addr, entry);
		young = v->mkold ?
			ptep_clear_young_notify(v->vma, v->addr & PAGE_MASK, pte) :
			pte_young(entry);
		visit_folio(v, folio, young);
	}
	pte_unmap_unlock(pte, ptl);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* Return false when the entry turned out to be a table of PTEs, or nothing. */
static bool visit_huge_pmd(struct visit *v, pmd_t *pmd)
{
	spinlock_t *ptl = pmd_lock(v->vma->vm_mm, pmd);
	pmd_t entry = pmdp_get(pmd);
	bool huge = pmd_present(entry) &&
		(pmd_trans_huge(entry) || pmd_devmap(entry));
	struct folio *folio;
	bool young;

	if (huge) {
		folio = vm_normal_folio_pmd(v->vma, v->addr & HPAGE_PMD_MASK, entry);
		young = v->mkold ?
			pmdp_clear_young_notify(v->vma, v->addr & HPAGE_PMD_MASK, pmd) :
			pmd_young(entry);
		visit_folio(v, folio, young);
	}
	spin_unlock(ptl);
	return huge;
}
#else
static bool visit_huge_pmd(struct visit *v, pmd_t *pmd)
{
	return false;
}
#endif

#ifdef CONFIG_HUGETLB_PAGE
#ifndef CONFIG_MMU_NOTIFIER
static int mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start,
				    unsigned long end)
{
	return 0;
}
#endif

/*
 * Clear the bit and return whether it was set.  The entry may stand for several
 * entries of the hardware, and only the hugetlb helpers know; taking it out and
 * putting it back loses no Dirty bit that the hardware sets meanwhile.
 */
static bool huge_pte_clear_young(struct visit *v, pte_t *pte, unsigned long start,
				 unsigned long sz)
{
	struct mm_struct *mm = v->vma->vm_mm;
	pte_t entry = huge_ptep_get(mm, start, pte);
	bool young = pte_young(entry);

	if (young) {
		entry = huge_ptep_modify_prot_start(v->vma, start, pte);
		huge_ptep_modify_prot_commit(v->vma, start, pte, entry,
					     pte_mkold(entry));
	}
	return young | mmu_notifier_clear_young(mm, start, start + sz);
}

static void visit_hugetlb_entry(struct visit *v, struct hstate *h, unsigned long start)
{
	struct mm_struct *mm = v->vma->vm_mm;
	pte_t *pte, entry;
	spinlock_t *ptl = NULL;
	bool young;

	pte = hugetlb_walk(v->vma, start, huge_page_size(h));
	if (!pte)
		return;
	ptl = huge_pte_lock(h, mm, pte);
	entry = huge_ptep_get(mm, start, pte);
	if (pte_present(entry)) {
		young = v->mkold ?
			huge_pte_clear_young(v, pte, start, huge_page_size(h)) :
			pte_young(entry);
		visit_folio(v, page_folio(pte_page(entry)), young);
	}
	spin_unlock(ptl);
}

/*
 * The mutex keeps page faults away while the entry is out of its place: a fault
 * looks without the page table lock, and would take the page for missing.  The
 * VMA lock keeps a table that several processes share from going away.
 */
static void visit_hugetlb(struct visit *v)
{
	struct hstate *h = hstate_vma(v->vma);
	unsigned long start = v->addr & huge_page_mask(h);
	u32 hash = hugetlb_fault_mutex_hash(v->vma->vm_file->f_mapping,
					    hugetlb_linear_page_index(v->vma, start));

	mutex_lock(&hugetlb_fault_mutex_table[hash]);
	hugetlb_vma_lock_read(v->vma);
	visit_hugetlb_entry(v, h, start);
	hugetlb_vma_unlock_read(v->vma);
	mutex_unlock(&hugetlb_fault_mutex_table[hash]);
}
#else
static void visit_hugetlb(struct visit *v)
{
}
#endif

/*
 * Go down to the entry.  An entry that maps nothing, a swap or migration entry,
 * or one of a size that only devices use, leaves the answer at "no".
 */
static void visit(struct visit *v)
{
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud, pud_entry;
	pmd_t *pmd, entry;

	if (is_vm_hugetlb_page(v->vma)) {
		visit_hugetlb(v);
		return;
	}

	pgd = pgd_offset(v->vma->vm_mm, v->addr);
	if (pgd_none(pgdp_get(pgd)))
		return;
	p4d = p4d_offset(pgd, v->addr);
	if (p4d_none(p4dp_get(p4d)))
		return;
	/* Read once: a huge entry of a device may go away between two reads. */
	pud = pud_offset(p4d, v->addr);
	pud_entry = pudp_get(pud);
	if (!pud_present(pud_entry) || pud_leaf(pud_entry))
		return;
	pmd = pmd_offset(pud, v->addr);
	entry = pmdp_get_lockless(pmd);
	if (!pmd_present(entry))
		return;
	if ((pmd_trans_huge(entry) || pmd_devmap(entry)) && visit_huge_pmd(v, pmd))
		return;
	visit_pte(v, pmd);
}

bool damon_page_mkold(struct vm_area_struct *vma, unsigned long addr)
{
	struct visit v = { .vma = vma, .addr = addr, .mkold = true };

	visit(&v);
	return v.marked;
}

bool damon_page_young(struct vm_area_struct *vma, unsigned long addr, bool marked)
{
	struct visit v = { .vma = vma, .addr = addr, .marked = marked };

	visit(&v);
	return v.young;
}
