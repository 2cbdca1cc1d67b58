/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A peer: who lives at one end of the connection, and the engine's handle on it. They talk over a
 * SOCK_SEQPACKET pair: commands go to the peer, messages come back. Both ends are the same program, so
 * values travel as they are.
 *
 * A peer is a thread of the engine with a network namespace and files of its own, or a process where
 * the story kills or stops one. A thread costs no copy of the memory: half of what a User-mode Linux
 * spent on an instance was that.
 */
#ifndef KA_PEER_H
#define KA_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "model/case.h"
#include "model/timeline.h"
#include "netns/link.h"
#include "netns/ns.h"

/* The server's TCP port, unless it is a program that has its own: each instance has a network of its
 * own. */
#define KA_PORT 4242

enum ka_peer_command_kind {
	KA_CMD_LISTEN,
	KA_CMD_CONNECT,   /* .value: nobody will answer; watch the socket from now on */
	KA_CMD_KEEPALIVE, /* apply the setting to the connected socket */
	KA_CMD_SEND,      /* .bytes; .value: and record TCP_INFO, for its RTO */
	KA_CMD_STALL,
	KA_CMD_RESUME,
	KA_CMD_SHUTDOWN,
	KA_CMD_CLOSE,
	KA_CMD_DISCONNECT, /* the next KA_CMD_CONNECT uses the same socket */
	KA_CMD_FORGET,
	KA_CMD_SETSOCKOPT,
	KA_CMD_GETSOCKOPT,
	KA_CMD_BLOCK,     /* a child of the peer makes the call .value (enum ka_call_name) */
	KA_CMD_GOT,       /* how many bytes were read; fails if they are not those that are sent */
	KA_CMD_INSPECT,   /* record TCP_INFO, or why it cannot be had */
	KA_CMD_SETTLE,    /* serve what has arrived, if this end reads at all */
	KA_CMD_REQUEST,   /* send .text */
	KA_CMD_LOAD,      /* .value connections more */
	KA_CMD_LOAD_TELL, /* record what became of them */
	KA_CMD_TALK,      /* say to the program what .value (enum ka_talk) means */
	KA_CMD_KEEPALIVE_OF, /* a socket of the kind .value (enum ka_socket): SO_KEEPALIVE set and read */
	KA_CMD_FORGE_RESET, /* a RST with the sequence number .bytes, from port .option to port .value */
	KA_CMD_OWN, /* .value: a child of the peer holds the lock of the socket; 0: and lets go of it */
	KA_CMD_HANG_UP, /* reset the connection, as if there had been none */
};

/* What the counterpart of a program can say. */
enum ka_talk { KA_TALK_HELLO, KA_TALK_REQUEST, KA_TALK_FLOOD };

struct ka_peer_command {
	enum ka_peer_command_kind kind;
	unsigned bytes;
	int level, option, value;
	char text[256];
};

enum ka_message_kind {
	KA_MSG_EVENT,     /* .event: goes to the timeline */
	KA_MSG_DONE,      /* the command in hand is done: .error (errno), .value, .at_ns */
	KA_MSG_CONNECTED, /* this end is established; .error: not, .value: by the handshake */
	KA_MSG_ENDED,     /* this end saw the end of the connection and has done its post-mortem */
	KA_MSG_LOAD,      /* the load is complete at this end (.value 0), or dead (1) */
	KA_MSG_HEARD,     /* the program has said .text; .value 1: and what is expected of it */
	KA_MSG_STICKY,    /* the same is reported again and again, .text; this peer ends */
};

struct ka_message {
	enum ka_message_kind kind;
	int error;
	int value;
	int64_t at_ns;  /* KA_CMD_KEEPALIVE: when SO_KEEPALIVE was set; else when it was said */
	char text[160]; /* what failed */
	struct ka_event event;
};

struct ka_peer_config {
	enum ka_at at; /* KA_AT_CLIENT connects, KA_AT_SERVER listens */
	bool prober;   /* carries the setting */
	bool process;  /* one of its own: it can be killed and stopped */
	enum ka_from from;
	enum ka_post_mortem post_mortem;
	bool mptcp;
	bool streams;      /* it reads and writes so much that not each call is told */
	bool clock_stands; /* while one computes; each look at it is a system call */
	bool timed; /* what it is told of is judged by the time: it sees how long it waits for a CPU */
	struct ka_setting setting;
	uint32_t asks; /* of the level-triggered epoll set */
	struct ka_app app;
	struct nn_addr local, remote;
	uint16_t port;                    /* the server's */
	const struct ka_program *program; /* at the other end; NULL: none */
};

/* One of the options that a setting is: what it is called, where, and its value. */
struct ka_peer_option {
	const char *name;
	int level, option, value;
};

#define KA_PEER_OPTIONS 5

/* Those of @setting, in the order in which they are set: SO_KEEPALIVE is the last. */
void ka_peer_options(const struct ka_setting *setting,
		     struct ka_peer_option options[KA_PEER_OPTIONS]);

/* Messages that are read at once. */
#define KA_INBOX 8

struct ka_peer {
	pid_t pid; /* -1: no process */
	int pidfd; /* owned */
	pthread_t thread;
	bool is_thread;
	int ctl;    /* owned; commands and messages */
	int theirs; /* owned: the thread's end, until it is seen to have its own; -1 */
	struct ka_message inbox[KA_INBOX];
	size_t got[KA_INBOX]; /* bytes of each */
	int next, n;          /* read, and handed on */
	bool emptied;         /* there were no more */
};

#define KA_PEER_INIT                                                                               \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .ctl = -1, .theirs = -1                                    \
	}

/* Starts the peer in @ns; it waits for commands, and dies with the engine. 0 or -errno. */
int ka_peer_start(struct ka_peer *peer, const struct ka_peer_config *config, struct nn_ns *ns,
		  struct nn_err *err);
int ka_peer_send(struct ka_peer *peer, const struct ka_peer_command *command, struct nn_err *err);
/* One message; -EAGAIN when there is none, -EPIPE when the peer is gone. Never blocks. Messages are
 * read ahead: whoever waits for the socket must have received until -EAGAIN, or until this peer has
 * no mail. */
int ka_peer_receive(struct ka_peer *peer, struct ka_message *message);
bool ka_peer_has_message(const struct ka_peer *peer);
/* Ends it, a process with SIGKILL, and waits until it is gone and its files are closed. Safe twice. */
int ka_peer_kill(struct ka_peer *peer);
/* SIGSTOP or SIGCONT to a process; returns when it has taken effect. 0 or -errno. */
int ka_peer_freeze(struct ka_peer *peer, bool stop);
void ka_peer_close(struct ka_peer *peer);

/* The peer's own life (peer_main.c): obeys commands on @ctl until it is closed. The status of its
 * process; its files, but for @ctl, are still open. */
int ka_peer_main(const struct ka_peer_config *config, int ctl);

#endif
