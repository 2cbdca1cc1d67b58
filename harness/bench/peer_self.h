/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside a peer process: its state, and what is done to it. The sections go from the ground up: none
 * calls a later one.
 */
#ifndef KA_PEER_SELF_H
#define KA_PEER_SELF_H

#include <setjmp.h>

#include "bench/peer.h"

/* Who has read so often, and there is still more, reads for ever. */
#define KA_READS_MAX 4096

/* One connection of a load. */
struct ka_member {
	int fd;            /* -1: closed */
	int64_t armed_ns;  /* when its timer began to be started; 0: by no call of its own */
	int64_t set_ns;    /* when that was done */
	int64_t active_ns; /* when it came, or last sent something */
};

struct ka_load_self {
	struct ka_member *members; /* owned; .n of them, room for .wanted */
	unsigned n, wanted;
	unsigned came;  /* established */
	unsigned there; /* established, and where this end probes its timer started */
	int epoll;      /* of the members; -1: there are none */
	int timer;      /* for the next group; -1: none is to come */
	struct ka_load sum;
	int64_t late_ns; /* at most so long before it was seen had the latest ended; 0: not known */
	int64_t clear_ns; /* .awake_ns of the peer when no end was waiting to be read */
};

/* The program above TCP. */
struct ka_app_self {
	int timer;         /* -1: it never waits */
	int64_t since_ns;  /* what the timer counts from */
	int64_t active_ns; /* when the other end last sent something; proxy */
	int served, got;
	bool waiting; /* heartbeat: for an answer */
	char in[512]; /* begin of a message that is not complete */
	size_t used;
};

#define KA_TALK_BYTES 16384

/* The talk with a program. */
struct ka_talk_self {
	const struct ka_bytes *say; /* what is being said */
	unsigned times;             /* still, .at bytes of the first of them are out */
	size_t at;
	bool blocked;                  /* waits until it can be sent */
	const struct ka_bytes *expect; /* what is looked for */
	char *window;                  /* owned: .kept bytes of what came last, and room for more */
	size_t kept;
	bool matched;
	bool waiting; /* the engine wants to know of it */
	unsigned answered;
	char head[80]; /* what was heard first */
	size_t head_n;
};

/* Who owns the lock of the socket. */
struct ka_owner_self {
	int fuse;      /* the page's file is served here; -1: nobody does */
	uint64_t page; /* the request for it, to be answered; 0: none */
	pid_t pid;     /* a child, inside the call; 0: none */
	int pidfd;
};

struct ka_peer_self {
	const struct ka_peer_config *config;
	int ctl;
	int listener, conn; /* -1: none */
	int64_t set_ns;     /* when the last keepalive option was set: SO_KEEPALIVE */
	int64_t now_ns;  /* what ka_self_now() has said since this peer last waited; 0: nothing */
	bool connecting; /* conn waits for the handshake */
	bool stalled;    /* does not read */
	uint64_t sent, got; /* bytes: each has a value by its number (ka_self_byte()) */
	bool garbled;       /* one that was read has another */
	bool saw_eof;
	bool hung;              /* both ends have sent FIN: HUP is no news any more */
	bool ended;             /* the post-mortem is done; conn is no longer watched */
	pid_t waiter;           /* a child in a blocking call; 0: none */
	int waiter_fd;          /* its pidfd */
	unsigned empty_wakeups; /* since something last happened */
	uint32_t reported;      /* mask of the last one */
	int waited_fd;          /* see waited.h; -1: not counted */
	int64_t waited_ns;      /* by the time that it last began to wait for an event */
	int64_t late_ns;        /* until that event woke it; 0: not known */
	int64_t awake_ns;       /* all its time of work and of waiting for a CPU, until then */
	int outer;              /* epoll of: ctl, listener or connecting conn, both sets */
	int sets[2];            /* by enum ka_epoll_set: conn is registered in both */
	struct ka_owner_self owner;
	struct ka_load_self load;
	struct ka_app_self app;
	struct ka_talk_self talk;
	jmp_buf end; /* of its life, with .status */
	int status;
};

/* ---- what the engine is told (peer_tell.c); who tells asks nobody back ----------------------------- */
void ka_self_event(struct ka_peer_self *self, struct ka_event event);
/* CLOCK_MONOTONIC; where that stands while one computes it is read once each time that this peer wakes. */
int64_t ka_self_now(struct ka_peer_self *self);
void ka_self_call(struct ka_peer_self *self, enum ka_call_name name, int64_t ret, int err,
		  bool after_end);
void ka_self_say(struct ka_peer_self *self, enum ka_message_kind kind, int error, int value,
		 const char *text);
/* Evidence that could not be taken, and the errno. */
void ka_self_gap(struct ka_peer_self *self, enum ka_proof proof, int error);

/* Ends this peer's life: back to ka_peer_main(). */
_Noreturn void ka_self_leave(struct ka_peer_self *self, int status);

/* Something has happened: what woke this process was not in vain. */
void ka_self_progress(struct ka_peer_self *self);
/* The socket says the same for ever. Says what, and ends this peer: where computing takes no time,
 * the clock would stand still. */
_Noreturn void ka_self_sticky(struct ka_peer_self *self, const char *what);

