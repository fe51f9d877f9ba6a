// SPDX-License-Identifier: GPL-2.0
/*
 * Intervals that follow how much of the memory is used.
 *
 * With intervals that are too short, hardly any sample finds an access, and all memory
 * looks alike; with intervals that are too long, almost all do.  What is right depends on
 * the size and the speed of the machine, and on what it does.  So a user may say which part
 * of all samples shall find an access, and the intervals are made longer while fewer do.
 * A few percent is right for most machines: much of their memory is idle, and what is used
 * shall be told apart.
 *
 * The part is that of the memory: the count of each region, weighted by its size, of the
 * largest count that there is.  Both intervals change together, so this count stays as it
 * is.  They are at most doubled at a time, and at most halved.
 *
 * All of this belongs to the worker, and needs no lock.
 */
#include <linux/damon.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include <trace/events/damon.h>

#include "internal.h"
#include "tune.h"

/* The largest part, and the unit of it. */
#define BP 10000

int damon_tune_check(const struct damon_attrs *attrs, const struct damon_intervals_goal *goal)
{
	if (!goal->aggrs)
		return 0;
	if (goal->access_bp > BP || goal->min_sample_us > attrs->sample_interval ||
	    goal->max_sample_us < attrs->sample_interval)
		return -EINVAL;
	return 0;
}

void damon_tune_begin(struct damon_ctx *ctx)
{
	ctx->tuning = (struct damon_tuning) {};
}

void damon_tune_count(struct damon_ctx *ctx)
{
	struct damon_tuning *tuning = &ctx->tuning;
	struct damon_target *t;
	struct damon_region *r;

	if (!ctx->goal.aggrs)
		return;
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			u64 nr_pages = damon_region_size(r) >> PAGE_SHIFT;

			cond_resched();
			tuning->pages += nr_pages;
			tuning->accessed += mul_u64_u32_div(nr_pages * BP, r->nr_accesses,
							    damon_max_nr_accesses(ctx));
		}
	}
	tuning->nr_aggrs++;
}

/*
 * In 1/BP: what to multiply the intervals with, by what was found of what was wanted.  The
 * difference is taken by half where they are to become shorter, since few samples are
 * worse than many.
 */
static unsigned int factor(u64 found_bp, u64 wanted_bp)
{
	u64 score = div64_u64(found_bp * BP, max(wanted_bp, 1));

	if (score < BP)
		return 2 * BP - score;
	return BP - min(score - BP, BP) / 2;
}

/* The new sampling interval, for as many of them in an aggregation as before. */
static unsigned long tuned_interval(const struct damon_ctx *ctx)
{
	const struct damon_tuning *tuning = &ctx->tuning;
	u64 found = div64_u64(tuning->accessed, max(tuning->pages, 1));
	u64 us = mul_u64_u32_div(ctx->sample_interval, factor(found, ctx->goal.access_bp), BP);
	/* The aggregation has to fit a long. */
	u64 most = min(ctx->goal.max_sample_us, ULONG_MAX / damon_max_nr_accesses(ctx));

	return clamp(us, max(ctx->goal.min_sample_us, 1), max(most, 1));
}

void damon_tune(struct damon_ctx *ctx)
{
	struct damon_attrs attrs = ctx->attrs;

	if (!ctx->goal.aggrs || ctx->tuning.nr_aggrs < ctx->goal.aggrs)
		return;
	attrs.sample_interval = tuned_interval(ctx);
	attrs.aggr_interval = attrs.sample_interval * damon_max_nr_accesses(ctx);
	damon_tune_begin(ctx);
	trace_damon_monitor_intervals_tune(attrs.sample_interval);
	damon_attrs_apply(ctx, &attrs);
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/tune_kunit.c"
#endif
