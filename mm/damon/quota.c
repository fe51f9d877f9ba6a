// SPDX-License-Identifier: GPL-2.0
/*
 * The limits of a scheme.
 *
 * A limit on bytes holds for what is tried, so a window in which nothing can be done is
 * full as well, and costs no more time than any other; but of what nothing could be done to
 * the user may have a part charged only.  Limits are in force from the first window on, and
 * a change of them at the next pass.  A limit of 0 bytes, by a goal, is one.
 *
 * Goals.  When a window begins, the goals are read, and its bytes are set.  The tuner
 * "temporal" gives all that the other limits allow until the goals are reached, and nothing
 * from then on.  "consist" looks for the number of bytes with which a goal is kept:
 *
 * - An amount of memory (see goal.c) is changed by the work byte by byte, so what is missing
 *   is known.  A window does a quarter of it, and what was lost in the windows before, in
 *   the mean of about four: others took it back, or the work did not achieve it.  A quarter
 *   is the most that does not swing when effects are a window late.
 *
 * - How a rate depends on the bytes is not known, but mostly it doubles when they do.  So
 *   the next number of bytes is the present one / score, where the score is value / target,
 *   but no more than 16 times, and no less than a 16th.  For small errors it is half the way,
 *   as those may be noise.  Then the number is left alone for a window, as work may show its
 *   effect a window later, and who would not wait would do it twice.
 *
 *   Where this model is wrong, it is corrected.  A step that had less than half of its
 *   effect: the next is twice as far, up to four times.  A step past the goal: the next
 *   goes half as far, down to a quarter, and is given a window more to show its effect.
 *
 *   Nothing is piled up.  A window that is not used up gives no reason for more than twice
 *   of what was used, and a step down begins from that.  Nor does the number grow beyond
 *   what the other limits let through.
 *
 *   It begins with 4 MiB, about a millisecond of work, and may go down to a single byte, with
 *   which nothing can be done; up it goes from a page.  From there to the goal it is one step
 *   if the model is right, and one more for each factor of 16.
 *
 * The alternative, bytes x (2 - score) in each window, is the same for small errors.  But it
 * needs a window for each factor of two, swings for ever where effects are a window late, and
 * falls to nothing at a score of 2.
 *
 * All of this is numbers, and belongs to the worker: it needs no lock.
 */
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/time64.h>

#include "goal.h"
#include "quota.h"

/* Until something is known: bytes of work in a millisecond. */
#define FIRST_BYTES_PER_MS (PAGE_SIZE * 1024)

/* So that the quotient of bytes_in_time() fits 64 bits. */
#define MAX_TOTAL	BIT_ULL(50)
#define MAX_GROWTH	1024

/* More is no other limit: a page that fails is as good as 4 MiB. */
#define MAX_FAIL_CHARGE	1024

/* Bytes of a window by goals that are rates, at first and at most. */
#define FIRST_FEED	FIRST_BYTES_PER_MS
#define MAX_FEED	BIT_ULL(56)

/* With less, nothing can be done; not 0, so that users see a number that is set. */
#define NO_FEED		1

/* Largest factor of a step; of errors that may be noise; powers of two; windows. */
#define MAX_STEP	16
#define NEAR		(DAMON_GOAL_BP * 15 / 100)
#define MAX_GAIN	2
#define MAX_PATIENCE	4

/* What is done in a window of what is missing; and how many windows make a mean. */
#define SHARE_OF_MISSING 4
#define NR_BALANCED	4

/* What has come of the window before: bytes that were allowed, and used; and was that all? */
struct last_window {
	u64 esz, sz;
	bool full;
};

/* Half of what a product of nanoseconds can hold, as sums of two are compared. */
static u64 ms_to_ns(unsigned long ms)
{
	return min_t(u64, ms, U64_MAX / 2 / NSEC_PER_MSEC) * NSEC_PER_MSEC;
}

/* === Limits === */

/* Bytes that fit the limit on time, a page at least. */
static u64 bytes_in_time(const struct damon_quota_state *s, const struct damon_quota *q)
{
	u64 ns = ms_to_ns(q->ms);

	if (s->total_ns && s->total_sz)
		return max(mul_u64_u64_div_u64(s->total_sz, min(ns, s->total_ns * MAX_GROWTH),
					       s->total_ns), PAGE_SIZE);
	return min_t(u64, q->ms, U64_MAX / FIRST_BYTES_PER_MS) * FIRST_BYTES_PER_MS;
}

