/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Schemes: what the kernel does with memory that is used in some way. Here are their
 * numbers, as the files schemes and scheme_stats have them, and words for them.
 */
#ifndef SCHEME_H
#define SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "attrs.h"
#include "units.h"

#define SCHEME_NO_LIMIT		UINT64_MAX

/* The numbers are the kernel's. */
enum scheme_action {
	SCHEME_WILLNEED,
	SCHEME_COLD,
	SCHEME_PAGEOUT,
	SCHEME_HUGEPAGE,
	SCHEME_NOHUGEPAGE,
	SCHEME_STAT,
	SCHEME_COLLAPSE,
	SCHEME_LRU_PRIO,
	SCHEME_LRU_DEPRIO,
	NR_SCHEME_ACTIONS,
};

/* Which regions have their turn first where a limit does not suffice for all. */
enum scheme_order {
	SCHEME_ANY_FIRST,
	SCHEME_COLDEST_FIRST,
	SCHEME_HOTTEST_FIRST,
};

struct scheme_action_kind {
	/* the kernel's word */
	const char *name;
	enum scheme_order order;
	/* of what memory the kernel has it */
	bool process, physical;
};

extern const struct scheme_action_kind scheme_actions[NR_SCHEME_ACTIONS];

enum {
	SCHEME_WMARK_NONE,
	SCHEME_WMARK_FREE,
};

/* Ranges are closed. Accesses are counts, and ages numbers, of aggregations. */
struct scheme {
	uint64_t min_size, max_size;
	uint64_t min_accesses, max_accesses;
	uint64_t min_age, max_age;
	uint64_t action;
	/* what is done in each window at most; 0 for no limit */
	uint64_t quota_ms, quota_size, window_ms;
	uint64_t weight_size, weight_accesses, weight_age;
	/* of free memory, in 1/1000: the scheme begins at mid, and ends outside the others */
	uint64_t wmark_metric, wmark_us, wmark_high, wmark_mid, wmark_low;
};

/* What a scheme has done, as of the last work that it had done. */
struct scheme_stats {
	/* the watermarks let it work */
	bool active;
	/* neighbouring regions that match are counted as one */
	uint64_t nr_tried, size_tried;
	uint64_t nr_applied, size_applied;
	/* windows that did not suffice */
	uint64_t nr_full;
	/* elapsed, with waits for the swap device; no CPU time */
	uint64_t time_us;
	/* from which age on memory matches now; 0 if the monitor has not been on */
	uint64_t min_age;
	/* of what was given up, what was looked for later, and what was back */
	uint64_t size_checked, size_back;
};

/* A row of the file schemes; what the row has beside the settings is left out. */
bool scheme_parse(const char *row, struct scheme *s);

/*
 * The rows of @text as they can be written, and rows with one more. Both are in memory
 * of their own; NULL if there is none left.
 */
char *scheme_settings(const char *text);
char *scheme_append(const char *rows, const struct scheme *s);

/* How many schemes there are in @rows. */
uint64_t scheme_count(const char *rows);

/*
 * Goals, which the file scheme_goals has: of the bytes that a scheme gives up, so many,
 * in 1/10000, may come back. Then the kernel sets the age, within that of the scheme.
 */

/* Of scheme number @nr, in the text of the file; 0 for none. */
uint64_t scheme_goal(const char *goals, uint64_t nr);

/* The text with one row more, unless @goal_bp is 0; NULL if there is no memory left. */
char *scheme_append_goal(const char *goals, uint64_t nr, uint64_t goal_bp);

/* Of scheme number @nr, in the text of scheme_stats; false if it is not there. */
bool scheme_parse_stats(const char *text, uint64_t nr, struct scheme_stats *stats);

/* "pageout: memory not accessed for 30s or more, up to 100M/s"; @goal_bp may be 0 */
void scheme_describe(FILE *f, const struct scheme *s, uint64_t goal_bp,
		     const struct attrs *a);

/* "12s", for a number of aggregations. */
const char *scheme_format_age(uint64_t age, const struct attrs *a, char buf[UNITS_LEN]);

/* "2.1% of 900M was back in memory within 10s; of 12M it is not known" */
void scheme_describe_back(FILE *f, const struct scheme_stats *stats);

#endif
