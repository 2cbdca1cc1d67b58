/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs as a page: what the JSON says, with the timelines; and the result lines themselves. */
#include <errno.h>

#include "command/part.h"
#include "command/program.h"
#include "report/html.h"
#include "result/encode.h"

int ka_program_put_html(const struct ka_inquiry *q, int status, FILE *out)
{
	json_t *json = ka_program_json(q, status), *rows = json_object();

	for (size_t i = 0; q->attempts && i < q->attempts->n; i++)
		if (q->shown[i].result)
			json_object_set_new(rows, q->attempts->list[i].name,
					    ka_html_row_of(q->shown[i].result));
	json_object_set_new(json, "rows", rows);
	return ka_html_page(out, KA_HTML_PROGRAM, json);
}

int ka_program_put_results(const struct ka_inquiry *q, const struct ka_plan *plan, FILE *out)
{
	const struct ka_plan_options options = { .shards = 0 };
	int ret = 0;

	for (size_t i = 0; i < plan->n && ret == 0; i++) {
		size_t at = (size_t)(plan->instances[i].case_ - q->attempts->cases);
		json_t *result = q->shown[at].result;

		if (!result)
			continue;
		ka_part_add(result, plan, i, &options, 1);
		ret = ka_json_put(out, result, JSON_COMPACT | JSON_REAL_PRECISION(15));
	}
	return ret;
}
