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

/* No attempt leaves the host: their number is in counters and in TCP_INFO. */
#define ENDS_HERE(regime) .when = (regime), .error = ETIMEDOUT, .unseen = true
/* A byte that is lost on its way, and cannot be sent again. */
#define LOST_THEN(what)                                                                            \
	KA_IDLE, KA_SILENCE, KA_WRITE(1),                                                          \
	{                                                                                          \
		.do_ = what, .who = KA_PROBER                                                      \
	}

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
			 /* half way between two probes */
			 { KA_KEEPALIVE_TIMER, .at = { .idle = 1.5, .ms = 100 }, .value = 0 }),
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
	{
		KA_CASE("refused_data"),
		.why = "retransmissions that the own queue drops come twice a second, count, and "
		       "end by tcp_retries2",
		.source = "tcp_retransmit_timer(): TCP_RESOURCE_PROBE_INTERVAL; "
			  "tcp_retransmit_skb(): retrans_stamp; commits 590d2026d626, 7ae189759cc4 "
			  "(5.1)",
		.lesson = "A byte is lost on its way, and the queue of the prober's device drops "
			  "what would repeat it. That is no sign of a congested network, so "
			  "nothing is doubled: the next attempt comes after half a second, and so "
			  "on. Unlike keepalive's probes these attempts count: the time since the "
			  "first one reaches what tcp_retries2 = 3 stands for (3 s), at the "
			  "seventh expiry. Before Linux 5.1 the clock of a retransmission that "
			  "failed was never started, and there was an attempt at each RTO: on a "
			  "fast network thousands of them, without end.",
		.topology = KA_PAIR,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(LOST_THEN(KA_REFUSE),
			 { KA_RETRANSMIT_TIMER, .at = { .ms = 1500 }, .value = KA_ANY }),
		.expect = { ENDS_HERE(KA_RETRANSMIT_LIMIT) },
	},
	{
		KA_CASE("refused_data_user_timeout"),
		.why = "a user timeout ends it, too, at the attempt that comes next",
		.source = "RFC 5482; retransmits_timed_out(): retrans_stamp; "
			  "tcp_retransmit_timer(): TCP_RESOURCE_PROBE_INTERVAL",
		.lesson = "As refused_data, with a user timeout of 1.2 s. It counts from the first "
			  "attempt to send the byte again, but the interval behind a refusal is "
			  "not cut to what is left of it: the fourth expiry, at 1.5 s, is the end.",
		.topology = KA_PAIR,
		.probers = KA_ONLY_CLIENT,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 1200),
		KA_STEPS(LOST_THEN(KA_REFUSE)),
		.expect = { ENDS_HERE(KA_RETRANSMIT_LIMIT) },
	},
	{
		KA_CASE("refused_write"),
		.why = "what was never sent is tried twice a second, and given up after "
		       "tcp_retries2 attempts",
		.source =
			"tcp_check_probe_timer(); tcp_send_probe0(): TCP_RESOURCE_PROBE_INTERVAL; "
			"commit c1d5674f8313 (5.1)",
		.lesson = "The queue drops before the prober writes: nothing is in flight, so the "
			  "persist timer has the byte, as if a window were closed. Each attempt "
			  "that the device refuses counts as a window probe that nobody answered, "
			  "though the peer was never asked. With tcp_retries2 = 3 the connection "
			  "is given up after 1.7 s, with the default of 15 after 8 s: the same "
			  "queue that lets an idle connection live for ever kills a busy one while "
			  "its peer is in good health.",
		.topology = KA_PAIR,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, { .do_ = KA_REFUSE, .who = KA_PROBER }, KA_WRITE(1)),
		.expect = { ENDS_HERE(KA_PERSIST_LIMIT) },
	},
	{
		KA_CASE("refused_window_probes"),
		.why = "window probes that the own queue drops come twice a second, and "
		       "tcp_retries2 of them are the end",
		.source = "tcp_send_probe0(): TCP_RESOURCE_PROBE_INTERVAL; tcp_probe_timer(): "
			  "max_probes; commit c1d5674f8313 (5.1)",
		.lesson = "Data waits for a closed window when the queue begins to drop. The peer "
			  "lives, and would answer each question; it is not asked. The attempts "
			  "count: the fourth expiry is the end. Before Linux 5.1 they did not, and "
			  "the connection lived for ever, as an idle one does.",
		.topology = KA_PAIR,
		.one_setting = true,
		.sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
		KA_STEPS(KA_WINDOW_CLOSED, { .do_ = KA_REFUSE, .who = KA_PROBER }, KA_WRITE(100),
			 { KA_PERSIST_TIMER, .at = { .ms = 1000 }, .value = KA_ANY }),
		.expect = { ENDS_HERE(KA_PERSIST_LIMIT),
			    .counters = { { "TcpExt.TCPWinProbe", 3 } } },
	},
	{
		KA_CASE("refused_as_congestion_data"),
		.why = "data that the own queue drops, but calls congested, counts as sent: it is "
		       "retransmitted in growing intervals",
		.source = "fq_codel_enqueue(): NET_XMIT_CN; tcp_transmit_skb(): net_xmit_eval(); "
			  "tcp_retransmit_timer()",
		.lesson = "As refused_data with fq_codel. TCP takes the loss in the own queue for "
			  "one in the network: the intervals double, and tcp_retries2 = 3 is over "
			  "when it would be for a silent path.",
		.topology = KA_PAIR,
		.one_setting = true,
		.probers = KA_ONLY_CLIENT,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, { .do_ = KA_CONGEST, .who = KA_PROBER }, KA_WRITE(1)),
		.expect = { ENDS_HERE(KA_RETRANSMIT_LIMIT) },
	},
};

KA_THEME(refused, "The device refuses, and nobody dies");
