/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that nobody holds any more. close() returns at once, and the kernel is left with what is not
 * done: data that nobody takes, a FIN that nobody acknowledges, a peer that does not finish. No
 * application is there to hear of the end; the kernel frees the socket, and tells sock_diag.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "model/vocabulary.h"

#define CLOSE                                                                                      \
	{                                                                                          \
		.do_ = KA_CLOSE, .who = KA_PROBER                                                  \
	}
/* Retransmissions, or window probes, give up; nobody is told. */
#define GIVES_UP(limit) .when = (limit), .probes = KA_ANY
#define ORPHAN_RETRIES(n)                                                                          \
	{                                                                                          \
		KA_PROBER, "net/ipv4/tcp_orphan_retries", n                                        \
	}
#define FIN_TIMEOUT(s)                                                                             \
	{                                                                                          \
		KA_PROBER, "net/ipv4/tcp_fin_timeout", s                                           \
	}
#define THERE(which) .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = (which), .value = 0
/* What is left of 2 s after 0.1 s. */
#define LEFT_OF_2_S  .expires = { { .ms = 1500 }, { .ms = 1950 } }
/* The FIN is lost once, so that its acknowledgement comes when close() has long returned. Where it came
 * while that still owned the socket, the whole one would stay, with the keepalive timer and a RST at its end
 * (tcp_rcv_state_process(): sock_owned_by_user()). */
#define CLOSE_UNOWNED                                                                              \
	KA_SILENCE, CLOSE,                                                                         \
	{                                                                                          \
		.do_ = KA_HEAL, .at = {.ms = 50 }                                                  \
	}
/* A small socket in place of the whole one, with the timer of TIME_WAIT, for 2 s that began when RTO sent
 * the FIN again, 0.2 s after the first. Of the wheel's rounding there are 80 ms at the most (HZ 100); a look
 * may be late by what a host may be (KA_NOISE_BUDGET_NS). */
