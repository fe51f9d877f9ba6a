// SPDX-License-Identifier: GPL-2.0
/*
 * The promise of the users inside the kernel that act: DAMON_RECLAIM gives idle memory back,
 * and leaves alone what is used; DAMON_LRU_SORT puts what is used where reclaim comes last,
 * and what is not where it comes first.
 *
 * What was done is seen by its effect on the memory.
 */
#include "users.h"

#define IDLE		ARENA
#define IDLE_SIZE	(32 * MiB)
#define HOT		ARENA2
#define HOT_SIZE	(8 * MiB)
#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"

FIXTURE(proactive) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	char lru_gen[32];
};

FIXTURE_SETUP(proactive)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	if (!have_users())
		SKIP(return, NO_USERS);
	join_free_memory();
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, users_reset());
	ASSERT_EQ(0, swap_on());
	/* The one whose lists can be seen. */
	if (!read_text(LRU_GEN, self->lru_gen, sizeof(self->lru_gen)))
		write_text(LRU_GEN, "0");
	ASSERT_EQ(0, work_map(self->w, IDLE, IDLE_SIZE));
	ASSERT_EQ(0, work_map(self->w, HOT, HOT_SIZE));
	ASSERT_EQ(0, work_touch(self->w, IDLE, IDLE_SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, HOT, HOT_SIZE));
}

FIXTURE_TEARDOWN(proactive)
{
	EXPECT_EQ(0, users_reset());
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->lru_gen[0])
		write_text(LRU_GEN, self->lru_gen);
	swap_off();
}

/* Bytes of a mapping that are in memory. */
static unsigned long resident(struct work *w, unsigned long addr)
{
	return map_info(w->pid, addr, "Rss:") * KiB;
}

/* Without limits, one pass does all, also on a slow machine. */
static int prepare_reclaim(const char *min_age)
{
	return always_on(RECLAIM) ?: param_write(RECLAIM, "min_age", min_age) ?:
		param_write(RECLAIM, "quota_ms", "0") ?: param_write(RECLAIM, "quota_sz", "0");
}

TEST_F_TIMEOUT(proactive, reclaim_gives_idle_memory_back, 120)
{
	ASSERT_EQ(0, prepare_reclaim("3000000"));
	ASSERT_EQ(0, param_write(RECLAIM, "enabled", "Y"));
	EXPECT_TRUE(wait_for(resident(self->w, IDLE) < IDLE_SIZE / 4, PATIENCE));
	TH_LOG("%lu of %lu KiB are left", resident(self->w, IDLE) / KiB, IDLE_SIZE / KiB);
	EXPECT_EQ(HOT_SIZE, resident(self->w, HOT));
	EXPECT_TRUE(wait_for(param_number(RECLAIM, "bytes_reclaimed_regions") >
			     (long)IDLE_SIZE / 2, PATIENCE));
	EXPECT_LE(param_number(RECLAIM, "bytes_reclaimed_regions"),
		  param_number(RECLAIM, "bytes_reclaim_tried_regions"));
	EXPECT_LT(0, param_number(RECLAIM, "nr_reclaimed_regions"));
	EXPECT_LE(param_number(RECLAIM, "nr_reclaimed_regions"),
		  param_number(RECLAIM, "nr_reclaim_tried_regions"));
	/* What was done can be read afterwards. */
	ASSERT_EQ(0, param_write(RECLAIM, "enabled", "N"));
	EXPECT_LT((long)IDLE_SIZE / 2, param_number(RECLAIM, "bytes_reclaimed_regions"));
}

/* It is the same worker, which knows the idle memory already. */
TEST_F_TIMEOUT(proactive, reclaim_acts_by_what_was_committed, 120)
{
	long worker;

	ASSERT_EQ(0, prepare_reclaim("3600000000"));
	ASSERT_EQ(0, param_write(RECLAIM, "enabled", "Y"));
	worker = param_number(RECLAIM, "kdamond_pid");
	sleep(5);
	EXPECT_EQ(IDLE_SIZE, resident(self->w, IDLE));
	/* A wrong value keeps the right ones from being taken. */
	ASSERT_EQ(0, param_write(RECLAIM, "min_age", "3000000"));
	ASSERT_EQ(0, param_write(RECLAIM, "min_nr_regions", "1"));
	EXPECT_EQ(-EINVAL, param_write(RECLAIM, "commit_inputs", "Y"));
	sleep(5);
	EXPECT_EQ(IDLE_SIZE, resident(self->w, IDLE));
	ASSERT_EQ(0, param_write(RECLAIM, "min_nr_regions", "10"));
	EXPECT_EQ(0, param_write(RECLAIM, "commit_inputs", "Y"));
	EXPECT_TRUE(wait_for(resident(self->w, IDLE) < IDLE_SIZE / 4, PATIENCE));
	EXPECT_EQ(HOT_SIZE, resident(self->w, HOT));
	EXPECT_EQ(worker, param_number(RECLAIM, "kdamond_pid"));
}

