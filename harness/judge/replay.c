/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See replay.h. */
#include "judge/replay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "judge/owned.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/util.h"

/* What happened to the prober's timer, in the order of time. */
struct ka_replay {
	struct ka_wheel_input *inputs; /* owned; .jiffy not set */
	int64_t *ns;                   /* owned; when each happened */
	size_t n;
};

/* An event gives two inputs at the most: arming and segment, or segment and the end of silence. */
#define INPUTS_PER_EVENT 2
/* The arming, and what a user of the inputs puts in front: one himself, and the noise. */
#define SPARE_INPUTS     (2 + 1 + 2 * KA_MAX_LATE)

/* How much a device refused, as far as it is not known when it was changed; or how soon a socket that is
 * free again was found so: when it is seen, as soon as can be, as late as can be. */
enum refusals { KA_ANY_REFUSALS, KA_LEAST, KA_MOST };

/* Its handler, and the one before. */
#define LATE_RETRY_J 2

struct builder {
	const struct ka_evidence *e;
	struct ka_replay *replay;
	bool on;      /* SO_KEEPALIVE is set */
	bool heard;   /* there is a connection */
	bool armed;   /* the timer was started once */
	bool busy;    /* data is in flight */
	uint32_t top; /* end of what the prober has sent */
	enum refusals refuse;
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
	b->heard = true;
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
	/* the handshake will arm it (tcp_finish_connect()) */
	if (!b->heard) {
		b->on = on;
		return;
	}
	/* setting it again does nothing (tcp_set_keepalive()) */
	if (b->on != on)
		put(b, on ? KA_WHEEL_ARM : KA_WHEEL_OFF, ns, 0);
	b->on = on;
	b->armed = true;
}

