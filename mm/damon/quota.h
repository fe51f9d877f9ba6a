/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a scheme may do: windows of time, each with a limit on bytes and on the time
 * that the work takes.
 */
#ifndef _MM_DAMON_QUOTA_H
#define _MM_DAMON_QUOTA_H

#include <linux/damon.h>
#include <linux/math64.h>
#include <linux/time64.h>

/** DAMON_MAX_SCORE - The highest priority of a region. */
#define DAMON_MAX_SCORE 99

/**
 * struct damon_quota_state - The present window, and what is needed to go on in the next.
 * @limited:	There is a limit.
 * @begun:	There has been a window.
 * @until:	End of the window, in nanoseconds of the monotonic clock.
 * @esz:	Bytes that may be tried in it.
 * @sz:		Bytes that were.
 * @ns:		Nanoseconds that the work took.
 * @total_sz:	Bytes of all windows before.
 * @total_ns:	Nanoseconds of all windows before.
 * @nr_full:	Windows that did not suffice.
 * @target:	Where the last window ended, or NULL to begin from the first region.
 * @addr:	Where in @target.
 */
struct damon_quota_state {
	bool limited, begun;
	u64 until;
	u64 esz;
	u64 sz, ns;
	u64 total_sz, total_ns;
	u64 nr_full;
	const struct damon_target *target;
	unsigned long addr;
};

/**
 * damon_quota_begin() - Before a pass over the regions: is it time for a new window?
 * @s:		The state, all zero at first.
 * @q:		The limits.
 * @now:	Nanoseconds of the monotonic clock.
 *
 * The limit on time becomes one on bytes, by the time that the work took so far: 4 MiB for
 * each millisecond in the first window.
 */
void damon_quota_begin(struct damon_quota_state *s, const struct damon_quota *q, u64 now);

/**
 * damon_quota_room() - How many bytes more may be tried in this window?
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
 * damon_quota_charge() - Some work was done.
 * @s:		The state.
 * @sz:		Bytes that were tried.
 * @ns:		Nanoseconds that it took.
 */
void damon_quota_charge(struct damon_quota_state *s, u64 sz, u64 ns);

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
