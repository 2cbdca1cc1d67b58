/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging what the application sees: masks, errno, state; calls that wait for the end, the order of
 * those after it, and what comes first. */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "judge/values.h"
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

SCENE_TEST(the_other_end_of_the_living)
{
	scene_alive(s, 2);
	scene_epoll(s, 1500 * MS, 0x2019, 0);
	scene_find_event(s, KA_EV_EPOLL, 0)->at = KA_AT_SERVER;
	scene_expect_only(s, KA_FAIL, "epoll reports 0x2019 at the other end");
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask = 0x2001; /* a FIN is no error */
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(declared_check_of_a_step)
{
	scene_check(s, 1, true, "getsockopt(6, 6) reads 3, must be 3");
	scene_expect(s, KA_PASS, "");
	scene_check(s, 1, false, "getsockopt(6, 6) reads 3, must be 77");
	scene_expect_only(s, KA_FAIL, "step 2: getsockopt(6, 6) reads 3, must be 77");
}

#define LIVE_MASK  (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)
#define DEATH_EDGE 0x215du

/* ---- waiting ----------------------------------------------------------------------------------- */

/* A silent drop with a thread in @name, which returned @ret @after_ns the end. */
static struct ka_event *blocked(struct scene *s, enum ka_blocking in, enum ka_call_name name,
				int64_t ret, int err)
{
	int64_t end_ns, began_ns;

	scene_init(s, KA_KEEPALIVE_EXPIRY);
	s->case_.expect.error = ETIMEDOUT;
	s->case_.expect.probes = KA_CNT;
	s->case_.expect.rst_sent = 1;
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_BLOCK, .who = KA_PROBER, .call = in });
	scene_step(s, (struct ka_step){ .do_ = KA_DROP });
	scene_give_up(s, &scene_ordinary);
	end_ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	began_ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns - MS;
	return scene_add(
		s, end_ns + 30 * US, KA_AT_CLIENT,
		(struct ka_event){
			.what = KA_EV_CALL,
			.call = { .name = name, .ret = ret, .err = err, .since_ns = began_ns } });
}

SCENE_TEST(blocked_poll)
{
	struct ka_event *event;

	event = blocked(s, KA_IN_POLL, KA_CALL_BLOCKED_POLL, LIVE_MASK, 0);
	scene_expect(s, KA_PASS, "");
	event->call.ret = EPOLLHUP;
	scene_expect_only(s, KA_FAIL, "the blocked poll() reports 0x10, must be 0x2019");
	scene_remove(s, event);
	scene_expect_only(s, KA_FAIL, "the blocked call never returned");
}

SCENE_TEST(blocked_select)
{
	struct ka_event *event;

	event = blocked(s, KA_IN_SELECT, KA_CALL_BLOCKED_SELECT, 1, 0);
	scene_expect(s, KA_PASS, "");
	event->call.ret = 3;
	scene_expect_only(s, KA_FAIL, "blocked select() returned 3");
}

SCENE_TEST(blocked_at_the_wrong_time)
{
	struct ka_event *event;

	event = blocked(s, KA_IN_POLL, KA_CALL_BLOCKED_POLL, LIVE_MASK, 0);
	event->call.since_ns = event->t_ns;
	scene_expect_only(s, KA_FAIL, "began after the end");
	event->call.since_ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns;
	event->t_ns += 500 * MS;
	scene_expect_only(s, KA_FAIL, "woke 0.500");
	event->t_ns -= 600 * MS;
	scene_expect_only(s, KA_FAIL, "before the end");
}

/* It takes the error: nothing is left for the others, and ERR may be gone. */
SCENE_TEST(blocked_recv)
{
	struct ka_event *event;

	event = blocked(s, KA_IN_RECV, KA_CALL_BLOCKED_RECV, -1, ETIMEDOUT);
	call(s, 1)->ret = 0;
	call(s, 1)->err = 0;
	scene_find_event(s, KA_EV_EPOLL, 0)->epoll.mask &= ~(uint32_t)EPOLLERR;
	scene_find_event(s, KA_EV_EPOLL, 1)->epoll.mask &= ~(uint32_t)EPOLLERR;
	scene_expect(s, KA_PASS, "");
	event->call.err = EPIPE;
	scene_expect(s, KA_FAIL, "the blocked recv() returned -1 (EPIPE), must give ETIMEDOUT");
	event->call.ret = 64;
	event->call.err = 0;
	scene_expect(s, KA_FAIL, "the blocked recv() returned 64");
}

/* ---- asking ------------------------------------------------------------------------------------ */

SCENE_TEST(sigpipe_comes_with_epipe)
{
	call(s, 3)->sigpipe = false;
	scene_expect_only(s, KA_FAIL, "EPIPE without SIGPIPE");
	scene_silent_drop(s, &scene_ordinary);
	s->case_.post_mortem = KA_WRITE_FIRST;
	*call(s, 0) = (struct ka_call){ .name = KA_CALL_WRITE,
					.ret = -1,
					.err = ETIMEDOUT,
					.after_end = true,
					.sigpipe = true };
	scene_expect_only(s, KA_FAIL, "SIGPIPE without EPIPE");
}

