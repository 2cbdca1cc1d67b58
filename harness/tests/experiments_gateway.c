/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway that forgets, told of wrongly: what it remembers and what it does is really looked at. */
#include "experiments.h"

#include <errno.h>

#define ESTABLISHED                                                                                \
	KA_CONNECTED,                                                                              \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PROBER, .bytes = 64                                      \
	}
#define LIVES                                                                                      \
	{                                                                                          \
		KA_LIVES_ON, .watch = {.idle = 1.5 }                                               \
	}

static const struct ka_gateway patient = { .timeout = { .idle = 3 } };
static const struct ka_gateway lasting = { .timeout = { .idle = 100 } };
static const struct ka_gateway drops = { .timeout = { .idle = 1 } };
static const struct ka_gateway resets = { .timeout = { .idle = 1 }, .unknown = KA_UNKNOWN_RESET };

static const struct ka_case cases[] = {
	{ KA_WRONG("gateway_remembers", "broken: without effect"), KA_SHORT_EXPERIMENT,
	  .gateway = &patient, KA_STEPS(ESTABLISHED), .expect = { KA_EXPIRES } },
	{ KA_WRONG("gateway_forgets_declared_kept", "fail: must live"), KA_SHORT_EXPERIMENT,
	  .gateway = &resets, KA_STEPS(ESTABLISHED), .expect = LIVES },
	{ KA_WRONG("gateway_resets_declared_silent", "fail: ECONNRESET"), KA_SHORT_EXPERIMENT,
	  .gateway = &resets, KA_STEPS(ESTABLISHED), .expect = { KA_EXPIRES } },
	{ KA_WRONG("gateway_entry_declared_gone", "fail: must have forgotten"), KA_SHORT_EXPERIMENT,
	  .gateway = &patient,
	  KA_STEPS(ESTABLISHED, { .do_ = KA_ENTRY_GONE, .at = { .idle = 1.5 } }), .expect = LIVES },
	{ KA_WRONG("gateway_entry_declared_there", "fail: must know it"), KA_SHORT_EXPERIMENT,
	  .gateway = &drops, KA_STEPS(ESTABLISHED, { .do_ = KA_ENTRY_IS, KA_AT_PROBE(1) }),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("gateway_entry_declared_fresher", "fail: must be 3 to 3"), KA_SHORT_EXPERIMENT,
	  .gateway = &patient,
	  KA_STEPS(ESTABLISHED,
		   { .do_ = KA_ENTRY_IS, .at = { .idle = 0.5 }, .left = { .idle = 3 } }),
	  .expect = LIVES },
	/* the sysctl of the half-closed state is left out: the established one rules on */
	{ KA_WRONG("gateway_half_closed_declared_gone", "fail: must have forgotten"),
	  KA_SHORT_EXPERIMENT, .gateway = &lasting,
	  KA_STEPS(ESTABLISHED, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
		   { .do_ = KA_ENTRY_GONE, .at = { .idle = 1.5 } }),
	  .expect = LIVES },
	{ KA_WRONG("gateway_half_closed_declared_long", "fail: must be 50 to 100"),
	  KA_SHORT_EXPERIMENT, .gateway = &lasting,
	  .sysctls = { { KA_GATEWAY, "net/netfilter/nf_conntrack_tcp_timeout_close_wait", "4" } },
	  KA_STEPS(ESTABLISHED, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
		   { .do_ = KA_ENTRY_IS, .at = { .idle = 1.5 }, .left = { .idle = 50 } }),
	  .expect = LIVES },
	{ KA_WRONG("gateway_forgets_one_of_many", "fail: load: 0 of 3 have ended, must be 3"),
	  .topology = KA_ROUTED, .families = KA_V4, .probers = KA_ONLY_CLIENT,
	  KA_SETTING(.idle = 2, .intvl = 1, .cnt = 1), .gateway = &lasting,
	  .from = KA_FROM_ACCEPTED, .load = 3,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_FORGET, .who = KA_GATEWAY }),
	  .expect = { KA_EXPIRES, .arming = KA_FRESH } },
};

KA_THEME(experiments_gateway, "Must not pass: the gateway");
