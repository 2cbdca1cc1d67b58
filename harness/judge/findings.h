/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong, in words: findings joined by "; ". */
#ifndef KA_FINDINGS_H
#define KA_FINDINGS_H

#include <stddef.h>

struct ka_findings {
	char *text; /* borrowed */
	size_t size, used;
	int n;
};

/* Findings go to @text, which begins empty. */
void ka_findings_init(struct ka_findings *findings, char *text, size_t size);

/* Adds one. What does not fit is cut off, and still counted. */
void ka_find(struct ka_findings *findings, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
