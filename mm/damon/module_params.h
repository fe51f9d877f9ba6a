/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parameters that all users have that act on memory: a part of the table of a user, which
 * is included there once.  The user is "module", and its struct damon_module_params "params".
 */
module_param_cb(enabled, &damon_module_enabled_ops, &module, 0600);
MODULE_PARM_DESC(enabled, "Does it run?");
module_param_cb(commit_inputs, &damon_module_commit_ops, &module, 0600);
MODULE_PARM_DESC(commit_inputs, "Y gives it the parameters as they are now");
module_param_cb(kdamond_pid, &damon_module_pid_ops, &module, 0400);
MODULE_PARM_DESC(kdamond_pid, "Result: its worker, or -1");

module_param_named(sample_interval, params.attrs.sample_interval, ulong, 0600);
MODULE_PARM_DESC(sample_interval, "Microseconds from one look at a region to the next");
module_param_named(aggr_interval, params.attrs.aggr_interval, ulong, 0600);
MODULE_PARM_DESC(aggr_interval, "Microseconds over which accesses are counted");
module_param_named(min_nr_regions, params.attrs.min_nr_regions, ulong, 0600);
MODULE_PARM_DESC(min_nr_regions, "Fewest regions");
module_param_named(max_nr_regions, params.attrs.max_nr_regions, ulong, 0600);
MODULE_PARM_DESC(max_nr_regions, "Most regions");
module_param_named(autotune_monitoring_intervals, params.autotune, bool, 0600);
MODULE_PARM_DESC(autotune_monitoring_intervals, "Intervals follow what is found accessed");

module_param_named(monitor_region_start, params.region.start, ulong, 0600);
MODULE_PARM_DESC(monitor_region_start, "First address of the memory, in units");
module_param_named(monitor_region_end, params.region.end, ulong, 0600);
MODULE_PARM_DESC(monitor_region_end, "First address behind the memory, in units");
module_param_cb(addr_unit, &damon_module_unit_ops, &params.addr_unit, 0600);
MODULE_PARM_DESC(addr_unit, "Bytes of a unit of these addresses");

module_param_named(wmarks_interval, params.wmarks.interval, ulong, 0600);
MODULE_PARM_DESC(wmarks_interval, "Microseconds from one look at the free memory to the next");
module_param_named(wmarks_high, params.wmarks.high, ulong, 0600);
MODULE_PARM_DESC(wmarks_high, "Thousandths of free memory above which it sleeps");
module_param_named(wmarks_mid, params.wmarks.mid, ulong, 0600);
MODULE_PARM_DESC(wmarks_mid, "Thousandths of free memory below which it wakes up");
module_param_named(wmarks_low, params.wmarks.low, ulong, 0600);
MODULE_PARM_DESC(wmarks_low, "Thousandths of free memory below which it sleeps");

module_param_named(quota_ms, params.quota.ms, ulong, 0600);
MODULE_PARM_DESC(quota_ms, "Milliseconds of work in a window, 0 for no limit");
module_param_named(quota_reset_interval_ms, params.quota.reset_interval, ulong, 0600);
MODULE_PARM_DESC(quota_reset_interval_ms, "Milliseconds of a window");
