/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence by contract: what the steps that were done promise, and what every instance promises, must
 * be there. Silence proves nothing, so each hole is a finding with its name.
 */
#include <stdio.h>
#include <string.h>

#include "judge/checks.h"
#include "judge/values.h"
#include "model/util.h"
#include "model/verbs.h"

static void find_gaps(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_gap *gap = &e->timeline->events[i].gap;

		if (e->timeline->events[i].what == KA_EV_GAP)
			ka_find(f, gap->code ? gap->code : KA_FIND_NOT_GATHERED, gap->step,
				"not gathered: %s: %s", ka_proof_name(gap->proof), gap->text);
	}
}

static void missing(struct ka_findings *f, int step, const char *what, const char *of)
{
	ka_find(f, KA_FIND_NO_EVIDENCE, step, "no evidence: %s%s", what, of);
}

/* ---- of each step ------------------------------------------------------------------------------- */

static bool is_of_step(const struct ka_event *event, enum ka_what what, int step)
{
	if (event->what != what)
		return false;
	if (what == KA_EV_STEP)
		return event->step.index == step;
	return (what == KA_EV_FAULT ? event->fault.step : event->check.step) == step;
}

static bool have_of_step(const struct ka_evidence *e, enum ka_what what, int step)
{
	for (size_t i = 0; i < e->timeline->n; i++)
		if (is_of_step(&e->timeline->events[i], what, step))
			return true;
	return false;
}

static void need_of_steps(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_case *c = e->instance->case_;
	int done = e->stop->end.step < 0 ? (int)c->n_steps : e->stop->end.step;

	for (int i = 0; i < done && i < (int)c->n_steps; i++) {
		unsigned promises = ka_step_promises(&c->steps[i]);
		char of[40];

		snprintf(of, sizeof(of), " (step %d)", i + 1);
		if (!have_of_step(e, KA_EV_STEP, i))
			missing(f, i, "that it was done", of);
		if (promises & KA_PROOF_FAULT && !have_of_step(e, KA_EV_FAULT, i))
			missing(f, i, ka_proof_name(KA_PROOF_FAULT), of);
		if (promises & KA_PROOF_CHECK && !have_of_step(e, KA_EV_CHECK, i))
			missing(f, i, ka_proof_name(KA_PROOF_CHECK), of);
	}
}

/* ---- of each end --------------------------------------------------------------------------------- */

static void need_proofs(const struct ka_evidence *e, enum ka_at at, unsigned proofs,
			struct ka_findings *f)
{
	const char *of = at == KA_AT_BENCH ? "" : at == KA_AT_CLIENT ? " (client)" : " (server)";

	for (unsigned proof = 1; proof && proof <= proofs; proof <<= 1)
		if (proofs & proof && !ka_evidence_proved(e, (enum ka_proof)proof, at))
			missing(f, -1, ka_proof_name((enum ka_proof)proof), of);
}

/* The connection has ended otherwise than by a FIN, after which nobody asks the socket; nor does
 * anybody ask that of a program, or one that is closed. */
static bool has_post_mortem(const struct ka_evidence *e)
{
	return !e->instance->program && !ka_case_orphans(e->instance->case_) &&
	       e->stop->end.why == KA_END_DIED && !e->want->eof;
}

static unsigned of_prober(const struct ka_evidence *e)
{
	unsigned proofs = KA_PROOF_CAPTURE | KA_PROOF_COUNTERS | KA_PROOF_SOCKET;

	if (e->instance->program)
		return proofs | KA_PROOF_OPTIONS | KA_PROOF_HOLDERS;
	proofs |= KA_PROOF_INFO | KA_PROOF_EVENTS;
	if (e->instance->case_->load)
		proofs |= KA_PROOF_LOAD;
	if (has_post_mortem(e))
		proofs |= KA_PROOF_CALLS;
	if (has_post_mortem(e) && ka_case_does(e->instance->case_, KA_BLOCK, KA_PROBER))
		proofs |= KA_PROOF_BLOCKED;
	return proofs;
}

static void need_of_ends(const struct ka_evidence *e, struct ka_findings *f)
{
	enum ka_at peer = e->at == KA_AT_CLIENT ? KA_AT_SERVER : KA_AT_CLIENT;
	bool counts = e->instance->case_->expect.peer_counters[0].name;

	need_proofs(e, e->at, of_prober(e), f);
	need_proofs(e, peer, KA_PROOF_CAPTURE | (counts ? KA_PROOF_COUNTERS : 0u), f);
	need_proofs(e, KA_AT_BENCH, KA_PROOF_HOST, f);
}

/* ---- what is compared ------------------------------------------------------------------------------ */

static bool have_counter(const struct ka_evidence *e, enum ka_at at, const char *name)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_COUNTER && event->at == at &&
		    strcmp(event->counter.name, name) == 0)
			return true;
	}
	return false;
}

/* What a case says of a counter is to be seen; that it may move as it likes says nothing. */
static void need_declared(const struct ka_evidence *e, enum ka_at at,
			  const struct ka_counter_want *wants, size_t n, struct ka_findings *f)
{
	for (size_t i = 0; i < n && wants[i].name; i++)
		if (ka_number(wants[i].delta, &e->instance->setting) != KA_ANY &&
		    !have_counter(e, at, wants[i].name))
			missing(f, -1, "the counter ", wants[i].name);
}

/* Those that every kernel has, and those that the case is about; of the rest, that all were read is
 * proof enough. */
