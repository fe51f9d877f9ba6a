/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heat map, and what its three renderers have in common: the place of memory
 * and time, colours, and words.
 */
#ifndef HEATMAP_H
#define HEATMAP_H

#include "axis.h"
#include "grid.h"
#include "units.h"
#include "view.h"

struct heatmap {
	const struct view *v;
	uint64_t target;
	struct axis axis;
	struct grid grid;
};

/* False, with a line printed, if there is no memory to show. */
bool heatmap_build(struct heatmap *h, unsigned int cols, unsigned int rows);
void heatmap_free(struct heatmap *h);

struct rgb {
	unsigned char r, g, b;
};

/*
 * Rates are shown on a square root scale up to the hottest cell: most memory is
 * touched far less than the hottest, and would all look alike on a linear one.
 * @x is 0 to 1, a position on that scale.
 */
double heat_position(const struct heatmap *h, double rate);
double heat_rate(const struct heatmap *h, double x);
struct rgb heat_colour(double x);

/* "0.52%", "97%". @buf is the result. */
const char *format_rate(double rate, char buf[UNITS_LEN]);

/* 'A' to 'Z', or '~': how segment @i is called in the list of areas. */
char segment_letter(const struct axis *axis, size_t i);

/* "55d0c0a00000-55d0c1600000 12.0M" and what is special about the segment. */
const char *segment_text(const struct segment *s, char *buf, size_t len);

/* The meaning of a cell without a rate, for a legend. */
const char *blank_text(const struct heatmap *h);

/*
 * The lines about memory that is left out: how much, and the addresses of the
 * largest areas. NULL behind the last line.
 */
const char *hidden_text(const struct axis *axis, size_t line, char *buf,
			size_t len);

/* "sort (pid 12): 352 snapshots in 35.2s, one per 100ms" */
const char *heatmap_title(const struct heatmap *h, char *buf, size_t len);

/* In front of each row of text: "1234.5s ". */
#define LABEL_WIDTH	9

/* The renderers. */
void heatmap_text(const struct heatmap *h);
void heatmap_json(const struct heatmap *h);
bool heatmap_svg(const struct heatmap *h, const char *path);

#endif
