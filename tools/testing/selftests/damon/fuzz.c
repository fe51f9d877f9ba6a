// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: whatever is written to the files of sysfs and debugfs, in whatever order and by
 * several writers at once, is taken or refused within a moment; afterwards all of it can be
 * put away, and the monitor works.
 *
 * What is written is made of what the files contain, of all the words that they know, and of
 * numbers at the limits of types; so most of it is nearly right.
 *
 * DAMON_FUZZ_SECS=1200 makes it longer, DAMON_FUZZ_SEED=7 repeats the choices of a run (not
 * the order in which several writers come).
 */
#include <ftw.h>
#include <sys/wait.h>

#include "damon_test.h"

NEEDS_SYSFS;

#define NR_WRITERS	3
#define MAX_FILES	4096
#define SYSFS_ROOT	"/sys/kernel/mm/damon/admin"
/* Of a command; in a debugging kernel on a busy machine it may take some seconds. */
#define MOMENT		(is_too_slow() ? 30 : 10)

static const char * const words[] = {
	/* state */
	"on", "off", "commit", "update_schemes_stats", "update_schemes_tried_regions",
	"update_schemes_tried_bytes", "clear_schemes_tried_regions", "update_tuned_intervals",
	"commit_schemes_quota_goals", "update_schemes_effective_quotas",
	/* operations, actions */
	"vaddr", "fvaddr", "paddr", "willneed", "cold", "pageout", "hugepage", "nohugepage",
	"collapse", "lru_prio", "lru_deprio", "migrate_hot", "migrate_cold", "stat",
	/* filters, goals, watermarks */
	"anon", "active", "memcg", "young", "addr", "target", "hugepage_size", "unmapped",
	"user_input", "some_mem_psi_us", "node_mem_used_bp", "node_mem_free_bp", "refault_bp",
	"consist", "temporal", "none", "free_mem_rate",
	/* debugfs */
	"paddr 0 4096 8192", "5000 100000 1000000 10 1000", "0 0 4096", "pid",
	/* all */
	"Y", "N", "", "\n", " ", "-1", "+1", "0x10", "1 2", "\xff\xfe", "/", "../../..",
};

static const char * const numbers[] = {
	"0", "1", "2", "3", "4", "9", "10", "100", "999", "1000", "4095", "4096", "10000", "10001",
	"100000", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
	"18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211456",
};

struct fuzzer {
	unsigned int seed;
	pid_t pids[2];
	unsigned long nr_writes, nr_taken;
	double slowest;
	char slowest_file[256], slowest_text[64];
};

static char *files[MAX_FILES];
static int nr_files;

static int note_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_F && (st->st_mode & 0200) && nr_files < MAX_FILES)
		files[nr_files++] = strdup(path);
	return 0;
}

/* Directories come and go. */
static void find_files(void)
{
	while (nr_files)
		free(files[--nr_files]);
	nftw(SYSFS_ROOT, note_file, 16, FTW_PHYS);
	nftw(DAMON_DIR, note_file, 16, FTW_PHYS);
}

static unsigned int pick(struct fuzzer *f, unsigned int nr)
{
	return rand_r(&f->seed) % nr;
}

static void make_text(struct fuzzer *f, const char *path, char *text, size_t size)
{
	const char *name = strrchr(path, '/') + 1;
	size_t i, len;

	/* Many directories would hide the others. */
	if (!strncmp(name, "nr_", 3) && pick(f, 20)) {
		snprintf(text, size, "%u", pick(f, 4));
		return;
	}
	if (!strcmp(name, "state") && pick(f, 10)) {
		snprintf(text, size, "%s", words[pick(f, 10)]);
		return;
	}
	switch (pick(f, 8)) {
	case 0:
	case 1:
		snprintf(text, size, "%s", words[pick(f, ARRAY_SIZE(words))]);
		break;
	case 2:
	case 3:
		snprintf(text, size, "%s", numbers[pick(f, ARRAY_SIZE(numbers))]);
		break;
	case 4:
		snprintf(text, size, "%d", f->pids[pick(f, 2)]);
		break;
	case 5:
		snprintf(text, size, "%u", pick(f, 1000000));
		break;
	default:
		/* What it has, with a change. */
		if (read_text(path, text, size))
			text[0] = '\0';
		len = strlen(text);
		for (i = 0; i < 2 && len && pick(f, 2); i++)
			text[pick(f, len)] = "0123456789 -\nxYN\xff"[pick(f, 17)];
	}
}

