/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two networks, from one table: a topology is a list of wires, a wire has two ends, and an end
 * knows its node, device, addresses and MAC. Building, unplugging and rebuilding all read it.
 */
#include "topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link_private.h"
#include "sysctl.h"
#include "util.h"

/* Of the gateway's default routes: anything else wins. */
#define LAST_RESORT_METRIC 1000000
#define FAMILIES           2

static const int families[FAMILIES] = { AF_INET, AF_INET6 };
static const int prefix_lens[FAMILIES] = { 24, 64 };

struct end {
	enum nn_node node, peer;
	const char *addr[FAMILIES];
	uint8_t mac[6]; /* locally administered; fixed, so that a node can come back unchanged */
};

struct wire {
	struct end end[2]; /* the first one is never the gateway */
};

static const struct wire pair_wires[] = {
	{ { { NN_CLIENT, NN_SERVER, { "192.0.2.1", "2001:db8:1::1" }, { 2, 0, 0, 0, 0, 1 } },
	    { NN_SERVER, NN_CLIENT, { "192.0.2.2", "2001:db8:1::2" }, { 2, 0, 0, 0, 0, 2 } } } },
};

static const struct wire routed_wires[] = {
	{ { { NN_CLIENT, NN_GATEWAY, { "192.0.2.1", "2001:db8:1::1" }, { 2, 0, 0, 0, 0, 1 } },
	    { NN_GATEWAY,
	      NN_CLIENT,
	      { "192.0.2.254", "2001:db8:1::fe" },
	      { 2, 0, 0, 0, 1, 1 } } } },
	{ { { NN_SERVER, NN_GATEWAY, { "198.51.100.1", "2001:db8:2::1" }, { 2, 0, 0, 0, 0, 2 } },
	    { NN_GATEWAY,
	      NN_SERVER,
	      { "198.51.100.254", "2001:db8:2::fe" },
	      { 2, 0, 0, 0, 1, 2 } } } },
};

static const struct wire *wires_of(enum nn_shape shape, size_t *n)
{
	*n = shape == NN_ROUTED ? NN_N(routed_wires) : NN_N(pair_wires);
	return shape == NN_ROUTED ? routed_wires : pair_wires;
}

static const char *node_name(enum nn_node node)
{
	static const char *const names[NN_NODES] = { "client", "server", "gateway" };

	return names[node];
}

const char *nn_topology_dev(enum nn_node node, enum nn_node peer)
{
	if (node != NN_GATEWAY)
		return "eth0";
	return peer == NN_SERVER ? "server0" : "client0";
}

static const char *end_dev(const struct end *end)
{
	return nn_topology_dev(end->node, end->peer);
}

/* The table's own texts always parse. */
static struct nn_addr end_addr(const struct end *end, int i)
{
	struct nn_addr addr = { 0 };

	(void)nn_addr_parse(&addr, end->addr[i]);
	return addr;
}

struct nn_addr nn_topology_addr(const struct nn_topology *net, enum nn_node node, int family)
{
	size_t n, i;
	const struct wire *wires = wires_of(net->shape, &n);
	const struct end *end;

	for (i = 0; i < 2 * n; i++) {
		end = &wires[i / 2].end[i % 2];
		if (end->node == node)
			return end_addr(end, family == AF_INET6);
	}
	return (struct nn_addr){ .family = family };
}

int nn_topology_prefix_len(int family)
{
	return prefix_lens[family == AF_INET6];
}

struct nn_addr nn_topology_next_hop(const struct nn_topology *net, enum nn_node node, int family,
				    enum nn_node *hop)
{
	size_t n, i;
	const struct wire *wires = wires_of(net->shape, &n);
	const struct end *other;

	for (i = 0; i < 2 * n; i++) {
		if (wires[i / 2].end[i % 2].node != node)
			continue;
		other = &wires[i / 2].end[!(i % 2)];
		*hop = other->node;
		return end_addr(other, family == AF_INET6);
	}
	*hop = node;
	return (struct nn_addr){ .family = family };
}

/* The last byte tells the first addresses of all nodes apart; these differ from them by this bit. */
#define SECOND 0x10

int nn_topology_add_addr(struct nn_topology *net, enum nn_node node, int family,
			 struct nn_addr *addr, struct nn_err *err)
{
	size_t n, i = 0;
	const struct wire *wires = wires_of(net->shape, &n);
	const struct end *end, *other;
	struct nn_msg msg;
	int index, ret;

	while (i < 2 * n - 1 && wires[i / 2].end[i % 2].node != node)
		i++;
	end = &wires[i / 2].end[i % 2];
	other = &wires[i / 2].end[!(i % 2)];
	*addr = end_addr(end, family == AF_INET6);
	addr->bytes[nn_addr_size(addr) - 1] ^= SECOND;
	index = nn_link_index(net->ns[node], end_dev(end), err);
	if (index < 0)
		return index;
	nn_addr_msg(&msg, index, addr, nn_topology_prefix_len(family));
	ret = nn_route_talk(net->ns[node], &msg, NULL, NULL, err);
	if (!ret)
		ret = nn_neigh_add(net->ns[other->node], end_dev(other), addr, end->mac, err);
	if (!ret)
		ret = nn_addr_wait(net->ns[node], end_dev(end), addr, err);
	return ret ? nn_prefix(err, ret, "second address of the %s", node_name(node)) : 0;
}

