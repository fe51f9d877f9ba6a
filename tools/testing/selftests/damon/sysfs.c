// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the sysfs files take what they say they take, whole or not at all, and do with
 * it what they say.
 */
#include "damon_test.h"

NEEDS_SYSFS;

#define K "0/"
#define C K "contexts/0/"
#define S C "schemes/0/"
#define MAX "18446744073709551615"

FIXTURE(sysfs) {
	struct work *w;
};

FIXTURE_SETUP(sysfs)
{
	ASSERT_EQ(0, sysfs_reset());
	self->w = work_start();
	ASSERT_NE(NULL, self->w);
	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 16 * MiB));
	ASSERT_EQ(0, sysfs_make(1));
	ASSERT_EQ(0, sysfs_target(self->w->pid));
	ASSERT_EQ(0, sysfs_schemes(1));
}

FIXTURE_TEARDOWN(sysfs)
{
	EXPECT_EQ(0, sysfs_reset());
	work_end(self->w);
}

static const struct {
	const char *file, *text, *shown;
	int err;
} values[] = {
	{ S "access_pattern/sz/max", MAX, MAX "\n", 0 },
	{ S "access_pattern/nr_accesses/max", "9223372036854775808\n", "9223372036854775808\n", 0 },
	{ S "access_pattern/age/min", "0x10", "16\n", 0 },
	{ S "access_pattern/age/min", "010", "8\n", 0 },
	{ S "access_pattern/age/min", "-1", "8\n", -EINVAL },
	{ S "access_pattern/age/min", "9 9", "8\n", -EINVAL },
	{ S "access_pattern/age/min", "", "8\n", 0 },
	{ S "access_pattern/age/min", "\n", "8\n", -EINVAL },
	{ S "access_pattern/age/min", "nine", "8\n", -EINVAL },
	{ S "access_pattern/age/min", "18446744073709551616", "8\n", -ERANGE },
	{ S "quotas/reset_interval_ms", MAX, MAX "\n", 0 },
	{ S "quotas/weights/age_permil", "4294967295", "4294967295\n", 0 },
	{ S "quotas/weights/age_permil", "4294967296", "4294967295\n", -ERANGE },
	{ S "target_nid", "-1", "-1\n", 0 },
	{ S "target_nid", "-2147483649", "-1\n", -ERANGE },
	{ S "action", "migrate_cold", "migrate_cold\n", 0 },
	{ S "action", "collapse\n", "collapse\n", 0 },
	{ S "action", "foo", "collapse\n", -EINVAL },
	{ S "action", "stat ", "collapse\n", -EINVAL },
	{ S "quotas/goal_tuner", "temporal", "temporal\n", 0 },
	{ S "quotas/goal_tuner", "Temporal", "temporal\n", -EINVAL },
	{ S "quotas/effective_bytes", "1", "0\n", -EACCES },
	{ S "stats/nr_tried", "1", "0\n", -EACCES },
	{ S "stats/max_nr_snapshots", "5", "5\n", 0 },
	{ S "watermarks/metric", "free_mem_rate", "free_mem_rate\n", 0 },
	{ S "watermarks/metric", "free", "free_mem_rate\n", -EINVAL },
	{ C "operations", "paddr", "paddr\n", 0 },
	{ C "operations", "fvaddr", "fvaddr\n", 0 },
	{ C "operations", "addr", "fvaddr\n", -EINVAL },
	{ C "addr_unit", "4096", "4096\n", 0 },
	{ C "addr_unit", "0", "4096\n", -EINVAL },
	{ C "pause", "Y", "Y\n", 0 },
	{ C "pause", "0", "N\n", 0 },
	{ C "pause", "on", "Y\n", 0 },
	{ C "pause", "false", "N\n", 0 },
	{ C "pause", "perhaps", "N\n", -EINVAL },
	{ C "targets/0/pid_target", "-1", "-1\n", 0 },
	{ C "targets/0/obsolete_target", "1", "Y\n", 0 },
	{ C "monitoring_attrs/intervals/sample_us", "0", "0\n", 0 },
	{ K "refresh_ms", "100", "100\n", 0 },
	{ K "refresh_ms", "-1", "100\n", -EINVAL },
	{ K "pid", "1", "-1\n", -EACCES },
	{ K "error", "x", "\n", -EACCES },
	{ "nr_kdamonds", "-1", "1\n", -EINVAL },
	{ "nr_kdamonds", "1025", "1\n", -EINVAL },
	{ K "contexts/nr_contexts", "2", "1\n", -EINVAL },
	{ C "monitoring_attrs/probes/nr_probes", "5", "0\n", -EINVAL },
	{ C "targets/nr_targets", "1025", "1\n", -EINVAL },
	{ S "quotas/goals/nr_goals", "257", "0\n", -EINVAL },
	{ C "schemes/nr_schemes", "one", "1\n", -EINVAL },
};

