/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages for a browser. Each is one file that loads nothing: style, program (page/) and its data, which is
 * JSON between ka_html_begin() and ka_html_end(). The program of a page only ever sets text.
 */
#ifndef KA_HTML_H
#define KA_HTML_H

#include <stdio.h>

#include "result/result.h"

enum ka_html_kind { KA_HTML_RUN, KA_HTML_COMPARE, KA_HTML_SYSCTL, KA_HTML_PROGRAM };

void ka_html_begin(FILE *out, enum ka_html_kind kind);
void ka_html_end(FILE *out, enum ka_html_kind kind);
/* Data in such a form that no text of it can end the script element. 0 or -ENOMEM. */
int ka_html_put(FILE *out, const json_t *json);
/* A whole page of one object, which it takes over (NULL: there was no memory). 0 or -ENOMEM. */
int ka_html_page(FILE *out, enum ka_html_kind kind, json_t *data);

/* A result without its case and kernel, as page/parts.js reads it. @command: argv[0] for the line that
 * runs it again; NULL: without one. A new reference. */
json_t *ka_html_row(const struct ka_result *result, const char *command);
/* The same of a result line, with its case. NULL where it cannot be read. */
json_t *ka_html_row_of(json_t *line);
/* What the results of one case have in common, and those of one kernel, which has a short @name. New
 * references. */
json_t *ka_html_case(const struct ka_result *result);
json_t *ka_html_kernel(const struct ka_result *result, const char *name);

#endif
