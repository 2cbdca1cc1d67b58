/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See population.h. */
#include "population.h"

#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/util.h"
#include "netns/holder.h"
#include "netns/ns.h"

/* ---- a member ----------------------------------------------------------------------------- */

static const struct {
	int keepalive, idle, intvl, cnt, ut_ms;
} kinds[] = {
	{ 0, 0, 0, 0, 0 },       { 1, 0, 0, 0, 0 },   { 1, 15, 15, 9, 0 },
	{ 1, 15, 15, 9, 20000 }, { 1, 30, 10, 3, 0 },
};

struct self {
	int *fds;
	struct nn_socket_options *was;
	size_t n;
	int stretch;
};

static int set(int fd, int level, int option, int value)
{
	return value && setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int set_kind(int fd, size_t i, int stretch)
{
	i %= KA_N(kinds);
	return set(fd, SOL_SOCKET, SO_KEEPALIVE, kinds[i].keepalive) |
	       set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kinds[i].idle * stretch) |
	       set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kinds[i].intvl) |
	       set(fd, IPPROTO_TCP, TCP_KEEPCNT, kinds[i].cnt) |
	       set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kinds[i].ut_ms);
}

static struct sockaddr_in service(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(POPULATION_PORT),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int listener(void)
{
	const struct sockaddr_in addr = service();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64))
		return -errno;
	return fd;
}

static int keep(struct self *self, int fd)
{
	self->fds[self->n] = fd;
	nn_socket_options_read(fd, &self->was[self->n++]);
	return 0;
}

/* Connection number @i; the last one is closed at once by who accepted it. */
static int connect_one(struct self *self, int listening, size_t i, bool last)
{
	const struct sockaddr_in addr = service();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	char byte;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (peer < 0 || set_kind(fd, i, self->stretch))
		return -EIO;
	keep(self, fd);
	if (!last)
		return keep(self, peer);
	/* its FIN is there, and is not acknowledged at some later time */
	return close(peer) || read(fd, &byte, 1) || set(fd, IPPROTO_TCP, TCP_QUICKACK, 1) ? -EIO
											  : 0;
}

static int connect_all(struct self *self, size_t connections)
{
	struct rlimit limit = { 2 * connections + 64, 2 * connections + 64 };
	int ret, listening;

	if (limit.rlim_cur > 1024)
		setrlimit(RLIMIT_NOFILE, &limit);
	self->fds = calloc(2 * connections + 2, sizeof(*self->fds));
	self->was = calloc(2 * connections + 2, sizeof(*self->was));
	listening = listener();
	ret = !self->fds || !self->was ? -ENOMEM : listening < 0 ? listening : 0;
	for (size_t i = 0; i <= connections && !ret; i++)
		ret = connect_one(self, listening, i, i == connections);
	return ret;
}

static bool is_unchanged(const struct self *self)
{
	struct nn_socket_options now;

	for (size_t i = 0; i < self->n; i++) {
		nn_socket_options_read(self->fds[i], &now);
		if (memcmp(&now, &self->was[i], sizeof(now)) != 0)
			return false;
	}
	return true;
}

int give_up(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint32_t bit = 1u << (capability % 32);
	int word = capability / 32;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[word].effective &= ~bit;
	data[word].permitted &= ~bit;
	data[word].inheritable &= ~bit;
	/* nor does root get it back by exec; whoever may not say so, is not root */
	prctl(PR_CAPBSET_DROP, capability);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static void live(int fd, size_t number, const struct population_kind *kind)
{
	struct self self = { .stretch = kind->stretch };
	struct nn_ns *ns;
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, number % 2 ? "db" : "web");
	if (nn_ns_new(&ns, NULL) || nn_ns_enter(ns, NULL) || connect_all(&self, kind->connections))
		_exit(1);
	nn_ns_free(ns);
	if (kind->strong && number % 2 == 0 && (give_up(CAP_SYS_PTRACE) || give_up(CAP_SYS_ADMIN)))
		_exit(1);
	prctl(PR_SET_DUMPABLE, 1); /* who changes capabilities may no longer be looked at */
	while (write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1)
		byte = is_unchanged(&self) ? 'y' : 'n';
	_exit(0);
}

/* ---- all of them -------------------------------------------------------------------------- */

static int start_member(struct population *p, const struct population_kind *kind)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid) {
		for (size_t i = 0; i < p->n; i++)
			close(p->members[i].fd);
		close(pair[0]);
		live(pair[1], p->n, kind);
	}
	close(pair[1]);
	if (pid < 0)
		return -errno;
	p->members[p->n++] = (struct member){ .pid = pid, .fd = pair[0] };
	return 0;
}

int population_start(struct population *p, const struct population_kind *kind)
{
	char byte;
	int ret = 0;

	*p = (struct population){ .members = calloc(kind->members, sizeof(*p->members)) };
	for (size_t i = 0; i < kind->members && !ret; i++)
		ret = start_member(p, kind);
	for (size_t i = 0; i < p->n && !ret; i++)
		ret = read(p->members[i].fd, &byte, 1) == 1 ? 0 : -EIO;
	return ret;
}

bool population_is_unchanged(const struct population *p)
{
	bool all = true;
	char byte = 0;

	for (size_t i = 0; i < p->n; i++)
		all = write(p->members[i].fd, &byte, 1) == 1 &&
		      read(p->members[i].fd, &byte, 1) == 1 && byte == 'y' && all;
	return all;
}

void population_end(struct population *p, size_t member)
{
	kill(p->members[member].pid, SIGKILL);
	waitpid(p->members[member].pid, NULL, 0);
}

void population_stop(struct population *p)
{
	for (size_t i = 0; i < p->n; i++) {
		close(p->members[i].fd);
		waitpid(p->members[i].pid, NULL, 0);
	}
	free(p->members);
	*p = (struct population){ 0 };
}
