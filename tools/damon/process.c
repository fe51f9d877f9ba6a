// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the files of a process in /proc.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "process.h"
#include "units.h"

void process_name(pid_t pid, char name[COMM_LEN])
{
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(name, COMM_LEN, f))
		strcpy(name, "?");
	name[strcspn(name, "\n")] = '\0';
	make_printable(name);
	if (f)
		fclose(f);
}

/* Kernel threads have an exe link, too, but theirs leads nowhere. */
bool process_has_program(pid_t pid)
{
	char path[32], exe[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, exe, sizeof(exe)) >= 0 || errno != ENOENT;
}

/* A line such as "VmRSS:	     123 kB", which is not there once the memory has gone. */
static bool parse_memory(const char *line, const char *key, uint64_t *bytes)
{
	size_t len = strlen(key);
	unsigned long kib;

	if (strncmp(line, key, len) || sscanf(line + len, ": %lu kB", &kib) != 1)
		return false;
	*bytes = (uint64_t)kib << 10;
	return true;
}

bool process_memory(pid_t pid, uint64_t *resident, uint64_t *swapped)
{
	char path[32], line[256];
	bool found = false;
	FILE *f;

	*swapped = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		found |= parse_memory(line, "VmRSS", resident);
		parse_memory(line, "VmSwap", swapped);
	}
	fclose(f);
	return found;
}

/* Fields 3, 4, 11, 14 and 15 of /proc/PID/stat. */
static bool parse_stat(const char *line, struct process *p)
{
	unsigned long faults, user, system;
	/* The name before the last bracket may hold anything. */
	const char *rest = strrchr(line, ')');
	char state;

	if (!rest || sscanf(rest + 1, " %c %d %*d %*d %*d %*d %*u %*u %lu %*u %*u %lu %lu",
			    &state, &p->parent, &faults, &user, &system) != 5)
		return false;
	p->ended = state == 'Z' || state == 'X';
	p->had_children = faults;
	p->cpu_ns = (user + system) * (NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
	return true;
}

bool process_read(pid_t pid, struct process *p)
{
	char path[32], line[1024];
	bool ok;
	FILE *f;

	*p = (struct process){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, sizeof(line), f) && parse_stat(line, p);
	fclose(f);
	return ok;
}
