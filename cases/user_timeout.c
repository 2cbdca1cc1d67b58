/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP_USER_TIMEOUT takes the place of TCP_KEEPCNT, and is looked at only when a probe is due. */
#include <errno.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("user_timeout_short"),
		.why = "a user timeout below idle still needs one unanswered probe: the end comes "
		       "with the second expiry",
		.source = "RFC 5482; tcp_keepalive_timer(): icsk_user_timeout, icsk_probes_out > 0",
		.lesson = "TCP_USER_TIMEOUT is 500 ms, TCP_KEEPCNT 9. The timer first goes off "
			  "after idle (1 s): the timeout is long over, but no probe is out, so one "
			  "is sent. At the next expiry, intvl later, one probe is unanswered and "
			  "the connection ends: about 2 s, neither the 0.5 s that was asked for "
			  "nor the 10 s of idle + intvl * cnt.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 500),
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_USER_TIMES_OUT },
	},
	{
		KA_CASE("user_timeout_middle"),
		.why = "the user timeout is rounded up to the next probe, and TCP_KEEPCNT is "
		       "ignored",
		.source = "RFC 5482; tcp_keepalive_timer(); commit dca43c75e7e5 (2.6.37)",
		.lesson = "TCP_USER_TIMEOUT is 2500 ms, TCP_KEEPCNT 9. The kernel looks at the "
			  "user timeout only when the keepalive timer goes off, after 1, 2 and 3 "
			  "seconds: at 3 s it finds 2.5 s gone by and two probes unanswered. The "
			  "nine probes that TCP_KEEPCNT allows are never sent.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 2500),
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_USER_TIMES_OUT },
	},
	{
		KA_CASE("user_timeout_outlives_count"),
		.why = "a user timeout beyond idle + intvl * cnt makes detection later: more "
		       "probes than TCP_KEEPCNT are sent",
		.source = "RFC 5482; tcp_keepalive_timer()",
		.lesson = "TCP_KEEPCNT is 2: on its own it would give up after 3 seconds. "
			  "TCP_USER_TIMEOUT of 5000 ms overrules it in this direction too, so four "
			  "probes go out and the end comes with the fifth expiry, after 5 s. Who "
			  "sets both, and wants the earlier one, does not get it.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 2, .user_timeout_ms = 5000),
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_USER_TIMES_OUT },
	},
	{
		KA_CASE("user_timeout_article"),
		.why = "the values of a well-known article end with the fourth expiry, not after "
		       "33.5 s",
		.source = "tcp_keepalive_timer(); \"When TCP sockets refuse to die\" (Cloudflare)",
		.lesson = "idle 1, intvl 11, cnt 111, user timeout 33.5 s. Expiries come after "
			  "1, 12, 23 and 34 s on paper, each rounded up by the timer wheel; the "
			  "first at which 33.5 s are over ends the connection. cnt is never "
			  "looked at.",
		.topology = KA_ROUTED,
		.long_ = true,
		KA_SETTING(.idle = 1, .intvl = 11, .cnt = 111, .user_timeout_ms = 33500),
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_USER_TIMES_OUT },
	},
	{
		KA_CASE("user_timeout_one_lost_probe"),
		.why = "with a short user timeout one lost probe kills a healthy connection",
		.source = "RFC 9293 3.8.4 MUST-29 (broken by the setting); tcp_keepalive_timer()",
		.lesson = "The path loses one single probe, as any network does now and then. "
			  "TCP_KEEPCNT of 9 seems to forgive eight; but the user timeout (500 ms) "
			  "is over at the second expiry, one probe is unanswered, and the prober "
			  "resets a peer that is alive and reachable. RFC 9293 forbids to take one "
			  "missing answer for death; these values do just that.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 500),
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES, .first = 1 }),
		.expect = { .when = KA_USER_TIMEOUT,
			    .error = ETIMEDOUT,
			    .probes = 1,
			    .rst_sent = 1 },
	},
	{
		KA_CASE("user_timeout_forgives_one"),
		.why = "a user timeout above idle + intvl forgives one lost probe",
		.source = "tcp_keepalive_timer(); tcp_ack() clears icsk_probes_out",
		.lesson = "The same loss with a user timeout of 2500 ms: at the second expiry "
			  "only 2 s are over, a second probe is sent and answered, and the idle "
			  "time starts anew. To forgive k lost probes the user timeout must be "
			  "longer than idle + intvl * k.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 2500),
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES, .first = 1 },
			 { KA_KEEPALIVE_TIMER, .at = { .idle = 2.5, .intvl = 2 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("user_timeout_needs_no_loss"),
		.why = "a user timeout far below idle does not harm a peer that answers",
		.source = "tcp_keepalive_timer(): icsk_probes_out > 0",
		.lesson = "The connection is idle for much longer than the user timeout of 500 "
			  "ms, again and again; each time a probe asks and is answered. Silence "
			  "alone never ends a connection: only an unanswered probe does.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 500),
		KA_STEPS(KA_IDLE, { KA_KEEPALIVE_TIMER, .at = { .idle = 3.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
};

KA_THEME(user_timeout, "TCP_USER_TIMEOUT on an idle connection");
