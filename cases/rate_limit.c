/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A healthy peer does not answer every probe: one per half a second must do. */
#include <errno.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("probes_too_fast"),
		.why = "probes faster than the peer's answer limit kill a healthy connection",
		.source = "RFC 5961 7; tcp_oow_rate_limited(), tcp_invalid_ratelimit (500 ms); "
			  "tcp_keepalive_timer()",
		.lesson = "An answer to an unacceptable segment could be used to make two hosts "
			  "send each other ACKs for ever, so Linux gives at most one in 500 ms "
			  "per socket and counts what it skipped (TCPACKSkippedSeq). With idle "
			  "and intvl 0 the prober's probes come one per jiffy: the first is "
			  "answered, the next cnt are not, and the prober gives up a peer that "
			  "is perfectly well. An interval below a second is a bad idea for this "
			  "reason.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_SETTING(.idle = 0, .intvl = 0, .cnt = 20),
		.sysctls = { { KA_PROBER, KA_KEEPALIVE_SYSCTL("time"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("intvl"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("probes"), "20" } },
		KA_STEPS(KA_CONNECTED, { KA_SWITCH(1) }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .arming = KA_PROBED,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .answered = 1,
			    .rst_sent = 1,
			    .peer_counters = { { "TcpExt.TCPACKSkippedSeq", KA_SOME } } },
	},
	{
		KA_CASE("answers_unlimited"),
		.why = "without the limit the same storm is answered, probe by probe",
		.source = "tcp_oow_rate_limited(): sysctl tcp_invalid_ratelimit 0",
		.lesson = "The control: the peer's tcp_invalid_ratelimit is 0, every probe has its "
			  "answer, and the connection lives through it.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_SETTING(.idle = 0, .intvl = 0, .cnt = 20),
		.sysctls = { { KA_PROBER, KA_KEEPALIVE_SYSCTL("time"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("intvl"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("probes"), "20" },
			     { KA_PEER, "net/ipv4/tcp_invalid_ratelimit", "0" } },
		KA_STEPS(KA_CONNECTED, { KA_SWITCH(1) }),
		.expect = { .when = KA_NEVER,
			    .arming = KA_PROBED,
			    /* the storm goes on while the record is closed */
			    .probes = KA_ANY,
			    .answered = KA_SOME,
			    .counters = { { "TcpExt.TCPKeepAlive", KA_ANY } },
			    .watch = { .ms = 500 },
			    .peer_counters = { { "TcpExt.TCPACKSkippedSeq", 0 } } },
	},
};

KA_THEME(rate_limit, "The peer's answers are limited");
