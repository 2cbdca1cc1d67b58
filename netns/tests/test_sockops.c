/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A BPF program that sets options of other people's sockets. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/wait.h>

#include "netns/sockops.h"
#include "tcp.h"

static const struct nn_sockopt options[] = { { IPPROTO_TCP, TCP_KEEPIDLE, 77 },
					     { IPPROTO_TCP, TCP_KEEPCNT, 5 },
					     { SOL_SOCKET, SO_KEEPALIVE, 1 } };

static int get(int fd, int level, int option)
{
	socklen_t size = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, option, &value, &size) ? -errno : value;
}

static bool is_armed(int fd)
{
	return get(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77 && get(fd, IPPROTO_TCP, TCP_KEEPCNT) == 5 &&
	       get(fd, SOL_SOCKET, SO_KEEPALIVE) == 1;
}

static bool is_plain(int fd)
{
	return get(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 7200 && !get(fd, SOL_SOCKET, SO_KEEPALIVE);
}

/* Not to be had here: said so, with the remedy. */
static bool is_impossible(const struct inbox *in, int ret)
{
	return (ret == -EPERM && strstr(in->err.text, "CAP_BPF")) || ret == -EOPNOTSUPP;
}

/* One end, and only while the file is open; the other has another namespace and another role. */
static int arms(struct inbox *in, struct nn_topology *net, bool accepted, uint16_t port)
{
	int link, pair[2], before[2], after[2];

	EXPECT_OK(in, connect_pair(in, net, AF_INET, port, before));
	link = nn_sockops_attach(net->ns[accepted ? NN_SERVER : NN_CLIENT], accepted, options, 3,
				 &in->err);
	if (is_impossible(in, link))
		return 0;
	EXPECT(in, link >= 0);
	EXPECT_OK(in, connect_pair(in, net, AF_INET6, (uint16_t)(port + 1), pair));
	EXPECT(in, is_armed(pair[accepted]));
	EXPECT(in, is_plain(pair[!accepted]));
	EXPECT(in, is_plain(before[0]) && is_plain(before[1]));
	close(link);
	EXPECT_OK(in, connect_pair(in, net, AF_INET, (uint16_t)(port + 2), after));
	EXPECT(in, is_plain(after[0]) && is_plain(after[1]));
	return 0;
}

NET_TEST(a_program_arms_who_connects, NN_PAIR)
{
	return arms(in, net, false, 7000);
}

NET_TEST(a_program_arms_what_is_accepted, NN_PAIR)
{
	return arms(in, net, true, 7000);
}

/* Attaches, says so, and waits to be killed. */
static void attach_and_wait(struct nn_topology *net, int said)
{
	int link = nn_sockops_attach(net->ns[NN_CLIENT], false, options, 3, NULL);

	if (write(said, &link, sizeof(link)) == sizeof(link))
		pause();
	_exit(0);
}

/* Nobody has closed its file, and it is gone all the same. */
NET_TEST(a_program_dies_with_who_attached_it, NN_PAIR)
{
	int said[2], link = -1, pair[2], after[2];
	pid_t pid;

	EXPECT(in, pipe(said) == 0);
	pid = fork();
	EXPECT(in, pid >= 0);
	if (!pid)
		attach_and_wait(net, said[1]);
	EXPECT_EQ(in, read(said[0], &link, sizeof(link)), sizeof(link));
	EXPECT_OK(in, connect_pair(in, net, AF_INET, 7000, pair));
	EXPECT(in, kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	if (link < 0)
		return 0;
	EXPECT(in, is_armed(pair[0]));
	EXPECT_OK(in, connect_pair(in, net, AF_INET, 7001, after));
	EXPECT(in, is_plain(after[0]));
	return 0;
}

/* A program for another namespace, although both are of one process. */
NET_TEST(a_program_keeps_to_its_namespace, NN_PAIR)
{
	int link = nn_sockops_attach(net->ns[NN_SERVER], false, options, 3, &in->err), pair[2];

	if (is_impossible(in, link))
		return 0;
	EXPECT(in, link >= 0);
	EXPECT_OK(in, connect_pair(in, net, AF_INET, 7000, pair));
	EXPECT(in, is_plain(pair[0]) && is_plain(pair[1]));
	return 0;
}

/* Two of them at once, as many instances have; what the kernel refuses leaves the socket as it is. */
NET_TEST(programs_stand_beside_each_other, NN_PAIR)
{
	const struct nn_sockopt wrong = { IPPROTO_TCP, TCP_KEEPIDLE, 0 };
	int a = nn_sockops_attach(net->ns[NN_CLIENT], false, options, 3, &in->err), b, pair[2];

	if (is_impossible(in, a))
		return 0;
	b = nn_sockops_attach(net->ns[NN_SERVER], true, &wrong, 1, &in->err);
	EXPECT(in, a >= 0 && b >= 0);
	EXPECT_OK(in, connect_pair(in, net, AF_INET, 7000, pair));
	EXPECT(in, is_armed(pair[0]));
	EXPECT(in, is_plain(pair[1]));
	return 0;
}
