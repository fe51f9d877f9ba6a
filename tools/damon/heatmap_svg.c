// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map as a picture: one SVG file that needs no other.
 *
 * Cells of one colour in a row are one rectangle, and all rectangles of one
 * colour are one path, which keeps the file at a fraction of a pixel image.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "damonctl.h"
#include "heatmap.h"
#include "output.h"
#include "svg.h"
#include "units.h"

#define SHADES		48
/* Pixels. */
#define LEFT		84
#define TOP		76
#define PLOT_WIDTH	960
#define PLOT_HEIGHT	480
#define RIGHT		28
#define LINE		18
#define LEGEND_WIDTH	240
#define GREY		"#e8e8ec"

static double col_x(const struct heatmap *h, unsigned int col)
{
	return LEFT + (double)col * PLOT_WIDTH / h->grid.cols;
}

/* -1 where nothing was monitored. */
static int shade_of(const struct heatmap *h, float rate)
{
	if (rate < 0)
		return -1;
	return (int)lround(heat_position(h, (double)rate) * (SHADES - 1));
}

/* The rectangles of one shade in one segment and row. */
static void put_runs(FILE *f, const struct heatmap *h, const struct segment *s,
		     unsigned int row, int shade)
{
	const float *cells = &h->grid.cells[(size_t)row * h->grid.cols];
	unsigned int col = s->col, end = s->col + s->width, first;

	while (col < end) {
		if (shade_of(h, cells[col]) != shade) {
			col++;
			continue;
		}
		for (first = col; col < end && shade_of(h, cells[col]) == shade;)
			col++;
		fprintf(f, "M%u %uh%uv1h-%uz", first, row, col - first,
			col - first);
	}
}

/* Coordinates are cells; the transformation makes pixels of them. */
static void put_cells(FILE *f, const struct heatmap *h)
{
	unsigned int row;
	struct rgb c;
	size_t i;
	int shade;

	fprintf(f, "<g shape-rendering=\"crispEdges\" transform=\"translate(%d %d) scale(%.6f %.6f)\">\n",
		LEFT, TOP, (double)PLOT_WIDTH / h->grid.cols,
		(double)PLOT_HEIGHT / h->grid.rows);
	for (shade = 0; shade < SHADES; shade++) {
		c = heat_colour((double)shade / (SHADES - 1));
		fprintf(f, "<path fill=\"#%02x%02x%02x\" d=\"", c.r, c.g, c.b);
		for (row = 0; row < h->grid.rows; row++) {
			for (i = 0; i < h->axis.nr; i++)
				put_runs(f, h, &h->axis.segments[i], row, shade);
		}
		fputs("\"/>\n", f);
	}
	fputs("</g>\n", f);
}

/* Light ground where nothing is monitored, a frame and a name for each area. */
static void put_ground(FILE *f, const struct heatmap *h, bool frame)
{
	const struct axis *axis = &h->axis;
	char name[2] = "", size[UNITS_LEN];
	double x, width;
	size_t i;

	for (i = 0; i < axis->nr; i++) {
		const struct segment *s = &axis->segments[i];

		x = col_x(h, s->col);
		width = col_x(h, s->col + s->width) - x;
		fprintf(f, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" %s/>\n",
			x, TOP, width, PLOT_HEIGHT,
			frame ? "class=\"line\"" : "fill=\"" GREY "\"");
		if (!frame)
			continue;
		name[0] = segment_letter(axis, i);
		svg_text(f, x + width / 2, TOP - 8, "mid", name);
		if (width >= 48)
			svg_text(f, x + width / 2, TOP + PLOT_HEIGHT + 16, "mid",
				 format_size(s->end - s->start, size));
	}
}

static void put_grey(FILE *f, const struct heatmap *h)
{
	double y = TOP + PLOT_HEIGHT + 34, x = LEFT + PLOT_WIDTH - LEGEND_WIDTH;

	fprintf(f, "<rect x=\"%.0f\" y=\"%.0f\" width=\"14\" height=\"14\" fill=\"" GREY "\" stroke=\"#888\"/>\n",
		x, y);
	svg_text(f, x + 22, y + 11, "", blank_text(h));
}

