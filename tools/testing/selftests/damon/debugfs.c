// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: a setting is taken whole or refused whole, with the error that
 * is documented; nothing but root gets at it.
 */
#include <grp.h>
#include <sys/klog.h>

#include "damon_test.h"

#define GOOD_ATTRS	"6000 120000 1200000 11 1100\n"

/* === One write === */

FIXTURE(write) {
	struct work *w;
	struct work *w2;
	char ids[64];
};

/*
 * In text and in what is read back afterwards, P and Q stand for the numbers of
 * two processes.  No @reads: the old setting, which is never the default.
 */
FIXTURE_VARIANT(write) {
	const char *file;
	const char *text;
	int err;
	const char *reads;
};

FIXTURE_VARIANT_ADD(write, attrs) {
	.file = "attrs",
	.text = "1000 20000 300000 4 50",
	.reads = "1000 20000 300000 4 50\n",
};

FIXTURE_VARIANT_ADD(write, attrs_newline) {
	.file = "attrs",
	.text = "1000 20000 300000 4 50\n",
	.reads = "1000 20000 300000 4 50\n",
};

FIXTURE_VARIANT_ADD(write, attrs_blanks) {
	.file = "attrs",
	.text = " 1000  20000\t300000 4\n50  ",
	.reads = "1000 20000 300000 4 50\n",
};

FIXTURE_VARIANT_ADD(write, attrs_all_equal) {
	.file = "attrs", .text = "7 7 7 7 7", .reads = "7 7 7 7 7\n",
};

FIXTURE_VARIANT_ADD(write, attrs_least) {
	.file = "attrs", .text = "1 1 0 3 3", .reads = "1 1 0 3 3\n",
};

FIXTURE_VARIANT_ADD(write, attrs_empty) {
	.file = "attrs", .text = "", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_newline_only) {
	.file = "attrs", .text = "\n", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_four) {
	.file = "attrs", .text = "1000 20000 300000 4", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_six) {
	.file = "attrs", .text = "1000 20000 300000 4 50 6", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_word) {
	.file = "attrs", .text = "abc 20000 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_junk_behind) {
	.file = "attrs", .text = "1000 20000 300000 4 50x", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_word_behind) {
	.file = "attrs", .text = "1000 20000 300000 4 50 x", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_junk_inside) {
	.file = "attrs", .text = "1000 2000z 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_negative) {
	.file = "attrs", .text = "-1000 20000 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_negative_max) {
	.file = "attrs", .text = "1000 20000 300000 4 -50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_plus) {
	.file = "attrs", .text = "+1000 20000 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_hex) {
	.file = "attrs", .text = "0x1000 20000 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_comma) {
	.file = "attrs", .text = "1000,20000,300000,4,50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_overflow) {
	.file = "attrs",
	.text = "1000 18446744073709551616 300000 4 50",
	.err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_overflow_far) {
	.file = "attrs",
	.text = "1000 20000 300000 4 99999999999999999999999",
	.err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_sample_zero) {
	.file = "attrs", .text = "0 20000 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_sample_above_aggr) {
	.file = "attrs", .text = "20001 20000 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_aggr_zero) {
	.file = "attrs", .text = "1000 0 300000 4 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_min_two) {
	.file = "attrs", .text = "1000 20000 300000 2 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_min_zero) {
	.file = "attrs", .text = "1000 20000 300000 0 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, attrs_min_above_max) {
	.file = "attrs", .text = "1000 20000 300000 51 50", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, ids_two) {
	.file = "target_ids", .text = "P Q", .reads = "P Q\n",
};

FIXTURE_VARIANT_ADD(write, ids_turned) {
	.file = "target_ids", .text = "Q P\n", .reads = "Q P\n",
};

FIXTURE_VARIANT_ADD(write, ids_until_word) {
	.file = "target_ids", .text = "P Q abc P", .reads = "P Q\n",
};

FIXTURE_VARIANT_ADD(write, ids_word_first) {
	.file = "target_ids", .text = "abc P Q", .reads = "\n",
};

FIXTURE_VARIANT_ADD(write, ids_mixed_word) {
	.file = "target_ids", .text = "P 1abc Q", .reads = "P\n",
};

FIXTURE_VARIANT_ADD(write, ids_minus) {
	.file = "target_ids", .text = "P -1", .reads = "P\n",
};

FIXTURE_VARIANT_ADD(write, ids_empty) {
	.file = "target_ids", .text = "", .reads = "\n",
};

FIXTURE_VARIANT_ADD(write, ids_newline) {
	.file = "target_ids", .text = "\n", .reads = "\n",
};

FIXTURE_VARIANT_ADD(write, ids_no_process) {
	.file = "target_ids", .text = "4194304", .err = -ESRCH,
};

