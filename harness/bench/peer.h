/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A peer: the process at one end of the connection, and the engine's handle on it. */
#ifndef KA_PEER_H
#define KA_PEER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "bench/peer_command.h"
#include "model/case.h"
#include "netns/link.h"
#include "netns/ns.h"

struct ka_peer_config {
	enum ka_at at; /* KA_AT_CLIENT connects, KA_AT_SERVER listens */
	bool prober;   /* carries the setting */
	enum ka_from from;
	enum ka_post_mortem post_mortem;
	bool mptcp;
	struct ka_setting setting;
	uint32_t asks; /* of the level-triggered epoll set */
	struct ka_app app;
	struct nn_addr local, remote;
};

/* Messages that are read at once. */
#define KA_INBOX 8

struct ka_peer {
	pid_t pid;
	int pidfd; /* owned */
	int ctl;   /* owned; commands and messages */
	struct ka_message inbox[KA_INBOX];
	size_t got[KA_INBOX]; /* bytes of each */
	int next, n;          /* read, and handed on */
	bool emptied;         /* there were no more */
};

#define KA_PEER_INIT                                                                               \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .ctl = -1                                                  \
	}

/* Forks the peer into @ns; it waits for commands, and dies with the engine. 0 or -errno. */
int ka_peer_start(struct ka_peer *peer, const struct ka_peer_config *config, struct nn_ns *ns,
		  struct nn_err *err);
int ka_peer_send(struct ka_peer *peer, const struct ka_peer_command *command, struct nn_err *err);
/* One message; -EAGAIN when there is none, -EPIPE when the peer is gone. Never blocks. Messages are
 * read ahead: whoever waits for the socket must have received until -EAGAIN, or until this peer has
 * no mail. */
int ka_peer_receive(struct ka_peer *peer, struct ka_message *message);
bool ka_peer_has_message(const struct ka_peer *peer);
/* SIGKILL, and waits until the process is gone and its files are closed. Safe twice. */
int ka_peer_kill(struct ka_peer *peer);
/* SIGSTOP or SIGCONT; returns when it has taken effect. 0 or -errno. */
int ka_peer_freeze(struct ka_peer *peer, bool stop);
void ka_peer_close(struct ka_peer *peer);

/* The peer's own life (peer_main.c): obeys commands on @ctl until it is closed. */
int ka_peer_main(const struct ka_peer_config *config, int ctl);

#endif
