/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regimes and states, wrong on purpose: each takes a case of cases/ and changes one thing, in the
 * declaration or in what is done.
 */
#include "experiments.h"
#include "model/util.h"

#include <errno.h>
#include <sys/epoll.h>

#define DIES .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1
#define ONE                                                                                        \
	.topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT,                       \
	.why = "must not pass", .source = "experiment", .lesson = "Broken on purpose."
#define SETTING(idle_s, intvl_s, n, ut)                                                            \
	.settings = (const struct ka_setting[])                                                    \
	{                                                                                          \
		{ .idle = idle_s, .intvl = intvl_s, .cnt = n, .user_timeout_ms = ut },             \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define RETRIES2(n)                                                                                \
	.sysctls = {                                                                               \
		{ KA_PROBER, "net/ipv4/tcp_retries2", n },                                         \
	}
#define CONNECTED                                                                                  \
	{ .do_ = KA_CONNECT },                                                                     \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .random_phase = true                  \
	}
#define DROPPED                                                                                    \
	{                                                                                          \
		.do_ = KA_DROP, .way = KA_BOTH_WAYS                                                \
	}

static const struct ka_case cases[] = {
	{
		.name = "user_timeout_declared_by_count",
		ONE,
		SETTING(1, 1, 5, 1500),
		KA_STEPS(CONNECTED, DROPPED),
		.expect = { .when = KA_USER_TIMEOUT,
			    .error = ETIMEDOUT,
			    .probes = 5,
			    .rst_sent = 1 },
	},
	{
		.name = "unacked_declared_to_be_probed",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS(CONNECTED, DROPPED,
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .unacked = true }),
		.expect = { DIES },
	},
	{
		.name = "retransmissions_with_another_limit",
		ONE,
		SETTING(1, 1, 1, 0),
		RETRIES2("3"),
		KA_STEPS(CONNECTED, DROPPED,
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .unacked = true }),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
		.bias = { .window_jiffies = 1200 },
	},
	{
		.name = "write_while_probing_declared_unprobed",
		ONE,
		SETTING(1, 1, 3, 0),
		RETRIES2("2"),
		KA_STEPS(CONNECTED, DROPPED,
			 { .do_ = KA_SEND,
			   .who = KA_PROBER,
			   .bytes = 1,
			   .unacked = true,
			   .since = KA_SINCE_PROBE,
			   .nth = 1,
			   .at = { .intvl = 0.5 } }),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	},
	{
		.name = "long_interval_declared_every_idle",
		ONE,
		SETTING(1, 2, 2, 0),
		KA_STEPS(CONNECTED, { .do_ = KA_WAIT, .at = { .ms = 4500 } }),
		.expect = { .when = KA_NEVER, .arming = KA_PROBED, .answered = 4 },
	},
	{
		.name = "data_comes_too_seldom",
		ONE,
		SETTING(1, 1, 3, 0),
		KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_SEND,
						  .who = KA_PEER,
						  .bytes = 1,
						  .times = 3,
						  .every = { .idle = 1.5 } }),
		.expect = { .when = KA_NEVER },
	},
	{
		.name = "peer_does_not_probe",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS(CONNECTED, { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { DIES, .probes_received = 1 },
	},
	{
		.name = "window_is_open",
		ONE,
		SETTING(1, 1, 1, 0),
		RETRIES2("3"),
		KA_STEPS(CONNECTED, DROPPED,
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 100, .unacked = true }),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		.name = "closed_window_declared_idle",
		ONE,
		SETTING(1, 1, 1, 0),
		.sysctls = { { KA_PEER, "net/ipv4/tcp_rmem", "4096 8192 16384" } },
		KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_STALL, .who = KA_PEER },
			 { .do_ = KA_FILL, .who = KA_PROBER },
			 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 100, .unacked = true },
			 { .do_ = KA_WAIT, .at = { .ms = 3000 } }),
		.expect = { .when = KA_NEVER, .arming = KA_PROBED, .answered = KA_SOME },
	},
	{
		.name = "close_wait_reset_declared_reset",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS(CONNECTED, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_FORGET, .who = KA_PEER, .at = { .ms = 100 } }),
		.expect = { .when = KA_FIRST_PROBE,
			    .error = ECONNRESET,
			    .probes = 1,
			    .rst_received = 1 },
	},
	{
		.name = "syn_was_not_lost",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS({ .do_ = KA_DROP, .way = KA_PROBES, .first = 2, .misses = true },
			 { .do_ = KA_CONNECT }, DROPPED),
		.expect = { DIES, .arming = KA_FRESH },
	},
	{
		.name = "nothing_is_unread",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS(CONNECTED, DROPPED),
		.expect = { DIES, .unread = 64 },
	},
	{
		.name = "blocked_select_sees_data",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_STALL, .who = KA_PROBER },
			 { .do_ = KA_BLOCK, .who = KA_PROBER, .call = KA_IN_SELECT },
			 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .at = { .ms = 100 } },
			 DROPPED),
		.expect = { DIES },
	},
	{
		.name = "edge_without_hup",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS(CONNECTED, DROPPED),
		.expect = { DIES, .edge = { .mask = EPOLLERR | EPOLLOUT, .since = "2.6" } },
	},
	{
		.name = "no_soft_error",
		ONE,
		SETTING(1, 1, 1, 0),
		KA_STEPS(CONNECTED, DROPPED),
		.expect = { DIES, .soft_again = true },
	},
};

static const struct ka_theme theme = { .name = "experiments_regimes",
				       .title = "Regimes and states that must not pass",
				       .cases = cases,
				       .n = KA_N(cases) };

/* In the order of the cases: one instance each. */
static const struct ka_experiment experiments[] = {
	{ "user_timeout_declared_by_count", KA_FAIL, "1 unanswered probe" },
	{ "unacked_declared_to_be_probed", KA_FAIL, "not noticed" },
	{ "retransmissions_with_another_limit", KA_FAIL, "too early" },
	{ "write_while_probing_declared_unprobed", KA_FAIL, "must be 0" },
	{ "long_interval_declared_every_idle", KA_FAIL, "answered probes, must be 4" },
	{ "data_comes_too_seldom", KA_FAIL, "answered probes, must be 0" },
	{ "peer_does_not_probe", KA_FAIL, "0 probes of the peer arrived" },
	{ "window_is_open", KA_FAIL, "0 unanswered probes, must be 3" },
	{ "closed_window_declared_idle", KA_FAIL, "TCPWinProbe" },
	{ "close_wait_reset_declared_reset", KA_FAIL, "EPIPE, must be ECONNRESET" },
	{ "syn_was_not_lost", KA_BROKEN, "without effect" },
	{ "nothing_is_unread", KA_FAIL, "0 bytes could be read" },
	{ "blocked_select_sees_data", KA_FAIL, "before the end" },
	{ "edge_without_hup", KA_FAIL, "the first edge reports 0x215d" },
	{ "no_soft_error", KA_FAIL, "soft error once more" },
};

const struct ka_experiment_group ka_experiments_regimes = { &theme, experiments,
							    KA_N(experiments) };
