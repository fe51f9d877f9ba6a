// SPDX-License-Identifier: GPL-2.0
/*
 * The primitives for physical memory.
 *
 * Which memory.  All System RAM that is online, of all nodes or of one, or what of
 * it lies in the ranges that the user gave.  It is looked up anew at each update
 * interval, since memory is plugged in and out.
 *
 * Accesses.  A page is mapped by any number of page tables, which its folio knows
 * (the reverse mapping); and the kernel reads and writes the page cache without any.
 * So a sample has two witnesses: the Accessed bits of the entries, and the idle flag
 * of the folio, which system calls clear as well, or its references.  access.c tells
 * of both flags.
 *
 * What can not be known.  Memory of the kernel itself has no reverse mapping.
 * There, a sample tries another address, up to MAX_TRIES, and then counts as no
 * access, as does memory that is free: otherwise a region would stay hot for ever
 * after its last user has gone.  But where a sample was prepared and can not be
 * checked, since the page is in migration or somebody holds a lock, there is no
 * sample.  "Unknown" never counts as an access.
 *
 * The cost.  A page may be mapped a thousand times.  Of one sample, the first
 * MAX_MAPPINGS are asked; what the others do is not seen.  Locks of the reverse
 * mapping are taken if they are free, so the worker waits for nobody but for page
 * table locks.  Samples under one huge entry share a visit.
 *
 * Two passes.  Unlike in vaddr.c, all regions are checked before the first is
 * prepared: a large folio has one idle flag for many samples, and there are no
 * upper page tables that the two visits to one region could share.  A sample that waits
 * for several intervals is of a folio that no other region has a part of.
 *
 * Stale TLBs.  One flush for all CPUs makes all samples that wait right, see tlb.c.
 *
 * Hot-unplug.  Of a section that goes away, the struct pages go away, too, after
 * it was taken offline.  From the question whether a page is online up to the
 * reference on its folio, RCU is held; and whoever takes memory offline waits for
 * its readers (memory_changes()).  A reference keeps a page from going offline.
 *
 * Notes on locking.  All are taken if they are free only, but the last:
 *   folio lock -> reverse mapping -> hugetlb fault mutex
 *     -> page table lock
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/damon.h>
#include <linux/hugetlb.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/page_idle.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include <asm/tlbflush.h>

#include "access.h"
#include "action.h"
#include "filter.h"
#include "internal.h"
#include "primitives.h"
#include "probe.h"
#include "ranges.h"
#include "tlb.h"

/* Ranges of one target; the holes of physical memory are few and large. */
#define MAX_RANGES 64

/* Addresses that one sample tries. */
#define MAX_TRIES 4

/*
 * Mappings that one check asks, and one preparation.  Others may be the first ones by
 * the time of the check, so more are prepared.
 */
#define MAX_MAPPINGS 32
#define MAX_PREPARED (2 * MAX_MAPPINGS)

/* Of a physical address; more than a long has on 32-bit machines with PAE. */
#ifdef MAX_PHYSMEM_BITS
#define PHYS_BITS MAX_PHYSMEM_BITS
#elif defined(MAX_POSSIBLE_PHYSMEM_BITS) && !defined(CONFIG_64BIT)
#define PHYS_BITS MAX_POSSIBLE_PHYSMEM_BITS
#else
#define PHYS_BITS BITS_PER_LONG
#endif

/*
 * So that all addresses fit a long: with 36 bits, 16 bytes are a unit, and a region is
 * 64 KiB at least.
 */
#ifndef CONFIG_64BIT
#if PHYS_BITS > BITS_PER_LONG
#define ADDR_UNIT (1UL << (PHYS_BITS - BITS_PER_LONG))
#endif
#endif
#ifndef ADDR_UNIT
#define ADDR_UNIT 1UL
#endif

#define MAX_PHYS_ADDR (~0ULL >> (64 - PHYS_BITS))

static_assert((unsigned long)NUMA_NO_NODE == DAMON_ALL_NODES);
static_assert(ADDR_UNIT <= PAGE_SIZE);

/* === Which memory === */

/* The state of the primitives for a context, while its worker runs. */
struct pa_ctx {
	struct damon_flushes flushes;
};

/* The state of the primitives for a target: the limits that it began with. */
struct pa_target {
	unsigned int nr_limits;
	struct damon_addr_range limits[];
};

