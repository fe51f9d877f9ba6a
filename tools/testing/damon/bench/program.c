// SPDX-License-Identifier: GPL-2.0
/*
 * Real programs in the place of a load: what programs.sh prepares and runs in the guest.  A
 * run ends when the program does; it is stopped on its way out, while its memory is still
 * there to be looked at.  A server, whose process prepare told of in WATCHED, is watched in
 * the place of its client.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define SCRIPT	"/programs.sh"
#define WATCHED	"/run/watched"

static pid_t child;

static void exec_script(const char *what)
{
	sigset_t none;
	int fd = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("LC_ALL", "C", 1);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(open("/dev/kmsg", O_WRONLY), 2);
	execl("/bin/busybox", "sh", SCRIPT, what, opt.program, NULL);
	exit(127);
}

static void prepare(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		exec_script("prepare");
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		errno = ECHILD;
		die("prepare");
	}
}

static pid_t watched(void)
{
	char text[32];

	if (access(WATCHED, F_OK))
		return child;
	get_file(WATCHED, text, sizeof(text));
	return atoi(text);
}

pid_t start_real_program(void)
{
	sigset_t ends;

	mkdir("/run", 0755);
	mkdir("/tmp", 01777);
	prepare();
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	child = fork();
	if (!child)
		exec_script("run");
	if (child < 0 || ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACEEXIT))
		die("program");
	return watched();
}

/* Other stops are signals, which it gets. */
bool real_program_has_ended(void)
{
	int status;

	while (waitpid(child, &status, WNOHANG | __WALL) == child) {
		if (!WIFSTOPPED(status)) {
			errno = ECHILD;
			die("program");
		}
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
			return true;
		ptrace(PTRACE_CONT, child, 0, status >> 16 ? 0 : WSTOPSIG(status));
	}
	return false;
}

void end_real_program(void)
{
	int status;

	if (ptrace(PTRACE_DETACH, child, 0, 0) || waitpid(child, &status, 0) != child || status) {
		errno = ECHILD;
		die("program");
	}
}

/* Or until a child wants something. */
void nap_ms(unsigned long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigtimedwait(&ends, NULL, &t);
}
