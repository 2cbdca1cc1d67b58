/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of what waits, by the wire: data in flight, a handshake, window probes; the peer's probes. */
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include "judge/backoff.h"
#include "judge/expiries.h"
#include "judge/wheel.h"
#include "scene.h"

#define RTO_J 51 /* 204 ms */

static void end_at(struct scene *s, int64_t ns)
{
	struct ka_event *end = scene_find_event(s, KA_EV_EPOLL, 0);

	scene_shift(s, end, ns - end->t_ns);
}

/* The data is written, and RTO asked for; then a loss probe, if so, and @n retransmissions. Returns
 * when the timer goes off next. */
static int64_t story(struct scene *s, bool loss_probe, int n)
{
	struct ka_event *kept;
	int64_t ns;

	scene_unacked(s);
	while ((kept = scene_find(s, KA_SEG_RETRANSMIT, 0)))
		scene_remove(s, kept);
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	scene_info(s, ns + 30 * US, TCP_ESTABLISHED, 0);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = 204000;
	if (loss_probe) {
		ns = scene_fired(s, ns, RTO_J);
		scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
	}
	for (int k = 0; k < n; k++) {
		ns = scene_fired(s, ns, RTO_J << k);
		scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
	}
	ns = scene_fired(s, ns, RTO_J << n);
	end_at(s, ns);
	return ns;
}

/* 2.9 s after the first one the limit of 3 s is not reached: there must be a fourth. */
SCENE_TEST(ends_to_the_jiffy)
{
	int64_t ns;

	for (int with = 0; with < 2; with++) {
		ns = story(s, with, 4);
		scene_expect(s, KA_PASS, "");
		assert_true(s->verdict.have_off && !s->verdict.off_jiffies);
		/* 64 jiffies of rounding, cut off at both ends */
		assert_true(s->verdict.window_s[1] - s->verdict.window_s[0] < 66 * 0.004);
		end_at(s, ns - TICK);
		scene_expect_only(s, KA_FAIL, "1 jiffies too early by the phase");
		end_at(s, ns + 70 * TICK);
		scene_expect_only(s, KA_FAIL, "too late: window");
	}
}

SCENE_TEST(one_expiry_too_few)
{
	story(s, true, 3);
	s->facts.phase_known = false;
	scene_expect_only(s, KA_FAIL, "too early: window");
}

SCENE_TEST(one_expiry_too_many)
{
	story(s, true, 5);
	s->facts.phase_known = false;
	scene_expect_only(s, KA_FAIL, "too late: window");
}

SCENE_TEST(an_interval_is_wrong)
{
	int64_t ns;

	story(s, true, 4);
	scene_find(s, KA_SEG_RETRANSMIT, 3)->t_ns -= 10 * TICK;
	scene_expect(s, KA_FAIL, "retransmission 3 comes after");
	story(s, true, 4);
	scene_find(s, KA_SEG_RETRANSMIT, 1)->t_ns -= 4 * TICK;
	scene_expect(s, KA_FAIL, "retransmission 1 comes after");
	ns = scene_find(s, KA_SEG_RETRANSMIT, 0)->t_ns + RTO_J * TICK - TICK / KA_QUIET_PART - US;
	scene_find(s, KA_SEG_RETRANSMIT, 1)->t_ns = ns;
	scene_expect(s, KA_FAIL, "retransmission 1 comes after");
	/* ... but where the tick was late, the timer was set in an older jiffy */
	scene_noise_at(s, ns - RTO_J * TICK, ns - RTO_J * TICK, 2 * MS);
	scene_expect(s, KA_PASS, "");
}

/*
 * The second retransmission did not leave the host: it is tried again after half a second and doubles
 * nothing, and so the limit is reached sooner than by doubling.
 */
static void refused_once(struct scene *s)
{
	int64_t ns;

	story(s, true, 4); /* the end is behind all that is sent */
	scene_remove(s, scene_find(s, KA_SEG_RETRANSMIT, 4));
	scene_remove(s, scene_find(s, KA_SEG_RETRANSMIT, 3));
	ns = scene_fired(s, scene_find(s, KA_SEG_RETRANSMIT, 2)->t_ns, s->facts.hz / 2);
	for (int k = 2; k < 4; k++) {
		scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
		ns = scene_fired(s, ns, RTO_J << k);
	}
	end_at(s, ns);
}

#define ONE_LOST "host stalled: 1 packets did not fit"

