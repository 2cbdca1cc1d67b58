/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real program is the prober: its kernel's clock, its own, and what it does by itself. */
#include <math.h>
#include <netinet/tcp.h>

#include "model/util.h"
#include "scene.h"

#define AT_ONCE (200 * US)
#define NEVER   0

static struct ka_event *rst(struct scene *s)
{
	return scene_find(s, KA_SEG_RST, 0);
}

/* ---- the two clocks ----------------------------------------------------------------------------- */

SCENE_TEST(it_notices_at_once)
{
	scene_of_program(s, AT_ONCE);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	assert_true(s->verdict.have_off);
	assert_int_equal(s->verdict.off_jiffies, 0);
	assert_true(s->verdict.kernel_end_s == s->verdict.detect_s);
	assert_true(s->verdict.program_end_s > s->verdict.kernel_end_s);
}

SCENE_TEST(it_notices_late)
{
	scene_of_program(s, 5000 * MS);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_LATE);
	assert_true(fabs(s->verdict.program_end_s - s->verdict.kernel_end_s - 5) < 1e-6);
}

/* The kernel did all it must: the failure has a class of its own. */
SCENE_TEST(it_never_lets_go)
{
	scene_of_program(s, NEVER);
	scene_expect_program(s, KA_FAIL, "never lets go of a socket that the kernel has ended",
			     KA_PROGRAM_NEVER);
	scene_expect_code(s, KA_FAIL, KA_FIND_PROGRAM_HOLDS);
	assert_int_equal(ka_finding_class(KA_FIND_PROGRAM_HOLDS), KA_OF_PROGRAM);
	assert_false(ka_finding_is_kernel(KA_FIND_PROGRAM_HOLDS));
}

/* A watch that is shorter than the program's patience proves nothing. */
SCENE_TEST(it_had_no_patience)
{
	scene_of_program(s, NEVER);
	s->program.patience_s = 12;
	scene_expect(s, KA_BROKEN, "that the program had its patience");
}

SCENE_TEST(the_kernel_is_early)
{
	scene_of_program(s, AT_ONCE);
	scene_shift(s, rst(s), -30 * TICK);
	scene_expect_program(s, KA_FAIL, "too early", KA_PROGRAM_NOTICES);
	assert_true(ka_finding_is_kernel(s->verdict.findings.list[0].code));
}

SCENE_TEST(the_kernel_is_late)
{
	scene_of_program(s, AT_ONCE);
	scene_shift(s, rst(s), 30 * TICK);
	scene_expect_program(s, KA_FAIL, "too late", KA_PROGRAM_NOTICES);
}

/* Whose failure it is must not hide whose it is, too. */
SCENE_TEST(both_fail)
{
	scene_of_program(s, NEVER);
	scene_shift(s, rst(s), 30 * TICK);
	scene_expect_program(s, KA_FAIL, "never lets go", KA_PROGRAM_NEVER);
	assert_true(ka_findings_any(&s->verdict.findings, ka_finding_is_kernel));
	assert_true(ka_findings_any(&s->verdict.findings, ka_finding_is_program));
}

static bool is_busy(enum ka_finding_code code)
{
	return code == KA_FIND_PROGRAM_BUSY;
}

SCENE_TEST(it_runs_in_circles)
{
	scene_of_program(s, NEVER);
	scene_expect_program(s, KA_FAIL, "never lets go", KA_PROGRAM_NEVER);
	assert_false(ka_findings_any(&s->verdict.findings, is_busy));
	scene_process(s, rst(s)->t_ns + 10000 * MS, KA_PROC_BUSY, 99);
	scene_expect_program(s, KA_FAIL, "never lets go", KA_PROGRAM_NEVER);
	assert_true(ka_findings_any(&s->verdict.findings, is_busy));
}

