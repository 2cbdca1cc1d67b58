/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keepalive cannot see: an application that hangs on a healthy kernel. */
#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("peer_frozen"),
		.why = "a frozen application is not noticed: its kernel goes on answering",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_send_dupack()",
		.lesson = "SIGSTOP freezes the peer's process. Probes are answered by the "
			  "kernel, which is well, so keepalive must not notice. Only a timeout "
			  "of the application's own protocol (a heartbeat, a request deadline) "
			  "can tell that the application hangs.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_FREEZE, .who = KA_PEER },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1.5, .idle = 1 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
};

KA_THEME(peer_frozen, "The peer's application hangs");
