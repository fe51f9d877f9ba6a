// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: with "fvaddr", the ranges that the user gave are watched, all of them,
 * nothing else, and they stay, whatever the process maps; what makes no sense is
 * refused, and the old setting stays.
 */
#include "damon_test.h"

#define SIZE	(8 * MiB)

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

FIXTURE(fixed) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(fixed)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(fixed)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static int set_target(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "fvaddr %d", pid);
	return damon_write("attrs", TEST_ATTRS) ?: damon_write("target_ids", text);
}

static unsigned long all_covered(const struct snapshot *s)
{
	return covered(s, 0, 0, ~0UL);
}

/* Beyond the next update, and the aggregation that shows it. */
static int next_update(struct trace *t, struct snapshot *s)
{
	return trace_after(t, s, now() + IN_TIME);
}

TEST_F_TIMEOUT(fixed, only_the_ranges_are_watched, 120)
{
	char text[256];

	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * SIZE));
	ASSERT_EQ(0, work_map(self->w, ARENA2, SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 2 * SIZE));
	ASSERT_TRUE(work_hot(self->w, 1, ARENA2, SIZE));
	ASSERT_EQ(0, set_target(self->w->pid));
	snprintf(text, sizeof(text), "fvaddr %d\n", self->w->pid);
	EXPECT_STREQ(text, damon_read("target_ids"));
	/* A part of a mapping, and a place where nothing is mapped. */
	snprintf(text, sizeof(text), "0 %lu %lu\n0 %lu %lu\n", ARENA, ARENA + SIZE,
		 ARENA3, ARENA3 + SIZE);
	ASSERT_EQ(0, damon_write("init_regions", text));
	EXPECT_STREQ(text, damon_read("init_regions"));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA3, ARENA3 + SIZE));
	EXPECT_EQ(2 * SIZE, all_covered(self->s));

	ASSERT_EQ(0, next_update(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA3, ARENA3 + SIZE));
	EXPECT_EQ(2 * SIZE, all_covered(self->s));
	EXPECT_GT(heat(self->s, 0, ARENA, ARENA + SIZE), NR_SAMPLES / 4);
	EXPECT_EQ(0, heat(self->s, 0, ARENA3, ARENA3 + SIZE));
}

