// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: a scheme does nothing to memory that its filters leave out, and what it
 * says to all other.
 *
 * There are two pieces of memory.  A scheme that would give up both has filters that leave
 * one out.  So one is gone, and the other has the same frames as before: it never was.
 */
#include "module.h"

#define MODULE		"damon_test_user"
#define TAKEN		ARENA
#define KEPT		ARENA2
#define SIZE		(8 * MiB)
#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"
#define CGROUP		"/sys/fs/cgroup"
#define GROUP		CGROUP "/damon_test"
#define GROUP2		CGROUP "/damon_test2"

enum { WILLNEED = 0, PAGEOUT = 2, STAT = 5, LRU_PRIO = 7 };

enum { ANON, ACTIVE, MEMCG, YOUNG, HUGEPAGE_SIZE, UNMAPPED, ADDR, TARGET, NR_TYPES };

/* As the module wants it. */
struct filter {
	unsigned long type, matching, allow, from, to;
};

#define REJECT(what, ...)	{ .type = what, .matching = 1, ##__VA_ARGS__ }
#define ALLOW(what, ...)	{ .type = what, .matching = 1, .allow = 1, ##__VA_ARGS__ }
/* Reject what is not of the group, whose id is filled in. */
#define NOT_OF_GROUP		{ .type = MEMCG }

static int start(int action, const char *what, const struct filter *filters, int nr)
{
	char params[1024];
	int len, i;

	len = snprintf(params, sizeof(params), "%s action=%d filters=", what, action);
	for (i = 0; i < nr; i++)
		len += snprintf(params + len, sizeof(params) - len, "%s%lu,%lu,%lu,%lu,%lu",
				i ? "," : "", filters[i].type, filters[i].matching,
				filters[i].allow, filters[i].from, filters[i].to);
	return load_module(MODULE, params);
}

static int start_process(int action, pid_t pid, const struct filter *filters, int nr)
{
	char what[32];

	snprintf(what, sizeof(what), "pid=%d", pid);
	return start(action, what, filters, nr);
}

/* What a parameter of the module shows, or a negative errno. */
static long result(const char *name)
{
	char path[128], text[32];
	int err;

	snprintf(path, sizeof(path), "/sys/module/" MODULE "/parameters/%s", name);
	err = read_text(path, text, sizeof(text));
	return err ?: atol(text);
}

/* Bytes of a range that the process has in memory. */
static unsigned long present(pid_t pid, unsigned long addr, unsigned long len)
{
	unsigned long entry, at, sz = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	for (at = addr; at < addr + len; at += 4 * KiB)
		if (pread(fd, &entry, 8, at / (4 * KiB) * 8) == 8 && entry >> 63)
			sz += 4 * KiB;
	close(fd);
	return sz;
}

/* Has the process the same pages at @addr as before? */
static bool is_same(const struct pages *before, pid_t pid, unsigned long addr)
{
	struct pages after = {};
	bool same = !pages_add(&after, pid, addr, before->nr * 4 * KiB) &&
		!memcmp(after.pfn, before->pfn, before->nr * sizeof(*after.pfn));

	free(after.pfn);
	return same;
}

/* Two times more, so that all of it has had its turn. */
static bool two_passes(void)
{
	long nr = result("virtual_aggregations") + result("physical_aggregations");

	return wait_for(result("virtual_aggregations") + result("physical_aggregations") >=
			nr + 2 * 1000000 / AGGR_US, PATIENCE);
}

static long do_map_shmem(struct work *w)
{
	int fd = memfd_create("damon_test", 0);
	void *p;

	if (fd < 0 || ftruncate(fd, w->arg[1]))
		return -errno;
	p = mmap((void *)w->arg[0], w->arg[1], PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	return p == MAP_FAILED ? -errno : 0;
}

static long do_map_huge(struct work *w)
{
	long err;

	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_PRIVATE;
	err = do_map(w);
	return err ?: madvise((void *)w->arg[0], w->arg[1], MADV_HUGEPAGE) ? -errno : 0;
}

/* The last pages that come to a list, or to another one, wait on their processor for more. */
static int no_page_waits(void)
{
	static char page[4 * KiB] __attribute__((aligned(4 * KiB)));

	/* MPOL_DEFAULT, MPOL_MF_MOVE: whoever may move pages wants all of them on lists. */
	return syscall(SYS_mbind, page, sizeof(page), 0, NULL, 0, 2) ? -errno : 0;
}

static long map_and_touch(struct work *w, unsigned long addr, long (*map)(struct work *w))
{
	long err;

	w->arg[0] = addr;
	w->arg[1] = SIZE;
	err = map ? work_call(w, map) : work_map(w, addr, SIZE);
	err = err ?: work_touch(w, addr, SIZE);
	return err ?: no_page_waits();
}

/* A group of its own, with @w in it.  Its id is the number of its directory. */
static long new_group(struct work *w, const char *path)
{
	char procs[128], pid[32];
	struct stat st;
	int err;

	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	rmdir(path);
	if (mkdir(path, 0700) || stat(path, &st))
		return -errno;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	snprintf(pid, sizeof(pid), "%d", w->pid);
	err = write_text(procs, pid);
	return err ?: (long)st.st_ino;
}

/* === Processes === */

FIXTURE(process) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct pages kept;
};

