// SPDX-License-Identifier: GPL-2.0
/*
 * Monitors processes or physical memory, writes what the kernel finds, and has a scheme
 * act on it.
 *
 * What is changed is put back in the reverse order, on every way out:
 *
 *   lock, temporary file, tracing instance, command halted, settings, on
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "assemble.h"
#include "damonctl.h"
#include "debugfs.h"
#include "meta.h"
#include "notes.h"
#include "output.h"
#include "recorder.h"
#include "scheme.h"
#include "scheme_request.h"
#include "signals.h"
#include "target.h"
#include "trace.h"
#include "units.h"
#include "usage.h"

/* How often events are fetched and the end is looked for. */
#define TICK_MS		100

/* How long freeing a large memory may take. */
#define AWAIT_MS	5000

struct record {
	const struct record_options *opt;
	struct record_result *result;
	struct debugfs debugfs;
	struct output data, json;
	struct targets targets;
	struct trace *trace;
	struct settings settings;
	struct assembler assembler;
	/* pids or nodes of the targets, as they stand in the recording */
	uint64_t ids[MAX_TARGETS];
	size_t nr_ids;
	struct notes notes;
	int64_t start;
	uint64_t nr_lost;
	struct signals signals;
	pid_t worker;
	/* the time of --duration was over first */
	bool cut_off;
};

size_t record_nr_targets(const struct record_options *opt)
{
	size_t nr = opt->scope.kind == SCOPE_PADDR ? opt->scope.nr_nodes : opt->nr_pids;

	return nr ? nr : 1;
}

static bool open_recording(struct record *rec)
{
	char *path;
	bool ok;

	if (!rec->opt->path)
		return true;
	path = meta_path(rec->opt->path);
	if (!path) {
		complain("out of memory");
		return false;
	}
	/* For the owner only: the files tell where a process has its memory. */
	ok = output_open(&rec->data, rec->opt->path, 0600) &&
	     output_open(&rec->json, path, 0600);
	free(path);
	if (!ok)
		return false;
	rec_write_header(rec->data.f);
	rec->trace = trace_open();
	return rec->trace;
}

static bool open_targets(struct record *rec)
{
	const struct scope *scope = &rec->opt->scope;
	size_t i;

	if (rec->opt->pids) {
		targets_parse(&rec->targets, rec->opt->pids);
		if (!targets_open(&rec->targets))
			return false;
	} else if (rec->opt->command) {
		if (!targets_start(&rec->targets, rec->opt->command,
				   &rec->signals.old_mask))
			return false;
	}
	rec->nr_ids = record_nr_targets(rec->opt);
	for (i = 0; i < rec->nr_ids; i++) {
		if (scope->kind != SCOPE_PADDR)
			rec->ids[i] = (uint64_t)rec->targets.pids[i];
		else
			rec->ids[i] = scope->nr_nodes ? scope->nodes[i] : REC_ALL_NODES;
	}
	return true;
}

/* Turns the monitor on and lets a halted command go. */
static bool begin(struct record *rec)
{
	if (!debugfs_turn_on(&rec->debugfs))
		return false;
	rec->worker = debugfs_worker(&rec->debugfs, NULL);
	if (rec->worker < 0 ||
	    (rec->worker && rec->trace && !trace_follow(rec->trace, rec->worker)) ||
	    !targets_release(&rec->targets)) {
		debugfs_turn_off(&rec->debugfs);
		return false;
	}
	if (rec->result)
		usage_start(&rec->result->usage);
	return true;
}

static void measure(struct record *rec)
{
	if (rec->result)
		usage_measure(&rec->result->usage, rec->targets.pids[0], rec->worker);
}

static void take_notes(struct record *rec)
{
	if (rec->trace)
		notes_take(&rec->notes, &rec->targets, rec->opt->scope.kind);
}

static void take_notes_in_time(struct record *rec)
{
	if (rec->trace)
		notes_take_in_time(&rec->notes, &rec->targets, rec->opt->scope.kind);
}

static bool drain(struct record *rec, bool all)
{
	if (!rec->trace)
		return true;
	if (!trace_drain(rec->trace, all, assembler_add, &rec->assembler))
		return false;
	if (all)
		assembler_finish(&rec->assembler);
	if (rec->assembler.no_memory) {
		complain("out of memory");
		return false;
	}
	/* Why writing failed is told when the file is finished. */
	return !ferror(rec->data.f);
}

/*
 * The monitor ended, usually with the memory of its targets. The memory of a
 * process goes a moment before the process has ended and tells its status.
 */
static bool await_targets(struct record *rec)
{
	int left = rec->targets.nr ? AWAIT_MS : 0;

	for (; left > 0; left -= TICK_MS) {
		if (rec->signals.got || targets_ended(&rec->targets))
			return true;
		signals_wait(&rec->signals, -1, TICK_MS);
	}
	complain("the monitor was turned off by someone else; what was recorded is kept");
	return true;
}

