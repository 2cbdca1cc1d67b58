/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A unit test is TEST(name) and its body, as in the kernel's kselftest_harness.h: there is no list of
 * them to keep, and main() is in unit.c. Tests run in the order of their definitions. What nearly all
 * of them include is included here. */
#ifndef NN_TESTS_UNIT_H
#define NN_TESTS_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Called before main(). */
void unit_add(struct CMUnitTest test);
void unit_group(CMFixtureFunction before, CMFixtureFunction after);

/* What runs first, and what at the end, also where the test failed; either may be NULL. */
#define TEST_WITH(name, before, after)                                                             \
	static void name(void **state);                                                            \
	__attribute__((constructor)) static void add_##name(void)                                  \
	{                                                                                          \
		unit_add((struct CMUnitTest){ #name, name, before, after, NULL });                 \
	}                                                                                          \
	static void name(__attribute__((unused)) void **state)

#define TEST(name) TEST_WITH(name, NULL, NULL)

/* A test for each row of a table, called as the row's .name says; the row is *state. */
#define TEST_ROWS(function, rows)                                                                  \
	static void function(void **state);                                                        \
	__attribute__((constructor)) static void add_##function(void)                              \
	{                                                                                          \
		for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)                        \
			unit_add((struct CMUnitTest){ (rows)[i].name, function, NULL, NULL,        \
						      (void *)&(rows)[i] });                       \
	}                                                                                          \
	static void function(void **state)

/* What runs once before all tests of the program, and once after them; either may be NULL. */
#define TEST_GROUP(before, after)                                                                  \
	__attribute__((constructor)) static void add_group(void)                                   \
	{                                                                                          \
		unit_group(before, after);                                                         \
	}

/* Skips a test, with the reason, where QEMU's emulator of programs runs it (the preset arm64), which has
 * not what @what names, whatever the host has. */
void unit_skip_if_emulated(const char *what);

#endif
