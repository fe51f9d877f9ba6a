/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of this folder share: the settings and the region engine.
 */
#ifndef _MM_DAMON_INTERNAL_H
#define _MM_DAMON_INTERNAL_H

#include <linux/damon.h>
#include <linux/math64.h>
#include <linux/mm.h>

#include <asm/barrier.h>

#define damon_for_each_region_safe(r, next, t) \
	list_for_each_entry_safe(r, next, &(t)->regions_list, list)

/* What is in force when nobody says otherwise. */
enum {
	DAMON_DEFAULT_SAMPLE_US = 5000,
	DAMON_DEFAULT_AGGR_US = 100000,
	DAMON_DEFAULT_UPDATE_US = 1000000,
	DAMON_DEFAULT_MIN_REGIONS = 10,
	DAMON_DEFAULT_MAX_REGIONS = 1000,
};

/**
 * damon_is_on() - Has the monitor a worker?
 * @ctx:	The context.
 *
 * Return: false when the worker has made its last access to the context; then
 *	all that it has done is seen.
 */
static inline bool damon_is_on(struct damon_ctx *ctx)
{
	/* Pairs with store_release_wake_up() in kdamond_fn(). */
	return smp_load_acquire(&ctx->kdamond);
}

static inline unsigned long damon_region_size(const struct damon_region *r)
{
	return r->ar.end - r->ar.start;
}

/**
 * damon_rand() - Draw a number, all equally likely.
 * @ctx:	The context, whose own generator is used: a monitor draws
 *		thousands of numbers a second, none of which has to be secret.
 * @lo:		The least number.
 * @hi:		The first number above the largest, greater than @lo.
 *
 * All 64 bits are random, so that each page of a region above 4 GiB, or above
 * 16 TiB, has its chance.  The generator is a counter whose bits are mixed
 * (SplitMix64): any seed will do, and a number costs a fifth of what two of
 * prandom_u32_state() do.
 *
 * Return: The number.
 */
static inline unsigned long damon_rand(struct damon_ctx *ctx, unsigned long lo,
				       unsigned long hi)
{
	u64 bits = ctx->rng += 0x9e3779b97f4a7c15ULL;

	bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ULL;
	bits = (bits ^ bits >> 27) * 0x94d049bb133111ebULL;
	bits ^= bits >> 31;
	return lo + mul_u64_u64_shr(bits, hi - lo, 64);
}

/**
 * damon_max_nr_accesses() - The largest count that an aggregation can report.
 * @ctx:	The context.
 *
 * Return: How many sampling intervals fit one aggregation interval, at least 1.
 */
static inline unsigned int damon_max_nr_accesses(const struct damon_ctx *ctx)
{
	return ctx->aggr_interval / ctx->sample_interval;
}

/**
 * damon_attrs_check() - The one validation of intervals and limits.
 * @sample_int:	Sampling interval, in microseconds.
 * @aggr_int:	Aggregation interval, in microseconds.
 * @min_nr_reg:	Fewest regions.
 * @max_nr_reg:	Most regions.
 *
 * Return: 0 or -EINVAL.  The rules are those of damon_set_attrs().
 */
int damon_attrs_check(unsigned long sample_int, unsigned long aggr_int,
		      unsigned long min_nr_reg, unsigned long max_nr_reg);

/* region.c */

/**
 * damon_region_init() - Make the memory pool of the regions, once at boot.
 */
void damon_region_init(void);

/**
 * damon_region_new() - Make a region that belongs to no target yet.
 * @start:	Its first address.
 * @end:	The first address behind it.
 *
 * Return: The region, or NULL when there is no memory.
 */
struct damon_region *damon_region_new(unsigned long start, unsigned long end);

/**
 * damon_region_add() - Append a region to a target.
 * @r:		A region above all those of @t.
 * @t:		The target.
 */
void damon_region_add(struct damon_region *r, struct damon_target *t);

/**
 * damon_region_del() - Take a region out of its target and free it.
 * @r:		The region.
 * @t:		Its target.
 */
void damon_region_del(struct damon_region *r, struct damon_target *t);

/**
 * damon_region_split() - Cut a region in two.
 * @r:		The region; it becomes the left part.
 * @t:		Its target.
 * @left_size:	Size of the left part, in bytes: not 0, below that of @r.
 *
 * Both parts have the counts and the age that the whole had, and the evidence
 * about their addresses.
 *
 * Return: 0 or -ENOMEM, with nothing changed.
 */
int damon_region_split(struct damon_region *r, struct damon_target *t,
		       unsigned long left_size);

/**
 * damon_region_split_evenly() - Cut a region in pieces of one size.
 * @r:		The region.
 * @t:		Its target.
 * @nr_pieces:	How many pieces.
 *
 * The pieces are whole pages; the last one takes what the division left over.
 *
 * Return: 0, -EINVAL when @r is NULL or has fewer pages than pieces, or when
 *	@nr_pieces is 0, with nothing changed; -ENOMEM with the cuts made so far
 *	kept.
 */
