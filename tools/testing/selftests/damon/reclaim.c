// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: what the monitor takes notice of is not lost for reclaim, and
 * what reclaim has taken notice of is not lost for the monitor.
 */
#include "damon_test.h"

#define SIZE		(16 * MiB)
/* What can be read from one end to the other between two samples. */
#define READ		(256 * KiB)
#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"
#define CGROUP		"/sys/fs/cgroup"
#define GROUP		CGROUP "/damon_test"

/* Every page of some MiB is sampled many times a second. */
#define DENSE_ATTRS	"2000 100000 3600000000 500 1000"
#define DENSE_SAMPLES	50

FIXTURE(reclaim) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	char lru_gen[32];
};

FIXTURE_VARIANT(reclaim) {
	bool huge;
};

FIXTURE_VARIANT_ADD(reclaim, base_pages) { .huge = false };
FIXTURE_VARIANT_ADD(reclaim, huge_pages) { .huge = true };

FIXTURE_SETUP(reclaim)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->t->max_accesses = DENSE_SAMPLES;
	/* The one whose order of reclaim is known beforehand. */
	if (!read_text(LRU_GEN, self->lru_gen, sizeof(self->lru_gen)))
		write_text(LRU_GEN, "0");
}

FIXTURE_TEARDOWN(reclaim)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->lru_gen[0])
		write_text(LRU_GEN, self->lru_gen);
	rmdir(GROUP);
}

static long do_advise(struct work *w)
{
	return madvise((void *)w->arg[0], w->arg[1], w->arg[2]) ? -errno : 0;
}

static int forget_refs(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	return write_text(path, "1");
}

/* Watch @size bytes at ARENA until each page of it has been sampled. */
static int sample_all(struct trace *t, struct snapshot *s, struct work *w,
		      unsigned long size)
{
	char ids[32];
	int i, err;

	snprintf(ids, sizeof(ids), "%d", w->pid);
	err = damon_write("attrs", DENSE_ATTRS) ?: damon_write("target_ids", ids);
	err = err ?: damon_init_regions(ARENA, ARENA + size);
	err = err ?: damon_write("monitor_on", "on");
	for (i = 0; i < 30 && !err; i++)
		err = trace_next(t, s);
	return err;
}

/*
 * The monitor reports no access any more, so it has cleared the Accessed bits;
 * still all pages count as referenced, as what it cleared is in their flags.
 */
TEST_F_TIMEOUT(reclaim, what_the_monitor_cleared_counts_as_referenced, 120)
{
	long before, referenced;

	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	if (variant->huge) {
		self->w->arg[2] = MADV_HUGEPAGE;
		ASSERT_EQ(0, work_call(self->w, do_advise));
	}
	ASSERT_EQ(0, work_touch(self->w, ARENA, SIZE));
	if (variant->huge && map_info(self->w->pid, ARENA, "AnonHugePages:") * KiB < SIZE)
		SKIP(return, "no huge pages: %ld KiB",
		     map_info(self->w->pid, ARENA, "AnonHugePages:"));
	ASSERT_EQ(0, forget_refs(self->w->pid));
	EXPECT_EQ(0, map_info(self->w->pid, ARENA, "Referenced:"));
	ASSERT_EQ(0, work_touch(self->w, ARENA, SIZE));
	before = map_info(self->w->pid, ARENA, "Referenced:");
	EXPECT_LE(SIZE / KiB * 9 / 10, before);

	ASSERT_EQ(0, sample_all(self->t, self->s, self->w, SIZE));
	EXPECT_LT(heat(self->s, 0, ARENA, ARENA + SIZE), 1);
	referenced = map_info(self->w->pid, ARENA, "Referenced:");
	TH_LOG("referenced: %ld KiB before, %ld KiB after", before, referenced);
	EXPECT_LE(before, referenced);
}

static double swapped(pid_t pid, unsigned long addr, unsigned long len)
{
	unsigned long i, nr = len / (4 * KiB), nr_swapped = 0, *entries;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	entries = malloc(nr * 8);
	if (fd >= 0 && entries &&
	    pread(fd, entries, nr * 8, addr / (4 * KiB) * 8) == (ssize_t)nr * 8)
		for (i = 0; i < nr; i++)
			nr_swapped += entries[i] >> 62 & 1;
	else
		nr_swapped = -1;
	free(entries);
	if (fd >= 0)
		close(fd);
	return (double)nr_swapped / nr;
}

FIXTURE(lru) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(lru)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(lru)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/*
 * Two areas, the older one used again since.  Reclaim has to take the younger
 * one, although the monitor came first to the Accessed bits of the other.
 */
