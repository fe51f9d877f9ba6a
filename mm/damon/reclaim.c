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
#include <linux/sizes.h>

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

static struct damon_module reclaim = {
	.name = "DAMON_RECLAIM",
	.params = &params,
	.plan = plan_reclaim,
};

DAMON_MODULE_PARAMS_OF_SCHEMES(&reclaim, params);
DAMON_MODULE_PARAM(quota_sz, params.quota.sz, ulong, "Bytes of a window, 0 for no limit");
DAMON_MODULE_PARAM(min_age, min_age, ulong, "Reclaim what was not used for so many microseconds");
DAMON_MODULE_PARAM(quota_mem_pressure_us, quota_mem_pressure_us, ulong,
		   "Microseconds of a window in which tasks may wait for memory, 0 for no goal");
DAMON_MODULE_PARAM(quota_autotune_feedback, quota_autotune_feedback, ulong,
		   "What the user says of the last window, 10000 for just right, 0 for no goal");
DAMON_MODULE_PARAM(skip_anon, skip_anon, bool, "Reclaim no anonymous memory");
DAMON_MODULE_STAT(nr_reclaim_tried_regions, &reclaim, 0, nr_tried,
		  "Result: regions that were tried");
DAMON_MODULE_STAT(bytes_reclaim_tried_regions, &reclaim, 0, sz_tried, "Result: their bytes");
DAMON_MODULE_STAT(nr_reclaimed_regions, &reclaim, 0, nr_applied,
		  "Result: regions of which something was reclaimed");
DAMON_MODULE_STAT(bytes_reclaimed_regions, &reclaim, 0, sz_applied,
		  "Result: bytes that were reclaimed");
DAMON_MODULE_STAT(nr_quota_exceeds, &reclaim, 0, qt_exceeds,
		  "Result: windows that did not suffice");

static int __init damon_reclaim_init(void)
{
	return damon_module_init(&reclaim);
}
device_initcall(damon_reclaim_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/reclaim_kunit.c"
#endif