static void put_time_axis(FILE *f, const struct heatmap *h)
{
	uint64_t from = h->grid.begin_ns - h->v->origin_ns;
	uint64_t to = h->grid.end_ns - h->v->origin_ns;
	uint64_t step = svg_step(to - from, 10), t;
	char label[UNITS_LEN];
	double y;

	for (t = (from + step - 1) / step * step; t <= to; t += step) {
		y = TOP + (double)(t - from) / (double)(to - from) * PLOT_HEIGHT;
		fprintf(f, "<line class=\"tick\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n",
			LEFT - 6, y, LEFT, y);
		svg_text(f, LEFT - 10, y + 4, "end", format_time(t, label));
	}
	svg_axis_name(f, TOP + PLOT_HEIGHT / 2, "time");
}

static void put_legend(FILE *f, const struct heatmap *h)
{
	double x = LEFT + PLOT_WIDTH - LEGEND_WIDTH, y = 18;
	char label[UNITS_LEN];
	struct rgb c;
	int i;

	svg_text(f, x - 10, y + 11, "end", "access rate");
	if (!(h->grid.max > 0)) {
		svg_text(f, x, y + 11, "", "0%, nothing was accessed");
		return;
	}
	for (i = 0; i < SHADES; i++) {
		c = heat_colour((double)i / (SHADES - 1));
		fprintf(f, "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"14\" fill=\"#%02x%02x%02x\"/>\n",
			x + (double)i * LEGEND_WIDTH / SHADES, y,
			(double)LEGEND_WIDTH / SHADES + 0.3, c.r, c.g, c.b);
	}
	for (i = 0; i <= 4; i++) {
		svg_text(f, x + i * LEGEND_WIDTH / 4.0, y + 28, "mid",
			 format_rate(heat_rate(h, i / 4.0), label));
	}
}

static void put_areas(FILE *f, const struct heatmap *h, double y)
{
	char text[160], line[170];
	size_t i;

	svg_text(f, LEFT, y, "",
		 "address (not to one scale; gaps between areas are cut out)");
	for (i = 0; i < h->axis.nr; i++) {
		snprintf(line, sizeof(line), "%c  %s",
			 segment_letter(&h->axis, i),
			 segment_text(&h->axis.segments[i], text, sizeof(text)));
		svg_text(f, LEFT, y += LINE, "mono", line);
	}
	for (i = 0; hidden_text(&h->axis, i, text, sizeof(text)); i++) {
		snprintf(line, sizeof(line), "%s%s", i ? "   " : "", text);
		svg_text(f, LEFT, y += LINE, i ? "mono" : "", line);
	}
}

static int count_lines(const struct axis *axis)
{
	size_t hidden = 0;
	char text[160];

	while (hidden_text(axis, hidden, text, sizeof(text)))
		hidden++;
	return (int)(axis->nr + hidden);
}

static void put_picture(FILE *f, const struct heatmap *h)
{
	int width = LEFT + PLOT_WIDTH + RIGHT;
	int height = TOP + PLOT_HEIGHT + 44 + LINE * count_lines(&h->axis) + 16;
	char title[256], *rest;

	svg_begin(f, width, height, "");
	heatmap_title(h, title, sizeof(title));
	rest = strrchr(title, ':');
	*rest++ = '\0';
	svg_text(f, LEFT, 26, "title", title);
	svg_text(f, LEFT, 46, "", rest + 1);
	put_legend(f, h);
	put_ground(f, h, /*frame=*/false);
	put_cells(f, h);
	put_ground(f, h, /*frame=*/true);
	put_time_axis(f, h);
	put_grey(f, h);
	put_areas(f, h, TOP + PLOT_HEIGHT + 44);
	svg_end(f);
}

bool heatmap_svg(const struct heatmap *h, const char *path)
{
	struct output o;
	bool ok;

	if (!output_open(&o, path, 0666))
		return false;
	put_picture(o.f, h);
	ok = output_finish(&o) && output_commit(&o);
	output_close(&o);
	return ok;
}
