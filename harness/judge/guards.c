/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guards against vacuity. A test that passes because nothing was done, or because nobody looked,
 * proves nothing: here the experiment itself is on trial, not the kernel.
 */
#include <netinet/ip.h>

#include "judge/checks.h"
#include "judge/program.h"
#include "judge/values.h"
#include "model/verbs.h"

/* Captured times are converted from the wall clock: a step of it moves packets against the rest. */
#define MAX_CLOCK_STEP_NS INT64_C(1000000)

/* RFC 3168 6.1: the two flags of TCP's header that netinet/tcp.h does not name. */
#define ECE     0x40u
#define CWR     0x80u
#define ECE_CWR 0xc0u

/* A packet leaves an end in the direction that a rule looks at. Its flags do not count: a kernel that
 * sends anything at all is not silent, and the rule was not made for what it sends. */
static bool meets(const struct ka_evidence *e, const struct ka_step *step,
		  const struct ka_event *event)
{
	if (event->what != KA_EV_PACKET || !event->packet.out)
		return false;
	if (ka_step_is(step, KA_VERB_SWALLOWS))
		return (event->at == e->at) == (step->who == KA_PROBER);
	return step->way == KA_BOTH_WAYS || (event->at == e->at) == (step->way == KA_PROBES);
}

/* When step @index was done; INT64_MAX: never. */
static int64_t done_ns(const struct ka_evidence *e, int index)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_STEP && event->step.index == index)
			return event->step.done_ns;
	}
	return INT64_MAX;
}

/* When what came back made an end of it; INT64_MAX: nothing did. */
static int64_t undone_ns(const struct ka_evidence *e, const struct ka_step *fault, int index)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (step && (ka_verb(step->do_)->undoes & KA_VERB_BIT(fault->do_)) &&
		    event->step.index > index)
			return event->t_ns;
	}
	return INT64_MAX;
}

/*
 * Whole captures of both ends prove that nothing was sent that the rule could have met. If the kernel
 * was to send something, the silence is its fault, and is judged; else nothing was tried.
 */
static bool had_nothing_to_meet(const struct ka_evidence *e, int index)
{
	const struct ka_case *c = e->instance->case_;
	const struct ka_step *step = &c->steps[index];
	int64_t from_ns, until_ns;
	unsigned met = 0;

	if (index < 0 || (size_t)index >= c->n_steps)
		return false;
	/* its ports are those that sock_diag told; nobody captures what is on them */
	if (step->do_ == KA_LOSE_SUBFLOW)
		return !step->misses;
	if (step->do_ != KA_DROP && step->do_ != KA_REJECT && !ka_step_is(step, KA_VERB_SWALLOWS))
		return false;
	if (!ka_evidence_proved(e, KA_PROOF_CAPTURE, KA_AT_CLIENT) ||
	    !ka_evidence_proved(e, KA_PROOF_CAPTURE, KA_AT_SERVER))
		return false;
	from_ns = done_ns(e, index);
	until_ns = undone_ns(e, step, index);
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->t_ns >= from_ns && event->t_ns < until_ns && meets(e, step, event))
			met++;
	}
	return met <= (unsigned)step->after; /* the first ones pass */
}

/* A program had closed before that was done, or before the gateway of the topology was of any use. */
static bool is_too_late(const struct ka_evidence *e, int step)
{
	if (!e->instance->program)
		return false;
	return step < 0 ? e->want->when == KA_PROGRAM_CLOSES : ka_program_was_gone(e, step);
}

static void guard_faults(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		int step = event->fault.step;

		if (event->what != KA_EV_FAULT || event->fault.hits || is_too_late(e, step))
			continue;
		ka_find(f, had_nothing_to_meet(e, step) ? KA_FIND_NOTHING_MET : KA_FIND_NO_EFFECT,
			step, "fault without effect: %s", event->fault.text);
	}
}

static bool is_deferred(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].deferred)
			return true;
	return false;
}

/* Making and destroying a network takes as long as the kernel needs, the last segments into a full
 * buffer are acknowledged late, several times over, and a load comes over more than a second; what
 * comes too late for the first probe is found by guard_fault_in_time() and ka_guard_load(). */
