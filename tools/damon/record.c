// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl record: monitors processes and writes what the kernel finds.
 *
 * What is changed is put back in the reverse order, on every way out:
 *
 *   lock, temporary file, command halted, tracing instance, settings, on
 *
 * Signals are blocked and read from a descriptor, so that none can come
 * between a change and its undoing.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "assemble.h"
#include "damonctl.h"
#include "debugfs.h"
#include "meta.h"
#include "output.h"
#include "target.h"
#include "trace.h"
#include "units.h"

/* How often events are fetched and the end is looked for. */
#define TICK_MS		100

/* How long freeing a large memory may take. */
#define AWAIT_MS	5000

struct options {
	const char *path;
	struct attrs attrs;
	uint64_t duration_ns;
	const char *pids;
	char **command;
};

struct record {
	const struct options *opt;
	struct debugfs debugfs;
	struct output data, json;
	struct targets targets;
	struct trace *trace;
	struct settings settings;
	struct assembler assembler;
	uint64_t ids[MAX_PIDS];
	char names[MAX_PIDS][META_NAME_LEN];
	int64_t start;
	uint64_t nr_lost;
	sigset_t old_mask;
	int signals;
	/* the signal that ended the recording, and whether to pass it on */
	int signal;
	bool pass_on;
};

enum { KEY_SAMPLE = 256, KEY_AGGR, KEY_UPDATE, KEY_MIN, KEY_MAX, KEY_DURATION };

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE (damon.data)", 0 },
	{ "pid", 'p', "PID[,PID...]", 0, "Monitor processes that run already", 0 },
	{ "duration", KEY_DURATION, "TIME", 0,
	  "End after TIME, and with it the command that was started", 0 },
	{ "sample", KEY_SAMPLE, "TIME", 0,
	  "Look for accesses once in TIME (5ms)", 1 },
	{ "aggr", KEY_AGGR, "TIME", 0,
	  "Report accesses once in TIME (100ms)", 1 },
	{ "update", KEY_UPDATE, "TIME", 0,
	  "Follow changes of the mappings once in TIME (1s)", 1 },
	{ "min", KEY_MIN, "N", 0, "At least N regions (10)", 1 },
	{ "max", KEY_MAX, "N", 0,
	  "At most N regions (1000): bounds the cost", 1 },
	{ 0 },
};

static const char doc[] =
	"Monitor processes and write what they access to a recording.\n"
	"\n"
	"Monitoring a command starts with its first instruction and ends with the "
	"process; what that process forks is not monitored. Ctrl-C ends the "
	"recording and keeps what there is of it."
	"\v"
	"Examples:\n"
	"  damonctl record -- sort -n numbers.txt\n"
	"  damonctl record -o db.data -p 4711,4712 --duration 30s\n"
	"  damonctl record --sample 1ms --aggr 20ms --max 2000 -- ./a.out\n"
	"\n"
	"Times take us, ms, s, m, h; a bare number is microseconds, except for "
	"--duration, which needs a unit. FILE.json beside FILE holds the "
	"intervals and the command, for reports.\n"
	"Exit codes: 0 recorded, 1 failed, 2 wrong usage, 128+N ended by signal N. "
	"A failure of the command is told, but is none of the recording.";

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

static void check_options(struct argp_state *state, const struct options *opt)
{
	const struct attrs *a = &opt->attrs;

	if (!opt->command == !opt->pids)
		argp_error(state, opt->pids ?
			   "give either -p or a command, not both" :
			   "nothing to monitor: give -p PID or -- COMMAND");
	if (!a->sample_us || a->sample_us > a->aggr_us)
		argp_error(state, "--sample must be above 0 and not above --aggr");
	if (a->min_regions < 3 || a->min_regions > a->max_regions)
		argp_error(state, "--min must be at least 3 and not above --max");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opt = state->input;
	struct targets unused;

	switch (key) {
	case 'o':
		if (!*arg)
			argp_error(state, "-o needs a name");
		opt->path = arg;
		return 0;
	case 'p':
		if (!targets_parse(&unused, arg))
			argp_error(state, "-p '%s' is no list of up to %d different pids, such as 12 or 12,34",
				   arg, MAX_PIDS);
		opt->pids = arg;
		return 0;
	case KEY_DURATION:
		if (!parse_time(arg, 0, &opt->duration_ns) || !opt->duration_ns)
			argp_error(state, "--duration '%s' is no time; write it as 10s or 5m",
				   arg);
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
		/* The command and all that follows; argv ends with NULL. */
		opt->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check_options(state, opt);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool block_signals(struct record *rec)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, &rec->old_mask);
	rec->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (rec->signals >= 0)
		return true;
	complain("cannot receive signals: %s", strerror(errno));
	return false;
}

