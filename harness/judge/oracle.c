/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a declaration to a prediction: what must be seen, and between which jiffies. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "judge/regimes.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/verbs.h"

/* tcp_poll() in TCP_CLOSE with sk_err, and after a FIN. Registered for IN|RDHUP, and for all. */
#define DEATH_EVENTS      (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)
#define DEATH_EVENTS_FULL (DEATH_EVENTS | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)
#define EOF_EVENTS        (EPOLLIN | EPOLLRDHUP)
#define EOF_EVENTS_FULL   (EOF_EVENTS | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)

/* ---- why a declaration makes no sense ------------------------------------------------------- */

static const char *check_gateway(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	if (!c->gateway)
		return NULL;
	if (c->topology != KA_ROUTED)
		return "a pair has no gateway";
	return ka_gateway_timeout_s(c->gateway, &instance->setting)
		       ? NULL
		       : "the gateway has no timeout, or one of 0 s";
}

/* Of a load only this is judged: each timer was started at a known time, and brings the end. */
static const char *check_load(const struct ka_case *c)
{
	if (!c->load)
		return NULL;
	if (c->from != KA_FROM_ACCEPTED || c->expect.arming != KA_FRESH)
		return "a load is armed after the handshake: it takes KA_FROM_ACCEPTED and "
		       "KA_FRESH";
	return ka_regime_is(c->expect.when, KA_REGIME_BY_CNT) ||
			       ka_regime_is(c->expect.when, KA_REGIME_LIVES)
		       ? NULL
		       : "of a load only KA_KEEPALIVE_EXPIRY and KA_NEVER can be judged";
}

/* Does the end leave anything that can be compared? */
static const char *check_end(const struct ka_case *c)
{
	return c->expect.error || c->expect.eof || c->expect.rst_sent || c->expect.rst_received ||
			       ka_case_closes(c)
		       ? NULL
		       : "its end leaves nothing that can be compared: no error, EOF, RST or "
			 "close is declared";
}

static const char *check_regime(const struct ka_instance *instance)
{
	enum ka_when when = instance->case_->expect.when;

	if ((unsigned)when >= KA_REGIMES)
		return "it names no regime";
	return ka_rule(when)->check ? ka_rule(when)->check(instance) : NULL;
}

int ka_check_sense(const struct ka_instance *instance, char *why, size_t size)
{
	const struct ka_case *c = instance->case_;
	const char *text = check_gateway(instance);

	if (!text)
		text = ka_known_check(&c->known);
	for (size_t i = 0; i < c->n_steps; i++) {
		const char *of_step = ka_step_check(instance, i);

		if (!of_step)
			continue;
		snprintf(why, size, "step %zu (%s): %s", i + 1, ka_verb(c->steps[i].do_)->name,
			 of_step);
		return -EINVAL;
	}
	if (!text)
		text = check_regime(instance);
	if (!text)
		text = check_load(c);
	if (!text && !ka_regime_is(c->expect.when, KA_REGIME_LIVES))
		text = check_end(c);
	snprintf(why, size, "%s", text ? text : "");
	return text ? -EINVAL : 0;
}

/* ---- what must be seen ------------------------------------------------------------------------ */

static void predict_gaps(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	const struct ka_values v = ka_values_begin(instance);
	int64_t len = v.intvl * hz;

	out->gap_j = ka_wheel_step(len, hz, &out->gap_slack_j);
	out->granule_idle_j = v.idle < 0 ? 0 : ka_wheel_granule(v.idle * hz, hz);
	out->granule_intvl_j = ka_wheel_granule(len ? len - 1 : 0, hz);
}

/* A step behind which a FIN of the peer no longer arrives; rules must be in its way. */
static bool cuts_off_peer(const struct ka_case *c, const struct ka_step *step)
{
	if (!ka_step_is(step, KA_VERB_CUTS_PEER))
		return false;
	if (step->do_ != KA_DROP && step->do_ != KA_REJECT)
		return true;
	return c->topology == KA_ROUTED && step->place == KA_ON_PATH && step->way != KA_PROBES;
}

/* Does the prober see the peer's FIN before the end? A killed process sends one, too, unless it
 * left data unread, which ends the connection at once. */
static bool peer_finishes(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		const struct ka_step *step = &c->steps[i];

		if (cuts_off_peer(c, step))
			return false;
		if (step->who == KA_PEER && ka_step_is(step, KA_VERB_FIN) &&
		    (step->do_ != KA_KILL || !ka_regime_is(c->expect.when, KA_REGIME_AT_ONCE)))
			return true;
	}
	return false;
}

/* Masks. What the bench's level-triggered set asks for shrinks when the reader stops, and after it
 * has read the EOF: what is asked for always is ERR|HUP. */
