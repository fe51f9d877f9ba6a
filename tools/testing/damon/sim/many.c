// SPDX-License-Identifier: GPL-2.0
/*
 * Has each of many targets its share?
 *
 * Each has a hot spot somewhere.  Of each it is asked which part of the spot is among as
 * many bytes as are hot, those with the largest counts; the mean over the second half of
 * a run is given for all targets, and for the first and the last tenth of them.
 */
#include <stdio.h>

#include "sim.h"

#define STRIDE GiB
#define MAX_TARGETS 1000

struct crowd {
	const char *name;
	unsigned int nr_targets;
	unsigned long size;
	unsigned long spot;
	unsigned int max_regions;
	unsigned int nr_aggregations;
	/* Of all; and of the first and the last tenth no more apart than this. */
	double min_found;
	double max_apart;
};

struct many_run {
	const struct crowd *crowd;
	struct machine m;
	unsigned long spots[MAX_TARGETS];
	double found[MAX_TARGETS];
	double regions;
	unsigned int nr_reports, nr_counted;
};

static bool accessed(struct machine *m, unsigned long addr)
{
	struct many_run *run = container_of(m, struct many_run, m);
	unsigned long spot = run->spots[(addr - BASE) / STRIDE];

	return addr >= spot && addr - spot < run->crowd->spot && draw(m) < .95;
}

/* As recall() of hot.c, of one spot. */
static double found_of(const struct many_run *run, struct damon_target *t, unsigned long spot)
{
	double bytes[NR_SAMPLES + 1] = {}, hot[NR_SAMPLES + 1] = {};
	double left = run->crowd->spot, found = 0;
	struct damon_region *r;
	int i;

	damon_for_each_region(r, t) {
		unsigned long lo = max(r->ar.start, spot);
		unsigned long hi = min(r->ar.end, spot + run->crowd->spot);

		bytes[r->nr_accesses] += r->ar.end - r->ar.start;
		if (lo < hi)
			hot[r->nr_accesses] += hi - lo;
	}
	for (i = NR_SAMPLES; i >= 0 && left > 0; i--) {
		if (!bytes[i])
			continue;
		found += bytes[i] <= left ? hot[i] : hot[i] * left / bytes[i];
		left -= bytes[i];
	}
	return found / run->crowd->spot;
}

static void score_report(struct damon_ctx *ctx)
{
	struct many_run *run = container_of(ctx, struct many_run, m.ctx);
	struct damon_target *t;
	unsigned int i = 0;

	if (run->nr_reports++ < run->crowd->nr_aggregations / 2)
		return;
	run->nr_counted++;
	run->regions += damon_nr_regions(ctx);
	damon_for_each_target(t, ctx) {
		run->found[i] += found_of(run, t, run->spots[i]);
		i++;
	}
}

static void do_run(struct many_run *run, const struct crowd *c, unsigned int seed)
{
	unsigned int i;

	memset(run, 0, sizeof(*run));
	run->crowd = c;
	run->m.accessed = accessed;
	run->m.max_regions = c->max_regions;
	machine_start(&run->m, c->size, NR_SAMPLES, seed);
	for (i = 0; i < c->nr_targets; i++) {
		unsigned long start = BASE + i * STRIDE;

		run->spots[i] = start + ALIGN_DOWN(draw_below(&run->m, c->size - c->spot),
						   PAGE_SIZE);
		if (i)
			machine_add_target(&run->m, start, c->size);
	}
	while (run->nr_reports < c->nr_aggregations) {
		while (run->m.ctx.nr_samples < NR_SAMPLES)
			machine_sample(&run->m);
		damon_aggregate(&run->m.ctx, score_report);
	}
	machine_end(&run->m);
}

static const struct crowd crowds[] = {
	{
		.name = "300 targets", .nr_targets = 300, .size = 64 * MiB, .spot = 4 * MiB,
		.max_regions = 1000, .nr_aggregations = 100, .min_found = .9, .max_apart = .03,
	}, {
		.name = "900 targets, 4000 regions", .nr_targets = 900, .size = 64 * MiB,
		.spot = 4 * MiB, .max_regions = 4000, .nr_aggregations = 100,
		.min_found = .9, .max_apart = .03,
	},
};

static bool check_crowd(const struct crowd *c, unsigned int nr_seeds)
{
	double all = 0, first = 0, last = 0, regions = 0, checks = 0;
	unsigned int i, tenth = c->nr_targets / 10, seed;
	struct many_run run;
	bool ok;

	for (seed = 0; seed < nr_seeds; seed++) {
		do_run(&run, c, seed);
		for (i = 0; i < c->nr_targets; i++) {
			double found = run.found[i] / run.nr_counted / nr_seeds;

			all += found / c->nr_targets;
			first += i < tenth ? found / tenth : 0;
			last += i >= c->nr_targets - tenth ? found / tenth : 0;
		}
		regions += run.regions / run.nr_counted / nr_seeds;
		checks += run.m.nr_checks / (run.m.now * SAMPLE_US / 1e6) / nr_seeds;
	}
	ok = all >= c->min_found && abs_diff(first, last) <= c->max_apart;
	printf("%-6s %-28s %6.3f %6.3f %6.3f %7.0f %8.0f\n", ok ? "ok" : "not ok", c->name, all,
	       first, last, regions, checks);
	fflush(stdout);
	return ok;
}

void run_many(unsigned int nr_seeds, const char *part, unsigned int *nr_passed,
	      unsigned int *nr_failed)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crowds); i++) {
		if (!strstr(crowds[i].name, part))
			continue;
		if (!any)
			printf("%-6s %-28s %6s %6s %6s %7s %8s\n", "", "", "found", "first",
			       "last", "regions", "checks/s");
		any = true;
		if (check_crowd(&crowds[i], nr_seeds))
			++*nr_passed;
		else
			++*nr_failed;
	}
}
