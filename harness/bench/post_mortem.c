/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the socket says when the connection has ended, in the order an application would ask. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* needs <time.h> before it */

#include "bench/peer_self.h"
#include "model/util.h"

void ka_self_info(struct ka_peer_self *self)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (self->conn < 0)
		return;
	if (getsockopt(self->conn, IPPROTO_TCP, TCP_INFO, &info, &len) < 0) {
		ka_self_gap(self, KA_PROOF_INFO, errno);
		return;
	}
	ka_self_event(self, (struct ka_event){
				    .t_ns = ka_self_now(self),
				    .what = KA_EV_TCP_INFO,
				    .info = { .state = info.tcpi_state,
					      .probes = info.tcpi_probes,
					      .retransmits = info.tcpi_retransmits,
					      .backoff = info.tcpi_backoff,
					      .rto_us = info.tcpi_rto,
					      .last_data_recv_ms = info.tcpi_last_data_recv,
					      .last_ack_recv_ms = info.tcpi_last_ack_recv },
			    });
}

bool ka_self_is_closing(struct ka_peer_self *self)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(self->conn, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return false;
	return info.tcpi_state == TCP_CLOSING || info.tcpi_state == TCP_LAST_ACK;
}

static void read_once(struct ka_peer_self *self)
{
	char buf[4096];

	for (unsigned reads = 0; reads < KA_READS_MAX; reads++) {
		ssize_t n = recv(self->conn, buf, sizeof(buf), MSG_DONTWAIT);

		ka_self_call(self, KA_CALL_READ, n, n < 0 ? errno : 0, true);
		if (n <= 0)
			return;
	}
	ka_self_sticky(self, "there is no end to what recv() gives after the end");
}

static void so_error(struct ka_peer_self *self)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(self->conn, SOL_SOCKET, SO_ERROR, &value, &len) < 0)
		ka_self_call(self, KA_CALL_SO_ERROR, -1, errno, true);
	else
		ka_self_call(self, KA_CALL_SO_ERROR, value, 0, true);
}

/* One byte. SIGPIPE is blocked in this process: if the call raised it, it is pending now. */
static void write_once(struct ka_peer_self *self)
{
	const struct timespec at_once = { 0 };
	struct ka_event event = { .what = KA_EV_CALL };
	sigset_t set;
	ssize_t n = send(self->conn, "x", 1, MSG_DONTWAIT);

	event.call = (struct ka_call){
		.name = KA_CALL_WRITE, .ret = n, .err = n < 0 ? errno : 0, .after_end = true
	};
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	event.call.sigpipe = sigtimedwait(&set, NULL, &at_once) == SIGPIPE;
	event.t_ns = ka_self_now(self);
	ka_self_event(self, event);
}

/* What IP_RECVERR has kept; nothing is kept without it. */
static void error_queue(struct ka_peer_self *self)
{
	char control[256] __attribute__((aligned(sizeof(size_t)))), data[256];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct sock_extended_err error = { 0 };
	struct cmsghdr *cmsg;

	if (recvmsg(self->conn, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
		ka_self_call(self, KA_CALL_ERROR_QUEUE, -1, errno, true);
		return;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_len >= CMSG_LEN(sizeof(error)))
		memcpy(&error, CMSG_DATA(cmsg), sizeof(error));
	ka_self_call(self, KA_CALL_ERROR_QUEUE, error.ee_errno, 0, true);
}

void ka_self_post_mortem(struct ka_peer_self *self)
{
	/* SO_ERROR is asked twice in a row: what has been said must be gone */
	static void (*const orders[][5])(struct ka_peer_self *) = {
		[KA_READ_FIRST] = { read_once, so_error, so_error, read_once, write_once },
		[KA_SO_ERROR_FIRST] = { so_error, so_error, read_once, so_error, write_once },
		[KA_WRITE_FIRST] = { write_once, write_once, read_once, so_error, so_error },
	};

	ka_self_info(self);
	for (size_t i = 0; i < KA_N(orders[0]); i++)
		orders[self->config->post_mortem][i](self);
	error_queue(self);
}