/* ---- building --------------------------------------------------------------------------- */

static bool has_family(const struct nn_topology *net, int i)
{
	if (net->only)
		return families[i] == net->only;
	return families[i] == AF_INET || net->ipv6;
}

/* An address, the neighbour at the other end, and for a host behind a gateway the way out. */
static void end_configure(struct nn_msgs *msgs, const struct end *end, const struct end *other,
			  int index, int i)
{
	struct nn_addr addr = end_addr(end, i), far = end_addr(other, i);
	struct nn_route out = { .dst = { .family = families[i] },
				.via = &far,
				.dev = end_dev(end) };
	struct nn_msg msg;

	nn_addr_msg(&msg, index, &addr, prefix_lens[i]);
	nn_msgs_add(msgs, end->addr[i], &msg);
	nn_neigh_msg(&msg, index, &far, other->mac);
	nn_msgs_add(msgs, "neighbour", &msg);
	if (other->node == NN_GATEWAY) {
		nn_route_msg(&msg, index, &out);
		nn_msgs_add(msgs, "default route", &msg);
	}
}

/* @index: of the device. */
static int wire_configure(struct nn_topology *net, const struct wire *wire, int which, int index,
			  struct nn_err *err)
{
	const struct end *end = &wire->end[which], *other = &wire->end[!which];
	struct nn_msgs msgs;
	int i, ret;

	nn_msgs_init(&msgs);
	/* IPv6 first: its addresses take effect later. */
	for (i = FAMILIES - 1; i >= 0; i--)
		if (has_family(net, i))
			end_configure(&msgs, end, other, index, i);
	ret = nn_route_talk_all(net->ns[end->node], &msgs, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot configure %s of the %s", end_dev(end),
			       node_name(end->node))
		   : 0;
}

static struct nn_veth_end veth_end(const struct nn_topology *net, const struct end *end)
{
	struct nn_veth_end veth = { .ns = net->ns[end->node], .name = end_dev(end) };

	memcpy(veth.mac, end->mac, sizeof(veth.mac));
	return veth;
}

/* Until the addresses are in effect; put off so that the kernel has had time meanwhile. */
static int wire_wait(struct nn_topology *net, const struct wire *wire, struct nn_err *err)
{
	const struct end *end;
	struct nn_addr addr;
	int i, ret = 0;

	for (i = 0; !ret && i < 2 * FAMILIES; i++) {
		end = &wire->end[i / FAMILIES];
		addr = end_addr(end, i % FAMILIES);
		if (net->ns[end->node] && has_family(net, i % FAMILIES))
			ret = nn_addr_wait(net->ns[end->node], end_dev(end), &addr, err);
	}
	return ret;
}

/* Both ends up before either is configured: addresses and routes on a device without carrier
 * would be put into effect later, by the kernel's link watch. */
static int wire_build(struct nn_topology *net, const struct wire *wire, struct nn_err *err)
{
	struct nn_veth_end a = veth_end(net, &wire->end[0]), b = veth_end(net, &wire->end[1]);
	int ret, index[2] = { 0 };

	ret = nn_veth_new(&a, &b, net->ipv6, err);
	if (!ret)
		ret = index[0] = nn_link_wait(a.ns, a.name, err);
	if (ret > 0)
		ret = index[1] = nn_link_wait(b.ns, b.name, err);
	if (ret > 0)
		ret = wire_configure(net, wire, 0, index[0], err);
	if (!ret)
		ret = wire_configure(net, wire, 1, index[1], err);
	return ret ? ret : wire_wait(net, wire, err);
}

/* Forwards both families, and swallows what it has no route for. */
static int gateway_configure(const struct nn_topology *net, struct nn_ns *ns, struct nn_err *err)
{
	static const char *const keys[FAMILIES] = { "net/ipv4/ip_forward",
						    "net/ipv6/conf/all/forwarding" };
	int i, ret;

	for (i = 0; i < FAMILIES; i++) {
		struct nn_route drain = { .type = NN_BLACKHOLE,
					  .dst = { .family = families[i] },
					  .metric = LAST_RESORT_METRIC };

		if (!has_family(net, i))
			continue;
		ret = nn_sysctl_put(ns, keys[i], "1", err);
		if (!ret)
			ret = nn_route_add(ns, &drain, err);
		if (ret)
			return nn_prefix(err, ret, "gateway");
	}
	return 0;
}

/* @here: the node is where the caller is. */
static int node_new(struct nn_topology *net, enum nn_node node, bool here, struct nn_err *err)
{
	struct nn_ns **ns = &net->ns[node];
	int ret = here ? nn_ns_here(ns, err) : nn_ns_new(ns, err);

	if (!ret && node == NN_GATEWAY)
		ret = gateway_configure(net, *ns, err);
	return ret;
}

