/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people on standard output, wrapped at 80 columns. */
#include "command/page.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/escape.h"

void ka_page_head(const char *title)
{
	printf("\n%s\n", title);
}

void ka_page_wrap(FILE *out, const char *lead, int indent, const char *text)
{
	int column = fprintf(out, "%s", lead);
	bool begun = true; /* nothing of the text is on this line yet */

	while (*(text += strspn(text, " \n"))) {
		size_t len = strcspn(text, " \n");

		if (!begun && column + 1 + (int)len > KA_PAGE_WIDTH) {
			column = fprintf(out, "\n%*s", indent, "") - 1;
			begun = true;
		}
		if (!begun)
			column += fprintf(out, " ");
		column += (int)ka_put_part(out, text, len, KA_PLAIN);
		begun = false;
		text += len;
	}
	putc('\n', out);
}

static void format_and_wrap(const char *lead, int indent, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void format_and_wrap(const char *lead, int indent, const char *fmt, va_list ap)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	ka_page_wrap(stdout, lead, indent, text);
}

void ka_page_text(int indent, const char *fmt, ...)
{
	char lead[KA_PAGE_WIDTH];
	va_list ap;

	snprintf(lead, sizeof(lead), "%*s", indent, "");
	va_start(ap, fmt);
	format_and_wrap(lead, indent, fmt, ap);
	va_end(ap);
}

void ka_page_para(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_and_wrap("  ", 2, fmt, ap);
	va_end(ap);
	putchar('\n');
}

void ka_page_hang(const char *lead, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_and_wrap(lead, (int)strlen(lead), fmt, ap);
	va_end(ap);
}
