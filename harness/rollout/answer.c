/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See answer.h. */
#include "rollout/answer.h"

#include <math.h>

#include "judge/backoff.h"
#include "judge/wheel.h"

static void never(double out[2])
{
	out[0] = out[1] = NAN;
}

static double later(double a, double b)
{
	return a > b ? a : b;
}

static enum ka_effect effect_of(const struct ka_knobs *k)
{
	if (k->value[KA_KNOB_TIME] < 0)
		return KA_EFFECT_SILENT;
	if (k->value[KA_KNOB_PROBES] == 0)
		return KA_EFFECT_KILLS;
	return k->value[KA_KNOB_INTVL] < 0 ? KA_EFFECT_ENDLESS : KA_EFFECT_DETECTS;
}

static void predict_data(struct ka_answer *answer, const struct ka_knobs *k, int hz)
{
	struct ka_backoff timer = ka_backoff_on_lan(
		KA_BACKOFF_DATA, (unsigned)k->value[KA_KNOB_RETRIES2], k->ut_ms, hz);
	int64_t window[2];

	ka_backoff_limits(&timer, k->value[KA_KNOB_RTO_MIN_US], k->value[KA_KNOB_RTO_MAX_MS]);
	ka_backoff_window(&timer, window);
	ka_wheel_seconds(window, hz, answer->unacked_s);
}

/* Values that a keepalive can work with: time and intvl at least 0, probes at least 1. */
static void predict_probing(struct ka_answer *answer, const struct ka_knobs *k, int hz)
{
	int64_t time = k->value[KA_KNOB_TIME], intvl = k->value[KA_KNOB_INTVL];
	unsigned probes = (unsigned)k->value[KA_KNOB_PROBES];
	struct ka_wheel_bounds chained, probed;
	int64_t gap = ka_wheel_step(intvl * hz, hz, NULL);

	chained = ka_wheel_window(time, intvl, probes, k->ut_ms, hz, KA_WHEEL_CHAINED);
	probed = ka_wheel_window(time, intvl, probes, k->ut_ms, hz, KA_WHEEL_PROBED);
	answer->nominal_s = k->ut_ms ? later(k->ut_ms / 1000.0, (double)time + (double)intvl)
				     : (double)time + (double)intvl * probes;
	answer->gap_s = (double)gap / hz;
	ka_wheel_seconds(probed.p1, hz, answer->first_s);
	/* an answered probe leaves the timer running with intvl; it then looks whether idle is over */
	answer->period_s[0] = later((double)time, (double)intvl);
	if (time == 0 && intvl == 0)
		answer->period_s[0] = 1.0 / hz;
	answer->period_s[1] = later(answer->first_s[1], answer->gap_s);
	ka_wheel_seconds((int64_t[]){ chained.end[0], probed.end[1] }, hz, answer->detect_s);
}

void ka_answer_predict(struct ka_answer *answer, const struct ka_knobs *k, int hz)
{
	int64_t time = k->value[KA_KNOB_TIME];
	struct ka_wheel_bounds first;

	*answer = (struct ka_answer){ .effect = effect_of(k), .nominal_s = NAN, .gap_s = NAN };
	answer->ut_ms = k->ut_ms;
	predict_data(answer, k, hz);
	never(answer->first_s);
	never(answer->detect_s);
	never(answer->period_s);
	switch (answer->effect) {
	case KA_EFFECT_SILENT:
		break;
	case KA_EFFECT_DETECTS:
		predict_probing(answer, k, hz);
		break;
	case KA_EFFECT_KILLS:
		answer->nominal_s = (double)time;
		first = ka_wheel_window(time, 0, 0, 0, hz, KA_WHEEL_CHAINED);
		ka_wheel_seconds(first.end, hz, answer->detect_s);
		break;
	case KA_EFFECT_ENDLESS:
		first = ka_wheel_window(time, 0, 1, 0, hz, KA_WHEEL_CHAINED);
		ka_wheel_seconds(first.p1, hz, answer->first_s);
		break;
	}
}

double ka_answer_alive_per_hour(const struct ka_answer *answer)
{
	return isnan(answer->period_s[0]) ? 0 : 3600 / answer->period_s[0];
}

double ka_answer_dead_per_hour(const struct ka_answer *answer)
{
	return isnan(answer->gap_s) ? 0 : 3600 / answer->gap_s;
}

bool ka_answer_keeps(const struct ka_answer *answer, double timeout_s)
{
	return answer->effect == KA_EFFECT_DETECTS && answer->period_s[1] < timeout_s;
}

bool ka_answer_may_keep(const struct ka_answer *answer, double timeout_s)
{
	return answer->effect == KA_EFFECT_DETECTS && answer->period_s[0] < timeout_s;
}
