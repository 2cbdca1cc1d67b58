/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging the kernel's counters: what must move does, all else stays. */
#include <netinet/tcp.h>

#include "scene.h"

/* ---- counters -------------------------------------------------------------------------------------- */

static void spoil_counter(const char *name, int64_t delta, const char *text)
{
	struct scene s;

	scene_silent_drop(&s, &scene_ordinary);
	scene_find_counter(&s, name)->counter.delta = delta;
	scene_expect_only(&s, KA_FAIL, text);
}

TEST(counters)
{
	spoil_counter("TcpExt.TCPKeepAlive", 4, "TcpExt.TCPKeepAlive moved by 4, must be 3");
	spoil_counter("TcpExt.TCPAbortOnTimeout", 0, "TCPAbortOnTimeout moved by 0, must be 1");
	spoil_counter("Tcp.OutRsts", 2, "Tcp.OutRsts moved by 2, must be 1");
	spoil_counter("Tcp.EstabResets", 0, "Tcp.EstabResets moved by 0, must be 1");
	spoil_counter("TcpExt.OutOfWindowIcmps", 3, "OutOfWindowIcmps moved by 3, must be 0");
	spoil_counter("TcpExt.TCPTimeouts", 1, "TCPTimeouts moved by 1, must be 0");
	spoil_counter("TcpExt.TCPAbortFailed", 1, "TCPAbortFailed moved by 1, must be 0");
	spoil_counter("Tcp.RetransSegs", 1, "RetransSegs moved by 1, must be 0");
}

SCENE_TEST(declared_counters)
{
	s->case_.expect.counters[0] = (struct ka_counter_want){ "TcpExt.OutOfWindowIcmps", KA_CNT };
	s->case_.expect.counters[1] = (struct ka_counter_want){ "TcpExt.TCPTimeouts", KA_SOME };
	s->case_.expect.counters[2] = (struct ka_counter_want){ "Tcp.RetransSegs", KA_ANY };
	scene_expect(s, KA_FAIL, "OutOfWindowIcmps moved by 0, must be 3");
	scene_find_counter(s, "TcpExt.OutOfWindowIcmps")->counter.delta = 3;
	scene_expect_only(s, KA_FAIL, "TCPTimeouts moved by 0, must be some");
	scene_find_counter(s, "TcpExt.TCPTimeouts")->counter.delta = 2;
	scene_expect(s, KA_PASS, "");
	/* what the case says of it was not seen */
	scene_remove(s, scene_find_counter(s, "TcpExt.OutOfWindowIcmps"));
	scene_expect_only(s, KA_BROKEN, "no evidence: the counter TcpExt.OutOfWindowIcmps");
	s->case_.expect.counters[0].delta = KA_ANY;
	scene_expect(s, KA_PASS, "");
	/* the peer's namespace counts for itself */
	scene_counter(s, "TcpExt.TCPWinProbe", 7);
	scene_find_counter(s, "TcpExt.TCPWinProbe")->at = KA_AT_SERVER;
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(counters_by_regime)
{
	scene_reset(s, &scene_ordinary);
	scene_find_counter(s, "TcpExt.TCPAbortOnTimeout")->counter.delta = 1;
	scene_expect_only(s, KA_FAIL, "TCPAbortOnTimeout moved by 1, must be 0");
	scene_alive(s, 2);
	scene_find_counter(s, "Tcp.EstabResets")->counter.delta = 1;
	scene_expect_only(s, KA_FAIL, "EstabResets moved by 1, must be 0");
	scene_unacked(s);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 1;
	scene_expect_only(s, KA_FAIL, "TCPKeepAlive moved by 1, must be 0");
	scene_silent_drop(s, &scene_ordinary);
	scene_step(s, (struct ka_step){ .do_ = KA_SHUTDOWN, .who = KA_PROBER });
	scene_expect_only(s, KA_FAIL, "EstabResets moved by 1, must be 0"); /* from FIN_WAIT2 */
}

/* A gauge, that must be back where it was when the connection is over. */
SCENE_TEST(established_at_the_end)
{
	scene_counter(s, "Tcp.CurrEstab", 1);
	scene_expect_only(s, KA_FAIL, "Tcp.CurrEstab is 1, must be 0");
	scene_alive(s, 2);
	scene_counter(s, "Tcp.CurrEstab", 0);
	scene_expect_only(s, KA_FAIL, "Tcp.CurrEstab is 0, must be 1");
	/* a half-closed one counts, but not with an old kernel */
	scene_alive(s, 2);
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_DIAG,
				     .diag = { .found = true, .state = TCP_CLOSE_WAIT } });
	scene_counter(s, "Tcp.CurrEstab", 0);
	scene_judge(s);
	assert_non_null(strstr(s->verdict.why, "Tcp.CurrEstab is 0, must be 1"));
	snprintf(s->facts.release, sizeof(s->facts.release), "6.9.1");
	scene_judge(s);
	assert_null(strstr(s->verdict.why, "Tcp.CurrEstab"));
}
