/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a declaration to a prediction: what must be seen, and between which jiffies. */
#include <errno.h>
#include <sys/epoll.h>

#include "judge/duration.h"
#include "judge/judge.h"
#include "judge/retransmit.h"
#include "judge/values.h"
#include "judge/wheel.h"
#include "model/verbs.h"

/* Sysctl tcp_retries2's default (TCP_RETR2). */
#define RETRIES2  15
/* The end at a fault is at once; where it is observed, it may wait for the next tick twice: once
 * in the softirq, once for the reader's wake-up. */
#define AT_ONCE_J 2

/* tcp_poll() in TCP_CLOSE with sk_err, and after a FIN. Registered for IN|RDHUP, and for all. */
#define DEATH_EVENTS      (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)
#define DEATH_EVENTS_FULL (DEATH_EVENTS | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)
#define EOF_EVENTS        (EPOLLIN | EPOLLRDHUP)
#define EOF_EVENTS_FULL   (EOF_EVENTS | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)

static enum ka_wheel_arming arming_of(const struct ka_case *c)
{
	switch (c->expect.arming) {
	case KA_FRESH:
		return KA_WHEEL_FRESH;
	case KA_PROBED:
		return KA_WHEEL_PROBED;
	case KA_CHAINED:
		break;
	}
	return KA_WHEEL_CHAINED;
}

/*
 * Number of probes. Under TCP_USER_TIMEOUT the kernel does not look at TCP_KEEPCNT
 * (tcp_keepalive_timer()): then the wheel knows the number, where the phase does not decide.
 */
static int probes_of(const struct ka_instance *instance, const struct ka_prediction *out,
		     const struct ka_wheel_bounds *bounds)
{
	int declared = instance->case_->expect.probes;
	bool by_wheel = declared == KA_CNT || declared == KA_SOME;

	if (out->when != KA_USER_TIMEOUT || !by_wheel || out->changing)
		return ka_number(declared, &instance->setting);
	return bounds->probes[0] == bounds->probes[1] ? (int)bounds->probes[0] : KA_SOME;
}

static void widen(int64_t window[2], const int64_t by[2])
{
	if (by[0] < window[0])
		window[0] = by[0];
	if (by[1] > window[1])
		window[1] = by[1];
}

/*
 * Where steps change the values, the window holds every mix of old and new ones: from the first
 * expiry that can be (TCP_KEEPIDLE set again and again sends a probe each time) to the longest
 * chain, counted from the last step. The verdict replays the steps and narrows it down.
 */
static void predict_changing(const struct ka_instance *instance, int hz,
			     struct ka_wheel_bounds *bounds)
{
	const struct ka_case *c = instance->case_;
	struct ka_values least = ka_values_begin(instance), most = least;
	struct ka_wheel_bounds other;

	for (size_t i = 0; i < c->n_steps; i++)
		ka_values_span(&least, &most, ka_change_of(instance, &c->steps[i]));
	*bounds = ka_wheel_window(least.idle, least.intvl, least.cnt, least.user_timeout_ms, hz,
				  KA_WHEEL_CHAINED);
	other = ka_wheel_window(most.idle, most.intvl, most.cnt, most.user_timeout_ms, hz,
				KA_WHEEL_PROBED);
	bounds->end[0] = bounds->p1[0];
	bounds->end[1] = other.end[1] + (int64_t)(ka_steps_s(instance) * hz) + 1;
	widen(bounds->p1, other.p1);
}

/* The regimes in which the keepalive timer brings the end. */
static void predict_timer(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	const struct ka_values v = ka_values_begin(instance);
	struct ka_wheel_bounds bounds = ka_wheel_window(v.idle, v.intvl, v.cnt, v.user_timeout_ms,
							hz, arming_of(instance->case_));

	if (out->changing)
		predict_changing(instance, hz, &bounds);
	out->p1_lo_j = bounds.p1[0];
	out->p1_hi_j = bounds.p1[1];
	out->lo_j = out->when == KA_FIRST_PROBE ? bounds.p1[0] : bounds.end[0];
	out->hi_j = out->when == KA_FIRST_PROBE ? bounds.p1[1] : bounds.end[1];
	out->probes = probes_of(instance, out, &bounds);
}

static void predict_retransmission(const struct ka_instance *instance, int hz,
				   struct ka_prediction *out)
{
	const struct ka_case *c = instance->case_;
	unsigned ut_ms = instance->setting.user_timeout_ms;
	int64_t window[2];

	if (out->when == KA_FIRST_RETRANSMIT)
		ka_retransmit_first(hz, window);
	else if (c->expect.unseen)
		ka_retransmit_stuck(ut_ms, hz, window);
	else if (ut_ms && c->expect.error != ETIMEDOUT)
		ka_retransmit_reverted(ut_ms, hz, window);
	else
		ka_retransmit_window(
			(unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_retries2", RETRIES2), ut_ms, hz,
			window);
	out->lo_j = window[0];
	out->hi_j = window[1];
}

static void predict_persist(const struct ka_instance *instance, int hz, int64_t window[2])
{
	const struct ka_case *c = instance->case_;
	unsigned ut_ms = instance->setting.user_timeout_ms;

	if (ut_ms && c->expect.unseen)
		ka_retransmit_stuck(ut_ms, hz, window);
	else if (ut_ms)
		ka_persist_timeout_window(ut_ms, hz, window);
	else
		ka_persist_window((unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_retries2", RETRIES2),
				  hz, window);
}

static void predict_connect(const struct ka_instance *instance, int hz, int64_t window[2])
{
	const struct ka_backoff timer = ka_connect_backoff(instance, hz);

	ka_backoff_window(&timer, window);
}

static void predict_end(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	int64_t window[2];

	out->probes = ka_number(instance->case_->expect.probes, &instance->setting);
	switch (out->when) {
	case KA_KEEPALIVE_EXPIRY:
	case KA_USER_TIMEOUT:
	case KA_FIRST_PROBE:
		predict_timer(instance, hz, out);
		break;
	case KA_RETRANSMIT_LIMIT:
	case KA_FIRST_RETRANSMIT:
		predict_retransmission(instance, hz, out);
		break;
	case KA_PERSIST_LIMIT:
	case KA_CONNECT_LIMIT:
		(out->when == KA_PERSIST_LIMIT ? predict_persist : predict_connect)(instance, hz,
										    window);
		out->lo_j = window[0];
		out->hi_j = window[1];
		break;
	case KA_AT_ONCE:
		out->hi_j = AT_ONCE_J;
		break;
	case KA_NEVER:
		break;
	}
}

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
		    (step->do_ != KA_KILL || c->expect.when != KA_AT_ONCE))
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

	if (c->expect.error && out->when != KA_NEVER) {
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

	if (when == KA_KEEPALIVE_EXPIRY && instance->setting.user_timeout_ms &&
	    ka_begins_on(instance->case_))
		return KA_USER_TIMEOUT;
	return when;
}

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
	predict_end(instance, facts->hz, out);
	predict_socket(instance, out);
	apply_bias(&instance->case_->bias, out);
	ka_predict_duration(instance, facts->hz, out);
	return 0;
}
