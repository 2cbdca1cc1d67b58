/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a cmocka program ends (skipped.c). Each row is a program of its own, in a child: cmocka has one
 * group at a time. */
#include <fcntl.h>
#include <sys/wait.h>

#include "model/util.h"
#include "netns/tests/unit.h"

#define MANY 256 /* failures: an exit status has eight bits */

static void runs(void **state)
{
	(void)state;
}

static void is_skipped(void **state)
{
	(void)state;
	skip();
}

static void fails(void **state)
{
	(void)state;
	fail();
}

static const struct row {
	const char *what;
	CMUnitTestFunction first, others;
	size_t n;
	const char *tools; /* $KACHECK_TOOLS */
	int status;
} rows[] = {
	{ "all run", runs, runs, 3, "", 0 },
	{ "some are skipped", runs, is_skipped, 3, "", 0 },
	{ "some are skipped, tools are required", runs, is_skipped, 3, "required", 0 },
	{ "all are skipped", is_skipped, is_skipped, 3, "", 77 },
	{ "all are skipped, tools are required", is_skipped, is_skipped, 3, "required", 1 },
	{ "one fails, the others are skipped", fails, is_skipped, 3, "", 1 },
	{ "so many fail that their number is that of a skip", fails, fails, 77, "", 1 },
	{ "so many fail that their number is 0", fails, fails, MANY, "", 1 },
};

static int run_group(const struct row *row)
{
	struct CMUnitTest tests[MANY] = { 0 };
	int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(nothing, STDOUT_FILENO);
	dup2(nothing, STDERR_FILENO);
	setenv("KACHECK_TOOLS", row->tools, 1);
	for (size_t i = 0; i < row->n; i++)
		tests[i] = (struct CMUnitTest){ .name = "a test",
						.test_func = i ? row->others : row->first };
	return _cmocka_run_group_tests("a group", tests, row->n, NULL, NULL);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < KA_N(rows); i++) {
		int status = 0;
		pid_t pid;

		fflush(NULL);
		pid = fork();
		if (pid == 0)
			_exit(run_group(&rows[i]));
		waitpid(pid, &status, 0);
		status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		printf("%-50s %d, must be %d\n", rows[i].what, status, rows[i].status);
		failed += status != rows[i].status;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
