/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program above TCP: it lives in the peer's one loop, waits by a timerfd and by nothing else,
 * and tells what it does.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/http.h"
#include "bench/peer_self.h"
#include "model/util.h"

/* What a heartbeat and a server of lines say. */
#define PING "PING\n"
#define PONG "PONG\n"

/* Tells the engine what was done, in words that follow "program". */
__attribute__((format(printf, 5, 6))) static void tell_act(struct ka_peer_self *self,
							   enum ka_app_act act, int number,
							   int64_t waited_ns, const char *fmt, ...)
{
	struct ka_event event = { .t_ns = ka_self_now(self), .what = KA_EV_APP };
	va_list args;

	event.app.act = act;
	event.app.number = number;
	event.app.waited_ns = waited_ns;
	va_start(args, fmt);
	vsnprintf(event.app.text, sizeof(event.app.text), fmt, args);
	va_end(args);
	ka_self_event(self, event);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

static double seconds(const struct ka_peer_self *self, const struct ka_time *time)
{
	return ka_time_s(time, &self->config->setting);
}

static void wait_for(struct ka_peer_self *self, const struct ka_time *time)
{
	int64_t until_ns;
	struct itimerspec at = { 0 };

	self->app.since_ns = ka_self_now(self);
	until_ns = self->app.since_ns + (int64_t)(seconds(self, time) * 1e9);
	at.it_value.tv_sec = until_ns / 1000000000;
	at.it_value.tv_nsec = until_ns % 1000000000;
	if (self->app.timer >= 0)
		timerfd_settime(self->app.timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static int open_timer(struct ka_peer_self *self)
{
	self->app.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return self->app.timer < 0 ? errno : ka_self_add(self->outer, self->app.timer, EPOLLIN);
}

void ka_app_stop(struct ka_peer_self *self)
{
	if (self->app.timer >= 0)
		close(self->app.timer);
	self->app.timer = -1;
}

static bool has_timeout(const struct ka_peer_self *self)
{
	return seconds(self, &self->config->app.timeout) > 0;
}

int ka_app_begin(struct ka_peer_self *self)
{
	const struct ka_app *app = &self->config->app;
	int ret;

	self->app.active_ns = ka_self_now(self);
	if (!has_timeout(self) || self->app.timer >= 0)
		return 0;
	ret = open_timer(self);
	if (!ret)
		wait_for(self, app->program == KA_APP_HEARTBEAT ? &app->every : &app->timeout);
	return ret;
}

/* ---- doing ------------------------------------------------------------------------------------ */

static int send_text(struct ka_peer_self *self, const char *text)
{
	ssize_t n = send(self->conn, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	int err = n < 0 ? errno : 0;

	ka_self_call(self, KA_CALL_WRITE, n, err, false);
	return err;
}

int ka_app_request(struct ka_peer_self *self, const char *text)
{
	return self->conn < 0 ? ENOTCONN : send_text(self, text);
}

static void close_it(struct ka_peer_self *self)
{
	ka_app_stop(self);
	ka_self_close(self, self->config->app.reset);
}

static void on_idle(struct ka_peer_self *self, int64_t waited_ns)
{
	tell_act(self, KA_DID_TIME_OUT, 0, waited_ns, "closes: no request for %.3f s",
		 (double)waited_ns / 1e9);
	close_it(self);
}

static void on_heartbeat(struct ka_peer_self *self, int64_t waited_ns)
{
	if (self->app.waiting) {
		tell_act(self, KA_DID_MISS, 0, waited_ns,
			 "misses its heartbeat: no answer for %.3f s", (double)waited_ns / 1e9);
		ka_app_stop(self);
		return;
	}
	self->app.waiting = true;
	wait_for(self, &self->config->app.timeout);
	send_text(self, PING);
}

void ka_app_tick(struct ka_peer_self *self)
{
	int64_t waited_ns = ka_self_now(self) - self->app.since_ns;
	uint64_t expirations;

	if (read(self->app.timer, &expirations, sizeof(expirations)) < 0)
		return;
	ka_self_progress(self);
	if (self->conn < 0)
		return;
	if (self->config->app.program == KA_APP_HEARTBEAT)
		on_heartbeat(self, waited_ns);
	else
		on_idle(self, waited_ns);
}

/* ---- messages --------------------------------------------------------------------------------- */

/* A request is served: the next one is waited for. */
static void served(struct ka_peer_self *self)
{
	if (has_timeout(self))
		wait_for(self, &self->config->app.timeout);
}

static void serve_http(struct ka_peer_self *self, const struct ka_http *request)
{
	bool stays = ka_http_persists(request);
	char answer[128];

	self->app.served++;
	tell_act(self, KA_DID_SERVE, self->app.served, 0, "answers request %d: %.*s",
		 self->app.served, (int)request->line, self->app.in);
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: %s\r\n\r\nok",
		 stays ? "keep-alive" : "close");
	send_text(self, answer);
	if (stays) {
		served(self);
		return;
	}
	tell_act(self, KA_DID_CLOSE, 0, 0, "closes: the connection is not to stay");
	close_it(self);
}

/* Takes one message from what was read. Returns its length; 0: not complete. */
static size_t take_http(struct ka_peer_self *self)
{
	struct ka_http message;

	if (!ka_http_read(self->app.in, self->app.used, &message))
		return 0;
	if (message.answer)
		tell_act(self, KA_DID_GET, message.status, 0, "gets an answer: %.*s%s",
			 (int)message.line, self->app.in, message.close ? ", close" : "");
	else
		serve_http(self, &message);
	return message.whole;
}

static void got_line(struct ka_peer_self *self)
{
	self->app.got++;
	tell_act(self, KA_DID_GET, self->app.got, 0, "gets answer %d", self->app.got);
	self->app.waiting = false;
	if (self->config->app.program == KA_APP_HEARTBEAT)
		wait_for(self, &self->config->app.every);
}

static size_t take_line(struct ka_peer_self *self)
{
	const char *end = memchr(self->app.in, '\n', self->app.used);
	size_t len = end ? (size_t)(end - self->app.in) + 1 : 0;

	if (!len)
		return 0;
	if (len == strlen(PONG) && !memcmp(self->app.in, PONG, len)) {
		got_line(self);
		return len;
	}
	self->app.served++;
	tell_act(self, KA_DID_SERVE, self->app.served, 0, "answers request %d: %.*s",
		 self->app.served, (int)len - 1, self->app.in);
	send_text(self, PONG);
	served(self);
	return len;
}

/* The application has read @n bytes. */
static void take_input(struct ka_peer_self *self, const char *bytes, size_t n)
{
	struct ka_app_self *app = &self->app;
	enum ka_app_kind program = self->config->app.program;
	size_t whole;

	app->active_ns = ka_self_now(self);
	ka_self_compare(self, bytes, n);
	if (program == KA_APP_NONE || program == KA_APP_PROXY)
		return;
	if (n > sizeof(app->in) - app->used) /* longer than anything that a case sends */
		n = sizeof(app->in) - app->used;
	memcpy(app->in + app->used, bytes, n);
	app->used += n;
	do {
		whole = program == KA_APP_HTTP ? take_http(self) : take_line(self);
		if (whole > app->used)
			whole = app->used;
		app->used -= whole;
		memmove(app->in, app->in + whole, app->used);
	} while (whole && app->used && self->conn >= 0);
}

bool ka_app_read(struct ka_peer_self *self)
{
	char buf[16384];

	for (unsigned reads = 0; reads < KA_READS_MAX; reads++) {
		ssize_t n = recv(self->conn, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		ka_self_progress(self);
		if (n <= 0 || !self->config->streams)
			ka_self_call(self, KA_CALL_READ, n, n < 0 ? errno : 0, false);
		if (n <= 0)
			return true;
		take_input(self, buf, (size_t)n);
		if (self->conn < 0) /* the program has closed it */
			return false;
	}
	ka_self_sticky(self, "there is no end to what recv() gives");
}

/* ---- a proxy ---------------------------------------------------------------------------------- */

/* It can keep only so many connections. Its queue knows what its application read: a keepalive probe
 * ends in the kernel, and moves nobody to the front. */

/* The connections as one row: 0 is the observed one, then the load. */
static int fd_of(const struct ka_peer_self *self, unsigned i)
{
	return i ? self->load.members[i - 1].fd : self->conn;
}

static int64_t active_of(const struct ka_peer_self *self, unsigned i)
{
	return i ? self->load.members[i - 1].active_ns : self->app.active_ns;
}

static void evict(struct ka_peer_self *self, unsigned i)
{
	const struct linger gently = { .l_onoff = 0 };
	bool reset = self->config->app.reset;
	int64_t silent_ns = ka_self_now(self) - active_of(self, i);

	tell_act(self, KA_DID_EVICT, (int)i + 1, silent_ns,
		 "is full: closes connection %u, which sent nothing for %.3f s", i + 1,
		 (double)silent_ns / 1e9);
	if (!i) {
		ka_self_close(self, reset);
		return;
	}
	if (!reset)
		setsockopt(fd_of(self, i), SOL_SOCKET, SO_LINGER, &gently, sizeof(gently));
	close(fd_of(self, i));
	self->load.members[i - 1].fd = -1;
}

void ka_app_newcomer(struct ka_peer_self *self, unsigned index)
{
	unsigned open = 1, oldest = index + 1; /* the newcomer itself is the most recent */

	for (unsigned i = 0; i <= index; i++) {
		if (fd_of(self, i) < 0)
			continue;
		open++;
		if (active_of(self, i) < active_of(self, oldest))
			oldest = i;
	}
	if (open > self->config->app.slots && oldest != index + 1)
		evict(self, oldest);
}
