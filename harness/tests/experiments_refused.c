/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the own machine refuses, handshakes of another kind, streams that nobody reads: wrong on purpose. */
#include "experiments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define SETTING        KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3)
#define AT_HOME        .topology = KA_PAIR, .families = KA_V4, .probers = KA_ONLY_CLIENT, SETTING
#define REFUSED(limit) .when = (limit), .error = ETIMEDOUT, .unseen = true
#define BECOMES(of, to)                                                                            \
	{                                                                                          \
		.do_ = KA_SYSCTL, .who = KA_PROBER, .key = "net/ipv4/" of, .text = to              \
	}
#define REFUSING                                                                                   \
	{                                                                                          \
		.do_ = KA_REFUSE, .who = KA_PROBER                                                 \
	}

static const struct ka_case cases[] = {
	{ KA_WRONG("refused_data_given_up_early", "fail: the timer went off 4 times, must be 7"),
	  AT_HOME, .sysctls = { KA_RETRIES2("3") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), REFUSING, BECOMES("tcp_retries2", "2")),
	  .expect = { REFUSED(KA_RETRANSMIT_LIMIT) } },
	{ KA_WRONG("refused_data_given_up_late", "fail: too late: window"), AT_HOME,
	  .sysctls = { KA_RETRIES2("1") },
	  KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), REFUSING, BECOMES("tcp_retries2", "3")),
	  .expect = { REFUSED(KA_RETRANSMIT_LIMIT) } },
	{ KA_WRONG("refused_window_probes_uncounted", "fail: too late: window"), AT_HOME,
	  .sysctls = { KA_SMALL_BUFFER, KA_RETRIES2("1") },
	  KA_STEPS(KA_WINDOW_CLOSED, REFUSING, KA_WRITE(100), BECOMES("tcp_retries2", "3")),
	  .expect = { REFUSED(KA_PERSIST_LIMIT),
		      .counters = { { "TcpExt.TCPWinProbe", KA_SOME } } } },
	{ KA_WRONG("refused_write_counted_twice",
		   "fail: TCP_INFO counts 2 attempts that the device refused, must be 3"),
	  AT_HOME, .sysctls = { KA_RETRIES2("3") },
	  KA_STEPS(KA_IDLE, REFUSING, KA_WRITE(1), BECOMES("tcp_retries2", "2")),
	  .expect = { REFUSED(KA_PERSIST_LIMIT) } },
	{ KA_WRONG("refused_syn_uncounted", "fail: the timer went off 4 times, must be 3"), AT_HOME,
	  KA_SYN_RETRIES("2"),
	  KA_STEPS(KA_SILENCE, { .do_ = KA_CONNECT, .unacked = true }, REFUSING,
		   BECOMES("tcp_syn_retries", "3")),
	  .expect = { REFUSED(KA_CONNECT_LIMIT) } },
	{ KA_WRONG("congestion_that_never_was", "broken: without effect"), AT_HOME,
	  .sysctls = { KA_RETRIES2("1") },
	  KA_STEPS(KA_IDLE, { .do_ = KA_CONGEST, .who = KA_PROBER },
		   { .do_ = KA_ACCEPT, .who = KA_PROBER }, KA_SILENCE, KA_WRITE(1)),
	  .expect = { REFUSED(KA_RETRANSMIT_LIMIT) } },
	{ KA_WRONG("cookie_that_was_not_needed", "fail: TcpExt.SyncookiesRecv reads 0, must be 1"),
	  KA_EXPERIMENT, SETTING,
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_COUNTER_IS,
		     .who = KA_PEER,
		     .key = "TcpExt.SyncookiesRecv",
		     .value = 1 },
		   KA_SILENCE),
	  .expect = { KA_EXPIRES, .arming = KA_FRESH } },
	{ KA_WRONG("deferred_that_does_not_wait",
		   "fail: a segment leaves before anything was written"),
	  KA_EXPERIMENT, SETTING, .from = KA_FROM_VALUES,
	  KA_STEPS({ .do_ = KA_CONNECT, .deferred = true }, { KA_SWITCH(1) },
		   { .do_ = KA_SEND,
		     .who = KA_PROBER,
		     .bytes = 1,
		     .unacked = true,
		     .at = { .ms = 100 } },
		   KA_SILENCE),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("fastopen_without_fast_open",
		   "fail: TcpExt.TCPFastOpenPassive reads 0, must be 1"),
	  KA_EXPERIMENT, SETTING, .from = KA_FROM_VALUES,
	  .sysctls = { { KA_PROBER, "net/ipv4/tcp_fastopen", "5" } },
	  KA_STEPS({ .do_ = KA_SETSOCKOPT,
		     .who = KA_PROBER,
		     .level = IPPROTO_TCP,
		     .option = TCP_FASTOPEN_CONNECT,
		     .value = 1 },
		   { .do_ = KA_CONNECT, .deferred = true }, { KA_SWITCH(1) },
		   { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .unacked = true },
		   { .do_ = KA_COUNTER_IS,
		     .who = KA_PEER,
		     .key = "TcpExt.TCPFastOpenPassive",
		     .value = 1 },
		   KA_SILENCE),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("stream_that_was_not_read", "fail: the server has read 0 bytes, must be 100"),
	  KA_EXPERIMENT, SETTING,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PEER },
		   { .do_ = KA_EXCHANGE, .bytes = 100 }, { .do_ = KA_ARRIVED }),
	  .expect = { .when = KA_NEVER } },
	{ KA_WRONG("stream_that_does_not_arrive", "broken: did not take effect"), KA_EXPERIMENT,
	  SETTING,
	  KA_STEPS(KA_CONNECTED, KA_SILENCE, { .do_ = KA_EXCHANGE, .bytes = 100 },
		   { .do_ = KA_ARRIVED }),
	  .expect = { .when = KA_NEVER } },
	{ KA_WRONG("stream_with_pauses", "fail: answered probes, must be 0"), KA_EXPERIMENT,
	  SETTING,
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_EXCHANGE, .bytes = 100, .times = 3, .every = { .idle = 1.3 } },
		   { .do_ = KA_ARRIVED }),
	  .expect = { .when = KA_NEVER } },
	{ KA_WRONG("unread_data_too_seldom", "fail: answered probes, must be 0"), KA_EXPERIMENT,
	  SETTING,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PROBER },
		   { .do_ = KA_SEND,
		     .who = KA_PEER,
		     .bytes = 1,
		     .times = 3,
		     .every = { .idle = 1.3 } }),
	  .expect = { .when = KA_NEVER } },
};

KA_THEME(experiments_refused, "Must not pass: what the own machine refuses");
