/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window of one run: the predicted one, fitted to what is known of how the timer was armed; and
 * the one place that judges the time of the end. Too early is wrong by one jiffy; too late is what
 * neither the wheel's rounding nor the measured noise of the host explains.
 */
#include "judge/checks.h"
#include "judge/expiries.h"
#include "judge/regimes.h"
#include "judge/replay.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/regimes.h"
#include "model/util.h"

/* What ka_late_ns() allows on a real host, in jiffies. */
#define HANDLING_J 2

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
	ka_wheel_ns(window, e->tick_ns, ns);
	if (ka_regime_is(e->want->when, KA_REGIME_AT_ONCE))
		ns[0] = e->cause_began_ns - e->zero_ns;
}

/* ---- the checks ------------------------------------------------------------------------------------ */

static int64_t earliest_ns(const struct ka_evidence *e, const int64_t window[2])
{
	bool exact = e->facts->virtual_clock || ka_regime_is(e->want->when, KA_REGIME_AT_ONCE);
	int64_t ns[2];

	ka_window_ns(e, window, ns);
	return ns[0] - (exact ? 0 : KA_JIFFY_LAG_NS);
}

/* What an expiry moves those after it by, when its handler ran late by @noise: nothing as far as the
 * rounding of a step absorbs it, then as many granules as it takes. Where the wheel's clock stays behind a
 * late handler, the longer way may be one of the next, coarser level. */
static int64_t moved_ns(const struct ka_evidence *e, int64_t noise)
{
	int64_t tick = e->tick_ns, granule = e->want->granule_intvl_j;
	int64_t late = (noise + tick - 1) / tick - e->want->gap_slack_j;
	int64_t way = ka_values_begin(e->instance).intvl * e->facts->hz + noise / tick, coarse;

	if (late <= 0)
		return 0;
	coarse = ka_wheel_granule(way - 1, e->facts->hz);
	if (coarse > granule)
		return (way + coarse - e->want->gap_j) * tick;
	return (late + granule - 1) / granule * granule * tick;
}

/* How many expiries before the end set the timer again, of one whose probes are not seen. */
static int unseen_expiries(const struct ka_evidence *e, const struct ka_watched *of)
{
	int cnt = e->want->probes < KA_CNT ? e->want->probes : e->probes;

	if (of->blind)
		return cnt;
	return e->unseen + (e->want->changing ? 1 : 0) +
	       (e->probes > KA_MAX_GAPS ? e->probes - KA_MAX_GAPS : 0);
}

/* Of expiries that are not seen it is only known that they lie between the zero and the end. */
static int64_t moved_unseen_ns(const struct ka_evidence *e, const struct ka_watched *of)
{
	return unseen_expiries(e, of) * moved_ns(e, ka_noise_at(e->facts, of->zero_ns, of->end_ns));
}

/*
 * Where intvl's granules are coarser than idle's, the first probe is on no grid that keeps to them: a handler
 * that is a jiffy late may move the second expiry beyond its window by as much, and by what the window's
 * own rounding takes in.
 */
static int64_t moved_first_ns(const struct ka_evidence *e, const int64_t window[2])
{
	int64_t second_ns = e->probes > 1 ? e->probe_ns[1] : e->end_ns;
	int64_t latest = window[1] - (e->probes - 1) * e->want->gap_j;
	int64_t beyond_ns = second_ns - e->zero_ns - latest * e->tick_ns;
	int64_t most_ns = ka_late_ns(e, e->probe_ns[0], e->probe_ns[0]) +
			  (e->want->granule_idle_j - 1) * e->tick_ns;

	if (e->want->granule_intvl_j <= e->want->granule_idle_j || beyond_ns <= 0)
		return 0;
	return ka_lesser(beyond_ns, most_ns);
}

/* tcp_keepalive_timer() sets the timer again from when it runs: what its handler was late by at each
 * expiry before the end. */
