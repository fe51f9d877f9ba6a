// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: monitoring can be turned on and off at any time, at once, and
 * nothing is left behind.
 */
#include "damon_test.h"

#define LONGEST	"18446744073709551615"

FIXTURE(lifecycle) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(lifecycle)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(lifecycle)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* Objects of a slab cache, or -1 when the kernel does not tell. */
static long nr_objects(const char *cache)
{
	char line[512], name[128];
	long nr = -1, n;
	FILE *f;

	/* What KASAN keeps back for a while does not count. */
	snprintf(line, sizeof(line), "/sys/kernel/slab/%s/shrink", cache);
	write_text(line, "1");
	f = fopen("/proc/slabinfo", "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%127s %ld", name, &n) == 2 && !strcmp(name, cache))
			nr = n;
	fclose(f);
	return nr;
}

TEST_F_TIMEOUT(lifecycle, off_does_not_wait_for_the_interval, 200)
{
	double time;
	int i;

	for (i = 0; i < 5; i++) {
		/* An hour would prove no more, and nothing can end the wait. */
		ASSERT_EQ(0, damon_on("100000000 100000000 100000000 10 1000",
				      &self->w->pid, 1));
		/* At first busy with its start, then asleep. */
		usleep(i * 100000);
		time = now();
		EXPECT_STREQ("on\n", damon_read("monitor_on"));
		EXPECT_LT(0, kdamond_pid("kdamond_pid"));
		EXPECT_EQ(0, damon_write("monitor_on", "off"));
		EXPECT_STREQ("off\n", damon_read("monitor_on"));
		ASSERT_LT(now() - time, PATIENCE / 2);
	}
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
}

/* Intervals that a clock in nanoseconds cannot hold are long, not short. */
TEST_F_TIMEOUT(lifecycle, the_longest_interval_is_long, 100)
{
	ASSERT_EQ(0, damon_on(LONGEST " " LONGEST " " LONGEST " 10 1000",
			      &self->w->pid, 1));
	sleep(1);
	EXPECT_EQ(0, self->t->len);
	EXPECT_GT(0, read(self->t->fd, self->t->buf, sizeof(self->t->buf)));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
}

TEST_F_TIMEOUT(lifecycle, on_and_off_a_hundred_times_leaves_nothing, 200)
{
	long before, after;
	int i;

	ASSERT_EQ(0, damon_on("1000 2000 10000 200 1000", &self->w->pid, 1));
	ASSERT_EQ(0, damon_write("monitor_on", "off"));
	before = nr_objects("damon_region");
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, damon_write("monitor_on", "on"));
		EXPECT_LT(0, kdamond_pid("kdamond_pid"));
		/* Stopped in different phases. */
		usleep(i % 10 * 1000);
		ASSERT_EQ(0, damon_write("monitor_on", "off"));
		EXPECT_STREQ("none\n", damon_read("kdamond_pid"));
	}
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
	after = nr_objects("damon_region");
	TH_LOG("regions: %ld before, %ld after", before, after);
	/* Some 20000 were made; free ones on a CPU's list count as well. */
	if (before >= 0)
		EXPECT_LT(after, before + 2000);
}

/* Numbers of processes that are gone must not be held. */
TEST_F_TIMEOUT(lifecycle, targets_are_let_go, 200)
{
	long before = nr_objects("pid"), after;
	int i, nr = 300;

	if (before < 0)
		SKIP(return, "the kernel does not count its objects");
	for (i = 0; i < nr; i++) {
		char ids[128];
		pid_t pid = fork();

		if (!pid) {
			pause();
			_exit(0);
		}
		ASSERT_LT(0, pid);
		snprintf(ids, sizeof(ids), "%1$d %1$d", pid);
		EXPECT_EQ(0, damon_write("target_ids", ids));
		/* Refused after some have been looked up. */
		snprintf(ids, sizeof(ids), "%1$d %1$d 4194304", pid);
		EXPECT_EQ(-ESRCH, damon_write("target_ids", ids));
		if (i % 50 == 0) {
			EXPECT_EQ(0, damon_write("monitor_on", "on"));
			EXPECT_EQ(-EBUSY, damon_write("target_ids", ids));
			EXPECT_EQ(0, damon_write("monitor_on", "off"));
		}
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	EXPECT_EQ(0, damon_write("target_ids", ""));
	EXPECT_TRUE(wait_for((after = nr_objects("pid")) < before + nr / 2, 20));
	TH_LOG("numbers: %ld before, %ld after", before, after);
}

TEST_HARNESS_MAIN
