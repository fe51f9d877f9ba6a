/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What addresses are called: the mappings of a process, or the System RAM of
 * the machine and its nodes.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_NODE		(-1)

struct named {
	uint64_t start, end;
	/* of physical memory, where it is known */
	int32_t node;
	char *name;
};

struct names {
	struct named *a;
	size_t nr, room;
};

/*
 * Adds [start, end), joined with the last one where that touches it and is
 * called the same. False if there is no memory left.
 */
bool names_add(struct names *n, uint64_t start, uint64_t end, int32_t node,
	       const char *name);
void names_free(struct names *n);

/*
 * Both put what there is now in the place of @n, or return false and leave @n
 * as it was. @maps is /proc/PID/maps; @root is where proc/ and sys/ are. Memory
 * that was plugged out stays in @n.
 */
bool names_of_process(struct names *n, const char *maps);
bool names_of_memory(struct names *n, const char *root);

/* The one that covers most of [start, end); NULL if none covers any. */
const struct named *names_find(const struct names *n, uint64_t start,
			       uint64_t end);

#endif
