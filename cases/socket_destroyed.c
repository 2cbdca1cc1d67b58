/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The administrator ends a connection: SOCK_DESTROY, as by `ss -K`. No path is broken. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("destroyed_here"),
		.why = "a socket that the administrator destroys says ECONNABORTED at once, and "
		       "sends a RST",
		.source = "tcp_abort(), tcp_diag_destroy(); CONFIG_INET_DIAG_DESTROY",
		.lesson = "The administrator of the prober's host destroys the socket through "
			  "sock_diag. The kernel sends a RST, as close() of a socket with unread "
			  "data would, and the application reads ECONNABORTED: an errno that no "
			  "segment from the network can cause. No timer takes part.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_DESTROY, .who = KA_PROBER }),
		.expect = { .when = KA_AT_ONCE, .error = ECONNABORTED, .rst_sent = 1 },
	},
	{
		KA_CASE("destroyed_there"),
		.why = "destroyed at the peer, the connection ends here with the peer's RST: "
		       "ECONNRESET",
		.source = "tcp_abort() at the peer; tcp_reset()",
		.lesson = "The same at the peer's host: its application reads ECONNABORTED, its "
			  "kernel sends a RST, and the prober sees what it always sees of a RST. "
			  "It cannot tell an administrator from a crashed process.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_DESTROY, .who = KA_PEER }),
		.expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1 },
	},
	{
		KA_CASE("destroyed_there_unheard"),
		.why = "if the path swallows the RST of a destroyed peer, only the first probe "
		       "finds out",
		.source = "tcp_abort(); RFC 9293 3.10.7.1: a closed port answers with RST",
		.lesson = "The peer's socket is destroyed while the path loses what it sends, one "
			  "segment: its RST. Afterwards the path is whole. This end is half "
			  "open until the idle time is over; then the first probe meets a host "
			  "that knows nothing of the connection.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_ANSWERS, .first = 1 },
			 { .do_ = KA_DESTROY, .who = KA_PEER }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
};

KA_THEME(socket_destroyed, "The administrator ends it");
