// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes the debugfs files of the monitor.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damonctl.h"
#include "debugfs.h"
#include "scheme.h"
#include "scope.h"

/* The longest text that the kernel takes in one write, and so hands out. */
#define MAX_TEXT	(1024 * 1024)

/* The files of the monitor that kernels bring along. */
#define OTHER_MONITOR	"/sys/kernel/mm/damon"

static bool find_mount(char *dir, size_t len)
{
	struct mntent *m;
	bool found = false;
	FILE *f;

	snprintf(dir, len, "/sys/kernel/debug");
	f = setmntent("/proc/mounts", "re");
	if (!f)
		return false;
	while (!found && (m = getmntent(f))) {
		if (!strcmp(m->mnt_type, "debugfs")) {
			snprintf(dir, len, "%s", m->mnt_dir);
			found = true;
		}
	}
	endmntent(f);
	return found;
}

bool debugfs_open(struct debugfs *d)
{
	char mount[512];
	bool mounted;

	*d = (struct debugfs){ .fd = -1 };
	if (geteuid()) {
		complain("only root may use the monitor; run this with sudo");
		return false;
	}
	mounted = find_mount(mount, sizeof(mount));
	if (asprintf(&d->path, "%s/damon", mount) < 0) {
		d->path = NULL;
		complain("out of memory");
		return false;
	}
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd >= 0 && !faccessat(d->fd, "monitor_on", F_OK, 0))
		return true;
	if (d->fd >= 0 || !access(OTHER_MONITOR, F_OK))
		complain("this kernel has another monitor, which damonctl does not know; boot a kernel with this one, see 'make kernel' and 'make integrate'");
	else if (mounted)
		complain("there is no %s; boot a kernel with CONFIG_DAMON_DBGFS=y",
			 d->path);
	else
		complain("debugfs is not mounted; run: mount -t debugfs none %s",
			 mount);
	debugfs_close(d);
	return false;
}

void debugfs_close(struct debugfs *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	*d = (struct debugfs){ .fd = -1 };
}

/* "1: FLOCK  ADVISORY  WRITE 4711 00:07:12 0 EOF": who holds the lock. */
static void tell_holder(const struct debugfs *d)
{
	unsigned long inode;
	char line[256];
	struct stat st;
	FILE *f = fstat(d->fd, &st) ? NULL : fopen("/proc/locks", "re");
	pid_t pid, holder = 0;

	while (f && !holder && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%lu", &pid, &inode) == 2 &&
		    inode == st.st_ino)
			holder = pid;
	}
	if (f)
		fclose(f);
	if (holder)
		complain("another damonctl uses the monitor, process %d; wait for it or end it",
			 holder);
	else
		complain("another damonctl uses the monitor; wait for it or end it");
}

bool debugfs_lock(const struct debugfs *d)
{
	if (!flock(d->fd, LOCK_EX | LOCK_NB))
		return true;
	if (errno == EWOULDBLOCK)
		tell_holder(d);
	else
		complain("cannot lock %s: %s", d->path, strerror(errno));
	return false;
}

bool debugfs_take(const struct debugfs *d)
{
	pid_t worker;
	int on;

	if (!debugfs_lock(d))
		return false;
	on = debugfs_is_on(d);
	if (on <= 0)
		return !on;
	worker = debugfs_worker(d, NULL);
	if (worker > 0)
		complain("the monitor is on already, its worker is process %d; end it with: echo off > %s/monitor_on",
			 worker, d->path);
	else if (!worker)
		complain("the monitor is on already; 'damonctl status' tells its workers; end it with: echo off > %s/monitor_on",
			 d->path);
	return false;
}

static char *read_all(int fd)
{
	size_t room = 4096, len = 0;
	char *text = NULL, *grown;
	ssize_t got;

	for (;;) {
		grown = realloc(text, room);
		if (!grown)
			break;
		text = grown;
		got = read(fd, text + len, room - len - 1);
		if (got < 0)
			break;
		len += (size_t)got;
		if (!got) {
			text[len] = '\0';
			return text;
		}
		if (len == room - 1)
			room *= 2;
		if (room > 4 * MAX_TEXT) {
			errno = EFBIG;
			break;
		}
	}
	free(text);
	return NULL;
}

/* The name of a file from the directory of the monitor on. */
static void join(char *name, size_t len, const char *context, const char *file)
{
	snprintf(name, len, "%s%s%s", context ? context : "", context ? "/" : "", file);
}

char *debugfs_read(const struct debugfs *d, const char *context,
		   const char *file)
{
	char name[320], *text;
	int fd;

	join(name, sizeof(name), context, file);
	fd = openat(d->fd, name, O_RDONLY | O_CLOEXEC);
	text = fd < 0 ? NULL : read_all(fd);
	if (!text)
		complain("cannot read %s/%s: %s", d->path, name,
			 strerror(errno));
	if (fd >= 0)
		close(fd);
	return text;
}

