/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of programs, as JSON. */
#include <errno.h>
#include <jansson.h>

#include "command/program.h"
#include "result/encode.h"

static json_t *options_json(const struct ka_socket_options *o)
{
	if (!o->known)
		return json_null();
	return json_pack("{s:o, s:b, s:i, s:i, s:i, s:i}", "comm", ka_json_text(o->comm),
			 "keepalive", (int)o->keepalive, "idle", (int)o->idle, "intvl",
			 (int)o->intvl, "cnt", (int)o->cnt, "user_timeout_ms",
			 (int)o->user_timeout_ms);
}

static json_t *window_json(const double window_s[2])
{
	json_t *array = json_array();

	for (size_t i = 0; i < 2; i++)
		json_array_append_new(array, ka_json_seconds(window_s[i]));
	return array;
}

static json_t *attempt_json(const struct ka_inquiry *q, size_t i)
{
	const struct ka_attempt *a = &q->attempts->list[i];
	const struct ka_shown *s = &q->shown[i];
	struct ka_ending e = ka_inquiry_ending(q, i);
	const char *did = ka_program_verdict_name(s->program);
	char text[160];

	return json_pack(
		"{s:s, s:s, s:s, s:s?, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}",
		"case", a->name, "scenario", ka_scenario(a->scenario)->name, "title",
		ka_scenario(a->scenario)->title, "gateway",
		a->scenario == KA_SCENARIO_GATEWAY ? q->spec.passages[a->passage].name : NULL,
		"measured", ka_ending_measured(&e) ? 1 : 0, "verdict",
		s->there ? json_string(ka_verdict_name(s->verdict)) : json_null(), "program",
		did ? json_string(did) : json_null(), "kernel_s", ka_json_seconds(e.kernel_s),
		"program_s", ka_json_seconds(e.program_s), "watched_s",
		ka_json_seconds(e.watched_s), "window_s", window_json(e.window_s), "off_jiffies",
		e.have_off ? json_integer(e.off_jiffies) : json_null(), "text",
		ka_program_ending(&e, text, sizeof(text)), "why",
		e.why ? ka_json_text(e.why) : json_null(), "returns",
		e.back ? json_boolean(e.back == KA_BACK_YES) : json_null(), "returns_s",
		e.back == KA_BACK_YES ? ka_json_seconds(e.back_s) : json_null());
}

static json_t *attempts_json(const struct ka_inquiry *q, size_t subject)
{
	json_t *array = json_array();

	for (size_t i = 0; q->attempts && i < q->attempts->n; i++)
		if (q->attempts->list[i].subject == subject)
			json_array_append_new(array, attempt_json(q, i));
	return array;
}

static json_t *passages_json(const struct ka_inquiry *q, size_t subject)
{
	static const char *const fates[] = {
		[KA_FATE_KEPT] = "kept", [KA_FATE_LUCK] = "luck", [KA_FATE_CUT] = "cut"
	};
	json_t *array = json_array();

	for (size_t i = 0; i < q->spec.n_passages; i++) {
		const struct ka_passage *p = &q->spec.passages[i];
		enum ka_fate fate =
			ka_passage_fate(p, &q->surveys[subject].connection, q->facts.hz);
		struct ka_ending e =
			ka_inquiry_ending(q, ka_inquiry_find(q, subject, KA_SCENARIO_GATEWAY, i));

		json_array_append_new(array,
				      json_pack("{s:s, s:i, s:s, s:b}", "gateway", p->name,
						"timeout_s", (int)p->timeout_s, "fate", fates[fate],
						"measured", ka_ending_measured(&e) ? 1 : 0));
	}
	return array;
}

static json_t *demands_json(const struct ka_inquiry *q, size_t subject)
{
	json_t *array = json_array();
	struct ka_replies replies;

	ka_replies_make(&replies, q, subject);
	for (size_t i = 0; i < replies.n; i++)
		json_array_append_new(array, json_pack("{s:o, s:s, s:b, s:o}", "demand",
						       ka_json_text(replies.list[i].text), "reply",
						       ka_reply_word(replies.list[i].kind),
						       "measured", (int)replies.list[i].measured,
						       "why", ka_json_text(replies.list[i].why)));
	return array;
}

static json_t *advice_json(const struct ka_inquiry *q, size_t subject)
{
	json_t *array = json_array();
	struct ka_advices advices;

	ka_advise(&advices, q, subject);
	for (size_t i = 0; i < advices.n; i++)
		json_array_append_new(array, ka_json_text(advices.list[i].text));
	return array;
}

static json_t *subject_json(const struct ka_inquiry *q, size_t i)
{
	const struct ka_variant *v = q->spec.subjects[i].variant;
	const struct ka_survey *survey = &q->surveys[i];
	char text[3000];

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "program",
			 ka_json_text(v->program.name), "variant",
			 v->program.variant ? ka_json_text(v->program.variant) : json_null(),
			 "about", v->about ? ka_json_text(v->about) : json_null(), "survey",
			 survey->there ? ka_verdict_name(survey->verdict) : "no result", "why",
			 ka_json_text(survey->why), "listener", options_json(&survey->listener),
			 "connection", options_json(&survey->connection), "answer",
			 ka_json_text(ka_program_answer(q, i, text, sizeof(text))), "experiments",
			 attempts_json(q, i), "gateways", passages_json(q, i), "demands",
			 demands_json(q, i), "advice", advice_json(q, i));
}

json_t *ka_program_json(const struct ka_inquiry *q, int status)
{
	json_t *json = json_pack("{s:i, s:{s:s, s:i, s:s, s:o}}", "v", 1, "kernel", "release",
				 q->facts.release, "hz", q->facts.hz, "clock",
				 q->facts.virtual_clock ? "virtual" : "real", "where",
				 ka_json_text(q->where));
	json_t *all = json_array();

	for (size_t i = 0; i < q->spec.n_subjects; i++)
		json_array_append_new(all, subject_json(q, i));
	json_object_set_new(json, "note", *q->note ? ka_json_text(q->note) : json_null());
	json_object_set_new(json, "programs", all);
	json_object_set_new(json, "exit_status", json_integer(status));
	return json;
}

int ka_program_put_json(const struct ka_inquiry *q, int status, FILE *out)
{
	json_t *json = ka_program_json(q, status);
	int ret = json ? 0 : -ENOMEM;

	if (json)
		ret = ka_json_put(out, json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(json);
	return ret;
}
