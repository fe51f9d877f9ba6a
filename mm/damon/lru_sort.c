// SPDX-License-Identifier: GPL-2.0
/*
 * Sorting of the lists of reclaim: memory that is used much becomes the last to be reclaimed,
 * and memory that nobody has used for a while the first, while free memory is scarce.
 *
 * Reclaim itself learns of the use of a page when it comes to it, once.  What it finds at the
 * end of its lists is then the better choice, and no page is given up by this file.
 *
 * Documentation/admin-guide/mm/damon/lru_sort.rst has the parameters.
 */
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/stddef.h>

#include "internal.h"
#include "module.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_lru_sort."

/* The parts of goals of the two schemes add up to this and a bit, so both are reached. */
#define ALL_BP 10000
#define OVERLAP_BP 2

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
		.high = 200,
		.mid = 150,
		.low = 50,
	},
	.quota = {
		.ms = 10,
		.reset_interval = MSEC_PER_SEC,
		.weight_nr_accesses = 1,
		.weight_age = 1,
	},
};

static unsigned long hot_thres_access_freq = 500;
static unsigned long cold_min_age = 120 * USEC_PER_SEC;
static unsigned long active_mem_bp;
static bool filter_young_pages;

enum { HOT, COLD, NR_SCHEMES };

static_assert(NR_SCHEMES <= DAMON_MODULE_ROWS);

/* What both have; @pages are left out if pages are asked. */
static struct damon_scheme scheme_of(struct damon_module_plan *plan, unsigned int index,
				     struct damon_goal goal, struct damon_filter pages)
{
	struct damon_scheme s = {
		.pattern = {
			.min_sz = PAGE_SIZE,
			.max_sz = ULONG_MAX,
			.max_age = ULONG_MAX,
		},
		.quota = params.quota,
		.wmarks = params.wmarks,
	};

	/* Half of a millisecond would be no limit. */
	s.quota.ms = params.quota.ms / 2 + params.quota.ms % 2;
	if (active_mem_bp) {
		plan->goals[index] = goal;
		s.quota.goals = &plan->goals[index];
		s.quota.nr_goals = 1;
	}
	if (filter_young_pages) {
		plan->filters[index] = pages;
		s.filters = &plan->filters[index];
		s.nr_filters = 1;
	}
	return s;
}

static int plan_lru_sort(struct damon_module_plan *plan)
{
	const struct damon_attrs *a = &plan->cfg.attrs;
	unsigned int max_nr_accesses = a->aggr_interval / a->sample_interval;
	struct damon_scheme *hot = &plan->schemes[HOT], *cold = &plan->schemes[COLD];

	if (active_mem_bp > ALL_BP)
		return -EINVAL;
	*hot = scheme_of(plan, HOT,
			 (struct damon_goal) { DAMON_GOAL_ACTIVE_MEM_BP, active_mem_bp },
			 (struct damon_filter) { .type = DAMON_FILTER_YOUNG });
	hot->action = DAMON_LRU_PRIO;
	hot->pattern.min_nr_accesses = min(damon_scale(max_nr_accesses, hot_thres_access_freq,
						       1000), ULONG_MAX);
	hot->pattern.max_nr_accesses = ULONG_MAX;
	*cold = scheme_of(plan, COLD,
			  (struct damon_goal) { DAMON_GOAL_INACTIVE_MEM_BP,
						ALL_BP - active_mem_bp + OVERLAP_BP },
			  (struct damon_filter) { .type = DAMON_FILTER_YOUNG, .matching = true });
	cold->action = DAMON_LRU_DEPRIO;
	cold->pattern.min_age = cold_min_age / a->aggr_interval;
	plan->cfg.nr_schemes = NR_SCHEMES;
	plan->age_us = cold_min_age;
	return 0;
}

static struct damon_module module = {
	.name = "DAMON_LRU_SORT",
	.params = &params,
	.plan = plan_lru_sort,
};

/* === Parameters === */

#include "module_params.h"

