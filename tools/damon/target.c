// SPDX-License-Identifier: GPL-2.0
/*
 * Finds, starts and ends the processes that are monitored.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "damonctl.h"
#include "process.h"
#include "target.h"
#include "units.h"

/* From the polite signal to SIGKILL. */
#define GRACE_MS	5000

static int open_pidfd(pid_t pid)
{
	/* glibc has no pidfd_open() before 2.36. */
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

const char targets_wrong[] =
	"is no list of up to 64 different pids, such as 12 or 12,34";

_Static_assert(MAX_TARGETS == 64, "the text above tells it");

bool targets_parse(struct targets *t, const char *list)
{
	char word[16];
	uint64_t pid;
	size_t len, i;

	t->nr = 0;
	for (;;) {
		len = strcspn(list, ",");
		if (!len || len >= sizeof(word) || t->nr == MAX_TARGETS)
			return false;
		memcpy(word, list, len);
		word[len] = '\0';
		if (!parse_number(word, INT32_MAX, &pid) || !pid)
			return false;
		for (i = 0; i < t->nr; i++) {
			if (t->pids[i] == (pid_t)pid)
				return false;
		}
		t->fds[t->nr] = -1;
		t->pids[t->nr++] = (pid_t)pid;
		if (!list[len])
			return true;
		list += len + 1;
	}
}

bool targets_open(struct targets *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++) {
		t->fds[i] = open_pidfd(t->pids[i]);
		if (t->fds[i] < 0) {
			if (errno == EINVAL)
				complain("%d is a thread; name its process (Tgid in /proc/%d/status)",
					 t->pids[i], t->pids[i]);
			else
				complain("there is no process %d; look for it with: ps -e",
					 t->pids[i]);
			return false;
		}
		if (!process_has_program(t->pids[i])) {
			complain("%d has ended or is a kernel thread: it has no memory to monitor",
				 t->pids[i]);
			return false;
		}
	}
	return true;
}

static void run_child(char **command, const sigset_t *mask, int report)
{
	int err;

	sigprocmask(SIG_SETMASK, mask, NULL);
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		execvp(command[0], command);
	err = errno;
	while (write(report, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* Waits for the stop that tells that the new program is loaded. */
static bool wait_for_exec(pid_t pid, int report, const char *name)
{
	int status, err = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return false;
	}
	if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP &&
	    !ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL))
		return true;
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
			;
		complain("cannot run %s: it was stopped by a signal", name);
	} else if (read(report, &err, sizeof(err)) == sizeof(err)) {
		complain("cannot run %s: %s%s", name, strerror(err),
			 err == ENOENT && strchr(name, '=') ?
			 "; to set a variable, write env in front" : "");
	} else {
		complain("cannot run %s: it was ended by a signal", name);
	}
	return false;
}

bool targets_start(struct targets *t, char **command, const sigset_t *mask)
{
	int report[2];
	bool ok;
	pid_t pid;

	/* Processes that the command leaves behind become children of ours. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe2(report, O_CLOEXEC)) {
		complain("cannot run %s: %s", command[0], strerror(errno));
		return false;
	}
	pid = fork();
	if (!pid)
		run_child(command, mask, report[1]);
	close(report[1]);
	if (pid < 0)
		complain("cannot run %s: %s", command[0], strerror(errno));
	ok = pid > 0 && wait_for_exec(pid, report[0], command[0]);
	close(report[0]);
	if (!ok)
		return false;
	t->nr = 1;
	t->pids[0] = pid;
	t->fds[0] = open_pidfd(pid);
	t->started = true;
	t->halted = true;
	if (t->fds[0] >= 0)
		return true;
	complain("cannot watch %s: %s", command[0], strerror(errno));
	targets_end(t, SIGKILL);
	return false;
}

bool targets_release(struct targets *t)
{
	/* ESRCH: someone killed the command, which is an end as any other. */
	if (!t->halted || !ptrace(PTRACE_DETACH, t->pids[0], NULL, NULL) ||
	    errno == ESRCH) {
		t->halted = false;
		return true;
	}
	complain("cannot let process %d go on: %s", t->pids[0],
		 strerror(errno));
	return false;
}

