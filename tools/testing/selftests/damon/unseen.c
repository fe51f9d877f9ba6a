// SPDX-License-Identifier: GPL-2.0
/*
 * What no monitor can see, as the documents say: page cache that is read at one place
 * again and again.  A read marks a folio as accessed only when the read before it was
 * in another folio; in tmpfs, only when it begins with the first byte of a page.
 *
 * So these tests expect what is wrong.  The day one of them fails, the kernel tells
 * more than it did, and the documents are to be corrected.
 */
#include "damon_test.h"

#define PAGE	(4 * KiB)

FIXTURE(unseen) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	int fd;
	unsigned long pos;
	/* How the next process reads, and how often it did; shared with it. */
	struct reader *reader;
};

struct reader {
	pid_t pid;
	unsigned long nr;
};

FIXTURE_VARIANT(unseen) {
	bool tmpfs;
};

FIXTURE_VARIANT_ADD(unseen, file) { .tmpfs = false };
FIXTURE_VARIANT_ADD(unseen, tmpfs) { .tmpfs = true };

static void end_reader(struct reader *r)
{
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	r->pid = 0;
}

FIXTURE_SETUP(unseen)
{
	self->fd = -1;
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->reader = mmap(NULL, sizeof(*self->reader), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->reader);
}

FIXTURE_TEARDOWN(unseen)
{
	end_reader(self->reader);
	munmap(self->reader, sizeof(*self->reader));
	if (self->fd >= 0)
		close(self->fd);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/* Two pages that nobody else uses: of a new file, or the last ones of this program. */
static int open_pages(bool tmpfs, int *fd, unsigned long *pos)
{
	struct stat st;

	*fd = tmpfs ? memfd_create("damon_test", 0) : open("/proc/self/exe", O_RDONLY);
	if (*fd < 0)
		return -errno;
	if (tmpfs && ftruncate(*fd, 2 * PAGE))
		return -errno;
	if (fstat(*fd, &st))
		return -errno;
	if (st.st_size < (off_t)(2 * PAGE))
		return -EINVAL;
	*pos = (st.st_size / PAGE - 2) * PAGE;
	return 0;
}

/* The physical address of the page at @pos. */
static int find_page(int fd, unsigned long pos, unsigned long *addr)
{
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, pos);
	struct pages page = {};
	int err;

	if (map == MAP_FAILED)
		return -errno;
	touch_read((unsigned long)map, (unsigned long)map + PAGE);
	err = pages_add(&page, getpid(), (unsigned long)map, PAGE);
	munmap(map, PAGE);
	if (!err)
		*addr = page.pfn[0] * PAGE;
	free(page.pfn);
	return err;
}

/* A byte of @a, a byte of @b, over and over. */
static int start_reader(struct reader *r, int fd, unsigned long a, unsigned long b)
{
	pid_t pid = fork();
	char byte;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (pread(fd, &byte, 1, a) == 1 && pread(fd, &byte, 1, b) == 1)
			store(&r->nr, r->nr + 2);
		_exit(1);
	}
	r->pid = pid;
	return pid < 0 ? -errno : 0;
}

/* The mean count of the page while @r reads, and the reads of a second. */
static int measure(struct trace *t, struct snapshot *s, struct reader *r,
		   unsigned long addr, double *mean, double *rate)
{
	unsigned long before;
	double since = now();
	int err;

	err = trace_after(t, s, since);
	before = load(&r->nr);
	since = now();
	if (err)
		return err;
	*mean = mean_heat(t, 0, addr, addr + PAGE, 5);
	*rate = (load(&r->nr) - before) / (now() - since);
	return *mean < 0 ? *mean : 0;
}

TEST_F_TIMEOUT(unseen, reads_of_one_place_over_and_over, 120)
{
	double mean, rate, seen, seen_rate;
	unsigned long addr = 0;

	ASSERT_EQ(0, open_pages(variant->tmpfs, &self->fd, &self->pos));
	/* New pages wait in lists where none of them can be asked. */
	write_text("/proc/sys/vm/compact_memory", "1");
	ASSERT_EQ(0, find_page(self->fd, self->pos, &addr));
	ASSERT_EQ(0, damon_write("attrs", TEST_ATTRS));
	ASSERT_EQ(0, damon_write("target_ids", "paddr"));
	ASSERT_EQ(0, damon_init_regions(addr, addr + PAGE));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));

	ASSERT_EQ(0, start_reader(self->reader, self->fd, self->pos + 1, self->pos + 1));
	ASSERT_EQ(0, measure(self->t, self->s, self->reader, addr, &mean, &rate));
	end_reader(self->reader);
	/* The same page, but another one between, or its first byte: that is seen. */
	ASSERT_EQ(0, start_reader(self->reader, self->fd, self->pos,
				  self->pos + (variant->tmpfs ? 0 : PAGE)));
	ASSERT_EQ(0, measure(self->t, self->s, self->reader, addr, &seen, &seen_rate));
	TH_LOG("%.0f reads a second of one place: %.1f of %d; %.0f reads that tell: %.1f",
	       rate, mean, NR_SAMPLES, seen_rate, seen);
	EXPECT_GT(rate, 100);
	EXPECT_LT(mean, NR_SAMPLES / 10.);
	EXPECT_GT(seen, NR_SAMPLES / 4.);
}

TEST_HARNESS_MAIN
