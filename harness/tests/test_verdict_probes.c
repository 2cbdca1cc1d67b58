/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging probes, how many and when, and segments: the format of probes, the RST at the end. */
#include <netinet/tcp.h>

#include "model/util.h"
#include "scene.h"

/* ---- number of probes ------------------------------------------------------------------------- */

SCENE_TEST(one_probe_less_and_more)
{
	scene_remove(s, scene_find(s, KA_SEG_PROBE, 2));
	scene_expect(s, KA_FAIL, "2 unanswered probes, must be 3");
	scene_silent_drop(s, &scene_ordinary);
	scene_probe(s, scene_find(s, KA_SEG_PROBE, 2)->t_ns + 256 * TICK - 10 * TICK);
	scene_expect(s, KA_FAIL, "4 unanswered probes, must be 3");
}

SCENE_TEST(biased_number)
{
	s->case_.bias.probes = 1;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect_only(s, KA_FAIL, "3 unanswered probes, must be 4");
}

SCENE_TEST(some_and_any)
{
	s->prediction.probes = KA_SOME;
	scene_expect(s, KA_PASS, "");
	s->prediction.probes = KA_ANY;
	scene_expect(s, KA_PASS, "");
	scene_alive(s, 2);
	s->prediction.probes = KA_SOME; /* all of them are answered */
	scene_expect_only(s, KA_FAIL, "0 unanswered probes, must be some");
}

SCENE_TEST(answered_probes)
{
	scene_alive(s, 3);
	s->case_.expect.answered = 3;
	scene_expect(s, KA_PASS, "");
	s->case_.expect.answered = 4;
	scene_expect_only(s, KA_FAIL, "3 answered probes, must be 4");
	s->case_.expect.answered = 0;
	scene_expect_only(s, KA_FAIL, "3 answered probes, must be 0");
	scene_alive(s, 1);
	scene_find(s, KA_SEG_ANSWER, 0)->packet.accepted = false;
	scene_expect(s, KA_FAIL, "0 answered probes, must be some");
}

/* A slow host: one probe was answered before the fault. Known, and no fault of the kernel. */
SCENE_TEST(answered_before_the_fault)
{
	int64_t rx_ns;

	rx_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	scene_find(s, KA_SEG_SYN, 0)->t_ns -= 2000 * MS;
	scene_find(s, KA_SEG_SYN_ACK, 0)->t_ns -= 2000 * MS;
	scene_probe(s, rx_ns - 500 * MS);
	scene_answer(s, rx_ns - 499 * MS);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 4;
	s->facts.phase_known = false;
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.probes, 3);
}

/* ---- when ---------------------------------------------------------------------------------------- */

SCENE_TEST(first_probe_late)
{
	scene_silent_drop(s, &scene_latest);
	scene_find(s, KA_SEG_PROBE, 0)->t_ns += 2 * TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 0)->t_ns += TICK;
	scene_expect_only(s, KA_FAIL, "first probe 1.04");
}

/* MUST-26: idle is waited for in full before every first probe. */
SCENE_TEST(probe_before_idle_is_over)
{
	scene_alive(s, 3);
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= 6 * TICK; /* 250 jiffies after the answer */
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(s, KA_PASS, ""); /* the answer's jiffy was truncated */
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "after a segment was received: idle is 1 s");
}

SCENE_TEST(gap_between_probes)
{
	s->facts.phase_known = false;
	scene_find(s, KA_SEG_PROBE, 2)->t_ns += TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 2)->t_ns += TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.032000 s from probe 2 to the next");
	scene_silent_drop(s, &scene_ordinary);
	s->facts.phase_known = false;
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.016000 s from probe 2 to the next");
}

/* As an idle host does it: each handler in its jiffy or in the next one, the time stamps up to a part of a
 * jiffy behind. The gap after a late one is short by more than a jiffy. */
static void jiffy_late(struct scene *s, bool phase_known)
{
	static const int64_t late_us[] = { 3700, 300, 4900 };

	scene_silent_drop(s, &scene_ordinary);
	s->facts.phase_known = phase_known;
	for (int k = 0; k < 3; k++)
		scene_find(s, KA_SEG_PROBE, k)->t_ns += late_us[k] * US;
}

