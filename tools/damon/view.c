// SPDX-License-Identifier: GPL-2.0
/*
 * Opens the part of a recording that was asked for, and says in words whose
 * memory it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "damonctl.h"
#include "units.h"
#include "view.h"

bool view_regions(const struct view *v, size_t snapshot, uint64_t target,
		  struct cursor *c)
{
	if (!rec_regions(&v->rec, snapshot, target, c))
		return false;
	c->lo = v->lo;
	c->hi = v->hi;
	return true;
}

uint64_t view_begin(const struct view *v, size_t snapshot)
{
	return snapshot ? v->rec.snapshots[snapshot - 1].time_ns : v->origin_ns;
}

const char *view_span(const struct view *v, char *buf, size_t len)
{
	uint64_t span = v->rec.snapshots[v->last - 1].time_ns -
			view_begin(v, v->first);
	char text[UNITS_LEN];

	int used;

	used = snprintf(buf, len, "%zu snapshot%s in %s", v->last - v->first,
			plural(v->last - v->first), format_time(span, text));
	if (v->meta.nr_missing)
		snprintf(buf + used, len - (size_t)used,
			 "; %" PRIu64 " of the whole recording %s lost",
			 v->meta.nr_missing, v->meta.nr_missing == 1 ? "was" : "were");
	return buf;
}

double view_rate(const struct view *v, uint32_t nr_accesses)
{
	return nr_accesses < v->full ? (double)nr_accesses / v->full : 1;
}

const char *view_target_name(const struct view *v, uint64_t target, char *buf,
			     size_t len)
{
	uint64_t i;

	if (v->meta.kind == SCOPE_PADDR)
		return view_target_id(v, target, buf, len);
	snprintf(buf, len, "pid %" PRIu64, target);
	for (i = 0; i < v->meta.nr_ids; i++) {
		if (v->meta.ids[i] == target)
			snprintf(buf, len, "%s (pid %" PRIu64 ")",
				 v->meta.names[i], target);
	}
	return buf;
}

const char *view_target_id(const struct view *v, uint64_t target, char *buf,
			   size_t len)
{
	if (v->meta.all_nodes)
		snprintf(buf, len, "physical memory");
	else
		snprintf(buf, len, "%s%" PRIu64,
			 v->meta.kind == SCOPE_PADDR ? "node " : "", target);
	return buf;
}

const char *view_target_key(const struct view *v)
{
	return v->meta.kind == SCOPE_PADDR ? "node" : "pid";
}

json_object *view_target_value(const struct view *v, uint64_t target)
{
	return v->meta.all_nodes ? NULL : json_object_new_uint64(target);
}

const struct names *view_names(const struct view *v, uint64_t target)
{
	const struct names *n;
	uint64_t i;

	for (i = 0; i < v->meta.nr_ids; i++) {
		n = meta_names(&v->meta, i);
		if (v->meta.ids[i] == target && n->nr)
			return n;
	}
	return NULL;
}

json_object *view_json(const struct view *v)
{
	json_object *obj = json_object_new_object();

	json_object_object_add(obj, "recording",
			       json_object_new_string(v->rec.path));
	json_object_object_add(obj, "aggr_ns",
			       json_object_new_uint64(v->aggr_ns));
	json_object_object_add(obj, "full_scale",
			       json_object_new_uint64(v->full));
	json_object_object_add(obj, "scale_known",
			       json_object_new_boolean(v->has_meta));
	json_object_object_add(obj, "lost_snapshots",
			       json_object_new_uint64(v->meta.nr_missing));
	return obj;
}

void print_json(json_object *obj)
{
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}

static uint64_t median_gap(const struct recording *rec)
{
	size_t nr = rec->nr_snapshots - 1, i;
	uint64_t *gaps, median;

	/* One snapshot has no gap: the default interval is as good as any. */
	if (!nr)
		return 100 * NS_PER_MS;
	gaps = must_alloc(nr, sizeof(*gaps));
	for (i = 0; i < nr; i++)
		gaps[i] = rec->snapshots[i + 1].time_ns -
			  rec->snapshots[i].time_ns;
	qsort(gaps, nr, sizeof(*gaps), compare_u64);
	median = gaps[nr / 2];
	free(gaps);
	return median ? median : 1;
}

static void set_scale(struct view *v, const struct view_options *opt, bool tell)
{
	uint64_t nominal;
	char buf[UNITS_LEN];

	if (v->has_meta) {
		v->aggr_ns = v->meta.attrs.aggr_us * NS_PER_US;
		nominal = attrs_full_scale(&v->meta.attrs);
		v->full = nominal < UINT32_MAX ? (uint32_t)nominal : UINT32_MAX;
	} else {
		v->aggr_ns = median_gap(&v->rec);
		v->full = v->rec.max_accesses ? v->rec.max_accesses : 1;
	}
	if (opt->full)
		v->full = (uint32_t)opt->full;
	if (!v->has_meta && tell)
		complain("no %s.json: taking %s, the median, as aggregation interval and %u accesses%s as 100 %%",
			 v->rec.path, format_time(v->aggr_ns, buf), v->full,
			 opt->full ? "" : ", the most seen,");
}

static bool set_window(struct view *v, const struct view_options *opt)
{
	const struct snapshot *s = v->rec.snapshots;
	uint64_t first_ns = s[0].time_ns;
	char span[UNITS_LEN];

	v->origin_ns = first_ns > v->aggr_ns ? first_ns - v->aggr_ns : 0;
	v->first = 0;
	while (v->first < v->rec.nr_snapshots &&
	       s[v->first].time_ns - v->origin_ns < opt->from_ns)
		v->first++;
	v->last = v->first;
	while (v->last < v->rec.nr_snapshots &&
	       s[v->last].time_ns - v->origin_ns <= opt->to_ns)
		v->last++;
	v->lo = opt->lo;
	v->hi = opt->hi;
	if (v->first < v->last)
		return true;
	complain("no snapshot is within --from and --to; the recording is %s long",
		 format_time(s[v->rec.nr_snapshots - 1].time_ns - v->origin_ns,
			     span));
	return false;
}

static bool set_targets(struct view *v, const struct view_options *opt)
{
	size_t i;

	v->targets = v->rec.targets;
	v->nr_targets = v->rec.nr_targets;
	if (!v->nr_targets) {
		complain("%s has no target", v->rec.path);
		return false;
	}
	if (!opt->has_target)
		return true;
	for (i = 0; i < v->rec.nr_targets; i++) {
		if (v->rec.targets[i] == opt->target) {
			v->targets = &v->rec.targets[i];
			v->nr_targets = 1;
			return true;
		}
	}
	complain("%s has no %s %" PRIu64 "; its first is %" PRIu64, v->rec.path,
		 v->meta.kind == SCOPE_PADDR ? "node" : "target", opt->target,
		 v->rec.targets[0]);
	return false;
}

bool view_open(struct view *v, const struct view_options *opt, bool rates)
{
	*v = (struct view){ .json = opt->json };
	if (!rec_open(&v->rec, opt->path))
		return false;
	switch (meta_read(opt->path, v->rec.size, &v->meta)) {
	case META_FOUND:
		v->has_meta = true;
		break;
	case META_ABSENT:
		break;
	case META_BAD:
		goto out_close;
	}
	set_scale(v, opt, rates);
	if (set_targets(v, opt) && set_window(v, opt))
		return true;
	meta_free(&v->meta);
out_close:
	rec_close(&v->rec);
	return false;
}

void view_close(struct view *v)
{
	meta_free(&v->meta);
	rec_close(&v->rec);
}
