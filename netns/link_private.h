/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: what link.c, addr.c and route.c share. */
#ifndef NN_LINK_PRIVATE_H
#define NN_LINK_PRIVATE_H

#include <linux/rtnetlink.h>

#include "link.h"
#include "nl.h"

int nn_link_get(struct nn_ns *ns, const char *name, struct ifinfomsg *out, struct nn_err *err);
/* Index of device @name in @ns, or -ENODEV. */
int nn_link_index(struct nn_ns *ns, const char *name, struct nn_err *err);

/* nn_nl_talk() on the rtnetlink socket of @ns. */
int nn_route_talk(struct nn_ns *ns, struct nn_msg *msg, nn_nl_each each, void *arg,
		  struct nn_err *err);

/* nn_nl_talk_all() on it. */
int nn_route_talk_all(struct nn_ns *ns, struct nn_msgs *msgs, nn_nl_each each, void *arg,
		      struct nn_err *err);

/* A request that changes nothing, but is over only after whatever holds the kernel's rtnetlink lock
 * now. */
void nn_link_lock_step_msg(struct nn_msg *msg, const char *name);

/* Waits until @ready(@arg) is not 0; looks again at each notification of @group (RTNLGRP_...).
 * Returns 0, -ETIMEDOUT, or the -errno of @ready. */
int nn_route_wait(struct nn_ns *ns, unsigned group, int (*ready)(void *), void *arg,
		  struct nn_err *err);

/* The requests of nn_addr_add(), nn_neigh_add() and nn_route_add(), for the device with @index. */
void nn_addr_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, int prefix_len);
void nn_neigh_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, const uint8_t mac[6]);
void nn_route_msg(struct nn_msg *msg, int index, const struct nn_route *route);

/* Waits until an address, just added to a device with a carrier, has taken effect. */
int nn_addr_wait(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, struct nn_err *err);

size_t nn_addr_size(const struct nn_addr *addr);
/* Into @buf (INET6_ADDRSTRLEN); returns it. */
const char *nn_addr_text(const struct nn_addr *addr, char *buf, size_t size);

#endif
