/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a socket has its values from: the listener, itself, or the namespace. */
#include <errno.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("from_listener"),
		.why = "options on the listener reach the accepted socket and arm its timer",
		.source = "sk_clone_lock(), tcp_create_openreq_child()",
		.lesson = "SO_KEEPALIVE and the three values were set on the listening socket "
			  "only. On Linux the accepted socket inherits all of them, its timer "
			  "runs from the handshake on, and getsockopt() on it confirms the values.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_SERVER,
		KA_STEPS(KA_CONNECTED, { KA_SWITCH_READS(1) }, { KA_KEEPALIVE_TIMER, .value = 0 },
			 KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("from_listener_by_cookie"),
		.why = "a connection that a SYN cookie brought about has the options of its "
		       "listener as well",
		.source = "cookie_v4_check(), cookie_v6_check(): tcp_get_cookie_sock(); "
			  "sk_clone_lock()",
		.lesson = "With net.ipv4.tcp_syncookies = 2 the server keeps nothing of a SYN: "
			  "what it must know comes back with the client's ACK, in the number that "
			  "it acknowledges. There is no request that the accepted socket could "
			  "have been made from, only the listener; SO_KEEPALIVE and the values "
			  "arrive all the same, and the timer runs from that ACK on. So a server "
			  "finds its dead clients also after a flood of SYNs.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_SERVER,
		.one_setting = true,
		.sysctls = { { KA_PROBER, "net/ipv4/tcp_syncookies", "2" } },
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_COUNTER_IS,
			   .who = KA_PROBER,
			   .key = "TcpExt.SyncookiesRecv",
			   .value = 1 },
			 { KA_KEEPALIVE_TIMER, .value = 0 }, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("from_accepted"),
		.why = "options set on the connected socket work the same",
		.source = "tcp_set_keepalive(), tcp_sock_set_keepidle_locked()",
		.lesson = "The usual way of servers and clients: connect or accept first, then "
			  "set the options. The timer runs from the moment of SO_KEEPALIVE.",
		.topology = KA_ROUTED,
		.from = KA_FROM_ACCEPTED,
		KA_STEPS(KA_CONNECTED, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("from_sysctl"),
		.why = "a socket that only says SO_KEEPALIVE follows its namespace's sysctls",
		.source = "keepalive_time_when(), keepalive_intvl_when(), keepalive_probes()",
		.lesson = "The three values come from net.ipv4.tcp_keepalive_* of the namespace "
			  "that the socket lives in; they are read at every use, and they hold "
			  "for IPv6 too.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("from_bpf"),
		.why = "a BPF program arms the keepalive of a program that never asked for it",
		.source = "BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB, _PASSIVE_ESTABLISHED_CB: "
			  "bpf_setsockopt(); commit f9bcf96837f1 \"bpf: Add SO_KEEPALIVE and "
			  "related options to bpf_setsockopt\"",
		.lesson = "How a fleet gives keepalive to programs that it cannot change: a BPF "
			  "program of the type sockops, attached to their cgroup, is called when "
			  "a connection is there, and sets the options on the socket. The program "
			  "that owns the socket finds them set; probes and end are those of "
			  "silent_drop.",
		.topology = KA_ROUTED,
		.from = KA_FROM_BPF,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("from_bpf_fresh"),
		.why = "its timer runs from the handshake on",
		.source = "tcp_init_transfer(): tcp_call_bpf(); tcp_set_keepalive()",
		.lesson = "The BPF program is called with the segment that makes the connection, "
			  "so the timer is armed in the very jiffy in which it would be if the "
			  "options had been there before.",
		.topology = KA_ROUTED,
		.from = KA_FROM_BPF,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { KA_KEEPALIVE_TIMER, .value = 0 }, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("from_bpf_user_timeout"),
		.why = "so does TCP_USER_TIMEOUT from a BPF program",
		.source = "bpf_setsockopt(); tcp_keepalive_timer()",
		.lesson = "TCP_USER_TIMEOUT set by the same program decides when, as if the "
			  "socket's owner had set it.",
		.topology = KA_ROUTED,
		.from = KA_FROM_BPF,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 2500),
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_USER_TIMES_OUT },
	},
};

KA_THEME(inheritance, "Where the values come from");
