// SPDX-License-Identifier: GPL-2.0
/*
 * What schemes saved, and what that cost the program: each variant of a row beside the one
 * without a monitor, of the same seed.
 */
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "bench.h"

static const char * const variant_names[NR_VARIANTS] = {
	[NONE] = "none",
	[ALWAYS] = "always",
	[BASE_SCHEME] = "base",
	[OUR_SCHEME] = "ours",
	[OUR_GOAL] = "goal",
};

static const struct gain_info {
	const char *key, *title;
	double scale;
	int digits;
} gains[NR_GAINS] = {
	[RESIDENT] = { "resident_bytes", "resident, MiB", 1. / (1 << 20), 1 },
	[SAVED] = { "saved", "saved, %", 100, 1 },
	[HUGE_PART] = { "huge_bytes", "used huge, MiB", 1. / (1 << 20), 1 },
	[TRIMMED] = { "waste_removed", "waste removed, %", 100, 1 },
	[KEPT] = { "gain_kept", "gain kept, %", 100, 1 },
	[ZRAM] = { "zram_bytes", "swap takes, MiB", 1. / (1 << 20), 1 },
	[SLOWED] = { "slow_down", "slow-down, %", 100, 2 },
	[STALLED] = { "stalled", "... but worker, %", 100, 2 },
	[FAULTS] = { "major_faults", "major faults", 1, 0 },
	[OUT] = { "given_up_bytes", "given up, MiB", 1. / (1 << 20), 1 },
	[BACK] = { "back", "came back, %", 100, 2 },
	[WRONG] = { "wrongly_cold", "wrongly cold, %", 100, 2 },
	[APPLIED] = { "applied_bytes", "applied, MiB", 1. / (1 << 20), 1 },
	[WORKER] = { "worker_share", "worker, %", 100, 2 },
	[WINDOW] = { "largest_window", "largest window, %", 100, 1 },
};

int variant_of(const char *name)
{
	int i;

	for (i = 0; i < NR_VARIANTS; i++)
		if (!strcmp(variant_names[i], name))
			return i;
	return -1;
}

/* ---- A run ---- */

/* In bytes; means over time, as samples may be late */
struct means {
	double resident, zram, huge;
};

static struct means means_of(const struct act *a)
{
	struct means m = { 0 };
	double ns = 0;
	size_t i;

	for (i = 0; i + 1 < a->nr_samples; i++) {
		double time = a->samples[i + 1].time - a->samples[i].time;

		m.resident += a->samples[i].resident * time * PAGE;
		m.zram += a->samples[i].zram * time;
		m.huge += a->samples[i].huge * time;
		ns += time;
	}
	return (struct means){ m.resident / ns, m.zram / ns, m.huge / ns };
}

static double wrong_of(const struct act *a)
{
	double given_up = 0, wrong = 0;
	size_t i;

	for (i = 0; i < a->nr_samples; i++) {
		given_up += a->samples[i].given_up;
		wrong += a->samples[i].wrong;
	}
	return given_up ? wrong / given_up : NAN;
}

/* The most bytes tried in a window, if one begins at @from */
static double largest_window(const struct act *a, uint64_t from)
{
	double largest = 0, sum = 0;
	uint64_t end = from;
	size_t i;

	for (i = 0; i < a->nr_tries; i++) {
		if (a->tries[i].time >= end) {
			while (a->tries[i].time >= end)
				end += a->window;
			sum = 0;
		}
		sum += a->tries[i].bytes;
		largest = fmax(largest, sum);
	}
	return largest;
}

/*
 * When windows begin is not told, so they are put where they look best, in steps of 1/20.
 * What is above the quota then has been above it.
 */
static double window_of(const struct act *a)
{
	double best = INFINITY;
	unsigned int i;

	if (!a->quota)
		return NAN;
	if (!a->nr_tries)
		return 0;
	for (i = 0; i < 20; i++)
		best = fmin(best, largest_window(a, a->tries[0].time - a->window / 20 * i));
	return best / a->quota;
}

struct gain gain_of(const struct run *r, const struct run *none, const struct run *always)
{
	const struct act *a = &r->act;
	struct gain g = { .run = r };
	struct means m = means_of(a), free_m, all_m;
	int i;