SCENE_TEST(it_dies_of_it)
{
	scene_of_program(s, AT_ONCE);
	scene_process(s, rst(s)->t_ns + 150 * US, KA_PROC_KILLED, 13);
	scene_expect_program(s, KA_FAIL, "killed by SIGPIPE", KA_PROGRAM_DIED);
	scene_expect_code(s, KA_FAIL, KA_FIND_PROGRAM_DIED);
}

/* What was set up before it is another process. */
SCENE_TEST(it_dies_after_a_set_up)
{
	int64_t began_ns;

	scene_of_program(s, AT_ONCE);
	began_ns = scene_find_event(s, KA_EV_PROCESS, 0)->t_ns;
	scene_process(s, began_ns - 2 * MS, KA_PROC_STARTED, 0)->process.pid = 7;
	scene_process(s, began_ns - 1 * MS, KA_PROC_EXITED, 0)->process.pid = 7;
	scene_process(s, rst(s)->t_ns + 150 * US, KA_PROC_KILLED, 13);
	scene_expect_program(s, KA_FAIL, "killed by SIGPIPE", KA_PROGRAM_DIED);
}

/* A client may say with its status that its connection has failed, a server may not. */
SCENE_TEST(it_fails_with_its_connection)
{
	scene_of_program(s, AT_ONCE);
	scene_process(s, rst(s)->t_ns + 150 * US, KA_PROC_EXITED, 56);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	s->program.role = KA_SERVER;
	scene_expect_program(s, KA_FAIL, "ended with status 56", KA_PROGRAM_DIED);
}

/* The bench ends what still runs when the instance is over. */
SCENE_TEST(it_is_killed_when_all_is_over)
{
	scene_of_program(s, AT_ONCE);
	scene_process(s, scene_find_event(s, KA_EV_END, 0)->t_ns + MS, KA_PROC_KILLED, 9);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
}

/* ---- its counterpart comes back ------------------------------------------------------------------- */

static void comes_back(struct scene *s, enum ka_role role, enum ka_process_act act)
{
	scene_of_program(s, AT_ONCE);
	s->program.role = role;
	s->case_.returns = (struct ka_time){ .ms = 1000 };
	scene_process(s, scene_find_event(s, KA_EV_END, 0)->t_ns + MS, act, 1000);
}

SCENE_TEST(it_serves_again)
{
	comes_back(s, KA_SERVER, KA_PROC_RETURNS);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
}

SCENE_TEST(it_serves_no_more)
{
	comes_back(s, KA_SERVER, KA_PROC_STAYS_AWAY);
	scene_expect_program(s, KA_FAIL, "serves no more: its counterpart was back for 1.000 s",
			     KA_PROGRAM_NOTICES);
	scene_expect_code(s, KA_FAIL, KA_FIND_PROGRAM_SERVES_NO_MORE);
	assert_int_equal(ka_finding_class(KA_FIND_PROGRAM_SERVES_NO_MORE), KA_OF_PROGRAM);
}

/* That a client does not connect again is an answer. */
SCENE_TEST(it_does_not_connect_again)
{
	comes_back(s, KA_CLIENT, KA_PROC_STAYS_AWAY);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
}

SCENE_TEST(whether_it_serves_was_not_tried)
{
	scene_of_program(s, AT_ONCE);
	s->case_.returns = (struct ka_time){ .ms = 1000 };
	scene_expect(s, KA_BROKEN, "could not be tried");
}

/* ---- it closes first ---------------------------------------------------------------------------- */

/* After the drop and before the first probe its own timeout is over. */
static int64_t closing(struct scene *s)
{
	int64_t ns;

	scene_of_program(s, AT_ONCE);
	ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns - 300 * MS;
	while (scene_find(s, KA_SEG_PROBE, 0))
		scene_remove(s, scene_find(s, KA_SEG_PROBE, 0));
	return ns;
}

