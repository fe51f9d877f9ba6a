// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the scores: runs of which one can tell on paper what they are worth.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MiB		(1UL << 20)
#define MS		1000000UL
#define AT		(1UL << 40)
#define SIZE		(1024 * MiB)
#define NR_REPORTS	40
#define START		(10000 * MS)

static unsigned int passed, failed;

static struct truth truths[8];
static struct snapshot snapshots[NR_REPORTS];
static struct region regions[NR_REPORTS][8];
static struct run run;

/* Nothing was touched, and each report is empty. */
static void begin(void)
{
	int i;

	memset(&run, 0, sizeof(run));
	memset(snapshots, 0, sizeof(snapshots));
	memset(regions, 0, sizeof(regions));
	run.sample = 5 * MS;
	run.aggr = 100 * MS;
	run.tick = 4 * MS;
	run.min_regions = 10;
	run.max_regions = 1000;
	run.start = START;
	run.end = START + NR_REPORTS * run.aggr + 1;
	run.ticks = 1000;
	run.map_start = AT;
	run.map_end = AT + SIZE;
	run.truths = truths;
	run.snapshots = snapshots;
	run.nr_snapshots = NR_REPORTS;
	for (i = 0; i < NR_REPORTS; i++) {
		snapshots[i].time = START + (i + 1) * run.aggr;
		snapshots[i].regions = regions[i];
	}
}

static void touched(uint64_t time, unsigned long mib, unsigned long nr_mib, double p)
{
	truths[run.nr_truths++] = (struct truth){
		time, AT + mib * MiB, AT + (mib + nr_mib) * MiB, p
	};
}

/* Adds a region to the reports from @first on, before @end. */
static void reported(int first, int end, unsigned long mib, unsigned long end_mib,
		     unsigned int nr_accesses, unsigned int age)
{
	int i;

	for (i = first; i < end; i++) {
		snapshots[i].due++;
		regions[i][snapshots[i].nr++] = (struct region){
			AT + mib * MiB, AT + end_mib * MiB, nr_accesses, age
		};
	}
}

static void expect(const char *what, double value, double wanted)
{
	if (isnan(wanted) ? isnan(value) : fabs(value - wanted) < .0005 * fmax(1, wanted)) {
		passed++;
		return;
	}
	printf("%s: %g, not %g\n", what, value, wanted);
	failed++;
}

static void test_perfect(void)
{
	struct score s;

	begin();
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 0, 100, 0, 0);
	reported(0, NR_REPORTS, 100, 164, 20, 0);
	reported(0, NR_REPORTS, 164, 1024, 0, 0);
	s = score_run(&run);
	expect("perfect: recall", s.value[RECALL], 1);
	expect("perfect: rate error", s.value[RATE_ERROR], 0);
	expect("perfect: rank", s.value[RANK], 1);
	expect("perfect: to 90 %", s.value[FOUND], 1);
	expect("perfect: again", s.value[RECOVERED], NAN);
	expect("perfect: edge", s.value[EDGE], 0);
	expect("perfect: regions", s.value[REGIONS], 3);
	expect("perfect: instructions", s.value[INSNS], NAN);
	expect("perfect: slow-down", s.value[SLOWDOWN], NAN);
}

/* Who knows nothing scores what a guess does. */
static void test_blind(void)
{
	struct score s;

	begin();
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 0, 1024, 0, 0);
	s = score_run(&run);
	expect("blind: recall", s.value[RECALL], 64. / 1024);
	expect("blind: rate error", s.value[RATE_ERROR], 64. / 1024);
	expect("blind: rank", s.value[RANK], 0);
	expect("blind: to 90 %", s.value[FOUND], NR_REPORTS + .00001);
	expect("blind: never", s.never[FOUND], 1);
}

/* Half of what is reported hot is, by place or by a tie; the rest is in no region. */
static void test_half(void)
{
	struct score s;

	begin();
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 68, 132, 20, 0);
	s = score_run(&run);
	expect("half: recall", s.value[RECALL], .5);
	expect("half: edge", s.value[EDGE], 32 * MiB / PAGE);

	begin();
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 100, 164, 20, 0);
	reported(0, NR_REPORTS, 500, 564, 20, 0);
	s = score_run(&run);
	expect("tie: recall", s.value[RECALL], .5);
	expect("tie: rate error", s.value[RATE_ERROR], 64. / 1024);
}

