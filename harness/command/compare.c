/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck compare: reads runs of several kernels, and tells what comparison.c has found. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/compare.h"
#include "command/options.h"
#include "model/util.h"
#include "report/table.h"
#include "result/encode.h"

enum format { TEXT, MARKDOWN, JSON, HTML };
static const char *const formats[] = { "text", "markdown", "json", "html", NULL };

struct options {
	enum format format;
	bool all;
	const char *files[KA_MAX_COLUMNS];
	size_t n_files;
};

static const struct ka_option option_rows[] = {
	{ "format", 'f', "FORMAT", "text (default), markdown, json, html", 0, ka_take_choice,
	  offsetof(struct options, format), .choices = formats },
	{ "all", 'a', NULL, "Also instances in which nothing changed", 0, ka_take_flag,
	  .at = offsetof(struct options, all) },
	{ .doc = NULL },
};

static const char about[] =
	"Compares runs that were written with --format json or --report json=FILE: the first "
	"kernel with each other one. A file may hold several kernels. Verdicts that changed, ends "
	"that moved by more than the model of the kernel's timers explains, other errors, masks or "
	"numbers of probes, new and vanished instances.\v"
	"Exit status: 0 nothing regressed; 1 something did: it passed and now fails, known or not, "
	"or is broken, "
	"or its end moved; 2 wrong usage.";

static void take_file(void *target, const char *word)
{
	struct options *options = target;

	if (options->n_files == KA_MAX_COLUMNS)
		ka_usage_error("too many files, %d kernels can be compared", KA_MAX_COLUMNS);
	options->files[options->n_files++] = word;
}

static void finish(void *target)
{
	const struct options *options = target;

	if (options->n_files == 0)
		ka_usage_error("no file; write 'kacheck compare BEFORE.json AFTER.json'");
}

/* ---- reading ------------------------------------------------------------------------------ */

static int read_line(struct ka_comparison *c, const char *path, unsigned number, const char *line)
{
	struct nn_err err = { "it is not JSON" };
	struct ka_result result;
	json_t *json = json_loads(line, 0, NULL);
	int ret = json ? ka_result_decode(&result, json, &err) : -EINVAL;

	if (ret < 0) {
		ka_complain("%s:%u is no result of kacheck run --format json: %s", path, number,
			    err.text);
		return KA_EXIT_USAGE;
	}
	ret = ka_comparison_add(c, path, &result);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s:%u: %s", path, number,
		    ret == -E2BIG ? "too many kernels, 26 can be compared" : strerror(-ret));
	return ret == -E2BIG ? KA_EXIT_USAGE : KA_EXIT_BROKEN;
}

static int read_file(struct ka_comparison *c, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	int status = KA_EXIT_OK;
	char *line = NULL;
	size_t room = 0;
	ssize_t len = 0;
	struct nn_err err = { "" };

	if (!file) {
		ka_complain("%s: %s", path, strerror(errno));
		return KA_EXIT_USAGE;
	}
	while (status == KA_EXIT_OK && (len = ka_result_read_line(file, &line, &room, &err)) > 0)
		if (line[strspn(line, " \t\r\n")])
			status = read_line(c, path, ++number, line);
	if (status == KA_EXIT_OK && (len < 0 || number == 0)) {
		ka_complain("%s: %s", path, len < 0 ? err.text : "there is no result in it");
		status = KA_EXIT_USAGE;
	}
	free(line);
	fclose(file);
	return status;
}

/* ---- for people: plain text, and markdown for a merge request ----------------------------- */

/* What matters most comes first. */
static const enum ka_change order[] = { KA_REGRESSED, KA_MOVED,    KA_CHANGED,
					KA_FIXED,     KA_VANISHED, KA_NEW };

static unsigned total(const struct ka_comparison *c, enum ka_change change)
{
	unsigned n = 0;

	for (size_t j = 1; j < c->n_columns; j++)
		n += c->columns[j].changes[change];
	return n;
}

static const char *counts_text(const struct ka_column *column, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < KA_N(column->verdicts); i++)
		if (column->verdicts[i] && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%u %s",
						 used ? ", " : "", column->verdicts[i],
						 ka_verdict_name((enum ka_verdict_kind)i));
	return buf;
}