static void predict_events(const struct ka_case *c, struct ka_prediction *out)
{
	bool stalled =
		ka_case_does(c, KA_STALL, KA_PROBER) && !ka_case_does(c, KA_RESUME, KA_PROBER);

	if (c->expect.error && !ka_regime_is(out->when, KA_REGIME_LIVES)) {
		out->events = DEATH_EVENTS;
		if (peer_finishes(c))
			out->events = EPOLLERR | EPOLLHUP;
		else if (stalled)
			out->events = DEATH_EVENTS & ~(uint32_t)EPOLLIN;
		out->events_full = DEATH_EVENTS_FULL;
	} else if (c->expect.eof) {
		out->events = EOF_EVENTS;
		out->events_full = EOF_EVENTS_FULL;
	}
	if (c->asks)
		out->events &= c->asks | EPOLLERR | EPOLLHUP;
	if (c->expect.events)
		out->events = c->expect.events;
	if (c->expect.events_full)
		out->events_full = c->expect.events_full;
}

static void predict_socket(const struct ka_instance *instance, struct ka_prediction *out)
{
	const struct ka_expect *expect = &instance->case_->expect;

	out->error = expect->error;
	out->eof = expect->eof;
	out->rst_sent = ka_number(expect->rst_sent, &instance->setting);
	out->rst_received = ka_number(expect->rst_received, &instance->setting);
	predict_events(instance->case_, out);
}

static void apply_bias(const struct ka_bias *bias, struct ka_prediction *out)
{
	out->lo_j += bias->window_jiffies;
	out->hi_j += bias->window_jiffies;
	out->gap_j += bias->gap_granules * out->granule_intvl_j;
	if (out->probes < KA_SOME)
		out->probes += bias->probes;
	if (bias->error)
		out->error = bias->error;
}

/* TCP_USER_TIMEOUT takes the place of TCP_KEEPCNT wherever it is set. */
static enum ka_when when_of(const struct ka_instance *instance)
{
	enum ka_when when = instance->case_->expect.when;

	if (ka_regime_is(when, KA_REGIME_BY_CNT) && instance->setting.user_timeout_ms &&
	    ka_begins_on(instance->case_))
		return KA_USER_TIMEOUT;
	return when;
}

/* ---- how long it takes ----------------------------------------------------------------------------- */

/* Networks, processes and the handshake, on a host with other instances beside. */
#define SETUP_S        0.3
/* An end that has not come after the window and a quarter, and two seconds for those that end at
 * once, does not come: the longest window is 1/8 of its timer, noise far below that. */
#define OVERDUE_FACTOR 1.25
#define OVERDUE_S      2.0
/* The longest relative rounding of the wheel (8/63), to wait for a probe. */
#define ROUNDING       1.13

/* One connection of a load: a handshake, and its options when all have come. */
#define LOAD_S 0.0005

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
	case KA_SINCE_BOOT:
		return at;
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
	    (step->do_ == KA_SHUTDOWN && step->who == KA_PROBER) ||
	    (step->do_ == KA_CLOSE && step->who == KA_PROBER && w->first_unacked == 0))
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

static void predict_duration(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	struct walk w = walk_steps(instance);
	double end = end_s(instance, &w, out, hz);
	double notice_s = ka_time_s(&instance->case_->expect.notice, &instance->setting);

	w.longest_wait = later(w.longest_wait, programs_s(instance));
	out->from_boot =
		instance->case_->n_steps && instance->case_->steps[0].since == KA_SINCE_BOOT;
	out->expected_s = SETUP_S + instance->case_->load * LOAD_S + end + notice_s;
	out->give_up_s = later((double)out->hi_j / hz, w.longest_wait) * OVERDUE_FACTOR + notice_s +
			 OVERDUE_S;
}

/* What waits while a process owns the socket comes so much later; the verdict takes that from the wire. */
static void admit_owned(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	if (ka_case_does(instance->case_, KA_OWN, KA_PROBER) &&
	    ka_regime_is(out->when, KA_REGIME_GIVES_UP) &&
	    !ka_regime_is(out->when, KA_REGIME_KEEPALIVE))
		out->hi_j += (int64_t)(ka_steps_s(instance) * hz) + 1;
}

/* ---- all of it ------------------------------------------------------------------------------------- */

int ka_predict(const struct ka_instance *instance, const struct ka_facts *facts,
	       struct ka_prediction *out)
{
	char why[KA_SENSE_TEXT];

	if (!instance->case_ || facts->hz <= 0 || ka_check_sense(instance, why, sizeof(why)) < 0)
		return -EINVAL;
	*out = (struct ka_prediction){ .when = when_of(instance),
				       .changing = ka_changes(instance),
				       .nominal_s = ka_nominal_s(&instance->setting) };
	predict_gaps(instance, facts->hz, out);
	out->probes = ka_number(instance->case_->expect.probes, &instance->setting);
	if (ka_rule(out->when)->predict)
		ka_rule(out->when)->predict(instance, facts->hz, out);
	admit_owned(instance, facts->hz, out);
	predict_socket(instance, out);
	apply_bias(&instance->case_->bias, out);
	predict_duration(instance, facts->hz, out);
	return 0;
}
