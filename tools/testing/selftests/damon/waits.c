// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: nobody waits long for a monitor, whatever becomes of the memory that it
 * watches; and who waits for its worker can be killed.
 */
#include "module.h"

#define LOCK		"damon_test_lock"
#define HOT		(4 * MiB)

/*
 * Seconds.  A call that waits for nobody takes less, on a slow machine as well; one
 * that waits for the lock or for the processor takes as long as they are withheld.
 */
#define AT_ONCE		3
#define WITHHELD	20

static bool ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

/* In a process of its own, since it may be what hangs. */
static pid_t start_off(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(!!damon_write("monitor_on", "off"));
}

/* Seconds that it takes to read all files. */
static double read_all(void)
{
	double begin = now();

	damon_read("attrs");
	damon_read("target_ids");
	damon_read("init_regions");
	damon_read("kdamond_pid");
	damon_read("monitor_on");
	return now() - begin;
}

/* === Memory whose locks somebody holds for long === */

FIXTURE(locked) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct work *other;
};

FIXTURE_VARIANT(locked) {
	bool mappings;
};

/* The first keeps others from mmap_lock, the second from the lock of each mapping, too. */
FIXTURE_VARIANT_ADD(locked, address_space) { .mappings = false };
FIXTURE_VARIANT_ADD(locked, and_each_mapping) { .mappings = true };

/*
 * Two processes are the targets, and of the first the memory is locked.  Behind this
 * context there is another, which watches the second process only.
 */
FIXTURE_SETUP(locked)
{
	char ids[64];

	/* It shall not have the descriptors of the trace. */
	self->other = work_start();
	ASSERT_NE(NULL, self->other);
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, work_map(self->w, ARENA, HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, work_map(self->other, ARENA, HOT));
	ASSERT_TRUE(work_hot(self->other, 0, ARENA, HOT));

	ASSERT_EQ(0, damon_write("mk_contexts", "behind"));
	snprintf(ids, sizeof(ids), "%d", self->other->pid);
	ASSERT_EQ(0, damon_write("behind/attrs", TEST_ATTRS));
	ASSERT_EQ(0, damon_write("behind/target_ids", ids));
	snprintf(ids, sizeof(ids), "%d %d", self->w->pid, self->other->pid);
	ASSERT_EQ(0, damon_write("attrs", "10000 200000 400000 10 1000"));
	ASSERT_EQ(0, damon_write("target_ids", ids));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	trace_close(self->t);
	self->t = trace_open(0, kdamond_pid("kdamond_pid"), NR_SAMPLES);
	ASSERT_NE(NULL, self->t);
	ASSERT_EQ(0, trace_next(self->t, self->s));
}

FIXTURE_TEARDOWN(locked)
{
	/* First of all, for a process that is locked can not end. */
	unload_module(LOCK);
	work_end(self->other);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static int lock_memory(struct work *w, bool mappings)
{
	char params[64];

	snprintf(params, sizeof(params), "pid=%d seconds=%d mappings=%d", w->pid,
		 WITHHELD, mappings);
	return load_module(LOCK, params);
}

TEST_F_TIMEOUT(locked, others_are_watched_meanwhile_and_it_is_afterwards, 200)
{
	int err = lock_memory(self->w, variant->mappings), i;
	double since = now();

	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	/* Over several updates, each of which meets the lock. */
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, trace_after(self->t, self->s, since + i));
		EXPECT_GT(heat(self->s, 1, ARENA, ARENA + HOT), NR_SAMPLES / 4.);
	}
	TH_LOG("4 seconds of snapshots within %.1f s", now() - since);
	EXPECT_LT(now() - since, WITHHELD / 2);

	EXPECT_EQ(0, unload_module(LOCK));
	since = now();
	ASSERT_EQ(0, work_map(self->w, ARENA2, MiB));
	EXPECT_IN_TIME(since, 0, ARENA2, ARENA2 + MiB, MiB);
	EXPECT_GT(mean_heat(self->t, 0, ARENA, ARENA + HOT, 4), NR_SAMPLES / 4.);
}

