/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nearest right words for a wrong one. */
#ifndef KA_NEAREST_H
#define KA_NEAREST_H

#include <stddef.h>

/* Edit distance of two words: insertions, deletions, replacements. */
size_t ka_distance(const char *a, const char *b);

/* Room for the nearest few of many candidates. */
#define KA_NEAREST 3
struct ka_nearest {
	char names[KA_NEAREST][160];
	size_t distance[KA_NEAREST];
	size_t n;
};

/* Offers @candidate for @word; what is too far from it, or known already, is not kept. */
void ka_nearest_offer(struct ka_nearest *nearest, const char *word, const char *candidate);

/* "; did you mean 'a', 'b' or 'c'?" into @buf, empty when nothing came close. Returns @buf. */
const char *ka_nearest_text(const struct ka_nearest *nearest, char *buf, size_t size);

#endif
