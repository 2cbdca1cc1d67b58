/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people read, as text for a terminal or as markdown for a ticket: said once. All of it is escaped
 * on its way, whatever it holds. */
#ifndef KA_SHEET_H
#define KA_SHEET_H

#include <stdbool.h>
#include <stdio.h>

#include "report/table.h"

struct ka_sheet {
	FILE *out;
	bool markdown;
	bool failed; /* there was no memory for a table */
};

/* "what NAME changes": @name is code. */
void ka_sheet_title(struct ka_sheet *sheet, const char *before, const char *name,
		    const char *after);
void ka_sheet_section(struct ka_sheet *sheet, const char *title);
void ka_sheet_text(struct ka_sheet *sheet, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* An item of a list, behind a dash or behind @mark. */
void ka_sheet_item(struct ka_sheet *sheet, const char *mark, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Lines that stay as they are; text: below @caption, markdown: as @language. Empty: nothing. */
void ka_sheet_block(struct ka_sheet *sheet, const char *language, const char *caption,
		    const char *lines);
/* Prints what was given with ka_table_cell(); the sheet says which form. */
void ka_sheet_table(struct ka_sheet *sheet, struct ka_table *table);

#endif