static const struct damon_addr_range no_limit = { 0, PAGE_MASK };

/* A walk up all System RAM, within limits that go up as well. */
struct ram_walk {
	int nid;
	const struct damon_addr_range *limits;
	unsigned int nr_limits;
	struct damon_ranges *ranges;
	/* The limit that is next, and how many had memory. */
	unsigned int next;
	unsigned int nr_found;
	bool found;
};

static void add_piece(struct ram_walk *w, struct damon_addr_range range)
{
	for (; w->next < w->nr_limits; w->next++, w->found = false) {
		const struct damon_addr_range *l = &w->limits[w->next];
		unsigned long start = max(range.start, l->start);
		unsigned long end = min(range.end, l->end);

		if (start < end) {
			/* The user has left out the memory between two limits. */
			if (!w->found && w->nr_found)
				damon_ranges_keep_hole(w->ranges);
			damon_ranges_add(w->ranges, start, end);
			w->nr_found += !w->found;
			w->found = true;
		}
		/* The next piece of memory may be in this limit as well. */
		if (l->end > range.end)
			break;
	}
}

/* As an address of a region, which ends below the last page that a long can have. */
static unsigned long pfn_to_addr(unsigned long pfn)
{
	return min_t(u64, (u64)pfn * (PAGE_SIZE / ADDR_UNIT), (unsigned long)PAGE_MASK);
}

/* The range of these pages, in whole pages of units. */
static struct damon_addr_range pfns_to_range(unsigned long start, unsigned long end)
{
	return (struct damon_addr_range) {
		.start = PAGE_ALIGN(pfn_to_addr(start)),
		.end = PAGE_ALIGN_DOWN(pfn_to_addr(end)),
	};
}

static bool is_online(unsigned long pfn, int nid)
{
	struct page *page;

	guard(rcu)();
	page = pfn_to_online_page(pfn);
	return page && (nid == NUMA_NO_NODE || page_to_nid(page) == nid);
}

/* Memory is plugged by sections; nodes may meet within one, at a pageblock. */
static unsigned long next_step(unsigned long pfn, unsigned long end, int nid)
{
	unsigned long next = end;

#ifdef CONFIG_SPARSEMEM
	next = min(end, SECTION_ALIGN_UP(pfn + 1));
#endif
	if (is_online(pfn, nid) != is_online(next - 1, nid))
		next = min(next, ALIGN(pfn + 1, pageblock_nr_pages));
	return next;
}

static u64 pa_sz_on_node(struct damon_ctx *ctx, unsigned long start, unsigned long end, int nid)
{
	unsigned long pfn = (u64)start * ADDR_UNIT >> PAGE_SHIFT, next;
	unsigned long last = (u64)end * ADDR_UNIT >> PAGE_SHIFT;
	u64 nr = 0;

	for (; pfn < last; pfn = next) {
		if (!damon_go_on(ctx))
			break;
		next = next_step(pfn, last, nid);
		if (is_online(pfn, nid))
			nr += next - pfn;
	}
	return nr << PAGE_SHIFT;
}

static int add_ram(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	unsigned long end = pfn + nr_pages, start = pfn, next;
	struct ram_walk *w = arg;

	for (; pfn < end; pfn = next) {
		cond_resched();
		next = next_step(pfn, end, w->nid);
		if (is_online(pfn, w->nid))
			continue;
		if (start < pfn)
			add_piece(w, pfns_to_range(start, pfn));
		start = next;
	}
	if (start < end)
		add_piece(w, pfns_to_range(start, end));
	return 0;
}

static void walk_ram(struct ram_walk *w)
{
	walk_system_ram_range(0, 1UL << (PHYS_BITS - PAGE_SHIFT), w, add_ram);
}

static int pa_check_ranges(unsigned long id, const struct damon_addr_range *ranges,
			   unsigned int nr_ranges)
{
	struct damon_ranges *rs __free(kvfree) = damon_ranges_new(1);
	struct ram_walk w = {
		.nid = id,
		.limits = nr_ranges ? ranges : &no_limit,
		.nr_limits = nr_ranges ?: 1,
		.ranges = rs,
	};

	if (!rs)
		return -ENOMEM;
	if (id != DAMON_ALL_NODES && id >= MAX_NUMNODES)
		return -ENXIO;
	if (nr_ranges && (u64)(ranges[nr_ranges - 1].end - 1) * ADDR_UNIT > MAX_PHYS_ADDR)
		return -EINVAL;
	walk_ram(&w);
	return w.nr_found == w.nr_limits ? 0 : -ENXIO;
}

