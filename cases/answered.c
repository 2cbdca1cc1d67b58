/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counterpart of every death: a healthy, idle connection must live for ever. */
#include "model/case.h"

static const struct ka_case cases[] = {
	{
		.name = "answered",
		.why = "a live peer is probed, answers, and the connection stays",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_ack() clears icsk_probes_out",
		.lesson = "An idle but healthy connection. A probe carries the sequence number of "
			  "a byte that is long acknowledged, so the peer's kernel must answer with "
			  "an ACK; the answer counts as received, sets the probe counter to 0, and "
			  "the next probe comes idle seconds later. The application sees nothing.",
		.topology = KA_ROUTED,
		KA_STEPS({ .do_ = KA_CONNECT },
			 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .random_phase = true },
			 { .do_ = KA_DIAG_IS,
			   .who = KA_PROBER,
			   .at = { .nominal = 2, .idle = 0.5 },
			   .timer = 2,
			   .value = 0 }),
		.expect = { .when = KA_NEVER, .arming = KA_PROBED, .answered = KA_SOME },
	},
};

KA_THEME(answered, "A healthy peer answers");