/* ---- calls on the socket (peer_socket.c); all return 0 or a positive errno ---------------------- */
int ka_self_listen(struct ka_peer_self *self);
int ka_self_connect(struct ka_peer_self *self, bool in_vain);
/* Sets the keepalive options on @fd and reads each back; a difference is told as a failed check. */
int ka_self_keepalive(struct ka_peer_self *self, int fd, bool set);
/* Registers the connected socket in both epoll sets. */
int ka_self_watch(struct ka_peer_self *self);
/* Sets what the level-triggered set asks for. */
void ka_self_interest(struct ka_peer_self *self);
int ka_self_send(struct ka_peer_self *self, unsigned bytes);
/* Compares what was read with what ka_self_send() of the other end sends. */
void ka_self_compare(struct ka_peer_self *self, const char *bytes, size_t n);
/* Asks the epoll set @epoll for @events of @fd. */
int ka_self_add(int epoll, int fd, uint32_t events);
/* A socket with its options as this end has them before the handshake. */
int ka_self_socket(struct ka_peer_self *self, int *fd);
/* Begins the handshake of @fd. */
int ka_self_begin(struct ka_peer_self *self, int fd);
/* Closes conn and listener without a segment sent (TCP_REPAIR). */
int ka_self_forget(struct ka_peer_self *self);

/* connect(AF_UNSPEC): the socket is no longer watched, and can connect again. */
int ka_self_disconnect(struct ka_peer_self *self);
/* Another connection takes the place of this one. */
void ka_self_begin_anew(struct ka_peer_self *self);
/* SO_KEEPALIVE, set and read back, of a socket that is made for it. */
int ka_self_keepalive_of(struct ka_peer_self *self, enum ka_socket kind, int *value);
/* Sends a RST in the name of this end: ports in host order, @seq as on the wire. */
int ka_self_forge_reset(struct ka_peer_self *self, uint16_t from, uint16_t to, uint32_t seq);

/* close(), or with a RST. */
int ka_self_close(struct ka_peer_self *self, bool reset);
/* ---- the program above TCP (app.c) -------------------------------------------------------------- */
/* The connection is there; 0 or a positive errno. */
int ka_app_begin(struct ka_peer_self *self);
/* Reads all there is. Returns true when the connection is over (EOF or error). */
bool ka_app_read(struct ka_peer_self *self);
/* Its timer has run out. */
void ka_app_tick(struct ka_peer_self *self);
/* The connection is over: nothing is waited for any more. */
void ka_app_stop(struct ka_peer_self *self);
/* Sends @text as a request of this end. */
int ka_app_request(struct ka_peer_self *self, const char *text);
/* A member of the load came to a proxy. */
void ka_app_newcomer(struct ka_peer_self *self, unsigned index);

/* ---- the talk with a program (peer_talk.c); 0 or a positive errno -------------------------------- */
/* The connection is there. */
int ka_talk_begin(struct ka_peer_self *self);
/* Reads some of what there is. Returns true when the connection is over (EOF or error). */
bool ka_talk_read(struct ka_peer_self *self);
/* There is room for more of what is being said. */
void ka_talk_writable(struct ka_peer_self *self);
int ka_talk_say(struct ka_peer_self *self, enum ka_talk talk);
/* Resets the connection; another one may follow. */
int ka_talk_hang_up(struct ka_peer_self *self);

/* ---- the load (peer_load.c); 0 or a positive errno ---------------------------------------------- */
/* @more connections are to come: the client begins to connect, the server makes room. */
int ka_load_call(struct ka_peer_self *self, unsigned more);
/* The listener has connections that belong to the load. */
void ka_load_accept(struct ka_peer_self *self);
/* The next group connects. */
void ka_load_tick(struct ka_peer_self *self);
/* Something happened to members; epoll woke this process at @woken_ns. */
void ka_load_event(struct ka_peer_self *self, int64_t woken_ns);
void ka_load_tell(struct ka_peer_self *self);

/* ---- the end (post_mortem.c) ----------------------------------------------------------------------- */
/* Records TCP_INFO, or that it cannot be had. */
void ka_self_info(struct ka_peer_self *self);
/* True when both ends have sent their FIN and the prober's is not acknowledged yet (CLOSING,
 * LAST_ACK): epoll says HUP, and it is not the end. */
bool ka_self_is_closing(struct ka_peer_self *self);
/* What the application sees after the end, in the order that the case asks for; last, the error
 * queue. */
void ka_self_post_mortem(struct ka_peer_self *self);

/* ---- a blocking call (waiter.c) ---------------------------------------------------------------- */
/* Starts a child that makes the call; it tells the engine what the call returned. */
int ka_self_block(struct ka_peer_self *self, enum ka_call_name name);
/* Waits until the child is gone, if there is one: it has been woken, or is killed. */
void ka_self_join(struct ka_peer_self *self);

/* ---- a call that holds the socket's lock (peer_owner.c); 0 or a positive errno -------------------- */
/* Starts a child that makes it; done when it holds the lock. Until ka_self_release() no call on the
 * socket may be made: it would wait. */
int ka_self_own(struct ka_peer_self *self);
/* Lets the call return, and waits until it has. Nothing if there is none. */
int ka_self_release(struct ka_peer_self *self);

#endif
