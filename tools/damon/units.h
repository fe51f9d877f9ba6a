/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes, times and addresses as people write and read them.
 *
 * The parsers take the whole string or refuse it; then they leave the result as
 * it was. Units may be in capitals or small letters.
 */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US	UINT64_C(1000)
#define NS_PER_MS	UINT64_C(1000000)
#define NS_PER_SEC	UINT64_C(1000000000)

/*
 * "5ms", "100us", "1.5s", "2m", "1h", in nanoseconds. A number without a unit
 * counts @bare_ns each; with @bare_ns == 0 only "0" may go without.
 */
bool parse_time(const char *s, uint64_t bare_ns, uint64_t *ns);

/* A plain decimal number of at most @max. */
bool parse_number(const char *s, uint64_t max, uint64_t *nr);

/*
 * "A-B" with A < B: hexadecimal addresses, with or without 0x, or "A+SIZE"
 * with a size such as 64K, 1M, 2.5G.
 */
bool parse_range(const char *s, uint64_t *start, uint64_t *end);

/* "64K", "1M", "2.5G"; a bare number is bytes. */
bool parse_size(const char *s, uint64_t *bytes);

/* "100M/s", in bytes. */
bool parse_size_per_s(const char *s, uint64_t *bytes);

/* "5", "5%", "2.5%", up to 100, in 1/1000. */
bool parse_percent(const char *s, uint64_t *permille);

/* The same in 1/10000: "0.25%". */
bool parse_percent_bp(const char *s, uint64_t *bp);

/*
 * "MIN-MAX", "MIN-" or "-MAX", each of which @parse takes; what is left out stays as
 * it was.
 */
bool parse_span(const char *s, bool (*parse)(const char *s, uint64_t *value),
		uint64_t *min, uint64_t *max);

#define UNITS_LEN	32

/* Three digits and a unit: "64.0K", "1.50G"; "512B". @buf is the result. */
const char *format_size(uint64_t bytes, char buf[UNITS_LEN]);

/* Three digits and a unit, trailing zeros cut: "5ms", "1.25s", "3m20s". */
const char *format_time(uint64_t ns, char buf[UNITS_LEN]);

/* The ending of a word for @nr things: "" or "s". */
const char *plural(uint64_t nr);

#endif
