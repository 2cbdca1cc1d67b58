/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only the result of a real program has; result.h names the fields. */
#include <math.h>

#include <string.h>

#include "model/util.h"
#include "result/encode.h"
#include "result/result.h"

static json_t *encode_program(const struct ka_program *program)
{
	const struct ka_json_field fields[] = {
		{ "name", ka_json_text(program->name) },
		{ "variant", ka_json_text(program->variant) },
		{ "role", json_string(program->role == KA_SERVER ? "server" : "client") },
		{ "declared", ka_json_text(program->declared) },
	};

	return ka_json_object(fields, KA_N(fields));
}

static json_t *encode_options(const struct ka_options_event *o, double t_s)
{
	bool known = o->n_holders && !o->error;
	const struct ka_json_field fields[] = {
		{ "t", ka_json_seconds(t_s) },
		{ "of", json_string(o->listener ? "listener" : "connection") },
		{ "comm", ka_json_text(o->comm) },
		{ "holders", json_integer(o->n_holders) },
		{ "errno", ka_json_errno(o->error) },
		{ "keepalive", known ? json_boolean(o->keepalive) : json_null() },
		{ "idle", ka_json_count(known ? (int)o->idle : -1) },
		{ "intvl", ka_json_count(known ? (int)o->intvl : -1) },
		{ "cnt", ka_json_count(known ? (int)o->cnt : -1) },
		{ "user_timeout_ms", ka_json_count(known ? (int)o->user_timeout_ms : -1) },
	};

	return ka_json_object(fields, KA_N(fields));
}

static json_t *encode_all_options(const struct ka_timeline *timeline, int64_t zero_ns)
{
	json_t *array = json_array();

	for (size_t i = 0; i < timeline->n; i++) {
		const struct ka_event *event = &timeline->events[i];

		if (event->what == KA_EV_OPTIONS)
			array = ka_json_append(
				array,
				encode_options(&event->options, ka_seconds(event->t_ns - zero_ns)));
	}
	return array;
}

json_t *ka_json_program(const struct ka_instance *instance, const struct ka_timeline *timeline,
			const struct ka_verdict *verdict, int64_t zero_ns)
{
	const char *did = ka_program_verdict_name(verdict->program);
	const struct ka_json_field fields[] = {
		{ "program", encode_program(instance->program) },
		{ "program_verdict", did ? json_string(did) : json_null() },
		{ "kernel_end_s", ka_json_seconds(verdict->kernel_end_s) },
		{ "program_end_s", ka_json_seconds(verdict->program_end_s) },
		{ "options", encode_all_options(timeline, zero_ns) },
	};

	return ka_json_object(fields, KA_N(fields));
}

/* A failure of which all findings are of this class. */
static bool blames(const struct ka_result *result, enum ka_finding_class wanted)
{
	const char *name = ka_finding_class_name(wanted);
	const json_t *finding;
	size_t i;

	json_array_foreach(result->findings, i, finding)
	{
		const char *class_ = json_string_value(json_object_get(finding, "class"));

		if (!class_ || strcmp(class_, name) != 0)
			return false;
	}
	return result->verdict == KA_FAIL && json_array_size(result->findings) > 0;
}

bool ka_result_finds(const struct ka_result *result, enum ka_finding_code code)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(result->findings, i, finding)
	{
		const char *name = json_string_value(json_object_get(finding, "code"));

		if (name && strcmp(name, ka_finding_name(code)) == 0)
			return true;
	}
	return false;
}

bool ka_result_blames_program(const struct ka_result *result)
{
	return blames(result, KA_OF_PROGRAM);
}

bool ka_result_blames_catalogue(const struct ka_result *result)
{
	return blames(result, KA_OF_CATALOGUE);
}
