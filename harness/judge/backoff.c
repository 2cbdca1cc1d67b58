/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See backoff.h. */
#include "judge/backoff.h"

#include "judge/wheel.h"
#include "model/util.h"

/* TCP_RTO_MIN, TCP_TIMEOUT_INIT: the models count with them, whatever RTO is. */
#define RTO_MIN_MS  INT64_C(200)
#define RTO_INIT_MS INT64_C(1000)
#define NS_PER_MS   INT64_C(1000000)
/* TCP_TIMEOUT_MIN, of tcp_clamp_probe0_to_user_timeout() */
#define SHORTEST_J  2

/* tcp_rto_max(), jiffies */
static int64_t most_of(const struct ka_backoff *b)
{
	return ka_wheel_ms(b->rto_max_ms ? b->rto_max_ms : KA_RTO_MAX_MS, b->hz);
}

/* tcp_model_timeout(): the time that so many retransmissions from @rto_ms on would take. */
static int64_t model_ms(const struct ka_backoff *b, int64_t rto_ms)
{
	int64_t base = ka_wheel_ms(rto_ms, b->hz), most = most_of(b), jiffies;
	unsigned linear_from = 0;

	while (base << (linear_from + 1) <= most)
		linear_from++;
	if (b->retries <= linear_from)
		jiffies = ((INT64_C(2) << b->retries) - 1) * base;
	else
		jiffies = ((INT64_C(2) << linear_from) - 1) * base +
			  (b->retries - linear_from) * most;
	return jiffies * 1000 / b->hz;
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
	int64_t max = most_of(b);
	unsigned n = doublings(b, k);

	if (b->refused && k)
		return b->hz / 2; /* TCP_RESOURCE_PROBE_INTERVAL */
	return n > 20 ? max : ka_lesser(b->rto << n, max);
}

/* What is left of the user timeout: tcp_clamp_rto_to_user_timeout(), tcp_clamp_probe0_...(). */
static int64_t left_of_timeout(const struct ka_backoff *b, int64_t since_ns)
{
	if (b->kind == KA_BACKOFF_WINDOW)
		return ka_greater(SHORTEST_J,
				  ka_wheel_ms(b->ut_ms, b->hz) - since_ns * b->hz / KA_NS_PER_S);
	since_ns = b->ut_ms - since_ns / NS_PER_MS;
	return since_ns > 0 ? ka_wheel_ms(since_ns, b->hz) : 1;
}

void ka_backoff_length(const struct ka_backoff *b, unsigned k, int64_t since_ns, int64_t length[2])
{
	int64_t unit = b->kind == KA_BACKOFF_WINDOW ? KA_NS_PER_S / b->hz : NS_PER_MS;

	length[0] = length[1] = unclamped(b, k);
	/* tcp_retransmit_timer() has no regard for it behind an attempt that was refused,
	 * tcp_send_probe0() has */
	if (!b->ut_ms || !k || (b->refused && b->kind != KA_BACKOFF_WINDOW))
		return;
	length[0] = ka_lesser(length[0], left_of_timeout(b, since_ns + unit));
	length[1] = ka_lesser(length[1], left_of_timeout(b, ka_greater(since_ns - unit, 0)));
}

int64_t ka_backoff_limit_ns(const struct ka_backoff *b)
{
	switch (b->kind) {
	case KA_BACKOFF_DATA:
		if (b->limit_ms && !b->ut_ms)
			return b->limit_ms * NS_PER_MS;
		return (b->ut_ms ? b->ut_ms : model_ms(b, RTO_MIN_MS)) * NS_PER_MS;
	case KA_BACKOFF_WINDOW:
		return b->ut_ms * NS_PER_MS;
	case KA_BACKOFF_SYN:
		return (b->ut_ms ? b->ut_ms : model_ms(b, RTO_INIT_MS)) * NS_PER_MS;
	}
	return 0;
}

/* tcp_probe_timer(), tcp_orphan_retries(): "alive" is whose RTO, doubled with each probe, is not at its
 * most. How often tcp_retries2 lets it double is not to matter. */
static bool orphan_is_over(const struct ka_backoff *b, unsigned k, unsigned unanswered)
{
	bool alive = k <= 20 && b->rto << (k - 1) < most_of(b);
	unsigned most = b->orphan_retries ? b->orphan_retries : alive ? KA_ORPHAN_RETRIES : 0;

	return unanswered >= most || (!alive && k > most);
}

enum ka_backoff_over ka_backoff_over(const struct ka_backoff *b, unsigned k, int64_t since_ns,
				     int64_t slack_ns, unsigned unanswered)
{
	int64_t limit_ns = ka_backoff_limit_ns(b);

	if (b->kind == KA_BACKOFF_WINDOW && b->orphan && orphan_is_over(b, k, unanswered))
		return KA_OVER;
	if (b->kind == KA_BACKOFF_WINDOW && !b->orphan && unanswered >= b->retries)
		return KA_OVER;
	if (b->kind == KA_BACKOFF_SYN && k > b->retries + b->linear)
		return KA_OVER;
	if (k < 2 || !limit_ns || since_ns + slack_ns < limit_ns)
		return KA_NOT_OVER;
	return since_ns - slack_ns >= limit_ns ? KA_OVER : KA_PERHAPS_OVER;
}