SCENE_TEST(it_closes_first)
{
	int64_t ns = closing(s);

	scene_remove(s, rst(s));
	scene_remove(s, scene_find_event(s, KA_EV_HOLD, 1));
	scene_fin_out(s, ns);
	scene_hold(s, ns + 50 * US, 0);
	scene_diag(s, ns + 60 * US, TCP_FIN_WAIT1, 1, 200);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	assert_true(isnan(s->verdict.detect_s));
	assert_true(s->verdict.program_end_s < 1);
	assert_true(s->verdict.kernel_end_s > 4);
}

/* The kernel's RST comes before the program's close: the kernel ended it, and too early. */
SCENE_TEST(it_closes_after_an_early_kernel)
{
	int64_t ns = closing(s);

	rst(s)->t_ns = ns - MS;
	scene_shift(s, rst(s), 0);
	ka_timeline_sort(&s->timeline);
	scene_expect_program(s, KA_FAIL, "too early", KA_PROGRAM_LATE);
}

/* close() of unread data, or with SO_LINGER 0: the counters tell whose RST it is. */
SCENE_TEST(it_closes_with_a_rst)
{
	int64_t ns = closing(s);

	rst(s)->t_ns = ns;
	scene_find_event(s, KA_EV_HOLD, 1)->t_ns = ns + 50 * US;
	ka_timeline_sort(&s->timeline);
	scene_find_counter(s, "TcpExt.TCPAbortOnTimeout")->counter.delta = 0;
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 0;
	scene_expect(s, KA_FAIL, "too early");
	scene_counter(s, "TcpExt.TCPAbortOnClose", 1);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	scene_find_counter(s, "TcpExt.TCPAbortOnTimeout")->counter.delta = 1;
	scene_expect(s, KA_FAIL, "too early");
}

/* Its FIN waits behind data that cannot be sent: nobody holds what the kernel still has. */
SCENE_TEST(it_closes_without_a_word)
{
	int64_t ns = closing(s);

	scene_remove(s, rst(s));
	scene_remove(s, scene_find_event(s, KA_EV_HOLD, 1));
	scene_hold(s, ns, 0);
	scene_diag(s, ns + 10 * US, TCP_FIN_WAIT1, 4, 200);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	/* sock_diag need not have been asked again until that was over */
	scene_remove(s, scene_find_event(s, KA_EV_DIAG, 1));
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	/* the same at the kernel's end is a notice */
	scene_silent_drop(s, &scene_ordinary);
	scene_of_program(s, AT_ONCE);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
}

/* ... a living connection: what it does with it is its own affair. */
SCENE_TEST(it_closes_a_living_one)
{
	int64_t ns;

	scene_alive(s, 3);
	scene_of_program(s, AT_ONCE);
	ns = scene_find_event(s, KA_EV_END, 0)->t_ns - 50 * MS;
	scene_fin_out(s, ns);
	scene_hold(s, ns + 50 * US, 0);
	scene_diag(s, scene_find_event(s, KA_EV_END, 0)->t_ns, 0, 0, 0);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	/* its clock began with the handshake, since nothing was ever said; answers to probes do not set
	 * it back */
	assert_true(s->verdict.program_end_s > 3.4);
	scene_rx(s, ns - 200 * MS, 10);
	scene_expect(s, KA_PASS, "");
	assert_true(fabs(s->verdict.program_end_s - 0.2) < 0.001);
}

SCENE_TEST(it_closes_before_the_fault)
{
	int64_t ns;

	closing(s);
	scene_remove(s, rst(s));
	scene_remove(s, scene_find_event(s, KA_EV_HOLD, 1));
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns + 100 * US;
	scene_fin_out(s, ns);
	scene_hold(s, ns + 50 * US, 0);
	scene_expect_code(s, KA_BROKEN, KA_FIND_PROGRAM_CLOSED);
	assert_int_equal(s->verdict.program, KA_PROGRAM_NOT_JUDGED);
}

