/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process with a known access pattern, which the test steers.
 */
#ifndef _DAMON_LIB_WORK_H
#define _DAMON_LIB_WORK_H

#include <stdbool.h>
#include <sys/types.h>

#define NR_HOT	4

/*
 * It touches every page of its hot areas, over and over.  Between two passes
 * it runs what the test wants to have called in it.  In memory that is shared
 * with the test; functions have the same addresses in both, as it is a fork.
 */
struct work {
	pid_t pid;
	unsigned long passes;
	/* Touch by reading. */
	bool read_only;
	struct {
		unsigned long start;
		unsigned long end;
	} hot[NR_HOT];
	long (*call)(struct work *w);
	unsigned long arg[4];
	long ret;
};

/* In order, and at each time that they are asked to. */
#define load(p)		__atomic_load_n(p, __ATOMIC_SEQ_CST)
#define store(p, value)	__atomic_store_n(p, value, __ATOMIC_SEQ_CST)

/* By a write and no read: that would map zero pages first, small ones. */
void touch(unsigned long start, unsigned long end);
void touch_read(unsigned long start, unsigned long end);

/*
 * What follows each pass of a program that uses memory all the time.  Some passes still fit
 * a sampling interval, and the processor is free for the monitor, and for other guests of
 * this machine.  It enters the kernel, too: with page-table isolation this flushes the TLB,
 * without which an emulator does not set Accessed bits anew.
 */
void rest(void);

struct work *work_start(void);
void work_end(struct work *w);
/* What the process does till it is killed, and once round: for children that it has. */
void work_pass(struct work *w);
_Noreturn void work_loop(struct work *w);

/* Run @fn in the process and wait for its answer, a negative errno if bad. */
long work_call(struct work *w, long (*fn)(struct work *w));

/* Wait until @nr whole passes have been made from now on. */
bool work_passes(struct work *w, unsigned long nr);

/*
 * What work_call() can run, on arg[1] bytes at the address arg[0].  A mapping has
 * the protection arg[2] and the flags arg[3].
 */
long do_map(struct work *w);
long do_touch(struct work *w);
long do_unmap(struct work *w);

long work_map(struct work *w, unsigned long addr, unsigned long len);
long work_unmap(struct work *w, unsigned long addr, unsigned long len);
long work_touch(struct work *w, unsigned long addr, unsigned long len);

/* Make [@addr, @addr + @len) hot area @i, and wait until it is; none with a @len of 0. */
bool work_hot(struct work *w, int i, unsigned long addr, unsigned long len);

/* From now on process @pid runs on this processor only.  Return 0 or a negative errno. */
int move_to_cpu(pid_t pid, int cpu);

/* From now on the process takes its memory, and page cache, from this node. */
long work_bind(struct work *w, int node);

#endif /* _DAMON_LIB_WORK_H */
