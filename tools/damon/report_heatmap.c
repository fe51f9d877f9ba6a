// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report heatmap: chooses the size of the map and who draws it.
 */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damonctl.h"
#include "heatmap.h"
#include "report.h"
#include "units.h"

#define DEFAULT_WIDTH	100
/* The picture is drawn finer than a terminal can. */
#define SVG_COLS	480
#define SVG_ROWS	240

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

static bool is_same_file(const char *a, const char *b)
{
	struct stat st_a, st_b;

	return !stat(a, &st_a) && !stat(b, &st_b) && st_a.st_dev == st_b.st_dev &&
	       st_a.st_ino == st_b.st_ino;
}

/* The picture would take the place of the recording, or of its companion. */
static bool is_recording(const char *path, const char *recording)
{
	char *meta = meta_path(recording);
	bool same = is_same_file(path, recording) || (meta && is_same_file(path, meta));

	free(meta);
	if (same)
		complain("%s is the recording; --svg takes another file", path);
	return same;
}

bool report_heatmap(const struct view *v, const struct heatmap_options *opt)
{
	struct heatmap h = { .v = v, .target = v->targets[0] };
	unsigned int cols;
	char name[64];
	bool ok;

	if (opt->svg && is_recording(opt->svg, v->rec.path))
		return false;
	if (v->nr_targets > 1)
		complain("showing %s, the first of %zu; --target chooses another",
			 view_target_name(v, h.target, name, sizeof(name)),
			 v->nr_targets);
	cols = opt->width ? (unsigned int)opt->width : default_width();
	if (!v->json)
		cols -= LABEL_WIDTH;
	if (!heatmap_build(&h, cols, (unsigned int)opt->rows))
		return false;
	if (v->json)
		heatmap_json(&h);
	else
		heatmap_text(&h);
	heatmap_free(&h);
	if (!opt->svg)
		return true;
	if (!heatmap_build(&h, SVG_COLS, SVG_ROWS))
		return false;
	ok = heatmap_svg(&h, opt->svg);
	heatmap_free(&h);
	return ok;
}
