/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load and keepalive on one connection: data in both directions, through outages and closed windows, with
 * the timer armed at both ends. Nothing may be lost, doubled or moved, and no probe be sent while data is
 * proof of life.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

#define PEER_SETS(at_level, opt, val)                                                              \
	{                                                                                          \
		.do_ = KA_SETSOCKOPT, .who = KA_PEER, .level = at_level, .option = opt,            \
		.value = val                                                                       \
	}
/* Keepalive at both ends, as short as it can be. */
#define BOTH_ARMED                                                                                 \
	KA_CONNECTED, PEER_SETS(IPPROTO_TCP, TCP_KEEPIDLE, 1),                                     \
		PEER_SETS(IPPROTO_TCP, TCP_KEEPINTVL, 1), PEER_SETS(IPPROTO_TCP, TCP_KEEPCNT, 3),  \
		PEER_SETS(SOL_SOCKET, SO_KEEPALIVE, 1)
#define SHORTEST KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3)
/* What waits during an outage must find room. */
#define ROOMY                                                                                      \
	{ KA_PROBER, "net/ipv4/tcp_wmem", "4096 4194304 4194304" },                                \
	{                                                                                          \
		KA_PEER, "net/ipv4/tcp_wmem", "4096 4194304 4194304"                               \
	}
/* Both ends send, @n times, every @every_ms. */
#define STREAM(size, n, every_ms)                                                                  \
	{                                                                                          \
		.do_ = KA_EXCHANGE, .bytes = (size), .times = (n), .every = {.ms = (every_ms) }    \
	}
/* For more than idle, and over well before 1.4 s, when both ends send again for the third time: were only
 * one of them in time, the other, with nothing in flight, would rightly probe. */
#define OUTAGE(delay_ms)                                                                           \
	KA_SILENCE, STREAM(3000, 5, 100),                                                          \
	{                                                                                          \
		.do_ = KA_HEAL, .at = {.ms = (delay_ms) }                                          \
	}
/* Before the next outage, in which the retransmission timer would go on doubling. */
#define REPAIRED                                                                                   \
	STREAM(3000, 5, 100),                                                                      \
	{                                                                                          \
		.do_ = KA_ARRIVED                                                                  \
	}
