// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: in physical memory, what is accessed is found, by whomever and by
 * which way, and is told from what is not; the reported addresses are those of the
 * memory that was asked for.
 *
 * What a process has in which page is known from /proc/PID/pagemap.
 */
#include "damon_test.h"

#define HUGE	(2 * MiB)
#define HOT	(4 * HUGE)
/* So little that system calls get around in it in some sampling intervals. */
#define CALLED	(256 * KiB)
/* Regions that are small beside the memory of a test. */
#define ATTRS	"10000 200000 2000000 100 1000"
#define NODE	"/sys/devices/system/node/node1"
#define KSM	"/sys/kernel/mm/ksm/"
#define HUGETLB	"/proc/sys/vm/nr_hugepages"
#define THP	"/sys/kernel/mm/transparent_hugepage/hugepages-"

/* The System RAM of /proc/iomem in whole pages. */
struct ram {
	unsigned int nr;
	struct {
		unsigned long start, end;
	} row[64];
};

static int read_ram(struct ram *ram)
{
	FILE *f = fopen("/proc/iomem", "r");
	unsigned long start, end;
	char line[256];

	if (!f)
		return -errno;
	ram->nr = 0;
	while (ram->nr < 64 && fgets(line, sizeof(line), f)) {
		/* What is indented is a part of a row. */
		if (line[0] == ' ' || !strstr(line, " : System RAM") ||
		    sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		ram->row[ram->nr].start = (start + 4 * KiB - 1) & -(4 * KiB);
		ram->row[ram->nr].end = (end + 1) & -(4 * KiB);
		ram->nr++;
	}
	fclose(f);
	return ram->nr ? 0 : -ENOENT;
}

/* New pages wait, some dozens at a time, in lists where none of them can be asked. */
static void leave_lists(void)
{
	write_text("/proc/sys/vm/compact_memory", "1");
}

/* === Each kind is seen === */

FIXTURE(kinds) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct pages hot, cold, all;
	char hugepages[32];
};

FIXTURE_VARIANT(kinds) {
	long (*map)(struct work *w);
	/* What smaps says when the memory is of the kind that is wanted. */
	const char *smaps;
	bool read_only, ksm;
};

static long map_private(struct work *w)
{
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_PRIVATE;
	return do_map(w);
}

static long map_shared(struct work *w)
{
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_SHARED;
	return do_map(w);
}

static long map_hugetlb(struct work *w)
{
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_SHARED | MAP_HUGETLB;
	return do_map(w);
}

static long map_advised(struct work *w, int advice)
{
	long err = map_private(w);

	if (!err && madvise((void *)w->arg[0], w->arg[1], advice))
		err = -errno;
	return err;
}

static long map_thp(struct work *w)
{
	return map_advised(w, MADV_HUGEPAGE);
}

static int temp_file(void)
{
	char name[] = "/tmp/damon_test.XXXXXX";
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	return fd;
}

static long map_file(struct work *w)
{
	int fd = temp_file();
	void *p;

	if (fd < 0 || ftruncate(fd, w->arg[1]))
		return -errno;
	p = mmap((void *)w->arg[0], w->arg[1], PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? -errno : 0;
}

/* Here and at ARENA2 is the same: each page twice, and no other like it. */
static long map_mergeable(struct work *w)
{
	unsigned long addr, err;

	err = map_advised(w, MADV_MERGEABLE);
	w->arg[0] = ARENA2;
	err = err ?: map_advised(w, MADV_MERGEABLE);
	for (addr = 0; !err && addr < w->arg[1]; addr += 4 * KiB)
		*(unsigned long *)(ARENA + addr + 8) = addr + 1;
	for (addr = 0; !err && addr < w->arg[1]; addr += 4 * KiB)
		*(unsigned long *)(ARENA2 + addr + 8) = addr + 1;
	return err;
}

FIXTURE_VARIANT_ADD(kinds, private) { .map = map_private, .smaps = "Anonymous:" };
FIXTURE_VARIANT_ADD(kinds, shared) { .map = map_shared };
FIXTURE_VARIANT_ADD(kinds, file) { .map = map_file };
FIXTURE_VARIANT_ADD(kinds, file_read) { .map = map_file, .read_only = true };
FIXTURE_VARIANT_ADD(kinds, thp) { .map = map_thp, .smaps = "AnonHugePages:" };
FIXTURE_VARIANT_ADD(kinds, hugetlb) { .map = map_hugetlb, .smaps = "Private_Hugetlb:" };
FIXTURE_VARIANT_ADD(kinds, ksm) {
	.map = map_mergeable, .smaps = "KSM:", .read_only = true, .ksm = true,
};

FIXTURE_SETUP(kinds)
{
	join_free_memory();
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	if (read_text(HUGETLB, self->hugepages, sizeof(self->hugepages)))
		self->hugepages[0] = '\0';
}

FIXTURE_TEARDOWN(kinds)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->hugepages[0])
		write_text(HUGETLB, self->hugepages);
	if (variant->ksm)
		write_text(KSM "run", "2");
}

