/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging what the application sees: masks, errno, later calls, state. */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "scene.h"

static struct ka_call *call(struct scene *s, int nth)
{
	return &scene_find_event(s, KA_EV_CALL, nth)->call;
}

/* ---- epoll ------------------------------------------------------------------------------------- */

SCENE_TEST(level_mask)
{
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask = 0x2018;
	scene_expect_only(s, KA_FAIL, "epoll (IN|RDHUP) reports 0x2018, must be 0x2019");
	assert_int_equal(s->verdict.events, 0x2018);
	scene_remove(s, scene_find_event(s, KA_EV_EPOLL, 0));
	scene_expect_only(s, KA_FAIL, "epoll (IN|RDHUP) reports 0x0, must be 0x2019");
}

SCENE_TEST(full_mask)
{
	scene_find_event(s, KA_EV_EPOLL, 1)->epoll.mask = 0x2155;
	scene_expect_only(s, KA_FAIL, "epoll (all) reports 0x2155, must be 0x215d");
}

SCENE_TEST(declared_masks)
{
	s->case_.expect.events = 0x18;
	s->case_.expect.events_full = 0x2155;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect(s, KA_FAIL, "reports 0x2019, must be 0x18");
	assert_non_null(strstr(s->verdict.why, "reports 0x215d, must be 0x2155"));
}