static int build(struct nn_topology *net, bool here, struct nn_err *err)
{
	const int last = net->shape == NN_ROUTED ? NN_GATEWAY : NN_SERVER;
	size_t n, i;
	const struct wire *wires = wires_of(net->shape, &n);
	int node, ret = 0;

	for (node = 0; !ret && node <= last; node++)
		ret = node_new(net, (enum nn_node)node, here && node == last, err);
	for (i = 0; !ret && i < n; i++)
		ret = wire_build(net, &wires[i], err);
	return ret;
}

/* @only: the family of a network whose last node is here; 0: of both families, and nothing here. */
static int topology_new(struct nn_topology *net, enum nn_shape shape, int only, struct nn_err *err)
{
	struct nn_topology new = { .shape = shape, .only = only, .ipv6 = nn_has_family(AF_INET6) };
	int ret = build(&new, only, err);

	if (ret)
		nn_topology_free(&new);
	else
		*net = new;
	return ret;
}

int nn_topology_new(struct nn_topology *net, enum nn_shape shape, struct nn_err *err)
{
	return topology_new(net, shape, 0, err);
}

int nn_topology_new_here(struct nn_topology *net, enum nn_shape shape, int family,
			 struct nn_err *err)
{
	return topology_new(net, shape, family, err);
}

void nn_topology_free(struct nn_topology *net)
{
	int node;

	for (node = 0; node < NN_NODES; node++)
		net->ns[node] = nn_ns_free(net->ns[node]);
}

/* ---- unplugging and rebuilding ---------------------------------------------------------- */

static bool touches(const struct wire *wire, enum nn_node node)
{
	return wire->end[0].node == node || wire->end[1].node == node;
}

/* From whichever end still has a namespace. A wire that is gone already is no error. */
static int wire_destroy(struct nn_topology *net, const struct wire *wire, struct nn_err *err)
{
	const struct end *end = &wire->end[net->ns[wire->end[0].node] ? 0 : 1];
	struct nn_ns *ns = net->ns[end->node];
	int ret;

	if (!ns)
		return 0;
	ret = nn_link_delete(ns, end_dev(end), err);
	if (ret == -ENODEV)
		return 0;
	return ret ? nn_prefix(err, ret, "%s", node_name(end->node)) : 0;
}

int nn_topology_unplug(struct nn_topology *net, enum nn_node node, struct nn_err *err)
{
	size_t n, i;
	const struct wire *wires = wires_of(net->shape, &n);
	int ret = 0;

	for (i = 0; !ret && i < n; i++)
		if (touches(&wires[i], node))
			ret = wire_destroy(net, &wires[i], err);
	return ret;
}

/* Every wire of @node whose other end exists. */
static int replug(struct nn_topology *net, enum nn_node node, struct nn_err *err)
{
	size_t n, i;
	const struct wire *wires = wires_of(net->shape, &n);
	int ret = 0;

	for (i = 0; !ret && i < n; i++)
		if (touches(&wires[i], node) && net->ns[wires[i].end[0].node] &&
		    net->ns[wires[i].end[1].node])
			ret = wire_build(net, &wires[i], err);
	return ret;
}

int nn_topology_replace(struct nn_topology *net, enum nn_node node, bool rebuild,
			struct nn_err *err)
{
	int ret;

	/* A process may still hold the namespace: at least it is cut off. */
	ret = nn_topology_unplug(net, node, err);
	if (ret)
		return ret;
	net->ns[node] = nn_ns_free(net->ns[node]);
	if (!rebuild)
		return 0;
	ret = node_new(net, node, false, err);
	return ret ? ret : replug(net, node, err);
}

/* ---- a device down and up --------------------------------------------------------------- */

static int wire_set(struct nn_topology *net, const struct wire *wire, int which, bool up,
		    struct nn_err *err)
{
	const struct end *end = &wire->end[which], *other = &wire->end[!which];
	struct nn_ns *ns = net->ns[end->node], *other_ns = net->ns[other->node];
	int ret, index;

	ret = nn_link_set_up(ns, end_dev(end), up, err);
	if (ret || !up)
		return ret;
	ret = index = nn_link_wait(ns, end_dev(end), err);
	if (ret > 0 && other_ns)
		ret = nn_link_wait(other_ns, end_dev(other), err);
	if (ret > 0)
		ret = wire_configure(net, wire, which, index, err);
	return ret ? ret : wire_wait(net, wire, err);
}

int nn_topology_link(struct nn_topology *net, enum nn_node node, bool up, struct nn_err *err)
{
	size_t n, i;
	const struct wire *wires = wires_of(net->shape, &n);
	int ret = 0;

	for (i = 0; !ret && i < 2 * n; i++)
		if (wires[i / 2].end[i % 2].node == node)
			ret = wire_set(net, &wires[i / 2], (int)(i % 2), up, err);
	return ret ? nn_prefix(err, ret, "%s", node_name(node)) : 0;
}
