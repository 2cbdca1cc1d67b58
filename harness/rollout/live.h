/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look into a network namespace that exists already: its keepalive sysctls, its established TCP
 * connections, the timer that runs for each. Reads only; nothing is changed there.
 *
 * sock_diag shows the timer, not the options: whether a socket has TCP_KEEP* values of its own is
 * not seen, but for one that waits longer than the namespace says (ka_live_cost.other_idle). The
 * timer is what counts: a sysctl that was changed meanwhile does not reach it.
 */
#ifndef KA_LIVE_H
#define KA_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netns/err.h"
#include "rollout/knobs.h"

/* How many knobs are read, the first ones: those that decide about a dead peer. */
#define KA_LIVE_KNOBS (KA_KNOB_RETRIES2 + 1)

enum ka_live_timer {
	KA_LIVE_OFF,    /* none: no SO_KEEPALIVE, and nothing in flight */
	KA_LIVE_ARMED,  /* keepalive */
	KA_LIVE_BUSY,   /* retransmission: data is in flight, keepalive waits and is not shown */
	KA_LIVE_CLOSED, /* window probes: the peer's window is closed; the same */
	KA_LIVE_HIDDEN, /* another timer, for a moment: look again */
};

struct ka_live_socket {
	int family;
	uint8_t local[16], remote[16]; /* IPv4 in the first 4 bytes */
	uint16_t local_port, remote_port;
	uint32_t cookie[2];
	enum ka_live_timer timer;
	int64_t expires_ms;  /* until it fires */
	unsigned unanswered; /* probes: of keepalive, or of the window, or retransmissions */
	bool have_quiet;
	int64_t quiet_ms;           /* since the last segment that was received */
	uint32_t received, unacked; /* bytes that wait in the queues */
};

struct ka_live {
	uint64_t inode;                 /* as in "net:[4026531840]" */
	bool own;                       /* it is the caller's */
	struct ka_knobs values;         /* the kernel's own, but for those that were read */
	struct ka_live_socket *sockets; /* IPv4 first */
	size_t n, room;
};

/*
 * @target: a process id, or a path such as /proc/PID/ns/net or /run/netns/NAME. @out is filled on
 * success only. -ESRCH: no such process; -EINVAL: no network namespace; -EPERM, -EACCES: the caller
 * may not look there (CAP_SYS_ADMIN, and CAP_SYS_PTRACE for somebody else's process).
 */
int ka_live_read(struct ka_live *out, const char *target, struct nn_err *err);
void ka_live_free(struct ka_live *live);

enum ka_live_end {
	KA_LIVE_NEVER,     /* nothing would notice, until somebody sends */
	KA_LIVE_KEEPALIVE, /* the probes; counted from now */
	KA_LIVE_DATA,    /* tcp_retries2; counted from the first transmission, whenever that was */
	KA_LIVE_UNKNOWN, /* the timer was hidden */
};

/* If the peer were dead from now on: when the kernel ends the connection. */
struct ka_live_cost {
	enum ka_live_end end;
	double nominal_s;   /* sums of the values */
	double window_s[2]; /* what the timer wheel makes of it */
	/* the timer runs longer than @values say: it was armed with another idle */
	bool other_idle;
	double first_probe_s; /* KEEPALIVE: nominal */
};

/* Pure. @values: those of the namespace, or others, to see what they would change: a running timer
 * keeps its expiry, as it does in the kernel. */
struct ka_live_cost ka_live_cost(const struct ka_live_socket *socket, const struct ka_knobs *values,
				 int hz);

#endif
