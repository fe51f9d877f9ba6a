/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the guest's program share.
 */
#ifndef _BENCH_GUEST_H
#define _BENCH_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "sections.h"

#define NS_PER_SEC	1000000000ULL
#define NS_PER_US	1000ULL
#define NS_PER_MS	1000000ULL

struct workload {
	const char *name;
	/* sets the pattern up in the memory, which is populated */
	void (*start)(uint64_t now);
	/* changes the pattern as time goes by; may be NULL */
	void (*step)(uint64_t now);
	unsigned long size;
	/* @areas areas of @area bytes are hot */
	unsigned long areas, area;
	/* touches of a page, or of an object, in a second, at random; 0: each page, each tick */
	unsigned long rate;
	/* between changes; and before the first one */
	unsigned long period_ms, calm_ms;
	/* of a moving area, in bytes a second */
	unsigned long speed;
	/* share of the memory, in permille, that counts as hot; 0: all that is touched */
	unsigned long top;
	/* threads that map and unmap other memory as fast as they can */
	unsigned long churners;
	/* mappings that the memory is cut into, by access rights; 0: one */
	unsigned long vmas;
	/* instructions of computing for each touch */
	unsigned long work;
	/* tells nothing of hot memory, only of what is called cold */
	bool cold;
	/* only what is hot is populated */
	bool bare;
	bool huge_pages;
	/* leaves its TLB alone */
	bool no_flush;
};

/* What is asked for */
struct options {
	struct workload w;
	unsigned long seed;
	unsigned long seconds;
	unsigned long tick_us;
	/* The program runs for so long before it is monitored. */
	unsigned long lead_ms;
	const char *attrs;
	/* Look at each page, in the place of monitoring. */
	unsigned long scan;
	/* Monitor all physical memory, in the place of the program's. */
	unsigned long paddr;
	/* Also record how long the worker holds the lock of the address space. */
	unsigned long locks;

	/* NULL: only watch; or else what this run is called, see act.c */
	const char *variant;
	/* Have no monitor. */
	unsigned long unwatched;
	/* NULL: no scheme; or else its action, and on what */
	const char *action;
	unsigned long age_ms, least_size;
	/* of the bytes given up, how many may come back; 0: no goal */
	unsigned long goal_bp;
	/* Note each second what the scheme has done. */
	unsigned long course;
	/* in bytes a window; 0: none */
	unsigned long quota, window_ms;
	/* a name in programs.sh, in the place of a load */
	const char *program;
	/* After so many touches a load sleeps; 0: it does not. */
	unsigned long burst, idle_ms;
	/* Look which part of what a load uses is on huge pages. */
	unsigned long see_huge;
	/* bytes of a page that do not compress */
	unsigned long noise;
	/* Who was used in this time was given up wrongly. */
	unsigned long wrong_ms;
	/* who may have huge pages: a word of the kernel */
	const char *thp;
};

extern struct options opt;

/* What the program and its parent tell each other */
struct shared {
	/* the program's, before it is ready */
	uint64_t map;
	volatile bool ready, stop;
	volatile unsigned long loops;
	/* of a load: time between its sleeps */
	volatile uint64_t busy_ns;
	/* ... and what it uses, if that stays where it is */
	uint64_t used, used_end;
	unsigned long ticks, late;
};

extern struct shared *shared;

/* When each page of a load was touched last, in milliseconds; 0: not yet */
#define MAX_PAGES	(1UL << 20)
extern uint32_t *last_touch;

/* Random numbers (splitmix64) */
extern uint64_t rng;

static inline uint64_t draw(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Uniform in [0, n), for n far below 2^32. */
static inline unsigned long draw_below(unsigned long n)
{
	return (draw() >> 32) * n >> 32;
}

/* guest.c */
pid_t start_program(void);
void end_program(pid_t program);

/* services.c */
uint64_t now_ns(clockid_t clock);
void sleep_ms(unsigned long ms);
/* To the kernel's log, which is all that is kept of a guest that fails */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Without the section "end", all that was sent counts as nothing. */
_Noreturn void power_off(void);
_Noreturn void die(const char *what);
void open_port(void);
void close_port(void);
void send_section(const char *name, const void *data, size_t len);
/* Of the kernel's files: if it lacks one, they die. */
void put_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t get_file(const char *path, char *text, size_t size);
void read_at(const char *path, void *data, size_t len, uint64_t offset);

/* pattern.c */
const struct workload *find_workload(const char *name);
void run_program(void);

/* load.c */
const struct workload *find_load(const char *name);
void run_load(void);

/* program.c */
pid_t start_real_program(void);
bool real_program_has_ended(void);
void end_real_program(void);
void nap_ms(unsigned long ms);

/* act.c */
void set_scheme(void);
void run_act(void);

/* watch.c */
bool is_ours(void);
/* Returns the worker's pid. */
pid_t monitor_start(pid_t target);
void monitor_stop(void);
uint64_t cpu_ns(pid_t pid);
void prepare_watch(void);
/* These return the processor time that watching the program took. */
uint64_t watch_by_monitor(pid_t program);
uint64_t watch_by_scan(pid_t program);
void send_watched(void);
/* A file of the kernel, and what is in its trace buffer */
void send_file(const char *name, const char *path);
void send_trace(void);

#endif /* _BENCH_GUEST_H */
