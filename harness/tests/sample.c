/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results, one of each kind; see sample.h. */
#include "sample.h"

#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "result/result.h"

#define MS(ms) (INT64_C(1000000) * (ms))
#define ZERO   MS(5000000) /* L on CLOCK_MONOTONIC */

static const struct ka_case cases[] = {
	{
		.name = "silent_drop",
		.declared = "cases/peer_vanishes.c:27",
		.why = "an idle prober gives up after idle + intvl * cnt, not before",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.topology = KA_ROUTED,
	},
	{
		.name = "peer_answers",
		.declared = "cases/peer_lives.c:9",
		.why = "a peer that answers is never given up",
		.source = "RFC 9293 3.8.4; tcp_ack()",
		.topology = KA_PAIR,
		.from = KA_FROM_SYSCTL,
	},
	{
		.name = "silent_idle",
		.declared = "cases/programs/redis.conf:12",
		.why = "an idle client that falls silent is noticed by what redis sets",
		.source = "tcp_keepalive_timer(); the program's own timeouts",
		.topology = KA_ROUTED,
	},
	{
		.name = "sysctl_negative",
		.declared = "cases/peer_lives.c:31",
		.why = "a negative value reads back as it was written",
		.source = "tcp_keepalive_time",
		.topology = KA_PAIR,
		.from = KA_FROM_SYSCTL,
		.known = { .reference = "proc_int_k2u_conv_kop(): \"<a divided sign>\"",
			   .findings = { KA_FIND_READS } },
	},
};

static const struct ka_program redis = {
	.name = "redis",
	.variant = "timeout-60",
	.declared = "cases/programs/redis.conf:12",
	.role = KA_SERVER,
};

static const struct ka_theme themes[] = {
	{ .name = "peer_vanishes", .title = "The peer vanishes without a word" },
	{ .name = "peer_lives", .title = "The peer is there" },
	{ .name = "redis", .title = "redis, with timeout 60" },
};

static const struct ka_facts facts = {
	.release = "6.18.44",
	.hz = 250,
	.tick_ns = MS(4),
	.noise_ns = 1234567,
};

static const struct ka_prediction expiry = {
	.when = KA_KEEPALIVE_EXPIRY,
	.lo_j = 1014,
	.hi_j = 1026,
	.p1_lo_j = 251,
	.p1_hi_j = 258,
	.gap_j = 256,
	.probes = 3,
	.error = ETIMEDOUT,
	.events = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP,
	.rst_sent = 1,
};

static const struct ka_prediction never = {
	.when = KA_NEVER,
	.gap_j = 256,
	.probes = KA_ANY,
	.rst_sent = 0,
};

static const struct ka_prediction closed = { .when = KA_PROGRAM_CLOSES, .probes = KA_ANY };

/* ---- timelines ---------------------------------------------------------------------------- */

struct script {
	struct ka_timeline timeline;
	int error;
};

static struct ka_event *add(struct script *script, int64_t ms, enum ka_at at, enum ka_what what)
{
	const struct ka_event event = { .t_ns = ZERO + MS(ms), .at = at, .what = what };

	script->error |= ka_timeline_add(&script->timeline, &event);
	return &script->timeline.events[script->timeline.n - 1];
}

static void add_step(struct script *script, int64_t ms, int index, const char *text)
{
	struct ka_event *event = add(script, ms, KA_AT_BENCH, KA_EV_STEP);

	event->step.index = index;
	snprintf(event->step.text, sizeof(event->step.text), "%s", text);
}

static void add_packet(struct script *script, int64_t us, enum ka_at at, bool out,
		       enum ka_segment kind, uint16_t len)
{
	struct ka_event *event = add(script, 0, at, KA_EV_PACKET);
	bool probe = kind == KA_SEG_PROBE;

	event->t_ns += us * 1000;
	event->packet = (struct ka_packet){
		.out = out,
		.kind = kind,
		.accepted = !out && !probe && kind != KA_SEG_RST,
		.seq = probe ? 0 : 1,
		.ack = 1,
		.len = len,
		.flags = kind == KA_SEG_RST ? TH_RST : TH_ACK,
		.tsval = (uint32_t)(us / 1000),
	};
}

/* A packet that leaves one end and reaches the other one 30 us later. */
static void add_passage(struct script *script, int64_t us, enum ka_at from, enum ka_at to,
			enum ka_segment kind, uint16_t len)
{
	add_packet(script, us, from, true, kind, len);
	add_packet(script, us + 30, to, false, kind, len);
	script->timeline.events[script->timeline.n - 1].packet.tsval = (uint32_t)(us / 1000);
}

