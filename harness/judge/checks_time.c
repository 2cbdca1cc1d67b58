/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One place judges the time of the end. Too early is wrong by one jiffy; too late is what neither
 * the wheel's rounding nor the measured noise of the host explains.
 */
#include "judge/bounds.h"
#include "judge/checks.h"
#include "judge/wheel.h"

/* An expiry is handled in its jiffy or, on an idle host, mostly in the next one; one more, because
 * the observer's clock is read after that. */
#define HANDLING_J 2

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

static int64_t earliest_ns(const struct ka_evidence *e, const int64_t window[2])
{
	bool exact = e->facts->virtual_clock || ka_regime_is(e->want->when, KA_REGIME_AT_ONCE);
	int64_t ns[2];

	ka_window_ns(e, window, ns);
	return ns[0] - (exact ? 0 : KA_JIFFY_LAG_NS);
}

/*
 * A late expiry delays the next one only when the delay is longer than the rounding of a step
 * absorbs; then each step may be longer by one granule.
 */
static int64_t lost_granules_ns(const struct ka_evidence *e)
{
	int64_t tick = e->tick_ns;
	int64_t steps = e->want->probes < KA_CNT ? e->want->probes : e->probes;

	if (!ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) ||
	    e->noise_ns <= e->want->gap_slack_j * tick)
		return 0;
	return steps * e->want->granule_intvl_j * tick;
}

/*
 * At once the window itself allows what is needed: one tick until the softirq has
 * delivered the segment, one until the reader runs. It begins when the bench has done the step, so
 * what the step itself took is in front of it.
 */
static int64_t latest_ns(const struct ka_evidence *e, const int64_t window[2])
{
	int64_t tick = e->tick_ns;
	int64_t handling = e->facts->virtual_clock ? 1 : HANDLING_J;

	if (ka_regime_is(e->want->when, KA_REGIME_AT_ONCE))
		handling = 0;
	return (window[1] + handling) * tick + e->noise_ns + lost_granules_ns(e);
}

void ka_accepted_ns(const struct ka_evidence *e, const int64_t window[2], int64_t accepted[2])
{
	accepted[0] = earliest_ns(e, window);
	accepted[1] = latest_ns(e, window);
}

static const char *zero_text(const struct ka_evidence *e)
{
	return e->cause ? e->cause : "its beginning";
}

static void check_alive(const struct ka_evidence *e, struct ka_findings *f)
{
	if (e->detected)
		ka_find(f, KA_FIND_ENDED, -1, "ended %.3f s after %s, must live",
			seconds(e->end_ns - e->zero_ns), zero_text(e));
	else if (e->stop && e->stop->end.why != KA_END_WATCHED)
		/* the bench waited in vain for a probe that a step begins with */
		ka_find(f, KA_FIND_PROBE_COUNT, e->stop->end.step, "was not watched to the end");
}

void ka_check_end(const struct ka_evidence *e, struct ka_findings *f)
{
	if (ka_regime_is(e->want->when, KA_REGIME_LIVES))
		check_alive(e, f);
	else if (!e->detected)
		ka_find(f, KA_FIND_NOT_NOTICED, -1, "not noticed within %.3f s after %s",
			seconds(e->end_ns - e->zero_ns), zero_text(e));
}

static void find_time(const struct ka_evidence *e, const int64_t window[2],
		      enum ka_finding_code code, int64_t by_ns, struct ka_findings *f)
{
	int64_t tick = e->tick_ns, ns[2];

	ka_window_ns(e, window, ns);
	ka_find(f, code, -1, "ended %.6f s after %s, %lld jiffies too %s: window %.3f .. %.3f s",
		seconds(e->end_ns - e->zero_ns), zero_text(e),
		(long long)((by_ns + tick - 1) / tick),
		code == KA_FIND_END_EARLY ? "early" : "late", seconds(ns[0]), seconds(ns[1]));
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
	int64_t elapsed, accepted[2];
	struct ka_bounds bounds;

	if (!e->detected || !e->have_zero || !ka_bounds_of(e, &bounds))
		return;
	elapsed = e->end_ns - e->zero_ns;
	if (is_reported_at_once(e, elapsed))
		return;
	ka_accepted_ns(e, bounds.end, accepted);
	if (elapsed < accepted[0])
		find_time(e, bounds.end, KA_FIND_END_EARLY, accepted[0] - elapsed, f);
	else if (elapsed > accepted[1])
		find_time(e, bounds.end, KA_FIND_END_LATE, elapsed - accepted[1], f);
}

/* mptcp_set_close_tout(): another timer, on the same wheel. */
void ka_check_notice(const struct ka_evidence *e, struct ka_findings *f)
{
	double after_s = ka_time_s(&e->instance->case_->expect.notice, &e->instance->setting);
	int64_t after = (int64_t)(after_s * e->facts->hz), seen, earliest, latest;

	if (after <= 0 || !e->detected || e->notice_ns == INT64_MAX)
		return;
	seen = e->notice_ns - e->end_ns;
	earliest = (after - 1) * e->tick_ns;
	/* It is told by a kernel thread (mptcp_worker()), which waits for a CPU as processes do: the
	 * sampled noise cannot bound that, the budget can. */
	latest = (after + ka_wheel_granule(after, e->facts->hz) + HANDLING_J) * e->tick_ns +
		 (e->facts->virtual_clock ? 0 : e->facts->noise_budget_ns);
	if (seen < earliest || seen > latest)
		ka_find(f, KA_FIND_NOTICE, -1,
			"the application heard of the end %.6f s after it, must be %.3f .. %.3f s",
			seconds(seen), seconds(earliest), seconds(latest));
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
