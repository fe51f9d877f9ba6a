// SPDX-License-Identifier: GPL-2.0
/*
 * What the work of a scheme is to lead to: how that is measured.
 *
 * A metric is of one of two kinds, and quota.c follows them in different ways.
 *
 * An amount is a part of some memory: of a node, of the lists of reclaim.  It changes by at
 * most one byte for each byte of work, and stays as it is without work.  So what is missing
 * is known in bytes.
 *
 * A rate is a number that is measured anew in each window: what the user says, or how long
 * tasks have waited.  How it depends on the work nobody knows.
 *
 * Memory pressure is measured every two seconds, by the kernel's own clock.  In a window in
 * which it was not, the goal is unknown.  To take it for 0 would double the work.
 *
 * Nothing is held from one window to the next: cgroups are found by their id each time, so
 * none is kept alive, and nodes may come and go.
 */
#include <linux/cgroup.h>
#include <linux/math64.h>
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/psi.h>
#include <linux/time64.h>
#include <linux/vmstat.h>

#include "goal.h"

/* Three times the interval of the measure of pressure: nobody has run, so nobody waited. */
#define PSI_IDLE_NS (6ULL * NSEC_PER_SEC)

/* Parts of more than all that are still worth telling apart. */
#define MAX_TARGET_BP BIT(20)

/* More than any machine has; products with MAX_TARGET_BP / DAMON_GOAL_BP fit an s64. */
#define MAX_WHOLE BIT_ULL(54)

static const struct metric {
	/* A part of some memory, and so an amount; or else a rate. */
	bool is_part;
	bool has_node;
	bool has_cgroup;
} metrics[] = {
	[DAMON_GOAL_USER_INPUT] = { },
	[DAMON_GOAL_SOME_MEM_PSI_US] = { },
	[DAMON_GOAL_NODE_MEM_USED_BP] = { .is_part = true, .has_node = true },
	[DAMON_GOAL_NODE_MEM_FREE_BP] = { .is_part = true, .has_node = true },
	[DAMON_GOAL_NODE_MEMCG_USED_BP] = {
		.is_part = true, .has_node = true, .has_cgroup = true,
	},
	[DAMON_GOAL_NODE_MEMCG_FREE_BP] = {
		.is_part = true, .has_node = true, .has_cgroup = true,
	},
	[DAMON_GOAL_ACTIVE_MEM_BP] = { .is_part = true },
	[DAMON_GOAL_INACTIVE_MEM_BP] = { .is_part = true },
	[DAMON_GOAL_NODE_ELIGIBLE_MEM_BP] = { .is_part = true, .has_node = true },
	[DAMON_GOAL_HUGEPAGE_MEM_BP] = { .is_part = true },
};

static_assert(ARRAY_SIZE(metrics) == DAMON_NR_GOAL_METRICS);

int damon_goal_check(const struct damon_goal *g)
{
	if (g->metric >= DAMON_NR_GOAL_METRICS || !g->target)
		return -EINVAL;
	if (metrics[g->metric].has_node && (g->nid < 0 || g->nid >= MAX_NUMNODES))
		return -EINVAL;
	/* It would seem to use nothing, for ever. */
	if (metrics[g->metric].has_cgroup && (!IS_ENABLED(CONFIG_MEMCG) || !g->cgroup))
		return -EINVAL;
	return g->complement && !metrics[g->metric].is_part ? -EINVAL : 0;
}

/* === Amounts === */

/* A part of @whole, both in bytes. */
struct amount {
	u64 part, whole;
};

static u64 pages_to_bytes(u64 nr)
{
	return nr << PAGE_SHIFT;
}

/* Nothing of @a is a part, and the rest is. */
static struct amount rest(struct amount a)
{
	a.part = a.whole - min(a.part, a.whole);
	return a;
}

/* The free memory of a node. */
static struct amount node_free(int nid)
{
	unsigned long nr_free = 0, nr_all = 0;
	struct zone *zone;

	if (!node_online(nid))
		return (struct amount) { };
	for (zone = NODE_DATA(nid)->node_zones;
	     zone < NODE_DATA(nid)->node_zones + MAX_NR_ZONES; zone++) {
		nr_all += zone_managed_pages(zone);
		nr_free += zone_page_state(zone, NR_FREE_PAGES);
	}
	return (struct amount) { pages_to_bytes(min(nr_free, nr_all)), pages_to_bytes(nr_all) };
}

