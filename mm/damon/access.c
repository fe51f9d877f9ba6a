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
 * The TLB is not flushed here.  A page whose translation stays in the TLB is not
 * seen again until it is evicted; flushing for each check was measured, when
 * the monitor was first proposed, to cost the watched program almost half its
 * speed.  tlb.c tells what is done about it.
 *
 * Notes on locking.  The caller holds the lock of the mapping for reading (the
 * VMA's own, or mmap_lock).  What that guarantees:
 *
 * - A table that maps an address of the mapping is not freed, and does not move
 *   away: munmap() frees only what no mapping is left in, and like mremap() it
 *   locks the mapping for writing.  So the way down to the table of PMDs is kept
 *   from one visit to the next, as long as the lock is (struct damon_walk).
 *
 * - Except that a table of PTEs may be replaced by a huge entry, for which
 *   khugepaged takes no lock of a mapping of a file: pte_offset_map_lock() looks
 *   at the PMD again under the lock of the table.  And a huge entry may be
 *   split: it is looked at again under its own lock.
 *
 * - A table of PMDs of hugetlb may be shared with other processes, and goes away
 *   under the lock of the file's reverse mapping.  So this is held while such a table
 *   is used, and the way down is not kept.
 *
 * Who comes from the folio holds the lock of its reverse mapping in place of that
 * of the mapping (damon_visit_mapped_page()).  It keeps the tables from being freed,
 * but they may move to other addresses, so the way down is not kept.
 *
 * The order:
 *   mapping -> reverse mapping -> hugetlb fault mutex -> page table lock
 * Of these only page table locks are waited for.  Whoever holds one of the others may
 * allocate and clear 1 GiB meanwhile, or wait for a file system; and behind us, who has
 * the lock of a mapping, munmap() would wait as well.  If a lock is in use, the sample
 * is unknown.
 *
 * Folios are touched under the page table lock only, while they are mapped, and
 * need no reference.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>

#include "access.h"

/*
 * The bit of a huge entry of @size is cleared.  To be called before damon_visit_folio(),
 * which sets the idle flag.
 */
static __always_inline void share_news(struct damon_walk *w, struct damon_visit v,
				       struct folio *folio, bool young, unsigned long size)
{
	if (!young && (!folio || damon_is_idle(folio)))
		return;
	w->aside = DAMON_SHARED;
	w->shared_young = young;
	w->shared_start = v.addr & ~(size - 1);
	w->shared_end = w->shared_start + size;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* As damon_entry_folio(). */
static __always_inline struct folio *huge_folio(struct vm_area_struct *vma,
						unsigned long start, pmd_t entry)
{
	if (likely(!(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) &&
		   !pmd_devmap(entry) && !is_huge_zero_pmd(entry)))
		return page_folio(pmd_page(entry));
	return vm_normal_folio_pmd(vma, start, entry);
}

/* The entry @pmd is huge. */
static __always_inline bool visit_huge_entry(struct damon_walk *w, struct damon_visit v,
					     pmd_t *pmd)
{
	unsigned long start = v.addr & HPAGE_PMD_MASK;
	pmd_t entry = pmdp_get(pmd);
	bool young = pmd_young(entry);
	struct folio *folio = NULL;

	lockdep_assert_held(pmd_lockptr(w->vma->vm_mm, pmd));
	if (damon_needs_folio(v, young))
		folio = huge_folio(w->vma, start, entry);
	if (v.mkold) {
		if (young)
			pmdp_test_and_clear_young(w->vma, start, pmd);
		young |= mmu_notifier_clear_young(w->vma->vm_mm, start,
						  start + HPAGE_PMD_SIZE);
		share_news(w, v, folio, young, HPAGE_PMD_SIZE);
	}
	return damon_visit_folio(w, v, folio, young);
}

/* Return false when @pmd turned out to be a table of PTEs, or nothing. */
static __always_inline bool visit_huge_pmd(struct damon_walk *w, struct damon_visit v,
					   pmd_t *pmd, bool *ret)
{
	spinlock_t *ptl = pmd_lock(w->vma->vm_mm, pmd);
	pmd_t entry = pmdp_get(pmd);
	bool huge = pmd_present(entry) && pmd_leaf(entry);

	if (likely(huge))
		*ret = visit_huge_entry(w, v, pmd);
	spin_unlock(ptl);
	return huge;
}
#else
static bool visit_huge_entry(struct damon_walk *w, struct damon_visit v, pmd_t *pmd)
{
	return false;
}

static bool visit_huge_pmd(struct damon_walk *w, struct damon_visit v, pmd_t *pmd, bool *ret)
{
	return false;
}
#endif

bool damon_visit_pmd(struct damon_walk *w, struct damon_visit v, pmd_t *pmd)
{
	spinlock_t *ptl = NULL;
	pte_t *pte;
	bool ret, huge;

	/* Two calls with constants: the compiler specialises each. */
	huge = v.mkold ?
		visit_huge_pmd(w, (struct damon_visit){ v.addr, true, false }, pmd, &ret) :
		visit_huge_pmd(w, (struct damon_visit){ v.addr, false, v.marked }, pmd, &ret);
	if (huge)
		return ret;

	/* The general way: the PMD was another one when it was read first. */
	pte = pte_offset_map_lock(w->vma->vm_mm, pmd, v.addr, &ptl);
	if (!pte)
		return false;
	ret = damon_visit_pte(w, v, pte);
	pte_unmap_unlock(pte, ptl);
	return ret;
}

#ifdef CONFIG_HUGETLB_PAGE
/*
 * Is an entry of hugetlb a single one of the hardware, which is read and written as that
 * of a small page?  It is where asm-generic/hugetlb.h defines both; s390 does without this
 * file.  Elsewhere it may stand for several entries, or look different.
 */
#if defined(__HAVE_ARCH_HUGE_PTEP_GET) || defined(__HAVE_ARCH_HUGE_SET_HUGE_PTE_AT) || \
	defined(CONFIG_S390)
#define IS_ONE_ENTRY false
#else
#define IS_ONE_ENTRY true
#endif

/*
 * Clear the bit and return whether it was set.
 *
 * If this is one entry of the hardware, it stays in its place, as that of a small page
 * does.  Otherwise only the hugetlb helpers know how, and they take the entry out and put
 * it back, so that no Dirty bit is lost that the hardware sets meanwhile.  Who reads it at
 * that moment without the page table lock finds none: a page fault is kept away, see
 * trylock_faults(); mincore() or a core dump may take the page for missing.
 */
static bool clear_young_hugetlb(struct damon_walk *w, pte_t *pte, unsigned long start)
{
	pte_t entry = huge_ptep_get(w->vma->vm_mm, start, pte);

	if (!pte_young(entry))
		return false;
	if (IS_ONE_ENTRY)
		return ptep_test_and_clear_young(w->vma, start, pte);
	entry = huge_ptep_modify_prot_start(w->vma, start, pte);
	huge_ptep_modify_prot_commit(w->vma, start, pte, entry, pte_mkold(entry));
	return true;
}

/*
 * Secondary page tables may map the page in small ones.  The part around the address
 * is enough, since all of 1 GiB would take long under a spinlock.
 */
static bool mkold_hugetlb(struct damon_walk *w, struct damon_visit v, pte_t *pte,
			  unsigned long start, struct folio *folio)
{
	unsigned long size = huge_page_size(hstate_vma(w->vma));
	unsigned long part_size = min(size, PMD_SIZE);
	unsigned long part = v.addr & ~(part_size - 1);
	bool young = clear_young_hugetlb(w, pte, start);

	if (mmu_notifier_clear_young(w->vma->vm_mm, part, part + part_size) && !young) {
		young = true;
		size = part_size;
	}
	share_news(w, v, folio, young, size);
	return young;
}

/* The entry @pte maps from @start on. */
static bool visit_hugetlb_entry(struct damon_walk *w, struct damon_visit v, pte_t *pte,
				unsigned long start)
{
	pte_t entry = huge_ptep_get(w->vma->vm_mm, start, pte);
	struct folio *folio;
	bool young;

	lockdep_assert_held(huge_pte_lockptr(hstate_vma(w->vma), w->vma->vm_mm, pte));
	if (!pte_present(entry))
		return false;
	folio = page_folio(pte_page(entry));
	young = v.mkold ? mkold_hugetlb(w, v, pte, start, folio) : pte_young(entry);
	return damon_visit_folio(w, v, folio, young);
}

static struct mutex *fault_mutex(struct vm_area_struct *vma, unsigned long start)
{
	u32 hash = hugetlb_fault_mutex_hash(vma->vm_file->f_mapping,
					    hugetlb_linear_page_index(vma, start));

	return &hugetlb_fault_mutex_table[hash];
}

/*
 * A page fault holds this mutex.  It looks without the page table lock, and takes a page
 * whose entry is out of its place for missing.  And where it copies a page, which takes
 * 100 ms for 1 GiB, it throws the copy away if a bit of the entry has changed meanwhile,
 * and begins again.  So the mutex is tried where the bit is cleared; to look at the bit
 * hurts nobody.
 */
static bool trylock_faults(struct vm_area_struct *vma, unsigned long start, bool mkold)
{
	return !mkold || mutex_trylock(fault_mutex(vma, start));
}

static void unlock_faults(struct vm_area_struct *vma, unsigned long start, bool mkold)
{
	if (mkold)
		mutex_unlock(fault_mutex(vma, start));
}

/*
 * A table of PMDs that other processes may share is not given up while this is held, see
 * huge_pte_offset().  Tables of private mappings are not shared.  The lock that hugetlb
 * has for each mapping would do as well, but there is no function that only tries it.
 */
static bool trylock_shared_table(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_MAYSHARE) || i_mmap_trylock_read(vma->vm_file->f_mapping);
}

static void unlock_shared_table(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_MAYSHARE)
		i_mmap_unlock_read(vma->vm_file->f_mapping);
}

