/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scheme as a user asks for it: in times, percents and sizes. The kernel wants counts
 * of samples and of aggregations, which depend on the intervals.
 */
#ifndef SCHEME_REQUEST_H
#define SCHEME_REQUEST_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "attrs.h"
#include "scheme.h"

struct span {
	uint64_t min, max;
};

struct scheme_request {
	/* NR_SCHEME_ACTIONS until there is one */
	enum scheme_action action;
	struct span rate_permille, age_ns, size;
	/* the name of the option that set it, or NULL */
	const char *rate_by, *age_by, *size_by;
	/* 0 for no limit */
	uint64_t max_bytes_per_s, max_time_permille;
	/* the limits hold for so long each, a second if it is 0 */
	uint64_t window_ns;
	/* those of the action, if both are 0 */
	uint64_t rate_weight, age_weight;
	/* of free memory; 0 for no limit, and to look once a second */
	uint64_t below_permille, until_permille, above_permille, look_ns;
	/* how much may come back, in 1/10000; 0 for no such goal */
	uint64_t back_bp;
};

#define SCHEME_REQUEST_ANY {						\
	.action = NR_SCHEME_ACTIONS,					\
	.rate_permille = { 0, 1000 },					\
	.age_ns = { 0, SCHEME_NO_LIMIT },				\
	.size = { 0, SCHEME_NO_LIMIT },					\
}

/*
 * Options of a command, which hands a request to them as their input: --cold, --back
 * and --max, and those of all else.
 */
extern const struct argp scheme_basic_argp, scheme_full_argp;

/* Ends the program if the options of scheme_full_argp make no sense together. */
void scheme_request_check(struct argp_state *state, const struct scheme_request *r);

/*
 * Sets what the options left open of a request with a goal: memory that is not accessed,
 * for @least_ns at least. The kernel finds the age that it takes beyond that.
 */
void scheme_request_fill(struct scheme_request *r, uint64_t least_ns);

/* False, with a line printed, if the intervals have no such rate or age. */
bool scheme_request_make(const struct scheme_request *r, const struct attrs *a,
			 struct scheme *s);

/* Tells if there is no swap, so that giving up memory can do little. */
void scheme_request_warn(const struct scheme_request *r);

#endif
