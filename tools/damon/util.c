// SPDX-License-Identifier: GPL-2.0
/*
 * Complaints, memory, time and output: the few helpers that every command uses.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "damonctl.h"
#include "units.h"

void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("damonctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void *or_die(void *p)
{
	if (!p) {
		complain("out of memory; a narrower --from, --to or --range needs less");
		exit(EXIT_FAILED);
	}
	return p;
}

void *must_alloc(size_t nr, size_t size)
{
	return or_die(calloc(nr ? nr : 1, size));
}

void *must_grow(void *old, size_t nr, size_t size)
{
	return or_die(reallocarray(old, nr ? nr : 1, size));
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool finish_output(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	/* The reader of a pipe has seen enough: nothing is wrong. */
	if (errno == EPIPE)
		return true;
	complain("cannot write the report: %s",
		 strerror(errno ? errno : EIO));
	return false;
}
