// SPDX-License-Identifier: GPL-2.0
/*
 * A pass of a scheme over all regions: which have their turn, and what is done with them.
 *
 * When.  At the end of an aggregation, when counts and ages are those that are reported,
 * each scheme that is due looks at all regions; and some do so in between, where a user wants
 * that, with counts by the evidence until then.  Those that match have their turn, in
 * address order, and neighbours that match are taken for one.  Where the quota does not
 * suffice for all, those of high priority have theirs, and the next window goes on behind
 * the place where this one ended.
 *
 * Filters.  What filters of regions leave out is not worked on, is not looked at, is not
 * counted, and keeps its age; see filter.c.  Those of pages are for the primitives.
 *
 * Pieces.  The primitives get 2 MiB, or a huge page, at a time, so no lock of a target is
 * held for longer than that takes; between two pieces the worker looks whether it shall
 * end, and whether time or bytes are used up.  What is done of a region then becomes a
 * region of its own.
 *
 * A second look.  Samples tell of a region as a whole, and memory that is idle but for one
 * page in a thousand looks idle.  Memory that is given up should not have that page in it.
 * So the Accessed bits of all pages are cleared when a region is half as old as the scheme
 * wants it to be, and a page is spared if it has its bit again by the time that the region
 * is old enough.  The price is one walk over what is about to be given up.  The
 * alternative, to look a moment before, would find only what is used all the time.
 *
 * Was it right?  Of the pages that were given up, some are looked for until 10 seconds
 * later: see back.c, which also sets the age at which memory is given up, if the user has
 * said how much may come back.
 */
#include <linux/bitmap.h>
#include <linux/damon.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include <trace/events/damon.h>

#include "back.h"
#include "evidence.h"
#include "filter.h"
#include "goal.h"
#include "internal.h"
#include "quota.h"
#include "scheme.h"
#include "walk.h"

/* Bytes of one call of the primitives: a huge page is in one piece. */
#define SZ_PIECE max(SZ_2M, PMD_SIZE)

/* === A pass === */

/* What a pass over the regions needs. */
struct pass {
	struct damon_ctx *ctx;
	struct damon_scheme_state *s;
	unsigned int index;
	unsigned int target_index;
	struct damon_tried_walk *walk;
	u64 now;
	/* The aggregation has not ended. */
	bool between;
	/* Pages that were accessed since the second look are left alone. */
	bool spare;
	/* Only some of what matches is worked on; it is so to try a lower age. */
	bool sampling, trial;
	/* The ages of what matches. */
	unsigned long min_age, max_age;
	/* Bytes that may be given up. */
	u64 room;
	/* Regions of less are left out. */
	unsigned int min_score;
	/* The first and the last age of the second look; none if it is past the last. */
	unsigned long look_from, look_to;
	/* Of the filters of the scheme, for the present part; 0 if all its pages pass. */
	unsigned int nr_filters;
};

static bool is_within(unsigned long x, unsigned long min, unsigned long max)
{
	return min <= x && x <= max;
}

/* A quarter of what ktime_t can hold, so that sums do not overflow. */
static u64 us_to_ns(u64 us)
{
	return min_t(u64, us, KTIME_MAX / 4 / NSEC_PER_USEC) * NSEC_PER_USEC;
}

/* In bytes; an address of a region may stand for several. */
static u64 to_bytes(const struct damon_ctx *ctx, unsigned long size)
{
	return (u64)size * ctx->addr_unit;
}

/* As it is reported, or would be. */
static unsigned int count_of(const struct pass *p, const struct damon_region *r)
{
	return p->between ? damon_region_count(p->ctx, r) : r->nr_accesses;
}

static unsigned int age_of(const struct pass *p, const struct damon_region *r)
{
	return p->between ? damon_region_age(p->ctx, r) : r->age;
}