/* The regions that a target began with; those that touch are one limit. */
static struct pa_target *make_target(const struct damon_target *t)
{
	struct pa_target *pt = kvzalloc(struct_size(pt, limits, t->nr_regions + 1),
					GFP_KERNEL);
	const struct damon_region *r;

	if (!pt)
		return NULL;
	damon_for_each_region(r, t) {
		if (!pt->nr_limits || pt->limits[pt->nr_limits - 1].end != r->ar.start)
			pt->limits[pt->nr_limits++].start = r->ar.start;
		pt->limits[pt->nr_limits - 1].end = r->ar.end;
	}
	if (!pt->nr_limits)
		pt->limits[pt->nr_limits++] = no_limit;
	return pt;
}

static int fit_to_ram(struct damon_ctx *ctx, struct damon_target *t)
{
	const struct pa_target *pt = t->priv;
	unsigned int more = min(damon_max_ranges(ctx), MAX_RANGES) - 1;
	/* The limits of the user, and some ranges more, for holes in them. */
	unsigned long nr = min(pt->nr_limits + more, ctx->max_nr_regions);
	struct damon_ranges *rs __free(kvfree) = damon_ranges_new(max(nr, pt->nr_limits));
	struct ram_walk w = {
		.nid = t->id,
		.limits = pt->limits,
		.nr_limits = pt->nr_limits,
		.ranges = rs,
	};

	if (!rs)
		return -ENOMEM;
	walk_ram(&w);
	damon_ranges_finish(rs, 0);
	return damon_target_fit(t, rs->ranges, rs->nr);
}

static int pa_fit_target(struct damon_ctx *ctx, struct damon_target *t)
{
	if (!t->priv)
		t->priv = make_target(t);
	return t->priv ? fit_to_ram(ctx, t) : -ENOMEM;
}

static void pa_init(struct damon_ctx *ctx)
{
	struct pa_ctx *pc = ctx->priv ?: kzalloc(sizeof(*pc), GFP_KERNEL);

	/* Else there are no flushes. */
	if (pc && !ctx->priv)
		damon_flushes_init(&pc->flushes);
	ctx->priv = pc;
	damon_fit_targets(ctx, pa_fit_target);
}

static void pa_update(struct damon_ctx *ctx)
{
	damon_fit_targets(ctx, pa_fit_target);
}

/* The answer "online" has to hold until the reader leaves RCU. */
static int memory_changes(struct notifier_block *nb, unsigned long action, void *arg)
{
	if (action == MEM_OFFLINE)
		synchronize_rcu();
	return NOTIFY_OK;
}

static int __init pa_setup(void)
{
	return hotplug_memory_notifier(memory_changes, DEFAULT_CALLBACK_PRI);
}
subsys_initcall(pa_setup);

/* === One page === */

/* Neither flag is set while it is in migration. */
static bool can_be_asked(struct folio *folio)
{
	return folio_test_hugetlb(folio) ? folio_test_hugetlb_migratable(folio) :
		folio_test_lru(folio);
}

/*
 * Only the first page of a free block says so by its type, but none of them has a
 * reference.  Nor have the tail pages of a compound page, which is in use.  Drivers may
 * have taken several pages in one piece that is not compound: but for the first one, they
 * are taken for free.
 */
static bool is_free(const struct page *page)
{
	return !page_ref_count(page) && !PageTail(page);
}

enum damon_who damon_pa_get_folio(unsigned long pfn, struct folio **folio)
{
	struct page *page;

	guard(rcu)();
	page = pfn_to_online_page(pfn);
	if (!page)
		return DAMON_WHO_KNOWS;
	if (is_free(page))
		return DAMON_NOBODY;
	/* No reference is taken on what is certainly of the kernel. */
	if (!PageLRU(page) && !PageHuge(page))
		return DAMON_WHO_KNOWS;
	*folio = page_folio(page);
	if (!folio_try_get(*folio))
		return DAMON_NOBODY;
	if (page_folio(page) == *folio && can_be_asked(*folio) && !PageHWPoison(page))
		return DAMON_SOMEBODY;
	folio_put(*folio);
	return DAMON_WHO_KNOWS;
}

