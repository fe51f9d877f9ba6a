// SPDX-License-Identifier: GPL-2.0
/*
 * The program that is monitored. It knows which of its pages it touches, when
 * and how often, and writes that down: the truth that score.c compares the
 * monitor with. Once a tick it touches what the pattern says, and then drops its
 * TLB, since an entry there hides further accesses from whoever reads the page
 * table.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest.h"

#define MiB	(1UL << 20)
#define GiB	(1UL << 30)

/* ---- The truth ---- */

static struct truth truths[1 << 16];
static unsigned int nr_truths;
static char *map;

static void tell(uint64_t time, unsigned long page, unsigned long pages, double p)
{
	struct truth *t = &truths[nr_truths++];

	if (nr_truths == ARRAY_SIZE(truths)) {
		errno = ENOSPC;
		die("truth");
	}
	t->time = time;
	t->start = (uint64_t)map + page * PAGE;
	t->end = t->start + pages * PAGE;
	t->p = p;
}

/* ---- Memory ---- */

#define SCRATCH		(64 * PAGE)
#define HUGE_PAGE	(512 * PAGE)

static char *scratch;

static void *map_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void populate(char *start, size_t size)
{
	if (madvise(start, size, MADV_POPULATE_WRITE))
		die("populate");
}

/*
 * More than 33 pages that lose a right make the kernel drop the whole TLB of
 * the process; getting the right back needs no flush and makes none.
 */
static void drop_tlb(void)
{
	if (mprotect(scratch, SCRATCH, PROT_READ) ||
	    mprotect(scratch, SCRATCH, PROT_READ | PROT_WRITE))
		die("mprotect");
}

