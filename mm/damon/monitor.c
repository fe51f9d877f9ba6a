// SPDX-License-Identifier: GPL-2.0
/*
 * Monitors with a name: their configurations, their running contexts, and who may run
 * beside whom.
 *
 * Who may run beside whom.  Some monitors each have their own life: they are started, changed
 * and stopped one by one, and may run beside each other.  All others are started together and
 * stopped together, while none of the first kind runs, and while one of them runs, no setting of
 * any of them changes.  While the monitor of a user inside the kernel runs, no other one does.
 * Two monitors of the same memory take accesses from each other, so who starts several of the
 * first kind is expected to know what they watch.
 *
 * Notes on locking
 *
 * - damon_monitors_lock (mutex) protects the list of monitors, and each monitor in it
 *   with its configuration; and the users, with their contexts.  The worker never takes it,
 *   so it may be held while a worker is waited for.
 *
 * - ctx_lock of a monitor (rwsem) is held by whoever uses its context, also while waiting for
 *   the worker; and for writing by whoever puts another one in its place, which the worker of
 *   the old one has left.  So this waits for no more than an answer that is on its way.
 *
 * - Whoever waits for damon_monitors_lock can be interrupted, and whoever waits for a worker
 *   with a lock held can be killed.
 *
 *   damon_monitors_lock -> ctx_lock -> kdamond_lock
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

/* Protects these lists and all that is in them; see above. */
DEFINE_MUTEX(damon_monitors_lock);
static LIST_HEAD(monitors);
static LIST_HEAD(users);

void damon_monitor_init(struct damon_monitor *m, const char *name)
{
	INIT_LIST_HEAD(&m->list);
	damon_cfg_init(&m->cfg);
	m->ctx = NULL;
	init_rwsem(&m->ctx_lock);
	m->beside = false;
	strscpy(m->name, name);
}

void damon_monitor_init_beside(struct damon_monitor *m)
{
	damon_monitor_init(m, "");
	m->beside = true;
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

/* The one before is off, and nobody uses it any more. */
static void set_ctx(struct damon_monitor *m, struct damon_ctx *ctx)
{
	scoped_guard(rwsem_write, &m->ctx_lock)
		swap(m->ctx, ctx);
	damon_destroy_ctx(ctx);
}

void damon_monitor_clear(struct damon_monitor *m)
{
	set_ctx(m, NULL);
	damon_cfg_clear(&m->cfg);
	damon_cfg_init(&m->cfg);
}

void damon_monitor_fini(struct damon_monitor *m)
{
	WARN_ON_ONCE(!list_empty(&m->list));
	damon_monitor_clear(m);
}

struct damon_monitor *damon_monitor_find(const char *name)
{
	struct damon_monitor *m;

	lockdep_assert_held(&damon_monitors_lock);
	list_for_each_entry(m, &monitors, list)
		if (!m->beside && !strcmp(m->name, name))
			return m;
	return NULL;
}

static bool any_runs(bool beside)
{
	struct damon_monitor *m;

	lockdep_assert_held(&damon_monitors_lock);
	list_for_each_entry(m, &monitors, list)
		if (m->beside == beside && m->ctx && damon_is_on(m->ctx))
			return true;
	return false;
}

bool damon_monitors_beside_run(void)
{
	return any_runs(/*beside=*/true);
}

bool damon_monitors_run(void)
{
	return any_runs(/*beside=*/false);
}

bool damon_user_runs(struct damon_user *user)
{
	lockdep_assert_held(&damon_monitors_lock);
	return user->ctx && damon_is_on(user->ctx);
}

static bool users_run(void)
{
	struct damon_user *user;

	list_for_each_entry(user, &users, list)
		if (damon_user_runs(user))
			return true;
	return false;
}

static bool anything_runs(void)
{
	return damon_monitors_beside_run() || damon_monitors_run() || users_run();
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
	if (cfg->probes == other->probes) {
		cfg->probes = NULL;
		cfg->nr_probes = 0;
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
			set_ctx(m, NULL);
			swap(m->cfg, new);
		}
		clear_unshared(&new, &m->cfg);
	}
	return err;
}

struct damon_ctx *damon_monitor_get(struct damon_monitor *m)
{
	if (down_read_killable(&m->ctx_lock))
		return ERR_PTR(-EINTR);
	if (m->ctx)
		return m->ctx;
	up_read(&m->ctx_lock);
	return ERR_PTR(-EINVAL);
}

