/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison as a page: the same rows and counts, and of what changed both stories side by side. */
#include <errno.h>

#include "command/compare.h"
#include "report/html.h"
#include "result/encode.h"

static json_t *cell_json(const struct ka_cell *cell)
{
	json_t *json = json_pack("{s:s}", "ch", ka_change_name(cell->change));

	if (*cell->why)
		json_object_set_new(json, "why", ka_json_text(cell->why));
	if (cell->result.json)
		json_object_set_new(json, "r", ka_html_row(&cell->result, "kacheck"));
	return json;
}

/* An instance in all runs. At least one has it. */
static json_t *row_json(const struct ka_comparison *c, size_t r)
{
	const struct ka_result *first = NULL;
	json_t *cells = json_array();

	for (size_t j = c->n_columns; j-- > 0;)
		if (c->cells[r][j].result.json)
			first = &c->cells[r][j].result;
	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(cells, cell_json(&c->cells[r][j]));
	return json_pack("{s:o, s:o, s:o}", "n", ka_json_text(c->rows.names[r]), "C",
			 ka_html_case(first), "of", cells);
}

int ka_comparison_html(const struct ka_comparison *c, bool all, FILE *out)
{
	json_t *columns = json_array(), *rows = json_array();

	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(columns, ka_comparison_column(&c->columns[j]));
	for (size_t r = 0; r < c->rows.n; r++)
		if (all || ka_comparison_has_changed(c, r))
			json_array_append_new(rows, row_json(c, r));
	return ka_html_page(out, KA_HTML_COMPARE,
			    json_pack("{s:o, s:I, s:o}", "runs", columns, "instances",
				      (json_int_t)c->rows.n, "rows", rows));
}
