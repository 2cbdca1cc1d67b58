/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nftables rules do to packets exactly what they say, exactly as often, and all or none of them. */
#include <linux/capability.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netns/util.h"
#include "rules.h"

/* ---- exactly N -------------------------------------------------------------------------- */

#define SENT 12

/* Sends datagrams numbered 0 ... SENT - 1 to PORT, then one to OTHER, and waits for that. */
static int send_numbered(struct inbox *in, struct nn_topology *net, int family, int other)
{
	struct sockaddr_storage to = node_sockaddr(net, NN_SERVER, family, PORT);
	struct sockaddr_storage last = node_sockaddr(net, NN_SERVER, family, OTHER);
	int fd = bound_socket(net, NN_CLIENT, family, SOCK_DGRAM, 0);
	char i;

	EXPECT(in, fd >= 0);
	for (i = 0; i < SENT; i++)
		EXPECT_EQ(in, sendto(fd, &i, 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	EXPECT_EQ(in, sendto(fd, &i, 1, 0, (struct sockaddr *)&last, sizeof(last)), 1);
	EXPECT_EQ(in, recv(other, &i, 1, 0), 1);
	close(fd);
	return 0;
}

/* What arrives must be the numbers from @first up to, not including, @end. */
static int expect_numbers(struct inbox *in, int fd, int first, int end)
{
	char byte;
	int i;

	for (i = first; i < end; i++) {
		EXPECT_EQ(in, recv(fd, &byte, 1, MSG_DONTWAIT), 1);
		EXPECT_EQ(in, byte, i);
	}
	EXPECT_EQ(in, recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	return 0;
}

/* One of @first and @after is 0. */
static int drops_exactly(struct inbox *in, int family, unsigned first, unsigned after)
{
	const struct nn_nft_rule rule = { .hook = NN_PREROUTING,
					  .l4proto = IPPROTO_UDP,
					  .dport = PORT,
					  .first = first,
					  .after = after };
	struct nn_topology net = { 0 };
	int port, other;

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	port = bound_socket(&net, NN_SERVER, family, SOCK_DGRAM, PORT);
	other = bound_socket(&net, NN_SERVER, family, SOCK_DGRAM, OTHER);
	EXPECT(in, port >= 0 && other >= 0);
	EXPECT_OK(in, nn_nft_add(net.ns[NN_SERVER], TABLE, &rule, 1, &in->err));
	if (send_numbered(in, &net, family, other))
		return 1;
	if (expect_numbers(in, port, (int)first, after ? (int)after : SENT))
		return 1;
	if (expect_count(in, net.ns[NN_SERVER], after ? SENT - after : first))
		return 1;
	close(port);
	close(other);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(first_and_after_are_exact)
{
	static const unsigned n[] = { 1, 2, 3, 5, 9, SENT };
	size_t i, f;

	EXPECT_OK(in, pin_to_one_cpu());
	for (i = 0; i < NN_N(n); i++)
		for (f = 0; f < 2; f++)
			if (drops_exactly(in, families[f], n[i], 0) ||
			    drops_exactly(in, families[f], 0, n[i]))
				return inbox_fail(in, __FILE__, __LINE__, "with N", n[i]);
	return 0;
}

/* A limit of its own for each rule, also where one packet meets two. */
NET_TEST(limits_are_separate, NN_PAIR)
{
	const struct nn_nft_rule rules[] = {
		{ .hook = NN_PREROUTING, .l4proto = IPPROTO_UDP, .dport = PORT, .first = 2 },
		{ .hook = NN_PREROUTING, .l4proto = IPPROTO_UDP, .dport = PORT, .first = 10000 },
	};
	uint64_t packets[2];
	int other;

	EXPECT_OK(in, pin_to_one_cpu());
	other = bound_socket(net, NN_SERVER, AF_INET, SOCK_DGRAM, OTHER);
	EXPECT_OK(in, nn_nft_add(net->ns[NN_SERVER], TABLE, rules, 2, &in->err));
	if (send_numbered(in, net, AF_INET, other))
		return 1;
	EXPECT_OK(in, nn_nft_counters(net->ns[NN_SERVER], TABLE, packets, 2, &in->err));
	EXPECT_EQ(in, packets[0], 2);
	EXPECT_EQ(in, packets[1], SENT - 2);
	return 0;
}

/* ---- rejecting -------------------------------------------------------------------------- */

/* Connects in both families at once, past @rule on the gateway, and compares what they meet. */
static int rejects(struct inbox *in, const struct nn_nft_rule *rule, int code4, int code6)
{
	struct nn_topology net = { 0 };
	uint64_t packets = 0;
	int fd[2], f;

	EXPECT_OK(in, nn_topology_new(&net, NN_ROUTED, &in->err));
	for (f = 0; f < 2; f++)
		EXPECT(in, listen_at(&net, NN_SERVER, families[f], PORT) >= 0);
	EXPECT_OK(in, nn_nft_add(net.ns[NN_GATEWAY], TABLE, rule, 1, &in->err));
	for (f = 0; f < 2; f++)
		fd[f] = connect_start(&net, NN_SERVER, families[f], PORT);
	EXPECT_EQ(in, connect_end(fd[0]), -code4);
	EXPECT_EQ(in, connect_end(fd[1]), -code6);
	EXPECT_OK(in, nn_nft_counters(net.ns[NN_GATEWAY], TABLE, &packets, 1, &in->err));
	EXPECT(in, packets >= 2);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(a_reset_refuses)
{
	const struct nn_nft_rule rule = { .hook = NN_FORWARD,
					  .dport = PORT,
					  .action = NN_REJECT_RST };

	return rejects(in, &rule, ECONNREFUSED, ECONNREFUSED);
}

/* The kernel ignores an ICMP error that comes while connect() still holds the socket, which over a
 * veth the first one does: these end with the second SYN, after a second. */
INBOX_TEST(icmp_refuses_by_family)
{
	const struct nn_nft_rule rule = { .hook = NN_FORWARD,
					  .dport = PORT,
					  .action = NN_REJECT_ICMP,
					  .icmp_code4 = ICMP_HOST_UNREACH,
					  .icmp_code6 = ICMP6_DST_UNREACH_ADMIN };

	return rejects(in, &rule, EHOSTUNREACH, EACCES);
}

/* Each family has its own code, and both together one limit: the second connect gets through. */
INBOX_TEST(icmp_has_one_limit)
{
	const struct nn_nft_rule rule = { .hook = NN_FORWARD,
					  .dport = PORT,
					  .first = 1,
					  .action = NN_REJECT_ICMP,
					  .icmp_code4 = ICMP_NET_UNREACH };
	struct nn_topology net = { 0 };
	int pair[2], fd;

	if (routed_on_one_cpu(in, &net))
		return 1;
	EXPECT_OK(in, nn_nft_add(net.ns[NN_GATEWAY], TABLE, &rule, 1, &in->err));
	fd = connect_start(&net, NN_SERVER, AF_INET6, PORT);
	EXPECT(in, fd >= 0);
	if (connect_pair(in, &net, AF_INET, PORT, pair))
		return 1;
	return expect_count(in, net.ns[NN_GATEWAY], 1);
}

/* ---- all or nothing --------------------------------------------------------------------- */

NET_TEST(a_bad_rule_leaves_nothing, NN_PAIR)
{
	/* Nothing can be rejected any more once it is on its way out. */
	const struct nn_nft_rule rules[] = {
		{ .hook = NN_INPUT, .dport = PORT },
		{ .hook = NN_POSTROUTING, .dport = PORT, .action = NN_REJECT_RST },
		{ .hook = NN_OUTPUT, .dport = PORT },
	};
	struct nn_ns *ns;

	ns = net->ns[NN_SERVER];
	EXPECT_EQ(in, nn_nft_add(ns, TABLE, rules, 3, &in->err), -EOPNOTSUPP);
	EXPECT(in, strstr(in->err.text, "rule 1"));
	EXPECT(in, strstr(in->err.text, "postrouting tcp dport 7001 reject"));
	EXPECT_EQ(in, nn_nft_del(ns, TABLE, &in->err), -ENOENT);
	/* The socket is in step with the kernel: the next transaction succeeds. */
	EXPECT_OK(in, nn_nft_add(ns, TABLE, rules, 1, &in->err));
	EXPECT_EQ(in, nn_nft_add(ns, TABLE, rules, 1, &in->err), -EEXIST);
	EXPECT(in, strstr(in->err.text, "table"));
	if (expect_count(in, ns, 0))
		return 1;
	EXPECT_OK(in, nn_nft_del(ns, TABLE, &in->err));
	return 0;
}

/* What is wrong with a batch as a whole is said of its begin, and nothing else is answered. */
NET_TEST(a_refused_batch_is_over, NN_PAIR)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	const struct nn_nft_rule rule = { .hook = NN_INPUT, .dport = PORT };
	struct nn_ns *ns = net->ns[NN_SERVER];

	EXPECT_OK(in, nn_nft_add(ns, "one", &rule, 1, &in->err));
	EXPECT_OK(in, (int)syscall(SYS_capset, &header, none));
	EXPECT_EQ(in, nn_nft_add(ns, "two", &rule, 1, &in->err), -EPERM);
	EXPECT(in, strstr(in->err.text, "table two"));
	return 0;
}

NET_TEST(tables_are_read_by_name, NN_PAIR)
{
	const struct nn_nft_rule rule = { .hook = NN_INPUT, .dport = PORT };
	uint64_t packets[2];
	struct nn_ns *ns;

	ns = net->ns[NN_SERVER];
	EXPECT_OK(in, nn_nft_add(ns, "one", &rule, 1, &in->err));
	EXPECT_OK(in, nn_nft_add(ns, "two", &rule, 1, &in->err));
	EXPECT_OK(in, nn_nft_counters(ns, "two", packets, 1, &in->err));
	EXPECT_EQ(in, nn_nft_counters(ns, "two", packets, 2, &in->err), -ENOENT);
	EXPECT_OK(in, nn_nft_del(ns, "one", &in->err));
	EXPECT_EQ(in, nn_nft_counters(ns, "one", packets, 1, &in->err), -ENOENT);
	EXPECT_OK(in, nn_nft_counters(ns, "two", packets, 1, &in->err));
	return 0;
}

#define MANY 200

/* More than one page of messages, more than one datagram of rules. */
INBOX_TEST(many_rules_fit)
{
	struct nn_nft_rule rules[MANY];
	struct nn_topology net = { 0 };
	uint64_t packets[MANY];
	size_t i;

	for (i = 0; i < MANY; i++)
		rules[i] = (struct nn_nft_rule){ .hook = i % 2 ? NN_FORWARD : NN_INPUT,
						 .priority = (int)(i % 5),
						 .iif = "client0",
						 .dport = (uint16_t)(1 + i),
						 .first = 3,
						 .action = NN_REJECT_ICMP };
	EXPECT_OK(in, nn_topology_new(&net, NN_ROUTED, &in->err));
	EXPECT_OK(in, nn_nft_add(net.ns[NN_GATEWAY], TABLE, rules, MANY, &in->err));
	EXPECT_OK(in, nn_nft_counters(net.ns[NN_GATEWAY], TABLE, packets, MANY, &in->err));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(in, packets[i], 0);
	return 0;
}
