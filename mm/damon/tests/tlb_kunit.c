// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of tlb.c, which is where this file is included: which samples count, and
 * how many flushes there are.
 */
#include "helper.h"

#define STATS(f_hits, f, o_hits, o) \
	{ .flushed_hits = f_hits, .flushed = f, .other_hits = o_hits, .others = o }

static const struct hides_case {
	const char *name;
	struct damon_tlb_stats s;
	unsigned int limit;
	bool want;
} hides_cases[] = {
	{ "nothing known", STATS(0, 0, 0, 0), 20, false },
	{ "never accessed", STATS(0, 16, 0, 200), 20, false },
	{ "always accessed", STATS(16, 16, 200, 200), 20, false },
	{ "both of two, none of 18", STATS(2, 2, 0, 18), 20, false },
	{ "three of three, none of 27", STATS(3, 3, 0, 27), 20, true },
	{ "one of one, none of 200", STATS(1, 1, 0, 200), 20, false },
	{ "all, and none of the others", STATS(16, 16, 0, 254), 20, true },
	{ "all, and half of the others", STATS(16, 16, 127, 254), 20, false },
	{ "the same, when it was hidden", STATS(16, 16, 127, 254), 10, true },
	{ "a half, and a half", STATS(8, 16, 127, 254), 20, false },
	{ "a little more than the others", STATS(5, 16, 50, 254), 20, false },
	{ "fewer than the others", STATS(0, 16, 254, 254), 20, false },
};

KUNIT_ARRAY_PARAM_DESC(hides, hides_cases, name);

static void hidden_accesses_are_found_out(struct kunit *test)
{
	const struct hides_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, tlb_hides(c->s, c->limit), c->want);
}

/* A region that is accessed in @p of 256 intervals, of which @seen are seen. */
static void sample(struct damon_ctx *ctx, struct damon_region *r,
		   struct rnd_state *rng, unsigned int nr,
		   unsigned int p, unsigned int seen)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		r->sample.flushed = i % 10 == 9;
		damon_tlb_record(ctx, r, rand_below(rng, 256) < p &&
				 (r->sample.flushed || rand_below(rng, 256) < seen));
	}
}

static void chance_rarely_hides_a_region(struct kunit *test)
{
	unsigned int p, nr_hidden = 0;
	struct damon_region r = { .ar.end = PAGES(1) };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct rnd_state rng;

	prandom_seed_state(&rng, 1);
	for (p = 0; p <= 256; p += 16) {
		sample(ctx, &r, &rng, 5000, p, 256);
		nr_hidden += r.tlb.hides;
	}
	KUNIT_EXPECT_LE(test, nr_hidden, 1);
}

static void hidden_region_is_known_until_it_changes(struct kunit *test)
{
	struct damon_region r = { .ar.end = PAGES(1) };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct rnd_state rng;

	prandom_seed_state(&rng, 1);
	sample(ctx, &r, &rng, 100, 256, 256);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb.hides);
	/* The TLB begins to hold it. */
	sample(ctx, &r, &rng, 300, 256, 0);
	KUNIT_EXPECT_TRUE(test, (bool)r.tlb.hides);
	sample(ctx, &r, &rng, 5000, 100, 0);
	KUNIT_EXPECT_TRUE(test, (bool)r.tlb.hides);
	/* It is used no more. */
	sample(ctx, &r, &rng, 1000, 0, 0);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb.hides);
	/* And again, beyond what a TLB holds. */
	sample(ctx, &r, &rng, 1000, 100, 256);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb.hides);
}

static void without_flushes_all_samples_count(struct kunit *test)
{
	unsigned int old = tlb_flushes;
	struct damon_region r = { .ar.end = PAGES(1), .tlb.hides = true };
	struct damon_ctx *ctx = test_ctx(test, 1);
	struct damon_flushes f;

	damon_flushes_init(&f);
	WRITE_ONCE(tlb_flushes, 0);
	KUNIT_EXPECT_FALSE(test, damon_may_flush(&f));
	damon_tlb_record(ctx, &r, false);
	WRITE_ONCE(tlb_flushes, old);
	KUNIT_EXPECT_FALSE(test, (bool)r.tlb.hides);
}

static void flushes_have_a_limit(struct kunit *test)
{
	unsigned long end = jiffies + HZ / 2;
	struct damon_flushes f;
	unsigned int nr = 0;

	damon_flushes_init(&f);
	while (time_before(jiffies, end)) {
		nr += damon_may_flush(&f);
		cond_resched();
	}
	KUNIT_EXPECT_GE(test, nr, 1);
	KUNIT_EXPECT_LE(test, nr, tlb_flushes / 2 + 1);
}

static struct kunit_case damon_tlb_cases[] = {
	KUNIT_CASE_PARAM(hidden_accesses_are_found_out, hides_gen_params),
	KUNIT_CASE(chance_rarely_hides_a_region),
	KUNIT_CASE(hidden_region_is_known_until_it_changes),
	KUNIT_CASE(without_flushes_all_samples_count),
	KUNIT_CASE(flushes_have_a_limit),
	{}
};

static struct kunit_suite damon_tlb_suite = {
	.name = "damon_tlb",
	.test_cases = damon_tlb_cases,
};

kunit_test_suite(damon_tlb_suite);