static int put_columns(const struct ka_comparison *c, bool markdown, FILE *out)
{
	static const struct ka_table_column columns[] = {
		{ .head = "" },      { .head = "kernel" },   { .head = "HZ", .right = true },
		{ .head = "clock" }, { .head = "verdicts" }, { .head = "file" },
	};
	struct ka_table table = { .columns = columns,
				  .n_columns = KA_N(columns),
				  .markdown = markdown };
	char counts[80];

	for (size_t j = 0; j < c->n_columns; j++) {
		const struct ka_column *column = &c->columns[j];

		ka_table_cell(&table, "%s", ka_kernel_letter(j));
		ka_table_cell(&table, "%s (%s)", column->release, column->where);
		ka_table_cell(&table, "%d", column->hz);
		ka_table_cell(&table, "%s", column->clock);
		ka_table_cell(&table, "%s", counts_text(column, counts, sizeof(counts)));
		ka_table_cell(&table, "%s", column->file);
	}
	return ka_table_end(&table, out);
}

static void put_summary(const struct ka_comparison *c, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < KA_N(order); i++) {
		unsigned n = total(c, order[i]);

		if (n)
			fprintf(out, "%s%u %s", any ? ", " : "", n, ka_change_name(order[i]));
		any = any || n;
	}
	fprintf(out, "%s, %zu instances\n", any ? "" : "no difference", c->rows.n);
}

/* ---- change by change --------------------------------------------------------------------- */

static bool is_alike(const struct ka_cell *cell, enum ka_change change, const char *why)
{
	return cell->change == change && strcmp(cell->why, why) == 0;
}

/* The columns in which row @r changed alike share one line. */
static void give_changes(struct ka_table *table, const struct ka_comparison *c, size_t r,
			 enum ka_change change)
{
	const struct ka_cell *cells = c->cells[r];

	for (size_t j = 1; j < c->n_columns; j++) {
		char letters[KA_MAX_COLUMNS + 1];
		size_t n = 0;
		bool told = cells[j].change != change;

		for (size_t k = 1; k < j && !told; k++)
			told = is_alike(&cells[k], change, cells[j].why);
		if (told)
			continue;
		for (size_t k = j; k < c->n_columns; k++)
			if (is_alike(&cells[k], change, cells[j].why))
				letters[n++] = *ka_kernel_letter(k);
		ka_table_cell(table, "%s", c->rows.names[r]);
		ka_table_cell(table, "%.*s", (int)n, letters);
		ka_table_cell(table, "%s", cells[j].why);
	}
}

static int put_changes(const struct ka_comparison *c, FILE *out)
{
	static const struct ka_table_column columns[] = { { .head = "", .least = 44 },
							  { .head = "" },
							  { .head = "" } };
	int ret = 0;

	for (size_t i = 0; i < KA_N(order) && ret == 0; i++) {
		struct ka_table table = { .columns = columns,
					  .n_columns = KA_N(columns),
					  .margin = "  " };
		unsigned n = total(c, order[i]);

		if (!n)
			continue;
		fprintf(out, "\n%s (%u)\n", ka_change_name(order[i]), n);
		for (size_t r = 0; r < c->rows.n; r++)
			give_changes(&table, c, r, order[i]);
		ret = ka_table_end(&table, out);
	}
	return ret;
}

/* ---- a column for each kernel ------------------------------------------------------------- */

static void give_cell(struct ka_table *table, const struct ka_cell *cell)
{
	if (table->markdown && cell->change != KA_SAME) {
		ka_table_cell(table, "%s: %s", ka_change_name(cell->change), cell->why);
		if (cell->change == KA_REGRESSED || cell->change == KA_MOVED)
			ka_table_strong(table);
	} else {
		ka_table_cell(table, "%s",
			      cell->result.json ? ka_verdict_name(cell->result.verdict) : "-");
	}
}

static int put_matrix(const struct ka_comparison *c, bool all, bool markdown, FILE *out)
{
	struct ka_table_column columns[1 + KA_MAX_COLUMNS] = {
		{ .head = "instance", .least = 44, .code = true }
	};
	struct ka_table table = { .columns = columns,
				  .n_columns = 1 + c->n_columns,
				  .markdown = markdown };

	for (size_t j = 0; j < c->n_columns; j++)
		columns[1 + j] = (struct ka_table_column){ ka_kernel_letter(j), .least = 6 };
	for (size_t r = 0; r < c->rows.n; r++) {
		if (!all && !ka_comparison_has_changed(c, r))
			continue;
		ka_table_cell(&table, "%s", c->rows.names[r]);
		for (size_t j = 0; j < c->n_columns; j++)
			give_cell(&table, &c->cells[r][j]);
	}
	if (table.n)
		putc('\n', out);
	return table.n ? ka_table_end(&table, out) : 0;
}

int ka_comparison_text(const struct ka_comparison *c, bool all, FILE *out)
{
	int ret = put_columns(c, false, out);

	if (ret == 0 && all)
		ret = put_matrix(c, true, false, out);
	if (ret == 0)
		ret = put_changes(c, out);
	putc('\n', out);
	put_summary(c, out);
	return ret;
}

