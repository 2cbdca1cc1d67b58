/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look into a network namespace that exists already: its sysctls, its TCP connections, the timer that
 * runs for each, who holds it and which options it has. Reads only; nothing is changed there.
 *
 * The timer is what counts: a sysctl or an option that was changed meanwhile may not have reached it. Of an
 * option that is as the namespace's sysctl says nobody can tell whether the socket has it from there.
 */
#ifndef KA_LIVE_H
#define KA_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "netns/err.h"
#include "netns/holder.h"
#include "netns/ns.h"
#include "rollout/knobs.h"

/* How many knobs a namespace must have, the first ones: those that decide about a dead peer. */
#define KA_LIVE_KNOBS (KA_KNOB_RETRIES2 + 1)

enum ka_live_state {
	KA_LIVE_ESTABLISHED,
	KA_LIVE_CLOSE_WAIT, /* the peer has ended its part, and the program has not closed it */
	KA_LIVE_FIN_WAIT1,  /* from here on, this end has closed */
	KA_LIVE_FIN_WAIT2,
	KA_LIVE_CLOSING,
	KA_LIVE_LAST_ACK,
	KA_LIVE_STATES
};

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
	bool accepted; /* by a listener here: its own port is that of the service */
	uint32_t cookie[2];
	enum ka_live_state state;
	enum ka_live_timer timer;
	int64_t expires_ms;  /* until it fires */
	unsigned unanswered; /* probes: of keepalive, or of the window, or retransmissions */
	bool have_quiet;
	int64_t quiet_ms;           /* since the last segment that was received */
	int64_t rto_ms;             /* before it is doubled; 0: not known */
	uint32_t received, unacked; /* bytes that wait in the queues */
	uint32_t inode, uid;        /* inode 0: no process has it any more */
	/* Who holds it; 0 and empty: nobody that can be seen. */
	pid_t pid;
	char program[16];
	int hidden; /* 0: .options are there; else -errno why not (-ENOENT: no holder is seen) */
	struct nn_socket_options options;
};

struct ka_live {
	char path[256];         /* opens it: "/run/netns/blue", "/proc/7/ns/net" */
	char program[16];       /* the process of .path; empty: it is none's, or was not asked */
	uint64_t inode;         /* as in "net:[4026531840]" */
	bool own;               /* it is the caller's */
	struct ka_knobs values; /* the kernel's own, but for those that were read */
	struct ka_knobs after;  /* what it would have with a file; at first the same */
	struct ka_live_socket *sockets; /* IPv4 first */
	size_t n, room;
};

/* Reads the sysctls and the connections of @ns; who holds them is not known yet (.hidden is -ENOENT). @out
 * is filled on success only. */
int ka_live_read(struct ka_live *out, struct nn_ns *ns, struct nn_err *err);
void ka_live_free(struct ka_live *live);

/* Gives each connection its holder and its options. */
void ka_live_ask(struct ka_live *live, const struct nn_holders *holders);

/* Looks again for connections whose holder could not be asked, and forgets those that are gone. Returns how
 * many, or -errno. */
int ka_live_drop_ended(struct ka_live *live, struct nn_ns *ns, struct nn_err *err);

/* The port by which a service is known: the remote one, or one's own where it was accepted. */
uint16_t ka_live_port(const struct ka_live_socket *socket);

/* "may not be read (...)": why a connection's options are not known. */
const char *ka_live_why_hidden(const struct ka_live_socket *socket);

/* True when it waits in its listener's queue to be accepted: no process has it yet. */
bool ka_live_is_queued(const struct ka_live_socket *socket);

#endif