static bool visit_hugetlb_page(struct damon_walk *w, struct damon_visit v, unsigned long start)
{
	struct hstate *h = hstate_vma(w->vma);
	pte_t *pte = hugetlb_walk(w->vma, start, huge_page_size(h));
	spinlock_t *ptl = NULL;
	bool ret;

	if (!pte)
		return false;
	ptl = huge_pte_lock(h, w->vma->vm_mm, pte);
	ret = visit_hugetlb_entry(w, v, pte, start);
	spin_unlock(ptl);
	return ret;
}

bool damon_visit_hugetlb(struct damon_walk *w, struct damon_visit v)
{
	unsigned long start = v.addr & huge_page_mask(hstate_vma(w->vma));
	bool ret = false;

	if (!trylock_shared_table(w->vma)) {
		w->aside = DAMON_UNKNOWN;
		return false;
	}
	if (trylock_faults(w->vma, start, v.mkold)) {
		ret = visit_hugetlb_page(w, v, start);
		unlock_faults(w->vma, start, v.mkold);
	} else {
		w->aside = DAMON_UNKNOWN;
	}
	unlock_shared_table(w->vma);
	return ret;
}

static enum damon_visited visit_mapped_hugetlb(struct damon_walk *w, struct damon_visit v,
					       struct page_vma_mapped_walk *pvmw)
{
	enum damon_visited ret = DAMON_NOT_MAPPED;
	unsigned long start = pvmw->address & huge_page_mask(hstate_vma(w->vma));

