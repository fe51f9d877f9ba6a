// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report raw: the recording as text, in the lines of the classic
 * tool. JSON is written piece by piece, as a recording may be large.
 */
#include <inttypes.h>
#include <stdio.h>

#include "report.h"

static uint32_t count_regions(struct cursor c)
{
	struct region r;
	uint32_t nr = 0;

	while (rec_next_region(&c, &r))
		nr++;
	return nr;
}

static size_t count_targets(const struct view *v, size_t snapshot)
{
	struct cursor c;
	size_t i, nr = 0;

	for (i = 0; i < v->nr_targets; i++)
		nr += view_regions(v, snapshot, v->targets[i], &c);
	return nr;
}

static void print_target(const struct view *v, uint64_t target, struct cursor c)
{
	struct region r;
	char id[64];

	printf("target_id:  %s\n", view_target_id(v, target, id, sizeof(id)));
	printf("nr_regions:  %" PRIu32 "\n", count_regions(c));
	while (rec_next_region(&c, &r))
		printf("%012" PRIx64 "-%012" PRIx64 "(%10" PRIu64 "):\t%" PRIu32 "\n",
		       r.start, r.end, r.end - r.start, r.nr_accesses);
	putchar('\n');
}

static void print_text(const struct view *v)
{
	const struct snapshot *s = v->rec.snapshots;
	struct cursor c;
	size_t i, t;

	printf("start_time:  %" PRIu64 "\n", s[v->first].time_ns);
	for (i = v->first; i < v->last && !ferror(stdout); i++) {
		printf("rel time: %16" PRIu64 "\n",
		       s[i].time_ns - s[v->first].time_ns);
		printf("nr_tasks:  %zu\n", count_targets(v, i));
		for (t = 0; t < v->nr_targets; t++) {
			if (view_regions(v, i, v->targets[t], &c))
				print_target(v, v->targets[t], c);
		}
	}
}

static void print_json_target(const struct view *v, uint64_t target,
			      struct cursor c)
{
	json_object *value = view_target_value(v, target);
	const char *sep = "";
	struct region r;

	printf("{\"%s\":%s,\"regions\":[", view_target_key(v),
	       json_object_to_json_string(value));
	json_object_put(value);
	while (rec_next_region(&c, &r)) {
		printf("%s{\"start\":%" PRIu64 ",\"end\":%" PRIu64
		       ",\"nr_accesses\":%" PRIu32 "}", sep, r.start, r.end,
		       r.nr_accesses);
		sep = ",";
	}
	printf("]}");
}

static void print_as_json(const struct view *v)
{
	json_object *head = view_json(v);
	const char *sep = "{";
	struct cursor c;
	size_t i, t;

	json_object_object_foreach(head, key, value) {
		printf("%s\"%s\":%s", sep, key, json_object_to_json_string(value));
		sep = ",";
	}
	json_object_put(head);
	printf(",\"snapshots\":[");
	for (i = v->first; i < v->last && !ferror(stdout); i++) {
		printf("%s\n{\"time_ns\":%" PRIu64 ",\"targets\":[",
		       i == v->first ? "" : ",", v->rec.snapshots[i].time_ns);
		sep = "";
		for (t = 0; t < v->nr_targets; t++) {
			if (!view_regions(v, i, v->targets[t], &c))
				continue;
			printf("%s", sep);
			print_json_target(v, v->targets[t], c);
			sep = ",";
		}
		printf("]}");
	}
	printf("\n]}\n");
}

bool report_raw(const struct view *v)
{
	if (v->json)
		print_as_json(v);
	else
		print_text(v);
	return true;
}
