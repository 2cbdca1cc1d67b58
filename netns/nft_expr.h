/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to netns/: the expressions of an nftables rule, one small function for each, in the words
 * of nft's own language. All compare and load through one register. A failed allocation is kept in
 * @e->failed, so that a rule reads as the line it stands for.
 */
#ifndef NN_NFT_EXPR_H
#define NN_NFT_EXPR_H

#include <libnftnl/rule.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nn_exprs {
	struct nftnl_rule *rule;
	bool failed;
};

void nn_expr_iifname(struct nn_exprs *e, const char *name);
void nn_expr_nfproto(struct nn_exprs *e, uint8_t family); /* NFPROTO_IPV4, NFPROTO_IPV6 */
void nn_expr_l4proto(struct nn_exprs *e, uint8_t proto);
void nn_expr_sport(struct nn_exprs *e, uint16_t port);
void nn_expr_dport(struct nn_exprs *e, uint16_t port);
void nn_expr_tcp_flags(struct nn_exprs *e, uint8_t mask, uint8_t value);
void nn_expr_ct_state(struct nn_exprs *e, uint32_t states); /* any of the bits */
/* Matches the first @n packets that reach it; with @over all those after them. */
void nn_expr_first(struct nn_exprs *e, unsigned n, bool over);
void nn_expr_counter(struct nn_exprs *e);
void nn_expr_verdict(struct nn_exprs *e, int verdict); /* NF_DROP, NF_ACCEPT */
void nn_expr_goto(struct nn_exprs *e, const char *chain);
void nn_expr_masquerade(struct nn_exprs *e);
void nn_expr_reject(struct nn_exprs *e, uint32_t type, uint8_t code); /* NFT_REJECT_... */

#endif
