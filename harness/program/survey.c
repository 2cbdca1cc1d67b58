/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See survey.h. */
#include "program/survey.h"

#include <stdio.h>
#include <string.h>

#include "result/result.h"

static unsigned number_of(const json_t *json, const char *field)
{
	json_int_t value = json_integer_value(json_object_get(json, field));

	return value < 0 ? 0 : (unsigned)value;
}

static const char *text_of(const json_t *json, const char *field)
{
	const char *text = json_string_value(json_object_get(json, field));

	return text ? text : "";
}

/* One reading; a later one that could be read takes the place of an earlier one. */
static void take_options(struct ka_survey *survey, const json_t *json)
{
	bool listener = strcmp(text_of(json, "of"), "listener") == 0;
	struct ka_socket_options *to = listener ? &survey->listener : &survey->connection;
	const json_t *keepalive = json_object_get(json, "keepalive");

	if (!json_is_boolean(keepalive)) {
		if (!to->known)
			snprintf(to->error, sizeof(to->error), "%s", text_of(json, "errno"));
		return;
	}
	*to = (struct ka_socket_options){ .known = true,
					  .keepalive = json_is_true(keepalive),
					  .idle = number_of(json, "idle"),
					  .intvl = number_of(json, "intvl"),
					  .cnt = number_of(json, "cnt"),
					  .user_timeout_ms = number_of(json, "user_timeout_ms") };
	snprintf(to->comm, sizeof(to->comm), "%s", text_of(json, "comm"));
}

void ka_survey_read(struct ka_survey *survey, const json_t *json)
{
	const json_t *options = json_object_get(json, "options");
	struct ka_result result;
	struct nn_err err = { "" };

	*survey = (struct ka_survey){ .verdict = KA_BROKEN };
	if (!json_is_object(json)) {
		snprintf(survey->why, sizeof(survey->why), "no result has come");
		return;
	}
	if (ka_result_decode(&result, json_incref((json_t *)json), &err) < 0) {
		snprintf(survey->why, sizeof(survey->why), "its result cannot be read: %.300s",
			 err.text);
		return;
	}
	survey->there = true;
	survey->verdict = result.verdict;
	snprintf(survey->why, sizeof(survey->why), "%s", result.why ? result.why : "");
	survey->closed =
		result.program_verdict &&
		strcmp(result.program_verdict, ka_program_verdict_name(KA_PROGRAM_CLOSED)) == 0;
	if (survey->closed)
		snprintf(
			survey->why, sizeof(survey->why),
			"it closes the connection as soon as it has answered, so that there is "
			"none "
			"that could be idle; say something else, or nothing (of HTTP: a request of "
			"HTTP/1.1)");
	ka_result_clear(&result);
	for (size_t i = 0; i < json_array_size(options); i++)
		take_options(survey, json_array_get(options, i));
}

bool ka_survey_tells(const struct ka_survey *survey)
{
	const struct ka_socket_options *o = &survey->connection;

	return survey->there && !survey->closed && o->known &&
	       (!o->keepalive || (o->idle && o->intvl && o->cnt)) &&
	       (survey->verdict == KA_PASS || survey->verdict == KA_FAIL);
}

struct ka_setting ka_survey_setting(const struct ka_survey *survey)
{
	const struct ka_socket_options *o = &survey->connection;

	if (!o->keepalive)
		return (struct ka_setting){ .name = "off",
					    .source = "no SO_KEEPALIVE",
					    .idle = 7200,
					    .intvl = 75,
					    .cnt = 9,
					    .user_timeout_ms = o->user_timeout_ms };
	return (struct ka_setting){ .idle = o->idle,
				    .intvl = o->intvl,
				    .cnt = o->cnt,
				    .user_timeout_ms = o->user_timeout_ms };
}

const char *ka_survey_text(const struct ka_socket_options *o, char *buf, size_t size)
{
	size_t used;

	if (!o->known) {
		snprintf(buf, size, "options that could not be read%s%s", *o->error ? ": " : "",
			 o->error);
		return buf;
	}
	used = o->keepalive ? (size_t)snprintf(buf, size,
					       "TCP_KEEPIDLE %u, TCP_KEEPINTVL %u, TCP_KEEPCNT %u",
					       o->idle, o->intvl, o->cnt)
			    : (size_t)snprintf(buf, size, "no SO_KEEPALIVE");
	if (used >= size)
		return buf;
	if (o->user_timeout_ms)
		snprintf(buf + used, size - used, ", TCP_USER_TIMEOUT %u ms", o->user_timeout_ms);
	else
		snprintf(buf + used, size - used, ", no TCP_USER_TIMEOUT");
	return buf;
}