/* One visit to all entries that map a page. */
struct visit {
	unsigned long pfn;
	bool mkold;
	/* Pages below the smallest entry that was found; and mappings asked. */
	unsigned long nr_pages;
	unsigned int nr;
	enum damon_visited found;
};

/* The address of page @pfn in @vma, where the folio begins at @addr, or 0. */
static unsigned long page_addr(struct folio *folio, unsigned long pfn,
			       struct vm_area_struct *vma, unsigned long addr)
{
	pgoff_t pgoff;

	if (!folio_test_large(folio))
		return addr;
	pgoff = folio_pgoff(folio) + (pfn - folio_pfn(folio));
	if (pgoff < vma->vm_pgoff || pgoff - vma->vm_pgoff >= vma_pages(vma))
		return 0;
	return vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
}

static bool visit_mapping(struct folio *folio, struct vm_area_struct *vma,
			  unsigned long addr, void *arg)
{
	struct visit *v = arg;
	struct damon_visit dv = { .mkold = v->mkold };
	unsigned long nr_pages;
	enum damon_visited ret;

	if (v->nr++ == (v->mkold ? MAX_PREPARED : MAX_MAPPINGS))
		return false;
	dv.addr = page_addr(folio, v->pfn, vma, addr);
	if (!dv.addr)
		return true;
	ret = damon_visit_mapped_page(vma, v->pfn, dv, &nr_pages);
	if (ret == DAMON_NOT_MAPPED)
		return true;
	v->nr_pages = min(v->nr_pages, nr_pages);
	v->found = ret;
	/* One access is enough, and one lock in use spoils the preparation. */
	return ret != DAMON_BUSY && (v->mkold || ret != DAMON_ACCESSED);
}

static void visit_mappings(struct folio *folio, struct visit *v)
{
	struct rmap_walk_control rwc = {
		.arg = v,
		.rmap_one = visit_mapping,
		.anon_lock = folio_lock_anon_vma_read,
		.try_lock = true,
	};

	if (!folio_mapped(folio))
		return;
	/*
	 * A folio of a process needs no lock for this.  But without it ksmd may make
	 * it one of KSM, which does, between any question and the walk.
	 */
	if (!folio_trylock(folio)) {
		v->found = DAMON_BUSY;
		return;
	}
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	if (rwc.contended)
		v->found = DAMON_BUSY;
}

/*
 * One pass over the regions remembers the answer for the last sample, for the next one
 * if it is in the same folio, or below the same entry.
 */
struct pass {
	/* The pages that share its entry, in each mapping that was asked. */
	unsigned long start, nr_pages;
	enum damon_visited found;
	/* Only compared: it may be gone. */
	const struct folio *folio;
	unsigned int refs;
	bool lowered, called;
};

static bool is_known(const struct pass *p, unsigned long pfn)
{
	return pfn - p->start < p->nr_pages;
}

static void remember(struct pass *p, const struct visit *v, enum damon_visited found)
{
	p->nr_pages = v->nr_pages == ULONG_MAX ? 0 : v->nr_pages;
	p->start = ALIGN_DOWN(v->pfn, p->nr_pages ?: 1);
	p->found = found;
}

/* === System calls === */

/*
 * A write clears the idle flag.  So does a read, but where the multi-gen LRU is in
 * use, it counts references in place of that, see folio_mark_accessed(): in two
 * flags first, and then in a few bits, up to a limit.  A folio at the limit is put
 * one below it for the time of a sample, and back again.
 */
#ifdef CONFIG_LRU_GEN
/* Two flags and a few bits; they are kept in three bits of a sample. */
static_assert(2 + BIT(__LRU_REFS_WIDTH) - 1 < BIT(3));

/* Without the multi-gen LRU the flags are no count. */
static unsigned int nr_refs(struct folio *folio)
{
	unsigned long flags = READ_ONCE(folio->flags);

	if (!lru_gen_enabled())
		return 0;
	return !!(flags & BIT(PG_referenced)) + !!(flags & BIT(PG_workingset)) +
		((flags & LRU_REFS_MASK) >> LRU_REFS_PGOFF);
}

