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

static const struct ka_case cases[] = {
	{
		KA_CASE("drop_misses"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .misses = true }),
		.expect = { KA_EXPIRES },
	},
	{ KA_CASE("wrong_cnt"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES }, .bias = { .probes = 1 } },
	{ KA_CASE("wrong_errno"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES }, .bias = { .error = EHOSTUNREACH } },
	{ KA_CASE("gap_off_by_a_granule"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES }, .bias = { .gap_granules = 1 } },
	{ KA_CASE("window_too_early"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES }, .bias = { .window_jiffies = -400 } },
	{ KA_CASE("window_too_late"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES }, .bias = { .window_jiffies = 400 } },
	{
		KA_CASE("peer_still_answers"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_DROP,
					 .way = KA_PROBES,
					 .flags_mask = TH_RST,
					 .flags = TH_RST }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("healthy_declared_dead"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_CONNECTED),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("dead_declared_healthy"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { .when = KA_NEVER, .watch = { .nominal = 2 } },
	},
	{
		KA_CASE("missing_rst"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT },
	},
	{
		KA_CASE("wrong_mask"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES, .events = 0x2018 },
	},
	{
		KA_CASE("wrong_counter"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES, .counters = { { "TcpExt.TCPTimeouts", 1 } } },
	},
	{
		KA_CASE("option_changed_behind_the_back"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_CONNECTED, { KA_GET(TCP_KEEPCNT), .value = 77 }),
		.expect = { .when = KA_NEVER, .watch = { .ms = 1 } },
	},
	{
		KA_CASE("wrong_regime"),
		KA_SHORT_EXPERIMENT,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_RESET_AT_FIRST_PROBE },
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
