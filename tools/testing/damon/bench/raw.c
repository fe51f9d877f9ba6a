// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what a guest sent: sections of text, and the pages of the kernel's
 * trace buffer, from which the snapshots are put together.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/kbuffer.h>

#include "bench.h"

struct section {
	char name[16];
	char *data;
	size_t len;
};

enum { F_START, F_END, F_NR_REGIONS, F_ACCESSES, F_AGE, NR_FIELDS };

static const char * const field_names[] = {
	[F_START] = "start",
	[F_END] = "end",
	[F_NR_REGIONS] = "nr_regions",
	[F_ACCESSES] = "nr_accesses",
	[F_AGE] = "age",
};

struct field {
	unsigned int offset, size;
};

/* Of the kernel's trace buffer */
struct format {
	struct kbuffer *kbuf;
	unsigned int aggregated_id, turn_id, lock_id, unlock_id, apply_id;
	struct field fields[NR_FIELDS], turn_ns, apply_start, apply_end;
	uint64_t locked;
};

static bool bad(const char *path, const char *what)
{
	fprintf(stderr, "%s: %s\n", path, what);
	return false;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data = NULL;
	long size;

	if (!f)
		return NULL;
	size = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
	if (size >= 0 && !fseek(f, 0, SEEK_SET)) {
		data = get_memory(size + 1, 1);
		*len = fread(data, 1, size, f);
	}
	fclose(f);
	return data;
}

/* Takes the next section off [*@p, @end). */
static bool next_section(char **p, const char *end, struct section *s)
{
	char *line_end = memchr(*p, '\n', end - *p);
	int name_end = 0;

	if (!line_end)
		return false;
	*line_end = 0;
	if (sscanf(*p, "%15s %zu%n", s->name, &s->len, &name_end) != 2 ||
	    *p + name_end != line_end)
		return false;
	s->data = line_end + 1;
	if (s->len > (size_t)(end - s->data))
		return false;
	*p = s->data + s->len;
	return true;
}

/* What follows @name in lines "name value" */
static bool text_of(const struct section *s, const char *name, char *value, size_t size)
{
	char text[4096];
	char *line, *rest = text;
	size_t len = strlen(name);

	snprintf(text, sizeof(text), "%.*s", (int)s->len, s->data);
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, name, len) && line[len] == ' ') {
			snprintf(value, size, "%s", line + len + 1);
			return true;
		}
	}
	return false;
}

static bool value_of(const struct section *s, const char *name, uint64_t *value)
{
	char text[32];

	return text_of(s, name, text, sizeof(text)) && sscanf(text, "%" SCNu64, value) == 1;
}

static bool load_attrs(struct run *r)
{
	uint64_t update;

	if (sscanf(r->attrs, "%" SCNu64 "%" SCNu64 "%" SCNu64 "%lu%lu", &r->sample, &r->aggr,
		   &update, &r->min_regions, &r->max_regions) != 5 || !r->sample || !r->aggr)
		return false;
	r->sample *= 1000;
	r->aggr *= 1000;
	return true;
}

static bool load_figures(struct run *r, const struct section *s)
{
	char monitor[8];
	int i;

	if (!text_of(s, "name", r->name, sizeof(r->name)) ||
	    !text_of(s, "monitor", monitor, sizeof(monitor)) ||
	    !text_of(s, "attrs", r->attrs, sizeof(r->attrs)))
		return false;
	for (i = 0; i < NR_MONITORS; i++)
		if (!strcmp(monitor, monitor_names[i]))
			r->monitor = i;
	return load_attrs(r) && value_of(s, "seed", &r->seed) &&
		value_of(s, "start_ns", &r->start) && value_of(s, "end_ns", &r->end) &&
		value_of(s, "cpu_ns", &r->cpu) && value_of(s, "ticks", &r->ticks) &&
		value_of(s, "late", &r->late) && value_of(s, "free_ns", &r->free_ns) &&
		value_of(s, "free_loops", &r->free_loops) &&
		value_of(s, "monitored_ns", &r->monitored_ns) &&
		value_of(s, "monitored_loops", &r->monitored_loops) &&
		value_of(s, "locks", &r->locks) && r->end > r->start;
}

