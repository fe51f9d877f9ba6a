// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report heatmap: the map in the terminal and as JSON.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "damonctl.h"
#include "heatmap.h"

#define DEFAULT_WIDTH	100
/* "1234.5s " in front of each row */
#define LABEL_WIDTH	9
/* At most so many areas that are left out are told. */
#define HIDDEN_LINES	8
/* The picture is drawn finer than a terminal can. */
#define SVG_COLS	480
#define SVG_ROWS	240

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

/* Of the terminal, or as COLUMNS tells, which many programs export for that. */
static unsigned int default_width(void)
{
	const char *columns = getenv("COLUMNS");
	uint64_t width = DEFAULT_WIDTH;
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col)
		width = ws.ws_col;
	else if (columns)
		parse_number(columns, UINT32_MAX, &width);
	return width < MIN_WIDTH ? MIN_WIDTH : width > MAX_WIDTH ? MAX_WIDTH :
	       (unsigned int)width;
}

double heat_position(const struct heatmap *h, double rate)
{
	return h->grid.max > 0 ? sqrt(rate / (double)h->grid.max) : 0;
}

double heat_rate(const struct heatmap *h, double x)
{
	return x * x * (double)h->grid.max;
}

struct rgb heat_colour(double x)
{
	/* Dark to light, so that it reads in grey as well. */
	static const struct rgb stops[] = {
		{ 12, 16, 48 }, { 52, 24, 112 }, { 124, 30, 124 },
		{ 196, 48, 96 }, { 240, 104, 48 }, { 252, 180, 48 },
		{ 255, 250, 190 },
	};
	double pos = x * (ARRAY_SIZE(stops) - 1), f;
	size_t i = (size_t)pos;
	const struct rgb *a, *b;

	if (i > ARRAY_SIZE(stops) - 2)
		i = ARRAY_SIZE(stops) - 2;
	f = pos - (double)i;
	a = &stops[i];
	b = &stops[i + 1];
	return (struct rgb){
		(unsigned char)(a->r + f * (b->r - a->r)),
		(unsigned char)(a->g + f * (b->g - a->g)),
		(unsigned char)(a->b + f * (b->b - a->b)),
	};
}

const char *format_rate(double rate, char buf[UNITS_LEN])
{
	snprintf(buf, UNITS_LEN, rate < 0.095 ? "%.2g%%" : "%.0f%%", rate * 100);
	return buf;
}

char segment_letter(const struct axis *axis, size_t i)
{
	size_t nr = 0, k;

	if (axis->segments[i].narrowed_bytes == axis->segments[i].bytes)
		return '~';
	for (k = 0; k < i; k++)
		nr += axis->segments[k].narrowed_bytes < axis->segments[k].bytes;
	return (char)('A' + nr);
}

const char *segment_text(const struct segment *s, char *buf, size_t len)
{
	char size[UNITS_LEN], areas[32] = "", narrowed[80] = "";

	if (s->nr > 1)
		snprintf(areas, sizeof(areas), " in %zu areas", s->nr);
	if (s->narrowed_bytes == s->bytes)
		snprintf(narrowed, sizeof(narrowed), "  hardly accessed, narrowed");
	else if (s->narrowed_bytes)
		snprintf(narrowed, sizeof(narrowed),
			 "  %s of it hardly accessed, narrowed",
			 format_size(s->narrowed_bytes, size));
	snprintf(buf, len, "%012" PRIx64 "-%012" PRIx64 " %8s%s%s", s->start,
		 s->end, format_size(s->bytes, size), areas, narrowed);
	return buf;
}

const char *blank_text(const struct heatmap *h)
{
	return h->v->meta.kind == SCOPE_PADDR ? "not monitored" :
	       "not mapped, or not monitored yet";
}

const char *hidden_text(const struct axis *axis, size_t line, char *buf,
			size_t len)
{
	uint64_t low = UINT64_MAX, high = 0, bytes = 0;
	const struct range *r;
	char size[UNITS_LEN];
	size_t i;

	if (line > axis->nr_hidden || line > HIDDEN_LINES || !axis->nr_hidden)
		return NULL;
	if (!line) {
		snprintf(buf, len, "left out, there only briefly: %s in %zu area%s; --range shows one",
			 format_size(axis->hidden_bytes, size), axis->nr_hidden,
			 plural(axis->nr_hidden));
		return buf;
	}
	r = &axis->hidden[line - 1];
	if (line < HIDDEN_LINES || line == axis->nr_hidden) {
		snprintf(buf, len, "%012" PRIx64 "-%012" PRIx64 " %8s", r->start,
			 r->end, format_size(r->end - r->start, size));
		return buf;
	}
	for (i = line - 1; i < axis->nr_hidden; i++) {
		low = axis->hidden[i].start < low ? axis->hidden[i].start : low;
		high = axis->hidden[i].end > high ? axis->hidden[i].end : high;
		bytes += axis->hidden[i].end - axis->hidden[i].start;
	}
	snprintf(buf, len, "%012" PRIx64 "-%012" PRIx64 " %8s in %zu smaller areas",
		 low, high, format_size(bytes, size), axis->nr_hidden - line + 1);
	return buf;
}

