/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's talk with the peers: commands out, messages in. */
#include <errno.h>
#include <poll.h>

#include "bench/program.h"

/* A peer only makes non-blocking calls; one that takes this long is stuck, or the host is. */
#define COMMAND_DEADLINE_MS 10000

static void take_load(struct ka_engine *e, enum ka_at at, const struct ka_message *message)
{
	e->ends[at].load_there = true;
	e->ends[at].load_dead = message->value != 0;
	if (message->error)
		ka_engine_fail_by(e, nn_fail(&e->err, message->error, "%s", message->text),
				  KA_FIND_LOAD_MISSING);
}

/* A handshake that nothing was done to must come about. */
static void take_connected(struct ka_engine *e, enum ka_at at, const struct ka_message *message)
{
	bool refused = message->value && !e->step;

	if (e->program && message->error) {
		ka_program_refused(e, message->error);
		return;
	}

	e->ends[at].connected = !message->value;
	if (message->error)
		ka_engine_fail_by(e, nn_fail(&e->err, message->error, "%s", message->text),
				  refused ? KA_FIND_NO_CONNECTION : KA_FIND_BENCH);
}

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
		take_connected(e, at, message);
		break;
	case KA_MSG_STICKY:
		ka_engine_fail_by(e, nn_refuse(&e->err, "%s", message->text), KA_FIND_STICKY);
		break;
	case KA_MSG_ENDED:
		if (message->value)
			end->saw_eof = true;
		else
			end->ended = true;
		break;
	case KA_MSG_HEARD:
		if (e->program)
			ka_program_heard(e, message->value, message->text);
		break;
	case KA_MSG_LOAD:
		take_load(e, at, message);
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

bool ka_engine_lacks_mptcp(struct ka_engine *e, const struct ka_message *reply)
{
	if (reply->error != EPROTONOSUPPORT || e->case_->transport == KA_TCP)
		return false;
	nn_fail(&e->err, EPROTONOSUPPORT, "this kernel has no MPTCP, or net.mptcp.enabled is 0");
	return true;
}

int ka_engine_command(struct ka_engine *e, enum ka_at at, const struct ka_peer_command *command,
		      struct ka_message *reply)
{
	struct ka_peer *peer = &e->ends[at].peer;
	struct pollfd pfd = { .fd = peer->ctl, .events = POLLIN };
	struct ka_message message;
	int ret = ka_peer_send(peer, command, &e->err);

	e->now_ns = 0;
	if (ret) { /* its last words say more */
		ka_engine_receive(e, at);
		return ret;
	}
	for (;;) {
		ret = ka_peer_receive(peer, &message);
		if (!ret && message.kind == KA_MSG_DONE) {
			take_messages(e, at);
			if (reply)
				*reply = message;
			return 0;
		}
		if (!ret)
			take_message(e, at, &message);
		else if (ret != -EAGAIN)
			return ka_engine_fail_by(
				e, nn_fail(&e->err, EPIPE, "a peer died while it obeyed a command"),
				KA_FIND_PEER_DIED);
		else if (poll(&pfd, 1, COMMAND_DEADLINE_MS) == 0)
			return nn_fail(&e->err, ETIMEDOUT, "a peer did not obey a command");
	}
}

/* Those that every socket can do. */
static bool is_call(enum ka_peer_command_kind kind)
{
	return kind == KA_CMD_SEND || kind == KA_CMD_REQUEST || kind == KA_CMD_SHUTDOWN ||
	       kind == KA_CMD_CLOSE;
}

int ka_engine_obey(struct ka_engine *e, enum ka_at at, const struct ka_peer_command *command)
{
	struct ka_message reply;
	int ret = ka_engine_command(e, at, command, &reply);

	if (ret || !reply.error)
		return ret;
	e->call_failed = is_call(command->kind) && reply.error != EAGAIN && reply.error != ENOMEM &&
			 reply.error != ENOBUFS;
	return nn_fail(&e->err, reply.error, "the %s could not do its step",
		       at == KA_AT_CLIENT ? "client" : "server");
}

unsigned ka_engine_receive(struct ka_engine *e, enum ka_at at)
{
	struct ka_end_state *end = &e->ends[at];
	struct ka_message message;
	unsigned n = 0;
	int ret = 0;

	while (end->peer.ctl >= 0 && !(ret = ka_peer_receive(&end->peer, &message))) {
		take_message(e, at, &message);
		n++;
	}
	if (ret == -EPIPE && !end->killed)
		ka_engine_fail_by(e, nn_fail(&e->err, EPIPE, "a peer died by itself"),
				  KA_FIND_PEER_DIED);
	return n;
}

bool ka_engine_has_ended(struct ka_engine *e)
{
	const struct ka_peer_command settle = { .kind = KA_CMD_SETTLE };

	for (int at = 0; at < 2; at++) {
		struct ka_end_state *end = &e->ends[at];

		if (end->connected && !end->killed && !end->frozen && !end->ended &&
		    end->peer.ctl >= 0)
			(void)ka_engine_command(e, (enum ka_at)at, &settle, NULL);
	}
	return e->ends[0].ended || e->ends[1].ended;
}
