/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In every cmocka program, by the linker's --wrap: the exit status of a group says whether anything
 * ran. 77 where every test was skipped, 1 where that happened although $KACHECK_TOOLS is "required",
 * never the number of failures: 256 of them would be 0, 77 a skip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXIT_SKIPPED 77

static size_t n_skipped;

void __real__skip(const char *file, int line);
void __wrap__skip(const char *file, int line);
int __real__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup, CMFixtureFunction teardown);

void __wrap__skip(const char *file, int line)
{
	n_skipped++;
	__real__skip(file, line);
}

int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup, CMFixtureFunction teardown)
{
	const char *tools = getenv("KACHECK_TOOLS");

	if (__real__cmocka_run_group_tests(name, tests, n, setup, teardown) != 0)
		return EXIT_FAILURE;
	if (n_skipped < n)
		return EXIT_SUCCESS;
	return tools && strcmp(tools, "required") == 0 ? EXIT_FAILURE : EXIT_SKIPPED;
}
