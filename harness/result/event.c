/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline as its readers want it: probes are numbered, samples that say nothing new are left
 * out, and a packet is told once for every end that it reached. The prober's end is the main
 * observer: what the peer sends is told by the prober, when it arrives there, and by the peer only
 * when it was lost on the way.
 */
#include <stdio.h>
#include <string.h>

#include "model/verdict.h"
#include "result/encode.h"

/* Longer than any path of the bench takes, shorter than any time between two like packets. */
#define PASSAGE_NS 200000000

struct teller {
	const struct ka_timeline *timeline;
	const struct ka_event *events;
	size_t n;
	int64_t zero_ns;
	enum ka_at prober, peer;
	int probe; /* unanswered probes since the prober last received; 0: the last one was answered */
	const struct ka_event *diag[KA_AT_BENCH + 1],
		*info[KA_AT_BENCH + 1]; /* last that was told */
};

static struct teller teller_of(const struct ka_instance *instance,
			       const struct ka_timeline *timeline, int64_t zero_ns)
{
	bool client = instance->prober == KA_CLIENT;

	return (struct teller){
		.timeline = timeline,
		.events = timeline->events,
		.n = timeline->n,
		.zero_ns = zero_ns,
		.prober = client ? KA_AT_CLIENT : KA_AT_SERVER,
		.peer = client ? KA_AT_SERVER : KA_AT_CLIENT,
	};
}

static bool is_packet(const struct ka_event *event, enum ka_at at, bool out)
{
	return event->what == KA_EV_PACKET && event->at == at && event->packet.out == out;
}

static bool is_probe(const struct ka_event *event, enum ka_at at, bool out)
{
	return is_packet(event, at, out) && event->packet.kind == KA_SEG_PROBE;
}

static bool is_answered(const struct teller *teller, size_t i)
{
	return ka_timeline_is_answered(teller->timeline, i, teller->prober);
}

int ka_count_answered(const struct ka_instance *instance, const struct ka_timeline *timeline)
{
	const struct teller teller = teller_of(instance, timeline, 0);
	int answered = 0;

	for (size_t i = 0; i < teller.n; i++)
		answered += is_answered(&teller, i);
	return answered;
}

static bool same_packet(const struct ka_packet *a, const struct ka_packet *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->seq == b->seq && a->ack == b->ack &&
	       a->len == b->len && a->tsval == b->tsval;
}

/* What left the peer at @i reached the prober, which tells it. */
static bool told_by_prober(const struct teller *teller, size_t i)
{
	const struct ka_event *sent = &teller->events[i];

	for (size_t k = i + 1; k < teller->n; k++) {
		const struct ka_event *event = &teller->events[k];

		if (event->t_ns - sent->t_ns > PASSAGE_NS)
			return false;
		if (is_packet(event, teller->prober, false) &&
		    same_packet(&event->packet, &sent->packet))
			return true;
	}
	return false;
}

static bool same_diag(const struct ka_event *last, const struct ka_event *event)
{
	const struct ka_diag_sample *a = &event->diag, *b = last ? &last->diag : NULL;

	return b && a->found == b->found && a->state == b->state && a->timer == b->timer &&
	       a->probes_out == b->probes_out;
}

static bool same_info(const struct ka_event *last, const struct ka_event *event)
{
	const struct ka_tcp_info *a = &event->info, *b = last ? &last->info : NULL;

	return b && a->state == b->state && a->probes == b->probes &&
	       a->retransmits == b->retransmits && a->backoff == b->backoff;
}

static bool is_told(struct teller *teller, size_t i)
{
	const struct ka_event *event = &teller->events[i];

	switch (event->what) {
	case KA_EV_COUNTER: /* has a field of its own */
	case KA_EV_PROOF:
		return false;
	case KA_EV_PACKET:
		return !(is_packet(event, teller->peer, true) && told_by_prober(teller, i));
	case KA_EV_DIAG:
		if (same_diag(teller->diag[event->at], event))
			return false;
		teller->diag[event->at] = event;
		return true;
	case KA_EV_TCP_INFO:
		if (same_info(teller->info[event->at], event))
			return false;
		teller->info[event->at] = event;
		return true;
	default:
		return true;
	}
}

/* The number of the probe at @i among the unanswered ones since the prober last received; 0: none. */
static int number_probe(struct teller *teller, size_t i)
{
	const struct ka_event *event = &teller->events[i];

	if (is_probe(event, teller->prober, true)) {
		teller->probe = is_answered(teller, i) ? 0 : teller->probe + 1;
		return teller->probe;
	}
	if (is_probe(event, teller->peer, false))
		return teller->probe;
	if (is_packet(event, teller->prober, false) && event->packet.accepted)
		teller->probe = 0;
	return 0;
}

