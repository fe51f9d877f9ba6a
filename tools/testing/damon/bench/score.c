// SPDX-License-Identifier: GPL-2.0
/*
 * Compares what the monitor reported with what the program did.
 *
 * The memory is cut into segments whose pages have always been treated alike;
 * each has the list of its probabilities over time. A report is about an
 * aggregation interval, so it is compared with the means over that: @rate, the
 * probability that a page is touched in a sampling interval, and @heat, the
 * share of the time at which it was in the hot set.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define NR_PAGES	4096
/* A region that is older and has no accesses is what a user calls cold. */
#define COLD_NS		2e9
/* And this is what is given away. */
#define IDLE_NS		10e9
#define FOUND_SHARE	.9
/* Probabilities that are as good as 0, where 0 would not do */
#define TOUCHED		(1 / 1000000000.0)
#define NEVER		(TOUCHED * TOUCHED)
/* So many in a row, since one may be luck. */
#define FOUND_ROW	3

struct change {
	uint64_t time;
	double p;
};

struct segment {
	uint64_t start, end;
	struct change *changes;
	size_t nr_changes;
	/* in the interval that is looked at */
	double rate, heat;
};

struct memory {
	const struct run *run;
	struct segment *segments;
	size_t nr;
	/* a page is hot if a tick touches it with at least this probability */
	double hot_p;
};

static double bytes(const struct segment *s)
{
	return s->end - s->start;
}

