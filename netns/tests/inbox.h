/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests that run inside a sandbox. A failed cmocka assertion in a child would longjmp and run the
 * rest of the suite there a second time, so the body in the sandbox only reports, by EXPECT, and
 * the parent asserts when the sandbox is gone.
 */
#ifndef NN_TESTS_INBOX_H
#define NN_TESTS_INBOX_H

#include "netns/err.h"
#include "unit.h"

/* One sandboxed body: how it tells the parent what went wrong. */
struct inbox {
	int fd;
	struct nn_err err; /* for the body's calls; part of a failure's text */
};

/* Runs @body as process 1 of a sandbox and asserts that it returned 0; skips, with the reason,
 * where the host forbids sandboxes. */
void inbox_run(int (*body)(struct inbox *in));

/* For EXPECT. Always returns 1. */
int inbox_fail(struct inbox *in, const char *file, int line, const char *what, long long got);

/* In the body, and in functions that return int to it: */
#define EXPECT(in, cond)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return inbox_fail(in, __FILE__, __LINE__, #cond, 0);                       \
	} while (0)

#define EXPECT_EQ(in, got, want)                                                                   \
	do {                                                                                       \
		const long long got_ = (long long)(got);                                           \
		if (got_ != (long long)(want))                                                     \
			return inbox_fail(in, __FILE__, __LINE__, #got " == " #want, got_);        \
	} while (0)

/* A call that returns 0 or -errno, with in->err as its last argument. */
#define EXPECT_OK(in, call) EXPECT_EQ(in, call, 0)

/* A unit test whose body runs in a sandbox, has @in and returns 0. */
#define INBOX_TEST(name)                                                                           \
	static int in_##name(struct inbox *in);                                                    \
	TEST(name)                                                                                 \
	{                                                                                          \
		inbox_run(in_##name);                                                              \
	}                                                                                          \
	static int in_##name(struct inbox *in)

#endif
