/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Broken on purpose: each of these must end in fail or broken, for the right reason. A check that
 * lets one of them pass checks nothing.
 */
#include "experiments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static const struct ka_case cases[] = {
	{ KA_WRONG("drop_misses", "broken: without effect"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_CONNECTED, { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .misses = true }),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("wrong_cnt", "fail: probe"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES }, .bias = { .probes = 1 } },
	{ KA_WRONG("wrong_errno", "fail: EHOSTUNREACH"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE), .expect = { KA_EXPIRES },
	  .bias = { .error = EHOSTUNREACH } },
	{ KA_WRONG("gap_off_by_a_granule", "fail: gap"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE), .expect = { KA_EXPIRES }, .bias = { .gap_granules = 1 } },
	{ KA_WRONG("window_too_early", "fail: late"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE), .expect = { KA_EXPIRES },
	  .bias = { .window_jiffies = -400 } },
	{ KA_WRONG("window_too_late", "fail: early"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE), .expect = { KA_EXPIRES },
	  .bias = { .window_jiffies = 400 } },
	{ KA_WRONG("peer_still_answers", "broken: without effect"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_CONNECTED,
		   { .do_ = KA_DROP, .way = KA_PROBES, .flags_mask = TH_RST, .flags = TH_RST }),
	  .expect = { KA_EXPIRES } },
	{ KA_WRONG("healthy_declared_dead", "fail: not noticed"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_CONNECTED), .expect = { KA_EXPIRES } },
	{ KA_WRONG("dead_declared_healthy", "fail: "), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { .when = KA_NEVER, .watch = { .nominal = 2 } } },
	{ KA_WRONG("missing_rst", "fail: RST"), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { .when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = KA_CNT } },
	{ KA_WRONG("wrong_mask", "fail: 0x2018"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE), .expect = { KA_EXPIRES, .events = 0x2018 } },
	{ KA_WRONG("wrong_counter", "fail: TCPTimeouts"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_EXPIRES, .counters = { { "TcpExt.TCPTimeouts", 1 } } } },
	{ KA_WRONG("option_changed_behind_the_back", "fail: must be 77"), KA_SHORT_EXPERIMENT,
	  KA_STEPS(KA_CONNECTED, { KA_GET(TCP_KEEPCNT), .value = 77 }),
	  .expect = { .when = KA_NEVER, .watch = { .ms = 1 } } },
	{ KA_WRONG("wrong_regime", "fail: "), KA_SHORT_EXPERIMENT, KA_STEPS(KA_IDLE, KA_SILENCE),
	  .expect = { KA_RESET_AT_FIRST_PROBE } },
};

KA_THEME(experiments_basic, "Must not pass");
