/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See inquiry.h. */
#include "program/inquiry.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "result/result.h"

/* ---- what comes in ------------------------------------------------------------------------ */

int ka_inquiry_begin(struct ka_inquiry *q, const json_t *surveyed, struct nn_err *err)
{
	int ret = ka_attempts_new(&q->attempts, &q->spec, surveyed, q->facts.hz, err);

	for (size_t i = 0; i < q->spec.n_subjects; i++)
		ka_survey_read(&q->surveys[i], json_array_get(surveyed, i));
	if (ret < 0)
		return ret;
	q->predictions = calloc(q->attempts->n + 1, sizeof(*q->predictions));
	q->shown = calloc(q->attempts->n + 1, sizeof(*q->shown));
	return q->predictions && q->shown ? 0 : nn_fail(err, ENOMEM, "cannot keep the results");
}

void ka_inquiry_free(struct ka_inquiry *q)
{
	for (size_t i = 0; q->shown && q->attempts && i < q->attempts->n; i++)
		json_decref(q->shown[i].result);
	ka_attempts_free(q->attempts);
	free(q->predictions);
	free(q->shown);
	ka_program_spec_free(&q->spec);
	*q = (struct ka_inquiry){ .attempts = NULL };
}

void ka_inquiry_expect(struct ka_inquiry *q, size_t i, const struct ka_prediction *prediction,
		       bool planned)
{
	q->predictions[i] = *prediction;
	q->shown[i] = (struct ka_shown){ .planned = planned };
	if (planned)
		snprintf(q->shown[i].why, sizeof(q->shown[i].why), "no result has come");
}

static enum ka_program_verdict verdict_of(const char *name)
{
	for (unsigned i = 0; name && i <= KA_PROGRAM_DIED; i++) {
		const char *known = ka_program_verdict_name((enum ka_program_verdict)i);

		if (known && strcmp(known, name) == 0)
			return (enum ka_program_verdict)i;
	}
	return KA_PROGRAM_NOT_JUDGED;
}

/* All that is wrong is the program's doing. */
static bool is_of_program(const json_t *findings)
{
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		const char *class_ = json_string_value(json_object_get(finding, "class"));

		if (!class_ || strcmp(class_, "program") != 0)
			return false;
	}
	return json_array_size(findings) > 0;
}

static double time_of(const json_t *event)
{
	return json_number_value(json_object_get(event, "t"));
}

static bool is_kind(const json_t *event, const char *kind)
{
	const char *text = json_string_value(json_object_get(event, "kind"));

	return text && strcmp(text, kind) == 0;
}

static bool lets_go(const json_t *event)
{
	const json_t *holders = json_object_get(event, "holders");

	return is_kind(event, "hold") && json_is_integer(holders) && !json_integer_value(holders);
}

/* How long the attempt waited before it went on; NAN: it did not come so far with a connection. */
static double waited_s(const struct ka_attempt *a, const json_t *timeline)
{
	double began = NAN;

	for (size_t i = 0; i < json_array_size(timeline); i++) {
		const json_t *event = json_array_get(timeline, i);
		json_int_t step = json_integer_value(json_object_get(event, "step"));

		if (lets_go(event))
			return NAN;
		if (!is_kind(event, "step") || step < 0 || step >= (json_int_t)a->case_->n_steps)
			continue;
		if (a->steps[step].do_ == KA_WAIT)
			return time_of(event) - began;
		began = time_of(event);
	}
	return NAN;
}

static void take_return(struct ka_shown *out, const json_t *timeline)
{
	for (size_t i = 0; i < json_array_size(timeline); i++) {
		const json_t *event = json_array_get(timeline, i);
		const json_t *returns = json_object_get(event, "returns");

		if (!json_is_boolean(returns))
			continue;
		out->back =
			json_is_true(json_object_get(event, "ended")) ? KA_BACK_ENDED : KA_BACK_NO;
		out->back = json_is_true(returns) ? KA_BACK_YES : out->back;
		out->back_s = json_number_value(json_object_get(event, "after_s"));
	}
}

static void take_result(struct ka_shown *out, const struct ka_result *r)
{
	*out = (struct ka_shown){ .planned = true,
				  .there = true,
				  .verdict = r->verdict,
				  .of_program = is_of_program(r->findings),
				  .program = verdict_of(r->program_verdict),
				  .kernel_s = r->kernel_end_s,
				  .program_s = r->program_end_s,
				  .watched_s = r->alive_s,
				  .have_off = r->have_off,
				  .off_jiffies = r->off_jiffies };
	snprintf(out->why, sizeof(out->why), "%s", r->why ? r->why : "");
}

void ka_inquiry_take(struct ka_inquiry *q, size_t i, json_t *json)
{
	struct ka_shown *out = &q->shown[i];
	struct nn_err err = { "" };
	struct ka_result result;

	json_decref(out->result); /* of an earlier try */
	if (ka_result_decode(&result, json, &err) < 0) {
		*out = (struct ka_shown){ .planned = true };
		snprintf(out->why, sizeof(out->why), "its result cannot be read: %.300s", err.text);
		return;
	}
	take_result(out, &result);
	take_return(out, result.timeline);
	out->waited_s = waited_s(&q->attempts->list[i], result.timeline);
	out->result = json_incref(result.json);
	ka_result_clear(&result);
}

