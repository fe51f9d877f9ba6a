/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a monitor reports, one event for each region and aggregation, and how
 * long it keeps others from their memory.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM damon

#if !defined(_TRACE_DAMON_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_DAMON_H

#include <linux/damon.h>
#include <linux/tracepoint.h>

/*
 * The regions of a target follow each other in address order, @nr_regions
 * events a target.  @target_id is the index of the target in its context: what
 * names the target inside the kernel may be a pointer.
 */
TRACE_EVENT(damon_aggregated,

	TP_PROTO(unsigned long target_id, const struct damon_region *r,
		 unsigned int nr_regions),

	TP_ARGS(target_id, r, nr_regions),

	TP_STRUCT__entry(
		__field(unsigned long,	target_id)
		__field(unsigned long,	start)
		__field(unsigned long,	end)
		__field(unsigned int,	nr_regions)
		__field(unsigned int,	nr_accesses)
		__field(unsigned int,	age)
	),

	TP_fast_assign(
		__entry->target_id = target_id;
		__entry->start = r->ar.start;
		__entry->end = r->ar.end;
		__entry->nr_regions = nr_regions;
		__entry->nr_accesses = r->nr_accesses;
		__entry->age = r->age;
	),

	TP_printk("target_id=%lu nr_regions=%u %lu-%lu: %u %u",
		  __entry->target_id, __entry->nr_regions,
		  __entry->start, __entry->end,
		  __entry->nr_accesses, __entry->age)
);

/*
 * One turn of a lock that keeps a mapping as it is, while @nr regions were
 * visited.  A turn that began before the event was enabled is not told.
 */
TRACE_EVENT(damon_lock_turn,

	TP_PROTO(bool mmap_lock, unsigned int nr, u64 ns),

	TP_ARGS(mmap_lock, nr, ns),

	TP_STRUCT__entry(
		__field(u64,		ns)
		__field(unsigned int,	nr)
		__field(bool,		mmap_lock)
	),

	TP_fast_assign(
		__entry->ns = ns;
		__entry->nr = nr;
		__entry->mmap_lock = mmap_lock;
	),

	TP_printk("lock=%s nr=%u ns=%llu",
		  __entry->mmap_lock ? "mmap" : "vma", __entry->nr, __entry->ns)
);

#endif /* _TRACE_DAMON_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
