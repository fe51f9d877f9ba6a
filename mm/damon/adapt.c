// SPDX-License-Identifier: GPL-2.0
/*
 * Adaptation: regions are joined, cut and searched, so that they follow the use of
 * the memory; and the order of all that happens at the end of an aggregation.
 *
 * Merge.  Where one rate explains two neighbours, their border is of no use, and
 * costs a sample in each interval.
 *
 * Cut.  Where the eighths of a region differ, and by more than chance, there is a
 * border between them.
 *
 * Search.  A small hot spot in a large region is found by luck: then the address
 * of the hit is where to look.  A piece of 1/32 of the region is cut out
 * around it (a seed), and has one aggregation to show what it is.  When it lies
 * within the spot, its neighbours are asked (feelers), twice as far at each
 * aggregation: a spot 125 times as large as the seed is covered after five.
 *
 * A wrong guess costs little, see Documentation/mm/damon/design.rst.
 */
#include "evidence.h"
#include "probe.h"

/* Chance alone gets above the first in 3.4 % of all cases, above the second in 0.05 %. */
#define G_MERGE		G(45)
#define G_CUT		G(120)
/* Else the parts of a cut would be joined again at once. */
static_assert(G_MERGE < G_CUT);

/*
 * Fewer regions than this search too slowly.  A spot of 1/1000 of the memory is
 * 1/20 of one of 50 regions, and is hit by one of its 20 samples in 64 of 100
 * aggregations; by one of 10 regions it would be hit in 18.
 */
#define NR_TO_SEARCH 50

/* Where a user allows only a few regions, most of them are kept for hot spots. */
static unsigned int nr_wanted(const struct damon_ctx *ctx)
{
	return max(ctx->min_nr_regions, min(NR_TO_SEARCH, ctx->max_nr_regions / 4));
}

/*
 * Memory whose pages are all used at different rates can be cut without end.  Each region
 * costs as much as the first, and tells less; and of many borders, chance draws some.  So
 * where there are more regions than twice those that there have to be, neighbours are
 * kept apart by stronger evidence, up to almost that of a cut.
 */
#define G_MERGE_MANY	G(115)
#define NR_MANY		50
static_assert(G_MERGE_MANY < G_CUT);

static s64 merge_limit(const struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx);
	u64 few = 2ULL * nr_wanted(ctx) + ctx->nr_runs;

	return nr <= few ? G_MERGE :
		G_MERGE + (s64)min(nr - few, NR_MANY) * (G_MERGE_MANY - G_MERGE) / NR_MANY;
}

/* === Turns === */

/*
 * Budgets of regions are spent in the order of the targets, and the last ones get what the
 * others leave.  So it begins with any of them.
 */
static struct damon_target *any_target(struct damon_ctx *ctx)
{
	struct damon_target *t;
	unsigned long nr = 0;

	damon_for_each_target(t, ctx)
		nr++;
	nr = nr ? damon_rand(ctx, 0, nr) : 0;
	damon_for_each_target(t, ctx)
		if (!nr--)
			return t;
	return NULL;
}

/* NULL when all have had their turn, from @first on. */
static struct damon_target *next_in_turn(const struct damon_ctx *ctx, struct damon_target *t,
					 const struct damon_target *first)
{
	t = list_is_last(&t->list, &ctx->targets_list) ?
		list_first_entry(&ctx->targets_list, struct damon_target, list) :
		list_next_entry(t, list);
	return t == first ? NULL : t;
}

/* === Merge === */

/* One rate explains both, or the difference is too small to be of use. */
static bool regions_agree(const struct damon_region *l, const struct damon_region *r, s64 g)
{
	struct tally a = tally(&l->known), b = tally(&r->known);

	/* In this order, since logarithms take longer than two divisions. */
	return !rates_differ(a, b, 16) || damon_g_test(a, b) < g;
}

/*
 * Memory that has no count is joined where one age is at most twice the other, or 20
 * aggregations more: what fell idle just now does not get the age of idle memory around
 * it, nor the other way round.  Where both have a count, the age is that of the rate.
 */
static bool ages_agree(const struct damon_region *l, const struct damon_region *r)
{
	unsigned int a = l->counted ? 0 : l->age, b = r->counted ? 0 : r->age;

	return abs_diff(a, b) <= max(min(a, b), 20U);
}

static bool has_been_tried(const struct damon_region *r)
{
	return !r->echo && (!r->on_trial || tally(&r->known).samples >= MIN_TRIAL * SAMPLE);
}

/*
 * Join neighbours of one target that agree by @g into regions of @sz_limit at
 * most, but no more than @budget of them.  Return how many.  Regions on trial are
 * given time to show what they are, unless @force.
 */
