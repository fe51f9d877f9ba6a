// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: what the monitor takes notice of is not lost for reclaim, and
 * what reclaim has taken notice of is not lost for the monitor.
 */
#include <linux/kernel-page-flags.h>

#include "damon_test.h"

#define SIZE		(16 * MiB)
/* What can be read from one end to the other between two samples. */
#define READ		(256 * KiB)
#define LRU_GEN		"/sys/kernel/mm/lru_gen/enabled"
#define GENERATIONS	"/sys/kernel/debug/lru_gen"
#define CGROUP		"/sys/fs/cgroup"
#define GROUP		CGROUP "/damon_test"

/* Every page of some MiB is sampled many times a second. */
#define DENSE_ATTRS	"2000 100000 3600000000 500 1000"
#define DENSE_SAMPLES	50

FIXTURE(reclaim) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct pages pages;
	char lru_gen[32];
};

FIXTURE_VARIANT(reclaim) {
	bool huge, physical;
};

FIXTURE_VARIANT_ADD(reclaim, base_pages) { .huge = false };
FIXTURE_VARIANT_ADD(reclaim, huge_pages) { .huge = true };
FIXTURE_VARIANT_ADD(reclaim, base_pages_physical) { .physical = true };
FIXTURE_VARIANT_ADD(reclaim, huge_pages_physical) { .huge = true, .physical = true };

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

/* The share of the pages with the idle flag: a monitor has been there. */
static double share_idle(const struct pages *p)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	unsigned int i, nr = 0;
	unsigned long flags;

	for (i = 0; i < p->nr; i++)
		if (pread(fd, &flags, 8, p->pfn[i] * 8) == 8)
			nr += flags >> KPF_IDLE & 1;
	close(fd);
	return (double)nr / p->nr;
}

/*
 * Watch until nearly each of the pages has been sampled, which on a slow machine
 * takes longer, and until what was accessed before is no longer counted.
 */
static int sample_all(struct trace *t, struct snapshot *s, const struct pages *p,
		      const char *ids, const char *rows)
{
	int err = damon_on_ids(DENSE_ATTRS, ids, rows), i;
	double end = now() + PATIENCE;

	for (i = 0; !err && (i < 30 || (share_idle(p) < 0.95 && now() < end)); i++)
		err = trace_next(t, s);
	return err;
}

/* The first @size bytes at ARENA, of which @p are the pages. */
static int sample_process(struct trace *t, struct snapshot *s, const struct pages *p,
			  struct work *w, unsigned long size)
{
	char id[32], row[64];

	snprintf(id, sizeof(id), "%d", w->pid);
	snprintf(row, sizeof(row), "0 %lu %lu", ARENA, ARENA + size);
	return sample_all(t, s, p, id, row);
}

/*
 * The monitor reports no access any more, so it has cleared the Accessed bits;
 * still all pages count as referenced, as what it cleared is in their flags.
 */
TEST_F_TIMEOUT(reclaim, what_the_monitor_cleared_counts_as_referenced, 120)
{
	long before, referenced;
	int err;

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

	ASSERT_EQ(0, pages_add(&self->pages, self->w->pid, ARENA, SIZE));
	if (variant->physical)
		err = sample_all(self->t, self->s, &self->pages, "paddr",
				 rows_of(&self->pages, &self->pages));
	else
		err = sample_process(self->t, self->s, &self->pages, self->w, SIZE);
	ASSERT_EQ(0, err);
	EXPECT_LT(variant->physical ? pages_heat(self->s, &self->pages) :
				      heat(self->s, 0, ARENA, ARENA + SIZE), 1);
	EXPECT_GT(share_idle(&self->pages), 0.9);
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
	struct pages used, all;
	char lru_gen[32];
};

FIXTURE_VARIANT(lru) {
	bool multi_gen, physical;
};

FIXTURE_VARIANT_ADD(lru, classic) { .multi_gen = false };
FIXTURE_VARIANT_ADD(lru, classic_physical) { .physical = true };
FIXTURE_VARIANT_ADD(lru, multi_gen) { .multi_gen = true };
FIXTURE_VARIANT_ADD(lru, multi_gen_physical) { .multi_gen = true, .physical = true };

FIXTURE_SETUP(lru)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->t->max_accesses = DENSE_SAMPLES;
	read_text(LRU_GEN, self->lru_gen, sizeof(self->lru_gen));
}

FIXTURE_TEARDOWN(lru)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->lru_gen[0])
		write_text(LRU_GEN, self->lru_gen);
	/* There is nothing to read back, as the process has gone. */
	swap_off();
	rmdir(GROUP);
}

/* A group whose lists are empty, and @w is in it. */
static int new_group(struct work *w)
{
	char text[32];

	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	rmdir(GROUP);
	if (mkdir(GROUP, 0700) || access(GROUP "/memory.reclaim", W_OK))
		return -errno;
	snprintf(text, sizeof(text), "%d", w->pid);
	return write_text(GROUP "/cgroup.procs", text);
}

/* What the multi-gen LRU has of the group in node 0. */
struct gens {
	unsigned int memcg;
	unsigned long youngest;
};

