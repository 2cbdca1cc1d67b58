/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of cells, as text or as markdown. Cells are given row after row and printed at the end, when
 * it is known how wide each column is. All that is printed goes through ka_put(): a cell may hold what
 * comes from outside.
 */
#ifndef KA_TABLE_H
#define KA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ka_table_column {
	const char *head;
	size_t least; /* columns of the terminal that it takes at least */
	bool right;   /* numbers */
	bool code;    /* markdown: between backticks */
	bool below;   /* text: not beside the others but in a line below, as "head: cell" */
};

struct ka_table {
	const struct ka_table_column *columns;
	size_t n_columns;
	const char *margin; /* before each line of text; NULL: none */
	bool markdown;
	/* filled in by the functions below */
	struct ka_table_cell {
		char *text;
		bool strong;
	} * cells;
	size_t n, room;
	bool failed; /* there was no memory for a cell */
};

/* The next cell, in the first column when the row is full. */
void ka_table_cell(struct ka_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The cell that was given last stands out in markdown. */
void ka_table_strong(struct ka_table *table);
/* Prints the rows, with their heads unless none has one, and frees them. 0 or -ENOMEM. */
int ka_table_end(struct ka_table *table, FILE *out);

#endif
