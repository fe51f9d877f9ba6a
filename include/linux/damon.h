/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DAMON, the data access monitor: the interface for other kernel code.
 *
 * A monitor is a &struct damon_ctx: what to watch (targets), how often to look
 * (intervals), how much effort to spend (limits on the number of regions), and
 * the primitives that read one kind of address space.  The way to use it:
 *
 *	ctx = damon_new_ctx();
 *	damon_va_set_primitives(ctx);
 *	damon_set_targets(ctx, ids, nr_ids);
 *	ctx->aggregate_cb = look_at_the_regions;
 *	damon_start(ctx);
 *	...
 *	damon_stop(ctx);
 *	damon_destroy_ctx(ctx);
 *
 * How and why it works is told in mm/damon/core.c and in
 * Documentation/mm/damon/design.rst.
 */
#ifndef _LINUX_DAMON_H
#define _LINUX_DAMON_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/lockdep_types.h>
#include <linux/mutex.h>
#include <linux/spinlock_types.h>
#include <linux/stddef.h>
#include <linux/time64.h>
#include <linux/types.h>

struct damon_ctx;
struct damon_probes;
struct damon_target;
struct task_struct;

/**
 * struct damon_addr_range - A half open range of addresses.
 * @start:	First address of the range.
 * @end:	First address behind the range.
 */
struct damon_addr_range {
	unsigned long start;
	unsigned long end;
};

/** DAMON_NR_BINS - Parts of a region, of one size, that evidence is kept for. */
#define DAMON_NR_BINS 8

/**
 * struct damon_evidence - What samples have told of each eighth of a region.
 *
 * All numbers are in 1/128: a part of a region inherits a part of a sample.
 */
struct damon_evidence {
	/* private: */
	u16 samples[DAMON_NR_BINS];
	u16 hits[DAMON_NR_BINS];
};

/**
 * struct damon_tlb_stats - Does the TLB hide accesses to a region?
 *
 * Counts of late, of samples during which the TLB was flushed, and of others.
 */
struct damon_tlb_stats {
	/* private: */
	u8 flushed_hits;
	u8 flushed : 7;
	u8 hides : 1;			/* count only samples taken after a flush */
	u8 other_hits, others;
};

/**
 * struct damon_sample - What goes with the sampling address of a region.
 *
 * The core copies it whole, and looks at no more than whether there is a sample.
 */
struct damon_sample {
	/** @pending: The address is prepared, and not checked yet. */
	u8 pending : 1;

	/* private: of the primitives */
	u8 marked : 1;			/* the idle flag of the folio was set */
	u8 hit : 1;			/* found accessed, by the sample of another region */
	u8 flushed : 1;			/* the TLB was flushed while it waits */
	u8 lowered : 1;			/* @refs is one less than it was */
	u8 refs : 3;			/* references of the folio, by system calls */
};

/**
 * struct damon_region - Neighbouring memory that is accessed at one rate.
 *
 * The monitor assumes that all pages of a region are accessed equally often,
 * and keeps correcting the regions until this holds (see core.c).
 */
struct damon_region {
	/** @ar: The addresses; both ends are multiples of the page size. */
	struct damon_addr_range ar;

	/** @sampling_addr: The address whose next access is waited for. */
	unsigned long sampling_addr;

	/**
	 * @nr_accesses: In how many of the sampling intervals of an aggregation
	 * a page of the region is accessed, by all the evidence there is: at
	 * most aggr_interval / sample_interval.  This is what @aggregate_cb and
	 * a report see.  During an aggregation, it counts the sampling
	 * intervals of it in which the sampled page was found accessed.
	 */
	unsigned int nr_accesses;

	/**
	 * @age: With a count of 0: how many aggregations ago the last access was
	 * seen that was not one of a small spot.  With another count: for how many
	 * aggregations the region has kept its rate, which none of them has
	 * contradicted.
	 */
	unsigned int age;

	/** @sample: What goes with @sampling_addr. */
	struct damon_sample sample;

	/* private: */
	u8 run;				/* samples that found all the same, of late */
	u8 run_hits : 1;		/* they all found an access */
	u8 next_bin : 3;
	u8 expected : 2;		/* of the next sample */
	u8 changed : 1;			/* in this aggregation */
	u8 mixed : 1;			/* known is of before and after a change */
	u8 nr_surprises : 3;		/* in a row */
	u8 on_trial : 1;		/* has had no aggregation yet */
	u8 settled : 1;			/* hundreds of samples found all the same */
	u8 wait : 3;			/* sampling intervals until the next check, or sample */
	struct damon_tlb_stats tlb;
	u32 hit : 29;			/* 1 + the page of the last one, or 0 */
	u32 echo : 2;			/* looks at the page of a hit again */
	u32 counted : 1;		/* reported with a count */
	u32 steady;			/* the age, if it has a count again */
	struct damon_evidence known;	/* of the aggregations before this one */
	struct damon_evidence fresh;	/* of this one */
	struct list_head list;
};

/**
 * struct damon_target - One address space that a context watches.
 */
struct damon_target {
	/**
	 * @id: Names the address space to the primitives; the core passes it
	 * on and never looks at it.  For damon_va_set_primitives() it is a
	 * &struct pid pointer, whose reference stays the caller's; for
	 * damon_pa_set_primitives() it is a node id, or DAMON_ALL_NODES.
	 */
	unsigned long id;

	/** @regions_list: The regions, in address order, never overlapping. */
	struct list_head regions_list;

	/** @nr_regions: The length of @regions_list. */
	unsigned int nr_regions;

	/** @list: Node in the targets_list of the context. */
	struct list_head list;

	/* private: */
	bool probed;			/* all regions have room for probes, see probe.h */
	void *priv;			/* of the primitives, while the worker runs */
	unsigned long ended_at;		/* when they saw its process ended, in jiffies; or 0 */
	struct damon_target *partner;	/* in the other context, during damon_commit() */
};

