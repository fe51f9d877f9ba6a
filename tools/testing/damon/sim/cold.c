// SPDX-License-Identifier: GPL-2.0
/*
 * Is memory that is called cold unused?
 *
 * A report says of some memory: count 0, and age T.  The truth of such memory is known
 * to the page and the moment, so two errors can be measured, in bytes times time, for T
 * of 10, 60 and 120 s:
 *
 *  wrong		Memory that is reported as unused for T, and was used within T: its
 *		share of all memory.
 *  missed	Memory that was not used within T, and is not reported so: its share of
 *		the unused memory.
 *
 * Periods, phases, lengths and places are drawn for each run.  Of some memory no more is
 * known than a probability (pages that are used at random); then the expected share is
 * taken.  A share is that of the worst run, as is
 *
 *  zero	Seconds from the moment at which memory falls idle until 90 % of it is
 *		reported with count 0.
 *  found	Seconds until half of a new hot spot is found; of this the median.
 *  old		The age that 90 % of the bytes have at the end, in seconds.
 *
 *  regions	Mean over all runs, of all reports.
 *  checks/s	What the monitor costs, likewise.
 */
#include <math.h>
#include <stdio.h>

#include "sim.h"

#define SECOND (1000000. / SAMPLE_US)

static const double ages[] = { 10, 60, 120 };
#define NR_AGES ARRAY_SIZE(ages)

/* How pages are used; times are in sampling intervals. */
enum how {
	/* Each at random; the rate goes evenly from @rate to @last_rate. */
	AT_RANDOM,
	/* All at once for @length in each @period. */
	IN_BURSTS,
	/* One after the other, in @length of each @period. */
	IN_ORDER,
};

struct use {
	unsigned long start;
	unsigned long end;
	enum how how;
	/* Of a page in one sampling interval. */
	double rate;
	double last_rate;
	double period;
	double length;
	/* Bursts and scans begin at @from. */
	double from;
	double until;
};

struct cold_run;

struct regime {
	const char *name;
	unsigned long size;
	/* Fills in how the memory is used. */
	void (*make)(struct cold_run *run);
	/* For @make: a rate, and how many of what it makes. */
	double rate;
	unsigned int nr;
	unsigned int nr_samples;
	double seconds;
	/* The report is of interest from here on. */
	double after;
	/* What a run has to keep; 0: nothing is asked. */
	double max_wrong;		/* at 60 s */
	double max_missed;		/* at 60 s */
	double max_zero;
	double max_found;
	double min_old;
	double max_checks;
	double max_regions;
};

/* Of all runs of one regime. */
struct cold_score {
	double wrong[NR_AGES], missed[NR_AGES];
	double zero, old, regions, checks;
	/* In each run. */
	double *found;
};

struct cold_run {
	const struct regime *regime;
	struct machine m;
	/* In address order; what is not among it is never used. */
	struct use *uses;
	unsigned int nr_uses;
	/* Bytes times reports. */
	double wrong[NR_AGES], all[NR_AGES];
	double missed[NR_AGES], unused[NR_AGES];
	double zero_after, found_after, old;
	double regions;
	unsigned int nr_reports;
	unsigned long nr_checks_before;
	/* Grows up to the size of the regime, if it is less. */
	unsigned long size;
	bool watching;
};

/* === Truth === */

static struct use *add_use(struct cold_run *run, unsigned long start, unsigned long size)
{
	struct use *u;

	run->uses = realloc(run->uses, (run->nr_uses + 1) * sizeof(*run->uses));
	if (!run->uses)
		abort();
	u = &run->uses[run->nr_uses++];
	*u = (struct use){
		.start = BASE + start,
		.end = BASE + start + size,
		.until = INFINITY,
		.period = INFINITY,
	};
	return u;
}

