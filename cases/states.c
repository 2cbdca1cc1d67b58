/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keepalive in the other states of a connection (RFC 9293 3.3.2): it goes on in CLOSE_WAIT and
 * FIN_WAIT2, keeps quiet while an own FIN is unacknowledged, and has no part in SYN_SENT. Once the EOF
 * is read, the level-triggered epoll set is no longer asked for IN and RDHUP.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "model/vocabulary.h"

static const struct ka_case cases[] = {
	{
		KA_CASE("close_wait_dies"),
		.why = "in CLOSE_WAIT keepalive goes on, but read() never gives its error",
		.source = "tcp_keepalive_timer(); tcp_recvmsg_locked(): SOCK_DONE before sk_err",
		.lesson = "The peer has shut down its direction: the prober has read EOF, and may "
			  "still write. Then the path dies. Probes go on and the end comes as "
			  "always; but read() has seen FIN and goes on to return 0, and only "
			  "SO_ERROR, write() or the bits ERR|HUP of epoll tell that the rest of "
			  "the connection is lost.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 100 } }),
		.expect = { KA_EXPIRES, .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL },
	},
	{
		KA_CASE("close_wait_lives"),
		.why = "a half-closed connection with a live peer is probed and stays",
		.source = "RFC 9293 3.6; tcp_rcv_state_process(): FIN_WAIT2 answers",
		.lesson = "The peer in FIN_WAIT2 answers probes like an established one. A "
			  "half-closed connection lives as long as both ends want it.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_SHUTDOWN, .who = KA_PEER, .random_phase = true },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("close_wait_reset"),
		.why = "a RST in CLOSE_WAIT is EPIPE, not ECONNRESET, and read() goes on to say 0",
		.source = "tcp_reset(): case TCP_CLOSE_WAIT",
		.lesson = "The peer has sent FIN and its host then lost the connection. The first "
			  "probe meets a RST. Since the peer had finished anyway, Linux does not "
			  "call that a reset: nobody reads any more, so what remains is a broken "
			  "pipe. read() returns 0 as before, SO_ERROR says EPIPE once.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_FORGET, .who = KA_PEER, .at = { .ms = 100 } }),
		.expect = { .when = KA_FIRST_PROBE,
			    .error = EPIPE,
			    .probes = 1,
			    .rst_received = 1,
			    .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL },
	},
	{
		KA_CASE("close_wait_reset_of_fin"),
		.why = "a RST at the number of the FIN ends a connection in CLOSE_WAIT",
		.source = "RFC 5961 3.2; tcp_reset_check(); commit 0e40f4c9593b \"tcp: accept RST "
			  "for rcv_nxt - 1 after receiving a FIN\"",
		.lesson =
			"The peer has finished, and its host then lost the connection. Some hosts "
			"send the RST with the FIN's own sequence number, one less than what is "
			"expected. Taken strictly it is outside the window; Linux once answered "
			"each such RST with a challenge ACK, and the dead connection stayed. "
			"Since 4.11 it is accepted where a FIN was received.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_FORGET, .who = KA_PEER, .at = { .ms = 100 } },
			 { .do_ = KA_FORGE_RESET, .who = KA_PEER, .value = 1 }),
		.expect = { .when = KA_AT_ONCE,
			    .error = EPIPE,
			    .rst_received = 1,
			    .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL },
	},
	{
		KA_CASE("close_wait_peer_closed"),
		.why = "a peer that has closed answers probes for tcp_fin_timeout, then with a RST",
		.source =
			"tcp_close(): tcp_time_wait(TCP_FIN_WAIT2); tcp_timewait_state_process(): "
			"TCP_TW_ACK; tcp_reset(): case TCP_CLOSE_WAIT",
		.lesson = "The peer closes its socket for good, and the prober keeps its half "
			  "open. No process holds the peer's end any more, but its kernel keeps a "
			  "small stand-in in FIN_WAIT2, for tcp_fin_timeout (3 s here, 60 s by "
			  "default), which answers a probe like a socket. After that the kernel "
			  "knows no such connection, and the next probe meets a RST: EPIPE. A "
			  "half-closed connection that nobody reads is so told apart from one that "
			  "is still read, by keepalive alone.",
		.topology = KA_ROUTED,
		KA_SETTING(.idle = 2, .intvl = 1, .cnt = 3),
		.sysctls = { { KA_PEER, "net/ipv4/tcp_fin_timeout", "3" } },
		KA_STEPS(KA_IDLE, { .do_ = KA_CLOSE, .who = KA_PEER },
			 { KA_KEEPALIVE_TIMER, .at = { .ms = 2900 }, .value = 0 }),
		.expect = { .when = KA_FIRST_PROBE,
			    .arming = KA_PROBED,
			    .error = EPIPE,
			    .probes = 1,
			    .answered = 1,
			    .rst_received = 1,
			    .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL },
	},
	{
		KA_CASE("fin_wait2_dies"),
		.why = "in FIN_WAIT2 keepalive works; a probe then carries the FIN's sequence "
		       "number",
		.source = "tcp_keepalive_timer(): not an orphan; tcp_xmit_probe_skb()",
		.lesson = "The prober has shut down its direction and the peer has acknowledged "
			  "the FIN; the prober still reads. SND.UNA - 1, the probe's sequence "
			  "number, is now the FIN's own. The end is that of an established "
			  "connection.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PROBER },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 100 } }),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("fin_wait2_lives"),
		.why = "a prober that only reads is not ended by its own half-close",
		.source = "tcp_keepalive_timer(): FIN_WAIT2 with SOCK_DEAD only",
		.lesson = "FIN_WAIT2 has a time limit (tcp_fin_timeout) only for a socket that "
			  "nobody holds any more. This one is still open for reading: it is probed "
			  "and answered without end.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { { KA_PROBER, "net/ipv4/tcp_fin_timeout", "1" } },
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_SHUTDOWN, .who = KA_PROBER, .random_phase = true },
			 { KA_KEEPALIVE_TIMER, .at = { .nominal = 1, .idle = 1.5 }, .value = 0 }),
		.expect = { KA_LIVES_ON },
	},
	{
		KA_CASE("fin_wait1"),
		.why = "a FIN on its way is data in flight: no probe, tcp_retries2 decides",
		.source = "tcp_keepalive_timer(): packets_out; tcp_write_timeout()",
		.lesson = "The path dies, then the prober shuts down. Its FIN occupies a sequence "
			  "number, is retransmitted like a byte of data, and silences keepalive "
			  "like one.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, KA_SILENCE, { .do_ = KA_SHUTDOWN, .who = KA_PROBER }),
		.expect = { KA_RETRANSMITS_IN_VAIN },
	},
	{
		KA_CASE("closing"),
		.why = "in CLOSING epoll has said HUP long before the end; ERR is what is new",
		.source = "RFC 9293 3.6; tcp_poll(): SHUTDOWN_MASK; tcp_write_timeout()",
		.lesson = "Both ends shut down at the same time, and the prober's FIN is lost. "
			  "The peer's arrives: both directions are finished, epoll says HUP, "
			  "read() 0. Still the FIN is retransmitted; when the limit is reached "
			  "the socket gets ETIMEDOUT, which only SO_ERROR or write() will tell. "
			  "(What the peer sends is lost as well from then on, so that its own "
			  "retransmitted FIN does not meet a closed socket.)",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, { .do_ = KA_DROP, .way = KA_PROBES },
			 { .do_ = KA_SHUTDOWN, .who = KA_PROBER },
			 { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_DROP, .way = KA_ANSWERS, .at = { .ms = 100 } }),
		.expect = { .when = KA_RETRANSMIT_LIMIT,
			    .error = ETIMEDOUT,
			    .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL,
			    .counters = { { "TcpExt.TCPTimeouts", KA_SOME } } },
	},
	{
		KA_CASE("last_ack"),
		.why = "in LAST_ACK, too, only retransmission decides",
		.source = "RFC 9293 3.6; tcp_poll(): SHUTDOWN_MASK; tcp_write_timeout()",
		.lesson = "The peer has finished, then the path dies, then the prober shuts down "
			  "as well. HUP comes with its own shutdown(), the error when the "
			  "retransmissions of its FIN are used up.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.sysctls = { KA_RETRIES2("3") },
		KA_STEPS(KA_IDLE, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 100 } },
			 { .do_ = KA_SHUTDOWN, .who = KA_PROBER }),
		.expect = { .when = KA_RETRANSMIT_LIMIT,
			    .error = ETIMEDOUT,
			    .events = EPOLLERR | EPOLLHUP,
			    .events_full = KA_EPOLL_ALL,
			    .counters = { { "TcpExt.TCPTimeouts", KA_SOME } } },
	},
	{
		KA_CASE("syn_sent"),
		.why = "no probe before the connection stands; then the timer is armed afresh",
		.source = "tcp_keepalive_timer(): TCP_SYN_SENT; tcp_finish_connect()",
		.lesson = "SO_KEEPALIVE was set before connect(), and the first two SYNs are "
			  "lost: it takes 3 s until the connection stands, longer than idle. The "
			  "keepalive timer goes off meanwhile and is dropped without a probe: "
			  "there is nothing to keep alive. The SYN-ACK arms it anew, and from "
			  "there on all goes as usual.",
		.topology = KA_ROUTED,
		.probers = KA_ONLY_CLIENT,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS({ .do_ = KA_DROP,
			   .way = KA_PROBES,
			   .flags_mask = TH_SYN,
			   .flags = TH_SYN,
			   .first = 2 },
			 KA_CONNECTED, KA_SILENCE),
		.expect = { KA_EXPIRES, .arming = KA_FRESH },
	},
};

KA_THEME(states, "Keepalive in every state");