/**
 * enum damon_action - What a scheme does with memory.
 * @DAMON_WILLNEED:	Reads it in ahead of use, as MADV_WILLNEED does.
 * @DAMON_COLD:		Makes it the first to be reclaimed, as MADV_COLD does.
 * @DAMON_PAGEOUT:	Reclaims it.
 * @DAMON_HUGEPAGE:	Lets it have huge pages, as MADV_HUGEPAGE does.
 * @DAMON_NOHUGEPAGE:	Lets it have no huge pages, as MADV_NOHUGEPAGE does.
 * @DAMON_STAT:		Nothing: its size is counted.
 * @DAMON_COLLAPSE:	Makes huge pages of it now, as MADV_COLLAPSE does.
 * @DAMON_LRU_PRIO:	Makes it the last to be reclaimed.
 * @DAMON_LRU_DEPRIO:	As @DAMON_COLD, of physical memory.
 * @DAMON_MIGRATE_HOT:	Moves it to another node, the hottest first.
 * @DAMON_MIGRATE_COLD:	Moves it to another node, the coldest first.
 * @DAMON_NR_ACTIONS:	How many there are.
 *
 * The numbers are those of the debugfs file, which does not take the two that move memory.
 */
enum damon_action {
	DAMON_WILLNEED,
	DAMON_COLD,
	DAMON_PAGEOUT,
	DAMON_HUGEPAGE,
	DAMON_NOHUGEPAGE,
	DAMON_STAT,
	DAMON_COLLAPSE,
	DAMON_LRU_PRIO,
	DAMON_LRU_DEPRIO,
	DAMON_MIGRATE_HOT,
	DAMON_MIGRATE_COLD,
	DAMON_NR_ACTIONS,
};

/**
 * struct damon_pattern - Which regions a scheme is for; all ranges are closed.
 * @min_sz:		Least size, in bytes, of neighbouring regions that match otherwise.
 * @max_sz:		Largest size, likewise.
 * @min_nr_accesses:	Least count.
 * @max_nr_accesses:	Largest count.
 * @min_age:		Least age, in aggregations.
 * @max_age:		Largest age, in aggregations.
 */
struct damon_pattern {
	unsigned long min_sz, max_sz;
	unsigned long min_nr_accesses, max_nr_accesses;
	unsigned long min_age, max_age;
};

/**
 * enum damon_goal_metric - What a goal of a quota is measured by.
 * @DAMON_GOAL_USER_INPUT:	What the user says that it is.
 * @DAMON_GOAL_SOME_MEM_PSI_US:	Microseconds of a window in which some task waited for
 *				memory.
 * @DAMON_GOAL_NODE_MEM_USED_BP: Memory of a node that is in use.
 * @DAMON_GOAL_NODE_MEM_FREE_BP: Memory of a node that is free.
 * @DAMON_GOAL_NODE_MEMCG_USED_BP: Memory of a node that a cgroup uses.
 * @DAMON_GOAL_NODE_MEMCG_FREE_BP: Memory of a node but for that.
 * @DAMON_GOAL_ACTIVE_MEM_BP:	Memory on the active lists, of all that reclaim knows.
 * @DAMON_GOAL_INACTIVE_MEM_BP:	Memory on the inactive lists, likewise.
 * @DAMON_GOAL_NODE_ELIGIBLE_MEM_BP: Memory on a node that the pattern of the scheme fits, of
 *				that on all nodes.  Physical memory only.
 * @DAMON_GOAL_HUGEPAGE_MEM_BP: Memory in huge pages of processes and of files, of all that is
 *				in use.
 * @DAMON_NR_GOAL_METRICS:	How many there are.
 *
 * Those in bp are in 1/10000.
 */
enum damon_goal_metric {
	DAMON_GOAL_USER_INPUT,
	DAMON_GOAL_SOME_MEM_PSI_US,
	DAMON_GOAL_NODE_MEM_USED_BP,
	DAMON_GOAL_NODE_MEM_FREE_BP,
	DAMON_GOAL_NODE_MEMCG_USED_BP,
	DAMON_GOAL_NODE_MEMCG_FREE_BP,
	DAMON_GOAL_ACTIVE_MEM_BP,
	DAMON_GOAL_INACTIVE_MEM_BP,
	DAMON_GOAL_NODE_ELIGIBLE_MEM_BP,
	DAMON_GOAL_HUGEPAGE_MEM_BP,
	DAMON_NR_GOAL_METRICS,
};

/**
 * struct damon_goal - What the work of a scheme is to lead to.
 * @metric:	What is measured.
 * @target:	The value that it shall have, more than 0.
 * @current_value: The value that it has, for @DAMON_GOAL_USER_INPUT.
 * @nid:	The node, for metrics of a node.
 * @cgroup:	The id of the cgroup, as cgroup_id() gives it, for metrics of a cgroup.
 * @complement:	Take 10000 less what a metric in bp says.
 */
struct damon_goal {
	enum damon_goal_metric metric;
	unsigned long target, current_value;
	int nid;
	u64 cgroup;
	bool complement;
};

/**
 * enum damon_goal_tuner - How a quota follows its goals.
 * @DAMON_TUNER_CONSIST:	More and less by and by, until all goals are kept.
 * @DAMON_TUNER_TEMPORAL:	All that the other limits allow until all goals are reached, and
 *				nothing from then on.
 * @DAMON_NR_GOAL_TUNERS:	How many there are.
 */
enum damon_goal_tuner {
	DAMON_TUNER_CONSIST,
	DAMON_TUNER_TEMPORAL,
	DAMON_NR_GOAL_TUNERS,
};

/**
 * struct damon_quota - How much a scheme may do.
 * @ms:			Milliseconds of work in each window, or 0 for no limit.
 * @sz:			Bytes that it tries in each window, or 0 for no limit.
 * @reset_interval:	Milliseconds from one window to the next; 0 for a window each time.
 * @weight_sz:		Weight of the size of a region in its priority; not in use.
 * @weight_nr_accesses:	Weight of its count.
 * @weight_age:		Weight of its age.
 * @refault_bp:		Of the bytes that @DAMON_PAGEOUT gives up, how many may come back
 *			within 10 seconds, in 1/10000; 0 for no such goal.  Memory is then
 *			given up at an age that is set by what came back, not less than the
 *			one of the pattern, nor than a second; and little by little, until it
 *			is known what comes back.
 * @goals:		What the work is to lead to: the bytes of each window are set so that
 *			the goal that is nearest to being reached, or beyond, is kept.
 * @nr_goals:		The length of @goals, 0 for none.
 * @tuner:		How.
 * @fail_charge_num:	Of bytes that nothing could be done to, this many...
 * @fail_charge_denom:	...in this many are charged; 0 to charge all.
 *
 * In a window that does not suffice for all regions, those of the highest priority have
 * their turn.  For an action on cold memory that is a low count, and a large age without
 * a count.
 */
