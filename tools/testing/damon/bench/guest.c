// SPDX-License-Identifier: GPL-2.0
/*
 * The whole user space of a guest of make bench: a program with a known access
 * pattern (pattern.c), and its parent, the first process, which has it watched
 * (watch.c).
 *
 * The two do not run at the same time, except when watching starts and ends, so
 * that the other's activity is in no figure.
 *
 * All results leave by the second serial port, as sections: a line "NAME
 * LENGTH", then so many bytes. The last section is "end".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

struct options opt = {
	.seed = 1,
	.seconds = 12,
	.tick_us = 4000,
	.lead_ms = 500,
	.attrs = "5000 100000 1000000 10 1000",
	.least_size = PAGE,
	.window_ms = 1000,
	.noise = 256,
	.burst = 10000,
	.wrong_ms = 2000,
	.thp = "madvise",
};

uint64_t rng;
uint32_t *last_touch;

struct shared *shared;

/* ---- A run ---- */

/* How often the churners got round in some time */
struct work {
	uint64_t time;
	unsigned long loops;
};

static struct work work_now(void)
{
	return (struct work){ now_ns(CLOCK_MONOTONIC), shared->loops };
}

static struct work work_since(struct work then)
{
	struct work now = work_now();

	return (struct work){ now.time - then.time, now.loops - then.loops };
}

pid_t start_program(void)
{
	pid_t program = fork();
	int status;

	if (program < 0)
		die("fork");
	if (!program) {
		if (opt.variant)
			run_load();
		else
			run_program();
		exit(0);
	}
	while (!shared->ready) {
		if (waitpid(program, &status, WNOHANG))
			power_off();
		sleep_ms(10);
	}
	return program;
}

void end_program(pid_t program)
{
	int status;

	shared->stop = true;
	if (waitpid(program, &status, 0) != program || status) {
		errno = ECHILD;
		die("program");
	}
}

static void send_figures(uint64_t start, uint64_t end, uint64_t cpu, struct work unwatched,
			 struct work watched)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "name %s\nmonitor %s\nseed %lu\nattrs %s\nlocks %lu\nstart_ns %lu\nend_ns %lu\n"
		 "cpu_ns %lu\nticks %lu\nlate %lu\nfree_ns %lu\nfree_loops %lu\n"
		 "monitored_ns %lu\nmonitored_loops %lu\n",
		 opt.w.name, opt.scan ? "scan" : is_ours() ? "ours" : "base", opt.seed, opt.attrs,
		 opt.locks, start, end, cpu, shared->ticks, shared->late, unwatched.time,
		 unwatched.loops, watched.time, watched.loops);
	send_section("figures", text, strlen(text));
}

static void run(void)
{
	struct work mark, before, during, after;
	pid_t program;
	uint64_t cpu;

	prepare_watch();
	program = start_program();

	mark = work_now();
	sleep_ms(opt.lead_ms);
	before = work_since(mark);

	mark = work_now();
	cpu = opt.scan ? watch_by_scan(program) : watch_by_monitor(program);
	during = work_since(mark);

	after = work_now();
	if (opt.w.churners)
		sleep_ms(opt.lead_ms);
	after = work_since(after);
	end_program(program);

	before.time += after.time;
	before.loops += after.loops;
	send_figures(mark.time, mark.time + during.time, cpu, before, during);
	send_watched();
	send_section("end", "", 0);
}

/* ---- Start ---- */

static void parse(int argc, char **argv)
{
	const struct {
		const char *name;
		unsigned long *value;
	} options[] = {
		{ "seed", &opt.seed }, { "seconds", &opt.seconds }, { "tick_us", &opt.tick_us },
		{ "lead_ms", &opt.lead_ms }, { "size", &opt.w.size }, { "areas", &opt.w.areas },
		{ "area", &opt.w.area }, { "rate", &opt.w.rate }, { "period_ms", &opt.w.period_ms },
		{ "calm_ms", &opt.w.calm_ms },
		{ "speed", &opt.w.speed }, { "top", &opt.w.top }, { "churners", &opt.w.churners },
		{ "vmas", &opt.w.vmas }, { "locks", &opt.locks }, { "scan", &opt.scan },
		{ "paddr", &opt.paddr }, { "work", &opt.w.work }, { "unwatched", &opt.unwatched },
		{ "age_ms", &opt.age_ms }, { "least_size", &opt.least_size },
		{ "goal_bp", &opt.goal_bp }, { "quota", &opt.quota },
		{ "window_ms", &opt.window_ms }, { "wrong_ms", &opt.wrong_ms },
		{ "noise", &opt.noise }, { "burst", &opt.burst }, { "idle_ms", &opt.idle_ms },
		{ "see_huge", &opt.see_huge }, { "course", &opt.course },
	};
	const struct {
		const char *name, **value;
	} words[] = {
		{ "name", &opt.w.name }, { "attrs", &opt.attrs }, { "variant", &opt.variant },
		{ "action", &opt.action }, { "thp", &opt.thp }, { "program", &opt.program },
	};
	const struct workload *w;
	size_t j;
	int i;

	errno = EINVAL;
	if (argc < 2)
		die("no workload");
	w = find_workload(argv[1]);
	if (!w)
		w = find_load(argv[1]);
	if (!w)
		die(argv[1]);
	opt.w = *w;
	for (i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			die(argv[i]);
		*value++ = 0;
		for (j = 0; j < ARRAY_SIZE(words); j++)
			if (!strcmp(words[j].name, argv[i]))
				break;
		if (j < ARRAY_SIZE(words)) {
			*words[j].value = value;
			for (; *value; value++)
				if (*value == ',')
					*value = ' ';
			continue;
		}
		for (j = 0; j < ARRAY_SIZE(options); j++)
			if (!strcmp(options[j].name, argv[i]))
				break;
		if (j == ARRAY_SIZE(options))
			die(argv[i]);
		*options[j].value = strtoul(value, NULL, 0);
	}
}

static void mount_one(const char *type, const char *dir)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, NULL) && errno != EBUSY)
		die(dir);
}

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

int main(int argc, char **argv)
{
	mount_one("devtmpfs", "/dev");
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("debugfs", "/sys/kernel/debug");
	mount_one("tracefs", "/sys/kernel/tracing");

	open_port();
	parse(argc, argv);
	shared = share(PAGE);
	last_touch = share(MAX_PAGES * sizeof(*last_touch));
	if (opt.variant)
		run_act();
	else
		run();
	close_port();
	say("end");
	power_off();
}
