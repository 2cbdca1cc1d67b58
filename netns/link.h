/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, addresses, routes and neighbours of one namespace, by rtnetlink. */
#ifndef NN_LINK_H
#define NN_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "err.h"
#include "ns.h"

/* An address of either family. */
struct nn_addr {
	int family; /* AF_INET or AF_INET6 */
	uint8_t bytes[16];
};

/* Parses "192.0.2.1" or "2001:db8:1::1". Returns 0 or -EINVAL. */
int nn_addr_parse(struct nn_addr *addr, const char *text);

/* Whether this kernel speaks @family at all (one without CONFIG_IPV6 does not). */
bool nn_has_family(int family);

/* One end of a veth: name, MAC. */
struct nn_veth_end {
	struct nn_ns *ns;
	const char *name;
	uint8_t mac[6];
};

/* Creates a veth pair with one end in each namespace, and sets both up. With @ipv6, that is if the
 * kernel has it, IPv6 address generation is off (no link-local address, no router solicitation).
 * Returns 0 or -errno. */
int nn_veth_new(const struct nn_veth_end *a, const struct nn_veth_end *b, bool ipv6,
		struct nn_err *err);

/* A device that goes down loses its IPv6 addresses, its neighbours and the routes through it. */
int nn_link_set_up(struct nn_ns *ns, const char *name, bool up, struct nn_err *err);
/* Waits until the device carries packets: the first end of a veth that is set up discards them
 * until some time after the second. Returns the index of the device, or -errno; -ETIMEDOUT if no
 * carrier comes. */
int nn_link_wait(struct nn_ns *ns, const char *name, struct nn_err *err);
/* Waits until the device has noticed that its far end is down: its queue discards packets from then
 * on. Before, the driver refuses them. -ETIMEDOUT if it does not. */
int nn_link_wait_lost(struct nn_ns *ns, const char *name, struct nn_err *err);
int nn_link_delete(struct nn_ns *ns, const char *name, struct nn_err *err);
/* Reads interface flags (IFF_UP, IFF_RUNNING, IFF_LOWER_UP) into *@flags; -ENODEV if it is gone. */
int nn_link_flags(struct nn_ns *ns, const char *name, unsigned *flags, struct nn_err *err);

/* Deletes an address. */
int nn_addr_del(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, int prefix_len,
		struct nn_err *err);

/* What happens to a packet that matches the route. */
enum nn_route_type { NN_UNICAST, NN_UNREACHABLE, NN_BLACKHOLE, NN_PROHIBIT };

struct nn_route {
	enum nn_route_type type;
	struct nn_addr dst; /* family set and bytes zero with prefix_len 0: default route */
	int prefix_len;
	const struct nn_addr *via; /* NULL: none */
	const char *dev;           /* NULL: none */
	uint32_t metric;           /* 0: the kernel's own */
};

/* Adds, in place of any route with the same destination and metric. */
int nn_route_add(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err);
int nn_route_del(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err);

/* A permanent neighbour entry (no ARP, no ND); del removes it. */
int nn_neigh_add(struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
		 const uint8_t mac[6], struct nn_err *err);
int nn_neigh_del(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, struct nn_err *err);
/* Whether packets to @addr can leave now: 1 if its MAC address is known, 0 if it is not (no entry,
 * asked for, asked for in vain), or -errno. */
int nn_neigh_known(struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
		   struct nn_err *err);

#endif
