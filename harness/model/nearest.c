/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See nearest.h. */
#include "model/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/util.h"

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t ka_distance(const char *a, const char *b)
{
	size_t row[161]; /* distances of a[0..i] to every prefix of b; names are shorter */
	size_t len = strnlen(b, KA_N(row) - 1);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t above = row[j + 1];

			row[j + 1] = min3(row[j] + 1, above + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[len];
}

static bool known(const struct ka_nearest *nearest, const char *candidate)
{
	for (size_t i = 0; i < nearest->n; i++)
		if (strcmp(nearest->names[i], candidate) == 0)
			return true;
	return false;
}

void ka_nearest_offer(struct ka_nearest *nearest, const char *word, const char *candidate)
{
	size_t distance = ka_distance(word, candidate);
	size_t at = nearest->n;

	/* A third of the letters wrong, and two swapped, may be a misspelling; a part is a hint. */
	if (distance > 1 + strlen(word) / 3 && !(strlen(word) > 2 && strstr(candidate, word)))
		return;
	if (strlen(candidate) >= sizeof(nearest->names[0]) || known(nearest, candidate))
		return;
	while (at > 0 && nearest->distance[at - 1] > distance)
		at--;
	if (at >= KA_NEAREST)
		return;
	if (nearest->n < KA_NEAREST)
		nearest->n++;
	for (size_t i = nearest->n - 1; i > at; i--) {
		nearest->distance[i] = nearest->distance[i - 1];
		memcpy(nearest->names[i], nearest->names[i - 1], sizeof(nearest->names[i]));
	}
	nearest->distance[at] = distance;
	memcpy(nearest->names[at], candidate, strlen(candidate) + 1);
}

const char *ka_nearest_text(const struct ka_nearest *nearest, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < nearest->n && used < size; i++) {
		const char *before = i == 0               ? "; did you mean "
				     : i + 1 < nearest->n ? ", "
							  : " or ";

		used += (size_t)snprintf(buf + used, size - used, "%s'%s'%s", before,
					 nearest->names[i], i + 1 == nearest->n ? "?" : "");
	}
	return buf;
}
