/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine and a peer process say to each other, over a SOCK_SEQPACKET pair: commands go to
 * the peer, messages come back. Both ends are the same program, so values travel as they are.
 */
#ifndef KA_PEER_COMMAND_H
#define KA_PEER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/timeline.h"
#include "netns/err.h"

/* The server's TCP port in every instance: each has a network of its own. */
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
	KA_CMD_FORGET,
	KA_CMD_SETSOCKOPT,
	KA_CMD_GETSOCKOPT,
	KA_CMD_BLOCK,     /* a child of the peer makes the call .value (enum ka_call_name) */
	KA_CMD_INSPECT,   /* record TCP_INFO, or why it cannot be had */
	KA_CMD_SETTLE,    /* serve what has arrived, if this end reads at all */
	KA_CMD_REQUEST,   /* send .text */
	KA_CMD_LOAD,      /* .value connections more */
	KA_CMD_LOAD_TELL, /* record what became of them */
};

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

#endif
