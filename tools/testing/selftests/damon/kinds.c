// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: hot memory is seen whatever it is made of, by its virtual and by its
 * physical addresses, and watching memory of any kind, in any state, does no harm.
 * The table "An access, by kind of mapping" of Documentation/mm/damon/memory.rst has a row
 * for each.
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "damon_test.h"

#define HUGE	(2 * MiB)
#define HOT	(4 * HUGE)
#define SWAPPED		(2 * MiB)
#define FRAGMENTED	(24 * MiB)
#define HUGETLB		"/proc/sys/vm/nr_hugepages"
#define HUGETLB_1G	"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
#define THP		"/sys/kernel/mm/transparent_hugepage/hugepages-"
#define KSM		"/sys/kernel/mm/ksm/"
#define PIECE		(64 * KiB)

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB	(30 << 26)
#endif

/* === Settings of the kernel that a test changes, and puts back === */

/*
 * Where a file shows a choice, the chosen word is in brackets.  Those for huge
 * pages are last, since what is in use stays until the process has gone.
 */
static struct setting {
	const char *path;
	char old[64];
} settings[] = {
	{ .path = KSM "run" },
	{ .path = KSM "pages_to_scan" },
	{ .path = KSM "sleep_millisecs" },
	{ .path = KSM "smart_scan" },
	{ .path = THP "64kB/enabled" },
	{ .path = THP "2048kB/enabled" },
	{ .path = HUGETLB },
	{ .path = HUGETLB_1G },
};

static void settings_save(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		char text[64], *word;

		settings[i].old[0] = '\0';
		if (read_text(settings[i].path, text, sizeof(text)))
			continue;
		word = strchr(text, '[');
		sscanf(word ? word + 1 : text, "%63[^]\n]", settings[i].old);
	}
}

static void settings_restore(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].old[0])
			write_text(settings[i].path, settings[i].old);
}

static long read_number(const char *path)
{
	char text[64];
	int err = read_text(path, text, sizeof(text));

	return err ?: atol(text);
}

/* === The kinds === */

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

/* Large folios that are mapped by small entries. */
static long map_mthp(struct work *w)
{
	long before = read_number(THP "64kB/stats/anon_fault_alloc"), err;

	if (before < 0 || write_text(THP "2048kB/enabled", "never") ||
	    write_text(THP "64kB/enabled", "madvise"))
		return -ENODEV;
	err = map_thp(w);
	if (err)
		return err;
	touch(w->arg[0], w->arg[0] + w->arg[1]);
	if (read_number(THP "64kB/stats/anon_fault_alloc") - before < (long)(HOT / PIECE))
		return -ENODEV;
	return 0;
}

/* One page, however little of it is asked for. */
static long map_hugetlb_1g(struct work *w)
{
	unsigned long len = w->arg[1];
	long err;

	write_text(HUGETLB_1G, "1");
	if (read_number(HUGETLB_1G) < 1)
		return -ENOMEM;
	w->arg[1] = GiB;
	err = map_anon(w, MAP_PRIVATE | MAP_HUGETLB | MAP_HUGE_1GB);
	w->arg[1] = len;
	return err;
}

static long map_mlocked(struct work *w)
{
	long err = map_anon(w, MAP_PRIVATE);

	if (!err && mlock((void *)w->arg[0], w->arg[1]))
		err = -errno;
	return err;
}

/* Two pages of each content, far from each other, and no two neighbours are alike. */
static long map_ksm(struct work *w)
{
	unsigned long offset, pages = w->arg[1] / (4 * KiB), start = w->arg[0];
	long err = map_anon(w, MAP_PRIVATE);

	w->arg[0] = ARENA2;
	err = err ?: map_anon(w, MAP_PRIVATE);
	w->arg[0] = start;
	if (err)
		return err;
	for (offset = 0; offset < w->arg[1]; offset += 4 * KiB) {
		*(unsigned long *)(start + offset) = offset + 1;
		*(unsigned long *)(ARENA2 + offset) = offset + 1;
	}
	if (madvise((void *)start, w->arg[1], MADV_MERGEABLE) ||
	    madvise((void *)ARENA2, w->arg[1], MADV_MERGEABLE))
		return -errno;
	/* First no page of others is merged any more, since these would be counted. */
	if (write_text(KSM "run", "2") || write_text(KSM "pages_to_scan", "10000") ||
	    write_text(KSM "sleep_millisecs", "10") || write_text(KSM "run", "1"))
		return -ENODEV;
	if (!wait_for(read_number(KSM "pages_sharing") >= (long)pages, PATIENCE))
		return -ENODEV;
	/* What is merged stays so. */
	return write_text(KSM "run", "0");
}

