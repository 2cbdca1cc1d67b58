/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See regimes.h. What only one rule knows stands here, above the table. */
#include "judge/regimes.h"

#include <errno.h>
#include <netinet/tcp.h>

#include "judge/values.h"
#include "judge/wheel.h"
#include "model/util.h"
#include "model/verbs.h"

/* Sysctl tcp_retries2's default (TCP_RETR2). */
#define RETRIES2     15
/* TCP_TIMEWAIT_LEN */
#define TIME_WAIT_S  60
/* No count of window probes is reached before a user timeout, if some are answered. */
#define MANY_RETRIES 255
/* The end at a fault is at once; where it is observed, it may wait for the next tick twice: once
 * in the softirq, once for the reader's wake-up. */
#define AT_ONCE_J    2

/* ---- the keepalive timer ------------------------------------------------------------------------- */

static const char *check_keepalive(const struct ka_instance *instance)
{
	return ka_runs_keepalive(instance) ? NULL : "nothing says SO_KEEPALIVE";
}

static const char *check_user_timeout(const struct ka_instance *instance)
{
	return instance->setting.user_timeout_ms ? check_keepalive(instance)
						 : "its setting has no user timeout";
}

static enum ka_wheel_arming arming_of(const struct ka_case *c)
{
	static const enum ka_wheel_arming armings[] = {
		[KA_CHAINED] = KA_WHEEL_CHAINED,
		[KA_FRESH] = KA_WHEEL_FRESH,
		[KA_PROBED] = KA_WHEEL_PROBED,
	};

	return armings[c->expect.arming];
}

/*
 * Where steps change the values, the window holds every mix of old and new ones: from the first
 * expiry that can be (TCP_KEEPIDLE set again and again sends a probe each time) to the longest
 * chain, counted from the last step. The verdict replays the steps and narrows it down.
 */
static void span_changes(const struct ka_instance *instance, int hz, struct ka_wheel_bounds *bounds)
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
	ka_widen(bounds->p1, other.p1[0]);
	ka_widen(bounds->p1, other.p1[1]);
}

static struct ka_wheel_bounds predict_timer(const struct ka_instance *instance, int hz,
					    struct ka_prediction *out)
{
	const struct ka_values v = ka_values_begin(instance);
	struct ka_wheel_bounds bounds = ka_wheel_window(v.idle, v.intvl, v.cnt, v.user_timeout_ms,
							hz, arming_of(instance->case_));

	if (out->changing)
		span_changes(instance, hz, &bounds);
	out->p1_lo_j = bounds.p1[0];
	out->p1_hi_j = bounds.p1[1];
	out->lo_j = bounds.end[0];
	out->hi_j = bounds.end[1];
	return bounds;
}

/* tcp_keepalive_timer(): as many probes are out as TCP_KEEPCNT says. */
static void predict_expiry(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	predict_timer(instance, hz, out);
}

/* tcp_reset(), as soon as the answer is there. */
static void predict_first_probe(const struct ka_instance *instance, int hz,
				struct ka_prediction *out)
{
	predict_timer(instance, hz, out);
	out->lo_j = out->p1_lo_j;
	out->hi_j = out->p1_hi_j;
}

/* The kernel does not look at TCP_KEEPCNT (tcp_keepalive_timer()): the wheel knows the number of
 * probes, where the phase does not decide it. */
static void predict_user_timeout(const struct ka_instance *instance, int hz,
				 struct ka_prediction *out)
{
	struct ka_wheel_bounds bounds = predict_timer(instance, hz, out);
	int declared = instance->case_->expect.probes;

	if ((declared == KA_CNT || declared == KA_SOME) && !out->changing)
		out->probes =
			bounds.probes[0] == bounds.probes[1] ? (int)bounds.probes[0] : KA_SOME;
}

static const struct ka_event *rst_sent(const struct ka_evidence *e)
{
	return ka_evidence_rst(e, true);
}

static const struct ka_event *rst_received(const struct ka_evidence *e)
{
	return ka_evidence_rst(e, false);
}

/* ---- at once, never --------------------------------------------------------------------------------- */

static void predict_at_once(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	(void)instance;
	(void)hz;
	out->hi_j = AT_ONCE_J;
}

/* tcp_fin() and tcp_reset(), or the RST of a local end (tcp_close() of unread data, tcp_abort()). */
static const struct ka_event *what_came(const struct ka_evidence *e)
{
	for (size_t i = 0; e->want->eof && i < e->timeline->n; i++) {
		const struct ka_packet *p = ka_evidence_packet(e, &e->timeline->events[i]);

		if (p && p->accepted && p->flags & TH_FIN)
			return &e->timeline->events[i];
	}
	if (e->want->eof || !(e->want->rst_received || e->want->rst_sent))
		return NULL;
	return ka_evidence_rst(e, !e->want->rst_received);
}

