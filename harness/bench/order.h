/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine and a peer process say to each other, over a SOCK_SEQPACKET pair: orders go to
 * the peer, messages come back. Both ends are the same program, so values travel as they are.
 */
#ifndef KA_ORDER_H
#define KA_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/timeline.h"
#include "netns/err.h"

/* The server's TCP port in every instance: each has a network of its own. */
#define KA_PORT 4242

enum ka_order_kind {
	KA_ORDER_LISTEN,
	KA_ORDER_CONNECT,   /* .value: nobody will answer; watch the socket from now on */
	KA_ORDER_KEEPALIVE, /* apply the setting to the connected socket */
	KA_ORDER_SEND,      /* .bytes; .value: and record TCP_INFO, for its RTO */
	KA_ORDER_STALL,
	KA_ORDER_RESUME,
	KA_ORDER_SHUTDOWN,
	KA_ORDER_CLOSE,
	KA_ORDER_FORGET,
	KA_ORDER_SETSOCKOPT,
	KA_ORDER_GETSOCKOPT,
	KA_ORDER_BLOCK,      /* a child of the peer makes the call .value (enum ka_call_name) */
	KA_ORDER_INSPECT,    /* record TCP_INFO */
	KA_ORDER_SETTLE,     /* serve what has arrived, if this end reads at all */
	KA_ORDER_REQUEST,    /* send .text */
	KA_ORDER_CROWD,      /* .value connections more */
	KA_ORDER_CROWD_TELL, /* record what became of them */
};

struct ka_order {
	enum ka_order_kind kind;
	unsigned bytes;
	int level, option, value;
	char text[256];
};

enum ka_message_kind {
	KA_MSG_EVENT,     /* .event: goes to the timeline */
	KA_MSG_DONE,      /* the order in hand is done: .error (errno), .value, .at_ns */
	KA_MSG_CONNECTED, /* this end is established */
	KA_MSG_ENDED,     /* this end saw the end of the connection and has done its autopsy */
	KA_MSG_CROWD,     /* the crowd is complete at this end (.value 0), or dead (1) */
};

struct ka_message {
	enum ka_message_kind kind;
	int error;
	int value;
	int64_t at_ns;  /* KA_ORDER_KEEPALIVE: when SO_KEEPALIVE was set; else when it was said */
	char text[160]; /* what failed */
	struct ka_event event;
};

#endif