static void add_counter(struct script *script, const char *name, int64_t delta)
{
	struct ka_event *event = add(script, 5000, KA_AT_CLIENT, KA_EV_COUNTER);

	snprintf(event->counter.name, sizeof(event->counter.name), "%s", name);
	event->counter.delta = delta;
}

static void add_end(struct script *script, int64_t ms, enum ka_end_why why, const char *text)
{
	struct ka_event *event = add(script, ms, KA_AT_BENCH, KA_EV_END);

	event->end.why = why;
	snprintf(event->end.text, sizeof(event->end.text), "%s", text);
}

static void add_diag(struct script *script, int64_t ms, uint8_t probes_out, uint32_t expires_ms)
{
	struct ka_event *event = add(script, ms, KA_AT_CLIENT, KA_EV_DIAG);

	event->diag = (struct ka_diag_sample){
		.found = true,
		.state = TCP_ESTABLISHED,
		.timer = 2,
		.probes_out = probes_out,
		.expires_ms = expires_ms,
	};
}

/* The network drops both ways after the first data; @end_ms: when the prober gives up. */
static void silence(struct script *script, int64_t end_ms)
{
	struct ka_event *event;

	add_step(script, -3, 0, "connect");
	add_passage(script, -2000, KA_AT_SERVER, KA_AT_CLIENT, KA_SEG_DATA, 64);
	add_packet(script, -1900, KA_AT_CLIENT, true, KA_SEG_ACK, 0);
	add_passage(script, -30, KA_AT_SERVER, KA_AT_CLIENT, KA_SEG_ACK, 0);
	add_step(script, 100, 2, "drop both ways");
	add_diag(script, 500, 0, 512);
	add_diag(script, 600, 0, 412);
	add_packet(script, 1023957, KA_AT_CLIENT, true, KA_SEG_PROBE, 0);
	add_diag(script, 1500, 1, 544);
	add_packet(script, 2047961, KA_AT_CLIENT, true, KA_SEG_PROBE, 0);
	add_packet(script, 3071946, KA_AT_CLIENT, true, KA_SEG_PROBE, 0);
	add_packet(script, end_ms * 1000, KA_AT_CLIENT, true, KA_SEG_RST, 0);
	event = add(script, end_ms, KA_AT_CLIENT, KA_EV_EPOLL);
	event->epoll.mask = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP;
	event = add(script, end_ms, KA_AT_CLIENT, KA_EV_CALL);
	event->call = (struct ka_call){ .name = KA_CALL_READ, .ret = -1, .err = ETIMEDOUT };
	event = add(script, 5000, KA_AT_GATEWAY, KA_EV_FAULT);
	event->fault = (struct ka_fault){ .step = 2, .hits = 4, .text = "drop both ways" };
	add_counter(script, "TcpExt.TCPKeepAlive", 3);
	add_counter(script, "TcpExt.TCPAbortOnTimeout", 1);
	add_counter(script, "TcpExt.TCPAbortOnData", 0);
	add_counter(script, "Tcp.OutRsts", 1);
	add_end(script, 5000, KA_END_DIED, "");
}

/* Four probes, four answers. */
static void answers(struct script *script)
{
	add_step(script, -4100, 0, "connect");
	for (int64_t s = -3; s <= 0; s++) {
		add_passage(script, s * 1024000 - 90, KA_AT_SERVER, KA_AT_CLIENT, KA_SEG_PROBE, 0);
		add_passage(script, s * 1024000 - 30, KA_AT_CLIENT, KA_AT_SERVER, KA_SEG_ANSWER, 0);
	}
	add_end(script, 4900, KA_END_WATCHED, "");
}

static void add_options(struct script *script, int64_t ms, bool listener)
{
	struct ka_event *event = add(script, ms, KA_AT_SERVER, KA_EV_OPTIONS);

	event->options = (struct ka_options_event){ .listener = listener,
						    .pid = 3,
						    .fd = 6 + !listener,
						    .n_holders = 1,
						    .comm = "redis-server",
						    .keepalive = !listener,
						    .idle = listener ? 7200 : 300,
						    .intvl = listener ? 75 : 100,
						    .cnt = listener ? 9 : 3 };
}

static void add_hold(struct script *script, int64_t ms, int n)
{
	add(script, ms, KA_AT_SERVER, KA_EV_HOLD)->hold.n = n;
}

