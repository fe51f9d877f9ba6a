// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: whoever reads, writes, makes and removes the sysfs files at the same time waits
 * for each other for a moment, and is told no lies and no errors of others.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "damon_test.h"

NEEDS_SYSFS;

#define C "0/contexts/0/"
#define S C "schemes/0/"

static bool stop_all;
static long nr_read, nr_bad;

/* An error that the removal of a directory, or of a file before it was opened, explains. */
static bool is_gone(int err)
{
	return err == ENODEV || err == ENOENT;
}

static void read_all(const char *dir)
{
	char path[512], buf[4096];
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while (!load(&stop_all) && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= 500)
			break;
		if (entry->d_type == DT_DIR) {
			read_all(path);
		} else {
			int err = read_text(path, buf, sizeof(buf));

			if (!err)
				__atomic_fetch_add(&nr_read, 1, __ATOMIC_RELAXED);
			else if (!is_gone(-err))
				__atomic_fetch_add(&nr_bad, 1, __ATOMIC_RELAXED);
		}
	}
	closedir(d);
}

static void *reader(void *unused)
{
	while (!load(&stop_all))
		read_all(SYSFS_DIR);
	return NULL;
}

/* Each number that is written is in a directory of its own, or in one above. */
static void *grower(void *unused)
{
	unsigned int i = 0;

	while (!load(&stop_all)) {
		sysfs_write(S "filters/nr_filters", i % 2 ? "3" : "1");
		sysfs_write(S "quotas/goals/nr_goals", i % 3 ? "2" : "0");
		i++;
	}
	return NULL;
}

static void *commander(void *unused)
{
	static const char * const commands[] = {
		"on", "update_schemes_stats", "commit", "update_schemes_tried_regions",
		"commit_schemes_quota_goals", "clear_schemes_tried_regions",
		"update_schemes_tried_bytes", "update_tuned_intervals", "off",
	};
	unsigned int i;

	while (!load(&stop_all))
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			write_text(SYSFS_DIR "/0/state", commands[i]);
	return NULL;
}

FIXTURE(sysfs_race) {
	struct work *w;
};

FIXTURE_SETUP(sysfs_race)
{
	store(&stop_all, false);
	nr_read = 0;
	nr_bad = 0;
	ASSERT_EQ(0, sysfs_reset());
	self->w = work_start();
	ASSERT_NE(NULL, self->w);
	ASSERT_EQ(0, sysfs_make(1));
	ASSERT_EQ(0, sysfs_target(self->w->pid));
	ASSERT_EQ(0, sysfs_schemes(1));
}

FIXTURE_TEARDOWN(sysfs_race)
{
	EXPECT_EQ(0, sysfs_reset());
	work_end(self->w);
}

TEST_F_TIMEOUT(sysfs_race, grow_and_shrink_under_readers, 300)
{
	pthread_t threads[4];
	int i, rounds = is_too_slow() ? 60 : 300;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, i < 3 ? reader : grower, NULL));
	for (i = 0; i < rounds; i++) {
		EXPECT_EQ(0, sysfs_write("nr_kdamonds", path_of("%d", i % 4 + 1)));
		EXPECT_EQ(0, sysfs_write("0/contexts/nr_contexts", "1"));
		EXPECT_EQ(0, sysfs_write(C "targets/nr_targets", path_of("%d", i % 5)));
		EXPECT_EQ(0, sysfs_write(C "schemes/nr_schemes", path_of("%d", i % 3 + 1)));
		EXPECT_EQ(0, sysfs_write(S "core_filters/nr_filters", path_of("%d", i % 7)));
		EXPECT_EQ(0, sysfs_write(C "schemes/nr_schemes", path_of("%d", i % 2)));
	}
	store(&stop_all, true);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, nr_bad);
	EXPECT_LT(rounds, nr_read);
}

