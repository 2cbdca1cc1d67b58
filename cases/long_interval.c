/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An interval longer than the idle time: legal, and a trap. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("long_interval_answered"),
		.why = "with intvl longer than idle a live peer is probed every intvl, not every "
		       "idle",
		.source = "tcp_keepalive_timer(): the timer is set to intvl after every probe",
		.lesson = "A probe sets the timer to intvl, before anybody knows whether it will "
			  "be answered. The answer does not touch the timer. So when it goes off "
			  "again, 3 s later, idle (1 s) is long over and the next probe is due: "
			  "the connection is probed every 3 s, not every second.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 3, .cnt = 2),
		KA_STEPS(KA_IDLE,
			 { KA_KEEPALIVE_TIMER, .at = { .idle = 0.5, .intvl = 2 }, .value = 0 }),
		.expect = { .when = KA_NEVER, .arming = KA_PROBED, .answered = 2 },
	},
	{
		KA_CASE("long_interval_dies"),
		.why = "after an answered probe the next one is intvl away, so the end comes up to "
		       "intvl - idle later than idle + intvl * cnt",
		.source = "tcp_keepalive_timer(); kernel/time/timer.c",
		.lesson = "The first probe was answered, then the path died. The timer runs with "
			  "intvl already, so the first probe that is lost goes out 3 s after the "
			  "last answer, not 1 s; then two more intervals: 9 s where idle + intvl * "
			  "cnt promises 7.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 3, .cnt = 2),
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .idle = 1.5 } }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .arming = KA_PROBED,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .answered = 1,
			    .rst_sent = 1 },
	},
	{
		KA_CASE("long_interval_overdue"),
		.why = "a timer that waits for the wheel is told as overdue by 0, not by a time "
		       "that is far ahead",
		.source = "inet_sk_diag_fill(): jiffies_delta_to_msecs(); get_tcp4_sock(), "
			  "get_tcp6_sock(): jiffies_delta_to_clock_t()",
		.lesson = "A minute is counted in steps of seconds: the timer goes off up to 2 s "
			  "late (4 s at 1000 Hz), and what sock_diag and /proc/net/tcp tell is "
			  "the time until it should have. In between there is nothing left, and "
			  "what is negative must not be printed as 49 days.",
		.topology = KA_ROUTED,
		.long_ = true,
		KA_SETTING(.idle = 60, .intvl = 60, .cnt = 1),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { KA_KEEPALIVE_TIMER, KA_AT_PROBE(1), .at = { .intvl = 1, .ms = 700 },
			   .value = 1, .overdue = true }),
		.expect = { KA_EXPIRES },
	},
};

KA_THEME(long_interval, "An interval longer than the idle time");
