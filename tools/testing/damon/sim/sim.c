// SPDX-License-Identifier: GPL-2.0
/*
 * The region engine against simulated memory.
 *
 * mm/damon/region.c is built here in user space, and driven as the worker of
 * the kernel drives it, with memory whose pages are accessed with a known
 * probability in each sampling interval.  What it finds is compared with that
 * truth.  Hours of monitoring of any size of memory take seconds, with any
 * number of seeds, so that a change of the engine is judged by hundreds of runs
 * and not by one.
 *
 * The simulation is ideal: every access sets its bit, and pages do not depend
 * on each other.
 *
 * A line tells the mean recall over the second half of the runs, the mean number
 * of regions, and after how many aggregations 90 % of the hot bytes were found:
 * in the best tenth of the runs, the median, and the worst tenth.
 */
#include <stdio.h>
#include <string.h>

#define CONFIG_DAMON 1
#include "../../../../mm/damon/region.c"

#define MiB (1UL << 20)
#define GiB (1UL << 30)
#define BASE (1UL << 40)
#define NR_SAMPLES 20
#define MAX_HOT 64

/* Memory of @size; @nr_hot areas of it, @hot_size each, are accessed. */
struct workload {
	const char *name;
	unsigned long size;
	unsigned int nr_hot;
	unsigned long hot_size;
	/* Of a page of a hot area, in one sampling interval. */
	double rate;
	/* Recall that the second half of the run has to reach, over all seeds. */
	double min_recall;
	/* All edges within this of the truth, in all but 2 % of the runs. */
	unsigned long max_edge_error;
	unsigned int nr_aggregations;
};

static const struct workload workloads[] = {
	{ "64 MiB of 1 GiB", GiB, 1, 64 * MiB, .95, .97, 4 * MiB, 30 },
	{ "2 x 64 MiB of 1 GiB", GiB, 2, 64 * MiB, .95, .97, 4 * MiB, 30 },
	{ "128 MiB of 1 GiB, 30 %", GiB, 1, 128 * MiB, .3, .90, 0, 60 },
	{ "512 MiB of 2 GiB, 1.5 %", 2 * GiB, 1, 512 * MiB, .015, .35, 0, 60 },
	{ "4 x 4 MiB of 1 GiB", GiB, 4, 4 * MiB, .95, .90, 0, 60 },
	{ "2 MiB of 2 GiB", 2 * GiB, 1, 2 * MiB, .95, .80, 0, 120 },
	{ "32 x 2 MiB of 2 GiB", 2 * GiB, 32, 2 * MiB, .95, .30, 0, 60 },
	{ "64 x 1 MiB of 2 GiB", 2 * GiB, 64, MiB, .95, .10, 0, 60 },
	{ "64 MiB of 256 GiB", 256 * GiB, 1, 64 * MiB, .95, .30, 0, 120 },
	{ "idle 1 GiB", GiB, 0, 0, 0, 0, 0, 30 },
};

struct run {
	const struct workload *w;
	struct damon_ctx ctx;
	struct damon_target *t;
	unsigned long hot[MAX_HOT];
	/* The truth draws its own numbers. */
	struct rnd_state rng;
};

static double draw(struct rnd_state *rng)
{
	return prandom_u32_state(rng) / 4294967296.0;
}

static bool is_hot(const struct run *run, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < run->w->nr_hot; i++)
		if (addr - run->hot[i] < run->w->hot_size)
			return true;
	return false;
}

/* One hot area somewhere in each of nr_hot equal parts, not touching others. */
static void place_hot(struct run *run)
{
	const struct workload *w = run->w;
	unsigned int i;

	for (i = 0; i < w->nr_hot; i++) {
		unsigned long part = w->size / w->nr_hot;
		unsigned long room = part - w->hot_size - 2 * MiB;
		unsigned long at = (unsigned long)(draw(&run->rng) * room) + MiB;

		run->hot[i] = BASE + i * part + ALIGN_DOWN(at, PAGE_SIZE);
	}
}

static void start(struct run *run, const struct workload *w, unsigned int seed)
{
	struct damon_addr_range range = { BASE, BASE + w->size };

	memset(run, 0, sizeof(*run));
	run->w = w;
	prandom_seed_state(&run->rng, seed);
	prandom_seed_state(&run->ctx.rng, seed + 1000000);
	run->ctx.sample_interval = 5000;
	run->ctx.aggr_interval = NR_SAMPLES * 5000;
	run->ctx.min_nr_regions = 10;
	run->ctx.max_nr_regions = 1000;
	INIT_LIST_HEAD(&run->ctx.targets_list);
	run->t = damon_target_new(0);
	list_add(&run->t->list, &run->ctx.targets_list);
	damon_target_fit(run->t, &range, 1);
	damon_regions_refit(&run->ctx);
	place_hot(run);
}

/* Until the point where the worker reports. */
static void aggregate(struct run *run)
{
	unsigned int i, max_nr_accesses = 0;
	struct damon_region *r;

	for (i = 0; i < NR_SAMPLES; i++) {
		damon_for_each_region(r, run->t) {
			unsigned long addr = damon_rand(&run->ctx, r->ar.start, r->ar.end);

			if (is_hot(run, addr) && draw(&run->rng) < run->w->rate)
				r->nr_accesses++;
			max_nr_accesses = max(max_nr_accesses, r->nr_accesses);
		}
		run->ctx.nr_samples++;
	}
	damon_regions_scale(&run->ctx);
	damon_regions_merge(&run->ctx, max_nr_accesses / 10);
}

