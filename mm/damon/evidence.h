/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The evidence of a region, and the test whether two parts are used alike: for the
 * files of the region engine, evidence.c, adapt.c and region.c.
 */
#ifndef _MM_DAMON_EVIDENCE_H
#define _MM_DAMON_EVIDENCE_H

#include <linux/limits.h>
#include <linux/minmax.h>

#include "internal.h"

#define NR_BINS DAMON_NR_BINS

/*
 * One sample, in the unit in which evidence is kept: a part of a region gets a
 * part of a sample, and loses less than 1/128 of it by rounding.
 */
#define SAMPLE 128

/*
 * As much as a region keeps of the aggregations before this one.  A product of
 * two such numbers fits 32 bits, and the square of that 64.
 */
#define WINDOW (400 * SAMPLE)
static_assert(WINDOW <= U16_MAX);
static_assert((u64)WINDOW * WINDOW <= UINT_MAX);

/* A piece on trial has so many samples, or two aggregations, to show what it is. */
#define MIN_TRIAL 32

/* How many of @samples have found an access, both in 1/SAMPLE. */
struct tally {
	u32 hits, samples;
};

static inline struct tally tally_bins(const struct damon_evidence *e, unsigned int from,
				      unsigned int to)
{
	struct tally t = {};

	for (; from < to; from++) {
		t.hits += e->hits[from];
		t.samples += e->samples[from];
	}
	return t;
}

static inline struct tally tally(const struct damon_evidence *e)
{
	return tally_bins(e, 0, NR_BINS);
}

/* In 1/65536. */
static inline u32 rate(struct tally t)
{
	return t.samples ? div_u64((u64)t.hits << 16, t.samples) : 0;
}

/* The rates differ by more than 1/@part of the larger one. */
static inline bool rates_differ(struct tally a, struct tally b, unsigned int part)
{
	u32 x = rate(a), y = rate(b);

	return abs_diff(x, y) > max(x, y) / part;
}

static inline unsigned long region_pages(const struct damon_region *r)
{
	return damon_region_size(r) >> PAGE_SHIFT;
}

/* A bin is an eighth of a region, as near as whole pages allow. */
static inline unsigned long bin_start(const struct damon_region *r, unsigned int bin)
{
	return r->ar.start + (region_pages(r) * bin / NR_BINS << PAGE_SHIFT);
}

static inline unsigned int bin_of(const struct damon_region *r, unsigned long addr)
{
	unsigned long page = (addr - r->ar.start) >> PAGE_SHIFT;

	return ((page + 1) * NR_BINS - 1) / region_pages(r);
}

/*
 * A G of @tenths / 10 in the unit of damon_g_test(), whose sum of logarithms has to be
 * multiplied by 2 ln(2) / (SAMPLE * 2^24) to be a G.
 */
#define G(tenths) ((s64)(tenths) * ((((s64)SAMPLE << 24) * 10000) / 13863) / 10)

/**
 * damon_g_test() - Does one rate explain two tallies?
 * @a:	A tally.
 * @b:	Another one.
 *
 * Return: The G of the explanation in evidence.c, to be compared with G().
 */
s64 damon_g_test(struct tally a, struct tally b);

/**
 * damon_region_judge() - Set what follows from the evidence.
 * @ctx:	The context.
 * @r:		The region, at the end of an aggregation.
 *
 * That is the count to report, the age that goes with it, what the next sample is
 * expected to find, and whether the region may rest.
 */
void damon_region_judge(const struct damon_ctx *ctx, struct damon_region *r);

/**
 * damon_regions_count() - End an aggregation: from samples to rates.
 * @ctx:	The context.
 *
 * Sets nr_accesses of each region to its rate by all that is known of it, and
 * its age.  A rate is the quotient of hits and samples, so a worker that was
 * late and took fewer samples reports no less.  Where nobody has called
 * damon_region_record(), the count of this aggregation is taken.
 */
void damon_regions_count(struct damon_ctx *ctx);

/**
 * damon_regions_rescale() - Go on with other intervals.
 * @ctx:	The context, with the new attributes.
 * @old:	The attributes that the counts and ages are of.
 *
 * The aggregation that was running is over, and not reported.  Ages are as long as they were.
 * What was always found accessed, or never, is known as well as before.  Of other memory,
 * where the sampling interval has changed, little is: longer intervals find more accesses.
 */
void damon_regions_rescale(struct damon_ctx *ctx, const struct damon_attrs *old);

/**
 * damon_region_count() - The count of a region, by all the evidence there is.
 * @ctx:	The context.
 * @r:		The region, during an aggregation.
 *
 * Return: What would be reported if the aggregation ended now, but for changes that only its
 *	end can tell.
 */
unsigned int damon_region_count(const struct damon_ctx *ctx, const struct damon_region *r);

/**
 * damon_region_age() - The age that belongs to damon_region_count().
 * @ctx:	The context.
 * @r:		The region, during an aggregation.
 *
 * The age of a region is that of the last report, and so is the count which it belongs to.
 * A region that had a count for an hour and has none now was not idle for an hour.
 *
 * Return: Aggregations; 0 if another count began in this one.
 */
unsigned int damon_region_age(const struct damon_ctx *ctx, const struct damon_region *r);

/**
 * damon_regions_forget() - Begin the counts of the next aggregation.
 * @ctx:	The context.
 *
 * The evidence stays.
 */
void damon_regions_forget(struct damon_ctx *ctx);

/**
 * damon_region_inherit() - Add to a region what another one knows of its addresses.
 * @to:		The region.
 * @from:	The other one, which has some of the addresses, or had them.
 *
 * The sample that waits goes along, if its address does and @to has none.
 */
void damon_region_inherit(struct damon_region *to, const struct damon_region *from);

/**
 * damon_region_drop_evidence() - Know nothing of the addresses of a region any more.
 * @r:		The region.
 */
void damon_region_drop_evidence(struct damon_region *r);

/**
 * damon_region_copy_state() - Copy what is known of a region but not of addresses.
 * @to:		The region.
 * @from:	The region that it is a part of.
 */
void damon_region_copy_state(struct damon_region *to, const struct damon_region *from);

/**
 * damon_region_last_hit() - Where was an access found last?
 * @r:		The region.
 *
 * Return: The address of its page, or 0 if there was none in this aggregation.  One that
 *	is not told from rare use yet stays for the next.
 */
unsigned long damon_region_last_hit(const struct damon_region *r);

/**
 * damon_region_begin_age() - Something was done to the memory: it begins a new age.
 * @r:		The region.
 *
 * What is known of it stays.
 */
void damon_region_begin_age(struct damon_region *r);

/**
 * damon_region_look_anew() - Begin a region of which its past tells nothing.
 * @r:		The region.
 */
void damon_region_look_anew(struct damon_region *r);

/**
 * damon_regions_begin_anew() - Begin all regions: nobody knows what was used until now.
 * @ctx:	The context.
 */
void damon_regions_begin_anew(struct damon_ctx *ctx);

/**
 * damon_region_even_out() - Have no more samples for a page than another region.
 * @r:		The region.
 * @other:	The other one.
 *
 * Nothing is done where @other has hardly any.  Where rates differ, a small part is
 * not to outweigh a large one.
 */
void damon_region_even_out(struct damon_region *r, const struct damon_region *other);

/**
 * damon_region_absorb() - Take the addresses of a neighbour, and all that is known.
 * @l:		The region.
 * @r:		Its right neighbour, which is to be freed.
 */
void damon_region_absorb(struct damon_region *l, struct damon_region *r);

#endif /* _MM_DAMON_EVIDENCE_H */
