/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See rollout.h. */
#include "rollout/rollout.h"
#include "model/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"

/* ---- what is to be tried ------------------------------------------------------------------ */

static size_t add_gateway(struct ka_spec *spec, struct ka_spec_gateway gateway)
{
	for (size_t i = 0; i < spec->n_gateways; i++)
		if (spec->gateways[i].timeout_s == gateway.timeout_s &&
		    spec->gateways[i].unknown == gateway.unknown &&
		    spec->gateways[i].half_closed == gateway.half_closed)
			return i;
	spec->gateways[spec->n_gateways] = gateway;
	return spec->n_gateways++;
}

static void add_write(struct ka_spec *spec, enum ka_knob knob, const char *text)
{
	struct ka_spec_write *write = &spec->writes[spec->n_writes++];

	*write = (struct ka_spec_write){ .knob = knob };
	for (size_t i = 0; i + 1 < sizeof(write->text) && text[i] >= ' ' && text[i] < 127; i++)
		write->text[i] = text[i];
}

/* Once for each knob, as the deciding line has it; without lines, all that changes. */
static void plan_writes(struct ka_rollout *r)
{
	for (int i = 0; i < KA_KNOBS; i++) {
		const struct ka_sysctl_line *line =
			r->set ? ka_sysctl_value(r->set, ka_knob_infos[i].key) : NULL;
		char text[24];

		if (line)
			add_write(&r->spec, (enum ka_knob)i, line->value);
		if (r->set || r->spec.before.value[i] == r->spec.after.value[i])
			continue;
		snprintf(text, sizeof(text), "%" PRId64, r->spec.after.value[i]);
		add_write(&r->spec, (enum ka_knob)i, text);
	}
}

void ka_rollout_plan(struct ka_rollout *r)
{
	const struct ka_gateway *shortest = ka_gateway_shortest();
	struct ka_answer answer;

	plan_writes(r);
	ka_questions_own(&r->questions, &r->spec.after);
	for (size_t i = 0; i < r->questions.n; i++) {
		const struct ka_question *question = &r->questions.list[i];

		r->gateway_of[i] = SIZE_MAX;
		if (question->kind == KA_ASK_SURVIVE && !question->timer)
			r->gateway_of[i] = add_gateway(
				&r->spec, (struct ka_spec_gateway){ (unsigned)question->limit_s,
								    question->unknown,
								    question->half_closed });
	}
	/* HZ is not known yet; it moves the answer by some seconds, and a proof too many is none */
	ka_answer_predict(&answer, &r->spec.after, 1000);
	r->shortest = SIZE_MAX;
	if (!ka_answer_keeps(&answer, shortest->timeout_s))
		r->shortest =
			add_gateway(&r->spec, (struct ka_spec_gateway){ shortest->timeout_s,
									shortest->unknown, false });
}

int ka_rollout_predict(struct ka_rollout *r, struct nn_err *err)
{
	const struct ka_knobs initial = ka_knobs_initial();

	ka_knobs_keep(&r->spec.before, &initial, r->facts.hz, r->facts.release);
	ka_knobs_keep(&r->spec.after, &r->spec.before, r->facts.hz, r->facts.release);
	ka_answer_predict(&r->before, &r->spec.before, r->facts.hz);
	ka_answer_predict(&r->after, &r->spec.after, r->facts.hz);
	r->n_findings = ka_sanity_check(r->findings, &r->spec.after, &r->after);
	return ka_trials_new(&r->trials, &r->spec, r->facts.hz, r->facts.release, err);
}

void ka_rollout_free(struct ka_rollout *r)
{
	for (size_t i = 0; i < KA_N(r->measured); i++) {
		json_decref(r->measured[i].result);
		r->measured[i].result = NULL;
	}
	free(r->trials);
	r->trials = NULL;
}

/* ---- one experiment ------------------------------------------------------------------------ */

static bool is(const json_t *event, const char *field, const char *value)
{
	const char *text = json_string_value(json_object_get(event, field));

	return text && strcmp(text, value) == 0;
}

static bool is_answered(const json_t *event)
{
	return is(event, "kind", "packet") && is(event, "at", "client") &&
	       json_is_true(json_object_get(event, "answered"));
}

static void take_periods(struct ka_measured *out, const json_t *timeline)
{
	double last = NAN;

	out->period_s[0] = out->period_s[1] = NAN;
	for (size_t i = 0; i < json_array_size(timeline); i++) {
		const json_t *event = json_array_get(timeline, i);
		double t;

		if (!is_answered(event))
			continue;
		t = json_number_value(json_object_get(event, "t"));
		out->period_s[0] = fmin(out->period_s[0], t - last);
		out->period_s[1] = fmax(out->period_s[1], t - last);
		last = t;
	}
}

