// SPDX-License-Identifier: GPL-2.0
/*
 * What the parts of the scoring program need: memory, the names of the monitors,
 * the rows of the table and means over the seeds.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

const char * const monitor_names[NR_MONITORS] = {
	[OURS] = "ours",
	[BASE] = "base",
	[SCAN] = "scan",
};

void *get_memory(size_t nr, size_t size)
{
	void *p = calloc(nr ? nr : 1, size);

	if (!p) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

void *more_memory(void *p, size_t nr, size_t size)
{
	p = reallocarray(p, nr, size);
	if (!p) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

struct mean mean_of(const struct row *row, enum monitor monitor, enum metric metric)
{
	struct mean m = { 0 };
	size_t i;

	for (i = 0; i < row->nr; i++) {
		const struct score *s = &row->scores[i];

		if (s->run->monitor != monitor || isnan(s->value[metric]))
			continue;
		m.value += s->value[metric];
		m.never |= s->never[metric];
		m.n++;
	}
	m.value = m.n ? m.value / m.n : NAN;
	return m;
}

bool next_row(struct row *row, const struct score *scores, size_t nr)
{
	const struct score *s = row->scores ? row->scores + row->nr : scores;

	row->scores = s;
	for (row->nr = 0; s + row->nr < scores + nr; row->nr++)
		if (strcmp(s[row->nr].run->name, s->run->name))
			break;
	return row->nr;
}
