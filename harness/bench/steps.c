/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a case: what each word of the vocabulary does. */
#include <errno.h>
#include <stdio.h>

#include "bench/program.h"
#include "model/util.h"
#include "netns/sockops.h"
#include "netns/util.h"

/* A window that is not closed by so many bytes is emptied by a reader. */
#define FILL_MAX (1u << 20)

static int connect_peers(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command listen = { .kind = KA_CMD_LISTEN };
	const struct ka_peer_command connect = { .kind = KA_CMD_CONNECT, .value = step->unacked };
	struct ka_message reply = { 0 };
	int ret = ka_engine_command(e, KA_AT_SERVER, &listen, &reply);
	bool listens = !ret && !reply.error, refused;

	if (listens)
		ret = ka_engine_command(e, KA_AT_CLIENT, &connect, &reply);
	if (!ret && ka_engine_lacks_mptcp(e, &reply))
		return -EPROTONOSUPPORT;
	if (ret || !reply.error)
		return ret;
	/* to listen was possible */
	refused = listens && (int)e->step == ka_handshake_step(e->case_) &&
		  (reply.error == EPERM || reply.error == EACCES || reply.error == EOPNOTSUPP ||
		   reply.error == ENOSYS);
	return ka_engine_fail_by(e, nn_fail(&e->err, reply.error, "listen or connect"),
				 refused ? KA_FIND_NO_CONNECTION : KA_FIND_BENCH);
}

/* KA_FROM_BPF: nobody at the prober's end sets its options. The program is there as short as can be, because a
 * cgroup has room for 64 of them (BPF_CGROUP_MAX_PROGS), and there may be more instances at once. */
static int arm_by_bpf(struct ka_engine *e)
{
	const enum nn_node node = ka_engine_node(e, KA_PROBER);
	struct ka_peer_option from[KA_PEER_OPTIONS];
	struct nn_sockopt to[KA_PEER_OPTIONS];

	if (!e->told->own_machine)
		return nn_fail(
			&e->err, EPERM,
			"a BPF program runs for all of a cgroup, which here is the host's: a "
			"guest kernel has its own (--kernel)");
	ka_peer_options(&e->instance->setting, from);
	for (size_t i = 0; i < KA_PEER_OPTIONS; i++)
		to[i] = (struct nn_sockopt){ from[i].level, from[i].option, from[i].value };
	e->armer =
		nn_sockops_attach(e->net.ns[node], node == NN_SERVER, to, KA_PEER_OPTIONS, &e->err);
	return e->armer < 0 ? e->armer : 0;
}

static int start_connect(struct ka_engine *e, const struct ka_step *step)
{
	int ret = e->case_->from == KA_FROM_BPF ? arm_by_bpf(e) : 0;

	if (ret)
		return ret;
	return e->program ? ka_program_connect(e) : connect_peers(e, step);
}

/* Both ends are up and the handshake's last ACK is on record; then options that are set late. */
static bool peers_are_connected(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command keepalive = { .kind = KA_CMD_KEEPALIVE };
	struct ka_message reply;
	int ret;

	if (step->deferred)
		return e->ends[KA_AT_CLIENT].connected;
	if (step->unacked)
		return e->ends[e->prober].flow.client_port != 0;
	if (e->ends[0].flow.over || e->ends[1].flow.over)
		return false;
	if (!e->ends[0].connected || !e->ends[1].connected || !ka_flow_settled(&e->ends[0].flow) ||
	    !ka_flow_settled(&e->ends[1].flow))
		return false;
	if (!ka_load_is_there(e))
		return false;
	if (e->case_->from != KA_FROM_ACCEPTED)
		return true;
	ret = ka_engine_command(e, e->prober, &keepalive, &reply);
	if (ret)
		ka_engine_fail(e, ret);
	else
		e->record->timeline.armed_ns = reply.at_ns;
	return true;
}

static bool connect_is_done(struct ka_engine *e, const struct ka_step *step)
{
	bool done = e->program ? ka_program_is_connected(e) : peers_are_connected(e, step);

	if (done)
		nn_close_fd(&e->armer);
	return done;
}

/* What is known of the old connection is not true of the next one. */
static int start_disconnect(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command o = { .kind = KA_CMD_DISCONNECT };
	int ret = ka_engine_obey(e, ka_engine_end(e, step->who), &o);

	for (int at = 0; !ret && at < 2; at++) {
		struct ka_end_state *end = &e->ends[at];

		end->connected = end->ended = end->saw_eof = end->have_diag = false;
		end->flow.over = true;
	}
	e->probes = 0;
	return ret;
}