/* The first call of a step that the kernel refused, and was not to refuse. */
static void take_refusal(struct ka_measured *out, const json_t *timeline)
{
	for (size_t i = 0; i < json_array_size(timeline) && !*out->refusal; i++) {
		const json_t *event = json_array_get(timeline, i);
		const char *error = json_string_value(json_object_get(event, "errno"));

		if (is(event, "kind", "check") && error &&
		    json_is_false(json_object_get(event, "holds")))
			snprintf(out->refusal, sizeof(out->refusal), "%s", error);
	}
}

static void take_result(struct ka_measured *out, const struct ka_result *result)
{
	*out = (struct ka_measured){ .there = true,
				     .planned = true,
				     .verdict = result->verdict,
				     .detect_s = result->detect_s,
				     .probes = result->probes,
				     .answered = result->answered,
				     .have_off = result->have_off,
				     .off_jiffies = result->off_jiffies };
	snprintf(out->why, sizeof(out->why), "%s", result->why ? result->why : "");
	take_periods(out, result->timeline);
	take_refusal(out, result->timeline);
}

const char *ka_measured_word(const struct ka_measured *m)
{
	return m->there ? ka_verdict_name(m->verdict) : "no result";
}

void ka_rollout_expect(struct ka_rollout *r, size_t i)
{
	r->measured[i] = (struct ka_measured){ .planned = true, .why = "no result has come" };
}

void ka_rollout_take(struct ka_rollout *r, size_t i, json_t *json)
{
	struct nn_err err = { "" };
	struct ka_result result;

	json_decref(r->measured[i].result); /* of an earlier try */
	r->measured[i].result = NULL;
	if (ka_result_decode(&result, json, &err) < 0) {
		ka_rollout_expect(r, i);
		snprintf(r->measured[i].why, sizeof(r->measured[i].why),
			 "its result cannot be read: %.*s", KA_CUT(err.text, 260));
		return;
	}
	take_result(&r->measured[i], &result);
	r->measured[i].result = json_incref(result.json);
	ka_result_clear(&result);
}

/* ---- what was seen ------------------------------------------------------------------------ */

const struct ka_measured *ka_rollout_trial(const struct ka_rollout *r, enum ka_trial_kind kind,
					   size_t index, const struct ka_trial **trial)
{
	for (size_t i = 0; r->trials && i < r->trials->n; i++)
		if (r->trials->trials[i].kind == kind && r->trials->trials[i].index == index) {
			*trial = &r->trials->trials[i];
			return &r->measured[i];
		}
	*trial = NULL;
	return NULL;
}

const struct ka_measured *ka_rollout_measured(const struct ka_rollout *r, enum ka_trial_kind kind,
					      size_t index)
{
	const struct ka_trial *trial;
	const struct ka_measured *m = ka_rollout_trial(r, kind, index, &trial);

	return m && m->there ? m : NULL;
}

const struct ka_measured *ka_rollout_proof(const struct ka_rollout *r,
					   const struct ka_warning *finding)
{
	switch (finding->proof) {
	case KA_SHOWN_BY_DEAD:
		return ka_rollout_measured(r, KA_TRIAL_DEAD_AFTER, 0);
	case KA_SHOWN_BY_ALIVE:
		return ka_rollout_measured(r, KA_TRIAL_ALIVE_AFTER, 0);
	case KA_SHOWN_BY_ONE_LOST:
		return ka_rollout_measured(r, KA_TRIAL_ONE_LOST, 0);
	case KA_SHOWN_BY_GATEWAY:
		return ka_rollout_measured(r, KA_TRIAL_GATEWAY, r->shortest);
	case KA_SHOWN_BY_OPTION:
		return ka_rollout_measured(r, KA_TRIAL_OPTION, 0);
	case KA_SHOWN_BY_UNACKED:
		return ka_rollout_measured(r, KA_TRIAL_UNACKED_AFTER, 0);
	case KA_SHOWN_BY_NONE:
		break;
	}
	return NULL;
}

/* The keeping of this gateway depends on the phase of the timer. */
static bool is_luck(const struct ka_rollout *r, const struct ka_trial *trial)
{
	double timeout_s = r->spec.gateways[trial->index].timeout_s;

	return trial->kind == KA_TRIAL_GATEWAY && trial->must_keep &&
	       !ka_answer_keeps(&r->after, timeout_s);
}

enum ka_outcome ka_rollout_outcome(const struct ka_rollout *r, size_t i)
{
	const struct ka_measured *m = &r->measured[i];
	const struct ka_trial *trial = &r->trials->trials[i];

