// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl report hot: the areas that were accessed most at the end.
 *
 * 1. The mapped regions of the last N snapshots cut the memory into pieces; each
 *    has the mean rate of those snapshots that monitored it.
 * 2. Neighbours within 10 % of full scale become one area.
 * 3. The age of an area comes from going back in time as long as its rate, as
 *    a mean over N snapshots again, stays within 10 % of what it is. Single
 *    snapshots would end it by chance: of 20 samples, 10 +- 2 is normal.
 * 4. The name of an area is that of the mapping, or of the System RAM, that
 *    covers most of it at the end.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "mapped.h"
#include "report.h"
#include "units.h"

#define NEAR		0.1

struct area {
	uint64_t start, end;
	double rate;
	uint64_t age_ns;
	/* while going back: the sum of the window, and whether the age ended */
	double window;
	bool ended;
};

struct areas {
	struct area *a;
	size_t nr;
};

/* Where a region starts or ends, and by how much the sums change there. */
struct edge {
	uint64_t addr;
	double rate;
	int monitored;
};

struct edges {
	struct edge *e;
	size_t nr, room;
};

static void add_edge(struct edges *edges, uint64_t addr, double rate,
		     int monitored)
{
	if (edges->nr == edges->room) {
		edges->room = edges->room ? edges->room * 2 : 1024;
		edges->e = must_grow(edges->e, edges->room, sizeof(*edges->e));
	}
	edges->e[edges->nr++] = (struct edge){ addr, rate, monitored };
}

static int compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= NEAR + 1 / 1e9;
}

static void add_piece(struct areas *areas, uint64_t start, uint64_t end,
		      double rate)
{
	struct area *last = areas->nr ? &areas->a[areas->nr - 1] : NULL;
	double old, new;

	/* An idle neighbour would make an area look larger than it is. */
	if (last && last->end == start && near(last->rate, rate) &&
	    !(last->rate > 0) == !(rate > 0)) {
		old = (double)(last->end - last->start);
		new = (double)(end - start);
		last->rate = (last->rate * old + rate * new) / (old + new);
		last->end = end;
		return;
	}
	areas->a[areas->nr++] = (struct area){
		.start = start, .end = end, .rate = rate,
	};
}

static struct areas find_areas(const struct view *v, uint64_t target,
			       size_t first)
{
	struct edges edges = { 0 };
	struct areas areas = { 0 };
	int monitored = 0;
	struct mapped m;
	struct region r;
	double sum = 0, rate;
	size_t i;

	mapped_init(&m, v, target);
	for (i = first; i < v->last; i++) {
		if (!mapped_begin(&m, i))
			continue;
		while (mapped_next(&m, &r)) {
			rate = view_rate(v, r.nr_accesses);
			add_edge(&edges, r.start, rate, 1);
			add_edge(&edges, r.end, -rate, -1);
		}
	}
	mapped_free(&m);
	if (edges.nr)
		qsort(edges.e, edges.nr, sizeof(*edges.e), compare_edges);
	areas.a = must_alloc(edges.nr, sizeof(*areas.a));
	for (i = 0; i + 1 < edges.nr; i++) {
		sum += edges.e[i].rate;
		monitored += edges.e[i].monitored;
		/* Adding and taking away again leaves a trace in a double. */
		if (!monitored || sum < 1 / 1e9)
			sum = 0;
		if (monitored && edges.e[i].addr < edges.e[i + 1].addr)
			add_piece(&areas, edges.e[i].addr, edges.e[i + 1].addr,
				  sum / monitored);
	}
	free(edges.e);
	return areas;
}

/*
 * The rate of each area in one snapshot, negative where it was not monitored.
 * Areas and regions are both in address order and disjoint.
 */
static void rates_of(struct mapped *m, size_t snapshot,
		     const struct areas *areas, double *rates, double *sizes)
{
	struct region r;
	uint64_t start, end;
	size_t first = 0, i;

	memset(rates, 0, areas->nr * sizeof(*rates));
	memset(sizes, 0, areas->nr * sizeof(*sizes));
	if (mapped_begin(m, snapshot)) {
		while (mapped_next(m, &r)) {
			while (first < areas->nr && areas->a[first].end <= r.start)
				first++;
			for (i = first; i < areas->nr &&
			     areas->a[i].start < r.end; i++) {
				start = r.start > areas->a[i].start ?
					r.start : areas->a[i].start;
				end = r.end < areas->a[i].end ?
				      r.end : areas->a[i].end;
				sizes[i] += (double)(end - start);
				rates[i] += (double)(end - start) *
					    view_rate(m->v, r.nr_accesses);
			}
		}
	}
	for (i = 0; i < areas->nr; i++)
		rates[i] = sizes[i] > 0 ? rates[i] / sizes[i] : -1;
}

/*
 * Goes back from the end with a window of N snapshots. ring[] holds the rates in
 * the window, so that a snapshot that leaves it need not be read again.
 */
static void find_ages(const struct view *v, uint64_t target,
		      struct areas *areas, size_t first)
{
	size_t n = v->last - first, alive = areas->nr, i, k, slot;
	uint64_t end_ns = v->rec.snapshots[v->last - 1].time_ns;
	double *ring = must_alloc(n * areas->nr, sizeof(*ring));
	double *sizes = must_alloc(areas->nr, sizeof(*sizes));
	double *now = must_alloc(areas->nr, sizeof(*now)), old;
	struct mapped m;

