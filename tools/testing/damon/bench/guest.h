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
	/* between changes */
	unsigned long period_ms;
	/* of a moving area, in bytes a second */
	unsigned long speed;
	/* share of the memory, in permille, that counts as hot; 0: all that is touched */
	unsigned long top;
	/* threads that map and unmap other memory as fast as they can */
	unsigned long churners;
	/* mappings that the memory is cut into, by access rights; 0: one */
	unsigned long vmas;
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
};

extern struct options opt;

/* What the program and its parent tell each other */
struct shared {
	/* the program's, before it is ready */
	uint64_t map;
	volatile bool ready, stop;
	volatile unsigned long loops;
	unsigned long ticks, late;
};

extern struct shared *shared;

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

/* watch.c: these return the processor time that watching the program took. */
bool is_ours(void);
void prepare_watch(void);
uint64_t watch_by_monitor(pid_t program);
uint64_t watch_by_scan(pid_t program);
void send_watched(void);

#endif /* _BENCH_GUEST_H */
