/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a probe looks like on the wire. Every case checks it; these pin the variants. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include "model/vocabulary.h"

#define MARK(family_level, family_option, val)                                                     \
	{                                                                                          \
		.do_ = KA_SETSOCKOPT, .who = KA_PROBER, .level = family_level,                     \
		.option = family_option, .value = val                                              \
	}
#define USES_ECN(kind, number)                                                                     \
	.ecn = (kind), .one_setting = true,                                                        \
	.sysctls = {                                                                               \
		{ KA_PROBER, "net/ipv4/tcp_ecn", number },                                         \
		{ KA_PEER, "net/ipv4/tcp_ecn", number },                                           \
	}
#define ECN USES_ECN(KA_ECN_CLASSIC, "1")
#define ACCURATE_ECN                                                                               \
	.holds_from = { "7.0", "tcp_ecn = 3: accurate ECN" }, USES_ECN(KA_ECN_ACCURATE, "3")
/* What the probes are compared with. */
#define MARKED_DATA                                                                                \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PROBER, .bytes = 100, .random_phase = true               \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("probe_format"),
		.why = "a probe is a pure ACK with SEQ = SND.UNA - 1, no data, and a timestamp",
		.source = "RFC 9293 3.8.4 SHLD-12; RFC 7323 3.2; tcp_xmit_probe_skb()",
		.lesson = "The sequence number is one that was acknowledged long ago, so the "
			  "segment is unacceptable and must be answered (RFC 9293 3.10.7.4). No "
			  "data, no PSH, no options but the negotiated timestamp.",
		.topology = KA_PAIR,
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 100, .random_phase = true },
			 { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("probe_format_no_timestamps"),
		.why = "without negotiated timestamps a probe carries no option at all",
		.source = "RFC 9293 3.8.4; tcp_xmit_probe_skb()",
		.lesson = "net.ipv4.tcp_timestamps is 0 at both ends: 40 bytes of IPv4, 60 of "
			  "IPv6, the smallest segment there is.",
		.topology = KA_PAIR,
		.no_timestamps = true,
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 100, .random_phase = true },
			 { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("probe_format_ecn"),
		.why = "with ECN in use a probe is not ECN-capable, and says nothing of congestion",
		.source = "RFC 3168 6.1.4; tcp_xmit_probe_skb(), tcp_ecn_send()",
		.lesson = "net.ipv4.tcp_ecn is 1 at both ends: the handshake agrees on it, and "
			  "data carries ECT in its IP header. A probe is a pure ACK: Not-ECT, "
			  "neither ECE nor CWR, and so is its answer.",
		.topology = KA_PAIR,
		ECN,
		KA_STEPS(KA_CONNECTED, MARKED_DATA, { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("probe_format_ecn_answered"),
		.why = "with ECN in use an answer is not ECN-capable, and says nothing of "
		       "congestion",
		.source = "RFC 3168 6.1.4; tcp_send_dupack()",
		.lesson = "The same connection, and the path is healthy.",
		.topology = KA_PAIR,
		ECN,
		KA_STEPS(KA_CONNECTED, MARKED_DATA,
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("probe_format_accecn"),
		.why = "with accurate ECN a probe is ECN-capable, and carries the counter that all "
		       "segments do",
		.source = "RFC 9768 3.2.2; tcp_ecn_send(), tcp_accecn_set_ace()",
		.lesson = "net.ipv4.tcp_ecn is 3 at both ends (Linux 7.0). Three bits of the TCP "
			  "header (AE, CWR, ECE) then count packets that met congestion, from 5 "
			  "on, also in a probe and in the final RST; and Linux sends pure "
			  "ACKs as ECT(0), too. Whoever filters or counts probes by their flags "
			  "must know it.",
		.topology = KA_PAIR,
		ACCURATE_ECN,
		KA_STEPS(KA_CONNECTED, MARKED_DATA, { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("probe_format_accecn_answered"),
		.why = "with accurate ECN an answer is ECN-capable as well",
		.source = "RFC 9768 3.2.2; tcp_send_dupack(), tcp_ecn_send()",
		.lesson = "The same connection, and the path is healthy.",
		.topology = KA_PAIR,
		ACCURATE_ECN,
		KA_STEPS(KA_CONNECTED, MARKED_DATA,
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("probe_format_marked"),
		.why = "a probe has the TTL and the TOS that the socket was given",
		.source = "RFC 9293 3.9.2.1; __ip_queue_xmit(): ip_select_ttl(), inet->tos",
		.lesson = "Whoever marks a connection (IP_TOS) or limits how far it goes (IP_TTL) "
			  "means its probes, too: they are to take the way of the data.",
		.topology = KA_PAIR,
		.families = KA_V4,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, MARK(IPPROTO_IP, IP_TOS, IPTOS_DSCP_AF11),
			 MARK(IPPROTO_IP, IP_TTL, 33), MARKED_DATA,
			 { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("probe_format_marked_v6"),
		.why = "a probe has the hop limit and the traffic class that the socket was given",
		.source = "RFC 9293 3.9.2.1; inet6_csk_xmit(): np->tclass, np->hop_limit",
		.lesson = "Whoever marks a connection (IPV6_TCLASS) or limits how far it goes "
			  "(IPV6_UNICAST_HOPS) means its probes, too: they are to take the way of "
			  "the data.",
		.topology = KA_PAIR,
		.families = KA_V6,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, MARK(IPPROTO_IPV6, IPV6_TCLASS, IPTOS_DSCP_AF11),
			 MARK(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33), MARKED_DATA,
			 { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
};

KA_THEME(probe_format, "A probe on the wire");