TEST_F_TIMEOUT(fixed, the_ranges_stay_when_mappings_come_and_go, 120)
{
	ASSERT_EQ(0, set_target(self->w->pid));
	ASSERT_EQ(0, damon_init_regions(ARENA, ARENA + SIZE));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(0, heat(self->s, 0, ARENA, ARENA + SIZE));

	/* It is seen without an update. */
	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	ASSERT_EQ(0, work_map(self->w, ARENA + SIZE, SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 2 * SIZE));
	ASSERT_EQ(0, trace_after(self->t, self->s, now() + 0.5));
	EXPECT_GT(mean_heat(self->t, 0, ARENA, ARENA + SIZE, 5), NR_SAMPLES / 4);
	ASSERT_EQ(0, next_update(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(SIZE, all_covered(self->s));

	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	ASSERT_EQ(0, work_unmap(self->w, ARENA, 2 * SIZE));
	ASSERT_EQ(0, next_update(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(SIZE, all_covered(self->s));
	EXPECT_LT(heat(self->s, 0, ARENA, ARENA + SIZE), NR_SAMPLES / 10.);
}

static long do_exec(struct work *w)
{
	store(&w->call, NULL);
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

TEST_F_TIMEOUT(fixed, the_ranges_stay_after_exec, 120)
{
	char path[64], comm[32] = "";

	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, SIZE));
	ASSERT_EQ(0, set_target(self->w->pid));
	ASSERT_EQ(0, damon_init_regions(ARENA, ARENA + SIZE));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	snprintf(path, sizeof(path), "/proc/%d/comm", self->w->pid);
	work_call(self->w, do_exec);
	ASSERT_TRUE(wait_for(!read_text(path, comm, sizeof(comm)) &&
			     !strcmp(comm, "sleep\n"), PATIENCE));
	ASSERT_EQ(0, next_update(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(SIZE, all_covered(self->s));
	EXPECT_LT(heat(self->s, 0, ARENA, ARENA + SIZE), NR_SAMPLES / 10.);

	/* And the monitor ends with the process. */
	kill(self->w->pid, SIGKILL);
	EXPECT_TRUE(wait_for(damon_is("monitor_on", "off\n"), PATIENCE));
}

TEST_F_TIMEOUT(fixed, each_target_has_its_own_ranges, 120)
{
	struct work *w2 = work_start();
	char text[256];
	int fd[2];

	ASSERT_NE(NULL, w2);
	fd[0] = syscall(SYS_pidfd_open, self->w->pid, 0);
	fd[1] = syscall(SYS_pidfd_open, w2->pid, 0);
	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	ASSERT_EQ(0, work_map(w2, ARENA, 2 * SIZE));
	ASSERT_TRUE(work_hot(w2, 0, ARENA + SIZE, SIZE));
	ASSERT_EQ(0, damon_write("attrs", TEST_ATTRS));
	snprintf(text, sizeof(text), "fvaddr pidfd %d %d", fd[0], fd[1]);
	EXPECT_EQ(0, damon_write("target_ids", text));
	snprintf(text, sizeof(text), "fvaddr %d %d\n", self->w->pid, w2->pid);
	EXPECT_STREQ(text, damon_read("target_ids"));
	snprintf(text, sizeof(text), "1 %lu %lu\n0 %lu %lu\n", ARENA + SIZE,
		 ARENA + 2 * SIZE, ARENA, ARENA + SIZE);
	EXPECT_EQ(0, damon_write("init_regions", text));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	EXPECT_EQ(0, next_update(self->t, self->s));
	EXPECT_EQ(SIZE, covered(self->s, 0, ARENA, ARENA + SIZE));
	EXPECT_EQ(SIZE, covered(self->s, 0, 0, ~0UL));
	EXPECT_EQ(SIZE, covered(self->s, 1, ARENA + SIZE, ARENA + 2 * SIZE));
	EXPECT_EQ(SIZE, covered(self->s, 1, 0, ~0UL));
	EXPECT_LT(heat(self->s, 0, ARENA, ARENA + SIZE), NR_SAMPLES / 10.);
	EXPECT_GT(heat(self->s, 1, ARENA + SIZE, ARENA + 2 * SIZE), NR_SAMPLES / 4);
	close(fd[0]);
	close(fd[1]);
	work_end(w2);
}

TEST_F_TIMEOUT(fixed, without_ranges_it_is_not_turned_on, 120)
{
	char text[128];

	ASSERT_EQ(0, set_target(self->w->pid));
	EXPECT_EQ(-EINVAL, damon_write("monitor_on", "on"));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
	EXPECT_EQ(0, nr_kdamonds());

	/* One of two is as bad. */
	snprintf(text, sizeof(text), "fvaddr %d %d", self->w->pid, getpid());
	ASSERT_EQ(0, damon_write("target_ids", text));
	ASSERT_EQ(0, damon_init_regions(ARENA, ARENA + SIZE));
	EXPECT_EQ(-EINVAL, damon_write("monitor_on", "on"));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));

	/* New targets are without ranges again. */
	ASSERT_EQ(0, set_target(self->w->pid));
	EXPECT_STREQ("", damon_read("init_regions"));
	ASSERT_EQ(0, damon_init_regions(ARENA, ARENA + SIZE));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	EXPECT_EQ(-EBUSY, damon_init_regions(ARENA, ARENA + 2 * SIZE));
}

/* User space ends a page below 2^47, or 2^56 with five levels of page tables. */
#define BEYOND	(1UL << 57)

TEST_F(fixed, what_makes_no_sense_is_refused)
{
	static const struct {
		unsigned long start, end;
	} bad[] = {
		{ ARENA, BEYOND },
		{ BEYOND, BEYOND + SIZE },
		{ -2 * SIZE, -SIZE },
		{ ARENA + SIZE, ARENA },
		{ ARENA, ARENA },
		{ ARENA + 1, ARENA + 4 * KiB - 1 },
	};
	char target[64], rows[128], text[256];
	unsigned int i;

	ASSERT_EQ(0, set_target(self->w->pid));
	snprintf(target, sizeof(target), "fvaddr %d\n", self->w->pid);
	snprintf(rows, sizeof(rows), "0 %lu %lu\n", ARENA2, ARENA2 + SIZE);
	ASSERT_EQ(0, damon_write("init_regions", rows));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, damon_init_regions(bad[i].start, bad[i].end)) {
			TH_LOG("%lx-%lx", bad[i].start, bad[i].end);
		}
		EXPECT_STREQ(rows, damon_read("init_regions"));
	}
	/* Overlapping, and a target that there is not. */
	snprintf(text, sizeof(text), "0 %lu %lu\n0 %lu %lu\n", ARENA, ARENA + SIZE,
		 ARENA + SIZE - 4 * KiB, ARENA2);
	EXPECT_EQ(-EINVAL, damon_write("init_regions", text));
	snprintf(text, sizeof(text), "1 %lu %lu\n", ARENA, ARENA + SIZE);
	EXPECT_EQ(-EINVAL, damon_write("init_regions", text));
	EXPECT_STREQ(rows, damon_read("init_regions"));

	/* Kinds that are mixed. */
	snprintf(text, sizeof(text), "fvaddr %d paddr", self->w->pid);
	EXPECT_EQ(-EINVAL, damon_write("target_ids", text));
	snprintf(text, sizeof(text), "%d fvaddr %d", self->w->pid, getpid());
	EXPECT_EQ(-EINVAL, damon_write("target_ids", text));
	EXPECT_EQ(-EINVAL, damon_write("target_ids", "paddr fvaddr"));
	EXPECT_EQ(-EINVAL, damon_write("target_ids", "fvaddr paddr"));
	EXPECT_STREQ(target, damon_read("target_ids"));
	EXPECT_STREQ(rows, damon_read("init_regions"));
}

TEST_HARNESS_MAIN