static u64 effective_size(const struct damon_quota_state *s, const struct damon_quota *q)
{
	u64 sz = q->ms ? bytes_in_time(s, q) : U64_MAX;

	if (q->sz)
		sz = min(sz, q->sz);
	return q->nr_goals ? min(sz, s->goal_sz) : sz;
}

u64 damon_quota_room(const struct damon_quota_state *s, const struct damon_quota *q)
{
	if (!damon_quota_is_limited(q))
		return U64_MAX;
	if (damon_quota_is_late(s, q, 0))
		return 0;
	return round_down(s->esz - min(s->esz, s->sz), PAGE_SIZE);
}

void damon_quota_charge(struct damon_quota_state *s, const struct damon_quota *q, u64 sz_tried,
			u64 sz_applied)
{
	u64 num = q->fail_charge_num, denom = q->fail_charge_denom;

	if (denom && sz_applied <= sz_tried) {
		u64 sz_failed = min(sz_tried - sz_applied, MAX_TOTAL);

		num = min(num, denom * MAX_FAIL_CHARGE);
		sz_tried = sz_applied + mul_u64_u64_div_u64(sz_failed, num, denom);
	}
	s->sz += sz_tried;
}

/* === Goals === */

static bool is_far(u64 score)
{
	return abs_diff(score, DAMON_GOAL_BP) > NEAR;
}

/* A step of which more than half is still to go, and that was not cut short. */
static bool is_unanswered(u64 seen, u64 score)
{
	u64 error = abs_diff(score, DAMON_GOAL_BP);

	return seen >= DAMON_GOAL_BP / MAX_STEP && seen <= DAMON_GOAL_BP * MAX_STEP &&
		error > 2 * NEAR && 2 * error > abs_diff(seen, DAMON_GOAL_BP);
}

/* Was the last step too large, or too small? */
static void learn(struct damon_feed *f, u64 score)
{
	bool was_below = f->seen < DAMON_GOAL_BP, below = score < DAMON_GOAL_BP;
	bool far = is_far(score);

	if (far && f->seen && below != was_below) {
		f->gain = max(min(f->gain, 0) - 1, -MAX_GAIN);
		f->patience = min(f->patience + 1, MAX_PATIENCE);
	} else if (far && f->seen && is_unanswered(f->seen, score)) {
		f->gain = min(f->gain + 1, MAX_GAIN);
	} else {
		f->gain -= f->gain > 0 ? 1 : f->gain < 0 ? -1 : 0;
		if (!far)
			f->patience = max(f->patience - 1, 1);
	}
	f->seen = far ? max(score, 1) : 0;
}

/* How far to go from @sz bytes, which have led to @score. */
static u64 step_size(const struct damon_feed *f, u64 sz, u64 score)
{
	int gain = is_far(score) ? f->gain : f->gain - 1;
	u64 to = sz * MAX_STEP, step;

	if (score > DAMON_GOAL_BP / MAX_STEP)
		to = mul_u64_u64_div_u64(sz, DAMON_GOAL_BP, score);
	step = abs_diff(to, sz);
	return gain < 0 ? step >> -gain : step << gain;
}

static u64 step_up(const struct damon_feed *f, const struct last_window *last, u64 score)
{
	u64 sz = min(f->sz, max(last->esz, FIRST_FEED));
	u64 to = sz + min(step_size(f, sz, score), (MAX_STEP - 1) * sz);

	/* A page more shows users that more is wanted. */
	if (!last->full)
		to = max(min(to, max(2 * last->sz, FIRST_FEED)), sz + PAGE_SIZE);
	return min(to, MAX_FEED);
}

static u64 step_down(const struct damon_feed *f, const struct last_window *last, u64 score)
{
	u64 sz = min(f->sz, max(last->sz, f->sz / MAX_STEP));
	u64 to = sz - min(step_size(f, sz, score), sz - sz / MAX_STEP);

	return to < PAGE_SIZE ? NO_FEED : to;
}

static u64 follow_rate(struct damon_feed *f, const struct damon_goals *g,
		       const struct last_window *last)
{
	u64 score = g->rate_score;

	if (!f->sz) {
		f->sz = FIRST_FEED;
		f->patience = 1;
		/* What is too much with no work at all is so at once. */
		f->wait = score <= DAMON_GOAL_BP ? 2 : 0;
	}
	if (g->unknown)
		return f->sz;
	if (f->wait) {
		f->wait--;
		return f->sz;
	}
	/* Of nothing, nothing was learned. */
	if (f->sz == NO_FEED)
		*f = (struct damon_feed) { .sz = PAGE_SIZE, .patience = 1 };
	learn(f, score);
	if (score == DAMON_GOAL_BP)
		return f->sz;
	f->sz = score < DAMON_GOAL_BP ? step_up(f, last, score) : step_down(f, last, score);
	f->wait = f->patience;
	return f->sz;
}

