/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging timers that went off while a process owned the socket. */
#include <netinet/tcp.h>

#include "judge/wheel.h"
#include "scene.h"

#define RTO_J   51 /* 204 ms */
#define RETRY_J 13 /* HZ/20 at 250 Hz, behind a handler */

/* Adds the two steps, done at these times. */
static void own(struct scene *s, int64_t from_ns, int64_t until_ns)
{
	int step = (int)s->case_.n_steps;

	scene_step(s, (struct ka_step){ .do_ = KA_OWN, .who = KA_PROBER });
	scene_step(s, (struct ka_step){ .do_ = KA_RELEASE, .who = KA_PROBER });
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	scene_done(s, from_ns, from_ns + 100 * US, step);
	scene_done(s, until_ns, until_ns + 100 * US, step + 1);
	scene_fault(s, step, 1);
}

/* ---- keepalive ------------------------------------------------------------------------------------- */

/* The first probe, due at the third retry: all that follows keeps to the wheel's grid. */
static int64_t put_off(struct scene *s, int64_t retries)
{
	struct ka_event *probe = scene_find(s, KA_SEG_PROBE, 0);
	int64_t due_ns = probe->t_ns, jiffy = s->facts.j0 + due_ns / TICK + retries * RETRY_J;

	scene_shift(s, probe, retries * RETRY_J * TICK);
	for (int k = 1; k < 4; k++) {
		struct ka_event *next =
			k < 3 ? scene_find(s, KA_SEG_PROBE, k) : scene_find(s, KA_SEG_RST, 0);
		int64_t seen = s->facts.j0 + next->t_ns / TICK;

		jiffy = ka_wheel_fire(jiffy + s->facts.hz, jiffy + 1, s->facts.hz);
		scene_shift(s, next, (jiffy - seen) * TICK);
	}
	return due_ns;
}

SCENE_TEST(first_probe_is_put_off)
{
	int64_t due_ns = put_off(s, 3);

	own(s, due_ns - 100 * MS, due_ns + 130 * MS);
	scene_expect(s, KA_PASS, "");
	assert_true(s->verdict.have_off);
	assert_int_equal(s->verdict.off_jiffies, 0);
}

/* It is told apart by the jiffy, too: the retry after the next is a failure. */
SCENE_TEST(a_retry_is_missed)
{
	int64_t due_ns = put_off(s, 4);

	own(s, due_ns - 100 * MS, due_ns + 130 * MS);
	scene_expect(s, KA_FAIL, "what was due is sent 0.077");
}

SCENE_TEST(sent_while_owned)
{
	int64_t due_ns = put_off(s, 2);

	own(s, due_ns - 100 * MS, due_ns + 130 * MS);
	scene_expect(s, KA_FAIL, "a segment was sent 0.026");
}

/* Of a connection that lives nothing else would tell. */
SCENE_TEST(timer_is_lost)
{
	int64_t due_ns;

	scene_alive(s, 1);
	due_ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns;
	scene_remove(s, scene_find(s, KA_SEG_PROBE, 0));
	scene_remove(s, scene_find(s, KA_SEG_ANSWER, 0));
	s->case_.expect.answered = KA_ANY;
	own(s, due_ns - 100 * MS, due_ns + 130 * MS);
	scene_expect(s, KA_FAIL, "nothing was sent after the socket was released");
}

/* What is not due yet when the lock is released need not be sent then. */
SCENE_TEST(owned_for_nothing)
{
	int64_t due_ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns;

	own(s, due_ns - 600 * MS, due_ns - 300 * MS);
	scene_expect(s, KA_PASS, "");
}

/* ---- data in flight -------------------------------------------------------------------------------- */

/* A loss probe, and the socket owned until 100 ms after expiry 1 was due, which comes @late_ns after that. */
static void data_story(struct scene *s, int64_t late_ns)
{
	int64_t ns, from_ns, until_ns;
	struct ka_event *end;

	scene_unacked(s);
	for (struct ka_event *kept; (kept = scene_find(s, KA_SEG_RETRANSMIT, 0));)
		scene_remove(s, kept);
	scene_counter(s, "TcpExt.TCPLossProbes", 1);
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	scene_info(s, ns + 30 * US, TCP_ESTABLISHED, 0);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = RTO_J * 4000;
	ns = scene_fired(s, ns, RTO_J);
	scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
	from_ns = ns + 20 * MS;
	until_ns = scene_fired(s, ns, RTO_J) + 100 * MS;
	ns = until_ns + 50 * US + late_ns;
	scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
	for (int k = 1; k < 4; k++) {
		ns = scene_fired(s, ns, RTO_J << k);
		scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
	}
	end = scene_find_event(s, KA_EV_EPOLL, 0);
	scene_shift(s, end, scene_fired(s, ns, RTO_J << 4) - end->t_ns);
	own(s, from_ns, until_ns);
}

SCENE_TEST(retransmission_is_caught_up_with)
{
	data_story(s, 0);
	scene_expect(s, KA_PASS, "");
	data_story(s, 52 * MS);
	scene_expect(s, KA_FAIL, "retransmission 1 comes after");
	data_story(s, -50 * MS);
	scene_expect(s, KA_FAIL, "a segment was sent 0.049");
}
