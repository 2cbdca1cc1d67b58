/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP and UDP between the nodes of a topology, from one process. */
#include "tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/time.h>

/* Far beyond anything that a working kernel needs. */
#define PATIENCE_S 20

const int families[2] = { AF_INET, AF_INET6 };

int pin_to_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

struct sockaddr_storage node_sockaddr(const struct nn_topology *net, enum nn_node node, int family,
				      uint16_t port)
{
	struct nn_addr addr = nn_topology_addr(net, node, family);
	struct sockaddr_storage out = { .ss_family = (sa_family_t)family };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&out;

	if (family == AF_INET6) {
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, addr.bytes, 16);
	} else {
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, addr.bytes, 4);
	}
	return out;
}

int bound_socket(struct nn_topology *net, enum nn_node node, int family, int type, uint16_t port)
{
	struct sockaddr_storage addr = node_sockaddr(net, node, family, port);
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int one = 1;
	int fd, ret;

	ret = nn_ns_enter(net->ns[node], NULL);
	if (ret)
		return ret;
	fd = socket(family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int listen_at(struct nn_topology *net, enum nn_node node, int family, uint16_t port)
{
	int fd = bound_socket(net, node, family, SOCK_STREAM, port), ret;

	if (fd < 0 || !listen(fd, 16))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int connect_start(struct nn_topology *net, enum nn_node node, int family, uint16_t port)
{
	struct sockaddr_storage addr = node_sockaddr(net, node, family, port);
	int fd = bound_socket(net, NN_CLIENT, family, SOCK_STREAM | SOCK_NONBLOCK, 0), ret;

	if (fd < 0 || !connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || errno == EINPROGRESS)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int connect_end(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int code = 0;

	if (poll(&pfd, 1, PATIENCE_S * 1000) != 1)
		return -ETIME;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len))
		return -errno;
	return -code;
}

bool connect_pending(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 0;
}

int connect_pair(struct inbox *in, struct nn_topology *net, int family, uint16_t port, int pair[2])
{
	int listener;

	listener = listen_at(net, NN_SERVER, family, port);
	EXPECT(in, listener >= 0);
	pair[0] = connect_start(net, NN_SERVER, family, port);
	EXPECT(in, pair[0] >= 0);
	EXPECT_EQ(in, connect_end(pair[0]), 0);
	pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	EXPECT(in, pair[1] >= 0);
	close(listener);
	return 0;
}

uint16_t port_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in6 addr = { 0 }; /* the port is at the same place in both families */
	socklen_t len = sizeof(addr);

	return get(fd, (struct sockaddr *)&addr, &len) ? 0 : ntohs(addr.sin6_port);
}

int keep_alive(int fd, int idle)
{
	const int one = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)) ||
	       setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

int talk_over(struct inbox *in, const int pair[2])
{
	struct pollfd pfd = { .fd = pair[0], .events = POLLIN };
	char byte = 'x';

	EXPECT_EQ(in, send(pair[0], &byte, 1, MSG_NOSIGNAL), 1);
	EXPECT_EQ(in, recv(pair[1], &byte, 1, 0), 1);
	EXPECT_EQ(in, send(pair[1], &byte, 1, MSG_NOSIGNAL), 1);
	EXPECT_EQ(in, poll(&pfd, 1, PATIENCE_S * 1000), 1);
	EXPECT_EQ(in, recv(pair[0], &byte, 1, 0), 1);
	return 0;
}
