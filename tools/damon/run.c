// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl run: runs a command with a scheme on its memory, and tells what came of it.
 */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "damonctl.h"
#include "output.h"
#include "recorder.h"
#include "scheme_request.h"
#include "signals.h"
#include "target.h"
#include "units.h"
#include "usage.h"

/* How often the memory of the command is measured where no monitor is on. */
#define TICK_MS		100

/* What of the memory that is given up may come back; and the least age, without --cold. */
#define BACK_BP		100
#define LEAST_AGE_NS	(2 * NS_PER_SEC)
#define HUGE_SIZE	(UINT64_C(2) << 20)

struct run_options {
	struct record_options record;
	struct scheme_request request;
	/* the command is run without the scheme before */
	bool compare;
	const char *svg;
};

struct run {
	const struct run_options *opt;
	struct output svg;
	struct usage without;
	struct record_result with;
	/* the command was ended by us, in either run */
	bool cut_off;
};

static const char *run_name(const struct run *r)
{
	return r->opt->record.command[0];
}

/* The name without the path, for where there is little room. */
static const char *short_name(const struct run *r)
{
	const char *slash = strrchr(run_name(r), '/');

	return slash ? slash + 1 : run_name(r);
}

static bool saves(const struct run *r)
{
	return r->opt->request.action == SCHEME_PAGEOUT;
}

static const char *option_name(const struct run *r)
{
	return saves(r) ? "--save-memory" : "--huge-pages";
}

static uint64_t run_time(const struct usage *u)
{
	return u->end_ns - u->start_ns;
}

static double mean_with(const struct run *r)
{
	return usage_mean(&r->with.usage, USAGE_RESIDENT, UINT64_MAX);
}

