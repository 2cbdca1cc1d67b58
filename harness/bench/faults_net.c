/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults in an end's own network: device, address, route, neighbour, queue. The host that has them
 * knows, or could know; what TCP makes of it is what the cases are about.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "bench/engine.h"
#include "netns/nft.h"
#include "netns/qdisc.h"
#include "netns/sysctl.h"

/* The device of @node towards the rest of the network; @node is an end. */
static const char *device_of(enum nn_node node)
{
	return nn_topology_dev(node, NN_GATEWAY);
}

static int start_link_delete(struct ka_engine *e, const struct ka_step *step)
{
	enum nn_node node = ka_engine_node(e, step->who);
	struct nn_ns *ns = e->net.ns[node];
	unsigned flags;
	int ret;

	ka_engine_drain(e);
	ka_fault_takes_wire(e, node);
	ret = nn_link_delete(ns, device_of(node), &e->err);
	if (!ret)
		ka_engine_fault(e, (int)e->step,
				nn_link_flags(ns, device_of(node), &flags, NULL) == -ENODEV,
				"device is gone");
	return ret;
}

/* What is gone cannot be deleted a second time. */
static int start_address(struct ka_engine *e, const struct ka_step *step)
{
	enum nn_node node = ka_engine_node(e, step->who);
	int family = e->instance->family, len = nn_topology_prefix_len(family);
	struct nn_addr addr = nn_topology_addr(&e->net, node, family);
	struct nn_ns *ns = e->net.ns[node];
	int ret = nn_addr_del(ns, device_of(node), &addr, len, &e->err);

	if (!ret)
		ka_engine_fault(e, (int)e->step,
				nn_addr_del(ns, device_of(node), &addr, len, NULL) ==
					-EADDRNOTAVAIL,
				"address is gone");
	return ret;
}

/* ---- routes ------------------------------------------------------------------------------- */

static int remove_route(struct ka_engine *e, enum nn_node node)
{
	enum nn_node hop;
	struct nn_addr via = nn_topology_next_hop(&e->net, node, e->instance->family, &hop);
	const struct nn_route way_out = { .dst = { .family = e->instance->family },
					  .via = &via,
					  .dev = device_of(node) };
	int ret = nn_route_del(e->net.ns[node], &way_out, &e->err);

	if (!ret)
		ka_engine_fault(e, (int)e->step,
				nn_route_del(e->net.ns[node], &way_out, NULL) == -ESRCH,
				"default route is gone");
	return ret;
}

/* A route to the other end alone, which wins over the default route. */
static int forbid_route(struct ka_engine *e, const struct ka_step *step, enum nn_node node)
{
	static const enum nn_route_type types[] = { [KA_ROUTE_UNREACHABLE] = NN_UNREACHABLE,
						    [KA_ROUTE_BLACKHOLE] = NN_BLACKHOLE,
						    [KA_ROUTE_PROHIBIT] = NN_PROHIBIT };
	enum nn_node other = node == NN_CLIENT ? NN_SERVER : NN_CLIENT;
	const struct nn_route route = {
		.type = types[step->route],
		.dst = nn_topology_addr(&e->net, other, e->instance->family),
		.prefix_len = e->instance->family == AF_INET ? 32 : 128,
	};
	int ret = nn_route_add(e->net.ns[node], &route, &e->err);

	if (!ret)
		ka_engine_fault(e, (int)e->step, 1, "the kernel took the route");
	return ret;
}

static int start_route(struct ka_engine *e, const struct ka_step *step)
{
	enum nn_node node = ka_engine_node(e, step->who);

	return step->route == KA_ROUTE_NONE ? remove_route(e, node) : forbid_route(e, step, node);
}

/* ---- the neighbour ------------------------------------------------------------------------ */