FIXTURE_VARIANT_ADD(write, ids_no_process_second) {
	.file = "target_ids", .text = "P 4194304", .err = -ESRCH,
};

FIXTURE_VARIANT_ADD(write, ids_zero) {
	.file = "target_ids", .text = "0", .err = -ESRCH,
};

FIXTURE_VARIANT_ADD(write, ids_beyond_int) {
	.file = "target_ids", .text = "4294967297", .err = -ESRCH,
};

FIXTURE_VARIANT_ADD(write, ids_bad_fd) {
	.file = "target_ids", .text = "pidfd 1000", .err = -EBADF,
};

FIXTURE_VARIANT_ADD(write, ids_fd_beyond_int) {
	.file = "target_ids", .text = "pidfd 4294967296", .err = -EBADF,
};

FIXTURE_VARIANT_ADD(write, ids_overflow) {
	.file = "target_ids", .text = "18446744073709551617", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_one) {
	.file = "init_regions",
	.text = "0 4096 40960",
	.reads = "0 4096 40960\n",
};

FIXTURE_VARIANT_ADD(write, regions_two) {
	.file = "init_regions",
	.text = "0 4096 8192\n0 8192 12288\n",
	.reads = "0 4096 8192\n0 8192 12288\n",
};

FIXTURE_VARIANT_ADD(write, regions_empty) {
	.file = "init_regions", .text = "", .reads = "",
};

FIXTURE_VARIANT_ADD(write, regions_two_numbers) {
	.file = "init_regions", .text = "0 4096", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_four_numbers) {
	.file = "init_regions", .text = "0 4096 8192 1", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_no_target) {
	.file = "init_regions", .text = "1 4096 8192", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_far_target) {
	.file = "init_regions", .text = "4294967296 4096 8192", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_empty_range) {
	.file = "init_regions", .text = "0 4096 4096", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_backwards) {
	.file = "init_regions", .text = "0 8192 4096", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_overlap) {
	.file = "init_regions",
	.text = "0 4096 12288\n0 8192 16384",
	.err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_descend) {
	.file = "init_regions",
	.text = "0 8192 12288\n0 4096 8192",
	.err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_second_bad) {
	.file = "init_regions", .text = "0 4096 8192\n0 8192 x", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_negative) {
	.file = "init_regions", .text = "0 -4096 8192", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_word) {
	.file = "init_regions", .text = "abc", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, regions_overflow) {
	.file = "init_regions",
	.text = "0 4096 18446744073709551616",
	.err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, on_empty) {
	.file = "monitor_on", .text = "", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, on_prefix) {
	.file = "monitor_on", .text = "o", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, off_prefix) {
	.file = "monitor_on", .text = "of", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, on_longer) {
	.file = "monitor_on", .text = "onn", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, on_two) {
	.file = "monitor_on", .text = "on off", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, on_number) {
	.file = "monitor_on", .text = "1", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, on_case) {
	.file = "monitor_on", .text = "ON", .err = -EINVAL,
};

FIXTURE_VARIANT_ADD(write, off_when_off) {
	.file = "monitor_on", .text = "off", .err = -EPERM,
};

/* @text with the numbers of the processes in it. */
static const char *fill_in(const char *text, pid_t p, pid_t q)
{
	static char buf[256];
	size_t len = 0;

	for (; *text; text++) {
		if (*text == 'P' || *text == 'Q')
			len += sprintf(buf + len, "%d", *text == 'P' ? p : q);
		else
			buf[len++] = *text;
	}
	buf[len] = '\0';
	return buf;
}

FIXTURE_SETUP(write)
{
	ASSERT_EQ(0, damon_reset());
	self->w = work_start();
	self->w2 = work_start();
	ASSERT_NE(NULL, self->w);
	ASSERT_NE(NULL, self->w2);
	/* Something else than the defaults, so that a reset shows. */
	ASSERT_EQ(0, damon_write("attrs", GOOD_ATTRS));
	snprintf(self->ids, sizeof(self->ids), "%d\n", self->w->pid);
	ASSERT_EQ(0, damon_write("target_ids", self->ids));
	ASSERT_EQ(0, damon_write("init_regions", "0 40960 81920"));
}

FIXTURE_TEARDOWN(write)
{
	EXPECT_EQ(0, damon_reset());
	work_end(self->w);
	work_end(self->w2);
}

TEST_F(write, is_taken_whole_or_refused_whole)
{
	const char *text = fill_in(variant->text, self->w->pid, self->w2->pid);

	EXPECT_EQ(variant->err, damon_write(variant->file, text));
	if (variant->reads) {
		text = fill_in(variant->reads, self->w->pid, self->w2->pid);
		EXPECT_STREQ(text, damon_read(variant->file));
		return;
	}
	EXPECT_STREQ(GOOD_ATTRS, damon_read("attrs"));
	EXPECT_STREQ(self->ids, damon_read("target_ids"));
	EXPECT_STREQ("0 40960 81920\n", damon_read("init_regions"));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
}

