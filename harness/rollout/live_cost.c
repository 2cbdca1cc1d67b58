/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See live_cost.h. Times are jiffies from now. */
#include "rollout/live_cost.h"

#include <math.h>

#include "judge/backoff.h"
#include "judge/wheel.h"
#include "model/util.h"

/* ---- what rules it ------------------------------------------------------------------------ */

static const struct {
	enum ka_knob knob;
	enum nn_socket_option option;
} pairs[] = { { KA_KNOB_TIME, NN_TCP_KEEPIDLE },
	      { KA_KNOB_INTVL, NN_TCP_KEEPINTVL },
	      { KA_KNOB_PROBES, NN_TCP_KEEPCNT } };

/* Limits of RTO are the socket's own since it was made: no sysctl reaches them later. */
static const struct {
	enum ka_knob knob;
	enum nn_socket_option option;
} limits[] = { { KA_KNOB_RTO_MIN_US, NN_TCP_RTO_MIN }, { KA_KNOB_RTO_MAX_MS, NN_TCP_RTO_MAX } };

struct ka_live_rule ka_live_rule(const struct ka_live_socket *socket, const struct ka_knobs *now,
				 const struct ka_knobs *values)
{
	const struct nn_socket_options *options = &socket->options;
	struct ka_live_rule rule = { .known = !socket->hidden,
				     .keepalive = socket->timer != KA_LIVE_OFF,
				     .inherits = true,
				     .knobs = *values };

	if (!rule.known)
		return rule;
	rule.keepalive = options->value[NN_SO_KEEPALIVE];
	if (!options->error[NN_TCP_USER_TIMEOUT])
		rule.ut_ms = (unsigned)options->value[NN_TCP_USER_TIMEOUT];
	for (size_t i = 0; i < KA_N(limits); i++)
		if (!options->error[limits[i].option] && options->value[limits[i].option] > 0)
			rule.knobs.value[limits[i].knob] = options->value[limits[i].option];
	for (size_t i = 0; i < KA_N(pairs); i++) {
		int64_t own = options->value[pairs[i].option];

		if (options->error[pairs[i].option] || own == now->value[pairs[i].knob])
			continue;
		rule.inherits = false;
		rule.knobs.value[pairs[i].knob] = own;
	}
	return rule;
}

struct ka_answer ka_live_answer(const struct ka_live_rule *rule, int hz)
{
	struct ka_knobs knobs = rule->knobs;
	struct ka_answer answer;

	knobs.ut_ms = rule->ut_ms;
	if (!rule->keepalive)
		knobs.value[KA_KNOB_TIME] = -1; /* no probe is ever sent */
	ka_answer_predict(&answer, &knobs, hz);
	return answer;
}

/* ---- keepalive ---------------------------------------------------------------------------- */

/* The kernel's range is that of an int; a file may say anything. */
static int64_t bounded(int64_t value)
{
	return ka_lesser(ka_greater(value, INT32_MIN), INT32_MAX);
}

struct span {
	int64_t lo, hi;
};

/* What is known of a timer that runs. */
struct armed {
	int hz;
	struct span left;  /* until its expiry */
	struct span quiet; /* since the last segment */
	unsigned unanswered;
	int64_t idle, intvl, cnt, ut;
	int64_t step; /* from one expiry to the next, once they are multiples of its granularity */
	struct span gap; /* from the first one to the second */
};

static struct span jiffies(int64_t ms, int hz)
{
	return (struct span){ ms * hz / 1000, ka_wheel_ms(ms, hz) };
}

static struct armed armed_of(const struct ka_live_socket *socket, const struct ka_live_rule *rule,
			     int hz)
{
	const int64_t *value = rule->knobs.value;
	int64_t intvl = hz * ka_greater(bounded(value[KA_KNOB_INTVL]), 0);

	return (struct armed){
		.hz = hz,
		.left = jiffies(ka_greater(socket->expires_ms, 0), hz),
		.quiet = jiffies(socket->have_quiet ? socket->quiet_ms : 0, hz),
		.unanswered = socket->unanswered,
		.idle = hz * bounded(value[KA_KNOB_TIME]),
		.intvl = intvl,
		.cnt = ka_lesser(ka_greater(value[KA_KNOB_PROBES], 0), UINT16_MAX),
		.ut = ka_wheel_ms(rule->ut_ms, hz),
		.step = ka_wheel_step(intvl, hz, NULL),
		/* as its own handler queues it: the wheel's clock is a jiffy ahead there */
		.gap = { intvl + 1, intvl + ka_wheel_granule(ka_greater(intvl - 1, 0), hz) },
	};
}

/*
 * tcp_keepalive_timer(): at the expiry, a socket that has been quiet for less than idle only arms its timer
 * for the rest. The first expiry that does more than that. The timer that runs was armed with idle or
 * intvl at the most, or with what it still has to go since the last segment.
 */
