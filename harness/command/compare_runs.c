/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns and rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/compare.h"

static bool is_of(const struct ka_column *column, const char *file, const struct ka_result *result)
{
	return strcmp(column->file, file) == 0 && strcmp(column->release, result->release) == 0 &&
	       strcmp(column->where, result->where) == 0 &&
	       strcmp(column->clock, result->clock) == 0 && column->hz == result->hz;
}

/* The column of @result, a new one if there is none yet; -E2BIG. */
static int find_column(struct ka_comparison *c, const char *file, const struct ka_result *result)
{
	/* A file's kernels come one after the other. */
	for (size_t i = c->n_columns; i-- > 0;)
		if (is_of(&c->columns[i], file, result))
			return (int)i;
	if (c->n_columns == KA_MAX_COLUMNS)
		return -E2BIG;
	c->columns[c->n_columns] = (struct ka_column){ .file = file,
						       .release = result->release,
						       .where = result->where,
						       .clock = result->clock,
						       .hz = result->hz };
	return (int)c->n_columns++;
}

static struct ka_row *add_row(struct ka_comparison *c, const char *name)
{
	struct ka_row *row;

	if (c->n_rows == c->room) {
		size_t room = c->room ? c->room * 2 : 256;
		struct ka_row *rows = reallocarray(c->rows, room, sizeof(*rows));

		if (!rows)
			return NULL;
		c->rows = rows;
		c->room = room;
	}
	row = &c->rows[c->n_rows];
	row->cells = calloc(KA_MAX_COLUMNS, sizeof(*row->cells));
	if (!row->cells)
		return NULL;
	snprintf(row->name, sizeof(row->name), "%s", name);
	c->n_rows++;
	return row;
}

/* Runs are mostly in the same order: the search begins behind the row that was found last. */
static struct ka_row *find_row(struct ka_comparison *c, const struct ka_result *result)
{
	char name[sizeof(c->rows->name)];

	if (result->repetition > 0)
		snprintf(name, sizeof(name), "%.160s #%d", result->instance,
			 result->repetition + 1);
	else
		snprintf(name, sizeof(name), "%.160s", result->instance);
	for (size_t i = 0; i < c->n_rows; i++) {
		size_t at = (c->next + i) % c->n_rows;

		if (strcmp(c->rows[at].name, name) == 0) {
			c->next = at + 1;
			return &c->rows[at];
		}
	}
	return add_row(c, name);
}

int ka_comparison_add(struct ka_comparison *c, const char *file, struct ka_result *result)
{
	int column = find_column(c, file, result);
	struct ka_row *row = column < 0 ? NULL : find_row(c, result);

	if (!row) {
		ka_result_clear(result);
		return column < 0 ? column : -ENOMEM;
	}
	/* The same instance once more: the last word counts, the column's texts must stay. */
	if (row->cells[column].result.json) {
		c->columns[column].verdicts[row->cells[column].result.verdict]--;
		c->columns[column].release = result->release;
		c->columns[column].where = result->where;
		c->columns[column].clock = result->clock;
		ka_result_clear(&row->cells[column].result);
	}
	row->cells[column].result = *result;
	c->columns[column].verdicts[result->verdict]++;
	return 0;
}

void ka_comparison_judge(struct ka_comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		struct ka_cell *cells = c->rows[i].cells;

		for (size_t j = 1; j < c->n_columns; j++) {
			cells[j].change = ka_compare(&cells[0].result, &cells[j].result,
						     cells[j].why, sizeof(cells[j].why));
			if (cells[0].result.json || cells[j].result.json)
				c->columns[j].changes[cells[j].change]++;
		}
	}
}

unsigned ka_comparison_regressions(const struct ka_comparison *c)
{
	unsigned n = 0;

	for (size_t j = 1; j < c->n_columns; j++)
		n += c->columns[j].changes[KA_REGRESSED] + c->columns[j].changes[KA_MOVED];
	return n;
}

void ka_comparison_free(struct ka_comparison *c)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		for (size_t j = 0; j < c->n_columns; j++)
			ka_result_clear(&c->rows[i].cells[j].result);
		free(c->rows[i].cells);
	}
	free(c->rows);
	*c = (struct ka_comparison){ .n_rows = 0 };
}
