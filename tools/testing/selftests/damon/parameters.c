// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the users inside the kernel are driven by the documented parameters.  What is
 * shown is so; what is refused changes nothing; and one of them runs at a time, beside no
 * other monitor.
 */
#include "users.h"

/* === The command line of the kernel === */

/*
 * It is for a kernel that was booted with, for example, "damon_reclaim.enabled=Y
 * damon_reclaim.min_age=5000000", and comes first, as the others write all parameters.
 */
FIXTURE(command_line) {
};

FIXTURE_SETUP(command_line)
{
	if (!have_users())
		SKIP(return, NO_USERS);
}

FIXTURE_TEARDOWN(command_line)
{
}

static unsigned int nr_words(const char *line, bool *enabled, bool *all_so)
{
	char user[32], name[64], value[64], text[128];
	unsigned int nr = 0;
	const char *at = line;
	struct stat st;

	for (; (at = strstr(at, "damon_")); at++) {
		if (sscanf(at, "%31[a-z_].%63[a-z_]=%63[0-9YN]", user, name, value) != 3)
			continue;
		/* Results are not set by anybody. */
		if (stat(param_path(user, name), &st) || !(st.st_mode & 0200))
			continue;
		snprintf(text, sizeof(text), "%s\n", value);
		*all_so &= !strcmp(text, param_read(user, name));
		*enabled |= !strcmp(name, "enabled") && value[0] == 'Y';
		nr++;
	}
	return nr;
}

TEST_F(command_line, is_obeyed)
{
	bool enabled = false, all_so = true;
	char line[4096];

	ASSERT_EQ(0, read_text("/proc/cmdline", line, sizeof(line)));
	if (!nr_words(line, &enabled, &all_so))
		SKIP(return, "no parameter is on the command line");
	EXPECT_TRUE(all_so);
	EXPECT_EQ(enabled, nr_kdamonds());
}

/* === Parameters === */

FIXTURE(parameters) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(parameters)
{
	if (!have_users())
		SKIP(return, NO_USERS);
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, users_reset());
}

