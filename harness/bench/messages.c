/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's talk with the peers: commands out, messages in. */
#include <errno.h>
#include <poll.h>

#include "bench/engine.h"

/* A peer only makes non-blocking calls; one that takes this long is stuck, or the host is. */
#define COMMAND_DEADLINE_MS 10000

static void take_message(struct ka_engine *e, enum ka_at at, const struct ka_message *message)
{
	struct ka_end_state *end = &e->ends[at];

	switch (message->kind) {
	case KA_MSG_EVENT:
		ka_engine_event(e, message->event);
		if (message->event.what == KA_EV_APP && message->event.app.act == KA_DID_GET)
			end->got++;
		break;
	case KA_MSG_CONNECTED:
		end->connected = true;
		if (message->error)
			ka_engine_fail(e, nn_fail(&e->err, message->error, "%s", message->text));
		break;
	case KA_MSG_ENDED:
		if (message->value)
			end->saw_eof = true;
		else
			end->ended = true;
		break;
	case KA_MSG_LOAD:
		ka_load_message(e, at, message);
		break;
	case KA_MSG_DONE:
		break;
	}
}

/* What was read ahead: the socket will not tell of it again. */
static void take_messages(struct ka_engine *e, enum ka_at at)
{
	struct ka_peer *peer = &e->ends[at].peer;
	struct ka_message message;

	while (ka_peer_has_message(peer) && !ka_peer_receive(peer, &message))
		take_message(e, at, &message);
}

int ka_engine_command(struct ka_engine *e, enum ka_at at, const struct ka_peer_command *command,
		      struct ka_message *reply)
{
	struct ka_peer *peer = &e->ends[at].peer;
	struct pollfd pfd = { .fd = peer->ctl, .events = POLLIN };
	int ret = ka_peer_send(peer, command, &e->err);

	if (ret)
		return ret;
	for (;;) {
		ret = ka_peer_receive(peer, reply);
		if (!ret && reply->kind == KA_MSG_DONE) {
			take_messages(e, at);
			return 0;
		}
		if (!ret)
			take_message(e, at, reply);
		else if (ret != -EAGAIN)
			return nn_fail(&e->err, EPIPE, "a peer died while it obeyed a command");
		else if (poll(&pfd, 1, COMMAND_DEADLINE_MS) == 0)
			return nn_fail(&e->err, ETIMEDOUT, "a peer did not obey a command");
	}
}

void ka_engine_receive(struct ka_engine *e, enum ka_at at)
{
	struct ka_end_state *end = &e->ends[at];
	struct ka_message message;
	int ret = 0;

	while (end->peer.ctl >= 0 && !(ret = ka_peer_receive(&end->peer, &message)))
		take_message(e, at, &message);
	if (ret == -EPIPE && !end->killed)
		ka_engine_fail(e, nn_fail(&e->err, EPIPE, "a peer died by itself"));
}
