/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two networks: they carry TCP, are silent of themselves, and survive what is done to them. */
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "inbox.h"
#include "netns/counters.h"
#include "netns/sandbox.h"
#include "netns/util.h"
#include "tcp.h"

/* How many segments the client had to send twice: a network that only works at the second attempt
 * does not work. */
static int retransmits(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ? -1
								  : (int)info.tcpi_total_retrans;
}

/* One connection in each family that the network has, with a byte each way. */
static int carries_tcp(struct inbox *in, struct nn_topology *net, uint16_t port)
{
	int pair[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!nn_has_family(families[i]) || (net->only && net->only != families[i]))
			continue;
		if (connect_pair(in, net, families[i], port, pair))
			return 1;
		EXPECT_EQ(in, retransmits(pair[0]), 0);
		if (talk_over(in, pair))
			return 1;
		close(pair[0]);
		close(pair[1]);
	}
	return 0;
}

/* @last: the node that is the caller's own namespace, until it is replaced. */
static int carries_tcp_here(struct inbox *in, enum nn_shape shape, enum nn_node last, int family)
{
	int other = family == AF_INET ? AF_INET6 : AF_INET;
	struct nn_addr addr;
	struct nn_topology net = { 0 };
	struct nn_ns *own = NULL;
	struct stat a, b;

	EXPECT_OK(in, nn_ns_current(&own, &in->err));
	EXPECT_OK(in, nn_topology_new_here(&net, shape, family, &in->err));
	EXPECT_EQ(in, fstat(nn_ns_fd(own), &a) || fstat(nn_ns_fd(net.ns[last]), &b), 0);
	EXPECT_EQ(in, a.st_ino, b.st_ino);
	if (carries_tcp(in, &net, 7000))
		return 1;
	EXPECT_OK(in, nn_topology_replace(&net, last, true, &in->err));
	EXPECT_EQ(in, fstat(nn_ns_fd(net.ns[last]), &b), 0);
	EXPECT(in, a.st_ino != b.st_ino);
	if (carries_tcp(in, &net, 7001))
		return 1;
	addr = nn_topology_addr(&net, NN_CLIENT, other);
	EXPECT_EQ(in,
		  nn_addr_del(net.ns[NN_CLIENT], "eth0", &addr, nn_topology_prefix_len(other),
			      &in->err),
		  -EADDRNOTAVAIL);
	nn_topology_free(&net);
	nn_ns_free(own);
	return 0;
}

INBOX_TEST(a_pair_may_have_its_server_here)
{
	return carries_tcp_here(in, NN_PAIR, NN_SERVER, AF_INET);
}

INBOX_TEST(a_gateway_may_be_here)
{
	return carries_tcp_here(in, NN_ROUTED, NN_GATEWAY, AF_INET);
}

INBOX_TEST(a_gateway_of_ipv6_alone_may_be_here)
{
	return carries_tcp_here(in, NN_ROUTED, NN_GATEWAY, AF_INET6);
}

NET_TEST(a_pair_carries_tcp, NN_PAIR)
{
	EXPECT(in, !net->ns[NN_GATEWAY]);
	if (carries_tcp(in, net, 7000))
		return 1;
	nn_topology_free(net);
	nn_topology_free(net);
	return 0;
}

NET_TEST(a_routed_network_carries_tcp, NN_ROUTED)
{
	return carries_tcp(in, net, 7000);
}

