/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JUnit XML as Jenkins and GitLab read it. GitLab shows classname and name, and of test cases with
 * the same name only the first: the theme and case go into the classname, what varies into the
 * name. One document, written at the end because its root counts what is in it: until then each kernel's
 * test cases wait as text. No time stamps, so the same results give the same bytes.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/writer.h"

static void put_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	ka_put(out, text, KA_XML);
	putc('"', out);
}

/* ---- one test case ------------------------------------------------------------------------ */

/* A dot would begin a package. */
static void put_kernel_class(FILE *out, const char *name)
{
	for (; *name; name++)
		putc(*name == '.' ? '_' : *name, out);
	putc('.', out);
}

static void put_names(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	size_t len = strlen(result->case_);
	char name[KA_NAME_SIZE];
	const char *rest;

	rest = ka_result_name(result, name, sizeof(name));
	if (!strncmp(rest, result->case_, len) && rest[len] == '/')
		rest += len + 1;
	fputs(" classname=\"kacheck.", out);
	if (ka_several_kernels(report))
		put_kernel_class(out, report->kernels.all[ka_kernel_of(report, result)].name);
	ka_put(out, result->theme, KA_XML);
	putc('.', out);
	ka_put(out, result->case_, KA_XML);
	putc('"', out);
	put_attribute(out, "name", rest);
	fprintf(out, " time=\"%.3f\"", ka_result_took_s(result));
}

static void put_head(FILE *out, const struct ka_result *result)
{
	ka_put_findings(out, result, "");
}

/* <failure> or <error>: what a page shows first. */
static int put_failure(FILE *out, const struct ka_result *result)
{
	const char *element = result->verdict == KA_BROKEN ? "error" : "failure";
	char *head = ka_phrase(put_head, result);

	if (!head)
		return -ENOMEM;
	fprintf(out, "      <%s", element);
	put_attribute(out, "message", result->why);
	put_attribute(out, "type", ka_verdict_name(result->verdict));
	putc('>', out);
	ka_put_lines(out, head, KA_XML);
	fprintf(out, "</%s>\n", element);
	free(head);
	return 0;
}

/* As GitLab and the attachments plug-in of Jenkins take them. */
static void put_attachments(FILE *out, const char *kept)
{
	static const char *const files[] = { KA_KEPT_PACKETS, "timeline.tsv", "result.json" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		ka_print(out, "[[ATTACHMENT|%s/%s]]\n", kept, files[i]);
}

static int put_output(const struct ka_report *report, FILE *out, const struct ka_result *result)
{
	char *text = NULL;
	size_t len;
	FILE *story = open_memstream(&text, &len);

	if (!story)
		return -ENOMEM;
	if (result->verdict == KA_PASS) {
		ka_put_summary(story, result);
		putc('\n', story);
	} else {
		ka_put_story(story, report, result, "");
	}
	if (result->kept)
		put_attachments(story, result->kept);
	if (fclose(story)) {
		free(text);
		return -ENOMEM;
	}
	fputs("      <system-out>", out);
	ka_put_lines(out, text + strspn(text, " "), KA_XML);
	fputs("</system-out>\n", out);
	free(text);
	return 0;
}

/* JUnit has no other word for what is no failure and no pass. */
static void put_skipped(FILE *out, const char *what, const char *why)
{
	fprintf(out, "      <skipped message=\"%s", what);
	ka_put(out, why, KA_XML);
	fputs("\"/>\n", out);
}

static int put_testcase(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	int ret = 0;

	fputs("    <testcase", out);
	put_names(report, out, result);
	fputs(">\n", out);
	if (result->verdict == KA_SKIP)
		put_skipped(out, "", result->why);
	else if (result->verdict == KA_KNOWN)
		put_skipped(out, "known to fail: ", result->why);
	else if (result->verdict != KA_PASS)
		ret = put_failure(out, result);
	if (!ret && result->verdict != KA_SKIP)
		ret = put_output(report, out, result);
	fputs("    </testcase>\n", out);
	return ret;
}

/* ---- suites --------------------------------------------------------------------------------- */

/* Of several kernels, each has a suite of its own. */
static int junit_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	struct ka_pile *pile =
		&report->piles[ka_several_kernels(report) ? ka_kernel_of(report, result) : 0];

	(void)out;
	if (!pile->out) {
		pile->out = open_memstream(&pile->text, &pile->len);
		pile->kernel = ka_phrase(ka_put_kernel, result);
		if (!pile->out || !pile->kernel)
			return -ENOMEM;
	}
	pile->counts[result->verdict]++;
	return put_testcase(report, pile->out, result);
}

static void put_counts(FILE *out, const char *name, const unsigned counts[KA_VERDICTS],
		       double wall_s)
{
	unsigned n = 0;

	for (size_t i = 0; i < KA_VERDICTS; i++)
		n += counts[i];
	fprintf(out, " name=\"kacheck%s%s\"", *name ? "." : "", name);
	fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", n,
		counts[KA_FAIL], counts[KA_BROKEN], counts[KA_SKIP] + counts[KA_KNOWN]);
	fprintf(out, " time=\"%.3f\"", isfinite(wall_s) ? wall_s : 0);
}

static int put_suite(FILE *out, const char *name, struct ka_pile *pile, double wall_s)
{
	fputs("  <testsuite", out);
	put_counts(out, name, pile->counts, wall_s);
	fputs(">\n", out);
	if (pile->out) {
		if (fflush(pile->out))
			return -ENOMEM;
		fputs("    <properties>\n      <property name=\"kernel\"", out);
		put_attribute(out, "value", pile->kernel);
		fputs("/>\n    </properties>\n", out);
		fwrite(pile->text, pile->len, 1, out);
	}
	fputs("  </testsuite>\n", out);
	return 0;
}

static int junit_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	unsigned all[KA_VERDICTS] = { 0 };
	int ret = 0;

	for (size_t k = 0; k < KA_MAX_KERNELS; k++)
		for (size_t i = 0; i < KA_VERDICTS; i++)
			all[i] += report->piles[k].counts[i];
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
	put_counts(out, "", all, totals->wall_s);
	fputs(">\n", out);
	if (!ka_several_kernels(report))
		ret = put_suite(out, "", &report->piles[0], totals->wall_s);
	else
		for (size_t k = 0; !ret && k < report->kernels.n; k++)
			ret = put_suite(out, report->kernels.all[k].name, &report->piles[k],
					totals->kernel_s[k]);
	fputs("</testsuites>\n", out);
	return ret;
}

KA_WRITER(junit) = {
	.result = junit_result,
	.finish = junit_finish,
};