SCENE_TEST(retried_soon)
{
	refused_once(s);
	scene_expect(s, KA_FAIL, "retransmission 3 comes after");
	assert_int_equal(s->verdict.findings.list[0].code, KA_FIND_EXPIRY);
	s->timeline.host_lost = 1;
	scene_expect(s, KA_BROKEN, ONE_LOST);
	assert_true(ka_verdict_is_stall(&s->verdict));
	/* those that follow do so as the first ones do */
	assert_null(strstr(s->verdict.why, "retransmission 4"));
	scene_find(s, KA_SEG_RETRANSMIT, 4)->t_ns += 40 * TICK;
	scene_expect(s, KA_FAIL, "retransmission 4 comes after");
}

/* An end that is early has that reason or none. */
SCENE_TEST(early_end_after_a_retry)
{
	refused_once(s);
	s->facts.phase_known = false;
	s->timeline.host_lost = 1;
	scene_expect(s, KA_BROKEN, ONE_LOST);
	assert_non_null(strstr(s->verdict.why, "too early: window"));
	story(s, true, 3);
	s->facts.phase_known = false;
	s->timeline.host_lost = 1;
	scene_expect_only(s, KA_FAIL, "too early: window");
}

/* Soon is half a second. */
SCENE_TEST(a_wrong_interval_is_no_retry)
{
	refused_once(s);
	s->timeline.host_lost = 1;
	scene_find(s, KA_SEG_RETRANSMIT, 3)->t_ns -= 10 * TICK;
	scene_expect(s, KA_FAIL, "retransmission 3 comes after");
	assert_int_equal(s->verdict.findings.list[0].code, KA_FIND_EXPIRY);
}

/* What held it up is known by its time. */
SCENE_TEST(a_late_interval_in_a_loud_second)
{
	int64_t ns;

	story(s, true, 4);
	ns = (scene_find(s, KA_SEG_RETRANSMIT, 2)->t_ns += 40 * TICK);
	s->facts.noise_budget_ns = 250 * MS;
	scene_noise_at(s, ns - 1000 * MS, ns - 400 * MS, 160 * MS);
	scene_expect(s, KA_FAIL, "retransmission 2 comes after");
	scene_noise_at(s, ns - 160 * MS, ns, 160 * MS);
	scene_judge(s);
	assert_null(strstr(s->verdict.why, "retransmission 2"));
}

/* Without RTO, only the prediction is left. */
SCENE_TEST(not_more_than_is_known)
{
	story(s, true, 4);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = 0;
	scene_expect(s, KA_PASS, "");
	assert_false(s->verdict.have_off);
	assert_true(s->verdict.window_s[1] - s->verdict.window_s[0] > 1);
}

/* Each retransmission is answered with an ICMP error, and the next one comes after RTO. */
static void unreachable(struct scene *s, uint8_t code)
{
	struct ka_event *kept;
	int64_t ns;

	story(s, false, 4); /* the end is behind all that is sent */
	while ((kept = scene_find(s, KA_SEG_RETRANSMIT, 0)))
		scene_remove(s, kept);
	ns = scene_fired(s, scene_find(s, KA_SEG_DATA, 0)->t_ns, RTO_J);
	for (int k = 0; k < 15; k++) {
		scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
		scene_packet(s, ns + 100 * US,
			     (struct ka_packet){ .kind = KA_SEG_ICMP,
						 .icmp_type = ICMP_DEST_UNREACH,
						 .icmp_code = code });
		ns = scene_fired(s, ns + 100 * US, RTO_J - 1);
	}
	end_at(s, ns);
}

SCENE_TEST(an_error_takes_a_doubling_back)
{
	unreachable(s, ICMP_HOST_UNREACH);
	scene_expect(s, KA_PASS, "");
	assert_true(s->verdict.have_off);
	assert_int_equal(s->verdict.off_jiffies, 0);
	scene_find(s, KA_SEG_RETRANSMIT, 9)->t_ns += 20 * TICK;
	scene_expect(s, KA_FAIL, "retransmission 10 comes after");
	unreachable(s, ICMP_HOST_UNREACH);
	scene_remove(s, scene_find(s, KA_SEG_ICMP, 4));
	scene_expect(s, KA_FAIL, "retransmission 6 comes after");
	/* any other error takes nothing back */
	unreachable(s, ICMP_PORT_UNREACH);
	scene_expect(s, KA_FAIL, "retransmission 2 comes after");
}

