/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict: what was found, and the classes of it that decide. Where it is in doubt whether the
 * experiment happened, nothing is said about the kernel but what is certain all the same.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/checks.h"
#include "judge/expiries.h"
#include "judge/owned.h"
#include "judge/program.h"
#include "judge/replay.h"
#include "judge/values.h"
#include "model/util.h"

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
	if (e->instance->program)
		ka_program_figures(e, out);
}

/* ---- what the kernel did ----------------------------------------------------------------------------- */

/* What the application sees of its socket, if it is one of our own. */
static void judge_socket(const struct ka_evidence *e, struct ka_findings *f)
{
	ka_check_error(e, f);
	ka_check_masks(e, f);
	ka_check_calls(e, f);
	ka_check_blocked(e, f);
	ka_check_edge(e, f);
	ka_check_unread(e, f);
	ka_check_state(e, f);
}

static void judge_end(const struct ka_evidence *e, const struct ka_verdict *out,
		      struct ka_findings *f)
{
	ka_check_window(e, f);
	ka_check_notice(e, f);
	if (out->have_off)
		ka_check_jiffy(e, out->off_jiffies, f);
	if (!e->instance->program && !ka_case_orphans(e->instance->case_))
		judge_socket(e, f);
	ka_check_rst_format(e, f);
	ka_check_rst_counts(e, f);
	ka_check_counters(e, f);
}

/* What the kernel did. Of an end that did not come, its absence says enough. */
static void judge_kernel(const struct ka_evidence *e, const struct ka_verdict *out,
			 struct ka_findings *f)
{
	ka_check_end(e, f);
	ka_check_probe_count(e, f);
	ka_check_answered(e, f);
	ka_check_received(e, f);
	ka_check_first_probe(e, f);
	ka_check_idle(e, f);
	ka_check_gaps(e, f);
	ka_check_expiries(e, f);
	ka_check_refused(e, f);
	ka_check_owned(e, f);
	ka_check_headers(e, f);
	ka_check_probe_format(e, f);
	ka_check_load(e, f);
	ka_check_app(e, f);
	if (e->detected || ka_regime_is(e->want->when, KA_REGIME_LIVES))
		judge_end(e, out, f);
	if (e->instance->program)
		ka_check_program(e, f);
}

/* ---- whose fault -------------------------------------------------------------------------------- */

static bool is_loss(enum ka_finding_code code)
{
	return ka_finding_class(code) == KA_OF_LOSS;
}

/* What the bench itself says of a kernel or of a program under test. */
static bool of_tested(enum ka_finding_code code)
{
	return ka_finding_is_kernel(code) || ka_finding_is_program(code);
}

static bool of_host_or_bench(enum ka_finding_code code)
{
	return !of_tested(code);
}

/* A fault that had nothing to meet leaves it to the kernel: it may have kept silent when it was to send. */
static bool forbids_judging(enum ka_finding_code code)
{
	return code != KA_FIND_NOTHING_MET;
}

static bool is_kernel(enum ka_finding_code code)
{
	return ka_finding_class(code) == KA_OF_KERNEL;
}

static void decide(struct ka_verdict *out, enum ka_verdict_kind kind,
		   const struct ka_findings *findings, bool (*wanted)(enum ka_finding_code code))
{
	out->kind = kind;
	ka_findings_add(&out->findings, findings, wanted);
}

static bool is_retried(enum ka_finding_code code)
{
	return code == KA_FIND_RETRIED;
}

/* An attempt that counts for no doubling brings an end closer (tcp_retransmit_timer()). */
static bool is_kernel_but_early(enum ka_finding_code code)
{
	return is_kernel(code) && code != KA_FIND_END_EARLY && code != KA_FIND_JIFFY_EARLY;
}

/*
 * All namespaces share the host's queues: a burst of somebody else's packets may have cost this
 * instance one. A probe that is lost there is not counted and tried again soon
 * (tcp_keepalive_timer(): NET_XMIT_DROP): that explains an end that is late, a number and a gap; where
 * something was sent again so soon, an end that is early, too; and nothing else.
 */
static bool lost_by_host(const struct ka_evidence *e, const struct ka_findings *kernel)
{
	bool retried = ka_findings_any(kernel, is_retried);

	return e->timeline->host_lost && ka_findings_any(kernel, is_loss) &&
	       !ka_findings_any(kernel, retried ? is_kernel_but_early : is_kernel);
}

/*
 * Of a program that spoke into the silence another rule is in force than was planned, and real time is
 * not waited for as long as that takes.
 */
static bool was_not_waited_for(const struct ka_evidence *e, struct ka_verdict *out)
{
	struct ka_bounds bounds;
	double since_s;

	if (!e->instance->program || e->detected || !e->stop ||
	    e->stop->end.why != KA_END_OVERDUE || !ka_bounds_of(e, &bounds))
		return false;
	since_s = ka_seconds(e->stop->t_ns - e->zero_ns);
	if (since_s >= ka_seconds(bounds.end[1] * e->tick_ns))
		return false;
	out->kind = KA_SKIP;
	snprintf(out->why, sizeof(out->why),
		 "%s sent something into the silence: %s ends that %.0f .. %.0f s after %s, and "
		 "only "
		 "%.0f s were watched; a guest kernel shows it",
		 e->instance->program->name, ka_regime(e->want->when)->name,
		 ka_seconds(bounds.end[0] * e->tick_ns), ka_seconds(bounds.end[1] * e->tick_ns),
		 e->cause, since_s);
	return true;
}

