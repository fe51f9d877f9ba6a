// SPDX-License-Identifier: GPL-2.0
/*
 * The promises to other kernel code: a module can watch processes and physical memory
 * through linux/damon.h alone; and memory that a device uses, by page tables of its
 * own, is seen.
 */
#include "module.h"

#define HOT		(8 * MiB)
#define USER		"damon_test_user"
#define SAMPLE		"damon_sample_reclaim"
#define YOUNG		"damon_test_young"
#define DEVICE		"/dev/" YOUNG

/* What a parameter of a module shows, or a negative errno. */
static long parameter(const char *module, const char *name)
{
	char path[128], text[32];
	int err;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	err = read_text(path, text, sizeof(text));
	return err ?: atol(text);
}

static long result(const char *name)
{
	return parameter(USER, name);
}

FIXTURE(modules) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(modules)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(modules)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	/* Where a test has failed, they may be there yet. */
	unload_module(USER);
	unload_module(SAMPLE);
	unload_module(YOUNG);
}

static long start_hot(struct work *w)
{
	long err = work_map(w, ARENA, HOT);

	if (err)
		return err;
	return work_hot(w, 0, ARENA, HOT) ? 0 : -ETIMEDOUT;
}

/* === A user of the interface === */

TEST_F_TIMEOUT(modules, a_module_watches_both_kinds, 120)
{
	char params[64];
	int err;

	ASSERT_EQ(0, start_hot(self->w));
	snprintf(params, sizeof(params), "pid=%d physical=1", self->w->pid);
	err = load_module(USER, params);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_EQ(2, nr_kdamonds());
	EXPECT_TRUE(wait_for(result("virtual_aggregations") >= 5 &&
			     result("physical_aggregations") >= 5, PATIENCE));
	EXPECT_LT(0, result("virtual_regions"));
	EXPECT_GE(1000, result("virtual_regions"));
	EXPECT_LT(0, result("physical_regions"));
	EXPECT_GE(1000, result("physical_regions"));
	/* Beside them, there is little that it uses. */
	EXPECT_TRUE(wait_for(result("virtual_hot") > (long)HOT / 2 &&
			     result("virtual_hot") < (long)HOT * 2, PATIENCE));
	EXPECT_TRUE(wait_for(result("physical_hot") > 0, PATIENCE));
	TH_LOG("hot: %ld KiB virtual, %ld KiB physical",
	       result("virtual_hot") / 1024, result("physical_hot") / 1024);
	EXPECT_EQ(0, unload_module(USER));
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
}

TEST_F_TIMEOUT(modules, a_module_outlives_what_it_watches, 120)
{
	struct work *w2 = work_start();
	char params[64];
	int err;

	ASSERT_NE(NULL, w2);
	ASSERT_EQ(0, start_hot(w2));
	snprintf(params, sizeof(params), "pid=%d", w2->pid);
	err = load_module(USER, params);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(result("virtual_aggregations") >= 1, PATIENCE));
	EXPECT_EQ(0, result("physical_aggregations"));
	work_end(w2);
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
	EXPECT_EQ(0, unload_module(USER));
}

/* It has chosen the part, and asks and stops the worker. */
TEST_F_TIMEOUT(modules, a_module_watches_a_part_until_it_stops, 120)
{
	const char *stop = "/sys/module/" USER "/parameters/stop";
	char params[128];
	int err;

	ASSERT_EQ(0, start_hot(self->w));
	snprintf(params, sizeof(params), "pid=%d from=%lu to=%lu", self->w->pid, ARENA,
		 ARENA + HOT / 2);
	err = load_module(USER, params);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(result("virtual_hot") > (long)HOT / 4, PATIENCE));
	EXPECT_LT(0, result("virtual_regions"));
	EXPECT_EQ(-EPERM, result("physical_regions"));
	EXPECT_EQ(0, write_text(stop, "1"));
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
	/* Of all mappings it would be twice as much. */
	EXPECT_LT((long)HOT / 4, result("virtual_hot"));
	EXPECT_GE((long)HOT / 2, result("virtual_hot"));
	EXPECT_EQ(-EPERM, result("virtual_regions"));
	EXPECT_EQ(-EPERM, write_text(stop, "1"));
	EXPECT_EQ(0, unload_module(USER));
}

TEST_F(modules, a_module_is_told_of_its_errors)
{
	int err = load_module(USER, "");

	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	EXPECT_EQ(-EINVAL, err);
	EXPECT_EQ(-ESRCH, load_module(USER, "pid=2147483647"));
	EXPECT_EQ(-ESRCH, load_module(USER, "pid=2147483647 physical=1"));
	EXPECT_EQ(-EINVAL, load_module(USER, "pid=1 from=8192 to=4096"));
	EXPECT_EQ(0, nr_kdamonds());
}

