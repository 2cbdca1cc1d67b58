/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KTAP version 1 (Documentation/dev-tools/ktap.rst), for kernel test systems. Diagnostics come
 * before the result that they belong to, as kselftest and KUnit print them; YAML is not wanted.
 */
#include "report/writer.h"

static int ktap_begin(struct ka_report *report, FILE *out)
{
	fputs("KTAP version 1\n", out);
	if (report->options.planned)
		fprintf(out, "1..%u\n", report->options.planned);
	return 0;
}

static const char *const directives[] = {
	[KA_SKIP] = "SKIP",
	[KA_BROKEN] = "ERROR",
	[KA_KNOWN] = "XFAIL",
};

static int ktap_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	bool ok = ka_result_is_fine(result);
	char name[KA_FULL_NAME_SIZE];

	if (!ok)
		ka_put_story(out, report, result, "# ");
	fprintf(out, "%s %u ", ok ? "ok" : "not ok", report->n);
	ka_put(out, ka_full_name(report, result, name, sizeof(name)), KA_TAP);
	if (directives[result->verdict])
		ka_print(out, " # %s %s", directives[result->verdict], result->why);
	putc('\n', out);
	return 0;
}

static int ktap_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	if (!report->options.planned)
		fprintf(out, "1..%u\n", report->n);
	else if (report->n != report->options.planned)
		fprintf(out, "# Planned tests != run tests (%u != %u)\n", report->options.planned,
			report->n);
	fprintf(out, "# Totals: pass:%u fail:%u xfail:%u xpass:%u skip:%u error:%u\n", totals->pass,
		totals->fail - totals->fail_passes, totals->known, totals->fail_passes,
		totals->skip, totals->broken);
	return 0;
}

KA_WRITER(ktap) = {
	.begin = ktap_begin,
	.result = ktap_result,
	.finish = ktap_finish,
};