/* Data that is sent again after an outage brings old numbers with it. */
#define DOUBLED                                                                                    \
	{                                                                                          \
		"TcpExt.TCPACKSkippedSeq", KA_ANY                                                  \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("stream_both_ways"),
		.why = "a stream in both directions needs no probe at either end, and arrives "
		       "byte for byte",
		.source = "RFC 9293 3.8.4 MUST-26; tcp_keepalive_timer(): elapsed < idle",
		.lesson = "Both ends have keepalive at 1/1/3, and both send a few thousand bytes "
			  "every 0.3 s. The timers go off all the same, look at the time of the "
			  "last segment, and go to sleep for what is left of idle. What each end "
			  "reads is compared with what the other wrote.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		SHORTEST,
		.sysctls = { ROOMY },
		KA_STEPS(BOTH_ARMED, STREAM(5000, 20, 300), { .do_ = KA_ARRIVED },
			 { KA_KEEPALIVE_TIMER, .value = 0 }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("stream_through_outages"),
		.why = "outages shorter than keepalive's patience cost a stream nothing but time, "
		       "and no probe is sent in them",
		.source = "tcp_keepalive_timer(): packets_out, tcp_write_queue_empty(); "
			  "tcp_retransmit_timer()",
		.lesson = "Three times the path is silent for more than idle while both ends go "
			  "on writing. Data is in flight, so the keepalive timers keep quiet, and "
			  "the retransmission timer repairs what was lost when the path is back. "
			  "Nothing is missing, nothing comes twice.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		SHORTEST,
		.sysctls = { ROOMY },
		KA_STEPS(BOTH_ARMED, STREAM(3000, 5, 100), OUTAGE(600), REPAIRED, OUTAGE(650),
			 REPAIRED, OUTAGE(700), REPAIRED),
		.expect = { .when = KA_NEVER, .counters = { DOUBLED } },
	},
	{
		KA_CASE("stream_through_closed_windows"),
		.why = "a reader that stops for longer than idle, and goes on, misses nothing",
		.source = "RFC 9293 3.8.6.1; tcp_probe_timer(); tcp_keepalive_timer(): "
			  "tcp_write_queue_empty()",
		.lesson = "The peer stops reading, its small buffer is soon full, and what the "
			  "prober writes waits for the window; then the peer falls silent, too, "
			  "for longer than idle. The prober asks for the window (the persist "
			  "timer), the peer, which has nothing in flight, whether the prober is "
			  "there (keepalive): probes both ways, on a connection full of data. "
			  "When the peer reads again, all that waited arrives.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		SHORTEST,
		.sysctls = { ROOMY, KA_SMALL_BUFFER },
		KA_STEPS(BOTH_ARMED, STREAM(3000, 5, 100), { .do_ = KA_STALL, .who = KA_PEER },
			 STREAM(3000, 8, 100),
			 { .do_ = KA_RESUME, .who = KA_PEER, .at = { .ms = 1600 } },
			 STREAM(3000, 5, 100), { .do_ = KA_STALL, .who = KA_PEER },
			 STREAM(3000, 8, 100),
			 { .do_ = KA_RESUME, .who = KA_PEER, .at = { .ms = 1600 } },
			 { .do_ = KA_ARRIVED }),
		.expect = { .when = KA_NEVER,
			    .window_probes = true,
			    .answered = KA_SOME,
			    .probes_received = KA_SOME,
			    .counters = { DOUBLED } },
	},
	{
		KA_CASE("stream_across_probes"),
		.why = "probes that cross data on its way disturb nothing",
		.source = "RFC 9293 3.8.4, 3.10.7.4; tcp_validate_incoming(): TCP_OLD_SEQUENCE",
		.lesson = "Both ends send once every 1.01 s, just when idle is over and the "
			  "probes of both are due. A probe has an old number and no data: it is "
			  "answered, or spared by the data that comes, and changes nothing in "
			  "what the stream brings.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		SHORTEST,
		.sysctls = { ROOMY },
		KA_STEPS(BOTH_ARMED, STREAM(2000, 6, 1010), { .do_ = KA_ARRIVED }),
		.expect = { .when = KA_NEVER,
			    .arming = KA_PROBED,
			    .answered = KA_ANY,
			    .probes_received = KA_ANY,
			    .counters = { DOUBLED } },
	},
	{
		KA_CASE("stream_in_a_crowd"),
		.why = "a stream beside two thousand connections that are probed all the time is "
		       "not disturbed, nor are they",
		.source = "tcp_keepalive_timer(); kernel/time/timer.c: __run_timers()",
		.lesson = "Besides the stream there are 2,000 idle connections with keepalive at "
			  "1/1/3, whose probes are answered. Hundreds of timers go off at once, in "
			  "the softirq that also brings the stream's segments. All of the stream "
			  "arrives, none of its own timers sends a probe, and not one of the "
			  "others is given up.",
		.topology = KA_PAIR,
		.probers = KA_ONLY_CLIENT,
		.families = KA_V4,
		.from = KA_FROM_ACCEPTED,
		.load = 2000,
		SHORTEST,
		.sysctls = { ROOMY },
		KA_STEPS(BOTH_ARMED, STREAM(5000, 20, 150), { .do_ = KA_ARRIVED }),
		.expect = { .when = KA_NEVER,
			    .arming = KA_FRESH,
			    .counters = { DOUBLED, { "TcpExt.TCPKeepAlive", KA_SOME } } },
	},
	{
		KA_CASE("stream_of_many_bytes"),
		.why = "a hundred mebibytes in each direction arrive byte for byte, with keepalive "
		       "at "
		       "1/1/3 at both ends and not one probe",
		.source = "RFC 9293 3.8.4 MUST-26; tcp_keepalive_timer()",
		.lesson = "As stream_both_ways, with half a mebibyte at a time: windows "
			  "grow, segments are merged on their way, and the timers go off in the "
			  "middle of it.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.families = KA_V4,
		.long_ = true,
		SHORTEST,
		.sysctls = { ROOMY },
		KA_STEPS(BOTH_ARMED, STREAM(1 << 19, 200, 40), { .do_ = KA_ARRIVED }),
		.expect = { .when = KA_NEVER, .counters = { DOUBLED } },
	},
};

KA_THEME(stream, "Load and keepalive together");
