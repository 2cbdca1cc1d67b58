/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a probe looks like on the wire. Every case checks it; these two pin the variants. */
#include <errno.h>

#include "model/vocabulary.h"

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
};

KA_THEME(probe_format, "A probe on the wire");