/* What is looked at, or met, after that, is no concern of the kernel's. */
SCENE_TEST(it_closes_before_somebody_looks)
{
	struct ka_event *end;
	int64_t ns = closing(s);

	scene_step(s, (struct ka_step){ .do_ = KA_DIAG_IS, .who = KA_PROBER });
	scene_remove(s, rst(s));
	scene_remove(s, scene_find_event(s, KA_EV_HOLD, 1));
	scene_fin_out(s, ns);
	scene_hold(s, ns + 50 * US, 0);
	scene_done(s, ns + MS, ns + 2 * MS, 3);
	scene_check(s, 3, false, "the gateway has forgotten the connection, must know it");
	scene_fault(s, -1, 0);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	scene_find_event(s, KA_EV_STEP, 3)->t_ns = ns - MS;
	ka_timeline_sort(&s->timeline);
	scene_expect_program(s, KA_FAIL, "must know it", KA_PROGRAM_CLOSED);
	/* a RST that comes while somebody is about to look has ended it all the same */
	scene_reset(s, &scene_ordinary);
	scene_step(s, (struct ka_step){ .do_ = KA_DIAG_IS, .who = KA_PROBER });
	scene_of_program(s, AT_ONCE);
	end = scene_find_event(s, KA_EV_END, 0);
	end->end.step = 3;
	s->complete = true;
	scene_counter(s, "TcpExt.TCPTimeouts", 0);
	scene_expect(s, KA_PASS, "");
	s->steps[3] = (struct ka_step){ .do_ = KA_FREEZE, .who = KA_PEER };
	scene_expect(s, KA_FAIL, "before step 4 took effect");
}

/* What was just being done to it is no record yet: its counterpart read no more. */
SCENE_TEST(it_closes_under_the_fault)
{
	int64_t ns;

	closing(s);
	scene_remove(s, rst(s));
	scene_remove(s, scene_find_event(s, KA_EV_HOLD, 1));
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns + 100 * US;
	scene_fin_out(s, ns);
	scene_hold(s, ns + 50 * US, 0);
	scene_remove(s, scene_find_event(s, KA_EV_STEP, 2));
	scene_remove(s, scene_find_event(s, KA_EV_FAULT, 0));
	s->complete = true;
	scene_counter(s, "Tcp.RetransSegs", 0);
	scene_find_event(s, KA_EV_END, 0)->end.step = 2;
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_CLOSED);
	scene_find_event(s, KA_EV_END, 0)->end.step = 1;
	scene_expect_code(s, KA_BROKEN, KA_FIND_PROGRAM_CLOSED);
}

/* ---- it sends what nobody acknowledges ---------------------------------------------------------- */

static const struct ka_sysctl three_retries = { .who = KA_PROBER,
						.key = "net/ipv4/tcp_retries2",
						.value = "3" };

/* The plan says keepalive; the program spoke after the drop, and @end_ms later the kernel gave up. */
static void speaking(struct scene *s, int64_t end_ms)
{
	int64_t ns, end_ns;

	s->case_.sysctls[0] = three_retries;
	scene_of_program(s, AT_ONCE);
	ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns - 300 * MS;
	while (scene_find(s, KA_SEG_PROBE, 0))
		scene_remove(s, scene_find(s, KA_SEG_PROBE, 0));
	scene_remove(s, rst(s));
	scene_data_out(s, ns, KA_SEG_DATA, 10);
	scene_data_out(s, ns + 212 * MS, KA_SEG_RETRANSMIT, 10);
	scene_data_out(s, ns + 630 * MS, KA_SEG_RETRANSMIT, 10);
	end_ns = ns + end_ms * MS;
	scene_find_event(s, KA_EV_DIAG, 1)->t_ns = end_ns;
	scene_find_event(s, KA_EV_HOLD, 1)->t_ns = end_ns + 100 * US;
	scene_find_event(s, KA_EV_END, 0)->t_ns = end_ns + MS;
	scene_diag(s, end_ns - 2 * TICK, TCP_ESTABLISHED, 1, 4);
	ka_timeline_sort(&s->timeline);
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 0;
}