static unsigned int merge_target(struct damon_ctx *ctx, struct damon_target *t, s64 g,
				 bool force, unsigned long sz_limit, unsigned int budget)
{
	struct damon_region *l = NULL, *r, *next;
	unsigned int nr_merged = 0;

	damon_for_each_region_safe(r, next, t) {
		if (!damon_go_on(ctx))
			break;
		if (nr_merged < budget && l && l->ar.end == r->ar.start &&
		    (force || (has_been_tried(l) && has_been_tried(r) && ages_agree(l, r))) &&
		    r->ar.end - l->ar.start <= sz_limit && regions_agree(l, r, g)) {
			if (force) {
				damon_region_even_out(l, r);
				damon_region_even_out(r, l);
			}
			if (t->probed)
				damon_probed_absorb(l, r);
			damon_region_absorb(l, r);
			damon_region_del(r, t);
			nr_merged++;
		} else {
			l = r;
		}
	}
	return nr_merged;
}

/* The same for all targets, down to @floor regions.  Return how many are left. */
static unsigned int merge_all(struct damon_ctx *ctx, s64 g, bool force,
			      unsigned long sz_limit, unsigned int floor)
{
	unsigned int nr = damon_nr_regions(ctx);
	struct damon_target *first = any_target(ctx), *t;

	for (t = first; t; t = next_in_turn(ctx, t, first))
		nr -= merge_target(ctx, t, g, force, sz_limit, nr > floor ? nr - floor : 0);
	return nr;
}

/*
 * Above @limit regions, join ever less similar neighbours.  When even the most
 * different ones may be joined, the limit on the size goes as well: the cost is
 * bounded by the number of regions.
 */
static void merge_surplus(struct damon_ctx *ctx, unsigned int limit)
{
	unsigned int nr = damon_nr_regions(ctx);
	s64 g = G_MERGE;

	while (nr > limit) {
		bool last = g > S64_MAX / 2;

		g = last ? S64_MAX : 2 * g;
		nr = merge_all(ctx, g, true, last ? ULONG_MAX : ctx->sz_limit, limit);
		if (last)
			break;
	}
}

/*
 * An eighth of the regions that can be joined stays free, for what appears tomorrow.  Where a
 * user wants more than the rest of them, none is free until bins differ; then the eighth is,
 * while that region is cut, see restore_min().
 */
static unsigned int nr_spare(const struct damon_ctx *ctx)
{
	unsigned int nr = (ctx->max_nr_regions - min(ctx->nr_runs, ctx->max_nr_regions)) / 8;

	/* A cut takes two. */
	return nr < 2 ? 0 : nr;
}

static void merge_regions(struct damon_ctx *ctx)
{
	unsigned int limit = ctx->max_nr_regions - nr_spare(ctx);
	unsigned int floor = ctx->starved ? 0 : ctx->min_nr_regions;

	ctx->starved = false;
	merge_all(ctx, merge_limit(ctx), false, ctx->sz_limit,
		  min(ctx->min_nr_regions, max(floor, limit)));
	merge_surplus(ctx, max(floor, limit));
}

/* === Cut === */

/*
 * The bins that differ most from the others.  By the score test, which needs no
 * logarithm: 28 of these would cost more than the samples of the region.  It
 * overrates a hit in a bin of few samples, so it proposes, and G decides.
 */
static void most_different_bins(const struct damon_evidence *e, unsigned int *from,
				unsigned int *to)
{
	struct tally all = tally(e);
	unsigned int i, j;
	u64 best = 0;

	*from = *to = 0;
	for (i = 0; i < NR_BINS; i++) {
		struct tally in = {};

		for (j = i; j < NR_BINS; j++) {
			u64 diff, score;

			in.hits += e->hits[j];
			in.samples += e->samples[j];
			if (in.samples < SAMPLE || all.samples - in.samples < SAMPLE)
				continue;
			/* Both products are below 2^32: see WINDOW. */
			diff = abs_diff((u64)in.hits * all.samples,
					(u64)all.hits * in.samples);
			score = div64_u64(diff * diff, (u64)in.samples *
					  (all.samples - in.samples));
			if (score > best) {
				best = score;
				*from = i;
				*to = j + 1;
			}
		}
	}
}

/* Are the bins from @from on up to @to used differently than the others? */
static bool bins_differ(const struct damon_region *r, unsigned int *from, unsigned int *to)
{
	struct tally in, out, all = tally(&r->known);

	if (!all.hits || all.hits == all.samples)
		return false;
	most_different_bins(&r->known, from, to);
	in = tally_bins(&r->known, *from, *to);
	out.hits = all.hits - in.hits;
	out.samples = all.samples - in.samples;
	return damon_g_test(in, out) > G_CUT && rates_differ(in, out, 8);
}

