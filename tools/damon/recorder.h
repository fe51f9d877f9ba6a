/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of the monitor on processes or physical memory: it is recorded, or a scheme
 * acts on the memory of a command, or both.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attrs.h"
#include "scheme_request.h"
#include "scope.h"
#include "usage.h"

struct record_options {
	/* of the recording; NULL for none */
	const char *path;
	struct attrs attrs;
	uint64_t duration_ns;
	const char *pids;
	size_t nr_pids;
	char **command;
	struct scope scope;
	/* what is done with the memory of the command; NULL for nothing */
	const struct scheme_request *request;
};

/* How many targets the monitor gets: one for each process or node. */
size_t record_nr_targets(const struct record_options *opt);

/* What came of a command; @ran tells that it did, and that the rest is known. */
struct record_result {
	struct usage usage;
	bool ran;
	/* the time of --duration was over first */
	bool cut_off;
};

/*
 * The exit code. Every failure prints a line; none leaves a file or a setting
 * of the monitor behind. @result may be NULL.
 */
int record_run(const struct record_options *opt, struct record_result *result);

/* Whether record_run() could begin now: the kernel has what it needs, and is free. */
bool record_is_possible(const struct record_options *opt);

#endif