int damon_region_split_evenly(struct damon_region *r, struct damon_target *t,
			      unsigned int nr_pieces);

/**
 * damon_target_new() - Make a target that belongs to no context yet.
 * @id:		What names it to the primitives.
 *
 * Return: The target, or NULL when there is no memory.
 */
struct damon_target *damon_target_new(unsigned long id);

/**
 * damon_target_free() - Free a target and its regions.
 * @t:		A target that is in no list.
 */
void damon_target_free(struct damon_target *t);

/**
 * damon_target_clear() - Free all regions of a target.
 * @t:		The target.
 */
void damon_target_clear(struct damon_target *t);

/**
 * damon_nr_regions() - Count the regions of all targets.
 * @ctx:	The context.
 *
 * Return: The number of regions.
 */
unsigned int damon_nr_regions(const struct damon_ctx *ctx);

/**
 * damon_region_pick() - Choose the next address to sample in a region.
 * @ctx:	The context.
 * @r:		The region; the address is its sampling_addr.
 *
 * The eighths of a region take turns.  To be called by check_accesses or
 * prepare_access_checks; each address that is picked is waited for.
 */
void damon_region_pick(struct damon_ctx *ctx, struct damon_region *r);

/**
 * damon_region_record() - Take the answer for the address picked last.
 * @r:		The region.
 * @accessed:	Was there an access since the address was prepared?
 */
void damon_region_record(struct damon_region *r, bool accessed);

/**
 * damon_region_rests() - Is a region left out of this sampling interval?
 * @r:		The region, which has no sample that waits.
 *
 * To be asked once in each sampling interval before a sample is prepared.  A sample
 * may be taken all the same.
 *
 * Return: true in four of five intervals where hundreds of samples have found no
 *	access, and there was none since.
 */
static inline bool damon_region_rests(struct damon_region *r)
{
	return r->rest && --r->rest;
}

/**
 * damon_region_restart() - Take back all that was recorded.
 * @r:		The region.
 *
 * It has turned out that accesses were hidden from the samples.
 */
void damon_region_restart(struct damon_region *r);

/**
 * damon_regions_count() - End an aggregation: from samples to rates.
 * @ctx:	The context.
 *
 * Sets nr_accesses of each region to its rate by all that is known of it, and
 * its age.  A rate is the quotient of hits and samples, so a worker that was
 * late and took fewer samples reports no less.  Where the primitives have not
 * used damon_region_record(), their count of this aggregation is taken.
 */
void damon_regions_count(struct damon_ctx *ctx);

/**
 * damon_regions_merge() - Join neighbours that one rate explains.
 * @ctx:	The context, after damon_regions_count().
 *
 * A joined region is never larger than the limit that damon_regions_refit() has
 * set, and there stay min_nr_regions at least.  When more than 7/8 of max_nr_regions are in use,
 * neighbours that differ are joined as well, the most similar ones first.
 */
void damon_regions_merge(struct damon_ctx *ctx);

/**
 * damon_regions_cut() - Cut regions where the evidence points to a border.
 * @ctx:	The context, after damon_regions_count().
 *
 * There are never more than max_nr_regions.  Where there is no memory for a
 * cut, it is not made.
 */
void damon_regions_cut(struct damon_ctx *ctx);

/**
 * damon_regions_search() - Cut out what deserves a look of its own.
 * @ctx:	The context, when its regions have been reported.
 *
 * Around addresses that were found accessed in memory that seemed idle, and
 * beside the ends of small regions that are hot to their ends.  The pieces have
 * one aggregation to show what they are.  Bounded as damon_regions_cut().
 */
void damon_regions_search(struct damon_ctx *ctx);

/**
 * damon_regions_forget() - Begin the counts of the next aggregation.
 * @ctx:	The context.
 *
 * The evidence stays.
 */
void damon_regions_forget(struct damon_ctx *ctx);

/**
 * damon_region_hint() - A part of a region has been used lately.
 * @ctx:	The context.
 * @t:		The target.
 * @r:		Its region.
 * @start:	First address of the part.
 * @end:	First address behind.
 *
 * As much memory beside the part, or more, has not been used in the same short
 * time.  This says nothing of how often, and of how much of the part.
 *
 * Return: Whether the part is a region of its own now.  It is not where samples
 *	know better, where there are many regions already, or no memory.
 */
bool damon_region_hint(struct damon_ctx *ctx, struct damon_target *t,
		       struct damon_region *r, unsigned long start, unsigned long end);

/**
 * damon_regions_refit() - Restore the limits after the memory has changed.
 * @ctx:	The context.
 *
 * Computes the limit on the size of merged regions anew, joins neighbours when
 * there are more than max_nr_regions, and cuts the largest regions when there
 * are fewer than min_nr_regions, or than are needed for search: 50, or a
 * quarter of max_nr_regions if that is less.
 */
void damon_regions_refit(struct damon_ctx *ctx);

#endif /* _MM_DAMON_INTERNAL_H */
