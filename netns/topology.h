/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two networks that every experiment runs in. Addresses are from the documentation ranges
 * (RFC 5737, RFC 3849); neighbours are permanent, so no ARP or ND packet ever delays a handshake.
 *
 * pair:    client eth0 192.0.2.1 ------------------------------------------- 192.0.2.2 eth0 server
 *                 2001:db8:1::1                                        2001:db8:1::2
 *
 * routed:  client eth0 192.0.2.1 -- 192.0.2.254 client0 [gateway] server0 198.51.100.254
 *                                                                -- 198.51.100.1 eth0 server
 *                 2001:db8:1::1 -- 2001:db8:1::fe    2001:db8:2::fe -- 2001:db8:2::1
 */
#ifndef NN_TOPOLOGY_H
#define NN_TOPOLOGY_H

#include "link.h"
#include "ns.h"

enum nn_shape { NN_PAIR, NN_ROUTED };
enum nn_node { NN_CLIENT, NN_SERVER, NN_GATEWAY };
#define NN_NODES 3

struct nn_topology {
	enum nn_shape shape;
	bool ipv6;                  /* this kernel has it */
	int only;                   /* the one family that has addresses; 0: both */
	struct nn_ns *ns[NN_NODES]; /* owned; the gateway is NULL in a pair */
};

/*
 * Builds namespaces, wires, addresses (both families), routes and neighbours; all links are up
 * when it returns. A kernel without IPv6 gets IPv4 only. The gateway of a routed network forwards
 * both families, and has blackhole default routes so that it is silent (no ICMP) towards a network
 * that has vanished. On failure nothing is left. Returns 0 or -errno.
 */
int nn_topology_new(struct nn_topology *net, enum nn_shape shape, struct nn_err *err);

/* The same with less work, for @family alone: the other one has no addresses and no routes. And one
 * node is the namespace that the caller is in and stays in: the gateway, or the server of a pair. No
 * other network may be in it, and its loopback is up. */
int nn_topology_new_here(struct nn_topology *net, enum nn_shape shape, int family,
			 struct nn_err *err);

/* Closes all namespaces; safe twice and on a zeroed struct. */
void nn_topology_free(struct nn_topology *net);

/* The address of @node in @family: in routed, the gateway's is the one on the client's side. */
struct nn_addr nn_topology_addr(const struct nn_topology *net, enum nn_node node, int family);

/* Pulls and destroys the wires of @node: both ends vanish. In a routed network the gateway is what
 * loses its device; in a pair the other node does, so its kernel sees more than silence. A wire
 * that is gone already is no error. */
int nn_topology_unplug(struct nn_topology *net, enum nn_node node, struct nn_err *err);

/* Unplugs @node, gives up its namespace (processes inside keep it alive: kill them first) and, with
 * @rebuild, puts a fresh one with the same addresses, MACs and wires in its place: the machine came
 * back with nothing in memory. Without, ns[node] is NULL until a later call rebuilds it. */
int nn_topology_replace(struct nn_topology *net, enum nn_node node, bool rebuild,
			struct nn_err *err);

/* Sets @node's devices down or up. Up also restores what going down lost (IPv6 addresses, routes,
 * neighbours) and returns when both ends of the wire carry packets. */
int nn_topology_link(struct nn_topology *net, enum nn_node node, bool up, struct nn_err *err);

/* The prefix length of every address of @family here. */
int nn_topology_prefix_len(int family);

/* What the first packet of @node to the other host is sent to: the gateway, or in a pair the other
 * host itself. @node is no gateway. Returns the address that it has on that wire. */
struct nn_addr nn_topology_next_hop(const struct nn_topology *net, enum nn_node node, int family,
				    enum nn_node *hop);

/* Gives @node, which is no gateway, a second address of @family on its wire, next to the first; what is at the
 * other end of the wire knows its neighbour. Waits until it can be used. */
int nn_topology_add_addr(struct nn_topology *net, enum nn_node node, int family,
			 struct nn_addr *addr, struct nn_err *err);

/* Name of the device of @node towards the wire: "eth0"; the gateway's towards @peer: "client0",
 * "server0". */
const char *nn_topology_dev(enum nn_node node, enum nn_node peer);

#endif
