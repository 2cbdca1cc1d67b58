/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a peer: it waits in one epoll for commands and for its socket, does what it is
 * told, and tells all that it sees. It never waits in any other way.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "bench/waited.h"
#include "model/util.h"

/* What wakes this process so often, one time after the other, for nothing will do so for ever. */
#define STICKY 256

static void established(struct ka_peer_self *self)
{
	const struct ka_peer_config *config = self->config;
	int err = ka_self_watch(self);

	if (!err)
		err = config->program ? ka_talk_begin(self) : ka_app_begin(self);
	/* what came by itself, from the listener or a BPF program, is read back where it must have
	 * arrived */
	if (config->prober && (config->from == KA_FROM_BPF ||
			       (config->at == KA_AT_SERVER &&
				(config->from == KA_FROM_OPTION || config->from == KA_FROM_SYSCTL ||
				 config->from == KA_FROM_VALUES))))
		ka_self_keepalive(self, self->conn, false);
	ka_self_say(self, KA_MSG_CONNECTED, err, 0, "epoll registration");
}

static void on_accept(struct ka_peer_self *self)
{
	int fd;

	if (self->load.wanted) {
		ka_load_accept(self);
		return;
	}
	fd = accept4(self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0 && errno == EAGAIN)
		return;
	ka_self_call(self, KA_CALL_ACCEPT, fd < 0 ? -1 : 0, fd < 0 ? errno : 0, false);
	if (fd < 0)
		return;
	ka_self_progress(self);
	/* a client of many connections: the first is the observed one */
	if (self->config->program && self->conn >= 0)
		return;
	if (self->conn >= 0)
		ka_self_begin_anew(self);
	self->conn = fd;
	established(self);
}

static void on_connected(struct ka_peer_self *self)
{
	int error = 0;
	socklen_t len = sizeof(error);

	ka_self_progress(self);
	epoll_ctl(self->outer, EPOLL_CTL_DEL, self->conn, NULL);
	self->connecting = false;
	getsockopt(self->conn, SOL_SOCKET, SO_ERROR, &error, &len);
	ka_self_call(self, KA_CALL_CONNECT, error ? -1 : 0, error, false);
	if (error)
		ka_self_say(self, KA_MSG_CONNECTED, error, 1, "connect");
	else
		established(self);
}

/* The connection is over: looks at the socket once, then leaves it alone. */
static void end(struct ka_peer_self *self)
{
	ka_self_progress(self);
	ka_self_release(self);
	ka_self_join(self);
	ka_app_stop(self);
	ka_self_post_mortem(self);
	self->ended = true;
	ka_self_interest(self);
	epoll_ctl(self->sets[KA_EPOLL_FULL], EPOLL_CTL_DEL, self->conn, NULL);
	ka_self_say(self, KA_MSG_ENDED, 0, 0, "");
}

/* What @set has to say of the socket; 0: nothing. */
static uint32_t poll_set(struct ka_peer_self *self, enum ka_epoll_set set, int64_t woken_ns)
{
	struct epoll_event event;
	int n = epoll_wait(self->sets[set], &event, 1, 0);

	if (n < 0) {
		ka_self_gap(self, KA_PROOF_EVENTS, errno);
		ka_self_leave(self, EXIT_FAILURE);
	}
	if (n < 1)
		return 0;
	self->reported = event.events;
	ka_self_event(self, (struct ka_event){ .t_ns = woken_ns,
					       .what = KA_EV_EPOLL,
					       .epoll = { .set = set, .mask = event.events } });
	return event.events;
}

/* HUP alone may only say that both ends have closed: then the level-triggered set, which would
 * report it for ever, becomes edge-triggered. */
static bool is_end(struct ka_peer_self *self, uint32_t mask)
{
	if (mask & EPOLLERR)
		return true;
	if (!(mask & EPOLLHUP))
		return false;
	if (!ka_self_is_closing(self))
		return true;
	if (!self->hung) {
		ka_self_progress(self);
		self->hung = true;
		ka_self_interest(self);
	}
	return false;
}

