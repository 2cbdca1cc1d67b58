/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The expressions of an nftables rule, built by libnftnl: one function for each, in the words of nft's
 * own language, whose attributes are a table. All load and compare through one register.
 */
#include "nft_expr.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "nft_text.h"

/* 16 bytes wide, enough for an interface name. */
#define REG NFT_REG_1

/* Long enough that no token comes back while an experiment runs, even in virtual time. */
#define WEEK_S (7 * 24 * 3600)

#define TCP_FLAGS_OFFSET    13
#define TCP_WINDOW_OFFSET   14
#define TCP_CHECKSUM_OFFSET 16

/* .data: @size bytes; NULL: a number of 32 bits. Type 0 ends a list. */
struct attr {
	uint16_t type;
	uint32_t number;
	const void *data;
	uint32_t size;
};

static bool add_expr(struct nftnl_rule *out, const char *name, const struct attr *attrs)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (!expr)
		return false;
	nftnl_rule_add_expr(out, expr);
	for (; attrs->type; attrs++)
		if (nftnl_expr_set(expr, attrs->type, attrs->data ? attrs->data : &attrs->number,
				   attrs->data ? attrs->size : sizeof(attrs->number)))
			return false;
	return true;
}

/* Those whose name says all: `counter`, `masquerade`. The latter translates to the address of the
 * device that the packet leaves by. */
static bool add_bare(struct nftnl_rule *out, const char *name)
{
	static const struct attr none;

	return add_expr(out, name, &none);
}

/* ---- matching --------------------------------------------------------------------------- */

/* `== DATA`, or another of the kernel's comparisons */
static bool compare(struct nftnl_rule *out, uint32_t op, const void *data, uint32_t size)
{
	const struct attr attrs[] = { { NFTNL_EXPR_CMP_SREG, .number = REG },
				      { NFTNL_EXPR_CMP_OP, .number = op },
				      { NFTNL_EXPR_CMP_DATA, .data = data, .size = size },
				      { 0 } };

	return add_expr(out, "cmp", attrs);
}

/* `& MASK` */
static bool mask_with(struct nftnl_rule *out, const void *mask, uint32_t size)
{
	static const uint8_t zero[16];
	const struct attr attrs[] = { { NFTNL_EXPR_BITWISE_SREG, .number = REG },
				      { NFTNL_EXPR_BITWISE_DREG, .number = REG },
				      { NFTNL_EXPR_BITWISE_LEN, .number = size },
				      { NFTNL_EXPR_BITWISE_MASK, .data = mask, .size = size },
				      { NFTNL_EXPR_BITWISE_XOR, .data = zero, .size = size },
				      { 0 } };

	return add_expr(out, "bitwise", attrs);
}

/* `KEY DATA`: a property of the packet. */
static bool match_meta(struct nftnl_rule *out, uint32_t key, const void *data, uint32_t size)
{
	const struct attr attrs[] = { { NFTNL_EXPR_META_KEY, .number = key },
				      { NFTNL_EXPR_META_DREG, .number = REG },
				      { 0 } };

	return add_expr(out, "meta", attrs) && compare(out, NFT_CMP_EQ, data, size);
}

static bool match_iifname(struct nftnl_rule *out, const char *name)
{
	char padded[IFNAMSIZ] = { 0 };

	snprintf(padded, sizeof(padded), "%s", name);
	return match_meta(out, NFT_META_IIFNAME, padded, sizeof(padded));
}

/* `@th,OFFSET,SIZE`: loads bytes of the transport header. */
static bool load_transport(struct nftnl_rule *out, uint32_t offset, uint32_t size)
{
	const struct attr attrs[] = {
		{ NFTNL_EXPR_PAYLOAD_DREG, .number = REG },
		{ NFTNL_EXPR_PAYLOAD_BASE, .number = NFT_PAYLOAD_TRANSPORT_HEADER },
		{ NFTNL_EXPR_PAYLOAD_OFFSET, .number = offset },
		{ NFTNL_EXPR_PAYLOAD_LEN, .number = size },
		{ 0 },
	};

	return add_expr(out, "payload", attrs);
}

/* `th sport PORT` at offset 0, `th dport PORT` at 2 */
static bool match_port(struct nftnl_rule *out, uint32_t offset, uint16_t port)
{
	uint16_t wire = htons(port);

	return load_transport(out, offset, sizeof(wire)) &&
	       compare(out, NFT_CMP_EQ, &wire, sizeof(wire));
}

/* `tcp flags & MASK == VALUE` */
static bool match_flags(struct nftnl_rule *out, uint8_t mask, uint8_t value)
{
	return load_transport(out, TCP_FLAGS_OFFSET, 1) && mask_with(out, &mask, 1) &&
	       compare(out, NFT_CMP_EQ, &value, 1);
}

/* `ct state & STATES != 0` */
static bool match_ct_state(struct nftnl_rule *out, uint32_t states)
{
	static const uint32_t none;
	const struct attr attrs[] = { { NFTNL_EXPR_CT_KEY, .number = NFT_CT_STATE },
				      { NFTNL_EXPR_CT_DREG, .number = REG },
				      { 0 } };

	return add_expr(out, "ct", attrs) && mask_with(out, &states, sizeof(states)) &&
	       compare(out, NFT_CMP_NEQ, &none, sizeof(none));
}

/* `limit rate [over] 1/week burst N packets`: the bucket starts with N tokens. So it matches the
 * first @n packets that reach it, or with @over all those after them. */
