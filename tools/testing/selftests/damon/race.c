// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: whatever many users do at once, nothing hangs, nothing breaks,
 * and afterwards all works as ever.
 */
#include "damon_test.h"

#define SECONDS		4

FIXTURE(race) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* What a user may be told who is not alone; -EIO is a file that was removed. */
static int expected(int err)
{
	switch (-err) {
	case 0:
	case EBUSY:
	case EPERM:
	case EINVAL:
	case ESRCH:
	case EEXIST:
	case ENOENT:
	case EIO:
		return 0;
	}
	ksft_print_msg("unexpected: %s\n", strerror(-err));
	return 1;
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			rest();
	}
	return pid;
}

static int starter(unsigned int i)
{
	return expected(damon_write("monitor_on", i % 3 ? "on" : "off"));
}

static int stopper(unsigned int i)
{
	return expected(damon_write("monitor_on", "off"));
}

static int reader(unsigned int i)
{
	static const char * const names[] = {
		"attrs", "target_ids", "init_regions", "kdamond_pid", "monitor_on",
		"c0/attrs", "c0/target_ids", "c0/init_regions", "c0/kdamond_pid",
	};
	char buf[4096];

	return expected(read_text(damon_path(names[i % 9]), buf, sizeof(buf)));
}

static int writer(unsigned int i)
{
	static const char * const settings[][2] = {
		{ "attrs", "1000 2000 3000 10 1000" }, { "attrs", "junk" },
		{ "attrs", "2000 20000 20000 3 30" }, { "target_ids", "1" },
		{ "init_regions", "0 4096 8192\n0 8192 409600" },
		{ "init_regions", "" }, { "c0/attrs", "1000 4000 1000 3 10" },
		{ "c0/target_ids", "1" }, { "c1/target_ids", "1" },
		{ "c1/init_regions", "0 4096 8192" },
	};

	return expected(damon_write(settings[i % 10][0], settings[i % 10][1]));
}

static int maker(unsigned int i)
{
	char name[8];

	snprintf(name, sizeof(name), "c%u", i % 3);
	return expected(damon_write(i / 3 % 2 ? "rm_contexts" : "mk_contexts", name));
}

/* Targets that exit: before monitoring is on, and while it is. */
static int spawner(unsigned int i)
{
	pid_t pid = sleeper();
	char ids[32];
	int ret;

	snprintf(ids, sizeof(ids), "1 %d", pid);
	ret = expected(damon_write("target_ids", i % 2 ? ids : ids + 2));
	if (i % 4 < 2)
		ret |= expected(damon_write("monitor_on", "on"));
	usleep(i % 5 * 2000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

static pid_t run(int (*fn)(unsigned int i))
{
	double end = now() + SECONDS;
	pid_t pid = fork();
	unsigned int i;

	if (pid)
		return pid;
	for (i = 0; now() < end; i++)
		if (fn(i))
			_exit(1);
	_exit(0);
}

static bool ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

static int works_as_ever(struct __test_metadata *_metadata, struct work *w)
{
	struct snapshot *s = malloc(sizeof(*s));
	struct trace *t = trace_open(1, 0, NR_SAMPLES);
	double mean = -1;
	int err = -ENOMEM;

	if (s && t)
		err = damon_on(TEST_ATTRS, &w->pid, 1) ?: trace_next(t, s);
	if (!err)
		mean = mean_heat(t, 0, ARENA, ARENA + 4 * MiB, 5);
	trace_close(t);
	free(s);
	TH_LOG("%d, hot %.1f of %d", err, mean, NR_SAMPLES);
	return err ?: mean > NR_SAMPLES / 4. ? 0 : -EDOM;
}

TEST_F_TIMEOUT(race, all_files_at_once, 200)
{
	static int (*const fns[])(unsigned int i) = {
		starter, stopper, reader, writer, maker, spawner, spawner,
	};
	enum { NR = sizeof(fns) / sizeof(*fns) };
	pid_t pids[NR];
	int i, status;

	ASSERT_EQ(0, work_map(self->w, ARENA, 4 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 4 * MiB));
	for (i = 0; i < NR; i++) {
		pids[i] = run(fns[i]);
		ASSERT_LT(0, pids[i]);
	}
	for (i = 0; i < NR; i++) {
		ASSERT_TRUE(wait_for(ended(pids[i], &status), PATIENCE))
			TH_LOG("process %d hangs", i);
		EXPECT_EQ(0, status);
	}

	EXPECT_EQ(0, damon_reset());
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
	EXPECT_EQ(0, works_as_ever(_metadata, self->w));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
}

/* On succeeds for one of many, and so does off. */
static int win(const char *word, int lose)
{
	int err;

	while ((err = damon_write("monitor_on", word)) == lose)
		;
	return err;
}

TEST_F_TIMEOUT(race, on_and_off_belong_to_one_at_a_time, 200)
{
	enum { NR = 4 };
	pid_t pids[NR];
	double end;
	int i, status;

	ASSERT_EQ(0, damon_on("1000 2000 3000 10 100", &self->w->pid, 1));
	ASSERT_EQ(0, damon_write("monitor_on", "off"));
	for (i = 0; i < NR; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		/* Between the two, nobody else may turn it off. */
		for (end = now() + SECONDS / 2; now() < end;)
			if (win("on", -EBUSY) || !damon_is("monitor_on", "on\n") ||
			    win("off", -EPERM))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < NR; i++) {
		ASSERT_LT(0, pids[i]);
		ASSERT_TRUE(wait_for(ended(pids[i], &status), PATIENCE));
		EXPECT_EQ(0, status);
	}
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
}

/* The memory changes under the monitor, from several threads' worth of work. */
static long do_storm(struct work *w)
{
	unsigned long len = 4 * MiB;
	double end = now() + SECONDS;
	unsigned int i;

	for (i = 0; now() < end; i++) {
		char *p = mmap((void *)ARENA2, len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (p == MAP_FAILED)
			return -errno;
		madvise(p, len, i % 2 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		touch(ARENA2, ARENA2 + len / 4);
		mprotect(p + len / 4, 64 * KiB, PROT_NONE);
		mprotect(p + len / 4, 64 * KiB, PROT_READ);
		/* It moves one mapping: what the calls above have not split off. */
		p = mremap(p, len / 4, len / 4, MREMAP_MAYMOVE | MREMAP_FIXED,
			   (void *)ARENA3);
		if (p == MAP_FAILED)
			return -errno;
		if (!fork())
			_exit(0);
		touch(ARENA3, ARENA3 + len / 4);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		munmap(p, len / 4);
		munmap((void *)ARENA2, len);
	}
	return 0;
}

TEST_F_TIMEOUT(race, with_changes_of_the_memory, 200)
{
	struct work *w2 = work_start();
	pid_t pids[2];

	ASSERT_NE(NULL, w2);
	pids[0] = self->w->pid;
	pids[1] = w2->pid;
	self->t->max_accesses = 2;
	ASSERT_EQ(0, damon_on("1000 2000 3000 10 1000", pids, 2));
	store(&w2->call, do_storm);
	EXPECT_EQ(0, work_call(self->w, do_storm));
	EXPECT_TRUE(wait_for(!load(&w2->call), PATIENCE));
	EXPECT_EQ(0, w2->ret);
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	work_end(w2);
}

TEST_HARNESS_MAIN
