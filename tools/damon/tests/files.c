// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of files: the companion of a recording, files that appear only when they
 * are complete, and files of the kernel that name addresses.
 *
 * Prints a line for each test and ends with 1 if one failed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "damonctl.h"
#include "meta.h"
#include "names.h"
#include "output.h"
#include "recording.h"

static bool is_named(const struct names *n, size_t i, uint64_t start,
		     uint64_t end, int32_t node, const char *name)
{
	return i < n->nr && n->a[i].start == start && n->a[i].end == end &&
	       n->a[i].node == node && !strcmp(n->a[i].name, name);
}

static bool add_name(struct names *n, uint64_t start, uint64_t end,
		     int32_t node, char *name)
{
	struct named area = { start, end, 0, FOREVER, node, name };

	return names_add(n, &area);
}

static void companion_is_read_as_written(const char *dir)
{
	char *command[] = { "a b", "\"\\\n", NULL };
	uint64_t pids[] = { 1, 4194304 };
	char names[2][COMM_LEN] = { "x", "<y>&" }, path[300], name[310];
	struct names mappings[2] = { 0 };
	struct meta in = { .attrs = { 1, 2, 3, 4, 5 }, .size = 99,
			   .nr_snapshots = 6, .nr_lost = 7, .start = 1234567890,
			   .command = command, .kind = SCOPE_FVADDR, .ids = pids,
			   .names = names, .nr_ids = 2, .mappings = mappings };
	struct meta out;
	FILE *f;

	snprintf(path, sizeof(path), "%s/meta", dir);
	snprintf(name, sizeof(name), "%s.json", path);
	CHECK(meta_read(path, 99, &out) == META_ABSENT);
	CHECK(add_name(&mappings[1], 0x1000, 0x3000, NO_NODE, "\"\\ [heap]"));
	CHECK(names_add(&mappings[1], &(struct named){ 0x2000, 0x4000, 5, 9, NO_NODE, "b" }));
	mappings[1].known_ns = 3;
	f = fopen(name, "w");
	CHECK(f && meta_write(f, &in) && !fclose(f));
	names_free(&mappings[1]);
	CHECK(meta_read(path, 98, &out) == META_BAD);
	CHECK(meta_read(path, 99, &out) == META_FOUND);
	CHECK(!memcmp(&in.attrs, &out.attrs, sizeof(in.attrs)));
	CHECK(out.nr_snapshots == 6 && out.nr_lost == 7 && out.start == in.start);
	CHECK(out.kind == SCOPE_FVADDR && !out.all_nodes);
	CHECK(out.nr_ids == 2 && out.ids[1] == pids[1]);
	CHECK(out.nr_ids == 2 && !strcmp(out.names[1], names[1]));
	CHECK(out.nr_ids == 2 && !meta_names(&out, 0)->nr &&
	      is_named(meta_names(&out, 1), 0, 0x1000, 0x3000, NO_NODE, "\"\\ [heap]"));
	CHECK(out.nr_ids == 2 && out.mappings[1].known_ns == 3 &&
	      out.mappings[1].a[0].from_ns == 0 && out.mappings[1].a[0].to_ns == FOREVER &&
	      is_named(&out.mappings[1], 1, 0x2000, 0x4000, NO_NODE, "b") &&
	      out.mappings[1].a[1].from_ns == 5 && out.mappings[1].a[1].to_ns == 9);
	CHECK(out.command && !strcmp(out.command[1], command[1]) &&
	      !out.command[2]);
	meta_free(&out);
	CHECK(!truncate(name, 40) && meta_read(path, 99, &out) == META_BAD);
	unlink(name);
}

/* Writes a companion and reads it; false if it was refused. */
static bool pass_on(const char *dir, const struct meta *in, struct meta *out)
{
	char path[300], name[310];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "%s/pass", dir);
	snprintf(name, sizeof(name), "%s.json", path);
	f = fopen(name, "w");
	ok = f && meta_write(f, in) && !fclose(f) &&
	     meta_read(path, in->size, out) == META_FOUND;
	unlink(name);
	return ok;
}

