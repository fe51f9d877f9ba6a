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
 * The same, of a monitor with probes, and how much of the region each probe finds, in
 * hexadecimal bytes: a count above 255 is told as 255.
 */
TRACE_EVENT(damon_region_aggregated,

	TP_PROTO(const struct damon_ctx *ctx, unsigned long target_id,
		 const struct damon_region *r, unsigned int nr_regions,
		 unsigned int nr_probes),

	TP_ARGS(ctx, target_id, r, nr_regions, nr_probes),

	TP_STRUCT__entry(
		__field(unsigned long,	target_id)
		__field(unsigned long,	start)
		__field(unsigned long,	end)
		__field(unsigned int,	nr_regions)
		__field(unsigned int,	nr_accesses)
		__field(unsigned int,	age)
		__dynamic_array(u8, probe_hits, nr_probes)
	),

	TP_fast_assign(
		u8 *hits = __get_dynamic_array(probe_hits);
		unsigned int i;

		__entry->target_id = target_id;
		__entry->start = r->ar.start;
		__entry->end = r->ar.end;
		__entry->nr_regions = nr_regions;
		__entry->nr_accesses = r->nr_accesses;
		__entry->age = r->age;
		for (i = 0; i < nr_probes; i++)
			hits[i] = min(damon_region_probe_hits(ctx, r, i), U8_MAX);
	),

	TP_printk("target_id=%lu nr_regions=%u %lu-%lu: %u %u probe_hits=%s",
		  __entry->target_id, __entry->nr_regions,
		  __entry->start, __entry->end,
		  __entry->nr_accesses, __entry->age,
		  __print_hex(__get_dynamic_array(probe_hits),
			      __get_dynamic_array_len(probe_hits)))
);

/*
 * A scheme is about to do its work on a region, or a part of it.  Programs expect the index of
 * a context; each worker has one, whose index is 0.
 */
TRACE_EVENT(damos_before_apply,

	TP_PROTO(const struct damon_tried *tried, unsigned int nr_regions),

	TP_ARGS(tried, nr_regions),

	TP_STRUCT__entry(
		__field(unsigned int,	context_idx)
		__field(unsigned int,	scheme_idx)
		__field(unsigned long,	target_idx)
		__field(unsigned long,	start)
		__field(unsigned long,	end)
		__field(unsigned int,	nr_accesses)
		__field(unsigned int,	age)
		__field(unsigned int,	nr_regions)
	),

	TP_fast_assign(
		__entry->context_idx = 0;
		__entry->scheme_idx = tried->scheme;
		__entry->target_idx = tried->target;
		__entry->start = tried->range.start;
		__entry->end = tried->range.end;
		__entry->nr_accesses = tried->nr_accesses;
		__entry->age = tried->age;
		__entry->nr_regions = nr_regions;
	),

	TP_printk("ctx_idx=%u scheme_idx=%u target_idx=%lu nr_regions=%u %lu-%lu: %u %u",
		  __entry->context_idx, __entry->scheme_idx, __entry->target_idx,
		  __entry->nr_regions, __entry->start, __entry->end,
		  __entry->nr_accesses, __entry->age)
);

/* A window begins that allows another number of bytes than the one before. */
TRACE_EVENT(damos_esz,

	TP_PROTO(unsigned int scheme_idx, u64 esz),

	TP_ARGS(scheme_idx, esz),

	TP_STRUCT__entry(
		__field(u64,		esz)
		__field(unsigned int,	context_idx)
		__field(unsigned int,	scheme_idx)
	),

	TP_fast_assign(
		__entry->context_idx = 0;
		__entry->scheme_idx = scheme_idx;
		__entry->esz = esz;
	),

	TP_printk("ctx_idx=%u scheme_idx=%u esz=%llu",
		  __entry->context_idx, __entry->scheme_idx, __entry->esz)
);

/* The intervals have become others, in the same proportion; this is the sampling interval. */
TRACE_EVENT(damon_monitor_intervals_tune,

	TP_PROTO(unsigned long sample_us),

	TP_ARGS(sample_us),

	TP_STRUCT__entry(
		__field(unsigned long,	sample_us)
	),

	TP_fast_assign(
		__entry->sample_us = sample_us;
	),

	TP_printk("sample_us=%lu", __entry->sample_us)
);

/* A scheme has looked at all regions. */
TRACE_EVENT(damos_stat_after_apply_interval,

	TP_PROTO(unsigned int scheme_idx, const struct damon_scheme_stat *stat),

	TP_ARGS(scheme_idx, stat),

	TP_STRUCT__entry(
		__field(unsigned int,	context_idx)
		__field(unsigned int,	scheme_idx)
		__field(u64,		nr_tried)
		__field(u64,		sz_tried)
		__field(u64,		nr_applied)
		__field(u64,		sz_applied)
		__field(u64,		sz_ops_filter_passed)
		__field(u64,		qt_exceeds)
		__field(u64,		nr_snapshots)
	),

	TP_fast_assign(
		__entry->context_idx = 0;
		__entry->scheme_idx = scheme_idx;
		__entry->nr_tried = stat->nr_tried;
		__entry->sz_tried = stat->sz_tried;
		__entry->nr_applied = stat->nr_applied;
		__entry->sz_applied = stat->sz_applied;
		__entry->sz_ops_filter_passed = stat->sz_ops_filter_passed;
		__entry->qt_exceeds = stat->qt_exceeds;
		__entry->nr_snapshots = stat->nr_snapshots;
	),

	TP_printk("ctx_idx=%u scheme_idx=%u nr_tried=%llu sz_tried=%llu nr_applied=%llu sz_applied=%llu sz_ops_filter_passed=%llu qt_exceeds=%llu nr_snapshots=%llu",
		  __entry->context_idx, __entry->scheme_idx,
		  __entry->nr_tried, __entry->sz_tried,
		  __entry->nr_applied, __entry->sz_applied,
		  __entry->sz_ops_filter_passed, __entry->qt_exceeds,
		  __entry->nr_snapshots)
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
