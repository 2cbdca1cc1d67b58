/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer wheel's rounding, the window that it leaves for a keepalive, and the simulation of one; see
 * wheel.h. */
#include "judge/wheel.h"

#include <stdbool.h>

#include "model/util.h"

/* kernel/time/timer.c: LVL_DEPTH is 9 for HZ > 100, else 8. */
static int depth(int hz)
{
	return hz > 100 ? 9 : 8;
}

/* LVL_START(n): the smallest delta that level @n takes. */
static int64_t level_start(int n)
{
	return n ? INT64_C(63) << (3 * (n - 1)) : 0;
}

static int64_t level_granule(int n)
{
	return INT64_C(1) << (3 * n);
}

static int level_of(int64_t delta, int hz)
{
	int n = 0;

	while (n + 1 < depth(hz) && delta >= level_start(n + 1))
		n++;
	return n;
}

int64_t ka_wheel_granule(int64_t delta, int hz)
{
	return level_granule(level_of(delta, hz));
}

int64_t ka_wheel_fire(int64_t expires, int64_t clk, int hz)
{
	int64_t granule;

	if (expires < clk)
		return clk;
	/* beyond the wheel's end: as far as it reaches (WHEEL_TIMEOUT_MAX) */
	if (expires - clk >= level_start(depth(hz)))
		expires = clk + level_start(depth(hz)) - level_granule(depth(hz) - 1);
	granule = ka_wheel_granule(expires - clk, hz);
	return (expires & ~(granule - 1)) + granule;
}

/* Granularity of a timer of @len jiffies that its own handler queues: inside the expiry at F the
 * wheel's clock already says F + 1. */
static int64_t chain_granule(int64_t len, int hz)
{
	return ka_wheel_granule(len > 1 ? len - 1 : 0, hz);
}

int64_t ka_wheel_step(int64_t len, int hz, int64_t *slack)
{
	int64_t granule = chain_granule(len, hz);

	if (slack)
		*slack = granule - 1 - len % granule;
	return (len / granule + 1) * granule;
}

int64_t ka_wheel_ms(int64_t ms, int hz)
{
	return (ms * hz + 999) / 1000;
}

void ka_wheel_ns(const int64_t jiffies[2], int64_t tick_ns, int64_t ns[2])
{
	ns[0] = (jiffies[0] - 1) * tick_ns;
	ns[1] = jiffies[1] * tick_ns;
}

void ka_wheel_seconds(const int64_t jiffies[2], int hz, double seconds[2])
{
	seconds[0] = (double)(jiffies[0] - 1) / hz;
	seconds[1] = (double)jiffies[1] / hz;
}

/*
 * Which multiples can an expiry be that was queued before L and fires at L + idle or later? The
 * finest level that reaches so far: its longest timer, plus the rounding, plus the jiffy by which
 * the clock runs ahead inside a handler.
 */
static int64_t pending_granule(int64_t idle_j, int hz)
{
	for (int n = 0; n + 1 < depth(hz); n++)
		if (level_start(n + 1) + level_granule(n) >= idle_j)
			return level_granule(n);
	return level_granule(depth(hz) - 1);
}

/* What the window is computed from, in jiffies. */
struct window {
	int64_t idle, intvl;
	int64_t granule_idle, granule_intvl;
	int64_t step;
	enum ka_wheel_arming arming;
};

/*
 * First probe. Fresh: one rounding of idle. Chained: the pending expiry may fall exactly on
 * L + idle. Probed: the pending expiry may have been queued with intvl, at L at the latest.
 */
static void window_p1(const struct window *w, int64_t p1[2])
{
	p1[0] = w->idle + (w->arming == KA_WHEEL_FRESH);
	p1[1] = w->idle + w->granule_idle;
	if (w->arming == KA_WHEEL_PROBED)
		p1[1] = ka_greater(p1[1], w->intvl + w->granule_intvl);
}

/* Shortest way from a probe at a multiple of @granule to the next one. */
static int64_t shortest_gap(const struct window *w, int64_t granule)
{
	granule = ka_lesser(granule, w->granule_intvl);
	return (w->intvl / granule + 1) * granule;
}

static int64_t longest_gap(const struct window *w, int64_t granule)
{
	granule = ka_lesser(granule, w->granule_intvl);
	return (w->intvl + w->granule_intvl) / granule * granule;
}

/*
 * The expiry after the first probe. From here on every expiry is a multiple of intvl's granularity,
 * so that all that follows is a constant step. The earliest needs a closer look: a first probe at
 * L + idle is a multiple of its pending timer's granularity and cannot fall short; one at
 * L + idle + 1, queued by the handler just before, can lie anywhere.
 */
