// SPDX-License-Identifier: GPL-2.0
/*
 * A process with a known access pattern.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "files.h"
#include "work.h"

void touch(unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += 4 * KiB)
		__atomic_store_n((unsigned char *)addr, 1, __ATOMIC_RELAXED);
}

void touch_read(unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += 4 * KiB)
		load((unsigned char *)addr);
}

void rest(void)
{
	usleep(SAMPLE_US / 4);
}

void work_pass(struct work *w)
{
	int i;

	for (i = 0; i < NR_HOT; i++) {
		unsigned long end = load(&w->hot[i].end);

		if (!end)
			continue;
		if (w->read_only)
			touch_read(w->hot[i].start, end);
		else
			touch(w->hot[i].start, end);
	}
	store(&w->passes, w->passes + 1);
	rest();
}

void work_loop(struct work *w)
{
	for (;;) {
		if (load(&w->call)) {
			w->ret = w->call(w);
			store(&w->call, NULL);
		}
		work_pass(w);
	}
}

struct work *work_start(void)
{
	struct work *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (w == MAP_FAILED)
		return NULL;
	/* Not right into w->pid: the child would write there as well. */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work_loop(w);
	}
	if (pid < 0) {
		munmap(w, sizeof(*w));
		return NULL;
	}
	w->pid = pid;
	return w;
}

void work_end(struct work *w)
{
	if (!w)
		return;
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	munmap(w, sizeof(*w));
}

/* What it hangs in, for the log of the test; if it runs, for the log of the kernel. */
static void tell_where(pid_t pid)
{
	char path[64], text[4096];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, i ? "stack" : "stat");
		if (!read_text(path, text, sizeof(text)))
			fprintf(stderr, "# the process hangs: %s\n", text);
	}
	for (i = 0; i < 3; i++) {
		write_text("/proc/sysrq-trigger", "l");
		sleep(1);
	}
}

long work_call(struct work *w, long (*fn)(struct work *w))
{
	store(&w->call, fn);
	if (wait_for(!load(&w->call), PATIENCE))
		return w->ret;
	tell_where(w->pid);
	return -ETIMEDOUT;
}

bool work_passes(struct work *w, unsigned long nr)
{
	unsigned long want = load(&w->passes) + nr + 1;

	return wait_for(load(&w->passes) >= want, PATIENCE);
}

long do_map(struct work *w)
{
	void *p = mmap((void *)w->arg[0], w->arg[1], w->arg[2],
		       w->arg[3] | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
		       MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? -errno : 0;
}

long do_touch(struct work *w)
{
	touch(w->arg[0], w->arg[0] + w->arg[1]);
	return 0;
}

long do_unmap(struct work *w)
{
	return munmap((void *)w->arg[0], w->arg[1]) ? -errno : 0;
}

long work_map(struct work *w, unsigned long addr, unsigned long len)
{
	w->arg[0] = addr;
	w->arg[1] = len;
	w->arg[2] = PROT_READ | PROT_WRITE;
	w->arg[3] = MAP_PRIVATE;
	return work_call(w, do_map);
}

long work_unmap(struct work *w, unsigned long addr, unsigned long len)
{
	w->arg[0] = addr;
	w->arg[1] = len;
	return work_call(w, do_unmap);
}

long work_touch(struct work *w, unsigned long addr, unsigned long len)
{
	w->arg[0] = addr;
	w->arg[1] = len;
	return work_call(w, do_touch);
}

bool work_hot(struct work *w, int i, unsigned long addr, unsigned long len)
{
	/* Never an area that is half of the old one. */
	store(&w->hot[i].end, 0);
	if (!work_passes(w, 1))
		return false;
	if (!len)
		return true;
	w->hot[i].start = addr;
	store(&w->hot[i].end, addr + len);
	/* The first pass has the page faults, and may take a second and more. */
	return work_passes(w, 1);
}

static long do_bind(struct work *w)
{
	/* MPOL_BIND */
	return syscall(SYS_set_mempolicy, 2, &w->arg[0], 64) ? -errno : 0;
}

long work_bind(struct work *w, int node)
{
	w->arg[0] = 1UL << node;
	return work_call(w, do_bind);
}

int move_to_cpu(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set) ? -errno : 0;
}