static void put_change(struct builder *b, struct ka_wheel_input change, int64_t ns)
{
	if (change.kind == KA_WHEEL_ARM || change.kind == KA_WHEEL_OFF)
		put_switch(b, change.kind == KA_WHEEL_ARM, ns);
	else if (change.kind != KA_WHEEL_NOTHING)
		put(b, change.kind, ns, change.value);
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

/* A device is changed some time between the beginning of the step and its end. */
static int64_t changed_ns(const struct builder *b, size_t index, enum ka_wheel_input_kind kind)
{
	const struct ka_event *event = &b->e->timeline->events[index];

	if ((kind == KA_WHEEL_ACCEPT && b->refuse == KA_LEAST) ||
	    (kind == KA_WHEEL_REFUSE && b->refuse == KA_MOST))
		return event->t_ns;
	return effect_ns(b->e, index);
}

/* When the retry came that found the socket free; 0: where the wheel says. */
static int64_t retry_ns(const struct builder *b, const struct ka_event *release)
{
	const struct ka_evidence *e = b->e;
	int64_t longest = ka_wheel_step(e->facts->hz / 20, e->facts->hz, NULL) + LATE_RETRY_J;

	if (e->facts->virtual_clock)
		return 0;
	if (b->refuse == KA_LEAST)
		return release->t_ns;
	if (b->refuse == KA_MOST)
		return release->step.done_ns + longest * e->tick_ns;
	return ka_owned_sent_ns(e, release->t_ns);
}

/* On a real host each retry may run a jiffy late, and moves those after it. */
static void put_release(struct builder *b, const struct ka_event *release)
{
	int64_t ns = retry_ns(b, release);

	put(b, KA_WHEEL_RELEASE, release->t_ns, ns != 0);
	if (ns)
		put(b, KA_WHEEL_RETRY, ns, 0);
}

static void put_step(struct builder *b, const struct ka_step *step, size_t index)
{
	struct ka_wheel_input change = ka_change_of(b->e->instance, step);

	if (change.kind == KA_WHEEL_RELEASE) {
		put_release(b, &b->e->timeline->events[index]);
		return;
	}
	put_change(b, change, changed_ns(b, index, change.kind));
}

static void put_event(struct builder *b, size_t index)
{
	const struct ka_event *event = &b->e->timeline->events[index];
	const struct ka_packet *p = ka_evidence_packet(b->e, event);
	const struct ka_step *step = ka_evidence_step(b->e, event);

	if (p)
		put_packet(b, p, event->t_ns);
	else if (step)
		put_step(b, step, index);
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

static void replay_free(struct ka_replay *replay)
{
	free(replay->inputs);
	free(replay->ns);
	*replay = (struct ka_replay){ 0 };
}

/* How late the host was, and when. */
static void put_noise(struct ka_replay *r, const struct ka_evidence *e)
{
	const struct ka_lateness *late = &e->facts->late;
	struct builder b = { .e = e, .replay = r };
	int64_t quiet = late->quiet_ns / e->tick_ns;

	if (e->facts->virtual_clock)
		return;
	put(&b, KA_WHEEL_NOISE, 0, quiet);
	for (unsigned i = 0; i < late->n; i++) {
		const struct ka_late *span = &late->spans[i];

		put(&b, KA_WHEEL_NOISE, span->from_ns - e->tick_ns, span->late_ns / e->tick_ns);
		if (i + 1 == late->n || late->spans[i + 1].from_ns > span->to_ns + 2 * e->tick_ns)
			put(&b, KA_WHEEL_NOISE, span->to_ns + e->tick_ns, quiet);
	}
	sort(r);
}

static int replay_new(const struct ka_evidence *e, enum refusals refuse, struct ka_replay *out)
{
	size_t room = INPUTS_PER_EVENT * e->timeline->n + SPARE_INPUTS;
	struct builder b = {
		.e = e, .replay = out, .on = ka_begins_on(e->instance->case_), .refuse = refuse
	};

	*out = (struct ka_replay){ .inputs = calloc(room, sizeof(*out->inputs)),
				   .ns = calloc(room, sizeof(*out->ns)) };
	if (!out->inputs || !out->ns) {
		replay_free(out);
		return -ENOMEM;
	}
	if (e->timeline->armed_ns)
		put_arming(&b, e->timeline->armed_ns);
	for (size_t i = 0; i < e->end_index && i < e->timeline->n; i++)
		put_event(&b, i);
	sort(out);
	return 0;
}

/* How many inputs beside a tick are tried both ways: each doubles the work. The last ones decide,
 * and the arming. */
#define MAX_UNSURE 7
/* Phases that are tried for a window, and parts of a jiffy for each. Where the granularity is
 * coarser than this, every n-th phase is. */
#define MAX_PHASES 4096
#define PARTS      8

/* jiffies at @ns, when the wheel's phase is shifted by @phase_ns. */
static int64_t jiffy_at(const struct ka_evidence *e, int64_t ns, int64_t phase_ns)
{
	return e->facts->j0 + ka_floor_div(ns + phase_ns, e->tick_ns);
}

/* +1 or -1: the other jiffy that an event at @ns may belong to; 0: none. Where the tick was late, jiffies
 * had not moved yet. */
static int other_jiffy(const struct ka_evidence *e, int64_t ns)
{
	int64_t tick = e->tick_ns, part = ns - ka_floor_div(ns, tick) * tick;

	if (part < ka_greater(KA_JIFFY_LAG_NS, ka_noise_at(e->facts, ns, ns)))
		return -1;
	return part > tick - KA_JIFFY_LAG_NS ? 1 : 0;
}

/* The same for input @i. A device is changed some time before its step is done. */
static int other_jiffy_of(const struct ka_evidence *e, const struct ka_replay *r, size_t i)
{
	if (r->inputs[i].kind == KA_WHEEL_NOISE)
		return 0;
	if (r->inputs[i].kind == KA_WHEEL_REFUSE || r->inputs[i].kind == KA_WHEEL_ACCEPT)
		return -1;
	return other_jiffy(e, r->ns[i]);
}

static void set_jiffies(const struct ka_evidence *e, struct ka_replay *r, int64_t phase_ns)
{
	for (size_t i = 0; i < r->n; i++)
		r->inputs[i].jiffy = jiffy_at(e, r->ns[i], phase_ns);
}

/* The end that the inputs lead to; -1: none in a time that is long enough for any. */
static int64_t simulate(const struct ka_evidence *e, const struct ka_replay *r)
{
	const struct ka_values v = ka_values_begin(e->instance);
	struct ka_wheel_chain chain;
	int64_t until;

	if (!r->n)
		return -1;
	until = r->inputs[r->n - 1].jiffy + 2 * (e->want->hi_j + e->want->granule_idle_j) +
		e->facts->hz;
	ka_wheel_run(v.idle, v.intvl, v.cnt, v.user_timeout_ms, e->facts->hz, r->inputs, r->n,
		     until, &chain);
	if (ka_regime_is(e->want->when, KA_REGIME_ONE_PROBE))
		return chain.n_probes ? chain.probes[0] : -1;
	return chain.end;
}

/* ---- the exact jiffy ------------------------------------------------------------------------- */

struct attempt {
	const struct ka_evidence *e;
	struct ka_replay replay;
	size_t unsure[MAX_UNSURE + 1]; /* indices of inputs that may belong to another jiffy */
	size_t n_unsure;
	int64_t observed;
	bool have;
	int64_t off; /* what explains most so far */
};

static void find_unsure(struct attempt *a)
{
	size_t arming = a->replay.n;

	for (size_t i = a->replay.n; i-- > 0;) {
		if (!other_jiffy_of(a->e, &a->replay, i))
			continue;
		if (a->n_unsure < MAX_UNSURE)
			a->unsure[a->n_unsure++] = i;
		else if (a->replay.inputs[i].kind == KA_WHEEL_ARM)
			arming = i;
	}
	if (arming < a->replay.n)
		a->unsure[a->n_unsure++] = arming;
}

bool ka_off_explains(int64_t off, int64_t than)
{
	if ((off < 0) != (than < 0))
		return off >= 0;
	return off < 0 ? off > than : off < than;
}

static void try_once(struct attempt *a)
{
	int64_t end = simulate(a->e, &a->replay);
	int64_t off = a->observed - end;

	if (end < 0 || (a->have && !ka_off_explains(off, a->off)))
		return;
	a->have = true;
	a->off = off;
}

/* Every choice of jiffies for the unsure inputs. */
static void try_all(struct attempt *a)
{
	for (unsigned choice = 0; choice < 1u << a->n_unsure; choice++) {
		set_jiffies(a->e, &a->replay, 0);
		for (size_t k = 0; k < a->n_unsure; k++)
			if (choice & (1u << k))
				a->replay.inputs[a->unsure[k]].jiffy +=
					other_jiffy_of(a->e, &a->replay, a->unsure[k]);
		try_once(a);
	}
}

static void put_in_front(struct ka_replay *r, enum ka_wheel_input_kind kind)
{
	for (size_t i = r->n; i-- > 0;) {
		r->inputs[i + 1] = r->inputs[i];
		r->ns[i + 1] = r->ns[i];
	}
	r->inputs[0].kind = kind;
	r->n++;
}

/* A real host may run the handler one jiffy after its expiry, and a busy one as late as it was seen to
 * be just then; where that decides (idle is just over, or what is left of it is rounded less), it must be tried,
 * too. */
static void try_late(struct attempt *a)
{
	struct ka_replay *r = &a->replay;
	int64_t most = 1 + ka_noise_at(a->e->facts, r->ns[0], a->e->end_ns) / a->e->tick_ns;

	put_in_front(r, KA_WHEEL_LATE);
	for (size_t k = 0; k < a->n_unsure; k++)
		a->unsure[k]++;
	for (r->inputs[0].value = 1; r->inputs[0].value <= most; r->inputs[0].value++) {
		try_all(a);
		if (a->have && a->off >= 0)
			break;
	}
}

bool ka_replay_off(const struct ka_evidence *e, int64_t *off)
{
	struct attempt a = { .e = e };

	if (!e->facts->phase_known || !e->detected || e->timeline->armed_ns == KA_ARMED_UNKNOWN ||
	    !ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) ||
	    replay_new(e, KA_ANY_REFUSALS, &a.replay))
		return false;
	put_noise(&a.replay, e);
	a.observed = jiffy_at(e, e->end_ns, 0);
	find_unsure(&a);
	try_all(&a);
	if (!e->facts->virtual_clock && a.replay.n)
		try_late(&a);
	replay_free(&a.replay);
	*off = a.off;
	return a.have;
}

/* ---- the window over all phases ----------------------------------------------------------------- */

/* The coarsest granularity of any value that rules the timer at some time. */
static int64_t phases(const struct ka_evidence *e)
{
	const struct ka_case *c = e->instance->case_;
	struct ka_values least = ka_values_begin(e->instance), most = least;
	int64_t idle, intvl;

	for (size_t i = 0; i < c->n_steps; i++)
		ka_values_span(&least, &most, ka_change_of(e->instance, &c->steps[i]));
	idle = ka_wheel_granule(most.idle * e->facts->hz, e->facts->hz);
	intvl = ka_wheel_granule(most.intvl * e->facts->hz, e->facts->hz);
	return ka_greater(idle, intvl);
}

/* Widens @window by the ends of all phases. Returns false without memory. */
static bool ends_of(const struct ka_evidence *e, enum refusals refuse, int64_t window[2])
{
	int64_t n = phases(e), stride = n > MAX_PHASES ? n / MAX_PHASES : 1;
	int64_t tick = e->tick_ns;
	struct ka_replay replay;

	if (replay_new(e, refuse, &replay))
		return false;
	for (int64_t part = 0; part < n / stride * PARTS; part++) {
		int64_t phase_ns = part / PARTS * stride * tick + part % PARTS * tick / PARTS;
		int64_t end;

		set_jiffies(e, &replay, phase_ns);
		end = simulate(e, &replay);
		if (end >= 0)
			ka_widen(window, end - jiffy_at(e, e->last_rx_ns, phase_ns));
	}
	replay_free(&replay);
	return true;
}

bool ka_replay_window(const struct ka_evidence *e, int64_t window[2])
{
	bool owned =
		ka_case_does(e->instance->case_, KA_OWN, KA_PROBER) && !e->facts->virtual_clock;

	window[0] = INT64_MAX;
	window[1] = INT64_MIN;
	if (!e->heard || !ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) ||
	    !ends_of(e, owned ? KA_LEAST : KA_ANY_REFUSALS, window) ||
	    (owned && !ends_of(e, KA_MOST, window)))
		return false;
	/* between the parts of a jiffy that were tried */
	window[0]--;
	window[1]++;
	return window[0] < window[1];
}