/* ---- windows ---------------------------------------------------------------------------------- */

struct ka_backoff ka_backoff_on_lan(enum ka_backoff_kind kind, unsigned retries, unsigned ut_ms,
				    int hz)
{
	/* A round trip on a veth is far below a jiffy, but its measure may be one or two; the full
	 * buffer before a closed window gets delayed acknowledgements (TCP_DELACK_MIN, 40 ms). */
	static const int64_t most_ms[] = {
		[KA_BACKOFF_DATA] = RTO_MIN_MS + 20,
		[KA_BACKOFF_WINDOW] = RTO_MIN_MS + 60,
		[KA_BACKOFF_SYN] = RTO_INIT_MS,
	};
	struct ka_backoff b = { .kind = kind, .hz = hz, .retries = retries, .ut_ms = ut_ms };

	b.rto = ka_wheel_ms(kind == KA_BACKOFF_SYN ? RTO_INIT_MS : RTO_MIN_MS, hz);
	b.rto_most = ka_wheel_ms(most_ms[kind], hz);
	if (kind != KA_BACKOFF_SYN) {
		/* RTO is more than RTO_MIN by the smoothed round trip: at least one jiffy */
		b.rto++;
		b.rto_most++;
	}
	return b;
}

/* tcp_rto_min_us is a part of RTO as the smoothed round trip is: usecs_to_jiffies() rounds both up. Of a
 * window probe no interval is less than TCP_RTO_MIN (tcp_probe0_base()), and the first SYN has a fixed
 * one. */
void ka_backoff_limits(struct ka_backoff *b, int64_t rto_min_us, int64_t rto_max_ms)
{
	int64_t by = (rto_min_us - KA_RTO_MIN_US) * b->hz;

	b->rto_max_ms = rto_max_ms;
	if (b->kind == KA_BACKOFF_WINDOW && by < 0) /* RTO may be shorter than that */
		b->rto = ka_wheel_ms(RTO_MIN_MS, b->hz);
	if (b->kind == KA_BACKOFF_SYN || (b->kind == KA_BACKOFF_WINDOW && by < 0))
		return;
	b->rto += ka_floor_div(by, 1000000);
	b->rto_most -= ka_floor_div(-by, 1000000);
	b->rto = ka_greater(b->rto, 1);
	b->rto_most = ka_greater(b->rto_most, b->rto);
}

static struct ka_backoff slowest(const struct ka_backoff *b)
{
	struct ka_backoff slow = *b;

	if (b->rto_most)
		slow.rto = b->rto_most;
	return slow;
}

void ka_backoff_gap(const struct ka_backoff *b, unsigned k, int64_t gap[2])
{
	struct ka_backoff slow = slowest(b);

	gap[0] = unclamped(b, k) + 1;
	gap[1] = unclamped(&slow, k);
	gap[1] += ka_wheel_granule(gap[1], b->hz);
}

void ka_backoff_first(const struct ka_backoff *b, int64_t window[2])
{
	ka_backoff_gap(b, 0, window);
	window[0]--; /* a tail loss probe need not wait for RTO */
	window[1] *= 2;
}

/*
 * The end is the first expiry at which the time since expiry 1 has reached the limit. Expiry 1 comes
 * after RTO, or after a tail loss probe and RTO. How many expiries there are depends on RTO: each
 * number that can be the last counts with the longest intervals, but the one before it fell short.
 */
static void window_of_data(const struct ka_backoff *b, int64_t window[2])
{
	int64_t limit = ka_wheel_ms(ka_backoff_limit_ns(b) / NS_PER_MS, b->hz);
	int64_t since[2] = { 0, 0 }, first[2], gap[2];

	ka_backoff_gap(b, 0, first);
	first[1] *= 2;
	window[0] = first[0] + limit - 1; /* the kernel compares truncated milliseconds */
	window[1] = 0;
	if (b->ut_ms) /* tcp_clamp_rto_to_user_timeout(): the last expiry is put on the limit */
		window[1] = first[1] + limit + ka_wheel_granule(limit, b->hz) + 1;
	for (unsigned k = 1; since[0] < limit && !b->ut_ms; k++) {
		ka_backoff_gap(b, k, gap);
		since[0] += gap[0];
		since[1] += gap[1];
		if (since[1] >= limit - 1)
			window[1] = ka_greater(window[1],
					       first[1] + ka_lesser(since[1], limit - 1 + gap[1]));
	}
}

