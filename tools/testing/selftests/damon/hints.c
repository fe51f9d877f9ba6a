// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the Accessed bits of tables are a hint for the monitor, and no
 * less for reclaim after the monitor has looked at them.
 */
#include "damon_test.h"

#define SIZE		(64 * MiB)
#define CGROUP		"/sys/fs/cgroup"
#define GROUP		CGROUP "/damon_hints"
#define LRU_GEN		"/sys/kernel/debug/lru_gen"
#define LRU_GEN_ON	"/sys/kernel/mm/lru_gen/enabled"
#define HINTS		"/sys/module/damon/parameters/table_hints"
#define TLB_FLUSHES	"/sys/module/damon/parameters/tlb_flushes"

/*
 * Few regions, which are large enough to be searched, and few samples, since each
 * takes the bit of a page; but many intervals that flush.
 */
#define ATTRS		"20000 400000 3600000000 3 12"

FIXTURE(hints) {
	struct work *w;
	char hints[16], flushes[16];
};

FIXTURE_SETUP(hints)
{
	ASSERT_EQ(0, damon_reset());
	if (read_text(HINTS, self->hints, sizeof(self->hints)))
		SKIP(return, "a kernel for processors that set no bits of tables");
	/* Huge pages have no tables.  The process inherits it. */
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	ASSERT_EQ(0, read_text(TLB_FLUSHES, self->flushes, sizeof(self->flushes)));
	self->w = work_start();
	ASSERT_NE(NULL, self->w);
}

FIXTURE_TEARDOWN(hints)
{
	work_end(self->w);
	EXPECT_EQ(0, damon_reset());
	if (self->flushes[0])
		EXPECT_EQ(0, write_text(TLB_FLUSHES, self->flushes));
	if (self->hints[0])
		EXPECT_EQ(0, write_text(HINTS, self->hints));
	rmdir(GROUP);
}

TEST_F(hints, switch_is_set_or_refused)
{
	char buf[16];

	EXPECT_STREQ("Y\n", self->hints);
	EXPECT_EQ(0, write_text(HINTS, "0"));
	EXPECT_EQ(0, read_text(HINTS, buf, sizeof(buf)));
	EXPECT_STREQ("N\n", buf);
	EXPECT_EQ(-EINVAL, write_text(HINTS, "x"));
	EXPECT_EQ(0, read_text(HINTS, buf, sizeof(buf)));
	EXPECT_STREQ("N\n", buf);
}

/* === The multi-gen LRU === */

struct gens {
	unsigned int memcg;
	unsigned long youngest;
	/* Pages of the one before it, where aging puts what was used, and of all. */
	unsigned long used, all;
};

/* The generations of anonymous pages of our group, in node 0. */
static int read_gens(struct gens *g)
{
	unsigned long seq, age, anon, last = 0;
	bool ours = false;
	char line[512], path[256];
	unsigned int id, node = 0;
	FILE *f = fopen(LRU_GEN, "r");

	if (!f)
		return -errno;
	memset(g, 0, sizeof(*g));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "memcg %u %255s", &id, path) == 2) {
			ours = !strcmp(path, GROUP + strlen(CGROUP));
			if (ours)
				g->memcg = id;
		} else if (sscanf(line, " node %u", &node) != 1 && ours && !node &&
			   sscanf(line, "%lu %lu %lu", &seq, &age, &anon) == 3) {
			g->youngest = seq;
			g->used = last;
			g->all += anon;
			last = anon;
		}
	}
	fclose(f);
	return g->memcg ? 0 : -ENOENT;
}

/* Begin a new generation.  By @force, tables are not asked. */
static int grow_older(struct gens *g, bool force)
{
	char cmd[128];
	int err;

	snprintf(cmd, sizeof(cmd), "+ %u 0 %lu 100 %d", g->memcg, g->youngest, force);
	err = write_text(LRU_GEN, cmd);
	return err ?: read_gens(g);
}

/* Give up the generations that are empty, for there are four at most. */
static int drop_oldest(struct gens *g)
{
	char cmd[128];
	int err;

	snprintf(cmd, sizeof(cmd), "- %u 0 %lu 100 1000000", g->memcg, g->youngest - 2);
	err = write_text(LRU_GEN, cmd);
	return err ?: read_gens(g);
}

