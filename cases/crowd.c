/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one connection does, five thousand do: at the same time, each by its own clock. */
#include <errno.h>

#include "model/vocabulary.h"

/* Enough to fill every phase of the wheel and to make an expiry of hundreds at once ordinary. */
#define MANY 5000

/* A second until all timers are started, and one more before the first is probed. */
static const struct ka_setting one_setting[] = { { .idle = 2, .intvl = 1, .cnt = 3 },
						 { .cnt = 0 } };

#define CROWD                                                                                      \
	.topology = KA_PAIR, .from = KA_FROM_ACCEPTED, .settings = one_setting, .load = MANY,      \
	KA_STEPS(KA_CONNECTED, KA_SILENCE), .expect = { KA_EXPIRES, .arming = KA_FRESH }

static const struct ka_case cases[] = {
	{
		KA_CASE("crowd"),
		.why = "5,000 idle connections that lose their path all end, each inside its own "
		       "window, after exactly cnt probes",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer(); kernel/time/timer.c: "
			  "__run_timers() expires a whole bucket in one go",
		.lesson = "Besides the observed connection a client holds 5,000 more of the same "
			  "setting. Their timers were started one after the other, so their "
			  "phases lie everywhere, and the wheel collects them: at each multiple of "
			  "its granularity it expires a hundred or more at once, in one softirq. "
			  "None is forgotten, none is early, and TCPKeepAlive of the namespace "
			  "moves by 5,001 * cnt, no more and no less.",
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		CROWD,
	},
	{
		KA_CASE("crowd_of_clients"),
		.why = "a server that loses 5,000 idle clients at once gets rid of every one of "
		       "them",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer(); veth_xmit(): NET_XMIT_DROP",
		.lesson = "The same at a server that accepted them, over IPv6. The timer wheel has "
			  "no limit here; the queues behind it have. The harness starts the timers "
			  "over more than a second: when all timers are started at once, "
			  "thousands of probes leave in the same softirq, and those that do not "
			  "fit into net.core.netdev_max_backlog (1000 packets for each CPU, on "
			  "the way from one namespace to another) or into a device's queue are "
			  "lost inside the host. Such a probe does not count: the kernel tries "
			  "again after HZ/2, and the connection ends half a second later for "
			  "each of them.",
		.families = KA_V6,
		.probers = KA_ONLY_SERVER,
		CROWD,
	},
};

KA_THEME(crowd, "Numbers: five thousand at once");
