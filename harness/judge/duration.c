/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See duration.h. A walk over the steps with an estimate of what the prober has received when. */
#include "judge/duration.h"

#include "judge/values.h"
#include "judge/wheel.h"
#include "model/regimes.h"
#include "model/verbs.h"

/* Networks, processes and the handshake, on a host with other instances beside. */
#define SETUP_S        0.3
/* An end that has not come after the window and a quarter, and two seconds for those that end at
 * once, does not come: the longest window is 1/8 of its timer, noise far below that. */
#define OVERDUE_FACTOR 1.25
#define OVERDUE_S      2.0
/* The longest relative rounding of the wheel (8/63), to wait for a probe. */
#define ROUNDING       1.13

/* One connection of a load: a handshake and its options. */
#define LOAD_S 0.0002

struct walk {
	double now;
	double last_rx;       /* estimate of L */
	double first_unacked; /* when data was sent that nobody acknowledges */
	double longest_wait;  /* for a probe */
};

/* When probe @nth is out at the latest, after L; a user timeout has no part in this. */
static double probe_s(const struct ka_values *v, int nth)
{
	return (double)(v->idle + v->intvl * (nth - 1)) * ROUNDING;
}

static double step_due_s(const struct ka_instance *instance, const struct ka_values *v,
			 const struct ka_step *step, struct walk *w)
{
	double at = ka_time_s(&step->at, &instance->setting);
	double wait;

	switch (step->since) {
	case KA_SINCE_LAST_RX:
		return w->last_rx + at;
	case KA_SINCE_PROBE:
		wait = probe_s(v, ka_number(step->nth, &instance->setting)) + at;
		if (wait > w->longest_wait)
			w->longest_wait = wait;
		return w->last_rx + wait;
	case KA_SINCE_STEP:
		break;
	}
	return w->now + at;
}

/* Has the prober heard of the peer when @step is done? A killed peer may have sent a RST. */
static bool is_heard(const struct ka_step *step)
{
	if (step->who == KA_PEER && step->do_ != KA_KILL && ka_step_is(step, KA_VERB_FIN))
		return true;
	return !step->unacked && ka_step_is(step, KA_VERB_HEARD);
}

static void walk_step(const struct ka_instance *instance, const struct ka_values *v,
		      const struct ka_step *step, struct walk *w)
{
	double due = step_due_s(instance, v, step, w);

	if (due > w->now)
		w->now = due;
	if (step->random_phase)
		w->now += v->idle < 1 ? 0 : 0.5; /* the mean */
	if (step->times)
		w->now += (step->times - 1) * ka_time_s(&step->every, &instance->setting);
	if (is_heard(step))
		w->last_rx = w->now;
	if ((step->do_ == KA_SEND && step->unacked && step->who == KA_PROBER) ||
	    (step->do_ == KA_SHUTDOWN && step->who == KA_PROBER))
		w->first_unacked = w->now;
}

static struct walk walk_steps(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;
	const struct ka_values v = ka_values_begin(instance);
	struct walk w = { 0 };

	for (size_t i = 0; i < c->n_steps; i++)
		walk_step(instance, &v, &c->steps[i], &w);
	return w;
}

double ka_steps_s(const struct ka_instance *instance)
{
	return walk_steps(instance).now;
}

/* The longest that a program waits for. */
static double programs_s(const struct ka_instance *instance)
{
	const struct ka_app *apps[] = { &instance->case_->prober_app, &instance->case_->peer_app };
	double longest = 0;

	for (size_t i = 0; i < 2; i++) {
		double s = ka_time_s(&apps[i]->timeout, &instance->setting) +
			   ka_time_s(&apps[i]->every, &instance->setting);

		longest = s > longest ? s : longest;
	}
	return longest;
}

static double later(double a, double b)
{
	return a > b ? a : b;
}

/* When the connection ends, or is watched no more: seconds after the first step. */
static double end_s(const struct ka_instance *instance, const struct walk *w,
		    const struct ka_prediction *p, int hz)
{
	const double zero[KA_ZEROS] = {
		[KA_ZERO_LAST_RX] = w->last_rx,     [KA_ZERO_SENT] = w->first_unacked,
		[KA_ZERO_WRITE] = w->first_unacked, [KA_ZERO_SYN] = w->now,
		[KA_ZERO_CAUSE] = w->now,
	};

	if (ka_regime_is(p->when, KA_REGIME_LIVES))
		return w->now + ka_time_s(&instance->case_->expect.watch, &instance->setting);
	if (ka_regime_is(p->when, KA_REGIME_AT_ONCE))
		return w->now + programs_s(instance);
	return later(w->now, zero[ka_regime(p->when)->zero] + (double)(p->lo_j + p->hi_j) / 2 / hz);
}

void ka_predict_duration(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	struct walk w = walk_steps(instance);
	double end = end_s(instance, &w, out, hz);
	double notice_s = ka_time_s(&instance->case_->expect.notice, &instance->setting);

	w.longest_wait = later(w.longest_wait, programs_s(instance));
	out->expected_s = SETUP_S + instance->case_->load * LOAD_S + end + notice_s;
	out->give_up_s = later((double)out->hi_j / hz, w.longest_wait) * OVERDUE_FACTOR + notice_s +
			 OVERDUE_S;
}
