/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One page for people who would rather look than read: the results as rows, each with its picture. */
#include <errno.h>
#include <string.h>

#include "report/html.h"
#include "report/writer.h"

static int html_begin(struct ka_report *report, FILE *out)
{
	(void)report;
	ka_html_begin(out, KA_HTML_RUN);
	fputs("[\n", out);
	return 0;
}

/* A row names its case and its kernel only where the one before was of another. */
static void set_shared(json_t *row, struct ka_report *report, const struct ka_result *result)
{
	const struct ka_result *last = report->last.json ? &report->last : NULL;
	size_t kernel = ka_kernel_of(report, result);

	if (!last || strcmp(last->case_, result->case_) != 0)
		json_object_set_new(row, "C", ka_html_case(result));
	if (!last || ka_kernel_of(report, last) != kernel)
		json_object_set_new(row, "K",
				    ka_html_kernel(result, report->kernels.all[kernel].name));
}

static int html_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	json_t *row = ka_html_row(result, report->options.command);
	int ret;

	set_shared(row, report, result);
	if (report->n > 1)
		fputs(",\n", out);
	ret = ka_html_put(out, row);
	json_decref(row);
	return ret;
}

static int html_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	(void)report;
	(void)totals;
	fputs("]", out);
	ka_html_end(out, KA_HTML_RUN);
	return 0;
}

KA_WRITER(html) = {
	.begin = html_begin,
	.result = html_result,
	.finish = html_finish,
};
