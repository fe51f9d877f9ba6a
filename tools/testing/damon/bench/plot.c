// SPDX-License-Identifier: GPL-2.0
/*
 * Two plots: recall over time, a panel for each workload, and recall against
 * the processor time that it took, two points for each workload.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Pixels */
#define COLUMNS		4
#define PANEL_X		250
#define PANEL_Y		170
#define GRAPH_X		200
#define GRAPH_Y		110
#define LEFT		40
#define TOP		60
#define PRICE_X		640
#define PRICE_Y		480
#define LIST_X		170
#define LINE		18

static const char style[] =
	"text{font-family:'DejaVu Sans',Helvetica,Arial,sans-serif;font-size:11px;fill:#222}"
	".title{font-size:15px;font-weight:bold}.name{font-weight:bold}"
	".mid{text-anchor:middle}.end{text-anchor:end}"
	".axis{stroke:#999;fill:none}.grid{stroke:#ddd;fill:none}"
	".ours{stroke:#0a6fb8;fill:none}.base{stroke:#d9730d;fill:none}.scan{stroke:#777;fill:none}"
	".seed{stroke-width:1;stroke-opacity:.35}.mean{stroke-width:2}"
	".dot{stroke:none}.dot.ours{fill:#0a6fb8}.dot.base{fill:#d9730d}.dot.scan{fill:#777}"
	".link{stroke:#bbb;stroke-dasharray:3 3}"
	".on{fill:#fff;font-size:9px;text-anchor:middle}";

static const char * const titles[NR_MONITORS] = {
	[OURS] = "ours",
	[BASE] = "base kernel",
	[SCAN] = "scan of each page",
};

static FILE *open_svg(const char *dir, const char *name, int width, int height,
		      const char *title)
{
	char path[4096];
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		return NULL;
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n",
		width, height, width, height);
	fprintf(f, "<style>%s</style>\n", style);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", f);
	fprintf(f, "<text x=\"%d\" y=\"22\" class=\"title\">%s</text>\n", LEFT, title);
	for (i = 0; i < NR_MONITORS; i++) {
		int x = LEFT + i * 130;

		fprintf(f, "<path d=\"M%d 38h20\" class=\"mean %s\"/>", x, monitor_names[i]);
		fprintf(f, "<text x=\"%d\" y=\"42\">%s</text>\n", x + 25,
			titles[i]);
	}
	return f;
}

static bool close_svg(FILE *f)
{
	bool ok;

	fputs("</svg>\n", f);
	ok = !ferror(f);
	return !fclose(f) && ok;
}

/* ---- Recall over time ---- */

struct graph {
	FILE *f;
	double x, y;
	/* time that fills the width */
	double span;
};

static void put_curve(const struct graph *g, const struct run *r, const double *recall,
		      size_t n, const char *kind)
{
	size_t i;

	fprintf(g->f, "<path class=\"%s %s\" d=\"", kind, monitor_names[r->monitor]);
	for (i = 0; i < n; i++)
		fprintf(g->f, "%c%.1f %.1f", i ? 'L' : 'M',
			g->x + GRAPH_X * (r->snapshots[i].time - r->start) / g->span,
			g->y + GRAPH_Y * (1 - recall[i]));
	fputs("\"/>\n", g->f);
}

/* At the times of the run with the fewest reports; those of the others are close. */
static void put_mean(const struct graph *g, const struct row *row, enum monitor monitor)
{
	const struct run *shortest = NULL;
	size_t i, j, seeds = 0;
	double *mean;

	for (i = 0; i < row->nr; i++) {
		const struct run *r = row->scores[i].run;

		if (r->monitor != monitor)
			continue;
		seeds++;
		if (!shortest || r->nr_snapshots < shortest->nr_snapshots)
			shortest = r;
	}
	if (!seeds)
		return;
	mean = get_memory(shortest->nr_snapshots, sizeof(*mean));
	for (i = 0; i < row->nr; i++)
		for (j = 0; j < shortest->nr_snapshots; j++)
			if (row->scores[i].run->monitor == monitor)
				mean[j] += row->scores[i].recall[j] / seeds;
	put_curve(g, shortest, mean, shortest->nr_snapshots, "mean");
	free(mean);
}

static void put_frame(const struct graph *g, const char *name)
{
	fprintf(g->f, "<text x=\"%.0f\" y=\"%.0f\" class=\"name\">%s</text>\n", g->x,
		g->y - 6, name);
	fprintf(g->f, "<path class=\"grid\" d=\"M%.0f %.1fh%dM%.0f %.1fh%d\"/>\n",
		g->x, g->y + GRAPH_Y * .1, GRAPH_X, g->x, g->y + GRAPH_Y * .5, GRAPH_X);
	fprintf(g->f, "<path class=\"axis\" d=\"M%.0f %.0fv%dh%d\"/>\n", g->x, g->y,
		GRAPH_Y, GRAPH_X);
	fprintf(g->f, "<text x=\"%.0f\" y=\"%.0f\" class=\"end\">1</text>\n", g->x - 4, g->y + 4);
	fprintf(g->f, "<text x=\"%.0f\" y=\"%.0f\" class=\"end\">.9</text>\n", g->x - 4,
		g->y + GRAPH_Y * .1 + 6);
	fprintf(g->f, "<text x=\"%.0f\" y=\"%.0f\" class=\"end\">0</text>\n", g->x - 4,
		g->y + GRAPH_Y + 4);
	fprintf(g->f, "<text x=\"%.0f\" y=\"%.0f\" class=\"end\">%.0f s</text>\n", g->x + GRAPH_X,
		g->y + GRAPH_Y + 14, g->span / NS_PER_SEC);
}

