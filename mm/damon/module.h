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
 * @params:	Its common parameters, which are never locked but by those who call this frame:
 *		parameters are written and read one at a time.
 * @plan:	Fills a plan, which has the common parameters but schemes already; its
 *		intervals are valid.  Returns 0, or -EINVAL for a parameter.
 * @look:	Called on the worker, by damon_module_look().  May be NULL.  Returns 0 or an
 *		error.
 * @wanted:	Start it as soon as that is possible; the value of "enabled" at boot.
 *
 * All but @name and the functions is under damon_monitors_lock.
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

/* The rows of a table of parameters.  @text is for modinfo. */

/* A value that is kept until a monitor is built. */
#define DAMON_MODULE_PARAM(param, value, type, text)			\
	module_param_named(param, value, type, 0600);			\
	MODULE_PARM_DESC(param, text)

/* What the writing of @ops does something to. */
#define DAMON_MODULE_PARAM_CB(param, ops, arg, perm, text)		\
	module_param_cb(param, ops, arg, perm);				\
	MODULE_PARM_DESC(param, text)

/* A number of what a scheme has done. */
#define DAMON_MODULE_STAT(param, m, index, member, text)		\
	static struct damon_module_stat stat_##param = {		\
		.module = m,						\
		.scheme = index,					\
		.offset = offsetof(struct damon_scheme_stat, member),	\
	};								\
	static_assert(sizeof_field(struct damon_scheme_stat, member) == sizeof(u64)); \
	DAMON_MODULE_PARAM_CB(param, &damon_module_stat_ops, &stat_##param, 0400, text)

/* What each user has. */
#define DAMON_MODULE_PARAMS_OF_ALL(m)					\
	DAMON_MODULE_PARAM_CB(enabled, &damon_module_enabled_ops, m, 0600, "Does it run?"); \
	DAMON_MODULE_PARAM_CB(kdamond_pid, &damon_module_pid_ops, m, 0400, \
			      "Result: its worker, or -1")

/* What those have that act on memory; @p are the &struct damon_module_params. */
#define DAMON_MODULE_PARAMS_OF_SCHEMES(m, p)				\
	DAMON_MODULE_PARAMS_OF_ALL(m);					\
	DAMON_MODULE_PARAM_CB(commit_inputs, &damon_module_commit_ops, m, 0600, \
			      "Y gives it the parameters as they are now"); \
	DAMON_MODULE_PARAM(sample_interval, (p).attrs.sample_interval, ulong, \
			   "Microseconds from one look at a region to the next"); \
	DAMON_MODULE_PARAM(aggr_interval, (p).attrs.aggr_interval, ulong, \
			   "Microseconds over which accesses are counted"); \
	DAMON_MODULE_PARAM(min_nr_regions, (p).attrs.min_nr_regions, ulong, \
			   "Fewest regions");				\
	DAMON_MODULE_PARAM(max_nr_regions, (p).attrs.max_nr_regions, ulong, \
			   "Most regions");				\
	DAMON_MODULE_PARAM(autotune_monitoring_intervals, (p).autotune, bool, \
			   "Intervals follow what is found accessed");	\
	DAMON_MODULE_PARAM(monitor_region_start, (p).region.start, ulong, \
			   "First address of the memory, in units");	\
	DAMON_MODULE_PARAM(monitor_region_end, (p).region.end, ulong,	\
			   "First address behind the memory, in units"); \
	DAMON_MODULE_PARAM_CB(addr_unit, &damon_module_unit_ops, &(p).addr_unit, 0600, \
			      "Bytes of a unit of these addresses");	\
	DAMON_MODULE_PARAM(wmarks_interval, (p).wmarks.interval, ulong,	\
			   "Microseconds from one look at the free memory to the next"); \
	DAMON_MODULE_PARAM(wmarks_high, (p).wmarks.high, ulong,		\
			   "Thousandths of free memory above which it sleeps"); \
	DAMON_MODULE_PARAM(wmarks_mid, (p).wmarks.mid, ulong,		\
			   "Thousandths of free memory below which it wakes up"); \
	DAMON_MODULE_PARAM(wmarks_low, (p).wmarks.low, ulong,		\
			   "Thousandths of free memory below which it sleeps"); \
	DAMON_MODULE_PARAM(quota_ms, (p).quota.ms, ulong,		\
			   "Milliseconds of work in a window, 0 for no limit"); \
	DAMON_MODULE_PARAM(quota_reset_interval_ms, (p).quota.reset_interval, ulong, \
			   "Milliseconds of a window")

#endif /* _MM_DAMON_MODULE_H */
