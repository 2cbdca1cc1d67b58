/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket that has had a connection, was disconnected with connect(AF_UNSPEC), and has another one. Its
 * options stay; whatever the kernel counted for the old connection must be gone (tcp_disconnect()).
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

/* The same socket connects again: keepalive is on, with its values, one timer runs and no probe is out. */
#define USED_AGAIN                                                                                 \
	KA_CONNECTED, { KA_GET(TCP_KEEPCNT), .value = 3 }, { KA_SWITCH_READS(1) },                 \
	{                                                                                          \
		KA_KEEPALIVE_TIMER, .value = 0                                                     \
	}
#define DISCONNECTED .do_ = KA_DISCONNECT, .who = KA_PROBER

static const struct ka_case cases[] = {
	{
		KA_CASE("reused_while_probing"),
		.why = "a socket that was disconnected while it probed, and connected again, gives "
		       "its new peer the full number of probes",
		.source = "tcp_disconnect(), tcp_ack(): icsk_probes_out = 0; "
			  "tcp_clear_xmit_timers(); "
			  "tcp_finish_connect()",
		.lesson = "Two of three probes are unanswered when the application gives the "
			  "connection up, but not the socket: connect() with AF_UNSPEC takes it "
			  "back to the beginning, and a second connect() succeeds. SO_KEEPALIVE "
			  "and its values are the socket's and are still there; the number of "
			  "unanswered probes was the connection's, and is gone. The timer that ran "
			  "is deleted, and the new handshake starts it: the new peer is probed as "
			  "if there had been no other.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { DISCONNECTED, KA_AT_PROBE(2), .at = { .intvl = 0.5 } },
			 { .do_ = KA_HEAL }, USED_AGAIN, KA_LAST_DATA, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("reused_after_loss"),
		.why = "a loss on a new connection counts from its own beginning, not from one "
		       "that "
		       "the socket's old connection had",
		.source = "tcp_disconnect(): tcp_clear_retrans(), icsk_backoff, icsk_rto; "
			  "retransmits_timed_out()",
		.lesson = "A byte is lost four times, and the application disconnects the socket "
			  "instead of waiting. On the next connection another byte is lost. Of the "
			  "first loss nothing may be left: not its time, with which the limit of "
			  "tcp_retries2 would be reached too soon, and not the intervals that it "
			  "had grown to.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		KA_SETTING(.idle = 20, .intvl = 1, .cnt = 3),
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), { DISCONNECTED, .at = { .ms = 1800 } },
			 { .do_ = KA_HEAL }, USED_AGAIN, KA_SILENCE, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("reused_after_stall"),
		.why = "a user timeout before a closed window counts from the new connection's "
		       "window, not from the one before which the old one waited",
		.source = "tcp_disconnect(): icsk_probes_tstamp = 0; commit 9d9b1ee0b2d1 (5.11)",
		.lesson =
			"Data has waited for 1.5 s before a closed window, of 2.3 s that "
			"TCP_USER_TIMEOUT allows, when the application disconnects the socket "
			"and connects it again. The new peer does not read, either, and its window "
			"closes. The time counts from there. If the old one were kept, the first "
			"window probe would find it over.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.holds_from = { "5.11, 5.10.13", "9d9b1ee0b2d1" },
		KA_SETTING(.idle = 20, .intvl = 1, .cnt = 3, .user_timeout_ms = 2300),
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100), { DISCONNECTED, .at = { .ms = 1500 } },
			 USED_AGAIN, { .do_ = KA_STALL, .who = KA_PEER, .at = { .ms = 500 } },
			 { .do_ = KA_FILL, .who = KA_PROBER }, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT,
			    .error = ETIMEDOUT,
			    .probes = 0,
			    .answered = KA_SOME },
	},
};

KA_THEME(reused_socket, "A socket that is used again");
