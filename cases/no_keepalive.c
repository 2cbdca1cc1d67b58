/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control: without SO_KEEPALIVE nothing of this happens. */
#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("no_keepalive"),
		.why = "without SO_KEEPALIVE the same silence is never noticed",
		.source = "RFC 9293 3.8.4 MUST-25: off by default; tcp_keepalive_timer()",
		.lesson = "The same connection and the same drop, but the socket never said "
			  "SO_KEEPALIVE. No timer runs, no probe is sent, the connection looks "
			  "established for as long as anybody cares to wait. At the end the prober "
			  "writes one byte, only to prove that the path really is dead.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_NO_TIMER, .at = { .nominal = 1.5, .idle = 1 }, .value = 0 },
			 KA_WRITE(1)),
		.expect = { .when = KA_NEVER,
			    .watch = { .ms = 100 },
			    .counters = { { "TcpExt.TCPTimeouts", KA_ANY },
					  { "TcpExt.TCPLossProbes", KA_ANY },
					  { "Tcp.RetransSegs", KA_ANY } } },
	},
};

KA_THEME(no_keepalive, "The control: keepalive off");
