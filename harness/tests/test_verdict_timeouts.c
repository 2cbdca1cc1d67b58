/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user timeout that a step changes while something waits: the timer that runs stays as it is. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "judge/judge.h"
#include "scene.h"

#define RTO_J 51 /* 204 ms */

static void end_at(struct scene *s, int64_t ns)
{
	struct ka_event *end = scene_find_event(s, KA_EV_EPOLL, 0);

	scene_shift(s, end, ns - end->t_ns);
}

static void clear(struct scene *s)
{
	struct ka_event *kept;

	while ((kept = scene_find(s, KA_SEG_RETRANSMIT, 0)))
		scene_remove(s, kept);
}

/* A byte under a user timeout of 20 s, which step 4 changes to @ms after the third retransmission.
 * Returns when the timer goes off the next time. */
static int64_t lowered(struct scene *s, int ms)
{
	const struct ka_step step = { .do_ = KA_SETSOCKOPT,
				      .who = KA_PROBER,
				      .level = IPPROTO_TCP,
				      .option = TCP_USER_TIMEOUT,
				      .value = ms };
	int64_t ns;

	scene_unacked(s);
	clear(s);
	s->instance.setting.user_timeout_ms = 20000;
	scene_step(s, step);
	ka_predict(&s->instance, &s->facts, &s->prediction);
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	end_at(s, ns + 20000 * MS);
	scene_info(s, ns + 30 * US, TCP_ESTABLISHED, 0);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.rto_us = 204000;
	for (int k = 0; k < 3; k++) {
		ns = scene_fired(s, ns, RTO_J << k);
		scene_in_flight(s, ns, KA_SEG_RETRANSMIT);
	}
	scene_done(s, ns + 100 * MS, ns + 100 * MS, 3);
	ns = scene_fired(s, ns, RTO_J << 3);
	end_at(s, ns);
	return ns;
}

SCENE_TEST(a_lower_timeout_ends_it_with_the_next_expiry)
{
	int64_t ns = lowered(s, 1000);

	scene_expect(s, KA_PASS, "");
	assert_true(s->verdict.have_off);
	assert_int_equal(s->verdict.off_jiffies, 0);
	end_at(s, ns - 300 * TICK); /* as if the timer had been set again */
	scene_expect(s, KA_FAIL, "too early: window");
	end_at(s, ns + 300 * TICK);
	scene_expect(s, KA_FAIL, "too late: window");
}

/* Of 2.8 s since the first retransmission. */
SCENE_TEST(one_that_is_not_over_does_not)
{
	lowered(s, 5000);
	scene_expect(s, KA_FAIL, "too early: window");
}

SCENE_TEST(one_that_is_lowered_in_vain_does_not)
{
	lowered(s, 1000);
	s->steps[3].fails = 22; /* EINVAL */
	scene_expect(s, KA_FAIL, "too early: window");
}
