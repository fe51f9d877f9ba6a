/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of DAMON share: the attribute files, a process with a known
 * access pattern, and the snapshots that a monitor reports.
 *
 * No test counts on the speed of the machine.  A point of time is waited for
 * with a limit that only a hang exceeds, and a rate is compared with that of
 * other memory, or with its largest possible value with much room.
 *
 * Helpers return 0 or a negative errno, and never end the test.
 */
#ifndef _DAMON_TEST_H
#define _DAMON_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>

#include "../kselftest_harness.h"

#define DAMON_DIR	"/sys/kernel/debug/damon"
#define TRACE_DIR	"/sys/kernel/tracing"
#define DEFAULT_ATTRS	"5000 100000 1000000 10 1000"

#define KiB		1024UL
#define MiB		(1024 * KiB)
#define GiB		(1024 * MiB)
#define TiB		(1024 * GiB)

/* Far from all that the C library maps: the holes around are the largest. */
#define ARENA		(16 * TiB)
#define ARENA2		(32 * TiB)
#define ARENA3		(48 * TiB)

/* Longer than anything takes that does not hang, also with all debugging. */
#define PATIENCE	60

/* Intervals that an emulated machine keeps up with: 20 samples. */
#define SAMPLE_US	10000
#define AGGR_US		200000
#define UPDATE_US	2000000
#define NR_SAMPLES	(AGGR_US / SAMPLE_US)
#define TEST_ATTRS	"10000 200000 2000000 10 1000"

/* === Time === */

/* Seconds of the clock that the snapshots have. */
static inline double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Whether @cond has become true within @seconds. */
#define wait_for(cond, seconds) ({			\
	double _end = now() + (seconds);		\
	bool _ok;					\
							\
	while (!(_ok = (cond)) && now() < _end)		\
		usleep(10000);				\
	_ok;						\
})

/* === Files === */

static inline int write_bytes(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	err = n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
	close(fd);
	return err;
}

static inline int write_text(const char *path, const char *text)
{
	return write_bytes(path, text, strlen(text));
}

/* All of a file that fits, as a string. */
static inline int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n = 0;
	int err;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	err = n < 0 ? -errno : 0;
	buf[len] = '\0';
	close(fd);
	return err;
}

static inline const char *damon_path(const char *file)
{
	static char path[512];

	snprintf(path, sizeof(path), DAMON_DIR "/%s", file);
	return path;
}

static inline int damon_write(const char *file, const char *text)
{
	return write_text(damon_path(file), text);
}

/* In a static buffer; the error as text, so that it can be compared. */
static inline const char *damon_read(const char *file)
{
	static char buf[65536];
	int err = read_text(damon_path(file), buf, sizeof(buf));

	if (err)
		snprintf(buf, sizeof(buf), "error %d", -err);
	return buf;
}

static inline bool damon_is(const char *file, const char *text)
{
	return !strcmp(damon_read(file), text);
}

/* The worker of a context, or 0 when there is none. */
static inline pid_t kdamond_pid(const char *file)
{
	return atoi(damon_read(file));
}

/* Threads named kdamond.N. */
static inline int nr_kdamonds(void)
{
	struct dirent *entry;
	char path[300], comm[64];
	DIR *dir = opendir("/proc");
	int nr = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!atoi(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (!read_text(path, comm, sizeof(comm)) &&
		    !strncmp(comm, "kdamond.", 8))
			nr++;
	}
	closedir(dir);
	return nr;
}

/* Off, the defaults, no contexts: what each test begins and ends with. */
static inline int damon_reset(void)
{
	struct dirent *entry;
	DIR *dir;
	int err;

	err = damon_write("monitor_on", "off");
	if (err && err != -EPERM)
		return err;
	dir = opendir(DAMON_DIR);
	if (!dir)
		return -errno;
	err = 0;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			err = damon_write("rm_contexts", entry->d_name) ?: err;
	closedir(dir);
	err = damon_write("target_ids", "") ?: err;
	return damon_write("attrs", DEFAULT_ATTRS) ?: err;
}

