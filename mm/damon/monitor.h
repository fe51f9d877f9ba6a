/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Monitors with a name: each has a configuration, and the context that was built of
 * it.  An interface is a view of them.
 */
#ifndef _MM_DAMON_MONITOR_H
#define _MM_DAMON_MONITOR_H

#include <linux/limits.h>
#include <linux/mutex.h>

#include "config.h"

/**
 * struct damon_monitor - A monitor with a name.
 * @list:	Node in the list of all monitors.
 * @cfg:	The configuration.
 * @ctx:	The context that was last built of @cfg, or NULL.
 * @name:	The name.
 */
struct damon_monitor {
	struct list_head list;
	struct damon_cfg cfg;
	struct damon_ctx *ctx;
	char name[NAME_MAX + 1];
};

/* See the notes on locking in monitor.c. */
extern struct mutex damon_monitors_lock;

/**
 * damon_monitor_init() - Begin a monitor, with the default settings.
 * @m:		The monitor; no other one may see it yet.
 * @name:	Its name, which fits.
 */
void damon_monitor_init(struct damon_monitor *m, const char *name);

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
 * Context: May sleep; damon_monitors_lock is held.
 * Return: Its number as the caller sees it, or 0 when there is none.
 */
int damon_monitor_pid(struct damon_monitor *m);

/**
 * damon_monitors_run() - Does any monitor run?
 *
 * While one does, no setting may change, and there can be no more monitors.
 *
 * Context: damon_monitors_lock is held.
 * Return: Whether one does.
 */
bool damon_monitors_run(void);

/**
 * damon_monitors_start() - Start all monitors.
 *
 * Where one can not be started, those that were begun are stopped again, or, if the
 * caller is killed meanwhile, at least asked to end.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EBUSY when one runs already; -EINVAL when one has no targets; what
 *	damon_cfg_build() and damon_start() say; -ERESTARTSYS when a signal came first.
 */
int damon_monitors_start(void);

/**
 * damon_monitors_stop() - Stop all monitors.
 *
 * All are asked to stop at once, before the first is waited for.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EPERM when none runs; -ERESTARTSYS when a signal came first; -EINTR when
 *	the caller was killed before all had ended, which they will.
 */
int damon_monitors_stop(void);

#endif /* _MM_DAMON_MONITOR_H */