static unsigned int first_use(const struct cold_run *run, unsigned long addr)
{
	unsigned int lo = 0, hi = run->nr_uses;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (run->uses[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static double log_idle(double rate)
{
	return -log1p(-min(rate, .999999999));
}

static double rate_at(const struct use *u, double at)
{
	double part = isinf(u->until) ? 0 : (at - u->from) / (u->until - u->from);

	return u->rate + part * (u->last_rate - u->rate);
}

/* The share of the pages of [@start, @end), in @u, that is used in (@t0, @t1]. */
static double share_used(const struct use *u, unsigned long start, unsigned long end,
			 double t0, double t1)
{
	double begin, first, last, size = u->end - u->start, share = 0, k;

	t0 = max(t0, u->from);
	t1 = min(t1, u->until);
	if (t0 >= t1)
		return 0;
	switch (u->how) {
	case AT_RANDOM:
		return -expm1(-(t1 - t0) * (log_idle(rate_at(u, t0)) +
					    log_idle(rate_at(u, t1))) / 2);
	case IN_BURSTS:
		k = isinf(u->period) ? 0 : floor((t0 - u->from) / u->period);
		begin = k ? u->from + k * u->period : u->from;
		return begin + u->length > t0 || begin + u->period < t1;
	case IN_ORDER:
		first = (start - u->start) / size;
		last = (end - u->start) / size;
		k = isinf(u->period) ? 0 : floor((t0 - u->from) / u->period);
		for (;; k++) {
			double lo, hi;

			begin = k ? u->from + k * u->period : u->from;
			if (begin >= t1 || share >= 1)
				break;
			lo = max(first, (t0 - begin) / u->length);
			hi = min(last, (t1 - begin) / u->length);
			share += max(hi - lo, 0) / (last - first);
			if (isinf(u->period))
				break;
		}
		return min(share, 1);
	}
	return 0;
}

static bool accessed(struct machine *m, unsigned long addr)
{
	struct cold_run *run = container_of(m, struct cold_run, m);
	unsigned int i = first_use(run, addr);
	const struct use *u = &run->uses[i];

	if (i == run->nr_uses || u->start > addr)
		return false;
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	return draw(m) < share_used(u, addr, addr + PAGE_SIZE, m->now, m->now + 1);
}

/* Bytes of [@start, @end) that are used in (@t0, @t1]. */
static double bytes_used(const struct cold_run *run, unsigned long start, unsigned long end,
			 double t0, double t1)
{
	double bytes = 0;
	unsigned int i;

	for (i = first_use(run, start); i < run->nr_uses; i++) {
		const struct use *u = &run->uses[i];
		unsigned long lo = max(u->start, start), hi = min(u->end, end);

		if (u->start >= end)
			break;
		bytes += (hi - lo) * share_used(u, lo, hi, t0, t1);
	}
	return bytes;
}

/* === How memory is used === */

static double between(struct cold_run *run, double lo, double hi)
{
	return lo + draw(&run->m) * (hi - lo);
}

/* From @lo to @hi, all powers of two equally likely. */
static double power_between(struct cold_run *run, double lo, double hi)
{
	return lo * pow(hi / lo, draw(&run->m));
}

static void use_steadily(struct use *u, double rate)
{
	u->rate = rate;
	u->last_rate = rate;
}

static void make_even(struct cold_run *run)
{
	struct use *u = add_use(run, 0, run->regime->size);

	use_steadily(u, run->regime->rate);
}

/* Idle for a minute, then half of it is used in bursts of any period up to 2 s. */
static void make_bursts(struct cold_run *run)
{
	struct use *u = add_use(run, run->regime->size / 4, run->regime->size / 2);

	u->how = IN_BURSTS;
	u->period = power_between(run, 2, 2 * SECOND);
	u->length = min(power_between(run, .1, 4), u->period / 2);
	u->from = 60 * SECOND + between(run, 0, u->period);
}

/* The same; the period is one of the monitor's own. */
static void make_bursts_in_step(struct cold_run *run)
{
	static const unsigned int periods[] = { 2, 4, 5, 8, 10, 16, 20, 25, 40, 80, 200 };

	make_bursts(run);
	run->uses->period = periods[draw_below(&run->m, ARRAY_SIZE(periods))];
	run->uses->length = min(run->uses->length, .5);
	run->uses->from = 60 * SECOND + between(run, 0, run->uses->period);
}

/* Bursts from the beginning on, of all the memory: what do they cost? */
static void make_bursts_always(struct cold_run *run)
{
	struct use *u = add_use(run, 0, run->regime->size);

	u->how = IN_BURSTS;
	u->period = power_between(run, 2, 40);
	if (draw(&run->m) < .5)
		u->period = 2 + draw_below(&run->m, 39);
	u->length = min(power_between(run, .1, 2), u->period / 2);
	u->from = -between(run, 0, u->period);
}

/* Each page once, from the lower end up, each 30 s or so. */
static void make_scan(struct cold_run *run)
{
	struct use *u = add_use(run, 0, run->regime->size);

	u->how = IN_ORDER;
	u->period = between(run, 20, 40) * SECOND;
	u->length = power_between(run, .2, 4) * SECOND;
	u->from = -between(run, 0, u->period);
}

static void make_decline(struct cold_run *run)
{
	struct use *u = add_use(run, run->regime->size / 2, run->regime->size / 4);

	u->rate = between(run, .1, .5);
	u->until = between(run, 80, 140) * SECOND;
}

/* A part that is there, then 8 MiB more each second, each page used once. */
static void make_growing(struct cold_run *run)
{
	unsigned long begin = run->regime->size / 4;
	struct use *u = add_use(run, begin, run->regime->size - begin);

	u->how = IN_ORDER;
	u->length = (run->regime->size - begin) / (8. * MiB) * SECOND;
	run->size = begin;
}

static void add_spots(struct cold_run *run, unsigned int nr, unsigned long size)
{
	unsigned long part = ALIGN_DOWN(run->regime->size / nr, PAGE_SIZE);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned long at = ALIGN_DOWN(draw_below(&run->m, part - size), PAGE_SIZE);
		struct use *u = add_use(run, i * part + at, size);

		use_steadily(u, run->regime->rate);
	}
}

static void make_spots(struct cold_run *run)
{
	add_spots(run, run->regime->nr, MiB);
}

static void make_single_pages(struct cold_run *run)
{
	add_spots(run, run->regime->nr, PAGE_SIZE);
}

static void make_spots_that_stop(struct cold_run *run)
{
	unsigned int i;

	make_spots(run);
	for (i = 0; i < run->nr_uses; i++)
		run->uses[i].until = between(run, 60, 62) * SECOND;
}

/* Two areas are hot, and after a minute or so two others. */
static void make_phases(struct cold_run *run)
{
	unsigned long part = run->regime->size / 16;
	double until = between(run, 60, 65) * SECOND;
	struct use *u;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		unsigned long at = ALIGN_DOWN(draw_below(&run->m, 3 * part), PAGE_SIZE);

		u = add_use(run, 4 * i * part + at, part);
		use_steadily(u, run->regime->rate);
		if (i % 2)
			u->from = until;
		else
			u->until = until;
	}
}

static void make_fall(struct cold_run *run)
{
	struct use *u = add_use(run, run->regime->size / 4, run->regime->size / 4);

	use_steadily(u, run->regime->rate);
	u->until = between(run, 40, 41) * SECOND;
}

static void make_new_spot(struct cold_run *run)
{
	unsigned long size = run->regime->size;
	unsigned long at = ALIGN_DOWN(draw_below(&run->m, size - MiB), PAGE_SIZE);
	struct use *u = add_use(run, at, 128 * KiB);

	use_steadily(u, run->regime->rate);
	u->from = between(run, 60, 61) * SECOND;
}

static void make_nothing(struct cold_run *run)
{
}

/* === Scores === */

static double age_of(const struct cold_run *run, const struct damon_region *r)
{
	return (double)r->age * run->regime->nr_samples;
}

static void score_ages(struct cold_run *run)
{
	struct damon_region *r;
	unsigned int i;

	damon_for_each_region(r, run->m.t) {
		double size = r->ar.end - r->ar.start;

		for (i = 0; i < NR_AGES; i++) {
			double t = ages[i] * SECOND, now = run->m.now, used;

			if (now < t || now < run->regime->after * SECOND)
				continue;
			used = bytes_used(run, r->ar.start, r->ar.end, now - t, now);
			run->all[i] += size;
			run->unused[i] += size - used;
			if (!r->nr_accesses && age_of(run, r) >= t)
				run->wrong[i] += used;
			else
				run->missed[i] += size - used;
		}
	}
}

/* The share of the bytes of @u that is reported with a count of @least and more. */
static double share_counted(const struct cold_run *run, const struct use *u,
			    unsigned int least)
{
	struct damon_region *r;
	double bytes = 0;

	damon_for_each_region(r, run->m.t) {
		unsigned long lo = max(u->start, r->ar.start), hi = min(u->end, r->ar.end);

		if (lo < hi && r->nr_accesses >= least)
			bytes += hi - lo;
	}
	return bytes / (u->end - u->start);
}

static void score_zero(struct cold_run *run)
{
	double now = run->m.now, until = run->uses->until;

	if (now > until && !run->zero_after && share_counted(run, run->uses, 1) <= .1)
		run->zero_after = (now - until) / SECOND;
}

static void score_found(struct cold_run *run)
{
	double now = run->m.now, from = run->uses->from;

	if (now > from && !run->found_after &&
	    share_counted(run, run->uses, run->regime->nr_samples / 2) >= .5)
		run->found_after = (now - from) / SECOND;
}

static int cmp_regions(const void *a, const void *b)
{
	const struct damon_region *x = *(struct damon_region **)a;
	const struct damon_region *y = *(struct damon_region **)b;

	return x->age < y->age ? -1 : x->age > y->age;
}

/* The age that nine tenths of the bytes have at least. */
static double least_age(const struct cold_run *run)
{
	struct damon_region **all = calloc(run->m.t->nr_regions, sizeof(*all)), *r;
	unsigned int nr = 0, i;
	double bytes = 0, age;

	if (!all)
		abort();
	damon_for_each_region(r, run->m.t)
		all[nr++] = r;
	qsort(all, nr, sizeof(*all), cmp_regions);
	for (i = 0; i < nr - 1; i++) {
		bytes += all[i]->ar.end - all[i]->ar.start;
		if (bytes > run->regime->size / 10.)
			break;
	}
	age = age_of(run, all[i]) / SECOND;
	free(all);
	return age;
}

static void score_report(struct damon_ctx *ctx)
{
	struct cold_run *run = container_of(ctx, struct cold_run, m.ctx);

	score_ages(run);
	if (run->regime->max_zero)
		score_zero(run);
	if (run->regime->max_found)
		score_found(run);
	if (run->m.now >= run->regime->after * SECOND) {
		if (!run->nr_reports++)
			run->nr_checks_before = run->m.nr_checks;
		run->regions += run->m.t->nr_regions;
	}
	run->old = least_age(run);
}

static void grow(struct cold_run *run)
{
	if (run->size == run->regime->size || run->m.now % (unsigned long)SECOND)
		return;
	run->size = min(run->size + 8 * MiB, run->regime->size);
	machine_resize(&run->m, run->size);
}

static void do_run(struct cold_run *run, const struct regime *regime, unsigned int seed)
{
	memset(run, 0, sizeof(*run));
	run->regime = regime;
	run->size = regime->size;
	run->m.accessed = accessed;
	machine_start(&run->m, regime->size, regime->nr_samples, seed);
	regime->make(run);
	if (run->size != regime->size)
		machine_resize(&run->m, run->size);
	while (run->m.now < regime->seconds * SECOND) {
		while (run->m.ctx.nr_samples < regime->nr_samples) {
			grow(run);
			machine_sample(&run->m);
		}
		damon_aggregate(&run->m.ctx, score_report);
	}
	machine_end(&run->m);
	free(run->uses);
}

/* === Regimes === */

#define EVEN(_name, _rate, _max_wrong) {					\
	.name = _name, .size = GiB, .make = make_even, .rate = _rate,		\
	.nr_samples = NR_SAMPLES, .seconds = 300, .max_wrong = _max_wrong,	\
}

