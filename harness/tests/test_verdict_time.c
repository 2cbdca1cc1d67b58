/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging time: each test moves one thing by one jiffy beyond what is allowed. */
#include "scene.h"

/* Moves the end, and all that follows. */
static void move_end(struct scene *s, int64_t ns)
{
	scene_shift(s, scene_find(s, KA_SEG_RST, 0), ns);
}

/* ---- the window ---------------------------------------------------------------------------------- */

SCENE_TEST(one_jiffy_early)
{
	scene_silent_drop(s, &scene_earliest);
	s->facts.phase_known = false;
	scene_expect(s, KA_PASS, "");
	assert_false(s->verdict.have_off);
	move_end(s, -TICK);
	scene_expect_only(s, KA_FAIL, "1 jiffies too early: window 4.052 .. 4.104 s");
}

SCENE_TEST(early_by_a_nanosecond)
{
	int64_t least, now;

	scene_silent_drop(s, &scene_earliest);
	s->facts.phase_known = false;
	s->facts.virtual_clock = true;
	least = scene_find(s, KA_SEG_DATA, 0)->t_ns + 1013 * TICK;
	now = scene_find(s, KA_SEG_RST, 0)->t_ns;
	move_end(s, least - now);
	scene_expect(s, KA_PASS, "");
	move_end(s, -1);
	scene_expect_only(s, KA_FAIL, "too early");
}

/* Two jiffies for the handler and the reader's clock, then one more. */
SCENE_TEST(one_jiffy_late)
{
	scene_silent_drop(s, &scene_latest);
	move_end(s, 2 * TICK);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 2);
	move_end(s, TICK);
	scene_expect(s, KA_FAIL, "too late: window 4.052 .. 4.104 s");
}

/* The finding and the figures of the result speak of one window. */
SCENE_TEST(one_window_is_told)
{
	char text[64];

	scene_silent_drop(s, &scene_latest);
	move_end(s, 3 * TICK);
	scene_judge(s);
	snprintf(text, sizeof(text), "window %.3f .. %.3f s", s->verdict.window_s[0],
		 s->verdict.window_s[1]);
	assert_non_null(strstr(s->verdict.why, text));
}

SCENE_TEST(noise_widens_the_upper_end_only)
{
	scene_silent_drop(s, &scene_latest);
	scene_noise(s, 12 * MS);
	move_end(s, 5 * TICK);
	scene_expect(s, KA_PASS, "");
	move_end(s, TICK);
	scene_expect(s, KA_FAIL, "too late");

	scene_silent_drop(s, &scene_earliest);
	s->facts.phase_known = false;
	scene_noise(s, 12 * MS);
	move_end(s, -TICK);
	scene_expect_only(s, KA_FAIL, "too early");
}

/* Beyond the slack of 5 jiffies every one of three steps may cost a granule of 8. */
SCENE_TEST(noise_beyond_the_slack_costs_granules)
{
	scene_silent_drop(s, &scene_latest);
	scene_noise(s, 21 * MS);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 1), 8 * TICK);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), 8 * TICK);
	move_end(s, 8 * TICK);
	scene_expect(s, KA_PASS, "");
	scene_noise(s, 19 * MS);
	scene_expect(s, KA_FAIL, "too late");
}

SCENE_TEST(virtual_time_has_no_noise)
{
	scene_silent_drop(s, &scene_latest);
	s->facts.virtual_clock = true;
	scene_noise(s, 20 * MS);
	move_end(s, TICK);
	scene_expect(s, KA_PASS, "");
	move_end(s, TICK);
	scene_expect(s, KA_FAIL, "too late: window");
}

/* ---- the exact jiffy ------------------------------------------------------------------------------- */

SCENE_TEST(early_by_the_phase)
{
	move_end(s, -TICK);
	scene_expect_only(s, KA_FAIL, "1 jiffies too early by the phase");
	assert_int_equal(s->verdict.off_jiffies, -1);
}

SCENE_TEST(late_by_the_phase)
{
	move_end(s, TICK);
	scene_expect(s, KA_PASS, "");
	move_end(s, TICK);
	scene_expect(s, KA_PASS, ""); /* on a real host that is noise, inside the window */
	s->facts.virtual_clock = true;
	scene_expect(s, KA_FAIL, "2 jiffies too late by the phase");
}

/* Moves the first probe by @first jiffies and all that follows by @rest. */
static void move_probes(struct scene *s, int64_t first, int64_t rest)
{
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 0), first * TICK);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 1), (rest - first) * TICK);
}

/* A segment beside a tick may belong to either jiffy: no finding, whichever the kernel took. */
SCENE_TEST(either_jiffy_beside_a_tick)
{
	const struct scene_phase after = { 8, 3, 100 * US }, before = { 8, 2, TICK - 100 * US };
	const struct scene_phase inside = { 8, 3, 400 * US };

	/* taken for a jiffy earlier, the probe is, too, and the next one falls into a granule before */
	scene_silent_drop(s, &after);
	scene_expect(s, KA_PASS, "");
	move_probes(s, -1, -8);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 0);
	/* taken for a jiffy later, the other way round */
	scene_silent_drop(s, &before);
	move_probes(s, 1, 8);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 0);
	/* inside its jiffy there is no choice */
	scene_silent_drop(s, &inside);
	move_probes(s, -1, -8);
	scene_expect(s, KA_FAIL, "8 jiffies too early by the phase");
}

/* ... but where the tick was late. */
SCENE_TEST(older_jiffy_where_the_tick_was_late)
{
	const struct scene_phase inside = { 8, 3, 2 * MS };
	int64_t ns;

	scene_silent_drop(s, &inside);
	move_probes(s, -1, -8);
	move_end(s, TICK);
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	s->facts.noise_budget_ns = 250 * MS;
	scene_noise_at(s, ns + 500 * MS, ns + 550 * MS, 3 * MS);
	scene_expect(s, KA_FAIL, "7 jiffies too early by the phase");
	s->facts.late = (struct ka_lateness){ .n = 0 };
	scene_noise_at(s, ns - MS, ns + MS, 3 * MS);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 1);
}

/* A handler that ran a jiffy late found the idle time over, where it was not at its expiry. */
SCENE_TEST(late_handler_beside_the_limit)
{
	const struct scene_phase phase = { 8, 7, 2 * MS };

	/* expires 249 jiffies after L: queued again for the 250th, fires in the 251st */
	scene_reset(s, &phase);
	scene_expect(s, KA_PASS, "");
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 0), -TICK);
	scene_expect(s, KA_PASS, "");
	s->facts.virtual_clock = true;
	scene_expect(s, KA_FAIL, "1 jiffies too early by the phase");
}

/* The arming is an input like any other. */
SCENE_TEST(arming_decides_too)
{
	const struct scene_phase phase = { 60, 9, 2 * MS };

	scene_silent_drop(s, &phase);
	scene_expect(s, KA_PASS, "");
	s->timeline.armed_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns - TICK;
	scene_expect_only(s, KA_FAIL, "8 jiffies too early by the phase");
}

/* ---- on purpose ------------------------------------------------------------------------------------------ */

SCENE_TEST(biased_window)
{
	s->case_.bias.window_jiffies = -40;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect_only(s, KA_FAIL, "too late");
	s->case_.bias.window_jiffies = 40;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect_only(s, KA_FAIL, "too early");
}
