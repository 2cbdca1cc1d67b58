/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging what was on the wire: probes, their number, gaps and format, RSTs; and the counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/tcp.h>

#include "scene.h"

/* ---- number of probes ------------------------------------------------------------------------- */

static void one_probe_less_and_more(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_remove(&s, scene_find(&s, KA_SEG_PROBE, 2));
	scene_expect(&s, KA_FAIL, "2 unanswered probes, must be 3");
	scene_silent_drop(&s, &scene_ordinary);
	scene_probe(&s, scene_find(&s, KA_SEG_PROBE, 2)->t_ns + 256 * TICK - 10 * TICK);
	scene_expect(&s, KA_FAIL, "4 unanswered probes, must be 3");
}

static void biased_number(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.case_.bias.probes = 1;
	ka_predict(&s.instance, &s.facts, &s.prediction);
	scene_expect_only(&s, KA_FAIL, "3 unanswered probes, must be 4");
}

static void some_and_any(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.prediction.probes = KA_SOME;
	scene_expect(&s, KA_PASS, "");
	s.prediction.probes = KA_ANY;
	scene_expect(&s, KA_PASS, "");
	scene_alive(&s, 2);
	s.prediction.probes = KA_SOME; /* all of them are answered */
	scene_expect_only(&s, KA_FAIL, "0 unanswered probes, must be some");
}

static void answered_probes(void **state)
{
	struct scene s;

	(void)state;
	scene_alive(&s, 3);
	s.case_.expect.answered = 3;
	scene_expect(&s, KA_PASS, "");
	s.case_.expect.answered = 4;
	scene_expect_only(&s, KA_FAIL, "3 answered probes, must be 4");
	s.case_.expect.answered = 0;
	scene_expect_only(&s, KA_FAIL, "3 answered probes, must be 0");
	scene_alive(&s, 1);
	scene_find(&s, KA_SEG_ANSWER, 0)->packet.accepted = false;
	scene_expect(&s, KA_FAIL, "0 answered probes, must be some");
}

/* A slow host: one probe was answered before the fault. Known, and no fault of the kernel. */
static void answered_before_the_fault(void **state)
{
	struct scene s;
	int64_t rx_ns;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	rx_ns = scene_find(&s, KA_SEG_DATA, 0)->t_ns;
	scene_find(&s, KA_SEG_SYN, 0)->t_ns -= 2000 * MS;
	scene_find(&s, KA_SEG_SYN_ACK, 0)->t_ns -= 2000 * MS;
	scene_probe(&s, rx_ns - 500 * MS);
	scene_answer(&s, rx_ns - 499 * MS);
	scene_find_counter(&s, "TcpExt.TCPKeepAlive")->counter.delta = 4;
	s.facts.phase_known = false;
	scene_expect(&s, KA_PASS, "");
	assert_int_equal(s.verdict.probes, 3);
}

/* ---- when ---------------------------------------------------------------------------------------- */

static void first_probe_late(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_latest);
	scene_find(&s, KA_SEG_PROBE, 0)->t_ns += 2 * TICK;
	scene_expect(&s, KA_PASS, "");
	scene_find(&s, KA_SEG_PROBE, 0)->t_ns += TICK;
	scene_expect_only(&s, KA_FAIL, "first probe 1.04");
}

/* MUST-26: idle is waited for in full before every first probe. */
static void probe_before_idle_is_over(void **state)
{
	struct scene s;

	(void)state;
	scene_alive(&s, 3);
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= 6 * TICK; /* 250 jiffies after the answer */
	scene_expect(&s, KA_PASS, "");
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(&s, KA_PASS, ""); /* the answer's jiffy was truncated */
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(&s, KA_FAIL, "after a segment was received: idle is 1 s");
}

static void gap_between_probes(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.facts.phase_known = false;
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns += TICK;
	scene_expect(&s, KA_PASS, "");
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns += TICK;
	scene_expect_only(&s, KA_FAIL, "gap of 1.016000 s from probe 3 to the end");
	scene_silent_drop(&s, &scene_ordinary);
	s.facts.phase_known = false;
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(&s, KA_PASS, "");
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(&s, KA_FAIL, "gap of 1.016000 s from probe 2 to the next");
}

