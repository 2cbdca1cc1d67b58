/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging values that change under a living connection, the peer's counters, MPTCP, old kernels. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "judge/values.h"
#include "scene.h"

/* ---- live changes ------------------------------------------------------------------------------ */

/* The silent drop with one more step, done after the first probe. */
static void changed(struct scene *s, enum ka_from from, struct ka_step step)
{
	int64_t ns;

	scene_silent_drop(s, &scene_ordinary);
	ns = scene_find(s, KA_SEG_PROBE, 0)->t_ns + 300 * MS;
	s->case_.from = from;
	scene_step(s, step);
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	scene_done(s, ns, ns + MS, 3);
}

static struct ka_step sysctl(enum ka_who who, const char *key, const char *text)
{
	return (struct ka_step){ .do_ = KA_SYSCTL, .who = who, .key = key, .text = text };
}

SCENE_TEST(sysctls_are_replayed)
{
	const char *probes = "net/ipv4/tcp_keepalive_probes",
		   *intvl = "net/ipv4/tcp_keepalive_intvl";

	changed(s, KA_FROM_SYSCTL, sysctl(KA_PROBER, probes, "3"));
	scene_expect(s, KA_PASS, "");
	assert_true(s->prediction.changing);
	changed(s, KA_FROM_SYSCTL, sysctl(KA_PROBER, probes, "2"));
	scene_expect(s, KA_FAIL, "late");
	changed(s, KA_FROM_SYSCTL, sysctl(KA_PROBER, intvl, "2"));
	scene_expect(s, KA_FAIL, "early");
	/* another namespace, or a socket with values of its own */
	changed(s, KA_FROM_SYSCTL, sysctl(KA_PEER, probes, "2"));
	scene_expect(s, KA_PASS, "");
	changed(s, KA_FROM_OPTION, sysctl(KA_PROBER, probes, "2"));
	scene_expect(s, KA_PASS, "");
	assert_false(s->prediction.changing);
}

SCENE_TEST(options_are_replayed)
{
	struct ka_step step = { .do_ = KA_SETSOCKOPT,
				.who = KA_PROBER,
				.level = IPPROTO_TCP,
				.option = TCP_KEEPCNT,
				.value = KA_CNT };

	changed(s, KA_FROM_OPTION, step);
	scene_expect(s, KA_PASS, "");
	step.value = KA_CNT_PLUS(-1);
	changed(s, KA_FROM_OPTION, step);
	scene_expect(s, KA_FAIL, "late");
	step.option = TCP_KEEPINTVL;
	step.amount.intvl = 2;
	changed(s, KA_FROM_OPTION, step);
	scene_expect(s, KA_FAIL, "early");
	step.level = SOL_SOCKET; /* on, again */
	step.option = SO_KEEPALIVE;
	changed(s, KA_FROM_OPTION, step);
	scene_expect(s, KA_PASS, "");
}

/* Values without SO_KEEPALIVE run no timer until a step says so. */
SCENE_TEST(values_alone_are_no_keepalive)
{
	scene_init(s, KA_KEEPALIVE_EXPIRY);
	s->case_.from = KA_FROM_VALUES;
	s->case_.expect.error = ETIMEDOUT;
	scene_step(s, (struct ka_step){ .do_ = KA_CONNECT });
	assert_false(ka_begins_on(&s->case_));
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), -EINVAL);
	scene_step(s, (struct ka_step){ .do_ = KA_SETSOCKOPT,
					.who = KA_PROBER,
					.level = SOL_SOCKET,
					.option = SO_KEEPALIVE,
					.value = 1 });
	assert_true(ka_runs_keepalive(&s->instance));
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	assert_int_equal(ka_values_begin(&s->instance).idle, 1);
}

/* ---- the peer's counters ------------------------------------------------------------------------ */