/* An edge-triggered set says once that it can write; and what comes after the post-mortem is late. */
SCENE_TEST(only_news_of_the_end_counts)
{
	int64_t first_ns, last_ns;

	first_ns = scene_find(s, KA_SEG_SYN_ACK, 0)->t_ns;
	last_ns = scene_find_event(s, KA_EV_CALL, 3)->t_ns;
	scene_epoll(s, first_ns, 0, EPOLLOUT | EPOLLWRNORM);
	scene_epoll(s, last_ns, 0x2011, 0x2155);
	scene_expect(s, KA_PASS, "");
	/* older kernels first report the error alone: what counts is the last word */
	scene_epoll(s, scene_find(s, KA_SEG_RST, 0)->t_ns, 0, EPOLLERR | EPOLLOUT);
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(living_and_reported)
{
	int64_t ns;

	scene_alive(s, 2);
	ns = scene_find(s, KA_SEG_ANSWER, 0)->t_ns;
	scene_epoll(s, ns, EPOLLIN, EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM);
	scene_expect(s, KA_PASS, "");
	scene_epoll(s, ns, 0x2001, 0);
	scene_expect_only(s, KA_FAIL, "reports 0x2001 of a living connection");
	/* after a FIN that is the truth */
	scene_packet(s, ns + US,
		     (struct ka_packet){
			     .kind = KA_SEG_DATA, .accepted = true, .seq = 1, .flags = TH_FIN });
	scene_expect(s, KA_PASS, "");
	scene_epoll(s, ns, 0, EPOLLHUP);
	scene_expect(s, KA_FAIL, "(all) reports 0x10 of a living connection");
}

/* ---- errno --------------------------------------------------------------------------------------- */

SCENE_TEST(wrong_errno)
{
	call(s, 0)->err = EHOSTUNREACH;
	scene_expect_only(s, KA_FAIL, "EHOSTUNREACH, must be ETIMEDOUT");
	assert_int_equal(s->verdict.error, EHOSTUNREACH);
	s->case_.bias.error = EHOSTUNREACH;
	call(s, 1)->ret = EHOSTUNREACH; /* a soft error is kept */
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(no_errno)
{
	for (int k = 0; k < 4; k++) {
		struct ka_call *call = &scene_find_event(s, KA_EV_CALL, k)->call;

		if (call->name != KA_CALL_SO_ERROR)
			*call = (struct ka_call){ call->name, -1, EAGAIN, .after_end = true };
	}
	scene_expect_only(s, KA_FAIL, "no error, must be ETIMEDOUT");
}

SCENE_TEST(error_of_the_living)
{
	scene_alive(s, 2);
	scene_call(s, s->events[s->timeline.n - 1].t_ns, KA_CALL_READ, -1, EAGAIN);
	scene_expect(s, KA_PASS, "");
	scene_call(s, s->events[s->timeline.n - 1].t_ns, KA_CALL_READ, -1, EHOSTUNREACH);
	scene_expect_only(s, KA_FAIL, "EHOSTUNREACH, must be no error");
}

/* The peer's calls are its own. */
SCENE_TEST(error_of_the_peer)
{
	scene_alive(s, 2);
	scene_call(s, s->events[s->timeline.n - 1].t_ns, KA_CALL_READ, -1, ECONNRESET);
	scene_find_event(s, KA_EV_CALL, 0)->at = KA_AT_SERVER;
	scene_expect(s, KA_PASS, "");
}

/* ---- what the calls after it give ------------------------------------------------------------------ */

SCENE_TEST(after_the_error)
{
	*call(s, 2) = (struct ka_call){
		.name = KA_CALL_READ, .ret = -1, .err = ETIMEDOUT, .after_end = true
	};
	scene_expect_only(s, KA_FAIL, "read() gives something after the error");
	scene_silent_drop(s, &scene_ordinary);
	call(s, 3)->err = ETIMEDOUT;
	scene_expect_only(s, KA_FAIL, "write() does not give EPIPE");
	scene_silent_drop(s, &scene_ordinary);
	call(s, 3)->ret = 1;
	scene_expect_only(s, KA_FAIL, "write() does not give EPIPE");
	scene_silent_drop(s, &scene_ordinary);
	call(s, 1)->ret = EHOSTUNREACH;
	scene_expect_only(s, KA_FAIL, "SO_ERROR gives another error");
	call(s, 1)->ret = ETIMEDOUT; /* only a soft error comes twice: test_verdict_path.c */
	scene_expect_only(s, KA_FAIL, "SO_ERROR gives the error a second time");
}

SCENE_TEST(eof_before_the_error)
{
	struct ka_event *last;

	*call(s, 0) = (struct ka_call){ .name = KA_CALL_READ, .ret = 0, .after_end = true };
	call(s, 1)->ret = ETIMEDOUT;
	scene_expect_only(s, KA_FAIL, "read() gives EOF before the error");
	/* after a FIN it never gives the error: SO_ERROR does */
	last = scene_find(s, KA_SEG_DATA, 0);
	last->packet.flags |= TH_FIN;
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.error, ETIMEDOUT);
}

SCENE_TEST(data_before_the_error)
{
	int64_t ns;

	ns = scene_find_event(s, KA_EV_CALL, 0)->t_ns;
	scene_call(s, ns - 5 * US, KA_CALL_READ, 64, 0);
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(eof_that_never_came)
{
	scene_eof(s);
	scene_remove(s, scene_find_event(s, KA_EV_CALL, 0));
	scene_expect_only(s, KA_FAIL, "read() never gave EOF");
	scene_eof(s);
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask = 0x2019;
	scene_expect_only(s, KA_FAIL, "reports 0x2019, must be 0x2001");
}

/* ---- state ------------------------------------------------------------------------------------------ */

SCENE_TEST(state_after_the_end)
{
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.state = TCP_ESTABLISHED;
	scene_expect_only(s, KA_FAIL, "TCP_INFO says state 1 after the end");
	scene_silent_drop(s, &scene_ordinary);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.probes = 2;
	scene_expect_only(s, KA_FAIL, "TCP_INFO counts 2 probes at the end, must be 3");
}

SCENE_TEST(state_of_the_living)
{
	scene_alive(s, 2);
	scene_find_event(s, KA_EV_DIAG, 0)->diag.found = false;
	scene_expect_only(s, KA_FAIL, "sock_diag does not find the connection");
	scene_alive(s, 2);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.state = TCP_CLOSE;
	scene_expect_only(s, KA_FAIL, "TCP_INFO says closed");
}

SCENE_TEST(declared_check_of_a_step)
{
	scene_check(s, 1, true, "getsockopt(6, 6) reads 3, must be 3");
	scene_expect(s, KA_PASS, "");
	scene_check(s, 1, false, "getsockopt(6, 6) reads 3, must be 77");
	scene_expect_only(s, KA_FAIL, "step 2: getsockopt(6, 6) reads 3, must be 77");
}
