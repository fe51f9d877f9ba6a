// SPDX-License-Identifier: GPL-2.0
/*
 * The region engine of mm/damon in user space, driven as the worker of the kernel drives
 * it.
 */
#include "sim.h"

#include "../../../../mm/damon/evidence.c"
#include "../../../../mm/damon/region.c"
#include "../../../../mm/damon/adapt.c"

double draw(struct machine *m)
{
	return prandom_u32_state(&m->rng) / 4294967296.0;
}

unsigned long draw_below(struct machine *m, unsigned long n)
{
	return draw(m) * n;
}

void machine_resize(struct machine *m, unsigned long size)
{
	struct damon_addr_range range = { BASE, BASE + size };

	if (damon_target_fit(m->t, &range, 1))
		abort();
	damon_regions_refit(&m->ctx);
}

void machine_start(struct machine *m, unsigned long size, unsigned int nr_samples,
		   unsigned int seed)
{
	m->t = damon_target_new(0);
	if (!m->t)
		abort();
	prandom_seed_state(&m->rng, seed);
	m->ctx.rng = seed + 1000000;
	m->ctx.sample_interval = SAMPLE_US;
	m->ctx.aggr_interval = nr_samples * SAMPLE_US;
	m->ctx.min_nr_regions = m->min_regions ?: MIN_REGIONS;
	m->ctx.max_nr_regions = m->max_regions ?: MAX_REGIONS;
	INIT_LIST_HEAD(&m->ctx.targets_list);
	list_add(&m->t->list, &m->ctx.targets_list);
	machine_resize(m, size);
}

void machine_add_target(struct machine *m, unsigned long start, unsigned long size)
{
	struct damon_addr_range range = { start, start + size };
	struct damon_target *t = damon_target_new(0);

	if (!t || damon_target_fit(t, &range, 1))
		abort();
	list_add_tail(&t->list, &m->ctx.targets_list);
	damon_regions_refit(&m->ctx);
}

void machine_end(struct machine *m)
{
	struct damon_target *t, *next;

	list_for_each_entry_safe(t, next, &m->ctx.targets_list, list)
		damon_target_free(t);
}

static void check(struct machine *m, struct damon_region *r)
{
	r->sample.hit |= m->accessed(m, r->sampling_addr);
	if (damon_region_waits(r))
		return;
	damon_region_record(&m->ctx, r, r->sampling_addr, r->sample.hit);
	m->nr_checks++;
}

void machine_sample(struct machine *m)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, &m->ctx) {
		damon_for_each_region(r, t) {
			if (!r->sample.pending) {
				if (damon_region_waits(r))
					continue;
				damon_region_pick(&m->ctx, r);
				r->sample.hit = false;
			}
			check(m, r);
		}
	}
	m->ctx.nr_samples++;
	m->now++;
}