static bool load_map(struct run *r, const struct section *s)
{
	return value_of(s, "start", &r->map_start) && value_of(s, "end", &r->map_end) &&
		value_of(s, "tick_ns", &r->tick) && value_of(s, "top", &r->top) &&
		value_of(s, "speed", &r->speed) && value_of(s, "cold", &r->cold) &&
		r->tick && r->map_start < r->map_end;
}

static bool load_truth(struct run *r, const struct section *s)
{
	if (s->len % sizeof(*r->truths))
		return false;
	r->nr_truths = s->len / sizeof(*r->truths);
	r->truths = get_memory(r->nr_truths, sizeof(*r->truths));
	memcpy(r->truths, s->data, s->len);
	return true;
}

static bool id_of(const char *format, unsigned int *id)
{
	const char *at = strstr(format, "ID: ");

	return at && sscanf(at, "ID: %u", id) == 1;
}

static bool field_of(const char *format, const char *name, struct field *f)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), " %s;", name);
	at = strstr(format, key);
	return at && sscanf(strchr(at, ';'), "; offset:%u; size:%u", &f->offset, &f->size) == 2 &&
		f->size <= sizeof(uint64_t);
}

static bool load_format(struct format *f, const struct section *s)
{
	char text[4096];
	int i;

	snprintf(text, sizeof(text), "%.*s", (int)s->len, s->data);
	for (i = 0; i < NR_FIELDS; i++)
		if (!field_of(text, field_names[i], &f->fields[i]))
			return false;
	return id_of(text, &f->aggregated_id);
}

static bool load_turn_format(struct format *f, const struct section *s)
{
	char text[4096];

	snprintf(text, sizeof(text), "%.*s", (int)s->len, s->data);
	return id_of(text, &f->turn_id) && field_of(text, "ns", &f->turn_ns);
}

static bool load_apply_format(struct format *f, const struct section *s)
{
	char text[4096];

	snprintf(text, sizeof(text), "%.*s", (int)s->len, s->data);
	return id_of(text, &f->apply_id) && field_of(text, "start", &f->apply_start) &&
		field_of(text, "end", &f->apply_end);
}

static uint64_t get_field(const struct field *f, const char *record)
{
	uint64_t v = 0;

	memcpy(&v, record + f->offset, f->size);
	return v;
}

static struct snapshot *add_snapshot(struct run *r, uint64_t time)
{
	struct snapshot *s;

	r->snapshots = more_memory(r->snapshots, r->nr_snapshots + 1, sizeof(*s));
	s = &r->snapshots[r->nr_snapshots++];
	memset(s, 0, sizeof(*s));
	s->time = time;
	return s;
}

/* A snapshot is as many events as the first of them says. */
static void add_event(struct run *r, const struct format *f, const char *record, uint64_t time)
{
	struct snapshot *s = r->nr_snapshots ? &r->snapshots[r->nr_snapshots - 1] : NULL;
	struct region *region;

	if (!s || s->nr == s->due) {
		s = add_snapshot(r, time);
		s->due = get_field(&f->fields[F_NR_REGIONS], record);
		s->regions = get_memory(s->due, sizeof(*s->regions));
	}
	region = &s->regions[s->nr++];
	region->start = get_field(&f->fields[F_START], record);
	region->end = get_field(&f->fields[F_END], record);
	region->nr_accesses = get_field(&f->fields[F_ACCESSES], record);
	region->age = get_field(&f->fields[F_AGE], record);
}

/* What was accessed counts as accessed in all samples. */
static bool load_scan(struct run *r, const struct section *s)
{
	size_t n = s->len / sizeof(struct seen), i, j;
	struct seen *seen = get_memory(n, sizeof(*seen));

	memcpy(seen, s->data, n * sizeof(*seen));
	for (i = 0; i < n; i = j) {
		struct snapshot *snap = add_snapshot(r, seen[i].time);

		for (j = i; j < n && seen[j].time == seen[i].time; j++)
			;
		snap->nr = j - i;
		snap->due = snap->nr;
		snap->regions = get_memory(snap->nr, sizeof(*snap->regions));
		for (j = i; j < i + snap->nr; j++) {
			struct region *region = &snap->regions[j - i];

			region->start = seen[j].start;
			region->end = seen[j].end;
			region->nr_accesses = seen[j].accessed ? r->aggr / r->sample : 0;
		}
	}
	free(seen);
	return s->len % sizeof(*seen) == 0;
}

