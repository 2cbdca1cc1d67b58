/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For people: one line an instance, under the headline of its theme; what failed is told in full
 * at the end, where it is looked for. Every verdict is a word at the beginning of its line, so
 * grep finds it; colour only repeats the word.
 */
#include <math.h>
#include <string.h>

#include "report/writer.h"

#define USUAL_NAME_WIDTH 40

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

static const struct {
	const char *word, *color;
} verdicts[] = {
	[KA_PASS] = { "PASS", GREEN },    [KA_FAIL] = { "FAIL", RED },
	[KA_SKIP] = { "SKIP", YELLOW },   [KA_BROKEN] = { "BROKEN", RED },
	[KA_KNOWN] = { "KNOWN", YELLOW },
};

static void put_verdict(const struct ka_report *report, FILE *out, enum ka_verdict_kind kind)
{
	const char *word = verdicts[kind].word;

	if (report->options.color)
		fprintf(out, "%s%s%s", verdicts[kind].color, word, PLAIN);
	else
		fputs(word, out);
	fprintf(out, "%*s ", (int)(strlen("BROKEN") - strlen(word)), "");
}

static bool same_kernel(const struct ka_result *a, const struct ka_result *b)
{
	return a->json && !strcmp(a->release, b->release) && !strcmp(a->where, b->where) &&
	       !strcmp(a->clock, b->clock) && a->hz == b->hz;
}

/* Lines that hold for all that follow, until another one says otherwise. */
static void put_headlines(const struct ka_report *report, FILE *out, const struct ka_result *result)
{
	const struct ka_result *last = &report->last;
	bool same = same_kernel(last, result);

	if (!same) {
		fprintf(out, "%skernel ", last->json ? "\n" : "");
		ka_put_kernel(out, result);
		putc('\n', out);
	}
	if (same && !strcmp(last->theme, result->theme))
		return;
	putc('\n', out);
	ka_print(out, "%s%s%s\n", result->theme, result->title ? ": " : "",
		 result->title ? result->title : "");
}

/* --verbose: what a pass rests on. */
static void put_details(FILE *out, const struct ka_result *result)
{
	const char *name;
	json_t *value;
	size_t i;

	fprintf(out, "       took %.3f s", ka_result_took_s(result));
	if (isfinite(result->notice_s) && !result->program)
		fprintf(out, ", application woke at %.3f s", result->notice_s);
	if (result->events)
		ka_print(out, ", epoll %s", result->events);
	json_array_foreach(result->gaps, i, value)
		fprintf(out, "%s%.3f", i ? " " : ", gaps ", json_number_value(value));
	json_object_foreach(result->counters, name, value)
	{
		ka_print(out, ", %s %+lld", name, (long long)json_integer_value(value));
	}
	putc('\n', out);
	if (result->rule)
		ka_print(out, "       since %s (%s)\n", result->rule,
			 result->source ? result->source : "no source");
}

static int text_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	unsigned width = report->options.name_width;
	char name[KA_NAME_SIZE];

	put_headlines(report, out, result);
	put_verdict(report, out, result->verdict);
	ka_print(out, "%-*s  ", (int)(width ? width : USUAL_NAME_WIDTH),
		 ka_result_name(result, name, sizeof(name)));
	if (result->verdict == KA_PASS)
		ka_put_summary(out, result);
	else
		ka_print(out, "   %s", result->why);
	putc('\n', out);
	if (result->verdict == KA_PASS && report->options.verbose)
		put_details(out, result);
	return 0;
}

static bool text_holds(const struct ka_result *result)
{
	return !ka_result_is_fine(result);
}

static void put_stories(struct ka_report *report, FILE *out)
{
	for (size_t i = 0; i < report->n_held; i++) {
		const struct ka_result *result = &report->held[i];
		char name[KA_FULL_NAME_SIZE];

		putc('\n', out);
		put_verdict(report, out, result->verdict);
		ka_print(out, "%s\n", ka_full_name(report, result, name, sizeof(name)));
		ka_put_story(out, report, result, "  ");
	}
}

static void put_names(struct ka_report *report, FILE *out, enum ka_verdict_kind kind,
		      const char *headline)
{
	char name[KA_FULL_NAME_SIZE];
	bool any = false;

	for (size_t i = 0; i < report->n_held; i++) {
		if (report->held[i].verdict != kind)
			continue;
		if (!any)
			fprintf(out, "%s:\n", headline);
		any = true;
		ka_print(out, "  %s\n", ka_full_name(report, &report->held[i], name, sizeof(name)));
	}
}

/* The letters' legend has the names by which folders and other formats call the kernels. */
static int put_matrix(struct ka_report *report, FILE *out)
{
	const struct ka_kernels *kernels = &report->kernels;

	putc('\n', out);
	for (size_t k = 0; k < kernels->n; k++)
		ka_print(out, "%s  %s  %s\n", ka_kernel_letter(k), kernels->all[k].name,
			 kernels->all[k].key);
	return ka_matrix_put(out, &report->matrix, kernels->n, !report->options.quiet);
}

/* Of what passed nothing else says where it is: how to look at one. */
static void put_kept(const struct ka_report *report, FILE *out)
{
	const struct ka_result *last = &report->last;

	if (last->json && last->verdict == KA_PASS && !report->options.quiet)
		ka_put_packets(out, "", last->kept);
}

static int text_finish(struct ka_report *report, FILE *out, const struct ka_totals *totals)
{
	int ret = 0;

	put_stories(report, out);
	if (ka_several_kernels(report))
		ret = put_matrix(report, out);
	putc('\n', out);
	ka_put_counts(out, totals, "");
	if (totals->fail_program)
		fprintf(out, ", %u of the failures by a program, not by the kernel",
			totals->fail_program);
	if (totals->again)
		fprintf(out, ", %u run again", totals->again);
	if (isfinite(totals->wall_s))
		fprintf(out, " in %.1f s", totals->wall_s);
	putc('\n', out);
	if (totals->late_s > 0 && !report->options.quiet)
		fprintf(out,
			"the host woke its timers up to %.1f ms late, 99 of 100 within %.1f ms\n",
			totals->late_s * 1e3, totals->late_99_s * 1e3);
	put_kept(report, out);
	put_names(report, out, KA_FAIL, "failed");
	put_names(report, out, KA_BROKEN, "broken");
	if (report->n < report->options.planned)
		fprintf(out, "%u of %u planned instances did not run\n",
			report->options.planned - report->n, report->options.planned);
	return ret;
}

KA_WRITER(text) = {
	.result = text_result,
	.finish = text_finish,
	.holds = text_holds,
	.compares = true,
};
