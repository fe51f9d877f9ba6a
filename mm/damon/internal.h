/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the files of this folder: settings, the worker, and the region engine.
 */
#ifndef _MM_DAMON_INTERNAL_H
#define _MM_DAMON_INTERNAL_H

#include <linux/damon.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include <asm/barrier.h>

#define damon_for_each_region_safe(r, next, t) \
	list_for_each_entry_safe(r, next, &(t)->regions_list, list)

/* The attributes of a new context; see damon_new_ctx(). */
extern const struct damon_attrs damon_default_attrs;

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

/**
 * damon_is_stopping() - Shall the worker end?
 * @ctx:	The context.
 *
 * Return: Whether it shall; then it has no time for the rest of a pass.
 */
static inline bool damon_is_stopping(const struct damon_ctx *ctx)
{
	return unlikely(READ_ONCE(ctx->kdamond_stop));
}

/**
 * damon_go_on() - In the loops over all regions: let others run.
 * @ctx:	The context.
 *
 * Context: On the worker, or while the monitor is off.  May sleep.
 * Return: false when the worker shall end.
 */
static inline bool damon_go_on(const struct damon_ctx *ctx)
{
	cond_resched();
	return !damon_is_stopping(ctx);
}

/**
 * damon_assert_owner() - What belongs to the worker may be changed here.
 * @ctx:	The context: this is its worker, or it is off.
 */
