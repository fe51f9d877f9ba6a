// SPDX-License-Identifier: GPL-2.0
/*
 * bench-score DIR FILE...: scores the runs in the files, prints the table that
 * compares the two monitors, and writes the table, bench.json and plots to DIR.
 */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
	[REGIONS] = { "regions", "regions", 1, 0 },
	[CPU] = { "kdamond_share", "cpu %", 100, 2 },
	[INSNS] = { "instructions_per_region", "insns", 1, 0 },
	[LOCK] = { "longest_lock_ns", "lock us", .001, 1 },
	[SLOWDOWN] = { "slow_down", "slow %", 100, 2 },
};

struct mean mean_of(const struct row *row, enum monitor monitor, enum metric metric)
{
	struct mean m = { 0 };
	size_t i;

	for (i = 0; i < row->nr; i++) {
		const struct score *s = &row->scores[i];

		if (s->run->monitor != monitor || isnan(s->value[metric]))
			continue;
		m.value += s->value[metric];
		m.never |= s->never[metric];
		m.n++;
	}
	m.value = m.n ? m.value / m.n : NAN;
	return m;
}

/* NAN if the table shows the divisor as 0 */
static double ratio_of(const struct row *row, enum metric metric)
{
	double base = mean_of(row, BASE, metric).value;

	if (!(fabs(base) * metrics[metric].scale * pow(10, metrics[metric].digits) >= .5))
		return NAN;
	return mean_of(row, OURS, metric).value / base;
}

/* The next row after *@row, which starts as all 0; false at the end. */
bool next_row(struct row *row, const struct score *scores, size_t nr)
{
	const struct score *s = row->scores ? row->scores + row->nr : scores;

	row->scores = s;
	for (row->nr = 0; s + row->nr < scores + nr; row->nr++)
		if (strcmp(s[row->nr].run->name, s->run->name))
			break;
	return row->nr;
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

static void print_table(FILE *f, const struct score *scores, size_t nr)
{
	struct row row = { 0 };
	int i;

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

static bool write_json(const struct score *scores, size_t nr, const char *path)
{
	struct json_object *all = json_object_new_array();
	struct row row = { 0 };
	bool ok;

	while (next_row(&row, scores, nr))
		json_object_array_add(all, json_of_row(&row));
	ok = !json_object_to_file_ext(path, all, JSON_C_TO_STRING_PRETTY |
				      JSON_C_TO_STRING_SPACED);
	json_object_put(all);
	return ok;
}

/* ---- */

static const char *in_dir(const char *dir, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static bool write_table(const struct score *scores, size_t nr, const char *path)
{
	FILE *f = fopen(path, "w");
	bool ok;

	if (!f)
		return false;
	print_table(f, scores, nr);
	ok = !ferror(f);
	return !fclose(f) && ok;
}

int main(int argc, char **argv)
{
	size_t nr = argc > 2 ? argc - 2 : 0, i;
	struct score *scores = get_memory(nr, sizeof(*scores));
	struct run *runs = get_memory(nr, sizeof(*runs));

	if (!nr) {
		fprintf(stderr, "Usage: %s DIR FILE...\n", argv[0]);
		return 2;
	}
	for (i = 0; i < nr; i++) {
		if (!run_load(&runs[i], argv[i + 2]))
			return 1;
		scores[i] = score_run(&runs[i]);
	}
	print_table(stdout, scores, nr);
	if (!write_table(scores, nr, in_dir(argv[1], "table.txt")) ||
	    !write_json(scores, nr, in_dir(argv[1], "bench.json")) ||
	    !plot(scores, nr, argv[1])) {
		fprintf(stderr, "cannot write to %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
