/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outages that heal: how many probes may be lost before it is too late. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("outage_all_but_one"),
		.why = "cnt - 1 lost probes, then an answer: the connection survives",
		.source = "RFC 9293 3.8.4 MUST-29; tcp_ack() clears icsk_probes_out",
		.lesson = "The gateway loses exactly the first cnt - 1 probes. The last one gets "
			  "through and is answered: the counter returns to 0 and the next probe "
			  "comes idle (not intvl) after the answer.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES, .first = KA_CNT_PLUS(-1) },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1.4, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("outage_all"),
		.why = "exactly cnt lost probes, not one more: the connection dies",
		.source = "tcp_keepalive_timer(): icsk_probes_out >= keepalive_probes()",
		.lesson = "The gateway loses exactly the first cnt probes and nothing after. It "
			  "is healed before the prober gives up, but the prober does not send "
			  "another probe to find out: the next expiry is the end, and its RST "
			  "arrives at a healthy peer.",
		.topology = KA_ROUTED,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES, .first = KA_CNT }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("outage_one"),
		.why = "one lost probe must never kill",
		.source = "RFC 9293 3.8.4 MUST-29: one missing answer is not death",
		.lesson = "A single probe is lost, as on any network now and then.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES, .first = 1 },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1.4, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("outage_healed"),
		.why = "a path that is healed after probe cnt - 1 saves the connection",
		.source = "tcp_ack(): icsk_probes_out = 0, rcv_tstamp; tcp_keepalive_timer()",
		.lesson = "Both directions are dead until probe cnt - 1 was lost, then the path "
			  "heals. The next probe is answered, and the idle time starts anew.",
		.topology = KA_ROUTED,
		.min_cnt = 2,
		.no_user_timeout = true,
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { .do_ = KA_HEAL, KA_AT_PROBE(KA_CNT_PLUS(-1)), .at = { .intvl = 0.3 } },
			 { KA_KEEPALIVE_TIMER, .at = { .intvl = 1.5, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
};

KA_THEME(short_outage, "Short outages, and one too long");