static void window_p2(const struct window *w, const int64_t p1[2], int hz, int64_t p2[2])
{
	int64_t pending = pending_granule(w->idle, hz);

	if (w->arming == KA_WHEEL_FRESH)
		p2[0] = p1[0] + shortest_gap(w, w->granule_idle);
	else
		p2[0] = ka_lesser(w->idle + shortest_gap(w, pending), w->idle + 1 + w->intvl + 1);
	p2[1] = w->idle + w->granule_idle + longest_gap(w, w->granule_idle);
	if (w->arming == KA_WHEEL_PROBED)
		p2[1] = ka_greater(p2[1], p1[1] + w->step);
}

/* Steps after the second expiry @p2 until @ut jiffies are over. */
static int64_t steps_until(int64_t p2, int64_t ut, int64_t step)
{
	return p2 >= ut ? 0 : (ut - p2 + step - 1) / step;
}

/*
 * User timeout: the end is the first expiry from the second one on that is not before @ut. As a
 * function of the second expiry it climbs by one and falls by a step wherever one expiry less is
 * needed: the extremes are at the ends of @p2 or beside a fall.
 */
static void window_user_timeout(const int64_t p2[2], int64_t ut, int64_t step,
				struct ka_wheel_bounds *out)
{
	int64_t few = steps_until(p2[1], ut, step), many = steps_until(p2[0], ut, step);

	out->probes[0] = few + 1;
	out->probes[1] = many + 1;
	out->end[0] = p2[0] + many * step;
	out->end[1] = p2[1] + few * step;
	if (few == many)
		return;
	out->end[0] = ut; /* some second expiry between lies whole steps before @ut */
	out->end[1] = ka_greater(out->end[1], ut - 1 + step);
}

struct ka_wheel_bounds ka_wheel_window(int64_t idle, int64_t intvl, unsigned cnt, unsigned ut_ms,
				       int hz, enum ka_wheel_arming arming)
{
	struct window w = {
		.idle = idle * hz,
		.intvl = intvl * hz,
		.granule_idle = ka_wheel_granule(idle * hz, hz),
		.granule_intvl = chain_granule(intvl * hz, hz),
		.step = ka_wheel_step(intvl * hz, hz, NULL),
		.arming = arming,
	};
	struct ka_wheel_bounds out = { .probes = { cnt, cnt } };
	int64_t p2[2];

	window_p1(&w, out.p1);
	window_p2(&w, out.p1, hz, p2);
	if (ut_ms) {
		window_user_timeout(p2, ka_wheel_ms(ut_ms, hz), w.step, &out);
	} else if (cnt) {
		out.end[0] = p2[0] + (cnt - 1) * w.step;
		out.end[1] = p2[1] + (cnt - 1) * w.step;
	} else {
		out.end[0] = out.p1[0];
		out.end[1] = out.p1[1];
	}
	return out;
}

/* ---- the simulation -------------------------------------------------------------------------------- */

/*
 * tcp_keepalive_timer() (net/ipv4/tcp_timer.c), expiry by expiry. What the socket was told and what
 * it received comes in as data.
 */

#define NOT_ARMED INT64_MAX

struct timer {
	int hz;
	int64_t idle, intvl, ut; /* jiffies */
	unsigned cnt;
	int64_t fire;    /* NOT_ARMED: the timer is not queued */
	int64_t last_rx; /* L */
	int64_t late, noise;
	bool have_rx, busy, refused, owned, held_up;
	bool retries;       /* it found the socket owned */
	uint8_t probes_out; /* a byte, as icsk_probes_out is */
	struct ka_wheel_chain *out;
};

static void record_probe(struct timer *t, int64_t now)
{
	t->probes_out++;
	if (t->out->n_probes < KA_WHEEL_MAX_PROBES)
		t->out->probes[t->out->n_probes++] = now;
}

/* tcp_ack(): rcv_tstamp, probes_out; tcp_event_data_recv(): lrcvtime. */
static void receive(struct timer *t, int64_t now)
{
	t->last_rx = now;
	t->have_rx = true;
	t->probes_out = 0;
	t->out->n_probes = 0;
}

static void arm(struct timer *t, int64_t now)
{
	t->fire = ka_wheel_fire(now + t->idle, now, t->hz);
	if (!t->have_rx)
		t->last_rx = now;
}

/* keepalive of tcp_sock_set_keepidle_locked(): what is left of the new idle time, or nothing. */
static void rearm(struct timer *t, int64_t now)
{
	int64_t expires = t->last_rx + t->idle;

	if (t->fire != NOT_ARMED)
		t->fire = ka_wheel_fire(expires > now ? expires : now, now, t->hz);
}

static void apply_lock(struct timer *t, const struct ka_wheel_input *input)
{
	if (input->kind != KA_WHEEL_RETRY)
		t->owned = input->kind == KA_WHEEL_OWN;
	if (!t->retries)
		return;
	if (input->kind == KA_WHEEL_RELEASE && input->value)
		t->fire = NOT_ARMED;
	if (input->kind == KA_WHEEL_RETRY && t->fire == NOT_ARMED)
		t->fire = input->jiffy;
}

