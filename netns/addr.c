/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and permanent neighbours by rtnetlink. Adding replaces: what is there already, or was
 * there before a device went down and up, is no error. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "link_private.h"
#include "nl.h"

int nn_addr_parse(struct nn_addr *addr, const char *text)
{
	struct nn_addr out = { 0 };

	out.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(out.family, text, out.bytes) != 1)
		return -EINVAL;
	*addr = out;
	return 0;
}

const char *nn_addr_text(const struct nn_addr *addr, char *buf, size_t size)
{
	return inet_ntop(addr->family, addr->bytes, buf, (socklen_t)size) ? buf : "?";
}

size_t nn_addr_size(const struct nn_addr *addr)
{
	return addr->family == AF_INET6 ? 16 : 4;
}

bool nn_has_family(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* ---- addresses -------------------------------------------------------------------------- */

struct usable {
	struct nn_ns *ns;
	const char *dev;
	const struct nn_addr *addr;
	struct nn_err *err;
};

static int parse_route_type(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type == RTM_NEWROUTE &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct rtmsg))
		*(uint8_t *)arg = ((const struct rtmsg *)mnl_nlmsg_get_payload(nlh))->rtm_type;
	return 0;
}

/* Whether a packet to the address would be delivered here. The kernel announces a route a moment
 * before look-ups find it, but does both under one lock: so take that lock in between. */
static int is_local(void *arg)
{
	const struct usable *usable = arg;
	struct rtmsg *rtm;
	struct nn_msgs msgs;
	struct nn_msg msg;
	uint8_t type = RTN_UNSPEC;
	int ret;

	nn_msgs_init(&msgs);
	nn_link_lock_step_msg(&msg, usable->dev);
	nn_msgs_add(&msgs, "device", &msg);
	nn_msg_start_get(&msg, RTM_GETROUTE);
	rtm = nn_msg_extra(&msg, sizeof(*rtm));
	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = 128;
	nn_msg_put(&msg, RTA_DST, usable->addr->bytes, 16);
	nn_msgs_add(&msgs, "route", &msg);
	ret = nn_route_talk_all(usable->ns, &msgs, parse_route_type, &type, usable->err);
	if (ret == -ENETUNREACH || ret == -EHOSTUNREACH)
		return 0;
	return ret ? ret : type == RTN_LOCAL;
}

/*
 * Even without duplicate address detection the kernel makes the route that delivers packets to a
 * new IPv6 address in a work item of its own; what arrives before is discarded.
 */
int nn_addr_wait(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, struct nn_err *err)
{
	struct usable usable = { .ns = ns, .dev = dev, .addr = addr, .err = err };
	char text[INET6_ADDRSTRLEN];
	int ret;

	if (addr->family != AF_INET6)
		return 0;
	ret = nn_route_wait(ns, RTNLGRP_IPV6_ROUTE, is_local, &usable, err);
	return ret ? nn_prefix(err, ret, "address %s on %s", nn_addr_text(addr, text, sizeof(text)),
			       dev)
		   : 0;
}

static void fill_addr(struct nn_msg *msg, int index, const struct nn_addr *addr, int prefix_len)
{
	struct ifaddrmsg *ifa = nn_msg_extra(msg, sizeof(*ifa));

	ifa->ifa_family = (uint8_t)addr->family;
	ifa->ifa_prefixlen = (uint8_t)prefix_len;
	ifa->ifa_index = (uint32_t)index;
	nn_msg_put(msg, IFA_LOCAL, addr->bytes, nn_addr_size(addr));
	nn_msg_put(msg, IFA_ADDRESS, addr->bytes, nn_addr_size(addr));
	/* Usable at once: no duplicate address detection. IPv4 ignores it. */
	nn_msg_put_u32(msg, IFA_FLAGS, addr->family == AF_INET6 ? IFA_F_NODAD : 0);
}

