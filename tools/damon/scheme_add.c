// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl scheme add: reads the options, adds a scheme and turns the monitor on.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "debugfs.h"
#include "scheme_cmd.h"
#include "scheme_request.h"
#include "scope.h"
#include "target.h"
#include "units.h"

enum { KEY_PADDR = 256 };

/* Of memory that is given up by what comes back of it, and has no least age else. */
#define LEAST_AGE_NS	NS_PER_SEC

static const struct argp_option argp_options[] = {
	{ NULL, 0, NULL, 0, "Whose memory, if not that of the targets which are set:", 4 },
	{ "pid", 'p', "PID[,PID...]", 0, "That of processes that run already", 4 },
	{ "paddr", KEY_PADDR, NULL, 0, "Physical memory, whoever uses it", 4 },
	{ 0 },
};

static const char doc[] =
	"Have the kernel act on memory that is used in some way.\n"
	"\n"
	"The scheme is added to those that there are, and the monitor is turned on and "
	"left on; it ends with the processes, or by 'damonctl scheme clear'. Its "
	"intervals stay as they are."
	"\v"
	"Examples:\n"
	"  damonctl scheme add --pageout --back 1% -p 4711\n"
	"  damonctl scheme add --pageout --cold 30s -p 4711\n"
	"  damonctl scheme add --pageout --cold 2m --max 100M/s --below 20% --paddr\n"
	"  damonctl scheme add --hugepage --hot 50% --for 10s --size 2M- -p 4711\n"
	"  damonctl scheme add --stat --rate 0-20% --age 10s-1m -p 4711\n"
	"\n"
	"Actions on processes: all but --lru-prio and --lru-deprio; on physical memory: "
	"--pageout, --stat, --lru-prio and --lru-deprio. A rate is the share of samples "
	"that found an access; times need a unit. With --back the kernel finds the age at "
	"which memory is given up, by what of it comes back, and begins with a MiB a "
	"second. Where a limit does not suffice, the memory that was cold for longest, or "
	"is hottest, has its turn first.\n"
	"Exit codes: 0 added, 1 failed, 2 wrong usage.";

struct add_options {
	struct scheme_request request;
	struct targets targets;
	bool paddr;
};

static void check_targets(struct argp_state *state, const struct add_options *opt)
{
	const struct scheme_action_kind *action = &scheme_actions[opt->request.action];

	if (opt->targets.nr && opt->paddr)
		argp_error(state, "give either -p or --paddr, not both");
	if (opt->targets.nr && !action->process)
		argp_error(state, "%s is of physical memory; give --paddr", action->name);
	if (opt->paddr && !action->physical)
		argp_error(state, "%s is of processes; give -p PID", action->name);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct add_options *opt = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opt->request;
		state->child_inputs[1] = &opt->request;
		return 0;
	case 'p':
		if (!targets_parse(&opt->targets, arg))
			argp_error(state, "-p '%s' %s", arg, targets_wrong);
		return 0;
	case KEY_PADDR:
		opt->paddr = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much; processes are named with -p", arg);
		return EINVAL;
	case ARGP_KEY_END:
		scheme_request_check(state, &opt->request);
		check_targets(state, opt);
		if (opt->request.back_bp)
			scheme_request_fill(&opt->request, LEAST_AGE_NS);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Processes have to be there, so that a wrong pid is told in our words. */
static bool set_targets(const struct debugfs *d, struct add_options *opt)
{
	struct scope scope = { .kind = opt->paddr ? SCOPE_PADDR : SCOPE_VADDR };
	char *text;
	bool ok;

	if (!opt->targets.nr && !opt->paddr)
		return true;
	if (!targets_open(&opt->targets))
		return false;
	text = scope_targets(&scope, opt->targets.pids, opt->targets.nr);
	if (!text)
		complain("out of memory");
	ok = text && debugfs_write(d, "target_ids", text);
	free(text);
	return ok;
}

static bool set_scheme(const struct debugfs *d, const struct settings *old,
		       const struct scheme *s, uint64_t goal_bp)
{
	char *schemes = scheme_append(old->schemes, s);
	char *goals = scheme_append_goal(old->goals, scheme_count(old->schemes), goal_bp);
	bool ok = schemes && goals;

	if (!ok)
		complain("out of memory");
	ok = ok && debugfs_set_schemes(d, schemes, goals);
	free(schemes);
	free(goals);
	return ok;
}

static bool add_to(const struct debugfs *d, struct add_options *opt)
{
	uint64_t goal_bp = opt->request.back_bp;
	struct settings old;
	struct scheme s;
	struct attrs a;
	bool ok;

	if (!debugfs_attrs(d, NULL, &a) || !scheme_request_make(&opt->request, &a, &s) ||
	    !debugfs_save(d, &old))
		return false;
	ok = set_targets(d, opt) &&
	     set_scheme(d, &old, &s, goal_bp) && debugfs_turn_on(d);
	if (ok) {
		scheme_describe(stdout, &s, goal_bp, &a);
		putchar('\n');
		scheme_request_warn(&opt->request);
	} else {
		debugfs_restore(d, &old);
	}
	debugfs_free_settings(&old);
	return ok;
}

static bool add(struct add_options *opt)
{
	struct debugfs d;
	bool ok;

	if (!debugfs_open(&d))
		return false;
	ok = debugfs_needs_schemes(&d) && (!opt->request.back_bp || debugfs_needs_goals(&d)) &&
	     debugfs_take(&d) && add_to(&d, opt);
	targets_close(&opt->targets);
	debugfs_close(&d);
	return finish_output() && ok;
}

int scheme_add(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &scheme_basic_argp, 0, NULL, 0 }, { &scheme_full_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		argp_options, parse, "ACTION -p PID[,PID...]\nACTION --paddr", doc,
		children, NULL, NULL,
	};
	struct add_options opt = { .request = SCHEME_REQUEST_ANY };

	if (argp_parse(&argp, argc, argv, 0, NULL, &opt))
		return EXIT_FAILED;
	return add(&opt) ? EXIT_OK : EXIT_FAILED;
}
