/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP and UDP between the nodes of a topology, from one process: the kernel completes a handshake
 * by itself, so connect() and accept() can follow each other. */
#ifndef NN_TESTS_TCP_H
#define NN_TESTS_TCP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "inbox.h"
#include "netns/topology.h"

/* AF_INET and AF_INET6. */
extern const int families[2];

/* Keeps the process on one processor, so that packets of different connections cannot overtake
 * each other in the per-processor queues of a veth. Returns 0 or -errno. */
int pin_to_one_cpu(void);

struct sockaddr_storage node_sockaddr(const struct nn_topology *net, enum nn_node node, int family,
				      uint16_t port);

/* A socket at @node, bound to @port (0: any). Returns an fd or -errno. */
int bound_socket(struct nn_topology *net, enum nn_node node, int family, int type, uint16_t port);

/* A listening socket. Returns an fd or -errno. */
int listen_at(struct nn_topology *net, enum nn_node node, int family, uint16_t port);

/* Starts a connect from the client to @node. Returns an fd or -errno. */
int connect_start(struct nn_topology *net, enum nn_node node, int family, uint16_t port);
/* Waits for its end. Returns 0 or the -errno that it had. */
int connect_end(int fd);

/* A connection between client and server: pair[0] is the client's end. */
int connect_pair(struct inbox *in, struct nn_topology *net, int family, uint16_t port, int pair[2]);

/* The port at one end of @fd, by getsockname() or getpeername(); 0: none. */
uint16_t port_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *));

/* Switches keepalive on. Returns 0 when that succeeded. */
int keep_alive(int fd, int idle);

/* Sends a byte each way over the connection. */
int talk_over(struct inbox *in, const int pair[2]);

/* True when nothing has happened to the connect so far. */
bool connect_pending(int fd);

/* An INBOX_TEST whose body has a network of that kind, @net, too. */
#define NET_TEST(name, kind)                                                                       \
	static int over_##name(struct inbox *in, struct nn_topology *net);                         \
	INBOX_TEST(name)                                                                           \
	{                                                                                          \
		struct nn_topology net = { 0 };                                                    \
                                                                                                   \
		EXPECT_OK(in, nn_topology_new(&net, kind, &in->err));                              \
		return over_##name(in, &net);                                                      \
	}                                                                                          \
	static int over_##name(struct inbox *in, struct nn_topology *net)

#endif
