// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the events of the monitor with libtracefs and libtraceevent.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "damonctl.h"
#include "trace.h"
#include "units.h"

/*
 * One name for all runs: only one run can hold the monitor, and an instance that
 * a killed run left behind is found and used again.
 */
#define INSTANCE	"damonctl"

/*
 * Per CPU. An event takes about 60 bytes, so this holds a second of 1000
 * regions each 15 ms; the buffer is read ten times a second.
 */
#define BUFFER_KB	"4096"

/*
 * An event can be read a moment after its time stamp, as long as an interrupt
 * may take. Events younger than this are held back.
 */
#define HOLD_NS		(10 * NS_PER_MS)

/*
 * Where events come faster than they are read, reading would not end. After
 * this time the rest waits; the rest of the page that was being read is lost.
 */
#define DRAIN_NS	NS_PER_SEC

enum { F_TARGET, F_NR_REGIONS, F_START, F_END, F_ACCESSES, NR_FIELDS };

static const char * const field_names[] = {
	[F_TARGET] = "target_id",
	[F_NR_REGIONS] = "nr_regions",
	[F_START] = "start",
	[F_END] = "end",
	[F_ACCESSES] = "nr_accesses",
};

static_assert(ARRAY_SIZE(field_names) == NR_FIELDS, "a name for each field");

struct trace {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct tep_event *event;
	struct tep_format_field *fields[NR_FIELDS];
	pid_t worker;
	/* collected and not handed out, ordered by time */
	struct aggregated *held;
	size_t nr_held, room;
	bool loss_pending, no_memory;
	/* when to stop reading; the clock is looked at once in many events */
	uint64_t deadline_ns;
	unsigned int nr_read;
};

static bool failed(const char *what)
{
	complain("cannot %s of tracefs: %s", what, strerror(errno));
	return false;
}

static bool setup(struct trace *t)
{
	static const char * const systems[] = { "damon", NULL };
	size_t i;

	if (!tracefs_tracing_dir()) {
		complain("there is no tracefs; run: mount -t tracefs none /sys/kernel/tracing");
		return false;
	}
	t->tep = tracefs_local_events_system(NULL, systems);
	if (t->tep)
		t->event = tep_find_event_by_name(t->tep, "damon",
						  "damon_aggregated");
	for (i = 0; t->event && i < NR_FIELDS; i++) {
		t->fields[i] = tep_find_field(t->event, field_names[i]);
		if (!t->fields[i])
			t->event = NULL;
	}
	if (!t->event) {
		complain("the kernel has no usable tracepoint damon:damon_aggregated; boot one with CONFIG_DAMON=y and CONFIG_FTRACE=y");
		return false;
	}
	t->instance = tracefs_instance_create(INSTANCE);
	if (!t->instance)
		return failed("create the instance '" INSTANCE "'");
	if (tracefs_trace_off(t->instance) ||
	    tracefs_instance_file_clear(t->instance, "trace"))
		return failed("clear the buffer");
	if (tracefs_instance_file_write(t->instance, "trace_clock",
					"mono") < 0)
		return failed("set the clock");
	if (tracefs_instance_file_write(t->instance, "buffer_size_kb",
					BUFFER_KB) < 0)
		return failed("set the buffer size");
	if (tracefs_event_file_write(t->instance, "damon", "damon_aggregated",
				     "filter", "0") < 0 ||
	    tracefs_event_enable(t->instance, "damon", "damon_aggregated") ||
	    tracefs_trace_on(t->instance))
		return failed("enable the event");
	return true;
}

struct trace *trace_open(void)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t) {
		complain("out of memory");
		return NULL;
	}
	if (setup(t))
		return t;
	trace_close(t);
	return NULL;
}

void trace_close(struct trace *t)
{
	if (t->instance) {
		tracefs_event_disable(t->instance, "damon", "damon_aggregated");
		tracefs_instance_destroy(t->instance);
		tracefs_instance_free(t->instance);
	}
	if (t->tep)
		tep_free(t->tep);
	free(t->held);
	free(t);
}