	for (i = 0; i < NR_GAINS; i++)
		g.value[i] = NAN;
	g.value[RESIDENT] = m.resident;
	g.value[ZRAM] = m.zram;
	g.value[FAULTS] = a->faults;
	g.value[OUT] = (double)a->out * PAGE;
	if (a->out)
		g.value[BACK] = (double)a->in / a->out;
	g.value[WRONG] = wrong_of(a);
	if (a->action)
		g.value[APPLIED] = a->applied;
	if (r->cpu)
		g.value[WORKER] = (double)r->cpu / (r->end - r->start);
	g.value[WINDOW] = window_of(a);
	if (!none)
		return g;
	free_m = means_of(&none->act);
	g.value[SAVED] = 1 - m.resident / free_m.resident;
	g.value[SLOWED] = 1 - (double)a->loops / a->busy /
			      ((double)none->act.loops / none->act.busy);
	/* On a machine with a processor that has nothing to do, that is all of it. */
	if (a->action && !a->rests)
		g.value[STALLED] = g.value[SLOWED] - g.value[WORKER];
	if (!always)
		return g;
	all_m = means_of(&always->act);
	g.value[SAVED] = NAN;
	g.value[HUGE_PART] = m.huge;
	g.value[TRIMMED] = (all_m.resident - m.resident) / (all_m.resident - free_m.resident);
	g.value[KEPT] = m.huge / all_m.huge;
	return g;
}

static const struct run *find_run(const struct run *runs, size_t nr, const struct run *like,
				  enum variant variant)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (runs[i].act.is && runs[i].act.variant == variant &&
		    runs[i].seed == like->seed && !strcmp(runs[i].name, like->name))
			return &runs[i];
	return NULL;
}

struct gain *gains_of(const struct run *runs, size_t nr, size_t *nr_gains)
{
	struct gain *g = get_memory(nr, sizeof(*g));
	size_t i;

	*nr_gains = 0;
	for (i = 0; i < nr; i++)
		if (runs[i].act.is)
			g[(*nr_gains)++] = gain_of(&runs[i], find_run(runs, nr, &runs[i], NONE),
						   find_run(runs, nr, &runs[i], ALWAYS));
	return g;
}

bool write_course(const struct run *r, const char *dir)
{
	char path[4096];
	bool ok;
	FILE *f;

	if (!r->act.course)
		return true;
	snprintf(path, sizeof(path), "%s/course-%s-%lu.txt", dir, r->name, r->seed);
	f = fopen(path, "w");
	ok = f && fputs(r->act.course, f) >= 0;
	return f && !fclose(f) && ok;
}

/* ---- Rows ---- */

/* The gains of one workload, which are next to each other */
struct gain_row {
	const struct gain *gains;
	size_t nr;
};

static bool next_gain_row(struct gain_row *row, const struct gain *from, size_t nr)
{
	const struct gain *g = row->gains ? row->gains + row->nr : from;

	row->gains = g;
	for (row->nr = 0; g + row->nr < from + nr; row->nr++)
		if (strcmp(g[row->nr].run->name, g->run->name))
			break;
	return row->nr;
}

static double mean_gain(const struct gain_row *row, enum variant variant, enum gain_metric metric)
{
	unsigned int n = 0;
	double sum = 0;
	size_t i;

	for (i = 0; i < row->nr; i++) {
		const struct gain *g = &row->gains[i];

		if (g->run->act.variant != variant || isnan(g->value[metric]))
			continue;
		sum += g->value[metric];
		n++;
	}
	return n ? sum / n : NAN;
}

/* ---- What is wanted ---- */

/* Slow-downs below it cannot be told from chance. */
#define NO_SLOW_DOWN	.001
/* Faults of pages that were given up when the program was elsewhere */
#define FEW_FAULTS	10