static bool ksm_merged(struct work *w, unsigned long len)
{
	return map_info(w->pid, ARENA, "KSM:") * KiB >= len &&
		map_info(w->pid, ARENA2, "KSM:") * KiB >= len;
}

static int merge(struct work *w, unsigned long len)
{
	int err = write_text(KSM "pages_to_scan", "10000");

	err = err ?: write_text(KSM "sleep_millisecs", "10");
	err = err ?: write_text(KSM "run", "1");
	if (!err && !wait_for(ksm_merged(w, len), PATIENCE))
		err = -ETIMEDOUT;
	return write_text(KSM "run", "0") ?: err;
}

/* Most of it was left out by rows_of(). */
static bool is_in_shreds(const struct snapshot *s, const struct pages *p)
{
	return pages_covered(s, 0, p) + pages_covered(s, 1, p) < p->nr / 4;
}

/*
 * The mean of some snapshots, after as many that let the regions find their edges.
 * -ENODATA where they can tell nothing.
 */
static int mean_of_pages(struct trace *t, struct snapshot *s, const struct pages *hot,
			 const struct pages *cold, double *hot_mean, double *cold_mean)
{
	int i, err = 0;

	*hot_mean = 0;
	*cold_mean = 0;
	for (i = 0; i < 12 && !err; i++) {
		err = trace_next(t, s);
		if (!err && (is_in_shreds(s, hot) || is_in_shreds(s, cold)))
			err = -ENODATA;
		if (i < 8)
			continue;
		*hot_mean += pages_heat(s, hot) / 4;
		*cold_mean += pages_heat(s, cold) / 4;
	}
	ksft_print_msg("hot %.1f, cold %.1f of %d\n", *hot_mean, *cold_mean, NR_SAMPLES);
	return err;
}

TEST_F_TIMEOUT(kinds, hot_memory_is_seen, 200)
{
	double hot, cold;
	long err;

	if (self->hugepages[0])
		write_text(HUGETLB, "8");
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 2 * HOT;
	err = work_call(self->w, variant->map);
	if (err == -ENOMEM || err == -EINVAL || err == -ENODEV)
		SKIP(return, "no memory of this kind: %ld", err);
	ASSERT_EQ(0, err);
	if (variant->ksm && merge(self->w, 2 * HOT))
		SKIP(return, "nothing was merged");
	if (!variant->ksm)
		ASSERT_EQ(0, work_touch(self->w, ARENA, 2 * HOT));
	self->w->read_only = variant->read_only;
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	if (variant->smaps && map_info(self->w->pid, ARENA, variant->smaps) * KiB < HOT)
		SKIP(return, "the kernel gave other memory: %ld KiB",
		     map_info(self->w->pid, ARENA, variant->smaps));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, HOT));
	ASSERT_EQ(0, pages_add(&self->cold, self->w->pid, ARENA + HOT, HOT));
	ASSERT_EQ(0, pages_add(&self->all, self->w->pid, ARENA, 2 * HOT));

	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows_of(&self->all, &self->hot)));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->cold, &hot, &cold));
	EXPECT_GT(hot, NR_SAMPLES / 4.);
	EXPECT_LT(cold, NR_SAMPLES / 5.);
}

