/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules, as one table of family inet. Each (hook, priority, type) has one base chain; each rule is one
 * nftables rule with one counter, and a comment with its index, by which the counter is found
 * again (and which `nft list ruleset` shows).
 *
 * A reject by ICMP needs a type and code for each family: such a rule ends with a goto to a chain
 * of its own that has one reject for each, so that its limit and its counter still exist once.
 */
#include "nft.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_batch.h"
#include "nft_expr.h"
#include "nft_text.h"

/* The kernel's arithmetic for a bucket of one token per week overflows beyond 15000. */
#define LIMIT_MAX       10000
#define CHAIN_NAME_SIZE 32
#define COMMENT_SIZE    64

/* ---- table and chains ------------------------------------------------------------------- */

static void put_table(struct nn_batch *batch, const char *name, uint16_t type, uint16_t flags)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *nlh = nn_batch_start(batch, type, flags, NN_LABEL_TABLE);

	if (!table || !nlh || nftnl_table_set_str(table, NFTNL_TABLE_NAME, name)) {
		batch->failed = true;
	} else {
		nftnl_table_nlmsg_build_payload(nlh, table);
		nn_batch_next(batch);
	}
	if (table)
		nftnl_table_free(table);
}

static const char *const hook_names[] = { "prerouting", "input", "forward", "output",
					  "postrouting" };

/* Only a chain of type nat may translate, and it meets the first packet of a connection only. */
static bool translates(const struct nn_nft_rule *rule)
{
	return rule->action == NN_MASQUERADE;
}

/* enum nn_hook is in the order of the kernel's NF_INET_... */
static void base_chain_name(const struct nn_nft_rule *rule, char buf[CHAIN_NAME_SIZE])
{
	snprintf(buf, CHAIN_NAME_SIZE, "%s%s_%d", translates(rule) ? "nat_" : "",
		 hook_names[rule->hook], rule->priority);
}

/* @rule NULL: a chain that is only reached from another rule. */
static void put_chain(struct nn_batch *batch, const char *table, const char *name,
		      const struct nn_nft_rule *rule)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *nlh =
		nn_batch_start(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, NN_LABEL_CHAIN);

	if (!chain || !nlh || nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, table) ||
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name) ||
	    (rule &&
	     nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, translates(rule) ? "nat" : "filter"))) {
		batch->failed = true;
		goto out;
	}
	if (rule) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, rule->hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, rule->priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(nlh, chain);
	nn_batch_next(batch);
out:
	if (chain)
		nftnl_chain_free(chain);
}

static bool same_chain(const struct nn_nft_rule *a, const struct nn_nft_rule *b)
{
	return a->hook == b->hook && a->priority == b->priority && translates(a) == translates(b);
}

static void put_base_chains(struct nn_batch *batch, const char *table,
			    const struct nn_nft_rule *rules, size_t n)
{
	char name[CHAIN_NAME_SIZE];
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i && !same_chain(&rules[i], &rules[j]);)
			j++;
		if (j < i)
			continue; /* an earlier rule made it */
		base_chain_name(&rules[i], name);
		put_chain(batch, table, name, &rules[i]);
	}
}

/* ---- rules ------------------------------------------------------------------------------ */

static bool put_comment(struct nftnl_rule *rule, size_t index)
{
	struct nftnl_udata_buf *udata = nftnl_udata_buf_alloc(COMMENT_SIZE);
	char text[24];
	bool ok = false;

	if (!udata)
		return false;
	snprintf(text, sizeof(text), "rule %zu", index);
	if (nftnl_udata_put_strz(udata, NFTNL_UDATA_RULE_COMMENT, text))
		ok = !nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(udata),
					  nftnl_udata_buf_len(udata));
	nftnl_udata_buf_free(udata);
	return ok;
}

static struct nftnl_rule *rule_alloc(const char *table, const char *chain)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (!rule)
		return NULL;
	if (!nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table) &&
	    !nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain))
		return rule;
	nftnl_rule_free(rule);
	return NULL;
}

/* Appends @e's rule to the batch and frees it. */
static void put_rule(struct nn_batch *batch, struct nn_exprs *e, int label)
{
	struct nlmsghdr *nlh =
		nn_batch_start(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, label);

	if (!nlh || e->failed) {
		batch->failed = true;
	} else {
		nftnl_rule_nlmsg_build_payload(nlh, e->rule);
		nn_batch_next(batch);
	}
	nftnl_rule_free(e->rule);
}

/* `iifname IIF meta l4proto PROTO th sport SPORT th dport DPORT tcp flags & MASK == VALUE
 * ct state STATES` */
static void add_matches(struct nn_exprs *e, const struct nn_nft_rule *rule)
{
	uint8_t proto = nn_nft_l4proto(rule);

	if (rule->iif)
		nn_expr_iifname(e, rule->iif);
	if (proto)
		nn_expr_l4proto(e, proto);
	if (rule->sport)
		nn_expr_sport(e, rule->sport);
	if (rule->dport)
		nn_expr_dport(e, rule->dport);
	if (rule->flags_mask)
		nn_expr_tcp_flags(e, rule->flags_mask, rule->flags);
	if (rule->ct_state)
		nn_expr_ct_state(e, rule->ct_state);
}

