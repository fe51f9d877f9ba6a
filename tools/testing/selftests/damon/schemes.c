// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: a scheme does what it says to the memory that it is for, to no other, and
 * no more than its quota allows.
 *
 * What was done is seen by its effect on the memory, not by a counter of the scheme.
 */
#include "damon_test.h"

#define IDLE		ARENA
#define IDLE_SIZE	(16 * MiB)
#define HOT		ARENA2
#define HOT_SIZE	(8 * MiB)
#define NO_LIMIT	(~0UL)
#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"
/* A page in each of these bytes is used, in memory that is idle otherwise. */
#define STEP		(1 * MiB)

enum { WILLNEED, COLD, PAGEOUT, HUGEPAGE, NOHUGEPAGE, STAT, COLLAPSE, LRU_PRIO, LRU_DEPRIO };

/* As the file has it. */
struct scheme {
	unsigned long min_sz, max_sz, min_acc, max_acc, min_age, max_age;
	int action;
	unsigned long ms, sz, reset_ms;
	unsigned int metric;
	unsigned long interval_us, high, mid, low;
};

/* What is cold for ten aggregations and more. */
static struct scheme cold_scheme(int action)
{
	return (struct scheme) {
		.max_sz = NO_LIMIT, .max_age = NO_LIMIT, .min_age = 10, .action = action,
	};
}

static const char *text_of(const struct scheme *s)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "%lu %lu %lu %lu %lu %lu %d %lu %lu %lu 0 0 1000 %u %lu %lu %lu %lu",
		 s->min_sz, s->max_sz, s->min_acc, s->max_acc, s->min_age, s->max_age,
		 s->action, s->ms, s->sz, s->reset_ms, s->metric, s->interval_us,
		 s->high, s->mid, s->low);
	return text;
}

/* A number of the first scheme, by its key. */
static long stat_of(const char *key)
{
	char word[64];
	const char *at;

	snprintf(word, sizeof(word), " %s=", key);
	at = strstr(damon_read("scheme_stats"), word);
	return at ? atol(at + strlen(word)) : -1;
}

/* Bytes of a mapping that are in memory. */
static unsigned long resident(pid_t pid, unsigned long addr)
{
	return map_info(pid, addr, "Rss:") * KiB;
}

FIXTURE(schemes) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(schemes)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, swap_on());
	ASSERT_EQ(0, work_map(self->w, IDLE, IDLE_SIZE));
	ASSERT_EQ(0, work_map(self->w, HOT, HOT_SIZE));
	ASSERT_EQ(0, work_touch(self->w, IDLE, IDLE_SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, HOT, HOT_SIZE));
}

FIXTURE_TEARDOWN(schemes)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	swap_off();
}

static int start(pid_t pid, const struct scheme *s)
{
	return damon_write("schemes", text_of(s)) ?: damon_on(TEST_ATTRS, &pid, 1);
}

/* What is written is read again, with zeros for what was done. */
TEST_F(schemes, read_as_they_were_written)
{
	struct scheme s = {
		1, NO_LIMIT, 0, 1UL << 40, 3, 1UL << 63, PAGEOUT, 10, 1UL << 50, NO_LIMIT,
		1, NO_LIMIT, 999, 500, 1,
	};
	char want[600];

	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	snprintf(want, sizeof(want), "%s 0 0 0 0 0\n", text_of(&s));
	EXPECT_STREQ(want, damon_read("schemes"));
	ASSERT_EQ(0, damon_write("schemes", ""));
	EXPECT_STREQ("", damon_read("schemes"));
}