/* Return whether the folio was at the limit, and is no more. */
static bool lower_refs(struct folio *folio)
{
	unsigned long old = READ_ONCE(folio->flags);

	/* Reads of a folio that is never reclaimed are not counted. */
	if (!lru_gen_enabled() || !LRU_REFS_MASK || folio_test_unevictable(folio))
		return false;
	do {
		if ((old & LRU_REFS_MASK) != LRU_REFS_MASK)
			return false;
	} while (!try_cmpxchg(&folio->flags, &old, old - BIT(LRU_REFS_PGOFF)));
	return true;
}

/* Unless somebody has changed the count meanwhile. */
static void put_ref_back(struct folio *folio)
{
	unsigned long old = READ_ONCE(folio->flags);

	do {
		if ((old & LRU_REFS_MASK) != LRU_REFS_MASK - BIT(LRU_REFS_PGOFF))
			return;
	} while (!try_cmpxchg(&folio->flags, &old, old + BIT(LRU_REFS_PGOFF)));
}
#else
static unsigned int nr_refs(struct folio *folio)
{
	return 0;
}

static bool lower_refs(struct folio *folio)
{
	return false;
}

static void put_ref_back(struct folio *folio)
{
}
#endif

static void watch_calls(struct pass *p, struct damon_region *r, struct folio *folio)
{
	if (folio != p->folio) {
		p->lowered = lower_refs(folio);
		r->sample.lowered = p->lowered;
		p->refs = nr_refs(folio);
		p->folio = folio;
	}
	r->sample.refs = p->refs;
	/* It is put back by the next pass: one that waits may be dropped before. */
	if (p->lowered)
		r->wait = 1;
}

/* Fewer references than before are the work of reclaim, and tell nothing. */
static bool was_called(struct pass *p, const struct damon_region *r, struct folio *folio)
{
	if (folio != p->folio || r->sample.refs != p->refs) {
		p->called = !damon_is_idle(folio) || nr_refs(folio) > r->sample.refs;
		p->folio = folio;
		p->refs = r->sample.refs;
	}
	if (r->sample.lowered && !p->called)
		put_ref_back(folio);
	return p->called;
}

static unsigned long addr_to_pfn(unsigned long addr)
{
	return (u64)addr * ADDR_UNIT >> PAGE_SHIFT;
}

static unsigned long pfn_of(const struct damon_region *r)
{
	return addr_to_pfn(r->sampling_addr);
}

/* === Checks === */

/* Return false when a lock is in use. */
static bool prepare_page(struct pass *p, unsigned long pfn, struct folio *folio)
{
	struct visit v = { .pfn = pfn, .mkold = true, .nr_pages = ULONG_MAX };

	if (is_known(p, pfn))
		return true;
	visit_mappings(folio, &v);
	if (v.found == DAMON_BUSY)
		return false;
	/* Also where nothing was mapped: system calls clear it. */
	if (!damon_is_idle(folio))
		folio_set_idle(folio);
	remember(p, &v, DAMON_IDLE);
	return true;
}

static enum damon_visited check_page(struct pass *p, unsigned long pfn,
				     struct folio *folio)
{
	struct visit v = { .pfn = pfn, .nr_pages = ULONG_MAX };

	if (is_known(p, pfn))
		return p->found;
	visit_mappings(folio, &v);
	if (v.found == DAMON_NOT_MAPPED)
		v.found = DAMON_IDLE;
	if (v.found != DAMON_BUSY)
		remember(p, &v, v.found);
	return v.found;
}

/* Memory of another node may lie between two ranges of this one. */
static bool is_of_target(const struct damon_target *t, struct folio *folio)
{
	return t->id == DAMON_ALL_NODES || t->id == folio_nid(folio);
}

/*
 * Samples of one folio are prepared together, or the later ones would take the news from
 * those that wait.
 */
static bool is_shared(const struct damon_region *r, struct folio *folio)
{
	u64 start = PFN_PHYS(folio_pfn(folio));

	return start < (u64)r->ar.start * ADDR_UNIT ||
		start + folio_size(folio) > (u64)r->ar.end * ADDR_UNIT;
}

static void pa_prepare_sample(struct damon_ctx *ctx, struct damon_target *t,
			      struct pass *p, struct damon_region *r)
{
	struct folio *folio;
	enum damon_who who = DAMON_WHO_KNOWS;
	unsigned int i;

