/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from kernels, files and other machines, made harmless for who reads it: a terminal, a TAP
 * consumer, a YAML or an XML parser.
 */
#ifndef KA_ESCAPE_H
#define KA_ESCAPE_H

#include <stdio.h>

enum ka_escape {
	KA_PLAIN, /* one line of text */
	KA_TAP,   /* a description: '#' would begin a directive */
	KA_YAML,  /* between double quotes */
	KA_XML,   /* content, or an attribute between double quotes */
};

/* Writes @text without what could end a line, steer a terminal or make XML invalid. NULL: nothing. */
void ka_put(FILE *out, const char *text, enum ka_escape escape);
void ka_put_plain(FILE *out, const char *text);
/* The same of several lines, which stay lines. Cuts @text up. */
void ka_put_lines(FILE *out, char *text, enum ka_escape escape);

#endif