static struct span first_expiry(const struct armed *t, bool have_quiet)
{
	int64_t armed = ka_greater(ka_greater(t->idle, t->intvl), t->left.hi);
	struct span rest = { t->idle - t->quiet.hi, t->idle - t->quiet.lo }, first = t->left;

	if (have_quiet)
		armed = ka_greater(armed, t->left.hi + t->quiet.hi);
	first.hi += ka_wheel_granule(armed, t->hz);
	if (!have_quiet || rest.hi <= t->left.lo)
		return first;
	rest.hi += ka_wheel_granule(rest.hi - t->left.lo, t->hz);
	return (struct span){ ka_greater(first.lo, rest.lo), ka_greater(first.hi, rest.hi) };
}

/* Expiry number @k after @first. */
static struct span expiry(const struct armed *t, struct span first, int64_t k)
{
	if (k <= 0)
		return first;
	return (struct span){ first.lo + t->gap.lo + (k - 1) * t->step,
			      first.hi + t->gap.hi + (k - 1) * t->step };
}

/* How many expiries, at least @least, until one may be at @from or later, when the first two are at @zero
 * and @one. */
static int64_t count_until(const struct armed *t, int64_t zero, int64_t one, int64_t from,
			   int64_t least)
{
	int64_t k = 0;

	if (zero < from)
		k = one >= from ? 1 : 1 + (from - one + t->step - 1) / t->step;
	return ka_greater(k, least);
}

/* With a user timeout the end is the first expiry after a probe at which the socket has been quiet for so
 * long. */
static struct span by_user_timeout(const struct armed *t, struct span first)
{
	int64_t least = t->unanswered ? 0 : 1;
	struct span over = { t->ut - t->quiet.hi - 1, t->ut - t->quiet.lo + 1 };
	int64_t few = count_until(t, first.hi, first.hi + t->gap.hi, over.lo, least);
	int64_t many = count_until(t, first.lo, first.lo + t->gap.lo, over.hi, least);
	struct span end = { ka_greater(over.lo, expiry(t, first, few).lo),
			    expiry(t, first, many).hi };

	/* where one expiry falls short, the next one is a gap later at the most */
	if (many > least)
		end.hi = ka_greater(ka_lesser(end.hi, over.hi + ka_greater(t->gap.hi, t->step)),
				    expiry(t, first, least).hi);
	return end;
}

static double nominal_s(const struct armed *t, struct span first)
{
	int64_t nominal = first.lo;

	if (t->ut)
		nominal =
			ka_greater(t->ut - t->quiet.hi, first.lo + (t->unanswered ? 0 : t->intvl));
	else
		nominal += ka_greater(t->cnt - t->unanswered, 0) * t->intvl;
	return (double)nominal / t->hz;
}

static struct ka_live_cost by_keepalive(const struct ka_live_socket *socket,
					const struct ka_live_rule *rule, int hz)
{
	struct armed t = armed_of(socket, rule, hz);
	struct span first = first_expiry(&t, socket->have_quiet);
	int64_t probes = ka_greater(t.cnt - t.unanswered, 0);
	struct span end = t.ut ? by_user_timeout(&t, first) : expiry(&t, first, probes);
	bool endless = rule->knobs.value[KA_KNOB_INTVL] < 0 && (t.ut || probes);
	struct ka_live_cost cost = { .end = KA_LIVE_KEEPALIVE, .exact = true };

	if (t.idle < 0 || endless) /* no probe, or only one */
		return (struct ka_live_cost){ .end = KA_LIVE_NEVER, .exact = true };
	/* one jiffy: what the kernel shows is rounded */
	cost.other_idle = !t.unanswered && t.left.lo > ka_greater(t.idle, t.intvl) + 2;
	cost.first_probe_s = (double)first.lo / hz;
	cost.nominal_s = nominal_s(&t, first);
	cost.window_s[0] = (double)end.lo / hz;
	cost.window_s[1] = (double)end.hi / hz;
	return cost;
}

/* ---- data --------------------------------------------------------------------------------- */

/* The limit is a sum of the shortest timeouts; the kernel looks at it whenever a timer of the
 * connection's own round trip expires, so up to the longest one later. A user timeout cuts the last one
 * short. */
