/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's host went down without a word and is back: it answers, but knows nothing. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("peer_restarted"),
		.why = "the first probe meets the restarted host's RST: ECONNRESET after idle, not "
		       "later",
		.source = "RFC 9293 3.10.7.1; tcp_v4_send_reset(), tcp_reset()",
		.lesson = "The peer's machine vanished (power cut) and came back with the same "
			  "address and an empty memory. The prober does not know until it sends "
			  "something. Its first probe belongs to no connection there, and is "
			  "answered with a RST: ECONNRESET one round trip after the first probe, "
			  "whatever cnt and intvl say.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_CRASH, .who = KA_PEER },
			 { .do_ = KA_REBOOT, .who = KA_PEER }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
	{
		KA_CASE("peer_restarted_write"),
		.why = "a write instead of waiting meets the same RST, at once",
		.source = "RFC 9293 3.10.7.1; tcp_reset()",
		.lesson = "As peer_restarted, but the prober writes before its first probe is due. "
			  "Data belongs to no connection there either: RST, ECONNRESET after one "
			  "round trip. This is why a request on a stale pooled connection fails "
			  "at once after a restart, and hangs after a silent drop.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_CRASH, .who = KA_PEER },
			 { .do_ = KA_REBOOT, .who = KA_PEER }, KA_WRITE(64)),
		.expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1 },
	},
	{
		KA_CASE("peer_lost_socket"),
		.why = "a peer that is up but lost the connection answers the first probe with RST",
		.source = "RFC 9293 3.10.7.1; tcp_v4_send_reset(), tcp_v6_send_reset()",
		.lesson = "The peer's kernel forgot the socket without sending anything, as after "
			  "a fail-over to a machine that took over its address. Same RST, same "
			  "ECONNRESET at the first probe.",
		.topology = KA_PAIR,
		KA_STEPS(KA_IDLE, { .do_ = KA_FORGET, .who = KA_PEER }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
};

KA_THEME(peer_restarted, "The peer comes back and has forgotten");
