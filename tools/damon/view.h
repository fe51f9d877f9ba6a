/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The view that all reports have: a recording, the part of the recording that
 * was asked for, and the scale by which counts become rates.
 */
#ifndef VIEW_H
#define VIEW_H

#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meta.h"
#include "recording.h"

/* The options that all reports have. */
struct view_options {
	const char *path;
	bool json;
	bool has_target;
	uint64_t target;
	uint64_t from_ns, to_ns;
	uint64_t lo, hi;
	/* the count that is 100 %; 0: as the recording tells */
	uint64_t full;
};

struct view {
	struct recording rec;
	struct meta meta;
	bool has_meta;
	bool json;

	/* the targets asked for */
	uint64_t *targets;
	size_t nr_targets;
	/* the snapshots asked for: [first, last) */
	size_t first, last;
	/* the addresses asked for: [lo, hi) */
	uint64_t lo, hi;
	/* when the first snapshot of the recording began; --from counts from it */
	uint64_t origin_ns;
	uint64_t aggr_ns;
	/* the count that is a rate of 100 % */
	uint32_t full;
};

/* Regions of @target in @snapshot within the addresses asked for. */
bool view_regions(const struct view *v, size_t snapshot, uint64_t target,
		  struct cursor *c);

/* When the interval of @snapshot began; the interval ended at its time_ns. */
uint64_t view_begin(const struct view *v, size_t snapshot);

/* "352 snapshots in 35.2s", and how many were lost. */
const char *view_span(const struct view *v, char *buf, size_t len);

/* From 0 to 1. A late worker may count more than is nominal. */
double view_rate(const struct view *v, uint32_t nr_accesses);

/* "sort (pid 12)", "pid 12" where the name is not known, "node 1". */
const char *view_target_name(const struct view *v, uint64_t target, char *buf,
			     size_t len);

/* The name in the lines of the classic tool: "12", "node 1". */
const char *view_target_id(const struct view *v, uint64_t target, char *buf,
			   size_t len);

/* In JSON: "pid" or "node", and the number, or null for all nodes. */
const char *view_target_key(const struct view *v);
json_object *view_target_value(const struct view *v, uint64_t target);

/* Names of the addresses of @target; NULL where the recording has none. */
const struct names *view_names(const struct view *v, uint64_t target);

/* An object with the members that all JSON reports have. */
json_object *view_json(const struct view *v);
void print_json(json_object *obj);

/*
 * Opens a recording, or prints a line and returns false. With @rates a line is
 * printed if the scale had to be assumed.
 */
bool view_open(struct view *v, const struct view_options *opt, bool rates);
void view_close(struct view *v);

#endif
