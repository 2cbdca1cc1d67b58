/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs that an end can play above TCP, and what they must do. Part of case.h. */
#ifndef KA_APP_H
#define KA_APP_H

#include <stdbool.h>

#include "model/units.h"

/* What an end does above TCP, by itself and between the steps. */
enum ka_app_kind {
	KA_APP_NONE,      /* reads and forgets */
	KA_APP_HTTP,      /* answers HTTP requests, and closes when the message says so (RFC 9112);
			       reads the answers to its own */
	KA_APP_LINES,     /* answers a line with a line; reads the answers to its own */
	KA_APP_HEARTBEAT, /* sends a line each .every; notices when none comes back in .timeout */
	KA_APP_PROXY,     /* keeps .slots connections: a newcomer costs the one its place that has
			       sent nothing for the longest time */
};

struct ka_app {
	enum ka_app_kind program;
	/* KA_APP_HTTP, KA_APP_LINES: closes after so long without a request (0: never) */
	struct ka_time timeout;
	struct ka_time every;
	unsigned slots;
	bool reset; /* closes with a RST (SO_LINGER 0) */
};

/* What a program did or noticed. */
enum ka_app_act {
	KA_DID_SERVE,    /* answered a request; .number: the how many-eth on this connection */
	KA_DID_GET,      /* got an answer; .number: HTTP status, else the how many-eth */
	KA_DID_CLOSE,    /* closed, as the request wanted */
	KA_DID_TIME_OUT, /* closed after .timeout without a request */
	KA_DID_MISS,     /* got no answer to its heartbeat in .timeout */
	KA_DID_EVICT,    /* closed connection .number, 1 being the observed one */
};

/* What must have been done; what is not declared must not. */
struct ka_app_want {
	enum ka_who who;
	enum ka_app_act act;
	int times;            /* number, KA_SOME */
	int number;           /* of the last time; 0: not judged */
	struct ka_time after; /* so long after what the program counts from; 0: not judged */
};

#endif
