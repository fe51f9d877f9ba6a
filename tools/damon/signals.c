// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks and receives the signals that end damonctl.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "damonctl.h"
#include "signals.h"

bool signals_block(struct signals *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, &s->old_mask);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd >= 0)
		return true;
	complain("cannot receive signals: %s", strerror(errno));
	return false;
}

void signals_unblock(struct signals *s)
{
	close(s->fd);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

void signals_wait(struct signals *s, int fd, int timeout_ms)
{
	struct pollfd p[] = {
		{ .fd = s->fd, .events = POLLIN }, { .fd = fd, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	if (poll(p, ARRAY_SIZE(p), timeout_ms) <= 0 ||
	    read(s->fd, &info, sizeof(info)) != sizeof(info))
		return;
	s->got = (int)info.ssi_signo;
	/* The terminal sends its signals to the command already. */
	s->pass_on = info.ssi_code != SI_KERNEL;
}

int signals_for_command(const struct signals *s)
{
	if (!s->got)
		return SIGTERM;
	return s->pass_on ? s->got : 0;
}
