/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several kernels side by side. What is compared are verdict, error and number of probes: when an end
 * that passed came is explained by the kernel's timers, whose phase is another each time. What moved
 * by more than that, `kacheck compare` finds.
 */
#include "report/matrix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/writer.h"

/* ---- rows --------------------------------------------------------------------------------- */

static struct ka_matrix_row *add_row(struct ka_matrix *m, const char *name)
{
	struct ka_matrix_row *row;

	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 256;
		struct ka_matrix_row *rows = reallocarray(m->rows, room, sizeof(*rows));

		if (!rows)
			return NULL;
		m->rows = rows;
		m->room = room;
	}
	row = &m->rows[m->n];
	*row = (struct ka_matrix_row){ strdup(name), calloc(KA_MAX_KERNELS, sizeof(*row->cells)) };
	if (row->name && row->cells) {
		m->at = ++m->n;
		return row;
	}
	free(row->name);
	free(row->cells);
	return NULL;
}

/* Kernels run their instances in the same order: the search begins behind the row found last. */
static struct ka_matrix_row *find_row(struct ka_matrix *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		size_t at = (m->at + i) % m->n;

		if (strcmp(m->rows[at].name, name) != 0)
			continue;
		m->at = at + 1;
		return &m->rows[at];
	}
	return add_row(m, name);
}

int ka_matrix_take(struct ka_matrix *matrix, size_t kernel, const struct ka_result *result)
{
	char name[KA_NAME_SIZE];
	struct ka_matrix_row *row = find_row(matrix, ka_result_name(result, name, sizeof(name)));
	struct ka_matrix_cell *cell;

	if (!row)
		return -ENOMEM;
	cell = &row->cells[kernel];
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
	for (size_t i = 0; i < matrix->n; i++) {
		free(matrix->rows[i].name);
		free(matrix->rows[i].cells);
	}
	free(matrix->rows);
	*matrix = (struct ka_matrix){ .n = 0 };
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
static bool all_alike(const struct ka_matrix_row *row, size_t n_kernels)
{
	const struct ka_matrix_cell *first = NULL;

	for (size_t k = 0; k < n_kernels; k++) {
		const struct ka_matrix_cell *cell = &row->cells[k];

		if (cell->there && first && !same(first, cell))
			return false;
		if (cell->there && !first)
			first = cell;
	}
	return true;
}

static bool all_pass(const struct ka_matrix_row *row, size_t n_kernels)
{
	for (size_t k = 0; k < n_kernels; k++)
		if (row->cells[k].there && row->cells[k].verdict != KA_PASS)
			return false;
	return true;
}

/* "  pass     7928.544 s", without blanks at the end of a line. */
static void put_cell(FILE *out, const struct ka_matrix_cell *cell, bool last)
{
	const char *word = cell->there ? ka_verdict_name(cell->verdict) : "-";

	if (cell->there && isfinite(cell->end_s))
		fprintf(out, "  %-6s %9.3f s", word, cell->end_s);
	else
		fprintf(out, "  %-*s", last ? 0 : 18, word);
}

static int name_width(const struct ka_matrix *m)
{
	size_t width = 0;

	for (size_t i = 0; i < m->n; i++)
		if (strlen(m->rows[i].name) > width)
			width = strlen(m->rows[i].name);
	return (int)width;
}

static void put_head(FILE *out, int width, size_t n_kernels)
{
	fprintf(out, "\n%*s", width + 2, "");
	for (size_t k = 0; k < n_kernels; k++)
		fprintf(out, "  %c%*s", (int)('A' + k), k + 1 < n_kernels ? 17 : 0, "");
	putc('\n', out);
}

void ka_matrix_put(FILE *out, const struct ka_matrix *m, size_t n_kernels, bool all)
{
	int width = name_width(m);
	size_t different = 0, told = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct ka_matrix_row *row = &m->rows[i];
		bool alike = all_alike(row, n_kernels);

		different += !alike;
		if (!all && alike && all_pass(row, n_kernels))
			continue;
		if (told++ == 0)
			put_head(out, width, n_kernels);
		fprintf(out, "%c %-*s", alike ? ' ' : '*', width, row->name);
		for (size_t k = 0; k < n_kernels; k++)
			put_cell(out, &row->cells[k], k + 1 == n_kernels);
		putc('\n', out);
	}
	fprintf(out, "\n%zu of %zu differ%s in verdict, error or number of probes%s\n", different,
		m->n, different == 1 ? "s" : "", different ? " (*)" : "");
}
