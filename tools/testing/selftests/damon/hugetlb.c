// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: while huge pages of hugetlb are watched, nobody finds them missing, not
 * even for a moment.  Who looks without the locks of a page fault would believe it: a
 * handler of user-space faults would sleep, a core dump would have a hole.
 *
 * Here, the scan of /proc/PID/pagemap is who looks: it holds none of these locks.
 */
#include <linux/types.h>
#include <sys/ioctl.h>

#include "damon_test.h"

#define HUGE	(2 * MiB)
#define NR	16
#define SIZE	(NR * HUGE)
#define SECONDS	10
#define HUGETLB	"/proc/sys/vm/nr_hugepages"

/* As linux/fs.h has it since Linux 6.7: PAGEMAP_SCAN. */
struct scan {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 inverted, mask, anyof_mask, return_mask;
};

struct scanned {
	__u64 start, end, categories;
};

#define SCAN		_IOWR('f', 16, struct scan)
#define IS_PRESENT	(1 << 3)

FIXTURE(hugetlb) {
	char old[32];
	char *map;
	int fd;
};

FIXTURE_VARIANT(hugetlb) {
	bool physical;
};

FIXTURE_VARIANT_ADD(hugetlb, process) { .physical = false };
FIXTURE_VARIANT_ADD(hugetlb, physical) { .physical = true };

FIXTURE_SETUP(hugetlb)
{
	ASSERT_EQ(0, damon_reset());
	self->map = MAP_FAILED;
	self->fd = open("/proc/self/pagemap", O_RDONLY);
	ASSERT_LE(0, self->fd);
	if (read_text(HUGETLB, self->old, sizeof(self->old)))
		SKIP(return, "no hugetlb");
	write_text(HUGETLB, "20");
	self->map = mmap((void *)ARENA, SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED_NOREPLACE,
			 -1, 0);
	if (self->map == MAP_FAILED)
		SKIP(return, "no memory for huge pages");
}

FIXTURE_TEARDOWN(hugetlb)
{
	EXPECT_EQ(0, damon_reset());
	if (self->map != MAP_FAILED)
		munmap(self->map, SIZE);
	close(self->fd);
	write_text(HUGETLB, self->old);
}

/* Each page is a region, whose Accessed bit is cleared as often as can be. */
static int watch(char *map, bool physical)
{
	char ids[32], rows[NR * 64];
	struct pages pages = {};
	unsigned long start;
	size_t len = 0;
	int i, err = 0;

	for (i = 0; i < NR && !err; i++)
		err = pages_add(&pages, getpid(), (unsigned long)map + i * HUGE, 4 * KiB);
	for (i = 0; i < NR && !err; i++) {
		start = physical ? pages.pfn[i] * 4 * KiB : (unsigned long)map + i * HUGE;
		len += sprintf(rows + len, "0 %lu %lu\n", start, start + 4 * KiB);
	}
	free(pages.pfn);
	snprintf(ids, sizeof(ids), physical ? "paddr" : "fvaddr %d", getpid());
	return err ?: damon_on_ids("20 1000000 10000000 10 100", ids, rows);
}

/* How many of the pages are not there now, or a negative errno. */
static long find_missing(int fd, char *map)
{
	struct scanned found[NR];
	struct scan scan = {
		.size = sizeof(scan),
		.start = (unsigned long)map,
		.end = (unsigned long)map + SIZE,
		.vec = (unsigned long)found,
		.vec_len = NR,
		.inverted = IS_PRESENT,
		.mask = IS_PRESENT,
		.return_mask = IS_PRESENT,
	};
	long nr = ioctl(fd, SCAN, &scan);

	return nr < 0 ? -errno : nr;
}

TEST_F_TIMEOUT(hugetlb, no_page_is_ever_missing, 60)
{
	unsigned long nr = 0, missing = 0;
	double end;
	long found;
	int i;

	/* There are none at all yet. */
	found = find_missing(self->fd, self->map);
	if (found == -ENOTTY)
		SKIP(return, "pagemap can not be scanned");
	ASSERT_LT(0, found);
	memset(self->map, 1, SIZE);
	ASSERT_EQ(0, find_missing(self->fd, self->map));
	ASSERT_EQ(0, watch(self->map, variant->physical));
	/* To ask for the time takes longer than to look. */
	for (end = now() + SECONDS; nr % 1024 || now() < end; nr += NR) {
		/* So that there is something to clear. */
		for (i = 0; i < NR; i++)
			store(self->map + i * HUGE, 1);
		found = find_missing(self->fd, self->map);
		ASSERT_LE(0, found);
		missing += found;
	}
	TH_LOG("missing in %lu of %lu looks", missing, nr);
	EXPECT_EQ(0, missing);
	EXPECT_TRUE(damon_is("monitor_on", "on\n"));
}

TEST_HARNESS_MAIN
