/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window that is taken back while data is in flight: RFC 9293 3.8.6 tells a receiver not to, and a
 * sender to be prepared for it. Here the gateway promises room that the peer does not have; the peer's
 * own answer, when the data comes, is that its window is closed.
 */
#include <errno.h>

#include "model/vocabulary.h"

/* The prober believes that there is room, and one byte is in flight when it hears that there is none. */
#define WINDOW_SHRUNK                                                                              \
	KA_WINDOW_CLOSED, { .do_ = KA_PROMISE, .way = KA_ANSWERS, .value = 1 },                    \
		{ .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 }, { .do_ = KA_HEAL }, KA_WRITE(1)
/* The change, and the stable branches that got it. */
#define SINCE_LIVES                                                                                \
	.holds_from = { "6.10, 6.9.10, 6.6.41, 6.1.100, 5.15.163, 5.10.222, 5.4.280",              \
			"36534d3c5453" }
#define SINCE_TOO_MANY                                                                             \
	.holds_from = { "6.10, 6.9.10, 6.6.41, 6.1.100, 5.15.163, 5.10.222, 5.4.280",              \
			"97a9063518f1" }
#define GIVES_UP                                                                                   \
	.when = KA_SHRUNK_LIMIT, .error = ETIMEDOUT, .counters = { { "TcpExt.TCPTimeouts", 0 } }

static const struct ka_setting user_timeout[] = {
	{ .idle = 20, .intvl = 1, .cnt = 9, .user_timeout_ms = 3000 },
	{ 0 },
};

static const struct ka_case cases[] = {
	{
		KA_CASE("shrunk_window_lives"),
		.why = "a window that is taken back from data in flight ends nothing as long as "
		       "the peer answers",
		.source = "RFC 9293 3.8.6, 3.8.6.1; tcp_retransmit_timer(): snd_wnd; commits "
			  "e89688e3e978 (6.6), 36534d3c5453 (6.10)",
		.lesson =
			"The prober's byte has left when it is told that the window is closed. It "
			"sends the byte again and again, and is answered each time. The "
			"intervals grow to 120 s, so that the answer to the one before is 120 s "
			"old, and a little more, when the next is due. Until Linux 6.5 more than "
			"120 s without an answer were the limit: a peer that had answered all "
			"questions was given up after five and a half minutes. Now it is 240 s. "
			"Compare zero_window_far, where nothing is in flight and the persist "
			"timer asks.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.no_user_timeout = true,
		.long_ = true,
		SINCE_LIVES,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(WINDOW_SHRUNK),
		.expect = { .when = KA_NEVER,
			    .meanwhile = KA_SHRUNK_LIMIT,
			    .watch = { .ms = 10 * 60 * 1000 },
			    .counters = { { "TcpExt.TCPTimeouts", 0 } } },
	},
	{
		KA_CASE("shrunk_window_silent"),
		.why = "the same when the peer vanishes: it is given up when nothing was heard for "
		       "240 s, whatever tcp_retries2 says",
		.source = "tcp_rtx_probe0_timed_out(): 2 * TCP_RTO_MAX; commit e89688e3e978 (6.6)",
		.lesson = "The peer answered once that its window is closed, then the path dies. "
			  "What is sent again counts as a question about the window, so "
			  "tcp_retries2, 3 here, does not apply. More than 240 s must have passed "
			  "since "
			  "the last word of the peer: after retransmissions up to the 205th second "
			  "that is so 120 s later. The end is ETIMEDOUT, without a RST.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.no_user_timeout = true,
		.long_ = true,
		SINCE_LIVES,
		.sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
		KA_STEPS(WINDOW_SHRUNK,
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 100 } }),
		.expect = { GIVES_UP },
	},
	{
		KA_CASE("shrunk_window_timeout_answered"),
		.why = "a user timeout ends data in flight before a window that was taken back, "
		       "although the peer answers, and in time",
		.source = "RFC 5482; tcp_rtx_probe0_timed_out(): icsk_user_timeout; commit "
			  "97a9063518f1 (6.10), CVE-2024-41007",
		.lesson =
			"TCP_USER_TIMEOUT is 3 s. The last interval is cut, so that the timer goes "
			"off when it is over. Until Linux 6.9 the kernel looked then whether "
			"anything had been heard for 4 minutes; it had, so it sent the byte again "
			"and set the timer to what was left of the user timeout: one jiffy. From "
			"there on a retransmission left every jiffy, up to a thousand a second, "
			"and the application heard nothing. Each interval is judged here, and "
			"the end. The stable branches up to 6.6 have a fix that is "
			"right with HZ 1000 only: it compares jiffies with milliseconds.",
		.topology = KA_ROUTED,
		SINCE_TOO_MANY,
		/* in 6.7 time stamps of microseconds came between, and the milliseconds stayed */
		.known = { .reference =
				   "what 97a9063518f1 became in the stable branches before 6.7: "
				   "jiffies are compared with a user timeout of milliseconds",
			   .mended = "6.7",
			   .below_hz = 1000,
			   .findings = { KA_FIND_NOT_NOTICED } },
		.settings = user_timeout,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(WINDOW_SHRUNK),
		.expect = { GIVES_UP },
	},
	{
		KA_CASE("shrunk_window_timeout_silent"),
		.why = "the same when the peer vanishes after it has taken the window back",
		.source = "RFC 5482; tcp_rtx_probe0_timed_out(): icsk_user_timeout; commit "
			  "97a9063518f1 (6.10), CVE-2024-41007",
		.lesson = "As shrunk_window_timeout_answered, with nobody left to answer: the user "
			  "timeout does not care.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		SINCE_TOO_MANY,
		.settings = user_timeout,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(WINDOW_SHRUNK,
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 100 } }),
		.expect = { GIVES_UP },
	},
};

KA_THEME(shrunk_window, "A window that is taken back");
