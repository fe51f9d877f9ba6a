// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl scheme list: what the schemes do, what they did, and what that cost.
 */
#include <argp.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "debugfs.h"
#include "process.h"
#include "scheme_cmd.h"
#include "scheme.h"
#include "units.h"
#include "view.h"

static void print_stats(const struct scheme_stats *st, bool on)
{
	char tried[UNITS_LEN], applied[UNITS_LEN], time[UNITS_LEN];

	if (on && !st->active)
		printf("  waits    free memory is not in its range\n");
	printf("  did      %s of the %s that was tried, in %" PRIu64 " of %" PRIu64
	       " area%s\n",
	       format_size(st->size_applied, applied), format_size(st->size_tried, tried),
	       st->nr_applied, st->nr_tried, plural(st->nr_tried));
	if (st->nr_full)
		printf("  limit    reached %" PRIu64 " time%s\n", st->nr_full,
		       plural(st->nr_full));
	printf("  took     %s\n", format_time(st->time_us * NS_PER_US, time));
	if (st->size_checked) {
		fputs("  back     ", stdout);
		scheme_describe_back(stdout, st);
		putchar('\n');
	}
}

static json_object *limit_json(uint64_t value, bool limited)
{
	return limited ? json_object_new_uint64(value) : NULL;
}

static json_object *share_json(uint64_t part, uint64_t whole)
{
	return json_object_new_double((double)part / (double)whole);
}

static void add_settings(json_object *o, const struct scheme *s, uint64_t goal_bp,
			 const struct attrs *a)
{
	uint64_t aggr_ns = a->aggr_us * NS_PER_US, full = attrs_full_scale(a);
	bool waits = s->wmark_metric == SCHEME_WMARK_FREE;

	json_object_object_add(o, "action",
			       json_object_new_string(scheme_actions[s->action].name));
	json_object_object_add(o, "min_bytes", json_object_new_uint64(s->min_size));
	json_object_object_add(o, "max_bytes",
			       limit_json(s->max_size, s->max_size != SCHEME_NO_LIMIT));
	json_object_object_add(o, "min_rate", share_json(s->min_accesses, full));
	json_object_object_add(o, "max_rate",
			       share_json(s->max_accesses < full ? s->max_accesses : full, full));
	json_object_object_add(o, "min_age_ns", json_object_new_uint64(s->min_age * aggr_ns));
	json_object_object_add(o, "max_age_ns",
			       limit_json(s->max_age * aggr_ns, s->max_age != SCHEME_NO_LIMIT));
	json_object_object_add(o, "back_goal", goal_bp ? share_json(goal_bp, 10000) : NULL);
	json_object_object_add(o, "window_ns",
			       json_object_new_uint64(s->window_ms * NS_PER_MS));
	json_object_object_add(o, "window_bytes", limit_json(s->quota_size, s->quota_size));
	json_object_object_add(o, "window_elapsed_ns",
			       limit_json(s->quota_ms * NS_PER_MS, s->quota_ms));
	json_object_object_add(o, "rate_weight", json_object_new_uint64(s->weight_accesses));
	json_object_object_add(o, "age_weight", json_object_new_uint64(s->weight_age));
	json_object_object_add(o, "free_low", waits ? share_json(s->wmark_low, 1000) : NULL);
	json_object_object_add(o, "free_mid", waits ? share_json(s->wmark_mid, 1000) : NULL);
	json_object_object_add(o, "free_high", waits ? share_json(s->wmark_high, 1000) : NULL);
}

static void add_stats(json_object *o, const struct scheme_stats *st, const struct attrs *a)
{
	json_object_object_add(o, "active", json_object_new_boolean(st->active));
	json_object_object_add(o, "age_ns",
			       limit_json(st->min_age * a->aggr_us * NS_PER_US, st->min_age));
	json_object_object_add(o, "areas_tried", json_object_new_uint64(st->nr_tried));
	json_object_object_add(o, "bytes_tried", json_object_new_uint64(st->size_tried));
	json_object_object_add(o, "areas_applied", json_object_new_uint64(st->nr_applied));
	json_object_object_add(o, "bytes_applied", json_object_new_uint64(st->size_applied));
	json_object_object_add(o, "windows_full", json_object_new_uint64(st->nr_full));
	json_object_object_add(o, "elapsed_ns", json_object_new_uint64(st->time_us * NS_PER_US));
	json_object_object_add(o, "bytes_checked", json_object_new_uint64(st->size_checked));
	json_object_object_add(o, "bytes_back", json_object_new_uint64(st->size_back));
}