/* ---- The truth ---- */

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The first segment that ends after @address */
static size_t find_segment(const struct memory *m, uint64_t address)
{
	size_t low = 0, high = m->nr;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (m->segments[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void add_change(struct segment *s, uint64_t time, double p)
{
	/* doubles whenever full */
	if (!(s->nr_changes & (s->nr_changes - 1))) {
		s->changes = reallocarray(s->changes, s->nr_changes ? 2 * s->nr_changes : 1,
					  sizeof(*s->changes));
		if (!s->changes)
			exit(1);
	}
	s->changes[s->nr_changes++] = (struct change){ time, p };
}

static void cut_into_segments(struct memory *m)
{
	const struct run *r = m->run;
	uint64_t *edges = get_memory(2 * r->nr_truths + 2, sizeof(*edges));
	size_t i, n = 0;

	edges[n++] = r->map_start;
	edges[n++] = r->map_end;
	for (i = 0; i < r->nr_truths; i++) {
		edges[n++] = r->truths[i].start;
		edges[n++] = r->truths[i].end;
	}
	qsort(edges, n, sizeof(*edges), by_address);
	m->segments = get_memory(n, sizeof(*m->segments));
	for (i = 0; i + 1 < n; i++) {
		if (edges[i] == edges[i + 1])
			continue;
		m->segments[m->nr].start = edges[i];
		m->segments[m->nr++].end = edges[i + 1];
	}
	free(edges);
}

static int by_p_descending(const void *a, const void *b)
{
	double x = (*(struct segment *const *)a)->changes->p;
	double y = (*(struct segment *const *)b)->changes->p;

	return (x < y) - (x > y);
}

/* The p that the hottest @top permille of the memory have at least */
static double top_p(const struct memory *m)
{
	const struct segment **order;
	double left, p = 1;
	size_t i, n = 0;

	if (!m->run->top)
		return TOUCHED;
	left = (m->run->map_end - m->run->map_start) / 1000. * m->run->top;
	order = get_memory(m->nr, sizeof(*order));
	for (i = 0; i < m->nr; i++)
		if (m->segments[i].nr_changes)
			order[n++] = &m->segments[i];
	qsort(order, n, sizeof(*order), by_p_descending);
	for (i = 0; i < n && left > 0; i++) {
		p = order[i]->changes->p;
		left -= bytes(order[i]);
	}
	free(order);
	return p;
}

static void build_memory(struct memory *m, const struct run *r)
{
	size_t i, j;

	m->run = r;
	m->nr = 0;
	cut_into_segments(m);
	for (i = 0; i < r->nr_truths; i++) {
		const struct truth *t = &r->truths[i];

		for (j = find_segment(m, t->start); j < m->nr && m->segments[j].start < t->end; j++)
			add_change(&m->segments[j], t->time, t->p);
	}
	m->hot_p = top_p(m);
}

static void free_memory(struct memory *m)
{
	size_t i;

	for (i = 0; i < m->nr; i++)
		free(m->segments[i].changes);
	free(m->segments);
}

/*
 * Probability that a page is touched between the two looks of a sample. With
 * 5 ms and a tick of 4 ms, one tick is between them, and a second one in a
 * quarter of the cases.
 */
static double sample_rate(const struct run *r, double p)
{
	double ticks = (double)r->sample / r->tick;
	double whole = floor(ticks), rest = ticks - whole;

	return (1 - rest) * (1 - pow(1 - p, whole)) + rest * (1 - pow(1 - p, whole + 1));
}

/* Calls @fn for each stretch of [@from, @to) in which @s had one probability. */
static double integrate(const struct memory *m, const struct segment *s, uint64_t from,
			uint64_t to, double (*fn)(const struct memory *m, double p))
{
	double sum = 0;
	size_t i;

	for (i = 0; i < s->nr_changes; i++) {
		uint64_t a = s->changes[i].time;
		uint64_t b = i + 1 < s->nr_changes ? s->changes[i + 1].time : to;

		if (a < from)
			a = from;
		if (b > to)
			b = to;
		if (a < b)
			sum += (b - a) * fn(m, s->changes[i].p);
	}
	return sum;
}

static double fn_rate(const struct memory *m, double p)
{
	return sample_rate(m->run, p);
}

static double fn_heat(const struct memory *m, double p)
{
	return p >= m->hot_p;
}

/* Of not being touched: the logarithm, for a nanosecond. */
static double fn_untouched(const struct memory *m, double p)
{
	return log(fmax(1 - p, NEVER)) / m->run->tick;
}

static void look_at(struct memory *m, uint64_t from, uint64_t to)
{
	size_t i;

	for (i = 0; i < m->nr; i++) {
		struct segment *s = &m->segments[i];

		s->rate = integrate(m, s, from, to, fn_rate) / (to - from);
		s->heat = integrate(m, s, from, to, fn_heat) / (to - from);
	}
}

/* ---- Pieces: where regions and segments overlap ---- */

struct piece {
	const struct region *region;
	const struct segment *segment;
	double bytes;
};

static const struct region no_region;

static size_t add_piece(struct piece *p, size_t n, const struct region *r,
			const struct segment *s, uint64_t start, uint64_t end)
{
	if (start < end) {
		p[n].region = r;
		p[n].segment = s;
		p[n++].bytes = end - start;
	}
	return n;
}

/* Memory in no region was reported as not accessed. */
static struct piece *cut_into_pieces(const struct memory *m, const struct snapshot *snap,
				     size_t *nr)
{
	struct piece *p = get_memory(2 * (m->nr + 2 * snap->nr + 1), sizeof(*p));
	size_t n = 0, i;
	unsigned int j = 0;

	for (i = 0; i < m->nr; i++) {
		const struct segment *s = &m->segments[i];
		uint64_t at = s->start;

		while (at < s->end) {
			const struct region *r;
			uint64_t end;

			while (j < snap->nr && snap->regions[j].end <= at)
				j++;
			r = j < snap->nr ? &snap->regions[j] : NULL;
			if (r && r->start <= at) {
				end = r->end < s->end ? r->end : s->end;
				n = add_piece(p, n, r, s, at, end);
			} else {
				end = r && r->start < s->end ? r->start : s->end;
				n = add_piece(p, n, &no_region, s, at, end);
			}
			at = end;
		}
	}
	*nr = n;
	return p;
}

static int by_accesses_descending(const void *a, const void *b)
{
	unsigned int x = ((const struct piece *)a)->region->nr_accesses;
	unsigned int y = ((const struct piece *)b)->region->nr_accesses;

	return (x < y) - (x > y);
}

static int by_heat_descending(const void *a, const void *b)
{
	double x = (*(struct segment *const *)a)->heat;
	double y = (*(struct segment *const *)b)->heat;

	return (x < y) - (x > y);
}

/* ---- Metrics of one aggregation ---- */

/* The heat in the hottest @k bytes */
static double best_heat(const struct memory *m, double k)
{
	const struct segment **order = get_memory(m->nr, sizeof(*order));
	double heat = 0;
	size_t i;

	for (i = 0; i < m->nr; i++)
		order[i] = &m->segments[i];
	qsort(order, m->nr, sizeof(*order), by_heat_descending);
	for (i = 0; i < m->nr && k > 0; i++) {
		heat += fmin(bytes(order[i]), k) * order[i]->heat;
		k -= bytes(order[i]);
	}
	free(order);
	return heat;
}

/*
 * recall@K: of K bytes, as many as are hot, taken by descending nr_accesses,
 * the share that is hot. Equal counts are taken pro rata, so that knowing
 * nothing scores what a guess does.
 */
static double recall(const struct memory *m, struct piece *p, size_t n)
{
	double k = 0, left, found = 0, best;
	size_t i, j;

	for (i = 0; i < m->nr; i++)
		k += bytes(&m->segments[i]) * m->segments[i].heat;
	if (k < PAGE || k > .99 * (m->run->map_end - m->run->map_start))
		return NAN;
	best = best_heat(m, k);
	qsort(p, n, sizeof(*p), by_accesses_descending);
	left = k;
	for (i = 0; i < n && left > 0; i = j) {
		double size = 0, heat = 0;

		for (j = i; j < n && p[j].region->nr_accesses == p[i].region->nr_accesses; j++) {
			size += p[j].bytes;
			heat += p[j].bytes * p[j].segment->heat;
		}
		found += heat * fmin(1, left / size);
		left -= size;
	}
	return found / best;
}

static double region_rate(const struct run *r, const struct region *region)
{
	return (double)region->nr_accesses * r->sample / r->aggr;
}

static double rate_error(const struct memory *m, const struct piece *p, size_t n)
{
	double error = 0, size = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		error += p[i].bytes * fabs(region_rate(m->run, p[i].region) - p[i].segment->rate);
		size += p[i].bytes;
	}
	return error / size;
}

struct ranked {
	double value, rank;
	size_t index;
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;

	return (x > y) - (x < y);
}

/* Puts the ranks of @values in their place, equal ones sharing their mean rank. */
static void rank(double *values, size_t n)
{
	struct ranked *r = get_memory(n, sizeof(*r));
	size_t i, j, k;

	for (i = 0; i < n; i++) {
		r[i].value = values[i];
		r[i].index = i;
	}
	qsort(r, n, sizeof(*r), by_value);
	for (i = 0; i < n; i = j) {
		for (j = i; j < n && r[j].value == r[i].value; j++)
			;
		for (k = i; k < j; k++)
			values[r[k].index] = (i + j - 1) / 2.;
	}
	free(r);
}

/* NAN if @x are all the same, 0 if only @y are. */
static double correlation(const double *x, const double *y, size_t n)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	if (xx <= 0)
		return NAN;
	return yy <= 0 ? 0 : xy / sqrt(xx * yy);
}

/* Spearman's, over pages that are spread evenly: as good as random ones. */
static double rank_correlation(const struct memory *m, const struct snapshot *snap)
{
	static double truth[NR_PAGES], seen[NR_PAGES];
	double step = (double)(m->run->map_end - m->run->map_start) / NR_PAGES;
	unsigned int i, j = 0;

	for (i = 0; i < NR_PAGES; i++) {
		uint64_t at = m->run->map_start + (uint64_t)((i + .5) * step);

		while (j < snap->nr && snap->regions[j].end <= at)
			j++;
		truth[i] = m->segments[find_segment(m, at)].rate;
		seen[i] = j < snap->nr && snap->regions[j].start <= at ?
			snap->regions[j].nr_accesses : 0;
	}
	rank(truth, NR_PAGES);
	rank(seen, NR_PAGES);
	return correlation(truth, seen, NR_PAGES);
}

static bool is_hot(const struct segment *s)
{
	return s->heat > .5;
}

/* From each edge of the hot memory to the nearest edge of a region, in pages */
static double edge_error(const struct memory *m, const struct snapshot *snap)
{
	double sum = 0;
	unsigned int n = 0, j;
	size_t i;

	if (m->run->top)
		return NAN;
	for (i = 1; i < m->nr; i++) {
		uint64_t at = m->segments[i].start;
		double nearest = INFINITY;

		if (!is_hot(&m->segments[i]) == !is_hot(&m->segments[i - 1]))
			continue;
		for (j = 0; j < snap->nr; j++) {
			nearest = fmin(nearest, fabs((double)snap->regions[j].start - (double)at));
			nearest = fmin(nearest, fabs((double)snap->regions[j].end - (double)at));
		}
		sum += nearest / PAGE;
		n++;
	}
	return n ? sum / n : NAN;
}

/* In bytes; over several reports, if they are added up */
struct cold {
	/* reported as cold although touched */
	double wrong;
	/* not touched, and of these not reported as cold */
	double untouched, missed;
	double all;
};

/* What was reported as cold for @age, and what was */
static void add_cold(struct cold *c, const struct memory *m, const struct piece *p, size_t n,
		     uint64_t time, double age)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct region *r = p[i].region;
		double untouched = p[i].bytes * exp(integrate(m, p[i].segment, time - age, time,
							      fn_untouched));

		c->all += p[i].bytes;
		/* It may be no memory yet. */
		if (r == &no_region)
			continue;
		c->untouched += untouched;
		if (r->nr_accesses || r->age * (double)m->run->aggr <= age)
			c->missed += untouched;
		else
			c->wrong += p[i].bytes - untouched;
	}
}

