/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an application's own clock sees beside TCP's: idle clients, frozen peers, epoll masks. */
#include <errno.h>
#include <sys/epoll.h>

#include "model/vocabulary.h"

/* Long enough for answered probes, not a multiple of anything. */
#define PATIENCE                                                                                   \
	{                                                                                          \
		.idle = 1.4, .intvl = 1.2                                                          \
	}
#define CLOSES_IDLE                                                                                \
	{                                                                                          \
		.program = KA_APP_LINES, .timeout = PATIENCE                                       \
	}
#define ANSWERS                                                                                    \
	{                                                                                          \
		.program = KA_APP_LINES                                                            \
	}
#define HEARTBEAT                                                                                  \
	{                                                                                          \
		.program = KA_APP_HEARTBEAT, .every = { .idle = 0.6 }, .timeout = {.idle = 0.3 }   \
	}
#define PING                                                                                       \
	{                                                                                          \
		.do_ = KA_REQUEST, .who = KA_PROBER, .text = "PING\n"                              \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("application_idle_close"),
		.why = "a server that closes idle clients closes a healthy one, however well its "
		       "keepalive works",
		.source = "RFC 9293 3.6; Redis: clientsCronHandleTimeout(); tcp_fin()",
		.lesson = "The server gives a client so long to ask for something (Redis calls it "
			  "timeout, many others idle_timeout). The client's kernel probes and is "
			  "answered; the server's application reads nothing of that. When its own "
			  "timer runs out it closes, and the client sees a FIN at once. Two clocks "
			  "measure two things: TCP's whether the other kernel is there, the "
			  "application's whether the other application wants something.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		.min_cnt = 3,
		.prober_app = ANSWERS,
		.peer_app = CLOSES_IDLE,
		KA_STEPS(KA_CONNECTED, PING),
		.expect = { .when = KA_AT_ONCE,
			    .arming = KA_PROBED,
			    .eof = true,
			    .answered = KA_SOME,
			    .app = { { KA_PROBER, KA_DID_GET, .times = 1 },
				     { KA_PEER, KA_DID_SERVE, .times = 1 },
				     { KA_PEER, KA_DID_TIME_OUT, .times = 1,
				       .after = PATIENCE } } },
	},
	{
		KA_CASE("application_ping_keeps"),
		.why = "requests of the application keep what the server's idle timer would close",
		.source = "RFC 9293 3.8.4; tcp_event_data_recv() sets lrcvtime",
		.lesson = "The same server; the client asks again before each timeout is over, and "
			  "is still there long after. Each answer is a segment received, so the "
			  "idle time of keepalive begins anew as well.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		.prober_app = ANSWERS,
		.peer_app = CLOSES_IDLE,
		KA_STEPS(KA_CONNECTED, PING,
			 { .do_ = KA_REQUEST,
			   .who = KA_PROBER,
			   .text = "PING\n",
			   .at = { .idle = 1.2, .intvl = 0.6 } },
			 { .do_ = KA_REQUEST,
			   .who = KA_PROBER,
			   .text = "PING\n",
			   .at = { .idle = 1.2, .intvl = 0.6 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 0.5 },
			    .app = { { KA_PROBER, KA_DID_GET, .times = 3 },
				     { KA_PEER, KA_DID_SERVE, .times = 3, .number = 3 } } },
	},
	{
		KA_CASE("application_closes_frozen"),
		.why = "an idle timer gets rid of a frozen peer that keepalive takes for healthy",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_send_dupack() at the frozen peer",
		.lesson = "The peer's process is stopped; its kernel answers every probe, so TCP "
			  "has no objection. The prober's application closes a connection on "
			  "which nothing was asked for so long. Its timer does not depend on the "
			  "other kernel: it runs out, and the connection is closed.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.min_cnt = 3,
		.prober_app = CLOSES_IDLE,
		.peer_app = ANSWERS,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_REQUEST, .who = KA_PEER, .text = "PING\n" },
			 { .do_ = KA_FREEZE, .who = KA_PEER }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 2, .intvl = 1.5 },
			    .app = { { KA_PEER, KA_DID_GET, .times = 1 },
				     { KA_PROBER, KA_DID_SERVE, .times = 1 },
				     { KA_PROBER, KA_DID_TIME_OUT, .times = 1,
				       .after = PATIENCE } } },
	},
	{
		KA_CASE("heartbeat_answered"),
		.why = "a heartbeat that is answered leaves keepalive nothing to do",
		.source = "RFC 9293 3.8.4 MUST-26; keepalive_time_elapsed()",
		.lesson = "The prober's application sends a line more often than idle, and gets "
			  "one back. Each is a segment received, so the idle time is never over "
			  "and not one probe is sent. Whoever has a heartbeat pays for it, and "
			  "has keepalive for nothing besides.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.prober_app = HEARTBEAT,
		.peer_app = ANSWERS,
		KA_STEPS(KA_CONNECTED),
		.expect = { .when = KA_NEVER,
			    .watch = { .idle = 4 },
			    .app = { { KA_PROBER, KA_DID_GET, .times = KA_SOME },
				     { KA_PEER, KA_DID_SERVE, .times = KA_SOME } } },
	},
	{
		KA_CASE("heartbeat_frozen"),
		.why = "a heartbeat notices the frozen peer that keepalive does not",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_rcv_established() acknowledges what "
			  "nobody reads",
		.lesson = "The peer's process is stopped. Its kernel acknowledges the next "
			  "heartbeat and keeps it in the receive queue; no line comes back. The "
			  "application notices after its own deadline. Then it is silent, the "
			  "connection is idle, and keepalive goes on to report that all is well.",
		.topology = KA_ROUTED,
		.prober_app = HEARTBEAT,
		.peer_app = ANSWERS,
		.one_setting = true,
		.min_cnt = 3,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_FREEZE, .who = KA_PEER, .at = { .idle = 0.9 } }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 3.5, .intvl = 1 },
			    .app = { { KA_PROBER, KA_DID_GET, .times = KA_SOME },
				     { KA_PEER, KA_DID_SERVE, .times = KA_SOME },
				     { KA_PROBER, KA_DID_MISS, .times = 1,
				       .after = { .idle = 0.3 } } } },
	},
	{
		KA_CASE("heartbeat_dead_path"),
		.why = "on a dead path a heartbeat silences keepalive, and is itself the first to "
		       "know",
		.source = "tcp_keepalive_timer(): packets_out; tcp_retransmit_timer()",
		.lesson = "The path falls silent between two heartbeats. The next one is data that "
			  "nobody acknowledges: while it is in flight keepalive sends nothing, "
			  "and the kernel would retransmit for a quarter of an hour before it "
			  "gave up (tcp_retries2 is 15; here it is 255, so that no setting "
			  "outlives it). The application's deadline, the only "
			  "short clock here, runs out first. A program with a heartbeat must act "
			  "on it itself, or set TCP_USER_TIMEOUT.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { { KA_PROBER, "net/ipv4/tcp_retries2", "255" } },
		.prober_app = HEARTBEAT,
		.peer_app = ANSWERS,
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .idle = 0.9 } }),
		.expect = { .when = KA_NEVER,
			    .watch = { .idle = 2, .nominal = 1 },
			    .counters = { { "TcpExt.TCPTimeouts", KA_SOME },
					  { "TcpExt.TCPLossProbes", KA_ANY },
					  { "Tcp.RetransSegs", KA_SOME } },
			    .app = { { KA_PROBER, KA_DID_GET, .times = KA_SOME },
				     { KA_PEER, KA_DID_SERVE, .times = KA_SOME },
				     { KA_PROBER, KA_DID_MISS, .times = 1,
				       .after = { .idle = 0.3 } } } },
	},
	{
		KA_CASE("mask_of_fin"),
		.why = "who asks epoll only for IN sees a FIN as 0x1: data, as far as it can tell",
		.source = "tcp_poll(): EPOLLRDHUP only for those who ask",
		.lesson = "The first program that everybody writes registers EPOLLIN and nothing "
			  "else. The peer's process dies, its FIN arrives, and epoll says 0x1, as "
			  "it does for data; only read() returning 0 tells the difference. With "
			  "EPOLLRDHUP asked for it would be 0x2001.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.asks = EPOLLIN,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 },
			 { .do_ = KA_KILL, .who = KA_PEER, .at = { .ms = 100 } }),
		.expect = { .when = KA_AT_ONCE, .eof = true, .events = EPOLLIN },
	},
	{
		KA_CASE("mask_of_death"),
		.why = "the same program sees keepalive's end as 0x19: IN, ERR and HUP",
		.source = "tcp_poll(): TCP_CLOSE gives HUP, sk_err gives ERR, asked for or not",
		.lesson = "EPOLLERR and EPOLLHUP come unasked. A program that handles IN first "
			  "and reads gets -1 ETIMEDOUT; one that tests for HUP first and closes "
			  "never learns why. Level or edge makes no difference to the mask.",
		.topology = KA_ROUTED,
		.min_cnt = 3,
		.one_setting = true,
		.asks = EPOLLIN,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES, .events = EPOLLIN | EPOLLERR | EPOLLHUP },
	},
};

KA_THEME(application, "The application's clock beside TCP's");
