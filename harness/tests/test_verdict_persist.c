/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging window probes, what retransmissions leave behind, and the peer's own probes. */
#include <netinet/tcp.h>

#include "judge/backoff.h"
#include "scene.h"

/* Data is written into a closed window and the path is dead; sysctl tcp_retries2 is 3. */
static void persist(struct scene *s)
{
	scene_unacked(s);
	for (int i = 0; i < 3; i++) {
		enum ka_segment kind = i ? KA_SEG_RETRANSMIT : KA_SEG_DATA;

		scene_remove(s, scene_find(s, kind, 0));
	}
	s->case_.expect.when = KA_PERSIST_LIMIT;
	s->case_.expect.probes = 3;
	ka_predict(&s->instance, &s->facts, &s->prediction);
}

static int64_t write_ns(struct scene *s)
{
	return scene_find_event(s, KA_EV_STEP, 2)->t_ns + 10 * US;
}

/* The whole story, with the end @end_ms after the write. */
static void persist_until(struct scene *s, int64_t end_ms)
{
	static const int64_t at_ms[] = { 208, 624, 1456 };
	int64_t ns;

	persist(s);
	ns = write_ns(s);
	scene_call(s, ns, KA_CALL_WRITE, 10, 0);
	scene_find_event(s, KA_EV_CALL, 0)->call.after_end = false;
	for (int i = 0; i < 3; i++)
		scene_probe(s, ns + at_ms[i] * MS);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0),
		    ns + end_ms * MS - scene_find_event(s, KA_EV_EPOLL, 0)->t_ns);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.probes = 3;
	scene_find_counter(s, "TcpExt.TCPTimeouts")->counter.delta = 0;
	scene_counter(s, "TcpExt.TCPWinProbe", 3);
}

SCENE_TEST(persist_limit)
{
	persist_until(s, 3136);
	scene_expect(s, KA_PASS, "");
	persist_until(s, 2900);
	scene_expect_only(s, KA_FAIL, "too early");
	persist_until(s, 4500);
	scene_expect_only(s, KA_FAIL, "too late");
}

SCENE_TEST(persist_counters)
{
	persist_until(s, 3136);
	scene_find_counter(s, "TcpExt.TCPWinProbe")->counter.delta = 2;
	scene_expect_only(s, KA_FAIL, "TCPWinProbe moved by 2, must be 3");
	persist_until(s, 3136);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 3;
	scene_expect_only(s, KA_FAIL, "TCPKeepAlive moved by 3, must be 0");
	persist_until(s, 3136);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.probes = 2;
	scene_expect_only(s, KA_FAIL, "TCP_INFO counts 2 probes at the end, must be 3");
}

SCENE_TEST(persist_backoff)
{
	persist_until(s, 3136);
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= 300 * MS;
	scene_expect_only(s, KA_FAIL, "gap of 0.532000 s from window probe 2");
}

SCENE_TEST(persist_without_a_write)
{
	persist_until(s, 3136);
	scene_remove(s, scene_find_event(s, KA_EV_CALL, 0));
	scene_expect_only(s, KA_BROKEN, "no data was written");
}

/* RTO is known, and with it each expiry; TCP_USER_TIMEOUT is 2.3 s, tcp_retries2 15. */
static int64_t persist_timeout(struct scene *s, bool answered)
{
	int64_t ns, first = 0;

	persist(s);
	s->instance.setting.user_timeout_ms = 2300;
	s->case_.sysctls[0].value = "15";
	s->case_.expect.probes = answered ? 0 : 3;
	s->case_.expect.answered = answered ? KA_SOME : 0;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	ns = write_ns(s);
	scene_call(s, ns, KA_CALL_WRITE, 10, 0);
	scene_find_event(s, KA_EV_CALL, 0)->call.after_end = false;
	scene_info(s, ns + 10 * US, TCP_ESTABLISHED, 0);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = 220000;
	for (int k = 0; k < 3; k++) {
		ns = scene_fired(s, ns, 55 << k);
		first = first ? first : ns;
		scene_probe(s, ns);
		if (answered)
			scene_answer(s, ns + 60 * US);
	}
	ns = scene_fired(s, ns, 575 - (ns / TICK - first / TICK));
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0),
		    ns - scene_find_event(s, KA_EV_EPOLL, 0)->t_ns);
	scene_find_event(s, KA_EV_TCP_INFO, 1)->info.probes = answered ? 0 : 3;
	scene_find_counter(s, "TcpExt.TCPTimeouts")->counter.delta = 0;
	scene_counter(s, "TcpExt.TCPWinProbe", 3);
	return ns;
}

SCENE_TEST(user_timeout_of_a_window)
{
	for (int answered = 0; answered < 2; answered++) {
		persist_timeout(s, answered);
		scene_expect(s, KA_PASS, "");
		assert_int_equal(s->verdict.off_jiffies, 0);
		assert_true(s->verdict.window_s[1] - s->verdict.window_s[0] < 14 * 0.004);
		scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -12 * TICK);
		scene_expect(s, KA_FAIL, "too early: window");
		scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), 26 * TICK);
		scene_expect_only(s, KA_FAIL, "too late: window");
	}
}

SCENE_TEST(an_interval_of_window_probes)
{
	persist_timeout(s, false);
	scene_find(s, KA_SEG_PROBE, 1)->t_ns -= 3 * TICK;
	scene_expect(s, KA_PASS, ""); /* still inside the rounding */
	scene_find(s, KA_SEG_PROBE, 1)->t_ns -= 8 * TICK;
	scene_expect(s, KA_FAIL, "window probe 2 comes after");
}

TEST(persist_bounds)
{
	const struct ka_backoff b = ka_backoff_on_lan(KA_BACKOFF_WINDOW, 3, 0, 250);
	int64_t window[2], gap[2], sum[2] = { 0, 0 };

	ka_backoff_window(&b, window);
	for (unsigned k = 0; k <= 3; k++) {
		ka_backoff_gap(&b, k, gap);
		sum[0] += gap[0];
		sum[1] += gap[1];
	}
	assert_int_equal(window[0], sum[0]);
	assert_int_equal(window[1], sum[1]);
	assert_true(window[0] > 3000 / 4 && window[1] < 4500 / 4);
}

/* The count of probes stays where it was when the data was written. */
SCENE_TEST(probes_frozen_by_a_write)
{
	scene_unacked(s);
	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.probes = 1;
	scene_expect_only(s, KA_FAIL, "TCP_INFO counts 1 probes at the end, must be 0");
}

SCENE_TEST(probes_of_the_peer)
{
	struct ka_event *probe;

	s->case_.expect.probes_received = 1;
	scene_expect_only(s, KA_FAIL, "0 probes of the peer arrived, must be 1");
	probe = scene_packet(s, scene_find(s, KA_SEG_PROBE, 0)->t_ns + 100 * MS,
			     (struct ka_packet){ .kind = KA_SEG_PROBE, .flags = 0x10 });
	assert_false(probe->packet.accepted);
	scene_expect(s, KA_PASS, "");
	s->case_.expect.probes_received = 0;
	scene_expect_only(s, KA_FAIL, "1 probe of the peer arrived, must be 0");
}