#define STEADY(_name, _rate, _nr_samples) {					\
	.name = _name, .size = GiB, .make = make_even, .rate = _rate,		\
	.nr_samples = _nr_samples, .seconds = 1200, .after = 600, .min_old = 900,	\
}

#define FALL(_name, _rate, _max_zero) {						\
	.name = _name, .size = GiB, .make = make_fall, .rate = _rate,		\
	.nr_samples = NR_SAMPLES, .seconds = 60, .max_zero = _max_zero,		\
}

static const struct regime regimes[] = {
	EVEN("even, 4 a second", .02, .001),
	EVEN("even, 1 a second", .005, .001),
	EVEN("even, .1 a second", .0005, .01),
	EVEN("even, 1 in 50 s", .0001, .30),
	{
		.name = "bursts after idleness", .size = GiB, .make = make_bursts,
		.nr_samples = NR_SAMPLES, .seconds = 300, .max_wrong = .001,
	}, {
		.name = "bursts in step", .size = GiB, .make = make_bursts_in_step,
		.nr_samples = NR_SAMPLES, .seconds = 300, .max_wrong = .001,
	}, {
		.name = "bursts from the start", .size = GiB, .make = make_bursts_always,
		.nr_samples = NR_SAMPLES, .seconds = 60, .max_wrong = .001,
		.max_regions = 102, .max_checks = 20000,
	}, {
		.name = "scans", .size = GiB, .make = make_scan,
		.nr_samples = NR_SAMPLES, .seconds = 300, .max_wrong = .05,
	}, {
		.name = "slow decline", .size = GiB, .make = make_decline,
		.nr_samples = NR_SAMPLES, .seconds = 300, .max_wrong = .005,
	}, {
		.name = "growing heap", .size = GiB, .make = make_growing,
		.nr_samples = NR_SAMPLES, .seconds = 120, .max_wrong = .005,
	}, {
		.name = "16 spots that stop", .size = GiB, .make = make_spots_that_stop,
		.rate = .95, .nr = 16, .nr_samples = NR_SAMPLES, .seconds = 130,
		.after = 60, .max_wrong = .001,
	}, {
		.name = "idle beside 16 spots", .size = GiB, .make = make_spots,
		.rate = .95, .nr = 16, .nr_samples = NR_SAMPLES, .seconds = 300,
		.max_wrong = .001, .max_missed = .02,
	}, {
		.name = "idle beside 200 pages", .size = GiB, .make = make_single_pages,
		.rate = .95, .nr = 200, .nr_samples = NR_SAMPLES, .seconds = 300,
		.max_missed = .20,
	}, {
		.name = "phases", .size = GiB, .make = make_phases,
		.rate = .95, .nr_samples = NR_SAMPLES, .seconds = 300, .max_missed = .03,
	},
	STEADY("steady, 95 %", .95, NR_SAMPLES),
	STEADY("steady, 50 %", .5, NR_SAMPLES),
	STEADY("steady, 5 %", .05, NR_SAMPLES),
	STEADY("steady, 95 %, 200 samples", .95, 200),
	FALL("100 % to idle", 1, .2),
	FALL("30 % to idle", .3, .3),
	FALL("4 % to idle", .04, 1.2),
	{
		.name = "a new spot of 128 KiB", .size = GiB, .make = make_new_spot,
		.rate = .95, .nr_samples = NR_SAMPLES, .seconds = 90, .max_found = 8,
	}, {
		.name = "idle, 256 GiB", .size = 256 * GiB, .make = make_nothing,
		.nr_samples = NR_SAMPLES, .seconds = 300, .after = 100, .max_checks = 2500,
	}, {
		.name = "even, .5 %, 200 samples", .size = GiB, .make = make_even,
		.rate = .005, .nr_samples = 200, .seconds = 120, .max_checks = 20000,
	}, {
		.name = "even, .5 %, 1000 samples", .size = GiB, .make = make_even,
		.rate = .005, .nr_samples = 1000, .seconds = 120, .max_checks = 20000,
	},
};