void nn_addr_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, int prefix_len)
{
	nn_msg_start(msg, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	fill_addr(msg, index, addr, prefix_len);
}

int nn_addr_add(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, int prefix_len,
		struct nn_err *err)
{
	char text[INET6_ADDRSTRLEN];
	struct ifinfomsg ifi = { 0 };
	struct nn_msg msg;
	int ret = nn_link_get(ns, dev, &ifi, err);

	if (!ret) {
		nn_addr_msg(&msg, ifi.ifi_index, addr, prefix_len);
		ret = nn_route_talk(ns, &msg, NULL, NULL, err);
	}
	/* On a device that is down there is nothing to wait for. */
	if (!ret && ifi.ifi_flags & IFF_RUNNING)
		ret = nn_addr_wait(ns, dev, addr, err);
	return ret ? nn_prefix(err, ret, "cannot add address %s/%d to %s",
			       nn_addr_text(addr, text, sizeof(text)), prefix_len, dev)
		   : 0;
}

int nn_addr_del(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, int prefix_len,
		struct nn_err *err)
{
	int ret, index = nn_link_index(ns, dev, err);
	char text[INET6_ADDRSTRLEN];
	struct nn_msg msg;

	nn_msg_start(&msg, RTM_DELADDR, 0);
	fill_addr(&msg, index, addr, prefix_len);
	ret = index < 0 ? index : nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot delete address %s/%d from %s",
			       nn_addr_text(addr, text, sizeof(text)), prefix_len, dev)
		   : 0;
}

/* ---- neighbours ------------------------------------------------------------------------- */

static void fill_neigh(struct nn_msg *msg, int index, const struct nn_addr *addr,
		       const uint8_t *mac)
{
	struct ndmsg *ndm = nn_msg_extra(msg, sizeof(*ndm));

	ndm->ndm_family = (uint8_t)addr->family;
	ndm->ndm_ifindex = index;
	ndm->ndm_state = NUD_PERMANENT;
	nn_msg_put(msg, NDA_DST, addr->bytes, nn_addr_size(addr));
	if (mac)
		nn_msg_put(msg, NDA_LLADDR, mac, 6);
}

void nn_neigh_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, const uint8_t mac[6])
{
	nn_msg_start(msg, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	fill_neigh(msg, index, addr, mac);
}

int nn_neigh_add(struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
		 const uint8_t mac[6], struct nn_err *err)
{
	int ret, index = nn_link_index(ns, dev, err);
	char text[INET6_ADDRSTRLEN];
	struct nn_msg msg;

	nn_neigh_msg(&msg, index, addr, mac);
	ret = index < 0 ? index : nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot add neighbour %s to %s",
			       nn_addr_text(addr, text, sizeof(text)), dev)
		   : 0;
}

int nn_neigh_del(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, struct nn_err *err)
{
	int ret, index = nn_link_index(ns, dev, err);
	char text[INET6_ADDRSTRLEN];
	struct nn_msg msg;

	nn_msg_start(&msg, RTM_DELNEIGH, 0);
	fill_neigh(&msg, index, addr, NULL);
	ret = index < 0 ? index : nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot delete neighbour %s from %s",
			       nn_addr_text(addr, text, sizeof(text)), dev)
		   : 0;
}

static int parse_state(const struct nlmsghdr *nlh, void *arg)
{
	if (nlh->nlmsg_type == RTM_NEWNEIGH &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct ndmsg))
		*(uint16_t *)arg = ((const struct ndmsg *)mnl_nlmsg_get_payload(nlh))->ndm_state;
	return 0;
}

int nn_neigh_known(struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
		   struct nn_err *err)
{
	int index = nn_link_index(ns, dev, err), ret;
	uint16_t state = NUD_NONE;
	struct ndmsg *ndm;
	struct nn_msg msg;

	if (index < 0)
		return index;
	nn_msg_start_get(&msg, RTM_GETNEIGH);
	ndm = nn_msg_extra(&msg, sizeof(*ndm));
	ndm->ndm_family = (uint8_t)addr->family;
	ndm->ndm_ifindex = index;
	nn_msg_put(&msg, NDA_DST, addr->bytes, nn_addr_size(addr));
	ret = nn_route_talk(ns, &msg, parse_state, &state, err);
	if (ret == -ENOENT)
		return 0;
	return ret ? ret : !!(state & ~(NUD_NONE | NUD_INCOMPLETE | NUD_FAILED));
}
