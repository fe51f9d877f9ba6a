// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: whatever a process does to itself, its monitor follows it, and
 * ends when the process has.
 */
#include <pthread.h>

#include "damon_test.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define HOT	(8 * MiB)

FIXTURE(targets) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(targets)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(targets)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static long start_hot(struct work *w, unsigned long addr)
{
	long err = work_map(w, addr, HOT);

	if (err)
		return err;
	return work_hot(w, 0, addr, HOT) ? 0 : -ETIMEDOUT;
}

static double hot_heat(struct trace *t, unsigned long target, unsigned long addr)
{
	return mean_heat(t, target, addr + MiB, addr + HOT - MiB, 5);
}

/* The monitor has ended by itself, and left nothing. */
#define EXPECT_ENDED() do {							\
	EXPECT_TRUE(wait_for(damon_is("monitor_on", "off\n"), PATIENCE));	\
	EXPECT_STREQ("none\n", damon_read("kdamond_pid"));			\
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));			\
	EXPECT_EQ(-EPERM, damon_write("monitor_on", "off"));			\
} while (0)

static long do_fork(struct work *w)
{
	unsigned long other = w->hot[0].start + HOT;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Memory that both have, and that only the child uses. */
		for (;;) {
			touch(other, other + HOT);
			rest();
		}
	}
	return pid < 0 ? -errno : pid;
}

TEST_F_TIMEOUT(targets, a_child_is_not_monitored, 120)
{
	double own, of_child;
	pid_t child;

	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * HOT));
	ASSERT_EQ(0, work_touch(self->w, ARENA, 2 * HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	child = work_call(self->w, do_fork);
	ASSERT_LT(0, child);
	/* The first pass copies what they had in common. */
	ASSERT_TRUE(work_passes(self->w, 2));
	ASSERT_EQ(0, trace_after(self->t, self->s, now() + 1));
	own = hot_heat(self->t, 0, ARENA);
	of_child = hot_heat(self->t, 0, ARENA + HOT);
	kill(child, SIGKILL);
	TH_LOG("own %.1f, child's %.1f of %d", own, of_child, NR_SAMPLES);
	/* A slow machine touches less of both. */
	EXPECT_GE(own, 1);
	EXPECT_GE(of_child, 0);
	EXPECT_GT(own, 4 * of_child);
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
}

static long do_exec(struct work *w)
{
	/* What waits for the answer would never get it. */
	store(&w->call, NULL);
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

TEST_F_TIMEOUT(targets, exec_is_followed, 120)
{
	char path[64], comm[32] = "";
	double time;

	snprintf(path, sizeof(path), "/proc/%d/comm", self->w->pid);
	ASSERT_EQ(0, start_hot(self->w, ARENA));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(HOT, covered(self->s, 0, ARENA, ARENA2));

	work_call(self->w, do_exec);
	ASSERT_TRUE(wait_for(!read_text(path, comm, sizeof(comm)) &&
			     !strcmp(comm, "sleep\n"), PATIENCE));
	/* It maps its libraries and sleeps. */
	sleep(2);
	time = now();
	while (self->s->time < time + IN_TIME)
		ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(0, covered(self->s, 0, ARENA, ARENA2));
	EXPECT_EQ(0, uncovered(self->s, 0, self->w->pid));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
}

TEST_F_TIMEOUT(targets, exit_ends_the_monitor, 120)
{
	struct work *w2 = work_start();

	ASSERT_NE(NULL, w2);
	ASSERT_EQ(0, start_hot(w2, ARENA));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &w2->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	work_end(w2);
	EXPECT_ENDED();
	EXPECT_STREQ("0\n", damon_read("target_ids"));

	/* Settings can be changed again, and the next monitor works. */
	ASSERT_EQ(0, start_hot(self->w, ARENA2));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA2), NR_SAMPLES / 4);
}

/* On again with a target that is gone: the monitor ends at once. */
TEST_F_TIMEOUT(targets, on_for_one_that_is_gone_ends_at_once, 120)
{
	struct work *w2 = work_start();
	char ids[32];

	ASSERT_NE(NULL, w2);
	snprintf(ids, sizeof(ids), "%d", w2->pid);
	ASSERT_EQ(0, damon_write("target_ids", ids));
	work_end(w2);
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	EXPECT_ENDED();
}

