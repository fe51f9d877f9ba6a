/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a scheme may do: windows of time, each with a limit on bytes and on the time
 * that the work takes, and with goals that set the bytes.
 */
#ifndef _MM_DAMON_QUOTA_H
#define _MM_DAMON_QUOTA_H

#include <linux/damon.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "goal.h"

/** DAMON_MAX_SCORE - The highest priority of a region. */
#define DAMON_MAX_SCORE 99

/**
 * struct damon_feed - Bytes of a window, by a goal that is a rate.
 * @sz:		The bytes, 0 before the first window.
 * @wait:	Windows until the next step.
 * @patience:	Windows to wait after a step.
 * @gain:	The next step is this power of two larger, or smaller, than what is missing.
 * @seen:	The score at the last step that was made far from the goal, 0 for none.
 */
struct damon_feed {
	u64 sz;
	u8 wait, patience;
	s8 gain;
	u64 seen;
};

/**
 * struct damon_balance - Bytes of a window, by a goal that is an amount.
 * @begun:	There was a window before.
 * @missing:	Bytes that were missing at its beginning.
 * @lost:	Bytes of work, of each window, that nothing is seen of at its end.
 */
struct damon_balance {
	bool begun;
	s64 missing;
	s64 lost;
};

/**
 * struct damon_quota_state - The present window, and what is needed to go on in the next.
 * @begun:	There is a window.
 * @tuned:	@goal_sz is by goals.
 * @since:	Its begin, in nanoseconds of the monotonic clock.
 * @esz:	Bytes that may be charged in it.
 * @goal_sz:	Those of them that goals allow.
 * @sz:		Bytes that were charged.
 * @ns:		Nanoseconds that the work took.
 * @total_sz:	Bytes of all windows before.
 * @total_ns:	Nanoseconds of all windows before.
 * @nr_full:	Windows that did not suffice.
 * @feed:	For goals that are rates.
 * @balance:	For goals that are amounts.
 * @psi:	For those that are pressure.
 * @target:	Where the last window ended, or NULL to begin from the first region.
 * @addr:	Where in @target.
 *
 * None of it is made of the limits, but for @esz and @goal_sz, which damon_quota_begin()
 * sets anew.  So limits may change at any time between two passes.
 */
struct damon_quota_state {
	bool begun, tuned;
	u64 since;
	u64 esz, goal_sz;
	u64 sz, ns;
	u64 total_sz, total_ns;
	u64 nr_full;
	struct damon_feed feed;
	struct damon_balance balance;
	struct damon_psi_past psi;
	const struct damon_target *target;
	unsigned long addr;
};

/**
 * damon_quota_is_limited() - Is there any limit?
 * @q:		The limits.
 *
 * Return: Whether time or bytes are limited, or there is a goal.  Then esz of the state
 *	tells how many bytes a window allows: none if it is 0.
 */
static inline bool damon_quota_is_limited(const struct damon_quota *q)
{
	return q->ms || q->sz || q->nr_goals;
}

/**
 * damon_quota_begin() - Before a pass over the regions: is it time for a new window?
 * @s:		The state, all zero at first.
 * @q:		The limits.
 * @eligible:	For a goal that asks which memory the pattern fits.
 * @now:	Nanoseconds of the monotonic clock.
 *
 * The limit on time becomes one on bytes, by the time that the work took so far: 4 MiB for
 * each millisecond in the first window.  Goals are read, and followed, when a window begins.
 *
 * Context: May sleep.
 */
void damon_quota_begin(struct damon_quota_state *s, const struct damon_quota *q,
		       const struct damon_eligible *eligible, u64 now);

/**
 * damon_quota_room() - How many bytes more may be charged in this window?
 * @s:		The state.
 * @q:		The limits.
 *
 * Return: The number, in whole pages.  0 when its bytes or its time are used up.
 */
u64 damon_quota_room(const struct damon_quota_state *s, const struct damon_quota *q);

/**
 * damon_quota_is_late() - Has the work taken all the time of the window?
 * @s:		The state.
 * @q:		The limits.
 * @ns:		Nanoseconds that are not charged yet.
 *
 * Return: Whether there is a limit on time that is reached.
 */
static inline bool damon_quota_is_late(const struct damon_quota_state *s,
				       const struct damon_quota *q, u64 ns)
{
	return q->ms && div_u64(s->ns + ns, NSEC_PER_MSEC) >= q->ms;
}

/**
 * damon_quota_charge_time() - Some time was spent.
 * @s:		The state.
 * @ns:		Nanoseconds of it.
 */
static inline void damon_quota_charge_time(struct damon_quota_state *s, u64 ns)
{
	s->ns += ns;
}

/**
 * damon_quota_charge() - Some memory was tried.
 * @s:		The state.
 * @q:		The limits.
 * @sz_tried:	Its bytes.
 * @sz_applied:	Those that the action did something to.
 *
 * Where it did nothing, only a part may be charged: see fail_charge_num of
 * &struct damon_quota.
 */
void damon_quota_charge(struct damon_quota_state *s, const struct damon_quota *q, u64 sz_tried,
			u64 sz_applied);

/**
 * damon_quota_score() - The priority of a region.
 * @q:		The weights.
 * @nr_accesses: Its count.
 * @age:	Its age, in aggregations.
 * @max_nr_accesses: The largest count there can be.
 * @aggr_us:	Length of an aggregation, in microseconds.
 * @cold:	Cold memory comes first, or else hot memory.
 *
 * The count in 1/100 of the largest, and the logarithm of the age in seconds, which speaks
 * for hot memory where there is a count, and for cold memory where there is none.
 *
 * Return: 0 to DAMON_MAX_SCORE.
 */
unsigned int damon_quota_score(const struct damon_quota *q, unsigned int nr_accesses,
			       unsigned int age, unsigned int max_nr_accesses,
			       unsigned long aggr_us, bool cold);

#endif /* _MM_DAMON_QUOTA_H */
