// SPDX-License-Identifier: GPL-2.0
/*
 * Tells in words what a scheme does.
 */
#include <inttypes.h>
#include <string.h>

#include "scheme.h"
#include "units.h"

/* @min and @max are texts, or NULL where there is no bound. */
static void print_span(FILE *f, const char *before, const char *min, const char *max)
{
	if (min && max)
		fprintf(f, "%s%s to %s", before, min, max);
	else if (min)
		fprintf(f, "%s%s or more", before, min);
	else if (max)
		fprintf(f, "%sup to %s", before, max);
}

static const char *format_rate(uint64_t accesses, const struct attrs *a,
			       char buf[UNITS_LEN])
{
	snprintf(buf, UNITS_LEN, "%.3g%%",
		 100.0 * (double)accesses / (double)attrs_full_scale(a));
	return buf;
}

/* What others have set may be beyond all times. */
static const char *format_times(uint64_t nr, uint64_t unit_ns, char buf[UNITS_LEN])
{
	uint64_t ns;

	if (__builtin_mul_overflow(nr, unit_ns, &ns))
		ns = UINT64_MAX;
	return format_time(ns, buf);
}

const char *scheme_format_age(uint64_t age, const struct attrs *a, char buf[UNITS_LEN])
{
	return format_times(age, a->aggr_us * NS_PER_US, buf);
}

static bool is_any_rate(const struct scheme *s, const struct attrs *a)
{
	return !s->min_accesses && s->max_accesses >= attrs_full_scale(a);
}

static void print_rate(FILE *f, const struct scheme *s, const struct attrs *a)
{
	bool bounded = s->max_accesses < attrs_full_scale(a);
	char min[UNITS_LEN], max[UNITS_LEN];

	if (!s->max_accesses) {
		fputs(" not accessed", f);
		return;
	}
	print_span(f, " with a rate of ",
		   s->min_accesses ? format_rate(s->min_accesses, a, min) : NULL,
		   bounded ? format_rate(s->max_accesses, a, max) : NULL);
}

static void print_age(FILE *f, const struct scheme *s, const struct attrs *a)
{
	bool bounded = s->max_age != SCHEME_NO_LIMIT;
	char min[UNITS_LEN], max[UNITS_LEN];

	print_span(f, is_any_rate(s, a) ? " unchanged for " : " for ",
		   s->min_age ? scheme_format_age(s->min_age, a, min) : NULL,
		   bounded ? scheme_format_age(s->max_age, a, max) : NULL);
}

static void print_size(FILE *f, const struct scheme *s)
{
	bool bounded = s->max_size != SCHEME_NO_LIMIT;
	char min[UNITS_LEN], max[UNITS_LEN];

	print_span(f, " in regions of ",
		   s->min_size ? format_size(s->min_size, min) : NULL,
		   bounded ? format_size(s->max_size, max) : NULL);
}

static void print_order(FILE *f, const struct scheme *s)
{
	enum scheme_order order = scheme_actions[s->action].order;

	if (order == SCHEME_ANY_FIRST || (!s->weight_accesses && !s->weight_age))
		return;
	if (s->weight_accesses && s->weight_age)
		fprintf(f, ", %s first",
			order == SCHEME_HOTTEST_FIRST ? "hottest" : "coldest");
	else if (s->weight_age)
		fputs(order == SCHEME_HOTTEST_FIRST ? ", longest hot first" : ", oldest first",
		      f);
	else
		fprintf(f, ", %s accessed first",
			order == SCHEME_HOTTEST_FIRST ? "most" : "least");
	if (s->weight_accesses && s->weight_age && s->weight_accesses != s->weight_age)
		fprintf(f, " (rate %" PRIu64 ", age %" PRIu64 ")", s->weight_accesses,
			s->weight_age);
}

static void print_limits(FILE *f, const struct scheme *s)
{
	char size[UNITS_LEN], window[UNITS_LEN], time[UNITS_LEN];
	bool second = s->window_ms == 1000;

	if (!s->quota_size && !s->quota_ms)
		return;
	if (s->window_ms)
		format_times(s->window_ms, NS_PER_MS, window);
	else
		strcpy(window, "each aggregation");
	if (s->quota_size)
		fprintf(f, ", up to %s%s%s", format_size(s->quota_size, size),
			second ? "/s" : " in ", second ? "" : window);
	if (s->quota_ms)
		fprintf(f, ", up to %s of work in %s",
			format_times(s->quota_ms, NS_PER_MS, time), window);
	print_order(f, s);
}

static void print_goal(FILE *f, uint64_t goal_bp)
{
	if (goal_bp)
		fprintf(f, ", as much as comes back to no more than %g%%",
			(double)goal_bp / 100);
}

static void print_watermarks(FILE *f, const struct scheme *s)
{
	char look[UNITS_LEN];

	if (s->wmark_metric != SCHEME_WMARK_FREE)
		return;
	fprintf(f, ", while less than %g%% of memory is free", (double)s->wmark_mid / 10);
	if (s->wmark_low)
		fprintf(f, ", and at least %g%%", (double)s->wmark_low / 10);
	if (s->wmark_high != s->wmark_mid)
		fprintf(f, "; until it is %g%%", (double)s->wmark_high / 10);
	if (s->wmark_us != NS_PER_SEC / NS_PER_US)
		fprintf(f, "; looked at once in %s",
			format_times(s->wmark_us, NS_PER_US, look));
}

void scheme_describe(FILE *f, const struct scheme *s, uint64_t goal_bp,
		     const struct attrs *a)
{
	fprintf(f, "%s: memory", scheme_actions[s->action].name);
	print_rate(f, s, a);
	print_age(f, s, a);
	print_size(f, s);
	print_goal(f, goal_bp);
	print_limits(f, s);
	print_watermarks(f, s);
}

/*
 * What is back is told at once, and what stays away only after 10 seconds: where little
 * is known, a share would be of what came back alone.
 */
void scheme_describe_back(FILE *f, const struct scheme_stats *stats)
{
	uint64_t checked = stats->size_checked, applied = stats->size_applied;
	uint64_t unknown = applied > checked ? applied - checked : 0;
	char size[UNITS_LEN];

	if (unknown > checked)
		fputs(format_size(stats->size_back, size), f);
	else
		fprintf(f, "%.1f%% of %s",
			100.0 * (double)stats->size_back / (double)checked,
			format_size(checked, size));
	fputs(" was back in memory within 10s", f);
	if (unknown)
		fprintf(f, "; of %s it is not known", format_size(unknown, size));
}
