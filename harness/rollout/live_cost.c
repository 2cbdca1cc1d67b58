/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer that is dead from now on would cost a live connection. */
#include "rollout/live.h"

#include "judge/backoff.h"
#include "judge/wheel.h"
#include "model/util.h"

#define RTO_MAX_MS INT64_C(120000)

/* The kernel's range is that of an int; a file may say anything. */
static int64_t bounded(int64_t value)
{
	return ka_lesser(ka_greater(value, INT32_MIN), INT32_MAX);
}

/* Milliseconds by which a timer of @ms may be late. */
static double late_ms(int64_t ms, int hz)
{
	int64_t granule = ka_wheel_granule(ka_wheel_ms(ka_greater(ms, 0), hz), hz);

	return 1000.0 * (double)granule / hz;
}

/*
 * tcp_keepalive_timer(): at the expiry a socket that has been quiet for less than idle only arms
 * its timer for the rest; otherwise it sends a probe and waits for intvl, or, with all probes
 * unanswered, ends.
 */
static struct ka_live_cost by_keepalive(const struct ka_live_socket *socket,
					const struct ka_live_values *values, int hz)
{
	int64_t idle_ms = 1000 * bounded(values->time);
	int64_t intvl_ms = 1000 * ka_greater(bounded(values->intvl), 0);
	int64_t gaps = ka_greater(bounded(values->probes) - socket->unanswered, 0);
	int64_t first = socket->expires_ms;
	double nominal, late;
	struct ka_live_cost cost = { .end = KA_LIVE_KEEPALIVE };

	if (socket->have_quiet && !socket->unanswered)
		first = ka_greater(first, idle_ms - socket->quiet_ms);
	nominal = (double)first + (double)gaps * (double)intvl_ms;
	/* the timer that runs was armed with intvl if a probe is out, with idle at the most else */
	late = late_ms(ka_greater(first, socket->unanswered ? intvl_ms : idle_ms), hz) +
	       (double)gaps * late_ms(intvl_ms, hz);
	/* one jiffy: what the kernel shows is rounded */
	cost.other_idle =
		!socket->unanswered && socket->expires_ms > ka_greater(idle_ms, 0) + 1000 / hz + 1;
	cost.first_probe_s = (double)first / 1000;
	cost.nominal_s = nominal / 1000;
	cost.window_s[0] = cost.nominal_s;
	cost.window_s[1] = (nominal + late) / 1000;
	return cost;
}

/* The limit is a sum of the shortest timeouts; the kernel looks at it whenever a timer of the
 * connection's own round trip expires, so up to the longest one later. */
static struct ka_live_cost by_retries(const struct ka_live_socket *socket,
				      const struct ka_live_values *values, int hz)
{
	unsigned retries2 = (unsigned)ka_lesser(ka_greater(values->retries2, 0), 255);
	const struct ka_backoff timer = ka_backoff_on_lan(
		socket->timer == KA_LIVE_CLOSED ? KA_BACKOFF_WINDOW : KA_BACKOFF_DATA, retries2, 0,
		hz);
	struct ka_live_cost cost = { .end = KA_LIVE_DATA };
	int64_t window[2], last;

	ka_backoff_window(&timer, window);
	last = ka_lesser(ka_wheel_ms(RTO_MAX_MS, hz), window[0]);
	window[1] = ka_greater(window[1], window[0] + last + ka_wheel_granule(last, hz));
	cost.nominal_s = (double)window[0] / hz;
	cost.window_s[0] = (double)window[0] / hz;
	cost.window_s[1] = (double)window[1] / hz;
	return cost;
}

struct ka_live_cost ka_live_cost(const struct ka_live_socket *socket,
				 const struct ka_live_values *values, int hz)
{
	switch (socket->timer) {
	case KA_LIVE_ARMED:
		return by_keepalive(socket, values, hz);
	case KA_LIVE_BUSY:
	case KA_LIVE_CLOSED:
		return by_retries(socket, values, hz);
	case KA_LIVE_HIDDEN:
		return (struct ka_live_cost){ .end = KA_LIVE_UNKNOWN };
	case KA_LIVE_OFF:
		break;
	}
	return (struct ka_live_cost){ .end = KA_LIVE_NEVER };
}
