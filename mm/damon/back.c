// SPDX-License-Identifier: GPL-2.0
/*
 * What came back of the memory that was given up.
 *
 * Of each piece that is given up, a few pages are remembered, and stand for it.  A page that
 * is in memory again within 10 seconds has come back.  The share of those is what a
 * scheme has done wrong, whatever the reason: counts of the kernel (workingset refaults)
 * are of all memory, and of all who reclaim.
 *
 * Where there is no address to look at later, since physical memory that is given up has
 * another user then, these counts are the best there is: what the machine has read back is
 * what the scheme gave up, up to as much as that was in this period of 10 seconds and in the
 * one before.  So where others reclaim as well, more comes back than the scheme has done.
 *
 * The goal.  "Give up all you can, while at most 1 % comes back" is what an operator wants
 * to say.  Two things follow from what came back.
 *
 * The age.  Memory that was idle for longer is less likely to be used in the next 10
 * seconds.  So memory is given up at an age, which is set by what came back:
 *
 * - It begins with a second, or what the user wants at least, and is never less.
 *
 * - As soon as twice as many pages have come back as the goal allows for a decision, or of all
 *   that are looked for if these are more, or when so many pages were checked that one of them
 *   would be the goal, and more came back than it allows, the age is raised.  A page that
 *   comes back tells for how long it was idle, and that is what the age has to be above: one
 *   step is enough for memory that is used from time to time.
 *
 * - A lower age is tried on a MiB, from three quarters of the age on.  It becomes the age if no
 *   more of that came back than the goal allows.  It is only tried when so much was given up
 *   since the last time that a MiB of it would be the goal: so the goal is kept even if the
 *   trial fails.
 *
 * The amount.  In a second, no more is given up than in the nine before together, or a MiB
 * if that is more.  So it begins with a MiB, of which pages all over the memory are taken,
 * and while nothing comes back it doubles each second: in ten seconds, after which what was
 * given up first has been judged, it is a GiB.  When too much comes back, it begins again.
 * So a workload that turns is left alone at once, and what is tried after that is little.
 * Where a pass comes less often than once a second, passes count in the place of seconds.
 *
 * The alternative, to set the number of bytes alone by what came back, does not converge: when
 * all idle memory is gone nothing comes back, the number grows, and used memory is next.  To
 * set the age alone would give up all memory of an age before anything is known of it, or,
 * where it begins with a large one, most of it too late.
 *
 * All of this belongs to the worker, and needs no lock.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>

#include "back.h"
#include "internal.h"

/* A lower age gains little, and costs a walk over what is idle each time. */
#define LEAST_AGE_US USEC_PER_SEC

/* With less there is no second look. */
#define LEAST_AGE 2

/* Bytes of which nothing need be known. */
#define FIRST_SZ SZ_1M

/* Pages that are enough for a decision, whatever the goal. */
#define MIN_PAGES 16
#define MAX_PAGES 200
static_assert(MAX_PAGES < DAMON_NR_REMEMBERED);

/* In a slot, this part of the free places of the sample is taken at most. */
#define PART_OF_PLACES 4

/* Of a million times as much as is wanted, nothing can be found by chance. */
#define MAX_THIN 20

/* What was given up in the slots has just been judged when they are over. */
#define LEAST_SLOT_NS (DAMON_BACK_NS / DAMON_BACK_SLOTS)

static unsigned long within(unsigned long age, const struct damon_back_goal *goal)
{
	unsigned long least = max(LEAST_AGE_US / goal->aggr_us, LEAST_AGE);

	least = max(goal->least, min(least, goal->most));
	return clamp(age, least, max(least, goal->most));
}

static void set_age(struct damon_back *b, const struct damon_back_goal *goal,
		    unsigned long age)
{
	b->aggr_ns = (u64)goal->aggr_us * NSEC_PER_USEC;
	b->slot_ns = max((u64)goal->pass_us * NSEC_PER_USEC, LEAST_SLOT_NS);
	b->min_age = within(age, goal);
	b->try_age = b->min_age;
	b->is_kept = false;
	b->sz_kept = 0;
}

