/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See replay_inputs.h. */
#include "judge/replay_inputs.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "judge/values.h"

/* An event gives two inputs at the most: arming and segment, or segment and the end of silence. */
#define INPUTS_PER_EVENT 2
/* The arming, and room for one that the user of the inputs puts in front. */
#define SPARE_INPUTS     2

struct builder {
	const struct ka_evidence *e;
	struct ka_replay *replay;
	bool on;      /* SO_KEEPALIVE is set */
	bool armed;   /* the timer was started once */
	bool busy;    /* data is in flight */
	uint32_t top; /* end of what the prober has sent */
};

static void put(struct builder *b, enum ka_wheel_input_kind kind, int64_t ns, int64_t value)
{
	struct ka_replay *r = b->replay;

	r->inputs[r->n] = (struct ka_wheel_input){ .kind = kind, .value = value };
	r->ns[r->n++] = ns;
}

/* Arming by the first segment that counts, the handshake's (tcp_finish_connect(),
 * tcp_create_openreq_child()), or at a known time before. */
static void put_arming(struct builder *b, int64_t ns)
{
	if (b->armed || !b->on)
		return;
	b->armed = true;
	put(b, KA_WHEEL_ARM, ns, 0);
}

static void put_received(struct builder *b, const struct ka_packet *p, int64_t ns)
{
	put_arming(b, ns);
	put(b, p->kind == KA_SEG_ANSWER ? KA_WHEEL_ANSWER : KA_WHEEL_RX, ns, 0);
}

static void put_acknowledged(struct builder *b, const struct ka_packet *p, int64_t ns)
{
	if (!b->busy || (int32_t)(p->ack - b->top) < 0)
		return;
	b->busy = false;
	put(b, KA_WHEEL_CLEAR, ns, 0);
}

/* Data and FIN are in flight until they are acknowledged; SYN is before the timer's time. */
static void put_sent(struct builder *b, const struct ka_packet *p, int64_t ns)
{
	if (p->flags & TH_SYN || (p->kind != KA_SEG_DATA && p->kind != KA_SEG_RETRANSMIT))
		return;
	if ((int32_t)(ka_packet_end(p) - b->top) > 0)
		b->top = ka_packet_end(p);
	if (!b->busy)
		put(b, KA_WHEEL_BUSY, ns, 0);
	b->busy = true;
}

static void put_packet(struct builder *b, const struct ka_packet *p, int64_t ns)
{
	if (p->out) {
		put_sent(b, p, ns);
	} else if (p->accepted) {
		put_received(b, p, ns);
		put_acknowledged(b, p, ns);
	}
}

static void put_switch(struct builder *b, bool on, int64_t ns)
{
	/* setting it again does nothing (tcp_set_keepalive()) */
	if (b->on != on)
		put(b, on ? KA_WHEEL_ARM : KA_WHEEL_OFF, ns, 0);
	b->on = on;
	b->armed = true;
}

static void put_change(struct builder *b, struct ka_change change, int64_t ns)
{
	switch (change.kind) {
	case KA_CHANGE_NOTHING:
		break;
	case KA_CHANGE_ON:
	case KA_CHANGE_OFF:
		put_switch(b, change.kind == KA_CHANGE_ON, ns);
		break;
	case KA_CHANGE_IDLE:
		put(b, KA_WHEEL_IDLE, ns, change.value);
		put(b, KA_WHEEL_REARM, ns, 0);
		break;
	case KA_CHANGE_SYSCTL_IDLE:
		put(b, KA_WHEEL_IDLE, ns, change.value);
		break;
	case KA_CHANGE_INTVL:
		put(b, KA_WHEEL_INTVL, ns, change.value);
		break;
	case KA_CHANGE_CNT:
		put(b, KA_WHEEL_CNT, ns, change.value);
		break;
	case KA_CHANGE_USER_TIMEOUT:
		put(b, KA_WHEEL_UT, ns, change.value);
		break;
	case KA_CHANGE_REFUSE:
		put(b, KA_WHEEL_REFUSE, ns, 0);
		break;
	case KA_CHANGE_ACCEPT:
		put(b, KA_WHEEL_ACCEPT, ns, 0);
		break;
	}
}

/* When a step took effect: at its setsockopt(), if there is a record of it, else when it was done. */
static int64_t effect_ns(const struct ka_evidence *e, size_t index)
{
	const struct ka_event *step = &e->timeline->events[index];

	for (size_t i = index + 1; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->t_ns > step->step.done_ns)
			break;
		if (event->what == KA_EV_CALL && event->at == e->at &&
		    event->call.name == KA_CALL_SETSOCKOPT)
			return event->t_ns;
	}
	return step->step.done_ns > step->t_ns ? step->step.done_ns : step->t_ns;
}

static void put_event(struct builder *b, size_t index)
{
	const struct ka_event *event = &b->e->timeline->events[index];
	const struct ka_packet *p = ka_evidence_packet(b->e, event);
	const struct ka_step *step = ka_evidence_step(b->e, event);

	if (p)
		put_packet(b, p, event->t_ns);
	else if (step)
		put_change(b, ka_change_of(b->e->instance, step), effect_ns(b->e, index));
}

/* Some were put in late or early: back into the order of time, equal ones as they came. */
static void sort(struct ka_replay *r)
{
	for (size_t i = 1; i < r->n; i++) {
		struct ka_wheel_input input = r->inputs[i];
		int64_t ns = r->ns[i];
		size_t k = i;

		for (; k && r->ns[k - 1] > ns; k--) {
			r->inputs[k] = r->inputs[k - 1];
			r->ns[k] = r->ns[k - 1];
		}
		r->inputs[k] = input;
		r->ns[k] = ns;
	}
}

int ka_replay_new(const struct ka_evidence *e, struct ka_replay *out)
{
	size_t room = INPUTS_PER_EVENT * e->timeline->n + SPARE_INPUTS;
	struct builder b = { .e = e, .replay = out, .on = ka_begins_on(e->instance->case_) };

	*out = (struct ka_replay){ .inputs = calloc(room, sizeof(*out->inputs)),
				   .ns = calloc(room, sizeof(*out->ns)) };
	if (!out->inputs || !out->ns) {
		ka_replay_free(out);
		return -ENOMEM;
	}
	if (e->timeline->armed_ns)
		put_arming(&b, e->timeline->armed_ns);
	for (size_t i = 0; i < e->end_index && i < e->timeline->n; i++)
		put_event(&b, i);
	sort(out);
	return 0;
}

void ka_replay_free(struct ka_replay *replay)
{
	free(replay->inputs);
	free(replay->ns);
	*replay = (struct ka_replay){ 0 };
}