size_t ka_inquiry_find(const struct ka_inquiry *q, size_t subject, enum ka_scenario_number scenario,
		       size_t passage)
{
	for (size_t i = 0; q->attempts && i < q->attempts->n; i++) {
		const struct ka_attempt *a = &q->attempts->list[i];

		if (a->subject == subject && a->scenario == scenario &&
		    (scenario != KA_SCENARIO_GATEWAY || a->passage == passage))
			return i;
	}
	return SIZE_MAX;
}

/* ---- how one ends ------------------------------------------------------------------------- */

static void put_window(struct ka_ending *e, const struct ka_prediction *p, int hz)
{
	bool ends = p->when != KA_NEVER && hz > 0;

	e->window_s[0] = ends ? (double)p->lo_j / hz : NAN;
	e->window_s[1] = ends ? (double)p->hi_j / hz : NAN;
}

static enum ka_ending_kind kind_of(const struct ka_shown *s)
{
	static const enum ka_ending_kind kinds[] = {
		[KA_PROGRAM_NOT_JUDGED] = KA_ENDING_BROKEN, [KA_PROGRAM_LIVES] = KA_ENDING_LIVES,
		[KA_PROGRAM_NOTICES] = KA_ENDING_NOTICED,   [KA_PROGRAM_LATE] = KA_ENDING_NOTICED,
		[KA_PROGRAM_CLOSED] = KA_ENDING_CLOSED,     [KA_PROGRAM_NEVER] = KA_ENDING_HELD,
		[KA_PROGRAM_DIED] = KA_ENDING_DIED,
	};

	if (s->verdict == KA_BROKEN || s->verdict == KA_SKIP)
		return s->verdict == KA_SKIP ? KA_ENDING_UNKNOWN : KA_ENDING_BROKEN;
	return kinds[s->program];
}

/* Of one that did not run: what the options say. */
static void compute(struct ka_ending *e, const struct ka_shown *s)
{
	e->kind = isnan(e->window_s[0]) ? KA_ENDING_LIVES : KA_ENDING_COMPUTED;
	if (!s->planned)
		return;
	e->kind = KA_ENDING_BROKEN;
	e->why = s->why;
}

/* It was idle for as long as was asked for, and closed only when it was used again. */
static void forgive_the_end(struct ka_ending *e, const struct ka_shown *s)
{
	if (e->kind != KA_ENDING_CLOSED || isnan(s->waited_s))
		return;
	e->kind = KA_ENDING_LIVES;
	e->watched_s = s->waited_s;
	e->why = "the program closes it as soon as it was used again";
}

struct ka_ending ka_inquiry_ending(const struct ka_inquiry *q, size_t i)
{
	struct ka_ending e = { .kernel_s = NAN,
			       .program_s = NAN,
			       .watched_s = NAN,
			       .window_s = { NAN, NAN },
			       .why = "it was not tried" };
	const struct ka_shown *s;

	if (!q->attempts || i >= q->attempts->n)
		return e;
	s = &q->shown[i];
	e.why = NULL;
	put_window(&e, &q->predictions[i], q->facts.hz);
	if (!s->there) {
		compute(&e, s);
		return e;
	}
	e.kind = kind_of(s);
	e.failed = s->verdict == KA_FAIL;
	e.kernel_s = s->kernel_s;
	e.program_s = s->program_s;
	e.watched_s = s->watched_s;
	e.have_off = s->have_off;
	e.off_jiffies = s->off_jiffies;
	e.back = s->back;
	e.back_s = s->back_s;
	if (*s->why)
		e.why = s->why;
	if (q->attempts->list[i].scenario == KA_SCENARIO_HEALTHY)
		forgive_the_end(&e, s);
	return e;
}

struct ka_ending ka_inquiry_scenario(const struct ka_inquiry *q, size_t subject,
				     enum ka_scenario_number scenario)
{
	size_t i = ka_inquiry_find(q, subject, scenario, 0);
	struct ka_ending e = ka_inquiry_ending(q, i);
	const struct ka_survey *survey = &q->surveys[subject];
	const char *missing;

	if (i != SIZE_MAX)
		return e;
	missing = ka_attempt_missing(&q->spec.subjects[subject], survey, scenario);
	if (missing)
		e.why = missing;
	if (!ka_survey_tells(survey))
		e.why = *survey->why ? survey->why : "the options could not be read";
	return e;
}

bool ka_ending_measured(const struct ka_ending *e)
{
	return e->kind == KA_ENDING_NOTICED || e->kind == KA_ENDING_CLOSED ||
	       e->kind == KA_ENDING_HELD || e->kind == KA_ENDING_DIED ||
	       (e->kind == KA_ENDING_LIVES && !isnan(e->watched_s));
}

double ka_ending_worst_s(const struct ka_ending *e)
{
	double lag = isnan(e->program_s - e->kernel_s) ? 0 : e->program_s - e->kernel_s;

	switch (e->kind) {
	case KA_ENDING_LIVES:
	case KA_ENDING_HELD:
	case KA_ENDING_DIED:
		return INFINITY;
	case KA_ENDING_CLOSED:
		return e->program_s;
	case KA_ENDING_NOTICED:
		return isnan(e->window_s[1]) ? e->program_s
					     : fmax(e->program_s, e->window_s[1] + fmax(lag, 0));
	case KA_ENDING_COMPUTED:
		return e->window_s[1];
	case KA_ENDING_UNKNOWN:
	case KA_ENDING_BROKEN:
		break;
	}
	return NAN;
}