/* Returns NAN where nothing is wanted; @least: so much or more, else so much or less. */
static double wanted(const struct gain_row *row, enum gain_metric metric, bool *least)
{
	double base = mean_gain(row, BASE_SCHEME, metric);
	bool acts = !isnan(mean_gain(row, OUR_SCHEME, APPLIED));

	*least = metric == SAVED || metric == TRIMMED || metric == KEPT;
	switch (metric) {
	case SAVED:
		return base;
	case STALLED:
		return fmax(base / 2, NO_SLOW_DOWN);
	case TRIMMED:
		return .8;
	case KEPT:
		return .85;
	case SLOWED:
		return acts ? fmax(base / 2, NO_SLOW_DOWN) : .003;
	case FAULTS:
		return acts ? fmax(base / 10, FEW_FAULTS) : NAN;
	case WINDOW:
		return 1;
	default:
		return NAN;
	}
}

/* With nothing but the goal, 9/10 of what the best hand saves is enough. */
static bool is_reached(const struct gain_row *row, enum gain_metric metric, enum variant variant)
{
	bool least;
	double value = mean_gain(row, variant, metric), want = wanted(row, metric, &least);

	if (variant == OUR_GOAL && metric == SAVED)
		want = .9 * mean_gain(row, OUR_SCHEME, metric);
	if (isnan(value) || isnan(want))
		return true;
	return least ? value >= want : value <= want;
}

/* ---- The table ---- */

static void print_value(FILE *f, const struct gain_row *row, enum gain_metric metric,
			enum variant variant)
{
	double value = mean_gain(row, variant, metric);
	bool judged = variant == OUR_SCHEME || variant == OUR_GOAL;
	char text[32] = "-";

	if (!isnan(value))
		snprintf(text, sizeof(text), "%.*f", gains[metric].digits,
			 value * gains[metric].scale);
	fprintf(f, " %9s%c", text,
		judged && !is_reached(row, metric, variant) ? '!' : ' ');
}

static void print_wanted(FILE *f, const struct gain_row *row, enum gain_metric metric)
{
	bool least;
	double want = wanted(row, metric, &least);

	if (!isnan(want) && !isnan(mean_gain(row, OUR_SCHEME, metric)))
		fprintf(f, "  %s %.*f", least ? ">=" : "<=", gains[metric].digits,
			want * gains[metric].scale);
	fputc('\n', f);
}

static bool is_known(const struct gain_row *row, enum gain_metric metric)
{
	int i;

	for (i = 0; i < NR_VARIANTS; i++)
		if (!isnan(mean_gain(row, i, metric)))
			return true;
	return false;
}

void print_gains(FILE *f, const struct gain *from, size_t nr)
{
	struct gain_row row = { 0 };
	int i, j;

	if (!nr)
		return;
	fprintf(f, "\n%-13s %-18s", "schemes", "");
	for (j = 0; j < NR_VARIANTS; j++)
		fprintf(f, " %9s ", variant_names[j]);
	fprintf(f, "  wanted\n");
	while (next_gain_row(&row, from, nr)) {
		for (i = 0; i < NR_GAINS; i++) {
			if (!is_known(&row, i))
				continue;
			fprintf(f, "%-13s %-18s", i == RESIDENT ? row.gains->run->name : "",
				gains[i].title);
			for (j = 0; j < NR_VARIANTS; j++)
				print_value(f, &row, i, j);
			print_wanted(f, &row, i);
		}
	}
}

/* ---- JSON ---- */

static struct json_object *json_of_values(const struct gain_row *row, enum variant variant)
{
	struct json_object *o = json_object_new_object();
	char text[32];
	int i;

	for (i = 0; i < NR_GAINS; i++) {
		double value = mean_gain(row, variant, i);

		snprintf(text, sizeof(text), "%.6g", value);
		if (!isnan(value))
			json_object_object_add(o, gains[i].key,
					       json_object_new_double_s(value, text));
	}
	return o;
}

void add_gains(struct json_object *to, const struct gain *from, size_t nr)
{
	struct gain_row row = { 0 };
	int i;

	while (next_gain_row(&row, from, nr)) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "schemes",
				       json_object_new_string(row.gains->run->name));
		for (i = 0; i < NR_VARIANTS; i++)
			json_object_object_add(o, variant_names[i], json_of_values(&row, i));
		json_object_array_add(to, o);
	}
}
