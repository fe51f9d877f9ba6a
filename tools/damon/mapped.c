// SPDX-License-Identifier: GPL-2.0
/*
 * Cuts the holes between mappings out of regions.
 */
#include <stdlib.h>

#include "damonctl.h"
#include "mapped.h"

void mapped_init(struct mapped *m, const struct view *v, uint64_t target)
{
	*m = (struct mapped){
		.v = v,
		.target = target,
		.names = v->meta.kind == SCOPE_PADDR ? NULL : view_names(v, target),
	};
}

void mapped_free(struct mapped *m)
{
	free(m->ranges);
	m->ranges = NULL;
}

static void add_range(struct mapped *m, const struct named *area)
{
	struct range *last = m->nr ? &m->ranges[m->nr - 1] : NULL;

	if (last && area->start <= last->end) {
		if (area->end > last->end)
			last->end = area->end;
		return;
	}
	if (m->nr == m->room) {
		m->room = m->room ? m->room * 2 : 64;
		m->ranges = must_grow(m->ranges, m->room, sizeof(*m->ranges));
	}
	m->ranges[m->nr++] = (struct range){ area->start, area->end };
}

/* What may have been mapped at some time between @begin and @end. */
static void find_ranges(struct mapped *m, uint64_t begin, uint64_t end)
{
	const struct named *area;
	size_t i;

	m->nr = 0;
	m->begin_ns = begin;
	m->end_ns = end;
	m->next_from_ns = FOREVER;
	m->next_to_ns = FOREVER;
	for (i = 0; i < m->names->nr; i++) {
		area = &m->names->a[i];
		if (area->from_ns > end) {
			if (area->from_ns < m->next_from_ns)
				m->next_from_ns = area->from_ns;
		} else if (area->to_ns > begin) {
			if (area->to_ns < m->next_to_ns)
				m->next_to_ns = area->to_ns;
			add_range(m, area);
		}
	}
}

/* Mappings change far less often than snapshots come. */
static bool same_ranges(const struct mapped *m, uint64_t begin, uint64_t end)
{
	return m->nr && begin >= m->begin_ns && end >= m->end_ns &&
	       begin < m->next_to_ns && end < m->next_from_ns;
}

bool mapped_begin(struct mapped *m, size_t snapshot)
{
	uint64_t begin = view_begin(m->v, snapshot);
	uint64_t end = m->v->rec.snapshots[snapshot].time_ns;

	/* Rows are looked at whole, also where they reach out of what is asked. */
	if (!rec_regions(&m->v->rec, snapshot, m->target, &m->c))
		return false;
	m->clip = m->names && begin >= m->names->known_ns;
	if (m->clip && !same_ranges(m, begin, end))
		find_ranges(m, begin, end);
	m->in_region = false;
	m->next = 0;
	m->row_end = 0;
	m->outside = 0;
	return true;
}

/* Whether a mapping is known in the row that begins with m->r. */
static void look_at_row(struct mapped *m)
{
	struct cursor c = m->c;
	struct region r;

	m->row_end = m->r.end;
	while (rec_next_region(&c, &r) && r.start == m->row_end)
		m->row_end = r.end;
	while (m->next < m->nr && m->ranges[m->next].end <= m->r.start)
		m->next++;
	m->row_known = m->next < m->nr && m->ranges[m->next].start < m->row_end;
}

static bool next_region(struct mapped *m)
{
	if (!rec_next_region(&m->c, &m->r))
		return false;
	m->in_region = true;
	if (m->clip && m->r.start >= m->row_end)
		look_at_row(m);
	return true;
}

static void count_outside(struct mapped *m, uint64_t start, uint64_t end)
{
	if (m->r.nr_accesses)
		m->outside += end - start;
}

/* The next part of m->r that is mapped; false if there is no more. */
static bool next_part(struct mapped *m, struct region *part)
{
	const struct range *range;

	m->in_region = false;
	*part = m->r;
	if (!m->clip || !m->row_known)
		return true;
	while (m->next < m->nr && m->ranges[m->next].end <= m->r.start)
		m->next++;
	range = m->next < m->nr ? &m->ranges[m->next] : NULL;
	if (!range || range->start >= m->r.end) {
		count_outside(m, m->r.start, m->r.end);
		return false;
	}
	if (range->start > m->r.start) {
		count_outside(m, m->r.start, range->start);
		part->start = range->start;
	}
	if (range->end < m->r.end) {
		part->end = range->end;
		m->r.start = range->end;
		m->in_region = true;
	}
	return true;
}

bool mapped_next(struct mapped *m, struct region *r)
{
	for (;;) {
		if (!m->in_region && !next_region(m))
			return false;
		if (!next_part(m, r) || r->end <= m->v->lo || r->start >= m->v->hi)
			continue;
		if (r->start < m->v->lo)
			r->start = m->v->lo;
		if (r->end > m->v->hi)
			r->end = m->v->hi;
		return true;
	}
}
