// SPDX-License-Identifier: GPL-2.0
/*
 * DAMON, the data access monitor: contexts, and the worker that monitors.
 *
 * Documentation/mm/damon/design.rst has the problem, the model and a picture of time.
 * Regions are made in region.c, evidence.c has what is known of each, and adapt.c cuts
 * and joins them.
 *
 * The worker sleeps to absolute points of the monotonic clock, so the time that
 * its checks take is not added to the interval.  When it is late, because there
 * is no processor for it or because its checks take half an interval and more,
 * it skips the points that have passed or are too near.  nr_accesses is always
 * the rate of hits among the samples that were taken, times those that fit the
 * aggregation interval: it does not depend on the load of the machine.  The
 * alternative, counting samples in place of time, stretches the aggregation on a
 * busy machine, and a second monitor, or a user who compares with his own clock,
 * is misled.
 *
 * Ownership.  Everything below a context belongs to its worker from
 * damon_start() until kdamond is NULL again.  Others come to it through the
 * hooks, or let the worker run a function of theirs with damon_call().
 *
 * Notes on locking
 *
 * - kdamond_lock (mutex, one in each context) protects kdamond, kdamond_stop
 *   and the queue of calls.  The worker takes it to empty the queue and to close
 *   it before it ends.  Nothing is called with it held, but for release_target and
 *   check_accesses by damon_commit() of a monitor that is off.
 *
 * - The end.  The worker closes the queue under the lock; from then on it can
 *   not be woken.  The store that clears kdamond is the last thing that it does
 *   to the context.  It is outside of the lock, since mutex_unlock() may touch
 *   the mutex after another task has got it: whoever sees NULL, and has the only
 *   pointer to the context, may free it.
 *
 * - Waiting for the end is waiting for that store with wait_var_event(), which
 *   any number of tasks may do.  kthread_stop() is not used: it needs a
 *   reference on a thread that may end by itself, and only one caller.
 *
 * - The worker waits for no lock of others without a bound, so such a wait has an
 *   end.  What a callback of the user does is the user's: lockdep is told that the
 *   worker holds kdamond_map, and that who waits for the worker takes it, so a lock
 *   that is held here and taken there is reported before it is too late.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <kunit/static_stub.h>
#include <linux/completion.h>
#include <linux/damon.h>
#include <linux/idr.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "evidence.h"
#include "internal.h"
#include "probe.h"
#include "scheme.h"
#include "tune.h"
#include "walk.h"

#define CREATE_TRACE_POINTS
#include <trace/events/damon.h>

/* One damon_call() that waits for its answer, on the stack of the caller. */
struct call {
	struct list_head list;
	int (*fn)(struct damon_ctx *ctx, void *arg);
	void *arg;
	int ret;
	struct completion done;
};

/* The numbers in the names of the workers, kdamond.0 and so on. */
static DEFINE_IDA(kdamond_ida);

/* === Contexts === */

const struct damon_attrs damon_default_attrs = {
	.sample_interval = 5000,
	.aggr_interval = 100000,
	.regions_update_interval = 1000000,
	.min_nr_regions = 10,
	.max_nr_regions = 1000,
};

struct damon_ctx *damon_new_ctx(void)
{
	struct damon_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	ctx->attrs = damon_default_attrs;
	ctx->asked = damon_default_attrs;
	ctx->addr_unit = 1;
	mutex_init(&ctx->kdamond_lock);
	spin_lock_init(&ctx->stat_lock);
	lockdep_register_key(&ctx->kdamond_key);
	lockdep_init_map(&ctx->kdamond_map, "kdamond", &ctx->kdamond_key, 0);
	INIT_LIST_HEAD(&ctx->targets_list);
	INIT_LIST_HEAD(&ctx->calls);
	return ctx;
}
EXPORT_SYMBOL_GPL(damon_new_ctx);

static void free_targets(struct list_head *targets)
{
	struct damon_target *t, *next;

	list_for_each_entry_safe(t, next, targets, list) {
		list_del(&t->list);
		damon_target_free(t);
	}
}

void damon_destroy_ctx(struct damon_ctx *ctx)
{
	if (!ctx)
		return;
	/* -EPERM says that it is off, as it should be. */
	damon_stop(ctx);
	damon_schemes_free(ctx);
	damon_probes_free(ctx->probes);
	free_targets(&ctx->targets_list);
	lockdep_unregister_key(&ctx->kdamond_key);
	mutex_destroy(&ctx->kdamond_lock);
	kfree(ctx);
}
EXPORT_SYMBOL_GPL(damon_destroy_ctx);