static int uffd_register(struct work *w, int mode)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { w->arg[0], w->arg[1] },
		.mode = mode,
	};

	if (fd < 0)
		return -ENODEV;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

/* Answers each fault with a page. */
static void *uffd_serve(void *arg)
{
	static char page[4 * KiB] __attribute__((aligned(4096)));
	int fd = (long)arg;
	struct uffd_msg msg;

	while (read(fd, &msg, sizeof(msg)) == sizeof(msg)) {
		struct uffdio_copy copy = {
			.dst = msg.arg.pagefault.address & ~(4 * KiB - 1),
			.src = (unsigned long)page,
			.len = sizeof(page),
		};

		ioctl(fd, UFFDIO_COPY, &copy);
	}
	return NULL;
}

static long map_uffd(struct work *w)
{
	long err = map_anon(w, MAP_PRIVATE);
	pthread_t thread;
	int fd;

	if (err)
		return err;
	fd = uffd_register(w, UFFDIO_REGISTER_MODE_MISSING);
	if (fd < 0)
		return fd;
	return pthread_create(&thread, NULL, uffd_serve, (void *)(long)fd) ? -EAGAIN : 0;
}

static long map_uffd_wp(struct work *w)
{
	long err = map_anon(w, MAP_PRIVATE);
	struct uffdio_writeprotect wp = {
		.range = { w->arg[0], w->arg[1] },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd;

	if (err)
		return err;
	touch(w->arg[0], w->arg[0] + w->arg[1]);
	fd = uffd_register(w, UFFDIO_REGISTER_MODE_WP);
	if (fd < 0)
		return fd;
	return ioctl(fd, UFFDIO_WRITEPROTECT, &wp) ? -ENODEV : 0;
}

/* === Physical addresses === */

/* So many ranges of each half are watched, the largest, if it is in more pieces. */
#define MAX_RANGES	50

struct range {
	unsigned long start, end;
};

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int by_size(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	unsigned long xs = x->end - x->start, ys = y->end - y->start;

	return xs > ys ? -1 : xs < ys;
}

/*
 * Put the ranges of @p into @ranges, which has room for all pages, and return how many
 * are to be watched.  Between those of @p and of @other at least a page is left out: what
 * touches may become one region, and small pieces that alternate could not be told apart.
 */
static unsigned int find_ranges(const struct pages *p, const struct pages *other,
				struct range *ranges)
{
	unsigned int i, nr = 0;

	for (i = 0; i < p->nr; i++) {
		unsigned long start = p->pfn[i] * 4 * KiB, end = start + 4 * KiB;

		if (pages_within(other, start - 4 * KiB, end + 4 * KiB))
			continue;
		/* It is there twice if it is mapped twice. */
		if (!nr || ranges[nr - 1].end < start)
			ranges[nr++].start = start;
		ranges[nr - 1].end = end;
	}
	qsort(ranges, nr, sizeof(*ranges), by_size);
	return nr < MAX_RANGES ? nr : MAX_RANGES;
}

static int watch_pages(const struct pages *hot, const struct pages *cold)
{
	struct range *ranges = malloc((hot->nr + cold->nr) * sizeof(*ranges));
	char rows[2 * MAX_RANGES * 48];
	unsigned int i, nr;
	size_t len = 0;

	if (!ranges)
		return -ENOMEM;
	nr = find_ranges(hot, cold, ranges);
	nr += find_ranges(cold, hot, ranges + nr);
	qsort(ranges, nr, sizeof(*ranges), by_start);
	for (i = 0; i < nr; i++)
		len += snprintf(rows + len, sizeof(rows) - len, "0 %lu %lu\n",
				ranges[i].start, ranges[i].end);
	free(ranges);
	return damon_on_ids(TEST_ATTRS, "paddr", rows);
}

/* === Each kind is seen === */

FIXTURE(kinds) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_VARIANT(kinds) {
	long (*map)(struct work *w);
	/* What smaps says when the memory is of the kind that is wanted. */
	const char *smaps;
	/* It has all the pages from the beginning, and is not to be written to. */
	bool read_only;
	/* One entry maps it all, and tells of it as of one page. */
	bool one_entry;
	/* Nobody knows who uses a physical page of it. */
	bool only_virtual;
};

FIXTURE_VARIANT_ADD(kinds, private) { .map = map_private, .smaps = "Anonymous:" };
FIXTURE_VARIANT_ADD(kinds, shared) { .map = map_shared };

FIXTURE_VARIANT_ADD(kinds, zero_page) {
	.map = map_private, .read_only = true, .only_virtual = true,
};

FIXTURE_VARIANT_ADD(kinds, thp) { .map = map_thp, .smaps = "AnonHugePages:" };
FIXTURE_VARIANT_ADD(kinds, mthp) { .map = map_mthp };

FIXTURE_VARIANT_ADD(kinds, hugetlb) {
	.map = map_hugetlb, .smaps = "Private_Hugetlb:",
};

FIXTURE_VARIANT_ADD(kinds, hugetlb_shared) { .map = map_hugetlb_shared };
FIXTURE_VARIANT_ADD(kinds, hugetlb_1g) { .map = map_hugetlb_1g, .one_entry = true };
FIXTURE_VARIANT_ADD(kinds, memfd) { .map = map_memfd };
FIXTURE_VARIANT_ADD(kinds, file_shared) { .map = map_file_shared };
FIXTURE_VARIANT_ADD(kinds, file_private) { .map = map_file_private };

FIXTURE_VARIANT_ADD(kinds, file_private_read) {
	.map = map_file_private, .read_only = true,
};

FIXTURE_VARIANT_ADD(kinds, ksm) {
	.map = map_ksm, .smaps = "KSM:", .read_only = true,
};

FIXTURE_VARIANT_ADD(kinds, userfaultfd) { .map = map_uffd };

FIXTURE_VARIANT_ADD(kinds, userfaultfd_wp) {
	.map = map_uffd_wp, .read_only = true,
};

FIXTURE_VARIANT_ADD(kinds, mlocked) { .map = map_mlocked, .smaps = "Locked:" };

FIXTURE_SETUP(kinds)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	settings_save();
}