void damon_back_begin(struct damon_back *b, const struct damon_back_goal *goal)
{
	set_age(b, goal, 0);
	b->nr_places = DAMON_NR_REMEMBERED / PART_OF_PLACES;
}

/* It came back before it had the age that is wanted now, and would not be given up any more. */
static bool is_past(const struct damon_back *b, const struct damon_given_up *g)
{
	unsigned long age = g->is_trial ? b->try_age : b->min_age;

	return g->idle && div64_u64(g->idle, b->aggr_ns) < age;
}

/*
 * Its time is over.  One that is back waits until then as well: else those that come back
 * would be known at once, and the others later, and the share would be too large meanwhile.
 */
static void check(struct damon_back *b, struct damon_given_up *g)
{
	struct damon_back_tally *t = g->is_trial ? &b->trial : &b->tally;

	b->sz_checked += g->sz;
	if (g->idle)
		b->sz_back += g->sz;
	if (!is_past(b, g)) {
		t->nr++;
		t->nr_back += !!g->idle;
		t->idle += g->idle;
	}
	g->due = 0;
}

void damon_back_forget(struct damon_back *b)
{
	unsigned int i;

	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		b->pages[i].due = 0;
	b->tally.nr_open = 0;
	b->nr_new = 0;
	b->until = 0;
}

void damon_back_forget_target(struct damon_back *b, const struct damon_target *t)
{
	unsigned int i;

	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		if (b->pages[i].target == t)
			b->pages[i].due = 0;
}

static unsigned long nr_refaults(void)
{
	return global_node_page_state(WORKINGSET_REFAULT_ANON) +
		global_node_page_state(WORKINGSET_REFAULT_FILE);
}

/* Of what is open, @nr pages are back. */
static void count_refaults(struct damon_back *b, unsigned long nr)
{
	nr = min(nr, b->tally.nr_open);
	b->tally.nr_open -= nr;
	b->tally.nr += nr;
	b->tally.nr_back += nr;
	b->sz_checked += (u64)nr * PAGE_SIZE;
	b->sz_back += (u64)nr * PAGE_SIZE;
}

/* What was given up in the period before this one, and has not come back, is gone. */
static void begin_period(struct damon_back *b, u64 now)
{
	unsigned long nr_new = min(b->nr_new, b->tally.nr_open);
	unsigned long nr_gone = b->tally.nr_open - nr_new;

	b->tally.nr += nr_gone;
	b->sz_checked += (u64)nr_gone * PAGE_SIZE;
	b->tally.nr_open = nr_new;
	b->nr_new = 0;
	b->until = now + DAMON_BACK_NS;
}

static void look_at_refaults(struct damon_back *b, u64 now)
{
	unsigned long nr = nr_refaults();

	if (b->until)
		count_refaults(b, nr - b->nr_refaults);
	b->nr_refaults = nr;
	if (b->until <= now)
		begin_period(b, now);
}

static bool is_of_slot(const struct damon_back *b, const struct damon_given_up *g)
{
	return g->due >= b->began + DAMON_BACK_NS;
}

/* Of all pages that could be in the sample in a slot, those that are stand for the others. */
static void go_to_slot(struct damon_back *b, u64 now)
{
	u64 gone = div64_u64(now - b->began, b->slot_ns);
	unsigned int i, nr_free = 0;

	if (!gone)
		return;
	for (i = 0; i < DAMON_NR_REMEMBERED; i++) {
		struct damon_given_up *g = &b->pages[i];

		if (g->due && is_of_slot(b, g))
			g->sz = mul_u64_u64_div_u64(g->sz, b->nr_seen, max(b->nr_taken, 1));
		nr_free += !g->due;
	}
	b->began += gone * b->slot_ns;
	for (i = 0; i < min(gone, DAMON_BACK_SLOTS); i++) {
		b->slot = (b->slot + 1) % DAMON_BACK_SLOTS;
		b->sz[b->slot] = 0;
	}
	b->nr_seen = 0;
	b->nr_taken = 0;
	b->nr_places = DIV_ROUND_UP(nr_free, PART_OF_PLACES);
}

