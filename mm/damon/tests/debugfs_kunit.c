// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of debugfs.c, which is where this file is included: what is read from
 * a text, and that a refused text leaves the setting as it was.
 *
 * The files themselves, on and off, and processes that go away are the matter
 * of tools/testing/selftests/damon.
 */
#include "helper.h"

/* === Numbers === */

static const struct numbers_case {
	const char *text;
	int ret;
	unsigned long want[3];
} numbers_cases[] = {
	{ "1 2 3", 0, { 1, 2, 3 } },
	{ " \t1\n\n2\r\v\f3  ", 0, { 1, 2, 3 } },
	{ "0 00 007", 0, { 0, 0, 7 } },
	{ "1 2", -EINVAL },
	{ "", -EINVAL },
	{ " ", -EINVAL },
	{ "1 2 3 4", -EINVAL },
	{ "1 2 3 x", -EINVAL },
	{ "1 2 x", -EINVAL },
	{ "1 2 3x", -EINVAL },
	{ "1 2 -3", -EINVAL },
	{ "1 2 +3", -EINVAL },
	{ "1 2 0x3", -EINVAL },
	{ "1 2 3.0", -EINVAL },
	{ "1,2,3", -EINVAL },
	{ "1 2 99999999999999999999999", -EINVAL },
#if BITS_PER_LONG == 64
	{ "1 2 18446744073709551615", 0, { 1, 2, ULONG_MAX } },
	{ "1 2 18446744073709551616", -EINVAL },
#endif
};

KUNIT_ARRAY_PARAM_DESC(numbers, numbers_cases, text);

static char *test_text(struct kunit *test, const char *text)
{
	char *copy = kunit_kzalloc(test, strlen(text) + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, text, strlen(text));
	return copy;
}

static void numbers_are_exactly_as_many(struct kunit *test)
{
	const struct numbers_case *c = test->param_value;
	unsigned long got[3], *numbers[] = { &got[0], &got[1], &got[2] };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, parse_numbers(test_text(test, c->text), numbers, 3), c->ret);
	for (i = 0; !c->ret && i < 3; i++)
		KUNIT_EXPECT_EQ(test, got[i], c->want[i]);
}

/* === Settings === */

static void clear_cfg_action(void *cfg)
{
	damon_cfg_clear(cfg);
}

/* A monitor that no file belongs to. */
static struct damon_monitor *test_monitor(struct kunit *test)
{
	struct damon_monitor *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	damon_monitor_init(m, "kunit_test");
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, clear_cfg_action, &m->cfg), 0);
	return m;
}

static void expect_shown(struct kunit *test, struct damon_monitor *monitor,
			 int (*show)(struct seq_file *m, void *unused),
			 const char *want)
{
	struct seq_file m = { .size = PAGE_SIZE, .private = monitor };

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	KUNIT_EXPECT_EQ(test, show(&m, NULL), 0);
	m.buf[m.count] = '\0';
	KUNIT_EXPECT_STREQ(test, m.buf, want);
}