/* A wrong one changes nothing. */
TEST_F(schemes, refused_whole)
{
	static const char *const wrong[] = {
		"1", "a", "0 0 0 0 0 0 5 0 0 0 0 0 0 0 0 0 0",
		"0 0 0 0 0 0 5 0 0 0 0 0 0 0 0 0 0 0 0",
		"2 1 0 0 0 0 5 0 0 0 0 0 0 0 0 0 0 0", "0 0 2 1 0 0 5 0 0 0 0 0 0 0 0 0 0 0",
		"0 0 0 0 2 1 5 0 0 0 0 0 0 0 0 0 0 0", "0 0 0 0 0 0 9 0 0 0 0 0 0 0 0 0 0 0",
		"0 0 0 0 0 0 -1 0 0 0 0 0 0 0 0 0 0 0", "0 0 0 0 0 0 5 0 0 0 0 0 0 2 0 0 0 0",
		"0 0 0 0 0 0 5 0 0 0 4294967296 0 0 0 0 0 0 0",
		"0 0 0 0 0 0 5 0 0 0 0 0 0 0 0 1 2 0", "0 0 0 0 0 0 5 0 0 0 0 0 0 0 0 2 1 2",
		"0 0 0 0 0 0 5 0 0 0 0 0 0 0 0 0 0 18446744073709551616",
	};
	struct scheme s = cold_scheme(PAGEOUT);
	char before[600];
	size_t i;

	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	snprintf(before, sizeof(before), "%s", damon_read("schemes"));
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		EXPECT_EQ(-EINVAL, damon_write("schemes", wrong[i]))
			TH_LOG("%s", wrong[i]);
		EXPECT_STREQ(before, damon_read("schemes"));
	}
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	EXPECT_EQ(-EBUSY, damon_write("schemes", ""));
}

/* What a kind of memory can not do is told at the start. */
TEST_F(schemes, refused_where_they_make_no_sense)
{
	struct scheme s = cold_scheme(HUGEPAGE);

	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	EXPECT_EQ(-EOPNOTSUPP, damon_on_ids(TEST_ATTRS, "paddr", NULL));
	s.action = LRU_PRIO;
	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	EXPECT_EQ(-EOPNOTSUPP, damon_on(TEST_ATTRS, &self->w->pid, 1));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
}

/* A page here and there is used, which no sample of a region may have met. */
static long do_use_pages(struct work *w)
{
	unsigned long addr;

	for (addr = IDLE; addr < IDLE + IDLE_SIZE; addr += STEP)
		*(volatile char *)addr = 1;
	return 0;
}

/* How many of these pages are in memory? */
static int nr_used_present(pid_t pid)
{
	unsigned long addr;
	struct pages p;
	int nr = 0;

	for (addr = IDLE; addr < IDLE + IDLE_SIZE; addr += STEP) {
		p = (struct pages) {};
		nr += !pages_add(&p, pid, addr, getpagesize());
		free(p.pfn);
	}
	return nr;
}

TEST_F_TIMEOUT(schemes, pageout_gives_back_what_is_idle, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);

	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(resident(self->w->pid, IDLE) <= IDLE_SIZE / 10, PATIENCE));
	TH_LOG("%lu of %lu KiB are left", resident(self->w->pid, IDLE) / KiB, IDLE_SIZE / KiB);
	TH_LOG("%s", damon_read("scheme_stats"));
	/* What is used stays. */
	EXPECT_EQ(HOT_SIZE, resident(self->w->pid, HOT));
	EXPECT_TRUE(wait_for(stat_of("sz_applied") >= (long)(IDLE_SIZE * 9 / 10), PATIENCE));
	EXPECT_GE(stat_of("sz_tried"), stat_of("sz_applied"));
	/* Nobody wants it back, and this is known after a while. */
	EXPECT_TRUE(wait_for(stat_of("sz_checked") > 0, PATIENCE));
	EXPECT_EQ(0, stat_of("sz_back"));
}

/* In memory that is idle otherwise, pages that are used are given up by nobody. */
TEST_F_TIMEOUT(schemes, pageout_spares_single_pages_that_are_used, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);
	unsigned long passes = 0, faults = vm_event("pgmajfault");
	double end = now() + PATIENCE;

	ASSERT_EQ(0, start(self->w->pid, &s));
	while (resident(self->w->pid, IDLE) > IDLE_SIZE / 2 && now() < end) {
		ASSERT_EQ(0, work_call(self->w, do_use_pages));
		passes++;
		usleep(20000);
	}
	TH_LOG("%lu passes, %lu major faults, %lu KiB left", passes,
	       vm_event("pgmajfault") - faults, resident(self->w->pid, IDLE) / KiB);
	EXPECT_LE(resident(self->w->pid, IDLE), IDLE_SIZE / 2);
	EXPECT_EQ((int)(IDLE_SIZE / STEP), nr_used_present(self->w->pid));
}

