// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report: reads the options, opens the recording and calls one of
 * the reports.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "report.h"

struct options {
	const char *path;
	bool json;
	bool has_target;
	uint64_t target;
	uint64_t from_ns, to_ns;
	uint64_t lo, hi;
	uint64_t full;
	struct hot_options hot;
	struct dist_options dist;
	struct heatmap_options heatmap;
};

enum {
	KEY_JSON = 256, KEY_TARGET, KEY_FROM, KEY_TO, KEY_RANGE, KEY_FULL,
	KEY_LAST, KEY_TOP, KEY_PERCENTILES, KEY_SVG, KEY_WIDTH, KEY_ROWS,
};

static const struct argp_option common_options[] = {
	{ "input", 'i', "FILE", 0, "Read FILE (damon.data)", 1 },
	{ "json", KEY_JSON, NULL, 0, "Write JSON", 1 },
	{ "target", KEY_TARGET, "N", 0, "Only this process or node", 1 },
	{ "from", KEY_FROM, "TIME", 0,
	  "Only from TIME after the start of the recording", 1 },
	{ "to", KEY_TO, "TIME", 0,
	  "Only to TIME after the start of the recording", 1 },
	{ "range", KEY_RANGE, "A-B", 0,
	  "Only these addresses: hexadecimal A-B, or A+SIZE", 1 },
	{ 0 },
};

static const struct argp_option full_option[] = {
	{ "full", KEY_FULL, "N", 0,
	  "Take N accesses per aggregation as 100 %", 1 },
	{ 0 },
};

static const struct argp_option heatmap_options[] = {
	{ "svg", KEY_SVG, "FILE", 0, "Write an SVG picture to FILE, too", 0 },
	{ "width", KEY_WIDTH, "N", 0,
	  "Columns (the terminal's, or COLUMNS, or 100)", 0 },
	{ "rows", KEY_ROWS, "N", 0, "At most N rows (40)", 0 },
	{ 0 },
};

static const struct argp_option hot_options[] = {
	{ "last", KEY_LAST, "N", 0,
	  "Take the mean of the last N snapshots (10)", 0 },
	{ "top", KEY_TOP, "N", 0, "Print at most N areas (20)", 0 },
	{ 0 },
};

static const struct argp_option dist_options[] = {
	{ "percentiles", KEY_PERCENTILES, "P[,P...]", 0,
	  "Print these percentiles (0,25,50,75,100)", 0 },
	{ 0 },
};

static void set_number(struct argp_state *state, const char *name,
		       const char *arg, uint64_t min, uint64_t max,
		       uint64_t *nr)
{
	if (!parse_number(arg, max, nr) || *nr < min)
		argp_error(state, "--%s '%s' is no number from %" PRIu64
			   " to %" PRIu64, name, arg, min, max);
}

static void set_time(struct argp_state *state, const char *name,
		     const char *arg, uint64_t *ns)
{
	if (!parse_time(arg, 0, ns))
		argp_error(state, "--%s '%s' is no time; write it as 10s or 1.5m",
			   name, arg);
}

static void set_percentiles(struct argp_state *state, const char *arg,
			    struct dist_options *opt)
{
	char *end;
	double p;

	for (opt->nr = 0; opt->nr < ARRAY_SIZE(opt->percentiles); arg = end + 1) {
		p = strtod(arg, &end);
		if (end == arg || !(p >= 0 && p <= 100))
			break;
		opt->percentiles[opt->nr++] = p;
		if (!*end)
			return;
		if (*end != ',')
			break;
	}
	argp_error(state, "--percentiles needs up to %zu numbers from 0 to 100, such as 0,50,99.9",
		   ARRAY_SIZE(opt->percentiles));
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opt = state->input;