/* It moves in the middle of the tenth interval, and is found at the thirteenth report. */
static void test_change(void)
{
	uint64_t change = START + 9 * 100 * MS + 50 * MS;
	struct score s;

	begin();
	touched(START - 1, 100, 64, 1);
	touched(change, 100, 64, 0);
	touched(change, 600, 64, 1);
	reported(0, 12, 100, 164, 20, 0);
	reported(12, NR_REPORTS, 600, 664, 20, 0);
	s = score_run(&run);
	expect("change: again", s.value[RECOVERED], 3.5);
	expect("change: never", s.never[RECOVERED], 0);
	/* The half interval counts for either place, the two after it for none. */
	expect("change: recall", s.recall[9], 1);
	expect("change: recall after", s.recall[10], 0);
	expect("change: recall at last", s.recall[12], 1);
}

/* Between two looks there is one tick, or in a quarter of the cases two. */
static void test_rate(void)
{
	struct score s;

	begin();
	touched(START - 1, 0, 1024, .5);
	reported(0, NR_REPORTS, 0, 1024, 0, 30);
	s = score_run(&run);
	expect("rate: rate error", s.value[RATE_ERROR], .75 * .5 + .25 * .75);
	expect("rate: recall", s.value[RECALL], NAN);
	expect("rate: rank", s.value[RANK], NAN);
	expect("rate: wrongly cold", s.value[WRONGLY_COLD], 1);
}

static void test_cold(void)
{
	struct score s;

	begin();
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 0, 132, 0, 20);
	reported(0, NR_REPORTS, 132, 1024, 0, 21);
	s = score_run(&run);
	expect("cold: only above 2 s", s.value[WRONGLY_COLD], 32. / 1024);

	/* It has rested for more than 2 s at the end only. */
	begin();
	touched(START - 1, 100, 64, 1);
	touched(START, 100, 64, 0);
	reported(0, NR_REPORTS, 0, 1024, 0, 21);
	s = score_run(&run);
	expect("cold: rested", s.value[WRONGLY_COLD], 0);
}

/* What is given away has to be older. */
static void test_idle(void)
{
	struct score s;
	int i;

	begin();
	run.aggr = 1000 * MS;
	run.end = START + NR_REPORTS * run.aggr + 1;
	for (i = 0; i < NR_REPORTS; i++)
		snapshots[i].time = START + (i + 1) * run.aggr;
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 0, 132, 0, 10);
	reported(0, NR_REPORTS, 132, 1024, 0, 11);
	s = score_run(&run);
	expect("idle: only above 10 s", s.value[WRONG_10], 32. / 1024);
	expect("idle: missed", s.value[MISSED_10], 100. / 960);
	expect("idle: recall", s.value[RECALL], 64. / 1024);

	run.cold = 1;
	s = score_run(&run);
	expect("idle: no recall", s.value[RECALL], NAN);
	expect("idle: as before", s.value[WRONG_10], 32. / 1024);

	/* All of it is used. */
	run.nr_truths = 0;
	touched(START - 1, 0, 1024, 1);
	s = score_run(&run);
	expect("idle: nothing to miss", s.value[MISSED_10], NAN);
}

/* The hottest eighth counts, and not the two eighths that are warm. */
static void test_top(void)
{
	struct score s;

	begin();
	run.top = 125;
	touched(START - 1, 0, 128, .2);
	touched(START - 1, 128, 128, 1);
	touched(START - 1, 256, 128, .4);
	reported(0, NR_REPORTS, 0, 128, 5, 0);
	reported(0, NR_REPORTS, 128, 256, 9, 0);
	reported(0, NR_REPORTS, 256, 384, 7, 0);
	s = score_run(&run);
	expect("top: recall", s.value[RECALL], 1);
	expect("top: rank", s.value[RANK], 1);
	expect("top: edge", s.value[EDGE], NAN);

	regions[NR_REPORTS - 1][0].nr_accesses = 10;
	s = score_run(&run);
	expect("top: wrong one", s.recall[NR_REPORTS - 1], 0);
}

static void test_moving(void)
{
	struct score s;

	begin();
	run.speed = 10 * MiB;
	touched(START - 1, 100, 64, 1);
	touched(START + 500 * MS, 100, 4, 0);
	touched(START + 500 * MS, 164, 4, 1);
	reported(0, 5, 100, 164, 20, 0);
	reported(5, NR_REPORTS, 96, 160, 20, 0);
	s = score_run(&run);
	/* 8 of 64 MiB are missed, which the window makes in 800 ms. */
	expect("moving: again", s.value[RECOVERED], 8);
}

static void test_costs(void)
{
	struct score s;

	begin();
	touched(START - 1, 100, 64, 1);
	reported(0, NR_REPORTS, 0, 512, 0, 0);
	reported(0, NR_REPORTS, 512, 1024, 0, 0);
	run.max_regions = run.min_regions;
	run.cpu = 40 * MS;
	s = score_run(&run);
	expect("costs: instructions", s.value[INSNS], 20 * MS / (2. * 20 * NR_REPORTS));
	expect("costs: time", s.value[CPU], .01);
	expect("costs: recall", s.value[RECALL], NAN);

	run.locks = 1;
	run.lock = 1234;
	s = score_run(&run);
	expect("lock", s.value[LOCK], 1234);
	expect("lock: time", s.value[CPU], NAN);

	begin();
	reported(0, NR_REPORTS, 0, 1024, 0, 0);
	run.free_ns = 100;
	run.free_loops = 100;
	run.monitored_ns = 200;
	run.monitored_loops = 150;
	s = score_run(&run);
	expect("slow-down", s.value[SLOWDOWN], .25);
}

