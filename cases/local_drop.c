/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's own firewall. What it drops never reaches the device, and the kernel knows it: the
 * send fails. Keepalive counts the probe all the same.
 */
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include "model/vocabulary.h"

#define AT_HOME        .topology = KA_PAIR, .one_setting = true, .min_cnt = 2
#define IDLE_THEN(...) KA_STEPS(KA_IDLE, { __VA_ARGS__ })

static const struct ka_case cases[] = {
	{
		KA_CASE("output_drop"),
		.why = "a probe that the host's own output chain drops counts as sent",
		.source = "tcp_keepalive_timer(): err <= 0 counts; nf_hook_slow(): -EPERM",
		.lesson = "An nftables rule in the prober's own output hook drops what it sends. "
			  "The send fails with EPERM, which keepalive takes for a probe sent and "
			  "lost: the count goes on, and the end comes at the full time with "
			  "ETIMEDOUT, not EPERM. The RST is dropped, too: TCPAbortFailed.",
		AT_HOME,
		IDLE_THEN(.do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_OUTPUT),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("postrouting_drop"),
		.why = "a probe dropped behind routing, in postrouting, counts as sent as well",
		.source = "tcp_keepalive_timer(); ip_output(), ip6_output(): NF_INET_POST_ROUTING",
		.lesson = "As output_drop, one hook later, where source NAT lives.",
		AT_HOME,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN(.do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_POSTROUTING),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("output_reject_icmp"),
		.why = "an ICMP error from the own host is ignored like one from the network",
		.source = "tcp_v4_err(), tcp_v6_err(): OutOfWindowIcmps; nft_reject_inet_eval()",
		.lesson = "The output chain rejects with ICMP instead of dropping. The error is "
			  "made on the same machine, but takes the same way in: it quotes the "
			  "probe's old sequence number and is discarded.",
		AT_HOME,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN(.do_ = KA_REJECT, .way = KA_PROBES, .place = KA_PROBER_OUTPUT,
			  .value = ICMP_PORT_UNREACH),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .unseen = true,
			    .counters = { { "TcpExt.TCPAbortFailed", 1 },
					  { "TcpExt.OutOfWindowIcmps", KA_CNT } } },
	},
	{
		KA_CASE("output_reject_rst"),
		.why = "an output chain that rejects with RST ends the connection at the first "
		       "probe",
		.source = "nf_send_reset(), nf_send_reset6(); tcp_reset()",
		.lesson = "The output chain rejects with a TCP reset: netfilter makes a RST as if "
			  "the peer had sent it. It is in sequence and believed: ECONNRESET, at "
			  "the first probe, from the own machine; the peer knows of nothing.",
		AT_HOME,
		IDLE_THEN(.do_ = KA_REJECT, .way = KA_PROBES, .place = KA_PROBER_OUTPUT,
			  .value = KA_TCP_RESET, .flags_mask = TH_RST, .flags = 0),
		.expect = { .when = KA_FIRST_PROBE,
			    .error = ECONNRESET,
			    .probes = 1,
			    .unseen = true },
	},
	{
		KA_CASE("output_reject_rst_eats_itself"),
		.why = "a reject rule that matches its own RST is only a drop",
		.source = "nf_send_reset(): ip_local_out() passes the output hook again",
		.lesson = "The RST that netfilter makes goes through the output chain itself. A "
			  "rule for the port in both directions matches it, and no RST is made "
			  "for a RST: it is lost. What was meant to be a fast refusal is "
			  "silence: ETIMEDOUT at the full time.",
		AT_HOME,
		.probers = KA_ONLY_CLIENT,
		IDLE_THEN(.do_ = KA_REJECT, .way = KA_BOTH_WAYS, .place = KA_PROBER_OUTPUT,
			  .value = KA_TCP_RESET),
		.expect = { KA_ENDS_UNSEEN(ETIMEDOUT) },
	},
	{
		KA_CASE("output_drop_data"),
		.why = "retransmissions that the host's own output chain drops count, and double",
		.source = "tcp_retransmit_skb(): retrans_stamp, commit 7ae189759cc4 (5.1); "
			  "nf_hook_slow(): -EPERM",
		.lesson = "A byte is lost on its way, and the prober's own firewall drops what "
			  "repeats it. EPERM is not congestion (that would be a positive value), "
			  "so the intervals double as on a silent path. The clock of tcp_retries2 "
			  "starts with the first attempt; before Linux 5.1 it started with the "
			  "first that succeeded, which never came.",
		AT_HOME,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1),
			 { .do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_OUTPUT }),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT, .unseen = true },
	},
};

KA_THEME(local_drop, "The prober's own firewall");
