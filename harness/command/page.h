/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people, on standard output unless it is said, wrapped at 80 columns. */
#ifndef KA_PAGE_H
#define KA_PAGE_H

#include <stdio.h>

#define KA_PAGE_WIDTH 80

/* Writes @lead, then @text broken at its spaces; every line but the first is indented by @indent. A
 * word that is longer than a line stays whole. @text may come from outside. */
void ka_page_wrap(FILE *out, const char *lead, int indent, const char *text);

/* A headline, with an empty line before it. */
void ka_page_head(const char *title);

/* Lines indented by @indent. */
void ka_page_text(int indent, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A paragraph below a headline, with an empty line after it. */
void ka_page_para(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* An item of a list or table: @lead ("  1. ", "  - "), the text hanging behind it. */
void ka_page_hang(const char *lead, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
