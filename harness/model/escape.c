/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts come from kernels, files and other machines. What they hold must not change what a report
 * says to a terminal, to a TAP consumer or to an XML parser.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"

#include "model/util.h"

size_t ka_utf8(const char *text, size_t size, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (len == 0 || len > size || s[0] > 0xf4)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

size_t ka_cut(const char *text, size_t most)
{
	size_t size = strnlen(text, most + 4), used = 0;
	uint32_t code;

	while (used < size) {
		size_t len = ka_utf8(text + used, size - used, &code);

		len += !len; /* a byte that is no text counts for itself */
		if (used + len > most)
			break;
		used += len;
	}
	return used;
}

/* What a terminal obeys, what turns the direction of the text around it or begins a line, what XML
 * forbids. */
static const struct {
	uint32_t first, last;
} harmful[] = {
	{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff },
};

static bool is_harmful(uint32_t code)
{
	for (size_t i = 0; i < KA_N(harmful); i++)
		if (code >= harmful[i].first && code <= harmful[i].last)
			return true;
	return false;
}

static const struct {
	enum ka_escape escape;
	char c;
	const char *text;
} escapes[] = {
	{ KA_TAP, '#', "\\#" },        { KA_TAP, '\\', "\\\\" },    { KA_YAML, '"', "\\\"" },
	{ KA_YAML, '\\', "\\\\" },     { KA_XML, '&', "&amp;" },    { KA_XML, '<', "&lt;" },
	{ KA_XML, '>', "&gt;" },       { KA_XML, '"', "&quot;" },   { KA_MARKDOWN, '\\', "\\\\" },
	{ KA_MARKDOWN, '|', "\\|" },   { KA_MARKDOWN, '`', "\\`" }, { KA_MARKDOWN, '*', "\\*" },
	{ KA_MARKDOWN, '[', "\\[" },   { KA_MARKDOWN, '~', "\\~" }, { KA_MARKDOWN, '<', "&lt;" },
	{ KA_MARKDOWN, '&', "&amp;" }, { KA_CODE, '|', "\\|" },     { KA_CODE, '`', "'" },
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

size_t ka_put_part(FILE *out, const char *text, size_t size, enum ka_escape escape)
{
	size_t width = 0;
	uint32_t code;

	for (size_t len, i = 0; i < size; i += len, width++) {
		len = ka_utf8(text + i, size - i, &code);
		if (len == 0 || is_harmful(code)) {
			putc(strchr("\t\n\r", text[i]) ? ' ' : '?', out);
			len += !len;
		} else if (len == 1) {
			put_char(out, text[i], escape);
		} else {
			fwrite(text + i, len, 1, out);
		}
	}
	return width;
}

void ka_put(FILE *out, const char *text, enum ka_escape escape)
{
	ka_put_part(out, text, text ? strlen(text) : 0, escape);
}

void ka_put_plain(FILE *out, const char *text)
{
	ka_put(out, text, KA_PLAIN);
}

void ka_print(FILE *out, const char *fmt, ...)
{
	size_t len = strlen(fmt);
	char *text;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (ret < 0)
		return;
	if (len && fmt[len - 1] == '\n') {
		ka_put_part(out, text, (size_t)ret - 1, KA_PLAIN);
		putc('\n', out);
	} else {
		ka_put_plain(out, text);
	}
	free(text);
}

char *ka_plain(const char *text)
{
	char *plain = NULL;
	size_t size;
	FILE *out = open_memstream(&plain, &size);

	if (!out)
		return NULL;
	ka_put_plain(out, text);
	if (fclose(out) == 0)
		return plain;
	free(plain);
	return NULL;
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
