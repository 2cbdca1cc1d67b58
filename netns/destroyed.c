/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See destroyed.h. */
#include "destroyed.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"

/* Each message takes some kilobytes, and a busy server closes hundreds between two looks. */
#define ROOM (4 << 20)

struct nn_destroyed {
	struct nn_nl nl;
};

int nn_destroyed_open(struct nn_destroyed **ret, const struct nn_ns *ns, struct nn_err *err)
{
	struct nn_destroyed *destroyed = calloc(1, sizeof(*destroyed));
	const int room = ROOM;
	int rc;

	if (!destroyed)
		return nn_fail(err, ENOMEM, "freed sockets");
	rc = nn_ns_listener(ns, &destroyed->nl, NN_BUS_DIAG, SKNLGRP_INET_TCP_DESTROY, err);
	if (!rc)
		rc = nn_nl_join(&destroyed->nl, SKNLGRP_INET6_TCP_DESTROY, err);
	if (!rc) /* an improvement: who may not force it, has the usual room */
		(void)setsockopt(nn_destroyed_fd(destroyed), SOL_SOCKET, SO_RCVBUFFORCE, &room,
				 sizeof(room));
	else
		destroyed = nn_destroyed_close(destroyed);
	*ret = destroyed;
	return rc ? nn_prefix(err, rc, "sockets that the kernel frees") : 0;
}

struct nn_destroyed *nn_destroyed_close(struct nn_destroyed *destroyed)
{
	if (destroyed)
		nn_nl_close(&destroyed->nl);
	free(destroyed);
	return NULL;
}

int nn_destroyed_fd(const struct nn_destroyed *destroyed)
{
	return mnl_socket_get_fd(destroyed->nl.sock);
}

int nn_destroyed_next(struct nn_destroyed *destroyed, uint32_t cookie[2], struct nn_err *err)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	const struct inet_diag_msg *m;
	ssize_t got = recv(nn_destroyed_fd(destroyed), buf, sizeof(buf), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (got < 0)
		return nn_fail(err, errno, "sockets that the kernel frees");
	if (!mnl_nlmsg_ok(nlh, (int)got) || mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return nn_fail(err, EBADMSG, "sockets that the kernel frees");
	m = mnl_nlmsg_get_payload(nlh);
	memcpy(cookie, m->id.idiag_cookie, sizeof(m->id.idiag_cookie));
	return 0;
}
