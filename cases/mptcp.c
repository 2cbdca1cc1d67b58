/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multipath TCP: keepalive probes the subflow, which is a TCP connection; the application holds
 * another one, made of subflows, which may outlive them.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

/* Long enough to tell from the timer wheel's rounding, short enough to wait for (default 60). */
#define CLOSE_TIMEOUT_S 2
#define CLOSE_TIMEOUT                                                                              \
	{                                                                                          \
		KA_PROBER, "net/mptcp/close_timeout", "2"                                          \
	}
#define FROM_6_10                                                                                  \
	{                                                                                          \
		"6.10, 6.9.3, 6.8.12, 6.6.34, 6.1.94",                                             \
			"bd11dc4fb969 \"mptcp: fix full TCP keep-alive support\""                  \
	}
/* The subflow is reset, the connection lives on without one until close_timeout. */
#define SUBFLOW_DIES                                                                               \
	.when = KA_KEEPALIVE_EXPIRY, .error = ENOTCONN, .probes = KA_CNT, .rst_sent = 1,           \
	.events = 0x10, .events_full = 0x114, .notice = { .ms = CLOSE_TIMEOUT_S * 1000 }

/* SO_KEEPALIVE set before a subflow is there, as bd11dc4fb969 and the fix of 2025 have it. */
#define FROM_6_17                                                                                  \
	{                                                                                          \
		"6.17, 6.16.8, 6.12.48, 6.6.107, 6.1.153",                                         \
			"648de37416b3 \"mptcp: sockopt: make sync_socket_options "                 \
			"propagate SOCK_KEEPOPEN\""                                                \
	}
/* Both ends have received data, so that another subflow may join. */
#define HEARD_BOTH                                                                                 \
	KA_CONNECTED,                                                                              \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PEER, .bytes = 64                                        \
	}
#define SUBFLOWS(n) .do_ = KA_SUBFLOWS_ARE, .who = KA_PROBER, .value = (n)
/* One subflow is given up in time, and not before. */
#define ONE_DIES                                                                                   \
	{ SUBFLOWS(2), .at = { .nominal = 0.95 } },                                                \
	{                                                                                          \
		SUBFLOWS(1), .at = {.nominal = 0.25 }                                              \
	}
/* What moves in the prober's namespace besides: as for one that expires, but not on the one that is looked at. */
#define OF_THE_OTHER                                                                               \
	{ "TcpExt.TCPKeepAlive", KA_SOME }, { "TcpExt.TCPAbortOnTimeout", 1 },                     \
		{ "Tcp.OutRsts", 1 },                                                              \
	{                                                                                          \
		"Tcp.EstabResets", 1                                                               \
	}

#define SET(opt, val, err)                                                                         \
	{                                                                                          \
		KA_SET(opt), .value = val, .fails = err                                            \
	}
#define GET(opt, val)                                                                              \
	{                                                                                          \
		KA_GET(opt), .value = val                                                          \
	}
/* What TCP refuses, and that none of it is kept. */
#define REFUSES(opt, beyond, standard)                                                             \
	SET(opt, 0, EINVAL), SET(opt, -1, EINVAL), SET(opt, beyond, EINVAL), GET(opt, standard)

