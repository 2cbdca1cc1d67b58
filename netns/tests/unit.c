/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program around tests that are TEST(name). */
#include "unit.h"

#define TESTS_MAX 128

static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;
static CMFixtureFunction before_all, after_all;

void unit_add(struct CMUnitTest test)
{
	if (n_tests == TESTS_MAX)
		abort();
	tests[n_tests++] = test;
}

void unit_group(CMFixtureFunction before, CMFixtureFunction after)
{
	before_all = before;
	after_all = after;
}

/* The emulator's own name is that of the process. */
static bool is_emulated(void)
{
	char name[32] = "";
	FILE *file = fopen("/proc/self/comm", "re");
	bool emulated;

	if (!file)
		return false;
	emulated = fgets(name, sizeof(name), file) && strncmp(name, "qemu-", 5) == 0;
	fclose(file);
	return emulated;
}

void unit_skip_if_emulated(const char *what)
{
	if (!is_emulated())
		return;
	print_message("skipped: QEMU's emulator of programs has no %s\n", what);
	skip();
}

int main(void)
{
	return _cmocka_run_group_tests(program_invocation_short_name, tests, n_tests, before_all,
				       after_all);
}
