/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the region engine share: layouts of regions, in rows, and what
 * holds for each of them.
 */
#ifndef _MM_DAMON_TESTS_REGIONS_H
#define _MM_DAMON_TESTS_REGIONS_H

#include "helper.h"

#define MAX_ROWS 10

/* A region of a layout, in pages where the layout has to be page aligned. */
struct row {
	unsigned long start, end;
	unsigned int nr_accesses;
};

static inline void free_target_action(void *t)
{
	damon_target_free(t);
}

static inline struct damon_target *test_target(struct kunit *test)
{
	struct damon_target *t = damon_target_new(42);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_target_action, t));
	return t;
}

/* A target that goes with @ctx. */
static inline struct damon_target *add_target(struct kunit *test, struct damon_ctx *ctx)
{
	struct damon_target *t = damon_target_new(42);

	KUNIT_ASSERT_NOT_NULL(test, t);
	list_add_tail(&t->list, &ctx->targets_list);
	return t;
}

static inline struct damon_region *add_region(struct kunit *test, struct damon_target *t,
				       unsigned long start, unsigned long end,
				       unsigned int nr_accesses)
{
	struct damon_region *r = damon_region_new(t, start, end);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->nr_accesses = nr_accesses;
	r->counted = nr_accesses > 0;
	damon_region_add(r, t);
	return r;
}

/* @rows end with an empty one; @unit is a byte or a page. */
static inline void add_rows(struct kunit *test, struct damon_target *t,
		     const struct row *rows, unsigned long unit)
{
	for (; rows->end; rows++)
		add_region(test, t, rows->start * unit, rows->end * unit,
			   rows->nr_accesses);
}

static inline void expect_rows(struct kunit *test, const struct damon_target *t,
			const struct row *rows, unsigned long unit)
{
	const struct damon_region *r;
	unsigned int nr = 0;

	damon_for_each_region(r, t) {
		KUNIT_ASSERT_NE_MSG(test, rows->end, 0, "more regions than wanted");
		KUNIT_EXPECT_EQ(test, r->ar.start, rows->start * unit);
		KUNIT_EXPECT_EQ(test, r->ar.end, rows->end * unit);
		KUNIT_EXPECT_EQ(test, r->nr_accesses, rows->nr_accesses);
		rows++;
		nr++;
	}
	KUNIT_EXPECT_EQ_MSG(test, rows->end, 0, "fewer regions than wanted");
	KUNIT_EXPECT_EQ(test, t->nr_regions, nr);
}

/* Regions ascend, are disjoint, not empty, of whole pages, and counted right. */
static inline void expect_sound(struct kunit *test, const struct damon_target *t)
{
	const struct damon_region *r;
	unsigned long last_end = 0;
	unsigned int nr = 0;

	damon_for_each_region(r, t) {
		KUNIT_ASSERT_GE(test, r->ar.start, last_end);
		KUNIT_ASSERT_GT(test, r->ar.end, r->ar.start);
		KUNIT_ASSERT_TRUE(test, PAGE_ALIGNED(r->ar.start | r->ar.end));
		last_end = r->ar.end;
		nr++;
	}
	KUNIT_ASSERT_EQ(test, t->nr_regions, nr);
}

/* @hits of @samples found an access, in each bin alike. */
static inline void set_evidence(struct damon_region *r, unsigned int hits, unsigned int samples)
{
	unsigned int i;

	for (i = 0; i < NR_BINS; i++) {
		r->known.hits[i] = hits * SAMPLE / NR_BINS;
		r->known.samples[i] = samples * SAMPLE / NR_BINS;
	}
}

/* The last hit of this aggregation was at @addr. */
static inline void set_hit(struct damon_region *r, unsigned long addr)
{
	r->hit = ((addr - r->ar.start) >> PAGE_SHIFT) + 1;
}

/* Contiguous runs with holes between them, in up to three targets. */
static inline void random_layout(struct kunit *test, struct damon_ctx *ctx,
			  struct rnd_state *rng)
{
	unsigned int nr_targets = 1 + rand_below(rng, 3);

	while (nr_targets--) {
		struct damon_target *t = add_target(test, ctx);
		unsigned int nr = 1 + rand_below(rng, 30);
		unsigned long pos = rand_below(rng, 100);

		while (nr--) {
			unsigned long size = 1 + rand_below(rng, 1 << rand_below(rng, 16));

			if (!rand_below(rng, 8))
				pos += 1 + rand_below(rng, 1000);
			add_region(test, t, PAGES(pos), PAGES(pos + size), 0);
			pos += size;
		}
	}
}

/* Neighbours that could be one region, were it not for the limits. */
static inline unsigned int nr_runs(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	const struct damon_region *r;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx) {
		unsigned long end = ULONG_MAX;

		damon_for_each_region(r, t) {
			nr += r->ar.start != end;
			end = r->ar.end;
		}
	}
	return nr;
}

/* @r, the right neighbour of @l, becomes part of @l. */
static inline void merge_two(struct damon_region *l, struct damon_region *r,
			     struct damon_target *t)
{
	damon_region_absorb(l, r);
	damon_region_del(r, t);
}

#endif /* _MM_DAMON_TESTS_REGIONS_H */
