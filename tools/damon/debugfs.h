/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's monitor as its debugfs files show it.
 *
 * Functions that return bool print one line when they return false.
 */
#ifndef DEBUGFS_H
#define DEBUGFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "attrs.h"

/* The directory of the files, with the mount of debugfs in front. */
struct debugfs {
	char *path;
	int fd;
};

/* Checks that the caller is root and that the kernel has the files. */
bool debugfs_open(struct debugfs *d);
void debugfs_close(struct debugfs *d);

/*
 * Takes the monitor for this process; the kernel frees it when the process
 * ends in whatever way. Without the lock two commands would mix settings.
 */
bool debugfs_lock(const struct debugfs *d);
/* The same for a monitor that is off. */
bool debugfs_take(const struct debugfs *d);

/* The text of a file, below a context's directory if @context is not NULL. */
char *debugfs_read(const struct debugfs *d, const char *context,
		   const char *file);
/* One write of the whole text; false with errno set, and nothing printed. */
bool debugfs_try_write(const struct debugfs *d, const char *file,
		       const char *text);
bool debugfs_write(const struct debugfs *d, const char *file,
		   const char *text);

/* Whether the monitor runs; -1 if this cannot be read, with a line printed. */
int debugfs_is_on(const struct debugfs *d);
bool debugfs_turn_on(const struct debugfs *d);
/* Also true if the monitor ended by itself just now. */
bool debugfs_turn_off(const struct debugfs *d);

/* The pid of the worker, 0 if there is none, -1 on failure. */
pid_t debugfs_worker(const struct debugfs *d, const char *context);

bool debugfs_attrs(const struct debugfs *d, const char *context,
		   struct attrs *attrs);
/* In memory of its own; NULL if there is none left. */
char *debugfs_print_attrs(const struct attrs *attrs);

/* Whether the kernel has a file, below a context's directory if @context is not NULL. */
bool debugfs_has(const struct debugfs *d, const char *context, const char *file);

/* False, with a line printed, for kernels from before the schemes, or their goals. */
bool debugfs_needs_schemes(const struct debugfs *d);
bool debugfs_needs_goals(const struct debugfs *d);

/* All goals, or none on a kernel that has none; NULL on failure. */
char *debugfs_read_goals(const struct debugfs *d);

/*
 * The settings of the default context. Without @schemes and @goals there are none; the
 * kernel may not know of them then.
 */
struct settings {
	char *attrs, *target_ids, *init_regions, *schemes, *goals;
};

/* All schemes and all goals: those from before are gone. */
bool debugfs_set_schemes(const struct debugfs *d, const char *schemes, const char *goals);

bool debugfs_set(const struct debugfs *d, const struct settings *s);

/* Keeps the settings from before a command, and puts them back after it. */
bool debugfs_save(const struct debugfs *d, struct settings *s);
bool debugfs_restore(const struct debugfs *d, const struct settings *s);
void debugfs_free_settings(struct settings *s);

#endif