struct damon_quota {
	unsigned long ms;
	unsigned long sz;
	unsigned long reset_interval;
	unsigned int weight_sz;
	unsigned int weight_nr_accesses;
	unsigned int weight_age;
	unsigned int refault_bp;
	const struct damon_goal *goals;
	unsigned int nr_goals;
	enum damon_goal_tuner tuner;
	unsigned int fail_charge_num, fail_charge_denom;
};

/**
 * enum damon_wmark_metric - What watermarks are compared with.
 * @DAMON_WMARK_NONE:		Nothing: the scheme is always active.
 * @DAMON_WMARK_FREE_MEM_RATE:	Free memory, in 1/1000 of all.
 * @DAMON_NR_WMARK_METRICS:	How many there are.
 */
enum damon_wmark_metric {
	DAMON_WMARK_NONE,
	DAMON_WMARK_FREE_MEM_RATE,
	DAMON_NR_WMARK_METRICS,
};

/**
 * struct damon_watermarks - When a scheme is active.
 * @metric:	What is compared.
 * @interval:	Microseconds from one look at the metric to the next, while no scheme of
 *		the monitor is active.
 * @high:	Above it, the scheme is not active.
 * @mid:	Up to it, it is; above, it stays as it is.
 * @low:	Below it, the scheme is not active.
 *
 * While none is active, the monitor does not watch.
 */
struct damon_watermarks {
	enum damon_wmark_metric metric;
	unsigned long interval;
	unsigned long high, mid, low;
};

/**
 * enum damon_filter_type - What memory a filter is about.
 * @DAMON_FILTER_ANON:		Anonymous pages.
 * @DAMON_FILTER_ACTIVE:	Pages on the active lists of reclaim.
 * @DAMON_FILTER_MEMCG:		Pages that are charged to a cgroup.
 * @DAMON_FILTER_YOUNG:		Pages that have been accessed since they were asked last.
 * @DAMON_FILTER_HUGEPAGE_SIZE:	Pages of folios whose size is in a range.
 * @DAMON_FILTER_UNMAPPED:	Pages that no process maps.
 * @DAMON_FILTER_ADDR:		Addresses in a range.
 * @DAMON_FILTER_TARGET:	Memory of a target.
 * @DAMON_NR_FILTER_TYPES:	How many there are.
 *
 * The last two are of regions, the others are of pages.
 */
enum damon_filter_type {
	DAMON_FILTER_ANON,
	DAMON_FILTER_ACTIVE,
	DAMON_FILTER_MEMCG,
	DAMON_FILTER_YOUNG,
	DAMON_FILTER_HUGEPAGE_SIZE,
	DAMON_FILTER_UNMAPPED,
	DAMON_FILTER_ADDR,
	DAMON_FILTER_TARGET,
	DAMON_NR_FILTER_TYPES,
};

/**
 * struct damon_filter - Memory that a scheme leaves out, or is for.
 * @type:	What memory.
 * @matching:	It is of the type, or else it is not.
 * @allow:	The scheme may work on it, or else it may not.
 * @cgroup:	The id of the cgroup, as cgroup_id() gives it.
 * @range:	The addresses, in the unit of those of regions.
 * @target:	The index of the target.
 * @min_sz:	Least size of a folio, in bytes.
 * @max_sz:	Largest size.
 *
 * First those of regions are asked, in their order, then those of pages, in theirs.  The first
 * one that fits decides; one of regions that allows is the last word for pages as well.  Where
 * none fits, memory is left out if the last filter is one that allows, and there is none of
 * pages behind it to ask.
 *
 * A range of addresses is rounded down to whole pages.  Memory that a filter of regions leaves
 * out counts as not tried.  Filters of pages are for the actions that go page by page:
 * @DAMON_COLD, @DAMON_PAGEOUT, @DAMON_STAT, those of the LRU lists and of migration.
 */
struct damon_filter {
	enum damon_filter_type type;
	bool matching;
	bool allow;
	union {
		u64 cgroup;
		struct damon_addr_range range;
		unsigned int target;
		struct {
			unsigned long min_sz, max_sz;
		};
	};
};

/** DAMON_MAX_PROBES - Most probes of a monitor. */
#define DAMON_MAX_PROBES 4

/**
 * struct damon_probe - An attribute that memory has or has not.
 * @filters:	What has it: the first one that fits decides, which finds the page if it is one
 *		that allows.  Where none fits, the page is found if the last filter is one
 *		that does not allow.  Of type @DAMON_FILTER_ANON or @DAMON_FILTER_MEMCG.
 * @nr_filters:	The length of @filters, up to DAMON_MAX_SCHEME_ROWS; with 0, all is found.
 * @weight:	What a page that is found counts, in the place of an access.
 *
 * Memory that is free, or of the kernel, is not anonymous, and in no cgroup.
 *
 * If any probe has a weight, accesses are not looked for.  A sample then counts as an access
 * with a chance: the weights of the probes that find its page, of the sum of all weights.
 * So @nr_accesses of a region is the mean of the hits of all probes by their weights; and
 * regions are joined and cut, have their age, and match schemes, by this.
 */
struct damon_probe {
	const struct damon_filter *filters;
	unsigned int nr_filters;
	unsigned int weight;
};

/**
 * struct damon_dest - A node that memory is moved to.
 * @nid:	The node.
 * @weight:	Its share of the memory, of the sum of all weights, which is an unsigned
 *		int as well; with a sum of 0, nothing is moved.
 *
 * Which page goes where depends on its place in the mapping alone, and, of a mapping of a
 * file, in the file: it stays there once it is moved.
 */
struct damon_dest {
	int nid;
	unsigned int weight;
};