void damon_monitor_put(struct damon_monitor *m)
{
	up_read(&m->ctx_lock);
}

bool damon_monitor_is_on(struct damon_monitor *m)
{
	guard(rwsem_read)(&m->ctx_lock);
	return m->ctx && damon_is_on(m->ctx);
}

static int pid_of(struct damon_ctx *ctx)
{
	if (!ctx)
		return 0;
	/* The lock of the context keeps the worker from going away meanwhile. */
	guard(mutex)(&ctx->kdamond_lock);
	return ctx->calls_open ? task_pid_vnr(ctx->kdamond) : 0;
}

int damon_monitor_pid(struct damon_monitor *m)
{
	guard(rwsem_read)(&m->ctx_lock);
	return pid_of(m->ctx);
}

int damon_user_pid(struct damon_user *user)
{
	lockdep_assert_held(&damon_monitors_lock);
	return pid_of(user->ctx);
}

static int start_monitor(struct damon_monitor *m)
{
	struct damon_ctx *ctx = damon_cfg_build(&m->cfg);

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	set_ctx(m, ctx);
	return damon_start(ctx);
}

/* Return 0, or -EINTR when the caller was killed; then some may still run. */
static int stop_monitors(void)
{
	struct damon_monitor *m;
	int err;

	lockdep_assert_held(&damon_monitors_lock);
	list_for_each_entry(m, &monitors, list)
		if (!m->beside && m->ctx)
			damon_ask_to_stop(m->ctx);
	list_for_each_entry(m, &monitors, list) {
		if (m->beside || !m->ctx)
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
		if (anything_runs())
			return -EBUSY;
		list_for_each_entry(m, &monitors, list) {
			if (!m->beside && !m->cfg.nr_targets) {
				pr_debug("monitor '%s' has no targets\n", m->name);
				return -EINVAL;
			}
		}
		list_for_each_entry(m, &monitors, list) {
			err = m->beside ? 0 : start_monitor(m);
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

int damon_monitor_start(struct damon_monitor *m, struct damon_cfg *cfg)
{
	struct damon_ctx *ctx;
	int err;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		/* Nobody would find it, to stop it. */
		if (list_empty(&m->list))
			return -ENODEV;
		if (damon_monitors_run() || users_run() || (m->ctx && damon_is_on(m->ctx)))
			return -EBUSY;
		ctx = damon_cfg_build(cfg);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
		err = damon_start(ctx);
		if (err) {
			damon_destroy_ctx(ctx);
			return err;
		}
		set_ctx(m, ctx);
		swap(m->cfg, *cfg);
	}
	return 0;
}

int damon_monitor_commit(struct damon_monitor *m, struct damon_cfg *cfg)
{
	struct damon_ctx *from;
	int err;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (!m->ctx)
			return -EINVAL;
		if (!damon_is_on(m->ctx))
			return -ECANCELED;
		from = damon_cfg_build(cfg);
		if (IS_ERR(from))
			return PTR_ERR(from);
		err = damon_commit(m->ctx, from);
		/* The targets that are left over, before what the former settings hold of them. */
		damon_destroy_ctx(from);
		if (!err)
			swap(m->cfg, *cfg);
	}
	/* It ends by itself, and nobody starts it meanwhile. */
	return err == -EBUSY ? -ECANCELED : err;
}

int damon_monitor_stop(struct damon_monitor *m)
{
	struct damon_ctx *ctx = damon_monitor_get(m);
	int err;

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	damon_ask_to_stop(ctx);
	err = damon_wait_until_off(ctx);
	damon_monitor_put(m);
	return err;
}

void damon_user_add(struct damon_user *user)
{
	lockdep_assert_held(&damon_monitors_lock);
	list_add_tail(&user->list, &users);
}

int damon_user_start(struct damon_user *user, struct damon_ctx *ctx)
{
	int err;

	lockdep_assert_held(&damon_monitors_lock);
	if (anything_runs())
		return -EBUSY;
	err = damon_start(ctx);
	if (err)
		return err;
	damon_destroy_ctx(user->ctx);
	user->ctx = ctx;
	return 0;
}

int damon_user_stop(struct damon_user *user)
{
	lockdep_assert_held(&damon_monitors_lock);
	damon_ask_to_stop(user->ctx);
	return damon_wait_until_off(user->ctx);
}
