// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes: what a user wants to be done with memory that is used in some way.  Here are their
 * settings, and what goes on from one pass to the next; pass.c does the work.
 *
 * All of this belongs to the worker, and needs no lock, but for stat_lock of the context
 * (spinlock): it protects what others may read of a scheme, which is written now and then.
 * So who reads waits for no pass.
 */
#include <linux/damon.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "back.h"
#include "evidence.h"
#include "filter.h"
#include "goal.h"
#include "internal.h"
#include "quota.h"
#include "scheme.h"

/* === Settings === */

const char * const damon_action_words[] = {
	[DAMON_WILLNEED] = "willneed",
	[DAMON_COLD] = "cold",
	[DAMON_PAGEOUT] = "pageout",
	[DAMON_HUGEPAGE] = "hugepage",
	[DAMON_NOHUGEPAGE] = "nohugepage",
	[DAMON_STAT] = "stat",
	[DAMON_COLLAPSE] = "collapse",
	[DAMON_LRU_PRIO] = "lru_prio",
	[DAMON_LRU_DEPRIO] = "lru_deprio",
	[DAMON_MIGRATE_HOT] = "migrate_hot",
	[DAMON_MIGRATE_COLD] = "migrate_cold",
};

static_assert(ARRAY_SIZE(damon_action_words) == DAMON_NR_ACTIONS);

const struct damon_action_kind damon_action_kinds[] = {
	[DAMON_WILLNEED] = { .advises = true },
	[DAMON_COLD] = { .cold = true, .gives_up = true },
	[DAMON_PAGEOUT] = { .cold = true, .gives_up = true },
	[DAMON_HUGEPAGE] = { .hot = true, .advises = true },
	[DAMON_NOHUGEPAGE] = { .cold = true, .advises = true },
	[DAMON_STAT] = { },
	[DAMON_COLLAPSE] = { .hot = true, .advises = true },
	[DAMON_LRU_PRIO] = { .hot = true },
	[DAMON_LRU_DEPRIO] = { .cold = true, .gives_up = true },
	[DAMON_MIGRATE_HOT] = { .hot = true, .moves = true },
	[DAMON_MIGRATE_COLD] = { .cold = true, .gives_up = true, .moves = true },
};

static_assert(ARRAY_SIZE(damon_action_kinds) == DAMON_NR_ACTIONS);
static_assert(DAMON_NR_ACTIONS <= BITS_PER_LONG);

static int check_dests(const struct damon_scheme *s)
{
	unsigned int i, sum = 0;

	if (!s->nr_dests)
		return s->nid < 0 || s->nid >= MAX_NUMNODES ? -EINVAL : 0;
	for (i = 0; i < s->nr_dests; i++)
		if (s->dests[i].nid < 0 || s->dests[i].nid >= MAX_NUMNODES ||
		    check_add_overflow(sum, s->dests[i].weight, &sum))
			return -EINVAL;
	return 0;
}

/* Nodes come and go, so this is asked when the monitor starts. */
static bool have_memory(const struct damon_scheme *s)
{
	unsigned int i;

	if (!s->nr_dests)
		return node_state(s->nid, N_MEMORY);
	for (i = 0; i < s->nr_dests; i++)
		if (!node_state(s->dests[i].nid, N_MEMORY))
			return false;
	return true;
}

/* Of what was never given up, nothing can come back. */
static bool refault_is_valid(unsigned int bp, enum damon_action action)
{
	return bp <= 10000 && (!bp || action == DAMON_PAGEOUT);
}