int damon_set_targets(struct damon_ctx *ctx, unsigned long *ids, ssize_t nr_ids)
{
	LIST_HEAD(fresh);
	LIST_HEAD(old);
	ssize_t i;

	if (nr_ids < 0)
		return -EINVAL;

	guard(mutex)(&ctx->kdamond_lock);
	if (damon_is_on(ctx))
		return -EBUSY;
	for (i = 0; i < nr_ids; i++) {
		struct damon_target *t = damon_target_new(ids[i]);

		if (!t) {
			free_targets(&fresh);
			return -ENOMEM;
		}
		t->probed = ctx->probes;
		list_add_tail(&t->list, &fresh);
	}
	list_splice_init(&ctx->targets_list, &old);
	list_splice(&fresh, &ctx->targets_list);
	free_targets(&old);
	return 0;
}
EXPORT_SYMBOL_GPL(damon_set_targets);

int damon_attrs_check(const struct damon_attrs *attrs)
{
	if (!attrs->sample_interval || attrs->sample_interval > attrs->aggr_interval)
		return -EINVAL;
	/* nr_accesses has to hold the count. */
	if (attrs->aggr_interval / attrs->sample_interval > UINT_MAX)
		return -EINVAL;
	if (attrs->min_nr_regions < DAMON_MIN_ATTR_REGIONS ||
	    attrs->min_nr_regions > attrs->max_nr_regions ||
	    attrs->max_nr_regions > DAMON_MAX_ATTR_REGIONS)
		return -EINVAL;
	return 0;
}

int damon_ctx_check(const struct damon_ctx *ctx)
{
	return damon_attrs_check(&ctx->attrs) ?: damon_tune_check(&ctx->attrs, &ctx->goal) ?:
		damon_schemes_check(ctx) ?: damon_probes_check(ctx);
}

int damon_set_attrs(struct damon_ctx *ctx, unsigned long sample_int,
		    unsigned long aggr_int, unsigned long regions_update_int,
		    unsigned long min_nr_reg, unsigned long max_nr_reg)
{
	struct damon_attrs attrs = {
		.sample_interval = sample_int,
		.aggr_interval = aggr_int,
		.regions_update_interval = regions_update_int,
		.min_nr_regions = min_nr_reg,
		.max_nr_regions = max_nr_reg,
	};
	int err = damon_attrs_check(&attrs);

	if (err)
		return err;

	guard(mutex)(&ctx->kdamond_lock);
	if (damon_is_on(ctx))
		return -EBUSY;
	ctx->attrs = attrs;
	ctx->asked = attrs;
	return 0;
}
EXPORT_SYMBOL_GPL(damon_set_attrs);

/* === Calls === */

/* The next call, which can not be taken back any more, or NULL. */
static struct call *take_call(struct damon_ctx *ctx)
{
	struct call *c;

	if (list_empty_careful(&ctx->calls))
		return NULL;
	guard(mutex)(&ctx->kdamond_lock);
	c = list_first_entry_or_null(&ctx->calls, struct call, list);
	if (c)
		list_del_init(&c->list);
	return c;
}

/* One only: sleep_until() comes back for the next one, if there is time. */
static void run_call(struct damon_ctx *ctx)
{
	struct call *c = take_call(ctx);

	damon_assert_owner(ctx);
	if (!c)
		return;
	c->ret = c->fn(ctx, c->arg);
	complete(&c->done);
}

/* From here on nobody can wake the worker, or wait for it in damon_call(). */
static void close_calls(struct damon_ctx *ctx)
{
	struct call *c, *next;

	guard(mutex)(&ctx->kdamond_lock);
	ctx->calls_open = false;
	list_for_each_entry_safe(c, next, &ctx->calls, list) {
		list_del_init(&c->list);
		c->ret = -ECANCELED;
		complete(&c->done);
	}
}

/* Return false when the worker has taken the call already, and will answer. */
static bool take_back(struct damon_ctx *ctx, struct call *c)
{
	guard(mutex)(&ctx->kdamond_lock);
	if (list_empty(&c->list))
		return false;
	list_del(&c->list);
	return true;
}