/* Waits for the next tick, or less if a signal comes. */
static void wait_tick(struct record *rec, int timeout_ms)
{
	struct pollfd p = { .fd = rec->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&p, 1, timeout_ms) <= 0 ||
	    read(rec->signals, &info, sizeof(info)) != sizeof(info))
		return;
	rec->signal = (int)info.ssi_signo;
	/* What the terminal sends goes to all of its foreground already. */
	rec->pass_on = info.ssi_code != SI_KERNEL;
}

static bool monitor_is_free(struct record *rec)
{
	int on;

	if (!debugfs_lock(&rec->debugfs))
		return false;
	on = debugfs_is_on(&rec->debugfs);
	if (on > 0)
		complain("the monitor is on already; end it with: echo off > %s/monitor_on",
			 rec->debugfs.path);
	return !on;
}

static bool open_files(struct record *rec)
{
	char *path = meta_path(rec->opt->path);
	bool ok;

	if (!path) {
		complain("out of memory");
		return false;
	}
	/* For the owner only: they tell where a process has its memory. */
	ok = output_open(&rec->data, rec->opt->path, 0600) &&
	     output_open(&rec->json, path, 0600);
	free(path);
	if (ok)
		rec_write_header(rec->data.f);
	return ok;
}

static bool open_targets(struct record *rec)
{
	size_t i;

	if (rec->opt->pids) {
		targets_parse(&rec->targets, rec->opt->pids);
		if (!targets_open(&rec->targets))
			return false;
	} else if (!targets_start(&rec->targets, rec->opt->command,
				  &rec->old_mask)) {
		return false;
	}
	for (i = 0; i < rec->targets.nr; i++)
		rec->ids[i] = (uint64_t)rec->targets.pids[i];
	return true;
}

/* The name changes with exec, as behind env or a shell: the last one counts. */
static void note_names(struct record *rec)
{
	char name[META_NAME_LEN];
	size_t i;

	for (i = 0; i < rec->targets.nr; i++) {
		process_name(rec->targets.pids[i], name);
		if (!rec->names[i][0] || strcmp(name, "?"))
			memcpy(rec->names[i], name, sizeof(name));
	}
}

/* Turns the monitor on and lets a halted command go. */
static bool begin(struct record *rec)
{
	pid_t worker;

	if (!debugfs_turn_on(&rec->debugfs))
		return false;
	worker = debugfs_worker(&rec->debugfs, NULL);
	if (worker < 0 || (worker && !trace_follow(rec->trace, worker)) ||
	    !targets_release(&rec->targets)) {
		debugfs_turn_off(&rec->debugfs);
		return false;
	}
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static bool drain(struct record *rec, bool all)
{
	if (!trace_drain(rec->trace, all, assembler_add, &rec->assembler))
		return false;
	if (all)
		assembler_finish(&rec->assembler);
	if (rec->assembler.no_memory) {
		complain("out of memory");
		return false;
	}
	/* The reason is told when the file is finished. */
	return !ferror(rec->data.f);
}

/*
 * The monitor ended, usually with the memory of its targets, which is a moment
 * before they have ended themselves and tell their status.
 */
static bool await_targets(struct record *rec)
{
	int left;

	for (left = AWAIT_MS; left > 0; left -= TICK_MS) {
		if (rec->signal || targets_ended(&rec->targets))
			return true;
		wait_tick(rec, TICK_MS);
	}
	complain("the monitor was turned off by someone else; what was recorded is kept");
	return true;
}

/* Until the targets end, the time is over or a signal comes. */
static bool follow(struct record *rec)
{
	uint64_t end = UINT64_MAX, now = now_ns(), left;
	int on;

	if (rec->opt->duration_ns < UINT64_MAX - now && rec->opt->duration_ns)
		end = now + rec->opt->duration_ns;
	while (now < end) {
		left = (end - now) / NS_PER_MS + 1;
		wait_tick(rec, left < TICK_MS ? (int)left : TICK_MS);
		if (rec->signal)
			return true;
		note_names(rec);
		if (!drain(rec, false))
			return false;
		/* Before asking the monitor, which notices it later. */
		if (targets_ended(&rec->targets))
			return true;
		on = debugfs_is_on(&rec->debugfs);
		if (on < 0)
			return false;
		if (!on)
			return await_targets(rec);
		now = now_ns();
	}
	return true;
}

static bool monitor(struct record *rec)
{
	bool ok;

	if (!begin(rec))
		return false;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "Recording; Ctrl-C ends it.\n");
	ok = follow(rec);
	ok = debugfs_turn_off(&rec->debugfs) && ok;
	/* The worker has ended: all of its events are there. */
	ok = ok && drain(rec, true);
	rec->nr_lost = trace_lost(rec->trace);
	return ok;
}