static bool waits_for_others(const struct ka_evidence *e, const struct ka_step *step)
{
	if (step->do_ == KA_CONNECT && e->instance->case_->load)
		return true;
	/* the handshake comes with it */
	if (step->do_ == KA_SEND && step->unacked && is_deferred(e->instance->case_))
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
 * longer than idle to make it has no say in the matter; the schedule tries again. In virtual time no
 * host can be late. */
static void guard_fault_in_time(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t armed_ns = e->timeline->armed_ns;
	int64_t since_ns = armed_ns > e->last_rx_ns ? armed_ns : e->last_rx_ns;
	int64_t due_ns = since_ns + e->want->p1_lo_j * e->facts->tick_ns;

	if (!e->heard || !ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) || !e->want->p1_lo_j)
		return;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (step && ka_step_is(step, KA_VERB_FAULT) && step->since == KA_SINCE_STEP &&
		    event->t_ns < due_ns && event->step.done_ns >= due_ns)
			ka_find(f, e->facts->virtual_clock ? KA_FIND_NO_EFFECT : KA_FIND_FAULT_LATE,
				event->step.index,
				"%s%s was done only when the first probe was due",
				e->facts->virtual_clock ? "" : "host stalled: ", event->step.text);
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
			ka_find(f, KA_FIND_STEP_LATE, event->step.index,
				"host stalled %.0f ms before: %s",
				(double)(event->t_ns - event->step.due_ns) / 1e6, event->step.text);
		else if (!waits_for_others(e, step) &&
			 event->step.done_ns - could_begin_ns(e, event, step) >
				 e->facts->noise_budget_ns)
			ka_find(f, KA_FIND_STEP_LATE, event->step.index,
				"host stalled for %.0f ms during: %s",
				(double)(event->step.done_ns - could_begin_ns(e, event, step)) /
					1e6,
				event->step.text);
	}
}

/* The device is known to have refused what the kernel tried to send. */
static bool refused(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_case *c = e->instance->case_;

		if (event->what == KA_EV_FAULT && event->fault.hits && event->fault.step >= 0 &&
		    (size_t)event->fault.step < c->n_steps &&
		    ka_step_is(&c->steps[event->fault.step], KA_VERB_SWALLOWS))
			return true;
	}
	return false;
}

/* The kernel says that it tried, and the wire is silent: that is the kernel's doing only where the
 * capture is known to be whole, and nothing is in front of it that is not known to have met it. */
static void guard_capture(const struct ka_evidence *e, struct ka_findings *f)
{
	/* a program may have other connections, which this end's capture is not about */
	if (e->instance->program)
		return;
	if (!e->instance->case_->expect.unseen && e->want->probes && e->want->probes != KA_ANY &&
	    !e->probes_in_all && ka_evidence_counter(e, "TcpExt.TCPKeepAlive") > 0 &&
	    (!ka_evidence_proved(e, KA_PROOF_CAPTURE, e->at) ||
	     (ka_case_swallows(e->instance->case_) && !refused(e))))
		ka_find(f, KA_FIND_CAPTURE_LOST, -1, "the capture lost the probes");
}

static void guard_zero(const struct ka_evidence *e, struct ka_findings *f)
{
	if (!e->heard)
		ka_find(f, KA_FIND_NO_ZERO, -1, "no segment was seen to arrive at the prober");
	else if (!e->have_zero && ka_regime_is(e->want->when, KA_REGIME_AT_ONCE))
		ka_find(f, KA_FIND_NO_ZERO, -1, "nothing was done that could end it");
	else if (!e->have_zero)
		ka_find(f, KA_FIND_NO_ZERO, -1, "no data was written that stays unacknowledged");
}

static void guard_end(const struct ka_evidence *e, struct ka_findings *f)
{
	if (e->stop->end.why == KA_END_DIED && !e->detected && e->want->when != KA_PROGRAM_CLOSES)
		ka_find(f, KA_FIND_NO_EVIDENCE, -1, "no observer saw the end");
}

/* What the host was late by when something was done or seen: a stall in between held nothing up. */
static int64_t noise_that_matters_ns(const struct ka_evidence *e)
{
	int64_t worst_ns = 0;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		bool lasts = event->what == KA_EV_STEP && event->step.done_ns > event->t_ns;
		int64_t ns = ka_noise_at(e->facts, event->t_ns,
					 lasts ? event->step.done_ns : event->t_ns);

		if (ns > worst_ns)
			worst_ns = ns;
	}
	return worst_ns;
}

static void guard_noise(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t noise_ns = noise_that_matters_ns(e);

	if (e->timeline->clock_step_ns > MAX_CLOCK_STEP_NS)
		ka_find(f, KA_FIND_CLOCK_SET, -1, "the clock was set by %.3f s",
			(double)e->timeline->clock_step_ns / 1e9);
	if (noise_ns > e->facts->noise_budget_ns)
		ka_find(f, KA_FIND_STALLED, -1, "host stalled %.0f ms", (double)noise_ns / 1e6);
}

/* In virtual time the clock stands while the bench works: what a step waited for in vain is the
 * kernel's to do. */
static enum ka_finding_code code_of_end(const struct ka_evidence *e)
{
	enum ka_finding_code code = e->stop->end.code;

	if (e->facts->virtual_clock && ka_finding_is_host(code))
		return KA_FIND_IN_VAIN;
	return code ? code : KA_FIND_BENCH;
}

void ka_guard(const struct ka_evidence *e, struct ka_findings *f)
{
	if (!e->stop)
		ka_find(f, KA_FIND_RECORD_ENDS, -1, "the record breaks off");
	else if (e->stop->end.why == KA_END_BROKEN)
		ka_find(f, code_of_end(e), e->stop->end.step, "%s", e->stop->end.text);
	guard_noise(e, f);
	guard_steps_in_time(e, f);
	guard_fault_in_time(e, f);
	if (!e->stop || e->stop->end.why == KA_END_BROKEN)
		return;
	ka_check_contract(e, f);
	guard_faults(e, f);
	ka_guard_load(e, f);
	guard_zero(e, f);
	guard_end(e, f);
	guard_capture(e, f);
	if (e->instance->program)
		ka_guard_program(e, f);
}