/* === Whoever accesses it === */

FIXTURE(pages) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct work *other;
	struct pages hot, cold, all;
};

FIXTURE_SETUP(pages)
{
	join_free_memory();
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(pages)
{
	work_end(self->other);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* Among all the memory of the machine, most of which is free, or the kernel's. */
TEST_F_TIMEOUT(pages, hot_memory_of_a_process_is_found_among_all, 200)
{
	double hot = 0, all = 0, rest, size;
	struct ram ram;
	int i;

	ASSERT_EQ(0, read_ram(&ram));
	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 2 * HOT));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, 2 * HOT));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", NULL));
	/* How fast it is found, is not promised. */
	for (i = 0; i < 100 && hot < NR_SAMPLES / 2; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		hot = pages_heat(self->s, &self->hot);
	}
	TH_LOG("found after %d aggregations", i);
	size = covered(self->s, 0, 0, ~0UL);
	all = heat(self->s, 0, 0, ~0UL) * ~0UL;
	rest = (all - hot * 2 * HOT) / (size - 2 * HOT);
	TH_LOG("hot %.1f, the rest %.2f of %d", hot, rest, NR_SAMPLES);
	EXPECT_GE(hot, NR_SAMPLES / 2.);
	EXPECT_LT(rest, NR_SAMPLES / 10.);
}

TEST_F_TIMEOUT(pages, all_system_ram_is_reported_and_nothing_else, 120)
{
	unsigned long sum = 0;
	struct ram ram;
	unsigned int i;

	ASSERT_EQ(0, read_ram(&ram));
	ASSERT_EQ(0, damon_on_ids(TEST_ATTRS, "paddr", NULL));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	for (i = 0; i < ram.nr; i++) {
		unsigned long start = ram.row[i].start, end = ram.row[i].end;

		EXPECT_EQ(end - start, covered(self->s, 0, start, end));
		sum += end - start;
	}
	TH_LOG("%lu MiB in %u rows, %u regions", sum / MiB, ram.nr, self->s->nr);
	EXPECT_EQ(sum, covered(self->s, 0, 0, ~0UL));
}

TEST_F_TIMEOUT(pages, only_the_given_ranges_are_reported, 120)
{
	char rows[256];
	struct ram ram;
	unsigned long start;
	int i;

	ASSERT_EQ(0, read_ram(&ram));
	/* The last one is large on every machine. */
	start = ram.row[ram.nr - 1].start;
	snprintf(rows, sizeof(rows), "0 %lu %lu\n0 %lu %lu\n", start, start + 4 * MiB,
		 start + 8 * MiB, start + 9 * MiB);
	ASSERT_EQ(0, damon_on_ids("10000 200000 100000 10 1000", "paddr", rows));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		EXPECT_EQ(4 * MiB, covered(self->s, 0, start, start + 4 * MiB));
		EXPECT_EQ(MiB, covered(self->s, 0, start + 8 * MiB, start + 9 * MiB));
		EXPECT_EQ(5 * MiB, covered(self->s, 0, 0, ~0UL));
	}
}

static char *add_row(char *end, unsigned long start)
{
	return end + sprintf(end, "0 %lu %lu\n", start, start + 4 * KiB);
}

TEST_F(pages, as_many_ranges_as_regions_are_taken_and_no_more)
{
	char *text = malloc(1001 * 64), *end = text;
	unsigned long start;
	struct ram ram;
	int i;

	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, read_ram(&ram));
	start = ram.row[ram.nr - 1].start;
	ASSERT_EQ(0, damon_write("target_ids", "paddr"));
	for (i = 0; i < 1000; i++)
		end = add_row(end, start + i * 8 * KiB);
	EXPECT_EQ(0, damon_write("init_regions", text));
	add_row(end, start + 1000 * 8 * KiB);
	EXPECT_EQ(-EINVAL, damon_write("init_regions", text));
	*end = '\0';
	EXPECT_STREQ(text, damon_read("init_regions"));
	free(text);
}

