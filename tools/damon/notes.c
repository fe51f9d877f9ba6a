// SPDX-License-Identifier: GPL-2.0
/*
 * Notes the names of programs, mappings and memory.
 */
#include <stdio.h>
#include <string.h>

#include "damonctl.h"
#include "notes.h"
#include "units.h"

/*
 * How often the mappings are noted: a mapping that is there for longer is known
 * to reports. Where a note takes long it is made less often, so that notes take
 * no more than one part in NOTE_SHARE of the time.
 */
#define NOTE_NS		(250 * NS_PER_MS)
#define NOTE_SHARE	50

/* The name changes with exec, as behind env: the last name counts. */
static void note_programs(struct notes *n, const struct targets *t)
{
	char name[COMM_LEN];
	size_t i;

	for (i = 0; i < t->nr; i++) {
		process_name(t->pids[i], name);
		if (!n->programs[i][0] || strcmp(name, "?"))
			memcpy(n->programs[i], name, sizeof(name));
	}
}

static void note_mappings(struct notes *n, const struct targets *t)
{
	char path[32];
	size_t i;

	for (i = 0; i < t->nr; i++) {
		if (target_ended(t, i))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/maps", t->pids[i]);
		names_of_process(&n->mappings[i], path, now_ns());
	}
}

void notes_take(struct notes *n, const struct targets *t, enum scope_kind kind)
{
	note_programs(n, t);
	if (kind == SCOPE_PADDR)
		names_of_memory(&n->memory, "");
	else
		note_mappings(n, t);
}

void notes_take_in_time(struct notes *n, const struct targets *t,
			enum scope_kind kind)
{
	uint64_t begin = now_ns(), wait;

	if (begin < n->next_ns) {
		note_programs(n, t);
		return;
	}
	notes_take(n, t, kind);
	wait = (now_ns() - begin) * NOTE_SHARE;
	n->next_ns = begin + (wait > NOTE_NS ? wait : NOTE_NS);
}

void notes_free(struct notes *n)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(n->mappings); i++)
		names_free(&n->mappings[i]);
	names_free(&n->memory);
}
