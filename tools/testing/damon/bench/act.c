// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes: what they save, and what that costs the program.
 *
 * A run is one of its variants: without a monitor, with that of the kernel and its scheme,
 * or with a scheme that has a goal in the place of an age.  The words of the run say which
 * scheme.  What is given up goes to a compressed disk in memory, as there is no other.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define TRACE	"/sys/kernel/tracing/"
#define APPLY	TRACE "events/damon/damos_before_apply/"
#define OURS	"/sys/kernel/debug/damon/"
#define BASE	"/sys/kernel/mm/damon/admin/kdamonds/0/"
#define SCHEME	BASE "contexts/0/schemes/0/"
#define ZRAM	"/sys/block/zram0/"
#define THP	"/sys/kernel/mm/transparent_hugepage/"

/* ---- Swap ---- */

#define SWAP_MIB	2048U

static void make_swap(void)
{
	static struct {
		char boot[1024];
		uint32_t version, last_page, nr_bad;
		char rest[PAGE - 1024 - 3 * sizeof(uint32_t) - 10];
		char magic[10];
	} __attribute__((packed)) head = {
		.version = 1,
		.last_page = (SWAP_MIB << 20) / PAGE - 1,
		.magic = { 'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2' },
	};
	int fd;

	put_file(ZRAM "disksize", "%uM", SWAP_MIB);
	fd = open("/dev/zram0", O_WRONLY);
	if (fd < 0 || write(fd, &head, sizeof(head)) != sizeof(head) || close(fd) ||
	    swapon("/dev/zram0", 0))
		die("/dev/zram0");
}

/* ---- The scheme ---- */

static const struct action {
	const char *name;
	int number;
	/* of memory that is used, not of what is not */
	bool hot;
} actions[] = {
	{ "pageout", 2, false },
	{ "hugepage", 3, true },
	{ "collapse", 6, true },
	{ "stat", 5, false },
};

static const struct action *find_action(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	errno = EINVAL;
	die(name);
}

/* A region that counts as used has been found so in a quarter of the samples. */
static void set_scheme_of_ours(const struct action *a, unsigned long aggr_us,
			       unsigned long samples)
{
	unsigned long age = opt.goal_bp ? 0 : opt.age_ms * 1000 / aggr_us;

	put_file(OURS "schemes", "%lu %lu %lu %lu %lu %lu %d 0 %lu %lu 0 1 1 0 0 0 0 0",
		 opt.least_size, ULONG_MAX, a->hot ? samples / 4 : 0, a->hot ? samples : 0,
		 age, ULONG_MAX, a->number, opt.quota, opt.window_ms);
	if (opt.goal_bp)
		put_file(OURS "scheme_goals", "0 refault_bp %lu", opt.goal_bp);
}

static void set_scheme_of_base(const struct action *a, unsigned long aggr_us,
			       unsigned long samples)
{
	put_file(BASE "contexts/0/schemes/nr_schemes", "1");
	put_file(SCHEME "action", "%s", a->name);
	put_file(SCHEME "access_pattern/sz/min", "%lu", opt.least_size);
	put_file(SCHEME "access_pattern/sz/max", "%lu", ULONG_MAX);
	put_file(SCHEME "access_pattern/nr_accesses/min", "%lu", a->hot ? samples / 4 : 0);
	put_file(SCHEME "access_pattern/nr_accesses/max", "%lu", a->hot ? samples : 0);
	put_file(SCHEME "access_pattern/age/min", "%lu", opt.age_ms * 1000 / aggr_us);
	put_file(SCHEME "access_pattern/age/max", "%u", UINT_MAX);
	put_file(SCHEME "quotas/bytes", "%lu", opt.quota);
	put_file(SCHEME "quotas/reset_interval_ms", "%lu", opt.window_ms);
	put_file(SCHEME "quotas/weights/nr_accesses_permil", "1");
	put_file(SCHEME "quotas/weights/age_permil", "1");
}

void set_scheme(void)
{
	unsigned long sample_us, aggr_us;
	const struct action *a;

	if (!opt.action)
		return;
	a = find_action(opt.action);
	if (sscanf(opt.attrs, "%lu %lu", &sample_us, &aggr_us) != 2)
		die(opt.attrs);
	if (is_ours())
		set_scheme_of_ours(a, aggr_us, aggr_us / sample_us);
	else
		set_scheme_of_base(a, aggr_us, aggr_us / sample_us);
}