/* What comes back is counted: here, all of it. */
TEST_F_TIMEOUT(schemes, what_comes_back_is_told, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);

	ASSERT_EQ(0, start(self->w->pid, &s));
	ASSERT_TRUE(wait_for(resident(self->w->pid, IDLE) <= IDLE_SIZE / 10, PATIENCE));
	ASSERT_TRUE(work_hot(self->w, 1, IDLE, IDLE_SIZE));
	EXPECT_TRUE(wait_for(stat_of("sz_checked") >= (long)(IDLE_SIZE / 2), PATIENCE));
	TH_LOG("%s", damon_read("scheme_stats"));
	/* A debugging kernel takes longer than 10 s to read all of it back. */
	EXPECT_GE(stat_of("sz_back"), stat_of("sz_checked") * (is_too_slow() ? 1 : 9) / 10);
}

/* In no window, from the first on, is more tried than allowed. */
TEST_F_TIMEOUT(schemes, quota_is_never_exceeded, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);
	long tried, last = 0;
	double begun;
	int i;

	s.sz = 1 * MiB;
	s.reset_ms = 2000;
	ASSERT_EQ(0, start(self->w->pid, &s));
	ASSERT_TRUE(wait_for(stat_of("sz_tried") > 0, PATIENCE));
	begun = now();
	for (i = 0; i < 40; i++) {
		tried = stat_of("sz_tried");
		/* A window has begun before the first look. */
		EXPECT_LE(tried, (long)(s.sz * ((unsigned long)((now() - begun) / 2) + 2)));
		EXPECT_LE(tried - last, (long)s.sz);
		last = tried;
		usleep(200000);
	}
	TH_LOG("%s", damon_read("scheme_stats"));
	EXPECT_GE(tried, (long)(2 * s.sz));
	EXPECT_EQ((long)s.sz, stat_of("esz"));
	EXPECT_GE(stat_of("qt_exceeds"), 1);
	/* The effect is no more than that either; a window may have come since. */
	EXPECT_GE(resident(self->w->pid, IDLE) + s.sz, IDLE_SIZE - tried);
}

/* There is always more free memory than none at all, so there is nothing to do. */
TEST_F_TIMEOUT(schemes, watermarks_let_it_sleep, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);

	s.metric = 1;
	s.interval_us = 100000;
	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(strstr(damon_read("scheme_stats"), "active=N"), PATIENCE));
	/* As long as it takes for memory to be cold. */
	usleep(11 * AGGR_US);
	EXPECT_EQ(IDLE_SIZE, resident(self->w->pid, IDLE));
	EXPECT_EQ(0, stat_of("nr_tried"));
	/* And it can be stopped, and asked. */
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	EXPECT_EQ(0, stat_of("nr_tried"));

	/* Up to all memory may be free. */
	s.high = 1000;
	s.mid = 1000;
	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(resident(self->w->pid, IDLE) <= IDLE_SIZE / 4, PATIENCE));
	EXPECT_TRUE(!!strstr(damon_read("scheme_stats"), "active=Y"));
}

/* Counts, and does nothing. */
TEST_F_TIMEOUT(schemes, stat_only_counts, 120)
{
	struct scheme s = cold_scheme(STAT);

	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(stat_of("sz_tried") >= (long)IDLE_SIZE, PATIENCE));
	EXPECT_EQ(0, stat_of("sz_applied"));
	EXPECT_EQ(IDLE_SIZE, resident(self->w->pid, IDLE));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	/* What it had counted stays until something else is wanted. */
	EXPECT_GE(stat_of("sz_tried"), (long)IDLE_SIZE);
	EXPECT_EQ(0, damon_write("schemes", text_of(&s)));
	EXPECT_EQ(0, stat_of("sz_tried"));
}

/* Memory that is given up is read in again before it is used. */
TEST_F_TIMEOUT(schemes, willneed_reads_ahead, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);
	unsigned long cached;

	ASSERT_EQ(0, start(self->w->pid, &s));
	ASSERT_TRUE(wait_for(resident(self->w->pid, IDLE) <= IDLE_SIZE / 10, PATIENCE));
	ASSERT_EQ(0, damon_write("monitor_on", "off"));
	cached = number_behind("/proc/meminfo", NULL, "SwapCached:");
	s.action = WILLNEED;
	ASSERT_EQ(0, start(self->w->pid, &s));
	/* It is in the cache of the swap device; who touches it waits for no device. */
	EXPECT_TRUE(wait_for(number_behind("/proc/meminfo", NULL, "SwapCached:") >
			     (long)(cached + IDLE_SIZE / KiB / 2), PATIENCE));
	EXPECT_TRUE(wait_for(stat_of("sz_applied") >= (long)(IDLE_SIZE / 2), PATIENCE));
}

