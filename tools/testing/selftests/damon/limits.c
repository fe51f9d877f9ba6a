// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: never more regions than max_nr_regions, so that the cost is
 * bounded; never fewer than min_nr_regions; all memory is covered; and the age
 * tells for how long a region has been as it is.
 */
#include "damon_test.h"

#define SIZE	(64 * MiB)

FIXTURE(limits) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_VARIANT(limits) {
	unsigned int min, max;
};

FIXTURE_SETUP(limits)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(limits)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

FIXTURE_VARIANT_ADD(limits, least) { .min = 3, .max = 3 };
FIXTURE_VARIANT_ADD(limits, narrow) { .min = 10, .max = 20 };
FIXTURE_VARIANT_ADD(limits, one_number) { .min = 50, .max = 50 };
FIXTURE_VARIANT_ADD(limits, wide) { .min = 100, .max = 1000 };

/* Hot and cold stripes, so that there are reasons for many regions. */
static long do_stripes(struct work *w)
{
	unsigned long addr;

	for (addr = ARENA; addr < ARENA + SIZE; addr += 2 * MiB)
		touch(addr, addr + MiB);
	return 0;
}

TEST_F_TIMEOUT(limits, are_kept, 120)
{
	unsigned int least = ~0U, most = 0;
	char attrs[128];
	int i;

	snprintf(attrs, sizeof(attrs), "%d %d 400000 %u %u", SAMPLE_US, AGGR_US,
		 variant->min, variant->max);
	ASSERT_EQ(0, work_map(self->w, ARENA, SIZE));
	ASSERT_EQ(0, damon_on(attrs, &self->w->pid, 1));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(0, work_call(self->w, do_stripes));
		/* Mappings come and go meanwhile. */
		if (i % 4 == 0)
			ASSERT_EQ(0, work_map(self->w, ARENA2, MiB));
		if (i % 4 == 2)
			ASSERT_EQ(0, work_unmap(self->w, ARENA2, MiB));
		ASSERT_EQ(0, trace_next(self->t, self->s));
		if (self->s->nr < least)
			least = self->s->nr;
		if (self->s->nr > most)
			most = self->s->nr;
	}
	TH_LOG("%u to %u regions", least, most);
	EXPECT_GE(least, variant->min);
	EXPECT_LE(most, variant->max);
}

FIXTURE(regions) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(regions)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(regions)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

TEST_F_TIMEOUT(regions, cover_all_mappings_and_little_else, 120)
{
	static struct map maps[1024];
	unsigned long mapped = 0;
	int i, nr;

	ASSERT_EQ(0, work_map(self->w, ARENA, 24 * MiB));
	ASSERT_EQ(0, work_map(self->w, ARENA + GiB, 4 * KiB));
	ASSERT_EQ(0, work_map(self->w, ARENA2, 4 * KiB));
	ASSERT_EQ(0, work_map(self->w, ARENA3, 4 * KiB));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	for (i = 0; i < 15; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		EXPECT_EQ(0, uncovered(self->s, 0, self->w->pid));
	}
	nr = read_maps(self->w->pid, maps, 1024);
	ASSERT_LT(0, nr);
	for (i = 0; i < nr; i++)
		if (strncmp(maps[i].perms, "---", 3))
			mapped += maps[i].end - maps[i].start;
	TH_LOG("%lu KiB mapped, %lu KiB in regions", mapped / KiB,
	       covered(self->s, 0, 0, ~0UL) / KiB);
	/* Fewer mappings than ranges may be: only small holes are covered. */
	EXPECT_LE(covered(self->s, 0, 0, ~0UL), mapped + mapped / 16);
}

static unsigned int age_at(const struct snapshot *s, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (addr >= s->region[i].start && addr < s->region[i].end)
			return s->region[i].age;
	return 0;
}

TEST_F_TIMEOUT(regions, age_grows_until_the_pattern_changes, 200)
{
	unsigned long hot = ARENA + 16 * MiB, middle = hot + 2 * MiB;
	unsigned int before, after = ~0U;
	int i;

	ASSERT_EQ(0, work_map(self->w, ARENA, 32 * MiB));
	ASSERT_EQ(0, work_touch(self->w, ARENA, 32 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, hot, 4 * MiB));
	/* With so small regions, the middle does not merge with cold memory. */
	ASSERT_EQ(0, damon_on("10000 200000 2000000 100 1000", &self->w->pid, 1));

	/* A guest that stalls resets the age by itself: that may happen. */
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		ASSERT_GT(i + 2, (int)age_at(self->s, middle));
		if (i > 15 && age_at(self->s, middle) >= 12)
			break;
	}
	before = age_at(self->s, middle);
	TH_LOG("age %u after %d aggregations", before, i + 1);
	EXPECT_LE(12, before);

	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, trace_next(self->t, self->s));
		if (age_at(self->s, middle) < after)
			after = age_at(self->s, middle);
	}
	TH_LOG("age %u after the change", after);
	EXPECT_GE(2, after);
	/* And it grows again: cold is a pattern as well. */
	for (i = 0; i < 15; i++)
		ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_LE(8, age_at(self->s, middle));
}

TEST_HARNESS_MAIN
