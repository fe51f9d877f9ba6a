// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the options that describe a scheme, and makes numbers for the kernel of them.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "command.h"
#include "damonctl.h"
#include "scheme_request.h"
#include "units.h"

enum {
	KEY_COLD = 512, KEY_HOT, KEY_FOR, KEY_RATE, KEY_AGE, KEY_SIZE,
	KEY_MAX, KEY_MAX_TIME, KEY_BELOW, KEY_BACK,
	/* and from here on one for each action */
	KEY_ACTION,
};

static const struct argp_option basic_options[] = {
	{ "cold", KEY_COLD, "TIME", 0, "Memory that was not accessed for TIME", 2 },
	{ "back", KEY_BACK, "PERCENT", 0,
	  "Give up as much as comes back to no more than PERCENT within 10s; "
	  "--cold is the least age then", 3 },
	{ "max", KEY_MAX, "SIZE/s", 0, "Try no more than SIZE each second", 3 },
	{ 0 },
};

static const struct argp_option full_options[] = {
	{ NULL, 0, NULL, 0, "What to do:", 1 },
	{ "pageout", KEY_ACTION + SCHEME_PAGEOUT, NULL, 0,
	  "Give it up: to swap, or to its file", 1 },
	{ "make-cold", KEY_ACTION + SCHEME_COLD, NULL, 0,
	  "Make it the first to be reclaimed when memory is short", 1 },
	{ "willneed", KEY_ACTION + SCHEME_WILLNEED, NULL, 0, "Read it in", 1 },
	{ "hugepage", KEY_ACTION + SCHEME_HUGEPAGE, NULL, 0,
	  "Let it have huge pages, where it has room for whole ones", 1 },
	{ "nohugepage", KEY_ACTION + SCHEME_NOHUGEPAGE, NULL, 0,
	  "Let it have no huge pages, where it has room for whole ones", 1 },
	{ "collapse", KEY_ACTION + SCHEME_COLLAPSE, NULL, 0,
	  "Make huge pages of it now, where it has room for whole ones", 1 },
	{ "lru-prio", KEY_ACTION + SCHEME_LRU_PRIO, NULL, 0,
	  "Make it the last to be reclaimed (--paddr only)", 1 },
	{ "lru-deprio", KEY_ACTION + SCHEME_LRU_DEPRIO, NULL, 0,
	  "Make it the first to be reclaimed (--paddr only)", 1 },
	{ "stat", KEY_ACTION + SCHEME_STAT, NULL, 0, "Only count it", 1 },
	{ NULL, 0, NULL, 0, "With which memory:", 2 },
	{ "hot", KEY_HOT, "PERCENT", 0, "Memory with an access rate of PERCENT or more", 2 },
	{ "for", KEY_FOR, "TIME", 0, "Only memory that has had its rate for TIME", 2 },
	{ "rate", KEY_RATE, "MIN-MAX", 0, "Memory with an access rate in this range", 2 },
	{ "age", KEY_AGE, "MIN-MAX", 0, "Only memory that has had its rate for such a time", 2 },
	{ "size", KEY_SIZE, "MIN-MAX", 0, "Only regions of such a size", 2 },
	{ NULL, 0, NULL, 0, "How much and when:", 3 },
	{ "max-time", KEY_MAX_TIME, "PERCENT", 0,
	  "Work for no more than PERCENT of the time", 3 },
	{ "below", KEY_BELOW, "PERCENT", 0,
	  "Only while less than PERCENT of all memory is free", 3 },
	{ 0 },
};

static void claim(struct argp_state *state, const char **by, const char *name)
{
	if (*by && strcmp(*by, name))
		argp_error(state, "give either --%s or --%s, not both", *by, name);
	*by = name;
}

static void set_percent(struct argp_state *state, const char *name, const char *arg,
			uint64_t *permille)
{
	if (!parse_percent(arg, permille) || !*permille)
		argp_error(state, "--%s '%s' is no percentage above 0; write it as 5%% or 2.5%%",
			   name, arg);
}

static bool parse_time_with_unit(const char *s, uint64_t *ns)
{
	return parse_time(s, 0, ns);
}

static void set_span(struct argp_state *state, const char *name, const char *arg,
		     bool (*parse)(const char *s, uint64_t *value), const char *example,
		     struct span *span)
{
	if (!parse_span(arg, parse, &span->min, &span->max))
		argp_error(state, "--%s '%s' is no range; write it as %s, and leave out either end for no limit",
			   name, arg, example);
}

static void set_action(struct argp_state *state, struct scheme_request *r,
		       enum scheme_action action)
{
	if (r->action != NR_SCHEME_ACTIONS && r->action != action)
		argp_error(state, "%s and %s are two actions; add a scheme for each",
			   scheme_actions[r->action].name, scheme_actions[action].name);
	r->action = action;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct scheme_request *r = state->input;

