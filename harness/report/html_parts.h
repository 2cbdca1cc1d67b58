/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the pages; the build makes them from page/ (html_parts.cmake). */
#ifndef KA_HTML_PARTS_H
#define KA_HTML_PARTS_H

extern const char ka_html_head[], ka_html_css[], ka_html_dialog[];
/* what a kind of page has of its own */
extern const char ka_html_run_body[], ka_html_compare_body[], ka_html_sheet_body[];
/* programs: of all; of those with a long list, or with sections; of one kind */
extern const char ka_html_parts[], ka_html_list[], ka_html_sheet[];
extern const char ka_html_run[], ka_html_compare[], ka_html_sysctl[], ka_html_program[];

#endif
