// SPDX-License-Identifier: GPL-2.0
/*
 * The frame of the users inside the kernel that are driven by parameters.
 *
 * From parameters to a monitor.  make_plan() copies the common parameters, lets the user add
 * its schemes, and damon_cfg_build() checks and builds the whole.  The result is started, or
 * committed to the monitor that runs; nothing else sets anything.  A parameter out of its
 * range is refused there, so they may be written in any order.
 *
 * Rest.  With intervals of 5 ms, a worker would wake an idle machine 200 times a second to
 * find nothing.  So while less than 1/2500 of the memory is found accessed, the intervals
 * become longer, up to a sampling interval of 125 ms, which is 8 wake-ups a second; and they
 * go back to what the user wants when more is.  Ages stay as long as they are, but they are
 * counted in aggregations, so an aggregation is never longer than a tenth of the least age
 * that matters.  The alternative, to check fewer regions and keep the interval, saves the
 * checks and not the wake-ups.
 *
 * Notes on locking.  Parameters are written and read under the lock of all parameters of the
 * kernel, see kernel_param_lock(), so no value changes while a plan is made.  Whether a
 * monitor runs, and which, is under damon_monitors_lock.
 *
 *   lock of the parameters -> damon_monitors_lock -> kdamond_lock
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"
#include "module.h"

/* === From parameters to a monitor === */

/* With these, and from these intervals on, the user lets the intervals be set. */
static const struct damon_intervals_goal autotune_goal = {
	.access_bp = 40,
	.aggrs = 3,
	.min_sample_us = 5000,
	.max_sample_us = 10 * USEC_PER_SEC,
};

/* What is found on a machine that is idle, and the interval of 8 wake-ups a second. */
#define IDLE_BP 4
#define IDLE_SAMPLE_US (USEC_PER_SEC / 8)

static void plan_intervals(const struct damon_module_params *p, struct damon_cfg *cfg)
{
	cfg->attrs = p->attrs;
	if (!p->autotune)
		return;
	cfg->attrs.sample_interval = autotune_goal.min_sample_us;
	cfg->attrs.aggr_interval = 20 * autotune_goal.min_sample_us;
	cfg->goal = autotune_goal;
}

/* See "Rest" above. */
static void plan_rest(struct damon_module_plan *plan)
{
	const struct damon_attrs *a = &plan->cfg.attrs;
	unsigned long nr_samples = a->aggr_interval / a->sample_interval;
	unsigned long most = min(IDLE_SAMPLE_US, plan->age_us / 10 / nr_samples);

	/* The user has said what the intervals follow, or every aggregation matters. */
	if (plan->cfg.goal.aggrs || most <= a->sample_interval)
		return;
	plan->cfg.goal = (struct damon_intervals_goal) {
		.access_bp = IDLE_BP,
		.aggrs = 3,
		.min_sample_us = a->sample_interval,
		.max_sample_us = most,
	};
}

/* From units of @unit bytes to addresses of regions, outwards to whole pages. */
static int region_of(struct damon_addr_range units, unsigned long unit,
		     struct damon_addr_range *range)
{
	unsigned long addr_unit = damon_pa_primitives.addr_unit;
	u64 start, end;

	if (units.start >= units.end ||
	    check_mul_overflow((u64)units.start, unit, &start) ||
	    check_mul_overflow((u64)units.end, unit, &end))
		return -EINVAL;
	start = div_u64(start, addr_unit);
	end = div_u64(end - 1, addr_unit) + 1;
	if (end > (unsigned long)PAGE_MASK)
		return -EINVAL;
	range->start = PAGE_ALIGN_DOWN(start);
	range->end = PAGE_ALIGN(end);
	return 0;
}

static bool is_all_memory(const struct damon_module *m)
{
	const struct damon_addr_range *r = &m->params->region;

	/* What it was is written in the place of the zeros, and is not meant to be a limit. */
	return (!r->start && !r->end) || (r->start == m->found.start && r->end == m->found.end);
}

static int plan_memory(const struct damon_module *m, struct damon_module_plan *plan)
{
	unsigned long unit = m->params->addr_unit;
	struct damon_cfg *cfg = &plan->cfg;

	/* A page is a whole number of them, or one of them a whole number of pages. */
	if (unit % PAGE_SIZE && !is_power_of_2(unit))
		return -EINVAL;
	cfg->primitives = &damon_pa_primitives;
	plan->target = DAMON_ALL_NODES;
	cfg->targets = &plan->target;
	cfg->nr_targets = 1;
	if (is_all_memory(m))
		return 0;
	cfg->regions = &plan->region;
	cfg->nr_regions = 1;
	return region_of(m->params->region, unit, &plan->region.range);
}

static struct damon_module_plan *make_plan(const struct damon_module *m)
{
	struct damon_module_plan *plan = kzalloc(sizeof(*plan), GFP_KERNEL);
	int err;

	if (!plan)
		return ERR_PTR(-ENOMEM);
	plan->cfg.schemes = plan->schemes;
	plan_intervals(m->params, &plan->cfg);
	/* Ages and counts are made by dividing by them. */
	err = damon_attrs_check(&plan->cfg.attrs) ?: plan_memory(m, plan) ?: m->plan(plan);
	if (err) {
		kfree(plan);
		return ERR_PTR(err);
	}
	plan_rest(plan);
	return plan;
}

