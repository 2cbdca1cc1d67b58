/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging probes: how many, and when. */
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
	scene_expect_only(s, KA_FAIL, "gap of 1.016000 s from probe 3 to the end");
	scene_silent_drop(s, &scene_ordinary);
	s->facts.phase_known = false;
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "gap of 1.016000 s from probe 2 to the next");
}

SCENE_TEST(gap_too_long)
{
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), 2 * TICK);
	scene_expect(s, KA_PASS, "");
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), TICK);
	scene_expect_only(s, KA_FAIL, "gap of 1.036000 s from probe 2 to the next");
	s->facts.noise_ns = 4 * MS;
	scene_expect(s, KA_PASS, "");
}

/* However noisy: intvl itself is waited for in full. */
SCENE_TEST(noise_never_shortens_below_intvl)
{
	s->facts.noise_ns = 19 * MS;
	scene_find(s, KA_SEG_PROBE, 2)->t_ns -= 5 * TICK;
	scene_expect(s, KA_PASS, "");
	s->facts.noise_ns = 49 * MS;
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
			s->facts.noise_ns = 20 * MS;
			scene_give_up(s, &phase);
			scene_expect(s, KA_FAIL, "gap");
		}
	}
}
