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
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_expr.h"
#include "nft_text.h"
#include "nl.h"

/* The kernel's arithmetic for a bucket of one token per week overflows beyond 15000. */
#define LIMIT_MAX       10000
#define CHAIN_NAME_SIZE 32
#define COMMENT_SIZE    64
/* The longest message takes half of it; and the most that one rule takes: two chains, two rejects,
 * itself. */
#define MESSAGE_SIZE    2048
#define MESSAGES_A_RULE 5

/* ---- the batch -------------------------------------------------------------------------- */

/* One atomic transaction under construction: its begin, messages, its end. Every message has the
 * index of the rule that it belongs to as its label, or NN_LABEL_..., so that a refusal can be traced
 * back. */
struct batch {
	char *buf;
	size_t used;
	int *labels;
	size_t n;
	bool failed; /* out of memory */
};

static void batch_finish_msg(struct batch *batch, const struct nlmsghdr *nlh)
{
	batch->used += MNL_ALIGN(nlh->nlmsg_len);
}

/* With room for all messages of @rules rules. */
static int batch_init(struct batch *batch, size_t rules, struct nn_err *err)
{
	size_t most = MESSAGES_A_RULE * rules + 3;

	*batch = (struct batch){ .buf = calloc(most, MESSAGE_SIZE),
				 .labels = calloc(most, sizeof(*batch->labels)) };
	if (!batch->buf || !batch->labels) {
		free(batch->buf);
		free(batch->labels);
		nn_fail(err, ENOMEM, "nftables batch");
		return -ENOMEM;
	}
	batch_finish_msg(batch, nftnl_batch_begin(batch->buf, 0));
	return 0;
}

/* Starts a message NFT_MSG_@type; it ends with batch_finish_msg(). */
static struct nlmsghdr *batch_start(struct batch *batch, uint16_t type, uint16_t flags, int label)
{
	batch->labels[batch->n++] = label;
	return nftnl_nlmsg_build_hdr(batch->buf + batch->used, type, NFPROTO_INET, flags, 0);
}

/* The kernel blames an attribute by its offset; of a missing expression that is its name. */
static const char *blamed_name(const struct batch *batch, const struct nn_nl_verdict *bad)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)batch->buf;
	const struct nlattr *attr;

	for (uint32_t i = 0; i < bad->seq; i++)
		nlh = (const struct nlmsghdr *)((const char *)nlh + MNL_ALIGN(nlh->nlmsg_len));
	attr = (const struct nlattr *)((const char *)nlh + bad->offset);
	if (bad->offset < sizeof(*nlh) || bad->offset + sizeof(*attr) > nlh->nlmsg_len ||
	    bad->offset + attr->nla_len > nlh->nlmsg_len ||
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attr);
}

/* Says what the kernel refused: @bad, the table when it was the batch as a whole. */
static int refused(const struct batch *batch, int ret, const struct nn_nl_verdict *bad,
		   const char *table, const struct nn_nft_rule *rules, struct nn_err *err)
{
	bool known = bad->code && bad->seq >= 1 && bad->seq <= batch->n;
	int label = known ? batch->labels[bad->seq - 1] : NN_LABEL_TABLE;
	const char *needs = nn_nft_missing(ret, label, known ? blamed_name(batch, bad) : NULL);
	char text[NN_NFT_TEXT];

	if (needs)
		ret = nn_prefix(err, ret, "kernel without %s?", needs);
	else if (ret == -EOPNOTSUPP)
		ret = nn_prefix(err, ret, "this kernel cannot do that in this hook");
	if (label < 0)
		return nn_prefix(err, ret, "nftables %s %s",
				 label == NN_LABEL_TABLE ? "table" : "chain of table", table);
	return nn_prefix(err, ret, "nftables rule %d (%s)", label,
			 nn_nft_text(&rules[label], text));
}

/* Sends all of it, and is done with @batch. On failure nothing has changed. */
static int batch_commit(struct batch *batch, struct nn_nl *nl, const char *table,
			const struct nn_nft_rule *rules, struct nn_err *err)
{
	struct nn_nl_verdict bad;
	int ret;

	batch_finish_msg(batch, nftnl_batch_end(batch->buf + batch->used, 0));
	if (batch->failed)
		ret = nn_fail(err, ENOMEM, "nftables batch");
	else
		ret = nn_nl_batch(nl, batch->buf, batch->used, &bad, err);
	if (ret && !batch->failed)
		ret = refused(batch, ret, &bad, table, rules, err);
	free(batch->buf);
	free(batch->labels);
	return ret;
}

/* ---- table and chains ------------------------------------------------------------------- */

static void put_table(struct batch *batch, const char *name, uint16_t type, uint16_t flags)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *nlh = batch_start(batch, type, flags, NN_LABEL_TABLE);

	if (table && !nftnl_table_set_str(table, NFTNL_TABLE_NAME, name))
		nftnl_table_nlmsg_build_payload(nlh, table);
	else
		batch->failed = true;
	batch_finish_msg(batch, nlh);
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
static void put_chain(struct batch *batch, const char *table, const char *name,
		      const struct nn_nft_rule *rule)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *nlh =
		batch_start(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, NN_LABEL_CHAIN);

	if (!chain || nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, table) ||
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
	batch_finish_msg(batch, nlh);
out:
	if (chain)
		nftnl_chain_free(chain);
}

static void icmp_chain_name(size_t index, char buf[CHAIN_NAME_SIZE])
{
	snprintf(buf, CHAIN_NAME_SIZE, "icmp_%zu", index);
}

static bool same_chain(const struct nn_nft_rule *a, const struct nn_nft_rule *b)
{
	return a->hook == b->hook && a->priority == b->priority && translates(a) == translates(b);
}