	mapped_init(&m, v, target);
	for (k = v->last; k-- > v->first && alive;) {
		slot = (v->last - 1 - k) % n;
		rates_of(&m, k, areas, now, sizes);
		for (i = 0; i < areas->nr; i++) {
			struct area *a = &areas->a[i];

			if (a->ended)
				continue;
			old = k < first ? ring[slot * areas->nr + i] : 0;
			a->window += now[i] - old;
			ring[slot * areas->nr + i] = now[i];
			if (now[i] < 0 ||
			    (k < first && !near(a->window / (double)n, a->rate))) {
				a->ended = true;
				alive--;
				continue;
			}
			a->age_ns = end_ns - view_begin(v, k);
		}
	}
	mapped_free(&m);
	free(ring);
	free(sizes);
	free(now);
}

/* An area that is no longer there at the end is not hot any more. */
static void drop_unmapped(struct areas *areas)
{
	size_t i, nr = 0;

	for (i = 0; i < areas->nr; i++) {
		if (areas->a[i].age_ns)
			areas->a[nr++] = areas->a[i];
	}
	areas->nr = nr;
}

static int compare_areas(const void *a, const void *b)
{
	const struct area *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate > y->rate ? -1 : 1;
	if (x->end - x->start != y->end - y->start)
		return x->end - x->start > y->end - y->start ? -1 : 1;
	return x->start < y->start ? -1 : 1;
}

static const struct named *find_name(const struct view *v,
				     const struct names *names,
				     const struct area *a)
{
	return names_find(names, a->start, a->end,
			  v->rec.snapshots[v->last - 1].time_ns);
}

/* System RAM has one name everywhere, so its addresses are told, too. */
static void print_name(const struct view *v, const struct named *n)
{
	printf("  %s", n ? n->name : "-");
	if (n && v->meta.kind == SCOPE_PADDR)
		printf(" %" PRIx64 "-%" PRIx64, n->start, n->end);
	if (n && n->node != NO_NODE)
		printf(", node %" PRId32, n->node);
}

static void print_text(const struct view *v, uint64_t target,
		       const struct areas *areas, size_t nr_used,
		       const struct hot_options *opt)
{
	const struct names *names = view_names(v, target);
	char name[64], size[UNITS_LEN], age[UNITS_LEN];
	uint64_t rest = 0;
	size_t i;

	printf("%s, mean of the last %zu snapshot%s\n",
	       view_target_name(v, target, name, sizeof(name)), nr_used,
	       plural(nr_used));
	printf("%-33s %8s %6s %8s%s\n", "address", "size", "rate", "age",
	       names ? "  name" : "");
	for (i = 0; i < areas->nr && areas->a[i].rate > 0; i++) {
		const struct area *a = &areas->a[i];

		if (i >= opt->nr_top) {
			rest += a->end - a->start;
			continue;
		}
		printf("%016" PRIx64 "-%016" PRIx64 " %8s %5.1f%% %8s",
		       a->start, a->end, format_size(a->end - a->start, size),
		       a->rate * 100, format_time(a->age_ns, age));
		if (names)
			print_name(v, find_name(v, names, a));
		putchar('\n');
	}
	if (!i)
		printf("nothing was accessed\n");
	if (!i && v->meta.forked)
		printf("The program started others, which were not monitored:\n"
		       "record one of them with -p, or all memory with --paddr.\n");
	if (i > opt->nr_top)
		printf("%zu more of %s together; --top shows them\n",
		       i - opt->nr_top, format_size(rest, size));
}

static void add_name(json_object *o, const struct named *n)
{
	json_object_object_add(o, "name", n ? json_object_new_string(n->name) : NULL);
	if (n && n->node != NO_NODE)
		json_object_object_add(o, "node", json_object_new_int(n->node));
}

static json_object *to_json(const struct view *v, uint64_t target,
			    const struct areas *areas, size_t nr_used)
{
	const struct names *names = view_names(v, target);
	json_object *obj = json_object_new_object();
	json_object *list = json_object_new_array(), *o;
	size_t i;

	json_object_object_add(obj, view_target_key(v), view_target_value(v, target));
	json_object_object_add(obj, "mean_of", json_object_new_uint64(nr_used));
	for (i = 0; i < areas->nr && areas->a[i].rate > 0; i++) {
		const struct area *a = &areas->a[i];

		o = json_object_new_object();
		json_object_object_add(o, "start", json_object_new_uint64(a->start));
		json_object_object_add(o, "end", json_object_new_uint64(a->end));
		json_object_object_add(o, "rate", json_object_new_double(a->rate));
		json_object_object_add(o, "age_ns",
				       json_object_new_uint64(a->age_ns));
		if (names)
			add_name(o, find_name(v, names, a));
		json_object_array_add(list, o);
	}
	json_object_object_add(obj, "areas", list);
	return obj;
}

bool report_hot(const struct view *v, const struct hot_options *opt)
{
	json_object *root = v->json ? view_json(v) : NULL;
	json_object *list = v->json ? json_object_new_array() : NULL;
	size_t t, first = v->first, nr_used = v->last - v->first;
	struct areas areas;

	if (nr_used > opt->nr_last) {
		nr_used = opt->nr_last;
		first = v->last - nr_used;
	}
	for (t = 0; t < v->nr_targets; t++) {
		areas = find_areas(v, v->targets[t], first);
		find_ages(v, v->targets[t], &areas, first);
		drop_unmapped(&areas);
		qsort(areas.a, areas.nr, sizeof(*areas.a), compare_areas);
		if (v->json)
			json_object_array_add(list, to_json(v, v->targets[t], &areas, nr_used));
		else
			print_text(v, v->targets[t], &areas, nr_used, opt);
		free(areas.a);
	}
	if (v->json) {
		json_object_object_add(root, "snapshots",
				       json_object_new_uint64(v->last - v->first));
		json_object_object_add(root, "targets", list);
		print_json(root);
	}
	return true;
}
