// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that schemes act on: they do as much as they can, so that what a scheme costs
 * them is seen in what they get done.  Each touches a page, computes on it, and goes on to
 * the next one.
 *
 * The truth is the time of the last touch of each page, which a program keeps in memory
 * that it shares with its parent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest.h"

#define MiB	(1UL << 20)

static char *map;
static unsigned long nr_pages;

/* ---- Touches ---- */

/* Time is looked up once in so many touches, as that costs more than a touch. */
#define TOUCHES_PER_LOOK 32

static uint32_t now_ms;

/* Two instructions a turn */
static inline void compute(unsigned long instructions)
{
	unsigned long turns = instructions / 2;

	if (turns)
		asm volatile("1: dec %0; jnz 1b" : "+r" (turns) : : "cc");
}

/* Changes the page, so that it has to be written when it is given up again. */
static inline void touch(unsigned long page)
{
	(*(volatile uint64_t *)(map + page * PAGE))++;
	compute(opt.w.work);
	if (shared->loops % TOUCHES_PER_LOOK == 0)
		now_ms = now_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	last_touch[page] = now_ms;
	shared->loops++;
}

static uint64_t ms_of_run(void)
{
	static uint64_t start;

	if (!start)
		start = now_ms;
	return now_ms - start;
}

/* ---- Which page is next ---- */

/* One page after the other of [@first, @first + @pages), and from the start again. */
static unsigned long next_of(unsigned long first, unsigned long pages)
{
	static unsigned long n;

	return first + n++ % pages;
}

static unsigned long used_pages(void)
{
	return opt.w.area / PAGE;
}

/* All the time the same, in the middle of what is idle. */
static unsigned long next_keep(void)
{
	return next_of((nr_pages - used_pages()) / 2, used_pages());
}

static unsigned long next_random(void)
{
	return (nr_pages - used_pages()) / 2 + draw_below(used_pages());
}

/* Sets of neighbours, each in use for a while; before that, all of them. */
static unsigned long next_turn(void)
{
	unsigned long set = ms_of_run() / opt.w.period_ms % opt.w.areas;

	if (ms_of_run() < opt.w.calm_ms)
		return next_of(0, opt.w.areas * used_pages());
	return next_of(set * used_pages(), used_pages());
}

/* Small parts with equal distances. */
static unsigned long next_dot(void)
{
	unsigned long i = next_of(0, opt.w.areas * used_pages());

	return i / used_pages() * (nr_pages / opt.w.areas) + i % used_pages();
}

/*
 * Groups of 16 pages; the i-th most popular is used 1/i as often.  The inverse of the sum of
 * 1/i, which is near to ln(i), needs no table.  Groups are spread by a number that is prime.
 */
static unsigned long next_popular(void)
{
	unsigned long groups = nr_pages / 16;
	unsigned long i = pow(groups, draw_below(1 << 24) / (double)(1 << 24)) - 1;

	return i * 7919 % groups * 16 + draw_below(16);
}

/* A heap that grows: the newest part is in use, the rest never again. */
static unsigned long next_grown(void)
{
	unsigned long end = used_pages() + ms_of_run() * opt.w.speed / 1000 / PAGE;

	if (end > nr_pages)
		end = nr_pages;
	return end - 1 - draw_below(used_pages());
}

/* A server whose load stops: it goes on with the first 1/32. */
static unsigned long next_stopping(void)
{
	return ms_of_run() < opt.w.period_ms ? draw_below(used_pages()) :
		draw_below(used_pages() / 32);
}

/* Few pages of each huge page, but for one dense part. */
static unsigned long next_dense(void)
{
	return draw_below(used_pages());
}

static const struct load {
	struct workload w;
	unsigned long (*next)(void);
} loads[] = {
	{ { "keep", .size = 768 * MiB, .area = 128 * MiB, .work = 250 }, next_keep },
	{ { "random", .size = 768 * MiB, .area = 256 * MiB, .work = 3200 }, next_random },
	{ { "turns", .size = 768 * MiB, .area = 128 * MiB, .areas = 2, .period_ms = 4000,
	    .work = 250 }, next_turn },
	{ { "dots", .size = 768 * MiB, .area = 4 * MiB, .areas = 8, .work = 250 }, next_dot },
	{ { "popular", .size = 512 * MiB, .work = 3200 }, next_popular },
	{ { "grow", .size = 768 * MiB, .area = 64 * MiB, .speed = 24 * MiB, .bare = true,
	    .work = 3200 }, next_grown },
	{ { "stop", .size = 512 * MiB, .area = 384 * MiB, .period_ms = 5000,
	    .work = 1600 }, next_stopping },
	{ { "holes", .size = 512 * MiB, .area = 64 * MiB, .rate = 64, .bare = true,
	    .work = 250 }, next_dense },
	/* a real one in their place */
	{ { .name = "program" }, NULL },
};

static const struct load *load;

const struct workload *find_load(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(loads); i++)
		if (!strcmp(loads[i].w.name, name))
			load = &loads[i];
	return load ? &load->w : NULL;
}

/* ---- The program ---- */

/* The rest is zeros, so that what is measured is the kernel more than its compressor. */
static void fill(unsigned long page)
{
	uint64_t *p = (uint64_t *)(map + page * PAGE);
	unsigned int i;

	p[0] = 1;
	for (i = 0; i < opt.noise / sizeof(*p); i++)
		p[i] = draw();
}

static void fill_memory(void)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++)
		if (!opt.w.bare || (opt.w.rate && (i < used_pages() || i % opt.w.rate == 0)))
			fill(i);
}

void run_load(void)
{
	nr_pages = opt.w.size / PAGE;
	if (nr_pages > MAX_PAGES || used_pages() > nr_pages || opt.noise > PAGE) {
		errno = EINVAL;
		die("size");
	}
	rng = opt.seed;
	map = mmap(NULL, opt.w.size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		die("mmap");
	fill_memory();
	shared->map = (uint64_t)map;
	shared->ready = true;
	shared->used = shared->map;
	shared->used_end = shared->map + opt.w.area;
	while (!shared->stop) {
		uint64_t start = now_ns(CLOCK_MONOTONIC);
		unsigned long i;

		for (i = 0; i < opt.burst; i++)
			touch(load->next());
		shared->busy_ns += now_ns(CLOCK_MONOTONIC) - start;
		if (opt.idle_ms)
			sleep_ms(opt.idle_ms);
	}
}
