/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See bounds.h. */
#include "judge/bounds.h"

#include "judge/expiries.h"
#include "judge/replay.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/util.h"

bool ka_armed_fresh(const struct ka_evidence *e)
{
	if (e->instance->case_->expect.arming != KA_FRESH)
		return false;
	return e->timeline->armed_ns ? e->timeline->armed_ns >= e->last_rx_ns : e->accepted == 1;
}

/* Armed after L (options set on a connected socket): all of it comes so much later. The delay is
 * known better than to a jiffy, its place between two ticks is not. */
static void shift_by_arming(const struct ka_evidence *e, int64_t window[2])
{
	int64_t armed_ns = e->timeline->armed_ns, delay;

	if (!armed_ns || armed_ns <= e->last_rx_ns)
		return;
	delay = (armed_ns - e->last_rx_ns) / e->tick_ns;
	window[0] += delay;
	window[1] += delay + 1;
}

static void take_in(int64_t window[2], const int64_t other[2])
{
	ka_widen(window, other[0]);
	ka_widen(window, other[1]);
}

/*
 * A slow host may take so long for the steps that a probe was sent and answered before the fault,
 * or that more was received than the declaration says. That is no fault of the kernel, and known:
 * the window that holds for such a past is taken in.
 */
static void admit_past(const struct ka_evidence *e, struct ka_bounds *out)
{
	const struct ka_values v = ka_values_begin(e->instance);
	bool surprise = e->instance->case_->expect.arming == KA_FRESH && !ka_armed_fresh(e);
	struct ka_wheel_bounds other;

	if (!surprise && !e->answered)
		return;
	other = ka_wheel_window(v.idle, v.intvl, v.cnt, v.user_timeout_ms, e->facts->hz,
				e->answered ? KA_WHEEL_PROBED : KA_WHEEL_CHAINED);
	take_in(out->p1, other.p1);
	if (ka_regime_is(e->want->when, KA_REGIME_ONE_PROBE))
		take_in(out->end, other.p1);
	else
		take_in(out->end, other.end);
}

/* Steps changed the timer's values: what the replay of all phases leaves. */
static void replay_changes(const struct ka_evidence *e, struct ka_bounds *out)
{
	int64_t window[2], bias = e->instance->case_->bias.window_jiffies;

	if (!ka_replay_window(e, window))
		return;
	out->end[0] = window[0] + bias;
	out->end[1] = window[1] + bias;
}

/* What the wire and RTO leave of the prediction. */
static void narrow(const struct ka_evidence *e, struct ka_bounds *out)
{
	int64_t window[2], bias = e->instance->case_->bias.window_jiffies;

	if (!ka_expiries_window(e, window))
		return;
	out->end[0] = window[0] + bias;
	out->end[1] = window[1] + bias;
}

bool ka_bounds_of(const struct ka_evidence *e, struct ka_bounds *out)
{
	*out = (struct ka_bounds){ .p1 = { e->want->p1_lo_j, e->want->p1_hi_j },
				   .end = { e->want->lo_j, e->want->hi_j } };
	if (ka_regime_is(e->want->when, KA_REGIME_LIVES))
		return false;
	if (!ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE)) {
		narrow(e, out);
		return true;
	}
	if (e->want->changing) {
		replay_changes(e, out);
		return true;
	}
	if (!e->instance->case_->bias.window_jiffies)
		admit_past(e, out);
	shift_by_arming(e, out->p1);
	shift_by_arming(e, out->end);
	return true;
}

void ka_window_ns(const struct ka_evidence *e, const int64_t window[2], int64_t ns[2])
{
	ns[0] = (window[0] - 1) * e->tick_ns;
	ns[1] = window[1] * e->tick_ns;
	if (ka_regime_is(e->want->when, KA_REGIME_AT_ONCE))
		ns[0] = e->cause_began_ns - e->zero_ns;
}
