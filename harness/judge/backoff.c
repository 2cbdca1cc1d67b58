/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See backoff.h. */
#include "judge/backoff.h"

#include "judge/wheel.h"

/* TCP_RTO_MIN, TCP_TIMEOUT_INIT, TCP_RTO_MAX: the models count with them, whatever RTO is. */
#define RTO_MIN_MS  INT64_C(200)
#define RTO_INIT_MS INT64_C(1000)
#define RTO_MAX_MS  INT64_C(120000)
#define NS_PER_MS   INT64_C(1000000)
#define NS_PER_S    INT64_C(1000000000)
/* TCP_TIMEOUT_MIN, of tcp_clamp_probe0_to_user_timeout() */
#define SHORTEST_J  2

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* tcp_model_timeout(): the time that so many retransmissions from @rto_ms on would take. */
static int64_t model_ms(unsigned retries, int64_t rto_ms)
{
	unsigned linear_from = 0;

	while (rto_ms << (linear_from + 1) <= RTO_MAX_MS)
		linear_from++;
	if (retries <= linear_from)
		return ((INT64_C(2) << retries) - 1) * rto_ms;
	return ((INT64_C(2) << linear_from) - 1) * rto_ms + (retries - linear_from) * RTO_MAX_MS;
}

/* How often the interval after expiry @k was doubled. */
static unsigned doublings(const struct ka_backoff *b, unsigned k)
{
	if (b->kind == KA_BACKOFF_SYN)
		return k > b->linear ? k - b->linear : 0;
	if (b->kind == KA_BACKOFF_WINDOW && k > b->retries)
		return b->retries;
	return k;
}

static int64_t unclamped(const struct ka_backoff *b, unsigned k)
{
	int64_t max = ka_wheel_ms(RTO_MAX_MS, b->hz);
	unsigned n = doublings(b, k);

	return n > 20 ? max : lesser(b->rto << n, max);
}

/* What is left of the user timeout: tcp_clamp_rto_to_user_timeout(), tcp_clamp_probe0_...(). */
static int64_t left_of_timeout(const struct ka_backoff *b, int64_t since_ns)
{
	if (b->kind == KA_BACKOFF_WINDOW)
		return greater(SHORTEST_J,
			       ka_wheel_ms(b->ut_ms, b->hz) - since_ns * b->hz / NS_PER_S);
	since_ns = b->ut_ms - since_ns / NS_PER_MS;
	return since_ns > 0 ? ka_wheel_ms(since_ns, b->hz) : 1;
}

void ka_backoff_length(const struct ka_backoff *b, unsigned k, int64_t since_ns, int64_t length[2])
{
	int64_t unit = b->kind == KA_BACKOFF_WINDOW ? NS_PER_S / b->hz : NS_PER_MS;

	length[0] = length[1] = unclamped(b, k);
	if (!b->ut_ms || !k)
		return;
	length[0] = lesser(length[0], left_of_timeout(b, since_ns + unit));
	length[1] = lesser(length[1], left_of_timeout(b, greater(since_ns - unit, 0)));
}

int64_t ka_backoff_limit_ns(const struct ka_backoff *b)
{
	switch (b->kind) {
	case KA_BACKOFF_DATA:
		return (b->ut_ms ? b->ut_ms : model_ms(b->retries, RTO_MIN_MS)) * NS_PER_MS;
	case KA_BACKOFF_WINDOW:
		return b->ut_ms * NS_PER_MS;
	case KA_BACKOFF_SYN:
		return (b->ut_ms ? b->ut_ms : model_ms(b->retries, RTO_INIT_MS)) * NS_PER_MS;
	}
	return 0;
}

enum ka_backoff_over ka_backoff_over(const struct ka_backoff *b, unsigned k, int64_t since_ns,
				     int64_t slack_ns, unsigned unanswered)
{
	int64_t limit_ns = ka_backoff_limit_ns(b);

	if (b->kind == KA_BACKOFF_WINDOW && unanswered >= b->retries)
		return KA_OVER;
	if (b->kind == KA_BACKOFF_SYN && k > b->retries + b->linear)
		return KA_OVER;
	if (k < 2 || !limit_ns || since_ns + slack_ns < limit_ns)
		return KA_NOT_OVER;
	return since_ns - slack_ns >= limit_ns ? KA_OVER : KA_PERHAPS_OVER;
}

/* Where expiry @k + 1 lies, when expiry @k lies in @window and the clock started at @start. */
static void next_window(const struct ka_backoff *b, unsigned k, const int64_t start[2],
			int64_t window[2])
{
	for (int i = 0; i < 2; i++) {
		int64_t since_ns = (window[i] - start[i]) * NS_PER_S / b->hz, length[2];

		ka_backoff_length(b, k, since_ns, length);
		window[i] += i ? length[1] + ka_wheel_granule(length[1], b->hz) : length[0] + 1;
	}
}

void ka_backoff_window(const struct ka_backoff *b, int64_t window[2])
{
	int64_t start[2] = { 0, 0 };
	unsigned k = 0;

	window[0] = window[1] = 0;
	do {
		next_window(b, k, start, window);
		if (!k && b->kind != KA_BACKOFF_SYN) {
			start[0] = window[0];
			start[1] = window[1];
		}
		k++;
	} while (ka_backoff_over(b, k, (window[0] - start[0]) * NS_PER_S / b->hz, 2 * NS_PER_MS,
				 k - 1) == KA_NOT_OVER);
}
