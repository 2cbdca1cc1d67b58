/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts as a sign of life: which segments start the idle time anew, and which do not. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

#define PEER_SETS(at_level, opt, val)                                                              \
	{                                                                                          \
		.do_ = KA_SETSOCKOPT, .who = KA_PEER, .level = at_level, .option = opt,            \
		.value = val                                                                       \
	}

static const struct ka_case cases[] = {
	{
		KA_CASE("data_suppresses_probes"),
		.why = "data from the peer is proof of life: as long as it comes, no probe is sent",
		.source = "RFC 9293 3.8.4 MUST-26; keepalive_time_elapsed(): lrcvtime; commit "
			  "6c37e5de4569 (2.6.35)",
		.lesson = "The peer sends one byte every half idle time, for longer than idle + "
			  "intvl * cnt. Each time the keepalive timer goes off it finds that "
			  "something was received less than idle ago, and goes to sleep for the "
			  "rest: not one probe. Before Linux 2.6.35 only ACKs of own data counted, "
			  "and a pure receiver was probed in the middle of a stream.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_SEND,
					 .who = KA_PEER,
					 .bytes = 1,
					 .random_phase = true,
					 .times = 10,
					 .every = { .idle = 0.5 } }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("unread_data_suppresses_probes"),
		.why = "data that nobody reads is proof of life, too, and so is what carries no "
		       "news of an acknowledgement",
		.source = "tcp_rcv_established(): header prediction, tcp_event_data_recv(): "
			  "lrcvtime; keepalive_time_elapsed(); commit 6c37e5de4569 (2.6.35)",
		.lesson = "The peer sends a byte every 0.7 idle times, and the application does "
			  "not read. A segment in order, for which the socket has memory left from "
			  "the one before, takes the kernel's fast path: its ACK says nothing "
			  "new, and is not looked at. Only the time of the data itself tells that "
			  "the peer lives. A kernel that goes by the last ACK, as before Linux "
			  "2.6.35, probes in the middle of the stream; where the application "
			  "reads at once, each segment takes the slow path, and nobody would "
			  "notice.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PROBER },
			 { .do_ = KA_SEND,
			   .who = KA_PEER,
			   .bytes = 1,
			   .random_phase = true,
			   .times = 12,
			   .every = { .idle = 0.7 } }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("own_data_suppresses_probes"),
		.why = "acknowledgements of what the prober itself sends are proof of life too",
		.source = "RFC 9293 3.8.4 MUST-26; tcp_ack(): rcv_tstamp",
		.lesson = "The same in the other direction: the prober sends, the peer's "
			  "application never says a word, but its kernel acknowledges. Every ACK "
			  "counts, so a regular writer is never probed.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_SEND,
					 .who = KA_PROBER,
					 .bytes = 1,
					 .random_phase = true,
					 .times = 10,
					 .every = { .idle = 0.5 } }),
		.expect = { .when = KA_NEVER },
	},
	{
		KA_CASE("data_then_silence"),
		.why = "the last segment of a busy stream is where the idle time begins",
		.source = "tcp_keepalive_timer(): elapsed < idle; kernel/time/timer.c",
		.lesson = "A stream of small segments, then the path falls silent. The timer was "
			  "armed long before and finds idle not over at each expiry; the last time "
			  "it sleeps for what is left, which may be short and then is rounded "
			  "finely. The end counts from the last byte, not from the first.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_SEND,
			   .who = KA_PEER,
			   .bytes = 1,
			   .random_phase = true,
			   .times = 6,
			   .every = { .idle = 0.3 } },
			 KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("retransmissions_count"),
		.why = "the peer's retransmissions are a sign of life, though they bring nothing "
		       "new",
		.source = "tcp_sequence(): end_seq before rcv_wup; tcp_ack(): rcv_tstamp",
		.lesson = "The peer's last segment arrived, but its acknowledgement is lost, so "
			  "the peer sends it again and again, in growing intervals. The segment "
			  "ends exactly where the next one would begin, which is not before the "
			  "window: it passes the sequence check, and its ACK field counts as "
			  "received. Each one puts the prober's death off, until the interval "
			  "between two is longer than idle + intvl * cnt.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 1),
		KA_STEPS(KA_CONNECTED, { .do_ = KA_DROP, .way = KA_PROBES },
			 { .do_ = KA_SEND,
			   .who = KA_PEER,
			   .bytes = 64,
			   .unacked = true,
			   .random_phase = true },
			 { .do_ = KA_WAIT, .at = { .ms = 3000 } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("incoming_probes_do_not_count"),
		.why = "a probe of the peer's that arrives is no sign of life for the receiver's "
		       "own timer",
		.source = "RFC 9293 3.10.7.4; tcp_validate_incoming(): TCP_OLD_SEQUENCE",
		.lesson = "Both ends have keepalive, and only what the prober sends is lost. The "
			  "peer's probe reaches it in the middle of its own probing: the kernel "
			  "answers it (the answer is lost) and does not let it refresh its own "
			  "timer, because a probe carries an old sequence number and is dropped "
			  "before it could. So the prober dies on time, though it has just heard "
			  "from its peer.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS(KA_IDLE, PEER_SETS(IPPROTO_TCP, TCP_KEEPIDLE, 2),
			 PEER_SETS(IPPROTO_TCP, TCP_KEEPINTVL, 3),
			 PEER_SETS(IPPROTO_TCP, TCP_KEEPCNT, 127),
			 PEER_SETS(SOL_SOCKET, SO_KEEPALIVE, 1),
			 { .do_ = KA_DROP, .way = KA_PROBES }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = ETIMEDOUT,
			    .probes = KA_CNT,
			    .probes_received = 1,
			    .rst_sent = 1 },
	},
};

KA_THEME(traffic, "What counts as a sign of life");
