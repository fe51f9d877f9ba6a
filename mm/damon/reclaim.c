// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive reclaim: memory that nobody has used for a while is given back before there is
 * none left, and only while free memory is neither plenty nor so scarce that the kernel has to
 * reclaim what it can get.
 *
 * Documentation/admin-guide/mm/damon/reclaim.rst has the parameters.
 */
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/stddef.h>

#include "module.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_reclaim."

static struct damon_module_params params = {
	.attrs = {
		.sample_interval = 5000,
		.aggr_interval = 100000,
		.regions_update_interval = USEC_PER_SEC,
		.min_nr_regions = 10,
		.max_nr_regions = 1000,
	},
	.addr_unit = 1,
	.wmarks = {
		.metric = DAMON_WMARK_FREE_MEM_RATE,
		.interval = 5 * USEC_PER_SEC,
		.high = 500,
		.mid = 400,
		.low = 200,
	},
	.quota = {
		.ms = 10,
		.sz = SZ_128M,
		.reset_interval = MSEC_PER_SEC,
		/* What was idle for the longest time comes first. */
		.weight_age = 1,
	},
};

static unsigned long min_age = 120 * USEC_PER_SEC;
static unsigned long quota_mem_pressure_us;
static unsigned long quota_autotune_feedback;
static bool skip_anon;

static unsigned int plan_goals(struct damon_goal *goals)
{
	unsigned int nr = 0;

	if (quota_mem_pressure_us)
		goals[nr++] = (struct damon_goal) {
			.metric = DAMON_GOAL_SOME_MEM_PSI_US,
			.target = quota_mem_pressure_us,
		};
	if (quota_autotune_feedback)
		goals[nr++] = (struct damon_goal) {
			.metric = DAMON_GOAL_USER_INPUT,
			.target = 10000,
			.current_value = quota_autotune_feedback,
		};
	return nr;
}

static int plan_reclaim(struct damon_module_plan *plan)
{
	struct damon_scheme *s = &plan->schemes[0];

	*s = (struct damon_scheme) {
		.action = DAMON_PAGEOUT,
		.pattern = {
			.min_sz = PAGE_SIZE,
			.max_sz = ULONG_MAX,
			.min_age = min_age / plan->cfg.attrs.aggr_interval,
			.max_age = ULONG_MAX,
		},
		.quota = params.quota,
		.wmarks = params.wmarks,
	};
	s->quota.goals = plan->goals;
	s->quota.nr_goals = plan_goals(plan->goals);
	if (skip_anon) {
		plan->filters[0] = (struct damon_filter) {
			.type = DAMON_FILTER_ANON,
			.matching = true,
		};
		s->filters = plan->filters;
		s->nr_filters = 1;
	}
	plan->cfg.nr_schemes = 1;
	plan->age_us = min_age;
	return 0;
}

static struct damon_module module = {
	.name = "DAMON_RECLAIM",
	.params = &params,
	.plan = plan_reclaim,
};

/* === Parameters === */

#include "module_params.h"

module_param_named(quota_sz, params.quota.sz, ulong, 0600);
MODULE_PARM_DESC(quota_sz, "Bytes of a window, 0 for no limit");
module_param(min_age, ulong, 0600);
MODULE_PARM_DESC(min_age, "Reclaim what was not used for so many microseconds");
module_param(quota_mem_pressure_us, ulong, 0600);
MODULE_PARM_DESC(quota_mem_pressure_us,
		 "Microseconds of a window in which tasks may wait for memory, 0 for no goal");
module_param(quota_autotune_feedback, ulong, 0600);
MODULE_PARM_DESC(quota_autotune_feedback,
		 "What the user says of the last window, 10000 for just right, 0 for no goal");
module_param(skip_anon, bool, 0600);
MODULE_PARM_DESC(skip_anon, "Reclaim no anonymous memory");

static struct damon_module_stat stats[] = {
	{ &module, 0, offsetof(struct damon_scheme_stat, nr_tried) },
	{ &module, 0, offsetof(struct damon_scheme_stat, sz_tried) },
	{ &module, 0, offsetof(struct damon_scheme_stat, nr_applied) },
	{ &module, 0, offsetof(struct damon_scheme_stat, sz_applied) },
	{ &module, 0, offsetof(struct damon_scheme_stat, qt_exceeds) },
};

module_param_cb(nr_reclaim_tried_regions, &damon_module_stat_ops, &stats[0], 0400);
MODULE_PARM_DESC(nr_reclaim_tried_regions, "Result: regions that were tried");
module_param_cb(bytes_reclaim_tried_regions, &damon_module_stat_ops, &stats[1], 0400);
MODULE_PARM_DESC(bytes_reclaim_tried_regions, "Result: their bytes");
module_param_cb(nr_reclaimed_regions, &damon_module_stat_ops, &stats[2], 0400);
MODULE_PARM_DESC(nr_reclaimed_regions, "Result: regions of which something was reclaimed");
module_param_cb(bytes_reclaimed_regions, &damon_module_stat_ops, &stats[3], 0400);
MODULE_PARM_DESC(bytes_reclaimed_regions, "Result: bytes that were reclaimed");
module_param_cb(nr_quota_exceeds, &damon_module_stat_ops, &stats[4], 0400);
MODULE_PARM_DESC(nr_quota_exceeds, "Result: windows that did not suffice");

static int __init damon_reclaim_init(void)
{
	return damon_module_init(&module);
}
device_initcall(damon_reclaim_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/reclaim_kunit.c"
#endif
