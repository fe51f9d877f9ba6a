/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes that are monitored, those that ran already or the one that is
 * started for it; or the one whose end is the end of the recording.
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
	/* the only one was started here and has not been waited for */
	bool started;
	/* and has not run an instruction of its program yet */
	bool halted;
	/* of a started process that was waited for, as by waitpid() */
	int status;
	/* a started process was seen to have started others */
	bool forked;
};

/* "1,2,3", each once. */
bool targets_parse(struct targets *t, const char *list);

/* Opens what targets_parse() found; false with a line printed. */
bool targets_open(struct targets *t);

/*
 * Starts a command and halts it as soon as its own program is loaded, so that
 * no access of it goes unseen and none of ours is taken for one. @mask is the
 * signal mask that it gets. It dies with us as long as it is halted.
 */
bool targets_start(struct targets *t, char **command, const sigset_t *mask);
bool targets_release(struct targets *t);

/* Of one: its number may be that of another process then. */
bool target_ended(const struct targets *t, size_t i);

/* Whether there are any, and all of them have ended. */
bool targets_ended(struct targets *t);

/*
 * Ends a started command and all that it started in turn: by @sig if not 0,
 * and by SIGKILL if that does not help or if it is still halted.
 */
void targets_end(struct targets *t, int sig);

void targets_close(struct targets *t);

#endif
