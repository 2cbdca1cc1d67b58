/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the expiries in a timeline; see expiries.h. */
#include "judge/expiries.h"

#include "judge/retransmit.h"
#include "judge/values.h"
#include "judge/wheel.h"

/* TCP_RETR2; TCP_RTO_MIN, under which no window probe is sent (tcp_probe0_base()) */
#define RETRIES2   15
#define RTO_MIN_MS 200

static bool is_expiry(const struct ka_evidence *e, const struct ka_packet *p)
{
	if (!p->out)
		return false;
	if (e->want->when == KA_CONNECT_LIMIT)
		return p->kind == KA_SEG_SYN;
	return p->kind == (e->want->when == KA_PERSIST_LIMIT ? KA_SEG_PROBE : KA_SEG_RETRANSMIT);
}

/* An answer sets the timer of window probes again (tcp_ack_probe()), and clears their count. */
static void note_answer(struct ka_expiries *x, int64_t ns)
{
	if (x->timer.kind != KA_BACKOFF_WINDOW || !x->n)
		return;
	x->set_ns[x->n - 1] = ns;
	x->unanswered[x->n - 1] = 0;
}

static void note_expiry(struct ka_expiries *x, int64_t ns)
{
	x->ns[x->n] = x->set_ns[x->n] = ns;
	x->unanswered[x->n] = x->n ? x->unanswered[x->n - 1] + 1 : 1;
	x->n++;
}

/* Returns false when there are too many, or something else than silence met them: an ICMP error
 * takes a doubling back (tcp_ld_RTO_revert()). */
static bool find_expiries(const struct ka_evidence *e, struct ka_expiries *x)
{
	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (!p || event->t_ns <= e->zero_ns)
			continue;
		if (p->kind == KA_SEG_ICMP || x->n == KA_MAX_EXPIRIES)
			return false;
		if (p->accepted)
			note_answer(x, event->t_ns);
		if (is_expiry(e, p))
			note_expiry(x, event->t_ns);
	}
	return x->n > 0;
}

/* RTO when the data was written: the last word of TCP_INFO before expiry 1, if no round trip was
 * measured after it. */
static int64_t find_rto(const struct ka_evidence *e, const struct ka_expiries *x)
{
	uint32_t acknowledged = 0;
	int64_t us = 0;

	for (size_t i = 0; i < e->timeline->n && e->timeline->events[i].t_ns < x->ns[0]; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (event->what == KA_EV_TCP_INFO && event->at == e->at)
			us = event->info.rto_us;
		if (p && p->accepted && (int32_t)(p->ack - acknowledged) > 0) {
			acknowledged = p->ack;
			us = 0;
		}
	}
	return (us * e->facts->hz + 500000) / 1000000;
}

/* A tail loss probe sends the data once more, about as soon as the timer would, and sets the timer
 * anew without a doubling (tcp_send_loss_probe()). */
static void take_loss_probe_off(const struct ka_evidence *e, struct ka_expiries *x)
{
	int64_t one_and_a_half = x->timer.rto * e->tick_ns * 3 / 2;
	bool first = x->n > 1 ? x->ns[1] - x->ns[0] < one_and_a_half
			      : ka_evidence_counter(e, "TcpExt.TCPLossProbes") > 0;

	if (x->timer.kind != KA_BACKOFF_DATA || !first)
		return;
	x->base_ns = x->ns[0];
	x->n--;
	for (unsigned i = 0; i < x->n; i++)
		x->ns[i] = x->set_ns[i] = x->ns[i + 1];
}

static struct ka_backoff timer_of(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;
	struct ka_backoff timer = {
		.kind = KA_BACKOFF_DATA,
		.hz = e->facts->hz,
		.retries = (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_retries2", RETRIES2),
		.ut_ms = e->instance->setting.user_timeout_ms,
	};

	if (e->want->when == KA_PERSIST_LIMIT)
		timer.kind = KA_BACKOFF_WINDOW;
	else if (e->want->when == KA_CONNECT_LIMIT)
		return ka_connect_backoff(e->instance, e->facts->hz);
	return timer;
}

bool ka_expiries_of(const struct ka_evidence *e, struct ka_expiries *out)
{
	enum ka_when when = e->want->when;

	*out = (struct ka_expiries){ .timer = timer_of(e) };
	if ((when != KA_RETRANSMIT_LIMIT && when != KA_PERSIST_LIMIT && when != KA_CONNECT_LIMIT) ||
	    e->instance->case_->expect.unseen || !e->have_zero || !find_expiries(e, out))
		return false;
	if (when == KA_CONNECT_LIMIT)
		out->base_ns = e->zero_ns;
	else
		out->timer.rto = find_rto(e, out);
	if (when == KA_PERSIST_LIMIT && out->timer.rto &&
	    out->timer.rto < ka_wheel_ms(RTO_MIN_MS, e->facts->hz))
		out->timer.rto = ka_wheel_ms(RTO_MIN_MS, e->facts->hz);
	take_loss_probe_off(e, out);
	out->clock_ns = when == KA_CONNECT_LIMIT ? e->zero_ns : out->ns[0];
	return out->timer.rto > 0 && out->n > 0;
}
