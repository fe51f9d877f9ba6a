// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel tells of each region by an event of its own: targets by index,
 * regions by address, and with each the number of regions of its target. A
 * snapshot ends where this order starts anew. A snapshot from which events were
 * lost is left out whole: half a snapshot would look like unmapped memory.
 */
#include <stdlib.h>
#include <string.h>

#include "assemble.h"

bool assembler_init(struct assembler *as, FILE *f, const uint64_t *ids,
		    uint32_t nr_targets, uint64_t aggr_ns)
{
	*as = (struct assembler){
		.f = f,
		.ids = ids,
		.nr_targets = nr_targets,
		.aggr_ns = aggr_ns,
		.got = calloc(nr_targets, sizeof(*as->got)),
		.expected = calloc(nr_targets, sizeof(*as->expected)),
	};
	if (as->got && as->expected)
		return true;
	assembler_fini(as);
	return false;
}

void assembler_fini(struct assembler *as)
{
	free(as->got);
	free(as->expected);
	free(as->regions);
	*as = (struct assembler){ 0 };
}

static bool whole(const struct assembler *as)
{
	return !as->broken &&
	       !memcmp(as->got, as->expected,
		       as->nr_targets * sizeof(*as->got));
}

/*
 * Snapshots of which each event was lost leave only their time. Without a loss
 * a late snapshot is the worker's, and nothing is missing.
 */
static void count_missing(struct assembler *as)
{
	uint64_t gap = as->time_ns - as->last_ns;

	if (as->lossy && as->nr_snapshots && gap > as->aggr_ns)
		as->nr_missing += (gap + as->aggr_ns / 2) / as->aggr_ns - 1;
	as->lossy = false;
}

static void write_snapshot(struct assembler *as)
{
	const struct region *r = as->regions;
	uint32_t t, i;

	rec_write_snapshot(as->f, as->time_ns, as->nr_targets);
	for (t = 0; t < as->nr_targets; t++) {
		rec_write_target(as->f, as->ids[t], as->got[t]);
		for (i = 0; i < as->got[t]; i++)
			rec_write_region(as->f, r++);
	}
	count_missing(as);
	if (!as->nr_snapshots++)
		as->first_ns = as->time_ns;
	as->last_ns = as->time_ns;
}

void assembler_finish(struct assembler *as)
{
	if (!as->nr_regions)
		return;
	if (whole(as))
		write_snapshot(as);
	else
		as->lossy = true;
	as->nr_regions = 0;
	memset(as->got, 0, as->nr_targets * sizeof(*as->got));
	memset(as->expected, 0, as->nr_targets * sizeof(*as->expected));
}

/* Whether @a cannot belong to the snapshot at hand. */
static bool starts_anew(const struct assembler *as, const struct aggregated *a)
{
	if (a->after_loss || a->target < as->target)
		return true;
	if (a->target > as->target)
		return false;
	return as->got[a->target] == as->expected[a->target] ||
	       a->nr_regions != as->expected[a->target] ||
	       a->start < as->regions[as->nr_regions - 1].end;
}

static bool make_room(struct assembler *as)
{
	struct region *grown;
	size_t room;

	if (as->nr_regions < as->room)
		return true;
	room = as->room ? as->room * 2 : 1024;
	grown = reallocarray(as->regions, room, sizeof(*grown));
	if (!grown) {
		as->no_memory = true;
		return false;
	}
	as->regions = grown;
	as->room = room;
	return true;
}

void assembler_add(const struct aggregated *a, void *arg)
{
	struct assembler *as = arg;

	if (a->target >= as->nr_targets || a->start >= a->end)
		return;
	if (as->nr_regions && starts_anew(as, a))
		assembler_finish(as);
	if (a->after_loss)
		as->lossy = true;
	if (!make_room(as))
		return;
	if (!as->nr_regions) {
		as->time_ns = a->time_ns;
		/* The lost events may have been the beginning of this snapshot. */
		as->broken = a->after_loss;
	}
	as->target = (uint32_t)a->target;
	as->got[a->target]++;
	as->expected[a->target] = a->nr_regions;
	as->regions[as->nr_regions++] = (struct region){
		a->start, a->end, a->nr_accesses,
	};
}
