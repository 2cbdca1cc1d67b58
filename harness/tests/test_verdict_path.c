/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging what happens inside the prober's own host: probes that no wire shows, attempts that its
 * device refuses, errors that are kept, and errors that are only reported.
 */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "model/util.h"
#include "scene.h"

/* ---- probes that never reach the device ----------------------------------------------------- */

static void remove_all(struct scene *s, enum ka_segment kind)
{
	while (scene_find(s, kind, 0))
		scene_remove(s, scene_find(s, kind, 0));
}

/* As scene_silent_drop(), but nothing of it is on the wire. */
static void scene_unseen(struct scene *s)
{
	scene_silent_drop(s, &scene_ordinary);
	s->steps[2].place = KA_PROBER_OUTPUT;
	s->case_.expect.unseen = true;
	s->case_.expect.rst_sent = 0;
	s->case_.expect.counters[0] = (struct ka_counter_want){ "TcpExt.TCPAbortFailed", 1 };
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	remove_all(s, KA_SEG_PROBE);
	remove_all(s, KA_SEG_RST);
	scene_find_counter(s, "TcpExt.TCPAbortFailed")->counter.delta = 1;
}

SCENE_TEST(unseen_probes_are_counted)
{
	scene_unseen(s);
	scene_expect(s, KA_PASS, "");
	assert_int_equal(s->verdict.probes, 3);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 2;
	scene_expect_only(s, KA_FAIL, "2 unanswered probes, must be 3");
	scene_unseen(s);
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 0;
	scene_expect_only(s, KA_FAIL, "OutRsts moved by 0, must be 1");
	scene_unseen(s);
	scene_find_counter(s, "TcpExt.TCPAbortFailed")->counter.delta = 0;
	scene_expect_only(s, KA_FAIL, "TCPAbortFailed moved by 0, must be 1");
	scene_unseen(s);
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.probes = 2;
	scene_expect_only(s, KA_FAIL, "TCP_INFO counts 2 probes");
}

SCENE_TEST(unseen_means_unseen)
{
	scene_unseen(s);
	scene_probe(s, scene_find(s, KA_SEG_DATA, 0)->t_ns + 254 * TICK);
	scene_expect(s, KA_FAIL, "1 unanswered probes reached the wire");
	/* and where the wire should show them, its silence is a fault of the observer */
	scene_unseen(s);
	s->case_.expect.unseen = false;
	scene_expect(s, KA_BROKEN, "the capture lost the probes");
	/* unless the device is known to have refused them */
	s->steps[2] = (struct ka_step){ .do_ = KA_REFUSE, .who = KA_PROBER };
	scene_expect(s, KA_FAIL, "0 unanswered probes, must be 3");
}

/* The end is taken from the socket's first event. */
SCENE_TEST(unseen_end_has_its_window)
{
	scene_unseen(s);
	s->facts.phase_known = false;
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -16 * TICK);
	scene_expect_only(s, KA_FAIL, "too early");
	scene_unseen(s);
	s->facts.phase_known = false;
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), 16 * TICK);
	scene_expect_only(s, KA_FAIL, "too late");
}

/* ---- soft errors -------------------------------------------------------------------------------- */

/* Call @n of the post-mortem. */
static struct ka_call *call(struct scene *s, int n)
{
	return &scene_find_event(s, KA_EV_CALL, n)->call;
}

static void scene_soft(struct scene *s)
{
	scene_silent_drop(s, &scene_ordinary);
	s->case_.expect.error = EHOSTUNREACH;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	call(s, 0)->err = EHOSTUNREACH;
	call(s, 1)->ret = EHOSTUNREACH;
}

SCENE_TEST(soft_error_comes_twice)
{
	scene_soft(s);
	scene_expect(s, KA_PASS, "");
	call(s, 1)->ret = 0;
	scene_expect_only(s, KA_FAIL, "does not give the soft error once more");
	call(s, 1)->ret = ENETUNREACH;
	scene_expect_only(s, KA_FAIL, "another error after the first");
	scene_silent_drop(s, &scene_ordinary);
	call(s, 1)->ret = ETIMEDOUT;
	scene_expect_only(s, KA_FAIL, "gives the error a second time");
}

SCENE_TEST(error_queue_is_empty)
{
	int64_t ns;

	ns = scene_find_event(s, KA_EV_CALL, 0)->t_ns + US;
	scene_call(s, ns, KA_CALL_ERROR_QUEUE, -1, EAGAIN);
	scene_expect(s, KA_PASS, "");
	call(s, 1)->ret = EHOSTUNREACH;
	scene_expect_only(s, KA_FAIL, "error queue is not empty");
}

/* ---- reports -------------------------------------------------------------------------------------- */

/* Data, and 0.208 s later its first retransmission meets an error that is reported. */
static void scene_report(struct scene *s)
{
	static const char *const still[] = { "Tcp.EstabResets", "TcpExt.TCPAbortOnTimeout" };
	int64_t ns = 100000 * MS;

	scene_init(s, KA_FIRST_RETRANSMIT);
	s->case_.expect.error = EHOSTUNREACH;
	s->case_.expect.survives = true;
	s->case_.expect.events = EPOLLERR;
	s->case_.expect.events_full = EPOLLERR | EPOLLOUT | EPOLLWRNORM;
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){
			      .do_ = KA_SEND, .who = KA_PROBER, .bytes = 10, .unacked = true });
	scene_begin(s, ns);
	for (int k = 0; k < 2; k++)
		scene_in_flight(s, ns + 10 * MS + k * 208 * MS,
				k ? KA_SEG_RETRANSMIT : KA_SEG_DATA);
	ns += 10 * MS + 208 * MS + 50 * US;
	scene_epoll(s, ns, EPOLLERR, EPOLLERR | EPOLLOUT | EPOLLWRNORM);
	scene_info(s, ns + US, TCP_ESTABLISHED, 0);
	scene_call(s, ns + 2 * US, KA_CALL_READ, -1, EHOSTUNREACH);
	scene_call(s, ns + 3 * US, KA_CALL_SO_ERROR, 0, 0);
	scene_call(s, ns + 4 * US, KA_CALL_READ, -1, EAGAIN);
	scene_call(s, ns + 5 * US, KA_CALL_WRITE, 1, 0);
	for (size_t i = 0; i < KA_N(still); i++)
		scene_counter(s, still[i], 0);
	scene_end(s, ns + MS, KA_END_DIED);
}