/* Dies unless all of the memory is on huge pages. */
static void check_huge_pages(void)
{
	unsigned long kib, sum = 0;
	char line[256];
	FILE *f = fopen("/proc/self/smaps", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %lu kB", &kib) == 1)
			sum += kib;
	if (!f || sum << 10 != opt.w.size) {
		errno = ENOMEM;
		die("huge pages");
	}
	fclose(f);
}

/* Neighbours with other rights are separate mappings. */
static void cut_mapping(void)
{
	unsigned long part = opt.w.size / PAGE / opt.w.vmas * PAGE;
	unsigned long i;

	for (i = 1; i < opt.w.vmas; i += 2)
		if (mprotect(map + i * part, part, PROT_READ))
			die("mprotect");
}

static void make_memory(void)
{
	scratch = map_memory(SCRATCH);
	populate(scratch, SCRATCH);
	map = map_memory(opt.w.size);
	if (opt.w.huge_pages && madvise(map, opt.w.size, MADV_HUGEPAGE))
		die("MADV_HUGEPAGE");
	if (!opt.w.bare)
		populate(map, opt.w.size);
	if (opt.w.huge_pages)
		check_huge_pages();
	if (opt.w.vmas)
		cut_mapping();
}

/* ---- The pattern: areas, each touched whole or at random ---- */

struct area {
	unsigned long page, pages;
	/* touches in a tick, at random places; 0: the whole area */
	double touches;
	double due;
};

static struct area areas[4096];
static unsigned int nr_areas;

static double tick_seconds(void)
{
	return opt.tick_us / 1000000.0;
}

static void add_area(uint64_t now, unsigned long page, unsigned long pages, double rate)
{
	struct area *a = &areas[nr_areas++];

	a->page = page;
	a->pages = pages;
	a->touches = rate * pages * tick_seconds();
	a->due = 0;
	tell(now, page, pages, rate ? 1 - exp(-rate * tick_seconds()) : 1);
	if (opt.w.bare)
		populate(map + page * PAGE, pages * PAGE);
}

static inline void touch(unsigned long page)
{
	*(volatile char *)(map + page * PAGE);
}

static void touch_area(struct area *a)
{
	/*
	 * QEMU's TLB knows no huge pages and may be as small as 256 entries,
	 * the low bits of the page number. Four pages of a huge page stand for
	 * it, so chosen that none displaces another.
	 */
	unsigned long i, step = opt.w.huge_pages ? 512 / 4 + 3 : 1;

	if (!a->touches) {
		for (i = 0; i < a->pages; i += step)
			touch(a->page + i);
		return;
	}
	for (a->due += a->touches; a->due >= 1; a->due--)
		touch(a->page + draw_below(a->pages));
}

static int by_number(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

/* Areas at random places, none on another. */
static void start_areas(uint64_t now)
{
	unsigned long unit = opt.w.huge_pages ? HUGE_PAGE : PAGE;
	unsigned long units = opt.w.area / unit, pages = opt.w.area / PAGE;
	unsigned long gaps = opt.w.size / unit - opt.w.areas * units;
	unsigned long *at = malloc(opt.w.areas * sizeof(*at));
	unsigned long i;

	if (!at || opt.w.areas > ARRAY_SIZE(areas) || opt.w.areas * opt.w.area > opt.w.size) {
		errno = EINVAL;
		die("areas");
	}
	for (i = 0; i < opt.w.areas; i++)
		at[i] = draw_below(gaps + 1);
	qsort(at, opt.w.areas, sizeof(at[0]), by_number);
	for (i = 0; i < opt.w.areas; i++)
		add_area(now, at[i] * (unit / PAGE) + i * pages, pages, opt.w.rate);
	free(at);
}

static void start_nothing(uint64_t now)
{
	(void)now;
}

/* Eight rates, from each tick to never, at eight places in random order. */
static void start_gradient(uint64_t now)
{
	static const double rates[8] = { 0, 80, 40, 20, 10, 5, 2, -1 };
	unsigned int place[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	unsigned long pages = opt.w.size / PAGE / 8;
	unsigned int i, j, k;

	for (i = 8; i > 1; i--) {
		j = draw_below(i);
		k = place[i - 1];
		place[i - 1] = place[j];
		place[j] = k;
	}
	for (i = 0; i < 8; i++)
		if (rates[i] >= 0)
			add_area(now, place[i] * pages, pages, rates[i]);
}

/* One hot page in each 2 MiB. */
static void start_sparse(uint64_t now)
{
	unsigned long i;

	for (i = 0; i < opt.w.size / HUGE_PAGE; i++)
		add_area(now, i * 512 + draw_below(512), 1, opt.w.rate);
}

/* The hot area is somewhere else from now on. */
static void move_area(uint64_t now, unsigned long page)
{
	tell(now, areas[0].page, areas[0].pages, 0);
	nr_areas = 0;
	add_area(now, page, opt.w.area / PAGE, opt.w.rate);
}

static uint64_t next_change;

/* From the start of the memory to its end, step by step. */
static void step_stairs(uint64_t now)
{
	unsigned long page = areas[0].page + areas[0].pages;

	if (!next_change)
		next_change = now + opt.w.period_ms * NS_PER_SEC / 1000;
	if (now < next_change)
		return;
	next_change += opt.w.period_ms * NS_PER_SEC / 1000;
	move_area(now, page + areas[0].pages > opt.w.size / PAGE ? 0 : page);
}

/* To random places, at random times. */
static void step_phase(uint64_t now)
{
	unsigned long wait = opt.w.period_ms / 2 + draw_below(opt.w.period_ms);

	if (next_change && now >= next_change)
		move_area(now, draw_below((opt.w.size - opt.w.area) / PAGE + 1));
	if (now >= next_change)
		next_change = now + wait * NS_PER_SEC / 1000;
}

/* A window that moves on by some pages each tick, and from the end to the start. */
static void step_moving(uint64_t now)
{
	static uint64_t before;
	static double due;
	struct area *a = &areas[0];
	unsigned long pages;

	due += before ? (double)(now - before) / NS_PER_SEC * opt.w.speed / PAGE : 0;
	before = now;
	pages = due;
	due -= pages;
	if (!pages)
		return;
	if (a->page + a->pages + pages > opt.w.size / PAGE) {
		move_area(now, 0);
		return;
	}
	tell(now, a->page, pages, 0);
	tell(now, a->page + a->pages, pages, 1);
	a->page += pages;
}

/* ---- What is called cold: patterns that a monitor takes for none ---- */

static uint64_t seconds_after(uint64_t now, double seconds)
{
	return now + seconds * NS_PER_SEC;
}

static double draw_between(double low, double high)
{
	return low + (draw() >> 11) / (double)(1ULL << 53) * (high - low);
}

/* All of it, each page at random, but for 1/32 that is hot. */
static void start_even(uint64_t now)
{
	unsigned long pages = opt.w.size / PAGE, hot = pages / 32;

	add_area(now, 0, hot, 0);
	add_area(now, hot, pages - hot, opt.w.rate);
}

/* Idle first, then half of the memory at once, with any period up to two seconds. */
static void step_bursts(uint64_t now)
{
	static uint64_t next;
	static double period;

	if (!next) {
		period = .02 * pow(100, draw_between(0, 1));
		next = seconds_after(now, 15 + draw_between(0, period));
	}
	if (nr_areas) {
		tell(now, areas[0].page, areas[0].pages, 0);
		nr_areas = 0;
	}
	if (now < next)
		return;
	while (next <= now)
		next = seconds_after(next, period);
	add_area(now, opt.w.size / PAGE / 4, opt.w.size / PAGE / 2, 0);
}

/* From time to time each page once, from the lower end up. */
static void step_scan(uint64_t now)
{
	static uint64_t next;
	static unsigned long page, pages;
	unsigned long end = opt.w.size / PAGE, i;

	if (pages)
		tell(now, page - pages, pages, 0);
	pages = 0;
	if (!next)
		next = seconds_after(now, draw_between(0, opt.w.period_ms / 1000.));
	if (now < next)
		return;
	if (page == end) {
		page = 0;
		next = seconds_after(now, opt.w.period_ms / 1000. * draw_between(.7, 1.3));
		return;
	}
	/* In three quarters of a second. */
	pages = end * tick_seconds() / .75 + 1;
	if (pages > end - page)
		pages = end - page;
	tell(now, page, pages, 1);
	for (i = 0; i < pages; i++)
		touch(page++);
}

/* A quarter is used less and less, until it is not used any more. */
static void step_decline(uint64_t now)
{
	static uint64_t start, next;
	double rate;

	if (!start) {
		start = now;
		add_area(now, opt.w.size / PAGE / 2, opt.w.size / PAGE / 4, opt.w.rate);
	}
	if (now < next || !nr_areas)
		return;
	next = seconds_after(now, .2);
	rate = opt.w.rate * (1 - (now - start) / 20e9);
	if (rate <= 0) {
		tell(now, areas[0].page, areas[0].pages, 0);
		nr_areas = 0;
		return;
	}
	areas[0].touches = rate * areas[0].pages * tick_seconds();
	tell(now, areas[0].page, areas[0].pages, 1 - exp(-rate * tick_seconds()));
}

/* All spots stop. */
static void step_stops(uint64_t now)
{
	static uint64_t end;
	unsigned int i;

	if (!end)
		end = seconds_after(now, draw_between(10, 12));
	if (now < end)
		return;
	for (i = 0; i < nr_areas; i++)
		tell(now, areas[i].page, areas[i].pages, 0);
	nr_areas = 0;
}

#define GROWTH	(8 * MiB)

/* No more than the first quarter can be accessed yet. */
static void start_growing(uint64_t now)
{
	(void)now;
	if (mprotect(map + opt.w.size / 4, opt.w.size / 4 * 3, PROT_NONE))
		die("mprotect");
}

/* Some memory more each second; each page is used once. */
static void step_growing(uint64_t now)
{
	static unsigned long page, pages, end;
	static uint64_t next;
	unsigned long i;

	if (!next) {
		page = opt.w.size / 4 / PAGE;
		end = page;
		next = now;
	}
	if (pages)
		tell(now, page - pages, pages, 0);
	if (now >= next && (end + 1) * PAGE < opt.w.size) {
		if (mprotect(map + end * PAGE, GROWTH, PROT_READ | PROT_WRITE))
			die("mprotect");
		end += GROWTH / PAGE;
		next = seconds_after(next, 1);
	}
	pages = GROWTH / PAGE * tick_seconds() + 1;
	if (pages > end - page)
		pages = end - page;
	if (pages)
		tell(now, page, pages, 1);
	for (i = 0; i < pages; i++)
		touch(page++);
}

/* ---- Zipf: objects of 16 pages, the i-th most popular read i^-.99 as often ---- */

#define OBJECT_PAGES	16
#define MAX_OBJECTS	(1 << 15)

static double reach[MAX_OBJECTS];
static unsigned int object[MAX_OBJECTS];

static void start_zipf(uint64_t now)
{
	unsigned int n = opt.w.size / PAGE / OBJECT_PAGES;
	double sum = 0, draws = opt.w.rate * tick_seconds();
	unsigned int i, j, k;

	for (i = 0; i < n; i++) {
		sum += pow(i + 1, -.99);
		reach[i] = sum;
		object[i] = i;
	}
	for (i = n; i > 1; i--) {
		j = draw_below(i);
		k = object[i - 1];
		object[i - 1] = object[j];
		object[j] = k;
	}
	for (i = 0; i < n; i++) {
		reach[i] /= sum;
		tell(now, (unsigned long)object[i] * OBJECT_PAGES, OBJECT_PAGES,
		     1 - pow(1 - pow(i + 1, -.99) / sum, draws));
	}
}

static void step_zipf(uint64_t now)
{
	unsigned int n = opt.w.size / PAGE / OBJECT_PAGES;
	static double due;
	unsigned int i;

	(void)now;
	for (due += opt.w.rate * tick_seconds(); due >= 1; due--) {
		double x = (draw() >> 11) / (double)(1ULL << 53);
		unsigned int low = 0, high = n - 1;

		while (low < high) {
			unsigned int mid = (low + high) / 2;

			if (reach[mid] < x)
				low = mid + 1;
			else
				high = mid;
		}
		for (i = 0; i < OBJECT_PAGES; i++)
			touch((unsigned long)object[low] * OBJECT_PAGES + i);
	}
}

/* ---- The workloads ---- */

static const struct workload workloads[] = {
	{ "static", start_areas, .size = GiB, .areas = 2, .area = 64 * MiB },
	{ "tiny", start_areas, .size = 2 * GiB, .areas = 1, .area = 2 * MiB },
	{ "spots", start_areas, .size = GiB, .areas = 4, .area = 4 * MiB },
	{ "islands", start_areas, .size = 2 * GiB, .areas = 32, .area = 2 * MiB },
	{ "islands64", start_areas, .size = 2 * GiB, .areas = 64, .area = MiB },
	{ "lowrate", start_areas, .size = 2 * GiB, .areas = 1, .area = 512 * MiB, .rate = 3 },
	{ "midrate", start_areas, .size = GiB, .areas = 1, .area = 128 * MiB, .rate = 60 },
	{ "gradient", start_gradient, .size = GiB, .top = 250 },
	{ "stairs", start_areas, step_stairs, .size = GiB, .areas = 1, .area = 64 * MiB,
	  .period_ms = 1000 },
	{ "moving", start_areas, step_moving, .size = GiB, .areas = 1, .area = 64 * MiB,
	  .speed = 32 * MiB },
	{ "phase", start_areas, step_phase, .size = GiB, .areas = 1, .area = 64 * MiB,
	  .period_ms = 2000 },
	{ "zipf", start_zipf, step_zipf, .size = GiB, .rate = 100000, .top = 30 },
	{ "sparse", start_sparse, .size = 2 * GiB },
	{ "vast", start_areas, .size = 256 * GiB, .areas = 1, .area = 64 * MiB, .bare = true },
	{ "hugepages", start_areas, .size = GiB, .areas = 1, .area = 16 * MiB,
	  .huge_pages = true, .no_flush = true },
	{ "churn", start_areas, .size = GiB, .areas = 2, .area = 64 * MiB, .churners = 2 },
	{ "idle", start_nothing, .size = GiB, .no_flush = true },
	{ "uniform", start_areas, .size = GiB, .areas = 1, .area = GiB, .rate = 10 },
	{ "even4", start_even, .size = 512 * MiB, .rate = 4, .cold = true },
	{ "even1", start_even, .size = 512 * MiB, .rate = 1, .cold = true },
	{ "bursts", start_nothing, step_bursts, .size = 512 * MiB, .cold = true },
	{ "scan", start_nothing, step_scan, .size = 512 * MiB, .period_ms = 14000, .cold = true },
	{ "decline", start_nothing, step_decline, .size = 512 * MiB, .rate = 50, .cold = true },
	{ "growing", start_growing, step_growing, .size = 512 * MiB, .cold = true },
	{ "stops", start_areas, step_stops, .size = 512 * MiB, .areas = 16, .area = MiB,
	  .cold = true },
	/* In memory that has been idle for seconds. */
	{ "late", start_areas, step_phase, .size = GiB, .areas = 1, .area = 32 * PAGE,
	  .period_ms = 8000 },
	/* To measure the price of a check, in memory small, vast, and cut up. */
	{ "cost", start_areas, .size = GiB, .areas = 2, .area = 16 * MiB },
	{ "cost-vast", start_areas, .size = 256 * GiB, .areas = 1, .area = 64 * MiB, .bare = true },
	{ "cost-vmas", start_areas, .size = GiB, .areas = 2, .area = 16 * MiB, .vmas = 60000 },
};

const struct workload *find_workload(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++)
		if (!strcmp(workloads[i].name, name))
			return &workloads[i];
	return NULL;
}

/* ---- The program ---- */

#define CHURN	(16 * PAGE)

static void *run_churner(void *arg)
{
	unsigned long i;
	char *p;

	while (!shared->stop) {
		p = mmap(NULL, CHURN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			die("mmap");
		for (i = 0; i < CHURN; i += 4 * PAGE)
			p[i] = 1;
		if (mprotect(p, CHURN / 2, PROT_READ) || munmap(p, CHURN))
			die("munmap");
		shared->loops++;
	}
	return arg;
}

static void start_churners(void)
{
	unsigned long i;
	pthread_t t;

	for (i = 0; i < opt.w.churners; i++) {
		errno = pthread_create(&t, NULL, run_churner, NULL);
		if (errno)
			die("pthread_create");
	}
}

static void run_ticks(void)
{
	uint64_t tick = opt.tick_us * NS_PER_US;
	uint64_t next = now_ns(CLOCK_MONOTONIC);
	unsigned int i;

	while (!shared->stop) {
		uint64_t now = now_ns(CLOCK_MONOTONIC);
		struct timespec t;

		if (opt.w.step)
			opt.w.step(now);
		for (i = 0; i < nr_areas; i++)
			touch_area(&areas[i]);
		if (!opt.w.no_flush)
			drop_tlb();

		shared->ticks++;
		next += tick;
		now = now_ns(CLOCK_MONOTONIC);
		if (now > next) {
			shared->late++;
			next = now;
			continue;
		}
		t.tv_sec = next / NS_PER_SEC;
		t.tv_nsec = next % NS_PER_SEC;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	}
}

void run_program(void)
{
	char head[512];
	uint64_t start;

	rng = opt.seed;
	make_memory();
	opt.w.start(now_ns(CLOCK_MONOTONIC));
	start_churners();
	start = now_ns(CLOCK_MONOTONIC);
	shared->map = (uint64_t)map;
	shared->ready = true;
	run_ticks();

	/* Where ticks were late, they were longer. */
	snprintf(head, sizeof(head), "start %lu\nend %lu\ntick_ns %lu\ntop %lu\nspeed %lu\n"
		 "cold %d\n",
		 (unsigned long)map, (unsigned long)map + opt.w.size,
		 (unsigned long)((now_ns(CLOCK_MONOTONIC) - start) / shared->ticks),
		 opt.w.top, opt.w.speed, opt.w.cold);
	send_section("map", head, strlen(head));
	send_section("truth", truths, nr_truths * sizeof(truths[0]));
}