/* === All the rest === */

FIXTURE(files) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(files)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(files)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

TEST_F(files, defaults)
{
	EXPECT_STREQ(DEFAULT_ATTRS "\n", damon_read("attrs"));
	EXPECT_STREQ("\n", damon_read("target_ids"));
	EXPECT_STREQ("", damon_read("init_regions"));
	EXPECT_STREQ("none\n", damon_read("kdamond_pid"));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
}

static int write_count(const char *file, const void *buf, size_t count)
{
	int fd = open(damon_path(file), O_WRONLY);
	long n;

	if (fd < 0)
		return -errno;
	/* Not write(): the compiler knows the size of buf. */
	n = syscall(SYS_write, fd, buf, count);
	n = n < 0 ? -errno : n;
	close(fd);
	return n;
}

/* How many lines of the kernel log say a word of warning. */
static int nr_warnings(void)
{
	static const char * const words[] = {
		"WARNING:", "BUG:", "page allocation failure",
	};
	static char log[1 << 21];
	int len = klogctl(3, log, sizeof(log) - 1), nr = 0;
	unsigned int i;

	log[len < 0 ? 0 : len] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *p = log;

		while ((p = strstr(p, words[i]))) {
			p++;
			nr++;
		}
	}
	return nr;
}

TEST_F(files, a_huge_count_is_refused_and_makes_no_noise)
{
	static const char * const names[] = {
		"attrs", "target_ids", "init_regions", "monitor_on",
		"mk_contexts", "rm_contexts",
	};
	size_t size = 2 * MiB;
	/* Far from the end of the addresses, which the kernel looks at first. */
	char *buf = mmap((void *)ARENA, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	int before = nr_warnings();
	unsigned int i;

	ASSERT_NE(MAP_FAILED, buf);
	memset(buf, ' ', size);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		EXPECT_EQ(-ENOMEM, write_count(names[i], buf, 0xfffff000));
		EXPECT_EQ(-ENOMEM, write_count(names[i], buf, size));
		EXPECT_EQ(-ENOMEM, write_count(names[i], buf, MiB + 1));
		/* A bad address is no crash either. */
		EXPECT_EQ(-EFAULT, write_count(names[i], NULL, 100));
	}
	/* What is still allowed, with the setting at its very end. */
	memcpy(buf + MiB - 26, "1000 20000 300000 4 500000", 26);
	EXPECT_EQ(MiB, write_count("attrs", buf, MiB));
	EXPECT_STREQ("1000 20000 300000 4 500000\n", damon_read("attrs"));
	EXPECT_EQ(before, nr_warnings());
	munmap(buf, size);
}

