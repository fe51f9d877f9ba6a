// SPDX-License-Identifier: GPL-2.0
/*
 * Puts together which memory is monitored, and refuses arguments that make no
 * sense on any machine. The kernel refuses those that do not fit its machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "damonctl.h"
#include "scope.h"
#include "units.h"

const char *const scope_names[] = { "vaddr", "fvaddr", "paddr" };

_Static_assert(ARRAY_SIZE(scope_names) == NR_SCOPE_KINDS, "a word for each");

const char *scope_add_node(struct scope *s, const char *text)
{
	uint64_t node;
	size_t i;

	if (!parse_number(text, INT32_MAX, &node))
		return "is no number of a node; look for them with: ls /sys/devices/system/node";
	for (i = 0; i < s->nr_nodes; i++) {
		if (s->nodes[i] == node)
			return "is given twice";
	}
	if (s->nr_nodes == MAX_TARGETS)
		return "is one too many; 64 are taken";
	s->nodes[s->nr_nodes++] = node;
	return NULL;
}

/* The kernel watches pages: a range that has none would be refused. */
static bool has_page(const struct range *r)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return r->end / page > r->start / page + !!(r->start % page);
}

const char *scope_add_range(struct scope *s, const char *text)
{
	struct range r;
	size_t i;

	if (!parse_range(text, &r.start, &r.end))
		return "is no range; write it as 1f000-2f000, lower address first, or 1f000+64K";
	if (!has_page(&r))
		return "holds no whole page; make it larger";
	if (s->nr_ranges == MAX_RANGES)
		return "is one too many; join some, 256 are taken";
	for (i = s->nr_ranges; i && s->ranges[i - 1].start >= r.start; i--)
		;
	if ((i && s->ranges[i - 1].end > r.start) ||
	    (i < s->nr_ranges && s->ranges[i].start < r.end))
		return "overlaps another one; give each address once";
	memmove(&s->ranges[i + 1], &s->ranges[i],
		(s->nr_ranges - i) * sizeof(r));
	s->ranges[i] = r;
	s->nr_ranges++;
	return NULL;
}

/*
 * The kernel shows a number for it, that of a thread of the kernel; in a container it may be
 * that of a process, which has a program.
 */
bool scope_is_all_memory(const char *target_ids)
{
	return !strcmp(target_ids, "42\n") && access("/proc/42/exe", F_OK);
}

char *scope_targets(const struct scope *s, const pid_t *pids, size_t nr_pids)
{
	const char *sep = s->kind == SCOPE_VADDR ? "" : " ";
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	if (s->kind != SCOPE_VADDR)
		fputs(scope_names[s->kind], f);
	for (i = 0; i < s->nr_nodes; i++)
		fprintf(f, " %" PRIu64, s->nodes[i]);
	for (i = 0; s->kind != SCOPE_PADDR && i < nr_pids; i++, sep = " ")
		fprintf(f, "%s%d", sep, pids[i]);
	fputc('\n', f);
	return fclose(f) ? NULL : text;
}

char *scope_regions(const struct scope *s, size_t nr_targets)
{
	char *text = NULL;
	size_t len, t, i;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (t = 0; t < nr_targets; t++) {
		for (i = 0; i < s->nr_ranges; i++)
			fprintf(f, "%zu %" PRIu64 " %" PRIu64 "\n", t,
				s->ranges[i].start, s->ranges[i].end);
	}
	return fclose(f) ? NULL : text;
}
