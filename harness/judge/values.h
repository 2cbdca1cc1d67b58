/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which keepalive values rule a socket: its setting, the namespace's sysctls, what steps change. */
#ifndef KA_VALUES_H
#define KA_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/wheel.h"
#include "model/case.h"

struct ka_values {
	int64_t idle, intvl; /* seconds */
	unsigned cnt;
	unsigned user_timeout_ms;
};

/* The values with which the prober's connection begins. */
struct ka_values ka_values_begin(const struct ka_instance *instance);

/* What one step does to the prober's keepalive timer; KA_WHEEL_ARM, KA_WHEEL_OFF: SO_KEEPALIVE. Its
 * .jiffy is not set. */
struct ka_wheel_input ka_change_of(const struct ka_instance *instance, const struct ka_step *step);

/* Widens @least and @most so that the values after @change lie between them. */
void ka_values_span(struct ka_values *least, struct ka_values *most, struct ka_wheel_input change);

/* True when any step changes the timer: then no closed form says when the end comes. */
bool ka_changes(const struct ka_instance *instance);

/* True when the socket has SO_KEEPALIVE from its beginning. */
bool ka_begins_on(const struct ka_case *case_);

/* The same, or a step says SO_KEEPALIVE. */
bool ka_runs_keepalive(const struct ka_instance *instance);

/* True when @case_ has a step @do_ of @who. */
bool ka_case_does(const struct ka_case *case_, enum ka_do do_, enum ka_who who);

/* True when something inside the prober's machine loses what it sends: nothing of that reaches its
 * device. */
bool ka_case_swallows(const struct ka_case *case_);

/* True when at the end the prober's device refuses what is sent (KA_REFUSE). */
bool ka_case_refuses(const struct ka_case *case_);

/* True when data waits inside the host, with no attempt to send it: for a neighbour, for a route. */
bool ka_case_stuck(const struct ka_case *case_);

/* True when the probes on the wire are window probes: the persist timer's, not keepalive's. */
bool ka_case_persists(const struct ka_case *case_);

/* True when a thread of the prober waits in recv(): it may take the error before anybody looks. */
bool ka_case_blocks_in_recv(const struct ka_case *case_);

/* True when the prober's process closes its socket, and its kernel is left with it. */
bool ka_case_orphans(const struct ka_case *case_);

/* True when the prober itself ends the connection: by a step, or by a program that waits for
 * requests only so long. */
bool ka_case_closes(const struct ka_case *case_);

/* Number in the value of the sysctl of @who whose key ends in @name, @otherwise if the case does
 * not set it. */
int64_t ka_case_sysctl(const struct ka_case *case_, enum ka_who who, const char *name,
		       int64_t otherwise);

/* The number that the prober last gives to @option of IPPROTO_TCP in a step, @otherwise if it does not. */
int64_t ka_case_option(const struct ka_case *case_, int option, int64_t otherwise);

#endif
