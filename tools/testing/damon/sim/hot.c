// SPDX-License-Identifier: GPL-2.0
/*
 * What does the monitor find of hot memory, how soon, and at what cost?
 *
 * The columns, all means over the runs:
 *
 *  recall	Which part of the hot bytes the report finds, see recall().  Mean
 *		of the second half of a run.
 *  error	|reported rate - true rate| of a byte, likewise.
 *  regions	How many, likewise.
 *  checks/s	What the monitor costs.  Of the whole run.
 *  90 % after	Aggregations until the recall is .9: in the best tenth of the
 *		runs, the median, and the worst tenth.
 *  again	Aggregations from a jump of the hot memory until the recall is .9,
 *		or until the next jump.
 *  edges	Runs at whose end an edge is off by more than the limit.
 *  bounds	Aggregations with fewer or more regions than were asked for.
 */
#include <math.h>
#include <stdio.h>

#include "sim.h"

struct run;
struct score;

/* Memory of @size, of which @nr areas of @area bytes each are accessed. */
struct workload {
	const char *name;
	unsigned long size;
	unsigned int nr;
	unsigned long area;
	/* Places the areas as they are from now on. */
	void (*place)(struct run *run);
	/* Of a page of an area, in one sampling interval. */
	double rate;
	/* Of any other page. */
	double noise;
	/* How many areas, the most accessed ones, are hot; 0: all. */
	unsigned int nr_hot;
	unsigned int nr_aggregations;
	/* Sampling intervals in each; 0: NR_SAMPLES. */
	unsigned int nr_samples;
	/* Of regions, fewest and most at once; 0: as usual. */
	unsigned int nr_regions;
	/* What a run has to reach, over all seeds. */
	double min_recall;
	/* Aggregations to 90 %, at the median; 0: any number. */
	unsigned int max_found_at;
	/* Aggregations to 90 % after a jump, in the mean; 0: any number. */
	double max_again;
	/* All edges within this of the truth, in all but 2 % of the runs. */
	unsigned long max_edge_error;
};

/* Pages that are accessed alike. */
struct area {
	unsigned long start;
	unsigned long end;
	double rate;
	bool hot;
};

struct run {
	const struct workload *w;
	struct machine m;

	/* The truth, in address order. */
	struct area *areas;
	/* In sampling intervals since the start. */
	unsigned long next_place;
	unsigned int nr_placed;

	/* What the reports are compared for, see score_report(). */
	struct score *score;
	unsigned int nr_reports;
	unsigned int nr_placed_before;
	unsigned int *found_at;
	bool searching;
};

/* === Truth === */

static void set_area(struct run *run, unsigned int i, unsigned long start,
		     double rate)
{
	run->areas[i] = (struct area){
		.start = BASE + start,
		.end = BASE + start + run->w->area,
		.rate = rate,
		.hot = true,
	};
}

/* One somewhere in each of nr equal parts, not touching others. */
static void place_spots(struct run *run)
{
	const struct workload *w = run->w;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		unsigned long part = w->size / w->nr;
		unsigned long margin = (part - w->area) / 16;
		unsigned long at = margin + draw_below(&run->m, 14 * margin);

		set_area(run, i, ALIGN_DOWN(i * part + at, PAGE_SIZE), w->rate);
	}
}

/* To other places after half a second to 2.5 seconds. */
static void place_phase(struct run *run)
{
	place_spots(run);
	run->next_place = run->m.now + 100 + draw_below(&run->m, 400);
}

/*
 * From the lower end up, and again.  Ten aggregations and a part of one at each
 * step, so that a change falls into any part of an aggregation.
 */
static void place_stairs(struct run *run)
{
	const struct workload *w = run->w;

	set_area(run, 0, run->nr_placed * w->area % w->size, w->rate);
	run->next_place = run->m.now + 10 * NR_SAMPLES + 7;
}

