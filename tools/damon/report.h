/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reports and the options that each has of its own.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view.h"

struct hot_options {
	uint64_t nr_last, nr_top;
};

struct dist_options {
	/* in the order of the option */
	double percentiles[32];
	size_t nr;
};

#define MIN_WIDTH	20
#define MAX_WIDTH	2000

struct heatmap_options {
	const char *svg;
	uint64_t width, rows;
};

/* False if something failed, with a line printed. */
bool report_heatmap(const struct view *v, const struct heatmap_options *opt);
bool report_hot(const struct view *v, const struct hot_options *opt);
bool report_wss(const struct view *v, const struct dist_options *opt);
bool report_regions(const struct view *v, const struct dist_options *opt);
bool report_raw(const struct view *v);

#endif
