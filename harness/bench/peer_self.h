/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside a peer process: its state, shared by peer_main.c, peer_socket.c and autopsy.c. */
#ifndef KA_PEER_SELF_H
#define KA_PEER_SELF_H

#include "bench/peer.h"

struct ka_peer_self {
	const struct ka_peer_config *config;
	int ctl;
	int listener, conn; /* -1: none */
	bool connecting;    /* conn waits for the handshake */
	bool stalled;       /* does not read */
	bool saw_eof;
	bool hung;     /* both ends have sent FIN: HUP is no news any more */
	bool ended;    /* the autopsy is done; conn is no longer watched */
	pid_t waiter;  /* a child in a blocking call; 0: none */
	int waiter_fd; /* its pidfd */
	int outer;     /* epoll of: ctl, listener or connecting conn, both sets */
	int sets[2];   /* by enum ka_epoll_set: conn is registered in both */
};

/* CLOCK_MONOTONIC in nanoseconds (peer_main.c). */
int64_t ka_now_ns(void);

/* ---- telling the engine (peer_main.c) -------------------------------------------------------- */
void ka_self_event(struct ka_peer_self *self, struct ka_event event);
void ka_self_call(struct ka_peer_self *self, enum ka_call_name name, int64_t ret, int err,
		  bool after_end);
void ka_self_say(struct ka_peer_self *self, enum ka_message_kind kind, int error, int value,
		 const char *text);

/* ---- calls on the socket (peer_socket.c); all return 0 or a positive errno ---------------------- */
int ka_self_listen(struct ka_peer_self *self);
int ka_self_connect(struct ka_peer_self *self);
/* Sets the keepalive options on @fd and reads each back; a difference is told as a failed check. */
int ka_self_keepalive(struct ka_peer_self *self, int fd, bool set);
/* Registers the connected socket in both epoll sets. */
int ka_self_watch(struct ka_peer_self *self);
/* Sets what the level-triggered set asks for. */
void ka_self_interest(struct ka_peer_self *self);
int ka_self_send(struct ka_peer_self *self, unsigned bytes);
/* Reads all there is. Returns true when the connection is over (EOF or error). */
bool ka_self_read(struct ka_peer_self *self);
/* Closes conn and listener without a segment sent (TCP_REPAIR). */
int ka_self_forget(struct ka_peer_self *self);

/* ---- a blocking call (waiter.c) ---------------------------------------------------------------- */
/* Starts a child that makes the call; it tells the engine what the call returned. */
int ka_self_block(struct ka_peer_self *self, enum ka_call_name name);
/* Waits until the child is gone, if there is one: it has been woken, or is killed. */
void ka_self_join(struct ka_peer_self *self);

/* ---- the end (autopsy.c) ----------------------------------------------------------------------- */
void ka_self_info(struct ka_peer_self *self);
/* True when both ends have sent their FIN and the prober's is not acknowledged yet (CLOSING,
 * LAST_ACK): epoll says HUP, and it is not the end. */
bool ka_self_is_closing(struct ka_peer_self *self);
/* What the application sees after the end, in the order that the case asks for; last, the error
 * queue. */
void ka_self_autopsy(struct ka_peer_self *self);

#endif
