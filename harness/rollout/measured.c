/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See measured.h. */
#include "rollout/measured.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

void ka_measured_take(struct ka_measured *out, const struct ka_result *result)
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

bool ka_measured_holds(const struct ka_measured *m)
{
	return m->there && m->verdict == KA_PASS;
}
