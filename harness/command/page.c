/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people on standard output, wrapped at 80 columns. */
#include "command/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ka_page_head(const char *title)
{
	printf("\n%s\n", title);
}

/* Breaks @text at its spaces. A word that is longer than a line stays whole. */
static void wrap(int first, int rest, const char *text)
{
	int column = printf("%*s", first, "");
	int indent = first;

	while (*(text += strspn(text, " \n"))) {
		int len = (int)strcspn(text, " \n");

		if (column > indent && column + 1 + len > KA_PAGE_WIDTH) {
			putchar('\n');
			column = printf("%*s", rest, "");
			indent = rest;
		}
		column += printf("%s%.*s", column > indent ? " " : "", len, text);
		text += len;
	}
	putchar('\n');
}

static void format_and_wrap(int first, int rest, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void format_and_wrap(int first, int rest, const char *fmt, va_list ap)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	wrap(first, rest, text);
}

void ka_page_text(int first, int rest, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_and_wrap(first, rest, fmt, ap);
	va_end(ap);
}

void ka_page_para(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_and_wrap(2, 2, fmt, ap);
	va_end(ap);
	putchar('\n');
}

void ka_page_item(unsigned number, const char *fmt, ...)
{
	va_list ap;

	printf("%4u.", number);
	va_start(ap, fmt);
	format_and_wrap(1, 6, fmt, ap);
	va_end(ap);
}
