// SPDX-License-Identifier: GPL-2.0
/*
 * Writes and reads the companion of a recording.
 */
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "damonctl.h"
#include "meta.h"
#include "recording.h"

/*
 * A command line of the kernel's largest size, escaped, fits, and beside it the
 * areas of two processes that have as many as the kernel allows. Areas beyond
 * this size are not written.
 */
#define MAX_META_SIZE	(64 << 20)
#define MAX_NAMES_SIZE	(40 << 20)

/* Bytes that an area takes beside its name, and that a byte of a name may take. */
#define AREA_SIZE	260
#define ESCAPED_SIZE	6

char *meta_path(const char *recording)
{
	char *path;

	return asprintf(&path, "%s.json", recording) < 0 ? NULL : path;
}

static const struct {
	const char *name;
	size_t offset;
	/* a report divides by it */
	bool nonzero;
} numbers[] = {
	{ "sample_us", offsetof(struct meta, attrs.sample_us), true },
	{ "aggr_us", offsetof(struct meta, attrs.aggr_us), true },
	{ "update_us", offsetof(struct meta, attrs.update_us), false },
	{ "min_regions", offsetof(struct meta, attrs.min_regions), false },
	{ "max_regions", offsetof(struct meta, attrs.max_regions), false },
	{ "size", offsetof(struct meta, size), false },
	{ "snapshots", offsetof(struct meta, nr_snapshots), false },
	{ "lost_events", offsetof(struct meta, nr_lost), false },
};

const struct names *meta_names(const struct meta *meta, uint64_t i)
{
	return meta->kind == SCOPE_PADDR ? &meta->memory : &meta->mappings[i];
}

static json_object *area_json(const struct named *area)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "start", json_object_new_uint64(area->start));
	json_object_object_add(o, "end", json_object_new_uint64(area->end));
	if (area->from_ns)
		json_object_object_add(o, "from_ns", json_object_new_uint64(area->from_ns));
	if (area->to_ns != FOREVER)
		json_object_object_add(o, "to_ns", json_object_new_uint64(area->to_ns));
	if (area->node != NO_NODE)
		json_object_object_add(o, "node", json_object_new_int(area->node));
	json_object_object_add(o, "name", json_object_new_string(area->name));
	return o;
}

/* Adds the list @name to @to, and the time before which it is not whole. */
static void add_names(json_object *to, const char *name, const struct names *n,
		      size_t *budget)
{
	json_object *list = json_object_new_array();
	uint64_t known_ns = n->known_ns;
	size_t i, size;

	for (i = 0; i < n->nr; i++) {
		size = AREA_SIZE + ESCAPED_SIZE * strlen(n->a[i].name);
		if (size > *budget) {
			known_ns = INT64_MAX;
			break;
		}
		*budget -= size;
		json_object_array_add(list, area_json(&n->a[i]));
	}
	json_object_object_add(to, name, list);
	if (known_ns)
		json_object_object_add(to, "known_ns", json_object_new_uint64(known_ns));
}

static json_object *target_json(const struct meta *meta, uint64_t i, size_t *budget)
{
	json_object *t = json_object_new_object(), *id;

	id = meta->all_nodes ? NULL : json_object_new_uint64(meta->ids[i]);
	if (meta->kind == SCOPE_PADDR) {
		json_object_object_add(t, "node", id);
		return t;
	}
	json_object_object_add(t, "pid", id);
	json_object_object_add(t, "name", json_object_new_string(meta->names[i]));
	add_names(t, "mappings", &meta->mappings[i], budget);
	return t;
}

static void add_targets(json_object *root, const struct meta *meta)
{
	json_object *targets = json_object_new_array();
	size_t budget = MAX_NAMES_SIZE;
	uint64_t i;

	json_object_object_add(root, "kind",
			       json_object_new_string(scope_names[meta->kind]));
	for (i = 0; i < meta->nr_ids; i++)
		json_object_array_add(targets, target_json(meta, i, &budget));
	json_object_object_add(root, "targets", targets);
	if (meta->kind == SCOPE_PADDR)
		add_names(root, "memory", &meta->memory, &budget);
}

