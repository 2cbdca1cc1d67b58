/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rollout for programs: one object, version 1. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "command/sysctl.h"
#include "model/util.h"
#include "result/encode.h"
#include "rollout/suggest.h"

static json_t *window(const double values[2])
{
	return isnan(values[0]) ? json_null()
				: json_pack("[o, o]", ka_json_seconds(values[0]),
					    ka_json_seconds(values[1]));
}

static json_t *values_json(const struct ka_rollout *r)
{
	json_t *all = json_object();
	char name[80], origin[300], written[300];

	for (int i = 0; i < KA_KNOBS; i++) {
		enum ka_knob knob = (enum ka_knob)i;
		json_t *value = json_pack(
			"{s:I, s:I, s:o, s:o}", "before", (json_int_t)r->spec.before.value[i],
			"after", (json_int_t)r->spec.after.value[i], "from",
			ka_json_text(ka_sysctl_origin(r, knob, origin, sizeof(origin))), "written",
			ka_json_text(ka_sysctl_written(r, knob, written, sizeof(written))));

		json_object_set_new(all, ka_knob_name(knob, name, sizeof(name)), value);
	}
	return all;
}

static json_t *lines_json(const struct ka_rollout *r)
{
	static const char *const fates[] = { "used", "overridden", "foreign", "excludes" };
	json_t *array = json_array();

	for (size_t i = 0; r->set && i < r->set->n; i++) {
		const struct ka_sysctl_line *line = &r->set->lines[i];
		char why[400];

		json_array_append_new(
			array,
			json_pack("{s:o, s:i, s:o, s:o, s:s, s:o}", "file",
				  ka_json_text(line->file), "line", (int)line->line, "key",
				  ka_json_text(line->key), "value", ka_json_text(line->value),
				  "fate", fates[line->fate], "why",
				  ka_json_text(ka_sysctl_unused(r, line, why, sizeof(why)))));
	}
	return array;
}

static json_t *notes_json(const struct ka_rollout *r)
{
	json_t *array = json_array();

	for (size_t i = 0; r->set && i < r->set->n_notes; i++) {
		const struct ka_sysctl_note *note = &r->set->notes[i];

		json_array_append_new(
			array,
			json_pack("{s:o, s:i, s:o, s:o, s:b}", "file", ka_json_text(note->file),
				  "line", (int)note->line, "text", ka_json_text(note->text), "why",
				  ka_json_text(note->why), "used", (int)note->remark));
	}
	return array;
}

static json_t *side_json(const struct ka_rollout *r, bool after)
{
	const struct ka_answer *a = after ? &r->after : &r->before;
	const struct ka_measured *dead =
		ka_rollout_measured(r, after ? KA_TRIAL_DEAD_AFTER : KA_TRIAL_DEAD_BEFORE, 0);
	const struct ka_measured *unacked =
		ka_rollout_measured(r, after ? KA_TRIAL_UNACKED_AFTER : KA_TRIAL_UNACKED_BEFORE, 0);
	const struct ka_measured *alive =
		ka_rollout_measured(r, after ? KA_TRIAL_ALIVE_AFTER : KA_TRIAL_ALIVE_BEFORE, 0);
	bool off = dead && dead->have_off;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "nominal_s",
			 ka_json_seconds(a->nominal_s), "window_s", window(a->detect_s),
			 "measured_s", ka_json_seconds(dead ? dead->detect_s : NAN), "off_jiffies",
			 off ? json_integer(dead->off_jiffies) : json_null(), "unacked_window_s",
			 window(a->unacked_s), "unacked_measured_s",
			 ka_json_seconds(unacked ? unacked->detect_s : NAN), "period_s",
			 window(a->period_s), "period_measured_s",
			 alive ? window(alive->period_s) : json_null(), "probes_per_hour_alive",
			 ka_json_seconds(ka_answer_alive_per_hour(a)), "probes_per_hour_dead",
			 ka_json_seconds(ka_answer_dead_per_hour(a)));
}

static json_t *ipv6_json(const struct ka_rollout *r, enum ka_trial_kind kind)
{
	const struct ka_measured *m = ka_rollout_measured(r, kind, 0);

	return ka_json_seconds(m ? m->detect_s : NAN);
}

/* By HZ: what the answer is there, and the time that decides. */
static json_t *rates_json(const struct ka_rollout *r, size_t question)
{
	const struct ka_rates rates = ka_rates_usual(r->facts.hz);
	json_t *array = json_array();

	for (size_t i = 0; i < rates.n; i++) {
		struct ka_at_hz at = ka_rates_ask(&r->questions.list[question], &r->spec.after,
						  &r->spec.before, r->facts.release, rates.hz[i]);

		json_array_append_new(array,
				      json_pack("{s:i, s:b, s:o}", "hz", at.hz, "yes", (int)at.yes,
						"latest_s", ka_json_seconds(at.seconds)));
	}
	return array;
}

static json_t *questions_json(const struct ka_rollout *r)
{
	static const char *const kinds[] = { [KA_ASK_DETECT] = "detect",
					     [KA_ASK_BUSY] = "busy",
					     [KA_ASK_SURVIVE] = "survive",
					     [KA_ASK_RATE] = "rate" };
	json_t *array = json_array();
	char text[200];

	for (size_t i = 0; i < r->questions.n; i++) {
		const struct ka_question *q = &r->questions.list[i];
		struct ka_reply reply = ka_rollout_reply(r, i);

		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:o, s:b, s:b, s:o, s:o}", "question",
				  ka_question_text(q, text, sizeof(text)), "kind", kinds[q->kind],
				  "limit_s",
				  q->kind == KA_ASK_RATE ? json_null()
							 : ka_json_seconds(q->limit_s),
				  "yes", (int)reply.yes, "measured", (int)reply.measured, "why",
				  ka_json_text(reply.why), "computed_for", rates_json(r, i)));
	}
	return array;
}

