/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict. First whether the experiment happened at all, then what the kernel did: where the
 * first is in doubt, nothing is said about the second.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/bounds.h"
#include "judge/checks.h"
#include "judge/expiries.h"
#include "judge/replay.h"

/* Captured times are converted from the wall clock: a step of it moves packets against the rest. */
#define MAX_CLOCK_STEP_NS INT64_C(1000000)

/* ---- figures ------------------------------------------------------------------------------------- */

/* Seconds after L; NAN without an L. */
static double after_last_rx(const struct ka_evidence *e, int64_t ns)
{
	return e->heard ? (double)(ns - e->last_rx_ns) / 1e9 : NAN;
}

static void put_window(const struct ka_evidence *e, struct ka_verdict *out)
{
	struct ka_bounds bounds;
	int64_t ns[2];

	if (!e->have_zero || !ka_bounds_of(e, &bounds))
		return;
	ka_window_ns(e, bounds.end, ns);
	out->window_s[0] = after_last_rx(e, e->zero_ns + ns[0]);
	out->window_s[1] = after_last_rx(e, e->zero_ns + ns[1]);
}

static void put_gaps(const struct ka_evidence *e, struct ka_verdict *out)
{
	for (int k = 0; k + 1 < e->probes && k < KA_MAX_GAPS; k++)
		out->gaps_s[out->n_gaps++] = (double)(e->probe_ns[k + 1] - e->probe_ns[k]) / 1e9;
}

static void put_figures(const struct ka_evidence *e, struct ka_verdict *out)
{
	put_window(e, out);
	put_gaps(e, out);
	if (e->detected)
		out->detect_s = after_last_rx(e, e->end_ns);
	if (e->notice_ns != INT64_MAX)
		out->notice_s = after_last_rx(e, e->notice_ns);
	out->have_off =
		ka_replay_off(e, &out->off_jiffies) || ka_expiries_off(e, &out->off_jiffies);
	out->error = e->error;
	out->events = e->events;
	out->probes = e->probes + e->unseen;
	out->last_rx_ns = e->last_rx_ns;
}

/* ---- in order ------------------------------------------------------------------------------------- */

/* What the bench itself has said. Returns true when that decides. */
static bool judge_bench(const struct ka_evidence *e, struct ka_verdict *out)
{
	if (!e->stop)
		return false;
	if (e->stop->end.why == KA_END_SKIP)
		out->kind = KA_SKIP;
	else if (e->stop->end.why == KA_END_BROKEN)
		out->kind = KA_BROKEN;
	else
		return false;
	snprintf(out->why, sizeof(out->why), "%s", e->stop->end.text);
	return true;
}

/* Did the experiment happen, on a host that can measure? */
static bool judge_experiment(const struct ka_evidence *e, struct ka_verdict *out)
{
	struct ka_findings findings;

	ka_findings_init(&findings, out->why, sizeof(out->why));
	if (e->timeline->clock_step_ns > MAX_CLOCK_STEP_NS)
		ka_find(&findings, "the clock was set by %.3f s",
			(double)e->timeline->clock_step_ns / 1e9);
	else
		ka_guard(e, &findings);
	if (!findings.n && e->noise_ns > e->facts->noise_budget_ns)
		ka_find(&findings, "host stalled %.0f ms", (double)e->noise_ns / 1e6);
	if (!findings.n)
		return false;
	out->kind = KA_BROKEN;
	return true;
}

static void judge_end(const struct ka_evidence *e, const struct ka_verdict *out,
		      struct ka_findings *f)
{
	ka_check_window(e, f);
	ka_check_notice(e, f);
	if (out->have_off)
		ka_check_jiffy(e, out->off_jiffies, f);
	ka_check_error(e, f);
	ka_check_masks(e, f);
	ka_check_calls(e, f);
	ka_check_blocked(e, f);
	ka_check_edge(e, f);
	ka_check_unread(e, f);
	ka_check_state(e, f);
	ka_check_rst_format(e, f);
	ka_check_rst_counts(e, f);
	ka_check_counters(e, f);
}

/* What the kernel did. Of an end that did not come, its absence says enough. */
static void judge_kernel(const struct ka_evidence *e, struct ka_verdict *out)
{
	struct ka_findings findings;

	ka_findings_init(&findings, out->why, sizeof(out->why));
	ka_check_end(e, &findings);
	ka_check_steps(e, &findings);
	ka_check_probe_count(e, &findings);
	ka_check_answered(e, &findings);
	ka_check_received(e, &findings);
	ka_check_first_probe(e, &findings);
	ka_check_idle(e, &findings);
	ka_check_gaps(e, &findings);
	ka_check_expiries(e, &findings);
	ka_check_refused(e, &findings);
	ka_check_probe_format(e, &findings);
	ka_check_load(e, &findings);
	ka_check_app(e, &findings);
	if (e->detected || e->want->when == KA_NEVER)
		judge_end(e, out, &findings);
	out->kind = findings.n ? KA_FAIL : KA_PASS;
}

/* A kernel that is older than the behaviour need not show it. */
static void excuse_old_kernel(const struct ka_instance *instance, const struct ka_facts *facts,
			      struct ka_verdict *out)
{
	const struct ka_since_release *since = &instance->case_->holds_from;
	char found[sizeof(out->why)];

	if ((out->kind != KA_FAIL && out->kind != KA_BROKEN) ||
	    !ka_release_before(facts->release, since))
		return;
	out->kind = KA_SKIP;
	memcpy(found, out->why, sizeof(found));
	snprintf(out->why, sizeof(out->why), "holds from Linux %s on (%s), this is %s: %.250s",
		 since->release, since->change, facts->release, found);
}

/*
 * All namespaces share the host's queues: a burst of somebody else's packets may have cost this
 * instance one. A probe that is lost there is not counted and tried again soon
 * (tcp_keepalive_timer(): NET_XMIT_DROP), so whatever is wrong then may have come from that.
 */
static void excuse_by_host(const struct ka_evidence *e, struct ka_verdict *out)
{
	char why[sizeof(out->why)];

	if (out->kind != KA_FAIL || !e->timeline->host_lost)
		return;
	snprintf(why, sizeof(why), "%s", out->why);
	snprintf(out->why, sizeof(out->why),
		 "host stalled: %llu packets did not fit into its queues; %.300s",
		 (unsigned long long)e->timeline->host_lost, why);
	out->kind = KA_BROKEN;
}

static void judge(const struct ka_evidence *e, struct ka_verdict *out)
{
	if (!judge_bench(e, out) && !judge_experiment(e, out))
		judge_kernel(e, out);
}

void ka_judge(const struct ka_instance *instance, const struct ka_facts *facts,
	      const struct ka_prediction *prediction, const struct ka_timeline *timeline,
	      struct ka_verdict *out)
{
	struct ka_evidence evidence;

	*out = (struct ka_verdict){
		.window_s = { NAN, NAN },
		.detect_s = NAN,
		.notice_s = NAN,
	};
	ka_evidence_collect(instance, facts, prediction, timeline, &evidence);
	put_figures(&evidence, out);
	judge(&evidence, out);
	excuse_by_host(&evidence, out);
	excuse_old_kernel(instance, facts, out);
}