module_param(hot_thres_access_freq, ulong, 0600);
MODULE_PARM_DESC(hot_thres_access_freq,
		 "Hot is what is accessed in so many thousandths of the sampling intervals");
module_param(cold_min_age, ulong, 0600);
MODULE_PARM_DESC(cold_min_age, "Cold is what was not used for so many microseconds");
module_param(active_mem_bp, ulong, 0600);
MODULE_PARM_DESC(active_mem_bp,
		 "Part of the memory that shall be active, in 1/10000, 0 for no goal");
module_param(filter_young_pages, bool, 0600);
MODULE_PARM_DESC(filter_young_pages, "Ask each page, not only the region that it is in");

static struct damon_module_stat stats[] = {
	{ &module, HOT, offsetof(struct damon_scheme_stat, nr_tried) },
	{ &module, HOT, offsetof(struct damon_scheme_stat, sz_tried) },
	{ &module, HOT, offsetof(struct damon_scheme_stat, nr_applied) },
	{ &module, HOT, offsetof(struct damon_scheme_stat, sz_applied) },
	{ &module, HOT, offsetof(struct damon_scheme_stat, qt_exceeds) },
	{ &module, COLD, offsetof(struct damon_scheme_stat, nr_tried) },
	{ &module, COLD, offsetof(struct damon_scheme_stat, sz_tried) },
	{ &module, COLD, offsetof(struct damon_scheme_stat, nr_applied) },
	{ &module, COLD, offsetof(struct damon_scheme_stat, sz_applied) },
	{ &module, COLD, offsetof(struct damon_scheme_stat, qt_exceeds) },
};

module_param_cb(nr_lru_sort_tried_hot_regions, &damon_module_stat_ops, &stats[0], 0400);
MODULE_PARM_DESC(nr_lru_sort_tried_hot_regions, "Result: hot regions that were tried");
module_param_cb(bytes_lru_sort_tried_hot_regions, &damon_module_stat_ops, &stats[1], 0400);
MODULE_PARM_DESC(bytes_lru_sort_tried_hot_regions, "Result: their bytes");
module_param_cb(nr_lru_sorted_hot_regions, &damon_module_stat_ops, &stats[2], 0400);
MODULE_PARM_DESC(nr_lru_sorted_hot_regions, "Result: hot regions of which something was made active");
module_param_cb(bytes_lru_sorted_hot_regions, &damon_module_stat_ops, &stats[3], 0400);
MODULE_PARM_DESC(bytes_lru_sorted_hot_regions, "Result: bytes that were made active");
module_param_cb(nr_hot_quota_exceeds, &damon_module_stat_ops, &stats[4], 0400);
MODULE_PARM_DESC(nr_hot_quota_exceeds, "Result: windows that did not suffice for hot regions");
module_param_cb(nr_lru_sort_tried_cold_regions, &damon_module_stat_ops, &stats[5], 0400);
MODULE_PARM_DESC(nr_lru_sort_tried_cold_regions, "Result: cold regions that were tried");
module_param_cb(bytes_lru_sort_tried_cold_regions, &damon_module_stat_ops, &stats[6], 0400);
MODULE_PARM_DESC(bytes_lru_sort_tried_cold_regions, "Result: their bytes");
module_param_cb(nr_lru_sorted_cold_regions, &damon_module_stat_ops, &stats[7], 0400);
MODULE_PARM_DESC(nr_lru_sorted_cold_regions, "Result: cold regions of which something was made inactive");
module_param_cb(bytes_lru_sorted_cold_regions, &damon_module_stat_ops, &stats[8], 0400);
MODULE_PARM_DESC(bytes_lru_sorted_cold_regions, "Result: bytes that were made inactive");
module_param_cb(nr_cold_quota_exceeds, &damon_module_stat_ops, &stats[9], 0400);
MODULE_PARM_DESC(nr_cold_quota_exceeds, "Result: windows that did not suffice for cold regions");

static int __init damon_lru_sort_init(void)
{
	return damon_module_init(&module);
}
device_initcall(damon_lru_sort_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/lru_sort_kunit.c"
#endif
