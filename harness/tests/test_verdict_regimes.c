/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging time where it does not count from an undisturbed L: late arming, changes, other regimes. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "scene.h"

/* Moves the end, and all that follows. */
static void move_end(struct scene *s, int64_t ns)
{
	scene_shift(s, scene_find(s, KA_SEG_RST, 0), ns);
}

/* ---- armed late, changed on the way -------------------------------------------------------------- */

/* Options on a connected socket: the whole window moves by the delay. */
SCENE_TEST(armed_after_the_last_segment)
{
	int64_t rx_ns;

	s->case_.from = KA_FROM_ACCEPTED;
	s->case_.expect.arming = KA_FRESH;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	rx_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	s->timeline.armed_ns = rx_ns + 20 * TICK;
	s->facts.phase_known = false;
	scene_expect(s, KA_FAIL, "too early");
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 0), 20 * TICK);
	scene_expect(s, KA_PASS, "");
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 0), 12 * TICK);
	scene_expect(s, KA_FAIL, "too late");
}

/* TCP_KEEPIDLE goes from 1 to 5 s after the second probe. */
static void scene_raised(struct scene *s)
{
	int64_t ns;

	scene_silent_drop(s, &scene_ordinary);
	scene_step(s, (struct ka_step){ .do_ = KA_SETSOCKOPT,
					.who = KA_PROBER,
					.level = IPPROTO_TCP,
					.option = TCP_KEEPIDLE,
					.value = 5,
					.since = KA_SINCE_PROBE,
					.nth = 2 });
	ns = scene_find(s, KA_SEG_PROBE, 1)->t_ns + 100 * MS;
	scene_done(s, ns - 90 * MS, ns, 3);
	ka_predict(&s->instance, &s->facts, &s->prediction);
}

SCENE_TEST(changed_on_the_way)
{
	int64_t rx_ns;

	scene_raised(s);
	scene_expect(s, KA_FAIL, "too early");
	/* the third probe 5 s after L, rounded up to 64 jiffies at the most; then a step */
	rx_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2),
		    rx_ns + 1264 * TICK - scene_find(s, KA_SEG_PROBE, 2)->t_ns);
	s->facts.phase_known = false;
	scene_expect(s, KA_PASS, "");
	assert_true(s->verdict.window_s[0] > 5.9 && s->verdict.window_s[1] < 6.5);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), 64 * TICK);
	scene_expect(s, KA_FAIL, "too late");
}

SCENE_TEST(changed_on_the_way_to_the_jiffy)
{
	int64_t off;

	scene_raised(s);
	scene_judge(s);
	off = s->verdict.off_jiffies;
	assert_true(off < -400);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 2), -off * TICK);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 0);
	move_end(s, -TICK);
	scene_expect(s, KA_FAIL, "1 jiffies too early by the phase");
}

/* The call's own time counts, not the record of the step. */
SCENE_TEST(changed_when_it_was_called)
{
	int64_t off, call_ns;
	struct ka_event *call;

	scene_raised(s);
	s->steps[3].value = 1; /* the same value again: a probe at once */
	scene_judge(s);
	off = s->verdict.off_jiffies;
	call_ns = scene_find(s, KA_SEG_PROBE, 1)->t_ns + 20 * MS;
	scene_call(s, call_ns, KA_CALL_SETSOCKOPT, 0, 0);
	call = scene_find_event(s, KA_EV_CALL, 0);
	assert_int_equal(call->call.name, KA_CALL_SETSOCKOPT);
	call->call.after_end = false;
	scene_judge(s);
	assert_true(s->verdict.off_jiffies != off);
}

/* ---- there or not -------------------------------------------------------------------------------------- */

SCENE_TEST(overdue)
{
	int64_t ns;

	ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	s->timeline.n = (size_t)(scene_find(s, KA_SEG_RST, 0) - s->events);
	scene_fault(s, 2, 3);
	scene_end(s, ns + 2000 * MS, KA_END_OVERDUE);
	scene_expect_only(s, KA_FAIL, "not noticed within 6.0");
}

SCENE_TEST(died_and_must_live)
{
	s->case_.expect = (struct ka_expect){ .when = KA_NEVER, .watch = { .nominal = 2 } };
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect(s, KA_FAIL, "ended 4.0");
}

SCENE_TEST(not_watched_to_the_end)
{
	scene_alive(s, 2);
	scene_find_event(s, KA_EV_END, 0)->end.why = KA_END_OVERDUE;
	scene_expect_only(s, KA_FAIL, "not watched");
}

/* ---- at once, by retransmission, by user timeout ------------------------------------------------------ */

/* The end may come while the step is at work, but not before it began. */
SCENE_TEST(at_once)
{
	struct ka_event *step;
	int64_t fin_ns;

	scene_eof(s);
	fin_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	step = scene_find_event(s, KA_EV_STEP, 1);
	step->step.done_ns = fin_ns + 50 * MS;
	scene_expect(s, KA_PASS, "");
	step->t_ns = fin_ns - 70 * MS;
	step->step.done_ns = fin_ns - 2 * TICK;
	scene_expect(s, KA_PASS, "");
	step->step.done_ns -= TICK;
	scene_expect_only(s, KA_FAIL, "ended 0.012000 s after step 2, 1 jiffies too late");
	scene_noise(s, 4 * MS);
	scene_expect(s, KA_PASS, "");
}

/* What only looks does not cause anything; a step that began after the end neither. */
SCENE_TEST(at_once_after_the_right_step)
{
	int64_t fin_ns;

	scene_eof(s);
	fin_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	scene_find_event(s, KA_EV_STEP, 1)->step.done_ns = fin_ns - 40 * MS;
	scene_find_event(s, KA_EV_STEP, 1)->t_ns = fin_ns - 41 * MS;
	scene_step(s, (struct ka_step){ .do_ = KA_WAIT });
	scene_step(s, (struct ka_step){ .do_ = KA_HEAL });
	scene_done(s, fin_ns - 30 * MS, fin_ns - 20 * MS, 2);
	scene_done(s, fin_ns + 10 * US, fin_ns + 20 * US, 3);
	scene_expect_only(s, KA_FAIL, "ended 0.040000 s after step 2");
	scene_find_event(s, KA_EV_STEP, 3)->t_ns -= 20 * US;
	scene_expect(s, KA_PASS, ""); /* the path was healed in between: that may have done it */
}

SCENE_TEST(retransmission_limit)
{
	scene_unacked(s);
	scene_judge(s);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -3600 * MS);
	scene_expect_only(s, KA_FAIL, "too early");
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), 4500 * MS);
	scene_expect_only(s, KA_FAIL, "after the first transmission");
}

SCENE_TEST(user_timeout)
{
	scene_init(s, KA_USER_TIMEOUT);
	s->instance.setting.user_timeout_ms = 2500;
	s->instance.setting.cnt = 9;
	s->case_.expect.error = ETIMEDOUT;
	s->case_.expect.probes = KA_SOME;
	s->case_.expect.rst_sent = 1;
	scene_give_up(s, &scene_ordinary);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.probes, 2);
	move_end(s, -256 * TICK);
	scene_expect(s, KA_FAIL, "too early");
}

SCENE_TEST(first_probe_meets_a_reset)
{
	scene_reset(s, &scene_ordinary);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.off_jiffies, 0);
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 0), -TICK);
	scene_expect(s, KA_FAIL, "1 jiffies too early by the phase");
	scene_shift(s, scene_find(s, KA_SEG_PROBE, 0), 20 * TICK);
	scene_expect(s, KA_FAIL, "too late: window 0.996 .. 1.032 s");
}