static const struct ka_case cases[] = {
	{
		KA_CASE("mptcp_subflow_dies"),
		.why = "keepalive ends the subflow in time, the application hears of it "
		       "close_timeout later, and without a reason",
		.source = "RFC 8684 3.6; mptcp_worker(), mptcp_close_tout_expired(), "
			  "mptcp_set_close_tout(), __mptcp_error_report()",
		.lesson = "The only path falls silent. The subflow is a TCP connection and dies as "
			  "one: cnt probes, RST. But the MPTCP connection could get another "
			  "subflow, so it waits for net.mptcp.close_timeout seconds (2 here; the "
			  "default is 60) before it gives up. Then epoll says HUP without ERR, "
			  "read() says ENOTCONN, and SO_ERROR says 0: the subflow's ETIMEDOUT "
			  "stays with the subflow.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.from = KA_FROM_ACCEPTED,
		.holds_from = FROM_6_10,
		.one_setting = true,
		.min_cnt = 3,
		.sysctls = { CLOSE_TIMEOUT },
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { SUBFLOW_DIES },
	},
	{
		KA_CASE("mptcp_options_before_connect"),
		.why = "options set before the handshake reach the subflow",
		.source = "sync_socket_options(), mptcp_setsockopt_sol_tcp_keepalive()",
		.lesson = "SO_KEEPALIVE and the values are set on a socket that has no subflow "
			  "yet, or on a listener. They must be carried over to the subflow when it "
			  "comes. Kernels without the fix of 2025 forgot SO_KEEPALIVE here, and "
			  "whoever set it early (as most programs do) had no keepalive at all.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.holds_from = FROM_6_17,
		.one_setting = true,
		.min_cnt = 3,
		.sysctls = { CLOSE_TIMEOUT },
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, { KA_KEEPALIVE_TIMER }, KA_SILENCE),
		.expect = { SUBFLOW_DIES },
	},
	{
		KA_CASE("mptcp_values_before_connect"),
		.why = "values set before the handshake reach the subflow, and SO_KEEPALIVE behind "
		       "it uses them",
		.source = "sync_socket_options(), mptcp_setsockopt_sol_tcp()",
		.lesson = "The half that older stable kernels do right: TCP_KEEPIDLE, _INTVL and "
			  "_CNT are set on a socket, or a listener, without a subflow, and only "
			  "the switch comes when there is one.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.from = KA_FROM_VALUES,
		.holds_from = FROM_6_10,
		.one_setting = true,
		.min_cnt = 3,
		.sysctls = { CLOSE_TIMEOUT },
		.no_user_timeout = true,
		KA_STEPS(KA_CONNECTED, { KA_SWITCH(1) }, KA_LAST_DATA, { KA_KEEPALIVE_TIMER },
			 KA_SILENCE),
		.expect = { SUBFLOW_DIES },
	},
	{
		KA_CASE("mptcp_option_ranges"),
		.why = "an MPTCP socket without a subflow takes and gives the values that TCP does",
		.source = "__mptcp_setsockopt_set_val(); MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, "
			  "MAX_TCP_KEEPCNT",
		.lesson = "Before bind() or connect() there is no subflow that would refuse a "
			  "value, and the socket itself does not look at the bounds that it is "
			  "given. So 0, -1 and 40000 are taken and read back; when the subflow "
			  "comes it refuses them, nobody hears of it, and it has the defaults.",
		.topology = KA_PAIR,
		.transport = KA_MPTCP,
		.from = KA_FROM_NOWHERE,
		.probers = KA_ONLY_CLIENT,
		.holds_from = FROM_6_10,
		/* before 6.4 a socket has its first subflow from the beginning (ddb1a072f858) */
		.known = { .reference = "__mptcp_setsockopt_set_val() ignores its max, open since "
					"bd11dc4fb969",
			   .from = "6.10, 6.9.3, 6.8.12, 6.6.34",
			   .findings = { KA_FIND_READS } },
		.one_setting = true,
		KA_STEPS(GET(TCP_KEEPIDLE, 7200), GET(TCP_KEEPINTVL, 75), GET(TCP_KEEPCNT, 9),
			 REFUSES(TCP_KEEPIDLE, 40000, 7200), REFUSES(TCP_KEEPINTVL, 32768, 75),
			 REFUSES(TCP_KEEPCNT, 128, 9), SET(TCP_KEEPIDLE, 32767, 0),
			 GET(TCP_KEEPIDLE, 32767), KA_CONNECTED, GET(TCP_KEEPIDLE, 32767)),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("mptcp_answered"),
		.why = "the probes of a subflow are answered, and the connection lives",
		.source = "tcp_keepalive_timer(), mptcp_established_options()",
		.lesson =
			"A healthy MPTCP connection: probes and answers are those of TCP. They may "
			"carry MPTCP options (DSS), as every segment of a subflow may.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.from = KA_FROM_ACCEPTED,
		.holds_from = FROM_6_10,
		.one_setting = true,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE,
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1.5, .idle = 0.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("mptcp_second_path_dies"),
		.why = "a second subflow has the keepalive of the connection, and dies alone when "
		       "its path does",
		.source = "mptcp_sockopt_sync_locked(), sync_socket_options(); mptcp_close_ssk()",
		.lesson = "SO_KEEPALIVE and the values were set before there was any subflow. Both "
			  "subflows have them, the one that joins later, too. When its path falls "
			  "silent it probes in vain and is given up after idle + intvl * cnt, as a "
			  "connection of its own would be. The application hears nothing of it: "
			  "the first subflow is there, and its probes are answered.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.holds_from = FROM_6_17,
		.one_setting = true,
		.min_cnt = 3,
		.no_user_timeout = true,
		KA_STEPS(HEARD_BOTH, { .do_ = KA_ADD_SUBFLOW },
			 { SUBFLOWS(2), .at = { .ms = 100 } },
			 { .do_ = KA_LOSE_SUBFLOW, .value = 2 }, ONE_DIES),
		.expect = { KA_LIVES_ON, .counters = { OF_THE_OTHER } },
	},
	{
		KA_CASE("mptcp_first_path_dies"),
		.why = "the first subflow is not more than any other: the connection lives on the "
		       "second",
		.source = "mptcp_setsockopt_sol_socket(): mptcp_sol_socket_sync_intval(); "
			  "mptcp_close_ssk(), __mptcp_close_ssk()",
		.lesson = "The values were set before the second subflow joined, SO_KEEPALIVE "
			  "afterwards: it reaches both at once. The path of the first subflow, "
			  "which the handshake of the connection went over, falls silent: it is "
			  "given up, and the connection goes on over the other one. No error.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.from = KA_FROM_VALUES,
		.holds_from = FROM_6_10,
		.one_setting = true,
		.min_cnt = 3,
		.no_user_timeout = true,
		KA_STEPS(HEARD_BOTH, { .do_ = KA_ADD_SUBFLOW, .followed = true },
			 { KA_SWITCH(1), .at = { .ms = 100 } }, { SUBFLOWS(2) },
			 { .do_ = KA_LOSE_SUBFLOW, .value = 1 }, ONE_DIES),
		.expect = { KA_LIVES_ON, .counters = { OF_THE_OTHER } },
	},
	{
		KA_CASE("mptcp_both_paths_die"),
		.why = "with its last subflow the connection ends, close_timeout later",
		.source = "mptcp_set_close_tout(), mptcp_close_tout_expired(), mptcp_worker()",
		.lesson = "All is set after the second subflow has joined: SO_KEEPALIVE and the "
			  "values reach both. Then all paths fall silent. The second subflow heard "
			  "last when it joined, the first when data came, so the second one is "
			  "given up first, and nothing happens. When the last one is given up, "
			  "net.mptcp.close_timeout begins (2 s here), and behind it the connection "
			  "ends as if it had had one subflow only: HUP, ENOTCONN.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP,
		.from = KA_FROM_VALUES,
		.holds_from = FROM_6_10,
		.one_setting = true,
		.min_cnt = 3,
		.sysctls = { CLOSE_TIMEOUT },
		.no_user_timeout = true,
		KA_STEPS(HEARD_BOTH, { .do_ = KA_ADD_SUBFLOW },
			 { KA_SWITCH(1), .at = { .ms = 100 } }, { SUBFLOWS(2) }, KA_LAST_DATA,
			 KA_SILENCE),
		.expect = { SUBFLOW_DIES },
	},
	{
		KA_CASE("mptcp_fallback"),
		.why = "with a server that speaks plain TCP the error reaches the application, at "
		       "once",
		.source = "RFC 8684 3.7; __mptcp_check_fallback(), __mptcp_subflow_error_report()",
		.lesson = "The server does not know MPTCP and the client falls back to TCP. There "
			  "can be no second subflow, so the end of the only one is the end: "
			  "ETIMEDOUT at once. The mask is ERR|HUP; read() says ETIMEDOUT, then "
			  "ENOTCONN.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP_CLIENT,
		.from = KA_FROM_ACCEPTED,
		.probers = KA_ONLY_CLIENT,
		.holds_from = FROM_6_10,
		.one_setting = true,
		.min_cnt = 3,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES, .events = 0x18, .events_full = 0x11c },
	},
	{
		KA_CASE("mptcp_fallback_server"),
		.why = "a TCP server sees nothing of its client's MPTCP",
		.source = "RFC 8684 3.7; tcp_keepalive_timer()",
		.lesson = "The same connection from the other end: the server's socket is TCP, "
			  "its keepalive and its error are those of TCP.",
		.topology = KA_ROUTED,
		.transport = KA_MPTCP_CLIENT,
		.probers = KA_ONLY_SERVER,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
};

KA_THEME(mptcp, "Multipath TCP");