static int cmp_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void add_run(struct cold_score *s, const struct cold_run *run, unsigned int nr)
{
	const struct regime *regime = run->regime;
	double seconds = regime->seconds - regime->after;
	unsigned int i;

	for (i = 0; i < NR_AGES; i++) {
		if (run->all[i])
			s->wrong[i] = max(s->wrong[i], run->wrong[i] / run->all[i]);
		if (run->unused[i])
			s->missed[i] = max(s->missed[i], run->missed[i] / run->unused[i]);
	}
	s->zero = max(s->zero, run->zero_after ?: INFINITY);
	s->old = min(s->old, run->old);
	s->regions += run->regions / run->nr_reports / nr;
	s->checks += (run->m.nr_checks - run->nr_checks_before) / seconds / nr;
}

static bool at_most(double value, double limit)
{
	return !limit || value <= limit;
}

/* Where nothing is asked, the figure tells nothing either. */
static void print(double value, double asked, const char *format)
{
	if (asked)
		printf(format, value);
	else
		printf(" %5s", "-");
}

static bool check_regime(const struct regime *g, unsigned int nr_seeds)
{
	struct cold_score s = { .old = INFINITY };
	struct cold_run run;
	double found;
	unsigned int i;
	bool ok;

	s.found = calloc(nr_seeds, sizeof(*s.found));
	if (!s.found)
		abort();
	for (i = 0; i < nr_seeds; i++) {
		do_run(&run, g, i);
		add_run(&s, &run, nr_seeds);
		s.found[i] = run.found_after ?: INFINITY;
	}
	qsort(s.found, nr_seeds, sizeof(*s.found), cmp_double);
	found = s.found[nr_seeds / 2];
	free(s.found);

	ok = at_most(s.wrong[1], g->max_wrong) && at_most(s.missed[1], g->max_missed) &&
		at_most(s.zero, g->max_zero) && at_most(found, g->max_found) &&
		at_most(s.checks, g->max_checks) && at_most(s.regions, g->max_regions) &&
		s.old >= g->min_old;
	printf("%-6s %-24s", ok ? "ok" : "not ok", g->name);
	for (i = 0; i < NR_AGES; i++)
		printf(" %6.4f", s.wrong[i]);
	for (i = 0; i < NR_AGES; i++)
		printf(" %5.3f", s.missed[i]);
	print(s.zero, g->max_zero, " %5.2f");
	print(found, g->max_found, " %5.2f");
	print(s.old, g->min_old, " %5.0f");
	printf(" %7.0f %8.0f\n", s.regions, s.checks);
	fflush(stdout);
	return ok;
}

void run_cold(unsigned int nr_seeds, const char *part, unsigned int *nr_passed,
	      unsigned int *nr_failed)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regimes); i++) {
		if (!strstr(regimes[i].name, part))
			continue;
		if (!any)
			printf("%-6s %-24s %20s %17s %5s %5s %5s %7s %8s\n%31s %20s %17s\n",
			       "", "", "wrong: 10, 60, 120 s", "missed", "zero", "found",
			       "old", "regions", "checks/s", "", "", "");
		any = true;
		if (check_regime(&regimes[i], nr_seeds))
			++*nr_passed;
		else
			++*nr_failed;
	}
}