FIXTURE_TEARDOWN(parameters)
{
	EXPECT_EQ(0, users_reset());
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static unsigned int nr_files(const char *user)
{
	DIR *dir = opendir(param_path(user, ""));
	struct dirent *entry;
	unsigned int nr = 0;

	while (dir && (entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return nr;
}

TEST_F(parameters, are_those_that_are_documented)
{
	struct stat st;
	size_t i, j;

	for (j = 0; j < NR_USERS; j++) {
		unsigned int nr = 0;

		for (i = 0; i < NR_PARAMS; i++) {
			const char *name = params[i].name, *value = params[i].value[j];

			if (!value)
				continue;
			nr++;
			ASSERT_EQ(0, stat(param_path(users[j], name), &st))
				TH_LOG("no %s", param_path(users[j], name));
			EXPECT_EQ(params[i].mode, st.st_mode & 07777)
				TH_LOG("%s", name);
			EXPECT_EQ(NULL, strstr(param_read(users[j], name), "error"));
			if (strcmp(value, ANY)) {
				EXPECT_STREQ(value, param_read(users[j], name))
					TH_LOG("%s", name);
			}
		}
		EXPECT_EQ(nr, nr_files(users[j]));
	}
}

static const struct {
	const char *user, *name, *text;
	int err;
} unreadable[] = {
	{ RECLAIM, "enabled", "x", -EINVAL },
	{ STAT, "enabled", "maybe", -EINVAL },
	{ RECLAIM, "commit_inputs", "2", -EINVAL },
	{ RECLAIM, "min_age", "x", -EINVAL },
	{ RECLAIM, "min_age", "-1", -EINVAL },
	{ RECLAIM, "min_age", "18446744073709551616", -ERANGE },
	{ RECLAIM, "addr_unit", "0", -EINVAL },
	{ RECLAIM, "addr_unit", "x", -EINVAL },
	{ LRU_SORT, "addr_unit", "18446744073709551616", -ERANGE },
	{ LRU_SORT, "filter_young_pages", "2", -EINVAL },
	{ LRU_SORT, "kdamond_pid", "1", 0 },
	{ STAT, "memory_idle_ms_percentiles", "1", 0 },
};

TEST_F(parameters, what_is_no_value_is_refused_at_once)
{
	char before[4096];
	size_t i;

	for (i = 0; i < sizeof(unreadable) / sizeof(*unreadable); i++) {
		const char *user = unreadable[i].user, *name = unreadable[i].name;

		snprintf(before, sizeof(before), "%s", param_read(user, name));
		/* Root may open a file of any mode; which error that is, is not ours. */
		EXPECT_GT(0, param_write(user, name, unreadable[i].text));
		if (unreadable[i].err) {
			EXPECT_EQ(unreadable[i].err, param_write(user, name, unreadable[i].text))
				TH_LOG("%s of %s", unreadable[i].text, name);
		}
		EXPECT_STREQ(before, param_read(user, name));
	}
}

/* Of what was written, the first that is wrong is told at the start, and nothing runs. */
static const struct {
	const char *user, *name[2], *text[2];
	int err;
} wrong[] = {
	{ RECLAIM, { "sample_interval" }, { "0" }, -EINVAL },
	{ RECLAIM, { "aggr_interval" }, { "0" }, -EINVAL },
	{ RECLAIM, { "sample_interval" }, { "100001" }, -EINVAL },
	{ RECLAIM, { "min_nr_regions" }, { "2" }, -EINVAL },
	{ RECLAIM, { "max_nr_regions" }, { "9" }, -EINVAL },
	{ RECLAIM, { "max_nr_regions" }, { "1000001" }, -EINVAL },
	{ RECLAIM, { "monitor_region_start" }, { "4096" }, -EINVAL },
	{ RECLAIM, { "monitor_region_start", "monitor_region_end" }, { "4096", "4096" }, -EINVAL },
	{ RECLAIM, { "monitor_region_end" }, { "18446744073709551615" }, -EINVAL },
	{ RECLAIM, { "addr_unit", "monitor_region_end" },
	  { "4096", "18446744073709551615" }, -EINVAL },
	{ RECLAIM, { "addr_unit" }, { "3" }, -EINVAL },
	{ RECLAIM, { "wmarks_mid" }, { "501" }, -EINVAL },
	{ RECLAIM, { "wmarks_low" }, { "401" }, -EINVAL },
	{ LRU_SORT, { "sample_interval" }, { "0" }, -EINVAL },
	{ LRU_SORT, { "aggr_interval" }, { "0" }, -EINVAL },
	{ LRU_SORT, { "active_mem_bp" }, { "10001" }, -EINVAL },
};

#define NR_WRONG (sizeof(wrong) / sizeof(*wrong))

static int write_wrong(size_t i)
{
	int err = param_write(wrong[i].user, wrong[i].name[0], wrong[i].text[0]);

	return err || !wrong[i].name[1] ? err :
		param_write(wrong[i].user, wrong[i].name[1], wrong[i].text[1]);
}

TEST_F(parameters, wrong_values_start_nothing)
{
	size_t i;

	for (i = 0; i < NR_WRONG; i++) {
		ASSERT_EQ(0, write_wrong(i));
		EXPECT_EQ(wrong[i].err, param_write(wrong[i].user, "enabled", "Y"))
			TH_LOG("%s of %s", wrong[i].text[0], wrong[i].name[0]);
		EXPECT_STREQ("N\n", param_read(wrong[i].user, "enabled"));
		EXPECT_STREQ("-1\n", param_read(wrong[i].user, "kdamond_pid"));
		EXPECT_EQ(0, nr_kdamonds());
		ASSERT_EQ(0, users_reset());
	}
}

TEST_F(parameters, wrong_values_are_not_committed)
{
	long worker;
	size_t i;

	for (i = 0; i < NR_WRONG; i++) {
		ASSERT_EQ(0, param_write(wrong[i].user, "enabled", "Y"));
		worker = param_number(wrong[i].user, "kdamond_pid");
		ASSERT_EQ(0, write_wrong(i));
		/* A start of the memory without an end would be a range up to what was found. */
		if (!strcmp(wrong[i].name[0], "monitor_region_start"))
			ASSERT_EQ(0, param_write(wrong[i].user, "monitor_region_end",
						 wrong[i].text[1] ?: "0"));
		EXPECT_EQ(wrong[i].err, param_write(wrong[i].user, "commit_inputs", "Y"))
			TH_LOG("%s of %s", wrong[i].text[0], wrong[i].name[0]);
		EXPECT_STREQ("Y\n", param_read(wrong[i].user, "enabled"));
		EXPECT_EQ(worker, param_number(wrong[i].user, "kdamond_pid"));
		ASSERT_EQ(0, users_reset());
	}
}

TEST_F(parameters, enabled_and_pid_tell_what_is_so)
{
	size_t i;

	for (i = 0; i < NR_USERS; i++) {
		EXPECT_EQ(0, param_write(users[i], "enabled", "N"));
		ASSERT_EQ(0, param_write(users[i], "enabled", "1"));
		EXPECT_EQ(0, param_write(users[i], "enabled", "Y"));
		EXPECT_STREQ("Y\n", param_read(users[i], "enabled"));
		EXPECT_EQ(1, nr_kdamonds());
		EXPECT_EQ(find_kdamond(), param_number(users[i], "kdamond_pid"));
		ASSERT_EQ(0, param_write(users[i], "enabled", "N"));
		EXPECT_STREQ("N\n", param_read(users[i], "enabled"));
		EXPECT_STREQ("-1\n", param_read(users[i], "kdamond_pid"));
		EXPECT_EQ(0, nr_kdamonds());
	}
}

TEST_F(parameters, commit_is_over_when_the_write_returns)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EINVAL, param_write(users[i], "commit_inputs", "Y"));
		EXPECT_EQ(0, param_write(users[i], "commit_inputs", "N"));
		ASSERT_EQ(0, param_write(users[i], "enabled", "Y"));
		EXPECT_EQ(0, param_write(users[i], "commit_inputs", "N"));
		/* Also while its watermarks let it sleep. */
		EXPECT_EQ(0, param_write(users[i], "wmarks_high", "0"));
		EXPECT_EQ(0, param_write(users[i], "wmarks_mid", "0"));
		EXPECT_EQ(0, param_write(users[i], "wmarks_low", "0"));
		EXPECT_EQ(0, param_write(users[i], "wmarks_interval", "3600000000"));
		EXPECT_EQ(0, param_write(users[i], "commit_inputs", "Y"));
		EXPECT_STREQ("N\n", param_read(users[i], "commit_inputs"));
		EXPECT_EQ(0, param_write(users[i], "commit_inputs", "Y"));
		EXPECT_EQ(0, param_write(users[i], "enabled", "N"));
		EXPECT_EQ(-EINVAL, param_write(users[i], "commit_inputs", "Y"));
	}
}

