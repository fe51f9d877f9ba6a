// SPDX-License-Identifier: GPL-2.0
/*
 * Writes recordings with a known truth, for the tests of the reports.
 *
 *   gen phases FILE     heap, 1 GiB array with a hot 64 MiB, a sweep, a stack
 *   gen reserve FILE    64 GiB reservation with 128 MiB in use
 *   gen steady FILE     one region of 4 MiB at 50 %, one of 4 MiB at 0 %
 *   gen named FILE      the same, of a program with mappings
 *   gen memory FILE     the same, of the physical memory of all nodes
 *   gen nodes FILE      as two, of the physical memory of nodes 1 and 3
 *   gen many FILE       300 mappings of 64 KiB spread over 47 bits, in regions
 *                       that reach over the holes between them
 *   gen brief FILE      20 areas that are there for 3 of 60 snapshots each
 *   gen two FILE        two targets, the second with no region at first
 *   gen void FILE       snapshots in which no target has a region
 *   gen empty FILE      a header and nothing else
 *   gen disorder FILE   regions that overlap, which no kernel tells of
 *   gen long FILE       36000 snapshots of 1000 regions
 *
 * FILE.json is written as well, except with a fourth argument.
 */
#include <stdlib.h>
#include <string.h>

#include "damonctl.h"
#include "meta.h"
#include "recording.h"
#include "units.h"

#define AGGR_NS		(100 * NS_PER_MS)
#define FULL		20
#define MIB		(UINT64_C(1) << 20)
#define GIB		(UINT64_C(1) << 30)

static FILE *out;
static uint64_t now = 1000 * NS_PER_SEC, nr_snapshots, seed = 1;
static uint64_t pids[2] = { 4711, 4712 };
static uint64_t nr_pids = 1;
static struct names mappings[2], memory;
static enum scope_kind kind;

/* Repeatable on every machine. */
static uint64_t rnd(uint64_t limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % limit;
}

static void snapshot(void)
{
	now += AGGR_NS;
	nr_snapshots++;
	rec_write_snapshot(out, now, (uint32_t)nr_pids);
}

struct list {
	struct region r[4096];
	uint32_t nr;
};

/* Cuts [start, end) into @pieces with edges that differ each time. */
static void cut(struct list *l, uint64_t start, uint64_t end,
		unsigned int pieces, uint32_t nr_accesses)
{
	uint64_t pos = start, next, step = (end - start) / pieces;
	unsigned int i;

	for (i = 0; i < pieces; i++) {
		next = i == pieces - 1 ? end :
		       (start + step * (i + 1) - rnd(step / 2 + 1)) & ~4095ULL;
		if (next <= pos)
			continue;
		l->r[l->nr++] = (struct region){ pos, next, nr_accesses };
		pos = next;
	}
}

static void put(uint64_t id, struct list *l)
{
	uint32_t i;

	rec_write_target(out, id, l->nr);
	for (i = 0; i < l->nr; i++)
		rec_write_region(out, &l->r[i]);
	l->nr = 0;
}

static void phases(void)
{
	const uint64_t heap = 0x55d0c0a00000, array = 0x7f1200000000;
	const uint64_t stack = 0x7ffc1c000000;
	static struct list l;
	uint64_t pos;
	int i;

	for (i = 0; i < 300; i++) {
		snapshot();
		cut(&l, heap, heap + 12 * MIB, 6, i < 150 ? 4 : 12);
		/* A hot area from 256 MiB on, and a sweep in the last third. */
		if (i < 200) {
			cut(&l, array, array + 256 * MIB, 4, 0);
			cut(&l, array + 256 * MIB, array + 320 * MIB, 3,
			    18 + (uint32_t)rnd(3));
			cut(&l, array + 320 * MIB, array + GIB, 8, 0);
		} else {
			pos = array + (uint64_t)(i - 200) * 10 * MIB;
			if (pos > array)
				cut(&l, array, pos, 6, 1);
			cut(&l, pos, pos + 20 * MIB, 2, 16);
			cut(&l, pos + 20 * MIB, array + GIB, 6, 0);
		}
		cut(&l, stack, stack + MIB / 8, 2, 3);
		put(pids[0], &l);
	}
}

static void reserve(void)
{
	const uint64_t start = 0x7e0000000000;
	static struct list l;
	int i;

	for (i = 0; i < 100; i++) {
		snapshot();
		cut(&l, 0x400000, 0x800000, 2, 10);
		cut(&l, start, start + 40 * GIB, 5, 0);
		cut(&l, start + 40 * GIB, start + 40 * GIB + 64 * MIB, 4,
		    i < 50 ? 20 : 5);
		cut(&l, start + 40 * GIB + 64 * MIB,
		    start + 40 * GIB + 128 * MIB, 4, i < 50 ? 5 : 20);
		cut(&l, start + 40 * GIB + 128 * MIB, start + 64 * GIB, 5, 0);
		put(pids[0], &l);
	}
}

static void steady(void)
{
	static struct list l;
	int i;

	for (i = 0; i < 40; i++) {
		snapshot();
		/* Hot for the last two seconds only. */
		cut(&l, 0x10000000, 0x10400000, 1, i < 20 ? 0 : 10);
		cut(&l, 0x10400000, 0x10800000, 1, 0);
		put(pids[0], &l);
	}
}