/* Monitor @nr processes. */
static inline int damon_on(const char *attrs, const pid_t *pids, int nr)
{
	char ids[256] = "";
	size_t len = 0;
	int err, i;

	for (i = 0; i < nr; i++) {
		len += snprintf(ids + len, sizeof(ids) - len, "%d ", pids[i]);
		if (len >= sizeof(ids))
			return -E2BIG;
	}
	err = damon_write("attrs", attrs) ?: damon_write("target_ids", ids);
	return err ?: damon_write("monitor_on", "on");
}

/* In the format of the file: rows of target, start and end. */
static inline int damon_init_regions(unsigned long start, unsigned long end)
{
	char row[128];

	snprintf(row, sizeof(row), "0 %lu %lu", start, end);
	return damon_write("init_regions", row);
}

/* A whole program that can prove nothing here is skipped at once. */
static void __attribute__((constructor)) need_damon(void)
{
	if (geteuid()) {
		ksft_print_msg("these tests need root\n");
		exit(KSFT_SKIP);
	}
	if (access(DAMON_DIR, F_OK)) {
		ksft_print_msg("no " DAMON_DIR ": see the file config\n");
		exit(KSFT_SKIP);
	}
}

/* === A process with a known access pattern === */

#define NR_HOT	4

/*
 * It touches every page of its hot areas, over and over.  Between two passes
 * it runs what the test wants to have called in it.  In memory that is shared
 * with the test; functions have the same addresses in both, as it is a fork.
 */
struct work {
	pid_t pid;
	unsigned long passes;
	/* Touch by reading. */
	bool read_only;
	struct {
		unsigned long start;
		unsigned long end;
	} hot[NR_HOT];
	long (*call)(struct work *w);
	unsigned long arg[4];
	long ret;
};

/* In order, and at each time that they are asked to. */
#define load(p)		__atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store(p, value)	__atomic_store_n(p, value, __ATOMIC_SEQ_CST)

/* By a write and no read: that would map zero pages first, small ones. */
static inline void touch(unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += 4 * KiB)
		__atomic_store_n((unsigned char *)addr, 1, __ATOMIC_RELAXED);
}

static inline void touch_read(unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += 4 * KiB)
		load((unsigned char *)addr);
}

static inline void work_pass(struct work *w)
{
	bool any = false;
	int i;

	for (i = 0; i < NR_HOT; i++) {
		unsigned long end = load(&w->hot[i].end);

		if (!end)
			continue;
		if (w->read_only)
			touch_read(w->hot[i].start, end);
		else
			touch(w->hot[i].start, end);
		any = true;
	}
	store(&w->passes, w->passes + 1);
	/*
	 * An entry to the kernel.  With page-table isolation it flushes the
	 * TLB, without which an emulator does not set Accessed bits anew.
	 */
	syscall(SYS_getppid);
	if (!any)
		usleep(1000);
}

static inline void work_loop(struct work *w)
{
	for (;;) {
		if (load(&w->call)) {
			w->ret = w->call(w);
			store(&w->call, NULL);
		}
		work_pass(w);
	}
}

static inline struct work *work_start(void)
{
	struct work *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	pid_t pid;

	if (w == MAP_FAILED)
		return NULL;
	/* Not right into w->pid: the child would write there as well. */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work_loop(w);
	}
	if (pid < 0) {
		munmap(w, sizeof(*w));
		return NULL;
	}
	w->pid = pid;
	return w;
}

static inline void work_end(struct work *w)
{
	if (!w)
		return;
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	munmap(w, sizeof(*w));
}

/* Run @fn in the process and wait for its answer, a negative errno if bad. */
static inline long work_call(struct work *w, long (*fn)(struct work *w))
{
	store(&w->call, fn);
	return wait_for(!load(&w->call), PATIENCE) ? w->ret : -ETIMEDOUT;
}

