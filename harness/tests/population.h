/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes in network namespaces of their own, each with connections over its loopback: what a look at a
 * host finds. In a sandbox. */
#ifndef KA_TESTS_POPULATION_H
#define KA_TESTS_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define POPULATION_PORT 8000 /* where all listen */

struct population {
	struct member {
		pid_t pid;
		int fd; /* it answers there, and ends when this is closed */
	} * members;
	size_t n;
};

struct population_kind {
	size_t members, connections; /* of each member */
	bool strong;
	int stretch; /* idle times are so many times as long: none may be over before the test is */
};

/*
 * Of five connections of a member, one has no keepalive, one only SO_KEEPALIVE, the others options of their
 * own: 15/15/9, the same with a user timeout of 20 s, 30/10/3; the far ends have none. Besides them, each
 * member has one that its peer has closed. Members are called "web" and "db" in turn; with .strong, each
 * second one has capabilities that the others lack (CAP_SYS_PTRACE, CAP_SYS_ADMIN). Returns 0 or -errno.
 */
int population_start(struct population *p, const struct population_kind *kind);
/* True when all options of all sockets are what they were. */
bool population_is_unchanged(const struct population *p);
void population_end(struct population *p, size_t member);
void population_stop(struct population *p);

/* Gives up a capability for good. Returns 0 or -errno. */
int give_up(int capability);

#endif
