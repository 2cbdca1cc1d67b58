/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for people: plain text, and markdown for a merge request. */
#include <errno.h>
#include <string.h>

#include "command/compare.h"
#include "model/util.h"
#include "report/table.h"

/* What matters most comes first. */
static const enum ka_change order[] = { KA_REGRESSED, KA_MOVED,    KA_CHANGED,
					KA_FIXED,     KA_VANISHED, KA_NEW };

static unsigned total(const struct ka_comparison *c, enum ka_change change)
{
	unsigned n = 0;

	for (size_t j = 1; j < c->n_columns; j++)
		n += c->columns[j].changes[change];
	return n;
}

static const char *counts_text(const struct ka_column *column, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < KA_N(column->verdicts); i++)
		if (column->verdicts[i] && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%u %s",
						 used ? ", " : "", column->verdicts[i],
						 ka_verdict_name((enum ka_verdict_kind)i));
	return buf;
}

static int put_columns(const struct ka_comparison *c, bool markdown, FILE *out)
{
	static const struct ka_table_column columns[] = {
		{ .head = "" },      { .head = "kernel" },   { .head = "HZ", .right = true },
		{ .head = "clock" }, { .head = "verdicts" }, { .head = "file" },
	};
	struct ka_table table = { .columns = columns,
				  .n_columns = KA_N(columns),
				  .markdown = markdown };
	char counts[80];

	for (size_t j = 0; j < c->n_columns; j++) {
		const struct ka_column *column = &c->columns[j];

		ka_table_cell(&table, "%s", ka_kernel_letter(j));
		ka_table_cell(&table, "%s (%s)", column->release, column->where);
		ka_table_cell(&table, "%d", column->hz);
		ka_table_cell(&table, "%s", column->clock);
		ka_table_cell(&table, "%s", counts_text(column, counts, sizeof(counts)));
		ka_table_cell(&table, "%s", column->file);
	}
	return ka_table_end(&table, out);
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
	fprintf(out, "%s, %zu instances\n", any ? "" : "no difference", c->rows.n);
}

/* ---- change by change --------------------------------------------------------------------- */

static bool is_alike(const struct ka_cell *cell, enum ka_change change, const char *why)
{
	return cell->change == change && strcmp(cell->why, why) == 0;
}

/* The columns in which row @r changed alike share one line. */
static void give_changes(struct ka_table *table, const struct ka_comparison *c, size_t r,
			 enum ka_change change)
{
	const struct ka_cell *cells = c->cells[r];

	for (size_t j = 1; j < c->n_columns; j++) {
		char letters[KA_MAX_COLUMNS + 1];
		size_t n = 0;
		bool told = cells[j].change != change;

		for (size_t k = 1; k < j && !told; k++)
			told = is_alike(&cells[k], change, cells[j].why);
		if (told)
			continue;
		for (size_t k = j; k < c->n_columns; k++)
			if (is_alike(&cells[k], change, cells[j].why))
				letters[n++] = *ka_kernel_letter(k);
		ka_table_cell(table, "%s", c->rows.names[r]);
		ka_table_cell(table, "%.*s", (int)n, letters);
		ka_table_cell(table, "%s", cells[j].why);
	}
}

static int put_changes(const struct ka_comparison *c, FILE *out)
{
	static const struct ka_table_column columns[] = { { .head = "", .least = 44 },
							  { .head = "" },
							  { .head = "" } };
	int ret = 0;

	for (size_t i = 0; i < KA_N(order) && ret == 0; i++) {
		struct ka_table table = { .columns = columns,
					  .n_columns = KA_N(columns),
					  .margin = "  " };
		unsigned n = total(c, order[i]);

		if (!n)
			continue;
		fprintf(out, "\n%s (%u)\n", ka_change_name(order[i]), n);
		for (size_t r = 0; r < c->rows.n; r++)
			give_changes(&table, c, r, order[i]);
		ret = ka_table_end(&table, out);
	}
	return ret;
}

/* ---- a column for each kernel ------------------------------------------------------------- */

static void give_cell(struct ka_table *table, const struct ka_cell *cell)
{
	if (table->markdown && cell->change != KA_SAME) {
		ka_table_cell(table, "%s: %s", ka_change_name(cell->change), cell->why);
		if (cell->change == KA_REGRESSED || cell->change == KA_MOVED)
			ka_table_strong(table);
	} else {
		ka_table_cell(table, "%s",
			      cell->result.json ? ka_verdict_name(cell->result.verdict) : "-");
	}
}

static int put_matrix(const struct ka_comparison *c, bool all, bool markdown, FILE *out)
{
	struct ka_table_column columns[1 + KA_MAX_COLUMNS] = {
		{ .head = "instance", .least = 44, .code = true }
	};
	struct ka_table table = { .columns = columns,
				  .n_columns = 1 + c->n_columns,
				  .markdown = markdown };

	for (size_t j = 0; j < c->n_columns; j++)
		columns[1 + j] = (struct ka_table_column){ ka_kernel_letter(j), .least = 6 };
	for (size_t r = 0; r < c->rows.n; r++) {
		if (!all && !ka_comparison_has_changed(c, r))
			continue;
		ka_table_cell(&table, "%s", c->rows.names[r]);
		for (size_t j = 0; j < c->n_columns; j++)
			give_cell(&table, &c->cells[r][j]);
	}
	if (table.n)
		putc('\n', out);
	return table.n ? ka_table_end(&table, out) : 0;
}

int ka_comparison_text(const struct ka_comparison *c, bool all, FILE *out)
{
	int ret = put_columns(c, false, out);

	if (ret == 0 && all)
		ret = put_matrix(c, true, false, out);
	if (ret == 0)
		ret = put_changes(c, out);
	putc('\n', out);
	put_summary(c, out);
	return ret;
}

int ka_comparison_markdown(const struct ka_comparison *c, bool all, FILE *out)
{
	int ret = put_columns(c, true, out);

	putc('\n', out);
	put_summary(c, out);
	return ret < 0 ? ret : put_matrix(c, all, true, out);
}
