// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl record: reads the options and starts the recording.
 */
#include <argp.h>

#include "command.h"
#include "damonctl.h"
#include "recorder.h"
#include "target.h"
#include "units.h"

enum {
	KEY_SAMPLE = 256, KEY_AGGR, KEY_UPDATE, KEY_MIN, KEY_MAX, KEY_DURATION,
	KEY_PADDR, KEY_NODE, KEY_RANGE,
};

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE (damon.data)", 0 },
	{ "pid", 'p', "PID[,PID...]", 0, "Monitor processes that run already", 0 },
	{ "paddr", KEY_PADDR, NULL, 0,
	  "Monitor physical memory, whoever uses it", 0 },
	{ "node", KEY_NODE, "N", 0,
	  "Only that of NUMA node N; may be repeated, each is a target", 0 },
	{ "range", KEY_RANGE, "A-B", 0,
	  "Only these addresses, hexadecimal A-B or A+SIZE; may be repeated", 0 },
	{ "duration", KEY_DURATION, "TIME", 0,
	  "End after TIME, and with it the command that was started", 0 },
	{ "sample", KEY_SAMPLE, "TIME", 0,
	  "Look for accesses once in TIME (5ms)", 1 },
	{ "aggr", KEY_AGGR, "TIME", 0,
	  "Report accesses once in TIME (100ms)", 1 },
	{ "update", KEY_UPDATE, "TIME", 0,
	  "Follow changes of the mappings, or of what memory there is, once in "
	  "TIME (1s)", 1 },
	{ "min", KEY_MIN, "N", 0, "At least N regions (10)", 1 },
	{ "max", KEY_MAX, "N", 0,
	  "At most N regions (1000): bounds the cost", 1 },
	{ 0 },
};

static const char doc[] =
	"Monitor processes or physical memory, and write what is accessed to a "
	"recording.\n"
	"\n"
	"Monitoring a command starts with its first instruction and ends with the "
	"process; what that process forks is not monitored. With --paddr, the "
	"memory of the machine is monitored while the command runs, or without "
	"one until --duration or Ctrl-C. Ctrl-C ends the recording and keeps what "
	"there is of it."
	"\v"
	"Examples:\n"
	"  damonctl record -- sort -n numbers.txt\n"
	"  damonctl record -o db.data -p 4711,4712 --duration 30s\n"
	"  damonctl record --sample 1ms --aggr 20ms --max 2000 -- ./a.out\n"
	"  damonctl record -p 4711 --range 7f5a00000000+1G --duration 30s\n"
	"  damonctl record --paddr --node 1 --duration 1m\n"
	"\n"
	"Times take us, ms, s, m, h; a bare number is microseconds, except for "
	"--duration, which needs a unit. FILE.json beside FILE holds the "
	"intervals, the command and the names of addresses, for reports.\n"
	"Exit codes: 0 recorded, 1 failed, 2 wrong usage, 128+N ended by signal N. "
	"If the command fails, damonctl says so and still exits 0.";

static void parse_interval(struct argp_state *state, const char *name,
			   const char *arg, uint64_t *us)
{
	uint64_t ns;

	if (!parse_time(arg, NS_PER_US, &ns) || ns % NS_PER_US ||
	    ns / NS_PER_US > UINT32_MAX)
		argp_error(state, "--%s '%s' is no time in microseconds; write it as 5ms or 100us",
			   name, arg);
	*us = ns / NS_PER_US;
}

static void parse_count(struct argp_state *state, const char *name,
			const char *arg, uint64_t *nr)
{
	if (!parse_number(arg, UINT32_MAX, nr))
		argp_error(state, "--%s '%s' is no number", name, arg);
}

static void check_scope(struct argp_state *state, const struct record_options *opt)
{
	const struct scope *s = &opt->scope;
	size_t nr = record_nr_targets(opt);

	if (opt->pids && opt->command)
		argp_error(state, "give either -p or a command, not both");
	if (opt->pids && s->kind == SCOPE_PADDR)
		argp_error(state, "--paddr monitors the memory of all processes; leave out -p, or --paddr");
	if (!opt->pids && !opt->command && s->kind != SCOPE_PADDR)
		argp_error(state, "nothing to monitor: give -p PID, -- COMMAND or --paddr");
	if (s->nr_nodes && s->kind != SCOPE_PADDR)
		argp_error(state, "--node is of physical memory; give --paddr, too");
	if (s->nr_nodes > 1 && s->nr_ranges)
		argp_error(state, "a --range is of one node; give one --node with it, or none");
	if (s->nr_ranges)
		nr *= s->nr_ranges;
	if (nr > opt->attrs.max_regions)
		argp_error(state, "--max must be at least %zu, a region for each target and range",
			   nr);
}

static void check_options(struct argp_state *state, const struct record_options *opt)
{
	const struct attrs *a = &opt->attrs;

	check_scope(state, opt);
	if (!a->sample_us || a->sample_us > a->aggr_us)
		argp_error(state, "--sample must be above 0 and not above --aggr");
	if (a->min_regions < 3 || a->min_regions > a->max_regions)
		argp_error(state, "--min must be at least 3 and not above --max");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct record_options *opt = state->input;
	struct targets pids;
	const char *wrong;

	switch (key) {
	case 'o':
		if (!*arg)
			argp_error(state, "-o needs a name");
		opt->path = arg;
		return 0;
	case 'p':
		if (!targets_parse(&pids, arg))
			argp_error(state, "-p '%s' %s", arg, targets_wrong);
		opt->pids = arg;
		opt->nr_pids = pids.nr;
		return 0;
	case KEY_PADDR:
		opt->scope.kind = SCOPE_PADDR;
		return 0;
	case KEY_NODE:
		wrong = scope_add_node(&opt->scope, arg);
		if (wrong)
			argp_error(state, "--node '%s' %s", arg, wrong);
		return 0;
	case KEY_RANGE:
		wrong = scope_add_range(&opt->scope, arg);
		if (wrong)
			argp_error(state, "--range '%s' %s", arg, wrong);
		return 0;
	case KEY_DURATION:
		command_time(state, "duration", arg, &opt->duration_ns);
		return 0;
	case KEY_SAMPLE:
		parse_interval(state, "sample", arg, &opt->attrs.sample_us);
		return 0;
	case KEY_AGGR:
		parse_interval(state, "aggr", arg, &opt->attrs.aggr_us);
		return 0;
	case KEY_UPDATE:
		parse_interval(state, "update", arg, &opt->attrs.update_us);
		return 0;
	case KEY_MIN:
		parse_count(state, "min", arg, &opt->attrs.min_regions);
		return 0;
	case KEY_MAX:
		parse_count(state, "max", arg, &opt->attrs.max_regions);
		return 0;
	case ARGP_KEY_ARG:
		opt->command = command_line(state);
		return 0;
	case ARGP_KEY_END:
		if (opt->scope.kind == SCOPE_VADDR && opt->scope.nr_ranges)
			opt->scope.kind = SCOPE_FVADDR;
		check_options(state, opt);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_record(int argc, char **argv)
{
	static const struct argp argp = {
		argp_options, parse,
		"-p PID[,PID...]\n-- COMMAND [ARGUMENT...]\n--paddr [-- COMMAND [ARGUMENT...]]",
		doc, NULL, NULL, NULL,
	};
	struct record_options opt = {
		.path = "damon.data",
		.attrs = ATTRS_DEFAULT,
	};

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opt))
		return EXIT_FAILED;
	return record_run(&opt, NULL);
}