/* Both sets are asked before any call on the socket, which could consume the error. */
static void on_socket(struct ka_peer_self *self, int64_t woken_ns)
{
	uint32_t level = poll_set(self, KA_EPOLL_LEVEL, woken_ns);
	uint32_t full = poll_set(self, KA_EPOLL_FULL, woken_ns);

	if (!level && full) /* an edge: it is said once */
		ka_self_progress(self);
	if (self->ended || self->conn < 0)
		return;
	if (is_end(self, level | full)) {
		end(self);
		return;
	}
	if (!(level & (EPOLLIN | EPOLLRDHUP)) || self->stalled)
		return;
	if (self->config->program ? ka_talk_read(self) : ka_app_read(self)) {
		/* a FIN on the heels of data was read before either set had told of it */
		if (!(level & EPOLLRDHUP))
			poll_set(self, KA_EPOLL_LEVEL, ka_self_now(self));
		if (!(full & EPOLLRDHUP))
			poll_set(self, KA_EPOLL_FULL, ka_self_now(self));
		self->saw_eof = true;
		ka_app_stop(self);
		ka_self_interest(self);
		ka_self_info(self);
		ka_self_say(self, KA_MSG_ENDED, 0, 1, "");
	}
}

static int set_option(struct ka_peer_self *self, const struct ka_peer_command *command)
{
	int ret = self->conn < 0 ? ka_self_socket(self, &self->conn) : 0, err;

	if (ret)
		return ret;
	ret = setsockopt(self->conn, command->level, command->option, &command->value,
			 sizeof(command->value));
	err = ret < 0 ? errno : 0;
	ka_self_call(self, KA_CALL_SETSOCKOPT, ret, err, false);
	return err;
}

static int get_option(struct ka_peer_self *self, const struct ka_peer_command *command, int *value)
{
	socklen_t len = sizeof(*value);
	int ret = self->conn < 0 ? ka_self_socket(self, &self->conn) : 0, err;

	if (ret)
		return ret;
	ret = getsockopt(self->conn, command->level, command->option, value, &len);
	err = ret < 0 ? errno : 0;
	ka_self_call(self, KA_CALL_GETSOCKOPT, ret < 0 ? -1 : *value, err, false);
	return err;
}

static int end_output(struct ka_peer_self *self)
{
	int ret = shutdown(self->conn, SHUT_WR);
	int err = ret < 0 ? errno : 0;

	ka_self_call(self, KA_CALL_SHUTDOWN, ret, err, false);
	ka_self_info(self);
	return err;
}

static int send_some(struct ka_peer_self *self, const struct ka_peer_command *command)
{
	int err = ka_self_send(self, command->bytes);

	if (!err && command->value)
		ka_self_info(self);
	return err;
}

static int set_stalled(struct ka_peer_self *self, bool stalled)
{
	self->stalled = stalled;
	ka_self_interest(self);
	return 0;
}

static int obey(struct ka_peer_self *self, const struct ka_peer_command *command, int *value)
{
	switch (command->kind) {
	case KA_CMD_LISTEN:
		return ka_self_listen(self);
	case KA_CMD_CONNECT:
		return ka_self_connect(self, command->value);
	case KA_CMD_KEEPALIVE:
		return ka_self_keepalive(self, self->conn, true);
	case KA_CMD_SEND:
		return send_some(self, command);
	case KA_CMD_STALL:
	case KA_CMD_RESUME:
		return set_stalled(self, command->kind == KA_CMD_STALL);
	case KA_CMD_SHUTDOWN:
		return end_output(self);
	case KA_CMD_DISCONNECT:
		return ka_self_disconnect(self);
	case KA_CMD_CLOSE:
		ka_self_info(self);
		return ka_self_close(self, false);
	case KA_CMD_FORGET:
		return ka_self_forget(self);
	case KA_CMD_SETSOCKOPT:
		return set_option(self, command);
	case KA_CMD_GETSOCKOPT:
		return get_option(self, command, value);
	case KA_CMD_BLOCK:
		return ka_self_block(self, (enum ka_call_name)command->value);
	case KA_CMD_GOT:
		*value = (int)self->got;
		return self->garbled ? EBADMSG : 0;
	case KA_CMD_INSPECT:
		ka_self_info(self);
		return 0;
	case KA_CMD_SETTLE:
		if (self->conn >= 0 && !self->connecting && !self->ended)
			on_socket(self, ka_self_now(self));
		return 0;
	case KA_CMD_REQUEST:
		return ka_app_request(self, command->text);
	case KA_CMD_LOAD:
		return ka_load_call(self, (unsigned)command->value);
	case KA_CMD_LOAD_TELL:
		ka_load_tell(self);
		return 0;
	case KA_CMD_TALK:
		return ka_talk_say(self, (enum ka_talk)command->value);
	case KA_CMD_KEEPALIVE_OF:
		return ka_self_keepalive_of(self, (enum ka_socket)command->value, value);
	case KA_CMD_FORGE_RESET:
		return ka_self_forge_reset(self, (uint16_t)command->option,
					   (uint16_t)command->value, command->bytes);
	case KA_CMD_OWN:
		return command->value ? ka_self_own(self) : ka_self_release(self);
	case KA_CMD_HANG_UP:
		return ka_talk_hang_up(self);
	}
	return EINVAL;
}