static json_t *unchanged_json(const struct ka_rollout *r)
{
	struct ka_unchanged who[KA_N_UNCHANGED];
	json_t *array = json_array();

	ka_sysctl_who(r, who);
	for (size_t i = 0; i < KA_N_UNCHANGED; i++)
		json_array_append_new(array, json_pack("{s:s, s:b, s:o}", "who", who[i].who,
						       "tried", (int)who[i].tried, "shown",
						       ka_json_text(who[i].shown)));
	return array;
}

static json_t *findings_json(const struct ka_rollout *r)
{
	json_t *array = json_array();
	char proof[200];

	for (size_t i = 0; i < r->n_findings; i++)
		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:b, s:s}", "finding", r->findings[i].text, "reason",
				  r->findings[i].reason, "serious", (int)r->findings[i].serious,
				  "proof",
				  ka_sysctl_proof(r, &r->findings[i], proof, sizeof(proof))));
	return array;
}

static json_t *suggestion_json(const struct ka_suggestion *suggestion)
{
	static const char *const names[] = { [KA_SNIPPET_FILE] = "file",
					     [KA_SNIPPET_KUBERNETES] = "kubernetes",
					     [KA_SNIPPET_DOCKER] = "docker" };
	const struct ka_spec *spec = &suggestion->rollout.spec;
	json_t *json;
	char text[1500];

	if (suggestion->kind == KA_SUGGEST_NOTHING)
		return json_pack("{s:b}", "needed", 0);
	if (suggestion->kind == KA_SUGGEST_NONE)
		return json_pack("{s:b, s:b}", "needed", 1, "possible", 0);
	json = json_pack("{s:b, s:b}", "needed", 1, "possible", 1);
	for (size_t i = 0; i < KA_N(names); i++) {
		ka_suggest_text((enum ka_snippet)i, &spec->after, &spec->before, text,
				sizeof(text));
		json_object_set_new(json, names[i], json_string(text));
	}
	json_object_set_new(json, "questions", questions_json(&suggestion->rollout));
	return json;
}

static json_t *odd_json(const struct ka_rollout *r)
{
	json_t *array = json_array();
	size_t i = 0;

	for (const struct ka_measured *m; (m = ka_sysctl_odd(r, &i)); i++)
		json_array_append_new(array,
				      json_pack("{s:s, s:s, s:o}", "experiment",
						r->trials->cases[i].name, "verdict",
						ka_measured_word(m), "why", ka_json_text(m->why)));
	return array;
}

static json_t *tally_json(const struct ka_rollout *r)
{
	struct ka_tally t = ka_rollout_tally(r);

	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "all", (int)t.trials, "held",
			 (int)t.held, "otherwise", (int)t.differ, "broken", (int)t.broken,
			 "no_result", (int)t.lost, "skipped", (int)t.skipped, "not_run",
			 (int)t.unplanned);
}

static json_t *kernel_json(const struct ka_rollout *r)
{
	return json_pack("{s:s, s:i, s:s, s:o, s:s, s:i}", "release", r->facts.release, "hz",
			 r->facts.hz, "clock", r->facts.virtual_clock ? "virtual" : "real", "where",
			 ka_json_text(r->where), "host_release", r->host.release, "host_hz",
			 r->host.hz);
}

json_t *ka_sysctl_json(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       int status)
{
	json_t *json = json_pack("{s:i, s:o, s:o}", "v", 1, "rollout", ka_json_text(r->title),
				 "from", ka_json_text(r->before_name));

	json_object_set_new(json, "kernel", kernel_json(r));
	json_object_set_new(json, "experiments", tally_json(r));
	json_object_set_new(json, "odd", odd_json(r));
	json_object_set_new(json, "values", values_json(r));
	json_object_set_new(json, "lines", lines_json(r));
	json_object_set_new(json, "user_timeout_ms", json_integer(r->spec.after.ut_ms));
	json_object_set_new(json, "notes", notes_json(r));
	json_object_set_new(json, "before", side_json(r, false));
	json_object_set_new(json, "after", side_json(r, true));
	json_object_set_new(json, "after_v6_measured_s", ipv6_json(r, KA_TRIAL_DEAD_V6));
	json_object_set_new(json, "after_v6_unacked_measured_s", ipv6_json(r, KA_TRIAL_UNACKED_V6));
	json_object_set_new(json, "questions", questions_json(r));
	json_object_set_new(json, "unchanged", unchanged_json(r));
	json_object_set_new(json, "findings", findings_json(r));
	if (suggestion->kind != KA_SUGGEST_NOT_ASKED)
		json_object_set_new(json, "suggestion", suggestion_json(suggestion));
	json_object_set_new(json, "exit_status", json_integer(status));
	return json;
}

int ka_sysctl_put_json(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       int status)
{
	json_t *json = ka_sysctl_json(r, suggestion, status);
	int ret = json ? 0 : -ENOMEM;

	if (json)
		ret = ka_json_put(stdout, json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(json);
	return ret;
}
