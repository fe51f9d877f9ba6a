// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: hot memory is seen whatever it is made of, and watching memory
 * of any kind, in any state, does no harm.
 */
#include <sys/auxv.h>

#include "damon_test.h"

#define HUGE	(2 * MiB)
#define HOT	(4 * HUGE)
#define SWAPPED		(2 * MiB)
#define FRAGMENTED	(24 * MiB)
#define HUGETLB		"/proc/sys/vm/nr_hugepages"

static long map_file(struct work *w, int fd, int flags)
{
	void *p;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, w->arg[1]))
		return -errno;
	p = mmap((void *)w->arg[0], w->arg[1], PROT_READ | PROT_WRITE,
		 flags | MAP_FIXED_NOREPLACE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? -errno : 0;
}

static long map_anon(struct work *w, int flags)
{
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = flags;
	return do_map(w);
}

static long map_private(struct work *w)
{
	return map_anon(w, MAP_PRIVATE);
}

static long map_shared(struct work *w)
{
	return map_anon(w, MAP_SHARED);
}

static long map_thp(struct work *w)
{
	long err = map_anon(w, MAP_PRIVATE);

	if (!err && madvise((void *)w->arg[0], w->arg[1], MADV_HUGEPAGE))
		err = -errno;
	return err;
}

static long map_hugetlb(struct work *w)
{
	return map_anon(w, MAP_PRIVATE | MAP_HUGETLB);
}

static long map_hugetlb_shared(struct work *w)
{
	return map_anon(w, MAP_SHARED | MAP_HUGETLB);
}

static long map_memfd(struct work *w)
{
	return map_file(w, memfd_create("damon_test", 0), MAP_SHARED);
}

static int temp_file(void)
{
	char name[] = "/tmp/damon_test.XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	return fd;
}

static long map_file_shared(struct work *w)
{
	return map_file(w, temp_file(), MAP_SHARED);
}

static long map_file_private(struct work *w)
{
	return map_file(w, temp_file(), MAP_PRIVATE);
}

/* === Each kind is seen === */

FIXTURE(kinds) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	char hugepages[32];
};

FIXTURE_VARIANT(kinds) {
	long (*map)(struct work *w);
	/* What smaps says when the memory is of the kind that is wanted. */
	const char *smaps;
	bool read_only;
};

FIXTURE_VARIANT_ADD(kinds, private) { .map = map_private, .smaps = "Anonymous:" };
FIXTURE_VARIANT_ADD(kinds, shared) { .map = map_shared };
FIXTURE_VARIANT_ADD(kinds, zero_page) { .map = map_private, .read_only = true };
FIXTURE_VARIANT_ADD(kinds, thp) { .map = map_thp, .smaps = "AnonHugePages:" };
FIXTURE_VARIANT_ADD(kinds, hugetlb) { .map = map_hugetlb, .smaps = "Private_Hugetlb:" };
FIXTURE_VARIANT_ADD(kinds, hugetlb_shared) { .map = map_hugetlb_shared };
FIXTURE_VARIANT_ADD(kinds, memfd) { .map = map_memfd };
FIXTURE_VARIANT_ADD(kinds, file_shared) { .map = map_file_shared };
FIXTURE_VARIANT_ADD(kinds, file_private) { .map = map_file_private };
FIXTURE_VARIANT_ADD(kinds, file_private_read) {
	.map = map_file_private, .read_only = true,
};

FIXTURE_SETUP(kinds)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	if (read_text(HUGETLB, self->hugepages, sizeof(self->hugepages)))
		self->hugepages[0] = '\0';
}

FIXTURE_TEARDOWN(kinds)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->hugepages[0])
		write_text(HUGETLB, self->hugepages);
}

