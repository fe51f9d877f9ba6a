// SPDX-License-Identifier: GPL-2.0
/*
 * A sample: memory of a process that it does not use is given back.
 *
 *	modprobe damon_sample_reclaim pid=4711 min_age_ms=10000
 *
 * reclaims what the process has not used for ten seconds, no more than 64 MiB in a second.
 * "freed" tells how many bytes that were so far, and "back" how many of a thousand were in
 * memory again ten seconds later.  A write to min_age_ms changes the age of the monitor that
 * runs.  Removing the module ends it.
 *
 * Documentation/mm/damon/api.rst tells more of it.
 */
#include <linux/cleanup.h>
#include <linux/damon.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sizes.h>
#include <linux/sysfs.h>

#define AGGR_US 100000

static struct damon_ctx *ctx;
static struct pid *process;

/* Protects ctx and min_age_ms: parameters are read before the module has started. */
static DEFINE_MUTEX(lock);

static int pid;
module_param(pid, int, 0400);
MODULE_PARM_DESC(pid, "Reclaim memory of the process of this number");

static unsigned int min_age_ms = 10000;

/* A monitor that is off. */
static struct damon_ctx *build(unsigned int age_ms)
{
	struct damon_scheme reclaim = {
		.action = DAMON_PAGEOUT,
		.pattern = {
			.max_sz = ULONG_MAX,
			/* Without an access for so many aggregations. */
			.min_age = age_ms / (AGGR_US / USEC_PER_MSEC),
			.max_age = ULONG_MAX,
		},
		.quota = {
			.sz = SZ_64M,
			.reset_interval = MSEC_PER_SEC,
			/* What was idle for the longest time comes first. */
			.weight_age = 1,
		},
	};
	unsigned long id = (unsigned long)process;
	struct damon_ctx *new = damon_new_ctx();
	int err;

	if (!new)
		return ERR_PTR(-ENOMEM);
	err = damon_va_set_primitives(new);
	if (!err)
		err = damon_set_attrs(new, 5000, AGGR_US, USEC_PER_SEC, 10, 1000);
	if (!err)
		err = damon_set_targets(new, &id, 1);
	if (!err)
		err = damon_set_schemes(new, &reclaim, 1);
	if (err) {
		damon_destroy_ctx(new);
		return ERR_PTR(err);
	}
	return new;
}

/* Give the monitor that runs a new age: all that it knows of the process stays. */
static int change_age(unsigned int age_ms)
{
	struct damon_ctx *new = build(age_ms);
	int err;

	if (IS_ERR(new))
		return PTR_ERR(new);
	err = damon_commit(ctx, new);
	/* It has the old settings now. */
	damon_destroy_ctx(new);
	return err;
}

static int set_age(const char *val, const struct kernel_param *kp)
{
	unsigned int age_ms;
	int err = kstrtouint(val, 0, &age_ms);

	if (err)
		return err;
	guard(mutex)(&lock);
	err = ctx ? change_age(age_ms) : 0;
	if (!err)
		min_age_ms = age_ms;
	return err;
}

static const struct kernel_param_ops age_ops = {
	.set = set_age,
	.get = param_get_uint,
};
module_param_cb(min_age_ms, &age_ops, &min_age_ms, 0600);
MODULE_PARM_DESC(min_age_ms, "Reclaim what was not used for so many milliseconds");

static int refuse(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static int read_stat(struct damon_scheme_stat *stat)
{
	guard(mutex)(&lock);
	return ctx ? damon_get_scheme_stat(ctx, 0, stat) : -EPERM;
}

static int get_freed(char *buffer, const struct kernel_param *kp)
{
	struct damon_scheme_stat stat;

	return read_stat(&stat) ?: sysfs_emit(buffer, "%llu\n", stat.sz_applied);
}

static int get_back(char *buffer, const struct kernel_param *kp)
{
	struct damon_scheme_stat stat;

	return read_stat(&stat) ?:
		sysfs_emit(buffer, "%llu\n", stat.sz_checked ?
			   mul_u64_u64_div_u64(stat.sz_back, 1000, stat.sz_checked) : 0);
}

static const struct kernel_param_ops freed_ops = { .set = refuse, .get = get_freed };
module_param_cb(freed, &freed_ops, NULL, 0400);
MODULE_PARM_DESC(freed, "Result: bytes that were reclaimed");

static const struct kernel_param_ops back_ops = { .set = refuse, .get = get_back };
module_param_cb(back, &back_ops, NULL, 0400);
MODULE_PARM_DESC(back, "Result: of a thousand bytes, so many came back within ten seconds");

static int __init sample_reclaim_init(void)
{
	struct damon_ctx *new;
	int err;

	process = find_get_pid(pid);
	if (!process)
		return -ESRCH;
	guard(mutex)(&lock);
	new = build(min_age_ms);
	err = PTR_ERR_OR_ZERO(new);
	if (!err)
		err = damon_start(new);
	if (err) {
		if (!IS_ERR(new))
			damon_destroy_ctx(new);
		put_pid(process);
		return err;
	}
	ctx = new;
	return 0;
}
module_init(sample_reclaim_init);

static void __exit sample_reclaim_exit(void)
{
	scoped_guard(mutex, &lock) {
		damon_destroy_ctx(ctx);
		ctx = NULL;
	}
	put_pid(process);
}
module_exit(sample_reclaim_exit);

MODULE_DESCRIPTION("Sample: reclaim what a process does not use");
MODULE_LICENSE("GPL");
