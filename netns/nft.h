/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftables rules of one namespace: a table of family inet, its chains and rules in one atomic
 * batch (libnftnl builds, libmnl carries, every message's reply is matched by its sequence
 * number), counters read back.
 */
#ifndef NN_NFT_H
#define NN_NFT_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ns.h"

enum nn_hook { NN_PREROUTING, NN_INPUT, NN_FORWARD, NN_OUTPUT, NN_POSTROUTING };

enum nn_nft_action {
	NN_DROP,
	NN_REJECT_RST,  /* reject with tcp reset */
	NN_REJECT_ICMP, /* reject with icmp type: icmp_code4 or icmp_code6 by family */
	NN_ACCEPT,
	NN_COUNT,      /* only count */
	NN_SET_WINDOW, /* writes .window into the TCP header, and mends the checksum */
	NN_MASQUERADE, /* translates the source address; its chain is of type nat and meets only the
			  first packet of a connection */
};

/* What connection tracking says of a packet; bits of nn_nft_rule.ct_state. */
#define NN_CT_INVALID     1u /* belongs to no connection that is known, and begins none */
#define NN_CT_ESTABLISHED 2u
#define NN_CT_RELATED     4u
#define NN_CT_NEW         8u
#define NN_CT_UNTRACKED   64u

/* Every rule counts; a field left 0 does not restrict. The rule equals, in nft's language,
 * `iifname IIF tcp sport SPORT tcp dport DPORT tcp flags & MASK == VALUE ct state CT_STATE
 *  [limit rate [over] 1/week burst N packets] counter ACTION`. */
struct nn_nft_rule {
	enum nn_hook hook;
	int priority; /* of the hook's chain; 0 is filter. One chain for each (hook, priority) */
	const char *iif;
	uint8_t l4proto; /* 0: IPPROTO_TCP when ports or flags are given, else any */
	uint16_t sport, dport;
	uint8_t flags_mask, flags; /* TCP flags: TH_RST ... */
	uint8_t ct_state;          /* any of these NN_CT_... bits */
	unsigned first;            /* the action meets only the first N matching packets */
	unsigned after;            /* the action meets matching packets after the first N */
	enum nn_nft_action action;
	uint8_t icmp_code4; /* ICMP_HOST_UNREACH, ... (type 3) */
	uint8_t icmp_code6; /* ICMPV6_NOROUTE, ... (type 1) */
	uint16_t window;    /* as in the header, which the receiver scales */
};

/* Puts @rules into a new table @name. -EEXIST if there is one already; on failure nothing has
 * changed (the batch is atomic). Returns 0 or -errno; @err names the rule that was refused. */
int nn_nft_add(struct nn_ns *ns, const char *name, const struct nn_nft_rule *rules, size_t n,
	       struct nn_err *err);

/* Deletes table @name with all that is in it. */
int nn_nft_del(struct nn_ns *ns, const char *name, struct nn_err *err);

/* Reads the packet counters of the @n rules of table @name, in the order they were given. */
int nn_nft_counters(struct nn_ns *ns, const char *name, uint64_t *packets, size_t n,
		    struct nn_err *err);

#endif
