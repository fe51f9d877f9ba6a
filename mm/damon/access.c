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
 * The guarantee: reclaim never misses an access because of a monitor.  It does
 * not hold between two monitors of the same mapping: one flag serves one.
 *
 * The TLB is not flushed.  A page whose translation stays in the TLB is not
 * seen again until it is evicted; flushing for each check was measured, when
 * the monitor was first proposed, to cost the watched program almost half its
 * speed.
 *
 * Notes on locking.  The caller holds the lock of the mapping for reading (the
 * VMA's own, or mmap_lock), so no page table of its range is freed, except that
 * a table of PTEs may be replaced by a huge entry; pte_offset_map_lock() knows.
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
	/* Of the table that the entry is in. */
	spinlock_t *ptl;
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

static void visit_hugetlb(struct visit *v)
{
	struct mm_struct *mm = v->vma->vm_mm;
	struct hstate *h = hstate_vma(v->vma);
	unsigned long start = v->addr & huge_page_mask(h);
	pte_t *pte, entry;
	bool young;

	/* Keeps a table that several processes share from going away. */
	hugetlb_vma_lock_read(v->vma);
	pte = hugetlb_walk(v->vma, start, huge_page_size(h));
	if (pte) {
		spinlock_t *ptl = huge_pte_lock(h, mm, pte);

		entry = huge_ptep_get(mm, start, pte);
		if (pte_present(entry)) {
			young = v->mkold ?
				huge_pte_clear_young(v, pte, start, huge_page_size(h)) :
				pte_young(entry);
			visit_folio(v, page_folio(pte_page(entry)), young);
		}
		spin_unlock(ptl);
	}
	hugetlb_vma_unlock_read(v->vma);
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
	pud_t *pud;
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
	pud = pud_offset(p4d, v->addr);
	if (!pud_present(pudp_get(pud)) || pud_leaf(pudp_get(pud)))
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
