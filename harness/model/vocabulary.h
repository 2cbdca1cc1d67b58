/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many cases say in the same words: steps and expectations that stand in more than one theme.
 * Only declarations of cases include this. A word that one theme alone uses is defined there.
 */
#ifndef KA_VOCABULARY_H
#define KA_VOCABULARY_H

#include "model/case.h"

/* One word a line, as it reads in a case. */
/* clang-format off */

/* ---- whole steps, for KA_STEPS() ---------------------------------------------------------- */

/* The handshake; both ends are established. */
#define KA_CONNECTED { .do_ = KA_CONNECT }
/* The last data from the peer: the idle time counts from here, with a timer of any phase. */
#define KA_LAST_DATA { .do_ = KA_SEND, .who = KA_PEER, .bytes = 64, .random_phase = true }
/* A connection that is idle since it received data. */
#define KA_IDLE KA_CONNECTED, KA_LAST_DATA
/* The same, but the prober sent last: the ACK that it then receives passes the gateway on its way, so
 * that the gateway's clock never starts after the prober's. */
#define KA_LAST_WRITE { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 64, .random_phase = true }
#define KA_IDLE_AFTER_WRITE KA_CONNECTED, KA_LAST_WRITE
/* From now on the path drops everything, both ways. */
#define KA_SILENCE { .do_ = KA_DROP, .way = KA_BOTH_WAYS }
/* The prober writes and does not wait for the acknowledgement. */
#define KA_WRITE(n) { .do_ = KA_SEND, .who = KA_PROBER, .bytes = (n), .unacked = true }
/* The peer does not read, and its window is closed; all that was sent is acknowledged. */
#define KA_WINDOW_CLOSED \
	KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PEER }, \
	{ .do_ = KA_FILL, .who = KA_PROBER, .random_phase = true }

/* ---- parts of a step, for { } ------------------------------------------------------------- */

/* When probe number @n was seen on the wire. */
#define KA_AT_PROBE(n) .since = KA_SINCE_PROBE, .nth = (n)
/* A TCP option of the prober's socket: .value or .amount is set, or must be read. */
#define KA_SET(name) .do_ = KA_SETSOCKOPT, .who = KA_PROBER, .level = IPPROTO_TCP, .option = (name)
#define KA_GET(name) .do_ = KA_GETSOCKOPT, .who = KA_PROBER, .level = IPPROTO_TCP, .option = (name)
/* SO_KEEPALIVE of the prober's socket. */
#define KA_SWITCH(on) \
	.do_ = KA_SETSOCKOPT, .who = KA_PROBER, .level = SOL_SOCKET, .option = SO_KEEPALIVE, \
	.value = (on)
/* It must read so. */
#define KA_SWITCH_READS(on) \
	.do_ = KA_GETSOCKOPT, .who = KA_PROBER, .level = SOL_SOCKET, .option = SO_KEEPALIVE, \
	.value = (on)
/* sock_diag must show this timer (enum nn_timer) for the prober's socket, with .value probes out. */
#define KA_NO_TIMER         .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 0
#define KA_RETRANSMIT_TIMER .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 1
#define KA_KEEPALIVE_TIMER  .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 2
#define KA_PERSIST_TIMER    .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 4

/* ---- expectations, for .expect = { } ------------------------------------------------------ */

/* Keepalive gives up after @n unanswered probes: a RST, and ETIMEDOUT. */
#define KA_EXPIRES_AFTER(n) \
	.when = KA_KEEPALIVE_EXPIRY, .error = ETIMEDOUT, .probes = (n), .rst_sent = 1
#define KA_EXPIRES KA_EXPIRES_AFTER(KA_CNT)
/* The same, although ICMP errors come back for the probes. */
#define KA_EXPIRES_DESPITE_ICMP KA_EXPIRES, .counters = { { "TcpExt.OutOfWindowIcmps", KA_CNT } }
/* Keepalive gives up with @code, of an ICMP error that was believed; those for its probes are not. */
#define KA_EXPIRES_WITH_ICMP(code) \
	.when = KA_KEEPALIVE_EXPIRY, .error = (code), .probes = KA_CNT, .rst_sent = 1, \
	.counters = { { "TcpExt.OutOfWindowIcmps", KA_CNT }, { "TcpExt.LockDroppedIcmps", KA_ANY } }
/* Keepalive gives up with @code; neither its probes nor its RST reach the device. */
#define KA_ENDS_UNSEEN(code) \
	.when = KA_KEEPALIVE_EXPIRY, .error = (code), .probes = KA_CNT, .unseen = true, \
	.counters = { { "TcpExt.TCPAbortFailed", 1 } }
/* As KA_EXPIRES, but TCP_USER_TIMEOUT decides when; how many probes go out before, the judge counts. */
#define KA_USER_TIMES_OUT \
	.when = KA_USER_TIMEOUT, .error = ETIMEDOUT, .probes = KA_SOME, .rst_sent = 1
/* Data, or a FIN, is retransmitted until tcp_retries2 gives up. */
#define KA_RETRANSMITS_IN_VAIN \
	.when = KA_RETRANSMIT_LIMIT, .error = ETIMEDOUT, \
	.counters = { { "TcpExt.TCPTimeouts", KA_SOME } }
/* The first probe is answered with a RST. */
#define KA_RESET_AT_FIRST_PROBE \
	.when = KA_FIRST_PROBE, .error = ECONNRESET, .probes = 1, .rst_received = 1
/* Probes are answered, and the connection lives. */
#define KA_LIVES_ON .when = KA_NEVER, .arming = KA_PROBED, .answered = KA_SOME

/* ---- settings, sysctls, masks ------------------------------------------------------------- */

/* The case has one setting of its own: KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3). */
#define KA_SETTING(...) \
	.settings = (const struct ka_setting[]){ { __VA_ARGS__ }, { .cnt = 0 } }

/* For .sysctls = { }: how often the prober retransmits; a small receive buffer of the peer, which
 * little data fills. */
#define KA_RETRIES2(n) { KA_PROBER, "net/ipv4/tcp_retries2", n }
#define KA_SMALL_BUFFER { KA_PEER, "net/ipv4/tcp_rmem", "4096 8192 16384" }
/* How often the prober sends a SYN again, with no linear timeouts before. */
#define KA_SYN_RETRIES(n) \
	.sysctls = { { KA_PROBER, "net/ipv4/tcp_syn_retries", n } }, \
	.sysctl_if_there = { KA_PROBER, "net/ipv4/tcp_syn_linear_timeouts", "0" }
#define KA_KEEPALIVE_SYSCTL(name) "net/ipv4/tcp_keepalive_" name

/* What epoll says of a socket that has ended with an error. */
#define KA_EPOLL_ALL \
	(EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM | EPOLLRDHUP | EPOLLERR | EPOLLHUP)

/* clang-format on */

#endif
