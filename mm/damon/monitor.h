/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Monitors with a name: each has a configuration, and the context that was built of
 * it.  An interface is a view of them.  And code of the kernel that has a monitor of its own,
 * beside which no other one runs.
 */
#ifndef _MM_DAMON_MONITOR_H
#define _MM_DAMON_MONITOR_H

#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

#include "config.h"

/**
 * struct damon_monitor - A monitor with a name.
 * @list:	Node in the list of all monitors.
 * @cfg:	The configuration.
 * @ctx:	The context that was last built of @cfg, or NULL.
 * @ctx_lock:	Keeps @ctx, see the notes on locking in monitor.c.
 * @beside:	It may run while others do for which this is set.
 * @name:	The name; empty for those that are @beside others.
 */
struct damon_monitor {
	struct list_head list;
	struct damon_cfg cfg;
	struct damon_ctx *ctx;
	struct rw_semaphore ctx_lock; /* see above */
	bool beside;
	char name[NAME_MAX + 1];
};

/**
 * struct damon_user - Code of the kernel that has a monitor without a name.
 * @list:	Node in the list of all users.
 * @ctx:	The monitor, or NULL when there was none yet.
 */
struct damon_user {
	struct list_head list;
	struct damon_ctx *ctx;
};

/* See the notes on locking in monitor.c. */
extern struct mutex damon_monitors_lock;

/**
 * damon_monitor_init() - Begin a monitor that runs when no other one does.
 * @m:		The monitor; no other one may see it yet.
 * @name:	Its name, which fits.
 *
 * It has the default settings.
 */
void damon_monitor_init(struct damon_monitor *m, const char *name);

/**
 * damon_monitor_init_beside() - Begin a monitor that may run beside others.
 * @m:		The monitor; no other one may see it yet.
 *
 * It is started and stopped by itself.
 */
void damon_monitor_init_beside(struct damon_monitor *m);

/**
 * damon_monitor_add() - Let others see a monitor.
 * @m:		The monitor.
 *
 * Context: damon_monitors_lock is held.
 */
void damon_monitor_add(struct damon_monitor *m);

/**
 * damon_monitor_del() - Let nobody find a monitor any more.
 * @m:		A monitor that is off.
 *
 * Context: damon_monitors_lock is held.
 */
void damon_monitor_del(struct damon_monitor *m);

/**
 * damon_monitor_clear() - Give back the settings, and the context.
 * @m:		A monitor that is off.
 *
 * Context: May sleep; damon_monitors_lock is held, or nobody can find the monitor.
 */
void damon_monitor_clear(struct damon_monitor *m);

/**
 * damon_monitor_fini() - Give back all that a monitor holds.
 * @m:		A monitor that nobody can find, or use, any more.
 *
 * Context: May sleep.
 */
void damon_monitor_fini(struct damon_monitor *m);

/**
 * damon_monitor_find() - Find a monitor by its name.
 * @name:	The name.
 *
 * Context: damon_monitors_lock is held.
 * Return: The monitor or NULL.
 */
struct damon_monitor *damon_monitor_find(const char *name);

/**
 * damon_monitor_change() - Change a configuration, whole or not at all.
 * @m:		The monitor.
 * @fill:	Gets a copy of the configuration, and puts something new in the place
 *		of each pointer that it changes, also before it returns an error.
 * @arg:	Passed to @fill.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; what @fill returned; what damon_cfg_check() says; -EBUSY while a monitor
 *	runs; -ERESTARTSYS when a signal came first.
 */
int damon_monitor_change(struct damon_monitor *m,
			 int (*fill)(struct damon_cfg *cfg, void *arg), void *arg);

/**
 * damon_monitor_pid() - The worker of a monitor.
 * @m:		The monitor.
 *
 * Context: May sleep.
 * Return: Its number as the caller sees it, or 0 when there is none.
 */
int damon_monitor_pid(struct damon_monitor *m);

/**
 * damon_monitor_is_on() - Does a monitor run?
 * @m:		The monitor.
 *
 * Context: May sleep.
 * Return: Whether it does.
 */
bool damon_monitor_is_on(struct damon_monitor *m);

/**
 * damon_monitor_get() - Keep the context of a monitor.
 * @m:		The monitor.
 *
 * Context: May sleep.  Whoever holds it does not keep the monitor from being stopped or
 *	changed, but from being started anew: so nothing but the worker is waited for.
 * Return: The context, to be given back by damon_monitor_put(); ERR_PTR() of -EINVAL when
 *	the monitor has none, or of -EINTR when the caller was killed.
 */