	if (!m->there)
		return m->planned ? KA_OUTCOME_LOST : KA_OUTCOME_NOT_RUN;
	switch (m->verdict) {
	case KA_BROKEN:
		return KA_OUTCOME_BROKEN;
	case KA_SKIP:
		return KA_OUTCOME_SKIPPED;
	case KA_PASS:
		return KA_OUTCOME_HELD;
	case KA_FAIL:
	case KA_KNOWN:
	case KA_VERDICTS:
		break;
	}
	return is_luck(r, trial) ? KA_OUTCOME_HELD : KA_OUTCOME_DIFFERS;
}

struct ka_tally ka_rollout_tally(const struct ka_rollout *r)
{
	struct ka_tally tally = { 0 };
	unsigned *const counts[] = { &tally.held, &tally.differ,  &tally.broken,
				     &tally.lost, &tally.skipped, &tally.unplanned };

	for (size_t i = 0; r->trials && i < r->trials->n; i++, tally.trials++)
		++*counts[ka_rollout_outcome(r, i)];
	return tally;
}

/* True when a value of the file is refused by the kernel, as computed or not. What it has no sysctl for
 * is for other kernels. */
static bool is_refused(const struct ka_rollout *r)
{
	for (size_t i = 0; i < r->spec.n_writes; i++) {
		const struct ka_trial *trial;
		const struct ka_measured *m = ka_rollout_trial(r, KA_TRIAL_WRITE, i, &trial);

		if (trial &&
		    ((trial->refused && ka_knob_exists(r->spec.writes[i].knob, r->facts.release)) ||
		     (m->there && m->verdict == KA_FAIL)))
			return true;
	}
	return false;
}

bool ka_rollout_silent(const struct ka_rollout *r)
{
	struct ka_tally t = ka_rollout_tally(r);

	return t.held + t.differ == 0 && t.skipped + t.broken + t.lost > 0;
}

enum ka_rollout_end ka_rollout_end(const struct ka_rollout *r)
{
	struct ka_tally tally = ka_rollout_tally(r);
	bool mute = tally.broken + tally.lost > 0;

	if (ka_rollout_silent(r))
		return mute ? KA_ROLLOUT_BROKEN : KA_ROLLOUT_NOTHING;
	for (size_t i = 0; i < r->questions.n; i++)
		if (!ka_rollout_reply(r, i).yes)
			return KA_ROLLOUT_BAD;
	if (tally.differ || is_refused(r))
		return KA_ROLLOUT_BAD;
	return mute ? KA_ROLLOUT_BROKEN : KA_ROLLOUT_GOOD;
}

/* ---- replies ------------------------------------------------------------------------------ */

static void __attribute__((format(printf, 2, 3)))
add_why(struct ka_reply *reply, const char *fmt, ...)
{
	size_t used = strlen(reply->why);
	va_list args;

	va_start(args, fmt);
	vsnprintf(reply->why + used, sizeof(reply->why) - used, fmt, args);
	va_end(args);
}

/* A result that says that the kernel does otherwise outweighs all arithmetic. */
static bool contradicts(struct ka_reply *reply, const struct ka_measured *m)
{
	if (m->verdict != KA_FAIL)
		return false;
	reply->yes = false;
	reply->measured = true;
	add_why(reply, "; but this kernel does otherwise: %.*s", KA_CUT(m->why, 200));
	return true;
}

static void reply_detect(const struct ka_rollout *r, enum ka_trial_kind kind,
			 const struct ka_question *question, struct ka_reply *reply)
{
	const struct ka_measured *m = ka_rollout_measured(r, kind, 0);

	if (!m || contradicts(reply, m) || m->verdict != KA_PASS)
		return;
	reply->measured = true;
	if (isnan(m->detect_s))
		return;
	reply->yes = reply->yes && m->detect_s <= question->limit_s;
	add_why(reply, "; measured %.1f s", m->detect_s);
}

/* What was seen over IPv6 can only take a yes away. */
static void reply_ipv6(const struct ka_rollout *r, enum ka_trial_kind kind,
		       const struct ka_question *question, struct ka_reply *reply)
{
	const struct ka_measured *m = ka_rollout_measured(r, kind, 0);

	if (!m || contradicts(reply, m) || m->verdict != KA_PASS || isnan(m->detect_s))
		return;
	reply->yes = reply->yes && m->detect_s <= question->limit_s;
	add_why(reply, ", over IPv6 %.1f s", m->detect_s);
}