	pvmw->address = start;
	if (!trylock_faults(w->vma, start, v.mkold))
		return DAMON_BUSY;
	if (page_vma_mapped_walk(pvmw)) {
		ret = visit_hugetlb_entry(w, v, pvmw->pte, start) ?
			DAMON_ACCESSED : DAMON_IDLE;
		page_vma_mapped_walk_done(pvmw);
	}
	unlock_faults(w->vma, start, v.mkold);
	return ret;
}
#else
bool damon_visit_hugetlb(struct damon_walk *w, struct damon_visit v)
{
	return false;
}

static enum damon_visited visit_mapped_hugetlb(struct damon_walk *w, struct damon_visit v,
					       struct page_vma_mapped_walk *pvmw)
{
	return DAMON_NOT_MAPPED;
}
#endif

/* Of anonymous memory, or of a file; a private mapping of a file may have both. */
static void assert_rmap_locked(const struct vm_area_struct *vma)
{
	lockdep_assert((vma->anon_vma && lockdep_is_held(&vma->anon_vma->root->rwsem)) ||
		       (vma->vm_file &&
			lockdep_is_held(&vma->vm_file->f_mapping->i_mmap_rwsem)));
}

enum damon_visited damon_visit_mapped_page(struct vm_area_struct *vma, unsigned long pfn,
					   struct damon_visit v, unsigned long *nr_pages)
{
	struct page_vma_mapped_walk pvmw = {
		.pfn = pfn,
		.nr_pages = 1,
		.pgoff = linear_page_index(vma, v.addr),
		.vma = vma,
		.address = v.addr & PAGE_MASK,
	};
	struct damon_walk w = { .vma = vma };
	bool accessed;