#ifdef CONFIG_MEMCG

/* Return with a reference, or NULL if there is no such cgroup, or its memory is not counted. */
static struct mem_cgroup *get_memcg(u64 id)
{
	struct cgroup_subsys_state *css;
	struct cgroup *cgroup;

	if (mem_cgroup_disabled())
		return NULL;
	cgroup = cgroup_get_from_id(id);
	if (IS_ERR(cgroup))
		return NULL;
	scoped_guard(rcu) {
		css = rcu_dereference(cgroup->subsys[memory_cgrp_id]);
		if (css && !css_tryget(css))
			css = NULL;
	}
	cgroup_put(cgroup);
	return css ? mem_cgroup_from_css(css) : NULL;
}

/* Pages that processes of a cgroup, and those below it, have on a node. */
static unsigned long nr_memcg_pages(u64 id, int nid)
{
	struct mem_cgroup *memcg = get_memcg(id);
	struct lruvec *lruvec;
	unsigned long nr = 0;
	enum lru_list lru;

	if (!memcg)
		return 0;
	mem_cgroup_flush_stats(memcg);
	lruvec = mem_cgroup_lruvec(memcg, NODE_DATA(nid));
	for_each_lru(lru)
		nr += lruvec_page_state(lruvec, NR_LRU_BASE + lru);
	mem_cgroup_put(memcg);
	return nr;
}

#else

static unsigned long nr_memcg_pages(u64 id, int nid)
{
	return 0;
}

#endif /* CONFIG_MEMCG */

/* The memory of a node that a cgroup does not use. */
static struct amount memcg_free(u64 id, int nid)
{
	struct amount a = node_free(nid);

	if (a.whole)
		a.part = a.whole - min(pages_to_bytes(nr_memcg_pages(id, nid)), a.whole);
	return a;
}

/* The memory on the active lists. */
static struct amount active_mem(void)
{
	u64 active = global_node_page_state(NR_ACTIVE_ANON) +
		global_node_page_state(NR_ACTIVE_FILE);
	u64 inactive = global_node_page_state(NR_INACTIVE_ANON) +
		global_node_page_state(NR_INACTIVE_FILE);

	return (struct amount) { pages_to_bytes(active), pages_to_bytes(active + inactive) };
}

/* Huge pages, of the memory that is in use. */
static struct amount hugepage_mem(void)
{
	u64 huge = global_node_page_state(NR_ANON_THPS) + global_node_page_state(NR_SHMEM_THPS) +
		global_node_page_state(NR_FILE_THPS);
	unsigned long nr_all = totalram_pages();
	unsigned long nr_free = min(global_zone_page_state(NR_FREE_PAGES), nr_all);

	return (struct amount) { pages_to_bytes(huge), pages_to_bytes(nr_all - nr_free) };
}

static struct amount read_amount(const struct damon_goal *g, const struct damon_eligible *eligible)
{
	switch (g->metric) {
	case DAMON_GOAL_NODE_MEM_USED_BP:
		return rest(node_free(g->nid));
	case DAMON_GOAL_NODE_MEM_FREE_BP:
		return node_free(g->nid);
	case DAMON_GOAL_NODE_MEMCG_USED_BP:
		return rest(memcg_free(g->cgroup, g->nid));
	case DAMON_GOAL_NODE_MEMCG_FREE_BP:
		return memcg_free(g->cgroup, g->nid);
	case DAMON_GOAL_ACTIVE_MEM_BP:
		return active_mem();
	case DAMON_GOAL_INACTIVE_MEM_BP:
		return rest(active_mem());
	case DAMON_GOAL_HUGEPAGE_MEM_BP:
		return hugepage_mem();
	default:
		return (struct amount) {
			eligible->bytes(eligible->arg, g->nid),
			eligible->bytes(eligible->arg, NUMA_NO_NODE),
		};
	}
}

/* Does a metric say how much is in use?  Of no memory, all is. */
static bool is_of_use(const struct damon_goal *g)
{
	return g->metric == DAMON_GOAL_NODE_MEM_USED_BP ||
		g->metric == DAMON_GOAL_NODE_MEMCG_USED_BP ||
		g->metric == DAMON_GOAL_HUGEPAGE_MEM_BP;
}