TEST_F(parameters, all_memory_is_found_and_shown)
{
	unsigned long all = number_behind("/proc/meminfo", NULL, "MemTotal:") * KiB;
	char text[32];
	size_t i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, param_write(users[i], "addr_unit", "4096"));
		ASSERT_EQ(0, param_write(users[i], "enabled", "Y"));
		EXPECT_LE(all / 4096, param_number(users[i], "monitor_region_end"));
		/* What is written, and not found, stays. */
		ASSERT_EQ(0, param_write(users[i], "addr_unit", "1"));
		snprintf(text, sizeof(text), "%lu\n", all / 2);
		ASSERT_EQ(0, param_write(users[i], "monitor_region_end", text));
		ASSERT_EQ(0, param_write(users[i], "commit_inputs", "Y"));
		EXPECT_STREQ(text, param_read(users[i], "monitor_region_end"));
		ASSERT_EQ(0, param_write(users[i], "enabled", "N"));
	}
}

static int files_on(struct work *w)
{
	return damon_on(TEST_ATTRS, &w->pid, 1);
}

TEST_F(parameters, users_run_alone)
{
	size_t i, j;

	for (i = 0; i < NR_USERS; i++) {
		ASSERT_EQ(0, param_write(users[i], "enabled", "Y"));
		for (j = 0; j < NR_USERS; j++) {
			if (j == i)
				continue;
			EXPECT_EQ(-EBUSY, param_write(users[j], "enabled", "Y"));
			EXPECT_STREQ("N\n", param_read(users[j], "enabled"));
		}
		EXPECT_EQ(-EBUSY, files_on(self->w));
		EXPECT_STREQ("off\n", damon_read("monitor_on"));
		EXPECT_EQ(1, nr_kdamonds());
		ASSERT_EQ(0, param_write(users[i], "enabled", "N"));

		ASSERT_EQ(0, files_on(self->w));
		EXPECT_EQ(-EBUSY, param_write(users[i], "enabled", "Y"));
		EXPECT_STREQ("N\n", param_read(users[i], "enabled"));
		ASSERT_EQ(0, damon_write("monitor_on", "off"));
	}
}