TEST_F_TIMEOUT(kinds, hot_memory_is_seen, 120)
{
	double hot = 0, cold = 0;
	long err;
	int i;

	if (self->hugepages[0])
		write_text(HUGETLB, "8");
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 2 * HOT;
	err = work_call(self->w, variant->map);
	if (err == -ENOMEM || err == -EINVAL || err == -ENODEV)
		SKIP(return, "no memory of this kind: %ld", err);
	ASSERT_EQ(0, err);
	self->w->read_only = variant->read_only;
	if (!variant->read_only)
		ASSERT_EQ(0, work_touch(self->w, ARENA, 2 * HOT));
	work_hot(self->w, 0, ARENA, HOT);
	ASSERT_TRUE(work_passes(self->w, 1));
	if (variant->smaps && map_info(self->w->pid, ARENA, variant->smaps) * KiB < HOT)
		SKIP(return, "the kernel gave other memory: %ld KiB",
		     map_info(self->w->pid, ARENA, variant->smaps));

	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	for (i = 0; i < 11; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		/* By then the edges are where they belong, about. */
		if (i < 7)
			continue;
		hot += heat(self->s, 0, ARENA + HUGE, ARENA + HOT - HUGE) / 4;
		cold += heat(self->s, 0, ARENA + HOT + HUGE, ARENA + 2 * HOT) / 4;
	}
	TH_LOG("hot %.1f, cold %.1f of %d", hot, cold, NR_SAMPLES);
	EXPECT_GT(hot, NR_SAMPLES / 4.);
	EXPECT_LT(cold, NR_SAMPLES / 5.);
}

/* === None is harmed === */

FIXTURE(harmless) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(harmless)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(harmless)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* Each page tells its address; the hot loop writes to its first byte. */
static long do_mark(struct work *w)
{
	unsigned long addr;

	for (addr = w->arg[0]; addr < w->arg[0] + w->arg[1]; addr += 4 * KiB)
		*(unsigned long *)(addr + 8) = addr;
	return 0;
}

/* How many pages tell another one. */
static long do_verify(struct work *w)
{
	unsigned long addr;
	long bad = 0;

	for (addr = w->arg[0]; addr < w->arg[0] + w->arg[1]; addr += 4 * KiB)
		bad += *(unsigned long *)(addr + 8) != addr;
	return bad;
}

static long do_pageout(struct work *w)
{
	return madvise((void *)w->arg[0], w->arg[1], MADV_PAGEOUT) ? -errno : 0;
}

TEST_F_TIMEOUT(harmless, memory_that_is_swapped_out_and_in, 200)
{
	long out = vm_event("pswpout "), in = vm_event("pswpin ");
	int i, err;

	err = swap_on();
	if (err) {
		swap_off();
		SKIP(return, "no swap: %d", err);
	}
	ASSERT_EQ(0, work_map(self->w, ARENA, SWAPPED));
	self->w->arg[0] = ARENA;
	self->w->arg[1] = SWAPPED;
	EXPECT_EQ(0, work_call(self->w, do_mark));
	work_hot(self->w, 0, ARENA, SWAPPED);
	EXPECT_EQ(0, damon_on("2000 100000 500000 200 1000", &self->w->pid, 1));
	self->t->max_accesses = 50;
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, work_call(self->w, do_pageout));
		EXPECT_EQ(0, trace_next(self->t, self->s));
	}
	EXPECT_EQ(SWAPPED, covered(self->s, 0, ARENA, ARENA2));
	EXPECT_EQ(0, work_call(self->w, do_verify));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	TH_LOG("%ld pages out, %ld in", vm_event("pswpout ") - out, vm_event("pswpin ") - in);
	EXPECT_LT(out, vm_event("pswpout "));
	swap_off();
	EXPECT_EQ(0, work_call(self->w, do_verify));
}

/* Every other page, so that there is something to compact. */
static long do_punch(struct work *w)
{
	unsigned long addr;

	for (addr = w->arg[0]; addr < w->arg[0] + w->arg[1]; addr += 8 * KiB)
		if (madvise((void *)addr, 4 * KiB, MADV_DONTNEED))
			return -errno;
	return 0;
}