/* By its count, and an age of its own. */
static bool is_alike(const struct pass *p, const struct damon_region *r,
		     unsigned long min_age, unsigned long max_age)
{
	const struct damon_pattern *pattern = &p->s->pattern;

	return is_within(age_of(p, r), min_age, max_age) &&
		is_within(count_of(p, r), pattern->min_nr_accesses, pattern->max_nr_accesses);
}

/* It is about to be old enough. */
static bool is_to_be_looked_at(const struct pass *p, const struct damon_region *r)
{
	return is_alike(p, r, p->look_from, p->look_to);
}

static unsigned int score_of(const struct pass *p, const struct damon_region *r)
{
	const struct damon_action_kind *a = &damon_action_kinds[p->s->cfg.action];

	if (!a->cold && !a->hot)
		return DAMON_MAX_SCORE;
	return damon_quota_score(&p->s->cfg.quota, count_of(p, r), age_of(p, r),
				 damon_max_nr_accesses(p->ctx), p->ctx->aggr_interval, a->cold);
}

/* But for the size, which is that of a run. */
static bool matches(const struct pass *p, const struct damon_region *r)
{
	return is_alike(p, r, p->min_age, p->max_age);
}

/* It has the priority that it takes in this window. */
static bool is_preferred(const struct pass *p, const struct damon_region *r)
{
	return !p->min_score || score_of(p, r) >= p->min_score;
}

/*
 * Where the work on @r of @t begins: behind the place where the last window ended.  Return
 * false when that is behind @r.
 */
static bool find_start(struct damon_scheme_state *s, const struct damon_target *t,
		       const struct damon_region *r, unsigned long *start)
{
	*start = r->ar.start;
	if (!s->quota.target)
		return true;
	if (t != s->quota.target || r->ar.end <= s->quota.addr)
		return false;
	*start = max(*start, s->quota.addr);
	s->quota.target = NULL;
	return true;
}

/*
 * Regions of @t that are alike, and follow each other without a hole.  The engine keeps regions
 * small, to search them, and cuts them where it looks for something; what a user calls the
 * size of memory that is used alike is the size of a run.
 */
struct run {
	struct damon_target *t;
	struct damon_region *first, *last;
};

/* The run that begins with @r, which fits. */
static struct run run_from(const struct pass *p, struct damon_target *t,
			   struct damon_region *r,
			   bool (*fits)(const struct pass *p, const struct damon_region *r))
{
	struct run run = { t, r, r };

	list_for_each_entry_continue(r, &t->regions_list, list) {
		cond_resched();
		if (r->ar.start != run.last->ar.end || !fits(p, r))
			break;
		run.last = r;
	}
	return run;
}

static bool has_size(const struct pass *p, const struct run *run)
{
	const struct damon_pattern *pattern = &p->s->pattern;
	u64 sz = to_bytes(p->ctx, run->last->ar.end - run->first->ar.start);

	return sz >= pattern->min_sz && sz <= pattern->max_sz;
}

/* Is anything left of what limits the work? */
static bool has_room(const struct pass *p)
{
	return p->room && damon_quota_room(&p->s->quota, &p->s->cfg.quota);
}

/* Find the first part of [@start, @end) that the filters of regions let pass, if any. */
static bool find_part(struct pass *p, unsigned long start, unsigned long end,
		      struct damon_addr_range *part)
{
	const struct damon_scheme *cfg = &p->s->cfg;

	for (; start < end; start = part->end) {
		enum damon_verdict verdict;

		*part = (struct damon_addr_range) { start, end };
		verdict = damon_filters_judge(cfg->filters, cfg->nr_filters, p->target_index,
					      part);
		p->nr_filters = verdict == DAMON_UP_TO_PAGES ? cfg->nr_filters : 0;
		if (verdict != DAMON_REJECTED)
			return true;
	}
	return false;
}

/* In bytes. */
static u64 size_of_parts(struct pass *p, const struct damon_region *r)
{
	struct damon_addr_range part = { .end = r->ar.start };
	u64 sz = 0;

	while (find_part(p, part.end, r->ar.end, &part))
		sz += to_bytes(p->ctx, part.end - part.start);
	return sz;
}

