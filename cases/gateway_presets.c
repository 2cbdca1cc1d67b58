/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateways that people meet, at full scale: hours and days, for clocks that jump. Each has a
 * keepalive setting in use that keeps it reminded, and a first write after it has forgotten.
 */
#include <errno.h>

#include "model/vocabulary.h"

/* At full length, in virtual time or with --long. */
#define AT_LENGTH(id)                                                                              \
	.topology = KA_ROUTED, .gateway = &ka_gateways[id], .families = KA_V4, .long_ = true

/* Two and a half timeouts of @timeout_s without data. */
#define KEPT(id, timeout_s, idle_s, intvl_s, n)                                                    \
	.why = "probes keep the connection known for two and a half timeouts",                     \
	.source = "RFC 5382 REQ-5; nf_ct_refresh_acct()",                                          \
	.lesson = "A keepalive setting that is in use behind such gateways: its idle, "            \
		  "rounded up by the timer wheel of any usual HZ, stays below the "                \
		  "timeout.",                                                                      \
	AT_LENGTH(id), KA_SETTING(.idle = (idle_s), .intvl = (intvl_s), .cnt = (n)),               \
	KA_STEPS(                                                                                  \
		KA_IDLE_AFTER_WRITE,                                                               \
		{ .do_ = KA_ENTRY_IS, .at = { .ms = (timeout_s)*2500 }, .left = { .ms = 1000 } }), \
	.expect = { KA_LIVES_ON, .watch = { .idle = 0.1 } }

/* Nobody probes; the first write comes a second after the timeout. */
#define FORGOTTEN(id, timeout_s, ...)                                                              \
	.why = "the first write after the timeout finds no connection any more",                   \
	.source = "RFC 5382 REQ-5; tcp_new(), nf_conntrack_tcp_loose",                             \
	.lesson = "Without keepalive the connection is forgotten after the timeout, to "           \
		  "the second. Neither end is told; the next write is what finds out.",            \
	AT_LENGTH(id), .from = KA_FROM_NOWHERE, .one_setting = true,                               \
	KA_STEPS(KA_IDLE_AFTER_WRITE,                                                              \
		 { .do_ = KA_ENTRY_GONE, .at = { .ms = (timeout_s)*1000 + 1000 } }, KA_WRITE(64)), \
	.expect = { __VA_ARGS__ }

/* The idle time is longer than the timeout. */
#define TOO_LATE(id, idle_s, intvl_s, n, ...)                                                      \
	.why = "keepalive is on, and its idle time is longer than the gateway's memory",           \
	.source = "RFC 5382 REQ-5; tcp_keepalive_timer(); tcp_new()",                              \
	.lesson = "The first probe is sent when the gateway has long forgotten; it is not "        \
		  "the peer that is dead.",                                                        \
	AT_LENGTH(id), KA_SETTING(.idle = (idle_s), .intvl = (intvl_s), .cnt = (n)),               \
	KA_STEPS(KA_IDLE_AFTER_WRITE, { .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) }),                   \
	.expect = { __VA_ARGS__ }

/* How the first write after the timeout ends: unanswered, or with a RST. */
#define HANGS .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT
#define RESET .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1

static const struct ka_case cases[] = {
	{ KA_CASE("gateway_aws_nlb_kept"), KEPT(KA_GATEWAY_AWS_NLB, 350, 300, 100, 3) },
	{ KA_CASE("gateway_aws_nlb_forgotten"), FORGOTTEN(KA_GATEWAY_AWS_NLB, 350, RESET) },
	{ KA_CASE("gateway_aws_natgw_kept"), KEPT(KA_GATEWAY_AWS_NATGW, 350, 300, 100, 3) },
	{ KA_CASE("gateway_aws_natgw_forgotten"), FORGOTTEN(KA_GATEWAY_AWS_NATGW, 350, RESET) },
	{ KA_CASE("gateway_aws_natgw_too_late"),
	  TOO_LATE(KA_GATEWAY_AWS_NATGW, 7200, 75, 9, KA_RESET_AT_FIRST_PROBE) },
	{ KA_CASE("gateway_azure_lb_kept"), KEPT(KA_GATEWAY_AZURE_LB, 240, 120, 30, 8) },
	{ KA_CASE("gateway_azure_lb_forgotten"), FORGOTTEN(KA_GATEWAY_AZURE_LB, 240, HANGS) },
	{ KA_CASE("gateway_azure_lb_too_late"),
	  TOO_LATE(KA_GATEWAY_AZURE_LB, 7200, 75, 9, KA_EXPIRES) },
	{ KA_CASE("gateway_gcp_kept"), KEPT(KA_GATEWAY_GCP, 600, 60, 60, 5) },
	{ KA_CASE("gateway_gcp_forgotten"), FORGOTTEN(KA_GATEWAY_GCP, 600, HANGS) },
	{ KA_CASE("gateway_ipvs_kept"), KEPT(KA_GATEWAY_IPVS, 900, 180, 30, 3) },
	{ KA_CASE("gateway_ipvs_forgotten"), FORGOTTEN(KA_GATEWAY_IPVS, 900, RESET) },
	{ KA_CASE("gateway_alicloud_kept"), KEPT(KA_GATEWAY_ALICLOUD, 900, 300, 100, 3) },
	{ KA_CASE("gateway_alicloud_forgotten"), FORGOTTEN(KA_GATEWAY_ALICLOUD, 900, HANGS) },
	{ KA_CASE("gateway_meraki_kept"), KEPT(KA_GATEWAY_MERAKI, 300, 120, 30, 8) },
	{ KA_CASE("gateway_meraki_forgotten"), FORGOTTEN(KA_GATEWAY_MERAKI, 300, HANGS) },
	{ KA_CASE("gateway_meraki_too_late"), TOO_LATE(KA_GATEWAY_MERAKI, 300, 30, 2, KA_EXPIRES) },
	{ KA_CASE("gateway_conntrack_kept"), KEPT(KA_GATEWAY_CONNTRACK, 432000, 7200, 75, 9) },
	{ KA_CASE("gateway_conntrack_forgotten"), FORGOTTEN(KA_GATEWAY_CONNTRACK, 432000, HANGS) },
	{ KA_CASE("gateway_conntrack_kube_kept"),
	  KEPT(KA_GATEWAY_CONNTRACK_KUBE, 86400, 7200, 75, 9) },
	{ KA_CASE("gateway_conntrack_kube_forgotten"),
	  FORGOTTEN(KA_GATEWAY_CONNTRACK_KUBE, 86400, HANGS) },
};

KA_THEME(gateway_presets, "Gateways out there");
