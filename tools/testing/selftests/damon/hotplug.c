// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: memory that is plugged in or out, or set online or offline, while
 * physical memory is watched, is in or out of the regions within the regions update
 * interval; what was counted of the rest is kept; and nothing that the monitor does
 * keeps memory from going away.
 *
 * Needs a machine that plugs memory when it is asked: the guest of this project,
 * see its script "host".
 */
#include <poll.h>

#include "damon_test.h"

#define HOST		"/dev/damon-host"
#define MEMORY		"/sys/devices/system/memory"
#define NODE		"/sys/devices/system/node/node1"
#define DIMM		(256 * MiB)
#define HOT		(16 * MiB)
#define MAX_BLOCKS	4096
/* Regions that are small enough for hot memory to be found soon. */
#define ATTRS		"10000 200000 2000000 100 1000"

struct dimm {
	int host;
	unsigned long block_size;
	/* The blocks of memory without it. */
	bool before[MAX_BLOCKS];
	/* No end, when there is none. */
	unsigned long start, end;
};

/* A block of another DIMM, or of what the machine began with, that was online. */
struct taken {
	unsigned long block;
	bool movable;
};

FIXTURE(hotplug) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	struct work *other;
	struct pages hot;
	struct dimm d;
	struct taken taken[MAX_BLOCKS];
	unsigned int nr_taken;
};

/* === The machine === */

static int ask(int host, const char *request)
{
	struct pollfd p = { .fd = host, .events = POLLIN };
	double end = now() + PATIENCE;
	char answer[256];
	size_t len = 0;

	/* What nobody waited for. */
	while (read(host, answer, sizeof(answer)) > 0)
		;
	if (write(host, request, strlen(request)) != (ssize_t)strlen(request))
		return -EIO;
	while (len < sizeof(answer) - 1 && now() < end) {
		poll(&p, 1, 1000);
		if (read(host, answer + len, 1) == 1 && answer[len++] == '\n') {
			answer[len] = '\0';
			if (!strcmp(answer, "ok\n"))
				return 0;
			ksft_print_msg("%s", answer);
			return -EIO;
		}
	}
	return -ETIMEDOUT;
}

/* The first block that was not there before, and how many. */
static unsigned long new_blocks(const bool *before, unsigned long *nr)
{
	unsigned long block, first = MAX_BLOCKS;
	DIR *dir = opendir(MEMORY);
	struct dirent *entry;

	*nr = 0;
	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "memory%lu", &block) != 1 ||
		    block >= MAX_BLOCKS || before[block])
			continue;
		++*nr;
		if (block < first)
			first = block;
	}
	if (dir)
		closedir(dir);
	return first;
}

static bool nr_new_blocks_is(const bool *before, unsigned long want)
{
	unsigned long nr;

	new_blocks(before, &nr);
	return nr == want;
}

/* Memory is offline when it comes, unless the kernel is told otherwise. */
static int dimm_plug(struct dimm *d)
{
	unsigned long first, nr, want = DIMM / d->block_size;
	int err = ask(d->host, "plug 256 1\n");

	if (err)
		return err;
	if (!wait_for(nr_new_blocks_is(d->before, want), PATIENCE))
		return -ETIMEDOUT;
	first = new_blocks(d->before, &nr);
	d->start = first * d->block_size;
	d->end = d->start + DIMM;
	return 0;
}

static int set_block(unsigned long block, const char *state)
{
	char path[128];

	snprintf(path, sizeof(path), MEMORY "/memory%lu/state", block);
	return write_text(path, state);
}

static bool block_is(unsigned long block, const char *file, const char *word)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), MEMORY "/memory%lu/%s", block, file);
	return !read_text(path, text, sizeof(text)) && !strncmp(text, word, strlen(word));
}

static int give_back(const struct taken *t)
{
	return set_block(t->block, t->movable ? "online_movable" : "online");
}

