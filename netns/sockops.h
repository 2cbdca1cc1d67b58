/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that no program sets: a BPF program of the host's (BPF_PROG_TYPE_SOCK_OPS) gives them to a TCP
 * socket when its connection is there, as fleets do for programs that cannot be changed.
 *
 * No cgroup is made for it. The program is attached to the one that the caller is in, by a link that
 * lasts as long as its file does, so that nothing is left of a caller who is killed; and it touches the
 * sockets of one network namespace only, so that others in the cgroup, and other callers, are not
 * concerned.
 */
#ifndef NN_SOCKOPS_H
#define NN_SOCKOPS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "ns.h"

struct nn_sockopt {
	int level, option, value;
};

#define NN_SOCKOPTS_MAX 5

/*
 * From now on, each TCP socket of @ns, of a process in the caller's cgroup, that has connected (or was
 * @accepted) gets the @n @options in that order, in the moment that it is established. What the kernel
 * says to each is not told: read them back.
 *
 * Returns a file, owned by the caller: when it is closed, that is over. Or -EPERM (it takes CAP_BPF and
 * CAP_NET_ADMIN where no user namespace counts), -EOPNOTSUPP (a kernel before 5.15, or without BPF or
 * cgroups; no cgroup v2 is mounted, and mounting the first one would be seen by all), -E2BIG (a cgroup has
 * room for 64), or another -errno.
 * Moves the calling thread into a cgroup namespace of its own.
 */
int nn_sockops_attach(struct nn_ns *ns, bool accepted, const struct nn_sockopt *options, size_t n,
		      struct nn_err *err);

#endif