NET_TEST(links_tell_their_state, NN_PAIR)
{
	unsigned flags = 0;

	EXPECT_OK(in, nn_link_flags(net->ns[NN_CLIENT], "eth0", &flags, &in->err));
	EXPECT_EQ(in, flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
	EXPECT_OK(in, nn_link_flags(net->ns[NN_CLIENT], "lo", &flags, &in->err));
	EXPECT(in, flags & IFF_UP);
	EXPECT_OK(in, nn_link_set_up(net->ns[NN_SERVER], "eth0", false, &in->err));
	EXPECT_OK(in, nn_link_flags(net->ns[NN_SERVER], "eth0", &flags, &in->err));
	EXPECT(in, !(flags & IFF_UP));
	/* The other end is up, but has lost its carrier. */
	EXPECT_OK(in, nn_link_wait_lost(net->ns[NN_CLIENT], "eth0", &in->err));
	EXPECT_OK(in, nn_link_flags(net->ns[NN_CLIENT], "eth0", &flags, &in->err));
	EXPECT_EQ(in, flags & (IFF_UP | IFF_RUNNING), IFF_UP);
	EXPECT_EQ(in, nn_link_flags(net->ns[NN_CLIENT], "eth7", &flags, &in->err), -ENODEV);
	EXPECT(in, strstr(in->err.text, "eth7"));
	return 0;
}

NET_TEST(a_link_comes_back, NN_ROUTED)
{
	int i;

	for (i = 0; i < 3; i++) {
		enum nn_node node = i == 0 ? NN_CLIENT : i == 1 ? NN_SERVER : NN_GATEWAY;

		EXPECT_OK(in, nn_topology_link(net, node, false, &in->err));
		EXPECT_OK(in, nn_topology_link(net, node, true, &in->err));
		if (carries_tcp(in, net, (uint16_t)(7000 + i)))
			return 1;
	}
	return 0;
}

/* The first end waits in a child while the second is set up here. */
NET_TEST(waiting_sees_the_carrier, NN_PAIR)
{
	int pidfd, status = -1;
	pid_t pid;

	EXPECT_OK(in, nn_link_set_up(net->ns[NN_SERVER], "eth0", false, &in->err));
	pid = nn_sandbox_fork(&pidfd);
	EXPECT(in, pid >= 0);
	if (pid == 0)
		_exit(nn_link_wait(net->ns[NN_CLIENT], "eth0", &in->err) > 0 ? 0 : 1);
	EXPECT_OK(in, nn_link_set_up(net->ns[NN_SERVER], "eth0", true, &in->err));
	EXPECT_EQ(in, waitpid(pid, &status, 0), pid);
	EXPECT_EQ(in, status, 0);
	return 0;
}

NET_TEST(a_machine_vanishes_and_returns, NN_ROUTED)
{
	static const enum nn_node nodes[] = { NN_SERVER, NN_CLIENT, NN_GATEWAY };
	unsigned flags;
	size_t i;

	EXPECT_OK(in, nn_topology_unplug(net, NN_SERVER, &in->err));
	EXPECT_OK(in, nn_topology_unplug(net, NN_SERVER, &in->err));
	EXPECT_EQ(in, nn_link_flags(net->ns[NN_GATEWAY], "server0", &flags, &in->err), -ENODEV);
	EXPECT_OK(in, nn_link_flags(net->ns[NN_CLIENT], "eth0", &flags, &in->err));
	for (i = 0; i < NN_N(nodes); i++) {
		EXPECT_OK(in, nn_topology_replace(net, nodes[i], false, &in->err));
		EXPECT(in, !net->ns[nodes[i]]);
		EXPECT_OK(in, nn_topology_replace(net, nodes[i], true, &in->err));
		if (carries_tcp(in, net, (uint16_t)(7000 + i)))
			return 1;
	}
	return 0;
}

NET_TEST(a_pair_is_replaced, NN_PAIR)
{
	EXPECT_OK(in, nn_topology_replace(net, NN_SERVER, true, &in->err));
	return carries_tcp(in, net, 7000);
}

/* The gateway swallows what is for a network that is gone. It has seen the first connect when it
 * refuses the second, because both take the same way. */
NET_TEST(the_gateway_stays_silent, NN_ROUTED)
{
	static const char *const name[] = { "Icmp.OutMsgs", "Ip.ForwDatagrams" };
	struct nn_counters *counters;
	uint64_t value[2];
	int lost;

	EXPECT_OK(in, pin_to_one_cpu());
	EXPECT_OK(in, nn_counters_open(net->ns[NN_GATEWAY], name, 2, &counters, &in->err));
	EXPECT_OK(in, nn_topology_unplug(net, NN_SERVER, &in->err));
	lost = connect_start(net, NN_SERVER, AF_INET, 7000);
	EXPECT(in, lost >= 0);
	EXPECT_EQ(in, connect_end(connect_start(net, NN_GATEWAY, AF_INET, 7000)), -ECONNREFUSED);
	EXPECT(in, connect_pending(lost));
	EXPECT_OK(in, nn_counters_read(counters, value, &in->err));
	EXPECT_EQ(in, value[0], 0);
	EXPECT_EQ(in, value[1], 0);
	nn_counters_close(counters);
	return 0;
}

NET_TEST(routes_say_no, NN_ROUTED)
{
	static const struct {
		enum nn_route_type type;
		int code;
	} types[] = { { NN_UNREACHABLE, EHOSTUNREACH },
		      { NN_PROHIBIT, EACCES },
		      { NN_BLACKHOLE, EINVAL } };
	struct nn_route route = { .metric = 5 };
	size_t i;

	EXPECT_OK(in, nn_addr_parse(&route.dst, "198.51.100.0"));
	route.prefix_len = 24;
	for (i = 0; i < NN_N(types); i++) {
		route.type = types[i].type;
		EXPECT_OK(in, nn_route_add(net->ns[NN_CLIENT], &route, &in->err));
		EXPECT_EQ(in, connect_start(net, NN_SERVER, AF_INET, 7000), -types[i].code);
		EXPECT_OK(in, nn_route_del(net->ns[NN_CLIENT], &route, &in->err));
	}
	EXPECT_EQ(in, nn_route_del(net->ns[NN_CLIENT], &route, &in->err), -ESRCH);
	EXPECT(in, strstr(in->err.text, "198.51.100.0/24"));
	return carries_tcp(in, net, 7000);
}

/* A second address, which the neighbour knows: no ARP, no ND. */
NET_TEST(a_second_address, NN_ROUTED)
{
	for (int i = 0; i < 2; i++) {
		struct nn_addr first = nn_topology_addr(net, NN_CLIENT, families[i]), addr;

		EXPECT_OK(in, nn_topology_add_addr(net, NN_CLIENT, families[i], &addr, &in->err));
		EXPECT_EQ(in, addr.family, families[i]);
		EXPECT(in, memcmp(&first, &addr, sizeof(addr)));
		EXPECT_EQ(in, nn_neigh_known(net->ns[NN_GATEWAY], "client0", &addr, &in->err), 1);
		EXPECT_OK(in, nn_addr_del(net->ns[NN_CLIENT], "eth0", &addr,
					  nn_topology_prefix_len(families[i]), &in->err));
	}
	return 0;
}

NET_TEST(addresses_and_neighbours_go, NN_PAIR)
{
	struct nn_addr client, server;

	client = nn_topology_addr(net, NN_CLIENT, AF_INET);
	server = nn_topology_addr(net, NN_SERVER, AF_INET);
	EXPECT_OK(in, nn_neigh_del(net->ns[NN_CLIENT], "eth0", &server, &in->err));
	EXPECT_EQ(in, nn_neigh_del(net->ns[NN_CLIENT], "eth0", &server, &in->err), -ENOENT);
	EXPECT_OK(in, nn_addr_del(net->ns[NN_CLIENT], "eth0", &client, 24, &in->err));
	EXPECT_EQ(in, nn_addr_del(net->ns[NN_CLIENT], "eth0", &client, 24, &in->err),
		  -EADDRNOTAVAIL);
	EXPECT(in, strstr(in->err.text, "192.0.2.1/24"));
	EXPECT_EQ(in, connect_start(net, NN_SERVER, AF_INET, 7000), -EADDRNOTAVAIL);
	return 0;
}

/* Listens to everything that the server's device sees from before the first packet. */
static int capture_open(struct nn_topology *net)
{
	if (nn_ns_enter(net->ns[NN_SERVER], NULL))
		return -1;
	return socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
}

/* No ARP, and of IPv6 no neighbour discovery: nothing that delays a handshake. */
NET_TEST(nobody_asks_for_neighbours, NN_PAIR)
{
	struct sockaddr_ll from;
	unsigned char packet[256];
	socklen_t len;
	int capture;
	ssize_t got;

	capture = capture_open(net);
	EXPECT(in, capture >= 0);
	if (carries_tcp(in, net, 7000))
		return 1;
	for (;;) {
		len = sizeof(from);
		got = recvfrom(capture, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);
		if (got < 0)
			break;
		EXPECT(in, from.sll_protocol != htons(ETH_P_ARP));
		/* ICMPv6 straight behind the IPv6 header: solicitations and advertisements. */
		if (from.sll_protocol == htons(ETH_P_IPV6) && got > 40 &&
		    packet[6] == IPPROTO_ICMPV6)
			EXPECT(in, packet[40] < 133 || packet[40] > 136);
	}
	EXPECT_EQ(in, errno, EAGAIN);
	return 0;
}

/* As in a kernel without CONFIG_IPV6. */
static int forbid_ipv6(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = NN_N(code), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

INBOX_TEST(ipv4_alone_is_enough)
{
	static const char *const names[] = { "Tcp.InErrs", "Ip6.OutNoRoutes" };
	struct nn_topology net = { 0 };
	struct nn_counters *counters;

	EXPECT_EQ(in, forbid_ipv6(), 0);
	EXPECT(in, !nn_has_family(AF_INET6));
	EXPECT_OK(in, nn_topology_new(&net, NN_ROUTED, &in->err));
	EXPECT_OK(in, nn_counters_open(net.ns[NN_CLIENT], names, 2, &counters, &in->err));
	nn_counters_close(counters);
	return carries_tcp(in, &net, 7000);
}
