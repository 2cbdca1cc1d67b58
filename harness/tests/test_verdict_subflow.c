/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging an MPTCP connection with a second subflow, of which the timeline has no packets. */
#include <netinet/tcp.h>

#include "scene.h"

/* One more step of the case, done when all was over or watched. */
static void do_last(struct scene *s, struct ka_step step)
{
	const int64_t ns = s->events[s->timeline.n - 1].t_ns;

	scene_step(s, step);
	scene_add(s, ns, KA_AT_BENCH,
		  (struct ka_event){ .what = KA_EV_STEP,
				     .step = { .index = (int)s->case_.n_steps - 1,
					       .due_ns = ns,
					       .done_ns = ns } });
}

static void join(struct scene *s)
{
	do_last(s, (struct ka_step){ .do_ = KA_ADD_SUBFLOW });
}

/* A living connection that loses a subflow, and what the rule has met. */
static void lose(struct scene *s, struct ka_step step, uint64_t hits)
{
	scene_alive(s, 2);
	join(s);
	step.do_ = KA_LOSE_SUBFLOW;
	do_last(s, step);
	scene_fault(s, 2, hits);
}

/* It dies as the one that is looked at does: what moves, moves twice. */
SCENE_TEST(it_moves_the_counters_too)
{
	static const char *const twice[] = { "TcpExt.TCPKeepAlive", "TcpExt.TCPAbortOnTimeout",
					     "Tcp.OutRsts", "Tcp.EstabResets" };

	join(s);
	scene_expect(s, KA_FAIL, "TCPKeepAlive moved by 3, must be 6");
	for (size_t i = 0; i < 4; i++)
		scene_find_counter(s, twice[i])->counter.delta *= 2;
	scene_expect(s, KA_PASS, "");
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 1;
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved by 1, must be 2");
}

/* A path on which nothing was sent: whether something had to be, a check says. */
SCENE_TEST(a_lost_path_meets_segments)
{
	const struct ka_step second = { .value = 2 };

	lose(s, second, 3);
	scene_expect(s, KA_PASS, "");
	lose(s, second, 0);
	scene_expect_code(s, KA_BROKEN, KA_FIND_NOTHING_MET);
	scene_check(s, 2, false, "sock_diag: 2 subflows, 1 with a keepalive timer, must be 2");
	scene_expect(s, KA_FAIL, "1 with a keepalive timer");
	lose(s, (struct ka_step){ .value = 2, .misses = true }, 0);
	scene_expect_code(s, KA_BROKEN, KA_FIND_NO_EFFECT);
}

/* TCP_INFO is that of the first subflow. */
SCENE_TEST(the_first_may_be_closed)
{
	lose(s, (struct ka_step){ .value = 1 }, 3);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.state = TCP_CLOSE;
	scene_expect(s, KA_PASS, "");
	s->steps[2].value = 2;
	scene_expect(s, KA_FAIL, "TCP_INFO says closed, must live");
}

/* The window is the connection's, and goes down when the other subflow brings data. */
SCENE_TEST(the_window_is_shared)
{
	scene_alive(s, 2);
	scene_find(s, KA_SEG_PROBE, 1)->packet.window--;
	scene_expect(s, KA_FAIL, "takes the window back");
	join(s);
	scene_expect(s, KA_PASS, "");
}

/* What is looked at is the second one: what the first one sent before is not. */
SCENE_TEST(the_second_is_followed)
{
	int64_t ns;

	scene_alive(s, 2);
	ns = s->events[0].t_ns - 10 * MS;
	scene_rst_out(s, ns);
	scene_expect(s, KA_FAIL, "RST");
	scene_step(s, (struct ka_step){ .do_ = KA_ADD_SUBFLOW, .followed = true });
	scene_done(s, ns + 1, ns + 1, 1);
	scene_expect(s, KA_PASS, "");
	s->steps[1].followed = false;
	scene_expect(s, KA_FAIL, "RST");
}
