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

uint64_t process_resident(pid_t pid)
{
	unsigned long pages = 0;
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
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
