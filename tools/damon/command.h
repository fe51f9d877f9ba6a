/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands that are named by a word, and what their options have in common.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * For ARGP_KEY_ARG: the argument and all that follows, which is the command line of a
 * program; NULL-terminated, as argv is.
 */
char **command_line(struct argp_state *state);

/* Reads the time above 0 of option --@name; another text ends the program. */
void command_time(struct argp_state *state, const char *name, const char *arg, uint64_t *ns);

#endif