SCENE_TEST(gap_after_a_handler_that_is_a_jiffy_late)
{
	for (int known = 0; known < 2; known++) {
		jiffy_late(s, known);
		assert_true(scene_find(s, KA_SEG_RST, 0)->t_ns -
				    scene_find(s, KA_SEG_PROBE, 2)->t_ns <
			    255 * TICK);
		scene_expect(s, KA_PASS, "");
	}
	/* one jiffy before the grid, which only its place tells; two, which the others tell */
	jiffy_late(s, true);
	scene_find(s, KA_SEG_PROBE, 1)->t_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.016600 s from probe 1 to the next");
	jiffy_late(s, false);
	scene_find(s, KA_SEG_PROBE, 1)->t_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.032600 s from probe 2 to the next");
}

/* Late by less than a granule, its timer fires on the grid all the same: what is behind that is late, too. */
SCENE_TEST(gap_counts_from_the_grid)
{
	int64_t ns = scene_find(s, KA_SEG_PROBE, 1)->t_ns;

	scene_noise_at(s, ns - 20 * MS, ns + 50 * MS, 20 * MS);
	scene_find(s, KA_SEG_PROBE, 1)->t_ns += 5 * TICK;
	scene_find(s, KA_SEG_PROBE, 2)->t_ns += 2 * TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 2)->t_ns += TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.016000 s from probe 2 to the next");
}

SCENE_TEST(gap_too_long)
{
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), 2 * TICK);
	scene_expect(s, KA_PASS, "");
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), TICK);
	scene_expect_only(s, KA_FAIL, "gap of 1.036000 s from probe 2 to the next");
	scene_noise(s, 4 * MS);
	scene_expect(s, KA_PASS, "");
}

/* However noisy: intvl itself is waited for in full. */
SCENE_TEST(noise_never_shortens_below_intvl)
{
	scene_noise(s, 19 * MS);
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= 5 * TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.004000 s from probe 2 to the next");
	/* which of them was early, and which late, only the wheel can say */
	s->facts.phase_known = false;
	scene_expect(s, KA_PASS, "");
	scene_noise(s, 49 * MS);
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "gap of 0.996000 s from probe 2 to the next");
}

/* The first probe may lie on no granule, unless its timer was armed together with L. */
SCENE_TEST(first_gap)
{
	const struct scene_phase fresh = { 0, 9, 2 * MS };

	scene_silent_drop(s, &scene_earliest);
	assert_true(scene_find(s, KA_SEG_PROBE, 1)->t_ns - scene_find(s, KA_SEG_PROBE, 0)->t_ns ==
		    251 * TICK);
	scene_expect(s, KA_PASS, "");
	scene_silent_drop(s, &fresh);
	scene_find(s, KA_SEG_DATA, 0)->packet.accepted = false;
	s->case_.expect.arming = KA_FRESH;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	s->facts.phase_known = false;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 0)->t_ns += 2 * TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.016000 s from probe 1 to the next");
}