	assert_rmap_locked(vma);
	*nr_pages = 1;
	if (is_vm_hugetlb_page(vma)) {
		if (!mm_has_notifiers(vma->vm_mm))
			*nr_pages = pages_per_huge_page(hstate_vma(vma));
		return visit_mapped_hugetlb(&w, v, &pvmw);
	}
	if (!page_vma_mapped_walk(&pvmw))
		return DAMON_NOT_MAPPED;
	if (pvmw.pte) {
		accessed = damon_visit_pte(&w, v, pvmw.pte);
	} else {
		if (!mm_has_notifiers(vma->vm_mm))
			*nr_pages = PMD_SIZE >> PAGE_SHIFT;
		accessed = visit_huge_entry(&w, v, pvmw.pmd);
	}
	page_vma_mapped_walk_done(&pvmw);
	return accessed ? DAMON_ACCESSED : DAMON_IDLE;
}

static pud_t *pud_of(struct damon_walk *w, unsigned long addr)
{
	pgd_t *pgd;
	p4d_t *p4d;

	pgd = pgd_offset(w->vma->vm_mm, addr);
	if (pgd_none(pgdp_get(pgd)))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	return p4d_none(p4dp_get(p4d)) ? NULL : pud_offset(p4d, addr);
}

static bool is_pmd_table(pud_t entry)
{
	return pud_present(entry) && !pud_leaf(entry);
}

pmd_t *damon_walk_down(struct damon_walk *w, unsigned long addr)
{
	unsigned long start = addr & PUD_MASK;
	pud_t *pud = pud_of(w, addr);

	damon_assert_mapping_locked(w);
	/* Read once: a huge entry of a device may go away between two reads. */
	if (!pud || !is_pmd_table(pudp_get(pud)))
		return NULL;

	w->pmds = pmd_offset(pud, start);
	/* The last byte, since the first one behind may be 0. */
	w->size = min(w->vma->vm_end - 1, start + PUD_SIZE - 1);
	w->start = max(w->vma->vm_start, start);
	w->size -= w->start - 1;
	return w->pmds + pmd_index(addr);
}

#ifdef CONFIG_ARCH_HAS_NONLEAF_PMD_YOUNG

/*
 * Which tables are used.  The processor sets the Accessed bit of each entry on its
 * way down to a page, not only of the last one.  Reclaim reads and clears those of PMDs,
 * see lru_gen_look_around(); only monitors do this with those of PUDs.
 */

/* Where this can not be done, all tables of PMDs look used. */
static void clear_used_pud(struct damon_walk *w, unsigned long addr, pud_t *pud)
{
#if defined(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD) && defined(CONFIG_TRANSPARENT_HUGEPAGE)
	pudp_test_and_clear_young(w->vma, addr, pud);
#endif
}

static bool is_used_pmd_table(pud_t entry)
{
#ifdef CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD
	return is_pmd_table(entry) && pud_young(entry);
#else
	return is_pmd_table(entry);
#endif
}

