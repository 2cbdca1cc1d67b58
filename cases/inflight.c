/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data that nobody acknowledges: another timer rules, and keepalive keeps quiet. The limit is
 * tcp_retries2 = 3 here, so that an experiment takes seconds and not a quarter of an hour.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "model/vocabulary.h"

/* A byte that is lost until the path heals, and then acknowledged: a loss that is over. */
#define KA_LOST_AND_FOUND                                                                          \
	KA_IDLE, KA_SILENCE, KA_WRITE(1), { .do_ = KA_HEAL, .at = { .ms = 1000 } },                \
	{                                                                                          \
		KA_KEEPALIVE_TIMER, .at = { .ms = 1000 }, .value = 0                               \
	}
/* Long enough for a user timeout, or a few retransmissions, to be over; less than idle. */
#define KA_SILENCE_LATER                                                                           \
	{                                                                                          \
		.do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = {.ms = 2000 }                           \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("unacked_data"),
		.why = "while data is unacknowledged no probe is sent: tcp_retries2 decides, and "
		       "no RST announces the end",
		.source = "RFC 9293 3.8.3, 3.8.4 MUST-26; tcp_keepalive_timer(): packets_out; "
			  "retransmits_timed_out()",
		.lesson = "The prober wrote one byte just when the path died. From now on it has "
			  "a better means than a probe: it sends that byte again, in growing "
			  "intervals. The keepalive timer goes off, sees data in flight and goes "
			  "back to sleep: 1/1/1 detects nothing here after 2 s. With "
			  "tcp_retries2 = 3 it takes about 6.5 s; with the default of 15, a "
			  "quarter of an hour. The end is ETIMEDOUT again, but without a RST.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1),
			 { KA_RETRANSMIT_TIMER, .at = { .ms = 50 }, .value = KA_ANY }),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("unacked_data_user_timeout"),
		.why = "TCP_USER_TIMEOUT is what limits unacknowledged data: here it is exact",
		.source = "RFC 5482; tcp_clamp_rto_to_user_timeout(), commit b701a99e431d (4.19)",
		.lesson = "The same loss with a user timeout of 3 s. It counts from the first "
			  "retransmission, and the last interval is cut so that the timer goes "
			  "off when it is over: no waiting for the next tick, as the keepalive "
			  "timer does. tcp_retries2 (15) has no say. This is why the two belong "
			  "together: keepalive for an idle connection, the user timeout for a busy "
			  "one.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 9, .user_timeout_ms = 3000),
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("unacked_data_timeout_lowered"),
		.why = "a user timeout that is lowered while data is in flight is looked at with "
		       "the "
		       "next retransmission, which comes when it would have come",
		.source = "tcp_retransmit_timer(): retransmits_timed_out(); "
			  "do_tcp_setsockopt(): TCP_USER_TIMEOUT",
		.lesson =
			"The byte was sent four times, and the next retransmission is due 3 s "
			"after the write, when the application sets TCP_USER_TIMEOUT to 1 s after "
			"2 s. It is over already, but setsockopt() only stores it. At 3 s the "
			"timer goes off, finds 2.8 s gone by since the first retransmission, and "
			"gives up. Had it been 8 s, as it was before, the byte would have been "
			"sent once more.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 20, .intvl = 1, .cnt = 9, .user_timeout_ms = 8000),
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1),
			 { KA_SET(TCP_USER_TIMEOUT), .value = 1000, .at = { .ms = 2000 } }),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("unacked_data_rto_max"),
		.why = "tcp_rto_max_ms ends the doubling of the intervals, and tcp_retries2 is "
		       "over "
		       "sooner",
		.source = "tcp_retransmit_timer(), tcp_model_timeout(): tcp_rto_max(); commit "
			  "1280c26228bd (6.15)",
		.lesson = "With tcp_retries2 = 4 data is sent again for 6.2 s at the least: 200 ms "
			  "that double. Where no interval is longer than a second it is 3.4 s, for "
			  "as many retransmissions. RTO itself is cut, and so is the time that "
			  "Linux makes of tcp_retries2.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("4"), { KA_PROBER, "net/ipv4/tcp_rto_max_ms", "1000" } },
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("unacked_data_rto_max_option"),
		.why = "TCP_RTO_MAX_MS does the same for one socket, whatever the sysctl says",
		.source = "do_tcp_setsockopt(): TCP_RTO_MAX_MS; commit 54a378f43425 (6.15)",
		.lesson = "As unacked_data_rto_max, with the socket option, which the application "
			  "sets on a connection that exists. The sysctl (120 s) does not count "
			  "any more.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.holds_from = { "6.15",
				"54a378f43425 \"tcp: add the ability to control max RTO\"" },
		.sysctls = { KA_RETRIES2("4") },
		KA_STEPS(KA_IDLE, { KA_SET(KA_TCP_RTO_MAX_MS), .value = 1000 },
			 { KA_GET(KA_TCP_RTO_MAX_MS), .value = 1000 }, KA_SILENCE, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("unacked_data_default_limit"),
		.why = "with tcp_retries2 = 15 a connection with unacknowledged data lives for "
		       "a quarter of an hour, whatever keepalive says",
		.source = "RFC 9293 3.8.3; tcp_model_timeout(); "
			  "Documentation/networking/ip-sysctl.rst: tcp_retries2, 924.6 s",
		.lesson = "Nothing was changed but the keepalive values. The byte in flight "
			  "silences keepalive, and the retransmission timer goes on for 924.6 s at "
			  "the least. Who relies on keepalive alone waits this long for a dead "
			  "path whenever something was written into it.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.long_ = true,
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("write_while_probing"),
		.why = "a write in the middle of probing stops the probes: the end that was near "
		       "is put off, and tcp_retries2 decides",
		.source = "tcp_keepalive_timer(): tcp_write_queue_empty(); retransmits_timed_out()",
		.lesson = "Two probes are unanswered, the third is near; then the application "
			  "writes one byte. The probes stop, their count stays at two, and now the "
			  "retransmission timer decides: the write has put off the discovery. A "
			  "heartbeat of the application's own does this to keepalive all the "
			  "time.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, KA_SILENCE,
			 { .do_ = KA_SEND,
			   .who = KA_PROBER,
			   .bytes = 1,
			   .unacked = true,
			   KA_AT_PROBE(2),
			   .at = { .intvl = 0.5 } }),
		.expect = { KA_RETRANSMITS_IN_VAIN, .probes = 2 },
	},
	{
		KA_CASE("unacked_data_healed"),
		.why = "when the path heals, the retransmission gets through and keepalive is back",
		.source = "tcp_ack(): rcv_tstamp; tcp_keepalive_timer(): elapsed < idle",
		.lesson = "The byte is lost a few times, then the path heals. The next "
			  "retransmission is acknowledged, nothing is in flight any more, and the "
			  "idle time counts from that acknowledgement: the connection is probed "
			  "and answered as if nothing had been.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE, KA_WRITE(1), { .do_ = KA_HEAL, .at = { .ms = 1000 } },
			 { KA_KEEPALIVE_TIMER, .at = { .idle = 2.5, .ms = 2000 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("unacked_data_twice"),
		.why = "a second loss counts from its own beginning: the first one, which healed, "
		       "takes nothing off the limit",
		.source = "retransmits_timed_out(): retrans_stamp; commits 6fa12c850314 (2.6.32), "
			  "27c80efcc204 (6.12)",
		.lesson = "A byte is lost three times, then the path heals and it is acknowledged. "
			  "Some seconds later the path dies, and another byte is lost. The kernel "
			  "remembers when it first sent something again and compares the time "
			  "since then with tcp_retries2; an acknowledgement must make it forget. "
			  "Where it did not (Linux 2.6.32, and after a TCP Fast Open handshake "
			  "until 6.11), the second loss ended the connection at once, with the "
			  "time of the first.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 5, .intvl = 1, .cnt = 9),
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_LOST_AND_FOUND, KA_SILENCE_LATER, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("unacked_data_twice_user_timeout"),
		.why = "a user timeout counts from the loss that is, not from one before that "
		       "healed",
		.source = "RFC 5482; tcp_clamp_rto_to_user_timeout(), retransmits_timed_out(): "
			  "retrans_stamp",
		.lesson =
			"As unacked_data_twice, with a user timeout of 3 s instead of a number of "
			"retransmissions. It is over, if it were counted from the first loss, "
			"before the second one begins.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 5, .intvl = 1, .cnt = 9, .user_timeout_ms = 3000),
		KA_STEPS(KA_LOST_AND_FOUND, KA_SILENCE_LATER, KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
};

KA_THEME(inflight, "Unacknowledged data silences keepalive");
