/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For a job on GitHub: workflow commands that the page of a pull request shows as annotations. It shows
 * ten of a step at most, so nine failures are told one by one and the last line says how many more there
 * are.
 */
#include <stdlib.h>
#include <string.h>

#include "report/writer.h"

#define MOST 9

static bool is_trouble(const struct ka_result *result)
{
	return result->verdict == KA_FAIL || result->verdict == KA_BROKEN;
}

/* What ends a command, or a property of it, is written as %XX. */
static void put_escaped(FILE *out, const char *text, const char *more)
{
	char *plain = ka_plain(text ? text : "");

	for (const char *c = plain; c && *c; c++)
		if (*c == '%' || strchr(more, *c))
			fprintf(out, "%%%02X", (unsigned char)*c);
		else
			putc(*c, out);
	free(plain);
}

/* "cases/silent_drop.c:27": the file, and the number behind the colon. */
static void put_place(FILE *out, const char *declared)
{
	const char *colon = declared ? strrchr(declared, ':') : NULL;
	char *file;

	if (!colon || colon[1 + strspn(colon + 1, "0123456789")])
		return;
	file = strndup(declared, (size_t)(colon - declared));
	fputs("file=", out);
	put_escaped(out, file, ":,");
	fprintf(out, ",line=%s,", colon + 1);
	free(file);
}

static void put_annotation(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	char name[KA_FULL_NAME_SIZE];

	fputs(result->verdict == KA_FAIL ? "::error " : "::warning ", out);
	put_place(out, result->declared);
	fputs("title=", out);
	put_escaped(out, ka_full_name(report, result, name, sizeof(name)), ":,");
	fprintf(out, " %s::", ka_verdict_name(result->verdict));
	put_escaped(out, result->why, "");
	putc('\n', out);
}

static int github_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	size_t told = report->n_held > MOST + 1 ? MOST : report->n_held;

	for (size_t i = 0; i < told; i++)
		put_annotation(report, out, &report->held[i]);
	if (told < report->n_held)
		fprintf(out,
			"::error title=kacheck::%zu more; in all %u passed, %u failed, %u skipped, "
			"%u broken\n",
			report->n_held - told, totals->pass, totals->fail, totals->skip,
			totals->broken);
	return 0;
}

KA_WRITER(github) = {
	.finish = github_finish,
	.holds = is_trouble,
};