/* A lock that the caller holds must not be one that the worker takes. */
static void tell_lockdep_of_waiting(struct damon_ctx *ctx)
{
	lock_map_acquire(&ctx->kdamond_map);
	lock_map_release(&ctx->kdamond_map);
}

int damon_call(struct damon_ctx *ctx,
	       int (*fn)(struct damon_ctx *ctx, void *arg), void *arg)
{
	struct call call = { .fn = fn, .arg = arg };

	if (READ_ONCE(ctx->kdamond) == current)
		return fn(ctx, arg);

	tell_lockdep_of_waiting(ctx);
	init_completion(&call.done);
	scoped_guard(mutex, &ctx->kdamond_lock) {
		if (!ctx->calls_open)
			return -EPERM;
		list_add_tail(&call.list, &ctx->calls);
		wake_up_process(ctx->kdamond);
	}
	if (wait_for_completion_killable(&call.done)) {
		if (take_back(ctx, &call))
			return -EINTR;
		wait_for_completion(&call.done);
	}
	return call.ret;
}
EXPORT_SYMBOL_GPL(damon_call);

/* === Time === */

/* Half of what ktime_t can hold, so that sums of two do not overflow. */
static ktime_t interval_to_ktime(unsigned long us)
{
	return ns_to_ktime(min_t(u64, us, KTIME_MAX / 2 / NSEC_PER_USEC) *
			   NSEC_PER_USEC);
}

static ktime_t read_clock(void)
{
	KUNIT_STATIC_STUB_REDIRECT(read_clock);
	return ktime_get();
}

/*
 * Sleep until @deadline.  Return true when woken before it for a call; then
 * there is something to do before going on to sleep.
 */
static bool sleep_until(struct damon_ctx *ctx, ktime_t deadline)
{
	/* As close to the point as makes no difference to a count. */
	u64 slack = interval_to_ktime(ctx->sample_interval) >> 7;
	bool woken = false;

	KUNIT_STATIC_STUB_REDIRECT(sleep_until, ctx, deadline);

	do {
		/* Before the conditions: a wake-up after them is not lost. */
		set_current_state(TASK_IDLE);
		if (READ_ONCE(ctx->kdamond_stop))
			break;
		if (!list_empty_careful(&ctx->calls)) {
			/* Calls without end do not keep it from its checks. */
			woken = ktime_before(ktime_get(), deadline);
			break;
		}
		/* 0 says that the time is up; the clock need not be asked. */
	} while (schedule_hrtimeout_range(&deadline, slack, HRTIMER_MODE_ABS));
	__set_current_state(TASK_RUNNING);
	return woken;
}

/*
 * The point of time to sleep to next, whole intervals behind @last.  A point
 * that has passed, or that is nearer than half an interval, is skipped and not
 * made up for: a check that soon would miss half of the accesses.
 */
static ktime_t next_sample(struct damon_ctx *ctx, ktime_t last)
{
	ktime_t interval = interval_to_ktime(ctx->sample_interval);
	ktime_t next = ktime_add(last, interval);
	ktime_t late = ktime_sub(ktime_add(read_clock(), interval / 2), next);

	if (late > 0)
		next = ktime_add(next, (div64_s64(late - 1, interval) + 1) * interval);
	return next;
}

/*
 * Has @interval_us passed from @baseline to @at?  Then move @baseline on by as
 * many whole intervals as have passed, so that lateness does not add up.
 */
static bool interval_passed(struct timespec64 *baseline,
			    unsigned long interval_us, ktime_t at)
{
	ktime_t base = timespec64_to_ktime(*baseline);
	ktime_t interval = interval_to_ktime(interval_us);
	ktime_t passed = ktime_sub(at, base);

	if (passed < interval)
		return false;
	if (interval)
		passed = div64_s64(passed, interval) * interval;
	*baseline = ktime_to_timespec64(ktime_add(base, passed));
	return true;
}

/* === The worker === */

static void trace_regions(struct damon_ctx *ctx)
{
	unsigned long target_id = 0;
	struct damon_target *t;
	struct damon_region *r;

	if (!trace_damon_aggregated_enabled() && !trace_damon_region_aggregated_enabled())
		return;
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			trace_damon_aggregated(target_id, r, t->nr_regions);
			if (ctx->probes)
				trace_damon_region_aggregated(ctx, target_id, r,
							      t->nr_regions, ctx->probes->nr);
			cond_resched();
		}
		target_id++;
	}
}

