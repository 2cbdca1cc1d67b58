/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection that never comes to be. Keepalive is for connections: a handshake that nobody answers
 * is ended by a timer of its own, and that is what a client waits for whose server is gone.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

static const struct ka_setting every_second[] = { { .idle = 1, .intvl = 1, .cnt = 3 }, { 0 } };
static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 1500 },
	{ 0 },
};
static const struct ka_setting short_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 500 },
	{ 0 },
};

/* Older kernels double from the first interval on, as with 0. */
#define IN_SYN_SENT "tcp: better handle TCP_USER_TIMEOUT in SYN_SENT state"
#define INTO_THE_VOID                                                                              \
	KA_SILENCE,                                                                                \
	{                                                                                          \
		.do_ = KA_CONNECT, .unacked = true                                                 \
	}
#define TIMES_OUT                                                                                  \
	{                                                                                          \
		.when = KA_CONNECT_LIMIT, .error = ETIMEDOUT                                       \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("connect_limit"),
		.why = "a connect() into a silent path ends by tcp_syn_retries; keepalive, set "
		       "before it, has no say and sends no probe",
		.source = "RFC 9293 3.8.3, 3.8.4; tcp_write_timeout(): TCPF_SYN_SENT; "
			  "tcp_keepalive_timer(): TCP_SYN_SENT",
		.lesson = "SO_KEEPALIVE with idle 1 is set, but the connection is not "
			  "established yet, and the keepalive timer does not run. The SYN is "
			  "sent again after 1 s; with tcp_syn_retries = 1 the next expiry, 2 s "
			  "later, is the end. With the default of 6 it takes 127 s (131 s from "
			  "6.5 on, where tcp_syn_linear_timeouts is 4), and no keepalive value "
			  "shortens that.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		KA_SYN_RETRIES("1"),
		KA_STEPS(INTO_THE_VOID),
		.expect = TIMES_OUT,
	},
	{
		KA_CASE("connect_limit_armed"),
		.why = "keepalive switched on while connect() waits: its timer goes off in "
		       "SYN_SENT, finds no connection, and is not set again",
		.source = "tcp_set_keepalive(); tcp_keepalive_timer(): TCP_SYN_SENT",
		.lesson = "This time SO_KEEPALIVE comes after connect() has begun. The kernel sets "
			  "the timer (the socket is neither closed nor listening), and after "
			  "idle it goes off; but in SYN_SENT the handler only returns. The end is "
			  "that of the handshake, as if keepalive had never been asked for.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.from = KA_FROM_VALUES,
		.settings = every_second,
		KA_SYN_RETRIES("1"),
		KA_STEPS(INTO_THE_VOID, { KA_SWITCH(1), .at = { .ms = 100 } }),
		.expect = TIMES_OUT,
	},
	{
		KA_CASE("connect_limit_linear"),
		.why = "tcp_syn_linear_timeouts adds SYNs at the initial interval to those that "
		       "tcp_syn_retries allows",
		.source = "tcp_write_timeout(): max_retransmits; commit ccce324dabfe (6.5); "
			  "Documentation/networking/ip-sysctl.rst",
		.lesson = "With one linear timeout the first interval is not doubled: SYNs leave "
			  "after 1 and 2 s, and the expiry at 4 s is the end. A client of a newer "
			  "kernel sends more SYNs in the first seconds, and waits 4 s longer in "
			  "all.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		.sysctls = { { KA_PROBER, "net/ipv4/tcp_syn_retries", "1" },
			     { KA_PROBER, "net/ipv4/tcp_syn_linear_timeouts", "1" } },
		KA_STEPS(INTO_THE_VOID),
		.expect = TIMES_OUT,
	},
	{
		KA_CASE("connect_limit_user_timeout"),
		.why = "TCP_USER_TIMEOUT limits a connect(), too: it counts from the first SYN",
		.source = "RFC 5482; tcp_clamp_rto_to_user_timeout(); "
			  "tcp_connect(): retrans_stamp",
		.lesson = "The first interval of 1 s stays as it is; the second is cut to what is "
			  "left of 1.5 s, and there connect() fails, whatever tcp_syn_retries (6) "
			  "says. This is the one option that bounds a connection from its first "
			  "SYN to its last byte.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.holds_from = { "5.5", IN_SYN_SENT },
		.settings = user_timeout,
		KA_SYN_RETRIES("6"),
		KA_STEPS(INTO_THE_VOID),
		.expect = TIMES_OUT,
	},
	{
		KA_CASE("connect_limit_user_timeout_short"),
		.why = "a user timeout below 1 s does not end a connect() before its SYN was sent "
		       "a second time",
		.source = "retransmits_timed_out(): icsk_retransmits; "
			  "tcp_clamp_rto_to_user_timeout(): remaining <= 0",
		.lesson = "The user timeout of 500 ms is over when the timer goes off for the "
			  "first time, after 1 s. But the kernel does not give up before it has "
			  "retransmitted once: a second SYN goes out, and the next tick is the "
			  "end. Who wants to know sooner needs a timeout of its own.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.holds_from = { "5.5", IN_SYN_SENT },
		.settings = short_timeout,
		KA_SYN_RETRIES("6"),
		KA_STEPS(INTO_THE_VOID),
		.expect = TIMES_OUT,
	},
	{
		KA_CASE("connect_limit_refused"),
		.why = "SYNs that the own queue drops are sent again twice a second, and count",
		.source = "tcp_retransmit_timer(): TCP_RESOURCE_PROBE_INTERVAL; "
			  "tcp_write_timeout(): icsk_retransmits; commit 590d2026d626 (5.1)",
		.lesson = "The first SYN is lost on its way, those after it in the queue of the "
			  "prober's own device. Nothing is doubled, since the network has no part "
			  "in it: after the first second the attempts are half a second apart. "
			  "They use up tcp_syn_retries = 3 all the same: the end comes after "
			  "2.5 s, where a silent path takes 15. With the default of 6 a full queue "
			  "makes a connect() fail after 4 s instead of two minutes.",
		.topology = KA_PAIR,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		KA_SYN_RETRIES("3"),
		KA_STEPS(INTO_THE_VOID, { .do_ = KA_REFUSE, .who = KA_PROBER }),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT, .unseen = true },
	},
	{
		KA_CASE("connect_limit_congested"),
		.why = "SYNs that the own queue drops, but calls congested, count as sent",
		.source = "fq_codel_enqueue(): NET_XMIT_CN; tcp_transmit_skb(): net_xmit_eval()",
		.lesson = "As connect_limit, but it is the prober's own fq_codel that loses the "
			  "second SYN. TCP cannot tell: 1 s and 2 s, and no SYN more often than "
			  "that.",
		.topology = KA_PAIR,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		KA_SYN_RETRIES("1"),
		KA_STEPS(INTO_THE_VOID, { .do_ = KA_CONGEST, .who = KA_PROBER }),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT, .unseen = true },
	},
};

KA_THEME(connecting, "A connection that never comes to be");
