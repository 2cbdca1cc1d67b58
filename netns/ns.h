/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace held by file descriptors, never by a name in the file system: it dies with
 * the process that holds it. The netlink sockets were opened inside and stay bound to it, so
 * nothing but creating sockets and opening /proc/net needs to enter it.
 */
#ifndef NN_NS_H
#define NN_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* One process at a time: after a fork, parent and child must not both make requests, because they
 * would read each other's answers. */
struct nn_ns; /* opaque */

/*
 * Creates a namespace; the caller stays where it is. Loopback is up. Needs CAP_SYS_ADMIN in the
 * user namespace (a sandbox has it). *@ret is owned by the caller, who must be in the namespace of
 * now whenever it is used: that is where a visit returns to. Returns 0 or -errno.
 */
int nn_ns_new(struct nn_ns **ret, struct nn_err *err);

/* The namespace that the caller is in and stays in, to be used like one of nn_ns_new(). */
int nn_ns_here(struct nn_ns **ret, struct nn_err *err);

/* The namespace that this process is in. */
int nn_ns_current(struct nn_ns **ret, struct nn_err *err);

/* The namespace of another process, or one kept by a bind mount: @path is "/proc/PID/ns/net" or
 * such. -EINVAL for a file that is no network namespace. */
int nn_ns_open_path(struct nn_ns **ret, const char *path, struct nn_err *err);

/* Closes every fd; NULL is fine. Returns NULL. */
struct nn_ns *nn_ns_free(struct nn_ns *ns);

/* Moves the calling thread into @ns. Returns 0 or -errno. */
int nn_ns_enter(const struct nn_ns *ns, struct nn_err *err);

/* Someone who is in a namespace for a while. */
struct nn_visit {
	struct nn_ns *ns; /* NULL: nobody went there */
	int home;         /* where it came from; -1: it was there already */
	bool ours;        /* opened for this visit */
};

/* Moves the calling thread into @ns until nn_ns_leave(), so that it need not go there for each file or
 * socket; nothing of another namespace may be opened meanwhile. Nothing to leave if it fails. */
int nn_ns_visit(struct nn_ns *ns, struct nn_visit *visit, struct nn_err *err);
int nn_ns_leave(struct nn_visit *visit, struct nn_err *err);

/* The namespace's fd; stays owned by @ns. */
int nn_ns_fd(const struct nn_ns *ns);

/* Opens a file of /proc seen from inside @ns, e.g. "net/netstat", "sys/net/ipv4/tcp_fin_timeout".
 * Returns an fd (owned by the caller) or -errno. The caller stays in its namespace. */
int nn_ns_open_proc(const struct nn_ns *ns, const char *path, int flags, struct nn_err *err);

#endif