TEST_F(sysfs, a_value_is_taken_and_shown_as_written_or_refused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_EQ(values[i].err, sysfs_write(values[i].file, values[i].text)) {
			TH_LOG("'%s' to %s", values[i].text, values[i].file);
		}
		EXPECT_STREQ(values[i].shown, sysfs_read(values[i].file));
	}
}

/* A NUL would hide the rest, and more than a path can have is not taken in parts. */
TEST_F(sysfs, a_text_is_taken_whole)
{
	char path[] = SYSFS_DIR "/" S "action", *text;

	EXPECT_EQ(-EINVAL, write_bytes(path, "cold\0", 5));
	EXPECT_STREQ("stat\n", sysfs_read(S "action"));
	ASSERT_EQ(0, sysfs_write(S "ops_filters/nr_filters", "1"));
	text = malloc(4098);
	memset(text, 'x', 4097);
	text[4097] = '\0';
	EXPECT_EQ(-E2BIG, sysfs_write(S "ops_filters/0/memcg_path", text));
	EXPECT_STREQ("\n", sysfs_read(S "ops_filters/0/memcg_path"));
	free(text);
}

static const char * const filter_types[] = {
	"anon", "active", "memcg", "young", "hugepage_size", "unmapped", "addr", "target",
};

TEST_F(sysfs, filters_take_the_types_of_their_layer)
{
	const char *lists[] = { "filters", "core_filters", "ops_filters" };
	int list, i;

	for (list = 0; list < 3; list++) {
		char file[128];

		snprintf(file, sizeof(file), S "%s/nr_filters", lists[list]);
		ASSERT_EQ(0, sysfs_write(file, "1"));
		snprintf(file, sizeof(file), S "%s/0/type", lists[list]);
		EXPECT_STREQ("anon\n", sysfs_read(file));
		for (i = 0; i < 8; i++) {
			bool is_core = i >= 6;
			int want = !list || is_core == (list == 1) ? 0 : -EINVAL;

			EXPECT_EQ(want, sysfs_write(file, filter_types[i]));
		}
		EXPECT_EQ(-EINVAL, sysfs_write(file, "foo"));
	}
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/probes/nr_probes", "1"));
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/probes/0/filters/nr_filters", "1"));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(i == 0 || i == 2 ? 0 : -EINVAL,
			  sysfs_write(C "monitoring_attrs/probes/0/filters/0/type",
				      filter_types[i]));
}

TEST_F(sysfs, a_number_of_directories_drops_their_values)
{
	ASSERT_EQ(0, sysfs_write(C "schemes/nr_schemes", "2"));
	ASSERT_EQ(0, sysfs_write(S "action", "cold"));
	ASSERT_EQ(0, sysfs_write(S "filters/nr_filters", "3"));
	ASSERT_EQ(0, sysfs_write(S "filters/2/memcg_path", "/a\n"));
	EXPECT_STREQ("/a\n", sysfs_read(S "filters/2/memcg_path"));
	EXPECT_EQ(-EINVAL, sysfs_write(C "schemes/nr_schemes", "-2"));
	EXPECT_EQ(-EINVAL, sysfs_write(C "schemes/nr_schemes", "257"));
	EXPECT_STREQ("cold\n", sysfs_read(S "action"));

	/* Also when there are more, or as many. */
	EXPECT_EQ(0, sysfs_write(C "schemes/nr_schemes", "3"));
	EXPECT_STREQ("stat\n", sysfs_read(S "action"));
	EXPECT_STREQ("0\n", sysfs_read(S "filters/nr_filters"));
	EXPECT_FALSE(sysfs_has(S "filters/0"));
	EXPECT_TRUE(sysfs_has(C "schemes/2/action"));
	EXPECT_EQ(0, sysfs_write(C "schemes/nr_schemes", "1"));
	EXPECT_FALSE(sysfs_has(C "schemes/1"));
	EXPECT_EQ(0, sysfs_write(C "schemes/nr_schemes", "0"));
	EXPECT_FALSE(sysfs_has(C "schemes/0"));
	EXPECT_TRUE(sysfs_has(C "schemes/nr_schemes"));
}