static enum ka_at other_end(enum ka_at at)
{
	return at == KA_AT_CLIENT ? KA_AT_SERVER : KA_AT_CLIENT;
}

static bool is_acknowledged(const struct ka_engine *e, enum ka_at at)
{
	return e->ends[at].flow.half[at].snd_una == e->send_end &&
	       e->ends[other_end(at)].flow.half[at].snd_nxt == e->send_end;
}

static int write_to(struct ka_engine *e, enum ka_at at, const struct ka_peer_command *command)
{
	int ret = ka_engine_obey(e, at, command);

	if (!ret)
		e->ends[at].written += command->bytes;
	return ret;
}

static int start_send(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	const struct ka_peer_command o = { .kind = KA_CMD_SEND,
					   .bytes = step->bytes,
					   .value = step->unacked };

	e->send_end = e->ends[at].flow.half[at].snd_nxt + step->bytes;
	return write_to(e, at, &o);
}

/* The kernel there has acknowledged; the program there has yet to read. What comes next may be a RST,
 * and then it would depend on the host's scheduler what the program sees. */
static void settle(struct ka_engine *e, enum ka_at at)
{
	const struct ka_peer_command settle = { .kind = KA_CMD_SETTLE };
	int ret;

	if (e->ends[at].frozen || e->ends[at].killed || e->ends[at].peer.ctl < 0)
		return;
	ret = ka_engine_command(e, at, &settle, NULL);
	if (ret)
		ka_engine_fail(e, ret);
}

/* The connection is one that a write brings about. */
static bool was_deferred(const struct ka_engine *e)
{
	for (size_t i = 0; i < e->step; i++)
		if (e->case_->steps[i].deferred)
			return true;
	return false;
}

static bool is_established(const struct ka_engine *e)
{
	return e->ends[KA_AT_SERVER].connected && ka_flow_settled(&e->ends[0].flow) &&
	       ka_flow_settled(&e->ends[1].flow);
}

static bool send_is_done(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);

	if (step->unacked)
		return !was_deferred(e) || is_established(e);
	if (!is_acknowledged(e, at))
		return false;
	settle(e, other_end(at));
	return true;
}

static int start_exchange(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command o = { .kind = KA_CMD_SEND, .bytes = step->bytes };
	int ret = write_to(e, KA_AT_CLIENT, &o);

	return ret ? ret : write_to(e, KA_AT_SERVER, &o);
}

static int start_arrived(struct ka_engine *e, const struct ka_step *step)
{
	(void)e;
	(void)step;
	return 0;
}

/* What the program at @at has read is what the other one wrote. 0 or -errno. */
static int compare(struct ka_engine *e, enum ka_at at)
{
	const struct ka_peer_command got = { .kind = KA_CMD_GOT };
	const uint32_t want = e->ends[other_end(at)].written;
	struct ka_event event = { .at = KA_AT_BENCH, .what = KA_EV_CHECK };
	struct ka_message reply;
	int ret;

	settle(e, at);
	ret = ka_engine_command(e, at, &got, &reply);
	if (ret)
		return ret;
	event.check.ok = !reply.error && (uint32_t)reply.value == want;
	event.check.step = (int)e->step;
	snprintf(event.check.text, sizeof(event.check.text),
		 "the %s has read %u bytes%s, must be %u", at == KA_AT_CLIENT ? "client" : "server",
		 (unsigned)reply.value, reply.error ? ", and not those that were written" : "",
		 want);
	ka_engine_event(e, event);
	return 0;
}

static bool arrived_is_done(struct ka_engine *e, const struct ka_step *step)
{
	int ret = 0;

	(void)step;
	for (int at = 0; at < 2; at++) {
		e->send_end = 1 + e->ends[at].written;
		if (!is_acknowledged(e, (enum ka_at)at))
			return false;
	}
	for (int at = 0; !ret && at < 2; at++)
		ret = compare(e, (enum ka_at)at);
	if (ret)
		ka_engine_fail(e, ret);
	return true;
}

/* Sends what the window takes. */
static int start_fill(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	const struct ka_flow *flow = &e->ends[at].flow;
	const struct ka_peer_command o = { .kind = KA_CMD_SEND, .bytes = ka_flow_room(flow, at) };

	e->send_end = flow->half[at].snd_nxt + o.bytes;
	return o.bytes ? write_to(e, at, &o) : 0;
}

