// SPDX-License-Identifier: GPL-2.0
/*
 * A user of DAMON inside the kernel, by linux/damon.h alone: an example of how it is
 * used, and the test that nothing else is needed.  It calls each function that the
 * header has, so that one that is not exported breaks the build.
 *
 *	insmod damon_test_user.ko pid=4711 physical=1
 *
 * watches the process and all physical memory, by a monitor of its own each.  The latter
 * has two probes: for anonymous memory, and for that of the cgroup of parameter "cgroup".
 * The other parameters tell what the last aggregation has found, and how many regions
 * there are now.  A write to "stop" stops both monitors, and so does removing the
 * module.
 *
 *	insmod damon_test_user.ko pid=4711 action=2 filters=0,1,0,0,0
 *
 * has a scheme as well: each second, the action of this number in &enum damon_action, for all
 * memory that the filters let pass.  A filter is five numbers: its type in &enum
 * damon_filter_type; whether memory is of the type; whether it is allowed; and what the type
 * needs to know.
 *
 *	insmod damon_test_user.ko pid=4711 fast=0 slow=1
 *
 * also keeps the memory that the process uses on node 0, and what it does not use on
 * node 1.
 */
#include <linux/cleanup.h>
#include <linux/damon.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/numa.h>
#include <linux/pid.h>
#include <linux/sysfs.h>

/* A monitor, and what it has found. */
struct monitor {
	struct damon_ctx *ctx;
	unsigned long aggregations;
	unsigned long hot;
	unsigned long anon, of_cgroup;
};

static struct monitor virtual_monitor, physical_monitor;
static struct pid *process;

/*
 * Protects the pointers to the contexts: parameters are read before the module has
 * started, and until it has gone.
 */
static DEFINE_MUTEX(ctx_lock);

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "Watch the process of this number");

static unsigned long from;
module_param(from, ulong, 0444);
MODULE_PARM_DESC(from, "Of the process, watch only what begins at this address");

static unsigned long to;
module_param(to, ulong, 0444);
MODULE_PARM_DESC(to, "And ends at this one; with 0, all mappings are watched");

static bool physical;
module_param(physical, bool, 0444);
MODULE_PARM_DESC(physical, "Watch all physical memory");

static int action = -1;
module_param(action, int, 0444);
MODULE_PARM_DESC(action, "What a scheme does; without it, filters are of no use");

static unsigned long long filters[5 * 8];
static unsigned int nr_numbers;
module_param_array(filters, ullong, &nr_numbers, 0444);
MODULE_PARM_DESC(filters, "Filters of the scheme, five numbers each");

static unsigned long long cgroup;
module_param(cgroup, ullong, 0444);
MODULE_PARM_DESC(cgroup, "Find the memory of the cgroup of this id");

static unsigned int weight;
module_param(weight, uint, 0444);
MODULE_PARM_DESC(weight, "Weight of anonymous memory, in the place of accesses");

static int fast = NUMA_NO_NODE;
module_param(fast, int, 0444);
MODULE_PARM_DESC(fast, "Move memory that is used to this node");

static int slow = NUMA_NO_NODE;
module_param(slow, int, 0444);
MODULE_PARM_DESC(slow, "Move memory that has not been used for 2 seconds to this node");

static unsigned long quota;
module_param(quota, ulong, 0444);
MODULE_PARM_DESC(quota, "Bytes that may be tried in a second, to each of them; 0 for no limit");

static unsigned int weights[4], nr_weights;
module_param_array(weights, uint, &nr_weights, 0444);
MODULE_PARM_DESC(weights, "Spread memory that is used over the nodes from 0 on by these weights");