bool meta_write(FILE *f, const struct meta *meta)
{
	json_object *root = json_object_new_object(), *words = NULL;
	time_t start = (time_t)meta->start;
	char date[32] = "";
	const char *text;
	struct tm tm;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t value = *(const uint64_t *)((const char *)meta +
						     numbers[i].offset);

		json_object_object_add(root, numbers[i].name,
				       json_object_new_uint64(value));
	}
	if (gmtime_r(&start, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_object_add(root, "start", json_object_new_string(date));
	if (meta->command) {
		words = json_object_new_array();
		for (i = 0; meta->command[i]; i++)
			json_object_array_add(words, json_object_new_string(meta->command[i]));
	}
	json_object_object_add(root, "command", words);
	json_object_object_add(root, "forked", json_object_new_boolean(meta->forked));
	json_object_object_add(root, "lost_snapshots",
			       json_object_new_uint64(meta->nr_missing));
	add_targets(root, meta);
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(f, "%s\n", text);
	json_object_put(root);
	return text;
}

static bool get_number(json_object *obj, const char *name, uint64_t *value)
{
	json_object *v;

	if (!json_object_object_get_ex(obj, name, &v) ||
	    json_object_get_type(v) != json_type_int ||
	    json_object_get_int64(v) < 0)
		return false;
	*value = json_object_get_uint64(v);
	return true;
}

static const char *get_string(json_object *obj, const char *name)
{
	json_object *v;

	if (!json_object_object_get_ex(obj, name, &v) ||
	    json_object_get_type(v) != json_type_string)
		return NULL;
	return json_object_get_string(v);
}

/* Leaves @value as it is if there is no such member. */
static bool get_optional(json_object *obj, const char *name, uint64_t *value)
{
	return !json_object_object_get_ex(obj, name, NULL) ||
	       get_number(obj, name, value);
}

/* Areas are searched by address, so their order is checked. */
static bool get_area(json_object *o, struct names *n)
{
	struct named area = { .to_ns = FOREVER };
	uint64_t node = UINT64_MAX;

	if (json_object_get_type(o) != json_type_object)
		return false;
	area.name = (char *)get_string(o, "name");
	if (!area.name || !get_number(o, "start", &area.start) ||
	    !get_number(o, "end", &area.end) || area.start >= area.end ||
	    !get_optional(o, "from_ns", &area.from_ns) ||
	    !get_optional(o, "to_ns", &area.to_ns) ||
	    !get_optional(o, "node", &node) ||
	    (node > INT32_MAX && node != UINT64_MAX))
		return false;
	area.node = node == UINT64_MAX ? NO_NODE : (int32_t)node;
	return (!n->nr || n->a[n->nr - 1].start <= area.start) &&
	       names_add(n, &area);
}

/*
 * A recording without areas has no names for addresses, and does not tell what
 * was mapped; it is as good otherwise.
 */
static bool get_names(json_object *obj, const char *name, struct names *n)
{
	json_object *list;
	size_t i;

	if (!json_object_object_get_ex(obj, name, &list))
		return true;
	if (json_object_get_type(list) != json_type_array)
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		if (!get_area(json_object_array_get_idx(list, i), n))
			return false;
	}
	return get_optional(obj, "known_ns", &n->known_ns);
}

static bool get_node(json_object *t, struct meta *meta, size_t i)
{
	json_object *node;

	if (!json_object_object_get_ex(t, "node", &node))
		return false;
	if (node)
		return get_number(t, "node", &meta->ids[i]);
	meta->ids[i] = REC_ALL_NODES;
	meta->all_nodes = true;
	return true;
}

static bool get_process(json_object *t, struct meta *meta, size_t i)
{
	const char *name = get_string(t, "name");

	if (!name || !get_number(t, "pid", &meta->ids[i]))
		return false;
	snprintf(meta->names[i], COMM_LEN, "%s", name);
	make_printable(meta->names[i]);
	return get_names(t, "mappings", &meta->mappings[i]);
}