static bool match_first(struct nftnl_rule *out, unsigned n, bool over)
{
	static const uint64_t one = 1, week_s = WEEK_S;
	const struct attr attrs[] = {
		{ NFTNL_EXPR_LIMIT_RATE, .data = &one, .size = sizeof(one) },
		{ NFTNL_EXPR_LIMIT_UNIT, .data = &week_s, .size = sizeof(week_s) },
		{ NFTNL_EXPR_LIMIT_BURST, .number = n },
		{ NFTNL_EXPR_LIMIT_TYPE, .number = NFT_LIMIT_PKTS },
		{ NFTNL_EXPR_LIMIT_FLAGS, .number = over ? NFT_LIMIT_F_INV : 0 },
		{ 0 },
	};

	return add_expr(out, "limit", attrs);
}

/* ---- acting ----------------------------------------------------------------------------- */

static bool add_verdict(struct nftnl_rule *out, uint32_t verdict)
{
	const struct attr attrs[] = { { NFTNL_EXPR_IMM_DREG, .number = NFT_REG_VERDICT },
				      { NFTNL_EXPR_IMM_VERDICT, .number = verdict },
				      { 0 } };

	return add_expr(out, "immediate", attrs);
}

static bool add_goto(struct nftnl_rule *out, const char *chain)
{
	const struct attr attrs[] = {
		{ NFTNL_EXPR_IMM_DREG, .number = NFT_REG_VERDICT },
		{ NFTNL_EXPR_IMM_VERDICT, .number = (uint32_t)NFT_GOTO },
		{ NFTNL_EXPR_IMM_CHAIN, .data = chain, .size = (uint32_t)strlen(chain) + 1 },
		{ 0 },
	};

	return add_expr(out, "immediate", attrs);
}

static bool add_reject(struct nftnl_rule *out, uint32_t type, uint8_t code)
{
	const struct attr attrs[] = { { NFTNL_EXPR_REJECT_TYPE, .number = type },
				      { NFTNL_EXPR_REJECT_CODE, .data = &code, .size = 1 },
				      { 0 } };

	return add_expr(out, "reject", attrs);
}

/* `tcp window set WINDOW` */
static bool set_window(struct nftnl_rule *out, uint16_t window)
{
	uint16_t wire = htons(window);
	const struct attr load[] = { { NFTNL_EXPR_IMM_DREG, .number = REG },
				     { NFTNL_EXPR_IMM_DATA, .data = &wire, .size = sizeof(wire) },
				     { 0 } };
	const struct attr store[] = {
		{ NFTNL_EXPR_PAYLOAD_SREG, .number = REG },
		{ NFTNL_EXPR_PAYLOAD_BASE, .number = NFT_PAYLOAD_TRANSPORT_HEADER },
		{ NFTNL_EXPR_PAYLOAD_OFFSET, .number = TCP_WINDOW_OFFSET },
		{ NFTNL_EXPR_PAYLOAD_LEN, .number = sizeof(wire) },
		{ NFTNL_EXPR_PAYLOAD_CSUM_TYPE, .number = NFT_PAYLOAD_CSUM_INET },
		{ NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, .number = TCP_CHECKSUM_OFFSET },
		{ 0 },
	};

	return add_expr(out, "immediate", load) && add_expr(out, "payload", store);
}

static bool add_action(struct nftnl_rule *out, const struct nn_nft_rule *rule,
		       const char *icmp_chain)
{
	switch (rule->action) {
	case NN_DROP:
		return add_verdict(out, NF_DROP);
	case NN_ACCEPT:
		return add_verdict(out, NF_ACCEPT);
	case NN_REJECT_RST:
		return add_reject(out, NFT_REJECT_TCP_RST, 0);
	case NN_REJECT_ICMP:
		return add_goto(out, icmp_chain);
	case NN_MASQUERADE:
		return add_bare(out, "masq");
	case NN_SET_WINDOW:
		return set_window(out, rule->window);
	case NN_COUNT:
		break;
	}
	return true;
}

/* ---- whole rules ------------------------------------------------------------------------ */

/* The limit comes after all matches: it counts what the action would meet, and nothing else. */
bool nn_exprs_of_rule(struct nftnl_rule *out, const struct nn_nft_rule *rule,
		      const char *icmp_chain)
{
	uint8_t proto = nn_nft_l4proto(rule);

	return (!rule->iif || match_iifname(out, rule->iif)) &&
	       (!proto || match_meta(out, NFT_META_L4PROTO, &proto, sizeof(proto))) &&
	       (!rule->sport || match_port(out, 0, rule->sport)) &&
	       (!rule->dport || match_port(out, 2, rule->dport)) &&
	       (!rule->flags_mask || match_flags(out, rule->flags_mask, rule->flags)) &&
	       (!rule->ct_state || match_ct_state(out, rule->ct_state)) &&
	       (!rule->first || match_first(out, rule->first, false)) &&
	       (!rule->after || match_first(out, rule->after, true)) && add_bare(out, "counter") &&
	       add_action(out, rule, icmp_chain);
}

bool nn_exprs_of_reject(struct nftnl_rule *out, uint8_t family, uint8_t code)
{
	return match_meta(out, NFT_META_NFPROTO, &family, sizeof(family)) &&
	       add_reject(out, NFT_REJECT_ICMP_UNREACH, code);
}
