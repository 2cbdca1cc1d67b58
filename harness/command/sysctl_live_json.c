/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live connections for programs: one object, version 1. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "command/sysctl_live.h"
#include "model/util.h"
#include "result/encode.h"

/* Infinite is null: there is no end. */
static json_t *seconds(double value)
{
	return isinf(value) ? json_null() : ka_json_seconds(value);
}

static json_t *window(const double values[2])
{
	return json_pack("[o, o]", seconds(values[0]), seconds(values[1]));
}

static json_t *cost_json(const struct ka_live_cost *cost)
{
	static const char *const ends[] = { "never", "keepalive", "data", "orphan", "unknown" };
	json_t *json;

	if (cost->end == KA_LIVE_NEVER || cost->end == KA_LIVE_UNKNOWN)
		return json_pack("{s:s}", "end", ends[cost->end]);
	json = json_pack("{s:s, s:b, s:o, s:o, s:b}", "end", ends[cost->end], "exact",
			 (int)cost->exact, "nominal_s", ka_json_seconds(cost->nominal_s),
			 "window_s", window(cost->window_s), "other_idle", (int)cost->other_idle);
	if (!cost->exact)
		json_object_set_new(json, "without_options_s", window(cost->assumed_s));
	return json;
}

static json_t *rule_json(const struct ka_live_rule *rule)
{
	const json_int_t *value = (const json_int_t *)rule->knobs.value;

	if (!rule->known)
		return json_pack("{s:b, s:b}", "known", 0, "keepalive", (int)rule->keepalive);
	return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:b}", "known", 1, "keepalive",
			 (int)rule->keepalive, "idle", value[KA_KNOB_TIME], "intvl",
			 value[KA_KNOB_INTVL], "cnt", value[KA_KNOB_PROBES], "user_timeout_ms",
			 (json_int_t)rule->ut_ms, "as_sysctls", (int)rule->inherits);
}

static json_t *replies_json(const struct ka_view *v, const struct ka_seen *seen)
{
	static const char *const words[] = { "yes", "no", "unknown" };
	json_t *array = json_array();

	for (size_t i = 0; i < v->questions.n; i++)
		json_array_append_new(
			array,
			json_string(words[ka_seen_reply(seen, ka_view_when(v),
							&v->questions.list[i], v->facts.hz)]));
	return array;
}

static json_t *connection_json(const struct ka_view *v, const struct ka_seen *seen)
{
	const struct ka_live_socket *s = seen->socket;
	char local[80], remote[80];
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:i, s:o, s:o}", "local",
		ka_live_address(s->family, s->local, s->local_port, local, sizeof(local)), "remote",
		ka_live_address(s->family, s->remote, s->remote_port, remote, sizeof(remote)),
		"state", ka_live_state_name(s->state), "timer", ka_live_timer_name(s->timer),
		"expires_ms", (json_int_t)s->expires_ms, "unanswered", (int)s->unanswered, "now",
		cost_json(&seen->cost[KA_SEEN_NOW]), "with_file",
		cost_json(&seen->cost[KA_SEEN_AFTER]));

	json_object_set_new(json, "namespace", json_integer((json_int_t)seen->live->inode));
	json_object_set_new(json, "program", *s->program ? ka_json_text(s->program) : json_null());
	json_object_set_new(json, "pid", s->pid ? json_integer(s->pid) : json_null());
	json_object_set_new(json, "uid", json_integer(s->uid));
	json_object_set_new(json, "accepted", json_boolean(s->accepted));
	json_object_set_new(json, "quiet_ms",
			    s->have_quiet ? json_integer((json_int_t)s->quiet_ms) : json_null());
	json_object_set_new(json, "options", rule_json(&seen->rule[KA_SEEN_NOW]));
	if (!s->hidden && !s->options.error[NN_TCP_RTO_MAX])
		json_object_set_new(json, "rto_max_ms",
				    json_integer(s->options.value[NN_TCP_RTO_MAX]));
	if (s->hidden)
		json_object_set_new(json, "hidden", json_string(ka_live_why_hidden(s)));
	if (v->questions.n && s->state == KA_LIVE_ESTABLISHED)
		json_object_set_new(json, "answers", replies_json(v, seen));
	return json;
}

static json_t *group_json(const struct ka_view *v, const struct ka_seen_group *group)
{
	const struct ka_live_socket *s = group->list->socket;
	const struct ka_live_rule *rule = &group->list->rule[KA_SEEN_NOW];
	const struct ka_preset *gateway;
	struct ka_preset room;
	json_t *forgotten = json_array();

	for (size_t i = 0; (gateway = ka_preset_at(i, &room)); i++)
		if ((rule->known || !rule->keepalive) && !gateway->timer &&
		    !ka_seen_survives(rule, gateway, v->facts.hz))
			json_array_append_new(forgotten, json_string(gateway->name));
	return json_pack("{s:o, s:s, s:b, s:i, s:o, s:I, s:I, s:s, s:o, s:o, s:I, s:o}", "program",
			 *s->program ? ka_json_text(s->program) : json_null(), "state",
			 ka_live_state_name(s->state), "accepted", (int)s->accepted, "port",
			 (int)ka_live_port(s), "options", rule_json(rule), "connections",
			 (json_int_t)group->n, "namespaces", (json_int_t)group->namespaces,
			 "noticed_after", ka_seen_class_name(group->worst), "window_s",
			 window(group->window_s[KA_SEEN_NOW]), "with_file_s",
			 window(group->window_s[KA_SEEN_AFTER]), "quiet_ms",
			 (json_int_t)group->quiet_ms, "forgotten_by", forgotten);
}