static void gap_too_long(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_shift(&s, scene_find(&s, KA_SEG_PROBE, 2), 2 * TICK);
	scene_expect(&s, KA_PASS, "");
	scene_shift(&s, scene_find(&s, KA_SEG_PROBE, 2), TICK);
	scene_expect_only(&s, KA_FAIL, "gap of 1.036000 s from probe 2 to the next");
	s.facts.noise_ns = 4 * MS;
	scene_expect(&s, KA_PASS, "");
}

/* However noisy: intvl itself is waited for in full. */
static void noise_never_shortens_below_intvl(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.facts.noise_ns = 19 * MS;
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= 5 * TICK;
	scene_expect(&s, KA_PASS, "");
	s.facts.noise_ns = 49 * MS;
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(&s, KA_PASS, "");
	scene_find(&s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(&s, KA_FAIL, "gap of 0.996000 s from probe 2 to the next");
}

/* The first probe may lie on no granule, unless its timer was armed together with L. */
static void first_gap(void **state)
{
	const struct scene_phase fresh = { 0, 9, 2 * MS };
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_earliest);
	assert_true(scene_find(&s, KA_SEG_PROBE, 1)->t_ns - scene_find(&s, KA_SEG_PROBE, 0)->t_ns ==
		    251 * TICK);
	scene_expect(&s, KA_PASS, "");
	scene_silent_drop(&s, &fresh);
	scene_find(&s, KA_SEG_DATA, 0)->packet.accepted = false;
	s.case_.expect.arming = KA_FRESH;
	ka_predict(&s.instance, &s.facts, &s.prediction);
	s.facts.phase_known = false;
	scene_expect(&s, KA_PASS, "");
	scene_find(&s, KA_SEG_PROBE, 0)->t_ns += 2 * TICK;
	scene_expect_only(&s, KA_FAIL, "gap of 1.016000 s from probe 1 to the next");
}

static void biased_gap(void **state)
{
	struct scene s;

	(void)state;
	for (unsigned cnt = 1; cnt <= 3; cnt += 2) {
		for (int64_t residue = 0; residue < 8; residue++) {
			const struct scene_phase phase = { 8, residue, 2 * MS };

			scene_silent_drop(&s, &phase);
			scene_init(&s, KA_KEEPALIVE_EXPIRY);
			s.instance.setting.cnt = cnt;
			s.case_.expect = (struct ka_expect){ .error = ETIMEDOUT,
							     .probes = KA_CNT,
							     .rst_sent = 1 };
			s.case_.bias.gap_granules = 1;
			s.facts.noise_ns = 20 * MS;
			scene_give_up(&s, &phase);
			scene_expect(&s, KA_FAIL, "gap");
		}
	}
}

/* ---- format --------------------------------------------------------------------------------------- */

static void spoil_probe(const char *text, void (*spoil)(struct ka_packet *p))
{
	struct scene s;

	scene_silent_drop(&s, &scene_ordinary);
	spoil(&scene_find(&s, KA_SEG_PROBE, 1)->packet);
	scene_expect_only(&s, KA_FAIL, text);
}

static void with_payload(struct ka_packet *p)
{
	p->len = 1;
}

static void with_push(struct ka_packet *p)
{
	p->flags |= TH_PUSH;
}

static void with_next_seq(struct ka_packet *p)
{
	p->seq++;
}

static void with_old_ack(struct ka_packet *p)
{
	p->ack--;
}

static void without_timestamp(struct ka_packet *p)
{
	p->timestamps = false;
}

static void with_option(struct ka_packet *p)
{
	p->other_options = 1;
}

static void probe_format(void **state)
{
	(void)state;
	spoil_probe("probe 2 of all carries 1 bytes", with_payload);
	spoil_probe("probe 2 of all has flags 0x18, must be 0x10", with_push);
	spoil_probe("probe 2 of all has sequence number 1, must be 0", with_next_seq);
	spoil_probe("probe 2 of all acknowledges 64, must be 65", with_old_ack);
	spoil_probe("probe 2 of all lacks the timestamp", without_timestamp);
	spoil_probe("probe 2 of all has 1 options", with_option);
}