TEST_F_TIMEOUT(proactive, reclaim_leaves_alone_what_is_excluded, 120)
{
	ASSERT_EQ(0, prepare_reclaim("2000000"));
	ASSERT_EQ(0, param_write(RECLAIM, "skip_anon", "Y"));
	ASSERT_EQ(0, param_write(RECLAIM, "enabled", "Y"));
	/* It comes to all that is idle, this memory among it. */
	EXPECT_TRUE(wait_for(param_number(RECLAIM, "bytes_reclaim_tried_regions") >
			     (long)(512 * MiB), PATIENCE));
	sleep(3);
	EXPECT_EQ(IDLE_SIZE, resident(self->w, IDLE));
	ASSERT_EQ(0, param_write(RECLAIM, "skip_anon", "N"));
	ASSERT_EQ(0, param_write(RECLAIM, "commit_inputs", "Y"));
	EXPECT_TRUE(wait_for(resident(self->w, IDLE) < IDLE_SIZE / 4, PATIENCE));
}

/* Free memory is above the highest of them, or below the lowest. */
TEST_F_TIMEOUT(proactive, reclaim_rests_by_its_watermarks, 120)
{
	ASSERT_EQ(0, prepare_reclaim("1000000"));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_interval", "100000"));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_mid", "1"));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_high", "1"));
	ASSERT_EQ(0, param_write(RECLAIM, "enabled", "Y"));
	sleep(4);
	EXPECT_EQ(0, param_number(RECLAIM, "nr_reclaim_tried_regions"));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_high", "1000"));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_mid", "1000"));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_low", "1000"));
	ASSERT_EQ(0, param_write(RECLAIM, "commit_inputs", "Y"));
	sleep(4);
	EXPECT_EQ(0, param_number(RECLAIM, "nr_reclaim_tried_regions"));
	EXPECT_EQ(IDLE_SIZE, resident(self->w, IDLE));
	ASSERT_EQ(0, param_write(RECLAIM, "wmarks_low", "0"));
	ASSERT_EQ(0, param_write(RECLAIM, "commit_inputs", "Y"));
	EXPECT_TRUE(wait_for(resident(self->w, IDLE) < IDLE_SIZE / 4, PATIENCE));
}

TEST_F_TIMEOUT(proactive, reclaim_keeps_to_its_quota, 120)
{
	ASSERT_EQ(0, prepare_reclaim("1000000"));
	ASSERT_EQ(0, param_write(RECLAIM, "quota_sz", "1048576"));
	ASSERT_EQ(0, param_write(RECLAIM, "quota_reset_interval_ms", "3600000"));
	ASSERT_EQ(0, param_write(RECLAIM, "enabled", "Y"));
	EXPECT_TRUE(wait_for(param_number(RECLAIM, "bytes_reclaim_tried_regions") > 0, PATIENCE));
	sleep(4);
	EXPECT_GE((long)MiB, param_number(RECLAIM, "bytes_reclaim_tried_regions"));
	EXPECT_LE(IDLE_SIZE - MiB, resident(self->w, IDLE));
}

/* === The lists === */

static int prepare_lru_sort(void)
{
	return always_on(LRU_SORT) ?: param_write(LRU_SORT, "cold_min_age", "3000000") ?:
		param_write(LRU_SORT, "quota_ms", "400");
}

static bool is_sorted(pid_t pid)
{
	double hot = share_active(pid, HOT, HOT_SIZE);

	return hot > 0.5 && hot - 0.2 > share_active(pid, IDLE, IDLE_SIZE);
}

/* A pass over the memory takes less than half a second. */
TEST_F_TIMEOUT(proactive, lru_sort_moves_pages_to_their_list, 120)
{
	ASSERT_EQ(0, prepare_lru_sort());
	ASSERT_EQ(0, param_write(LRU_SORT, "hot_thres_access_freq", "50"));
	EXPECT_GT(0.1, share_active(self->w->pid, HOT, HOT_SIZE));
	ASSERT_EQ(0, param_write(LRU_SORT, "enabled", "Y"));
	/* At first, idle pages beside the hot ones may be in a region with them. */
	EXPECT_TRUE(wait_for(is_sorted(self->w->pid), PATIENCE));
	TH_LOG("active: %.2f of the hot, %.2f of the idle memory",
	       share_active(self->w->pid, HOT, HOT_SIZE),
	       share_active(self->w->pid, IDLE, IDLE_SIZE));
	EXPECT_TRUE(wait_for(param_number(LRU_SORT, "bytes_lru_sorted_hot_regions") >
			     (long)HOT_SIZE / 4, PATIENCE));
	EXPECT_LT(0, param_number(LRU_SORT, "nr_lru_sorted_hot_regions"));

	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	EXPECT_TRUE(wait_for(share_active(self->w->pid, HOT, HOT_SIZE) < 0.1, PATIENCE));
	EXPECT_TRUE(wait_for(param_number(LRU_SORT, "bytes_lru_sorted_cold_regions") >
			     (long)HOT_SIZE / 4, PATIENCE));
	/* No page is given up. */
	EXPECT_EQ(HOT_SIZE, resident(self->w, HOT));
	EXPECT_EQ(IDLE_SIZE, resident(self->w, IDLE));
}

TEST_HARNESS_MAIN
