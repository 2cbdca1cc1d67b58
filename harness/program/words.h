/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How bytes and command lines are written in a recipe and on the command line. Pure. */
#ifndef KA_WORDS_H
#define KA_WORDS_H

#include <stddef.h>
#include <stdio.h>

#include "netns/err.h"

/* What "\r\n", "\x00" and "\x{00 01 ff}" in @text stand for, in its place; *@n: how many bytes. Also
 * \t \0 \e \s (a blank) \\ \" \'. 0 or -EINVAL with a text. */
int ka_unescape(char *text, size_t *n, struct nn_err *err);
/* The same back: printable, without blanks at either end. */
void ka_escape(FILE *out, const char *data, size_t n);

/* Cuts @text into words as a shell does, without expanding anything: blanks part them, '...' and
 * "..." hold together, a backslash takes the next character as it is. @words, of which there is room
 * for @max and a NULL, points into @text. Returns how many, or -EINVAL with a text. */
int ka_words(char *text, const char **words, size_t max, struct nn_err *err);
/* @word so that ka_words() reads it as one. */
void ka_quote(FILE *out, const char *word);

#endif
