/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prober's own device refuses packets: its queue drops them and says so (NET_XMIT_DROP). This
 * is the one loss that keepalive does not count, and so the one under which a dead connection
 * never dies. A queue that drops them as well, but calls it congestion (NET_XMIT_CN), is no such loss.
 */
#include <errno.h>

#include "model/vocabulary.h"

/* After idle the kernel tries twice a second: the times are short in units of the nominal time, so that
 * with production's settings it is thousands of attempts and not tens of thousands. */

static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 1, .user_timeout_ms = 1500 }, { .cnt = 0 }
};

static const struct ka_case cases[] = {
	{
		KA_CASE("refused_never_dies"),
		.why = "probes that the own queue drops do not count: three intervals after the "
		       "nominal time, still established",
		.source = "tcp_keepalive_timer(): err > 0, TCP_RESOURCE_PROBE_INTERVAL; "
			  "qdisc_drop(): NET_XMIT_DROP",
		.lesson = "The queue of the prober's device drops every packet and reports "
			  "NET_XMIT_DROP, as a shaper at its limit does. For "
			  "tcp_keepalive_timer() that is a probe not sent: the count stays 0, "
			  "and the timer comes back after HZ/2 jiffies, rounded up by the wheel, "
			  "instead of intvl. The counter TCPKeepAlive goes up with every "
			  "attempt, tcpi_probes stays 0, and the connection is never given up, "
			  "whether the peer lives or not.",
		.topology = KA_PAIR,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_REFUSE, .who = KA_PROBER },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .intvl = 3 }, .value = 0 }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("refused_user_timeout"),
		.why = "TCP_USER_TIMEOUT does not help against a queue that drops: it wants a "
		       "probe sent",
		.source = "tcp_keepalive_timer(): user_timeout only with icsk_probes_out > 0",
		.lesson = "As refused_never_dies with TCP_USER_TIMEOUT: at each expiry the time is "
			  "over, but the rule also asks for an unanswered probe, and none was "
			  "ever sent.",
		.topology = KA_PAIR,
		.settings = user_timeout,
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, { .do_ = KA_REFUSE, .who = KA_PROBER },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 2 }, .value = 0 }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("refused_recovers"),
		.why = "when the queue takes packets again, the next attempt is a probe, and is "
		       "answered",
		.source = "tcp_keepalive_timer(); tcp_ack()",
		.lesson = "The queue drops for longer than the nominal time, then it takes "
			  "packets again. The next attempt goes out within half a second, the "
			  "peer answers, and the connection goes on: it was alive all the time.",
		.topology = KA_PAIR,
		.one_setting = true,
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, { .do_ = KA_REFUSE, .who = KA_PROBER },
			 { .do_ = KA_ACCEPT, .who = KA_PROBER, .at = { .nominal = 1, .intvl = 1 } },
			 { KA_KEEPALIVE_TIMER, .at = { .idle = 1.5, .ms = 600 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("refused_then_silent"),
		.why = "a peer that vanished meanwhile is given up only after all cnt probes, "
		       "counted from the recovery",
		.source = "tcp_keepalive_timer(): icsk_probes_out counts only what was sent",
		.lesson = "The path to the peer is dead, but the prober cannot know: its own queue "
			  "drops the probes first. When the queue takes packets again, the count "
			  "begins at 0: all cnt probes are sent, intvl apart, before the "
			  "connection is given up. The time behind the queue does not count.",
		.topology = KA_PAIR,
		.one_setting = true,
		.min_cnt = 2,
		KA_STEPS(KA_IDLE, KA_SILENCE, { .do_ = KA_REFUSE, .who = KA_PROBER },
			 { .do_ = KA_ACCEPT,
			   .who = KA_PROBER,
			   .at = { .nominal = 1, .intvl = 1 },
			   .random_phase = true }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("refused_as_congestion"),
		.why = "a probe that the own queue drops, but calls congested, counts as sent",
		.source = "fq_codel_enqueue(): NET_XMIT_CN; tcp_transmit_skb(): net_xmit_eval(); "
			  "tcp_keepalive_timer(): err <= 0 counts",
		.lesson = "As refused_never_dies, but the queue is fq_codel, the usual one of "
			  "many distributions. It drops from the flow that fills it, and "
			  "answers NET_XMIT_CN: a packet of yours was lost, perhaps not this one. "
			  "TCP takes that for a success (net_xmit_eval()), although it was just "
			  "this one: the probe counts, intvl later the next is due, and the "
			  "connection is given up after the full time. Its RST is lost in the "
			  "same queue, and counts as sent as well: no TCPAbortFailed.",
		.topology = KA_PAIR,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_CONGEST, .who = KA_PROBER }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .unseen = true },
	},
	{
		KA_CASE("refused_as_congestion_timeout"),
		.why = "TCP_USER_TIMEOUT helps against a queue that drops, but calls it "
		       "congestion",
		.source = "tcp_keepalive_timer(): user_timeout only with icsk_probes_out > 0",
		.lesson = "The counterpart of refused_user_timeout: the same setting, and a queue "
			  "that loses as much. Here the lost probe counts, and the rule that asks "
			  "for an unanswered one finds it.",
		.topology = KA_PAIR,
		.settings = user_timeout,
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, { .do_ = KA_CONGEST, .who = KA_PROBER }),
		.expect = { .when = KA_USER_TIMEOUT,
			    .error = ETIMEDOUT,
			    .probes = KA_SOME,
			    .unseen = true },
	},
	{
		KA_CASE("refused_as_congestion_recovers"),
		.why = "when the queue takes packets again, the next probe is answered, and the "
		       "count begins anew",
		.source = "tcp_keepalive_timer(); tcp_ack(): icsk_probes_out = 0",
		.lesson = "The queue loses the first probe and calls it congestion, then it takes "
			  "packets again. What it lost comes no more, but the second probe goes "
			  "out an interval later, the peer answers, and the connection goes on.",
		.topology = KA_PAIR,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_IDLE, { .do_ = KA_CONGEST, .who = KA_PROBER },
			 { .do_ = KA_ACCEPT, .who = KA_PROBER, .at = { .idle = 1, .intvl = 0.5 } },
			 { KA_KEEPALIVE_TIMER, .at = { .intvl = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON, .counters = { { "TcpExt.TCPKeepAlive", KA_SOME } } },
	},
};

KA_THEME(refused, "The device refuses, and nobody dies");
