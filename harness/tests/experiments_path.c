/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults of the path and of the host's own network, declared wrongly: none may pass. */
#include "experiments.h"
#include "model/util.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>

#define ONE(of_family)                                                                             \
	.topology = KA_ROUTED, .families = of_family, .probers = KA_ONLY_CLIENT,                   \
	.one_setting = true, KA_MUST_NOT_PASS
/* Neither probes nor the RST reach the device, and the RST is not known to have failed. */
#define UNSEEN     .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .unseen = true
#define FAULT(...) KA_STEPS(KA_CONNECTED, { __VA_ARGS__ })

static const struct ka_setting user_timeout[] = {
	{ .idle = 1, .intvl = 1, .cnt = 3, .user_timeout_ms = 1000 }, { .cnt = 0 }
};

static const struct ka_setting far_away[] = { { .idle = 100, .intvl = 1, .cnt = 3 }, { .cnt = 0 } };

static const struct ka_case cases[] = {
	{ KA_CASE("unseen_but_seen"), ONE(KA_V4), FAULT(.do_ = KA_DROP, .way = KA_BOTH_WAYS),
	  .expect = { UNSEEN } },
	{ KA_CASE("lost_at_home_unawares"), ONE(KA_V4),
	  FAULT(.do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_OUTPUT),
	  .expect = { KA_EXPIRES } },
	{ KA_CASE("abort_failed_unawares"), ONE(KA_V4),
	  FAULT(.do_ = KA_DROP, .way = KA_PROBES, .place = KA_PROBER_OUTPUT),
	  .expect = { UNSEEN } },
	{ KA_CASE("icmp_taken_seriously"), ONE(KA_V4),
	  FAULT(.do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH),
	  .expect = { .when = KA_KEEPALIVE_EXPIRY,
		      .error = EHOSTUNREACH,
		      .probes = KA_CNT,
		      .rst_sent = 1,
		      .counters = { { "TcpExt.OutOfWindowIcmps", KA_CNT } } } },
	{ KA_CASE("icmp_uncounted"), ONE(KA_V4),
	  FAULT(.do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH),
	  .expect = { KA_EXPIRES } },
	{ KA_CASE("soft_error_forgotten"), ONE(KA_V6),
	  FAULT(.do_ = KA_ROUTE_GONE, .who = KA_PROBER, .route = KA_ROUTE_BLACKHOLE),
	  .expect = { KA_ENDS_UNSEEN(ETIMEDOUT) } },
	{ KA_CASE("neighbour_still_known"), ONE(KA_V4),
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_NEIGHBOUR_GONE, .who = KA_PROBER, .misses = true }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_CASE("refusal_of_nothing"), ONE(KA_V4),
	  .settings = far_away, /* no probe is due, however slow the host */
	  FAULT(.do_ = KA_REFUSE, .who = KA_PROBER),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_CASE("refused_declared_dead"), ONE(KA_V4), FAULT(.do_ = KA_REFUSE, .who = KA_PROBER),
	  .expect = { UNSEEN } },
	{ KA_CASE("report_declared_end"), ONE(KA_V4),
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_SETSOCKOPT,
		     .who = KA_PROBER,
		     .level = IPPROTO_IP,
		     .option = IP_RECVERR,
		     .value = 1 },
		   { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
		   KA_WRITE(64)),
	  .expect = { .when = KA_FIRST_RETRANSMIT, .error = EHOSTUNREACH } },
	{ KA_CASE("end_declared_report"), ONE(KA_V4), .settings = user_timeout,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
		   KA_WRITE(64)),
	  .expect = { .when = KA_RETRANSMIT_LIMIT, .error = EHOSTUNREACH, .survives = true } },
	{ KA_CASE("destroyed_declared_reset"), ONE(KA_V4),
	  FAULT(.do_ = KA_DESTROY, .who = KA_PROBER),
	  .expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_sent = 1 } },
};

static const struct ka_theme theme = { .name = "path_experiments",
				       .title = "Must not pass: faults of the path",
				       .cases = cases,
				       .n = KA_N(cases) };

static const struct ka_experiment experiments[] = {
	{ "unseen_but_seen", KA_FAIL, "reached the wire" },
	{ "lost_at_home_unawares", KA_BROKEN, "capture lost" },
	{ "abort_failed_unawares", KA_FAIL, "TCPAbortFailed moved by 1" },
	{ "icmp_taken_seriously", KA_FAIL, "must be EHOSTUNREACH" },
	{ "icmp_uncounted", KA_FAIL, "OutOfWindowIcmps" },
	{ "soft_error_forgotten", KA_FAIL, "EINVAL, must be ETIMEDOUT" },
	{ "neighbour_still_known", KA_BROKEN, "without effect" },
	{ "refusal_of_nothing", KA_BROKEN, "without effect" },
	{ "refused_declared_dead", KA_FAIL, "not noticed" },
	{ "report_declared_end", KA_FAIL, "state 1" },
	{ "end_declared_report", KA_FAIL, "does not go on" },
	{ "destroyed_declared_reset", KA_FAIL, "ECONNABORTED" },
};

const struct ka_experiment_group ka_experiments_path = { &theme, experiments, KA_N(experiments) };
