/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own counters in the prober's namespace (include/uapi/linux/snmp.h). Those that a
 * regime moves are named here; what a case moves besides, it declares; all others must stay.
 */
#include <netinet/tcp.h>
#include <string.h>

#include "judge/checks.h"
#include "judge/values.h"
#include "model/release.h"
#include "model/util.h"

/* What it is, not how far it moved. */
#define GAUGE "Tcp.CurrEstab"

/* Each connection of a load moves a counter as the observed one must, and so does a second subflow. */
static int with_load(const struct ka_evidence *e, int one, int each)
{
	const struct ka_case *c = e->instance->case_;
	const int others = (int)c->load + ka_case_does(c, KA_ADD_SUBFLOW, KA_NOBODY);

	if (one == KA_ANY || !ka_regime_is(e->want->when, KA_REGIME_BY_CNT))
		return one;
	return one + others * each;
}

/* TCPKeepAlive counts attempts, answered or not (tcp_write_wakeup()). Where the wire does not show
 * them, it is itself what ka_check_probe_count() or ka_check_refused() judges. */
static int want_probes(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;

	if (ka_case_persists(c))
		return 0;
	if (c->expect.unseen || ka_case_does(c, KA_REFUSE, KA_PROBER))
		return KA_ANY;
	return with_load(e, e->probes_in_all, e->want->probes);
}

/* tcp_send_probe0() */
static int want_window_probes(const struct ka_evidence *e)
{
	/* a program's may have begun as keepalive's */
	if (e->instance->program)
		return 0;
	return ka_case_persists(e->instance->case_) ? e->probes_in_all : 0;
}

/* tcp_write_err(), for every timer that gives up. */
static int want_timeouts(const struct ka_evidence *e)
{
	return with_load(e, ka_regime_is(e->want->when, KA_REGIME_GIVES_UP), 1);
}

/* Counted before it is known whether it can be sent (tcp_send_active_reset()). */
static int want_rsts(const struct ka_evidence *e)
{
	if (e->instance->case_->expect.unseen &&
	    ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP))
		return 1;
	return with_load(e, e->want->rst_sent, 1);
}

/* tcp_set_state(): from ESTABLISHED or CLOSE_WAIT to CLOSE. What happens after an EOF is the
 * reader's business, and so is what a close() of unread data does. */
static int want_resets(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;

	if (ka_regime_is(e->want->when, KA_REGIME_LIVES) ||
	    ka_regime_is(e->want->when, KA_REGIME_CONNECTS) || c->expect.survives)
		return 0;
	if (ka_case_orphans(c)) /* it is in FIN_WAIT or LAST_ACK by then */
		return 0;
	if (!e->want->error || ka_case_closes(c))
		return KA_ANY;
	return with_load(e, !ka_case_does(c, KA_SHUTDOWN, KA_PROBER), 1);
}

/* tcp_set_state() from SYN_SENT to CLOSE. */
static int want_failures(const struct ka_evidence *e)
{
	return ka_regime_is(e->want->when, KA_REGIME_CONNECTS);
}

/* The last word of sock_diag about the prober's socket; 0: it is not found. */
static uint8_t last_state(const struct ka_evidence *e)
{
	uint8_t state = 0;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_DIAG && event->at == e->at)
			state = event->diag.found ? event->diag.state : 0;
	}
	return state;
}

/* No counter but a gauge: how many connections are established now, or half-closed by the peer, which an
 * old kernel leaves out (tcp_set_state()). */
static int want_established(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;
	uint8_t state = last_state(e);

	if (c->load || ka_case_does(c, KA_JOIN, KA_NOBODY) || e->instance->program)
		return KA_ANY;
	if (state == TCP_CLOSE_WAIT)
		return ka_release_reaches(e->facts->release, "6.11") ? 1 : KA_ANY;
	return state == TCP_ESTABLISHED;
}

