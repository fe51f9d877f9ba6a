// SPDX-License-Identifier: GPL-2.0
/*
 * Writes and reads the companion of a recording.
 */
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "damonctl.h"
#include "meta.h"

/* A command line of the kernel's largest size, escaped, fits. */
#define MAX_META_SIZE	(16 << 20)

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

static json_object *targets_json(const struct meta *meta)
{
	json_object *targets = json_object_new_array(), *t;
	uint64_t i;

	for (i = 0; i < meta->nr_pids; i++) {
		t = json_object_new_object();
		json_object_object_add(t, "pid",
				       json_object_new_uint64(meta->pids[i]));
		json_object_object_add(t, "name",
				       json_object_new_string(meta->names[i]));
		json_object_array_add(targets, t);
	}
	return targets;
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
	json_object_object_add(root, "targets", targets_json(meta));
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

static bool get_targets(json_object *root, struct meta *meta)
{
	json_object *targets, *t, *name;
	size_t nr, i;

	if (!json_object_object_get_ex(root, "targets", &targets) ||
	    json_object_get_type(targets) != json_type_array)
		return false;
	nr = json_object_array_length(targets);
	meta->pids = must_alloc(nr, sizeof(*meta->pids));
	meta->names = must_alloc(nr, sizeof(*meta->names));
	for (i = 0; i < nr; i++) {
		t = json_object_array_get_idx(targets, i);
		if (json_object_get_type(t) != json_type_object ||
		    !get_number(t, "pid", &meta->pids[i]) ||
		    !json_object_object_get_ex(t, "name", &name) ||
		    json_object_get_type(name) != json_type_string)
			return false;
		snprintf(meta->names[i], META_NAME_LEN, "%s",
			 json_object_get_string(name));
	}
	meta->nr_pids = nr;
	return true;
}

static bool get_command(json_object *root, struct meta *meta)
{
	json_object *words, *w;
	size_t nr, i;

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
	struct tm tm = { 0 };
	const char *end;
	json_object *v;

	if (!json_object_object_get_ex(root, "start", &v) ||
	    json_object_get_type(v) != json_type_string)
		return false;
	end = strptime(json_object_get_string(v), "%Y-%m-%dT%H:%M:%SZ", &tm);
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
	/* In nanoseconds these must fit into 64 bits. */
	if (meta->attrs.aggr_us > UINT64_MAX / 1000 ||
	    meta->attrs.sample_us > meta->attrs.aggr_us)
		return false;
	return get_start(root, meta) && get_targets(root, meta) &&
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
	free(meta->pids);
	free(meta->names);
	*meta = (struct meta){ 0 };
}
