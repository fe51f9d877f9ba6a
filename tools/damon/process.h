/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What /proc tells of a process.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel cuts the name of a program to this size, with the NUL. */
#define COMM_LEN	16

/* "sort", "?" if it is gone. */
void process_name(pid_t pid, char name[COMM_LEN]);

/* False for a kernel thread, and for a process that has ended. */
bool process_has_program(pid_t pid);

struct process {
	pid_t pid, parent;
	/* the process has ended, and was not waited for */
	bool ended;
	/* it has waited for a child, whose page faults are on its account */
	bool had_children;
	uint64_t cpu_ns;
};

/* How much of its memory is in RAM and in swap, in bytes; false if it has ended. */
bool process_memory(pid_t pid, uint64_t *resident, uint64_t *swapped);

/* False if there is no such process. */
bool process_read(pid_t pid, struct process *p);

#endif