typedef void (*match_fn)(struct pass *p, struct damon_target *t, struct damon_region *r,
			 void *arg);

/* Call @fn for each region of all runs that match. */
static void visit_matches(struct pass *p, void *arg, match_fn fn)
{
	struct damon_target *t;
	struct damon_region *r;

	p->target_index = 0;
	damon_for_each_target(t, p->ctx) {
		damon_for_each_region(r, t) {
			struct run run;

			if (!damon_go_on(p->ctx))
				return;
			if (!matches(p, r))
				continue;
			run = run_from(p, t, r, matches);
			list_for_each_entry_from(r, &t->regions_list, list) {
				/* A run may be all regions that there are. */
				if (!damon_go_on(p->ctx))
					return;
				if (has_size(p, &run))
					fn(p, t, r, arg);
				if (r == run.last)
					break;
			}
		}
		p->target_index++;
	}
	p->target_index = 0;
}

/* In bytes. */
static void add_size(struct pass *p, struct damon_target *t, struct damon_region *r, void *sz)
{
	*(u64 *)sz += size_of_parts(p, r);
}

static void add_to_score(struct pass *p, struct damon_target *t, struct damon_region *r,
			 void *sizes)
{
	((u64 *)sizes)[score_of(p, r)] += size_of_parts(p, r);
}

/* The least score with which all regions of at least that score fill the window. */
static unsigned int find_min_score(struct pass *p)
{
	u64 sizes[DAMON_MAX_SCORE + 1] = {}, sum = 0;
	u64 room = damon_quota_room(&p->s->quota, &p->s->cfg.quota);
	unsigned int score = DAMON_MAX_SCORE;

	p->min_score = 0;
	visit_matches(p, sizes, add_to_score);
	while ((sum += sizes[score]) < room && score)
		score--;
	return score;
}

/* Bytes of a node. */
struct eligible {
	int nid;
	u64 sz;
};

static void add_eligible(struct pass *p, struct damon_target *t, struct damon_region *r,
			 void *arg)
{
	struct eligible *e = arg;

	e->sz += p->ctx->sz_on_node(p->ctx, r->ar.start, r->ar.end, e->nid);
}

/* Bytes of all runs that match which are on node @nid. */
static u64 sz_eligible(void *arg, int nid)
{
	struct eligible e = { .nid = nid };

	visit_matches(arg, &e, add_eligible);
	return e.sz;
}

/* Since when @r has not been accessed, in nanoseconds. */
static u64 idle_since(const struct pass *p, const struct damon_region *r)
{
	u64 us, ns;

	if (check_mul_overflow((u64)age_of(p, r), (u64)p->ctx->aggr_interval, &us))
		us = U64_MAX;
	ns = us_to_ns(us);

	return p->now - min(ns, p->now);
}

/* The region of @run with @addr.  Work on a former part of it may have cut its first one. */
static struct damon_region *region_at(const struct run *run, unsigned long addr)
{
	struct damon_region *r = run->first;

	while (r->ar.end <= addr)
		r = list_next_entry(r, list);
	return r;
}

/*
 * Do the work on [@start, @end) of @run, in pieces.  Return how far it came: @start if a lock
 * was in use, or the target is gone.
 */