/** DAMON_MAX_SCHEME_ROWS - Most filters, goals and nodes of a scheme, of each. */
#define DAMON_MAX_SCHEME_ROWS 256

/**
 * struct damon_scheme - What is to be done with memory that is used in some way.
 * @pattern:		Which regions.
 * @action:		What is done with them.
 * @apply_interval:	Microseconds from one time to the next; 0 for each aggregation.  If
 *			it is as long as that, it is rounded to aggregations.  If it is
 *			shorter, counts are by all the evidence until then, and ages of the
 *			aggregation before.
 * @quota:		How much of it.
 * @wmarks:		When.
 * @filters:		Which of the pages.
 * @nr_filters:		The length of @filters, 0 for all.
 * @nid:		The node that memory is moved to, for @DAMON_MIGRATE_HOT and
 *			@DAMON_MIGRATE_COLD.
 * @dests:		The nodes, in the place of @nid, for processes.
 * @nr_dests:		The length of @dests, 0 for @nid.
 * @max_nr_snapshots:	Times that it looks at all regions, 0 for no limit.
 *
 * An action but @DAMON_STAT begins a new age of the region.
 *
 * Memory that is given up (@DAMON_COLD, @DAMON_PAGEOUT, @DAMON_LRU_DEPRIO,
 * @DAMON_MIGRATE_COLD) is looked at page by page before: when a region has half of
 * @pattern.min_age, the Accessed bits of all its pages are cleared, and when it has all of
 * it, pages that have been accessed since are spared.
 * @DAMON_MIGRATE_COLD does so for a @pattern.max_nr_accesses of 0 only.
 * With a @pattern.min_age below 2 there is no look, and no page is spared.
 */
struct damon_scheme {
	struct damon_pattern pattern;
	enum damon_action action;
	unsigned long apply_interval;
	struct damon_quota quota;
	struct damon_watermarks wmarks;
	const struct damon_filter *filters;
	unsigned int nr_filters;
	int nid;
	const struct damon_dest *dests;
	unsigned int nr_dests;
	u64 max_nr_snapshots;
};

/**
 * struct damon_scheme_stat - What a scheme has done since the monitor was started.
 * @nr_tried:	Times that neighbouring regions that match were worked on; with @DAMON_STAT,
 *		and while damon_walk_tried() waits, regions.
 * @sz_tried:	Their bytes.
 * @nr_applied:	Times that the action did something.
 * @sz_applied:	The bytes that it did something to: freed, moved to another node, put
 *		elsewhere in the order of reclaim, or advised of.
 * @sz_ops_filter_passed: Bytes of pages that filters of pages have let pass, or that a filter
 *		of regions has allowed without them; 0 without filters of pages.
 * @qt_exceeds:	Windows, of those that are over, that were used up.
 * @nr_snapshots: Times that it has looked at all regions.
 * @esz:	Bytes that the present window allows, or 0 for no limit.
 * @ns:		Nanoseconds of work.
 * @sz_checked:	Bytes given up of which it is known whether they came back within 10 seconds.
 *		In processes, a sample of pages is looked for, each of which stands for what
 *		was given up with it.
 * @sz_back:	Those that did.  For physical memory, as many as the machine has read back
 *		meanwhile, whoever gave them up.
 * @min_age:	Age at which regions match now, in aggregations.
 * @active:	The watermarks let it work.
 */
struct damon_scheme_stat {
	u64 nr_tried, sz_tried;
	u64 nr_applied, sz_applied;
	u64 sz_ops_filter_passed;
	u64 qt_exceeds;
	u64 nr_snapshots;
	u64 esz;
	u64 ns;
	u64 sz_checked, sz_back;
	u64 min_age;
	bool active;
};

/**
 * struct damon_tried - A region, or a part of it, that a scheme has worked on.
 * @scheme:	The index of the scheme.
 * @target:	The index of the target.
 * @range:	The addresses.
 * @nr_accesses: The count by which it matched.
 * @age:	The age by which it matched, in aggregations.
 * @sz_passed:	Bytes of it that passed the filters of pages, 0 if there are none.
 * @probe_hits:	For each probe, as damon_region_probe_hits() tells.
 */
struct damon_tried {
	unsigned int scheme;
	unsigned int target;
	struct damon_addr_range range;
	unsigned int nr_accesses;
	unsigned int age;
	u64 sz_passed;
	unsigned int probe_hits[DAMON_MAX_PROBES];
};

/** DAMON_NR_GIVEN_UP - Pages that a piece of work tells of. */
#define DAMON_NR_GIVEN_UP 4

/**
 * struct damon_work - A piece of work of a scheme, for the primitives.
 * @action:	What is to be done.
 * @range:	With which memory: whole pages; none when a look was broken off, and only
 *		@last is told.
 * @dests:	The nodes, for actions that move memory.
 * @nr_dests:	The length of @dests, at least 1; 1 where the primitives do not set
 *		@takes_dests of the context.
 * @look:	Only clear the Accessed bits of its pages.
 * @spare:	Do nothing to pages that have been accessed since.
 * @filters:	Filters, of which those of pages tell which pages are left out, but not from a
 *		look.
 * @nr_filters:	Their number; 0 for work with all pages.
 * @last:	There is no piece behind this one for now.
 * @cleared:	Accessed bits were cleared in this piece, or in those before; set by the
 *		primitives.
 * @sz_passed:	Bytes of pages that the filters let pass; set by the primitives.
 * @sz_applied:	Bytes that the action had an effect on; set by the primitives.
 * @sz_given_up: Of @DAMON_PAGEOUT, these and those that are on their way to swap, as far as
 *		can be told; set by the primitives.
 * @given_up:	Some of the pages that were given up, all equally likely; set by the
 *		primitives.
 * @nr_given_up: How many these are.
 */
struct damon_work {
	enum damon_action action;
	struct damon_addr_range range;
	const struct damon_dest *dests;
	unsigned int nr_dests;
	bool look;
	bool spare;
	bool last;
	bool cleared;
	const struct damon_filter *filters;
	unsigned int nr_filters;
	unsigned long sz_passed;
	unsigned long sz_applied;
	unsigned long sz_given_up;
	unsigned long given_up[DAMON_NR_GIVEN_UP];
	unsigned int nr_given_up;
};

