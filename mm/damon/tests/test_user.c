// SPDX-License-Identifier: GPL-2.0
/*
 * A user of DAMON inside the kernel, by linux/damon.h alone: an example of how it is
 * used, and the test that nothing else is needed.
 *
 *	insmod damon_test_user.ko pid=4711 physical=1
 *
 * watches the process and all physical memory, by a monitor of its own each.  The
 * other parameters tell what the last aggregation has found.  Removing the module
 * stops both.
 */
#include <linux/damon.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>

/* A monitor, and what it has found. */
struct monitor {
	struct damon_ctx *ctx;
	unsigned long aggregations;
	unsigned long regions;
	unsigned long hot;
};

static struct monitor virtual_monitor, physical_monitor;
static struct pid *process;

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "Watch the process of this number");

static bool physical;
module_param(physical, bool, 0444);
MODULE_PARM_DESC(physical, "Watch all physical memory");

static int refuse(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops result_ops = {
	.set = refuse,
	.get = param_get_ulong,
};

#define RESULT(kind, what, desc)						\
	module_param_cb(kind##_##what, &result_ops, &kind##_monitor.what, 0444); \
	MODULE_PARM_DESC(kind##_##what, desc)

RESULT(virtual, aggregations, "Result: aggregations of the process");
RESULT(virtual, regions, "Result: regions of the process");
RESULT(virtual, hot, "Result: bytes of the process accessed at least half of the time");
RESULT(physical, aggregations, "Result: aggregations of physical memory");
RESULT(physical, regions, "Result: regions of physical memory");
RESULT(physical, hot, "Result: bytes of physical memory accessed at least half of the time");

/* On the worker, so the regions may be read. */
static void tell(struct damon_ctx *ctx)
{
	struct monitor *m = ctx == virtual_monitor.ctx ? &virtual_monitor : &physical_monitor;
	unsigned int half = ctx->aggr_interval / ctx->sample_interval / 2;
	unsigned long regions = 0, hot = 0;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		regions += t->nr_regions;
		damon_for_each_region(r, t)
			if (r->nr_accesses >= half)
				hot += (r->ar.end - r->ar.start) * ctx->addr_unit;
	}
	WRITE_ONCE(m->regions, regions);
	WRITE_ONCE(m->hot, hot);
	WRITE_ONCE(m->aggregations, m->aggregations + 1);
}

static int start(struct monitor *m, int (*set_primitives)(struct damon_ctx *ctx),
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
	err = damon_set_targets(m->ctx, &id, 1);
	if (!err)
		err = damon_set_attrs(m->ctx, 10000, 200000, 1000000, 10, 1000);
	return err ?: damon_start(m->ctx);
}

static int start_all(void)
{
	int err;

	if (!pid && !physical)
		return -EINVAL;
	if (pid) {
		process = find_get_pid(pid);
		if (!process)
			return -ESRCH;
		err = start(&virtual_monitor, damon_va_set_primitives, (unsigned long)process);
		if (err)
			return err;
	}
	return physical ? start(&physical_monitor, damon_pa_set_primitives, DAMON_ALL_NODES) : 0;
}

/* Takes what was begun only, as well. */
static void stop_all(void)
{
	damon_destroy_ctx(virtual_monitor.ctx);
	damon_destroy_ctx(physical_monitor.ctx);
	put_pid(process);
}

static int __init test_user_init(void)
{
	int err = start_all();

	if (err)
		stop_all();
	return err;
}
module_init(test_user_init);

static void __exit test_user_exit(void)
{
	stop_all();
}
module_exit(test_user_exit);

MODULE_DESCRIPTION("A user of DAMON inside the kernel, for tests");
MODULE_LICENSE("GPL");