TEST_F_TIMEOUT(sysfs_race, directories_go_while_commands_run, 300)
{
	pthread_t threads[4];
	int i, err, nr_done = 0, rounds = is_too_slow() ? 40 : 200;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, i < 2 ? commander : reader, NULL));
	for (i = 0; i < rounds; i++) {
		err = sysfs_write("nr_kdamonds", "0");
		/* It is on, and then nothing has changed. */
		if (err) {
			EXPECT_EQ(-EBUSY, err);
			EXPECT_STREQ("1\n", sysfs_read("nr_kdamonds"));
			sysfs_write(C "schemes/nr_schemes", path_of("%d", i % 3));
			sysfs_write("0/contexts/nr_contexts", "0");
			EXPECT_EQ(0, sysfs_write("0/contexts/nr_contexts", "1"));
			sysfs_write("0/state", "off");
		} else {
			nr_done++;
		}
		if (!sysfs_has("0"))
			EXPECT_EQ(0, sysfs_make(1));
		sysfs_target(self->w->pid);
		sysfs_schemes(1);
	}
	store(&stop_all, true);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, nr_bad);
	EXPECT_LT(0, nr_done);
	/* Nobody runs who can not be found. */
	sysfs_write("0/state", "off");
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
}

/* Start a scheme whose first pass is over, and whose next one is an hour away. */
static bool start_and_pass(void)
{
	return !sysfs_write(S "apply_interval_us", "3600000000") &&
		!sysfs_write("0/state", "on") &&
		wait_for(!sysfs_write("0/state", "update_schemes_stats") &&
			 sysfs_number(S "stats/nr_snapshots") > 0, PATIENCE);
}

static void *ask_for_regions(void *ret)
{
	store((int *)ret, sysfs_write("0/state", "update_schemes_tried_regions"));
	return NULL;
}

/* The pass that one waits for is an hour away, and others do not wait that long. */
TEST_F(sysfs_race, nobody_waits_for_whom_a_scheme_keeps)
{
	double begun, longest = 0;
	pthread_t threads[2];
	int i, round, ret[2];

	for (round = 0; round < 2; round++) {
		ASSERT_TRUE(start_and_pass());
		/* Of two that ask, the second is told so. */
		for (i = 0; i < 2; i++) {
			ret[i] = 1;
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, ask_for_regions, &ret[i]));
		}
		ASSERT_TRUE(wait_for(load(&ret[0]) == -EBUSY || load(&ret[1]) == -EBUSY, PATIENCE));
		begun = now();
		EXPECT_STREQ("on\n", sysfs_read("0/state"));
		EXPECT_LT(0, sysfs_number("0/pid"));
		EXPECT_EQ(0, sysfs_write("0/state", "update_schemes_stats"));
		EXPECT_STREQ("stat\n", sysfs_read(S "action"));
		EXPECT_EQ(0, sysfs_write(S "filters/nr_filters", "1"));
		EXPECT_EQ(0, sysfs_write(S "filters/nr_filters", "0"));
		EXPECT_EQ(1 - EBUSY, load(&ret[0]) + load(&ret[1]));
		EXPECT_EQ(0, sysfs_write("0/state", round ? "off" : "commit"));
		longest = now() - begun > longest ? now() - begun : longest;
		for (i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		EXPECT_EQ(-ECANCELED - EBUSY, ret[0] + ret[1]);
		EXPECT_EQ(0, sysfs_write("0/state", "off"));
	}
	EXPECT_GT(PATIENCE, longest);
}

/* Whoever waits can be killed. */
TEST_F(sysfs_race, who_waits_can_be_killed)
{
	pid_t pids[2], other;
	int i, status;

	ASSERT_TRUE(start_and_pass());
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(sysfs_write("0/state", "update_schemes_tried_regions") != -EBUSY);
	}
	/* One of them is refused, so the other one waits. */
	other = waitpid(-1, &status, 0);
	EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status));
	other = pids[0] + pids[1] - other;
	kill(other, SIGKILL);
	ASSERT_EQ(other, waitpid(other, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, sysfs_write("0/state", "commit"));
	EXPECT_EQ(0, sysfs_write("0/state", "off"));
}

TEST_HARNESS_MAIN