/**
 * struct damon_intervals_goal - How much of the memory shall be found accessed.
 * @access_bp:		The part of all samples that shall find an access, in 1/10000.
 * @aggrs:		Aggregations from one change of the intervals to the next; 0 for no
 *			goal.
 * @min_sample_us:	Least sampling interval, in microseconds.
 * @max_sample_us:	Largest sampling interval.
 *
 * Both intervals become longer while less is found accessed, and shorter while more is; they
 * change together.  The ages of schemes are those of the intervals that were set: they stay
 * as long as they are, in seconds, or become longer by less than an aggregation.
 */
struct damon_intervals_goal {
	unsigned long access_bp;
	unsigned long aggrs;
	unsigned long min_sample_us, max_sample_us;
};

/**
 * struct damon_tuning - What was counted since the intervals were set.
 */
struct damon_tuning {
	/* private: */
	u64 pages, accessed;
	unsigned long nr_aggrs;
};

/**
 * struct damon_ctx - A monitor: what it watches, how, and its worker thread.
 * @attrs:	The first five members, as one structure.
 *
 * While the monitor runs, everything below the context belongs to its worker.
 * Others reach it through the hooks and damon_call() only.
 */
struct damon_ctx {
	struct_group_tagged(damon_attrs, attrs,
	/**
	 * @sample_interval: Microseconds from one check of a region to the
	 * next.  At least 1.
	 */
	unsigned long sample_interval;

	/**
	 * @aggr_interval: Microseconds over which accesses are counted before
	 * they are reported.  At least @sample_interval.
	 */
	unsigned long aggr_interval;

	/**
	 * @regions_update_interval: Microseconds between two calls of
	 * @update_target_regions.
	 */
	unsigned long regions_update_interval;

	/**
	 * @min_nr_regions: Fewest regions of all targets together, from 3.
	 * More are used for search: 50, or a quarter of @max_nr_regions if that
	 * is less.
	 */
	unsigned long min_nr_regions;

	/** @max_nr_regions: Most regions of all targets together. */
	unsigned long max_nr_regions;

	);

	/**
	 * @last_aggregation: Monotonic time to which the running aggregation
	 * counts from.  Set by the worker.
	 */
	struct timespec64 last_aggregation;

	/**
	 * @last_regions_update: Monotonic time from which the next regions
	 * update is counted.  Set by the worker.
	 */
	struct timespec64 last_regions_update;

	/**
	 * @kdamond: The worker, or NULL when the monitor is off.  Set under
	 * @kdamond_lock.  The worker clears it outside of the lock, as the last
	 * thing that it does to the context, so whoever sees NULL with
	 * smp_load_acquire() may free the context.
	 */
	struct task_struct *kdamond;

	/** @kdamond_stop: The worker shall end.  Under @kdamond_lock. */
	bool kdamond_stop;

	/**
	 * @kdamond_lock: Protects @kdamond, @kdamond_stop, and the queue of
	 * damon_call(), which lives and dies with the worker.
	 */
	struct mutex kdamond_lock;

	/**
	 * @addr_unit: Bytes of memory for each unit of an address in a region,
	 * a power of two.  It is 1, but where physical addresses are wider than a
	 * long, damon_pa_set_primitives() sets what lets them all fit.
	 */
	unsigned long addr_unit;

	/**
	 * @goal: Lets the intervals follow what is found.  While the monitor is on, it is set by
	 * damon_commit().
	 */
	struct damon_intervals_goal goal;

	/**
	 * @pause: The monitor watches nothing, and does nothing but answer damon_call().  While
	 * it is on, it is set by damon_commit().
	 */
	bool pause;

	/** @targets_list: The &struct damon_target of this context. */
	struct list_head targets_list;

	/**
	 * @init_target_regions: Called by the worker before it monitors, and when
	 * damon_commit() has brought targets.  Builds the first regions of the targets that
	 * have none.
	 */
	void (*init_target_regions)(struct damon_ctx *ctx);

	/**
	 * @update_target_regions: Called by the worker once in each
	 * @regions_update_interval.  Brings the regions in line with the
	 * memory as it is now; damon_target_fit() does most of it.
	 */
	void (*update_target_regions)(struct damon_ctx *ctx);

	/**
	 * @prepare_access_checks: Called by the worker in each
	 * @sample_interval.  Readies every region for the next check.  Where
	 * @check_accesses has done that on the way, it is left with the
	 * regions that are new.
	 */
	void (*prepare_access_checks)(struct damon_ctx *ctx);

	/**
	 * @check_accesses: Called by the worker in each @sample_interval.
	 * Checks every region for an access since the last preparation,
	 * counts it in nr_accesses, and returns the largest nr_accesses of
	 * this aggregation.
	 */
	unsigned int (*check_accesses)(struct damon_ctx *ctx);

	/**
	 * @target_valid: Called by the worker in each @sample_interval.  When
	 * it says false for every target, the worker ends.  Without this
	 * callback the worker runs until damon_stop().
	 */
	bool (*target_valid)(struct damon_target *target);

	/** @sample_cb: The user's hook, called after each preparation. */
	void (*sample_cb)(struct damon_ctx *ctx);

	/**
	 * @aggregate_cb: The user's hook, called at each aggregation, with the
	 * counts complete and no region merged yet.
	 */
	void (*aggregate_cb)(struct damon_ctx *ctx);

	/**
	 * @act: Called by the worker when a scheme has a pass.  Does a piece of the
	 * work of a scheme, a few MiB.  Returns 0; -EAGAIN when a lock of others is in use
	 * and nothing was done; another error when there is nothing to be done with this
	 * target.  Those of this header wait for no lock of others, but for
	 * DAMON_WILLNEED and DAMON_COLLAPSE, which may wait for mmap_lock of a target,
	 * for file systems, and for work on all processors, and for actions that move
	 * memory, which wait for the locks of its reverse mapping.
	 */
	int (*act)(struct damon_ctx *ctx, struct damon_target *t, struct damon_work *work);

