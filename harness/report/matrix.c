/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several kernels side by side. What is compared are verdict, error and number of probes: when an end
 * that passed came is explained by the kernel's timers, whose phase is another each time. What moved
 * by more than that, `kacheck compare` finds.
 */
#include "report/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/table.h"
#include "report/writer.h"

int ka_matrix_take(struct ka_matrix *matrix, size_t kernel, const struct ka_result *result)
{
	char name[KA_NAME_SIZE];
	int row = ka_rows_find(&matrix->rows, ka_result_name(result, name, sizeof(name)),
			       &matrix->cells, &matrix->room, sizeof(*matrix->cells));
	struct ka_matrix_cell *cell;

	if (row < 0)
		return row;
	cell = &matrix->cells[row][kernel];
	*cell = (struct ka_matrix_cell){ .there = true,
					 .verdict = result->verdict,
					 .end_s = result->detect_s,
					 .probes = result->probes };
	snprintf(cell->error, sizeof(cell->error), "%s",
		 result->errno_name ? result->errno_name : "");
	return 0;
}

void ka_matrix_free(struct ka_matrix *matrix)
{
	ka_rows_free(&matrix->rows);
	free(matrix->cells);
	*matrix = (struct ka_matrix){ .cells = NULL };
}

/* ---- the table ---------------------------------------------------------------------------- */

static bool same(const struct ka_matrix_cell *a, const struct ka_matrix_cell *b)
{
	if (a->verdict != b->verdict)
		return false;
	if (a->verdict == KA_SKIP || a->verdict == KA_BROKEN)
		return true; /* nothing was seen that counts */
	return strcmp(a->error, b->error) == 0 && a->probes == b->probes;
}

/* A kernel that did not run it is no difference. */
static bool all_alike(const struct ka_matrix_cell *row, size_t n_kernels)
{
	const struct ka_matrix_cell *first = NULL;

	for (size_t k = 0; k < n_kernels; k++) {
		const struct ka_matrix_cell *cell = &row[k];

		if (cell->there && first && !same(first, cell))
			return false;
		if (cell->there && !first)
			first = cell;
	}
	return true;
}

static bool all_pass(const struct ka_matrix_cell *row, size_t n_kernels)
{
	for (size_t k = 0; k < n_kernels; k++)
		if (row[k].there && row[k].verdict != KA_PASS)
			return false;
	return true;
}

static void give_cell(struct ka_table *table, const struct ka_matrix_cell *cell)
{
	const char *word = cell->there ? ka_verdict_name(cell->verdict) : "-";

	if (cell->there && isfinite(cell->end_s))
		ka_table_cell(table, "%-6s %9.3f s", word, cell->end_s);
	else
		ka_table_cell(table, "%s", word);
}

int ka_matrix_put(FILE *out, const struct ka_matrix *m, size_t n_kernels, bool all)
{
	struct ka_table_column columns[1 + KA_MAX_KERNELS] = { { .head = "" } };
	struct ka_table table = { .columns = columns, .n_columns = 1 + n_kernels };
	size_t different = 0;
	int ret = 0;

	for (size_t k = 0; k < n_kernels; k++)
		columns[1 + k] = (struct ka_table_column){ ka_kernel_letter(k), .least = 18 };
	for (size_t i = 0; i < m->rows.n; i++) {
		const struct ka_matrix_cell *row = m->cells[i];
		bool alike = all_alike(row, n_kernels);

		different += !alike;
		if (!all && alike && all_pass(row, n_kernels))
			continue;
		ka_table_cell(&table, "%c %s", alike ? ' ' : '*', m->rows.names[i]);
		for (size_t k = 0; k < n_kernels; k++)
			give_cell(&table, &row[k]);
	}
	if (table.n)
		putc('\n', out);
	if (table.n)
		ret = ka_table_end(&table, out);
	fprintf(out, "\n%zu of %zu differ%s in verdict, error or number of probes%s\n", different,
		m->rows.n, different == 1 ? "s" : "", different ? " (*)" : "");
	return ret;
}
