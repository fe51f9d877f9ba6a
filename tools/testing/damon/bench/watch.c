// SPDX-License-Identifier: GPL-2.0
/*
 * Watching the program: by the monitor of the kernel, whichever it has, or by a
 * scan of every page. Events stay in the kernel's buffer till the end, so that
 * reading them is in no figure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* ---- The kernel's files ---- */

#define TRACE	"/sys/kernel/tracing/"
#define OURS	"/sys/kernel/debug/damon/"
#define BASE	"/sys/kernel/mm/damon/admin/kdamonds/"
#define CONTEXT	BASE "0/contexts/0/"
#define LOCKS	TRACE "events/mmap_lock/"
/* Ours has other locks too, and tells of them; no other monitor has this. */
#define TURN	TRACE "events/damon/damon_lock_turn/"

/* ---- The monitor ---- */

bool is_ours(void)
{
	return !access(OURS, F_OK);
}

/* The page frames of the memory, which stays where it is */
static uint64_t *frames_of(pid_t program, unsigned long pages)
{
	uint64_t *frames = malloc(pages * sizeof(*frames));
	unsigned long i;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", program);
	if (!frames)
		die("memory for page frames");
	read_at(path, frames, pages * sizeof(*frames), shared->map / PAGE * sizeof(*frames));
	for (i = 0; i < pages; i++)
		frames[i] &= (1ULL << 55) - 1;
	return frames;
}

/* The largest System RAM, which the base's monitor wants to be told. */
static void largest_ram(unsigned long *start, unsigned long *end)
{
	FILE *f = fopen("/proc/iomem", "r");
	unsigned long a, b;
	char line[256];

	*start = 0;
	*end = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx : System RAM", &a, &b) != 2 ||
		    !strstr(line, " : System RAM") || b + 1 - a <= *end - *start)
			continue;
		*start = a;
		*end = b + 1;
	}
	if (!f || !*end)
		die("/proc/iomem");
	fclose(f);
}

static void base_target(pid_t target)
{
	unsigned long start, end;

	put_file(CONTEXT "operations", opt.paddr ? "paddr" : "vaddr");
	put_file(CONTEXT "targets/nr_targets", "1");
	if (!opt.paddr) {
		put_file(CONTEXT "targets/0/pid_target", "%d", target);
		return;
	}
	largest_ram(&start, &end);
	put_file(CONTEXT "targets/0/regions/nr_regions", "1");
	put_file(CONTEXT "targets/0/regions/0/start", "%lu", start);
	put_file(CONTEXT "targets/0/regions/0/end", "%lu", end);
}

pid_t monitor_start(pid_t target)
{
	unsigned long v[5];
	char text[64];

	if (sscanf(opt.attrs, "%lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3], &v[4]) != 5) {
		errno = EINVAL;
		die(opt.attrs);
	}
	if (is_ours()) {
		put_file(OURS "attrs", "%s", opt.attrs);
		if (opt.paddr)
			put_file(OURS "target_ids", "paddr");
		else
			put_file(OURS "target_ids", "%d", target);
		set_scheme();
		put_file(OURS "monitor_on", "on");
		get_file(OURS "kdamond_pid", text, sizeof(text));
		return atoi(text);
	}
	put_file(BASE "nr_kdamonds", "1");
	put_file(BASE "0/contexts/nr_contexts", "1");
	put_file(CONTEXT "monitoring_attrs/intervals/sample_us", "%lu", v[0]);
	put_file(CONTEXT "monitoring_attrs/intervals/aggr_us", "%lu", v[1]);
	put_file(CONTEXT "monitoring_attrs/intervals/update_us", "%lu", v[2]);
	put_file(CONTEXT "monitoring_attrs/nr_regions/max", "%lu", v[4]);
	put_file(CONTEXT "monitoring_attrs/nr_regions/min", "%lu", v[3]);
	base_target(target);
	set_scheme();
	put_file(BASE "0/state", "on");
	get_file(BASE "0/pid", text, sizeof(text));
	return atoi(text);
}

void monitor_stop(void)
{
	if (is_ours())
		put_file(OURS "monitor_on", "off");
	else
		put_file(BASE "0/state", "off");
}

static void record_locks(pid_t worker)
{
	put_file(LOCKS "mmap_lock_acquire_returned/filter", "common_pid == %d", worker);
	put_file(LOCKS "mmap_lock_released/filter", "common_pid == %d", worker);
	put_file(LOCKS "mmap_lock_acquire_returned/enable", "1");
	put_file(LOCKS "mmap_lock_released/enable", "1");
	if (!access(TURN, F_OK))
		put_file(TURN "enable", "1");
}

uint64_t cpu_ns(pid_t pid)
{
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock))
		die("clock of the worker");
	return now_ns(clock);
}

