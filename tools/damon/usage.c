// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps what memory a process had, in a bounded number of slots of time.
 */
#include "damonctl.h"
#include "process.h"
#include "units.h"
#include "usage.h"

/* What a slot is long at first. */
#define FIRST_SLOT_NS	(100 * NS_PER_MS)

void usage_start(struct usage *u)
{
	*u = (struct usage){ .slot_ns = FIRST_SLOT_NS };
	u->start_ns = now_ns();
	u->last_ns = u->start_ns;
	u->end_ns = u->start_ns;
}

/* Two slots become one, so that there is room again. */
static void thin_out(struct usage *u)
{
	struct usage_slot *to = u->slots, *a;
	size_t i;

	for (i = 0; i < USAGE_SLOTS; i += 2) {
		a = &u->slots[i];
		*to++ = (struct usage_slot){
			a[0].resident + a[1].resident, a[0].swapped + a[1].swapped,
			a[0].ns + a[1].ns,
		};
	}
	while (to < u->slots + USAGE_SLOTS)
		*to++ = (struct usage_slot){ 0 };
	u->slot_ns *= 2;
}

/* What is found stands for the time since the last look. */
static void add(struct usage *u, uint64_t resident, uint64_t swapped)
{
	uint64_t now = now_ns(), span = now - u->last_ns;
	struct usage_slot *slot;

	while ((now - u->start_ns) / u->slot_ns >= USAGE_SLOTS)
		thin_out(u);
	slot = &u->slots[(now - u->start_ns) / u->slot_ns];
	slot->resident += (double)resident * (double)span;
	slot->swapped += (double)swapped * (double)span;
	slot->ns += span;
	u->last_ns = now;
}

void usage_measure(struct usage *u, pid_t pid, pid_t worker)
{
	uint64_t resident, swapped;
	struct process monitor;

	if (process_memory(pid, &resident, &swapped)) {
		add(u, resident, swapped);
		u->resident = resident;
	}
	if (worker && process_read(worker, &monitor))
		u->cpu_ns = monitor.cpu_ns;
}

void usage_end(struct usage *u)
{
	u->end_ns = now_ns();
}

double usage_mean(const struct usage *u, enum usage_part part, uint64_t span_ns)
{
	double sum = 0, ns = 0;
	size_t i;

	for (i = 0; i < USAGE_SLOTS && i * u->slot_ns < span_ns; i++) {
		sum += part == USAGE_RESIDENT ? u->slots[i].resident : u->slots[i].swapped;
		ns += (double)u->slots[i].ns;
	}
	return ns > 0 ? sum / ns : 0;
}
