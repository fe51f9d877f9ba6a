// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of heat maps of any number of areas at any width, and of the cut of
 * regions to what is mapped.
 *
 *   areas DIRECTORY
 *
 * Prints a line for each test and ends with 1 if one failed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "axis.h"
#include "check.h"
#include "damonctl.h"
#include "grid.h"
#include "mapped.h"
#include "units.h"

#define PAGE		UINT64_C(4096)
#define MAX_AREAS	1000
#define NR_SNAPSHOTS	4
#define TARGET		7
/* The part of a column that rounding may cost. */
#define EPSILON		(1 / 1e6)

static char recording[300], output[300];
static struct region areas[MAX_AREAS];
static size_t nr_areas;
static unsigned int width;

/* Thousands of maps are checked alike: the first wrong map is told. */
#undef CHECK
#define CHECK(cond) do {						\
	if (!(cond) && test_ok) {					\
		fprintf(results, "# line %d: %s, %zu areas, width %u\n",	\
			__LINE__, #cond, nr_areas, width);		\
		test_ok = false;					\
	}								\
} while (0)

static uint64_t seed = 1;

static uint64_t rnd(uint64_t limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 20) % limit;
}

/* Areas of a page to 512 MiB, some touching, some with holes up to 47 bits. */
static void make_areas(size_t nr)
{
	uint64_t pos = PAGE * (1 + rnd(1000));
	size_t i;

	nr_areas = nr;
	for (i = 0; i < nr; i++) {
		areas[i].start = pos;
		pos += PAGE * (1 + rnd(UINT64_C(1) << rnd(18)));
		areas[i].end = pos;
		areas[i].nr_accesses = rnd(3) ? 0 : 1 + (uint32_t)rnd(20);
		if (rnd(4))
			pos += PAGE * (1 + rnd(rnd(2) ? 16 : (UINT64_C(1) << 35) / nr));
	}
}

static void write_snapshots(int nr)
{
	FILE *f = fopen(recording, "w");
	size_t k;
	int i;

	if (!f)
		exit(2);
	rec_write_header(f);
	for (i = 1; i <= nr; i++) {
		rec_write_snapshot(f, (uint64_t)i * 100 * NS_PER_MS, 1);
		rec_write_target(f, TARGET, (uint32_t)nr_areas);
		for (k = 0; k < nr_areas; k++)
			rec_write_region(f, &areas[k]);
	}
	if (fclose(f))
		exit(2);
}

static void open_view(struct view *v)
{
	*v = (struct view){
		.hi = UINT64_MAX, .aggr_ns = 100 * NS_PER_MS, .full = 20,
	};
	if (!rec_open(&v->rec, recording))
		exit(2);
	v->targets = v->rec.targets;
	v->nr_targets = v->rec.nr_targets;
	v->last = v->rec.nr_snapshots;
}

static void check_columns(const struct axis *axis)
{
	const struct segment *s;
	unsigned int col = 0;
	size_t i, k, next = 0;

	CHECK(axis->nr && axis->nr <= MAX_SEGMENTS && axis->width == width);
	for (i = 0; i < axis->nr; i++) {
		s = &axis->segments[i];
		CHECK(s->col == col && s->width && s->first == next && s->nr);
		CHECK(s->start == axis->pieces[s->first].start);
		for (k = s->first; k < s->first + s->nr; k++) {
			CHECK(axis->pieces[k].width > 0 &&
			      axis->pieces[k].col > s->col - EPSILON &&
			      axis->pieces[k].col + axis->pieces[k].width <
			      s->col + s->width + EPSILON);
			CHECK(!k || axis->pieces[k].start >= axis->pieces[k - 1].end);
		}
		next = s->first + s->nr;
		col += s->width + 1;
	}
	CHECK(col == width + 1 && next == axis->nr_pieces);
}

/* Whether a column of the piece shows accesses in some row. */
static bool is_shown(const struct grid *g, const struct piece *p)
{
	unsigned int first = (unsigned int)p->col, col, row;
	double last = p->col + p->width;

	for (row = 0; row < g->rows; row++) {
		for (col = first; col <= last && col < g->cols; col++) {
			if (g->cells[(size_t)row * g->cols + col] > 0)
				return true;
		}
	}
	return false;
}

/* Each byte has its place, and each area with accesses shows them. */
static void check_memory(const struct axis *axis, const struct grid *g)
{
	uint64_t start, end, bytes;
	size_t i, k, first = 0;
	bool shown;

	CHECK(!axis->nr_hidden);
	for (i = 0; i < nr_areas; i++) {
		bytes = 0;
		shown = false;
		while (axis->pieces[first].end <= areas[i].start &&
		       first + 1 < axis->nr_pieces)
			first++;
		for (k = first; k < axis->nr_pieces &&
		     axis->pieces[k].start < areas[i].end; k++) {
			start = axis->pieces[k].start > areas[i].start ?
				axis->pieces[k].start : areas[i].start;
			end = axis->pieces[k].end < areas[i].end ?
			      axis->pieces[k].end : areas[i].end;
			bytes += end - start;
			shown |= is_shown(g, &axis->pieces[k]);
		}
		CHECK(bytes == areas[i].end - areas[i].start);
		CHECK(shown || !areas[i].nr_accesses);
	}
}

