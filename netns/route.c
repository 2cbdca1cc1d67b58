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

static int route_request(struct nn_msg *msg, struct nn_ns *ns, const struct nn_route *route,
			 struct nn_err *err)
{
	struct rtmsg *rtm = nn_msg_extra(msg, sizeof(*rtm));
	int index;

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
	if (route->dev) {
		index = nn_link_index(ns, route->dev, err);
		if (index < 0)
			return index;
		nn_msg_put_u32(msg, RTA_OIF, (uint32_t)index);
	}
	return nn_route_talk(ns, msg, NULL, NULL, err);
}

int nn_route_add(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	struct nn_msg msg;
	char text[160];
	int ret;

	nn_msg_start(&msg, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	ret = route_request(&msg, ns, route, err);
	return ret ? nn_prefix(err, ret, "cannot add %s", route_text(route, text, sizeof(text)))
		   : 0;
}

int nn_route_del(struct nn_ns *ns, const struct nn_route *route, struct nn_err *err)
{
	struct nn_msg msg;
	char text[160];
	int ret;

	nn_msg_start(&msg, RTM_DELROUTE, 0);
	ret = route_request(&msg, ns, route, err);
	return ret ? nn_prefix(err, ret, "cannot delete %s", route_text(route, text, sizeof(text)))
		   : 0;
}
