/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See table.h. */
#include "report/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"
#include "model/util.h"

#define GAP 2 /* between two columns */

void ka_table_cell(struct ka_table *t, const char *fmt, ...)
{
	struct ka_table_cell cell = { .text = NULL };
	char *raw;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&raw, fmt, ap);
	va_end(ap);
	if (len >= 0) {
		cell.text = ka_plain(raw);
		free(raw);
	}
	if (!cell.text || ka_grow(&t->cells, &t->room, t->n + 1, sizeof(cell)) < 0) {
		free(cell.text);
		t->failed = true;
		return;
	}
	t->cells[t->n++] = cell;
}

void ka_table_strong(struct ka_table *t)
{
	if (t->n && !t->failed)
		t->cells[t->n - 1].strong = true;
}

/* ---- text --------------------------------------------------------------------------------- */

/* Columns of the terminal; what ka_plain() has made is UTF-8. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static size_t column_width(const struct ka_table *t, size_t column)
{
	size_t width = width_of(t->columns[column].head);

	if (width < t->columns[column].least)
		width = t->columns[column].least;
	for (size_t i = column; i < t->n; i += t->n_columns)
		if (width_of(t->cells[i].text) > width)
			width = width_of(t->cells[i].text);
	return width;
}

/* Blanks are owed until something follows them: no line ends with any. */
struct line {
	FILE *out;
	size_t blanks;
};

static void put_beside(struct line *line, const char *text, size_t width, bool right)
{
	size_t pad = width - width_of(text);

	if (*text) {
		fprintf(line->out, "%*s", (int)(line->blanks + (right ? pad : 0)), "");
		ka_put_plain(line->out, text);
		line->blanks = right ? GAP : pad + GAP;
	} else {
		line->blanks += width + GAP;
	}
}

static void put_below(const struct ka_table *t, const struct ka_table_cell *row, FILE *out)
{
	bool begun = false;

	for (size_t i = 0; i < t->n_columns; i++) {
		if (!t->columns[i].below || !*row[i].text)
			continue;
		fprintf(out, "%s%s%s: ",
			begun       ? "; "
			: t->margin ? t->margin
				    : "",
			begun ? "" : "    ", t->columns[i].head);
		ka_put_plain(out, row[i].text);
		begun = true;
	}
	if (begun)
		putc('\n', out);
}

/* @row NULL: the heads. */
static void put_text_row(const struct ka_table *t, const size_t *widths,
			 const struct ka_table_cell *row, FILE *out)
{
	struct line line = { .out = out };

	fputs(t->margin ? t->margin : "", out);
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct ka_table_column *column = &t->columns[i];

		if (!column->below)
			put_beside(&line, row ? row[i].text : column->head, widths[i],
				   column->right);
	}
	putc('\n', out);
}

static bool has_heads(const struct ka_table *t)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (*t->columns[i].head && !t->columns[i].below)
			return true;
	return false;
}

static int put_text(const struct ka_table *t, FILE *out)
{
	size_t *widths = calloc(t->n_columns, sizeof(*widths));

	if (!widths)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = column_width(t, i);
	if (has_heads(t))
		put_text_row(t, widths, NULL, out);
	for (size_t i = 0; i < t->n; i += t->n_columns) {
		put_text_row(t, widths, &t->cells[i], out);
		put_below(t, &t->cells[i], out);
	}
	free(widths);
	return 0;
}

/* ---- markdown ----------------------------------------------------------------------------- */

static void put_markdown_cell(const struct ka_table_column *column,
			      const struct ka_table_cell *cell, FILE *out)
{
	const char *mark = cell->strong ? "**" : column->code && *cell->text ? "`" : "";

	fprintf(out, " %s", mark);
	ka_put(out, cell->text + strspn(cell->text, " "), *mark == '`' ? KA_CODE : KA_MARKDOWN);
	fprintf(out, "%s |", mark);
}

static void put_markdown(const struct ka_table *t, FILE *out)
{
	if (!t->n_columns)
		return;
	putc('|', out);
	for (size_t i = 0; i < t->n_columns; i++)
		fprintf(out, " %s |", t->columns[i].head);
	fputs("\n|", out);
	for (size_t i = 0; i < t->n_columns; i++)
		fprintf(out, " ---%s |", t->columns[i].right ? ":" : "");
	for (size_t i = 0; i < t->n; i++) {
		if (i % t->n_columns == 0)
			fputs("\n|", out);
		put_markdown_cell(&t->columns[i % t->n_columns], &t->cells[i], out);
	}
	putc('\n', out);
}

int ka_table_end(struct ka_table *t, FILE *out)
{
	int ret = t->failed ? -ENOMEM : 0;

	if (ret == 0 && t->markdown)
		put_markdown(t, out);
	else if (ret == 0)
		ret = put_text(t, out);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	t->cells = NULL;
	t->n = t->room = 0;
	return ret;
}
