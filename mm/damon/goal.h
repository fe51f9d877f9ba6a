/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How near a scheme is to what its work is to lead to.
 */
#ifndef _MM_DAMON_GOAL_H
#define _MM_DAMON_GOAL_H

#include <linux/bits.h>
#include <linux/damon.h>

/** DAMON_GOAL_BP - All, in the unit of metrics and scores. */
#define DAMON_GOAL_BP 10000ULL

/** DAMON_MAX_GOAL_SCORE - Scores above are this one. */
#define DAMON_MAX_GOAL_SCORE BIT_ULL(40)

/**
 * struct damon_psi_past - What was read of memory pressure before.
 * @read:	Something was.
 * @at:		When the kernel had measured it, by its own clock in nanoseconds.
 * @total:	Nanoseconds of waiting since boot.
 * @seen:	When the measure was new, in nanoseconds of the monotonic clock.
 */
struct damon_psi_past {
	bool read;
	u64 at, total;
	u64 seen;
};

/**
 * struct damon_goals - All goals of a scheme, read.
 * @unknown:	For a goal, nothing was measured since it was read last.
 * @score:	The largest of value / target, in 1/10000: of the goal that is nearest to being
 *		reached, or beyond.
 * @rate_score:	The largest of those whose value is not an amount of memory.
 * @nr_rates:	How many of those there are.
 * @nr_amounts:	How many are an amount of memory.
 * @missing:	The least of bytes that are missing of an amount; below 0 if there are too
 *		many.
 * @wanted:	The bytes that this amount shall be, not negative.
 */
struct damon_goals {
	bool unknown;
	u64 score;
	u64 rate_score;
	unsigned int nr_rates, nr_amounts;
	s64 missing, wanted;
};

/**
 * struct damon_eligible - Asks the scheme for the memory that its pattern fits.
 * @bytes:	Tells how many bytes of it are on a node; of all for NUMA_NO_NODE.
 * @arg:	Its first argument.
 */
struct damon_eligible {
	u64 (*bytes)(void *arg, int nid);
	void *arg;
};

/**
 * damon_goal_check() - The one validation of a goal.
 * @g:		The goal.
 *
 * Return: 0, or -EINVAL: there is no such metric or node, the target or the cgroup is 0, or a
 *	metric that is no part of a whole has no complement.
 */
int damon_goal_check(const struct damon_goal *g);

/**
 * damon_goals_ask_eligible() - Does a goal ask which memory the pattern fits?
 * @q:		The quota.
 *
 * Return: Whether one does.
 */
bool damon_goals_ask_eligible(const struct damon_quota *q);

/**
 * damon_goals_read() - Read all goals of a scheme.
 * @goals:	Where to write what they say.
 * @past:	Of the pressure read before, all zero at first; it is brought up to date.
 * @q:		The quota, with one goal at least.
 * @eligible:	For DAMON_GOAL_NODE_ELIGIBLE_MEM_BP.
 * @span:	Nanoseconds of the window that has ended, for what is counted over a window.
 * @now:	Nanoseconds of the monotonic clock.
 *
 * A node that is not online counts as one whose memory is all in use, so nothing is moved
 * there; a cgroup that is gone uses nothing.
 *
 * Context: May sleep.
 */
void damon_goals_read(struct damon_goals *goals, struct damon_psi_past *past,
		      const struct damon_quota *q, const struct damon_eligible *eligible,
		      u64 span, u64 now);

#endif /* _MM_DAMON_GOAL_H */