/* Each time that all is acknowledged, the window may have been granted anew. */
static bool fill_is_done(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	int ret;

	if (!is_acknowledged(e, at))
		return false;
	if (e->send_end > FILL_MAX) {
		ka_engine_fail(e, nn_fail(&e->err, EFBIG, "the window does not close"));
		return false;
	}
	if (!ka_flow_room(&e->ends[at].flow, at)) {
		ka_engine_fault(e, (int)e->step, 1, "the window is closed");
		return true;
	}
	ret = start_fill(e, step);
	if (ret)
		ka_engine_fail(e, ret);
	return false;
}

static int start_request(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	struct ka_peer_command o = { .kind = KA_CMD_REQUEST };

	snprintf(o.text, sizeof(o.text), "%s", step->text);
	e->got = e->ends[at].got;
	return ka_engine_obey(e, at, &o);
}

/* Nothing of the answer is on its way any more, not even its acknowledgement. */
static bool request_is_done(struct ka_engine *e, const struct ka_step *step)
{
	return e->ends[ka_engine_end(e, step->who)].got > e->got &&
	       ka_flow_settled(&e->ends[0].flow) && ka_flow_settled(&e->ends[1].flow);
}

static int start_join(struct ka_engine *e, const struct ka_step *step)
{
	return ka_load_join(e, (unsigned)step->value);
}

static bool join_is_done(struct ka_engine *e, const struct ka_step *step)
{
	(void)step;
	return ka_load_has_joined(e);
}

/* Those that tell a peer to do one thing, and nothing more. */
static int start_command(struct ka_engine *e, const struct ka_step *step)
{
	static const enum ka_peer_command_kind kinds[] = { [KA_STALL] = KA_CMD_STALL,
							   [KA_RESUME] = KA_CMD_RESUME,
							   [KA_SHUTDOWN] = KA_CMD_SHUTDOWN,
							   [KA_CLOSE] = KA_CMD_CLOSE };
	const struct ka_peer_command o = { .kind = kinds[step->do_] };

	if (step->do_ == KA_CLOSE) /* who is looked for afterwards, and with which RTO */
		ka_engine_diag(e, ka_engine_end(e, step->who));
	return ka_engine_obey(e, ka_engine_end(e, step->who), &o);
}

static int start_blocking(struct ka_engine *e, const struct ka_step *step)
{
	static const enum ka_call_name calls[] = {
		[KA_IN_RECV] = KA_CALL_BLOCKED_RECV,
		[KA_IN_SELECT] = KA_CALL_BLOCKED_SELECT,
		[KA_IN_POLL] = KA_CALL_BLOCKED_POLL,
		[KA_IN_SIGNAL] = KA_CALL_BLOCKED_SIGNAL,
	};
	const struct ka_peer_command o = { .kind = KA_CMD_BLOCK, .value = (int)calls[step->call] };

	return ka_engine_obey(e, ka_engine_end(e, step->who), &o);
}

/* ---- how each word is done ------------------------------------------------------------------ */

static int start_wait(struct ka_engine *e, const struct ka_step *step)
{
	(void)e;
	(void)step;
	return 0;
}

/* What a word means stands in model/verbs.def. */
static const struct ka_doing done_here[] = {
	{ KA_CONNECT, start_connect, connect_is_done },
	{ KA_SEND, start_send, send_is_done },
	{ KA_EXCHANGE, start_exchange, NULL },
	{ KA_ARRIVED, start_arrived, arrived_is_done },
	{ KA_FILL, start_fill, fill_is_done },
	{ KA_REQUEST, start_request, request_is_done },
	{ KA_JOIN, start_join, join_is_done },
	{ KA_STALL, start_command, NULL },
	{ KA_RESUME, start_command, NULL },
	{ KA_SHUTDOWN, start_command, NULL },
	{ KA_CLOSE, start_command, NULL },
	{ KA_DISCONNECT, start_disconnect, NULL },
	{ KA_BLOCK, start_blocking, NULL },
	{ KA_WAIT, start_wait, NULL },
	{ .start = NULL },
};

const struct ka_doing *ka_doing_of(enum ka_do do_)
{
	static const struct ka_doing *const tables[] = { done_here,          ka_done_by_faults,
							 ka_done_by_net,     ka_done_by_checks,
							 ka_done_by_program, ka_done_by_subflows };

	for (size_t i = 0; i < KA_N(tables); i++)
		for (const struct ka_doing *doing = tables[i]; doing->start; doing++)
			if (doing->do_ == do_)
				return doing;
	return NULL;
}

int ka_step_start(struct ka_engine *e, const struct ka_step *step)
{
	return ka_doing_of(step->do_)->start(e, step);
}

bool ka_step_is_done(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_doing *doing = ka_doing_of(step->do_);

	return !doing->is_done || doing->is_done(e, step);
}