int damon_scheme_check(const struct damon_scheme *s)
{
	const struct damon_pattern *p = &s->pattern;
	const struct damon_watermarks *w = &s->wmarks;
	unsigned int i;

	if (p->min_sz > p->max_sz || p->min_nr_accesses > p->max_nr_accesses ||
	    p->min_age > p->max_age)
		return -EINVAL;
	if (s->action >= DAMON_NR_ACTIONS || w->metric >= DAMON_NR_WMARK_METRICS)
		return -EINVAL;
	if (!refault_is_valid(s->quota.refault_bp, s->action))
		return -EINVAL;
	if (s->nr_filters > DAMON_MAX_SCHEME_ROWS || s->nr_dests > DAMON_MAX_SCHEME_ROWS ||
	    s->quota.nr_goals > DAMON_MAX_SCHEME_ROWS)
		return -EINVAL;
	if (s->quota.tuner >= DAMON_NR_GOAL_TUNERS)
		return -EINVAL;
	for (i = 0; i < s->quota.nr_goals; i++)
		if (damon_goal_check(&s->quota.goals[i]))
			return -EINVAL;
	for (i = 0; i < s->nr_filters; i++)
		if (damon_filter_check(&s->filters[i]))
			return -EINVAL;
	if (damon_action_kinds[s->action].moves && check_dests(s))
		return -EINVAL;
	return w->low > w->mid || w->mid > w->high ? -EINVAL : 0;
}

/* A copy of @nr rows, which the caller has to free.  NULL of none, or without memory. */
static void *copy_rows(const void *rows, unsigned int nr, size_t size)
{
	return nr ? kmemdup_array(rows, nr, size, GFP_KERNEL) : NULL;
}

static void free_schemes(struct damon_scheme_state *schemes, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		kfree(schemes[i].cfg.filters);
		kfree(schemes[i].cfg.dests);
		kfree(schemes[i].cfg.quota.goals);
	}
	kvfree(schemes);
}

static int copy_scheme(struct damon_scheme *to, const struct damon_scheme *from)
{
	*to = *from;
	to->filters = copy_rows(from->filters, from->nr_filters, sizeof(*from->filters));
	to->dests = copy_rows(from->dests, from->nr_dests, sizeof(*from->dests));
	to->quota.goals = copy_rows(from->quota.goals, from->quota.nr_goals,
				    sizeof(*from->quota.goals));
	return (from->nr_filters && !to->filters) || (from->nr_dests && !to->dests) ||
		(from->quota.nr_goals && !to->quota.goals) ? -ENOMEM : 0;
}

int damon_set_schemes(struct damon_ctx *ctx, const struct damon_scheme *schemes,
		      ssize_t nr_schemes)
{
	struct damon_scheme_state *fresh = NULL;
	unsigned int nr_fresh = nr_schemes;
	ssize_t i;

	if (nr_schemes < 0 || nr_schemes > DAMON_MAX_SCHEMES)
		return -EINVAL;
	for (i = 0; i < nr_schemes; i++)
		if (damon_scheme_check(&schemes[i]))
			return -EINVAL;
	if (nr_schemes) {
		fresh = kvcalloc(nr_schemes, sizeof(*fresh), GFP_KERNEL);
		if (!fresh)
			return -ENOMEM;
	}
	for (i = 0; i < nr_schemes; i++) {
		if (copy_scheme(&fresh[i].cfg, &schemes[i])) {
			free_schemes(fresh, nr_fresh);
			return -ENOMEM;
		}
	}

	scoped_guard(mutex, &ctx->kdamond_lock) {
		if (damon_is_on(ctx)) {
			free_schemes(fresh, nr_fresh);
			return -EBUSY;
		}
		guard(spinlock)(&ctx->stat_lock);
		swap(ctx->schemes, fresh);
		swap(ctx->nr_schemes, nr_fresh);
	}
	free_schemes(fresh, nr_fresh);
	return 0;
}
EXPORT_SYMBOL_GPL(damon_set_schemes);

void damon_schemes_free(struct damon_ctx *ctx)
{
	free_schemes(ctx->schemes, ctx->nr_schemes);
}

int damon_schemes_check(const struct damon_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++) {
		const struct damon_scheme *s = &ctx->schemes[i].cfg;
		unsigned long filters = damon_filters_of_pages(s->filters, s->nr_filters);

		if (damon_scheme_acts(s) && !(ctx->act && ctx->actions & BIT(s->action)))
			return -EOPNOTSUPP;
		if (filters & ~ctx->filters || (filters && damon_action_kinds[s->action].advises))
			return -EOPNOTSUPP;
		if (!ctx->sz_on_node && damon_goals_ask_eligible(&s->quota))
			return -EINVAL;
		if (!damon_action_kinds[s->action].moves)
			continue;
		if (s->nr_dests && !ctx->takes_dests)
			return -EOPNOTSUPP;
		if (!have_memory(s))
			return -EINVAL;
	}
	return 0;
}