static u64 follow_amount(struct damon_balance *b, const struct damon_goals *g,
			 const struct last_window *last)
{
	s64 lost = g->missing - b->missing + (s64)min(last->sz, MAX_FEED);

	if (b->begun)
		b->lost = clamp(b->lost + div_s64(lost - b->lost, NR_BALANCED), 0, g->wanted);
	b->begun = true;
	b->missing = g->missing;
	return max(div_s64(g->missing, SHARE_OF_MISSING) + b->lost, 0);
}

static void follow_goals(struct damon_quota_state *s, const struct damon_quota *q,
			 const struct damon_goals *g, const struct last_window *last)
{
	/* What was done since there were goals before is not known. */
	if (!s->tuned)
		s->balance = (struct damon_balance) { };
	if (q->tuner == DAMON_TUNER_TEMPORAL) {
		if (!g->unknown)
			s->goal_sz = g->score < DAMON_GOAL_BP ? U64_MAX : 0;
		else if (!s->tuned)
			s->goal_sz = 0;
	} else {
		u64 by_rates = g->nr_rates ? follow_rate(&s->feed, g, last) : U64_MAX;
		u64 by_amounts = g->nr_amounts ? follow_amount(&s->balance, g, last) : U64_MAX;

		s->goal_sz = min(by_rates, by_amounts);
	}
}

/* === Windows === */

static void end_window(struct damon_quota_state *s, const struct damon_quota *q,
		       struct last_window *last)
{
	last->esz = s->esz;
	last->sz = s->sz;
	last->full = s->begun && !damon_quota_room(s, q);
	s->nr_full += last->full;
	s->total_sz += s->sz;
	s->total_ns += s->ns;
	while (s->total_sz > MAX_TOTAL || s->total_ns > MAX_TOTAL) {
		s->total_sz /= 2;
		s->total_ns /= 2;
	}
	s->sz = 0;
	s->ns = 0;
}

void damon_quota_begin(struct damon_quota_state *s, const struct damon_quota *q,
		       const struct damon_eligible *eligible, u64 now)
{
	u64 span = s->begun ? now - s->since : ms_to_ns(q->reset_interval);
	struct last_window last = { };
	struct damon_goals goals;
	bool is_new;

	if (!damon_quota_is_limited(q)) {
		s->begun = false;
		s->tuned = false;
		return;
	}
	is_new = !s->begun || span >= ms_to_ns(q->reset_interval);
	if (is_new) {
		end_window(s, q, &last);
		s->begun = true;
		s->since = now;
	}
	/* Goals that are new in mid-window are followed at once. */
	if (q->nr_goals && (is_new || !s->tuned)) {
		damon_goals_read(&goals, &s->psi, q, eligible, span, now);
		follow_goals(s, q, &goals, &last);
	}
	s->tuned = q->nr_goals;
	s->esz = effective_size(s, q);
}

/* 32 and more seconds of logarithm are more than any machine runs. */
#define MAX_AGE_LOG 32

static int log_of_age(unsigned int aggregations, unsigned long aggr_us)
{
	u64 seconds = div_u64((u64)aggregations * min(aggr_us, UINT_MAX), USEC_PER_SEC);

	return min(seconds ? ilog2(seconds) + 1 : 0, MAX_AGE_LOG);
}

unsigned int damon_quota_score(const struct damon_quota *q, unsigned int nr_accesses,
			       unsigned int age, unsigned int max_nr_accesses,
			       unsigned long aggr_us, bool cold)
{
	u64 weights = (u64)q->weight_nr_accesses + q->weight_age;
	u64 rate = div_u64((u64)min(nr_accesses, max_nr_accesses) * 100, max_nr_accesses);
	int log = log_of_age(age, aggr_us);
	u64 heat;

	if (!rate)
		log = -log;
	heat = (u64)(log + MAX_AGE_LOG) * 100 / (2 * MAX_AGE_LOG);
	heat = rate * q->weight_nr_accesses + heat * q->weight_age;
	if (weights)
		heat = div64_u64(heat, weights);
	heat = min(heat, DAMON_MAX_SCORE);
	return cold ? DAMON_MAX_SCORE - heat : heat;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/quota_kunit.c"
#endif
