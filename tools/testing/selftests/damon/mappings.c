// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the regions follow the memory.  Within the regions update
 * interval, mappings that come, go, grow and move are followed, and what was
 * counted of the others is kept.
 */
#include "damon_test.h"

FIXTURE(mappings) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(mappings)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(mappings)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static long do_resize(struct work *w)
{
	void *p = mremap((void *)w->arg[0], w->arg[1], w->arg[2], 0);

	return p == MAP_FAILED ? -errno : 0;
}

static long do_move(struct work *w)
{
	void *p = mremap((void *)w->arg[0], w->arg[1], w->arg[1],
			 MREMAP_MAYMOVE | MREMAP_FIXED, w->arg[2]);

	return p == MAP_FAILED ? -errno : 0;
}

static long do_protect(struct work *w)
{
	return mprotect((void *)w->arg[0], w->arg[1], w->arg[2]) ? -errno : 0;
}

TEST_F_TIMEOUT(mappings, a_new_one_is_found_and_a_removed_one_is_gone, 120)
{
	double time;

	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_EQ(16 * MiB, covered(self->s, 0, ARENA, ARENA + GiB));
	EXPECT_EQ(0, covered(self->s, 0, ARENA2, ARENA3));

	ASSERT_EQ(0, work_map(self->w, ARENA2, 8 * MiB));
	time = now();
	EXPECT_IN_TIME(time, 0, ARENA2, ARENA3, 8 * MiB);

	ASSERT_EQ(0, work_unmap(self->w, ARENA2, 8 * MiB));
	time = now();
	EXPECT_IN_TIME(time, 0, ARENA2, ARENA3, 0);
	EXPECT_EQ(16 * MiB, covered(self->s, 0, ARENA, ARENA + GiB));
}

TEST_F_TIMEOUT(mappings, one_that_grows_or_shrinks_is_followed, 120)
{
	double time;

	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));

	self->w->arg[0] = ARENA;
	self->w->arg[1] = 16 * MiB;
	self->w->arg[2] = 48 * MiB;
	ASSERT_EQ(0, work_call(self->w, do_resize));
	time = now();
	EXPECT_IN_TIME(time, 0, ARENA, ARENA2, 48 * MiB);

	self->w->arg[1] = 48 * MiB;
	self->w->arg[2] = 4 * MiB;
	ASSERT_EQ(0, work_call(self->w, do_resize));
	time = now();
	EXPECT_IN_TIME(time, 0, ARENA, ARENA2, 4 * MiB);
}

TEST_F_TIMEOUT(mappings, one_that_moves_is_followed, 120)
{
	double time, mean;

	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 16 * MiB));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));

	ASSERT_TRUE(work_hot(self->w, 0, 0, 0));
	self->w->arg[0] = ARENA;
	self->w->arg[1] = 16 * MiB;
	self->w->arg[2] = ARENA2;
	ASSERT_EQ(0, work_call(self->w, do_move));
	time = now();
	ASSERT_TRUE(work_hot(self->w, 0, ARENA2, 16 * MiB));
	EXPECT_IN_TIME(time, 0, ARENA2, ARENA3, 16 * MiB);
	EXPECT_EQ(0, covered(self->s, 0, ARENA, ARENA2));
	mean = mean_heat(self->t, 0, ARENA2, ARENA2 + 16 * MiB, 10);
	TH_LOG("%.1f of %d", mean, NR_SAMPLES);
	EXPECT_GT(mean, NR_SAMPLES / 2);
}

/* A reservation costs no samples, and becomes memory when it is opened. */
TEST_F_TIMEOUT(mappings, what_nobody_may_access_is_left_out, 120)
{
	double time;

	self->w->arg[0] = ARENA;
	self->w->arg[1] = TiB;
	self->w->arg[2] = PROT_NONE;
	self->w->arg[3] = MAP_PRIVATE;
	ASSERT_EQ(0, work_call(self->w, do_map));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	EXPECT_LT(0, self->s->nr);
	EXPECT_EQ(0, covered(self->s, 0, ARENA, ARENA + TiB));

	self->w->arg[0] = ARENA + 512 * GiB;
	self->w->arg[1] = 8 * MiB;
	self->w->arg[2] = PROT_READ | PROT_WRITE;
	ASSERT_EQ(0, work_call(self->w, do_protect));
	time = now();
	EXPECT_IN_TIME(time, 0, ARENA, ARENA + TiB, 8 * MiB);
}

static long do_flicker(struct work *w)
{
	static bool mapped;
	int err;

	/* From now on at each pass. */
	if (!mapped)
		err = do_map(w);
	else
		err = do_unmap(w);
	mapped = !mapped;
	return err;
}

/*
 * With an update after every other sample, counts that an update loses never
 * get beyond two.
 */
TEST_F_TIMEOUT(mappings, counts_of_what_stays_are_kept, 120)
{
	double sum = 0;
	int i, nr = 20;

	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 16 * MiB));
	ASSERT_EQ(0, damon_on("10000 200000 20000 10 1000", &self->w->pid, 1));
	self->w->arg[0] = ARENA2;
	self->w->arg[1] = 4 * MiB;
	self->w->arg[2] = PROT_READ | PROT_WRITE;
	self->w->arg[3] = MAP_PRIVATE;
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, work_call(self->w, do_flicker));
		ASSERT_EQ(0, trace_next(self->t, self->s));
		sum += heat(self->s, 0, ARENA + 2 * MiB, ARENA + 14 * MiB);
	}
	TH_LOG("mean %.1f of %d", sum / nr, NR_SAMPLES);
	EXPECT_GT(sum / nr, NR_SAMPLES / 2);
}

TEST_HARNESS_MAIN
