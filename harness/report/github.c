/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For a job on GitHub: workflow commands that the page of a pull request shows as annotations. It shows
 * ten of a step at most, so nine failures are told one by one and the last line says how many more there
 * are. What is known to fail is a notice, of which as many are shown besides.
 */
#include <stdlib.h>
#include <string.h>

#include "report/writer.h"

#define MOST 9

static bool is_told(const struct ka_result *result)
{
	return !ka_result_is_fine(result) || result->verdict == KA_KNOWN;
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
	static const char *const commands[] = {
		[KA_FAIL] = "error",
		[KA_BROKEN] = "warning",
		[KA_KNOWN] = "notice",
	};
	char name[KA_FULL_NAME_SIZE];

	fprintf(out, "::%s ", commands[result->verdict]);
	put_place(out, result->declared);
	fputs("title=", out);
	put_escaped(out, ka_full_name(report, result, name, sizeof(name)), ":,");
	fprintf(out, " %s::", ka_verdict_name(result->verdict));
	put_escaped(out, result->why, "");
	putc('\n', out);
}

/* All that are fine, or all that are not. */
static void put_annotations(struct ka_report *report, FILE *out, const struct ka_totals *totals,
			    bool fine, const char *command)
{
	size_t n = 0, told = 0;

	for (size_t i = 0; i < report->n_held; i++)
		n += ka_result_is_fine(&report->held[i]) == fine;
	for (size_t i = 0; i < report->n_held && (told < MOST || n <= MOST + 1); i++) {
		if (ka_result_is_fine(&report->held[i]) != fine)
			continue;
		put_annotation(report, out, &report->held[i]);
		told++;
	}
	if (told == n)
		return;
	fprintf(out, "::%s title=kacheck::%zu more; in all ", command, n - told);
	ka_put_counts(out, totals, "");
	putc('\n', out);
}

static int github_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	put_annotations(report, out, totals, false, "error");
	put_annotations(report, out, totals, true, "notice");
	return 0;
}

KA_WRITER(github) = {
	.finish = github_finish,
	.holds = is_told,
};
