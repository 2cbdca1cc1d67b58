/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: what others build on link.c. */
#ifndef NN_LINK_PRIVATE_H
#define NN_LINK_PRIVATE_H

#include <linux/rtnetlink.h>

#include "link.h"
#include "nl.h"

/* IF_OPER_UP of linux/if.h, which does not go with every library's net/if.h. */
#define NN_OPER_UP 6

/* What a device says of itself. */
struct nn_link_seen {
	struct ifinfomsg ifi;
	bool carries; /* its queue takes packets: IFLA_OPERSTATE is "up", not "unknown" */
};

/* For nn_nl_talk(): reads RTM_NEWLINK into *@arg, a struct nn_link_seen; skips other messages. */
int nn_link_parse(const struct nlmsghdr *nlh, void *arg);

/* Index of device @name in @ns, or -ENODEV. */
int nn_link_index(struct nn_ns *ns, const char *name, struct nn_err *err);

/* nn_nl_talk() on the rtnetlink socket of @ns. */
int nn_route_talk(struct nn_ns *ns, struct nn_msg *msg, nn_nl_each each, void *arg,
		  struct nn_err *err);

/* nn_nl_talk_all() on it. */
int nn_route_talk_all(struct nn_ns *ns, struct nn_msgs *msgs, nn_nl_each each, void *arg,
		      struct nn_err *err);

/* The requests that add an address, a neighbour or a route, for the device with @index; an IPv6 address
 * without duplicate address detection (IFA_F_NODAD). */
void nn_addr_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, int prefix_len);
void nn_neigh_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, const uint8_t mac[6]);
void nn_route_msg(struct nn_msg *msg, int index, const struct nn_route *route);

/* Waits until an address, just added to a device with a carrier, has taken effect. */
int nn_addr_wait(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, struct nn_err *err);

/* Bytes of the address: 4 or 16. */
size_t nn_addr_size(const struct nn_addr *addr);

#endif