static long do_map_fd(struct work *w)
{
	void *p = mmap((void *)w->arg[0], w->arg[1], PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED_NOREPLACE, w->arg[2], 0);

	return p == MAP_FAILED ? -errno : 0;
}

/* Two processes have it, and only the second uses a part. */
TEST_F_TIMEOUT(pages, either_of_two_processes_is_seen, 120)
{
	int fd = memfd_create("damon_test", 0);
	double hot, cold;
	struct work *w[2];
	int i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 2 * HOT));
	/* The one of the setup has no such descriptor. */
	work_end(self->w);
	self->w = work_start();
	self->other = work_start();
	ASSERT_TRUE(self->w && self->other);
	w[0] = self->w;
	w[1] = self->other;
	for (i = 0; i < 2; i++) {
		w[i]->arg[0] = ARENA;
		w[i]->arg[1] = 2 * HOT;
		w[i]->arg[2] = fd;
		ASSERT_EQ(0, work_call(w[i], do_map_fd));
		ASSERT_EQ(0, work_touch(w[i], ARENA, 2 * HOT));
	}
	close(fd);
	ASSERT_TRUE(work_hot(self->other, 0, ARENA, HOT));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, HOT));
	ASSERT_EQ(0, pages_add(&self->cold, self->w->pid, ARENA + HOT, HOT));
	ASSERT_EQ(0, pages_add(&self->all, self->w->pid, ARENA, 2 * HOT));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows_of(&self->all, &self->hot)));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->cold, &hot, &cold));
	EXPECT_GT(hot, NR_SAMPLES / 4.);
	EXPECT_LT(cold, NR_SAMPLES / 5.);
}

#define SHARED	(64 * KiB)
#define TIMES	1000

static long do_map_often(struct work *w)
{
	unsigned long i;

	for (i = 0; i < TIMES; i++)
		if (mmap((void *)(ARENA + i * SHARED), SHARED, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, w->arg[2], 0) == MAP_FAILED)
			return -errno;
	return 0;
}

/* No check hangs, and the memory is hot all the same. */
TEST_F_TIMEOUT(pages, memory_that_is_mapped_1000_times_is_seen, 200)
{
	int fd = memfd_create("damon_test", 0);
	double hot, same;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, SHARED));
	work_end(self->w);
	self->w = work_start();
	ASSERT_NE(NULL, self->w);
	self->w->arg[2] = fd;
	ASSERT_EQ(0, work_call(self->w, do_map_often));
	close(fd);
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, TIMES * SHARED));
	leave_lists();
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, SHARED));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows_of(&self->hot, &self->hot)));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->hot, &hot, &same));
	EXPECT_GT(hot, NR_SAMPLES / 4.);
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
}

/* Not more than those whose entries are asked. */
#define NR_SHARERS	20

/* Those that were forked, in order, and how many have read the area. */
struct family {
	struct work child[NR_SHARERS - 1];
	unsigned int nr_ready;
};

static struct family *family;

