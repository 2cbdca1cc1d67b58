/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sysctls that change under a living connection. They have no socket to wake: a socket without
 * values of its own reads them whenever its timer goes off, and not before.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

#define WRITE(end, name, val)                                                                      \
	.do_ = KA_SYSCTL, .who = end, .key = KA_KEEPALIVE_SYSCTL(name), .text = val

/* Its own: how far ahead 2^32 jiffies are has nothing to do with the run's setting. */
static const struct ka_setting negative[] = { { .idle = 1, .intvl = 1, .cnt = 1 }, { .cnt = 0 } };

static const struct ka_case cases[] = {
	{
		KA_CASE("sysctl_time_lowered"),
		.why = "a lowered tcp_keepalive_time is seen only when the old timer goes off, "
		       "whatever getsockopt() says",
		.source = "keepalive_time_when() is read at every use; tcp_keepalive_timer()",
		.lesson = "The socket has no TCP_KEEPIDLE of its own. The administrator lowers the "
			  "sysctl, and getsockopt(TCP_KEEPIDLE) shows the new value at once; but "
			  "the timer that was armed with the old one still runs, as sock_diag "
			  "shows. When it goes off, the new idle time is long over, and the first "
			  "probe leaves.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		KA_SETTING(.idle = 4, .intvl = 1, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE, { WRITE(KA_PROBER, "time", "1") },
			 { KA_GET(TCP_KEEPIDLE), .value = 1 },
			 { KA_KEEPALIVE_TIMER, .value = 0,
			   .expires = { { .idle = 0.6 }, { .idle = 1 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_time_raised"),
		.why = "with a raised tcp_keepalive_time the old expiry only sets the timer again",
		.source = "keepalive_time_when(), tcp_keepalive_timer(): elapsed < idle",
		.lesson = "When the timer goes off that was armed with the old value, the handler "
			  "finds that the new idle time is not over and sets itself to the last "
			  "segment received plus that.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE, { WRITE(KA_PROBER, "time", "3") },
			 { KA_GET(TCP_KEEPIDLE), .value = 3 },
			 { KA_KEEPALIVE_TIMER, .value = 0, .expires = { { 0 }, { .idle = 1 } } },
			 { KA_KEEPALIVE_TIMER, .value = 0, .since = KA_SINCE_LAST_RX,
			   .at = { .idle = 1.5 },
			   .expires = { { .idle = 1.2 }, { .idle = 1.5 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_intvl_lowered"),
		.why = "a lowered tcp_keepalive_intvl is used only after the interval that is "
		       "running",
		.source = "keepalive_intvl_when() is read at every use; tcp_keepalive_timer()",
		.lesson = "As with the socket option: the running interval is not cut short.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		KA_SETTING(.idle = 1, .intvl = 3, .cnt = 2),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { WRITE(KA_PROBER, "intvl", "1"), KA_AT_PROBE(1), .at = { .idle = 0.4 } },
			 { KA_GET(TCP_KEEPINTVL), .value = 1 },
			 { KA_KEEPALIVE_TIMER, .value = 1,
			   .expires = { { .intvl = 0.5 }, { .intvl = 0.9 } } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_probes_lowered"),
		.why = "a lowered tcp_keepalive_probes ends it at the expiry that is already armed",
		.source = "keepalive_probes() is read at every use; tcp_keepalive_timer()",
		.lesson =
			"One probe is out when the sysctl becomes 1: the next expiry, which would "
			"have sent the second, ends the connection.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		KA_SETTING(.idle = 1, .intvl = 2, .cnt = 5),
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { WRITE(KA_PROBER, "probes", "1"), KA_AT_PROBE(1), .at = { .idle = 0.4 } },
			 { KA_GET(TCP_KEEPCNT), .value = 1 }),
		.expect = { KA_EXPIRES_AFTER(1) },
	},
	{
		KA_CASE("sysctl_against_option"),
		.why = "a socket with values of its own does not see any of the sysctls",
		.source = "keepalive_time_when(), keepalive_intvl_when(), keepalive_probes()",
		.lesson = "Whoever sets the socket options is safe from the administrator: all "
			  "three sysctls change in the middle of the idle time, and probes, "
			  "intervals and end come as the socket's own values say.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE, { WRITE(KA_PROBER, "time", "100") },
			 { WRITE(KA_PROBER, "intvl", "50") }, { WRITE(KA_PROBER, "probes", "77") }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_of_the_peer"),
		.why = "the sysctls of another namespace mean nothing here",
		.source = "sock_net(sk); commits 13b287e8d1ca, 9bd6861bd432, b840d15d3912 (4.5)",
		.lesson = "The prober follows the sysctls of its own namespace. Those of the "
			  "peer's change, and nothing happens.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE, { WRITE(KA_PEER, "time", "100") },
			 { WRITE(KA_PEER, "intvl", "50") }, { WRITE(KA_PEER, "probes", "77") }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_probes_zero"),
		.why = "tcp_keepalive_probes 0 kills a healthy connection without a single probe",
		.source = "tcp_keepalive_timer(): probes_out >= 0 is always true; RFC 9293 3.8.4 "
			  "MUST-29",
		.lesson = "A socket option refuses 0, the sysctl takes it. Nothing is wrong with "
			  "path or peer; but when idle is over, no probe that is unanswered is "
			  "already enough: the kernel sends a RST and says ETIMEDOUT.",
		.topology = KA_ROUTED,
		.from = KA_FROM_SYSCTL,
		.one_setting = true,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, { WRITE(KA_PROBER, "probes", "0") },
			 { KA_GET(TCP_KEEPCNT), .value = 0 }),
		.expect = { KA_EXPIRES_AFTER(0) },
	},
	{
		KA_CASE("sysctl_time_zero"),
		.why = "tcp_keepalive_time 0 sends the first probe on the next jiffy",
		.source = "proc_dointvec_jiffies() has no lower bound; tcp_keepalive_timer()",
		.lesson = "0 does not mean off. It means that any silence is long enough: the "
			  "timer is armed with nothing, and the probes go out every intvl.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_SETTING(.idle = 0, .intvl = 1, .cnt = 2),
		.sysctls = { { KA_PROBER, KA_KEEPALIVE_SYSCTL("time"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("intvl"), "1" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("probes"), "2" } },
		KA_STEPS(KA_CONNECTED, KA_SILENCE, { KA_SWITCH(1) }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_time_zero_alive"),
		.why = "with tcp_keepalive_time 0 a healthy peer is probed every intvl",
		.source =
			"tcp_keepalive_timer(): after an answered probe the timer runs with intvl",
		.lesson =
			"The timer that an answered probe leaves behind runs with intvl, and when "
			"it goes off, an idle time of 0 is over.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_SETTING(.idle = 0, .intvl = 1, .cnt = 2),
		.sysctls = { { KA_PROBER, KA_KEEPALIVE_SYSCTL("time"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("intvl"), "1" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("probes"), "2" } },
		KA_STEPS(KA_CONNECTED, { KA_SWITCH(1) }),
		.expect = { KA_LIVES_ON, .watch = { .intvl = 3.5 } },
	},
	{
		KA_CASE("sysctl_intvl_zero"),
		.why = "tcp_keepalive_intvl 0 spends all probes in a few jiffies",
		.source = "proc_dointvec_jiffies() has no lower bound; tcp_keepalive_timer()",
		.lesson = "After idle the probes go out one per jiffy or two: a path that is dead "
			  "for a tenth of a second costs the connection.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		KA_SETTING(.idle = 1, .intvl = 0, .cnt = 20),
		.sysctls = { { KA_PROBER, KA_KEEPALIVE_SYSCTL("time"), "1" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("intvl"), "0" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("probes"), "20" } },
		KA_STEPS(KA_CONNECTED, { KA_SWITCH(1) }, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("sysctl_time_negative"),
		.why = "a negative tcp_keepalive_time is taken, and means never",
		.source = "proc_dointvec_jiffies(); tcp_keepalive_timer(): u32 elapsed < "
			  "keepalive_time_when()",
		.lesson = "Armed with -1 s, the timer goes off at once, and the handler finds "
			  "that the time idle so far is less than -1 s taken as an unsigned "
			  "number: it sets itself some 2^32 jiffies ahead. The timer runs, "
			  "sock_diag shows it, and in nobody's lifetime a probe will be sent.",
		.topology = KA_ROUTED,
		.from = KA_FROM_NOWHERE,
		.settings = negative,
		.sysctls = { { KA_PROBER, KA_KEEPALIVE_SYSCTL("intvl"), "1" },
			     { KA_PROBER, KA_KEEPALIVE_SYSCTL("probes"), "1" } },
		.no_user_timeout = true,
		KA_STEPS(KA_CONNECTED, { WRITE(KA_PROBER, "time", "-1") }, { KA_SWITCH(1) },
			 { KA_KEEPALIVE_TIMER, .value = 0, .at = { .ms = 500 },
			   .expires = { { .intvl = 1e6 }, { .intvl = 4.3e6 } } }),
		.expect = { .when = KA_NEVER, .watch = { .ms = 2000 } },
	},
};

KA_THEME(live_sysctl, "Sysctls that change while it lives, and their edges");
