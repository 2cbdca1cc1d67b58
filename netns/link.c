/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, addresses, neighbours and routes by rtnetlink. Adding replaces: what is there already, or was
 * there before a device went down and up, is no error. */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "link_private.h"
#include "nl.h"

/* For work that takes the kernel milliseconds at most. */
#define PATIENCE_MS 10000

int nn_addr_parse(struct nn_addr *addr, const char *text)
{
	struct nn_addr out = { 0 };

	out.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(out.family, text, out.bytes) != 1)
		return -EINVAL;
	*addr = out;
	return 0;
}

static const char *addr_text(const struct nn_addr *addr, char *buf, size_t size)
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

/* ---- requests ----------------------------------------------------------------------------- */

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

/* A request that changes something; the text says what could not be done. */
__attribute__((format(printf, 4, 5))) static int
route_change(struct nn_ns *ns, struct nn_msg *msg, struct nn_err *err, const char *fmt, ...)
{
	int ret = nn_route_talk(ns, msg, NULL, NULL, err);
	char text[200];
	va_list args;

	if (!ret)
		return 0;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return nn_prefix(err, ret, "cannot %s", text);
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

int nn_link_parse(const struct nlmsghdr *nlh, void *arg)
{
	struct nn_link_seen *seen = arg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return 0;
	seen->ifi = *(struct ifinfomsg *)mnl_nlmsg_get_payload(nlh);
	mnl_attr_for_each(attr, nlh,
			  sizeof(struct ifinfomsg)) if (mnl_attr_get_type(attr) == IFLA_OPERSTATE)
		seen->carries = mnl_attr_get_u8(attr) == NN_OPER_UP;
	return 0;
}

static int link_get(struct nn_ns *ns, const char *name, struct nn_link_seen *out,
		    struct nn_err *err)
{
	struct nn_msg msg;
	int ret;

	nn_msg_start_get(&msg, RTM_GETLINK);
	nn_msg_extra(&msg, sizeof(struct ifinfomsg));
	nn_msg_put_str(&msg, IFLA_IFNAME, name);
	ret = nn_route_talk(ns, &msg, nn_link_parse, out, err);
	return ret ? nn_prefix(err, ret, "device %s", name) : 0;
}

int nn_link_index(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct nn_link_seen seen = { 0 };
	int ret = link_get(ns, name, &seen, err);

	return ret ? ret : seen.ifi.ifi_index;
}

int nn_link_flags(struct nn_ns *ns, const char *name, unsigned *flags, struct nn_err *err)
{
	struct nn_link_seen seen = { 0 };
	int ret = link_get(ns, name, &seen, err);

	if (!ret)
		*flags = seen.ifi.ifi_flags;
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

	up_msg(&msg, name, up);
	return route_change(ns, &msg, err, "set %s %s", name, up ? "up" : "down");
}

int nn_link_delete(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct nn_msg msg;

	link_start(&msg, RTM_DELLINK, name);
	return route_change(ns, &msg, err, "delete %s", name);
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

/* Waits until @ready(@arg) is not 0; looks again at each notification of @group (RTNLGRP_...), for
 * which it joins before it looks again, so that no change is missed. Returns 0, -ETIMEDOUT, or the
 * -errno of @ready. */
static int wait_until(struct nn_ns *ns, unsigned group, int (*ready)(void *), void *arg,
		      struct nn_err *err)
{
	struct nn_nl nl = { 0 };
	int ret, seen = ready(arg);

	if (seen)
		return seen < 0 ? seen : 0;
	ret = nn_ns_listener(ns, &nl, NN_BUS_ROUTE, group, err);
	while (!ret && !(seen = ready(arg)))
		ret = nn_nl_listen(&nl, PATIENCE_MS, err);
	nn_nl_close(&nl);
	if (ret == -ETIMEDOUT)
		return nn_fail(err, ETIMEDOUT, "waited in vain for the kernel");
	return ret ? ret : seen < 0 ? seen : 0;
}

struct carrier {
	struct nn_ns *ns;
	const char *name;
	struct nn_err *err;
	struct nn_link_seen seen;
};

static int has_carrier(void *arg)
{
	struct carrier *carrier = arg;
	int ret = link_get(carrier->ns, carrier->name, &carrier->seen, carrier->err);

	return ret ? ret : carrier->seen.carries;
}

/*
 * A veth end that was up before its peer gets its carrier through the kernel's link watch, a work
 * item; until that has run, its queue discards packets. The state "up" is set by the same work item.
 * (IFF_RUNNING tells nothing: a new device has it until the work has run for the first time.)
 * Since Linux 6.8 reading the device runs the work; before, only its notification tells.
 */
int nn_link_wait(struct nn_ns *ns, const char *name, struct nn_err *err)
{
	struct carrier carrier = { .ns = ns, .name = name, .err = err };
	int ret = wait_until(ns, RTNLGRP_LINK, has_carrier, &carrier, err);

	return ret ? nn_prefix(err, ret, "carrier of %s", name) : carrier.seen.ifi.ifi_index;
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
	int ret = wait_until(ns, RTNLGRP_LINK, has_no_carrier, &carrier, err);

	return ret ? nn_prefix(err, ret, "loss of carrier of %s", name) : 0;
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
	link_start(&msg, RTM_SETLINK, usable->dev); /* changes nothing */
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
	ret = wait_until(ns, RTNLGRP_IPV6_ROUTE, is_local, &usable, err);
	return ret ? nn_prefix(err, ret, "address %s on %s", addr_text(addr, text, sizeof(text)),
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

int nn_addr_del(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, int prefix_len,
		struct nn_err *err)
{
	int index = nn_link_index(ns, dev, err);
	char text[INET6_ADDRSTRLEN];
	struct nn_msg msg;

	if (index < 0)
		return index;
	nn_msg_start(&msg, RTM_DELADDR, 0);
	fill_addr(&msg, index, addr, prefix_len);
	return route_change(ns, &msg, err, "delete address %s/%d from %s",
			    addr_text(addr, text, sizeof(text)), prefix_len, dev);
}

/* ---- neighbours ------------------------------------------------------------------------- */

/* @mac NULL: the entry goes. */
static void neigh_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, const uint8_t *mac)
{
	struct ndmsg *ndm;

	nn_msg_start(msg, mac ? RTM_NEWNEIGH : RTM_DELNEIGH,
		     mac ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	ndm = nn_msg_extra(msg, sizeof(*ndm));
	ndm->ndm_family = (uint8_t)addr->family;
	ndm->ndm_ifindex = index;
	ndm->ndm_state = NUD_PERMANENT;
	nn_msg_put(msg, NDA_DST, addr->bytes, nn_addr_size(addr));
	if (mac)
		nn_msg_put(msg, NDA_LLADDR, mac, 6);
}

void nn_neigh_msg(struct nn_msg *msg, int index, const struct nn_addr *addr, const uint8_t mac[6])
{
	neigh_msg(msg, index, addr, mac);
}

static int change_neigh(struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
			const uint8_t *mac, struct nn_err *err)
{
	int index = nn_link_index(ns, dev, err);
	char text[INET6_ADDRSTRLEN];
	struct nn_msg msg;

	if (index < 0)
		return index;
	neigh_msg(&msg, index, addr, mac);
	return route_change(ns, &msg, err, "%s neighbour %s of %s", mac ? "add" : "delete",
			    addr_text(addr, text, sizeof(text)), dev);
}

int nn_neigh_add(struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
		 const uint8_t mac[6], struct nn_err *err)
{
	return change_neigh(ns, dev, addr, mac, err);
}

int nn_neigh_del(struct nn_ns *ns, const char *dev, const struct nn_addr *addr, struct nn_err *err)
{
	return change_neigh(ns, dev, addr, NULL, err);
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

/* ---- routes ----------------------------------------------------------------------------- */

static const struct {
	const char *text;
	uint8_t number;
} types[] = {
	[NN_UNICAST] = { "", RTN_UNICAST },
	[NN_UNREACHABLE] = { "unreachable ", RTN_UNREACHABLE },
	[NN_BLACKHOLE] = { "blackhole ", RTN_BLACKHOLE },
	[NN_PROHIBIT] = { "prohibit ", RTN_PROHIBIT },
};

/* As iproute2 chooses it: a directly connected destination has the scope of its link. */
static uint8_t rtn_scope(const struct nn_route *route)
{
	if (route->type == NN_UNICAST && !route->via && route->dst.family == AF_INET)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static const char *route_text(const struct nn_route *route, char *buf, size_t size)
{
	char dst[INET6_ADDRSTRLEN], via[INET6_ADDRSTRLEN];

	snprintf(buf, size, "route %s%s/%d%s%s%s%s", types[route->type].text,
		 addr_text(&route->dst, dst, sizeof(dst)), route->prefix_len,
		 route->via ? " via " : "",
		 route->via ? addr_text(route->via, via, sizeof(via)) : "",
		 route->dev ? " dev " : "", route->dev ? route->dev : "");
	return buf;
}

/* @index: of the route's device, if it names one. */
static void route_msg(struct nn_msg *msg, int index, const struct nn_route *route, bool add)
{
	struct rtmsg *rtm;

	nn_msg_start(msg, add ? RTM_NEWROUTE : RTM_DELROUTE,
		     add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
	rtm = nn_msg_extra(msg, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)route->dst.family;
	rtm->rtm_dst_len = (uint8_t)route->prefix_len;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = types[route->type].number;
	rtm->rtm_scope = rtn_scope(route);
	if (route->prefix_len > 0)
		nn_msg_put(msg, RTA_DST, route->dst.bytes, nn_addr_size(&route->dst));
	if (route->via)
		nn_msg_put(msg, RTA_GATEWAY, route->via->bytes, nn_addr_size(route->via));
	if (route->metric)
		nn_msg_put_u32(msg, RTA_PRIORITY, route->metric);
	if (route->dev)
		nn_msg_put_u32(msg, RTA_OIF, (uint32_t)index);
}

void nn_route_msg(struct nn_msg *msg, int index, const struct nn_route *route)
{
	route_msg(msg, index, route, true);
}

static int change_route(struct nn_ns *ns, const struct nn_route *route, bool add,
			struct nn_err *err)
{
	int index = route->dev ? nn_link_index(ns, route->dev, err) : 0;
	struct nn_msg msg;
	char text[160];

	if (index < 0)
		return index;
	route_msg(&msg, index, route, add);
	return route_change(ns, &msg, err, "%s %s", add ? "add" : "delete",
			    route_text(route, text, sizeof(text)));
}

int nn_route_add(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	return change_route(ns, route, true, err);
}

int nn_route_del(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	return change_route(ns, route, false, err);
}