FIXTURE_VARIANT(process) {
	/* How the two are mapped; NULL for anonymous memory of small pages. */
	long (*map_taken)(struct work *w);
	long (*map_kept)(struct work *w);
	struct filter filters[2];
	int nr;
};

FIXTURE_VARIANT_ADD(process, anon_is_left_out) {
	.map_taken = do_map_shmem,
	.filters = { REJECT(ANON) },
	.nr = 1,
};

FIXTURE_VARIANT_ADD(process, all_but_anon_is_left_out) {
	.map_kept = do_map_shmem,
	.filters = { ALLOW(ANON) },
	.nr = 1,
};

FIXTURE_VARIANT_ADD(process, small_folios_are_left_out) {
	.map_taken = do_map_huge,
	.filters = { ALLOW(HUGEPAGE_SIZE, .from = 2 * MiB, .to = 2 * MiB) },
	.nr = 1,
};

FIXTURE_VARIANT_ADD(process, large_folios_are_left_out) {
	.map_kept = do_map_huge,
	.filters = { REJECT(HUGEPAGE_SIZE, .from = 8 * KiB, .to = ~0UL) },
	.nr = 1,
};

FIXTURE_VARIANT_ADD(process, addresses_are_left_out) {
	.filters = { REJECT(ADDR, .from = KEPT, .to = KEPT + SIZE) },
	.nr = 1,
};

FIXTURE_VARIANT_ADD(process, all_other_addresses_are_left_out) {
	.filters = { ALLOW(ADDR, .from = TAKEN, .to = TAKEN + SIZE) },
	.nr = 1,
};

FIXTURE_VARIANT_ADD(process, addresses_that_are_allowed_are_no_matter_for_pages) {
	.filters = { REJECT(ANON), ALLOW(ADDR, .from = TAKEN, .to = TAKEN + SIZE) },
	.nr = 2,
};

FIXTURE_SETUP(process)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	ASSERT_EQ(0, swap_on());
}

FIXTURE_TEARDOWN(process)
{
	unload_module(MODULE);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	swap_off();
	free(self->kept.pfn);
}

TEST_F_TIMEOUT(process, only_what_passes_is_given_up, 120)
{
	pid_t pid = self->w->pid;
	int err;

	ASSERT_EQ(0, map_and_touch(self->w, TAKEN, variant->map_taken));
	ASSERT_EQ(0, map_and_touch(self->w, KEPT, variant->map_kept));
	ASSERT_EQ(0, pages_add(&self->kept, pid, KEPT, SIZE));
	if ((variant->map_taken == do_map_huge &&
	     map_info(pid, TAKEN, "AnonHugePages:") * KiB < SIZE) ||
	    (variant->map_kept == do_map_huge &&
	     map_info(pid, KEPT, "AnonHugePages:") * KiB < SIZE))
		SKIP(return, "no huge pages");
	err = start_process(PAGEOUT, pid, variant->filters, variant->nr);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(present(pid, TAKEN, SIZE) <= SIZE / 10, PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_TRUE(is_same(&self->kept, pid, KEPT));
	TH_LOG("%lu and %lu KiB are left", present(pid, TAKEN, SIZE) / KiB,
	       present(pid, KEPT, SIZE) / KiB);
}

/* === One by one === */

FIXTURE(filters) {
	struct work *w, *w2;
	struct trace *t;
	struct snapshot *s;
	struct pages kept;
	char lru_gen[32];
};

FIXTURE_SETUP(filters)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->w2 = work_start();
	ASSERT_NE(NULL, self->w2);
	ASSERT_EQ(0, swap_on());
	/* The one that has active lists. */
	if (!read_text(LRU_GEN, self->lru_gen, sizeof(self->lru_gen)))
		write_text(LRU_GEN, "0");
}

FIXTURE_TEARDOWN(filters)
{
	unload_module(MODULE);
	work_end(self->w2);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->lru_gen[0])
		write_text(LRU_GEN, self->lru_gen);
	swap_off();
	rmdir(GROUP);
	rmdir(GROUP2);
	free(self->kept.pfn);
}

