// SPDX-License-Identifier: GPL-2.0
/*
 * The one parser and the one printer of sizes, times and addresses.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "units.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit time_units[] = {
	{ "ns", 1 },
	{ "us", NS_PER_US },
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_SEC },
	{ "m", 60 * NS_PER_SEC },
	{ "h", 3600 * NS_PER_SEC },
	{ NULL, 0 },
};

static const struct unit size_units[] = {
	{ "B", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "P", UINT64_C(1) << 50 },
	{ NULL, 0 },
};

static bool find_unit(const struct unit *units, const char *name,
		      uint64_t *factor)
{
	for (; units->name; units++) {
		if (!strcasecmp(units->name, name)) {
			*factor = units->factor;
			return true;
		}
	}
	return false;
}

static bool scan_digits(const char **s, uint64_t *nr)
{
	const char *p = *s;
	uint64_t v = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	}
	*s = p;
	*nr = v;
	return true;
}

/*
 * Digits after the point are worth @factor / 10, @factor / 100 and so on, in
 * integers: 64-bit sizes do not fit into a double.
 */
static uint64_t scan_fraction(const char **s, uint64_t factor)
{
	uint64_t sum = 0, worth = factor, rest = 0;

	for (; isdigit((unsigned char)**s); (*s)++) {
		rest = worth % 10;
		worth /= 10;
		sum += worth * (uint64_t)(**s - '0') +
		       rest * (uint64_t)(**s - '0') / 10;
	}
	return sum;
}

static bool parse_scaled(const char *s, const struct unit *units,
			 uint64_t bare, uint64_t *value)
{
	uint64_t whole, factor, v, frac = 0;
	const char *point = NULL;

	if (!scan_digits(&s, &whole))
		return false;
	if (*s == '.') {
		point = ++s;
		if (!isdigit((unsigned char)*s))
			return false;
		while (isdigit((unsigned char)*s))
			s++;
	}
	if (*s) {
		if (!find_unit(units, s, &factor))
			return false;
	} else {
		if (point || (!bare && whole))
			return false;
		factor = bare;
	}
	if (point)
		frac = scan_fraction(&point, factor);
	if (__builtin_mul_overflow(whole, factor, &v) ||
	    __builtin_add_overflow(v, frac, &v))
		return false;
	*value = v;
	return true;
}

bool parse_time(const char *s, uint64_t bare_ns, uint64_t *ns)
{
	return parse_scaled(s, time_units, bare_ns, ns);
}

bool parse_size(const char *s, uint64_t *bytes)
{
	return parse_scaled(s, size_units, 1, bytes);
}

bool parse_size_per_s(const char *s, uint64_t *bytes)
{
	size_t len = strcspn(s, "/");
	char size[UNITS_LEN];

	if (len >= sizeof(size) || strcasecmp(s + len, "/s"))
		return false;
	snprintf(size, sizeof(size), "%.*s", (int)len, s);
	return parse_size(size, bytes);
}

/* @one is what 1% counts. */
static bool parse_share(const char *s, uint64_t one, uint64_t *share)
{
	const struct unit units[] = { { "%", one }, { NULL, 0 } };
	uint64_t v;

	if (!parse_scaled(s, units, one, &v) || v > 100 * one)
		return false;
	*share = v;
	return true;
}

bool parse_percent(const char *s, uint64_t *permille)
{
	return parse_share(s, 10, permille);
}

bool parse_percent_bp(const char *s, uint64_t *bp)
{
	return parse_share(s, 100, bp);
}

bool parse_span(const char *s, bool (*parse)(const char *s, uint64_t *value),
		uint64_t *min, uint64_t *max)
{
	size_t len = strcspn(s, "-");
	uint64_t lo = *min, hi = *max;
	char first[UNITS_LEN];

	if (len >= sizeof(first) || !s[len] || !strcmp(s, "-"))
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)len, s);
	s += len + 1;
	if ((*first && !parse(first, &lo)) || (*s && !parse(s, &hi)) || lo > hi)
		return false;
	*min = lo;
	*max = hi;
	return true;
}

bool parse_number(const char *s, uint64_t max, uint64_t *nr)
{
	uint64_t v;

	if (!scan_digits(&s, &v) || *s || v > max)
		return false;
	*nr = v;
	return true;
}

static bool scan_address(const char **s, uint64_t *addr)
{
	const char *p = *s;
	uint64_t v = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	if (!isxdigit((unsigned char)*p))
		return false;
	for (; isxdigit((unsigned char)*p); p++) {
		if (v >> 60)
			return false;
		v = v << 4 | (uint64_t)(isdigit((unsigned char)*p) ? *p - '0' :
					tolower((unsigned char)*p) - 'a' + 10);
	}
	*s = p;
	*addr = v;
	return true;
}

bool parse_range(const char *s, uint64_t *start, uint64_t *end)
{
	uint64_t a, b;

	if (!scan_address(&s, &a))
		return false;
	if (*s == '+') {
		if (!parse_size(s + 1, &b) || __builtin_add_overflow(a, b, &b))
			return false;
	} else {
		if (*s++ != '-' || !scan_address(&s, &b) || *s)
			return false;
	}
	if (a >= b)
		return false;
	*start = a;
	*end = b;
	return true;
}

/* Three significant digits of @value, which is below 1024. */
static int print_three(char *buf, size_t len, double value, const char *unit)
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	return snprintf(buf, len, "%.*f%s", digits, value, unit);
}

const char *format_size(uint64_t bytes, char buf[UNITS_LEN])
{
	double value = (double)bytes;
	int i = 0;

	if (bytes < 1024) {
		snprintf(buf, UNITS_LEN, "%" PRIu64 "B", bytes);
		return buf;
	}
	/* 1023.6K would be printed as 1024K. */
	while (value >= 1023.5 && size_units[i + 1].name) {
		value /= 1024;
		i++;
	}
	print_three(buf, UNITS_LEN, value, size_units[i].name);
	return buf;
}

static void cut_zeros(char *number)
{
	size_t len = strlen(number);

	if (!strchr(number, '.'))
		return;
	while (number[len - 1] == '0')
		number[--len] = '\0';
	if (number[len - 1] == '.')
		number[len - 1] = '\0';
}

const char *format_time(uint64_t ns, char buf[UNITS_LEN])
{
	double value = (double)ns;
	int i = 0;

	if (!ns)
		return strcpy(buf, "0s");
	if (ns >= 3600 * NS_PER_SEC) {
		snprintf(buf, UNITS_LEN, "%" PRIu64 "h%02um",
			 ns / (3600 * NS_PER_SEC),
			 (unsigned int)(ns / (60 * NS_PER_SEC) % 60));
		return buf;
	}
	if (ns >= 100 * NS_PER_SEC) {
		snprintf(buf, UNITS_LEN, "%um%02us",
			 (unsigned int)(ns / (60 * NS_PER_SEC)),
			 (unsigned int)(ns / NS_PER_SEC % 60));
		return buf;
	}
	while (i < 3 && value >= 999.5) {
		value /= 1000;
		i++;
	}
	print_three(buf, UNITS_LEN, value, "");
	cut_zeros(buf);
	strcat(buf, time_units[i].name);
	return buf;
}

const char *plural(uint64_t nr)
{
	return nr == 1 ? "" : "s";
}
