// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a file aside and renames it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damonctl.h"
#include "output.h"

static bool failed(const struct output *o, const char *path)
{
	complain("cannot write %s: %s; %s", path, strerror(errno),
		 o->f ? "nothing was kept" : "name another file");
	return false;
}

bool output_open(struct output *o, const char *path, mode_t mode)
{
	mode_t mask = umask(0);
	struct stat st;
	int fd;

	umask(mask);
	*o = (struct output){ 0 };
	/* Renaming over a device would replace it for everyone. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		complain("%s exists and is no file; choose another name", path);
		return false;
	}
	o->path = strdup(path);
	if (!o->path || asprintf(&o->temporary, "%s.XXXXXX", path) < 0) {
		o->temporary = NULL;
		complain("out of memory");
		output_close(o);
		return false;
	}
	fd = mkostemp(o->temporary, O_CLOEXEC);
	if (fd >= 0 && !fchmod(fd, mode & ~mask))
		o->f = fdopen(fd, "w");
	if (o->f)
		return true;
	failed(o, path);
	if (fd >= 0) {
		close(fd);
		unlink(o->temporary);
	}
	output_close(o);
	return false;
}

bool output_finish(struct output *o)
{
	errno = 0;
	if (!fflush(o->f) && !ferror(o->f) && !fsync(fileno(o->f)))
		return true;
	if (!errno)
		errno = EIO;
	return failed(o, o->path);
}

bool output_commit(struct output *o)
{
	if (rename(o->temporary, o->path))
		return failed(o, o->path);
	fclose(o->f);
	o->f = NULL;
	return true;
}

void output_close(struct output *o)
{
	if (o->f) {
		fclose(o->f);
		unlink(o->temporary);
	}
	free(o->path);
	free(o->temporary);
	*o = (struct output){ 0 };
}
