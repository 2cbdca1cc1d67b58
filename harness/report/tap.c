/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TAP version 13, flat: prove of Debian refuses version 14 and child streams say nothing more. A
 * skipped instance is "ok ... # SKIP": consumers count "not ok ... # SKIP" as a failure; of one that
 * is known to fail, "not ok ... # TODO" is none for them.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/writer.h"

static int tap_begin(struct ka_report *report, FILE *out)
{
	fputs("TAP version 13\n", out);
	if (report->options.planned)
		fprintf(out, "1..%u\n", report->options.planned);
	return 0;
}

static void put_key(FILE *out, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "  %s: \"", key);
	ka_put(out, text, KA_YAML);
	fputs("\"\n", out);
}

static int put_phrase(FILE *out, const char *key, const struct ka_result *result,
		      void (*put)(FILE *, const struct ka_result *))
{
	char *text = ka_phrase(put, result);

	if (!text)
		return -ENOMEM;
	put_key(out, key, text);
	free(text);
	return 0;
}

static int put_yaml(FILE *out, const struct ka_result *result)
{
	int ret = 0;

	fputs("  ---\n", out);
	put_key(out, "message", result->why);
	fprintf(out, "  severity: %s\n", result->verdict == KA_BROKEN ? "broken" : "fail");
	fprintf(out, "  duration_ms: %.3f\n", ka_result_took_s(result) * 1e3);
	put_key(out, "rule", result->rule);
	put_key(out, "declared", result->declared);
	put_key(out, "source", result->source);
	if (ka_has_observed(result))
		ret = put_phrase(out, "got", result, ka_put_observed);
	if (!ret && result->prediction)
		ret = put_phrase(out, "expect", result, ka_put_expected);
	put_key(out, "kept", result->kept);
	fputs("  ...\n", out);
	return ret;
}

static int tap_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	bool ok = ka_result_is_fine(result) && result->verdict != KA_KNOWN;
	char name[KA_FULL_NAME_SIZE];
	int ret;

	fprintf(out, "%s %u - ", ok ? "ok" : "not ok", report->n);
	ka_put(out, ka_full_name(report, result, name, sizeof(name)), KA_TAP);
	if (result->verdict == KA_SKIP)
		ka_print(out, " # SKIP %s", result->why);
	else if (result->verdict == KA_KNOWN)
		ka_print(out, " # TODO %s", result->why);
	putc('\n', out);
	if (ka_result_is_fine(result))
		return 0;
	ret = put_yaml(out, result);
	ka_put_timeline(out, result, "# ");
	ka_put_again(out, report, result, "# ");
	return ret;
}

/* A stream that stops short of its plan says so. Without a plan at its head, it comes last. */
static int tap_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	(void)totals;
	if (!report->options.planned)
		fprintf(out, "1..%u%s\n", report->n, report->n ? "" : " # SKIP nothing was run");
	else if (report->n < report->options.planned)
		fprintf(out, "Bail out! %u of %u planned instances did not run\n",
			report->options.planned - report->n, report->options.planned);
	return 0;
}

KA_WRITER(tap) = {
	.begin = tap_begin,
	.result = tap_result,
	.finish = tap_finish,
};
