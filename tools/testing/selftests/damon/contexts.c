// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: contexts can be made and removed, and each monitors by itself.
 */
#include "damon_test.h"

FIXTURE(contexts) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(contexts)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(contexts)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

TEST_F(contexts, has_files_of_its_own)
{
	char ids[64];

	snprintf(ids, sizeof(ids), "%d\n", self->w->pid);
	ASSERT_EQ(0, damon_write("mk_contexts", "foo\n"));
	EXPECT_STREQ(DEFAULT_ATTRS "\n", damon_read("foo/attrs"));
	EXPECT_STREQ("\n", damon_read("foo/target_ids"));
	EXPECT_STREQ("", damon_read("foo/init_regions"));
	EXPECT_STREQ("none\n", damon_read("foo/kdamond_pid"));

	EXPECT_EQ(0, damon_write("foo/attrs", "7 70 700 8 9"));
	EXPECT_EQ(0, damon_write("foo/target_ids", ids));
	EXPECT_EQ(0, damon_write("foo/init_regions", "0 4096 8192"));
	EXPECT_STREQ("7 70 700 8 9\n", damon_read("foo/attrs"));
	EXPECT_STREQ(ids, damon_read("foo/target_ids"));
	EXPECT_STREQ("0 4096 8192\n", damon_read("foo/init_regions"));
	EXPECT_STREQ(DEFAULT_ATTRS "\n", damon_read("attrs"));
	EXPECT_STREQ("\n", damon_read("target_ids"));
	EXPECT_STREQ("", damon_read("init_regions"));

	/* Gone with all its settings. */
	EXPECT_EQ(0, damon_write("rm_contexts", "foo"));
	EXPECT_EQ(-1, access(damon_path("foo"), F_OK));
	EXPECT_EQ(0, damon_write("mk_contexts", "foo"));
	EXPECT_STREQ(DEFAULT_ATTRS "\n", damon_read("foo/attrs"));
	EXPECT_STREQ("\n", damon_read("foo/target_ids"));
}

/* A context that is open while it is removed does no harm. */
TEST_F(contexts, a_removed_one_that_is_open_gives_an_error)
{
	char buf[64];
	int fd;

	ASSERT_EQ(0, damon_write("mk_contexts", "foo"));
	fd = open(damon_path("foo/attrs"), O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, damon_write("rm_contexts", "foo"));
	EXPECT_EQ(-1, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(-1, write(fd, DEFAULT_ATTRS, strlen(DEFAULT_ATTRS)));
	close(fd);
}

TEST_F(contexts, bad_names_are_refused)
{
	char name[300];

	ASSERT_EQ(0, damon_write("mk_contexts", "foo"));
	EXPECT_EQ(-EEXIST, damon_write("mk_contexts", "foo"));
	EXPECT_EQ(-EEXIST, damon_write("mk_contexts", "attrs"));
	EXPECT_EQ(-EEXIST, damon_write("mk_contexts", "monitor_on"));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", ""));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "\n"));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "."));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", ".."));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "/"));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "a/b"));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "../up"));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "two words"));
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", "two\nlines"));

	EXPECT_EQ(-ENOENT, damon_write("rm_contexts", "bar"));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", "attrs"));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", "monitor_on"));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", ""));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", "."));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", ".."));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", "/"));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", "foo/attrs"));
	EXPECT_EQ(0, access(damon_path("foo/attrs"), F_OK));

	/* 255 bytes are a name, 256 are none. */
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	EXPECT_EQ(-EINVAL, damon_write("mk_contexts", name));
	EXPECT_EQ(-EINVAL, damon_write("rm_contexts", name));
	name[255] = '\0';
	EXPECT_EQ(0, damon_write("mk_contexts", name));
	EXPECT_EQ(-EEXIST, damon_write("mk_contexts", name));
	EXPECT_EQ(0, damon_write("rm_contexts", name));
}

TEST_F(contexts, on_needs_a_target_in_each)
{
	ASSERT_EQ(0, damon_write("mk_contexts", "foo"));
	EXPECT_EQ(-EINVAL, damon_on(TEST_ATTRS, &self->w->pid, 1));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
	EXPECT_STREQ("none\n", damon_read("kdamond_pid"));
	ASSERT_EQ(0, damon_write("rm_contexts", "foo"));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
}

TEST_F_TIMEOUT(contexts, two_monitor_at_once, 120)
{
	struct work *w2 = work_start();
	struct trace *t2 = NULL, *t1 = NULL;
	pid_t k1, k2;
	double mean;
	char ids[64];

	ASSERT_NE(NULL, w2);
	ASSERT_EQ(0, work_map(self->w, ARENA, 8 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 8 * MiB));
	ASSERT_EQ(0, work_map(w2, ARENA2, 8 * MiB));
	ASSERT_TRUE(work_hot(w2, 0, ARENA2, 8 * MiB));
	snprintf(ids, sizeof(ids), "%d", w2->pid);
	ASSERT_EQ(0, damon_write("mk_contexts", "foo"));
	ASSERT_EQ(0, damon_write("foo/attrs", TEST_ATTRS));
	ASSERT_EQ(0, damon_write("foo/target_ids", ids));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));

	k1 = kdamond_pid("kdamond_pid");
	k2 = kdamond_pid("foo/kdamond_pid");
	EXPECT_LT(0, k1);
	EXPECT_LT(0, k2);
	EXPECT_NE(k1, k2);
	EXPECT_EQ(2, nr_kdamonds());
	t1 = trace_open(1, k1, NR_SAMPLES);
	t2 = trace_open(2, k2, NR_SAMPLES);
	EXPECT_NE(NULL, t1);
	EXPECT_NE(NULL, t2);
	if (t1 && t2) {
		mean = mean_heat(t1, 0, ARENA + MiB, ARENA + 7 * MiB, 10);
		TH_LOG("first: %.1f of %d", mean, NR_SAMPLES);
		EXPECT_GT(mean, NR_SAMPLES / 4);
		EXPECT_EQ(0, trace_next(t1, self->s));
		EXPECT_EQ(0, covered(self->s, 0, ARENA2, ARENA3));
		mean = mean_heat(t2, 0, ARENA2 + MiB, ARENA2 + 7 * MiB, 10);
		TH_LOG("second: %.1f of %d", mean, NR_SAMPLES);
		EXPECT_GT(mean, NR_SAMPLES / 4);
		EXPECT_EQ(0, trace_next(t2, self->s));
		EXPECT_EQ(0, covered(self->s, 0, ARENA, ARENA2));
	}
	trace_close(t1);
	trace_close(t2);

	/* One ends with its target, the other goes on. */
	work_end(w2);
	EXPECT_TRUE(wait_for(!kdamond_pid("foo/kdamond_pid"), PATIENCE));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_EQ(k1, kdamond_pid("kdamond_pid"));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
}

TEST_HARNESS_MAIN