/*
 * Where an entry above the tables of PMDs ends, or @end.  pud_addr_end() and
 * p4d_addr_end() would be @end where the level is folded into the one above, which has
 * more than one entry.
 */
static unsigned long entry_end(unsigned long addr, unsigned long end, unsigned long mask)
{
	/* The last byte, since the first one behind may be 0. */
	return min(end - 1, addr | ~mask) + 1;
}

/*
 * The next address from @start on whose table of PMDs was used, or @end.  With @clear,
 * none is looked for, but the bits of all are cleared.
 */
static unsigned long find_used_pud(struct damon_walk *w, unsigned long start,
				   unsigned long end, bool clear)
{
	unsigned long next;
	pud_t *pud = NULL;

	damon_assert_mapping_locked(w);
	for (; start < end; start = next) {
		next = entry_end(start, end, PUD_MASK);
		/* One walk serves all that one table of PUDs maps. */
		if (pud && start & ~P4D_MASK)
			pud++;
		else
			pud = pud_of(w, start);
		if (!pud) {
			next = entry_end(start, end, P4D_MASK);
			continue;
		}
		if (!is_used_pmd_table(pudp_get(pud)))
			continue;
		if (!clear)
			return start;
		clear_used_pud(w, start, pud);
	}
	return end;
}

void damon_puds_clear_used(struct damon_walk *w, unsigned long start, unsigned long end)
{
	find_used_pud(w, start, end, /*clear=*/true);
}

unsigned long damon_puds_find_used(struct damon_walk *w, unsigned long start,
				   unsigned long end)
{
	return find_used_pud(w, start, end, /*clear=*/false);
}

static pmd_t *pmd_at(struct damon_walk *w, unsigned long addr)
{
	damon_assert_mapping_locked(w);
	if (is_vm_hugetlb_page(w->vma))
		return NULL;
	return addr - w->start < w->size ? w->pmds + pmd_index(addr) :
		damon_walk_down(w, addr);
}

static bool is_pte_table(pmd_t entry)
{
	return !pmd_none(entry) && !pmd_leaf(entry) && !pmd_bad(entry);
}

void damon_pmds_clear_used(struct damon_walk *w, unsigned long start, unsigned long end,
			   unsigned long *was_used)
{
	pmd_t *pmd = pmd_at(w, start), entry;
	unsigned int i = 0;
	spinlock_t *ptl = NULL;

	VM_WARN_ON_ONCE(start >> PUD_SHIFT != (end - 1) >> PUD_SHIFT);
	if (!pmd)
		return;
	ptl = pmd_lock(w->vma->vm_mm, pmd);
	for (; start < end; start = pmd_addr_end(start, end), pmd++, i++) {
		entry = pmdp_get(pmd);
		if (pmd_young(entry) && is_pte_table(entry)) {
			pmdp_test_and_clear_young(w->vma, start, pmd);
			__set_bit(i, was_used);
		}
	}
	spin_unlock(ptl);
}

void damon_pmds_read_used(struct damon_walk *w, unsigned long start, unsigned long end,
			  const unsigned long *was_used, unsigned long *used)
{
	pmd_t *pmd = pmd_at(w, start), entry;
	unsigned int i = 0;
	spinlock_t *ptl = NULL;

	VM_WARN_ON_ONCE(start >> PUD_SHIFT != (end - 1) >> PUD_SHIFT);
	if (!pmd)
		return;
	ptl = pmd_lock(w->vma->vm_mm, pmd);
	for (; start < end; start = pmd_addr_end(start, end), pmd++, i++) {
		entry = pmdp_get(pmd);
		if (!pmd_young(entry) && !test_bit(i, was_used))
			continue;
		if (!is_pte_table(entry))
			continue;
		if (pmd_young(entry))
			__set_bit(i, used);
		else
			/* Only the hardware changes an entry without the lock: this bit. */
			set_pmd(pmd, pmd_mkyoung(entry));
	}
	spin_unlock(ptl);
}

#endif /* CONFIG_ARCH_HAS_NONLEAF_PMD_YOUNG */

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/access_kunit.c"
#endif
