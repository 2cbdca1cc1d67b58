/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP sockets that the kernel frees: nobody holds them, and nothing of their connection is left
 * (sock_diag's multicast groups SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY). A socket that a
 * process still holds is not among them, even if its connection has ended long ago.
 */
#ifndef NN_DESTROYED_H
#define NN_DESTROYED_H

#include <stdint.h>

#include "err.h"
#include "ns.h"

struct nn_destroyed;

/* From now on, those of @ns. *@ret is owned by the caller. 0 or -errno. */
int nn_destroyed_open(struct nn_destroyed **ret, const struct nn_ns *ns, struct nn_err *err);
/* NULL is fine. Returns NULL. */
struct nn_destroyed *nn_destroyed_close(struct nn_destroyed *destroyed);
/* Readable when one was freed. */
int nn_destroyed_fd(const struct nn_destroyed *destroyed);
/* The next one: its cookie as in struct nn_diag. -EAGAIN: there is none; -ENOBUFS: some were missed;
 * or another -errno. Never blocks. */
int nn_destroyed_next(struct nn_destroyed *destroyed, uint32_t cookie[2], struct nn_err *err);

#endif
