/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: the expressions of an nftables rule. */
#ifndef NN_NFT_EXPR_H
#define NN_NFT_EXPR_H

#include <libnftnl/rule.h>
#include <stdbool.h>

#include "nft.h"

/* Adds to @out what @rule matches, its limit, its counter and its action; one that rejects by ICMP
 * goes to @icmp_chain. False without memory. */
bool nn_exprs_of_rule(struct nftnl_rule *out, const struct nn_nft_rule *rule,
		      const char *icmp_chain);

/* `meta nfproto FAMILY reject with icmp[v6] type CODE`; @family: NFPROTO_IPV4, NFPROTO_IPV6. */
bool nn_exprs_of_reject(struct nftnl_rule *out, uint8_t family, uint8_t code);

#endif
