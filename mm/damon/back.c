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
 * to say.  The one thing that decides it is the age: memory that was idle for longer is
 * less likely to be used in the next 10 seconds.  So the age is set by what came back:
 *
 * - As soon as twice as many pages have come back as the goal allows for a decision, or of all
 *   that are looked for if these are more, it is 1 1/2 times what it was.  A workload that
 *   turns is left alone within seconds.
 *
 * - When so many pages were checked that one of them would be the goal, it is 7/8 of what it
 *   was if no more came back than the goal allows, and 1 1/2 times otherwise.  So it goes up
 *   one time in four, which is when the goal is kept in the mean.
 *
 * It begins with 20 seconds, as nothing is known yet, and never leaves the ages that the
 * user gave.  The alternative, to set the number of bytes by the same rule, does not
 * converge: when all idle memory is gone nothing comes back, the number grows, and used
 * memory is next.
 *
 * All of this belongs to the worker, and needs no lock.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/vmstat.h>

#include "back.h"
#include "internal.h"

/* Nothing is known yet. */
#define FIRST_AGE_US (20 * USEC_PER_SEC)

/* Pages that are enough for a decision, whatever the goal. */
#define MIN_PAGES 16
#define MAX_PAGES 200
static_assert(MAX_PAGES < DAMON_NR_REMEMBERED);

void damon_back_begin(struct damon_back *b, unsigned long least, unsigned long most,
		      unsigned long aggr_us)
{
	b->min_age = clamp(FIRST_AGE_US / aggr_us, least, max(least, most));
}

/*
 * Its time is over.  One that is back waits until then as well: else those that come back
 * would be known at once, and the others later, and the share would be too large meanwhile.
 */
static void check(struct damon_back *b, struct damon_given_up *g)
{
	b->sz_checked += g->sz;
	b->nr_recent++;
	if (g->is_back) {
		b->sz_back += g->sz;
		b->nr_recent_back++;
	}
	g->due = 0;
}

void damon_back_forget(struct damon_back *b)
{
	unsigned int i;

	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		b->pages[i].due = 0;
	b->nr_open = 0;
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
	nr = min(nr, b->nr_open);
	b->nr_open -= nr;
	b->nr_recent += nr;
	b->nr_recent_back += nr;
	b->sz_checked += (u64)nr * PAGE_SIZE;
	b->sz_back += (u64)nr * PAGE_SIZE;
}

/* What was given up in the period before this one, and has not come back, is gone. */
static void begin_period(struct damon_back *b, u64 now)
{
	unsigned long nr_new = min(b->nr_new, b->nr_open), nr_gone = b->nr_open - nr_new;

	b->nr_recent += nr_gone;
	b->sz_checked += (u64)nr_gone * PAGE_SIZE;
	b->nr_open = nr_new;
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

static void count_open(struct damon_back *b)
{
	unsigned int i;

	b->nr_open = 0;
	b->nr_open_back = 0;
	for (i = 0; i < DAMON_NR_REMEMBERED; i++) {
		b->nr_open += b->pages[i].due > 0;
		b->nr_open_back += b->pages[i].due && b->pages[i].is_back;
	}
}

void damon_back_look(struct damon_ctx *ctx, struct damon_back *b, u64 now)
{
	unsigned int i;

	if (!ctx->is_present)
		look_at_refaults(b, now);
	for (i = 0; ctx->is_present && i < DAMON_NR_REMEMBERED; i++) {
		struct damon_given_up *g = &b->pages[i];
		int present = 0;

		if (!g->due)
			continue;
		cond_resched();
		if (!g->is_back)
			present = ctx->is_present(ctx, g->target, g->addr);
		g->is_back |= present > 0;
		if (g->due <= now && present >= 0)
			check(b, g);
		else if (g->due + DAMON_BACK_NS <= now)
			/* The lock has been in use for as long again. */
			g->due = 0;
	}
	if (ctx->is_present)
		count_open(b);
}

/*
 * Where one pass gives up more than can be remembered, each page is as likely to be:
 * number n takes the place of one of the same pass with a chance of 1/n for each place.
 */
static struct damon_given_up *find_place(struct damon_ctx *ctx, struct damon_back *b, u64 due)
{
	unsigned long i;

	for (i = 0; i < DAMON_NR_REMEMBERED; i++)
		if (!b->pages[i].due)
			return &b->pages[i];
	i = damon_rand(ctx, 0, b->nr_seen + 1);
	return i < DAMON_NR_REMEMBERED && b->pages[i].due == due ? &b->pages[i] : NULL;
}

void damon_back_remember(struct damon_ctx *ctx, struct damon_back *b, struct damon_target *t,
			 const struct damon_work *work, u64 now)
{
	u64 due = now + DAMON_BACK_NS;
	unsigned int i;

	if (!ctx->is_present && work->action == DAMON_PAGEOUT) {
		b->nr_open += work->sz_applied / PAGE_SIZE;
		b->nr_new += work->sz_applied / PAGE_SIZE;
	}
	for (i = 0; ctx->is_present && i < work->nr_given_up; i++) {
		struct damon_given_up *g = find_place(ctx, b, due);

		b->nr_seen++;
		if (g)
			*g = (struct damon_given_up) {
				.target = t,
				.addr = work->given_up[i],
				/* What is being written is not freed yet. */
				.sz = max(work->sz_applied / work->nr_given_up, PAGE_SIZE),
				.due = due,
			};
	}
}

void damon_back_tune(struct damon_back *b, unsigned int goal_bp, unsigned long least,
		     unsigned long most)
{
	unsigned long nr_needed = clamp(10000 / goal_bp, MIN_PAGES, MAX_PAGES);
	u64 nr_known = max(b->nr_recent + b->nr_open, nr_needed);
	bool too_many = b->nr_recent_back + b->nr_open_back >
		2 * max(div_u64(nr_known * goal_bp, 10000), 1);
	unsigned long age = b->min_age;
	unsigned int i;

	if (b->nr_recent < nr_needed && !too_many)
		return;
	if (too_many || (u64)b->nr_recent_back * 10000 > (u64)b->nr_recent * goal_bp)
		age = size_add(age, age / 2 + 1);
	else
		age -= DIV_ROUND_UP(age, 8);
	b->min_age = clamp(age, least, max(least, most));
	/* Those that have led to this are not to lead to the next. */
	for (i = 0; too_many && i < DAMON_NR_REMEMBERED; i++)
		if (b->pages[i].due && b->pages[i].is_back)
			check(b, &b->pages[i]);
	b->nr_open_back = 0;
	b->nr_recent = 0;
	b->nr_recent_back = 0;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/back_kunit.c"
#endif