static unsigned long do_pieces(struct pass *p, const struct run *run, unsigned long start,
			       unsigned long end, bool look, u64 *sz_applied)
{
	struct damon_scheme_state *s = p->s;
	struct damon_target *t = run->t;
	const struct damon_region *r = region_at(run, start);
	unsigned long sz_piece = SZ_PIECE / p->ctx->addr_unit;
	unsigned long filters = damon_filters_of_pages(s->cfg.filters, p->nr_filters);
	const struct damon_dest only = { .nid = s->cfg.nid, .weight = 1 };
	struct damon_work w = {
		.action = s->cfg.action,
		.dests = s->cfg.nr_dests ? s->cfg.dests : &only,
		.nr_dests = max(s->cfg.nr_dests, 1),
		.look = look,
		/* Or the user has said what is to be done with those. */
		.spare = p->spare && !(filters & BIT(DAMON_FILTER_YOUNG)),
		.filters = s->cfg.filters,
		.nr_filters = p->nr_filters,
	};
	u64 began = ktime_get_ns(), ns;

	if (!damon_scheme_acts(&s->cfg))
		return end;
	while (start < end && damon_go_on(p->ctx)) {
		/* The last address, since the first one behind may be 0. */
		unsigned long last = min(end - 1, start | (sz_piece - 1));

		w.range = (struct damon_addr_range) { start, last + 1 };
		w.last = last == end - 1;
		w.sz_passed = 0;
		w.sz_applied = 0;
		w.sz_given_up = 0;
		w.nr_given_up = 0;
		if (p->ctx->act(p->ctx, t, &w)) {
			w.last = false;
			break;
		}
		*sz_applied += w.sz_applied;
		if (damon_filters_of_pages(s->cfg.filters, s->cfg.nr_filters))
			s->stat.sz_ops_filter_passed += w.sz_passed;
		while (r->ar.end <= start)
			r = list_next_entry(r, list);
		if (!look)
			damon_back_remember(p->ctx, &s->back, t, &w, idle_since(p, r), p->trial,
					    p->now);
		p->room -= min(p->room, w.sz_given_up);
		start = last + 1;
		ns = ktime_get_ns() - began;
		if (damon_quota_is_late(&s->quota, &s->cfg.quota, ns) || !p->room)
			break;
	}
	/* It was broken off: what is cleared so far is flushed. */
	if (w.cleared && !w.last) {
		w.range = (struct damon_addr_range) { start, start };
		w.last = true;
		p->ctx->act(p->ctx, t, &w);
	}
	ns = ktime_get_ns() - began;
	s->stat.ns += ns;
	damon_quota_charge_time(&s->quota, ns);
	return start;
}

/* Begin the age of what was done of @r, where there may be regions more. */
static void end_age(struct pass *p, struct damon_target *t, struct damon_region *r,
		    const struct damon_addr_range *done)
{
	unsigned long start = max(r->ar.start, done->start), end = min(r->ar.end, done->end);
	unsigned int nr_more = (start > r->ar.start) + (end < r->ar.end);

	if (nr_more && damon_nr_regions(p->ctx) + nr_more > p->ctx->max_nr_regions)
		return;
	if (nr_more)
		r = damon_region_carve(r, t, start, end);
	if (r)
		damon_region_begin_age(r);
}

static void end_ages(struct pass *p, const struct run *run, const struct damon_addr_range *done)
{
	struct damon_region *r = run->first;

	if (p->s->cfg.action == DAMON_STAT)
		return;
	list_for_each_entry_from(r, &run->t->regions_list, list) {
		cond_resched();
		if (r->ar.start >= done->end)
			break;
		if (r->ar.end > done->start)
			end_age(p, run->t, r, done);
	}
}

/* Is @addr of @t the end of all memory? */
static bool is_end_of_all(const struct damon_ctx *ctx, const struct damon_target *t,
			  unsigned long addr)
{
	return list_is_last(&t->list, &ctx->targets_list) &&
		addr == list_last_entry(&t->regions_list, struct damon_region, list)->ar.end;
}

/* The part of @r that is in [@start, @end). */
static struct damon_tried part_of(const struct pass *p, const struct damon_region *r,
				  unsigned long start, unsigned long end)
{
	struct damon_tried tried = {
		.scheme = p->index,
		.target = p->target_index,
		.range = { max(start, r->ar.start), min(end, r->ar.end) },
		.nr_accesses = count_of(p, r),
		.age = age_of(p, r),
	};
	unsigned int i;

	for (i = 0; p->walk && i < DAMON_MAX_PROBES; i++)
		tried.probe_hits[i] = damon_region_probe_hits(p->ctx, r, i);
	return tried;
}

