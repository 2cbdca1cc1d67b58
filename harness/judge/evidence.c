/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extraction of the evidence; see evidence.h. Packets of one end are in the order of the wire even
 * where their time stamps are equal, as in virtual time: their indices are compared, not times.
 */
#include "judge/evidence.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>

#include "judge/evidence_end.h"

const struct ka_packet *ka_evidence_packet(const struct ka_evidence *e,
					   const struct ka_event *event)
{
	return event->what == KA_EV_PACKET && event->at == e->at ? &event->packet : NULL;
}

const struct ka_step *ka_evidence_step(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_case *c = e->instance->case_;

	if (event->what != KA_EV_STEP || event->step.index < 0 ||
	    (size_t)event->step.index >= c->n_steps)
		return NULL;
	return &c->steps[event->step.index];
}

uint32_t ka_packet_end(const struct ka_packet *packet)
{
	return packet->seq + packet->len + ((packet->flags & (TH_FIN | TH_SYN)) != 0);
}

const struct ka_event *ka_evidence_rst(const struct ka_evidence *e, bool out)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (p && p->kind == KA_SEG_RST && p->out == out && event->t_ns <= e->autopsy_ns)
			return event;
	}
	return NULL;
}

int64_t ka_evidence_counter(const struct ka_evidence *e, const char *name)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_COUNTER && event->at == e->at &&
		    !strcmp(event->counter.name, name))
			return event->counter.delta;
	}
	return -1;
}

bool ka_ends_by_timer(enum ka_when when)
{
	return when == KA_KEEPALIVE_EXPIRY || when == KA_USER_TIMEOUT || when == KA_FIRST_PROBE;
}

static void find_stop(struct ka_evidence *e)
{
	e->autopsy_ns = e->fin_ns = INT64_MAX;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (event->what == KA_EV_END)
			e->stop = event;
		if (event->what == KA_EV_CALL && event->at == e->at && event->call.after_end &&
		    event->t_ns < e->autopsy_ns)
			e->autopsy_ns = event->t_ns;
		if (p && p->accepted && p->flags & TH_FIN) {
			e->peer_finished = true;
			e->fin_ns = event->t_ns < e->fin_ns ? event->t_ns : e->fin_ns;
		}
	}
}

static void find_last_rx(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->end_index; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (!p || !p->accepted)
			continue;
		e->heard = true;
		e->accepted++;
		e->last_rx_index = i;
		e->last_rx_ns = event->t_ns;
	}
}

static void count_probe(struct ka_evidence *e, size_t index)
{
	const size_t room = sizeof(e->probe_ns) / sizeof(e->probe_ns[0]);

	e->probes_in_all++;
	if (index < e->last_rx_index || index > e->end_index)
		return;
	if ((size_t)e->probes < room)
		e->probe_ns[e->probes] = e->timeline->events[index].t_ns;
	e->probes++;
}

/* A probe is answered when the next thing that happens is an ACK that counts. */
static void find_probes(struct ka_evidence *e)
{
	bool open = false;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (!p)
			continue;
		if (!p->out && p->kind == KA_SEG_PROBE)
			e->probes_received++;
		if (p->out && p->kind == KA_SEG_PROBE) {
			count_probe(e, i);
			open = true;
		} else if (p->accepted) {
			bool ack = p->kind == KA_SEG_ANSWER || p->kind == KA_SEG_ACK;

			e->answered += open && ack;
			open = false;
		}
	}
}

/* What was tried and never reached the device (struct ka_expect's .unseen). */
static void count_unseen(struct ka_evidence *e)
{
	int64_t tried = ka_evidence_counter(e, "TcpExt.TCPKeepAlive");

	if (e->instance->case_->expect.unseen && tried > e->probes_in_all)
		e->unseen = (int)(tried - e->probes_in_all);
}

static void count_rsts(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (!p || p->kind != KA_SEG_RST || event->t_ns > e->autopsy_ns)
			continue;
		if (p->out)
			e->rst_sent++;
		else
			e->rst_received++;
	}
}

bool ka_evidence_tells_fin(const struct ka_evidence *e, const struct ka_event *event)
{
	uint32_t asks = e->instance->case_->asks;

	if (event->epoll.mask & EPOLLRDHUP)
		return true;
	return event->epoll.set == KA_EPOLL_LEVEL && asks && !(asks & EPOLLRDHUP) &&
	       event->epoll.mask & EPOLLIN && event->t_ns >= e->fin_ns;
}

/* Of the edge-triggered set only news of an end counts: it also reports that it is writable. */
static void find_masks(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_EPOLL || event->at != e->at ||
		    event->t_ns > e->autopsy_ns ||
		    !(event->epoll.mask & (EPOLLERR | EPOLLHUP) || ka_evidence_tells_fin(e, event)))
			continue;
		if (event->epoll.set == KA_EPOLL_LEVEL)
			e->events = event->epoll.mask;
		else
			e->events_full = event->epoll.mask;
	}
}

/* read() and write() return an error, SO_ERROR returns it as its value. */
static int error_of(const struct ka_call *call)
{
	if (call->name == KA_CALL_SO_ERROR)
		return call->ret > 0 ? (int)call->ret : 0;
	if (call->name != KA_CALL_READ && call->name != KA_CALL_WRITE &&
	    call->name != KA_CALL_BLOCKED_RECV)
		return 0;
	return call->ret < 0 && call->err != EAGAIN ? call->err : 0;
}

static void find_error(struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n && !e->error; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_CALL && event->at == e->at)
			e->error = error_of(&event->call);
	}
}

void ka_evidence_collect(const struct ka_instance *instance, const struct ka_facts *facts,
			 const struct ka_prediction *want, const struct ka_timeline *timeline,
			 struct ka_evidence *out)
{
	*out = (struct ka_evidence){
		.instance = instance,
		.facts = facts,
		.want = want,
		.timeline = timeline,
		.at = instance->prober == KA_CLIENT ? KA_AT_CLIENT : KA_AT_SERVER,
		.tick_ns = facts->tick_ns > 0 ? facts->tick_ns : INT64_C(1000000000) / facts->hz,
		.noise_ns = facts->virtual_clock || facts->noise_ns < 0 ? 0 : facts->noise_ns,
	};
	find_stop(out);
	ka_evidence_find_end(out);
	find_last_rx(out);
	ka_evidence_find_zero(out);
	find_probes(out);
	count_unseen(out);
	count_rsts(out);
	find_masks(out);
	find_error(out);
}
