/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An error travels upward as a negative errno and one line of text that says what was tried, on
 * what, and how to get it. Nobody below the command layer prints.
 */
#ifndef NN_ERR_H
#define NN_ERR_H

struct nn_err {
	char text[512];
};

/*
 * Stores the formatted text in @err (which may be NULL) and returns -@code.
 * @code: positive errno. Use `return nn_fail(err, errno, "cannot open %s", path);` -
 * strerror(code) is appended after ": ".
 */
int nn_fail(struct nn_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of what is already in @err; returns @ret unchanged. */
int nn_prefix(struct nn_err *err, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Stores the text in @err (may be NULL); returns -EINVAL. Unlike nn_fail(), no errno text follows:
 * the reader typed something wrong, no call failed. */
int nn_refuse(struct nn_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
