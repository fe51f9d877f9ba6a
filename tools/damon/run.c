// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl run: runs a command with a scheme on its memory, and tells what came of it.
 *
 * What is changed is put back in the reverse order, on every way out:
 *
 *   lock, command halted, settings, on
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "damonctl.h"
#include "debugfs.h"
#include "process.h"
#include "scheme_request.h"
#include "scope.h"
#include "signals.h"
#include "target.h"
#include "units.h"

/* How often the memory of the command is measured. */
#define TICK_MS		200

/* What of the memory that is given up may come back; and the least age, without --cold. */
#define BACK_BP		100
#define LEAST_AGE_NS	(2 * NS_PER_SEC)
#define HUGE_SIZE	(UINT64_C(2) << 20)

static const struct attrs attrs = ATTRS_DEFAULT;

struct run_options {
	struct scheme_request request;
	char **command;
};

struct run {
	const struct run_options *opt;
	struct debugfs debugfs;
	struct targets targets;
	struct signals signals;
	struct settings settings;
	struct scheme_stats stats;
	pid_t worker;
	/* of the worker, when it was last seen */
	uint64_t cpu_ns;
	uint64_t start_ns, end_ns;
	/* the sum of all measurements, how many they are, and the last one */
	uint64_t resident_sum, nr_resident, resident;
};

static bool configure(struct run *r)
{
	const struct scope scope = { .kind = SCOPE_VADDR };
	struct settings s = { 0 };
	struct scheme scheme;
	bool ok;

	if (!scheme_request_make(&r->opt->request, &attrs, &scheme))
		return false;
	s.attrs = debugfs_print_attrs(&attrs);
	s.target_ids = scope_targets(&scope, r->targets.pids, r->targets.nr);
	s.init_regions = scope_regions(&scope, r->targets.nr);
	s.schemes = scheme_append("", &scheme);
	s.goals = scheme_append_goal("", 0, r->opt->request.back_bp);
	ok = s.attrs && s.target_ids && s.init_regions && s.schemes && s.goals;
	if (!ok)
		complain("out of memory");
	ok = ok && debugfs_set(&r->debugfs, &s);
	debugfs_free_settings(&s);
	return ok;
}

static void measure(struct run *r)
{
	uint64_t resident = process_resident(r->targets.pids[0]);
	struct process worker;

	if (resident) {
		r->resident_sum += resident;
		r->nr_resident++;
		r->resident = resident;
	}
	if (r->worker && process_read(r->worker, &worker))
		r->cpu_ns = worker.cpu_ns;
}

/* The monitor ends with the command, or is turned off: the command goes on then. */
static void follow(struct run *r)
{
	while (!r->signals.got && !targets_ended(&r->targets)) {
		signals_wait(&r->signals, r->targets.fds[0], TICK_MS);
		measure(r);
	}
}

static bool read_stats(struct run *r)
{
	char *text = debugfs_read(&r->debugfs, NULL, "scheme_stats");
	bool ok = text && scheme_parse_stats(text, 0, &r->stats);

	if (text && !ok)
		complain("the kernel does not tell what it did; was a setting of the monitor changed?");
	free(text);
	return ok;
}

static bool monitor(struct run *r)
{
	bool ok;

	if (!debugfs_turn_on(&r->debugfs))
		return false;
	r->worker = debugfs_worker(&r->debugfs, NULL);
	ok = r->worker >= 0 && targets_release(&r->targets);
	r->start_ns = now_ns();
	if (ok)
		follow(r);
	r->end_ns = now_ns();
	ok = debugfs_turn_off(&r->debugfs) && ok;
	return ok && read_stats(r);
}

static bool configure_and_monitor(struct run *r)
{
	bool ok;

	if (!debugfs_save(&r->debugfs, &r->settings))
		return false;
	ok = configure(r) && monitor(r);
	ok = debugfs_restore(&r->debugfs, &r->settings) && ok;
	debugfs_free_settings(&r->settings);
	return ok;
}

static void tell_memory(const struct run *r)
{
	char elapsed[UNITS_LEN], mean[UNITS_LEN], last[UNITS_LEN];

	fprintf(stderr, "%s: %s", r->opt->command[0],
		format_time(r->end_ns - r->start_ns, elapsed));
	if (r->nr_resident)
		fprintf(stderr, ", %s of memory as a mean, %s at the end",
			format_size(r->resident_sum / r->nr_resident, mean),
			format_size(r->resident, last));
	fputc('\n', stderr);
}

