/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the TLB hides from samples, and flushes within a limit; tlb.c tells how.
 */
#ifndef _MM_DAMON_TLB_H
#define _MM_DAMON_TLB_H

#include "internal.h"

/**
 * damon_flush_init() - From now on, flushes are counted.
 * @ctx:	The context, as its worker begins.
 */
void damon_flush_init(struct damon_ctx *ctx);

/**
 * damon_may_flush() - May the sampling interval begin with a flush?
 * @ctx:	The context.
 *
 * Return: true at most as often as the parameter damon.tlb_flushes allows; it
 *	is the caller who flushes.
 */
bool damon_may_flush(struct damon_ctx *ctx);

/**
 * damon_samples_flushed() - The samples that wait will see every access.
 * @t:		The target, whose TLB is flushed next.
 */
void damon_samples_flushed(struct damon_target *t);

/* The two parts of damon_tlb_record() that are rare. */
void damon_tlb_record_flushed(struct damon_region *r, bool accessed);
void damon_tlb_record_hidden(struct damon_region *r);

/**
 * damon_tlb_record() - Take the answer for the address picked last, if it is fair.
 * @r:		The region.
 * @accessed:	What the sample has seen.
 *
 * As damon_region_record(), but a sample that may have missed an access, because
 * the TLB held the translation, is left out where others tell that this happens.
 */
static __always_inline void damon_tlb_record(struct damon_region *r, bool accessed)
{
	if (unlikely(r->sampling_flushed)) {
		damon_tlb_record_flushed(r, accessed);
		return;
	}
	r->tlb.other_hits += accessed;
	if (unlikely(++r->tlb.others == U8_MAX)) {
		r->tlb.other_hits /= 2;
		r->tlb.others /= 2;
	}
	if (likely(!r->tlb_hides))
		damon_region_record(r, accessed);
	else
		damon_tlb_record_hidden(r);
}

#endif /* _MM_DAMON_TLB_H */
