/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the command line to the command. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "model/util.h"

static const struct ka_command commands[] = {
	{ "run", ka_command_run, "run experiments and judge what happened" },
	{ "list", ka_command_list, "the experiments, what must come of them, how long they take" },
	{ "explain", ka_command_explain, "one experiment in words, and the arithmetic behind it" },
	{ "report", ka_command_report,
	  "results of runs, shards and machines as one, in any format" },
	{ "compare", ka_command_compare, "runs of several kernels side by side" },
	{ "sysctl", ka_command_sysctl, "before a rollout: what will these sysctls do?" },
	{ "program", ka_command_program, "does this program notice a dead peer, and when?" },
	{ "kernels", ka_command_kernels, "what --kernel can be on this machine" },
	{ "doctor", ka_command_doctor, "what this host can do, found out by doing it" },
};

#define N_COMMANDS (KA_N(commands))

static const struct ka_command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int call(const char *name, int argc, char **argv)
{
	const struct ka_command *command = find(name);
	char title[32], hint[600];

	if (!command)
		ka_usage_error("unknown command '%.60s'%s", name,
			       ka_about_nearest(commands, N_COMMANDS, name, hint, sizeof(hint)));
	snprintf(title, sizeof(title), "kacheck %s", command->name);
	ka_refuse_hostile_options(argc, argv);
	argv[0] = title;
	return command->run(argc, argv);
}

static int help(int argc, char **argv)
{
	char option[] = "--help", *arguments[] = { NULL, option, NULL };

	if (argc > 1)
		return call(argv[1], 2, arguments);
	ka_about_help(commands, N_COMMANDS);
	return KA_EXIT_OK;
}

int main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";

	ka_guard_output();
	argp_err_exit_status = KA_EXIT_USAGE;
	if (argc < 2)
		ka_usage_error(
			"no command; 'kacheck run' runs everything, 'kacheck help' tells more");
	if (strcmp(first, "help") == 0) /* and help on help is the list */
		return help(argc > 2 && argv[2][0] == '-' ? 1 : argc - 1, argv + 1);
	if (strcmp(first, "--help") == 0 || strcmp(first, "-?") == 0 || strcmp(first, "-h") == 0)
		return help(1, argv);
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
		ka_about_version();
		return KA_EXIT_OK;
	}
	if (strcmp(first, "guest") == 0 && argc > 2) /* as a guest kernel starts it */
		return ka_command_guest(argc - 1, argv + 1);
	if (first[0] == '-')
		ka_usage_error("unknown option '%.60s'; options follow a command", first);
	return call(first, argc - 1, argv + 1);
}