/* Over all phases, one attempt after the other: at least, each handler is held up by what the host was
 * late just then. */
static bool count_refused(const struct ka_evidence *e, enum refusals refuse, int64_t range[2])
{
	const struct ka_values v = ka_values_begin(e->instance);
	int64_t n = phases(e), stride = n > MAX_PHASES ? n / MAX_PHASES : 1;
	struct ka_wheel_chain chain;
	struct ka_replay replay;

	if (replay_new(e, refuse, &replay))
		return false;
	if (refuse == KA_LEAST && !e->facts->virtual_clock) {
		put_noise(&replay, e);
		put_in_front(&replay, KA_WHEEL_HELD_UP);
	}
	for (int64_t phase = 0; phase < n; phase += stride) {
		int64_t phase_ns = phase * e->tick_ns;

		set_jiffies(e, &replay, phase_ns);
		ka_wheel_run(v.idle, v.intvl, v.cnt, v.user_timeout_ms, e->facts->hz, replay.inputs,
			     replay.n, jiffy_at(e, e->end_ns, phase_ns), &chain);
		ka_widen(range, chain.refused);
	}
	replay_free(&replay);
	return true;
}

bool ka_replay_refused(const struct ka_evidence *e, int64_t range[2])
{
	range[0] = INT64_MAX;
	range[1] = INT64_MIN;
	return e->heard && count_refused(e, KA_LEAST, range) && count_refused(e, KA_MOST, range);
}
