// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of dir.c, which is where this file is included: what members are set to, and that
 * a number of directories is had whole or not at all.
 */
#include <linux/kobject.h>

#include "helper.h"

enum colour { RED, GREEN, BLUE };

static const char * const colours[] = { "red", "green", "blue" };

struct leaf {
	struct damon_dir dir;
	int number;
};

struct branch {
	struct damon_dir dir;
	struct damon_dir_list leaves;
	bool flag;
	int signed_one;
	unsigned int half;
	unsigned long whole;
	u64 wide;
	enum colour colour;
	struct damon_text text;
};

struct trunk {
	struct damon_dir dir;
	struct damon_dir_list branches;
};

#define LEAF	((struct leaf *)NULL)
#define BRANCH	((struct branch *)NULL)
#define TRUNK	((struct trunk *)NULL)

static const struct leaf default_leaf = { .number = 7 };
static const struct branch default_branch = { .whole = 5, .colour = GREEN };

static const struct damon_dir_kind leaf_kind = {
	.files = (const struct damon_file []) { DAMON_FILE("number", 0600, LEAF->number), {} },
	.size = sizeof(struct leaf),
	.values = offsetof(struct leaf, number),
	.defaults = &default_leaf,
};

static unsigned int nr_removed;

static void count_removed(struct damon_dir *dir)
{
	nr_removed++;
}

static const struct damon_dir_kind branch_kind = {
	.files = (const struct damon_file []) {
		DAMON_FILE("flag", 0600, BRANCH->flag),
		DAMON_FILE("signed_one", 0600, BRANCH->signed_one),
		DAMON_FILE("half", 0600, BRANCH->half),
		DAMON_FILE("whole", 0600, BRANCH->whole, .least = 3),
		DAMON_FILE("wide", 0600, BRANCH->wide),
		DAMON_WORD_FILE("colour", BRANCH->colour, colours, ARRAY_SIZE(colours),
				.refused = BIT(BLUE)),
		DAMON_FILE("text", 0600, BRANCH->text),
		{}
	},
	.subdirs = (const struct damon_subdir []) {
		{ "twig", &(const struct damon_dir_kind) {
			.list = DAMON_LIST("nr_leaves", BRANCH->leaves, leaf_kind, 100),
		} },
		{}
	},
	.size = sizeof(struct branch),
	.values = offsetof(struct branch, flag),
	.defaults = &default_branch,
	.remove = count_removed,
};

static const struct damon_dir_kind trunk_kind = {
	.list = DAMON_LIST("nr_branches", TRUNK->branches, branch_kind, 4),
	.size = sizeof(struct trunk),
	.values = sizeof(struct trunk),
};

static void del_root(void *dir)
{
	guard(mutex)(&lock);
	del_dir(dir);
}

static int dir_init(struct kunit *test)
{
	struct damon_dir *dir = damon_dir_add_root(mm_kobj->sd, "damon_test", &trunk_kind);

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	test->priv = container_of(dir, struct trunk, dir);
	return kunit_add_action_or_reset(test, del_root, dir);
}

/* As by a write to the file. */
static int set(const struct damon_file *f, struct damon_dir *dir, const char *text)
{
	char buf[64];

	strscpy(buf, text);
	guard(mutex)(&lock);
	return f->type->store(f, member_of(dir, f), buf);
}

static int set_nr_branches(struct trunk *t, const char *text)
{
	return set(&trunk_kind.list->nr, &t->dir, text);
}

static struct branch *branch(struct trunk *t, unsigned int nr)
{
	struct branch *b;

	damon_list_for_each(b, &t->branches)
		if (!nr--)
			return b;
	return NULL;
}

/* Is there such a directory, or file? */
static bool has(struct kernfs_node *kn, const char *path)
{
	struct kernfs_node *found = kernfs_walk_and_get(kn, path);

	kernfs_put(found);
	return found;
}

static const struct value_case {
	const char *file, *text;
	int err;
	const char *shown;
} value_cases[] = {
	{ "flag", "1", 0, "Y\n" },
	{ "flag", "2", -EINVAL, "N\n" },
	{ "signed_one", "-2147483648", 0, "-2147483648\n" },
	{ "signed_one", "2147483648", -ERANGE, "0\n" },
	{ "half", "0xffffffff", 0, "4294967295\n" },
	{ "half", "-1", -EINVAL, "0\n" },
	{ "whole", "010", 0, "8\n" },
	{ "whole", "2", -EINVAL, "5\n" },
	{ "whole", "1 ", -EINVAL, "5\n" },
	{ "whole", "", -EINVAL, "5\n" },
	{ "wide", "18446744073709551615", 0, "18446744073709551615\n" },
	{ "wide", "18446744073709551616", -ERANGE, "0\n" },
	{ "colour", "red", 0, "red\n" },
	{ "colour", "blue", -EINVAL, "green\n" },
	{ "colour", "re", -EINVAL, "green\n" },
	{ "text", "two words", 0, "two words\n" },
	{ "text", "", 0, "\n" },
};

