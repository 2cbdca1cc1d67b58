/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection in a client's pool waits for the next request, behind a gateway that forgets. The
 * question is not whether a stale connection is found out, but by whom: by the request that must
 * not fail, or by keepalive before it.
 */
#include <errno.h>

#include "model/vocabulary.h"

/* What the gateway's timeout is, in parts of idle. */
static const struct ka_gateway patient = { .timeout = { .idle = 3 } };
static const struct ka_gateway drops = { .timeout = { .idle = 0.5 } };
static const struct ka_gateway resets = { .timeout = { .idle = 0.5 }, .unknown = KA_UNKNOWN_RESET };
static const struct ka_gateway drops_in_a_second = { .timeout_s = 1 };

/* Keepalive has no chance to be first; the user timeout bounds the request. */
static const struct ka_setting with_user_timeout[] = {
	{ .idle = 10, .intvl = 1, .cnt = 3, .user_timeout_ms = 2000 },
	{ 0 },
};

/* A second for a pool to come, and one more before the first is probed. */
static const struct ka_setting two_seconds[] = { { .idle = 2, .intvl = 1, .cnt = 3 }, { 0 } };

/* The request before the pause, answered. */
#define FIRST_REQUEST                                                                              \
	KA_CONNECTED, { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 100 },                          \
		{ .do_ = KA_SEND, .who = KA_PEER, .bytes = 500 },                                  \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .random_phase = true                 \
	}
/* The one after it. */
#define FORGOTTEN                                                                                  \
	{                                                                                          \
		.do_ = KA_ENTRY_GONE, .at = {.idle = 1, .ms = 100 }                                \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("pool_kept"),
		.why = "keepalive below the gateway's timeout: the first request after a long "
		       "pause succeeds at once",
		.source = "RFC 5382 REQ-5; nf_ct_refresh_acct()",
		.lesson = "The connection has been idle for more than the gateway's timeout, but "
			  "only for the application: probes have passed. Request and answer go "
			  "through as if there had been no pause.",
		.topology = KA_ROUTED,
		.gateway = &patient,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		KA_STEPS(FIRST_REQUEST,
			 { .do_ = KA_ENTRY_IS, .at = { .idle = 5 }, .left = { .idle = 1 } },
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 100 },
			 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 500 }),
		.expect = { KA_LIVES_ON, .watch = { .idle = 0.5 } },
	},
	{
		KA_CASE("pool_stale_silent"),
		.why = "without keepalive the first request after eviction hangs until "
		       "tcp_retries2 gives up",
		.source = "RFC 9293 3.8.3; tcp_write_timeout()",
		.lesson = "The pool hands out a connection that the gateway has forgotten. "
			  "Nothing refuses the request; it is retransmitted in vain, and the "
			  "caller waits: with tcp_retries2 at its default of 15 for a quarter of "
			  "an hour and more (here it is 3), unless a timeout of its own comes "
			  "first.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.from = KA_FROM_NOWHERE,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(FIRST_REQUEST, FORGOTTEN, KA_WRITE(100)),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("pool_stale_reset"),
		.why = "without keepalive the first request after eviction fails at once where the "
		       "gateway answers with RST",
		.source = "RFC 9293 3.10.7; nf_send_reset(), tcp_reset()",
		.lesson = "The luckier kind of gateway: the request fails after one round trip "
			  "with ECONNRESET, and a pool that retries idempotent requests on a new "
			  "connection hides it. But it was the request that found out.",
		.topology = KA_ROUTED,
		.gateway = &resets,
		.from = KA_FROM_NOWHERE,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		KA_STEPS(FIRST_REQUEST, FORGOTTEN, KA_WRITE(100)),
		.expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1 },
	},
	{
		KA_CASE("pool_user_timeout"),
		.why = "TCP_USER_TIMEOUT bounds how long the first request after eviction hangs",
		.source = "RFC 9293 3.8.3; RFC 5482; tcp_clamp_rto_to_user_timeout()",
		.lesson = "As pool_stale_silent, but the socket has TCP_USER_TIMEOUT: data that "
			  "stays unacknowledged for so long ends the connection, whatever "
			  "tcp_retries2 says. The clock starts with the first retransmission.",
		.topology = KA_ROUTED,
		.gateway = &drops_in_a_second,
		.probers = KA_ONLY_CLIENT,
		.settings = with_user_timeout,
		KA_STEPS(FIRST_REQUEST, { .do_ = KA_ENTRY_GONE, .at = { .ms = 1100 } },
			 KA_WRITE(100)),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("pool_learns_by_silence"),
		.why = "keepalive above the gateway's timeout does not keep the connection, but "
		       "the pool loses it before a request does",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "No probe is answered. At idle + intvl * cnt the pool's own event loop "
			  "gets EPOLLERR for an idle connection and can throw it away; no "
			  "request was harmed. Until then, and that may be hours, a request on "
			  "it would hang.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.probers = KA_ONLY_CLIENT,
		.min_cnt = 2,
		.one_setting = true,
		KA_STEPS(FIRST_REQUEST, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("pool_learns_by_reset"),
		.why = "where the gateway answers, the pool learns at the first probe",
		.source = "RFC 9293 3.10.7; nf_send_reset(), tcp_reset()",
		.lesson = "As pool_learns_by_silence, but after idle and one round trip.",
		.topology = KA_ROUTED,
		.gateway = &resets,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		KA_STEPS(FIRST_REQUEST, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_RESET_AT_FIRST_PROBE },
	},
	{
		KA_CASE("pool_request_while_probing"),
		.why = "a request in the middle of probing switches keepalive off: it hangs as if "
		       "there were none",
		.source = "tcp_keepalive_timer(): tp->packets_out, tcp_write_queue_empty(); "
			  "tcp_write_timeout()",
		.lesson = "One probe is lost already, two more and the pool would know. Then a "
			  "request is written. While data is outstanding the keepalive timer only "
			  "looks on; the retransmission limit (tcp_retries2, here 3) decides, and "
			  "with the default of 15 that is much later than keepalive would have "
			  "been.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.probers = KA_ONLY_CLIENT,
		.min_cnt = 2,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(FIRST_REQUEST, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) },
			 { .do_ = KA_SEND,
			   .who = KA_PROBER,
			   .bytes = 100,
			   .unacked = true,
			   .at = { .intvl = 0.3 } }),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT, .probes = 1 },
	},
	{
		KA_CASE("pool_of_many"),
		.why = "a gateway that forgets a whole pool of connections has each of them found "
		       "out by its own keepalive, before a request meets one",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "Fifty connections to one server, all idle, all forgotten. To the kernel "
			  "they have nothing to do with each other: that one was found dead says "
			  "nothing about the next, and a client that takes one after the other "
			  "pays for each (pool_stale_silent, fifty times). With keepalive every "
			  "one ends by its own clock, at idle + intvl * cnt after its own last "
			  "segment, and the whole pool is clean within the time that one takes: "
			  "the number costs nothing.",
		.topology = KA_ROUTED,
		.gateway = &drops,
		.from = KA_FROM_ACCEPTED,
		.probers = KA_ONLY_CLIENT,
		.settings = two_seconds,
		.load = 49,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
};

KA_THEME(pool, "A pooled connection behind a gateway that forgets");
