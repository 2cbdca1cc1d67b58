/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer tells the engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "bench/waited.h"
#include "model/util.h"

void ka_self_leave(struct ka_peer_self *self, int status)
{
	self->status = status;
	longjmp(self->end, 1);
}

int64_t ka_self_now(struct ka_peer_self *self)
{
	if (!self->now_ns || !self->config->clock_stands)
		self->now_ns = ka_now_ns();
	return self->now_ns;
}

/* A failure to tell means that the engine is gone: then this peer is of no use. */
static void tell(struct ka_peer_self *self, const struct ka_message *message)
{
	if (send(self->ctl, message, sizeof(*message), MSG_NOSIGNAL) < 0)
		ka_self_leave(self, EXIT_FAILURE);
}

void ka_self_event(struct ka_peer_self *self, struct ka_event event)
{
	struct ka_message message = { .kind = KA_MSG_EVENT };

	event.at = self->config->at;
	if (event.what == KA_EV_EPOLL)
		event.late_ns = self->late_ns;
	if (event.what == KA_EV_APP) /* it has looked at its clock since */
		event.late_ns = ka_waited_since(self->waited_fd, self->waited_ns);
	message.event = event;
	tell(self, &message);
}

void ka_self_call(struct ka_peer_self *self, enum ka_call_name name, int64_t ret, int err,
		  bool after_end)
{
	ka_self_event(
		self,
		(struct ka_event){
			.t_ns = ka_self_now(self),
			.what = KA_EV_CALL,
			.call = { .name = name, .ret = ret, .err = err, .after_end = after_end } });
}

void ka_self_say(struct ka_peer_self *self, enum ka_message_kind kind, int error, int value,
		 const char *text)
{
	struct ka_message message = {
		.kind = kind,
		.error = error,
		.value = value,
		.at_ns = self->set_ns ? self->set_ns : ka_self_now(self),
	};

	snprintf(message.text, sizeof(message.text), "%s", text);
	self->set_ns = 0;
	tell(self, &message);
}

void ka_self_gap(struct ka_peer_self *self, enum ka_proof proof, int error)
{
	struct ka_event event = {
		.t_ns = ka_self_now(self),
		.what = KA_EV_GAP,
		.gap = { .proof = proof, .code = KA_FIND_NOT_GATHERED, .step = -1 },
	};

	snprintf(event.gap.text, sizeof(event.gap.text), "%s", strerror(error));
	ka_self_event(self, event);
}

void ka_self_progress(struct ka_peer_self *self)
{
	self->empty_wakeups = 0;
}

void ka_self_sticky(struct ka_peer_self *self, const char *what)
{
	ka_self_say(self, KA_MSG_STICKY, 0, 0, what);
	ka_self_leave(self, EXIT_SUCCESS);
}
