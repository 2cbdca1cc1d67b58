/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See rows.h. */
#include "report/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"

static int add_row(struct ka_rows *rows, const char *name, void *cells, size_t *room, size_t size)
{
	char *copy, *base;

	if (ka_grow(&rows->names, &rows->room, rows->n + 1, sizeof(*rows->names)) < 0 ||
	    ka_grow(cells, room, rows->n + 1, size) < 0)
		return -ENOMEM;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	memcpy(&base, cells, sizeof(base));
	memset(base + rows->n * size, 0, size);
	rows->names[rows->n++] = copy;
	rows->next = rows->n;
	return (int)rows->n - 1;
}

/* Kernels run their instances in the same order: the search begins behind the row found last. */
int ka_rows_find(struct ka_rows *rows, const char *name, void *cells, size_t *room, size_t size)
{
	for (size_t i = 0; i < rows->n; i++) {
		size_t at = (rows->next + i) % rows->n;

		if (strcmp(rows->names[at], name) != 0)
			continue;
		rows->next = at + 1;
		return (int)at;
	}
	return add_row(rows, name, cells, room, size);
}

void ka_rows_free(struct ka_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->names[i]);
	free(rows->names);
	*rows = (struct ka_rows){ .n = 0 };
}
