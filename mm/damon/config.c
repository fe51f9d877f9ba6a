// SPDX-License-Identifier: GPL-2.0
/*
 * The one validation of a configuration, and the one builder of a monitor.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "config.h"
#include "internal.h"
#include "scheme.h"
#include "tune.h"

void damon_cfg_init(struct damon_cfg *cfg)
{
	*cfg = (struct damon_cfg) {
		.attrs = damon_default_attrs,
		.primitives = damon_primitives_default(),
	};
}

/* The whole pages of a range that a user gave; empty when there are none. */
static struct damon_addr_range whole_pages(struct damon_addr_range range)
{
	return (struct damon_addr_range) {
		/* The last page of all rounds up to 0: no whole page there. */
		.start = PAGE_ALIGN(range.start) ?: range.start,
		.end = PAGE_ALIGN_DOWN(range.end),
	};
}

/* The region of @target after number @i, or NULL. */
static const struct damon_cfg_region *next_region(const struct damon_cfg *cfg,
						  unsigned int target, unsigned int *i)
{
	while (*i < cfg->nr_regions) {
		const struct damon_cfg_region *r = &cfg->regions[(*i)++];

		if (r->target == target)
			return r;
	}
	return NULL;
}

/* Put the regions of @target into @ranges, which has room for those of all targets. */
static unsigned int ranges_of(const struct damon_cfg *cfg, unsigned int target,
			      struct damon_addr_range *ranges)
{
	const struct damon_cfg_region *r;
	unsigned int i = 0, nr = 0;

	while ((r = next_region(cfg, target, &i)))
		ranges[nr++] = whole_pages(r->range);
	return nr;
}

static struct damon_addr_range *alloc_ranges(const struct damon_cfg *cfg)
{
	return kvmalloc_array(cfg->nr_regions ?: 1, sizeof(struct damon_addr_range),
			      GFP_KERNEL);
}

static int check_regions_of(const struct damon_cfg *cfg, unsigned int target)
{
	const struct damon_cfg_region *r;
	unsigned long last_end = 0;
	unsigned int i = 0;

	while ((r = next_region(cfg, target, &i))) {
		struct damon_addr_range whole = whole_pages(r->range);

		if (whole.start >= whole.end || r->range.start < last_end)
			return -EINVAL;
		last_end = r->range.end;
	}
	return 0;
}

/* The questions that only the primitives can answer, after all else has been checked. */
static int check_memory(const struct damon_cfg *cfg)
{
	const struct damon_primitives *p = cfg->primitives;
	struct damon_addr_range *ranges;
	unsigned int i;
	int err = 0;

	if (p->check_ids)
		err = p->check_ids(cfg->targets, cfg->nr_targets);
	if (err)
		return err;
	ranges = alloc_ranges(cfg);
	if (!ranges)
		return -ENOMEM;
	for (i = 0; i < cfg->nr_targets && !err; i++) {
		err = p->check_ranges(cfg->targets[i], ranges, ranges_of(cfg, i, ranges));
		cond_resched();
	}
	kvfree(ranges);
	return err;
}

int damon_cfg_check(const struct damon_cfg *cfg)
{
	unsigned int i;
	int err;

	err = damon_attrs_check(&cfg->attrs) ?: damon_tune_check(&cfg->attrs, &cfg->goal);
	if (err)
		return err;
	if (cfg->nr_targets > min(cfg->attrs.max_nr_regions, DAMON_CFG_MAX_TARGETS) ||
	    cfg->nr_regions > cfg->attrs.max_nr_regions)
		return -EINVAL;
	if (cfg->nr_targets && (!cfg->primitives || !cfg->primitives->set))
		return -EINVAL;
	if (cfg->nr_schemes > DAMON_MAX_SCHEMES)
		return -EINVAL;
	for (i = 0; i < cfg->nr_schemes; i++)
		if (damon_scheme_check(&cfg->schemes[i]))
			return -EINVAL;
	for (i = 0; i < cfg->nr_regions; i++)
		if (cfg->regions[i].target >= cfg->nr_targets)
			return -EINVAL;
	for (i = 0; cfg->nr_regions && i < cfg->nr_targets; i++) {
		err = check_regions_of(cfg, i);
		if (err)
			return err;
		cond_resched();
	}
	return cfg->nr_targets ? check_memory(cfg) : 0;
}

static int build_regions(struct damon_ctx *ctx, const struct damon_cfg *cfg)
{
	struct damon_addr_range *ranges = alloc_ranges(cfg);
	struct damon_target *t;
	unsigned int target = 0, nr;
	int err = 0;

	if (!ranges)
		return -ENOMEM;
	damon_for_each_target(t, ctx) {
		nr = ranges_of(cfg, target++, ranges);
		/* Nothing would ever be watched. */
		err = cfg->primitives->has_fixed_ranges && !nr ? -EINVAL :
			damon_target_fit(t, ranges, nr);
		if (err)
			break;
		cond_resched();
	}
	kvfree(ranges);
	return err;
}

struct damon_ctx *damon_cfg_build(const struct damon_cfg *cfg)
{
	struct damon_ctx *ctx;
	int err;

	err = damon_cfg_check(cfg);
	if (!err && (!cfg->primitives || !cfg->primitives->set))
		err = -EINVAL;
	if (err)
		return ERR_PTR(err);
	ctx = damon_new_ctx();
	if (!ctx)
		return ERR_PTR(-ENOMEM);
	ctx->attrs = cfg->attrs;
	ctx->asked = cfg->attrs;
	ctx->goal = cfg->goal;
	ctx->pause = cfg->pause;
	cfg->primitives->set(ctx);
	err = damon_set_targets(ctx, cfg->targets, cfg->nr_targets);
	if (!err)
		err = build_regions(ctx, cfg);
	if (!err)
		err = damon_set_schemes(ctx, cfg->schemes, cfg->nr_schemes);
	if (!err)
		err = damon_set_probes(ctx, cfg->probes, cfg->nr_probes);
	if (err) {
		damon_destroy_ctx(ctx);
		return ERR_PTR(err);
	}
	return ctx;
}

static void free_rows(struct damon_cfg *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_schemes; i++) {
		kfree(cfg->schemes[i].filters);
		kfree(cfg->schemes[i].dests);
		kfree(cfg->schemes[i].quota.goals);
	}
	for (i = 0; i < cfg->nr_probes; i++)
		kfree(cfg->probes[i].filters);
}

void damon_cfg_clear(struct damon_cfg *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->nr_targets; i++)
		if (cfg->primitives->put_id)
			cfg->primitives->put_id(cfg->targets[i]);
	kvfree(cfg->targets);
	cfg->targets = NULL;
	cfg->nr_targets = 0;
	kvfree(cfg->regions);
	cfg->regions = NULL;
	cfg->nr_regions = 0;
	free_rows(cfg);
	kvfree(cfg->schemes);
	cfg->schemes = NULL;
	cfg->nr_schemes = 0;
	kvfree(cfg->probes);
	cfg->probes = NULL;
	cfg->nr_probes = 0;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/config_kunit.c"
#endif
