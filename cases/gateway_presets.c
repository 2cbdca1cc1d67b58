/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateways that people meet, at full scale: hours and days, for clocks that jump. Each has a
 * keepalive setting in use that keeps it reminded, and a first write after it has forgotten.
 */
#include <errno.h>

#include "model/case.h"

#define SETTING(idle_, intvl_, cnt_)                                                               \
	.settings = (const struct ka_setting[])                                                    \
	{                                                                                          \
		{ .idle = (idle_), .intvl = (intvl_), .cnt = (cnt_) },                             \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define ESTABLISHED                                                                                \
	{ .do_ = KA_CONNECT },                                                                     \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PROBER, .bytes = 64, .random_phase = true                \
	}
#define AT_LENGTH(id)                                                                              \
	.topology = KA_ROUTED, .gateway = &ka_gateways[id], .families = KA_V4, .long_ = true

/* Two and a half timeouts of @timeout_s without data. */
#define KEPT(id, name_, timeout_s, idle_, intvl_, cnt_)                                            \
	{                                                                                          \
		.name = "gateway_" name_ "_kept",                                                  \
		.why = "probes keep the connection known for two and a half timeouts",             \
		.source = "RFC 5382 REQ-5; nf_ct_refresh_acct()",                                  \
		.lesson = "A keepalive setting that is in use behind such gateways: its idle, "    \
			  "rounded up by the timer wheel of any usual HZ, stays below the "        \
			  "timeout.",                                                              \
		AT_LENGTH(id), SETTING(idle_, intvl_, cnt_),                                       \
		KA_STEPS(ESTABLISHED, { .do_ = KA_ENTRY_IS,                                        \
					.at = { .ms = (timeout_s)*2500 },                          \
					.left = { .ms = 1000 } }),                                 \
		.expect = { .when = KA_NEVER,                                                      \
			    .arming = KA_PROBED,                                                   \
			    .answered = KA_SOME,                                                   \
			    .watch = { .idle = 0.1 } },                                            \
	}

/* Nobody probes; the first write comes a second after the timeout. */
#define FORGOTTEN(id, name_, timeout_s, ...)                                                       \
	{                                                                                          \
		.name = "gateway_" name_ "_forgotten",                                             \
		.why = "the first write after the timeout finds no connection any more",           \
		.source = "RFC 5382 REQ-5; tcp_new(), nf_conntrack_tcp_loose",                     \
		.lesson = "Without keepalive the connection is forgotten after the timeout, to "   \
			  "the second. Neither end is told; the next write is what finds out.",    \
		AT_LENGTH(id), .from = KA_FROM_NOWHERE, .one_setting = true,                       \
		KA_STEPS(ESTABLISHED,                                                              \
			 { .do_ = KA_ENTRY_GONE, .at = { .ms = (timeout_s)*1000 + 1000 } },        \
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 64, .unacked = true }),      \
		.expect = __VA_ARGS__,                                                             \
	}

/* Keepalive that comes too late. */
#define TOO_LATE(id, name_, idle_, intvl_, cnt_, ...)                                              \
	{                                                                                          \
		.name = "gateway_" name_ "_too_late",                                              \
		.why = "keepalive is on, and its idle time is longer than the gateway's memory",   \
		.source = "RFC 5382 REQ-5; tcp_keepalive_timer(); tcp_new()",                      \
		.lesson =                                                                          \
			"The first probe is sent when the gateway has long forgotten; it is not "  \
			"the peer that is dead.",                                                  \
		AT_LENGTH(id), SETTING(idle_, intvl_, cnt_),                                       \
		KA_STEPS(ESTABLISHED,                                                              \
			 { .do_ = KA_ENTRY_GONE, .since = KA_SINCE_PROBE, .nth = 1 }),             \
		.expect = __VA_ARGS__,                                                             \
	}

#define HANGS                                                                                      \
	{                                                                                          \
		.when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT                                    \
	}
#define RESET                                                                                      \
	{                                                                                          \
		.when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1                         \
	}
#define PROBE_RST                                                                                  \
	{                                                                                          \
		.when = KA_FIRST_PROBE, .error = ECONNRESET, .probes = 1, .rst_received = 1        \
	}
#define PROBES_OUT                                                                                 \
	{                                                                                          \
		.when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1   \
	}

static const struct ka_case cases[] = {
	KEPT(KA_GATEWAY_AWS_NLB, "aws_nlb", 350, 300, 100, 3),
	FORGOTTEN(KA_GATEWAY_AWS_NLB, "aws_nlb", 350, RESET),
	KEPT(KA_GATEWAY_AWS_NATGW, "aws_natgw", 350, 300, 100, 3),
	FORGOTTEN(KA_GATEWAY_AWS_NATGW, "aws_natgw", 350, RESET),
	TOO_LATE(KA_GATEWAY_AWS_NATGW, "aws_natgw", 7200, 75, 9, PROBE_RST),
	KEPT(KA_GATEWAY_AZURE_LB, "azure_lb", 240, 120, 30, 8),
	FORGOTTEN(KA_GATEWAY_AZURE_LB, "azure_lb", 240, HANGS),
	TOO_LATE(KA_GATEWAY_AZURE_LB, "azure_lb", 7200, 75, 9, PROBES_OUT),
	KEPT(KA_GATEWAY_GCP, "gcp", 600, 60, 60, 5),
	FORGOTTEN(KA_GATEWAY_GCP, "gcp", 600, HANGS),
	KEPT(KA_GATEWAY_IPVS, "ipvs", 900, 180, 30, 3),
	FORGOTTEN(KA_GATEWAY_IPVS, "ipvs", 900, RESET),
	KEPT(KA_GATEWAY_ALICLOUD, "alicloud", 900, 300, 100, 3),
	FORGOTTEN(KA_GATEWAY_ALICLOUD, "alicloud", 900, HANGS),
	KEPT(KA_GATEWAY_MERAKI, "meraki", 300, 120, 30, 8),
	FORGOTTEN(KA_GATEWAY_MERAKI, "meraki", 300, HANGS),
	TOO_LATE(KA_GATEWAY_MERAKI, "meraki", 300, 30, 2, PROBES_OUT),
	KEPT(KA_GATEWAY_CONNTRACK, "conntrack", 432000, 7200, 75, 9),
	FORGOTTEN(KA_GATEWAY_CONNTRACK, "conntrack", 432000, HANGS),
	KEPT(KA_GATEWAY_CONNTRACK_KUBE, "conntrack_kube", 86400, 7200, 75, 9),
	FORGOTTEN(KA_GATEWAY_CONNTRACK_KUBE, "conntrack_kube", 86400, HANGS),
};

KA_THEME(gateway_presets, "Gateways out there");
