/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all pages begin and end with. What could end the script element is escaped here. */
#include <errno.h>
#include <stdlib.h>

#include "report/html.h"
#include "report/html_parts.h"

static const struct {
	const char *title, *body, *list, *program;
} kinds[] = {
	[KA_HTML_RUN] = { "kacheck: results", ka_html_run_body, ka_html_list, ka_html_run },
	[KA_HTML_COMPARE] = { "kacheck: what changed", ka_html_compare_body, ka_html_list,
			      ka_html_compare },
	[KA_HTML_SYSCTL] = { "kacheck: before a rollout", ka_html_sheet_body, ka_html_sheet,
			     ka_html_sysctl },
	[KA_HTML_PROGRAM] = { "kacheck: dead peers", ka_html_sheet_body, ka_html_sheet,
			      ka_html_program },
};

void ka_html_begin(FILE *out, enum ka_html_kind kind)
{
	fputs(ka_html_head, out);
	fprintf(out, "<title>%s</title>\n<style>\n", kinds[kind].title);
	fputs(ka_html_css, out);
	fputs("</style>\n</head>\n<body>\n", out);
	fputs(kinds[kind].body, out);
	fputs(ka_html_dialog, out);
}

void ka_html_end(FILE *out, enum ka_html_kind kind)
{
	fputs("</script>\n<script>\n", out);
	fputs(ka_html_parts, out);
	fputs(kinds[kind].list, out);
	fputs(kinds[kind].program, out);
	fputs("</script>\n</body>\n</html>\n", out);
}

int ka_html_put(FILE *out, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12) | JSON_ENSURE_ASCII);

	if (!text)
		return -ENOMEM;
	for (const char *c = text; *c; c++)
		if (*c == '<')
			fputs("\\u003c", out);
		else
			putc(*c, out);
	free(text);
	return 0;
}

int ka_html_page(FILE *out, enum ka_html_kind kind, json_t *data)
{
	int ret;

	if (!data)
		return -ENOMEM;
	ka_html_begin(out, kind);
	ret = ka_html_put(out, data);
	ka_html_end(out, kind);
	json_decref(data);
	return ret;
}