/* ---- Metrics of a run ---- */

struct sum {
	double sum;
	unsigned int n;
};

static void add(struct sum *m, double value)
{
	if (isnan(value))
		return;
	m->sum += value;
	m->n++;
}

static double mean(const struct sum *m)
{
	return m->n ? m->sum / m->n : NAN;
}

/*
 * From @from until the hot set of the moment is found and stays so for
 * FOUND_ROW reports, in aggregation intervals; what is not found before @to
 * counts as found then.
 */
static double find_after(const struct run *r, const double *now, uint64_t from, uint64_t to,
			 bool *never)
{
	uint64_t first = to;
	unsigned int row = 0;
	size_t i;

	for (i = 0; i < r->nr_snapshots && r->snapshots[i].time < to && row < FOUND_ROW; i++) {
		if (r->snapshots[i].time <= from)
			continue;
		if (now[i] < FOUND_SHARE)
			row = 0;
		else if (!row++)
			first = r->snapshots[i].time;
	}
	if (!row) {
		*never = true;
		first = to;
	}
	return (double)(first - from) / r->aggr;
}

/*
 * After each change of the hot set the monitor has to find it anew. For a
 * window that moves all the time, what it lags behind is what it misses.
 */
static double recovery(const struct run *r, const double *now, double steady, bool *never)
{
	struct sum m = { 0 };
	uint64_t last = 0;
	size_t i, j;

	if (r->speed) {
		double window = r->truths[0].end - r->truths[0].start;

		return (1 - steady) * window / r->speed * NS_PER_SEC / r->aggr;
	}
	for (i = 0; i < r->nr_truths; i = j) {
		uint64_t time = r->truths[i].time, next = r->end;

		for (j = i; j < r->nr_truths && r->truths[j].time == time; j++)
			;
		if (j < r->nr_truths)
			next = r->truths[j].time;
		/* The first is no change, and the last has to leave time to find it. */
		if (last && time > r->start && next > time + FOUND_ROW * r->aggr)
			add(&m, find_after(r, now, time, next, never));
		last = time;
	}
	return mean(&m);
}