static const struct attrs_text_case {
	const char *text;
	int ret;
} attrs_text_cases[] = {
	{ "1 2 3 4 5", 0 },
	{ "1 1 0 3 3", 0 },
	{ "1 2 3 4", -EINVAL },
	{ "1 2 3 4 5 6", -EINVAL },
	{ "", -EINVAL },
	{ "a b c d e", -EINVAL },
	{ "1 2 3 -4 5", -EINVAL },
	{ "0 2 3 4 5", -EINVAL },
	{ "3 2 3 4 5", -EINVAL },
	{ "1 2 3 2 5", -EINVAL },
	{ "1 2 3 6 5", -EINVAL },
	{ "1 2 3 4 99999999999999999999", -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(attrs_text, attrs_text_cases, text);

static void attrs_are_taken_whole_or_refused_whole(struct kunit *test)
{
	const struct attrs_text_case *c = test->param_value;
	struct damon_monitor *monitor = test_monitor(test);
	char *want = kunit_kzalloc(test, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, want);
	KUNIT_EXPECT_EQ(test, set_attrs(monitor, test_text(test, c->text)), c->ret);
	snprintf(want, 64, "%s\n", c->ret ? "5000 100000 1000000 10 1000" : c->text);
	expect_shown(test, monitor, attrs_show, want);
}

/* Processes 1 and 2, init and kthreadd, always exist. */
static const struct targets_case {
	const char *text;
	int ret;
	const char *shown;
} targets_cases[] = {
#ifdef CONFIG_DAMON_VADDR
	{ "1", 0, "1\n" },
	{ "1 2", 0, "1 2\n" },
	{ "2 1 2", 0, "2 1 2\n" },
	{ "  2\t1\n", 0, "2 1\n" },
	{ "1 2 abc 4", 0, "1 2\n" },
	{ "1 2abc", 0, "1\n" },
	{ "1 -2", 0, "1\n" },
	{ "abc 1 2", 0, "\n" },
	{ "", 0, "\n" },
	{ "\n", 0, "\n" },
	{ "pidfd", 0, "\n" },
	{ "pidfd abc", 0, "\n" },
	{ "1 pidfd 1", 0, "1\n" },
	{ "vaddr 1 2", 0, "1 2\n" },
	{ "vaddr", 0, "\n" },
	{ "vaddr 1 x", -EINVAL },
	{ "1 vaddr 2", -EINVAL },
	{ "fvaddr 1 x", -EINVAL },
	{ "fvaddr 1 2", 0, "fvaddr 1 2\n" },
	{ "fvaddr", 0, "fvaddr\n" },
	{ "fvaddr2", 0, "\n" },
	{ "1 fvaddr 2", -EINVAL },
	{ "fvaddr paddr", -EINVAL },
	{ "0", -ESRCH },
	{ "1 4194305", -ESRCH },
	{ "2147483648", -ESRCH },
	{ "4294967297", -ESRCH },
	{ "99999999999999999999999", -EINVAL },
	{ "pidfd 2147483647", -EBADF },
	{ "pidfd 4294967296", -EBADF },
#endif
#ifdef CONFIG_DAMON_PADDR
	{ "1 paddr", -EINVAL },
	{ "paddr", 0, "42\n" },
	{ "42\n", 0, "42\n" },
	{ " paddr  0\n", 0, "paddr 0\n" },
	{ "paddr 0 0", -EINVAL },
	{ "paddr 0 x", -EINVAL },
	{ "paddr 4294967295", -ENXIO },
	{ "paddr 18446744073709551615", -ENXIO },
	{ "paddr 99999999999999999999999", -EINVAL },
#else
	{ "paddr", -EOPNOTSUPP },
#endif
};

KUNIT_ARRAY_PARAM_DESC(targets, targets_cases, text);

static void targets_are_read_up_to_a_word(struct kunit *test)
{
	const struct targets_case *c = test->param_value;
	struct damon_monitor *monitor = test_monitor(test);

	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, test_text(test, "2")), 0);
	KUNIT_EXPECT_EQ(test, set_target_ids(monitor, test_text(test, c->text)), c->ret);
	expect_shown(test, monitor, target_ids_show, c->ret ? "2\n" : c->shown);
}

static void targets_hold_references(struct kunit *test)
{
	struct damon_monitor *monitor = test_monitor(test);
	struct pid *pid = task_pid(current);
	unsigned int before = refcount_read(&pid->count);
	char *text = kunit_kzalloc(test, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	snprintf(text, 64, "%d %d", current->pid, current->pid);
	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, text), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&pid->count), before + 2);
	/* What was read before the error is given back. */
	snprintf(text, 64, "%d 4194305", current->pid);
	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, text), -ESRCH);
	KUNIT_EXPECT_EQ(test, refcount_read(&pid->count), before + 2);
	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, test_text(test, "")), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&pid->count), before);
}

