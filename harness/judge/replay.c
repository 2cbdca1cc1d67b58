/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See replay.h. */
#include "judge/replay.h"

#include "judge/replay_inputs.h"
#include "judge/values.h"

/* How many inputs beside a tick are tried both ways: each doubles the work. The last ones decide,
 * and the arming. */
#define MAX_UNSURE 7
/* Phases that are tried for a window, and parts of a jiffy for each. Where the granularity is
 * coarser than this, every n-th phase is. */
#define MAX_PHASES 4096
#define PARTS      8

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* jiffies at @ns, when the wheel's phase is shifted by @phase_ns. */
static int64_t jiffy_at(const struct ka_evidence *e, int64_t ns, int64_t phase_ns)
{
	return e->facts->j0 + floor_div(ns + phase_ns, e->tick_ns);
}

/* +1 or -1: the other jiffy that an event at @ns may belong to; 0: none. */
static int other_jiffy(const struct ka_evidence *e, int64_t ns)
{
	int64_t tick = e->tick_ns, part = ns - floor_div(ns, tick) * tick;

	if (part < KA_JIFFY_LAG_NS)
		return -1;
	return part > tick - KA_JIFFY_LAG_NS ? 1 : 0;
}

/* The same for input @i. A device is changed some time before its step is done. */
static int other_jiffy_of(const struct ka_evidence *e, const struct ka_replay *r, size_t i)
{
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
	if (e->want->when == KA_FIRST_PROBE)
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

/* A real host may run the handler one jiffy after its expiry, and a busy one as late as it was seen to
 * be; where that decides (idle is just over, or what is left of it is rounded less), it must be tried,
 * too. */
static void try_late(struct attempt *a)
{
	int64_t most = 1 + a->e->noise_ns / a->e->tick_ns;
	struct ka_replay *r = &a->replay;

	for (size_t i = r->n; i-- > 0;) {
		r->inputs[i + 1] = r->inputs[i];
		r->ns[i + 1] = r->ns[i];
	}
	r->inputs[0].kind = KA_WHEEL_LATE;
	r->n++;
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

	if (!e->facts->phase_known || !e->detected || !ka_ends_by_timer(e->want->when) ||
	    ka_replay_new(e, &a.replay))
		return false;
	a.observed = jiffy_at(e, e->end_ns, 0);
	find_unsure(&a);
	try_all(&a);
	if (!e->facts->virtual_clock && a.replay.n)
		try_late(&a);
	ka_replay_free(&a.replay);
	*off = a.off;
	return a.have;
}

/* ---- the window over all phases ----------------------------------------------------------------- */

static void widen(int64_t window[2], int64_t j)
{
	if (j < window[0])
		window[0] = j;
	if (j > window[1])
		window[1] = j;
}

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
	return idle > intvl ? idle : intvl;
}

bool ka_replay_window(const struct ka_evidence *e, int64_t window[2])
{
	int64_t n = phases(e), stride = n > MAX_PHASES ? n / MAX_PHASES : 1;
	int64_t tick = e->tick_ns;
	struct ka_replay replay;

	if (!e->heard || !ka_ends_by_timer(e->want->when) || ka_replay_new(e, &replay))
		return false;
	window[0] = INT64_MAX;
	window[1] = INT64_MIN;
	for (int64_t part = 0; part < n / stride * PARTS; part++) {
		int64_t phase_ns = part / PARTS * stride * tick + part % PARTS * tick / PARTS;
		int64_t end;

		set_jiffies(e, &replay, phase_ns);
		end = simulate(e, &replay);
		if (end >= 0)
			widen(window, end - jiffy_at(e, e->last_rx_ns, phase_ns));
	}
	ka_replay_free(&replay);
	/* between the parts of a jiffy that were tried */
	window[0]--;
	window[1]++;
	return window[0] < window[1];
}

bool ka_replay_refused(const struct ka_evidence *e, int64_t range[2])
{
	const struct ka_values v = ka_values_begin(e->instance);
	int64_t n = phases(e), stride = n > MAX_PHASES ? n / MAX_PHASES : 1;
	struct ka_wheel_chain chain;
	struct ka_replay replay;

	if (!e->heard || ka_replay_new(e, &replay))
		return false;
	range[0] = INT64_MAX;
	range[1] = INT64_MIN;
	for (int64_t phase = 0; phase < n; phase += stride) {
		int64_t phase_ns = phase * e->tick_ns;

		set_jiffies(e, &replay, phase_ns);
		ka_wheel_run(v.idle, v.intvl, v.cnt, v.user_timeout_ms, e->facts->hz, replay.inputs,
			     replay.n, jiffy_at(e, e->end_ns, phase_ns), &chain);
		widen(range, chain.refused);
	}
	ka_replay_free(&replay);
	return true;
}