SCENE_TEST(it_speaks_to_nobody)
{
	speaking(s, 6630);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	assert_true(s->verdict.detect_s > 7);
}

SCENE_TEST(it_speaks_and_the_kernel_is_early)
{
	speaking(s, 3100);
	scene_expect_program(s, KA_FAIL, "too early", KA_PROGRAM_NOTICES);
}

SCENE_TEST(it_speaks_and_the_kernel_is_late)
{
	speaking(s, 16000);
	scene_expect_program(s, KA_FAIL, "too late", KA_PROGRAM_NOTICES);
}

/* It is only known that it was there at one look, and gone at the next: in doubt it was in time. */
SCENE_TEST(it_speaks_and_few_looks)
{
	speaking(s, 16000);
	scene_find_event(s, KA_EV_DIAG, 1)->t_ns -= 10000 * MS;
	ka_timeline_sort(&s->timeline);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
}

/* A host that forgot answers what the program says with a RST at once: no probe is needed. */
SCENE_TEST(it_speaks_to_one_that_forgot)
{
	int64_t ns;

	scene_reset(s, &scene_ordinary);
	scene_of_program(s, AT_ONCE);
	ns = rst(s)->t_ns;
	scene_remove(s, scene_find(s, KA_SEG_PROBE, 0));
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 0;
	scene_data_out(s, ns - 80 * US, KA_SEG_DATA, 10);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	scene_shift(s, rst(s), 500 * MS);
	scene_expect_program(s, KA_FAIL, "too late", KA_PROGRAM_NOTICES);
}

/* Without keepalive only what it says could end it, and the watch is over before that. */
static void forgetful(struct scene *s, int64_t watch_ms)
{
	int64_t ns;

	scene_alive(s, 3);
	while (scene_find(s, KA_SEG_PROBE, 0))
		scene_remove(s, scene_find(s, KA_SEG_PROBE, 0));
	while (scene_find(s, KA_SEG_ANSWER, 0))
		scene_remove(s, scene_find(s, KA_SEG_ANSWER, 0));
	s->case_.from = KA_FROM_NOWHERE;
	s->case_.expect.answered = 0;
	s->case_.sysctls[0] = three_retries;
	ka_predict(&s->instance, &s->facts, &s->prediction);
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 0;
	scene_of_program(s, AT_ONCE);
	ns = scene_find(s, KA_SEG_SYN_ACK, 0)->t_ns + watch_ms * MS;
	scene_find_event(s, KA_EV_END, 0)->t_ns = ns;
	scene_find_event(s, KA_EV_DIAG, 0)->t_ns = ns - MS;
	ka_timeline_sort(&s->timeline);
}

SCENE_TEST(it_lives_without_keepalive)
{
	forgetful(s, 15000);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_LIVES);
	scene_diag(s, scene_find_event(s, KA_EV_END, 0)->t_ns - 11000 * MS, 0, 0, 0);
	scene_expect_program(s, KA_FAIL, "must live", KA_PROGRAM_NEVER);
}

SCENE_TEST(it_speaks_and_is_watched_too_short)
{
	int64_t ns;

	forgetful(s, 4000);
	ns = scene_find(s, KA_SEG_SYN_ACK, 0)->t_ns + 1000 * MS;
	scene_data_out(s, ns, KA_SEG_DATA, 10);
	scene_data_out(s, ns + 212 * MS, KA_SEG_RETRANSMIT, 10);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_LIVES);
	/* long enough for the retransmission limit */
	scene_find_event(s, KA_EV_END, 0)->t_ns += 60000 * MS;
	scene_expect(s, KA_FAIL, "not noticed");
}

