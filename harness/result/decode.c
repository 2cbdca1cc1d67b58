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
#include <string.h>

#include "model/util.h"
#include "result/result.h"

enum kind { TEXT, COUNT, SECONDS, OBJECT, ARRAY };

enum { MAY_BE_NULL = 1, MAY_BE_ABSENT = 2 };

struct field {
	const char *name;
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
	{ "nominal_s", SECONDS, MAY_BE_NULL, AT(nominal_s) },
	{ "noise_s", SECONDS, MAY_BE_NULL, AT(noise_s) },
	{ "detect_s", SECONDS, MAY_BE_NULL, AT(detect_s) },
	{ "notice_s", SECONDS, MAY_BE_NULL, AT(notice_s) },
	{ "errno", TEXT, MAY_BE_NULL, AT(errno_name) },
	{ "events", TEXT, MAY_BE_NULL, AT(events) },
	{ "probes", COUNT, MAY_BE_NULL, AT(probes) },
	{ "gaps_s", ARRAY, 0, AT(gaps) },
	{ "why", TEXT, 0, AT(why) },
	{ "counters", OBJECT, 0, AT(counters) },
	{ "timeline", ARRAY, 0, AT(timeline) },
	/* Version 1 has none. */
	{ "findings", ARRAY, MAY_BE_ABSENT, AT(findings) },
	/* Reports can do without the rest. */
	{ "repetition", COUNT, MAY_BE_NULL | MAY_BE_ABSENT, AT(repetition) },
	{ "title", TEXT, MAY_BE_NULL | MAY_BE_ABSENT, AT(title) },
	{ "declared", TEXT, MAY_BE_NULL | MAY_BE_ABSENT, AT(declared) },
	{ "rule", TEXT, MAY_BE_NULL | MAY_BE_ABSENT, AT(rule) },
	{ "source", TEXT, MAY_BE_NULL | MAY_BE_ABSENT, AT(source) },
	{ "prediction", OBJECT, MAY_BE_NULL | MAY_BE_ABSENT, AT(prediction) },
	{ "answered", COUNT, MAY_BE_NULL | MAY_BE_ABSENT, AT(answered) },
	{ "alive_s", SECONDS, MAY_BE_NULL | MAY_BE_ABSENT, AT(alive_s) },
	{ "wall_s", SECONDS, MAY_BE_NULL | MAY_BE_ABSENT, AT(wall_s) },
	{ "kept", TEXT, MAY_BE_NULL | MAY_BE_ABSENT, AT(kept) },
};

static const struct field setting_fields[] = {
	{ "idle", COUNT, 0, AT(idle) }, { "intvl", COUNT, 0, AT(intvl) },
	{ "cnt", COUNT, 0, AT(cnt) },   { "user_timeout_ms", COUNT, 0, AT(user_timeout_ms) },
	{ "from", TEXT, 0, AT(from) },
};

static const struct field kernel_fields[] = {
	{ "release", TEXT, 0, AT(release) },
	{ "hz", COUNT, 0, AT(hz) },
	{ "clock", TEXT, 0, AT(clock) },
	{ "where", TEXT, 0, AT(where) },
};

static const struct field prediction_fields[] = {
	{ "when", TEXT, 0, AT(expect_when) },
	{ "errno", TEXT, MAY_BE_NULL, AT(expect_errno) },
	{ "events", TEXT, MAY_BE_NULL, AT(expect_events) },
};

/* ---- one field ---------------------------------------------------------------------------- */

static const char *const wants[] = {
	[TEXT] = "a string",    [COUNT] = "an integer", [SECONDS] = "a number",
	[OBJECT] = "an object", [ARRAY] = "an array",
};

static const char *type_name(const json_t *json)
{
	if (!json)
		return "missing";
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a real number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "null";
	}
	return "of no known type";
}

static int bad_field(struct nn_err *err, const char *prefix, const char *name, const char *want,
		     const json_t *json)
{
	return nn_fail(err, EINVAL, "result line: field %s%s must be %s, is %s", prefix, name, want,
		       type_name(json));
}

static bool has_kind(const json_t *json, enum kind kind)
{
	switch (kind) {
	case TEXT:
		return json_is_string(json);
	case COUNT:
		return json_is_integer(json) && json_integer_value(json) >= 0 &&
		       json_integer_value(json) <= INT_MAX;
	case SECONDS:
		return json_is_number(json);
	case OBJECT:
		return json_is_object(json);
	case ARRAY:
		return json_is_array(json);
	}
	return false;
}

/* @json NULL: the field is null or absent. */
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
	case SECONDS:
		*(double *)to = json ? json_number_value(json) : NAN;
		break;
	case OBJECT:
	case ARRAY:
		*(json_t **)to = json;
		break;
	}
}

/* Reads the fields of @table from @object; @prefix ("kernel.") names it in an error. */
static int read_fields(struct ka_result *out, const json_t *object, const char *prefix,
		       const struct field *table, size_t n, struct nn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct field *field = &table[i];
		json_t *json = json_object_get(object, field->name);

		if ((!json && field->may & MAY_BE_ABSENT) ||
		    (json_is_null(json) && field->may & MAY_BE_NULL))
			json = NULL;
		else if (!has_kind(json, field->kind))
			return bad_field(err, prefix, field->name, wants[field->kind], json);
		store(out, field, json);
	}
	return 0;
}

static int read_object(struct ka_result *out, const char *name, const char *prefix,
		       const struct field *table, size_t n, struct nn_err *err)
{
	const json_t *object = json_object_get(out->json, name);

	if (!json_is_object(object))
		return bad_field(err, "", name, wants[OBJECT], object);
	return read_fields(out, object, prefix, table, n, err);
}