static bool load_frames(struct run *r, const struct section *s)
{
	r->nr_frames = s->len / sizeof(*r->frames);
	r->frames = get_memory(r->nr_frames, sizeof(*r->frames));
	memcpy(r->frames, s->data, r->nr_frames * sizeof(*r->frames));
	return s->len % sizeof(*r->frames) == 0;
}

/* The region of @address, or the next one above. */
static const struct region *region_at(const struct snapshot *s, uint64_t address)
{
	unsigned int low = 0, high = s->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (s->regions[mid].end <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->nr ? &s->regions[low] : NULL;
}

/* What was reported of frames, as reports of the pages that are in them. */
static void frames_to_pages(const struct run *r, struct snapshot *s)
{
	struct region *pages = NULL;
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < r->nr_frames; i++) {
		const struct region *region = region_at(s, r->frames[i] * PAGE);
		uint64_t start = r->map_start + i * PAGE;

		if (!region || region->start > r->frames[i] * PAGE)
			continue;
		if (nr && pages[nr - 1].end == start &&
		    pages[nr - 1].nr_accesses == region->nr_accesses &&
		    pages[nr - 1].age == region->age) {
			pages[nr - 1].end += PAGE;
			continue;
		}
		/* doubles whenever full */
		if (!(nr & (nr - 1)))
			pages = more_memory(pages, nr ? 2 * nr : 1, sizeof(*pages));
		pages[nr] = *region;
		pages[nr].start = start;
		pages[nr++].end = start + PAGE;
	}
	free(s->regions);
	s->regions = pages;
	s->nr = nr;
}

static void add_lock(struct run *r, uint64_t ns)
{
	if (ns > r->lock)
		r->lock = ns;
}

static void add_try(struct act *a, const struct format *f, const char *record, uint64_t time)
{
	/* doubles whenever full */
	if (!(a->nr_tries & (a->nr_tries - 1)))
		a->tries = more_memory(a->tries, a->nr_tries ? 2 * a->nr_tries : 1,
				       sizeof(*a->tries));
	a->tries[a->nr_tries++] = (struct try){
		time, get_field(&f->apply_end, record) - get_field(&f->apply_start, record)
	};
}

static void read_event(struct run *r, struct format *f, const char *record, uint64_t time)
{
	uint16_t id;

	memcpy(&id, record, sizeof(id));
	if (id == f->aggregated_id)
		add_event(r, f, record, time);
	if (id == f->apply_id)
		add_try(&r->act, f, record, time);
	if (id == f->turn_id)
		add_lock(r, get_field(&f->turn_ns, record));
	if (id == f->lock_id)
		f->locked = time;
	if (id == f->unlock_id && f->locked) {
		add_lock(r, time - f->locked);
		f->locked = 0;
	}
}

static bool load_page(struct run *r, struct format *f, const struct section *s)
{
	unsigned long long time;
	char *record;

	if (!(f->aggregated_id || f->apply_id) || s->len != PAGE ||
	    kbuffer_load_subbuffer(f->kbuf, s->data))
		return false;
	for (record = kbuffer_read_event(f->kbuf, &time); record;
	     record = kbuffer_next_event(f->kbuf, &time))
		read_event(r, f, record, time);
	return true;
}

static bool load_id(unsigned int *id, const struct section *s)
{
	char text[16];

	snprintf(text, sizeof(text), "%.*s", (int)s->len, s->data);
	*id = strtoul(text, NULL, 10);
	return *id;
}

static bool load_stats(const struct section *s)
{
	uint64_t overrun, dropped;

	return value_of(s, "overrun:", &overrun) && !overrun &&
		value_of(s, "dropped events:", &dropped) && !dropped;
}

static bool load_act(struct run *r, const struct section *s)
{
	struct act *a = &r->act;
	char variant[8];
	int v;

	if (!text_of(s, "name", r->name, sizeof(r->name)) ||
	    !text_of(s, "variant", variant, sizeof(variant)) ||
	    !text_of(s, "attrs", r->attrs, sizeof(r->attrs)))
		return false;
	v = variant_of(variant);
	a->variant = v;
	a->is = true;
	if (v < 0 || !value_of(s, "seed", &r->seed) || !value_of(s, "start_ns", &r->start) ||
	    !value_of(s, "end_ns", &r->end) || !value_of(s, "cpu_ns", &r->cpu) ||
	    !value_of(s, "loops", &a->loops) || !value_of(s, "busy_ns", &a->busy) ||
	    !value_of(s, "faults", &a->faults) ||
	    !value_of(s, "out", &a->out) || !value_of(s, "in", &a->in) ||
	    !value_of(s, "quota", &a->quota) || !value_of(s, "window_ms", &a->window))
		return false;
	a->window *= 1000000;
	/* A load that only computes is busy all the time, but for a touch or two. */
	a->rests = a->busy && a->busy < (r->end - r->start) / 10 * 9;
	if (!a->busy)
		a->busy = r->end - r->start;
	return r->end > r->start && (a->window || !a->quota);
}