static int64_t moved_by_expiries_ns(const struct ka_evidence *e, const int64_t window[2],
				    const struct ka_watched *of)
{
	int64_t sum = 0;

	if (!ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) ||
	    ka_regime_is(e->want->when, KA_REGIME_ONE_PROBE))
		return 0;
	if (!of->blind && e->probes && e->probes <= KA_MAX_GAPS && !e->want->changing)
		sum = moved_first_ns(e, window);
	for (int k = 0; !of->blind && k < e->probes && k < KA_MAX_GAPS; k++)
		sum += moved_ns(e, ka_noise_at(e->facts, e->probe_ns[k], e->probe_ns[k]));
	return sum + moved_unseen_ns(e, of);
}

/* The same of a timer whose attempts the device refuses: it runs on a grid. */
static int64_t moved_by_refusals_ns(const struct ka_evidence *e, const struct ka_watched *of)
{
	const struct ka_rule *rule = ka_rule(e->want->when);
	int64_t tick = e->tick_ns, granule, slack, late;
	struct ka_backoff timer;
	unsigned expiries[2];

	if (!rule->timer || !ka_case_refuses(e->instance->case_))
		return 0;
	timer = rule->timer(e->instance, e->facts->hz);
	ka_backoff_refusals(&timer, expiries);
	ka_wheel_step(timer.hz / 2, timer.hz, &slack);
	granule = ka_wheel_granule(timer.hz / 2, timer.hz);
	late = (ka_noise_at(e->facts, of->zero_ns, of->end_ns) + tick - 1) / tick - slack;
	return late <= 0 ? 0 : expiries[1] * ((late + granule - 1) / granule * granule) * tick;
}

/*
 * At once the window itself allows what is needed: one tick until the softirq has
 * delivered the segment, one until the reader runs. It begins when the bench has done the step, so
 * what the step itself took is in front of it.
 */
static int64_t latest_ns(const struct ka_evidence *e, const int64_t window[2],
			 const struct ka_watched *of)
{
	bool at_once = ka_regime_is(e->want->when, KA_REGIME_AT_ONCE);
	int64_t latest = window[1] * e->tick_ns;

	if (!at_once)
		latest += moved_by_expiries_ns(e, window, of) + moved_by_refusals_ns(e, of);
	/* load counts its own (ka_check_load()) */
	if (!of->blind)
		latest += ka_end_cpu_late_ns(e, of->zero_ns + latest);
	if (at_once)
		return latest + ka_noise_at(e->facts, e->cause_began_ns, of->end_ns);
	return latest + ka_late_ns(e, of->zero_ns + latest, of->end_ns);
}

void ka_accepted_ns(const struct ka_evidence *e, const int64_t window[2],
		    const struct ka_watched *of, int64_t accepted[2])
{
	accepted[0] = earliest_ns(e, window);
	accepted[1] = latest_ns(e, window, of);
}

static const char *zero_text(const struct ka_evidence *e)
{
	return e->cause ? e->cause : "its beginning";
}

static void check_alive(const struct ka_evidence *e, struct ka_findings *f)
{
	if (e->detected)
		ka_find(f, KA_FIND_ENDED, -1, "ended %.3f s after %s, must live",
			ka_seconds(e->end_ns - e->zero_ns), zero_text(e));
	else if (e->stop && e->stop->end.why != KA_END_WATCHED &&
		 e->want->when != KA_PROGRAM_CLOSES)
		/* the bench waited in vain for a probe that a step begins with */
		ka_find(f, KA_FIND_PROBE_COUNT, e->stop->end.step, "was not watched to the end");
}

void ka_check_end(const struct ka_evidence *e, struct ka_findings *f)
{
	if (ka_regime_is(e->want->when, KA_REGIME_LIVES))
		check_alive(e, f);
	else if (!e->detected)
		ka_find(f, KA_FIND_NOT_NOTICED, -1, "not noticed within %.3f s after %s",
			ka_seconds(e->end_ns - e->zero_ns), zero_text(e));
}

static void find_time(const struct ka_evidence *e, const int64_t window[2],
		      enum ka_finding_code code, int64_t by_ns, struct ka_findings *f)
{
	int64_t tick = e->tick_ns, ns[2];

	ka_window_ns(e, window, ns);
	ka_find(f, code, -1, "ended %.6f s after %s, %lld jiffies too %s: window %.3f .. %.3f s",
		ka_seconds(e->end_ns - e->zero_ns), zero_text(e),
		(long long)((by_ns + tick - 1) / tick),
		code == KA_FIND_END_EARLY ? "early" : "late", ka_seconds(ns[0]), ka_seconds(ns[1]));
}