/* ---- fields with a meaning of their own --------------------------------------------------- */

static int read_version(const struct ka_result *out, struct nn_err *err)
{
	const json_t *v = json_object_get(out->json, "v");

	if (!json_is_object(out->json))
		return nn_fail(err, EINVAL, "result line: must be an object, is %s",
			       type_name(out->json));
	if (!json_is_integer(v))
		return bad_field(err, "", "v", wants[COUNT], v);
	if (json_integer_value(v) < 1 || json_integer_value(v) > KA_RESULT_VERSION)
		return nn_fail(
			err, EINVAL,
			"result line: field v: this kacheck reads versions 1 to %d, not %lld",
			KA_RESULT_VERSION, (long long)json_integer_value(v));
	if (json_integer_value(v) > 1 && !json_object_get(out->json, "findings"))
		return bad_field(err, "", "findings", wants[ARRAY], NULL);
	return 0;
}

static int read_verdict(struct ka_result *out, struct nn_err *err)
{
	static const enum ka_verdict_kind kinds[] = { KA_PASS, KA_FAIL, KA_SKIP, KA_BROKEN };
	const json_t *json = json_object_get(out->json, "verdict");

	for (size_t i = 0; json_is_string(json) && i < KA_N(kinds); i++) {
		if (!strcmp(json_string_value(json), ka_verdict_name(kinds[i]))) {
			out->verdict = kinds[i];
			return 0;
		}
	}
	return bad_field(err, "", "verdict", "one of pass, fail, skip, broken", json);
}

static int read_window(struct ka_result *out, struct nn_err *err)
{
	const json_t *json = json_object_get(out->json, "window_s");

	out->window_s[0] = out->window_s[1] = NAN;
	if (json_is_null(json))
		return 0;
	if (json_array_size(json) != 2 || !json_is_number(json_array_get(json, 0)) ||
	    !json_is_number(json_array_get(json, 1)))
		return bad_field(err, "", "window_s", "null or an array of two numbers", json);
	for (size_t i = 0; i < 2; i++)
		out->window_s[i] = json_number_value(json_array_get(json, i));
	return 0;
}

static int read_off(struct ka_result *out, struct nn_err *err)
{
	const json_t *json = json_object_get(out->json, "off_jiffies");

	out->have_off = json_is_integer(json);
	if (!out->have_off && !json_is_null(json))
		return bad_field(err, "", "off_jiffies", "null or an integer", json);
	out->off_jiffies = json_integer_value(json);
	return 0;
}

/* ---- lists -------------------------------------------------------------------------------- */

static int check_gaps(const struct ka_result *out, struct nn_err *err)
{
	const json_t *json;
	size_t i;

	json_array_foreach(out->gaps, i, json)
	{
		if (!json_is_number(json))
			return bad_field(err, "gaps_s", "[]", wants[SECONDS], json);
	}
	return 0;
}

static int check_counters(const struct ka_result *out, struct nn_err *err)
{
	const char *name;
	json_t *json;

	json_object_foreach(out->counters, name, json)
	{
		if (!json_is_integer(json))
			return bad_field(err, "counters.", name, wants[COUNT], json);
	}
	return 0;
}

/* Each object of @array, which is called @prefix, has the fields of @table. */
static int check_objects(const json_t *array, const char *prefix, const struct field *table,
			 size_t n, struct nn_err *err)
{
	const json_t *object;
	size_t i;

	json_array_foreach(array, i, object)
	{
		for (size_t k = 0; k < n; k++) {
			const json_t *json = json_object_get(object, table[k].name);

			if (!has_kind(json, table[k].kind))
				return bad_field(err, prefix, table[k].name, wants[table[k].kind],
						 json);
		}
	}
	return 0;
}

static int check_timeline(const struct ka_result *out, struct nn_err *err)
{
	/* without findings, version 1: without the kind */
	static const struct field event_fields[] = {
		{ "t", SECONDS, 0, 0 },
		{ "at", TEXT, 0, 0 },
		{ "what", TEXT, 0, 0 },
		{ "kind", TEXT, 0, 0 },
	};

	return check_objects(out->timeline, "timeline[].", event_fields,
			     KA_N(event_fields) - !out->findings, err);
}

static int check_findings(const struct ka_result *out, struct nn_err *err)
{
	static const struct field finding_fields[] = {
		{ "code", TEXT, 0, 0 },
		{ "class", TEXT, 0, 0 },
		{ "text", TEXT, 0, 0 },
	};

	return check_objects(out->findings, "findings[].", finding_fields, KA_N(finding_fields),
			     err);
}

static int decode(struct ka_result *out, struct nn_err *err)
{
	int ret = read_version(out, err);

	if (!ret)
		ret = read_fields(out, out->json, "", fields, KA_N(fields), err);
	if (!ret)
		ret = read_object(out, "setting", "setting.", setting_fields, KA_N(setting_fields),
				  err);
	if (!ret)
		ret = read_object(out, "kernel", "kernel.", kernel_fields, KA_N(kernel_fields),
				  err);
	if (!ret && out->prediction)
		ret = read_fields(out, out->prediction, "prediction.", prediction_fields,
				  KA_N(prediction_fields), err);
	if (!ret)
		ret = read_verdict(out, err);
	if (!ret)
		ret = read_window(out, err);
	if (!ret)
		ret = read_off(out, err);
	if (!ret)
		ret = check_gaps(out, err);
	if (!ret)
		ret = check_counters(out, err);
	if (!ret)
		ret = check_timeline(out, err);
	if (!ret)
		ret = check_findings(out, err);
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
