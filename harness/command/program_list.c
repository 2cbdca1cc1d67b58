/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck program --list: the recipes, and which of their programs are here. */
#include <jansson.h>

#include "command/command.h"
#include "command/program.h"
#include "model/escape.h"
#include "model/util.h"
#include "report/table.h"
#include "result/encode.h"

static void give_row(struct ka_table *table, const struct ka_recipe *r)
{
	const struct ka_program *p = &r->variants[0].program;

	ka_table_cell(table, "%s", r->name);
	ka_table_cell(table, "%s", p->role == KA_SERVER ? "server" : "client");
	ka_table_cell(table, "%zu", r->n_variants);
	ka_table_cell(table, "%s",
		      ka_recipes_installed(p) ? "yes"
		      : r->package            ? r->package
					      : "no");
	ka_table_cell(table, "%s", r->about ? r->about : "");
}

static json_t *row_json(const struct ka_recipe *r)
{
	json_t *variants = json_array();

	for (size_t i = 0; i < r->n_variants; i++)
		if (r->variants[i].program.variant)
			json_array_append_new(variants,
					      json_string(r->variants[i].program.variant));
	return json_pack("{s:s, s:o, s:o, s:b, s:o}", "recipe", r->name, "about",
			 ka_json_text(r->about), "package", ka_json_text(r->package), "here",
			 ka_recipes_installed(&r->variants[0].program) ? 1 : 0, "variants",
			 variants);
}

/* Reads each; complains of those that cannot be read. */
static int each(char **names, struct ka_table *table, json_t *array)
{
	int status = KA_EXIT_OK;

	for (size_t i = 0; names && names[i]; i++) {
		struct ka_recipe r;
		struct nn_err err = { "" };

		if (ka_recipes_read(&r, names[i], &err) < 0) {
			ka_complain("program: %s", err.text);
			status = KA_EXIT_USAGE;
		} else if (table) {
			give_row(table, &r);
		} else {
			json_array_append_new(array, row_json(&r));
		}
		ka_recipe_free(&r);
	}
	return status;
}

int ka_program_list(const struct ka_program_options *options)
{
	static const struct ka_table_column columns[] = {
		{ .head = "RECIPE" }, { .head = "ROLE" },  { .head = "SETTINGS", .right = true },
		{ .head = "HERE" },   { .head = "ABOUT" },
	};
	struct ka_table table = { .columns = columns, .n_columns = KA_N(columns) };
	char **names = ka_recipes_names();
	json_t *array = options->format == KA_PROGRAM_JSON ? json_array() : NULL;
	int status = each(names, array ? NULL : &table, array);

	ka_recipes_free(names);
	if (array && ka_json_put(stdout, array, JSON_INDENT(1)) < 0)
		status = KA_EXIT_BROKEN;
	else if (!array && ka_table_end(&table, stdout) < 0)
		status = KA_EXIT_BROKEN;
	json_decref(array);
	return status;
}
