// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl: records and shows which memory is accessed, and acts on it, by means of
 * the kernel's data access monitor.
 */
#include <argp.h>

#include "command.h"
#include "damonctl.h"

static const struct command commands[] = {
	{ "record", "damonctl record", cmd_record },
	{ "report", "damonctl report", cmd_report },
	{ "run", "damonctl run", cmd_run },
	{ "scheme", "damonctl scheme", cmd_scheme },
	{ "status", "damonctl status", cmd_status },
};

static const char doc[] =
	"Record and show which memory is accessed, and act on it.\n"
	"\n"
	"Commands:\n"
	"  record    monitor processes or physical memory, write a recording\n"
	"  report    show a recording: heatmap, hot, wss, raw or regions\n"
	"  run       run a command with less memory, or with huge pages\n"
	"  scheme    have the kernel act on memory that is used in some way\n"
	"  status    tell what the kernel's monitor does now\n"
	"\v"
	"Examples:\n"
	"  damonctl record -- sort -n numbers.txt\n"
	"  damonctl report heatmap\n"
	"  damonctl report hot\n"
	"  damonctl run --save-memory -- ./server\n"
	"\n"
	"'damonctl COMMAND --help' tells more about a command.\n"
	"Exit codes: 0 done, 1 failed, 2 wrong usage, 128+N ended by signal N.";

/* argp looks for this name, and gives each command --version then. */
const char *argp_program_version = "damonctl 1.0, recording format 2";

int main(int argc, char **argv)
{
	static const struct command_set set = {
		.commands = commands,
		.nr = ARRAY_SIZE(commands),
		.names = "record, report, run, scheme and status",
		.doc = doc,
	};

	argp_err_exit_status = EXIT_USAGE;
	return command_run(&set, argc, argv);
}
