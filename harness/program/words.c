/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See words.h. */
#include "program/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "model/util.h"

/* ---- bytes -------------------------------------------------------------------------------- */

static const struct {
	char written, byte;
} escapes[] = { { 'r', '\r' }, { 'n', '\n' },  { 't', '\t' }, { '0', '\0' }, { 'e', '\033' },
		{ 's', ' ' },  { '\\', '\\' }, { '"', '"' },  { '\'', '\'' } };

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Two digits at @at; -1: there are none. */
static int hex_byte(const char *at)
{
	int high = hex_digit(at[0]);
	int low = high < 0 ? -1 : hex_digit(at[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* Behind "\x{": bytes up to "}". Returns where reading goes on; NULL: it is no such list. */
static const char *take_list(const char *at, char **to)
{
	for (;;) {
		int byte;

		at += strspn(at, " ");
		if (*at == '}')
			return at + 1;
		byte = hex_byte(at);
		if (byte < 0)
			return NULL;
		*(*to)++ = (char)byte;
		at += 2;
	}
}

/* Behind a backslash. Returns where reading goes on; NULL: nothing is written so. */
static const char *take_escape(const char *at, char **to)
{
	int byte;

	for (size_t i = 0; i < KA_N(escapes); i++)
		if (*at && escapes[i].written == *at) {
			*(*to)++ = escapes[i].byte;
			return at + 1;
		}
	if (*at != 'x')
		return NULL;
	if (at[1] == '{')
		return take_list(at + 2, to);
	byte = hex_byte(at + 1);
	if (byte < 0)
		return NULL;
	*(*to)++ = (char)byte;
	return at + 3;
}

int ka_unescape(char *text, size_t *n, struct nn_err *err)
{
	const char *at = text;
	char *to = text;

	while (*at) {
		const char *next;

		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		next = take_escape(at + 1, &to);
		if (!next)
			return nn_refuse(err,
					 "'%.10s' stands for nothing; write \\r \\n \\t \\0 \\\\, "
					 "\\x1f, \\x{00 1f ff}",
					 at);
		at = next;
	}
	*n = (size_t)(to - text);
	*to = '\0';
	return 0;
}

static void put_byte(FILE *out, char byte, bool at_end)
{
	for (size_t i = 0; i < KA_N(escapes); i++)
		if (escapes[i].byte == byte && byte != '"' && byte != '\'' &&
		    (byte != ' ' || at_end)) {
			fprintf(out, "\\%c", escapes[i].written);
			return;
		}
	if (isprint((unsigned char)byte))
		putc(byte, out);
	else
		fprintf(out, "\\x%02x", (unsigned)(unsigned char)byte);
}

void ka_escape(FILE *out, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_byte(out, data[i], i == 0 || i + 1 == n);
}

/* ---- command lines ---------------------------------------------------------------------------- */

#define BLANKS " \t\r\n"

/* One word from *@at on, written to *@to. False: a quote has no end. */
static bool take_word(char **at, char **to)
{
	char quote = '\0';

	for (; **at && (quote || !strchr(BLANKS, **at)); ++*at) {
		char c = **at;

		if (!quote && (c == '\'' || c == '"'))
			quote = c;
		else if (c == quote)
			quote = '\0';
		else if (c == '\\' && quote != '\'' && (*at)[1])
			*(*to)++ = *++*at;
		else
			*(*to)++ = c;
	}
	return !quote;
}

int ka_words(char *text, const char **words, size_t max, struct nn_err *err)
{
	char *at = text, *to = text;
	size_t n = 0;

	for (at += strspn(at, BLANKS); *at; at += strspn(at, BLANKS)) {
		bool last;

		if (n == max)
			return nn_refuse(err, "more than %zu words", max);
		words[n++] = to;
		if (!take_word(&at, &to))
			return nn_refuse(err, "a quote has no end");
		last = !*at;
		*to++ = '\0'; /* not beyond *at, which is a blank, or the end */
		if (last)
			break;
		at++;
	}
	words[n] = NULL;
	return (int)n;
}

void ka_quote(FILE *out, const char *word)
{
	if (*word && !strpbrk(word, BLANKS "'\"\\")) {
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			putc(*word, out);
	putc('\'', out);
}
