/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway that forgets, told of wrongly: what it remembers and what it does is really looked at. */
#include "experiments.h"
#include "model/util.h"

#include <errno.h>

#define ONE                                                                                        \
	.topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT, .one_setting = true,  \
	.why = "must not pass", .source = "experiment", .lesson = "Broken on purpose."
#define ESTABLISHED                                                                                \
	{ .do_ = KA_CONNECT },                                                                     \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PROBER, .bytes = 64                                      \
	}
#define EXPIRES                                                                                    \
	{                                                                                          \
		.when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT, .rst_sent = 1   \
	}
#define LIVES                                                                                      \
	{                                                                                          \
		.when = KA_NEVER, .arming = KA_PROBED, .answered = KA_SOME, .watch = {             \
			.idle = 1.5                                                                \
		}                                                                                  \
	}

static const struct ka_gateway patient = { .timeout = { .idle = 3 } };
static const struct ka_gateway lasting = { .timeout = { .idle = 100 } };
static const struct ka_gateway drops = { .timeout = { .idle = 1 } };
static const struct ka_gateway resets = { .timeout = { .idle = 1 }, .unknown = KA_UNKNOWN_RESET };

static const struct ka_case cases[] = {
	{
		.name = "gateway_remembers",
		ONE,
		.gateway = &patient,
		KA_STEPS(ESTABLISHED),
		.expect = EXPIRES,
	},
	{
		.name = "gateway_forgets_declared_kept",
		ONE,
		.gateway = &resets,
		KA_STEPS(ESTABLISHED),
		.expect = LIVES,
	},
	{
		.name = "gateway_resets_declared_silent",
		ONE,
		.gateway = &resets,
		KA_STEPS(ESTABLISHED),
		.expect = EXPIRES,
	},
	{
		.name = "gateway_entry_declared_gone",
		ONE,
		.gateway = &patient,
		KA_STEPS(ESTABLISHED, { .do_ = KA_ENTRY_GONE, .at = { .idle = 1.5 } }),
		.expect = LIVES,
	},
	{
		.name = "gateway_entry_declared_there",
		ONE,
		.gateway = &drops,
		KA_STEPS(ESTABLISHED, { .do_ = KA_ENTRY_IS, .since = KA_SINCE_PROBE, .nth = 1 }),
		.expect = EXPIRES,
	},
	{
		.name = "gateway_entry_declared_fresher",
		ONE,
		.gateway = &patient,
		KA_STEPS(ESTABLISHED,
			 { .do_ = KA_ENTRY_IS, .at = { .idle = 0.5 }, .left = { .idle = 3 } }),
		.expect = LIVES,
	},
	{
		.name = "gateway_forgets_one_of_many",
		.topology = KA_ROUTED,
		.families = KA_V4,
		.probers = KA_ONLY_CLIENT,
		.why = "must not pass",
		.source = "experiment",
		.lesson = "Broken on purpose.",
		.settings =
			(const struct ka_setting[]){ { .idle = 2, .intvl = 1, .cnt = 1 }, { 0 } },
		.gateway = &lasting,
		.from = KA_FROM_ACCEPTED,
		.load = 3,
		KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_FORGET, .who = KA_GATEWAY }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .arming = KA_FRESH,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .rst_sent = 1 },
	},
};

static const struct ka_theme theme = { .name = "experiments_gateway",
				       .title = "Must not pass: the gateway",
				       .cases = cases,
				       .n = KA_N(cases) };

/* In the order of the cases: one instance each. */
static const struct ka_experiment experiments[] = {
	{ "gateway_remembers", KA_BROKEN, "without effect" },
	{ "gateway_forgets_declared_kept", KA_FAIL, "must live" },
	{ "gateway_resets_declared_silent", KA_FAIL, "ECONNRESET" },
	{ "gateway_entry_declared_gone", KA_FAIL, "must have forgotten" },
	{ "gateway_entry_declared_there", KA_FAIL, "must know it" },
	{ "gateway_entry_declared_fresher", KA_FAIL, "must be 3 to 3" },
	{ "gateway_forgets_one_of_many", KA_FAIL, "load: 0 of 3 have ended, must be 3" },
};

const struct ka_experiment_group ka_experiments_gateway = { &theme, experiments,
							    KA_N(experiments) };