bool target_ended(const struct targets *t, size_t i)
{
	struct pollfd p = { .fd = t->fds[i], .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static bool all_ended(const struct targets *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++) {
		if (!target_ended(t, i))
			return false;
	}
	return true;
}

/*
 * Takes the status of each child that has ended, and keeps the command's. Other
 * children of ours are processes that the command left behind.
 */
static void reap(struct targets *t)
{
	struct process command;
	int status;
	pid_t pid;

	/* The account of a process is kept until it has been waited for. */
	if (process_read(t->pids[0], &command))
		t->forked |= command.had_children;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != t->pids[0]) {
			t->forked = true;
			continue;
		}
		if (WIFSTOPPED(status))
			continue;
		t->status = status;
		t->started = false;
	}
}

struct relative {
	struct process p;
	bool ours;
};

/* A process that has ended and waits for its parent does not count. */
static size_t list_processes(struct relative **list)
{
	struct relative *grown;
	struct process p;
	size_t nr = 0, room = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	*list = NULL;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !process_read((pid_t)strtol(entry->d_name, NULL, 10), &p) ||
		    p.ended)
			continue;
		if (nr == room) {
			room = room ? room * 2 : 256;
			grown = reallocarray(*list, room, sizeof(*grown));
			if (!grown)
				break;
			*list = grown;
		}
		(*list)[nr++] = (struct relative){ .p = p };
	}
	if (dir)
		closedir(dir);
	return nr;
}

static bool is_ours(const struct relative *list, size_t nr, pid_t parent)
{
	size_t i;

	if (parent == getpid())
		return true;
	for (i = 0; i < nr; i++) {
		if (list[i].p.pid == parent)
			return list[i].ours;
	}
	return false;
}

/* Sends @sig to all that descend from us; how many there are. */
static size_t signal_family(int sig)
{
	struct relative *list;
	size_t nr = list_processes(&list), nr_ours = 0, i;
	bool more = true;

	while (more) {
		more = false;
		for (i = 0; i < nr; i++) {
			if (list[i].ours || !is_ours(list, nr, list[i].p.parent))
				continue;
			list[i].ours = true;
			more = true;
			nr_ours++;
		}
	}
	for (i = 0; i < nr; i++) {
		if (list[i].ours)
			kill(list[i].p.pid, sig);
	}
	free(list);
	return nr_ours;
}

bool targets_ended(struct targets *t)
{
	if (!t->nr || !all_ended(t))
		return false;
	if (!t->started)
		return true;
	reap(t);
	/* A process that the command left behind is a child of ours now. */
	t->forked |= signal_family(0) > 0;
	return true;
}

static bool wait_family(struct targets *t)
{
	const struct timespec tick = { .tv_nsec = 20 * NS_PER_MS };
	int left;

	for (left = GRACE_MS; left > 0; left -= 20) {
		reap(t);
		if (!signal_family(0))
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

void targets_end(struct targets *t, int sig)
{
	if (!t->started)
		return;
	if (t->halted)
		sig = SIGKILL;
	/* The others of the family were started by the command. */
	t->forked |= signal_family(sig) > 1;
	if (!wait_family(t)) {
		signal_family(SIGKILL);
		wait_family(t);
	}
	reap(t);
}

void targets_tell_status(const struct targets *t, const char *name)
{
	if (WIFSIGNALED(t->status))
		complain("%s was ended by signal %d (%s)", name,
			 WTERMSIG(t->status), strsignal(WTERMSIG(t->status)));
	else if (WEXITSTATUS(t->status))
		complain("%s ended with status %d", name, WEXITSTATUS(t->status));
}

void targets_close(struct targets *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++) {
		if (t->fds[i] >= 0)
			close(t->fds[i]);
	}
}
