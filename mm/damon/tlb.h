/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses that the TLB hides from samples, and flushes within a limit; tlb.c tells how.
 */
#ifndef _MM_DAMON_TLB_H
#define _MM_DAMON_TLB_H

#include "internal.h"

/**
 * struct damon_flushes - The flushes of one monitor.
 * @next:	When the next one may be, in jiffies.
 */
struct damon_flushes {
	unsigned long next;
};

/**
 * damon_flushes_init() - From now on, flushes are counted.
 * @f:		The flushes of a monitor, as its worker begins.
 */
void damon_flushes_init(struct damon_flushes *f);

/**
 * damon_may_flush() - May the sampling interval begin with a flush?
 * @f:		The flushes of the monitor.
 *
 * Return: true at most as often as the parameter damon.tlb_flushes allows; it
 *	is the caller who flushes.
 */
bool damon_may_flush(struct damon_flushes *f);

/**
 * damon_flushes_are_on() - Does the user allow flushes?
 *
 * Return: Whether the parameter damon.tlb_flushes is not 0.
 */
bool damon_flushes_are_on(void);

/**
 * damon_samples_flushed() - The samples that wait will see every access.
 * @t:		The target, whose TLB is flushed next.
 */
void damon_samples_flushed(struct damon_target *t);

/* The two parts of damon_tlb_record() that are rare. */
void damon_tlb_record_flushed(struct damon_ctx *ctx, struct damon_region *r, bool accessed);
void damon_tlb_record_hidden(struct damon_region *r);

/**
 * damon_tlb_record() - Take the answer for the address picked last, if it is fair.
 * @ctx:	The context.
 * @r:		The region.
 * @accessed:	What the sample has seen.
 *
 * As damon_region_record(), but a sample that may have missed an access, because
 * the TLB held the translation, is left out where others tell that this happens.
 */
static __always_inline void damon_tlb_record(struct damon_ctx *ctx, struct damon_region *r,
					     bool accessed)
{
	/* It is no fair sample, but a "no" that the TLB may be behind is no answer either. */
	if (unlikely(damon_region_asks_again(r))) {
		if (accessed || r->sample.flushed || !r->tlb.hides)
			damon_region_record(ctx, r, r->sampling_addr, accessed);
		return;
	}
	if (unlikely(r->sample.flushed)) {
		damon_tlb_record_flushed(ctx, r, accessed);
		return;
	}
	r->tlb.other_hits += accessed;
	if (unlikely(++r->tlb.others == U8_MAX)) {
		r->tlb.other_hits /= 2;
		r->tlb.others /= 2;
	}
	if (likely(!r->tlb.hides))
		damon_region_record(ctx, r, r->sampling_addr, accessed);
	else
		damon_tlb_record_hidden(r);
}

#endif /* _MM_DAMON_TLB_H */
