/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See answer.h. */
#include "rollout/answer.h"

#include <math.h>

#include "judge/retransmit.h"
#include "judge/wheel.h"

static void seconds(double out[2], const int64_t jiffies[2], int hz)
{
	out[0] = (double)jiffies[0] / hz;
	out[1] = (double)jiffies[1] / hz;
}

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
	int64_t window[2];

	ka_retransmit_window((unsigned)k->value[KA_KNOB_RETRIES2], 0, hz, window);
	seconds(answer->unacked_s, window, hz);
}

void ka_answer_predict(struct ka_answer *answer, const struct ka_knobs *k, int hz)
{
	int64_t time = k->value[KA_KNOB_TIME], intvl = k->value[KA_KNOB_INTVL];
	unsigned probes = (unsigned)k->value[KA_KNOB_PROBES];
	enum ka_effect effect = effect_of(k);
	struct ka_wheel_bounds bounds;
	int64_t gap;

	*answer = (struct ka_answer){ .effect = effect,
				      .nominal_s = (double)time + (double)intvl * probes };
	predict_data(answer, k, hz);
	never(answer->first_s);
	never(answer->detect_s);
	never(answer->period_s);
	answer->gap_s = NAN;
	if (effect == KA_EFFECT_SILENT) {
		answer->nominal_s = NAN;
		return;
	}
	bounds = ka_wheel_window(time, intvl < 0 ? 0 : intvl, probes, 0, hz, KA_WHEEL_CHAINED);
	if (effect == KA_EFFECT_DETECTS || effect == KA_EFFECT_KILLS)
		seconds(answer->detect_s, bounds.end, hz);
	if (effect == KA_EFFECT_KILLS) {
		answer->nominal_s = (double)time;
		return;
	}
	if (effect == KA_EFFECT_ENDLESS) {
		answer->nominal_s = NAN;
		seconds(answer->first_s, bounds.p1, hz);
		return;
	}
	gap = ka_wheel_step(intvl * hz, hz, NULL);
	answer->gap_s = (double)gap / hz;
	bounds = ka_wheel_window(time, intvl, probes, 0, hz, KA_WHEEL_PROBED);
	seconds(answer->first_s, bounds.p1, hz);
	/* once answered, the timer runs with intvl, and looks when idle is over */
	answer->period_s[0] = later((double)time, intvl > time ? answer->gap_s : 0);
	answer->period_s[1] = later(answer->first_s[1], answer->period_s[0]);
	answer->detect_s[1] = (double)bounds.end[1] / hz;
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