bool debugfs_try_write(const struct debugfs *d, const char *file,
		       const char *text)
{
	size_t len = strlen(text);
	int fd, err = 0;
	ssize_t put;

	fd = openat(d->fd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	put = write(fd, text, len);
	if (put != (ssize_t)len)
		err = put < 0 ? errno : EIO;
	close(fd);
	errno = err;
	return !err;
}

/* Tells what an errno means in this place, where strerror() would not help. */
static const char *explain(const char *file, const char *text, int err)
{
	/* All memory is never missing. */
	if (!strcmp(text, "paddr\n") && err == ENXIO)
		return "it cannot monitor physical memory; boot one with CONFIG_DAMON_PADDR=y";
	if (!strcmp(file, "target_ids") && err == ENXIO)
		return "no such node, or no memory on it; see /sys/devices/system/node/has_memory";
	if (!strcmp(file, "init_regions") && err == ENXIO)
		return "a range has no memory, or none of the node; /proc/iomem lists System RAM";
	if (!strcmp(file, "init_regions") && err == EINVAL)
		return "a range goes beyond the last address that there can be";
	if (!strcmp(file, "schemes") && err == EINVAL)
		return "it knows no such scheme, or has no room for one more";
	if (!strcmp(file, "scheme_goals") && err == EINVAL)
		return "it knows no such goal, or has no such scheme of pageout";
	return strerror(err);
}

bool debugfs_write(const struct debugfs *d, const char *file,
		   const char *text)
{
	int err, len = (int)strcspn(text, "\n");

	if (debugfs_try_write(d, file, text))
		return true;
	err = errno;
	if (err == EBUSY)
		complain("the monitor was turned on by someone else; end it with: echo off > %s/monitor_on",
			 d->path);
	else
		complain("the kernel refused '%.*s'%s for %s/%s: %s", len, text,
			 text[len] && text[len + 1] ? " and what follows" : "",
			 d->path, file, explain(file, text, err));
	return false;
}

int debugfs_is_on(const struct debugfs *d)
{
	char *text = debugfs_read(d, NULL, "monitor_on");
	int on;

	if (!text)
		return -1;
	on = !strncmp(text, "on", 2);
	free(text);
	return on;
}

bool debugfs_turn_on(const struct debugfs *d)
{
	if (debugfs_try_write(d, "monitor_on", "on\n"))
		return true;
	if (errno == EINVAL)
		complain("the monitor cannot be turned on while a context has no target, or no range after fvaddr; see 'damonctl status', and remove it by its name in %s/rm_contexts",
			 d->path);
	else if (errno == EOPNOTSUPP)
		complain("the monitor cannot be turned on: a scheme has an action that this kind of memory, or this kernel, does not have; see 'damonctl scheme list', and remove all with 'damonctl scheme clear'");
	else if (errno == ENXIO)
		complain("the monitor cannot be turned on: physical memory that a context has as target has gone; see 'damonctl status' and /proc/iomem");
	else
		complain("cannot turn the monitor on: %s; see 'damonctl status'",
			 strerror(errno));
	return false;
}

bool debugfs_turn_off(const struct debugfs *d)
{
	if (debugfs_try_write(d, "monitor_on", "off\n") || errno == EPERM)
		return true;
	complain("cannot turn the monitor off: %s; try: echo off > %s/monitor_on",
		 strerror(errno), d->path);
	return false;
}

pid_t debugfs_worker(const struct debugfs *d, const char *context)
{
	char *text = debugfs_read(d, context, "kdamond_pid");
	pid_t pid;

	if (!text)
		return -1;
	/* "none" is read as 0. */
	pid = (pid_t)strtol(text, NULL, 10);
	free(text);
	return pid;
}

bool debugfs_attrs(const struct debugfs *d, const char *context, struct attrs *a)
{
	char *text = debugfs_read(d, context, "attrs");
	bool ok;

	if (!text)
		return false;
	ok = sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		    " %" SCNu64, &a->sample_us, &a->aggr_us, &a->update_us,
		    &a->min_regions, &a->max_regions) == 5 &&
	     a->sample_us && a->sample_us <= a->aggr_us;
	if (!ok)
		complain("cannot understand the attrs '%.*s'",
			 (int)strcspn(text, "\n"), text);
	free(text);
	return ok;
}

char *debugfs_print_attrs(const struct attrs *a)
{
	char *text;

	return asprintf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			" %" PRIu64 "\n", a->sample_us, a->aggr_us,
			a->update_us, a->min_regions, a->max_regions) < 0 ?
	       NULL : text;
}

static bool blank(const char *text)
{
	return !text[strspn(text, " \t\n")];
}

/*
 * First the list of targets is emptied: the old targets and their initial
 * regions may be too many for the new attributes, and new ones for the old.
 */
