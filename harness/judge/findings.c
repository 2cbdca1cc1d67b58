/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See findings.h. */
#include "judge/findings.h"

#include <stdarg.h>
#include <stdio.h>

void ka_findings_init(struct ka_findings *findings, char *text, size_t size)
{
	*findings = (struct ka_findings){ .text = text, .size = size };
	text[0] = '\0';
}

/* Moves the end by @n, what snprintf() wanted to write, but not beyond the text. */
static void advance(struct ka_findings *f, int n)
{
	if (n > 0)
		f->used += (size_t)n;
	if (f->used >= f->size)
		f->used = f->size - 1;
}

void ka_find(struct ka_findings *findings, const char *fmt, ...)
{
	struct ka_findings *f = findings;
	va_list args;

	if (f->n++)
		advance(f, snprintf(f->text + f->used, f->size - f->used, "; "));
	va_start(args, fmt);
	advance(f, vsnprintf(f->text + f->used, f->size - f->used, fmt, args));
	va_end(args);
}
