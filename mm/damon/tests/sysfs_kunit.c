// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of sysfs.c, which is where this file is included: which configuration the tree stands
 * for.  What the files do is in tools/testing/selftests/damon/sysfs.c.
 */
#include "helper.h"

static void del_tree(void *root)
{
	struct root *r = root;

	if (begin_kdamonds())
		return;
	damon_dirs_lock_always();
	damon_list_resize(&r->kdamonds, admin_kind.subdirs->kind->list, 0);
	damon_dirs_unlock();
	end_kdamonds();
	kernfs_remove(r->dir.kn);
	kfree(r);
}

#define RESIZE(list, elem, nr) \
	damon_list_resize(list, DAMON_LIST(NULL, *(struct damon_dir_list *)NULL, elem, 1), nr)

/* A tree of its own, with one context. */
static int init_tree(struct kunit *test)
{
	struct damon_dir *dir = damon_dir_add_root(mm_kobj->sd, "damon_test", &root_kind);
	struct kdamond *k;
	struct root *r;
	int err;

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	r = container_of(dir, struct root, dir);
	err = kunit_add_action_or_reset(test, del_tree, r);
	if (err)
		return err;
	err = begin_kdamonds();
	if (err)
		return err;
	damon_dirs_lock_always();
	err = RESIZE(&r->kdamonds, kdamond_kind, 1);
	k = list_first_entry(&r->kdamonds.dirs, struct kdamond, dir.list);
	err = err ?: RESIZE(&k->contexts, context_kind, 1);
	damon_dirs_unlock();
	end_kdamonds();
	test->priv = k;
	return err;
}

/* Physical memory, as it needs no process. */
static struct context *test_context(struct kunit *test)
{
	struct context *c = only_context(test->priv);

	c->kind = 2;
	KUNIT_ASSERT_EQ(test, 0, damon_dirs_lock());
	KUNIT_ASSERT_EQ(test, 0, RESIZE(&c->targets, target_kind, 1));
	KUNIT_ASSERT_EQ(test, 0, RESIZE(&c->schemes, scheme_kind, 1));
	damon_dirs_unlock();
	return c;
}

static struct scheme *test_scheme(struct context *c)
{
	return list_first_entry(&c->schemes.dirs, struct scheme, dir.list);
}

static struct filter *add_filter(struct kunit *test, struct damon_dir_list *list,
				 enum damon_filter_type type)
{
	struct filter *f;

	KUNIT_ASSERT_EQ(test, 0, damon_dirs_lock());
	KUNIT_ASSERT_EQ(test, 0, RESIZE(list, filter_kind, 1));
	damon_dirs_unlock();
	f = list_first_entry(&list->dirs, struct filter, dir.list);
	f->type = type;
	return f;
}

KUNIT_DEFINE_ACTION_WRAPPER(clear_cfg_action, damon_cfg_clear, struct damon_cfg *);

/* Return what the tree stands for; @why is why not. */
static struct draft *test_draft(struct kunit *test, char *why, int want)
{
	struct draft *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	KUNIT_EXPECT_EQ(test, want, make_draft(d, test->priv, /*runs=*/false, why));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, clear_cfg_action, &d->cfg));
	return d;
}

static void the_defaults_are_taken(struct kunit *test)
{
	char why[MAX_WHY] = "";
	struct draft *d;

	test_context(test);
	d = test_draft(test, why, 0);
	KUNIT_EXPECT_EQ(test, 5000, d->cfg.attrs.sample_interval);
	KUNIT_EXPECT_EQ(test, 60000000, d->cfg.attrs.regions_update_interval);
	KUNIT_EXPECT_EQ(test, 1, d->cfg.nr_targets);
	KUNIT_EXPECT_EQ(test, DAMON_ALL_NODES, d->cfg.targets[0]);
	KUNIT_EXPECT_EQ(test, DAMON_STAT, d->cfg.schemes[0].action);
	KUNIT_EXPECT_EQ(test, 0, damon_cfg_check(&d->cfg));
	KUNIT_EXPECT_STREQ(test, "", why);
}

/* What a monitor can not have more of is as much as it can have. */
static void large_numbers_are_clamped(struct kunit *test)
{
	struct context *c = test_context(test);
	struct scheme *s = test_scheme(c);
	char why[MAX_WHY] = "";
	struct draft *d;

	c->attrs.max_nr_regions = ULONG_MAX;
	c->addr_unit = 16;
	s->cfg.pattern.max_sz = ULONG_MAX;
	s->cfg.quota.sz = 100;
	d = test_draft(test, why, 0);
	KUNIT_EXPECT_EQ(test, DAMON_MAX_ATTR_REGIONS, d->cfg.attrs.max_nr_regions);
	KUNIT_EXPECT_EQ(test, ULONG_MAX, d->cfg.schemes[0].pattern.max_sz);
	KUNIT_EXPECT_EQ(test, 1600, d->cfg.schemes[0].quota.sz);
	KUNIT_EXPECT_EQ(test, ULONG_MAX, c->attrs.max_nr_regions);
	KUNIT_EXPECT_EQ(test, 100, s->cfg.quota.sz);
}