static inline void damon_assert_owner(const struct damon_ctx *ctx)
{
	lockdep_assert(!READ_ONCE(ctx->kdamond) || READ_ONCE(ctx->kdamond) == current);
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
 * damon_scale() - Multiply and divide, and stay in range.
 * @x:		A number.
 * @mul:	What to multiply it with.
 * @div:	What to divide by, not 0.
 *
 * Return: The quotient, or the largest number that there is if that is less.
 */
static inline u64 damon_scale(u64 x, u64 mul, u64 div)
{
	if (mul > div && x > mul_u64_u64_div_u64(U64_MAX, div, mul))
		return U64_MAX;
	return mul_u64_u64_div_u64(x, mul, div);
}

/**
 * damon_attrs_check() - The one validation of intervals and limits.
 * @attrs:	The five attributes.
 *
 * Return: 0 or -EINVAL.  The rules are those of damon_set_attrs().
 */
int damon_attrs_check(const struct damon_attrs *attrs);

/**
 * damon_ctx_check() - Can a monitor run with these settings?
 * @ctx:	The context.
 *
 * Return: 0, or what damon_start() says.
 */
int damon_ctx_check(const struct damon_ctx *ctx);

/**
 * damon_attrs_apply() - Go on with other attributes.
 * @ctx:	The context.
 * @attrs:	The attributes, which are valid.
 *
 * With other intervals, a new aggregation begins.
 *
 * Context: On the worker, or while the monitor is off.
 */
void damon_attrs_apply(struct damon_ctx *ctx, const struct damon_attrs *attrs);

/**
 * damon_attrs_read() - What are the attributes now?
 * @ctx:	The context.
 * @attrs:	Where to write them.
 *
 * They follow the goal of the intervals while the monitor runs.
 *
 * Context: Any but interrupts; takes a spinlock.
 */
void damon_attrs_read(struct damon_ctx *ctx, struct damon_attrs *attrs);

/**
 * damon_check_waiting() - Check all samples now.
 * @ctx:	The context.
 *
 * Before they are dropped: what the primitives have lent for them is put back.
 *
 * Context: On the worker, or while the monitor is off.
 */
void damon_check_waiting(struct damon_ctx *ctx);

/**
 * damon_begin_aggregation() - Count accesses from now on.
 * @ctx:	The context.
 *
 * Context: On the worker, or while the monitor is off.
 */
void damon_begin_aggregation(struct damon_ctx *ctx);

/**
 * damon_begin_targets() - Build the first regions of targets that are new.
 * @ctx:	The context.
 *
 * Context: On the worker.
 */
void damon_begin_targets(struct damon_ctx *ctx);

/**
 * damon_release_target() - A target is not watched any more.
 * @ctx:	The context.
 * @t:		The target.
 *
 * Context: On the worker, or while the monitor is off.
 */
void damon_release_target(struct damon_ctx *ctx, struct damon_target *t);

/**
 * damon_ask_to_stop() - Ask a worker to end, and do not wait.
 * @ctx:	The context.  Nothing is done when it is off.
 *
 * Context: May sleep; takes kdamond_lock.
 */
void damon_ask_to_stop(struct damon_ctx *ctx);

/**
 * damon_wait_until_off() - Wait for a worker that was asked to end.
 * @ctx:	The context, which nobody starts meanwhile.
 *
 * Context: May sleep.  Not from the callbacks of @ctx.
 * Return: 0, or -EINTR when the caller was killed before.
 */
int damon_wait_until_off(struct damon_ctx *ctx);

/* region.c */

/**
 * damon_region_init() - Make the memory pool of the regions, once at boot.
 */
void damon_region_init(void);

/**
 * damon_region_new() - Make a region that is in no list yet.
 * @t:		The target that it is for.
 * @start:	Its first address.
 * @end:	The first address behind it.
 *
 * Return: The region, or NULL when there is no memory.
 */
struct damon_region *damon_region_new(const struct damon_target *t,
				      unsigned long start, unsigned long end);

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
 * damon_region_carve() - Cut a part out of a region.
 * @r:		The region; it keeps what is left of the part, if anything.
 * @t:		Its target.
 * @start:	First address of the part, in the region.
 * @end:	First address behind, in the region or its end.
 *
 * All parts have the count and the age of the whole, and the evidence about their
 * addresses.
 *
 * Return: The part, which may be @r itself, or NULL when there is no memory; then
 *	nothing but what is right of the part may have been cut off.
 */
struct damon_region *damon_region_carve(struct damon_region *r, struct damon_target *t,
					unsigned long start, unsigned long end);

/**
 * damon_target_new() - Make a target that belongs to no context yet.
 * @id:		What names it to the primitives.
 *
 * Return: The target, or NULL when there is no memory.
 */
struct damon_target *damon_target_new(unsigned long id);

/**
 * damon_target_learn() - Take what another target knows of the same memory.
 * @t:		The target, with regions; the memory of these is all that it watches.
 * @from:	The other one, which stays as it is.
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int damon_target_learn(struct damon_target *t, struct damon_target *from);

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
 * damon_targets_set_probed() - Make all regions anew, with room for probes or without.
 * @ctx:	The context.
 * @probed:	Shall they have room?
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int damon_targets_set_probed(struct damon_ctx *ctx, bool probed);

/**
 * damon_nr_regions() - Count the regions of all targets.
 * @ctx:	The context.
 *
 * Return: The number of regions.
 */
unsigned int damon_nr_regions(const struct damon_ctx *ctx);

/**
 * damon_nr_pages() - Count the pages of all regions of all targets.
 * @ctx:	The context.
 *
 * Return: The number of pages.  Many targets may have more bytes than there are
 *	addresses.
 */
u64 damon_nr_pages(const struct damon_ctx *ctx);

/**
 * damon_regions_split_to() - Cut the larger regions until there are enough.
 * @ctx:	The context, with one region at least.
 * @wanted:	As many regions are wanted, more than there are.
 *
 * There are fewer afterwards where there are fewer pages, no memory for regions, or
 * when the worker shall end.
 */
void damon_regions_split_to(struct damon_ctx *ctx, unsigned int wanted);

/* evidence.c */

/**
 * damon_region_pick() - Choose the next address to sample in a region.
 * @ctx:	The context.
 * @r:		The region; the address is its sampling_addr.
 *
 * The eighths of a region take turns.  To be called by check_accesses or
 * prepare_access_checks; for each address that is picked, damon_region_record() is
 * to be told the answer, unless there is none.
 */
void damon_region_pick(struct damon_ctx *ctx, struct damon_region *r);

/**
 * damon_region_record() - Take the evidence of one sampling interval at one address.
 * @ctx:	The context.
 * @r:		The region.
 * @addr:	The address, in @r: the one picked last, or any other one, from a
 *		source that does not choose its addresses.
 * @accessed:	Was the page of @addr accessed in this sampling interval?
 */
void damon_region_record(struct damon_ctx *ctx, struct damon_region *r,
			 unsigned long addr, bool accessed);

/**
 * damon_region_waits() - Is a region left alone in this sampling interval?
 * @r:		The region.
 *
 * To be asked once in each sampling interval: at the end, if the region has a sample,
 * which will then tell of an access in any of the intervals; or else at the beginning.
 *
 * Return: true until it is time to check the sample, or to prepare one.  Most regions are
 *	sampled in each interval.  Where hundreds of samples have found no access, one
 *	sample waits for five intervals; where they all have found one, a sample is taken
 *	in each fifth interval.
 */
static inline bool damon_region_waits(struct damon_region *r)
{
	return r->wait && --r->wait;
}

/**
 * damon_region_pauses() - Shall a region have no sample for some intervals?
 * @r:		The region, whose last sample was checked.
 *
 * Return: Whether it shall; then damon_region_waits() tells how long.
 */
static inline bool damon_region_pauses(const struct damon_region *r)
{
	return r->wait;
}

/**
 * damon_region_drop_sample() - There will be no answer: take another sample.
 * @r:		The region.
 */
static inline void damon_region_drop_sample(struct damon_region *r)
{
	r->sample.pending = false;
	r->wait = 0;
}

/**
 * damon_region_asks_again() - Is the sample of a page that was found accessed before?
 * @r:		The region, which has a sample.
 *
 * Return: Whether it is; then it says nothing of the rest of the region.
 */
static inline bool damon_region_asks_again(const struct damon_region *r)
{
	return r->echo >= 2;
}

/**
 * damon_region_restart() - Take back all that was recorded.
 * @r:		The region.
 *
 * It has turned out that accesses were hidden from the samples.
 */
void damon_region_restart(struct damon_region *r);

/* adapt.c */

/**
 * damon_aggregate() - End an aggregation.
 * @ctx:	The context.
 * @report:	Called with the regions as they are reported.
 *
 * In this order: counts and ages are set; aggregate_cb is called; neighbours that one
 * rate explains are joined, and regions cut where the evidence points to a border;
 * @report is called; pieces that deserve a look of their own are cut out; the counts
 * of the next aggregation begin.
 *
 * A joined region is never larger than the limit that damon_regions_refit() has
 * set.  Afterwards, and in a report, there are min_nr_regions at least, and never more than
 * max_nr_regions.  Where 7/8 of those that can be joined are in use, neighbours that differ
 * are joined as well, the most similar ones first.  Where there is no memory for a cut, it
 * is not made.
 *
 * When the worker shall end, the rest of this is left out: nothing is reported then.
 */
void damon_aggregate(struct damon_ctx *ctx, void (*report)(struct damon_ctx *ctx));

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
