/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The users inside the kernel that are driven by parameters: their parameters, with the modes
 * and the defaults that are documented.
 */
#ifndef _DAMON_USERS_H
#define _DAMON_USERS_H

#include "damon_test.h"

#define RECLAIM		"damon_reclaim"
#define LRU_SORT	"damon_lru_sort"
#define STAT		"damon_stat"

#define ALWAYS_ON	"1000"

static const char * const users[] = { RECLAIM, LRU_SORT, STAT };

#define NR_USERS (sizeof(users) / sizeof(*users))

/* A result has no value that is documented. */
#define ANY ""

/* With the default for each of the users, or NULL for one that does not have it. */
static const struct param {
	const char *name;
	mode_t mode;
	const char *value[NR_USERS];
} params[] = {
	{ "enabled", 0600, { "N\n", "N\n", "N\n" } },
	{ "commit_inputs", 0600, { "N\n", "N\n" } },
	{ "kdamond_pid", 0400, { "-1\n", "-1\n", "-1\n" } },
	{ "sample_interval", 0600, { "5000\n", "5000\n" } },
	{ "aggr_interval", 0600, { "100000\n", "100000\n" } },
	{ "min_nr_regions", 0600, { "10\n", "10\n" } },
	{ "max_nr_regions", 0600, { "1000\n", "1000\n" } },
	{ "autotune_monitoring_intervals", 0600, { "N\n", "N\n" } },
	{ "monitor_region_start", 0600, { "0\n", "0\n" } },
	{ "monitor_region_end", 0600, { "0\n", "0\n" } },
	{ "addr_unit", 0600, { "1\n", "1\n" } },
	{ "wmarks_interval", 0600, { "5000000\n", "5000000\n" } },
	{ "wmarks_high", 0600, { "500\n", "200\n" } },
	{ "wmarks_mid", 0600, { "400\n", "150\n" } },
	{ "wmarks_low", 0600, { "200\n", "50\n" } },
	{ "quota_ms", 0600, { "10\n", "10\n" } },
	{ "quota_reset_interval_ms", 0600, { "1000\n", "1000\n" } },
	{ "quota_sz", 0600, { "134217728\n" } },
	{ "min_age", 0600, { "120000000\n" } },
	{ "quota_mem_pressure_us", 0600, { "0\n" } },
	{ "quota_autotune_feedback", 0600, { "0\n" } },
	{ "skip_anon", 0600, { "N\n" } },
	{ "nr_reclaim_tried_regions", 0400, { ANY } },
	{ "bytes_reclaim_tried_regions", 0400, { ANY } },
	{ "nr_reclaimed_regions", 0400, { ANY } },
	{ "bytes_reclaimed_regions", 0400, { ANY } },
	{ "nr_quota_exceeds", 0400, { ANY } },
	{ "hot_thres_access_freq", 0600, { NULL, "500\n" } },
	{ "cold_min_age", 0600, { NULL, "120000000\n" } },
	{ "active_mem_bp", 0600, { NULL, "0\n" } },
	{ "filter_young_pages", 0600, { NULL, "N\n" } },
	{ "nr_lru_sort_tried_hot_regions", 0400, { NULL, ANY } },
	{ "bytes_lru_sort_tried_hot_regions", 0400, { NULL, ANY } },
	{ "nr_lru_sorted_hot_regions", 0400, { NULL, ANY } },
	{ "bytes_lru_sorted_hot_regions", 0400, { NULL, ANY } },
	{ "nr_hot_quota_exceeds", 0400, { NULL, ANY } },
	{ "nr_lru_sort_tried_cold_regions", 0400, { NULL, ANY } },
	{ "bytes_lru_sort_tried_cold_regions", 0400, { NULL, ANY } },
	{ "nr_lru_sorted_cold_regions", 0400, { NULL, ANY } },
	{ "bytes_lru_sorted_cold_regions", 0400, { NULL, ANY } },
	{ "nr_cold_quota_exceeds", 0400, { NULL, ANY } },
	{ "aggr_interval_us", 0400, { NULL, NULL, ANY } },
	{ "estimated_memory_bandwidth", 0400, { NULL, NULL, ANY } },
	{ "memory_idle_ms_percentiles", 0400, { NULL, NULL, ANY } },
};

#define NR_PARAMS (sizeof(params) / sizeof(*params))

/* In a static buffer. */
static inline const char *param_path(const char *user, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", user, name);
	return path;
}

static inline int param_write(const char *user, const char *name, const char *text)
{
	return write_text(param_path(user, name), text);
}

/* In a static buffer; the error as text, so that it can be compared. */
static inline const char *param_read(const char *user, const char *name)
{
	static char text[4096];
	int err = read_text(param_path(user, name), text, sizeof(text));

	if (err)
		snprintf(text, sizeof(text), "error %d", -err);
	return text;
}

static inline long param_number(const char *user, const char *name)
{
	return atol(param_read(user, name));
}

/* All off, with the defaults. */
static inline int users_reset(void)
{
	int err = 0, ret;
	size_t i, j;

	for (i = 0; i < NR_PARAMS; i++) {
		for (j = 0; j < NR_USERS && params[i].mode == 0600; j++) {
			if (!params[i].value[j])
				continue;
			ret = param_write(users[j], params[i].name, params[i].value[j]);
			err = err ?: ret;
		}
	}
	return err;
}

/* Whatever free memory there is, it works. */
static inline int always_on(const char *user)
{
	return param_write(user, "wmarks_high", ALWAYS_ON) ?:
		param_write(user, "wmarks_mid", ALWAYS_ON) ?:
		param_write(user, "wmarks_low", "0");
}

static inline bool have_users(void)
{
	size_t i;

	for (i = 0; i < NR_USERS; i++)
		if (access(param_path(users[i], "enabled"), F_OK))
			return false;
	return true;
}

#define NO_USERS	"this kernel has not all three users"

#endif /* _DAMON_USERS_H */
