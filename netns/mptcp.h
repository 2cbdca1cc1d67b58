/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's path manager of MPTCP (linux/mptcp.h, generic netlink). */
#ifndef NN_MPTCP_H
#define NN_MPTCP_H

#include "err.h"
#include "link.h"
#include "ns.h"

/* How many subflows a connection of @ns may have besides its first. Returns 0 or -errno; -EOPNOTSUPP where
 * the kernel has no path manager, -EPERM where root of a user namespace may not use it. */
int nn_mptcp_allow(struct nn_ns *ns, unsigned subflows, struct nn_err *err);

/* Every connection that a socket of @ns has begun, or will begin, gets a subflow from @addr to where its
 * first one leads; those that are fully established (both ends have received data) at once. The handshake is
 * not waited for. Returns as nn_mptcp_allow(). */
int nn_mptcp_add_subflows(struct nn_ns *ns, const struct nn_addr *addr, struct nn_err *err);

#endif
