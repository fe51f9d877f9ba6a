// SPDX-License-Identifier: GPL-2.0
/*
 * The attribute files of the monitor.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../kselftest.h"
#include "files.h"

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int write_bytes(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	err = n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
	close(fd);
	return err;
}

int write_text(const char *path, const char *text)
{
	return write_bytes(path, text, strlen(text));
}

int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n = 0;
	int err;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	err = n < 0 ? -errno : 0;
	buf[len] = '\0';
	close(fd);
	return err;
}

const char *damon_path(const char *file)
{
	static char path[512];

	snprintf(path, sizeof(path), DAMON_DIR "/%s", file);
	return path;
}

int damon_write(const char *file, const char *text)
{
	return write_text(damon_path(file), text);
}

const char *damon_read(const char *file)
{
	static char buf[65536];
	int err = read_text(damon_path(file), buf, sizeof(buf));

	if (err)
		snprintf(buf, sizeof(buf), "error %d", -err);
	return buf;
}

bool damon_is(const char *file, const char *text)
{
	return !strcmp(damon_read(file), text);
}

pid_t kdamond_pid(const char *file)
{
	return atoi(damon_read(file));
}

static int scan_kdamonds(pid_t *last)
{
	struct dirent *entry;
	char path[300], comm[64];
	DIR *dir = opendir("/proc");
	int nr = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!atoi(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (!read_text(path, comm, sizeof(comm)) &&
		    !strncmp(comm, "kdamond.", 8)) {
			*last = atoi(entry->d_name);
			nr++;
		}
	}
	closedir(dir);
	return nr;
}

int nr_kdamonds(void)
{
	pid_t unused;

	return scan_kdamonds(&unused);
}

pid_t find_kdamond(void)
{
	pid_t pid = 0;

	scan_kdamonds(&pid);
	return pid;
}

int damon_reset(void)
{
	struct dirent *entry;
	DIR *dir;
	int err;

	err = damon_write("monitor_on", "off");
	if (err && err != -EPERM)
		return err;
	dir = opendir(DAMON_DIR);
	if (!dir)
		return -errno;
	err = 0;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			err = damon_write("rm_contexts", entry->d_name) ?: err;
	closedir(dir);
	/* First, as memory that is gone since is no target for anything. */
	err = damon_write("target_ids", "") ?: err;
	err = damon_write("schemes", "") ?: err;
	return damon_write("attrs", DEFAULT_ATTRS) ?: err;
}

int damon_on(const char *attrs, const pid_t *pids, int nr)
{
	char ids[256] = "";
	size_t len = 0;
	int err, i;

	for (i = 0; i < nr; i++) {
		len += snprintf(ids + len, sizeof(ids) - len, "%d ", pids[i]);
		if (len >= sizeof(ids))
			return -E2BIG;
	}
	err = damon_write("attrs", attrs) ?: damon_write("target_ids", ids);
	return err ?: damon_write("monitor_on", "on");
}

int damon_on_ids(const char *attrs, const char *ids, const char *rows)
{
	int err = damon_write("attrs", attrs) ?: damon_write("target_ids", ids);

	if (!err && rows)
		err = damon_write("init_regions", rows);
	return err ?: damon_write("monitor_on", "on");
}

int damon_init_regions(unsigned long start, unsigned long end)
{
	char row[128];

	snprintf(row, sizeof(row), "0 %lu %lu", start, end);
	return damon_write("init_regions", row);
}

/* What most of the programs are about. */
const char *needed_dir __attribute__((weak)) = DAMON_DIR;

/* A whole program that can prove nothing here is skipped at once. */
static void __attribute__((constructor)) need_damon(void)
{
	if (geteuid()) {
		ksft_print_msg("these tests need root\n");
		exit(KSFT_SKIP);
	}
	if (access(needed_dir, F_OK)) {
		ksft_print_msg("no %s: see the file config\n", needed_dir);
		exit(KSFT_SKIP);
	}
}