/* === The sample === */

#define IDLE_SIZE	(16 * MiB)

/* New settings work at once, and the worker is the same: it knows the idle memory already. */
TEST_F_TIMEOUT(modules, a_module_changes_what_runs, 120)
{
	const char *age = "/sys/module/" SAMPLE "/parameters/min_age_ms";
	char params[64];
	long kdamond;
	int err;

	ASSERT_EQ(0, swap_on());
	ASSERT_EQ(0, start_hot(self->w));
	ASSERT_EQ(0, work_map(self->w, ARENA2, IDLE_SIZE));
	ASSERT_EQ(0, work_touch(self->w, ARENA2, IDLE_SIZE));
	snprintf(params, sizeof(params), "pid=%d min_age_ms=3600000", self->w->pid);
	err = load_module(SAMPLE, params);
	if (err == -ENOENT)
		SKIP(goto out, NO_MODULE);
	ASSERT_EQ(0, err);
	kdamond = find_kdamond();
	ASSERT_LT(0, kdamond);
	sleep(4);
	EXPECT_EQ(0, parameter(SAMPLE, "freed"));
	EXPECT_EQ(-EINVAL, write_text(age, "soon"));
	EXPECT_EQ(3600000, parameter(SAMPLE, "min_age_ms"));
	EXPECT_EQ(0, write_text(age, "2000"));
	EXPECT_EQ(2000, parameter(SAMPLE, "min_age_ms"));
	EXPECT_TRUE(wait_for(map_info(self->w->pid, ARENA2, "Rss:") * KiB < IDLE_SIZE / 4,
			     PATIENCE));
	/* It is told when the pass is over. */
	EXPECT_TRUE(wait_for(parameter(SAMPLE, "freed") > (long)IDLE_SIZE / 2, PATIENCE));
	/* What is used all the time stays. */
	EXPECT_LE(HOT, map_info(self->w->pid, ARENA, "Rss:") * KiB);
	EXPECT_EQ(kdamond, find_kdamond());
	EXPECT_EQ(0, unload_module(SAMPLE));
	EXPECT_EQ(0, nr_kdamonds());
	EXPECT_EQ(-ESRCH, load_module(SAMPLE, "pid=2147483647"));
out:
	swap_off();
}

/* === Probes === */

#define PARENT		"/sys/fs/cgroup"
#define CGROUP		PARENT "/damon_test"
#define EVENT		"events/damon/damon_region_aggregated"
#define INSTANCE	TRACE_DIR "/instances/damon_probes"
#define SZ_PROBED	(96 * MiB)

FIXTURE(probes) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	unsigned long cgroup;
};

/* The process is in a cgroup of its own, and idle. */
FIXTURE_SETUP(probes)
{
	struct stat st;
	char text[32];

	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	self->cgroup = 0;
	if (write_text(PARENT "/cgroup.subtree_control", "+memory"))
		return;
	/* A test that was killed may have left it. */
	rmdir(CGROUP);
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
	ASSERT_EQ(0, stat(CGROUP, &st));
	self->cgroup = st.st_ino;
	snprintf(text, sizeof(text), "%d", self->w->pid);
	ASSERT_EQ(0, write_text(CGROUP "/cgroup.procs", text));
}

FIXTURE_TEARDOWN(probes)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	unload_module(USER);
	rmdir(INSTANCE);
	if (self->cgroup)
		EXPECT_TRUE(wait_for(!rmdir(CGROUP), PATIENCE));
}

/* The number behind @key in a file of such lines, or -1. */
static long number_of(const char *path, const char *key)
{
	static char text[16384];
	char *line;

	if (read_text(path, text, sizeof(text)))
		return -1;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, key, strlen(key)))
			return atol(line + strlen(key));
	return -1;
}

static long bytes_anon(void)
{
	return number_of("/proc/meminfo", "AnonPages:") * 1024;
}

static long bytes_of_cgroup(void)
{
	return number_of(CGROUP "/memory.stat", "anon ") +
		number_of(CGROUP "/memory.stat", "file ");
}

/* With a quarter of room for chance. */
static bool is_about(long found, long there)
{
	return labs(found - there) < there / 4;
}