static void reply_survive(const struct ka_rollout *r, size_t gateway, struct ka_reply *reply)
{
	unsigned tried = 0, lived = 0;
	const struct ka_measured *odd = NULL;

	for (size_t i = 0; i < r->trials->n; i++) {
		const struct ka_trial *trial = &r->trials->trials[i];
		const struct ka_measured *m = &r->measured[i];

		if (trial->kind != KA_TRIAL_GATEWAY || trial->index != gateway || !m->there ||
		    (m->verdict != KA_PASS && m->verdict != KA_FAIL))
			continue;
		tried++;
		lived += trial->must_keep && m->verdict == KA_PASS;
		if (m->verdict == KA_FAIL && !is_luck(r, trial))
			odd = m;
	}
	reply->measured = tried > 0;
	if (odd)
		contradicts(reply, odd);
	else if (tried)
		add_why(reply, "; tried %u time%s, it lived %u time%s", tried,
			tried == 1 ? "" : "s", lived, lived == 1 ? "" : "s");
	reply->yes = reply->yes && lived == tried;
}

static void reply_rate(const struct ka_rollout *r, const struct ka_question *question,
		       struct ka_reply *reply)
{
	const struct ka_measured *m = ka_rollout_measured(r, KA_TRIAL_ALIVE_AFTER, 0);
	double rate;

	if (!m || contradicts(reply, m) || m->verdict != KA_PASS)
		return;
	reply->measured = true;
	if (isnan(m->period_s[0]))
		return;
	rate = (double)question->connections / m->period_s[0];
	reply->yes = reply->yes && rate <= question->rate;
	add_why(reply, "; measured: a probe each %.2f s, %.4g a second together", m->period_s[0],
		rate);
}

struct ka_rates ka_rollout_rates(const struct ka_rollout *r)
{
	if (r->hz == KA_HZ_ALL)
		return ka_rates_usual(r->facts.hz);
	return (struct ka_rates){ .hz = { r->hz ? r->hz : r->facts.hz }, .n = 1 };
}

/* The answer that is not only given for one HZ: what it would be at others is always said, and counts
 * if they are asked about. */
static void reply_elsewhere(const struct ka_rollout *r, size_t i, int here, struct ka_reply *reply)
{
	const struct ka_rates usual = ka_rates_usual(here);
	struct ka_at_hz base = { .hz = here }, others[KA_N(usual.hz)];
	const struct ka_spec *spec = &r->spec;
	char text[300];
	size_t n = 0;

	for (size_t k = 0; k < usual.n; k++) {
		struct ka_at_hz at = ka_rates_ask(&r->questions.list[i], &spec->after,
						  &spec->before, r->facts.release, usual.hz[k]);

		if (at.hz == here)
			base = at;
		else
			others[n++] = at;
	}
	base.yes = reply->yes; /* it may have been measured */
	for (size_t k = 0; k < n && r->hz == KA_HZ_ALL; k++)
		reply->yes = reply->yes && others[k].yes;
	add_why(reply, "%s", ka_rates_text(&base, others, n, text, sizeof(text)));
}

/* What was measured of it, on a kernel with the HZ that it is about. */
static void reply_measured(const struct ka_rollout *r, size_t i, struct ka_reply *reply);

struct ka_reply ka_rollout_reply(const struct ka_rollout *r, size_t i)
{
	const struct ka_question *question = &r->questions.list[i];
	int here = r->hz > 0 ? r->hz : r->facts.hz;
	struct ka_answer answer = r->after;
	struct ka_knobs knobs = r->spec.after;
	struct ka_reply reply;

	if (here != r->facts.hz) {
		ka_knobs_keep(&knobs, &r->spec.before, here, r->facts.release);
		ka_answer_predict(&answer, &knobs, here);
	}
	reply = (struct ka_reply){ .yes = ka_question_holds(question, &answer) };
	ka_question_reason(question, &answer, reply.why, sizeof(reply.why));
	if (r->trials && here == r->facts.hz)
		reply_measured(r, i, &reply);
	reply_elsewhere(r, i, here, &reply);
	return reply;
}

static void reply_measured(const struct ka_rollout *r, size_t i, struct ka_reply *reply)
{
	const struct ka_question *question = &r->questions.list[i];

	switch (question->kind) {
	case KA_ASK_DETECT:
		reply_detect(r, KA_TRIAL_DEAD_AFTER, question, reply);
		reply_ipv6(r, KA_TRIAL_DEAD_V6, question, reply);
		break;
	case KA_ASK_BUSY:
		reply_detect(r, KA_TRIAL_UNACKED_AFTER, question, reply);
		reply_ipv6(r, KA_TRIAL_UNACKED_V6, question, reply);
		break;
	case KA_ASK_SURVIVE:
		reply_survive(r, r->gateway_of[i], reply);
		break;
	case KA_ASK_RATE:
		reply_rate(r, question, reply);
		break;
	}
}