TEST_F_TIMEOUT(harmless, memory_that_is_migrated, 200)
{
	long migrated = vm_event("pgmigrate_success ");
	int i;

	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * HOT));
	ASSERT_EQ(0, work_map(self->w, ARENA2, FRAGMENTED));
	ASSERT_EQ(0, work_touch(self->w, ARENA2, FRAGMENTED));
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 2 * HOT;
	ASSERT_EQ(0, work_call(self->w, do_mark));
	work_hot(self->w, 0, ARENA, HOT);
	ASSERT_EQ(0, damon_on("2000 100000 500000 200 1000", &self->w->pid, 1));
	self->t->max_accesses = 50;
	for (i = 0; i < 4; i++) {
		self->w->arg[0] = ARENA2;
		self->w->arg[1] = FRAGMENTED;
		ASSERT_EQ(0, work_call(self->w, do_punch));
		if (write_text("/proc/sys/vm/compact_memory", "1"))
			SKIP(return, "no compaction");
		EXPECT_EQ(0, trace_next(self->t, self->s));
		ASSERT_EQ(0, work_touch(self->w, ARENA2, FRAGMENTED));
	}
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 2 * HOT;
	EXPECT_EQ(0, work_call(self->w, do_verify));
	migrated = vm_event("pgmigrate_success ") - migrated;
	TH_LOG("%ld pages migrated", migrated);
	if (!migrated)
		SKIP(return, "nothing was migrated");
}

static long do_split(struct work *w)
{
	unsigned long addr;

	/* One page of each huge page: it is split, and may be joined again. */
	for (addr = w->arg[0]; addr < w->arg[0] + w->arg[1]; addr += HUGE)
		if (madvise((void *)(addr + 64 * KiB), 4 * KiB, MADV_DONTNEED))
			return -errno;
	/* MADV_COLLAPSE */
	madvise((void *)w->arg[0], w->arg[1], 25);
	return 0;
}

TEST_F_TIMEOUT(harmless, huge_pages_that_are_split_and_joined, 200)
{
	int i;

	self->w->arg[0] = ARENA;
	self->w->arg[1] = HOT;
	ASSERT_EQ(0, work_call(self->w, map_thp));
	work_hot(self->w, 0, ARENA, HOT);
	ASSERT_TRUE(work_passes(self->w, 1));
	if (map_info(self->w->pid, ARENA, "AnonHugePages:") <= 0)
		SKIP(return, "no huge pages");
	ASSERT_EQ(0, damon_on("2000 100000 500000 200 1000", &self->w->pid, 1));
	self->t->max_accesses = 50;
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, work_call(self->w, do_split));
		EXPECT_EQ(0, trace_next(self->t, self->s));
	}
	EXPECT_GT(heat(self->s, 0, ARENA, ARENA + HOT), 0);
}

static long do_clock(struct work *w)
{
	double end = now() + 0.1;

	while (now() < end)
		syscall(SYS_getppid);
	return 0;
}

/* The page that clock_gettime() reads has no struct page to be asked. */
TEST_F_TIMEOUT(harmless, memory_without_struct_page, 120)
{
	unsigned long start = 0, end = 0;
	static struct map maps[1024];
	int nr = read_maps(self->w->pid, maps, 1024), i;
	double sum = 0;
	char ids[32];

	for (i = 0; i < nr; i++) {
		if (strncmp(maps[i].name, "[vvar", 5))
			continue;
		if (!start)
			start = maps[i].start;
		end = maps[i].end;
	}
	if (!start)
		SKIP(return, "no [vvar]");
	snprintf(ids, sizeof(ids), "%d", self->w->pid);
	ASSERT_EQ(0, damon_write("attrs", "10000 200000 3600000000 3 100"));
	ASSERT_EQ(0, damon_write("target_ids", ids));
	ASSERT_EQ(0, damon_init_regions(start, end));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, work_call(self->w, do_clock));
		ASSERT_EQ(0, trace_next(self->t, self->s));
		EXPECT_EQ(end - start, covered(self->s, 0, start, end));
		sum += heat(self->s, 0, start, end);
	}
	TH_LOG("mean %.1f of %d in %lu pages", sum / 10, NR_SAMPLES,
	       (end - start) / (4 * KiB));
	EXPECT_GT(sum, 0);
}

TEST_HARNESS_MAIN
