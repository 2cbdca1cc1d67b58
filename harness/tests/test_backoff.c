/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of what waits, in numbers: lengths and limits as net/ipv4/tcp_timer.c has them. */
#include "judge/backoff.h"
#include "netns/tests/unit.h"

#define MS INT64_C(1000000)

static const struct ka_backoff data = {
	.kind = KA_BACKOFF_DATA, .hz = 250, .rto = 51, .retries = 3
};

static void assert_length(const struct ka_backoff *b, unsigned k, int64_t since_ns, int64_t low,
			  int64_t high)
{
	int64_t length[2];

	ka_backoff_length(b, k, since_ns, length);
	assert_int_equal(length[0], low);
	assert_int_equal(length[1], high);
}

TEST(intervals_double)
{
	assert_length(&data, 0, 0, 51, 51);
	assert_length(&data, 1, 0, 102, 102);
	assert_length(&data, 4, 0, 816, 816);
	/* up to TCP_RTO_MAX */
	assert_length(&data, 9, 0, 26112, 26112);
	assert_length(&data, 10, 0, 30000, 30000);
	assert_length(&data, 60, 0, 30000, 30000);
}

/* icsk_backoff of window probes stops at tcp_retries2. */
TEST(window_probes_stop_doubling)
{
	const struct ka_backoff window = {
		.kind = KA_BACKOFF_WINDOW, .hz = 250, .rto = 51, .retries = 3
	};

	assert_length(&window, 3, 0, 408, 408);
	assert_length(&window, 4, 0, 408, 408);
}

TEST(first_syns_are_linear)
{
	const struct ka_backoff syn = {
		.kind = KA_BACKOFF_SYN, .hz = 250, .rto = 250, .retries = 6, .linear = 4
	};

	for (unsigned k = 0; k <= 4; k++)
		assert_length(&syn, k, 0, 250, 250);
	assert_length(&syn, 5, 0, 500, 500);
	assert_length(&syn, 10, 0, 16000, 16000);
}

/* A millisecond more or less: both clocks are cut down to one. */
TEST(user_timeout_cuts)
{
	struct ka_backoff b = data;

	b.ut_ms = 3000;
	assert_length(&b, 0, 0, 51, 51);
	assert_length(&b, 3, 1000 * MS, 408, 408);
	assert_length(&b, 4, 2900 * MS, 25, 26);
	assert_length(&b, 4, 3100 * MS, 1, 1);
	/* window probes count in jiffies, and wait for two at least */
	b.kind = KA_BACKOFF_WINDOW;
	b.retries = 15;
	assert_length(&b, 4, 2900 * MS, 24, 26);
	assert_length(&b, 4, 3100 * MS, 2, 2);
}

TEST(limits)
{
	struct ka_backoff b = data;

	assert_int_equal(ka_backoff_limit_ns(&b), 3000 * MS);
	b.retries = 15; /* Documentation/networking/ip-sysctl.rst: 924.6 s, with the first RTO */
	assert_int_equal(ka_backoff_limit_ns(&b), 924600 * MS);
	b.ut_ms = 2500;
	assert_int_equal(ka_backoff_limit_ns(&b), 2500 * MS);
	b = (struct ka_backoff){ .kind = KA_BACKOFF_SYN, .hz = 250, .rto = 250, .retries = 6 };
	assert_int_equal(ka_backoff_limit_ns(&b), 127000 * MS);
	b.kind = KA_BACKOFF_WINDOW; /* only counts */
	assert_int_equal(ka_backoff_limit_ns(&b), 0);
}

TEST(data_ends_at_the_limit)
{
	/* not before a retransmission was sent */
	assert_int_equal(ka_backoff_over(&data, 1, 9000 * MS, 0, 0), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&data, 4, 2990 * MS, 4 * MS, 0), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&data, 4, 2998 * MS, 4 * MS, 0), KA_PERHAPS_OVER);
	assert_int_equal(ka_backoff_over(&data, 4, 3002 * MS, 4 * MS, 0), KA_PERHAPS_OVER);
	assert_int_equal(ka_backoff_over(&data, 4, 3004 * MS, 4 * MS, 0), KA_OVER);
}

