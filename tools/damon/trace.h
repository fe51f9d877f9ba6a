/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor's results as they leave the kernel: one event of the tracepoint
 * damon:damon_aggregated for each region and aggregation.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct aggregated {
	uint64_t time_ns;
	uint64_t target;
	uint64_t start, end;
	uint32_t nr_regions;
	uint32_t nr_accesses;
	/* events between this and the previous one were lost */
	bool after_loss;
};

typedef void (*aggregated_fn)(const struct aggregated *a, void *arg);

struct trace;

/*
 * Begins to collect events of any worker, in a tracing instance of its own.
 * NULL on failure, with a line printed.
 */
struct trace *trace_open(void);
void trace_close(struct trace *t);

/* Only events of @worker count from now on, also of those collected already. */
bool trace_follow(struct trace *t, pid_t worker);

/*
 * Hands out the events that were collected, in order of time. Events of the last
 * moments are held back, as an earlier event may still come from another CPU.
 * With @all no more events come, and none are held back.
 */
bool trace_drain(struct trace *t, bool all, aggregated_fn fn, void *arg);

/* How many events the kernel had no room for. */
uint64_t trace_lost(struct trace *t);

#endif
