// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl status: the settings of the kernel's monitor, and what it does now.
 */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damonctl.h"
#include "debugfs.h"
#include "process.h"
#include "scheme.h"
#include "scope.h"
#include "units.h"

static bool print_attrs(const struct debugfs *d, const char *context)
{
	char sample[UNITS_LEN], aggr[UNITS_LEN], update[UNITS_LEN];
	struct attrs a;

	if (!debugfs_attrs(d, context, &a))
		return false;
	printf("  attrs    sample %s, aggr %s, update %s, %" PRIu64 " to %" PRIu64
	       " regions\n",
	       format_time(a.sample_us * NS_PER_US, sample),
	       format_time(a.aggr_us * NS_PER_US, aggr),
	       format_time(a.update_us * NS_PER_US, update), a.min_regions,
	       a.max_regions);
	return true;
}

static void print_process(const char *word)
{
	pid_t pid = (pid_t)strtol(word, NULL, 10);
	char name[COMM_LEN];

	if (pid) {
		process_name(pid, name);
		printf("%d (%s)", pid, name);
	} else {
		printf("one that is gone");
	}
}

static bool print_targets(const struct debugfs *d, const char *context)
{
	char *text = debugfs_read(d, context, "target_ids"), *save, *word;
	const char *sep = "";
	bool physical, all;

	if (!text)
		return false;
	fputs("  targets  ", stdout);
	all = scope_is_all_memory(text);
	word = strtok_r(text, "\n ", &save);
	if (!word)
		printf("none");
	physical = all || (word && !strcmp(word, scope_names[SCOPE_PADDR]));
	if (physical) {
		printf("physical memory");
		sep = " of ";
	} else if (word && !strcmp(word, scope_names[SCOPE_FVADDR])) {
		printf("fixed ranges");
		sep = " of ";
	}
	if (*sep)
		word = strtok_r(NULL, "\n ", &save);
	for (; word; word = strtok_r(NULL, "\n ", &save)) {
		fputs(sep, stdout);
		if (physical)
			printf("node %s", word);
		else
			print_process(word);
		sep = ", ";
	}
	putchar('\n');
	free(text);
	return true;
}

/* The ranges that a user gave; others are not in that file. */
static bool print_ranges(const struct debugfs *d, const char *context)
{
	char *text = debugfs_read(d, context, "init_regions"), *save, *row;
	unsigned long target, start, end;
	char size[UNITS_LEN];
	bool ok = text;

	for (row = ok ? strtok_r(text, "\n", &save) : NULL; row;
	     row = strtok_r(NULL, "\n", &save)) {
		if (sscanf(row, "%lu %lu %lu", &target, &start, &end) != 3) {
			complain("cannot understand the init_regions '%s'", row);
			ok = false;
			break;
		}
		printf("  range    %lx-%lx %s of target %lu\n", start, end,
		       format_size(end - start, size), target);
	}
	free(text);
	return ok;
}

/* Those of a context with a directory are of others: damonctl sets the default one. */
static bool print_schemes(const struct debugfs *d, const char *context)
{
	char *text;
	uint64_t nr;

	if (!debugfs_has(d, context, "schemes"))
		return true;
	text = debugfs_read(d, context, "schemes");
	if (!text)
		return false;
	nr = scheme_count(text);
	free(text);
	if (nr && context)
		printf("  schemes  %" PRIu64 ", see %s/%s/schemes\n", nr, d->path, context);
	else if (nr)
		printf("  schemes  %" PRIu64 ", see 'damonctl scheme list'\n", nr);
	return true;
}

#define MAX_WORKERS	64

/* Workers that are of a context here. */
struct workers {
	pid_t pids[MAX_WORKERS];
	size_t nr;
};

static bool print_worker(const struct debugfs *d, const char *context,
			 struct workers *workers)
{
	pid_t pid = debugfs_worker(d, context);
	char buf[UNITS_LEN];
	struct process p;

	if (pid < 0)
		return false;
	if (workers->nr < MAX_WORKERS)
		workers->pids[workers->nr++] = pid;
	if (!pid)
		printf("  worker   none\n");
	else if (process_read(pid, &p))
		printf("  worker   %d, %s of CPU time\n", pid,
		       format_time(p.cpu_ns, buf));
	else
		printf("  worker   %d\n", pid);
	return true;
}

static bool is_known(const struct workers *w, pid_t pid)
{
	size_t i;

	for (i = 0; i < w->nr; i++) {
		if (w->pids[i] == pid)
			return true;
	}
	return false;
}

/* A kernel thread, and not a program that calls itself alike. */
static bool is_worker(pid_t pid)
{
	char name[COMM_LEN];

	process_name(pid, name);
	return !strncmp(name, "kdamond.", strlen("kdamond.")) &&
	       !process_has_program(pid);
}

/* Other code of the kernel may monitor, too, and has no context here. */
static void print_others(const struct workers *known)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char buf[UNITS_LEN];
	struct process p;
	pid_t pid;

	while (dir && (entry = readdir(dir))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && is_worker(pid) && !is_known(known, pid) &&
		    process_read(pid, &p))
			printf("another user in the kernel\n  worker   %d, %s of CPU time\n",
			       pid, format_time(p.cpu_ns, buf));
	}
	if (dir)
		closedir(dir);
}

static bool print_context(const struct debugfs *d, const char *context,
			  struct workers *workers)
{
	printf("context %s\n", context ? context : "(default)");
	return print_attrs(d, context) && print_targets(d, context) &&
	       print_ranges(d, context) && print_schemes(d, context) &&
	       print_worker(d, context, workers);
}

static bool print_contexts(const struct debugfs *d, struct workers *workers)
{
	struct dirent **entries;
	struct stat st;
	bool ok = true;
	int nr, i;

	nr = scandir(d->path, &entries, NULL, alphasort);
	if (nr < 0) {
		complain("cannot read %s: %s", d->path, strerror(errno));
		return false;
	}
	for (i = 0; i < nr; i++) {
		if (strcmp(entries[i]->d_name, ".") &&
		    strcmp(entries[i]->d_name, "..") &&
		    !fstatat(d->fd, entries[i]->d_name, &st, 0) &&
		    S_ISDIR(st.st_mode))
			ok = print_context(d, entries[i]->d_name, workers) && ok;
		free(entries[i]);
	}
	free(entries);
	return ok;
}

static bool status(void)
{
	struct workers workers = { 0 };
	struct debugfs d;
	bool ok = false;
	int on;

	if (!debugfs_open(&d))
		return false;
	on = debugfs_is_on(&d);
	if (on >= 0) {
		printf("monitor %s\n", on ? "on" : "off");
		ok = print_context(&d, NULL, &workers) &&
		     print_contexts(&d, &workers);
		print_others(&workers);
	}
	debugfs_close(&d);
	return finish_output() && ok;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "'%s' is too much; status takes no argument", arg);
	return EINVAL;
}

int cmd_status(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.doc = "Tell whether the kernel has the monitor, whether it is on, how "
		       "it is set, what it monitors and what that costs.\v"
		       "Examples:\n"
		       "  damonctl status\n"
		       "  watch -n1 damonctl status\n"
		       "\n"
		       "Exit codes: 0 told, 1 failed (no such monitor, or not root), "
		       "2 wrong usage.",
	};

	if (argp_parse(&argp, argc, argv, 0, NULL, NULL))
		return EXIT_FAILED;
	return status() ? EXIT_OK : EXIT_FAILED;
}