/* redis-server with tcp-keepalive 300 until the kernel ends it, or until it closes. */
static void serves(struct script *script, int64_t end_ms, bool closes, bool lets_go)
{
	struct ka_event *event = add(script, -900, KA_AT_SERVER, KA_EV_PROCESS);

	event->process =
		(struct ka_process){ .act = KA_PROC_STARTED, .pid = 3, .name = "redis-server" };
	add_step(script, -800, 0, "connected");
	add_step(script, -700, 1, "greeted");
	add_hold(script, -700, 1);
	add_options(script, -600, true);
	add_options(script, -600, false);
	add_packet(script, 0, KA_AT_SERVER, false, KA_SEG_DATA, 6);
	for (int64_t k = 0; k < 3 && !closes; k++)
		add_packet(script, (301056 + k * 100352) * 1000, KA_AT_SERVER, true, KA_SEG_PROBE,
			   0);
	add_packet(script, end_ms * 1000, KA_AT_SERVER, true, closes ? KA_SEG_DATA : KA_SEG_RST, 0);
	if (lets_go)
		add_hold(script, end_ms, 0);
	add_end(script, end_ms + 20000, KA_END_DIED, "");
}

/* ---- verdicts ----------------------------------------------------------------------------- */

static struct ka_verdict expired(enum ka_verdict_kind kind, double detect_s)
{
	struct ka_verdict verdict = {
		.kind = kind,
		.window_s = { 4.056, 4.104 },
		.detect_s = detect_s,
		.notice_s = detect_s + 0.0003,
		.kernel_end_s = NAN,
		.program_end_s = NAN,
		.have_off = true,
		.off_jiffies = kind == KA_PASS ? 0 : 51,
		.error = ETIMEDOUT,
		.events = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP,
		.probes = 3,
		.gaps_s = { 1.024004, 1.023985 },
		.n_gaps = 2,
		.last_rx_ns = ZERO,
	};

	return verdict;
}

static struct ka_verdict no_end(enum ka_verdict_kind kind)
{
	struct ka_verdict verdict = {
		.kind = kind,
		.window_s = { NAN, NAN },
		.detect_s = NAN,
		.notice_s = NAN,
		.last_rx_ns = kind == KA_PASS ? ZERO : 0,
	};

	return verdict;
}

static struct ka_verdict of_program(enum ka_sample which)
{
	bool closes = which == KA_SAMPLE_PROGRAM_CLOSES, holds = which == KA_SAMPLE_PROGRAM_HOLDS;
	struct ka_verdict verdict = {
		.kind = holds ? KA_FAIL : KA_PASS,
		.window_s = { closes ? NAN : 601.06, closes ? NAN : 617.44 },
		.detect_s = closes ? NAN : 602.112,
		.notice_s = closes || holds ? NAN : 602.1121,
		.have_off = !closes,
		.probes = closes ? 0 : 3,
		.last_rx_ns = ZERO,
		.program = holds    ? KA_PROGRAM_NEVER
			   : closes ? KA_PROGRAM_CLOSED
				    : KA_PROGRAM_NOTICES,
		.kernel_end_s = closes ? 166.9 : 602.112,
		.program_end_s = closes  ? 61.1
				 : holds ? NAN
					 : 602.1121,
	};

	if (holds)
		ka_find(&verdict.findings, KA_FIND_PROGRAM_HOLDS, -1,
			"redis never lets go of a socket that the kernel has ended: held for "
			"20.000 s, to the end of the watch");
	return verdict;
}

static bool is_of_program(enum ka_sample which)
{
	return which == KA_SAMPLE_PROGRAM || which == KA_SAMPLE_PROGRAM_HOLDS ||
	       which == KA_SAMPLE_PROGRAM_CLOSES;
}

static struct ka_instance instance_of_program(void)
{
	return (struct ka_instance){ .theme = &themes[2],
				     .case_ = &cases[2],
				     .setting = { .idle = 300, .intvl = 100, .cnt = 3 },
				     .family = AF_INET,
				     .prober = KA_SERVER,
				     .program = &redis,
				     .seed = 0xfeedfacecafebeef,
				     .name = "silent_idle/300-100-3/v4/server" };
}

static bool is_known(enum ka_sample which)
{
	return which == KA_SAMPLE_KNOWN || which == KA_SAMPLE_PASSES;
}

