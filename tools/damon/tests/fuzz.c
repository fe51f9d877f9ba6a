// SPDX-License-Identifier: GPL-2.0
/*
 * Runs every report, in all of its forms and of random size, on damaged
 * recordings: cut off, with flipped bits, with random bytes, with regions
 * anywhere in 64 bits, beside a companion that is damaged as well or of other
 * mappings. Whatever is in the files, a report ends with 0 or 1; a finding of the
 * sanitizers, and a report that takes too long, end the program.
 *
 *   fuzz SEED FILE ROUNDS
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damonctl.h"
#include "recording.h"

/* So much of the seed is read, so that a round is quick. */
#define MAX_SIZE	6000
#define MAX_COMPANION	60000
#define ROUND_SECONDS	20

static uint64_t seed = 1;

static unsigned int rnd(unsigned int limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(seed >> 33) % limit;
}

static size_t damage(unsigned char *data, size_t size)
{
	unsigned int i, nr;
	size_t pos;

	switch (rnd(4)) {
	case 0:
		return rnd((unsigned int)size + 1);
	case 1:
		nr = 1 + rnd(8);
		for (i = 0; i < nr; i++)
			data[rnd((unsigned int)size)] ^= (unsigned char)(1 << rnd(8));
		return size;
	case 2:
		/* The largest numbers, and the smallest. */
		pos = rnd((unsigned int)size - 8);
		memset(data + pos, rnd(2) ? 0xff : 0, 1 + rnd(8));
		return size;
	default:
		/* Often behind a good header, or all would end there. */
		for (pos = rnd(3) ? 20 : 0; pos < size; pos++)
			data[pos] = (unsigned char)(rnd(4) ? 0 : rnd(256));
		return size;
	}
}

/* A recording as the kernel could tell it, of areas that are anywhere. */
static size_t scatter(unsigned char *data)
{
	unsigned int nr_snapshots = 1 + rnd(4), room, nr, i;
	FILE *f = fmemopen(data, MAX_SIZE, "w");
	struct region r;
	uint64_t step;
	size_t size;

	room = (MAX_SIZE - 200) / 20 / nr_snapshots;
	rec_write_header(f);
	for (i = 1; i <= nr_snapshots; i++) {
		nr = 1 + rnd(room);
		step = UINT64_MAX / nr;
		rec_write_snapshot(f, i * 100000000ULL, 1);
		rec_write_target(f, 4711, nr);
		for (r.end = 0; nr--; rec_write_region(f, &r)) {
			r.start = r.end + (rnd(2) ? step / (2 + rnd(1000)) & ~4095ULL : 0);
			r.end = r.start + 1 + step / (2 + rnd(1u << rnd(30)));
			r.nr_accesses = rnd(3) ? 0 : rnd(30);
		}
	}
	size = (size_t)ftell(f);
	return fclose(f) ? 0 : size;
}

static bool write_file(const char *path, const unsigned char *data, size_t size)
{
	FILE *f = fopen(path, "w");
	bool ok = f && fwrite(data, 1, size, f) == size;

	return f && !fclose(f) && ok;
}

/* With the size of this recording, so that it is read, and some other digits. */
static bool write_companion(const char *path, const char *good, size_t size)
{
	static char text[MAX_COMPANION + 100];
	const char *rest = strstr(good, "\"snapshots\"");
	unsigned int i, nr = rnd(4) ? rnd(20) : 0;
	size_t len, pos;

	len = (size_t)snprintf(text, sizeof(text),
			       "{\"sample_us\":5000,\"aggr_us\":100000,\"update_us\":1,"
			       "\"min_regions\":3,\"max_regions\":9,\"size\":%zu,%s",
			       size, rest);
	for (i = 0; i < nr; i++) {
		pos = rnd((unsigned int)len);
		if (text[pos] >= '0' && text[pos] <= '9' && pos > 110)
			text[pos] = (char)('0' + rnd(10));
	}
	return write_file(path, (unsigned char *)text, len);
}

/* Words of the command line for one report. */
static int choose_options(const char *kind, const char *svg, char **argv,
			  char words[4][400])
{
	bool map = !strcmp(kind, "heatmap");
	int argc = 0;

	if (map) {
		snprintf(words[0], 400, "--width=%u", 20 + (rnd(8) ? rnd(200) : rnd(1981)));
		argv[argc++] = words[0];
		snprintf(words[1], 400, "--rows=%u", 1 + rnd(60));
		argv[argc++] = words[1];
	}
	if (!rnd(4)) {
		snprintf(words[2], 400, "--range=%" PRIx64 "+%uM", seed >> (1 + rnd(63)),
			 1 + rnd(1u << rnd(31)));
		argv[argc++] = words[2];
	}
	if (rnd(2)) {
		argv[argc++] = "--json";
	} else if (map && rnd(2)) {
		snprintf(words[3], 400, "--svg=%s", svg);
		argv[argc++] = words[3];
	}
	return argc;
}

static bool run_reports(const char *path, const char *svg, size_t *nr_shown)
{
	static char *kinds[] = { "heatmap", "hot", "wss", "regions", "raw" };
	char words[4][400];
	size_t i;
	int rc, argc;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *argv[10] = { "report", kinds[i], "-i", (char *)path };

		argc = 4 + choose_options(kinds[i], svg, argv + 4, words);
		alarm(ROUND_SECONDS);
		rc = cmd_report(argc, argv);
		if (rc != EXIT_OK && rc != EXIT_FAILED)
			return false;
		*nr_shown += rc == EXIT_OK;
	}
	return true;
}

static size_t read_file(const char *path, void *data, size_t room)
{
	FILE *f = fopen(path, "r");
	size_t size = f ? fread(data, 1, room, f) : 0;

	if (f)
		fclose(f);
	return size;
}

int main(int argc, char **argv)
{
	static unsigned char good[MAX_SIZE], data[MAX_SIZE];
	static char companion[MAX_COMPANION];
	size_t size, cut, nr_shown = 0;
	char seed_json[300], json[300], svg[300];
	int rounds, i;

	if (argc != 4)
		return 2;
	rounds = atoi(argv[3]);
	snprintf(seed_json, sizeof(seed_json), "%s.json", argv[1]);
	snprintf(json, sizeof(json), "%s.json", argv[2]);
	snprintf(svg, sizeof(svg), "%s.svg", argv[2]);
	size = read_file(argv[1], good, sizeof(good));
	if (size < 100 || !read_file(seed_json, companion, sizeof(companion) - 1) ||
	    !strstr(companion, "\"snapshots\""))
		return 2;
	/* The descriptor stays: the sanitizers write to it. */
	stderr = fopen("/dev/null", "w");
	if (!stderr || !freopen("/dev/null", "w", stdout))
		return 2;
	for (i = 0; i < rounds; i++) {
		memcpy(data, good, size);
		cut = rnd(4) ? damage(data, size) : scatter(data);
		if (!write_file(argv[2], data, cut))
			return 2;
		unlink(json);
		if (rnd(2) && !write_companion(json, companion, cut))
			return 2;
		if (!run_reports(argv[2], svg, &nr_shown)) {
			dprintf(STDERR_FILENO, "# round %d: wrong exit code\n", i);
			return 1;
		}
	}
	/* Some damage is such that the file is still a recording. */
	dprintf(STDERR_FILENO, "# %d rounds, %zu reports shown\n", rounds, nr_shown);
	return nr_shown ? 0 : 1;
}