/* The base's tells bytes tried and applied in files, ours all in one line. */
static void send_stats(void)
{
	char tried[64], applied[64], text[1024];

	if (!opt.action || opt.unwatched)
		return;
	if (is_ours()) {
		get_file(OURS "scheme_stats", text, sizeof(text));
	} else {
		put_file(BASE "state", "update_schemes_stats");
		get_file(SCHEME "stats/sz_tried", tried, sizeof(tried));
		get_file(SCHEME "stats/sz_applied", applied, sizeof(applied));
		snprintf(text, sizeof(text), "sz_tried=%lu sz_applied=%lu",
			 strtoul(tried, NULL, 10), strtoul(applied, NULL, 10));
	}
	send_section("scheme_stats", text, strlen(text));
}

/* ---- Looking at the program ---- */

#define SAMPLE_MS	100

static struct sample *samples;
static size_t nr_samples, room_for_samples;
static pid_t program;

static char *file_of_program(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", program, name);
	return path;
}

static uint64_t resident_pages(void)
{
	char text[128];
	uint64_t size, resident;

	get_file(file_of_program("statm"), text, sizeof(text));
	return sscanf(text, "%lu %lu", &size, &resident) == 2 ? resident : 0;
}

static uint64_t major_faults(void)
{
	char text[512];
	uint64_t faults = 0;

	get_file(file_of_program("stat"), text, sizeof(text));
	/* Behind its name, which may hold anything, it is the tenth word. */
	if (strrchr(text, ')'))
		sscanf(strrchr(text, ')') + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %lu", &faults);
	return faults;
}

/* The third number is what the disk takes of the memory. */
static uint64_t zram_bytes(void)
{
	uint64_t data, compressed, used = 0;
	char text[256];

	get_file(ZRAM "mm_stat", text, sizeof(text));
	sscanf(text, "%lu %lu %lu", &data, &compressed, &used);
	return used;
}

static uint64_t kernel_count(const char *name)
{
	char text[16384], key[32];
	const char *at;

	get_file("/proc/vmstat", text, sizeof(text));
	snprintf(key, sizeof(key), "\n%s ", name);
	at = strstr(text, key);
	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

/* As linux/fs.h has it from 6.7 on */
struct pages_found {
	uint64_t start, end, kinds;
};

struct find_pages {
	uint64_t size, flags, start, end, walk_end, found, nr_found, max_pages;
	uint64_t not_kinds, all_kinds, any_kind, kinds;
};

#define FIND_PAGES	_IOWR('f', 16, struct find_pages)
#define HUGE		(1ULL << 6)

static uint64_t huge_bytes(void)
{
	int fd = open(file_of_program("pagemap"), O_RDONLY), i, n;
	struct pages_found found[512];
	struct find_pages find = {
		.size = sizeof(find),
		.start = shared->used,
		.end = shared->used_end,
		.found = (uint64_t)found,
		.nr_found = ARRAY_SIZE(found),
		.all_kinds = HUGE,
		.kinds = HUGE,
	};
	uint64_t sum = 0;

	n = fd < 0 ? fd : ioctl(fd, FIND_PAGES, &find);
	if (n < 0)
		die("pagemap");
	for (i = 0; i < n; i++)
		sum += found[i].end - found[i].start;
	close(fd);
	return sum;
}

#define SWAPPED	(1ULL << 62)

/* An eighth of the pages is looked at, in blocks. */
#define BLOCK	64UL
#define BLOCKS	(8 * BLOCK)

/*
 * Which of these pages have been given up since the look before, and which of those had been
 * used shortly before?  Who came back in between is not found.
 */
static void look_at_pages(struct sample *s, uint32_t now_ms)
{
	static bool swapped[MAX_PAGES];
	unsigned long pages = opt.w.size / PAGE, page, i;
	int fd = open(file_of_program("pagemap"), O_RDONLY);
	uint64_t entries[BLOCK];

	if (fd < 0)
		die("pagemap");
	for (page = 0; page + BLOCK <= pages; page += BLOCKS) {
		if (pread(fd, entries, sizeof(entries),
			  (shared->map / PAGE + page) * sizeof(entries[0])) != sizeof(entries))
			die("pagemap");
		for (i = page; i < page + BLOCK; i++) {
			bool is = entries[i - page] & SWAPPED;

			if (is && !swapped[i]) {
				s->given_up++;
				s->wrong += last_touch[i] && now_ms - last_touch[i] < opt.wrong_ms;
			}
			swapped[i] = is;
		}
	}
	close(fd);
}

static void take_sample(void)
{
	struct sample s = {
		.time = now_ns(CLOCK_MONOTONIC),
		.resident = resident_pages(),
		.zram = zram_bytes(),
	};

	if (opt.see_huge)
		s.huge = huge_bytes();
	if (shared->map && nr_samples % 2)
		look_at_pages(&s, s.time / NS_PER_MS);
	if (nr_samples == room_for_samples) {
		room_for_samples += 4096;
		samples = realloc(samples, room_for_samples * sizeof(*samples));
		if (!samples)
			die("memory for samples");
	}
	samples[nr_samples++] = s;
}

/* ---- The course of a scheme ---- */

/* What it has done so far, a line for each second; the words are those of the kernel. */
#define MAX_COURSE	(256 << 10)

static char *course;
static size_t course_len;

static void note_course(uint64_t ms)
{
	static uint64_t due;
	char text[1024];
	int len;

	if (!opt.course || !opt.action || opt.unwatched || !is_ours() || ms < due)
		return;
	due = ms + 1000;
	get_file(OURS "scheme_stats", text, sizeof(text));
	if (!course)
		course = malloc(MAX_COURSE);
	if (!course)
		die("memory for the course");
	len = snprintf(course + course_len, MAX_COURSE - course_len,
		       "ms=%lu resident=%lu faults=%lu %s", ms, resident_pages(), major_faults(),
		       text);
	if (course_len + len < MAX_COURSE)
		course_len += len;
}

/* ---- A run ---- */

/* What the words of the figures count from the start of the watch on */
struct counts {
	uint64_t time, loops, busy, faults, out, in;
};

static struct counts counts_now(void)
{
	return (struct counts) {
		now_ns(CLOCK_MONOTONIC), shared->loops, shared->busy_ns, major_faults(),
		kernel_count("pswpout"), kernel_count("pswpin"),
	};
}

static void send_figures(const struct counts *from, const struct counts *to, uint64_t cpu)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "name %s\nvariant %s\nseed %lu\nattrs %s\nstart_ns %lu\nend_ns %lu\n"
		 "cpu_ns %lu\nloops %lu\nbusy_ns %lu\nfaults %lu\nout %lu\nin %lu\nquota %lu\nwindow_ms %lu\n",
		 opt.w.name, opt.variant, opt.seed, opt.attrs, from->time, to->time, cpu,
		 to->loops - from->loops, to->busy - from->busy, to->faults - from->faults,
		 to->out - from->out, to->in - from->in, opt.quota, opt.window_ms);
	send_section("act", text, strlen(text));
	send_section("samples", samples, nr_samples * sizeof(*samples));
	if (course)
		send_section("course", course, course_len);
}

