/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sysfs files of the monitor.
 */
#ifndef _DAMON_LIB_SYSFS_H
#define _DAMON_LIB_SYSFS_H

#include <stdbool.h>
#include <sys/types.h>

#define SYSFS_DIR	"/sys/kernel/mm/damon/admin/kdamonds"

/* To write in front of the main(): these tests need no debugfs. */
#define NEEDS_SYSFS	const char *needed_dir = SYSFS_DIR

/* Paths are those below SYSFS_DIR.  Return 0 or a negative errno. */
int sysfs_write(const char *file, const char *text);

/* The text of a file, in a buffer of the thread, or the error as text. */
const char *sysfs_read(const char *file);

/* A number that a file has, or a negative errno. */
long long sysfs_number(const char *file);

bool sysfs_is(const char *file, const char *text);
bool sysfs_has(const char *file);

/* A path with one number in it, which printf() puts there; in a buffer of the thread. */
const char *path_of(const char *format, int nr);

/* All monitors off, and no directories: what each test begins and ends with. */
int sysfs_reset(void);

/* Monitors with a context each. */
int sysfs_make(int nr);

/* Of monitor 0: one target with this number, and the attributes of TEST_ATTRS. */
int sysfs_target(pid_t pid);

/* Of monitor 0: schemes that only count, and match all memory. */
int sysfs_schemes(int nr);

#endif /* _DAMON_LIB_SYSFS_H */