static void apply(struct timer *t, const struct ka_wheel_input *input)
{
	switch (input->kind) {
	case KA_WHEEL_ARM:
		arm(t, input->jiffy);
		break;
	case KA_WHEEL_RX:
	case KA_WHEEL_ANSWER:
		receive(t, input->jiffy);
		break;
	case KA_WHEEL_BUSY:
		t->busy = true;
		break;
	case KA_WHEEL_CLEAR:
		t->busy = false;
		break;
	case KA_WHEEL_OFF:
		t->fire = NOT_ARMED;
		break;
	case KA_WHEEL_IDLE:
		t->idle = input->value * t->hz;
		break;
	case KA_WHEEL_REARM:
		if (input->value)
			t->idle = input->value * t->hz;
		rearm(t, input->jiffy);
		break;
	case KA_WHEEL_INTVL:
		t->intvl = input->value * t->hz;
		break;
	case KA_WHEEL_CNT:
		t->cnt = (unsigned)input->value;
		break;
	case KA_WHEEL_UT:
		t->ut = ka_wheel_ms(input->value, t->hz);
		break;
	case KA_WHEEL_REFUSE:
	case KA_WHEEL_ACCEPT:
		t->refused = input->kind == KA_WHEEL_REFUSE;
		break;
	case KA_WHEEL_OWN:
	case KA_WHEEL_RELEASE:
	case KA_WHEEL_RETRY:
		apply_lock(t, input);
		break;
	case KA_WHEEL_NOISE:
		t->noise = input->value;
		break;
	case KA_WHEEL_LATE:
		t->late = input->value;
		break;
	case KA_WHEEL_HELD_UP:
		t->held_up = true;
		break;
	case KA_WHEEL_NOTHING:
		break;
	}
}

/* Happens @input before the timer fires next? */
static bool comes_first(const struct timer *t, const struct ka_wheel_input *input)
{
	if (input->kind == KA_WHEEL_ANSWER || input->kind == KA_WHEEL_RELEASE)
		return input->jiffy < t->fire;
	return input->jiffy <= t->fire;
}

static bool crosses(int64_t limit, int64_t elapsed, int64_t late)
{
	return elapsed < limit && elapsed + late >= limit;
}

/* What is left of idle is shorter for a late handler, and may be rounded less by the wheel. */
static bool is_rounded_less(const struct timer *t, int64_t elapsed, int64_t late)
{
	return elapsed + late < t->idle &&
	       ka_wheel_granule(t->idle - elapsed, t->hz) !=
		       ka_wheel_granule(t->idle - elapsed - late, t->hz);
}

/* The jiffy in which the handler runs. A late one matters only where it comes to another decision. */
static int64_t handler_time(const struct timer *t)
{
	int64_t elapsed = t->fire - t->last_rx;
	int64_t late = t->late <= t->noise ? t->late : t->noise + 1;

	if (t->held_up)
		return t->fire + t->noise;
	if (crosses(t->idle, elapsed, late) || crosses(t->ut, elapsed, late) ||
	    is_rounded_less(t, elapsed, late))
		return t->fire + late;
	return t->fire;
}

static bool is_dead(const struct timer *t, int64_t elapsed)
{
	if (t->ut)
		return elapsed >= t->ut && t->probes_out;
	return t->probes_out >= t->cnt;
}

/* One expiry. Returns false when it ended the connection. */
static bool expire(struct timer *t)
{
	int64_t now = handler_time(t), elapsed = now - t->last_rx;
	int64_t expires = now + t->intvl;

	t->retries = t->owned;
	if (t->owned) {
		expires = now + t->hz / 20;
	} else if (t->busy) {
		expires = now + t->idle;
	} else if (elapsed < t->idle) {
		expires = t->last_rx + t->idle;
	} else if (is_dead(t, elapsed)) {
		t->out->end = now;
		return false;
	} else if (t->refused) {
		t->out->refused++;
		expires = now + t->hz / 2; /* TCP_RESOURCE_PROBE_INTERVAL */
	} else {
		record_probe(t, now);
	}
	/* inside the expiry at F the wheel's clock is F + 1; run late, it is where jiffies is */
	t->fire = ka_wheel_fire(expires, now == t->fire ? now + 1 : now, t->hz);
	return true;
}

void ka_wheel_run(int64_t idle, int64_t intvl, unsigned cnt, unsigned ut_ms, int hz,
		  const struct ka_wheel_input *inputs, size_t n, int64_t until,
		  struct ka_wheel_chain *out)
{
	struct timer t = {
		.hz = hz,
		.idle = idle * hz,
		.intvl = intvl * hz,
		.ut = ka_wheel_ms(ut_ms, hz),
		.cnt = cnt,
		.fire = NOT_ARMED,
		.noise = INT32_MAX,
		.out = out,
	};
	size_t i = 0;

	*out = (struct ka_wheel_chain){ .end = -1 };
	for (;;) {
		while (i < n && comes_first(&t, &inputs[i]))
			apply(&t, &inputs[i++]);
		if (t.fire == NOT_ARMED || t.fire > until || !expire(&t))
			return;
	}
}