/*
 * An ICMP error for the first transmission mostly finds the socket owned by the writer, whose own
 * softirq delivers it, and is dropped (tcp_v4_err(): LockDroppedIcmps). In older kernels a busy
 * ksoftirqd takes that over: then the error is reported at once.
 */
static bool is_reported_at_once(const struct ka_evidence *e, int64_t elapsed)
{
	static const char no_more[] = "6.5"; /* softirq.c: ksoftirqd_running() is gone */

	return e->want->when == KA_FIRST_RETRANSMIT && elapsed >= 0 && elapsed <= e->tick_ns &&
	       !ka_release_reaches(e->facts->release, no_more);
}

void ka_check_window(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_watched of = { .zero_ns = e->zero_ns, .end_ns = e->end_ns };
	int64_t elapsed, after, accepted[2];
	struct ka_bounds bounds;

	if (!e->detected || !e->have_zero || !ka_bounds_of(e, &bounds))
		return;
	elapsed = e->end_ns - e->zero_ns;
	after = e->end_after_ns - e->zero_ns;
	if (is_reported_at_once(e, elapsed))
		return;
	ka_accepted_ns(e, bounds.end, &of, accepted);
	if (elapsed < accepted[0])
		find_time(e, bounds.end, KA_FIND_END_EARLY, accepted[0] - elapsed, f);
	else if (after > accepted[1])
		find_time(e, bounds.end, KA_FIND_END_LATE, after - accepted[1], f);
}

/*
 * The timer is set by a kernel thread (mptcp_worker()) that waits for a CPU, and for other work on the
 * same one, which no watcher sees. What it does wakes the application: by that time it has run.
 */
static int64_t notice_set_ns(const struct ka_evidence *e)
{
	int64_t set_ns = e->end_ns;

	for (size_t i = 0; i < e->timeline->n && !e->facts->virtual_clock; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_EPOLL && event->at == e->at && event->t_ns > set_ns &&
		    event->t_ns < e->notice_ns &&
		    event->t_ns - e->end_ns <= e->facts->noise_budget_ns)
			set_ns = event->t_ns;
	}
	return set_ns;
}

/* mptcp_set_close_tout(): another timer, on the same wheel. */
void ka_check_notice(const struct ka_evidence *e, struct ka_findings *f)
{
	double after_s = ka_time_s(&e->instance->case_->expect.notice, &e->instance->setting);
	int64_t after = (int64_t)(after_s * e->facts->hz), seen, earliest, latest, due_ns;

	if (after <= 0 || !e->detected || e->notice_ns == INT64_MAX)
		return;
	seen = e->notice_ns - e->end_ns;
	earliest = (after - 1) * e->tick_ns;
	latest = (after + ka_wheel_granule(after, e->facts->hz) + HANDLING_J) * e->tick_ns;
	latest += notice_set_ns(e) - e->end_ns;
	/* It is told by that thread again, once the timer has gone off: it may wait as long as the host made
	 * anybody wait since the end. What the application waited for a CPU, it has seen itself. */
	due_ns = e->end_ns + latest;
	latest += ka_noise_at(e->facts, due_ns, e->notice_ns) +
		  ka_noise_at(e->facts, e->end_ns, e->notice_ns) +
		  ka_cpu_late_ns(e, due_ns, e->notice_ns, e->notice_late_ns);
	if (seen < earliest || seen > latest)
		ka_find(f, KA_FIND_NOTICE, -1,
			"the application heard of the end %.6f s after it, must be %.3f .. %.3f s",
			ka_seconds(seen), ka_seconds(earliest), ka_seconds(latest));
}

/* On a real host a late jiffy is noise, which the window judges. */
void ka_check_jiffy(const struct ka_evidence *e, int64_t off, struct ka_findings *f)
{
	if (off < 0)
		ka_find(f, KA_FIND_JIFFY_EARLY, -1,
			"ended %lld jiffies too early by the phase of the timer wheel",
			(long long)-off);
	else if (off > 1 && e->facts->virtual_clock)
		ka_find(f, KA_FIND_JIFFY_LATE, -1,
			"ended %lld jiffies too late by the phase of the timer wheel",
			(long long)off);
}
