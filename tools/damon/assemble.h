/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Puts events together to snapshots and writes the snapshots that are whole.
 */
#ifndef ASSEMBLE_H
#define ASSEMBLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "recording.h"
#include "trace.h"

struct assembler {
	FILE *f;
	/* the ids under which targets 0, 1, ... stand in the file */
	const uint64_t *ids;
	uint32_t nr_targets;

	/* nominal time from one snapshot to the next */
	uint64_t aggr_ns;

	uint64_t nr_snapshots;
	/* left out or never seen, between the first snapshot and the last */
	uint64_t nr_missing;
	uint64_t first_ns, last_ns;
	/* events were lost since the last snapshot that was written */
	bool lossy;
	bool no_memory;

	/* the snapshot at hand */
	struct region *regions;
	size_t nr_regions, room;
	/* per target: how many of its regions have come, and how many there are */
	uint32_t *got, *expected;
	uint32_t target;
	uint64_t time_ns;
	bool broken;
};

bool assembler_init(struct assembler *as, FILE *f, const uint64_t *ids,
		    uint32_t nr_targets, uint64_t aggr_ns);
void assembler_fini(struct assembler *as);

/* An aggregated_fn, with the assembler as @arg. */
void assembler_add(const struct aggregated *a, void *arg);

/* No more events come: writes the last snapshot. */
void assembler_finish(struct assembler *as);

#endif
