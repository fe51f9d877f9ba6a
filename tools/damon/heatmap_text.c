// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map in the terminal: colours, or characters where there are none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heatmap.h"
#include "units.h"

/* From no access to the hottest; where no memory is monitored there is a blank. */
static const char ramp[] = ".,-=+*%#@";

#define LEVELS		(sizeof(ramp) - 1)

enum depth { PLAIN, COLOURS_256, TRUE_COLOUR };

static enum depth colour_depth(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	const char *more = getenv("COLORTERM");

	if (!isatty(STDOUT_FILENO) || (no && *no) || !term ||
	    !strcmp(term, "dumb"))
		return PLAIN;
	if (more && (!strcmp(more, "truecolor") || !strcmp(more, "24bit")))
		return TRUE_COLOUR;
	return COLOURS_256;
}

static size_t level_of(const struct heatmap *h, float rate)
{
	size_t level = (size_t)(heat_position(h, (double)rate) * LEVELS);

	return level < LEVELS ? level : LEVELS - 1;
}

/* The nearest of the 6x6x6 cube of the 256 colours. */
static int cube_colour(struct rgb c)
{
	static const unsigned char steps[] = { 0, 95, 135, 175, 215, 255 };
	const unsigned char in[] = { c.r, c.g, c.b };
	int i, k, best, colour = 0;

	for (i = 0; i < 3; i++) {
		best = 0;
		for (k = 1; k < 6; k++) {
			if (abs(in[i] - steps[k]) < abs(in[i] - steps[best]))
				best = k;
		}
		colour = colour * 6 + best;
	}
	return 16 + colour;
}

static void set_background(enum depth colours, double x)
{
	struct rgb c = heat_colour(x);

	if (colours == TRUE_COLOUR)
		printf("\033[48;2;%u;%u;%um", c.r, c.g, c.b);
	else
		printf("\033[48;5;%dm", cube_colour(c));
}

static void print_cell(const struct heatmap *h, enum depth colours, float rate)
{
	if (rate < 0) {
		putchar(' ');
	} else if (colours == PLAIN) {
		putchar(ramp[level_of(h, rate)]);
	} else {
		set_background(colours, heat_position(h, (double)rate));
		fputs(" \033[0m", stdout);
	}
}

static bool is_gap(const struct axis *axis, size_t i)
{
	return i + 1 < axis->nr &&
	       axis->segments[i].end != axis->segments[i + 1].start;
}

static void print_row(const struct heatmap *h, enum depth colours,
		      unsigned int row)
{
	const float *cells = &h->grid.cells[(size_t)row * h->grid.cols];
	uint64_t begin = grid_row_start(&h->grid, row) - h->v->origin_ns;
	uint64_t span = (h->grid.end_ns - h->grid.begin_ns) / h->grid.rows;
	unsigned int col;
	size_t i;

	/* As many digits as the times of two rows need to differ. */
	printf("%*.*fs ", LABEL_WIDTH - 2, span >= NS_PER_SEC ? 1 :
	       span >= 10 * NS_PER_MS ? 2 : 4, (double)begin / NS_PER_SEC);
	for (i = 0; i < h->axis.nr; i++) {
		const struct segment *s = &h->axis.segments[i];

		for (col = s->col; col < s->col + s->width; col++)
			print_cell(h, colours, cells[col]);
		if (i + 1 < h->axis.nr)
			putchar(is_gap(&h->axis, i) ? '|' : ':');
	}
	putchar('\n');
}

/* Letters above the middle of the areas. */
static void print_letters(const struct axis *axis)
{
	unsigned int col = 0, middle;
	size_t i;

	printf("%*s ", LABEL_WIDTH - 1, "time");
	for (i = 0; i < axis->nr; i++) {
		middle = axis->segments[i].col + axis->segments[i].width / 2;
		for (; col < middle; col++)
			putchar(' ');
		putchar(segment_letter(axis, i));
		col++;
	}
	putchar('\n');
}

static void print_areas(const struct axis *axis)
{
	char text[160], size[UNITS_LEN];
	size_t i;

	for (i = 0; i < axis->nr; i++) {
		printf("%c %s\n", segment_letter(axis, i),
		       segment_text(&axis->segments[i], text, sizeof(text)));
		if (is_gap(axis, i))
			printf("|   %s not shown\n",
			       format_size(axis->segments[i + 1].start -
					   axis->segments[i].end, size));
	}
	for (i = 0; hidden_text(axis, i, text, sizeof(text)); i++)
		printf("%s%s\n", i ? "  " : "", text);
}

static bool touches(const struct axis *axis, const struct named *n)
{
	size_t i;

	for (i = 0; i < axis->nr; i++) {
		if (axis->segments[i].start < n->end && n->start < axis->segments[i].end)
			return true;
	}
	return false;
}

/* The System RAM in the areas: one area may reach over several nodes. */
static void print_memory(const struct heatmap *h)
{
	const struct names *names = view_names(h->v, h->target);
	size_t i;

	if (!names || h->v->meta.kind != SCOPE_PADDR)
		return;
	for (i = 0; i < names->nr; i++) {
		if (!touches(&h->axis, &names->a[i]))
			continue;
		printf("  %012" PRIx64 "-%012" PRIx64 " %s", names->a[i].start,
		       names->a[i].end, names->a[i].name);
		if (names->a[i].node != NO_NODE)
			printf(", node %" PRId32, names->a[i].node);
		putchar('\n');
	}
}

static void print_legend(const struct heatmap *h, enum depth colours)
{
	char text[UNITS_LEN];
	size_t i;

	if (!(h->grid.max > 0)) {
		fputs("rate  ", stdout);
		print_cell(h, colours, 0);
		printf(" 0%%, nothing was accessed; blank: %s\n", blank_text(h));
		return;
	}
	fputs("rate ", stdout);
	for (i = 0; i < LEVELS; i++) {
		double x = (double)i / LEVELS;

		if (colours == PLAIN) {
			printf(" %c", ramp[i]);
		} else {
			putchar(' ');
			set_background(colours, x + 0.5 / LEVELS);
			fputs("  \033[0m", stdout);
		}
		printf(" %s", format_rate(heat_rate(h, x), text));
	}
	printf(" and more, up to %s; blank: %s\n",
	       format_rate((double)h->grid.max, text),
	       blank_text(h));
}

void heatmap_text(const struct heatmap *h)
{
	enum depth colours = colour_depth();
	char title[256];
	unsigned int row;

	printf("%s\n", heatmap_title(h, title, sizeof(title)));
	print_letters(&h->axis);
	for (row = 0; row < h->grid.rows; row++)
		print_row(h, colours, row);
	print_legend(h, colours);
	print_areas(&h->axis);
	print_memory(h);
}
