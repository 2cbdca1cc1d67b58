/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The retransmission timer doubles from RTO on; the kernel gives up at the first expiry at which
 * the time since the first retransmission has reached the limit. RTO depends on the measured round
 * trip, so both ends of its range are walked, expiry by expiry.
 */
#include "judge/retransmit.h"

#include "judge/values.h"
#include "judge/wheel.h"

/* TCP_RTO_MIN and TCP_RTO_MAX; the model counts with them, whatever the connection's RTO is. */
#define RTO_MIN_MS     INT64_C(200)
#define RTO_MAX_MS     INT64_C(120000)
/* A round trip on a veth is far below a jiffy, but its measure may be one or two. */
#define LAN_RTO_MS     INT64_C(220)
/* The same after delayed acknowledgements (TCP_DELACK_MIN, 40 ms): a full buffer gets them. */
#define DELAYED_RTO_MS INT64_C(260)
/* TCP_RTO_MAX / TCP_RTO_MIN is between 2^9 and 2^10: from there on the model is linear. */
#define LINEAR_FROM    9u

/* tcp_model_timeout(): the time that @retries2 retransmissions from RTO_MIN would take. */
static int64_t limit_ms(unsigned retries2)
{
	if (retries2 <= LINEAR_FROM)
		return ((INT64_C(2) << retries2) - 1) * RTO_MIN_MS;
	return ((INT64_C(2) << LINEAR_FROM) - 1) * RTO_MIN_MS +
	       (retries2 - LINEAR_FROM) * RTO_MAX_MS;
}

/* Length of the @k-th backoff of @rto, with the wheel's rounding as late as it gets. */
static int64_t backoff(int64_t rto, int k, int hz, bool latest)
{
	int64_t max = ka_wheel_ms(RTO_MAX_MS, hz);
	int64_t len = k > 20 || rto << k > max ? max : rto << k;

	return len + (latest ? ka_wheel_granule(len, hz) : 1);
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void ka_retransmit_first(int hz, int64_t window[2])
{
	/* RTO is more than RTO_MIN by the smoothed round trip: at least one jiffy */
	window[0] = ka_wheel_ms(RTO_MIN_MS, hz) + 1;
	window[1] = 2 * backoff(ka_wheel_ms(LAN_RTO_MS, hz) + 1, 0, hz, true);
}

void ka_retransmit_window(unsigned retries2, unsigned ut_ms, int hz, int64_t window[2])
{
	/* RTO is more than RTO_MIN by the smoothed round trip: at least one jiffy */
	int64_t rto_lo = ka_wheel_ms(RTO_MIN_MS, hz) + 1, rto_hi = ka_wheel_ms(LAN_RTO_MS, hz) + 1;
	int64_t limit = ka_wheel_ms(ut_ms ? ut_ms : limit_ms(retries2), hz);
	int64_t since_lo = 0, since_hi = 0;
	/* the first retransmission comes after RTO, or after a tail loss probe and RTO */
	int64_t first_lo = rto_lo + 1;
	int64_t first_hi = 2 * backoff(rto_hi, 0, hz, true);

	window[0] = first_lo + limit - 1; /* the kernel compares truncated milliseconds */
	if (ut_ms) {
		/* tcp_clamp_rto_to_user_timeout(): the last expiry is put on the limit */
		window[1] = first_hi + limit + ka_wheel_granule(limit, hz) + 1;
		return;
	}
	window[1] = 0;
	for (int k = 1; since_lo < limit; k++) {
		int64_t last = backoff(rto_hi, k, hz, true);
		int64_t end;

		since_lo += backoff(rto_lo, k, hz, false);
		since_hi += last;
		/* the expiry before was short of the limit, else the end was there */
		end = first_hi + lesser(since_hi, limit - 1 + last);
		if (since_hi >= limit - 1 && end > window[1])
			window[1] = end;
	}
}

void ka_retransmit_reverted(unsigned ut_ms, int hz, int64_t window[2])
{
	int64_t rto_lo = ka_wheel_ms(RTO_MIN_MS, hz) + 1, rto_hi = ka_wheel_ms(LAN_RTO_MS, hz) + 1;
	int64_t limit = ka_wheel_ms(ut_ms, hz), since_lo = 0;
	int k = 0;

	ka_retransmit_window(0, ut_ms, hz, window);
	/* the longest wait that a retransmission before the limit can have been given, less a doubling */
	do
		since_lo += backoff(rto_lo, ++k, hz, false);
	while (since_lo < limit);
	window[1] = 2 * backoff(rto_hi, 0, hz, true) + limit + backoff(rto_hi, k - 1, hz, true);
}

void ka_persist_gap(unsigned k, int hz, int64_t range[2])
{
	/* RTO is more than RTO_MIN by the smoothed round trip: at least one jiffy */
	range[0] = backoff(ka_wheel_ms(RTO_MIN_MS, hz) + 1, (int)k, hz, false);
	range[1] = backoff(ka_wheel_ms(DELAYED_RTO_MS, hz) + 1, (int)k, hz, true);
}

void ka_persist_window(unsigned retries2, int hz, int64_t window[2])
{
	window[0] = window[1] = 0;
	for (unsigned k = 0; k <= retries2; k++) {
		int64_t gap[2];

		ka_persist_gap(k, hz, gap);
		window[0] += gap[0];
		window[1] += gap[1];
	}
}

/* No count of retransmissions is reached before. */
#define MANY_RETRIES 255

void ka_persist_timeout_window(unsigned ut_ms, int hz, int64_t window[2])
{
	struct ka_backoff b = { .kind = KA_BACKOFF_WINDOW,
				.hz = hz,
				.rto = ka_wheel_ms(RTO_MIN_MS, hz) + 1,
				.retries = MANY_RETRIES,
				.ut_ms = ut_ms };
	int64_t late[2];

	ka_backoff_window(&b, window);
	b.rto = ka_wheel_ms(DELAYED_RTO_MS, hz) + 1;
	ka_backoff_window(&b, late);
	window[1] = late[1];
}

bool ka_connect_is_declared(const struct ka_case *case_)
{
	bool in_vain = false;

	for (size_t i = 0; i < case_->n_steps; i++)
		in_vain |= case_->steps[i].do_ == KA_CONNECT && case_->steps[i].unacked;
	return in_vain && ka_case_sysctl(case_, KA_PROBER, "tcp_syn_retries", -1) > 0 &&
	       ka_case_sysctl(case_, KA_PROBER, "tcp_syn_linear_timeouts", -1) >= 0;
}

struct ka_backoff ka_connect_backoff(const struct ka_instance *instance, int hz)
{
	const struct ka_case *c = instance->case_;

	return (struct ka_backoff){
		.kind = KA_BACKOFF_SYN,
		.hz = hz,
		.rto = hz, /* TCP_TIMEOUT_INIT */
		.retries = (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_syn_retries", 0),
		.linear = (unsigned)ka_case_sysctl(c, KA_PROBER, "tcp_syn_linear_timeouts", 0),
		.ut_ms = instance->setting.user_timeout_ms,
	};
}

void ka_retransmit_stuck(unsigned ut_ms, int hz, int64_t window[2])
{
	ka_retransmit_window(0, ut_ms, hz, window);
	window[0] = ka_wheel_ms(ut_ms, hz) - 1; /* the kernel compares truncated milliseconds */
}
