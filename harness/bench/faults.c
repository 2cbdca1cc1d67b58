/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The faults. Each leaves evidence that it took effect: a rule's counter, a process that is gone, a
 * device that is gone. Without it the judge says broken, whatever else was seen.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

#include "bench/engine.h"
#include "netns/diag.h"
#include "netns/nft.h"

/* Where the rules of a step go. */
static void place_of(const struct ka_engine *e, const struct ka_step *step, enum nn_node *node,
		     enum nn_hook *hook)
{
	if (step->place != KA_ON_PATH) {
		*node = ka_engine_node(e, KA_PROBER);
		*hook = step->place == KA_PROBER_OUTPUT ? NN_OUTPUT : NN_POSTROUTING;
	} else if (e->case_->topology == KA_ROUTED) {
		*node = NN_GATEWAY;
		*hook = NN_FORWARD;
	} else {
		*node = ka_engine_node(e, KA_PEER);
		*hook = NN_PREROUTING;
	}
}

/* The rule for segments that @sender sends. */
static struct nn_nft_rule rule_for(const struct ka_engine *e, const struct ka_step *step,
				   enum ka_at sender, enum nn_hook hook)
{
	const struct ka_setting *setting = &e->instance->setting;
	struct nn_nft_rule rule = {
		.hook = hook,
		.flags_mask = step->flags_mask,
		.flags = step->flags,
		.first = (unsigned)ka_number(step->first, setting),
		.after = (unsigned)ka_number(step->after, setting),
		.action = NN_DROP,
	};
	uint16_t port = (uint16_t)(step->misses ? e->port + 1 : e->port);
	uint16_t subflow = step->do_ == KA_LOSE_SUBFLOW ? e->subflows[step->value - 1] : 0;

	rule.dport = sender == KA_AT_CLIENT ? port : subflow;
	rule.sport = sender == KA_AT_CLIENT ? subflow : port;
	if (step->do_ == KA_REJECT && step->value == KA_TCP_RESET)
		rule.action = NN_REJECT_RST;
	else if (step->do_ == KA_REJECT)
		rule.action = NN_REJECT_ICMP;
	else if (step->do_ == KA_PROMISE)
		rule.action = NN_SET_WINDOW;
	rule.window = (uint16_t)step->value;
	rule.icmp_code4 = rule.icmp_code6 = (uint8_t)step->value;
	return rule;
}

static int start_rules(struct ka_engine *e, const struct ka_step *step)
{
	struct ka_table *table = &e->tables[e->n_tables];
	struct nn_nft_rule rules[2];
	enum nn_hook hook;
	int ret;

	if (e->n_tables == KA_MAX_TABLES)
		return nn_fail(&e->err, E2BIG, "more than %d drops in one case", KA_MAX_TABLES);
	*table = (struct ka_table){ .step = (int)e->step, .active = true };
	place_of(e, step, &table->node, &hook);
	if (step->way != KA_ANSWERS)
		rules[table->n_rules++] = rule_for(e, step, e->prober, hook);
	if (step->way != KA_PROBES)
		rules[table->n_rules++] = rule_for(e, step, e->peer, hook);
	snprintf(table->name, sizeof(table->name), "kacheck%zu", e->n_tables);
	ka_step_text(step, &e->instance->setting, table->text, sizeof(table->text));
	ret = nn_nft_add(e->net.ns[table->node], table->name, rules, table->n_rules, &e->err);
	if (!ret)
		e->n_tables++;
	return ret;
}

void ka_fault_evidence(struct ka_engine *e, struct ka_table *table)
{
	uint64_t packets[2] = { 0 };
	struct nn_err err = { 0 };
	int ret =
		nn_nft_counters(e->net.ns[table->node], table->name, packets, table->n_rules, &err);

	table->active = false;
	if (ret)
		ka_engine_gap(e, KA_AT_BENCH,
			      (struct ka_gap){ .proof = KA_PROOF_FAULT, .step = table->step },
			      err.text);
	else
		ka_engine_fault(e, table->step, packets[0] + packets[1], table->text);
}

static int start_heal(struct ka_engine *e, const struct ka_step *step)
{
	int ret = 0;

	(void)step;
	for (size_t i = 0; !ret && i < e->n_tables; i++) {
		struct ka_table *table = &e->tables[i];

		if (!table->active || table->stays)
			continue;
		ka_fault_evidence(e, table);
		ret = nn_nft_del(e->net.ns[table->node], table->name, &e->err);
	}
	return ret;
}