static void count_open(struct damon_back *b)
{
	unsigned int i;

	b->tally.nr_open = 0;
	b->tally.nr_open_back = 0;
	b->tally.open_idle = 0;
	b->trial.nr_open = 0;
	b->trial.nr_open_back = 0;
	b->trial.open_idle = 0;
	for (i = 0; i < DAMON_NR_REMEMBERED; i++) {
		const struct damon_given_up *g = &b->pages[i];
		struct damon_back_tally *t = g->is_trial ? &b->trial : &b->tally;

		if (!g->due || is_past(b, g))
			continue;
		t->nr_open++;
		t->nr_open_back += !!g->idle;
		t->open_idle += g->idle;
	}
}

void damon_back_look(struct damon_ctx *ctx, struct damon_back *b, u64 now)
{
	unsigned int i;

	go_to_slot(b, now);
	b->by_page = ctx->is_present;
	if (!b->by_page)
		look_at_refaults(b, now);
	for (i = 0; b->by_page && i < DAMON_NR_REMEMBERED; i++) {
		struct damon_given_up *g = &b->pages[i];
		int present = 0;

		if (!g->due)
			continue;
		cond_resched();
		if (!g->idle)
			present = ctx->is_present(ctx, g->target, g->addr);
		if (present > 0)
			g->idle = now - g->since;
		if (g->due <= now && present >= 0)
			check(b, g);
		else if (g->due + DAMON_BACK_NS <= now)
			/* The lock has been in use for as long again. */
			g->due = 0;
	}
	if (b->by_page)
		count_open(b);
}

/* === The amount === */

u64 damon_back_sz_open(const struct damon_back *b)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < DAMON_BACK_SLOTS; i++)
		sum += b->sz[i];
	return sum;
}

u64 damon_back_room(struct damon_back *b, u64 now)
{
	u64 sz_now, sz_before;

	go_to_slot(b, now);
	sz_now = b->sz[b->slot];
	sz_before = damon_back_sz_open(b) - sz_now;
	return max(sz_before, FIRST_SZ) - min(max(sz_before, FIRST_SZ), sz_now);
}

void damon_back_worked(struct damon_back *b, u64 wanted, u64 sz, bool on_all)
{
	if (sz >= wanted)
		b->thin -= b->thin > 0;
	else if (sz < wanted / 2 && !on_all)
		b->thin = min(b->thin + 1, MAX_THIN);
}

/* The page of this slot that is number @nr of those in the sample. */
static struct damon_given_up *find_taken(struct damon_back *b, unsigned long nr)
{
	unsigned int i;

	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		if (is_of_slot(b, &b->pages[i]) && !nr--)
			return &b->pages[i];
	return NULL;
}

/*
 * Of more than can be remembered in a slot, each page is as likely to be: number n takes the
 * place of another one with a chance of 1/n for each place.
 */
static struct damon_given_up *find_place(struct damon_ctx *ctx, struct damon_back *b)
{
	unsigned long i;

	b->nr_seen++;
	for (i = 0; b->nr_taken < b->nr_places && i < DAMON_NR_REMEMBERED; i++) {
		if (!b->pages[i].due) {
			b->nr_taken++;
			return &b->pages[i];
		}
	}
	i = damon_rand(ctx, 0, b->nr_seen);
	return i < b->nr_taken ? find_taken(b, i) : NULL;
}

void damon_back_remember(struct damon_ctx *ctx, struct damon_back *b, struct damon_target *t,
			 const struct damon_work *work, u64 since, bool is_trial, u64 now)
{
	unsigned int i;

	if (work->action != DAMON_PAGEOUT)
		return;
	go_to_slot(b, now);
	if (is_trial) {
		b->sz_trial -= min(b->sz_trial, work->sz_given_up);
	} else {
		b->sz[b->slot] += work->sz_given_up;
		b->sz_kept += work->sz_given_up;
	}
	if (!ctx->is_present) {
		b->tally.nr_open += work->sz_applied / PAGE_SIZE;
		b->nr_new += work->sz_applied / PAGE_SIZE;
	}
	for (i = 0; ctx->is_present && i < work->nr_given_up; i++) {
		struct damon_given_up *g = find_place(ctx, b);

		if (g)
			*g = (struct damon_given_up) {
				.target = t,
				.addr = work->given_up[i],
				.sz = work->sz_given_up / work->nr_given_up,
				.due = now + DAMON_BACK_NS,
				.since = since,
				.is_trial = is_trial,
			};
	}
}