	r->sample.flushed = false;
	r->sample.lowered = false;
	for (i = 0; i < MAX_TRIES && who == DAMON_WHO_KNOWS; i++) {
		damon_region_pick(ctx, r);
		who = damon_pa_get_folio(pfn_of(r), &folio);
		if (who == DAMON_SOMEBODY && !is_of_target(t, folio)) {
			folio_put(folio);
			who = DAMON_WHO_KNOWS;
		}
	}
	r->sample.marked = who == DAMON_SOMEBODY;
	if (who != DAMON_SOMEBODY)
		return;
	if (is_shared(r, folio))
		r->wait = 1;
	if (prepare_page(p, pfn_of(r), folio))
		watch_calls(p, r, folio);
	else
		damon_region_drop_sample(r);
	folio_put(folio);
}

static void pa_check_sample(struct damon_ctx *ctx, struct pass *p,
			    struct damon_region *r)
{
	enum damon_visited found;
	struct folio *folio;

	/* Whatever comes of it, the next sample is another one. */
	r->sample.pending = false;
	if (!r->sample.marked) {
		damon_tlb_record(ctx, r, false);
		return;
	}
	if (damon_pa_get_folio(pfn_of(r), &folio) != DAMON_SOMEBODY)
		return;
	found = was_called(p, r, folio) ? DAMON_ACCESSED : check_page(p, pfn_of(r), folio);
	folio_put(folio);
	if (found != DAMON_BUSY)
		damon_tlb_record(ctx, r, found == DAMON_ACCESSED);
}

/* Return whether the page of @addr, which probes have found as @found says, is of @t. */
static bool ask_probes(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr,
		       unsigned int *found)
{
	struct folio *folio;
	bool of_target;

	if (damon_pa_get_folio(addr_to_pfn(addr), &folio) != DAMON_SOMEBODY) {
		*found = damon_probes_ask(ctx, NULL);
		return true;
	}
	of_target = is_of_target(t, folio);
	*found = damon_probes_ask(ctx, folio);
	folio_put(folio);
	return of_target;
}

/* A sample of attributes only needs no preparation. */
static void pa_prepare_probed(struct damon_ctx *ctx, struct damon_target *t,
			      struct pass *p, struct damon_region *r)
{
	unsigned int found;

	if (damon_attributes_only(ctx)) {
		damon_region_pick(ctx, r);
		return;
	}
	/* Of any page: see probe.c. */
	if (ask_probes(ctx, t, damon_rand(ctx, r->ar.start, r->ar.end), &found))
		damon_probed_record(r, found);
	pa_prepare_sample(ctx, t, p, r);
}

static void pa_check_attributes(struct damon_ctx *ctx, struct damon_target *t,
				struct damon_region *r)
{
	bool again = damon_region_asks_again(r);
	unsigned int found;

	r->sample.pending = false;
	if (!ask_probes(ctx, t, r->sampling_addr, &found))
		return;
	/* By damon_commit(), it may have lost its room for probes already. */
	if (!again && t->probed)
		damon_probed_record(r, found);
	damon_region_record(ctx, r, r->sampling_addr, damon_probes_draw(ctx, found));
}

/* To call cond_resched() for each region costs a tenth of a pass. */
static void let_others_run(void)
{
	if (need_resched())
		cond_resched();
}

static void pa_prepare(struct damon_ctx *ctx)
{
	struct pa_ctx *pc = ctx->priv;
	bool flush = pc && !damon_attributes_only(ctx) && damon_may_flush(&pc->flushes);
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		struct pass p = {};
		struct damon_region *r;

		damon_for_each_region(r, t) {
			if (!r->sample.pending && !damon_region_waits(r)) {
				if (unlikely(ctx->probes))
					pa_prepare_probed(ctx, t, &p, r);
				else
					pa_prepare_sample(ctx, t, &p, r);
			}
			let_others_run();
		}
		if (flush)
			damon_samples_flushed(t);
	}
	if (flush)
		flush_tlb_all();
}

static void check_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_region *r;
	struct pass p = {};

	damon_for_each_region(r, t) {
		if (r->sample.pending && !damon_region_waits(r)) {
			if (damon_attributes_only(ctx))
				pa_check_attributes(ctx, t, r);
			else
				pa_check_sample(ctx, &p, r);
		}
		let_others_run();
	}
}

static unsigned int pa_check(struct damon_ctx *ctx)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		check_target(ctx, t);
	return ctx->max_nr_accesses;
}

/* === Schemes === */