static void add_action(struct nn_exprs *e, const struct nn_nft_rule *rule, const char *icmp_chain)
{
	switch (rule->action) {
	case NN_DROP:
		nn_expr_verdict(e, NF_DROP);
		break;
	case NN_ACCEPT:
		nn_expr_verdict(e, NF_ACCEPT);
		break;
	case NN_REJECT_RST:
		nn_expr_reject(e, NFT_REJECT_TCP_RST, 0);
		break;
	case NN_REJECT_ICMP:
		nn_expr_goto(e, icmp_chain);
		break;
	case NN_MASQUERADE:
		nn_expr_masquerade(e);
		break;
	case NN_COUNT:
		break;
	}
}

/* `meta nfproto FAMILY reject with icmp[v6] type CODE` in the chain of rule @index. */
static void put_icmp_reject(struct nn_batch *batch, const char *table, const char *chain,
			    uint8_t family, uint8_t code, int index)
{
	struct nn_exprs e = { .rule = rule_alloc(table, chain) };

	if (!e.rule) {
		batch->failed = true;
		return;
	}
	nn_expr_nfproto(&e, family);
	nn_expr_reject(&e, NFT_REJECT_ICMP_UNREACH, code);
	put_rule(batch, &e, index);
}

static void put_icmp_chain(struct nn_batch *batch, const char *table, const char *name,
			   const struct nn_nft_rule *rule, int index)
{
	put_chain(batch, table, name, NULL);
	put_icmp_reject(batch, table, name, NFPROTO_IPV4, rule->icmp_code4, index);
	put_icmp_reject(batch, table, name, NFPROTO_IPV6, rule->icmp_code6, index);
}

static void put_user_rule(struct nn_batch *batch, const char *table, const struct nn_nft_rule *rule,
			  size_t index)
{
	char chain[CHAIN_NAME_SIZE], icmp_chain[CHAIN_NAME_SIZE];
	struct nn_exprs e = { 0 };

	base_chain_name(rule, chain);
	snprintf(icmp_chain, sizeof(icmp_chain), "icmp_%zu", index);
	if (rule->action == NN_REJECT_ICMP)
		put_icmp_chain(batch, table, icmp_chain, rule, (int)index);
	e.rule = rule_alloc(table, chain);
	if (!e.rule) {
		batch->failed = true;
		return;
	}
	e.failed = !put_comment(e.rule, index);
	add_matches(&e, rule);
	/* After all matches: the limit counts what the action would meet, and nothing else. */
	if (rule->first)
		nn_expr_first(&e, rule->first, false);
	if (rule->after)
		nn_expr_first(&e, rule->after, true);
	nn_expr_counter(&e);
	add_action(&e, rule, icmp_chain);
	put_rule(batch, &e, (int)index);
}

/* ---- the interface ---------------------------------------------------------------------- */

static int check_rules(const struct nn_nft_rule *rules, size_t n, struct nn_err *err)
{
	char text[NN_NFT_TEXT];
	const char *wrong;
	size_t i;

	for (i = 0; i < n; i++) {
		wrong = nn_nft_wrong(&rules[i], LIMIT_MAX);
		if (wrong)
			return nn_fail(err, EINVAL, "nftables rule %zu (%s): %s", i,
				       nn_nft_text(&rules[i], text), wrong);
	}
	return 0;
}

static int refused(int ret, const char *table, const struct nn_nft_rule *rules,
		   const struct nn_batch_refusal *refusal, struct nn_err *err)
{
	char text[NN_NFT_TEXT];
	const char *needs;

	needs = nn_nft_missing(ret, refusal->label, refusal->expr);
	if (needs)
		ret = nn_prefix(err, ret, "kernel without %s?", needs);
	else if (ret == -EOPNOTSUPP)
		ret = nn_prefix(err, ret, "this kernel cannot do that in this hook");
	if (refusal->label < 0)
		return nn_prefix(err, ret, "nftables %s %s",
				 refusal->label == NN_LABEL_TABLE ? "table" : "chain of table",
				 table);
	return nn_prefix(err, ret, "nftables rule %d (%s)", refusal->label,
			 nn_nft_text(&rules[refusal->label], text));
}

int nn_nft_add(struct nn_ns *ns, const char *name, const struct nn_nft_rule *rules, size_t n,
	       struct nn_err *err)
{
	struct nn_batch_refusal refusal;
	struct nn_batch batch;
	struct nn_nl *nl;
	size_t i;
	int ret;

	ret = check_rules(rules, n, err);
	if (ret)
		return ret;
	nl = nn_ns_nl(ns, NN_BUS_NFT, err);
	if (!nl)
		return -errno;
	ret = nn_batch_init(&batch, nl, err);
	if (ret)
		return ret;
	put_table(&batch, name, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	put_base_chains(&batch, name, rules, n);
	for (i = 0; i < n; i++)
		put_user_rule(&batch, name, &rules[i], i);
	ret = nn_batch_commit(&batch, &refusal, err);
	if (ret)
		ret = refused(ret, name, rules, &refusal, err);
	nn_batch_deinit(&batch);
	return ret;
}

int nn_nft_del(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_NFT, err);
	struct nn_batch_refusal refusal;
	struct nn_batch batch;
	int ret;

	if (!nl)
		return -errno;
	ret = nn_batch_init(&batch, nl, err);
	if (ret)
		return ret;
	put_table(&batch, name, NFT_MSG_DELTABLE, 0);
	ret = nn_batch_commit(&batch, &refusal, err);
	nn_batch_deinit(&batch);
	return ret ? nn_prefix(err, ret, "cannot delete nftables table %s", name) : 0;
}
