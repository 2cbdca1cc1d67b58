/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking over nfnetlink, by libmnl alone. All numbers are in network order there. */
#include "conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>

#include "link_private.h"
#include "nl.h"

/* ---- requests ----------------------------------------------------------------------------- */

static void ct_start(struct nn_msg *msg, uint16_t type, int family)
{
	struct nfgenmsg *nfg;

	nn_msg_start(msg, (NFNL_SUBSYS_CTNETLINK << 8) | type, 0);
	nfg = nn_msg_extra(msg, sizeof(*nfg));
	nfg->nfgen_family = (uint8_t)family;
	nfg->version = NFNETLINK_V0;
}

static void put_port(struct nn_msg *msg, uint16_t type, uint16_t port)
{
	uint16_t wire = htons(port);

	nn_msg_put(msg, type, &wire, sizeof(wire));
}

/* `ip saddr SRC ip daddr DST tcp sport SPORT tcp dport DPORT` of the first packet */
static void put_flow(struct nn_msg *msg, const struct nn_ct_flow *flow)
{
	bool v4 = flow->src.family == AF_INET;
	struct nlattr *tuple = nn_msg_nest(msg, CTA_TUPLE_ORIG);
	struct nlattr *part = nn_msg_nest(msg, CTA_TUPLE_IP);

	nn_msg_put(msg, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, flow->src.bytes,
		   nn_addr_size(&flow->src));
	nn_msg_put(msg, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, flow->dst.bytes,
		   nn_addr_size(&flow->dst));
	nn_msg_nest_end(msg, part);
	part = nn_msg_nest(msg, CTA_TUPLE_PROTO);
	nn_msg_put_u8(msg, CTA_PROTO_NUM, IPPROTO_TCP);
	put_port(msg, CTA_PROTO_SRC_PORT, flow->sport);
	put_port(msg, CTA_PROTO_DST_PORT, flow->dport);
	nn_msg_nest_end(msg, part);
	nn_msg_nest_end(msg, tuple);
}

static int ct_talk(struct nn_ns *ns, struct nn_msg *msg, nn_nl_each each, void *arg,
		   struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_NFT, err);
	int ret;

	if (!nl)
		return -errno;
	ret = nn_nl_talk(nl, msg, each, arg, err);
	/* what nfnetlink says for a subsystem that it does not have */
	if (ret == -EINVAL)
		return nn_fail(err, EOPNOTSUPP, "ctnetlink (kernel without CONFIG_NF_CT_NETLINK?)");
	return ret;
}

/* ---- replies ------------------------------------------------------------------------------ */

/* The attribute @type among those inside @nest, at least @len long; NULL: none. */
static const struct nlattr *inside(const struct nlattr *nest, uint16_t type, size_t len)
{
	const struct nlattr *attr;

	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest) if (mnl_attr_get_type(attr) == type &&
						 mnl_attr_get_payload_len(attr) >= len) return attr;
	return NULL;
}

static const struct nlattr *outermost(const struct nlmsghdr *nlh, uint16_t type, size_t len)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) if (mnl_attr_get_type(attr) == type &&
								  mnl_attr_get_payload_len(attr) >=
									  len) return attr;
	return NULL;
}

static uint32_t number(const struct nlattr *attr)
{
	return attr ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

/* Answers go to the destination of the reply's tuple. */
static void parse_back(const struct nlattr *reply, struct nn_ct *out)
{
	const struct nlattr *ip = inside(reply, CTA_TUPLE_IP, 0);
	const struct nlattr *v4 = inside(ip, CTA_IP_V4_DST, 4);
	const struct nlattr *v6 = inside(ip, CTA_IP_V6_DST, 16);
	const struct nlattr *port =
		inside(inside(reply, CTA_TUPLE_PROTO, 0), CTA_PROTO_DST_PORT, sizeof(uint16_t));

	out->back.family = v6 ? AF_INET6 : AF_INET;
	if (v4 || v6)
		memcpy(out->back.bytes, mnl_attr_get_payload(v6 ? v6 : v4),
		       nn_addr_size(&out->back));
	if (port)
		out->back_port = ntohs(mnl_attr_get_u16(port));
}

struct search {
	bool found;
	struct nn_ct *out;
};

static int parse_entry(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tcp = inside(outermost(nlh, CTA_PROTOINFO, 0), CTA_PROTOINFO_TCP, 0);
	const struct nlattr *state = inside(tcp, CTA_PROTOINFO_TCP_STATE, 1);
	struct search *search = arg;

	search->found = true;
	*search->out = (struct nn_ct){
		.left_s = number(outermost(nlh, CTA_TIMEOUT, sizeof(uint32_t))),
		.status = number(outermost(nlh, CTA_STATUS, sizeof(uint32_t))),
		.tcp_state = state ? mnl_attr_get_u8(state) : 0,
	};
	parse_back(outermost(nlh, CTA_TUPLE_REPLY, 0), search->out);
	return 0;
}

static int parse_count(const struct nlmsghdr *nlh, void *arg)
{
	*(uint32_t *)arg = number(outermost(nlh, CTA_STATS_GLOBAL_ENTRIES, sizeof(uint32_t)));
	return 0;
}

/* ---- the interface ------------------------------------------------------------------------ */

static int no_entry(const struct nn_ct_flow *flow, struct nn_err *err)
{
	return nn_fail(err, ENOENT, "no tracked connection with ports %u, %u", flow->sport,
		       flow->dport);
}

int nn_ct_get(struct nn_ns *ns, const struct nn_ct_flow *flow, struct nn_ct *out,
	      struct nn_err *err)
{
	struct search search = { .out = out };
	struct nn_msg msg;
	int ret;

	ct_start(&msg, IPCTNL_MSG_CT_GET, flow->src.family);
	put_flow(&msg, flow);
	ret = ct_talk(ns, &msg, parse_entry, &search, err);
	return ret == -ENOENT || (!ret && !search.found) ? no_entry(flow, err) : ret;
}

int nn_ct_del(struct nn_ns *ns, const struct nn_ct_flow *flow, struct nn_err *err)
{
	struct nn_msg msg;
	int ret;

	ct_start(&msg, IPCTNL_MSG_CT_DELETE, flow->src.family);
	put_flow(&msg, flow);
	ret = ct_talk(ns, &msg, NULL, NULL, err);
	return ret == -ENOENT ? no_entry(flow, err) : ret;
}

int nn_ct_count(struct nn_ns *ns, uint32_t *count, struct nn_err *err)
{
	struct nn_msg msg;

	*count = 0;
	ct_start(&msg, IPCTNL_MSG_CT_GET_STATS, AF_UNSPEC);
	return ct_talk(ns, &msg, parse_count, count, err);
}