TEST_F_TIMEOUT(targets, zombies_end_the_monitor, 120)
{
	struct work *w2 = work_start();
	siginfo_t info;

	ASSERT_NE(NULL, w2);
	ASSERT_EQ(0, start_hot(w2, ARENA));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &w2->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	/* It has a number until it is waited for, and no memory. */
	kill(w2->pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, w2->pid, &info, WEXITED | WNOWAIT));
	/* Who does not know yet that it has ended is not told of another error. */
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_ENDED();
	EXPECT_EQ(w2->pid, atoi(damon_read("target_ids")));

	EXPECT_EQ(0, damon_on(TEST_ATTRS, &w2->pid, 1));
	EXPECT_ENDED();
	work_end(w2);
}

TEST_F_TIMEOUT(targets, one_of_two_that_exits_leaves_the_other, 120)
{
	struct work *w2 = work_start();
	pid_t pids[2];
	unsigned int i;

	ASSERT_NE(NULL, w2);
	pids[0] = self->w->pid;
	pids[1] = w2->pid;
	ASSERT_EQ(0, start_hot(self->w, ARENA));
	ASSERT_EQ(0, start_hot(w2, ARENA2));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, pids, 2));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_EQ(HOT, covered(self->s, 0, ARENA, ARENA2));
	EXPECT_EQ(0, covered(self->s, 0, ARENA2, ARENA3));
	EXPECT_EQ(0, covered(self->s, 1, ARENA, ARENA2));
	EXPECT_EQ(HOT, covered(self->s, 1, ARENA2, ARENA3));
	for (i = 0; i < self->s->nr; i++)
		EXPECT_GE(1, self->s->region[i].target);
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
	EXPECT_GT(hot_heat(self->t, 1, ARENA2), NR_SAMPLES / 4);

	work_end(w2);
	ASSERT_EQ(0, trace_after(self->t, self->s, now() + 1));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
}

static void *loop_thread(void *w)
{
	work_loop(w);
	return NULL;
}

static long do_first_thread_exit(struct work *w)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, loop_thread, w))
		return -EAGAIN;
	w->ret = 0;
	store(&w->call, NULL);
	/* Only this thread; the process goes on. */
	syscall(SYS_exit, 0);
	return 0;
}

TEST_F_TIMEOUT(targets, goes_on_when_the_first_thread_has_exited, 120)
{
	ASSERT_EQ(0, start_hot(self->w, ARENA));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	ASSERT_EQ(0, work_call(self->w, do_first_thread_exit));
	ASSERT_TRUE(work_passes(self->w, 2));
	ASSERT_EQ(0, trace_after(self->t, self->s, now() + 1));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
	/* And from its start as well. */
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
}

TEST_F_TIMEOUT(targets, by_pidfd, 120)
{
	char text[64];
	int fd = syscall(SYS_pidfd_open, self->w->pid, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, start_hot(self->w, ARENA));
	ASSERT_EQ(0, damon_write("attrs", TEST_ATTRS));
	snprintf(text, sizeof(text), "pidfd %d", fd);
	EXPECT_EQ(0, damon_write("target_ids", text));
	close(fd);
	snprintf(text, sizeof(text), "%d\n", self->w->pid);
	EXPECT_STREQ(text, damon_read("target_ids"));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);

	/* A descriptor of something else. */
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	fd = open("/dev/null", O_RDONLY);
	snprintf(text, sizeof(text), "pidfd %d", fd);
	EXPECT_EQ(-EBADF, damon_write("target_ids", text));
	close(fd);
}

/* A process that is the first of a namespace of its own. */
static struct work *start_in_namespace(void)
{
	return unshare(CLONE_NEWPID) ? NULL : work_start();
}

static long do_target_itself(struct work *w)
{
	/* It knows no other number of itself. */
	return getpid() == 1 ? damon_write("target_ids", "1") : -EINVAL;
}

