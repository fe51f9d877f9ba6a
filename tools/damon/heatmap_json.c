// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map as JSON.
 */
#include "heatmap.h"

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

void heatmap_json(const struct heatmap *h)
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