static void companion_tells_nodes_and_memory(const char *dir)
{
	uint64_t nodes[] = { 3, 0 };
	struct meta in = { .attrs = { 1, 2, 3, 4, 5 }, .kind = SCOPE_PADDR,
			   .ids = nodes, .nr_ids = 2 };
	struct meta out;

	CHECK(add_name(&in.memory, 0x1000, 0x9f000, 0, "System RAM"));
	CHECK(add_name(&in.memory, 0x9f000, 0xa0000, NO_NODE, "System RAM"));
	CHECK(pass_on(dir, &in, &out));
	CHECK(out.kind == SCOPE_PADDR && !out.all_nodes && out.nr_ids == 2);
	CHECK(out.nr_ids == 2 && out.ids[0] == 3 && out.ids[1] == 0);
	CHECK(out.nr_ids == 2 && meta_names(&out, 0)->nr == 2 &&
	      is_named(meta_names(&out, 1), 0, 0x1000, 0x9f000, 0, "System RAM") &&
	      is_named(meta_names(&out, 1), 1, 0x9f000, 0xa0000, NO_NODE, "System RAM"));
	meta_free(&out);
	in.all_nodes = true;
	in.nr_ids = 1;
	CHECK(pass_on(dir, &in, &out));
	CHECK(out.all_nodes && out.nr_ids == 1 && out.ids[0] == REC_ALL_NODES);
	meta_free(&out);
	names_free(&in.memory);
}

/* As many mappings as a process may have, of a name that grows when escaped. */
static void companion_stays_readable(const char *dir)
{
	uint64_t pids[4] = { 1, 2, 3, 4 }, i, k;
	char names[4][COMM_LEN] = { "" }, long_name[600];
	struct names mappings[4] = { 0 };
	struct meta in = { .attrs = { 1, 2, 3, 4, 5 }, .ids = pids, .nr_ids = 4,
			   .names = names, .mappings = mappings };
	struct meta out;

	memset(long_name, '"', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 65530; k++)
			add_name(&mappings[i], k * 8192, k * 8192 + 4096,
				 NO_NODE, i ? "short" : long_name);
	}
	CHECK(pass_on(dir, &in, &out));
	CHECK(out.nr_ids == 4 && meta_names(&out, 0)->nr > 1000);
	/* Mappings that were not written are not taken for holes. */
	CHECK(out.nr_ids == 4 && out.mappings[0].nr < 65530 &&
	      out.mappings[0].known_ns > INT64_MAX / 2);
	meta_free(&out);
	for (i = 0; i < 4; i++)
		names_free(&mappings[i]);
}

static void files_appear_only_when_complete(const char *dir)
{
	char path[300], command[340];
	struct output o;
	struct stat st;

	snprintf(path, sizeof(path), "%s/out", dir);
	CHECK(output_open(&o, path, 0600));
	CHECK(access(path, F_OK));
	fputs("x", o.f);
	CHECK(output_finish(&o) && output_commit(&o));
	output_close(&o);
	CHECK(!stat(path, &st) && st.st_size == 1 && (st.st_mode & 0777) == 0600);
	/* A file that is given up leaves the old file alone, and nothing else. */
	CHECK(output_open(&o, path, 0600));
	fputs("yy", o.f);
	output_close(&o);
	CHECK(!stat(path, &st) && st.st_size == 1);
	snprintf(command, sizeof(command), "test $(ls %s | wc -l) = 1", dir);
	CHECK(!system(command));
	unlink(path);
	CHECK(!output_open(&o, "/dev/null", 0600));
	CHECK(!output_open(&o, "/nonexistent/file", 0600));
	CHECK(!output_open(&o, dir, 0600));
}