static long do_allow_huge(struct work *w)
{
	return madvise((void *)w->arg[0], w->arg[1], MADV_HUGEPAGE) ? -errno : 0;
}

/* Huge pages are made, or allowed, where memory is used, and nowhere else. */
TEST_F_TIMEOUT(schemes, huge_pages_where_it_is_used, 120)
{
	struct scheme s = {
		.max_sz = NO_LIMIT, .min_acc = 1, .max_acc = NO_LIMIT, .max_age = NO_LIMIT,
		.action = COLLAPSE,
	};

	ASSERT_EQ(0, map_info(self->w->pid, HOT, "AnonHugePages:"));
	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(map_info(self->w->pid, HOT, "AnonHugePages:") * KiB >= 2 * MiB,
			     PATIENCE));
	EXPECT_EQ(0, map_info(self->w->pid, IDLE, "AnonHugePages:"));
	TH_LOG("%s", damon_read("scheme_stats"));
	ASSERT_EQ(0, damon_write("monitor_on", "off"));

	EXPECT_EQ(0, map_info(self->w->pid, HOT, "THPeligible:"));
	s.action = HUGEPAGE;
	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(map_info(self->w->pid, HOT, "THPeligible:") == 1, PATIENCE));
	EXPECT_EQ(0, map_info(self->w->pid, IDLE, "THPeligible:"));
}

TEST_F_TIMEOUT(schemes, nohugepage_where_it_is_not, 120)
{
	struct scheme s = cold_scheme(NOHUGEPAGE);

	self->w->arg[0] = IDLE;
	self->w->arg[1] = IDLE_SIZE;
	ASSERT_EQ(0, work_call(self->w, do_allow_huge));
	ASSERT_EQ(1, map_info(self->w->pid, IDLE, "THPeligible:"));
	ASSERT_EQ(0, start(self->w->pid, &s));
	EXPECT_TRUE(wait_for(map_info(self->w->pid, IDLE, "THPeligible:") == 0, PATIENCE));
}

/* Physical memory of a range of the process, as rows of init_regions. */
static int start_physical(struct pages *p, const struct scheme *s)
{
	return damon_write("schemes", text_of(s)) ?:
		damon_on_ids(TEST_ATTRS, "paddr", rows_of(p, p));
}

FIXTURE(lru) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct pages idle, hot;
	char lru_gen[32];
};

FIXTURE_SETUP(lru)
{
	join_free_memory();
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, swap_on());
	/* The one whose lists can be seen. */
	if (!read_text(LRU_GEN, self->lru_gen, sizeof(self->lru_gen)))
		write_text(LRU_GEN, "0");
	ASSERT_EQ(0, work_map(self->w, IDLE, HOT_SIZE));
	ASSERT_EQ(0, work_map(self->w, HOT, HOT_SIZE));
	ASSERT_EQ(0, work_touch(self->w, IDLE, HOT_SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, HOT, HOT_SIZE));
	ASSERT_EQ(0, pages_add(&self->idle, self->w->pid, IDLE, HOT_SIZE));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, HOT, HOT_SIZE));
}

FIXTURE_TEARDOWN(lru)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->lru_gen[0])
		write_text(LRU_GEN, self->lru_gen);
	swap_off();
	free(self->idle.pfn);
	free(self->hot.pfn);
}

/* What is used is the last to be reclaimed, and what is not the first. */
TEST_F_TIMEOUT(lru, physical_memory_is_sorted, 120)
{
	struct scheme s = {
		.max_sz = NO_LIMIT, .min_acc = 1, .max_acc = NO_LIMIT, .max_age = NO_LIMIT,
		.action = LRU_PRIO,
	};

	ASSERT_EQ(0, start_physical(&self->hot, &s));
	EXPECT_TRUE(wait_for(share_active(self->w->pid, HOT, HOT_SIZE) > 0.5, PATIENCE));
	ASSERT_EQ(0, damon_write("monitor_on", "off"));

	/* All of it, as soon as it is idle. */
	s = cold_scheme(LRU_DEPRIO);
	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	ASSERT_EQ(0, start_physical(&self->hot, &s));
	EXPECT_TRUE(wait_for(share_active(self->w->pid, HOT, HOT_SIZE) < 0.1, PATIENCE));
	TH_LOG("%s", damon_read("scheme_stats"));
}

