/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See spec.h. */
#include "rollout/spec.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *knobs_json(const struct ka_knobs *knobs)
{
	json_t *array = json_array();

	for (size_t i = 0; i < KA_KNOBS; i++)
		json_array_append_new(array, json_integer(knobs->value[i]));
	return array;
}

static json_t *writes_json(const struct ka_spec *spec)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spec->n_writes; i++)
		json_array_append_new(array, json_pack("[i, s]", (int)spec->writes[i].knob,
						       spec->writes[i].text));
	return array;
}

static json_t *gateways_json(const struct ka_spec *spec)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spec->n_gateways; i++)
		json_array_append_new(array, json_pack("[i, i]", (int)spec->gateways[i].timeout_s,
						       (int)spec->gateways[i].unknown));
	return array;
}

char *ka_spec_text(const struct ka_spec *spec)
{
	json_t *json =
		json_pack("{s:o, s:o, s:o, s:o, s:b}", "before", knobs_json(&spec->before), "after",
			  knobs_json(&spec->after), "writes", writes_json(spec), "gateways",
			  gateways_json(spec), "virtual", (int)spec->virtual_clock);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

static bool take_knobs(struct ka_knobs *knobs, const json_t *array)
{
	for (size_t i = 0; i < KA_KNOBS; i++)
		knobs->value[i] = json_integer_value(json_array_get(array, i));
	return json_array_size(array) == KA_KNOBS;
}

static bool take_writes(struct ka_spec *spec, json_t *array)
{
	for (size_t i = 0; i < json_array_size(array) && i < KA_KNOBS; i++) {
		const char *text;
		int knob;

		if (json_unpack(json_array_get(array, i), "[i, s]", &knob, &text) < 0 || knob < 0 ||
		    knob >= KA_KNOBS)
			return false;
		spec->writes[i].knob = (enum ka_knob)knob;
		snprintf(spec->writes[i].text, sizeof(spec->writes[i].text), "%s", text);
		spec->n_writes++;
	}
	return true;
}

static bool take_gateways(struct ka_spec *spec, json_t *array)
{
	for (size_t i = 0; i < json_array_size(array) && i < KA_MAX_SPEC_GATEWAYS; i++) {
		int timeout_s, unknown;

		if (json_unpack(json_array_get(array, i), "[i, i]", &timeout_s, &unknown) < 0)
			return false;
		spec->gateways[i] =
			(struct ka_spec_gateway){ (unsigned)timeout_s, (enum ka_unknown)unknown };
		spec->n_gateways++;
	}
	return true;
}

int ka_spec_read(struct ka_spec *spec, const char *text, struct nn_err *err)
{
	json_t *json = json_loads(text, 0, NULL), *before, *after, *writes, *gateways;
	int virtual_clock;
	bool whole;

	*spec = (struct ka_spec){ .n_writes = 0 };
	whole = json && json_unpack(json, "{s:o, s:o, s:o, s:o, s:b}", "before", &before, "after",
				    &after, "writes", &writes, "gateways", &gateways, "virtual",
				    &virtual_clock) == 0;
	whole = whole && take_knobs(&spec->before, before) && take_knobs(&spec->after, after) &&
		take_writes(spec, writes) && take_gateways(spec, gateways);
	if (whole)
		spec->virtual_clock = virtual_clock;
	json_decref(json);
	return whole ? 0 : nn_fail(err, EINVAL, "what is to be tried cannot be read");
}
