/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the scoring program share: a run as the guest sent it, and
 * what it scored.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sections.h"

#define NS_PER_SEC	1e9

struct region {
	uint64_t start, end;
	unsigned int nr_accesses, age;
};

/* What the monitor reported at the end of one aggregation interval. */
struct snapshot {
	uint64_t time;
	struct region *regions;
	/* so many have been read of how many that were reported */
	unsigned int nr, due;
};

/* SCAN is no monitor: it looks at each page, which is exact and costly. */
enum monitor { OURS, BASE, SCAN, NR_MONITORS };

extern const char * const monitor_names[NR_MONITORS];

/* What is done by schemes, see act.c */
enum variant { NONE, ALWAYS, BASE_SCHEME, OUR_SCHEME, OUR_GOAL, NR_VARIANTS };

/* The scheme was about to try so many bytes at @time. */
struct try {
	uint64_t time, bytes;
};

struct act {
	/* there are schemes, or runs to compare them with; and this one has an action */
	bool is, action;
	enum variant variant;
	/* while the program was watched: what it did, its faults that had to read a page */
	uint64_t loops, faults;
	/* in this time, in nanoseconds; it @rests in between */
	uint64_t busy;
	bool rests;
	/* pages that went to swap, and that came from there */
	uint64_t out, in;
	/* as the scheme tells, in bytes */
	uint64_t tried, applied;
	/* in bytes, in a window of nanoseconds; 0: none */
	uint64_t quota, window;
	struct sample *samples;
	size_t nr_samples;
	struct try *tries;
	size_t nr_tries;
	/* a line for each second, or NULL */
	char *course;
};

struct run {
	char name[32], attrs[64];
	enum monitor monitor;
	unsigned long seed;
	/* from attrs; the intervals in nanoseconds */
	uint64_t sample, aggr;
	unsigned long min_regions, max_regions;
	/* when the monitor was started and stopped, and its worker's time */
	uint64_t start, end, cpu;
	uint64_t ticks, late;
	/* rounds of the churners without and with the monitor */
	uint64_t free_ns, free_loops, monitored_ns, monitored_loops;
	/* if @locks: the longest time that the worker held a lock on the memory */
	uint64_t locks, lock;
	/* the mapping that the pattern is in */
	uint64_t map_start, map_end;
	/* if physical memory was monitored: the frame of each page of the mapping */
	uint64_t *frames;
	size_t nr_frames;
	uint64_t tick;
	unsigned long top;
	/* of a moving window, in bytes a second; 0: none */
	unsigned long speed;
	/* no memory is hot for long: only what is called cold is scored */
	unsigned long cold;
	struct truth *truths;
	size_t nr_truths;
	struct snapshot *snapshots;
	size_t nr_snapshots;
	/* if @act.is, only this, the times and the name have a meaning */
	struct act act;
};

enum metric {
	RECALL, RATE_ERROR, RANK, FOUND, RECOVERED, EDGE, WRONGLY_COLD, WRONG_10, MISSED_10,
	REGIONS, CPU, INSNS, LOCK, SLOWDOWN, NR_METRICS
};

struct score {
	const struct run *run;
	/* NAN where a metric makes no sense for a workload */
	double value[NR_METRICS];
	/* Of FOUND and RECOVERED: not before the end, so the value is a lower bound. */
	bool never[NR_METRICS];
	/* each aggregation's */
	double *recall;
};

enum gain_metric {
	RESIDENT, SAVED, HUGE_PART, TRIMMED, KEPT, ZRAM, SLOWED, STALLED, FAULTS, OUT, BACK, WRONG,
	APPLIED, WORKER, WINDOW, NR_GAINS
};

struct gain {
	const struct run *run;
	/* NAN where a metric makes no sense for a variant */
	double value[NR_GAINS];
};

/* The scores of one workload, which are next to each other */
struct row {
	const struct score *scores;
	size_t nr;
};

/* Over the seeds */
struct mean {
	double value;
	bool never;
	unsigned int n;
};

/* common.c: the first two end the program if there is not enough memory. */
void *get_memory(size_t nr, size_t size);
void *more_memory(void *p, size_t nr, size_t size);
/* The next row after *@row, which starts as all 0; false at the end. */
bool next_row(struct row *row, const struct score *scores, size_t nr);
struct mean mean_of(const struct row *row, enum monitor monitor, enum metric metric);

/* raw.c */
bool run_load(struct run *r, const char *path);

/* score.c */
struct score score_run(const struct run *r);

/* gain.c: what a scheme did second by second, if it was noted, as a file in @dir */
bool write_course(const struct run *r, const char *dir);
/* @none and @always are the same run without a monitor, or NULL */
int variant_of(const char *name);
struct gain gain_of(const struct run *r, const struct run *none, const struct run *always);
struct gain *gains_of(const struct run *runs, size_t nr, size_t *nr_gains);
void print_gains(FILE *f, const struct gain *gains, size_t nr);
struct json_object;
void add_gains(struct json_object *to, const struct gain *gains, size_t nr);

/* report.c */
struct results {
	const struct score *scores;
	size_t nr_scores;
	const struct gain *gains;
	size_t nr_gains;
};

void print_table(FILE *f, const struct results *all);
bool write_table(const struct results *all, const char *path);
bool write_json(const struct results *all, const char *path);

/* plot.c */
bool plot(const struct score *scores, size_t nr, const char *dir);

#endif /* _BENCH_H */