	switch (key) {
	case 'i':
		opt->path = arg;
		return 0;
	case KEY_JSON:
		opt->json = true;
		return 0;
	case KEY_TARGET:
		set_number(state, "target", arg, 0, UINT64_MAX, &opt->target);
		opt->has_target = true;
		return 0;
	case KEY_FROM:
		set_time(state, "from", arg, &opt->from_ns);
		return 0;
	case KEY_TO:
		set_time(state, "to", arg, &opt->to_ns);
		return 0;
	case KEY_RANGE:
		if (!parse_range(arg, &opt->lo, &opt->hi))
			argp_error(state, "--range '%s' is no range; write it as 7f00a000-7f00b000 or 7f00a000+64M",
				   arg);
		return 0;
	case KEY_FULL:
		set_number(state, "full", arg, 1, UINT32_MAX, &opt->full);
		return 0;
	case KEY_LAST:
		set_number(state, "last", arg, 1, 10000, &opt->hot.nr_last);
		return 0;
	case KEY_TOP:
		set_number(state, "top", arg, 1, UINT32_MAX, &opt->hot.nr_top);
		return 0;
	case KEY_PERCENTILES:
		set_percentiles(state, arg, &opt->dist);
		return 0;
	case KEY_SVG:
		opt->heatmap.svg = arg;
		return 0;
	case KEY_WIDTH:
		set_number(state, "width", arg, MIN_WIDTH, MAX_WIDTH,
			   &opt->heatmap.width);
		return 0;
	case KEY_ROWS:
		set_number(state, "rows", arg, 1, 1000, &opt->heatmap.rows);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp common_argp = {
	.options = common_options, .parser = parse_option,
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opt = state->input;
	size_t i;

	switch (key) {
	case ARGP_KEY_INIT:
		for (i = 0; state->root_argp->children[i].argp; i++)
			state->child_inputs[i] = opt;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much; a recording is named with -i",
			   arg);
		return EINVAL;
	case ARGP_KEY_END:
		if (opt->from_ns >= opt->to_ns)
			argp_error(state, "--from must be before --to");
		if (opt->json && opt->heatmap.svg)
			argp_error(state, "give either --json or --svg");
		return 0;
	}
	return parse_option(key, arg, state);
}

static bool run_heatmap(const struct view *v, const struct options *opt)
{
	return report_heatmap(v, &opt->heatmap);
}

static bool run_hot(const struct view *v, const struct options *opt)
{
	return report_hot(v, &opt->hot);
}

static bool run_wss(const struct view *v, const struct options *opt)
{
	return report_wss(v, &opt->dist);
}

static bool run_regions(const struct view *v, const struct options *opt)
{
	return report_regions(v, &opt->dist);
}

static bool run_raw(const struct view *v,
		    const struct options *opt __attribute__((unused)))
{
	return report_raw(v);
}

#define EXAMPLES	"\vExamples:\n"

static const struct kind {
	const char *name;
	char *title;
	const struct argp_option *options;
	/* counts are shown as rates */
	bool rates;
	bool (*run)(const struct view *v, const struct options *opt);
	const char *doc;
} kinds[] = {
	{
		"heatmap", "damonctl report heatmap", heatmap_options, true,
		run_heatmap,
		"Show how often memory was accessed: time down, address across."
		EXAMPLES
		"  damonctl report heatmap\n"
		"  damonctl report heatmap --from 10s --to 20s --range 7f5a00000000+1G\n"
		"  damonctl report heatmap --svg heatmap.svg\n"
		"\n"
		"Gaps between areas of memory are cut out; where most memory was "
		"hardly ever accessed, its largest parts take no more than about a "
		"third of the width. Areas for which there is no room share a "
		"letter. Colour is used on a terminal unless NO_COLOR is set."
	}, {
		"hot", "damonctl report hot", hot_options, true, run_hot,
		"List the areas that were accessed most at the end."
		EXAMPLES
		"  damonctl report hot\n"
		"  damonctl report hot --to 12s --last 50\n"
		"\n"
		"The rate is the mean of the last snapshots. Neighbours within "
		"10 % of each other are one area. The age tells for how long "
		"the rate has been within 10 % of what it is."
	}, {
		"wss", "damonctl report wss", dist_options, false, run_wss,
		"Show the distribution of the working set size: of the mapped "
		"memory in regions with at least one access in an aggregation interval."
		EXAMPLES
		"  damonctl report wss\n"
		"  damonctl report wss --percentiles 50,90,99 --from 5s\n"
	}, {
		"regions", "damonctl report regions", dist_options, false,
		run_regions,
		"Show the distribution of the number of regions."
		EXAMPLES
		"  damonctl report regions\n"
	}, {
		"raw", "damonctl report raw", NULL, false, run_raw,
		"Print every region of every snapshot."
		EXAMPLES
		"  damonctl report raw | less\n"
		"  damonctl report raw --json --from 1s --to 2s\n"
	},
};

bool view_regions(const struct view *v, size_t snapshot, uint64_t target,
		  struct cursor *c)
{
	if (!rec_regions(&v->rec, snapshot, target, c))
		return false;
	c->lo = v->lo;
	c->hi = v->hi;
	return true;
}

uint64_t view_begin(const struct view *v, size_t snapshot)
{
	return snapshot ? v->rec.snapshots[snapshot - 1].time_ns : v->origin_ns;
}

const char *view_span(const struct view *v, char *buf, size_t len)
{
	uint64_t span = v->rec.snapshots[v->last - 1].time_ns -
			view_begin(v, v->first);
	char text[UNITS_LEN];

	int used;

	used = snprintf(buf, len, "%zu snapshot%s in %s", v->last - v->first,
			plural(v->last - v->first), format_time(span, text));
	if (v->meta.nr_missing)
		snprintf(buf + used, len - (size_t)used,
			 "; %" PRIu64 " of the whole recording %s lost",
			 v->meta.nr_missing, v->meta.nr_missing == 1 ? "was" : "were");
	return buf;
}

double view_rate(const struct view *v, uint32_t nr_accesses)
{
	return nr_accesses < v->full ? (double)nr_accesses / v->full : 1;
}

const char *view_target_name(const struct view *v, uint64_t target, char *buf,
			     size_t len)
{
	uint64_t i;

	if (v->meta.kind == SCOPE_PADDR)
		return view_target_id(v, target, buf, len);
	snprintf(buf, len, "pid %" PRIu64, target);
	for (i = 0; i < v->meta.nr_ids; i++) {
		if (v->meta.ids[i] == target)
			snprintf(buf, len, "%s (pid %" PRIu64 ")",
				 v->meta.names[i], target);
	}
	return buf;
}

const char *view_target_id(const struct view *v, uint64_t target, char *buf,
			   size_t len)
{
	if (v->meta.all_nodes)
		snprintf(buf, len, "physical memory");
	else
		snprintf(buf, len, "%s%" PRIu64,
			 v->meta.kind == SCOPE_PADDR ? "node " : "", target);
	return buf;
}

const char *view_target_key(const struct view *v)
{
	return v->meta.kind == SCOPE_PADDR ? "node" : "pid";
}

json_object *view_target_value(const struct view *v, uint64_t target)
{
	return v->meta.all_nodes ? NULL : json_object_new_uint64(target);
}

const struct names *view_names(const struct view *v, uint64_t target)
{
	const struct names *n;
	uint64_t i;

	for (i = 0; i < v->meta.nr_ids; i++) {
		n = meta_names(&v->meta, i);
		if (v->meta.ids[i] == target && n->nr)
			return n;
	}
	return NULL;
}

json_object *view_json(const struct view *v)
{
	json_object *obj = json_object_new_object();

	json_object_object_add(obj, "recording",
			       json_object_new_string(v->rec.path));
	json_object_object_add(obj, "aggr_ns",
			       json_object_new_uint64(v->aggr_ns));
	json_object_object_add(obj, "full_scale",
			       json_object_new_uint64(v->full));
	json_object_object_add(obj, "scale_known",
			       json_object_new_boolean(v->has_meta));
	json_object_object_add(obj, "lost_snapshots",
			       json_object_new_uint64(v->meta.nr_missing));
	return obj;
}

void print_json(json_object *obj)
{
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median_gap(const struct recording *rec)
{
	size_t nr = rec->nr_snapshots - 1, i;
	uint64_t *gaps, median;

	/* One snapshot has no gap; the default interval is as good as any. */
	if (!nr)
		return 100 * NS_PER_MS;
	gaps = must_alloc(nr, sizeof(*gaps));
	for (i = 0; i < nr; i++)
		gaps[i] = rec->snapshots[i + 1].time_ns -
			  rec->snapshots[i].time_ns;
	qsort(gaps, nr, sizeof(*gaps), compare_u64);
	median = gaps[nr / 2];
	free(gaps);
	return median ? median : 1;
}

static void set_scale(struct view *v, const struct options *opt, bool tell)
{
	uint64_t nominal;
	char buf[UNITS_LEN];

	if (v->has_meta) {
		v->aggr_ns = v->meta.attrs.aggr_us * NS_PER_US;
		nominal = v->meta.attrs.aggr_us / v->meta.attrs.sample_us;
		v->full = nominal < UINT32_MAX ? (uint32_t)nominal : UINT32_MAX;
	} else {
		v->aggr_ns = median_gap(&v->rec);
		v->full = v->rec.max_accesses ? v->rec.max_accesses : 1;
	}
	if (opt->full)
		v->full = (uint32_t)opt->full;
	if (!v->has_meta && tell)
		complain("no %s.json: taking %s, the median, as aggregation interval and %u accesses%s as 100 %%",
			 v->rec.path, format_time(v->aggr_ns, buf), v->full,
			 opt->full ? "" : ", the most seen,");
}

static bool set_window(struct view *v, const struct options *opt)
{
	const struct snapshot *s = v->rec.snapshots;
	uint64_t first_ns = s[0].time_ns;
	char span[UNITS_LEN];

	v->origin_ns = first_ns > v->aggr_ns ? first_ns - v->aggr_ns : 0;
	v->first = 0;
	while (v->first < v->rec.nr_snapshots &&
	       s[v->first].time_ns - v->origin_ns < opt->from_ns)
		v->first++;
	v->last = v->first;
	while (v->last < v->rec.nr_snapshots &&
	       s[v->last].time_ns - v->origin_ns <= opt->to_ns)
		v->last++;
	v->lo = opt->lo;
	v->hi = opt->hi;
	if (v->first < v->last)
		return true;
	complain("no snapshot is within --from and --to; the recording is %s long",
		 format_time(s[v->rec.nr_snapshots - 1].time_ns - v->origin_ns,
			     span));
	return false;
}

static bool set_targets(struct view *v, struct options *opt)
{
	size_t i;

	v->targets = v->rec.targets;
	v->nr_targets = v->rec.nr_targets;
	if (!v->nr_targets) {
		complain("%s has no target", v->rec.path);
		return false;
	}
	if (!opt->has_target)
		return true;
	for (i = 0; i < v->rec.nr_targets; i++) {
		if (v->rec.targets[i] == opt->target) {
			v->targets = &v->rec.targets[i];
			v->nr_targets = 1;
			return true;
		}
	}
	complain("%s has no %s %" PRIu64 "; its first is %" PRIu64, v->rec.path,
		 v->meta.kind == SCOPE_PADDR ? "node" : "target", opt->target,
		 v->rec.targets[0]);
	return false;
}

static bool report(const struct kind *kind, struct options *opt)
{
	struct view v = { .json = opt->json };
	bool ok = false;

	if (!rec_open(&v.rec, opt->path))
		return false;
	switch (meta_read(opt->path, v.rec.size, &v.meta)) {
	case META_FOUND:
		v.has_meta = true;
		break;
	case META_ABSENT:
		break;
	case META_BAD:
		goto out_close;
	}
	set_scale(&v, opt, kind->rates);
	ok = set_targets(&v, opt) && set_window(&v, opt) && kind->run(&v, opt);
	ok = finish_output() && ok;
	meta_free(&v.meta);
out_close:
	rec_close(&v.rec);
	return ok;
}

struct choice {
	struct options *opt;
	const struct kind *kind;
	int argc;
	char **argv;
};

static error_t parse_kind(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	size_t i;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = choice->opt;
		return 0;
	case ARGP_KEY_ARG:
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			if (strcmp(kinds[i].name, arg))
				continue;
			choice->kind = &kinds[i];
			choice->argc = state->argc - state->next + 1;
			choice->argv = state->argv + state->next - 1;
			state->next = state->argc;
			return 0;
		}
		argp_error(state, "'%s' is no report; heatmap, hot, wss, raw and regions are",
			   arg);
		return EINVAL;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which report: heatmap, hot, wss, raw or regions?");
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The options of all reports may also stand before the name of the report. */
static void choose_kind(int argc, char **argv, struct choice *choice)
{
	static const struct argp_child children[] = {
		{ &common_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		NULL, parse_kind, "heatmap|hot|wss|raw|regions [OPTION...]",
		"Show a recording.\n"
		"\n"
		"  heatmap   how often memory was accessed, over time and address\n"
		"  hot       the areas that were accessed most at the end\n"
		"  wss       distribution of the working set size\n"
		"  regions   distribution of the number of regions\n"
		"  raw       every region of every snapshot\n"
		"\v"
		"Examples:\n"
		"  damonctl report heatmap -i db.data --svg db.svg\n"
		"  damonctl report hot --json\n"
		"\n"
		"'damonctl report heatmap --help' and so on tell more.\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage.",
		children, NULL, NULL,
	};

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, choice);
}

int cmd_report(int argc, char **argv)
{
	struct options opt = {
		.path = "damon.data",
		.to_ns = UINT64_MAX,
		.hi = UINT64_MAX,
		.hot = { 10, 20 },
		.dist = { { 0, 25, 50, 75, 100 }, 5 },
		.heatmap = { .rows = 40 },
	};
	static const struct argp full = {
		.options = full_option, .parser = parse_option,
	};
	struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 }, { 0 } };
	struct argp argp = { .parser = parse, .children = children };
	struct choice choice = { .opt = &opt };

	choose_kind(argc, argv, &choice);
	if (choice.kind->rates)
		children[1] = (struct argp_child){ &full, 0, NULL, 0 };
	argp.options = choice.kind->options;
	argp.doc = choice.kind->doc;
	choice.argv[0] = choice.kind->title;
	if (argp_parse(&argp, choice.argc, choice.argv, 0, NULL, &opt))
		return EXIT_FAILED;
	return report(choice.kind, &opt) ? EXIT_OK : EXIT_FAILED;
}