/* Returns false when the engine has closed its end. */
static bool on_command(struct ka_peer_self *self)
{
	struct ka_peer_command command;
	int value = 0, error;

	if (recv(self->ctl, &command, sizeof(command), 0) != (ssize_t)sizeof(command))
		return false;
	ka_self_progress(self);
	error = obey(self, &command, &value);
	ka_self_say(self, KA_MSG_DONE, error, value, error ? strerror(error) : "");
	return true;
}

/* 0 or a positive errno. */
static int open_epolls(struct ka_peer_self *self)
{
	int err;

	self->outer = epoll_create1(EPOLL_CLOEXEC);
	err = self->outer < 0 ? errno : ka_self_add(self->outer, self->ctl, EPOLLIN);
	for (int i = 0; !err && i < 2; i++) {
		self->sets[i] = epoll_create1(EPOLL_CLOEXEC);
		err = self->sets[i] < 0 ? errno : ka_self_add(self->outer, self->sets[i], EPOLLIN);
	}
	return err;
}

static void on_event(struct ka_peer_self *self, int fd, int64_t woken_ns)
{
	if (fd == self->listener)
		on_accept(self);
	else if (self->connecting && fd == self->conn)
		on_connected(self);
	else if (fd == self->sets[0] || fd == self->sets[1])
		on_socket(self, woken_ns);
	else if (self->talk.blocked && fd == self->conn)
		ka_talk_writable(self);
	else if (fd == self->load.epoll)
		ka_load_event(self, woken_ns);
	else if (fd == self->load.timer)
		ka_load_tick(self);
	else if (fd == self->app.timer)
		ka_app_tick(self);
}

/* A kernel that does not stop to report what was dealt with would keep this process busy for ever. */
static void bound(struct ka_peer_self *self, uint32_t events)
{
	char text[96];

	if (++self->empty_wakeups <= STICKY)
		return;
	snprintf(text, sizeof(text), "epoll reports 0x%x again and again, and nothing comes of it",
		 self->reported ? self->reported : events);
	ka_self_sticky(self, text);
}

_Noreturn static void serve(struct ka_peer_self *self)
{
	int64_t woken_ns = ka_self_now(self);
	struct epoll_event event;

	if (open_epolls(self))
		ka_self_leave(self, EXIT_FAILURE);
	for (;;) {
		int n;

		self->waited_ns = ka_waited_ns(self->waited_fd);
		self->awake_ns += ka_self_now(self) - woken_ns;
		n = epoll_wait(self->outer, &event, 1, -1);
		self->now_ns = 0;
		woken_ns = ka_self_now(self);
		self->late_ns = ka_waited_since(self->waited_fd, self->waited_ns);
		self->awake_ns += self->late_ns;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ka_self_leave(self, EXIT_FAILURE);
		if (event.data.fd == self->ctl && !on_command(self))
			ka_self_leave(self, EXIT_SUCCESS);
		on_event(self, event.data.fd, woken_ns);
		bound(self, event.events);
	}
}

/* Returns when ka_self_leave() was called. What is @self's, and changes meanwhile, is no variable of the
 * function that setjmp() returns to: C does not promise to keep those. */
static void live(struct ka_peer_self *self)
{
	if (!setjmp(self->end))
		serve(self);
}

int ka_peer_main(const struct ka_peer_config *config, int ctl)
{
	struct ka_peer_self self = { .config = config,
				     .ctl = ctl,
				     .listener = -1,
				     .conn = -1,
				     .waited_fd = config->timed ? ka_waited_open() : -1,
				     .owner = { .fuse = -1, .pidfd = -1 },
				     .load = { .epoll = -1, .timer = -1 },
				     .app = { .timer = -1 } };

	live(&self);
	free(self.load.members);
	free(self.talk.window);
	return self.status;
}