SCENE_TEST(peer_counters)
{
	struct ka_event *moved;

	scene_counter(s, "TcpExt.TCPACKSkippedSeq", 5);
	moved = scene_find_counter(s, "TcpExt.TCPACKSkippedSeq");
	moved->at = KA_AT_SERVER;
	scene_expect(s, KA_PASS, ""); /* nobody asked */
	s->case_.expect.peer_counters[0] =
		(struct ka_counter_want){ "TcpExt.TCPACKSkippedSeq", KA_CNT };
	scene_expect_only(s, KA_FAIL, "the peer's TcpExt.TCPACKSkippedSeq moved by 5, must be 3");
	moved->counter.delta = 3;
	scene_expect(s, KA_PASS, "");
}

/* ---- the application hears late ----------------------------------------------------------------- */

/* Moves all that the application sees. */
static void notice_after(struct scene *s, int64_t ns)
{
	scene_silent_drop(s, &scene_ordinary);
	s->case_.expect.notice = (struct ka_time){ .ms = 2000 };
	scene_shift(s, scene_find(s, KA_SEG_RST, 0) + 1, ns);
}

SCENE_TEST(notice)
{
	notice_after(s, 2016 * MS);
	scene_expect(s, KA_PASS, "");
	notice_after(s, 1990 * MS);
	scene_expect_only(s, KA_FAIL, "heard of the end");
	notice_after(s, 2039 * MS);
	scene_expect(s, KA_PASS, "");
	notice_after(s, 2041 * MS);
	scene_expect_only(s, KA_FAIL, "heard of the end");
	notice_after(s, 0);
	scene_expect_only(s, KA_FAIL, "must be 1.996 .. ");
}

/* The thread that sets the timer ran 15 ms after the end, when it woke the application. */
SCENE_TEST(notice_counts_from_the_worker)
{
	int64_t end_ns;

	notice_after(s, 2054 * MS);
	scene_expect_only(s, KA_FAIL, "heard of the end 2.054");
	end_ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	scene_epoll(s, end_ns + 15 * MS, 0, 0x104);
	scene_expect(s, KA_PASS, "");
	notice_after(s, 2056 * MS);
	scene_epoll(s, end_ns + 15 * MS, 0, 0x104);
	scene_expect_only(s, KA_FAIL, "heard of the end 2.056");
	/* nor can it be as late as it likes */
	notice_after(s, 2090 * MS);
	scene_epoll(s, end_ns + 51 * MS, 0, 0x104);
	scene_expect_only(s, KA_FAIL, "heard of the end 2.090");
}

/* ---- MPTCP ---------------------------------------------------------------------------------------- */

static void speak_mptcp(struct scene *s, bool syn, bool syn_ack, bool probe)
{
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_SYN, 0)->packet.mptcp = syn;
	scene_find(s, KA_SEG_SYN_ACK, 0)->packet.mptcp = syn_ack;
	scene_find(s, KA_SEG_PROBE, 1)->packet.mptcp = probe;
}

SCENE_TEST(transport)
{
	speak_mptcp(s, true, true, true);
	scene_expect(s, KA_FAIL, "the SYN asks for MPTCP");
	s->case_.transport = KA_MPTCP;
	scene_expect(s, KA_PASS, "");
	s->case_.transport = KA_MPTCP_CLIENT;
	scene_expect_only(s, KA_FAIL, "the server accepts MPTCP");
	speak_mptcp(s, true, false, false);
	s->case_.transport = KA_MPTCP;
	scene_expect_only(s, KA_FAIL, "the server does not accept MPTCP");
	s->case_.transport = KA_MPTCP_CLIENT;
	scene_expect(s, KA_PASS, "");
	scene_find(s, KA_SEG_PROBE, 1)->packet.mptcp = true;
	scene_expect_only(s, KA_FAIL, "probe 2 of all has an MPTCP option");
	speak_mptcp(s, false, false, false);
	s->case_.transport = KA_MPTCP_CLIENT;
	scene_expect_only(s, KA_FAIL, "the SYN does not ask for MPTCP");
}

/* A socket without a subflow says ENOTCONN again and again; a TCP socket must not. */
SCENE_TEST(read_again)
{
	struct ka_event *read;

	speak_mptcp(s, true, false, false);
	read = scene_find_event(s, KA_EV_CALL, 2);
	read->call.ret = -1;
	read->call.err = ENOTCONN;
	s->case_.transport = KA_MPTCP_CLIENT;
	scene_expect(s, KA_PASS, "");
	read->call.err = ETIMEDOUT;
	scene_expect_only(s, KA_FAIL, "read() gives something after the error");
	speak_mptcp(s, false, false, false);
	read = scene_find_event(s, KA_EV_CALL, 2);
	read->call.ret = -1;
	read->call.err = ENOTCONN;
	scene_expect_only(s, KA_FAIL, "read() gives something after the error");
}

