/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls that a peer makes on its socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "model/util.h"

static socklen_t sockaddr_of(const struct nn_addr *addr, uint16_t port,
			     struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (addr->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, addr->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, addr->bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int ka_self_add(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? errno : 0;
}

void ka_peer_options(const struct ka_setting *setting,
		     struct ka_peer_option options[KA_PEER_OPTIONS])
{
	const struct ka_peer_option all[KA_PEER_OPTIONS] = {
		{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, (int)setting->idle },
		{ "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, (int)setting->intvl },
		{ "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, (int)setting->cnt },
		{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT,
		  (int)setting->user_timeout_ms },
		{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1 },
	};

	memcpy(options, all, sizeof(all));
}

static void check(struct ka_peer_self *self, const struct ka_peer_option *o, int got, int err)
{
	struct ka_event event = { .t_ns = ka_self_now(self), .what = KA_EV_CHECK };

	event.check.step = -1;
	event.check.ok = !err && got == o->value;
	if (err)
		snprintf(event.check.text, sizeof(event.check.text), "option %s: %s", o->name,
			 strerror(err));
	else
		snprintf(event.check.text, sizeof(event.check.text),
			 "option %s reads %d, must be %d", o->name, got, o->value);
	if (!event.check.ok)
		ka_self_event(self, event);
}

static void set_and_check(struct ka_peer_self *self, int fd, const struct ka_peer_option *o,
			  bool set)
{
	socklen_t len = sizeof(int);
	int got = -1, err = 0;

	/* before the call, not after: what then takes its time is noise, and never makes an end seem
	 * too early */
	self->set_ns = ka_self_now(self);
	if (set && setsockopt(fd, o->level, o->option, &o->value, sizeof(o->value)) < 0)
		err = errno;
	if (!err && getsockopt(fd, o->level, o->option, &got, &len) < 0)
		err = errno;
	check(self, o, got, err);
}

int ka_self_keepalive(struct ka_peer_self *self, int fd, bool set)
{
	const struct ka_setting *s = &self->config->setting;
	struct ka_peer_option options[KA_PEER_OPTIONS];
	bool from_sysctl = self->config->from == KA_FROM_SYSCTL;
	size_t n = KA_PEER_OPTIONS - (self->config->from == KA_FROM_VALUES);

	ka_peer_options(s, options);
	for (size_t i = 0; i < n; i++) {
		/* mptcp_setsockopt_sol_tcp() does not know it */
		if (options[i].option == TCP_USER_TIMEOUT && self->config->mptcp &&
		    !s->user_timeout_ms)
			continue;
		set_and_check(self, fd, &options[i], set && (!from_sysctl || i >= 3));
	}
	return 0;
}

/* Sockets that are to be armed by the handshake itself carry the options before it. */
static bool armed_before(const struct ka_peer_self *self)
{
	const struct ka_peer_config *config = self->config;

	return config->prober && (config->from == KA_FROM_OPTION ||
				  config->from == KA_FROM_SYSCTL || config->from == KA_FROM_VALUES);
}

int ka_self_socket(struct ka_peer_self *self, int *fd)
{
	bool mptcp = self->config->mptcp;

	*fd = socket(self->config->local.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		     mptcp ? IPPROTO_MPTCP : 0);
	/* mptcp_init_sock(): switched off by net.mptcp.enabled; before 5.6 the number alone is too large */
	if (*fd < 0 && mptcp && (errno == ENOPROTOOPT || errno == EINVAL))
		return EPROTONOSUPPORT;
	if (*fd < 0)
		return errno;
	if (armed_before(self))
		ka_self_keepalive(self, *fd, true);
	return 0;
}

int ka_self_listen(struct ka_peer_self *self)
{
	struct sockaddr_storage addr;
	socklen_t len = sockaddr_of(&self->config->local, self->config->port, &addr);
	int ret, on = self->config->program != NULL;

	if (self->listener >= 0) /* it does since the first connection */
		return 0;
	ret = ka_self_socket(self, &self->listener);
	if (ret)
		return ret;
	/* one that comes back may find connections that its old process has left to the kernel */
	if (setsockopt(self->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(self->listener, (struct sockaddr *)&addr, len) < 0 ||
	    listen(self->listener, SOMAXCONN) < 0)
		return errno;
	return ka_self_add(self->outer, self->listener, EPOLLIN);
}

int ka_self_begin(struct ka_peer_self *self, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sockaddr_of(&self->config->remote, self->config->port, &addr);

	if (connect(fd, (struct sockaddr *)&addr, len) < 0 && errno != EINPROGRESS)
		return errno;
	return 0;
}

int ka_self_connect(struct ka_peer_self *self, bool in_vain)
{
	int ret = self->conn < 0 ? ka_self_socket(self, &self->conn) : 0;

	if (!ret)
		ret = ka_self_begin(self, self->conn);
	if (ret)
		return ret;
	if (in_vain)
		return ka_self_watch(self);
	self->connecting = true;
	return ka_self_add(self->outer, self->conn, EPOLLOUT);
}

int ka_self_watch(struct ka_peer_self *self)
{
	int ret = ka_self_add(self->sets[KA_EPOLL_LEVEL], self->conn, self->config->asks);

	if (ret)
		return ret;
	return ka_self_add(self->sets[KA_EPOLL_FULL], self->conn,
			   EPOLLET | EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDNORM | EPOLLRDBAND |
				   EPOLLWRNORM | EPOLLWRBAND | EPOLLRDHUP);
}

/* A level-triggered set would wake this process for ever when nobody reads: it asks only for what
 * will be dealt with. A program may well close while its counterpart does not read. */
void ka_self_interest(struct ka_peer_self *self)
{
	uint32_t unread = EPOLLIN | (self->config->program ? (uint32_t)EPOLLRDHUP : 0);
	struct epoll_event event = { .data.fd = self->conn };

	if (!self->saw_eof)
		event.events = self->config->asks & ~(self->stalled ? unread : 0);
	if (self->hung)
		event.events |= EPOLLET;
	epoll_ctl(self->sets[KA_EPOLL_LEVEL], self->ended ? EPOLL_CTL_DEL : EPOLL_CTL_MOD,
		  self->conn, &event);
}

/* So that nothing can be lost, doubled or moved without being seen: no two parts of it are alike. */
static char byte_of(uint64_t number)
{
	return (char)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

int ka_self_send(struct ka_peer_self *self, unsigned bytes)
{
	char part[16384];

	while (bytes) {
		size_t size = bytes < sizeof(part) ? bytes : sizeof(part);
		ssize_t n;

		for (size_t i = 0; i < size; i++)
			part[i] = byte_of(self->sent + i);
		n = send(self->conn, part, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 || !self->config->streams)
			ka_self_call(self, KA_CALL_WRITE, n, n < 0 ? errno : 0, false);
		if (n <= 0)
			return n < 0 ? errno : EIO;
		self->sent += (uint64_t)n;
		bytes -= (unsigned)n;
	}
	return 0;
}

/* The old socket stays open: what its kernel would send at a close() belongs to no experiment. */
void ka_self_begin_anew(struct ka_peer_self *self)
{
	for (int i = 0; i < 2 && self->conn >= 0; i++)
		epoll_ctl(self->sets[i], EPOLL_CTL_DEL, self->conn, NULL);
	self->ended = self->saw_eof = self->hung = self->stalled = false;
}

int ka_self_disconnect(struct ka_peer_self *self)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	ka_self_begin_anew(self);
	return connect(self->conn, &nobody, sizeof(nobody)) < 0 ? errno : 0;
}

void ka_self_compare(struct ka_peer_self *self, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		self->garbled |= bytes[i] != byte_of(self->got + i);
	self->got += n;
}

int ka_self_close(struct ka_peer_self *self, bool reset)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	int ret, err;

	if (reset)
		setsockopt(self->conn, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	ret = close(self->conn);
	err = ret < 0 ? errno : 0;
	ka_self_call(self, KA_CALL_CLOSE, ret, err, false);
	self->conn = -1;
	return err;
}

int ka_self_forget(struct ka_peer_self *self)
{
	int *fds[] = { &self->conn, &self->listener };
	int on = 1;

	for (size_t i = 0; i < 2; i++) {
		if (*fds[i] < 0)
			continue;
		if (fds[i] == &self->conn &&
		    setsockopt(*fds[i], IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) < 0)
			return errno;
		close(*fds[i]);
		*fds[i] = -1;
	}
	return 0;
}
