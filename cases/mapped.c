/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 behind sockets of IPv6, as most servers have it today: one listener for both. The socket is one of
 * IPv6, the packets, the ICMP errors and the route are of IPv4 (ipv6_mapped).
 */
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

#define MAPPED .topology = KA_ROUTED, .mapped = true, .families = KA_V4, .one_setting = true
#define IS_IPV6(end)                                                                               \
	{                                                                                          \
		.do_ = KA_GETSOCKOPT, .who = end, .level = SOL_SOCKET, .option = SO_DOMAIN,        \
		.value = AF_INET6                                                                  \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("mapped_silent_drop"),
		.why = "a socket of IPv6 that speaks IPv4 gives up as any other",
		.source = "RFC 4291 2.5.5.2; tcp_v6_connect(), tcp_v6_syn_recv_sock(): ipv6_mapped",
		.lesson = "The listener is bound to [::], the client connects to ::ffff:192.0.2.1. "
			  "Keepalive is TCP's, and the same for both; only how a probe is routed "
			  "and built differs, and that was taken over from IPv4 at the handshake.",
		MAPPED,
		KA_STEPS(KA_CONNECTED, IS_IPV6(KA_PROBER), IS_IPV6(KA_PEER), KA_LAST_DATA,
			 KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("mapped_answered"),
		.why = "a live peer behind a mapped address is probed, answers, and stays",
		.source = "tcp_v6_send_check(), tcp_v4_rcv()",
		.lesson = "The same, and healthy: probe and answer find their way.",
		MAPPED,
		KA_STEPS(KA_CONNECTED, IS_IPV6(KA_PROBER), KA_LAST_DATA,
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("mapped_from_listener"),
		.why = "options on a listener for both families reach a socket of IPv4",
		.source = "tcp_v6_syn_recv_sock(), sk_clone_lock(), tcp_create_openreq_child()",
		.lesson = "One listener on [::] takes both families. A client of IPv4 gets a child "
			  "that is made by another branch than one of IPv6; it must inherit the "
			  "same, and its timer runs from the handshake on.",
		MAPPED,
		.probers = KA_ONLY_SERVER,
		KA_STEPS(KA_CONNECTED, IS_IPV6(KA_PROBER), { KA_SWITCH_READS(1) },
			 { KA_KEEPALIVE_TIMER, .value = 0 }, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("mapped_icmp_for_ack"),
		.why = "an ICMP error of IPv4 is remembered by a socket of IPv6",
		.source = "tcp_v4_err(): sk_err_soft; tcp_write_err(): sk_err_soft ?: ETIMEDOUT",
		.lesson = "As icmp_for_ack: \"host unreachable\" for a pure ACK is believed and "
			  "stored. It is an error of IPv4, and the socket is one of IPv6: it must "
			  "have been found by its mapped addresses.",
		MAPPED,
		.min_cnt = 2,
		KA_STEPS(KA_CONNECTED, IS_IPV6(KA_PROBER),
			 { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
			 { .do_ = KA_DROP, .way = KA_ANSWERS, .after = 1 },
			 { .do_ = KA_SEND,
			   .who = KA_PEER,
			   .bytes = 64,
			   .unacked = true,
			   .random_phase = true }),
		.expect = { KA_EXPIRES_WITH_ICMP(EHOSTUNREACH) },
	},
	{
		KA_CASE("mapped_route_gone"),
		.why = "a mapped socket that loses its route dies as one of IPv4: ETIMEDOUT",
		.source = "ip_queue_xmit(): no soft error, unlike inet6_csk_xmit()",
		.lesson =
			"A socket of IPv6 whose route is gone remembers ENETUNREACH, and dies of "
			"it. This one looks like one of IPv6, but its packets go the way of IPv4, "
			"which stores nothing.",
		MAPPED,
		KA_STEPS(KA_IDLE, { .do_ = KA_ROUTE_GONE, .who = KA_PROBER }),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
};

KA_THEME(mapped, "IPv4 behind sockets of IPv6");
