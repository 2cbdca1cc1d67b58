/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broken on purpose: live changes, the answer limit, MPTCP. See experiments_basic.c. */
#include "experiments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define SILENT   KA_CONNECTED, { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 }, KA_SILENCE
#define MIDPROBE KA_AT_PROBE(2), .at = { .intvl = 0.4 }

/* MPTCP with a second subflow. */
#define TWO_SUBFLOWS                                                                               \
	KA_SHORT_EXPERIMENT, .transport = KA_MPTCP,                                                \
			     .sysctls = { { KA_PROBER, "net/mptcp/close_timeout", "1" } }
#define TWO                                                                                        \
	KA_CONNECTED, { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 },                             \
	{                                                                                          \
		.do_ = KA_ADD_SUBFLOW                                                              \
	}
#define SUBFLOWS(n) .do_ = KA_SUBFLOWS_ARE, .who = KA_PROBER, .value = (n)
#define OF_THE_OTHER                                                                               \
	{ "TcpExt.TCPKeepAlive", KA_SOME }, { "TcpExt.TCPAbortOnTimeout", 1 },                     \
		{ "Tcp.OutRsts", 1 },                                                              \
	{                                                                                          \
		"Tcp.EstabResets", 1                                                               \
	}
/* Over the first expiry. */
#define OWNED(whose)                                                                               \
	{ .do_ = KA_OWN, .who = whose, .since = KA_SINCE_LAST_RX, .at = { .idle = 0.9 } },         \
	{                                                                                          \
		.do_ = KA_RELEASE, .who = whose, .since = KA_SINCE_LAST_RX, .at = {.idle = 1.3 }   \
	}