static long write_file(struct work *w)
{
	static char buf[1 << 20];
	unsigned long i;
	int fd = open("/dev/shm/damon_test", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	unlink("/dev/shm/damon_test");
	for (i = 0; i < w->arg[0]; i += sizeof(buf))
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			return -errno;
	/* It goes with the process. */
	return 0;
}

/* Half of what the cgroup has is anonymous, and half is page cache. */
TEST_F_TIMEOUT(probes, memory_is_found_by_kind_and_cgroup, 120)
{
	char params[64];
	int err;

	if (!self->cgroup)
		SKIP(return, "no cgroups of memory");
	ASSERT_EQ(0, work_map(self->w, ARENA, SZ_PROBED));
	ASSERT_EQ(0, work_touch(self->w, ARENA, SZ_PROBED));
	self->w->arg[0] = SZ_PROBED;
	ASSERT_EQ(0, work_call(self->w, write_file));
	snprintf(params, sizeof(params), "physical=1 cgroup=%lu", self->cgroup);
	err = load_module(USER, params);
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(is_about(result("physical_anon"), bytes_anon()) &&
			     is_about(result("physical_of_cgroup"), bytes_of_cgroup()), PATIENCE));
	TH_LOG("anonymous: %ld of %ld MiB, cgroup: %ld of %ld MiB",
	       result("physical_anon") >> 20, bytes_anon() >> 20,
	       result("physical_of_cgroup") >> 20, bytes_of_cgroup() >> 20);
	EXPECT_LE((long)(2 * SZ_PROBED), bytes_of_cgroup());

	/* What is gone is found no more. */
	ASSERT_EQ(0, work_unmap(self->w, ARENA, SZ_PROBED));
	EXPECT_TRUE(wait_for(is_about(result("physical_of_cgroup"), SZ_PROBED) &&
			     result("physical_anon") < (long)SZ_PROBED / 2, PATIENCE));
}

/* Nobody uses the memory. */
TEST_F_TIMEOUT(probes, regions_adapt_to_an_attribute_with_a_weight, 120)
{
	int err;

	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * SZ_PROBED));
	ASSERT_EQ(0, work_touch(self->w, ARENA, 2 * SZ_PROBED));
	err = load_module(USER, "physical=1 weight=5");
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(wait_for(is_about(result("physical_hot"), bytes_anon()), PATIENCE));
	TH_LOG("anonymous: %ld of %ld MiB, in %ld regions", result("physical_hot") >> 20,
	       bytes_anon() >> 20, result("physical_regions"));
}

TEST_F_TIMEOUT(probes, event_has_the_documented_fields_and_text, 120)
{
	static const char * const parts[] = {
		"field:unsigned long target_id;", "field:unsigned long start;",
		"field:unsigned long end;", "field:unsigned int nr_regions;",
		"field:unsigned int nr_accesses;", "field:unsigned int age;",
		"field:__data_loc u8[] probe_hits;",
		"print fmt: \"target_id=%lu nr_regions=%u %lu-%lu: %u %u probe_hits=%s\"",
	};
	static char text[65536];
	unsigned int nr, accesses, age, hits[2], nr_found = 0, i;
	unsigned long target, start, end;
	char *event, again[256];
	ssize_t n, len = 0;
	int fd, err;

	ASSERT_EQ(0, read_text(TRACE_DIR "/" EVENT "/format", text, sizeof(text)));
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		EXPECT_NE(NULL, strstr(text, parts[i]))
			TH_LOG("no '%s'", parts[i]);
	}

	ASSERT_EQ(0, work_map(self->w, ARENA, 2 * SZ_PROBED));
	ASSERT_EQ(0, work_touch(self->w, ARENA, 2 * SZ_PROBED));
	rmdir(INSTANCE);
	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	ASSERT_EQ(0, write_text(INSTANCE "/" EVENT "/enable", "1"));
	/* A monitor without probes has no such event. */
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	fd = open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, text, sizeof(text)));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));

	err = load_module(USER, "physical=1");
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	/* Some regions have much anonymous memory: the first byte has the number. */
	ASSERT_TRUE(wait_for(result("physical_anon") > (long)SZ_PROBED, PATIENCE));
	ASSERT_EQ(0, unload_module(USER));
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	/* The last line may be cut off. */
	while (len && text[len - 1] != '\n')
		len--;
	text[len] = 0;
	for (event = strtok(text, "\n"); event; event = strtok(NULL, "\n")) {
		event = strstr(event, "target_id=");
		if (!event)
			continue;
		nr = sscanf(event, "target_id=%lu nr_regions=%u %lu-%lu: %u %u probe_hits=%x %x",
			    &target, &i, &start, &end, &accesses, &age, &hits[0], &hits[1]);
		ASSERT_EQ(8, nr);
		snprintf(again, sizeof(again),
			 "target_id=%lu nr_regions=%u %lu-%lu: %u %u probe_hits=%02x %02x",
			 target, i, start, end, accesses, age, hits[0], hits[1]);
		ASSERT_STREQ(again, event);
		EXPECT_GE(NR_SAMPLES, hits[0]);
		EXPECT_EQ(0, hits[1]);
		nr_found += hits[0] > 0;
	}
	EXPECT_LT(0, nr_found);
}