static void need_counters(const struct ka_evidence *e, struct ka_findings *f)
{
	static const char *const always[] = { "TcpExt.TCPKeepAlive", "TcpExt.TCPAbortOnTimeout",
					      "TcpExt.TCPTimeouts",  "Tcp.OutRsts",
					      "Tcp.EstabResets",     "Tcp.RetransSegs",
					      "Tcp.CurrEstab" };
	const struct ka_expect *expect = &e->instance->case_->expect;

	for (size_t i = 0; i < KA_N(always); i++)
		if (ka_evidence_counter(e, always[i]) < 0)
			missing(f, -1, "the counter ", always[i]);
	need_declared(e, e->at, expect->counters, KA_N(expect->counters), f);
	need_declared(e, e->at == KA_AT_CLIENT ? KA_AT_SERVER : KA_AT_CLIENT, expect->peer_counters,
		      KA_N(expect->peer_counters), f);
}

static unsigned calls(const struct ka_evidence *e, enum ka_call_name name)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		n += event->what == KA_EV_CALL && event->at == e->at && event->call.after_end &&
		     event->call.name == name;
	}
	return n;
}

/* What the post-mortem asks at the least, by what it asks first and once more. */
static void need_calls(const struct ka_evidence *e, struct ka_findings *f)
{
	static const struct {
		enum ka_call_name name;
		enum ka_post_mortem twice;
	} asked[] = {
		{ KA_CALL_READ, KA_READ_FIRST },
		{ KA_CALL_SO_ERROR, KA_SO_ERROR_FIRST },
		{ KA_CALL_WRITE, KA_WRITE_FIRST },
	};

	for (size_t i = 0; i < KA_N(asked); i++)
		if (calls(e, asked[i].name) <
		    1u + (e->instance->case_->post_mortem == asked[i].twice))
			missing(f, -1, "after the end, ", ka_call_name(asked[i].name));
}

static bool was_seen(const struct ka_evidence *e, enum ka_what what)
{
	for (size_t i = 0; i < e->timeline->n; i++)
		if (e->timeline->events[i].what == what && e->timeline->events[i].at == e->at)
			return true;
	return false;
}

static bool ends_itself(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		enum ka_do do_ = c->steps[i].do_;

		if (c->steps[i].who == KA_PROBER &&
		    (do_ == KA_KILL || do_ == KA_FREEZE || do_ == KA_CRASH || do_ == KA_FORGET))
			return true;
	}
	return ka_case_closes(c);
}

/* Of a connection that lives, silence is no sign of life; of one that has ended, TCP_INFO says how. */
static void need_state(const struct ka_evidence *e, struct ka_findings *f)
{
	if (ends_itself(e->instance->case_))
		return;
	if (e->stop->end.why == KA_END_WATCHED && !was_seen(e, KA_EV_DIAG))
		missing(f, -1, ka_proof_name(KA_PROOF_SOCKET), "");
	if (!e->instance->program && !was_seen(e, KA_EV_TCP_INFO))
		missing(f, -1, ka_proof_name(KA_PROOF_INFO), "");
}

static bool passed(const struct ka_evidence *e, enum ka_segment kind)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->kind == kind)
			return true;
	}
	return false;
}

/* Data was sent again that was never seen to be sent. */
static bool lacks_first_transmission(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		/* a SYN may have taken it along (RFC 7413) */
		if (p && p->out && p->len &&
		    (p->kind == KA_SEG_SYN || p->kind == KA_SEG_DATA ||
		     p->kind == KA_SEG_RETRANSMIT))
			return p->kind == KA_SEG_RETRANSMIT;
	}
	return false;
}

/* A connection begins with a handshake, and an EOF is a FIN. */
static void need_segments(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_case *c = e->instance->case_;
	int at = ka_handshake_step(c);
	bool connected = at >= 0 && !c->steps[at].unacked && have_of_step(e, KA_EV_STEP, at);

	if (connected && !passed(e, KA_SEG_SYN))
		missing(f, at, "the SYN", "");
	if (connected && !passed(e, KA_SEG_SYN_ACK))
		missing(f, at, "the SYN-ACK", "");
	if (lacks_first_transmission(e))
		missing(f, -1, "the first transmission of data", "");
	if (e->stop->end.why == KA_END_DIED && e->want->eof && !e->want->error &&
	    c->transport == KA_TCP && !e->peer_finished)
		missing(f, -1, "the peer's FIN", "");
}

/* Who held the connection, which options it had, and that somebody waited for the program to let go. */
static void need_of_program(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_program *program = e->instance->program;
	double patience_s = program->patience_s > 0 ? program->patience_s : KA_PROGRAM_PATIENCE_S;

	if (e->deeds.options >= e->timeline->n)
		missing(f, -1, ka_proof_name(KA_PROOF_OPTIONS), "");
	if (e->deeds.held >= e->timeline->n)
		missing(f, -1, ka_proof_name(KA_PROOF_HOLDERS), "");
	else if (e->detected && e->deeds.let_go >= e->timeline->n &&
		 ka_seconds(e->stop->t_ns - e->end_ns) < patience_s)
		missing(f, -1, "that the program had its patience", "");
}

void ka_check_contract(const struct ka_evidence *e, struct ka_findings *f)
{
	find_gaps(e, f);
	need_of_steps(e, f);
	need_of_ends(e, f);
	need_counters(e, f);
	if (has_post_mortem(e))
		need_calls(e, f);
	if (has_post_mortem(e) || e->stop->end.why == KA_END_WATCHED)
		need_state(e, f);
	need_segments(e, f);
	if (e->instance->program)
		need_of_program(e, f);
}
