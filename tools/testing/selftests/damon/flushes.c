// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the flushes of the TLB that a monitor may make are for the processes
 * that are there.  One that has exited takes no turn away from the others.
 *
 * The tracepoint tlb:tlb_flush tells of those that are sent to another processor, so
 * the process stays on one and the worker on another.
 */
#include "damon_test.h"

#define NR_TARGETS	10
#define SECONDS		5
/* enum tlb_flush_reason: TLB_REMOTE_SEND_IPI */
#define SENT		"4"

FIXTURE(flushes) {
	struct work *w;
	struct trace *t;
	struct snapshot *s;
	pid_t others[NR_TARGETS - 1];
};

FIXTURE_SETUP(flushes)
{
	int i;

	ASSERT_EQ(0, test_begin(&self->w, &self->t, &self->s));
	for (i = 0; i < NR_TARGETS - 1; i++)
		self->others[i] = 0;
}

static void end_others(pid_t *others)
{
	int i;

	for (i = 0; i < NR_TARGETS - 1; i++) {
		if (others[i] <= 0)
			continue;
		kill(others[i], SIGKILL);
		waitpid(others[i], NULL, 0);
		others[i] = 0;
	}
}

FIXTURE_TEARDOWN(flushes)
{
	end_others(self->others);
	EXPECT_EQ(0, test_end(self->w, self->t, self->s));
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* Flushes a second that the worker sends, or a negative errno. */
static double flush_rate(struct trace *t, int cpu)
{
	pid_t kdamond = kdamond_pid("kdamond_pid");
	char filter[64], line[1024];
	unsigned int nr = 0;
	double begin;
	int err;

	snprintf(filter, sizeof(filter), "common_pid == %d && reason == " SENT, kdamond);
	err = move_to_cpu(kdamond, cpu) ?:
		trace_write(t, "events/tlb/tlb_flush/filter", filter) ?:
		trace_write(t, "events/tlb/tlb_flush/enable", "1");
	begin = now();
	while (!err && now() < begin + SECONDS) {
		err = trace_line(t, line, sizeof(line), begin + SECONDS);
		if (!err && strstr(line, "tlb_flush:"))
			nr++;
	}
	if (err == -ETIMEDOUT)
		err = 0;
	return trace_write(t, "events/tlb/tlb_flush/enable", "0") ?: err ?:
		nr / (now() - begin);
}

TEST_F_TIMEOUT(flushes, are_all_for_the_one_that_is_left, 120)
{
	pid_t pids[NR_TARGETS];
	double alone, left;
	int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one processor only");
	if (trace_write(self->t, "events/tlb/tlb_flush/enable", "0"))
		SKIP(return, "no tracepoint tlb:tlb_flush");
	ASSERT_EQ(0, trace_write(self->t, "events/damon/damon_aggregated/enable", "0"));
	ASSERT_EQ(0, move_to_cpu(self->w->pid, 1));
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->w->pid, 1));
	alone = flush_rate(self->t, 0);
	ASSERT_LE(0, alone);
	if (!alone)
		SKIP(return, "no flush is sent to another processor");
	ASSERT_EQ(0, damon_write("monitor_on", "off"));

	for (i = 0; i < NR_TARGETS - 1; i++) {
		self->others[i] = start_sleeper();
		ASSERT_LT(0, self->others[i]);
		pids[i] = self->others[i];
	}
	pids[i] = self->w->pid;
	ASSERT_EQ(0, damon_on(TEST_ATTRS, pids, NR_TARGETS));
	end_others(self->others);
	left = flush_rate(self->t, 0);
	TH_LOG("%.1f flushes a second when it was alone, %.1f as the last", alone, left);
	/* A turn for each would leave a tenth. */
	EXPECT_GT(left, alone / 3);
	EXPECT_EQ(0, damon_write("monitor_on", "off"));
}

TEST_HARNESS_MAIN