static bool set_attrs(const struct debugfs *d, const char *attrs)
{
	return debugfs_write(d, "target_ids", "\n") &&
	       debugfs_write(d, "attrs", attrs);
}

bool debugfs_has(const struct debugfs *d, const char *context, const char *file)
{
	char name[320];

	join(name, sizeof(name), context, file);
	return !faccessat(d->fd, name, F_OK, 0);
}

static bool has_schemes(const struct debugfs *d)
{
	return debugfs_has(d, NULL, "schemes");
}

static bool has_goals(const struct debugfs *d)
{
	return debugfs_has(d, NULL, "scheme_goals");
}

bool debugfs_needs_schemes(const struct debugfs *d)
{
	if (has_schemes(d))
		return true;
	complain("the monitor of this kernel has no schemes; boot a newer one, see 'make kernel'");
	return false;
}

bool debugfs_needs_goals(const struct debugfs *d)
{
	if (has_goals(d))
		return true;
	complain("the monitor of this kernel cannot find the age by what comes back; give --cold TIME and no --back, or boot a newer one, see 'make kernel'");
	return false;
}

static const char *or_line(const char *text)
{
	return !text || blank(text) ? "\n" : text;
}

/*
 * Schemes from before must not change memory of which they know nothing. Goals come
 * after them, as each write of the schemes drops all goals.
 */
bool debugfs_set_schemes(const struct debugfs *d, const char *schemes, const char *goals)
{
	if (!has_schemes(d))
		return true;
	return debugfs_write(d, "schemes", or_line(schemes)) &&
	       (!has_goals(d) || debugfs_write(d, "scheme_goals", or_line(goals)));
}

/* NULL on failure, with a line printed; none where the kernel has no schemes. */
static char *read_schemes(const struct debugfs *d)
{
	char *text, *rows = NULL;

	text = has_schemes(d) ? debugfs_read(d, NULL, "schemes") : strdup("");
	if (text) {
		rows = scheme_settings(text);
		if (!rows)
			complain("out of memory");
	}
	free(text);
	return rows;
}

char *debugfs_read_goals(const struct debugfs *d)
{
	char *text;

	if (has_goals(d))
		return debugfs_read(d, NULL, "scheme_goals");
	text = strdup("");
	if (!text)
		complain("out of memory");
	return text;
}

bool debugfs_set(const struct debugfs *d, const struct settings *s)
{
	return set_attrs(d, s->attrs) && debugfs_set_schemes(d, s->schemes, s->goals) &&
	       debugfs_write(d, "target_ids", s->target_ids) &&
	       (blank(s->init_regions) ||
		debugfs_write(d, "init_regions", s->init_regions));
}

bool debugfs_save(const struct debugfs *d, struct settings *s)
{
	s->attrs = debugfs_read(d, NULL, "attrs");
	s->target_ids = debugfs_read(d, NULL, "target_ids");
	s->init_regions = debugfs_read(d, NULL, "init_regions");
	s->schemes = read_schemes(d);
	s->goals = debugfs_read_goals(d);
	if (!s->attrs || !s->target_ids || !s->init_regions || !s->schemes || !s->goals) {
		debugfs_free_settings(s);
		return false;
	}
	return true;
}

/* Whether a list of processes has a process that is gone: its pid reads 0. */
static bool has_gone(const char *ids)
{
	char *end;

	if (!strncmp(ids, scope_names[SCOPE_PADDR], strlen(scope_names[SCOPE_PADDR])))
		return false;
	if (!strncmp(ids, scope_names[SCOPE_FVADDR], strlen(scope_names[SCOPE_FVADDR])))
		ids += strlen(scope_names[SCOPE_FVADDR]);
	for (;;) {
		ids += strspn(ids, " \t\n");
		if (!*ids)
			return false;
		if (!strtol(ids, &end, 10) || end == ids)
			return true;
		ids = end;
	}
}

bool debugfs_restore(const struct debugfs *d, const struct settings *s)
{
	bool ok = set_attrs(d, s->attrs);

	ok = debugfs_set_schemes(d, s->schemes, s->goals) && ok;
	/*
	 * Without the targets that are gone, the indices in the initial regions
	 * would be wrong, so the whole list is given up. A process or the
	 * memory of a node may also have gone just now.
	 */
	if (has_gone(s->target_ids))
		return ok;
	if (!debugfs_try_write(d, "target_ids", s->target_ids)) {
		if (errno == ESRCH || errno == ENXIO)
			return ok;
		return debugfs_write(d, "target_ids", s->target_ids) && ok;
	}
	if (!blank(s->init_regions))
		ok = debugfs_write(d, "init_regions", s->init_regions) && ok;
	return ok;
}

void debugfs_free_settings(struct settings *s)
{
	free(s->attrs);
	free(s->target_ids);
	free(s->init_regions);
	free(s->schemes);
	free(s->goals);
	*s = (struct settings){ 0 };
}