static bool load_samples(struct act *a, const struct section *s)
{
	a->nr_samples = s->len / sizeof(*a->samples);
	a->samples = get_memory(a->nr_samples, sizeof(*a->samples));
	memcpy(a->samples, s->data, a->nr_samples * sizeof(*a->samples));
	return s->len % sizeof(*a->samples) == 0 && a->nr_samples > 1;
}

/* Words key=value, of one scheme */
static bool load_scheme_stats(struct act *a, const struct section *s)
{
	const char *applied, *tried;
	char text[1024];

	snprintf(text, sizeof(text), "%.*s", (int)s->len, s->data);
	a->action = true;
	tried = strstr(text, "sz_tried=");
	applied = strstr(text, "sz_applied=");
	return tried && sscanf(tried, "sz_tried=%" SCNu64, &a->tried) == 1 &&
		applied && sscanf(applied, "sz_applied=%" SCNu64, &a->applied) == 1;
}

static bool load_course(struct act *a, const struct section *s)
{
	a->course = get_memory(s->len + 1, 1);
	memcpy(a->course, s->data, s->len);
	return s->len;
}

static bool load_section(struct run *r, struct format *f, const struct section *s)
{
	if (!strcmp(s->name, "figures"))
		return load_figures(r, s);
	if (!strcmp(s->name, "map"))
		return load_map(r, s);
	if (!strcmp(s->name, "truth"))
		return load_truth(r, s);
	if (!strcmp(s->name, "format"))
		return load_format(f, s);
	if (!strcmp(s->name, "turn_format"))
		return load_turn_format(f, s);
	if (!strcmp(s->name, "lock_id"))
		return load_id(&f->lock_id, s);
	if (!strcmp(s->name, "unlock_id"))
		return load_id(&f->unlock_id, s);
	if (!strcmp(s->name, "stats"))
		return load_stats(s);
	if (!strcmp(s->name, "page"))
		return load_page(r, f, s);
	if (!strcmp(s->name, "scan"))
		return load_scan(r, s);
	if (!strcmp(s->name, "act"))
		return load_act(r, s);
	if (!strcmp(s->name, "samples"))
		return load_samples(&r->act, s);
	if (!strcmp(s->name, "scheme_stats"))
		return load_scheme_stats(&r->act, s);
	if (!strcmp(s->name, "course"))
		return load_course(&r->act, s);
	if (!strcmp(s->name, "apply_format"))
		return load_apply_format(f, s);
	if (!strcmp(s->name, "frames"))
		return load_frames(r, s);
	return !strcmp(s->name, "end");
}

bool run_load(struct run *r, const char *path)
{
	struct format format = {
		.kbuf = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_LITTLE),
	};
	struct section s = { 0 };
	size_t len = 0;
	char *data = read_file(path, &len);
	char *p = data;

	memset(r, 0, sizeof(*r));
	if (!format.kbuf || !data)
		return bad(path, strerror(errno));
	while (strcmp(s.name, "end")) {
		if (!next_section(&p, data + len, &s))
			return bad(path, "ends too early");
		if (!load_section(r, &format, &s))
			return bad(path, s.name);
	}
	kbuffer_free(format.kbuf);
	free(data);
	if (r->act.is)
		return r->act.nr_samples || bad(path, "no sample");
	/* The end of the run may have cut the last one short. */
	if (r->nr_snapshots &&
	    r->snapshots[r->nr_snapshots - 1].nr < r->snapshots[r->nr_snapshots - 1].due)
		r->nr_snapshots--;
	if (!r->nr_snapshots || !r->sample || !r->tick)
		return bad(path, "no snapshot");
	for (len = 0; r->frames && len < r->nr_snapshots; len++)
		frames_to_pages(r, &r->snapshots[len]);
	return true;
}
