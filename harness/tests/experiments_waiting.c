/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waits, wrong on purpose: for an acknowledgement, for a window, for an answer to a SYN. Some are
 * wrong by less than the prediction could tell, and are found by what the wire shows.
 */
#include "experiments.h"
#include "model/util.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define ONE                                                                                        \
	.topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT,                       \
	.why = "must not pass", .source = "experiment", .lesson = "Broken on purpose."
#define SETTING(ut)                                                                                \
	.settings = (const struct ka_setting[])                                                    \
	{                                                                                          \
		{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = ut },                        \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define RETRIES2(n)                                                                                \
	{                                                                                          \
		KA_PROBER, "net/ipv4/tcp_retries2", n                                              \
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
#define WRITES                                                                                     \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PROBER, .bytes = 100, .unacked = true                    \
	}
#define SMALL_BUFFER                                                                               \
	{                                                                                          \
		KA_PEER, "net/ipv4/tcp_rmem", "4096 8192 16384"                                    \
	}
#define CLOSED                                                                                     \
	{ .do_ = KA_CONNECT }, { .do_ = KA_STALL, .who = KA_PEER },                                \
	{                                                                                          \
		.do_ = KA_FILL, .who = KA_PROBER                                                   \
	}
#define NO_USER_TIMEOUT                                                                            \
	{                                                                                          \
		.do_ = KA_SETSOCKOPT, .who = KA_PROBER, .level = IPPROTO_TCP,                      \
		.option = TCP_USER_TIMEOUT                                                         \
	}
#define SYN_RETRIES(n)                                                                             \
	.sysctls = { { KA_PROBER, "net/ipv4/tcp_syn_retries", n } },                               \
	.sysctl_if_there = { KA_PROBER, "net/ipv4/tcp_syn_linear_timeouts", "0" }
#define LIMIT_OF(regime)                                                                           \
	{                                                                                          \
		.when = regime, .error = ETIMEDOUT                                                 \
	}

static const struct ka_case cases[] = {
	{
		.name = "retransmissions_a_little_early",
		ONE,
		SETTING(0),
		.sysctls = { RETRIES2("2") },
		KA_STEPS(CONNECTED, DROPPED, WRITES),
		.expect = LIMIT_OF(KA_RETRANSMIT_LIMIT),
		.bias = { .window_jiffies = 70 },
	},
	{
		.name = "retransmissions_a_little_late",
		ONE,
		SETTING(0),
		.sysctls = { RETRIES2("2") },
		KA_STEPS(CONNECTED, DROPPED, WRITES),
		.expect = LIMIT_OF(KA_RETRANSMIT_LIMIT),
		.bias = { .window_jiffies = -100 },
	},
	{
		.name = "one_retransmission_more",
		ONE,
		SETTING(0),
		.sysctls = { RETRIES2("1") },
		KA_STEPS(CONNECTED, DROPPED, WRITES,
			 { .do_ = KA_SYSCTL,
			   .who = KA_PROBER,
			   .key = "net/ipv4/tcp_retries2",
			   .text = "2" }),
		.expect = LIMIT_OF(KA_RETRANSMIT_LIMIT),
	},
	{
		.name = "closed_window_without_a_timeout",
		ONE,
		SETTING(2300),
		.sysctls = { SMALL_BUFFER, RETRIES2("3") },
		KA_STEPS(CLOSED, NO_USER_TIMEOUT, DROPPED, WRITES),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		.name = "closed_window_opens",
		ONE,
		SETTING(1200),
		.sysctls = { SMALL_BUFFER },
		KA_STEPS(CLOSED, WRITES, { .do_ = KA_RESUME, .who = KA_PEER, .at = { .ms = 300 } }),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .answered = KA_SOME },
	},
	{
		.name = "closed_window_declared_unanswered",
		ONE,
		SETTING(2300),
		.sysctls = { SMALL_BUFFER },
		KA_STEPS(CLOSED, WRITES),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		.name = "connect_is_answered",
		ONE,
		SETTING(0),
		SYN_RETRIES("1"),
		KA_STEPS({ .do_ = KA_CONNECT, .unacked = true }),
		.expect = LIMIT_OF(KA_CONNECT_LIMIT),
	},
	{
		.name = "connect_with_another_limit",
		ONE,
		SETTING(0),
		SYN_RETRIES("1"),
		KA_STEPS(DROPPED, { .do_ = KA_CONNECT, .unacked = true },
			 { .do_ = KA_SYSCTL,
			   .who = KA_PROBER,
			   .key = "net/ipv4/tcp_syn_retries",
			   .text = "2" }),
		.expect = LIMIT_OF(KA_CONNECT_LIMIT),
	},
	{
		.name = "connect_without_a_timeout",
		ONE,
		SETTING(1500),
		SYN_RETRIES("1"),
		KA_STEPS(DROPPED, { .do_ = KA_CONNECT, .unacked = true }, NO_USER_TIMEOUT),
		.expect = LIMIT_OF(KA_CONNECT_LIMIT),
	},
	{
		.name = "connect_a_little_early",
		ONE,
		SETTING(0),
		SYN_RETRIES("1"),
		KA_STEPS(DROPPED, { .do_ = KA_CONNECT, .unacked = true }),
		.expect = LIMIT_OF(KA_CONNECT_LIMIT),
		.bias = { .window_jiffies = 12 },
	},
	{
		.name = "connect_declared_refused",
		ONE,
		SETTING(0),
		SYN_RETRIES("1"),
		KA_STEPS(DROPPED, { .do_ = KA_CONNECT, .unacked = true }),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ECONNREFUSED },
	},
};

static const struct ka_theme theme = { .name = "experiments_waiting",
				       .title = "What waits, and must not pass",
				       .cases = cases,
				       .n = KA_N(cases) };

/* In the order of the cases: one instance each. */
static const struct ka_experiment experiments[] = {
	{ "retransmissions_a_little_early", KA_FAIL, "too early: window" },
	{ "retransmissions_a_little_late", KA_FAIL, "too late: window" },
	{ "one_retransmission_more", KA_FAIL, "too late: window" },
	{ "closed_window_without_a_timeout", KA_FAIL, "too late: window" },
	{ "closed_window_opens", KA_FAIL, "not noticed" },
	{ "closed_window_declared_unanswered", KA_FAIL, "0 unanswered probes, must be 3" },
	{ "connect_is_answered", KA_FAIL, "not noticed" },
	{ "connect_with_another_limit", KA_FAIL, "not noticed" },
	{ "connect_without_a_timeout", KA_FAIL, "too late: window" },
	{ "connect_a_little_early", KA_FAIL, "too early: window" },
	{ "connect_declared_refused", KA_FAIL, "ETIMEDOUT, must be ECONNREFUSED" },
};

const struct ka_experiment_group ka_experiments_waiting = { &theme, experiments,
							    KA_N(experiments) };
