/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keepalive cannot see: an application that hangs on a healthy kernel. */
#include "model/case.h"

static const struct ka_case cases[] = {
	{
		.name = "peer_frozen",
		.why = "a frozen application is not noticed: its kernel goes on answering",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_send_dupack()",
		.lesson = "SIGSTOP freezes the peer's process. Probes are answered by the kernel, "
			  "which is well, so keepalive must not notice. Only a timeout of the "
			  "application's own protocol (a heartbeat, a request deadline) can tell "
			  "that nobody is at home.",
		.topology = KA_ROUTED,
		KA_STEPS({ .do_ = KA_CONNECT },
			 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .random_phase = true },
			 { .do_ = KA_FREEZE, .who = KA_PEER },
			 { .do_ = KA_DIAG_IS,
			   .who = KA_PROBER,
			   .at = { .nominal = 1.5, .idle = 1 },
			   .timer = 2,
			   .value = 0 }),
		.expect = { .when = KA_NEVER, .arming = KA_PROBED, .answered = KA_SOME },
	},
};

KA_THEME(peer_frozen, "The peer's application hangs");