/* It spoke after the drop; in real time nobody waits a quarter of an hour for that. */
SCENE_TEST(it_speaks_and_is_not_waited_for)
{
	int64_t ns;

	speaking(s, 6630);
	s->case_.sysctls[0].key = NULL; /* tcp_retries2 is 15 */
	scene_find_event(s, KA_EV_END, 0)->end.why = KA_END_OVERDUE;
	scene_find_event(s, KA_EV_END, 0)->t_ns += 5000 * MS;
	scene_remove(s, scene_find_event(s, KA_EV_HOLD, 1));
	scene_remove(s, scene_find_event(s, KA_EV_DIAG, 2));
	scene_expect(s, KA_SKIP, "server sent something into the silence: retransmission limit");
	/* what it waited for in vain is a failure all the same, if it was due */
	s->case_.sysctls[0] = three_retries;
	scene_expect(s, KA_FAIL, "not noticed");
	/* and so is what is wrong before the end */
	s->case_.sysctls[0].key = NULL;
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	scene_probe(s, ns + 100 * MS);
	scene_expect(s, KA_FAIL, "idle is 1 s");
}

/* How long the engine is to wait for what the program made of the plan. */
SCENE_TEST(it_speaks_and_needs_patience)
{
	struct ka_settled was;

	speaking(s, 6630);
	s->case_.sysctls[0].key = NULL;
	ka_settle(&s->instance, &s->facts, &s->prediction, &s->timeline, &was);
	assert_true(was.prediction.give_up_s > 924);
	assert_true(was.since_ns == scene_find(s, KA_SEG_DATA, 1)->t_ns);
	assert_true(s->prediction.give_up_s < 10);
}

/* ---- it cannot send ------------------------------------------------------------------------------ */

/* The window is closed and data waits: window probes, tcp_retries2 of them, and no RST. */
static void stuck(struct scene *s)
{
	struct ka_event *data;
	int64_t ns, end_ns;

	s->case_.sysctls[0] = three_retries;
	scene_of_program(s, AT_ONCE);
	ns = scene_find(s, KA_SEG_DATA, 0)->t_ns;
	data = scene_find(s, KA_SEG_DATA, 0);
	data->packet.window = 0;
	for (int k = 0; k < 3; k++)
		scene_find(s, KA_SEG_PROBE, k)->t_ns =
			ns + (212 + 420 * (k > 0) + 836 * (k > 1)) * MS;
	scene_remove(s, rst(s));
	scene_diag(s, ns + MS, TCP_ESTABLISHED, 4, 200);
	end_ns = ns + 3150 * MS;
	scene_find_event(s, KA_EV_DIAG, 2)->t_ns = end_ns;
	scene_find_event(s, KA_EV_HOLD, 1)->t_ns = end_ns + 100 * US;
	scene_find_event(s, KA_EV_END, 0)->t_ns = end_ns + MS;
	ka_timeline_sort(&s->timeline);
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 0;
	scene_find_counter(s, "TcpExt.TCPKeepAlive")->counter.delta = 0;
	scene_counter(s, "TcpExt.TCPWinProbe", 3);
}

SCENE_TEST(it_waits_for_a_window)
{
	stuck(s);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	scene_find_event(s, KA_EV_DIAG, 2)->t_ns -= 1000 * MS;
	ka_timeline_sort(&s->timeline);
	scene_expect_program(s, KA_FAIL, "too early", KA_PROGRAM_LATE);
}

/* ---- the other end ------------------------------------------------------------------------------- */

SCENE_TEST(a_rst_answers_its_first_probe)
{
	scene_reset(s, &scene_ordinary);
	scene_of_program(s, AT_ONCE);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	scene_reset(s, &scene_ordinary);
	scene_of_program(s, NEVER);
	scene_expect_program(s, KA_FAIL, "never lets go of a socket that the kernel has ended",
			     KA_PROGRAM_NEVER);
}

SCENE_TEST(the_other_end_closes)
{
	scene_eof(s);
	scene_of_program(s, AT_ONCE);
	scene_expect_program(s, KA_PASS, "", KA_PROGRAM_NOTICES);
	scene_eof(s);
	scene_of_program(s, NEVER);
	scene_expect_program(s, KA_FAIL, "CLOSE_WAIT", KA_PROGRAM_NEVER);
}