/* Each part is reported by its own evidence, not by that of the whole region. */
static void cut_where_bins_differ(struct damon_ctx *ctx, struct damon_target *t,
				  struct damon_region *r)
{
	struct damon_region *next = list_next_entry(r, list);
	unsigned int from, to;

	if (!bins_differ(r, &from, &to))
		return;
	damon_region_carve(r, t, bin_start(r, from), bin_start(r, to));
	for (; r != next; r = list_next_entry(r, list))
		damon_region_judge(ctx, r);
}

/* How many regions more there may be; a cut makes two more at most. */
static unsigned int cut_budget(const struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx);

	return ctx->max_nr_regions > nr ? ctx->max_nr_regions - nr : 0;
}

/* Where regions are to be as many as may be, a cut that is wanted has to wait for room. */
static bool may_starve(const struct damon_ctx *ctx)
{
	return !ctx->starved &&
		ctx->min_nr_regions > ctx->max_nr_regions - nr_spare(ctx);
}

static void cut_regions(struct damon_ctx *ctx)
{
	unsigned int budget = cut_budget(ctx), nr;
	struct damon_target *first = any_target(ctx), *t;
	struct damon_region *r, *next;
	unsigned int from, to;

	for (t = first; t; t = next_in_turn(ctx, t, first)) {
		damon_for_each_region_safe(r, next, t) {
			if (!damon_go_on(ctx) || (budget < 2 && !may_starve(ctx)))
				return;
			/* A bin of less than two pages is not worth a border. */
			if (region_pages(r) < 2 * NR_BINS)
				continue;
			if (budget < 2) {
				ctx->starved |= bins_differ(r, &from, &to);
				continue;
			}
			nr = t->nr_regions;
			cut_where_bins_differ(ctx, t, r);
			budget -= t->nr_regions - nr;
		}
	}
}

/* === Search === */

/* The evidence of its parent says nothing of this piece, which has to show what it is. */
static void begin_trial(struct damon_region *r)
{
	damon_region_look_anew(r);
	r->on_trial = true;
}

/*
 * A seed lives for an aggregation or two.  Of such as have more samples, which are long, a
 * part of the seeds does: otherwise they cost more than all other regions.
 */
#define SAMPLES_OF_SEED 100

/*
 * Look around the address of a hit in memory that seemed idle.  With three hits and
 * more, bins that do not differ say that there is no hot spot.  Where the use has just
 * changed, the hit may be of before.
 */
static void cut_seed(struct damon_ctx *ctx, struct damon_target *t, struct damon_region *r)
{
	unsigned long reach = PAGE_ALIGN_DOWN(damon_region_size(r) / 64);
	unsigned long at = damon_region_last_hit(r);

	if (!at || r->echo || r->mixed || tally(&r->known).hits >= 3 * SAMPLE || !reach)
		return;
	if (damon_rand(ctx, 0, ctx->nr_samples + 1) >= SAMPLES_OF_SEED)
		return;
	r = damon_region_carve(r, t, max(at, r->ar.start + reach) - reach,
			       min(at, r->ar.end - reach) + reach);
	if (r)
		begin_trial(r);
}

/*
 * Does hot memory seem to go on beyond @hot, whose page @edge is next to @cold?  A
 * neighbour less than eight times as large is left to its own evidence: a bin
 * of it is no larger than @hot.
 */
static bool heat_goes_on(const struct damon_region *hot, unsigned long edge,
			 const struct damon_region *cold)
{
	struct tally h, c, e;
	unsigned int bin;

	/* An echo tells first what is behind a hit in @cold. */
	if (damon_region_size(hot) >= damon_region_size(cold) / 8 || cold->echo)
		return false;
	h = tally(&hot->known);
	c = tally(&cold->known);
	bin = bin_of(hot, edge);
	e = tally_bins(&hot->known, bin, bin + 1);
	return rate(h) > 2 * rate(c) && damon_g_test(h, c) > G_CUT &&
		e.samples >= SAMPLE / 2 && !rates_differ(h, e, 2);
}

/* Cut [@start, @end) out of @r, to look there. */
static void cut_feeler(struct damon_target *t, struct damon_region *r,
		       unsigned long start, unsigned long end, unsigned int *budget)
{
	r = damon_region_carve(r, t, start, end);
	if (r) {
		begin_trial(r);
		--*budget;
	}
}

