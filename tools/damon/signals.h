/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals that end damonctl, blocked and read from a descriptor, so that none can
 * come between a change of the monitor's settings and its undoing.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
	int fd;
	/* from before, for commands that are started */
	sigset_t old_mask;
	/* the one that came, or 0 */
	int got;
	/* the command has not received it */
	bool pass_on;
};

/* False with a line printed. */
bool signals_block(struct signals *s);

/* Signals end this process again. */
void signals_unblock(struct signals *s);

/* Until a signal comes, @fd is readable if it is not -1, or the time is over. */
void signals_wait(struct signals *s, int fd, int timeout_ms);

/* The signal by which to end a command: 0 if it has received one already. */
int signals_for_command(const struct signals *s);

#endif
