/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The modules of mm/damon/tests, for the tests that need one.
 *
 * They are looked for in the directory of the environment variable DAMON_MODULES,
 * else where the kernel is installed.
 */
#ifndef _DAMON_MODULE_H
#define _DAMON_MODULE_H

#include <sys/utsname.h>

#include "damon_test.h"

#define NO_MODULE	"the modules were not built, or DAMON_MODULES is not set"

/* Or -ENOENT, if the module was not built. */
static inline int load_module(const char *name, const char *params)
{
	const char *dir = getenv("DAMON_MODULES");
	char path[512];
	struct utsname uts;
	int fd, err;

	uname(&uts);
	if (dir)
		snprintf(path, sizeof(path), "%s/%s.ko", dir, name);
	else
		snprintf(path, sizeof(path), "/lib/modules/%s/kernel/mm/damon/%s.ko",
			 uts.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return err;
}

static inline int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

#endif /* _DAMON_MODULE_H */