/* An event for each region. */
static void trace_run(const struct pass *p, const struct run *run, unsigned long start,
		      unsigned long end)
{
	struct damon_region *r = run->first;

	if (!trace_damos_before_apply_enabled())
		return;
	list_for_each_entry_from(r, &run->t->regions_list, list) {
		struct damon_tried tried = part_of(p, r, start, end);

		cond_resched();
		if (r->ar.start >= end)
			break;
		if (r->ar.end > start)
			trace_damos_before_apply(&tried, run->t->nr_regions);
	}
}

/*
 * Work on @part of the run, from @start on: the last window has done what is before.  Return
 * whether all of it is done.
 */
static bool work_on(struct pass *p, const struct run *run, struct damon_addr_range part,
		    unsigned long start)
{
	struct damon_scheme_state *s = p->s;
	u64 room = damon_quota_room(&s->quota, &s->cfg.quota), sz_applied = 0, sz, sz_passed;
	unsigned long end = part.end, done;

	/* Of whole pages, also where an address stands for several bytes. */
	if (to_bytes(p->ctx, end - start) > room)
		end = start + PAGE_ALIGN_DOWN(div_u64(room, p->ctx->addr_unit));
	if (start == end)
		return false;
	trace_run(p, run, start, end);
	sz_passed = s->stat.sz_ops_filter_passed;
	done = do_pieces(p, run, start, end, /*look=*/false, &sz_applied);
	if (done == start)
		return false;
	sz = to_bytes(p->ctx, done - start);
	if (p->walk) {
		struct damon_tried tried = part_of(p, region_at(run, start), start, done);

		tried.sz_passed = s->stat.sz_ops_filter_passed - sz_passed;
		damon_walk_tell(p->walk, &tried);
	}
	s->stat.nr_tried++;
	s->stat.sz_tried += sz;
	s->stat.nr_applied += !!sz_applied;
	s->stat.sz_applied += sz_applied;
	damon_quota_charge(&s->quota, &s->cfg.quota, sz, sz_applied);
	damon_scheme_publish_stat(p->ctx, s);
	if (p->sampling)
		return done == part.end;
	/*
	 * Less than a huge page is not enough for some actions: it waits until what is
	 * beside it matches as well.  What is on its node is tried again after its least
	 * age: it would use up the quota of what is not.
	 */
	if (sz_applied || damon_action_kinds[s->cfg.action].gives_up ||
	    damon_action_kinds[s->cfg.action].moves)
		end_ages(p, run, &(struct damon_addr_range) { part.start, done });
	if (!damon_quota_room(&s->quota, &s->cfg.quota) &&
	    !is_end_of_all(p->ctx, run->t, done)) {
		s->quota.target = run->t;
		s->quota.addr = done;
	}
	return done == part.end;
}

/* Work on the parts of a run that may be, from @start on, in its first region. */
static void work_on_parts(struct pass *p, const struct run *run, unsigned long start)
{
	struct damon_addr_range part = { .end = run->first->ar.start };
	unsigned long end = run->last->ar.end;

	/* Work cuts the last region, whose end is then not that of the run any more. */
	while (find_part(p, part.end, end, &part))
		if (part.end > start && !work_on(p, run, part, max(part.start, start)))
			return;
}

/* What is only counted, and what somebody wants to see, is worked on region by region. */
static bool goes_by_region(const struct pass *p)
{
	return p->s->cfg.action == DAMON_STAT || p->walk;
}