FIXTURE_TEARDOWN(kinds)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	settings_restore();
}

/* HOT bytes at ARENA that are hot, and as many behind that are not; -ENODEV to skip. */
static long make_memory(struct work *w, long (*map)(struct work *w), const char *smaps,
			bool read_only)
{
	long err;

	write_text(HUGETLB, "8");
	w->arg[0] = ARENA;
	w->arg[1] = 2 * HOT;
	err = work_call(w, map);
	if (err == -ENOMEM || err == -EINVAL)
		return -ENODEV;
	if (!err && !read_only)
		err = work_touch(w, ARENA, 2 * HOT);
	if (err)
		return err;
	w->read_only = read_only;
	if (!work_hot(w, 0, ARENA, HOT))
		return -ETIMEDOUT;
	if (smaps && map_info(w->pid, ARENA, smaps) * KiB < HOT)
		return -ENODEV;
	return 0;
}

static void expect_heat(struct __test_metadata *_metadata, const char *addresses,
			double hot, double cold, bool is_seen, bool is_one)
{
	TH_LOG("%s: hot %.1f, cold %.1f of %d", addresses, hot, cold, NR_SAMPLES);
	EXPECT_GE(hot, is_seen ? NR_SAMPLES / 4. : 0);
	EXPECT_LE(hot, is_seen ? NR_SAMPLES : 0);
	EXPECT_GE(cold, is_one ? NR_SAMPLES / 4. : 0);
	EXPECT_LE(cold, is_one ? NR_SAMPLES : NR_SAMPLES / 5.);
}

#define NR_MEAN	4