KUNIT_ARRAY_PARAM_DESC(value, value_cases, text);

static void a_value_is_taken_or_refused(struct kunit *test)
{
	const struct value_case *c = test->param_value;
	const struct damon_file *f = branch_kind.files;
	struct seq_file m = { .size = 64 };
	struct trunk *t = test->priv;

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	KUNIT_ASSERT_EQ(test, 0, set_nr_branches(t, "1"));
	while (strcmp(f->name, c->file))
		f++;
	KUNIT_EXPECT_EQ(test, c->err, set(f, &branch(t, 0)->dir, c->text));
	f->type->show(&m, f, member_of(&branch(t, 0)->dir, f));
	KUNIT_EXPECT_STREQ(test, c->shown, m.buf);
}

static void a_number_is_directories(struct kunit *test)
{
	struct trunk *t = test->priv;
	struct kernfs_node *kn = t->dir.kn;

	KUNIT_EXPECT_EQ(test, 0, set_nr_branches(t, "3"));
	KUNIT_EXPECT_EQ(test, 3, t->branches.nr);
	KUNIT_EXPECT_TRUE(test, has(kn, "2/twig/nr_leaves"));
	KUNIT_EXPECT_FALSE(test, has(kn, "3"));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_nr_branches(t, "5"));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_nr_branches(t, "-1"));
	KUNIT_EXPECT_EQ(test, 3, t->branches.nr);
	nr_removed = 0;
	KUNIT_EXPECT_EQ(test, 0, set_nr_branches(t, "1"));
	KUNIT_EXPECT_EQ(test, 2, nr_removed);
	KUNIT_EXPECT_TRUE(test, has(kn, "0"));
	KUNIT_EXPECT_FALSE(test, has(kn, "1"));
}

static void a_number_drops_values(struct kunit *test)
{
	struct trunk *t = test->priv;
	struct branch *b;

	KUNIT_ASSERT_EQ(test, 0, set_nr_branches(t, "1"));
	b = branch(t, 0);
	KUNIT_ASSERT_EQ(test, 0, set(&branch_kind.files[6], &b->dir, "text"));
	KUNIT_ASSERT_EQ(test, 0, set(&branch_kind.subdirs->kind->list->nr, &b->dir, "2"));
	KUNIT_EXPECT_TRUE(test, has(b->dir.kn, "twig/1/number"));
	b->whole = 6;
	KUNIT_EXPECT_EQ(test, 0, set_nr_branches(t, "2"));
	KUNIT_EXPECT_EQ(test, 5, branch(t, 0)->whole);
	KUNIT_EXPECT_NULL(test, branch(t, 0)->text.text);
	KUNIT_EXPECT_EQ(test, 0, branch(t, 0)->leaves.nr);
	KUNIT_EXPECT_FALSE(test, has(branch(t, 0)->dir.kn, "twig/0"));
}

static void without_memory_all_stays(struct kunit *test)
{
	struct trunk *t = test->priv;
	unsigned int nth;
	int err;

	need_failslab(test);
	KUNIT_ASSERT_EQ(test, 0, set_nr_branches(t, "1"));
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		branch(t, 0)->whole = 6;
		fail_begin(nth);
		err = set_nr_branches(t, "3");
		if (!fail_end())
			break;
		/* It may have been an allocation of kmemleak's. */
		if (err) {
			KUNIT_ASSERT_EQ(test, -ENOMEM, err);
			KUNIT_ASSERT_EQ(test, 1, t->branches.nr);
			KUNIT_ASSERT_EQ(test, 6, branch(t, 0)->whole);
			KUNIT_ASSERT_FALSE(test, has(t->dir.kn, "1"));
		}
		KUNIT_ASSERT_EQ(test, 0, set_nr_branches(t, "1"));
	}
	KUNIT_EXPECT_GT(test, nth, 20);
	KUNIT_EXPECT_EQ(test, 0, err);
	KUNIT_EXPECT_EQ(test, 3, t->branches.nr);
}

static struct kunit_case dir_cases[] = {
	KUNIT_CASE_PARAM(a_value_is_taken_or_refused, value_gen_params),
	KUNIT_CASE(a_number_is_directories),
	KUNIT_CASE(a_number_drops_values),
	KUNIT_CASE(without_memory_all_stays),
	{}
};

static struct kunit_suite dir_suite = {
	.name = "damon_dir",
	.init = dir_init,
	.test_cases = dir_cases,
};

kunit_test_suite(dir_suite);