/* A connection that lives before a closed window, and @n window probes. Returns when the next is due. */
static int64_t before_a_window(struct scene *s, int n)
{
	int64_t ns;

	scene_alive(s, 0);
	s->case_.expect.meanwhile = KA_PERSIST_LIMIT;
	s->case_.expect.probes = KA_ANY;
	s->prediction.probes = KA_ANY;
	ns = scene_find_event(s, KA_EV_END, 0)->t_ns - 50 * TICK;
	scene_call(s, ns, KA_CALL_WRITE, 10, 0);
	scene_find_event(s, KA_EV_CALL, 0)->call.after_end = false;
	scene_info(s, ns + 10 * US, TCP_ESTABLISHED, 0);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = 220000;
	scene_find_event(s, KA_EV_TCP_INFO, 1)->info.rto_us = 220000;
	for (int k = 0; k < n; k++) {
		ns = scene_fired(s, ns, 55 << k);
		scene_probe(s, ns);
		scene_answer(s, ns + 60 * US);
	}
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 0;
	scene_counter(s, "TcpExt.TCPWinProbe", n);
	ns = scene_fired(s, ns, 55 << n);
	scene_find_event(s, KA_EV_END, 0)->t_ns = ns - TICK;
	return ns;
}

SCENE_TEST(lives_before_a_window)
{
	int64_t due_ns = before_a_window(s, 5);

	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_END, 0)->t_ns = due_ns + 300 * TICK;
	scene_expect_only(s, KA_FAIL, "window probe 6 has not come");
	before_a_window(s, 5);
	scene_find(s, KA_SEG_PROBE, 0)->t_ns -= 3 * TICK;
	scene_expect(s, KA_FAIL, "window probe 1 comes after");
	before_a_window(s, 5);
	scene_find(s, KA_SEG_PROBE, 3)->t_ns -= 100 * TICK;
	scene_expect(s, KA_FAIL, "window probe 4 comes after");
}

/* New data in order takes the fast path and sets no timer; with another window it does not. */
SCENE_TEST(data_that_sets_no_timer)
{
	int64_t due_ns = before_a_window(s, 3);

	scene_rx(s, due_ns - 200 * TICK, 10);
	scene_probe(s, due_ns);
	scene_find_counter(s, "TcpExt.TCPWinProbe")->counter.delta = 4;
	scene_find_event(s, KA_EV_END, 0)->t_ns = due_ns + 10 * TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_DATA, 0)->packet.window = 1;
	scene_expect(s, KA_FAIL, "window probe 4 comes after");
}

/* Of more than there is room for, the first ones are judged. */
SCENE_TEST(a_storm_of_window_probes)
{
	int64_t ns = before_a_window(s, 1);

	for (int k = 0; k < KA_MAX_EXPIRIES; k++)
		scene_probe(s, ns += TICK);
	scene_find_counter(s, "TcpExt.TCPWinProbe")->counter.delta = KA_MAX_EXPIRIES + 1;
	scene_find_event(s, KA_EV_END, 0)->t_ns = ns + TICK;
	scene_expect(s, KA_FAIL, "window probe 3 comes after");
}

/* What was measured before the last acknowledgement is not RTO any more. */
SCENE_TEST(an_old_round_trip_is_forgotten)
{
	story(s, true, 4);
	scene_remove(s, scene_find_event(s, KA_EV_TCP_INFO, 0));
	scene_info(s, 1, TCP_ESTABLISHED, 0);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = 204000;
	scene_judge(s);
	assert_false(s->verdict.have_off);
}

SCENE_TEST(user_timeout_of_data)
{
	int64_t ns, first;

	story(s, true, 3);
	s->instance.setting.user_timeout_ms = 2000;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	first = scene_find(s, KA_SEG_RETRANSMIT, 1)->t_ns;
	ns = scene_find(s, KA_SEG_RETRANSMIT, 3)->t_ns;
	ns = scene_fired(s, ns, ka_wheel_ms(2000 - (ns / MS - first / MS), 250));
	end_at(s, ns);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 0);
	assert_true(s->verdict.window_s[1] - s->verdict.window_s[0] < 0.05);
	end_at(s, ns - 12 * TICK);
	scene_expect(s, KA_FAIL, "too early: window");
	end_at(s, ns + 12 * TICK);
	scene_expect(s, KA_FAIL, "too late: window");
}