SCENE_TEST(biased_gap)
{
	for (unsigned cnt = 1; cnt <= 3; cnt += 2) {
		for (int64_t residue = 0; residue < 8; residue++) {
			const struct scene_phase phase = { 8, residue, 2 * MS };

			scene_silent_drop(s, &phase);
			scene_init(s, KA_KEEPALIVE_EXPIRY);
			s->instance.setting.cnt = cnt;
			s->case_.expect = (struct ka_expect){ .error = ETIMEDOUT,
							      .probes = KA_CNT,
							      .rst_sent = 1 };
			s->case_.bias.gap_granules = 1;
			scene_noise(s, 20 * MS);
			scene_give_up(s, &phase);
			scene_expect(s, KA_FAIL, "gap");
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

static void with_less_ttl(struct ka_packet *p)
{
	p->ttl--;
}

static void with_fragments(struct ka_packet *p)
{
	p->dont_fragment = false;
}

static void with_ecn(struct ka_packet *p)
{
	p->tos = 2;
}

static void with_tos(struct ka_packet *p)
{
	p->tos = 0x28;
}

static void with_less_window(struct ka_packet *p)
{
	p->window--;
}

TEST(probe_format)
{
	spoil_probe("probe 2 of all carries 1 bytes", with_payload);
	spoil_probe("probe 2 of all has flags 0x18, must be 0x10", with_push);
	spoil_probe("probe 2 of all has sequence number 1, must be 0", with_next_seq);
	spoil_probe("probe 2 of all acknowledges 64, must be 65", with_old_ack);
	spoil_probe("probe 2 of all lacks the timestamp", without_timestamp);
	spoil_probe("probe 2 of all has 1 options", with_option);
	spoil_probe("probe 2 of all has TTL 63, must be 64", with_less_ttl);
	spoil_probe("probe 2 of all may be fragmented", with_fragments);
	spoil_probe("probe 2 of all has ECN bits 2, must be Not-ECT", with_ecn);
	spoil_probe("probe 2 of all has TOS 0x28, must be 0x00", with_tos);
	spoil_probe("probe 2 of all takes the window back from 502 to 501", with_less_window);
}

/* A stale timestamp is told by the time that passed since the one before, in milliseconds. */
SCENE_TEST(time_in_the_timestamp)
{
	static const struct {
		int stamped, off_ms;
		const char *text; /* "": it passes */
	} rows[] = {
		{ 2, -20, "" },
		{ 2, 20, "" },
		{ 1, -24, "the timestamp of probe 1 of all is 0.024 s behind its time" },
		{ 2, -1016, "the timestamp of probe 2 of all is 1.0" },
		{ 3, 30, "the timestamp of probe 3 of all is 0.0" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		scene_silent_drop(s, &scene_ordinary);
		s->stamped = rows[i].stamped;
		s->stamp_off_ms = rows[i].off_ms;
		scene_expect(s, *rows[i].text ? KA_FAIL : KA_PASS, rows[i].text);
	}
	/* the host may have been late, and an old kernel counts jiffies */
	scene_silent_drop(s, &scene_ordinary);
	s->stamped = 2;
	s->stamp_off_ms = -40;
	scene_noise(s, 20 * MS);
	scene_expect(s, KA_PASS, "");
	s->stamp_off_ms = -1000;
	scene_expect_code(s, KA_FAIL, KA_FIND_PROBE_FORMAT);
	snprintf(s->facts.release, sizeof(s->facts.release), "4.12.14");
	scene_expect(s, KA_PASS, "");
	/* in virtual time nothing is late */
	scene_silent_drop(s, &scene_ordinary);
	s->facts.virtual_clock = true;
	s->stamped = 2;
	s->stamp_off_ms = -4;
	scene_expect_code(s, KA_FAIL, KA_FIND_PROBE_FORMAT);
}

/* What is echoed is the timestamp of the last segment that was accepted. */
SCENE_TEST(echoed_timestamp)
{
	s->echoed = 2;
	s->echo_off_ms = -1;
	scene_expect_code(s, KA_FAIL, KA_FIND_PROBE_FORMAT);
	assert_non_null(strstr(s->verdict.why, "probe 2 of all echoes the timestamp "));
	/* without the option there is nothing to echo */
	scene_silent_drop(s, &scene_ordinary);
	s->echoed = 2;
	s->echo_off_ms = -1;
	for (size_t i = 0; i < s->timeline.n; i++)
		s->events[i].packet.timestamps = false;
	scene_expect(s, KA_PASS, "");
}

/* The peer's own end: it has heard @heard (and the scene echoes that), and answers it with @answer. */
static void peer_answers(const struct ka_packet *heard, const struct ka_packet *answer,
			 int64_t answer_ns, const char *text)
{
	struct scene s;
	int64_t ns;

	scene_alive(&s, 2);
	ns = scene_find(&s, KA_SEG_PROBE, 1)->t_ns;
	scene_add(&s, ns - 500 * MS, KA_AT_SERVER,
		  (struct ka_event){ .what = KA_EV_PACKET,
				     .packet = { .kind = KA_SEG_SYN,
						 .flags = TH_SYN,
						 .accepted = true,
						 .timestamps = true } });
	scene_add(&s, ns - 500 * MS, KA_AT_SERVER,
		  (struct ka_event){ .what = KA_EV_PACKET,
				     .packet = { .out = true,
						 .kind = KA_SEG_ACK,
						 .flags = TH_ACK,
						 .ttl = 64,
						 .timestamps = true,
						 .dont_fragment = true } });
	scene_add(&s, ns, KA_AT_SERVER,
		  (struct ka_event){ .what = KA_EV_PACKET, .packet = *heard });
	scene_add(&s, ns + answer_ns, KA_AT_SERVER,
		  (struct ka_event){ .what = KA_EV_PACKET, .packet = *answer });
	scene_expect(&s, *text ? KA_FAIL : KA_PASS, text);
}

/* An end that takes over the probe's timestamp, as that of a segment in the window. */
TEST(answer_of_the_peer)
{
	const struct ka_packet good = { .out = true,
					.kind = KA_SEG_ANSWER,
					.flags = TH_ACK,
					.ttl = 64,
					.timestamps = true,
					.dont_fragment = true };
	const struct ka_packet probe = { .kind = KA_SEG_PROBE, .timestamps = true };
	struct ka_packet heard = { .kind = KA_SEG_PROBE,
				   .timestamps = true,
				   .accepted = true, /* by the scene */
				   .seq = 1 };
	struct ka_packet answer = good;

	peer_answers(&probe, &good, 10 * US, "");
	peer_answers(&heard, &good, 10 * US, "the peer's answer 1 of all echoes the timestamp");
	/* data in order is heard */
	heard = (struct ka_packet){ .kind = KA_SEG_DATA, .timestamps = true };
	heard.accepted = true;
	peer_answers(&heard, &good, 30 * MS, "");
	answer.ttl = 63;
	peer_answers(&probe, &answer, 10 * US, "the peer's answer 1 of all has TTL 63");
	answer = good;
	answer.tos = 1;
	peer_answers(&probe, &answer, 10 * US, "the peer's answer 1 of all has ECN bits 1");
	answer.tos = 4;
	peer_answers(&probe, &answer, 10 * US, "the peer's answer 1 of all has TOS 0x04");
	answer = good;
	answer.dont_fragment = false;
	peer_answers(&probe, &answer, 10 * US, "the peer's answer 1 of all may be fragmented");
}

/* Answered ones are looked at, too; and what is not negotiated must not be there. */
SCENE_TEST(format_of_every_probe)
{
	scene_alive(s, 3);
	with_push(&scene_find(s, KA_SEG_PROBE, 0)->packet);
	scene_expect_only(s, KA_FAIL, "probe 1 of all has flags");
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_SYN_ACK, 0)->packet.timestamps = false;
	scene_expect(s, KA_FAIL, "probe 1 of all has a timestamp");
	scene_silent_drop(s, &scene_ordinary);
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_PACKET)
			s->events[i].packet.timestamps = false;
	scene_expect(s, KA_PASS, "");
	s->case_.no_timestamps = true;
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(rst_format)
{
	scene_find(s, KA_SEG_RST, 0)->packet.flags = TH_RST;
	scene_expect_only(s, KA_FAIL, "RST has flags 0x04, must be 0x14");
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_RST, 0)->packet.seq--;
	scene_expect_only(s, KA_FAIL, "RST has sequence number 0, must be 1");
	scene_silent_drop(s, &scene_ordinary);
	without_timestamp(&scene_find(s, KA_SEG_RST, 0)->packet);
	scene_expect_only(s, KA_FAIL, "RST lacks the timestamp");
	/* SND.NXT counts what was sent: here a FIN */
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_ACK, 1)->packet.flags |= TH_FIN;
	scene_expect_only(s, KA_FAIL, "RST has sequence number 1, must be 2");
}

SCENE_TEST(rst_missing_and_extra)
{
	int64_t end_ns;

	scene_remove(s, scene_find(s, KA_SEG_RST, 0));
	scene_expect_only(s, KA_FAIL, "0 RST sent, must be 1");
	scene_silent_drop(s, &scene_ordinary);
	end_ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	scene_rst_out(s, end_ns + US);
	scene_expect_only(s, KA_FAIL, "2 RST sent, must be 1");
	s->prediction.rst_sent = KA_ANY;
	scene_expect(s, KA_PASS, "");
	scene_silent_drop(s, &scene_ordinary);
	scene_rst_in(s, end_ns + US);
	scene_expect_only(s, KA_FAIL, "1 RST received, must be 0");
	scene_reset(s, &scene_ordinary);
	s->prediction.rst_received = 2;
	scene_expect_only(s, KA_FAIL, "1 RST received, must be 2");
}

/* Packets at the other end are none of the prober's. */
SCENE_TEST(other_end_does_not_count)
{
	for (int k = 0; k < 2; k++) {
		struct ka_event *rst = scene_find(s, KA_SEG_RST, 0);

		scene_add(s, rst->t_ns, KA_AT_SERVER, *rst);
	}
	scene_expect(s, KA_PASS, "");
	s->instance.prober = KA_SERVER;
	scene_expect(s, KA_BROKEN, "no evidence");
	assert_int_equal(s->verdict.findings.list[s->verdict.findings.n - 1].code, KA_FIND_NO_ZERO);
}