/* A monitor with the parameters as they are, which is off; or an error. */
static struct damon_ctx *build(const struct damon_module *m)
{
	struct damon_module_plan *plan = make_plan(m);
	struct damon_ctx *ctx;

	if (IS_ERR(plan))
		return ERR_CAST(plan);
	ctx = damon_cfg_build(&plan->cfg);
	kfree(plan);
	return ctx;
}

static int add_span(struct resource *res, void *arg)
{
	struct resource *span = arg;

	span->start = min(span->start, res->start);
	span->end = max(span->end, res->end);
	return 0;
}

/* Tell the user which memory it is, from the first address to the last. */
static void show_memory(struct damon_module *m)
{
	struct resource span = { .start = -1 };
	u64 unit = m->params->addr_unit;

	if (!is_all_memory(m) || walk_system_ram_res(0, -1, &span, add_span))
		return;
	m->found.start = min(div64_u64(span.start, unit), ULONG_MAX);
	m->found.end = min(div64_u64(span.end, unit) + 1, ULONG_MAX);
	m->params->region = m->found;
}

/* === On, off, and new settings === */

static int start(struct damon_module *m)
{
	struct damon_ctx *ctx = build(m);
	int err;

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	err = damon_user_start(&m->user, ctx);
	if (err)
		damon_destroy_ctx(ctx);
	else
		show_memory(m);
	return err;
}

static int look(struct damon_module *m)
{
	return m->look ? damon_call(m->user.ctx, m->look, NULL) : 0;
}

static int stop(struct damon_module *m)
{
	/* What it has found so far can be read afterwards; if not, it is stopped as well. */
	look(m);
	return damon_user_stop(&m->user);
}

int damon_module_set_enabled(struct damon_module *m, bool on)
{
	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (!m->ready)
			m->wanted = on;
		else if (on != damon_user_runs(&m->user))
			return on ? start(m) : stop(m);
	}
	return 0;
}

int damon_module_commit(struct damon_module *m)
{
	struct damon_ctx *ctx;
	int err;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (!damon_user_runs(&m->user))
			return -EINVAL;
		ctx = build(m);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
		err = damon_commit(m->user.ctx, ctx);
		/* It has the old settings now. */
		damon_destroy_ctx(ctx);
		if (!err)
			show_memory(m);
	}
	return err;
}

int damon_module_look(struct damon_module *m)
{
	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		return damon_user_runs(&m->user) ? look(m) : 0;
}

int __init damon_module_init(struct damon_module *m)
{
	int err = 0;

	scoped_guard(mutex, &damon_monitors_lock) {
		damon_user_add(&m->user);
		m->ready = true;
		if (m->wanted)
			err = start(m);
	}
	if (err)
		pr_warn("%s is not started: %d\n", m->name, err);
	return 0;
}

/* === Parameters === */

static int set_enabled(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = val ? kstrtobool(val, &on) : 0;

	return err ?: damon_module_set_enabled(kp->arg, val ? on : true);
}

static int get_enabled(char *buffer, const struct kernel_param *kp)
{
	struct damon_module *m = kp->arg;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		return sysfs_emit(buffer, "%c\n",
				  (m->ready ? damon_user_runs(&m->user) : m->wanted) ? 'Y' : 'N');
}

const struct kernel_param_ops damon_module_enabled_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_enabled,
	.get = get_enabled,
};

static int set_commit(const char *val, const struct kernel_param *kp)
{
	bool now = true;
	int err = val ? kstrtobool(val, &now) : 0;

	if (err || !now)
		return err;
	return damon_module_commit(kp->arg);
}

/* It is done when the write returns. */
static int get_commit(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "N\n");
}

const struct kernel_param_ops damon_module_commit_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_commit,
	.get = get_commit,
};

int damon_module_ignore(const char *val, const struct kernel_param *kp)
{
	return 0;
}

static int get_worker(char *buffer, const struct kernel_param *kp)
{
	struct damon_module *m = kp->arg;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		return sysfs_emit(buffer, "%d\n", damon_user_pid(&m->user) ?: -1);
}

const struct kernel_param_ops damon_module_pid_ops = {
	.set = damon_module_ignore,
	.get = get_worker,
};

static int set_unit(const char *val, const struct kernel_param *kp)
{
	unsigned long unit;
	int err = kstrtoul(val, 0, &unit);

	if (err || !unit)
		return err ?: -EINVAL;
	*(unsigned long *)kp->arg = unit;
	return 0;
}

const struct kernel_param_ops damon_module_unit_ops = {
	.set = set_unit,
	.get = param_get_ulong,
};

static int get_stat(char *buffer, const struct kernel_param *kp)
{
	const struct damon_module_stat *s = kp->arg;
	struct damon_scheme_stat stat = {};
	struct damon_ctx *ctx;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		ctx = s->module->user.ctx;
		/* There is nothing to be told of one that was never on. */
		if (ctx)
			damon_get_scheme_stat(ctx, s->scheme, &stat);
	}
	return sysfs_emit(buffer, "%llu\n", *(u64 *)((void *)&stat + s->offset));
}

const struct kernel_param_ops damon_module_stat_ops = {
	.set = damon_module_ignore,
	.get = get_stat,
};

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/module_kunit.c"
#endif