static unsigned int to_bp(const struct damon_goal *g, struct amount a)
{
	unsigned int bp = is_of_use(g) ? DAMON_GOAL_BP : 0;

	if (a.whole)
		bp = mul_u64_u64_div_u64(min(a.part, a.whole), DAMON_GOAL_BP, a.whole);
	return g->complement ? DAMON_GOAL_BP - bp : bp;
}

/* @bp of @whole, in bytes. */
static s64 bp_to_bytes(unsigned long bp, u64 whole)
{
	return mul_u64_u64_div_u64(min(whole, MAX_WHOLE), min(bp, MAX_TARGET_BP), DAMON_GOAL_BP);
}

/* === Rates === */

#ifdef CONFIG_PSI

/* Microseconds of a window of @span ns; false if nothing was measured. */
static bool read_psi(struct damon_psi_past *past, u64 span, u64 now, u64 *us)
{
	struct damon_psi_past last = *past;

	*us = 0;
	if (static_branch_likely(&psi_disabled))
		return true;
	/* Taken together, and whole where a long has 32 bits. */
	scoped_guard(mutex, &psi_system.avgs_lock) {
		past->at = psi_system.avg_last_update;
		past->total = psi_system.total[PSI_AVGS][PSI_MEM_SOME];
	}
	past->read = true;
	if (last.read && past->at == last.at) {
		*past = last;
		return now - last.seen >= PSI_IDLE_NS;
	}
	past->seen = now;
	if (!last.read)
		return false;
	/* What there was in the time that was measured, in as much time as the window had. */
	*us = mul_u64_u64_div_u64(min(past->total - last.total, past->at - last.at), span,
				  past->at - last.at);
	*us = div_u64(*us, NSEC_PER_USEC);
	return true;
}

#else

static bool read_psi(struct damon_psi_past *past, u64 span, u64 now, u64 *us)
{
	*us = 0;
	return true;
}

#endif /* CONFIG_PSI */

/* === All goals === */

/* In 1/10000 of the target. */
static u64 score_of_value(u64 value, u64 target)
{
	if (div64_u64(value, target) >= DAMON_MAX_GOAL_SCORE / DAMON_GOAL_BP)
		return DAMON_MAX_GOAL_SCORE;
	return mul_u64_u64_div_u64(value, DAMON_GOAL_BP, target);
}

static void add_amount(struct damon_goals *goals, const struct damon_goal *g, struct amount a)
{
	unsigned int bp = to_bp(g, a);
	s64 wanted = bp_to_bytes(g->target, a.whole);
	s64 missing = wanted - bp_to_bytes(bp, a.whole);

	if (!goals->nr_amounts || missing < goals->missing) {
		goals->missing = missing;
		goals->wanted = wanted;
	}
	goals->nr_amounts++;
	goals->score = max(goals->score, score_of_value(bp, g->target));
}

static void add_rate(struct damon_goals *goals, const struct damon_goal *g, u64 value)
{
	u64 score = score_of_value(value, g->target);

	goals->nr_rates++;
	goals->rate_score = max(goals->rate_score, score);
	goals->score = max(goals->score, score);
}

static bool has_metric(const struct damon_quota *q, enum damon_goal_metric metric)
{
	unsigned int i;

	for (i = 0; i < q->nr_goals; i++)
		if (q->goals[i].metric == metric)
			return true;
	return false;
}

bool damon_goals_ask_eligible(const struct damon_quota *q)
{
	return has_metric(q, DAMON_GOAL_NODE_ELIGIBLE_MEM_BP);
}

void damon_goals_read(struct damon_goals *goals, struct damon_psi_past *past,
		      const struct damon_quota *q, const struct damon_eligible *eligible,
		      u64 span, u64 now)
{
	unsigned int i;
	u64 psi_us = 0;

	*goals = (struct damon_goals) { };
	if (has_metric(q, DAMON_GOAL_SOME_MEM_PSI_US))
		goals->unknown = !read_psi(past, span, now, &psi_us);
	for (i = 0; i < q->nr_goals; i++) {
		const struct damon_goal *g = &q->goals[i];

		if (metrics[g->metric].is_part)
			add_amount(goals, g, read_amount(g, eligible));
		else if (g->metric == DAMON_GOAL_SOME_MEM_PSI_US)
			add_rate(goals, g, psi_us);
		else
			add_rate(goals, g, g->current_value);
	}
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/goal_kunit.c"
#endif
