/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that refuse packets, next hops, and neighbours that nobody knows. */
#include <net/if.h>
#include <netinet/in.h>

#include "inbox.h"
#include "netns/qdisc.h"
#include "netns/sysctl.h"
#include "tcp.h"

/* One datagram from the client to the server. With IP_RECVERR the sender is told that its device
 * refused it: ENOBUFS (net_xmit_errno()). Returns 0 or -errno. */
static int send_datagram(struct nn_topology *net)
{
	struct sockaddr_storage to = node_sockaddr(net, NN_SERVER, AF_INET, 7000);
	int fd = bound_socket(net, NN_CLIENT, AF_INET, SOCK_DGRAM, 0), on = 1, ret;

	if (fd < 0)
		return fd;
	ret = setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	if (!ret && sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(struct sockaddr_in)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The sender is told what this kind tells; each loss is counted, none is without a loss. */
static int refuses(struct inbox *in, const struct nn_qdisc *qdisc)
{
	struct nn_topology net = { 0 };
	uint64_t packets = 77;
	struct nn_ns *ns;
	int ret;

	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	ns = net.ns[NN_CLIENT];
	EXPECT_OK(in, send_datagram(&net));
	ret = nn_qdisc_refuse(ns, "eth0", qdisc->kind, &in->err);
	if (ret == -EOPNOTSUPP) {
		EXPECT(in, strstr(in->err.text, qdisc->kind));
		return 0;
	}
	EXPECT_OK(in, ret);
	EXPECT_OK(in, nn_qdisc_refused(ns, "eth0", &packets, &in->err));
	EXPECT_EQ(in, packets, 0);
	EXPECT_EQ(in, send_datagram(&net), qdisc->told);
	EXPECT_EQ(in, send_datagram(&net), qdisc->told);
	EXPECT_OK(in, nn_qdisc_refused(ns, "eth0", &packets, &in->err));
	EXPECT_EQ(in, packets, 2);
	/* the other end has a queue of its own */
	EXPECT_OK(in, nn_qdisc_refused(net.ns[NN_SERVER], "eth0", &packets, &in->err));
	EXPECT_EQ(in, packets, 0);
	EXPECT_OK(in, nn_qdisc_accept(ns, "eth0", qdisc->kind, &in->err));
	EXPECT_OK(in, send_datagram(&net));
	EXPECT_OK(in, nn_qdisc_refused(ns, "eth0", &packets, &in->err));
	EXPECT_EQ(in, packets, 2);
	/* again, on the queue that is there already */
	EXPECT_OK(in, nn_qdisc_refuse(ns, "eth0", qdisc->kind, &in->err));
	EXPECT_EQ(in, send_datagram(&net), qdisc->told);
	EXPECT_OK(in, nn_qdisc_refused(ns, "eth0", &packets, &in->err));
	EXPECT_EQ(in, packets, 3);
	nn_topology_free(&net);
	return 0;
}

INBOX_TEST(a_device_refuses)
{
	int ret = 0;

	for (size_t i = 0; !ret && nn_qdisc_kind(i); i++)
		ret = refuses(in, nn_qdisc_kind(i));
	return ret;
}

NET_TEST(no_such_device, NN_PAIR)
{
	uint64_t packets;

	EXPECT_EQ(in, nn_qdisc_refuse(net->ns[NN_CLIENT], "eth7", "pfifo", &in->err), -ENODEV);
	EXPECT(in, strstr(in->err.text, "eth7"));
	EXPECT_EQ(in, nn_qdisc_refused(net->ns[NN_CLIENT], "eth7", &packets, NULL), -ENODEV);
	/* no queue of ours to change */
	EXPECT(in, nn_qdisc_accept(net->ns[NN_CLIENT], "eth0", "pfifo", &in->err) < 0);
	EXPECT(in, strstr(in->err.text, "eth0"));
	return 0;
}

static int is_addr(const struct nn_addr *addr, const char *text)
{
	struct nn_addr want;

	return !nn_addr_parse(&want, text) && !memcmp(addr, &want, sizeof(want));
}

INBOX_TEST(next_hops)
{
	struct nn_topology net = { 0 };
	struct nn_addr addr;
	enum nn_node hop;

	EXPECT_OK(in, nn_topology_new(&net, NN_ROUTED, &in->err));
	addr = nn_topology_next_hop(&net, NN_CLIENT, AF_INET, &hop);
	EXPECT(in, hop == NN_GATEWAY && is_addr(&addr, "192.0.2.254"));
	addr = nn_topology_next_hop(&net, NN_SERVER, AF_INET6, &hop);
	EXPECT(in, hop == NN_GATEWAY && is_addr(&addr, "2001:db8:2::fe"));
	nn_topology_free(&net);
	EXPECT_OK(in, nn_topology_new(&net, NN_PAIR, &in->err));
	addr = nn_topology_next_hop(&net, NN_SERVER, AF_INET, &hop);
	EXPECT(in, hop == NN_CLIENT && is_addr(&addr, "192.0.2.1"));
	EXPECT_EQ(in, nn_topology_prefix_len(AF_INET), 24);
	EXPECT_EQ(in, nn_topology_prefix_len(AF_INET6), 64);
	return 0;
}

/* Permanent, gone, asked for in vain, and known again. */
NET_TEST(neighbours_are_known_or_not, NN_PAIR)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 2 };
	struct nn_addr server;
	struct nn_ns *ns;

	ns = net->ns[NN_CLIENT];
	server = nn_topology_addr(net, NN_SERVER, AF_INET);
	EXPECT_EQ(in, nn_neigh_known(ns, "eth0", &server, &in->err), 1);
	EXPECT_OK(in, nn_sysctl_put(net->ns[NN_SERVER], "net/ipv4/conf/eth0/arp_ignore", "8",
				    &in->err));
	EXPECT_OK(in, nn_neigh_del(ns, "eth0", &server, &in->err));
	EXPECT_EQ(in, nn_neigh_known(ns, "eth0", &server, &in->err), 0);
	EXPECT_OK(in, send_datagram(net));
	EXPECT_EQ(in, nn_neigh_known(ns, "eth0", &server, &in->err), 0);
	EXPECT_OK(in, nn_neigh_add(ns, "eth0", &server, mac, &in->err));
	EXPECT_EQ(in, nn_neigh_known(ns, "eth0", &server, &in->err), 1);
	EXPECT_EQ(in, nn_neigh_known(ns, "eth7", &server, &in->err), -ENODEV);
	return 0;
}
