/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to netns/: why this host refuses a sandbox, and what to do about it. */
#ifndef NN_HOST_H
#define NN_HOST_H

#include <stdbool.h>

#define NN_HOST_UNKNOWN (-1L)

/* The host's own settings; NN_HOST_UNKNOWN where it has no such setting. */
struct nn_host {
	long apparmor_restrict;                   /* kernel.apparmor_restrict_unprivileged_userns */
	long userns_clone;                        /* kernel.unprivileged_userns_clone (Debian) */
	long max_user, max_net, max_pid, max_mnt; /* user.max_*_namespaces */
	long seccomp;                             /* of this process: 2 is a filter */
	bool privileged;                          /* no user namespace is needed */
	bool unmapped; /* root got a user namespace, but may not be root of it */
};

void nn_host_read(struct nn_host *host);

/* One line that names the most likely cause of errno @code while making namespaces, and the
 * remedy. Pure; never NULL. */
const char *nn_host_why(const struct nn_host *host, int code);

#endif