	/**
	 * @is_present: Called by the worker at the end of an aggregation.  Returns 1 if the
	 * page of @addr is in memory, 0 if it is not, and -EAGAIN when a lock that is in use
	 * keeps that from being known.  May be NULL.
	 */
	int (*is_present)(struct damon_ctx *ctx, struct damon_target *t, unsigned long addr);

	/** @can_probe: The callbacks above do what damon_set_probes() asks for. */
	bool can_probe;

	/** @takes_dests: @act can spread memory over several nodes. */
	bool takes_dests;

	/**
	 * @sz_on_node: Called by the worker when a scheme has a pass.  Says how many
	 * bytes from @start up to @end are on a node, or on any for NUMA_NO_NODE.  May be
	 * NULL; then there can be no goal of DAMON_GOAL_NODE_ELIGIBLE_MEM_BP.
	 */
	u64 (*sz_on_node)(struct damon_ctx *ctx, unsigned long start, unsigned long end, int nid);

	/**
	 * @actions: One bit for each &enum damon_action that @act can do.  @DAMON_STAT needs
	 * it only with filters of pages.
	 */
	unsigned long actions;

	/** @filters: One bit for each &enum damon_filter_type of pages that @act asks. */
	unsigned long filters;

	/**
	 * @release_target: Called for each target as the worker ends, and by damon_commit() for
	 * one that leaves, or gets other regions.  Gives back what the other callbacks hold for
	 * it.  In a monitor that is off, that is nothing.
	 */
	void (*release_target)(struct damon_ctx *ctx, struct damon_target *t);

	/**
	 * @cleanup: Called by the worker as it ends, after @release_target.  Gives back what
	 * the other callbacks hold.
	 */
	void (*cleanup)(struct damon_ctx *ctx);

	/* private: */

	/* The queue of damon_call(); closed when the worker leaves. */
	struct list_head calls;
	bool calls_open;

	/* For lockdep: the worker holds it, and who waits for the worker takes it. */
	struct lock_class_key kdamond_key;
	struct lockdep_map kdamond_map;

	/* Under kdamond_lock: tell the workers of one context apart. */
	unsigned int nr_starts;
	int number;

	/* Set while the monitor is off; what is in them belongs to the worker. */
	struct damon_scheme_state *schemes;
	unsigned int nr_schemes;
	spinlock_t stat_lock;		/* what others read of the schemes, and the pointer */
	struct damon_probes *probes;	/* NULL for none */

	/* The rest belongs to the worker. */
	void *priv;			/* of the primitives */
	u64 rng;			/* state of damon_rand() */
	unsigned long sz_limit;		/* of a merged region, in bytes */
	unsigned int nr_runs;		/* regions that follow no other one directly */
	bool starved;			/* a cut was wanted, and there was no region for it */
	unsigned int nr_samples;	/* taken in this aggregation */
	unsigned int max_nr_accesses;	/* found by them, in any region */
	u32 rare_rate;			/* reported as 1 above it, in 1/65536 */
	bool has_samples;		/* by damon_region_record(), or else only counts */
	struct damon_tuning tuning;
	struct damon_attrs asked;	/* what tuning began with */
	u64 next_pass;			/* of a scheme, before the aggregation ends */
	struct damon_tried_walk *walk;	/* who wants to see the regions of the schemes */
};

/** DAMON_MAX_SCHEMES - Most schemes of a monitor. */
#define DAMON_MAX_SCHEMES 256

/** DAMON_MIN_ATTR_REGIONS - Least valid min_nr_regions. */
#define DAMON_MIN_ATTR_REGIONS 3

/**
 * DAMON_MAX_ATTR_REGIONS - Largest valid max_nr_regions.
 *
 * A million regions take 128 MB, twice that while they are fitted to memory that has
 * changed, and no CPU checks them in a sampling interval.
 */
#define DAMON_MAX_ATTR_REGIONS 1000000

#define damon_for_each_target(t, ctx) \
	list_for_each_entry(t, &(ctx)->targets_list, list)

#define damon_for_each_region(r, t) \
	list_for_each_entry(r, &(t)->regions_list, list)

#ifdef CONFIG_DAMON

/**
 * damon_new_ctx() - Make a monitor with the default settings.
 *
 * The defaults are 5 ms, 100 ms and 1 s for the sampling, aggregation and
 * regions update intervals, and 10 to 1000 regions.  There are no targets, and
 * every callback is NULL.
 *
 * Context: May sleep.
 * Return: The context, or NULL when there is no memory.
 */
struct damon_ctx *damon_new_ctx(void);

/**
 * damon_destroy_ctx() - Stop a monitor and free it with all its targets.
 * @ctx:	The context; NULL does nothing.
 *
 * Context: May sleep.  Not from the callbacks of @ctx, nor under a lock that one of
 *	them takes; see damon_stop().  No other task is in a function of this header
 *	with @ctx, or enters one.
 */
void damon_destroy_ctx(struct damon_ctx *ctx);

/**
 * damon_set_targets() - Replace the targets of a monitor that is off.
 * @ctx:	The context.
 * @ids:	What names the targets to the primitives.
 * @nr_ids:	The length of @ids.
 *
 * The new targets have no regions.  On an error nothing has changed.
 *
 * Context: May sleep; takes kdamond_lock.
 * Return: 0, -EBUSY while the monitor runs, -EINVAL when @nr_ids is negative,
 *	-ENOMEM.
 */
int damon_set_targets(struct damon_ctx *ctx, unsigned long *ids, ssize_t nr_ids);

/**
 * damon_set_attrs() - Set intervals and limits of a monitor that is off.
 * @ctx:	The context.
 * @sample_int:	Sampling interval, in microseconds, from 1.
 * @aggr_int:	Aggregation interval, in microseconds, from @sample_int.
 * @regions_update_int: Regions update interval, in microseconds.
 * @min_nr_reg:	Fewest regions, from 3.
 * @max_nr_reg:	Most regions, from @min_nr_reg to 1000000.
 *
 * At most UINT_MAX sampling intervals fit an aggregation interval.  On an
 * error nothing has changed.
 *
 * Context: May sleep; takes kdamond_lock.
 * Return: 0, -EBUSY while the monitor runs, -EINVAL for a value out of range.
 */
