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
	KEY_MAX, KEY_MAX_TIME, KEY_WINDOW, KEY_WEIGH, KEY_BELOW, KEY_UNTIL, KEY_ABOVE,
	KEY_LOOK, KEY_BACK,
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
	{ "window", KEY_WINDOW, "TIME", 0, "These two hold in each TIME (1s)", 3 },
	{ "weigh", KEY_WEIGH, "rate=N,age=N", 0,
	  "How much rate and age count for what has its turn first within them", 3 },
	{ "below", KEY_BELOW, "PERCENT", 0,
	  "Only while less than PERCENT of all memory is free", 3 },
	{ "until", KEY_UNTIL, "PERCENT", 0, "But then until PERCENT is", 3 },
	{ "above", KEY_ABOVE, "PERCENT", 0, "And only while PERCENT or more is", 3 },
	{ "look", KEY_LOOK, "TIME", 0,
	  "Look how much is free once in TIME while it is not so (1s)", 3 },
	{ 0 },
};

static void claim(struct argp_state *state, const char **by, const char *name)
{
	if (*by && strcmp(*by, name))
		argp_error(state, "give either --%s or --%s, not both", *by, name);
	*by = name;
}

/* The kernel takes whole numbers of @unit_ns, in 32 bits on some machines. */
static void set_interval(struct argp_state *state, const char *name, const char *arg,
			 uint64_t unit_ns, const char *unit, uint64_t *ns)
{
	command_time(state, name, arg, ns);
	if (*ns % unit_ns || *ns / unit_ns > UINT32_MAX)
		argp_error(state, "--%s '%s' is no multiple of %s, or too long", name, arg, unit);
}

static void set_percent(struct argp_state *state, const char *name, const char *arg,
			uint64_t *permille)
{
	if (!parse_percent(arg, permille) || !*permille)
		argp_error(state, "--%s '%s' is no percentage above 0; write it as 5%% or 2.5%%",
			   name, arg);
}

/* Each at most once; what is left out has no weight. */
static bool parse_weights(const char *arg, struct scheme_request *r)
{
	static const char *const names[] = { "rate=", "age=" };
	uint64_t weights[2] = { 0 };
	bool given[2] = { false };
	char word[24];
	size_t len, i;

	for (;; arg += len + 1) {
		len = strcspn(arg, ",");
		if (len >= sizeof(word))
			return false;
		memcpy(word, arg, len);
		word[len] = '\0';
		for (i = 0; i < 2 && strncmp(word, names[i], strlen(names[i])); i++)
			;
		if (i == 2 || given[i] ||
		    !parse_number(word + strlen(names[i]), UINT32_MAX, &weights[i]))
			return false;
		given[i] = true;
		if (!arg[len])
			break;
	}
	r->rate_weight = weights[0];
	r->age_weight = weights[1];
	return weights[0] || weights[1];
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
	case KEY_WINDOW:
		set_interval(state, "window", arg, NS_PER_MS, "1ms", &r->window_ns);
		return 0;
	case KEY_WEIGH:
		if (!parse_weights(arg, r))
			argp_error(state, "--weigh '%s' has no weight above 0; write it as rate=1,age=3 or age=1",
				   arg);
		return 0;
	case KEY_BELOW:
		set_percent(state, "below", arg, &r->below_permille);
		return 0;
	case KEY_UNTIL:
		set_percent(state, "until", arg, &r->until_permille);
		return 0;
	case KEY_ABOVE:
		set_percent(state, "above", arg, &r->above_permille);
		return 0;
	case KEY_LOOK:
		set_interval(state, "look", arg, NS_PER_US, "1us", &r->look_ns);
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

static void check_limits(struct argp_state *state, const struct scheme_request *r)
{
	bool limited = r->max_bytes_per_s || r->max_time_permille;
	bool weighed = r->rate_weight || r->age_weight;

	if (r->window_ns && !limited)
		argp_error(state, "--window is of --max and --max-time; give one of them");
	if (weighed && !limited)
		argp_error(state, "--weigh is of --max and --max-time: without a limit, all has its turn");
	if (weighed && scheme_actions[r->action].order == SCHEME_ANY_FIRST)
		argp_error(state, "--weigh is of actions on cold or hot memory; %s takes any first",
			   scheme_actions[r->action].name);
}

static void check_free(struct argp_state *state, const struct scheme_request *r)
{
	if (!r->below_permille && (r->until_permille || r->above_permille || r->look_ns))
		argp_error(state, "--%s needs --below: when less is free, it begins",
			   r->until_permille ? "until" : r->above_permille ? "above" : "look");
	if (r->until_permille && r->until_permille < r->below_permille)
		argp_error(state, "--until must not be less than --below");
	if (r->above_permille > r->below_permille)
		argp_error(state, "--above must not be more than --below");
}

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
	check_limits(state, r);
	check_free(state, r);
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

/* What of @per_second is in a window, rounded down; false if that is none, or too much. */
static bool to_quota(uint64_t per_second, uint64_t window_ms, uint64_t *quota)
{
	if (__builtin_mul_overflow(per_second, window_ms, quota))
		return false;
	*quota /= 1000;
	return *quota || !per_second;
}

/* What does not depend on the intervals. */
static bool set_limits(const struct scheme_request *r, struct scheme *s)
{
	enum scheme_order order = scheme_actions[r->action].order;

	s->window_ms = r->window_ns ? r->window_ns / NS_PER_MS : 1000;
	s->weight_accesses = order == SCHEME_HOTTEST_FIRST;
	s->weight_age = order == SCHEME_COLDEST_FIRST;
	if (r->rate_weight || r->age_weight) {
		s->weight_accesses = r->rate_weight;
		s->weight_age = r->age_weight;
	}
	if (r->below_permille) {
		s->wmark_metric = SCHEME_WMARK_FREE;
		s->wmark_us = (r->look_ns ? r->look_ns : NS_PER_SEC) / NS_PER_US;
		s->wmark_high = r->until_permille ? r->until_permille : r->below_permille;
		s->wmark_mid = r->below_permille;
		s->wmark_low = r->above_permille;
	}
	if (!to_quota(r->max_bytes_per_s, s->window_ms, &s->quota_size)) {
		complain("--max and --window do not fit: a window would have less than a byte, or 2^64");
		return false;
	}
	/* A share of 1/1000 is a millisecond of each second. */
	if (!to_quota(r->max_time_permille, s->window_ms, &s->quota_ms)) {
		complain("--max-time and --window do not fit: a window would have less than 1ms of work");
		return false;
	}
	return true;
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
	if (!set_limits(r, s))
		return false;
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