bool trace_follow(struct trace *t, pid_t worker)
{
	char filter[32];

	t->worker = worker;
	snprintf(filter, sizeof(filter), "common_pid == %d", worker);
	if (tracefs_event_file_write(t->instance, "damon", "damon_aggregated",
				     "filter", filter) < 0)
		return failed("set the filter");
	return true;
}

static uint64_t field(struct trace *t, struct tep_record *record, int i)
{
	unsigned long long value = 0;

	tep_read_number_field(t->fields[i], record->data, &value);
	return value;
}

/* Within one drain events come in order of time already: few move. */
static void hold(struct trace *t, const struct aggregated *a)
{
	size_t i, room;
	struct aggregated *grown;

	if (t->nr_held == t->room) {
		room = t->room ? t->room * 2 : 4096;
		grown = reallocarray(t->held, room, sizeof(*grown));
		if (!grown) {
			t->no_memory = true;
			return;
		}
		t->held = grown;
		t->room = room;
	}
	for (i = t->nr_held; i && t->held[i - 1].time_ns > a->time_ns; i--)
		t->held[i] = t->held[i - 1];
	t->held[i] = *a;
	t->nr_held++;
}

static int collect(struct tep_event *event, struct tep_record *record,
		   int cpu __attribute__((unused)), void *arg)
{
	struct trace *t = arg;
	struct aggregated a;

	if (record->missed_events)
		t->loss_pending = true;
	if (event->id != t->event->id || tep_data_pid(t->tep, record) != t->worker)
		return 0;
	a = (struct aggregated){
		.time_ns = record->ts,
		.target = field(t, record, F_TARGET),
		.start = field(t, record, F_START),
		.end = field(t, record, F_END),
		.nr_regions = (uint32_t)field(t, record, F_NR_REGIONS),
		.nr_accesses = (uint32_t)field(t, record, F_ACCESSES),
		.after_loss = t->loss_pending,
	};
	t->loss_pending = false;
	hold(t, &a);
	if (++t->nr_read % 256 || now_ns() < t->deadline_ns)
		return 0;
	t->loss_pending = true;
	return 1;
}

bool trace_drain(struct trace *t, bool all, aggregated_fn fn, void *arg)
{
	uint64_t limit = all ? UINT64_MAX : now_ns() - HOLD_NS;
	size_t i;

	t->deadline_ns = all ? UINT64_MAX : now_ns() + DRAIN_NS;
	if (tracefs_iterate_raw_events(t->tep, t->instance, NULL, 0, collect,
				       t) < 0)
		return failed("read the events");
	if (t->no_memory) {
		complain("out of memory");
		return false;
	}
	for (i = 0; i < t->nr_held && t->held[i].time_ns < limit; i++)
		fn(&t->held[i], arg);
	t->nr_held -= i;
	memmove(t->held, t->held + i, t->nr_held * sizeof(*t->held));
	return true;
}

static uint64_t stat_value(const char *stats, const char *name)
{
	const char *p = strstr(stats, name);

	return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

uint64_t trace_lost(struct trace *t)
{
	char *dir = tracefs_instance_get_file(t->instance, "per_cpu");
	struct dirent *entry;
	uint64_t lost = 0;
	char name[300], *stats;
	DIR *cpus;

	cpus = dir ? opendir(dir) : NULL;
	while (cpus && (entry = readdir(cpus))) {
		if (strncmp(entry->d_name, "cpu", 3))
			continue;
		snprintf(name, sizeof(name), "per_cpu/%s/stats", entry->d_name);
		stats = tracefs_instance_file_read(t->instance, name, NULL);
		if (!stats)
			continue;
		lost += stat_value(stats, "\noverrun: ") +
			stat_value(stats, "dropped events: ");
		free(stats);
	}
	if (cpus)
		closedir(cpus);
	tracefs_put_tracing_file(dir);
	return lost;
}