/* What the command would have, were nothing given up: over the time of both runs. */
static double mean_without(const struct run *r)
{
	const struct usage *u = &r->with.usage;

	if (!r->opt->compare)
		return mean_with(r) + usage_mean(u, USAGE_SWAPPED, UINT64_MAX);
	return usage_mean(&r->without, USAGE_RESIDENT, r->cut_off ? run_time(u) : UINT64_MAX);
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static bool follow_plain(struct run *r, struct targets *t, struct signals *s)
{
	uint64_t duration = r->opt->record.duration_ns, left = UINT64_MAX, spent;
	struct usage *u = &r->without;

	usage_start(u);
	while (!targets_ended(t)) {
		if (s->got)
			return false;
		spent = now_ns() - u->start_ns;
		r->cut_off = duration && spent >= duration;
		if (r->cut_off)
			break;
		if (duration)
			left = (duration - spent) / NS_PER_MS + 1;
		signals_wait(s, t->fds[0], left < TICK_MS ? (int)left : TICK_MS);
		usage_measure(u, t->pids[0], 0);
	}
	usage_end(u);
	return true;
}

/* The command without scheme and monitor; the signal that ended that, or 0, or -1. */
static int run_plain(struct run *r)
{
	struct targets t = { 0 };
	struct signals s = { 0 };
	bool ok, ended;

	if (!signals_block(&s))
		return -1;
	ok = targets_start(&t, r->opt->record.command, &s.old_mask);
	if (ok) {
		ok = targets_release(&t) && follow_plain(r, &t, &s);
		ended = t.started && !targets_ended(&t);
		targets_end(&t, signals_for_command(&s));
		if (!ended)
			targets_tell_status(&t, run_name(r));
	}
	targets_close(&t);
	signals_unblock(&s);
	if (s.got)
		return s.got;
	return ok ? 0 : -1;
}

static void tell_time(const struct run *r)
{
	uint64_t with = run_time(&r->with.usage), without = run_time(&r->without);
	char text[UNITS_LEN];

	fprintf(stderr, "  ran      %s", format_time(with, text));
	/* Of a command that was ended, the time tells nothing. */
	if (r->opt->compare && r->cut_off)
		fprintf(stderr, "; without %s", format_time(without, text));
	else if (r->opt->compare)
		fprintf(stderr, ", %.1f%% %s than without, %s",
			fabs(percent((double)with - (double)without, (double)without)),
			with > without ? "longer" : "shorter", format_time(without, text));
	fputc('\n', stderr);
}

static void tell_memory(const struct run *r)
{
	const struct usage *u = &r->with.usage;
	double without = mean_without(r), saved = without - mean_with(r);
	char mean[UNITS_LEN], last[UNITS_LEN];

	if (!u->resident) {
		fputs("  memory   it ended too soon to tell\n", stderr);
		return;
	}
	fprintf(stderr, "  memory   %s as a mean, %s at the end",
		format_size((uint64_t)mean_with(r), mean), format_size(u->resident, last));
	if (r->opt->compare)
		fprintf(stderr, "; without %s, %s",
			format_size((uint64_t)without, mean),
			format_size(r->without.resident, last));
	fputc('\n', stderr);
	if (!saves(r))
		return;
	fprintf(stderr, "  saved    %s%s as a mean, %.0f%%%s\n", saved < 0 ? "-" : "",
		format_size((uint64_t)fabs(saved), mean), percent(saved, without),
		r->opt->compare ? "" : ": what was in swap");
}

static void tell_work(const struct run *r)
{
	const struct usage *u = &r->with.usage;
	const struct scheme_stats *st = &u->stats;
	char applied[UNITS_LEN], age[UNITS_LEN];

	fprintf(stderr, "  did      %s %s", format_size(st->size_applied, applied),
		saves(r) ? "was given up" : "was let have huge pages");
	if (r->opt->request.back_bp && st->min_age)
		fprintf(stderr, ", at an age of %s at the end",
			scheme_format_age(st->min_age, &r->opt->record.attrs, age));
	fputc('\n', stderr);
	if (!saves(r) || !st->size_applied)
		return;
	fputs("  back     ", stderr);
	if (st->size_checked)
		scheme_describe_back(stderr, st);
	else
		fputs("it ended too soon to tell", stderr);
	fputc('\n', stderr);
}

static void tell_cost(const struct run *r)
{
	const struct usage *u = &r->with.usage;
	char worker[UNITS_LEN], time[UNITS_LEN];

	fprintf(stderr, "  took     %s%s; the monitor had %s of CPU time, %.2g%% of a processor\n",
		format_time(u->stats.time_us * NS_PER_US, time),
		saves(r) ? " with waits for swap" : "", format_time(u->cpu_ns, worker),
		percent((double)u->cpu_ns, (double)run_time(u)));
}

static void tell(const struct run *r)
{
	fprintf(stderr, "%s with %s\n", short_name(r), option_name(r));
	tell_time(r);
	tell_memory(r);
	tell_work(r);
	tell_cost(r);
}

static void draw(const struct run *r)
{
	const struct usage *with = &r->with.usage;
	double mean = mean_with(r), without = mean_without(r);
	const struct usage_line compared[2] = {
		{ "without", &r->without, false },
		{ option_name(r), with, false },
	}, parts[2] = {
		{ "in RAM and in swap", with, true },
		{ "in RAM", with, false },
	};
	char title[128], means[128], m[2][UNITS_LEN];

	snprintf(title, sizeof(title), "%.80s: memory with %s", short_name(r), option_name(r));
	snprintf(means, sizeof(means), "%s as a mean, without %s (%+.0f%%)",
		 format_size((uint64_t)mean, m[0]), format_size((uint64_t)without, m[1]),
		 percent(mean - without, without));
	usage_svg(r->svg.f, title, means, r->opt->compare ? compared : parts);
}

/* The exit code. */
static int run_both(struct run *r)
{
	int rc;

	if (r->opt->compare) {
		rc = run_plain(r);
		if (rc > 0)
			complain("%s was ended before it was run with %s: there is nothing to compare",
				 run_name(r), option_name(r));
		if (rc)
			return rc > 0 ? 128 + rc : EXIT_FAILED;
	}
	rc = record_run(&r->opt->record, &r->with);
	if (!r->with.ran)
		return rc;
	r->cut_off |= rc > 128 || r->with.cut_off;
	tell(r);
	if (!r->opt->svg)
		return rc;
	draw(r);
	if (!output_finish(&r->svg) || !output_commit(&r->svg))
		return rc ? rc : EXIT_FAILED;
	return rc;
}

static int run(const struct run_options *opt)
{
	struct run r = { .opt = opt };
	int rc = EXIT_FAILED;

	/* What can fail does so before the command has run for hours. */
	if (!record_is_possible(&opt->record) ||
	    (opt->svg && !output_open(&r.svg, opt->svg, 0666)))
		return rc;
	rc = run_both(&r);
	output_close(&r.svg);
	return rc;
}

enum {
	KEY_SAVE_MEMORY = 256, KEY_HUGE_PAGES, KEY_COMPARE, KEY_SVG, KEY_RECORD, KEY_DURATION,
};

static const struct argp_option argp_options[] = {
	{ "save-memory", KEY_SAVE_MEMORY, NULL, 0,
	  "Give up what is not accessed: what has the age of --cold, or as much as comes "
	  "back to no more than the share of --back (1%)", 1 },
	{ "huge-pages", KEY_HUGE_PAGES, NULL, 0,
	  "Let regions of 2 MiB and more that are in use have huge pages", 1 },
	{ "compare", KEY_COMPARE, NULL, 0,
	  "Run the command twice: first without that, and without the monitor", 4 },
	{ "svg", KEY_SVG, "FILE", 0, "Draw its memory over time to FILE", 4 },
	{ "record", KEY_RECORD, "FILE", 0, "Record what it accesses to FILE, too", 4 },
	{ "duration", KEY_DURATION, "TIME", 0, "End the command after TIME", 4 },
	{ 0 },
};

static const char doc[] =
	"Run a command with less memory, or with huge pages where they are used.\n"
	"\n"
	"The monitor is on the process of the command from its first instruction to its "
	"end, and not on what that forks. Ctrl-C ends the command. Then it is told how "
	"much memory the process had, what was done with it, and what that cost."
	"\v"
	"Examples:\n"
	"  damonctl run --save-memory -- ./server\n"
	"  damonctl run --save-memory --cold 2m --max 50M/s -- ./server\n"
	"  damonctl run --save-memory --compare --svg memory.svg -- ./job\n"
	"  damonctl run --huge-pages -- ./simulation\n"
	"\n"
	"Memory is given up to swap, or to its file, and comes back when it is accessed. "
	"Without --cold, the kernel finds the age at which it is given up: of what was, no "
	"more than 1%, or the share of --back, shall be back within 10 seconds. It begins "
	"with a MiB, and doubles that each second while nothing comes back. "
	"What was saved is what the process had in swap, as a mean over time; with "
	"--compare, what it had less than without. "
	"Huge pages need 'madvise' in /sys/kernel/mm/transparent_hugepage/enabled.\n"
	"Exit codes: 0 done, 1 failed, 2 wrong usage, 128+N ended by signal N. "
	"If the command fails, damonctl says so and still exits 0.";

/* The action is chosen; this adds on which memory it is. */
static void choose_memory(struct argp_state *state, struct run_options *opt)
{
	struct scheme_request *r = &opt->request;

	switch (r->action) {
	case SCHEME_PAGEOUT:
		if (!r->age_by && !r->back_bp)
			r->back_bp = BACK_BP;
		scheme_request_fill(r, LEAST_AGE_NS);
		break;
	case SCHEME_HUGEPAGE:
		if (r->age_by)
			argp_error(state, "--cold is of --save-memory");
		if (r->back_bp)
			argp_error(state, "--back is of --save-memory");
		r->size.min = HUGE_SIZE;
		/* A count of 1 at least. */
		r->rate_permille.min = 1;
		r->age_ns.min = 2 * opt->record.attrs.aggr_us * NS_PER_US;
		break;
	default:
		argp_error(state, "give either --save-memory or --huge-pages");
	}
}

static void choose_action(struct argp_state *state, struct scheme_request *r,
			  enum scheme_action action)
{
	if (r->action != NR_SCHEME_ACTIONS && r->action != action)
		argp_error(state, "give either --save-memory or --huge-pages, not both");
	r->action = action;
}

static void set_path(struct argp_state *state, const char *name, const char *arg,
		     const char **path)
{
	if (!*arg)
		argp_error(state, "--%s needs the name of a file", name);
	*path = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->request;
		return 0;
	case KEY_SAVE_MEMORY:
		choose_action(state, &opt->request, SCHEME_PAGEOUT);
		return 0;
	case KEY_HUGE_PAGES:
		choose_action(state, &opt->request, SCHEME_HUGEPAGE);
		return 0;
	case KEY_COMPARE:
		opt->compare = true;
		return 0;
	case KEY_SVG:
		set_path(state, "svg", arg, &opt->svg);
		return 0;
	case KEY_RECORD:
		set_path(state, "record", arg, &opt->record.path);
		return 0;
	case KEY_DURATION:
		command_time(state, "duration", arg, &opt->record.duration_ns);
		return 0;
	case ARGP_KEY_ARG:
		opt->record.command = command_line(state);
		return 0;
	case ARGP_KEY_END:
		choose_memory(state, opt);
		if (!opt->record.command)
			argp_error(state, "nothing to run: give -- COMMAND");
		if (opt->svg && opt->record.path && !strcmp(opt->svg, opt->record.path))
			argp_error(state, "--svg and --record name one file; give two names");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_run(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &scheme_basic_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		argp_options, parse,
		"--save-memory|--huge-pages -- COMMAND [ARGUMENT...]",
		doc, children, NULL, NULL,
	};
	struct run_options opt = {
		.record = { .attrs = ATTRS_DEFAULT, .request = &opt.request },
		.request = SCHEME_REQUEST_ANY,
	};

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opt))
		return EXIT_FAILED;
	return run(&opt);
}
