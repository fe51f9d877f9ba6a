// SPDX-License-Identifier: GPL-2.0
/*
 * Reads what addresses are called, and finds the name of an area.
 */
#include <dirent.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "names.h"

/* Marks that change the direction of what follows are printable for iswprint(). */
static bool is_harmless(wchar_t c)
{
	return iswprint((wint_t)c) && !(c >= 0x202a && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069);
}

void make_printable(char *s)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	locale_t old = uselocale(utf8 ? utf8 : LC_GLOBAL_LOCALE);
	mbstate_t state = { 0 };
	wchar_t c;
	size_t len;

	while (*s) {
		len = mbrtowc(&c, s, strlen(s), &state);
		if (len > strlen(s)) {
			/* No character begins here. */
			memset(&state, 0, sizeof(state));
			len = 1;
			*s = '?';
		} else if (!is_harmless(c)) {
			memset(s, '?', len);
		}
		s += len;
	}
	uselocale(old);
	if (utf8)
		freelocale(utf8);
}

static bool make_room(struct names *n, size_t nr_more)
{
	size_t room = n->room ? n->room : 64;
	struct named *grown;

	while (room < n->nr + nr_more)
		room *= 2;
	if (room == n->room)
		return true;
	grown = reallocarray(n->a, room, sizeof(*grown));
	if (!grown)
		return false;
	n->a = grown;
	n->room = room;
	return true;
}

static bool continues(const struct named *last, const struct named *new)
{
	return last->end == new->start && last->node == new->node &&
	       last->from_ns == new->from_ns && last->to_ns == new->to_ns &&
	       !strcmp(last->name, new->name);
}

bool names_add(struct names *n, const struct named *new)
{
	struct named copy = *new;

	if (!make_room(n, 1))
		return false;
	copy.name = strdup(new->name);
	if (!copy.name)
		return false;
	make_printable(copy.name);
	if (n->nr && continues(&n->a[n->nr - 1], &copy)) {
		n->a[n->nr - 1].end = copy.end;
		free(copy.name);
		return true;
	}
	n->a[n->nr++] = copy;
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

/* Calls @fn with each line, without the newline. */
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

static int compare_areas(const void *x, const void *y)
{
	const struct named *a = x, *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->from_ns < b->from_ns ? -1 : a->from_ns > b->from_ns;
}

/* === Processes === */

/*
 * "7f00a000-7f00b000 r-xp 00000000 08:01 1234    /usr/bin/sort". Memory that
 * nobody may read, write or execute is reserved address space, and a hole.
 */
static bool add_mapping(const char *line, void *arg)
{
	struct named m = { .to_ns = FOREVER, .node = NO_NODE };
	char permissions[5];
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &m.start,
		   &m.end, permissions, &name) != 3 || !name || m.start >= m.end ||
	    !strncmp(permissions, "---", 3))
		return true;
	m.name = (char *)(line[name] ? line + name : "anonymous");
	return names_add(arg, &m);
}

static bool read_mappings(struct names *new, const char *maps)
{
	FILE *f = fopen(maps, "re");
	bool ok;

	if (!f)
		return false;
	ok = read_lines(f, add_mapping, new);
	/*
	 * The list of a process that exits meanwhile ends early. If there still
	 * is something to read afterwards, the list is whole.
	 */
	rewind(f);
	ok = ok && fgetc(f) != EOF;
	fclose(f);
	return ok && new->nr;
}

/*
 * Ends the mappings of @n that are not in @new. Mappings that are in both are
 * taken out of @new: they have no name there afterwards.
 */
static void end_gone(struct names *n, struct names *new, uint64_t now_ns)
{
	struct named *old, *same;
	size_t i, k = 0;

	for (i = 0; i < n->nr; i++) {
		old = &n->a[i];
		if (old->to_ns != FOREVER)
			continue;
		while (k < new->nr && new->a[k].start < old->start)
			k++;
		same = k < new->nr ? &new->a[k] : NULL;
		if (!same || same->start != old->start || same->end != old->end ||
		    strcmp(same->name, old->name)) {
			old->to_ns = now_ns;
			continue;
		}
		free(same->name);
		same->name = NULL;
		k++;
	}
}

