/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scenarios: steps as those of any case, only that a real program is the prober. */
#include "program/scenarios.h"

#include "model/vocabulary.h"

/* One word a line, as it reads in a row. */
/* clang-format off */
#define GREETED KA_CONNECTED, { .do_ = KA_GREET }, { .do_ = KA_OPTIONS }
/* an answer leaves and does not arrive; nor does anything else from then on */
#define ANSWER_LOST \
	{ .do_ = KA_DROP, .way = KA_PROBES }, { .do_ = KA_ASK, .unacked = true }, KA_SILENCE
/* clang-format on */

static const struct ka_scenario rows[KA_SCENARIOS] = {
	[KA_SCENARIO_SILENT] = {
		.name = "silent",
		.title = "silent, idle",
		.why = "the other end vanishes while the connection is idle",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "Power cut, pulled cable, firewall without a memory: nothing arrives "
			  "any more, and nothing says so. Only keepalive finds that out, or a "
			  "timeout of the program's own.",
		.end = KA_SCENARIO_EXPIRES,
		KA_STEPS(GREETED, KA_SILENCE),
	},
	[KA_SCENARIO_SILENT_NEW] = {
		.name = "silent-new",
		.title = "silent, before the first byte",
		.why = "the other end vanishes when it has connected and said nothing yet",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "The connection stands, and no request has come. Many programs have a "
			  "timeout for this moment alone.",
		.end = KA_SCENARIO_EXPIRES,
		.brief = true,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_OPTIONS, .at = { .ms = 200 } }, KA_SILENCE),
	},
	[KA_SCENARIO_SILENT_BUSY] = {
		.name = "silent-busy",
		.title = "silent, answer on its way",
		.why = "the other end vanishes when an answer is on its way",
		.source = "RFC 9293 3.8.3, 3.8.4 MUST-26; retransmits_timed_out(); RFC 5482",
		.lesson = "Data that nobody acknowledges silences keepalive: the answer is sent "
			  "again and again, until tcp_retries2 gives up after a quarter of an "
			  "hour, or TCP_USER_TIMEOUT before.",
		.needs = KA_SCENARIO_TALKS,
		.end = KA_SCENARIO_GIVES_UP,
		KA_STEPS(GREETED, ANSWER_LOST),
	},
	[KA_SCENARIO_SILENT_FULL] = {
		.name = "silent-full",
		.title = "silent, window closed",
		.why = "the other end had stopped reading, and vanishes",
		.source = "RFC 9293 3.8.6.1; tcp_probe_timer()",
		.lesson = "The program has more to say than the other end takes. The kernel asks "
			  "with window probes whether there is room again, and gives up after as "
			  "many as tcp_retries2 says.",
		.needs = KA_SCENARIO_FLOODS,
		.end = KA_SCENARIO_PERSISTS,
		KA_STEPS(GREETED, { .do_ = KA_FLOOD }, KA_SILENCE),
	},
	[KA_SCENARIO_DEAF] = {
		.name = "one-way-out",
		.title = "one way: what it sends is lost",
		.why = "nothing that the program sends arrives, though the other way is open",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "A route that is broken in one direction. No probe arrives, so none is "
			  "answered.",
		.end = KA_SCENARIO_EXPIRES,
		.brief = true,
		KA_STEPS(GREETED, { .do_ = KA_DROP, .way = KA_PROBES }),
	},
	[KA_SCENARIO_MUTE] = {
		.name = "one-way-in",
		.title = "one way: what it is sent is lost",
		.why = "nothing arrives at the program, though all that it sends does",
		.source = "RFC 9293 3.8.4; tcp_keepalive_timer()",
		.lesson = "The other end answers each probe, and no answer comes back. Its RST at "
			  "the end does arrive: there the connection is gone, too.",
		.end = KA_SCENARIO_EXPIRES,
		.brief = true,
		KA_STEPS(GREETED, { .do_ = KA_DROP, .way = KA_ANSWERS }),
	},
	[KA_SCENARIO_FIN] = {
		.name = "fin",
		.title = "killed: FIN",
		.why = "the other end's process dies, and its kernel says FIN",
		.source = "RFC 9293 3.6; tcp_fin()",
		.lesson = "The program reads an end of file and must close its own end. What does "
			  "not leaks a descriptor for each client, in CLOSE_WAIT.",
		.end = KA_SCENARIO_ENDS,
		KA_STEPS(GREETED, { .do_ = KA_KILL, .who = KA_PEER, .at = { .ms = 100 } }),
	},
	[KA_SCENARIO_RESET] = {
		.name = "reset",
		.title = "killed: RST",
		.why = "the other end's process dies with an answer unread, and its kernel says RST",
		.source = "RFC 2525 2.17; tcp_close(): unread data; tcp_reset()",
		.lesson = "The kernel ends the connection at once, the program hears "
			  "ECONNRESET.",
		.needs = KA_SCENARIO_TALKS,
		.end = KA_SCENARIO_DIES,
		KA_STEPS(GREETED, { .do_ = KA_STALL, .who = KA_PEER },
			 { .do_ = KA_ASK, .unacked = true },
			 { .do_ = KA_KILL, .who = KA_PEER, .at = { .ms = 200 } }),
	},
	[KA_SCENARIO_REBOOT] = {
		.name = "reboot",
		.title = "host rebooted",
		.why = "the other end's machine is there again and knows of nothing",
		.source = "RFC 9293 3.10.7.1; tcp_v4_send_reset(), tcp_reset()",
		.lesson = "The first probe is answered with a RST. Without keepalive nobody asks, "
			  "and the connection stays for ever.",
		.end = KA_SCENARIO_REFUSED,
		KA_STEPS(GREETED, { .do_ = KA_CRASH, .who = KA_PEER },
			 { .do_ = KA_REBOOT, .who = KA_PEER }),
	},
	[KA_SCENARIO_FROZEN] = {
		.name = "frozen",
		.title = "frozen, window closed",
		.why = "the other end's process is stopped; its kernel goes on",
		.source = "RFC 9293 3.8.6.1; tcp_probe_timer()",
		.lesson = "A frozen peer's kernel answers keepalive and window probes for it. Only "
			  "TCP_USER_TIMEOUT, or a timeout of the program for sending, ends that.",
		.needs = KA_SCENARIO_FLOODS,
		.end = KA_SCENARIO_WAITS,
		.brief = true,
		KA_STEPS(GREETED, { .do_ = KA_FLOOD }, { .do_ = KA_FREEZE, .who = KA_PEER }),
	},
	[KA_SCENARIO_RETURN] = {
		.name = "return",
		.title = "silent, then back again",
		.why = "the other end vanishes, and when that is over it comes back",
		.source = "RFC 9293 3.10.7.1; tcp_keepalive_timer()",
		.lesson = "When the old connection is over, the path is whole again, and the other "
			  "end is there as if new. A server must serve it as at first; a client "
			  "may connect again by itself, or leave that to who started it.",
		.end = KA_SCENARIO_EXPIRES,
		.brief = true,
		KA_STEPS(GREETED, KA_SILENCE),
	},
	[KA_SCENARIO_HEALTHY] = {
		.name = "healthy",
		.title = "healthy, idle, then used",
		.why = "nothing is wrong, and nothing is said for a long time",
		.source = "RFC 9293 3.8.4 MUST-25; tcp_keepalive_timer()",
		.lesson = "An idle client is no dead client. Where the program closes all the "
			  "same, a client that comes back must connect anew.",
		.end = KA_SCENARIO_LIVES,
		KA_STEPS(GREETED, { .do_ = KA_WAIT }, { .do_ = KA_ASK }),
	},
	[KA_SCENARIO_OUTAGE_ONE] = {
		.name = "outage-one",
		.title = "one probe lost",
		.why = "one lost probe must not kill",
		.source = "RFC 9293 3.8.4 MUST-29; tcp_ack() clears icsk_probes_out",
		.lesson = "A single probe is lost, as on any network now and then.",
		.needs = KA_SCENARIO_KEEPALIVE,
		.end = KA_SCENARIO_LIVES,
		KA_STEPS(GREETED, { .do_ = KA_DROP, .way = KA_PROBES, .first = 1 },
			 { .do_ = KA_WAIT, .at = { .idle = 1.2, .intvl = 1.2, .ms = 500 } }),
	},
	[KA_SCENARIO_OUTAGE_MOST] = {
		.name = "outage-most",
		.title = "all probes but the last lost",
		.why = "an outage that ends before the last probe does not kill",
		.source = "RFC 9293 3.8.4 MUST-29; tcp_ack() clears icsk_probes_out",
		.lesson = "The longest outage that an idle connection lives through: the last "
			  "probe is answered.",
		.needs = KA_SCENARIO_KEEPALIVE,
		.end = KA_SCENARIO_LIVES,
		KA_STEPS(GREETED, { .do_ = KA_DROP, .way = KA_PROBES, .first = KA_CNT_PLUS(-1) },
			 { .do_ = KA_WAIT, .at = { .nominal = 1.2, .ms = 500 } }),
	},
	[KA_SCENARIO_GATEWAY] = {
		.name = "gateway",
		.title = "a gateway that forgets",
		.why = "a gateway forgets what has been silent for too long",
		.source = "RFC 5382 REQ-5; nf_ct_refresh_acct()",
		.lesson = "Load balancers, NAT and firewalls forget idle connections without a "
			  "word. A probe in time reminds them; one that comes too late meets a "
			  "RST, or nothing.",
		.end = KA_SCENARIO_LIVES,
		KA_STEPS(GREETED, { .do_ = KA_ENTRY_IS }),
	},
};

const struct ka_scenario *ka_scenario(enum ka_scenario_number number)
{
	return &rows[number];
}
