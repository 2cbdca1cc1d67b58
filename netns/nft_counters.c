/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the counters back: one dump of the table's rules, each found by its comment. */
#include <stdio.h> /* libnftnl/expr.h forgets it */

#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "nft.h"
#include "nl.h"

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
