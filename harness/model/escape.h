/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from kernels, files and other machines, made harmless for who reads it: a terminal, a TAP
 * consumer, a YAML or an XML parser.
 */
#ifndef KA_ESCAPE_H
#define KA_ESCAPE_H

#include <stdint.h>
#include <stdio.h>

/* Bytes of the sequence of UTF-8 at @text, of which @size are there, and its @code. 0: it is none (RFC
 * 3629: no overlong form, no surrogate, nothing above U+10FFFF). */
size_t ka_utf8(const char *text, size_t size, uint32_t *code);

/* At most @most bytes of @text, and no part of a character at their end: how many. */
size_t ka_cut(const char *text, size_t most);
/* The two arguments of "%.*s" for it. */
#define KA_CUT(text, most) (int)ka_cut(text, most), (text)

enum ka_escape {
	KA_PLAIN,    /* one line of text */
	KA_TAP,      /* a description: '#' would begin a directive */
	KA_YAML,     /* between double quotes */
	KA_XML,      /* content, or an attribute between double quotes */
	KA_MARKDOWN, /* a table's cell, an item of a list */
	KA_CODE,     /* markdown between backticks */
};

/* Writes @text without what could end a line, steer a terminal, turn the direction of text or make
 * XML invalid: an end of a line becomes a blank, anything else "?". NULL: nothing. */
void ka_put(FILE *out, const char *text, enum ka_escape escape);
void ka_put_plain(FILE *out, const char *text);
/* As fprintf(), of text that is made harmless as a whole; a newline at the end of @fmt ends the line. */
void ka_print(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same of @size bytes. Returns how many columns of a terminal they take. */
size_t ka_put_part(FILE *out, const char *text, size_t size, enum ka_escape escape);
/* The same as a string, to be freed; NULL without memory. */
char *ka_plain(const char *text);
/* The same of several lines, which stay lines. Cuts @text up. */
void ka_put_lines(FILE *out, char *text, enum ka_escape escape);

#endif
