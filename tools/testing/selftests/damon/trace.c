// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the tracepoint has the documented form, one event for each
 * region, at each aggregation interval.
 */
#include "damon_test.h"

FIXTURE(trace) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
};

FIXTURE_SETUP(trace)
{
	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

TEST_F(trace, has_the_documented_fields_and_text)
{
	static const char * const parts[] = {
		"field:unsigned long target_id;", "field:unsigned long start;",
		"field:unsigned long end;", "field:unsigned int nr_regions;",
		"field:unsigned int nr_accesses;", "field:unsigned int age;",
		"print fmt: \"target_id=%lu nr_regions=%u %lu-%lu: %u %u\"",
	};
	static char format[4096];
	unsigned int i;

	ASSERT_EQ(0, read_text(TRACE_DIR "/events/damon/damon_aggregated/format",
			       format, sizeof(format)));
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		EXPECT_NE(NULL, strstr(format, parts[i]))
			TH_LOG("no '%s'", parts[i]);
	}
}

TEST_F_TIMEOUT(trace, text_of_an_event, 100)
{
	unsigned long target, start, end;
	unsigned int nr, accesses, age;
	int nr_parsed;
	char line[1024], *event, again[256];

	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	ASSERT_EQ(0, trace_line(self->t, line, sizeof(line), now() + PATIENCE));
	TH_LOG("%s", line);
	event = strstr(line, "target_id=");
	ASSERT_NE(NULL, event);
	nr_parsed = sscanf(event, "target_id=%lu nr_regions=%u %lu-%lu: %u %u",
			   &target, &nr, &start, &end, &accesses, &age);
	ASSERT_EQ(6, nr_parsed);
	snprintf(again, sizeof(again), "target_id=%lu nr_regions=%u %lu-%lu: %u %u",
		 target, nr, start, end, accesses, age);
	EXPECT_STREQ(again, event);
	EXPECT_EQ(0, target);
	EXPECT_LE(10, nr);
}

/*
 * trace_next() refuses snapshots with regions out of order, overlapping, or
 * other in number than nr_regions.
 */
TEST_F_TIMEOUT(trace, comes_once_each_aggregation_interval, 150)
{
	int i, nr = 25, nr_on_time = 0;
	double last, sum = 0;

	ASSERT_EQ(0, work_map(self->w, ARENA, 64 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 8 * MiB));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	last = now();
	ASSERT_EQ(0, trace_next(self->t, self->s));
	/* The first is no earlier than an interval after the start. */
	EXPECT_GE(self->s->time - last, 0.85 * AGGR_US / 1e6);
	for (i = 0; i < nr; i++) {
		last = self->s->time;
		ASSERT_EQ(0, trace_next(self->t, self->s));
		/* The worker is late where the machine is too busy for it. */
		if (self->s->time - last > 1.5 * AGGR_US / 1e6)
			continue;
		sum += self->s->time - last;
		nr_on_time++;
	}
	TH_LOG("mean interval %.1f ms, %d of %d on time", sum / nr_on_time * 1e3,
	       nr_on_time, nr);
	EXPECT_LE(nr / 2, nr_on_time);
	EXPECT_LE(0.85 * AGGR_US / 1e6, sum / nr_on_time);
	EXPECT_GE(1.15 * AGGR_US / 1e6, sum / nr_on_time);
}

TEST_HARNESS_MAIN