/* Behind a refusal the timer runs on a grid: from the third expiry on each interval is the same. */
static bool is_on_grid(const struct ka_backoff *b, unsigned k, const int64_t length[2])
{
	return b->refused && k > 1 && length[0] == b->hz / 2 && length[1] == length[0];
}

/* A tail loss probe comes first, about as soon as the timer would, and sets it anew: what it tries to
 * send is stamped before it is refused (tcp_rto_delta_us()). */
void ka_backoff_first_refusal(const struct ka_backoff *b, int64_t window[2])
{
	ka_backoff_gap(b, 0, window);
	if (b->kind != KA_BACKOFF_DATA)
		return;
	window[0] += ka_wheel_ms(RTO_MIN_MS, b->hz) + 1;
	window[1] *= 2;
}

/* Where expiry @k + 1 lies, when expiry @k lies in @window and the clock started at @start. */
static void next_window(const struct ka_backoff *b, unsigned k, const int64_t start[2],
			int64_t window[2])
{
	for (int i = 0; i < 2; i++) {
		int64_t since_ns = (window[i] - start[i]) * KA_NS_PER_S / b->hz, length[2];

		ka_backoff_length(b, k, since_ns, length);
		if (is_on_grid(b, k, length))
			window[i] += ka_wheel_step(length[i], b->hz, NULL);
		else
			window[i] +=
				i ? length[1] + ka_wheel_granule(length[1], b->hz) : length[0] + 1;
	}
}

/* The window of a timer that counts its expiries, or whose last one is clamped: one RTO. */
static void window_by_expiries(const struct ka_backoff *b, int64_t window[2])
{
	int64_t start[2] = { 0, 0 };
	unsigned k = 0;

	window[0] = window[1] = 0;
	do {
		if (!k && b->refused)
			ka_backoff_first_refusal(b, window);
		else
			next_window(b, k, start, window);
		if (!k && b->kind != KA_BACKOFF_SYN) {
			start[0] = window[0];
			start[1] = window[1];
		}
		k++;
	} while (ka_backoff_over(b, k, (window[0] - start[0]) * KA_NS_PER_S / b->hz, 2 * NS_PER_MS,
				 b->answered ? 0 : k - 1) == KA_NOT_OVER);
}

/* With a longer RTO it is at its most one doubling sooner. */
static void window_of_orphan(const struct ka_backoff *b, int64_t window[2])
{
	struct ka_backoff one = *b;
	int64_t other[2];

	window_by_expiries(b, window);
	while (one.rto++ < b->rto_most) {
		window_by_expiries(&one, other);
		ka_widen(window, other[0]);
		ka_widen(window, other[1]);
	}
}

void ka_backoff_window(const struct ka_backoff *b, int64_t window[2])
{
	struct ka_backoff slow = slowest(b);
	int64_t late[2];

	if (b->kind == KA_BACKOFF_DATA && !b->refused) {
		window_of_data(b, window);
		return;
	}
	if (b->orphan) {
		window_of_orphan(b, window);
		return;
	}
	window_by_expiries(b, window);
	window_by_expiries(&slow, late);
	window[1] = late[1];
}

static unsigned count_refusals(const struct ka_backoff *b, bool slow)
{
	int64_t since = b->kind == KA_BACKOFF_SYN ? b->rto : 0, since_ns, length[2];
	unsigned k;

	for (k = 1;; k++) {
		since_ns = since * KA_NS_PER_S / b->hz;
		if (ka_backoff_over(b, k, since_ns, 0, k - 1) != KA_NOT_OVER)
			return k;
		ka_backoff_length(b, k, since_ns, length);
		if (is_on_grid(b, k, length))
			since += ka_wheel_step(length[0], b->hz, NULL);
		else
			since += slow ? length[1] + ka_wheel_granule(length[1], b->hz)
				      : length[0] + 1;
	}
}

void ka_backoff_refusals(const struct ka_backoff *b, unsigned range[2])
{
	range[0] = count_refusals(b, true);
	range[1] = count_refusals(b, false);
}

void ka_backoff_window_stuck(const struct ka_backoff *b, int64_t window[2])
{
	window_of_data(b, window);
	window[0] = ka_wheel_ms(b->ut_ms, b->hz) - 1; /* it compares truncated milliseconds */
}

void ka_backoff_window_reverted(const struct ka_backoff *b, int64_t window[2])
{
	int64_t limit = ka_wheel_ms(b->ut_ms, b->hz), since = 0, first[2], gap[2];
	unsigned k = 0;

	window_of_data(b, window);
	ka_backoff_gap(b, 0, first);
	/* the longest wait that an expiry before the limit can have been given, less a doubling */
	do {
		ka_backoff_gap(b, ++k, gap);
		since += gap[0];
	} while (since < limit);
	ka_backoff_gap(b, k - 1, gap);
	window[1] = 2 * first[1] + limit + gap[1];
}
