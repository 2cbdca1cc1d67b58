/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See measured.h. */
#include "rollout/measured.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* As result/event.c words it. */
#define ANSWERED "probe (answered)"
#define GIVES    " gives "

static bool is_answered(const json_t *event)
{
	const char *what = json_string_value(json_object_get(event, "what"));
	const char *at = json_string_value(json_object_get(event, "at"));

	return what && at && strcmp(what, ANSWERED) == 0 && strcmp(at, "client") == 0;
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
}

const char *ka_measured_word(const struct ka_measured *m)
{
	return m->there ? ka_verdict_name(m->verdict) : "no result";
}

bool ka_measured_holds(const struct ka_measured *m)
{
	return m->there && m->verdict == KA_PASS;
}

const char *ka_measured_refusal(const struct ka_measured *m, char *buf, size_t size)
{
	const char *at = strstr(m->why, GIVES);

	if (at)
		snprintf(buf, size, "%.*s", (int)strcspn(at + strlen(GIVES), ","),
			 at + strlen(GIVES));
	else
		snprintf(buf, size, "%s", m->why);
	return buf;
}
