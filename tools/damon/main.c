// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl: records and shows which memory is accessed, by means of the
 * kernel's data access monitor. This file finds the command and runs it.
 */
#include <argp.h>
#include <signal.h>
#include <string.h>

#include "damonctl.h"

static const struct command {
	const char *name;
	/* argv[0] of the command, which begins its help and errors */
	char *title;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "record", "damonctl record", cmd_record },
	{ "report", "damonctl report", cmd_report },
	{ "status", "damonctl status", cmd_status },
};

static const char doc[] =
	"Record and show which memory is accessed.\n"
	"\n"
	"Commands:\n"
	"  record    monitor processes or physical memory, write a recording\n"
	"  report    show a recording: heatmap, hot, wss, raw or regions\n"
	"  status    tell what the kernel's monitor does now\n"
	"\v"
	"Examples:\n"
	"  damonctl record -- sort -n numbers.txt\n"
	"  damonctl report heatmap\n"
	"  damonctl report hot\n"
	"\n"
	"'damonctl COMMAND --help' tells more about a command.\n"
	"Exit codes: 0 done, 1 failed, 2 wrong usage, 128+N ended by signal N.";

/* argp looks for this name, and gives each command --version then. */
const char *argp_program_version = "damonctl 1.0, recording format 2";

struct choice {
	const struct command *command;
	int argc;
	char **argv;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	size_t i;

	switch (key) {
	case ARGP_KEY_ARG:
		for (i = 0; i < ARRAY_SIZE(commands); i++) {
			if (strcmp(commands[i].name, arg))
				continue;
			choice->command = &commands[i];
			choice->argc = state->argc - state->next + 1;
			choice->argv = state->argv + state->next - 1;
			/* The rest is for the command. */
			state->next = state->argc;
			return 0;
		}
		argp_error(state, "'%s' is no command; record, report and status are",
			   arg);
		return EINVAL;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing: record, report or status");
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = doc,
	};
	struct choice choice = { 0 };

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice))
		return EXIT_FAILED;
	choice.argv[0] = choice.command->title;
	return choice.command->run(choice.argc, choice.argv);
}