static void tell_scheme(const struct run *r)
{
	bool saves = r->opt->request.action == SCHEME_PAGEOUT;
	char applied[UNITS_LEN], age[UNITS_LEN], worker[UNITS_LEN], time[UNITS_LEN];

	fprintf(stderr, "%s %s", format_size(r->stats.size_applied, applied),
		saves ? "was given up" : "was let have huge pages");
	if (r->opt->request.back_bp && r->stats.min_age)
		fprintf(stderr, " at an age of %s at the end",
			scheme_format_age(r->stats.min_age, &attrs, age));
	if (r->stats.size_checked) {
		fputs("; ", stderr);
		scheme_describe_back(stderr, &r->stats);
	} else if (saves && r->stats.size_applied) {
		fputs("; it ended too soon to tell what came back", stderr);
	}
	fprintf(stderr, "\nthat took %s; the monitor had %s of CPU time\n",
		format_time(r->stats.time_us * NS_PER_US, time),
		format_time(r->cpu_ns, worker));
}

static bool run(struct run *r)
{
	const char *name = r->opt->command[0];
	bool ok, ended;

	if (!targets_start(&r->targets, r->opt->command, &r->signals.old_mask))
		return false;
	scheme_request_warn(&r->opt->request);
	ok = configure_and_monitor(r);
	/* The status of a command that is ended by us is no news. */
	ended = r->targets.started && !targets_ended(&r->targets);
	targets_end(&r->targets, signals_for_command(&r->signals));
	if (ok) {
		tell_memory(r);
		tell_scheme(r);
	}
	if (r->targets.forked)
		complain("%s started other processes, which were left alone; use 'damonctl scheme add' for them",
			 name);
	if (!ended)
		targets_tell_status(&r->targets, name);
	return ok;
}

static int run_command(const struct run_options *opt)
{
	struct run r = { .opt = opt };
	bool ok;

	if (!debugfs_open(&r.debugfs))
		return EXIT_FAILED;
	ok = debugfs_needs_schemes(&r.debugfs) &&
	     (!opt->request.back_bp || debugfs_needs_goals(&r.debugfs)) &&
	     debugfs_take(&r.debugfs) && signals_block(&r.signals) && run(&r);
	targets_close(&r.targets);
	debugfs_close(&r.debugfs);
	if (r.signals.got)
		return 128 + r.signals.got;
	return ok ? EXIT_OK : EXIT_FAILED;
}

enum { KEY_SAVE_MEMORY = 256, KEY_HUGE_PAGES };

static const struct argp_option argp_options[] = {
	{ "save-memory", KEY_SAVE_MEMORY, NULL, 0,
	  "Give up what is not accessed: what has the age of --cold, or as much as comes "
	  "back to no more than the share of --back (1%)", 1 },
	{ "huge-pages", KEY_HUGE_PAGES, NULL, 0,
	  "Let regions of 2 MiB and more that are in use have huge pages", 1 },
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
	"  damonctl run --huge-pages -- ./simulation\n"
	"\n"
	"Memory is given up to swap, or to its file, and comes back when it is accessed. "
	"Without --cold, the kernel finds the age at which it is given up: of what was, no "
	"more than 1%, or the share of --back, shall be back within 10 seconds. "
	"Huge pages need 'madvise' in /sys/kernel/mm/transparent_hugepage/enabled.\n"
	"Exit codes: 0 done, 1 failed, 2 wrong usage, 128+N ended by signal N. "
	"If the command fails, damonctl says so and still exits 0.";

/* The action is chosen; this adds on which memory it is. */
static void choose_memory(struct argp_state *state, struct scheme_request *r)
{
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
		r->age_ns.min = 2 * attrs.aggr_us * NS_PER_US;
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

static error_t parse(int key, char *arg __attribute__((unused)), struct argp_state *state)
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
	case ARGP_KEY_ARG:
		/* The command and all that follows; argv ends with NULL. */
		opt->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		choose_memory(state, &opt->request);
		if (!opt->command)
			argp_error(state, "nothing to run: give -- COMMAND");
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
	struct run_options opt = { .request = SCHEME_REQUEST_ANY };

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opt))
		return EXIT_FAILED;
	return run_command(&opt);
}
