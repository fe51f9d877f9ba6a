// SPDX-License-Identifier: GPL-2.0
/*
 * The scores as a table that compares the two monitors, and as JSON.
 */
#include <json-c/json.h>
#include <math.h>

#include "bench.h"

static const struct metric_info {
	const char *key, *title;
	double scale;
	int digits;
} metrics[NR_METRICS] = {
	[RECALL] = { "recall", "recall", 1, 3 },
	[RATE_ERROR] = { "rate_error", "rate err", 1, 5 },
	[RANK] = { "rank_correlation", "rank", 1, 2 },
	[FOUND] = { "aggregations_to_90_percent", "to 90%", 1, 1 },
	[RECOVERED] = { "aggregations_to_recover", "again", 1, 1 },
	[EDGE] = { "edge_error_pages", "edge", 1, 0 },
	[WRONGLY_COLD] = { "wrongly_cold", "cold %", 100, 2 },
	[WRONG_10] = { "wrongly_cold_10s", "wrong10", 1, 4 },
	[MISSED_10] = { "missed_10s", "missed10", 1, 3 },
	[REGIONS] = { "regions", "regions", 1, 0 },
	[CPU] = { "kdamond_share", "cpu %", 100, 2 },
	[INSNS] = { "instructions_per_region", "insns", 1, 0 },
	[LOCK] = { "longest_lock_ns", "lock us", .001, 1 },
	[SLOWDOWN] = { "slow_down", "slow %", 100, 2 },
};

/* NAN if the table shows the divisor as 0 */
static double ratio_of(const struct row *row, enum metric metric)
{
	double base = mean_of(row, BASE, metric).value;

	if (!(fabs(base) * metrics[metric].scale * pow(10, metrics[metric].digits) >= .5))
		return NAN;
	return mean_of(row, OURS, metric).value / base;
}

/* ---- The table ---- */

static void print_cell(FILE *f, const char *text)
{
	fprintf(f, " %8s", text);
}

static void print_line(FILE *f, const struct row *row, enum monitor monitor)
{
	char text[32];
	int i;

	fprintf(f, "%-12s %-5s", monitor == OURS ? row->scores->run->name : "",
		monitor_names[monitor]);
	for (i = 0; i < NR_METRICS; i++) {
		struct mean m = mean_of(row, monitor, i);

		if (m.n)
			snprintf(text, sizeof(text), "%s%.*f", m.never ? ">" : "",
				 metrics[i].digits, m.value * metrics[i].scale);
		print_cell(f, m.n ? text : "-");
	}
	fputc('\n', f);
}

static void print_ratios(FILE *f, const struct row *row)
{
	char text[32];
	int i;

	fprintf(f, "%-12s %-5s", "", "ratio");
	for (i = 0; i < NR_METRICS; i++) {
		double ratio = ratio_of(row, i);

		snprintf(text, sizeof(text), "%.*f", ratio < 10 ? 2 : 0, ratio);
		print_cell(f, isfinite(ratio) ? text : "-");
	}
	fputc('\n', f);
}

static void print_scores(FILE *f, const struct score *scores, size_t nr)
{
	struct row row = { 0 };
	int i;

	if (!nr)
		return;
	fprintf(f, "%-12s %-5s", "workload", "");
	for (i = 0; i < NR_METRICS; i++)
		print_cell(f, metrics[i].title);
	fputc('\n', f);
	while (next_row(&row, scores, nr)) {
		print_line(f, &row, OURS);
		print_line(f, &row, BASE);
		print_ratios(f, &row);
		if (mean_of(&row, SCAN, CPU).n)
			print_line(f, &row, SCAN);
	}
}

void print_table(FILE *f, const struct results *all)
{
	print_scores(f, all->scores, all->nr_scores);
	print_gains(f, all->gains, all->nr_gains);
}

bool write_table(const struct results *all, const char *path)
{
	FILE *f = fopen(path, "w");
	bool ok;

	if (!f)
		return false;
	print_table(f, all);
	ok = !ferror(f);
	return !fclose(f) && ok;
}

/* ---- JSON ---- */

static void add_number(struct json_object *to, const char *key, double value)
{
	char text[32];

	if (!isfinite(value))
		return;
	snprintf(text, sizeof(text), "%.6g", value);
	json_object_object_add(to, key, json_object_new_double_s(value, text));
}

static struct json_object *json_of_score(const struct score *s)
{
	struct json_object *o = json_object_new_object();
	struct json_object *recall = json_object_new_array();
	char text[16];
	size_t i;

	json_object_object_add(o, "seed", json_object_new_int64(s->run->seed));
	for (i = 0; i < NR_METRICS; i++)
		add_number(o, metrics[i].key, s->value[i]);
	json_object_object_add(o, "never_found", json_object_new_boolean(s->never[FOUND]));
	json_object_object_add(o, "never_recovered", json_object_new_boolean(s->never[RECOVERED]));
	add_number(o, "late_ticks", (double)s->run->late / s->run->ticks);
	for (i = 0; i < s->run->nr_snapshots && !isnan(s->recall[i]); i++) {
		snprintf(text, sizeof(text), "%.4f", s->recall[i]);
		json_object_array_add(recall, json_object_new_double_s(s->recall[i], text));
	}
	json_object_object_add(o, "recall_by_aggregation", recall);
	return o;
}

static struct json_object *json_of_row(const struct row *row)
{
	struct json_object *o = json_object_new_object();
	struct json_object *ratio = json_object_new_object();
	size_t i;
	int j, k;

	json_object_object_add(o, "workload", json_object_new_string(row->scores->run->name));
	json_object_object_add(o, "attrs", json_object_new_string(row->scores->run->attrs));
	for (j = 0; j < NR_MONITORS; j++) {
		struct json_object *monitor = json_object_new_object();
		struct json_object *mean = json_object_new_object();
		struct json_object *seeds = json_object_new_array();

		for (k = 0; k < NR_METRICS; k++)
			add_number(mean, metrics[k].key, mean_of(row, j, k).value);
		for (i = 0; i < row->nr; i++)
			if ((int)row->scores[i].run->monitor == j)
				json_object_array_add(seeds, json_of_score(&row->scores[i]));
		json_object_object_add(monitor, "mean", mean);
		json_object_object_add(monitor, "seeds", seeds);
		json_object_object_add(o, monitor_names[j], monitor);
	}
	for (k = 0; k < NR_METRICS; k++)
		add_number(ratio, metrics[k].key, ratio_of(row, k));
	json_object_object_add(o, "ratio", ratio);
	return o;
}

bool write_json(const struct results *results, const char *path)
{
	struct json_object *all = json_object_new_array();
	struct row row = { 0 };
	bool ok;

	while (next_row(&row, results->scores, results->nr_scores))
		json_object_array_add(all, json_of_row(&row));
	add_gains(all, results->gains, results->nr_gains);
	ok = !json_object_to_file_ext(path, all, JSON_C_TO_STRING_PRETTY |
				      JSON_C_TO_STRING_SPACED);
	json_object_put(all);
	return ok;
}