static void name(struct names *n, uint64_t start, uint64_t end, int32_t node,
		 char *text)
{
	struct named area = { start, end, 0, FOREVER, node, text };

	names_add(n, &area);
}

static void named(void)
{
	name(&mappings[0], 0x0f000000, 0x10100000, NO_NODE, "[heap]");
	name(&mappings[0], 0x10100000, 0x10300000, NO_NODE, "anonymous");
	name(&mappings[0], 0x10300000, 0x10400000, NO_NODE, "anonymous");
	name(&mappings[0], 0x10400000, 0x10800000, NO_NODE, "/bin/sort");
	steady();
}

static void many(void)
{
	const uint64_t step = UINT64_C(0x7fff00000000) / 300, size = 65536;
	static struct list l;
	uint64_t pos;
	int i, k;

	for (k = 0; k < 300; k++) {
		pos = (step * (uint64_t)k) & ~4095ULL;
		name(&mappings[0], pos + 4096, pos + 4096 + size, NO_NODE, "anonymous");
	}
	for (i = 0; i < 60; i++) {
		snapshot();
		/* Ten mappings in a region, every second of them with accesses. */
		for (k = 0; k < 300; k += 10)
			cut(&l, ((step * (uint64_t)k) & ~4095ULL) + 4096,
			    ((step * (uint64_t)(k + 9)) & ~4095ULL) + 4096 + size,
			    1, k / 10 % 2 ? 5 : 0);
		put(pids[0], &l);
	}
}

static void brief(void)
{
	static struct list l;
	int i;

	for (i = 0; i < 60; i++) {
		snapshot();
		cut(&l, 0x10000000, 0x10400000, 1, 20);
		cut(&l, 0x20000000 + (uint64_t)(i / 3) * 16 * MIB,
		    0x20000000 + (uint64_t)(i / 3) * 16 * MIB + MIB, 1, 20);
		put(pids[0], &l);
	}
}

static void add_ram(void)
{
	kind = SCOPE_PADDR;
	name(&memory, 0x1000, 0x9f000, 0, "System RAM");
	name(&memory, 0x100000, 0x10300000, 0, "System RAM");
	name(&memory, 0x10300000, 0x20000000, 1, "System RAM");
	name(&memory, 0x20000000, 0x30000000, 3, "System RAM");
}

static void all_memory(void)
{
	add_ram();
	pids[0] = REC_ALL_NODES;
	steady();
}

static void two(void)
{
	static struct list l;
	int i;

	nr_pids = 2;
	for (i = 0; i < 20; i++) {
		snapshot();
		cut(&l, 0x10000000, 0x10400000, 1, 20);
		put(pids[0], &l);
		if (i >= 10)
			cut(&l, 0x20000000, 0x20800000, 2, 5);
		put(pids[1], &l);
	}
}

static void nodes(void)
{
	add_ram();
	pids[0] = 1;
	pids[1] = 3;
	two();
}

static void nothing(void)
{
	static struct list l;
	int i;

	for (i = 0; i < 5; i++) {
		snapshot();
		put(pids[0], &l);
	}
}

static void disorder(void)
{
	static struct list l;

	snapshot();
	cut(&l, 0x2000, 0x4000, 1, 0);
	cut(&l, 0x3000, 0x5000, 1, 0);
	put(pids[0], &l);
}

static void very_long(void)
{
	static struct list l;
	int i;

	for (i = 0; i < 36000; i++) {
		snapshot();
		cut(&l, 0x10000000, 0x50000000, 900, (uint32_t)rnd(21));
		cut(&l, 0x50000000, 0x60000000, 100, 20);
		put(pids[0], &l);
	}
}

static void write_meta(const char *path)
{
	static char *command[] = { "sort", "-n", "a \"file\"", NULL };
	static char names[2][COMM_LEN] = { "sort", "other" };
	struct meta meta = {
		.attrs = { 5000, AGGR_NS / NS_PER_US, 1000000, 10, 1000 },
		.size = (uint64_t)ftello(out),
		.nr_snapshots = nr_snapshots,
		.start = 1600000000,
		.command = command,
		.ids = pids,
		.names = names,
		.kind = kind,
		.all_nodes = kind == SCOPE_PADDR && nr_pids == 1,
		.mappings = mappings,
		.memory = memory,
		.nr_ids = nr_pids,
	};
	char *companion = meta_path(path);
	FILE *f = companion ? fopen(companion, "w") : NULL;

	if (!f || !meta_write(f, &meta) || fclose(f))
		exit(1);
	free(companion);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} kinds[] = {
		{ "phases", phases }, { "reserve", reserve },
		{ "steady", steady }, { "named", named },
		{ "memory", all_memory }, { "nodes", nodes },
		{ "many", many }, { "brief", brief },
		{ "two", two }, { "void", nothing },
		{ "empty", NULL }, { "long", very_long }, { "disorder", disorder },
	};
	size_t i;

	if (argc < 3)
		return 2;
	out = fopen(argv[2], "w");
	if (!out)
		return 1;
	rec_write_header(out);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, argv[1]))
			continue;
		if (kinds[i].fn)
			kinds[i].fn();
		if (argc == 3)
			write_meta(argv[2]);
		return fclose(out) ? 1 : 0;
	}
	return 2;
}
