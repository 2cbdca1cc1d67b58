/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reason why keepalive exists: the path swallows everything and tells nobody. No FIN, no RST,
 * no ICMP; an idle connection looks exactly as healthy as before.
 */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("silent_drop"),
		.why = "an idle prober gives up after idle + intvl * cnt, not before, and says "
		       "ETIMEDOUT",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer(), tcp_write_err()",
		.lesson =
			"The peer's last data arrived, then the gateway drops everything in both "
			"directions. After idle seconds of silence the prober sends its first "
			"probe, then one every intvl seconds. When cnt probes are unanswered, the "
			"next expiry of the timer sends a RST, sets ETIMEDOUT and closes.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("silent_drop_fresh"),
		.why = "a timer armed by the handshake itself has the narrower window",
		.source = "tcp_finish_connect(), tcp_create_openreq_child(); kernel/time/timer.c",
		.lesson = "Nothing was ever sent: the keepalive timer was armed in the same jiffy "
			  "in which the last segment (of the handshake) arrived. So the timer's "
			  "expiry and the idle time run from the same moment, and the first probe "
			  "can only be late by what the timer wheel rounds up.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_CONNECTED, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("probes_lost"),
		.why = "losing only the probes is as deadly as losing everything",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "The path loses what the prober sends; the other direction is open, but "
			  "the peer has no reason to send: an idle peer answers probes, it does "
			  "not volunteer.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("answers_lost"),
		.why = "probes that arrive and answers that do not: the prober cannot know, and "
		       "dies",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer(); peer: tcp_send_dupack()",
		.lesson = "Every probe reaches the peer and is answered; the gateway swallows the "
			  "answers. For the prober this is silence. Its final RST does arrive, so "
			  "here, and only here, the peer learns of the end at the same time.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_ANSWERS }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("answers_lost_fresh"),
		.why = "the same right after the handshake",
		.source = "tcp_keepalive_timer(); kernel/time/timer.c",
		.lesson = "As answers_lost, with a timer that the handshake armed.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_DROP, .way = KA_ANSWERS }),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
	{
		KA_CASE("silent_drop_wrap"),
		.why = "the idle time counts on when the kernel's clock wraps, 5 minutes after "
		       "boot",
		.source = "INITIAL_JIFFIES; keepalive_time_elapsed(); commit 15bb7745e94a \"tcp: "
			  "initialize icsk_ack.lrcvtime at session start time\"",
		.lesson = "The kernel counts ticks in 32 bits and lets them wrap 5 minutes after "
			  "boot, so that mistakes show. A connection on which no data was received "
			  "once had 0 as the time of the last: a time in the future, until the "
			  "clock wrapped; then one just past, and the first probe was late by what "
			  "the connection had lived before.",
		.topology = KA_ROUTED,
		.long_ = true,
		KA_SETTING(.idle = 20, .intvl = 5, .cnt = 2),
		KA_STEPS({ .do_ = KA_WAIT, .since = KA_SINCE_BOOT, .at = { .ms = 290000 } },
			 KA_CONNECTED, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
};

KA_THEME(silent_drop, "The path falls silent");
