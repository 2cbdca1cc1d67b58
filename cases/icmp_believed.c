/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors that TCP believes: what they quote lies in the window. They still end nothing (RFC
 * 1122 4.2.3.9); they are remembered, and give the end that a timer brings another name.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "model/vocabulary.h"

/* The user timeout ends the retransmissions soon. */
static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 3000 }, { .cnt = 0 }
};

/* The peer's data passes once, the ACK of it is rejected, then nothing passes in either way. */
#define ACK_REJECTED(code)                                                                         \
	.topology = KA_ROUTED, .one_setting = true, .min_cnt = 2,                                  \
	KA_STEPS(KA_CONNECTED, { .do_ = KA_REJECT, .way = KA_PROBES, .value = code },              \
		 { .do_ = KA_DROP, .way = KA_ANSWERS, .after = 1 },                                \
		 { .do_ = KA_SEND,                                                                 \
		   .who = KA_PEER,                                                                 \
		   .bytes = 64,                                                                    \
		   .unacked = true,                                                                \
		   .random_phase = true })
#define DATA_REJECTED(code)                                                                        \
	.topology = KA_ROUTED, .settings = user_timeout, .probers = KA_ONLY_CLIENT,                \
	KA_STEPS(KA_IDLE, { .do_ = KA_REJECT, .way = KA_PROBES, .value = code }, KA_WRITE(64))
#define GIVES_UP(code)                                                                             \
	.expect = {                                                                                \
		.when = KA_RETRANSMIT_LIMIT,                                                       \
		.error = code,                                                                     \
		.counters = { { "TcpExt.LockDroppedIcmps", KA_ANY } },                             \
	}
/* The data is rejected until the route is back, and then acknowledged; silence comes before any probe. */
#define REJECTED_FOR_A_WHILE(code)                                                                 \
	.topology = KA_ROUTED, KA_SETTING(.idle = 3, .intvl = 1, .cnt = 2),                        \
	KA_STEPS(KA_IDLE, { .do_ = KA_REJECT, .way = KA_PROBES, .value = code }, KA_WRITE(64),     \
		 { .do_ = KA_HEAL, .at = { .ms = 1000 } },                                         \
		 { KA_KEEPALIVE_TIMER, .at = { .ms = 1000 }, .value = 0 }, KA_SILENCE),            \
	.expect = {                                                                                \
		.when = KA_KEEPALIVE_EXPIRY,                                                       \
		.error = ETIMEDOUT,                                                                \
		.probes = KA_CNT,                                                                  \
		.rst_sent = 1,                                                                     \
		.counters = { { "TcpExt.LockDroppedIcmps", KA_ANY },                               \
			      { "TcpExt.TCPTimeouts", KA_SOME } },                                 \
	}
