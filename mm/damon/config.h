/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration of a monitor, in plain structures: no file, no lock, no thread.
 *
 * An interface fills a &struct damon_cfg, has it checked, and has a monitor
 * built of it.  All interfaces share this one check and this one builder.
 */
#ifndef _MM_DAMON_CONFIG_H
#define _MM_DAMON_CONFIG_H

#include <linux/damon.h>

#include "primitives.h"

/**
 * struct damon_cfg_region - A range that monitoring of a target begins with.
 * @target:	Index of the target.
 * @range:	The addresses that the user gave: of whole bytes, but for physical
 *		memory in the unit of damon_pa_set_primitives().
 */
struct damon_cfg_region {
	unsigned int target;
	struct damon_addr_range range;
};

/**
 * struct damon_cfg - A whole monitor, as the user asked for it.
 * @attrs:		Intervals and limits.
 * @goal:		What the intervals follow, if anything.
 * @pause:		Begin, or go on, without watching.
 * @primitives:		What kind of memory @targets are; may be NULL where there are
 *			none.
 * @targets:		The ids of the targets, as the primitives take them.  The
 *			configuration holds what @primitives has to hold of them.
 * @nr_targets:		Length of @targets.
 * @regions:		What to begin with, rows of all targets mixed.
 * @nr_regions:		Length of @regions; 0 to begin with all memory.
 * @schemes:		What to do with memory.  What they point to is the configuration's, and
 *			was allocated by kmalloc().
 * @nr_schemes:		Length of @schemes.
 * @probes:		Attributes to look for.  What they point to, likewise.
 * @nr_probes:		Length of @probes.
 */
struct damon_cfg {
	struct damon_attrs attrs;
	struct damon_intervals_goal goal;
	bool pause;
	const struct damon_primitives *primitives;
	unsigned long *targets;
	unsigned int nr_targets;
	struct damon_cfg_region *regions;
	unsigned int nr_regions;
	struct damon_scheme *schemes;
	unsigned int nr_schemes;
	struct damon_probe *probes;
	unsigned int nr_probes;
};

/**
 * DAMON_CFG_MAX_TARGETS - Most targets of one monitor.
 *
 * Each region belongs to one target, and the worker visits all in turn: with
 * more, few regions are left for each.
 */
#define DAMON_CFG_MAX_TARGETS 1024
static_assert(DAMON_CFG_MAX_TARGETS <= DAMON_MAX_ATTR_REGIONS);

/**
 * damon_cfg_init() - Fill a configuration with the defaults: no targets.
 * @cfg:	The configuration; what it has is not freed.
 */
void damon_cfg_init(struct damon_cfg *cfg);

/**
 * damon_cfg_check() - Can a monitor be built of this?
 * @cfg:	The configuration.
 *
 * Return: 0; -EINVAL when an attribute or the goal is out of its range, when there are more
 *	targets or more first regions than max_nr_regions, or more targets than
 *	DAMON_CFG_MAX_TARGETS, when targets are of no kind, or when first regions
 *	name no target, hold no whole page, or are not ascending and disjoint for
 *	each target; what the primitives say of the targets and their ranges.
 */
int damon_cfg_check(const struct damon_cfg *cfg);

/**
 * damon_cfg_build() - Build a monitor.
 * @cfg:	The configuration.  It has to hold its targets until the monitor
 *		is destroyed.
 *
 * Return: The context, off; or ERR_PTR() of what damon_cfg_check() says, of -EINVAL
 *	when it is of no kind, has a target without a range where only ranges are
 *	watched, or probes that damon_set_probes() refuses, or of -ENOMEM.
 */
struct damon_ctx *damon_cfg_build(const struct damon_cfg *cfg);

/**
 * damon_cfg_clear() - Free what a configuration holds.
 * @cfg:	The configuration.
 */
void damon_cfg_clear(struct damon_cfg *cfg);

#endif /* _MM_DAMON_CONFIG_H */