/* Schemes whose goals others are to have. */
struct new_goals {
	struct damon_scheme_state *schemes;
	unsigned int nr;
};

static int exchange_goals(struct damon_ctx *ctx, void *arg)
{
	struct new_goals *new = arg;
	unsigned int nr = min(new->nr, ctx->nr_schemes), i;

	for (i = 0; i < nr; i++) {
		const struct damon_quota *q = &new->schemes[i].cfg.quota;

		if (!ctx->sz_on_node && damon_goals_ask_eligible(q))
			return -EINVAL;
		if (!refault_is_valid(q->refault_bp, ctx->schemes[i].cfg.action))
			return -EINVAL;
	}
	for (i = 0; i < nr; i++) {
		struct damon_quota *q = &ctx->schemes[i].cfg.quota;
		struct damon_quota *from = &new->schemes[i].cfg.quota;

		swap(q->goals, from->goals);
		swap(q->nr_goals, from->nr_goals);
		swap(q->refault_bp, from->refault_bp);
	}
	return 0;
}

int damon_schemes_set_goals(struct damon_ctx *ctx, const struct damon_scheme *schemes,
			    unsigned int nr)
{
	struct new_goals new = { .nr = nr };
	unsigned int i, j;
	int err = 0;

	new.schemes = kvcalloc(nr ?: 1, sizeof(*new.schemes), GFP_KERNEL);
	if (!new.schemes)
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++) {
		for (j = 0; j < schemes[i].quota.nr_goals && !err; j++)
			err = damon_goal_check(&schemes[i].quota.goals[j]);
		err = err ?: copy_scheme(&new.schemes[i].cfg, &schemes[i]);
	}
	err = err ?: damon_call(ctx, exchange_goals, &new);
	/* Also what the other ones had. */
	free_schemes(new.schemes, nr);
	return err;
}

void damon_scheme_publish_stat(struct damon_ctx *ctx, struct damon_scheme_state *s)
{
	s->stat.esz = damon_quota_is_limited(&s->cfg.quota) ? s->quota.esz : 0;
	s->stat.qt_exceeds = s->quota.nr_full;
	s->stat.sz_checked = s->back.sz_checked;
	s->stat.sz_back = s->back.sz_back;
	s->stat.min_age = damon_scheme_least_age(s);
	guard(spinlock)(&ctx->stat_lock);
	s->shown = s->stat;
}

int damon_get_scheme_stat(struct damon_ctx *ctx, unsigned int index,
			  struct damon_scheme_stat *stat)
{
	guard(spinlock)(&ctx->stat_lock);
	if (index >= ctx->nr_schemes)
		return -EINVAL;
	*stat = ctx->schemes[index].shown;
	return 0;
}
EXPORT_SYMBOL_GPL(damon_get_scheme_stat);

/* === Watermarks === */

static unsigned long free_mem_rate(void)
{
	u64 nr_free = global_zone_page_state(NR_FREE_PAGES);

	return div64_ul(nr_free * 1000, max(totalram_pages(), 1));
}

static bool is_active(const struct damon_watermarks *w, bool was_active)
{
	unsigned long rate;

	if (w->metric == DAMON_WMARK_NONE)
		return true;
	rate = free_mem_rate();
	if (rate > w->high || rate < w->low)
		return false;
	return was_active || rate <= w->mid;
}

unsigned long damon_schemes_idle_us(struct damon_ctx *ctx)
{
	unsigned long us = ULONG_MAX;
	bool any_active = !ctx->nr_schemes;
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++) {
		struct damon_scheme_state *s = &ctx->schemes[i];

		bool active = is_active(&s->cfg.wmarks, s->stat.active);

		if (active != s->stat.active) {
			s->stat.active = active;
			damon_scheme_publish_stat(ctx, s);
		}
		any_active |= active;
		/* To ask more often than to watch would make no sense. */
		us = min(us, max(s->cfg.wmarks.interval, ctx->sample_interval));
	}
	return any_active ? 0 : us;
}