/* Work on those parts of a run that have the priority. */
static void work_on_preferred(struct pass *p, const struct run *run)
{
	struct damon_region *r = run->first, *next, *behind = list_next_entry(run->last, list);
	struct damon_scheme_state *s = p->s;
	struct run part = { .t = run->t };
	unsigned long start;

	for (; r != behind; r = next) {
		next = list_next_entry(r, list);
		if (!damon_go_on(p->ctx) || !has_room(p))
			return;
		if (!is_preferred(p, r) || !find_start(s, run->t, r, &start))
			continue;
		part.first = r;
		part.last = r;
		for (; next != behind && !goes_by_region(p) && is_preferred(p, next);
		     next = list_next_entry(next, list))
			part.last = next;
		work_on_parts(p, &part, start);
	}
}

/* The second look is no memory that is tried, so only the limit on time holds. */
static void look_at(struct pass *p, struct damon_target *t)
{
	struct damon_addr_range part;
	struct damon_region *r;
	u64 unused = 0;

	damon_for_each_region(r, t) {
		struct run run;

		if (!damon_go_on(p->ctx) ||
		    damon_quota_is_late(&p->s->quota, &p->s->cfg.quota, 0))
			return;
		if (!is_to_be_looked_at(p, r))
			continue;
		run = run_from(p, t, r, is_to_be_looked_at);
		r = run.last;
		part.end = run.first->ar.start;
		while (find_part(p, part.end, r->ar.end, &part))
			do_pieces(p, &run, part.start, part.end, /*look=*/true, &unused);
	}
}

static void look_at_all(struct pass *p)
{
	struct damon_target *t;

	if (p->look_from > p->look_to)
		return;
	damon_for_each_target(t, p->ctx) {
		look_at(p, t);
		p->target_index++;
	}
	p->target_index = 0;
}

static void run_target(struct pass *p, struct damon_target *t)
{
	struct damon_scheme_state *s = p->s;
	struct damon_region *r, *next;
	struct run run;

	for (r = list_first_entry(&t->regions_list, struct damon_region, list);
	     !list_entry_is_head(r, &t->regions_list, list); r = next) {
		next = list_next_entry(r, list);
		if (!damon_go_on(p->ctx) || !has_room(p))
			return;
		if (!matches(p, r))
			continue;
		run = run_from(p, t, r, matches);
		next = list_next_entry(run.last, list);
		if (has_size(p, &run))
			work_on_preferred(p, &run);
	}
	/* What the last window had left of this target is gone. */
	if (s->quota.target == t && damon_quota_room(&s->quota, &s->cfg.quota))
		s->quota.target = NULL;
}

/* === Some of what matches === */

/* Pieces of a sample: four pages of each are remembered, which is what there is room for. */
#define NR_SAMPLED (DAMON_NR_REMEMBERED / DAMON_NR_GIVEN_UP)
#define MIN_SAMPLED (4 * PAGE_SIZE)

/* Places with equal distances in all that matches, in bytes. */
struct places {
	u64 next, distance, sz;
};

static void work_on_places(struct pass *p, struct damon_target *t, struct damon_region *r,
			   void *arg)
{
	const struct run run = { t, r, r };
	struct places *places = arg;
	u64 sz = to_bytes(p->ctx, r->ar.end - r->ar.start);

	for (; places->next < sz; places->next += places->distance) {
		u64 from = round_down(places->next, PAGE_SIZE);
		u64 to = min(from + places->sz, sz);
		struct damon_addr_range part = {
			.end = r->ar.start + (unsigned long)div_u64(from, p->ctx->addr_unit),
		};
		unsigned long end = r->ar.start + (unsigned long)div_u64(to, p->ctx->addr_unit);

		while (damon_go_on(p->ctx) && has_room(p) && find_part(p, part.end, end, &part))
			work_on(p, &run, part, part.start);
	}
	places->next -= sz;
}

/*
 * Give up @p->room bytes of the @sz that match, all over them.  What is tried begins no age, as
 * each piece would become a region.
 */