/*
 * All pages are used once.  Then the monitor looks at the tables for a while, and
 * one page is used, so that it has a reason to.  The aging that comes after has
 * to find what was used before.
 */
TEST_F_TIMEOUT(hints, aging_finds_what_was_used_before, 200)
{
	char text[64], pid[32];
	struct snapshot *s;
	struct trace *t;
	struct gens g;

	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	rmdir(GROUP);
	mkdir(GROUP, 0700);
	snprintf(pid, sizeof(pid), "%d", self->w->pid);
	if (write_text(GROUP "/cgroup.procs", pid) ||
	    read_text(LRU_GEN_ON, text, sizeof(text)) || !(strtol(text, NULL, 0) & 4))
		SKIP(return, "no multi-gen LRU that looks at tables");

	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	ASSERT_EQ(0, work_touch(self->w, ARENA, SIZE));
	ASSERT_EQ(0, read_gens(&g));
	ASSERT_EQ(0, grow_older(&g, true));
	ASSERT_EQ(0, drop_oldest(&g));
	TH_LOG("generation %lu: %lu of %lu pages", g.youngest - 1, g.used, g.all);
	ASSERT_LE(SIZE / (4 * KiB) * 9 / 10, g.used);

	ASSERT_EQ(0, work_touch(self->w, ARENA, SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 4 * KiB));
	ASSERT_EQ(0, write_text(TLB_FLUSHES, "100"));
	ASSERT_EQ(0, damon_write("attrs", ATTRS));
	ASSERT_EQ(0, damon_write("target_ids", pid));
	ASSERT_EQ(0, damon_init_regions(ARENA, ARENA + SIZE));
	s = malloc(sizeof(*s));
	t = trace_open(0, 0, NR_SAMPLES);
	ASSERT_TRUE(s && t);
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	sleep(2);
	/* Without a hint there are three, all alike. */
	EXPECT_EQ(0, trace_next(t, s));
	EXPECT_LT(3, s->nr);
	ASSERT_EQ(0, damon_write("monitor_on", "off"));
	trace_close(t);
	free(s);

	ASSERT_EQ(0, grow_older(&g, false));
	TH_LOG("generation %lu: %lu of %lu pages", g.youngest - 1, g.used, g.all);
	EXPECT_LE(SIZE / (4 * KiB) * 8 / 10, g.used);
}

/* === Tables that are not there === */

/*
 * Where one entry of the highest table ends and the next one begins.  So far below it
 * nothing was ever used, so there is no table; behind it is the only page that is.
 */
#define BORDER		(ARENA + 512 * GiB)
#define BELOW		(100 * GiB)
#define ABOVE		(156 * GiB)
#define SPOT		(BORDER + 2 * MiB)

/* Is it in a region of its own, about? */
static bool is_found(const struct snapshot *s)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].start <= SPOT && s->region[i].end > SPOT)
			return s->region[i].nr_accesses > NR_SAMPLES / 4 &&
				s->region[i].end - s->region[i].start <= SIZE;
	return false;
}

/* By samples alone, one in ten thousand hits it. */
TEST_F_TIMEOUT(hints, a_spot_behind_memory_without_tables_is_found, 200)
{
	struct snapshot *s = malloc(sizeof(*s));
	struct trace *t = trace_open(0, 0, NR_SAMPLES);
	double begin = now();
	char pid[32];

	ASSERT_TRUE(s && t);
	ASSERT_EQ(0, work_map(self->w, BORDER - BELOW, BELOW + ABOVE));
	ASSERT_TRUE(work_hot(self->w, 0, SPOT, 2 * MiB));
	ASSERT_EQ(0, write_text(TLB_FLUSHES, "100"));
	snprintf(pid, sizeof(pid), "%d", self->w->pid);
	ASSERT_EQ(0, damon_write("attrs", ATTRS));
	ASSERT_EQ(0, damon_write("target_ids", pid));
	ASSERT_EQ(0, damon_init_regions(BORDER - BELOW, BORDER + ABOVE));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	do {
		ASSERT_EQ(0, trace_next(t, s));
	} while (!is_found(s) && now() < begin + PATIENCE);
	TH_LOG("after %.1f s", now() - begin);
	EXPECT_TRUE(is_found(s));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	trace_close(t);
	free(s);
}

TEST_HARNESS_MAIN