/* Half of itself in a second, up to the end of the memory and back. */
static void place_moving(struct run *run)
{
	const struct workload *w = run->w;
	unsigned long room = w->size - w->area;
	unsigned long way = w->area / 2 * SAMPLE_US / 1000000 * run->m.now % (2 * room);

	set_area(run, 0, ALIGN_DOWN(min(way, 2 * room - way), PAGE_SIZE), w->rate);
	run->next_place = run->m.now + 1;
}

/* Each one half as often as the one before. */
static void place_gradient(struct run *run)
{
	const struct workload *w = run->w;
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		set_area(run, i, i * w->area, ldexp(w->rate, -i));
}

/*
 * Objects in random order; the one that is i-th by accesses has i^-.99 times as
 * many as the first.  A million accesses a second.
 */
static void place_zipf(struct run *run)
{
	const struct workload *w = run->w;
	double sum = 0;
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		sum += pow(i + 1, -.99);
	for (i = 0; i < w->nr; i++) {
		double touches = 1e6 * pow(i + 1, -.99) / sum * SAMPLE_US / 1e6;

		set_area(run, i, 0, -expm1(-touches / (w->area / PAGE_SIZE)));
	}
	for (i = 0; i < w->nr; i++)
		swap(run->areas[i], run->areas[i + draw_below(&run->m, w->nr - i)]);
	for (i = 0; i < w->nr; i++)
		set_area(run, i, i * w->area, run->areas[i].rate);
}

static int cmp_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void mark_hot(struct run *run)
{
	const struct workload *w = run->w;
	double *rates;
	unsigned int i;

	if (!w->nr_hot)
		return;
	rates = calloc(w->nr, sizeof(*rates));
	if (!rates)
		abort();
	for (i = 0; i < w->nr; i++)
		rates[i] = run->areas[i].rate;
	qsort(rates, w->nr, sizeof(*rates), cmp_double);
	for (i = 0; i < w->nr; i++)
		run->areas[i].hot = run->areas[i].rate >= rates[w->nr - w->nr_hot];
	free(rates);
}

static void place(struct run *run)
{
	run->next_place = ULONG_MAX;
	run->w->place(run);
	mark_hot(run);
	run->nr_placed++;
}