static void run_sample(struct pass *p, u64 sz)
{
	u64 sz_tried = p->room << p->s->back.thin;
	struct places places = {
		.sz = round_up(max(div_u64(sz_tried, NR_SAMPLED), MIN_SAMPLED), PAGE_SIZE),
	};

	places.distance = max(mul_u64_u64_div_u64(sz, places.sz, sz_tried), places.sz);
	places.next = damon_rand(p->ctx, 0, places.distance);
	p->sampling = true;
	visit_matches(p, &places, work_on_places);
	p->sampling = false;
}

/* === All of what matches === */

/* How many aggregations there are from one time to the next. */
static unsigned long nr_aggregations(const struct damon_ctx *ctx, unsigned long interval)
{
	return max(interval / ctx->aggr_interval + !!(interval % ctx->aggr_interval), 1);
}

/* Memory that is not idle loses nothing by being used where it is moved to. */
static bool has_second_look(const struct damon_scheme *s)
{
	const struct damon_action_kind *a = &damon_action_kinds[s->action];

	return a->gives_up && !(a->moves && s->pattern.max_nr_accesses);
}

static void run_all(struct pass *p)
{
	struct damon_target *t;

	damon_for_each_target(t, p->ctx) {
		run_target(p, t);
		p->target_index++;
	}
	p->target_index = 0;
	/* It came to the last region, so the next window begins from the first. */
	if (damon_quota_room(&p->s->quota, &p->s->cfg.quota))
		p->s->quota.target = NULL;
}

/* Give up @p->room bytes of what matches: of all, or, if that is more, of some of it. */
static void run_within(struct pass *p, u64 sz_gone)
{
	struct damon_back *b = &p->s->back;
	u64 wanted = p->room, sz = 0;
	bool on_all;

	if (!wanted)
		return;
	visit_matches(p, &sz, add_size);
	if (!sz)
		return;
	on_all = wanted >= (sz - min(sz, sz_gone)) >> b->thin;
	if (on_all)
		run_all(p);
	else
		run_sample(p, sz);
	damon_back_worked(b, wanted, wanted - p->room, on_all);
}

/* As much as the goal for what comes back allows, and a little of what is younger. */
static void run_for_goal(struct pass *p)
{
	struct damon_back *b = &p->s->back;
	struct pass trial = *p;

	if (damon_back_tries(b)) {
		trial.trial = true;
		trial.min_score = 0;
		trial.min_age = b->try_age;
		trial.max_age = min(p->max_age, b->min_age - 1);
		trial.room = b->sz_trial;
		run_within(&trial, 0);
	}
	p->room = damon_back_room(b, p->now);
	/* What was given up lately is of the same regions, as some of them begins no age. */
	run_within(p, damon_back_sz_open(b));
}

static void run_pass(struct pass *p)
{
	const struct damon_eligible eligible = { sz_eligible, p };
	const struct damon_scheme_state *s = p->s;
	const struct damon_scheme *cfg = &s->cfg;
	u64 esz = s->quota.esz;
	bool begun = s->quota.begun;
	unsigned long age = damon_scheme_has_goal(s) ? s->back.try_age : s->pattern.min_age;

	p->min_age = damon_scheme_least_age(p->s);
	p->max_age = p->s->pattern.max_age;
	p->room = U64_MAX;
	p->look_from = 1;
	p->look_to = 0;
	p->spare = has_second_look(cfg) && age >= 2;
	if (p->spare && !p->between) {
		p->look_from = age / 2;
		p->look_to = min(p->look_from + nr_aggregations(p->ctx, cfg->apply_interval),
				 age) - 1;
	}
	damon_quota_begin(&p->s->quota, &cfg->quota, &eligible, p->now);
	if (damon_quota_is_limited(&cfg->quota)) {
		if (!begun || esz != p->s->quota.esz)
			trace_damos_esz(p->index, p->s->quota.esz);
		if (damon_quota_room(&p->s->quota, &cfg->quota))
			p->min_score = find_min_score(p);
	}
	look_at_all(p);
	if (damon_scheme_has_goal(p->s))
		run_for_goal(p);
	else
		run_all(p);
}

