// SPDX-License-Identifier: GPL-2.0
/*
 * Finds a command by its name, and runs it; reads what several of them take.
 */
#include <string.h>

#include "command.h"
#include "damonctl.h"
#include "units.h"

struct choice {
	const struct command_set *set;
	const struct command *command;
	int argc;
	char **argv;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	const struct command_set *set = choice->set;
	size_t i;

	switch (key) {
	case ARGP_KEY_ARG:
		for (i = 0; i < set->nr; i++) {
			if (strcmp(set->commands[i].name, arg))
				continue;
			choice->command = &set->commands[i];
			choice->argc = state->argc - state->next + 1;
			choice->argv = state->argv + state->next - 1;
			/* The rest is for the command. */
			state->next = state->argc;
			return 0;
		}
		argp_error(state, "'%s' is no command; %s are", arg, set->names);
		return EINVAL;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing; there are %s", set->names);
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

int command_run(const struct command_set *set, int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = set->doc,
	};
	struct choice choice = { .set = set };

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice))
		return EXIT_FAILED;
	choice.argv[0] = choice.command->title;
	return choice.command->run(choice.argc, choice.argv);
}

char **command_line(struct argp_state *state)
{
	char **line = state->argv + state->next - 1;

	state->next = state->argc;
	return line;
}

void command_time(struct argp_state *state, const char *name, const char *arg, uint64_t *ns)
{
	if (!parse_time(arg, 0, ns) || !*ns)
		argp_error(state, "--%s '%s' is no time; write it as 30s or 5m", name, arg);
}
