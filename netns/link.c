/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices by rtnetlink. */
#include "link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

#include "link_private.h"
#include "nl.h"

/* For work that takes the kernel milliseconds at most. */
#define PATIENCE_MS 10000

int nn_route_talk(struct nn_ns *ns, struct nn_msg *msg, nn_nl_each each, void *arg,
		  struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_ROUTE, err);

	return nl ? nn_nl_talk(nl, msg, each, arg, err) : -errno;
}

int nn_route_talk_all(struct nn_ns *ns, struct nn_msgs *msgs, nn_nl_each each, void *arg,
		      struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_ROUTE, err);

	return nl ? nn_nl_talk_all(nl, msgs, each, arg, err) : -errno;
}

/* A request about one device, by its name: the kernel looks it up. */
static struct ifinfomsg *link_start(struct nn_msg *msg, uint16_t type, const char *name)
{
	struct ifinfomsg *ifi;

	nn_msg_start(msg, type, 0);
	ifi = nn_msg_extra(msg, sizeof(*ifi));
	nn_msg_put_str(msg, IFLA_IFNAME, name);
	return ifi;
}

static int parse_ifinfo(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type == RTM_NEWLINK &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct ifinfomsg))
		*(struct ifinfomsg *)arg = *(struct ifinfomsg *)mnl_nlmsg_get_payload(nlh);
	return 0;
}

int nn_link_get(struct nn_ns *ns, const char *name, struct ifinfomsg *out, struct nn_err *err)
{
	struct nn_msg msg;
	int ret;

	nn_msg_start_get(&msg, RTM_GETLINK);
	nn_msg_extra(&msg, sizeof(struct ifinfomsg));
	nn_msg_put_str(&msg, IFLA_IFNAME, name);
	ret = nn_route_talk(ns, &msg, parse_ifinfo, out, err);
	return ret ? nn_prefix(err, ret, "device %s", name) : 0;
}

int nn_link_index(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct ifinfomsg ifi = { 0 };
	int ret = nn_link_get(ns, name, &ifi, err);

	return ret ? ret : ifi.ifi_index;
}

int nn_link_flags(struct nn_ns *ns, const char *name, unsigned *flags, struct nn_err *err)
{
	struct ifinfomsg ifi = { 0 };
	int ret = nn_link_get(ns, name, &ifi, err);

	if (!ret)
		*flags = ifi.ifi_flags;
	return ret;
}

static void up_msg(struct nn_msg *msg, const char *name, bool up)
{
	struct ifinfomsg *ifi = link_start(msg, RTM_NEWLINK, name);

	ifi->ifi_flags = up ? IFF_UP : 0;
	ifi->ifi_change = IFF_UP;
}

int nn_link_set_up(struct nn_ns *ns, const char *name, bool up, struct nn_err *err)
{
	struct nn_msg msg;
	int ret;

	up_msg(&msg, name, up);
	ret = nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot set %s %s", name, up ? "up" : "down") : 0;
}

void nn_link_lock_step_msg(struct nn_msg *msg, const char *name)
{
	link_start(msg, RTM_SETLINK, name);
}

int nn_link_delete(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct nn_msg msg;
	int ret;

	link_start(&msg, RTM_DELLINK, name);
	ret = nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot delete %s", name) : 0;
}

/* ---- veth ------------------------------------------------------------------------------- */

/* No address of the kernel's own making on this device, so no router solicitation either. Only
 * an existing device takes this. */
static void no_autoconf_msg(struct nn_msg *msg, const char *name)
{
	struct nlattr *spec, *inet6;

	link_start(msg, RTM_SETLINK, name);
	spec = nn_msg_nest(msg, IFLA_AF_SPEC);
	inet6 = nn_msg_nest(msg, AF_INET6);
	nn_msg_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nn_msg_nest_end(msg, inet6);
	nn_msg_nest_end(msg, spec);
}