static void send_frames(pid_t program)
{
	unsigned long pages = opt.w.size / PAGE;
	uint64_t *frames = frames_of(program, pages);

	send_section("frames", frames, pages * sizeof(*frames));
	free(frames);
}

uint64_t watch_by_monitor(pid_t program)
{
	pid_t worker = monitor_start(program);
	uint64_t cpu;

	if (worker <= 0)
		die("no worker");
	if (opt.locks)
		record_locks(worker);
	sleep_ms(opt.seconds * 1000);
	cpu = cpu_ns(worker);
	monitor_stop();
	if (opt.paddr)
		send_frames(program);
	return cpu;
}

/* ---- The scan of every page, which a monitor can at best equal ---- */

#define IDLE	"/sys/kernel/mm/page_idle/bitmap"

static struct seen *seen;
static size_t nr_seen, room_for_seen;

static void add_seen(uint64_t time, unsigned long page, bool accessed)
{
	uint64_t start = shared->map + page * PAGE;
	struct seen *s = nr_seen ? &seen[nr_seen - 1] : NULL;

	if (s && s->time == time && s->accessed == accessed) {
		s->end = start + PAGE;
		return;
	}
	if (nr_seen == room_for_seen) {
		room_for_seen = room_for_seen ? 2 * room_for_seen : 4096;
		seen = realloc(seen, room_for_seen * sizeof(*seen));
		if (!seen)
			die("memory for a scan");
	}
	seen[nr_seen++] = (struct seen){ time, start, start + PAGE, accessed };
}

/* The kernel takes and gives a page of it at most. */
static void move_bitmap(int fd, void *idle, ssize_t len, bool out_of_here)
{
	ssize_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < (ssize_t)PAGE ? len - at : (ssize_t)PAGE;
		n = out_of_here ? pwrite(fd, (char *)idle + at, n, at) :
				  pread(fd, (char *)idle + at, n, at);
		if (n <= 0)
			die(IDLE);
	}
}

/* Marks all pages as idle, lets some time go by, and sees which are no longer. */
static void scan_pages(pid_t program, uint64_t until)
{
	static uint64_t idle[1 << 16];
	unsigned long pages = opt.w.size / PAGE, i;
	uint64_t *frames = frames_of(program, pages);
	uint64_t last = 0, time;
	ssize_t len;
	int fd = open(IDLE, O_RDWR);

	for (i = 0; i < pages; i++)
		if (frames[i] > last)
			last = frames[i];
	len = (last / 64 + 1) * sizeof(idle[0]);
	if (fd < 0 || len > (ssize_t)sizeof(idle))
		die(IDLE);
	while (now_ns(CLOCK_MONOTONIC) < until) {
		memset(idle, 0xff, len);
		move_bitmap(fd, idle, len, true);
		sleep_ms(100);
		move_bitmap(fd, idle, len, false);
		time = now_ns(CLOCK_MONOTONIC);
		for (i = 0; i < pages; i++)
			add_seen(time, i, !(idle[frames[i] / 64] >> frames[i] % 64 & 1));
	}
	close(fd);
	free(frames);
}

uint64_t watch_by_scan(pid_t program)
{
	uint64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	scan_pages(program, now_ns(CLOCK_MONOTONIC) + opt.seconds * NS_PER_SEC);
	return now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

/* ---- What was seen ---- */

void prepare_watch(void)
{
	put_file(TRACE "buffer_size_kb", "%d", 48 << 10);
	put_file(TRACE "trace_clock", "mono");
	put_file(TRACE "options/overwrite", "0");
	put_file(TRACE "events/damon/damon_aggregated/enable", "1");
}

void send_file(const char *name, const char *path)
{
	char text[4096];
	size_t len = get_file(path, text, sizeof(text));

	send_section(name, text, len);
}

void send_trace(void)
{
	char page[PAGE];
	ssize_t n;
	int fd;

	put_file(TRACE "tracing_on", "0");
	send_file("stats", TRACE "per_cpu/cpu0/stats");
	fd = open(TRACE "per_cpu/cpu0/trace_pipe_raw", O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		die("trace_pipe_raw");
	while ((n = read(fd, page, PAGE)) > 0)
		send_section("page", page, n);
	close(fd);
}

void send_watched(void)
{
	send_file("format", TRACE "events/damon/damon_aggregated/format");
	if (!access(TURN, F_OK))
		send_file("turn_format", TURN "format");
	send_file("lock_id", LOCKS "mmap_lock_acquire_returned/id");
	send_file("unlock_id", LOCKS "mmap_lock_released/id");
	send_trace();
	send_section("scan", seen, nr_seen * sizeof(*seen));
}