static struct ka_live_cost by_retries(const struct ka_live_socket *socket,
				      const struct ka_live_rule *rule, unsigned retries,
				      unsigned ut_ms, int hz)
{
	struct ka_backoff timer = ka_backoff_on_lan(
		socket->timer == KA_LIVE_CLOSED ? KA_BACKOFF_WINDOW : KA_BACKOFF_DATA, retries,
		ut_ms, hz);
	int64_t rto_max_ms = bounded(rule->knobs.value[KA_KNOB_RTO_MAX_MS]);
	struct ka_live_cost cost = { .end = KA_LIVE_DATA, .exact = true };
	int64_t rto = ka_wheel_ms(socket->rto_ms, hz), window[2], last;

	ka_backoff_limits(&timer, bounded(rule->knobs.value[KA_KNOB_RTO_MIN_US]), rto_max_ms);
	timer.rto_most = ka_greater(timer.rto_most, rto + 1);
	ka_backoff_window(&timer, window);
	last = ka_lesser(ka_wheel_ms(rto_max_ms, hz), window[0]);
	if (!ut_ms)
		window[1] = ka_greater(window[1], window[0] + last + ka_wheel_granule(last, hz));
	cost.nominal_s = (double)window[0] / hz;
	ka_wheel_seconds(window, hz, cost.window_s);
	return cost;
}

static unsigned retries_of(const struct ka_live_rule *rule, enum ka_knob knob)
{
	return (unsigned)ka_lesser(ka_greater(rule->knobs.value[knob], 0), 255);
}

/* tcp_orphan_retries(): 0 means 8 where the peer has been heard of. A timer in FIN_WAIT2 counts its
 * lifetime. */
static struct ka_live_cost of_orphan(const struct ka_live_socket *socket,
				     const struct ka_live_rule *rule, int hz)
{
	unsigned retries = retries_of(rule, KA_KNOB_ORPHAN_RETRIES);
	struct ka_live_cost cost;
	int64_t left = ka_wheel_ms(socket->expires_ms, hz);

	if (socket->timer == KA_LIVE_BUSY || socket->timer == KA_LIVE_CLOSED) {
		cost = by_retries(socket, rule, retries ? retries : 8, 0, hz);
	} else {
		cost = (struct ka_live_cost){ .nominal_s = (double)left / hz };
		cost.window_s[0] = cost.nominal_s;
		cost.window_s[1] = (double)(left + ka_wheel_granule(left, hz)) / hz;
	}
	cost.exact = true;
	cost.end = KA_LIVE_ORPHAN;
	return cost;
}

/* ---- all ---------------------------------------------------------------------------------- */

/*
 * The options are not known: any may have been set, the shortest being one second and one probe. What a
 * timer that runs allows all the same: no end before its expiry; and, unless a probe is out, none before
 * one was sent and waited for.
 */
static void widen(struct ka_live_cost *cost, const struct ka_live_socket *socket,
		  const struct ka_live_rule *rule)
{
	const int64_t *value = rule->knobs.value;
	double wait_s = value[KA_KNOB_INTVL] < 1 ? 0 : 1;

	if (cost->end != KA_LIVE_KEEPALIVE && cost->end != KA_LIVE_DATA)
		return;
	cost->exact = false;
	cost->assumed_s[0] = cost->window_s[0];
	cost->assumed_s[1] = cost->window_s[1];
	cost->window_s[0] = 0;
	cost->window_s[1] = INFINITY;
	if (cost->end != KA_LIVE_KEEPALIVE)
		return;
	cost->window_s[0] = (double)socket->expires_ms / 1000;
	if (!socket->unanswered && value[KA_KNOB_PROBES] > 0)
		cost->window_s[0] += wait_s;
}

/* The timer is looked at before the options: SO_KEEPALIVE was set or cleared between the two, or the timer
 * was just at work. */
static bool is_torn(const struct ka_live_socket *socket, const struct ka_live_rule *rule)
{
	return rule->known &&
	       (rule->keepalive ? socket->timer == KA_LIVE_OFF : socket->timer == KA_LIVE_ARMED);
}

struct ka_live_cost ka_live_cost(const struct ka_live_socket *socket,
				 const struct ka_live_rule *rule, int hz)
{
	struct ka_live_cost cost = { .end = KA_LIVE_NEVER, .exact = true };

	if (!socket->inode && socket->state != KA_LIVE_ESTABLISHED && socket->timer != KA_LIVE_OFF)
		return of_orphan(socket, rule, hz);
	if (is_torn(socket, rule))
		return (struct ka_live_cost){ .end = KA_LIVE_UNKNOWN };
	switch (socket->timer) {
	case KA_LIVE_ARMED:
		cost = by_keepalive(socket, rule, hz);
		break;
	case KA_LIVE_BUSY:
	case KA_LIVE_CLOSED:
		cost = by_retries(socket, rule, retries_of(rule, KA_KNOB_RETRIES2), rule->ut_ms,
				  hz);
		break;
	case KA_LIVE_HIDDEN:
		return (struct ka_live_cost){ .end = KA_LIVE_UNKNOWN };
	case KA_LIVE_OFF:
		break;
	}
	if (!rule->known)
		widen(&cost, socket, rule);
	return cost;
}
