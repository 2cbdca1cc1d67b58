/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proxy with few places evicts who has been silent for the longest, and counts only what it read. */
#include <errno.h>

#include "model/vocabulary.h"

#define TWO_PLACES                                                                                 \
	{                                                                                          \
		.program = KA_APP_PROXY, .slots = 2                                                \
	}
/* The client's alone: the proxy accepts, so it is the server. */
#define VICTIM .topology = KA_ROUTED, .probers = KA_ONLY_CLIENT, .min_cnt = 3, .one_setting = true
/* The other place is taken; then the prober's kernel talks, and its application does not. */
#define PROBES_ONLY                                                                                \
	KA_CONNECTED, { .do_ = KA_JOIN, .value = 1 },                                              \
	{                                                                                          \
		KA_KEEPALIVE_TIMER, .at = { .idle = 1.5, .intvl = 1.5 }, .value = 0                \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("proxy_evicts_probing"),
		.why = "keepalive probes do not keep a place in a proxy that evicts the least "
		       "recently active",
		.source = "RFC 9293 3.6, 3.8.4; tcp_send_dupack(): a probe ends in the kernel",
		.lesson = "The proxy keeps two connections. The prober came first and only its "
			  "keepalive talks; another client came later and is as silent. To the "
			  "prober's kernel all is well, for every probe is answered. But the "
			  "proxy's application never reads a byte of it, so when a third client "
			  "comes, the prober is evicted, and sees a FIN. TCP keepalive keeps a "
			  "path open (a NAT entry, a firewall's state), not a place in "
			  "somebody's queue.",
		VICTIM,
		.peer_app = TWO_PLACES,
		KA_STEPS(PROBES_ONLY, { .do_ = KA_JOIN, .value = 1 }),
		.expect = { .when = KA_AT_ONCE,
			    .arming = KA_PROBED,
			    .eof = true,
			    .answered = KA_SOME,
			    .app = { { KA_PEER, KA_DID_EVICT, .times = 1, .number = 1 } } },
	},
	{
		KA_CASE("proxy_evicts_with_reset"),
		.why = "a proxy that aborts instead of closing is seen as ECONNRESET",
		.source = "RFC 9293 3.6.1; tcp_disconnect() through SO_LINGER 0; tcp_reset()",
		.lesson = "The same, but the proxy sets SO_LINGER to 0, as many do to save "
			  "themselves the TIME_WAIT state: close() then sends a RST. What was an "
			  "orderly end of file becomes an error, and data on its way is lost.",
		VICTIM,
		.peer_app = { .program = KA_APP_PROXY, .slots = 2, .reset = true },
		KA_STEPS(PROBES_ONLY, { .do_ = KA_JOIN, .value = 1 }),
		.expect = { .when = KA_AT_ONCE,
			    .arming = KA_PROBED,
			    .error = ECONNRESET,
			    .rst_received = 1,
			    .answered = KA_SOME,
			    .app = { { KA_PEER, KA_DID_EVICT, .times = 1, .number = 1 } } },
	},
	{
		KA_CASE("proxy_keeps_active"),
		.why = "one message of the application keeps the place that probes do not keep",
		.source = "RFC 9293 3.8.4; sock_def_readable(): only data wakes the proxy",
		.lesson = "The same two connections, the same probes; before the third client "
			  "comes, the prober sends 64 bytes. The proxy reads them, so now the "
			  "other one is the least recently active and has to go. Where an idle "
			  "connection must keep its place in an application, the application "
			  "itself must send: a ping of the protocol above.",
		VICTIM,
		.peer_app = TWO_PLACES,
		KA_STEPS(PROBES_ONLY, { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 64 },
			 { .do_ = KA_JOIN, .value = 1 }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 1, .intvl = 1 },
			    .app = { { KA_PEER, KA_DID_EVICT, .times = 1, .number = 2 } } },
	},
};

KA_THEME(proxy, "The proxy's queue: probes are no activity");
