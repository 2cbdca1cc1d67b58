/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes by rtnetlink. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "link.h"
#include "link_private.h"
#include "nl.h"

static uint8_t rtn_type(enum nn_route_type type)
{
	switch (type) {
	case NN_UNREACHABLE:
		return RTN_UNREACHABLE;
	case NN_BLACKHOLE:
		return RTN_BLACKHOLE;
	case NN_PROHIBIT:
		return RTN_PROHIBIT;
	default:
		return RTN_UNICAST;
	}
}

/* As iproute2 chooses it: a directly connected destination has the scope of its link. */
static uint8_t rtn_scope(const struct nn_route *route)
{
	if (route->type == NN_UNICAST && !route->via && route->dst.family == AF_INET)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static const char *route_text(const struct nn_route *route, char *buf, size_t size)
{
	static const char *const types[] = { "", "unreachable ", "blackhole ", "prohibit " };
	char dst[INET6_ADDRSTRLEN], via[INET6_ADDRSTRLEN];

	snprintf(buf, size, "route %s%s/%d%s%s%s%s", types[route->type],
		 nn_addr_text(&route->dst, dst, sizeof(dst)), route->prefix_len,
		 route->via ? " via " : "",
		 route->via ? nn_addr_text(route->via, via, sizeof(via)) : "",
		 route->dev ? " dev " : "", route->dev ? route->dev : "");
	return buf;
}

/* @index: of the route's device, if it names one. */
static void fill_route(struct nn_msg *msg, int index, const struct nn_route *route)
{
	struct rtmsg *rtm = nn_msg_extra(msg, sizeof(*rtm));

	rtm->rtm_family = (uint8_t)route->dst.family;
	rtm->rtm_dst_len = (uint8_t)route->prefix_len;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = rtn_type(route->type);
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
	nn_msg_start(msg, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	fill_route(msg, index, route);
}

static int route_index(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	return route->dev ? nn_link_index(ns, route->dev, err) : 0;
}

int nn_route_add(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	int ret, index = route_index(ns, route, err);
	struct nn_msg msg;
	char text[160];

	nn_route_msg(&msg, index, route);
	ret = index < 0 ? index : nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot add %s", route_text(route, text, sizeof(text)))
		   : 0;
}

int nn_route_del(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	int ret, index = route_index(ns, route, err);
	struct nn_msg msg;
	char text[160];

	nn_msg_start(&msg, RTM_DELROUTE, 0);
	fill_route(&msg, index, route);
	ret = index < 0 ? index : nn_route_talk(ns, &msg, NULL, NULL, err);
	return ret ? nn_prefix(err, ret, "cannot delete %s", route_text(route, text, sizeof(text)))
		   : 0;
}