/* It shares all that it has now with each.  The last one works, and the others wait. */
static long do_fork(struct work *w)
{
	unsigned int i;

	for (i = 0; i < NR_SHARERS - 1; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (pid) {
			family->child[i].pid = pid;
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* So that all have entries whose bit is set. */
		touch_read(w->arg[0], w->arg[0] + w->arg[1]);
		__atomic_add_fetch(&family->nr_ready, 1, __ATOMIC_SEQ_CST);
		while (i < NR_SHARERS - 2)
			pause();
		work_loop(&family->child[i]);
	}
	touch_read(w->arg[0], w->arg[0] + w->arg[1]);
	return 0;
}

/* They have files of the test open, so the next one shall not meet them. */
static long do_end_children(struct work *w)
{
	unsigned int i;

	for (i = 0; i < NR_SHARERS - 1; i++)
		kill(family->child[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* Nobody writes to it, so it is never copied. */
TEST_F_TIMEOUT(pages, memory_that_many_share_since_a_fork_is_seen, 200)
{
	double hot, cold, same;
	struct work *user;

	family = mmap(NULL, sizeof(*family), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, family);
	/* The one of the setup has no such memory. */
	work_end(self->w);
	self->w = work_start();
	ASSERT_NE(NULL, self->w);
	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * HOT));
	ASSERT_EQ(0, work_touch(self->w, ARENA, 2 * HOT));
	/* The arguments are still those. */
	ASSERT_EQ(0, work_call(self->w, do_fork));
	ASSERT_TRUE(wait_for(load(&family->nr_ready) == NR_SHARERS - 1, PATIENCE));
	user = &family->child[NR_SHARERS - 2];
	user->read_only = true;
	ASSERT_TRUE(work_hot(user, 0, ARENA, HOT));
	/* All share all: a page counts for each by its share. */
	ASSERT_GT(2 * HOT / KiB / (NR_SHARERS - 1), map_info(user->pid, ARENA, "Pss:"));
	ASSERT_EQ(0, pages_add(&self->hot, user->pid, ARENA, HOT));
	ASSERT_EQ(0, pages_add(&self->cold, user->pid, ARENA + HOT, HOT));
	ASSERT_EQ(0, pages_add(&self->all, user->pid, ARENA, 2 * HOT));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows_of(&self->all, &self->hot)));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->cold, &hot, &cold));
	EXPECT_GT(hot, NR_SAMPLES / 4.);
	EXPECT_LT(cold, NR_SAMPLES / 5.);

	ASSERT_TRUE(work_hot(user, 0, 0, 0));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->hot,
				   &cold, &same));
	EXPECT_LT(cold, NR_SAMPLES / 5.);
	EXPECT_EQ(0, work_call(self->w, do_end_children));
}

/* The pages that were hot are free, or somebody else's, who does not use all. */
TEST_F_TIMEOUT(pages, freed_memory_gets_cold, 120)
{
	double before, after, same;

	ASSERT_EQ(0, work_map(self->w, ARENA, HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, HOT));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows_of(&self->hot, &self->hot)));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->hot, &before, &same));
	EXPECT_GT(before, NR_SAMPLES / 4.);
	work_end(self->w);
	self->w = NULL;
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->hot, &after, &same));
	EXPECT_LT(after, NR_SAMPLES / 5.);
}

/* === Smaller large folios === */

#define LARGE	(64 * KiB)
/* Such that a sixteenth of it is some counts. */
#define FINE_ATTRS	"10000 1000000 10000000 100 1000"
#define FINE_SAMPLES	100

FIXTURE(large_folios) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct pages hot, sparse, cold, all;
	char old_64k[32], old_2m[32];
};

/* Of the words of a choice, the chosen one is in brackets. */
static void read_choice(const char *path, char *word, size_t size)
{
	char text[128], *end;

	word[0] = '\0';
	if (read_text(path, text, sizeof(text)) || !strchr(text, '['))
		return;
	snprintf(word, size, "%s", strchr(text, '[') + 1);
	end = strchr(word, ']');
	if (end)
		*end = '\0';
}

FIXTURE_SETUP(large_folios)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->t->max_accesses = FINE_SAMPLES;
	read_choice(THP "64kB/enabled", self->old_64k, sizeof(self->old_64k));
	read_choice(THP "2048kB/enabled", self->old_2m, sizeof(self->old_2m));
}

FIXTURE_TEARDOWN(large_folios)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->old_64k[0])
		write_text(THP "64kB/enabled", self->old_64k);
	if (self->old_2m[0])
		write_text(THP "2048kB/enabled", self->old_2m);
}

/* How many were made since boot, or a negative errno. */
static long nr_large(void)
{
	char text[32];
	int err = read_text(THP "64kB/stats/anon_fault_alloc", text, sizeof(text));

	return err ?: atol(text);
}

