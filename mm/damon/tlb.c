// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that the TLB hides from samples, and flushes within a limit.
 *
 * The problem.  The processor sets the Accessed bit when it loads an entry into
 * its TLB.  As long as the translation stays there, the bit that was cleared
 * stays clear, and the most used memory looks idle: 2000 entries of a TLB hold
 * 8 MiB of small pages, and 4 GiB of huge ones.
 *
 * Flushing for each sample costs the program almost half its speed.  But one
 * flush of the whole address space makes all samples that wait right at once:
 * what is used afterwards is loaded again, and the bit set.  So some sampling
 * intervals, 20 a second, begin with a flush.  For the program that is as much
 * as 20 switches to another program.
 *
 * The model.  Of each region it is known how many of the samples that began with
 * a flush found an access, and how many of the others.  If the TLB hides
 * nothing, the shares agree.  If more of the flushed ones did than chance
 * explains, the others tell nothing: those that found no access may be wrong,
 * and to take only those that did would be as wrong in the other direction.  So
 * neither is recorded until the shares agree again.  With k hits of n flushed
 * samples and l of m others, and N = n + m, K = k + l, they differ if
 *
 *	(k m - l n)^2 N > 20 n m K (N - K),		k >= 3
 *
 * which is the chi-squared test; they agree again below 10.  Chance alone gets
 * above 20 in 1 of 130,000 tests, and there are 20 tests a second of each region.
 * Example: all of the first 3 flushed samples, and none of 27 others: 30.  Two
 * flushed samples fall into an aggregation of 100 ms.
 *
 * If the guess is wrong, the region has a tenth of its samples for a while, and
 * its rate stays right.
 */
#include <linux/damon.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>

#include "tlb.h"

#define MAX_FLUSHES 1000

/* The counts of a region are halved when they get there. */
#define MAX_FLUSHED 16
/* flushed of a region has seven bits. */
static_assert(BIT(7) > MAX_FLUSHED);

static unsigned int tlb_flushes = 20;

static int set_tlb_flushes(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, MAX_FLUSHES);
}

static const struct kernel_param_ops tlb_flushes_ops = {
	.set = set_tlb_flushes,
	.get = param_get_uint,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon."
module_param_cb(tlb_flushes, &tlb_flushes_ops, &tlb_flushes, 0600);
MODULE_PARM_DESC(tlb_flushes, "Most TLB flushes a second of one monitor; 0 for none");

void damon_flushes_init(struct damon_flushes *f)
{
	f->next = jiffies;
}

/* There is no saving up: a flush that was not made is lost. */
bool damon_may_flush(struct damon_flushes *f)
{
	unsigned int nr = READ_ONCE(tlb_flushes);

	if (!nr) {
		f->next = jiffies;
		return false;
	}
	if (time_before(jiffies, f->next))
		return false;
	f->next = jiffies + DIV_ROUND_UP(HZ, nr);
	return true;
}

bool damon_flushes_are_on(void)
{
	return READ_ONCE(tlb_flushes);
}

void damon_samples_flushed(struct damon_target *t)
{
	struct damon_region *r;

	damon_for_each_region(r, t) {
		r->sample.flushed = r->sample.pending;
		cond_resched();
	}
}

static bool tlb_hides(struct damon_tlb_stats s, unsigned int limit)
{
	unsigned int all = s.flushed + s.others, hits = s.flushed_hits + s.other_hits;
	int diff = s.flushed_hits * s.others - s.other_hits * s.flushed;

	return s.flushed_hits >= 3 && diff > 0 &&
		(u64)diff * diff * all >
		(u64)limit * s.flushed * s.others * hits * (all - hits);
}

void damon_tlb_record_flushed(struct damon_ctx *ctx, struct damon_region *r, bool accessed)
{
	bool hid = r->tlb.hides;

	r->tlb.flushed_hits += accessed;
	r->tlb.flushed++;
	r->tlb.hides = tlb_hides(r->tlb, hid ? 10 : 20);
	/* Drop the deciding sample too: the test has selected it. */
	if (r->tlb.hides && !hid)
		damon_region_restart(r);
	else
		damon_region_record(ctx, r, r->sampling_addr, accessed);
	if (r->tlb.flushed == MAX_FLUSHED) {
		r->tlb.flushed_hits /= 2;
		r->tlb.flushed /= 2;
	}
}

void damon_tlb_record_hidden(struct damon_region *r)
{
	if (!READ_ONCE(tlb_flushes))
		r->tlb.hides = false;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/tlb_kunit.c"
#endif
