/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guards against vacuity. A test that passes because nothing was done, or because nobody looked,
 * proves nothing: here the experiment itself is on trial, not the kernel.
 */
#include "judge/checks.h"
#include "model/verbs.h"

static void guard_faults(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_FAULT && !event->fault.hits)
			ka_find(f, "fault without effect: %s", event->fault.text);
	}
}

/* Making and destroying a network takes as long as the kernel needs, the last segments into a full
 * buffer are acknowledged late, several times over, and a load comes over more than a second; what
 * comes too late for the first probe is found by guard_fault_in_time() and ka_guard_load(). */
static bool waits_for_others(const struct ka_evidence *e, const struct ka_step *step)
{
	if (step->do_ == KA_CONNECT && e->instance->case_->load)
		return true;
	return ka_step_is(step, KA_VERB_SLOW);
}

/* When the work of a step could begin: of a handshake, when its segment arrived at the prober (a
 * case may well have lost a few SYNs on purpose before). */
static int64_t could_begin_ns(const struct ka_evidence *e, const struct ka_event *step_event,
			      const struct ka_step *step)
{
	for (size_t i = 0; step->do_ == KA_CONNECT && i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->accepted)
			return e->timeline->events[i].t_ns;
	}
	return step_event->t_ns;
}

/* A fault that is to meet the first probe must be there before it can be sent. A host that took
 * longer than idle to make it has no say in the matter; the schedule tries again. */
static void guard_fault_in_time(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t armed_ns = e->timeline->armed_ns;
	int64_t since_ns = armed_ns > e->last_rx_ns ? armed_ns : e->last_rx_ns;
	int64_t due_ns = since_ns + e->want->p1_lo_j * e->facts->tick_ns;

	if (!e->heard || !ka_ends_by_timer(e->want->when) || !e->want->p1_lo_j)
		return;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (step && ka_step_is(step, KA_VERB_FAULT) && step->since == KA_SINCE_STEP &&
		    event->t_ns < due_ns && event->step.done_ns >= due_ns)
			ka_find(f, "host stalled: %s was done only when the first probe was due",
				event->step.text);
	}
}

/* The application's own calls take microseconds, an ACK 40 ms at the most (TCP_DELACK_MIN). A step
 * that began or took longer than the budget for noise was held up by the host: what the timers did
 * meanwhile was not the plan. */
static void guard_steps_in_time(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n && !e->facts->virtual_clock; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (!step || !event->step.due_ns)
			continue;
		if (event->t_ns - event->step.due_ns > e->facts->noise_budget_ns)
			ka_find(f, "host stalled %.0f ms before: %s",
				(double)(event->t_ns - event->step.due_ns) / 1e6, event->step.text);
		else if (!waits_for_others(e, step) &&
			 event->step.done_ns - could_begin_ns(e, event, step) >
				 e->facts->noise_budget_ns)
			ka_find(f, "host stalled for %.0f ms during: %s",
				(double)(event->step.done_ns - could_begin_ns(e, event, step)) /
					1e6,
				event->step.text);
	}
}

/* Options that the set-up could not read back. What a step declared is the kernel's to answer. */
static void guard_options(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_CHECK && !event->check.ok && event->check.step < 0)
			ka_find(f, "%s", event->check.text);
	}
}

static void guard_timestamps(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n && e->instance->case_->no_timestamps; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == KA_SEG_SYN && p->timestamps) {
			ka_find(f, "timestamps were not switched off");
			return;
		}
	}
}

/* MPTCP was spoken, or refused by the server, as declared. A middlebox or a sysctl can change it. */
static void guard_transport(const struct ka_evidence *e, struct ka_findings *f)
{
	enum ka_transport transport = e->instance->case_->transport;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == KA_SEG_SYN && p->mptcp != (transport != KA_TCP))
			ka_find(f, "the SYN %s MPTCP", p->mptcp ? "asks for" : "does not ask for");
		if (p && p->kind == KA_SEG_SYN_ACK && p->mptcp != (transport == KA_MPTCP))
			ka_find(f, "the server %s MPTCP", p->mptcp ? "accepts" : "does not accept");
	}
}

/* The kernel says that it tried, and the wire is silent. */
static void guard_capture(const struct ka_evidence *e, struct ka_findings *f)
{
	if (!e->instance->case_->expect.unseen && e->want->probes && e->want->probes != KA_ANY &&
	    !e->probes_in_all && ka_evidence_counter(e, "TcpExt.TCPKeepAlive") > 0)
		ka_find(f, "the capture lost the probes");
}

static void guard_zero(const struct ka_evidence *e, struct ka_findings *f)
{
	if (!e->heard)
		ka_find(f, "no segment was seen to arrive at the prober");
	else if (e->have_zero)
		return;
	else if (e->want->when == KA_AT_ONCE)
		ka_find(f, "it ended before any fault");
	else
		ka_find(f, "no data was written that stays unacknowledged");
}

static void guard_end(const struct ka_evidence *e, struct ka_findings *f)
{
	if (e->stop->end.why == KA_END_DIED && !e->detected)
		ka_find(f, "no observer saw the end");
}

void ka_guard(const struct ka_evidence *e, struct ka_findings *f)
{
	if (!e->stop) {
		ka_find(f, "the record breaks off");
		return;
	}
	guard_options(e, f);
	guard_timestamps(e, f);
	guard_transport(e, f);
	guard_faults(e, f);
	guard_steps_in_time(e, f);
	guard_fault_in_time(e, f);
	ka_guard_load(e, f);
	guard_zero(e, f);
	guard_end(e, f);
	guard_capture(e, f);
}
