// SPDX-License-Identifier: GPL-2.0
/*
 * What memory consists of.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "files.h"
#include "memory.h"

int read_maps(pid_t pid, struct map *maps, int max)
{
	char path[64], line[512];
	int nr = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while (nr < max && fgets(line, sizeof(line), f)) {
		struct map *m = &maps[nr];

		m->name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %63s", &m->start,
			   &m->end, m->perms, m->name) >= 3)
			nr++;
	}
	fclose(f);
	return nr;
}

bool is_no_memory(const struct map *m)
{
	return !strncmp(m->perms, "---", 3) || !strcmp(m->name, "[vsyscall]");
}

long uncovered(const struct snapshot *s, unsigned long target, pid_t pid)
{
	static struct map maps[MAX_MAPS];
	int nr = read_maps(pid, maps, MAX_MAPS), i;
	long sum = 0;

	if (nr < 0)
		return nr;
	for (i = 0; i < nr; i++) {
		unsigned long len = maps[i].end - maps[i].start;

		if (is_no_memory(&maps[i]))
			continue;
		sum += len - covered(s, target, maps[i].start, maps[i].end);
	}
	return sum;
}

long number_behind(const char *path, const char *after, const char *word)
{
	bool found = !after;
	char line[512];
	long nr = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (nr < 0 && fgets(line, sizeof(line), f)) {
		if (!found)
			found = !strncmp(line, after, strlen(after));
		else if (!strncmp(line, word, strlen(word)))
			nr = atol(line + strlen(word));
	}
	fclose(f);
	return nr;
}

long vm_event(const char *word)
{
	return number_behind("/proc/vmstat", NULL, word);
}

long map_info(pid_t pid, unsigned long addr, const char *word)
{
	char path[64], start[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	snprintf(start, sizeof(start), "%lx-", addr);
	return number_behind(path, start, word);
}

int swap_on(void)
{
	unsigned int header[3] = { 1, 128 * MiB / (4 * KiB) - 1, 0 };
	int err, fd;

	err = write_text("/sys/block/zram0/disksize", "128M");
	if (err)
		return err;
	fd = open(SWAP_DEVICE, O_RDWR);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, header, sizeof(header), 1024) != sizeof(header) ||
	    pwrite(fd, "SWAPSPACE2", 10, 4086) != 10 || fsync(fd))
		err = -EIO;
	close(fd);
	if (!err && swapon(SWAP_DEVICE, 0))
		err = -errno;
	return err;
}

void swap_off(void)
{
	swapoff(SWAP_DEVICE);
	write_text("/sys/block/zram0/reset", "1");
}

static int compare_pfns(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

int pages_add(struct pages *p, pid_t pid, unsigned long addr, unsigned long len)
{
	unsigned int nr = len / (4 * KiB), i;
	char path[64];
	ssize_t n;
	int fd;

	p->pfn = realloc(p->pfn, (p->nr + nr) * sizeof(*p->pfn));
	if (!p->pfn)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = pread(fd, p->pfn + p->nr, nr * sizeof(*p->pfn), addr / (4 * KiB) * sizeof(*p->pfn));
	close(fd);
	if (n != (ssize_t)(nr * sizeof(*p->pfn)))
		return -EIO;
	for (i = p->nr; i < p->nr + nr; i++) {
		/* It is present. */
		if (!(p->pfn[i] >> 63))
			return -ENOENT;
		p->pfn[i] &= (1UL << 55) - 1;
	}
	p->nr += nr;
	qsort(p->pfn, p->nr, sizeof(*p->pfn), compare_pfns);
	return 0;
}

double share_active(pid_t pid, unsigned long addr, unsigned long len)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	struct pages p = {};
	unsigned int i, nr = 0;
	unsigned long flags;

	if (!pages_add(&p, pid, addr, len))
		for (i = 0; i < p.nr; i++)
			if (pread(fd, &flags, 8, p.pfn[i] * 8) == 8)
				nr += flags >> KPF_ACTIVE & 1;
	close(fd);
	free(p.pfn);
	return p.nr ? (double)nr / p.nr : -1;
}

unsigned int pages_below(const struct pages *p, unsigned long addr)
{
	unsigned int low = 0, high = p->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (p->pfn[middle] * 4 * KiB < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned int pages_within(const struct pages *p, unsigned long start, unsigned long end)
{
	return pages_below(p, end) - pages_below(p, start);
}

unsigned int pages_covered(const struct snapshot *s, unsigned long target,
			   const struct pages *p)
{
	unsigned int i, nr = 0;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].target == target)
			nr += pages_within(p, s->region[i].start, s->region[i].end);
	return nr;
}

double pages_heat(const struct snapshot *s, const struct pages *p)
{
	unsigned int i, nr = 0;
	double sum = 0;

	for (i = 0; i < s->nr; i++) {
		unsigned int n = pages_within(p, s->region[i].start, s->region[i].end);

		nr += n;
		sum += (double)n * s->region[i].nr_accesses;
	}
	return nr ? sum / nr : 0;
}

/* Where pages are neighbours, and all of them hot, or none. */
static bool goes_on(const struct pages *all, const struct pages *hot, unsigned int i)
{
	unsigned long addr = all->pfn[i] * 4 * KiB;

	return all->pfn[i] == all->pfn[i - 1] + 1 &&
		pages_within(hot, addr - 4 * KiB, addr) == pages_within(hot, addr, addr + 4 * KiB);
}

/* Rows of init_regions, one for each run of at least @min pages; return how many. */
static unsigned int print_runs(const struct pages *all, const struct pages *hot,
			       unsigned int min, char *text, size_t size)
{
	unsigned int i, start = 0, nr = 0;
	size_t len = 0;

	text[0] = '\0';
	for (i = 1; i <= all->nr; i++) {
		if (i < all->nr && goes_on(all, hot, i))
			continue;
		if (i - start >= min && len < size - 64) {
			len += sprintf(text + len, "0 %lu %lu\n", all->pfn[start] * 4 * KiB,
				       (all->pfn[i - 1] + 1) * 4 * KiB);
			nr++;
		}
		start = i;
	}
	return nr;
}

const char *rows_of(const struct pages *all, const struct pages *hot)
{
	static char text[65536];
	unsigned int min = 1;

	while (print_runs(all, hot, min, text, sizeof(text)) > 500)
		min *= 2;
	return text;
}

/*
 * The page cache stays.  What is freed of it has been program text, and an emulator takes
 * milliseconds to clear a page of which it has translated code: 16 MiB of them took a minute.
 */
void join_free_memory(void)
{
	write_text("/proc/sys/vm/compact_memory", "1");
}
