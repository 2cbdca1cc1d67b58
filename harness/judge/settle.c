/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what was planned for a program to what it really had: its options, and the rule that was in
 * force when its connection ended. See judge.h.
 */
#include <errno.h>
#include <string.h>

#include "judge/deeds.h"
#include "judge/judge.h"
#include "judge/values.h"
#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"

/* idiag_timer: what sock_diag calls the keepalive timer */
#define KEEPALIVE_TIMER 2
/* One segment without an answer may just be on its way. */
#define DEAD_PATH       2

/* ---- options ------------------------------------------------------------------------------------ */

static bool runs(const struct ka_settled *s)
{
	return ka_begins_on(&s->case_);
}

/* The first probe meets a RST: the other end's host, or a gateway, forgot. */
static bool forgets(const struct ka_case *c)
{
	return ka_case_does(c, KA_REBOOT, KA_PEER) || ka_case_does(c, KA_FORGET, KA_PEER);
}

static bool is_cut_off(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (ka_step_is(&c->steps[i], KA_VERB_CUTS_PEER))
			return true;
	return false;
}

/* The rule of an idle connection, with and without keepalive. */
static enum ka_when when_idle(const struct ka_settled *s)
{
	enum ka_when when = s->case_.expect.when;

	if (!ka_regime_is(when, KA_REGIME_KEEPALIVE) && !ka_regime_is(when, KA_REGIME_LIVES))
		return when;
	if (!runs(s))
		return KA_NEVER;
	if (ka_regime_is(when, KA_REGIME_KEEPALIVE))
		return when;
	if (forgets(&s->case_))
		return KA_FIRST_PROBE;
	return is_cut_off(&s->case_) ? KA_KEEPALIVE_EXPIRY : KA_NEVER;
}

/* Takes the options that the connection had. Returns true when they are not those of the plan. */
static bool take_options(struct ka_settled *s, const struct ka_options_event *o)
{
	struct ka_setting *setting = &s->instance.setting;
	bool same = o->keepalive == runs(s) && o->user_timeout_ms == setting->user_timeout_ms;

	if (o->keepalive)
		same = same && o->idle == setting->idle && o->intvl == setting->intvl &&
		       o->cnt == setting->cnt;
	if (same)
		return false;
	*setting = (struct ka_setting){ .idle = o->idle,
					.intvl = o->intvl,
					.cnt = o->cnt,
					.user_timeout_ms = o->user_timeout_ms };
	s->case_.from = o->keepalive ? KA_FROM_OPTION : KA_FROM_NOWHERE;
	return true;
}

/* ---- the rule in force -------------------------------------------------------------------------- */

/* The kernel heard a RST, or a FIN, last. */
static bool was_reset(const struct ka_settled *s, const struct ka_deeds *d)
{
	return d->gone < s->timeline.n && d->gone == d->told;
}

static enum ka_when when_of(const struct ka_settled *s, const struct ka_deeds *d, enum ka_when idle)
{
	if (d->closed != KA_NOT_DONE)
		return KA_PROGRAM_CLOSES;
	if (!ka_regime_is(idle, KA_REGIME_KEEPALIVE) && !ka_regime_is(idle, KA_REGIME_LIVES))
		return idle;
	if (d->waits && was_reset(s, d))
		return KA_AT_ONCE;
	if (d->waits && d->unanswered >= DEAD_PATH)
		return KA_RETRANSMIT_LIMIT;
	return d->persists && d->unanswered >= DEAD_PATH ? KA_PERSIST_LIMIT : idle;
}

/* What must be seen where that rule is in force. What a program's socket told it is not seen. */
static void expect(struct ka_settled *s, enum ka_when when)
{
	struct ka_expect *e = &s->case_.expect;
	bool lives = ka_regime_is(when, KA_REGIME_LIVES);
	bool reset = when == KA_FIRST_PROBE || when == KA_AT_ONCE;
	bool probes = ka_regime_is(when, KA_REGIME_KEEPALIVE);

	*e = (struct ka_expect){
		.when = when,
		.arming = e->arming,
		.watch = e->watch,
		.error = lives   ? 0
			 : reset ? ECONNRESET
				 : ETIMEDOUT,
		.probes = when == KA_FIRST_PROBE ? 1
			  : probes               ? KA_CNT
						 : KA_ANY,
		.rst_sent = probes && !reset            ? 1
			    : when == KA_PROGRAM_CLOSES ? KA_ANY
							: 0,
		.rst_received = reset                       ? 1
				: when == KA_PROGRAM_CLOSES ? KA_ANY
							    : 0,
		.answered = KA_ANY,
		.probes_received = KA_ANY,
		.window_probes = lives && e->window_probes,
	};
}

