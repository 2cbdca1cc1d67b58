/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of a table's rows, in the order of their first coming. */
#ifndef KA_ROWS_H
#define KA_ROWS_H

#include <stddef.h>

struct ka_rows {
	char **names; /* owned */
	size_t n, room;
	size_t next; /* where the next name is likely to be */
};

/* The number of @name's row. Where there is none yet it is added, and *@cells, an array with room for
 * *@room rows of @size bytes each, gets a row of zeros. Returns the number or -ENOMEM. */
int ka_rows_find(struct ka_rows *rows, const char *name, void *cells, size_t *room, size_t size);
void ka_rows_free(struct ka_rows *rows);

#endif