/* The regions are those of the report. */
static void report(struct damon_ctx *ctx)
{
	trace_regions(ctx);
	damon_tune_count(ctx);
	damon_schemes_apply(ctx, read_clock());
}

static void update_regions(struct damon_ctx *ctx)
{
	if (ctx->update_target_regions)
		ctx->update_target_regions(ctx);
	damon_regions_refit(ctx);
}

static bool need_stop(struct damon_ctx *ctx)
{
	struct damon_target *t;

	if (READ_ONCE(ctx->kdamond_stop))
		return true;
	if (!ctx->target_valid)
		return false;
	damon_for_each_target(t, ctx)
		if (ctx->target_valid(t))
			return false;
	pr_debug("no target is valid any more\n");
	return true;
}

void damon_begin_aggregation(struct damon_ctx *ctx)
{
	ctx->last_aggregation = ktime_to_timespec64(read_clock());
	ctx->nr_samples = 0;
	ctx->max_nr_accesses = 0;
}

/* From now on accesses are watched.  Return the time. */
static ktime_t begin_to_watch(struct damon_ctx *ctx)
{
	damon_begin_aggregation(ctx);
	ctx->last_regions_update = ctx->last_aggregation;
	return timespec64_to_ktime(ctx->last_aggregation);
}

void damon_begin_targets(struct damon_ctx *ctx)
{
	if (ctx->init_target_regions)
		ctx->init_target_regions(ctx);
	damon_regions_refit(ctx);
}

void damon_release_target(struct damon_ctx *ctx, struct damon_target *t)
{
	if (ctx->release_target)
		ctx->release_target(ctx, t);
}

/* Nobody knows what was used meanwhile. */
static void end_pause(struct damon_ctx *ctx)
{
	damon_regions_begin_anew(ctx);
	damon_schemes_end_pause(ctx);
	update_regions(ctx);
}

/* For how long there is nothing to do, or 0. */
static unsigned long idle_us(struct damon_ctx *ctx)
{
	unsigned long us = ctx->pause ? ULONG_MAX : damon_schemes_idle_us(ctx);

	/* That a process has ended is seen within a second. */
	return ctx->target_valid ? min(us, USEC_PER_SEC) : us;
}

/*
 * While it is paused, or no scheme is active by its watermarks, there is nothing to watch
 * for.  A call may change that.  Return whether the worker has slept.
 */
static bool sleep_while_idle(struct damon_ctx *ctx)
{
	unsigned long us;
	bool slept = false;

	while ((us = idle_us(ctx)) && !need_stop(ctx)) {
		ktime_t now = read_clock();

		damon_walk_cancel(ctx);
		if (sleep_until(ctx, ktime_add(now, interval_to_ktime(us))))
			run_call(ctx);
		slept = true;
	}
	return slept;
}

/*
 * Answer calls until it is time for the check that belongs to the sample of @last.  Return
 * that time.  A call may change the interval.
 */
static ktime_t wait_for_sample(struct damon_ctx *ctx, ktime_t last)
{
	unsigned long interval = ctx->sample_interval;
	ktime_t at = next_sample(ctx, last);

	do {
		run_call(ctx);
		if (interval != ctx->sample_interval) {
			interval = ctx->sample_interval;
			at = next_sample(ctx, last);
		}
	} while (sleep_until(ctx, at));
	return at;
}

static void run_monitor(struct damon_ctx *ctx)
{
	ktime_t sample_at = begin_to_watch(ctx), checked_at;

	ctx->has_samples = false;
	ctx->rng = get_random_u64();
	damon_begin_targets(ctx);
	damon_schemes_begin(ctx);
	damon_tune_begin(ctx);

	while (!need_stop(ctx)) {
		if (sleep_while_idle(ctx)) {
			if (need_stop(ctx))
				break;
			end_pause(ctx);
			sample_at = begin_to_watch(ctx);
			continue;
		}
		if (ctx->prepare_access_checks)
			ctx->prepare_access_checks(ctx);
		if (ctx->sample_cb)
			ctx->sample_cb(ctx);

		sample_at = wait_for_sample(ctx, sample_at);
		if (READ_ONCE(ctx->kdamond_stop))
			break;

		if (ctx->check_accesses)
			ctx->check_accesses(ctx);
		ctx->nr_samples++;

		checked_at = read_clock();
		if (interval_passed(&ctx->last_aggregation, ctx->aggr_interval,
				    checked_at)) {
			damon_aggregate(ctx, report);
			damon_tune(ctx);
		} else {
			damon_schemes_apply_between(ctx, checked_at);
		}
		if (interval_passed(&ctx->last_regions_update,
				    ctx->regions_update_interval, checked_at))
			update_regions(ctx);
		cond_resched();
	}
}

