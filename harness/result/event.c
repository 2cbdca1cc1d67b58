/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline as its readers want it: probes are numbered, samples that say nothing new are left
 * out, and a packet is told once for every end that it reached. The prober's end is the main
 * observer: what the peer sends is told by the prober, when it arrives there, and by the peer only
 * when it was lost on the way.
 */
#include <stdio.h>
#include <string.h>

#include "result/encode.h"

/* Longer than any path of the bench takes, shorter than any time between two like packets. */
#define PASSAGE_NS 200000000

struct teller {
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

/* The prober's probe at @i got its answer before the next probe left. */
static bool is_answered(const struct teller *teller, size_t i)
{
	for (size_t k = i + 1; k < teller->n; k++) {
		const struct ka_event *event = &teller->events[k];

		if (is_probe(event, teller->prober, true))
			return false;
		if (is_packet(event, teller->prober, false) &&
		    event->packet.kind == KA_SEG_ANSWER && event->packet.accepted)
			return true;
	}
	return false;
}

int ka_count_answered(const struct ka_instance *instance, const struct ka_timeline *timeline)
{
	const struct teller teller = teller_of(instance, timeline, 0);
	int answered = 0;

	for (size_t i = 0; i < teller.n; i++)
		answered +=
			is_probe(&teller.events[i], teller.prober, true) && is_answered(&teller, i);
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

/* Adds to the words of one event what only its neighbours know: the number of a probe. */
static void tell(struct teller *teller, size_t i, char *text, size_t size)
{
	const struct ka_event *event = &teller->events[i];
	size_t used;

	ka_event_text(event, text, size);
	used = strlen(text);
	if (is_probe(event, teller->prober, true)) {
		if (is_answered(teller, i)) {
			teller->probe = 0;
			snprintf(text + used, size - used, " (answered)");
			return;
		}
		teller->probe++;
	} else if (!is_probe(event, teller->peer, false)) {
		if (is_packet(event, teller->prober, false) && event->packet.accepted)
			teller->probe = 0;
		return;
	}
	if (teller->probe)
		snprintf(text + used, size - used, " %d", teller->probe);
}

static json_t *encode_event(struct teller *teller, size_t i)
{
	static const char *const places[] = { "client", "server", "gateway", "bench" };
	const struct ka_event *event = &teller->events[i];
	json_t *object = json_object();
	char text[320];
	int bad = 0;

	tell(teller, i, text, sizeof(text));
	bad |= json_object_set_new(object, "t",
				   ka_json_seconds((double)(event->t_ns - teller->zero_ns) / 1e9));
	bad |= json_object_set_new(object, "at", json_string(places[event->at]));
	bad |= json_object_set_new(object, "what", ka_json_text(text));
	if (bad) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *ka_json_timeline(const struct ka_instance *instance, const struct ka_timeline *timeline,
			 int64_t zero_ns)
{
	struct teller teller = teller_of(instance, timeline, zero_ns);
	json_t *array = json_array();

	for (size_t i = 0; i < teller.n; i++) {
		if (is_told(&teller, i) && json_array_append_new(array, encode_event(&teller, i))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}