static void more_targets_than_regions_are_refused(struct kunit *test)
{
	struct damon_monitor *monitor = test_monitor(test);

	KUNIT_ASSERT_EQ(test, set_attrs(monitor, test_text(test, "1 1 1 3 3")), 0);
	KUNIT_EXPECT_EQ(test, set_target_ids(monitor, test_text(test, "1 1 1")), 0);
	KUNIT_EXPECT_EQ(test, set_target_ids(monitor, test_text(test, "1 1 1 1")), -EINVAL);
	expect_shown(test, monitor, target_ids_show, "1 1 1\n");
	/* And so are limits that no longer fit the targets. */
	KUNIT_EXPECT_EQ(test, set_attrs(monitor, test_text(test, "1 1 1 3 4")), 0);
	KUNIT_EXPECT_EQ(test, set_target_ids(monitor, test_text(test, "1 1 1 1")), 0);
	KUNIT_EXPECT_EQ(test, set_attrs(monitor, test_text(test, "1 1 1 3 3")), -EINVAL);
	expect_shown(test, monitor, attrs_show, "1 1 1 3 4\n");
}

#if PAGE_SHIFT == 12

static const struct regions_case {
	const char *name, *text;
	int ret;
	const char *shown;
} regions_cases[] = {
	{
		"blanks", "2 40960 81920\n 2   81920 122880\n2 143360 184320", 0,
		"2 40960 81920\n2 81920 122880\n2 143360 184320\n",
	}, {
		"ordered by target",
		"2 40960 81920\n1 159744 241664\n1 286720 548864\n  2  81920 102400\n", 0,
		"1 159744 241664\n1 286720 548864\n2 40960 81920\n2 81920 102400\n",
	}, {
		"empty lines", "\n\n0 0 4096\n\n", 0, "0 0 4096\n",
	}, {
		"not aligned", "0 1 8193", 0, "0 1 8193\n",
	}, {
		"nothing", "", 0, "",
	}, {
		"only blanks", "\n\t\n", 0, "",
	},
	{ "no such target", "4 40960 81920\n", -EINVAL },
	{ "overlapping", "2 40960 81920\n 2 57344 106496\n", -EINVAL },
	{ "descending", "1 40960 81920\n2 122880 163840\n 1 20480 32768", -EINVAL },
	{ "end before start", "0 8192 4096", -EINVAL },
	{ "no whole page", "0 1 8191", -EINVAL },
	{ "two numbers", "0 4096", -EINVAL },
	{ "four numbers", "0 0 4096 8192", -EINVAL },
	{ "no number", "0 0 x", -EINVAL },
	{ "negative", "0 -4096 4096", -EINVAL },
	{ "a good row and a bad one", "0 0 4096\nx", -EINVAL },
	{ "huge target", "4294967296 0 4096", -EINVAL },
	{ "overflow", "0 0 99999999999999999999999", -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(regions, regions_cases, name);

static void regions_are_taken_whole_or_refused_whole(struct kunit *test)
{
	const struct regions_case *c = test->param_value;
	struct damon_monitor *monitor = test_monitor(test);

	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, test_text(test, "1 1 1")), 0);
	KUNIT_ASSERT_EQ(test, set_init_regions(monitor, test_text(test, "0 0 8192")), 0);
	KUNIT_EXPECT_EQ(test, set_init_regions(monitor, test_text(test, c->text)), c->ret);
	expect_shown(test, monitor, init_regions_show, c->ret ? "0 0 8192\n" : c->shown);
	KUNIT_EXPECT_EQ(test, monitor->cfg.nr_targets, 3);
}

static void new_targets_forget_the_regions(struct kunit *test)
{
	struct damon_monitor *monitor = test_monitor(test);

	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, test_text(test, "1")), 0);
	KUNIT_ASSERT_EQ(test, set_init_regions(monitor, test_text(test, "0 0 8192")), 0);
	KUNIT_EXPECT_EQ(test, set_target_ids(monitor, test_text(test, "1 4194305")), -ESRCH);
	expect_shown(test, monitor, init_regions_show, "0 0 8192\n");
	KUNIT_EXPECT_EQ(test, set_target_ids(monitor, test_text(test, "1")), 0);
	expect_shown(test, monitor, init_regions_show, "");
}

