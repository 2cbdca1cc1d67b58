/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network namespaces of a host and all of their connections, in one look; and what could not be
 * seen. */
#ifndef KA_FLEET_H
#define KA_FLEET_H

#include "rollout/live.h"

/* One line for people: what was not seen, and why. */
struct ka_unseen {
	char text[600];
};

struct ka_fleet {
	struct ka_live *lives; /* the caller's own namespace first */
	size_t n, room;
	struct ka_unseen *gaps; /* what is there and was not seen */
	size_t n_gaps, gaps_room;
	size_t unseen;           /* namespaces among them */
	size_t unseen_processes; /* that do not show what they hold */
	size_t hidden;           /* connections whose options are not known and matter */
	size_t ended;            /* connections that ended while they were looked at */
	size_t vanished;         /* namespaces that did */
};

/*
 * @target: a process id, or a path such as /proc/PID/ns/net or /run/netns/NAME; NULL: all that /proc
 * shows. @out is filled on success only; free it. Where all are looked at, one that cannot be seen is a gap
 * and no failure. -ESRCH: no such process; -EINVAL: no network namespace; -EPERM, -EACCES: the caller may
 * not look there (CAP_SYS_ADMIN, and CAP_SYS_PTRACE for somebody else's process).
 */
int ka_fleet_read(struct ka_fleet *out, const char *target, struct nn_err *err);
void ka_fleet_free(struct ka_fleet *fleet);

/* True when the timer that runs for @socket depends on options that are not known. */
bool ka_fleet_misses(const struct ka_live_socket *socket);

#endif
