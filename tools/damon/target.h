/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes that are monitored: some that run already, or a command that is
 * started for it. Of physical memory, the command whose end ends the recording.
 */
#ifndef TARGET_H
#define TARGET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "scope.h"

struct targets {
	pid_t pids[MAX_TARGETS];
	/* readable once the process has ended */
	int fds[MAX_TARGETS];
	size_t nr;
	/* the only process was started here and has not been waited for */
	bool started;
	/* the started process has not run an instruction of its program yet */
	bool halted;
	/* of a started process that was waited for, as by waitpid() */
	int status;
	/* the started process was seen to have started others */
	bool forked;
};

/* "1,2,3", each once; what is wrong with a list otherwise, for an error. */
bool targets_parse(struct targets *t, const char *list);
extern const char targets_wrong[];

/* Opens what targets_parse() found; false with a line printed. */
bool targets_open(struct targets *t);

/*
 * Starts a command and halts it as soon as its own program is loaded, so that
 * no access of the program goes unseen, and no access of damonctl is taken for
 * one. @mask is its signal mask. It dies with damonctl as long as it is halted.
 */
bool targets_start(struct targets *t, char **command, const sigset_t *mask);
bool targets_release(struct targets *t);

/* Of process @i. Its pid may be that of another process then. */
bool target_ended(const struct targets *t, size_t i);

/* Whether there are processes, and all of them have ended. */
bool targets_ended(struct targets *t);

/*
 * Ends a started command and all processes that it started in turn: by @sig if
 * not 0, and by SIGKILL if @sig does not help or the command is still halted.
 */
void targets_end(struct targets *t, int sig);

/* Tells how a started command called @name ended, unless it ended well. */
void targets_tell_status(const struct targets *t, const char *name);

void targets_close(struct targets *t);

#endif