static const struct range_case {
	unsigned long start, end, want_start, want_end;
} range_cases[] = {
	{ 0, 1, 0, PAGE_SIZE },
	{ PAGE_SIZE, 2 * PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE },
	{ PAGE_SIZE - 1, PAGE_SIZE + 1, 0, 2 * PAGE_SIZE },
	{ PAGE_SIZE, ULONG_MAX, PAGE_SIZE, PAGE_MASK },
	{ 2 * PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, PAGE_SIZE },
};

static void desc_range(const struct range_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%#lx to %#lx", c->start, c->end);
}

KUNIT_ARRAY_PARAM(range, range_cases, desc_range);

static void regions_are_all_pages_that_they_touch(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct damon_addr_range range = { c->start, c->end };
	struct units u = { 1, 1 };

	range = pages_of(&u, range);
	KUNIT_EXPECT_EQ(test, c->want_start, range.start);
	KUNIT_EXPECT_EQ(test, c->want_end, range.end);
}

/* What follows has to be asked in this order. */
static void filters_are_core_then_ops_then_old(struct kunit *test)
{
	struct context *c = test_context(test);
	struct scheme *s = test_scheme(c);
	char why[MAX_WHY] = "";
	struct damon_scheme *to;
	struct filter *f;

	add_filter(test, &s->filters, DAMON_FILTER_YOUNG);
	add_filter(test, &s->ops_filters, DAMON_FILTER_HUGEPAGE_SIZE)->max_sz = 5;
	f = add_filter(test, &s->core_filters, DAMON_FILTER_TARGET);
	f->target = ULONG_MAX;
	f->allow = true;
	to = test_draft(test, why, 0)->cfg.schemes;
	KUNIT_ASSERT_EQ(test, 3, to->nr_filters);
	KUNIT_EXPECT_EQ(test, DAMON_FILTER_TARGET, to->filters[0].type);
	KUNIT_EXPECT_EQ(test, UINT_MAX, to->filters[0].target);
	KUNIT_EXPECT_TRUE(test, to->filters[0].allow);
	KUNIT_EXPECT_EQ(test, DAMON_FILTER_HUGEPAGE_SIZE, to->filters[1].type);
	KUNIT_EXPECT_EQ(test, 5, to->filters[1].max_sz);
	KUNIT_EXPECT_EQ(test, DAMON_FILTER_YOUNG, to->filters[2].type);
}

static void a_refault_goal_is_of_the_quota(struct kunit *test)
{
	struct context *c = test_context(test);
	struct scheme *s = test_scheme(c);
	char why[MAX_WHY] = "";
	struct damon_quota *q;
	struct goal *g;

	KUNIT_ASSERT_EQ(test, 0, damon_dirs_lock());
	KUNIT_ASSERT_EQ(test, 0, RESIZE(&s->goals, goal_kind, 2));
	damon_dirs_unlock();
	g = list_first_entry(&s->goals.dirs, struct goal, dir.list);
	g->cfg.metric = GOAL_REFAULT_BP;
	g->cfg.target = 100;
	list_next_entry(g, dir.list)->cfg.target = 3;
	q = &test_draft(test, why, 0)->cfg.schemes->quota;
	KUNIT_EXPECT_EQ(test, 100, q->refault_bp);
	KUNIT_ASSERT_EQ(test, 1, q->nr_goals);
	KUNIT_EXPECT_EQ(test, 3, q->goals[0].target);

	list_next_entry(g, dir.list)->cfg.metric = GOAL_REFAULT_BP;
	test_draft(test, why, -EINVAL);
	KUNIT_EXPECT_STREQ(test, "schemes/0: refault_bp of 0, or twice", why);
}

/* Nodes that an earlier scheme had do not stand in the way of one for physical memory. */
static void one_node_is_preferred_for_physical_memory(struct kunit *test)
{
	struct context *c = test_context(test);
	struct scheme *s = test_scheme(c);
	char why[MAX_WHY] = "";

	KUNIT_ASSERT_EQ(test, 0, damon_dirs_lock());
	KUNIT_ASSERT_EQ(test, 0, RESIZE(&s->dests, dest_kind, 2));
	damon_dirs_unlock();
	KUNIT_EXPECT_EQ(test, 2, test_draft(test, why, 0)->cfg.schemes->nr_dests);
	s->cfg.nid = 0;
	KUNIT_EXPECT_EQ(test, 0, test_draft(test, why, 0)->cfg.schemes->nr_dests);
}

static void an_obsolete_target_has_to_be_there(struct kunit *test)
{
	struct context *c = test_context(test);
	char why[MAX_WHY] = "";

	list_first_entry(&c->targets.dirs, struct target, dir.list)->obsolete = true;
	test_draft(test, why, -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "targets/0"));
}