static void mappings_are_named(const char *dir)
{
	char path[300];
	struct names n = { 0 };
	int ends[2];

	snprintf(path, sizeof(path), "%s/maps", dir);
	put_file(dir, "maps",
		 "1000-2000 r--p 00000000 08:01 7                  /bin/a b (deleted)\n"
		 "2000-5000 rw-p 00001000 08:01 7                  /bin/a b (deleted)\n"
		 "5000-6000 rw-p 00000000 00:00 0\n"
		 "6000-8000 ---p 00000000 00:00 0\n"
		 "8000-9000 rw-p 00000000 00:00 0                  [heap]\n"
		 "9000-a000 rw-p 00000000 00:00 0\n"
		 "a000-b000 rw-p 00000000 08:01 9                  /x\033[2J\n"
		 "nonsense\n");
	CHECK(names_of_process(&n, path, 1) && n.nr == 5);
	CHECK(is_named(&n, 0, 0x1000, 0x5000, NO_NODE, "/bin/a b (deleted)"));
	CHECK(is_named(&n, 1, 0x5000, 0x6000, NO_NODE, "anonymous"));
	CHECK(is_named(&n, 2, 0x8000, 0x9000, NO_NODE, "[heap]"));
	CHECK(is_named(&n, 3, 0x9000, 0xa000, NO_NODE, "anonymous"));
	CHECK(is_named(&n, 4, 0xa000, 0xb000, NO_NODE, "/x?[2J"));
	CHECK(names_find(&n, 0x4000, 0x6000, 1) == &n.a[0]);
	CHECK(names_find(&n, 0x4800, 0x9000, 1) == &n.a[1]);
	CHECK(!names_find(&n, 0x6000, 0x8000, 1));
	/* A process that has ended has no list; the list read before stays. */
	put_file(dir, "maps", "");
	CHECK(!names_of_process(&n, path, 1) && n.nr == 5);
	unlink(path);
	CHECK(!names_of_process(&n, path, 1) && n.nr == 5);
	/* The list of a process that ends meanwhile is empty at a second look. */
	CHECK(!pipe(ends) && write(ends[1], "1000-2000 r--p 0 0:0 0\n", 23) == 23);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	CHECK(!names_of_process(&n, path, 1) && n.nr == 5);
	close(ends[0]);
	CHECK(names_of_process(&n, "/proc/self/maps", 2));
	CHECK(n.nr > 3 && names_find(&n, (uintptr_t)path, (uintptr_t)path + 1, 2));
	names_free(&n);
}

static void put_maps(const char *dir, const char *text, uint64_t now_ns,
		     struct names *n)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/maps", dir);
	put_file(dir, "maps", text);
	CHECK(names_of_process(n, path, now_ns));
	unlink(path);
}

static void mappings_are_remembered(const char *dir)
{
	struct names n = { 0 };

	put_maps(dir, "1000-2000 r--p 0 0:0 0 a\n5000-6000 r--p 0 0:0 0 b\n", 10, &n);
	put_maps(dir, "1000-2000 r--p 0 0:0 0 a\n5000-7000 r--p 0 0:0 0 b\n", 20, &n);
	put_maps(dir, "1000-2000 r--p 0 0:0 0 a\n", 30, &n);
	CHECK(n.nr == 3 && !n.known_ns);
	/* Until the first note without it, and since the last one before it. */
	CHECK(is_named(&n, 0, 0x1000, 0x2000, NO_NODE, "a") &&
	      n.a[0].from_ns == 0 && n.a[0].to_ns == FOREVER);
	CHECK(is_named(&n, 1, 0x5000, 0x6000, NO_NODE, "b") &&
	      n.a[1].from_ns == 0 && n.a[1].to_ns == 20);
	CHECK(is_named(&n, 2, 0x5000, 0x7000, NO_NODE, "b") &&
	      n.a[2].from_ns == 10 && n.a[2].to_ns == 30);
	CHECK(names_find(&n, 0x5000, 0x7000, 5) == &n.a[1]);
	CHECK(names_find(&n, 0x5000, 0x7000, 25) == &n.a[2]);
	CHECK(!names_find(&n, 0x5000, 0x7000, 35));
	names_free(&n);
}

