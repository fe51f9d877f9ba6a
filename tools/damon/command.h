/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands that are named by a word, and have options of their own.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

struct command {
	const char *name;
	/* argv[0] of the command, which begins its help and errors */
	char *title;
	/* the result is the exit code */
	int (*run)(int argc, char **argv);
};

struct command_set {
	const struct command *commands;
	size_t nr;
	/* all names, for errors: "add, list and clear" */
	const char *names;
	const char *doc;
};

/* Runs the command that is the first argument; wrong usage ends the program. */
int command_run(const struct command_set *set, int argc, char **argv);

#endif
