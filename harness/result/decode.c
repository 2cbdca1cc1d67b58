/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a result line that may come from another machine, another version, or a broken console:
 * every field is checked before anybody trusts it, and the first bad one is named. Fields that are
 * not known are left alone, so that a newer kacheck's lines pass through.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model/util.h"
#include "result/result.h"

enum kind { TEXT, COUNT, NUMBER, OBJECT, ARRAY, WINDOW, INTEGER, VERDICT };

static const char *const wants[] = {
	[TEXT] = "a string",
	[COUNT] = "an integer",
	[NUMBER] = "a number",
	[OBJECT] = "an object",
	[ARRAY] = "an array",
	[WINDOW] = "null or an array of two numbers",
	[INTEGER] = "null or an integer",
	[VERDICT] = "one of pass, fail, skip, broken, known",
};

enum {
	NULLABLE = 1,   /* null: no value */
	OPTIONAL = 2,   /* absent: no value */
	PREDICTED = 4,  /* no value where there is no prediction */
	OF_PROGRAM = 8, /* no value where there is no program */
};

struct field {
	const char *name; /* "kernel.hz": of the object "kernel" */
	enum kind kind;
	unsigned may;
	size_t at; /* member of struct ka_result that takes the value */
};

#define AT(member) offsetof(struct ka_result, member)

static const struct field fields[] = {
	{ "instance", TEXT, 0, AT(instance) },
	{ "case", TEXT, 0, AT(case_) },
	{ "theme", TEXT, 0, AT(theme) },
	{ "family", TEXT, 0, AT(family) },
	{ "prober", TEXT, 0, AT(prober) },
	{ "topology", TEXT, 0, AT(topology) },
	{ "nominal_s", NUMBER, NULLABLE, AT(nominal_s) },
	{ "noise_s", NUMBER, NULLABLE, AT(noise_s) },
	{ "detect_s", NUMBER, NULLABLE, AT(detect_s) },
	{ "notice_s", NUMBER, NULLABLE, AT(notice_s) },
	{ "errno", TEXT, NULLABLE, AT(errno_name) },
	{ "events", TEXT, NULLABLE, AT(events) },
	{ "probes", COUNT, NULLABLE, AT(probes) },
	{ "gaps_s", ARRAY, 0, AT(gaps) },
	{ "why", TEXT, 0, AT(why) },
	{ "counters", OBJECT, 0, AT(counters) },
	{ "timeline", ARRAY, 0, AT(timeline) },
	{ "verdict", VERDICT, 0, AT(verdict) },
	{ "window_s", WINDOW, NULLABLE, AT(window_s) },
	{ "off_jiffies", INTEGER, NULLABLE, AT(off_jiffies) },
	{ "setting.idle", COUNT, 0, AT(idle) },
	{ "setting.intvl", COUNT, 0, AT(intvl) },
	{ "setting.cnt", COUNT, 0, AT(cnt) },
	{ "setting.user_timeout_ms", COUNT, 0, AT(user_timeout_ms) },
	{ "setting.from", TEXT, 0, AT(from) },
	{ "kernel.release", TEXT, 0, AT(release) },
	{ "kernel.hz", COUNT, 0, AT(hz) },
	{ "kernel.clock", TEXT, 0, AT(clock) },
	{ "kernel.where", TEXT, 0, AT(where) },
	{ "tries", ARRAY, OPTIONAL, AT(tries) },
	/* Version 1 has none. */
	{ "findings", ARRAY, OPTIONAL, AT(findings) },
	/* Reports can do without the rest. */
	{ "repetition", COUNT, NULLABLE | OPTIONAL, AT(repetition) },
	{ "title", TEXT, NULLABLE | OPTIONAL, AT(title) },
	{ "declared", TEXT, NULLABLE | OPTIONAL, AT(declared) },
	{ "known", TEXT, NULLABLE | OPTIONAL, AT(known) },
	{ "rule", TEXT, NULLABLE | OPTIONAL, AT(rule) },
	{ "source", TEXT, NULLABLE | OPTIONAL, AT(source) },
	{ "prediction", OBJECT, NULLABLE | OPTIONAL, AT(prediction) },
	{ "prediction.when", TEXT, PREDICTED, AT(expect_when) },
	{ "prediction.errno", TEXT, PREDICTED | NULLABLE, AT(expect_errno) },
	{ "prediction.events", TEXT, PREDICTED | NULLABLE, AT(expect_events) },
	{ "answered", COUNT, NULLABLE | OPTIONAL, AT(answered) },
	{ "alive_s", NUMBER, NULLABLE | OPTIONAL, AT(alive_s) },
	{ "wall_s", NUMBER, NULLABLE | OPTIONAL, AT(wall_s) },
	{ "kept", TEXT, NULLABLE | OPTIONAL, AT(kept) },
	{ "plan", OBJECT, OPTIONAL, AT(plan) },
	{ "program", OBJECT, OPTIONAL, AT(program) },
	{ "program.name", TEXT, OF_PROGRAM, AT(program_name) },
	{ "program.variant", TEXT, OF_PROGRAM | NULLABLE, AT(program_variant) },
	{ "program_verdict", TEXT, OF_PROGRAM | NULLABLE, AT(program_verdict) },
	{ "kernel_end_s", NUMBER, OF_PROGRAM | NULLABLE, AT(kernel_end_s) },
	{ "program_end_s", NUMBER, OF_PROGRAM | NULLABLE, AT(program_end_s) },
	{ "options", ARRAY, OF_PROGRAM, AT(options) },
};

