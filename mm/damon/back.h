/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a scheme gave up, how much of it came back, and what follows for the age at which
 * memory is given up.
 */
#ifndef _MM_DAMON_BACK_H
#define _MM_DAMON_BACK_H

#include <linux/damon.h>
#include <linux/time64.h>

/** DAMON_NR_REMEMBERED - Pages that a scheme remembers. */
#define DAMON_NR_REMEMBERED 256

/** DAMON_BACK_NS - Who comes back in this time comes back; in nanoseconds. */
#define DAMON_BACK_NS (10ULL * NSEC_PER_SEC)

/**
 * struct damon_given_up - A page that was given up.
 * @target:	Where.
 * @addr:	Its address.
 * @sz:		Bytes that it stands for.
 * @due:	Until when to look whether it is back, in nanoseconds; 0 for none.
 * @is_back:	It is.
 */
struct damon_given_up {
	struct damon_target *target;
	unsigned long addr;
	unsigned long sz;
	u64 due;
	bool is_back;
};

/**
 * struct damon_back - A sample of what was given up.
 * @pages:	The pages.
 * @nr_seen:	Pages that could have been in the sample, in this pass.
 * @sz_checked:	Bytes of which it is known whether they came back.
 * @sz_back:	Those that did.
 * @min_age:	Memory is given up at this age, in aggregations, if there is a goal.
 * @nr_recent:	Pages checked since @min_age was set.
 * @nr_recent_back: Pages of these that came back.
 * @nr_open:	Pages whose time is not over yet.
 * @nr_open_back: Pages of these that are back already, where pages are looked for.
 * @nr_new:	Those of them that were given up in this period.
 * @until:	End of the period, in nanoseconds; 0 before the first one.
 * @nr_refaults: What the counters of the machine said last.
 */
struct damon_back {
	struct damon_given_up pages[DAMON_NR_REMEMBERED];
	unsigned long nr_seen;
	u64 sz_checked, sz_back;
	unsigned long min_age;
	unsigned long nr_recent, nr_recent_back;
	unsigned long nr_open, nr_open_back, nr_new;
	u64 until;
	unsigned long nr_refaults;
};

/**
 * damon_back_begin() - Nothing was given up yet.
 * @b:		The sample, all zero.
 * @least:	The age that the user wants at least, in aggregations.
 * @most:	The age that the user wants at most.
 * @aggr_us:	Length of an aggregation, in microseconds.
 */
void damon_back_begin(struct damon_back *b, unsigned long least, unsigned long most,
		      unsigned long aggr_us);

/**
 * damon_back_forget() - Nobody can tell of these pages any more.
 * @b:		The sample.
 */
void damon_back_forget(struct damon_back *b);

/**
 * damon_back_forget_target() - A target goes away, and its pages with it.
 * @b:		The sample.
 * @t:		The target.
 */
void damon_back_forget_target(struct damon_back *b, const struct damon_target *t);

/**
 * damon_back_look() - Which pages of the sample are back, and for which is it too late?
 * @ctx:	The context.
 * @b:		The sample.
 * @now:	Nanoseconds of the monotonic clock.
 */
void damon_back_look(struct damon_ctx *ctx, struct damon_back *b, u64 now);

/**
 * damon_back_begin_pass() - A pass begins, whose pages shall all be as likely in the sample.
 * @b:		The sample.
 */
static inline void damon_back_begin_pass(struct damon_back *b)
{
	b->nr_seen = 0;
}

/**
 * damon_back_remember() - A piece of memory was given up.
 * @ctx:	The context.
 * @b:		The sample.
 * @t:		The target.
 * @work:	The piece.
 * @now:	Nanoseconds of the monotonic clock, the same for all of a pass.
 */
void damon_back_remember(struct damon_ctx *ctx, struct damon_back *b, struct damon_target *t,
			 const struct damon_work *work, u64 now);

/**
 * damon_back_tune() - Set the age by what came back.
 * @b:		The sample.
 * @goal_bp:	How much may come back, in 1/10000, more than 0.
 * @least:	The age that the user wants at least, in aggregations.
 * @most:	The age that the user wants at most.
 */
void damon_back_tune(struct damon_back *b, unsigned int goal_bp, unsigned long least,
		     unsigned long most);

#endif /* _MM_DAMON_BACK_H */
