/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an application learns of the end: who asks first, who waits where, what is left to read. */
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "model/vocabulary.h"

#define BLOCKED(in) KA_STEPS(KA_IDLE, { .do_ = KA_BLOCK, .who = KA_PROBER, .call = in }, KA_SILENCE)

static const struct ka_case cases[] = {
	{
		KA_CASE("so_error_first"),
		.why = "SO_ERROR takes the error with it: a read() afterwards looks like a clean "
		       "end",
		.source = "socket(7) SO_ERROR; sock_error(); tcp_recvmsg_locked(): sk_err, "
			  "RCV_SHUTDOWN",
		.lesson = "The error is kept once. An event loop that asks SO_ERROR, logs it and "
			  "lets the ordinary reader go on, hands that reader a 0: the end of the "
			  "file, as if the peer had said good-bye. Whoever asks first must tell "
			  "the others.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.post_mortem = KA_SO_ERROR_FIRST,
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("write_after_death"),
		.why = "the first write() gets ETIMEDOUT, the second EPIPE and SIGPIPE",
		.source = "tcp_sendmsg_locked(); sk_stream_error()",
		.lesson = "A writer that finds the connection dead gets the real reason once. If "
			  "it tries again, there is no reason left but a broken pipe, and with it "
			  "a SIGPIPE, which ends a process that neither ignores nor handles it "
			  "(MSG_NOSIGNAL suppresses it).",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.post_mortem = KA_WRITE_FIRST,
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("write_after_death_close_wait"),
		.why = "in CLOSE_WAIT, where read() hides it, write() tells the error",
		.source =
			"tcp_sendmsg_locked(); sk_stream_error(); tcp_recvmsg_locked(): SOCK_DONE",
		.lesson = "read() has seen FIN and returns 0 for ever. A writer is told the truth "
			  "all the same: ETIMEDOUT, then EPIPE.",
		.topology = KA_ROUTED,
		.one_setting = true,
		.probers = KA_ONLY_CLIENT,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_SHUTDOWN, .who = KA_PEER },
			 { .do_ = KA_DROP, .way = KA_BOTH_WAYS, .at = { .ms = 100 } }),
		.post_mortem = KA_WRITE_FIRST,
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("unread_data"),
		.why = "what was received before the end can still be read after it; then comes "
		       "the error",
		.source = "RFC 9293 3.9.1 (RECEIVE); tcp_recvmsg_locked(): the queue before "
			  "sk_err",
		.lesson = "The prober had not read the peer's last 64 bytes when the connection "
			  "timed out. They are acknowledged, so they are delivered: read() gives "
			  "them first, ETIMEDOUT second. ERR and HUP in epoll do not mean that "
			  "there is nothing left to read.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_CONNECTED, { .do_ = KA_STALL, .who = KA_PROBER }, KA_LAST_DATA,
			 KA_SILENCE),
		.expect = { KA_EXPIRES, .unread = 64 },
	},
	{
		KA_CASE("blocked_recv"),
		.why = "a thread that sits in recv() is woken at once, with the error",
		.source = "sk_wait_data(); sk_error_report(); tcp_recvmsg_locked()",
		.lesson = "The oldest way to wait for data. A sleeping recv() does not hold the "
			  "socket, so the keepalive timer works meanwhile; its end wakes the "
			  "sleeper, who takes the error. Nobody else will see it: an epoll loop "
			  "beside it, a moment later, finds HUP without ERR, and read() gives 0.",
		.topology = KA_ROUTED,
		.one_setting = true,
		BLOCKED(KA_IN_RECV),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("blocked_select"),
		.why = "select() calls a dead socket readable, and nothing else",
		.source = "select(2); tcp_poll(); fs/select.c: POLLIN_SET has ERR and HUP",
		.lesson = "ERR and HUP count as readable, and the exceptional set stays empty: it "
			  "is for urgent data, not for errors. Who waits for an error there waits "
			  "for ever.",
		.topology = KA_ROUTED,
		.one_setting = true,
		BLOCKED(KA_IN_SELECT),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("blocked_poll"),
		.why = "poll() reports ERR and HUP without being asked, besides IN and RDHUP",
		.source = "poll(2); tcp_poll()",
		.lesson = "The same bits as epoll's, because it is the same function of the "
			  "socket. IN is set although there is nothing to read but the error.",
		.topology = KA_ROUTED,
		.one_setting = true,
		BLOCKED(KA_IN_POLL),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("blocked_signal"),
		.why = "the owner of an O_ASYNC socket gets its signal, which says ERR",
		.source = "fcntl(2): F_SETOWN, F_SETSIG; sock_def_error_report(), send_sigio()",
		.lesson =
			"A program that works by signals asks for one (O_ASYNC), says to whom "
			"(F_SETOWN) and which (F_SETSIG). The end of a connection is an event like "
			"any other: the signal comes at once, si_fd says of which socket, and "
			"si_band what is new there: ERR.",
		.topology = KA_ROUTED,
		.one_setting = true,
		BLOCKED(KA_IN_SIGNAL),
		.expect = { KA_EXPIRES },
	},
	{
		KA_CASE("edge_triggered"),
		.why = "the first edge tells all: ERR together with HUP",
		.source = "commit 853c3bd7b791 \"tcp: fix race in tcp_write_err()\" (6.11): "
			  "tcp_done_with_error()",
		.lesson = "An edge-triggered reader hears of each change once. Since Linux 6.11 "
			  "the socket is closed before the error is reported, so the first report "
			  "has every bit. Before, the error was reported first, and a quick reader "
			  "on another CPU could see ERR without HUP, from a connection that still "
			  "looked established.",
		.topology = KA_ROUTED,
		.one_setting = true,
		KA_STEPS(KA_IDLE, KA_SILENCE),
		.expect = { KA_EXPIRES,
			    .edge = { .mask = KA_EPOLL_ALL, .since = "6.11", .before = EPOLLERR } },
	},
	{
		KA_CASE("soft_error_again"),
		.why = "an ICMP error that was kept as a soft error is given twice: by read() and "
		       "once more by SO_ERROR",
		.source = "tcp_v4_err(): sk_err_soft; tcp_write_err(); sk_getsockopt(): SO_ERROR",
		.lesson = "The router rejects the prober's acknowledgement of the peer's last data "
			  "with \"host unreachable\". That is about a segment in the window, so "
			  "it is remembered, but ends nothing (RFC 9293 MUST-56). When keepalive "
			  "gives up, the remembered error is the one that is reported: "
			  "EHOSTUNREACH, where silence alone gives ETIMEDOUT. It is kept in two "
			  "places: read() takes one, SO_ERROR then finds the other.",
		.topology = KA_ROUTED,
		.families = KA_V4,
		KA_SETTING(.idle = 1, .intvl = 1, .cnt = 3),
		KA_STEPS(KA_CONNECTED,
			 { .do_ = KA_REJECT, .way = KA_PROBES, .value = ICMP_HOST_UNREACH },
			 { .do_ = KA_SEND,
			   .who = KA_PEER,
			   .bytes = 64,
			   .unacked = true,
			   .random_phase = true },
			 { .do_ = KA_DROP, .way = KA_ANSWERS, .at = { .ms = 100 } }),
		.expect = { .when = KA_KEEPALIVE_EXPIRY,
			    .error = EHOSTUNREACH,
			    .probes = KA_CNT,
			    .rst_sent = 1,
			    .soft_again = true,
			    .counters = { { "TcpExt.OutOfWindowIcmps", KA_CNT } } },
	},
};

KA_THEME(error_surface, "How the application learns of the end");
