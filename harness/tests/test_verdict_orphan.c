/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket that its process has closed: the end is when its kernel frees it, and nobody else is asked. */
#include <netinet/tcp.h>

#include "scene.h"

static void remove_all(struct scene *s, enum ka_what what)
{
	for (struct ka_event *event; (event = scene_find_event(s, what, 0));)
		scene_remove(s, event);
}

/* scene_unacked(), but the prober closes, and tcp_orphan_retries is 3. */
static void scene_orphan(struct scene *s)
{
	int64_t sent_ns, end_ns;

	scene_unacked(s);
	s->case_.sysctls[0].key = "net/ipv4/tcp_orphan_retries";
	s->case_.expect.error = 0;
	scene_step(s, (struct ka_step){ .do_ = KA_CLOSE, .who = KA_PROBER });
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	sent_ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	end_ns = scene_find_event(s, KA_EV_EPOLL, 0)->t_ns;
	remove_all(s, KA_EV_EPOLL);
	remove_all(s, KA_EV_CALL);
	remove_all(s, KA_EV_TCP_INFO);
	scene_done(s, sent_ns + MS, sent_ns + MS, 3);
	scene_diag(s, sent_ns + MS, TCP_ESTABLISHED, 1, 200);
	scene_diag(s, end_ns, 0, 0, 0);
	scene_find_counter(s, "Tcp.EstabResets")->counter.delta = 0;
}

SCENE_TEST(orphan_is_freed_in_time)
{
	scene_orphan(s);
	scene_expect(s, KA_PASS, "");
	scene_shift(s, scene_find_event(s, KA_EV_DIAG, 1), -3600 * MS);
	scene_expect_only(s, KA_FAIL, "too early");
	scene_shift(s, scene_find_event(s, KA_EV_DIAG, 1), 5500 * MS);
	scene_expect_only(s, KA_FAIL, "after the first transmission");
}

/* A worker of the kernel tells of it, when it gets a CPU; where the clock jumps it gets one at once. */
SCENE_TEST(orphan_is_told_of_late_on_a_host)
{
	scene_orphan(s);
	s->facts.noise_budget_ns = 2500 * MS;
	scene_shift(s, scene_find_event(s, KA_EV_DIAG, 1), 1900 * MS);
	scene_expect(s, KA_PASS, "");
	s->facts.virtual_clock = true;
	scene_expect_only(s, KA_FAIL, "too late");
	s->facts.virtual_clock = false;
	scene_shift(s, scene_find_event(s, KA_EV_DIAG, 1), 2500 * MS);
	scene_expect_only(s, KA_FAIL, "too late");
}

/* tcp_retries2 has no say; 0 stands for 8. */
SCENE_TEST(orphan_has_limits_of_its_own)
{
	scene_orphan(s);
	s->case_.sysctls[0].key = "net/ipv4/tcp_retries2";
	ka_predict(&s->instance, &s->facts, &s->prediction);
	assert_in_range(s->prediction.lo_j / 250, 102, 107);
	scene_expect_only(s, KA_FAIL, "too early");
	s->case_.sysctls[0] = (struct ka_sysctl){ KA_PROBER, "net/ipv4/tcp_orphan_retries", "0" };
	ka_predict(&s->instance, &s->facts, &s->prediction);
	assert_in_range(s->prediction.lo_j / 250, 102, 107);
}

SCENE_TEST(orphan_that_stays_is_not_noticed)
{
	scene_orphan(s);
	scene_remove(s, scene_find_event(s, KA_EV_DIAG, 1));
	scene_expect(s, KA_BROKEN, "no observer saw the end");
	scene_find_event(s, KA_EV_END, 0)->end.why = KA_END_OVERDUE;
	scene_find_counter(s, "TcpExt.TCPAbortOnTimeout")->counter.delta = 0;
	scene_expect_only(s, KA_FAIL, "not noticed within");
}

/* What the kernel did besides is still judged: no error is, which nobody could ask for. */
SCENE_TEST(orphan_moves_counters)
{
	scene_orphan(s);
	scene_find_counter(s, "Tcp.EstabResets")->counter.delta = 1;
	scene_expect_only(s, KA_FAIL, "Tcp.EstabResets moved by 1, must be 0");
	scene_find_counter(s, "Tcp.EstabResets")->counter.delta = 0;
	scene_find_counter(s, "TcpExt.TCPAbortOnTimeout")->counter.delta = 0;
	scene_expect_only(s, KA_FAIL, "TcpExt.TCPAbortOnTimeout moved by 0, must be 1");
}

/* FIN_WAIT2: what is more than a minute, by the keepalive timer, from the ACK of the FIN on; else at once. */
SCENE_TEST(fin_wait2_is_what_exceeds_a_minute)
{
	char why[KA_SENSE_TEXT];

	scene_init(s, KA_FIN_LIMIT);
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_CLOSE, .who = KA_PROBER });
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	assert_int_equal(s->prediction.lo_j, 0);
	assert_int_equal(s->prediction.hi_j, 2);
	s->case_.sysctls[0] = (struct ka_sysctl){ KA_PROBER, "net/ipv4/tcp_fin_timeout", "62" };
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	assert_int_equal(s->prediction.lo_j, 501);
	assert_int_equal(s->prediction.hi_j, 508);
	s->case_.n_steps = 1;
	assert_int_equal(ka_check_sense(&s->instance, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "it takes a KA_CLOSE of the prober");
}