/* The bench stops at an expected EOF. */
static const char *check_lives(const struct ka_instance *instance)
{
	return instance->case_->expect.eof ? "a connection that lives reports no EOF" : NULL;
}

/* ---- data that waits ---------------------------------------------------------------------------------- */

/* When data that is stuck in the device ends is known only for the user timeout. */
static const char *check_stuck(const struct ka_instance *instance)
{
	return ka_case_stuck(instance->case_) && !instance->setting.user_timeout_ms
		       ? "data that is stuck in the device takes a user timeout"
		       : NULL;
}

static unsigned retries2(const struct ka_instance *instance)
{
	return (unsigned)ka_case_sysctl(instance->case_, KA_PROBER, "tcp_retries2", RETRIES2);
}

static bool is_answered(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (ka_step_is(&c->steps[i], KA_VERB_CUTS_PEER))
			return false;
	return true;
}

/* tcp_orphan_retries() takes the place of tcp_retries2. */
static void put_orphan(const struct ka_case *c, struct ka_backoff *timer)
{
	timer->orphan = true;
	timer->answered = is_answered(c);
	timer->orphan_retries = (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_orphan_retries", 0);
	if (timer->kind == KA_BACKOFF_DATA)
		timer->retries = timer->orphan_retries ? timer->orphan_retries : KA_ORPHAN_RETRIES;
}

/* A timer of the prober's data, with the limits of its namespace. */
static struct ka_backoff own_timer(const struct ka_instance *instance, enum ka_backoff_kind kind,
				   int hz)
{
	const struct ka_case *c = instance->case_;
	struct ka_backoff timer =
		ka_backoff_on_lan(kind, retries2(instance), instance->setting.user_timeout_ms, hz);
	int64_t rto_max_ms;

	rto_max_ms = ka_case_sysctl(c, KA_PROBER, "tcp_rto_max_ms", KA_RTO_MAX_MS);
	ka_backoff_limits(&timer, ka_case_sysctl(c, KA_PROBER, "tcp_rto_min_us", KA_RTO_MIN_US),
			  ka_case_option(c, KA_TCP_RTO_MAX_MS, rto_max_ms));
	if (ka_case_orphans(c))
		put_orphan(c, &timer);
	timer.refused = ka_case_refuses(c);
	return timer;
}

static struct ka_backoff data_timer(const struct ka_instance *instance, int hz)
{
	return own_timer(instance, KA_BACKOFF_DATA, hz);
}

static struct ka_backoff window_timer(const struct ka_instance *instance, int hz)
{
	return own_timer(instance, KA_BACKOFF_WINDOW, hz);
}

/* tcp_rtx_probe0_timed_out(): nothing is received for so long, and the first retransmission is as long ago.
 * An answer to each puts that off for ever. */
static struct ka_backoff shrunk_timer(const struct ka_instance *instance, int hz)
{
	struct ka_backoff timer = data_timer(instance, hz);

	timer.limit_ms = 2 * (timer.rto_max_ms ? timer.rto_max_ms : KA_RTO_MAX_MS);
	return timer;
}

static void put_window(const int64_t window[2], struct ka_prediction *out)
{
	out->lo_j = window[0];
	out->hi_j = window[1];
}

/* tcp_write_timeout(): retransmits_timed_out(). */
static void predict_retransmission(const struct ka_instance *instance, int hz,
				   struct ka_prediction *out)
{
	struct ka_backoff timer = data_timer(instance, hz);
	int64_t window[2];

	if (ka_case_stuck(instance->case_))
		ka_backoff_window_stuck(&timer, window);
	else if (timer.ut_ms && instance->case_->expect.error != ETIMEDOUT)
		ka_backoff_window_reverted(&timer, window);
	else
		ka_backoff_window(&timer, window);
	put_window(window, out);
}

/* tcp_retransmit_timer(), where the window is closed. */
static void predict_shrunk(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	struct ka_backoff timer = shrunk_timer(instance, hz);
	int64_t window[2];

	ka_backoff_window(&timer, window);
	put_window(window, out);
}

/* tcp_v4_err(), tcp_v6_err(): the error that answers it is reported. */
static void predict_first_retransmission(const struct ka_instance *instance, int hz,
					 struct ka_prediction *out)
{
	struct ka_backoff timer = data_timer(instance, hz);
	int64_t window[2];

	ka_backoff_first(&timer, window);
	put_window(window, out);
}

/* tcp_probe_timer(): as many window probes are out as tcp_retries2 says, or the time is over. */
static void predict_persist(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	struct ka_backoff timer = window_timer(instance, hz);
	int64_t window[2];

	if (timer.ut_ms && ka_case_stuck(instance->case_)) {
		timer = data_timer(instance, hz);
		ka_backoff_window_stuck(&timer, window);
	} else {
		if (timer.ut_ms)
			timer.retries = MANY_RETRIES;
		ka_backoff_window(&timer, window);
	}
	put_window(window, out);
}

/* ---- a handshake ---------------------------------------------------------------------------------------- */

static bool connects_in_vain(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == KA_CONNECT && c->steps[i].unacked)
			return true;
	return false;
}