static const struct ka_event *stop_of(const struct ka_timeline *timeline)
{
	for (size_t i = 0; i < timeline->n; i++)
		if (timeline->events[i].what == KA_EV_END)
			return &timeline->events[i];
	return NULL;
}

/* It was watched to the end of the plan, which comes before the rule that is in force can end it. */
static bool was_left_alive(const struct ka_settled *s, const struct ka_facts *facts,
			   const struct ka_deeds *d)
{
	const struct ka_event *stop = stop_of(&s->timeline);
	int64_t heard_ns = ka_deed_ns(&s->timeline, d->heard);

	return stop && stop->end.why == KA_END_WATCHED && d->gone == KA_NOT_DONE &&
	       d->heard < s->timeline.n &&
	       stop->t_ns - heard_ns < s->prediction.hi_j * facts->tick_ns;
}

static void follow(struct ka_settled *s, const struct ka_facts *facts, enum ka_when when)
{
	struct ka_prediction prediction;

	if (when != s->case_.expect.when)
		expect(s, when);
	if (ka_predict(&s->instance, facts, &prediction) == 0)
		s->prediction = prediction;
}

/* ---- when the timer was armed ------------------------------------------------------------------- */

/* The listener's options are those of the connection, which is armed by its handshake. */
static bool is_inherited(const struct ka_settled *s)
{
	for (size_t i = 0; i < s->timeline.n; i++) {
		const struct ka_event *event = &s->timeline.events[i];
		const struct ka_options_event *o = &event->options;

		if (event->what == KA_EV_OPTIONS && o->listener && !o->error && o->n_holders)
			return o->keepalive && o->idle == s->instance.setting.idle;
	}
	return false;
}

/*
 * Segments do not move the keepalive timer: until it has gone off once, it runs idle from when it was
 * armed, and sock_diag says what is left of that. Later samples tell nothing about it.
 */
static void find_arming(struct ka_settled *s, const struct ka_deeds *d)
{
	int64_t idle_ns = s->instance.setting.idle * KA_NS_PER_S;
	int64_t since_ns = ka_deed_ns(&s->timeline, d->handshake);

	if (is_inherited(s))
		return;
	s->timeline.armed_ns = KA_ARMED_UNKNOWN;
	for (size_t i = 0; i < s->timeline.n; i++) {
		const struct ka_event *event = &s->timeline.events[i];
		int64_t armed_ns =
			event->t_ns + event->diag.expires_ms * INT64_C(1000000) - idle_ns;

		if (event->what != KA_EV_DIAG || event->at != d->at || !event->diag.found ||
		    event->diag.timer != KEEPALIVE_TIMER)
			continue;
		if (event->t_ns - since_ns < idle_ns)
			s->timeline.armed_ns = ka_greater(armed_ns, since_ns);
		return;
	}
}

static void put_since(struct ka_settled *s, const struct ka_deeds *d)
{
	size_t since = s->case_.expect.when == KA_RETRANSMIT_LIMIT ? d->lost : d->heard;

	if (since < s->timeline.n)
		s->since_ns = s->timeline.events[since].t_ns;
}

void ka_settle(const struct ka_instance *instance, const struct ka_facts *facts,
	       const struct ka_prediction *prediction, const struct ka_timeline *timeline,
	       struct ka_settled *out)
{
	struct ka_deeds deeds;
	enum ka_when idle;
	bool other = false;

	*out = (struct ka_settled){ .case_ = *instance->case_,
				    .instance = *instance,
				    .prediction = *prediction,
				    .timeline = *timeline };
	out->instance.case_ = &out->case_;
	if (!instance->program)
		return;
	ka_deeds_find(instance, timeline, &deeds);
	if (deeds.options < timeline->n)
		other = take_options(out, &timeline->events[deeds.options].options);
	idle = other ? when_idle(out) : out->case_.expect.when;
	follow(out, facts, when_of(out, &deeds, idle));
	if (deeds.persists && ka_regime_is(out->case_.expect.when, KA_REGIME_LIVES)) {
		out->case_.expect.window_probes = true;
		out->case_.expect.answered = KA_ANY;
		out->prediction.probes =
			KA_ANY; /* of two that come soon after another, one is answered */
	}
	if (!ka_regime_is(out->case_.expect.when, KA_REGIME_LIVES) &&
	    was_left_alive(out, facts, &deeds))
		follow(out, facts, KA_NEVER);
	if (runs(out))
		find_arming(out, &deeds);
	put_since(out, &deeds);
}
