// SPDX-License-Identifier: GPL-2.0
/*
 * The region engine against simulated memory.
 *
 * The engine of mm/damon is built here in user space, with memory whose pages are
 * accessed with a known probability in each sampling interval.  What it finds is
 * compared with that truth.  Hours of monitoring of any size of memory take seconds,
 * with any number of seeds, so that a change of the engine is judged by hundreds of runs
 * and not by one.
 *
 * The simulation is ideal: every access sets its bit, and pages do not depend on each
 * other.  Time goes in sampling intervals; the truth may change in any of them, and a
 * report is compared with the truth at its end.
 */
#include <stdio.h>

#include "sim.h"

int main(int argc, char **argv)
{
	const char *part = argc > 2 ? argv[2] : "";
	unsigned int nr_passed = 0, nr_failed = 0;
	char *rest = "";
	long nr_seeds = argc > 1 ? strtol(argv[1], &rest, 10) : 20;

	if (argc > 3 || *rest || nr_seeds < 1 || nr_seeds > 100000) {
		fprintf(stderr, "usage: %s [NUMBER OF SEEDS [PART OF A NAME]]\n", argv[0]);
		return 2;
	}
	damon_region_init();
	run_hot(nr_seeds, part, &nr_passed, &nr_failed);
	/* Minutes of monitoring, not seconds, and the worst of the runs counts. */
	run_cold(DIV_ROUND_UP(nr_seeds, 7), part, &nr_passed, &nr_failed);
	run_many(DIV_ROUND_UP(nr_seeds, 2), part, &nr_passed, &nr_failed);
	if (!nr_passed && !nr_failed) {
		fprintf(stderr, "No workload has \"%s\" in its name.\n", part);
		return 2;
	}
	printf("%u passed, %u failed\n", nr_passed, nr_failed);
	return nr_failed ? 1 : 0;
}