/* The state "offline" takes some tries where pages are in use for a moment. */
static int dimm_set(struct dimm *d, const char *state)
{
	double end = now() + PATIENCE;
	unsigned long addr;
	int err = 0;

	for (addr = d->start; addr < d->end && !err; addr += d->block_size) {
		while ((err = set_block(addr / d->block_size, state)) &&
		       (err == -EBUSY || err == -EAGAIN) && now() < end)
			usleep(10000);
	}
	return err;
}

/* Also where its memory is online. */
static int dimm_unplug(struct dimm *d)
{
	int err = ask(d->host, "unplug\n");

	if (!err && !wait_for(nr_new_blocks_is(d->before, 0), PATIENCE))
		err = -ETIMEDOUT;
	if (!err)
		d->end = 0;
	return err;
}

FIXTURE_SETUP(hotplug)
{
	unsigned long nr, i;
	char text[64];

	self->d.host = open(HOST, O_RDWR | O_NONBLOCK);
	if (self->d.host < 0)
		SKIP(return, "no " HOST ": not in the guest");
	ASSERT_EQ(0, read_text(MEMORY "/block_size_bytes", text, sizeof(text)));
	self->d.block_size = strtoul(text, NULL, 16);
	for (i = 0; i < MAX_BLOCKS; i++) {
		snprintf(text, sizeof(text), MEMORY "/memory%lu", i);
		self->d.before[i] = !access(text, F_OK);
	}
	new_blocks(self->d.before, &nr);
	ASSERT_EQ(0, nr);
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(hotplug)
{
	work_end(self->other);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	if (self->d.end)
		EXPECT_EQ(0, dimm_unplug(&self->d));
	while (self->nr_taken)
		EXPECT_EQ(0, give_back(&self->taken[--self->nr_taken]));
	if (self->d.host >= 0)
		close(self->d.host);
}

/* === What the monitor makes of it === */

/* A process that keeps memory of node 1 hot: of the DIMM, as far as there is one. */
static int start_other(struct work **other)
{
	struct work *w = work_start();
	int err;

	*other = w;
	if (!w)
		return -ENOMEM;
	err = work_bind(w, 1);
	err = err ?: work_map(w, ARENA, HOT);
	if (err)
		return err;
	return work_hot(w, 0, ARENA, HOT) ? 0 : -ETIMEDOUT;
}

/* How fast hot memory is found is not promised. */
static double wait_until_hot(struct trace *t, struct snapshot *s, const struct pages *p)
{
	double hot = 0;
	int i, err;

	for (i = 0; i < 100 && hot < NR_SAMPLES / 2; i++) {
		err = trace_next(t, s);
		if (err)
			return err;
		hot = pages_heat(s, p);
	}
	ksft_print_msg("%.1f of %d after %d aggregations\n", hot, NR_SAMPLES, i);
	return hot;
}

TEST_F_TIMEOUT(hotplug, a_dimm_is_followed_as_it_comes_and_goes, 300)
{
	unsigned long all;
	double time;

	ASSERT_EQ(0, work_map(self->w, ARENA, HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", NULL));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	all = covered(self->s, 0, 0, ~0UL);

	ASSERT_EQ(0, dimm_plug(&self->d));
	TH_LOG("DIMM at %lu MiB", self->d.start / MiB);
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	time = now();
	EXPECT_IN_TIME(time, 0, self->d.start, self->d.end, DIMM);
	EXPECT_EQ(all + DIMM, covered(self->s, 0, 0, ~0UL));

	ASSERT_EQ(0, start_other(&self->other));
	ASSERT_EQ(0, pages_add(&self->hot, self->other->pid, ARENA, HOT));
	EXPECT_LE(self->hot.nr * 9 / 10, pages_within(&self->hot, self->d.start, self->d.end));
	EXPECT_LE(NR_SAMPLES / 2, wait_until_hot(self->t, self->s, &self->hot));

	/* The hot memory moves somewhere else, while it is in use. */
	ASSERT_EQ(0, dimm_set(&self->d, "offline"));
	time = now();
	EXPECT_IN_TIME(time, 0, self->d.start, self->d.end, 0);
	EXPECT_EQ(all, covered(self->s, 0, 0, ~0UL));
	ASSERT_EQ(0, dimm_unplug(&self->d));
	EXPECT_TRUE(work_passes(self->other, 1));
	EXPECT_EQ(0, trace_next(self->t, self->s));
}

/* Nobody sets it offline before: the kernel does as the DIMM is pulled. */
TEST_F_TIMEOUT(hotplug, a_dimm_in_use_can_be_pulled, 300)
{
	double time;

	ASSERT_EQ(0, dimm_plug(&self->d));
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	ASSERT_EQ(0, start_other(&self->other));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", NULL));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(DIMM, covered(self->s, 0, self->d.start, self->d.end));
	ASSERT_EQ(0, ask(self->d.host, "unplug\n"));
	time = now();
	EXPECT_IN_TIME(time, 0, self->d.start, self->d.end, 0);
	ASSERT_TRUE(wait_for(nr_new_blocks_is(self->d.before, 0), PATIENCE));
	self->d.end = 0;
	EXPECT_TRUE(work_passes(self->other, 1));
}

TEST_F_TIMEOUT(hotplug, memory_of_a_node_is_in_its_target, 300)
{
	double time;

	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr 0 1", NULL));
	ASSERT_EQ(0, dimm_plug(&self->d));
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	time = now();
	EXPECT_IN_TIME(time, 1, self->d.start, self->d.end, DIMM);
	EXPECT_EQ(0, covered(self->s, 0, self->d.start, self->d.end));
}

TEST_F_TIMEOUT(hotplug, given_ranges_are_watched_while_they_are_online, 300)
{
	unsigned long ram = 64 * MiB;
	char rows[256], row[128];
	double time;

	ASSERT_EQ(0, dimm_plug(&self->d));
	snprintf(row, sizeof(row), "0 %lu %lu\n", self->d.start + MiB, self->d.end - MiB);
	snprintf(rows, sizeof(rows), "0 %lu %lu\n%s", ram, ram + 4 * MiB, row);
	ASSERT_EQ(0, damon_write("target_ids", "paddr"));
	EXPECT_EQ(-ENXIO, damon_write("init_regions", row));
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	ASSERT_EQ(0, damon_on_ids(ATTRS, "paddr", rows));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(DIMM + 2 * MiB, covered(self->s, 0, 0, ~0UL));

	ASSERT_EQ(0, dimm_set(&self->d, "offline"));
	time = now();
	EXPECT_IN_TIME(time, 0, 0, ~0UL, 4 * MiB);
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	time = now();
	EXPECT_IN_TIME(time, 0, 0, ~0UL, DIMM + 2 * MiB);
}

/* The highest block of node 1 that is online, or -ENOENT. */
static long highest_online(void)
{
	DIR *dir = opendir(NODE);
	struct dirent *entry;
	long highest = -ENOENT, block;

	while (dir && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "memory%ld", &block) == 1 && block > highest &&
		    block_is(block, "state", "online"))
			highest = block;
	if (dir)
		closedir(dir);
	return highest;
}

/* The highest first: what the kernel needs for a node is there, and stays. */
static int empty_node(struct taken *taken, unsigned int *nr)
{
	long block;
	int err;

	while ((block = highest_online()) >= 0) {
		taken[*nr].block = block;
		taken[*nr].movable = block_is(block, "valid_zones", "Movable");
		err = set_block(block, "offline");
		if (err)
			return err;
		++*nr;
	}
	return 0;
}

TEST_F_TIMEOUT(hotplug, a_node_without_memory_is_refused, 300)
{
	int err = empty_node(self->taken, &self->nr_taken);

	if (err)
		SKIP(return, "node 1 has memory that it does not give: %d", err);
	/* The node is there also if it had none before, with memory that is offline. */
	ASSERT_EQ(0, dimm_plug(&self->d));
	ASSERT_EQ(0, access(NODE, F_OK));
	ASSERT_EQ(0, damon_write("target_ids", "paddr 0"));
	EXPECT_EQ(-ENXIO, damon_write("target_ids", "paddr 1"));
	EXPECT_EQ(-ENXIO, damon_write("target_ids", "paddr 0 1"));
	EXPECT_STREQ("paddr 0\n", damon_read("target_ids"));

	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	EXPECT_EQ(0, damon_write("target_ids", "paddr 1"));
	EXPECT_STREQ("paddr 1\n", damon_read("target_ids"));

	ASSERT_EQ(0, dimm_set(&self->d, "offline"));
	EXPECT_EQ(-ENXIO, damon_write("target_ids", "paddr 0 1"));
	EXPECT_STREQ("paddr 1\n", damon_read("target_ids"));
	EXPECT_EQ(-ENXIO, damon_write("monitor_on", "on"));
}

static int flip(struct dimm *d, unsigned long *flips)
{
	int err;

	for (;;) {
		err = dimm_set(d, "offline") ?: dimm_set(d, "online_movable");
		if (err)
			return err;
		store(flips, *flips + 1);
	}
}

/*
 * With an update after every other sample, counts that an update loses never
 * get beyond two.
 */
TEST_F_TIMEOUT(hotplug, counts_of_the_rest_are_kept, 300)
{
	unsigned long *flips = mmap(NULL, 4 * KiB, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double sum = 0;
	int i, nr = 20;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, flips);
	ASSERT_EQ(0, work_map(self->w, ARENA, HOT));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, HOT));
	ASSERT_EQ(0, pages_add(&self->hot, self->w->pid, ARENA, HOT));
	ASSERT_EQ(0, dimm_plug(&self->d));
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	ASSERT_EQ(0, damon_on_ids("10000 200000 20000 100 1000", "paddr", NULL));
	EXPECT_LE(NR_SAMPLES / 2, wait_until_hot(self->t, self->s, &self->hot));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(flip(&self->d, flips) != 0);
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		EXPECT_EQ(self->hot.nr, pages_covered(self->s, 0, &self->hot));
		sum += pages_heat(self->s, &self->hot);
	}
	EXPECT_TRUE(wait_for(load(flips) > 1, PATIENCE));
	/* It ends by itself only where a state was refused. */
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TH_LOG("mean %.1f of %d, %lu times offline", sum / nr, NR_SAMPLES, load(flips));
	EXPECT_GT(sum / nr, NR_SAMPLES / 4);
	munmap(flips, 4 * KiB);
}

/* Each page is sampled many times a second, and still no reference is left. */
TEST_F_TIMEOUT(hotplug, memory_that_is_watched_closely_can_go_offline, 300)
{
	char row[128];
	int i;

	/* Reports are few: nobody reads them while memory goes offline, for many seconds. */
	self->t->max_accesses = 500;
	ASSERT_EQ(0, dimm_plug(&self->d));
	ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
	ASSERT_EQ(0, start_other(&self->other));
	snprintf(row, sizeof(row), "0 %lu %lu\n", self->d.start, self->d.end);
	ASSERT_EQ(0, damon_on_ids("2000 1000000 100000 500 1000", "paddr", row));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, dimm_set(&self->d, "offline"));
		ASSERT_EQ(0, dimm_set(&self->d, "online_movable"));
		/* Back to where it is watched. */
		work_end(self->other);
		self->other = NULL;
		ASSERT_EQ(0, start_other(&self->other));
		ASSERT_EQ(0, trace_next(self->t, self->s));
	}
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	EXPECT_EQ(0, dimm_set(&self->d, "offline"));
}

TEST_HARNESS_MAIN