static void check_map(const struct view *v)
{
	struct axis axis;
	struct grid grid;

	axis_build(&axis, v, TARGET, width);
	check_columns(&axis);
	grid_build(&grid, v, TARGET, axis.pieces, axis.nr_pieces, width, 10);
	check_memory(&axis, &grid);
	grid_free(&grid);
	axis_free(&axis);
}

static void all_areas_are_on_the_map(void)
{
	struct view v;
	size_t nr;

	for (nr = 1; nr <= MAX_AREAS; nr++) {
		make_areas(nr);
		write_snapshots(1);
		open_view(&v);
		width = 20 + (unsigned int)(nr - 1) % 20;
		check_map(&v);
		width = 20 + (unsigned int)rnd(1981);
		check_map(&v);
		if (nr % 50 == 0) {
			width = 2000;
			check_map(&v);
		}
		rec_close(&v.rec);
	}
}

static bool has_own_segment(const struct axis *axis, const struct region *r)
{
	size_t i;

	for (i = 0; i < axis->nr; i++) {
		if (axis->segments[i].start == r->start &&
		    axis->segments[i].end == r->end)
			return true;
	}
	return false;
}

static void large_and_hot_areas_stand_alone(void)
{
	struct axis axis;
	struct view v;
	uint64_t size;
	size_t i;

	nr_areas = 200;
	width = 71;
	for (i = 0; i < nr_areas; i++) {
		size = i == 50 ? 65536 * PAGE : i == 120 ? 256 * PAGE : 16 * PAGE;
		areas[i] = (struct region){
			(i + 1) << 32, ((i + 1) << 32) + size, i == 120 ? 20 : 1,
		};
	}
	write_snapshots(NR_SNAPSHOTS);
	open_view(&v);
	axis_build(&axis, &v, TARGET, width);
	CHECK(axis.nr == 7);
	CHECK(has_own_segment(&axis, &areas[50]) && has_own_segment(&axis, &areas[120]));
	axis_free(&axis);
	rec_close(&v.rec);
}

/* Also where columns of the fine grid are smaller than a page. */
static void borders_are_pages(void)
{
	struct axis axis;
	struct view v;
	size_t i;

	nr_areas = 3;
	width = 100;
	areas[0] = (struct region){ 0x400000, 0x417000, 0 };
	areas[1] = (struct region){ 0x417000, 0x418000, 20 };
	areas[2] = (struct region){ 0x418000, 0x4ff000, 0 };
	write_snapshots(NR_SNAPSHOTS);
	open_view(&v);
	axis_build(&axis, &v, TARGET, width);
	CHECK(axis.nr_pieces >= 2);
	for (i = 0; i < axis.nr_pieces; i++)
		CHECK(!(axis.pieces[i].start % PAGE) && !(axis.pieces[i].end % PAGE));
	axis_free(&axis);
	rec_close(&v.rec);
}

static void report(char **options)
{
	char *argv[10] = { "report", "heatmap", "-i", recording };
	int argc = 4;

	while (*options)
		argv[argc++] = *options++;
	if (!freopen(output, "w", stdout))
		exit(2);
	CHECK(cmd_report(argc, argv) == EXIT_OK);
	fflush(stdout);
}

static uint64_t member(json_object *o, const char *name)
{
	json_object *v;

	return json_object_object_get_ex(o, name, &v) ? json_object_get_uint64(v) : 0;
}

static void check_json(void)
{
	json_object *root = json_object_from_file(output), *list, *row, *rates;
	uint64_t columns = 0;
	size_t i, nr = 0;

	CHECK(root);
	if (json_object_object_get_ex(root, "segments", &list))
		nr = json_object_array_length(list);
	for (i = 0; i < nr; i++)
		columns += member(json_object_array_get_idx(list, i), "columns");
	CHECK(nr && columns + nr - 1 == width);
	CHECK(json_object_object_get_ex(root, "rows", &list) &&
	      (row = json_object_array_get_idx(list, 0)) &&
	      json_object_object_get_ex(row, "rates", &rates) &&
	      json_object_array_length(rates) == columns);
	json_object_put(root);
}

static bool ends_with(const char *path, const char *text)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY);
	ssize_t got = -1;

	if (fd >= 0 && lseek(fd, -(off_t)strlen(text), SEEK_END) > 0)
		got = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	return got > 0 && !strcmp(buf, text);
}