TEST_F_TIMEOUT(kinds, hot_memory_is_seen, 120)
{
	long err = make_memory(self->w, variant->map, variant->smaps,
			       variant->read_only);
	struct pages hot_pages = {}, cold_pages = {};
	double hot = 0, cold = 0;
	int i;

	if (err == -ENODEV)
		SKIP(return, "no memory of this kind");
	ASSERT_EQ(0, err);

	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	/* By then the edges are where they belong, about. */
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, trace_next(self->t, self->s));
	for (i = 0; i < NR_MEAN; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		hot += heat(self->s, 0, ARENA + HUGE, ARENA + HOT - HUGE) / NR_MEAN;
		cold += heat(self->s, 0, ARENA + HOT + HUGE, ARENA + 2 * HOT) / NR_MEAN;
	}
	expect_heat(_metadata, "virtual", hot, cold, true, variant->one_entry);
	ASSERT_EQ(0, damon_write("monitor_on", "off"));

	ASSERT_EQ(0, pages_add(&hot_pages, self->w->pid, ARENA, HOT));
	/* What is only read may not have come yet. */
	err = pages_add(&cold_pages, self->w->pid, ARENA + HOT, HOT);
	if (!variant->read_only || err != -ENOENT)
		ASSERT_EQ(0, err);
	ASSERT_EQ(0, watch_pages(&hot_pages, &cold_pages));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	hot = 0;
	cold = 0;
	for (i = 0; i < NR_MEAN; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		ASSERT_LT(0, pages_covered(self->s, 0, &hot_pages));
		hot += pages_heat(self->s, &hot_pages) / NR_MEAN;
		cold += pages_heat(self->s, &cold_pages) / NR_MEAN;
	}
	expect_heat(_metadata, "physical", hot, cold, !variant->only_virtual,
		    variant->one_entry);
	free(hot_pages.pfn);
	free(cold_pages.pfn);
}

/* === None is harmed === */

/* While it moves, for both monitors. */
FIXTURE(moving) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_VARIANT(moving) {
	bool physical;
};

FIXTURE_VARIANT_ADD(moving, process) {
};

FIXTURE_VARIANT_ADD(moving, physical) {
	.physical = true,
};

FIXTURE_SETUP(moving)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->t->max_accesses = 50;
}

FIXTURE_TEARDOWN(moving)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static int watch_closely(struct work *w, bool physical)
{
	const char *attrs = "2000 100000 500000 200 1000";

	return physical ? damon_on_ids(attrs, "paddr", NULL) : damon_on(attrs, &w->pid, 1);
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

TEST_F_TIMEOUT(moving, memory_that_is_swapped_out_and_in, 200)
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
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, SWAPPED));
	EXPECT_EQ(0, watch_closely(self->w, variant->physical));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, work_call(self->w, do_pageout));
		EXPECT_EQ(0, trace_next(self->t, self->s));
	}
	if (!variant->physical)
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

TEST_F_TIMEOUT(moving, memory_that_is_migrated, 200)
{
	long migrated = vm_event("pgmigrate_success ");
	int i;

	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * HOT));
	ASSERT_EQ(0, work_map(self->w, ARENA2, FRAGMENTED));
	ASSERT_EQ(0, work_touch(self->w, ARENA2, FRAGMENTED));
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 2 * HOT;
	ASSERT_EQ(0, work_call(self->w, do_mark));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, watch_closely(self->w, variant->physical));
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

TEST_F_TIMEOUT(moving, huge_pages_that_are_split_and_joined, 200)
{
	int i;

	self->w->arg[0] = ARENA;
	self->w->arg[1] = HOT;
	ASSERT_EQ(0, work_call(self->w, map_thp));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	if (map_info(self->w->pid, ARENA, "AnonHugePages:") <= 0)
		SKIP(return, "no huge pages");
	ASSERT_EQ(0, watch_closely(self->w, variant->physical));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, work_call(self->w, do_split));
		EXPECT_EQ(0, trace_next(self->t, self->s));
	}
	if (!variant->physical)
		EXPECT_GT(heat(self->s, 0, ARENA, ARENA + HOT), 0);
}

/* So little that each page is asked often. */
#define MERGED	(256 * KiB)

/* Written to, a page that was merged becomes the own of the writer; all stay alike. */
static long do_part(struct work *w)
{
	unsigned long offset;

	for (offset = 0; offset < MERGED; offset += 4 * KiB) {
		*(unsigned long *)(ARENA + offset) = offset + 1;
		*(unsigned long *)(ARENA2 + offset) = offset + 1;
	}
	return 0;
}

/* Most of them; ksmd may have no more time. */
static void wait_until_merged(void)
{
	wait_for(read_number(KSM "pages_sharing") >= (long)(MERGED / (4 * KiB) * 3 / 4), 1);
}

/* The pages that it has now, and which are about to be merged. */
static int watch_own(struct work *w, bool physical)
{
	const char *attrs = "100 100000 3600000000 100 1000";
	struct pages own = {};
	int err;

	if (!physical)
		return damon_on(attrs, &w->pid, 1);
	err = pages_add(&own, w->pid, ARENA, MERGED) ?:
		pages_add(&own, w->pid, ARENA2, MERGED) ?:
		damon_on_ids(attrs, "paddr", rows_of(&own, &own));
	free(own.pfn);
	return err;
}