TEST_F(sysfs, a_file_that_is_open_outlives_its_directory)
{
	int fd = open(SYSFS_DIR "/" S "action", O_RDWR);
	char c;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sysfs_write("nr_kdamonds", "0"));
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, write(fd, "cold", 4));
	EXPECT_EQ(ENODEV, errno);
	close(fd);
}

static const char * const commands[] = {
	"commit", "commit_schemes_quota_goals", "update_schemes_stats",
	"update_schemes_tried_bytes", "update_schemes_tried_regions",
	"update_schemes_effective_quotas", "update_tuned_intervals",
};

#define NR_COMMANDS ((int)ARRAY_SIZE(commands))

TEST_F(sysfs, on_and_off)
{
	char comm[32];
	pid_t pid;

	EXPECT_STREQ("off\n", sysfs_read(K "state"));
	EXPECT_STREQ("-1\n", sysfs_read(K "pid"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "off"));
	EXPECT_STREQ("it was never started\n", sysfs_read(K "error"));

	ASSERT_EQ(0, sysfs_write(K "state", "on\n"));
	EXPECT_STREQ("on\n", sysfs_read(K "state"));
	EXPECT_STREQ("\n", sysfs_read(K "error"));
	pid = sysfs_number(K "pid");
	snprintf(comm, sizeof(comm), "/proc/%d/comm", pid);
	ASSERT_EQ(0, read_text(comm, comm, sizeof(comm)));
	EXPECT_EQ(0, strncmp(comm, "kdamond.", 8));
	EXPECT_EQ(-EBUSY, sysfs_write(K "state", "on"));
	EXPECT_EQ(-EBUSY, sysfs_write("nr_kdamonds", "1"));
	EXPECT_EQ(-EBUSY, sysfs_write("nr_kdamonds", "0"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "up"));
	EXPECT_STREQ("there is no such command\n", sysfs_read(K "error"));
	EXPECT_EQ(pid, sysfs_number(K "pid"));

	EXPECT_EQ(0, sysfs_write(K "state", "off"));
	EXPECT_STREQ("off\n", sysfs_read(K "state"));
	EXPECT_STREQ("-1\n", sysfs_read(K "pid"));
	EXPECT_EQ(0, sysfs_write(K "state", "off"));
	EXPECT_EQ(0, sysfs_write(K "state", "on"));
	EXPECT_STREQ("on\n", sysfs_read(K "state"));
}

