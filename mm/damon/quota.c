// SPDX-License-Identifier: GPL-2.0
/*
 * The limits of a scheme.
 *
 * A limit on bytes holds for what is tried, so a window in which nothing can be done is
 * full as well, and costs no more time than any other.  It is in force from the first
 * window on.
 *
 * All of this is numbers, and belongs to the worker: it needs no lock.
 */
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/time64.h>

#include "quota.h"

/* Until something is known: bytes of work in a millisecond. */
#define FIRST_BYTES_PER_MS (PAGE_SIZE * 1024)

/* So that the quotient of bytes_in_time() fits 64 bits. */
#define MAX_TOTAL	BIT_ULL(50)
#define MAX_GROWTH	1024

/* Half of what a product of nanoseconds can hold, as sums of two are compared. */
static u64 ms_to_ns(unsigned long ms)
{
	return min_t(u64, ms, U64_MAX / 2 / NSEC_PER_MSEC) * NSEC_PER_MSEC;
}

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

	return q->sz ? min(sz, q->sz) : sz;
}

static bool is_full(const struct damon_quota_state *s, const struct damon_quota *q)
{
	return s->limited && !damon_quota_room(s, q);
}

void damon_quota_begin(struct damon_quota_state *s, const struct damon_quota *q, u64 now)
{
	s->limited = q->ms || q->sz;
	if (!s->limited || (s->begun && now < s->until))
		return;
	s->nr_full += s->begun && is_full(s, q);
	s->begun = true;
	s->until = now + ms_to_ns(q->reset_interval);
	s->total_sz += s->sz;
	s->total_ns += s->ns;
	while (s->total_sz > MAX_TOTAL || s->total_ns > MAX_TOTAL) {
		s->total_sz /= 2;
		s->total_ns /= 2;
	}
	s->sz = 0;
	s->ns = 0;
	s->esz = effective_size(s, q);
}

u64 damon_quota_room(const struct damon_quota_state *s, const struct damon_quota *q)
{
	if (!s->limited)
		return U64_MAX;
	if (damon_quota_is_late(s, q, 0))
		return 0;
	return round_down(s->esz - min(s->esz, s->sz), PAGE_SIZE);
}

void damon_quota_charge(struct damon_quota_state *s, u64 sz, u64 ns)
{
	s->sz += sz;
	s->ns += ns;
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