SCENE_TEST(report_is_no_end)
{
	scene_report(s);
	scene_expect(s, KA_PASS, "");
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.state = TCP_CLOSE;
	scene_expect_only(s, KA_FAIL, "must be established");
	scene_report(s);
	*call(s, 2) = (struct ka_call){ .name = KA_CALL_READ, .after_end = true };
	scene_expect_only(s, KA_FAIL, "read() does not go on");
	scene_report(s);
	call(s, 3)->ret = -1;
	call(s, 3)->err = EPIPE;
	scene_expect_only(s, KA_FAIL, "write() fails after the report");
	scene_report(s);
	scene_find_counter(s, "Tcp.EstabResets")->counter.delta = 1;
	scene_expect_only(s, KA_FAIL, "EstabResets moved by 1, must be 0");
	scene_report(s);
	s->case_.expect.survives = false;
	scene_expect(s, KA_FAIL, "state 1 after the end");
}

SCENE_TEST(report_has_its_window)
{
	scene_report(s);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -20 * MS);
	scene_expect_only(s, KA_FAIL, "too early");
	scene_report(s);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), 300 * MS);
	scene_expect_only(s, KA_FAIL, "too late");
	/* in an old kernel or at once, if the error was not dropped the first time; never between */
	scene_report(s);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -208 * MS);
	snprintf(s->facts.release, sizeof(s->facts.release), "6.5.0");
	scene_expect_only(s, KA_FAIL, "too early");
	snprintf(s->facts.release, sizeof(s->facts.release), "6.1.192");
	scene_expect(s, KA_PASS, "");
	scene_report(s);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -200 * MS);
	scene_expect_only(s, KA_FAIL, "too early");
}

/* ---- data that is stuck in the host ------------------------------------------------------------- */

/* The user timeout counts from the write, not from a retransmission that never was. */
SCENE_TEST(stuck_data_counts_from_the_write)
{
	struct ka_event *write;

	scene_unacked(s);
	s->instance.setting.user_timeout_ms = 3000;
	s->case_.expect.unseen = true;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	write = scene_find(s, KA_SEG_DATA, 0);
	scene_call(s, write->t_ns, KA_CALL_WRITE, 10, 0);
	scene_find_event(s, KA_EV_CALL, 0)->call.after_end = false;
	remove_all(s, KA_SEG_DATA);
	remove_all(s, KA_SEG_RETRANSMIT);
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), (3015 - 6630) * MS);
	scene_expect(s, KA_PASS, "");
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), -30 * MS);
	scene_expect_only(s, KA_FAIL, "after the last write, 2 jiffies too early");
	/* not even in flight: the persist timer counts what it could not send */
	scene_shift(s, scene_find_event(s, KA_EV_EPOLL, 0), 230 * MS);
	s->case_.expect.when = KA_PERSIST_LIMIT;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	scene_find_counter(s, "TcpExt.TCPTimeouts")->counter.delta = 0;
	scene_expect_only(s, KA_FAIL, "TCP_INFO counts no window probe");
	scene_find_event(s, KA_EV_TCP_INFO, 0)->info.probes = 4;
	scene_expect(s, KA_PASS, "");
	s->case_.expect.when = KA_RETRANSMIT_LIMIT;
	s->instance.setting.user_timeout_ms = 0;
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), -EINVAL);
}

/* ---- attempts that the device refuses ------------------------------------------------------------ */

/* Refused from the beginning; 10 s later it lives. */
static void scene_refused(struct scene *s)
{
	int64_t ns = 100000 * MS;

	scene_init(s, KA_NEVER);
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	scene_step(s, (struct ka_step){ .do_ = KA_REFUSE, .who = KA_PROBER });
	scene_begin(s, ns);
	scene_done(s, ns + MS, ns + 2 * MS, 1);
	ns += 10000 * MS;
	scene_add(s, ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_DIAG,
				     .diag = { .found = true, .state = TCP_ESTABLISHED } });
	scene_info(s, ns, TCP_ESTABLISHED, 0);
	/* the first after 1.004 .. 1.032 s, then one every 128 jiffies */
	scene_counter(s, "TcpExt.TCPKeepAlive", 18);
	scene_fault(s, 1, 18);
	scene_end(s, ns, KA_END_WATCHED);
}

SCENE_TEST(refused_attempts_are_counted)
{
	scene_refused(s);
	scene_expect(s, KA_PASS, "");
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 20;
	scene_expect_only(s, KA_FAIL, "20 attempts refused by the device, must be 17 .. 19");
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 16;
	scene_expect_only(s, KA_FAIL, "16 attempts refused");
	/* as often as intvl: it counted them as probes */
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 9;
	scene_noise(s, 20 * MS);
	scene_expect_only(s, KA_FAIL, "9 attempts refused");
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 16;
	scene_expect(s, KA_PASS, ""); /* a noisy host loses some granules */
}
