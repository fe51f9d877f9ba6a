// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what addresses are called, and finds the name of an area.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* Anyone may give a file or a mapping a name that changes a terminal. */
static void make_printable(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = '?';
	}
}

bool names_add(struct names *n, uint64_t start, uint64_t end, int32_t node,
	       const char *name)
{
	struct named *last = n->nr ? &n->a[n->nr - 1] : NULL, *grown;
	size_t room = n->room ? n->room * 2 : 64;
	char *copy = strdup(name);

	if (!copy)
		return false;
	make_printable(copy);
	if (last && last->end == start && last->node == node &&
	    !strcmp(last->name, copy)) {
		last->end = end;
		free(copy);
		return true;
	}
	if (n->nr == n->room) {
		grown = reallocarray(n->a, room, sizeof(*grown));
		if (!grown) {
			free(copy);
			return false;
		}
		n->a = grown;
		n->room = room;
	}
	n->a[n->nr++] = (struct named){ start, end, node, copy };
	return true;
}

void names_free(struct names *n)
{
	size_t i;

	for (i = 0; i < n->nr; i++)
		free(n->a[i].name);
	free(n->a);
	*n = (struct names){ 0 };
}

typedef bool (*line_fn)(const char *line, void *arg);

/* Calls @fn with each line, without its end. */
static bool read_lines(FILE *f, line_fn fn, void *arg)
{
	char *line = NULL;
	size_t room = 0;
	bool ok = true;

	while (ok && getline(&line, &room, f) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		ok = fn(line, arg);
	}
	ok = ok && !ferror(f);
	free(line);
	return ok;
}

/* @new in the place of @n, if it is @ok and there is something. */
static bool replace(struct names *n, struct names *new, bool ok)
{
	struct names old = *n;

	if (!ok || !new->nr) {
		names_free(new);
		return false;
	}
	*n = *new;
	names_free(&old);
	return true;
}

/* === Processes === */

/* "7f00a000-7f00b000 r-xp 00000000 08:01 1234    /usr/bin/sort" */
static bool add_mapping(const char *line, void *arg)
{
	uint64_t start, end;
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &start,
		   &end, &name) != 2 || !name || start >= end)
		return true;
	return names_add(arg, start, end, NO_NODE,
			 line[name] ? line + name : "anonymous");
}

bool names_of_process(struct names *n, const char *maps)
{
	struct names new = { 0 };
	FILE *f = fopen(maps, "re");
	bool ok;

	if (!f)
		return false;
	ok = read_lines(f, add_mapping, &new);
	/*
	 * The list of a process that exits meanwhile ends early; it is whole if
	 * there was something to read behind its end still.
	 */
	rewind(f);
	ok = ok && fgetc(f) != EOF;
	fclose(f);
	return replace(n, &new, ok);
}

/* === Physical memory === */

/* A block of memory that can be plugged, and the node that it belongs to. */
struct block {
	uint64_t number;
	int32_t node;
};

struct blocks {
	struct block *a;
	size_t nr, room;
	/* bytes of each; 0 if the kernel knows none */
	uint64_t size;
};

/* The number behind @prefix in @name, as in "node12". */
static bool numbered(const char *name, const char *prefix, uint64_t *nr)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, len) || name[len] < '0' || name[len] > '9')
		return false;
	*nr = strtoull(name + len, &end, 10);
	return !*end;
}

static bool add_block(struct blocks *b, uint64_t number, uint64_t node)
{
	size_t room = b->room ? b->room * 2 : 256;
	struct block *grown;

	if (b->nr == b->room) {
		grown = reallocarray(b->a, room, sizeof(*grown));
		if (!grown)
			return false;
		b->a = grown;
		b->room = room;
	}
	b->a[b->nr++] = (struct block){ number, (int32_t)node };
	return true;
}

static bool add_node(struct blocks *b, const char *path, uint64_t node)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	uint64_t number;
	bool ok = true;

	while (dir && ok && (entry = readdir(dir))) {
		if (numbered(entry->d_name, "memory", &number))
			ok = add_block(b, number, node);
	}
	if (dir)
		closedir(dir);
	return ok;
}

static int compare_blocks(const void *x, const void *y)
{
	const struct block *a = x, *b = y;

	return a->number < b->number ? -1 : a->number > b->number;
}

