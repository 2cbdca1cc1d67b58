/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables rules meet the packets that they describe, and no others. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "netns/util.h"
#include "rules.h"

/* With @rule at @node, a connect to PORT gets nowhere and one to OTHER succeeds. */
static int hides_port(struct inbox *in, enum nn_node node, const struct nn_nft_rule *rule,
		      int family)
{
	struct nn_topology net = { 0 };
	int listener, fd;

	if (routed_on_one_cpu(in, &net))
		return 1;
	listener = listen_at(&net, NN_SERVER, family, PORT);
	EXPECT(in, listener >= 0);
	EXPECT_OK(in, nn_nft_add(net.ns[node], TABLE, rule, 1, &in->err));
	fd = connect_start(&net, NN_SERVER, family, PORT);
	EXPECT(in, fd >= 0);
	if (other_connects(in, &net, family))
		return 1;
	EXPECT(in, connect_pending(fd));
	if (expect_count(in, net.ns[node], 1))
		return 1;
	close(fd);
	EXPECT_OK(in, nn_nft_del(net.ns[node], TABLE, &in->err));
	fd = connect_start(&net, NN_SERVER, family, PORT);
	EXPECT_EQ(in, connect_end(fd), 0);
	close(fd);
	close(listener);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(ports_and_devices_match)
{
	static const struct {
		enum nn_node node;
		struct nn_nft_rule rule;
	} rules[] = {
		{ NN_GATEWAY, { .hook = NN_FORWARD, .dport = PORT } },
		{ NN_GATEWAY, { .hook = NN_FORWARD, .sport = PORT } },
		{ NN_GATEWAY, { .hook = NN_FORWARD, .iif = "client0", .dport = PORT } },
		{ NN_GATEWAY, { .hook = NN_FORWARD, .iif = "server0", .sport = PORT } },
		{ NN_SERVER, { .hook = NN_PREROUTING, .priority = -300, .dport = PORT } },
		{ NN_SERVER, { .hook = NN_INPUT, .dport = PORT } },
		{ NN_SERVER, { .hook = NN_POSTROUTING, .sport = PORT } },
		{ NN_CLIENT,
		  { .hook = NN_INPUT,
		    .sport = PORT,
		    .flags_mask = TH_SYN | TH_ACK,
		    .flags = TH_SYN | TH_ACK } },
		{ NN_CLIENT, { .hook = NN_POSTROUTING, .dport = PORT, .flags_mask = TH_ACK } },
	};
	size_t i, f;

	for (i = 0; i < NN_N(rules); i++)
		for (f = 0; f < 2; f++)
			if (hides_port(in, rules[i].node, &rules[i].rule, families[f]))
				return inbox_fail(in, __FILE__, __LINE__, "of rule", (long long)i);
	return 0;
}

/* Flags alone: only the reset of a closed port is discarded. */
INBOX_TEST(flags_match)
{
	const struct nn_nft_rule rule = {
		.hook = NN_INPUT, .sport = PORT, .flags_mask = TH_RST, .flags = TH_RST
	};
	struct nn_topology net = { 0 };
	int fd;

	if (routed_on_one_cpu(in, &net))
		return 1;
	EXPECT_OK(in, nn_nft_add(net.ns[NN_CLIENT], TABLE, &rule, 1, &in->err));
	fd = connect_start(&net, NN_SERVER, AF_INET, PORT);
	EXPECT_EQ(in, connect_end(connect_start(&net, NN_SERVER, AF_INET, OTHER)), -ECONNREFUSED);
	EXPECT(in, connect_pending(fd));
	return expect_count(in, net.ns[NN_CLIENT], 1);
}

/* What is written into a header arrives, with a right checksum: the client believes that there is no
 * room, until another segment says otherwise. */
static int closes_window(struct inbox *in, int family)
{
	const struct nn_nft_rule rule = {
		.hook = NN_FORWARD, .sport = PORT, .action = NN_SET_WINDOW, .window = 0
	};
	struct nn_topology net = { 0 };
	int pair[2];
	char byte;

	if (routed_on_one_cpu(in, &net) || connect_pair(in, &net, family, PORT, pair))
		return 1;
	EXPECT_OK(in, nn_nft_add(net.ns[NN_GATEWAY], TABLE, &rule, 1, &in->err));
	EXPECT_EQ(in, send(pair[1], "x", 1, 0), 1);
	EXPECT_EQ(in, recv(pair[0], &byte, 1, 0), 1);
	EXPECT_EQ(in, send(pair[0], "x", 1, 0), 1);
	EXPECT_EQ(in, recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
	if (expect_count(in, net.ns[NN_GATEWAY], 1))
		return 1;
	EXPECT_OK(in, nn_nft_del(net.ns[NN_GATEWAY], TABLE, &in->err));
	EXPECT_EQ(in, send(pair[1], "x", 1, 0), 1);
	EXPECT_EQ(in, recv(pair[1], &byte, 1, 0), 1);
	close(pair[0]);
	close(pair[1]);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(a_window_is_written)
{
	return closes_window(in, AF_INET) || closes_window(in, AF_INET6);
}

INBOX_TEST(nothing_else_matches)
{
	const struct nn_nft_rule rules[] = {
		{ .hook = NN_FORWARD, .iif = "server0", .dport = PORT },
		{ .hook = NN_FORWARD, .iif = "client", .dport = PORT },
		{ .hook = NN_FORWARD, .dport = PORT + 1 },
		{ .hook = NN_FORWARD, .dport = PORT, .flags_mask = TH_RST, .flags = TH_RST },
		{ .hook = NN_FORWARD, .l4proto = IPPROTO_UDP, .dport = PORT },
		{ .hook = NN_INPUT, .dport = PORT },
	};
	enum { N = NN_N(rules) };
	struct nn_topology net = { 0 };
	uint64_t packets[N];
	int pair[2];
	size_t i;

	if (routed_on_one_cpu(in, &net))
		return 1;
	EXPECT_OK(in, nn_nft_add(net.ns[NN_GATEWAY], TABLE, rules, N, &in->err));
	if (connect_pair(in, &net, AF_INET, PORT, pair) || talk_over(in, pair))
		return 1;
	EXPECT_OK(in, nn_nft_counters(net.ns[NN_GATEWAY], TABLE, packets, N, &in->err));
	for (i = 0; i < N; i++)
		EXPECT_EQ(in, packets[i], 0);
	return 0;
}

INBOX_TEST(counting_lets_pass)
{
	const struct nn_nft_rule rules[] = {
		{ .hook = NN_FORWARD, .iif = "client0", .dport = PORT, .action = NN_COUNT },
		{ .hook = NN_FORWARD, .iif = "server0", .sport = PORT, .action = NN_ACCEPT },
		{ .hook = NN_FORWARD, .priority = 10, .action = NN_COUNT },
	};
	struct nn_topology net = { 0 };
	uint64_t packets[3];
	int pair[2];

	if (routed_on_one_cpu(in, &net))
		return 1;
	EXPECT_OK(in, nn_nft_add(net.ns[NN_GATEWAY], TABLE, rules, 3, &in->err));
	if (connect_pair(in, &net, AF_INET6, PORT, pair) || talk_over(in, pair))
		return 1;
	EXPECT_OK(in, nn_nft_counters(net.ns[NN_GATEWAY], TABLE, packets, 3, &in->err));
	EXPECT(in, packets[0] >= 3);
	EXPECT(in, packets[1] >= 2);
	/* A later priority sees what an earlier one has accepted. */
	EXPECT(in, packets[2] >= packets[0] + packets[1]);
	return 0;
}
