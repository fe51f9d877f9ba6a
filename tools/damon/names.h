/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What addresses are called, and when there was memory at them: the mappings of
 * a process, or the System RAM of the machine and its nodes.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_NODE		(-1)
#define FOREVER		UINT64_MAX

/*
 * How many mappings that are gone are kept of a process. A program that maps
 * new addresses all the time would else fill the memory of the recorder.
 */
#define MAX_GONE	65536

struct named {
	uint64_t start, end;
	/*
	 * The time of the note before the first note with this mapping, or 0,
	 * and of the first note without it, or FOREVER. The mapping was there
	 * at no other time.
	 */
	uint64_t from_ns, to_ns;
	/* of physical memory, where the node is known */
	int32_t node;
	char *name;
};

/* In order of address. Areas of different times may overlap. */
struct names {
	struct named *a;
	size_t nr, room;
	/* of a process: when its mappings were noted last */
	uint64_t noted_ns;
	/* mappings that were gone by this time may be missing */
	uint64_t known_ns;
};

/*
 * Replaces all that is no printable text in UTF-8. Anyone may give a process, a
 * file or a mapping a name that changes a terminal.
 */
void make_printable(char *s);

/*
 * Adds a copy of @new. It is joined with the last area if the two touch and are
 * the same otherwise. False if there is no memory left.
 */
bool names_add(struct names *n, const struct named *new);
void names_free(struct names *n);

/*
 * Notes in @n which mappings there are at @now_ns; mappings that are gone stay,
 * with the time until which they may have been there. @maps is /proc/PID/maps.
 * If the process has ended, returns false and leaves @n as it was.
 */
bool names_of_process(struct names *n, const char *maps, uint64_t now_ns);

/*
 * Notes in @n which memory there is now, or returns false and leaves @n as it
 * was. @root is where proc/ and sys/ are. Memory that was plugged out stays.
 */
bool names_of_memory(struct names *n, const char *root);

/*
 * The area that covers most of [start, end), of the areas that were there at
 * @at_ns; NULL if none of them covers any of it.
 */
const struct named *names_find(const struct names *n, uint64_t start,
			       uint64_t end, uint64_t at_ns);

#endif
