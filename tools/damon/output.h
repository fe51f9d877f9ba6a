/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that appears under its name only when it is complete.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct output {
	FILE *f;
	char *path, *temporary;
};

/*
 * Creates the temporary beside @path, with @mode less the umask; false with a
 * line printed.
 */
bool output_open(struct output *o, const char *path, mode_t mode);

/*
 * Brings everything to the disk; a full disk shows here. output_commit(), which
 * is left to do then, needs no room.
 */
bool output_finish(struct output *o);
bool output_commit(struct output *o);

/* Removes the temporary if it was not committed. */
void output_close(struct output *o);

#endif