/* Its number in the tree, and the monitor has only those that are not obsolete. */
static void a_filter_means_the_same_target(struct kunit *test)
{
	struct context *c = test_context(test);
	struct filter *f = add_filter(test, &test_scheme(c)->filters, DAMON_FILTER_TARGET);
	struct kdamond *k = test->priv;
	char why[MAX_WHY] = "";
	struct draft *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	KUNIT_ASSERT_EQ(test, 0, damon_dirs_lock());
	KUNIT_ASSERT_EQ(test, 0, RESIZE(&c->targets, target_kind, 3));
	damon_dirs_unlock();
	list_first_entry(&c->targets.dirs, struct target, dir.list)->obsolete = true;
	k->running.nr_targets = 3;
	f->target = 2;
	KUNIT_EXPECT_EQ(test, 0, make_draft(d, k, /*runs=*/true, why));
	KUNIT_EXPECT_EQ(test, 1, d->cfg.schemes[0].filters[0].target);
	damon_cfg_clear(&d->cfg);
	f->target = 3;
	KUNIT_EXPECT_EQ(test, 0, make_draft(d, k, /*runs=*/true, why));
	KUNIT_EXPECT_EQ(test, UINT_MAX, d->cfg.schemes[0].filters[0].target);
	damon_cfg_clear(&d->cfg);
	f->target = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, make_draft(d, k, /*runs=*/true, why));
	damon_cfg_clear(&d->cfg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "obsolete"));
}

/* Ages in the files are in the aggregations that the user has asked for. */
static void found_intervals_are_no_wish(struct kunit *test)
{
	struct context *c = test_context(test);
	struct kdamond *k = test->priv;
	char why[MAX_WHY] = "";
	struct damon_cfg *cfg;

	c->goal = (struct damon_intervals_goal) { 400, 3, 5000, 10000000 };
	k->running.tuned = true;
	k->running.asked = (struct intervals) { 5000, 100000 };
	k->running.shown = (struct intervals) { 50000, 1000000 };
	c->attrs.sample_interval = 50000;
	c->attrs.aggr_interval = 1000000;
	cfg = &test_draft(test, why, 0)->cfg;
	KUNIT_EXPECT_EQ(test, cfg->attrs.sample_interval, 5000);
	KUNIT_EXPECT_EQ(test, cfg->attrs.aggr_interval, 100000);
	/* Others are one; and so are those of who wants no others any more. */
	c->attrs.aggr_interval = 2000000;
	KUNIT_EXPECT_EQ(test, 2000000, test_draft(test, why, 0)->cfg.attrs.aggr_interval);
	c->attrs.aggr_interval = 1000000;
	c->goal.aggrs = 0;
	KUNIT_EXPECT_EQ(test, 1000000, test_draft(test, why, 0)->cfg.attrs.aggr_interval);
	k->running.tuned = false;
}

static void without_memory_there_is_no_draft(struct kunit *test)
{
	struct context *c = test_context(test);
	struct scheme *s = test_scheme(c);
	char why[MAX_WHY] = "";
	unsigned int nth;
	int err;

	need_failslab(test);
	add_filter(test, &s->filters, DAMON_FILTER_YOUNG);
	KUNIT_ASSERT_EQ(test, 0, damon_dirs_lock());
	KUNIT_ASSERT_EQ(test, 0, RESIZE(&c->probes, probe_kind, 1));
	damon_dirs_unlock();
	for (nth = 1; nth < MAX_FAILURES; nth++) {
		struct draft d;
		bool failed;

		fail_begin(nth);
		err = make_draft(&d, test->priv, /*runs=*/false, why);
		failed = fail_end();
		damon_cfg_clear(&d.cfg);
		if (!failed)
			break;
		KUNIT_EXPECT_TRUE(test, !err || err == -ENOMEM);
	}
	KUNIT_EXPECT_GT(test, nth, 7);
	KUNIT_EXPECT_EQ(test, 0, err);
}

static struct kunit_case sysfs_cases[] = {
	KUNIT_CASE(the_defaults_are_taken),
	KUNIT_CASE(large_numbers_are_clamped),
	KUNIT_CASE_PARAM(regions_are_all_pages_that_they_touch, range_gen_params),
	KUNIT_CASE(filters_are_core_then_ops_then_old),
	KUNIT_CASE(a_refault_goal_is_of_the_quota),
	KUNIT_CASE(one_node_is_preferred_for_physical_memory),
	KUNIT_CASE(an_obsolete_target_has_to_be_there),
	KUNIT_CASE(a_filter_means_the_same_target),
	KUNIT_CASE(found_intervals_are_no_wish),
	KUNIT_CASE(without_memory_there_is_no_draft),
	{}
};

static struct kunit_suite sysfs_suite = {
	.name = "damon_sysfs",
	.init = init_tree,
	.test_cases = sysfs_cases,
};

kunit_test_suite(sysfs_suite);
