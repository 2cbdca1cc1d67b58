/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections that a namespace's netfilter tracks (ctnetlink): what a gateway remembers. */
#ifndef NN_CONNTRACK_H
#define NN_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "link.h"
#include "ns.h"

/* A TCP connection by the addresses and ports of its first packet, before any translation. */
struct nn_ct_flow {
	struct nn_addr src, dst; /* of one family */
	uint16_t sport, dport;
};

/* One entry. */
struct nn_ct {
	uint32_t left_s;     /* until it is forgotten, if nothing passes; whole seconds, cut down */
	uint32_t status;     /* IPS_... of linux/netfilter/nf_conntrack_common.h */
	uint8_t tcp_state;   /* TCP_CONNTRACK_... of linux/netfilter/nf_conntrack_tcp.h */
	struct nn_addr back; /* where answers are sent to: the translated source address */
	uint16_t back_port;
};

/* -ENOENT when there is none, or when its time is over: the kernel looks at that first, even if it
 * has not swept it away yet. -EOPNOTSUPP without CONFIG_NF_CT_NETLINK. */
int nn_ct_get(struct nn_ns *ns, const struct nn_ct_flow *flow, struct nn_ct *out,
	      struct nn_err *err);

/* Deletes the entry at once, without a word to anybody. -ENOENT if there is none. */
int nn_ct_del(struct nn_ns *ns, const struct nn_ct_flow *flow, struct nn_err *err);

/* How many entries there are. */
int nn_ct_count(struct nn_ns *ns, uint32_t *count, struct nn_err *err);

#endif