static bool read_block_size(struct blocks *b, const char *root)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/devices/system/memory/block_size_bytes",
		 root);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%" SCNx64, &b->size) != 1)
		b->size = 0;
	fclose(f);
	return b->size;
}

/* In order of address, each once: one in which two nodes meet is of neither. */
static void sort_blocks(struct blocks *b)
{
	size_t i, nr = 0;

	if (b->nr)
		qsort(b->a, b->nr, sizeof(*b->a), compare_blocks);
	for (i = 0; i < b->nr; i++) {
		if (nr && b->a[nr - 1].number == b->a[i].number)
			b->a[nr - 1].node = NO_NODE;
		else
			b->a[nr++] = b->a[i];
	}
	b->nr = nr;
}

/* Without blocks, or without nodes, memory is just System RAM. */
static bool read_blocks(struct blocks *b, const char *root)
{
	char nodes[512], path[800];
	struct dirent *entry;
	bool ok = true;
	uint64_t node;
	DIR *dir;

	snprintf(nodes, sizeof(nodes), "%s/sys/devices/system/node", root);
	dir = read_block_size(b, root) ? opendir(nodes) : NULL;
	while (dir && ok && (entry = readdir(dir))) {
		if (!numbered(entry->d_name, "node", &node) || node > INT32_MAX)
			continue;
		snprintf(path, sizeof(path), "%s/%s", nodes, entry->d_name);
		ok = add_node(b, path, node);
	}
	if (dir)
		closedir(dir);
	sort_blocks(b);
	return ok;
}

static int32_t node_of(const struct blocks *b, uint64_t number)
{
	const struct block key = { .number = number }, *found = NULL;

	if (b->nr)
		found = bsearch(&key, b->a, b->nr, sizeof(key), compare_blocks);
	return found ? found->node : NO_NODE;
}

struct memory {
	struct names names;
	struct blocks blocks;
};

/* A row, in as many parts as it has nodes one behind the other. */
static bool add_ram(struct memory *m, uint64_t start, uint64_t end,
		    const char *name)
{
	uint64_t size = m->blocks.size, next;

	for (; start < end; start = next) {
		next = m->blocks.nr ? start - start % size + size : end;
		if (next > end || next < start)
			next = end;
		if (!names_add(&m->names, start, next,
			       m->blocks.nr ? node_of(&m->blocks, start / size) : NO_NODE,
			       name))
			return false;
	}
	return true;
}

/* "00100000-7ffdffff : System RAM"; the end is the last byte. */
static bool add_row(const char *line, void *arg)
{
	uint64_t start, end;
	int name = 0;

	if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %n", &start, &end, &name) != 2 ||
	    !name || start >= end || end == UINT64_MAX ||
	    strncmp(line + name, "System RAM", strlen("System RAM")))
		return true;
	return add_ram(arg, start, end + 1, line + name);
}

static int compare_starts(const void *x, const void *y)
{
	const struct named *a = x, *b = y;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Adds to @n what was in @old and is no more, so that it has its name. */
static bool keep_gone(struct names *n, const struct names *old)
{
	const struct named *o;
	bool ok = true;
	size_t i;

	for (i = 0; i < old->nr && ok; i++) {
		o = &old->a[i];
		if (!names_find(n, o->start, o->end))
			ok = names_add(n, o->start, o->end, o->node, o->name);
	}
	if (n->nr)
		qsort(n->a, n->nr, sizeof(*n->a), compare_starts);
	return ok;
}

bool names_of_memory(struct names *n, const char *root)
{
	struct memory m = { 0 };
	char path[512];
	bool ok = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/iomem", root);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = read_blocks(&m.blocks, root) && read_lines(f, add_row, &m) &&
	     keep_gone(&m.names, n);
	fclose(f);
	free(m.blocks.a);
	return replace(n, &m.names, ok);
}

/* === Names of areas === */

const struct named *names_find(const struct names *n, uint64_t start,
			       uint64_t end)
{
	const struct named *best = NULL;
	uint64_t most = 0, from, to;
	size_t i;

	for (i = 0; i < n->nr; i++) {
		from = n->a[i].start > start ? n->a[i].start : start;
		to = n->a[i].end < end ? n->a[i].end : end;
		if (from < to && to - from > most) {
			most = to - from;
			best = &n->a[i];
		}
	}
	return best;
}