/* ARP is no business of nftables' inet family: the sysctl makes the next hop ignore it. */
static int deafen(struct ka_engine *e, enum nn_node hop, enum nn_node node)
{
	const struct nn_nft_rule no_nd = { .hook = NN_PREROUTING,
					   .l4proto = IPPROTO_ICMPV6,
					   .action = NN_DROP };
	char key[64];

	if (e->instance->family == AF_INET6)
		return nn_nft_add(e->net.ns[hop], "neighbour", &no_nd, 1, &e->err);
	snprintf(key, sizeof(key), "net/ipv4/conf/%s/arp_ignore", nn_topology_dev(hop, node));
	return nn_sysctl_put(e->net.ns[hop], key, "8", &e->err);
}

static int start_neighbour(struct ka_engine *e, const struct ka_step *step)
{
	enum nn_node node = ka_engine_node(e, step->who), hop;
	struct nn_addr addr = nn_topology_next_hop(&e->net, node, e->instance->family, &hop);
	int ret = deafen(e, hop, node);

	if (!ret && !step->misses)
		ret = nn_neigh_del(e->net.ns[node], device_of(node), &addr, &e->err);
	if (!ret)
		e->neighbour_gone = e->step + 1;
	return ret;
}

static void step_gap(struct ka_engine *e, size_t number, const struct nn_err *err)
{
	ka_engine_gap(e, KA_AT_BENCH,
		      (struct ka_gap){ .proof = KA_PROOF_FAULT, .step = (int)number - 1 },
		      err->text);
}

static void neighbour_evidence(struct ka_engine *e)
{
	size_t number = e->neighbour_gone;
	enum nn_node node = ka_engine_node(e, e->case_->steps[number - 1].who), hop;
	struct nn_addr addr = nn_topology_next_hop(&e->net, node, e->instance->family, &hop);
	struct nn_err err = { 0 };
	int known = nn_neigh_known(e->net.ns[node], device_of(node), &addr, &err);

	if (known < 0)
		step_gap(e, number, &err);
	else
		ka_engine_fault(e, (int)number - 1, !known, "next hop not resolved");
}

/* ---- the queue ---------------------------------------------------------------------------- */

static const char *queue_of(const struct ka_step *step)
{
	return step->do_ == KA_CONGEST ? "fq_codel" : "pfifo";
}

static int start_refuse(struct ka_engine *e, const struct ka_step *step)
{
	enum nn_node node = ka_engine_node(e, step->who);
	int ret = nn_qdisc_refuse(e->net.ns[node], device_of(node), queue_of(step), &e->err);

	if (!ret)
		e->refusing = e->step + 1;
	return ret;
}

static void refusal_evidence(struct ka_engine *e)
{
	enum nn_node node = ka_engine_node(e, e->case_->steps[e->refusing - 1].who);
	struct nn_err err = { 0 };
	uint64_t packets = 0;

	if (nn_qdisc_refused(e->net.ns[node], device_of(node), &packets, &err))
		step_gap(e, e->refusing, &err);
	else
		ka_engine_fault(e, (int)e->refusing - 1, packets, "refused by the device");
	e->refusing = 0;
}

static int start_accept(struct ka_engine *e, const struct ka_step *step)
{
	enum nn_node node = ka_engine_node(e, step->who);
	const char *queue;

	if (!e->refusing)
		return nn_fail(&e->err, EINVAL, "no device refuses packets");
	queue = queue_of(&e->case_->steps[e->refusing - 1]);
	refusal_evidence(e);
	return nn_qdisc_accept(e->net.ns[node], device_of(node), queue, &e->err);
}

void ka_fault_late_evidence(struct ka_engine *e)
{
	if (e->neighbour_gone)
		neighbour_evidence(e);
	if (e->refusing)
		refusal_evidence(e);
}

/* ---- the words that are done here ------------------------------------------------------------ */

const struct ka_doing ka_done_by_net[] = {
	{ KA_LINK_DELETE, start_link_delete, NULL }, { KA_ADDRESS_GONE, start_address, NULL },
	{ KA_ROUTE_GONE, start_route, NULL },        { KA_NEIGHBOUR_GONE, start_neighbour, NULL },
	{ KA_REFUSE, start_refuse, NULL },           { KA_CONGEST, start_refuse, NULL },
	{ KA_ACCEPT, start_accept, NULL },           { .start = NULL },
};