/* All of the first area, and of the second one page of each folio, never the first. */
static long use_forever(struct work *w)
{
	unsigned long i;

	for (;;) {
		touch(ARENA, ARENA + HOT);
		for (i = 0; i < HOT / LARGE; i++)
			touch(ARENA + HOT + i * LARGE + (1 + i % 15) * 4 * KiB,
			      ARENA + HOT + i * LARGE + (2 + i % 15) * 4 * KiB);
		rest();
	}
	return 0;
}

/* The pages of a folio share no Accessed bit, where no huge entry maps it. */
TEST_F_TIMEOUT(large_folios, each_page_is_told_from_the_others, 200)
{
	double hot = 0, sparse = 0, cold = 0;
	long before = nr_large();
	int i, err;

	/* Such a file is in each kernel that has them. */
	if (before < 0 || write_text(THP "2048kB/enabled", "never") ||
	    write_text(THP "64kB/enabled", "madvise"))
		SKIP(return, "no folios of 64 KiB");
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 3 * HOT;
	/* No ASSERT from here on, which would leave the choices as they are. */
	err = work_call(self->w, map_thp) ?: work_touch(self->w, ARENA, 3 * HOT);
	if (!err && nr_large() - before < (long)(3 * HOT / LARGE))
		SKIP(return, "the kernel gave other memory");
	err = err ?: pages_add(&self->hot, self->w->pid, ARENA, HOT);
	err = err ?: pages_add(&self->sparse, self->w->pid, ARENA + HOT, HOT);
	err = err ?: pages_add(&self->cold, self->w->pid, ARENA + 2 * HOT, HOT);
	err = err ?: pages_add(&self->all, self->w->pid, ARENA, 3 * HOT);
	/* It does not come back. */
	store(&self->w->call, use_forever);

	err = err ?: damon_on_ids(FINE_ATTRS, "paddr",
				    rows_of(&self->all, &self->sparse));
	for (i = 0; i < 8 && !err; i++) {
		err = trace_next(self->t, self->s);
		if (!err && (is_in_shreds(self->s, &self->hot) ||
			     is_in_shreds(self->s, &self->sparse) ||
			     is_in_shreds(self->s, &self->cold)))
			err = -ENODATA;
		if (i < 4)
			continue;
		hot += pages_heat(self->s, &self->hot) / 4;
		sparse += pages_heat(self->s, &self->sparse) / 4;
		cold += pages_heat(self->s, &self->cold) / 4;
	}
	EXPECT_EQ(0, err);
	TH_LOG("hot %.1f, a sixteenth used %.1f, cold %.1f of %d", hot, sparse, cold,
	       FINE_SAMPLES);
	EXPECT_GT(hot, FINE_SAMPLES / 4.);
	EXPECT_GT(sparse, hot / 16 / 2);
	/* On arm64, the sixteen entries may have one bit. */
#ifndef __aarch64__
	EXPECT_LT(sparse, hot / 16 * 2);
#endif
	EXPECT_LT(cold, hot / 16 / 2);
}

/* === Page cache that nobody maps === */

FIXTURE(cache) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	pid_t caller;
	struct pages hot, cold, all;
};

FIXTURE_VARIANT(cache) {
	bool write;
};

FIXTURE_VARIANT_ADD(cache, read) { .write = false };
FIXTURE_VARIANT_ADD(cache, written) { .write = true };