static const struct ka_case cases[] = {
	/* off and on again does not bring back the probes that were spent */
	{ KA_WRONG("toggle_forgives", "fail: 3 unanswered probes, must be 5"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(SILENT, { KA_SWITCH(0), MIDPROBE }, { KA_SWITCH(1) }),
	  .expect = { KA_EXPIRES_AFTER(KA_CNT_PLUS(2)) } },
	/* switched off it does not die */
	{ KA_WRONG("off_still_dies", "fail: not noticed"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(SILENT, { KA_SWITCH(0), MIDPROBE }, { KA_SWITCH(1), .at = { .nominal = 1 } },
		   { KA_SWITCH(0) }),
	  .expect = { KA_EXPIRES } },
	/* the replay's window is as narrow as a declared one */
	{ KA_WRONG("live_window_too_early", "fail: late"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(SILENT, { KA_SWITCH(0), MIDPROBE }, { KA_SWITCH(1) }), .expect = { KA_EXPIRES },
	  .bias = { .window_jiffies = -100 } },
	{ KA_WRONG("live_window_too_late", "fail: early"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(SILENT, { KA_SWITCH(0), MIDPROBE }, { KA_SWITCH(1) }), .expect = { KA_EXPIRES },
	  .bias = { .window_jiffies = 100 } },
	/* the armed timer keeps the value that getsockopt() no longer shows */
	{ KA_WRONG("sysctl_arms_at_once", "fail: the timer expires in"), KA_SHORT_EXPERIMENT,
	  .from = KA_FROM_SYSCTL, KA_SETTING(.idle = 4, .intvl = 1, .cnt = 1),
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_SYSCTL,
		     .who = KA_PROBER,
		     .key = "net/ipv4/tcp_keepalive_time",
		     .text = "1" },
		   { .do_ = KA_DIAG_IS,
		     .who = KA_PROBER,
		     .timer = 2,
		     .value = 0,
		     .expires = { { 0 }, { .intvl = 1 } } }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	/* TCP_KEEPIDLE is not TCP_KEEPINTVL: it does not wait */
	{ KA_WRONG("keepidle_waits", "fail: with 2 probes out, must be timer 2 with 1"),
	  KA_SHORT_EXPERIMENT, KA_SETTING(.idle = 1, .intvl = 4, .cnt = 2),
	  KA_STEPS(SILENT,
		   { KA_SET(TCP_KEEPIDLE), .amount = { .idle = 1 }, KA_AT_PROBE(1),
		     .at = { .ms = 100 } },
		   { KA_KEEPALIVE_TIMER, .value = 1, .at = { .ms = 200 } }),
	  .expect = { KA_EXPIRES } },
	/* ordinary probes are far below the answer limit */
	{ KA_WRONG("limit_without_storm", "fail: the peer's TcpExt.TCPACKSkippedSeq"),
	  KA_SHORT_EXPERIMENT, KA_STEPS(KA_CONNECTED),
	  .expect = { .when = KA_NEVER,
		      .answered = KA_SOME,
		      .watch = { .idle = 2.5 },
		      .peer_counters = { { "TcpExt.TCPACKSkippedSeq", KA_SOME } } } },
	/* the window moves with the time that the socket is owned, and is as narrow as any */
	{ KA_WRONG("owned_window_too_early", "fail: late"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(SILENT, OWNED(KA_PROBER)), .expect = { KA_EXPIRES },
	  .bias = { .window_jiffies = -60 } },
	{ KA_WRONG("owned_window_too_late", "fail: early"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(SILENT, OWNED(KA_PROBER)), .expect = { KA_EXPIRES },
	  .bias = { .window_jiffies = 60 } },
	/* an owned socket answers nothing */
	{ KA_WRONG("owned_peer_answers", "fail: ended"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, { .do_ = KA_OWN, .who = KA_PEER },
		   { .do_ = KA_RELEASE,
		     .who = KA_PEER,
		     .since = KA_SINCE_LAST_RX,
		     .at = { .nominal = 1, .intvl = 0.5 } }),
	  .expect = { .when = KA_NEVER,
		      .answered = KA_ANY,
		      .probes = KA_ANY,
		      .watch = { .ms = 100 } } },
	/* options of a socket that is not connected yet */
	{ KA_WRONG("unconnected_reads", "fail: getsockopt(TCP_KEEPIDLE) reads 9, must be 8"),
	  KA_SHORT_EXPERIMENT,
	  KA_STEPS({ KA_SET(TCP_KEEPIDLE), .value = 9 }, { KA_GET(TCP_KEEPIDLE), .value = 8 },
		   KA_CONNECTED),
	  .expect = { .when = KA_NEVER } },
	{ KA_WRONG("unconnected_is_kept", "fail: getsockopt(TCP_KEEPINTVL) reads 9, must be 8"),
	  KA_SHORT_EXPERIMENT, .from = KA_FROM_NOWHERE,
	  KA_STEPS({ KA_SET(TCP_KEEPINTVL), .value = 9 }, KA_CONNECTED,
		   { KA_GET(TCP_KEEPINTVL), .value = 8 }),
	  .expect = { .when = KA_NEVER } },
	/* what is known to fail, and passes; what fails as it is known to, and otherwise */
	{ KA_WRONG("known_passes", "fail: passes, though declared known to fail: the patch"),
	  KA_SHORT_EXPERIMENT, .known = { .reference = "the patch", .findings = { KA_FIND_ERROR } },
	  KA_STEPS(SILENT), .expect = { KA_EXPIRES } },
	{ KA_WRONG("known_fails", "known: the patch: "), KA_SHORT_EXPERIMENT,
	  .known = { .reference = "the patch",
		     .findings = { KA_FIND_ERROR, KA_FIND_CALL, KA_FIND_BLOCKED } },
	  KA_STEPS(SILENT), .expect = { KA_EXPIRES }, .bias = { .error = ECONNRESET } },
	{ KA_WRONG("known_fails_otherwise", "fail: "), KA_SHORT_EXPERIMENT,
	  .known = { .reference = "the patch", .findings = { KA_FIND_ERROR } }, KA_STEPS(SILENT),
	  .expect = { KA_EXPIRES_AFTER(2) } },
	{ KA_WRONG("mptcp_hears_too_early", "fail: heard of the end"), KA_SHORT_EXPERIMENT,
	  .transport = KA_MPTCP, .from = KA_FROM_ACCEPTED,
	  .sysctls = { { KA_PROBER, "net/mptcp/close_timeout", "2" } }, KA_STEPS(SILENT),
	  .expect = { .when = KA_KEEPALIVE_EXPIRY,
		      .error = ENOTCONN,
		      .probes = KA_CNT,
		      .rst_sent = 1,
		      .events = 0x10,
		      .events_full = 0x114,
		      .notice = { .ms = 3000 } } },
	{ KA_WRONG("mptcp_tells_the_error", "fail: ENOTCONN, must be ETIMEDOUT"),
	  KA_SHORT_EXPERIMENT, .transport = KA_MPTCP, .from = KA_FROM_ACCEPTED,
	  .sysctls = { { KA_PROBER, "net/mptcp/close_timeout", "1" } }, KA_STEPS(SILENT),
	  .expect = { KA_EXPIRES, .events = 0x10, .events_full = 0x114,
		      .notice = { .ms = 1000 } } },
	/* two subflows */
	{ KA_WRONG("mptcp_path_lives",
		   "fail: sock_diag: 1 subflows, 1 with a keepalive timer, must be 2"),
	  TWO_SUBFLOWS, .from = KA_FROM_ACCEPTED,
	  KA_STEPS(TWO, { .do_ = KA_LOSE_SUBFLOW, .value = 2 },
		   { SUBFLOWS(2), .at = { .nominal = 1.2 } }),
	  .expect = { KA_LIVES_ON, .counters = { OF_THE_OTHER } } },
	{ KA_WRONG("mptcp_path_not_lost", "broken: fault without effect"), TWO_SUBFLOWS,
	  .from = KA_FROM_ACCEPTED,
	  KA_STEPS(TWO, { .do_ = KA_LOSE_SUBFLOW, .value = 2, .misses = true },
		   { SUBFLOWS(2), .at = { .nominal = 1.2 } }),
	  .expect = { KA_LIVES_ON, .counters = { { "TcpExt.TCPKeepAlive", KA_SOME },
						 { "Tcp.CurrEstab", 2 } } } },
	{ KA_WRONG("mptcp_joined_unarmed", "fail: sock_diag: 2 subflows, 0 with a keepalive timer"),
	  TWO_SUBFLOWS, .from = KA_FROM_VALUES, KA_STEPS(TWO, { SUBFLOWS(2), .at = { .ms = 100 } }),
	  .expect = { .when = KA_NEVER,
		      .watch = { .idle = 1.5 },
		      .counters = { { "Tcp.CurrEstab", 2 } } } },
	{ KA_WRONG("mptcp_one_path_is_all", "fail: "), TWO_SUBFLOWS, .from = KA_FROM_ACCEPTED,
	  KA_STEPS(TWO, { .do_ = KA_LOSE_SUBFLOW, .value = 2 }),
	  .expect = { .when = KA_KEEPALIVE_EXPIRY,
		      .error = ENOTCONN,
		      .probes = KA_CNT,
		      .rst_sent = 1,
		      .events = 0x10,
		      .events_full = 0x114,
		      .notice = { .ms = 1000 } } },
};

KA_THEME(experiments_live, "Must not pass: live changes and MPTCP");