/* ---- one field ---------------------------------------------------------------------------- */

static const char *type_name(const json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string",    [JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a real number", [JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",    [JSON_NULL] = "null",
	};

	return json ? names[json_typeof(json)] : "missing";
}

static int bad_field(struct nn_err *err, const char *prefix, const char *name, enum kind want,
		     const json_t *json)
{
	return nn_refuse(
		err, "result line: field %s%s must be %s, is %s", prefix, name, wants[want],
		want == VERDICT && json_is_string(json) ? "another word" : type_name(json));
}

static bool find_verdict(const json_t *json, enum ka_verdict_kind *verdict)
{
	for (int kind = 0; json_is_string(json) && kind < KA_VERDICTS; kind++) {
		*verdict = (enum ka_verdict_kind)kind;
		if (!strcmp(json_string_value(json), ka_verdict_name(*verdict)))
			return true;
	}
	return false;
}

static bool has_kind(const json_t *json, enum kind kind)
{
	enum ka_verdict_kind verdict;

	switch (kind) {
	case TEXT:
		return json_is_string(json);
	case COUNT:
		return json_is_integer(json) && json_integer_value(json) >= 0 &&
		       json_integer_value(json) <= INT_MAX;
	case NUMBER:
		return json_is_number(json);
	case OBJECT:
		return json_is_object(json);
	case ARRAY:
		return json_is_array(json);
	case WINDOW:
		return json_array_size(json) == 2 && json_is_number(json_array_get(json, 0)) &&
		       json_is_number(json_array_get(json, 1));
	case INTEGER:
		return json_is_integer(json);
	case VERDICT:
		return find_verdict(json, &verdict);
	}
	return false;
}

/* @json NULL: there is no value. */
static void store(struct ka_result *out, const struct field *field, json_t *json)
{
	void *to = (char *)out + field->at;

	switch (field->kind) {
	case TEXT:
		*(const char **)to = json ? json_string_value(json) : NULL;
		break;
	case COUNT:
		*(int *)to = json ? (int)json_integer_value(json) : -1;
		break;
	case NUMBER:
		*(double *)to = json ? json_number_value(json) : NAN;
		break;
	case OBJECT:
	case ARRAY:
		*(json_t **)to = json;
		break;
	case WINDOW:
		for (size_t i = 0; i < 2; i++)
			((double *)to)[i] = json ? json_number_value(json_array_get(json, i)) : NAN;
		break;
	case INTEGER:
		*(int64_t *)to = json_integer_value(json);
		break;
	case VERDICT:
		find_verdict(json, to);
		break;
	}
}

static json_t *find_value(const json_t *line, const char *name)
{
	const char *dot = strchr(name, '.');
	char object[16];

	if (!dot)
		return json_object_get(line, name);
	snprintf(object, sizeof(object), "%.*s", (int)(dot - name), name);
	return json_object_get(json_object_get(line, object), dot + 1);
}

static int read_fields(struct ka_result *out, struct nn_err *err)
{
	for (size_t i = 0; i < KA_N(fields); i++) {
		const struct field *field = &fields[i];
		json_t *json = find_value(out->json, field->name);

		if ((!json && field->may & OPTIONAL) ||
		    (json_is_null(json) && field->may & NULLABLE) ||
		    (!out->prediction && field->may & PREDICTED) ||
		    (!out->program && field->may & OF_PROGRAM))
			json = NULL;
		else if (!has_kind(json, field->kind))
			return bad_field(err, "", field->name, field->kind, json);
		store(out, field, json);
	}
	out->have_off = json_is_integer(json_object_get(out->json, "off_jiffies"));
	return 0;
}

