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

#define SETTING(ut) KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = ut)
#define CLOSED                                                                                     \
	KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PEER },                                         \
	{                                                                                          \
		.do_ = KA_FILL, .who = KA_PROBER                                                   \
	}
#define NO_USER_TIMEOUT                                                                            \
	{                                                                                          \
		KA_SET(TCP_USER_TIMEOUT)                                                           \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("retransmissions_a_little_early"),
		KA_EXPERIMENT,
		SETTING(0),
		.sysctls = { KA_RETRIES2("2") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100)),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
		.bias = { .window_jiffies = 70 },
	},
	{
		KA_CASE("retransmissions_a_little_late"),
		KA_EXPERIMENT,
		SETTING(0),
		.sysctls = { KA_RETRIES2("2") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100)),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
		.bias = { .window_jiffies = -100 },
	},
	{
		KA_CASE("one_retransmission_more"),
		KA_EXPERIMENT,
		SETTING(0),
		.sysctls = { KA_RETRIES2("1") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100),
			 { .do_ = KA_SYSCTL,
			   .who = KA_PROBER,
			   .key = "net/ipv4/tcp_retries2",
			   .text = "2" }),
		.expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("closed_window_without_a_timeout"),
		KA_EXPERIMENT,
		SETTING(2300),
		.sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
		KA_STEPS(CLOSED, NO_USER_TIMEOUT, KA_SILENCE, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		KA_CASE("closed_window_opens"),
		KA_EXPERIMENT,
		SETTING(1200),
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(CLOSED, KA_WRITE(100),
			 { .do_ = KA_RESUME, .who = KA_PEER, .at = { .ms = 300 } }),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .answered = KA_SOME },
	},
	{
		KA_CASE("closed_window_declared_unanswered"),
		KA_EXPERIMENT,
		SETTING(2300),
		.sysctls = { KA_SMALL_BUFFER },
		KA_STEPS(CLOSED, KA_WRITE(100)),
		.expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 },
	},
	{
		KA_CASE("connect_is_answered"),
		KA_EXPERIMENT,
		SETTING(0),
		KA_SYN_RETRIES("1"),
		KA_STEPS({ .do_ = KA_CONNECT, .unacked = true }),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("connect_with_another_limit"),
		KA_EXPERIMENT,
		SETTING(0),
		KA_SYN_RETRIES("1"),
		KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true },
			 { .do_ = KA_SYSCTL,
			   .who = KA_PROBER,
			   .key = "net/ipv4/tcp_syn_retries",
			   .text = "2" }),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("connect_without_a_timeout"),
		KA_EXPERIMENT,
		SETTING(1500),
		KA_SYN_RETRIES("1"),
		KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }, NO_USER_TIMEOUT),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT },
	},
	{
		KA_CASE("connect_a_little_early"),
		KA_EXPERIMENT,
		SETTING(0),
		KA_SYN_RETRIES("1"),
		KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }),
		.expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT },
		.bias = { .window_jiffies = 12 },
	},
	{
		KA_CASE("connect_declared_refused"),
		KA_EXPERIMENT,
		SETTING(0),
		KA_SYN_RETRIES("1"),
		KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }),
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
