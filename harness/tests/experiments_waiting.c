/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waits, wrong on purpose: for an acknowledgement, for a window, for an answer to a SYN. Some are
 * wrong by less than the prediction could tell, and are found by what the wire shows.
 */
#include "experiments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define SETTING(ut) KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = ut)
#define CLOSED                                                                                     \
	KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PEER },                                         \
	{                                                                                          \
		.do_ = KA_FILL, .who = KA_PROBER                                                   \
	}
/* No option of the setting is set, and the judge is not told. */
#define NO_USER_TIMEOUT .from = KA_FROM_NOWHERE

static const struct ka_case cases[] = {
	{ KA_WRONG("retransmissions_a_little_early", "fail: too early: window"), KA_EXPERIMENT,
	  SETTING(0), .sysctls = { KA_RETRIES2("2") }, KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100)),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	  .bias = { .window_jiffies = 70 } },
	{ KA_WRONG("retransmissions_a_little_late", "fail: too late: window"), KA_EXPERIMENT,
	  SETTING(0), .sysctls = { KA_RETRIES2("2") }, KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100)),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	  .bias = { .window_jiffies = -100 } },
	{ KA_WRONG("one_retransmission_more", "fail: too late: window"), KA_EXPERIMENT, SETTING(0),
	  .sysctls = { KA_RETRIES2("1") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100),
		   { .do_ = KA_SYSCTL,
		     .who = KA_PROBER,
		     .key = "net/ipv4/tcp_retries2",
		     .text = "2" }),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT } },
	{ KA_WRONG("closed_window_without_a_timeout", "fail: too late: window"), KA_EXPERIMENT,
	  SETTING(2300), NO_USER_TIMEOUT, .sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("3") },
	  KA_STEPS(CLOSED, KA_SILENCE, KA_WRITE(100)),
	  .expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 } },
	{ KA_WRONG("closed_window_opens", "fail: not noticed"), KA_EXPERIMENT, SETTING(1200),
	  .sysctls = { KA_SMALL_BUFFER },
	  KA_STEPS(CLOSED, KA_WRITE(100),
		   { .do_ = KA_RESUME, .who = KA_PEER, .at = { .ms = 300 } }),
	  .expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .answered = KA_SOME } },
	{ KA_WRONG("closed_window_declared_unanswered", "fail: 0 unanswered probes, must be 3"),
	  KA_EXPERIMENT, SETTING(2300), .sysctls = { KA_SMALL_BUFFER },
	  KA_STEPS(CLOSED, KA_WRITE(100)),
	  .expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 } },
	{ KA_WRONG("connect_is_answered", "fail: not noticed"), KA_EXPERIMENT, SETTING(0),
	  KA_SYN_RETRIES("1"), KA_STEPS({ .do_ = KA_CONNECT, .unacked = true }),
	  .expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT } },
	{ KA_WRONG("connect_with_another_limit", "fail: not noticed"), KA_EXPERIMENT, SETTING(0),
	  KA_SYN_RETRIES("1"),
	  KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true },
		   { .do_ = KA_SYSCTL,
		     .who = KA_PROBER,
		     .key = "net/ipv4/tcp_syn_retries",
		     .text = "2" }),
	  .expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT } },
	{ KA_WRONG("connect_without_a_timeout", "fail: too late: window"), KA_EXPERIMENT,
	  SETTING(1500), NO_USER_TIMEOUT, KA_SYN_RETRIES("1"),
	  KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }),
	  .expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT } },
	{ KA_WRONG("connect_a_little_early", "fail: too early: window"), KA_EXPERIMENT, SETTING(0),
	  KA_SYN_RETRIES("1"), KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }),
	  .expect = { .when = KA_CONNECT_LIMIT, .error = ETIMEDOUT },
	  .bias = { .window_jiffies = 12 } },
	{ KA_WRONG("connect_declared_refused", "fail: ETIMEDOUT, must be ECONNREFUSED"),
	  KA_EXPERIMENT, SETTING(0), KA_SYN_RETRIES("1"),
	  KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }),
	  .expect = { .when = KA_CONNECT_LIMIT, .error = ECONNREFUSED } },
};

KA_THEME(experiments_waiting, "What waits, and must not pass");
