/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: what link.c, addr.c and route.c share. */
#ifndef NN_LINK_PRIVATE_H
#define NN_LINK_PRIVATE_H

#include "link.h"
#include "nl.h"

/* Index of device @name in @ns, or -ENODEV. */
int nn_link_index(struct nn_ns *ns, const char *name, struct nn_err *err);

/* nn_nl_talk() on the rtnetlink socket of @ns. */
int nn_route_talk(struct nn_ns *ns, struct nn_msg *msg, nn_nl_each each, void *arg,
		  struct nn_err *err);

size_t nn_addr_size(const struct nn_addr *addr);
/* Into @buf (INET6_ADDRSTRLEN); returns it. */
const char *nn_addr_text(const struct nn_addr *addr, char *buf, size_t size);

#endif
