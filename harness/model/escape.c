/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts come from kernels, files and other machines. What they hold must not change what a report
 * says to a terminal, to a TAP consumer or to an XML parser.
 */
#include <string.h>

#include "model/escape.h"

#include "model/util.h"

/* Length of the control character at @s in UTF-8, 0 if it is none: C0, DEL, C1 (terminals obey
 * them too) and the two code points that XML forbids. */
static size_t control(const unsigned char *s)
{
	if (s[0] < 0x20 || s[0] == 0x7f)
		return 1;
	if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0)
		return 2;
	if (s[0] == 0xef && s[1] == 0xbf && (s[2] == 0xbe || s[2] == 0xbf))
		return 3;
	return 0;
}

static const struct {
	enum ka_escape escape;
	char c;
	const char *text;
} escapes[] = {
	{ KA_TAP, '#', "\\#" },    { KA_TAP, '\\', "\\\\" },  { KA_YAML, '"', "\\\"" },
	{ KA_YAML, '\\', "\\\\" }, { KA_XML, '&', "&amp;" },  { KA_XML, '<', "&lt;" },
	{ KA_XML, '>', "&gt;" },   { KA_XML, '"', "&quot;" },
};

static void put_char(FILE *out, char c, enum ka_escape escape)
{
	for (size_t i = 0; i < KA_N(escapes); i++) {
		if (escapes[i].escape == escape && escapes[i].c == c) {
			fputs(escapes[i].text, out);
			return;
		}
	}
	putc(c, out);
}

void ka_put(FILE *out, const char *text, enum ka_escape escape)
{
	const unsigned char *s = (const unsigned char *)text;

	while (s && *s) {
		size_t len = control(s);

		if (!len)
			put_char(out, (char)*s, escape);
		else
			putc(strchr("\t\n\r", *s) ? ' ' : '?', out);
		s += len ? len : 1;
	}
}

void ka_put_plain(FILE *out, const char *text)
{
	ka_put(out, text, KA_PLAIN);
}

void ka_put_lines(FILE *out, char *text, enum ka_escape escape)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		ka_put(out, line, escape);
		if (text)
			putc('\n', out);
	}
}
