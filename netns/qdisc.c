/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues of devices by rtnetlink; see qdisc.h. */
#include "qdisc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "link_private.h"
#include "nl.h"

/* Any major number of its own will do. */
#define HANDLE        TC_H_MAKE(1u << 16, 0)
/* DEFAULT_TX_QUEUE_LEN */
#define DEFAULT_LIMIT 1000

static int root_start(struct nn_msg *msg, uint16_t type, uint16_t flags, struct nn_ns *ns,
		      const char *dev, struct nn_err *err)
{
	int index = nn_link_index(ns, dev, err);
	struct tcmsg *tcm;

	if (index < 0)
		return index;
	nn_msg_start(msg, type, flags);
	tcm = nn_msg_extra(msg, sizeof(*tcm));
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = index;
	tcm->tcm_parent = TC_H_ROOT;
	return 0;
}

/* ---- kinds ---------------------------------------------------------------------------------- */

/* struct tc_fifo_qopt is the whole of the options. */
static void put_fifo_limit(struct nn_msg *msg, uint32_t limit)
{
	const struct tc_fifo_qopt opt = { .limit = limit };

	nn_msg_put(msg, TCA_OPTIONS, &opt, sizeof(opt));
}

static void put_fq_codel_limit(struct nn_msg *msg, uint32_t limit)
{
	struct nlattr *options = nn_msg_nest(msg, TCA_OPTIONS);

	nn_msg_put_u32(msg, TCA_FQ_CODEL_LIMIT, limit);
	nn_msg_nest_end(msg, options);
}

static const struct kind {
	struct nn_qdisc known;
	void (*put_limit)(struct nn_msg *msg, uint32_t limit);
} kinds[] = {
	/* qdisc_drop(): NET_XMIT_DROP */
	{ { "pfifo", -ENOBUFS }, put_fifo_limit },
	/* fq_codel_enqueue(): a packet of the flow that is dropped from has NET_XMIT_CN */
	{ { "fq_codel", 0 }, put_fq_codel_limit },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct nn_qdisc *nn_qdisc_kind(size_t i)
{
	return i < N_KINDS ? &kinds[i].known : NULL;
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (strcmp(kinds[i].known.kind, name) == 0)
			return &kinds[i];
	return NULL;
}

/* ---- a queue with a limit ------------------------------------------------------------------- */

static int put_queue(struct nn_ns *ns, const char *dev, const char *name, uint32_t limit,
		     uint16_t flags, struct nn_err *err)
{
	const struct kind *kind = find_kind(name);
	struct nn_msg msg;
	int ret;

	if (!kind)
		return nn_fail(err, EINVAL, "no kind of queue: %s", name);
	ret = root_start(&msg, RTM_NEWQDISC, flags, ns, dev, err);
	if (ret)
		return ret;
	((struct tcmsg *)mnl_nlmsg_get_payload(msg.nlh))->tcm_handle = HANDLE;
	nn_msg_put_str(&msg, TCA_KIND, name);
	kind->put_limit(&msg, limit);
	ret = nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "%s limit %u on %s", name, limit, dev) : 0;
}

int nn_qdisc_refuse(struct nn_ns *ns, const char *dev, const char *kind, struct nn_err *err)
{
	int ret = put_queue(ns, dev, kind, 0, NLM_F_CREATE | NLM_F_REPLACE, err);

	if (ret == -ENOENT)
		return nn_fail(err, EOPNOTSUPP, "this kernel has no queue of the kind %s", kind);
	return ret;
}

int nn_qdisc_accept(struct nn_ns *ns, const char *dev, const char *kind, struct nn_err *err)
{
	return put_queue(ns, dev, kind, DEFAULT_LIMIT, 0, err);
}

/* ---- what it has dropped -------------------------------------------------------------------- */

struct search {
	int index;
	uint64_t drops;
};

static int parse_queue(const struct nlattr *attr, void *data)
{
	struct gnet_stats_queue queue = { 0 };

	if (mnl_attr_get_type(attr) == TCA_STATS_QUEUE &&
	    mnl_attr_get_payload_len(attr) >= sizeof(queue)) {
		memcpy(&queue, mnl_attr_get_payload(attr), sizeof(queue));
		*(uint64_t *)data = queue.drops;
	}
	return MNL_CB_OK;
}

static int parse_stats(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == TCA_STATS2)
		return mnl_attr_parse_nested(attr, parse_queue, data);
	return MNL_CB_OK;
}

static int parse_qdisc(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct search *search = arg;

	if (nlh->nlmsg_type == RTM_NEWQDISC && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*tcm) &&
	    tcm->tcm_ifindex == search->index && tcm->tcm_parent == TC_H_ROOT)
		mnl_attr_parse(nlh, sizeof(*tcm), parse_stats, &search->drops);
	return 0;
}

int nn_qdisc_refused(struct nn_ns *ns, const char *dev, uint64_t *packets, struct nn_err *err)
{
	struct search search = { .index = nn_link_index(ns, dev, err) };
	struct nn_msg msg;
	int ret;

	if (search.index < 0)
		return search.index;
	/* a dump: what one request for a queue gives back depends on the kernel's version */
	nn_msg_start(&msg, RTM_GETQDISC, NLM_F_DUMP);
	nn_msg_extra(&msg, sizeof(struct tcmsg));
	ret = nn_route_talk(ns, &msg, parse_qdisc, &search, err);
	if (ret)
		return nn_prefix(err, ret, "queue of %s", dev);
	*packets = search.drops;
	return 0;
}
