// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the limit on TLB flushes can be set, and nothing else can.
 *
 * That flushes bring hidden accesses to light is the matter of the workload
 * "hugepages" of tools/testing/damon/bench: in a guest where each entry to the
 * kernel flushes the TLB, nothing is hidden.
 */
#include "damon_test.h"

#define TLB_FLUSHES	"/sys/module/damon/parameters/tlb_flushes"

FIXTURE(tlb) {
	char before[16];
};

FIXTURE_SETUP(tlb)
{
	ASSERT_EQ(0, damon_reset());
	ASSERT_EQ(0, read_text(TLB_FLUSHES, self->before, sizeof(self->before)));
}

FIXTURE_TEARDOWN(tlb)
{
	EXPECT_EQ(0, write_text(TLB_FLUSHES, self->before));
}

static void expect_limit(struct __test_metadata *_metadata, const char *want)
{
	char buf[16];

	EXPECT_EQ(0, read_text(TLB_FLUSHES, buf, sizeof(buf)));
	EXPECT_STREQ(want, buf);
}

TEST_F(tlb, default_is_20)
{
	EXPECT_STREQ("20\n", self->before);
}

TEST_F(tlb, limit_is_set_or_refused)
{
	static const char * const bad[] = { "1001", "-1", "x", "1.5", "4294967296" };
	size_t i;

	EXPECT_EQ(0, write_text(TLB_FLUSHES, "1000\n"));
	expect_limit(_metadata, "1000\n");
	EXPECT_EQ(0, write_text(TLB_FLUSHES, "0"));
	expect_limit(_metadata, "0\n");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_NE(0, write_text(TLB_FLUSHES, bad[i]));
		expect_limit(_metadata, "0\n");
	}
}

/* Also while a monitor runs, whatever the limit was before. */
TEST_F(tlb, limit_may_change_at_any_time)
{
	static const char * const limits[] = { "1000", "0", "1", "20" };
	pid_t self_pid = getpid();
	size_t i;

	ASSERT_EQ(0, damon_on(DEFAULT_ATTRS, &self_pid, 1));
	for (i = 0; i < 3 * ARRAY_SIZE(limits); i++) {
		EXPECT_EQ(0, write_text(TLB_FLUSHES, limits[i % ARRAY_SIZE(limits)]));
		usleep(200000);
		EXPECT_TRUE(damon_is("monitor_on", "on\n"));
	}
	EXPECT_EQ(0, damon_reset());
}

TEST_HARNESS_MAIN
