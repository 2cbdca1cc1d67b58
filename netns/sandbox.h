/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sandbox is a process in user, network, mount and pid namespaces of its own. It is process 1
 * of its pid namespace: when it dies, for whatever reason, every process, namespace, device, rule
 * and mount made inside is gone. The host's network is never entered.
 */
#ifndef NN_SANDBOX_H
#define NN_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

struct nn_sandbox {
	pid_t pid;
	int pidfd; /* readable when the sandbox has ended; owned */
};

#define NN_SANDBOX_INIT                                                                            \
	{                                                                                          \
		.pid = -1, .pidfd = -1                                                             \
	}

/*
 * Starts @entry(@arg) as the first process of a new sandbox; the value that it returns is the
 * process's exit status. Root uses no user namespace (many hosts forbid it to everybody); anybody
 * else gets one in which they are root. The child dies with its parent (strictly, with the thread
 * that started it: PR_SET_PDEATHSIG, and a check of the parent's pidfd for the race). In the child
 * no signal has a handler, none is blocked, and those that parents are wont to ignore (SIGPIPE,
 * SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM) have their default action. /proc is mounted anew in the child's
 * mount namespace where the host allows it; the host's /proc stays usable where it does not.
 *
 * Returns 0, or a negative errno with @err naming the cause and the remedy, for example
 * kernel.apparmor_restrict_unprivileged_userns, user.max_user_namespaces, a container's seccomp
 * filter. -EPERM, -ENOSPC, -ENOSYS and -EUSERS mean "not possible on this host".
 */
int nn_sandbox_start(struct nn_sandbox *box, int (*entry)(void *arg), void *arg,
		     struct nn_err *err);

/* Those signals have their default action in this process from now on. */
void nn_sandbox_heed_signals(void);

/* The same for another process, the caller's own parent, of which @parent is a pidfd: the sandbox is
 * its child, so that it must reap it; also where @box has a pid though this failed. */
int nn_sandbox_start_for(int parent, struct nn_sandbox *box, int (*entry)(void *arg), void *arg,
			 struct nn_err *err);

/* SIGKILLs the whole sandbox and reaps it; safe on NN_SANDBOX_INIT and twice. */
void nn_sandbox_kill(struct nn_sandbox *box);

/*
 * Reaps an ended sandbox (blocks until it ends). Returns its exit status, 128 + signal when it
 * was killed, or a negative errno. Closes the pidfd.
 */
int nn_sandbox_wait(struct nn_sandbox *box);

/*
 * In the sandbox: forks a peer that dies with process 1. Returns like fork(); *@pidfd is set in
 * the parent (owned by the caller).
 */
pid_t nn_sandbox_fork(int *pidfd);

/* True when this process may create namespaces without a user namespace of its own. */
bool nn_sandbox_is_privileged(void);

#endif