TEST(others_end_by_count)
{
	struct ka_backoff b = { .kind = KA_BACKOFF_WINDOW, .hz = 250, .rto = 51, .retries = 3 };

	assert_int_equal(ka_backoff_over(&b, 4, 0, 0, 3), KA_OVER);
	assert_int_equal(ka_backoff_over(&b, 40, 900000 * MS, 0, 2), KA_NOT_OVER);
	b = (struct ka_backoff){
		.kind = KA_BACKOFF_SYN, .hz = 250, .rto = 250, .retries = 6, .linear = 4
	};
	assert_int_equal(ka_backoff_over(&b, 10, 67000 * MS, 0, 0), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&b, 11, 131000 * MS, 0, 0), KA_OVER);
	/* many linear ones: the model's time is over before their number is */
	b.linear = 100;
	assert_int_equal(ka_backoff_over(&b, 101, 127500 * MS, 0, 0), KA_OVER);
}

/* Before a window that was taken back: 204 ms, doubled ten times, is 208.7 s; the next expiry is the first
 * that lies more than 240 s after the first one, and tcp_retries2 has no say. */
TEST(a_limit_of_its_own)
{
	struct ka_backoff b = ka_backoff_on_lan(KA_BACKOFF_DATA, 3, 0, 250);
	int64_t window[2];

	b.limit_ms = 2 * KA_RTO_MAX_MS;
	ka_backoff_window(&b, window);
	assert_in_range(window[0], 240 * 250, 325 * 250);
	assert_in_range(window[1], 340 * 250, 380 * 250);
	b.ut_ms = 3000;
	ka_backoff_window(&b, window);
	assert_in_range(window[1], 3 * 250, 4 * 250);
}

/* tcp_probe_timer() of a socket that nobody holds: with RTO 204 ms it is at its most, 120 s, when the
 * eleventh probe would be sent. Until then 0 stands for 8 unanswered ones. */
TEST(orphans_end_when_rto_is_at_its_most)
{
	struct ka_backoff b = {
		.kind = KA_BACKOFF_WINDOW, .hz = 250, .rto = 51, .retries = 15, .orphan = true
	};

	assert_int_equal(ka_backoff_over(&b, 10, 0, 0, 0), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&b, 11, 0, 0, 0), KA_OVER);
	assert_int_equal(ka_backoff_over(&b, 8, 0, 0, 7), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&b, 9, 0, 0, 8), KA_OVER);
	/* how often tcp_retries2 lets it double does not matter */
	b.retries = 3;
	assert_int_equal(ka_backoff_over(&b, 10, 0, 0, 0), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&b, 11, 0, 0, 0), KA_OVER);
	b.orphan_retries = 2;
	assert_int_equal(ka_backoff_over(&b, 2, 0, 0, 1), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&b, 3, 0, 0, 2), KA_OVER);
	assert_int_equal(ka_backoff_over(&b, 11, 0, 0, 0), KA_OVER);
	b.orphan_retries = 12;
	assert_int_equal(ka_backoff_over(&b, 12, 0, 0, 0), KA_NOT_OVER);
	assert_int_equal(ka_backoff_over(&b, 13, 0, 0, 0), KA_OVER);
}

/* With RTO above 234 ms one probe less: the window holds all that RTO may be. */
TEST(window_of_an_orphan)
{
	struct ka_backoff b = ka_backoff_on_lan(KA_BACKOFF_WINDOW, 15, 0, 250);
	int64_t window[2];

	b.orphan = b.answered = true;
	ka_backoff_window(&b, window);
	assert_in_range(window[0] / 250, 240, 262); /* ten probes from 235 ms on */
	assert_in_range(window[1] / 250, 359, 400);
	b.answered = false; /* the ninth expiry */
	ka_backoff_window(&b, window);
	assert_in_range(window[0] / 250, 102, 105);
	assert_in_range(window[1] / 250, 133, 150);
}

/* tcp_rto_max_ms ends the doubling, in the timer and in the model of tcp_retries2; tcp_rto_min_us begins
 * it, and the model goes on counting with TCP_RTO_MIN. */
