// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers of how the memory of the machine is used, which can be read at any time: for how long
 * it has been idle, in percentiles, and how many bytes a second are accessed at least.
 *
 * Nothing is done to memory, and nothing has to be set.  The intervals follow what is found, so
 * an idle machine is left alone.  The numbers are made when they are read, by the worker: a copy
 * that is renewed now and then would cost wake-ups, and be old.
 *
 * Documentation/admin-guide/mm/damon/stat.rst has the parameters.
 */
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "evidence.h"
#include "internal.h"
#include "module.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_stat."

/* From 0 to 100. */
#define NR_PERCENTILES 101

struct numbers {
	u64 bytes_per_s;
	unsigned long aggr_us;
	/* Of the memory; negative for how long it has been used. */
	s64 idle_ms[NR_PERCENTILES];
};

/* Of the last look, which may be over when the worker is gone. */
static struct numbers shown;

/* Protects shown: the worker writes it. */
static DEFINE_SPINLOCK(shown_lock);

static struct damon_module_params params = {
	.attrs = {
		.sample_interval = 5000,
		.aggr_interval = 100000,
		.regions_update_interval = 60 * USEC_PER_SEC,
		.min_nr_regions = 10,
		.max_nr_regions = 1000,
	},
	.addr_unit = 1,
};

static int plan_stat(struct damon_module_plan *plan)
{
	plan->cfg.goal = (struct damon_intervals_goal) {
		.access_bp = 400,
		.aggrs = 3,
		.min_sample_us = params.attrs.sample_interval,
		.max_sample_us = 10 * USEC_PER_SEC,
	};
	return 0;
}

/* === The look === */

/* Memory of one kind. */
struct piece {
	s64 idle_ms;
	u64 nr_pages;
};

static int compare(const void *a, const void *b)
{
	s64 x = ((const struct piece *)a)->idle_ms, y = ((const struct piece *)b)->idle_ms;

	return (x > y) - (x < y);
}

/* Microseconds since the last aggregation, which ages do not have yet. */
static u64 fresh_us(const struct damon_ctx *ctx)
{
	s64 us = ktime_us_delta(ktime_get(), timespec64_to_ktime(ctx->last_aggregation));

	return max(us, 0);
}

/* At least 1, so that the sign tells. */
static s64 idle_ms(const struct damon_ctx *ctx, const struct damon_region *r, u64 us)
{
	unsigned int age = damon_region_age(ctx, r);
	s64 ms = div_u64(damon_scale(age, ctx->aggr_interval, 1) + us, USEC_PER_MSEC) + 1;

	return damon_region_count(ctx, r) ? -ms : ms;
}

/* @pieces are sorted.  The least time which that part of the memory does not exceed. */
static void set_percentiles(const struct piece *pieces, unsigned int nr, s64 *idle_ms)
{
	u64 sum = 0, all = 0;
	unsigned int i, p = 0;

	for (i = 0; i < nr; i++)
		all += pieces[i].nr_pages;
	for (i = 0; i < nr; i++) {
		sum += pieces[i].nr_pages;
		while (p < NR_PERCENTILES && p * all <= sum * 100)
			idle_ms[p++] = pieces[i].idle_ms;
	}
}

static int look(struct damon_ctx *ctx, void *unused)
{
	unsigned int nr = 0, max = damon_nr_regions(ctx);
	struct piece *pieces __free(kvfree) = kvmalloc_array(max, sizeof(*pieces), GFP_KERNEL);
	struct numbers n = { .aggr_us = ctx->aggr_interval };
	u64 us = fresh_us(ctx), bytes = 0;
	struct damon_target *t;
	struct damon_region *r;

	if (!pieces)
		return -ENOMEM;
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			u64 sz = (u64)damon_region_size(r) * ctx->addr_unit;

			pieces[nr++] = (struct piece) { idle_ms(ctx, r, us), sz >> PAGE_SHIFT };
			bytes += sz * damon_region_count(ctx, r);
		}
	}
	n.bytes_per_s = damon_scale(bytes, USEC_PER_SEC, ctx->aggr_interval);
	sort(pieces, nr, sizeof(*pieces), compare, NULL);
	set_percentiles(pieces, nr, n.idle_ms);
	guard(spinlock)(&shown_lock);
	shown = n;
	return 0;
}

/* === Parameters === */

static struct damon_module module = {
	.name = "DAMON_STAT",
	.params = &params,
	.plan = plan_stat,
	.look = look,
	.wanted = IS_ENABLED(CONFIG_DAMON_STAT_ENABLED_DEFAULT),
};

static int get_bandwidth(char *buffer, const struct kernel_param *kp)
{
	int err = damon_module_look(&module);

	if (err)
		return err;
	guard(spinlock)(&shown_lock);
	return sysfs_emit(buffer, "%llu\n", shown.bytes_per_s);
}

static int get_interval(char *buffer, const struct kernel_param *kp)
{
	int err = damon_module_look(&module);

	if (err)
		return err;
	guard(spinlock)(&shown_lock);
	return sysfs_emit(buffer, "%lu\n", shown.aggr_us);
}

static int get_percentiles(char *buffer, const struct kernel_param *kp)
{
	int err = damon_module_look(&module), len = 0;
	unsigned int i;

	if (err)
		return err;
	guard(spinlock)(&shown_lock);
	for (i = 0; i < NR_PERCENTILES; i++)
		len += sysfs_emit_at(buffer, len, "%lld%c", shown.idle_ms[i],
				     i < NR_PERCENTILES - 1 ? ',' : '\n');
	return len;
}

static const struct kernel_param_ops bandwidth_ops = {
	.set = damon_module_ignore,
	.get = get_bandwidth,
};

static const struct kernel_param_ops interval_ops = {
	.set = damon_module_ignore,
	.get = get_interval,
};

static const struct kernel_param_ops percentiles_ops = {
	.set = damon_module_ignore,
	.get = get_percentiles,
};

module_param_cb(enabled, &damon_module_enabled_ops, &module, 0600);
MODULE_PARM_DESC(enabled, "Does it run?");
module_param_cb(kdamond_pid, &damon_module_pid_ops, &module, 0400);
MODULE_PARM_DESC(kdamond_pid, "Result: its worker, or -1");
module_param_cb(estimated_memory_bandwidth, &bandwidth_ops, NULL, 0400);
MODULE_PARM_DESC(estimated_memory_bandwidth,
		 "Result: bytes that are accessed in a second, at least");
module_param_cb(aggr_interval_us, &interval_ops, NULL, 0400);
MODULE_PARM_DESC(aggr_interval_us,
		 "Result: microseconds over which accesses are counted now");
module_param_cb(memory_idle_ms_percentiles, &percentiles_ops, NULL, 0400);
MODULE_PARM_DESC(memory_idle_ms_percentiles,
		 "Result: for how long memory was idle; negative: for how long in use");

static int __init damon_stat_init(void)
{
	return damon_module_init(&module);
}
device_initcall(damon_stat_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/stat_kunit.c"
#endif
