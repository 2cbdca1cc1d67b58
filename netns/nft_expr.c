/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expressions of an nftables rule, built by libnftnl. */
#include "nft_expr.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

/* 16 bytes wide, enough for an interface name. */
#define REG NFT_REG_1

/* Long enough that no token comes back while an experiment runs, even in virtual time. */
#define WEEK_S (7 * 24 * 3600)

#define TCP_FLAGS_OFFSET 13

static struct nftnl_expr *add_expr(struct nn_exprs *e, const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (expr)
		nftnl_rule_add_expr(e->rule, expr);
	else
		e->failed = true;
	return expr;
}

/* `KEY`: loads a property of the packet. */
static void load_meta(struct nn_exprs *e, uint32_t key)
{
	struct nftnl_expr *expr = add_expr(e, "meta");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, REG);
}

/* `@th,OFFSET,LEN`: loads bytes of the transport header. */
static void load_transport(struct nn_exprs *e, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *expr = add_expr(e, "payload");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, REG);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, len);
}

/* `== DATA`, or another of the kernel's comparisons */
static void compare_by(struct nn_exprs *e, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *expr = add_expr(e, "cmp");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, REG);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, len);
}

static void compare(struct nn_exprs *e, const void *data, uint32_t len)
{
	compare_by(e, NFT_CMP_EQ, data, len);
}

/* `& MASK` */
static void mask_with(struct nn_exprs *e, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *expr = add_expr(e, "bitwise");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, REG);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, REG);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

void nn_expr_iifname(struct nn_exprs *e, const char *name)
{
	char padded[IFNAMSIZ] = { 0 };

	snprintf(padded, sizeof(padded), "%s", name);
	load_meta(e, NFT_META_IIFNAME);
	compare(e, padded, sizeof(padded));
}

void nn_expr_nfproto(struct nn_exprs *e, uint8_t family)
{
	load_meta(e, NFT_META_NFPROTO);
	compare(e, &family, sizeof(family));
}

void nn_expr_l4proto(struct nn_exprs *e, uint8_t proto)
{
	load_meta(e, NFT_META_L4PROTO);
	compare(e, &proto, sizeof(proto));
}

static void match_port(struct nn_exprs *e, uint32_t offset, uint16_t port)
{
	uint16_t wire = htons(port);

	load_transport(e, offset, sizeof(wire));
	compare(e, &wire, sizeof(wire));
}

void nn_expr_sport(struct nn_exprs *e, uint16_t port)
{
	match_port(e, 0, port);
}

void nn_expr_dport(struct nn_exprs *e, uint16_t port)
{
	match_port(e, 2, port);
}

void nn_expr_tcp_flags(struct nn_exprs *e, uint8_t mask, uint8_t value)
{
	load_transport(e, TCP_FLAGS_OFFSET, 1);
	mask_with(e, &mask, 1);
	compare(e, &value, 1);
}

/* `ct state & STATES != 0` */
void nn_expr_ct_state(struct nn_exprs *e, uint32_t states)
{
	static const uint32_t none;
	struct nftnl_expr *expr = add_expr(e, "ct");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, REG);
	mask_with(e, &states, sizeof(states));
	compare_by(e, NFT_CMP_NEQ, &none, sizeof(none));
}

/* `limit rate [over] 1/week burst N packets`: the bucket starts with N tokens. */
void nn_expr_first(struct nn_exprs *e, unsigned n, bool over)
{
	struct nftnl_expr *expr = add_expr(e, "limit");

	if (!expr)
		return;
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_RATE, 1);
	nftnl_expr_set_u64(expr, NFTNL_EXPR_LIMIT_UNIT, WEEK_S);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_BURST, n);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LIMIT_FLAGS, over ? NFT_LIMIT_F_INV : 0);
}

void nn_expr_counter(struct nn_exprs *e)
{
	(void)add_expr(e, "counter");
}

void nn_expr_verdict(struct nn_exprs *e, int verdict)
{
	struct nftnl_expr *expr = add_expr(e, "immediate");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
}

void nn_expr_goto(struct nn_exprs *e, const char *chain)
{
	struct nftnl_expr *expr = add_expr(e, "immediate");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)NFT_GOTO);
	if (nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain))
		e->failed = true;
}

/* `masquerade`: to the address of the device that the packet leaves by. */
void nn_expr_masquerade(struct nn_exprs *e)
{
	(void)add_expr(e, "masq");
}

void nn_expr_reject(struct nn_exprs *e, uint32_t type, uint8_t code)
{
	struct nftnl_expr *expr = add_expr(e, "reject");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_REJECT_TYPE, type);
	nftnl_expr_set_u8(expr, NFTNL_EXPR_REJECT_CODE, code);
}
