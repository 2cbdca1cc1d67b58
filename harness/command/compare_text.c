/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for people: plain text, and markdown for a merge request. */
#include <string.h>

#include "command/compare.h"
#include "model/util.h"

/* What matters most comes first. */
static const enum ka_change order[] = { KA_REGRESSED, KA_MOVED,    KA_CHANGED,
					KA_FIXED,     KA_VANISHED, KA_NEW };

static char letter(size_t column)
{
	return (char)('A' + column);
}

static unsigned total(const struct ka_comparison *c, enum ka_change change)
{
	unsigned n = 0;

	for (size_t j = 1; j < c->n_columns; j++)
		n += c->columns[j].changes[change];
	return n;
}

static void put_counts(const struct ka_column *column, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < KA_N(column->verdicts); i++) {
		if (!column->verdicts[i])
			continue;
		fprintf(out, "%s%u %s", any ? ", " : "", column->verdicts[i],
			ka_verdict_name((enum ka_verdict_kind)i));
		any = true;
	}
}

static void put_columns(const struct ka_comparison *c, FILE *out)
{
	for (size_t j = 0; j < c->n_columns; j++) {
		const struct ka_column *column = &c->columns[j];

		fprintf(out, "%c  %s (%s), HZ %d, %s clock: ", letter(j), column->release,
			column->where, column->hz, column->clock);
		put_counts(column, out);
		fprintf(out, "  [%s]\n", column->file);
	}
}

/* The columns in which @row changed alike share one line. */
static void put_row(const struct ka_comparison *c, const struct ka_row *row, enum ka_change change,
		    FILE *out)
{
	for (size_t j = 1; j < c->n_columns; j++) {
		bool told = row->cells[j].change != change;

		for (size_t k = 1; k < j && !told; k++)
			told = row->cells[k].change == change &&
			       strcmp(row->cells[k].why, row->cells[j].why) == 0;
		if (told)
			continue;
		fprintf(out, "  %-44s ", row->name);
		for (size_t k = j; k < c->n_columns; k++)
			if (row->cells[k].change == change &&
			    strcmp(row->cells[k].why, row->cells[j].why) == 0)
				putc(letter(k), out);
		fprintf(out, "  %s\n", row->cells[j].why);
	}
}

static void put_changes(const struct ka_comparison *c, FILE *out)
{
	for (size_t i = 0; i < KA_N(order); i++) {
		unsigned n = total(c, order[i]);

		if (!n)
			continue;
		fprintf(out, "\n%s (%u)\n", ka_change_name(order[i]), n);
		for (size_t r = 0; r < c->n_rows; r++)
			put_row(c, &c->rows[r], order[i], out);
	}
}

static const char *cell_word(const struct ka_cell *cell)
{
	return cell->result.json ? ka_verdict_name(cell->result.verdict) : "-";
}

static void put_matrix(const struct ka_comparison *c, FILE *out)
{
	fprintf(out, "\n%-44s", "");
	for (size_t j = 0; j < c->n_columns; j++)
		fprintf(out, "  %-6c", letter(j));
	for (size_t r = 0; r < c->n_rows; r++) {
		fprintf(out, "\n%-44s", c->rows[r].name);
		for (size_t j = 0; j < c->n_columns; j++)
			fprintf(out, "  %-6s", cell_word(&c->rows[r].cells[j]));
	}
	putc('\n', out);
}

static void put_summary(const struct ka_comparison *c, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < KA_N(order); i++) {
		unsigned n = total(c, order[i]);

		if (n)
			fprintf(out, "%s%u %s", any ? ", " : "", n, ka_change_name(order[i]));
		any = any || n;
	}
	fprintf(out, "%s, %zu instances\n", any ? "" : "no difference", c->n_rows);
}

void ka_comparison_text(const struct ka_comparison *c, bool all, FILE *out)
{
	put_columns(c, out);
	if (all)
		put_matrix(c, out);
	put_changes(c, out);
	putc('\n', out);
	put_summary(c, out);
}

/* ---- markdown ----------------------------------------------------------------------------- */

/* A table's cell is one line without a bar. */
static void put_cell(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '\\')
			putc('\\', out);
		putc(*text == '\n' ? ' ' : *text, out);
	}
}

static bool has_changed(const struct ka_comparison *c, const struct ka_row *row)
{
	for (size_t j = 1; j < c->n_columns; j++)
		if (row->cells[j].change != KA_SAME)
			return true;
	return false;
}

static void put_markdown_columns(const struct ka_comparison *c, FILE *out)
{
	fputs("|   | kernel | HZ | clock | verdicts | file |\n|---|---|---|---|---|---|\n", out);
	for (size_t j = 0; j < c->n_columns; j++) {
		const struct ka_column *column = &c->columns[j];

		fprintf(out, "| %c | ", letter(j));
		put_cell(column->release, out);
		fputs(" (", out);
		put_cell(column->where, out);
		fprintf(out, ") | %d | %s | ", column->hz, column->clock);
		put_counts(column, out);
		fputs(" | ", out);
		put_cell(column->file, out);
		fputs(" |\n", out);
	}
}

static void put_markdown_row(const struct ka_comparison *c, const struct ka_row *row, FILE *out)
{
	fprintf(out, "| `%s` | %s ", row->name, cell_word(&row->cells[0]));
	for (size_t j = 1; j < c->n_columns; j++) {
		const struct ka_cell *cell = &row->cells[j];

		fputs("| ", out);
		if (cell->change == KA_SAME) {
			fputs(cell_word(cell), out);
		} else {
			bool loud = cell->change == KA_REGRESSED || cell->change == KA_MOVED;

			fprintf(out, "%s%s%s: ", loud ? "**" : "", ka_change_name(cell->change),
				loud ? "**" : "");
			put_cell(cell->why, out);
		}
		putc(' ', out);
	}
	fputs("|\n", out);
}

void ka_comparison_markdown(const struct ka_comparison *c, bool all, FILE *out)
{
	bool any = false;

	put_markdown_columns(c, out);
	putc('\n', out);
	put_summary(c, out);
	for (size_t r = 0; r < c->n_rows; r++) {
		if (!all && !has_changed(c, &c->rows[r]))
			continue;
		if (!any) {
			fputs("\n| instance ", out);
			for (size_t j = 0; j < c->n_columns; j++)
				fprintf(out, "| %c ", letter(j));
			fputs("|\n|---", out);
			for (size_t j = 0; j < c->n_columns; j++)
				fputs("|---", out);
			fputs("|\n", out);
		}
		any = true;
		put_markdown_row(c, &c->rows[r], out);
	}
}