int damon_set_attrs(struct damon_ctx *ctx, unsigned long sample_int,
		    unsigned long aggr_int, unsigned long regions_update_int,
		    unsigned long min_nr_reg, unsigned long max_nr_reg);

/**
 * damon_set_schemes() - Replace the schemes of a monitor that is off.
 * @ctx:	The context.
 * @schemes:	The schemes, which are copied with all that they point to.
 * @nr_schemes:	The length of @schemes, up to DAMON_MAX_SCHEMES; 0 for none.
 *
 * On an error nothing has changed.
 *
 * Context: May sleep; takes kdamond_lock.
 * Return: 0, -EBUSY while the monitor runs, -EINVAL when a value is out of its range, a
 *	range is reversed or empty, a cgroup is 0, watermarks are not in order, or weights
 *	are too large, -ENOMEM.
 */
int damon_set_schemes(struct damon_ctx *ctx, const struct damon_scheme *schemes,
		      ssize_t nr_schemes);

/**
 * damon_get_scheme_stat() - What has a scheme done?
 * @ctx:	The context.
 * @index:	Which of its schemes.
 * @stat:	Where to write it.
 *
 * This is as of the last time that the scheme was at work, also after the monitor has
 * ended.
 *
 * Context: Any but interrupts; takes a spinlock.
 * Return: 0, or -EINVAL when there is no such scheme.
 */
int damon_get_scheme_stat(struct damon_ctx *ctx, unsigned int index,
			  struct damon_scheme_stat *stat);

/**
 * damon_walk_tried() - See each region that the schemes work on.
 * @ctx:	The context.
 * @fn:		Called for each of them, over the next pass of each scheme that is active.
 * @arg:	Passed to @fn.
 *
 * Regions are told in the order in which they are worked on, with the count and the age
 * of before.
 *
 * Context: As damon_call().  @fn is called on the worker.
 * Return: 0 when each scheme has had its pass; -EBUSY when another walk is on its way;
 *	-ECANCELED when no scheme is active, the monitor is paused, or ends, or gets other
 *	settings; -EDEADLK from a callback of @ctx; -ENOMEM; -EINTR when the caller was
 *	killed; what damon_call() returns.
 */
int damon_walk_tried(struct damon_ctx *ctx,
		     void (*fn)(const struct damon_tried *tried, void *arg), void *arg);

/**
 * damon_commit() - Give a monitor, which may be running, new settings.
 * @ctx:	The monitor.
 * @from:	A context with the settings: attributes, targets, schemes, probes, goal of the
 *		intervals, and pause.  It is off, and of the same kind: its callbacks are those of
 *		@ctx.
 *
 * Targets are matched by their ids, and schemes by their index.  A target that was there
 * keeps its regions, counts and ages; if the new one has regions, it keeps what is known
 * of the memory in these.  A scheme keeps its statistics, and what it has used up of the
 * present window.  When intervals change, the running aggregation is not reported.
 *
 * Afterwards @from has what @ctx had and does not need any more; the ids of its targets among
 * it.  On an error, @ctx has not changed, and goes on; @from may be tried again.
 *
 * Context: May sleep; as damon_call(), but not from a callback of @ctx.  Nobody else is in a
 *	function of this header with @from.
 * Return: 0; what damon_start() says of the settings; -EINVAL also when the kinds differ;
 *	-EBUSY when @from is on, or @ctx is started meanwhile, or about to end by itself;
 *	-EDEADLK from a callback of @ctx; -ENOMEM; what damon_call() returns but -EPERM: a
 *	monitor that is off is changed as well.
 */
int damon_commit(struct damon_ctx *ctx, struct damon_ctx *from);

/**
 * damon_set_probes() - Replace the probes of a monitor that is off.
 * @ctx:	The context.
 * @probes:	The probes, which are copied with all that they point to.
 * @nr_probes:	The length of @probes, up to DAMON_MAX_PROBES; 0 for none.
 *
 * On an error nothing has changed.
 *
 * Context: May sleep; takes kdamond_lock.
 * Return: 0, -EBUSY while the monitor runs, -EINVAL for too many probes, or a filter that
 *	is not for them, -ENOMEM.
 */
int damon_set_probes(struct damon_ctx *ctx, const struct damon_probe *probes,
		     ssize_t nr_probes);

/**
 * damon_region_probe_hits() - How much of a region does a probe find?
 * @ctx:	The context of the region.
 * @r:		The region.
 * @index:	Which of its probes.
 *
 * With each sample of the region, the probes are asked of a page of it, at random.  The
 * share of those that were found, of the last 128 or so, is told as @nr_accesses of the
 * region is: of the sampling intervals of an aggregation.
 *
 * Context: On the worker.
 * Return: The number, at most aggr_interval / sample_interval; 0 without such a probe.
 */
unsigned int damon_region_probe_hits(const struct damon_ctx *ctx,
				     const struct damon_region *r, unsigned int index);

/**
 * damon_start() - Start the worker of a monitor.
 * @ctx:	The context.  Its callbacks must not change from now on.
 *
 * Context: May sleep; takes kdamond_lock.
 * Return: 0, -EBUSY when it runs already, -EINVAL when the settings are not such
 *	as damon_set_attrs() takes, or the primitives can not tell a goal, or a node that
 *	memory is to be moved to has none, or probes have
 *	weights and more than 255 sampling intervals fit an aggregation interval, or that
 *	many times all weights are more than UINT_MAX, -EOPNOTSUPP when the primitives can
 *	not do what a scheme wants, or not page by page where it has filters of pages, or
 *	have no probes, -ENOMEM, or another error of making the thread.
 */
int damon_start(struct damon_ctx *ctx);

/**
 * damon_stop() - Stop the worker of a monitor and wait until it is gone.
 * @ctx:	The context.
 *
 * A sleeping worker is woken, and checks no more; a worker that is awake ends
 * before it would sleep.  It destroys the regions, the targets stay.
 *
 * From a callback of @ctx this asks the worker to end, and does not wait.
 *
 * Context: May sleep; takes kdamond_lock.  The worker has to come to an end, so the
 *	caller holds no lock that a callback of @ctx takes, and is no callback of a
 *	monitor that a callback of @ctx waits for.  Lockdep reports both.  The
 *	primitives of this header only try the locks of others.
 * Return: 0, or -EPERM when the monitor is off.
 */
