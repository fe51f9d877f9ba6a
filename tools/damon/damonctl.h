/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of damonctl share: exit codes, the entry point of each
 * command, and the way in which a user is told that something failed.
 */
#ifndef DAMONCTL_H
#define DAMONCTL_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* An interrupted command exits with 128 plus the number of the signal. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* argv[0] is the name of the command; the result is the exit code. */
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_scheme(int argc, char **argv);
int cmd_status(int argc, char **argv);

/* Prints "damonctl: ..." as one line to stderr; a newline is added. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Memory for reports. Both functions end the program when there is none left,
 * so record must not use them: it has settings to restore.
 */
void *must_alloc(size_t nr, size_t size);
void *must_grow(void *old, size_t nr, size_t size);

/* The monotonic clock, which is that of recordings. */
uint64_t now_ns(void);

/* For qsort() of uint64_t, ascending. */
int compare_u64(const void *a, const void *b);

/* Flushes stdout; false, with a complaint, if not everything was written. */
_Bool finish_output(void);

#endif