static bool configure_and_monitor(struct record *rec)
{
	bool ok;

	if (!debugfs_save(&rec->debugfs, &rec->settings))
		return false;
	ok = debugfs_set_targets(&rec->debugfs, rec->targets.pids,
				 rec->targets.nr) &&
	     debugfs_set_attrs(&rec->debugfs, &rec->opt->attrs);
	if (ok) {
		rec->start = time(NULL);
		note_names(rec);
		ok = monitor(rec);
	}
	ok = debugfs_restore(&rec->debugfs, &rec->settings) && ok;
	debugfs_free_settings(&rec->settings);
	return ok;
}

static bool write_meta(struct record *rec)
{
	struct meta meta = {
		.attrs = rec->opt->attrs,
		.size = (uint64_t)ftello(rec->data.f),
		.nr_snapshots = rec->assembler.nr_snapshots,
		.nr_lost = rec->nr_lost,
		.start = rec->start,
		.command = rec->opt->command,
		.pids = rec->ids,
		.names = rec->names,
		.nr_pids = rec->targets.nr,
	};

	if (meta_write(rec->json.f, &meta))
		return true;
	complain("out of memory");
	return false;
}

static bool keep(struct record *rec)
{
	if (!rec->assembler.nr_snapshots) {
		complain("nothing was recorded: it ended within one aggregation interval; try a shorter --aggr");
		return false;
	}
	/* A companion without its recording would mislead, so it comes last. */
	return output_finish(&rec->data) && write_meta(rec) &&
	       output_finish(&rec->json) && output_commit(&rec->data) &&
	       output_commit(&rec->json);
}

static void tell_result(const struct record *rec, uint64_t size)
{
	const struct assembler *as = &rec->assembler;
	char bytes[UNITS_LEN], span[UNITS_LEN];

	fprintf(stderr, "%s: %" PRIu64 " snapshots over %s, %s\n",
		rec->opt->path, as->nr_snapshots,
		format_time(as->last_ns - as->first_ns, span),
		format_size(size, bytes));
	if (rec->nr_lost || as->nr_broken)
		complain("%" PRIu64 " events were lost and %" PRIu64 " snapshots left out; use a longer --aggr or a smaller --max",
			 rec->nr_lost, as->nr_broken);
}

static void tell_command(const struct record *rec)
{
	int status = rec->targets.status;
	const char *name;

	if (!rec->opt->command)
		return;
	name = rec->opt->command[0];
	if (WIFSIGNALED(status))
		complain("%s was ended by signal %d (%s)", name,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		complain("%s ended with status %d", name, WEXITSTATUS(status));
}

/*
 * Whether the command is ended by us: then how it ended is no news. A command
 * that hit the same signal of the terminal may be a moment behind.
 */
static bool end_command(struct record *rec)
{
	bool alive = rec->targets.started && !targets_ended(&rec->targets);
	int sig = SIGTERM;

	if (rec->signal)
		sig = rec->pass_on ? rec->signal : 0;
	targets_end(&rec->targets, sig);
	return alive;
}

static bool run(struct record *rec)
{
	bool ok, ended;
	uint64_t size;

	ok = assembler_init(&rec->assembler, rec->data.f, rec->ids,
			    (uint32_t)rec->targets.nr);
	if (!ok)
		complain("out of memory");
	ok = ok && configure_and_monitor(rec);
	ended = end_command(rec);
	size = (uint64_t)ftello(rec->data.f);
	/* A full disk stops the recording; here it gets its name. */
	if (!ok && ferror(rec->data.f))
		output_finish(&rec->data);
	ok = ok && keep(rec);
	if (ok)
		tell_result(rec, size);
	if (!ended)
		tell_command(rec);
	return ok;
}

static bool record(struct record *rec)
{
	bool ok = false;

	if (!debugfs_open(&rec->debugfs))
		return false;
	if (monitor_is_free(rec) && block_signals(rec) && open_files(rec)) {
		rec->trace = trace_open();
		ok = rec->trace && open_targets(rec) && run(rec);
	}
	assembler_fini(&rec->assembler);
	targets_close(&rec->targets);
	if (rec->trace)
		trace_close(rec->trace);
	output_close(&rec->json);
	output_close(&rec->data);
	debugfs_close(&rec->debugfs);
	return ok;
}

int cmd_record(int argc, char **argv)
{
	static const struct argp argp = {
		argp_options, parse, "-p PID[,PID...]\n-- COMMAND [ARGUMENT...]",
		doc, NULL, NULL, NULL,
	};
	struct options opt = {
		.path = "damon.data",
		.attrs = { 5000, 100000, 1000000, 10, 1000 },
	};
	struct record rec = { .opt = &opt, .signals = -1 };
	bool ok;

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opt))
		return EXIT_FAILED;
	ok = record(&rec);
	if (rec.signal)
		return 128 + rec.signal;
	return ok ? EXIT_OK : EXIT_FAILED;
}
