// SPDX-License-Identifier: GPL-2.0
/*
 * The picture of memory over time: two lines, and how they differ.
 */
#include "damonctl.h"
#include "svg.h"
#include "units.h"
#include "usage.h"

/* Pixels. */
#define LEFT		84
#define TOP		84
#define PLOT_WIDTH	720
#define PLOT_HEIGHT	320
#define RIGHT		28
#define BOTTOM		56

/* Apart in brightness as well as in colour, and the first is dashed. */
static const char style[] =
	".plot{fill:none;stroke-width:2;stroke-linejoin:round}"
	".l0{stroke:#c2410c;stroke-dasharray:7 4}.l1{stroke:#1e3a8a}"
	".grid{stroke:#ddd;stroke-width:1}";

static double slot_bytes(const struct usage_line *l, size_t i)
{
	const struct usage_slot *s = &l->usage->slots[i];

	return (s->resident + (l->with_swap ? s->swapped : 0)) / (double)s->ns;
}

struct scale {
	uint64_t ns, bytes;
};

static double x_of(const struct scale *sc, double ns)
{
	return LEFT + ns / (double)sc->ns * PLOT_WIDTH;
}

static double y_of(const struct scale *sc, double bytes)
{
	return TOP + PLOT_HEIGHT * (1 - bytes / (double)sc->bytes);
}

static struct scale make_scale(const struct usage_line lines[2])
{
	struct scale sc = { 1, 1 };
	uint64_t ns;
	size_t l, i;

	for (l = 0; l < 2; l++) {
		ns = lines[l].usage->end_ns - lines[l].usage->start_ns;
		if (ns > sc.ns)
			sc.ns = ns;
		for (i = 0; i < USAGE_SLOTS; i++) {
			if (lines[l].usage->slots[i].ns &&
			    slot_bytes(&lines[l], i) > (double)sc.bytes)
				sc.bytes = (uint64_t)slot_bytes(&lines[l], i);
		}
	}
	sc.bytes += sc.bytes / 16;
	return sc;
}

/* A mean stands at the end of its slot: the last one, at the end of the process. */
static void put_line(FILE *f, const struct scale *sc, const struct usage_line *l, int nr)
{
	const struct usage *u = l->usage;
	uint64_t life = u->end_ns - u->start_ns, at;
	bool begun = false;
	size_t i;

	fprintf(f, "<path class=\"plot l%d\" d=\"", nr);
	for (i = 0; i < USAGE_SLOTS; i++) {
		if (!u->slots[i].ns)
			continue;
		at = (i + 1) * u->slot_ns < life ? (i + 1) * u->slot_ns : life;
		fprintf(f, "%c%.1f %.1f", begun ? 'L' : 'M', x_of(sc, (double)at),
			y_of(sc, slot_bytes(l, i)));
		begun = true;
	}
	fputs("\"/>\n", f);
}

static void put_time_axis(FILE *f, const struct scale *sc)
{
	uint64_t step = svg_step(sc->ns, 10), t;
	char label[UNITS_LEN];
	double x;

	for (t = 0; t <= sc->ns; t += step) {
		x = x_of(sc, (double)t);
		fprintf(f, "<line class=\"tick\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n",
			x, TOP + PLOT_HEIGHT, x, TOP + PLOT_HEIGHT + 6);
		svg_text(f, x, TOP + PLOT_HEIGHT + 22, "mid", format_time(t, label));
	}
	svg_text(f, LEFT + PLOT_WIDTH / 2.0, TOP + PLOT_HEIGHT + 44, "mid", "time");
}

/* Steps of a power of two: those of ten are no round sizes. */
static uint64_t size_step(uint64_t bytes, unsigned int max)
{
	uint64_t step = 1;

	while (bytes / step > max)
		step *= 2;
	return step;
}

static void put_size_axis(FILE *f, const struct scale *sc)
{
	uint64_t step = size_step(sc->bytes, 8), bytes;
	char label[UNITS_LEN];
	double y;

	for (bytes = 0; bytes <= sc->bytes; bytes += step) {
		y = y_of(sc, (double)bytes);
		fprintf(f, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n",
			LEFT, y, LEFT + PLOT_WIDTH, y);
		svg_text(f, LEFT - 10, y + 4, "end", format_size(bytes, label));
	}
	svg_axis_name(f, TOP + PLOT_HEIGHT / 2, "memory");
}

static void put_legend(FILE *f, const struct usage_line *l, int nr)
{
	double x = LEFT + 300 * nr, y = TOP - 16;

	fprintf(f, "<path class=\"plot l%d\" d=\"M%.0f %.0fh36\"/>\n", nr, x, y);
	svg_text(f, x + 44, y + 4, "", l->name);
}

void usage_svg(FILE *f, const char *title, const char *subtitle,
	       const struct usage_line lines[2])
{
	struct scale sc = make_scale(lines);
	int nr;

	svg_begin(f, LEFT + PLOT_WIDTH + RIGHT, TOP + PLOT_HEIGHT + BOTTOM, style);
	svg_text(f, LEFT, 26, "title", title);
	svg_text(f, LEFT, 46, "", subtitle);
	put_size_axis(f, &sc);
	put_time_axis(f, &sc);
	for (nr = 0; nr < 2; nr++) {
		put_legend(f, &lines[nr], nr);
		put_line(f, &sc, &lines[nr], nr);
	}
	fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"line\"/>\n",
		LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT);
	svg_end(f);
}
