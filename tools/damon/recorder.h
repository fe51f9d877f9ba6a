/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One recording, from the settings of the monitor to the finished file.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include "attrs.h"
#include "scope.h"

struct record_options {
	const char *path;
	struct attrs attrs;
	uint64_t duration_ns;
	const char *pids;
	size_t nr_pids;
	char **command;
	struct scope scope;
};

/* How many targets the monitor gets: one for each process or node. */
size_t record_nr_targets(const struct record_options *opt);

/*
 * The exit code. Every failure prints a line; none leaves a file or a setting
 * of the monitor behind.
 */
int record_run(const struct record_options *opt);

#endif