TEST_F_TIMEOUT(targets, in_another_pid_namespace, 120)
{
	struct work *w2 = start_in_namespace();
	char pid[32], text[64];
	int fd;

	if (!w2)
		SKIP(return, "no PID namespace");
	snprintf(pid, sizeof(pid), "%d\n", w2->pid);
	ASSERT_EQ(0, start_hot(w2, ARENA));

	/* By the number that it has for us. */
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &w2->pid, 1));
	EXPECT_STREQ(pid, damon_read("target_ids"));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
	EXPECT_EQ(0, damon_write("monitor_on", "off"));

	/* By a descriptor. */
	fd = syscall(SYS_pidfd_open, w2->pid, 0);
	ASSERT_LE(0, fd);
	snprintf(text, sizeof(text), "pidfd %d", fd);
	EXPECT_EQ(0, damon_write("target_ids", text));
	close(fd);
	EXPECT_STREQ(pid, damon_read("target_ids"));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
	EXPECT_EQ(0, damon_write("monitor_on", "off"));

	/* By the number that it has for itself, if it is itself who writes. */
	EXPECT_EQ(0, damon_write("target_ids", ""));
	EXPECT_EQ(0, work_call(w2, do_target_itself));
	EXPECT_STREQ(pid, damon_read("target_ids"));

	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	work_end(w2);
	EXPECT_ENDED();
}

/* As the child of posix_spawn(): it runs in the memory of its parent, which waits. */
static int vfork_child(void *arg)
{
	struct work *w = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	store(&w->arg[0], getpid());
	while (!load(&w->arg[1]))
		work_pass(w);
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

static long do_vfork(struct work *w)
{
	static char stack[256 * KiB] __attribute__((aligned(16)));
	pid_t pid = clone(vfork_child, stack + sizeof(stack),
			  CLONE_VM | CLONE_VFORK | SIGCHLD, w);

	return pid < 0 ? -errno : 0;
}

/* Who uses the memory of the target makes it hot, and is no target itself. */
TEST_F_TIMEOUT(targets, vfork_shares_memory_until_exec, 120)
{
	unsigned long passes;
	char ids[32];
	pid_t child;

	ASSERT_EQ(0, start_hot(self->w, ARENA));
	self->w->arg[0] = 0;
	self->w->arg[1] = 0;
	store(&self->w->call, do_vfork);
	ASSERT_TRUE(wait_for(load(&self->w->arg[0]), PATIENCE));
	child = self->w->arg[0];

	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);
	EXPECT_EQ(0, damon_write("monitor_on", "off"));

	ASSERT_EQ(0, damon_on(TEST_ATTRS, &child, 1));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_GT(hot_heat(self->t, 0, ARENA), NR_SAMPLES / 4);

	/* The child leaves for memory of its own, and its monitor with it. */
	store(&self->w->arg[1], 1);
	passes = load(&self->w->passes);
	ASSERT_TRUE(wait_for(!load(&self->w->call), PATIENCE));
	EXPECT_EQ(0, self->w->ret);
	ASSERT_TRUE(work_passes(self->w, 1));
	EXPECT_LT(passes, load(&self->w->passes));
	ASSERT_EQ(0, trace_after(self->t, self->s, now() + UPDATE_US / 1e6 + 1.5));
	EXPECT_EQ(0, covered(self->s, 0, ARENA, ARENA2));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	snprintf(ids, sizeof(ids), "%d\n", child);
	EXPECT_STREQ(ids, damon_read("target_ids"));
	kill(child, SIGKILL);
	EXPECT_ENDED();
}

#define MAX_TARGETS	100
#define SHARE		(256 * KiB)
#define SHARE_MS	20

