/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP Fast Open: a handshake that carries data. The client's connect() returns before there is anything to
 * probe, and the server's socket is there before its SYN-ACK has arrived. (Both ends do without a cookie:
 * net.ipv4.tcp_fastopen.)
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "model/vocabulary.h"

/* 0x1 | 0x4: a client that needs no cookie; 0x2 | 0x200 | 0x400: the same of a server, for all listeners. */
#define CLIENT_OPENS "5"
#define SERVER_OPENS "1538"
#define DEFERRED(client)                                                                           \
	{                                                                                          \
		.do_ = KA_SETSOCKOPT, .who = (client), .level = IPPROTO_TCP,                       \
		.option = TCP_FASTOPEN_CONNECT, .value = 1                                         \
	}
#define DEFERRED_CONNECT                                                                           \
	{                                                                                          \
		.do_ = KA_CONNECT, .deferred = true                                                \
	}
#define FIRST_WRITE(client) .do_ = KA_SEND, .who = (client), .bytes = 64, .unacked = true

static const struct ka_case cases[] = {
	{
		KA_CASE("fastopen_deferred"),
		.why = "a connect() that waits for the first write sends no probe before it, and "
		       "keepalive is as usual from the handshake on",
		.source =
			"tcp_fastopen_defer_connect(); tcp_keepalive_timer(): TCP_SYN_SENT; commit "
			"2dda64004087 (4.13)",
		.lesson =
			"With TCP_FASTOPEN_CONNECT connect() returns at once and nothing is sent; "
			"the SYN waits for data to take along. The socket is in SYN_SENT, without "
			"a route, when SO_KEEPALIVE arms its timer, and that goes off three "
			"times over before the program writes. It must do nothing: in Linux 4.11 "
			"and 4.12 it sent a probe, and the kernel crashed. The handshake then "
			"arms it as any other does.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		.one_setting = true,
		.from = KA_FROM_VALUES,
		.sysctls = { { KA_PROBER, "net/ipv4/tcp_fastopen", CLIENT_OPENS },
			     { KA_PEER, "net/ipv4/tcp_fastopen", SERVER_OPENS } },
		KA_STEPS(DEFERRED(KA_PROBER), DEFERRED_CONNECT, { KA_SWITCH(1) },
			 { FIRST_WRITE(KA_PROBER), .at = { .idle = 3.3 } },
			 { .do_ = KA_COUNTER_IS,
			   .who = KA_PEER,
			   .key = "TcpExt.TCPFastOpenPassive",
			   .value = 1 },
			 KA_LAST_DATA, { KA_KEEPALIVE_TIMER, .value = 0 }, KA_SILENCE),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("fastopen_lost_synack"),
		.why = "a SYN-ACK that had to be sent again takes nothing off the limit of a loss "
		       "that comes later",
		.source = "tcp_fastopen_synack_timer(), tcp_rcv_synrecv_state_fastopen(): "
			  "retrans_stamp; commits cd736d8b67fb (5.2), 27c80efcc204 (6.12)",
		.lesson = "With Fast Open the server's socket is there as soon as the SYN has "
			  "come, and its SYN-ACK is retransmitted by the timer that data has, "
			  "which notes when it began. The first SYN-ACK is lost, the second "
			  "arrives, and that must be forgotten. Three seconds later the path dies "
			  "with a byte in flight: with tcp_retries2 = 3 it takes the full 6.5 s. "
			  "Where the note was kept, the second loss ended the connection at its "
			  "second expiry, in less than a second: with the default of 15, instead "
			  "of a quarter of an hour.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_SERVER,
		KA_SETTING(.idle = 20, .intvl = 1, .cnt = 9),
		.sysctls = { { KA_PEER, "net/ipv4/tcp_fastopen", CLIENT_OPENS },
			     { KA_PROBER, "net/ipv4/tcp_fastopen", SERVER_OPENS },
			     KA_RETRIES2("3") },
		KA_STEPS(DEFERRED(KA_PEER),
			 { .do_ = KA_DROP,
			   .way = KA_PROBES,
			   .flags_mask = TH_SYN,
			   .flags = TH_SYN,
			   .first = 1 },
			 DEFERRED_CONNECT, { FIRST_WRITE(KA_PEER) },
			 { .do_ = KA_COUNTER_IS,
			   .who = KA_PROBER,
			   .key = "TcpExt.TCPFastOpenPassive",
			   .value = 1 },
			 { .do_ = KA_HEAL }, { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 64 },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 3000 } },
			 KA_WRITE(1)),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
};

KA_THEME(fastopen, "A handshake that carries data");
