// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: schemes move memory of processes, and physical memory, to the node that
 * they name, whole, and with what is in it; they never split huge pages for that, and
 * where there is no room memory stays where it is.
 *
 * The schemes are those of the module damon_test_user.
 */
#include "module.h"

#define IDLE		ARENA
#define HOT		ARENA2
#define HUGE		ARENA3
#define SIZE		(8 * MiB)
#define USER		"damon_test_user"

#define MPOL_PREFERRED	1

/* Bytes of @size at @addr that are on @node. */
static unsigned long on_node(pid_t pid, int node, unsigned long addr, unsigned long size)
{
	static void *pages[SIZE / (4 * KiB)];
	static int status[SIZE / (4 * KiB)];
	unsigned long i, nr = size / (4 * KiB), sum = 0;

	for (i = 0; i < nr; i++)
		pages[i] = (void *)(addr + i * 4 * KiB);
	if (syscall(SYS_move_pages, pid, nr, pages, NULL, status, 0))
		return 0;
	for (i = 0; i < nr; i++)
		sum += status[i] == node ? 4 * KiB : 0;
	return sum;
}

/* What a parameter of the module shows. */
static unsigned long bytes(bool physical, const char *what)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/module/" USER "/parameters/%s_%s",
		 physical ? "physical" : "virtual", what);
	return read_text(path, text, sizeof(text)) ? 0 : strtoul(text, NULL, 10);
}

static bool has_far_node(void)
{
	char text[64];

	return !read_text("/sys/devices/system/node/has_memory", text, sizeof(text)) &&
		!strcmp(text, "0-1\n");
}

/* Each page has its own number. */
static long do_fill(struct work *w)
{
	unsigned long addr;

	for (addr = w->arg[0]; addr < w->arg[0] + w->arg[1]; addr += 4 * KiB)
		*(unsigned long *)addr = addr;
	return 0;
}

static long do_verify(struct work *w)
{
	unsigned long addr;

	for (addr = w->arg[0]; addr < w->arg[0] + w->arg[1]; addr += 4 * KiB)
		if (*(unsigned long *)addr != addr)
			return -EIO;
	return 0;
}

static long do_map_huge(struct work *w)
{
	return do_map(w) ?: madvise((void *)w->arg[0], w->arg[1], MADV_HUGEPAGE) ? -errno : 0;
}

static long do_lock(struct work *w)
{
	return mlock((void *)w->arg[0], w->arg[1]) ? -errno : 0;
}

/* Small pages of the node arg[0], or of others if it has none. */
static long do_prefer(struct work *w)
{
	unsigned long nodes = 1UL << w->arg[0];

	return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) ||
		syscall(SYS_set_mempolicy, MPOL_PREFERRED, &nodes, 64) ? -errno : 0;
}

static long work_do(struct work *w, unsigned long addr, unsigned long size,
		    long (*fn)(struct work *w))
{
	w->arg[0] = addr;
	w->arg[1] = size;
	return work_call(w, fn);
}

static long map_huge(struct work *w)
{
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_PRIVATE;
	return work_do(w, HUGE, SIZE, do_map_huge) ?: work_touch(w, HUGE, SIZE);
}

/* Take all of the far node that can be had without reclaim, until there comes none of it. */
static long fill_far_node(struct work *w)
{
	unsigned long addr;
	long err;

	w->arg[0] = 1;
	err = work_call(w, do_prefer) ?: work_map(w, ARENA, GiB);
	for (addr = ARENA; !err && addr < ARENA + GiB; addr += SIZE) {
		err = work_touch(w, addr, SIZE);
		if (!err && on_node(w->pid, 0, addr, SIZE) == SIZE)
			return 0;
	}
	return err ?: -ENOSPC;
}

FIXTURE(tiers) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_VARIANT(tiers) {
	bool physical;
};

FIXTURE_VARIANT_ADD(tiers, of_a_process) { .physical = false };
FIXTURE_VARIANT_ADD(tiers, of_physical_memory) { .physical = true };