/* Until the targets end, the time is over or a signal comes. */
static bool follow(struct record *rec)
{
	uint64_t end = UINT64_MAX, now = now_ns(), left;
	int on, fd = rec->targets.nr == 1 ? rec->targets.fds[0] : -1;

	if (rec->opt->duration_ns < UINT64_MAX - now && rec->opt->duration_ns)
		end = now + rec->opt->duration_ns;
	while (now < end) {
		left = (end - now) / NS_PER_MS + 1;
		signals_wait(&rec->signals, fd, left < TICK_MS ? (int)left : TICK_MS);
		if (rec->signals.got)
			return true;
		measure(rec);
		take_notes_in_time(rec);
		if (!drain(rec, false))
			return false;
		/* The monitor is asked later, as it notices the end later. */
		if (targets_ended(&rec->targets))
			return true;
		now = now_ns();
		/* A command goes on without its scheme, if someone else ends that. */
		if (rec->opt->request)
			continue;
		on = debugfs_is_on(&rec->debugfs);
		if (on < 0)
			return false;
		if (!on)
			return await_targets(rec);
	}
	rec->cut_off = true;
	return true;
}

static bool read_stats(struct record *rec)
{
	char *text;
	bool ok;

	if (!rec->opt->request)
		return true;
	text = debugfs_read(&rec->debugfs, NULL, "scheme_stats");
	ok = text && scheme_parse_stats(text, 0, &rec->result->usage.stats);
	if (text && !ok)
		complain("the kernel does not tell what it did; was a setting of the monitor changed?");
	free(text);
	return ok;
}

static bool monitor(struct record *rec)
{
	bool ok;

	if (!begin(rec))
		return false;
	if (rec->trace && isatty(STDERR_FILENO))
		fprintf(stderr, "Recording; Ctrl-C ends it.\n");
	ok = follow(rec);
	if (rec->result)
		usage_end(&rec->result->usage);
	ok = debugfs_turn_off(&rec->debugfs) && ok;
	ok = read_stats(rec) && ok;
	if (rec->result)
		rec->result->ran = ok;
	/* Not while the monitor is on, as a note may take long. */
	take_notes(rec);
	/* The worker has ended, so all of its events are there. */
	ok = ok && drain(rec, true);
	if (rec->trace)
		rec->nr_lost = trace_lost(rec->trace);
	return ok;
}

/* Adds the rows of the scheme, if there is one. */
static bool add_scheme(const struct record_options *opt, struct settings *s)
{
	struct scheme scheme;

	if (!opt->request)
		return true;
	if (!scheme_request_make(opt->request, &opt->attrs, &scheme))
		return false;
	s->schemes = scheme_append("", &scheme);
	s->goals = scheme_append_goal("", 0, opt->request->back_bp);
	if (s->schemes && s->goals)
		return true;
	complain("out of memory");
	return false;
}

static bool configure(struct record *rec)
{
	const struct scope *scope = &rec->opt->scope;
	struct settings s = {
		.attrs = debugfs_print_attrs(&rec->opt->attrs),
		.target_ids = scope_targets(scope, rec->targets.pids,
					    rec->targets.nr),
		.init_regions = scope_regions(scope, rec->nr_ids),
	};
	bool ok = s.attrs && s.target_ids && s.init_regions;

	if (!ok)
		complain("out of memory");
	ok = ok && add_scheme(rec->opt, &s) && debugfs_set(&rec->debugfs, &s);
	debugfs_free_settings(&s);
	return ok;
}

static bool configure_and_monitor(struct record *rec)
{
	bool ok;

	if (!debugfs_save(&rec->debugfs, &rec->settings))
		return false;
	ok = configure(rec);
	if (ok) {
		rec->start = time(NULL);
		take_notes(rec);
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
		.nr_missing = rec->assembler.nr_missing,
		.forked = rec->targets.forked,
		.start = rec->start,
		.command = rec->opt->command,
		.kind = rec->opt->scope.kind,
		.all_nodes = rec->opt->scope.kind == SCOPE_PADDR &&
			     !rec->opt->scope.nr_nodes,
		.ids = rec->ids,
		.nr_ids = rec->nr_ids,
		.names = rec->notes.programs,
		.mappings = rec->notes.mappings,
		.memory = rec->notes.memory,
	};

	if (meta_write(rec->json.f, &meta))
		return true;
	complain("out of memory");
	return false;
}

static uint64_t aggr_ns(const struct record *rec)
{
	return rec->opt->attrs.aggr_us * NS_PER_US;
}

static void tell_nothing(const struct record *rec)
{
	char aggr[UNITS_LEN];

	format_time(aggr_ns(rec), aggr);
	if (rec->signals.got || rec->cut_off)
		complain("nothing was recorded: the recording was ended before the first aggregation interval, %s, was over; let it run for longer",
			 aggr);
	else if (rec->nr_lost)
		complain("nothing was recorded: all events were lost; use a longer --aggr or a smaller --max");
	else if (rec->opt->command)
		complain("nothing was recorded: %s ended before the first aggregation interval, %s, was over; give it more to do, or shorten the interval with --aggr",
			 rec->opt->command[0], aggr);
	else
		complain("nothing was recorded: the processes ended before the first aggregation interval, %s, was over; shorten it with --aggr",
			 aggr);
}