TEST_F(sysfs, commands_tell_what_a_monitor_that_is_off_can_not_do)
{
	int i;

	for (i = 0; i < NR_COMMANDS; i++)
		EXPECT_EQ(-EINVAL, sysfs_write(K "state", commands[i]));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(K "state", "off"));
	for (i = 0; i < NR_COMMANDS; i++) {
		EXPECT_EQ(-ECANCELED, sysfs_write(K "state", commands[i]));
		EXPECT_STREQ("it is off\n", sysfs_read(K "error"));
	}
	ASSERT_EQ(0, sysfs_write(K "contexts/nr_contexts", "0"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	EXPECT_STREQ("contexts: there is none\n", sysfs_read(K "error"));
	EXPECT_EQ(0, sysfs_write(K "state", "off"));
}

/* What can not be monitored, and the words that `error` has of it. */
static const struct {
	const char *file, *text;
	int err;
	const char *why;
} refused[] = {
	{ C "targets/0/pid_target", "999999999", -EINVAL, "targets: no process 999999999" },
	{ C "targets/0/pid_target", "-1", -EINVAL, "targets: no process -1" },
	{ C "targets/nr_targets", "0", -EINVAL, "targets: there is none" },
	{ C "monitoring_attrs/intervals/sample_us", "0", -EINVAL, "0 < sample_us <= aggr_us" },
	{ C "monitoring_attrs/intervals/aggr_us", "1", -EINVAL, "0 < sample_us <= aggr_us" },
	{ C "monitoring_attrs/nr_regions/min", "2", -EINVAL, "3 <= min <= max" },
	{ C "monitoring_attrs/nr_regions/max", "9", -EINVAL, "3 <= min <= max" },
	{ C "monitoring_attrs/intervals/intervals_goal/aggrs", "3", -EINVAL, "intervals_goal" },
	{ C "addr_unit", "3", -EINVAL, "addr_unit" },
	{ C "operations", "fvaddr", -EINVAL, "targets" },
	{ S "access_pattern/sz/min", MAX, 0, "" },
	{ S "access_pattern/age/max", "0", 0, "" },
	{ S "watermarks/low", "5", -EINVAL, "schemes/0/watermarks" },
	{ S "action", "migrate_hot", -EINVAL, "schemes/0/action" },
	{ S "action", "lru_prio", -EOPNOTSUPP, "schemes/0/action" },
};

TEST_F(sysfs, what_can_not_be_is_refused_in_words_and_changes_nothing)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		ASSERT_EQ(0, sysfs_make(1));
		ASSERT_EQ(0, sysfs_target(self->w->pid));
		ASSERT_EQ(0, sysfs_schemes(1));
		ASSERT_EQ(0, sysfs_write(refused[i].file, refused[i].text));
		EXPECT_EQ(refused[i].err, sysfs_write(K "state", "on")) {
			TH_LOG("'%s' in %s", refused[i].text, refused[i].file);
		}
		EXPECT_NE(NULL, strstr(sysfs_read(K "error"), refused[i].why));
		EXPECT_STREQ(refused[i].err ? "off\n" : "on\n", sysfs_read(K "state"));
		ASSERT_EQ(0, sysfs_reset());
	}
}

