// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the parts of pictures that are alike in all of them.
 */
#include <stddef.h>

#include "damonctl.h"
#include "svg.h"

static const char common_style[] =
	"text{font-family:'DejaVu Sans',Helvetica,Arial,sans-serif;font-size:12px;"
	"fill:#222}.title{font-size:16px;font-weight:bold}"
	".mono{font-family:'DejaVu Sans Mono',Menlo,monospace}"
	".mid{text-anchor:middle}.end{text-anchor:end}"
	".line{stroke:#444;stroke-width:1;fill:none}"
	".tick{stroke:#888;stroke-width:1}";

void svg_begin(FILE *f, int width, int height, const char *style)
{
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
		width, height, width, height);
	fprintf(f, "<style>%s%s</style>\n", common_style, style);
	fprintf(f, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width,
		height);
}

void svg_end(FILE *f)
{
	fputs("</svg>\n", f);
}

static void put_escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		default:
			/* A process may have any bytes in its name. */
			fputc(*s >= ' ' && *s < 127 ? *s : '?', f);
		}
	}
}

void svg_text(FILE *f, double x, double y, const char *class, const char *text)
{
	fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" xml:space=\"preserve\">", x, y, class);
	put_escaped(f, text);
	fputs("</text>\n", f);
}

void svg_axis_name(FILE *f, double y, const char *name)
{
	fprintf(f, "<text class=\"mid\" transform=\"translate(18 %.0f) rotate(-90)\">%s</text>\n",
		y, name);
}

uint64_t svg_step(uint64_t span, unsigned int max)
{
	static const unsigned int factors[] = { 1, 2, 5 };
	uint64_t power = 1;
	size_t i;

	for (;; power *= 10) {
		for (i = 0; i < ARRAY_SIZE(factors); i++) {
			if (span / (power * factors[i]) <= max)
				return power * factors[i];
		}
	}
}
