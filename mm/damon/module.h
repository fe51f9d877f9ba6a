/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame of the users inside the kernel that are driven by parameters: reclaim.c,
 * lru_sort.c and stat.c.
 *
 * Such a user has a table of parameters, and a function that makes a plan of them.  A monitor
 * is built of a plan, whether it is to be started or to be committed to the one that runs:
 * there is no other way to a setting, so the two can not differ.
 */
#ifndef _MM_DAMON_MODULE_H
#define _MM_DAMON_MODULE_H

#include <linux/damon.h>
#include <linux/moduleparam.h>
#include <linux/stddef.h>

#include "config.h"
#include "monitor.h"

/**
 * struct damon_module_params - The parameters that several users have, as they were written.
 * @attrs:	Intervals and limits.
 * @autotune:	The intervals follow what is found, in the place of those of @attrs.
 * @region:	The physical memory, in units; both 0 for all.
 * @addr_unit:	The unit, in bytes.
 * @wmarks:	When the schemes are active.
 * @quota:	How much they may do; goals are not in it.
 *
 * What is written is only kept, until a monitor is built.
 */
struct damon_module_params {
	struct damon_attrs attrs;
	bool autotune;
	struct damon_addr_range region;
	unsigned long addr_unit;
	struct damon_watermarks wmarks;
	struct damon_quota quota;
};

/** DAMON_MODULE_ROWS - Most schemes of a plan; and goals, and filters. */
#define DAMON_MODULE_ROWS 2

/**
 * struct damon_module_plan - A configuration, and room for all that it points to.
 * @cfg:	The configuration.
 * @schemes:	Its schemes.
 * @goals:	What goals of @schemes may be in.
 * @filters:	What filters of @schemes may be in.
 * @age_us:	The least age that matters, in microseconds; 0 for those of all aggregations.
 */
struct damon_module_plan {
	struct damon_cfg cfg;
	struct damon_scheme schemes[DAMON_MODULE_ROWS];
	struct damon_goal goals[DAMON_MODULE_ROWS];
	struct damon_filter filters[DAMON_MODULE_ROWS];
	unsigned long age_us;

	/* private: */
	unsigned long target;
	struct damon_cfg_region region;
};

/**
 * struct damon_module - A user that is driven by parameters.
 * @name:	Its name.
 * @params:	Its common parameters, under the lock of all parameters of the kernel.
 * @plan:	Fills a plan, which has the common parameters but schemes already; its
 *		intervals are valid.  Returns 0, or -EINVAL for a parameter.
 * @look:	Called on the worker, by damon_module_look().  May be NULL.  Returns 0 or an
 *		error.
 * @wanted:	Start it as soon as that is possible; the value of "enabled" at boot.
 *
 * All but @name, @params and the functions is under damon_monitors_lock.
 */
struct damon_module {
	const char *name;
	struct damon_module_params *params;
	int (*plan)(struct damon_module_plan *plan);
	int (*look)(struct damon_ctx *ctx, void *arg);
	bool wanted;

	/* private: */
	bool ready;			/* the kernel has booted so far */
	struct damon_user user;
	struct damon_addr_range found;	/* what all memory was, as shown */
};

/**
 * damon_module_init() - The kernel is ready to run monitors.
 * @m:		The user.  It is started if it is wanted.
 *
 * Return: 0; what the initcall is to return.
 */
int damon_module_init(struct damon_module *m);

/**
 * damon_module_set_enabled() - Start or stop a user.
 * @m:		The user.
 * @on:		Which of the two.
 *
 * A write of what it is already does nothing.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EBUSY when another monitor runs; -EINVAL for a parameter; what
 *	damon_cfg_build(), damon_user_start() and damon_user_stop() say; -ERESTARTSYS when a
 *	signal came first.  On an error it is as it was.
 */
int damon_module_set_enabled(struct damon_module *m, bool on);

/**
 * damon_module_commit() - Give the monitor that runs the parameters as they are now.
 * @m:		The user.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0; -EINVAL when it does not run, or for a parameter; what damon_cfg_build() and
 *	damon_commit() say; -ERESTARTSYS when a signal came first.  On an error it goes on as
 *	it was.
 */
int damon_module_commit(struct damon_module *m);

/**
 * damon_module_look() - Call the function look of a user, if it runs.
 * @m:		The user.
 *
 * Context: May sleep; takes damon_monitors_lock.
 * Return: 0, also when it does not run; what look and damon_call() say; -ERESTARTSYS when a
 *	signal came first.
 */
int damon_module_look(struct damon_module *m);

/**
 * struct damon_module_stat - A number of a scheme that is shown as a parameter.
 * @module:	The user.
 * @scheme:	The index of the scheme.
 * @offset:	Of the number in &struct damon_scheme_stat.
 */
struct damon_module_stat {
	struct damon_module *module;
	unsigned int scheme;
	size_t offset;
};

extern const struct kernel_param_ops damon_module_enabled_ops;
extern const struct kernel_param_ops damon_module_commit_ops;
extern const struct kernel_param_ops damon_module_pid_ops;
extern const struct kernel_param_ops damon_module_unit_ops;
extern const struct kernel_param_ops damon_module_stat_ops;

/**
 * damon_module_ignore() - Set no parameter: results may be on the command line of the kernel.
 * @val:	The text.
 * @kp:		The parameter.
 *
 * Return: 0.
 */
int damon_module_ignore(const char *val, const struct kernel_param *kp);

#endif /* _MM_DAMON_MODULE_H */
