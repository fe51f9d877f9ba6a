/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much memory a process had while it ran, and what its monitor and a scheme on it did.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "scheme.h"

/* Enough for a picture; each stands for more time as the process runs for longer. */
#define USAGE_SLOTS	1024

struct usage_slot {
	/* bytes times nanoseconds: in RAM, and in swap */
	double resident, swapped;
	uint64_t ns;
};

struct usage {
	struct usage_slot slots[USAGE_SLOTS];
	uint64_t slot_ns;
	uint64_t start_ns, last_ns, end_ns;
	/* when it was seen last */
	uint64_t resident;
	/* of the worker of the monitor */
	uint64_t cpu_ns;
	struct scheme_stats stats;
};

/* The process begins to run. */
void usage_start(struct usage *u);

/* Looks at process @pid, and at the monitor's @worker, if it is not 0. */
void usage_measure(struct usage *u, pid_t pid, pid_t worker);

/* The process has ended. */
void usage_end(struct usage *u);

enum usage_part { USAGE_RESIDENT, USAGE_SWAPPED };

/*
 * The mean of a part of the memory over its first @span_ns, or over all of its time, in
 * bytes; 0 if it was never seen.
 */
double usage_mean(const struct usage *u, enum usage_part part, uint64_t span_ns);

/* One line of the picture; both parts of the memory of @usage if @with_swap. */
struct usage_line {
	const char *name;
	const struct usage *usage;
	bool with_swap;
};

/* Draws two lines below each other, so that the second is in front. */
void usage_svg(FILE *f, const char *title, const char *subtitle,
	       const struct usage_line lines[2]);

#endif