/* === A device with Accessed bits of its own === */

static int young_fd;

static long do_open(struct work *w)
{
	young_fd = open(DEVICE, O_WRONLY | O_CLOEXEC);
	return young_fd < 0 ? -errno : 0;
}

/* The device uses [arg[0], arg[1]) until arg[2] says stop.  Nobody else does. */
static long do_use(struct work *w)
{
	char text[64];
	size_t len = snprintf(text, sizeof(text), "%lu %lu", w->arg[0], w->arg[1]);

	while (!load(&w->arg[2])) {
		if (write(young_fd, text, len) != (ssize_t)len)
			return -errno;
		usleep(1000);
	}
	return 0;
}

static void device_begin(struct work *w, unsigned long start, unsigned long end)
{
	w->arg[0] = start;
	w->arg[1] = end;
	w->arg[2] = 0;
	store(&w->call, do_use);
}

static long device_end(struct work *w)
{
	store(&w->arg[2], 1);
	return wait_for(!load(&w->call), PATIENCE) ? w->ret : -ETIMEDOUT;
}

FIXTURE(young) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_VARIANT(young) {
	bool physical;
};

FIXTURE_VARIANT_ADD(young, by_virtual_address) { .physical = false };
FIXTURE_VARIANT_ADD(young, by_physical_address) { .physical = true };

FIXTURE_SETUP(young)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(young)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
	/* The process has had the device open. */
	wait_for(unload_module(YOUNG) != -EWOULDBLOCK, PATIENCE);
}

/* The bit of the device is read, and it is cleared: it is not seen for ever. */
TEST_F_TIMEOUT(young, accesses_of_a_device_are_seen, 120)
{
	double before, during, after;
	unsigned long start = ARENA;
	struct pages page = {};
	char text[64];
	int err;

	err = load_module(YOUNG, "");
	if (err == -ENOENT)
		SKIP(return, NO_MODULE);
	ASSERT_EQ(0, err);
	ASSERT_TRUE(wait_for(!access(DEVICE, F_OK), PATIENCE));
	ASSERT_EQ(0, work_call(self->w, do_open));
	ASSERT_EQ(0, work_map(self->w, ARENA, MiB));
	ASSERT_EQ(0, work_touch(self->w, ARENA, MiB));
	snprintf(text, sizeof(text), "fvaddr %d", self->w->pid);
	if (variant->physical) {
		ASSERT_EQ(0, pages_add(&page, self->w->pid, ARENA, 4 * KiB));
		start = page.pfn[0] * 4 * KiB;
		strcpy(text, "paddr");
	}
	ASSERT_EQ(0, damon_write("attrs", TEST_ATTRS));
	ASSERT_EQ(0, damon_write("target_ids", text));
	ASSERT_EQ(0, damon_init_regions(start, start + 4 * KiB));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));

	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	before = mean_heat(self->t, 0, start, start + 4 * KiB, 4);
	device_begin(self->w, ARENA, ARENA + 4 * KiB);
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	during = mean_heat(self->t, 0, start, start + 4 * KiB, 4);
	ASSERT_EQ(0, device_end(self->w));
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	after = mean_heat(self->t, 0, start, start + 4 * KiB, 4);
	TH_LOG("%.1f, %.1f, %.1f of %d", before, during, after, NR_SAMPLES);
	EXPECT_LT(before, NR_SAMPLES / 10.);
	EXPECT_GT(during, NR_SAMPLES / 2.);
	EXPECT_LT(after, NR_SAMPLES / 10.);

	/* And what the device has not is not. */
	device_begin(self->w, ARENA + 4 * KiB, ARENA + MiB);
	ASSERT_EQ(0, trace_after(self->t, self->s, now()));
	EXPECT_LT(mean_heat(self->t, 0, start, start + 4 * KiB, 4), NR_SAMPLES / 10.);
	EXPECT_EQ(0, device_end(self->w));
	free(page.pfn);
}

TEST_HARNESS_MAIN