/* Adds to the words of one event what only its neighbours know: the number of a probe. */
static void tell(const struct teller *teller, size_t i, int probe, char *text, size_t size)
{
	size_t used;

	ka_event_text(&teller->events[i], text, size);
	used = strlen(text);
	if (is_answered(teller, i))
		snprintf(text + used, size - used, " (answered)");
	else if (probe)
		snprintf(text + used, size - used, " %d", probe);
}

/* ---- numbers, for programs ------------------------------------------------------------------ */

static json_t *packet_json(const struct teller *teller, size_t i, int probe)
{
	const struct ka_packet *packet = &teller->events[i].packet;
	json_t *json = json_pack("{s:s, s:b, s:I}", "segment", ka_segment_name(packet), "out",
				 packet->out, "bytes", (json_int_t)packet->len);

	if (packet->kind == KA_SEG_PROBE &&
	    json_object_update_new(json, json_pack("{s:o, s:b}", "probe",
						   ka_json_count(probe ? probe : -1), "answered",
						   is_answered(teller, i))) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *process_json(const struct ka_process *p)
{
	if (p->act == KA_PROC_RETURNS || p->act == KA_PROC_STAYS_AWAY)
		return json_pack("{s:b, s:o, s:b}", "returns", p->act == KA_PROC_RETURNS, "after_s",
				 ka_json_seconds(p->status / 1e3), "ended", !p->pid);
	return json_pack("{s:i, s:i}", "pid", p->pid, "status", p->status);
}

static json_t *numbers_json(const struct teller *teller, size_t i, int probe)
{
	static const char *const whys[] = {
		[KA_END_DIED] = "died",       [KA_END_WATCHED] = "watched",
		[KA_END_OVERDUE] = "overdue", [KA_END_BROKEN] = "broken",
		[KA_END_SKIP] = "skip",
	};
	const struct ka_event *e = &teller->events[i];

	switch (e->what) {
	case KA_EV_STEP:
		return json_pack("{s:o}", "step", ka_json_count(e->step.index));
	case KA_EV_PACKET:
		return packet_json(teller, i, probe);
	case KA_EV_EPOLL:
		return json_pack("{s:I, s:b}", "mask", (json_int_t)e->epoll.mask, "all",
				 e->epoll.set == KA_EPOLL_FULL);
	case KA_EV_CALL:
		return json_pack("{s:s, s:I, s:o, s:b}", "call", ka_call_name(e->call.name), "ret",
				 (json_int_t)e->call.ret, "errno",
				 e->call.ret < 0 ? json_string(ka_errno_name(e->call.err))
						 : json_null(),
				 "after_end", e->call.after_end);
	case KA_EV_TCP_INFO:
		return json_pack("{s:i, s:i}", "state", e->info.state, "probes", e->info.probes);
	case KA_EV_FAULT:
		return json_pack("{s:o, s:I}", "step", ka_json_count(e->fault.step), "hits",
				 (json_int_t)e->fault.hits);
	case KA_EV_CHECK:
		return json_pack("{s:o, s:b, s:o}", "step", ka_json_count(e->check.step), "holds",
				 e->check.ok, "errno", ka_json_errno(e->check.error));
	case KA_EV_HOLD:
		return json_pack("{s:i}", "holders", e->hold.n);
	case KA_EV_PROCESS:
		return process_json(&e->process);
	case KA_EV_END:
		return json_pack("{s:s, s:o}", "why", whys[e->end.why], "step",
				 ka_json_count(e->end.step));
	default:
		return json_object();
	}
}

static json_t *encode_event(struct teller *teller, size_t i)
{
	static const char *const places[] = { "client", "server", "gateway", "bench" };
	const struct ka_event *event = &teller->events[i];
	double s = (double)(event->t_ns - teller->zero_ns) / 1e9;
	int probe = number_probe(teller, i);
	json_t *json = json_pack("{s:o, s:s, s:s}", "t", ka_json_seconds(s), "at",
				 places[event->at], "kind", ka_event_kind(event->what));
	char text[320];

	tell(teller, i, probe, text, sizeof(text));
	if (json_object_update_new(json, numbers_json(teller, i, probe)) == 0 &&
	    json_object_set_new(json, "what", ka_json_text(text)) == 0)
		return json;
	json_decref(json);
	return NULL;
}

json_t *ka_json_timeline(const struct ka_instance *instance, const struct ka_timeline *timeline,
			 int64_t zero_ns)
{
	struct teller teller = teller_of(instance, timeline, zero_ns);
	json_t *array = json_array();

	for (size_t i = 0; i < teller.n; i++)
		if (is_told(&teller, i))
			array = ka_json_append(array, encode_event(&teller, i));
	return array;
}