/* What was found before the end, of one whose end was not waited for. */
static bool not_of_the_end(enum ka_finding_code code)
{
	return code != KA_FIND_NOT_NOTICED;
}

/* @nothing_met: faults that had nothing to meet; a kernel that did all it must was never tried. */
static void judge_whole(const struct ka_evidence *e, const struct ka_findings *facts,
			const struct ka_findings *nothing_met, struct ka_verdict *out)
{
	struct ka_findings kernel = *facts;

	judge_kernel(e, out, &kernel);
	if (!ka_findings_any(&kernel, not_of_the_end) && was_not_waited_for(e, out))
		return;
	if (lost_by_host(e, &kernel)) {
		ka_find(&out->findings, KA_FIND_PACKETS_LOST, -1,
			"host stalled: %llu packets did not fit into its queues",
			(unsigned long long)e->timeline->host_lost);
		decide(out, KA_BROKEN, &kernel, NULL);
	} else if (kernel.n) {
		decide(out, KA_FAIL, &kernel, NULL);
	} else {
		decide(out, nothing_met->n ? KA_BROKEN : KA_PASS, nothing_met, NULL);
	}
}

/*
 * The order, from what is most certain on:
 *
 * 1. The kernel under test cannot do it: skipped.
 * 2. A fact that neither a stall nor missing evidence could change, such as an option that reads
 *    otherwise: fail.
 * 3. The host was late. Whatever else was seen may have come of that: broken, and run again.
 * 4. A fact that only a stall could have excused, such as an end before any fault, or what the bench
 *    itself says of the kernel: fail, even where evidence is missing, which it mostly is when an
 *    experiment ends early.
 * 5. The experiment did not happen, or nobody saw it: broken.
 * 6. What the kernel did otherwise: fail; unless all of it can come from a packet that the host is
 *    known to have lost: broken, and run again.
 */
static void judge(const struct ka_evidence *e, struct ka_verdict *out)
{
	struct ka_findings facts = { .n = 0 }, experiment = { .n = 0 };

	if (e->stop && e->stop->end.why == KA_END_SKIP) {
		out->kind = KA_SKIP;
		snprintf(out->why, sizeof(out->why), "%s", e->stop->end.text);
		if (e->stop->end.code)
			ka_find(&out->findings, e->stop->end.code, e->stop->end.step, "%s",
				e->stop->end.text);
		return;
	}
	ka_check_facts(e, &facts);
	ka_guard(e, &experiment);
	ka_findings_add(&facts, &experiment, of_tested);
	if (ka_findings_any(&facts, ka_finding_is_timeless))
		decide(out, KA_FAIL, &facts, ka_finding_is_timeless);
	else if (ka_findings_any(&experiment, ka_finding_is_host))
		decide(out, KA_BROKEN, &experiment, of_host_or_bench);
	else if (ka_findings_any(&facts, ka_finding_stands))
		decide(out, KA_FAIL, &facts, ka_finding_stands);
	else if (ka_findings_any(&experiment, of_tested))
		decide(out, KA_FAIL, &experiment, of_tested);
	else if (ka_findings_any(&experiment, forbids_judging))
		decide(out, KA_BROKEN, &experiment, NULL);
	else
		judge_whole(e, &facts, &experiment, out);
}

/* A kernel that is older than the behaviour need not show it. What was no failure is no excuse. */
static void excuse_old_kernel(const struct ka_instance *instance, const struct ka_facts *facts,
			      struct ka_verdict *out)
{
	const struct ka_since_release *since = &instance->case_->holds_from;
	char found[sizeof(out->why)];

	if (out->kind != KA_FAIL || ka_release_reaches(facts->release, since->release))
		return;
	out->kind = KA_SKIP;
	memcpy(found, out->why, sizeof(found));
	snprintf(out->why, sizeof(out->why), "holds from Linux %s on (%s), this is %s: %.250s",
		 since->release, since->change, facts->release, found);
}

/* How the kernel is known to fail is no news; that it does not any more is. */
static void judge_known(const struct ka_instance *instance, const struct ka_facts *facts,
			struct ka_verdict *out)
{
	const struct ka_known *known = &instance->case_->known;
	char found[sizeof(out->why)];

	if (!ka_known_covers(known, instance->name, facts->release, facts->hz))
		return;
	if (out->kind == KA_PASS) {
		out->kind = KA_FAIL;
		ka_find(&out->findings, KA_FIND_KNOWN_PASSES, -1,
			"passes, though declared known to fail: %s", known->reference);
		ka_findings_text(&out->findings, out->why, sizeof(out->why));
	} else if (out->kind == KA_FAIL && ka_known_explains(known, &out->findings)) {
		out->kind = KA_KNOWN;
		memcpy(found, out->why, sizeof(found));
		snprintf(out->why, sizeof(out->why), "%.150s: %.240s", known->reference, found);
	}
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
		.kernel_end_s = NAN,
		.program_end_s = NAN,
	};
	ka_evidence_collect(instance, facts, prediction, timeline, &evidence);
	put_figures(&evidence, out);
	judge(&evidence, out);
	if (instance->program && (out->kind == KA_PASS || out->kind == KA_FAIL))
		out->program = ka_program_verdict_of(&evidence);
	if (out->findings.n)
		ka_findings_text(&out->findings, out->why, sizeof(out->why));
	excuse_old_kernel(instance, facts, out);
	judge_known(instance, facts, out);
}