/* ---- a handshake ------------------------------------------------------------------------------- */

static void syn(struct scene *s, int64_t ns)
{
	scene_packet(s, ns, (struct ka_packet){ .out = true, .kind = KA_SEG_SYN, .flags = TH_SYN });
}

/* Nobody answers; tcp_syn_retries is 1. The SYN is sent @n times more. Returns the end. */
static int64_t connecting(struct scene *s, int n)
{
	int64_t ns = 100000 * TICK + 2 * MS;

	scene_init(s, KA_CONNECT_LIMIT);
	s->case_.expect.error = ETIMEDOUT;
	s->case_.sysctls[0] = (struct ka_sysctl){ .who = KA_PROBER,
						  .key = "net/ipv4/tcp_syn_retries",
						  .value = "1" };
	s->case_.sysctl_if_there = (struct ka_sysctl){ .who = KA_PROBER,
						       .key = "net/ipv4/tcp_syn_linear_timeouts",
						       .value = "0" };
	scene_step(s, (struct ka_step){ .do_ = KA_DROP });
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT, .unacked = true });
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	scene_done(s, ns - 2 * MS, ns - MS, 0);
	scene_done(s, ns - 50 * US, ns + 50 * US, 1);
	syn(s, ns);
	for (int k = 0; k < n; k++) {
		ns = scene_fired(s, ns, 250 << k);
		syn(s, ns);
	}
	ns = scene_fired(s, ns, 250 << n);
	scene_post_mortem(s, ns, ETIMEDOUT, 0);
	scene_counter(s, "TcpExt.TCPAbortOnTimeout", 1);
	scene_counter(s, "Tcp.AttemptFails", 1);
	scene_counter(s, "Tcp.EstabResets", 0);
	scene_fault(s, 0, n + 1);
	scene_end(s, ns + MS, KA_END_DIED);
	return ns;
}

SCENE_TEST(connect_limit)
{
	connecting(s, 1);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 0);
	assert_true(s->verdict.window_s[1] - s->verdict.window_s[0] < 10 * 0.004);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -TICK);
	scene_expect(s, KA_FAIL, "1 jiffies too early by the phase");
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), 12 * TICK);
	scene_expect_only(s, KA_FAIL, "after the first SYN");
}

SCENE_TEST(connect_with_another_limit)
{
	connecting(s, 0);
	s->facts.phase_known = false;
	scene_expect_only(s, KA_FAIL, "too early: window 3.0");
	connecting(s, 2);
	s->facts.phase_known = false;
	scene_expect_only(s, KA_FAIL, "too late: window 3.0");
}

SCENE_TEST(connect_counters)
{
	connecting(s, 1);
	scene_find_counter(s, "Tcp.AttemptFails")->counter.delta = 0;
	scene_expect_only(s, KA_FAIL, "AttemptFails moved by 0, must be 1");
	connecting(s, 1);
	scene_probe(s, 100000 * TICK + 1500 * MS);
	scene_expect(s, KA_FAIL, "1 unanswered probes, must be 0");
}

SCENE_TEST(connect_without_a_syn)
{
	connecting(s, 1);
	scene_remove(s, scene_find(s, KA_SEG_SYN, 0));
	scene_remove(s, scene_find(s, KA_SEG_SYN, 0));
	scene_expect_only(s, KA_BROKEN, "no segment was seen");
}

/* Neither a limit that the case has not set, nor a handshake that is waited for. */
SCENE_TEST(connect_limit_is_declared)
{
	connecting(s, 1);
	s->steps[1].unacked = false;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), -EINVAL);
	s->steps[1].unacked = true;
	s->case_.sysctl_if_there.key = NULL;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), -EINVAL);
}

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

/* What held it up is known by its time. */
SCENE_TEST(persist_backoff_in_a_loud_second)
{
	int64_t ns;

	persist_until(s, 3136);
	s->facts.phase_known = false;
	ns = (scene_find(s, KA_SEG_PROBE, 2)->t_ns += 400 * MS);
	s->facts.noise_budget_ns = 500 * MS;
	scene_noise_at(s, ns - 1300 * MS, ns - 1200 * MS, 400 * MS);
	scene_expect(s, KA_FAIL, "from window probe 2");
	scene_noise_at(s, ns - 400 * MS, ns, 400 * MS);
	scene_judge(s);
	assert_null(strstr(s->verdict.why, "from window probe 2"));
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
