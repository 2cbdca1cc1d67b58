/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See owned.h. While a process owns the socket, its kernel sends nothing for it; when it is released, what was put
 * off is caught up with: keepalive within HZ/20, as the wheel rounds that, whatever waits for an
 * acknowledgement at once.
 */
#include "judge/owned.h"

#include "judge/regimes.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/util.h"

static const struct ka_event *step_event(const struct ka_evidence *e, int index)
{
	for (size_t i = 0; i < e->timeline->n; i++)
		if (e->timeline->events[i].what == KA_EV_STEP &&
		    e->timeline->events[i].step.index == index)
			return &e->timeline->events[i];
	return NULL;
}

bool ka_owned_next(const struct ka_evidence *e, struct ka_owned *owned)
{
	const struct ka_case *c = e->instance->case_;

	for (int i = owned->step + 1; (size_t)i + 1 < c->n_steps; i++) {
		const struct ka_event *own = step_event(e, i), *release = step_event(e, i + 1);

		if (c->steps[i].do_ != KA_OWN || c->steps[i].who != KA_PROBER || !own || !release)
			continue;
		*owned = (struct ka_owned){ .step = i,
					    .from_ns = own->step.done_ns,
					    .until_ns = release->t_ns,
					    .free_ns = release->step.done_ns };
		return true;
	}
	owned->step = (int)c->n_steps;
	return false;
}

static bool is_sent(const struct ka_evidence *e, const struct ka_event *event)
{
	const struct ka_packet *p = ka_evidence_packet(e, event);

	return p && p->out;
}

static void check_silence(const struct ka_evidence *e, const struct ka_owned *owned,
			  struct ka_findings *f)
{
	/* a packet's time and a step's are not read from one clock */
	int64_t lag = e->facts->virtual_clock ? 0 : KA_JIFFY_LAG_NS;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (!is_sent(e, event) || event->t_ns <= owned->from_ns + lag ||
		    event->t_ns >= owned->until_ns - lag)
			continue;
		ka_find(f, KA_FIND_OWNED, owned->step,
			"a segment was sent %.6f s before the socket was released",
			ka_seconds(owned->until_ns - event->t_ns));
		return;
	}
}

/* When keepalive's timer was to go off at the latest, by what was seen before; INT64_MAX: not known. */
static int64_t due_ns(const struct ka_evidence *e, const struct ka_owned *owned)
{
	const struct ka_values v = ka_values_begin(e->instance);
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_packet *p = ka_evidence_packet(e, event);

		if (!p || event->t_ns >= owned->until_ns)
			continue;
		if (p->accepted)
			due = event->t_ns +
			      (v.idle * e->facts->hz + e->want->granule_idle_j) * e->tick_ns;
		else if (p->out && p->kind == KA_SEG_PROBE)
			due = event->t_ns + e->want->gap_j * e->tick_ns;
	}
	return due;
}

int64_t ka_owned_sent_ns(const struct ka_evidence *e, int64_t ns)
{
	for (size_t i = 0; i < e->timeline->n; i++)
		if (is_sent(e, &e->timeline->events[i]) && e->timeline->events[i].t_ns > ns)
			return e->timeline->events[i].t_ns;
	return 0;
}

/* Of data it is the timer of the retransmission that was put off (ka_check_expiries()). */
static bool is_keepalive(const struct ka_evidence *e, const struct ka_owned *owned)
{
	bool runs = ka_regime_is(e->want->when, KA_REGIME_KEEPALIVE) ||
		    ka_regime_is(e->want->when, KA_REGIME_LIVES);

	return runs && !ka_case_persists(e->instance->case_) && due_ns(e, owned) < owned->until_ns;
}

static void check_retry(const struct ka_evidence *e, const struct ka_owned *owned,
			struct ka_findings *f)
{
	int64_t retry = ka_wheel_step(e->facts->hz / 20, e->facts->hz, NULL) * e->tick_ns;
	int64_t latest = owned->free_ns + retry;
	int64_t sent_ns = ka_owned_sent_ns(e, owned->until_ns);

	if (!is_keepalive(e, owned) || (!sent_ns && e->stop && e->stop->t_ns < latest))
		return;
	if (!sent_ns)
		ka_find(f, KA_FIND_OWNED, owned->step + 1,
			"nothing was sent after the socket was released, must be within %.3f s",
			ka_seconds(retry));
	else if (sent_ns > latest + ka_late_ns(e, latest, sent_ns))
		ka_find(f, KA_FIND_OWNED, owned->step + 1,
			"what was due is sent %.6f s after the socket was released, must be "
			"within %.3f s",
			ka_seconds(sent_ns - owned->free_ns), ka_seconds(retry));
}

void ka_check_owned(const struct ka_evidence *e, struct ka_findings *f)
{
	struct ka_owned owned = { .step = -1 };

	while (ka_owned_next(e, &owned)) {
		check_silence(e, &owned, f);
		check_retry(e, &owned, f);
	}
}
