/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that the kernel frees, and the state of a socket that somebody else holds. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "inbox.h"
#include "netns/destroyed.h"
#include "netns/diag.h"
#include "netns/holder.h"
#include "tcp.h"

#define PORT    7001
#define WAIT_MS 2000

static void close_with_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

static int wait_for(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms);
}

/* Is the socket of @diag told of within @ms? The listener of connect_pair() may be freed late, too. */
static int is_told(struct nn_destroyed *destroyed, const struct nn_diag *diag, int ms)
{
	uint32_t cookie[2];

	while (wait_for(nn_destroyed_fd(destroyed), ms) == 1)
		while (nn_destroyed_next(destroyed, cookie, NULL) == 0)
			if (cookie[0] == diag->cookie[0] && cookie[1] == diag->cookie[1])
				return 1;
	return 0;
}

/* One that has ended, but is held, is told only when it is closed. */
static int is_told_of(struct inbox *in, struct nn_topology *net, int family)
{
	const struct nn_diag_key key = { .family = family, .sport = PORT };
	struct nn_destroyed *destroyed;
	struct nn_diag diag;
	int pair[2];

	if (connect_pair(in, net, family, PORT, pair))
		return 1;
	EXPECT_OK(in, nn_diag_get(net->ns[NN_SERVER], &key, &diag, &in->err));
	EXPECT_OK(in, nn_destroyed_open(&destroyed, net->ns[NN_SERVER], &in->err));
	close_with_reset(pair[0]);
	EXPECT_EQ(in, wait_for(pair[1], WAIT_MS), 1);
	EXPECT_EQ(in, nn_diag_again(net->ns[NN_SERVER], &key, &diag, &in->err), -ENOENT);
	EXPECT_EQ(in, is_told(destroyed, &diag, 50), 0);
	close(pair[1]);
	EXPECT_EQ(in, is_told(destroyed, &diag, WAIT_MS), 1);
	EXPECT(in, !nn_destroyed_close(destroyed));
	EXPECT(in, !nn_destroyed_close(NULL));
	return 0;
}

NET_TEST(a_freed_socket_is_told_of, NN_PAIR)
{
	return is_told_of(in, net, AF_INET);
}

NET_TEST(a_freed_socket_of_ipv6_is_told_of, NN_PAIR)
{
	return is_told_of(in, net, AF_INET6);
}

/* What is watched without a copy of it. */
static int watch(struct inbox *in, int fd, int epoll)
{
	struct nn_holder holder;
	struct stat st;

	EXPECT_OK(in, fstat(fd, &st));
	EXPECT_EQ(in, nn_holder_find("/proc", st.st_ino, &holder, 1, &in->err), 1);
	EXPECT_OK(in, nn_holder_watch(&holder, epoll, EPOLLET | EPOLLRDHUP, 42, &in->err));
	return 0;
}

NET_TEST(who_watches_is_woken, NN_PAIR)
{
	struct epoll_event event = { .events = 0 };
	int epoll = epoll_create1(EPOLL_CLOEXEC), pair[2];

	if (connect_pair(in, net, AF_INET, PORT, pair) || watch(in, pair[1], epoll))
		return 1;
	EXPECT_EQ(in, epoll_wait(epoll, &event, 1, 0), 0);
	close_with_reset(pair[0]);
	EXPECT_EQ(in, epoll_wait(epoll, &event, 1, WAIT_MS), 1);
	EXPECT(in, event.events & EPOLLHUP);
	EXPECT_EQ(in, event.data.u64, 42);
	return 0;
}

/* The FIN goes out when the holder closes, although somebody watches. */
NET_TEST(who_watches_holds_nothing, NN_PAIR)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), pair[2];
	char byte;

	if (connect_pair(in, net, AF_INET, PORT, pair) || watch(in, pair[1], epoll))
		return 1;
	close(pair[1]);
	EXPECT_EQ(in, wait_for(pair[0], WAIT_MS), 1);
	EXPECT_EQ(in, recv(pair[0], &byte, 1, MSG_DONTWAIT), 0);
	return 0;
}