FIXTURE_SETUP(cache)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(cache)
{
	if (self->caller > 0) {
		kill(self->caller, SIGKILL);
		waitpid(self->caller, NULL, 0);
	}
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* A file whose pages are in the page cache, and nobody maps them. */
static int cached_file(void)
{
	int fd = temp_file();
	void *map;

	if (fd < 0 || ftruncate(fd, CALLED))
		return -errno;
	map = mmap(NULL, CALLED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	touch((unsigned long)map, (unsigned long)map + CALLED);
	munmap(map, CALLED);
	return fd;
}

/* As pages_add(), of a file. */
static int file_pages_add(struct pages *p, int fd)
{
	void *map = mmap(NULL, CALLED, PROT_READ, MAP_SHARED, fd, 0);
	unsigned long addr = (unsigned long)map;
	int err;

	if (map == MAP_FAILED)
		return -errno;
	touch_read(addr, addr + CALLED);
	err = pages_add(p, getpid(), addr, CALLED);
	munmap(map, CALLED);
	return err;
}

/* A byte of each page, over and over. */
static pid_t start_calls(int fd, bool write)
{
	pid_t pid = fork();
	unsigned long pos;
	char byte = 1;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		for (pos = 0; pos < CALLED; pos += 4 * KiB) {
			ssize_t n = write ? pwrite(fd, &byte, 1, pos) :
					    pread(fd, &byte, 1, pos);

			if (n != 1)
				_exit(1);
		}
		rest();
	}
}

TEST_F_TIMEOUT(cache, by_system_calls_is_hot_and_idle_is_not, 120)
{
	int hot_fd = cached_file(), cold_fd = cached_file();
	double hot, cold;

	ASSERT_LE(0, hot_fd);
	ASSERT_LE(0, cold_fd);
	/* It may move pages, so the frames are asked for afterwards. */
	leave_lists();
	ASSERT_EQ(0, file_pages_add(&self->hot, hot_fd));
	ASSERT_EQ(0, file_pages_add(&self->cold, cold_fd));
	ASSERT_EQ(0, file_pages_add(&self->all, hot_fd));
	ASSERT_EQ(0, file_pages_add(&self->all, cold_fd));
	self->caller = start_calls(hot_fd, variant->write);
	ASSERT_LT(0, self->caller);
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows_of(&self->all, &self->hot)));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->cold, &hot, &cold));
	EXPECT_GT(hot, NR_SAMPLES / 10.);
	EXPECT_LT(cold, hot / 3);
	close(hot_fd);
	close(cold_fd);
}

/* === Nodes === */

FIXTURE(nodes) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct pages hot;
};

FIXTURE_SETUP(nodes)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(nodes)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* Bytes of @target in memory blocks of node 1. */
static unsigned long covered_of_node(const struct snapshot *s, unsigned long target)
{
	unsigned long size, block, sum = 0;
	DIR *dir = opendir(NODE);
	struct dirent *entry;
	char text[32];

	if (!dir || read_text("/sys/devices/system/memory/block_size_bytes", text, sizeof(text)))
		return 0;
	size = strtoul(text, NULL, 16);
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "memory%lu", &block) == 1)
			sum += covered(s, target, block * size, (block + 1) * size);
	closedir(dir);
	return sum;
}

TEST_F_TIMEOUT(nodes, only_memory_of_the_node_is_reported, 120)
{
	long total = number_behind(NODE "/meminfo", NULL, "Node 1 MemTotal:");
	unsigned long sum;
	int i;

	if (total <= 0)
		SKIP(return, "no memory in a node 1");
	ASSERT_EQ(0, damon_on_ids("10000 200000 100000 10 1000", "paddr 1", NULL));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		sum = covered(self->s, 0, 0, ~0UL);
		EXPECT_EQ(sum, covered_of_node(self->s, 0));
		/* Without what the kernel took at boot. */
		EXPECT_LE(total * KiB, sum);
	}
	TH_LOG("%lu MiB", sum / MiB);
}

TEST_F_TIMEOUT(nodes, hot_memory_is_found_in_its_node, 120)
{
	double hot, same;
	struct ram ram;
	unsigned long sum = 0;
	unsigned int i;

	if (number_behind(NODE "/meminfo", NULL, "Node 1 MemTotal:") <= 0)
		SKIP(return, "no memory in a node 1");
	ASSERT_EQ(0, work_bind(self->w, 1));
	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 2 * HOT));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, 2 * HOT));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr 0 1", NULL));
	ASSERT_EQ(0, mean_of_pages(self->t, self->s, &self->hot, &self->hot, &hot, &same));
	EXPECT_EQ(0, pages_covered(self->s, 0, &self->hot));
	EXPECT_EQ(self->hot.nr, pages_covered(self->s, 1, &self->hot));
	EXPECT_GT(hot, NR_SAMPLES / 4.);
	/* All memory is in one of the two. */
	ASSERT_EQ(0, read_ram(&ram));
	for (i = 0; i < ram.nr; i++)
		sum += ram.row[i].end - ram.row[i].start;
	EXPECT_EQ(sum, covered(self->s, 0, 0, ~0UL) + covered(self->s, 1, 0, ~0UL));
}