FIXTURE_SETUP(tiers)
{
	if (variant->physical && is_too_slow())
		SKIP(return, "a debugging kernel");
	if (!has_far_node())
		SKIP(return, "it takes the memory of two nodes, 0 and 1");
	/* It has nothing to watch. */
	if (load_module(USER, "") == -ENOENT)
		SKIP(return, NO_MODULE);
	join_free_memory();
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, work_bind(self->w, 0));
	ASSERT_EQ(0, work_map(self->w, IDLE, SIZE));
	ASSERT_EQ(0, work_do(self->w, IDLE, SIZE, do_fill));
	ASSERT_EQ(0, work_map(self->w, HOT, SIZE));
	ASSERT_TRUE(work_hot(self->w, 0, HOT, SIZE));
	ASSERT_EQ(SIZE, on_node(self->w->pid, 0, IDLE, SIZE));
	ASSERT_EQ(SIZE, on_node(self->w->pid, 0, HOT, SIZE));
}

FIXTURE_TEARDOWN(tiers)
{
	unload_module(USER);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static int load_user(bool physical, pid_t pid, const char *scheme)
{
	char params[128];

	snprintf(params, sizeof(params), "%s=%d %s", physical ? "physical" : "pid",
		 physical ? 1 : pid, scheme);
	return load_module(USER, params);
}

/* What is idle goes to the far node, what is used stays; what is used then comes back. */
TEST_F_TIMEOUT(tiers, memory_goes_away_and_comes_back, 200)
{
	pid_t pid = self->w->pid;
	/* Pages of both lie beside each other there, in one region. */
	unsigned long least = variant->physical ? SIZE / 4 : SIZE * 9 / 10;

	ASSERT_EQ(0, load_user(variant->physical, pid, "slow=1"));
	EXPECT_TRUE(wait_for(on_node(pid, 1, IDLE, SIZE) >= least, PATIENCE));
	EXPECT_GE(on_node(pid, 0, HOT, SIZE), SIZE * 9 / 10);
	/* This is told when the scheme has done. */
	EXPECT_TRUE(wait_for(bytes(variant->physical, "applied") >= least, PATIENCE));
	TH_LOG("%lu KiB away; %lu KiB moved", on_node(pid, 1, IDLE, SIZE) / KiB,
	       bytes(variant->physical, "applied") / KiB);
	ASSERT_EQ(0, unload_module(USER));
	EXPECT_EQ(0, work_do(self->w, IDLE, SIZE, do_verify));

	ASSERT_TRUE(work_hot(self->w, 1, IDLE, SIZE));
	ASSERT_EQ(0, load_user(variant->physical, pid, "fast=0"));
	EXPECT_TRUE(wait_for(on_node(pid, 0, IDLE, SIZE) >= SIZE * 9 / 10, PATIENCE));
	EXPECT_TRUE(wait_for(bytes(variant->physical, "applied") >= least, PATIENCE));
	TH_LOG("%lu KiB back; %lu KiB moved", on_node(pid, 0, IDLE, SIZE) / KiB,
	       bytes(variant->physical, "applied") / KiB);
	EXPECT_EQ(0, unload_module(USER));
}

/* A huge page is moved as one, and locked memory is left alone. */
TEST_F_TIMEOUT(tiers, huge_pages_are_moved_whole, 200)
{
	pid_t pid = self->w->pid;

	ASSERT_EQ(0, map_huge(self->w));
	if (map_info(pid, HUGE, "AnonHugePages:") * KiB != SIZE)
		SKIP(return, "no huge pages");
	ASSERT_EQ(SIZE, on_node(pid, 0, HUGE, SIZE));
	ASSERT_EQ(0, work_do(self->w, IDLE, SIZE, do_lock));
	ASSERT_EQ(0, load_user(variant->physical, pid, "slow=1"));
	EXPECT_TRUE(wait_for(on_node(pid, 1, HUGE, SIZE) >= SIZE / 2, PATIENCE));
	EXPECT_EQ(SIZE, map_info(pid, HUGE, "AnonHugePages:") * KiB);
	EXPECT_EQ(SIZE, on_node(pid, 0, IDLE, SIZE));
}

/* Nothing is moved to a full node, nor to another one, and it goes on when there is room. */
TEST_F_TIMEOUT(tiers, full_node_gets_nothing, 300)
{
	unsigned long splits = vm_event("thp_split_page ");
	unsigned long tried, applied;
	pid_t pid = self->w->pid;
	struct work *filler;

	if (variant->physical)
		SKIP(return, "all memory that is idle would have to be tried before");
	filler = work_start();
	ASSERT_NE(NULL, filler);
	ASSERT_EQ(0, map_huge(self->w));
	ASSERT_EQ(0, fill_far_node(filler));
	ASSERT_EQ(0, load_user(variant->physical, pid, "slow=1"));
	EXPECT_TRUE(wait_for(bytes(variant->physical, "tried") >= 3 * SIZE, PATIENCE));
	tried = bytes(variant->physical, "tried");
	applied = bytes(variant->physical, "applied");
	TH_LOG("%lu KiB tried, %lu KiB moved", tried / KiB, applied / KiB);
	EXPECT_LE(applied, tried / 10);
	EXPECT_EQ(1, nr_kdamonds());
	EXPECT_EQ(splits, vm_event("thp_split_page "));
	work_end(filler);
	EXPECT_TRUE(wait_for(on_node(pid, 1, IDLE, SIZE) >= SIZE * 9 / 10, PATIENCE));
	EXPECT_EQ(0, work_do(self->w, IDLE, SIZE, do_verify));
}

/* Which page goes where is told by its place alone. */
TEST_F_TIMEOUT(tiers, memory_is_spread_by_weights, 200)
{
	pid_t pid = self->w->pid;
	unsigned long addr, nr_wrong = 0;

	if (variant->physical) {
		EXPECT_NE(0, load_user(true, 0, "weights=1,3"));
		EXPECT_EQ(0, nr_kdamonds());
		SKIP(return, "not of physical memory");
	}
	ASSERT_EQ(0, load_user(false, pid, "weights=1,3"));
	EXPECT_TRUE(wait_for(on_node(pid, 1, HOT, SIZE) >= SIZE * 3 / 4, PATIENCE));
	EXPECT_EQ(SIZE * 3 / 4, on_node(pid, 1, HOT, SIZE));
	EXPECT_EQ(SIZE / 4, on_node(pid, 0, HOT, SIZE));
	for (addr = HOT; addr < HOT + SIZE; addr += 4 * KiB)
		nr_wrong += !on_node(pid, !!(addr / (4 * KiB) % 4), addr, 4 * KiB);
	EXPECT_EQ(0, nr_wrong);
	/* What is idle stays. */
	EXPECT_EQ(SIZE, on_node(pid, 0, IDLE, SIZE));
	/* And what is in its place is not moved again. */
	EXPECT_LE(bytes(variant->physical, "applied"), SIZE);
}

TEST_F(tiers, impossible_schemes_are_refused)
{
	EXPECT_EQ(0, load_user(variant->physical, self->w->pid, "slow=1"));
	EXPECT_EQ(0, unload_module(USER));
	/* There is no such node, or it has no memory. */
	EXPECT_EQ(-EINVAL, load_user(variant->physical, self->w->pid, "slow=2"));
	EXPECT_EQ(-EINVAL, load_user(variant->physical, self->w->pid, "fast=100000"));
	EXPECT_EQ(-EINVAL, load_user(variant->physical, self->w->pid, "fast=-2"));
	EXPECT_EQ(-EINVAL, load_user(variant->physical, self->w->pid,
				     "weights=1,4294967295"));
	EXPECT_EQ(variant->physical ? -EOPNOTSUPP : -EINVAL,
		  load_user(variant->physical, self->w->pid, "weights=1,0,1"));
	EXPECT_EQ(0, nr_kdamonds());
}

TEST_HARNESS_MAIN
