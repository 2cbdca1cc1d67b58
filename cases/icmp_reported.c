/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP_RECVERR and IPV6_RECVERR: an application asks to be told of ICMP errors. For TCP that means
 * the errno at once, with no entry in the error queue; and for probes it changes nothing.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>

#include "model/vocabulary.h"

#define ASK(family_level, family_option)                                                           \
	{                                                                                          \
		.do_ = KA_SETSOCKOPT, .who = KA_PROBER, .level = family_level,                     \
		.option = family_option, .value = 1                                                \
	}
#define PROBES_REJECTED(ask, code)                                                                 \
	.topology = KA_ROUTED, .one_setting = true, .min_cnt = 2,                                  \
	KA_STEPS(KA_CONNECTED, ask, KA_LAST_DATA,                                                  \
		 { .do_ = KA_REJECT, .way = KA_PROBES, .value = code })
#define DATA_REJECTED(ask, code)                                                                   \
	.topology = KA_ROUTED, .one_setting = true,                                                \
	KA_STEPS(KA_CONNECTED, ask, KA_LAST_DATA,                                                  \
		 { .do_ = KA_REJECT, .way = KA_PROBES, .value = code }, KA_WRITE(64))
#define REPORTED                                                                                   \
	.expect = {                                                                                \
		.when = KA_FIRST_RETRANSMIT,                                                       \
		.error = EHOSTUNREACH,                                                             \
		.survives = true,                                                                  \
		.events = EPOLLERR,                                                                \
		.events_full = EPOLLERR | EPOLLOUT | EPOLLWRNORM,                                  \
		.counters = { { "TcpExt.LockDroppedIcmps", KA_ANY } },                             \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("recverr_probes"),
		.why = "IP_RECVERR reports no error for a probe: ETIMEDOUT, nothing before, error "
		       "queue empty",
		.source = "tcp_v4_err(): the sequence check comes before IP_RECVERR",
		.lesson = "The application has asked for ICMP errors, the network sends one for "
			  "each probe, and still nothing is reported: the check of the quoted "
			  "sequence number comes first. Keepalive is not made faster by this "
			  "option.",
		.families = KA_V4,
		PROBES_REJECTED(ASK(IPPROTO_IP, IP_RECVERR), ICMP_HOST_UNREACH),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("recverr6_probes"),
		.why = "IPV6_RECVERR reports no error for a probe",
		.source = "tcp_v6_err(): the sequence check comes before IPV6_RECVERR",
		.lesson = "As recverr_probes, for IPv6.",
		.families = KA_V6,
		PROBES_REJECTED(ASK(IPPROTO_IPV6, IPV6_RECVERR), ICMP6_DST_UNREACH_ADDR),
		.expect = { KA_EXPIRES_DESPITE_ICMP },
	},
	{
		KA_CASE("recverr_data"),
		.why = "with data in flight IP_RECVERR reports EHOSTUNREACH early, and the "
		       "connection lives",
		.source = "tcp_v4_err(): sk_err, sk_error_report(); ip(7): IP_RECVERR with TCP",
		.lesson = "The prober's data is rejected. With IP_RECVERR the error is set on the "
			  "socket at once: epoll reports ERR alone, read() returns EHOSTUNREACH "
			  "once, and after that the connection goes on as if nothing had been. "
			  "An event loop that closes on ERR closes a connection that a route "
			  "change of a second would have left unharmed. For TCP nothing is put "
			  "into the error queue.",
		.families = KA_V4,
		DATA_REJECTED(ASK(IPPROTO_IP, IP_RECVERR), ICMP_HOST_UNREACH),
		REPORTED,
	},
	{
		KA_CASE("recverr6_data"),
		.why = "with data in flight IPV6_RECVERR reports EHOSTUNREACH early, and the "
		       "connection lives",
		.source = "tcp_v6_err(): sk_err, sk_error_report(); ipv6(7): IPV6_RECVERR",
		.lesson = "As recverr_data, for IPv6.",
		.families = KA_V6,
		DATA_REJECTED(ASK(IPPROTO_IPV6, IPV6_RECVERR), ICMP6_DST_UNREACH_ADDR),
		REPORTED,
	},
};

KA_THEME(icmp_reported, "The application asks for ICMP errors");
