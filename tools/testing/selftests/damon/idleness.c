// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: DAMON_STAT tells for how long memory has been idle; and no user inside the
 * kernel wakes a machine that is idle more than 10 times a second.
 */
#include <limits.h>

#include "users.h"

#define NR_PERCENTILES	101
#define USED_SIZE	(384 * MiB)

FIXTURE(idleness) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(idleness)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	if (!have_users())
		SKIP(return, NO_USERS);
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, users_reset());
}

FIXTURE_TEARDOWN(idleness)
{
	EXPECT_EQ(0, users_reset());
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* Return how many there are, in order. */
static int read_percentiles(long *ms)
{
	const char *at = param_read(STAT, "memory_idle_ms_percentiles");
	int nr = 0;
	char *end;

	for (; nr < NR_PERCENTILES; at = end + 1) {
		ms[nr] = strtol(at, &end, 10);
		if (end == at || (nr && ms[nr] < ms[nr - 1]))
			return -EINVAL;
		nr++;
		if (*end != ',')
			return *end == '\n' && !end[1] ? nr : -EINVAL;
	}
	return -E2BIG;
}

/* In 1/100 of the memory. */
static int part_in_use(void)
{
	long ms[NR_PERCENTILES];
	int i, nr = 0;

	if (read_percentiles(ms) != NR_PERCENTILES)
		return -1;
	for (i = 0; i < NR_PERCENTILES; i++)
		nr += ms[i] < 0;
	return nr;
}

static long idle_ms(int percentile)
{
	long ms[NR_PERCENTILES];

	return read_percentiles(ms) == NR_PERCENTILES ? ms[percentile] : LONG_MIN;
}

static long aggr_ms(void)
{
	return param_number(STAT, "aggr_interval_us") / 1000;
}

TEST_F_TIMEOUT(idleness, percentiles_are_those_of_known_memory, 200)
{
	unsigned long all = number_behind("/proc/meminfo", NULL, "MemTotal:") * KiB;
	int part = USED_SIZE * 100 / all, found;
	double began, ended, at;
	long ms[NR_PERCENTILES];

	if (part > 50)
		SKIP(return, "the machine is too small");
	ASSERT_EQ(0, work_map(self->w, ARENA, USED_SIZE));
	ASSERT_EQ(0, work_touch(self->w, ARENA, USED_SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, USED_SIZE));
	began = now();
	ASSERT_EQ(0, param_write(STAT, "enabled", "Y"));
	EXPECT_TRUE(wait_for(part_in_use() > part * 2 / 3, PATIENCE));
	sleep(3);
	found = part_in_use();
	TH_LOG("in use: %d of %d %%, %ld MiB/s, aggregations of %ld ms", found, part,
	       param_number(STAT, "estimated_memory_bandwidth") >> 20, aggr_ms());
	EXPECT_LE(part * 2 / 3, found);
	EXPECT_GE(part * 3 / 2 + 5, found);
	EXPECT_LT((long)USED_SIZE, param_number(STAT, "estimated_memory_bandwidth"));
	/* The rest has been idle from the beginning. */
	ASSERT_EQ(NR_PERCENTILES, read_percentiles(ms));
	at = (now() - began) * 1000;
	EXPECT_LE(ms[100], at + aggr_ms());
	EXPECT_GE(ms[100], at / 2);

	ended = now();
	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	EXPECT_TRUE(wait_for(part_in_use() < 3, PATIENCE));
	EXPECT_TRUE(wait_for(idle_ms(part / 2 + 2) >= 3000, PATIENCE));
	ASSERT_EQ(NR_PERCENTILES, read_percentiles(ms));
	at = (now() - ended) * 1000;
	TH_LOG("idle for %.0f ms: told %ld for what was used, %ld for the rest", at,
	       ms[part / 2 + 2], ms[95]);
	/* The aggregation in which it ended may have found too few accesses to count. */
	EXPECT_LE(ms[part / 2 + 2], at + aggr_ms());
	EXPECT_GE(ms[95], ms[part / 2 + 2]);
	EXPECT_GE(ms[95], at / 2);
	EXPECT_EQ(0, param_number(STAT, "estimated_memory_bandwidth") / (long)USED_SIZE);

	/* What was found can be read afterwards. */
	ASSERT_EQ(0, param_write(STAT, "enabled", "N"));
	ASSERT_EQ(NR_PERCENTILES, read_percentiles(ms));
	EXPECT_LT(0, ms[95]);
}

/* === An idle machine === */

FIXTURE(idle_machine) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_VARIANT(idle_machine) {
	const char *user;
};

FIXTURE_VARIANT_ADD(idle_machine, reclaim) { RECLAIM };
FIXTURE_VARIANT_ADD(idle_machine, lru_sort) { LRU_SORT };
FIXTURE_VARIANT_ADD(idle_machine, stat) { STAT };

FIXTURE_SETUP(idle_machine)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	if (!have_users())
		SKIP(return, NO_USERS);
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, users_reset());
}

FIXTURE_TEARDOWN(idle_machine)
{
	EXPECT_EQ(0, users_reset());
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* In the next five seconds. */
static double wakeups_per_second(long pid)
{
	static const char word[] = "voluntary_ctxt_switches:";
	double began = now();
	char path[64];
	long before;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	before = number_behind(path, NULL, word);
	sleep(5);
	return (number_behind(path, NULL, word) - before) / (now() - began);
}

/* With the default settings, but for the watermarks, which would let it sleep all the time. */
TEST_F_TIMEOUT(idle_machine, is_left_alone, 150)
{
	double rate = 1000, end = now() + 2 * PATIENCE;
	long pid;

	if (strcmp(variant->user, STAT))
		ASSERT_EQ(0, always_on(variant->user));
	/* It sleeps, but each 10 ms it looks whether the test wants something. */
	work_end(self->w);
	self->w = NULL;
	ASSERT_EQ(0, param_write(variant->user, "enabled", "Y"));
	pid = param_number(variant->user, "kdamond_pid");
	ASSERT_LT(0, pid);
	while (rate > 10 && now() < end)
		rate = wakeups_per_second(pid);
	TH_LOG("%.1f wake-ups a second", rate);
	EXPECT_GE(10, rate);
}

TEST_HARNESS_MAIN