/* It uses its share a few times in each sampling interval, and little time for it. */
static pid_t start_sharer(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mmap((void *)ARENA, SHARE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		_exit(1);
	for (;;) {
		touch(ARENA, ARENA + SHARE);
		usleep(SHARE_MS * 1000);
	}
}

TEST_F_TIMEOUT(targets, many_have_equal_shares, 200)
{
	double lowest = NR_SAMPLES, highest = 0, heats[MAX_TARGETS] = {};
	int i, j, nr = 3, nr_targets = is_too_slow() ? MAX_TARGETS / 4 : MAX_TARGETS;
	char ids[MAX_TARGETS * 12];
	pid_t pids[MAX_TARGETS];
	size_t len = 0;

	for (i = 0; i < nr_targets; i++) {
		pids[i] = start_sharer();
		ASSERT_LT(0, pids[i]);
		len += snprintf(ids + len, sizeof(ids) - len, "%d ", pids[i]);
	}
	/* Time for all to have been there. */
	sleep(2);
	EXPECT_EQ(0, damon_write("attrs", "100000 2000000 10000000 10 1000"));
	EXPECT_EQ(0, damon_write("target_ids", ids));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	EXPECT_EQ(0, trace_next(self->t, self->s));
	for (j = 0; j < nr; j++) {
		EXPECT_EQ(0, trace_next(self->t, self->s));
		EXPECT_GE(1000, self->s->nr);
		for (i = 0; i < nr_targets; i++) {
			EXPECT_EQ(SHARE, covered(self->s, i, ARENA, ARENA2));
			heats[i] += heat(self->s, i, ARENA, ARENA + SHARE) / nr;
		}
	}
	for (i = 0; i < nr_targets; i++) {
		lowest = heats[i] < lowest ? heats[i] : lowest;
		highest = heats[i] > highest ? heats[i] : highest;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	TH_LOG("from %.1f to %.1f of %d", lowest, highest, NR_SAMPLES);
	EXPECT_GT(lowest, NR_SAMPLES / 2.);
	EXPECT_ENDED();
}

#define NR_MAPS		60000
/* So many at a time, and a kernel with KASAN and lockdep has no more in all. */
#define MAPS_PART	6000
#define MAPS_STEP	(64 * KiB)
#define NR_THREADS	64

/* Number arg[0] and those after it. */
static long do_map_many(struct work *w)
{
	unsigned long i;

	for (i = w->arg[0]; i < w->arg[0] + MAPS_PART; i++) {
		char *p = mmap((void *)(ARENA + i * MAPS_STEP), 4 * KiB,
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (p == MAP_FAILED)
			return -errno;
	}
	return 0;
}

static void *share_thread(void *start)
{
	for (;;) {
		touch((unsigned long)start, (unsigned long)start + HOT / NR_THREADS);
		usleep(20000);
	}
	return NULL;
}

/* Each has a part of the area in its arguments. */
static long do_threads(struct work *w)
{
	unsigned long part = w->arg[1] / NR_THREADS;
	pthread_t thread;
	int i;

	for (i = 0; i < NR_THREADS; i++)
		if (pthread_create(&thread, NULL, share_thread,
				   (void *)(w->arg[0] + i * part)))
			return -EAGAIN;
	return 0;
}

TEST_F_TIMEOUT(targets, many_threads_and_sixty_thousand_mappings, 300)
{
	int i, nr = is_too_slow() ? MAPS_PART : NR_MAPS;
	unsigned long end = ARENA + nr * MAPS_STEP, all;
	double of_threads;

	for (i = 0; i < nr; i += MAPS_PART) {
		self->w->arg[0] = i;
		ASSERT_EQ(0, work_call(self->w, do_map_many));
	}
	ASSERT_EQ(0, work_map(self->w, ARENA3, HOT));
	ASSERT_EQ(0, work_touch(self->w, ARENA3, HOT));
	self->w->arg[0] = ARENA3;
	self->w->arg[1] = HOT;
	ASSERT_EQ(0, work_call(self->w, do_threads));
	ASSERT_EQ(0, start_hot(self->w, ARENA2));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		EXPECT_GE(1000, self->s->nr);
	}
	EXPECT_EQ(0, uncovered(self->s, 0, self->w->pid));
	/*
	 * Half of the regions may be ranges, a few of them of what else the program has.
	 * The last mapping is a page at the beginning of its step.
	 */
	all = end - MAPS_STEP + 4 * KiB - ARENA;
	EXPECT_LE(all - 500 * MAPS_STEP, covered(self->s, 0, ARENA, end));
	EXPECT_GE(all - 400 * (MAPS_STEP - 4 * KiB), covered(self->s, 0, ARENA, end));
	EXPECT_EQ(HOT, covered(self->s, 0, ARENA2, ARENA3));
	EXPECT_EQ(HOT, covered(self->s, 0, ARENA3, ARENA3 + GiB));
	EXPECT_GT(hot_heat(self->t, 0, ARENA2), NR_SAMPLES / 4);
	/* They sleep for two sampling intervals in between. */
	of_threads = hot_heat(self->t, 0, ARENA3);
	TH_LOG("used by %d threads: %.1f of %d", NR_THREADS, of_threads, NR_SAMPLES);
	EXPECT_GT(of_threads, 1);
}

TEST_HARNESS_MAIN