/*
 * As long as it is, in aggregations of @now in place of @then microseconds.  Rather a bit
 * longer: with none, or one, there would be no time for the second look.
 */
static unsigned long rescaled_age(unsigned long age, unsigned long then, unsigned long now)
{
	u64 scaled = damon_scale(age, then, now);

	scaled += damon_scale(scaled, now, then) < age;
	return min(max(scaled, min(age, 2)), ULONG_MAX);
}

static void set_ages(const struct damon_ctx *ctx, struct damon_scheme_state *s)
{
	const struct damon_pattern *p = &s->cfg.pattern;
	unsigned long then = ctx->asked.aggr_interval, now = ctx->aggr_interval;

	/* Not from the ages of before, whose fractions are lost. */
	s->pattern.min_age = rescaled_age(p->min_age, then, now);
	s->pattern.max_age = rescaled_age(p->max_age, then, now);
}

static void begin_scheme(struct damon_ctx *ctx, struct damon_scheme_state *s)
{
	struct damon_scheme_stat shown = s->shown;
	struct damon_scheme cfg = s->cfg;
	struct damon_back_goal goal;

	memset(s, 0, sizeof(*s));
	s->cfg = cfg;
	/* Others read it, until damon_scheme_publish_stat() has the lock for that. */
	s->shown = shown;
	s->pattern = cfg.pattern;
	set_ages(ctx, s);
	s->stat.active = true;
	goal = damon_scheme_goal(ctx, s);
	damon_back_begin(&s->back, &goal);
}

void damon_schemes_begin(struct damon_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++) {
		begin_scheme(ctx, &ctx->schemes[i]);
		damon_scheme_publish_stat(ctx, &ctx->schemes[i]);
	}
	ctx->next_pass = 0;
}

/* === New settings === */

void damon_schemes_rescale(struct damon_ctx *ctx, const struct damon_attrs *old)
{
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++) {
		struct damon_scheme_state *s = &ctx->schemes[i];
		struct damon_back_goal goal;

		set_ages(ctx, s);
		goal = damon_scheme_goal(ctx, s);
		damon_back_set_age(&s->back, &goal,
				   rescaled_age(s->back.min_age, old->aggr_interval,
						ctx->aggr_interval));
	}
}

/* Go on where @old ends. */
static void continue_scheme(struct damon_ctx *ctx, struct damon_scheme_state *s,
			    const struct damon_scheme_state *old)
{
	const struct damon_back_goal goal = damon_scheme_goal(ctx, s);

	s->stat = old->stat;
	s->quota = old->quota;
	if (s->cfg.apply_interval == old->cfg.apply_interval)
		s->due = old->due;
	s->back = old->back;
	damon_back_set_age(&s->back, &goal, s->back.min_age);
}

void damon_schemes_exchange(struct damon_ctx *ctx, struct damon_ctx *from)
{
	unsigned int i;

	damon_assert_owner(ctx);
	for (i = 0; i < from->nr_schemes; i++) {
		begin_scheme(ctx, &from->schemes[i]);
		if (i < ctx->nr_schemes)
			continue_scheme(ctx, &from->schemes[i], &ctx->schemes[i]);
	}
	scoped_guard(spinlock, &ctx->stat_lock) {
		swap(ctx->schemes, from->schemes);
		swap(ctx->nr_schemes, from->nr_schemes);
		for (i = 0; i < ctx->nr_schemes; i++)
			ctx->schemes[i].shown = ctx->schemes[i].stat;
	}
	for (i = 0; i < ctx->nr_schemes; i++)
		damon_scheme_publish_stat(ctx, &ctx->schemes[i]);
	ctx->next_pass = 0;
}

void damon_schemes_forget_target(struct damon_ctx *ctx, const struct damon_target *t)
{
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++) {
		struct damon_scheme_state *s = &ctx->schemes[i];

		if (s->quota.target == t)
			s->quota.target = NULL;
		damon_back_forget_target(&s->back, t);
	}
}

void damon_schemes_end_pause(struct damon_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++)
		damon_back_forget(&ctx->schemes[i].back);
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/scheme_kunit.c"
#endif