static void maps_are_drawn(void)
{
	static const size_t counts[] = { 1, 2, 25, 26, 27, 53, 64, 65, 296, 1000 };
	static const unsigned int widths[] = { 20, 21, 40, 80, 230, 2000 };
	char svg[310], number[16];
	size_t i, k;

	snprintf(svg, sizeof(svg), "%s.svg", output);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		make_areas(counts[i]);
		write_snapshots(NR_SNAPSHOTS);
		for (k = 0; k < ARRAY_SIZE(widths); k++) {
			width = widths[k];
			snprintf(number, sizeof(number), "%u", width);
			report((char *[]){ "--width", number, "--json", NULL });
			check_json();
			if (k % 2)
				report((char *[]){ "--width", number, NULL });
			else
				report((char *[]){ "--width", number, "--svg", svg, NULL });
		}
		CHECK(ends_with(svg, "</svg>\n"));
	}
}

/* The parts of the regions of a snapshot, as text. */
static const char *parts(const struct view *v, size_t snapshot)
{
	static char text[300];
	struct mapped m;
	struct region r;
	size_t len = 0;

	*text = '\0';
	mapped_init(&m, v, TARGET);
	if (mapped_begin(&m, snapshot)) {
		while (mapped_next(&m, &r) && len < sizeof(text) - 60)
			len += (size_t)sprintf(text + len, "%" PRIx64 "-%" PRIx64 ":%u ",
					       r.start, r.end, r.nr_accesses);
	}
	sprintf(text + len, "out %" PRIx64, m.outside);
	mapped_free(&m);
	return text;
}

static void map(struct names *n, uint64_t start, uint64_t end, uint64_t from_ns,
		uint64_t to_ns)
{
	struct named area = { start, end, from_ns, to_ns, NO_NODE, "x" };

	names_add(n, &area);
}

static void holes_are_cut_out(void)
{
	char name[1][COMM_LEN] = { "x" };
	uint64_t ids[] = { TARGET };
	struct names n = { 0 };
	struct view v;

	nr_areas = 5;
	areas[0] = (struct region){ 0x1000, 0x5000, 3 };
	areas[1] = (struct region){ 0x5000, 0x9000, 0 };
	areas[2] = (struct region){ 0x9000, 0xa000, 4 };
	areas[3] = (struct region){ 0x20000, 0x22000, 5 };
	areas[4] = (struct region){ 0x30000, 0x32000, 6 };
	write_snapshots(3);
	open_view(&v);
	CHECK(!strcmp(parts(&v, 0), "1000-5000:3 5000-9000:0 9000-a000:4 20000-22000:5 "
		      "30000-32000:6 out 0"));
	map(&n, 0x1000, 0x2000, 0, FOREVER);
	map(&n, 0x3000, 0x4000, 0, FOREVER);
	map(&n, 0x4000, 0x6000, 0, FOREVER);
	map(&n, 0x20000, 0x21000, 0, 150 * NS_PER_MS);
	map(&n, 0x20000, 0x21800, 150 * NS_PER_MS, FOREVER);
	v.meta = (struct meta){ .ids = ids, .nr_ids = 1, .names = name, .mappings = &n };
	/* Rows without a known mapping, as the last one, stay whole. */
	CHECK(!strcmp(parts(&v, 0), "1000-2000:3 3000-5000:3 5000-6000:0 "
		      "20000-21000:5 30000-32000:6 out 3000"));
	/* In the time of the second snapshot both mappings at 20000 were there. */
	CHECK(!strcmp(parts(&v, 1), "1000-2000:3 3000-5000:3 5000-6000:0 "
		      "20000-21800:5 30000-32000:6 out 2800"));
	v.lo = 0x3800;
	v.hi = 0x20001;
	CHECK(!strcmp(parts(&v, 2), "3800-5000:3 5000-6000:0 20000-20001:5 out 2800"));
	/* A range within a hole is a hole, and not a row of its own. */
	v.lo = 0x2000;
	v.hi = 0x3000;
	CHECK(!strncmp(parts(&v, 2), "out", 3));
	/* Before the list of mappings is whole, nothing is cut. */
	n.known_ns = 150 * NS_PER_MS;
	CHECK(!strcmp(parts(&v, 0), "2000-3000:3 out 0"));
	v.lo = 0;
	v.hi = UINT64_MAX;
	v.meta.kind = SCOPE_PADDR;
	v.meta.memory = n;
	CHECK(!strncmp(parts(&v, 2), "1000-5000:3", 11));
	names_free(&n);
	rec_close(&v.rec);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	/* Reports write to stdout, and complain that there is no companion. */
	results = fdopen(dup(STDOUT_FILENO), "w");
	stderr = fopen("/dev/null", "w");
	if (!results || !stderr)
		return 2;
	snprintf(recording, sizeof(recording), "%s/areas", argv[1]);
	snprintf(output, sizeof(output), "%s/areas.out", argv[1]);
	RUN(all_areas_are_on_the_map);
	RUN(large_and_hot_areas_stand_alone);
	RUN(borders_are_pages);
	RUN(maps_are_drawn);
	RUN(holes_are_cut_out);
	return nr_failed ? 1 : 0;
}