/* Where the pattern stays, what counts is the second half. */
static size_t steady_from(const struct run *r)
{
	bool changes = r->nr_truths && r->truths[r->nr_truths - 1].time > r->start;

	return changes ? r->nr_snapshots / 6 : r->nr_snapshots / 2;
}

/*
 * With hardly a choice of regions, the run is there to measure what they cost,
 * and the rest makes no sense. Else the number of regions that were sampled is
 * not known: reports come after regions were merged and before they are split.
 */
static bool pinned(const struct run *r)
{
	return r->max_regions < 2 * r->min_regions;
}

static void keep_cold(struct score *s)
{
	int i;

	for (i = 0; i < NR_METRICS; i++)
		if (i != WRONG_10 && i != MISSED_10 && i != REGIONS && i != CPU)
			s->value[i] = NAN;
}

static void keep_costs(struct score *s, double regions)
{
	const struct run *r = s->run;
	int i;

	for (i = 0; i < NR_METRICS; i++)
		if (i != REGIONS && i != CPU)
			s->value[i] = NAN;
	/* A nanosecond of the guest is half an instruction. */
	s->value[INSNS] = r->cpu / 2. / (regions * r->aggr / r->sample);
}

/* Recording locks takes more time than what is recorded. */
static void keep_lock(struct score *s)
{
	int i;

	for (i = 0; i < NR_METRICS; i++)
		s->value[i] = NAN;
	s->value[LOCK] = s->run->lock;
}

