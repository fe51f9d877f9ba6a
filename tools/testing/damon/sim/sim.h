/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of damon-sim: a machine, which is the region engine in front of simulated
 * memory (machine.c), and the three questions that it is asked, each with workloads and
 * scores of its own: what is found of hot memory (hot.c), is memory that is called cold
 * unused (cold.c), and has each of many targets its share (many.c).
 */
#ifndef _SIM_H
#define _SIM_H

#include <string.h>
#include <linux/prandom.h>

#define CONFIG_DAMON 1
#include "../../../../mm/damon/internal.h"

#define KiB (1UL << 10)
#define MiB (1UL << 20)
#define GiB (1UL << 30)
#define TiB (1UL << 40)
#define BASE (1UL << 42)

#define SAMPLE_US 5000
/* Sampling intervals in an aggregation, unless a workload says something else. */
#define NR_SAMPLES 20
#define MIN_REGIONS 10
#define MAX_REGIONS 1000

struct machine {
	struct damon_ctx ctx;
	struct damon_target *t;
	/* The generator of the memory; the engine has one of its own. */
	struct rnd_state rng;
	/* In sampling intervals since the start. */
	unsigned long now;
	unsigned long nr_checks;
	/* 0: MIN_REGIONS and MAX_REGIONS. */
	unsigned int min_regions, max_regions;
	/* Is the page of @addr accessed in the sampling interval @now? */
	bool (*accessed)(struct machine *m, unsigned long addr);
};

/* From 0 to 1, without 1. */
double draw(struct machine *m);
unsigned long draw_below(struct machine *m, unsigned long n);

/* A monitor of [BASE, BASE + @size), of which nothing has been seen yet. */
void machine_start(struct machine *m, unsigned long size, unsigned int nr_samples,
		   unsigned int seed);
/* One target more, [@start, @start + @size). */
void machine_add_target(struct machine *m, unsigned long start, unsigned long size);
/* The memory has another size from now on. */
void machine_resize(struct machine *m, unsigned long size);
/* One sampling interval: pages are accessed, and checked. */
void machine_sample(struct machine *m);
void machine_end(struct machine *m);

/*
 * Run the workloads whose names contain @part, count those that kept their promises, and
 * those that did not.
 */
void run_hot(unsigned int nr_seeds, const char *part, unsigned int *nr_passed,
	     unsigned int *nr_failed);
void run_cold(unsigned int nr_seeds, const char *part, unsigned int *nr_passed,
	      unsigned int *nr_failed);
void run_many(unsigned int nr_seeds, const char *part, unsigned int *nr_passed,
	      unsigned int *nr_failed);

#endif