int ka_comparison_markdown(const struct ka_comparison *c, bool all, FILE *out)
{
	int ret = put_columns(c, true, out);

	putc('\n', out);
	put_summary(c, out);
	return ret < 0 ? ret : put_matrix(c, all, true, out);
}

/* ---- for programs: one JSON object on one line, version 1 ---------------------------------- */

static json_t *counts_json(const struct ka_column *column)
{
	json_t *object = json_object();

	for (int i = 0; i < KA_VERDICTS; i++)
		json_object_set_new(object, ka_verdict_name((enum ka_verdict_kind)i),
				    json_integer(column->verdicts[i]));
	return object;
}

static json_t *changes_json(const struct ka_column *column)
{
	json_t *object = json_object();

	for (int i = KA_REGRESSED; i < KA_CHANGES; i++)
		json_object_set_new(object, ka_change_name((enum ka_change)i),
				    json_integer(column->changes[i]));
	return object;
}

json_t *ka_comparison_column(const struct ka_column *column)
{
	return json_pack("{s:o, s:{s:s, s:i, s:s, s:s}, s:o, s:o}", "file",
			 ka_json_text(column->file), "kernel", "release", column->release, "hz",
			 column->hz, "clock", column->clock, "where", column->where, "verdicts",
			 counts_json(column), "changes", changes_json(column));
}

static json_t *cell_json(const struct ka_cell *cell)
{
	const struct ka_result *result = &cell->result;

	if (!result->json)
		return json_pack("{s:n, s:s, s:o}", "verdict", "change",
				 ka_change_name(cell->change), "why", ka_json_text(cell->why));
	return json_pack("{s:s, s:s, s:o, s:O?}", "verdict", ka_verdict_name(result->verdict),
			 "change", ka_change_name(cell->change), "why", ka_json_text(cell->why),
			 "detect_s", json_object_get(result->json, "detect_s"));
}

static json_t *row_json(const struct ka_comparison *c, size_t r)
{
	json_t *cells = json_array();

	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(cells, cell_json(&c->cells[r][j]));
	return json_pack("{s:o, s:o}", "instance", ka_json_text(c->rows.names[r]), "runs", cells);
}

int ka_comparison_json(const struct ka_comparison *c, bool all, FILE *out)
{
	json_t *columns = json_array(), *rows = json_array(), *json;
	int ret;

	for (size_t j = 0; j < c->n_columns; j++)
		json_array_append_new(columns, ka_comparison_column(&c->columns[j]));
	for (size_t r = 0; r < c->rows.n; r++)
		if (all || ka_comparison_has_changed(c, r))
			json_array_append_new(rows, row_json(c, r));
	json = json_pack("{s:i, s:i, s:o, s:o}", "v", 1, "regressed",
			 (int)ka_comparison_regressions(c), "runs", columns, "instances", rows);
	if (!json)
		return -ENOMEM;
	ret = ka_json_put(out, json, JSON_COMPACT);
	json_decref(json);
	return ret;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int write_all(const struct ka_comparison *c, const struct options *options)
{
	static int (*const writers[])(const struct ka_comparison *, bool, FILE *) = {
		[TEXT] = ka_comparison_text,
		[MARKDOWN] = ka_comparison_markdown,
		[JSON] = ka_comparison_json,
		[HTML] = ka_comparison_html,
	};

	if (writers[options->format](c, options->all, stdout) < 0)
		return KA_EXIT_BROKEN;
	return ka_comparison_regressions(c) ? KA_EXIT_FAIL : KA_EXIT_OK;
}

int ka_command_compare(int argc, char **argv)
{
	static const struct ka_options all = { .rows = option_rows,
					       .words = "BEFORE.json [AFTER.json...]",
					       .about = about,
					       .take_word = take_file,
					       .finish = finish };
	struct ka_comparison comparison = { .n_columns = 0 };
	struct options options = { .format = TEXT };
	int status = KA_EXIT_OK;

	ka_options_parse(&all, argc, argv, &options);
	for (size_t i = 0; i < options.n_files && status == KA_EXIT_OK; i++)
		status = read_file(&comparison, options.files[i]);
	if (status == KA_EXIT_OK && comparison.n_columns < 2) {
		ka_complain("there is only one run; give a second file to compare it with");
		status = KA_EXIT_USAGE;
	}
	if (status == KA_EXIT_OK) {
		ka_comparison_judge(&comparison);
		status = write_all(&comparison, &options);
	}
	ka_comparison_free(&comparison);
	return status;
}
