// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report wss and regions: how a figure that each snapshot has is
 * distributed over the snapshots.
 *
 * All snapshots count. The classic tool dropped the first twenty, in which
 * regions are still large; --from leaves them out here.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "damonctl.h"
#include "mapped.h"
#include "report.h"
#include "units.h"

#define BAR_WIDTH	40

/* False if the snapshot does not have the target. */
typedef bool (*figure_fn)(struct mapped *m, size_t snapshot, uint64_t *figure);

static bool accessed_bytes(struct mapped *m, size_t snapshot, uint64_t *figure)
{
	struct region r;

	*figure = 0;
	if (!mapped_begin(m, snapshot))
		return false;
	while (mapped_next(m, &r)) {
		if (r.nr_accesses)
			*figure += r.end - r.start;
	}
	return true;
}

/* Regions as the kernel counts them: a region with holes is one. */
static bool nr_regions(struct mapped *m, size_t snapshot, uint64_t *figure)
{
	struct cursor c;
	struct region r;

	*figure = 0;
	if (!view_regions(m->v, snapshot, m->target, &c))
		return false;
	while (rec_next_region(&c, &r))
		(*figure)++;
	return true;
}

struct dist {
	const char *title, *column;
	figure_fn figure;
	bool is_size;
};

/* The smallest value that so many percent of the values do not exceed. */
static uint64_t percentile(const uint64_t *sorted, size_t nr, double p)
{
	size_t rank = (size_t)ceil(p / 100 * (double)nr);

	return sorted[rank ? rank - 1 : 0];
}

static const char *format_value(const struct dist *dist, uint64_t value,
				char buf[UNITS_LEN])
{
	if (dist->is_size)
		return format_size(value, buf);
	snprintf(buf, UNITS_LEN, "%" PRIu64, value);
	return buf;
}

static void print_bar(uint64_t value, uint64_t max)
{
	int len = max ? (int)((double)value / (double)max * BAR_WIDTH + 0.5) : 0;

	while (len--)
		putchar('#');
	putchar('\n');
}

/* The figures of one target, ascending. */
struct figures {
	uint64_t target;
	uint64_t *sorted;
	size_t nr;
	uint64_t mean;
	/* the most bytes that one snapshot has outside of all mappings */
	uint64_t outside;
};

static void print_text(const struct view *v, const struct dist *dist,
		       const struct dist_options *opt, const struct figures *f)
{
	char buf[UNITS_LEN], id[64], span[120];
	uint64_t value;
	size_t i;

	printf("# %s of %s, %s\n", dist->title,
	       view_target_name(v, f->target, id, sizeof(id)),
	       view_span(v, span, sizeof(span)));
	if (f->outside)
		printf("# not counted: up to %s of regions with accesses, outside of all mappings\n",
		       format_size(f->outside, buf));
	printf("# target_id\t%s\n", view_target_id(v, f->target, id, sizeof(id)));
	printf("# avr:\t%s\n", format_value(dist, f->mean, buf));
	for (i = 0; i < opt->nr; i++) {
		value = percentile(f->sorted, f->nr, opt->percentiles[i]);
		printf("%5g %8s |", opt->percentiles[i],
		       format_value(dist, value, buf));
		print_bar(value, f->sorted[f->nr - 1]);
	}
}

static json_object *to_json(const struct view *v, const struct dist *dist,
			    const struct dist_options *opt,
			    const struct figures *f)
{
	json_object *obj = json_object_new_object();
	json_object *list = json_object_new_array(), *p;
	uint64_t value;
	size_t i;

	json_object_object_add(obj, view_target_key(v), view_target_value(v, f->target));
	json_object_object_add(obj, "average", json_object_new_uint64(f->mean));
	if (dist->is_size)
		json_object_object_add(obj, "not_counted",
				       json_object_new_uint64(f->outside));
	for (i = 0; i < opt->nr; i++) {
		p = json_object_new_object();
		value = percentile(f->sorted, f->nr, opt->percentiles[i]);
		json_object_object_add(p, "percentile",
				       json_object_new_double(opt->percentiles[i]));
		json_object_object_add(p, "value", json_object_new_uint64(value));
		json_object_array_add(list, p);
	}
	json_object_object_add(obj, "percentiles", list);
	return obj;
}

static void find_figures(const struct view *v, const struct dist *dist,
			 struct figures *f)
{
	struct mapped m;
	double sum = 0;
	size_t i;

	f->nr = 0;
	f->outside = 0;
	mapped_init(&m, v, f->target);
	for (i = v->first; i < v->last; i++) {
		if (!dist->figure(&m, i, &f->sorted[f->nr]))
			continue;
		sum += (double)f->sorted[f->nr++];
		if (m.outside > f->outside)
			f->outside = m.outside;
	}
	mapped_free(&m);
	if (!f->nr)
		return;
	qsort(f->sorted, f->nr, sizeof(*f->sorted), compare_u64);
	/* No integer may hold the mean of the sizes in a made-up file. */
	f->mean = (uint64_t)fmin(sum / (double)f->nr, 0x1p63);
}

static bool report(const struct view *v, const struct dist *dist,
		   const struct dist_options *opt)
{
	struct figures f = {
		.sorted = must_alloc(v->last - v->first, sizeof(*f.sorted)),
	};
	json_object *root = v->json ? view_json(v) : NULL;
	json_object *list = v->json ? json_object_new_array() : NULL;
	size_t t;

	if (!v->json)
		printf("# <percentile> <%s>\n", dist->column);
	for (t = 0; t < v->nr_targets; t++) {
		f.target = v->targets[t];
		find_figures(v, dist, &f);
		if (!f.nr)
			continue;
		if (v->json)
			json_object_array_add(list, to_json(v, dist, opt, &f));
		else
			print_text(v, dist, opt, &f);
	}
	if (v->json) {
		json_object_object_add(root, "snapshots",
				       json_object_new_uint64(v->last - v->first));
		json_object_object_add(root, "targets", list);
		print_json(root);
	}
	free(f.sorted);
	return true;
}

bool report_wss(const struct view *v, const struct dist_options *opt)
{
	static const struct dist dist = {
		"working set size", "wss", accessed_bytes, true,
	};

	return report(v, &dist, opt);
}

bool report_regions(const struct view *v, const struct dist_options *opt)
{
	static const struct dist dist = {
		"number of regions", "# regions", nr_regions, false,
	};

	return report(v, &dist, opt);
}
