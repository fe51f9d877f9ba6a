/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The recording: format version 2 of the classic tools, as 64-bit machines
 * write it, in the machine's byte order.
 *
 *   header     "damon_recfmt_ver" (16 bytes, no NUL) | int32 2
 *   snapshot   int64 seconds | int64 nanoseconds | uint32 number of targets
 *    target    uint64 id | uint32 number of regions
 *     region   uint64 start | uint64 end | uint32 accesses
 *
 * No padding, no trailer. Time is the monotonic clock's at the aggregation, id
 * is the pid, or of physical memory the node, regions are in address order and
 * half open.
 *
 * A target without regions is written with a count of 0. A snapshot in which
 * no target has a region may be in a file and counts as any other, but
 * damonctl never writes one: the kernel's events are per region, so no event
 * tells of a snapshot without regions.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define REC_MAX_TARGETS		4096U

/* The id of a target that is the physical memory of all nodes. */
#define REC_ALL_NODES		0

struct region {
	uint64_t start, end;
	uint32_t nr_accesses;
};

/* Writing. Errors stay in @f: see ferror(). */
void rec_write_header(FILE *f);
void rec_write_snapshot(FILE *f, uint64_t time_ns, uint32_t nr_targets);
void rec_write_target(FILE *f, uint64_t id, uint32_t nr_regions);
void rec_write_region(FILE *f, const struct region *r);

/* Reading. */
struct snapshot {
	uint64_t time_ns;
	/* offset of the first target */
	size_t offset;
	uint32_t nr_targets;
};

struct recording {
	const char *path;
	const unsigned char *data;
	size_t size;
	struct snapshot *snapshots;
	size_t nr_snapshots;
	uint64_t *targets;
	size_t nr_targets;
	/* the largest of all regions */
	uint32_t max_accesses;
};

/*
 * Maps the file and checks all of it, so that later passes need not: sizes are
 * within the file, regions in order and disjoint, times ascending. If the file is
 * refused, prints a line with the offset and returns false. @rec keeps @path.
 */
bool rec_open(struct recording *rec, const char *path);
void rec_close(struct recording *rec);

/* The regions of one target in one snapshot, clipped to [lo, hi). */
struct cursor {
	const unsigned char *pos;
	uint32_t left;
	uint64_t lo, hi;
};

/* False if the snapshot does not have the target. */
bool rec_regions(const struct recording *rec, size_t snapshot, uint64_t id,
		 struct cursor *c);
bool rec_next_region(struct cursor *c, struct region *r);

#endif
