/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that a test of DAMON includes: the harness, the library in lib/, and what
 * most tests begin and end with.
 *
 * No test counts on the speed of the machine.  A point of time is waited for
 * with a limit that only a hang exceeds, and a rate is compared with that of
 * other memory, or with its largest possible value with much room.
 */
#ifndef _DAMON_TEST_H
#define _DAMON_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "../kselftest_harness.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/snapshot.h"
#include "lib/sysfs.h"
#include "lib/work.h"

#define EXPECT_IN_TIME(since, target, start, end, want) do {			\
	double _took = time_until(self->t, self->s, since, target, start, end,	\
				  want);					\
										\
	TH_LOG("seen after %.2f s", _took);					\
	EXPECT_GE(_took, 0);							\
	EXPECT_LE(_took, IN_TIME);						\
} while (0)

/*
 * Under KASAN, kmemleak and lockdep, many regions and mappings take minutes, and what is asked of
 * times and shares is of another machine than users have.
 */
static inline bool is_too_slow(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

static inline int test_end(struct work *w, struct trace *t, struct snapshot *s)
{
	int err = damon_reset();

	trace_close(t);
	work_end(w);
	free(s);
	return err;
}

/* All or nothing: without success there is no test_end(). */
static inline int test_begin(struct work **w, struct trace **t, struct snapshot **s)
{
	int err = damon_reset();

	if (err)
		return err;
	*s = malloc(sizeof(**s));
	*w = work_start();
	*t = trace_open(0, 0, NR_SAMPLES);
	if (*s && *w && *t)
		return 0;
	test_end(*w, *t, *s);
	return -ENOMEM;
}

#endif /* _DAMON_TEST_H */
