/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counterpart of a program: says what it is told to say, and looks in what it hears for what is
 * expected. The texts themselves it has from the description of the program, which came with the fork.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/peer_self.h"
#include "model/util.h"

#define READS_AT_ONCE 64

/* ---- saying ----------------------------------------------------------------------------------- */

static int wait_until_writable(struct ka_peer_self *self, bool wait)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.fd = self->conn };

	if (self->talk.blocked == wait)
		return 0;
	self->talk.blocked = wait;
	return epoll_ctl(self->outer, wait ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, self->conn, &event) < 0
		       ? errno
		       : 0;
}

/* As much as goes out now; the rest when there is room. */
static int push(struct ka_peer_self *self)
{
	struct ka_talk_self *talk = &self->talk;

	while (talk->times) {
		ssize_t n = send(self->conn, talk->say->data + talk->at, talk->say->n - talk->at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return wait_until_writable(self, true);
		if (n < 0)
			return errno;
		ka_self_progress(self);
		talk->at += (size_t)n;
		if (talk->at == talk->say->n) {
			talk->at = 0;
			talk->times--;
		}
	}
	return wait_until_writable(self, false);
}

/* The connection's own end will be told by its epoll sets. */
void ka_talk_writable(struct ka_peer_self *self)
{
	if (push(self)) {
		self->talk.times = 0;
		wait_until_writable(self, false);
	}
}

static int begin_to_say(struct ka_peer_self *self, const struct ka_bytes *say, unsigned times)
{
	self->talk.say = say;
	self->talk.times = say->n ? times : 0;
	self->talk.at = 0;
	return push(self);
}

/* ---- hearing ---------------------------------------------------------------------------------- */

/* What was heard first, as far as it is text and its first line. */
static void tell(struct ka_peer_self *self)
{
	const struct ka_talk_self *talk = &self->talk;
	char text[sizeof(talk->head) + 1];
	size_t n = 0;

	for (; n < talk->head_n && talk->head[n] != '\n' && talk->head[n] != '\r'; n++)
		text[n] = isprint((unsigned char)talk->head[n]) ? talk->head[n] : '.';
	text[n] = '\0';
	ka_self_say(self, KA_MSG_HEARD, 0, talk->matched, text);
}

/* The last bytes of what came before are kept: what is expected may come in two parts. */
static bool is_in(struct ka_talk_self *talk, const char *bytes, size_t n)
{
	size_t keep = talk->expect->n - 1, both = talk->kept + n, left;
	bool found;

	memcpy(talk->window + talk->kept, bytes, n);
	found = memmem(talk->window, both, talk->expect->data, talk->expect->n);
	left = both < keep ? both : keep;
	memmove(talk->window, talk->window + both - left, left);
	talk->kept = left;
	return found;
}

static void take(struct ka_peer_self *self, const char *bytes, size_t n)
{
	struct ka_talk_self *talk = &self->talk;
	size_t room = sizeof(talk->head) - talk->head_n;

	memcpy(talk->head + talk->head_n, bytes, n < room ? n : room);
	talk->head_n += n < room ? n : room;
	if (!talk->matched)
		talk->matched = talk->expect->n ? is_in(talk, bytes, n) : true;
}

/* Looks for @expect in all that comes from now on. */
static int look_for(struct ka_talk_self *talk, const struct ka_bytes *expect)
{
	free(talk->window);
	talk->window = malloc(expect->n + KA_TALK_BYTES);
	talk->expect = expect;
	talk->kept = 0;
	talk->matched = false;
	return talk->window ? 0 : ENOMEM;
}

int ka_talk_begin(struct ka_peer_self *self)
{
	struct ka_talk_self *talk = &self->talk;

	talk->times = talk->answered = 0;
	talk->head_n = 0;
	talk->blocked = talk->waiting = false;
	return look_for(talk, &self->config->program->hello_expect);
}

/* A client has said something, all of it. */
static void answer(struct ka_peer_self *self)
{
	const struct ka_program *program = self->config->program;
	struct ka_talk_self *talk = &self->talk;

	if (self->config->at != KA_AT_SERVER || !program->answer.n || talk->times)
		return;
	if (program->answer_times && talk->answered == program->answer_times)
		return;
	talk->answered++;
	begin_to_say(self, &program->answer, 1);
}

/* Not all at once: who sends for ever must not keep this process from its commands. */
bool ka_talk_read(struct ka_peer_self *self)
{
	char buf[KA_TALK_BYTES];
	bool heard = false, over = false;

	for (unsigned reads = 0; reads < READS_AT_ONCE; reads++) {
		ssize_t n = recv(self->conn, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		ka_self_progress(self);
		over = n <= 0;
		if (over) {
			ka_self_call(self, KA_CALL_READ, n, n < 0 ? errno : 0, false);
			break;
		}
		take(self, buf, (size_t)n);
		heard = true;
	}
	if (heard && self->talk.waiting) {
		tell(self);
		self->talk.waiting = !self->talk.matched;
	}
	if (heard && !over)
		answer(self);
	return over;
}

/* ---- commands --------------------------------------------------------------------------------- */

/* Where nothing is expected: a server must answer, if it was told something; a client must have said
 * something, if it is to be told something. */
static int greet(struct ka_peer_self *self)
{
	const struct ka_program *program = self->config->program;
	struct ka_talk_self *talk = &self->talk;
	bool alone = !program->hello.n && !program->answer.n;

	if (!program->hello_expect.n)
		talk->matched =
			program->role == KA_SERVER ? !program->hello.n : talk->head_n || alone;
	talk->waiting = !talk->matched;
	if (talk->matched)
		tell(self);
	return begin_to_say(self, &program->hello, 1);
}

static int ask(struct ka_peer_self *self)
{
	const struct ka_program *program = self->config->program;
	bool own = program->request.n;
	int ret = look_for(&self->talk, own ? &program->request_expect : &program->hello_expect);

	self->talk.head_n = 0;
	self->talk.waiting = true;
	return ret ? ret : begin_to_say(self, own ? &program->request : &program->hello, 1);
}

int ka_talk_say(struct ka_peer_self *self, enum ka_talk talk)
{
	const struct ka_program *program = self->config->program;

	if (self->conn < 0)
		return ENOTCONN;
	switch (talk) {
	case KA_TALK_HELLO:
		return greet(self);
	case KA_TALK_REQUEST:
		return ask(self);
	case KA_TALK_FLOOD:
		self->talk.waiting = false;
		return begin_to_say(self, &program->flood,
				    program->flood_times ? program->flood_times : 1);
	}
	return EINVAL;
}

int ka_talk_hang_up(struct ka_peer_self *self)
{
	int ret = self->conn < 0 ? 0 : ka_self_close(self, true);

	self->ended = self->saw_eof = self->hung = self->stalled = self->connecting = false;
	return ret;
}
