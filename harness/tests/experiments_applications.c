/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wrong on purpose: crowds, programs above TCP, masks. */
#include "experiments.h"

#include <errno.h>
#include <sys/epoll.h>

#define ONE .families = KA_V4, .probers = KA_ONLY_CLIENT, .one_setting = true
#define CROWD                                                                                      \
	ONE, .topology = KA_PAIR, .from = KA_FROM_ACCEPTED, .load = 50,                            \
	     KA_STEPS(KA_CONNECTED, KA_SILENCE)

static const struct ka_case cases[] = {
	{ KA_WRONG("crowd_wrong_cnt", "fail: load: TCP_INFO counts 3 probes, must be 4"), CROWD,
	  .expect = { KA_EXPIRES, .arming = KA_FRESH }, .bias = { .probes = 1 } },
	{ KA_WRONG("crowd_wrong_errno", "fail: load: ETIMEDOUT, must be EHOSTUNREACH"), CROWD,
	  .expect = { KA_EXPIRES, .arming = KA_FRESH }, .bias = { .error = EHOSTUNREACH } },
	{ KA_WRONG("crowd_too_late", "fail: load: one ended after"), CROWD,
	  .expect = { KA_EXPIRES, .arming = KA_FRESH }, .bias = { .window_jiffies = -400 } },
	{ KA_WRONG("crowd_declared_alive", "fail: load: 50 of 50 have ended, must be 0"), CROWD,
	  .expect = { .when = KA_NEVER, .arming = KA_FRESH, .watch = { .nominal = 1.5 } } },
	{ KA_WRONG("crowd_half_cut_off", "fail: TcpExt.TCPKeepAlive moved by"), ONE,
	  .topology = KA_PAIR, .from = KA_FROM_ACCEPTED, .load = 50,
	  /* the first probes of some are let through, and answered */
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_DROP, .way = KA_PROBES, .after = 20 }),
	  .expect = { KA_EXPIRES, .arming = KA_FRESH } },
	/* the proxy has room for all: nobody is evicted */
	{ KA_WRONG("proxy_has_room", "fail: evicts one 0 times, must be 1"), ONE,
	  .topology = KA_ROUTED, .peer_app = { .program = KA_APP_PROXY, .slots = 9 },
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_JOIN, .value = 3 }),
	  .expect = { .when = KA_AT_ONCE,
		      .eof = true,
		      .app = { { KA_PEER, KA_DID_EVICT, .times = 1, .number = 1 } } } },
	/* another one's place is given away, and the prober's is said to be */
	{ KA_WRONG("proxy_evicts_another", "fail: evicts one: number 2, must be 1"), ONE,
	  .topology = KA_ROUTED, .peer_app = { .program = KA_APP_PROXY, .slots = 2 },
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_JOIN, .value = 1 },
		   { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 64 },
		   { .do_ = KA_JOIN, .value = 1 }),
	  .expect = { .when = KA_NEVER,
		      .app = { { KA_PEER, KA_DID_EVICT, .times = 1, .number = 1 } } } },
	{ KA_WRONG("idle_close_at_another_time", "fail: closes an idle one after"), ONE,
	  .topology = KA_ROUTED, .prober_app = { .program = KA_APP_LINES },
	  .peer_app = { .program = KA_APP_LINES, .timeout = { .idle = 0.4 } },
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_REQUEST, .who = KA_PROBER, .text = "PING\n" }),
	  .expect = { .when = KA_AT_ONCE,
		      .eof = true,
		      .app = { { KA_PROBER, KA_DID_GET, .times = 1 },
			       { KA_PEER, KA_DID_SERVE, .times = 1 },
			       { KA_PEER, KA_DID_TIME_OUT, .times = 1,
				 .after = { .idle = 0.7 } } } } },
	/* a heartbeat that is answered has nothing to report */
	{ KA_WRONG("heartbeat_declared_missed", "fail: misses its heartbeat 0 times, must be 1"),
	  ONE, .topology = KA_ROUTED,
	  .prober_app = { .program = KA_APP_HEARTBEAT,
			  .every = { .idle = 0.3 },
			  .timeout = { .idle = 0.3 } },
	  .peer_app = { .program = KA_APP_LINES }, KA_STEPS(KA_CONNECTED),
	  .expect = { .when = KA_NEVER,
		      .watch = { .idle = 1 },
		      .app = { { KA_PROBER, KA_DID_GET, .times = KA_SOME },
			       { KA_PEER, KA_DID_SERVE, .times = KA_SOME },
			       { KA_PROBER, KA_DID_MISS, .times = 1 } } } },
	{ KA_WRONG("http_requests_miscounted", "fail: answers a request 1 times, must be 3"), ONE,
	  .topology = KA_ROUTED, .prober_app = { .program = KA_APP_HTTP },
	  .peer_app = { .program = KA_APP_HTTP },
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_REQUEST, .who = KA_PROBER, .text = "GET / HTTP/1.1\r\n\r\n" }),
	  .expect = { .when = KA_NEVER,
		      .app = { { KA_PROBER, KA_DID_GET, .times = 1 },
			       { KA_PEER, KA_DID_SERVE, .times = 3 } } } },
	/* HTTP/1.0 does not persist: the FIN comes after the answer */
	{ KA_WRONG("http10_declared_persistent", "fail: not declared"), ONE, .topology = KA_ROUTED,
	  .prober_app = { .program = KA_APP_HTTP }, .peer_app = { .program = KA_APP_HTTP },
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_REQUEST, .who = KA_PROBER, .text = "GET / HTTP/1.0\r\n\r\n" }),
	  .expect = { .when = KA_NEVER,
		      .watch = { .ms = 500 },
		      .app = { { KA_PROBER, KA_DID_GET, .times = 1 },
			       { KA_PEER, KA_DID_SERVE, .times = 1 } } } },
	{ KA_WRONG("mask_of_death_without_hup", "fail: reports 0x19, must be 0x9"), ONE,
	  .topology = KA_PAIR, .asks = EPOLLIN, KA_STEPS(KA_CONNECTED, KA_SILENCE),
	  .expect = { KA_EXPIRES, .arming = KA_FRESH, .events = EPOLLIN | EPOLLERR } },
};

KA_THEME(experiments_applications, "Must not pass: applications and numbers");