/* === The age === */

enum verdict { OPEN, KEPT, MISSED, FAR_MISSED };

/* Of @nr pages, so many may come back, and one of few. */
static u64 nr_allowed(u64 nr, unsigned int goal_bp)
{
	return max(div_u64(nr * goal_bp, 10000), 1);
}

static enum verdict judge(const struct damon_back_tally *t, unsigned int goal_bp)
{
	unsigned long nr_needed = clamp(10000 / goal_bp, MIN_PAGES, MAX_PAGES);
	u64 nr_known = max(t->nr + t->nr_open, nr_needed);

	if (t->nr_back + t->nr_open_back > 2 * nr_allowed(nr_known, goal_bp))
		return FAR_MISSED;
	if (t->nr < nr_needed)
		return OPEN;
	return (u64)t->nr_back * 10000 > (u64)t->nr * goal_bp ? MISSED : KEPT;
}

/*
 * Those that came back tell for how long they had been idle.  As large a part of the way to
 * that, in the mean, as there were more than may be: then those that stay behind are as many
 * as may be, if they are spread evenly, and if they are not the next step is soon.
 */
static unsigned long far_raised_age(const struct damon_back *b, unsigned int goal_bp)
{
	const struct damon_back_tally *t = &b->tally;
	u64 nr_back = t->nr_back + t->nr_open_back;
	u64 idle = div64_u64(div64_u64(t->idle + t->open_idle, nr_back), b->aggr_ns);
	u64 nr_more = nr_back - nr_allowed(t->nr + t->nr_open, goal_bp);

	return size_add(b->min_age, mul_u64_u64_div_u64(idle - min(idle, b->min_age),
							 nr_more, nr_back));
}

static unsigned long raised_age(const struct damon_back *b, unsigned int goal_bp, bool far)
{
	unsigned long age = b->min_age;

	if (far && !b->by_page)
		return size_add(age, age / 2 + 1);
	if (far)
		age = far_raised_age(b, goal_bp);
	/* Beyond it: memory that is used in turns is so with some variation. */
	return size_add(age, age / 8 + 1);
}

/* What has led to a decision is not to lead to the next. */
static void forget_tally(struct damon_back_tally *t)
{
	*t = (struct damon_back_tally) { .nr_open = t->nr_open };
}

void damon_back_set_age(struct damon_back *b, const struct damon_back_goal *goal,
			unsigned long age)
{
	unsigned int i;

	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		b->pages[i].is_trial = false;
	forget_tally(&b->trial);
	set_age(b, goal, age);
}

static void try_lower_age(struct damon_back *b, const struct damon_back_goal *goal)
{
	unsigned long age = within(b->min_age - DIV_ROUND_UP(b->min_age, 4), goal);

	b->sz_kept = 0;
	if (!b->by_page)
		/* What came back of one age cannot be told from that of the other. */
		set_age(b, goal, age);
	b->try_age = age;
	b->sz_trial = FIRST_SZ;
}

void damon_back_tune(struct damon_back *b, const struct damon_back_goal *goal)
{
	enum verdict v = judge(&b->tally, goal->bp);

	if (v == MISSED || v == FAR_MISSED) {
		if (v == FAR_MISSED)
			memset(b->sz, 0, sizeof(b->sz));
		damon_back_set_age(b, goal, raised_age(b, goal->bp, v == FAR_MISSED));
		forget_tally(&b->tally);
		return;
	}
	if (v == KEPT) {
		b->is_kept = true;
		forget_tally(&b->tally);
	}
	if (b->try_age < b->min_age) {
		v = judge(&b->trial, goal->bp);
		if (v != OPEN)
			damon_back_set_age(b, goal, v == KEPT ? b->try_age : b->min_age);
	} else if (b->is_kept && mul_u64_u64_div_u64(b->sz_kept, goal->bp, 10000) >= FIRST_SZ) {
		try_lower_age(b, goal);
	}
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/back_kunit.c"
#endif