/* To the page, in the middle of one mapping. */
TEST_F_TIMEOUT(filters, addresses_end_where_they_end, 120)
{
	struct filter middle = REJECT(ADDR, .from = KEPT + 12 * KiB + 1,
				      .to = KEPT + SIZE / 2 + 4095);
	unsigned long begin = KEPT + 12 * KiB, end = KEPT + SIZE / 2;
	pid_t pid = self->w->pid;
	int err;

	ASSERT_EQ(0, map_and_touch(self->w, KEPT, NULL));
	ASSERT_EQ(0, pages_add(&self->kept, pid, begin, end - begin));
	err = start_process(PAGEOUT, pid, &middle, 1);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(!present(pid, KEPT, begin - KEPT) &&
			     !present(pid, end, KEPT + SIZE - end), PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_TRUE(is_same(&self->kept, pid, begin));
}

/* Has the process the same pages at @addr for two passes? */
static bool stays(struct pages *kept, pid_t pid, unsigned long addr, unsigned long len)
{
	free(kept->pfn);
	memset(kept, 0, sizeof(*kept));
	return !pages_add(kept, pid, addr, len) && two_passes() && is_same(kept, pid, addr);
}

/* What is used between two times that it is asked stays; the rest is given up at the second. */
TEST_F_TIMEOUT(filters, young_pages_are_left_out, 120)
{
	struct filter young = REJECT(YOUNG);
	pid_t pid = self->w->pid;
	int err;

	ASSERT_EQ(0, map_and_touch(self->w, TAKEN, NULL));
	ASSERT_EQ(0, work_map(self->w, KEPT, MiB));
	ASSERT_TRUE(work_hot(self->w, 0, KEPT, MiB));
	err = start_process(PAGEOUT, pid, &young, 1);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(present(pid, TAKEN, SIZE) <= SIZE / 10, PATIENCE));
	/* A busy machine may give a guest no time for a second; without the filter none stays. */
	EXPECT_TRUE(wait_for(stays(&self->kept, pid, KEPT, MiB), PATIENCE));
}

/* Nothing is done, and what passes is counted to the page, each time. */
TEST_F_TIMEOUT(filters, stat_counts_what_passes, 120)
{
	struct filter anon = ALLOW(ANON);
	pid_t pid = self->w->pid;
	char what[128];
	int err;

	ASSERT_EQ(0, map_and_touch(self->w, KEPT, NULL));
	ASSERT_EQ(0, pages_add(&self->kept, pid, KEPT, SIZE));
	snprintf(what, sizeof(what), "pid=%d from=%lu to=%lu", pid, KEPT, KEPT + SIZE);
	err = start(STAT, what, &anon, 1);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(result("virtual_passed") > 0, PATIENCE));
	/* When a pass is over: it is told region by region. */
	EXPECT_TRUE(wait_for(!(result("virtual_passed") % (long)SIZE), PATIENCE));
	EXPECT_TRUE(is_same(&self->kept, pid, KEPT));
	EXPECT_EQ(0, unload_module(MODULE));

	anon.allow = 0;
	ASSERT_EQ(0, start(STAT, what, &anon, 1));
	EXPECT_TRUE(wait_for(result("virtual_tried") > 0, PATIENCE));
	EXPECT_EQ(0, result("virtual_passed"));
}

/* What can not work is refused, and nothing is started. */
TEST_F(filters, refused_where_they_make_no_sense)
{
	struct filter anon = REJECT(ANON), addr = REJECT(ADDR, .from = KEPT, .to = KEPT + 4095);
	struct filter none = REJECT(NR_TYPES), sizes = REJECT(HUGEPAGE_SIZE, .from = 2, .to = 1);
	struct filter memcg = REJECT(MEMCG);
	int err = start_process(WILLNEED, self->w->pid, &anon, 1);

	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	EXPECT_EQ(-EOPNOTSUPP, err);
	EXPECT_EQ(-EINVAL, start_process(PAGEOUT, self->w->pid, &addr, 1));
	EXPECT_EQ(-EINVAL, start_process(PAGEOUT, self->w->pid, &none, 1));
	EXPECT_EQ(-EINVAL, start_process(PAGEOUT, self->w->pid, &sizes, 1));
	EXPECT_EQ(-EINVAL, start_process(PAGEOUT, self->w->pid, &memcg, 1));
	EXPECT_EQ(0, nr_kdamonds());
	addr.to++;
	EXPECT_EQ(0, start_process(WILLNEED, self->w->pid, &addr, 1));
}

/* === Physical memory: the rest of the machine is always left out === */