/* What the kernel tells, and how. */
struct listing {
	struct attrs attrs;
	bool on;
	/* of the worker, if the monitor is on */
	uint64_t cpu_ns;
	char *rows, *goals, *stats;
	json_object *list;
};

static void add_scheme(struct listing *l, uint64_t nr, const struct scheme *s)
{
	struct scheme_stats st;
	bool ran = scheme_parse_stats(l->stats, nr, &st);
	uint64_t goal_bp = scheme_goal(l->goals, nr);
	char age[UNITS_LEN];
	json_object *o;

	if (l->list) {
		o = json_object_new_object();
		add_settings(o, s, goal_bp, &l->attrs);
		add_stats(o, &st, &l->attrs);
		json_object_array_add(l->list, o);
		return;
	}
	printf("scheme %" PRIu64 "\n  does     ", nr);
	scheme_describe(stdout, s, goal_bp, &l->attrs);
	putchar('\n');
	/* Without a goal, the age is told above. */
	if (goal_bp && st.min_age)
		printf("  age      %s or more, set by the kernel\n",
		       scheme_format_age(st.min_age, &l->attrs, age));
	if (ran)
		print_stats(&st, l->on);
}

static bool add_schemes(struct listing *l)
{
	char *row, *save;
	uint64_t nr = 0;
	struct scheme s;

	for (row = strtok_r(l->rows, "\n", &save); row; row = strtok_r(NULL, "\n", &save)) {
		if (!scheme_parse(row, &s)) {
			complain("cannot understand the scheme '%s'", row);
			return false;
		}
		add_scheme(l, nr++, &s);
	}
	if (!nr && !l->list)
		printf("no scheme\n");
	return true;
}

static void print_list_json(struct listing *l)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "on", json_object_new_boolean(l->on));
	json_object_object_add(root, "cpu_ns", limit_json(l->cpu_ns, l->on));
	json_object_object_add(root, "schemes", l->list);
	print_json(root);
}

static bool read_listing(const struct debugfs *d, struct listing *l)
{
	struct process p;
	pid_t worker;
	int on;

	if (!debugfs_needs_schemes(d) || !debugfs_attrs(d, NULL, &l->attrs))
		return false;
	on = debugfs_is_on(d);
	if (on < 0)
		return false;
	l->on = on;
	worker = debugfs_worker(d, NULL);
	if (worker < 0)
		return false;
	if (worker && process_read(worker, &p))
		l->cpu_ns = p.cpu_ns;
	l->rows = debugfs_read(d, NULL, "schemes");
	if (l->rows)
		l->goals = debugfs_read_goals(d);
	if (l->goals)
		l->stats = debugfs_read(d, NULL, "scheme_stats");
	return l->stats;
}

static bool list(bool json)
{
	struct listing l = { 0 };
	char cpu[UNITS_LEN];
	struct debugfs d;
	bool ok;

	if (!debugfs_open(&d))
		return false;
	ok = read_listing(&d, &l);
	if (ok && json)
		l.list = json_object_new_array();
	else if (ok && l.on)
		printf("monitor on, %s of CPU time so far\n", format_time(l.cpu_ns, cpu));
	else if (ok)
		printf("monitor off\n");
	ok = ok && add_schemes(&l);
	if (ok && json)
		print_list_json(&l);
	else
		json_object_put(l.list);
	free(l.rows);
	free(l.goals);
	free(l.stats);
	debugfs_close(&d);
	return finish_output() && ok;
}

enum { KEY_JSON = 256 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case KEY_JSON:
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much; list takes no argument", arg);
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

int scheme_list(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{ "json", KEY_JSON, NULL, 0, "Write JSON", 0 }, { 0 },
	};
	static const struct argp argp = {
		argp_options, parse, NULL,
		"Tell what the schemes do, what they have done since the monitor was "
		"turned on, and what that cost."
		"\v"
		"Examples:\n"
		"  damonctl scheme list\n"
		"  watch -n1 damonctl scheme list\n"
		"\n"
		"Areas, which are neighbouring regions that match, and bytes count each time "
		"that the scheme worked on them. What that took is elapsed time, with waits "
		"for the swap device. Of memory of processes that was given up, some pages "
		"are looked for during 10 seconds: those that are in memory again were given "
		"up in vain. With --back, the age at which memory is given up follows from "
		"that.\n"
		"Exit codes: 0 told, 1 failed, 2 wrong usage.",
		NULL, NULL, NULL,
	};
	bool json = false;

	if (argp_parse(&argp, argc, argv, 0, NULL, &json))
		return EXIT_FAILED;
	return list(json) ? EXIT_OK : EXIT_FAILED;
}
