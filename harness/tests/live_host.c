/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_host MEMBERS CONNECTIONS COMMAND [ARGUMENT...]: a sandbox with such a population (population.h), in
 * which COMMAND runs; ends as it does. "weak" before MEMBERS: COMMAND has no CAP_SYS_PTRACE, which each
 * second member has; "blind": no CAP_SYS_ADMIN either.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns/sandbox.h"
#include "population.h"

struct request {
	bool weak, blind;
	size_t members, connections;
	char **command;
};

static int run(const struct request *request)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if ((request->weak && give_up(CAP_SYS_PTRACE)) ||
		    (request->blind && give_up(CAP_SYS_ADMIN)))
			_exit(98);
		execvp(request->command[0], request->command);
		_exit(98);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int inside(void *arg)
{
	const struct request *request = arg;
	const struct population_kind kind = { request->members, request->connections, request->weak,
					      1 };
	struct population p;
	int status;

	if (population_start(&p, &kind)) {
		fputs("live_host: no population\n", stderr);
		return 98;
	}
	status = run(request);
	if (!population_is_unchanged(&p)) {
		fputs("live_host: an option has changed\n", stderr);
		status = 98;
	}
	population_stop(&p);
	return status;
}

int main(int argc, char **argv)
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct request request = { 0 };
	struct nn_err err = { "" };

	argv++;
	request.blind = argc > 1 && strcmp(*argv, "blind") == 0;
	request.weak = request.blind || (argc > 1 && strcmp(*argv, "weak") == 0);
	argv += request.weak;
	if (argc < 4 + request.weak)
		return 98;
	request.members = strtoul(argv[0], NULL, 10);
	request.connections = strtoul(argv[1], NULL, 10);
	request.command = argv + 2;
	if (nn_sandbox_start(&box, inside, &request, &err)) {
		fprintf(stderr, "live_host: %s\n", err.text);
		return 77;
	}
	return nn_sandbox_wait(&box);
}