static int refuse(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops result_ops = {
	.set = refuse,
	.get = param_get_ulong,
};

/* On the worker, to which the regions belong. */
static int count_regions(struct damon_ctx *ctx, void *arg)
{
	unsigned long nr = 0;
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		nr += t->nr_regions;
	*(unsigned long *)arg = nr;
	return 0;
}

static int get_regions(char *buffer, const struct kernel_param *kp)
{
	struct monitor *m = kp->arg;
	unsigned long nr;
	int err;

	guard(mutex)(&ctx_lock);
	err = m->ctx ? damon_call(m->ctx, count_regions, &nr) : -EPERM;
	return err ?: sysfs_emit(buffer, "%lu\n", nr);
}

static const struct kernel_param_ops regions_ops = {
	.set = refuse,
	.get = get_regions,
};

module_param_cb(virtual_regions, &regions_ops, &virtual_monitor, 0444);
MODULE_PARM_DESC(virtual_regions, "Result: regions of the process");
module_param_cb(physical_regions, &regions_ops, &physical_monitor, 0444);
MODULE_PARM_DESC(physical_regions, "Result: regions of physical memory");

struct stat_result {
	struct monitor *monitor;
	size_t offset;
};

/* Of all schemes; 0 where there is none. */
static int get_stat(char *buffer, const struct kernel_param *kp)
{
	const struct stat_result *result = kp->arg;
	struct damon_scheme_stat stat;
	unsigned int i;
	u64 sum = 0;

	guard(mutex)(&ctx_lock);
	if (!result->monitor->ctx)
		return -EPERM;
	for (i = 0; !damon_get_scheme_stat(result->monitor->ctx, i, &stat); i++)
		sum += *(u64 *)((char *)&stat + result->offset);
	return sysfs_emit(buffer, "%llu\n", sum);
}

static const struct kernel_param_ops stat_ops = {
	.set = refuse,
	.get = get_stat,
};

#define STAT(kind, what, member, desc)						\
	static struct stat_result kind##_##what = {				\
		&kind##_monitor, offsetof(struct damon_scheme_stat, member),	\
	};									\
	module_param_cb(kind##_##what, &stat_ops, &kind##_##what, 0444);	\
	MODULE_PARM_DESC(kind##_##what, desc)

STAT(virtual, tried, sz_tried, "Result: bytes of the process that schemes tried");
STAT(virtual, applied, sz_applied, "Result: bytes of the process that they worked on");
STAT(virtual, passed, sz_ops_filter_passed, "Result: bytes that filters of pages let pass");
STAT(physical, tried, sz_tried, "Result: bytes of physical memory that schemes tried");
STAT(physical, applied, sz_applied, "Result: bytes of physical memory that they worked on");

/* What was found stays to be read. */
static int stop_running(const char *val, const struct kernel_param *kp)
{
	int err = 0;

	guard(mutex)(&ctx_lock);
	if (virtual_monitor.ctx)
		err = damon_stop(virtual_monitor.ctx);
	if (physical_monitor.ctx)
		err = damon_stop(physical_monitor.ctx) ?: err;
	return err;
}

static const struct kernel_param_ops stop_ops = {
	.set = stop_running,
};

module_param_cb(stop, &stop_ops, NULL, 0200);
MODULE_PARM_DESC(stop, "Stop what runs");

#define RESULT(kind, what, desc)						\
	module_param_cb(kind##_##what, &result_ops, &kind##_monitor.what, 0444); \
	MODULE_PARM_DESC(kind##_##what, desc)

RESULT(virtual, aggregations, "Result: aggregations of the process");
RESULT(virtual, hot, "Result: bytes of the process accessed at least half of the time");
RESULT(physical, aggregations, "Result: aggregations of physical memory");
RESULT(physical, hot, "Result: bytes of physical memory accessed at least half of the time");
RESULT(physical, anon, "Result: bytes of anonymous memory");
RESULT(physical, of_cgroup, "Result: bytes of the cgroup");

/* On the worker, so the regions may be read. */
static void tell(struct damon_ctx *ctx)
{
	struct monitor *m = ctx == virtual_monitor.ctx ? &virtual_monitor : &physical_monitor;
	unsigned int max = ctx->aggr_interval / ctx->sample_interval;
	unsigned long hot = 0, anon = 0, of_cgroup = 0;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			unsigned long sz = (r->ar.end - r->ar.start) * ctx->addr_unit;

			if (r->nr_accesses >= max / 2)
				hot += sz;
			anon += sz / max * damon_region_probe_hits(ctx, r, 0);
			of_cgroup += sz / max * damon_region_probe_hits(ctx, r, 1);
		}
	}
	WRITE_ONCE(m->hot, hot);
	WRITE_ONCE(m->anon, anon);
	WRITE_ONCE(m->of_cgroup, of_cgroup);
	WRITE_ONCE(m->aggregations, m->aggregations + 1);
}

static struct damon_filter to_filter(const unsigned long long n[5])
{
	struct damon_filter f = { .type = n[0], .matching = n[1], .allow = n[2] };

	switch (f.type) {
	case DAMON_FILTER_MEMCG:
		f.cgroup = n[3];
		break;
	case DAMON_FILTER_HUGEPAGE_SIZE:
		f.min_sz = n[3];
		f.max_sz = n[4];
		break;
	case DAMON_FILTER_ADDR:
		f.range = (struct damon_addr_range) { n[3], n[4] };
		break;
	case DAMON_FILTER_TARGET:
		f.target = n[3];
		break;
	default:
		break;
	}
	return f;
}

/* For all memory that the filters let pass, which are put into @rows. */
static struct damon_scheme filtered(struct damon_filter *rows)
{
	unsigned int i, nr = nr_numbers / 5;

	for (i = 0; i < nr; i++)
		rows[i] = to_filter(&filters[5 * i]);
	return (struct damon_scheme) {
		.pattern = {
			.max_sz = ULONG_MAX,
			.max_nr_accesses = ULONG_MAX,
			.max_age = ULONG_MAX,
		},
		.action = action,
		.apply_interval = 1000000,
		.filters = rows,
		.nr_filters = nr,
	};
}

/* What is not said is 0: no accesses, no age, no limit. */
static struct damon_scheme hot_to(int nid)
{
	return (struct damon_scheme) {
		.pattern = {
			.max_sz = ULONG_MAX,
			.min_nr_accesses = 1, .max_nr_accesses = ULONG_MAX,
			.max_age = ULONG_MAX,
		},
		.action = DAMON_MIGRATE_HOT,
		.nid = nid,
		.quota = { .sz = quota, .reset_interval = 1000, .weight_nr_accesses = 1 },
	};
}

static struct damon_scheme cold_to(int nid)
{
	return (struct damon_scheme) {
		.pattern = {
			.max_sz = ULONG_MAX,
			.min_age = 10, .max_age = ULONG_MAX,
		},
		.action = DAMON_MIGRATE_COLD,
		.nid = nid,
		.quota = { .sz = quota, .reset_interval = 1000, .weight_age = 1 },
	};
}

static int set_schemes(struct damon_ctx *ctx)
{
	struct damon_dest dests[ARRAY_SIZE(weights)];
	struct damon_filter rows[ARRAY_SIZE(filters) / 5];
	struct damon_scheme schemes[4];
	unsigned int i, nr = 0;

	if (action >= 0)
		schemes[nr++] = filtered(rows);
	if (fast != NUMA_NO_NODE)
		schemes[nr++] = hot_to(fast);
	if (slow != NUMA_NO_NODE)
		schemes[nr++] = cold_to(slow);
	if (nr_weights) {
		for (i = 0; i < nr_weights; i++)
			dests[i] = (struct damon_dest) { i, weights[i] };
		schemes[nr] = hot_to(0);
		schemes[nr].dests = dests;
		schemes[nr++].nr_dests = nr_weights;
	}
	return damon_set_schemes(ctx, schemes, nr);
}

static int make(struct monitor *m, int (*set_primitives)(struct damon_ctx *ctx),
		unsigned long id)
{
	int err;

	m->ctx = damon_new_ctx();
	if (!m->ctx)
		return -ENOMEM;
	err = set_primitives(m->ctx);
	if (err)
		return err;
	m->ctx->aggregate_cb = tell;
	err = damon_set_targets(m->ctx, &id, 1) ?: set_schemes(m->ctx);
	return err ?: damon_set_attrs(m->ctx, 10000, 200000, 1000000, 10, 1000);
}

/* It stays with this part, as nobody updates the regions. */
static int limit(struct damon_ctx *ctx)
{
	struct damon_target *t = list_first_entry(&ctx->targets_list, struct damon_target, list);
	struct damon_addr_range part = { .start = from, .end = to };

	ctx->update_target_regions = NULL;
	return damon_target_fit(t, &part, 1);
}

static int start_virtual(void)
{
	int err;

	process = find_get_pid(pid);
	if (!process)
		return -ESRCH;
	err = make(&virtual_monitor, damon_va_set_primitives, (unsigned long)process);
	if (!err && to)
		err = limit(virtual_monitor.ctx);
	return err ?: damon_start(virtual_monitor.ctx);
}

static int set_probes(struct damon_ctx *ctx)
{
	const struct damon_filter of_anon = {
		.type = DAMON_FILTER_ANON, .matching = true, .allow = true,
	};
	const struct damon_filter of_cgroup = {
		.type = DAMON_FILTER_MEMCG, .matching = true, .allow = true, .cgroup = cgroup,
	};
	const struct damon_probe probes[] = {
		{ .filters = &of_anon, .nr_filters = 1, .weight = weight },
		{ .filters = &of_cgroup, .nr_filters = 1 },
	};

	return damon_set_probes(ctx, probes, ARRAY_SIZE(probes));
}

static int start_physical(void)
{
	int err = make(&physical_monitor, damon_pa_set_primitives, DAMON_ALL_NODES);

	err = err ?: set_probes(physical_monitor.ctx);
	return err ?: damon_start(physical_monitor.ctx);
}

static int start_all(void)
{
	int err = pid ? start_virtual() : 0;

	if (!pid && !physical)
		return -EINVAL;
	return err ?: physical ? start_physical() : 0;
}

/* Takes what was begun only, as well. */
static void end_all(void)
{
	damon_destroy_ctx(virtual_monitor.ctx);
	virtual_monitor.ctx = NULL;
	damon_destroy_ctx(physical_monitor.ctx);
	physical_monitor.ctx = NULL;
	put_pid(process);
}

static int __init test_user_init(void)
{
	int err;

	guard(mutex)(&ctx_lock);
	err = start_all();
	if (err)
		end_all();
	return err;
}
module_init(test_user_init);

static void __exit test_user_exit(void)
{
	guard(mutex)(&ctx_lock);
	end_all();
}
module_exit(test_user_exit);

MODULE_DESCRIPTION("A user of DAMON inside the kernel, for tests");
MODULE_LICENSE("GPL");