/* ---- old kernels ---------------------------------------------------------------------------------- */

static void set_release(struct scene *s, const char *release)
{
	snprintf(s->facts.release, sizeof(s->facts.release), "%s", release);
}

static void set_known(struct scene *s, const char *from, const char *mended)
{
	s->case_.known = (struct ka_known){ .reference = "the patch",
					    .from = from,
					    .mended = mended,
					    .findings = { KA_FIND_RST_COUNT, KA_FIND_COUNTER } };
}

/* A kernel that fails as it is known to; and one that does not. */
SCENE_TEST(known_failure)
{
	set_known(s, "6.12", "7.2, 7.1.6");
	set_release(s, "6.18.44");
	scene_expect_only(s, KA_FAIL, "passes, though declared known to fail: the patch");
	assert_int_equal(s->verdict.findings.list[0].code, KA_FIND_KNOWN_PASSES);
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 2;
	scene_expect(s, KA_KNOWN, "the patch: Tcp.OutRsts moved");
	/* kernels before the mistake, and behind the remedy */
	set_release(s, "6.11.9");
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	set_release(s, "7.1.6");
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	set_release(s, "7.1.5");
	scene_expect(s, KA_KNOWN, "the patch: ");
	set_known(s, NULL, NULL);
	set_release(s, "9.9");
	scene_expect(s, KA_KNOWN, "the patch: ");
	/* a tick that is too quick for it */
	s->case_.known.below_hz = s->facts.hz;
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	s->case_.known.below_hz++;
	scene_expect(s, KA_KNOWN, "the patch: ");
	/* other instances of the case */
	s->case_.known.instances = "*/v9/*";
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	s->case_.known.instances = "*";
	scene_expect(s, KA_KNOWN, "the patch: ");
}

/* What fails otherwise, or besides, is a failure; what did not happen is broken. */
SCENE_TEST(known_failure_is_no_excuse)
{
	set_known(s, NULL, NULL);
	s->case_.known.findings[1] = KA_FIND_NOTHING;
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 2;
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	set_known(s, NULL, NULL);
	scene_expect(s, KA_KNOWN, "the patch: ");
	scene_noise(s, 900 * MS);
	scene_expect(s, KA_BROKEN, "host stalled 900 ms");
}

/* A kernel that is too old for it comes first. */
SCENE_TEST(known_failure_of_an_old_kernel)
{
	s->case_.holds_from = (struct ka_since_release){ "6.17", "the fix" };
	set_known(s, NULL, NULL);
	set_release(s, "6.12.3");
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 2;
	scene_expect(s, KA_SKIP, "holds from Linux 6.17 on");
}

SCENE_TEST(old_kernel)
{
	s->case_.holds_from = (struct ka_since_release){ "6.17", "the fix" };
	set_release(s, "6.12.3-amd64");
	scene_expect(s, KA_PASS, ""); /* it has the fix nevertheless */
	scene_find_counter(s, "Tcp.OutRsts")->counter.delta = 2;
	scene_expect(s, KA_SKIP,
		     "holds from Linux 6.17 on (the fix), this is 6.12.3-amd64: "
		     "Tcp.OutRsts moved");
	set_release(s, "6.17.0-rc6");
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	/* nor is a stable kernel excused that got the fix */
	s->case_.holds_from.release = "6.17, 6.12.48";
	set_release(s, "6.12.48");
	scene_expect_only(s, KA_FAIL, "Tcp.OutRsts moved");
	/* what was no failure is no excuse: a stalled host is run again, on an old kernel, too */
	set_release(s, "6.12.3-amd64");
	scene_noise(s, 900 * MS);
	scene_expect(s, KA_BROKEN, "host stalled 900 ms");
	assert_true(ka_verdict_is_stall(&s->verdict));
}