/* Answered ones are looked at, too; and what is not negotiated must not be there. */
static void format_of_every_probe(void **state)
{
	struct scene s;

	(void)state;
	scene_alive(&s, 3);
	with_push(&scene_find(&s, KA_SEG_PROBE, 0)->packet);
	scene_expect_only(&s, KA_FAIL, "probe 1 of all has flags");
	scene_silent_drop(&s, &scene_ordinary);
	scene_find(&s, KA_SEG_SYN_ACK, 0)->packet.timestamps = false;
	scene_expect(&s, KA_FAIL, "probe 1 of all has a timestamp");
	scene_silent_drop(&s, &scene_ordinary);
	for (size_t i = 0; i < s.timeline.n; i++)
		if (s.events[i].what == KA_EV_PACKET)
			s.events[i].packet.timestamps = false;
	scene_expect(&s, KA_PASS, "");
	s.case_.no_timestamps = true;
	scene_expect(&s, KA_PASS, "");
}

static void rst_format(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_find(&s, KA_SEG_RST, 0)->packet.flags = TH_RST;
	scene_expect_only(&s, KA_FAIL, "RST has flags 0x04, must be 0x14");
	scene_silent_drop(&s, &scene_ordinary);
	scene_find(&s, KA_SEG_RST, 0)->packet.seq--;
	scene_expect_only(&s, KA_FAIL, "RST has sequence number 0, must be 1");
	scene_silent_drop(&s, &scene_ordinary);
	without_timestamp(&scene_find(&s, KA_SEG_RST, 0)->packet);
	scene_expect_only(&s, KA_FAIL, "RST lacks the timestamp");
	/* SND.NXT counts what was sent: here a FIN */
	scene_silent_drop(&s, &scene_ordinary);
	scene_find(&s, KA_SEG_ACK, 1)->packet.flags |= TH_FIN;
	scene_expect_only(&s, KA_FAIL, "RST has sequence number 1, must be 2");
}

static void rst_missing_and_extra(void **state)
{
	struct scene s;
	int64_t end_ns;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	scene_remove(&s, scene_find(&s, KA_SEG_RST, 0));
	scene_expect_only(&s, KA_FAIL, "0 RST sent, must be 1");
	scene_silent_drop(&s, &scene_ordinary);
	end_ns = scene_find(&s, KA_SEG_RST, 0)->t_ns;
	scene_rst_out(&s, end_ns + US);
	scene_expect_only(&s, KA_FAIL, "2 RST sent, must be 1");
	s.prediction.rst_sent = KA_ANY;
	scene_expect(&s, KA_PASS, "");
	scene_silent_drop(&s, &scene_ordinary);
	scene_rst_in(&s, end_ns + US);
	scene_expect_only(&s, KA_FAIL, "1 RST received, must be 0");
	scene_reset(&s, &scene_ordinary);
	s.prediction.rst_received = 2;
	scene_expect_only(&s, KA_FAIL, "1 RST received, must be 2");
}

/* Packets at the other end are none of the prober's. */
static void other_end_does_not_count(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	for (int k = 0; k < 2; k++) {
		struct ka_event *rst = scene_find(&s, KA_SEG_RST, 0);

		scene_add(&s, rst->t_ns, KA_AT_SERVER, *rst);
	}
	scene_expect(&s, KA_PASS, "");
	s.instance.prober = KA_SERVER;
	scene_expect_only(&s, KA_BROKEN, "no segment was seen to arrive");
}

/* ---- counters -------------------------------------------------------------------------------------- */

static void spoil_counter(const char *name, int64_t delta, const char *text)
{
	struct scene s;

	scene_silent_drop(&s, &scene_ordinary);
	scene_find_counter(&s, name)->counter.delta = delta;
	scene_expect_only(&s, KA_FAIL, text);
}

static void counters(void **state)
{
	(void)state;
	spoil_counter("TcpExt.TCPKeepAlive", 4, "TcpExt.TCPKeepAlive moved by 4, must be 3");
	spoil_counter("TcpExt.TCPAbortOnTimeout", 0, "TCPAbortOnTimeout moved by 0, must be 1");
	spoil_counter("Tcp.OutRsts", 2, "Tcp.OutRsts moved by 2, must be 1");
	spoil_counter("Tcp.EstabResets", 0, "Tcp.EstabResets moved by 0, must be 1");
	spoil_counter("TcpExt.OutOfWindowIcmps", 3, "OutOfWindowIcmps moved by 3, must be 0");
	spoil_counter("TcpExt.TCPTimeouts", 1, "TCPTimeouts moved by 1, must be 0");
	spoil_counter("TcpExt.TCPAbortFailed", 1, "TCPAbortFailed moved by 1, must be 0");
	spoil_counter("Tcp.RetransSegs", 1, "RetransSegs moved by 1, must be 0");
}