/* Turn it off, and read all files meanwhile. */
static void expect_off(struct __test_metadata *_metadata)
{
	double begin = now(), read, off;
	pid_t pid = start_off();

	ASSERT_LT(0, pid);
	usleep(100000);
	read = read_all();
	EXPECT_TRUE(wait_for(ended(pid), WITHHELD + PATIENCE));
	off = now() - begin;
	TH_LOG("off came back after %.2f s, the files after %.2f s", off, read);
	EXPECT_LT(read, AT_ONCE);
	EXPECT_LT(off, AT_ONCE);
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
	EXPECT_TRUE(wait_for(!nr_kdamonds(), AT_ONCE));
}

TEST_F_TIMEOUT(locked, off_comes_back_at_once_for_all_contexts, 120)
{
	int err = lock_memory(self->w, variant->mappings);

	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	/* By then, an update has met the lock. */
	usleep(1200000);
	expect_off(_metadata);
	/* And it may meet the lock as it begins. */
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	usleep(500000);
	expect_off(_metadata);
}

/* === A worker that does not come to run === */

FIXTURE(starved) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	pid_t hog;
};

FIXTURE_SETUP(starved)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->hog = 0;
}

static void end_process(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

FIXTURE_TEARDOWN(starved)
{
	end_process(&self->hog);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static int set_priority(pid_t pid, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return sched_setscheduler(pid, SCHED_FIFO, &param) ? -errno : 0;
}

/* Nobody of a lower priority runs on @cpu beside it. */
static pid_t start_hog(int cpu)
{
	double end = now() + WITHHELD;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (move_to_cpu(0, cpu) || set_priority(0, 2))
		_exit(1);
	while (now() < end)
		;
	_exit(0);
}

/* It waits until the worker has ended, and another call may wait for it. */
TEST_F_TIMEOUT(starved, who_waits_for_the_worker_can_be_killed, 120)
{
	int cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	pid_t kdamond, off, reader;
	double begin;

	if (cpu < 1)
		SKIP(return, "one processor only");
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	kdamond = kdamond_pid("kdamond_pid");
	ASSERT_EQ(0, move_to_cpu(kdamond, cpu));
	ASSERT_EQ(0, set_priority(kdamond, 1));
	self->hog = start_hog(cpu);
	ASSERT_LT(0, self->hog);
	usleep(300000);

	off = start_off();
	ASSERT_LT(0, off);
	usleep(300000);
	reader = fork();
	if (!reader) {
		read_all();
		_exit(0);
	}
	ASSERT_LT(0, reader);
	usleep(300000);
	/* Else nothing has been shown. */
	EXPECT_FALSE(ended(off));
	begin = now();
	kill(reader, SIGKILL);
	kill(off, SIGKILL);
	EXPECT_TRUE(wait_for(ended(reader), WITHHELD + PATIENCE));
	EXPECT_TRUE(wait_for(ended(off), WITHHELD + PATIENCE));
	TH_LOG("killed after %.2f s", now() - begin);
	EXPECT_LT(now() - begin, AT_ONCE);

	/* And all is as ever. */
	end_process(&self->hog);
	EXPECT_EQ(0, damon_reset());
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
}

/* === Regions that are to be replaced === */

FIXTURE(many_regions) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(many_regions)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	/* It can not hold so many. */
	trace_close(self->t);
	self->t = NULL;
}

FIXTURE_TEARDOWN(many_regions)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

#define SIZE	(1600 * MiB)
#define GONE	(640 * MiB)
/* So many have four pages each, and what is left of them must be cut again. */
#define ATTRS	"1000000 1000000 1000000 100000 100000"

static double time_of_off(void)
{
	double begin = now();
	int err = damon_write("monitor_on", "off");

	return err ?: now() - begin;
}

TEST_F_TIMEOUT(many_regions, off_comes_back_at_once_when_memory_has_gone, 240)
{
	double before, after;

	/* The memory is mapped only. */
	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	ASSERT_EQ(0, damon_on(ATTRS, &self->w->pid, 1));
	sleep(3);
	before = time_of_off();
	ASSERT_LE(0, before);

	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	sleep(3);
	ASSERT_EQ(0, work_unmap(self->w, ARENA + SIZE - GONE, GONE));
	/* By then, the worker is in the update. */
	sleep(3);
	after = time_of_off();
	ASSERT_LE(0, after);
	TH_LOG("off took %.2f s, %.2f s when memory had gone", before, after);
	EXPECT_LT(after, 3 * before + AT_ONCE);
}

TEST_HARNESS_MAIN
