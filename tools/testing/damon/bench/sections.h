/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The binary sections of what a guest sends, for the program that writes them
 * and for the one that reads them.
 */
#ifndef _BENCH_SECTIONS_H
#define _BENCH_SECTIONS_H

#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE	4096UL

/*
 * Section "truth": from @time on, each page of [@start, @end) is touched in a
 * tick with probability @p. What is not named is not touched.
 */
struct truth {
	uint64_t time;
	uint64_t start, end;
	double p;
};

/* Section "scan": neighbours that one scan, which ended at @time, found alike */
struct seen {
	uint64_t time;
	uint64_t start, end;
	uint64_t accessed;
};

/* Section "samples": the program as its parent saw it at @time */
struct sample {
	uint64_t time;
	/* pages in memory; bytes of memory that the swap takes */
	uint64_t resident, zram;
	/* of the pages that are looked at: given up since the last look; used shortly before */
	uint64_t given_up, wrong;
	/* bytes of what is used that are on huge pages */
	uint64_t huge;
};

/*
 * Section "frames": for each page of the mapping that the pattern is in, the number
 * of its page frame, if physical memory was monitored.
 */

#endif /* _BENCH_SECTIONS_H */
