/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging probes: how many, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