static json_t *values_json(const struct ka_knobs *values)
{
	json_t *object = json_object();

	for (int i = 0; i < KA_LIVE_KNOBS; i++)
		json_object_set_new(object, ka_knob_word((enum ka_knob)i),
				    json_integer(values->value[i]));
	return object;
}

static json_t *live_json(const struct ka_live *live)
{
	return json_pack("{s:I, s:o, s:o, s:b, s:I, s:o, s:o}", "inode", (json_int_t)live->inode,
			 "path", ka_json_text(live->path), "program",
			 *live->program ? ka_json_text(live->program) : json_null(), "own",
			 (int)live->own, "connections", (json_int_t)live->n, "values",
			 values_json(&live->values), "with_file", values_json(&live->after));
}

static json_t *questions_json(const struct ka_view *v)
{
	static const char *const words[] = { "yes", "no", "unknown" };
	json_t *array = json_array();
	char text[200], why[600];

	for (size_t i = 0; i < v->questions.n; i++) {
		const struct ka_question *question = &v->questions.list[i];
		const struct ka_seen_tally *tally = &v->tallies[i];
		bool rate = question->kind == KA_ASK_RATE;

		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "question",
				  ka_question_text(question, text, sizeof(text)), "answer",
				  words[tally->reply], "yes", (json_int_t)tally->count[KA_SEEN_YES],
				  "no", (json_int_t)tally->count[KA_SEEN_NO], "unknown",
				  (json_int_t)tally->count[KA_SEEN_NOT_KNOWN], "why",
				  tally->worst && !rate
					  ? ka_json_text(ka_seen_reason(
						    tally->worst, ka_view_when(v), question,
						    v->facts.hz, why, sizeof(why)))
					  : json_null()));
		if (rate)
			json_object_set_new(json_array_get(array, i), "rate",
					    ka_json_seconds(tally->rate));
	}
	return array;
}

static json_t *help_json(const struct ka_view *v)
{
	struct ka_view_help *list;
	json_t *array = json_array();
	char service[40], text[400];
	size_t n;

	if (ka_view_help(v, &list, &n) < 0) {
		json_decref(array);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const struct ka_live_socket *s = list[i].group->list->socket;

		json_array_append_new(
			array, json_pack("{s:o, s:s, s:I, s:o}", "program",
					 ka_json_text(ka_live_program(s)), "service",
					 ka_live_service(s, service, sizeof(service)),
					 "connections", (json_int_t)list[i].n, "change",
					 list[i].possible ? ka_json_text(ka_live_help_text(
								    &list[i], text, sizeof(text)))
							  : json_null()));
	}
	free(list);
	return array;
}

static json_t *unseen_json(const struct ka_fleet *fleet)
{
	json_t *gaps = json_array();

	for (size_t i = 0; i < fleet->n_gaps; i++)
		json_array_append_new(gaps, ka_json_text(fleet->gaps[i].text));
	return json_pack("{s:o, s:I, s:I, s:I, s:I}", "gaps", gaps, "namespaces",
			 (json_int_t)fleet->unseen, "options", (json_int_t)fleet->hidden,
			 "connections_ended", (json_int_t)fleet->ended, "namespaces_vanished",
			 (json_int_t)fleet->vanished);
}

/* What there is only of one namespace. */
static void add_single(json_t *json, const struct ka_live *live)
{
	json_object_set_new(json, "inode", json_integer((json_int_t)live->inode));
	json_object_set_new(json, "values", values_json(&live->values));
	json_object_set_new(json, "with_file", values_json(&live->after));
}

static json_t *lists_json(const struct ka_view *v, json_t *json)
{
	json_t *namespaces = json_array(), *groups = json_array(), *connections = json_array();

	for (size_t i = 0; i < v->fleet.n; i++)
		json_array_append_new(namespaces, live_json(&v->fleet.lives[i]));
	for (size_t i = 0; i < v->seen.n_groups; i++)
		json_array_append_new(groups, group_json(v, &v->seen.groups[i]));
	for (size_t i = 0; i < v->seen.n; i++)
		json_array_append_new(connections, connection_json(v, &v->seen.list[i]));
	json_object_set_new(json, "namespaces", namespaces);
	json_object_set_new(json, "groups", groups);
	json_object_set_new(json, "connections", connections);
	return json;
}

int ka_view_put_json(const struct ka_view *v, int status)
{
	json_t *json = json_pack("{s:i, s:o, s:s, s:i}", "v", 1, "live",
				 ka_json_text(v->target ? v->target : "all"), "release",
				 v->facts.release, "hz", v->facts.hz);
	int ret;

	if (v->target)
		add_single(json, &v->fleet.lives[0]);
	lists_json(v, json);
	json_object_set_new(json, "questions", questions_json(v));
	if (v->options->suggest)
		json_object_set_new(json, "suggestion", help_json(v));
	json_object_set_new(json, "unseen", unseen_json(&v->fleet));
	json_object_set_new(json, "exit_status", json_integer(status));
	ret = ka_json_put(stdout, json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(json);
	return ret;
}