static bool get_targets(json_object *root, struct meta *meta)
{
	json_object *targets, *t;
	size_t nr, i;

	if (!json_object_object_get_ex(root, "targets", &targets) ||
	    json_object_get_type(targets) != json_type_array)
		return false;
	nr = json_object_array_length(targets);
	meta->ids = must_alloc(nr, sizeof(*meta->ids));
	meta->names = must_alloc(nr, sizeof(*meta->names));
	meta->mappings = must_alloc(nr, sizeof(*meta->mappings));
	meta->nr_ids = nr;
	for (i = 0; i < nr; i++) {
		t = json_object_array_get_idx(targets, i);
		if (json_object_get_type(t) != json_type_object ||
		    !(meta->kind == SCOPE_PADDR ? get_node : get_process)(t, meta, i))
			return false;
	}
	return true;
}

/* A companion that does not tell its kind is of processes. */
static bool get_kind(json_object *root, struct meta *meta)
{
	const char *kind = get_string(root, "kind");
	size_t i;

	if (!json_object_object_get_ex(root, "kind", NULL))
		return true;
	for (i = 0; kind && i < NR_SCOPE_KINDS; i++) {
		if (!strcmp(kind, scope_names[i])) {
			meta->kind = (enum scope_kind)i;
			return true;
		}
	}
	return false;
}

static bool get_command(json_object *root, struct meta *meta)
{
	json_object *words, *w;
	size_t nr, i;

	if (json_object_object_get_ex(root, "forked", &w))
		meta->forked = json_object_get_boolean(w);
	if (!json_object_object_get_ex(root, "command", &words))
		return false;
	if (!words)
		return true;
	if (json_object_get_type(words) != json_type_array)
		return false;
	nr = json_object_array_length(words);
	meta->command = must_alloc(nr + 1, sizeof(*meta->command));
	for (i = 0; i < nr; i++) {
		w = json_object_array_get_idx(words, i);
		if (json_object_get_type(w) != json_type_string)
			return false;
		meta->command[i] = strdup(json_object_get_string(w));
		if (!meta->command[i])
			return false;
	}
	return true;
}

static bool get_start(json_object *root, struct meta *meta)
{
	const char *start = get_string(root, "start"), *end;
	struct tm tm = { 0 };

	if (!start)
		return false;
	end = strptime(start, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return false;
	meta->start = timegm(&tm);
	return true;
}

static bool decode(json_object *root, struct meta *meta)
{
	uint64_t *value;
	size_t i;

	if (json_object_get_type(root) != json_type_object)
		return false;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		value = (uint64_t *)((char *)meta + numbers[i].offset);
		if (!get_number(root, numbers[i].name, value) ||
		    (numbers[i].nonzero && !*value))
			return false;
	}
	/* In nanoseconds the intervals must fit into 64 bits. */
	if (meta->attrs.aggr_us > UINT64_MAX / 1000 ||
	    meta->attrs.sample_us > meta->attrs.aggr_us)
		return false;
	return get_optional(root, "lost_snapshots", &meta->nr_missing) &&
	       get_start(root, meta) && get_kind(root, meta) &&
	       get_targets(root, meta) &&
	       get_names(root, "memory", &meta->memory) &&
	       get_command(root, meta);
}

enum meta_result meta_read(const char *recording, uint64_t size,
			   struct meta *meta)
{
	enum meta_result result = META_BAD;
	json_object *root = NULL;
	char *path = meta_path(recording);
	struct stat st;

	*meta = (struct meta){ 0 };
	if (!path)
		return META_ABSENT;
	if (stat(path, &st)) {
		result = META_ABSENT;
		goto out_free;
	}
	if (S_ISREG(st.st_mode) && st.st_size <= MAX_META_SIZE)
		root = json_object_from_file(path);
	if (!root || !decode(root, meta))
		complain("cannot understand %s; repair it, or remove it to do without",
			 path);
	else if (meta->size != size)
		complain("%s belongs to another recording; remove it to do without",
			 path);
	else
		result = META_FOUND;
	if (root)
		json_object_put(root);
out_free:
	if (result != META_FOUND)
		meta_free(meta);
	free(path);
	return result;
}

void meta_free(struct meta *meta)
{
	size_t i;

	for (i = 0; meta->command && meta->command[i]; i++)
		free(meta->command[i]);
	free(meta->command);
	for (i = 0; meta->mappings && i < meta->nr_ids; i++)
		names_free(&meta->mappings[i]);
	free(meta->mappings);
	names_free(&meta->memory);
	free(meta->ids);
	free(meta->names);
	*meta = (struct meta){ 0 };
}
