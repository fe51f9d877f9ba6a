// SPDX-License-Identifier: GPL-2.0
/*
 * Runs every report on damaged recordings: cut off, with flipped bits, with
 * random bytes. Whatever is in the file, a report ends with 0 or 1; what the
 * sanitizers find, and a report that takes too long, ends the program.
 *
 *   fuzz SEED FILE ROUNDS
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damonctl.h"

/* Of the seed, so that a round is quick. */
#define MAX_SIZE	6000
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

static bool write_file(const char *path, const unsigned char *data, size_t size)
{
	FILE *f = fopen(path, "w");
	bool ok = f && fwrite(data, 1, size, f) == size;

	return f && !fclose(f) && ok;
}

static bool run_reports(const char *path, size_t *nr_shown)
{
	static char *kinds[] = { "heatmap", "hot", "wss", "regions", "raw" };
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *argv[] = { "report", kinds[i], "-i", (char *)path,
				 rnd(2) ? "--json" : NULL, NULL };

		alarm(ROUND_SECONDS);
		rc = cmd_report(argv[4] ? 5 : 4, argv);
		if (rc != EXIT_OK && rc != EXIT_FAILED)
			return false;
		*nr_shown += rc == EXIT_OK;
	}
	return true;
}

int main(int argc, char **argv)
{
	static unsigned char good[MAX_SIZE], data[MAX_SIZE];
	size_t size, cut, nr_shown = 0;
	int rounds, i;
	FILE *f;

	if (argc != 4)
		return 2;
	rounds = atoi(argv[3]);
	f = fopen(argv[1], "r");
	size = f ? fread(good, 1, sizeof(good), f) : 0;
	if (size < 100)
		return 2;
	fclose(f);
	/* The descriptor stays: the sanitizers write to it. */
	stderr = fopen("/dev/null", "w");
	if (!stderr || !freopen("/dev/null", "w", stdout))
		return 2;
	for (i = 0; i < rounds; i++) {
		memcpy(data, good, size);
		cut = damage(data, size);
		if (!write_file(argv[2], data, cut))
			return 2;
		if (!run_reports(argv[2], &nr_shown)) {
			dprintf(STDERR_FILENO, "# round %d: wrong exit code\n", i);
			return 1;
		}
	}
	/* Some damage is such that the file is still a recording. */
	dprintf(STDERR_FILENO, "# %d rounds, %zu reports shown\n", rounds, nr_shown);
	return nr_shown ? 0 : 1;
}
