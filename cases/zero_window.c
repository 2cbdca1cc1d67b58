/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer's application does not read and its window is closed. With nothing to send, keepalive
 * does its work; with data waiting, the persist timer does.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "model/vocabulary.h"

/* Between the third window probe and the fourth, whatever the round trip: so their number is known. */
static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 2300 },
	{ 0 },
};

static const struct ka_case cases[] = {
	{
		KA_CASE("zero_window_empty_dies"),
		.why = "a closed window alone changes nothing: with an empty queue keepalive "
		       "detects as always",
		.source = "tcp_keepalive_timer(): packets_out, tcp_write_queue_empty()",
		.lesson = "The peer's buffer is full and its window is 0, but all that the prober "
			  "sent is acknowledged and nothing waits. A probe carries no data and "
			  "needs no window.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("zero_window_empty_lives"),
		.why = "a peer with a closed window answers keepalive probes",
		.source = "RFC 9293 3.10.7.4; tcp_send_dupack()",
		.lesson = "A probe carries a sequence number that was acknowledged before, so it "
			  "must be answered whatever the window is; the answer repeats that the "
			  "window is 0. A stalled application is not a dead host.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED,
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("zero_window_queued_lives"),
		.why = "a live peer may keep its window closed for ever: keepalive is silent, and "
		       "window probes never give up while they are answered",
		.source = "RFC 9293 3.8.6.1 MUST-36, MUST-37; tcp_probe_timer(); tcp_ack() clears "
			  "icsk_probes_out",
		.lesson = "Data waits in the prober's queue, so the keepalive timer only looks and "
			  "sleeps on. The persist timer asks in growing intervals whether the "
			  "window has opened; each answer proves that the peer lives and sets the "
			  "count to 0. tcp_retries2 is 3 here, and six probes go out in 7 s; five "
			  "are answered, the second comes so soon after the first that the peer "
			  "spares the answer (tcp_invalid_ratelimit, 500 ms). Only the "
			  "application's own deadline, or TCP_USER_TIMEOUT, ends this.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100),
			 { KA_PERSIST_TIMER, .at = { .ms = 7500 }, .value = KA_ANY }),
		.expect = { .when = KA_NEVER, .meanwhile = KA_PERSIST_LIMIT, .answered = 5 },
	},
	{
		KA_CASE("zero_window_far"),
		.why = "window probes that are answered go on for ever, at intervals that double "
		       "up to 120 s and stay there",
		.source = "RFC 9293 3.8.6.1 MUST-36, MUST-37; tcp_probe0_when(): TCP_RTO_MAX; "
			  "commit fcdd1cf4dd63 (3.18)",
		.lesson =
			"Twenty minutes before a closed window. The intervals are 0.2, 0.4, 0.8 s "
			"and so on up to 120 s, of which the last nine are. The number of "
			"doublings "
			"goes on growing, and what it shifts must not overflow: before Linux "
			"3.18 the interval could become 0 again, and with it a storm of probes.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.probers = KA_ONLY_CLIENT,
		.long_ = true,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100)),
		.expect = { .when = KA_NEVER,
			    .meanwhile = KA_PERSIST_LIMIT,
			    .answered = KA_SOME,
			    .watch = { .ms = 20 * 60 * 1000 } },
	},
	{
		KA_CASE("zero_window_reopens"),
		.why = "when the window opens, what waited is sent, and keepalive is back",
		.source = "RFC 9293 3.8.6.1; tcp_ack_probe(); tcp_keepalive_timer()",
		.lesson = "The application reads again: its kernel says so at once, the waiting "
			  "data flows and is acknowledged. From then on nothing is outstanding, "
			  "and the next silence is probed by keepalive.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100),
			 { KA_PERSIST_TIMER, .at = { .ms = 50 }, .value = KA_ANY },
			 { .do_ = KA_RESUME, .who = KA_PEER },
			 { KA_KEEPALIVE_TIMER, .at = { .idle = 2.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("zero_window_queued_dies"),
		.why = "with data waiting for a closed window, tcp_retries2 window probes decide, "
		       "and no RST announces the end",
		.source = "tcp_probe_timer(): icsk_probes_out >= max_probes; tcp_write_err()",
		.lesson =
			"The path dies, then the prober writes into the closed window. Nothing "
			"is in flight, so nothing is retransmitted; data waits, so keepalive is "
			"silent. The persist timer's probes go out after 0.2, 0.6 and 1.4 s; with "
			"tcp_retries2 = 3 the fourth expiry, at 3 s, is the end. On the wire "
			"these probes look like keepalive's: only the counters TCPWinProbe and "
			"TCPKeepAlive tell them apart.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
		KA_STEPS(KA_WINDOW_CLOSED, KA_SILENCE, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		KA_CASE("zero_window_timeout_answered"),
		.why = "TCP_USER_TIMEOUT ends a connection whose data waits too long for a window, "
		       "although the peer answers every question",
		.source = "RFC 5482; tcp_probe_timer(): icsk_probes_tstamp; commits 9d9b1ee0b2d1, "
			  "344db93ae3ee (5.11)",
		.lesson = "The peer's kernel is alive and says so: each answer repeats that the "
			  "window is 0 and clears the count of unanswered probes. But the user "
			  "timeout asks how long data has waited, not whether anybody is there. "
			  "Its clock starts with the first window probe, 0.2 s after the write, "
			  "and is not set back by answers; the last interval is cut so that the "
			  "timer goes off when it is over. The application gets ETIMEDOUT for a "
			  "peer that was only slow.",
		.topology = KA_ROUTED,
		.holds_from = { "5.11, 5.10.13", "9d9b1ee0b2d1" },
		.settings = user_timeout,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT,
			    .error = ETIMEDOUT,
			    .probes = 0,
			    .answered = KA_SOME },
	},
	{
		KA_CASE("zero_window_timeout_silent"),
		.why = "the same when the path dies: TCP_USER_TIMEOUT decides, not tcp_retries2, "
		       "and not keepalive",
		.source = "RFC 5482; tcp_probe_timer(); tcp_clamp_probe0_to_user_timeout()",
		.lesson = "Data waits for a closed window and nobody answers any more. Without a "
			  "user timeout 15 window probes would be sent, which takes a quarter of "
			  "an hour; keepalive, whose 9 probes would take 10 s, is silent, since "
			  "data waits. With 2.3 s three probes go out, and the fourth expiry is "
			  "put on the limit.",
		.topology = KA_ROUTED,
		.holds_from = { "5.11, 5.10.13", "344db93ae3ee" },
		.settings = user_timeout,
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_SILENCE, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		KA_CASE("zero_window_timeout_lowered"),
		.why = "a user timeout that is lowered below what has passed already ends it with "
		       "the next ACK of the peer, not with the next window probe",
		.source = "tcp_ack_probe(), tcp_clamp_probe0_to_user_timeout(): TCP_TIMEOUT_MIN; "
			  "commit 2b9f6f7065d4 (7.1)",
		.lesson = "Data has waited for 4.5 s before a closed window when the application "
			  "loses patience and sets TCP_USER_TIMEOUT to 1 s. That touches no timer: "
			  "the next window probe is due 1.5 s later. But the peer sends something, "
			  "and, since the acknowledgement is lost, sends it again. (The first copy "
			  "is just what was expected, and takes the fast path, on which nobody "
			  "looks at its ACK.) With the second one the kernel sets the timer again "
			  "and "
			  "clamps it to what is left of the user timeout: nothing, so that two "
			  "jiffies later it is over. Before the fix \"nothing\" was a negative "
			  "number "
			  "that was taken for a huge one, and the timer ran for a whole interval "
			  "from there, up to two minutes.",
		.topology = KA_ROUTED,
		.holds_from = { "7.1, 6.18.44, 6.12.117", "2b9f6f7065d4" },
		KA_SETTING(.idle = 20, .intvl = 1, .cnt = 9, .user_timeout_ms = 8000),
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100),
			 { KA_SET(TCP_USER_TIMEOUT), .value = 1000, .at = { .ms = 4500 } },
			 { .do_ = KA_DROP, .way = KA_PROBES },
			 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .unacked = true }),
		.expect = { .when = KA_PERSIST_LIMIT,
			    .error = ETIMEDOUT,
			    .probes = 0,
			    .answered = KA_SOME },
	},
	{
		KA_CASE("zero_window_twice"),
		.why = "a user timeout counts from the second time that the window closes, when it "
		       "has been open in between",
		.source = "RFC 5482; tcp_ack_probe(): icsk_probes_tstamp = 0; commit 9d9b1ee0b2d1 "
			  "(5.11)",
		.lesson = "Data waits for a closed window for 1.5 s; then the peer reads, what "
			  "waited is sent, and the peer stops reading again. The user timeout is "
			  "2.3 s: two waits that it is longer than each, though not than both. "
			  "When the window opens the kernel must forget when it first asked; else "
			  "the second wait would end with its first question, 0.2 s after the "
			  "write.",
		.topology = KA_ROUTED,
		.holds_from = { "5.11, 5.10.13", "9d9b1ee0b2d1" },
		KA_SETTING(.idle = 5, .intvl = 1, .cnt = 9, .user_timeout_ms = 2300),
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100),
			 { .do_ = KA_RESUME, .who = KA_PEER, .at = { .ms = 1500 } },
			 { .do_ = KA_STALL, .who = KA_PEER, .at = { .ms = 500 } },
			 { .do_ = KA_FILL, .who = KA_PROBER }, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT,
			    .error = ETIMEDOUT,
			    .probes = 0,
			    .answered = KA_SOME },
	},
	{
		KA_CASE("zero_window_rto_min"),
		.why = "no window probe comes before 200 ms, however short tcp_rto_min_us makes "
		       "retransmission timeouts",
		.source =
			"tcp_probe0_base(): max(icsk_rto, TCP_RTO_MIN); commit 21c8fe991527 (4.1); "
			"net.ipv4.tcp_rto_min_us (6.11)",
		.lesson = "In a data centre retransmission may begin after 5 ms "
			  "(net.ipv4.tcp_rto_min_us, or rto_min of a route). A closed window is no "
			  "loss: the reader on the other end is slow, and to ask it every few "
			  "milliseconds brings nothing. With tcp_retries2 = 3 it would even be "
			  "given up after a tenth of a second. So window probes keep the old "
			  "minimum: 0.2, 0.6, 1.4 s, and the end at 3 s, as without the sysctl.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.probers = KA_ONLY_CLIENT,
		.sysctls = { KA_SMALL_BUFFER,
			     KA_RETRIES2("3"),
			     { KA_PROBER, "net/ipv4/tcp_rto_min_us", "5000" } },
		KA_STEPS(KA_WINDOW_CLOSED, KA_SILENCE, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
};

KA_THEME(zero_window, "A closed window");
