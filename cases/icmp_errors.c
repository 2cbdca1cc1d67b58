/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network answers with ICMP errors. Whether TCP listens depends on what was in the packet that
 * the error quotes: a keepalive probe is old on purpose, and an error about old data may be forged
 * by anybody, so it is ignored. An error about new data or a fresh ACK is believed, but not obeyed
 * at once.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "model/vocabulary.h"

#define IDLE_THEN_REJECT(code)                                                                     \
	.topology = KA_ROUTED, .one_setting = true, .min_cnt = 2,                                  \
	KA_STEPS(KA_IDLE, { .do_ = KA_REJECT, .way = KA_PROBES, .value = code })

static const struct ka_case cases[] = {
	{
		KA_CASE("icmp_host_unreachable"),
		.why = "host unreachable for a probe shortens nothing: ETIMEDOUT after all probes",
		.source = "RFC 5927 4.1; tcp_v4_err(): OutOfWindowIcmps",
		.lesson = "The gateway answers each probe with \"host unreachable\". An ICMP "
			  "error quotes the sequence number of the packet that it is about, and "
			  "TCP believes it only if that lies in what is now in flight; else "
			  "anybody could end connections with forged errors. A probe's number is "
			  "one below, so the truth is discarded like a forgery, and counted in "
			  "OutOfWindowIcmps. The connection dies of silence, at the full time.",
		.families = KA_V4,
		IDLE_THEN_REJECT(ICMP_HOST_UNREACH),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp_net_unreachable"),
		.why = "net unreachable for a probe is ignored like any other error",
		.source = "RFC 5927 4.1; tcp_v4_err()",
		.lesson = "As icmp_host_unreachable, from a router that has lost the whole network "
			  "from its table.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_REJECT(ICMP_NET_UNREACH),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp_port_unreachable"),
		.why = "port unreachable for a probe is ignored: no ECONNREFUSED",
		.source = "RFC 5927 4.1, RFC 9293 3.9.2.2; tcp_v4_err()",
		.lesson = "As icmp_host_unreachable with port unreachable, a hard error by RFC "
			  "1122 4.2.3.9 that a host should abort the connection for. Linux does "
			  "not abort an established connection for it, and an error for a probe "
			  "is not even remembered.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_REJECT(ICMP_PORT_UNREACH),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp_admin_prohibited"),
		.why = "a firewall that rejects the probes is noticed no earlier than one that "
		       "drops them",
		.source = "RFC 5927 4.1; tcp_v4_err()",
		.lesson = "A firewall rejects the probes with \"communication administratively "
			  "prohibited\" instead of dropping them. A connect() would fail at "
			  "once; an idle connection does not notice the difference.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_REJECT(ICMP_PKT_FILTERED),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp6_no_route"),
		.why = "no route for a probe shortens nothing: ETIMEDOUT after all probes",
		.source = "RFC 5927 4.1; tcp_v6_err(): OutOfWindowIcmps",
		.lesson = "As icmp_host_unreachable, for ICMPv6: tcp_v6_err() has the same test of "
			  "the quoted sequence number, and counts in the same place.",
		.families = KA_V6,
		IDLE_THEN_REJECT(ICMP6_DST_UNREACH_NOROUTE),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp6_admin_prohibited"),
		.why = "administratively prohibited for a probe is ignored",
		.source = "RFC 5927 4.1; tcp_v6_err()",
		.lesson = "As icmp_admin_prohibited, for ICMPv6.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_REJECT(ICMP6_DST_UNREACH_ADMIN),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp6_address_unreachable"),
		.why = "address unreachable for a probe is ignored",
		.source = "RFC 5927 4.1, RFC 4443 3.1; tcp_v6_err()",
		.lesson = "What the last router says when nobody answers its neighbour "
			  "solicitations: the peer is off, and the prober is even told so. It "
			  "waits all the same.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_REJECT(ICMP6_DST_UNREACH_ADDR),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("icmp6_port_unreachable"),
		.why = "port unreachable for a probe is ignored: no ECONNREFUSED",
		.source = "RFC 5927 4.1, RFC 4443 3.1; tcp_v6_err()",
		.lesson = "As icmp_port_unreachable, for ICMPv6.",
		.families = KA_V6,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN_REJECT(ICMP6_DST_UNREACH_NOPORT),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
};

KA_THEME(icmp_errors, "The network says no, and TCP does not listen");