int damon_stop(struct damon_ctx *ctx);

/**
 * damon_call() - Run a function on the worker of a monitor, and wait for it.
 * @ctx:	The context.
 * @fn:		The function.  It may read and change all that belongs to the
 *		worker.
 * @arg:	Passed to @fn.
 *
 * A sleeping worker is woken for it.  From a callback of @ctx, @fn is simply
 * called.
 *
 * Context: May sleep; takes kdamond_lock.  As for damon_stop(), the caller holds no
 *	lock that a callback of @ctx, or @fn, takes.
 * Return: What @fn returned, -EPERM when the monitor is off, -ECANCELED when
 *	it ended before it came to @fn, -EINTR when the caller was killed before.
 */
int damon_call(struct damon_ctx *ctx,
	       int (*fn)(struct damon_ctx *ctx, void *arg), void *arg);

/**
 * damon_target_fit() - Fit the regions of a target to the memory it has now.
 * @t:		The target.
 * @ranges:	All its memory: ascending, disjoint, page aligned, not empty.
 * @nr_ranges:	The length of @ranges.
 *
 * What lies outside of @ranges leaves the regions.  What stays keeps its
 * counts and its age.  New memory joins the region beside it when that has a count and
 * at most doubles what stayed of the region, so that a count is never spread over memory
 * most of which it does not speak of, nor the age of idle memory; else it becomes a region
 * of its own.
 *
 * On an error nothing has changed.
 *
 * Context: May sleep.  On the worker, or while the monitor is off.
 * Return: 0, -EINVAL when @ranges are not as said, -ENOMEM.
 */
int damon_target_fit(struct damon_target *t,
		     const struct damon_addr_range *ranges, unsigned int nr_ranges);

#else	/* CONFIG_DAMON */

static inline struct damon_ctx *damon_new_ctx(void)
{
	return NULL;
}

static inline void damon_destroy_ctx(struct damon_ctx *ctx)
{
}

static inline int damon_set_targets(struct damon_ctx *ctx, unsigned long *ids,
				    ssize_t nr_ids)
{
	return -EOPNOTSUPP;
}

static inline int damon_set_attrs(struct damon_ctx *ctx, unsigned long sample_int,
				  unsigned long aggr_int,
				  unsigned long regions_update_int,
				  unsigned long min_nr_reg,
				  unsigned long max_nr_reg)
{
	return -EOPNOTSUPP;
}

static inline int damon_set_schemes(struct damon_ctx *ctx,
				    const struct damon_scheme *schemes,
				    ssize_t nr_schemes)
{
	return -EOPNOTSUPP;
}

static inline int damon_get_scheme_stat(struct damon_ctx *ctx, unsigned int index,
					struct damon_scheme_stat *stat)
{
	return -EOPNOTSUPP;
}

static inline int
damon_walk_tried(struct damon_ctx *ctx,
		 void (*fn)(const struct damon_tried *tried, void *arg), void *arg)
{
	return -EOPNOTSUPP;
}

static inline int damon_set_probes(struct damon_ctx *ctx,
				   const struct damon_probe *probes,
				   ssize_t nr_probes)
{
	return -EOPNOTSUPP;
}

static inline int damon_commit(struct damon_ctx *ctx, struct damon_ctx *from)
{
	return -EOPNOTSUPP;
}

static inline unsigned int damon_region_probe_hits(const struct damon_ctx *ctx,
						   const struct damon_region *r,
						   unsigned int index)
{
	return 0;
}

static inline int damon_start(struct damon_ctx *ctx)
{
	return -EOPNOTSUPP;
}

static inline int damon_stop(struct damon_ctx *ctx)
{
	return -EOPNOTSUPP;
}

static inline int damon_call(struct damon_ctx *ctx,
			     int (*fn)(struct damon_ctx *ctx, void *arg),
			     void *arg)
{
	return -EOPNOTSUPP;
}

static inline int damon_target_fit(struct damon_target *t,
				   const struct damon_addr_range *ranges,
				   unsigned int nr_ranges)
{
	return -EOPNOTSUPP;
}

#endif	/* CONFIG_DAMON */

#ifdef CONFIG_DAMON_VADDR

/**
 * damon_va_set_primitives() - Watch virtual address spaces of processes.
 * @ctx:	A context that is off.
 *
 * Sets all primitives of @ctx.  The id of each target is then a
 * &struct pid pointer; the caller holds the reference as long as the target
 * exists.  A target is valid while one thread of the process has memory.
 *
 * Return: 0, or -EOPNOTSUPP in a kernel without CONFIG_DAMON_VADDR.
 */
int damon_va_set_primitives(struct damon_ctx *ctx);

#else

static inline int damon_va_set_primitives(struct damon_ctx *ctx)
{
	return -EOPNOTSUPP;
}

#endif	/* CONFIG_DAMON_VADDR */

/** DAMON_ALL_NODES - The id of a target that is all physical memory. */
#define DAMON_ALL_NODES (~0UL)

#ifdef CONFIG_DAMON_PADDR

/**
 * damon_pa_set_primitives() - Watch physical memory.
 * @ctx:	A context that is off.
 *
 * Sets all primitives of @ctx, and @ctx->addr_unit.  The id of each target is then
 * a node id, or DAMON_ALL_NODES.  A target without regions gets all System RAM of
 * the node that is online, and follows as memory is plugged in and out.  To one
 * that has regions already, by damon_target_fit(), these addresses are the limit,
 * and what is online of them is watched.
 *
 * The worker runs until damon_stop().
 *
 * Return: 0, or -EOPNOTSUPP in a kernel without CONFIG_DAMON_PADDR.
 */
int damon_pa_set_primitives(struct damon_ctx *ctx);

#else

static inline int damon_pa_set_primitives(struct damon_ctx *ctx)
{
	return -EOPNOTSUPP;
}

#endif	/* CONFIG_DAMON_PADDR */

#endif	/* _LINUX_DAMON_H */