static void put_base_chains(struct batch *batch, const char *table, const struct nn_nft_rule *rules,
			    size_t n)
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

/* A message of rule @index: in @chain, the expressions of @rule, or those of the reject by ICMP that
 * it has for @family. */
static void put_rule(struct batch *batch, const char *table, const char *chain,
		     const struct nn_nft_rule *rule, size_t index, uint8_t family)
{
	struct nlmsghdr *nlh =
		batch_start(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, (int)index);
	uint8_t code = family == NFPROTO_IPV4 ? rule->icmp_code4 : rule->icmp_code6;
	struct nftnl_rule *out = nftnl_rule_alloc();
	char icmp_chain[CHAIN_NAME_SIZE];
	bool ok = out && !nftnl_rule_set_str(out, NFTNL_RULE_TABLE, table) &&
		  !nftnl_rule_set_str(out, NFTNL_RULE_CHAIN, chain);

	icmp_chain_name(index, icmp_chain);
	if (ok && family)
		ok = nn_exprs_of_reject(out, family, code);
	else if (ok)
		ok = put_comment(out, index) && nn_exprs_of_rule(out, rule, icmp_chain);
	if (ok)
		nftnl_rule_nlmsg_build_payload(nlh, out);
	else
		batch->failed = true;
	batch_finish_msg(batch, nlh);
	if (out)
		nftnl_rule_free(out);
}

static void put_rule_and_rejects(struct batch *batch, const char *table,
				 const struct nn_nft_rule *rule, size_t index)
{
	char chain[CHAIN_NAME_SIZE];

	if (rule->action == NN_REJECT_ICMP) {
		icmp_chain_name(index, chain);
		put_chain(batch, table, chain, NULL);
		put_rule(batch, table, chain, rule, index, NFPROTO_IPV4);
		put_rule(batch, table, chain, rule, index, NFPROTO_IPV6);
	}
	base_chain_name(rule, chain);
	put_rule(batch, table, chain, rule, index, NFPROTO_UNSPEC);
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

int nn_nft_add(struct nn_ns *ns, const char *name, const struct nn_nft_rule *rules, size_t n,
	       struct nn_err *err)
{
	struct batch batch;
	struct nn_nl *nl;
	int ret = check_rules(rules, n, err);

	if (ret)
		return ret;
	nl = nn_ns_nl(ns, NN_BUS_NFT, err);
	if (!nl)
		return -errno;
	ret = batch_init(&batch, n, err);
	if (ret)
		return ret;
	put_table(&batch, name, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	put_base_chains(&batch, name, rules, n);
	for (size_t i = 0; i < n; i++)
		put_rule_and_rejects(&batch, name, &rules[i], i);
	return batch_commit(&batch, nl, name, rules, err);
}

int nn_nft_del(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_NFT, err);
	struct batch batch;
	int ret;

	if (!nl)
		return -errno;
	ret = batch_init(&batch, 0, err);
	if (ret)
		return ret;
	put_table(&batch, name, NFT_MSG_DELTABLE, 0);
	ret = batch_commit(&batch, nl, name, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot delete") : 0;
}

/* ---- counters --------------------------------------------------------------------------- */

struct reading {
	uint64_t *packets;
	size_t n, found;
};

static int parse_comment(const struct nftnl_udata *attr, void *arg)
{
	const char *text = nftnl_udata_get(attr);
	uint8_t len = nftnl_udata_len(attr);

	if (nftnl_udata_type(attr) == NFTNL_UDATA_RULE_COMMENT && len && !text[len - 1])
		*(const char **)arg = text;
	return 0;
}

/* The index that nn_nft_add() gave the rule, or -1. */
static long rule_index(const struct nftnl_rule *rule)
{
	const char *comment = NULL;
	const void *data;
	uint32_t len;
	long index;

	data = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &len);
	if (!data || nftnl_udata_parse(data, len, parse_comment, &comment) < 0 || !comment)
		return -1;
	return sscanf(comment, "rule %ld", &index) == 1 ? index : -1;
}

static int parse_counter(struct nftnl_expr *expr, void *arg)
{
	if (!strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "counter"))
		*(uint64_t *)arg = nftnl_expr_get_u64(expr, NFTNL_EXPR_CTR_PACKETS);
	return 0;
}

static int parse_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct reading *reading = arg;
	int ret = -ENOMEM;
	long index;

	if (!rule)
		return ret;
	ret = -EBADMSG;
	if (nftnl_rule_nlmsg_parse(nlh, rule) < 0)
		goto out;
	ret = 0;
	index = rule_index(rule);
	if (index >= 0 && (size_t)index < reading->n) {
		nftnl_expr_foreach(rule, parse_counter, &reading->packets[index]);
		reading->found++;
	}
out:
	nftnl_rule_free(rule);
	return ret;
}

int nn_nft_counters(struct nn_ns *ns, const char *name, uint64_t *packets, size_t n,
		    struct nn_err *err)
{
	struct reading reading = { .packets = packets, .n = n };
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_NFT, err);
	struct nfgenmsg *nfg;
	struct nn_msg msg;
	int ret;

	if (!nl)
		return -errno;
	nn_msg_start(&msg, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_DUMP);
	nfg = nn_msg_extra(&msg, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_INET;
	nn_msg_put_str(&msg, NFTA_RULE_TABLE, name);
	ret = nn_nl_talk(nl, &msg, parse_rule, &reading, err);
	if (ret)
		return nn_prefix(err, ret, "cannot read the counters of nftables table %s", name);
	if (reading.found < n)
		return nn_fail(err, ENOENT, "nftables table %s has %zu of %zu rules", name,
			       reading.found, n);
	return 0;
}