/* === What is refused changes nothing === */

FIXTURE(refused) {
	unsigned long ram;
	char ids[64], rows[128];
};

/* In rows, A is an address of memory, B is 1 MiB above it, and so on. */
FIXTURE_VARIANT(refused) {
	const char *ids;
	const char *rows;
	int err;
};

static void expand(const char *text, unsigned long ram, char *buf)
{
	for (; *text; text++) {
		if (*text >= 'A' && *text <= 'D')
			buf += sprintf(buf, "%lu", ram + (*text - 'A') * MiB);
		else
			*buf++ = *text;
	}
	*buf = '\0';
}

FIXTURE_SETUP(refused)
{
	struct ram ram;

	ASSERT_EQ(0, damon_reset());
	ASSERT_EQ(0, read_ram(&ram));
	self->ram = ram.row[ram.nr - 1].start;
	ASSERT_EQ(0, damon_write("target_ids", "paddr 0"));
	expand("0 A B\n0 C D\n", self->ram, self->rows);
	ASSERT_EQ(0, damon_write("target_ids", "paddr"));
	ASSERT_EQ(0, damon_write("init_regions", self->rows));
	ASSERT_TRUE(damon_is("target_ids", "42\n"));
	ASSERT_TRUE(damon_is("init_regions", self->rows));
}

FIXTURE_TEARDOWN(refused)
{
	EXPECT_EQ(0, damon_reset());
}

FIXTURE_VARIANT_ADD(refused, beside_a_pid) { .ids = "1 paddr", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, beside_fvaddr) { .ids = "paddr fvaddr 1", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, beside_pidfd) { .ids = "paddr pidfd 3", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, twice) { .ids = "paddr paddr", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, a_node_twice) { .ids = "paddr 0 0", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, a_node_by_name) { .ids = "paddr node0", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, a_negative_node) { .ids = "paddr -1", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, a_node_that_is_not) { .ids = "paddr 0 63", .err = -ENXIO };

FIXTURE_VARIANT_ADD(refused, no_number_of_a_node) { .ids = "paddr 4294967295", .err = -ENXIO };

FIXTURE_VARIANT_ADD(refused, the_largest_number) {
	.ids = "paddr 18446744073709551615", .err = -ENXIO,
};

FIXTURE_VARIANT_ADD(refused, above_any_number) {
	.ids = "paddr 18446744073709551616", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(refused, reversed) { .rows = "0 B A", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, empty) { .rows = "0 A A", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, overlap) { .rows = "0 A C\n0 B D", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, out_of_order) { .rows = "0 C D\n0 A B", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, of_no_target) { .rows = "1 A B", .err = -EINVAL };

FIXTURE_VARIANT_ADD(refused, outside_of_memory) {
	.rows = "0 35184372088832 35184373137408", .err = -ENXIO,
};

FIXTURE_VARIANT_ADD(refused, one_outside_of_memory) {
	.rows = "0 A B\n0 35184372088832 35184373137408", .err = -ENXIO,
};

FIXTURE_VARIANT_ADD(refused, above_all_addresses) {
	.rows = "0 A 4503599627370496", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(refused, up_to_the_last_address) {
	.rows = "0 A 18446744073709551615", .err = -EINVAL,
};

TEST_F(refused, and_the_old_setting_is_kept)
{
	char rows[128];

	expand(variant->rows ?: "", self->ram, rows);
	EXPECT_EQ(variant->err, damon_write(variant->ids ? "target_ids" : "init_regions",
					    variant->ids ?: rows));
	EXPECT_STREQ("42\n", damon_read("target_ids"));
	EXPECT_STREQ(self->rows, damon_read("init_regions"));
}

TEST_HARNESS_MAIN