/* Wait until @nr whole passes have been made from now on. */
static inline bool work_passes(struct work *w, unsigned long nr)
{
	unsigned long want = load(&w->passes) + nr + 1;

	return wait_for(load(&w->passes) >= want, PATIENCE);
}

static inline long do_map(struct work *w)
{
	void *p = mmap((void *)w->arg[0], w->arg[1], w->arg[2],
		       w->arg[3] | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
		       MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? -errno : 0;
}

static inline long do_touch(struct work *w)
{
	touch(w->arg[0], w->arg[0] + w->arg[1]);
	return 0;
}

static inline long do_unmap(struct work *w)
{
	return munmap((void *)w->arg[0], w->arg[1]) ? -errno : 0;
}

static inline long work_map(struct work *w, unsigned long addr, unsigned long len)
{
	w->arg[0] = addr;
	w->arg[1] = len;
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_PRIVATE;
	return work_call(w, do_map);
}

static inline long work_unmap(struct work *w, unsigned long addr, unsigned long len)
{
	w->arg[0] = addr;
	w->arg[1] = len;
	return work_call(w, do_unmap);
}

static inline long work_touch(struct work *w, unsigned long addr, unsigned long len)
{
	w->arg[0] = addr;
	w->arg[1] = len;
	return work_call(w, do_touch);
}

static inline bool work_hot(struct work *w, int i, unsigned long addr,
			    unsigned long len)
{
	/* Never an area that is half of the old one. */
	store(&w->hot[i].end, 0);
	if (!work_passes(w, 1))
		return false;
	if (!len)
		return true;
	w->hot[i].start = addr;
	store(&w->hot[i].end, addr + len);
	/* The first pass has the page faults, and may take a second and more. */
	return work_passes(w, 1);
}

/* === Mappings of a process === */

struct map {
	unsigned long start, end;
	char perms[5];
	char name[64];
};

static inline int read_maps(pid_t pid, struct map *maps, int max)
{
	char path[64], line[512];
	int nr = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while (nr < max && fgets(line, sizeof(line), f)) {
		struct map *m = &maps[nr];

		m->name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %63s", &m->start,
			   &m->end, m->perms, m->name) >= 3)
			nr++;
	}
	fclose(f);
	return nr;
}

/* === Snapshots === */

#define MAX_REGIONS	4096

struct region {
	unsigned long target;
	unsigned int nr_regions;
	unsigned long start, end;
	unsigned int nr_accesses, age;
};

struct snapshot {
	double time;
	unsigned int nr;
	struct region region[MAX_REGIONS];
};

/* A reader of the tracepoint, with a trace instance of its own. */
struct trace {
	char dir[64];
	int fd;
	char buf[1 << 16];
	size_t len;
	unsigned int max_accesses;
	bool skip_first;
	bool pending;
	double pending_time;
	struct region pending_region;
};

static inline int trace_write(struct trace *t, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	return write_text(path, text);
}

static inline void trace_close(struct trace *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	rmdir(t->dir);
	free(t);
}

/*
 * @nr tells readers apart.  With a @kdamond, only what this worker reports; to
 * see its first snapshots as well, open before monitoring is on and without it.
 */
