/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Losses and windows that heal and come again, wrong on purpose: what a kernel would show that takes
 * the second for the first, or that forgot what it must remember.
 */
#include "experiments.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#define SETTING(ut) KA_SETTING(.idle = 5, .intvl = 1, .cnt = 3, .user_timeout_ms = ut)
#define HEALED                                                                                     \
	{                                                                                          \
		.do_ = KA_HEAL, .at = {.ms = 500 }                                                 \
	}

static const struct ka_case cases[] = {
	{ KA_WRONG("second_loss_with_a_lower_limit", "fail: too early: window"), KA_EXPERIMENT,
	  SETTING(0), .sysctls = { KA_RETRIES2("3") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), HEALED,
		   { .do_ = KA_SYSCTL,
		     .who = KA_PROBER,
		     .key = "net/ipv4/tcp_retries2",
		     .text = "1",
		     .at = { .ms = 600 } },
		   KA_SILENCE, KA_WRITE(1)),
	  .expect = { KA_RETRANSMITS_IN_VAIN } },
	{ KA_WRONG("loss_that_healed", "broken: no data was written that stays unacknowledged"),
	  KA_EXPERIMENT, SETTING(900), KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), HEALED),
	  .expect = { KA_RETRANSMITS_IN_VAIN } },
	{ KA_WRONG("rto_max_that_comes_late", "fail: too early: window"), KA_EXPERIMENT, SETTING(0),
	  .sysctls = { KA_RETRIES2("3") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1),
		   { KA_SET(KA_TCP_RTO_MAX_MS), .value = 1000, .at = { .ms = 1800 } }),
	  .expect = { KA_RETRANSMITS_IN_VAIN } },
	{ KA_WRONG("window_that_never_opened", "fail: too early: window"), KA_EXPERIMENT,
	  SETTING(2300), .sysctls = { KA_SMALL_BUFFER },
	  KA_STEPS(KA_WINDOW_CLOSED, KA_WRITE(100),
		   { .do_ = KA_SEND,
		     .who = KA_PROBER,
		     .bytes = 100,
		     .unacked = true,
		     .at = { .ms = 1500 } }),
	  .expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .answered = KA_ANY } },
	{ KA_WRONG("window_probes_a_little_early", "fail: too early: window"), KA_EXPERIMENT,
	  SETTING(0),
	  .sysctls = { KA_SMALL_BUFFER,
		       KA_RETRIES2("1"),
		       { KA_PROBER, "net/ipv4/tcp_rto_min_us", "5000" } },
	  KA_STEPS(KA_WINDOW_CLOSED, KA_SILENCE, KA_WRITE(100)),
	  .expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 1 },
	  .bias = { .window_jiffies = 80 } },
	{ KA_WRONG("icmp_that_never_healed", "fail: EHOSTUNREACH, must be ETIMEDOUT"),
	  KA_EXPERIMENT, KA_SETTING(.idle = 1, .intvl = 1, .cnt = 2),
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
		   { .do_ = KA_DROP, .way = KA_ANSWERS, .after = 1 },
		   { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .unacked = true }),
	  .expect = { KA_EXPIRES_DESPITE_ICMP } },
	{ KA_WRONG("error_that_takes_nothing_back", "fail: sock_diag: timer 1"), KA_EXPERIMENT,
	  SETTING(0), .sysctls = { { KA_GATEWAY, "net/ipv4/icmp_ratelimit", "0" } },
	  KA_STEPS(KA_IDLE, { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_PORT_UNREACH },
		   KA_WRITE(64), { .do_ = KA_HEAL, .at = { .ms = 2000 } },
		   { KA_KEEPALIVE_TIMER, .at = { .ms = 400 }, .value = 0 }),
	  .expect = { .when = KA_NEVER,
		      .meanwhile = KA_RETRANSMIT_LIMIT,
		      .counters = { { "TcpExt.LockDroppedIcmps", KA_ANY } } } },
	{ KA_WRONG("promise_to_nobody", "broken: without effect"), KA_EXPERIMENT, SETTING(0),
	  KA_STEPS(KA_IDLE, { .do_ = KA_PROMISE, .way = KA_ANSWERS, .value = 1, .misses = true },
		   { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("lost_data_declared_shrunk", "fail: TCPTimeouts moved by"), KA_EXPERIMENT,
	  SETTING(1000), KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1)),
	  .expect = { .when = KA_SHRUNK_LIMIT,
		      .error = ETIMEDOUT,
		      .counters = { { "TcpExt.TCPTimeouts", 0 } } } },
	{ KA_WRONG("shrunk_window_declared_to_live", "fail: must live"), KA_EXPERIMENT,
	  SETTING(1000), .sysctls = { KA_SMALL_BUFFER },
	  KA_STEPS(KA_WINDOW_CLOSED, { .do_ = KA_PROMISE, .way = KA_ANSWERS, .value = 1 },
		   { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64 }, { .do_ = KA_HEAL },
		   KA_WRITE(1)),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 2000 } } },
	{ KA_WRONG("timeout_lowered_for_the_next_loss", "fail: too late: window"), KA_EXPERIMENT,
	  SETTING(1000),
	  KA_STEPS(KA_IDLE, { KA_SET(TCP_USER_TIMEOUT), .value = 500 }, KA_SILENCE, KA_WRITE(1)),
	  .expect = { KA_RETRANSMITS_IN_VAIN }, .bias = { .window_jiffies = -60 } },
	{ KA_WRONG("timeout_lowered_unawares", "fail: too early: window"), KA_EXPERIMENT,
	  SETTING(3000),
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1),
		   { KA_SET(TCP_USER_TIMEOUT), .value = 1000, .at = { .ms = 1600 } }),
	  .expect = { KA_RETRANSMITS_IN_VAIN }, .bias = { .window_jiffies = 100 } },
	{ KA_WRONG("reused_with_other_values", "fail: reads 3, must be 4"), KA_EXPERIMENT,
	  SETTING(0),
	  KA_STEPS(KA_IDLE, { .do_ = KA_DISCONNECT, .who = KA_PROBER }, KA_CONNECTED,
		   { KA_GET(TCP_KEEPCNT), .value = 4 }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("reused_and_unarmed", "fail: sock_diag: timer 2"), KA_EXPERIMENT, SETTING(0),
	  KA_STEPS(KA_IDLE, { .do_ = KA_DISCONNECT, .who = KA_PROBER }, KA_CONNECTED,
		   { KA_NO_TIMER }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
};

KA_THEME(experiments_loss, "Must not pass: losses and windows, twice");
