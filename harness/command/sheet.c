/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See sheet.h. */
#include "command/sheet.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "command/page.h"
#include "model/escape.h"

void ka_sheet_title(struct ka_sheet *sheet, const char *before, const char *name, const char *after)
{
	const char *tick = sheet->markdown ? "`" : "";
	enum ka_escape escape = sheet->markdown ? KA_MARKDOWN : KA_PLAIN;

	fputs(sheet->markdown ? "# " : "", sheet->out);
	ka_put(sheet->out, before, escape);
	fputs(tick, sheet->out);
	ka_put(sheet->out, name, sheet->markdown ? KA_CODE : KA_PLAIN);
	fputs(tick, sheet->out);
	ka_put(sheet->out, after, escape);
	fputs(sheet->markdown ? "\n\n" : "\n", sheet->out);
}

void ka_sheet_section(struct ka_sheet *sheet, const char *title)
{
	if (sheet->markdown) {
		fprintf(sheet->out, "\n## %s\n\n", title);
		return;
	}
	putc('\n', sheet->out);
	for (; *title; title++)
		putc(toupper((unsigned char)*title), sheet->out);
	putc('\n', sheet->out);
}

static void put_paragraph(const struct ka_sheet *sheet, const char *lead, const char *fmt,
			  va_list ap) __attribute__((format(printf, 3, 0)));
static void put_paragraph(const struct ka_sheet *sheet, const char *lead, const char *fmt,
			  va_list ap)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (sheet->markdown) {
		fputs(lead, sheet->out);
		ka_put(sheet->out, text, KA_MARKDOWN);
		putc('\n', sheet->out);
	} else {
		ka_page_wrap(sheet->out, lead, (int)strlen(lead), text);
	}
}

void ka_sheet_text(struct ka_sheet *sheet, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_paragraph(sheet, sheet->markdown ? "" : "  ", fmt, ap);
	va_end(ap);
}

void ka_sheet_item(struct ka_sheet *sheet, const char *mark, const char *fmt, ...)
{
	char lead[32];
	va_list ap;

	if (!mark)
		snprintf(lead, sizeof(lead), "%s- ", sheet->markdown ? "" : "  ");
	else
		snprintf(lead, sizeof(lead), sheet->markdown ? "- **%s**: " : "  %-3s  ", mark);
	va_start(ap, fmt);
	put_paragraph(sheet, lead, fmt, ap);
	va_end(ap);
}

void ka_sheet_block(struct ka_sheet *sheet, const char *language, const char *caption,
		    const char *lines)
{
	if (!*lines)
		return;
	if (sheet->markdown)
		fprintf(sheet->out, "\n```%s\n", language);
	else if (*caption)
		fprintf(sheet->out, "  %s:\n", caption);
	for (size_t len; *lines; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		fputs(sheet->markdown ? "" : "    ", sheet->out);
		ka_put_part(sheet->out, lines, len, KA_PLAIN);
		putc('\n', sheet->out);
	}
	fputs(sheet->markdown ? "```\n\n" : "", sheet->out);
}

void ka_sheet_table(struct ka_sheet *sheet, struct ka_table *table)
{
	table->markdown = sheet->markdown;
	table->margin = "  ";
	if (ka_table_end(table, sheet->out) < 0)
		sheet->failed = true;
}
