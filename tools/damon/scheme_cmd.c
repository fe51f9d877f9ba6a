// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl scheme: finds the command, and removes schemes.
 */
#include <argp.h>

#include "command.h"
#include "damonctl.h"
#include "debugfs.h"
#include "scheme_cmd.h"

static bool clear(void)
{
	struct debugfs d;
	bool ok;

	if (!debugfs_open(&d))
		return false;
	ok = debugfs_needs_schemes(&d) && debugfs_lock(&d) && debugfs_turn_off(&d) &&
	     debugfs_write(&d, "schemes", "\n");
	debugfs_close(&d);
	return ok;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "'%s' is too much; clear removes all schemes", arg);
	return EINVAL;
}

int scheme_clear(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.doc = "Turn the monitor off, and remove all schemes.\v"
		       "Examples:\n"
		       "  damonctl scheme clear\n"
		       "\n"
		       "What the schemes have changed stays as it is. "
		       "Exit codes: 0 done, 1 failed, 2 wrong usage.",
	};

	if (argp_parse(&argp, argc, argv, 0, NULL, NULL))
		return EXIT_FAILED;
	return clear() ? EXIT_OK : EXIT_FAILED;
}

int cmd_scheme(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "add", "damonctl scheme add", scheme_add },
		{ "list", "damonctl scheme list", scheme_list },
		{ "clear", "damonctl scheme clear", scheme_clear },
	};
	static const struct command_set set = {
		.commands = commands,
		.nr = ARRAY_SIZE(commands),
		.names = "add, list and clear",
		.doc = "Have the kernel act on memory that is used in some way.\n"
		       "\n"
		       "Commands:\n"
		       "  add       add a scheme, and turn the monitor on\n"
		       "  list      tell what the schemes do, did, and cost\n"
		       "  clear     turn the monitor off, and remove all schemes\n"
		       "\v"
		       "Examples:\n"
		       "  damonctl scheme add --pageout --back 1% -p 4711\n"
		       "  damonctl scheme list\n"
		       "  damonctl scheme clear\n"
		       "\n"
		       "'damonctl scheme add --help' and so on tell more.\n"
		       "Exit codes: 0 done, 1 failed, 2 wrong usage.",
	};

	return command_run(&set, argc, argv);
}