static void go_on(struct run *run)
{
	damon_regions_forget(&run->ctx);
	damon_regions_cut(&run->ctx);
	run->ctx.nr_samples = 0;
}

static unsigned long hot_bytes(const struct run *run, const struct damon_region *r)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < run->w->nr_hot; i++) {
		unsigned long start = max(r->ar.start, run->hot[i]);
		unsigned long end = min(r->ar.end, run->hot[i] + run->w->hot_size);

		if (start < end)
			sum += end - start;
	}
	return sum;
}

/*
 * Take the regions by falling count until they have as many bytes as are hot;
 * regions of one count pro rata.  Which part of the hot bytes is among them?
 * No threshold that favours one engine, and "no idea" scores hot / all.
 */
static double recall(const struct run *run)
{
	double left = (double)run->w->nr_hot * run->w->hot_size, all = left, found = 0;
	int count;

	for (count = NR_SAMPLES; count >= 0 && left > 0; count--) {
		double size = 0, hot = 0;
		struct damon_region *r;

		damon_for_each_region(r, run->t) {
			if (r->nr_accesses != (unsigned int)count)
				continue;
			size += damon_region_size(r);
			hot += hot_bytes(run, r);
		}
		if (!size)
			continue;
		found += size <= left ? hot : hot * left / size;
		left -= size;
	}
	return all ? found / all : 1;
}

/* The largest distance of a true edge from the nearest one that is reported. */
static unsigned long edge_error(const struct run *run)
{
	unsigned long worst = 0;
	unsigned int i;

	for (i = 0; i < 2 * run->w->nr_hot; i++) {
		unsigned long edge = run->hot[i / 2] + i % 2 * run->w->hot_size;
		struct damon_region *r, *prev = NULL;
		unsigned long best = run->w->size;

		damon_for_each_region(r, run->t) {
			/* Between a region that looks hot and one that does not. */
			bool hot = r->nr_accesses >= NR_SAMPLES * run->w->rate / 2;

			if (prev && hot != (prev->nr_accesses >=
					    NR_SAMPLES * run->w->rate / 2))
				best = min(best, abs_diff(r->ar.start, edge));
			prev = r;
		}
		worst = max(worst, best);
	}
	return worst;
}

static int cmp_uint(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int check_workload(const struct workload *w, unsigned int nr_seeds)
{
	unsigned int *found_at = calloc(nr_seeds, sizeof(*found_at));
	double sum_recall = 0, sum_regions = 0;
	unsigned int seed, i, nr_off = 0, nr_bounds = 0, nr_counted = 0;
	bool ok;

	if (!found_at)
		abort();

	for (seed = 0; seed < nr_seeds; seed++) {
		struct run run;

		start(&run, w, seed);
		for (i = 0; i < w->nr_aggregations; i++) {
			aggregate(&run);
			if (!found_at[seed] && recall(&run) >= .9)
				found_at[seed] = i + 1;
			nr_bounds += run.t->nr_regions < run.ctx.min_nr_regions;
			if (i >= w->nr_aggregations / 2) {
				sum_recall += recall(&run);
				sum_regions += run.t->nr_regions;
				nr_counted++;
			}
			if (i < w->nr_aggregations - 1)
				go_on(&run);
			nr_bounds += run.t->nr_regions > run.ctx.max_nr_regions;
		}
		if (w->max_edge_error && edge_error(&run) > w->max_edge_error)
			nr_off++;
		damon_target_free(run.t);
		/* Not found sorts behind all that were. */
		if (!found_at[seed])
			found_at[seed] = UINT_MAX;
	}
	qsort(found_at, nr_seeds, sizeof(*found_at), cmp_uint);

	ok = sum_recall / nr_counted >= w->min_recall && !nr_bounds &&
		nr_off * 50 <= nr_seeds;
	printf("%s %s: recall %.3f (at least %.2f), %.0f regions, 90 %% after",
	       ok ? "ok" : "not ok", w->name, sum_recall / nr_counted,
	       w->min_recall, sum_regions / nr_counted);
	for (i = 1; i <= 9; i += 4) {
		unsigned int at = found_at[nr_seeds * i / 10];

		if (at == UINT_MAX)
			printf(" -");
		else
			printf(" %u", at);
	}
	free(found_at);
	if (w->max_edge_error)
		printf(", edges off by more than %lu MiB in %u of %u runs",
		       w->max_edge_error / MiB, nr_off, nr_seeds);
	printf("\n");
	return !ok;
}

int main(int argc, char **argv)
{
	unsigned int nr_seeds = argc > 1 ? atoi(argv[1]) : 100;
	unsigned int i, nr_failed = 0;

	if (argc > 2 || !nr_seeds) {
		fprintf(stderr, "usage: %s [NUMBER OF SEEDS]\n", argv[0]);
		return 2;
	}
	damon_region_init();
	for (i = 0; i < ARRAY_SIZE(workloads); i++)
		nr_failed += check_workload(&workloads[i], nr_seeds);
	printf("%zu passed, %u failed\n", ARRAY_SIZE(workloads) - nr_failed, nr_failed);
	return nr_failed ? 1 : 0;
}