struct score score_run(const struct run *r)
{
	struct sum sums[NR_METRICS] = { 0 };
	struct score s = { .run = r };
	struct memory m = { 0 };
	double *now = get_memory(r->nr_snapshots, sizeof(*now));
	struct cold idle = { 0 };
	double regions = 0;
	size_t i, n;

	build_memory(&m, r);
	s.recall = get_memory(r->nr_snapshots, sizeof(*s.recall));
	for (i = 0; i < r->nr_snapshots; i++) {
		const struct snapshot *snap = &r->snapshots[i];
		struct piece *p;

		look_at(&m, snap->time - 1, snap->time);
		p = cut_into_pieces(&m, snap, &n);
		now[i] = recall(&m, p, n);
		look_at(&m, i ? r->snapshots[i - 1].time : r->start, snap->time);
		s.recall[i] = recall(&m, p, n);
		regions += snap->due;
		if (snap->time - r->start > IDLE_NS)
			add_cold(&idle, &m, p, n, snap->time, IDLE_NS);
		if (i >= steady_from(r)) {
			struct cold cold = { 0 };

			add_cold(&cold, &m, p, n, snap->time, COLD_NS);
			add(&sums[WRONGLY_COLD], cold.wrong / cold.all);
			add(&sums[RECALL], s.recall[i]);
			add(&sums[RATE_ERROR], rate_error(&m, p, n));
			add(&sums[RANK], rank_correlation(&m, snap));
			add(&sums[EDGE], edge_error(&m, snap));
			add(&sums[REGIONS], snap->due);
		}
		free(p);
	}
	for (i = 0; i < NR_METRICS; i++)
		s.value[i] = mean(&sums[i]);
	s.value[WRONG_10] = idle.all ? idle.wrong / idle.all : NAN;
	/* Of hardly any memory it would be luck. */
	s.value[MISSED_10] = idle.untouched > idle.all / 100 ?
		idle.missed / idle.untouched : NAN;
	free_memory(&m);

	if (!isnan(now[0])) {
		s.value[FOUND] = find_after(r, now, r->start, r->end, &s.never[FOUND]);
		s.value[RECOVERED] = recovery(r, now, s.value[RECALL], &s.never[RECOVERED]);
	}
	s.value[CPU] = (double)r->cpu / (r->end - r->start);
	if (r->free_loops)
		s.value[SLOWDOWN] = 1 - ((double)r->monitored_loops / r->monitored_ns) /
				    ((double)r->free_loops / r->free_ns);
	/* Late ticks leave gaps in which pages were touched less than the truth says. */
	if (r->late * 50 > r->ticks)
		s.value[RATE_ERROR] = NAN;
	if (r->cold)
		keep_cold(&s);
	if (pinned(r))
		keep_costs(&s, regions);
	if (r->locks)
		keep_lock(&s);
	free(now);
	return s;
}