static int read_gens(struct gens *g)
{
	char line[512], path[256] = "";
	FILE *f = fopen(GENERATIONS, "r");
	unsigned int id, node = 0;
	unsigned long seq, age;

	if (!f)
		return -errno;
	g->memcg = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "memcg %u %255s", &id, path) == 2 ||
		    sscanf(line, " node %u", &node) == 1 || node ||
		    strcmp(path, GROUP + strlen(CGROUP)) ||
		    sscanf(line, "%lu %lu", &seq, &age) != 2)
			continue;
		g->memcg = id;
		g->youngest = seq;
	}
	fclose(f);
	return g->memcg ? 0 : -ENOENT;
}

/* What was used goes to the youngest generation, and an empty one begins. */
static int grow_older(void)
{
	struct gens g = {};
	int err = read_gens(&g);
	char cmd[128];

	/* All tables are asked. */
	snprintf(cmd, sizeof(cmd), "+ %u 0 %lu 200 1", g.memcg, g.youngest);
	return err ?: write_text(GENERATIONS, cmd);
}

/* Take @nr pages of the generation that was the youngest one two times ago. */
static int take_oldest(unsigned long nr)
{
	struct gens g = {};
	int err = read_gens(&g);
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "- %u 0 %lu 200 %lu", g.memcg, g.youngest - 2, nr);
	return err ?: write_text(GENERATIONS, cmd);
}

/* Two areas, the older one used again since. */
static int use_areas(struct work *w, bool multi_gen)
{
	int err;

	/* Where there are no nodes, it is in node 0 anyway. */
	work_bind(w, 0);
	err = work_map(w, ARENA, SIZE) ?: work_touch(w, ARENA, SIZE);
	err = err ?: work_map(w, ARENA2, SIZE);
	err = err ?: work_touch(w, ARENA2, SIZE);
	err = err ?: forget_refs(w->pid);
	/* Within the youngest generation, all pages are alike. */
	if (multi_gen)
		err = err ?: grow_older();
	return err ?: work_touch(w, ARENA, SIZE);
}

/* Which share of each area is taken, when it is to be half of one. */
static void reclaim_half(struct work *w, bool multi_gen, double *used, double *unused)
{
	int err;

	/* Of generations, memory.reclaim may take far more than it is asked for. */
	if (multi_gen)
		err = grow_older() ?: take_oldest(SIZE / 2 / (4 * KiB));
	else
		err = write_text(GROUP "/memory.reclaim", "8M");
	*used = swapped(w->pid, ARENA, SIZE);
	*unused = swapped(w->pid, ARENA2, SIZE);
	ksft_print_msg("reclaim: %d; swapped out: %.2f of the used, %.2f of the unused\n",
		       err, *used, *unused);
}

/*
 * Reclaim has to take what was not used since, as it does without a monitor, although
 * the monitor came first to the Accessed bits of the other area, and goes on.
 */
TEST_F_TIMEOUT(lru, reclaim_takes_what_was_not_used, 200)
{
	double used[2], unused[2], diff;
	int err;

	if (write_text(LRU_GEN, variant->multi_gen ? "y" : "0") && variant->multi_gen)
		SKIP(return, "no multi-gen LRU");
	err = new_group(self->w);
	if (err)
		SKIP(return, "no memory.reclaim: %d", err);
	err = swap_on();
	if (err)
		SKIP(return, "no swap: %d", err);
	/* No ASSERT from here on, which would leave the swap device in use. */
	EXPECT_EQ(0, use_areas(self->w, variant->multi_gen));
	reclaim_half(self->w, variant->multi_gen, &used[0], &unused[0]);

	work_end(self->w);
	self->w = work_start();
	err = self->w ? new_group(self->w) : -EAGAIN;
	err = err ?: use_areas(self->w, variant->multi_gen);
	err = err ?: pages_add(&self->used, self->w->pid, ARENA, SIZE);
	err = err ?: pages_add(&self->all, self->w->pid, ARENA, SIZE);
	err = err ?: pages_add(&self->all, self->w->pid, ARENA2, SIZE);
	if (!err && variant->physical)
		err = sample_all(self->t, self->s, &self->used, "paddr",
				 rows_of(&self->all, &self->used));
	else if (!err)
		err = sample_process(self->t, self->s, &self->used, self->w, SIZE);
	EXPECT_EQ(0, err);
	if (err)
		return;
	EXPECT_GT(share_idle(&self->used), 0.9);
	reclaim_half(self->w, variant->multi_gen, &used[1], &unused[1]);

	EXPECT_LT(used[0], 0.1);
	EXPECT_LT(used[1], 0.1);
	EXPECT_GT(unused[0], 0.25);
	EXPECT_GT(unused[1], 0.25);
	diff = unused[0] - unused[1];
	EXPECT_LT(diff < 0 ? -diff : diff, 0.1);
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
	struct pages pages;
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
	ASSERT_EQ(0, pages_add(&self->pages, self->w->pid, ARENA, READ));
	ASSERT_EQ(0, sample_process(self->t, self->s, &self->pages, self->w, READ));
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
