/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that dies is not a host that dies: its kernel closes its sockets and says so. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("peer_killed"),
		.why = "a killed process is noticed at once: its kernel sends FIN",
		.source = "RFC 9293 3.6; tcp_close(), tcp_fin()",
		.lesson = "SIGKILL ends the peer's process, not its kernel. Closing the socket "
			  "sends a FIN, so the prober's read() returns 0 and epoll says "
			  "IN|RDHUP at once. Keepalive has no part in it.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 },
			 { .do_ = KA_KILL, .who = KA_PEER, .at = { .ms = 100 } }),
		.expect = { .when = KA_AT_ONCE, .eof = true },
	},
	{
		KA_CASE("peer_killed_unread"),
		.why = "killed with unread data in its buffer, the peer's kernel sends RST instead",
		.source = "RFC 9293 3.6.1; RFC 2525 2.17; tcp_close(): unread data",
		.lesson = "The peer had not read what the prober sent. A kernel that closes such a "
			  "socket must not pretend that the data was consumed: it sends a RST, and "
			  "the prober gets ECONNRESET where it would have seen a clean end.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PEER },
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 64 },
			 { .do_ = KA_KILL, .who = KA_PEER, .at = { .ms = 100 } }),
		.expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1 },
	},
};

KA_THEME(peer_killed, "The peer's process dies");