static struct ka_instance instance_of(enum ka_sample which)
{
	bool alive = which == KA_SAMPLE_ALIVE || is_known(which);
	bool first = which == KA_SAMPLE_PASS || which == KA_SAMPLE_KNOWN;
	struct ka_instance instance = {
		.theme = &themes[alive],
		.case_ = &cases[is_known(which) ? 3 : alive],
		.setting = { .idle = 1, .intvl = 1, .cnt = 3 },
		.family = first ? AF_INET : AF_INET6,
		.prober = alive || which == KA_SAMPLE_SKIP ? KA_SERVER : KA_CLIENT,
		.seed = 0xfeedfacecafebeef,
		.repetition = which == KA_SAMPLE_BROKEN,
	};

	if (is_of_program(which))
		return instance_of_program();
	snprintf(instance.name, sizeof(instance.name), "%s/1-1-3/%s/%s", instance.case_->name,
		 first ? "v4" : "v6", instance.prober == KA_SERVER ? "server" : "client");
	return instance;
}

/* Whatever may come from a kernel or a path, in one line. */
#define NASTY                                                                                      \
	"ended 0.204 s too late: #7 \"quoted\" 'it' <tag> & \\ \033[31mred\a\n]]> \xff\xc0\x80 "   \
	"\xc2\x9b \xef\xbf\xbf gr\xc3\xbc\xc3\x9f"

static struct ka_verdict known_or_not(enum ka_sample which)
{
	const char *reference = cases[3].known.reference;
	struct ka_verdict verdict = no_end(which == KA_SAMPLE_KNOWN ? KA_KNOWN : KA_FAIL);

	if (which == KA_SAMPLE_KNOWN)
		ka_find(&verdict.findings, KA_FIND_READS, 1,
			"net/ipv4/tcp_keepalive_time reads -18372957097414713411, must be -1");
	else
		ka_find(&verdict.findings, KA_FIND_KNOWN_PASSES, -1,
			"passes, though declared known to fail: %s", reference);
	return verdict;
}

/* The story of @which, and what is said of it. */
static struct ka_verdict tell(enum ka_sample which, struct script *script)
{
	struct ka_verdict verdict;

	if (is_of_program(which)) {
		bool closes = which == KA_SAMPLE_PROGRAM_CLOSES;

		serves(script, closes ? 61100 : 602112, closes, which != KA_SAMPLE_PROGRAM_HOLDS);
		return of_program(which);
	}
	if (which == KA_SAMPLE_PASS) {
		silence(script, 4095);
		return expired(KA_PASS, 4.0954);
	}
	if (which == KA_SAMPLE_ALIVE || is_known(which)) {
		answers(script);
		return is_known(which) ? known_or_not(which) : no_end(KA_PASS);
	}
	if (which == KA_SAMPLE_FAIL) {
		silence(script, 4308);
		verdict = expired(KA_FAIL, 4.30812345);
		ka_find(&verdict.findings, KA_FIND_END_LATE, -1, "%s", NASTY);
		ka_find(&verdict.findings, KA_FIND_RST_COUNT, 2, "the RST came late");
		return verdict;
	}
	add_step(script, 0, 0, "connect");
	add_end(script, 1000, KA_END_BROKEN, "the drop rule met no packet");
	verdict = no_end(KA_BROKEN);
	ka_find(&verdict.findings, KA_FIND_NO_EFFECT, 1, "the drop rule met no packet");
	return verdict;
}

json_t *ka_sample(enum ka_sample which)
{
	const struct ka_instance instance = instance_of(which);
	const struct ka_prediction *prediction = &expiry;
	struct script script = { 0 };
	struct ka_verdict verdict;
	json_t *json = NULL;

	if (which == KA_SAMPLE_SKIP)
		return ka_result_without_run(
			&instance, &facts, KA_SKIP,
			"no IPv6 here: net.ipv6.conf.all.disable_ipv6 is 1 #1");
	if (which == KA_SAMPLE_ALIVE || is_known(which))
		prediction = &never;
	if (is_of_program(which))
		prediction = which == KA_SAMPLE_PROGRAM_CLOSES ? &closed : &expiry;
	verdict = tell(which, &script);
	ka_findings_text(&verdict.findings, verdict.why, sizeof(verdict.why));
	if (which == KA_SAMPLE_KNOWN)
		snprintf(verdict.why, sizeof(verdict.why), "%s: %s", cases[3].known.reference,
			 verdict.findings.list[0].text);
	ka_timeline_sort(&script.timeline);
	if (!script.error)
		json = ka_result_encode(&instance, &facts, prediction, &script.timeline, &verdict,
					5.0123456);
	if (which == KA_SAMPLE_FAIL)
		json_object_set_new(json, "kept", json_string("out/silent_drop.1-1-3.v6.client"));
	ka_timeline_free(&script.timeline);
	return json;
}
