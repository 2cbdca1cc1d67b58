/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connection tracking: what a translating gateway remembers is read, counted and deleted. */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <poll.h>

#include "inbox.h"
#include "netns/conntrack.h"
#include "netns/nft.h"
#include "netns/sysctl.h"
#include "tcp.h"

#define PORT 7001

static const struct nn_nft_rule gateway_rules[] = {
	{ .hook = NN_POSTROUTING, .priority = 100, .dport = PORT, .action = NN_MASQUERADE },
	{ .hook = NN_FORWARD, .dport = PORT, .ct_state = NN_CT_INVALID, .action = NN_DROP },
	{ .hook = NN_INPUT, .sport = PORT, .ct_state = NN_CT_INVALID, .action = NN_REJECT_RST },
};

/* A connection through a gateway that forgets after @timeout_s, and how it is called. */
static int through_gateway(struct inbox *in, struct nn_topology *net, int family,
			   const char *timeout_s, int pair[2], struct nn_ct_flow *flow)
{
	struct nn_ns *gateway;

	EXPECT_OK(in, pin_to_one_cpu());
	EXPECT_OK(in, nn_topology_new(net, NN_ROUTED, &in->err));
	gateway = net->ns[NN_GATEWAY];
	EXPECT_OK(in, nn_nft_add(gateway, "gw", gateway_rules, 3, &in->err));
	EXPECT_OK(in,
		  nn_sysctl_put(gateway, "net/netfilter/nf_conntrack_tcp_loose", "0", &in->err));
	EXPECT_OK(in, nn_sysctl_put(gateway, "net/netfilter/nf_conntrack_tcp_timeout_established",
				    timeout_s, &in->err));
	if (connect_pair(in, net, family, PORT, pair) || talk_over(in, pair))
		return 1;
	*flow = (struct nn_ct_flow){ .src = nn_topology_addr(net, NN_CLIENT, family),
				     .dst = nn_topology_addr(net, NN_SERVER, family),
				     .sport = port_of(pair[0], getsockname),
				     .dport = PORT };
	return 0;
}

/* The server sees the gateway's address, and the entry says so. */
static int translates(struct inbox *in, int family)
{
	struct nn_topology net = { 0 };
	struct nn_addr gateway;
	struct nn_ct_flow flow;
	struct nn_ct entry;
	uint64_t packets[3];
	int pair[2];

	if (through_gateway(in, &net, family, "100", pair, &flow))
		return 1;
	EXPECT_OK(in,
		  nn_addr_parse(&gateway, family == AF_INET ? "198.51.100.254" : "2001:db8:2::fe"));
	EXPECT_OK(in, nn_ct_get(net.ns[NN_GATEWAY], &flow, &entry, &in->err));
	EXPECT_EQ(in, entry.tcp_state, TCP_CONNTRACK_ESTABLISHED);
	EXPECT(in, entry.status & IPS_ASSURED && entry.status & IPS_SRC_NAT);
	EXPECT(in, entry.left_s >= 95 && entry.left_s <= 100);
	EXPECT_EQ(in, entry.back.family, family);
	EXPECT(in, !memcmp(entry.back.bytes, gateway.bytes, sizeof(gateway.bytes)));
	EXPECT_EQ(in, entry.back_port, port_of(pair[1], getpeername));
	EXPECT_OK(in, nn_nft_counters(net.ns[NN_GATEWAY], "gw", packets, 3, &in->err));
	EXPECT_EQ(in, packets[0], 1); /* the first packet only */
	EXPECT_EQ(in, packets[1] + packets[2], 0);
	close(pair[0]);
	close(pair[1]);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(the_entry_of_a_translated_connection_is_read)
{
	for (size_t i = 0; i < 2; i++)
		if (translates(in, families[i]))
			return 1;
	return 0;
}

static int readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 10000);
}

/* Deleted: the client's side falls silent, the server's side is reset. */
static int forgets(struct inbox *in, int family)
{
	struct nn_topology net = { 0 };
	struct nn_ct_flow flow;
	struct nn_ct entry;
	uint64_t packets[3];
	uint32_t count;
	int pair[2];

	if (through_gateway(in, &net, family, "100", pair, &flow))
		return 1;
	EXPECT_OK(in, nn_ct_count(net.ns[NN_GATEWAY], &count, &in->err));
	EXPECT_EQ(in, count, 1);
	EXPECT_OK(in, nn_ct_del(net.ns[NN_GATEWAY], &flow, &in->err));
	EXPECT_EQ(in, nn_ct_get(net.ns[NN_GATEWAY], &flow, &entry, &in->err), -ENOENT);
	EXPECT(in, strstr(in->err.text, "7001"));
	EXPECT_EQ(in, nn_ct_del(net.ns[NN_GATEWAY], &flow, &in->err), -ENOENT);
	EXPECT_OK(in, nn_ct_count(net.ns[NN_GATEWAY], &count, &in->err));
	EXPECT_EQ(in, count, 0);
	EXPECT_EQ(in, send(pair[0], "x", 1, 0), 1);
	EXPECT_EQ(in, send(pair[1], "x", 1, 0), 1);
	EXPECT_EQ(in, readable(pair[1]), 1);
	EXPECT_EQ(in, recv(pair[1], &count, 1, 0), -1);
	EXPECT_EQ(in, errno, ECONNRESET);
	EXPECT_EQ(in, recv(pair[0], &count, 1, MSG_DONTWAIT), -1);
	EXPECT_EQ(in, errno, EAGAIN);
	EXPECT_OK(in, nn_nft_counters(net.ns[NN_GATEWAY], "gw", packets, 3, &in->err));
	EXPECT(in, packets[1] >= 1 && packets[2] == 1);
	close(pair[0]);
	close(pair[1]);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(a_deleted_entry_leaves_nothing)
{
	for (size_t i = 0; i < 2; i++)
		if (forgets(in, families[i]))
			return 1;
	return 0;
}

/* An entry is over when its time is, swept away or not; waited for by its own timeout. */
INBOX_TEST(an_entry_is_over_in_time)
{
	struct nn_topology net = { 0 };
	struct nn_ct_flow flow;
	struct nn_ct entry;
	int pair[2];

	if (through_gateway(in, &net, AF_INET, "1", pair, &flow))
		return 1;
	EXPECT_OK(in, nn_ct_get(net.ns[NN_GATEWAY], &flow, &entry, &in->err));
	EXPECT_EQ(in, poll(NULL, 0, 1100), 0);
	EXPECT_EQ(in, nn_ct_get(net.ns[NN_GATEWAY], &flow, &entry, &in->err), -ENOENT);
	return 0;
}

NET_TEST(only_postrouting_masquerades, NN_ROUTED)
{
	const struct nn_nft_rule rule = { .hook = NN_FORWARD, .action = NN_MASQUERADE };

	EXPECT_EQ(in, nn_nft_add(net->ns[NN_GATEWAY], "gw", &rule, 1, &in->err), -EINVAL);
	EXPECT(in, strstr(in->err.text, "only postrouting"));
	return 0;
}