/* A folio may become one of KSM at each moment of a visit. */
TEST_F_TIMEOUT(moving, memory_that_is_merged_and_parted, 200)
{
	long before = vm_event("cow_ksm ");
	double end = now() + 5;
	int round, err;

	settings_save();
	self->w->arg[0] = ARENA;
	self->w->arg[1] = MERGED;
	err = work_call(self->w, map_ksm);
	/* It shall come back to each page at once. */
	err = err ?: write_text(KSM "sleep_millisecs", "0");
	write_text(KSM "smart_scan", "0");
	if (err) {
		settings_restore();
		SKIP(return, "nothing is merged: %d", err);
	}
	/* What one round merges the next one parts. */
	for (round = 0; !err && (round < 2 || now() < end); round++) {
		/* So that none is merged before it is watched. */
		err = write_text(KSM "run", "0") ?: work_call(self->w, do_part) ?:
			watch_own(self->w, variant->physical) ?:
			write_text(KSM "run", "1");
		wait_until_merged();
		err = err ?: damon_write("monitor_on", "off");
	}
	TH_LOG("%ld pages were merged, and parted", vm_event("cow_ksm ") - before);
	settings_restore();
	EXPECT_EQ(0, err);
	EXPECT_LT(before, vm_event("cow_ksm "));
}

/* For monitors of processes. */
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

/* Hints of tables leave these out, also where no other memory comes behind. */
TEST_F_TIMEOUT(harmless, huge_pages_of_hugetlb_that_are_unmapped, 120)
{
	char old[64], ids[32];
	int i;

	if (read_text(HUGETLB, old, sizeof(old)) || write_text(HUGETLB, "32"))
		SKIP(return, "no hugetlb");
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 32 * HUGE;
	if (work_call(self->w, map_hugetlb)) {
		write_text(HUGETLB, old);
		SKIP(return, "no memory for huge pages");
	}
	snprintf(ids, sizeof(ids), "fvaddr %d", self->w->pid);
	EXPECT_EQ(0, damon_write("attrs", "10000 200000 2000000 3 12"));
	EXPECT_EQ(0, damon_write("target_ids", ids));
	EXPECT_EQ(0, damon_init_regions(ARENA, ARENA + 32 * HUGE));
	EXPECT_EQ(0, damon_write("monitor_on", "on"));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(0, work_unmap(self->w, ARENA, 32 * HUGE));
	write_text(HUGETLB, old);
}

static long do_protect(struct work *w)
{
	return mprotect((void *)w->arg[0], w->arg[1], w->arg[2]) ? -errno : 0;
}

static long work_protect(struct work *w, int prot)
{
	w->arg[0] = ARENA;
	w->arg[1] = HOT;
	w->arg[2] = prot;
	return work_call(w, do_protect);
}

/* The entries are there, and nobody sets their bits; hints for NUMA look the same. */
TEST_F_TIMEOUT(harmless, memory_that_nobody_may_access, 120)
{
	double before, none, after;
	char ids[32];

	ASSERT_EQ(0, work_map(self->w, ARENA, HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	snprintf(ids, sizeof(ids), "fvaddr %d", self->w->pid);
	ASSERT_EQ(0, damon_write("attrs", TEST_ATTRS));
	ASSERT_EQ(0, damon_write("target_ids", ids));
	ASSERT_EQ(0, damon_init_regions(ARENA, ARENA + HOT));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	before = mean_heat(self->t, 0, ARENA, ARENA + HOT, 4);

	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	ASSERT_EQ(0, work_protect(self->w, PROT_NONE));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	none = mean_heat(self->t, 0, ARENA, ARENA + HOT, 4);

	ASSERT_EQ(0, work_protect(self->w, PROT_READ | PROT_WRITE));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	after = mean_heat(self->t, 0, ARENA, ARENA + HOT, 4);
	TH_LOG("%.1f, %.1f, %.1f of %d", before, none, after, NR_SAMPLES);
	EXPECT_GT(before, NR_SAMPLES / 4.);
	EXPECT_LT(none, NR_SAMPLES / 10.);
	EXPECT_GT(after, NR_SAMPLES / 4.);
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