static void set_call(struct ka_call *to, enum ka_call_name name, int64_t ret, int err)
{
	*to = (struct ka_call){
		.name = name, .ret = ret, .err = err, .after_end = true, .sigpipe = err == EPIPE
	};
}

SCENE_TEST(so_error_asked_first)
{
	s->case_.post_mortem = KA_SO_ERROR_FIRST;
	set_call(call(s, 0), KA_CALL_SO_ERROR, ETIMEDOUT, 0);
	set_call(call(s, 1), KA_CALL_READ, 0, 0);
	set_call(call(s, 2), KA_CALL_SO_ERROR, 0, 0);
	scene_expect(s, KA_PASS, "");
	set_call(call(s, 0), KA_CALL_SO_ERROR, 0, 0);
	set_call(call(s, 1), KA_CALL_READ, -1, ETIMEDOUT);
	scene_expect_only(s, KA_FAIL, "SO_ERROR, asked first, does not give the error");
}

SCENE_TEST(write_first)
{
	s->case_.post_mortem = KA_WRITE_FIRST;
	set_call(call(s, 0), KA_CALL_WRITE, -1, ETIMEDOUT);
	set_call(call(s, 1), KA_CALL_WRITE, -1, EPIPE);
	set_call(call(s, 2), KA_CALL_READ, 0, 0);
	set_call(call(s, 3), KA_CALL_SO_ERROR, 0, 0);
	scene_expect(s, KA_PASS, "");
	set_call(call(s, 1), KA_CALL_WRITE, -1, ETIMEDOUT);
	scene_expect_only(s, KA_FAIL, "write() does not give EPIPE after the error");
	set_call(call(s, 0), KA_CALL_WRITE, 1, 0);
	scene_expect_only(s, KA_FAIL, "write() succeeds after the end");
}

SCENE_TEST(soft_error_once_more)
{
	s->case_.expect.soft_again = true;
	scene_expect_only(s, KA_FAIL, "SO_ERROR does not give the soft error once more");
	call(s, 1)->ret = ETIMEDOUT;
	scene_expect(s, KA_PASS, "");
	/* asked a third time, it must be gone */
	scene_call(s, scene_find_event(s, KA_EV_CALL, 1)->t_ns + 1, KA_CALL_SO_ERROR, 0, 0);
	scene_expect(s, KA_PASS, "");
	call(s, 2)->ret = ETIMEDOUT;
	scene_expect_only(s, KA_FAIL, "SO_ERROR gives the soft error again and again");
}

SCENE_TEST(unread)
{
	s->case_.expect.unread = 64;
	scene_expect_only(s, KA_FAIL, "0 bytes could be read after the end, must be 64");
	scene_call(s, scene_find_event(s, KA_EV_CALL, 0)->t_ns - 5 * US, KA_CALL_READ, 64, 0);
	scene_expect(s, KA_PASS, "");
}

/* ---- the first edge ---------------------------------------------------------------------------- */

static void set_release(struct scene *s, const char *release)
{
	snprintf(s->facts.release, sizeof(s->facts.release), "%s", release);
}

SCENE_TEST(first_edge)
{
	s->case_.expect.edge = (struct ka_edge){ DEATH_EDGE, "6.11", EPOLLERR };
	set_release(s, "6.12.1");
	scene_expect(s, KA_PASS, "");
	/* one that sees ERR first, and the rest later */
	scene_add(s, scene_find_event(s, KA_EV_EPOLL, 1)->t_ns - US, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_EPOLL,
				     .epoll = { KA_EPOLL_FULL, EPOLLERR | EPOLLOUT } });
	scene_expect_only(s, KA_FAIL, "the first edge reports 0xc, must be 0x215d");
	set_release(s, "6.10.14");
	scene_expect(s, KA_PASS, "");
	s->case_.expect.edge.before = EPOLLHUP;
	scene_expect_only(s, KA_FAIL, "the first edge reports 0xc, must contain 0x10");
}

TEST(releases)
{
	assert_true(ka_release_reaches("6.11", "6.11"));
	assert_true(ka_release_reaches("6.11.0-rc1", "6.11"));
	assert_true(ka_release_reaches("7.0", "6.11"));
	assert_false(ka_release_reaches("6.9.1", "6.11"));
	assert_false(ka_release_reaches("5.15", "6.11"));
}

/* A socket that is used again: what its old connection sent is not judged. */
SCENE_TEST(an_old_connection)
{
	const struct ka_step again = { .do_ = KA_DISCONNECT, .who = KA_PROBER };
	int64_t ns = s->events[0].t_ns - 10 * MS;

	scene_packet(
		s, ns - MS,
		(struct ka_packet){ .out = true, .kind = KA_SEG_RST, .flags = TH_RST | TH_ACK });
	scene_judge(s);
	assert_int_equal(s->verdict.kind, KA_FAIL);
	scene_step(s, again);
	scene_done(s, ns - 2 * MS, ns, (int)s->case_.n_steps - 1);
	scene_expect(s, KA_PASS, "");
}