TEST_F(files, a_huge_read_gives_what_is_there)
{
	/* Not on the stack: 2 GiB from there may be above all addresses. */
	static char buf[256];
	int fd = open(damon_path("attrs"), O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ((long)strlen(DEFAULT_ATTRS) + 1,
		  syscall(SYS_read, fd, buf, 0x7ffff000UL));
	EXPECT_EQ(0, read(fd, buf, sizeof(buf)));
	close(fd);
}

TEST_F(files, a_setting_is_one_write)
{
	static const char first[] = "1000 20000 300000 4 50", second[] = "7 7 7 7 7";
	int fd = open(damon_path("attrs"), O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ((long)strlen(first), write(fd, first, strlen(first)));
	EXPECT_EQ(-1, write(fd, second, strlen(second)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, lseek(fd, 1, SEEK_SET));
	EXPECT_EQ(-1, write(fd, second, strlen(second)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, second, strlen(second), 1));
	EXPECT_STREQ("1000 20000 300000 4 50\n", damon_read("attrs"));

	/* Back at the start it is a setting again. */
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ((long)strlen(second), write(fd, second, strlen(second)));
	EXPECT_STREQ("7 7 7 7 7\n", damon_read("attrs"));
	close(fd);

	/* Half a setting is none. */
	fd = open(damon_path("attrs"), O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "1000 20000 ", 11));
	EXPECT_EQ(-1, write(fd, "300000 4 50", 11));
	close(fd);
	EXPECT_STREQ("7 7 7 7 7\n", damon_read("attrs"));
}

TEST_F(files, on_needs_a_target)
{
	EXPECT_EQ(-EINVAL, damon_write("monitor_on", "on"));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
}

TEST_F(files, more_targets_than_regions_are_refused)
{
	char ids[256];

	ASSERT_EQ(0, damon_write("attrs", "5000 100000 1000000 3 3"));
	snprintf(ids, sizeof(ids), "%1$d %1$d %1$d %1$d", self->w->pid);
	EXPECT_EQ(-EINVAL, damon_write("target_ids", ids));
	EXPECT_STREQ("\n", damon_read("target_ids"));
}

TEST_F(files, new_targets_have_no_old_regions)
{
	char ids[64];

	snprintf(ids, sizeof(ids), "%d", self->w->pid);
	ASSERT_EQ(0, damon_write("target_ids", ids));
	ASSERT_EQ(0, damon_write("init_regions", "0 4096 8192"));
	ASSERT_EQ(0, damon_write("target_ids", ids));
	EXPECT_STREQ("", damon_read("init_regions"));
}

/* Monitoring begins with the regions that were asked for, and no others. */
TEST_F(files, init_regions_are_what_monitoring_begins_with)
{
	struct snapshot *s = self->s;
	char text[128];

	snprintf(text, sizeof(text), "%d", self->w->pid);
	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	/* No update during the test. */
	ASSERT_EQ(0, damon_write("attrs", "10000 200000 3600000000 10 100"));
	ASSERT_EQ(0, damon_write("target_ids", text));
	ASSERT_EQ(0, damon_init_regions(ARENA + MiB, ARENA + 3 * MiB));
	ASSERT_EQ(0, damon_write("monitor_on", "on"));
	ASSERT_EQ(0, trace_next(self->t, s));
	EXPECT_EQ(ARENA + MiB, s->region[0].start);
	EXPECT_EQ(ARENA + 3 * MiB, s->region[s->nr - 1].end);
	EXPECT_EQ(2 * MiB, covered(s, 0, 0, ~0UL));
}

TEST_F(files, nothing_changes_while_monitoring_is_on)
{
	char text[64];

	snprintf(text, sizeof(text), "%d\n", self->w->pid);
	ASSERT_EQ(0, damon_write("mk_contexts", "idle"));
	ASSERT_EQ(0, damon_write("idle/target_ids", text));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_LT(0, kdamond_pid("kdamond_pid"));
	EXPECT_EQ(-EBUSY, damon_write("monitor_on", "on"));
	EXPECT_EQ(-EBUSY, damon_write("attrs", DEFAULT_ATTRS));
	EXPECT_EQ(-EBUSY, damon_write("target_ids", text));
	EXPECT_EQ(-EBUSY, damon_write("target_ids", ""));
	EXPECT_EQ(-EBUSY, damon_write("init_regions", "0 4096 8192"));
	EXPECT_EQ(-EBUSY, damon_write("init_regions", ""));
	EXPECT_EQ(-EBUSY, damon_write("mk_contexts", "other"));
	EXPECT_EQ(-EBUSY, damon_write("rm_contexts", "idle"));
	EXPECT_EQ(-EBUSY, damon_write("idle/attrs", DEFAULT_ATTRS));
	EXPECT_EQ(-EBUSY, damon_write("idle/target_ids", text));
	EXPECT_EQ(-EBUSY, damon_write("idle/init_regions", ""));
	EXPECT_STREQ(TEST_ATTRS "\n", damon_read("attrs"));
	EXPECT_STREQ(text, damon_read("target_ids"));
	EXPECT_STREQ("on\n", damon_read("monitor_on"));
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
	EXPECT_STREQ("off\n", damon_read("monitor_on"));
	EXPECT_STREQ("none\n", damon_read("kdamond_pid"));
	EXPECT_EQ(-EPERM, damon_write("monitor_on", "off"));
}

static int open_as_nobody(const char *file, int flags)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
			_exit(255);
		_exit(open(damon_path(file), flags) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST_F(files, root_only)
{
	static const struct {
		const char *name;
		mode_t mode;
	} files[] = {
		{ "attrs", 0600 }, { "target_ids", 0600 }, { "init_regions", 0600 },
		{ "monitor_on", 0600 }, { "kdamond_pid", 0400 },
		{ "mk_contexts", 0200 }, { "rm_contexts", 0200 },
		{ "more/attrs", 0600 }, { "more/target_ids", 0600 },
		{ "more/init_regions", 0600 }, { "more/kdamond_pid", 0400 },
	};
	struct stat top, st;
	unsigned int i;

	ASSERT_EQ(0, damon_write("mk_contexts", "more"));
	/* The door is mostly shut; here, the locks of the rooms count. */
	ASSERT_EQ(0, stat("/sys/kernel/debug", &top));
	ASSERT_EQ(0, chmod("/sys/kernel/debug", 0755));
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		EXPECT_EQ(0, stat(damon_path(files[i].name), &st));
		EXPECT_EQ(files[i].mode, st.st_mode & 07777);
		EXPECT_EQ(EACCES, open_as_nobody(files[i].name, O_RDONLY));
		EXPECT_EQ(EACCES, open_as_nobody(files[i].name, O_WRONLY));
	}
	EXPECT_EQ(0, chmod("/sys/kernel/debug", top.st_mode & 07777));
}

TEST_HARNESS_MAIN
