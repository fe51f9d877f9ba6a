// SPDX-License-Identifier: GPL-2.0
/*
 * Monitors with a name: their configurations, their running contexts, and who may run
 * beside whom.
 *
 * All monitors are started together and stopped together, and while one runs, no
 * setting of any changes.
 *
 * Notes on locking
 *
 * - damon_monitors_lock (mutex) protects the list of monitors, and each monitor in it
 *   with its configuration.  The worker never takes it, so it may be held while a
 *   worker is waited for.
 *
 * - Whoever waits for it can be interrupted, and whoever waits for a worker with it
 *   held can be killed.
 *
 *   damon_monitors_lock -> kdamond_lock
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/cleanup.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"
#include "monitor.h"

/* Protects this list and each monitor in it; see above. */
DEFINE_MUTEX(damon_monitors_lock);
static LIST_HEAD(monitors);

void damon_monitor_init(struct damon_monitor *m, const char *name)
{
	INIT_LIST_HEAD(&m->list);
	damon_cfg_init(&m->cfg);
	m->ctx = NULL;
	strscpy(m->name, name);
}

void damon_monitor_add(struct damon_monitor *m)
{
	lockdep_assert_held(&damon_monitors_lock);
	list_add_tail(&m->list, &monitors);
}

void damon_monitor_del(struct damon_monitor *m)
{
	lockdep_assert_held(&damon_monitors_lock);
	list_del_init(&m->list);
}

void damon_monitor_fini(struct damon_monitor *m)
{
	WARN_ON_ONCE(!list_empty(&m->list));
	damon_destroy_ctx(m->ctx);
	m->ctx = NULL;
	damon_cfg_clear(&m->cfg);
}

struct damon_monitor *damon_monitor_find(const char *name)
{
	struct damon_monitor *m;

	lockdep_assert_held(&damon_monitors_lock);
	list_for_each_entry(m, &monitors, list)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

bool damon_monitors_run(void)
{
	struct damon_monitor *m;

	lockdep_assert_held(&damon_monitors_lock);
	list_for_each_entry(m, &monitors, list)
		if (m->ctx && damon_is_on(m->ctx))
			return true;
	return false;
}

/* Free what @cfg holds, except what @other holds as well. */
static void clear_unshared(struct damon_cfg *cfg, const struct damon_cfg *other)
{
	if (cfg->targets == other->targets) {
		cfg->targets = NULL;
		cfg->nr_targets = 0;
	}
	if (cfg->regions == other->regions) {
		cfg->regions = NULL;
		cfg->nr_regions = 0;
	}
	if (cfg->schemes == other->schemes) {
		cfg->schemes = NULL;
		cfg->nr_schemes = 0;
	}
	damon_cfg_clear(cfg);
}

int damon_monitor_change(struct damon_monitor *m,
			 int (*fill)(struct damon_cfg *cfg, void *arg), void *arg)
{
	struct damon_cfg new;
	int err;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (damon_monitors_run())
			return -EBUSY;
		new = m->cfg;
		err = fill(&new, arg);
		if (!err)
			err = damon_cfg_check(&new);
		if (!err) {
			/* The context that was on may know the old targets. */
			damon_destroy_ctx(m->ctx);
			m->ctx = NULL;
			swap(m->cfg, new);
		}
		clear_unshared(&new, &m->cfg);
	}
	return err;
}

int damon_monitor_pid(struct damon_monitor *m)
{
	lockdep_assert_held(&damon_monitors_lock);
	if (!m->ctx)
		return 0;
	/* The lock of the context keeps the worker from going away meanwhile. */
	guard(mutex)(&m->ctx->kdamond_lock);
	return m->ctx->calls_open ? task_pid_vnr(m->ctx->kdamond) : 0;
}

static int start_monitor(struct damon_monitor *m)
{
	struct damon_ctx *ctx = damon_cfg_build(&m->cfg);

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	damon_destroy_ctx(m->ctx);
	m->ctx = ctx;
	return damon_start(ctx);
}

/* Return 0, or -EINTR when the caller was killed; then some may still run. */
static int stop_monitors(void)
{
	struct damon_monitor *m;
	int err;

	lockdep_assert_held(&damon_monitors_lock);
	list_for_each_entry(m, &monitors, list)
		if (m->ctx)
			damon_ask_to_stop(m->ctx);
	list_for_each_entry(m, &monitors, list) {
		if (!m->ctx)
			continue;
		err = damon_wait_until_off(m->ctx);
		if (err)
			return err;
	}
	return 0;
}

int damon_monitors_start(void)
{
	struct damon_monitor *m;
	int err;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (damon_monitors_run())
			return -EBUSY;
		list_for_each_entry(m, &monitors, list) {
			if (!m->cfg.nr_targets) {
				pr_debug("monitor '%s' has no targets\n", m->name);
				return -EINVAL;
			}
		}
		list_for_each_entry(m, &monitors, list) {
			err = start_monitor(m);
			if (err) {
				stop_monitors();
				return err;
			}
		}
	}
	return 0;
}

int damon_monitors_stop(void)
{
	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (!damon_monitors_run())
			return -EPERM;
		return stop_monitors();
	}
	return 0;
}