static void tell_forked(const struct record *rec)
{
	const char *name = rec->opt->command[0];

	if (rec->opt->request)
		complain("%s started other processes, which were left alone; use 'damonctl scheme add' for them",
			 name);
	else
		complain("%s started other processes, which were not monitored; record one of them with -p, or all memory with --paddr",
			 name);
}

/* The first snapshot tells of the interval before it, as in reports. */
static void tell_recording(const struct record *rec, uint64_t size)
{
	const struct assembler *as = &rec->assembler;
	char bytes[UNITS_LEN], span[UNITS_LEN];

	fprintf(stderr, "%s: %" PRIu64 " snapshot%s in %s, %s\n",
		rec->opt->path, as->nr_snapshots, plural(as->nr_snapshots),
		format_time(as->last_ns - as->first_ns + aggr_ns(rec), span),
		format_size(size, bytes));
	if (rec->nr_lost || as->nr_missing)
		complain("%" PRIu64 " event%s and with them %" PRIu64 " snapshot%s were lost; use a longer --aggr or a smaller --max",
			 rec->nr_lost, plural(rec->nr_lost), as->nr_missing,
			 plural(as->nr_missing));
}

/* A companion without its recording would mislead, so it comes last. */
static bool commit(struct record *rec)
{
	return output_finish(&rec->data) && write_meta(rec) &&
	       output_finish(&rec->json) && output_commit(&rec->data) &&
	       output_commit(&rec->json);
}

/* Keeps the recording, if there is one and all went well. */
static bool keep(struct record *rec, bool ok)
{
	uint64_t size;

	if (!rec->trace)
		return ok;
	size = (uint64_t)ftello(rec->data.f);
	/* A full disk stops the recording; the reason is told here. */
	if (!ok && ferror(rec->data.f))
		output_finish(&rec->data);
	if (ok && !rec->assembler.nr_snapshots)
		tell_nothing(rec);
	if (!ok || !rec->assembler.nr_snapshots || !commit(rec))
		return false;
	tell_recording(rec, size);
	return true;
}

/*
 * Whether the command is ended by us: then its status is no news. A command that
 * got the same signal from the terminal may need a moment to end.
 */
static bool end_command(struct record *rec)
{
	bool alive = rec->targets.started && !targets_ended(&rec->targets);
	char duration[UNITS_LEN];

	if (alive && rec->cut_off)
		complain("%s still ran after %s and is ended, as --duration tells",
			 rec->opt->command[0],
			 format_time(rec->opt->duration_ns, duration));
	targets_end(&rec->targets, signals_for_command(&rec->signals));
	return alive;
}

static bool run(struct record *rec)
{
	bool ok, ended;

	if (rec->opt->request)
		scheme_request_warn(rec->opt->request);
	ok = assembler_init(&rec->assembler, rec->data.f, rec->ids,
			    (uint32_t)rec->nr_ids, aggr_ns(rec));
	if (!ok)
		complain("out of memory");
	ok = ok && configure_and_monitor(rec);
	ended = end_command(rec);
	ok = keep(rec, ok);
	if (ok && rec->targets.forked)
		tell_forked(rec);
	if (!ended && rec->opt->command)
		targets_tell_status(&rec->targets, rec->opt->command[0]);
	return ok;
}

/* False, with nothing to close, if the monitor cannot be had. */
static bool take_monitor(struct debugfs *d, const struct record_options *opt)
{
	bool schemes = opt->request, goals = schemes && opt->request->back_bp;

	if (!debugfs_open(d))
		return false;
	if ((!schemes || debugfs_needs_schemes(d)) && (!goals || debugfs_needs_goals(d)) &&
	    debugfs_take(d))
		return true;
	debugfs_close(d);
	return false;
}

bool record_is_possible(const struct record_options *opt)
{
	struct debugfs d;

	if (!take_monitor(&d, opt))
		return false;
	debugfs_close(&d);
	return true;
}

static bool record(struct record *rec)
{
	bool ok;

	if (!take_monitor(&rec->debugfs, rec->opt))
		return false;
	ok = signals_block(&rec->signals) && open_recording(rec) && open_targets(rec) &&
	     run(rec);
	assembler_fini(&rec->assembler);
	notes_free(&rec->notes);
	targets_close(&rec->targets);
	if (rec->trace)
		trace_close(rec->trace);
	output_close(&rec->json);
	output_close(&rec->data);
	debugfs_close(&rec->debugfs);
	return ok;
}

int record_run(const struct record_options *opt, struct record_result *result)
{
	struct record rec = { .opt = opt, .result = result };
	bool ok = record(&rec);

	if (result)
		result->cut_off = rec.cut_off;
	if (rec.signals.got)
		return 128 + rec.signals.got;
	return ok ? EXIT_OK : EXIT_FAILED;
}
