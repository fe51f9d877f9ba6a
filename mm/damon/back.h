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
 * DAMON_BACK_SLOTS - Times of which it is known how much was given up in each.  They are a
 * second long, or as long as from one pass to the next if that is more.
 */
#define DAMON_BACK_SLOTS 10

/**
 * struct damon_given_up - A page that was given up.
 * @target:	Where.
 * @addr:	Its address.
 * @sz:		Bytes that it stands for.
 * @due:	Until when to look whether it is back, in nanoseconds; 0 for none.
 * @since:	Since when it had not been accessed, in nanoseconds.
 * @idle:	For how long it had not been, when it was found to be back; 0 if it is not.
 * @is_trial:	It was given up to try a lower age.
 */
struct damon_given_up {
	struct damon_target *target;
	unsigned long addr;
	unsigned long sz;
	u64 due, since, idle;
	bool is_trial;
};

/**
 * struct damon_back_tally - What came back, since the last decision on an age.
 * @nr:		Pages whose time is over.
 * @nr_back:	Pages of these that came back.
 * @idle:	The sum of the times for which those had not been accessed, in nanoseconds.
 * @nr_open:	Pages whose time is not over yet.
 * @nr_open_back: Pages of these that are back already, where pages are looked for.
 * @open_idle:	The sum of their times.
 */
struct damon_back_tally {
	unsigned long nr, nr_back;
	u64 idle;
	unsigned long nr_open, nr_open_back;
	u64 open_idle;
};

/**
 * struct damon_back - What was given up, a sample of it, and the ages that follow.
 * @pages:	The pages.
 * @nr_seen:	Pages that could have been in the sample, in this slot.
 * @nr_taken:	Pages of these that are.
 * @nr_places:	Pages that may be.
 * @slot:	The present slot.
 * @slot_ns:	Its length, in nanoseconds.
 * @began:	When it began, in nanoseconds of the monotonic clock.
 * @sz:		Bytes given up in this slot and in those before, but for trials.
 * @thin:	So many times twice as much has to be tried as is to be given up.
 * @sz_checked:	Bytes of which it is known whether they came back.
 * @sz_back:	Those that did.
 * @by_page:	Pages are looked for, one by one.
 * @aggr_ns:	Length of an aggregation, in nanoseconds.
 * @min_age:	Memory is given up at this age, in aggregations.
 * @try_age:	And a little of what has at least this one; never above @min_age.
 * @is_kept:	The goal was kept with @min_age.
 * @sz_kept:	Bytes given up since an age was tried, or set.
 * @sz_trial:	Bytes that are left to be given up from @try_age on.
 * @tally:	What came back of what was given up at @min_age.
 * @trial:	The same of what was given up between @try_age and that.
 * @nr_new:	Pages of @tally that were given up in this period.
 * @until:	End of the period, in nanoseconds; 0 before the first one.
 * @nr_refaults: What the counters of the machine said last.
 */
struct damon_back {
	struct damon_given_up pages[DAMON_NR_REMEMBERED];
	unsigned long nr_seen, nr_taken, nr_places;
	unsigned int slot;
	u64 slot_ns, began;
	u64 sz[DAMON_BACK_SLOTS];
	unsigned int thin;
	u64 sz_checked, sz_back;
	bool by_page;
	u64 aggr_ns;
	unsigned long min_age, try_age;
	bool is_kept;
	u64 sz_kept, sz_trial;
	struct damon_back_tally tally, trial;
	unsigned long nr_new;
	u64 until;
	unsigned long nr_refaults;
};

/**
 * struct damon_back_goal - What the user wants.
 * @bp:		How much may come back, in 1/10000, more than 0.
 * @least:	The age that the user wants at least, in aggregations.
 * @most:	The age that the user wants at most.
 * @aggr_us:	Length of an aggregation, in microseconds.
 * @pass_us:	Time from one pass to the next, in microseconds.
 */
struct damon_back_goal {
	unsigned int bp;
	unsigned long least, most;
	unsigned long aggr_us, pass_us;
};

/**
 * damon_back_begin() - Nothing was given up yet.
 * @b:		The sample, all zero.
 * @goal:	What the user wants; its @bp is not looked at.
 */
void damon_back_begin(struct damon_back *b, const struct damon_back_goal *goal);

/**
 * damon_back_set_age() - The ages of the user, or the aggregations, are others.
 * @b:		The sample.
 * @goal:	What the user wants now; its @bp is not looked at.
 * @age:	The age at which memory is given up, in aggregations of now.
 *
 * A trial of a lower age is over, and what it has found is forgotten.  No other one begins
 * until the goal has been kept with this age.
 */
void damon_back_set_age(struct damon_back *b, const struct damon_back_goal *goal,
			unsigned long age);

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
 * damon_back_room() - How much may be given up in what is left of this slot?
 * @b:		The sample.
 * @now:	Nanoseconds of the monotonic clock.
 *
 * Return: Bytes.
 */
u64 damon_back_room(struct damon_back *b, u64 now);

/**
 * damon_back_sz_open() - How much has been given up in the slots?
 * @b:		The sample.
 *
 * Return: Bytes.
 */
u64 damon_back_sz_open(const struct damon_back *b);

/**
 * damon_back_tries() - Is some memory to be given up at a lower age?
 * @b:		The sample.
 *
 * Return: Whether it is.
 */
static inline bool damon_back_tries(const struct damon_back *b)
{
	return b->try_age < b->min_age && b->sz_trial;
}

/**
 * damon_back_worked() - So much was given up of some of what matches, or of all.
 * @b:		The sample.
 * @wanted:	Bytes that were to be given up.
 * @sz:		Bytes that were.
 * @on_all:	All that matches was tried.
 */
void damon_back_worked(struct damon_back *b, u64 wanted, u64 sz, bool on_all);

/**
 * damon_back_remember() - A piece of memory was given up.
 * @ctx:	The context.
 * @b:		The sample.
 * @t:		The target.
 * @work:	The piece.
 * @since:	Since when it had not been accessed, in nanoseconds.
 * @is_trial:	It was given up to try a lower age.
 * @now:	Nanoseconds of the monotonic clock, the same for all of a pass.
 */
void damon_back_remember(struct damon_ctx *ctx, struct damon_back *b, struct damon_target *t,
			 const struct damon_work *work, u64 since, bool is_trial, u64 now);

/**
 * damon_back_tune() - Set the ages by what came back.
 * @b:		The sample.
 * @goal:	What the user wants.
 */
void damon_back_tune(struct damon_back *b, const struct damon_back_goal *goal);

#endif /* _MM_DAMON_BACK_H */