TEST_F_TIMEOUT(lru, cold_memory_of_a_process_is_the_first_to_go, 120)
{
	struct scheme s = cold_scheme(STAT);

	s.action = COLD;
	/* Twice touched is active. */
	ASSERT_TRUE(work_hot(self->w, 1, IDLE, HOT_SIZE));
	ASSERT_EQ(0, start_physical(&self->idle, &(struct scheme) {
		.max_sz = NO_LIMIT, .max_acc = NO_LIMIT, .max_age = NO_LIMIT,
		.action = LRU_PRIO }));
	ASSERT_TRUE(wait_for(share_active(self->w->pid, IDLE, HOT_SIZE) > 0.5, PATIENCE));
	ASSERT_EQ(0, damon_write("monitor_on", "off"));
	ASSERT_TRUE(work_hot(self->w, 1, 0, 0));
	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	EXPECT_TRUE(wait_for(share_active(self->w->pid, IDLE, HOT_SIZE) < 0.1, PATIENCE));
	EXPECT_EQ(HOT_SIZE, resident(self->w->pid, HOT));
}

TEST_F_TIMEOUT(lru, physical_memory_is_paged_out, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);

	/* Not all of it, if it is in shreds: see rows_of(). */
	ASSERT_EQ(0, start_physical(&self->idle, &s));
	EXPECT_TRUE(wait_for(resident(self->w->pid, IDLE) <= HOT_SIZE / 2, PATIENCE));
	TH_LOG("%s", damon_read("scheme_stats"));
	EXPECT_EQ(HOT_SIZE, resident(self->w->pid, HOT));
}

/* A process that goes away while its memory is given up takes nobody with it. */
TEST_F_TIMEOUT(schemes, targets_may_go_away, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);

	ASSERT_EQ(0, start(self->w->pid, &s));
	ASSERT_TRUE(wait_for(stat_of("sz_applied") > 0, PATIENCE));
	kill(self->w->pid, SIGKILL);
	EXPECT_TRUE(wait_for(!strcmp(damon_read("monitor_on"), "off\n"), PATIENCE));
	EXPECT_GE(stat_of("sz_applied"), 1);
}

/* A goal is a row for a scheme, and goes with it. */
TEST_F(schemes, goals_are_read_as_they_were_written)
{
	static const char *const wrong[] = {
		"1 refault_bp 100", "0 refault_bp 0", "0 refault_bp 10001", "0 refault_bp",
		"0 some_other 100", "0 refault_bp 100 1", "0", "0 refault_bp 1\n0 refault_bp 1",
	};
	struct scheme s = cold_scheme(PAGEOUT);
	size_t i;

	EXPECT_EQ(-EINVAL, damon_write("scheme_goals", "0 refault_bp 100"));
	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	EXPECT_STREQ("", damon_read("scheme_goals"));
	ASSERT_EQ(0, damon_write("scheme_goals", "0 refault_bp 100"));
	EXPECT_STREQ("0 refault_bp 100\n", damon_read("scheme_goals"));
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		EXPECT_EQ(-EINVAL, damon_write("scheme_goals", wrong[i]))
			TH_LOG("%s", wrong[i]);
		EXPECT_STREQ("0 refault_bp 100\n", damon_read("scheme_goals"));
	}
	ASSERT_EQ(0, damon_write("scheme_goals", ""));
	EXPECT_STREQ("", damon_read("scheme_goals"));
	/* Nothing of it comes back. */
	s.action = STAT;
	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	EXPECT_EQ(-EINVAL, damon_write("scheme_goals", "0 refault_bp 100"));
}

/* With a goal and no age, what is idle is given up, and what is in use stays. */
TEST_F_TIMEOUT(schemes, goal_gives_back_what_is_idle, 120)
{
	struct scheme s = cold_scheme(PAGEOUT);

	s.min_age = 0;
	ASSERT_EQ(0, damon_write("schemes", text_of(&s)));
	ASSERT_EQ(0, damon_write("scheme_goals", "0 refault_bp 100"));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_TRUE(wait_for(stat_of("min_age") > 0, PATIENCE));
	/* It begins with a second. */
	EXPECT_EQ(1000000 / AGGR_US, stat_of("min_age"));
	EXPECT_TRUE(wait_for(resident(self->w->pid, IDLE) <= IDLE_SIZE / 10, PATIENCE));
	TH_LOG("%s", damon_read("scheme_stats"));
	EXPECT_EQ(HOT_SIZE, resident(self->w->pid, HOT));
}

TEST_HARNESS_MAIN
