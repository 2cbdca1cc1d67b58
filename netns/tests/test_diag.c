/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sock_diag: one connection is found, described, followed and destroyed. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "inbox.h"
#include "netns/diag.h"
#include "tcp.h"

#define PORT 7001

/* Any connection of the client to @dport. */
static struct nn_diag_key to_port(int family, uint16_t dport)
{
	return (struct nn_diag_key){ .family = family, .dport = dport };
}

/* The connection of the client's port @sport. */
static struct nn_diag_key from_port(const struct nn_topology *net, int family, uint16_t sport)
{
	return (struct nn_diag_key){ .family = family,
				     .sport = sport,
				     .dport = PORT,
				     .local = nn_topology_addr(net, NN_CLIENT, family),
				     .remote = nn_topology_addr(net, NN_SERVER, family) };
}

static int describes(struct inbox *in, struct nn_topology *net, int family)
{
	const struct nn_diag_key key = to_port(family, PORT), other = to_port(family, PORT + 1);
	struct nn_ns *ns = net->ns[NN_CLIENT];
	struct nn_diag diag = { 0 };
	int pair[2];

	if (connect_pair(in, net, family, PORT, pair) || talk_over(in, pair))
		return 1;
	EXPECT_OK(in, nn_diag_get(ns, &key, &diag, &in->err));
	EXPECT_EQ(in, diag.state, TCP_ESTABLISHED);
	EXPECT_EQ(in, keep_alive(pair[0], 100), 0);
	EXPECT_OK(in, nn_diag_get(ns, &key, &diag, &in->err));
	EXPECT_EQ(in, diag.timer, NN_TIMER_KEEPALIVE);
	EXPECT(in, diag.expires_ms > 90000 && diag.expires_ms <= 100100);
	EXPECT_EQ(in, diag.probes_out, 0);
	EXPECT(in, diag.has_info);
	EXPECT(in, diag.rto_us > 0);
	EXPECT(in, diag.last_data_recv_ms < 90000);
	EXPECT_EQ(in, nn_diag_get(ns, &other, &diag, &in->err), -ENOENT);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

NET_TEST(a_connection_is_described, NN_PAIR)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (describes(in, net, families[i]))
			return 1;
	return 0;
}

/* The far end's listener has the same port, but is no connection. */
NET_TEST(listeners_are_not_meant, NN_PAIR)
{
	struct nn_diag_key key = { .family = AF_INET, .sport = PORT };
	struct nn_diag diag;

	EXPECT(in, listen_at(net, NN_SERVER, AF_INET, PORT) >= 0);
	EXPECT_EQ(in, nn_diag_get(net->ns[NN_SERVER], &key, &diag, &in->err), -ENOENT);
	EXPECT(in, strstr(in->err.text, "7001"));
	/* an exact look-up finds it, where no connection is */
	key.dport = 40000;
	key.local = nn_topology_addr(net, NN_SERVER, AF_INET);
	key.remote = nn_topology_addr(net, NN_CLIENT, AF_INET);
	EXPECT_EQ(in, nn_diag_get(net->ns[NN_SERVER], &key, &diag, &in->err), -ENOENT);
	EXPECT_EQ(in, nn_diag_destroy(net->ns[NN_SERVER], &key, &in->err), -ENOENT);
	return 0;
}

static int follows(struct inbox *in, struct nn_topology *net, int family)
{
	struct nn_ns *ns = net->ns[NN_CLIENT];
	struct nn_diag diag = { 0 };
	struct nn_diag_key key, elsewhere;
	int pair[2];
	char byte;

	if (connect_pair(in, net, family, PORT, pair) || talk_over(in, pair))
		return 1;
	key = from_port(net, family, port_of(pair[0], getsockname));
	EXPECT_OK(in, nn_diag_get(ns, &key, &diag, &in->err));
	EXPECT_EQ(in, diag.state, TCP_ESTABLISHED);
	EXPECT_EQ(in, keep_alive(pair[0], 100), 0);
	EXPECT_OK(in, nn_diag_again(ns, &key, &diag, &in->err));
	EXPECT_EQ(in, diag.timer, NN_TIMER_KEEPALIVE);
	EXPECT(in, diag.has_info);
	/* Another socket, though with the same ports, is not the one. */
	diag.cookie[0] ^= 1;
	EXPECT_EQ(in, nn_diag_again(ns, &key, &diag, &in->err), -ENOENT);
	/* Nor is one with another address: it may have been translated, and is found without it. */
	elsewhere = key;
	elsewhere.remote.bytes[3] ^= 1;
	diag = (struct nn_diag){ 0 };
	EXPECT_EQ(in, nn_diag_get(ns, &elsewhere, &diag, &in->err), -ENOENT);
	elsewhere.remote.family = 0;
	EXPECT_OK(in, nn_diag_get(ns, &elsewhere, &diag, &in->err));
	EXPECT_EQ(in, memcmp(diag.remote, key.remote.bytes, sizeof(diag.remote)), 0);
	EXPECT_OK(in, nn_diag_destroy(ns, &key, &in->err));
	EXPECT_EQ(in, recv(pair[0], &byte, 1, 0), -1);
	EXPECT_EQ(in, errno, ECONNABORTED);
	EXPECT_EQ(in, nn_diag_again(ns, &key, &diag, &in->err), -ENOENT);
	EXPECT_EQ(in, nn_diag_get(ns, &key, &diag, &in->err), -ENOENT);
	EXPECT_EQ(in, nn_diag_destroy(ns, &key, &in->err), -ENOENT);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

NET_TEST(a_connection_is_followed_and_destroyed, NN_PAIR)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (follows(in, net, families[i]))
			return 1;
	return 0;
}

#define MANY 100

static int count_established(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	int *count = arg;

	(void)sport;
	if (dport == PORT && diag->state == TCP_ESTABLISHED)
		++count[diag->family == AF_INET6];
	return 0;
}

static int stop_at_once(const struct nn_diag *diag, uint16_t sport, uint16_t dport, void *arg)
{
	(void)diag;
	(void)sport;
	(void)dport;
	++*(int *)arg;
	return 5;
}

/* More than one datagram, both families; and after a walk that was given up, the next one starts afresh. */
NET_TEST(all_are_walked, NN_PAIR)
{
	int pair[2], i, count[2] = { 0 };

	for (i = 0; i < MANY; i++)
		if (connect_pair(in, net, AF_INET, PORT, pair) ||
		    (i < 3 && connect_pair(in, net, AF_INET6, PORT, pair)))
			return 1;
	EXPECT_EQ(in,
		  nn_diag_walk(net->ns[NN_CLIENT], NN_ALL_STATES, stop_at_once, count, &in->err),
		  5);
	EXPECT_EQ(in, count[0], 1);
	count[0] = 0;
	EXPECT_OK(in, nn_diag_walk(net->ns[NN_CLIENT], NN_ALL_STATES, count_established, count,
				   &in->err));
	EXPECT_EQ(in, count[0], MANY);
	EXPECT_EQ(in, count[1], 3);
	EXPECT_OK(in, nn_diag_walk(net->ns[NN_CLIENT], 1u << TCP_LISTEN, count_established, count,
				   &in->err));
	EXPECT_EQ(in, count[0], MANY);
	return 0;
}