static int veth_start(const struct nn_veth_end *end, bool ipv6, struct nn_err *err)
{
	struct nn_msgs msgs;
	struct nn_msg msg;
	int ret;

	nn_msgs_init(&msgs);
	if (ipv6) {
		no_autoconf_msg(&msg, end->name);
		nn_msgs_add(&msgs, "no autoconfiguration", &msg);
	}
	up_msg(&msg, end->name, true);
	nn_msgs_add(&msgs, "up", &msg);
	ret = nn_route_talk_all(end->ns, &msgs, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot start %s", end->name) : 0;
}

static void put_end(struct nn_msg *msg, const struct nn_veth_end *end)
{
	nn_msg_put_str(msg, IFLA_IFNAME, end->name);
	nn_msg_put(msg, IFLA_ADDRESS, end->mac, sizeof(end->mac));
}

/* Both ends are created in place: moving a device between namespaces would cost milliseconds. */
static int veth_create(const struct nn_veth_end *a, const struct nn_veth_end *b, struct nn_err *err)
{
	struct nlattr *info, *data, *peer;
	struct nn_msg msg;
	int ret;

	nn_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	nn_msg_extra(&msg, sizeof(struct ifinfomsg));
	put_end(&msg, a);
	info = nn_msg_nest(&msg, IFLA_LINKINFO);
	nn_msg_put_str(&msg, IFLA_INFO_KIND, "veth");
	data = nn_msg_nest(&msg, IFLA_INFO_DATA);
	peer = nn_msg_nest(&msg, VETH_INFO_PEER);
	nn_msg_extra(&msg, sizeof(struct ifinfomsg));
	put_end(&msg, b);
	nn_msg_put_u32(&msg, IFLA_NET_NS_FD, (uint32_t)nn_ns_fd(b->ns));
	nn_msg_nest_end(&msg, peer);
	nn_msg_nest_end(&msg, data);
	nn_msg_nest_end(&msg, info);
	ret = nn_route_talk(a->ns, &msg, NULL, NULL, err);
	if (ret == -EOPNOTSUPP)
		return nn_prefix(err, ret, "cannot create veth (kernel without CONFIG_VETH?)");
	return ret ? nn_prefix(err, ret, "cannot create veth %s - %s", a->name, b->name) : 0;
}

int nn_veth_new(const struct nn_veth_end *a, const struct nn_veth_end *b, bool ipv6,
		struct nn_err *err)
{
	int ret = veth_create(a, b, err);

	if (ret)
		return ret;
	ret = veth_start(a, ipv6, err);
	if (!ret)
		ret = veth_start(b, ipv6, err);
	if (ret)
		(void)nn_link_delete(a->ns, a->name, NULL);
	return ret;
}

/* ---- waiting for the kernel's own work -------------------------------------------------- */

static int any_news(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	(void)arg;
	return 0;
}

/* With a listener that joined before the first look, so that no change is missed. */
static int wait_for_news(struct nn_nl *nl, int (*ready)(void *), void *arg, struct nn_err *err)
{
	int ret;

	for (;;) {
		ret = ready(arg);
		if (ret)
			return ret < 0 ? ret : 0;
		ret = nn_nl_listen(nl, PATIENCE_MS, any_news, NULL, err);
		if (ret == -ETIMEDOUT)
			return nn_fail(err, ETIMEDOUT, "waited in vain for the kernel");
		if (ret)
			return ret;
	}
}

int nn_route_wait(struct nn_ns *ns, unsigned group, int (*ready)(void *), void *arg,
		  struct nn_err *err)
{
	struct nn_nl nl = { 0 };
	int ret = ready(arg);

	if (ret)
		return ret < 0 ? ret : 0;
	ret = nn_ns_listener(ns, &nl, err);
	if (!ret)
		ret = nn_nl_join(&nl, group, err);
	if (!ret)
		ret = wait_for_news(&nl, ready, arg, err);
	nn_nl_close(&nl);
	return ret;
}

struct carrier {
	struct nn_ns *ns;
	const char *name;
	struct nn_err *err;
	struct ifinfomsg seen;
};

static int has_carrier(void *arg)
{
	struct carrier *carrier = arg;
	int ret = nn_link_get(carrier->ns, carrier->name, &carrier->seen, carrier->err);

	return ret ? ret : !!(carrier->seen.ifi_flags & IFF_RUNNING);
}

/*
 * A veth end that was up before its peer gets its carrier through the kernel's link watch, a work
 * item; until that has run, its queue discards packets. IFF_RUNNING is set by the same work item.
 * Since Linux 6.8 reading the device runs the work; before, only its notification tells.
 */
int nn_link_wait(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct carrier carrier = { .ns = ns, .name = name, .err = err };
	int ret = nn_route_wait(ns, RTNLGRP_LINK, has_carrier, &carrier, err);

	return ret ? nn_prefix(err, ret, "carrier of %s", name) : carrier.seen.ifi_index;
}

static int has_no_carrier(void *arg)
{
	int ret = has_carrier(arg);

	return ret < 0 ? ret : !ret;
}

/* The link watch lets a second pass between two rounds of bad news. */
int nn_link_wait_lost(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct carrier carrier = { .ns = ns, .name = name, .err = err };
	int ret = nn_route_wait(ns, RTNLGRP_LINK, has_no_carrier, &carrier, err);

	return ret ? nn_prefix(err, ret, "loss of carrier of %s", name) : 0;
}