/* It is due before the aggregation ends as well. */
static bool is_fast(const struct damon_ctx *ctx, const struct damon_scheme_state *s)
{
	return s->cfg.apply_interval && s->cfg.apply_interval < ctx->aggr_interval;
}

/*
 * Neither samples nor aggregations end to the microsecond: half of one is near enough.  At
 * the end of an aggregation, those that are due in between are due as well.
 */
static bool is_due(const struct pass *p)
{
	const struct damon_ctx *ctx = p->ctx;
	struct damon_scheme_state *s = p->s;
	unsigned long slack = p->between ? ctx->sample_interval : ctx->aggr_interval;
	bool fast = is_fast(ctx, s);

	if (p->between && !fast)
		return false;
	if (p->between == fast && p->now + us_to_ns(slack) / 2 < s->due)
		return false;
	s->due = p->now + us_to_ns(s->cfg.apply_interval);
	return true;
}

static bool is_used_up(const struct damon_scheme_state *s)
{
	return s->cfg.max_nr_snapshots && s->stat.nr_snapshots >= s->cfg.max_nr_snapshots;
}

/* A sample that has waited for a long pass has seen more than a sampling interval. */
static void drop_samples(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_region_drop_sample(r);
			cond_resched();
		}
	}
}

bool damon_schemes_find_active(const struct damon_ctx *ctx, unsigned long *active)
{
	unsigned int i;

	for (i = 0; i < ctx->nr_schemes; i++)
		if (ctx->schemes[i].stat.active && !is_used_up(&ctx->schemes[i]))
			__set_bit(i, active);
	return !bitmap_empty(active, ctx->nr_schemes);
}

static void run_scheme(struct pass *p)
{
	struct damon_scheme_state *s = p->s;

	p->walk = damon_walk_of(p->ctx, p->index);
	if (!s->stat.active || is_used_up(s)) {
		if (p->walk)
			damon_walk_done(p->ctx, p->index);
		return;
	}
	if (!is_due(p))
		return;
	run_pass(p);
	if (p->walk && !damon_is_stopping(p->ctx))
		damon_walk_done(p->ctx, p->index);
	s->stat.nr_snapshots++;
	damon_scheme_publish_stat(p->ctx, s);
	trace_damos_stat_after_apply_interval(p->index, &s->stat);
}

static void run_schemes(struct damon_ctx *ctx, ktime_t now, bool between)
{
	u64 began = ktime_get_ns();
	unsigned int i;

	damon_assert_owner(ctx);
	ctx->next_pass = U64_MAX;
	for (i = 0; i < ctx->nr_schemes && damon_go_on(ctx); i++) {
		struct damon_scheme_state *s = &ctx->schemes[i];
		struct pass p = {
			.ctx = ctx,
			.s = s,
			.index = i,
			.now = ktime_to_ns(now),
			.between = between,
		};

		if (!between) {
			const struct damon_back_goal goal = damon_scheme_goal(ctx, s);

			damon_back_look(ctx, &s->back, p.now);
			if (damon_scheme_has_goal(s))
				damon_back_tune(&s->back, &goal);
		}
		run_scheme(&p);
		if (is_fast(ctx, s) && s->stat.active && !is_used_up(s))
			ctx->next_pass = min(ctx->next_pass, s->due);
	}
	if (ktime_get_ns() - began > us_to_ns(ctx->sample_interval) / 2)
		drop_samples(ctx);
}

void damon_schemes_apply(struct damon_ctx *ctx, ktime_t now)
{
	run_schemes(ctx, now, /*between=*/false);
}

void damon_schemes_apply_between(struct damon_ctx *ctx, ktime_t now)
{
	if (likely(ktime_to_ns(now) + us_to_ns(ctx->sample_interval) / 2 < ctx->next_pass))
		return;
	run_schemes(ctx, now, /*between=*/true);
}