/* Ask the large neighbours of small hot regions, twice as far as these reach. */
static void cut_feelers(struct damon_ctx *ctx, struct damon_target *t,
			unsigned int *budget)
{
	struct damon_region *r, *next, *prev = NULL;

	damon_for_each_region_safe(r, next, t) {
		if (*budget < 2 || !damon_go_on(ctx))
			return;
		if (!list_is_last(&r->list, &t->regions_list) &&
		    next->ar.start == r->ar.end && heat_goes_on(next, next->ar.start, r))
			cut_feeler(t, r, r->ar.end - 2 * damon_region_size(next),
				   r->ar.end, budget);
		if (prev && prev->ar.end == r->ar.start &&
		    heat_goes_on(prev, prev->ar.end - 1, r))
			cut_feeler(t, r, r->ar.start,
				   r->ar.start + 2 * damon_region_size(prev), budget);
		prev = list_prev_entry(next, list);
	}
}

static void search_regions(struct damon_ctx *ctx)
{
	unsigned int budget = cut_budget(ctx), nr;
	struct damon_target *first = any_target(ctx), *t;
	struct damon_region *r, *next;

	for (t = first; t; t = next_in_turn(ctx, t, first)) {
		damon_for_each_region_safe(r, next, t) {
			if (!damon_go_on(ctx))
				return;
			r->on_trial = false;
			if (budget < 2)
				continue;
			nr = t->nr_regions;
			cut_seed(ctx, t, r);
			budget -= t->nr_regions - nr;
		}
		cut_feelers(ctx, t, &budget);
	}
}

bool damon_region_hint(struct damon_ctx *ctx, struct damon_target *t,
		       struct damon_region *r, unsigned long start, unsigned long end)
{
	struct tally all = tally(&r->known), fresh = tally(&r->fresh);

	damon_assert_owner(ctx);
	all.hits += fresh.hits;
	all.samples += fresh.samples;
	/* Much of it is used, now here and now there: there is no spot. */
	if ((all.hits >= 3 * SAMPLE && all.hits > all.samples / 8) ||
	    cut_budget(ctx) < nr_spare(ctx) + 2)
		return false;
	if (r->echo) {
		unsigned long hit = damon_region_last_hit(r);

		/* Memory beside the part was not used: that is what the echo asks. */
		if (hit < start || hit >= end)
			return false;
		r->echo = 0;
	}
	r = damon_region_carve(r, t, start, end);
	if (r)
		begin_trial(r);
	return r;
}

/* === The end of an aggregation === */

/* More were joined, to have some for cuts. */
static void restore_min(struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx);

	if (nr && nr < ctx->min_nr_regions)
		damon_regions_split_to(ctx, ctx->min_nr_regions);
}

void damon_aggregate(struct damon_ctx *ctx, void (*report)(struct damon_ctx *ctx))
{
	damon_assert_owner(ctx);
	damon_regions_count(ctx);
	if (!damon_go_on(ctx))
		return;
	if (ctx->aggregate_cb)
		ctx->aggregate_cb(ctx);
	merge_regions(ctx);
	cut_regions(ctx);
	restore_min(ctx);
	if (!damon_go_on(ctx))
		return;
	report(ctx);
	search_regions(ctx);
	damon_regions_forget(ctx);
	ctx->nr_samples = 0;
}

/* === Limits === */

/* Neighbours that could be one region, were it not for the limits, are a run. */
static unsigned int count_runs(const struct damon_ctx *ctx)
{
	const struct damon_target *t;
	const struct damon_region *r;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx) {
		unsigned long end = 0;

		damon_for_each_region(r, t) {
			nr += !end || r->ar.start != end;
			end = r->ar.end;
			cond_resched();
		}
	}
	return nr;
}

/*
 * Where there may hardly be more regions than are wanted, two of the wanted size are
 * joined to one, where they are alike, so that another one can be cut.
 */
static unsigned long size_limit(const struct damon_ctx *ctx)
{
	unsigned int nr = nr_wanted(ctx);
	u64 pages;

	if (nr > ctx->max_nr_regions - nr_spare(ctx))
		nr = DIV_ROUND_UP(nr, 2);
	pages = div64_u64(damon_nr_pages(ctx), nr);
	return clamp_t(u64, pages, 1, ULONG_MAX >> PAGE_SHIFT) << PAGE_SHIFT;
}

void damon_regions_refit(struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_regions(ctx);

	damon_assert_owner(ctx);
	ctx->nr_runs = count_runs(ctx);
	ctx->sz_limit = size_limit(ctx);
	if (nr > ctx->max_nr_regions)
		merge_surplus(ctx, ctx->max_nr_regions);
	else if (nr && nr < nr_wanted(ctx))
		damon_regions_split_to(ctx, nr_wanted(ctx));
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/adapt_kunit.c"
#endif
