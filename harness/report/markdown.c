/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the comment of a pull request and for $GITHUB_STEP_SUMMARY: the counts, what did not pass with
 * its reason and its case, several kernels side by side. GitHub takes 1 MiB at most: whatever the run,
 * this is shorter, and what was left out is counted.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/table.h"
#include "report/writer.h"

#define MOST_ROWS    200
#define MOST_TEXT    400 /* bytes of a cell; made harmless, each may become five */
#define MOST_REASONS 20
#define MOST_AGAIN   20
#define MOST_MATRIX  (200u << 10)

static bool markdown_holds(const struct ka_result *result)
{
	return result->verdict != KA_PASS;
}

static void put_headline(const struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	fputs("## kacheck: ", out);
	ka_put_counts(out, totals, "**");
	if (totals->fail_program)
		fprintf(out, ", %u of the failures by a program, not by the kernel",
			totals->fail_program);
	if (isfinite(totals->wall_s))
		fprintf(out, " in %.1f s", totals->wall_s);
	putc('\n', out);
	if (report->n < report->options.planned)
		fprintf(out, "\n**%u of %u planned instances did not run.**\n",
			report->options.planned - report->n, report->options.planned);
}

/* ---- which kernels -------------------------------------------------------------------------- */

static int put_kernels(const struct ka_report *report, FILE *out)
{
	char *text;

	for (size_t k = 0; ka_several_kernels(report) && k < report->kernels.n; k++) {
		fprintf(out, "%s- %s: ", k ? "" : "\n", ka_kernel_letter(k));
		ka_put(out, report->kernels.all[k].key, KA_MARKDOWN);
		putc('\n', out);
	}
	if (ka_several_kernels(report) || !report->last.json)
		return 0;
	text = ka_phrase(ka_put_kernel, &report->last);
	if (!text)
		return -ENOMEM;
	fputs("\nkernel ", out);
	ka_put(out, text, KA_MARKDOWN);
	putc('\n', out);
	free(text);
	return 0;
}

static int put_matrix(const struct ka_report *report, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	int ret =
		memory ? ka_matrix_put(memory, &report->matrix, report->kernels.n, false) : -ENOMEM;

	if (memory && fclose(memory))
		ret = -ENOMEM;
	if (ret == 0 && size <= MOST_MATRIX)
		fprintf(out, "\n```text%s```\n", text);
	else if (ret == 0)
		fputs("\n(The kernels side by side are too long to be shown here.)\n", out);
	free(text);
	return ret;
}

/* ---- what did not pass ---------------------------------------------------------------------- */

/* All findings in one cell. */
static void give_findings(struct ka_table *table, const struct ka_result *result)
{
	char text[MOST_TEXT + 1];
	size_t used = 0, i;
	const json_t *finding;

	json_array_foreach(result->findings, i, finding)
	{
		const char *says = json_string_value(json_object_get(finding, "text"));

		if (used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 i ? "; " : "", says ? says : "");
	}
	ka_table_cell(table, "%.*s", MOST_TEXT, used ? text : result->why);
}

static const char *where_of(const struct ka_result *result)
{
	const json_t *finding = json_array_get(result->findings, 0);
	const char *where = json_string_value(json_object_get(finding, "where"));

	if (where)
		return where;
	return result->declared ? result->declared : "";
}

static int put_trouble(struct ka_report *report, FILE *out)
{
	static const struct ka_table_column columns[] = {
		{ .head = "" },
		{ .head = "instance", .code = true },
		{ .head = "what" },
		{ .head = "case", .code = true },
	};
	struct ka_table table = { .columns = columns, .n_columns = 4, .markdown = true };
	char name[KA_FULL_NAME_SIZE];
	unsigned rows = 0;

	for (size_t i = 0; i < report->n_held; i++) {
		const struct ka_result *result = &report->held[i];

		if (ka_result_is_fine(result) || rows++ >= MOST_ROWS)
			continue;
		ka_table_cell(&table, "%s", ka_verdict_name(result->verdict));
		ka_table_strong(&table);
		ka_table_cell(&table, "%s", ka_full_name(report, result, name, sizeof(name)));
		give_findings(&table, result);
		ka_table_cell(&table, "%.*s", MOST_TEXT, where_of(result));
	}
	if (!rows)
		return 0;
	putc('\n', out);
	if (ka_table_end(&table, out))
		return -ENOMEM;
	if (rows > MOST_ROWS)
		fprintf(out, "\n... and %u more\n", rows - MOST_ROWS);
	return 0;
}

/* The commands that run again what is in the table. A line begins with a word, so none ends the
 * block. */
static void put_again(struct ka_report *report, FILE *out)
{
	unsigned n = 0;

	for (size_t i = 0; i < report->n_held && n < MOST_AGAIN; i++) {
		if (ka_result_is_fine(&report->held[i]))
			continue;
		if (!n++)
			fputs("\n<details><summary>To run them again</summary>\n\n```text\n", out);
		ka_put_again(out, report, &report->held[i], "");
	}
	if (n)
		fputs("```\n\n</details>\n", out);
}

/* ---- what is no failure and no pass --------------------------------------------------------- */

/* How many have this verdict for the reason of number @i; 0: an earlier one had it, too, or that has
 * another one. */
static unsigned count_reason(const struct ka_report *report, size_t i, enum ka_verdict_kind verdict)
{
	const struct ka_result *held = report->held;
	unsigned n = 0;

	for (size_t j = 0; j < report->n_held && held[i].verdict == verdict; j++) {
		if (held[j].verdict != verdict || strcmp(held[j].why, held[i].why) != 0)
			continue;
		if (j < i)
			return 0;
		n++;
	}
	return n;
}

static void put_reasons(const struct ka_report *report, FILE *out, enum ka_verdict_kind verdict,
			const char *word)
{
	unsigned reasons = 0;

	for (size_t i = 0; i < report->n_held && reasons < MOST_REASONS; i++) {
		unsigned n = count_reason(report, i, verdict);
		const char *why = report->held[i].why;

		if (!n)
			continue;
		fprintf(out, "%s- %u %s: ", reasons++ ? "" : "\n", n, word);
		ka_put_part(out, why, strnlen(why, MOST_TEXT), KA_MARKDOWN);
		putc('\n', out);
	}
	if (reasons == MOST_REASONS)
		fputs("- ...\n", out);
}

static int markdown_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	int ret;

	put_headline(report, out, totals);
	ret = put_kernels(report, out);
	if (!ret)
		ret = put_trouble(report, out);
	if (!ret)
		put_again(report, out);
	put_reasons(report, out, KA_KNOWN, "known to fail");
	put_reasons(report, out, KA_SKIP, "skipped");
	if (!ret && ka_several_kernels(report))
		ret = put_matrix(report, out);
	return ret;
}

KA_WRITER(markdown) = {
	.finish = markdown_finish,
	.holds = markdown_holds,
	.compares = true,
};