static inline struct trace *trace_open(int nr, pid_t kdamond,
				       unsigned int max_accesses)
{
	struct trace *t = calloc(1, sizeof(*t));
	char text[128];
	int err;

	if (!t)
		return NULL;
	t->fd = -1;
	t->max_accesses = max_accesses;
	t->skip_first = kdamond;
	snprintf(t->dir, sizeof(t->dir), TRACE_DIR "/instances/damon_test%d", nr);
	/* A test that was killed may have left it. */
	rmdir(t->dir);
	err = mkdir(t->dir, 0700) ? -errno : 0;
	err = err ?: trace_write(t, "trace_clock", "mono");
	err = err ?: trace_write(t, "buffer_size_kb", "4096");
	if (!err && kdamond) {
		snprintf(text, sizeof(text), "common_pid == %d", kdamond);
		err = trace_write(t, "events/damon/damon_aggregated/filter", text);
	}
	err = err ?: trace_write(t, "events/damon/damon_aggregated/enable", "1");
	if (!err) {
		snprintf(text, sizeof(text), "%s/trace_pipe", t->dir);
		t->fd = open(text, O_RDONLY | O_NONBLOCK);
		if (t->fd < 0)
			err = -errno;
	}
	if (err) {
		ksft_print_msg("%s: %s\n", t->dir, strerror(-err));
		trace_close(t);
		return NULL;
	}
	return t;
}

static inline int trace_parse(const char *line, double *time, struct region *r)
{
	const char *event = strstr(line, "damon_aggregated: ");
	/* Before it is the name of the worker, where the tracer knows it. */
	const char *cpu = strchr(line, '[');
	int end = 0;

	if (!event ||
	    !cpu || sscanf(cpu, "[%*d] %*s %lf:", time) != 1 ||
	    sscanf(event, "damon_aggregated: target_id=%lu nr_regions=%u %lu-%lu: %u %u%n",
		   &r->target, &r->nr_regions, &r->start, &r->end,
		   &r->nr_accesses, &r->age, &end) != 6 || event[end]) {
		ksft_print_msg("not an event: '%s'\n", line);
		return -EPROTO;
	}
	return 0;
}

/* One line without its end, or -ETIMEDOUT. */
static inline int trace_line(struct trace *t, char *line, size_t size, double end)
{
	char *eol;
	ssize_t n;

	while (!(eol = memchr(t->buf, '\n', t->len))) {
		n = read(t->fd, t->buf + t->len, sizeof(t->buf) - t->len);
		if (n > 0) {
			t->len += n;
			continue;
		}
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (now() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	n = eol - t->buf;
	snprintf(line, size, "%.*s", (int)n, t->buf);
	t->len -= n + 1;
	memmove(t->buf, eol + 1, t->len);
	return 0;
}

/* Is @r, which comes after the region @last, of another snapshot? */
static inline bool begins_snapshot(const struct region *last, unsigned int nr_last,
				   const struct region *r)
{
	if (r->target != last->target)
		return r->target < last->target;
	return nr_last == last->nr_regions || r->start <= last->start;
}

/* What holds for every snapshot, so every test checks it. */
static inline int snapshot_check(const struct snapshot *s, unsigned int max_accesses)
{
	const struct region *last = NULL, *r;
	const char *what = NULL;
	unsigned int i, nr = 0;

	for (i = 0; i < s->nr && !what; i++, last = r) {
		r = &s->region[i];
		if (!last || last->target != r->target) {
			if (last && nr != last->nr_regions)
				what = "fewer events than nr_regions";
			nr = 0;
		} else if (last->end > r->start) {
			what = "regions overlap, or not in order";
		} else if (last->nr_regions != r->nr_regions) {
			what = "nr_regions differs within a target";
		}
		nr++;
		if (r->start >= r->end)
			what = "empty region";
		if (r->start % (4 * KiB) || r->end % (4 * KiB))
			what = "part of a page";
		if (r->nr_accesses > max_accesses)
			what = "more accesses than samples";
	}
	if (!what && last && nr != last->nr_regions)
		what = "fewer events than nr_regions";
	if (!what)
		return 0;
	ksft_print_msg("bad snapshot at %f, region %u of %u (nr_regions %u, %lx-%lx): %s\n",
		       s->time, i, s->nr, last->nr_regions, last->start, last->end, what);
	return -EPROTO;
}

/*
 * The next snapshot.  It is known to be complete when the one after it begins,
 * so this lags behind by one aggregation interval.
 */
static inline int trace_next(struct trace *t, struct snapshot *s)
{
	double end = now() + PATIENCE;
	unsigned int nr_last = 0;
	char line[1024];
	int err;

again:
	s->nr = 0;
	for (;;) {
		if (!t->pending) {
			err = trace_line(t, line, sizeof(line), end);
			err = err ?: trace_parse(line, &t->pending_time,
						 &t->pending_region);
			if (err)
				return err;
			t->pending = true;
		}
		if (s->nr && begins_snapshot(&s->region[s->nr - 1], nr_last,
					     &t->pending_region))
			break;
		if (s->nr == MAX_REGIONS)
			return -E2BIG;
		if (!s->nr)
			s->time = t->pending_time;
		if (!s->nr || s->region[s->nr - 1].target != t->pending_region.target)
			nr_last = 0;
		nr_last++;
		s->region[s->nr++] = t->pending_region;
		t->pending = false;
	}
	if (t->skip_first) {
		t->skip_first = false;
		goto again;
	}
	err = snapshot_check(s, t->max_accesses);
	if (err)
		ksft_print_msg("the one after it, at %f, begins with %lx-%lx\n",
			       t->pending_time, t->pending_region.start, t->pending_region.end);
	return err;
}

/* The first snapshot of which all samples were taken after @time. */
static inline int trace_after(struct trace *t, struct snapshot *s, double time)
{
	int err;

	do {
		err = trace_next(t, s);
	} while (!err && s->time < time + 1.2 * AGGR_US / 1e6);
	return err;
}

/* The part of [@start, @end) that @r covers. */
static inline unsigned long overlap(const struct region *r, unsigned long start,
				    unsigned long end)
{
	if (start < r->start)
		start = r->start;
	if (end > r->end)
		end = r->end;
	return start < end ? end - start : 0;
}

static inline unsigned long covered(const struct snapshot *s, unsigned long target,
				    unsigned long start, unsigned long end)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].target == target)
			sum += overlap(&s->region[i], start, end);
	return sum;
}