	switch (key) {
	case KEY_COLD:
		claim(state, &r->rate_by, "cold");
		claim(state, &r->age_by, "cold");
		r->rate_permille.max = 0;
		command_time(state, "cold", arg, &r->age_ns.min);
		return 0;
	case KEY_HOT:
		claim(state, &r->rate_by, "hot");
		set_percent(state, "hot", arg, &r->rate_permille.min);
		return 0;
	case KEY_FOR:
		claim(state, &r->age_by, "for");
		command_time(state, "for", arg, &r->age_ns.min);
		return 0;
	case KEY_RATE:
		claim(state, &r->rate_by, "rate");
		set_span(state, "rate", arg, parse_percent, "10-50%", &r->rate_permille);
		return 0;
	case KEY_AGE:
		claim(state, &r->age_by, "age");
		set_span(state, "age", arg, parse_time_with_unit, "10s-5m", &r->age_ns);
		return 0;
	case KEY_SIZE:
		claim(state, &r->size_by, "size");
		set_span(state, "size", arg, parse_size, "64K-2M", &r->size);
		return 0;
	case KEY_MAX:
		if (!parse_size_per_s(arg, &r->max_bytes_per_s) || !r->max_bytes_per_s)
			argp_error(state, "--max '%s' is no size per second above 0; write it as 100M/s",
				   arg);
		return 0;
	case KEY_MAX_TIME:
		set_percent(state, "max-time", arg, &r->max_time_permille);
		return 0;
	case KEY_BELOW:
		set_percent(state, "below", arg, &r->below_permille);
		return 0;
	case KEY_BACK:
		if (!parse_percent_bp(arg, &r->back_bp) || !r->back_bp)
			argp_error(state, "--back '%s' is no percentage of 0.01%% or more; write it as 1%% or 0.5%%",
				   arg);
		return 0;
	}
	if (key < KEY_ACTION || key >= KEY_ACTION + NR_SCHEME_ACTIONS)
		return ARGP_ERR_UNKNOWN;
	set_action(state, r, (enum scheme_action)(key - KEY_ACTION));
	return 0;
}

const struct argp scheme_basic_argp = { .options = basic_options, .parser = parse };
const struct argp scheme_full_argp = { .options = full_options, .parser = parse };

void scheme_request_check(struct argp_state *state, const struct scheme_request *r)
{
	if (r->action == NR_SCHEME_ACTIONS)
		argp_error(state, "nothing to do: give an action, such as --pageout");
	if (r->back_bp && r->action != SCHEME_PAGEOUT)
		argp_error(state, "--back is of --pageout: of %s, nothing can come back",
			   scheme_actions[r->action].name);
	if (r->action != SCHEME_STAT && !r->rate_by && !r->age_by && !r->size_by && !r->back_bp)
		argp_error(state, "%s of which memory? give --cold, --hot, --rate, --age or --size%s",
			   scheme_actions[r->action].name,
			   r->action == SCHEME_PAGEOUT ? ", or --back" : "");
}

void scheme_request_fill(struct scheme_request *r, uint64_t least_ns)
{
	if (!r->rate_by)
		r->rate_permille.max = 0;
	if (!r->age_by)
		r->age_ns.min = least_ns;
}

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return a / b + !!(a % b);
}

/* Makes numbers of what is in whole parts of @unit; both ends of a span are in it. */
static bool to_counts(const struct span *span, uint64_t unit, uint64_t *min, uint64_t *max)
{
	*min = div_up(span->min, unit);
	*max = span->max == SCHEME_NO_LIMIT ? SCHEME_NO_LIMIT : span->max / unit;
	return *min <= *max;
}

/* What does not depend on the intervals. */
static void set_limits(const struct scheme_request *r, struct scheme *s)
{
	enum scheme_order order = scheme_actions[r->action].order;

	s->quota_size = r->max_bytes_per_s;
	/* Of the second that a window is long. */
	s->quota_ms = r->max_time_permille;
	s->window_ms = 1000;
	s->weight_accesses = order == SCHEME_HOTTEST_FIRST;
	s->weight_age = order == SCHEME_COLDEST_FIRST;
	if (!r->below_permille)
		return;
	s->wmark_metric = SCHEME_WMARK_FREE;
	s->wmark_us = NS_PER_SEC / NS_PER_US;
	s->wmark_high = r->below_permille;
	s->wmark_mid = r->below_permille;
}

bool scheme_request_make(const struct scheme_request *r, const struct attrs *a,
			 struct scheme *s)
{
	uint64_t full = attrs_full_scale(a);
	/* In 1/1000 of a sample, of which there is a count. */
	struct span rate = {
		r->rate_permille.min * full,
		r->rate_permille.max < 1000 ? r->rate_permille.max * full : SCHEME_NO_LIMIT,
	};
	char aggr[UNITS_LEN];

	*s = (struct scheme){
		.min_size = r->size.min,
		.max_size = r->size.max,
		.action = r->action,
	};
	set_limits(r, s);
	if (!to_counts(&rate, 1000, &s->min_accesses, &s->max_accesses)) {
		complain("there is no such rate: an aggregation interval has %" PRIu64
			 " sample%s, so rates are multiples of %.3g%%",
			 full, plural(full), 100.0 / (double)full);
		return false;
	}
	if (!to_counts(&r->age_ns, a->aggr_us * NS_PER_US, &s->min_age, &s->max_age)) {
		complain("there is no such age: ages are multiples of the aggregation interval, %s",
			 format_time(a->aggr_us * NS_PER_US, aggr));
		return false;
	}
	return true;
}

void scheme_request_warn(const struct scheme_request *r)
{
	struct sysinfo info;

	if (r->action == SCHEME_PAGEOUT && !sysinfo(&info) && !info.totalswap)
		complain("there is no swap, so only memory of files can be given up; see swapon(8)");
}