static void declared_counters(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.case_.expect.counters[0] = (struct ka_counter_want){ "TcpExt.OutOfWindowIcmps", KA_CNT };
	s.case_.expect.counters[1] = (struct ka_counter_want){ "TcpExt.TCPTimeouts", KA_SOME };
	s.case_.expect.counters[2] = (struct ka_counter_want){ "Tcp.RetransSegs", KA_ANY };
	scene_expect(&s, KA_FAIL, "OutOfWindowIcmps moved by 0, must be 3");
	scene_find_counter(&s, "TcpExt.OutOfWindowIcmps")->counter.delta = 3;
	scene_expect_only(&s, KA_FAIL, "TCPTimeouts moved by 0, must be some");
	scene_find_counter(&s, "TcpExt.TCPTimeouts")->counter.delta = 2;
	scene_expect(&s, KA_PASS, "");
	/* a kernel without it is not judged by it */
	scene_remove(&s, scene_find_counter(&s, "TcpExt.OutOfWindowIcmps"));
	scene_expect(&s, KA_PASS, "");
	/* the peer's namespace counts for itself */
	scene_counter(&s, "TcpExt.TCPWinProbe", 7);
	scene_find_counter(&s, "TcpExt.TCPWinProbe")->at = KA_AT_SERVER;
	scene_expect(&s, KA_PASS, "");
}

static void counters_by_regime(void **state)
{
	struct scene s;

	(void)state;
	scene_reset(&s, &scene_ordinary);
	scene_find_counter(&s, "TcpExt.TCPAbortOnTimeout")->counter.delta = 1;
	scene_expect_only(&s, KA_FAIL, "TCPAbortOnTimeout moved by 1, must be 0");
	scene_alive(&s, 2);
	scene_find_counter(&s, "Tcp.EstabResets")->counter.delta = 1;
	scene_expect_only(&s, KA_FAIL, "EstabResets moved by 1, must be 0");
	scene_unacked(&s);
	scene_find_counter(&s, "TcpExt.TCPKeepAlive")->counter.delta = 1;
	scene_expect_only(&s, KA_FAIL, "TCPKeepAlive moved by 1, must be 0");
	scene_silent_drop(&s, &scene_ordinary);
	scene_step(&s, (struct ka_step){ .do_ = KA_SHUTDOWN, .who = KA_PROBER });
	scene_expect_only(&s, KA_FAIL, "EstabResets moved by 1, must be 0"); /* from FIN_WAIT2 */
}

/* Lost inside the prober's host: counted, and not on the wire. */
static void lost_locally(void **state)
{
	struct scene s;

	(void)state;
	scene_silent_drop(&s, &scene_ordinary);
	s.steps[2].place = KA_PROBER_OUTPUT;
	s.prediction.probes = 0;
	s.prediction.rst_sent = 0;
	while (scene_find(&s, KA_SEG_PROBE, 0))
		scene_remove(&s, scene_find(&s, KA_SEG_PROBE, 0));
	scene_remove(&s, scene_find(&s, KA_SEG_RST, 0));
	scene_find_counter(&s, "TcpExt.TCPAbortFailed")->counter.delta = 1;
	scene_expect(&s, KA_PASS, "");
	scene_find_counter(&s, "TcpExt.TCPKeepAlive")->counter.delta = 2;
	scene_expect_only(&s, KA_FAIL, "TCPKeepAlive moved by 2, must be 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_probe_less_and_more),
		cmocka_unit_test(biased_number),
		cmocka_unit_test(some_and_any),
		cmocka_unit_test(answered_probes),
		cmocka_unit_test(answered_before_the_fault),
		cmocka_unit_test(first_probe_late),
		cmocka_unit_test(probe_before_idle_is_over),
		cmocka_unit_test(gap_between_probes),
		cmocka_unit_test(gap_too_long),
		cmocka_unit_test(noise_never_shortens_below_intvl),
		cmocka_unit_test(first_gap),
		cmocka_unit_test(biased_gap),
		cmocka_unit_test(probe_format),
		cmocka_unit_test(format_of_every_probe),
		cmocka_unit_test(rst_format),
		cmocka_unit_test(rst_missing_and_extra),
		cmocka_unit_test(other_end_does_not_count),
		cmocka_unit_test(counters),
		cmocka_unit_test(declared_counters),
		cmocka_unit_test(counters_by_regime),
		cmocka_unit_test(lost_locally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