static void settings_without_memory_stay(struct kunit *test)
{
	struct damon_monitor *monitor = test_monitor(test);
	unsigned int nth, nr_failed = 0;

	need_failslab(test);
	KUNIT_ASSERT_EQ(test, set_target_ids(monitor, test_text(test, "2")), 0);
	KUNIT_ASSERT_EQ(test, set_init_regions(monitor, test_text(test, "0 0 8192")), 0);
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		char *ids = test_text(test, "2"), *regions = test_text(test, "0 0 4096");
		int err_regions, err_ids;
		bool failed;

		fail_begin(nth);
		err_regions = set_init_regions(monitor, regions);
		err_ids = err_regions ? 0 : set_target_ids(monitor, ids);
		failed = fail_end();
		if (!failed)
			break;
		nr_failed += err_regions || err_ids;
		if (err_regions) {
			KUNIT_EXPECT_EQ(test, err_regions, -ENOMEM);
			expect_shown(test, monitor, init_regions_show, "0 0 8192\n");
		} else if (err_ids) {
			KUNIT_EXPECT_EQ(test, err_ids, -ENOMEM);
			expect_shown(test, monitor, init_regions_show, "0 0 4096\n");
			expect_shown(test, monitor, target_ids_show, "2\n");
		}
		KUNIT_ASSERT_EQ(test, set_init_regions(monitor, test_text(test, "0 0 8192")), 0);
	}
	KUNIT_EXPECT_GE(test, nr_failed, 2);
	KUNIT_EXPECT_LT(test, nth, MAX_FAILURES);
}

#endif /* PAGE_SHIFT == 12 */

/* === Writes === */

static void write_in_parts_is_refused(struct kunit *test)
{
	char *text;

	KUNIT_EXPECT_EQ(test, PTR_ERR(copy_text(NULL, 1, 1, &text)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(copy_text(NULL, 0, 1, &text)), -EINVAL);
}

static void huge_write_is_refused(struct kunit *test)
{
	char *text;

	KUNIT_EXPECT_EQ(test, PTR_ERR(copy_text(NULL, SZ_1M + 1, 0, &text)), -ENOMEM);
	KUNIT_EXPECT_EQ(test, PTR_ERR(copy_text(NULL, SIZE_MAX, 0, &text)), -ENOMEM);
}

static const struct switch_case {
	const char *text;
	int ret;
} switch_cases[] = {
	{ "off", -EPERM },
	{ "", -EINVAL },
	{ "o", -EINVAL },
	{ "of", -EINVAL },
	{ "ON", -EINVAL },
	{ "on off", -EINVAL },
	{ "onn", -EINVAL },
	{ "1", -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(switch, switch_cases, text);

static void need_monitor_off(struct kunit *test)
{
	bool running;

	/* A test that is skipped leaves no scope: not with the lock held. */
	scoped_guard(mutex, &damon_monitors_lock)
		running = damon_monitors_run();
	if (running)
		kunit_skip(test, "the monitor is on");
}

static void switch_knows_two_words(struct kunit *test)
{
	const struct switch_case *c = test->param_value;

	need_monitor_off(test);
	KUNIT_EXPECT_EQ(test, set_monitor_on(NULL, test_text(test, c->text)), c->ret);
	expect_shown(test, NULL, monitor_on_show, "off\n");
}

/* === Contexts === */

static const struct name_case {
	const char *name;
	bool valid;
} name_cases[] = {
	{ "foo", true },
	{ "..foo", true },
	{ "", false },
	{ ".", false },
	{ "..", false },
	{ "a/b", false },
	{ "a b", false },
	{ "a\tb", false },
	{ "a\nb", false },
	{ "a\033[1mb", false },
	{ "a\177", false },
};

KUNIT_ARRAY_PARAM_DESC(name, name_cases, name);

static void name_is_one_that_a_directory_can_have(struct kunit *test)
{
	const struct name_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, name_valid(c->name), c->valid);
}

static void name_may_not_be_too_long(struct kunit *test)
{
	char *name = kunit_kzalloc(test, NAME_MAX + 2, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	memset(name, 'a', NAME_MAX);
	KUNIT_EXPECT_TRUE(test, name_valid(name));
	name[NAME_MAX] = 'a';
	KUNIT_EXPECT_FALSE(test, name_valid(name));
}

static struct damon_monitor *find_monitor(const char *name)
{
	guard(mutex)(&damon_monitors_lock);
	return damon_monitor_find(name);
}

static struct damon_monitor *main_monitor(struct kunit *test)
{
	struct damon_monitor *monitor;

	need_monitor_off(test);
	monitor = find_monitor("");
	if (!monitor)
		kunit_skip(test, "no directory in debugfs");
	return monitor;
}

static void contexts_come_and_go(struct kunit *test)
{
	struct damon_monitor *main = main_monitor(test), *monitor;
	char name[] = "kunit_test";

	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, name), -ENOENT);
	KUNIT_ASSERT_EQ(test, set_mk_contexts(main, name), 0);
	KUNIT_EXPECT_EQ(test, set_mk_contexts(main, name), -EEXIST);
	KUNIT_EXPECT_TRUE(test, name_taken(name, dir_of(main)->dentry));
	monitor = find_monitor(name);
	KUNIT_ASSERT_NOT_NULL(test, monitor);
	expect_shown(test, monitor, attrs_show, "5000 100000 1000000 10 1000\n");
	expect_shown(test, monitor, target_ids_show, "\n");
	expect_shown(test, monitor, init_regions_show, "");
	expect_shown(test, monitor, kdamond_pid_show, "none\n");
	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, name), 0);
	KUNIT_EXPECT_NULL(test, find_monitor(name));
	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, name), -ENOENT);
}