/* Late is what comes two updates after; in between is room for a slow guest. */
#define IN_TIME		(UPDATE_US / 1e6 + 1.5)

/*
 * Seconds until the regions of @target cover @want bytes of [@start, @end).  What the
 * worker was late, as the machine is too busy for it, is not counted.
 */
static inline double time_until(struct trace *t, struct snapshot *s, double since,
				unsigned long target, unsigned long start,
				unsigned long end, unsigned long want)
{
	double last = since, late = 0;

	do {
		int err = trace_next(t, s);

		if (err)
			return err;
		if (s->time > since + 10 * IN_TIME)
			return -ETIME;
		if (s->time > last + 2 * AGGR_US / 1e6)
			late += s->time - last - AGGR_US / 1e6;
		last = s->time > since ? s->time : since;
	} while (s->time < since || covered(s, target, start, end) != want);
	return s->time - since - late;
}

#define EXPECT_IN_TIME(since, target, start, end, want) do {			\
	double _took = time_until(self->t, self->s, since, target, start, end,	\
				  want);					\
										\
	TH_LOG("seen after %.2f s", _took);					\
	EXPECT_GE(_took, 0);							\
	EXPECT_LE(_took, IN_TIME);						\
} while (0)

/* The mean nr_accesses of [@start, @end); what is not covered counts as 0. */
static inline double heat(const struct snapshot *s, unsigned long target,
			  unsigned long start, unsigned long end)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].target == target)
			sum += (double)overlap(&s->region[i], start, end) *
				s->region[i].nr_accesses;
	return sum / (end - start);
}

/* The mean heat over @nr snapshots, or a negative errno. */
static inline double mean_heat(struct trace *t, unsigned long target,
			       unsigned long start, unsigned long end, int nr)
{
	struct snapshot *s = malloc(sizeof(*s));
	double sum = 0;
	int i, err = s ? 0 : -ENOMEM;

	for (i = 0; i < nr && !err; i++) {
		err = trace_next(t, s);
		if (!err)
			sum += heat(s, target, start, end);
	}
	free(s);
	return err ?: sum / nr;
}

