/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Broken on purpose: each of these must end in fail or broken, for the right reason. A check that
 * lets one of them pass checks nothing.
 */
#include "experiments.h"
#include "model/util.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define DIES                                                                                       \
	{                                                                                          \
		.when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1   \
	}
#define ONE                                                                                        \
	.topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT, .one_setting = true,  \
	.why = "must not pass", .source = "experiment", .lesson = "Broken on purpose."
#define DROPPED                                                                                    \
	KA_STEPS({ .do_ = KA_CONNECT },                                                            \
		 { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .random_phase = true },            \
		 { .do_ = KA_DROP, .way = KA_BOTH_WAYS })

static const struct ka_case cases[] = {
	{
		.name = "drop_misses",
		ONE,
		KA_STEPS({ .do_ = KA_CONNECT },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .misses = true }),
		.expect = DIES,
	},
	{ .name = "wrong_cnt", ONE, DROPPED, .expect = DIES, .bias = { .probes = 1 } },
	{ .name = "wrong_errno", ONE, DROPPED, .expect = DIES, .bias = { .error = EHOSTUNREACH } },
	{ .name = "gap_off_by_a_granule",
	  ONE,
	  DROPPED,
	  .expect = DIES,
	  .bias = { .gap_granules = 1 } },
	{ .name = "window_too_early",
	  ONE,
	  DROPPED,
	  .expect = DIES,
	  .bias = { .window_jiffies = -400 } },
	{ .name = "window_too_late",
	  ONE,
	  DROPPED,
	  .expect = DIES,
	  .bias = { .window_jiffies = 400 } },
	{
		.name = "peer_still_answers",
		ONE,
		KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_DROP,
						  .way = KA_PROBES,
						  .flags_mask = TH_RST,
						  .flags = TH_RST }),
		.expect = DIES,
	},
	{
		.name = "healthy_declared_dead",
		ONE,
		KA_STEPS({ .do_ = KA_CONNECT }),
		.expect = DIES,
	},
	{
		.name = "dead_declared_healthy",
		ONE,
		DROPPED,
		.expect = { .when = KA_NEVER, .watch = { .nominal = 2 } },
	},
	{
		.name = "missing_rst",
		ONE,
		DROPPED,
		.expect = { .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT },
	},
	{
		.name = "wrong_mask",
		ONE,
		DROPPED,
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .rst_sent = 1,
			    .events = 0x2018 },
	},
	{
		.name = "wrong_counter",
		ONE,
		DROPPED,
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .rst_sent = 1,
			    .counters = { { "TcpExt.TCPTimeouts", 1 } } },
	},
	{
		.name = "option_changed_behind_the_back",
		ONE,
		KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_GETSOCKOPT,
						  .who = KA_PROBER,
						  .level = IPPROTO_TCP,
						  .option = TCP_KEEPCNT,
						  .value = 77 }),
		.expect = { .when = KA_NEVER, .watch = { .ms = 1 } },
	},
	{
		.name = "wrong_regime",
		ONE,
		DROPPED,
		.expect = { .when = KA_FIRST_PROBE,
			    .error = ECONNRESET,
			    .probes = 1,
			    .rst_received = 1 },
	},
};

static const struct ka_theme theme = {
	.name = "experiments", .title = "Must not pass", .cases = cases, .n = KA_N(cases)
};

/* In the order of the cases: one instance each. */
static const struct ka_experiment experiments[] = {
	{ "drop_misses", KA_BROKEN, "without effect" },
	{ "wrong_cnt", KA_FAIL, "probe" },
	{ "wrong_errno", KA_FAIL, "EHOSTUNREACH" },
	{ "gap_off_by_a_granule", KA_FAIL, "gap" },
	{ "window_too_early", KA_FAIL, "late" },
	{ "window_too_late", KA_FAIL, "early" },
	{ "peer_still_answers", KA_BROKEN, "without effect" },
	{ "healthy_declared_dead", KA_FAIL, "not noticed" },
	{ "dead_declared_healthy", KA_FAIL, "" },
	{ "missing_rst", KA_FAIL, "RST" },
	{ "wrong_mask", KA_FAIL, "0x2018" },
	{ "wrong_counter", KA_FAIL, "TCPTimeouts" },
	{ "option_changed_behind_the_back", KA_FAIL, "must be 77" },
	{ "wrong_regime", KA_FAIL, "" },
};

const struct ka_experiment_group ka_experiments_basic = { &theme, experiments, KA_N(experiments) };
