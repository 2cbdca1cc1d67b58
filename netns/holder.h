/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes hold a socket, and which options it has. /proc/PID/fd says who; pidfd_getfd() lends a
 * copy for as long as a few getsockopt() take. Nothing is written to the socket, and no byte is read
 * from it: its timers, counters and queues stay as they are.
 */
#ifndef NN_HOLDER_H
#define NN_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct nn_holder {
	uint64_t inode; /* the socket, as in nn_diag.inode and "socket:[123]" */
	pid_t pid;      /* as the caller's own pid namespace counts; 0: it has none there */
	int fd;         /* its number in that process */
	char comm[16];  /* the process's name; it may hold any byte but 0 */
	/* A copy would move the socket into the caller's network class (cgroup v1: net_cls, net_prio). */
	bool other_class;
};

struct nn_holders; /* of all sockets; opaque */

/*
 * Looks once through all of @proc ("/proc", or where another one is mounted). A process that ends
 * meanwhile is left out. Returns 0 or -errno; *@ret is owned by the caller.
 */
int nn_holders_scan(struct nn_holders **ret, const char *proc, struct nn_err *err);
/* NULL is fine. Returns NULL. */
struct nn_holders *nn_holders_free(struct nn_holders *holders);

/* The *@n holders of the socket @inode, in the order of /proc; NULL and 0: nobody that can be seen.
 * They stay owned by @holders. */
const struct nn_holder *nn_holders_of(const struct nn_holders *holders, uint64_t inode, size_t *n);

/* How many processes do not let the caller see what they hold (CAP_SYS_PTRACE, or their user). */
size_t nn_holders_unseen(const struct nn_holders *holders);

/* The holders of one socket: at most @room of them to @out. Returns how many there are, or -errno. */
int nn_holder_find(const char *proc, uint64_t inode, struct nn_holder *out, size_t room,
		   struct nn_err *err);

enum nn_socket_option {
	NN_SO_KEEPALIVE,     /* 0 or 1 */
	NN_TCP_KEEPIDLE,     /* s; of a socket that says nothing itself, the namespace's value */
	NN_TCP_KEEPINTVL,    /* s; the same */
	NN_TCP_KEEPCNT,      /* the same */
	NN_TCP_USER_TIMEOUT, /* ms; 0: none */
	NN_TCP_RTO_MAX,      /* ms; Linux 6.15 */
	NN_TCP_RTO_MIN,      /* us; Linux 6.16 */
	NN_SOCKET_OPTIONS
};

/* "SO_KEEPALIVE", "TCP_KEEPIDLE", ... */
const char *nn_socket_option_name(enum nn_socket_option option);

struct nn_socket_options {
	int value[NN_SOCKET_OPTIONS];
	int error[NN_SOCKET_OPTIONS]; /* 0: it was read; else -errno (-ENOPROTOOPT: unknown here) */
};

/* Those of a socket of one's own. */
void nn_socket_options_read(int fd, struct nn_socket_options *out);

/*
 * The same of @holder's socket. While its copy is open, some microseconds, a close() there does not end
 * the connection. -ESRCH: the process has ended; -EBADF: it has closed the socket; -ESTALE: it has
 * another one there by now; -EPERM, -ENOSYS: not allowed, or not by this kernel (before 5.6); -EXDEV: a
 * copy would change the socket (.other_class), or the process cannot be named from here. @err names
 * the remedy.
 */
int nn_holder_options(const struct nn_holder *holder, struct nn_socket_options *out,
		      struct nn_err *err);

/*
 * Asks the epoll set @epoll for @events of @holder's socket. No copy of it is left: the set is told as
 * long as somebody holds the socket, and keeps nothing open. Errors as of nn_holder_options().
 */
int nn_holder_watch(const struct nn_holder *holder, int epoll, uint32_t events, uint64_t data,
		    struct nn_err *err);

#endif