TEST_F_TIMEOUT(filters, memory_of_other_cgroups_is_left_out, 120)
{
	struct filter group = ALLOW(MEMCG);
	long id = new_group(self->w, GROUP), id2 = new_group(self->w2, GROUP2);
	int err;

	if (id < 0 || id2 < 0)
		SKIP(return, "no cgroups of memory: %ld", id);
	group.from = id;
	ASSERT_EQ(0, map_and_touch(self->w, TAKEN, NULL));
	ASSERT_EQ(0, map_and_touch(self->w2, KEPT, NULL));
	ASSERT_EQ(0, pages_add(&self->kept, self->w2->pid, KEPT, SIZE));
	err = start(PAGEOUT, "physical=1", &group, 1);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(present(self->w->pid, TAKEN, SIZE) <= SIZE / 10, PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_TRUE(is_same(&self->kept, self->w2->pid, KEPT));
}

TEST_F_TIMEOUT(filters, physical_memory_that_is_young_is_left_out, 120)
{
	struct filter filters[] = { NOT_OF_GROUP, REJECT(YOUNG) };
	long id = new_group(self->w, GROUP);
	int err;

	if (id < 0)
		SKIP(return, "no cgroups of memory: %ld", id);
	filters[0].from = id;
	ASSERT_EQ(0, map_and_touch(self->w, TAKEN, NULL));
	ASSERT_EQ(0, work_map(self->w, KEPT, MiB));
	ASSERT_TRUE(work_hot(self->w, 0, KEPT, MiB));
	ASSERT_EQ(0, pages_add(&self->kept, self->w->pid, KEPT, MiB));
	err = start(PAGEOUT, "physical=1", filters, 2);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(present(self->w->pid, TAKEN, SIZE) <= SIZE / 10, PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_TRUE(is_same(&self->kept, self->w->pid, KEPT));
}

/* Anonymous memory is made active first, which other memory is not. */
TEST_F_TIMEOUT(filters, active_memory_is_left_out, 120)
{
	struct filter anon[] = { NOT_OF_GROUP, ALLOW(ANON) };
	struct filter active[] = { NOT_OF_GROUP, REJECT(ACTIVE) };
	long id = new_group(self->w, GROUP);
	int err;

	if (id < 0)
		SKIP(return, "no cgroups of memory: %ld", id);
	anon[0].from = id;
	active[0].from = id;
	ASSERT_EQ(0, map_and_touch(self->w, TAKEN, do_map_shmem));
	ASSERT_EQ(0, map_and_touch(self->w, KEPT, NULL));
	ASSERT_EQ(0, pages_add(&self->kept, self->w->pid, KEPT, SIZE));
	err = start(LRU_PRIO, "physical=1", anon, 2);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(number_behind(GROUP "/memory.stat", NULL, "active_anon ") >=
			     (long)(SIZE / 10 * 9), PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_EQ(0, no_page_waits());
	EXPECT_EQ(0, unload_module(MODULE));
	ASSERT_EQ(0, start(PAGEOUT, "physical=1", active, 2));
	EXPECT_TRUE(wait_for(present(self->w->pid, TAKEN, SIZE) <= SIZE / 10, PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_TRUE(is_same(&self->kept, self->w->pid, KEPT));
}

/* In the memory of files, with nobody who maps it. */
static long do_write_file(struct work *w)
{
	int fd = memfd_create("damon_test", 0);
	static char text[64 * KiB];
	unsigned long sz;

	if (fd < 0)
		return -errno;
	for (sz = 0; sz < SIZE; sz += sizeof(text))
		if (write(fd, text, sizeof(text)) != (ssize_t)sizeof(text))
			return -errno;
	return 0;
}

TEST_F_TIMEOUT(filters, memory_that_is_mapped_is_left_out, 120)
{
	struct filter filters[] = { NOT_OF_GROUP, ALLOW(UNMAPPED) };
	const char *stats = GROUP "/memory.stat";
	long id = new_group(self->w, GROUP);
	int err;

	if (id < 0)
		SKIP(return, "no cgroups of memory: %ld", id);
	filters[0].from = id;
	ASSERT_EQ(0, work_call(self->w, do_write_file));
	ASSERT_EQ(0, map_and_touch(self->w, KEPT, do_map_shmem));
	ASSERT_EQ(0, pages_add(&self->kept, self->w->pid, KEPT, SIZE));
	ASSERT_LE((long)(2 * SIZE), number_behind(stats, NULL, "shmem "));
	err = start(PAGEOUT, "physical=1", filters, 2);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(number_behind(stats, NULL, "shmem ") <=
			     (long)(SIZE + SIZE / 10), PATIENCE));
	EXPECT_TRUE(two_passes());
	EXPECT_TRUE(is_same(&self->kept, self->w->pid, KEPT));
}

TEST_HARNESS_MAIN
