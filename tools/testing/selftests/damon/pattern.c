// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: hot memory is found, where it is, and when it comes to be.
 */
#include "damon_test.h"

#define CELL		MiB
#define NR_CELLS	1024
#define TOLERANCE	(4 * MiB)
#define HOT		(64 * MiB)
/* On no round number. */
#define HOT_AT		(ARENA + 411 * MiB)

FIXTURE(pattern) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(pattern)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(pattern)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

/*
 * The edges of what is hot in the GiB from @base, in bytes from it, by the
 * mean of ten snapshots: one alone shows a guess at its borders.  Hot is more
 * than half of the hottest.
 */
static int find_hot(struct trace *t, struct snapshot *s, unsigned long base,
		    unsigned long *start, unsigned long *end, int *nr_runs)
{
	static double cell[NR_CELLS];
	double max = 0;
	int i, j, err;

	memset(cell, 0, sizeof(cell));
	for (j = 0; j < 10; j++) {
		err = trace_next(t, s);
		if (err)
			return err;
		for (i = 0; i < NR_CELLS; i++)
			cell[i] += heat(s, 0, base + i * CELL, base + (i + 1) * CELL);
	}
	for (i = 0; i < NR_CELLS; i++)
		if (cell[i] > max)
			max = cell[i];
	*nr_runs = 0;
	for (i = 0; i < NR_CELLS; i++) {
		if (!max || cell[i] <= max / 2)
			continue;
		if (!*nr_runs)
			*start = i * CELL;
		if (!i || cell[i - 1] <= max / 2)
			(*nr_runs)++;
		*end = (i + 1) * CELL;
	}
	return max ? 0 : -ENOENT;
}

#define EXPECT_HOT(base, addr) do {						\
	unsigned long _start = 0, _end = 0, _base = (base);			\
	unsigned long _want = (addr) - _base;					\
	int _nr_runs = 0;							\
										\
	ASSERT_EQ(0, find_hot(self->t, self->s, _base, &_start, &_end, &_nr_runs)); \
	TH_LOG("hot is %lu-%lu MiB, found is %lu-%lu MiB in %d pieces", \
	       _want / MiB, (_want + HOT) / MiB, _start / MiB, _end / MiB,	\
	       _nr_runs);							\
	EXPECT_LE(labs((long)(_start - _want)), TOLERANCE);			\
	EXPECT_LE(labs((long)(_end - (_want + HOT))), TOLERANCE);		\
	EXPECT_EQ(1, _nr_runs);							\
} while (0)

TEST_F_TIMEOUT(pattern, hot_64m_in_1g_then_a_second_one, 200)
{
	double time;
	int i;

	/* The neighbours of the hot area are there as well, and cold. */
	ASSERT_EQ(0, work_map(self->w, ARENA, GiB));
	ASSERT_EQ(0, work_touch(self->w, HOT_AT - 32 * MiB, HOT + 64 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, HOT_AT, HOT));

	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	for (i = 0; i < 30; i++)
		ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_HOT(ARENA, HOT_AT);

	/* Where there was no memory at all, in a GiB that is reserved. */
	ASSERT_EQ(0, work_map(self->w, ARENA2 + 100 * MiB, HOT));
	ASSERT_TRUE(work_hot(self->w, 1, ARENA2 + 100 * MiB, HOT));
	time = now();
	while (self->s->time < time + (UPDATE_US + 30 * AGGR_US) / 1e6)
		ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_HOT(ARENA2, ARENA2 + 100 * MiB);
	EXPECT_HOT(ARENA, HOT_AT);
}

/* A monitor that calls everything hot would pass the test above it. */
TEST_F_TIMEOUT(pattern, cold_memory_is_cold, 100)
{
	double hot, cold;
	int i;

	ASSERT_EQ(0, work_map(self->w, ARENA, 64 * MiB));
	ASSERT_EQ(0, work_touch(self->w, ARENA, 64 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 8 * MiB));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, trace_next(self->t, self->s));
	cold = mean_heat(self->t, 0, ARENA + 16 * MiB, ARENA + 64 * MiB, 5);
	hot = mean_heat(self->t, 0, ARENA + MiB, ARENA + 7 * MiB, 5);
	TH_LOG("hot %.1f, cold %.1f of %d", hot, cold, NR_SAMPLES);
	EXPECT_GT(hot, NR_SAMPLES / 2);
	EXPECT_GE(cold, 0);
	EXPECT_LT(cold, NR_SAMPLES / 10.);
}

TEST_HARNESS_MAIN