struct damon_ctx *damon_monitor_get(struct damon_monitor *m);

/**
 * damon_monitor_put() - Give back the context of a monitor.
 * @m:		The monitor.
 */
void damon_monitor_put(struct damon_monitor *m);

/**
 * damon_monitor_start() - Start one monitor.
 * @m:		One that may run beside others.
 * @cfg:	The settings.  They are those of the monitor afterwards, and the caller has to
 *		clear the former ones.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EBUSY when it is on, or one is that may not run beside others; -ENODEV when it
 *	was deleted; what damon_cfg_build() and damon_start() say; -ERESTARTSYS when a signal
 *	came first.  On an error nothing has changed.
 */
int damon_monitor_start(struct damon_monitor *m, struct damon_cfg *cfg);

/**
 * damon_monitor_commit() - Give one monitor, which runs, new settings.
 * @m:		One that may run beside others.
 * @cfg:	The settings.  They are those of the monitor afterwards, and the caller has to
 *		clear the former ones.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EINVAL when it was never started; -ECANCELED when it is off, or ends; what
 *	damon_cfg_build() and damon_commit() say; -ERESTARTSYS when a signal came first.  On an
 *	error nothing has changed.
 */
int damon_monitor_commit(struct damon_monitor *m, struct damon_cfg *cfg);

/**
 * damon_monitor_stop() - Stop one monitor.
 * @m:		One that may run beside others.
 *
 * Context: May sleep.
 * Return: 0, also when it is off; -EINVAL when it was never started; -EINTR when the caller
 *	was killed before it had ended, which it will.
 */
int damon_monitor_stop(struct damon_monitor *m);

/**
 * damon_monitors_beside_run() - Does any monitor run that may run beside others?
 *
 * Context: damon_monitors_lock is held.
 * Return: Whether one does.
 */
bool damon_monitors_beside_run(void);

/**
 * damon_monitors_run() - Does any monitor run that may not run beside others?
 *
 * While one does, no setting of these may change, and there can be no more of them.
 *
 * Context: damon_monitors_lock is held.
 * Return: Whether one does.
 */
bool damon_monitors_run(void);

/**
 * damon_monitors_start() - Start all monitors that may not run beside others.
 *
 * Among themselves they may.
 *
 * Where one can not be started, those that were begun are stopped again, or, if the
 * caller is killed meanwhile, at least asked to end.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EBUSY when anything runs already; -EINVAL when one has no targets; what
 *	damon_cfg_build() and damon_start() say; -ERESTARTSYS when a signal came first.
 */
int damon_monitors_start(void);

/**
 * damon_monitors_stop() - Stop all monitors that may not run beside others.
 *
 * All are asked to stop at once, before the first is waited for.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EPERM when none runs; -ERESTARTSYS when a signal came first; -EINTR when
 *	the caller was killed before all had ended, which they will.
 */
int damon_monitors_stop(void);

/**
 * damon_user_add() - From now on, the monitor of a user counts.
 * @user:	The user, which stays for ever.
 *
 * Context: damon_monitors_lock is held.
 */
void damon_user_add(struct damon_user *user);

/**
 * damon_user_runs() - Does the monitor of a user run?
 * @user:	The user.
 *
 * Context: damon_monitors_lock is held.
 * Return: Whether it does.
 */
bool damon_user_runs(struct damon_user *user);

/**
 * damon_user_pid() - The worker of a user.
 * @user:	The user.
 *
 * Context: May sleep; damon_monitors_lock is held.
 * Return: As damon_monitor_pid().
 */
int damon_user_pid(struct damon_user *user);

/**
 * damon_user_start() - Start a new monitor of a user, alone.
 * @user:	The user.
 * @ctx:	The monitor.  It is @user->ctx afterwards, in the place of the one before; on an
 *		error it stays the caller's.
 *
 * Context: May sleep; damon_monitors_lock is held.
 * Return: 0; -EBUSY when a monitor with a name runs, or that of any user; what damon_start()
 *	says.
 */
int damon_user_start(struct damon_user *user, struct damon_ctx *ctx);

/**
 * damon_user_stop() - Stop the monitor of a user and wait until it is off.
 * @user:	The user.
 *
 * Context: May sleep; damon_monitors_lock is held.
 * Return: 0; -EINTR when the caller was killed before it had ended, which it will.
 */
int damon_user_stop(struct damon_user *user);

#endif /* _MM_DAMON_MONITOR_H */