/* A program that maps new addresses all the time does not fill the memory. */
static void old_mappings_are_forgotten(const char *dir)
{
	char *text = malloc(40 * 30000), *p;
	struct names n = { 0 };
	uint64_t i, k, low = UINT64_MAX;

	for (i = 1; text && i <= 5; i++) {
		for (p = text, k = 0; k < 30000; k++)
			p += sprintf(p, "%" PRIx64 "000-%" PRIx64 "800 r--p 0 0:0 0\n",
				     i << 20 | k, i << 20 | k);
		put_maps(dir, text, i * 100, &n);
	}
	free(text);
	CHECK(n.nr <= MAX_GONE + 30000 && n.nr >= 60000);
	for (i = 0; i < n.nr; i++)
		low = n.a[i].to_ns < low ? n.a[i].to_ns : low;
	CHECK(n.known_ns && low > n.known_ns);
	names_free(&n);
}

static void make_dir(const char *dir, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(!mkdir(path, 0700));
}

static void memory_is_named(const char *dir)
{
	static const char * const dirs[] = {
		"root", "root/proc", "root/sys", "root/sys/devices",
		"root/sys/devices/system", "root/sys/devices/system/memory",
		"root/sys/devices/system/node",
		"root/sys/devices/system/node/node0",
		"root/sys/devices/system/node/node0/memory0",
		"root/sys/devices/system/node/node0/memory1",
		"root/sys/devices/system/node/node10",
		"root/sys/devices/system/node/node10/memory2",
		"root/sys/devices/system/node/node10/memory5",
		"root/sys/devices/system/node/node10/memory4",
		"root/sys/devices/system/node/node0/memory4",
	};
	char root[300], command[340];
	struct names n = { 0 };
	size_t i;

	snprintf(root, sizeof(root), "%s/root", dir);
	for (i = 0; i < 6; i++)
		make_dir(dir, dirs[i]);
	put_file(root, "proc/iomem",
		 "00000000-00000fff : Reserved\n"
		 "00001000-0009fbff : System RAM\n"
		 "  00002000-00002fff : Kernel code\n"
		 "00100000-27ffffff : System RAM\n"
		 "40000000-5fffffff : dax0.0\n"
		 "  40000000-57ffffff : System RAM (kmem)\n");
	/* Without nodes it is named all the same. */
	CHECK(names_of_memory(&n, root) && n.nr == 3);
	CHECK(is_named(&n, 1, 0x100000, 0x28000000, NO_NODE, "System RAM"));
	for (; i < ARRAY_SIZE(dirs); i++)
		make_dir(dir, dirs[i]);
	put_file(root, "sys/devices/system/memory/block_size_bytes", "10000000\n");
	CHECK(names_of_memory(&n, root) && n.nr == 5);
	CHECK(is_named(&n, 0, 0x1000, 0x9fc00, 0, "System RAM"));
	CHECK(is_named(&n, 1, 0x100000, 0x20000000, 0, "System RAM"));
	CHECK(is_named(&n, 2, 0x20000000, 0x28000000, 10, "System RAM"));
	/* Two nodes meet in block 4. */
	CHECK(is_named(&n, 3, 0x40000000, 0x50000000, NO_NODE, "System RAM (kmem)"));
	CHECK(is_named(&n, 4, 0x50000000, 0x58000000, 10, "System RAM (kmem)"));
	/* Memory that is plugged out keeps its name; a new name replaces the old. */
	put_file(root, "proc/iomem",
		 "00001000-0009fbff : System RAM\n"
		 "40000000-57ffffff : System RAM\n");
	CHECK(names_of_memory(&n, root) && n.nr == 5);
	CHECK(is_named(&n, 2, 0x20000000, 0x28000000, 10, "System RAM"));
	CHECK(is_named(&n, 3, 0x40000000, 0x50000000, NO_NODE, "System RAM"));
	names_free(&n);
	CHECK(!names_of_memory(&n, "/nonexistent"));
	snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK(!system(command));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	results = stdout;
	RUN_IN(companion_is_read_as_written, argv[1]);
	RUN_IN(companion_tells_nodes_and_memory, argv[1]);
	RUN_IN(companion_stays_readable, argv[1]);
	RUN_IN(files_appear_only_when_complete, argv[1]);
	RUN_IN(mappings_are_named, argv[1]);
	RUN_IN(mappings_are_remembered, argv[1]);
	RUN_IN(old_mappings_are_forgotten, argv[1]);
	RUN_IN(memory_is_named, argv[1]);
	return nr_failed ? 1 : 0;
}