static int start_kill(struct ka_engine *e, const struct ka_step *step)
{
	struct ka_end_state *end = &e->ends[ka_engine_end(e, step->who)];
	int ret = ka_peer_kill(&end->peer);

	if (ret)
		return nn_fail(&e->err, -ret, "cannot kill the peer");
	end->killed = true;
	ka_engine_fault(e, (int)e->step, 1, "process gone");
	ka_peer_close(&end->peer);
	return 0;
}

static int start_freeze(struct ka_engine *e, const struct ka_step *step)
{
	const bool stop = step->do_ == KA_FREEZE;
	struct ka_end_state *end = &e->ends[ka_engine_end(e, step->who)];
	int ret = ka_peer_freeze(&end->peer, stop);

	if (ret)
		return nn_fail(&e->err, -ret, "cannot %s the peer", stop ? "stop" : "continue");
	end->frozen = stop;
	ka_engine_fault(e, (int)e->step, 1, stop ? "process stopped" : "process continued");
	return 0;
}

static int forget(struct ka_engine *e, enum ka_at at)
{
	const struct ka_peer_command command = { .kind = KA_CMD_FORGET };
	int ret = ka_engine_obey(e, at, &command);

	return ret ? nn_prefix(&e->err, ret, "TCP_REPAIR") : 0;
}

static int start_forget(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	struct nn_diag_key key = ka_engine_socket(e, at);
	struct nn_diag diag;
	int ret;

	if (step->who == KA_GATEWAY)
		return ka_gateway_forget(e);
	ret = forget(e, at);
	if (ret)
		return ret;
	ret = nn_diag_get(e->net.ns[ka_engine_node(e, step->who)], &key, &diag, NULL);
	ka_engine_fault(e, (int)e->step, ret == -ENOENT, "socket gone");
	return 0;
}

static int start_destroy(struct ka_engine *e, const struct ka_step *step)
{
	struct nn_diag_key key = ka_engine_socket(e, ka_engine_end(e, step->who));
	int ret = nn_diag_destroy(e->net.ns[ka_engine_node(e, step->who)], &key, &e->err);

	if (!ret)
		ka_engine_fault(e, (int)e->step, 1, "SOCK_DESTROY");
	return ret;
}

static int start_forge_reset(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	const struct ka_flow *flow = &e->ends[at].flow;
	const struct ka_half *half = &flow->half[at];
	const bool client = at == KA_AT_CLIENT;
	const struct ka_peer_command command = {
		.kind = KA_CMD_FORGE_RESET,
		.bytes = half->isn + half->snd_nxt - (uint32_t)step->value,
		.option = client ? flow->client_port : flow->server_port,
		.value = client ? flow->server_port : flow->client_port,
	};
	int ret = ka_engine_obey(e, at, &command);

	if (ret)
		return nn_prefix(&e->err, ret, "raw socket");
	ka_engine_fault(e, (int)e->step, 1, "RST sent");
	return 0;
}

/* What is not there is told as what the whole needs. */
static int cannot_own(struct ka_engine *e, int error)
{
	if (error == ENOENT || error == ENODEV || error == ENXIO)
		error = EOPNOTSUPP;
	return nn_fail(
		&e->err, error,
		"a call that holds the socket's lock takes a page that comes late (FUSE, with "
		"a /dev/fuse that can be opened)");
}

static int start_own(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command command = { .kind = KA_CMD_OWN, .value = 1 };
	enum ka_at at = ka_engine_end(e, step->who);
	struct ka_message reply;
	int ret = ka_engine_command(e, at, &command, &reply);

	if (ret)
		return ret;
	if (reply.error == ETIMEDOUT)
		return ka_engine_fail_by(e, nn_fail(&e->err, ETIMEDOUT, "no call holds the socket"),
					 KA_FIND_STEP_NO_TIME);
	if (reply.error)
		return cannot_own(e, reply.error);
	e->ends[at].owned = true;
	ka_engine_fault(e, (int)e->step, 1, "the call waits for its page");
	return 0;
}

static int start_release(struct ka_engine *e, const struct ka_step *step)
{
	const struct ka_peer_command command = { .kind = KA_CMD_OWN, .value = 0 };
	enum ka_at at = ka_engine_end(e, step->who);
	int ret = ka_engine_obey(e, at, &command);

	e->ends[at].owned = false;
	return ret ? nn_prefix(&e->err, ret, "the call that holds the socket's lock") : 0;
}

void ka_fault_takes_wire(struct ka_engine *e, enum nn_node node)
{
	bool shared = e->case_->topology == KA_PAIR;

	e->ends[KA_AT_CLIENT].no_device |= shared || node == NN_CLIENT;
	e->ends[KA_AT_SERVER].no_device |= shared || node == NN_SERVER;
}