/* Rows of lists, which have to be made first. */
TEST_F(sysfs, goals_filters_and_regions_are_checked)
{
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/nr_goals", "1"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	EXPECT_NE(NULL, strstr(sysfs_read(K "error"), "schemes/0/quotas/goals"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/target_value", "5"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/target_metric", "node_memcg_used_bp"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/path", "/no/such/group"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	EXPECT_STREQ("schemes/0: no cgroup '/no/such/group'\n", sysfs_read(K "error"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/target_metric", "node_eligible_mem_bp"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/nr_goals", "0"));

	ASSERT_EQ(0, sysfs_write(S "core_filters/nr_filters", "1"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/type", "addr"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/addr_start", "8192"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/addr_end", "4096"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	EXPECT_NE(NULL, strstr(sysfs_read(K "error"), "schemes/0/filters"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/nr_filters", "0"));

	ASSERT_EQ(0, sysfs_write(C "targets/0/regions/nr_regions", "2"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(C "targets/0/regions/0/start", "4096"));
	ASSERT_EQ(0, sysfs_write(C "targets/0/regions/0/end", "4097"));
	ASSERT_EQ(0, sysfs_write(C "targets/0/regions/1/start", "8191"));
	ASSERT_EQ(0, sysfs_write(C "targets/0/regions/1/end", "12288"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	EXPECT_NE(NULL, strstr(sysfs_read(K "error"), "targets"));

	/* A page that is touched is taken whole, and ends may touch. */
	ASSERT_EQ(0, sysfs_write(C "targets/0/regions/1/start", "8192"));
	EXPECT_EQ(0, sysfs_write(K "state", "on"));
	EXPECT_STREQ("4097\n", sysfs_read(C "targets/0/regions/0/end"));
}

TEST_F(sysfs, results_are_shown_and_stay)
{
	char tried[32];

	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_TRUE(wait_for(!sysfs_write(K "state", "update_schemes_stats") &&
			     sysfs_number(S "stats/nr_snapshots") > 1, PATIENCE));
	EXPECT_LT(0, sysfs_number(S "stats/nr_tried"));
	EXPECT_LE((long long)(16 * MiB), sysfs_number(S "stats/sz_tried"));
	EXPECT_EQ(0, sysfs_number(S "stats/sz_applied"));

	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_regions"));
	ASSERT_TRUE(sysfs_has(S "tried_regions/2"));
	EXPECT_LT(sysfs_number(S "tried_regions/0/start"), sysfs_number(S "tried_regions/0/end"));
	EXPECT_LE(sysfs_number(S "tried_regions/0/end"), sysfs_number(S "tried_regions/1/start"));
	EXPECT_GE(NR_SAMPLES, sysfs_number(S "tried_regions/0/nr_accesses"));
	EXPECT_LE((long long)(16 * MiB), sysfs_number(S "tried_regions/total_bytes"));

	ASSERT_EQ(0, sysfs_write(K "state", "off"));
	EXPECT_TRUE(sysfs_has(S "tried_regions/2/age"));
	snprintf(tried, sizeof(tried), "%s", sysfs_read(S "stats/nr_tried"));
	EXPECT_LT(0, atoi(tried));
	EXPECT_STREQ(tried, sysfs_read(S "stats/nr_tried"));
	EXPECT_EQ(0, sysfs_write(K "state", "clear_schemes_tried_regions"));
	EXPECT_FALSE(sysfs_has(S "tried_regions/0"));
	EXPECT_TRUE(sysfs_has(S "tried_regions/total_bytes"));
}

/* The sum alone makes no directories, and takes away those of before. */
TEST_F(sysfs, tried_bytes_alone)
{
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_regions"));
	ASSERT_TRUE(sysfs_has(S "tried_regions/0"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_FALSE(sysfs_has(S "tried_regions/0"));
	EXPECT_LE((long long)(16 * MiB), sysfs_number(S "tried_regions/total_bytes"));

	/* A scheme that fits nothing has had its pass as well. */
	ASSERT_EQ(0, sysfs_write(S "access_pattern/nr_accesses/min", "200"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	EXPECT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_EQ(0, sysfs_number(S "tried_regions/total_bytes"));
}

TEST_F(sysfs, refresh_needs_no_command)
{
	ASSERT_EQ(0, sysfs_write(K "refresh_ms", "100"));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	EXPECT_TRUE(wait_for(sysfs_number(S "stats/nr_tried") > 0, PATIENCE));
}

TEST_F(sysfs, commit_changes_a_monitor_that_runs)
{
	pid_t pid;

	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	pid = sysfs_number(K "pid");
	ASSERT_TRUE(wait_for(!sysfs_write(K "state", "update_schemes_stats") &&
			     sysfs_number(S "stats/nr_tried") > 0, PATIENCE));
	ASSERT_EQ(0, sysfs_write(S "access_pattern/nr_accesses/min", "200"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	/* Statistics go on, and nothing is added to them. */
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_EQ(0, sysfs_number(S "tried_regions/total_bytes"));
	EXPECT_LT(0, sysfs_number(S "stats/nr_tried"));

	/* One that is refused changes nothing of this, and kills nobody. */
	ASSERT_EQ(0, sysfs_write(S "access_pattern/nr_accesses/min", "0"));
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/nr_regions/min", "0"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "commit"));
	EXPECT_NE(NULL, strstr(sysfs_read(K "error"), "min <= max"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_EQ(0, sysfs_number(S "tried_regions/total_bytes"));
	EXPECT_EQ(pid, sysfs_number(K "pid"));

	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/nr_regions/min", "10"));
	EXPECT_EQ(0, sysfs_write(K "state", "commit"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_LT(0, sysfs_number(S "tried_regions/total_bytes"));

	/* Processes do not become physical memory. */
	ASSERT_EQ(0, sysfs_write(C "operations", "paddr"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "commit"));
	EXPECT_STREQ("operations: it runs with others\n", sysfs_read(K "error"));
	EXPECT_EQ(pid, sysfs_number(K "pid"));
}

/* Free memory is always above 0 per mille, so the scheme sleeps for an hour. */
TEST_F(sysfs, commit_wakes_schemes_that_sleep)
{
	ASSERT_EQ(0, sysfs_write(S "watermarks/metric", "free_mem_rate"));
	ASSERT_EQ(0, sysfs_write(S "watermarks/interval_us", "3600000000"));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_TRUE(wait_for(sysfs_write(K "state", "update_schemes_tried_bytes") == -ECANCELED,
			     PATIENCE));
	EXPECT_EQ(0, sysfs_write(K "state", "update_schemes_stats"));
	EXPECT_EQ(0, sysfs_write(K "state", "commit"));
	ASSERT_EQ(0, sysfs_write(S "watermarks/metric", "none"));
	EXPECT_EQ(0, sysfs_write(K "state", "commit"));
	EXPECT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
}

TEST_F(sysfs, pause_is_a_setting)
{
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	ASSERT_EQ(0, sysfs_write(C "pause", "Y"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	EXPECT_EQ(-ECANCELED, sysfs_write(K "state", "update_schemes_tried_bytes"));
	ASSERT_EQ(0, sysfs_write(C "pause", "N"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	EXPECT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
}

/* All memory is found accessed, so looks are made rarer, by a factor of 2 at most. */
TEST_F(sysfs, tuned_intervals_are_shown)
{
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/intervals/intervals_goal/access_bp", "1"));
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/intervals/intervals_goal/aggrs", "1"));
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/intervals/intervals_goal/min_sample_us",
				 "2000"));
	ASSERT_EQ(0, sysfs_write(C "monitoring_attrs/intervals/intervals_goal/max_sample_us",
				 "10000000"));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	EXPECT_STREQ("10000\n", sysfs_read(C "monitoring_attrs/intervals/sample_us"));
	EXPECT_TRUE(wait_for(!sysfs_write(K "state", "update_tuned_intervals") &&
			     !sysfs_is(C "monitoring_attrs/intervals/sample_us", "10000\n"),
			     PATIENCE));
	EXPECT_EQ(NR_SAMPLES, sysfs_number(C "monitoring_attrs/intervals/aggr_us") /
		  sysfs_number(C "monitoring_attrs/intervals/sample_us"));
}

TEST_F(sysfs, goals_are_followed)
{
	ASSERT_EQ(0, sysfs_write(S "quotas/bytes", "1048576"));
	ASSERT_EQ(0, sysfs_write(S "quotas/reset_interval_ms", "200"));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	EXPECT_STREQ("0\n", sysfs_read(S "quotas/effective_bytes"));
	EXPECT_TRUE(wait_for(!sysfs_write(K "state", "update_schemes_effective_quotas") &&
			     sysfs_is(S "quotas/effective_bytes", "1048576\n"), PATIENCE));

	/* A goal that is reached leaves nothing to do, and one that is not, all. */
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/nr_goals", "1"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/target_value", "10"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/current_value", "10"));
	ASSERT_EQ(0, sysfs_write(S "quotas/goal_tuner", "temporal"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	EXPECT_TRUE(wait_for(!sysfs_write(K "state", "update_schemes_effective_quotas") &&
			     sysfs_number(S "quotas/effective_bytes") < 4096, PATIENCE));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/current_value", "5"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit_schemes_quota_goals"));
	EXPECT_TRUE(wait_for(!sysfs_write(K "state", "update_schemes_effective_quotas") &&
			     sysfs_is(S "quotas/effective_bytes", "1048576\n"), PATIENCE));
	ASSERT_EQ(0, sysfs_write(S "quotas/goals/0/target_value", "0"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "commit_schemes_quota_goals"));
	EXPECT_NE(NULL, strstr(sysfs_read(K "error"), "target_value"));
}

/* All regions of the first target go, those of the second stay. */
TEST_F(sysfs, an_obsolete_target_leaves)
{
	struct work *w2 = work_start();

	ASSERT_NE(NULL, w2);
	ASSERT_EQ(0, work_map(w2, ARENA2, 16 * MiB));
	ASSERT_EQ(0, sysfs_write(C "targets/nr_targets", "2"));
	ASSERT_EQ(0, sysfs_write(C "targets/0/pid_target", path_of("%d", self->w->pid)));
	ASSERT_EQ(0, sysfs_write(C "targets/1/pid_target", path_of("%d", w2->pid)));
	ASSERT_EQ(0, sysfs_write(C "targets/0/obsolete_target", "Y"));
	EXPECT_EQ(-EINVAL, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(C "targets/0/obsolete_target", "N"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/nr_filters", "1"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/type", "addr"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/addr_start", path_of("%d", 0)));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/addr_end", "17592202821632"));
	ASSERT_EQ(0, sysfs_write(S "core_filters/0/matching", "N"));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	EXPECT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_LT(0, sysfs_number(S "tried_regions/total_bytes"));

	ASSERT_EQ(0, sysfs_write(C "targets/0/obsolete_target", "Y"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	work_end(self->w);
	self->w = w2;
	EXPECT_EQ(0, sysfs_write(K "state", "update_schemes_tried_bytes"));
	EXPECT_STREQ("on\n", sysfs_read(K "state"));
}

/* Some other interface, or a module, has none of this. */
TEST_F(sysfs, monitors_run_beside_each_other_but_not_beside_debugfs)
{
	bool has_debugfs = !access(DAMON_DIR, F_OK);
	pid_t pid;

	ASSERT_EQ(0, sysfs_make(2));
	ASSERT_EQ(0, sysfs_target(self->w->pid));
	ASSERT_EQ(0, sysfs_write("1/contexts/0/targets/nr_targets", "1"));
	ASSERT_EQ(0, sysfs_write("1/contexts/0/targets/0/pid_target", path_of("%d", getpid())));
	EXPECT_EQ(0, sysfs_write("0/state", "on"));
	EXPECT_EQ(0, sysfs_write("1/state", "on"));
	EXPECT_NE(sysfs_number("0/pid"), sysfs_number("1/pid"));
	if (has_debugfs) {
		ASSERT_EQ(0, damon_reset());
		pid = self->w->pid;
		EXPECT_EQ(-EBUSY, damon_on(DEFAULT_ATTRS, &pid, 1));
		EXPECT_EQ(0, sysfs_write("0/state", "off"));
		EXPECT_EQ(-EBUSY, damon_write("monitor_on", "on"));
		EXPECT_EQ(0, sysfs_write("1/state", "off"));
		EXPECT_EQ(0, damon_write("monitor_on", "on"));
		EXPECT_EQ(-EBUSY, sysfs_write("0/state", "on"));
		EXPECT_EQ(0, damon_reset());
	}
	sysfs_write("1/state", "off");
	EXPECT_EQ(0, sysfs_write("0/state", has_debugfs ? "on" : "off"));
}

TEST_F(sysfs, a_monitor_ends_with_its_last_process)
{
	long tried;

	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_TRUE(wait_for(!sysfs_write(K "state", "update_schemes_stats") &&
			     sysfs_number(S "stats/nr_tried") > 0, PATIENCE));
	tried = sysfs_number(S "stats/nr_tried");
	work_end(self->w);
	self->w = work_start();
	ASSERT_TRUE(wait_for(sysfs_is(K "state", "off\n"), PATIENCE));
	EXPECT_STREQ("-1\n", sysfs_read(K "pid"));
	EXPECT_LE(tried, sysfs_number(S "stats/nr_tried"));
	EXPECT_EQ(-ECANCELED, sysfs_write(K "state", "commit"));
	EXPECT_EQ(0, sysfs_write(K "state", "off"));
	EXPECT_EQ(0, sysfs_write("nr_kdamonds", "0"));
}

/* Numbers of physical memory are as many times its addresses. */
TEST_F(sysfs, addr_unit)
{
	long long start, bytes;

	ASSERT_EQ(0, sysfs_write(C "operations", "paddr"));
	ASSERT_EQ(0, sysfs_write(K "state", "on"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_regions"));
	start = sysfs_number(S "tried_regions/0/start");
	bytes = sysfs_number(S "tried_regions/total_bytes");
	EXPECT_LT(0, start);
	ASSERT_EQ(0, sysfs_write(C "addr_unit", "4096"));
	ASSERT_EQ(0, sysfs_write(S "access_pattern/sz/max", "4503599627370495"));
	ASSERT_EQ(0, sysfs_write(K "state", "commit"));
	ASSERT_EQ(0, sysfs_write(K "state", "update_schemes_tried_regions"));
	EXPECT_EQ(start / 4096, sysfs_number(S "tried_regions/0/start"));
	EXPECT_EQ(bytes / 4096, sysfs_number(S "tried_regions/total_bytes"));
}

/* A process has another number in a namespace of its own, and that is the one it writes. */
TEST_F(sysfs, a_process_is_the_one_that_the_writer_sees)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, sysfs_write(C "targets/0/pid_target", "1"));
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(2);
		pid = fork();
		if (pid) {
			waitpid(pid, &status, 0);
			_exit(WEXITSTATUS(status));
		}
		_exit(sysfs_write(K "state", "on") ? 3 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, WEXITSTATUS(status));
	/* Its only process is gone; number 1 of all is not. */
	EXPECT_TRUE(wait_for(sysfs_is(K "state", "off\n"), PATIENCE));
}

TEST_HARNESS_MAIN