/* ---- Schemes ---- */

static struct sample samples[2][4];
static struct try tries[8];

/* Four samples, the last of which is the end; 100 MiB are in memory. */
static struct run act(enum variant is, struct sample *s)
{
	struct run r = { .name = "act", .seed = 1, .start = START, .end = START + 3000 * MS };
	int i;

	for (i = 0; i < 4; i++)
		s[i] = (struct sample){
			.time = START + i * 1000 * MS, .resident = 100 * MiB / PAGE,
		};
	r.act = (struct act){
		.is = true, .variant = is, .loops = 1000, .busy = 3000 * MS,
		.samples = s, .nr_samples = 4, .window = 1000 * MS, .tries = tries,
	};
	return r;
}

static void test_saved(void)
{
	struct run none = act(NONE, samples[0]), ours = act(OUR_SCHEME, samples[1]);
	struct gain g;

	/* For a second, half of it; for two, as a sample is late, a quarter. */
	samples[1][1].resident /= 2;
	samples[1][2].resident /= 4;
	samples[1][3].time += 1000 * MS;
	samples[1][1].given_up = 30;
	samples[1][3].given_up = 10;
	samples[1][3].wrong = 1;
	ours.act.loops = 900;
	ours.act.action = true;
	ours.cpu = 240 * MS;
	ours.act.out = 200;
	ours.act.in = 50;
	g = gain_of(&ours, &none, NULL);
	expect("saved: resident", g.value[RESIDENT], 50 * MiB);
	expect("saved", g.value[SAVED], .5);
	expect("saved: slow-down", g.value[SLOWED], .1);
	expect("saved: but worker", g.value[STALLED], .02);
	expect("saved: back", g.value[BACK], .25);
	expect("saved: wrong", g.value[WRONG], .025);
	expect("saved: no quota", g.value[WINDOW], NAN);

	/* A program that rests is as fast as it is while it does not. */
	ours.act.busy /= 2;
	g = gain_of(&ours, &none, NULL);
	expect("saved: rests", g.value[SLOWED], -.8);
	g = gain_of(&ours, NULL, NULL);
	expect("saved: of what", g.value[SAVED], NAN);
}

static void test_huge(void)
{
	struct run none = act(NONE, samples[0]), ours = act(OUR_SCHEME, samples[1]);
	static struct sample of_always[4];
	struct run always = act(ALWAYS, of_always);
	struct gain g;
	int i;

	for (i = 0; i < 4; i++) {
		of_always[i].resident *= 5;
		of_always[i].huge = 40 * MiB;
		samples[1][i].resident *= 2;
		samples[1][i].huge = i ? 40 * MiB : 10 * MiB;
	}
	g = gain_of(&ours, &none, &always);
	expect("huge: waste removed", g.value[TRIMMED], .75);
	expect("huge: gain kept", g.value[KEPT], .75);
}

static void tried(struct run *r, unsigned long ms, unsigned long bytes)
{
	tries[r->act.nr_tries++] = (struct try){ START + ms * MS, bytes };
}

static void test_window(void)
{
	struct run r = act(OUR_SCHEME, samples[1]);

	r.act.quota = 100;
	expect("window: nothing", gain_of(&r, NULL, NULL).value[WINDOW], 0);

	/* Windows that begin .4 s before the first work keep it. */
	tried(&r, 0, 60);
	tried(&r, 500, 40);
	tried(&r, 700, 60);
	tried(&r, 1500, 40);
	tried(&r, 1700, 100);
	expect("window: kept", gain_of(&r, NULL, NULL).value[WINDOW], 1);

	/* No windows do: the second try goes with the first or with the third. */
	tries[1].bytes = 50;
	expect("window: exceeded", gain_of(&r, NULL, NULL).value[WINDOW], 1.1);
	r.act.nr_tries = 0;
	tried(&r, 0, 60);
	tried(&r, 100, 60);
	tried(&r, 200, 60);
	tried(&r, 5000, 60);
	expect("window: first", gain_of(&r, NULL, NULL).value[WINDOW], 1.2);
}

int main(void)
{
	test_perfect();
	test_blind();
	test_half();
	test_change();
	test_rate();
	test_cold();
	test_idle();
	test_top();
	test_moving();
	test_costs();
	test_saved();
	test_huge();
	test_window();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