#define SMALL_FOR_2_S                                                                              \
	{ THERE(3), .at = { .ms = 250 }, LEFT_OF_2_S }, { THERE(3), .at = { .ms = 1400 } },        \
	{                                                                                          \
		.do_ = KA_GONE_IS, .who = KA_PROBER, .at = {.ms = 700 }                            \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("orphan_data"),
		.why = "data in flight of a closed socket is sent again tcp_orphan_retries times, "
		       "not tcp_retries2 times",
		.source = "tcp_write_timeout(): SOCK_DEAD; tcp_orphan_retries()",
		.lesson = "The path dies, the prober writes and closes. Its kernel goes on to send "
			  "the data again, but has less patience than for a socket that somebody "
			  "holds: tcp_orphan_retries (2 here) decides in place of tcp_retries2.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { ORPHAN_RETRIES("2") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), CLOSE),
		.expect = { GIVES_UP(KA_RETRANSMIT_LIMIT) },
	},
	{
		KA_CASE("orphan_fin"),
		.why = "a FIN that nobody acknowledges is sent again tcp_orphan_retries times",
		.source = "RFC 9293 3.6; tcp_write_timeout(): SOCK_DEAD; tcp_orphan_retries()",
		.lesson = "The path dies, and the prober closes with nothing left to send but its "
			  "FIN. In FIN_WAIT1 that is data in flight as any other.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { ORPHAN_RETRIES("2") },
		KA_STEPS(KA_IDLE, KA_SILENCE, CLOSE),
		.expect = { GIVES_UP(KA_RETRANSMIT_LIMIT) },
	},
	{
		KA_CASE("orphan_default"),
		.why = "tcp_orphan_retries 0, the default, stands for 8: a closed socket on a dead "
		       "path stays for less than two minutes",
		.source = "tcp_orphan_retries(): retries == 0 && alive",
		.lesson = "0 does not mean none: whose RTO has not reached its most is taken for "
			  "alive, and has 8 retransmissions, 102 s of RTO_MIN doubled so often. "
			  "A server that is restarted leaves such sockets, and each holds its "
			  "port.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.long_ = true,
		KA_STEPS(KA_IDLE, KA_SILENCE, CLOSE),
		.expect = { GIVES_UP(KA_RETRANSMIT_LIMIT) },
	},
	{
		KA_CASE("orphan_zero_window"),
		.why = "a live peer that keeps its window closed does not keep a closed socket for "
		       "ever",
		.source = "tcp_probe_timer(): SOCK_DEAD; b248230c3497 (3.18)",
		.lesson = "What was written before close() waits for a window that the peer keeps "
			  "closed. Each window probe is answered, and of a socket that somebody "
			  "holds the count would begin anew with each answer. Of an orphan it is "
			  "enough that the interval has doubled up to its most, 120 s: after some "
			  "six minutes it is freed, and the data is lost.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.long_ = true,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(1), CLOSE),
		.expect = { GIVES_UP(KA_PERSIST_LIMIT) },
	},
	{
		KA_CASE("orphan_zero_window_few"),
		.why = "nor with a small tcp_retries2, which has no say in an orphan's end",
		.source = "tcp_probe_timer(): SOCK_DEAD; tcp_send_probe0(): icsk_backoff < "
			  "tcp_retries2",
		.lesson = "tcp_retries2 (3 here) also limits how often the interval of window "
			  "probes doubles. Where that ends below 120 s, RTO never reaches its "
			  "most, the orphan is taken for alive whenever it is looked at, and as "
			  "long as the peer answers it lives for ever. Expected are as many "
			  "window probes as with the default.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.long_ = true,
		.known = { .reference = "tcp_probe_timer(): a small tcp_retries2 keeps an orphan "
					"alive for ever, since b248230c3497 (3.18)",
			   .findings = { KA_FIND_NOT_NOTICED } },
		.sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(1), CLOSE),
		.expect = { GIVES_UP(KA_PERSIST_LIMIT) },
	},
	{
		KA_CASE("orphan_zero_window_silent"),
		.why = "unanswered window probes of a closed socket are tcp_orphan_retries at most",
		.source = "tcp_probe_timer(): icsk_probes_out >= max_probes; tcp_orphan_retries()",
		.lesson = "The same, but the path dies: nobody answers the window probes, and "
			  "tcp_orphan_retries of them (2 here) are enough.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER, ORPHAN_RETRIES("2") },
		KA_STEPS(KA_WINDOW_CLOSED, KA_SILENCE, KA_WRITE(1), CLOSE),
		.expect = { GIVES_UP(KA_PERSIST_LIMIT) },
	},
	{
		KA_CASE("orphan_destroyed"),
		.why = "an orphan that the administrator destroys is gone at once",
		.source = "tcp_abort(), tcp_need_reset(); bac76cf89816 (6.11)",
		.lesson = "`ss -K' of a closed socket that waits for a window: it is reset and "
			  "freed. Kernels before the fix left it without a timer, for ever.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.holds_from = { "6.11", "bac76cf89816 \"tcp: fix forever orphan socket caused by "
					"tcp_abort\"" },
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(1), CLOSE,
			 { .do_ = KA_DESTROY, .who = KA_PROBER, .at = { .ms = 300 } }),
		.expect = { .when = KA_AT_ONCE,
			    .rst_sent = 1,
			    .probes = KA_ANY,
			    .window_probes = true },
	},
	{
		KA_CASE("orphan_fin_wait2"),
		.why = "a closed socket whose peer does not finish stays for tcp_fin_timeout",
		.source = "RFC 9293 3.6; tcp_rcv_state_process(): TCP_FIN_WAIT1; tcp_time_wait()",
		.lesson = "The peer has acknowledged the FIN, and sends none of its own. RFC 9293 "
			  "would wait for ever; Linux waits for net.ipv4.tcp_fin_timeout (2 s "
			  "here, 60 by default). Up to a minute it does so with a small socket "
			  "in place of the whole one, as in TIME_WAIT: that is freed at once.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { FIN_TIMEOUT("2") },
		KA_STEPS(KA_IDLE, CLOSE_UNOWNED, SMALL_FOR_2_S),
		.expect = { .when = KA_FIN_LIMIT },
	},
	{
		KA_CASE("orphan_fin_wait2_long"),
		.why = "of a tcp_fin_timeout above a minute, what is more than that is waited for "
		       "twice",
		.source = "tcp_rcv_state_process(): tmo > TCP_TIMEWAIT_LEN; tcp_keepalive_timer(): "
			  "tcp_time_wait()",
		.lesson = "62 s is not what is waited. The whole socket stays for what is more "
			  "than 60 s, with the keepalive timer; when that goes off, a small one "
			  "takes its place for the same time again. That is 4 s in all.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { FIN_TIMEOUT("62") },
		KA_STEPS(KA_IDLE, CLOSE, { THERE(2), .at = { .ms = 100 }, LEFT_OF_2_S },
			 { THERE(3), .at = { .ms = 2100 } }, { THERE(3), .at = { .ms = 1100 } },
			 { .do_ = KA_GONE_IS, .who = KA_PROBER, .at = { .ms = 1000 } }),
		.expect = { .when = KA_FIN_LIMIT },
	},
	{
		KA_CASE("orphan_linger2"),
		.why = "TCP_LINGER2 takes the place of tcp_fin_timeout, and is 120 s at most",
		.source = "tcp_fin_time(); do_tcp_setsockopt(): TCP_LINGER2; f0628c524fd1 (5.8)",
		.lesson = "The socket's own value: 200 s are cut to 120 (older kernels fell back "
			  "to the sysctl), 2 s are 2 s although tcp_fin_timeout is 60.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.holds_from = { "5.8", "f0628c524fd1 \"net: Replace the limit of TCP_LINGER2 with "
				       "TCP_FIN_TIMEOUT_MAX\"" },
		KA_STEPS(KA_IDLE, { KA_GET(TCP_LINGER2), .value = 60 },
			 { KA_SET(TCP_LINGER2), .value = 200 },
			 { KA_GET(TCP_LINGER2), .value = 120 }, { KA_SET(TCP_LINGER2), .value = 2 },
			 { KA_GET(TCP_LINGER2), .value = 2 }, CLOSE_UNOWNED, SMALL_FOR_2_S),
		.expect = { .when = KA_FIN_LIMIT },
	},
	{
		KA_CASE("orphan_linger2_negative"),
		.why = "with a negative TCP_LINGER2 nobody waits for the peer's FIN: a RST, at "
		       "once",
		.source = "tcp_rcv_state_process(): linger2 < 0",
		.lesson = "-1 means that FIN_WAIT2 is to be spared. When the peer has acknowledged "
			  "the FIN the socket is freed, and the peer gets a RST.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { KA_SET(TCP_LINGER2), .value = -7 },
			 { KA_GET(TCP_LINGER2), .value = -1 }, CLOSE,
			 { .do_ = KA_GONE_IS, .who = KA_PROBER, .at = { .ms = 100 } }),
		.expect = { .when = KA_AT_ONCE,
			    .rst_sent = 1,
			    .counters = { { "TcpExt.TCPAbortOnData", 1 } } },
	},
};

KA_THEME(orphans, "Nobody holds it any more");