static void add_new(struct names *n, struct names *new)
{
	size_t i, nr = n->nr;

	for (i = 0; i < new->nr; i++) {
		if (!new->a[i].name)
			continue;
		n->a[n->nr] = new->a[i];
		n->a[n->nr++].from_ns = n->noted_ns;
		new->a[i].name = NULL;
	}
	if (n->nr > nr)
		qsort(n->a, n->nr, sizeof(*n->a), compare_areas);
}

static size_t count_gone(const struct names *n, uint64_t since_ns)
{
	size_t i, nr = 0;

	for (i = 0; i < n->nr; i++)
		nr += n->a[i].to_ns != FOREVER && n->a[i].to_ns > since_ns;
	return nr;
}

/* The older half of the time goes, again and again until few enough are left. */
static void forget_oldest(struct names *n)
{
	size_t i, nr = 0;

	while (count_gone(n, n->known_ns) > MAX_GONE)
		n->known_ns += (n->noted_ns - n->known_ns + 1) / 2;
	for (i = 0; i < n->nr; i++) {
		if (n->a[i].to_ns > n->known_ns)
			n->a[nr++] = n->a[i];
		else
			free(n->a[i].name);
	}
	n->nr = nr;
}

bool names_of_process(struct names *n, const char *maps, uint64_t now_ns)
{
	struct names new = { 0 };
	bool ok = read_mappings(&new, maps) && make_room(n, new.nr);

	if (ok) {
		end_gone(n, &new, now_ns);
		add_new(n, &new);
		n->noted_ns = now_ns;
		forget_oldest(n);
	}
	names_free(&new);
	return ok;
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

/* In order of address, each once. A block in which two nodes meet has no node. */
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

/* Adds a row of the file, cut where it goes from one node to the next. */
static bool add_ram(struct memory *m, uint64_t start, uint64_t end,
		    const char *name)
{
	struct named ram = { .to_ns = FOREVER, .node = NO_NODE, .name = (char *)name };
	uint64_t size = m->blocks.size;

	for (; start < end; start = ram.end) {
		ram.start = start;
		ram.end = m->blocks.nr ? start - start % size + size : end;
		if (ram.end > end || ram.end < start)
			ram.end = end;
		if (m->blocks.nr)
			ram.node = node_of(&m->blocks, start / size);
		if (!names_add(&m->names, &ram))
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

/* Adds to @n memory that is in @old only, so that it keeps its name. */
static bool keep_gone(struct names *n, const struct names *old)
{
	const struct named *o;
	bool ok = true;
	size_t i;

	for (i = 0; i < old->nr && ok; i++) {
		o = &old->a[i];
		if (!names_find(n, o->start, o->end, FOREVER))
			ok = names_add(n, o);
	}
	if (n->nr)
		qsort(n->a, n->nr, sizeof(*n->a), compare_areas);
	return ok;
}

bool names_of_memory(struct names *n, const char *root)
{
	struct memory m = { 0 };
	char path[512];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/proc/iomem", root);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = read_blocks(&m.blocks, root) && read_lines(f, add_row, &m) &&
	     keep_gone(&m.names, n);
	fclose(f);
	free(m.blocks.a);
	if (!ok || !m.names.nr) {
		names_free(&m.names);
		return false;
	}
	names_free(n);
	*n = m.names;
	return true;
}

/* === Names of areas === */

const struct named *names_find(const struct names *n, uint64_t start,
			       uint64_t end, uint64_t at_ns)
{
	const struct named *best = NULL;
	uint64_t most = 0, from, to;
	size_t i;

	for (i = 0; i < n->nr && n->a[i].start < end; i++) {
		if (at_ns < n->a[i].from_ns || at_ns > n->a[i].to_ns)
			continue;
		from = n->a[i].start > start ? n->a[i].start : start;
		to = n->a[i].end < end ? n->a[i].end : end;
		if (from < to && to - from > most) {
			most = to - from;
			best = &n->a[i];
		}
	}
	return best;
}