/* The first area that ends above @addr. */
static unsigned int area_at(const struct run *run, unsigned long addr)
{
	unsigned int lo = 0, hi = run->w->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (run->areas[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static double true_rate(const struct run *run, unsigned long addr)
{
	unsigned int i = area_at(run, addr);

	if (i < run->w->nr && run->areas[i].start <= addr)
		return run->areas[i].rate;
	return run->w->noise;
}

static bool accessed(struct machine *m, unsigned long addr)
{
	struct run *run = container_of(m, struct run, m);

	return draw(m) < true_rate(run, addr);
}

static unsigned int nr_samples(const struct run *run)
{
	return run->w->nr_samples ?: NR_SAMPLES;
}

static void start(struct run *run, const struct workload *w, unsigned int seed)
{
	memset(run, 0, sizeof(*run));
	run->w = w;
	run->areas = calloc(w->nr + 1, sizeof(*run->areas));
	if (!run->areas)
		abort();
	run->m.accessed = accessed;
	run->m.min_regions = w->nr_regions;
	run->m.max_regions = w->nr_regions;
	machine_start(&run->m, w->size, nr_samples(run), seed);
	place(run);
}

static void end(struct run *run)
{
	machine_end(&run->m);
	free(run->areas);
}

/* === Scores === */

/* The bytes that are reported at each count, and how many of them are hot. */
struct counted {
	double bytes[NR_SAMPLES + 1];
	double hot[NR_SAMPLES + 1];
	double all_hot;
	/* Over all bytes, in bytes. */
	double error;
};

static void count_bytes(const struct run *run, struct counted *c)
{
	struct damon_region *r;

	memset(c, 0, sizeof(*c));
	damon_for_each_region(r, run->m.t) {
		double rate = (double)r->nr_accesses / nr_samples(run);
		double rest = damon_region_size(r);
		unsigned int i;

		c->bytes[r->nr_accesses] += rest;
		for (i = area_at(run, r->ar.start); i < run->w->nr; i++) {
			const struct area *a = &run->areas[i];
			double both;

			if (a->start >= r->ar.end)
				break;
			both = min(a->end, r->ar.end) - max(a->start, r->ar.start);
			rest -= both;
			c->error += both * fabs(rate - a->rate);
			if (a->hot) {
				c->hot[r->nr_accesses] += both;
				c->all_hot += both;
			}
		}
		c->error += rest * fabs(rate - run->w->noise);
	}
}

/*
 * Take the regions by falling count until they have as many bytes as are hot;
 * regions of one count pro rata.  Which part of the hot bytes is among them?
 * No threshold that favours one engine, and "no idea" scores hot / all.
 */
static double recall(const struct counted *c)
{
	double left = c->all_hot, found = 0;
	int i;

	for (i = NR_SAMPLES; i >= 0 && left > 0; i--) {
		if (!c->bytes[i])
			continue;
		found += c->bytes[i] <= left ? c->hot[i] :
			c->hot[i] * left / c->bytes[i];
		left -= c->bytes[i];
	}
	return c->all_hot ? found / c->all_hot : 1;
}

/* The largest distance of a true edge from the nearest one that is reported. */
static unsigned long edge_error(const struct run *run)
{
	double thres = nr_samples(run) * run->w->rate / 2;
	unsigned long worst = 0;
	unsigned int i;

	for (i = 0; i < 2 * run->w->nr; i++) {
		const struct area *a = &run->areas[i / 2];
		unsigned long edge = i % 2 ? a->end : a->start;
		struct damon_region *r, *prev = NULL;
		unsigned long best = run->w->size;
		bool was_hot = false;

		damon_for_each_region(r, run->m.t) {
			/* Between a region that looks hot and one that does not. */
			bool hot = r->nr_accesses >= thres;

			if (prev && hot != was_hot)
				best = min(best, abs_diff(r->ar.start, edge));
			prev = r;
			was_hot = hot;
		}
		worst = max(worst, best);
	}
	return worst;
}

struct score {
	/* Sums, over nr_counted aggregations. */
	double recall;
	double error;
	double regions;
	unsigned int nr_counted;
	/* Over all aggregations. */
	unsigned long nr_checks;
	unsigned long now;
	unsigned int nr_bounds;
	/* Per run; UINT_MAX: never. */
	unsigned int *found_at;
	/* Over all jumps after the first 90 %. */
	unsigned int nr_jumps;
	unsigned int again;
	unsigned int nr_off;
};

/* Is the hot memory elsewhere now, and not just a little further? */
static bool jumps(const struct workload *w)
{
	return w->place == place_phase || w->place == place_stairs;
}

/* The regions are as they are reported. */
static void score_report(struct damon_ctx *ctx)
{
	struct run *run = container_of(ctx, struct run, m.ctx);
	const struct workload *w = run->w;
	struct score *s = run->score;
	struct counted c;
	double found;

	s->nr_bounds += run->m.t->nr_regions < ctx->min_nr_regions ||
		run->m.t->nr_regions > ctx->max_nr_regions;
	count_bytes(run, &c);
	found = recall(&c);
	if (jumps(w) && run->nr_placed != run->nr_placed_before &&
	    *run->found_at != UINT_MAX) {
		run->nr_placed_before = run->nr_placed;
		run->searching = true;
		s->nr_jumps++;
	}
	s->again += run->searching;
	run->nr_reports++;
	if (found >= .9) {
		run->searching = false;
		*run->found_at = min(*run->found_at, run->nr_reports);
	}
	if (run->nr_reports > w->nr_aggregations / 2) {
		s->recall += found;
		s->error += c.error / w->size;
		s->regions += run->m.t->nr_regions;
		s->nr_counted++;
	}
	if (run->nr_reports == w->nr_aggregations && w->max_edge_error)
		s->nr_off += edge_error(run) > w->max_edge_error;
}

static void score_run(const struct workload *w, unsigned int seed, struct score *s)
{
	struct run run;

	start(&run, w, seed);
	run.score = s;
	run.nr_placed_before = 1;
	run.found_at = &s->found_at[seed];
	*run.found_at = UINT_MAX;
	while (run.nr_reports < w->nr_aggregations) {
		while (run.m.ctx.nr_samples < nr_samples(&run)) {
			if (run.m.now >= run.next_place)
				place(&run);
			machine_sample(&run.m);
		}
		damon_aggregate(&run.m.ctx, score_report);
	}
	s->nr_checks += run.m.nr_checks;
	s->now += run.m.now;
	end(&run);
}

/* === Workloads === */

static const struct workload workloads[] = {
	{
		.name = "64 MiB of 1 GiB", .size = GiB,
		.place = place_spots, .nr = 1, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 30, .min_recall = .99, .max_found_at = 2,
		.max_edge_error = 4 * MiB,
	}, {
		.name = "2 x 64 MiB of 1 GiB", .size = GiB,
		.place = place_spots, .nr = 2, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 30, .min_recall = .99, .max_found_at = 2,
		.max_edge_error = 4 * MiB,
	}, {
		.name = "2 x 64 MiB, noise", .size = GiB,
		.place = place_spots, .nr = 2, .area = 64 * MiB, .rate = .95, .noise = .00005,
		.nr_aggregations = 60, .min_recall = .99, .max_edge_error = 4 * MiB,
	}, {
		.name = "2 MiB of 2 GiB", .size = 2 * GiB,
		.place = place_spots, .nr = 1, .area = 2 * MiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .97, .max_found_at = 5,
	}, {
		.name = "4 x 4 MiB of 1 GiB", .size = GiB,
		.place = place_spots, .nr = 4, .area = 4 * MiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .98, .max_found_at = 4,
	}, {
		.name = "32 x 2 MiB of 2 GiB", .size = 2 * GiB,
		.place = place_spots, .nr = 32, .area = 2 * MiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .98, .max_found_at = 6,
	}, {
		.name = "64 x 1 MiB of 2 GiB", .size = 2 * GiB,
		.place = place_spots, .nr = 64, .area = MiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .97, .max_found_at = 8,
	}, {
		.name = "512 MiB of 2 GiB, 1.5 %", .size = 2 * GiB,
		.place = place_spots, .nr = 1, .area = 512 * MiB, .rate = .015,
		.nr_aggregations = 60, .min_recall = .92,
	}, {
		.name = "128 MiB of 1 GiB, 30 %", .size = GiB,
		.place = place_spots, .nr = 1, .area = 128 * MiB, .rate = .3,
		.nr_aggregations = 60, .min_recall = .98, .max_found_at = 2,
	}, {
		.name = "gradient, 1 GiB", .size = GiB,
		.place = place_gradient, .nr = 8, .area = 128 * MiB, .rate = 1, .nr_hot = 4,
		.nr_aggregations = 60, .min_recall = .96,
	}, {
		.name = "stairs, 64 MiB of 1 GiB", .size = GiB,
		.place = place_stairs, .nr = 1, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 170, .min_recall = .95, .max_again = 1.7,
	}, {
		.name = "moving, 64 MiB of 1 GiB", .size = GiB,
		.place = place_moving, .nr = 1, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 170, .min_recall = .93,
	}, {
		.name = "phase, 2 x 64 MiB of 1 GiB", .size = GiB,
		.place = place_phase, .nr = 2, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 170, .min_recall = .95, .max_again = 1.7,
	}, {
		.name = "stairs, 2 samples each time", .size = GiB,
		.place = place_stairs, .nr = 1, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 1700, .nr_samples = 2, .min_recall = .95, .max_again = 8,
	}, {
		.name = "phase, 2 samples each time", .size = GiB,
		.place = place_phase, .nr = 2, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 1700, .nr_samples = 2, .min_recall = .95, .max_again = 8,
	}, {
		.name = "Zipf, 2 % of 1 GiB", .size = GiB,
		.place = place_zipf, .nr = 16384, .area = 64 * KiB, .nr_hot = 328,
		.nr_aggregations = 100, .min_recall = .12,
	}, {
		.name = "Zipf, 10 % of 1 GiB", .size = GiB,
		.place = place_zipf, .nr = 16384, .area = 64 * KiB, .nr_hot = 1638,
		.nr_aggregations = 100, .min_recall = .11,
	}, {
		.name = "sparse, 4 KiB of each 2 MiB", .size = GiB,
		.place = place_spots, .nr = 512, .area = 4 * KiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .01,
	}, {
		.name = "64 MiB of 256 GiB", .size = 256 * GiB,
		.place = place_spots, .nr = 1, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .97, .max_found_at = 9,
	}, {
		.name = "10 GiB of 5 TiB, 3.7 %", .size = 5 * TiB,
		.place = place_spots, .nr = 1, .area = 10 * GiB, .rate = .037,
		.nr_aggregations = 170, .min_recall = .40,
	}, {
		.name = "64 MiB of 5 TiB", .size = 5 * TiB,
		.place = place_spots, .nr = 1, .area = 64 * MiB, .rate = .95,
		.nr_aggregations = 170, .min_recall = .40,
	}, {
		.name = "16 MiB of 64 GiB, always 1000", .size = 64 * GiB, .nr_regions = 1000,
		.place = place_spots, .nr = 1, .area = 16 * MiB, .rate = .95,
		.nr_aggregations = 60, .min_recall = .9,
	}, {
		.name = "idle", .size = GiB, .place = place_spots,
		.nr_aggregations = 30,
	}, {
		.name = "uniform, 50 %", .size = GiB,
		.place = place_gradient, .nr = 1, .area = GiB, .rate = .5,
		.nr_aggregations = 30,
	},
};

static int cmp_uint(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool check_workload(const struct workload *w, unsigned int nr_seeds)
{
	struct score s = {};
	unsigned int i;
	bool ok;

	s.found_at = calloc(nr_seeds, sizeof(*s.found_at));
	if (!s.found_at)
		abort();
	for (i = 0; i < nr_seeds; i++)
		score_run(w, i, &s);
	/* Not found sorts behind all that were. */
	qsort(s.found_at, nr_seeds, sizeof(*s.found_at), cmp_uint);

	ok = s.recall / s.nr_counted >= w->min_recall && !s.nr_bounds &&
		s.nr_off * 50 <= nr_seeds &&
		(!w->max_found_at || s.found_at[nr_seeds / 2] <= w->max_found_at) &&
		(!w->max_again || s.again <= w->max_again * s.nr_jumps);
	printf("%-6s %-28s %6.3f %5.2f %7.4f %7.0f %8.0f ", ok ? "ok" : "not ok",
	       w->name, s.recall / s.nr_counted, w->min_recall,
	       s.error / s.nr_counted, s.regions / s.nr_counted,
	       s.nr_checks / (s.now * SAMPLE_US / 1e6));
	for (i = 1; i <= 9; i += 4) {
		unsigned int at = s.found_at[nr_seeds * i / 10];

		if (at == UINT_MAX)
			printf("   -");
		else
			printf(" %3u", at);
	}
	if (s.nr_jumps)
		printf(" %6.1f", (double)s.again / s.nr_jumps);
	else
		printf(" %6s", "-");
	printf(" %5u %6u\n", s.nr_off, s.nr_bounds);
	fflush(stdout);
	free(s.found_at);
	return ok;
}

void run_hot(unsigned int nr_seeds, const char *part, unsigned int *nr_passed,
	     unsigned int *nr_failed)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++) {
		if (!strstr(workloads[i].name, part))
			continue;
		if (!any)
			printf("%-6s %-28s %6s %5s %7s %7s %8s %12s %6s %5s %6s\n", "", "",
			       "recall", "least", "error", "regions", "checks/s",
			       "90 % after", "again", "edges", "bounds");
		any = true;
		if (check_workload(&workloads[i], nr_seeds))
			++*nr_passed;
		else
			++*nr_failed;
	}
}
