// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report: reads the options and calls one of the reports.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "report.h"
#include "units.h"

struct options {
	struct view_options view;
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
		opt->view.path = arg;
		return 0;
	case KEY_JSON:
		opt->view.json = true;
		return 0;
	case KEY_TARGET:
		set_number(state, "target", arg, 0, UINT64_MAX, &opt->view.target);
		opt->view.has_target = true;
		return 0;
	case KEY_FROM:
		set_time(state, "from", arg, &opt->view.from_ns);
		return 0;
	case KEY_TO:
		set_time(state, "to", arg, &opt->view.to_ns);
		return 0;
	case KEY_RANGE:
		if (!parse_range(arg, &opt->view.lo, &opt->view.hi))
			argp_error(state, "--range '%s' is no range; write it as 7f00a000-7f00b000 or 7f00a000+64M",
				   arg);
		return 0;
	case KEY_FULL:
		set_number(state, "full", arg, 1, UINT32_MAX, &opt->view.full);
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
		if (opt->view.from_ns >= opt->view.to_ns)
			argp_error(state, "--from must be before --to");
		if (opt->view.json && opt->heatmap.svg)
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

static bool report(const struct kind *kind, const struct options *opt)
{
	struct view v;
	bool ok;

	if (!view_open(&v, &opt->view, kind->rates))
		return false;
	ok = kind->run(&v, opt);
	ok = finish_output() && ok;
	view_close(&v);
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
		.view = {
			.path = "damon.data", .to_ns = UINT64_MAX, .hi = UINT64_MAX,
		},
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