static void fuzz(struct fuzzer *f, double end)
{
	char text[8192];
	unsigned int i;

	for (i = 0; now() < end; i++) {
		const char *path;
		double began;

		if (!(i % 64))
			find_files();
		if (!nr_files)
			continue;
		path = files[pick(f, nr_files)];
		/* The more of them there are, the rarer a command would be. */
		if (!pick(f, 8))
			path = SYSFS_DIR "/0/state";
		make_text(f, path, text, sizeof(text));
		began = now();
		f->nr_taken += !write_text(path, text);
		f->nr_writes++;
		if (now() - began > f->slowest) {
			f->slowest = now() - began;
			snprintf(f->slowest_file, sizeof(f->slowest_file), "%s", path);
			snprintf(f->slowest_text, sizeof(f->slowest_text), "%s", text);
		}
		if (!pick(f, 4))
			read_text(path, text, sizeof(text));
	}
}

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

FIXTURE(fuzz) {
	struct work *w, *other;
	struct fuzzer *f;
};

FIXTURE_SETUP(fuzz)
{
	ASSERT_EQ(0, sysfs_reset());
	ASSERT_EQ(0, damon_reset());
	self->w = work_start();
	self->other = work_start();
	ASSERT_TRUE(self->w && self->other);
	self->f = mmap(NULL, NR_WRITERS * sizeof(*self->f), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->f);
}

FIXTURE_TEARDOWN(fuzz)
{
	EXPECT_EQ(0, sysfs_reset());
	EXPECT_EQ(0, damon_reset());
	work_end(self->w);
	work_end(self->other);
}

/* The limit is for those who let it run for hours. */
TEST_F_TIMEOUT(fuzz, nothing_that_is_written_does_harm, 100000)
{
	long seed = number_of("DAMON_FUZZ_SEED", time(NULL));
	long secs = number_of("DAMON_FUZZ_SECS", 10);
	struct fuzzer *f = self->f;
	struct work *w = self->w;
	double end = now() + secs;
	pid_t pids[NR_WRITERS];
	int i, status;

	ASSERT_EQ(0, work_map(w, ARENA, 8 * MiB));
	ASSERT_TRUE(work_hot(w, 0, ARENA, 4 * MiB));
	ASSERT_EQ(0, sysfs_make(1));
	ASSERT_EQ(0, sysfs_target(w->pid));
	ASSERT_EQ(0, sysfs_schemes(1));
	for (i = 0; i < NR_WRITERS; i++) {
		f[i].seed = seed + i;
		f[i].pids[0] = w->pid;
		f[i].pids[1] = self->other->pid;
		pids[i] = fork();
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			fuzz(&f[i], end);
			_exit(0);
		}
	}
	for (i = 0; i < NR_WRITERS; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
		TH_LOG("seed %ld: %lu writes, %lu taken; the slowest took %.2f s: '%s' to %s",
		       seed + i, f[i].nr_writes, f[i].nr_taken, f[i].slowest, f[i].slowest_text,
		       f[i].slowest_file);
		EXPECT_LT(0, f[i].nr_taken);
		EXPECT_LT(f[i].slowest, MOMENT);
	}

	/* As if nothing had been. */
	EXPECT_EQ(0, sysfs_reset());
	EXPECT_EQ(0, damon_reset());
	EXPECT_TRUE(wait_for(!nr_kdamonds(), PATIENCE));
	ASSERT_EQ(0, sysfs_make(1));
	ASSERT_EQ(0, sysfs_target(w->pid));
	EXPECT_EQ(0, sysfs_write("0/state", "on"));
	EXPECT_TRUE(sysfs_is("0/state", "on\n"));
	EXPECT_EQ(0, sysfs_write("0/state", "off"));
}

TEST_HARNESS_MAIN
