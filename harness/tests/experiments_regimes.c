/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regimes and states, wrong on purpose: each takes a case of cases/ and changes one thing, in the
 * declaration or in what is done.
 */
#include "experiments.h"

#include <errno.h>
#include <sys/epoll.h>

#define SETTING(idle_s, intvl_s, n, ut)                                                            \
	KA_SETTING(.idle = idle_s, .intvl = intvl_s, .cnt = n, .user_timeout_ms = ut)

#define CLOSE                                                                                      \
	{                                                                                          \
		.do_ = KA_CLOSE, .who = KA_PROBER                                                  \
	}

static const struct ka_case cases[] = {
	{ KA_WRONG("user_timeout_declared_by_count", "fail: 1 unanswered probe"), KA_EXPERIMENT,
	  SETTING(1, 1, 5, 1500), KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { .when = KA_USER_TIMEOUT, .error = ETIMEDOUT, .probes = 5, .rst_sent = 1 } },
	{ KA_WRONG("unacked_declared_to_be_probed", "fail: not noticed"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1)),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("retransmissions_with_another_limit", "fail: too early"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), .sysctls = { KA_RETRIES2("3") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1)),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT },
	  .bias = { .window_jiffies = 1200 } },
	{ KA_WRONG("write_while_probing_declared_unprobed", "fail: must be 0"), KA_EXPERIMENT,
	  SETTING(1, 1, 3, 0), .sysctls = { KA_RETRIES2("2") },
	  KA_STEPS(KA_IDLE, KA_SILENCE,
		   { .do_ = KA_SEND,
		     .who = KA_PROBER,
		     .bytes = 1,
		     .unacked = true,
		     KA_AT_PROBE(1),
		     .at = { .intvl = 0.5 } }),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT } },
	{ KA_WRONG("long_interval_declared_every_idle", "fail: answered probes, must be 4"),
	  KA_EXPERIMENT, SETTING(1, 2, 2, 0),
	  KA_STEPS(KA_IDLE, { .do_ = KA_WAIT, .at = { .ms = 4500 } }),
	  .expect = { .when = KA_NEVER, .arming = KA_PROBED, .answered = 4 } },
	{ KA_WRONG("data_comes_too_seldom", "fail: answered probes, must be 0"), KA_EXPERIMENT,
	  SETTING(1, 1, 3, 0),
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_SEND,
				   .who = KA_PEER,
				   .bytes = 1,
				   .times = 3,
				   .every = { .idle = 1.5 } }),
	  .expect = { .when = KA_NEVER } },
	{ KA_WRONG("peer_does_not_probe", "fail: 0 probes of the peer arrived"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES }),
	  .expect = { KA_EXPIRES, .probes_received = 1 } },
	{ KA_WRONG("window_is_open", "fail: 0 unanswered probes, must be 3"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), .sysctls = { KA_RETRIES2("3") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(100)),
	  .expect = { .when = KA_PERSIST_LIMIT, .error = ETIMEDOUT, .probes = 3 } },
	{ KA_WRONG("closed_window_declared_idle", "fail: TCPWinProbe"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), .sysctls = { { KA_PEER, "net/ipv4/tcp_rmem", "4096 8192 16384" } },
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PEER },
		   { .do_ = KA_FILL, .who = KA_PROBER }, KA_WRITE(100),
		   { .do_ = KA_WAIT, .at = { .ms = 3000 } }),
	  .expect = { KA_LIVES_ON } },
	{ KA_WRONG("close_wait_reset_declared_reset", "fail: EPIPE, must be ECONNRESET"),
	  KA_EXPERIMENT, SETTING(1, 1, 1, 0),
	  KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
		   { .do_ = KA_FORGET, .who = KA_PEER, .at = { .ms = 100 } }),
	  .expect = { KA_RESET_AT_FIRST_PROBE } },
	{ KA_WRONG("syn_was_not_lost", "broken: without effect"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0),
	  KA_STEPS({ .do_ = KA_DROP, .way = KA_PROBES, .first = 2, .misses = true }, KA_CONNECTED,
		   KA_SILENCE),
	  .expect = { KA_EXPIRES, .arming = KA_FRESH } },
	{ KA_WRONG("nothing_is_unread", "fail: 0 bytes could be read"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES, .unread = 64 } },
	{ KA_WRONG("blocked_select_sees_data", "fail: before the end"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0),
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PROBER },
		   { .do_ = KA_BLOCK, .who = KA_PROBER, .call = KA_IN_SELECT },
		   { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .at = { .ms = 100 } },
		   KA_SILENCE),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("edge_without_hup", "fail: the first edge reports 0x215d"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES, .edge = { .mask = EPOLLERR | EPOLLOUT, .since = "2.6" } } },
	{ KA_WRONG("no_soft_error", "fail: soft error once more"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES, .soft_again = true } },
	/* nobody holds it: tcp_retries2 has no say, nor tcp_orphan_retries while somebody does */
	{ KA_WRONG("orphan_limit_of_one_that_is_held", "fail: too late"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0),
	  .sysctls = { KA_RETRIES2("3"), { KA_PROBER, "net/ipv4/tcp_orphan_retries", "1" } },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), CLOSE),
	  .expect = { .when = KA_RETRANSMIT_LIMIT }, .bias = { .window_jiffies = -400 } },
	{ KA_WRONG("orphan_expected_to_stay", "fail: must live"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), .sysctls = { { KA_PROBER, "net/ipv4/tcp_orphan_retries", "1" } },
	  KA_STEPS(KA_IDLE, KA_SILENCE, CLOSE),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 2500 } } },
	{ KA_WRONG("small_socket_expected_to_be_gone", "fail: a socket in state 5, timer 3"),
	  KA_EXPERIMENT, SETTING(1, 1, 1, 0),
	  KA_STEPS(KA_IDLE, CLOSE, { .do_ = KA_GONE_IS, .who = KA_PROBER, .at = { .ms = 100 } }),
	  .expect = { .when = KA_AT_ONCE } },
	{ KA_WRONG("small_socket_expected_to_be_there", "fail: no such socket"), KA_EXPERIMENT,
	  SETTING(1, 1, 1, 0), .sysctls = { { KA_PROBER, "net/ipv4/tcp_fin_timeout", "1" } },
	  KA_STEPS(KA_IDLE, CLOSE,
		   { .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 3, .at = { .ms = 1300 } }),
	  .expect = { .when = KA_AT_ONCE } },
};

KA_THEME(experiments_regimes, "Regimes and states that must not pass");
