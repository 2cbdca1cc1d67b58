/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's host, or the cable to it, is gone. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("host_crash"),
		.why = "a host that vanishes leaves nobody to say so: only keepalive notices",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "The wire is cut, the peer's process is killed, its whole network "
			  "namespace is destroyed; nothing of its last words can arrive. For the "
			  "prober this is the same silence as a drop on the path.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_CRASH, .who = KA_PEER }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("link_cut"),
		.why = "a pulled cable behind the gateway is silence too",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "The peer's device goes down; its host and process live on. The gateway "
			  "has a link without carrier and loses every packet for it. Nothing on "
			  "the prober's own link changes, so only keepalive tells.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_LINK_DOWN, .who = KA_PEER }),
		.expect = { KA_EXPIRES },
	},
};

KA_THEME(host_crash, "The peer's host is gone");