static int check_version(const struct ka_result *out, struct nn_err *err)
{
	const json_t *v = json_object_get(out->json, "v");

	if (!json_is_object(out->json))
		return nn_refuse(err, "result line: must be an object, is %s",
				 type_name(out->json));
	if (!json_is_integer(v))
		return bad_field(err, "", "v", COUNT, v);
	if (json_integer_value(v) < 1 || json_integer_value(v) > KA_RESULT_VERSION)
		return nn_refuse(
			err, "result line: field v: this kacheck reads versions 1 to %d, not %lld",
			KA_RESULT_VERSION, (long long)json_integer_value(v));
	if (json_integer_value(v) > 1 && !json_object_get(out->json, "findings"))
		return bad_field(err, "", "findings", ARRAY, NULL);
	return 0;
}

/* ---- lists -------------------------------------------------------------------------------- */

static int check_figures(const struct ka_result *out, struct nn_err *err)
{
	const char *name;
	json_t *json;
	size_t i;

	json_array_foreach(out->gaps, i, json)
	{
		if (!json_is_number(json))
			return bad_field(err, "gaps_s", "[]", NUMBER, json);
	}
	json_object_foreach(out->counters, name, json)
	{
		if (!json_is_integer(json))
			return bad_field(err, "counters.", name, COUNT, json);
	}
	return 0;
}

struct member {
	const char *name;
	enum kind kind;
};

/* Each object of @array, which is called @prefix, has the @n @members. */
static int check_objects(const json_t *array, const char *prefix, const struct member *members,
			 size_t n, struct nn_err *err)
{
	const json_t *object;
	size_t i;

	json_array_foreach(array, i, object)
	{
		for (size_t k = 0; k < n; k++) {
			const json_t *json = json_object_get(object, members[k].name);

			if (!has_kind(json, members[k].kind))
				return bad_field(err, prefix, members[k].name, members[k].kind,
						 json);
		}
	}
	return 0;
}

static int decode(struct ka_result *out, struct nn_err *err)
{
	/* the last one since version 2, as the findings */
	static const struct member of_event[] = {
		{ "t", NUMBER }, { "at", TEXT }, { "what", TEXT }, { "kind", TEXT }
	};
	static const struct member of_finding[] = { { "code", TEXT },
						    { "class", TEXT },
						    { "text", TEXT } };
	static const struct member of_options[] = { { "of", TEXT }, { "holders", COUNT } };
	int ret = check_version(out, err);

	if (!ret)
		ret = read_fields(out, err);
	if (!ret)
		ret = check_figures(out, err);
	if (!ret)
		ret = check_objects(out->timeline, "timeline[].", of_event,
				    KA_N(of_event) - !out->findings, err);
	if (!ret)
		ret = check_objects(out->findings, "findings[].", of_finding, KA_N(of_finding),
				    err);
	if (!ret)
		ret = check_objects(out->options, "options[].", of_options, KA_N(of_options), err);
	if (!ret && out->verdict == KA_PASS && json_array_size(out->findings))
		ret = nn_refuse(err, "result line: field findings: a pass has none");
	return ret;
}

int ka_result_decode(struct ka_result *out, json_t *json, struct nn_err *err)
{
	int ret;

	*out = (struct ka_result){ .json = json };
	ret = decode(out, err);
	if (ret)
		ka_result_clear(out);
	return ret;
}

void ka_result_clear(struct ka_result *result)
{
	json_decref(result->json);
	*result = (struct ka_result){ 0 };
}

/* ---- lines -------------------------------------------------------------------------------- */

#define FIRST_ROOM (64u << 10)
#define MOST_ROOM  (64u << 20)

static int grow(char **line, size_t *room, struct nn_err *err)
{
	if (*room >= MOST_ROOM)
		return nn_refuse(err, "a line of more than %u MiB is no result", MOST_ROOM >> 20);
	if (ka_grow(line, room, *room ? *room + 1 : FIRST_ROOM, 1))
		return nn_fail(err, ENOMEM, "a line");
	return 0;
}

ssize_t ka_result_read_line(FILE *file, char **line, size_t *room, struct nn_err *err)
{
	size_t used = 0, more;

	do {
		int ret = *room - used < 2 ? grow(line, room, err) : 0;

		if (ret < 0)
			return ret;
		if (!fgets(*line + used, (int)(*room - used), file))
			break;
		more = strlen(*line + used);
		if (!more)
			return nn_refuse(err, "a zero byte, so this is no text");
		used += more;
	} while ((*line)[used - 1] != '\n');
	if (!ferror(file))
		return (ssize_t)used;
	nn_refuse(err, "%s", strerror(errno ? errno : EIO));
	return -EIO;
}
