/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which values a socket takes, and what it says to the others. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

#define SET(opt, val, err)                                                                         \
	{                                                                                          \
		KA_SET(opt), .value = val, .fails = err                                            \
	}
#define GET(opt, val)                                                                              \
	{                                                                                          \
		KA_GET(opt), .value = val                                                          \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("option_ranges"),
		.why = "TCP_KEEPIDLE and TCP_KEEPINTVL take 1..32767 s, TCP_KEEPCNT 1..127",
		.source =
			"MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT; do_tcp_setsockopt()",
		.lesson = "Everything outside gives EINVAL and changes nothing. A program that "
			  "passes milliseconds (30000 for 30 s) is still inside the range: the "
			  "kernel cannot tell, and waits for more than eight hours.",
		.topology = KA_PAIR,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, SET(TCP_KEEPIDLE, 0, EINVAL), SET(TCP_KEEPIDLE, -1, EINVAL),
			 SET(TCP_KEEPIDLE, 32768, EINVAL), SET(TCP_KEEPIDLE, 32767, 0),
			 GET(TCP_KEEPIDLE, 32767), SET(TCP_KEEPINTVL, 0, EINVAL),
			 SET(TCP_KEEPINTVL, -1, EINVAL), SET(TCP_KEEPINTVL, 32768, EINVAL),
			 SET(TCP_KEEPINTVL, 32767, 0), GET(TCP_KEEPINTVL, 32767),
			 SET(TCP_KEEPCNT, 0, EINVAL), SET(TCP_KEEPCNT, -1, EINVAL),
			 SET(TCP_KEEPCNT, 128, EINVAL), SET(TCP_KEEPCNT, 127, 0),
			 GET(TCP_KEEPCNT, 127), SET(TCP_USER_TIMEOUT, -1, EINVAL),
			 SET(TCP_USER_TIMEOUT, 0, 0), SET(TCP_USER_TIMEOUT, 0x7fffffff, 0),
			 GET(TCP_USER_TIMEOUT, 0x7fffffff)),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("option_keepalive_is_a_switch"),
		.why = "SO_KEEPALIVE takes any number and reads back 0 or 1",
		.source = "sk_setsockopt(): valbool; sock_valbool_flag()",
		.lesson = "It is a flag, not a time: 300 means on, not 300 seconds.",
		.topology = KA_PAIR,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { KA_SWITCH(0) }, { KA_NO_TIMER, .value = 0 },
			 { KA_SWITCH(300) }, { KA_SWITCH_READS(1) },
			 { KA_KEEPALIVE_TIMER, .value = 0 }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("option_keepalive_elsewhere"),
		.why = "SO_KEEPALIVE can be set on any socket, and has a meaning for TCP's alone",
		.source =
			"sk_setsockopt(): sk->sk_prot->keepalive; commit 3e10986d1d69 \"net: guard "
			"tcp_set_keepalive() to tcp sockets\"",
		.lesson =
			"The option is one of sockets, not of TCP. On UDP or AF_UNIX it is a flag "
			"that nobody reads. On a raw socket of the protocol TCP it once started "
			"TCP's timer on something that is no TCP socket, and the kernel crashed.",
		.topology = KA_PAIR,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_KEEPALIVE_OF, .who = KA_PROBER, .socket = KA_RAW_TCP },
			 { .do_ = KA_KEEPALIVE_OF, .who = KA_PROBER, .socket = KA_UDP },
			 { .do_ = KA_KEEPALIVE_OF, .who = KA_PROBER, .socket = KA_UNIX }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("option_default_is_off"),
		.why = "a new socket has keepalive off and the values 7200, 75, 9",
		.source = "RFC 9293 3.8.4 MUST-25, MUST-28; TCP_KEEPALIVE_TIME, _INTVL, _PROBES",
		.lesson = "Off unless the application asks, and two hours until the first probe "
			  "if it asks for nothing else: 7200 + 9 * 75 = 7875 s, 2 h 11 min 15 s.",
		.topology = KA_PAIR,
		.from = KA_FROM_NOWHERE,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { KA_SWITCH_READS(0) }, GET(TCP_KEEPIDLE, 7200),
			 GET(TCP_KEEPINTVL, 75), GET(TCP_KEEPCNT, 9), GET(TCP_USER_TIMEOUT, 0),
			 { KA_NO_TIMER, .value = 0 }),
		.expect = { .when = KA_NEVER },
	},
};

KA_THEME(options, "Socket options: ranges and defaults");
