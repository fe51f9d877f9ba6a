// SPDX-License-Identifier: GPL-2.0
/*
 * The sysfs files of the monitor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "sysfs.h"

static const char *full_path(const char *file)
{
	static __thread char path[512];

	snprintf(path, sizeof(path), SYSFS_DIR "/%s", file);
	return path;
}

int sysfs_write(const char *file, const char *text)
{
	return write_text(full_path(file), text);
}

const char *sysfs_read(const char *file)
{
	static __thread char buf[8192];
	int err = read_text(full_path(file), buf, sizeof(buf));

	if (err)
		snprintf(buf, sizeof(buf), "error %d", -err);
	return buf;
}

long long sysfs_number(const char *file)
{
	char buf[64];
	int err = read_text(full_path(file), buf, sizeof(buf));

	return err ?: strtoll(buf, NULL, 10);
}

bool sysfs_is(const char *file, const char *text)
{
	return !strcmp(sysfs_read(file), text);
}

bool sysfs_has(const char *file)
{
	return !access(full_path(file), F_OK);
}

const char *path_of(const char *format, int nr)
{
	static __thread char path[256];

	snprintf(path, sizeof(path), format, nr);
	return path;
}

int sysfs_reset(void)
{
	int nr = sysfs_number("nr_kdamonds"), i;

	for (i = 0; i < nr; i++)
		sysfs_write(path_of("%d/state", i), "off");
	return sysfs_write("nr_kdamonds", "0");
}

int sysfs_make(int nr)
{
	int err = sysfs_write("nr_kdamonds", path_of("%d", nr)), i;

	for (i = 0; i < nr; i++)
		err = err ?: sysfs_write(path_of("%d/contexts/nr_contexts", i), "1");
	return err;
}

#define C "0/contexts/0/"

int sysfs_target(pid_t pid)
{
	int err = sysfs_write(C "targets/nr_targets", "1");

	err = err ?: sysfs_write(C "targets/0/pid_target", path_of("%d", pid));
	err = err ?: sysfs_write(C "monitoring_attrs/intervals/aggr_us", "200000");
	err = err ?: sysfs_write(C "monitoring_attrs/intervals/sample_us", "10000");
	return err ?: sysfs_write(C "monitoring_attrs/intervals/update_us", "2000000");
}

int sysfs_schemes(int nr)
{
	int err = sysfs_write(C "schemes/nr_schemes", path_of("%d", nr)), i;

	for (i = 0; i < nr && !err; i++) {
		const char *max = "18446744073709551615";

		err = sysfs_write(path_of(C "schemes/%d/access_pattern/sz/max", i), max);
		err = err ?: sysfs_write(path_of(C "schemes/%d/access_pattern/nr_accesses/max", i),
					 max);
		err = err ?: sysfs_write(path_of(C "schemes/%d/access_pattern/age/max", i), max);
	}
	return err;
}