/* What was watched is gone: the worker has ended by itself, and is in nobody's way. */
TEST_F(parameters, users_wait_for_no_monitor_that_has_ended)
{
	struct work *w2 = work_start();

	ASSERT_NE(NULL, w2);
	ASSERT_EQ(0, files_on(w2));
	EXPECT_EQ(-EBUSY, param_write(RECLAIM, "enabled", "Y"));
	work_end(w2);
	ASSERT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
	EXPECT_EQ(0, param_write(RECLAIM, "enabled", "Y"));
}

/* === Under load === */

static bool is_alone(const char *user)
{
	size_t i;

	for (i = 0; i < NR_USERS; i++)
		if (users[i] != user && strcmp(param_read(users[i], "enabled"), "N\n"))
			return false;
	return !strcmp(damon_read("monitor_on"), "off\n");
}

static _Noreturn void toggle(const char *user, bool commit)
{
	static const char * const ages[] = { "10000000", "120000000" };
	unsigned int i;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0;; i++) {
		err = param_write(user, "enabled", "Y");
		if (err && err != -EBUSY)
			_exit(1);
		if (!err && !is_alone(user))
			_exit(7);
		if (!err && commit) {
			param_write(user, !strcmp(user, RECLAIM) ? "min_age" : "cold_min_age",
				    ages[i % 2]);
			err = param_write(user, "commit_inputs", "Y");
			if (err)
				_exit(2);
		}
		if (param_write(user, "enabled", "N"))
			_exit(3);
	}
}

static _Noreturn void read_all(void)
{
	size_t i, j;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		for (i = 0; i < NR_PARAMS; i++)
			for (j = 0; j < NR_USERS; j++)
				if (params[i].value[j] &&
				    strstr(param_read(users[j], params[i].name), "error"))
					_exit(4);
}

static _Noreturn void toggle_files(struct work *w)
{
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		err = files_on(w);
		if (err && err != -EBUSY)
			_exit(5);
		if (!err && damon_write("monitor_on", "off"))
			_exit(6);
	}
}

/* They all want to run, each is on and off many times, and at most one at a time. */
TEST_F_TIMEOUT(parameters, users_take_turns_under_load, 120)
{
	unsigned int nr_seen[2] = {}, nr_looks = 0, i;
	double end = now() + 10;
	pid_t pids[5];

	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 16 * MiB));
	for (i = 0; i < 5; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (pids[i])
			continue;
		if (i < 3)
			toggle(users[i], i < 2);
		if (i == 3)
			read_all();
		toggle_files(self->w);
	}
	while (now() < end) {
		for (i = 0; i < 2; i++)
			nr_seen[i] += param_read(users[i], "enabled")[0] == 'Y';
		nr_looks++;
		usleep(1000);
	}
	for (i = 0; i < 5; i++) {
		int status;

		/* It runs on until it is killed. */
		EXPECT_EQ(0, waitpid(pids[i], &status, WNOHANG))
			TH_LOG("%u has ended: %x", i, status);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
	}
	TH_LOG("seen on: %u and %u of %u times", nr_seen[0], nr_seen[1], nr_looks);
	EXPECT_LT(0, nr_seen[0]);
	EXPECT_LT(0, nr_seen[1]);
}

TEST_HARNESS_MAIN
