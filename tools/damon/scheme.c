// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes the numbers of schemes.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "scheme.h"

const struct scheme_action_kind scheme_actions[] = {
	[SCHEME_WILLNEED] = { "willneed", .process = true },
	[SCHEME_COLD] = { "cold", SCHEME_COLDEST_FIRST, .process = true },
	[SCHEME_PAGEOUT] = { "pageout", SCHEME_COLDEST_FIRST, true, true },
	[SCHEME_HUGEPAGE] = { "hugepage", SCHEME_HOTTEST_FIRST, .process = true },
	[SCHEME_NOHUGEPAGE] = { "nohugepage", SCHEME_COLDEST_FIRST, .process = true },
	[SCHEME_STAT] = { "stat", SCHEME_ANY_FIRST, true, true },
	[SCHEME_COLLAPSE] = { "collapse", SCHEME_HOTTEST_FIRST, .process = true },
	[SCHEME_LRU_PRIO] = { "lru_prio", SCHEME_HOTTEST_FIRST, .physical = true },
	[SCHEME_LRU_DEPRIO] = { "lru_deprio", SCHEME_COLDEST_FIRST, .physical = true },
};

#define MEMBER(m)	offsetof(struct scheme, m)

/* In the order of the file. */
static const size_t columns[] = {
	MEMBER(min_size), MEMBER(max_size), MEMBER(min_accesses), MEMBER(max_accesses),
	MEMBER(min_age), MEMBER(max_age), MEMBER(action), MEMBER(quota_ms),
	MEMBER(quota_size), MEMBER(window_ms), MEMBER(weight_size),
	MEMBER(weight_accesses), MEMBER(weight_age), MEMBER(wmark_metric),
	MEMBER(wmark_us), MEMBER(wmark_high), MEMBER(wmark_mid), MEMBER(wmark_low),
};

_Static_assert(ARRAY_SIZE(columns) * sizeof(uint64_t) == sizeof(struct scheme),
	       "a column for each member");

#define WORD_END	" \t\n"

bool scheme_parse(const char *row, struct scheme *s)
{
	char *end;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		row += strspn(row, " \t");
		if (!isdigit((unsigned char)*row))
			return false;
		*(uint64_t *)((char *)s + columns[i]) = strtoull(row, &end, 10);
		row = end;
	}
	return s->action < NR_SCHEME_ACTIONS;
}

/* Takes the text as it is, so that settings of newer kernels are kept, too. */
char *scheme_settings(const char *text)
{
	size_t len, rows_len, i;
	char *rows = NULL;
	FILE *f = open_memstream(&rows, &rows_len);

	if (!f)
		return NULL;
	while (*(text += strspn(text, WORD_END))) {
		for (i = 0; i < ARRAY_SIZE(columns); i++) {
			len = strcspn(text, WORD_END);
			fprintf(f, "%s%.*s", i ? " " : "", (int)len, text);
			text += len;
			text += strspn(text, " \t");
		}
		fputc('\n', f);
		text += strcspn(text, "\n");
	}
	return fclose(f) ? NULL : rows;
}

char *scheme_append(const char *rows, const struct scheme *s)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fputs(rows, f);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		fprintf(f, "%s%" PRIu64, i ? " " : "",
			*(const uint64_t *)((const char *)s + columns[i]));
	fputc('\n', f);
	return fclose(f) ? NULL : text;
}

uint64_t scheme_count(const char *rows)
{
	uint64_t nr = 0;

	while (*(rows += strspn(rows, WORD_END))) {
		rows += strcspn(rows, "\n");
		nr++;
	}
	return nr;
}

#define GOAL	" refault_bp "

uint64_t scheme_goal(const char *goals, uint64_t nr)
{
	uint64_t index, goal;

	while (*(goals += strspn(goals, WORD_END))) {
		if (sscanf(goals, "%" SCNu64 GOAL "%" SCNu64, &index, &goal) == 2 &&
		    index == nr)
			return goal;
		goals += strcspn(goals, "\n");
	}
	return 0;
}

char *scheme_append_goal(const char *goals, uint64_t nr, uint64_t goal_bp)
{
	char *text;

	if (!goal_bp)
		return strdup(goals);
	return asprintf(&text, "%s%" PRIu64 GOAL "%" PRIu64 "\n", goals, nr, goal_bp) < 0 ?
	       NULL : text;
}

/* What stands behind "key=" in a row, or NULL. */
static const char *find_value(const char *row, const char *key)
{
	size_t len = strlen(key);

	while (*(row += strspn(row, " \t")) && *row != '\n') {
		if (!strncmp(row, key, len) && row[len] == '=')
			return row + len + 1;
		row += strcspn(row, WORD_END);
	}
	return NULL;
}

static const char *find_row(const char *text, uint64_t nr)
{
	const char *value;

	for (; *text; text += !!*text) {
		value = find_value(text, "scheme");
		if (value && strtoull(value, NULL, 10) == nr)
			return text;
		text += strcspn(text, "\n");
	}
	return NULL;
}

bool scheme_parse_stats(const char *text, uint64_t nr, struct scheme_stats *stats)
{
	static const struct {
		const char *key;
		size_t offset;
	} numbers[] = {
		{ "nr_tried", offsetof(struct scheme_stats, nr_tried) },
		{ "sz_tried", offsetof(struct scheme_stats, size_tried) },
		{ "nr_applied", offsetof(struct scheme_stats, nr_applied) },
		{ "sz_applied", offsetof(struct scheme_stats, size_applied) },
		{ "qt_exceeds", offsetof(struct scheme_stats, nr_full) },
		{ "time_us", offsetof(struct scheme_stats, time_us) },
		{ "min_age", offsetof(struct scheme_stats, min_age) },
		{ "sz_checked", offsetof(struct scheme_stats, size_checked) },
		{ "sz_back", offsetof(struct scheme_stats, size_back) },
	};
	const char *row = find_row(text, nr), *value;
	size_t i;

	*stats = (struct scheme_stats){ 0 };
	if (!row)
		return false;
	value = find_value(row, "active");
	stats->active = value && *value == 'Y';
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		value = find_value(row, numbers[i].key);
		if (value)
			*(uint64_t *)((char *)stats + numbers[i].offset) =
				strtoull(value, NULL, 10);
	}
	return true;
}