/* Counters of data that is sent again; a FIN or a SYN is such data. */
static int want_retransmissions(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;

	if (ka_regime_is(e->want->when, KA_REGIME_RESENDS) ||
	    ka_case_does(c, KA_SHUTDOWN, KA_PROBER) || ka_case_closes(c))
		return KA_ANY;
	/* the last segment into a full buffer is acknowledged late (tcp_send_loss_probe()) */
	if (ka_case_does(c, KA_FILL, KA_PROBER))
		return KA_ANY;
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == KA_EXCHANGE ||
		    (c->steps[i].do_ == KA_SEND && c->steps[i].who == KA_PROBER &&
		     c->steps[i].unacked))
			return KA_ANY;
	return 0;
}

static const struct rule {
	const char *name;
	int (*want)(const struct ka_evidence *e);
} rules[] = {
	{ "TcpExt.TCPKeepAlive", want_probes },
	{ "TcpExt.TCPWinProbe", want_window_probes },
	{ "TcpExt.TCPAbortOnTimeout", want_timeouts },
	{ "Tcp.OutRsts", want_rsts },
	{ "Tcp.EstabResets", want_resets },
	{ "Tcp.AttemptFails", want_failures },
	{ GAUGE, want_established },
	{ "Tcp.RetransSegs", want_retransmissions },
	{ "TcpExt.TCPTimeouts", want_retransmissions },
	{ "TcpExt.TCPLossProbes", want_retransmissions },
	{ "TcpExt.TCPSpuriousRtxHostQueues", want_retransmissions },
};

/* What the case declares of the counter @name in @wants; -1: nothing. */
static int declared(const struct ka_evidence *e, const struct ka_counter_want *wants, size_t n,
		    const char *name)
{
	for (size_t i = 0; i < n && wants[i].name; i++)
		if (!strcmp(wants[i].name, name))
			return ka_number(wants[i].delta, &e->instance->setting);
	return -1;
}

static int want_of_prober(const struct ka_evidence *e, const char *name)
{
	const struct ka_expect *expect = &e->instance->case_->expect;
	int want = declared(e, expect->counters, KA_N(expect->counters), name);

	if (want >= 0)
		return want;
	for (size_t i = 0; i < KA_N(rules); i++)
		if (!strcmp(rules[i].name, name))
			return rules[i].want(e);
	return 0;
}

/* Something was sent again, or could not be: a lost packet is one reason. */
static bool is_resent(const char *name)
{
	if (!strcmp(name, "TcpExt.TCPRetransFail")) /* __tcp_retransmit_skb(): NET_XMIT_DROP */
		return true;
	for (size_t i = 0; i < KA_N(rules); i++)
		if (!strcmp(rules[i].name, name))
			return rules[i].want == want_retransmissions;
	return false;
}

static int want_of_peer(const struct ka_evidence *e, const char *name)
{
	const struct ka_expect *expect = &e->instance->case_->expect;
	int want = declared(e, expect->peer_counters, KA_N(expect->peer_counters), name);

	return want < 0 ? KA_ANY : want;
}

/* A program may have other connections, whose counters nobody can tell from those of the observed one:
 * it is only known what must at least have moved. */
static bool is_enough(const struct ka_evidence *e, const struct ka_counter *counter, int want)
{
	if (!e->instance->program || want >= KA_SOME)
		return ka_number_fits(counter->delta, want);
	return counter->delta >= want;
}

void ka_check_counters(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		bool prober = event->at == e->at;
		char text[16];
		int want;

		if (event->what != KA_EV_COUNTER)
			continue;
		want = prober ? want_of_prober(e, event->counter.name)
			      : want_of_peer(e, event->counter.name);
		if (!is_enough(e, &event->counter, want))
			ka_find(f,
				is_resent(event->counter.name) ? KA_FIND_RESENT : KA_FIND_COUNTER,
				-1, "%s%s %s %lld, must be %s", prober ? "" : "the peer's ",
				event->counter.name,
				strcmp(event->counter.name, GAUGE) ? "moved by" : "is",
				(long long)event->counter.delta, ka_number_text(want, text));
	}
}