/* ---- what needs no experiment ------------------------------------------------------------------- */

static void check_timestamps(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n && e->instance->case_->no_timestamps; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == KA_SEG_SYN && p->timestamps) {
			ka_find(f, KA_FIND_TIMESTAMPS, -1, "timestamps were not switched off");
			return;
		}
	}
}

/* RFC 3168 6.1.1, RFC 9768 3.1.1: asked for in the SYN, granted in the SYN-ACK, and then said of data. */
static void check_ecn(const struct ka_evidence *e, struct ka_findings *f)
{
	const enum ka_ecn ecn = e->instance->case_->ecn;
	const uint8_t granted = ecn == KA_ECN_ACCURATE ? CWR : ECE;
	bool capable = false;

	if (!ecn)
		return;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == KA_SEG_SYN && (p->flags & ECE_CWR) != ECE_CWR)
			ka_find(f, KA_FIND_TRANSPORT, -1, "the SYN does not ask for ECN");
		if (p && p->kind == KA_SEG_SYN_ACK && (p->flags & ECE_CWR) != granted)
			ka_find(f, KA_FIND_TRANSPORT, -1, "the server does not accept ECN");
		capable |= p && p->out && p->len && p->tos & IPTOS_ECN_MASK;
	}
	if (!capable)
		ka_find(f, KA_FIND_TRANSPORT, -1, "no data of the prober is ECN-capable");
}

/* MPTCP was spoken, or refused by the server, as declared. */
static void check_transport(const struct ka_evidence *e, struct ka_findings *f)
{
	enum ka_transport transport = e->instance->case_->transport;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == KA_SEG_SYN && p->mptcp != (transport != KA_TCP))
			ka_find(f, KA_FIND_TRANSPORT, -1, "the SYN %s MPTCP",
				p->mptcp ? "asks for" : "does not ask for");
		if (p && p->kind == KA_SEG_SYN_ACK && p->mptcp != (transport == KA_MPTCP))
			ka_find(f, KA_FIND_TRANSPORT, -1, "the server %s MPTCP",
				p->mptcp ? "accepts" : "does not accept");
	}
}

/* What can end a connection. */
static bool can_end(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_step *step = ka_evidence_step(e, event);

	if (event->what == KA_EV_APP)
		return event->app.act != KA_DID_SERVE && event->app.act != KA_DID_GET;
	return step && (ka_step_is(step, KA_VERB_FAULT) || ka_step_is(step, KA_VERB_MAY_END) ||
			ka_step_is(step, KA_VERB_FIN));
}

/* The first step that could have ended it, when all of those came after its end; -1: not so. */
static int ended_before(const struct ka_evidence *e)
{
	int first = -1;

	for (size_t i = e->timeline->n; e->detected && i-- > 0;) {
		const struct ka_event *event = &e->timeline->events[i];

		if (!can_end(e, event))
			continue;
		if (event->t_ns <= e->end_ns)
			return -1;
		if (event->what == KA_EV_STEP)
			first = event->step.index;
	}
	return first;
}

/* The step in hand when all was over would have changed nothing. */
static bool only_looked(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;

	return e->stop && e->stop->end.step >= 0 && (size_t)e->stop->end.step < c->n_steps &&
	       ka_step_is(&c->steps[e->stop->end.step], KA_VERB_LOOKS);
}

/* Nothing that was done so far ends a connection: it ended while, or before, this was done. */
static void check_order(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_end *end = e->stop ? &e->stop->end : NULL;
	int first = ended_before(e);

	if (e->want->when == KA_PROGRAM_CLOSES || (e->instance->program && only_looked(e)))
		return;
	if (end && end->why == KA_END_DIED && end->step >= 0)
		ka_find(f, KA_FIND_ENDED_BEFORE_STEP, end->step,
			"the connection ended before step %d took effect", end->step + 1);
	else if (end && end->why == KA_END_DIED && first >= 0)
		ka_find(f, KA_FIND_ENDED_BEFORE_STEP, first,
			"the connection ended before step %d began, and nothing before it ends one",
			first + 1);
}

/* A deferred connect(): not a segment leaves before something is written. */
static void check_deferred(const struct ka_evidence *e, struct ka_findings *f)
{
	bool deferred = false;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_step *step = ka_evidence_step(e, event);

		if (step && step->do_ == KA_SEND)
			return;
		deferred |= step && step->deferred;
		if (!deferred || event->what != KA_EV_PACKET)
			continue;
		ka_find(f, KA_FIND_CHECK, -1, "a segment leaves before anything was written");
		return;
	}
}

void ka_check_facts(const struct ka_evidence *e, struct ka_findings *f)
{
	ka_check_steps(e, f);
	check_timestamps(e, f);
	check_deferred(e, f);
	check_transport(e, f);
	check_ecn(e, f);
	check_order(e, f);
}
