/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_keepalive_timer() (net/ipv4/tcp_timer.c) as a simulation, expiry by expiry. What the socket
 * was told and what it received comes in as data; see wheel.h.
 */
#include <stdbool.h>

#include "judge/wheel.h"

#define NOT_ARMED INT64_MAX

struct timer {
	int hz;
	int64_t idle, intvl, ut; /* jiffies */
	unsigned cnt;
	int64_t fire;    /* NOT_ARMED: the timer is not queued */
	int64_t last_rx; /* L */
	int64_t late;
	bool have_rx, busy, refused;
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
	case KA_WHEEL_LATE:
		t->late = input->value;
		break;
	}
}

/* Happens @input before the timer fires next? */
static bool comes_first(const struct timer *t, const struct ka_wheel_input *input)
{
	if (input->kind == KA_WHEEL_ANSWER)
		return input->jiffy < t->fire;
	return input->jiffy <= t->fire;
}

static bool crosses(int64_t limit, int64_t elapsed, int64_t late)
{
	return elapsed < limit && elapsed + late >= limit;
}

/* What is left of idle is shorter for a late handler, and may be rounded less by the wheel. */
static bool is_rounded_less(const struct timer *t, int64_t elapsed)
{
	return elapsed + t->late < t->idle &&
	       ka_wheel_granule(t->idle - elapsed, t->hz) !=
		       ka_wheel_granule(t->idle - elapsed - t->late, t->hz);
}

/* The jiffy in which the handler runs. A late one matters only where it comes to another decision. */
static int64_t handler_time(const struct timer *t)
{
	int64_t elapsed = t->fire - t->last_rx;
	bool decides = crosses(t->idle, elapsed, t->late) || crosses(t->ut, elapsed, t->late) ||
		       is_rounded_less(t, elapsed);

	return t->fire + (decides ? t->late : 0);
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

	if (t->busy) {
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
