/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults of the path and of the host's own network, declared wrongly: none may pass. */
#include "experiments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>

#define ONE(of_family)                                                                             \
	.topology = KA_ROUTED, .families = of_family, .probers = KA_ONLY_CLIENT, .one_setting = true
/* Neither probes nor the RST reach the device, and the RST is not known to have failed. */
#define UNSEEN     .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .unseen = true
#define FAULT(...) KA_STEPS(KA_CONNECTED, { __VA_ARGS__ })

static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 1000 }, { .cnt = 0 }
};

static const struct ka_setting far_away[] = { { .idle = 100, .intvl = 1, .cnt = 3 }, { .cnt = 0 } };

static const struct ka_case cases[] = {
	{ KA_WRONG("unseen_but_seen", "fail: reached the wire"), ONE(KA_V4),
	  FAULT(.do_ = KA_DROP, .way = KA_BOTH_WAYS), .expect = { UNSEEN } },
	{ KA_WRONG("lost_at_home_unawares", "broken: capture lost"), ONE(KA_V4),
	  FAULT(.do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_OUTPUT),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("abort_failed_unawares", "fail: TCPAbortFailed moved by 1"), ONE(KA_V4),
	  FAULT(.do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_OUTPUT),
	  .expect = { UNSEEN } },
	{ KA_WRONG("icmp_taken_seriously", "fail: must be EHOSTUNREACH"), ONE(KA_V4),
	  FAULT(.do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH),
	  .expect = { .when = KA_KEEPALIVE_EXPIRY,
		      .error = EHOSTUNREACH,
		      .probes = KA_CNT,
		      .rst_sent = 1,
		      .counters = { { "TcpExt.OutOfWindowIcmps", KA_CNT } } } },
	{ KA_WRONG("icmp_uncounted", "fail: OutOfWindowIcmps"), ONE(KA_V4),
	  FAULT(.do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("soft_error_forgotten", "fail: EINVAL, must be ETIMEDOUT"), ONE(KA_V6),
	  FAULT(.do_ = KA_ROUTE_GONE, .who = KA_PROBER, .route = KA_ROUTE_BLACKHOLE),
	  .expect = { KA_ENDS_UNSEEN(ETIMEDOUT) } },
	{ KA_WRONG("neighbour_still_known", "broken: without effect"), ONE(KA_V4),
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_NEIGHBOUR_GONE, .who = KA_PROBER, .misses = true }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("refusal_of_nothing", "broken: without effect"), ONE(KA_V4),
	  .settings = far_away, /* no probe is due, however slow the host */
	  FAULT(.do_ = KA_REFUSE, .who = KA_PROBER),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("refused_declared_dead", "fail: not noticed"), ONE(KA_V4),
	  FAULT(.do_ = KA_REFUSE, .who = KA_PROBER), .expect = { UNSEEN } },
	{ KA_WRONG("congestion_of_nothing", "broken: without effect"), ONE(KA_V4),
	  .settings = far_away, FAULT(.do_ = KA_CONGEST, .who = KA_PROBER),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("congestion_declared_refusal", "fail: must live"), ONE(KA_V4),
	  FAULT(.do_ = KA_CONGEST, .who = KA_PROBER),
	  .expect = { .when = KA_NEVER, .watch = { .nominal = 1, .ms = 500 } } },
	{ KA_WRONG("report_declared_end", "fail: state 1"), ONE(KA_V4),
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_SETSOCKOPT,
		     .who = KA_PROBER,
		     .level = IPPROTO_IP,
		     .option = IP_RECVERR,
		     .value = 1 },
		   { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
		   KA_WRITE(64)),
	  .expect = { .when = KA_FIRST_RETRANSMIT, .error = EHOSTUNREACH } },
	{ KA_WRONG("end_declared_report", "fail: does not go on"), ONE(KA_V4),
	  .settings = user_timeout,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
		   KA_WRITE(64)),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = EHOSTUNREACH, .survives = true } },
	{ KA_WRONG("destroyed_declared_reset", "fail: ECONNABORTED"), ONE(KA_V4),
	  FAULT(.do_ = KA_DESTROY, .who = KA_PROBER),
	  .expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_sent = 1 } },
};

KA_THEME(experiments_path, "Must not pass: faults of the path");
