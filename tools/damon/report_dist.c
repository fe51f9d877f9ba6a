// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report wss and regions: how a figure that each snapshot has is
 * distributed over the snapshots.
 *
 * All snapshots count. The classic tool dropped the first twenty, because
 * they know little yet; --from does that here where it is wanted.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "damonctl.h"
#include "report.h"

#define BAR_WIDTH	40

typedef uint64_t (*figure_fn)(struct cursor *c);

static uint64_t accessed_bytes(struct cursor *c)
{
	uint64_t sum = 0;
	struct region r;

	while (rec_next_region(c, &r)) {
		if (r.nr_accesses)
			sum += r.end - r.start;
	}
	return sum;
}

static uint64_t nr_regions(struct cursor *c)
{
	struct region r;
	uint64_t nr = 0;

	while (rec_next_region(c, &r))
		nr++;
	return nr;
}

struct dist {
	const char *title;
	figure_fn figure;
	bool is_size;
};

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

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

static void print_text(const struct dist *dist, const struct dist_options *opt,
		       uint64_t target, const uint64_t *sorted, size_t nr,
		       uint64_t mean)
{
	char buf[UNITS_LEN];
	uint64_t value;
	size_t i;

	printf("# target_id\t%" PRIu64 "\n", target);
	printf("# avr:\t%s\n", format_value(dist, mean, buf));
	for (i = 0; i < opt->nr; i++) {
		value = percentile(sorted, nr, opt->percentiles[i]);
		printf("%5g %8s |", opt->percentiles[i],
		       format_value(dist, value, buf));
		print_bar(value, sorted[nr - 1]);
	}
}

static json_object *to_json(const struct dist_options *opt, uint64_t target,
			    const uint64_t *sorted, size_t nr, uint64_t mean)
{
	json_object *obj = json_object_new_object();
	json_object *list = json_object_new_array(), *p;
	uint64_t value;
	size_t i;

	json_object_object_add(obj, "pid", json_object_new_uint64(target));
	json_object_object_add(obj, "average", json_object_new_uint64(mean));
	for (i = 0; i < opt->nr; i++) {
		p = json_object_new_object();
		value = percentile(sorted, nr, opt->percentiles[i]);
		json_object_object_add(p, "percentile",
				       json_object_new_double(opt->percentiles[i]));
		json_object_object_add(p, "value", json_object_new_uint64(value));
		json_object_array_add(list, p);
	}
	json_object_object_add(obj, "percentiles", list);
	return obj;
}

static bool report(const struct view *v, const struct dist *dist,
		   const struct dist_options *opt)
{
	uint64_t *values = must_alloc(v->last - v->first, sizeof(*values));
	json_object *root = v->json ? view_json(v) : NULL;
	json_object *list = v->json ? json_object_new_array() : NULL;
	uint64_t mean;
	double sum;
	struct cursor c;
	size_t t, i, nr;

	if (!v->json)
		printf("# <percentile> <%s>\n", dist->title);
	for (t = 0; t < v->nr_targets; t++) {
		nr = 0;
		sum = 0;
		for (i = v->first; i < v->last; i++) {
			if (!view_regions(v, i, v->targets[t], &c))
				continue;
			values[nr] = dist->figure(&c);
			sum += (double)values[nr++];
		}
		if (!nr)
			continue;
		qsort(values, nr, sizeof(*values), compare_u64);
		/* Sizes in a made-up file may be such that no integer holds it. */
		mean = (uint64_t)fmin(sum / (double)nr, 0x1p63);
		if (v->json)
			json_object_array_add(list, to_json(opt, v->targets[t], values, nr, mean));
		else
			print_text(dist, opt, v->targets[t], values, nr, mean);
	}
	if (v->json) {
		json_object_object_add(root, "targets", list);
		print_json(root);
	}
	free(values);
	return true;
}

bool report_wss(const struct view *v, const struct dist_options *opt)
{
	static const struct dist dist = { "wss", accessed_bytes, true };

	return report(v, &dist, opt);
}

bool report_regions(const struct view *v, const struct dist_options *opt)
{
	static const struct dist dist = { "# regions", nr_regions, false };

	return report(v, &dist, opt);
}
