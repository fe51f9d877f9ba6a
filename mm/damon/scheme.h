/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Schemes: what is to be done with memory that is used in some way.
 */
#ifndef _MM_DAMON_SCHEME_H
#define _MM_DAMON_SCHEME_H

#include <linux/damon.h>
#include <linux/ktime.h>

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
 * @schemes:	Schemes with the goals, by their index; all else of them is not looked at.
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
