/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for programs: one JSON object on one line, version 1. */
#include <errno.h>
#include <stdlib.h>

#include "command/compare.h"

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
	return json_pack("{s:s, s:{s:s, s:i, s:s, s:s}, s:o, s:o}", "file", column->file, "kernel",
			 "release", column->release, "hz", column->hz, "clock", column->clock,
			 "where", column->where, "verdicts", counts(column), "changes",
			 changes(column));
}

static json_t *encode_cell(const struct ka_cell *cell)
{
	const struct ka_result *result = &cell->result;

	if (!result->json)
		return json_pack("{s:n, s:s, s:s}", "verdict", "change",
				 ka_change_name(cell->change), "why", cell->why);
	return json_pack("{s:s, s:s, s:s, s:O?}", "verdict", ka_verdict_name(result->verdict),
			 "change", ka_change_name(cell->change), "why", cell->why, "detect_s",
			 json_object_get(result->json, "detect_s"));
}

/* NULL where nothing is to be told. */
static json_t *encode_row(const struct ka_comparison *c, const struct ka_row *row, bool all)
{
	json_t *cells = json_array();
	bool told = all;

	for (size_t j = 0; j < c->n_columns; j++) {
		told = told || row->cells[j].change != KA_SAME;
		json_array_append_new(cells, encode_cell(&row->cells[j]));
	}
	if (told)
		return json_pack("{s:s, s:o}", "instance", row->name, "runs", cells);
	json_decref(cells);
	return NULL;
}

int ka_comparison_json(const struct ka_comparison *c, bool all, FILE *out)
{
	json_t *columns = json_array(), *rows = json_array(), *json;
	int ret;

	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(columns, encode_column(&c->columns[j]));
	for (size_t r = 0; r < c->n_rows; r++) {
		json_t *row = encode_row(c, &c->rows[r], all);

		if (row)
			json_array_append_new(rows, row);
	}
	json = json_pack("{s:i, s:i, s:o, s:o}", "v", 1, "regressed",
			 (int)ka_comparison_regressions(c), "runs", columns, "instances", rows);
	if (!json)
		return -ENOMEM;
	ret = json_dumpf(json, out, JSON_COMPACT);
	putc('\n', out);
	json_decref(json);
	return ret < 0 ? -ENOMEM : 0;
}
