/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people on standard output, wrapped at 80 columns. */
#ifndef KA_PAGE_H
#define KA_PAGE_H

#define KA_PAGE_WIDTH 80

/* A headline, with an empty line before it. */
void ka_page_head(const char *title);

/* A paragraph. The first line is indented by @first, the others by @rest. */
void ka_page_text(int first, int rest, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* An ordinary paragraph below a headline, with an empty line after it. */
void ka_page_para(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* An item of a numbered list. */
void ka_page_item(unsigned number, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
