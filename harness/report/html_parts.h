/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the page, in their order; the build makes them from page/ (html_parts.cmake). */
#ifndef KA_HTML_PARTS_H
#define KA_HTML_PARTS_H

extern const char ka_html_head[], ka_html_css[], ka_html_body[], ka_html_tail[];
/* between them: the rows */
extern const char ka_html_middle[], ka_html_js[], ka_html_end[];

#endif