static void begin_trace(void)
{
	put_file(TRACE "buffer_size_kb", "%d", 16 << 10);
	put_file(TRACE "trace_clock", "mono");
	put_file(TRACE "options/overwrite", "0");
	put_file(APPLY "enable", "1");
}

void run_act(void)
{
	struct counts from, to;
	pid_t worker = 0;
	uint64_t end, cpu = 0;

	make_swap();
	put_file(THP "enabled", "%s", opt.thp);
	/* It would sleep for ten seconds. */
	put_file(THP "khugepaged/scan_sleep_millisecs", "1000");
	if (opt.action && !opt.unwatched)
		begin_trace();
	program = opt.program ? start_real_program() : start_program();
	/* A shell becomes a real program in less than 50 ms. */
	sleep_ms(opt.program ? 50 : opt.lead_ms);

	if (!opt.unwatched)
		worker = monitor_start(program);
	from = counts_now();
	end = from.time + opt.seconds * NS_PER_SEC;
	do {
		take_sample();
		note_course((now_ns(CLOCK_MONOTONIC) - from.time) / NS_PER_MS);
		nap_ms(SAMPLE_MS);
	} while (now_ns(CLOCK_MONOTONIC) < end && !(opt.program && real_program_has_ended()));
	/* Of a real program, what it does is done once. */
	shared->loops += !!opt.program;
	to = counts_now();
	take_sample();
	if (worker)
		cpu = cpu_ns(worker);
	send_stats();
	if (worker)
		monitor_stop();
	if (opt.program)
		end_real_program();
	else
		end_program(program);

	send_figures(&from, &to, cpu);
	if (opt.action && !opt.unwatched) {
		send_file("apply_format", APPLY "format");
		send_trace();
	}
	send_section("end", "", 0);
}