TEST_F_TIMEOUT(lru, reclaim_takes_what_was_not_used, 200)
{
	double used, unused;
	char text[32], lru_gen[32] = "";
	int err;

	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	rmdir(GROUP);
	mkdir(GROUP, 0700);
	snprintf(text, sizeof(text), "%d", self->w->pid);
	err = write_text(GROUP "/cgroup.procs", text) ?:
		access(GROUP "/memory.reclaim", W_OK);
	if (err)
		SKIP(return, "no memory.reclaim");
	err = swap_on();
	if (err) {
		swap_off();
		SKIP(return, "no swap: %d", err);
	}
	/* The list whose order is known beforehand. */
	if (!read_text(LRU_GEN, lru_gen, sizeof(lru_gen)))
		write_text(LRU_GEN, "0");
	self->t->max_accesses = DENSE_SAMPLES;
	EXPECT_EQ(0, work_map(self->w, ARENA, SIZE));
	EXPECT_EQ(0, work_touch(self->w, ARENA, SIZE));
	EXPECT_EQ(0, work_map(self->w, ARENA2, SIZE));
	EXPECT_EQ(0, work_touch(self->w, ARENA2, SIZE));
	EXPECT_EQ(0, forget_refs(self->w->pid));
	EXPECT_EQ(0, work_touch(self->w, ARENA, SIZE));
	EXPECT_EQ(0, sample_all(self->t, self->s, self->w, SIZE));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));

	/* Half of the unused one; less may be there to take. */
	err = write_text(GROUP "/memory.reclaim", "8M");
	used = swapped(self->w->pid, ARENA, SIZE);
	unused = swapped(self->w->pid, ARENA2, SIZE);
	TH_LOG("reclaim: %d; swapped out: %.2f of the used, %.2f of the unused area",
	       err, used, unused);
	EXPECT_LT(used, 0.1);
	EXPECT_GT(unused, 0.25);

	/* So that there is nothing to read back at swapoff. */
	kill(self->w->pid, SIGKILL);
	waitpid(self->w->pid, NULL, 0);
	if (lru_gen[0])
		write_text(LRU_GEN, lru_gen);
	swap_off();
	rmdir(GROUP);
}

static long do_map_fd(struct work *w)
{
	void *p = mmap((void *)ARENA, SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED_NOREPLACE, w->arg[0], 0);

	return p == MAP_FAILED ? -errno : 0;
}

FIXTURE(others) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	int fd;
	char lru_gen[32];
};

FIXTURE_SETUP(others)
{
	/* The process inherits it. */
	self->fd = memfd_create("damon_test", 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ftruncate(self->fd, SIZE));
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->t->max_accesses = DENSE_SAMPLES;
	/* The other kind of LRU does not tell the idle flag of a read(). */
	if (!read_text(LRU_GEN, self->lru_gen, sizeof(self->lru_gen)))
		write_text(LRU_GEN, "0");
}

FIXTURE_TEARDOWN(others)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	close(self->fd);
	if (self->lru_gen[0])
		write_text(LRU_GEN, self->lru_gen);
}

/*
 * A page that read() has used is marked as accessed where reclaim looks for it,
 * and in no Accessed bit.
 */
TEST_F_TIMEOUT(others, an_access_that_only_the_page_tells_of_is_seen, 120)
{
	double without, with, end;
	unsigned long off;
	pid_t reader;
	char c;

	self->w->arg[0] = self->fd;
	ASSERT_EQ(0, work_call(self->w, do_map_fd));
	ASSERT_EQ(0, work_touch(self->w, ARENA, READ));
	ASSERT_EQ(0, sample_all(self->t, self->s, self->w, READ));
	without = mean_heat(self->t, 0, ARENA, ARENA + READ, 5);

	reader = fork();
	if (!reader) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		end = now() + PATIENCE;
		/* It is a matter of the first byte of a page. */
		while (now() < end)
			for (off = 0; off < READ; off += 4 * KiB)
				if (pread(self->fd, &c, 1, off) != 1)
					_exit(1);
		_exit(0);
	}
	ASSERT_LT(0, reader);
	mean_heat(self->t, 0, ARENA, ARENA + READ, 5);
	with = mean_heat(self->t, 0, ARENA, ARENA + READ, 10);
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	TH_LOG("%.2f without reads, %.2f with, of %d", without, with, DENSE_SAMPLES);
	EXPECT_GE(without, 0);
	EXPECT_LT(without, 1);
	EXPECT_GT(with, without + 3);
}

TEST_HARNESS_MAIN