/* Bytes of accessible mappings that no region of @target covers. */
static inline long uncovered(const struct snapshot *s, unsigned long target, pid_t pid)
{
	static struct map maps[1024];
	int nr = read_maps(pid, maps, 1024), i;
	long sum = 0;

	if (nr < 0)
		return nr;
	for (i = 0; i < nr; i++) {
		unsigned long len = maps[i].end - maps[i].start;

		/* The kernel shows this page to all, in no address space. */
		if (!strncmp(maps[i].perms, "---", 3) ||
		    !strcmp(maps[i].name, "[vsyscall]"))
			continue;
		sum += len - covered(s, target, maps[i].start, maps[i].end);
	}
	return sum;
}

/* === Memory in general === */

/* A number behind a word, as in /proc/vmstat and /proc/PID/smaps, or -1. */
static inline long number_behind(const char *path, const char *after, const char *word)
{
	bool found = !after;
	char line[512];
	long nr = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (nr < 0 && fgets(line, sizeof(line), f)) {
		if (!found)
			found = !strncmp(line, after, strlen(after));
		else if (!strncmp(line, word, strlen(word)))
			nr = atol(line + strlen(word));
	}
	fclose(f);
	return nr;
}

static inline long vm_event(const char *word)
{
	return number_behind("/proc/vmstat", NULL, word);
}

/* What smaps says, in KiB, of the mapping that begins at @addr. */
static inline long map_info(pid_t pid, unsigned long addr, const char *word)
{
	char path[64], start[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	snprintf(start, sizeof(start), "%lx-", addr);
	return number_behind(path, start, word);
}

#define SWAP_DEVICE	"/dev/zram0"

/* 128 MiB of compressed memory to swap to. */
static inline int swap_on(void)
{
	unsigned int header[3] = { 1, 128 * MiB / (4 * KiB) - 1, 0 };
	int err, fd;

	err = write_text("/sys/block/zram0/disksize", "128M");
	if (err)
		return err;
	fd = open(SWAP_DEVICE, O_RDWR);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, header, sizeof(header), 1024) != sizeof(header) ||
	    pwrite(fd, "SWAPSPACE2", 10, 4086) != 10 || fsync(fd))
		err = -EIO;
	close(fd);
	if (!err && swapon(SWAP_DEVICE, 0))
		err = -errno;
	return err;
}

static inline void swap_off(void)
{
	swapoff(SWAP_DEVICE);
	write_text("/sys/block/zram0/reset", "1");
}

/* === Physical memory === */

/* Frames of pages, in ascending order. */
struct pages {
	unsigned int nr;
	unsigned long *pfn;
};