const char *heatmap_title(const struct heatmap *h, char *buf, size_t len)
{
	char name[64], span[120], aggr[UNITS_LEN];

	snprintf(buf, len, "%s: %s, one per %s",
		 view_target_name(h->v, h->target, name, sizeof(name)),
		 view_span(h->v, span, sizeof(span)),
		 format_time(h->v->aggr_ns, aggr));
	return buf;
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

	/* As many digits as it takes to tell two rows apart. */
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

/* What the areas are made of: one may reach over several nodes. */
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

static void print_text(const struct heatmap *h)
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

static json_object *range_json(uint64_t start, uint64_t end)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "start", json_object_new_uint64(start));
	json_object_object_add(o, "end", json_object_new_uint64(end));
	return o;
}

static json_object *pieces_json(const struct axis *axis, const struct segment *s)
{
	json_object *list = json_object_new_array(), *o;
	const struct piece *p = &axis->pieces[s->first];
	size_t i;

	for (i = 0; i < s->nr; i++, p++) {
		o = range_json(p->start, p->end);
		json_object_object_add(o, "column", json_object_new_double(p->col - s->col));
		json_object_object_add(o, "columns", json_object_new_double(p->width));
		json_object_object_add(o, "narrowed", json_object_new_boolean(p->narrowed));
		json_object_array_add(list, o);
	}
	return list;
}

static json_object *hidden_json(const struct axis *axis)
{
	json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < axis->nr_hidden; i++)
		json_object_array_add(list, range_json(axis->hidden[i].start,
						       axis->hidden[i].end));
	return list;
}

static json_object *segments_json(const struct axis *axis)
{
	json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < axis->nr; i++) {
		const struct segment *s = &axis->segments[i];

		o = range_json(s->start, s->end);
		json_object_object_add(o, "bytes", json_object_new_uint64(s->bytes));
		json_object_object_add(o, "columns", json_object_new_uint64(s->width));
		json_object_object_add(o, "narrowed",
				       json_object_new_boolean(s->narrowed_bytes == s->bytes));
		json_object_object_add(o, "pieces", pieces_json(axis, s));
		json_object_array_add(list, o);
	}
	return list;
}

/* One rate per column of the segments, null where nothing was monitored. */
static json_object *row_json(const struct heatmap *h, unsigned int row)
{
	const float *cells = &h->grid.cells[(size_t)row * h->grid.cols];
	json_object *o = json_object_new_object();
	json_object *list = json_object_new_array(), *cell;
	uint64_t from, to;
	unsigned int col;
	size_t i;

	for (i = 0; i < h->axis.nr; i++) {
		const struct segment *s = &h->axis.segments[i];

		for (col = s->col; col < s->col + s->width; col++) {
			cell = cells[col] < 0 ? NULL :
			       json_object_new_double((double)cells[col]);
			json_object_array_add(list, cell);
		}
	}
	from = grid_row_start(&h->grid, row) - h->v->origin_ns;
	to = grid_row_start(&h->grid, row + 1) - h->v->origin_ns;
	json_object_object_add(o, "from_ns", json_object_new_uint64(from));
	json_object_object_add(o, "to_ns", json_object_new_uint64(to));
	json_object_object_add(o, "rates", list);
	return o;
}

static void print_as_json(const struct heatmap *h)
{
	json_object *root = view_json(h->v), *rows = json_object_new_array();
	unsigned int row;

	json_object_object_add(root, "snapshots",
			       json_object_new_uint64(h->v->last - h->v->first));
	json_object_object_add(root, view_target_key(h->v),
			       view_target_value(h->v, h->target));
	json_object_object_add(root, "segments", segments_json(&h->axis));
	json_object_object_add(root, "hidden", hidden_json(&h->axis));
	json_object_object_add(root, "hidden_bytes",
			       json_object_new_uint64(h->axis.hidden_bytes));
	for (row = 0; row < h->grid.rows; row++)
		json_object_array_add(rows, row_json(h, row));
	json_object_object_add(root, "rows", rows);
	print_json(root);
}

static bool build(struct heatmap *h, unsigned int cols, unsigned int rows)
{
	char name[64];

	axis_build(&h->axis, h->v, h->target, cols);
	if (!h->axis.nr) {
		complain("%s has no memory in this part of the recording; widen --from, --to or --range",
			 view_target_name(h->v, h->target, name, sizeof(name)));
		return false;
	}
	grid_build(&h->grid, h->v, h->target, h->axis.pieces,
		   h->axis.nr_pieces, cols, rows);
	return true;
}

static void drop(struct heatmap *h)
{
	grid_free(&h->grid);
	axis_free(&h->axis);
}

bool report_heatmap(const struct view *v, const struct heatmap_options *opt)
{
	struct heatmap h = { .v = v, .target = v->targets[0] };
	unsigned int cols;
	char name[64];
	bool ok;

	if (v->nr_targets > 1)
		complain("showing %s, the first of %zu; --target chooses another",
			 view_target_name(v, h.target, name, sizeof(name)),
			 v->nr_targets);
	cols = opt->width ? (unsigned int)opt->width : default_width();
	if (!build(&h, v->json ? cols : cols - LABEL_WIDTH,
		   (unsigned int)opt->rows))
		return false;
	if (v->json)
		print_as_json(&h);
	else
		print_text(&h);
	drop(&h);
	if (!opt->svg)
		return true;
	if (!build(&h, SVG_COLS, SVG_ROWS))
		return false;
	ok = heatmap_svg(&h, opt->svg);
	drop(&h);
	return ok;
}
