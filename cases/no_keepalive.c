/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control: without SO_KEEPALIVE nothing of this happens. */
#include "model/case.h"

static const struct ka_case cases[] = {
	{
		.name = "no_keepalive",
		.why = "without SO_KEEPALIVE the same silence is never noticed",
		.source = "RFC 9293 3.8.4 MUST-25: off by default; tcp_keepalive_timer()",
		.lesson = "The same connection and the same drop, but the socket never said "
			  "SO_KEEPALIVE. No timer runs, no probe is sent, the connection looks "
			  "established for as long as anybody cares to wait. At the end the prober "
			  "writes one byte, only to prove that the path really is dead.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_STEPS({ .do_ = KA_CONNECT },
			 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .random_phase = true },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS },
			 { .do_ = KA_DIAG_IS,
			   .who = KA_PROBER,
			   .at = { .nominal = 1.5, .idle = 1 },
			   .timer = 0,
			   .value = 0 },
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .unacked = true }),
		.expect = { .when = KA_NEVER,
			    .watch = { .ms = 100 },
			    .counters = { { "TcpExt.TCPTimeouts", KA_ANY },
					  { "TcpExt.TCPLossProbes", KA_ANY },
					  { "Tcp.RetransSegs", KA_ANY } } },
	},
};

KA_THEME(no_keepalive, "The control: keepalive off");