static inline int compare_pfns(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* Add those that @pid has at @addr, all of which have to be there. */
static inline int pages_add(struct pages *p, pid_t pid, unsigned long addr, unsigned long len)
{
	unsigned int nr = len / (4 * KiB), i;
	char path[64];
	ssize_t n;
	int fd;

	p->pfn = realloc(p->pfn, (p->nr + nr) * sizeof(*p->pfn));
	if (!p->pfn)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = pread(fd, p->pfn + p->nr, nr * sizeof(*p->pfn), addr / (4 * KiB) * sizeof(*p->pfn));
	close(fd);
	if (n != (ssize_t)(nr * sizeof(*p->pfn)))
		return -EIO;
	for (i = p->nr; i < p->nr + nr; i++) {
		/* It is present. */
		if (!(p->pfn[i] >> 63))
			return -ENOENT;
		p->pfn[i] &= (1UL << 55) - 1;
	}
	p->nr += nr;
	qsort(p->pfn, p->nr, sizeof(*p->pfn), compare_pfns);
	return 0;
}

/* How many are below @addr. */
static inline unsigned int pages_below(const struct pages *p, unsigned long addr)
{
	unsigned int low = 0, high = p->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (p->pfn[middle] * 4 * KiB < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline unsigned int pages_within(const struct pages *p, unsigned long start,
					unsigned long end)
{
	return pages_below(p, end) - pages_below(p, start);
}

/* How many of the pages the regions of @target cover. */
static inline unsigned int pages_covered(const struct snapshot *s, unsigned long target,
					 const struct pages *p)
{
	unsigned int i, nr = 0;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].target == target)
			nr += pages_within(p, s->region[i].start, s->region[i].end);
	return nr;
}

/* The mean nr_accesses of the pages that any target covers. */
static inline double pages_heat(const struct snapshot *s, const struct pages *p)
{
	unsigned int i, nr = 0;
	double sum = 0;

	for (i = 0; i < s->nr; i++) {
		unsigned int n = pages_within(p, s->region[i].start, s->region[i].end);

		nr += n;
		sum += (double)n * s->region[i].nr_accesses;
	}
	return nr ? sum / nr : 0;
}

/* Where pages are neighbours, and all of them hot, or none. */
static inline bool goes_on(const struct pages *all, const struct pages *hot, unsigned int i)
{
	unsigned long addr = all->pfn[i] * 4 * KiB;

	return all->pfn[i] == all->pfn[i - 1] + 1 &&
		pages_within(hot, addr - 4 * KiB, addr) == pages_within(hot, addr, addr + 4 * KiB);
}

/* Rows of init_regions, one for each run of at least @min pages; return how many. */
static inline unsigned int print_runs(const struct pages *all, const struct pages *hot,
				      unsigned int min, char *text, size_t size)
{
	unsigned int i, start = 0, nr = 0;
	size_t len = 0;

	text[0] = '\0';
	for (i = 1; i <= all->nr; i++) {
		if (i < all->nr && goes_on(all, hot, i))
			continue;
		if (i - start >= min && len < size - 64) {
			len += sprintf(text + len, "0 %lu %lu\n", all->pfn[start] * 4 * KiB,
				       (all->pfn[i - 1] + 1) * 4 * KiB);
			nr++;
		}
		start = i;
	}
	return nr;
}

/* Not too many rows: where memory is in shreds, only the larger ones. */
static inline const char *rows_of(const struct pages *all, const struct pages *hot)
{
	static char text[65536];
	unsigned int min = 1;

	while (print_runs(all, hot, min, text, sizeof(text)) > 500)
		min *= 2;
	return text;
}

static inline int damon_on_ids(const char *attrs, const char *ids, const char *rows)
{
	int err = damon_write("attrs", attrs) ?: damon_write("target_ids", ids);

	if (!err && rows)
		err = damon_write("init_regions", rows);
	return err ?: damon_write("monitor_on", "on");
}

/* From now on the process takes its memory, and page cache, from this node. */
static inline long do_bind(struct work *w)
{
	/* MPOL_BIND */
	return syscall(SYS_set_mempolicy, 2, &w->arg[0], 64) ? -errno : 0;
}

static inline long work_bind(struct work *w, int node)
{
	w->arg[0] = 1UL << node;
	return work_call(w, do_bind);
}

/* === What most tests begin and end with === */

static inline int test_end(struct work *w, struct trace *t, struct snapshot *s)
{
	int err = damon_reset();

	trace_close(t);
	work_end(w);
	free(s);
	return err;
}

/* All or nothing: without success there is no test_end(). */
static inline int test_begin(struct work **w, struct trace **t, struct snapshot **s)
{
	int err = damon_reset();

	if (err)
		return err;
	*s = malloc(sizeof(**s));
	*w = work_start();
	*t = trace_open(0, 0, NR_SAMPLES);
	if (*s && *w && *t)
		return 0;
	test_end(*w, *t, *s);
	return -ENOMEM;
}

#endif /* _DAMON_TEST_H */
