/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for programs: one JSON object on one line, version 1. */
#include <errno.h>
#include <stdlib.h>

#include "command/compare.h"
#include "result/encode.h"

static json_t *counts(const struct ka_column *column)
{
	json_t *object = json_object();

	for (int i = 0; i < 4; i++)
		json_object_set_new(object, ka_verdict_name((enum ka_verdict_kind)i),
				    json_integer(column->verdicts[i]));
	return object;
}

static json_t *changes(const struct ka_column *column)
{
	json_t *object = json_object();

	for (int i = KA_REGRESSED; i < KA_CHANGES; i++)
		json_object_set_new(object, ka_change_name((enum ka_change)i),
				    json_integer(column->changes[i]));
	return object;
}

static json_t *encode_column(const struct ka_column *column)
{
	return json_pack("{s:o, s:{s:s, s:i, s:s, s:s}, s:o, s:o}", "file",
			 ka_json_text(column->file), "kernel", "release", column->release, "hz",
			 column->hz, "clock", column->clock, "where", column->where, "verdicts",
			 counts(column), "changes", changes(column));
}

static json_t *encode_cell(const struct ka_cell *cell)
{
	const struct ka_result *result = &cell->result;

	if (!result->json)
		return json_pack("{s:n, s:s, s:o}", "verdict", "change",
				 ka_change_name(cell->change), "why", ka_json_text(cell->why));
	return json_pack("{s:s, s:s, s:o, s:O?}", "verdict", ka_verdict_name(result->verdict),
			 "change", ka_change_name(cell->change), "why", ka_json_text(cell->why),
			 "detect_s", json_object_get(result->json, "detect_s"));
}

static json_t *encode_row(const struct ka_comparison *c, size_t r)
{
	json_t *cells = json_array();

	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(cells, encode_cell(&c->cells[r][j]));
	return json_pack("{s:o, s:o}", "instance", ka_json_text(c->rows.names[r]), "runs", cells);
}

int ka_comparison_json(const struct ka_comparison *c, bool all, FILE *out)
{
	json_t *columns = json_array(), *rows = json_array(), *json;
	int ret;

	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(columns, encode_column(&c->columns[j]));
	for (size_t r = 0; r < c->rows.n; r++)
		if (all || ka_comparison_has_changed(c, r))
			json_array_append_new(rows, encode_row(c, r));
	json = json_pack("{s:i, s:i, s:o, s:o}", "v", 1, "regressed",
			 (int)ka_comparison_regressions(c), "runs", columns, "instances", rows);
	if (!json)
		return -ENOMEM;
	ret = ka_json_put(out, json, JSON_COMPACT);
	json_decref(json);
	return ret;
}