/* The main one has no directory of its own name among the others. */
static void a_context_may_be_called_damon(struct kunit *test)
{
	struct damon_monitor *main = main_monitor(test);
	char name[] = "damon";

	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, name), -ENOENT);
	KUNIT_ASSERT_EQ(test, set_mk_contexts(main, name), 0);
	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, name), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_monitor(""), main);
}

static void names_of_files_are_no_contexts(struct kunit *test)
{
	struct damon_monitor *main = main_monitor(test);

	KUNIT_EXPECT_EQ(test, set_mk_contexts(main, test_text(test, "attrs")), -EEXIST);
	KUNIT_EXPECT_EQ(test, set_mk_contexts(main, test_text(test, "mk_contexts")), -EEXIST);
	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, test_text(test, "attrs")), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, test_text(test, "..")), -EINVAL);
}

static void on_without_targets_is_refused(struct kunit *test)
{
	struct damon_monitor *main = main_monitor(test);
	char name[] = "kunit_test";

	/* Whatever the others have, this one has none. */
	KUNIT_ASSERT_EQ(test, set_mk_contexts(main, name), 0);
	KUNIT_EXPECT_EQ(test, set_monitor_on(NULL, test_text(test, "on")), -EINVAL);
	expect_shown(test, NULL, monitor_on_show, "off\n");
	KUNIT_EXPECT_EQ(test, set_rm_contexts(main, name), 0);
}

static struct kunit_case damon_debugfs_cases[] = {
	KUNIT_CASE_PARAM(numbers_are_exactly_as_many, numbers_gen_params),
	KUNIT_CASE_PARAM(attrs_are_taken_whole_or_refused_whole, attrs_text_gen_params),
	KUNIT_CASE_PARAM(targets_are_read_up_to_a_word, targets_gen_params),
	KUNIT_CASE(targets_hold_references),
	KUNIT_CASE(more_targets_than_regions_are_refused),
#if PAGE_SHIFT == 12
	KUNIT_CASE_PARAM(regions_are_taken_whole_or_refused_whole, regions_gen_params),
	KUNIT_CASE(new_targets_forget_the_regions),
	KUNIT_CASE(settings_without_memory_stay),
#endif
	KUNIT_CASE(write_in_parts_is_refused),
	KUNIT_CASE(huge_write_is_refused),
	KUNIT_CASE_PARAM(switch_knows_two_words, switch_gen_params),
	KUNIT_CASE_PARAM(name_is_one_that_a_directory_can_have, name_gen_params),
	KUNIT_CASE(name_may_not_be_too_long),
	KUNIT_CASE(contexts_come_and_go),
	KUNIT_CASE(a_context_may_be_called_damon),
	KUNIT_CASE(names_of_files_are_no_contexts),
	KUNIT_CASE(on_without_targets_is_refused),
	{}
};

static struct kunit_suite damon_debugfs_suite = {
	.name = "damon_debugfs",
	.test_cases = damon_debugfs_cases,
};

kunit_test_suite(damon_debugfs_suite);