static int kdamond_fn(void *data)
{
	struct damon_ctx *ctx = data;
	struct damon_target *t;

	pr_debug("%s (%d) starts\n", current->comm, current->pid);
	lock_map_acquire(&ctx->kdamond_map);
	run_monitor(ctx);
	close_calls(ctx);
	damon_walk_cancel(ctx);
	damon_for_each_target(t, ctx)
		damon_release_target(ctx, t);
	if (ctx->cleanup)
		ctx->cleanup(ctx);
	damon_for_each_target(t, ctx)
		damon_target_clear(t);
	lock_map_release(&ctx->kdamond_map);
	pr_debug("%s (%d) ends\n", current->comm, current->pid);
	ida_free(&kdamond_ida, ctx->number);

	/* The last access to the context: see "The end" above. */
	store_release_wake_up(&ctx->kdamond, NULL);
	return 0;
}

int damon_start(struct damon_ctx *ctx)
{
	struct task_struct *kdamond;
	int number, err;

	guard(mutex)(&ctx->kdamond_lock);
	if (damon_is_on(ctx))
		return -EBUSY;
	/* A commit that has failed may have left regions of the other pool. */
	err = damon_ctx_check(ctx) ?: damon_targets_set_probed(ctx, ctx->probes);
	if (err)
		return err;
	number = ida_alloc(&kdamond_ida, GFP_KERNEL);
	if (number < 0)
		return number;
	kdamond = kthread_create(kdamond_fn, ctx, "kdamond.%d", number);
	if (IS_ERR(kdamond)) {
		ida_free(&kdamond_ida, number);
		return PTR_ERR(kdamond);
	}

	ctx->number = number;
	WRITE_ONCE(ctx->nr_starts, ctx->nr_starts + 1);
	ctx->calls_open = true;
	ctx->kdamond_stop = false;
	/*
	 * Before it runs, so that it finds itself in its context.  Pairs with the
	 * loads in damon_is_on(): whoever sees this worker sees its nr_starts.
	 */
	smp_store_release(&ctx->kdamond, kdamond);
	wake_up_process(kdamond);
	return 0;
}
EXPORT_SYMBOL_GPL(damon_start);

/* Return 0 and the number of the start that is to end, or -EPERM. */
static int ask_to_stop(struct damon_ctx *ctx, unsigned int *nr_starts)
{
	guard(mutex)(&ctx->kdamond_lock);
	if (!damon_is_on(ctx))
		return -EPERM;
	WRITE_ONCE(ctx->kdamond_stop, true);
	/* Once the calls are closed it is on its way, and may be gone. */
	if (ctx->calls_open)
		wake_up_process(ctx->kdamond);
	*nr_starts = ctx->nr_starts;
	return 0;
}

void damon_ask_to_stop(struct damon_ctx *ctx)
{
	unsigned int unused;

	ask_to_stop(ctx, &unused);
}

int damon_wait_until_off(struct damon_ctx *ctx)
{
	tell_lockdep_of_waiting(ctx);
	return wait_var_event_killable(&ctx->kdamond, !damon_is_on(ctx)) ? -EINTR : 0;
}

int damon_stop(struct damon_ctx *ctx)
{
	unsigned int nr_starts;
	int err = ask_to_stop(ctx, &nr_starts);

	if (READ_ONCE(ctx->kdamond) == current)
		return err;
	tell_lockdep_of_waiting(ctx);
	if (err)
		return err;
	/* A new start says as well that the worker we have stopped is gone. */
	wait_var_event(&ctx->kdamond, !damon_is_on(ctx) ||
		       READ_ONCE(ctx->nr_starts) != nr_starts);
	return 0;
}
EXPORT_SYMBOL_GPL(damon_stop);

static int __init damon_init(void)
{
	damon_region_init();
	return 0;
}
subsys_initcall(damon_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/core_kunit.c"
#endif
