/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Schemes: what is to be done with memory that is used in some way.
 */
#ifndef _MM_DAMON_SCHEME_H
#define _MM_DAMON_SCHEME_H

#include <linux/damon.h>
#include <linux/ktime.h>
#include <linux/minmax.h>

#include "back.h"
#include "filter.h"
#include "quota.h"

/**
 * struct damon_action_kind - What kind of action it is.
 * @cold:	Cold memory comes first.
 * @hot:	Hot memory comes first; without both, all are equal.
 * @gives_up:	It takes memory away from who has it.
 * @advises:	It is advice on addresses, and does not ask which pages are there.
 * @moves:	It needs nodes.
 */
struct damon_action_kind {
	bool cold, hot, gives_up, advises, moves;
};

extern const struct damon_action_kind damon_action_kinds[];

/**
 * struct damon_scheme_state - A scheme of a context, and what it has done.
 * @cfg:	The scheme, as the user gave it.
 * @pattern:	Its pattern, with ages in the aggregations of now; those of @cfg are in those
 *		that were asked for.
 * @stat:	For users, up to date.
 * @shown:	The same, as of the last piece of work that is done; under stat_lock.
 * @quota:	The present window.
 * @due:	Not before, in nanoseconds of the monotonic clock.
 * @back:	What was given up, and what of it came back.
 */
struct damon_scheme_state {
	struct damon_scheme cfg;
	struct damon_pattern pattern;
	struct damon_scheme_stat stat, shown;
	struct damon_quota_state quota;
	u64 due;
	struct damon_back back;
};

/**
 * damon_scheme_acts() - Does a scheme need the primitives?
 * @s:		The scheme.
 *
 * Return: Whether it does; to count all memory, nobody has to be asked.
 */
static inline bool damon_scheme_acts(const struct damon_scheme *s)
{
	return s->action != DAMON_STAT || damon_filters_of_pages(s->filters, s->nr_filters);
}

/**
 * damon_scheme_has_goal() - Is the age at which memory is given up set by what comes back?
 * @s:		The scheme.
 *
 * Return: Whether it is.
 */
static inline bool damon_scheme_has_goal(const struct damon_scheme_state *s)
{
	return s->cfg.quota.refault_bp;
}

/**
 * damon_scheme_goal() - What damon_back_begin() and its fellows need to know.
 * @ctx:	The context.
 * @s:		The scheme.
 *
 * Return: The goal, with ages in aggregations of now.
 */
static inline struct damon_back_goal damon_scheme_goal(const struct damon_ctx *ctx,
						       const struct damon_scheme_state *s)
{
	return (struct damon_back_goal) {
		s->cfg.quota.refault_bp, s->pattern.min_age, s->pattern.max_age,
		ctx->aggr_interval, max(ctx->aggr_interval, s->cfg.apply_interval),
	};
}

/**
 * damon_scheme_least_age() - From which age on does memory have its turn?
 * @s:		The scheme.
 *
 * Return: The age, in aggregations.
 */
static inline unsigned long damon_scheme_least_age(const struct damon_scheme_state *s)
{
	return damon_scheme_has_goal(s) ? s->back.min_age : s->pattern.min_age;
}

/**
 * damon_scheme_publish_stat() - Let others read what a scheme has done.
 * @ctx:	The context.
 * @s:		The scheme.
 *
 * Context: On the worker, or while there is none; takes stat_lock.
 */
void damon_scheme_publish_stat(struct damon_ctx *ctx, struct damon_scheme_state *s);

/**
 * damon_scheme_check() - The one validation of a scheme.
 * @s:		The scheme.
 *
 * Return: 0, or -EINVAL; see damon_set_schemes().
 */
int damon_scheme_check(const struct damon_scheme *s);

/* The word for each &enum damon_action. */
extern const char * const damon_action_words[DAMON_NR_ACTIONS];

/**
 * damon_schemes_check() - Can the primitives do what the schemes want?
 * @ctx:	The context.
 *
 * Return: 0, -EOPNOTSUPP for an action, a filter, or several nodes, or -EINVAL for a goal, or
 *	when a node that memory is to be moved to has none.
 */
int damon_schemes_check(const struct damon_ctx *ctx);

/**
 * damon_schemes_free() - Free the schemes of a context that is to be freed.
 * @ctx:	The context.
 */
void damon_schemes_free(struct damon_ctx *ctx);

/**
 * damon_schemes_begin() - The monitor starts.
 * @ctx:	The context.
 */
void damon_schemes_begin(struct damon_ctx *ctx);

/**
 * damon_schemes_end_pause() - Nobody has watched for a while.
 * @ctx:	The context.
 */
void damon_schemes_end_pause(struct damon_ctx *ctx);

/**
 * damon_schemes_find_active() - Which schemes have a pass when they are due?
 * @ctx:	The context.
 * @active:	A bit for each scheme, all 0; set by this.
 *
 * Context: On the worker.
 * Return: Whether there is one.
 */
bool damon_schemes_find_active(const struct damon_ctx *ctx, unsigned long *active);

/**
 * damon_schemes_apply() - At the end of an aggregation, do what is due.
 * @ctx:	The context.
 * @now:	The monotonic clock.
 *
 * Context: On the worker, while the counts of the regions are those of the report.  There
 *	are never more than max_nr_regions regions afterwards.
 */
void damon_schemes_apply(struct damon_ctx *ctx, ktime_t now);

/**
 * damon_schemes_apply_between() - During an aggregation, do what is due.
 * @ctx:	The context.
 * @now:	The monotonic clock.
 *
 * Context: As damon_schemes_apply(), but the counts of the regions are those of samples.
 */
void damon_schemes_apply_between(struct damon_ctx *ctx, ktime_t now);

/**
 * damon_schemes_rescale() - The intervals have changed.
 * @ctx:	The context, with the new ones.
 * @old:	The old ones.
 *
 * The ages of all patterns stay as long as they are.
 */
void damon_schemes_rescale(struct damon_ctx *ctx, const struct damon_attrs *old);

/**
 * damon_schemes_exchange() - Go on with the schemes of another context.
 * @ctx:	The context.
 * @from:	The other one, which gets the schemes of @ctx, and is off.
 *
 * What was done so far, and is used up of the present windows, goes on with the scheme
 * of the same index.
 *
 * Context: On the worker of @ctx, or while it is off.
 */
void damon_schemes_exchange(struct damon_ctx *ctx, struct damon_ctx *from);

/**
 * damon_schemes_set_goals() - Give the quotas of the schemes other goals.
 * @ctx:	The context.
 * @schemes:	Schemes with the goals, and refault_bp, by their index; all else of them is
 *		not looked at.
 * @nr:		Their number; the schemes behind keep their goals.
 *
 * Context: As damon_call().
 * Return: 0; -EINVAL for a goal that damon_set_schemes() would refuse, or that the primitives
 *	can not tell; -ENOMEM; what damon_call() returns.  On an error nothing has changed.
 */
int damon_schemes_set_goals(struct damon_ctx *ctx, const struct damon_scheme *schemes,
			    unsigned int nr);

/**
 * damon_schemes_forget_target() - A target goes away.
 * @ctx:	The context.
 * @t:		The target.
 */
void damon_schemes_forget_target(struct damon_ctx *ctx, const struct damon_target *t);

/**
 * damon_schemes_idle_us() - Is there nothing to do, by all watermarks?
 * @ctx:	The context.
 *
 * Return: 0 when a scheme is active, or there is none; otherwise after how many
 *	microseconds to ask again.
 */
unsigned long damon_schemes_idle_us(struct damon_ctx *ctx);

#endif /* _MM_DAMON_SCHEME_H */