static void put_panel(struct graph *g, const struct row *row)
{
	size_t i;

	g->span = 0;
	for (i = 0; i < row->nr; i++)
		g->span = fmax(g->span, row->scores[i].run->end - row->scores[i].run->start);
	put_frame(g, row->scores->run->name);
	for (i = 0; i < row->nr; i++)
		put_curve(g, row->scores[i].run, row->scores[i].recall,
			  row->scores[i].run->nr_snapshots, "seed");
	for (i = 0; i < NR_MONITORS; i++)
		put_mean(g, row, i);
}

static bool has_recall(const struct row *row)
{
	return !isnan(row->scores->value[RECALL]);
}

static bool plot_recall(const struct score *scores, size_t nr, const char *dir)
{
	struct row row = { 0 };
	struct graph g;
	int n = 0, rows;

	while (next_row(&row, scores, nr))
		n += has_recall(&row);
	rows = (n + COLUMNS - 1) / COLUMNS;
	g.f = open_svg(dir, "recall.svg", COLUMNS * PANEL_X + LEFT, TOP + rows * PANEL_Y + LINE,
		       "Recall of the hot memory over time");
	if (!g.f)
		return false;
	n = 0;
	memset(&row, 0, sizeof(row));
	while (next_row(&row, scores, nr)) {
		if (!has_recall(&row))
			continue;
		g.x = LEFT + n % COLUMNS * PANEL_X;
		g.y = TOP + LINE + n / COLUMNS * PANEL_Y;
		put_panel(&g, &row);
		n++;
	}
	return close_svg(g.f);
}

/* ---- Recall against processor time ---- */

/* The time is on a logarithmic scale of three decades. */
#define MIN_CPU	.001
#define DECADES	3

static double price_x(double cpu)
{
	return LEFT + PRICE_X * fmin(fmax(log10(cpu / MIN_CPU) / DECADES, 0), 1);
}

static double price_y(double recall)
{
	return TOP + PRICE_Y * (1 - recall);
}

static void put_price_axes(FILE *f)
{
	int i, j;

	fprintf(f, "<path class=\"axis\" d=\"M%d %dv%dh%d\"/>\n", LEFT, TOP, PRICE_Y, PRICE_X);
	for (i = 0; i <= 10; i += 2)
		fprintf(f, "<text x=\"%d\" y=\"%.0f\" class=\"end\">%.1f</text>\n", LEFT - 5,
			price_y(i / 10.) + 4, i / 10.);
	for (i = 0; i <= DECADES; i++) {
		double cpu = MIN_CPU * pow(10, i);

		fprintf(f, "<text x=\"%.0f\" y=\"%d\" class=\"mid\">%g %%</text>\n", price_x(cpu),
			TOP + PRICE_Y + 16, cpu * 100);
		for (j = 1; j < 10 && i < DECADES; j++)
			fprintf(f, "<path class=\"grid\" d=\"M%.1f %dv%d\"/>\n",
				price_x(cpu * (j + 1)), TOP, PRICE_Y);
	}
	fprintf(f, "<text x=\"%d\" y=\"%d\" class=\"mid\">of one processor</text>\n",
		LEFT + PRICE_X / 2, TOP + PRICE_Y + 32);
}

static void put_price(FILE *f, const struct row *row, int number)
{
	/* A scan is off the scale. */
	const int n = SCAN;
	double x[n], y[n];
	int i;

	for (i = 0; i < n; i++) {
		x[i] = price_x(mean_of(row, i, CPU).value);
		y[i] = price_y(mean_of(row, i, RECALL).value);
	}
	fprintf(f, "<path class=\"link\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", x[OURS], y[OURS],
		x[BASE], y[BASE]);
	for (i = 0; i < n; i++) {
		fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"7\" class=\"dot %s\"/>", x[i], y[i],
			monitor_names[i]);
		fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" class=\"on\">%d</text>\n", x[i], y[i] + 3,
			number);
	}
	fprintf(f, "<text x=\"%d\" y=\"%d\">%d %s</text>\n", LEFT + PRICE_X + 20,
		TOP + number * LINE, number, row->scores->run->name);
}

static bool plot_price(const struct score *scores, size_t nr, const char *dir)
{
	FILE *f = open_svg(dir, "price.svg", LEFT + PRICE_X + LIST_X, TOP + PRICE_Y + 45,
			   "Recall against the time of the worker");
	struct row row = { 0 };
	int number = 0;

	if (!f)
		return false;
	put_price_axes(f);
	while (next_row(&row, scores, nr))
		if (mean_of(&row, OURS, RECALL).n && mean_of(&row, BASE, RECALL).n)
			put_price(f, &row, ++number);
	return close_svg(f);
}

bool plot(const struct score *scores, size_t nr, const char *dir)
{
	return plot_recall(scores, nr, dir) && plot_price(scores, nr, dir);
}
