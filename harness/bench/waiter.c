/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread of the application that sits in a blocking call when the connection ends. Here it is a
 * child of the peer with the same socket, so that the peer itself never blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "bench/waited.h"
#include "model/util.h"
#include "netns/sandbox.h"

/* The end wakes the child at once; one that sleeps on has missed it. */
#define WAKE_DEADLINE_MS 1000

static int64_t in_recv(int fd)
{
	char buf[64];

	return recv(fd, buf, sizeof(buf), 0);
}

/* 1: readable, 2: an exceptional condition (which is urgent data and nothing else). */
static int64_t in_select(int fd)
{
	fd_set readable, exceptional;

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	exceptional = readable;
	if (select(fd + 1, &readable, NULL, &exceptional, NULL) < 0)
		return -1;
	return (FD_ISSET(fd, &readable) ? 1 : 0) | (FD_ISSET(fd, &exceptional) ? 2 : 0);
}

static int64_t in_poll(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&pfd, 1, -1) < 0 ? -1 : pfd.revents;
}

/* The socket's owner is this child alone; it is told what has happened by si_band. */
static int64_t in_signal(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	siginfo_t info = { .si_band = 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	if (flags < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    fcntl(fd, F_SETOWN, getpid()) < 0 || fcntl(fd, F_SETSIG, SIGRTMIN) < 0 ||
	    fcntl(fd, F_SETFL, flags | O_ASYNC) < 0 || sigwaitinfo(&set, &info) < 0)
		return -1;
	return info.si_band;
}

static void block(struct ka_peer_self *self, enum ka_call_name name)
{
	struct ka_event event = { .what = KA_EV_CALL, .call = { .name = name } };
	int waited_fd = ka_waited_open();
	int64_t waited_ns;

	event.call.since_ns = ka_now_ns();
	waited_ns = ka_waited_ns(waited_fd);
	if (name == KA_CALL_BLOCKED_RECV)
		event.call.ret = in_recv(self->conn);
	else if (name == KA_CALL_BLOCKED_SELECT)
		event.call.ret = in_select(self->conn);
	else if (name == KA_CALL_BLOCKED_SIGNAL)
		event.call.ret = in_signal(self->conn);
	else
		event.call.ret = in_poll(self->conn);
	event.call.err = event.call.ret < 0 ? errno : 0;
	event.t_ns = ka_now_ns();
	event.late_ns = ka_waited_since(waited_fd, waited_ns);
	ka_self_event(self, event);
}

int ka_self_block(struct ka_peer_self *self, enum ka_call_name name)
{
	int flags = fcntl(self->conn, F_GETFL);

	/* what has arrived already must not end the call */
	ka_app_read(self);
	if (flags < 0 || fcntl(self->conn, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return errno;
	self->waiter = nn_sandbox_fork(&self->waiter_fd);
	if (self->waiter < 0)
		return errno;
	if (self->waiter)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	block(self, name);
	_exit(EXIT_SUCCESS);
}

void ka_self_join(struct ka_peer_self *self)
{
	struct pollfd pfd = { .fd = self->waiter_fd, .events = POLLIN };
	siginfo_t info;

	if (self->waiter <= 0)
		return;
	if (poll(&pfd, 1, WAKE_DEADLINE_MS) < 1)
		kill(self->waiter, SIGKILL);
	waitid(P_PID, (id_t)self->waiter, &info, WEXITED);
	self->now_ns = 0;
	close(self->waiter_fd);
	self->waiter = -1;
}