/* First the wire, so that nothing which the dying host sends can arrive; then its sockets without
 * a word, because an orphan in FIN_WAIT1 would keep the namespace alive; then the process. */
static int start_crash(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	enum nn_node node = ka_engine_node(e, step->who);
	const char *dev = nn_topology_dev(NN_GATEWAY, node);
	unsigned flags;
	int ret;

	ka_engine_drain(e);
	ka_fault_takes_wire(e, node);
	ret = nn_topology_unplug(&e->net, node, &e->err);
	if (!ret)
		ret = forget(e, at);
	if (ret)
		return ret;
	ret = start_kill(e, step);
	ka_engine_capture_ends(e, at);
	ka_engine_close_capture(e, at);
	e->ends[at].counters = nn_counters_close(e->ends[at].counters);
	if (!ret)
		ret = nn_topology_replace(&e->net, node, false, &e->err);
	if (!ret)
		ka_engine_fault(e, (int)e->step,
				nn_link_flags(e->net.ns[NN_GATEWAY], dev, &flags, NULL) == -ENODEV,
				"wire gone");
	return ret;
}

static int start_reboot(struct ka_engine *e, const struct ka_step *step)
{
	enum ka_at at = ka_engine_end(e, step->who);
	enum nn_node node = ka_engine_node(e, step->who);
	const char *dev = nn_topology_dev(NN_GATEWAY, node);
	unsigned flags = 0;
	int ret = nn_topology_replace(&e->net, node, true, &e->err);

	if (!ret)
		ret = nn_link_flags(e->net.ns[NN_GATEWAY], dev, &flags, &e->err);
	if (!ret)
		ret = ka_engine_open_capture(e, at);
	if (ret)
		return ret;
	e->ends[at].no_device = false;
	ka_engine_fault(e, (int)e->step, !!(flags & IFF_UP), "wire back");
	return 0;
}

/* A wire in a pair: the prober is to have lost its carrier, not to be about to. */
static int wait_until_noticed(struct ka_engine *e, enum nn_node node)
{
	enum nn_node prober = ka_engine_node(e, KA_PROBER), other;

	nn_topology_next_hop(&e->net, node, e->instance->family, &other);
	if (node == NN_GATEWAY || other != prober)
		return 0;
	return nn_link_wait_lost(e->net.ns[prober], nn_topology_dev(prober, node), &e->err);
}

/* Some libpcap ends a capture when its device is down: until it is up again, nothing passes. */
static int start_link(struct ka_engine *e, const struct ka_step *step)
{
	const bool up = step->do_ == KA_LINK_UP;
	enum nn_node node = ka_engine_node(e, step->who);
	const char *dev = nn_topology_dev(node, ka_engine_node(e, KA_PROBER));
	unsigned flags = 0;
	int ret;

	ka_engine_drain(e);
	if (node != NN_GATEWAY)
		e->ends[ka_engine_end(e, step->who)].no_device = !up;
	ret = nn_topology_link(&e->net, node, up, &e->err);
	if (!ret && !up)
		ret = wait_until_noticed(e, node);
	if (!ret)
		ret = nn_link_flags(e->net.ns[node], dev, &flags, &e->err);
	if (!ret)
		ka_engine_fault(e, (int)e->step, !!(flags & IFF_UP) == up,
				up ? "link is up" : "link is down");
	return ret;
}

/* ---- the words that are done here ------------------------------------------------------------ */

const struct ka_doing ka_done_by_faults[] = {
	{ KA_DROP, start_rules, NULL },      { KA_REJECT, start_rules, NULL },
	{ KA_PROMISE, start_rules, NULL },   { KA_LOSE_SUBFLOW, start_rules, NULL },
	{ KA_HEAL, start_heal, NULL },       { KA_KILL, start_kill, NULL },
	{ KA_FREEZE, start_freeze, NULL },   { KA_THAW, start_freeze, NULL },
	{ KA_CRASH, start_crash, NULL },     { KA_REBOOT, start_reboot, NULL },
	{ KA_FORGET, start_forget, NULL },   { KA_DESTROY, start_destroy, NULL },
	{ KA_LINK_DOWN, start_link, NULL },  { KA_OWN, start_own, NULL },
	{ KA_RELEASE, start_release, NULL }, { KA_FORGE_RESET, start_forge_reset, NULL },
	{ KA_LINK_UP, start_link, NULL },    { .start = NULL },
};
