/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs tests of one program and prints a line for each.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>

static FILE *results;
static int nr_failed;
static bool test_ok;

#define CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(results, "# line %d: %s\n", __LINE__, #cond);	\
		test_ok = false;					\
	}								\
} while (0)

static inline void put_file(const char *dir, const char *name,
			    const char *text)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

/* Of two kinds of tests, with and without a directory for files. */
static inline void run(const char *name, void (*plain)(void),
		       void (*with_dir)(const char *dir), const char *dir)
{
	test_ok = true;
	if (plain)
		plain();
	else
		with_dir(dir);
	fprintf(results, "%s %s\n", test_ok ? "ok" : "not ok", name);
	fflush(results);
	nr_failed += !test_ok;
}

#define RUN(fn)		run(#fn, fn, NULL, NULL)
#define RUN_IN(fn, dir)	run(#fn, NULL, fn, dir)

#endif
