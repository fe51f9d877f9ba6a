/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of programs, mappings and memory, noted while the targets are
 * monitored: those of a process are gone when it has ended.
 */
#ifndef NOTES_H
#define NOTES_H

#include <stdint.h>

#include "names.h"
#include "process.h"
#include "scope.h"
#include "target.h"

struct notes {
	char programs[MAX_TARGETS][COMM_LEN];
	struct names mappings[MAX_TARGETS];
	/* SCOPE_PADDR: in place of the mappings */
	struct names memory;
	/* when to note addresses again */
	uint64_t next_ns;
};

void notes_take(struct notes *n, const struct targets *t, enum scope_kind kind);

/* To be called as often as wanted: takes no more than a small part of the time. */
void notes_take_in_time(struct notes *n, const struct targets *t,
			enum scope_kind kind);
void notes_free(struct notes *n);

#endif