/*
 * Visit all mappings of all pages of a folio.  Without @mkold, until one of them has been
 * accessed.
 */
static enum damon_visited visit_folio(struct folio *folio, bool mkold)
{
	unsigned long pfn = folio_pfn(folio), end = pfn + folio_nr_pages(folio);

	while (pfn < end) {
		struct visit v = { .pfn = pfn, .mkold = mkold, .nr_pages = ULONG_MAX };

		visit_mappings(folio, &v);
		if (v.found == DAMON_BUSY || v.nr > MAX_MAPPINGS)
			return DAMON_BUSY;
		if (v.found == DAMON_ACCESSED && !mkold)
			return DAMON_ACCESSED;
		/* Behind what the smallest entry maps. */
		pfn = v.nr_pages == ULONG_MAX ? pfn + 1 : ALIGN(pfn + 1, v.nr_pages);
		let_others_run();
	}
	return DAMON_IDLE;
}

void damon_pa_look(struct folio *folio)
{
	if (visit_folio(folio, /*mkold=*/true) == DAMON_BUSY)
		return;
	/* The visits have put into it what the bits had. */
	if (folio_test_clear_young(folio))
		folio_mark_accessed(folio);
	/* Where reads are counted, see "System calls" above, the first one sets this flag. */
	if (lru_gen_enabled())
		folio_clear_referenced(folio);
	/* Last, as it is cleared above. */
	folio_set_idle(folio);
}

bool damon_pa_was_accessed(struct folio *folio)
{
	return !damon_is_idle(folio) || folio_test_young(folio) ||
		(lru_gen_enabled() && folio_test_referenced(folio)) ||
		visit_folio(folio, /*mkold=*/false) != DAMON_IDLE;
}

static int pa_act(struct damon_ctx *ctx, struct damon_target *t, struct damon_work *work)
{
	return damon_pa_act(ctx, t->id, work);
}

static void pa_release_target(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_region *r;

	/* Put references back, also those of samples that wait for longer. */
	damon_for_each_region(r, t)
		r->wait = 0;
	check_target(ctx, t);
	kvfree(t->priv);
	t->priv = NULL;
}

static void pa_cleanup(struct damon_ctx *ctx)
{
	kfree(ctx->priv);
	ctx->priv = NULL;
}

/* === The row of the table === */

/* Whether there is such a node is asked with its ranges. */
static int pa_get_id(unsigned long number, bool is_fd, unsigned long *id)
{
	if (number == DAMON_ALL_NODES)
		return -ENXIO;
	*id = number;
	return 0;
}

static unsigned long pa_id_number(unsigned long id)
{
	return id;
}

/* Two targets with the same memory would take the accesses from each other. */
static int pa_check_ids(const unsigned long *ids, unsigned int nr_ids)
{
	unsigned int i, j;

	for (i = 0; i < nr_ids; i++) {
		if (ids[i] == DAMON_ALL_NODES && nr_ids > 1)
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (ids[i] == ids[j])
				return -EINVAL;
	}
	return 0;
}

static void pa_set(struct damon_ctx *ctx)
{
	ctx->init_target_regions = pa_init;
	ctx->update_target_regions = pa_update;
	ctx->prepare_access_checks = pa_prepare;
	ctx->check_accesses = pa_check;
	ctx->target_valid = NULL;
	ctx->act = pa_act;
	ctx->is_present = NULL;
	ctx->sz_on_node = pa_sz_on_node;
	ctx->actions = DAMON_PA_ACTIONS;
	ctx->filters = DAMON_PAGE_FILTERS;
	ctx->release_target = pa_release_target;
	ctx->can_probe = true;
	ctx->takes_dests = false;
	ctx->cleanup = pa_cleanup;
	ctx->addr_unit = ADDR_UNIT;
}

const struct damon_primitives damon_pa_primitives = {
	.name = "paddr",
	.has_all_id = true,
	.addr_unit = ADDR_UNIT,
	.get_id = pa_get_id,
	.id_number = pa_id_number,
	.check_ids = pa_check_ids,
	.check_ranges = pa_check_ranges,
	.set = pa_set,
};

int damon_pa_set_primitives(struct damon_ctx *ctx)
{
	pa_set(ctx);
	return 0;
}
EXPORT_SYMBOL_GPL(damon_pa_set_primitives);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/paddr_kunit.c"
#endif
