// SPDX-License-Identifier: GPL-2.0
/*
 * New settings for a monitor that runs, whole or not at all.
 *
 * The new settings are a context of their own, built and checked aside, which has no worker.
 * The worker of the old one exchanges the two between two samples.  All that may fail
 * comes first, and changes nothing that it had: so no request can stop a monitor, or leave it
 * between two settings.
 *
 * What carries over.  A target that both have, by its id, keeps its regions with all that is
 * known of them; where the new one has ranges, what is known of these.  A scheme keeps the
 * statistics, the charge and the place of the one with its index.  Counts and ages are
 * converted to new intervals.
 *
 * The alternative, to change one setting after the other in place, has states that nobody
 * asked for, and has to undo them where the fifth setting fails.
 */
#include <linux/cleanup.h>
#include <linux/damon.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "evidence.h"
#include "internal.h"
#include "probe.h"
#include "scheme.h"
#include "tune.h"
#include "walk.h"

void damon_check_waiting(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_assert_owner(ctx);
	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			r->wait = 0;
	if (ctx->check_accesses)
		ctx->check_accesses(ctx);
}

void damon_attrs_apply(struct damon_ctx *ctx, const struct damon_attrs *attrs)
{
	struct damon_attrs old = ctx->attrs;

	damon_assert_owner(ctx);
	if (old.sample_interval != attrs->sample_interval)
		damon_check_waiting(ctx);
	scoped_guard(spinlock, &ctx->stat_lock)
		ctx->attrs = *attrs;
	if (old.sample_interval == ctx->sample_interval &&
	    old.aggr_interval == ctx->aggr_interval)
		return;
	damon_regions_rescale(ctx, &old);
	damon_schemes_rescale(ctx, &old);
	damon_begin_aggregation(ctx);
}

void damon_attrs_read(struct damon_ctx *ctx, struct damon_attrs *attrs)
{
	guard(spinlock)(&ctx->stat_lock);
	*attrs = ctx->attrs;
}

/* === Targets === */

/* The target of @ctx that @new goes on with: with the same id, and of no other one yet. */
static struct damon_target *find_partner(const struct damon_ctx *ctx,
					 const struct damon_target *new)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		if (t->id == new->id && !t->partner)
			return t;
	return NULL;
}

/* Return 0, or -ENOMEM with nothing changed in @ctx but who belongs to whom. */
static int prepare_targets(struct damon_ctx *ctx, struct damon_ctx *from)
{
	struct damon_target *new, *old;

	/* What is learned is of the pool that it is learned from. */
	if (damon_targets_set_probed(from, ctx->probes))
		return -ENOMEM;
	damon_for_each_target(old, ctx)
		old->partner = NULL;
	damon_for_each_target(new, from) {
		cond_resched();
		new->partner = find_partner(ctx, new);
		if (!new->partner)
			continue;
		new->partner->partner = new;
		if (new->nr_regions && damon_target_learn(new, new->partner))
			return -ENOMEM;
	}
	return damon_probes_prepare(ctx, from);
}

/* @old gets the regions of @new, which are fitted already. */
static void take_regions(struct damon_ctx *ctx, struct damon_target *old,
			 struct damon_target *new)
{
	LIST_HEAD(regions);

	/* What the primitives keep of it is about the regions that it had. */
	damon_release_target(ctx, old);
	list_splice_init(&old->regions_list, &regions);
	list_splice_init(&new->regions_list, &old->regions_list);
	list_splice(&regions, &new->regions_list);
	swap(old->nr_regions, new->nr_regions);
}

/*
 * The targets of @from, in their order, but each one that has a partner is that.  @from gets
 * what is left over.
 */
static void exchange_targets(struct damon_ctx *ctx, struct damon_ctx *from)
{
	struct damon_target *t, *next;
	LIST_HEAD(targets);
	LIST_HEAD(rest);

	list_for_each_entry_safe(t, next, &from->targets_list, list) {
		if (!t->partner) {
			list_move_tail(&t->list, &targets);
			continue;
		}
		if (t->nr_regions)
			take_regions(ctx, t->partner, t);
		list_move_tail(&t->partner->list, &targets);
	}
	damon_for_each_target(t, ctx) {
		damon_release_target(ctx, t);
		damon_schemes_forget_target(ctx, t);
	}
	list_splice_init(&ctx->targets_list, &rest);
	list_splice(&targets, &ctx->targets_list);
	list_splice_tail(&rest, &from->targets_list);
}

/* @from goes back to its owner as damon_start() expects a context: without regions. */
static void clear_targets(struct damon_ctx *from)
{
	struct damon_target *t;

	damon_for_each_target(t, from) {
		damon_target_clear(t);
		t->probed = from->probes;
	}
}

/* === All of it === */

static bool is_alike(const struct damon_ctx *a, const struct damon_ctx *b)
{
	return a->init_target_regions == b->init_target_regions &&
		a->update_target_regions == b->update_target_regions &&
		a->prepare_access_checks == b->prepare_access_checks &&
		a->check_accesses == b->check_accesses && a->act == b->act &&
		a->addr_unit == b->addr_unit;
}

/*
 * Who changes a filter does not want the intervals back that tuning began with: what they
 * have become took minutes to find.
 */
static bool stays_tuned(const struct damon_ctx *ctx, const struct damon_ctx *from)
{
	return ctx->goal.aggrs && !memcmp(&ctx->goal, &from->goal, sizeof(ctx->goal)) &&
		!memcmp(&ctx->asked, &from->attrs, sizeof(ctx->asked));
}

static int exchange(struct damon_ctx *ctx, void *arg)
{
	struct damon_ctx *from = arg;
	struct damon_attrs attrs = ctx->attrs;
	bool tuned = stays_tuned(ctx, from);
	int err = prepare_targets(ctx, from);

	if (err)
		return err;
	damon_walk_cancel(ctx);
	exchange_targets(ctx, from);
	damon_probes_exchange(ctx, from);
	clear_targets(from);
	if (!tuned)
		damon_attrs_apply(ctx, &from->attrs);
	ctx->asked = from->attrs;
	from->attrs = attrs;
	/* Their ages are in aggregations that were asked for. */
	damon_schemes_exchange(ctx, from);
	swap(ctx->goal, from->goal);
	swap(ctx->pause, from->pause);
	if (!tuned)
		damon_tune_begin(ctx);
	if (damon_is_on(ctx))
		damon_begin_targets(ctx);
	return 0;
}

int damon_commit(struct damon_ctx *ctx, struct damon_ctx *from)
{
	int err = damon_ctx_check(from);

	if (err)
		return err;
	/* In the middle of a pass, or of an aggregation, all of it is in use. */
	if (READ_ONCE(ctx->kdamond) == current)
		return -EDEADLK;
	if (ctx == from || !is_alike(ctx, from))
		return -EINVAL;
	if (damon_is_on(from))
		return -EBUSY;
	err = damon_call(ctx, exchange, from);
	if (err != -EPERM)
		return err;

	guard(mutex)(&ctx->kdamond_lock);
	/* Somebody has started it in the meantime. */
	if (damon_is_on(ctx))
		return -EBUSY;
	return exchange(ctx, from);
}
EXPORT_SYMBOL_GPL(damon_commit);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/commit_kunit.c"
#endif
