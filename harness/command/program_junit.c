/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of programs, as JUnit XML: a suite for each, in it its demands and its experiments. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command/program.h"
#include "model/escape.h"

struct counts {
	unsigned tests, failures, errors, skipped;
	double seconds; /* of the experiments' own clocks */
};

/* @element: how it ended, with what it says; NULL: it is passed. */
static void put_case(FILE *out, struct counts *counts, const char *suite, const char *name,
		     double seconds, const char *element, const char *message)
{
	counts->tests++;
	counts->seconds += seconds;
	fputs("    <testcase classname=\"kacheck.program.", out);
	ka_put(out, suite, KA_XML);
	fputs("\" name=\"", out);
	ka_put(out, name, KA_XML);
	fprintf(out, "\" time=\"%.3f\"", seconds);
	if (!element) {
		fputs("/>\n", out);
		return;
	}
	fprintf(out, ">\n      <%s message=\"", element);
	ka_put(out, *message ? message : "nothing is known of it", KA_XML);
	if (strcmp(element, "skipped") != 0)
		fprintf(out, "\" type=\"%s", strcmp(element, "error") == 0 ? "broken" : "fail");
	fputs("\"/>\n    </testcase>\n", out);
}

/* "failure", "error", "skipped", counted; NULL: none of them. */
static const char *count(struct counts *counts, bool failure, bool error, bool skipped)
{
	counts->failures += failure;
	counts->errors += error;
	counts->skipped += skipped;
	return failure ? "failure" : error ? "error" : skipped ? "skipped" : NULL;
}

static void put_survey(FILE *out, struct counts *counts, const struct ka_inquiry *q, size_t subject,
		       const char *suite)
{
	const struct ka_survey *s = &q->surveys[subject];
	bool tells = ka_survey_tells(s), skipped = s->there && s->verdict == KA_SKIP;

	put_case(out, counts, suite, "survey", 0,
		 count(counts, false, !tells && !skipped, !tells && skipped), s->why);
}

static void put_demands(FILE *out, struct counts *counts, const struct ka_inquiry *q,
			size_t subject, const char *suite)
{
	struct ka_replies replies;

	ka_replies_make(&replies, q, subject);
	for (size_t i = 0; i < replies.n; i++) {
		const struct ka_demand_reply *r = &replies.list[i];

		put_case(out, counts, suite, r->text, 0,
			 count(counts, r->kind == KA_REPLY_NO, r->kind == KA_REPLY_BROKEN,
			       r->kind == KA_REPLY_UNKNOWN),
			 r->why);
	}
}

static void put_attempts(FILE *out, struct counts *counts, const struct ka_inquiry *q,
			 size_t subject, const char *suite)
{
	for (size_t i = 0; q->attempts && i < q->attempts->n; i++) {
		const struct ka_shown *s = &q->shown[i];
		bool broken = s->planned && (!s->there || s->verdict == KA_BROKEN);
		bool skipped = !s->planned || (s->there && s->verdict == KA_SKIP);

		if (q->attempts->list[i].subject == subject)
			put_case(out, counts, suite, q->attempts->list[i].name,
				 s->there && !isnan(s->watched_s) ? s->watched_s : 0,
				 count(counts, ka_inquiry_fails(q, i), broken, skipped),
				 s->planned ? s->why
					    : "only computed: it takes longer than --budget, or "
					      "--filter leaves it out");
	}
}

static int put_suite(FILE *out, struct counts *all, const struct ka_inquiry *q, size_t subject)
{
	struct counts counts = { 0 };
	char *cases = NULL, name[100];
	size_t size;
	FILE *body = open_memstream(&cases, &size);

	if (!body)
		return -ENOMEM;
	ka_subject_name(&q->spec.subjects[subject], name, sizeof(name));
	put_survey(body, &counts, q, subject, name);
	put_demands(body, &counts, q, subject, name);
	put_attempts(body, &counts, q, subject, name);
	if (fclose(body) != 0 || !cases) {
		free(cases);
		return -ENOMEM;
	}
	fputs("  <testsuite name=\"", out);
	ka_put(out, name, KA_XML);
	fprintf(out,
		"\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n%s  "
		"</testsuite>\n",
		counts.tests, counts.failures, counts.errors, counts.skipped, counts.seconds,
		cases);
	free(cases);
	all->tests += counts.tests;
	all->failures += counts.failures;
	all->errors += counts.errors;
	all->skipped += counts.skipped;
	all->seconds += counts.seconds;
	return 0;
}

int ka_program_put_junit(const struct ka_inquiry *q, FILE *out)
{
	struct counts all = { 0 };
	char *suites = NULL;
	size_t size;
	FILE *body = open_memstream(&suites, &size);
	int ret = body ? 0 : -ENOMEM;

	for (size_t i = 0; i < q->spec.n_subjects && ret == 0; i++)
		ret = put_suite(body, &all, q, i);
	if (body && fclose(body) != 0)
		ret = -ENOMEM;
	if (ret == 0)
		fprintf(out,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites name=\"kacheck program\" tests=\"%u\" failures=\"%u\" "
			"errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n%s</testsuites>\n",
			all.tests, all.failures, all.errors, all.skipped, all.seconds, suites);
	free(suites);
	return ret;
}