/* The defaults of both sysctls differ between kernels: the case must set them. */
static const char *check_connect(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	if (instance->prober != KA_CLIENT)
		return "only a client connects";
	return connects_in_vain(c) && ka_case_sysctl(c, KA_PROBER, "tcp_syn_retries", -1) > 0 &&
			       ka_case_sysctl(c, KA_PROBER, "tcp_syn_linear_timeouts", -1) >= 0
		       ? NULL
		       : "it takes an unacknowledged KA_CONNECT, tcp_syn_retries and "
			 "tcp_syn_linear_timeouts";
}

static struct ka_backoff syn_timer(const struct ka_instance *instance, int hz)
{
	const struct ka_case *c = instance->case_;
	struct ka_backoff timer = ka_backoff_on_lan(
		KA_BACKOFF_SYN, (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_syn_retries", 0),
		instance->setting.user_timeout_ms, hz);

	timer.linear = (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_syn_linear_timeouts", 0);
	timer.refused = ka_case_refuses(c);
	return timer;
}

/* tcp_write_timeout() in SYN_SENT. */
static void predict_connect(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	const struct ka_backoff timer = syn_timer(instance, hz);
	int64_t window[2];

	ka_backoff_window(&timer, window);
	put_window(window, out);
}

/* ---- a socket that nobody holds ------------------------------------------------------------------------ */

static int64_t fin_timeout(const struct ka_instance *instance)
{
	return ka_case_sysctl(instance->case_, KA_PROBER, "tcp_fin_timeout", TIME_WAIT_S);
}

static const char *check_fin_limit(const struct ka_instance *instance)
{
	return ka_case_orphans(instance->case_) ? NULL : "it takes a KA_CLOSE of the prober";
}

/* tcp_rcv_state_process(): armed by the segment that acknowledges the FIN, or freed by it. */
static void predict_fin_limit(const struct ka_instance *instance, int hz, struct ka_prediction *out)
{
	int64_t beyond_s = fin_timeout(instance) - TIME_WAIT_S;
	struct ka_wheel_bounds bounds;

	if (beyond_s <= 0) {
		predict_at_once(instance, hz, out);
		return;
	}
	bounds = ka_wheel_window(beyond_s, 1, 1, 0, hz, KA_WHEEL_FRESH);
	put_window(bounds.p1, out);
}

/* ---- a program closes ----------------------------------------------------------------------------------- */

static const char *check_closes(const struct ka_instance *instance)
{
	return instance->program ? NULL : "no program is at an end";
}

/* ---- the table -------------------------------------------------------------------------------------------- */

static const struct ka_rule rules[KA_REGIMES] = {
	[KA_KEEPALIVE_EXPIRY] = {
		.check = check_keepalive,
		.predict = predict_expiry,
		.end_packet = rst_sent,
	},
	[KA_FIRST_PROBE] = {
		.check = check_keepalive,
		.predict = predict_first_probe,
		.end_packet = rst_received,
	},
	[KA_AT_ONCE] = {
		.predict = predict_at_once,
		.end_packet = what_came,
	},
	[KA_NEVER] = {
		.check = check_lives,
	},
	[KA_USER_TIMEOUT] = {
		.check = check_user_timeout,
		.predict = predict_user_timeout,
		.end_packet = rst_sent,
	},
	[KA_RETRANSMIT_LIMIT] = { /* sends no RST (tcp_write_timeout()) */
		.check = check_stuck,
		.predict = predict_retransmission,
		.timer = data_timer,
		.expiry = KA_SEG_RETRANSMIT,
	},
	[KA_PERSIST_LIMIT] = { /* nor does tcp_probe_timer() */
		.predict = predict_persist,
		.timer = window_timer,
		.expiry = KA_SEG_PROBE,
	},
	[KA_SHRUNK_LIMIT] = { /* nor does tcp_retransmit_timer() */
		.predict = predict_shrunk,
		.timer = shrunk_timer,
		.expiry = KA_SEG_RETRANSMIT,
	},
	[KA_FIRST_RETRANSMIT] = { /* an ICMP error: no segment of TCP */
		.predict = predict_first_retransmission,
	},
	[KA_CONNECT_LIMIT] = { /* nobody would know what is reset */
		.check = check_connect,
		.predict = predict_connect,
		.timer = syn_timer,
		.expiry = KA_SEG_SYN,
	},
	[KA_FIN_LIMIT] = {
		.check = check_fin_limit,
		.predict = predict_fin_limit,
	},
	[KA_PROGRAM_CLOSES] = {
		.check = check_closes,
	},
};

const struct ka_rule *ka_rule(enum ka_when when)
{
	return &rules[when];
}