TEST(limits_of_rto)
{
	static const int rates[] = { 100, 250, 300, 1000 };

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct ka_backoff b = ka_backoff_on_lan(KA_BACKOFF_DATA, 8, 0, rates[i]), plain = b;
		int64_t window[2];

		ka_backoff_limits(&b, KA_RTO_MIN_US, KA_RTO_MAX_MS);
		assert_int_equal(b.rto, plain.rto);
		assert_int_equal(b.rto_most, plain.rto_most);
		assert_int_equal(ka_backoff_limit_ns(&b), ka_backoff_limit_ns(&plain));
		ka_backoff_limits(&b, KA_RTO_MIN_US, 1000);
		/* 200 + 400 + 800 ms, then seconds */
		assert_int_equal(ka_backoff_limit_ns(&b), 7400 * MS);
		assert_length(&b, 9, 0, rates[i], rates[i]);
		ka_backoff_window(&b, window);
		assert_true((double)window[0] / rates[i] < 8.83 &&
			    8.83 < (double)window[1] / rates[i]);
		assert_true((double)window[0] / rates[i] > 7.5 &&
			    9.2 > (double)window[1] / rates[i]);
		ka_backoff_limits(&b, 1000000, 1000);
		assert_int_equal(ka_backoff_limit_ns(&b), 7400 * MS);
		assert_length(&b, 0, 0, rates[i], rates[i]); /* RTO is more than the limit by 1 */
		b = plain;
		ka_backoff_limits(&b, 20000, KA_RTO_MAX_MS);
		assert_int_equal(b.rto, (rates[i] + 49) / 50 + 1);
		assert_int_equal(ka_backoff_limit_ns(&b), ka_backoff_limit_ns(&plain));
		/* window probes are 200 ms apart at the least, which RTO need not be more than then */
		b = ka_backoff_on_lan(KA_BACKOFF_WINDOW, 3, 0, rates[i]);
		ka_backoff_limits(&b, 20000, KA_RTO_MAX_MS);
		assert_int_equal(b.rto, rates[i] / 5);
		b = ka_backoff_on_lan(KA_BACKOFF_WINDOW, 3, 0, rates[i]);
		ka_backoff_limits(&b, KA_RTO_MIN_US, KA_RTO_MAX_MS);
		assert_int_equal(b.rto, rates[i] / 5 + 1);
	}
}

/* On paper 1 + 2 s; each interval 1 to 8 jiffies late. */
TEST(window_of_a_handshake)
{
	struct ka_backoff b = { .kind = KA_BACKOFF_SYN, .hz = 250, .rto = 250, .retries = 1 };
	int64_t window[2];

	ka_backoff_window(&b, window);
	assert_int_equal(window[0], 251 + 501);
	assert_int_equal(window[1], 258 + 508);
	b.retries = 6;
	b.ut_ms = 1500;
	ka_backoff_window(&b, window);
	assert_true(window[0] >= 375 && window[1] <= 375 + 8 + 8);
	b.ut_ms = 500; /* over before the first expiry: one jiffy after it */
	ka_backoff_window(&b, window);
	assert_int_equal(window[0], 251 + 2);
	assert_int_equal(window[1], 258 + 2);
}

/* What the own device refuses doubles nothing, and comes back after half a second, on the wheel's grid. */
TEST(refusals)
{
	static const int rates[] = { 100, 250, 300, 1000 };
	struct ka_backoff b = {
		.kind = KA_BACKOFF_DATA, .hz = 250, .rto = 51, .retries = 3, .refused = true
	};
	int64_t window[2];
	unsigned n[2];

	assert_length(&b, 0, 0, 51, 51);
	assert_length(&b, 1, 0, 125, 125);
	assert_length(&b, 9, 0, 125, 125);
	/* a tail loss probe, which is refused as well, and RTO; then six intervals to 3 s */
	ka_backoff_window(&b, window);
	assert_int_equal(window[0], 51 + 52 + 126 + 5 * 128);
	assert_int_equal(window[1], 52 + 52 + 133 + 5 * 128);
	b.kind = KA_BACKOFF_WINDOW;
	ka_backoff_window(&b, window);
	assert_int_equal(window[0], 52 + 126 + 2 * 128);
	assert_int_equal(window[1], 52 + 133 + 2 * 128);
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		b = ka_backoff_on_lan(KA_BACKOFF_DATA, 3, 0, rates[i]);
		b.refused = true;
		ka_backoff_refusals(&b, n);
		assert_true(n[0] == 7 && n[1] == 7);
		b.ut_ms = 1200; /* does not cut the interval */
		ka_backoff_refusals(&b, n);
		assert_true(n[0] == 4 && n[1] == 4);
		b = ka_backoff_on_lan(KA_BACKOFF_SYN, 3, 0, rates[i]);
		b.refused = true;
		ka_backoff_refusals(&b, n);
		assert_true(n[0] == 4 && n[1] == 4);
	}
}