/* The data is rejected for 5 s; 0.4 s after the route is back, nothing is in flight any more. */
#define UNREACHABLE_FOR_5_S(ratelimit, code)                                                       \
	.topology = KA_ROUTED, KA_SETTING(.idle = 20, .intvl = 1, .cnt = 9),                       \
	.probers = KA_ONLY_CLIENT, .sysctls = { { KA_GATEWAY, ratelimit, "0" } },                  \
	KA_STEPS(KA_IDLE, { .do_ = KA_REJECT, .way = KA_PROBES, .value = code }, KA_WRITE(64),     \
		 { .do_ = KA_HEAL, .at = { .ms = 5000 } },                                         \
		 { KA_KEEPALIVE_TIMER, .at = { .ms = 400 }, .value = 0 }),                         \
	.expect = {                                                                                \
		.when = KA_NEVER,                                                                  \
		.meanwhile = KA_RETRANSMIT_LIMIT,                                                  \
		.counters = { { "TcpExt.LockDroppedIcmps", KA_ANY } },                             \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("icmp_for_ack"),
		.why = "an ICMP error for a pure ACK is remembered: silence later ends with "
		       "EHOSTUNREACH",
		.source = "tcp_v4_err(): sk_err_soft; tcp_write_err(): sk_err_soft ?: ETIMEDOUT",
		.lesson = "The peer's data arrives, and the prober's kernel acknowledges it. That "
			  "ACK is rejected with \"host unreachable\". It carried the next "
			  "sequence number, which is in the window, so the error is believed: it "
			  "is stored as soft error, and nothing else happens. Any later ACK from "
			  "the peer would clear it; none comes. When keepalive gives up, at its "
			  "usual time, the application reads EHOSTUNREACH instead of ETIMEDOUT, "
			  "although the errors for the probes were ignored like all such. After "
			  "read() has returned it, SO_ERROR returns it once more.",
		.families = KA_V4,
		ACK_REJECTED(ICMP_HOST_UNREACH),
		.expect = { KA_EXPIRES_WITH_ICMP(EHOSTUNREACH) },
	},
	{
		KA_CASE("icmp6_for_ack"),
		.why = "an ICMPv6 error for a pure ACK is remembered: silence later ends with "
		       "EHOSTUNREACH",
		.source = "tcp_v6_err(): sk_err_soft; tcp_write_err(): sk_err_soft ?: ETIMEDOUT",
		.lesson = "As icmp_for_ack, with \"address unreachable\" of ICMPv6.",
		.families = KA_V6,
		ACK_REJECTED(ICMP6_DST_UNREACH_ADDR),
		.expect = { KA_EXPIRES_WITH_ICMP(EHOSTUNREACH) },
	},
	{
		KA_CASE("icmp_data_host_unreachable"),
		.why = "host unreachable for data in flight does not end it; the timeout is called "
		       "EHOSTUNREACH",
		.source = "RFC 1122 4.2.3.9, RFC 6069; tcp_v4_err(), tcp_ld_RTO_revert()",
		.lesson =
			"The prober's data is rejected again and again. Each error is believed, "
			"and none is fatal: a route may come back. (RFC 6069: an error even takes "
			"back one doubling of the retransmission timer, since it proves that no "
			"congestion lost the segment.) When the user timeout is over, the "
			"connection ends with the soft error in place of ETIMEDOUT. No RST, as "
			"always when retransmission gives up.",
		.families = KA_V4,
		DATA_REJECTED(ICMP_HOST_UNREACH),
		GIVES_UP(EHOSTUNREACH),
	},
	{
		KA_CASE("icmp_data_net_unreachable"),
		.why = "net unreachable for data gives the timeout the name ENETUNREACH",
		.source = "icmp_err_convert[]; tcp_v4_err(), tcp_write_err()",
		.lesson = "As icmp_data_host_unreachable; each code has its errno.",
		.families = KA_V4,
		DATA_REJECTED(ICMP_NET_UNREACH),
		GIVES_UP(ENETUNREACH),
	},
	{
		KA_CASE("icmp_data_port_unreachable"),
		.why = "port unreachable for data gives the timeout the name ECONNREFUSED, and is "
		       "not fatal",
		.source = "RFC 1122 4.2.3.9 (hard error), RFC 5927 5.2; tcp_v4_err()",
		.lesson = "RFC 1122 calls port unreachable a hard error that should end the "
			  "connection. Linux, as RFC 5927 advises against forgers, treats it as a "
			  "soft one once the connection is established. The application is told "
			  "ECONNREFUSED by an established connection.",
		.families = KA_V4,
		DATA_REJECTED(ICMP_PORT_UNREACH),
		GIVES_UP(ECONNREFUSED),
	},
	{
		KA_CASE("icmp_data_admin_prohibited"),
		.why = "administratively prohibited for data is EHOSTUNREACH in IPv4",
		.source = "icmp_err_convert[]: ICMP_PKT_FILTERED is EHOSTUNREACH; tcp_v4_err()",
		.lesson = "A firewall that begins to reject an established connection. IPv4 has no "
			  "errno of its own for it: EHOSTUNREACH (IPv6: EACCES).",
		.families = KA_V4,
		DATA_REJECTED(ICMP_PKT_FILTERED),
		GIVES_UP(EHOSTUNREACH),
	},
	{
		KA_CASE("icmp6_data_no_route"),
		.why = "no route for data gives the timeout the name ENETUNREACH",
		.source = "icmpv6_err_convert(), tab_unreach[]; tcp_v6_err(), tcp_write_err()",
		.lesson =
			"As icmp_data_host_unreachable, for ICMPv6. RFC 6069 speaks of IPv4 alone; "
			"Linux follows it here too.",
		.families = KA_V6,
		.holds_from = { "5.8", "d2924569543c" },
		DATA_REJECTED(ICMP6_DST_UNREACH_NOROUTE),
		GIVES_UP(ENETUNREACH),
	},
	{
		KA_CASE("icmp6_data_admin_prohibited"),
		.why = "administratively prohibited for data is EACCES in IPv6",
		.source = "tab_unreach[]; tcp_v6_err(), tcp_write_err()",
		.lesson = "As icmp_data_admin_prohibited; IPv6 says EACCES where IPv4 says "
			  "EHOSTUNREACH.",
		.families = KA_V6,
		DATA_REJECTED(ICMP6_DST_UNREACH_ADMIN),
		GIVES_UP(EACCES),
	},
	{
		KA_CASE("icmp6_data_address_unreachable"),
		.why = "address unreachable for data gives the timeout the name EHOSTUNREACH",
		.source = "tab_unreach[]; tcp_v6_err(), tcp_write_err()",
		.lesson = "The last router cannot find the peer on its link.",
		.families = KA_V6,
		DATA_REJECTED(ICMP6_DST_UNREACH_ADDR),
		GIVES_UP(EHOSTUNREACH),
	},
	{
		KA_CASE("icmp6_data_port_unreachable"),
		.why = "port unreachable for data gives the timeout the name ECONNREFUSED",
		.source = "tab_unreach[]; tcp_v6_err(), tcp_write_err()",
		.lesson = "As icmp_data_port_unreachable, for ICMPv6. The table calls it fatal; an "
			  "established connection takes no notice of that.",
		.families = KA_V6,
		DATA_REJECTED(ICMP6_DST_UNREACH_NOPORT),
		GIVES_UP(ECONNREFUSED),
	},
	{
		KA_CASE("icmp_data_backoff"),
		.why = "host unreachable for data keeps retransmissions at their first interval, "
		       "so "
		       "that a route that comes back is found at once",
		.source = "RFC 6069; tcp_ld_RTO_revert(), commit f1ecd5d9e736 (2.6.32)",
		.lesson = "A router has lost the route to the peer for 5 s. Each retransmission "
			  "doubles the interval to the next; but each is answered with an ICMP "
			  "error, which proves that the path, not its load, is to blame, and the "
			  "doubling is taken back. So more than 20 go out, where 5 would by "
			  "doubling, and when the route is back, the data arrives within 0.2 s. "
			  "(Linux limits the ICMP errors that it sends to one host to one a "
			  "second; this router has no limit.)",
		.families = KA_V4,
		UNREACHABLE_FOR_5_S("net/ipv4/icmp_ratelimit", ICMP_HOST_UNREACH),
	},
	{
		KA_CASE("icmp6_data_backoff"),
		.why = "no route for data keeps retransmissions at their first interval, so that a "
		       "route that comes back is found at once",
		.source = "RFC 6069; tcp_v6_err(): tcp_ld_RTO_revert(), commit d2924569543c (5.8)",
		.lesson =
			"As icmp_data_backoff, for IPv6: RFC 6069 speaks of IPv4 alone, and Linux "
			"did so until 5.7.",
		.families = KA_V6,
		.holds_from = { "5.8", "d2924569543c" },
		UNREACHABLE_FOR_5_S("net/ipv6/icmp/ratelimit", ICMP6_DST_UNREACH_NOROUTE),
	},
	{
		KA_CASE("icmp_data_healed"),
		.why = "an ICMP error is forgotten when the peer is heard again: silence later is "
		       "called ETIMEDOUT",
		.source = "tcp_ack(): sk_err_soft = 0; tcp_write_err()",
		.lesson = "A router loses its route and says so; the error is believed and "
			  "remembered. Then the route is back, and the data is acknowledged. What "
			  "happens after that has nothing to do with it: when the peer vanishes "
			  "some seconds later, keepalive must report ETIMEDOUT. A kernel that "
			  "kept the old error would send the reader of a log to the wrong "
			  "router.",
		.families = KA_V4,
		REJECTED_FOR_A_WHILE(ICMP_HOST_UNREACH),
	},
	{
		KA_CASE("icmp6_data_healed"),
		.why = "an ICMPv6 error is forgotten when the peer is heard again: silence later "
		       "is called ETIMEDOUT",
		.source = "tcp_ack(): sk_err_soft = 0; tcp_write_err()",
		.lesson = "As icmp_data_healed, with \"no route\" of ICMPv6.",
		.families = KA_V6,
		REJECTED_FOR_A_WHILE(ICMP6_DST_UNREACH_NOROUTE),
	},
};

KA_THEME(icmp_believed, "The network says no, and TCP takes note");
