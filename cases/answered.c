/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counterpart of every death: a healthy, idle connection must live for ever. */
#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("answered"),
		.why = "a live peer is probed, answers, and the connection stays",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_ack() clears icsk_probes_out",
		.lesson = "An idle but healthy connection. A probe carries the sequence number of "
			  "a byte that is long acknowledged, so the peer's kernel must answer with "
			  "an ACK; the answer counts as received, sets the probe counter to 0, and "
			  "the next probe comes idle seconds later. The application sees nothing.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE,
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 2, .idle = 0.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
};

KA_THEME(answered, "A healthy peer answers");
